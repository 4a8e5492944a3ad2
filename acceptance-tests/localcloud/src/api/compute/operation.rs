//! Operations: global ones and those of a region. They have a `status`, and their errors come with HTTP 200.

use serde_json::{Value, json};

use super::link;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::json::Object;
use crate::operation;
use crate::route::Api;

/// Serves polls.
pub(super) fn serve(api: Api) -> Api {
    let api = operation::serve(api, "/compute/v1/projects/{project}/global/operations/{operation}");
    operation::serve(api, "/compute/v1/projects/{project}/regions/{region}/operations/{operation}")
}

/// Begins the operation `verb` on the object of that relative name and server's id.
pub(super) fn start(call: &mut Call<'_>, verb: &str, target: &str, id: &Value) -> Reply {
    let (name, begun, ended) = bodies(call, verb, target, id);
    operation::start_with_status(call, name, begun, ended, failure)
}

/// The answer of a change that is done before it is answered: labels, as recorded.
pub(super) fn done(call: &mut Call<'_>, verb: &str, target: &str, id: &Value) -> Reply {
    if call.is_condemned() {
        return start(call, verb, target, id);
    }
    let (_, mut begun, ended) = bodies(call, verb, target, id);
    if let (Some(begun), Some(ended)) = (begun.as_object_mut(), ended.as_object()) {
        begun.extend(ended.clone());
    }
    Reply::json(begun)
}

/// Name of an operation, and its body as it begins and what its end adds.
fn bodies(call: &mut Call<'_>, verb: &str, target: &str, id: &Value) -> (String, Value, Value) {
    let short = format!("operation-{}", call.world.uuid());
    // `projects/P/global/urlMaps/U`, `projects/P/regions/R/networkEndpointGroups/N`.
    let scope: Vec<&str> = target.split('/').collect();
    let depth = if scope.get(2) == Some(&"regions") { 4 } else { 3 };
    let place = scope.get(..depth).unwrap_or(&scope).join("/");
    let name = format!("{place}/operations/{short}");
    let now = call.world.now();
    let mut begun = json!({
        "kind": "compute#operation",
        "id": call.world.digits(19),
        "name": short,
        "operationType": verb,
        "targetLink": link::full(target),
        "targetId": id,
        "status": "RUNNING",
        "user": "user@example.com",
        "progress": 0,
        "insertTime": now,
        "startTime": now,
        "selfLink": link::full(&name),
    });
    if depth == 4 {
        begun["region"] = json!(link::full(&place));
    }
    (name, begun, json!({"status": "DONE", "progress": 100, "endTime": now}))
}

/// What the end of an operation that failed has besides.
fn failure(error: &ApiError) -> Object {
    let code = match error.code {
        400 => "INVALID_USAGE",
        403 => "PERMISSIONS_ERROR",
        404 => "RESOURCE_NOT_FOUND",
        409 => "RESOURCE_ALREADY_EXISTS",
        412 => "CONDITION_NOT_MET",
        429 => "RATE_LIMIT_EXCEEDED",
        503 => "RESOURCE_OPERATION_RATE_EXCEEDED",
        _ => "INTERNAL_ERROR",
    };
    let mut fields = Object::new();
    fields.insert("error".to_owned(), json!({"errors": [{"code": code, "message": error.message}]}));
    fields.insert("httpErrorStatusCode".to_owned(), json!(error.code));
    fields.insert("httpErrorMessage".to_owned(), json!(error.status));
    fields
}
