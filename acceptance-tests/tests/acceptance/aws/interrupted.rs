//! Applies on AWS that were killed: the next one completes what they have left, without a person.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    what_a_killed_apply_has_left_half_made_is_completed,
    a_bucket_that_a_killed_apply_could_not_tag_is_gone_on_with,
    a_bucket_without_a_sign_of_a_killed_apply_is_left_alone,
    an_apply_that_is_killed_at_any_call_is_completed_by_the_next,
}

/// Kinds that take more than one call to make.
const STACK: &str = r#"
  buckets      = { data = { name = "churn-data", versioning = true, lifecycle_rules = { old = { noncurrent_version_expiration_in_days = 30 } } } }
  tables       = { locks = { name = "churn-locks", key = { LockID = "S" }, point_in_time_recovery = true, ttl_attribute = "expires" } }
  repositories = { api = { name = "churn/api", lifecycle_rules = [{ tag_status = "any", count_more_than = 10 }] } }
  log_groups   = { api = { name = "/ecs/churn-api", retention_in_days = 30 } }
  policies     = { read = { name = "churn-read", statements = [{ actions = ["s3:GetObject"], resources = ["*"] }] } }
  roles        = { api = { name = "churn-api", trust = { services = ["ecs-tasks.amazonaws.com"] }, policies = ["read"] } }
"#;

const STAMP: &str =
    "<Tag><Key>mlops-stack</Key><Value>it</Value></Tag><Tag><Key>mlops-component</Key><Value>data</Value></Tag>";

fn bucket(world: &AwsWorld, tags: &str) {
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    world.s3("PUT", "/churn-data", place);
    if !tags.is_empty() {
        world.s3("PUT", "/churn-data?tagging", &format!("<Tagging><TagSet>{tags}</TagSet></Tagging>"));
    }
}

fn group(world: &AwsWorld, tags: &serde_json::Value) {
    let group = json!({"logGroupName": "/ecs/churn-api", "tags": tags});
    world.call("logs", "Logs_20140328.CreateLogGroup", &group);
}

fn what_a_killed_apply_has_left_half_made_is_completed(scene: Scene) {
    let world = scene.aws_world();
    bucket(&world, &format!("{STAMP}<Tag><Key>mlops-unfinished</Key><Value>true</Value></Tag>"));
    group(&world, &json!({"mlops-stack": "it", "mlops-component": "api", "mlops-unfinished": "true"}));
    world.apply_stack(STACK);
    let tags = world.s3("GET", "/churn-data?tagging", "");
    assert!(tags.contains("mlops-component") && !tags.contains("mlops-unfinished"), "{tags}");
    assert!(world.s3("GET", "/churn-data?versioning", "").contains("Enabled"));
    world.finish();
}

fn a_bucket_that_a_killed_apply_could_not_tag_is_gone_on_with(scene: Scene) {
    let world = scene.aws_world();
    bucket(&world, "");
    group(&world, &json!({"mlops-stack": "it", "mlops-component": "api", "mlops-unfinished": "true"}));
    world.stack(STACK);
    let planned = world.main.plan(&[]);
    planned.diagnostics.warning(&["1 object will be gone on with", "churn-data"]);
    world.main.apply(&[]).expect_success();
    world.finish();
}

fn a_bucket_without_a_sign_of_a_killed_apply_is_left_alone(scene: Scene) {
    let world = scene.aws_world();
    bucket(&world, "");
    world.stack(STACK);
    world.main.plan(&[]).expect_refused();
}

fn an_apply_that_is_killed_at_any_call_is_completed_by_the_next(scene: Scene) {
    let world = scene.aws_world();
    // Spread over the some sixty calls of the creation. moto gives a bucket the tags of the one before it of that name.
    for calls in [4, 23, 37, 51] {
        world.stack(&STACK.replace("churn", &format!("churn-{calls}")));
        let mark = world.mark();
        let running = world.main.start_apply();
        world.wait_for_calls(mark, calls);
        running.kill();
        drop(running.wait());
        world.main.apply(&["-lock=false"]).expect_success();
        world.expect_settled();
        world.main.destroy().expect_success();
        assert_eq!(world.objects(), Vec::<String>::new());
    }
}
