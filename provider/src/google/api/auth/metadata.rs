//! The metadata server of Google's machines. Ours rather than the library's, which knows no GCE_METADATA_HOST and waits without
//! limit where nothing answers; the probe here is bounded.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;

use super::error::AuthError;
use super::exchange::{Exchange, Fresh, TokenSource};
use crate::http::Environment;
use crate::http::Pools;
use crate::http::Secret;

/// The address at which every Google machine reaches it, without asking DNS.
const ADDRESS: &str = "169.254.169.254";
/// Where there is such a server it answers within milliseconds.
const PROBE: Duration = Duration::from_secs(3);

/// The machine's own service account.
#[derive(Debug)]
pub(super) struct Metadata {
    base: Url,
}

impl Metadata {
    /// Finds the server; says what was found instead if there is none.
    pub(super) async fn find(environment: &Environment, pools: &Pools) -> Result<Metadata, String> {
        if environment.get("NO_GCE_CHECK").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err("not asked, because NO_GCE_CHECK is set".to_owned());
        }
        let host = environment.get("GCE_METADATA_HOST").unwrap_or_else(|| ADDRESS.to_owned());
        let base =
            Url::parse(&format!("http://{host}/")).map_err(|_| format!("GCE_METADATA_HOST {host:?} is no host"))?;
        let pool = pools.direct().map_err(|_| "the HTTP client cannot be set up".to_owned())?;
        let probe = pool.get(base.clone()).header("metadata-flavor", "Google").timeout(PROBE).send().await;
        let answer = probe.map_err(|_| format!("no answer from {host}"))?;
        if answer.headers().get("metadata-flavor").is_some_and(|flavor| flavor == "Google") {
            return Ok(Metadata { base });
        }
        Err(format!("{host} answers, but is not a metadata server"))
    }
}

impl Metadata {
    /// Asks for something of the machine's service account.
    async fn ask(
        &self,
        exchange: &Exchange,
        step: &str,
        what: &str,
        query: &[(&str, &str)],
    ) -> Result<String, AuthError> {
        let url = self.base.join(&format!("computeMetadata/v1/instance/service-accounts/default/{what}"));
        let mut url = url.map_err(|_| exchange.malformed("GCE_METADATA_HOST is not a host"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        exchange.get(step, &url, &[("metadata-flavor".to_owned(), "Google".to_owned())]).await
    }
}

#[async_trait]
impl TokenSource for Metadata {
    async fn fetch(&self, exchange: &Exchange) -> Result<Fresh, AuthError> {
        const STEP: &str = "the metadata server's token";
        let text = self.ask(exchange, STEP, "token", &[]).await?;
        let answer =
            serde_json::from_str(&text).map_err(|_| exchange.malformed("the metadata server's answer is not JSON"))?;
        exchange.oauth_token(STEP, &answer)
    }

    async fn identity(&self, exchange: &Exchange, audience: &str) -> Result<Secret, AuthError> {
        const STEP: &str = "the metadata server's identity token";
        let text = self.ask(exchange, STEP, "identity", &[("audience", audience), ("format", "full")]).await?;
        match text.trim() {
            "" => Err(exchange.malformed("the metadata server's identity token is empty")),
            token => Ok(Secret::new(token)),
        }
    }
}
