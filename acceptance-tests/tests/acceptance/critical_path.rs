//! The critical path is a lower bound: whatever the provider does, no operation on the environment takes less.

use std::time::Duration;

use acceptance_tests::{CloudOptions, Lag, Scene, Seed, Speed, World, copies, critical_path, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    nothing_is_faster_than_the_critical_path,
}

/// Times in the log are whole milliseconds.
const ROUNDING: Duration = Duration::from_millis(5);

fn nothing_is_faster_than_the_critical_path(scene: Scene) {
    let speed = Speed {
        latency: Duration::from_millis(20),
        operations: Duration::from_millis(500),
        new_accounts: Duration::from_millis(200),
    };
    let options = CloudOptions {
        latency: Some(speed.latency),
        operations: Some(Lag::Time(speed.operations)),
        new_accounts: Some(Lag::Time(speed.new_accounts)),
        ..CloudOptions::default()
    };
    let world = World::new(&scene, Seed::ct_scan_project(), options);
    world.config("");
    world.main.write("stack.tf.json", &json!({ "resource": { "mlops_stack": { "it": copies(1) } } }).to_string());
    // A pool and its provider, or a database and its indexes: two operations. To destroy, one.
    for (arguments, operations) in [(&[] as &[&str], 2), (&["-destroy"], 1)] {
        assert!(world.main.plan(arguments).succeeded());
        let (mark, before) = (world.cloud.mark(), world.cloud.snapshot());
        world.main.apply_plan().expect_success();
        let calls = world.cloud.requests_since(mark);
        let path = critical_path(&before, &world.cloud.snapshot(), &calls, speed);
        assert_eq!(path.time, (speed.latency + speed.operations) * operations, "{path}");
        let span = calls.last().unwrap().at_ms - calls.first().unwrap().at_ms;
        assert!(Duration::from_millis(span) + speed.latency + ROUNDING >= path.time, "{span} ms; {path}");
    }
}
