//! The API hosts, a file each.
//!
//! # How to add an API
//!
//! 1. Write `src/api/NAME.rs` with `pub(crate) fn api() -> Api`, and add it to `hosts` below.
//! 2. `Api::new("NAME.googleapis.com")`, then one `.on(method, template, handler)` for each call that fits no pattern. A template is a path
//!    with `{variables}`; the last segment may end in `:verb`. A handler is `fn(&mut Call) -> Outcome`; it runs alone (the world is
//!    locked), never blocks, and reads the time and new ids from `call.world` only.
//! 3. For what Google calls a standard resource (list, get, create, patch, delete, IAM), implement
//!    [`Collection`](crate::collection::Collection) on a unit struct and call `collection::serve(api, Kind)`: paging, masks, output-only fields,
//!    etag checks, operations and policies come with it. `prepare` is where a kind says what it accepts and which defaults it adds.
//! 4. Operations: `operation::serve(api, "/v1/projects/{project}/locations/{location}/operations/{operation}")`.
//!
//! What every call gets without asking: `projects/NUMBER` in the path is turned into the id ([`Call::path`](crate::call::Call::path) is the key of the object in the
//! [`World`](crate::store::World)); the project must exist; the API must be on in it; the `fields` parameter; faults, latency, the request log, discovery checks.
//! Objects are stored as a GET answers them, under the path that serves them: `call.world.get(call.host(), &call.path())`.

pub(crate) mod artifact_registry;
pub(crate) mod billing_budgets;
pub(crate) mod cloud_billing;
pub(crate) mod cloud_scheduler;
pub(crate) mod compute;
pub(crate) mod duration;
pub(crate) mod firestore;
pub(crate) mod iam;
pub(crate) mod iam_credentials;
pub(crate) mod labels;
pub(crate) mod locations;
pub(crate) mod logging;
pub(crate) mod monitoring;
pub(crate) mod pubsub;
pub(crate) mod redis;
pub(crate) mod resource_manager;
pub(crate) mod run;
pub(crate) mod secret_manager;
pub(crate) mod service_networking;
pub(crate) mod service_usage;
pub(crate) mod sqladmin;
pub(crate) mod storage;
pub(crate) mod tokens;
pub(crate) mod vpc_access;

use crate::route::Api;

/// The names of all API hosts that are served.
pub fn host_names() -> Vec<&'static str> {
    hosts().iter().map(|api| api.host).collect()
}

/// All API hosts that are served.
pub(crate) fn hosts() -> Vec<Api> {
    vec![
        artifact_registry::api(),
        billing_budgets::api(),
        cloud_billing::api(),
        cloud_scheduler::api(),
        compute::api(),
        firestore::api(),
        iam::api(),
        iam_credentials::api(),
        logging::api(),
        monitoring::api(),
        pubsub::api(),
        redis::api(),
        resource_manager::api(),
        run::api(),
        secret_manager::api(),
        service_networking::api(),
        service_usage::api(),
        sqladmin::api(),
        storage::api(),
        tokens::oauth2(),
        tokens::sts(),
        vpc_access::api(),
    ]
}
