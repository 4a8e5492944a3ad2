//! Acting as a service account: a token of its own, got with another token.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use serde_json::{Value, json};

use super::SCOPE;
use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource};
use crate::google::api::host::Host;
use crate::google::api::path::segment;
use crate::http::Secret;

/// A source that exchanges another source's token for the service account's.
#[derive(Debug)]
pub(super) struct Impersonation {
    base: Box<dyn TokenSource>,
    target: Target,
    seconds: u64,
    delegates: Vec<String>,
}

#[derive(Debug)]
enum Target {
    Email(String),
    Url(Url),
}

const HOUR: u64 = 3600;

impl Impersonation {
    /// As the service account of this email, for an hour at a time.
    pub(super) fn of(base: Box<dyn TokenSource>, email: String) -> Impersonation {
        Impersonation { base, target: Target::Email(email), seconds: HOUR, delegates: Vec::new() }
    }

    /// As whoever the URL of a credentials file names.
    pub(super) fn at(
        base: Box<dyn TokenSource>,
        url: Url,
        seconds: Option<u64>,
        delegates: Vec<String>,
    ) -> Impersonation {
        Impersonation { base, target: Target::Url(url), seconds: seconds.unwrap_or(HOUR), delegates }
    }

    fn url(&self, exchange: &Exchange, method: &str) -> Result<Url, AuthError> {
        match &self.target {
            // A credentials file names the method for access tokens; the others stand beside it.
            Target::Url(url) => {
                let mut url = url.clone();
                if let Some((account, _)) = url.path().rsplit_once(':') {
                    let path = format!("{account}:{method}");
                    url.set_path(&path);
                }
                Ok(url)
            }
            Target::Email(email) => {
                let path = format!("v1/projects/-/serviceAccounts/{}:{method}", segment(email));
                let url = exchange.addressing.url(&Host::IAM_CREDENTIALS, &path);
                url.map_err(|error| exchange.malformed(error.to_string()))
            }
        }
    }

    /// Calls a method of the service account with the other source's token.
    async fn call(&self, exchange: &Exchange, method: &str, mut body: Value) -> Result<Value, AuthError> {
        let url = self.url(exchange, method)?;
        let base = self.base.fetch(exchange).await?;
        if !self.delegates.is_empty() {
            body["delegates"] = json!(self.delegates);
        }
        exchange.post_json(method, &url, &base.token, &body).await
    }
}

#[async_trait]
impl TokenSource for Impersonation {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        const STEP: &str = "generateAccessToken";
        let body = json!({"scope": [SCOPE], "lifetime": format!("{}s", self.seconds)});
        let answer = self.call(exchange, STEP, body).await?;
        let token = exchange.token_in(STEP, &answer, "accessToken")?;
        let expires =
            answer.get("expireTime").and_then(Value::as_str).and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let left =
            expires.map(|expires| Duration::try_from(expires.duration_since(exchange.wall)).unwrap_or(Duration::ZERO));
        Ok(Fresh { token, lifetime: left.or(Some(Duration::from_secs(self.seconds))) })
    }

    async fn identity(&self, exchange: &Exchange, audience: &str) -> Result<Secret, AuthError> {
        const STEP: &str = "generateIdToken";
        let answer = self.call(exchange, STEP, json!({"audience": audience, "includeEmail": true})).await?;
        exchange.token_in(STEP, &answer, "token")
    }
}
