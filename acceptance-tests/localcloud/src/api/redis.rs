//! `redis.googleapis.com` v1: Memorystore for Redis.
//!
//! Recorded (`redis-instance`): operations say `done: false`, and a PATCH took three fields at once. What is answered beyond that follows
//! the discovery document; the wording of refusals is not known. While something is under way with an instance, all else is refused.

use serde_json::{Value, json};

use super::{compute, labels, locations};
use crate::call::{Body, Call, Outcome, Reply};
use crate::collection::{self, Change, Collection, Completion, Naming, Verb, View};
use crate::error::ApiError;
use crate::json::{self, Object, Presence};
use crate::operation;
use crate::route::Api;

const HOST: &str = "redis.googleapis.com";
const INSTANCES: &str = "/v1/projects/{project}/locations/{location}/instances";
const INSTANCE: &str = "/v1/projects/{project}/locations/{location}/instances/{instance}";
const VERSIONS: [&str; 6] = ["REDIS_3_2", "REDIS_4_0", "REDIS_5_0", "REDIS_6_X", "REDIS_7_0", "REDIS_7_2"];
/// What a mask may name: the document's list, and what hashicorp/google sends.
const MUTABLE: [&str; 11] = [
    "displayName",
    "labels",
    "memorySizeGb",
    "redisConfigs",
    "replicaCount",
    "readReplicasMode",
    "secondaryIpRange",
    "authEnabled",
    "maintenancePolicy",
    "maintenanceVersion",
    "persistenceConfig",
];
/// Fields with a default: <https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances>.
const DEFAULTS: [(&str, &str); 4] = [
    ("redisVersion", "REDIS_7_0"),
    ("connectMode", "DIRECT_PEERING"),
    ("transitEncryptionMode", "DISABLED"),
    ("readReplicasMode", "READ_REPLICAS_DISABLED"),
];

/// The API.
pub(crate) fn api() -> Api {
    let on_instance = |f: fn(&dyn Collection, &mut Call<'_>) -> Outcome| {
        move |call: &mut Call<'_>| f(&Instance, call).map(|reply| said(call, reply))
    };
    Api::new(HOST)
        .on("GET", "/v1/projects/{project}/locations", |call| {
            let project = call.project()?.project_id;
            let all: Vec<Value> = locations::REGIONS.iter().map(|region| locations::body(&project, region)).collect();
            Ok(Reply::json(json!({"locations": all})))
        })
        .on("GET", INSTANCES, |call| collection::list(&Instance, call))
        .on("POST", INSTANCES, on_instance(collection::create))
        .on("GET", INSTANCE, |call| collection::get(&Instance, call))
        .on("PATCH", INSTANCE, on_instance(collection::update))
        .on("DELETE", INSTANCE, on_instance(collection::delete))
        .on("POST", "/v1/projects/{project}/locations/{location}/instances/{instance}:upgrade", |call| {
            upgrade(call).map(|reply| said(call, reply))
        })
        .on("GET", "/v1/projects/{project}/locations/{location}/operations/{operation}", |call| {
            let name = call.resource();
            operation::poll(call, &name).map(|reply| said(call, reply))
        })
}

/// An operation as this API says it: `done` in any case, and when it ended.
fn said(call: &Call<'_>, mut reply: Reply) -> Reply {
    if let Body::Json(body) = &mut reply.body {
        let done = body["done"] == true;
        body["done"] = json!(done);
        if done {
            body["metadata"]["endTime"] = json!(call.world.now());
        }
    }
    reply
}

struct Instance;

impl Collection for Instance {
    fn template(&self) -> &'static str {
        INSTANCE
    }

    fn list_field(&self) -> &'static str {
        "instances"
    }

    fn naming(&self) -> Naming {
        Naming::Query("instanceId")
    }

    fn completion(&self, verb: Verb) -> Completion {
        let response_type = match verb {
            Verb::Create | Verb::Update => "type.googleapis.com/google.cloud.redis.v1.Instance",
            Verb::Delete => "type.googleapis.com/google.protobuf.Empty",
        };
        Completion::Operation { metadata: Value::Null, response_type }
    }

    fn operation_metadata(&self, call: &Call<'_>, verb: Verb, name: &str) -> Option<Value> {
        Some(metadata(call, &format!("{verb:?}").to_lowercase(), name))
    }

    fn output_only(&self) -> &'static [&'static str] {
        &[
            "createTime",
            "currentLocationId",
            "host",
            "maintenanceSchedule",
            "nodes",
            "persistenceIamIdentity",
            "port",
            "readEndpoint",
            "readEndpointPort",
            "satisfiesPzi",
            "satisfiesPzs",
            "serverCaCerts",
            "state",
            "statusMessage",
        ]
    }

    fn pass_time(&self, call: &mut Call<'_>) {
        let name = call.resource();
        operation::pass_time(call.world, HOST, &name);
    }

    fn check_idle(&self, call: &Call<'_>, stored: &Value) -> Result<(), ApiError> {
        let name = stored["name"].as_str().unwrap_or_default();
        match operation::under_way(call.world, HOST, name) {
            Some(_) => Err(ApiError::aborted(format!("There is an operation running on the instance {name}."))),
            None => Ok(()),
        }
    }

    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError> {
        let Change { id, name, mut wanted, prior, mask } = change;
        let fixed = mask.iter().filter_map(|path| path.first()).find(|field| !MUTABLE.contains(&field.as_str()));
        if let Some(field) = fixed {
            let text = format!("The field {} of an instance cannot be updated.", json::snake(field));
            return Err(ApiError::invalid_field("update_mask", text));
        }
        if mask.iter().any(|path| path.len() > 1) {
            return Err(ApiError::invalid_field("update_mask", "A mask names whole fields of an instance."));
        }
        json::drop_zeros(&mut wanted, Presence { kept: &[], maps: &["labels", "redisConfigs"] });
        for map in ["labels", "redisConfigs"] {
            if wanted.get(map).and_then(Value::as_object).is_some_and(Object::is_empty) {
                wanted.remove(map);
            }
        }
        if prior.is_none() {
            check_new(call, &id)?;
            let network = wanted.get("authorizedNetwork").and_then(Value::as_str).unwrap_or_default();
            if wanted.get("connectMode") == Some(&json!("PRIVATE_SERVICE_ACCESS"))
                && compute::lacks_peering(call, network)
            {
                return Err(ApiError::failed_precondition(
                    "Google private service access is not enabled. Enable private service access and try again.",
                ));
            }
        }
        labels::check(wanted.get("labels"))?;
        complete(call, &mut wanted, prior)?;
        check(&wanted)?;
        wanted.insert("name".to_owned(), json!(name));
        Ok(Value::Object(wanted))
    }

    fn present(&self, call: &Call<'_>, stored: &Value, view: View) -> Value {
        let mut shown = stored.clone();
        let name = stored["name"].as_str().unwrap_or_default();
        let under_way = operation::under_way(call.world, HOST, name).filter(|_| !matches!(view, View::Change(_)));
        if let Some(verb) = under_way.and_then(|operation| operation.metadata.as_ref()?["verb"].as_str()) {
            shown["state"] = json!(if verb == "create" { "CREATING" } else { "UPDATING" });
        }
        shown
    }
}

fn metadata(call: &Call<'_>, verb: &str, name: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.cloud.common.OperationMetadata",
        "createTime": call.world.now(),
        "target": name,
        "verb": verb,
        "apiVersion": "v1",
    })
}

fn check_new(call: &Call<'_>, id: &str) -> Result<(), ApiError> {
    let location = call.param("location");
    if !locations::is_region(location) {
        return Err(ApiError::permission_denied(format!(
            "Location {location} is not found or access is unauthorized."
        )));
    }
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let sane = (1..=40).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.ends_with(inner)
        && id.chars().all(|c| inner(c) || c == '-');
    match sane {
        true => Ok(()),
        false => Err(ApiError::invalid_field(
            "instance_id",
            format!(
                "Invalid instance id \"{id}\": it has at most 40 lower case letters, digits and dashes, begins with a letter and does \
                 not end with a dash."
            ),
        )),
    }
}

/// Adds what the service chooses, and keeps what it has chosen before.
fn complete(call: &mut Call<'_>, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError> {
    let project = call.project()?;
    let location = call.param("location").to_owned();
    let is_high = match wanted.get("tier").and_then(Value::as_str) {
        Some("BASIC") => false,
        Some("STANDARD_HA") => true,
        _ => return Err(ApiError::invalid_field("instance.tier", "The tier is BASIC or STANDARD_HA.")),
    };
    for (field, value) in DEFAULTS {
        wanted.entry(field).or_insert_with(|| json!(value));
    }
    wanted.entry("locationId").or_insert_with(|| json!(format!("{location}-a")));
    wanted
        .entry("authorizedNetwork")
        .or_insert_with(|| json!(format!("projects/{}/global/networks/default", project.project_id)));
    wanted.entry("reservedIpRange").or_insert_with(|| json!("10.216.45.160/29"));
    wanted.entry("persistenceConfig").or_insert_with(|| json!({"persistenceMode": "DISABLED"}));
    if wanted["persistenceConfig"]["persistenceMode"] == "RDB" {
        let now = call.world.now();
        if let Some(config) = wanted.get_mut("persistenceConfig").and_then(Value::as_object_mut) {
            config.entry("rdbSnapshotPeriod").or_insert_with(|| json!("TWENTY_FOUR_HOURS"));
            config.entry("rdbSnapshotStartTime").or_insert_with(|| json!(now));
            config.insert("rdbNextSnapshotTime".to_owned(), json!(now));
        }
    } else {
        wanted.insert("persistenceConfig".to_owned(), json!({"persistenceMode": "DISABLED"}));
    }
    let has_readers = wanted["readReplicasMode"] == "READ_REPLICAS_ENABLED";
    if is_high {
        wanted.entry("alternativeLocationId").or_insert_with(|| json!(format!("{location}-b")));
        wanted.entry("replicaCount").or_insert_with(|| json!(if has_readers { 2 } else { 1 }));
    }
    let had_readers = prior.is_some_and(|prior| prior["readReplicasMode"] == "READ_REPLICAS_ENABLED");
    if prior.is_some() && has_readers && !had_readers && !wanted.contains_key("secondaryIpRange") {
        return Err(ApiError::invalid_field(
            "instance.secondary_ip_range",
            "A secondary IP range is required when read replicas are enabled on an instance.",
        ));
    }
    if let Some(windows) = wanted.get_mut("maintenancePolicy").and_then(Value::as_object_mut) {
        let now = call.world.now();
        windows.entry("createTime").or_insert_with(|| json!(now));
        windows.insert("updateTime".to_owned(), json!(now));
        for window in windows.get_mut("weeklyMaintenanceWindow").and_then(Value::as_array_mut).into_iter().flatten() {
            window["duration"] = json!("3600s");
        }
    }
    let kept = |field: &str| prior.and_then(|prior| prior.get(field)).cloned();
    let zone = wanted["locationId"].clone();
    let is_encrypted = wanted["transitEncryptionMode"] == "SERVER_AUTHENTICATION";
    let identity = format!("serviceAccount:service-{}@cloud-redis.iam.gserviceaccount.com", project.project_number);
    let chosen = [
        ("host", json!("10.216.45.163")),
        ("port", json!(if is_encrypted { 6378 } else { 6379 })),
        ("currentLocationId", zone.clone()),
        ("createTime", json!(call.world.now())),
        ("persistenceIamIdentity", json!(identity)),
        ("nodes", json!([{"id": "node-0", "zone": zone}])),
        ("maintenanceVersion", json!("20230821_00_00")),
        ("availableMaintenanceVersions", json!(["20231114_00_00", "20240220_00_00", "20240328_00_00"])),
    ];
    for (field, value) in chosen {
        wanted.insert(field.to_owned(), kept(field).unwrap_or(value));
    }
    if has_readers {
        wanted.insert("readEndpoint".to_owned(), json!("10.216.45.162"));
        wanted.insert("readEndpointPort".to_owned(), json!(6379));
    }
    wanted.insert("state".to_owned(), json!("READY"));
    Ok(())
}

fn check(wanted: &Object) -> Result<(), ApiError> {
    let refuse = |field: &str, text: &str| Err(ApiError::invalid_field(&format!("instance.{field}"), text));
    let number = |field: &str| wanted.get(field).and_then(Value::as_i64);
    if !number("memorySizeGb").is_some_and(|size| (1..=300).contains(&size)) {
        return refuse("memory_size_gb", "The memory size is from 1 to 300 GB.");
    }
    if !VERSIONS.contains(&wanted["redisVersion"].as_str().unwrap_or_default()) {
        return refuse("redis_version", "Unsupported Redis version.");
    }
    let is_high = wanted["tier"] == "STANDARD_HA";
    let has_readers = wanted["readReplicasMode"] == "READ_REPLICAS_ENABLED";
    if has_readers && !is_high {
        return refuse("read_replicas_mode", "Read replicas need the tier STANDARD_HA.");
    }
    if has_readers && number("memorySizeGb").is_some_and(|size| size < 5) {
        return refuse("memory_size_gb", "Read replicas need at least 5 GB.");
    }
    let replicas = match (is_high, has_readers) {
        (false, _) => 0..=0,
        (true, false) => 1..=1,
        (true, true) => 1..=5,
    };
    if !replicas.contains(&number("replicaCount").unwrap_or_default()) {
        return refuse(
            "replica_count",
            "There are 0 replicas in the tier BASIC, 1 in STANDARD_HA, 1 to 5 with read replicas.",
        );
    }
    if wanted["authorizedNetwork"].as_str().is_none_or(|name| !name.starts_with("projects/")) {
        return refuse(
            "authorized_network",
            "The network must be a full name: projects/PROJECT/global/networks/NETWORK.",
        );
    }
    Ok(())
}

/// The version only goes up.
fn upgrade(call: &mut Call<'_>) -> Outcome {
    let name = call.resource();
    let path = format!("/v1/{name}");
    let mut stored = call.world.get(HOST, &path).cloned().ok_or_else(|| Instance.not_found(&name))?;
    Instance.check_idle(call, &stored)?;
    let sent = call.body()?;
    let wanted = sent.get("redisVersion").and_then(Value::as_str).unwrap_or_default();
    let rank = |version: &str| VERSIONS.iter().position(|known| *known == version);
    match (rank(wanted), rank(stored["redisVersion"].as_str().unwrap_or_default())) {
        (Some(wanted), Some(current)) if wanted > current => {}
        _ => {
            let text = format!("The instance cannot be upgraded from {} to {wanted}.", stored["redisVersion"]);
            return Err(ApiError::invalid_field("redis_version", text));
        }
    }
    stored["redisVersion"] = json!(wanted);
    if !call.is_condemned() {
        call.world.put(HOST, &path, stored.clone());
    }
    stored["@type"] = json!("type.googleapis.com/google.cloud.redis.v1.Instance");
    let metadata = metadata(call, "update", &name);
    let id = call.world.uuid();
    Ok(operation::start(call, Instance.operation_name(&name, &id), Some(metadata), stored))
}
