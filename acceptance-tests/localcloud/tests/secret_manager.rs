//! Secrets and their versions as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "secretmanager.googleapis.com";
const SECRETS: &str = "/v1/projects/demo/secrets";

async fn cloud() -> Cloud {
    Cloud::with_services(&[HOST, "pubsub.googleapis.com"]).await
}

async fn with_secret() -> Cloud {
    let cloud = cloud().await;
    cloud.done("POST", HOST, &format!("{SECRETS}?secretId=key"), json!({"replication": {"automatic": {}}})).await;
    cloud
}

async fn add(cloud: &Cloud, data: &str) -> Value {
    cloud.done("POST", HOST, &format!("{SECRETS}/key:addVersion"), json!({"payload": {"data": data}})).await
}

async fn refusal(cloud: &Cloud, method: &str, path: &str, body: Value) -> (u16, String, String) {
    let (status, answer) = cloud.call(method, HOST, path, Some(body).filter(|body| !body.is_null())).await;
    let text = |field: &str| answer["error"][field].as_str().unwrap_or_default().to_owned();
    (status, text("status"), text("message"))
}

#[tokio::test]
async fn names_carry_the_number_also_in_refusals() {
    let cloud = with_secret().await;
    assert_eq!(cloud.get(HOST, &format!("{SECRETS}/key")).await["name"], "projects/123456789012/secrets/key");
    let missing = refusal(&cloud, "GET", &format!("{SECRETS}/other"), Value::Null).await;
    assert_eq!(missing.2, "Secret [projects/123456789012/secrets/other] not found.");
    let path = format!("{SECRETS}?secretId=key");
    let again = refusal(&cloud, "POST", &path, json!({"replication": {"automatic": {}}})).await;
    assert_eq!((again.0, again.1.as_str()), (409, "ALREADY_EXISTS"));
}

#[tokio::test]
async fn replication_is_needed_and_fixed() {
    let cloud = with_secret().await;
    assert_eq!(refusal(&cloud, "POST", &format!("{SECRETS}?secretId=other"), json!({})).await.0, 400);
    let path = format!("{SECRETS}/key?updateMask=replication");
    let managed = json!({"replication": {"userManaged": {"replicas": [{"location": "europe-west1"}]}}});
    assert_eq!(refusal(&cloud, "PATCH", &path, managed).await.0, 400);
    assert_eq!(cloud.get(HOST, &format!("{SECRETS}/key")).await["replication"], json!({"automatic": {}}));
}

#[tokio::test]
async fn a_value_comes_back_with_its_checksum() {
    let cloud = with_secret().await;
    add(&cloud, "MTIzNDU2Nzg5").await;
    let found = cloud.get(HOST, &format!("{SECRETS}/key/versions/latest:access")).await;
    assert_eq!(
        found,
        json!({
            "name": "projects/123456789012/secrets/key/versions/1",
            "payload": {"data": "MTIzNDU2Nzg5", "dataCrc32c": "3808858755"},
        })
    );
}

#[tokio::test]
async fn a_wrong_checksum_is_refused_and_a_right_one_noted() {
    let cloud = with_secret().await;
    let path = format!("{SECRETS}/key:addVersion");
    let with_sum = |sum: &str| json!({"payload": {"data": "MTIzNDU2Nzg5", "dataCrc32c": sum}});
    assert_eq!(refusal(&cloud, "POST", &path, with_sum("1")).await.0, 400);
    let version = cloud.done("POST", HOST, &path, with_sum("3808858755")).await;
    assert_eq!(version["clientSpecifiedPayloadChecksum"], true);
}

#[tokio::test]
async fn versions_count_and_are_listed_newest_first() {
    let cloud = with_secret().await;
    for _ in 0..11 {
        add(&cloud, "YQ==").await;
    }
    let list = cloud.get(HOST, &format!("{SECRETS}/key/versions")).await;
    assert_eq!(list["totalSize"], 11);
    assert_eq!(list["versions"][0]["name"], "projects/123456789012/secrets/key/versions/11");
    assert_eq!(list["versions"][10]["name"], "projects/123456789012/secrets/key/versions/1");
}

#[tokio::test]
async fn only_enabled_versions_are_accessed() {
    let cloud = with_secret().await;
    add(&cloud, "YQ==").await;
    let version = format!("{SECRETS}/key/versions/1");
    let access = format!("{version}:access");
    cloud.done("POST", HOST, &format!("{version}:disable"), json!({})).await;
    let disabled = refusal(&cloud, "GET", &access, Value::Null).await;
    assert_eq!((disabled.0, disabled.1.as_str()), (400, "FAILED_PRECONDITION"));
    cloud.done("POST", HOST, &format!("{version}:enable"), json!({})).await;
    assert_eq!(cloud.get(HOST, &access).await["payload"]["data"], "YQ==");
    let destroyed = cloud.done("POST", HOST, &format!("{version}:destroy"), json!({})).await;
    assert_eq!(destroyed["state"], "DESTROYED");
    assert!(destroyed["destroyTime"].is_string());
    assert_eq!(refusal(&cloud, "GET", &access, Value::Null).await.0, 400);
    assert_eq!(refusal(&cloud, "POST", &format!("{version}:enable"), json!({})).await.0, 400);
}

#[tokio::test]
async fn a_destroyed_value_is_gone_from_the_state() {
    let cloud = with_secret().await;
    add(&cloud, "YQ==").await;
    let held = |cloud: &Cloud| cloud.snapshot().resources.iter().any(|object| object.media.is_some());
    assert!(held(&cloud));
    cloud.done("POST", HOST, &format!("{SECRETS}/key/versions/1:destroy"), json!({})).await;
    assert!(!held(&cloud));
}

#[tokio::test]
async fn a_mask_changes_what_it_names() {
    let cloud = with_secret().await;
    let path = format!("{SECRETS}/key?updateMask=labels");
    let patched = cloud.done("PATCH", HOST, &path, json!({"labels": {"a": "b"}, "annotations": {"x": "y"}})).await;
    assert_eq!((&patched["labels"], patched.get("annotations")), (&json!({"a": "b"}), None));
    assert_eq!(refusal(&cloud, "PATCH", &format!("{SECRETS}/key"), json!({})).await.0, 400);
}

#[tokio::test]
async fn an_old_etag_is_a_failed_precondition() {
    let cloud = with_secret().await;
    let etag = cloud.get(HOST, &format!("{SECRETS}/key")).await["etag"].clone();
    assert!(etag.as_str().is_some_and(|etag| etag.starts_with('"')), "{etag}");
    let path = format!("{SECRETS}/key?updateMask=labels");
    let body = json!({"labels": {"a": "b"}, "etag": etag});
    cloud.done("PATCH", HOST, &path, body.clone()).await;
    let stale = refusal(&cloud, "PATCH", &path, body).await;
    assert_eq!((stale.0, stale.1.as_str()), (400, "FAILED_PRECONDITION"));
}

#[tokio::test]
async fn a_ttl_is_answered_as_an_expiry() {
    let cloud = cloud().await;
    let body = json!({"replication": {"automatic": {}}, "ttl": "86400s"});
    let secret = cloud.done("POST", HOST, &format!("{SECRETS}?secretId=key"), body).await;
    assert_eq!(secret.get("ttl"), None);
    assert!(secret["expireTime"].is_string());
}

#[tokio::test]
async fn rotation_wants_topics_that_exist() {
    let cloud = cloud().await;
    let mut body = json!({
        "replication": {"automatic": {}},
        "rotation": {"nextRotationTime": "2999-01-01T00:00:00Z", "rotationPeriod": "2592000s"},
    });
    let path = format!("{SECRETS}?secretId=key");
    assert_eq!(refusal(&cloud, "POST", &path, body.clone()).await.0, 400);
    body["topics"] = json!([{"name": "projects/demo/topics/rotations"}]);
    assert_eq!(refusal(&cloud, "POST", &path, body.clone()).await.0, 400);
    cloud.done("PUT", "pubsub.googleapis.com", "/v1/projects/demo/topics/rotations", json!({})).await;
    let secret = cloud.done("POST", HOST, &path, body.clone()).await;
    assert_eq!(secret["rotation"], body["rotation"]);
}

#[tokio::test]
async fn aliases_name_versions() {
    let cloud = with_secret().await;
    add(&cloud, "YQ==").await;
    let path = format!("{SECRETS}/key?updateMask=versionAliases");
    assert_eq!(refusal(&cloud, "PATCH", &path, json!({"versionAliases": {"prod": "2"}})).await.0, 400);
    let patched = cloud.done("PATCH", HOST, &path, json!({"versionAliases": {"prod": "1"}})).await;
    assert_eq!(patched["versionAliases"], json!({"prod": "1"}));
    let version = cloud.get(HOST, &format!("{SECRETS}/key/versions/prod")).await;
    assert_eq!(version["name"], "projects/123456789012/secrets/key/versions/1");
}

#[tokio::test]
async fn lists_are_filtered_by_labels() {
    let cloud = with_secret().await;
    let body = json!({"replication": {"automatic": {}}, "labels": {"mlops-stack": "prod"}});
    cloud.done("POST", HOST, &format!("{SECRETS}?secretId=mine"), body).await;
    let list = cloud.get(HOST, &format!("{SECRETS}?filter=labels.mlops-stack%3Dprod")).await;
    assert_eq!(list["totalSize"], 1);
    assert_eq!(list["secrets"][0]["name"], "projects/123456789012/secrets/mine");
}

#[tokio::test]
async fn values_are_in_no_other_answer() {
    let cloud = with_secret().await;
    add(&cloud, "c2VjcmV0LXZhbHVl").await;
    for path in ["", "/key", "/key/versions", "/key/versions/1"] {
        let answer = cloud.get(HOST, &format!("{SECRETS}{path}")).await.to_string();
        assert!(!answer.contains("c2VjcmV0"), "{answer}");
    }
}

#[tokio::test]
async fn values_are_not_in_the_request_log() {
    let cloud = with_secret().await;
    add(&cloud, "c2VjcmV0LXZhbHVl").await;
    cloud.get(HOST, &format!("{SECRETS}/key/versions/1:access")).await;
    let (_, log) = cloud.call("GET", "_localcloud", "/requests", None).await;
    assert_eq!(log.as_array().map(Vec::len), Some(3));
    assert!(!log.to_string().contains("c2VjcmV0"), "{log}");
}

#[tokio::test]
async fn a_null_is_what_was_not_sent() {
    let cloud = cloud().await;
    let replicas = json!({"replicas": [{"location": "europe-west1"}]});
    // As hashicorp/google sends it.
    let body = json!({"replication": {"automatic": null, "userManaged": replicas}, "rotation": null});
    let secret = cloud.done("POST", HOST, &format!("{SECRETS}?secretId=key"), body).await;
    assert_eq!((&secret["replication"], secret.get("rotation")), (&json!({"userManaged": replicas}), None));
    let neither = json!({"replication": {"automatic": null}});
    assert_eq!(refusal(&cloud, "POST", &format!("{SECRETS}?secretId=other"), neither).await.0, 400);
}
