//! A cloud that fails now and then.

use std::time::Duration;

use acceptance_tests::{Fault, Scene, on_every_terraform};

use crate::wire::{RUN, STORAGE};

on_every_terraform! {
    passing_failures_are_tried_again,
    a_lost_answer_to_a_create_is_no_second_object,
    a_lasting_failure_keeps_what_was_made,
    a_throttled_cloud_is_waited_for,
}

const STACK: &str = r#"
  buckets  = { a = { name = "ml-test-a", iam = { "roles/storage.objectViewer" = ["allAuthenticatedUsers"] } } }
  services = { api = { image = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1" } }"#;

fn passing_failures_are_tried_again(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/b$").host(STORAGE).status(503, "UNAVAILABLE").times(2));
    world.cloud.fault(&Fault::on("GET", "/operations/").host(RUN).status(500, "INTERNAL").times(1));
    world.cloud.fault(&Fault::on("PUT", "/iam$").host(STORAGE).status(412, "conditionNotMet").times(1));
    world.apply_stack(STACK);
    world.finish();
}

fn a_lost_answer_to_a_create_is_no_second_object(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/b$").host(STORAGE).dropped_after().times(1));
    world.cloud.fault(&Fault::on("POST", "/services$").host(RUN).dropped_after().times(1));
    world.apply_stack(&format!(
        "{STACK}\nnotification_channels = {{ team = {{ type = \"email\", labels = {{ email_address = \"a@example.com\" }} }} }}"
    ));
    world.finish();
}

fn a_lasting_failure_keeps_what_was_made(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/services$").host(RUN).status(403, "PERMISSION_DENIED").until_cleared());
    world.stack(STACK);
    world.failed_apply().error(&["api"]);
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!((stack.get("/status"), stack.str("/buckets/a/url")), (&"incomplete".into(), "gs://ml-test-a"));
    world.cloud.clear_faults();
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    let writes = world.writes(mark);
    assert!(!writes.iter().any(|line| line.starts_with("DELETE") || line.contains("storage")), "{writes:?}");
    world.finish();
}

fn a_throttled_cloud_is_waited_for(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("GET", "/storage/v1/b").host(STORAGE).status(429, "rateLimitExceeded").times(2));
    world.cloud.fault(&Fault::on("GET", "/services").host(RUN).delay(Duration::from_millis(300)).times(1));
    world.apply_stack(STACK);
    world.finish();
}
