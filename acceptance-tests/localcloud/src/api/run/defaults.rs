//! What Cloud Run adds to a service that somebody writes, and what it leaves out.
//! Everything here was seen in recorded traffic or stands in the API's description; zero values without presence are
//! dropped, and settings nobody gave are filled in.

use serde_json::{Value, json};

use super::quantity::milli_cpu;
use crate::json::{Object, Presence, drop_zeros};

/// Fields that only the server writes.
const OUTPUT_ONLY: [&str; 20] = [
    "name",
    "uid",
    "generation",
    "createTime",
    "updateTime",
    "deleteTime",
    "expireTime",
    "creator",
    "lastModifier",
    "observedGeneration",
    "terminalCondition",
    "conditions",
    "latestReadyRevision",
    "latestCreatedRevision",
    "trafficStatuses",
    "uri",
    "urls",
    "reconciling",
    "satisfiesPzs",
    "threatDetectionEnabled",
];

/// Fields that are int32: a request may write them as strings.
const NUMBERS: [&str; 13] = [
    "maxInstanceRequestConcurrency",
    "minInstanceCount",
    "maxInstanceCount",
    "manualInstanceCount",
    "containerPort",
    "port",
    "percent",
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "failureThreshold",
    "defaultMode",
    "mode",
];

const PRESENCE: Presence = Presence {
    kept: &["scaling.manualInstanceCount", "template.gpuZonalRedundancyDisabled", "template.containers.env.value"],
    maps: &[
        "labels",
        "annotations",
        "template.labels",
        "template.annotations",
        "template.containers.resources.limits",
        "buildConfig.environmentVariables",
    ],
};

/// The writable part of what a caller sent: numbers as numbers, nulls and zeros gone, output-only fields gone.
pub(super) fn writable(sent: &Value) -> Object {
    let mut service = sent.as_object().cloned().unwrap_or_default();
    for field in OUTPUT_ONLY {
        service.remove(field);
    }
    service.remove("etag");
    for (name, value) in &mut service {
        if !matches!(name.as_str(), "labels" | "annotations") {
            numbers(value);
        }
    }
    drop_zeros(&mut service, PRESENCE);
    if let Some(timeout) = service.get_mut("template").and_then(|template| template.get_mut("timeout")) {
        let seconds = timeout.as_str().and_then(|text| text.strip_suffix('s')?.parse::<f64>().ok());
        if let Some(seconds) = seconds {
            *timeout = json!(format!("{seconds}s"));
        }
    }
    service
}

const JOB_PRESENCE: Presence = Presence {
    kept: &["template.template.gpuZonalRedundancyDisabled", "template.template.containers.env.value"],
    maps: &[
        "labels",
        "annotations",
        "template.labels",
        "template.annotations",
        "template.template.containers.resources.limits",
    ],
};

/// The writable part of a job that a caller sent. A number of retries that is 0 is a number: it is kept here, and left out of answers.
pub(super) fn writable_job(sent: &Value) -> Object {
    let mut job = sent.as_object().cloned().unwrap_or_default();
    for field in OUTPUT_ONLY.into_iter().chain(["etag", "latestCreatedExecution", "executionCount"]) {
        job.remove(field);
    }
    for (name, value) in &mut job {
        if !matches!(name.as_str(), "labels" | "annotations") {
            numbers(value);
        }
    }
    let retries = job.get("template").and_then(|template| template.pointer("/template/maxRetries")).cloned();
    drop_zeros(&mut job, JOB_PRESENCE);
    let task = job.get_mut("template").and_then(|template| template.get_mut("template")).and_then(Value::as_object_mut);
    if let (Some(retries), Some(task)) = (retries, task) {
        task.insert("maxRetries".to_owned(), retries);
    }
    job
}

/// Fills in what the server decides about a job. Recorded (`run-job`): three tries more, ten minutes, the second generation, and memory by the number
/// of containers; Cloud SQL is always under one path.
pub(super) fn fill_job(job: &mut Object, job_id: &str, number: &str) {
    job.insert("launchStage".to_owned(), json!("GA"));
    let Some(template) = job.entry("template").or_insert(json!({})).as_object_mut() else { return };
    template.entry("taskCount").or_insert(json!(1));
    let Some(task) = template.entry("template").or_insert(json!({})).as_object_mut() else { return };
    task.entry("timeout").or_insert(json!("600s"));
    task.entry("maxRetries").or_insert(json!(3));
    task.entry("executionEnvironment").or_insert(json!("EXECUTION_ENVIRONMENT_GEN2"));
    task.entry("serviceAccount").or_insert_with(|| json!(format!("{number}-compute@developer.gserviceaccount.com")));
    fill_vpc(task);
    let sql: Vec<String> = task
        .get("volumes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|volume| volume.get("cloudSqlInstance").is_some())
        .filter_map(|volume| volume["name"].as_str().map(str::to_owned))
        .collect();
    let Some(containers) = task.get_mut("containers").and_then(Value::as_array_mut) else { return };
    let alone = containers.len() == 1;
    let memory = if alone { "512Mi" } else { "256Mi" };
    for (index, container) in containers.iter_mut().filter_map(Value::as_object_mut).enumerate() {
        if !alone {
            container.entry("name").or_insert_with(|| json!(format!("{job_id}-{}", index + 1)));
        }
        let resources = container.entry("resources").or_insert(json!({}));
        let limits = resources.as_object_mut().map(|resources| resources.entry("limits").or_insert(json!({})));
        if let Some(limits) = limits.and_then(Value::as_object_mut) {
            limits.entry("memory").or_insert(json!(memory));
            limits.entry("cpu").or_insert(json!("1000m"));
        }
        let port = container.get("ports").and_then(|ports| ports.pointer("/0/containerPort")).cloned();
        if let Some(probe) = container.get_mut("startupProbe").and_then(Value::as_object_mut) {
            fill_probe(probe, Some(&port.unwrap_or(json!(8080))));
        }
        for mount in container.get_mut("volumeMounts").and_then(Value::as_array_mut).into_iter().flatten() {
            if mount["name"].as_str().is_some_and(|name| sql.iter().any(|volume| volume == name)) {
                mount["mountPath"] = json!("/cloudsql");
            }
        }
    }
}

/// Is this a field that callers write?
pub(super) fn is_writable(field: &str) -> bool {
    field != "etag" && !OUTPUT_ONLY.contains(&field)
}

fn numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let whole = match member {
                    Value::String(text) => text.parse::<i64>().ok(),
                    Value::Number(number) if number.as_i64().is_none() => {
                        // 80.0 is a number of the int32 fields too; nothing near 2^53 reaches this.
                        number.as_f64().filter(|f| f.fract() == 0.0).map(|f| f as i64)
                    }
                    _ => None,
                };
                match whole {
                    Some(whole) if NUMBERS.contains(&name.as_str()) => *member = json!(whole),
                    _ if matches!(name.as_str(), "labels" | "annotations" | "limits") => {}
                    _ => numbers(member),
                }
            }
        }
        _ => {}
    }
}

/// Fills in what the server decides when nobody else did. `service_id` names unnamed containers, `number` is the project's.
pub(super) fn fill(service: &mut Object, service_id: &str, number: &str) {
    service.entry("ingress").or_insert(json!("INGRESS_TRAFFIC_ALL"));
    let stage = effective_stage(service);
    service.insert("launchStage".to_owned(), json!(stage));
    service.entry("traffic").or_insert(json!([{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}]));
    let template = service.entry("template").or_insert(json!({}));
    if let Some(template) = template.as_object_mut() {
        fill_template(template, service_id, number);
    }
}

/// The server answers the stage that the features in use need, not the one that was asked for.
fn effective_stage(service: &Object) -> &'static str {
    let template = service.get("template");
    let uses = |name: &str| template.and_then(|t| t.get(name)).is_some();
    let preview = service.contains_key("sshEnabled") || uses("sandboxes") || uses("ambientNetworking");
    match service.get("launchStage").and_then(Value::as_str) {
        Some("ALPHA") if preview => "ALPHA",
        Some("BETA") if preview => "BETA",
        _ => "GA",
    }
}

fn fill_template(template: &mut Object, service_id: &str, number: &str) {
    template.entry("timeout").or_insert(json!("300s"));
    template
        .entry("serviceAccount")
        .or_insert_with(|| json!(format!("{number}-compute@developer.gserviceaccount.com")));
    if let Some(scaling) = template.entry("scaling").or_insert(json!({})).as_object_mut() {
        scaling.entry("maxInstanceCount").or_insert(json!(100));
    }
    fill_vpc(template);
    if let Some(containers) = template.get_mut("containers").and_then(Value::as_array_mut) {
        fill_containers(containers, service_id);
    }
    let least = template.get("containers").and_then(Value::as_array).and_then(|containers| {
        containers.iter().filter_map(|c| milli_cpu(c.pointer("/resources/limits/cpu")?.as_str()?)).min()
    });
    let concurrency = if least.is_some_and(|milli| milli < 1_000) { 1 } else { 80 };
    template.entry("maxInstanceRequestConcurrency").or_insert(json!(concurrency));
}

fn fill_vpc(template: &mut Object) {
    let Some(vpc) = template.get_mut("vpcAccess").and_then(Value::as_object_mut) else { return };
    vpc.entry("egress").or_insert(json!("PRIVATE_RANGES_ONLY"));
    let interfaces = vpc.get_mut("networkInterfaces").and_then(Value::as_array_mut);
    for interface in interfaces.into_iter().flatten().filter_map(Value::as_object_mut) {
        fill_network(interface);
    }
}

/// The network of a subnetwork, and the other way round, when they are the project's default ones.
fn fill_network(interface: &mut Object) {
    let named = |key: &str| interface.get(key).and_then(Value::as_str).map(str::to_owned);
    match (named("network"), named("subnetwork")) {
        (Some(network), None) => {
            interface.insert("subnetwork".to_owned(), json!(network));
        }
        (None, Some(subnetwork)) => {
            interface.insert("network".to_owned(), json!(subnetwork));
        }
        _ => {}
    }
}

fn fill_containers(containers: &mut [Value], service_id: &str) {
    let alone = containers.len() == 1;
    for (index, container) in containers.iter_mut().filter_map(Value::as_object_mut).enumerate() {
        let serves = alone || container.contains_key("ports");
        if !alone {
            container.entry("name").or_insert_with(|| json!(format!("{service_id}-{}", index + 1)));
        }
        fill_container(container, serves);
    }
}

fn fill_container(container: &mut Object, serves: bool) {
    match container.get_mut("resources").and_then(Value::as_object_mut) {
        None => {
            container.insert(
                "resources".to_owned(),
                json!({"limits": {"memory": "512Mi", "cpu": "1000m"}, "cpuIdle": true}),
            );
        }
        Some(resources) => {
            if let Some(limits) = resources.entry("limits").or_insert(json!({})).as_object_mut() {
                limits.entry("memory").or_insert(json!("512Mi"));
                limits.entry("cpu").or_insert(json!("1000m"));
            }
        }
    }
    if serves {
        let ports = container.entry("ports").or_insert(json!([{"containerPort": 8080}]));
        for port in ports.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            port.entry("name").or_insert(json!("http1"));
            port.entry("containerPort").or_insert(json!(8080));
        }
    }
    let port = container.get("ports").and_then(|p| p.pointer("/0/containerPort")).cloned();
    if let (true, Some(port)) = (serves, &port) {
        container.entry("startupProbe").or_insert_with(
            || json!({"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": port}}),
        );
    }
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        if let Some(probe) = container.get_mut(probe).and_then(Value::as_object_mut) {
            // Recorded for jobs (`run-job`): a container without a port is asked at 8080.
            fill_probe(probe, Some(port.as_ref().unwrap_or(&json!(8080))));
        }
    }
}

fn fill_probe(probe: &mut Object, port: Option<&Value>) {
    probe.entry("timeoutSeconds").or_insert(json!(1));
    probe.entry("periodSeconds").or_insert(json!(10));
    probe.entry("failureThreshold").or_insert(json!(3));
    for action in ["httpGet", "tcpSocket", "grpc"] {
        let Some(action_body) = probe.get_mut(action).and_then(Value::as_object_mut) else { continue };
        if action == "httpGet" {
            action_body.entry("path").or_insert(json!("/"));
        }
        if let Some(port) = port {
            action_body.entry("port").or_insert(port.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(sent: Value) -> Value {
        let mut service = writable(&sent);
        fill(&mut service, "api", "42");
        Value::Object(service)
    }

    #[test]
    fn the_smallest_service_gets_what_the_real_one_gets() {
        assert_eq!(
            filled(json!({"template": {"containers": [{"image": "i"}]}})),
            json!({
                "ingress": "INGRESS_TRAFFIC_ALL",
                "launchStage": "GA",
                "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
                "template": {
                    "timeout": "300s",
                    "serviceAccount": "42-compute@developer.gserviceaccount.com",
                    "maxInstanceRequestConcurrency": 80,
                    "scaling": {"maxInstanceCount": 100},
                    "containers": [{
                        "image": "i",
                        "resources": {"limits": {"memory": "512Mi", "cpu": "1000m"}, "cpuIdle": true},
                        "ports": [{"name": "http1", "containerPort": 8080}],
                        "startupProbe": {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": 8080}},
                    }],
                },
            })
        );
    }

    #[test]
    fn idle_cpu_is_not_assumed_where_resources_are_given() {
        let service = filled(
            json!({"template": {"containers": [{"resources": {"limits": {"memory": "1Gi"}, "cpuIdle": false}}]}}),
        );
        assert_eq!(
            service["template"]["containers"][0]["resources"],
            json!({"limits": {"memory": "1Gi", "cpu": "1000m"}})
        );
    }

    #[test]
    fn a_fraction_of_a_cpu_serves_one_request_at_a_time() {
        let service =
            filled(json!({"template": {"containers": [{"resources": {"limits": {"cpu": "0.5"}, "cpuIdle": true}}]}}));
        assert_eq!(service["template"]["maxInstanceRequestConcurrency"], json!(1));
    }

    #[test]
    fn zeros_go_and_the_manual_count_stays() {
        let service = filled(json!({
            "scaling": {"minInstanceCount": 0, "manualInstanceCount": 0},
            "template": {"scaling": {"minInstanceCount": 0, "maxInstanceCount": "3"}, "sessionAffinity": false},
        }));
        // No recording has a `scalingMode` that nobody sent, and hashicorp/google would plan to remove it for ever.
        assert_eq!(service["scaling"], json!({"manualInstanceCount": 0}));
        assert_eq!(service["template"]["scaling"], json!({"maxInstanceCount": 3}));
        assert_eq!(service["template"].get("sessionAffinity"), None);
    }

    #[test]
    fn a_probe_takes_the_port_of_its_container() {
        let service = filled(json!({"template": {"containers": [
            {"ports": [{"containerPort": 9000}], "livenessProbe": {"httpGet": {"path": "/health"}}},
        ]}}));
        assert_eq!(
            service["template"]["containers"][0]["livenessProbe"],
            json!({"timeoutSeconds": 1, "periodSeconds": 10, "failureThreshold": 3, "httpGet": {"path": "/health", "port": 9000}})
        );
    }

    #[test]
    fn a_timeout_has_one_spelling() {
        assert_eq!(filled(json!({"template": {"timeout": "60.000s"}}))["template"]["timeout"], json!("60s"));
    }

    #[test]
    fn stages_without_preview_features_are_general() {
        assert_eq!(filled(json!({"launchStage": "BETA"}))["launchStage"], json!("GA"));
    }
}
