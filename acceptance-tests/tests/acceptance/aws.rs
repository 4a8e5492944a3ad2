//! Stacks on AWS, against moto: made, changed with the fewest calls, drifted, imported, and kept to their account.

mod alarm;
mod another_team;
mod bucket;
mod database;
mod interrupted;
mod load_balancer;
mod noise;
mod rights;
mod secret;
mod security_group;
mod topic;
mod vpc_endpoint;

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    an_aws_stack_is_made_and_changed_with_the_fewest_calls,
    drift_of_an_aws_stack_is_seen_and_healed,
    what_a_team_made_by_hand_on_aws_is_imported_without_a_write,
    an_aws_stack_keeps_to_its_account,
    what_is_there_already_on_aws_is_not_taken_over,
}

/// A table, two queues of which one refers to the other, and a log group.
const STACK: &str = r#"
  tags   = { Team = "data" }
  tables = { locks = { name = "churn-locks", key = { LockID = "S" }, point_in_time_recovery = true, ttl_attribute = "expires" } }
  queues = {
    predictions = { name = "churn-predictions", visibility_timeout = "5m", dead_letter = { queue = "failed", max_receive_count = 3 } }
    failed      = { name = "churn-failed", message_retention_period = "14d" }
  }
  repositories = { api = { name = "churn/api", lifecycle_rules = [{ tag_status = "any", count_more_than = 10 }] } }
  log_groups   = { api = { name = "/ecs/churn-api", retention_in_days = 30 } }
"#;

fn an_aws_stack_is_made_and_changed_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    let state = world.main.state();
    let stack = state.resource("mlops_aws_stack.it");
    assert_eq!(stack.get("/account_id"), &json!("123456789012"));
    assert_eq!(stack.get("/id"), &json!("123456789012/eu-west-1/it"));
    assert_eq!(
        stack.get("/inventory"),
        &json!([
            "arn:aws:dynamodb:eu-west-1:123456789012:table/churn-locks",
            "arn:aws:ecr:eu-west-1:123456789012:repository/churn/api",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/churn-api",
            "arn:aws:sqs:eu-west-1:123456789012:churn-failed",
            "arn:aws:sqs:eu-west-1:123456789012:churn-predictions",
        ])
    );
    world.expect_settled();

    let mark = world.mark();
    let changed = STACK
        .replace("visibility_timeout = \"5m\"", "visibility_timeout = \"10m\", delay_seconds = 5")
        .replace("retention_in_days = 30", "tags = { Tier = \"web\" }")
        .replace("count_more_than = 10", "count_more_than = 20")
        .replace(", ttl_attribute = \"expires\"", "");
    world.apply_stack(&changed);
    let expected =
        ["DeleteRetentionPolicy", "PutLifecyclePolicy", "SetQueueAttributes", "TagResource", "UpdateTimeToLive"];
    assert_eq!(world.writes_since(mark), expected);
    world.finish();
}

fn drift_of_an_aws_stack_is_seen_and_healed(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    let url = world.call("sqs", "AmazonSQS.GetQueueUrl", &json!({"QueueName": "churn-failed"}))["QueueUrl"].clone();
    let attributes = json!({"QueueUrl": url, "Attributes": {"MessageRetentionPeriod": "60"}});
    world.call("sqs", "AmazonSQS.SetQueueAttributes", &attributes);
    world.call("sqs", "AmazonSQS.TagQueue", &json!({"QueueUrl": url, "Tags": {"theirs": "1"}}));
    world.call("logs", "Logs_20140328.DeleteLogGroup", &json!({"logGroupName": "/ecs/churn-api"}));

    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(
        world.writes_since(mark),
        ["CreateLogGroup", "PutRetentionPolicy", "SetQueueAttributes", "UntagResource"]
    );
    let tags = world.call("sqs", "AmazonSQS.ListQueueTags", &json!({"QueueUrl": url}))["Tags"].clone();
    assert_eq!((&tags["theirs"], &tags["Team"]), (&json!("1"), &json!("data")), "tags of others stay");
    world.finish();
}

fn what_a_team_made_by_hand_on_aws_is_imported_without_a_write(scene: Scene) {
    let world = scene.aws_world();
    let made = world.call("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": "prod-churn-dlq"}));
    assert!(made["QueueUrl"].is_string());
    let redrive =
        r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:prod-churn-dlq","maxReceiveCount":"3"}"#;
    let attributes = json!({"RedrivePolicy": redrive, "VisibilityTimeout": "300"});
    world.call(
        "sqs",
        "AmazonSQS.CreateQueue",
        &json!({"QueueName": "prod-churn-predictions", "Attributes": attributes}),
    );
    let table = json!({
        "TableName": "terraform-locks", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
    });
    world.call("dynamodb", "DynamoDB_20120810.CreateTable", &table);
    world.call(
        "logs",
        "Logs_20140328.CreateLogGroup",
        &json!({"logGroupName": "/ecs/churn", "tags": {"Team": "data"}}),
    );
    world.call("logs", "Logs_20140328.CreateLogGroup", &json!({"logGroupName": "/ecs/other"}));

    let id = "123456789012/eu-west-1/churn?queues=prod-churn-predictions&log_groups=/ecs/churn&tables=*";
    let imported = world.expect_importable(id);
    // Terraform lines up the equal signs.
    let generated: String = imported.read("generated.tf").split_whitespace().collect();
    for line in ["prod-churn-dlq", "visibility_timeout=\"5m\"", "LockID=\"S\"", "Team=\"data\""] {
        assert!(generated.contains(line), "{line} is missing:\n{generated}");
    }
    assert!(!generated.contains("/ecs/other"), "what was not chosen is not imported:\n{generated}");
}

fn an_aws_stack_keeps_to_its_account(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    let (other, in_other) = world.in_account("210987654321");
    let (mark, mark_of_other) = (world.mark(), other.mark());
    for planned in [in_other.plan(&[]), in_other.plan(&["-destroy"])] {
        planned.expect_refused().error(&["The credentials are of another account"]);
    }
    in_other.apply(&["-refresh=false", "-replace=mlops_aws_stack.it"]).expect_failure();
    assert_eq!(world.writes_since(mark), Vec::<String>::new());
    assert_eq!(other.writes_since(mark_of_other), Vec::<String>::new());
    world.finish();
}

fn what_is_there_already_on_aws_is_not_taken_over(scene: Scene) {
    let world = scene.aws_world();
    world.call("sqs", "AmazonSQS.CreateQueue", &json!({"QueueName": "churn-failed"}));
    world.stack(STACK);
    let mark = world.mark();
    world.main.plan(&[]).expect_refused();
    assert_eq!(world.writes_since(mark), Vec::<String>::new());
}
