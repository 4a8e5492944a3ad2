//! The kinds of AWS: a file each, listed once.
//!
//! A kind's struct declares schema, docs, mapping to the JSON of its API (`engine::marks`) and equality; its [`Api`] makes the
//! few calls that differ between kinds. What two kinds share belongs beside `aws::objects`.
//!
//! [`Api`]: super::objects::Api

mod cluster;
mod limits;
mod log_group;
mod oidc_provider;
mod policy;
mod queue;
mod repository;
mod role;
mod service;
mod table;

#[cfg(test)]
mod tests;

use super::objects::AwsObjects;
use super::terms::AwsTerms;
use crate::engine::kind::AnyKind;

/// Lists kinds in the order of the reference.
macro_rules! kinds {
    ($($kind:path),* $(,)?) => {
        /// Every kind of component, in the order in which the reference lists them.
        pub static KINDS: &[&AnyKind] = &[$({
            static OBJECTS: AwsObjects = AwsObjects::new(&$kind);
            static KIND: AnyKind = AnyKind::new(&$kind, &OBJECTS, &AwsTerms, || KINDS);
            &KIND
        }),*];
    };
}

kinds![
    table::Table,
    queue::Queue,
    repository::Repository,
    policy::Policy,
    role::Role,
    oidc_provider::OidcProvider,
    log_group::LogGroup,
    cluster::Cluster,
    service::Service,
];
