//! Firestore databases, indexes and fields as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use localcloud::{Seed, Settings};
use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "firestore.googleapis.com";
const DATABASES: &str = "/v1/projects/demo/databases";
const DATABASE: &str = "/v1/projects/demo/databases/(default)";
const GROUP: &str = "/v1/projects/demo/databases/(default)/collectionGroups/feedback";

async fn cloud() -> Cloud {
    Cloud::with_services(&[HOST]).await
}

fn native() -> Value {
    json!({"locationId": "eur3", "type": "FIRESTORE_NATIVE"})
}

async fn with_database() -> Cloud {
    let cloud = cloud().await;
    let operation = cloud.done("POST", HOST, &format!("{DATABASES}?databaseId=(default)"), native()).await;
    cloud.finish(HOST, &operation).await;
    cloud
}

fn index() -> Value {
    json!({
        "queryScope": "COLLECTION",
        "fields": [
            {"fieldPath": "prediction_id", "order": "ASCENDING"},
            {"fieldPath": "timestamp", "order": "DESCENDING"},
        ],
    })
}

async fn refusal(cloud: &Cloud, method: &str, path: &str, body: Value) -> (u16, String, String) {
    let (status, answer) = cloud.call(method, HOST, path, Some(body).filter(|body| !body.is_null())).await;
    let text = |field: &str| answer["error"][field].as_str().unwrap_or_default().to_owned();
    (status, text("status"), text("message"))
}

#[tokio::test]
async fn a_new_database_is_shown_before_its_operation_is_done() {
    let cloud = cloud().await;
    let operation = cloud.done("POST", HOST, &format!("{DATABASES}?databaseId=(default)"), native()).await;
    assert_eq!(operation.get("done"), None);
    let database = &operation["response"];
    let expected = json!({
        "locationId": "eur3",
        "type": "FIRESTORE_NATIVE",
        "databaseEdition": "STANDARD",
        "concurrencyMode": "PESSIMISTIC",
        "appEngineIntegrationMode": "DISABLED",
        "deleteProtectionState": "DELETE_PROTECTION_DISABLED",
        "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED",
        "versionRetentionPeriod": "3600s",
        "freeTier": true,
    });
    for (field, value) in expected.as_object().expect("fields") {
        assert_eq!(&database[field], value, "{field}");
    }
    assert_eq!(cloud.finish(HOST, &operation).await["response"]["name"], "projects/demo/databases/(default)");
}

#[tokio::test]
async fn the_encoded_default_database_is_the_same() {
    let cloud = with_database().await;
    let found = cloud.get(HOST, &format!("{DATABASES}/%28default%29")).await;
    assert_eq!(found["name"], "projects/demo/databases/(default)");
}

#[tokio::test]
async fn a_taken_or_malformed_database_id_is_refused() {
    let cloud = with_database().await;
    let again = refusal(&cloud, "POST", &format!("{DATABASES}?databaseId=(default)"), native()).await;
    assert_eq!((again.0, again.2.as_str()), (409, "Database already exists. Please use another database_id"));
    for id in ["", "abc", "Data", "a-b-", "85638153-7d3d-498d-8b63-717b4f835373"] {
        let refused = refusal(&cloud, "POST", &format!("{DATABASES}?databaseId={id}"), native()).await;
        assert_eq!(refused.0, 400, "{id}");
    }
}

#[tokio::test]
async fn only_one_database_is_free() {
    let cloud = with_database().await;
    let operation = cloud.done("POST", HOST, &format!("{DATABASES}?databaseId=second"), native()).await;
    assert_eq!(operation["response"].get("freeTier"), None);
}

#[tokio::test]
async fn a_patch_is_done_at_once_and_keeps_the_location() {
    let cloud = with_database().await;
    let path = format!("{DATABASE}?updateMask=pointInTimeRecoveryEnablement");
    let recovery = json!({"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED"});
    let operation = cloud.done("PATCH", HOST, &path, recovery).await;
    assert_eq!(operation["done"], true);
    assert_eq!(cloud.get(HOST, DATABASE).await["versionRetentionPeriod"], "604800s");
    let moved =
        refusal(&cloud, "PATCH", &format!("{DATABASE}?updateMask=locationId"), json!({"locationId": "nam5"})).await;
    assert_eq!(moved.0, 400);
}

#[tokio::test]
async fn an_old_etag_is_a_failed_precondition() {
    let cloud = with_database().await;
    let path = format!("{DATABASE}?updateMask=deleteProtectionState");
    let body = json!({"deleteProtectionState": "DELETE_PROTECTION_ENABLED", "etag": "old"});
    assert_eq!(refusal(&cloud, "PATCH", &path, body).await.1, "FAILED_PRECONDITION");
}

#[tokio::test]
async fn delete_protection_holds() {
    let cloud = with_database().await;
    let path = format!("{DATABASE}?updateMask=deleteProtectionState");
    cloud.done("PATCH", HOST, &path, json!({"deleteProtectionState": "DELETE_PROTECTION_ENABLED"})).await;
    let refused = refusal(&cloud, "DELETE", DATABASE, Value::Null).await;
    assert_eq!((refused.0, refused.1.as_str()), (400, "FAILED_PRECONDITION"));
}

#[tokio::test]
async fn a_deleted_database_is_renamed() {
    let cloud = with_database().await;
    let uid = cloud.get(HOST, DATABASE).await["uid"].as_str().expect("a uid").to_owned();
    let operation = cloud.done("DELETE", HOST, DATABASE, Value::Null).await;
    assert_eq!(operation["response"]["previousId"], "(default)");
    assert_eq!(operation["response"]["name"], format!("projects/demo/databases/{uid}"));
    assert_eq!(cloud.call("GET", HOST, DATABASE, None).await.0, 404);
    assert_eq!(cloud.get(HOST, DATABASES).await, json!({}));
    let all = cloud.get(HOST, &format!("{DATABASES}?showDeleted=true")).await;
    assert!(all["databases"][0]["deleteTime"].is_string());
}

#[tokio::test]
async fn an_index_is_creating_until_its_operation_ends() {
    let cloud = with_database().await;
    let operation = cloud.done("POST", HOST, &format!("{GROUP}/indexes"), index()).await;
    assert_eq!((operation.get("done"), &operation["metadata"]["state"]), (None, &json!("INITIALIZING")));
    let path = format!("/v1/{}", operation["metadata"]["index"].as_str().expect("an index"));
    assert_eq!(cloud.get(HOST, &path).await["state"], "CREATING");
    let end = cloud.finish(HOST, &operation).await;
    assert_eq!((&end["metadata"]["state"], &end["response"]["state"]), (&json!("SUCCESSFUL"), &json!("CREATING")));
    let found = cloud.get(HOST, &path).await;
    assert_eq!((&found["state"], &found["density"]), (&json!("READY"), &json!("SPARSE_ALL")));
    assert_eq!(found["fields"][2], json!({"fieldPath": "__name__", "order": "DESCENDING"}));
}

#[tokio::test]
async fn an_index_that_is_only_read_becomes_ready() {
    let cloud = with_database().await;
    let operation = cloud.done("POST", HOST, &format!("{GROUP}/indexes"), index()).await;
    let path = format!("/v1/{}", operation["metadata"]["index"].as_str().expect("an index"));
    cloud.get(HOST, &path).await;
    assert_eq!(cloud.get(HOST, &path).await["state"], "READY");
}

#[tokio::test]
async fn an_identical_index_exists_already() {
    let cloud = with_database().await;
    cloud.done("POST", HOST, &format!("{GROUP}/indexes"), index()).await;
    let mut same = index();
    same["fields"].as_array_mut().expect("fields").push(json!({"fieldPath": "__name__", "order": "DESCENDING"}));
    assert_eq!(refusal(&cloud, "POST", &format!("{GROUP}/indexes"), same.clone()).await.0, 409);
    same["fields"][2]["order"] = json!("ASCENDING");
    cloud.done("POST", HOST, &format!("{GROUP}/indexes"), same).await;
}

#[tokio::test]
async fn indexes_of_all_groups_are_listed_together() {
    let cloud = with_database().await;
    for group in ["a", "b"] {
        let path = format!("{DATABASE}/collectionGroups/{group}/indexes");
        cloud.done("POST", HOST, &path, index()).await;
    }
    let all = cloud.get(HOST, &format!("{DATABASE}/collectionGroups/-/indexes")).await;
    assert_eq!(all["indexes"].as_array().map(Vec::len), Some(2));
    let one = cloud.get(HOST, &format!("{DATABASE}/collectionGroups/a/indexes")).await;
    assert_eq!(one["indexes"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_failed_index_is_not_there() {
    let cloud = with_database().await;
    cloud.fault(json!({"match": {"method": "POST", "path": "indexes$"}, "status": 500, "reason": "INTERNAL", "operation_error": true}));
    let operation = cloud.done("POST", HOST, &format!("{GROUP}/indexes"), index()).await;
    let end = cloud.finish(HOST, &operation).await;
    assert_eq!((end["error"].is_object(), &end["metadata"]["state"]), (true, &json!("FAILED")));
    assert_eq!(cloud.get(HOST, &format!("{GROUP}/indexes")).await, json!({}));
}

#[tokio::test]
async fn every_field_is_there() {
    let cloud = with_database().await;
    let field = cloud.get(HOST, &format!("{GROUP}/fields/expireAt")).await;
    let config = &field["indexConfig"];
    assert_eq!((&config["usesAncestorConfig"], config["indexes"].as_array().map(Vec::len)), (&json!(true), Some(3)));
    assert_eq!(config["ancestorField"], "projects/demo/databases/(default)/collectionGroups/__default__/fields/*");
}

#[tokio::test]
async fn a_time_to_live_is_switched_on_and_off() {
    let cloud = with_database().await;
    let path = format!("{GROUP}/fields/expireAt");
    let masked = format!("{path}?updateMask=ttlConfig");
    let operation = cloud.done("PATCH", HOST, &masked, json!({"ttlConfig": {}})).await;
    assert_eq!(operation["metadata"]["ttlConfigDelta"], json!({"changeType": "ADD"}));
    assert_eq!(cloud.get(HOST, &path).await["ttlConfig"]["state"], "CREATING");
    cloud.finish(HOST, &operation).await;
    assert_eq!(cloud.get(HOST, &path).await["ttlConfig"]["state"], "ACTIVE");
    let off = cloud.done("PATCH", HOST, &masked, json!({})).await;
    cloud.finish(HOST, &off).await;
    assert_eq!(cloud.get(HOST, &path).await.get("ttlConfig"), None);
}

#[tokio::test]
async fn a_list_of_fields_needs_its_filter() {
    let cloud = with_database().await;
    let masked = format!("{GROUP}/fields/expireAt?updateMask=ttlConfig");
    cloud.done("PATCH", HOST, &masked, json!({"ttlConfig": {}})).await;
    let all = format!("{DATABASE}/collectionGroups/-/fields");
    assert_eq!(refusal(&cloud, "GET", &all, Value::Null).await.0, 400);
    let ttl = cloud.get(HOST, &format!("{all}?filter=ttlConfig:*")).await;
    assert_eq!(ttl["fields"].as_array().map(Vec::len), Some(1));
    let filter = "indexConfig.usesAncestorConfig:false%20OR%20ttlConfig:*";
    let either = cloud.get(HOST, &format!("{all}?filter={filter}")).await;
    assert_eq!(either["fields"].as_array().map(Vec::len), Some(2), "{either}");
}

#[tokio::test]
async fn a_missing_database_says_where_to_make_it() {
    let cloud = cloud().await;
    let refused = refusal(&cloud, "POST", &format!("{GROUP}/indexes"), index()).await;
    assert_eq!(refused.0, 404);
    assert!(refused.2.starts_with("The database (default) does not exist for project demo"), "{}", refused.2);
}

#[tokio::test]
async fn datastore_mode_has_no_modes_of_single_fields() {
    let cloud = Cloud::start(Seed::empty_project("demo", "123456789012", &[HOST]), Settings::PROMPT).await;
    let body = json!({"locationId": "eur3", "type": "DATASTORE_MODE"});
    cloud.done("POST", HOST, &format!("{DATABASES}?databaseId=(default)"), body).await;
    let path = format!("{GROUP}/fields/expireAt");
    let refused = refusal(&cloud, "PATCH", &format!("{path}?updateMask=indexConfig"), json!({"indexConfig": {}})).await;
    assert!(refused.2.starts_with("Single-field indexing modes cannot be updated"), "{}", refused.2);
    cloud.done("PATCH", HOST, &format!("{path}?updateMask=ttlConfig"), json!({"ttlConfig": {}})).await;
}

#[tokio::test]
async fn a_vector_comes_back_behind_the_key() {
    let cloud = with_database().await;
    let vector = json!({"fieldPath": "embedding", "vectorConfig": {"dimension": 768, "flat": {}}});
    let operation = cloud.done("POST", HOST, &format!("{GROUP}/indexes"), json!({"fields": [vector]})).await;
    let path = format!("/v1/{}", operation["metadata"]["index"].as_str().expect("an index"));
    let key = json!({"fieldPath": "__name__", "order": "ASCENDING"});
    assert_eq!(cloud.get(HOST, &path).await["fields"], json!([key, vector]));
    let same = json!({"fields": [key, vector]});
    assert_eq!(refusal(&cloud, "POST", &format!("{GROUP}/indexes"), same).await.0, 409);
}

#[tokio::test]
async fn an_enterprise_index_is_taken_as_it_is_sent() {
    let cloud = cloud().await;
    let database = json!({"locationId": "eur3", "type": "FIRESTORE_NATIVE", "databaseEdition": "ENTERPRISE"});
    cloud.done("POST", HOST, &format!("{DATABASES}?databaseId=(default)"), database).await;
    let fields = json!([{"fieldPath": "mail", "order": "ASCENDING"}]);
    let sparse = json!({
        "apiScope": "MONGODB_COMPATIBLE_API", "queryScope": "COLLECTION_GROUP", "density": "SPARSE_ANY",
        "multikey": true, "unique": true, "fields": fields,
    });
    for (sent, density) in [(sparse, "SPARSE_ANY"), (json!({"fields": fields}), "DENSE")] {
        let operation = cloud.done("POST", HOST, &format!("{GROUP}/indexes"), sent.clone()).await;
        let path = format!("/v1/{}", operation["metadata"]["index"].as_str().expect("an index"));
        let found = cloud.get(HOST, &path).await;
        assert_eq!((&found["fields"], &found["density"]), (&fields, &json!(density)));
        for field in ["apiScope", "multikey", "unique"] {
            assert_eq!(found.get(field), sent.get(field), "{field}");
        }
    }
}

#[tokio::test]
async fn a_standard_index_has_one_density() {
    let cloud = with_database().await;
    let mut dense = index();
    dense["density"] = json!("DENSE");
    assert_eq!(refusal(&cloud, "POST", &format!("{GROUP}/indexes"), dense).await.0, 400);
}

#[tokio::test]
async fn without_a_mask_all_of_a_field_is_replaced() {
    let cloud = with_database().await;
    let path = format!("{GROUP}/fields/expireAt");
    let on = cloud.done("PATCH", HOST, &path, json!({"ttlConfig": {}})).await;
    cloud.finish(HOST, &on).await;
    assert_eq!(cloud.get(HOST, &path).await["ttlConfig"]["state"], "ACTIVE");
    let indexes = json!({"indexConfig": {"indexes": []}});
    let off = cloud.done("PATCH", HOST, &path, indexes).await;
    cloud.finish(HOST, &off).await;
    let field = cloud.get(HOST, &path).await;
    assert_eq!((field.get("ttlConfig"), field["indexConfig"].get("indexes")), (None, None));
}
