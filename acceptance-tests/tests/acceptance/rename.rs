//! Other KEYs for the same objects.

use acceptance_tests::{Scene, on_every_terraform};

on_every_terraform! {
    a_new_key_for_the_same_object_writes_nothing_but_its_stamp,
    two_keys_for_one_object_are_refused,
}

fn a_new_key_for_the_same_object_writes_nothing_but_its_stamp(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"buckets = { before = { name = "ml-test-a" } }"#);
    let mark = world.cloud.mark();
    world.apply_stack(r#"buckets = { after = { name = "ml-test-a" } }"#);
    let writes = world.writes(mark);
    assert!(!writes.iter().any(|line| line.starts_with("DELETE") || line.starts_with("POST")), "{writes:?}");
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.get("/buckets/after/name"), "ml-test-a");
    world.finish();
}

fn two_keys_for_one_object_are_refused(scene: Scene) {
    let world = scene.small_world();
    world.stack(r#"buckets = { one = { name = "ml-test-a" }, two = { name = "ml-test-a" } }"#);
    world.main.plan(&[]).expect_refused().error(&["one", "two", "ml-test-a"]);
}
