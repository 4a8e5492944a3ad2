//! What an apply says while it goes on.

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::operations::World;
use super::{configured, planned, service};
use crate::engine::progress::Progress;
use crate::engine::resource;
use crate::engine::run::Preparation;
use crate::google::stack::GOOGLE;

/// The lines that the apply of a configuration says, sorted, because some of its steps are done side by side.
async fn said(world: &World, config: &serde_json::Value) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress");
    let config = configured(config);
    let plan = planned(None, &config);
    let progress = Progress::to(path.to_str().unwrap()).unwrap();
    let mut run = world.run(Preparation::Allowed, CancellationToken::new()).reporting(progress);
    run.scope = config.scoped(run.scope);
    resource::carry_out(&run, &GOOGLE, None, &plan.planned, config, None).await;
    let mut lines: Vec<String> = std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn each_component_has_a_line_as_it_begins_and_one_as_it_ends() {
    let world = World::new().await;
    let config = json!({"buckets": {"b": {"name": "test-b"}}, "services": {"api": service(&json!({"env": {"B": "{{buckets.b.name}}"}}))}});
    let expected = [
        "buckets[\"b\"]: creating",
        "buckets[\"b\"]: ready after 0s (1 of 2)",
        "services[\"api\"]: creating",
        "services[\"api\"]: ready after 0s (2 of 2)",
    ];
    assert_eq!(said(&world, &config).await, expected);
}

#[tokio::test]
async fn a_component_that_fails_says_so() {
    let world = World::new().await;
    world.fault("POST", "/storage/v1/b$", super::operations::denied());
    let said = said(&world, &json!({"buckets": {"b": {"name": "test-b"}}})).await;
    assert_eq!(said, ["buckets[\"b\"]: creating", "buckets[\"b\"]: failed after 0s (1 of 1)"]);
}
