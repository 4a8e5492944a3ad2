//! What presets mean, what is read of an alarm, what is written, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{object, written};
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::scope::Scope;
use crate::engine::wire;
use crate::google::kinds::fixtures::component;

/// What CloudWatch is told of an alarm.
fn told(hcl: &Json) -> Json {
    let mut component = component(kind("alarms"), hcl);
    kind("alarms").effective(&mut component, "key", &Scope::default());
    written(&wire::create(kind("alarms").object(), &component))
}

#[test]
fn a_preset_is_an_alarm_that_is_whole() {
    let alarm = told(&json!({"name": "depth", "preset": "queue_depth", "queue": "orders"}));
    assert_eq!(alarm["Dimensions"], json!([{"Name": "QueueName", "Value": "orders"}]));
    assert_eq!((&alarm["Namespace"], &alarm["Period"]), (&json!("AWS/SQS"), &json!(300)));
    assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.chars().count() <= 1024));
    for field in ["MetricName", "Statistic", "EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData"]
    {
        assert!(alarm.get(field).is_some(), "{field} is missing: {alarm}");
    }
}

#[test]
fn a_service_is_watched_by_cluster_and_name() {
    for service in ["arn:aws:ecs:eu-west-1:1:service/main/api", "main/api"] {
        let alarm = told(&json!({"name": "cpu", "preset": "service_cpu", "service": service}));
        let expected = json!([{"Name": "ClusterName", "Value": "main"}, {"Name": "ServiceName", "Value": "api"}]);
        assert_eq!(alarm["Dimensions"], expected);
    }
}

#[test]
fn a_target_group_is_watched_behind_its_balancer() {
    let (group, balancer) = ("targetgroup/web/0a", "app/web/0b");
    let dimension = |name: &str, value: &str| json!({"Name": name, "Value": value});
    for (preset, hcl, expected) in [
        ("unhealthy_hosts", json!({"target_group": group, "load_balancer": balancer}), 2),
        ("target_5xx", json!({"target_group": group, "load_balancer": balancer}), 2),
        ("target_latency", json!({"load_balancer": balancer}), 1),
    ] {
        let mut hcl = hcl;
        hcl["name"] = json!("a");
        hcl["preset"] = json!(preset);
        let alarm = told(&hcl);
        let all = [dimension("LoadBalancer", balancer), dimension("TargetGroup", group)];
        assert_eq!(alarm["Dimensions"], json!(all[..expected]), "{preset}");
        assert_eq!(alarm.get("ExtendedStatistic").is_some(), preset == "target_latency");
    }
    let alone = problems("alarms", &json!({"name": "a", "preset": "unhealthy_hosts", "load_balancer": balancer}));
    assert_eq!(alone, ["A preset without what it watches"]);
}

#[test]
fn storage_that_runs_out_is_less_than_a_threshold() {
    let alarm = told(&json!({"name": "storage", "preset": "database_storage", "db_instance": "main"}));
    assert_eq!(
        (&alarm["ComparisonOperator"], &alarm["Threshold"]),
        (&json!("LessThanThreshold"), &json!(2_147_483_648_i64))
    );
    assert_eq!(alarm["Dimensions"], json!([{"Name": "DBInstanceIdentifier", "Value": "main"}]));
}

#[test]
fn what_a_component_says_itself_wins_over_its_preset() {
    let hcl = json!({
        "name": "age", "preset": "queue_age", "queue": "orders", "threshold": 60, "extended_statistic": "p90", "shadow": true,
    });
    let alarm = told(&hcl);
    assert_eq!((&alarm["Threshold"], &alarm["ActionsEnabled"]), (&json!(60), &json!(false)));
    assert!(alarm.get("Statistic").is_none(), "{alarm}");
}

/// What CloudWatch says of an alarm.
fn found() -> Json {
    let alarm = json!({
        "AlarmName": "a", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:1:alarm:a", "ActionsEnabled": true, "OKActions": [],
        "AlarmActions": [], "InsufficientDataActions": [], "StateValue": "OK", "MetricName": "M", "Namespace": "N",
        "Statistic": "Sum", "Dimensions": [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}], "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold",
        "EvaluateLowSampleCountPercentile": "ignore", "Unit": null,
    });
    object(alarm, BTreeMap::new())
}

fn same() -> Json {
    json!({
        "name": "a", "metric_name": "M", "namespace": "N", "statistic": "Sum", "dimensions": {"a": "1", "b": "2"},
        "period": "60s", "evaluation_periods": 1, "threshold": 5, "comparison_operator": "GreaterThanThreshold",
        "treat_missing_data": "missing",
    })
}

#[test]
fn empty_lists_and_the_order_of_dimensions_are_no_difference() {
    assert_eq!(differences("alarms", &same(), &found()), Vec::<String>::new());
}

#[test]
fn an_alarm_is_written_whole_with_what_nobody_here_knows() {
    let written = written(&found());
    assert_eq!(written["EvaluateLowSampleCountPercentile"], "ignore");
    assert!(written.get("StateValue").is_none() && written.get("AlarmArn").is_none(), "{written}");
}

#[test]
fn alarms_of_target_tracking_are_not_imported() {
    let is_made = |name: &str| kind("alarms").is_made_by_cloud(&json!({"AlarmName": name}), &Scope::default());
    assert_eq!((is_made("TargetTracking-service/a/b-AlarmHigh"), is_made("cpu")), (true, false));
}

#[test]
fn what_cloudwatch_refuses_is_refused_by_the_plan() {
    let with = |more: Json| {
        let mut hcl = same();
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    for (more, title) in [
        (json!({"period": "45s"}), "Invalid period of an alarm"),
        (json!({"period": "5m", "evaluation_periods": 289}), "An alarm looks back too far"),
        (json!({"datapoints_to_alarm": 2}), "More datapoints than periods"),
        (json!({"extended_statistic": "p95"}), "Two statistics"),
        (json!({"queue": "orders"}), "Nothing watches this"),
        (json!({"preset": "queue_age"}), "A preset without what it watches"),
        (json!({"name": ""}), "Invalid name of an alarm"),
        (json!({"evaluation_periods": 0}), "Number out of range"),
    ] {
        assert_eq!(problems("alarms", &with(more.clone())), [title], "{more}");
    }
    assert_eq!(problems("alarms", &same()), Vec::<String>::new());
}
