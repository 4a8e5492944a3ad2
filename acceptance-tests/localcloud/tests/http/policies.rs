use serde_json::{Value, json};

use crate::world::{Cloud, NUMBER, PROJECT};

fn project() -> String {
    format!("cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}")
}

async fn set(cloud: &Cloud, policy: Value) -> crate::world::Answer {
    cloud.post(&format!("{}:setIamPolicy", project()), json!({"policy": policy})).await
}

async fn get(cloud: &Cloud, version: i32) -> Value {
    cloud
        .post(&format!("{}:getIamPolicy", project()), json!({"options": {"requestedPolicyVersion": version}}))
        .await
        .ok()
}

#[tokio::test]
async fn an_untouched_policy_is_only_an_etag() {
    let cloud = Cloud::prompt().await;
    assert_eq!(get(&cloud, 3).await, json!({"etag": "ACAB"}));
}

#[tokio::test]
async fn bindings_are_merged_and_members_lower_cased() {
    let cloud = Cloud::prompt().await;
    let policy = set(
        &cloud,
        json!({"bindings": [
            {"role": "roles/viewer", "members": ["user:B@Example.com", "user:a@example.com"]},
            {"role": "roles/viewer", "members": ["user:b@example.com"]},
            {"role": "roles/editor", "members": []},
        ]}),
    )
    .await
    .ok();
    assert_eq!(
        policy["bindings"],
        json!([{"role": "roles/viewer", "members": ["user:a@example.com", "user:b@example.com"]}])
    );
    assert_eq!(policy["version"], json!(1));
    assert_eq!(get(&cloud, 3).await, policy);
}

#[tokio::test]
async fn the_etag_changes_on_each_write_and_a_stale_one_is_409() {
    let cloud = Cloud::prompt().await;
    let first = set(&cloud, json!({"etag": "ACAB", "bindings": []})).await.ok();
    let second = set(&cloud, json!({"etag": first["etag"], "bindings": []})).await.ok();
    assert_ne!(first["etag"], second["etag"]);
    let error = set(&cloud, json!({"etag": first["etag"], "bindings": []})).await.refused(409);
    assert_eq!(error["status"], "ABORTED");
    assert!(error["message"].as_str().unwrap().starts_with("There were concurrent policy changes"));
}

#[tokio::test]
async fn malformed_members_and_roles_are_refused() {
    let cloud = Cloud::prompt().await;
    for (role, member) in [
        ("roles/viewer", "a@example.com"),
        ("roles/viewer", "person:a@example.com"),
        ("roles/viewer", "user:nobody"),
        ("viewer", "user:a@example.com"),
        ("roles/viewer", "allUsers"),
        ("roles/viewer", "serviceAccount:ghost@test-project.iam.gserviceaccount.com"),
        (
            "roles/viewer",
            "principalSet://iam.googleapis.com/projects/test-project/locations/global/workloadIdentityPools/p/*",
        ),
    ] {
        let error = set(&cloud, json!({"bindings": [{"role": role, "members": [member]}]})).await.refused(400);
        assert_eq!(error["status"], "INVALID_ARGUMENT", "{role} {member}");
    }
}

#[tokio::test]
async fn a_pool_that_is_not_there_is_refused() {
    let cloud = Cloud::prompt().await;
    let member =
        format!("principalSet://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/p/*");
    let error = set(&cloud, json!({"bindings": [{"role": "roles/viewer", "members": [member]}]})).await.refused(400);
    assert!(error["message"].as_str().unwrap().starts_with("Identity Pool does not exist"));
}

#[tokio::test]
async fn conditions_need_version_three() {
    let cloud = Cloud::prompt().await;
    let bindings = json!([{
        "role": "roles/viewer",
        "members": ["user:a@example.com"],
        "condition": {"title": "soon", "description": "", "expression": "request.time < timestamp('2030-01-01T00:00:00Z')"},
    }]);
    set(&cloud, json!({"version": 1, "bindings": bindings})).await.refused(400);
    let policy = set(&cloud, json!({"version": 3, "bindings": bindings})).await.ok();
    assert_eq!(policy["version"], json!(3));
    assert!(policy["bindings"][0]["condition"].get("description").is_none());
    let old = get(&cloud, 1).await;
    assert!(old["bindings"][0]["role"].as_str().unwrap().starts_with("roles/viewer_withcond_"));
}

#[tokio::test]
async fn audit_settings_survive_a_write_that_does_not_mask_them() {
    let cloud = Cloud::prompt().await;
    let audit = json!([{"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}]);
    let body = json!({"policy": {"auditConfigs": audit}, "updateMask": "bindings,etag,auditConfigs"});
    cloud.post(&format!("{}:setIamPolicy", project()), body).await.ok();
    let policy = set(&cloud, json!({"bindings": []})).await.ok();
    assert_eq!(policy["auditConfigs"], audit);
}

#[tokio::test]
async fn a_new_bucket_belongs_to_its_project() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}}})).await;
    let policy =
        cloud.get("storage.googleapis.com/storage/v1/b/a-bucket/iam?optionsRequestedPolicyVersion=3").await.ok();
    assert_eq!(policy["kind"], "storage#policy");
    assert_eq!(policy["etag"], "CAE=");
    assert_eq!(policy["bindings"].as_array().map(Vec::len), Some(4));
    assert_eq!(
        policy["bindings"][0],
        json!({"role": "roles/storage.legacyBucketOwner", "members": [format!("projectEditor:{PROJECT}"), format!("projectOwner:{PROJECT}")]})
    );
}

#[tokio::test]
async fn a_buckets_policy_has_the_buckets_etag_and_a_stale_one_is_412() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let path = "storage.googleapis.com/storage/v1/b/a-bucket/iam";
    let mut policy = cloud.get(path).await.ok();
    policy["bindings"]
        .as_array_mut()
        .unwrap()
        .push(json!({"role": "roles/storage.objectViewer", "members": ["user:A@example.com"]}));
    let written = cloud.put(path, policy.clone()).await.ok();
    assert_eq!(written["etag"], "CAI=");
    assert_eq!(cloud.get("storage.googleapis.com/storage/v1/b/a-bucket").await.ok()["metageneration"], "2");
    let error = cloud.put(path, policy).await.refused(412);
    assert_eq!(error["errors"][0]["reason"], "conditionNotMet");
}

#[tokio::test]
async fn enforced_prevention_keeps_the_public_out() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"iamConfiguration": {"publicAccessPrevention": "enforced"}})).await;
    let policy = json!({"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]});
    cloud.put("storage.googleapis.com/storage/v1/b/a-bucket/iam", policy).await.refused(412);
}

#[tokio::test]
async fn permissions_are_all_there() {
    let cloud = Cloud::prompt().await;
    let body = json!({"permissions": ["resourcemanager.projects.get"]});
    assert_eq!(cloud.post(&format!("{}:testIamPermissions", project()), body.clone()).await.ok(), body);
}
