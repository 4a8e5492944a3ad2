//! What the cloud holds, by short names: the tests compare with the API's JSON, not with the provider's view of it.

use acceptance_tests::{Object, World};
use serde_json::Value;

pub(crate) const STORAGE: &str = "storage.googleapis.com";
pub(crate) const REGISTRY: &str = "artifactregistry.googleapis.com";
pub(crate) const RUN: &str = "run.googleapis.com";
pub(crate) const MONITORING: &str = "monitoring.googleapis.com";
pub(crate) const IAM: &str = "iam.googleapis.com";
pub(crate) const SECRETS: &str = "secretmanager.googleapis.com";
pub(crate) const VPC_ACCESS: &str = "vpcaccess.googleapis.com";
pub(crate) const REDIS: &str = "redis.googleapis.com";
pub(crate) const COMPUTE: &str = "compute.googleapis.com";
pub(crate) const SERVICE_NETWORKING: &str = "servicenetworking.googleapis.com";
pub(crate) const SQL: &str = "sqladmin.googleapis.com";
pub(crate) const PROJECTS: &str = "cloudresourcemanager.googleapis.com";

/// The JSON of a bucket.
#[track_caller]
pub(crate) fn bucket(world: &World, name: &str) -> Value {
    body(world, STORAGE, &bucket_path(name))
}

/// The path of a bucket.
pub(crate) fn bucket_path(name: &str) -> String {
    format!("/storage/v1/b/{name}")
}

/// The JSON of a service in europe-west1.
#[track_caller]
pub(crate) fn service(world: &World, name: &str) -> Value {
    body(world, RUN, &service_path(world, name))
}

/// The path of a service in europe-west1.
pub(crate) fn service_path(world: &World, name: &str) -> String {
    format!("/v2/projects/{}/locations/europe-west1/services/{name}", world.seed.project)
}

/// The JSON of a global object of Compute Engine: `urlMaps/NAME`.
#[track_caller]
pub(crate) fn compute(world: &World, object: &str) -> Value {
    body(world, COMPUTE, &compute_path(world, object))
}

/// Its path.
pub(crate) fn compute_path(world: &World, object: &str) -> String {
    format!("/compute/v1/projects/{}/global/{object}", world.seed.project)
}

/// The JSON of a repository in europe-west1.
#[track_caller]
pub(crate) fn registry(world: &World, name: &str) -> Value {
    body(world, REGISTRY, &registry_path(world, name))
}

/// The path of a repository in europe-west1.
pub(crate) fn registry_path(world: &World, name: &str) -> String {
    format!("/v1/projects/{}/locations/europe-west1/repositories/{name}", world.seed.project)
}

/// The JSON of a service account.
#[track_caller]
pub(crate) fn account(world: &World, name: &str) -> Value {
    body(world, IAM, &account_path(name))
}

/// The path of a service account of the small project.
pub(crate) fn account_path(name: &str) -> String {
    format!("/v1/projects/ml-test-project/serviceAccounts/{name}@ml-test-project.iam.gserviceaccount.com")
}

/// The JSON of a custom role.
#[track_caller]
pub(crate) fn custom_role(world: &World, name: &str) -> Value {
    body(world, IAM, &custom_role_path(name))
}

/// The path of a custom role of the small project.
pub(crate) fn custom_role_path(name: &str) -> String {
    format!("/v1/projects/ml-test-project/roles/{name}")
}

/// The JSON of a VPC connector in europe-west1.
#[track_caller]
pub(crate) fn connector(world: &World, name: &str) -> Value {
    body(world, VPC_ACCESS, &connector_path(name))
}

/// The path of a VPC connector of the small project in europe-west1.
pub(crate) fn connector_path(name: &str) -> String {
    format!("/v1/projects/ml-test-project/locations/europe-west1/connectors/{name}")
}

/// The JSON of a Redis instance in europe-west1.
#[track_caller]
pub(crate) fn redis(world: &World, name: &str) -> Value {
    body(world, REDIS, &redis_path(name))
}

/// The path of a Redis instance of the small project in europe-west1.
pub(crate) fn redis_path(name: &str) -> String {
    format!("/v1/projects/ml-test-project/locations/europe-west1/instances/{name}")
}

/// The JSON of a secret.
#[track_caller]
pub(crate) fn secret(world: &World, name: &str) -> Value {
    body(world, SECRETS, &format!("/v1/projects/{}/secrets/{name}", world.seed.project))
}

/// The JSON of a workload identity pool, or of a provider: `POOL/providers/PROVIDER`.
#[track_caller]
pub(crate) fn pool(world: &World, name: &str) -> Value {
    body(world, IAM, &pool_path(name))
}

/// The path of a workload identity pool of the small project.
pub(crate) fn pool_path(name: &str) -> String {
    format!("/v1/projects/ml-test-project/locations/global/workloadIdentityPools/{name}")
}

/// All alert policies.
pub(crate) fn policies(world: &World) -> Vec<Object> {
    world.cloud.snapshot().objects_like(MONITORING, "/alertPolicies/")
}

/// The alert policy with a display name.
#[track_caller]
pub(crate) fn policy(world: &World, display_name: &str) -> Object {
    let all = policies(world);
    let names: Vec<_> = all.iter().map(|policy| policy.body["displayName"].clone()).collect();
    let found = all.into_iter().find(|policy| policy.body["displayName"] == display_name);
    found.unwrap_or_else(|| panic!("no policy is named {display_name}, but {names:?}"))
}

/// All notification channels.
pub(crate) fn channels(world: &World) -> Vec<Object> {
    world.cloud.snapshot().objects_like(MONITORING, "/notificationChannels/")
}

#[track_caller]
pub(crate) fn body(world: &World, service: &str, path: &str) -> Value {
    match world.cloud.snapshot().object(service, path) {
        Some(object) => object.body,
        None => panic!("there is nothing at //{service}{path}"),
    }
}
