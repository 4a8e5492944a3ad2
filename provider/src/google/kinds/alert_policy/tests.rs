mod evaluation;
mod recognition;

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Dynamic, Scalar};

use super::{Preset, presets, runbook};
use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    answers, component, created, ct_scan, differences, problems, problems_when_new, read_body, refused, scope, set,
    updated,
};
use crate::google::kinds::{kind, rest_kind};

fn policies() -> &'static AnyKind {
    kind("alert_policies").unwrap()
}

#[track_caller]
fn silent(hcl: Json, body: &Json) {
    let (configured, found) = (component(policies(), &hcl), read_body(policies(), body));
    assert_eq!(differences(policies(), &configured, &found), Vec::<String>::new());
}

fn found() -> Json {
    json!({
        "name": "projects/p/alertPolicies/1", "displayName": "Errors", "combiner": "OR", "enabled": true,
        "creationRecord": {"mutateTime": "t", "mutatedBy": "m"}, "mutationRecord": {"mutateTime": "t", "mutatedBy": "m"},
        "conditions": [{
            "name": "projects/p/alertPolicies/1/conditions/2", "displayName": "any",
            "conditionThreshold": {"filter": "metric.type=\"m\" AND resource.type=\"r\"", "comparison": "COMPARISON_GT",
                "duration": "60s", "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}]},
        }],
        "documentation": {"content": "Do this.", "mimeType": "text/markdown"},
        "notificationChannels": ["projects/p/notificationChannels/8", "projects/p/notificationChannels/9"],
    })
}

fn hcl(change: impl FnOnce(&mut Json)) -> Json {
    let mut hcl = json!({
        "display_name": "Errors", "documentation": "Do this.\n",
        "channels": ["projects/1/notificationChannels/9", "projects/p/notificationChannels/8"],
        "conditions": [{"display_name": "any", "threshold": {
            "filter": "metric.type=\"m\"\n  AND resource.type=\"r\"\n", "threshold_value": 0, "duration": "1m",
            "aggregations": [{"alignment_period": "1m", "per_series_aligner": "ALIGN_RATE", "cross_series_reducer": "REDUCE_NONE"}],
        }}],
    });
    change(&mut hcl);
    hcl
}

#[test]
fn white_space_units_order_and_project_numbers_are_no_difference() {
    silent(hcl(|_| ()), &found());
}

#[test]
fn an_absent_threshold_is_zero_and_an_absent_trigger_one() {
    silent(hcl(|hcl| hcl["conditions"][0]["threshold"]["trigger_count"] = json!(1)), &found());
    let mut body = found();
    body["conditions"][0]["conditionThreshold"]["trigger"] = json!({"count": 1});
    silent(hcl(|_| ()), &body);
    body["conditions"][0]["conditionThreshold"]["trigger"] = json!({"percent": 50});
    silent(hcl(|hcl| hcl["conditions"][0]["threshold"]["trigger_percent"] = json!(50)), &body);
}

#[test]
fn absent_enabled_is_true_and_absent_severity_none() {
    let mut body = found();
    body.as_object_mut().unwrap().remove("enabled");
    body["severity"] = json!("SEVERITY_UNSPECIFIED");
    silent(hcl(|_| ()), &body);
}

#[test]
fn a_severity_is_equal_in_either_words() {
    let mut body = found();
    body["severity"] = json!("CRITICAL");
    silent(hcl(|hcl| hcl["severity"] = json!("P0")), &body);
    let (wanted, mask) = updated(policies(), &body, |policy| set(policy, "severity", Dynamic::string("P2")));
    assert_eq!((wanted["severity"].clone(), mask), (json!("WARNING"), vec!["severity".to_owned()]));
}

#[test]
fn prompts_are_left_to_the_api() {
    let mut body = found();
    body["alertStrategy"] = json!({"notificationPrompts": ["OPENED", "CLOSED"]});
    silent(hcl(|_| ()), &body);
}

#[test]
fn promql_has_its_defaults() {
    let mut body = found();
    body["conditions"] = json!([{"name": "n", "displayName": "q", "conditionPrometheusQueryLanguage": {"query": "up == 0", "duration": "0s", "evaluationInterval": "30s"}}]);
    silent(hcl(|hcl| hcl["conditions"] = json!([{"display_name": "q", "promql": {"query": "up  ==  0"}}])), &body);
}

#[test]
fn records_and_validity_are_noise() {
    let mut body = found();
    body["validity"] = json!({"code": 3, "message": "m"});
    assert_eq!(wire::unexpressed(policies().object(), &body, policies().unmanaged()), Vec::<String>::new());
    assert_eq!(read_body(policies(), &body), read_body(policies(), &found()));
}

#[test]
fn a_changed_condition_keeps_its_name_on_the_server() {
    let (wanted, mask) = updated(policies(), &found(), |policy| {
        let conditions = policy.as_entries_mut().unwrap().get_mut("conditions").unwrap();
        let Dynamic::List(conditions) = conditions else { panic!() };
        let threshold = conditions[0].as_entries_mut().unwrap().get_mut("threshold").unwrap();
        set(threshold, "threshold_value", Dynamic::Number("0.5".parse().unwrap()));
    });
    assert_eq!(mask, ["conditions"]);
    assert_eq!(wanted["conditions"][0]["name"], json!("projects/p/alertPolicies/1/conditions/2"));
    assert_eq!(wanted["conditions"][0]["conditionThreshold"]["thresholdValue"], json!(0.5));
}

#[test]
fn documentation_that_goes_goes_whole() {
    let (wanted, mask) = updated(policies(), &found(), |policy| set(policy, "documentation", Dynamic::Null));
    assert_eq!(mask, ["documentation"]);
    assert!(wanted.get("documentation").is_none());
}

#[test]
fn the_policies_of_the_environment_are_what_their_configuration_says() {
    let api = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\"";
    let body = ct_scan("alertPolicies/5596490570856137267");
    let count = format!("{api} AND metric.type=\"run.googleapis.com/request_count\"");
    let rate =
        json!({"alignment_period": "1m", "per_series_aligner": "ALIGN_RATE", "cross_series_reducer": "REDUCE_SUM"});
    let mut grouped = rate.clone();
    grouped["group_by_fields"] = json!(["metric.label.response_code_class"]);
    silent(
        json!({
            "display_name": "CT Scan API - High Error Rate (P0)", "auto_close": "1h",
            "documentation": body["documentation"]["content"],
            "channels": ["projects/dtu-mlops-data-482907/notificationChannels/4146092118201467304"],
            "conditions": [{"display_name": "Error rate > 5% over 5 minutes", "threshold": {
                "filter": count, "comparison": "COMPARISON_GT", "threshold_value": 0.05, "duration": "5m", "aggregations": [grouped],
                "denominator_filter": count, "denominator_aggregations": [rate],
            }}],
        }),
        &body,
    );
    for id in [
        "1530986302588300728",
        "6267059444782534951",
        "8943897813567479846",
        "2316333833097503487",
        "1905642321131166457",
        "6414435617319281830",
    ] {
        let body = ct_scan(&format!("alertPolicies/{id}"));
        assert_eq!(wire::unexpressed(policies().object(), &body, policies().unmanaged()), Vec::<String>::new());
        let uses = policies().discovery().unwrap().uses(&body);
        assert!(uses.contains(&("services", "ct-scan-api".to_owned())), "{uses:?}");
        let read = read_body(policies(), &body);
        let mut again = wire::create(policies().object(), &read);
        rest_kind(policies()).before_create(&mut again, &scope());
        assert_eq!(read_body(policies(), &again).get("conditions"), read.get("conditions"));
    }
}

#[test]
fn recorded_policies_are_read_without_loss() {
    for body in answers("monitoring-alert-policy", |body| body["conditions"].is_array()) {
        let read = read_body(policies(), &body);
        let again = wire::create(policies().object(), &read);
        assert_eq!(again["displayName"], body["displayName"]);
        assert_eq!(
            again["conditions"][0]["conditionThreshold"]["filter"],
            body["conditions"][0]["conditionThreshold"]["filter"]
        );
    }
}

#[test]
fn every_preset_has_its_template_and_makes_a_whole_policy() {
    assert_eq!(Preset::choices().len(), presets::TEMPLATES.len());
    for name in Preset::choices() {
        let preset = Preset::parse((*name).to_owned()).unwrap();
        assert_eq!(preset.template().name, preset.spelling());
        assert_eq!(problems(policies(), &json!({"preset": name})), vec![], "{name}");
        let body = created(policies(), &json!({"preset": name, "channels": ["projects/p/notificationChannels/1"]}));
        assert!(body["displayName"].as_str().unwrap().contains(preset.template().level), "{body}");
        assert_eq!(body["combiner"], json!("OR"));
        assert!(body["severity"].is_string() && body["alertStrategy"]["autoClose"].is_string(), "{body}");
        assert_eq!(body["documentation"], json!({"content": runbook(name).unwrap(), "mimeType": "text/markdown"}));
        silent(json!({"preset": name, "channels": ["projects/p/notificationChannels/1"]}), &body);
    }
}

#[test]
fn runbooks_fit_and_have_no_references() {
    for name in Preset::choices() {
        let text = runbook(name).unwrap();
        assert!(text.chars().count() <= 8_192 && text.len() <= 10_240, "{name}");
        assert!(!text.contains("{{"), "{name}");
        for section in
            ["## What it means", "## First checks", "## Likely causes and fixes", "## Done when", "## Escalation"]
        {
            assert!(text.contains(section), "{name} has no {section}");
        }
        let lines = text.lines().count();
        assert!((40..=75).contains(&lines), "{name} has {lines} lines");
    }
}

#[test]
fn a_preset_is_called_after_its_service_and_takes_its_settings() {
    let body =
        created(policies(), &json!({"preset": "high_latency", "service": "api", "threshold": 1500, "duration": "10m"}));
    assert_eq!(body["displayName"], json!("api - High latency (P1)"));
    let threshold = &body["conditions"][0]["conditionThreshold"];
    assert_eq!((&threshold["thresholdValue"], &threshold["duration"]), (&json!(1500), &json!("600s")));
    assert!(threshold["filter"].as_str().unwrap().contains("service_name=\"api\""));
    let body = created(
        policies(),
        &json!({"preset": "high_latency", "display_name": "Slow", "severity": "P0", "documentation": "Wait."}),
    );
    assert_eq!(
        (&body["displayName"], &body["severity"], &body["documentation"]["content"]),
        (&json!("Slow"), &json!("CRITICAL"), &json!("Wait."))
    );
}

#[test]
fn a_preset_that_drifted_is_a_difference() {
    let mut body = created(policies(), &json!({"preset": "high_error_rate"}));
    body["conditions"][0]["conditionThreshold"]["thresholdValue"] = json!(0.5);
    let (configured, found) =
        (component(policies(), &json!({"preset": "high_error_rate"})), read_body(policies(), &body));
    assert_eq!(differences(policies(), &configured, &found), ["conditions"]);
}

#[test]
fn an_unknown_setting_leaves_the_conditions_open() {
    let mut policy = component(policies(), &json!({"preset": "high_error_rate"}));
    set(&mut policy, "service", Dynamic::Unknown);
    policies().effective(&mut policy, "k", &scope());
    assert!(policy.get("conditions").is_unknown() && policy.get("display_name").is_unknown());
    assert_eq!(policy.get("severity"), &Dynamic::string("P0"));
}

#[test]
fn a_shadow_is_evaluated_and_tells_nobody() {
    let channels = json!(["projects/p/notificationChannels/1"]);
    let body = created(policies(), &json!({"preset": "high_latency", "channels": channels, "shadow": true}));
    assert!(body.get("notificationChannels").is_none() && body.get("enabled").is_none());
    for word in ["P1", "ERROR", "error"] {
        let mut scope = scope();
        let severities = Dynamic::set([Dynamic::string(word)]);
        scope.settings = Dynamic::Object([("shadow_severities".to_owned(), severities)].into());
        let told = |preset: &str| {
            let mut policy = component(policies(), &json!({"preset": preset, "channels": channels}));
            policies().effective(&mut policy, "k", &scope);
            !policy.get("channels").is_null()
        };
        assert!(!told("high_latency") && told("api_downtime") && told("disk_space"), "{word}");
    }
}

#[test]
fn a_disk_in_percent_is_compared_in_percent() {
    let threshold = |hcl: Json| created(policies(), &hcl)["conditions"][0]["conditionThreshold"].clone();
    assert_eq!(threshold(json!({"preset": "disk_space"}))["thresholdValue"], json!(0.85));
    let agent = threshold(json!({"preset": "disk_space", "metric_type": "agent.googleapis.com/disk/percent_used"}));
    assert_eq!(agent["thresholdValue"], json!(85));
    assert!(agent["filter"].as_str().unwrap().contains("gce_instance"));
}

#[test]
fn refusals_name_the_attribute_the_value_and_the_way_out() {
    let kind = policies();
    refused(kind, &json!({"display_name": "x"}), "", "Set preset to one of api_downtime");
    refused(kind, &json!({"preset": "high_latncy"}), ".preset", "Did you mean high_latency");
    refused(kind, &json!({"preset": "high_error_rate", "threshold": 5}), ".threshold", "it is 5");
    refused(kind, &json!({"preset": "high_error_rate", "duration": "90s"}), ".duration", "whole minutes");
    refused(kind, &json!({"preset": "high_error_rate", "metric_type": "m"}), ".metric_type", "data_drift");
    refused(kind, &json!({"preset": "disk_space", "auto_close": "1m"}), ".auto_close", "it is 1m");
    refused(kind, &hcl(|hcl| hcl["preset"] = json!("disk_space")), ".conditions", "Remove conditions");
    refused(kind, &hcl(|hcl| hcl["threshold"] = json!(1)), ".threshold", "tunes a preset");
    refused(kind, &hcl(|hcl| hcl["severity"] = json!("SEV1")), ".severity", "SEV1");
    refused(
        kind,
        &hcl(|hcl| hcl["conditions"][0]["absent"] = json!({"filter": "f", "duration": "5m"})),
        ".conditions[0]",
        "set are threshold and absent",
    );
    refused(
        kind,
        &hcl(|hcl| hcl["conditions"] = json!([{"display_name": "l", "matched_log": {"filter": "f"}}])),
        ".notification_rate_limit",
        "5m",
    );
    refused(
        kind,
        &hcl(|hcl| hcl["conditions"][0]["threshold"]["duration"] = json!("90s")),
        ".conditions[0].threshold.duration",
        "it is 90s",
    );
}

#[test]
fn a_policy_with_a_query_that_cannot_be_said_is_taken_and_keeps_it() {
    let query = json!({"query": "fetch x", "duration": "60s", "trigger": {"count": 1}});
    for kind in ["conditionMonitoringQueryLanguage", "conditionSql"] {
        let mut body = found();
        body["conditions"] = json!([{"name": "c", "displayName": "errors", kind: query}]);
        let hcl = json!({"display_name": "Errors", "conditions": [{"display_name": "errors"}]});
        assert_eq!(problems(policies(), &hcl), vec![]);
        assert_eq!(problems_when_new(policies(), &hcl).len(), 1);
        assert_eq!(
            wire::unexpressed(policies().object(), &body, policies().unmanaged()),
            [format!("conditions[0].{kind}")]
        );
        let (wanted, _) = updated(policies(), &body, |policy| {
            let renamed = component(policies(), &json!({"conditions": [{"display_name": "more errors"}]}));
            set(policy, "conditions", renamed.get("conditions").clone());
        });
        assert_eq!(wanted["conditions"][0][kind], query);
        let (wanted, _) = updated(policies(), &body, |policy| {
            let replaced =
                json!({"conditions": [{"display_name": "errors", "promql": {"query": "up == 0", "duration": "1m"}}]});
            set(policy, "conditions", component(policies(), &replaced).get("conditions").clone());
        });
        assert!(wanted["conditions"][0].get(kind).is_none());
        assert_eq!(wanted["conditions"][0]["conditionPrometheusQueryLanguage"]["query"], json!("up == 0"));
    }
}

#[test]
fn a_condition_without_a_name_is_taken_and_a_new_one_needs_one() {
    let nameless = json!({"display_name": "Errors", "conditions": [{"promql": {"query": "up == 0"}}]});
    assert_eq!(problems(policies(), &nameless), vec![]);
    assert_eq!(problems_when_new(policies(), &nameless)[0].0, "alert_policies[\"k\"].conditions[0].display_name");
}

#[test]
fn a_trigger_is_a_count_or_a_percentage() {
    let mut body = found();
    body["conditions"][0]["conditionThreshold"]["trigger"] = json!({"count": 1});
    let by = |policy: &mut Dynamic, change: fn(&mut Dynamic)| {
        let mut conditions = policy.get("conditions").as_elements().unwrap().to_vec();
        change(conditions[0].as_entries_mut().unwrap().get_mut("threshold").unwrap());
        set(policy, "conditions", Dynamic::List(conditions));
    };
    let (wanted, _) = updated(policies(), &body, |policy| {
        by(policy, |threshold| set(threshold, "trigger_percent", Dynamic::Number(50_i64.into())));
    });
    let trigger = &wanted["conditions"][0]["conditionThreshold"]["trigger"];
    assert_eq!((trigger["percent"].as_f64(), trigger.get("count")), (Some(50.0), None));
    let (back, _) = updated(policies(), &wanted, |policy| {
        by(policy, |threshold| {
            set(threshold, "trigger_percent", Dynamic::Null);
            set(threshold, "trigger_count", Dynamic::Number(3_i64.into()));
        });
    });
    assert_eq!(back["conditions"][0]["conditionThreshold"]["trigger"], json!({"count": 3}));
}

#[test]
fn a_rate_limit_goes_with_its_message() {
    let mut body = found();
    body["alertStrategy"] = json!({"notificationRateLimit": {"period": "300s"}, "autoClose": "1800s"});
    let (wanted, mask) = updated(policies(), &body, |policy| set(policy, "notification_rate_limit", Dynamic::Null));
    assert_eq!(wanted["alertStrategy"], json!({"autoClose": "1800s"}));
    assert_eq!(mask, ["alertStrategy.notificationRateLimit"]);
    body["alertStrategy"] = json!({"notificationRateLimit": {"period": "300s"}});
    let (wanted, mask) = updated(policies(), &body, |policy| set(policy, "notification_rate_limit", Dynamic::Null));
    assert!(wanted.get("alertStrategy").is_none());
    assert_eq!(mask, ["alertStrategy"]);
}

#[test]
fn texts_that_are_too_long_are_refused_before() {
    let with = |name: &str, text: String| hcl(|hcl| hcl[name] = json!(text));
    assert_eq!(problems(policies(), &with("documentation", "x".repeat(8192))), vec![]);
    refused(policies(), &with("documentation", "x".repeat(8193)), ".documentation", "it has 8193");
    refused(policies(), &with("documentation", "ä".repeat(5121)), ".documentation", "10242");
    refused(policies(), &with("documentation_subject", "x".repeat(256)), ".documentation_subject", "it has 256");
    refused(policies(), &with("documentation_subject", "a\nb".to_owned()), ".documentation_subject", "one line");
}

#[test]
fn what_alerting_refuses_of_a_new_policy_is_refused_before() {
    let at = |hcl: Json| problems_when_new(policies(), &hcl).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(at(hcl(|_| ())), Vec::<String>::new());
    let place = |attribute: &str| vec![format!("alert_policies[\"k\"].{attribute}")];
    assert_eq!(at(hcl(|hcl| hcl["notification_rate_limit"] = json!("5m"))), place("notification_rate_limit"));
    let log = json!({
        "display_name": "Log", "notification_rate_limit": "5m", "notification_prompts": ["OPENED", "CLOSED"],
        "conditions": [{"display_name": "c", "matched_log": {"filter": "severity>=ERROR"}}],
    });
    assert_eq!(at(log), place("notification_prompts"));
    let threshold = |name: &str, value: Json| hcl(|hcl| hcl["conditions"][0]["threshold"][name] = value);
    assert_eq!(at(threshold("comparison", json!("COMPARISON_GE"))), place("conditions[0].threshold.comparison"));
    assert_eq!(at(threshold("forecast_horizon", json!("3d"))), place("conditions[0].threshold.forecast_horizon"));
}
