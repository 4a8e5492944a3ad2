//! One token for all calls: fetched by the first that needs it while the others wait, renewed before it expires,
//! and dropped when an API refuses it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tracing::debug;

use super::CredentialsConfig;
use super::error::AuthError;
use super::exchange::{Exchange, Fresh};
use super::resolve::{Resolved, resolve};
use crate::engine::context::Clock;
use crate::google::api::host::Addressing;
use crate::http::Pools;
use crate::http::Secret;

/// A token is renewed this long before it expires, or in the last quarter of a shorter life.
const MARGIN: Duration = Duration::from_secs(225);
/// A failure is told to everybody who asks within this time, so that many calls do not repeat one long search.
const FINAL_FAILURE: Duration = Duration::from_secs(10);
const PASSING_FAILURE: Duration = Duration::from_millis(250);

/// A token, lent for one attempt.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The token.
    pub token: Secret,
    /// Where it came from, for people.
    pub source: Arc<str>,
    /// The quota project that its credentials name.
    pub quota_project: Option<Arc<str>>,
    serial: u64,
}

/// The shared token.
#[derive(Debug)]
pub struct Tokens {
    config: CredentialsConfig,
    addressing: Addressing,
    pools: Pools,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    resolved: Option<Arc<Resolved>>,
    current: Option<Current>,
    failure: Option<(Instant, Arc<AuthError>)>,
    serial: u64,
}

#[derive(Debug)]
struct Current {
    lease: Lease,
    renew_at: Option<Instant>,
    expires: Option<Instant>,
}

impl Tokens {
    /// Nothing is read or fetched before the first [`lease`](Tokens::lease).
    pub fn new(config: CredentialsConfig, addressing: Addressing, pools: Pools) -> Tokens {
        Tokens { config, addressing, pools, state: Mutex::default() }
    }

    /// A token that is valid for some time yet.
    pub async fn lease(&self, clock: &dyn Clock) -> Result<Lease, Arc<AuthError>> {
        let mut state = self.state.lock().await;
        let now = clock.now();
        if let Some(current) = &state.current
            && current.renew_at.is_none_or(|renew_at| now < renew_at)
        {
            return Ok(current.lease.clone());
        }
        let shared = state.recent_failure(now);
        let outcome = match shared {
            Some(error) => Err(error),
            None => self.renew(&mut state, clock).await.map_err(Arc::new),
        };
        outcome.or_else(|error| {
            state.failure = Some((state.failure_time(&error, clock.now()), error.clone()));
            // The old token outlives the moment at which it should have been renewed.
            let usable = state.current.as_ref().filter(|current| current.expires.is_none_or(|expires| now < expires));
            usable.map(|current| current.lease.clone()).ok_or(error)
        })
    }

    /// Drops a token that was refused. Says whether another can be had.
    pub async fn reject(&self, lease: &Lease) -> bool {
        let mut state = self.state.lock().await;
        if state.current.as_ref().is_some_and(|current| current.lease.serial == lease.serial) {
            state.current = None;
        }
        state.resolved.as_ref().is_some_and(|resolved| resolved.source.renewable())
    }

    /// A new identity token: a signed statement of who the caller is, made for `audience`. It is not kept.
    pub async fn identity_token(&self, clock: &dyn Clock, audience: &str) -> Result<Secret, AuthError> {
        let resolved = self.resolved(&mut *self.state.lock().await).await?;
        resolved.source.identity(&self.exchange(&resolved, clock), audience).await
    }

    async fn renew(&self, state: &mut State, clock: &dyn Clock) -> Result<Lease, AuthError> {
        let resolved = self.resolved(state).await?;
        let fresh = resolved.source.fetch(&self.exchange(&resolved, clock)).await?;
        Ok(state.keep(fresh, &resolved, clock.now()))
    }

    async fn resolved(&self, state: &mut State) -> Result<Arc<Resolved>, AuthError> {
        if let Some(resolved) = &state.resolved {
            return Ok(resolved.clone());
        }
        let found = Arc::new(resolve(&self.config, &self.pools).await?);
        debug!(source = found.description, "credentials");
        Ok(state.resolved.insert(found).clone())
    }

    fn exchange(&self, resolved: &Resolved, clock: &dyn Clock) -> Exchange {
        Exchange {
            pools: self.pools.clone(),
            addressing: self.addressing.clone(),
            place: resolved.description.clone(),
            wall: clock.wall(),
        }
    }
}

impl State {
    fn keep(&mut self, fresh: Fresh, resolved: &Resolved, now: Instant) -> Lease {
        self.serial += 1;
        self.failure = None;
        let lease = Lease {
            token: fresh.token,
            source: resolved.description.as_str().into(),
            quota_project: resolved.quota_project.as_deref().map(Into::into),
            serial: self.serial,
        };
        let expires = fresh.lifetime.and_then(|lifetime| now.checked_add(lifetime));
        let renew_at = fresh.lifetime.and_then(|lifetime| now.checked_add(lifetime - MARGIN.min(lifetime / 4)));
        self.current = Some(Current { lease: lease.clone(), renew_at, expires });
        lease
    }

    fn recent_failure(&self, now: Instant) -> Option<Arc<AuthError>> {
        let (when, error) = self.failure.as_ref()?;
        let told_for = if error.is_passing() { PASSING_FAILURE } else { FINAL_FAILURE };
        (now.saturating_duration_since(*when) < told_for).then(|| error.clone())
    }

    /// A failure that is only told again keeps its time.
    fn failure_time(&self, error: &Arc<AuthError>, now: Instant) -> Instant {
        match &self.failure {
            Some((when, known)) if Arc::ptr_eq(known, error) => *when,
            _ => now,
        }
    }
}
