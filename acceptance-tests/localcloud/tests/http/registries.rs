use serde_json::json;

use crate::world::{Cloud, NUMBER, PROJECT};

const HOST: &str = "artifactregistry.googleapis.com";

fn parent() -> String {
    format!("{HOST}/v1/projects/{PROJECT}/locations/europe-west1/repositories")
}

async fn create(cloud: &Cloud, id: &str, body: serde_json::Value) -> serde_json::Value {
    let operation = cloud.post(&format!("{}?repositoryId={id}", parent()), body).await.ok();
    cloud.get(&format!("{HOST}/v1/{}", operation["name"].as_str().unwrap())).await.ok()
}

#[tokio::test]
async fn an_operation_is_not_done_at_first() {
    let cloud = Cloud::lagging().await;
    let operation = cloud.post(&format!("{}?repositoryId=repo", parent()), json!({"format": "DOCKER"})).await.ok();
    assert!(operation.get("done").is_none());
    let url = format!("{HOST}/v1/{}", operation["name"].as_str().unwrap());
    assert!(cloud.get(&url).await.ok().get("done").is_none());
    let done = cloud.get(&url).await.ok();
    assert_eq!(done["done"], json!(true));
    assert_eq!(done["response"]["@type"], "type.googleapis.com/google.devtools.artifactregistry.v1.Repository");
    assert!(done["response"].get("registryUri").is_none());
}

#[tokio::test]
async fn the_address_is_shown_by_get_and_not_by_patch() {
    let cloud = Cloud::prompt().await;
    create(&cloud, "repo", json!({"format": "DOCKER"})).await;
    let path = format!("{}/repo", parent());
    let got = cloud.get(&path).await.ok();
    assert_eq!(got["registryUri"], format!("europe-west1-docker.pkg.dev/{PROJECT}/repo"));
    assert_eq!(got["mode"], "STANDARD_REPOSITORY");
    let patched = cloud
        .patch(&format!("{path}?updateMask=description"), json!({"description": "x", "labels": {"a": "b"}}))
        .await
        .ok();
    assert!(patched.get("registryUri").is_none());
    assert_eq!(patched["description"], "x");
    assert!(patched.get("labels").is_none(), "only what the mask names changes");
}

#[tokio::test]
async fn days_become_seconds_and_ids_are_filled_in() {
    let cloud = Cloud::prompt().await;
    let policies = json!({"old": {"action": "DELETE", "condition": {"olderThan": "90d", "tagState": "ANY"}}});
    create(&cloud, "repo", json!({"format": "DOCKER", "cleanupPolicies": policies, "cleanupPolicyDryRun": false}))
        .await;
    let got = cloud.get(&format!("{}/repo", parent())).await.ok();
    assert_eq!(
        got["cleanupPolicies"],
        json!({"old": {"id": "old", "action": "DELETE", "condition": {"olderThan": "7776000s", "tagState": "ANY"}}})
    );
    assert!(got.get("cleanupPolicyDryRun").is_none());
}

#[tokio::test]
async fn a_patch_needs_a_mask_and_leaves_the_format() {
    let cloud = Cloud::prompt().await;
    create(&cloud, "repo", json!({"format": "DOCKER"})).await;
    let path = format!("{}/repo", parent());
    cloud.patch(&path, json!({"description": "x"})).await.refused(400);
    cloud.patch(&format!("{path}?updateMask=format"), json!({"format": "NPM"})).await.refused(400);
}

#[tokio::test]
async fn the_number_of_a_project_is_as_good_as_its_id_and_names_carry_the_id() {
    let cloud = Cloud::prompt().await;
    create(&cloud, "repo", json!({"format": "DOCKER"})).await;
    let path = format!("{HOST}/v1/projects/{NUMBER}/locations/europe-west1/repositories");
    assert_eq!(
        cloud.get(&path).await.ok()["repositories"][0]["name"],
        format!("projects/{PROJECT}/locations/europe-west1/repositories/repo")
    );
}

#[tokio::test]
async fn bad_repositories_are_refused() {
    let cloud = Cloud::prompt().await;
    for (id, body) in [
        ("Repo", json!({"format": "DOCKER"})),
        ("repo", json!({})),
        ("repo", json!({"format": "DOCKER", "labels": {"A": "x"}})),
        (
            "repo",
            json!({"format": "DOCKER", "cleanupPolicies": {"k": {"action": "DELETE", "mostRecentVersions": {"keepCount": 1}}}}),
        ),
        ("repo", json!({"format": "DOCKER", "cleanupPolicies": {"k": {"action": "KEEP"}}})),
        ("repo", json!({"format": "DOCKER", "mavenConfig": {}})),
    ] {
        let error = cloud.post(&format!("{}?repositoryId={id}", parent()), body).await.refused(400);
        assert_eq!(error["status"], "INVALID_ARGUMENT");
    }
    cloud.post(&parent(), json!({"format": "DOCKER"})).await.refused(400);
}

#[tokio::test]
async fn a_taken_name_is_409_and_a_missing_one_404() {
    let cloud = Cloud::prompt().await;
    create(&cloud, "repo", json!({"format": "DOCKER"})).await;
    let error = cloud.post(&format!("{}?repositoryId=repo", parent()), json!({"format": "DOCKER"})).await.refused(409);
    assert_eq!(error["status"], "ALREADY_EXISTS");
    assert_eq!(cloud.get(&format!("{}/none", parent())).await.refused(404)["status"], "NOT_FOUND");
}

#[tokio::test]
async fn a_condemned_create_leaves_no_repository() {
    let cloud = Cloud::prompt().await;
    cloud
        .post("_localcloud/faults", json!({"match": {"method": "POST"}, "operation_error": true, "status": 500}))
        .await
        .ok();
    let done = create(&cloud, "repo", json!({"format": "DOCKER"})).await;
    assert_eq!(done["done"], json!(true));
    assert_eq!(done["error"]["code"], json!(13));
    assert_eq!(cloud.get(&format!("{}/repo", parent())).await.status, 404);
}

#[tokio::test]
async fn a_deleted_repository_takes_its_policy_along() {
    let cloud = Cloud::prompt().await;
    create(&cloud, "repo", json!({"format": "DOCKER"})).await;
    let path = format!("{}/repo", parent());
    let policy =
        json!({"policy": {"bindings": [{"role": "roles/artifactregistry.reader", "members": ["user:a@example.com"]}]}});
    cloud.post(&format!("{path}:setIamPolicy"), policy).await.ok();
    cloud.delete(&path).await.ok();
    assert!(cloud.handle.snapshot().unwrap().iam_policies.is_empty());
}
