//! Databases: create, change and delete, each an operation that shows its response before it is done.
//!
//! A deleted database stays under its unique id, with `previousId`; its name is free again. `earliestVersionTime` moves with the clock.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::HOST;
use crate::api::locations;
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::collection;
use crate::error::ApiError;
use crate::json::{self, Mask, Object, Presence};
use crate::lag::Pending;
use crate::operation;
use crate::route::Api;
use crate::store::{End, Form, Operation, World};

const DATABASES: &str = "/v1/projects/{project}/databases";
const DATABASE: &str = "/v1/projects/{project}/databases/{database}";
const MULTI_REGIONS: [&str; 3] = ["eur3", "nam5", "nam7"];
const OUTPUT_ONLY: [&str; 11] = [
    "name",
    "uid",
    "createTime",
    "updateTime",
    "deleteTime",
    "previousId",
    "keyPrefix",
    "earliestVersionTime",
    "versionRetentionPeriod",
    "freeTier",
    "etag",
];
const MUTABLE: [&str; 5] =
    ["deleteProtectionState", "pointInTimeRecoveryEnablement", "type", "concurrencyMode", "appEngineIntegrationMode"];

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", DATABASES, list)
        .on("POST", DATABASES, create)
        .on("GET", DATABASE, |call| {
            let stored = stored(call)?;
            Ok(Reply::json(shown(call.world, stored)))
        })
        .on("PATCH", DATABASE, patch)
        .on("DELETE", DATABASE, delete)
}

fn stored(call: &Call<'_>) -> Result<Value, ApiError> {
    let (project, database) = (call.param("project"), call.param("database"));
    let missing = || ApiError::not_found(format!("Project '{project}' or database '{database}' does not exist."));
    call.stored().cloned().ok_or_else(missing)
}

/// A database as an answer shows it now: what is read in the past reaches back by the retention period, not beyond its creation.
fn shown(world: &World, mut body: Value) -> Value {
    if body.get("deleteTime").is_some() {
        return body;
    }
    let retention =
        body["versionRetentionPeriod"].as_str().and_then(|text| text.trim_end_matches('s').parse::<i64>().ok());
    let earliest = world.clock.now().as_second() - retention.unwrap_or(3600);
    let stored = body["earliestVersionTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    if let Ok(earliest) = Timestamp::from_second(earliest)
        && stored.is_none_or(|stored| stored < earliest)
    {
        body["earliestVersionTime"] = json!(clock::micros(earliest));
    }
    body
}

fn list(call: &mut Call<'_>) -> Outcome {
    let parent = call.path();
    let deleted_too = call.query("showDeleted") == Some("true");
    let all = call.world.children(HOST, &parent).map(|(_, body)| body.clone());
    let kept = all.filter(|body| deleted_too || body.get("deleteTime").is_none());
    let databases: Vec<Value> = kept.map(|body| shown(call.world, body)).collect();
    let mut answer = json!({});
    if !databases.is_empty() {
        answer["databases"] = Value::Array(databases);
    }
    Ok(Reply::json(answer))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let id = call.query("databaseId").unwrap_or_default().to_owned();
    check_id(&id)?;
    let parent = call.path();
    let path = format!("{parent}/{id}");
    if call.world.has(HOST, &path) {
        return Err(ApiError::already_exists("Database already exists. Please use another database_id"));
    }
    let mut wanted = call.body()?;
    wanted.retain(|field, _| !OUTPUT_ONLY.contains(&field.as_str()) && field != "tags" && field != "sourceInfo");
    check_location(wanted.get("locationId").and_then(Value::as_str).unwrap_or_default())?;
    settle(&mut wanted)?;
    let has_free = call.world.children(HOST, &parent).any(|(_, other)| other["freeTier"] == true);
    if !has_free && wanted["databaseEdition"] == "STANDARD" {
        wanted.insert("freeTier".to_owned(), json!(true));
    }
    let now = call.world.now();
    wanted.insert("name".to_owned(), json!(format!("projects/{project}/databases/{id}")));
    wanted.insert("uid".to_owned(), json!(call.world.uuid()));
    for time in ["createTime", "updateTime", "earliestVersionTime"] {
        wanted.insert(time.to_owned(), json!(now));
    }
    wanted.insert("etag".to_owned(), json!(call.world.etag()));
    let body = Value::Object(wanted);
    if !call.is_condemned() {
        call.world.put(HOST, &path, body.clone());
    }
    Ok(answer(call, &id, "CreateDatabaseMetadata", body, false))
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    let prior = stored(call)?;
    if prior.get("deleteTime").is_some() {
        return Err(ApiError::failed_precondition("The database is deleted."));
    }
    let sent = call.body()?;
    collection::check_etag(&sent, &prior).map_err(|_| stale())?;
    let mask: Mask = json::parse_mask(call.query("updateMask").unwrap_or_default())
        .into_iter()
        .filter(|path| path.first().is_some_and(|first| first != "name" && first != "etag"))
        .collect();
    let first = |path: &Vec<String>| path.first().cloned().unwrap_or_default();
    if let Some(fixed) = mask.iter().map(first).find(|field| !MUTABLE.contains(&field.as_str())) {
        let text = format!("The field {} of a database cannot be changed.", json::snake(&fixed));
        return Err(ApiError::invalid_field("update_mask", text));
    }
    let mut wanted = prior.as_object().cloned().unwrap_or_default();
    if mask.is_empty() {
        wanted.extend(sent.into_iter().filter(|(field, _)| MUTABLE.contains(&field.as_str())));
    } else {
        json::apply_mask(&mut wanted, &sent, &mask);
    }
    settle(&mut wanted)?;
    wanted.insert("updateTime".to_owned(), json!(call.world.now()));
    wanted.insert("etag".to_owned(), json!(call.world.etag()));
    let body = Value::Object(wanted);
    if !call.is_condemned() {
        call.world.put(HOST, &path, body.clone());
    }
    let id = call.param("database").to_owned();
    let body = shown(call.world, body);
    Ok(answer(call, &id, "UpdateDatabaseMetadata", body, true))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    let mut body = stored(call)?;
    if body.get("deleteTime").is_some() {
        return Err(ApiError::failed_precondition("The database is deleted already."));
    }
    if call.query("etag").is_some_and(|etag| !etag.is_empty() && body["etag"] != etag) {
        return Err(stale());
    }
    if body["deleteProtectionState"] == "DELETE_PROTECTION_ENABLED" {
        return Err(ApiError::failed_precondition(
            "Delete protection is enabled for this database: disable it before the database is deleted.",
        ));
    }
    let id = call.param("database").to_owned();
    let project = call.param("project").to_owned();
    let uid = body["uid"].as_str().unwrap_or(&id).to_owned();
    body = shown(call.world, body);
    body["name"] = json!(format!("projects/{project}/databases/{uid}"));
    body["previousId"] = json!(id);
    body["deleteTime"] = json!(call.world.now());
    body["updateTime"] = body["deleteTime"].clone();
    body["etag"] = json!(call.world.etag());
    if !call.is_condemned() {
        call.world.remove(HOST, &path);
        call.world.put(HOST, &format!("/v1/projects/{project}/databases/{uid}"), body.clone());
    }
    Ok(answer(call, &id, "DeleteDatabaseMetadata", body, false))
}

fn stale() -> ApiError {
    ApiError::failed_precondition("The etag of the database is not the one that was sent.")
}

/// The operation on a database, which shows the database from the beginning.
fn answer(call: &mut Call<'_>, id: &str, metadata: &str, mut response: Value, done: bool) -> Reply {
    response["@type"] = json!("type.googleapis.com/google.firestore.admin.v1.Database");
    let end = match call.take_operation_error() {
        Some(error) => End::Error(error.as_operation_error()),
        None => End::Response(response),
    };
    let operation_id = call.world.uuid().replace('-', "");
    let operation = Operation {
        name: format!("projects/{}/databases/{id}/operations/{operation_id}", call.param("project")),
        metadata: Some(json!({"@type": format!("type.googleapis.com/google.firestore.admin.v1.{metadata}")})),
        pending: if done { Pending::default() } else { operation::begin(call) },
        end,
        shows_response_early: true,
        form: Form::Done,
    };
    let body = operation.body(done);
    operation::register(call, operation);
    Reply::json(body)
}

/// `(default)`, or 4 to 63 lower case letters, digits and dashes that look like no UUID.
fn check_id(id: &str) -> Result<(), ApiError> {
    let field = "database_id";
    if id.is_empty() {
        return Err(ApiError::invalid_field(field, "database_id is required."));
    }
    let sane = (4..=63).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let groups: Vec<usize> = id.split('-').map(str::len).collect();
    let is_uuid = groups == [8, 4, 4, 4, 12] && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    match id == "(default)" || sane && !is_uuid {
        true => Ok(()),
        false => Err(ApiError::invalid_field(
            field,
            format!(
                "Invalid database id {id}: it has 4 to 63 lower case letters, digits and dashes, begins with a letter, does not end \
                 with a dash, and looks like no UUID; or it is (default)."
            ),
        )),
    }
}

fn check_location(location: &str) -> Result<(), ApiError> {
    match location {
        "" => Err(ApiError::invalid_field("database.location_id", "location_id is required.")),
        known if MULTI_REGIONS.contains(&known) || locations::is_region(known) => Ok(()),
        other => Err(ApiError::invalid_field("database.location_id", format!("Invalid location: {other}"))),
    }
}

/// Refuses and fills in what is true of a database before and after any change.
fn settle(wanted: &mut Object) -> Result<(), ApiError> {
    let unset =
        |value: &Value| json::is_zero(value) || value.as_str().is_some_and(|text| text.ends_with("_UNSPECIFIED"));
    wanted.retain(|_, value| !unset(value));
    if !wanted.contains_key("type") {
        return Err(ApiError::invalid_field("database.type", "The type of the database is required."));
    }
    let edition = wanted.entry("databaseEdition").or_insert_with(|| json!("STANDARD"));
    let enterprise = *edition == "ENTERPRISE";
    if enterprise && wanted["type"] == "DATASTORE_MODE" {
        return Err(ApiError::invalid_field("database.type", "The Enterprise edition has Native mode only."));
    }
    let mode = if enterprise { "OPTIMISTIC" } else { "PESSIMISTIC" };
    let defaults = [
        ("concurrencyMode", mode),
        ("appEngineIntegrationMode", "DISABLED"),
        ("deleteProtectionState", "DELETE_PROTECTION_DISABLED"),
        ("pointInTimeRecoveryEnablement", "POINT_IN_TIME_RECOVERY_DISABLED"),
    ];
    for (field, value) in defaults {
        wanted.entry(field).or_insert_with(|| json!(value));
    }
    let recovery = wanted["pointInTimeRecoveryEnablement"] == "POINT_IN_TIME_RECOVERY_ENABLED";
    wanted.insert("versionRetentionPeriod".to_owned(), json!(if recovery { "604800s" } else { "3600s" }));
    if wanted.get("cmekConfig").and_then(Value::as_object).is_some_and(Object::is_empty) {
        wanted.remove("cmekConfig");
    }
    json::drop_zeros(wanted, Presence::default());
    Ok(())
}
