//! Cloud Run services as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "run.googleapis.com";
const SERVICES: &str = "/v2/projects/demo/locations/europe-west1/services";

async fn cloud() -> Cloud {
    Cloud::with_services(&[HOST, "iam.googleapis.com"]).await
}

fn plain() -> Value {
    json!({"template": {"containers": [{"image": "europe-west1-docker.pkg.dev/demo/r/api:v1"}]}})
}

async fn create(cloud: &Cloud, id: &str, body: Value) -> (u16, Value) {
    cloud.call("POST", HOST, &format!("{SERVICES}?serviceId={id}"), Some(body)).await
}

async fn get(cloud: &Cloud, id: &str) -> Value {
    cloud.get(HOST, &format!("{SERVICES}/{id}")).await
}

/// Polls the operation to its end.
async fn finish(cloud: &Cloud, operation: &Value) -> Value {
    let name = operation["name"].as_str().expect("an operation's name");
    for _ in 0..5 {
        let body = cloud.get(HOST, &format!("/v2/{name}")).await;
        if body["done"] == true {
            return body;
        }
    }
    panic!("{name} does not end");
}

async fn made(cloud: &Cloud, id: &str, body: Value) -> Value {
    let (status, operation) = create(cloud, id, body).await;
    assert_eq!(status, 200, "{operation}");
    finish(cloud, &operation).await;
    get(cloud, id).await
}

async fn patched(cloud: &Cloud, id: &str, query: &str, body: Value) -> Value {
    let (status, operation) = cloud.call("PATCH", HOST, &format!("{SERVICES}/{id}{query}"), Some(body)).await;
    assert_eq!(status, 200, "{operation}");
    finish(cloud, &operation).await;
    get(cloud, id).await
}

#[tokio::test]
async fn a_service_is_pending_until_its_operation_ends() {
    let cloud = cloud().await;
    let (_, operation) = create(&cloud, "api", plain()).await;
    assert_eq!(operation.get("done"), None);
    assert_eq!(operation["metadata"]["reconciling"], true);
    let early = get(&cloud, "api").await;
    assert_eq!(
        (&early["reconciling"], &early["terminalCondition"]["state"]),
        (&json!(true), &json!("CONDITION_PENDING"))
    );
    assert_eq!(early.get("uri"), None);
    let end = finish(&cloud, &operation).await;
    assert_eq!(end["response"]["terminalCondition"]["state"], "CONDITION_SUCCEEDED");
    assert_eq!(get(&cloud, "api").await.get("reconciling"), None);
}

#[tokio::test]
async fn addresses_carry_hash_and_number() {
    let cloud = cloud().await;
    let service = made(&cloud, "api", plain()).await;
    let uri = service["uri"].as_str().expect("an address");
    assert!(uri.starts_with("https://api-") && uri.ends_with("-ew.a.run.app"), "{uri}");
    assert_eq!(service["urls"], json!(["https://api-123456789012.europe-west1.run.app", uri]));
}

#[tokio::test]
async fn a_changed_template_makes_a_revision_and_changed_labels_do_not() {
    let cloud = cloud().await;
    let first = made(&cloud, "api", plain()).await;
    let labelled = patched(&cloud, "api", "?updateMask=labels", json!({"labels": {"team": "ml"}})).await;
    assert_eq!(labelled["latestReadyRevision"], first["latestReadyRevision"]);
    assert_eq!(labelled["generation"], "2");
    let grown = patched(
        &cloud,
        "api",
        "?updateMask=template.scaling.maxInstanceCount",
        json!({"template": {"scaling": {"maxInstanceCount": 7}}}),
    )
    .await;
    assert_ne!(grown["latestReadyRevision"], first["latestReadyRevision"]);
    assert_eq!(grown["template"]["containers"], first["template"]["containers"]);
    assert_eq!(grown["observedGeneration"], "3");
}

#[tokio::test]
async fn a_patch_without_a_mask_replaces_everything() {
    let cloud = cloud().await;
    let mut body = plain();
    body["labels"] = json!({"team": "ml"});
    body["annotations"] = json!({"example.com/owner": "x"});
    made(&cloud, "api", body).await;
    let service = patched(&cloud, "api", "", plain()).await;
    assert_eq!((service.get("labels"), service.get("annotations")), (None, None));
}

#[tokio::test]
async fn a_patch_that_changes_nothing_makes_no_generation() {
    let cloud = cloud().await;
    let before = made(&cloud, "api", plain()).await;
    let after = patched(&cloud, "api", "", before.clone()).await;
    assert_eq!(after["generation"], "1");
    assert_eq!(after["latestCreatedRevision"], before["latestCreatedRevision"]);
}

#[tokio::test]
async fn a_stale_etag_is_refused() {
    let cloud = cloud().await;
    let before = made(&cloud, "api", plain()).await;
    patched(&cloud, "api", "?updateMask=labels", json!({"labels": {"a": "b"}})).await;
    let body = json!({"labels": {"a": "c"}, "etag": before["etag"]});
    let (status, error) = cloud.call("PATCH", HOST, &format!("{SERVICES}/api?updateMask=labels"), Some(body)).await;
    assert_eq!((status, &error["error"]["status"]), (409, &json!("ABORTED")));
}

#[tokio::test]
async fn a_revision_name_that_is_sent_again_is_taken() {
    let cloud = cloud().await;
    let mut body = plain();
    body["template"]["revision"] = json!("api-one");
    made(&cloud, "api", body.clone()).await;
    body["template"]["timeout"] = json!("60s");
    let (status, error) = cloud.call("PATCH", HOST, &format!("{SERVICES}/api"), Some(body)).await;
    assert_eq!(status, 409);
    let text = error["error"]["message"].as_str().expect("a message");
    assert!(text.starts_with("Revision named 'api-one'") && text.ends_with("already exists."), "{text}");
}

#[tokio::test]
async fn a_missing_service_is_named_and_can_be_made_by_a_patch() {
    let cloud = cloud().await;
    let path = format!("{SERVICES}/api");
    let (status, error) = cloud.call("GET", HOST, &path, None).await;
    assert_eq!(status, 404);
    assert_eq!(
        error["error"]["message"],
        "Resource 'api' of kind 'SERVICE' in region 'europe-west1' in project 'demo' does not exist."
    );
    assert_eq!(cloud.call("PATCH", HOST, &path, Some(plain())).await.0, 404);
    let (status, _) = cloud.call("PATCH", HOST, &format!("{path}?allowMissing=true"), Some(plain())).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn validate_only_fills_defaults_and_stores_nothing() {
    let cloud = cloud().await;
    let (status, operation) =
        cloud.call("POST", HOST, &format!("{SERVICES}?serviceId=api&validateOnly=true"), Some(plain())).await;
    assert_eq!((status, &operation["done"]), (200, &json!(true)));
    assert_eq!(operation["response"]["template"]["timeout"], "300s");
    assert_eq!(cloud.call("GET", HOST, &format!("{SERVICES}/api"), None).await.0, 404);
}

#[tokio::test]
async fn a_refusal_names_every_field() {
    let cloud = cloud().await;
    let body = json!({"template": {"timeout": "9000s", "containers": [{"env": [{"name": "PORT", "value": "1"}]}]}});
    let (status, error) = create(&cloud, "api", body).await;
    assert_eq!((status, &error["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    let fields: Vec<&str> = error["error"]["details"][0]["fieldViolations"]
        .as_array()
        .expect("violations")
        .iter()
        .filter_map(|v| v["field"].as_str())
        .collect();
    assert_eq!(fields, ["template.timeout", "template.containers[0].image", "template.containers[0].env"]);
}

#[tokio::test]
async fn a_service_account_of_the_project_must_exist() {
    let cloud = cloud().await;
    let mut body = plain();
    body["template"]["serviceAccount"] = json!("nobody@demo.iam.gserviceaccount.com");
    let (status, error) = create(&cloud, "api", body.clone()).await;
    assert_eq!((status, &error["error"]["status"]), (403, &json!("PERMISSION_DENIED")));
    body["template"]["serviceAccount"] = json!("x@other.iam.gserviceaccount.com");
    assert_eq!(create(&cloud, "api", body).await.0, 200);
}

#[tokio::test]
async fn a_failed_deployment_leaves_the_service_behind() {
    let cloud = cloud().await;
    cloud.fault(json!({"match": {"method": "POST", "path": "/services$"}, "operation_error": true, "reason": "FAILED_PRECONDITION", "message": "Revision 'api-00001' is not ready."}));
    let (_, operation) = create(&cloud, "api", plain()).await;
    let end = finish(&cloud, &operation).await;
    assert_eq!(end["error"]["message"], "Revision 'api-00001' is not ready.");
    let service = get(&cloud, "api").await;
    assert_eq!(service["terminalCondition"]["state"], "CONDITION_FAILED");
    assert_eq!(service.get("latestReadyRevision"), None);
    let repaired = patched(&cloud, "api", "?forceNewRevision=true", plain()).await;
    assert_eq!(repaired["terminalCondition"]["state"], "CONDITION_SUCCEEDED");
}

#[tokio::test]
async fn a_deleted_service_is_gone_and_its_name_free_when_the_operation_ended() {
    let cloud = cloud().await;
    made(&cloud, "api", plain()).await;
    let (status, operation) = cloud.call("DELETE", HOST, &format!("{SERVICES}/api"), None).await;
    assert_eq!(status, 200);
    assert!(operation["metadata"]["expireTime"].is_string());
    assert_eq!(create(&cloud, "api", plain()).await.0, 409);
    let end = finish(&cloud, &operation).await;
    assert_eq!(end["response"]["generation"], "2");
    assert_eq!(cloud.call("GET", HOST, &format!("{SERVICES}/api"), None).await.0, 404);
    assert_eq!(create(&cloud, "api", plain()).await.0, 200);
}

#[tokio::test]
async fn lists_come_in_pages_and_want_a_region() {
    let cloud = cloud().await;
    for id in ["a", "b", "c"] {
        made(&cloud, id, plain()).await;
    }
    let first = cloud.get(HOST, &format!("{SERVICES}?pageSize=2")).await;
    assert_eq!(first["services"].as_array().map(Vec::len), Some(2));
    let token = first["nextPageToken"].as_str().expect("a token");
    let second = cloud.get(HOST, &format!("{SERVICES}?pageSize=2&pageToken={token}")).await;
    assert_eq!(second["services"].as_array().map(Vec::len), Some(1));
    assert_eq!(cloud.call("GET", HOST, "/v2/projects/demo/locations/-/services", None).await.0, 400);
}

#[tokio::test]
async fn revisions_are_kept_and_traffic_needs_one_that_exists() {
    let cloud = cloud().await;
    let first = made(&cloud, "api", plain()).await;
    let mut body = plain();
    body["template"]["timeout"] = json!("60s");
    patched(&cloud, "api", "", body).await;
    let revisions = cloud.get(HOST, &format!("{SERVICES}/api/revisions")).await;
    assert_eq!(revisions["revisions"].as_array().map(Vec::len), Some(2));
    let old = first["latestReadyRevision"].as_str().and_then(|n| n.rsplit('/').next()).expect("a revision");
    let target = |revision: &str| json!({"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": revision, "percent": 100, "tag": "old"}]});
    let path = format!("{SERVICES}/api?updateMask=traffic");
    assert_eq!(cloud.call("PATCH", HOST, &path, Some(target("api-00009-zzz"))).await.0, 400);
    let service = patched(&cloud, "api", "?updateMask=traffic", target(old)).await;
    assert_eq!(service["trafficStatuses"][0]["revision"], old);
    assert!(service["trafficStatuses"][0]["uri"].as_str().is_some_and(|u| u.starts_with("https://old---api-")));
}

#[tokio::test]
async fn a_policy_is_written_with_its_etag() {
    let cloud = cloud().await;
    made(&cloud, "api", plain()).await;
    let path = format!("{SERVICES}/api");
    let empty = cloud.get(HOST, &format!("{path}:getIamPolicy?options.requestedPolicyVersion=3")).await;
    assert_eq!(empty, json!({"etag": "ACAB"}));
    let policy =
        json!({"policy": {"etag": "ACAB", "bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}});
    let (status, written) = cloud.call("POST", HOST, &format!("{path}:setIamPolicy"), Some(policy.clone())).await;
    assert_eq!((status, &written["bindings"][0]["members"]), (200, &json!(["allUsers"])));
    assert_eq!(cloud.call("POST", HOST, &format!("{path}:setIamPolicy"), Some(policy)).await.0, 409);
    let none = cloud.call("GET", HOST, &format!("{SERVICES}/none:getIamPolicy"), None).await.0;
    assert_eq!(none, 404);
}

#[tokio::test]
async fn names_are_judged() {
    let cloud = cloud().await;
    for id in ["", "Api", "a-", &"a".repeat(50)] {
        assert_eq!(create(&cloud, id, plain()).await.0, 400, "{id}");
    }
}

#[tokio::test]
async fn the_service_of_a_real_environment_is_accepted_as_it_is() {
    let seed = wire::ct_scan();
    let cloud = Cloud::start(seed, localcloud::Settings::PROMPT).await;
    let path = "/v2/projects/dtu-mlops-data-482907/locations/europe-west1/services/ct-scan-api";
    let before = cloud.get(HOST, path).await;
    let (status, operation) = cloud.call("PATCH", HOST, path, Some(before.clone())).await;
    assert_eq!(status, 200, "{operation:#}");
    let after = cloud.get(HOST, path).await;
    for field in ["template", "traffic", "labels", "annotations", "uri", "urls", "generation", "latestReadyRevision"] {
        assert_eq!(after[field], before[field], "{field}");
    }
}

#[tokio::test]
async fn services_of_one_project_share_the_hash_in_their_addresses() {
    let seed = wire::ct_scan();
    let cloud = Cloud::start(seed, localcloud::Settings::PROMPT).await;
    let services = "/v2/projects/dtu-mlops-data-482907/locations/us-central1/services";
    cloud.call("POST", HOST, &format!("{services}?serviceId=second"), Some(plain())).await;
    let second = cloud.get(HOST, &format!("{services}/second")).await;
    assert_eq!(second["uri"], "https://second-k3vq7dzyma-uc.a.run.app");
}
