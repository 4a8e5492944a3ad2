//! Faults: what goes wrong because a test said so.
//!
//! A fault waits for requests that match it, lets `skip` of them pass, spoils the next `times`, and is spent.

use std::time::Duration;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::error::{self, ApiError};

/// The `times` of a fault that goes on until it is cleared. It is spent when it has struck once.
pub const UNTIL_CLEARED: u32 = u32::MAX;

/// A fault as `POST /_localcloud/faults` takes it. Every key is optional.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultSpec {
    /// Which requests it is for; all of them when empty.
    #[serde(rename = "match")]
    pub matches: MatchSpec,
    /// Matching requests that pass unharmed first.
    pub skip: u32,
    /// Matching requests that it spoils; [`UNTIL_CLEARED`] for an outage.
    pub times: u32,
    /// HTTP status of the answer (of the operation's end with `operation_error`).
    pub status: Option<u16>,
    /// A canonical status name, or the reason of the error's detail.
    pub reason: Option<String>,
    /// The error's message.
    pub message: Option<String>,
    /// `Retry-After` of the answer, in seconds.
    pub retry_after: Option<u32>,
    /// Milliseconds to wait before anything happens.
    pub delay_ms: u64,
    /// Close the connection without an answer.
    pub drop: Option<Drop>,
    /// Let the call start its operation, and the operation end in the error.
    pub operation_error: bool,
    /// Let the call start its operation, and the operation never end.
    pub operation_endless: bool,
    /// Let the request wait, before it has its effect, until the faults are cleared.
    pub hold: bool,
    /// What comes in place of the answer.
    pub answer: Option<Answer>,
}

impl Default for FaultSpec {
    fn default() -> Self {
        Self {
            matches: MatchSpec::default(),
            skip: 0,
            times: 1,
            status: None,
            reason: None,
            message: None,
            retry_after: None,
            delay_ms: 0,
            drop: None,
            operation_error: false,
            operation_endless: false,
            hold: false,
            answer: None,
        }
    }
}

impl FaultSpec {
    /// For all calls.
    pub fn on_any_call() -> Self {
        Self::default()
    }

    /// For calls of this method whose path matches this regular expression.
    pub fn on(method: &str, path: &str) -> Self {
        let matches = MatchSpec { host: None, method: Some(method.to_owned()), path: Some(path.to_owned()) };
        Self { matches, ..Self::default() }
    }

    /// Only on this API host.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.matches.host = Some(host.to_owned());
        self
    }

    /// Lets this many matching calls pass first.
    #[must_use]
    pub fn after(self, calls: u32) -> Self {
        Self { skip: calls, ..self }
    }

    /// Fails this many calls.
    #[must_use]
    pub fn times(self, calls: u32) -> Self {
        Self { times: calls, ..self }
    }

    /// Fails calls until faults are cleared; one at least.
    #[must_use]
    pub fn until_cleared(self) -> Self {
        self.times(UNTIL_CLEARED)
    }

    /// Answers with this status and reason.
    #[must_use]
    pub fn status(self, status: u16, reason: &str) -> Self {
        Self { status: Some(status), reason: Some(reason.to_owned()), ..self }
    }

    /// Says this in the answer.
    #[must_use]
    pub fn message(self, message: &str) -> Self {
        Self { message: Some(message.to_owned()), ..self }
    }

    /// Takes this long.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), ..self }
    }

    /// Drops the connection before anything has happened.
    #[must_use]
    pub fn dropped_before(self) -> Self {
        Self { drop: Some(Drop::Before), ..self }
    }

    /// Drops the connection after the effect.
    #[must_use]
    pub fn dropped_after(self) -> Self {
        Self { drop: Some(Drop::After), ..self }
    }

    /// Lets the call begin a long-running operation that fails.
    #[must_use]
    pub fn operation_error(self) -> Self {
        Self { operation_error: true, ..self }
    }
}

/// Which requests a fault is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchSpec {
    /// API host, exactly.
    pub host: Option<String>,
    /// HTTP method, exactly.
    pub method: Option<String>,
    /// Regular expression that the path must contain a match of.
    pub path: Option<String>,
}

/// When a connection is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Drop {
    /// Before the call had its effect.
    Before,
    /// After it.
    After,
}

/// What comes in place of an answer. The call has had its effect, but for a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Status 200 and nothing.
    Empty,
    /// Status 200 and an object without members.
    Hollow,
    /// Status 200 and half a JSON text.
    Malformed,
    /// Status 200 and [`HUGE`] bytes.
    Huge,
    /// Status 302, from something on the way: the cloud has not seen the request.
    Redirect,
    /// Silence, until the caller closes the connection.
    Never,
}

/// The length of a huge answer: more than any page of any API has.
pub const HUGE: usize = 80 << 20;

/// What a request suffers.
#[derive(Debug, Clone, Default)]
pub struct Harm {
    /// Milliseconds to wait first.
    pub delay_ms: u64,
    /// The connection is dropped.
    pub drop: Option<Drop>,
    /// The answer is this error, and nothing happens.
    pub error: Option<ApiError>,
    /// The operation that the call starts ends in this error.
    pub operation_error: Option<ApiError>,
    /// The operation that the call starts does not end.
    pub operation_endless: bool,
    /// Seconds for `Retry-After`.
    pub retry_after: Option<u32>,
    /// The request waits until the faults are cleared.
    pub hold: bool,
    /// What comes in place of the answer.
    pub answer: Option<Answer>,
}

/// The faults that wait.
#[derive(Debug, Default)]
pub struct Faults(Vec<Armed>);

/// A fault that waits for requests, as `GET /_localcloud/faults` answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unspent {
    /// The fault as it was armed.
    pub fault: FaultSpec,
    /// Matching requests that it would still spoil.
    pub left: u32,
    /// Matching requests that would pass before.
    pub still_to_pass: u32,
}

#[derive(Debug)]
struct Armed {
    spec: FaultSpec,
    path: Option<Regex>,
    skip: u32,
    left: u32,
}

impl Faults {
    /// Arms a fault behind those that wait already.
    ///
    /// # Errors
    /// The regular expression's complaint.
    pub fn add(&mut self, spec: FaultSpec) -> Result<(), regex::Error> {
        let path = spec.matches.path.as_deref().map(Regex::new).transpose()?;
        self.0.push(Armed { skip: spec.skip, left: spec.times, path, spec });
        Ok(())
    }

    /// Those that have spoilt fewer requests than they were armed for: a test that leaves one has not tested it.
    pub fn unspent(&self) -> Vec<Unspent> {
        let waiting = self.0.iter().filter(|fault| match fault.spec.times {
            UNTIL_CLEARED => fault.left == UNTIL_CLEARED,
            _ => fault.left > 0,
        });
        waiting
            .map(|fault| Unspent { fault: fault.spec.clone(), left: fault.left, still_to_pass: fault.skip })
            .collect()
    }

    /// Disarms all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What this request suffers: the first fault that matches and is not spent decides.
    pub fn harm(&mut self, host: &str, method: &str, path: &str, project_number: Option<&str>) -> Harm {
        for fault in &mut self.0 {
            let wanted = &fault.spec.matches;
            let matches = wanted.host.as_deref().is_none_or(|h| h == host)
                && wanted.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method))
                && fault.path.as_ref().is_none_or(|regex| regex.is_match(path));
            if !matches || fault.left == 0 {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.left -= 1;
            return harm_of(&fault.spec, host, project_number);
        }
        Harm::default()
    }
}

fn harm_of(spec: &FaultSpec, host: &str, project_number: Option<&str>) -> Harm {
    let mut harm = Harm {
        delay_ms: spec.delay_ms,
        drop: spec.drop,
        operation_endless: spec.operation_endless,
        retry_after: spec.retry_after,
        hold: spec.hold,
        answer: spec.answer,
        ..Harm::default()
    };
    if spec.status.is_none() && spec.reason.is_none() && !spec.operation_error {
        return harm;
    }
    let error = error_of(spec, host, project_number);
    if spec.operation_error {
        harm.operation_error = Some(error);
    } else {
        harm.error = Some(error);
    }
    harm
}

fn error_of(spec: &FaultSpec, host: &str, project_number: Option<&str>) -> ApiError {
    let named = spec.reason.as_deref().and_then(|reason| error::http_code(reason).map(|code| (reason, code)));
    let code = spec.status.or(named.map(|(_, code)| code)).unwrap_or(500);
    let status = named.map_or_else(|| error::canonical_status(code), |(name, _)| name);
    let message = spec.message.clone().unwrap_or_else(|| default_message(status).to_owned());
    match &spec.reason {
        Some(reason) if reason == "SERVICE_DISABLED" => {
            let mut error = ApiError::service_disabled(host, project_number.unwrap_or("0"));
            if let Some(message) = &spec.message {
                error.message.clone_from(message);
            }
            error
        }
        Some(reason) if named.is_none() => {
            let mut error = ApiError::new(code, status, message);
            // Cloud Storage's words are in camel case, the ErrorInfo ones in capitals.
            if reason.contains(|c: char| c.is_ascii_lowercase()) {
                error.legacy_reason = Some(reason.clone());
                error
            } else {
                error.with_info(reason, &[("service", host)])
            }
        }
        _ => ApiError::new(code, status, message),
    }
}

fn default_message(status: &str) -> &'static str {
    match status {
        "UNAVAILABLE" => "The service is currently unavailable.",
        "INTERNAL" => "Internal error encountered.",
        "RESOURCE_EXHAUSTED" => "Resource has been exhausted (e.g. check quota).",
        "DEADLINE_EXCEEDED" => "Deadline expired before operation could complete.",
        "ABORTED" => "The operation was aborted.",
        "ALREADY_EXISTS" => "Requested entity already exists",
        "NOT_FOUND" => "Requested entity was not found.",
        "PERMISSION_DENIED" => "The caller does not have permission",
        "UNAUTHENTICATED" => {
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
             authentication credential."
        }
        "FAILED_PRECONDITION" => "Precondition check failed.",
        "INVALID_ARGUMENT" => "Request contains an invalid argument.",
        _ => "Unknown error.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(spec: &str) -> Faults {
        let mut faults = Faults::default();
        faults.add(serde_json::from_str(spec).expect("a fault")).expect("a regular expression");
        faults
    }

    #[test]
    fn skip_then_times_then_spent() {
        let mut faults = faults(r#"{"match": {"method": "POST"}, "skip": 1, "times": 2, "status": 503}"#);
        let hit: Vec<bool> = (0..4).map(|_| faults.harm("h", "POST", "/x", None).error.is_some()).collect();
        assert_eq!(hit, [false, true, true, false]);
    }

    #[test]
    fn a_fault_is_unspent_until_it_has_spoilt_all_that_it_was_armed_for() {
        let mut faults = faults(r#"{"match": {"method": "POST"}, "times": 2, "status": 503}"#);
        let mut left = || {
            faults.harm("h", "POST", "/x", None);
            faults.unspent().iter().map(|unspent| unspent.left).collect::<Vec<_>>()
        };
        assert_eq!([left(), left()], [vec![1], vec![]]);
    }

    #[test]
    fn other_requests_pass() {
        let mut faults = faults(r#"{"match": {"host": "a", "path": "/b/[0-9]+$"}, "status": 500}"#);
        assert!(faults.harm("b", "GET", "/b/1", None).error.is_none());
        assert!(faults.harm("a", "GET", "/b/x", None).error.is_none());
        assert!(faults.harm("a", "GET", "/b/1", None).error.is_some());
    }

    #[test]
    fn a_canonical_reason_gives_status_and_code() {
        let mut faults = faults(r#"{"reason": "ABORTED"}"#);
        let error = faults.harm("h", "GET", "/", None).error.expect("an error");
        assert_eq!((error.code, error.status.as_str()), (409, "ABORTED"));
    }

    #[test]
    fn a_delay_alone_spoils_nothing() {
        let mut faults = faults(r#"{"delay_ms": 5}"#);
        let harm = faults.harm("h", "GET", "/", None);
        assert_eq!(harm.delay_ms, 5);
        assert!(harm.error.is_none() && harm.drop.is_none());
    }
}
