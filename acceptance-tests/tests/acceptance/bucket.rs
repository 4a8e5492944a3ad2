//! Buckets.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{STORAGE, bucket, bucket_path};

on_every_terraform! {
    a_bucket_is_made_as_declared,
    an_update_carries_only_what_changed,
    a_new_location_is_refused_with_both_values,
    allow_replacement_moves_only_that_bucket,
    equal_spellings_are_no_change,
    an_abandoned_bucket_stays,
    a_prevented_removal_is_refused,
    a_bucket_with_objects_goes_only_by_force,
    a_bucket_of_somebody_else_is_not_adopted,
    an_impossible_name_is_refused_without_a_call,
    a_removed_bucket_goes_alone,
}

fn a_bucket_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"
  buckets = {
    data = {
      name                     = "ml-test-data"
      storage_class            = "NEARLINE"
      versioning               = true
      public_access_prevention = "enforced"
      soft_delete_retention    = "14d"
      labels                   = { purpose = "data" }
      lifecycle_rules = [
        { action = "SetStorageClass", storage_class = "COLDLINE", age = 30, matches_prefix = ["raw/"] },
        { action = "Delete", num_newer_versions = 3 },
      ]
      cors = [{ origins = ["https://example.com"], methods = ["GET"], max_age_seconds = 600 }]
    }
    plain = { name = "ml-test-plain" }
  }"#,
    );
    let data = bucket(&world, "ml-test-data");
    assert_eq!(data["location"], "EUROPE-WEST1");
    assert_eq!(data["storageClass"], "NEARLINE");
    assert_eq!(data["versioning"], json!({"enabled": true}));
    assert_eq!(data["iamConfiguration"]["publicAccessPrevention"], "enforced");
    assert_eq!(data["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"], true);
    assert_eq!(data["softDeletePolicy"]["retentionDurationSeconds"], "1209600");
    assert_eq!(data["labels"]["purpose"], "data");
    assert_eq!(data["lifecycle"]["rule"].as_array().unwrap().len(), 2);
    assert_eq!(data["lifecycle"]["rule"][0]["condition"], json!({"age": 30, "matchesPrefix": ["raw/"]}));
    assert_eq!(data["cors"][0]["maxAgeSeconds"], 600);
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.str("/buckets/data/url"), "gs://ml-test-data");
    assert_eq!(stack.get("/buckets/plain/location"), "europe-west1");
    assert_eq!(stack.get("/status"), "complete");
    world.finish();
}

fn an_update_carries_only_what_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { data = { name = "ml-test-data", labels = { a = "1" } } }"#);
    let path = bucket_path("ml-test-data");
    // Settings of other hands: a label, and a field that is not declared.
    world.cloud.edit(STORAGE, &path, json!({"labels": {"team": "x"}, "ipFilter": {"mode": "Disabled"}}));
    let mark = world.cloud.mark();
    let planned =
        world.plan_stack(r#"buckets = { data = { name = "ml-test-data", versioning = true, labels = { a = "2" } } }"#);
    let changed = planned.view().change("mlops_stack.it").changed_paths();
    for path in ["/buckets/data/versioning", "/buckets/data/labels/a"] {
        assert!(changed.iter().any(|one| one == path), "{path} is not among {changed:?}");
    }
    assert!(!changed.iter().any(|path| path.contains("/location") || path.contains("/url")), "{changed:?}");
    world.main.apply_plan().expect_success();
    assert_eq!(world.writes(mark), ["PATCH storage.googleapis.com/storage/v1/b/ml-test-data"]);
    let data = bucket(&world, "ml-test-data");
    assert_eq!((&data["labels"]["a"], &data["labels"]["team"]), (&json!("2"), &json!("x")));
    assert_eq!((&data["versioning"]["enabled"], &data["ipFilter"]["mode"]), (&json!(true), &json!("Disabled")));
    world.expect_settled();
    world.expect_clean_destroy(&[]);
}

fn a_new_location_is_refused_with_both_values(scene: Scene) {
    let world = scene.small_world();
    let here = r#"buckets = { models = { name = "ml-test-models", location = "US" } }"#;
    world.apply_stack(here);
    let mark = world.cloud.mark();
    let planned = world.plan_stack("buckets = {\n models = {\n name = \"ml-test-models\"\n location = \"EU\"\n }\n }");
    let error = planned.expect_refused().error(&["US", "EU", "allow_replacement"]);
    assert_eq!(error.address.as_deref(), Some("mlops_stack.it"));
    world.cloud.expect_no_writes_since(mark);
    world.plan_stack(here).expect_empty();
    world.expect_clean_destroy(&[]);
}

fn allow_replacement_moves_only_that_bucket(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { a = { name = "ml-test-a", location = "US" }, b = { name = "ml-test-b" } }"#);
    let mark = world.cloud.mark();
    world.apply_stack(
        r#"buckets = { a = { name = "ml-test-a", location = "EU", allow_replacement = true }, b = { name = "ml-test-b" } }"#,
    );
    let writes = world.writes(mark);
    assert_eq!(
        writes,
        ["DELETE storage.googleapis.com/storage/v1/b/ml-test-a", "POST storage.googleapis.com/storage/v1/b"]
    );
    assert_eq!(bucket(&world, "ml-test-a")["location"], "EU");
    world.finish();
}

fn equal_spellings_are_no_change(scene: Scene) {
    let world = scene.small_world();
    let with = |location: &str, retention: &str| {
        format!(
            r#"buckets = {{ a = {{ name = "ml-test-a", location = "{location}", soft_delete_retention = "{retention}" }} }}"#
        )
    };
    world.apply_stack(&with("us", "14d"));
    assert_eq!(world.main.state().resource("mlops_stack.it").get("/buckets/a/location"), "us");
    world.expect_settled();
    let mark = world.cloud.mark();
    world.apply_stack(&with("US", "1209600s"));
    world.cloud.expect_no_writes_since(mark);
    world.finish();
}

fn an_abandoned_bucket_stays(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"buckets = { keep = { name = "ml-test-keep", deletion_policy = "ABANDON" }, drop = { name = "ml-test-drop" } }"#,
    );
    world.finish_keeping(&["ml-test-keep"]);
    assert_eq!(bucket(&world, "ml-test-keep")["name"], "ml-test-keep");
}

fn a_prevented_removal_is_refused(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { keep = { name = "ml-test-keep", deletion_policy = "PREVENT" } }"#);
    let mark = world.cloud.mark();
    world.plan_stack("").expect_refused().error(&["keep", "deletion_policy"]);
    world.stack(r#"buckets = { keep = { name = "ml-test-keep", deletion_policy = "PREVENT" } }"#);
    world.failed_destroy().error(&["keep", "deletion_policy"]);
    world.cloud.expect_no_writes_since(mark);
    assert_eq!(bucket(&world, "ml-test-keep")["name"], "ml-test-keep");
}

fn a_bucket_with_objects_goes_only_by_force(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { full = { name = "ml-test-full" } }"#);
    let upload = "/upload/storage/v1/b/ml-test-full/o?uploadType=media&name=model.bin";
    let (status, answer) = world.cloud.call("POST", STORAGE, upload, Some(&json!("weights")));
    assert_eq!(status, 200, "{answer}");
    world.failed_destroy().error(&["ml-test-full", "force_destroy"]);
    world.plan_stack(r#"buckets = { full = { name = "ml-test-full" } }"#).expect_empty();
    world.apply_stack(r#"buckets = { full = { name = "ml-test-full", force_destroy = true } }"#);
    world.expect_clean_destroy(&[]);
}

fn a_bucket_of_somebody_else_is_not_adopted(scene: Scene) {
    let world = scene.small_world();
    let path = format!("/storage/v1/b?project={}", world.seed.project);
    world.cloud.call("POST", STORAGE, &path, Some(&json!({"name": "ml-test-theirs", "location": "EUROPE-WEST1"})));
    let before = world.cloud.snapshot();
    world.stack(r#"buckets = { a = { name = "ml-test-theirs" } }"#);
    let refused = world.main.apply(&[]);
    refused.expect_failure().error(&["ml-test-theirs", "terraform import"]);
    assert_eq!(world.cloud.snapshot().differences_from(&before), Vec::<String>::new());
}

fn an_impossible_name_is_refused_without_a_call(scene: Scene) {
    let world = scene.small_world();
    world.stack("buckets = {\n a = {\n  name = \"Bad..Name\"\n }\n}");
    // How near Terraform points at the attribute depends on its version; the text names it.
    world.main.validate().error(&["Bad..Name", "buckets[\"a\"].name"]);
    assert_eq!(world.cloud.requests(), []);
}

fn a_removed_bucket_goes_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { a = { name = "ml-test-a" }, b = { name = "ml-test-b" } }"#);
    let mark = world.cloud.mark();
    world.apply_stack(r#"buckets = { b = { name = "ml-test-b" } }"#);
    assert_eq!(world.writes(mark), ["DELETE storage.googleapis.com/storage/v1/b/ml-test-a"]);
    world.finish();
}
