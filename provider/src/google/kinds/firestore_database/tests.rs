use serde_json::json;
use tfplugin::Dynamic;

use super::{index, ttl};
use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, ct_scan, differences, problems, read_body, recording, refused, scope, updated,
};
use crate::google::kinds::kind;

fn databases() -> &'static AnyKind {
    kind("firestore_databases").unwrap()
}

/// The database of the environment with its indexes and its TTL field, as `read_parts` puts them together.
fn environment() -> serde_json::Value {
    let mut body = ct_scan("databases/(default)");
    let indexes = ["CICAgOjXh4EK", "CICAgJiUpoMK"].map(|id| {
        let mut index = ct_scan(id);
        index::normalize(&mut index);
        index
    });
    body["indexes"] = wire::by_key(indexes, index::key);
    let (collection, field) = ttl::place(ct_scan("fields/expireAt")["name"].as_str().unwrap()).unwrap();
    body["ttlFields"] = json!({collection: field});
    body
}

fn configuration() -> serde_json::Value {
    let index = |field: &str| {
        json!({"collection": "feedback", "fields": [
            {"path": field, "order": "ASCENDING"}, {"path": "timestamp", "order": "DESCENDING"},
        ]})
    };
    json!({
        "location": "eur3", "point_in_time_recovery": true, "ttl_fields": {"feedback": "expireAt"},
        "indexes": {"by_prediction": index("prediction_id"), "by_accuracy": index("is_correct")},
    })
}

#[test]
fn the_database_of_the_environment_is_what_its_configuration_says() {
    let body = environment();
    let configured = component(databases(), &configuration());
    assert_eq!(differences(databases(), &configured, &read_body(databases(), &body)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(databases().object(), &body, databases().unmanaged()), Vec::<String>::new());
}

#[test]
fn found_indexes_have_keys_that_tell_them_apart() {
    let body = environment();
    let found = read_body(databases(), &body);
    let keys: Vec<&str> = found.get("indexes").as_entries().unwrap().keys().map(|key| key.as_str()).collect();
    assert_eq!(keys, ["feedback_is_correct_timestamp", "feedback_prediction_id_timestamp"]);
}

#[test]
fn a_recorded_index_is_what_its_creation_said() {
    let exchanges = recording("firestore-index");
    let get = exchanges.iter().find(|exchange| exchange["response"]["state"] == "READY").unwrap();
    let mut body = get["response"].clone();
    index::normalize(&mut body);
    assert_eq!(body["fields"], exchanges[0]["request"]["fields"]);
}

#[test]
fn the_last_field_is_kept_where_it_says_something() {
    let normalized = |fields: serde_json::Value| {
        let mut body = json!({"name": "projects/p/databases/d/collectionGroups/c/indexes/1", "fields": fields});
        index::normalize(&mut body);
        body["fields"].as_array().unwrap().len()
    };
    let (a, tags) =
        (json!({"fieldPath": "a", "order": "ASCENDING"}), json!({"fieldPath": "tags", "arrayConfig": "CONTAINS"}));
    let name = |order: &str| json!({"fieldPath": "__name__", "order": order});
    assert_eq!(normalized(json!([a, name("ASCENDING")])), 1);
    assert_eq!(normalized(json!([a, name("DESCENDING")])), 2);
    assert_eq!(normalized(json!([a, tags, name("ASCENDING")])), 2);
}

#[test]
fn the_key_before_a_vector_says_nothing_where_it_is_implied() {
    let normalized = |fields: serde_json::Value| {
        let mut body = json!({"name": "projects/p/databases/d/collectionGroups/c/indexes/1", "fields": fields});
        index::normalize(&mut body);
        body["fields"].as_array().unwrap().len()
    };
    let (a, vector) = (
        json!({"fieldPath": "a", "order": "DESCENDING"}),
        json!({"fieldPath": "v", "vectorConfig": {"dimension": 3, "flat": {}}}),
    );
    let name = |order: &str| json!({"fieldPath": "__name__", "order": order});
    assert_eq!(normalized(json!([name("ASCENDING"), vector])), 1);
    assert_eq!(normalized(json!([vector, name("ASCENDING")])), 1);
    assert_eq!(normalized(json!([a, name("DESCENDING"), vector])), 2);
    assert_eq!(normalized(json!([a, name("ASCENDING"), vector])), 3);
    assert_eq!(normalized(json!([name("DESCENDING")])), 1);
}

#[test]
fn a_name_field_that_is_written_out_is_no_difference() {
    let body = environment();
    let mut hcl = configuration();
    let fields = hcl["indexes"]["by_accuracy"]["fields"].as_array_mut().unwrap();
    fields.push(json!({"path": "__name__", "order": "DESCENDING"}));
    let configured = component(databases(), &hcl);
    assert_eq!(differences(databases(), &configured, &read_body(databases(), &body)), Vec::<String>::new());
}

#[test]
fn a_creation_says_where_and_what() {
    let body = created(databases(), &json!({"location": "eur3", "point_in_time_recovery": true}));
    assert_eq!(
        body,
        json!({
            "locationId": "eur3", "type": "FIRESTORE_NATIVE",
            "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED",
        })
    );
}

#[test]
fn what_is_switched_off_is_said_so() {
    let body = environment();
    let (wanted, mask) = updated(databases(), &body, |database| {
        crate::google::kinds::fixtures::set(database, "point_in_time_recovery", Dynamic::Bool(false));
    });
    assert_eq!(
        wire::masked(&wanted, &mask),
        json!({"pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED"})
    );
}

#[test]
fn objects_inside_have_full_names() {
    let body = environment();
    let names = databases().inner_names(&read_body(databases(), &body), &scope()).unwrap();
    let base = "projects/dtu-mlops-data-482907/databases/(default)/collectionGroups/feedback";
    let expected = ["indexes/CICAgJiUpoMK", "indexes/CICAgOjXh4EK", "fields/expireAt"];
    assert_eq!(names, expected.map(|end| format!("{base}/{end}")));
}

#[test]
fn refusals_name_the_attribute_and_the_way_out() {
    let kind = databases();
    assert_eq!(problems(kind, &configuration()), vec![]);
    refused(kind, &json!({"location": "eur3", "name": "Feedback"}), ".name", "(default)");
    let with = |fields: serde_json::Value| json!({"location": "eur3", "indexes": {"i": {"collection": "c", "fields": fields}}});
    refused(kind, &with(json!([{"path": "a", "order": "ASCENDING"}])), ".indexes[\"i\"].fields", "two fields");
    assert_eq!(problems(kind, &with(json!([{"path": "__name__", "order": "DESCENDING"}]))), vec![]);
    refused(
        kind,
        &with(json!([{"path": "a", "order": "ASCENDING"}, {"path": "b"}])),
        ".indexes[\"i\"].fields[1]",
        "order",
    );
}
