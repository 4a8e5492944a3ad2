//! Databases of an instance. Those that come with it are there, too: `postgres`, or MySQL's and SQL Server's own.

use serde_json::{Value, json};

use super::operation::{self, Takes};
use super::{HOST, invalid, is_of, running, self_link};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::merge_patch;
use crate::route::Api;

const DATABASES: &str = "/v1/projects/{project}/instances/{instance}/databases";
const DATABASE: &str = "/v1/projects/{project}/instances/{instance}/databases/{database}";
/// MySQL's databases of its own.
const OF_MYSQL: [&str; 4] = ["information_schema", "mysql", "performance_schema", "sys"];
/// SQL Server's.
const OF_SQL_SERVER: [&str; 4] = ["master", "model", "msdb", "tempdb"];

/// Adds databases to the API.
pub(super) fn serve(api: Api) -> Api {
    api.on("GET", DATABASES, list)
        .on("POST", DATABASES, create)
        .on("GET", DATABASE, get)
        .on("PATCH", DATABASE, patch)
        .on("DELETE", DATABASE, delete)
}

/// The databases that come with an instance.
pub(super) fn add_own(call: &mut Call<'_>, path: &str, instance: &Value) {
    let own: &[&str] = if is_of(instance, "MYSQL") {
        &OF_MYSQL
    } else if is_of(instance, "SQLSERVER") {
        &OF_SQL_SERVER
    } else {
        &["postgres"]
    };
    for name in own {
        let body = complete(call, path, instance, json!({ "name": name }));
        call.world.put(HOST, &format!("{path}/databases/{name}"), body);
    }
}

fn complete(call: &mut Call<'_>, path: &str, instance: &Value, mut body: Value) -> Value {
    let (charset, collation) = match () {
        () if is_of(instance, "POSTGRES") => ("UTF8", "en_US.UTF8"),
        () if is_of(instance, "MYSQL_5") => ("utf8", "utf8_general_ci"),
        () if is_of(instance, "MYSQL") => ("utf8mb4", "utf8mb4_0900_ai_ci"),
        () => ("", "SQL_Latin1_General_CP1_CI_AS"),
    };
    for (field, usual) in [("charset", charset), ("collation", collation)] {
        if body[field].as_str().unwrap_or_default().is_empty() {
            body[field] = json!(usual);
        }
    }
    let name = body["name"].as_str().unwrap_or_default();
    body["selfLink"] = json!(self_link(&format!("{path}/databases/{name}")));
    body["kind"] = json!("sql#database");
    body["instance"] = json!(call.param("instance"));
    body["project"] = json!(call.param("project"));
    if body["instance"] == "" {
        body["instance"] = instance["name"].clone();
    }
    body["etag"] = json!(call.world.etag());
    body
}

fn missing() -> ApiError {
    ApiError::storage(404, "databaseDoesNotExist", "The Cloud SQL database does not exist.")
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (path, _) = running(call)?;
    let items = call.world.children(HOST, &format!("{path}/databases")).map(|(_, body)| body.clone()).collect();
    Ok(Reply::json(super::list_of("sql#databasesList", items)))
}

fn get(call: &mut Call<'_>) -> Outcome {
    running(call)?;
    call.stored().cloned().map(Reply::json).ok_or_else(missing)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (path, instance) = running(call)?;
    operation::check_free(call, &path)?;
    let body = Value::Object(call.body()?);
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    let most = if is_of(&instance, "POSTGRES") { 63 } else { 64 };
    if name.is_empty() || name.len() > most || name.contains('/') {
        return Err(invalid(format!("Invalid database name: {name:?}")));
    }
    let at = format!("{path}/databases/{name}");
    if call.world.has(HOST, &at) {
        // How the databases' own refusals come through: reported for hashicorp/google.
        let refusal = if is_of(&instance, "POSTGRES") {
            format!("failed to create database {name}. Detail: pq: database \"{name}\" already exists")
        } else {
            format!(
                "failed to create database {name}. Detail: Error 1007: Can't create database '{name}'; database exists"
            )
        };
        return Err(invalid(refusal));
    }
    let body = complete(call, &path, &instance, body);
    if !call.is_condemned() {
        call.world.put(HOST, &at, body);
    }
    Ok(operation::start(call, &path, "CREATE_DATABASE", Takes::NoTime))
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let (path, instance) = running(call)?;
    operation::check_free(call, &path)?;
    let mut body = call.stored().cloned().ok_or_else(missing)?;
    let change = Value::Object(call.body()?);
    if is_of(&instance, "POSTGRES") {
        // Not documented; PostgreSQL itself has no way to do it.
        return Err(invalid("Charset and collation of a PostgreSQL database cannot be changed"));
    }
    merge_patch(&mut body, &change);
    let at = call.path();
    body["etag"] = json!(call.world.etag());
    call.world.put(HOST, &at, body);
    Ok(operation::start(call, &path, "UPDATE_DATABASE", Takes::NoTime))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (path, instance) = running(call)?;
    operation::check_free(call, &path)?;
    let (at, name) = (call.path(), call.param("database").to_owned());
    if !call.world.has(HOST, &at) {
        return Err(missing());
    }
    let is_own = is_of(&instance, "MYSQL") && OF_MYSQL.contains(&name.as_str())
        || is_of(&instance, "SQLSERVER") && OF_SQL_SERVER.contains(&name.as_str());
    if is_own {
        return Err(invalid(format!("Cannot delete the system database {name}")));
    }
    if !call.is_condemned() {
        call.world.remove(HOST, &at);
    }
    Ok(operation::start(call, &path, "DELETE_DATABASE", Takes::NoTime))
}
