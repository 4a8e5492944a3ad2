//! Topics and their subscriptions.

use acceptance_tests::{Scene, World, on_every_terraform};
use serde_json::{Value, json};

const PUBSUB: &str = "pubsub.googleapis.com";

on_every_terraform! {
    a_topic_is_made_with_its_subscriptions,
    subscriptions_change_one_by_one,
    subscriptions_of_others_are_left_alone,
    another_key_for_a_subscription_calls_nothing,
}

#[track_caller]
fn object(world: &World, collection: &str, name: &str) -> Option<Value> {
    let path = format!("/v1/projects/{}/{collection}/{name}", world.seed.project);
    world.cloud.snapshot().object(PUBSUB, &path).map(|object| object.body)
}

fn a_topic_is_made_with_its_subscriptions(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"
  topics = {
    dead = { name = "dead-letters" }
    jobs = {
      name              = "jobs"
      message_retention = "7d"
      labels            = { purpose = "jobs" }
      iam               = { "roles/pubsub.publisher" = ["user:ann@example.com"] }
      subscriptions = {
        workers = { name = "job-workers", ack_deadline = "30s", dead_letter_topic = "dead", expiration = "0s" }
        hook    = { push_endpoint = "https://example.com/{{topics.dead.name}}", minimum_backoff = "5s" }
      }
    }
  }"#,
    );
    let project = &world.seed.project;
    let jobs = object(&world, "topics", "jobs").unwrap();
    assert_eq!(jobs["messageRetentionDuration"], "604800s");
    assert_eq!((&jobs["labels"]["purpose"], &jobs["labels"]["mlops-component"]), (&json!("jobs"), &json!("jobs")));
    let workers = object(&world, "subscriptions", "job-workers").unwrap();
    assert_eq!(workers["topic"], format!("projects/{project}/topics/jobs"));
    assert_eq!((&workers["ackDeadlineSeconds"], &workers["expirationPolicy"]), (&json!(30), &json!({})));
    assert_eq!(workers["deadLetterPolicy"]["deadLetterTopic"], format!("projects/{project}/topics/dead-letters"));
    let hook = object(&world, "subscriptions", "hook").unwrap();
    assert_eq!(hook["pushConfig"]["pushEndpoint"], "https://example.com/dead-letters");
    assert_eq!(hook["retryPolicy"], json!({"minimumBackoff": "5s", "maximumBackoff": "600s"}));
    let stack = world.main.state().resource("mlops_stack.it");
    let line = json!(format!("//pubsub.googleapis.com/projects/{project}/subscriptions/job-workers"));
    assert!(stack.get("/inventory").as_array().unwrap().contains(&line));
    world.finish();
}

fn with(subscriptions: &str) -> String {
    format!(
        r#"topics = {{
  dead = {{ name = "dead-letters" }}
  jobs = {{ name = "jobs", subscriptions = {{ {subscriptions} }} }}
}}"#
    )
}

fn subscriptions_change_one_by_one(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(
        r#"a = { name = "sub-a" }, b = { name = "sub-b", dead_letter_topic = "dead" }, c = { name = "sub-c" }"#,
    ));
    let mark = world.cloud.mark();
    world.apply_stack(&with(
        r#"a = { name = "sub-a" }, b = { name = "sub-b", ack_deadline = "1m" }, d = { name = "sub-d" }"#,
    ));
    let mut writes = world.writes(mark);
    writes.sort();
    let verbs: Vec<&str> = writes.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(verbs, ["DELETE", "PATCH", "PUT"], "{writes:?}");
    let changed = object(&world, "subscriptions", "sub-b").unwrap();
    assert_eq!((&changed["ackDeadlineSeconds"], &changed["deadLetterPolicy"]), (&json!(60), &Value::Null));
    assert_eq!(object(&world, "subscriptions", "sub-c"), None);
    world.finish();
}

fn subscriptions_of_others_are_left_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(r#"a = { name = "sub-a" }"#));
    let path = format!("/v1/projects/{}/subscriptions/of-others", world.seed.project);
    let topic = format!("projects/{}/topics/jobs", world.seed.project);
    assert_eq!(world.cloud.call("PUT", PUBSUB, &path, Some(&json!({"topic": topic}))).0, 200);
    world.main.plan(&[]).expect_empty();
    world.apply_stack(&with(r#"a = { name = "sub-a", ack_deadline = "20s" }"#));
    assert!(object(&world, "subscriptions", "of-others").is_some());
    assert_eq!(world.cloud.call("DELETE", PUBSUB, &path, None).0, 200);
    world.finish();
}

fn another_key_for_a_subscription_calls_nothing(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(r#"a = { name = "sub-a" }"#));
    let mark = world.cloud.mark();
    world.apply_stack(&with(r#"workers = { name = "sub-a" }"#));
    world.cloud.expect_no_writes_since(mark);
    world.finish();
}
