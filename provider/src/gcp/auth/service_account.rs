//! Service account keys, and what the gcloud program is logged in as: both through `gcp_auth`.
//! That library keeps tokens itself; a source must give a new one when asked, so it is made anew for each.

use std::time::Duration;

use async_trait::async_trait;
use gcp_auth::{CustomServiceAccount, GCloudAuthorizedUser, TokenProvider};

use super::SCOPE;
use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource, confidential_url};
use super::file::Fields;
use super::secret::Secret;

/// A service account's private key.
#[derive(Debug)]
pub(super) struct ServiceAccountKey {
    document: Secret,
}

impl ServiceAccountKey {
    pub(super) fn read(fields: &Fields<'_>) -> Result<ServiceAccountKey, AuthError> {
        fields.text("client_email")?;
        fields.text("private_key")?;
        let token_uri = fields.optional("token_uri").unwrap_or("https://oauth2.googleapis.com/token");
        confidential_url(fields.place, "token_uri", token_uri)?;
        let mut document = fields.document.clone();
        document["token_uri"] = token_uri.into();
        Ok(ServiceAccountKey { document: Secret::new(document.to_string()) })
    }
}

#[async_trait]
impl TokenSource for ServiceAccountKey {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        let failed = |source| AuthError::Library { place: exchange.place.clone(), source };
        let account = CustomServiceAccount::from_json(self.document.reveal()).map_err(failed)?;
        account.token(&[SCOPE]).await.map(|token| fresh(&token)).map_err(failed)
    }
}

/// What `gcloud auth login` left behind.
#[derive(Debug)]
pub(super) struct Gcloud;

#[async_trait]
impl TokenSource for Gcloud {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        let failed = |source| AuthError::Library { place: exchange.place.clone(), source };
        // The library runs the program and waits for it, blocking: not on a thread that serves calls.
        let runtime = tokio::runtime::Handle::current();
        let asked = tokio::task::spawn_blocking(move || {
            runtime.block_on(async { GCloudAuthorizedUser::new().await?.token(&[SCOPE]).await })
        });
        match asked.await {
            Ok(answer) => answer.map(|token| fresh(&token)).map_err(failed),
            Err(_) => Err(failed(gcp_auth::Error::Str("asking gcloud was interrupted"))),
        }
    }
}

fn fresh(token: &gcp_auth::Token) -> Fresh {
    let left = token.expires_at().timestamp().saturating_sub(jiff::Timestamp::now().as_second());
    let lifetime = Duration::from_secs(u64::try_from(left).unwrap_or(0));
    Fresh { token: Secret::new(token.as_str()), lifetime: Some(lifetime) }
}
