//! Component kinds: a file each, behind one trait, listed once in [`KINDS`].
//!
//! A kind's struct declares schema, docs, wire mapping (`engine::marks`) and equality; its [`Kind`] impl says how the API is
//! reached (`rest`) and what cannot be declared. What two kinds share belongs here or in the engine (`crate::engine`).

pub(crate) mod alert_policy;
mod bucket;
mod budget;
mod firestore_database;
#[cfg(test)]
pub(crate) mod fixtures;
mod notification_channel;
mod registry;
mod scalars;
mod secret;
mod service;
mod service_account;
mod topic;
mod workload_identity_pool;

pub use self::alert_policy::{preset_names, runbook};

use crate::engine::kind::{AnyKind, Registered};

/// Every kind of component, in the order in which the reference lists them.
pub static KINDS: &[&dyn AnyKind] = &[
    &BUCKETS,
    &REGISTRIES,
    &SERVICES,
    &NOTIFICATION_CHANNELS,
    &ALERT_POLICIES,
    &SERVICE_ACCOUNTS,
    &SECRETS,
    &WORKLOAD_IDENTITY_POOLS,
    &FIRESTORE_DATABASES,
    &TOPICS,
    &BUDGETS,
];

static BUCKETS: Registered<bucket::Bucket> = Registered::new(bucket::Bucket);
static REGISTRIES: Registered<registry::Registry> = Registered::new(registry::Registry);
static SERVICES: Registered<service::Service> = Registered::new(service::Service);
static NOTIFICATION_CHANNELS: Registered<notification_channel::NotificationChannel> =
    Registered::new(notification_channel::NotificationChannel);
static ALERT_POLICIES: Registered<alert_policy::AlertPolicy> = Registered::new(alert_policy::AlertPolicy);
static SERVICE_ACCOUNTS: Registered<service_account::ServiceAccount> = Registered::new(service_account::ServiceAccount);
static SECRETS: Registered<secret::Secret> = Registered::new(secret::Secret);
static WORKLOAD_IDENTITY_POOLS: Registered<workload_identity_pool::WorkloadIdentityPool> =
    Registered::new(workload_identity_pool::WorkloadIdentityPool);

static FIRESTORE_DATABASES: Registered<firestore_database::FirestoreDatabase> =
    Registered::new(firestore_database::FirestoreDatabase);
static TOPICS: Registered<topic::Topic> = Registered::new(topic::Topic);
static BUDGETS: Registered<budget::Budget> = Registered::new(budget::Budget);

/// The kind of the stack attribute `name`.
pub fn kind(name: &str) -> Option<&'static dyn AnyKind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}
