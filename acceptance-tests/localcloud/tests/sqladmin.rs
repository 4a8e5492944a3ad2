//! Cloud SQL as a caller sees it over HTTP.
#![allow(missing_docs)]

mod wire;

use std::time::Duration;

use localcloud::clock::Clock;
use localcloud::{Seed, Server, Settings};
use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "sqladmin.googleapis.com";
const INSTANCES: &str = "/v1/projects/demo/instances";
const MAIN: &str = "/v1/projects/demo/instances/main";
const USERS: &str = "/v1/projects/demo/instances/main/users";

fn postgres() -> Value {
    json!({
        "name": "main", "region": "europe-west1", "databaseVersion": "POSTGRES_15",
        "settings": {"tier": "db-custom-1-3840", "edition": "ENTERPRISE"},
    })
}

async fn prompt() -> Cloud {
    Cloud::start(Seed::empty_project("demo", "123456789012", &[HOST]), Settings::PROMPT).await
}

async fn with(instance: Value) -> Cloud {
    let cloud = prompt().await;
    cloud.done("POST", HOST, INSTANCES, instance).await;
    cloud
}

/// The status of a refusal, and its reason.
async fn refused(cloud: &Cloud, method: &str, path: &str, body: Value) -> (u16, String) {
    let body = Some(body).filter(|body| !body.is_null());
    let (status, answer) = cloud.call(method, HOST, path, body).await;
    let error = &answer["error"];
    (status, error["errors"][0]["reason"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_instance_does_one_thing_at_a_time() {
    let cloud = Cloud::with_services(&[HOST]).await;
    let (status, operation) = cloud.call("POST", HOST, INSTANCES, Some(postgres())).await;
    assert_eq!((status, &operation["status"]), (200, &json!("PENDING")));
    assert_eq!(refused(&cloud, "PATCH", MAIN, json!({"settings": {}})).await, (409, "operationInProgress".to_owned()));
    let name = operation["name"].as_str().expect("a name");
    let end = cloud.get(HOST, &format!("/v1/projects/demo/operations/{name}")).await;
    assert_eq!(end["status"], "DONE");
    assert_eq!(cloud.get(HOST, MAIN).await["state"], "RUNNABLE");
}

#[tokio::test]
async fn settings_of_another_version_are_not_overwritten() {
    let cloud = with(postgres()).await;
    let change = |version: &str, tier: &str| json!({"settings": {"settingsVersion": version, "tier": tier}});
    cloud.done("PATCH", HOST, MAIN, change("1", "db-custom-2-7680")).await;
    let (status, _) = refused(&cloud, "PATCH", MAIN, change("1", "db-custom-4-15360")).await;
    let settings = cloud.get(HOST, MAIN).await["settings"].clone();
    assert_eq!(
        (status, &settings["tier"], &settings["settingsVersion"]),
        (412, &json!("db-custom-2-7680"), &json!("2"))
    );
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let cloud = with(postgres()).await;
    let invalid = (400, "invalid".to_owned());
    for change in [
        json!({"databaseVersion": "POSTGRES_14"}),
        json!({"databaseVersion": "MYSQL_8_0"}),
        json!({"region": "us-central1"}),
        json!({"settings": {"dataDiskSizeGb": "5"}}),
        json!({"settings": {"dataDiskType": "PD_HDD"}}),
        json!({"settings": {"edition": "ENTERPRISE_PLUS"}}),
        json!({"settings": {"tier": "db-n1-standard-1"}}),
        json!({"settings": {"availabilityType": "REGIONAL"}}),
        json!({"settings": {"ipConfiguration": {"ipv4Enabled": false}}}),
        json!({"settings": {"backupConfiguration": {"transactionLogRetentionDays": 14}}}),
        json!({"rootPassword": "hunter2"}),
    ] {
        assert_eq!(refused(&cloud, "PATCH", MAIN, change.clone()).await, invalid, "{change}");
    }
    let mut silent = postgres();
    silent["name"] = json!("newer");
    silent["databaseVersion"] = json!("POSTGRES_16");
    silent["settings"] = json!({"tier": "db-custom-1-3840"});
    assert_eq!(refused(&cloud, "POST", INSTANCES, silent).await, invalid);
}

#[tokio::test]
async fn a_protected_instance_is_not_deleted() {
    let cloud = with(postgres()).await;
    cloud.done("PATCH", HOST, MAIN, json!({"settings": {"deletionProtectionEnabled": true}})).await;
    assert_eq!(refused(&cloud, "DELETE", MAIN, Value::Null).await.0, 400);
    cloud.done("PATCH", HOST, MAIN, json!({"settings": {"deletionProtectionEnabled": false}})).await;
    cloud.done("DELETE", HOST, MAIN, Value::Null).await;
    assert_eq!(refused(&cloud, "GET", MAIN, Value::Null).await, (404, "instanceDoesNotExist".to_owned()));
}

#[tokio::test]
async fn the_name_of_a_deleted_instance_is_taken_for_a_week() {
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    for (step, expected) in [(3600, 409), (8 * 86_400, 200)] {
        let seed = Seed::empty_project("demo", "123456789012", &[HOST]);
        let clock = Clock::stepping(start, Duration::from_secs(step));
        let cloud = Cloud::from(Server::builder().seed(seed).settings(Settings::PROMPT).clock(clock)).await;
        cloud.done("POST", HOST, INSTANCES, postgres()).await;
        cloud.done("DELETE", HOST, MAIN, Value::Null).await;
        let (status, answer) = cloud.call("POST", HOST, INSTANCES, Some(postgres())).await;
        assert_eq!(status, expected, "{answer}");
    }
}

#[tokio::test]
async fn users_and_databases_come_with_an_instance_and_are_not_deleted() {
    let cloud = with(postgres()).await;
    assert_eq!(cloud.get(HOST, USERS).await["items"][0]["name"], "postgres");
    assert_eq!(cloud.get(HOST, &format!("{MAIN}/databases/postgres")).await["charset"], "UTF8");
    assert_eq!(refused(&cloud, "DELETE", &format!("{USERS}?name=postgres"), Value::Null).await.0, 400);
}

#[tokio::test]
async fn a_password_is_kept_nowhere() {
    let cloud = with(postgres()).await;
    cloud.done("POST", HOST, USERS, json!({"name": "app", "password": "hunter2"})).await;
    cloud.done("PUT", HOST, &format!("{USERS}?name=app"), json!({"name": "app", "password": "hunter2"})).await;
    assert!(!cloud.get(HOST, USERS).await.to_string().contains("hunter2"));
}

#[tokio::test]
async fn iam_users_need_a_flag_and_have_no_password() {
    let cloud = with(postgres()).await;
    let user = json!({"name": "api@demo.iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"});
    assert_eq!(refused(&cloud, "POST", USERS, user.clone()).await.0, 400);
    let flags = json!([{"name": "cloudsql.iam_authentication", "value": "on"}]);
    cloud.done("PATCH", HOST, MAIN, json!({"settings": {"databaseFlags": flags}})).await;
    let full = json!({"name": "api@demo.iam.gserviceaccount.com", "type": "CLOUD_IAM_SERVICE_ACCOUNT"});
    assert_eq!(refused(&cloud, "POST", USERS, full).await.0, 400);
    cloud.done("POST", HOST, USERS, user).await;
}

#[tokio::test]
async fn a_stopped_instance_does_not_answer_for_what_is_inside() {
    let cloud = with(postgres()).await;
    cloud.done("PATCH", HOST, MAIN, json!({"settings": {"activationPolicy": "NEVER"}})).await;
    assert_eq!(refused(&cloud, "GET", USERS, Value::Null).await.0, 400);
    assert_eq!(refused(&cloud, "POST", &format!("{MAIN}/databases"), json!({"name": "app"})).await.0, 400);
}
