//! What it means when the configuration falls silent.

use serde_json::{Value as Json, json};
use tfplugin::schema::Presence;
use tfplugin::{Attribute, Dynamic, ObjectSchema};

use super::services;
use crate::engine::marks::{Silent, WhenSilent};
use crate::engine::wire;
use crate::google::kinds::fixtures::component;

/// What the attribute at `path` becomes when the configuration is silent about it, in an update from one component to another.
fn silent_about(attribute: &str, before: &Json, now: &Json) -> Dynamic {
    let (before, now) = (component(services(), before), component(services(), now));
    let WhenSilent(meaning) = services().object().attribute(attribute).unwrap().extensions.get().unwrap();
    let value = before.get(attribute);
    meaning(&Silent { value, before: &before, now: &now, component_before: &before, component: &now })
}

#[test]
fn every_attribute_that_cloud_run_may_set_stays_or_says_what_silence_means() {
    let mut found = Vec::new();
    let mut collect = |prefix: &str, object: &ObjectSchema| {
        let is_left =
            |attribute: &&Attribute| attribute.presence == Presence::OptionalComputed && attribute.default.is_none();
        for attribute in object.attributes.iter().filter(is_left) {
            let follows = attribute.extensions.get::<WhenSilent>().is_some();
            found.push(format!("{prefix}{} {}", attribute.name, if follows { "is settled" } else { "stays" }));
        }
    };
    collect("", services().object());
    for attribute in &services().object().attributes {
        if let Some((_, inner)) = attribute.nested() {
            collect(&format!("{}.", attribute.name), inner);
        }
    }
    assert_eq!(
        found,
        [
            "concurrency is settled",
            "container_name is settled",
            "containers stays",
            "cpu stays",
            "cpu_idle is settled",
            "execution_environment is settled",
            "location stays",
            "max_instances is settled",
            "memory stays",
            "name stays",
            "port stays",
            "service_account stays",
            "startup_probe is settled",
            "timeout stays",
            "traffic is settled",
            "containers.cpu is settled",
            "containers.memory is settled",
            "liveness_probe.port is settled",
            "startup_probe.port is settled",
            "vpc_access.network is settled",
            "vpc_access.subnetwork is settled",
        ]
    );
}

#[test]
fn silence_sends_all_traffic_to_the_latest_revision() {
    let canary = json!({"image": "i", "traffic": [{"revision": "s-1", "percent": 90}, {"percent": 10}]});
    let latest = component(services(), &json!({"image": "i", "traffic": [{"percent": 100}]}));
    assert_eq!(&silent_about("traffic", &canary, &canary), latest.get("traffic"));
}

#[test]
fn silence_has_the_port_probed() {
    let own = json!({"image": "i", "port": 8080, "startup_probe": {"http_path": "/health", "port": 8080}});
    let probe = silent_about("startup_probe", &own, &json!({"image": "i", "port": 9000}));
    let usual = json!({"image": "i", "startup_probe": {
        "tcp": true, "port": 9000, "period": "240s", "timeout": "240s", "failure_threshold": 1,
    }});
    let attribute = services().object().attribute("startup_probe").unwrap();
    assert!(wire::equal(attribute, &probe, component(services(), &usual).get("startup_probe")), "{probe:?}");
}

#[test]
fn silence_follows_the_cpu() {
    let with = |cpu: &str, more: Json| {
        let mut hcl = json!({"image": "i", "cpu": cpu});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    let number = |value: i64| Dynamic::Number(value.into());
    let (large, small) = (with("1", json!({"concurrency": 30})), with("0.5", json!({"concurrency": 1})));
    assert_eq!(silent_about("concurrency", &large, &small), number(1));
    assert_eq!(silent_about("concurrency", &small, &large), number(80));
    assert_eq!(silent_about("concurrency", &large, &large), number(30));
    let always = with("1", json!({"cpu_idle": false}));
    assert_eq!(silent_about("cpu_idle", &always, &small), Dynamic::Bool(true));
    assert_eq!(silent_about("cpu_idle", &always, &large), Dynamic::Bool(false));
    let gpu = with("4", json!({"gpu": 1, "gpu_type": "nvidia-l4", "cpu_idle": false}));
    assert_eq!(silent_about("cpu_idle", &with("4", json!({"cpu_idle": true})), &gpu), Dynamic::Bool(false));
    assert_eq!(silent_about("cpu_idle", &gpu, &large), Dynamic::Bool(true));
    let second = with("1", json!({"execution_environment": "EXECUTION_ENVIRONMENT_GEN2"}));
    assert_eq!(silent_about("execution_environment", &second, &small), Dynamic::Unknown);
    assert_eq!(&silent_about("execution_environment", &second, &large), &Dynamic::string("EXECUTION_ENVIRONMENT_GEN2"));
}

#[test]
fn silence_lets_cloud_run_allow_more_instances_than_are_kept() {
    let (few, many) = (json!({"image": "i", "max_instances": 3}), json!({"image": "i", "min_instances": 5}));
    assert_eq!(silent_about("max_instances", &few, &few), Dynamic::Number(3_i64.into()));
    assert_eq!(silent_about("max_instances", &few, &many), Dynamic::Unknown);
}
