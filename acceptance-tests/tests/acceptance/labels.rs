//! Labels: merged from provider, stack and component; stamps on what the stack made.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{STORAGE, bucket, bucket_path};

on_every_terraform! {
    labels_of_provider_stack_and_component_are_merged,
    labels_of_others_are_left_alone,
    what_the_stack_makes_is_stamped,
}

fn labels_of_provider_stack_and_component_are_merged(scene: Scene) {
    let world = scene.small_world();
    let header = world.header().replace(
        "region  =",
        "default_labels = { owner = \"provider\", team = \"provider\", tier = \"provider\" }\n  region  =",
    );
    let stack = r#"resource "mlops_stack" "it" {
      name = "it"
      deletion_protection = false
      labels  = { team = "stack", tier = "stack" }
      buckets = { a = { name = "ml-test-a", labels = { tier = "component" } } }
    }"#;
    world.main.write("main.tf", &format!("{header}\n{stack}"));
    world.main.apply(&[]).expect_success();
    let labels = bucket(&world, "ml-test-a")["labels"].clone();
    assert_eq!(
        (&labels["owner"], &labels["team"], &labels["tier"]),
        (&json!("provider"), &json!("stack"), &json!("component"))
    );
    world.expect_settled();
    world.expect_clean_destroy(&[]);
}

fn labels_of_others_are_left_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { a = { name = "ml-test-a", labels = { mine = "1", old = "1" } } }"#);
    world.cloud.edit(STORAGE, &bucket_path("ml-test-a"), json!({"labels": {"theirs": "1"}}));
    world.expect_settled();
    world.apply_stack(r#"buckets = { a = { name = "ml-test-a", labels = { mine = "2" } } }"#);
    let labels = bucket(&world, "ml-test-a")["labels"].clone();
    assert_eq!((&labels["mine"], &labels["theirs"], labels.get("old")), (&json!("2"), &json!("1"), None));
    world.expect_clean_destroy(&[]);
}

fn what_the_stack_makes_is_stamped(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { raw_data = { name = "ml-test-a" } }"#);
    let labels = bucket(&world, "ml-test-a")["labels"].clone();
    assert_eq!((&labels["mlops-stack"], &labels["mlops-component"]), (&json!("it"), &json!("raw_data")));
    world.finish();
}
