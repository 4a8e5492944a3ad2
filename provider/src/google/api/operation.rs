//! Long-running operations: wait until done, then hand over the response or the error.
//! Two styles are in use: `done` of google.longrunning, and the older `status: DONE`, whose errors come with HTTP 200.
//! Intervals grow; a stop or the deadline ends the waiting, not the operation.
//! The response is not the object's state: read the object afterwards.

use std::time::Duration;

use serde_json::Value;

use super::client::{Client, line};
use super::error::{ApiError, Cause};
use super::host::Host;
use super::path::relative;
use super::request::Request;
use super::status::Status;
use crate::engine::context::CallContext;

/// Where the operations of an API are polled: at `VERSION/NAME` of its host, with the relative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationApi {
    /// The API.
    pub host: Host,
    /// Its version: `v1`.
    pub version: &'static str,
}

impl OperationApi {
    /// Enabling and disabling APIs.
    pub const SERVICE_USAGE: OperationApi = OperationApi { host: Host::SERVICE_USAGE, version: "v1" };
    /// Workload identity pools and providers.
    pub const IAM: OperationApi = OperationApi { host: Host::IAM, version: "v1" };
    /// Firestore administration.
    pub const FIRESTORE: OperationApi = OperationApi { host: Host::FIRESTORE, version: "v1" };
    /// Peerings with Google's services.
    pub const SERVICE_NETWORKING: OperationApi = OperationApi { host: Host::SERVICE_NETWORKING, version: "v1" };
    /// Compute Engine.
    pub const COMPUTE: OperationApi = OperationApi { host: Host::COMPUTE, version: "compute/v1" };

    /// Each API writes its operations in one way.
    fn style(&self) -> Style {
        if self.host == Host::COMPUTE || self.host == Host::SQL_ADMIN { Style::Status } else { Style::Done }
    }

    fn request(&self, name: &str) -> Request {
        Request::get(self.host.clone(), format!("{}/{name}", self.version))
    }
}

/// How an API writes its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// `done`, beside it a `response` or an `error`; `name` is relative.
    Done,
    /// `status: DONE`, beside it `error.errors` where it failed; `name` is the last segment of `selfLink`, which says
    /// whether the operation is global or a region's.
    Status,
}

impl Style {
    /// The operation's relative name; empty where it has none.
    fn name(self, operation: &Value) -> String {
        let text = |field: &str| operation.get(field).and_then(Value::as_str).unwrap_or_default();
        match self {
            Style::Done => text("name").to_owned(),
            Style::Status => relative(text("selfLink")).unwrap_or_default().to_owned(),
        }
    }

    /// The end of an operation, if it has one. `done` or `status` decides: a response may be there earlier.
    fn end(self, operation: &Value) -> Option<Result<Value, Status>> {
        let error = operation.get("error").filter(|error| !error.is_null());
        match self {
            Style::Done if operation.get("done").and_then(Value::as_bool) == Some(true) => Some(match error {
                Some(error) => Err(Status::from_operation(error)),
                None => Ok(operation.get("response").cloned().unwrap_or(Value::Null)),
            }),
            Style::Status if operation.get("status").and_then(Value::as_str) == Some("DONE") => Some(match error {
                Some(error) => Err(Status::from_ended_operation(error, operation.get("httpErrorStatusCode"))),
                None => Ok(Value::Null),
            }),
            Style::Done | Style::Status => None,
        }
    }
}

impl Client {
    /// Waits for an operation, given as the API gave it, and gives its `response` (`null` if it has none).
    ///
    /// On a stop or at the deadline the operation goes on; the error then says that it may have happened.
    pub async fn wait(&self, ctx: &CallContext, api: &OperationApi, operation: Value) -> Result<Value, ApiError> {
        let style = api.style();
        let name = style.name(&operation);
        let call = line(&api.request(&name));
        let policy = self.config().poll;
        let mut latest = operation;
        let mut waited = Duration::ZERO;
        let mut poll = 0;
        loop {
            if let Some(end) = style.end(&latest) {
                let failed = |status| ApiError::new(call, Cause::Operation { name, status });
                return end.map_err(failed);
            }
            if name.is_empty() {
                return Err(ApiError::new(call, Cause::Answer("an operation without a name".to_owned())));
            }
            let pause = policy.wait(poll);
            ctx.sleep(pause).await.map_err(|why| ApiError::interrupted(call.clone(), why).after(poll + 1, true))?;
            waited += pause;
            match self.call(ctx, api.request(&name)).await {
                Ok(polled) => latest = polled,
                // The API's replicas learn of an operation one after the other.
                Err(error) if error.is_not_found() && waited < policy.unknown_for => {}
                Err(error) => return Err(error.after(poll + 1, true)),
            }
            poll += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::google::api::testing::{ManualClock, Reply, Script, client_for};

    fn ctx(clock: &Arc<ManualClock>, seconds: u64) -> CallContext {
        CallContext::with_clock(Duration::from_secs(seconds), CancellationToken::new(), clock.clone())
    }

    #[tokio::test]
    async fn an_operation_that_is_done_needs_no_poll() {
        let script = Script::start(|_, _| Reply::status(500)).await;
        let clock = ManualClock::new();
        let done = json!({"name": "operations/noop.DONE_OPERATION", "done": true, "response": {"a": 1}});
        let response = client_for(&script).wait(&ctx(&clock, 10), &OperationApi::SERVICE_USAGE, done).await.unwrap();
        assert_eq!(response, json!({"a": 1}));
        assert_eq!(script.count(), 0);
    }

    #[tokio::test]
    async fn a_response_without_done_is_not_the_end_and_a_first_404_is_waited_out() {
        let script = Script::start(|_, number| match number {
            1 => Reply::error(404, "NOT_FOUND", "no such operation"),
            2 => Reply::json(json!({"name": "projects/p/databases/d/operations/1", "response": {"half": true}})),
            _ => Reply::json(
                json!({"name": "projects/p/databases/d/operations/1", "done": true, "response": {"whole": true}}),
            ),
        })
        .await;
        let clock = ManualClock::new();
        let started = json!({"name": "projects/p/databases/d/operations/1"});
        let response = client_for(&script).wait(&ctx(&clock, 100), &OperationApi::FIRESTORE, started).await.unwrap();
        assert_eq!(response, json!({"whole": true}));
        assert_eq!(script.requests()[0].path, "/firestore.googleapis.com/v1/projects/p/databases/d/operations/1");
        assert_eq!(clock.slept().len(), 3);
    }

    #[tokio::test]
    async fn an_operations_error_is_told_with_its_code() {
        let script = Script::start(|_, _| {
            Reply::json(json!({"name": "operations/1", "done": true, "error": {"code": 9, "message": "Revision 'a' is not ready"}}))
        })
        .await;
        let clock = ManualClock::new();
        let started = json!({"name": "operations/1"});
        let error = client_for(&script).wait(&ctx(&clock, 100), &OperationApi::IAM, started).await.unwrap_err();
        assert!(error.status().unwrap().is("FAILED_PRECONDITION") && error.may_have_happened());
    }

    #[tokio::test]
    async fn the_deadline_ends_the_waiting_and_leaves_the_outcome_open() {
        let script = Script::start(|_, _| Reply::json(json!({"name": "operations/1"}))).await;
        let clock = ManualClock::new();
        let started = json!({"name": "operations/1"});
        let error = client_for(&script).wait(&ctx(&clock, 5), &OperationApi::IAM, started).await.unwrap_err();
        assert!(error.is_deadline() && error.may_have_happened());
    }

    #[tokio::test]
    async fn a_stop_ends_the_waiting() {
        let script = Script::start(|_, _| Reply::json(json!({"name": "operations/1"}))).await;
        let stop = CancellationToken::new();
        stop.cancel();
        let ctx = CallContext::new(Duration::from_secs(60), stop);
        let error =
            client_for(&script).wait(&ctx, &OperationApi::IAM, json!({"name": "operations/1"})).await.unwrap_err();
        assert!(error.is_cancelled() && script.count() == 0);
    }

    fn compute(status: &str, more: Value) -> Value {
        let link = "https://www.googleapis.com/compute/v1/projects/p/regions/europe-west1/operations/operation-1";
        let mut operation =
            json!({"kind": "compute#operation", "name": "operation-1", "status": status, "selfLink": link});
        operation.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        operation
    }

    #[tokio::test]
    async fn an_operation_with_a_status_is_polled_where_its_link_says() {
        let script = Script::start(|_, number| {
            Reply::json(compute(if number < 2 { "RUNNING" } else { "DONE" }, json!({"progress": 100})))
        })
        .await;
        let clock = ManualClock::new();
        let started = compute("PENDING", json!({}));
        let end = client_for(&script).wait(&ctx(&clock, 100), &OperationApi::COMPUTE, started).await;
        assert_eq!(end.unwrap(), Value::Null);
        assert_eq!(script.count(), 2);
        let path = "/compute.googleapis.com/compute/v1/projects/p/regions/europe-west1/operations/operation-1";
        assert_eq!(script.requests()[0].path, path);
    }

    #[tokio::test]
    async fn an_error_inside_a_successful_answer_is_one() {
        let script = Script::start(|_, _| Reply::status(500)).await;
        let clock = ManualClock::new();
        let failed = |code: &str, more: Value| {
            let error = json!({"error": {"errors": [{"code": code, "message": "it is used by another"}]}});
            let mut operation = compute("DONE", error);
            operation.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            operation
        };
        let client = client_for(&script);
        let used = failed(
            "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
            json!({"httpErrorStatusCode": 400, "httpErrorMessage": "BAD REQUEST"}),
        );
        let error = client.wait(&ctx(&clock, 10), &OperationApi::COMPUTE, used).await.unwrap_err();
        assert!(error.is_in_use() && !error.retryable() && error.chain().contains("it is used by another"));
        let sql = OperationApi { host: Host::SQL_ADMIN, version: "v1" };
        let error = client.wait(&ctx(&clock, 10), &sql, failed("INTERNAL_ERROR", json!({}))).await.unwrap_err();
        assert!(error.may_have_happened() && error.chain().contains("INTERNAL_ERROR"));
    }
}
