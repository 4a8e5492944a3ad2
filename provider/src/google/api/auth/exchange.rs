//! Talking to token services: small requests whose answers are secrets.
//! Nothing of a successful answer is ever logged or quoted.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use serde_json::Value;

use super::error::AuthError;
use crate::google::api::host::{Addressing, is_loopback};
use crate::google::api::status::Status;
use crate::http::Pools;
use crate::http::Secret;

/// Something that gives access tokens.
#[async_trait]
pub(super) trait TokenSource: std::fmt::Debug + Send + Sync {
    /// Gets a new token, whatever was got before.
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError>;

    /// Gets an identity token (a signed statement of who the caller is) for `audience`.
    async fn identity(&self, exchange: &Exchange, audience: &str) -> Result<Secret, AuthError>;

    /// Whether asking again can give another token.
    fn renewable(&self) -> bool {
        true
    }
}

/// A token as it was given.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) token: Secret,
    /// From now on; unknown for a token that the user set.
    pub(super) lifetime: Option<Duration>,
}

/// What a source needs to get a token.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    pub(super) pools: Pools,
    pub(super) addressing: Addressing,
    /// The source, for errors.
    pub(super) place: String,
    /// The calendar's time.
    pub(super) wall: jiff::Timestamp,
}

/// The limit of one exchange.
const TIMEOUT: Duration = Duration::from_secs(20);

impl Exchange {
    /// Posts a form and reads a token answer.
    pub(super) async fn post_form(&self, step: &str, url: &Url, form: &[(&str, &str)]) -> Result<Value, AuthError> {
        let prepared = self.pools.for_url(url).map(|pool| pool.post(url.clone()).form(form));
        self.receive(step, url, prepared).await.and_then(|body| self.document(step, &body))
    }

    /// Posts a document as the holder of `bearer`.
    pub(super) async fn post_json(
        &self,
        step: &str,
        url: &Url,
        bearer: &Secret,
        body: &Value,
    ) -> Result<Value, AuthError> {
        let prepared =
            self.pools.for_url(url).map(|pool| pool.post(url.clone()).bearer_auth(bearer.reveal()).json(body));
        self.receive(step, url, prepared).await.and_then(|body| self.document(step, &body))
    }

    /// Gets a text.
    pub(super) async fn get(&self, step: &str, url: &Url, headers: &[(String, String)]) -> Result<String, AuthError> {
        let prepared = self.pools.for_url(url).map(|pool| {
            headers.iter().fold(pool.get(url.clone()), |prepared, (name, value)| prepared.header(name, value))
        });
        let body = self.receive(step, url, prepared).await?;
        String::from_utf8(body).map_err(|_| self.malformed(format!("the answer of {step} is not text")))
    }

    async fn receive(
        &self,
        step: &str,
        url: &Url,
        prepared: Result<reqwest::RequestBuilder, reqwest::Error>,
    ) -> Result<Vec<u8>, AuthError> {
        let step = format!("{step} at {}", url.origin().ascii_serialization());
        let lost = |error: reqwest::Error| AuthError::Unreachable {
            place: self.place.clone(),
            step: step.clone(),
            source: error.without_url(),
        };
        let answer = prepared.map_err(lost)?.timeout(TIMEOUT).send().await.map_err(lost)?;
        let http = answer.status().as_u16();
        let body = answer.bytes().await.map_err(lost)?;
        if (200..300).contains(&http) {
            return Ok(body.to_vec());
        }
        Err(AuthError::Refused {
            place: self.place.clone(),
            step: step.clone(),
            status: Box::new(Status::from_answer(http, &body)),
        })
    }

    fn document(&self, step: &str, body: &[u8]) -> Result<Value, AuthError> {
        serde_json::from_slice(body).map_err(|_| self.malformed(format!("the answer of {step} is not JSON")))
    }

    /// Reads `access_token` and `expires_in`.
    pub(super) fn oauth_token(&self, step: &str, answer: &Value) -> Result<Fresh, AuthError> {
        let token = self.token_in(step, answer, "access_token")?;
        let lifetime = answer.get("expires_in").and_then(Value::as_u64).map(Duration::from_secs);
        Ok(Fresh { token, lifetime: lifetime.or(Some(Duration::from_secs(3600))) })
    }

    /// Reads the token in the field `name`.
    pub(super) fn token_in(&self, step: &str, answer: &Value, name: &str) -> Result<Secret, AuthError> {
        let token = answer.get(name).and_then(Value::as_str).filter(|token| !token.is_empty());
        token.map(Secret::new).ok_or_else(|| self.malformed(format!("the answer of {step} has no {name}")))
    }

    /// These credentials cannot say who the caller is.
    pub(super) fn no_identity(&self, reason: &'static str) -> AuthError {
        AuthError::NoIdentity { place: self.place.clone(), reason }
    }

    pub(super) fn malformed(&self, problem: impl Into<String>) -> AuthError {
        AuthError::Malformed { place: self.place.clone(), problem: problem.into() }
    }
}

/// Reads a URL that secrets will be sent to: under TLS, or on this machine.
pub(super) fn confidential_url(place: &str, name: &str, text: &str) -> Result<Url, AuthError> {
    let malformed = |problem: String| AuthError::Malformed { place: place.to_owned(), problem };
    let url = Url::parse(text).map_err(|_| malformed(format!("{name} is not a URL")))?;
    if url.scheme() == "https" || is_loopback(&url) {
        return Ok(url);
    }
    Err(malformed(format!("{name} must begin with https://")))
}
