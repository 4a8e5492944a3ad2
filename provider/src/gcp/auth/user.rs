//! User credentials as gcloud writes them, from whatever file they are in, and tokens that the user sets outright.

use async_trait::async_trait;
use reqwest::Url;

use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource, confidential_url};
use super::file::Fields;
use super::secret::Secret;

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

#[async_trait]
impl TokenSource for AuthorizedUser {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.reveal()),
            ("refresh_token", self.refresh_token.reveal()),
        ];
        let answer = exchange.post_form("renewal of the user's token", &self.url, &form).await?;
        exchange.oauth_token("renewal of the user's token", &answer)
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

    fn renewable(&self) -> bool {
        false
    }
}
