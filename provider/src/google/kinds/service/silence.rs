//! What silence about a setting of a service means once the service exists.
//!
//! Most settings stay as they are. Here are those that Cloud Run derives from others, which must follow them, and those
//! whose absence says something of its own: all traffic to the latest revision, a probe of the port.

use serde_json::json;
use tfplugin::{Choice, Dynamic, Number};

use super::{CONTAINER, TrafficType};
use crate::engine::marks::{Codec, Silent};
use crate::google::kinds::run::ExecutionEnvironment;
use crate::google::kinds::run::probe::ProbeAt;
use crate::types::Quantity;

/// How many requests an instance serves when nobody says.
const USUAL_CONCURRENCY: i64 = 80;

/// All requests go to the latest ready revision.
pub(super) fn traffic(silent: &Silent<'_>) -> Dynamic {
    if silent.value.is_null() {
        return Dynamic::Null;
    }
    let latest = [
        ("type", Dynamic::string(TrafficType::Latest.spelling())),
        ("revision", Dynamic::Null),
        ("percent", number(100)),
        ("tag", Dynamic::Null),
    ];
    Dynamic::List(vec![Dynamic::Object(latest.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())])
}

/// The port must open within 240 seconds.
pub(super) fn startup_probe(silent: &Silent<'_>) -> Dynamic {
    if silent.value.is_null() {
        return Dynamic::Null;
    }
    let usual = json!({"tcpSocket": {}, "timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1});
    let mut probe =
        ProbeAt(CONTAINER.startup_probe).read(&json!({"template": {"containers": [{"startupProbe": usual}]}}));
    if let Some(fields) = probe.as_entries_mut() {
        let port = silent.component.get("port");
        let port = if port.is_null() { silent.value.get("port") } else { port };
        fields.insert("port".to_owned(), port.clone());
    }
    probe
}

/// Below one CPU there is one request at a time, and with more the usual number again.
pub(super) fn concurrency(silent: &Silent<'_>) -> Dynamic {
    let (is, was) = (is_part_of_a_cpu(silent.component), is_part_of_a_cpu(silent.component_before));
    match (is, was) {
        _ if silent.value.is_null() => Dynamic::Null,
        (None, _) => Dynamic::Unknown,
        (Some(true), _) => number(1),
        (Some(false), Some(true)) => number(USUAL_CONCURRENCY),
        _ => silent.value.clone(),
    }
}

/// A GPU wants CPU all the time, a part of a CPU is there during requests only.
pub(super) fn cpu_idle(silent: &Silent<'_>) -> Dynamic {
    let (is_part, has_gpu) = (is_part_of_a_cpu(silent.component), has_gpu(silent.component));
    match (has_gpu, is_part) {
        _ if silent.value.is_null() => Dynamic::Null,
        (Some(true), _) => Dynamic::Bool(false),
        (None, _) => Dynamic::Unknown,
        (_, Some(true)) => Dynamic::Bool(true),
        (_, None) => Dynamic::Unknown,
        _ if self::has_gpu(silent.component_before) == Some(true) => Dynamic::Bool(true),
        _ => silent.value.clone(),
    }
}

/// No fewer instances are allowed than are kept.
pub(super) fn max_instances(silent: &Silent<'_>) -> Dynamic {
    let count = |value: &Dynamic| value.as_number().map(ToString::to_string).and_then(|text| text.parse::<i64>().ok());
    let least = silent.component.get("min_instances");
    match (count(least), count(silent.value)) {
        (Some(least), Some(most)) if least > most => Dynamic::Unknown,
        (None, Some(_)) if least.is_unknown() => Dynamic::Unknown,
        _ => silent.value.clone(),
    }
}

/// Cloud Run chooses again where the sandbox does not fit the rest.
pub(super) fn execution_environment(silent: &Silent<'_>) -> Dynamic {
    let component = silent.component;
    let is = |generation: ExecutionEnvironment| silent.value.as_str() == Some(generation.spelling());
    let needs_second = has_gpu(component) != Some(false)
        || component
            .get("volumes")
            .as_entries()
            .into_iter()
            .flatten()
            .any(|(_, volume)| !volume.get("bucket").is_null() || !volume.get("nfs").is_null());
    let fits = match is_part_of_a_cpu(component) {
        _ if is(ExecutionEnvironment::Gen1) => !needs_second,
        part if is(ExecutionEnvironment::Gen2) => part == Some(false),
        _ => true,
    };
    if fits { silent.value.clone() } else { Dynamic::Unknown }
}

/// Whether an instance has less than one CPU; `None` while that is not known.
fn is_part_of_a_cpu(component: &Dynamic) -> Option<bool> {
    match component.get("cpu") {
        Dynamic::Unknown => None,
        cpu => {
            let cpu = cpu.as_str().and_then(|text| text.parse::<Quantity>().ok());
            Some(cpu.is_some_and(|cpu| cpu.thousandths_at_least() < 1_000))
        }
    }
}

/// Whether an instance has a GPU; `None` while that is not known.
fn has_gpu(component: &Dynamic) -> Option<bool> {
    match component.get("gpu") {
        Dynamic::Unknown => None,
        gpu => Some(gpu.as_number().is_some_and(|count| *count != Number::from(0_i64))),
    }
}

fn number(value: i64) -> Dynamic {
    Dynamic::Number(Number::from(value))
}
