//! Workload identity pools and providers as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use std::time::Duration;

use localcloud::clock::Clock;
use localcloud::{Seed, Server};
use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "iam.googleapis.com";
const POOLS: &str = "/v1/projects/demo/locations/global/workloadIdentityPools";

async fn cloud() -> Cloud {
    Cloud::with_services(&[HOST, "cloudresourcemanager.googleapis.com"]).await
}

async fn changed(cloud: &Cloud, method: &str, path: &str, body: Value) -> Value {
    let operation = cloud.done(method, HOST, path, body).await;
    cloud.finish(HOST, &operation).await
}

async fn with_pool() -> Cloud {
    let cloud = cloud().await;
    changed(&cloud, "POST", &format!("{POOLS}?workloadIdentityPoolId=github-pool"), json!({"displayName": "GitHub"}))
        .await;
    cloud
}

fn provider() -> Value {
    json!({
        "attributeMapping": {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"},
        "attributeCondition": "assertion.repository=='a/b'",
        "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
    })
}

async fn refused(cloud: &Cloud, method: &str, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = cloud.call(method, HOST, path, Some(body)).await;
    (status, answer["error"]["status"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn operations_end_without_a_response() {
    let cloud = cloud().await;
    let operation =
        cloud.done("POST", HOST, &format!("{POOLS}?workloadIdentityPoolId=pool"), json!({"disabled": false})).await;
    let name = operation["name"].as_str().expect("a name");
    assert!(
        name.starts_with("projects/123456789012/locations/global/workloadIdentityPools/pool/operations/"),
        "{name}"
    );
    let end = cloud.finish(HOST, &operation).await;
    assert_eq!((end.get("response"), end.get("metadata")), (None, None));
    let pool = cloud.get(HOST, &format!("{POOLS}/pool")).await;
    assert_eq!(
        pool,
        json!({"name": "projects/123456789012/locations/global/workloadIdentityPools/pool", "state": "ACTIVE"})
    );
}

#[tokio::test]
async fn a_deleted_pool_stays_and_keeps_its_name() {
    let cloud = with_pool().await;
    let path = format!("{POOLS}/github-pool");
    changed(&cloud, "DELETE", &path, Value::Null).await;
    let deleted = cloud.get(HOST, &path).await;
    assert_eq!(deleted["state"], "DELETED");
    assert!(deleted["expireTime"].is_string());
    assert_eq!(cloud.get(HOST, POOLS).await, json!({}));
    let all = cloud.get(HOST, &format!("{POOLS}?showDeleted=true")).await;
    assert_eq!(all["workloadIdentityPools"][0]["displayName"], "GitHub");
    let again = refused(&cloud, "POST", &format!("{POOLS}?workloadIdentityPoolId=github-pool"), json!({})).await;
    assert_eq!(again, (409, "ALREADY_EXISTS".to_owned()));
}

#[tokio::test]
async fn after_thirty_days_the_name_is_free() {
    let month = Duration::from_secs(31 * 86_400);
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    let seed = Seed::empty_project("demo", "123456789012", &[HOST]);
    let cloud = Cloud::from(Server::builder().seed(seed).clock(Clock::stepping(start, month))).await;
    let create = format!("{POOLS}?workloadIdentityPoolId=github-pool");
    changed(&cloud, "POST", &create, json!({})).await;
    changed(&cloud, "DELETE", &format!("{POOLS}/github-pool"), Value::Null).await;
    changed(&cloud, "POST", &create, json!({})).await;
    assert_eq!(cloud.get(HOST, &format!("{POOLS}/github-pool")).await["state"], "ACTIVE");
}

#[tokio::test]
async fn undelete_brings_a_pool_back() {
    let cloud = with_pool().await;
    let path = format!("{POOLS}/github-pool");
    changed(&cloud, "DELETE", &path, Value::Null).await;
    changed(&cloud, "POST", &format!("{path}:undelete"), json!({})).await;
    let pool = cloud.get(HOST, &path).await;
    assert_eq!((&pool["state"], pool.get("expireTime")), (&json!("ACTIVE"), None));
    let again = refused(&cloud, "POST", &format!("{path}:undelete"), json!({})).await;
    assert_eq!(again, (400, "FAILED_PRECONDITION".to_owned()));
}

#[tokio::test]
async fn a_deleted_provider_is_undeleted_and_patched() {
    let cloud = with_pool().await;
    let providers = format!("{POOLS}/github-pool/providers");
    let create = format!("{providers}?workloadIdentityPoolProviderId=github");
    changed(&cloud, "POST", &create, provider()).await;
    let path = format!("{providers}/github");
    changed(&cloud, "DELETE", &path, Value::Null).await;
    assert_eq!(refused(&cloud, "POST", &create, provider()).await.0, 409);
    let mask = format!("{path}?updateMask=displayName");
    assert_eq!(refused(&cloud, "PATCH", &mask, json!({"displayName": "x"})).await.0, 400);
    changed(&cloud, "POST", &format!("{path}:undelete"), json!({})).await;
    changed(&cloud, "PATCH", &mask, json!({"displayName": "x"})).await;
    let found = cloud.get(HOST, &path).await;
    assert_eq!((&found["displayName"], &found["oidc"]), (&json!("x"), &provider()["oidc"]));
}

#[tokio::test]
async fn names_follow_googles_rules() {
    let cloud = cloud().await;
    for id in ["abc", "gcp-pool", "Pool", "a_pool", &"a".repeat(33)] {
        let refusal = refused(&cloud, "POST", &format!("{POOLS}?workloadIdentityPoolId={id}"), json!({})).await;
        assert_eq!(refusal.0, 400, "{id}");
    }
}

#[tokio::test]
async fn a_provider_of_a_shared_issuer_needs_a_condition() {
    let cloud = with_pool().await;
    let mut wanted = provider();
    wanted["attributeCondition"] = json!("");
    let create = format!("{POOLS}/github-pool/providers?workloadIdentityPoolProviderId=github");
    assert_eq!(refused(&cloud, "POST", &create, wanted).await, (400, "INVALID_ARGUMENT".to_owned()));
}

#[tokio::test]
async fn the_kind_of_a_provider_is_fixed() {
    let cloud = with_pool().await;
    let providers = format!("{POOLS}/github-pool/providers");
    changed(&cloud, "POST", &format!("{providers}?workloadIdentityPoolProviderId=github"), provider()).await;
    let to_aws = json!({"aws": {"accountId": "123456789012"}});
    let path = format!("{providers}/github?updateMask=aws,oidc");
    assert_eq!(refused(&cloud, "PATCH", &path, to_aws).await.0, 400);
}

#[tokio::test]
async fn the_subject_must_be_mapped() {
    let cloud = with_pool().await;
    let mut wanted = provider();
    wanted["attributeMapping"] = json!({"attribute.ref": "assertion.ref"});
    let create = format!("{POOLS}/github-pool/providers?workloadIdentityPoolProviderId=github");
    assert_eq!(refused(&cloud, "POST", &create, wanted).await.0, 400);
}

#[tokio::test]
async fn a_principal_of_a_deleted_pool_is_refused() {
    let cloud = with_pool().await;
    let host = "cloudresourcemanager.googleapis.com";
    let member =
        "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github-pool/*";
    let policy = json!({"policy": {"bindings": [{"role": "roles/viewer", "members": [member]}]}});
    cloud.done("POST", host, "/v1/projects/demo:setIamPolicy", policy.clone()).await;
    changed(&cloud, "DELETE", &format!("{POOLS}/github-pool"), Value::Null).await;
    let (status, answer) = cloud.call("POST", host, "/v1/projects/demo:setIamPolicy", Some(policy)).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.starts_with("Identity Pool does not exist")));
}

#[tokio::test]
async fn a_pool_has_no_attestation_rules_and_says_so() {
    let cloud = with_pool().await;
    assert_eq!(cloud.get(HOST, &format!("{POOLS}/github-pool:listAttestationRules?pageSize=50")).await, json!({}));
    assert_eq!(cloud.call("GET", HOST, &format!("{POOLS}/no-pool:listAttestationRules"), None).await.0, 404);
}
