//! Operations: `status` instead of `done`, errors in a list, and one at a time for each instance.
//!
//! The effect of a call is there at once but for the state of the instance, which is what its operation says. A second write while one
//! goes on is 409 `operationInProgress`: reported for hashicorp/google, with this wording.

use serde_json::{Value, json};

use super::{HOST, self_link};
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::lag::Pending;
use crate::operation::register;
use crate::route::Api;
use crate::store::{End, Form, Operation};

/// Adds the operations to the API.
pub(super) fn serve(api: Api) -> Api {
    api.on("GET", "/v1/projects/{project}/operations/{operation}", poll).on(
        "GET",
        "/v1/projects/{project}/operations",
        list,
    )
}

/// How long an operation takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// As long as the simulated cloud's operations take.
    Time,
    /// It is done when it is answered, as those on users and databases are recorded.
    NoTime,
}

/// Starts the operation `kind` on the instance at `path`.
pub(super) fn start(call: &mut Call<'_>, path: &str, kind: &str, takes: Takes) -> Reply {
    let id = call.world.uuid();
    let now = call.world.clock.now();
    let time = clock::millis(now);
    let mut ended = json!({"status": "DONE", "startTime": time, "endTime": time});
    let error = call.take_operation_error();
    if let Some(error) = &error {
        ended["error"] = json!({
            "kind": "sql#operationErrors",
            "errors": [{"kind": "sql#operationError", "code": word(error), "message": error.message}],
        });
    }
    let end = error.map_or(End::Response(Value::Null), |error| End::Error(error.as_operation_error()));
    let pending = match takes {
        Takes::Time => Pending::new(call.world.settings.operations, now),
        Takes::NoTime => Pending::default(),
    };
    let project = call.param("project").to_owned();
    let name = format!("projects/{project}/operations/{id}");
    let begun = json!({
        "kind": "sql#operation",
        "targetLink": self_link(path),
        "status": "PENDING",
        "user": "user@example.com",
        "insertTime": time,
        "operationType": kind,
        "name": id,
        "targetId": path.rsplit('/').next(),
        "selfLink": self_link(&format!("/v1/{name}")),
        "targetProject": project,
    });
    let form = Form::Status(begun.clone(), ended);
    let operation = Operation { name, metadata: Some(begun), pending, end, shows_response_early: false, form };
    let body = operation.body(takes == Takes::NoTime);
    register(call, operation);
    Reply::json(body)
}

/// The word that operations have for an error.
fn word(error: &ApiError) -> String {
    error.legacy_reason.clone().unwrap_or_else(|| error.status.clone())
}

fn poll(call: &mut Call<'_>) -> Outcome {
    let name = call.resource();
    let now = call.world.clock.now();
    let operations = call.world.state.operations.get_mut(HOST);
    let Some(operation) = operations.and_then(|operations| operations.get_mut(&name)) else {
        return Err(ApiError::storage(404, "operationDoesNotExist", "The Cloud SQL operation does not exist."));
    };
    let is_done = operation.pending.look(now);
    let answer = operation.body(is_done);
    let target = target(operation);
    settle(call, &target);
    Ok(Reply::json(answer))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let now = call.world.clock.now();
    let instance = call.query("instance").unwrap_or_default();
    let prefix = format!("projects/{}/operations/", call.param("project"));
    let all = call.world.state.operations.get(HOST).into_iter().flatten();
    let items = all
        .filter(|(name, operation)| {
            let target = operation.metadata.as_ref().map_or(&Value::Null, |metadata| &metadata["targetId"]);
            name.starts_with(&prefix) && (instance.is_empty() || target == instance)
        })
        .map(|(_, operation)| operation.body(operation.pending.is_over(now)));
    Ok(Reply::json(super::list_of("sql#operationsList", items.collect())))
}

/// The path of the instance that an operation is about.
fn target(operation: &Operation) -> String {
    let link = operation.metadata.as_ref().and_then(|metadata| metadata["targetLink"].as_str()).unwrap_or_default();
    link.strip_prefix(&format!("https://{HOST}")).unwrap_or(link).to_owned()
}

/// Whether an operation on the instance at `path` goes on.
fn is_busy(call: &Call<'_>, path: &str) -> bool {
    let now = call.world.clock.now();
    let mut all = call.world.state.operations.get(HOST).into_iter().flatten();
    all.any(|(_, operation)| !operation.pending.is_over(now) && target(operation) == path)
}

/// A look at the instance at `path`, which brings its operation on as a poll does.
pub(super) fn look(call: &mut Call<'_>, path: &str) {
    let now = call.world.clock.now();
    for operation in call.world.state.operations.get_mut(HOST).into_iter().flat_map(|all| all.values_mut()) {
        if !operation.pending.is_over(now) && target(operation) == path {
            operation.pending.look(now);
        }
    }
    settle(call, path);
}

/// An instance whose operation is over is what the operation made of it.
fn settle(call: &mut Call<'_>, path: &str) {
    if is_busy(call, path) {
        return;
    }
    let Some(mut body) = call.world.get(HOST, path).cloned() else { return };
    match body["state"].as_str() {
        Some("PENDING_CREATE") => {
            body["state"] = json!("RUNNABLE");
            call.world.put(HOST, path, body);
        }
        Some("PENDING_DELETE") => drop(call.world.remove(HOST, path)),
        _ => {}
    }
}

/// Refuses a write while another one goes on.
///
/// # Errors
/// 409 `operationInProgress`.
pub(super) fn check_free(call: &mut Call<'_>, path: &str) -> Result<(), ApiError> {
    if is_busy(call, path) {
        look(call, path);
        return Err(ApiError::storage(
            409,
            "operationInProgress",
            "Operation failed because another operation was already in progress. Try your request after the current operation is \
             complete.",
        ));
    }
    Ok(())
}
