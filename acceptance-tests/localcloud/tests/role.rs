//! Custom roles as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use std::time::Duration;

use localcloud::clock::Clock;
use localcloud::{Seed, Server};
use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "iam.googleapis.com";
const ROLES: &str = "/v1/projects/demo/roles";
const READER: &str = "/v1/projects/demo/roles/reader";

fn reader() -> Value {
    json!({
        "roleId": "reader",
        "role": {"title": "Reader", "includedPermissions": ["storage.objects.list", "storage.objects.get"], "stage": "GA"},
    })
}

async fn with_role() -> Cloud {
    let cloud = Cloud::with_services(&[HOST, "cloudresourcemanager.googleapis.com"]).await;
    cloud.done("POST", HOST, ROLES, reader()).await;
    cloud
}

/// A role that was deleted, on a clock that goes on by so many days with each look.
async fn deleted_for(days: u64) -> Cloud {
    let start = "2026-01-01T00:00:00Z".parse().expect("a time");
    let seed = Seed::empty_project("demo", "123456789012", &[HOST]);
    let clock = Clock::stepping(start, Duration::from_secs(days * 86_400));
    let cloud = Cloud::from(Server::builder().seed(seed).clock(clock)).await;
    cloud.done("POST", HOST, ROLES, reader()).await;
    cloud.done("DELETE", HOST, READER, Value::Null).await;
    cloud
}

async fn refused(cloud: &Cloud, method: &str, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = cloud.call(method, HOST, path, Some(body)).await;
    (status, answer["error"]["status"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_role_is_answered_as_it_was_made() {
    let cloud = with_role().await;
    let mut role = cloud.get(HOST, READER).await;
    assert!(role["etag"].take().is_string());
    let expected = json!({
        "name": "projects/demo/roles/reader", "title": "Reader", "stage": "GA", "etag": null,
        "includedPermissions": ["storage.objects.get", "storage.objects.list"],
    });
    assert_eq!(role, expected);
    assert_eq!(refused(&cloud, "POST", ROLES, reader()).await, (409, "ALREADY_EXISTS".to_owned()));
}

#[tokio::test]
async fn alpha_is_not_shown() {
    let cloud = with_role().await;
    let role = cloud.done("PATCH", HOST, &format!("{READER}?updateMask=stage"), json!({"stage": "ALPHA"})).await;
    assert_eq!((role.get("stage"), &role["title"]), (None, &json!("Reader")));
}

#[tokio::test]
async fn a_list_shows_permissions_only_when_asked() {
    let cloud = with_role().await;
    assert_eq!(cloud.get(HOST, ROLES).await["roles"][0].get("includedPermissions"), None);
    let full = cloud.get(HOST, &format!("{ROLES}?view=FULL")).await;
    assert_eq!(full["roles"][0]["includedPermissions"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_list_has_pages() {
    let cloud = with_role().await;
    cloud.done("POST", HOST, ROLES, json!({"roleId": "writer"})).await;
    let first = cloud.get(HOST, &format!("{ROLES}?pageSize=1")).await;
    let token = first["nextPageToken"].as_str().expect("a token");
    let second = cloud.get(HOST, &format!("{ROLES}?pageSize=1&pageToken={token}")).await;
    assert_eq!(
        (&first["roles"][0]["name"], &second["roles"][0]["name"], second.get("nextPageToken")),
        (&json!("projects/demo/roles/reader"), &json!("projects/demo/roles/writer"), None)
    );
}

#[tokio::test]
async fn an_update_takes_what_the_mask_names() {
    let cloud = with_role().await;
    let path = format!("{READER}?updateMask=title,includedPermissions");
    cloud.done("PATCH", HOST, &path, json!({"title": "Readers", "stage": "BETA"})).await;
    let role = cloud.get(HOST, READER).await;
    assert_eq!(
        (&role["title"], role.get("includedPermissions"), &role["stage"]),
        (&json!("Readers"), None, &json!("GA"))
    );
}

#[tokio::test]
async fn an_old_etag_is_refused() {
    let cloud = with_role().await;
    let etag = cloud.get(HOST, READER).await["etag"].clone();
    let path = format!("{READER}?updateMask=title");
    cloud.done("PATCH", HOST, &path, json!({"title": "one", "etag": etag})).await;
    let late = refused(&cloud, "PATCH", &path, json!({"title": "two", "etag": etag})).await;
    assert_eq!(late, (409, "ABORTED".to_owned()));
}

#[tokio::test]
async fn what_is_no_role_is_refused() {
    let cloud = with_role().await;
    let invalid = (400, "INVALID_ARGUMENT".to_owned());
    for sent in [
        json!({"roleId": "with-dash"}),
        json!({"roleId": "ab"}),
        json!({"roleId": "named", "role": {"name": "projects/demo/roles/named"}}),
        json!({"roleId": "wild", "role": {"includedPermissions": ["storage.objects.*"]}}),
        json!({"roleId": "long", "role": {"title": "x".repeat(101)}}),
        json!({"roleId": "long", "role": {"description": "x".repeat(257)}}),
    ] {
        assert_eq!(refused(&cloud, "POST", ROLES, sent.clone()).await, invalid, "{sent}");
    }
}

#[tokio::test]
async fn a_deleted_role_stays_and_keeps_its_name() {
    let cloud = with_role().await;
    assert_eq!(cloud.done("DELETE", HOST, READER, Value::Null).await["deleted"], true);
    assert_eq!(cloud.get(HOST, READER).await["deleted"], true);
    assert_eq!(cloud.get(HOST, ROLES).await, json!({}));
    assert_eq!(cloud.get(HOST, &format!("{ROLES}?showDeleted=true")).await["roles"][0]["title"], "Reader");
    let reserved = (400, "FAILED_PRECONDITION".to_owned());
    assert_eq!(refused(&cloud, "POST", ROLES, reader()).await, reserved);
    let patch = format!("{READER}?updateMask=title");
    assert_eq!(refused(&cloud, "PATCH", &patch, json!({"title": "x"})).await, reserved);
    assert_eq!(refused(&cloud, "DELETE", READER, Value::Null).await, reserved);
}

#[tokio::test]
async fn undelete_brings_a_role_back() {
    let cloud = with_role().await;
    cloud.done("DELETE", HOST, READER, Value::Null).await;
    let role = cloud.done("POST", HOST, &format!("{READER}:undelete"), json!({})).await;
    assert_eq!((role.get("deleted"), &role["title"]), (None, &json!("Reader")));
    let again = refused(&cloud, "POST", &format!("{READER}:undelete"), json!({})).await;
    assert_eq!(again, (400, "FAILED_PRECONDITION".to_owned()));
}

#[tokio::test]
async fn after_a_week_a_deleted_role_is_gone_and_its_name_is_still_taken() {
    let cloud = deleted_for(8).await;
    assert_eq!(refused(&cloud, "GET", READER, Value::Null).await, (404, "NOT_FOUND".to_owned()));
    assert_eq!(refused(&cloud, "POST", ROLES, reader()).await, (400, "FAILED_PRECONDITION".to_owned()));
}

#[tokio::test]
async fn after_thirty_seven_days_the_name_is_free() {
    let cloud = deleted_for(38).await;
    cloud.done("POST", HOST, ROLES, reader()).await;
    assert_eq!(cloud.get(HOST, READER).await["name"], "projects/demo/roles/reader");
}

#[tokio::test]
async fn a_policy_grants_a_role_that_is_there() {
    const PROJECTS: &str = "cloudresourcemanager.googleapis.com";
    let cloud = with_role().await;
    let set = "/v1/projects/demo:setIamPolicy";
    let grant = |role: &str| {
        let binding = json!({"role": format!("projects/demo/roles/{role}"), "members": ["user:ann@example.com"]});
        json!({"policy": {"bindings": [binding]}})
    };
    let (status, answer) = cloud.call("POST", PROJECTS, set, Some(grant("nobody"))).await;
    assert_eq!((status, &answer["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    cloud.done("POST", PROJECTS, set, grant("reader")).await;
    cloud.done("DELETE", HOST, READER, Value::Null).await;
    // What is granted of a deleted one stays.
    cloud.done("POST", PROJECTS, set, grant("reader")).await;
}
