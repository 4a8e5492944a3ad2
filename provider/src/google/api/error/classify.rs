//! The questions that callers ask an error, each with what a yes obliges them to do.
//! Answers rest on canonical names and reasons first, on Google's wording only where it gives nothing else.

use super::{ApiError, Cause, Ended};
use crate::google::api::host::Host;
use crate::google::api::status::Status;

/// An API that is off in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiDisabled {
    /// The API, such as `run.googleapis.com`.
    pub service: String,
    /// The project it is off in, by id or number, without `projects/`.
    pub consumer: String,
}

/// A result in which "does not exist" is an answer: what was asked for is not there, or what should go is gone already.
pub trait Found<T> {
    /// `None` where the object does not exist.
    ///
    /// # Errors
    /// All others.
    fn found(self) -> Result<Option<T>, ApiError>;
}

impl<T> Found<T> for Result<T, ApiError> {
    fn found(self) -> Result<Option<T>, ApiError> {
        match self {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Projects of Google's own tools. Named as the consumer, they mean that the user's credentials carry no quota project.
const SHARED_CLIENTS: [&str; 2] = ["764086051850", "618104708054"];

impl ApiError {
    /// The API's or the operation's own error, if there was one.
    pub fn status(&self) -> Option<&Status> {
        match self.cause() {
            Cause::Http(status) | Cause::Operation { status, .. } => Some(status),
            Cause::Auth(_)
            | Cause::Connect { .. }
            | Cause::Transport(_)
            | Cause::Timeout(_)
            | Cause::Deadline
            | Cause::Cancelled
            | Cause::Answer(_)
            | Cause::Partial(_)
            | Cause::Refused(_)
            | Cause::Unsendable(_) => None,
        }
    }

    fn status_is(&self, question: impl Fn(&Status) -> bool) -> bool {
        self.status().is_some_and(question)
    }

    /// The object does not exist. On refresh: it is gone. Just after a create: ask again.
    ///
    /// A 404 that is not Google's own document does not count (a wrong endpoint must not look as if everything
    /// were deleted), and neither does a metric that nobody has written yet.
    pub fn is_not_found(&self) -> bool {
        self.status_is(|s| s.http == 404 && s.structured) && !self.is_metric_missing()
    }

    /// An alert policy names a metric that has never been written. Passing if the metric is new, final otherwise.
    pub fn is_metric_missing(&self) -> bool {
        self.status_is(|s| s.http == 404 && s.says("cannot find metric"))
    }

    /// The state of the object forbids the call: it exists, is in use, or changed meanwhile. Ask the narrower questions first.
    pub fn is_conflict(&self) -> bool {
        self.status_is(|s| s.http == 409)
    }

    /// An object of that name exists, or existed and is only softly deleted: read it, then adopt, undelete or refuse.
    pub fn is_already_exists(&self) -> bool {
        if self.is_not_empty() || self.is_concurrent_change() || self.is_revision_taken() {
            return false;
        }
        self.is_name_reserved()
            || self.status_is(|s| {
                s.is("ALREADY_EXISTS")
                    || s.is("RESOURCE_ALREADY_EXISTS")
                    || (s.http == 409
                        && s.name.is_none()
                        && (s.has_reason("conflict") || s.has_reason("alreadyExists") || s.has_reason("duplicate")))
                    || s.has_reason("instanceAlreadyExists")
                    || s.has_reason("userAlreadyExists")
            })
    }

    /// The name is that of a deleted object, and taken for a while.
    pub fn is_name_reserved(&self) -> bool {
        self.status_is(|s| s.is("FAILED_PRECONDITION") && s.says("marked for deletion"))
    }

    /// The object is busy with another operation, and does one at a time.
    pub fn is_operation_in_progress(&self) -> bool {
        self.status_is(|s| s.http == 409 && s.has_reason("operationInProgress"))
    }

    /// The object changed between read and write. Read again, apply the change to what is there now, write again.
    pub fn is_etag_conflict(&self) -> bool {
        self.is_concurrent_change()
            || self.is_precondition_failed()
            || self.status_is(|s| s.is("FAILED_PRECONDITION") && s.says("etag"))
    }

    /// Somebody else is changing the same thing. Repeating helps unless the call carries an etag.
    pub fn is_concurrent_change(&self) -> bool {
        const TEXTS: [&str; 5] = [
            "concurrent policy changes",
            "too many concurrent edits",
            "could not fulfill the request",
            "cross-transaction contention",
            "underlying data changed",
        ];
        self.status_is(|s| {
            s.is("ABORTED")
                || s.has_reason("resourceNotReady")
                || s.has_reason("RESOURCE_NOT_READY")
                || (s.http == 409 && (s.has_reason("operationInProgress") || TEXTS.iter().any(|text| s.says(text))))
        })
    }

    /// A generation or etag did not match: read again.
    pub fn is_precondition_failed(&self) -> bool {
        self.status_is(|s| s.http == 412) && !self.is_activation_busy()
    }

    /// The API is off in the caller's project: enable it and wait, or tell the user how.
    pub fn is_api_disabled(&self) -> Option<ApiDisabled> {
        self.service_disabled().filter(|found| !self.is_shared_client(found))
    }

    /// The call was billed to a project of Google's own tools, because the user's credentials name no quota project. Final.
    pub fn is_quota_project_missing(&self) -> bool {
        let shared = self.service_disabled().is_some_and(|found| self.is_shared_client(&found));
        shared || self.status_is(|s| s.http == 403 && s.says("requires a quota project"))
    }

    fn is_shared_client(&self, found: &ApiDisabled) -> bool {
        SHARED_CLIENTS.contains(&found.consumer.as_str()) || self.status_is(|s| s.says("requires a quota project"))
    }

    fn service_disabled(&self) -> Option<ApiDisabled> {
        let status = self.status()?;
        let info = status.info.iter().find(|info| info.reason == "SERVICE_DISABLED");
        let old = status.http == 403
            && (status.has_reason("accessNotConfigured") || status.says("has not been used in project"));
        if info.is_none() && !old {
            return None;
        }
        let value = |key: &str| info.and_then(|info| info.metadata.get(key)).cloned();
        let consumer = value("consumer").or_else(|| word_after(&status.message, "in project ")).unwrap_or_default();
        Some(ApiDisabled {
            service: value("service").unwrap_or_else(|| self.call().host.to_string()),
            consumer: consumer.trim_start_matches("projects/").to_owned(),
        })
    }

    /// A quota project is set and the caller may not use it. Final.
    pub fn is_quota_project_denied(&self) -> bool {
        self.status_is(|s| s.has_reason("USER_PROJECT_DENIED"))
    }

    /// The project has no billing account. Final.
    pub fn is_billing_disabled(&self) -> bool {
        self.status_is(|s| {
            s.has_reason("BILLING_DISABLED")
                || s.has_reason("accountDisabled")
                || s.says("billing account for the owning project is disabled")
        })
    }

    /// The caller lacks a right, or the object is too new to be seen: only who just made it may ask again.
    pub fn is_permission_denied(&self) -> bool {
        self.status_is(|s| s.http == 403)
            && self.service_disabled().is_none()
            && !self.is_quota_project_missing()
            && !self.is_quota_project_denied()
            && !self.is_billing_disabled()
            && !self.is_rate_limited()
    }

    /// The token was not accepted. The client has renewed it once already.
    pub fn is_unauthenticated(&self) -> bool {
        self.status_is(|s| s.http == 401)
    }

    /// The request itself is wrong: see [`Status::violations`]. Final, but for the passing cases below.
    pub fn is_invalid(&self) -> bool {
        self.status_is(|s| s.http == 400)
    }

    /// Too many calls. Repeat later.
    pub fn is_rate_limited(&self) -> bool {
        if self.status_is(|s| s.has_reason("RESOURCE_QUOTA_EXCEEDED")) {
            return false;
        }
        self.status_is(|s| {
            s.http == 429
                || (s.http == 403
                    && ([
                        "rateLimitExceeded",
                        "userRateLimitExceeded",
                        "RATE_LIMIT_EXCEEDED",
                        "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
                    ]
                    .iter()
                    .any(|reason| s.has_reason(reason))
                        || (s.says("quota exceeded for quota metric") && s.says("per minute"))))
        })
    }

    /// A policy names a service account that does not exist: passing for one just made, final for others. Gives its email.
    pub fn service_account_missing(&self) -> Option<String> {
        let status =
            self.status().filter(|s| s.http == 400 && s.says("service account") && s.says("does not exist"))?;
        word_after(&status.message, "ervice account ")
    }

    /// A policy names an identity pool that does not exist: passing for one just made, final for others.
    pub fn is_identity_pool_missing(&self) -> bool {
        self.status_is(|s| s.http == 400 && s.says("identity pool does not exist"))
    }

    /// A policy holds a deleted member together with its living namesake: drop the `deleted:` entries and write again.
    pub fn is_deleted_member_in_policy(&self) -> bool {
        self.status_is(|s| s.http == 400 && s.says("inconsistent representation of deleted member"))
    }

    /// The organisation forbids this member (often `allUsers`). Final.
    pub fn is_forbidden_by_organization(&self) -> bool {
        self.status_is(|s| {
            s.says("do not belong to a permitted customer")
                || s.has_reason("LOCATION_ORG_POLICY_VIOLATED")
                || s.says("constraints/")
        })
    }

    /// A Cloud Run template names a revision that exists: send it without a name.
    pub fn is_revision_taken(&self) -> bool {
        self.status_is(|s| s.http == 409 && s.says("revision named") && s.says("already exists"))
    }

    /// A bucket cannot be deleted because it holds objects.
    pub fn is_not_empty(&self) -> bool {
        self.status_is(|s| s.http == 409 && s.says("not empty"))
    }

    /// The object is used by another and cannot be deleted, nor moved away from it, until that one is gone.
    pub fn is_in_use(&self) -> bool {
        self.status_is(|s| {
            s.has_reason("resourceInUseByAnotherResource") || s.has_reason("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE")
        })
    }

    /// A service of Google's uses the peering of a network that is to end: passing if the service was deleted.
    pub fn is_used_by_services(&self) -> bool {
        self.status_is(|s| s.says("still using this connection"))
    }

    /// A revision may not read a secret: passing if the right was granted moments ago.
    pub fn is_secret_access_denied(&self) -> bool {
        self.status_is(|s| s.says("permission denied on secret"))
    }

    /// Another change of the project's APIs is under way. Repeat later.
    pub fn is_activation_busy(&self) -> bool {
        self.status_is(|s| {
            s.says("another activation or deactivation is in progress")
                || (self.call().host == Host::SERVICE_USAGE
                    && matches!(s.http, 400 | 412)
                    && s.says("precondition check failed"))
                || (s.says("160009") && s.says("failed services"))
        })
    }

    /// The user asked to stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.cause(), Cause::Cancelled) || self.end() == Ended::Stopped
    }

    /// The time for the whole operation is over.
    pub fn is_deadline(&self) -> bool {
        matches!(self.cause(), Cause::Deadline) || self.end() == Ended::Deadline
    }

    /// The answer has the status of a success and makes no sense.
    pub fn is_misshapen(&self) -> bool {
        matches!(self.cause(), Cause::Answer(_))
    }

    /// Whether the same call, repeated later, may succeed. Says nothing of whether repeating it is safe.
    pub fn retryable(&self) -> bool {
        match self.cause() {
            Cause::Connect { .. } | Cause::Transport(_) | Cause::Timeout(_) | Cause::Partial(_) => true,
            Cause::Auth(error) => error.is_passing(),
            Cause::Http(status) => {
                matches!(status.http, 408 | 500 | 502 | 503 | 504)
                    || self.is_rate_limited()
                    || self.is_concurrent_change()
                    || self.is_activation_busy()
                    || (status.http == 400 && status.says("retry this operation"))
            }
            Cause::Operation { status, .. } => {
                status.is("ABORTED") || status.is("UNAVAILABLE") || self.is_rate_limited() || self.is_activation_busy()
            }
            Cause::Deadline | Cause::Cancelled | Cause::Answer(_) | Cause::Refused(_) | Cause::Unsendable(_) => false,
        }
    }

    /// Whether this attempt, or one before it, may have taken effect although it failed. Who creates something must then
    /// look for it before creating it again, and take "already exists" for a success of their own.
    pub fn may_have_happened(&self) -> bool {
        self.earlier_uncertain()
            || match self.cause() {
                Cause::Transport(_) | Cause::Timeout(_) | Cause::Operation { .. } | Cause::Answer(_) => true,
                // 501 is a refusal; everything else of this class may have been decided after the effect.
                Cause::Http(status) => status.http == 408 || (status.http >= 500 && status.http != 501),
                Cause::Auth(_)
                | Cause::Connect { .. }
                | Cause::Deadline
                | Cause::Cancelled
                | Cause::Partial(_)
                | Cause::Refused(_)
                | Cause::Unsendable(_) => false,
            }
    }
}

/// The word that follows `marker`, without quotes and the full stop at its end.
fn word_after(message: &str, marker: &str) -> Option<String> {
    let rest = &message[message.find(marker)? + marker.len()..];
    let word = rest.split_whitespace().next()?.trim_matches(|c| matches!(c, '\'' | '"' | '`' | '.' | ',' | '(' | ')'));
    (!word.is_empty()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::google::api::error::CallLine;

    fn call(host: Host) -> Arc<CallLine> {
        Arc::new(CallLine { method: "POST".into(), host, path: "v1/x".into() })
    }

    fn http(code: u16, name: &str, reason: &str, message: &str) -> ApiError {
        let body = json!({"error": {"code": code, "status": name, "message": message,
            "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]}});
        let mut status = Status::from_answer(code, body.to_string().as_bytes());
        status.name = status.name.filter(|name| !name.is_empty());
        ApiError::new(call(Host::RUN), Cause::Http(status))
    }

    fn disabled(consumer: &str, message: &str) -> ApiError {
        let body: Value = json!({"error": {"code": 403, "status": "PERMISSION_DENIED", "message": message, "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com",
             "metadata": {"service": "run.googleapis.com", "consumer": consumer}}]}});
        ApiError::new(call(Host::RUN), Cause::Http(Status::from_answer(403, body.to_string().as_bytes())))
    }

    fn operation(code: i64, message: &str) -> ApiError {
        let status = Status::from_operation(&json!({"code": code, "message": message}));
        ApiError::new(call(Host::RUN), Cause::Operation { name: "operations/1".into(), status })
    }

    #[test]
    fn an_api_that_is_off_names_service_and_project() {
        let error = disabled(
            "projects/123456",
            "Cloud Run Admin API has not been used in project 123456 before or it is disabled.",
        );
        assert_eq!(
            error.is_api_disabled(),
            Some(ApiDisabled { service: "run.googleapis.com".into(), consumer: "123456".into() })
        );
        assert!(!error.is_quota_project_missing() && !error.is_permission_denied() && !error.retryable());
    }

    #[test]
    fn an_api_that_is_off_is_seen_in_the_older_format_too() {
        let error = http(
            403,
            "",
            "accessNotConfigured",
            "Cloud Run API has not been used in project my-project before or it is disabled.",
        );
        assert_eq!(error.is_api_disabled().unwrap().consumer, "my-project");
    }

    #[test]
    fn a_shared_client_as_consumer_means_a_missing_quota_project() {
        for consumer in ["projects/764086051850", "projects/618104708054"] {
            let error = disabled(consumer, "The API requires a quota project, which is not set by default.");
            assert!(error.is_quota_project_missing() && error.is_api_disabled().is_none() && !error.retryable());
        }
    }

    #[test]
    fn a_missing_metric_is_not_a_missing_object() {
        let error = http(404, "NOT_FOUND", "", "Cannot find metric(s) that match type = \"custom/x\".");
        assert!(error.is_metric_missing() && !error.is_not_found());
    }

    #[test]
    fn a_404_that_is_no_google_document_is_not_a_missing_object() {
        let error = ApiError::new(call(Host::RUN), Cause::Http(Status::from_answer(404, b"<html>")));
        assert!(!error.is_not_found());
        assert!(http(404, "NOT_FOUND", "", "gone").is_not_found());
    }

    #[test]
    fn conflicts_are_told_apart() {
        assert!(http(409, "ALREADY_EXISTS", "", "Requested entity already exists").is_already_exists());
        assert!(
            http(
                409,
                "",
                "conflict",
                "Your previous request to create the named bucket succeeded and you already own it."
            )
            .is_already_exists()
        );
        let full = http(409, "", "conflict", "The bucket you tried to delete is not empty.");
        assert!(full.is_not_empty() && !full.is_already_exists() && !full.retryable());
        let revision =
            http(409, "ALREADY_EXISTS", "", "Revision named 'api-00001' with different configuration already exists.");
        assert!(revision.is_revision_taken() && !revision.is_already_exists());
        let role = "You can't create a role_id (reader) which has been marked for deletion.";
        let reserved = http(400, "FAILED_PRECONDITION", "", role);
        assert!(reserved.is_name_reserved() && reserved.is_already_exists() && !reserved.retryable());
        let used = http(
            400,
            "",
            "resourceInUseByAnotherResource",
            "The backend_service resource 'b' is already being used by 'u'",
        );
        assert!(used.is_in_use() && !used.is_conflict() && !used.is_etag_conflict() && !used.retryable());
        let lingering = "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this connection.";
        let lingering = http(400, "FAILED_PRECONDITION", "", lingering);
        assert!(lingering.is_used_by_services() && !lingering.is_in_use() && !lingering.retryable());
        let stale = http(412, "", "conditionNotMet", "Invalid fingerprint.");
        assert!(stale.is_etag_conflict() && !stale.retryable());
        let unready = http(400, "", "resourceNotReady", "The resource 'n' is not ready");
        assert!(unready.is_etag_conflict() && unready.retryable() && !unready.is_in_use());
        let racing = http(409, "ABORTED", "", "There were concurrent policy changes.");
        assert!(racing.is_etag_conflict() && racing.retryable() && !racing.is_already_exists());
    }

    #[test]
    fn what_is_retried_and_what_may_have_happened() {
        // status, name, reason, message, retryable, may have happened
        let cases = [
            (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", "", true, false),
            (429, "RESOURCE_EXHAUSTED", "RESOURCE_QUOTA_EXCEEDED", "", false, false),
            (
                403,
                "PERMISSION_DENIED",
                "",
                "Quota exceeded for quota metric 'Reads' and limit 'Reads per minute'",
                true,
                false,
            ),
            (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", "Permission denied on resource", false, false),
            (500, "INTERNAL", "", "", true, true),
            (502, "", "", "", true, true),
            (503, "UNAVAILABLE", "", "", true, true),
            (504, "DEADLINE_EXCEEDED", "", "", true, true),
            (501, "UNIMPLEMENTED", "", "", false, false),
            (400, "INVALID_ARGUMENT", "", "no", false, false),
            (400, "FAILED_PRECONDITION", "", "Please retry this operation", true, false),
            (
                400,
                "FAILED_PRECONDITION",
                "",
                "Another activation or deactivation is in progress for this service(s)",
                true,
                false,
            ),
            (409, "", "operationInProgress", "", true, false),
            (412, "", "conditionNotMet", "", false, false),
        ];
        for (code, name, reason, message, retryable, happened) in cases {
            let error = http(code, name, reason, message);
            assert_eq!(
                (error.retryable(), error.may_have_happened()),
                (retryable, happened),
                "{code} {name} {reason} {message}"
            );
        }
    }

    #[test]
    fn policy_errors_say_what_is_missing() {
        let error = http(400, "INVALID_ARGUMENT", "", "Service account api@p.iam.gserviceaccount.com does not exist.");
        assert_eq!(error.service_account_missing().as_deref(), Some("api@p.iam.gserviceaccount.com"));
        assert!(http(400, "", "", "Identity Pool does not exist (p.svc.id.goog)").is_identity_pool_missing());
        assert!(http(400, "", "", "Inconsistent representation of deleted member").is_deleted_member_in_policy());
        assert!(
            http(400, "FAILED_PRECONDITION", "", "One or more users do not belong to a permitted customer.")
                .is_forbidden_by_organization()
        );
    }

    #[test]
    fn a_failed_operation_may_have_left_its_object_behind() {
        let error =
            operation(9, "Revision 'api-1' is not ready and cannot serve traffic. Permission denied on secret: x");
        assert!(error.may_have_happened() && error.is_secret_access_denied() && !error.retryable());
        assert!(operation(13, "encountered internal error [160009] with failed services [x]").retryable());
    }
}
