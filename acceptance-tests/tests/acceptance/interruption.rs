//! Applies that do not come to their end.

use std::time::Duration;

use acceptance_tests::{Scene, Seed, World, on_every_terraform};

on_every_terraform! {
    ctrl_c_keeps_what_was_made_and_the_next_apply_goes_on,
    a_killed_terraform_is_taken_up_again,
    a_failed_create_is_continued_under_create_before_destroy_too,
    what_leaves_the_configuration_after_a_failed_create_is_released,
    a_key_renamed_after_a_failed_create_keeps_its_object,
}

const STACK: &str = r#"
  buckets  = { a = { name = "ml-test-a" }, b = { name = "ml-test-b" } }
  services = { api = { image = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1", volumes = { data = { bucket = "a", mount_path = "/data" } } } }
  registries = { images = { name = "images" } }"#;

/// A world whose calls take long enough to be interrupted in the middle.
fn slow(scene: Scene) -> World {
    scene.slow_world(Seed::small(), Duration::from_millis(150))
}

fn made(world: &World) {
    world.cloud.wait_for("a bucket", |calls| {
        calls.iter().any(|call| call.method == "POST" && call.path == "/storage/v1/b" && call.status == 200)
    });
}

fn no_deletes(world: &World) {
    let calls = world.cloud.requests();
    let deletes: Vec<_> = calls.iter().filter(|call| call.method == "DELETE").map(|call| call.line()).collect();
    assert_eq!(deletes, Vec::<String>::new());
}

fn ctrl_c_keeps_what_was_made_and_the_next_apply_goes_on(scene: Scene) {
    let world = slow(scene);
    world.stack(STACK);
    let running = world.main.start_apply();
    made(&world);
    running.interrupt();
    running.wait().expect_failure();
    world.expect_agreement();
    assert_eq!(world.main.state().resource("mlops_stack.it").get("/status"), "incomplete");
    world.main.apply(&[]).expect_success();
    no_deletes(&world);
    world.finish();
}

fn a_killed_terraform_is_taken_up_again(scene: Scene) {
    let world = slow(scene);
    world.stack(STACK);
    let running = world.main.start_apply();
    made(&world);
    running.kill();
    drop(running.wait());
    // Nothing is in the state, but what was made carries the stack's stamp.
    world.main.run(&["force-unlock", "-force", "none"]);
    world.main.apply(&["-lock=false"]).expect_success();
    no_deletes(&world);
    world.finish();
}

fn a_failed_create_is_continued_under_create_before_destroy_too(scene: Scene) {
    let world = scene.small_world();
    let fault = acceptance_tests::Fault::on("POST", "/services$").status(400, "INVALID_ARGUMENT").times(1);
    world.cloud.fault(&fault);
    let lifecycle = "\n lifecycle {\n create_before_destroy = true\n }\n";
    world.stack(&format!("{STACK}{lifecycle}"));
    world.failed_apply();
    world.main.apply(&[]).expect_success();
    no_deletes(&world);
    world.finish();
}

/// Fails the creation of the registry, so that the bucket `b` exists in a tainted stack.
fn half_made(scene: Scene) -> World {
    let world = scene.small_world();
    let fault = acceptance_tests::Fault::on("POST", "/repositories$").status(403, "PERMISSION_DENIED").times(1);
    world.cloud.fault(&fault);
    world.stack(
        r#"
  buckets    = { b = { name = "ml-test-b" } }
  registries = { images = { name = "images" } }"#,
    );
    world.failed_apply();
    world
}

fn what_leaves_the_configuration_after_a_failed_create_is_released(scene: Scene) {
    let world = half_made(scene);
    world.stack(
        r#"
  registries = { images = { name = "images" } }"#,
    );
    // A plan that does not see the state deletes nothing.
    world.main.apply(&[]).expect_success().diagnostics.warning(&["1 object will be released", "ml-test-b"]);
    let calls = world.cloud.requests();
    assert!(!calls.iter().any(|call| call.method == "DELETE"));
    world.finish_keeping(&["/b/ml-test-b"]);
}

fn a_key_renamed_after_a_failed_create_keeps_its_object(scene: Scene) {
    let world = half_made(scene);
    world.stack(
        r#"
  buckets    = { c = { name = "ml-test-b" } }
  registries = { images = { name = "images" } }"#,
    );
    world.main.apply(&[]).expect_success();
    no_deletes(&world);
    world.finish();
}
