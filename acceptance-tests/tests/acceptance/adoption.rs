//! `adopt = true`: objects that were there before the stack become components, without an import.

use acceptance_tests::{Scene, World, on_every_terraform};
use serde_json::{Value, json};

use crate::wire::{STORAGE, bucket};

on_every_terraform! {
    an_adopted_bucket_keeps_what_the_configuration_is_silent_about,
    without_adopt_the_plan_says_that_the_bucket_exists,
    a_component_moves_to_another_stack,
    without_adopt_silence_means_the_defaults_again,
}

/// A bucket that somebody made by hand.
fn made_by_hand(world: &World, more: &Value) {
    let mut body = json!({
        "name": "ml-test-models", "location": "EUROPE-WEST1", "storageClass": "NEARLINE", "versioning": {"enabled": true},
        "website": {"mainPageSuffix": "index.html"}, "labels": {"team": "ml"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let path = format!("/storage/v1/b?project={}", world.seed.project);
    let (status, answer) = world.cloud.call("POST", STORAGE, &path, Some(&body));
    assert_eq!(status, 200, "{answer}");
}

fn an_adopted_bucket_keeps_what_the_configuration_is_silent_about(scene: Scene) {
    let world = scene.small_world();
    made_by_hand(&world, &json!({}));
    let planned = world.plan_stack(
        r#"buckets = { models = { name = "ml-test-models", adopt = true, storage_class = "STANDARD", deletion_policy = "DELETE" } }"#,
    );
    let said = ["1 object will be adopted", "storage_class: \"NEARLINE\" is there, \"STANDARD\" is wanted"];
    planned.diagnostics.warning(&said);
    world.main.apply_plan().expect_success();
    let adopted = bucket(&world, "ml-test-models");
    assert_eq!(adopted["storageClass"], "STANDARD");
    assert_eq!(
        (&adopted["versioning"]["enabled"], &adopted["website"]["mainPageSuffix"]),
        (&json!(true), &json!("index.html"))
    );
    assert_eq!(adopted["labels"], json!({"team": "ml"}));
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.get("/buckets/models/imported"), true);
    world.expect_settled();
    // What was there before the stack outlives it.
    world.stack("");
    world.main.apply(&[]).expect_success();
    assert_eq!(bucket(&world, "ml-test-models")["name"], "ml-test-models");
}

fn without_adopt_the_plan_says_that_the_bucket_exists(scene: Scene) {
    let world = scene.small_world();
    made_by_hand(&world, &json!({}));
    world.stack(r#"buckets = { models = { name = "ml-test-models" } }"#);
    world.main.plan(&[]).expect_refused().error(&["The bucket exists already", "adopt = true"]);
}

fn a_component_moves_to_another_stack(scene: Scene) {
    let world = scene.small_world();
    let bucket_of = |policy: &str| format!(r#"buckets = {{ models = {{ name = "ml-test-models"{policy} }} }}"#);
    world.apply_stack(&bucket_of(""));
    world.stack(&bucket_of(r#", deletion_policy = "ABANDON""#));
    world.main.apply(&[]).expect_success();
    let stack =
        format!("resource \"mlops_stack\" \"other\" {{\n  name = \"other\"\n  {}\n}}\n", bucket_of(", adopt = true"));
    let other = world.directory("other", &stack);
    other.plan(&[]).expect_refused().error(&["The bucket belongs to another stack", "ABANDON"]);
    world.stack("");
    world.main.apply(&[]).expect_success();
    other.apply(&[]).expect_success();
    assert_eq!(other.state().resource("mlops_stack.other").get("/buckets/models/imported"), true);
    other.plan(&[]).expect_empty();
    world.expect_settled();
}

fn without_adopt_silence_means_the_defaults_again(scene: Scene) {
    let world = scene.small_world();
    made_by_hand(&world, &json!({}));
    world.apply_stack(r#"buckets = { models = { name = "ml-test-models", adopt = true } }"#);
    let planned = world.plan_stack(r#"buckets = { models = { name = "ml-test-models" } }"#);
    let changed = planned.view().change("mlops_stack.it").changed_paths();
    assert!(changed.iter().any(|path| path == "/buckets/models/versioning"), "{changed:?}");
}
