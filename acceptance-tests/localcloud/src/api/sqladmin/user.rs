//! Users of an instance: told apart by name and host, which PUT and DELETE have in the query. Passwords are taken and kept nowhere.

use serde_json::{Value, json};

use super::operation::{self, Takes};
use super::{HOST, invalid, is_of, running};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{Object, merge_patch};
use crate::route::Api;

const USERS: &str = "/v1/projects/{project}/instances/{instance}/users";
const USER: &str = "/v1/projects/{project}/instances/{instance}/users/{user}";
const TYPES: [&str; 6] = [
    "BUILT_IN",
    "CLOUD_IAM_USER",
    "CLOUD_IAM_SERVICE_ACCOUNT",
    "CLOUD_IAM_GROUP",
    "CLOUD_IAM_GROUP_USER",
    "CLOUD_IAM_GROUP_SERVICE_ACCOUNT",
];

/// Adds users to the API.
pub(super) fn serve(api: Api) -> Api {
    api.on("GET", USERS, list)
        .on("POST", USERS, create)
        .on("PUT", USERS, update)
        .on("DELETE", USERS, delete)
        .on("GET", USER, get)
}

/// The user that comes with an instance: `root` of every host, or `postgres` and `sqlserver`, which know no hosts.
pub(super) fn add_own(call: &mut Call<'_>, path: &str, instance: &Value) {
    let (name, host) = match () {
        () if is_of(instance, "MYSQL") => ("root", Some("%")),
        () if is_of(instance, "SQLSERVER") => ("sqlserver", None),
        () => ("postgres", Some("")),
    };
    let mut user =
        json!({"kind": "sql#user", "name": name, "instance": instance["name"], "project": instance["project"]});
    if let Some(host) = host {
        user["host"] = json!(host);
    }
    if is_of(instance, "MYSQL") {
        user["passwordPolicy"] = json!({"status": {}});
    }
    user["etag"] = json!(call.world.etag());
    call.world.put(HOST, &at(path, name, host.unwrap_or_default()), user);
}

/// Where a user is kept: hosts are part of who it is.
fn at(instance: &str, name: &str, host: &str) -> String {
    let name = name.replace('/', "%2F");
    let host = host.replace('/', "%2F");
    if host.is_empty() { format!("{instance}/users/{name}") } else { format!("{instance}/users/{name}@{host}") }
}

fn missing() -> ApiError {
    ApiError::storage(404, "notFound", "User not found.")
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (path, _) = running(call)?;
    let items = call.world.children(HOST, &format!("{path}/users")).map(|(_, body)| body.clone()).collect();
    Ok(Reply::json(super::list_of("sql#usersList", items)))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (path, _) = running(call)?;
    let at = at(&path, call.param("user"), call.query("host").unwrap_or_default());
    call.world.get(HOST, &at).cloned().map(Reply::json).ok_or_else(missing)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (path, instance) = running(call)?;
    operation::check_free(call, &path)?;
    let mut user = call.body()?;
    let text = |user: &Object, field: &str| user.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, mut host, kind) = (text(&user, "name"), text(&user, "host"), text(&user, "type"));
    if name.is_empty() {
        return Err(invalid("User name cannot be empty"));
    }
    if !kind.is_empty() && !TYPES.contains(&kind.as_str()) {
        return Err(invalid(format!("Invalid user type: {kind}")));
    }
    let is_iam = kind.starts_with("CLOUD_IAM");
    let has_hosts = is_of(&instance, "MYSQL");
    if is_iam {
        check_iam(&instance, &name, &user)?;
    }
    if !has_hosts && !host.is_empty() {
        return Err(invalid("Host is only supported for MySQL"));
    }
    if has_hosts && host.is_empty() && !is_iam {
        host = "%".to_owned();
    }
    let at = at(&path, &name, &host);
    if call.world.has(HOST, &at) && !has_hosts && !is_iam {
        // Recorded nowhere; hashicorp/google counts on it when it declares `postgres`: an insert of a user that is there sets its
        // password.
    } else if call.world.has(HOST, &at) {
        return Err(ApiError::storage(409, "userAlreadyExists", format!("User {name} already exists.")));
    }
    let has_password = !text(&user, "password").is_empty();
    if is_of(&instance, "SQLSERVER") && !is_iam && !has_password {
        return Err(invalid("A password is required"));
    }
    user.remove("password");
    user.insert("kind".to_owned(), json!("sql#user"));
    user.insert("host".to_owned(), json!(host));
    user.insert("instance".to_owned(), instance["name"].clone());
    user.insert("project".to_owned(), instance["project"].clone());
    if !is_iam {
        user.remove("type");
    }
    let mut user = Value::Object(user);
    if has_hosts {
        stamp_policy(call, &mut user);
    }
    user["etag"] = json!(call.world.etag());
    if !call.is_condemned() {
        call.world.put(HOST, &at, user);
    }
    Ok(operation::start(call, &path, "CREATE_USER", Takes::NoTime))
}

/// IAM users: the instance must allow them, they have no password, and service accounts are called without their ending in
/// PostgreSQL: <https://cloud.google.com/sql/docs/postgres/add-manage-iam-users>.
fn check_iam(instance: &Value, name: &str, user: &Object) -> Result<(), ApiError> {
    let flag = if is_of(instance, "MYSQL") { "cloudsql_iam_authentication" } else { "cloudsql.iam_authentication" };
    let flags = instance["settings"]["databaseFlags"].as_array();
    let is_on = flags.into_iter().flatten().any(|set| set["name"] == flag && set["value"] == "on");
    if !is_on {
        return Err(invalid(format!("The flag {flag} must be on for IAM users")));
    }
    if user.get("password").and_then(Value::as_str).is_some_and(|password| !password.is_empty()) {
        return Err(invalid("IAM users cannot have a password"));
    }
    if is_of(instance, "POSTGRES") && name.ends_with(".gserviceaccount.com") {
        return Err(invalid(format!(
            "Database username for Cloud IAM service account should be created without \".gserviceaccount.com\" suffix: {name}"
        )));
    }
    Ok(())
}

/// What a policy for passwords says of the password: only when it expires.
fn stamp_policy(call: &Call<'_>, user: &mut Value) {
    let policy = &mut user["passwordPolicy"];
    if policy.is_null() {
        *policy = json!({});
    }
    policy["status"] = json!({});
    if policy.get("passwordExpirationDuration").is_some() {
        policy["status"]["passwordExpirationTime"] =
            json!(call.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
}

/// The user that the query names.
fn named(call: &mut Call<'_>, path: &str) -> Result<(String, Option<Value>), ApiError> {
    let (name, host) = (call.query("name").unwrap_or_default(), call.query("host").unwrap_or_default());
    if name.is_empty() {
        return Err(invalid("Missing parameter: name"));
    }
    let at = at(path, name, host);
    let user = call.world.get(HOST, &at).cloned();
    Ok((at, user))
}

fn update(call: &mut Call<'_>) -> Outcome {
    let (path, instance) = running(call)?;
    operation::check_free(call, &path)?;
    let (at, user) = named(call, &path)?;
    let mut user = user.ok_or_else(missing)?;
    let mut change = Value::Object(call.body()?);
    if let Some(fields) = change.as_object_mut() {
        fields.retain(|field, _| {
            !["password", "name", "host", "instance", "project", "kind", "etag"].contains(&field.as_str())
        });
    }
    merge_patch(&mut user, &change);
    if is_of(&instance, "MYSQL") {
        stamp_policy(call, &mut user);
    }
    user["etag"] = json!(call.world.etag());
    if !call.is_condemned() {
        call.world.put(HOST, &at, user);
    }
    Ok(operation::start(call, &path, "UPDATE_USER", Takes::NoTime))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (path, instance) = running(call)?;
    operation::check_free(call, &path)?;
    let (at, user) = named(call, &path)?;
    let (name, host) = (call.query("name").unwrap_or_default(), call.query("host").unwrap_or_default());
    if user.is_none() && is_of(&instance, "MYSQL") {
        // Recorded: a user of every host, asked for without one.
        return Err(invalid(format!("Error 1396: Operation DROP USER failed for '{name}'@'{host}'")));
    }
    if user.is_none() {
        return Err(missing());
    }
    let is_own =
        is_of(&instance, "POSTGRES") && name == "postgres" || is_of(&instance, "SQLSERVER") && name == "sqlserver";
    if is_own {
        return Err(invalid(format!("Cannot delete the default user {name}")));
    }
    if !call.is_condemned() {
        call.world.remove(HOST, &at);
    }
    Ok(operation::start(call, &path, "DELETE_USER", Takes::NoTime))
}
