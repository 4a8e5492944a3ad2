//! `firestore.googleapis.com` v1, the administration of databases: `database`, composite indexes in `index`, single fields in `field`.
//!
//! Documents are not served. All changes are operations but the removal of an index; what they make is `CREATING` until the operation
//! ends, which polls of the operation and reads of the object bring about alike.

mod database;
mod field;
mod index;

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::operation;
use crate::pages::{self, PageRule};
use crate::route::Api;
use crate::store::{End, World};

const HOST: &str = "firestore.googleapis.com";
const OPERATION: &str = "/v1/projects/{project}/databases/{database}/operations/{operation}";
const PAGES: PageRule = PageRule { default: 100, max: 1000 };

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST).on("GET", OPERATION, |call| {
        let name = call.resource();
        conclude(call.world, &name);
        operation::poll(call, &name)
    });
    field::serve(index::serve(database::serve(api)))
}

/// The path of the database that the call names.
///
/// # Errors
/// 404 when there is none.
fn existing_database(call: &Call<'_>) -> Result<String, ApiError> {
    let (project, database) = (call.param("project"), call.param("database"));
    let path = format!("/v1/projects/{project}/databases/{database}");
    match call.world.get(HOST, &path) {
        Some(body) if body.get("deleteTime").is_none() => Ok(path),
        _ => Err(ApiError::not_found(format!(
            "The database {database} does not exist for project {project} Please visit \
             https://console.cloud.google.com/datastore/setup?project={project} to add a Cloud Datastore or Cloud Firestore database. "
        ))),
    }
}

/// Starts the operation `metadata` (its start time is added) below the database. Where the simulated cloud does not lag, it has ended.
fn start(call: &mut Call<'_>, mut metadata: Value, response: Value) -> Reply {
    metadata["startTime"] = json!(call.world.now());
    metadata["state"] = json!("INITIALIZING");
    let id = call.world.uuid().replace('-', "");
    let name = format!("projects/{}/databases/{}/operations/{id}", call.param("project"), call.param("database"));
    let reply = operation::start(call, name.clone(), Some(metadata), response);
    conclude(call.world, &name);
    reply
}

/// Ends an operation whose polls are used up: its metadata says so, and what it made is no longer `CREATING`.
fn conclude(world: &mut World, name: &str) {
    let now = world.clock.now();
    let operation = world.state.operations.get_mut(HOST).and_then(|operations| operations.get_mut(name));
    let Some(operation) = operation.filter(|operation| operation.pending.is_over(now)) else { return };
    let Some(metadata) = operation.metadata.as_mut().filter(|metadata| metadata["state"] == "INITIALIZING") else {
        return;
    };
    let failed = matches!(operation.end, End::Error(_));
    metadata["state"] = json!(if failed { "FAILED" } else { "SUCCESSFUL" });
    metadata["endTime"] = json!(clock::micros(now));
    metadata["progressDocuments"] = json!({});
    let made = metadata.get("index").or_else(|| metadata.get("field")).and_then(Value::as_str).unwrap_or_default();
    let path = format!("/v1/{made}");
    let object = world.state.objects.get_mut(HOST).and_then(|objects| objects.get_mut(&path));
    if let Some(object) = object {
        if object.body["state"] == "CREATING" {
            object.body["state"] = json!("READY");
        }
        if object.body["ttlConfig"]["state"] == "CREATING" {
            object.body["ttlConfig"]["state"] = json!("ACTIVE");
        }
    }
}

/// A read of the object `name` brings the operations on it forward, as time does.
fn pass_time(world: &mut World, name: &str) {
    let now = world.clock.now();
    let operations = world.state.operations.get_mut(HOST).into_iter().flatten();
    let about = |metadata: &Value| metadata["index"] == name || metadata["field"] == name;
    let mut ended = Vec::new();
    for (key, operation) in operations.filter(|(_, operation)| operation.metadata.as_ref().is_some_and(about)) {
        if operation.pending.look(now) {
            ended.push(key.clone());
        }
    }
    for key in ended {
        conclude(world, &key);
    }
}

/// One page of `items` (sorted by key) under `field`.
fn page(call: &Call<'_>, field: &str, items: Vec<(String, Value)>) -> Outcome {
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut answer = json!({});
    if !page.items.is_empty() {
        answer[field] = Value::Array(page.items);
    }
    if let Some(next) = page.next {
        answer["nextPageToken"] = json!(next);
    }
    Ok(Reply::json(answer))
}

/// Path and body of what lies in the collection `kind` of the collection group that the call names; `-` names all groups.
fn in_groups<'a>(call: &'a Call<'_>, database: &str, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let group = call.param("group");
    let prefix = format!("{database}/collectionGroups/");
    let objects = call.world.state.objects.get(HOST).into_iter().flatten();
    objects
        .filter_map(|(path, object)| {
            let rest = path.strip_prefix(&prefix)?;
            let (in_group, rest) = rest.split_once('/')?;
            (rest.starts_with(kind) && (group == "-" || group == in_group)).then_some((path.as_str(), &object.body))
        })
        .collect()
}
