//! Secrets.

use acceptance_tests::{Fault, Scene, World, on_every_terraform};
use serde_json::json;

use crate::wire::{SECRETS, secret};

on_every_terraform! {
    a_secret_is_made_as_declared,
    a_lost_reply_adds_no_second_version,
    an_apply_that_goes_on_sends_only_what_was_not_sent,
}

const VALUES: &str = r#"secrets = {
    first  = { name = "first-key", value_wo = "one", value_wo_version = 1 }
    second = { name = "second-key", value_wo = "two", value_wo_version = 1 }
  }"#;

fn versions(world: &World, name: &str) -> usize {
    world.cloud.snapshot().objects_like(SECRETS, &format!("/secrets/{name}/versions/")).len()
}

fn a_secret_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"
  secrets = {
    token = {
      name        = "api-token"
      labels      = { purpose = "token" }
      annotations = { owner = "ml-team" }
      replication = { user_managed = { replicas = [{ location = "europe-west1" }, { location = "europe-west4" }] } }
    }
    plain = { value_wo = "hunter2" }
  }"#,
    );
    let token = secret(&world, "api-token");
    assert_eq!(
        token["replication"]["userManaged"]["replicas"],
        json!([{"location": "europe-west1"}, {"location": "europe-west4"}])
    );
    assert_eq!((&token["labels"]["purpose"], &token["annotations"]["owner"]), (&json!("token"), &json!("ml-team")));
    assert_eq!(secret(&world, "plain")["replication"], json!({"automatic": {}}));
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.str("/secrets/token/id"), "projects/ml-test-project/secrets/api-token");
    assert_eq!(stack.str("/secrets/plain/latest_version"), "1");
    assert!(stack.get("/secrets/token/latest_version").is_null());
    world.finish();
}

fn a_lost_reply_adds_no_second_version(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", ":addVersion$").host(SECRETS).times(1).dropped_after());
    world.apply_stack(r#"secrets = { key = { name = "the-key", value_wo = "one", value_wo_version = 1 } }"#);
    assert_eq!(versions(&world, "the-key"), 1);
    world.finish();
}

fn an_apply_that_goes_on_sends_only_what_was_not_sent(scene: Scene) {
    let world = scene.small_world();
    world.stack(VALUES);
    world
        .cloud
        .fault(&Fault::on("POST", "second-key:addVersion$").host(SECRETS).status(403, "PERMISSION_DENIED").times(1));
    world.failed_apply();
    assert_eq!((versions(&world, "first-key"), versions(&world, "second-key")), (1, 0));
    world.main.apply(&[]).expect_success();
    assert_eq!((versions(&world, "first-key"), versions(&world, "second-key")), (1, 1));
    world.finish();
}
