//! Changes behind Terraform's back.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{RUN, STORAGE, bucket, bucket_path, service, service_path};

on_every_terraform! {
    a_changed_setting_is_shown_and_healed,
    a_deleted_object_is_made_again_alone,
    settings_that_nobody_declared_are_no_drift,
}

const STACK: &str = r#"
  buckets  = { a = { name = "ml-test-a", versioning = true }, b = { name = "ml-test-b" } }
  services = { api = { image = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1", env = { A = "1" }, max_instances = 3 } }"#;

fn a_changed_setting_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(STACK);
    world.cloud.edit(STORAGE, &bucket_path("ml-test-a"), json!({"versioning": {"enabled": false}}));
    world.cloud.edit(RUN, &service_path(&world, "api"), json!({"template": {"scaling": {"maxInstanceCount": 9}}}));
    let plan = world.main.plan(&[]).view();
    let change = plan.change("mlops_stack.it");
    assert_eq!(change.actions, ["update"]);
    assert_eq!(change.before("/buckets/a/versioning"), &json!(false));
    assert_eq!(change.after("/buckets/a/versioning"), &json!(true));
    assert_eq!(
        (change.before("/services/api/max_instances"), change.after("/services/api/max_instances")),
        (&json!(9), &json!(3))
    );
    world.main.apply_plan().expect_success();
    assert_eq!(bucket(&world, "ml-test-a")["versioning"]["enabled"], true);
    assert_eq!(service(&world, "api")["template"]["scaling"]["maxInstanceCount"], 3);
    world.finish();
}

fn a_deleted_object_is_made_again_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(STACK);
    world.cloud.delete(STORAGE, &bucket_path("ml-test-b"));
    let mark = world.cloud.mark();
    let planned = world.main.plan(&[]);
    assert_eq!(planned.view().change("mlops_stack.it").actions, ["update"]);
    world.main.apply_plan().expect_success();
    assert_eq!(world.writes(mark), ["POST storage.googleapis.com/storage/v1/b"]);
    world.finish();
}

fn settings_that_nobody_declared_are_no_drift(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(STACK);
    world.cloud.edit(STORAGE, &bucket_path("ml-test-a"), json!({"labels": {"goog-thing": "x", "theirs": "y"}}));
    world.cloud.edit(
        RUN,
        &service_path(&world, "api"),
        json!({"annotations": {"client.knative.dev/user-image": "x"}, "client": "gcloud"}),
    );
    world.expect_settled();
    world.finish();
}
