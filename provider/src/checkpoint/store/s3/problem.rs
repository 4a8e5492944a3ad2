//! What S3 answers when it does not do what it is told, and what that means for who called.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::checkpoint::store::error::BoxError;

/// A call that failed.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    pub(super) source: BoxError,
}

/// What a failure means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The object is not as the condition says.
    Precondition,
    /// There is no such object.
    NoObject,
    /// There is no such bucket.
    NoBucket,
    /// One of the two: an answer without content does not say which.
    NotFound,
    /// The caller lacks a right.
    Denied,
    /// There are no credentials, or they are refused.
    Credentials,
    /// The bucket is elsewhere.
    Region(Option<String>),
    /// The store does not know what was asked.
    Unknown,
    /// Not done, and worth another attempt.
    Passing,
    /// Perhaps done, and worth another attempt.
    Lost(Loss),
    /// Anything else.
    Other,
}

/// Why nobody knows whether a call took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// No whole answer came.
    Network,
    /// The store says that it failed.
    Server,
}

impl Kind {
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Passing | Self::Lost(_))
    }
}

impl Problem {
    /// Content that ended early.
    pub(super) fn cut_off(source: impl Error + Send + Sync + 'static) -> Self {
        Self { kind: Kind::Lost(Loss::Network), source: source.into() }
    }

    /// An answer without something that it must have.
    pub(super) fn nonsense(what: &str) -> Self {
        Self { kind: Kind::Other, source: format!("the answer is not as S3 documents it: {what}").into() }
    }

    /// Reads what the SDK says.
    pub(super) fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(refusal) => {
                let answer = Answer::read(refusal.err(), refusal.raw());
                return Self { kind: answer.kind(), source: Box::new(answer) };
            }
            SdkError::ResponseError(_) | SdkError::TimeoutError(_) => {
                return Self { kind: Kind::Lost(Loss::Network), source: inner(error) };
            }
            _ => {}
        }
        if lacks_credentials(&error) {
            return Self { kind: Kind::Credentials, source: inner(error) };
        }
        let network = matches!(&error, SdkError::DispatchFailure(failure) if !failure.is_user());
        Self { kind: if network { Kind::Lost(Loss::Network) } else { Kind::Other }, source: inner(error) }
    }
}

/// The content of an answer that is a success, if it is there and is text.
pub(super) fn content(raw: &HttpResponse) -> Option<&str> {
    raw.status().is_success().then(|| raw.body().bytes())?.and_then(|bytes| std::str::from_utf8(bytes).ok())
}

fn inner<E: Error + Send + Sync + 'static>(error: SdkError<E, HttpResponse>) -> BoxError {
    error.into_source().unwrap_or_else(|error| Box::new(error))
}

/// Whether the call was never made for want of credentials: the SDK tells only in the chain of causes.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<CredentialsError>() {
            return true;
        }
        next = cause.source();
    }
    false
}

/// What S3 said.
#[derive(Debug)]
struct Answer {
    status: u16,
    code: String,
    message: String,
    /// Where the bucket is, in answers that say it.
    region: Option<String>,
}

impl Answer {
    fn read(error: &impl ProvideErrorMetadata, raw: &HttpResponse) -> Self {
        let message = error.message().unwrap_or_default().to_owned();
        let body = raw.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        let region = raw.headers().get("x-amz-bucket-region").map(str::to_owned);
        let region = region.or_else(|| between(&body, "<Region>", "</Region>"));
        Self {
            status: raw.status().as_u16(),
            code: error.code().unwrap_or_default().to_owned(),
            region: region.or_else(|| between(&message, "expecting '", "'")),
            message,
        }
    }

    fn kind(&self) -> Kind {
        match self.code.as_str() {
            "PreconditionFailed" => Kind::Precondition,
            "NoSuchKey" | "NoSuchVersion" => Kind::NoObject,
            "NoSuchBucket" => Kind::NoBucket,
            "PermanentRedirect" | "TemporaryRedirect" | "IllegalLocationConstraintException" => {
                Kind::Region(self.region.clone())
            }
            "AuthorizationHeaderMalformed" if self.region.is_some() => Kind::Region(self.region.clone()),
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "InvalidToken"
            | "TokenRefreshRequired"
            | "RequestTimeTooSkewed"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => Kind::Credentials,
            "NotImplemented" => Kind::Unknown,
            // Somebody else is writing the same object at this moment.
            "ConditionalRequestConflict"
            | "OperationAborted"
            | "SlowDown"
            | "Throttling"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "BandwidthLimitExceeded" => Kind::Passing,
            "RequestTimeout" => Kind::Lost(Loss::Server),
            _ => self.kind_by_status(),
        }
    }

    fn kind_by_status(&self) -> Kind {
        match self.status {
            301 | 307 => Kind::Region(self.region.clone()),
            // A HEAD has no content that could say more.
            400 if self.code.is_empty() && self.region.is_some() => Kind::Region(self.region.clone()),
            401 => Kind::Credentials,
            403 => Kind::Denied,
            404 => Kind::NotFound,
            412 => Kind::Precondition,
            429 => Kind::Passing,
            501 => Kind::Unknown,
            408 | 500.. => Kind::Lost(Loss::Server),
            _ => Kind::Other,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3 answers {}", self.status)?;
        for part in [&self.code, &self.message] {
            if !part.is_empty() {
                write!(f, " {part}")?;
            }
        }
        Ok(())
    }
}

impl Error for Answer {}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let (found, _) = rest.split_once(after)?;
    (!found.is_empty()).then(|| found.to_owned())
}
