//! One call: which action of which service, with what, and how it may be repeated.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value as Json;

use super::error::{ApiError, CallLine};
use super::service::Service;

/// Errors that pass by themselves, and for how long one waits for that.
pub(super) type Passing = (Duration, fn(&ApiError) -> bool);

/// Where a call goes below the address of its service.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) method: Method,
    /// Without a slash at its beginning.
    pub(super) path: String,
    pub(super) query: &'static str,
}

/// A call.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) service: Service,
    pub(super) action: &'static str,
    pub(super) body: Json,
    pub(super) target: Target,
    pub(super) passing: Vec<Passing>,
}

impl Request {
    /// The call of `action` with `body`: an object by the names of the API. In the query protocol lists and objects become
    /// numbered fields; of a REST service the body is a document by the name of its root, or a text that is sent as it is.
    pub fn new(service: Service, action: &'static str, body: Json) -> Self {
        let target = Target { method: Method::POST, path: String::new(), query: "" };
        Self { service, action, body, target, passing: Vec::new() }
    }

    /// Where the call of a REST service goes.
    #[must_use]
    pub fn at(mut self, method: Method, path: impl Into<String>, query: &'static str) -> Self {
        self.target = Target { method, path: path.into(), query };
        self
    }

    /// Errors of which `passing` is true are waited out, for `within` at most.
    #[must_use]
    pub fn also_retry(mut self, within: Duration, passing: fn(&ApiError) -> bool) -> Self {
        self.passing.push((within, passing));
        self
    }

    /// What errors call it.
    pub(super) fn line(&self, region: &str) -> CallLine {
        CallLine { service: self.service.name, action: self.action, region: region.to_owned(), writes: self.writes() }
    }

    /// Whether it can change something.
    pub(super) fn writes(&self) -> bool {
        !["Describe", "Get", "List"].iter().any(|verb| self.action.starts_with(verb))
    }

    /// Whether doing it twice does no more than doing it once.
    pub(super) fn is_idempotent(&self) -> bool {
        !self.action.starts_with("Create")
    }
}
