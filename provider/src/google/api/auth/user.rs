//! User credentials as gcloud writes them, from whatever file they are in, and tokens that the user sets outright.

use async_trait::async_trait;
use reqwest::Url;
use serde_json::Value;

use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource, confidential_url};
use super::fields::Fields;
use crate::http::Secret;

/// A user's refresh token.
#[derive(Debug)]
pub(super) struct AuthorizedUser {
    url: Url,
    client_id: String,
    client_secret: Secret,
    refresh_token: Secret,
}

impl AuthorizedUser {
    pub(super) fn read(fields: &Fields<'_>) -> Result<AuthorizedUser, AuthError> {
        let url = fields.optional("token_uri").unwrap_or("https://oauth2.googleapis.com/token");
        Ok(AuthorizedUser {
            url: confidential_url(fields.place, "token_uri", url)?,
            client_id: fields.text("client_id")?.to_owned(),
            client_secret: Secret::new(fields.text("client_secret")?),
            refresh_token: Secret::new(fields.text("refresh_token")?),
        })
    }
}

const STEP: &str = "renewal of the user's token";

impl AuthorizedUser {
    async fn renew(&self, exchange: &Exchange) -> Result<Value, AuthError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.reveal()),
            ("refresh_token", self.refresh_token.reveal()),
        ];
        exchange.post_form(STEP, &self.url, &form).await
    }
}

#[async_trait]
impl TokenSource for AuthorizedUser {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        exchange.oauth_token(STEP, &self.renew(exchange).await?)
    }

    /// The token that comes with the user's own consent. Its audience is the program that was consented to, whatever was
    /// asked for: Cloud Run takes that of gcloud.
    async fn identity(&self, exchange: &Exchange, _: &str) -> Result<Secret, AuthError> {
        let answer = self.renew(exchange).await?;
        exchange
            .token_in(STEP, &answer, "id_token")
            .map_err(|_| exchange.no_identity("the user's consent does not include the scope openid"))
    }
}

/// A token that the user set: used as it is, for as long as it lasts.
#[derive(Debug)]
pub(super) struct FixedToken(pub(super) Secret);

#[async_trait]
impl TokenSource for FixedToken {
    async fn fetch(&self, _: &Exchange) -> Result<Fresh, AuthError> {
        Ok(Fresh { token: self.0.clone(), lifetime: None })
    }

    async fn identity(&self, exchange: &Exchange, _: &str) -> Result<Secret, AuthError> {
        Err(exchange.no_identity("an access token cannot be exchanged for one"))
    }

    fn renewable(&self) -> bool {
        false
    }
}
