//! The client: one connection pool, one token, one limit on calls in flight, shared by all who clone it.
//! Building it does no work; the first call sets up what it needs.
//! Here is the loop of attempts; what it decides on is in [`super::retry`] and [`super::error`].

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::sync::Semaphore;
use tracing::debug;

use super::auth::{AuthError, CredentialsConfig, Lease, Tokens};
use super::error::{ApiError, CallLine, Cause, Ended, Unsendable};
use super::host::{Addressing, is_loopback};
use super::poll::PollPolicy;
use super::request::{Body, Request};
use super::retry::{Attempts, Decision, RetryPolicy, retry_after};
use super::status::Status;
use crate::engine::context::{CallContext, Interrupted};
use crate::http::Pools;
use crate::http::Secret;

/// Everything a client is built from.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Whose token is sent.
    pub credentials: CredentialsConfig,
    /// Where hosts are reached.
    pub addressing: Addressing,
    /// When a token is sent at all.
    pub send_credentials: CredentialsPolicy,
    /// Whether quota is taken from `billing_project`, or else from the project in use.
    pub user_project_override: bool,
    /// The quota project, with `user_project_override`.
    pub billing_project: Option<String>,
    /// The project in use: the quota project when `user_project_override` is set without `billing_project`.
    pub project: Option<String>,
    /// The quota project of the environment; one in a credentials file comes after it.
    pub quota_project: Option<String>,
    /// Limit of one attempt.
    pub request_timeout: Duration,
    /// How transient failures are repeated.
    pub retry: RetryPolicy,
    /// How operations are polled.
    pub poll: PollPolicy,
    /// Calls in flight at once.
    pub parallelism: usize,
    /// What the client calls itself.
    pub user_agent: String,
}

/// When a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsPolicy {
    /// To other machines, and only under TLS. Nothing else needs one, and nothing else may learn one.
    RemoteTlsOnly,
    /// Always: for tests of authentication.
    Always,
}

impl Default for ClientConfig {
    fn default() -> ClientConfig {
        ClientConfig {
            credentials: CredentialsConfig::default(),
            addressing: Addressing::default(),
            send_credentials: CredentialsPolicy::RemoteTlsOnly,
            user_project_override: false,
            billing_project: None,
            project: None,
            quota_project: None,
            request_timeout: Duration::from_secs(120),
            retry: RetryPolicy::TRANSIENT,
            poll: PollPolicy::REMOTE,
            parallelism: 16,
            user_agent: crate::http::USER_AGENT.to_owned(),
        }
    }
}

impl ClientConfig {
    /// Shortens all first waits if the endpoint is on this machine, where nothing takes long.
    pub fn tuned_to_endpoint(mut self) -> ClientConfig {
        if self.addressing.is_local() {
            self.poll = PollPolicy::LOCAL;
            self.retry.initial = self.retry.initial.min(Duration::from_millis(20));
        }
        self
    }
}

/// A client of Google's APIs. Cloning shares everything.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
    paying: Option<Arc<str>>,
}

#[derive(Debug)]
struct Shared {
    config: ClientConfig,
    tokens: Tokens,
    permits: Semaphore,
    pools: Pools,
}

/// A successful answer, undecoded.
#[derive(Clone, Debug)]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The content.
    pub body: Bytes,
}

/// No identity token could be had.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The credentials give none.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// There was no more time.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Client {
    /// A client; no network and no credentials are touched before the first call.
    pub fn new(config: ClientConfig) -> Client {
        let pools = Pools::new(config.user_agent.clone());
        let tokens = Tokens::new(config.credentials.clone(), config.addressing.clone(), pools.clone());
        let permits = Semaphore::new(config.parallelism.max(1));
        Client { shared: Arc::new(Shared { tokens, permits, pools, config }), paying: None }
    }

    /// The same client, which takes quota from `project` where neither the configuration nor the credentials name one.
    #[must_use]
    pub fn paid_by(&self, project: &str) -> Client {
        Client { shared: self.shared.clone(), paying: Some(project.into()) }
    }

    /// Waits until every call that waits for its turn has had it: who begins something new only then lets what has begun
    /// come to its end first.
    pub(crate) async fn room(&self) {
        // The permits are never closed.
        drop(self.shared.permits.acquire().await);
    }

    /// What the client was built from.
    pub fn config(&self) -> &ClientConfig {
        &self.shared.config
    }

    /// Makes a call, repeats it as its policy says, and decodes the answer. An empty answer is `null`.
    pub async fn call(&self, ctx: &CallContext, request: Request) -> Result<Value, ApiError> {
        let answer = self.send(ctx, &request).await?;
        let unexpected = |what: String| ApiError::new(line(&request), Cause::Answer(what));
        let value = if answer.body.iter().all(u8::is_ascii_whitespace) {
            Value::Null
        } else {
            decode(&answer.body).map_err(unexpected)?
        };
        match request.expected.and_then(|fields| missing(&value, fields)) {
            Some(what) => Err(unexpected(what)),
            None => Ok(value),
        }
    }

    /// Makes a call and returns the content as it came, such as an object's.
    pub async fn call_raw(&self, ctx: &CallContext, request: Request) -> Result<RawResponse, ApiError> {
        self.send(ctx, &request).await
    }

    /// A new identity token of the credentials in use, made for `audience`: for services that want to know who calls, such
    /// as private ones on Cloud Run.
    pub async fn identity_token(&self, ctx: &CallContext, audience: &str) -> Result<Secret, IdentityError> {
        let token = self.shared.tokens.identity_token(ctx.clock.as_ref(), audience);
        Ok(ctx.wait_for(token).await??)
    }

    async fn send(&self, ctx: &CallContext, request: &Request) -> Result<RawResponse, ApiError> {
        let call = line(request);
        let mut policy = self.shared.config.retry;
        if request.once {
            policy.max_retries = 0;
        }
        let mut attempts = Attempts::new(policy, ctx.clock.now());
        let mut renewed = false;
        let mut before: Option<ApiError> = None;
        loop {
            let number = attempts.begin();
            let (lease, outcome) = match self.lease(ctx, request, &call).await {
                Ok(lease) => {
                    let outcome = self.attempt(ctx, request, &call, number, lease.as_ref()).await;
                    (lease, outcome)
                }
                Err(error) => (None, Err(error)),
            };
            let error = match outcome {
                Ok(answer) => return Ok(answer),
                Err(error) => error.with_credentials(lease.as_ref().map(|lease| lease.source.clone())),
            };
            if let Some(lease) = lease.filter(|_| error.is_unauthenticated() && !renewed) {
                renewed = true;
                if self.shared.tokens.reject(&lease).await {
                    continue;
                }
            }
            // An interruption says less than the failure that made us wait.
            let error = match (before.take(), error.cause()) {
                (Some(earlier), Cause::Cancelled) => return Err(earlier.ended(Ended::Stopped)),
                (Some(earlier), Cause::Deadline) => return Err(earlier.ended(Ended::Deadline)),
                _ => error.after(attempts.made(), attempts.uncertain()),
            };
            match attempts.decide(request, &error, ctx.clock.now(), ctx.clock.jitter()) {
                Decision::GiveUp(ended) => return Err(error.ended(ended)),
                Decision::Wait(pause) => {
                    debug!(method = %call.method, host = %call.host, path = %call.path, attempt = number, pause_ms = millis(pause), "will retry");
                    if let Err(interrupted) = ctx.sleep(pause).await {
                        return Err(error.ended(interrupted.into()));
                    }
                }
            }
            before = Some(error);
        }
    }

    /// The token to send; none where none is needed.
    async fn lease(
        &self,
        ctx: &CallContext,
        request: &Request,
        call: &Arc<CallLine>,
    ) -> Result<Option<Lease>, ApiError> {
        let config = &self.shared.config;
        let needed = match config.send_credentials {
            CredentialsPolicy::Always => true,
            CredentialsPolicy::RemoteTlsOnly => {
                let url = self.url(request, call)?;
                url.scheme() == "https" && !is_loopback(&url)
            }
        };
        if !needed {
            return Ok(None);
        }
        match ctx.wait_for(self.shared.tokens.lease(ctx.clock.as_ref())).await {
            Ok(Ok(lease)) => Ok(Some(lease)),
            Ok(Err(error)) => Err(ApiError::new(call.clone(), Cause::Auth(error))),
            Err(interrupted) => Err(ApiError::interrupted(call.clone(), interrupted)),
        }
    }

    async fn attempt(
        &self,
        ctx: &CallContext,
        request: &Request,
        call: &Arc<CallLine>,
        number: u32,
        lease: Option<&Lease>,
    ) -> Result<RawResponse, ApiError> {
        let fail = |cause| ApiError::new(call.clone(), cause);
        let place = ctx.wait_for(self.shared.permits.acquire()).await;
        let _place = place.map_err(|interrupted| ApiError::interrupted(call.clone(), interrupted))?;
        let limit = request.timeout.unwrap_or(self.shared.config.request_timeout).min(ctx.remaining());
        let prepared = self.prepare(request, call, limit, lease)?;
        let target = origin(&self.url(request, call)?);
        let began = ctx.clock.now();
        // From here on a stop no longer interrupts: what was sent is waited for.
        let answer = match receive(prepared).await {
            Ok(answer) => answer.ok_or_else(|| fail(Cause::Answer(format!("more than {} MiB", LONGEST_ANSWER >> 20)))),
            Err(error) => Err(fail(transport(error, target, limit))),
        };
        let ms = millis(ctx.clock.now().saturating_duration_since(began));
        match answer {
            Err(error) => {
                debug!(method = %call.method, host = %call.host, path = %call.path, ms, attempt = number, error = %error.cause(), "call");
                Err(error)
            }
            Ok(answer) => {
                debug!(method = %call.method, host = %call.host, path = %call.path, writes = request.writes(), status = answer.status, ms, attempt = number, "call");
                if (200..300).contains(&answer.status) {
                    return Ok(answer);
                }
                Err(fail(Cause::Http(refusal(ctx, request, &answer))))
            }
        }
    }

    fn prepare(
        &self,
        request: &Request,
        call: &Arc<CallLine>,
        limit: Duration,
        lease: Option<&Lease>,
    ) -> Result<reqwest::RequestBuilder, ApiError> {
        let unsendable = |error: reqwest::Error| {
            ApiError::new(call.clone(), Cause::Unsendable(Unsendable::Client(error.without_url())))
        };
        let url = self.url(request, call)?;
        let pool = self.shared.pools.for_url(&url).map_err(unsendable)?;
        let mut prepared = pool.request(request.method.clone(), url).timeout(limit);
        if let Some(project) = self.quota_project(lease) {
            prepared = prepared.header("x-goog-user-project", project);
        }
        if let Some(lease) = lease {
            prepared = prepared.bearer_auth(lease.token.reveal());
        }
        Ok(match &request.body {
            Body::Json(body) => prepared.json(body),
            Body::Bytes { content_type, content } => {
                prepared.header("content-type", content_type).body(content.clone())
            }
            // Google's front ends refuse a POST that does not state its length.
            Body::Empty if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") => {
                prepared.header("content-length", "0")
            }
            Body::Empty => prepared,
        })
    }

    fn quota_project<'a>(&'a self, lease: Option<&'a Lease>) -> Option<&'a str> {
        let config = &self.shared.config;
        let explicit = config.billing_project.as_ref().or(config.project.as_ref());
        explicit
            .filter(|_| config.user_project_override)
            .or(config.quota_project.as_ref())
            .map(String::as_str)
            .or(lease.and_then(|lease| lease.quota_project.as_deref()))
            .or(self.paying.as_deref())
    }

    fn url(&self, request: &Request, call: &Arc<CallLine>) -> Result<reqwest::Url, ApiError> {
        let built = self.shared.config.addressing.url(&request.host, &request.path);
        let mut url = built.map_err(|error| ApiError::new(call.clone(), Cause::Unsendable(Unsendable::Url(error))))?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }
}

/// The JSON of an answer. Of the parser's error only kind and place are told: the content may be a secret.
fn decode(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| {
        format!("not JSON ({:?} at line {} column {})", error.classify(), error.line(), error.column())
    })
}

/// What an answer lacks of the fields that it must have; none where it has them all.
fn missing(value: &Value, fields: &[&str]) -> Option<String> {
    let Some(object) = value.as_object() else {
        let what = match value {
            Value::Null => "nothing",
            Value::Array(_) => "a list",
            _ => "a plain value",
        };
        return Some(format!("{what} where an object should be"));
    };
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let lacking = fields.iter().find(|field| object.get(**field).is_none_or(is_empty));
    lacking.map(|field| format!("an object without {field}"))
}

/// Longer than any page of any API: who sends more is not the API, and may never end.
const LONGEST_ANSWER: usize = 64 << 20;

/// The answer; none if it is too long.
async fn receive(prepared: reqwest::RequestBuilder) -> Result<Option<RawResponse>, reqwest::Error> {
    let mut answer = prepared.send().await?;
    let status = answer.status().as_u16();
    let headers = std::mem::take(answer.headers_mut());
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(RawResponse { status, headers, body: body.freeze() }))
}

fn transport(error: reqwest::Error, target: String, limit: Duration) -> Cause {
    let error = error.without_url();
    if error.is_connect() {
        Cause::Connect { target, source: error }
    } else if error.is_timeout() {
        Cause::Timeout(limit)
    } else if error.is_builder() {
        Cause::Unsendable(Unsendable::Client(error))
    } else {
        Cause::Transport(error)
    }
}

fn refusal(ctx: &CallContext, request: &Request, answer: &RawResponse) -> Status {
    let mut status = Status::from_answer(answer.status, &answer.body);
    // Content of storage objects is served by a front end that refuses in plain text, and signs with this header.
    if answer.headers.contains_key("x-guploader-uploadid") {
        status.structured = true;
    }
    status.mask(&request.secrets);
    let header = answer.headers.get("retry-after").and_then(|value| value.to_str().ok());
    status.retry_after = header.and_then(|header| retry_after(header, ctx.clock.wall())).or(status.retry_after);
    status
}

/// The line that names a request in errors and logs.
pub(super) fn line(request: &Request) -> Arc<CallLine> {
    Arc::new(CallLine {
        method: request.method.to_string(),
        host: request.host.clone(),
        path: request.path.trim_start_matches('/').to_owned(),
    })
}

fn origin(url: &reqwest::Url) -> String {
    url.origin().ascii_serialization()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
