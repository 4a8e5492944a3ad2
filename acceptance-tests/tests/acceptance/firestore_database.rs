//! Firestore databases with their indexes and TTL fields.

use acceptance_tests::{Object, Scene, World, on_every_terraform};
use serde_json::json;

const FIRESTORE: &str = "firestore.googleapis.com";

on_every_terraform! {
    a_database_is_made_with_indexes_and_ttl,
    an_index_is_replaced_and_others_stay,
    another_key_for_an_index_calls_nothing,
    a_database_stays_unless_it_says_otherwise,
    a_new_location_is_refused_with_both_values,
}

const BY_PREDICTION: &str = r#"{
  collection = "feedback"
  fields     = [{ path = "prediction_id", order = "ASCENDING" }, { path = "timestamp", order = "DESCENDING" }]
}"#;
const BY_TAG: &str = r#"{
  collection  = "feedback"
  query_scope = "COLLECTION_GROUP"
  fields      = [{ path = "tags", array_config = "CONTAINS" }, { path = "timestamp", order = "DESCENDING" }]
}"#;

fn database(more: &str) -> String {
    format!(
        r#"firestore_databases = {{
  feedback = {{
    name            = "feedback-db"
    location        = "eur3"
    deletion_policy = "DELETE"
    {more}
  }}
}}"#
    )
}

/// The ending of a test. A deleted database is kept under another name for some days, and is not in the lists any more.
#[track_caller]
fn finish(world: &World) {
    world.finish_keeping(&["/databases/"]);
    let all = world.cloud.snapshot().objects_like(FIRESTORE, "/databases/");
    let left: Vec<_> = all.iter().filter(|object| object.body.get("deleteTime").is_none()).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn indexes(world: &World) -> Vec<Object> {
    let all = world.cloud.snapshot().objects_like(FIRESTORE, "/indexes/");
    all.into_iter().filter(|index| index.path.contains("/feedback-db/")).collect()
}

fn a_database_is_made_with_indexes_and_ttl(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&database(&format!(
        "point_in_time_recovery = true\nttl_fields = {{ feedback = \"expireAt\" }}\n\
         indexes = {{ by_prediction = {BY_PREDICTION}, by_tag = {BY_TAG} }}"
    )));
    let path = format!("/v1/projects/{}/databases/feedback-db", world.seed.project);
    let snapshot = world.cloud.snapshot();
    let body = snapshot.object(FIRESTORE, &path).unwrap().body;
    assert_eq!((&body["locationId"], &body["type"]), (&json!("eur3"), &json!("FIRESTORE_NATIVE")));
    assert_eq!(body["pointInTimeRecoveryEnablement"], "POINT_IN_TIME_RECOVERY_ENABLED");
    let field = snapshot.object(FIRESTORE, &format!("{path}/collectionGroups/feedback/fields/expireAt")).unwrap().body;
    assert!(field["ttlConfig"].is_object(), "{field}");
    let stack = world.main.state().resource("mlops_stack.it");
    let lines: Vec<String> =
        stack.get("/inventory").as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect();
    let found = indexes(&world);
    assert_eq!(found.len(), 2);
    for index in &found {
        let id = format!("//{FIRESTORE}/{}", index.path.strip_prefix("/v1/").unwrap());
        assert!(lines.contains(&id), "{id} in {lines:?}");
    }
    assert!(lines.iter().any(|line| line.ends_with("/collectionGroups/feedback/fields/expireAt")), "{lines:?}");
    finish(&world);
}

fn an_index_is_replaced_and_others_stay(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&database(&format!("indexes = {{ a = {BY_PREDICTION}, b = {BY_TAG} }}")));
    let kept = indexes(&world).into_iter().find(|index| index.body["queryScope"] == "COLLECTION_GROUP").unwrap();
    let parent = format!("/v1/projects/{}/databases/feedback-db/collectionGroups/other/indexes", world.seed.project);
    let fields = json!([{"fieldPath": "x", "order": "ASCENDING"}, {"fieldPath": "y", "order": "ASCENDING"}]);
    let body = json!({"queryScope": "COLLECTION", "fields": fields});
    assert_eq!(world.cloud.call("POST", FIRESTORE, &parent, Some(&body)).0, 200);
    world.main.plan(&[]).expect_empty();
    let descending = BY_PREDICTION.replace("ASCENDING", "DESCENDING");
    world.apply_stack(&database(&format!(
        "ttl_fields = {{ feedback = \"expireAt\" }}\nindexes = {{ a = {descending}, b = {BY_TAG} }}"
    )));
    let after = indexes(&world);
    assert_eq!(after.len(), 3);
    assert!(after.iter().any(|index| index.path == kept.path));
    assert!(after.iter().any(|index| index.path.contains("/other/")), "an index of others is left alone");
    finish(&world);
}

fn another_key_for_an_index_calls_nothing(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&database(&format!("indexes = {{ a = {BY_PREDICTION} }}")));
    let mark = world.cloud.mark();
    world.apply_stack(&database(&format!("indexes = {{ by_prediction = {BY_PREDICTION} }}")));
    world.cloud.expect_no_writes_since(mark);
    finish(&world);
}

fn a_database_stays_unless_it_says_otherwise(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"firestore_databases = { feedback = { location = "eur3", deletion_policy = "ABANDON" } }"#);
    world.finish_keeping(&["/databases/(default)"]);
}

fn a_new_location_is_refused_with_both_values(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&database(""));
    let mark = world.cloud.mark();
    let planned = world.plan_stack(&database("").replace("eur3", "nam5"));
    planned.expect_refused().error(&["eur3", "nam5", "allow_replacement"]);
    world.cloud.expect_no_writes_since(mark);
    world.plan_stack(&database("")).expect_empty();
    world.expect_clean_destroy(&["/databases/"]);
}
