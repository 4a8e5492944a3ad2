//! What can go wrong with a call, and the questions that callers ask about it.
//! The parsed answer is a [`Status`], the questions in [`classify`], the text for the user in [`advice`].
//! No status numbers are compared outside this module.

pub mod advice;
pub mod classify;

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use classify::{ApiDisabled, Found};

use super::auth::AuthError;
use super::host::Host;
use super::host::url_error::InvalidUrl;
use super::status::Status;
use crate::engine::context::Interrupted;

/// The line that names a call: no query, no headers, no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// The HTTP method.
    pub method: String,
    /// The API's host.
    pub host: Host,
    /// The path, without a leading slash.
    pub path: String,
}

impl fmt::Display for CallLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.method, self.host, self.path)
    }
}

/// A call that did not succeed.
#[derive(Debug)]
pub struct ApiError {
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    call: Arc<CallLine>,
    cause: Cause,
    attempts: u32,
    ended: Ended,
    earlier_uncertain: bool,
    credentials: Option<Arc<str>>,
}

/// Why no further attempt was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Another attempt would not help, or could do harm.
    Final,
    /// As many attempts as the policy allows.
    RetriesUsedUp,
    /// The next attempt would have begun after the deadline.
    Deadline,
    /// The user asked to stop.
    Stopped,
}

impl From<Interrupted> for Ended {
    fn from(why: Interrupted) -> Ended {
        match why {
            Interrupted::Stopped => Ended::Stopped,
            Interrupted::Deadline => Ended::Deadline,
        }
    }
}

/// The reason of the last attempt's failure.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// No credentials, or no token for them. Nothing was sent.
    #[error("no access token")]
    Auth(#[source] Arc<AuthError>),
    /// No connection: nothing was sent.
    #[error("cannot connect to {target}")]
    Connect {
        /// Scheme, host and port that were tried.
        target: String,
        /// The transport's error.
        #[source]
        source: reqwest::Error,
    },
    /// The connection broke after the call was sent, so its effect is unknown.
    #[error("the connection broke before the answer was complete")]
    Transport(#[source] reqwest::Error),
    /// No complete answer within the time for one attempt; the effect is unknown.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The time for the whole operation was over before the call could be sent or its operation finished.
    #[error("the time allowed for this operation is over")]
    Deadline,
    /// The user asked to stop before the call was sent or while its operation was waited for.
    #[error("stopped on request")]
    Cancelled,
    /// The API answered with an error.
    #[error("{0}")]
    Http(Status),
    /// A long-running operation ended with an error.
    #[error("operation {name} failed: {status}")]
    Operation {
        /// The operation's name.
        name: String,
        /// Its error.
        status: Status,
    },
    /// The API answered with success and something that is not what it documents.
    #[error("unexpected answer: {0}")]
    Answer(String),
    /// A list is incomplete because these places did not answer. Whatever is missing in it may well exist.
    #[error("the list is incomplete: {} could not be reached", .0.join(", "))]
    Partial(Vec<String>),
    /// The API answered, and what it has is not what may be changed.
    #[error("{0}")]
    Refused(String),
    /// The call cannot be made at all.
    #[error("the call cannot be made")]
    Unsendable(#[source] Unsendable),
}

/// Why a call cannot be made at all.
#[derive(Debug, thiserror::Error)]
pub enum Unsendable {
    /// Endpoint and path make no URL.
    #[error("the address is wrong")]
    Url(#[source] InvalidUrl),
    /// The request or the HTTP client cannot be built, for example for want of trusted certificates.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl ApiError {
    /// An error of one attempt.
    pub fn new(call: Arc<CallLine>, cause: Cause) -> ApiError {
        let inner =
            Inner { call, cause, attempts: 1, ended: Ended::Final, earlier_uncertain: false, credentials: None };
        ApiError { inner: Box::new(inner) }
    }

    /// A wait that ended early.
    pub fn interrupted(call: Arc<CallLine>, why: Interrupted) -> ApiError {
        match why {
            Interrupted::Stopped => ApiError::new(call, Cause::Cancelled).ended(Ended::Stopped),
            Interrupted::Deadline => ApiError::new(call, Cause::Deadline).ended(Ended::Deadline),
        }
    }

    /// The same call, given up for a reason of the provider's own.
    #[must_use]
    pub fn refused(mut self, why: impl Into<String>) -> ApiError {
        self.inner.cause = Cause::Refused(why.into());
        self.inner.ended = Ended::Final;
        self.inner.earlier_uncertain = false;
        self
    }

    /// Says why no attempt followed.
    pub(super) fn ended(mut self, ended: Ended) -> ApiError {
        self.inner.ended = ended;
        self
    }

    /// Says how many attempts there were, and whether one before the last may have taken effect.
    pub(super) fn after(mut self, attempts: u32, earlier_uncertain: bool) -> ApiError {
        self.inner.attempts = attempts;
        self.inner.earlier_uncertain |= earlier_uncertain;
        self
    }

    /// Says whose token was sent.
    pub(super) fn with_credentials(mut self, credentials: Option<Arc<str>>) -> ApiError {
        self.inner.credentials = credentials;
        self
    }

    /// The call.
    pub fn call(&self) -> &CallLine {
        &self.inner.call
    }

    /// The reason.
    pub fn cause(&self) -> &Cause {
        &self.inner.cause
    }

    /// How often the call was attempted.
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// Why no further attempt was made.
    pub fn end(&self) -> Ended {
        self.inner.ended
    }

    /// Where the token that was sent came from; none if none was sent.
    pub fn credentials(&self) -> Option<&str> {
        self.inner.credentials.as_deref()
    }

    pub(super) fn earlier_uncertain(&self) -> bool {
        self.inner.earlier_uncertain
    }

    /// The whole chain of causes in one line, for a diagnostic's detail.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(error) = next {
            text.push_str(": ");
            text.push_str(&error.to_string());
            next = error.source();
        }
        text
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.inner.call, self.inner.cause)?;
        match (self.inner.ended, self.inner.attempts) {
            (Ended::Final, _) | (_, 0 | 1) => Ok(()),
            (Ended::RetriesUsedUp, n) => write!(f, " (after {n} attempts)"),
            (Ended::Deadline, n) => write!(f, " (after {n} attempts, when the time was over)"),
            (Ended::Stopped, n) => write!(f, " (after {n} attempts, stopped on request)"),
        }
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.cause.source()
    }
}
