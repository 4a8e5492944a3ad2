//! The kinds of Google Cloud: a file each, listed once.
//!
//! A kind's struct declares schema, docs, wire mapping (`engine::marks`) and equality; its impls say how the API is reached
//! (`google::rest`) and what cannot be declared. What two kinds share belongs into the engine, or beside `google::objects`.

pub(crate) mod alert_policy;
mod bucket;
mod budget;
mod custom_role;
mod firestore_database;
#[cfg(test)]
pub(crate) mod fixtures;
mod job;
mod limits;
mod load_balancer;
mod network;
mod notification_channel;
mod redis_instance;
mod registry;
mod run;
mod scalars;
mod schedule;
mod secret;
mod service;
mod service_account;
mod sql_instance;
mod topic;
mod vpc_connector;
mod workload_identity_pool;

pub use self::alert_policy::{preset_names, runbook};

use super::objects::RestObjects;
use super::terms::GoogleTerms;
use crate::engine::kind::AnyKind;

/// Lists kinds in the order of the reference.
macro_rules! kinds {
    ($($kind:path),* $(,)?) => {
        /// Every kind of component, in the order in which the reference lists them.
        pub static KINDS: &[&AnyKind] = &[$({
            static OBJECTS: RestObjects = RestObjects::new(&$kind);
            static KIND: AnyKind = AnyKind::new(&$kind, &OBJECTS, &GoogleTerms, || KINDS);
            &KIND
        }),*];

        /// The same by how their APIs are reached.
        #[cfg(test)]
        static REST_KINDS: &[(&str, &dyn super::rest::RestKind)] =
            &[$((<$kind as crate::engine::kind::Declared>::NAME, &$kind)),*];
    };
}

kinds![
    bucket::Bucket,
    registry::Registry,
    service::Service,
    job::Job,
    schedule::Schedule,
    notification_channel::NotificationChannel,
    alert_policy::AlertPolicy,
    service_account::ServiceAccount,
    custom_role::CustomRole,
    secret::Secret,
    workload_identity_pool::WorkloadIdentityPool,
    firestore_database::FirestoreDatabase,
    sql_instance::SqlInstance,
    topic::Topic,
    network::Network,
    vpc_connector::VpcConnector,
    redis_instance::RedisInstance,
    budget::Budget,
    load_balancer::LoadBalancer,
];

/// How the API of a kind is reached.
#[cfg(test)]
pub(crate) fn rest_kind(kind: &AnyKind) -> &'static dyn super::rest::RestKind {
    REST_KINDS.iter().find(|(name, _)| *name == kind.name()).map(|(_, rest)| *rest).unwrap()
}

/// The kind of the stack attribute `name`.
pub fn kind(name: &str) -> Option<&'static AnyKind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}
