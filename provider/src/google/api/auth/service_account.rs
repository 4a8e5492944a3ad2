//! Service account keys, and what the gcloud program is logged in as: both through `gcp_auth`.
//! That library keeps tokens itself; a source must give a new one when asked, so it is made anew for each.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use gcp_auth::{CustomServiceAccount, GCloudAuthorizedUser, TokenProvider};
use reqwest::Url;
use serde_json::{Value, json};

use super::SCOPE;
use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource, confidential_url};
use super::fields::Fields;
use crate::http::Secret;

/// A service account's private key.
#[derive(Debug)]
pub(super) struct ServiceAccountKey {
    document: Secret,
    email: String,
    key_id: Option<String>,
    token_url: Url,
}

impl ServiceAccountKey {
    pub(super) fn read(fields: &Fields<'_>) -> Result<ServiceAccountKey, AuthError> {
        let email = fields.text("client_email")?.to_owned();
        fields.text("private_key")?;
        let token_uri = fields.optional("token_uri").unwrap_or("https://oauth2.googleapis.com/token");
        let token_url = confidential_url(fields.place, "token_uri", token_uri)?;
        let key_id = fields.optional("private_key_id").map(str::to_owned);
        let mut document = fields.document.clone();
        document["token_uri"] = token_uri.into();
        Ok(ServiceAccountKey { document: Secret::new(document.to_string()), email, key_id, token_url })
    }
}

#[async_trait]
impl TokenSource for ServiceAccountKey {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        let failed = |source| AuthError::Library { place: exchange.place.clone(), source };
        let account = CustomServiceAccount::from_json(self.document.reveal()).map_err(failed)?;
        account.token(&[SCOPE]).await.map(|token| fresh(&token)).map_err(failed)
    }

    async fn identity(&self, exchange: &Exchange, audience: &str) -> Result<Secret, AuthError> {
        const STEP: &str = "exchange of the key's statement";
        let assertion = self.assertion(exchange, audience)?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        let answer = exchange.post_form(STEP, &self.token_url, &form).await?;
        exchange.token_in(STEP, &answer, "id_token")
    }
}

/// How long Google may take to see a signed statement, in seconds: its own limit.
const VALID: i64 = 3600;

impl ServiceAccountKey {
    /// The statement that is exchanged for an identity token: a JWT signed with the key.
    fn assertion(&self, exchange: &Exchange, audience: &str) -> Result<String, AuthError> {
        let failed = |source| AuthError::Library { place: exchange.place.clone(), source };
        let account = CustomServiceAccount::from_json(self.document.reveal()).map_err(failed)?;
        let issued = exchange.wall.as_second();
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = &self.key_id {
            header["kid"] = json!(id);
        }
        let claims = json!({
            "iss": self.email, "sub": self.email, "aud": self.token_url.as_str(), "target_audience": audience,
            "iat": issued, "exp": issued + VALID,
        });
        let encode = |document: Value| BASE64.encode(document.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = account.signer().sign(signed.as_bytes()).map_err(failed)?;
        Ok(format!("{signed}.{}", BASE64.encode(signature)))
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

    async fn identity(&self, exchange: &Exchange, _: &str) -> Result<Secret, AuthError> {
        Err(exchange.no_identity("a user's login of gcloud is asked for access tokens only"))
    }
}

fn fresh(token: &gcp_auth::Token) -> Fresh {
    let left = token.expires_at().timestamp().saturating_sub(jiff::Timestamp::now().as_second());
    let lifetime = Duration::from_secs(u64::try_from(left).unwrap_or(0));
    Fresh { token: Secret::new(token.as_str()), lifetime: Some(lifetime) }
}
