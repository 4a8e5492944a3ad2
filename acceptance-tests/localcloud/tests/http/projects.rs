use serde_json::json;

use crate::world::{Cloud, NUMBER, PROJECT};

#[tokio::test]
async fn both_versions_show_the_project() {
    let cloud = Cloud::prompt().await;
    let v3 = cloud.get(&format!("cloudresourcemanager.googleapis.com/v3/projects/{PROJECT}")).await.ok();
    assert_eq!(v3["name"], format!("projects/{NUMBER}"));
    assert_eq!(v3["projectId"], PROJECT);
    let v1 = cloud.get(&format!("cloudresourcemanager.googleapis.com/v1/projects/{NUMBER}")).await.ok();
    assert_eq!(v1["projectNumber"], NUMBER);
    assert_eq!(v1["lifecycleState"], "ACTIVE");
}

#[tokio::test]
async fn a_project_that_is_not_there_is_403() {
    let cloud = Cloud::prompt().await;
    let error = cloud.get("cloudresourcemanager.googleapis.com/v3/projects/nobodys").await.refused(403);
    assert_eq!(error["message"], "The caller does not have permission");
    assert_eq!(error["status"], "PERMISSION_DENIED");
}

#[tokio::test]
async fn projects_are_kept_apart() {
    let cloud = Cloud::prompt().await;
    cloud.handle.plant(&localcloud::Seed::empty_project("other-project", "999", &["artifactregistry.googleapis.com"]));
    let path = |project: &str| {
        format!("artifactregistry.googleapis.com/v1/projects/{project}/locations/us-central1/repositories")
    };
    cloud.post(&format!("{}?repositoryId=repo", path("other-project")), json!({"format": "DOCKER"})).await.ok();
    assert_eq!(cloud.get(&path(PROJECT)).await.ok(), json!({}));
    assert_eq!(cloud.get(&path("999")).await.ok()["repositories"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_is_not_served_is_501_and_says_so() {
    let cloud = Cloud::prompt().await;
    let unserved = [
        "teapot.googleapis.com/v1/x".to_owned(),
        // Another version, a resource, a resource with a parameter that its API has not, and a verb on an object that is served.
        format!("artifactregistry.googleapis.com/v9/projects/{PROJECT}"),
        format!("artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations/us-central1/rules"),
        format!("artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations/us-central1/rules?color=red"),
        format!("iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts/a@b:dance"),
        format!("storage.googleapis.com/storage/v1/projects/{PROJECT}/hmacKeys"),
    ];
    for path in unserved {
        let error = cloud.get(&path).await.refused(501);
        let bare = path.split('?').next().unwrap_or(&path);
        let (host, path) = bare.split_once('/').unwrap();
        assert_eq!(error["message"], format!("localcloud does not serve GET {host}/{path}"));
    }
}
