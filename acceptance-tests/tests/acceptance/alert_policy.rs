//! Alert policies.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{MONITORING, channels, policies, policy};

on_every_terraform! {
    conditions_are_made_as_declared,
    every_preset_makes_a_policy,
    an_update_keeps_the_conditions_names,
    a_shadowed_policy_notifies_nobody,
    a_shadowed_policy_whose_channels_somebody_adds_is_shadowed_again,
    a_preset_and_conditions_exclude_each_other,
    a_policy_goes_before_its_channel,
}

const PRESETS: [&str; 11] = [
    "api_downtime",
    "high_error_rate",
    "memory_exhaustion",
    "crash_loop",
    "high_latency",
    "data_drift",
    "low_prediction_confidence",
    "elevated_error_rate",
    "model_accuracy_degradation",
    "high_cpu_usage",
    "disk_space",
];

fn policy_of(threshold: &str, more: &str) -> String {
    format!(
        r#"
  notification_channels = {{ team = {{ type = "email", labels = {{ email_address = "team@example.com" }} }} }}
  alert_policies = {{
    errors = {{
      display_name = "Errors"
      channels     = ["team"]
      auto_close   = "1h"
      documentation = "Look at the log."
      {more}
      conditions = [{{
        display_name = "Many errors"
        threshold = {{
          filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\""
          comparison      = "COMPARISON_GT"
          threshold_value = {threshold}
          duration        = "5m"
          aggregations    = [{{ alignment_period = "60s", per_series_aligner = "ALIGN_RATE" }}]
        }}
      }}]
    }}
  }}"#
    )
}

fn conditions_are_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&policy_of("0.05", "severity = \"WARNING\"\n user_labels = { tier = \"one\" }"));
    let made = policy(&world, "Errors").body;
    let condition = &made["conditions"][0]["conditionThreshold"];
    assert_eq!((&condition["thresholdValue"], &condition["duration"]), (&json!(0.05), &json!("300s")));
    assert_eq!(condition["aggregations"], json!([{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}]));
    assert_eq!(made["notificationChannels"], json!([channels(&world)[0].body["name"]]));
    assert_eq!(made["alertStrategy"]["autoClose"], "3600s");
    assert_eq!(made["documentation"]["content"], "Look at the log.");
    assert_eq!((&made["severity"], &made["userLabels"]["tier"]), (&json!("WARNING"), &json!("one")));
    world.finish();
}

fn every_preset_makes_a_policy(scene: Scene) {
    let world = scene.small_world();
    let list: Vec<String> =
        PRESETS.iter().map(|name| format!("    {name} = {{ preset = \"{name}\", service = \"api\" }}")).collect();
    world.apply_stack(&format!(
        "services = {{ api = {{ image = \"europe-west1-docker.pkg.dev/ml-test-project/images/api:1\" }} }}\nalert_policies = {{\n{}\n}}",
        list.join("\n")
    ));
    let made = policies(&world);
    assert_eq!(made.len(), PRESETS.len());
    for policy in &made {
        let text = policy.body["documentation"]["content"].as_str().unwrap_or_default();
        assert!(text.len() > 200, "{} has no runbook", policy.body["displayName"]);
    }
    world.finish();
}

fn an_update_keeps_the_conditions_names(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&policy_of("0.05", ""));
    let before = policy(&world, "Errors").body["conditions"][0]["name"].clone();
    let mark = world.cloud.mark();
    world.apply_stack(&policy_of("0.1", ""));
    let after = policy(&world, "Errors").body["conditions"][0].clone();
    assert_eq!((&after["name"], &after["conditionThreshold"]["thresholdValue"]), (&before, &json!(0.1)));
    assert_eq!(world.writes(mark).len(), 1);
    world.finish();
}

fn a_shadowed_policy_notifies_nobody(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!("shadow_severities = [\"CRITICAL\"]\n{}", policy_of("1", "severity = \"CRITICAL\"")));
    let made = policy(&world, "Errors").body;
    assert_eq!(made["notificationChannels"].as_array().map(Vec::len).unwrap_or(0), 0);
    assert_eq!(made["enabled"], true);
    world.apply_stack(&policy_of("1", "severity = \"CRITICAL\""));
    assert_eq!(policy(&world, "Errors").body["notificationChannels"].as_array().map(Vec::len), Some(1));
    world.finish();
}

fn a_shadowed_policy_whose_channels_somebody_adds_is_shadowed_again(scene: Scene) {
    for (of_stack, of_policy) in
        [("", "shadow = true"), ("shadow_severities = [\"CRITICAL\"]", "severity = \"CRITICAL\"")]
    {
        let world = scene.clone().small_world();
        world.apply_stack(&format!("{of_stack}\n{}", policy_of("1", of_policy)));
        let channel = channels(&world)[0].body["name"].clone();
        let path = policy(&world, "Errors").path;
        world.cloud.edit(MONITORING, &path, json!({ "notificationChannels": [channel] }));
        let mark = world.cloud.mark();
        assert!(!world.main.plan(&[]).view().changes().is_empty());
        world.main.apply(&[]).expect_success();
        assert_eq!(world.writes(mark).len(), 1);
        let healed = policy(&world, "Errors").body;
        assert_eq!(healed["notificationChannels"].as_array().map_or(0, Vec::len), 0);
        world.finish();
    }
}

fn a_preset_and_conditions_exclude_each_other(scene: Scene) {
    let world = scene.small_world();
    world.stack(&policy_of("1", "preset = \"api_downtime\"\n service = \"api\""));
    world.main.plan(&[]).expect_refused().error(&["preset", "conditions"]);
    world.stack("alert_policies = { a = { display_name = \"Nothing\" } }");
    world.main.plan(&[]).expect_refused().error(&["preset", "conditions"]);
}

fn a_policy_goes_before_its_channel(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&policy_of("1", ""));
    let mark = world.cloud.mark();
    world.apply_stack("");
    let writes = world.writes(mark);
    let order: Vec<&str> =
        writes.iter().map(|line| if line.contains("/alertPolicies/") { "policy" } else { "channel" }).collect();
    assert_eq!(order, ["policy", "channel"], "{writes:?}");
    assert_eq!(world.cloud.snapshot().objects_like(MONITORING, "/alertPolicies/"), []);
    assert_eq!(channels(&world), []);
    world.finish();
}
