//! Acting as a service account: a token of its own, got with another token.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use serde_json::{Value, json};

use super::SCOPE;
use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource};
use super::secret::Secret;
use crate::gcp::host::Host;
use crate::gcp::request::segment;

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

    fn url(&self, exchange: &Exchange) -> Result<Url, AuthError> {
        match &self.target {
            Target::Url(url) => Ok(url.clone()),
            Target::Email(email) => {
                let path = format!("v1/projects/-/serviceAccounts/{}:generateAccessToken", segment(email));
                let url = exchange.addressing.url(&Host::IAM_CREDENTIALS, &path);
                url.map_err(|error| exchange.malformed(error.to_string()))
            }
        }
    }
}

#[async_trait]
impl TokenSource for Impersonation {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        const STEP: &str = "generateAccessToken";
        let url = self.url(exchange)?;
        let base = self.base.fetch(exchange).await?;
        let mut body = json!({"scope": [SCOPE], "lifetime": format!("{}s", self.seconds)});
        if !self.delegates.is_empty() {
            body["delegates"] = json!(self.delegates);
        }
        let answer = exchange.post_json(STEP, &url, &base.token, &body).await?;
        let token = answer.get("accessToken").and_then(Value::as_str);
        let token = token.ok_or_else(|| exchange.malformed("the answer of generateAccessToken has no accessToken"))?;
        let expires =
            answer.get("expireTime").and_then(Value::as_str).and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let left =
            expires.map(|expires| Duration::try_from(expires.duration_since(exchange.wall)).unwrap_or(Duration::ZERO));
        Ok(Fresh { token: Secret::new(token), lifetime: left.or(Some(Duration::from_secs(self.seconds))) })
    }
}
