//! Errors as Google's APIs write them.
//!
//! One error value, three spellings: the JSON of Cloud Storage, its XML, and the JSON of every other API. The API decides which
//! (see [`ErrorStyle`]); handlers only say what happened.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde_json::{Value, json};

/// How an API host writes its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorStyle {
    /// `{"error": {"code", "message", "status", "details"}}`.
    #[default]
    Rpc,
    /// `{"error": {"code", "message", "errors": [{"message", "domain", "reason"}]}}`, as Cloud Storage and Compute Engine do.
    Storage,
    /// `<Error><Code>…</Code><Message>…</Message></Error>`, as the XML API of Cloud Storage does.
    Xml,
}

impl ErrorStyle {
    /// The content type of [`ErrorStyle::Xml`].
    pub const XML_TYPE: &str = "application/xml; charset=UTF-8";
}

/// A refusal, ready to be written in any [`ErrorStyle`]. Its [`Parts`] are reached as its own fields.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{} {}: {}", .0.code, .0.status, .0.message)]
pub struct ApiError(Box<Parts>);

impl Deref for ApiError {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for ApiError {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

/// What a refusal consists of. Boxed, because most calls succeed and should not carry the room for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// HTTP status.
    pub code: u16,
    /// Canonical status name, such as `NOT_FOUND`.
    pub status: String,
    /// The text a person reads.
    pub message: String,
    /// `reason` of the `ErrorInfo` detail; no such detail without it.
    pub reason: Option<String>,
    /// `domain` of the `ErrorInfo` detail.
    pub domain: String,
    /// `metadata` of the `ErrorInfo` detail.
    pub metadata: BTreeMap<String, String>,
    /// `errors[].reason` in the storage style, `<Code>` in the XML style; derived from the code when absent.
    pub legacy_reason: Option<String>,
    /// Further `details`, written after the `ErrorInfo`; a text is `<Details>` in the XML style.
    pub details: Vec<Value>,
}

/// The canonical codes: name, number in gRPC, HTTP status.
const CANONICAL: &[(&str, i64, u16)] = &[
    ("CANCELLED", 1, 499),
    ("UNKNOWN", 2, 500),
    ("INVALID_ARGUMENT", 3, 400),
    ("DEADLINE_EXCEEDED", 4, 504),
    ("NOT_FOUND", 5, 404),
    ("ALREADY_EXISTS", 6, 409),
    ("PERMISSION_DENIED", 7, 403),
    ("RESOURCE_EXHAUSTED", 8, 429),
    ("FAILED_PRECONDITION", 9, 400),
    ("ABORTED", 10, 409),
    ("OUT_OF_RANGE", 11, 400),
    ("UNIMPLEMENTED", 12, 501),
    ("INTERNAL", 13, 500),
    ("UNAVAILABLE", 14, 503),
    ("DATA_LOSS", 15, 500),
    ("UNAUTHENTICATED", 16, 401),
];

/// The HTTP status of a canonical status name.
pub fn http_code(status: &str) -> Option<u16> {
    CANONICAL.iter().find(|(name, _, _)| *name == status).map(|(_, _, code)| *code)
}

/// The canonical status name that an HTTP status usually stands for.
pub fn canonical_status(code: u16) -> &'static str {
    match code {
        400 | 412 => {
            if code == 400 {
                "INVALID_ARGUMENT"
            } else {
                "FAILED_PRECONDITION"
            }
        }
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        500 => "INTERNAL",
        501 => "UNIMPLEMENTED",
        502 | 503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "UNKNOWN",
    }
}

impl ApiError {
    /// An error with HTTP status `code`, canonical `status` and `message`.
    pub fn new(code: u16, status: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            status: status.to_owned(),
            message: message.into(),
            reason: None,
            domain: "googleapis.com".to_owned(),
            metadata: BTreeMap::new(),
            legacy_reason: None,
            details: Vec::new(),
        }))
    }

    /// 400 `INVALID_ARGUMENT`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_ARGUMENT", message)
    }

    /// 400 `INVALID_ARGUMENT` with a `BadRequest` detail that names the field.
    pub fn invalid_field(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": field, "description": message}],
        });
        Self::invalid(message).with_detail(detail)
    }

    /// 400 `FAILED_PRECONDITION`.
    pub fn failed_precondition(message: impl Into<String>) -> Self {
        Self::new(400, "FAILED_PRECONDITION", message)
    }

    /// 404 `NOT_FOUND`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "NOT_FOUND", message)
    }

    /// 409 `ALREADY_EXISTS`.
    pub fn already_exists(message: impl Into<String>) -> Self {
        Self::new(409, "ALREADY_EXISTS", message)
    }

    /// 409 `ABORTED`.
    pub fn aborted(message: impl Into<String>) -> Self {
        Self::new(409, "ABORTED", message)
    }

    /// 403 `PERMISSION_DENIED`.
    pub fn permission_denied(message: impl Into<String>) -> Self {
        Self::new(403, "PERMISSION_DENIED", message)
    }

    /// An error in the storage style: `reason` is Cloud Storage's word for it.
    pub fn storage(code: u16, reason: &str, message: impl Into<String>) -> Self {
        let mut error = Self::new(code, canonical_status(code), message);
        error.legacy_reason = Some(reason.to_owned());
        error
    }

    /// 403 `SERVICE_DISABLED`: `service` is off in the project with this number.
    pub fn service_disabled(service: &str, project_number: &str) -> Self {
        let url = format!("https://console.developers.google.com/apis/api/{service}/overview?project={project_number}");
        let title = service_title(service);
        let message = format!(
            "{title} has not been used in project {project_number} before or it is disabled. Enable it by visiting {url} then \
             retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
        );
        let mut error = Self::permission_denied(message).with_info(
            "SERVICE_DISABLED",
            &[
                ("service", service),
                ("serviceTitle", &title),
                ("containerInfo", project_number),
                ("consumer", &format!("projects/{project_number}")),
                ("activationUrl", &url),
            ],
        );
        error.legacy_reason = Some("accessNotConfigured".to_owned());
        error.with_detail(json!({
            "@type": "type.googleapis.com/google.rpc.Help",
            "links": [{"description": "Google developers console API activation", "url": url}],
        }))
    }

    /// Adds an `ErrorInfo` detail.
    #[must_use]
    pub fn with_info(mut self, reason: &str, metadata: &[(&str, &str)]) -> Self {
        self.reason = Some(reason.to_owned());
        self.metadata = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self
    }

    /// Adds a detail as it stands.
    #[must_use]
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    /// The answer's body in the style of the host.
    pub fn body(&self, style: ErrorStyle) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if style == ErrorStyle::Storage {
            let reason = self.legacy_reason.as_deref().unwrap_or_else(|| storage_reason(self.code));
            let mut entry = json!({"message": self.message, "domain": "global", "reason": reason});
            if reason == "accessNotConfigured" {
                entry["domain"] = json!("usageLimits");
                entry["extendedHelp"] = json!("https://console.developers.google.com");
            }
            if code_has_location(reason) {
                entry["locationType"] = json!("header");
                entry["location"] = json!("If-Match");
            }
            error["errors"] = json!([entry]);
        }
        if style == ErrorStyle::Rpc || self.reason.is_some() {
            error["status"] = json!(self.status);
            let details = self.all_details();
            if !details.is_empty() {
                error["details"] = Value::Array(details);
            }
        }
        json!({"error": error})
    }

    /// The answer's body in the XML style.
    pub fn xml(&self) -> String {
        let code = match self.legacy_reason.as_deref() {
            Some(word) if word.starts_with(|c: char| c.is_ascii_uppercase()) => word,
            _ => xml_code(self.code),
        };
        let mut text = format!(
            "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{}</Message>",
            escape(&self.message)
        );
        if let Some(details) = self.details.iter().find_map(Value::as_str) {
            text.push_str(&format!("<Details>{}</Details>", escape(details)));
        }
        text.push_str("</Error>");
        text
    }

    /// The error as the `error` of a finished operation.
    pub fn as_operation_error(&self) -> Value {
        let number = CANONICAL.iter().find(|(name, _, _)| *name == self.status).map_or(2, |(_, n, _)| *n);
        let mut status = json!({"code": number, "message": self.message});
        let details = self.all_details();
        if !details.is_empty() {
            status["details"] = Value::Array(details);
        }
        status
    }

    fn all_details(&self) -> Vec<Value> {
        let mut details = Vec::new();
        if let Some(reason) = &self.reason {
            let mut info = json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": self.domain,
            });
            if !self.metadata.is_empty() {
                info["metadata"] = json!(self.metadata);
            }
            details.push(info);
        }
        details.extend(self.details.iter().cloned());
        details
    }
}

fn storage_reason(code: u16) -> &'static str {
    match code {
        400 => "invalid",
        401 => "authError",
        403 => "forbidden",
        404 => "notFound",
        409 => "conflict",
        412 => "conditionNotMet",
        429 => "rateLimitExceeded",
        _ => "backendError",
    }
}

/// The word of the XML API for an HTTP status: <https://cloud.google.com/storage/docs/xml-api/reference-status>.
fn xml_code(code: u16) -> &'static str {
    match code {
        400 => "InvalidArgument",
        401 => "AuthenticationRequired",
        403 => "AccessDenied",
        404 => "NoSuchKey",
        405 => "MethodNotAllowed",
        412 => "PreconditionFailed",
        429 => "SlowDown",
        501 => "NotImplemented",
        503 => "ServiceUnavailable",
        _ => "InternalError",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn code_has_location(reason: &str) -> bool {
    reason == "conditionNotMet"
}

/// What the console calls the API.
fn service_title(service: &str) -> String {
    match service {
        "run.googleapis.com" => "Cloud Run Admin API".to_owned(),
        "storage.googleapis.com" => "Cloud Storage JSON API".to_owned(),
        "artifactregistry.googleapis.com" => "Artifact Registry API".to_owned(),
        "monitoring.googleapis.com" => "Cloud Monitoring API".to_owned(),
        "cloudresourcemanager.googleapis.com" => "Cloud Resource Manager API".to_owned(),
        "iam.googleapis.com" => "Identity and Access Management (IAM) API".to_owned(),
        "iamcredentials.googleapis.com" => "IAM Service Account Credentials API".to_owned(),
        "secretmanager.googleapis.com" => "Secret Manager API".to_owned(),
        "firestore.googleapis.com" => "Cloud Firestore API".to_owned(),
        "pubsub.googleapis.com" => "Cloud Pub/Sub API".to_owned(),
        "billingbudgets.googleapis.com" => "Cloud Billing Budget API".to_owned(),
        "cloudbilling.googleapis.com" => "Cloud Billing API".to_owned(),
        other => other.trim_end_matches(".googleapis.com").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rpc_style_carries_status_and_error_info() {
        let body = ApiError::service_disabled("run.googleapis.com", "42").body(ErrorStyle::Rpc);
        assert_eq!(body["error"]["status"], "PERMISSION_DENIED");
        assert_eq!(body["error"]["details"][0]["reason"], "SERVICE_DISABLED");
        assert_eq!(body["error"]["details"][0]["metadata"]["consumer"], "projects/42");
        assert!(body["error"].get("errors").is_none());
    }

    #[test]
    fn xml_style_is_escaped_and_finds_a_word_for_the_code() {
        let error = ApiError::storage(503, "backendError", "a < b");
        let text = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>ServiceUnavailable</Code><Message>a &lt; b</Message></Error>";
        assert_eq!(error.xml(), text);
    }

    #[test]
    fn storage_style_carries_errors_and_no_status() {
        let body = ApiError::storage(409, "conflict", "no").body(ErrorStyle::Storage);
        assert_eq!(body["error"]["errors"][0]["reason"], "conflict");
        assert!(body["error"].get("status").is_none());
    }
}
