//! A call that failed, and the questions that can be asked about it.
//!
//! At the border to the engine it becomes a [`CallError`], here and nowhere else.

use std::fmt;

use super::credentials::NoCredentials;
use super::refusal::Refusal;
use super::rights;
use crate::engine::context::Interrupted;
use crate::engine::error::{Answer, CallError};

/// A call that failed for good.
#[derive(Clone, Debug)]
pub struct ApiError {
    inner: Box<Inner>,
}

/// Which call it was.
#[derive(Clone, Debug)]
pub(super) struct CallLine {
    pub(super) service: &'static str,
    pub(super) action: &'static str,
    pub(super) region: String,
    /// Whether it can change something.
    pub(super) writes: bool,
}

#[derive(Clone, Debug)]
struct Inner {
    call: CallLine,
    cause: Cause,
    attempts: u32,
    /// An attempt before the last may have taken effect.
    earlier_uncertain: bool,
}

/// Why a call failed.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Cause {
    /// It could not be signed.
    #[error(transparent)]
    Credentials(#[from] NoCredentials),
    /// It could not be put together.
    #[error("the call cannot be sent: {0}")]
    Unsendable(String),
    /// There is no connection.
    #[error("no connection: {0}")]
    Unreached(String),
    /// The connection broke after the call was sent.
    #[error("no answer: {0}")]
    Lost(String),
    /// AWS said no.
    #[error("{}", refused(.0))]
    Refused(Refusal),
    /// The answer makes no sense.
    #[error("the answer is not one of this API: {0}")]
    Answer(String),
    /// There was no more time, or the user wanted no more.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

fn refused(refusal: &Refusal) -> String {
    let code = if refusal.code.is_empty() { format!("HTTP {}", refusal.status) } else { refusal.code.clone() };
    let message = if refusal.message.is_empty() { String::new() } else { format!(": {}", refusal.message) };
    let id = &refusal.request_id;
    let id = if id.is_empty() { String::new() } else { format!(" (request {id})") };
    format!("{code}{message}{id}")
}

impl ApiError {
    pub(super) fn new(call: CallLine, cause: Cause) -> Self {
        Self { inner: Box::new(Inner { call, cause, attempts: 1, earlier_uncertain: false }) }
    }

    /// Says how many attempts there were, and whether one before the last may have taken effect.
    pub(super) fn after(mut self, attempts: u32, earlier_uncertain: bool) -> Self {
        self.inner.attempts = attempts;
        self.inner.earlier_uncertain = earlier_uncertain;
        self
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &self.inner.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    fn asks(&self, question: fn(&Refusal) -> bool) -> bool {
        self.refusal().is_some_and(question)
    }

    /// There is no such object.
    pub fn is_not_found(&self) -> bool {
        self.asks(Refusal::is_not_found)
    }

    /// An object of that name exists.
    pub fn is_exists(&self) -> bool {
        // DynamoDB says of a name that is taken that the table is in use.
        let is_in_use = self.inner.call.action.starts_with("Create") && self.is_refused_with("ResourceInUseException");
        is_in_use || self.asks(Refusal::is_exists)
    }

    /// The object is being changed by somebody else.
    pub fn is_conflict(&self) -> bool {
        self.asks(Refusal::is_conflict)
    }

    /// AWS refused with this code.
    pub fn is_refused_with(&self, code: &str) -> bool {
        self.refusal().is_some_and(|refusal| refusal.code == code)
    }

    /// AWS's words have these in them.
    pub fn says(&self, words: &str) -> bool {
        self.refusal().is_some_and(|refusal| refusal.message.contains(words))
    }

    pub(super) fn is_skewed(&self) -> bool {
        self.asks(Refusal::is_skewed)
    }

    pub(super) fn is_expired(&self) -> bool {
        self.asks(Refusal::is_expired)
    }

    /// Whether another attempt may do better.
    pub(super) fn is_passing(&self) -> bool {
        match &self.inner.cause {
            Cause::Unreached(_) | Cause::Lost(_) => true,
            Cause::Refused(refusal) => refusal.is_throttled() || refusal.is_failure(),
            _ => false,
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        matches!(self.inner.cause, Cause::Interrupted(_))
    }

    /// Whether the last attempt may have taken effect.
    pub(super) fn is_uncertain(&self) -> bool {
        let is_lost = matches!(self.inner.cause, Cause::Lost(_) | Cause::Answer(_));
        self.inner.call.writes && (is_lost || self.asks(|refusal| refusal.is_failure() && !refusal.is_throttled()))
    }

    /// Whether the call may have taken effect.
    pub fn may_have_happened(&self) -> bool {
        self.is_uncertain() || (self.inner.call.writes && self.inner.earlier_uncertain)
    }

    /// What the user can do about it.
    fn advice(&self) -> Option<String> {
        let refusal = match &self.inner.cause {
            Cause::Credentials(_) => return Some(CREDENTIALS.to_owned()),
            Cause::Refused(refusal) => refusal,
            _ => return None,
        };
        if refusal.is_unknown_caller() || refusal.is_expired() {
            return Some(CREDENTIALS.to_owned());
        }
        if !refusal.is_denied() {
            return None;
        }
        let CallLine { service, action, .. } = &self.inner.call;
        let action = format!("{service}:{}", rights::of_call(action));
        let (right, on) = refusal.missing_right().unwrap_or((&action, None));
        let on = on.map_or_else(String::new, |on| format!(" on {on}"));
        Some(format!("Allow {right}{on} to whoever runs Terraform, by a policy of the user or role, and try again."))
    }
}

/// What to do about credentials.
const CREDENTIALS: &str = "Set credentials as for any AWS tool (AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, aws \
                           sso login), or in the attribute aws of the provider block.";

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { call: CallLine { service, action, region, .. }, cause, attempts, .. } = &*self.inner;
        write!(f, "{service}:{action} in {region}: {cause}")?;
        if *attempts > 1 { write!(f, " (after {attempts} attempts)") } else { Ok(()) }
    }
}

impl std::error::Error for ApiError {}

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> Self {
        let answer = if error.is_not_found() {
            Answer::NotFound
        } else if error.asks(Refusal::is_not_empty) {
            Answer::NotEmpty
        } else if error.is_exists() {
            Answer::AlreadyExists
        } else if error.is_conflict() {
            Answer::Conflict
        } else if error.asks(Refusal::is_denied) {
            Answer::Denied
        } else {
            Answer::Other
        };
        Self::new(error.to_string(), answer).advice(error.advice()).may_have_happened(error.may_have_happened())
    }
}

/// "Not found" as an answer.
pub trait Found<T> {
    /// `None` where there is no such object.
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
