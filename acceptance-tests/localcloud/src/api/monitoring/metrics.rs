//! What is known of metrics: the kinds of the common ones, which of the others exist, and their descriptors.
//! Metrics of Google's own services always exist here; those that people write exist when a descriptor, a log-based metric
//! or an alert policy of the project says so.

use serde_json::{Value, json};

use super::{filter, list_page};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::store::World;

/// The API host.
pub(super) const HOST: &str = "monitoring.googleapis.com";

/// Metrics that exist only when somebody writes them.
const WRITTEN: [&str; 6] = [
    "custom.googleapis.com/",
    "external.googleapis.com/",
    "workload.googleapis.com/",
    "prometheus.googleapis.com/",
    "logging.googleapis.com/user/",
    "user.googleapis.com/",
];

/// Kind and value type of common metrics of Google's services.
const KNOWN: [(&str, &str, &str); 36] = [
    ("run.googleapis.com/request_count", "DELTA", "INT64"),
    ("run.googleapis.com/request_latencies", "DELTA", "DISTRIBUTION"),
    ("run.googleapis.com/container/billable_instance_time", "DELTA", "DOUBLE"),
    ("run.googleapis.com/container/completed_probe_attempt_count", "DELTA", "INT64"),
    ("run.googleapis.com/container/completed_probe_count", "DELTA", "INT64"),
    ("run.googleapis.com/container/cpu/allocation_time", "DELTA", "DOUBLE"),
    ("run.googleapis.com/container/cpu/utilizations", "DELTA", "DISTRIBUTION"),
    ("run.googleapis.com/container/instance_count", "GAUGE", "INT64"),
    ("run.googleapis.com/container/max_request_concurrencies", "DELTA", "DISTRIBUTION"),
    ("run.googleapis.com/container/memory/allocation_time", "DELTA", "DOUBLE"),
    ("run.googleapis.com/container/memory/utilizations", "DELTA", "DISTRIBUTION"),
    ("run.googleapis.com/container/network/received_bytes_count", "DELTA", "INT64"),
    ("run.googleapis.com/container/network/sent_bytes_count", "DELTA", "INT64"),
    ("run.googleapis.com/container/probe_attempt_latencies", "DELTA", "DISTRIBUTION"),
    ("run.googleapis.com/container/probe_latencies", "DELTA", "DISTRIBUTION"),
    ("run.googleapis.com/container/startup_latencies", "DELTA", "DISTRIBUTION"),
    ("compute.googleapis.com/instance/cpu/utilization", "GAUGE", "DOUBLE"),
    ("compute.googleapis.com/instance/uptime", "DELTA", "DOUBLE"),
    ("cloudsql.googleapis.com/database/cpu/utilization", "GAUGE", "DOUBLE"),
    ("cloudsql.googleapis.com/database/disk/utilization", "GAUGE", "DOUBLE"),
    ("cloudsql.googleapis.com/database/memory/utilization", "GAUGE", "DOUBLE"),
    ("cloudsql.googleapis.com/database/up", "GAUGE", "INT64"),
    ("storage.googleapis.com/api/request_count", "DELTA", "INT64"),
    ("storage.googleapis.com/storage/object_count", "GAUGE", "INT64"),
    ("storage.googleapis.com/storage/total_bytes", "GAUGE", "DOUBLE"),
    ("storage.googleapis.com/storage/v2/total_bytes", "GAUGE", "DOUBLE"),
    ("pubsub.googleapis.com/subscription/num_undelivered_messages", "GAUGE", "INT64"),
    ("pubsub.googleapis.com/subscription/oldest_unacked_message_age", "GAUGE", "INT64"),
    ("firestore.googleapis.com/document/read_count", "DELTA", "INT64"),
    ("firestore.googleapis.com/document/write_count", "DELTA", "INT64"),
    ("firestore.googleapis.com/document/delete_count", "DELTA", "INT64"),
    ("loadbalancing.googleapis.com/https/request_count", "DELTA", "INT64"),
    ("loadbalancing.googleapis.com/https/total_latencies", "DELTA", "DISTRIBUTION"),
    ("logging.googleapis.com/log_entry_count", "DELTA", "INT64"),
    ("monitoring.googleapis.com/uptime_check/check_passed", "GAUGE", "BOOL"),
    ("monitoring.googleapis.com/uptime_check/request_latency", "GAUGE", "DOUBLE"),
];

/// Kind (`GAUGE`, `DELTA`, `CUMULATIVE`) and value type of a metric, where known.
pub(super) fn kind_of(world: &World, project: &str, metric: &str) -> Option<(String, String)> {
    let known = KNOWN.iter().find(|(name, _, _)| *name == metric);
    if let Some((_, kind, value)) = known {
        return Some(((*kind).to_owned(), (*value).to_owned()));
    }
    let body = world.get(HOST, &descriptor_path(project, metric))?;
    Some((body["metricKind"].as_str()?.to_owned(), body["valueType"].as_str()?.to_owned()))
}

/// Does the metric exist in the project?
pub(super) fn exists(world: &World, project: &str, metric: &str) -> bool {
    if !WRITTEN.iter().any(|prefix| metric.starts_with(prefix)) || world.has(HOST, &descriptor_path(project, metric)) {
        return true;
    }
    let log_based = metric
        .strip_prefix("logging.googleapis.com/user/")
        .is_some_and(|name| world.has("logging.googleapis.com", &format!("/v2/projects/{project}/metrics/{name}")));
    let quoted = format!("\"{metric}\"");
    log_based
        || world.children(HOST, &format!("/v3/projects/{project}/alertPolicies")).any(|(_, policy)| {
            let conditions = policy["conditions"].as_array();
            conditions.into_iter().flatten().any(|condition| {
                ["conditionThreshold", "conditionAbsent"].iter().any(|kind| {
                    ["filter", "denominatorFilter"]
                        .iter()
                        .any(|field| condition[*kind][*field].as_str().is_some_and(|f| f.contains(&quoted)))
                })
            })
        })
}

/// 404 for a metric that nobody has written.
pub(super) fn unknown(metric: &str) -> ApiError {
    ApiError::not_found(format!(
        "Cannot find metric(s) that match type = \"{metric}\". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon."
    ))
}

fn descriptor_path(project: &str, metric: &str) -> String {
    format!("/v3/projects/{project}/metricDescriptors/{metric}")
}

fn descriptor(project: &str, metric: &str, kind: &str, value: &str) -> Value {
    json!({
        "name": format!("projects/{project}/metricDescriptors/{metric}"),
        "type": metric,
        "metricKind": kind,
        "valueType": value,
    })
}

/// POST of a metric descriptor.
pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let mut body = call.body()?;
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let metric = text("type");
    let own = ["custom.googleapis.com/", "external.googleapis.com/", "workload.googleapis.com/"];
    if !own.iter().any(|prefix| metric.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty())) {
        return Err(super::invalid(
            "metric_descriptor.type",
            &metric,
            "must begin with custom.googleapis.com/ or external.googleapis.com/",
        ));
    }
    for field in ["metricKind", "valueType"] {
        if matches!(text(field).as_str(), "" | "METRIC_KIND_UNSPECIFIED" | "VALUE_TYPE_UNSPECIFIED") {
            return Err(super::invalid(&format!("metric_descriptor.{field}"), &text(field), "must be specified"));
        }
    }
    body.insert("name".to_owned(), json!(format!("projects/{project}/metricDescriptors/{metric}")));
    let body = Value::Object(body);
    call.world.put(HOST, &descriptor_path(&project, &metric), body.clone());
    Ok(Reply::json(body))
}

/// GET of a metric descriptor.
pub(super) fn get(call: &mut Call<'_>) -> Outcome {
    let (project, metric) = (call.param("project").to_owned(), call.param("metric").to_owned());
    if let Some(stored) = call.world.get(HOST, &descriptor_path(&project, &metric)) {
        return Ok(Reply::json(stored.clone()));
    }
    match KNOWN.iter().find(|(name, _, _)| *name == metric) {
        Some((name, kind, value)) => Ok(Reply::json(descriptor(&project, name, kind, value))),
        None => Err(ApiError::not_found(format!("Could not find descriptor for metric '{metric}'."))),
    }
}

/// DELETE of a metric descriptor.
pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    match call.world.remove(HOST, &path) {
        Some(_) => Ok(Reply::empty_object()),
        None => Err(ApiError::not_found(format!("Could not find descriptor for metric '{}'.", call.param("metric")))),
    }
}

/// The metric descriptors of a project; `filter` is on `metric.type`.
pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let wanted = filter::parse(call.query("filter").unwrap_or_default())
        .map_err(|text| super::invalid("filter", call.query("filter").unwrap_or_default(), &text))?;
    let prefix = descriptor_path(&project, "");
    let stored = call.world.state.objects.get(HOST).into_iter().flat_map(|objects| {
        objects.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix)).map(|(_, o)| o.body.clone())
    });
    let built_in = KNOWN.iter().map(|(name, kind, value)| descriptor(&project, name, kind, value));
    let mut items: Vec<(String, Value)> = stored
        .chain(built_in)
        .filter(|body| wanted.matches(&json!({"metric": {"type": body["type"]}})))
        .map(|body| (body["type"].as_str().unwrap_or_default().to_owned(), body))
        .collect();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    list_page(call, "metricDescriptors", items, false)
}
