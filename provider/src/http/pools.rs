//! The connections of a process to APIs, to credential services and to this machine.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::is_loopback;

/// The connection pools: one for the network, one for this machine, which no proxy may be asked for.
#[derive(Clone, Debug)]
pub struct Pools {
    inner: Arc<PoolsInner>,
}

#[derive(Debug)]
struct PoolsInner {
    user_agent: String,
    remote: OnceLock<reqwest::Client>,
    local: OnceLock<reqwest::Client>,
}

impl Pools {
    /// Pools that are set up when first used.
    pub fn new(user_agent: String) -> Pools {
        Pools { inner: Arc::new(PoolsInner { user_agent, remote: OnceLock::new(), local: OnceLock::new() }) }
    }

    /// The pool to reach `url` with.
    pub fn for_url(&self, url: &reqwest::Url) -> Result<reqwest::Client, reqwest::Error> {
        self.pool(is_loopback(url))
    }

    /// The pool that uses no proxy.
    pub fn direct(&self) -> Result<reqwest::Client, reqwest::Error> {
        self.pool(true)
    }

    fn pool(&self, local: bool) -> Result<reqwest::Client, reqwest::Error> {
        let slot = if local { &self.inner.local } else { &self.inner.remote };
        if let Some(pool) = slot.get() {
            return Ok(pool.clone());
        }
        // Somebody else in this process may have installed one already; either serves.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(&self.inner.user_agent)
            .connect_timeout(Duration::from_secs(10))
            // APIs do not redirect, and credentials must not follow one that does.
            .redirect(reqwest::redirect::Policy::none());
        let pool = if local { builder.no_proxy() } else { builder }.build()?;
        Ok(slot.get_or_init(|| pool).clone())
    }
}
