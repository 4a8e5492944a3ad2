//! What an import makes of the conditions of presets.

use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Scalar};

use super::policies;
use crate::google::kinds::alert_policy::Preset;
use crate::google::kinds::fixtures::{component, scope};

/// A policy as the cloud has it, once a configuration is applied, and as an import writes it.
fn imported(hcl: &Json) -> Dynamic {
    let mut policy = component(policies(), hcl);
    policies().effective(&mut policy, "policy", &scope());
    for setting in ["preset", "service", "threshold", "duration", "metric_type", "resource_type"] {
        crate::engine::tree::set(&mut policy, setting, Dynamic::Null);
    }
    policies().imported(&mut policy, &scope());
    policy
}

fn says(policy: &Dynamic, expected: &Json) {
    let said =
        ["preset", "service", "duration", "metric_type", "resource_type", "display_name", "severity", "documentation"];
    for name in said {
        assert_eq!(policy.get(name).as_str(), expected[name].as_str(), "{name} of {expected}");
    }
    let threshold = policy.get("threshold").as_number().map(tfplugin::Number::to_f64);
    assert_eq!(threshold, expected["threshold"].as_f64(), "threshold of {expected}");
    assert!(policy.get("conditions").is_null(), "conditions of {expected}");
}

#[test]
fn every_preset_is_recognised_with_its_settings() {
    for preset in <Preset as Scalar>::choices() {
        for more in [
            json!({}),
            json!({"threshold": 0.5}),
            json!({"duration": "7m"}),
            json!({"display_name": "Mine", "severity": "P1"}),
        ] {
            let mut hcl = json!({"preset": preset});
            hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let policy = imported(&hcl);
            if hcl["severity"] == "P1" {
                // What says the same as another preset may be read as that one.
                assert!(!policy.get("preset").is_null(), "{hcl}");
            } else {
                says(&policy, &hcl);
            }
        }
    }
}

#[test]
fn a_service_and_a_metric_of_ones_own_are_settings() {
    says(
        &imported(&json!({"preset": "high_latency", "service": "api"})),
        &json!({"preset": "high_latency", "service": "api"}),
    );
    let drift =
        json!({"preset": "data_drift", "metric_type": "custom.googleapis.com/ml/one", "resource_type": "generic_node"});
    says(&imported(&drift), &drift);
    let disk =
        json!({"preset": "disk_space", "metric_type": "agent.googleapis.com/disk/percent_used", "threshold": 0.5});
    says(&imported(&disk), &disk);
}

#[test]
fn conditions_of_ones_own_stay_as_they_are() {
    let condition = json!({"display_name": "Mine", "threshold": {
        "filter": "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\"",
        "threshold_value": 5, "duration": "5m", "comparison": "COMPARISON_GT",
    }});
    let policy = imported(&json!({"display_name": "Mine", "conditions": [condition]}));
    assert!(policy.get("preset").is_null());
    assert_eq!(policy.get("conditions").as_elements().map(<[Dynamic]>::len), Some(1));
}
