//! The kinds of AWS: a file each, listed once.
//!
//! A kind's struct declares schema, docs, mapping to the JSON of its API (`engine::marks`) and equality; its [`Api`] makes the
//! few calls that differ between kinds. What two kinds share belongs beside `aws::objects`.
//!
//! [`Api`]: super::objects::Api

mod alarm;
mod bucket;
mod cluster;
mod db_instance;
mod db_parameter_group;
mod db_subnet_group;
mod limits;
mod load_balancer;
mod log_group;
mod oidc_provider;
mod policy;
mod queue;
mod repository;
mod role;
mod secret;
mod security_group;
mod service;
mod table;
mod target_group;
mod topic;
mod vpc_endpoint;

#[cfg(test)]
mod tests;

use super::objects::{Api, AwsObjects};
use super::terms::AwsTerms;
use crate::engine::kind::{AnyKind, Declared};

/// Lists kinds in the order of the reference.
macro_rules! kinds {
    ($($kind:path),* $(,)?) => {
        /// Every kind of component, in the order in which the reference lists them.
        pub static KINDS: &[&AnyKind] = &[$({
            static OBJECTS: AwsObjects = AwsObjects::new(&$kind);
            static KIND: AnyKind = AnyKind::new(&$kind, &OBJECTS, &AwsTerms, || KINDS);
            &KIND
        }),*];

        /// How their APIs are called.
        static APIS: &[(&str, &dyn Api)] = &[$((<$kind as Declared>::NAME, &$kind)),*];
    };
}

kinds![
    bucket::Bucket,
    table::Table,
    queue::Queue,
    topic::Topic,
    repository::Repository,
    policy::Policy,
    role::Role,
    oidc_provider::OidcProvider,
    secret::Secret,
    security_group::SecurityGroup,
    vpc_endpoint::VpcEndpoint,
    db_subnet_group::DbSubnetGroup,
    db_parameter_group::DbParameterGroup,
    db_instance::DbInstance,
    log_group::LogGroup,
    target_group::TargetGroup,
    load_balancer::LoadBalancer,
    cluster::Cluster,
    service::Service,
    alarm::Alarm,
];

/// The actions of IAM that managing objects of a kind takes.
fn actions(kind: &str) -> &'static [&'static str] {
    APIS.iter().find(|(name, _)| *name == kind).map(|(_, api)| api.actions()).unwrap_or_default()
}
