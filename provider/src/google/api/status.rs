//! Google's error format, read leniently: the newer `details` and the older `errors` list, and the one of operations.
//! Only what is needed to decide and to explain is kept; the body itself is dropped.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::http::Secret;

/// An error as a Google API or operation reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The HTTP status; for an operation's error the one that its code corresponds to.
    pub http: u16,
    /// The canonical name, such as `NOT_FOUND`, where one was given.
    pub name: Option<String>,
    /// The message for people.
    pub message: String,
    /// All reasons: of `ErrorInfo` details (`SERVICE_DISABLED`) and of the older list (`notFound`).
    pub reasons: Vec<String>,
    /// The `ErrorInfo` details.
    pub info: Vec<ErrorInfo>,
    /// Which fields were refused, and why.
    pub violations: Vec<FieldViolation>,
    /// How long to wait before another attempt, where the answer says so.
    pub retry_after: Option<Duration>,
    /// Whether the body was Google's error document. A page of a proxy, or of a wrong endpoint, is not.
    pub structured: bool,
}

/// A `google.rpc.ErrorInfo` detail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorInfo {
    /// Constant in upper snake case.
    pub reason: String,
    /// Whose constant it is, such as `googleapis.com`.
    pub domain: String,
    /// Further values, such as `service` and `consumer`.
    pub metadata: BTreeMap<String, String>,
}

/// One refused field of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path of the field in the request.
    pub field: String,
    /// Why it was refused.
    pub description: String,
}

impl Status {
    /// Reads the body of an HTTP answer.
    pub fn from_answer(http: u16, body: &[u8]) -> Status {
        let parsed: Option<Value> = serde_json::from_slice(body).ok();
        // A few APIs wrap the document in a list of one.
        let document = match &parsed {
            Some(Value::Array(list)) => list.first(),
            other => other.as_ref(),
        };
        match document.and_then(|document| document.get("error")) {
            Some(error @ Value::Object(_)) => Status { http, ..Status::from_error(error) },
            Some(Value::String(reason)) => Status::from_oauth(http, reason, document),
            _ => Status { http, message: bare(http), ..Status::default() },
        }
    }

    /// Reads the `error` of an operation, whose code is one of gRPC's.
    pub fn from_operation(error: &Value) -> Status {
        let code = integer(error.get("code")).unwrap_or(2);
        let (name, http) = canonical(code);
        let parsed = Status::from_error(error);
        Status { http, name: Some(name.to_owned()), ..parsed }
    }

    /// Reads the `error` of an operation with a status: a list, of which the first entry is told. `http` is the status that
    /// it corresponds to, where the API says so.
    pub fn from_ended_operation(error: &Value, http: Option<&Value>) -> Status {
        let entries: Vec<&Value> = list(error.get("errors")).collect();
        let first = |field: &str| entries.iter().find_map(|entry| text(entry.get(field)));
        let code = first("code");
        let mut status = Status {
            http: integer(http).and_then(|http| u16::try_from(http).ok()).unwrap_or(500),
            message: first("message").unwrap_or_default(),
            name: code,
            structured: true,
            ..Status::default()
        };
        for entry in entries {
            status.add_reason(text(entry.get("code")));
        }
        status
    }

    fn from_error(error: &Value) -> Status {
        let mut status = Status {
            name: text(error.get("status")),
            message: text(error.get("message")).unwrap_or_default(),
            structured: true,
            ..Status::default()
        };
        for entry in list(error.get("errors")) {
            status.add_reason(text(entry.get("reason")));
            if status.message.is_empty() {
                status.message = text(entry.get("message")).unwrap_or_default();
            }
        }
        for detail in list(error.get("details")) {
            status.add_detail(detail);
        }
        status
    }

    /// The format of token endpoints: a reason and perhaps a description.
    fn from_oauth(http: u16, reason: &str, document: Option<&Value>) -> Status {
        let described = document.and_then(|document| text(document.get("error_description")));
        Status {
            http,
            message: described.unwrap_or_else(|| reason.to_owned()),
            reasons: vec![reason.to_owned()],
            structured: true,
            ..Status::default()
        }
    }

    fn add_detail(&mut self, detail: &Value) {
        let kind = detail.get("@type").and_then(Value::as_str).unwrap_or_default();
        match kind.rsplit('.').next().unwrap_or_default() {
            "ErrorInfo" => {
                let metadata = detail.get("metadata").and_then(Value::as_object);
                let info = ErrorInfo {
                    reason: text(detail.get("reason")).unwrap_or_default(),
                    domain: text(detail.get("domain")).unwrap_or_default(),
                    metadata: metadata
                        .into_iter()
                        .flatten()
                        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                        .collect(),
                };
                self.add_reason(Some(info.reason.clone()));
                self.info.push(info);
            }
            "BadRequest" => {
                for violation in list(detail.get("fieldViolations")) {
                    self.violations.push(FieldViolation {
                        field: text(violation.get("field")).unwrap_or_default(),
                        description: text(violation.get("description")).unwrap_or_default(),
                    });
                }
            }
            "PreconditionFailure" => {
                for violation in list(detail.get("violations")) {
                    self.add_reason(text(violation.get("type")));
                    self.violations.push(FieldViolation {
                        field: text(violation.get("subject")).unwrap_or_default(),
                        description: text(violation.get("description")).unwrap_or_default(),
                    });
                }
            }
            "RetryInfo" => {
                let delay = detail.get("retryDelay").and_then(Value::as_str);
                self.retry_after = delay.and_then(seconds).or(self.retry_after);
            }
            _ => {}
        }
    }

    fn add_reason(&mut self, reason: Option<String>) {
        match reason {
            Some(reason) if !reason.is_empty() && !self.reasons.contains(&reason) => self.reasons.push(reason),
            _ => {}
        }
    }

    /// Masks secrets that the API quoted.
    pub fn mask(&mut self, secrets: &[Secret]) {
        let texts = std::iter::once(&mut self.message)
            .chain(self.violations.iter_mut().flat_map(|violation| [&mut violation.field, &mut violation.description]));
        for text in texts {
            for secret in secrets {
                // A secret of a few letters would mask half of the sentence; nobody learns it from there.
                if secret.reveal().len() >= 4 && text.contains(secret.reveal()) {
                    *text = text.replace(secret.reveal(), "(sensitive)");
                }
            }
        }
    }

    /// Whether the canonical name is `name`.
    pub fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// Whether one of the reasons is `reason`.
    pub fn has_reason(&self, reason: &str) -> bool {
        self.reasons.iter().any(|own| own == reason)
    }

    /// Whether the message holds `text`, in any case of letters.
    pub fn says(&self, text: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&text.to_ascii_lowercase())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.http)?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        write!(f, ": {}", self.message.trim())?;
        for violation in &self.violations {
            write!(f, "; {}: {}", violation.field, violation.description)?;
        }
        Ok(())
    }
}

/// gRPC's codes with their names and HTTP counterparts.
fn canonical(code: i64) -> (&'static str, u16) {
    match code {
        1 => ("CANCELLED", 499),
        3 => ("INVALID_ARGUMENT", 400),
        4 => ("DEADLINE_EXCEEDED", 504),
        5 => ("NOT_FOUND", 404),
        6 => ("ALREADY_EXISTS", 409),
        7 => ("PERMISSION_DENIED", 403),
        8 => ("RESOURCE_EXHAUSTED", 429),
        9 => ("FAILED_PRECONDITION", 400),
        10 => ("ABORTED", 409),
        11 => ("OUT_OF_RANGE", 400),
        12 => ("UNIMPLEMENTED", 501),
        13 => ("INTERNAL", 500),
        14 => ("UNAVAILABLE", 503),
        15 => ("DATA_LOSS", 500),
        16 => ("UNAUTHENTICATED", 401),
        _ => ("UNKNOWN", 500),
    }
}

fn bare(http: u16) -> String {
    let known = reqwest::StatusCode::from_u16(http).ok().and_then(|status| status.canonical_reason());
    format!("{} (the answer is not Google's error document)", known.unwrap_or("no reason given"))
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn integer(value: Option<&Value>) -> Option<i64> {
    value.and_then(Value::as_i64)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn seconds(text: &str) -> Option<Duration> {
    let number: f64 = text.strip_suffix('s')?.parse().ok()?;
    Duration::try_from_secs_f64(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(http: u16, body: Value) -> Status {
        Status::from_answer(http, body.to_string().as_bytes())
    }

    #[test]
    fn details_give_reason_metadata_violations_and_delay() {
        let status = read(
            400,
            json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "bad", "details": [
                {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "R", "domain": "googleapis.com", "metadata": {"service": "s"}},
                {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "a.b", "description": "too long"}]},
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"},
                {"@type": "type.googleapis.com/some.Other", "x": 1}]}}),
        );
        assert_eq!(status.reasons, ["R"]);
        assert_eq!(status.info[0].metadata["service"], "s");
        assert_eq!(status.retry_after, Some(Duration::from_millis(1500)));
        assert_eq!(status.to_string(), "400 INVALID_ARGUMENT: bad; a.b: too long");
    }

    #[test]
    fn the_older_list_gives_reasons() {
        let status = read(
            409,
            json!({"error": {"code": 409, "message": "m", "errors": [{"reason": "conflict", "message": "m"}]}}),
        );
        assert!(status.has_reason("conflict") && status.structured);
    }

    #[test]
    fn a_page_of_a_proxy_is_not_structured_and_not_quoted() {
        let status = Status::from_answer(502, b"<html>secret page</html>");
        assert!(!status.structured);
        assert_eq!(status.to_string(), "502: Bad Gateway (the answer is not Google's error document)");
    }

    #[test]
    fn an_operations_code_becomes_name_and_status() {
        let status = Status::from_operation(&json!({"code": 9, "message": "Revision is not ready"}));
        assert_eq!((status.http, status.name.as_deref()), (400, Some("FAILED_PRECONDITION")));
    }

    #[test]
    fn a_token_endpoints_error_is_read() {
        let status = read(400, json!({"error": "invalid_grant", "error_description": "expired"}));
        assert_eq!((status.reasons[0].as_str(), status.message.as_str()), ("invalid_grant", "expired"));
    }

    #[test]
    fn quoted_secrets_are_masked() {
        let mut status = read(400, json!({"error": {"message": "labels.auth_token had the value \"hunter22\""}}));
        status.mask(&[Secret::new("hunter22")]);
        assert_eq!(status.message, "labels.auth_token had the value \"(sensitive)\"");
    }
}
