//! `sqladmin.googleapis.com` v1: instances in `instance`, databases in `database`, users in `user`, operations in `operation`.
//!
//! Whatever writes answers with a `sql#operation`, of which an instance has one at a time. Zeros, false and empty lists are sent in
//! answers, unlike those of most other APIs: the recordings `sqladmin-*`.

mod database;
mod defaults;
mod instance;
mod operation;
mod user;
mod validate;

use serde_json::{Value, json};

use crate::call::Call;
use crate::error::{ApiError, ErrorStyle};
use crate::route::Api;

const HOST: &str = "sqladmin.googleapis.com";

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST).style(ErrorStyle::Storage);
    user::serve(database::serve(instance::serve(operation::serve(api))))
}

/// The address of an object in answers.
fn self_link(path: &str) -> String {
    format!("https://{HOST}{path}")
}

/// 400 as the API words what it does not accept.
fn invalid(message: impl std::fmt::Display) -> ApiError {
    ApiError::storage(400, "invalid", format!("Invalid request: {message}."))
}

/// The path of the instance that the call names or is about, and the instance.
///
/// # Errors
/// 404 where there is none.
fn existing(call: &Call<'_>) -> Result<(String, Value), ApiError> {
    let path = format!("/v1/projects/{}/instances/{}", call.param("project"), call.param("instance"));
    match call.world.get(HOST, &path) {
        Some(body) => Ok((path, body.clone())),
        None => Err(ApiError::storage(404, "instanceDoesNotExist", "The Cloud SQL instance does not exist.")),
    }
}

/// The same for a call that works on what is inside the instance, which must be up. That a stopped one refuses such calls is
/// reported; the wording is that of the reports.
///
/// # Errors
/// 404 where there is none, 400 where it is stopped.
fn running(call: &Call<'_>) -> Result<(String, Value), ApiError> {
    let (path, body) = existing(call)?;
    if body["state"] != "RUNNABLE" || body["settings"]["activationPolicy"] == "NEVER" {
        return Err(ApiError::storage(
            400,
            "invalid",
            "Invalid request: Invalid request since instance is not running.",
        ));
    }
    Ok((path, body))
}

/// Whether the instance is of that family: `POSTGRES`, `MYSQL` or `SQLSERVER`.
fn is_of(instance: &Value, family: &str) -> bool {
    instance["databaseVersion"].as_str().is_some_and(|version| version.starts_with(family))
}

/// A list of all objects, or nothing but its kind.
fn list_of(kind: &str, items: Vec<Value>) -> Value {
    let mut answer = json!({ "kind": kind });
    if !items.is_empty() {
        answer["items"] = Value::Array(items);
    }
    answer
}
