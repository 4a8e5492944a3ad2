use localcloud::{Seed, Server, Settings};
use serde_json::json;

use crate::world::{Cloud, NUMBER, PROJECT};

const S: &str = "serviceusage.googleapis.com/v1";

async fn bare() -> Cloud {
    Cloud::of(Server::builder().seed(Seed::empty_project(PROJECT, NUMBER, &[]))).await
}

fn services() -> String {
    format!("{S}/projects/{PROJECT}/services")
}

#[tokio::test]
async fn a_service_that_is_off_says_so_with_service_and_consumer() {
    let cloud = bare().await;
    let path = format!("artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations/europe-west1/repositories");
    let error = cloud.get(&path).await.refused(403);
    assert_eq!(error["status"], "PERMISSION_DENIED");
    let info = &error["details"][0];
    assert_eq!(info["reason"], "SERVICE_DISABLED");
    assert_eq!(info["metadata"]["service"], "artifactregistry.googleapis.com");
    assert_eq!(info["metadata"]["consumer"], format!("projects/{NUMBER}"));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains(&format!("has not been used in project {NUMBER} before or it is disabled"))
    );
}

#[tokio::test]
async fn storage_says_it_in_its_own_format_too() {
    let cloud = bare().await;
    let error = cloud.get(&format!("storage.googleapis.com/storage/v1/b?project={PROJECT}")).await.refused(403);
    assert_eq!(error["errors"][0]["reason"], "accessNotConfigured");
    assert_eq!(error["details"][0]["reason"], "SERVICE_DISABLED");
}

#[tokio::test]
async fn a_service_just_enabled_is_usable_two_calls_later() {
    let cloud = bare().await;
    let operation = cloud.post(&format!("{}/artifactregistry.googleapis.com:enable", services()), json!({})).await.ok();
    assert_eq!(operation.as_object().map(|o| o.len()), Some(1), "{operation}");
    let url = format!("{S}/{}", operation["name"].as_str().unwrap());
    assert!(cloud.get(&url).await.ok().get("done").is_none());
    let done = cloud.get(&url).await.ok();
    assert_eq!(done["response"]["service"]["state"], "ENABLED");
    assert_eq!(done["response"]["service"]["parent"], format!("projects/{NUMBER}"));
    let path = format!("artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations/europe-west1/repositories");
    let statuses = [cloud.get(&path).await.status, cloud.get(&path).await.status, cloud.get(&path).await.status];
    assert_eq!(statuses, [403, 403, 200]);
}

#[tokio::test]
async fn enabling_what_is_enabled_is_done_at_once() {
    let cloud = Cloud::prompt().await;
    let operation = cloud.post(&format!("{}/storage.googleapis.com:enable", services()), json!({})).await.ok();
    assert_eq!(operation["done"], json!(true));
}

#[tokio::test]
async fn what_a_service_depends_on_comes_along() {
    let cloud = bare().await;
    cloud.post(&format!("{}/iam.googleapis.com:enable", services()), json!({})).await.ok();
    let list = cloud.get(&format!("{}?filter=state:ENABLED&fields=services/name", services())).await.ok();
    assert_eq!(
        list,
        json!({"services": [
            {"name": format!("projects/{NUMBER}/services/iam.googleapis.com")},
            {"name": format!("projects/{NUMBER}/services/iamcredentials.googleapis.com")},
        ]})
    );
}

#[tokio::test]
async fn a_service_that_others_need_stays_on() {
    let cloud = Cloud::prompt().await;
    let path = format!("{}/iamcredentials.googleapis.com:disable", services());
    let error = cloud.post(&path, json!({})).await.refused(400);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("depended on by the following active service(s): iam.googleapis.com"),
        "{error}"
    );
    cloud.post(&path, json!({"disableDependentServices": true})).await.ok();
    assert_eq!(cloud.get(&format!("{}/iam.googleapis.com", services())).await.ok()["state"], "DISABLED");
}

#[tokio::test]
async fn a_service_never_enabled_is_disabled_and_no_404() {
    let cloud = bare().await;
    let service = cloud.get(&format!("{}/run.googleapis.com", services())).await.ok();
    assert_eq!(service["state"], "DISABLED");
    assert!(service.get("parent").is_none());
}

#[tokio::test]
async fn a_batch_has_two_to_twenty() {
    let cloud = bare().await;
    let path = format!("{}:batchEnable", services());
    cloud.post(&path, json!({"serviceIds": ["run.googleapis.com"]})).await.refused(400);
    let many: Vec<String> = (0..21).map(|n| format!("s{n}.googleapis.com")).collect();
    cloud.post(&path, json!({"serviceIds": many})).await.refused(400);
    cloud.post(&path, json!({"serviceIds": ["run.googleapis.com", "monitoring.googleapis.com"]})).await.ok();
    assert_eq!(cloud.get(&format!("{}/run.googleapis.com", services())).await.ok()["state"], "ENABLED");
}

#[tokio::test]
async fn the_quota_project_is_checked_too() {
    let cloud = Cloud::of(Server::builder().seed(crate::world::seed()).settings(Settings::PROMPT)).await;
    let url = format!("{}/storage.googleapis.com/storage/v1/b?project={PROJECT}", cloud.handle.url());
    let response = cloud.client().get(url).header("X-Goog-User-Project", "unknown-project").send().await.unwrap();
    assert_eq!(response.status().as_u16(), 403);
    assert!(response.text().await.unwrap().contains("USER_PROJECT_DENIED"));
}

#[tokio::test]
async fn an_operation_is_found_by_its_projects_number_too() {
    let cloud = Cloud::lagging().await;
    let parent = format!("artifactregistry.googleapis.com/v1/projects/{NUMBER}/locations/us-central1");
    let operation =
        cloud.post(&format!("{parent}/repositories?repositoryId=repo"), json!({"format": "DOCKER"})).await.ok();
    let id = operation["name"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(cloud.get(&format!("{parent}/operations/{id}")).await.status, 200);
}
