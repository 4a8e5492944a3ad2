//! Alarms of CloudWatch: presets and metrics of one's own.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    alarms_are_made_changed_and_imported_with_the_fewest_calls,
}

const STACK: &str = r#"
  queues = { orders = { name = "churn-orders" } }
  topics = { alerts = { name = "churn-alerts" } }
  alarms = {
    depth = { name = "churn-depth", preset = "queue_depth", queue = "orders", actions = ["alerts"] }
    own   = {
      name = "churn-own", namespace = "Churn", metric_name = "Errors", statistic = "Sum", period = "1m", evaluation_periods = 3
      threshold = 5, comparison_operator = "GreaterThanThreshold", dimensions = { Queue = "{{queues.orders.name}}" }
    }
  }
"#;

fn alarms_are_made_changed_and_imported_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    let mark = world.mark();
    world.apply_stack(STACK);
    assert_eq!(world.writes_since(mark), ["CreateQueue", "CreateTopic", "PutMetricAlarm", "PutMetricAlarm"]);
    world.expect_settled();

    for (old, new, call) in [
        ("queue = \"orders\", actions", "queue = \"orders\", shadow = true, actions", "PutMetricAlarm"),
        ("threshold = 5", "threshold = 6", "PutMetricAlarm"),
        ("name = \"churn-own\",", "name = \"churn-own\", tags = { Tier = \"1\" },", "TagResource"),
    ] {
        let mark = world.mark();
        world.apply_stack(&STACK.replace(old, new));
        assert_eq!(world.writes_since(mark), [call], "{new}");
        world.apply_stack(STACK);
    }

    let target = "GraniteServiceVersion20100801.";
    world.call("monitoring", &format!("{target}DisableAlarmActions"), &json!({"AlarmNames": ["churn-depth"]}));
    world.call("monitoring", &format!("{target}DeleteAlarms"), &json!({"AlarmNames": ["churn-own"]}));
    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes_since(mark), ["PutMetricAlarm", "PutMetricAlarm"]);
    world.finish();
    let left = world.call("monitoring", &format!("{target}DescribeAlarms"), &json!({}));
    assert_eq!(left["MetricAlarms"], json!([]));
}
