//! Service accounts and the policies that name them, as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use localcloud::{Seed, Settings};
use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "iam.googleapis.com";
const PROJECTS: &str = "cloudresourcemanager.googleapis.com";
const ACCOUNTS: &str = "/v1/projects/demo/serviceAccounts";
const RUNNER: &str = "/v1/projects/demo/serviceAccounts/runner@demo.iam.gserviceaccount.com";

async fn with_account(settings: Settings) -> (Cloud, Value) {
    let cloud = Cloud::start(Seed::empty_project("demo", "123456789012", &[HOST, PROJECTS]), settings).await;
    let account = cloud.done("POST", HOST, ACCOUNTS, json!({"accountId": "runner"})).await;
    (cloud, account)
}

fn policy() -> Value {
    let member = "serviceAccount:runner@demo.iam.gserviceaccount.com";
    json!({"policy": {"bindings": [{"role": "roles/viewer", "members": [member]}]}})
}

async fn member(cloud: &Cloud) -> String {
    let policy = cloud.done("POST", PROJECTS, "/v1/projects/demo:getIamPolicy", json!({})).await;
    policy["bindings"][0]["members"][0].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_deleted_account_comes_back_with_its_grants() {
    let (cloud, account) = with_account(Settings::PROMPT).await;
    cloud.done("POST", PROJECTS, "/v1/projects/demo:setIamPolicy", policy()).await;
    cloud.done("DELETE", HOST, RUNNER, Value::Null).await;
    let unique_id = account["uniqueId"].as_str().expect("an id");
    assert_eq!(
        member(&cloud).await,
        format!("deleted:serviceAccount:runner@demo.iam.gserviceaccount.com?uid={unique_id}")
    );
    let path = format!("/v1/projects/-/serviceAccounts/{unique_id}:undelete");
    let restored = cloud.done("POST", HOST, &path, json!({})).await;
    assert_eq!(restored["restoredAccount"], account);
    assert_eq!(member(&cloud).await, "serviceAccount:runner@demo.iam.gserviceaccount.com");
}

#[tokio::test]
async fn a_new_account_of_the_old_name_has_none_of_its_grants() {
    let (cloud, account) = with_account(Settings::PROMPT).await;
    cloud.done("POST", PROJECTS, "/v1/projects/demo:setIamPolicy", policy()).await;
    cloud.done("DELETE", HOST, RUNNER, Value::Null).await;
    let again = cloud.done("POST", HOST, ACCOUNTS, json!({"accountId": "runner"})).await;
    assert_ne!(again["uniqueId"], account["uniqueId"]);
    assert!(member(&cloud).await.starts_with("deleted:"));
}
