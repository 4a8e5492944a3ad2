//! One call as a value: method, host, path, query, body, and how it may be repeated.
//! Built fluently; nothing is sent until [`Client::call`](super::Client::call).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::Value;

use super::error::ApiError;
use super::host::Host;
use crate::http::Secret;

/// A predicate on errors that the caller knows to be passing.
pub type Passing = Arc<dyn Fn(&ApiError) -> bool + Send + Sync>;

/// A call to a Google API, not yet sent.
#[derive(Clone)]
#[must_use]
pub struct Request {
    pub(super) method: Method,
    pub(super) host: Host,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) idempotent: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) passing: Vec<(Duration, Passing)>,
    pub(super) secrets: Vec<Secret>,
    pub(super) once: bool,
    pub(super) expected: Option<&'static [&'static str]>,
}

#[derive(Clone)]
pub(super) enum Body {
    Empty,
    Json(Value),
    Bytes { content_type: String, content: Bytes },
}

impl Request {
    /// A GET of `path` (no leading slash; foreign text in it through [`segment`](super::path::segment)).
    pub fn get(host: Host, path: impl Into<String>) -> Request {
        Request::new(Method::GET, host, path)
    }

    /// A POST. Not repeated after an attempt that may have taken effect, unless [`idempotent`](Request::idempotent) says so.
    pub fn post(host: Host, path: impl Into<String>) -> Request {
        Request::new(Method::POST, host, path)
    }

    /// A PUT.
    pub fn put(host: Host, path: impl Into<String>) -> Request {
        Request::new(Method::PUT, host, path)
    }

    /// A PATCH.
    pub fn patch(host: Host, path: impl Into<String>) -> Request {
        Request::new(Method::PATCH, host, path)
    }

    /// A DELETE. Repeated after a lost answer it meets a 404, which the caller reads as success.
    pub fn delete(host: Host, path: impl Into<String>) -> Request {
        Request::new(Method::DELETE, host, path)
    }

    fn new(method: Method, host: Host, path: impl Into<String>) -> Request {
        Request {
            idempotent: method != Method::POST,
            method,
            host,
            path: path.into(),
            query: Vec::new(),
            body: Body::Empty,
            timeout: None,
            passing: Vec::new(),
            secrets: Vec::new(),
            once: false,
            expected: None,
        }
    }

    /// What a request writes, by the names of its fields: the mask where it has one. Values are nobody's to read.
    pub(super) fn writes(&self) -> Option<String> {
        if let Some((_, mask)) = self.query.iter().find(|(name, _)| name == "updateMask") {
            return Some(mask.clone());
        }
        match &self.body {
            Body::Json(Value::Object(fields)) => Some(fields.keys().map(String::as_str).collect::<Vec<_>>().join(",")),
            Body::Json(_) | Body::Bytes { .. } | Body::Empty => None,
        }
    }

    /// The answer must be an object with these fields, and none of them empty: an answer that a proxy cut off must not look
    /// like an object without content.
    pub fn expects(mut self, fields: &'static [&'static str]) -> Request {
        self.expected = Some(fields);
        self
    }

    /// Not repeated by the client after failures that pass: who sends it reads again first.
    pub fn sent_once(mut self) -> Request {
        self.once = true;
        self
    }

    /// Adds a query parameter; the value is encoded here.
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Request {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a query parameter if there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl fmt::Display>) -> Request {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sends a JSON document.
    pub fn json(mut self, body: Value) -> Request {
        self.body = Body::Json(body);
        self
    }

    /// Sends bytes as they are, such as an object's content.
    pub fn bytes(mut self, content_type: &str, content: impl Into<Bytes>) -> Request {
        self.body = Body::Bytes { content_type: content_type.to_owned(), content: content.into() };
        self
    }

    /// Says whether the call may be repeated after an attempt that may have taken effect. Default: all methods but POST.
    pub fn idempotent(mut self, idempotent: bool) -> Request {
        self.idempotent = idempotent;
        self
    }

    /// Limits one attempt; the default is the client's `request_timeout`.
    pub fn timeout(mut self, timeout: Duration) -> Request {
        self.timeout = Some(timeout);
        self
    }

    /// Repeats for `within` also after errors that the caller knows to be passing, such as "does not exist" for
    /// something that this run has just made. These do not count against the policy's number of retries. What was said so
    /// before holds as well.
    pub fn also_retry(
        mut self,
        within: Duration,
        passing: impl Fn(&ApiError) -> bool + Send + Sync + 'static,
    ) -> Request {
        self.passing.push((within, Arc::new(passing)));
        self
    }

    /// Names a secret that the body holds: should the API quote it in an error, the text is masked.
    pub fn secret(mut self, secret: impl Into<String>) -> Request {
        self.secrets.push(Secret::new(secret));
        self
    }

    /// Whether the call is conditional on the object's state (an etag or a generation). The answer to a lost race is then
    /// for the caller, who must read again, and repeating the same call is useless.
    pub fn is_conditional(&self) -> bool {
        let etag = |value: &Value| value.get("etag").and_then(Value::as_str).is_some_and(|etag| !etag.is_empty());
        let in_body = match &self.body {
            Body::Json(body) => etag(body) || body.get("policy").is_some_and(etag),
            Body::Empty | Body::Bytes { .. } => false,
        };
        let in_query = self.query.iter().any(|(name, _)| {
            name == "etag" || (name.starts_with("if") && (name.ends_with("Match") || name.ends_with("NotMatch")))
        });
        in_body || in_query
    }
}

/// Without query values and body: they may hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.method, self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_post_is_not_idempotent_by_itself() {
        assert!(!Request::post(Host::RUN, "x").idempotent);
        assert!(Request::patch(Host::RUN, "x").idempotent);
        assert!(Request::delete(Host::RUN, "x").idempotent);
        assert!(Request::post(Host::RUN, "x").idempotent(true).idempotent);
    }

    #[test]
    fn an_etag_or_a_generation_makes_a_call_conditional() {
        let post = || Request::post(Host::STORAGE, "x");
        assert!(post().json(json!({"policy": {"etag": "BwX"}})).is_conditional());
        assert!(post().json(json!({"etag": "1"})).is_conditional());
        assert!(post().query("ifMetagenerationMatch", 3).is_conditional());
        assert!(!post().json(json!({"policy": {"bindings": []}, "etag": ""})).query("iff", 1).is_conditional());
    }

    #[test]
    fn debug_shows_no_query_and_no_body() {
        let request = Request::post(Host::SECRET_MANAGER, "v1/x").query("q", "hidden").json(json!({"a": "hidden"}));
        assert_eq!(format!("{request:?}"), "POST secretmanager.googleapis.com/v1/x");
    }
}
