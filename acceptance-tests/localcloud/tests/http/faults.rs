use serde_json::json;

use crate::world::{Cloud, NUMBER, PROJECT};

const FAULTS: &str = "_localcloud/faults";

fn list() -> String {
    format!("artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations/us-central1/repositories")
}

#[tokio::test]
async fn a_fault_strikes_as_often_as_it_says_and_after_what_it_skips() {
    let cloud = Cloud::prompt().await;
    let fault = json!({"match": {"host": "artifactregistry.googleapis.com", "method": "GET", "path": "/repositories$"},
                       "skip": 1, "times": 2, "status": 503});
    cloud.post(FAULTS, fault).await.ok();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(cloud.get(&list()).await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[tokio::test]
async fn the_reason_and_the_wait_are_told() {
    let cloud = Cloud::prompt().await;
    cloud.post(FAULTS, json!({"status": 429, "reason": "RATE_LIMIT_EXCEEDED", "retry_after": 3})).await.ok();
    let response = cloud.client().get(format!("{}/{}", cloud.handle.url(), list())).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "3");
    let body: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["status"], "RESOURCE_EXHAUSTED");
    assert_eq!(body["error"]["details"][0]["reason"], "RATE_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_disabled_service_can_be_pretended() {
    let cloud = Cloud::prompt().await;
    cloud.post(FAULTS, json!({"status": 403, "reason": "SERVICE_DISABLED"})).await.ok();
    let error = cloud.get(&list()).await.refused(403);
    assert_eq!(error["details"][0]["metadata"]["consumer"], format!("projects/{NUMBER}"));
}

#[tokio::test]
async fn a_connection_dropped_before_has_no_effect_and_one_dropped_after_has() {
    let cloud = Cloud::prompt().await;
    for (when, status, name) in [("before", 404, "dropped-before"), ("after", 200, "dropped-after")] {
        cloud.post(FAULTS, json!({"match": {"method": "POST"}, "drop": when})).await.ok();
        let path = format!("storage.googleapis.com/storage/v1/b?project={PROJECT}");
        assert!(cloud.try_call("POST", &path, Some(json!({"name": name}))).await.is_err());
        assert_eq!(cloud.get(&format!("storage.googleapis.com/storage/v1/b/{name}")).await.status, status);
    }
    let dropped = cloud.handle.requests().into_iter().filter(|request| request.status == 0).count();
    assert_eq!(dropped, 2);
}

#[tokio::test]
async fn faults_can_be_cleared_and_bad_ones_are_refused() {
    let cloud = Cloud::prompt().await;
    cloud.post(FAULTS, json!({"status": 500, "times": 9})).await.ok();
    cloud.delete(FAULTS).await.ok();
    assert_eq!(cloud.get(&list()).await.status, 200);
    assert_eq!(cloud.post(FAULTS, json!({"match": {"path": "("}})).await.status, 400);
    assert_eq!(cloud.post(FAULTS, json!({"statsu": 500})).await.status, 400);
}

#[tokio::test]
async fn storage_faults_speak_storages_words() {
    let cloud = Cloud::prompt().await;
    cloud.post(FAULTS, json!({"status": 429, "reason": "rateLimitExceeded"})).await.ok();
    let error = cloud.get(&format!("storage.googleapis.com/storage/v1/b?project={PROJECT}")).await.refused(429);
    assert_eq!(error["errors"][0]["reason"], "rateLimitExceeded");
}
