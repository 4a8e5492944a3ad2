use serde_json::json;

use crate::world::{Cloud, NUMBER, PROJECT};

const B: &str = "storage.googleapis.com/storage/v1/b";

#[tokio::test]
async fn a_new_bucket_has_the_defaults_and_no_lists() {
    let cloud = Cloud::prompt().await;
    let bucket = cloud.bucket(json!({"location": "europe-west1"})).await;
    assert_eq!(bucket["projectNumber"], NUMBER);
    assert_eq!(bucket["location"], "EUROPE-WEST1");
    assert_eq!(bucket["metageneration"], "1");
    assert_eq!(bucket["etag"], "CAE=");
    assert!(bucket.get("acl").is_none());
    assert_eq!(cloud.get(&format!("{B}/a-bucket")).await.ok(), bucket);
}

#[tokio::test]
async fn full_projection_shows_the_lists_unless_access_is_uniform() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"name": "with-lists"})).await;
    cloud.bucket(json!({"name": "uniform", "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}}})).await;
    let listed = cloud.get(&format!("{B}/with-lists?projection=full")).await.ok();
    assert_eq!(listed["acl"].as_array().map(Vec::len), Some(3));
    assert_eq!(listed["owner"]["entity"], format!("project-owners-{NUMBER}"));
    let uniform = cloud.get(&format!("{B}/uniform?projection=full")).await.ok();
    assert!(uniform.get("acl").is_none());
    assert_eq!(
        uniform["iamConfiguration"]["bucketPolicyOnly"],
        uniform["iamConfiguration"]["uniformBucketLevelAccess"]
    );
    assert!(uniform["iamConfiguration"]["uniformBucketLevelAccess"]["lockedTime"].is_string());
}

#[tokio::test]
async fn names_are_global() {
    let cloud = Cloud::prompt().await;
    cloud.handle.plant(&localcloud::Seed::empty_project("other-project", "999", &["storage.googleapis.com"]));
    cloud.bucket(json!({})).await;
    let mine = cloud.post(&format!("{B}?project={PROJECT}"), json!({"name": "a-bucket"})).await.refused(409);
    assert!(mine["message"].as_str().unwrap().starts_with("Your previous request"), "{mine}");
    let other = cloud.post(&format!("{B}?project=other-project"), json!({"name": "a-bucket"})).await.refused(409);
    assert!(other["message"].as_str().unwrap().starts_with("The requested bucket name is not available"), "{other}");
    assert_eq!(other["errors"][0]["reason"], "conflict");
}

#[tokio::test]
async fn a_patch_merges_and_null_removes() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"labels": {"a": "1", "b": "2"}, "versioning": {"enabled": true}})).await;
    let bucket =
        cloud.patch(&format!("{B}/a-bucket?projection=noAcl"), json!({"labels": {"a": null, "c": "3"}})).await.ok();
    assert_eq!(bucket["labels"], json!({"b": "2", "c": "3"}));
    assert_eq!(bucket["versioning"]["enabled"], json!(true));
    assert_eq!(bucket["metageneration"], "2");
}

#[tokio::test]
async fn a_patch_that_changes_nothing_leaves_the_metageneration() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"labels": {"a": "1"}})).await;
    let bucket = cloud.patch(&format!("{B}/a-bucket"), json!({"labels": {"a": "1"}})).await.ok();
    assert_eq!(bucket["metageneration"], "1");
}

#[tokio::test]
async fn a_stale_metageneration_is_refused() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let error = cloud.patch(&format!("{B}/a-bucket?ifMetagenerationMatch=7"), json!({})).await.refused(412);
    assert_eq!(error["errors"][0]["reason"], "conditionNotMet");
}

#[tokio::test]
async fn the_location_cannot_change() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({"location": "US"})).await;
    cloud.patch(&format!("{B}/a-bucket"), json!({"location": "us"})).await.ok();
    cloud.patch(&format!("{B}/a-bucket"), json!({"location": "EU"})).await.refused(400);
}

#[tokio::test]
async fn a_bucket_with_objects_is_not_deleted() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let path = "storage.googleapis.com/upload/storage/v1/b/a-bucket/o?uploadType=media&name=x";
    cloud.raw("POST", path, "text/plain", "hello").await.ok();
    let error = cloud.delete(&format!("{B}/a-bucket")).await.refused(409);
    assert_eq!(error["message"], "The bucket you tried to delete is not empty.");
    assert_eq!(cloud.delete(&format!("{B}/a-bucket/o/x")).await.status, 204);
    assert_eq!(cloud.delete(&format!("{B}/a-bucket")).await.status, 204);
    assert_eq!(cloud.get(&format!("{B}/a-bucket")).await.status, 404);
}

#[tokio::test]
async fn lists_come_in_pages_and_of_one_project() {
    let cloud = Cloud::prompt().await;
    cloud.handle.plant(&localcloud::Seed::empty_project("other-project", "999", &["storage.googleapis.com"]));
    cloud.post(&format!("{B}?project=other-project"), json!({"name": "bucket-0"})).await.ok();
    for n in 1..=3 {
        cloud.bucket(json!({"name": format!("bucket-{n}")})).await;
    }
    let first = cloud.get(&format!("{B}?project={PROJECT}&maxResults=2&fields=items/name,nextPageToken")).await.ok();
    assert_eq!(first["items"], json!([{"name": "bucket-1"}, {"name": "bucket-2"}]));
    let token = first["nextPageToken"].as_str().unwrap();
    let second = cloud.get(&format!("{B}?project={NUMBER}&maxResults=2&pageToken={token}")).await.ok();
    assert_eq!(second["items"][0]["name"], "bucket-3");
    assert!(second.get("nextPageToken").is_none());
}

#[tokio::test]
async fn a_bad_location_or_rule_is_refused_in_storages_format() {
    let cloud = Cloud::prompt().await;
    let error =
        cloud.post(&format!("{B}?project={PROJECT}"), json!({"name": "abc", "location": "mars"})).await.refused(400);
    assert_eq!(error["errors"][0], json!({"message": error["message"], "domain": "global", "reason": "invalid"}));
    assert!(error.get("status").is_none());
}

#[tokio::test]
async fn soft_delete_zero_switches_it_off() {
    let cloud = Cloud::prompt().await;
    cloud.bucket(json!({})).await;
    let bucket = cloud
        .patch(&format!("{B}/a-bucket"), json!({"softDeletePolicy": {"retentionDurationSeconds": "0"}}))
        .await
        .ok();
    assert_eq!(bucket["softDeletePolicy"], json!({"retentionDurationSeconds": "0"}));
}
