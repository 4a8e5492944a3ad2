//! The client: one pool of connections, one set of credentials, one limit on calls in flight, shared by all who clone it.
//! Building it does no work. Here is the loop of attempts; what it decides on is in [`super::error`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use tracing::debug;

use super::credentials::{CredentialsConfig, Fresh};
use super::endpoint::{Addressing, home};
use super::error::{ApiError, Cause};
use super::refusal::Refusal;
use super::request::Request;
use super::service::{Protocol, Service};
use super::{answers, form, sign, xml};
use crate::engine::context::CallContext;
use crate::http::{Pools, RetryPolicy};

/// Longer than any answer of any API.
const LONGEST_ANSWER: usize = 64 << 20;

/// Everything that a client is built from.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Whose credentials are sent.
    pub credentials: CredentialsConfig,
    /// Where services are reached.
    pub addressing: Addressing,
    /// Limit of one attempt.
    pub request_timeout: Duration,
    /// How transient failures are repeated.
    pub retry: RetryPolicy,
    /// Calls in flight at once.
    pub parallelism: usize,
    /// What the client calls itself.
    pub user_agent: String,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            credentials: CredentialsConfig::default(),
            addressing: Addressing::default(),
            request_timeout: Duration::from_secs(60),
            retry: RetryPolicy::TRANSIENT,
            parallelism: 16,
            user_agent: crate::http::USER_AGENT.to_owned(),
        }
    }
}

/// A client of AWS. Cloning shares everything.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: ClientConfig,
    credentials: Fresh,
    permits: Semaphore,
    pools: Pools,
    /// By how many seconds AWS's clock is ahead of ours.
    skew: AtomicI64,
    caller: OnceCell<Caller>,
}

/// Who calls, as AWS sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The number of the account.
    pub account: String,
    /// The user or role.
    pub arn: String,
}

impl Client {
    /// A client; no network and no credentials are touched before the first call.
    pub fn new(config: ClientConfig) -> Self {
        let shared = Shared {
            credentials: Fresh::new(config.credentials.clone()),
            permits: Semaphore::new(config.parallelism.max(1)),
            pools: Pools::new(config.user_agent.clone()),
            skew: AtomicI64::new(0),
            caller: OnceCell::new(),
            config,
        };
        Self { shared: Arc::new(shared) }
    }

    /// What the client was built from.
    pub fn config(&self) -> &ClientConfig {
        &self.shared.config
    }

    /// Waits until every call that waits for its turn has had it.
    pub(crate) async fn room(&self) {
        // The permits are never closed.
        drop(self.shared.permits.acquire().await);
    }

    /// Who calls; AWS is asked once.
    ///
    /// # Errors
    /// Of the call.
    pub async fn caller(&self, ctx: &CallContext, region: &str) -> Result<&Caller, ApiError> {
        let ask = || async {
            let request = Request::new(Service::STS, "GetCallerIdentity", Json::Null);
            let answer = self.call(ctx, region, request).await?;
            let part = |name: &str| answer["GetCallerIdentityResult"][name].as_str().unwrap_or_default().to_owned();
            Ok(Caller { account: part("Account"), arn: part("Arn") })
        };
        self.shared.caller.get_or_try_init(ask).await
    }

    /// Who calls, where AWS was asked already.
    pub fn known_caller(&self) -> Option<&Caller> {
        self.shared.caller.get()
    }

    /// Makes a call in a region, repeats it as its policy says, and decodes the answer. An empty answer is `null`.
    ///
    /// # Errors
    /// When it failed for good.
    pub async fn call(&self, ctx: &CallContext, region: &str, request: Request) -> Result<Json, ApiError> {
        let policy = self.shared.config.retry;
        let began = ctx.clock.now();
        let (mut attempts, mut retried, mut uncertain) = (0, 0, false);
        let (mut renewed, mut adjusted) = (false, false);
        loop {
            attempts += 1;
            let error = match self.attempt(ctx, region, &request, attempts).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.is_interrupted() {
                return Err(error.after(attempts, uncertain));
            }
            if error.is_skewed() && !adjusted {
                adjusted = true;
                continue;
            }
            if error.is_expired() && !renewed {
                renewed = true;
                continue;
            }
            let waited = ctx.clock.now().saturating_duration_since(began);
            let is_waited_out = request.passing.iter().any(|(within, passing)| passing(&error) && waited < *within);
            let is_transient = error.is_passing() && retried < policy.max_retries;
            let is_unsafe = error.is_uncertain() && !request.is_idempotent();
            if is_unsafe || !(is_waited_out || is_transient) {
                return Err(error.after(attempts, uncertain));
            }
            let pause = policy.wait(retried, None, ctx.clock.jitter());
            retried += 1;
            let is_uncertain = uncertain | error.is_uncertain();
            if ctx.sleep(pause).await.is_err() {
                return Err(error.after(attempts, uncertain));
            }
            uncertain = is_uncertain;
        }
    }

    async fn attempt(&self, ctx: &CallContext, region: &str, request: &Request, number: u32) -> Result<Json, ApiError> {
        let fail = |cause: Cause| ApiError::new(request.line(region), cause);
        let shared = &*self.shared;
        let permit = ctx.wait_for(shared.permits.acquire()).await;
        let _permit = permit.map_err(|interrupted| fail(interrupted.into()))?;
        let service = request.service;
        let url = shared.config.addressing.url(&service, region);
        let mut url = url.ok_or_else(|| fail(Cause::Unsendable(format!("{region:?} makes no address"))))?;
        let target = &request.target;
        url.set_path(&format!("{}{}", url.path(), target.path));
        url.set_query(Some(target.query).filter(|query| !query.is_empty()));
        let (content, body) = encoded(request);
        let mut headers = vec![("content-type", content)];
        if let Protocol::Json { target, .. } = service.protocol {
            headers.push(("x-amz-target", format!("{target}.{}", request.action)));
        }
        let is_storage = service.protocol == Protocol::RestXml;
        if is_storage && !body.is_empty() {
            // S3 wants a digest of most bodies.
            headers.push(("x-amz-checksum-sha256", STANDARD.encode(Sha256::digest(body.as_bytes()))));
        }
        let now = self.now(ctx);
        let credentials = ctx.wait_for(shared.credentials.get(region, now)).await;
        let credentials = credentials.map_err(|interrupted| fail(interrupted.into()))?.map_err(|no| fail(no.into()))?;
        let unsigned = sign::Unsigned {
            method: target.method.as_str(),
            url: url.as_str(),
            headers: &headers,
            body: body.as_bytes(),
            is_storage,
        };
        let signature = sign::headers(&unsigned, &credentials, (service.signed_as, home(&service, region)), now)
            .ok_or_else(|| fail(Cause::Unsendable("it cannot be signed".to_owned())))?;
        let pool = shared.pools.for_url(&url).map_err(|error| fail(Cause::Unsendable(error.to_string())))?;
        let mut prepared =
            pool.request(target.method.clone(), url).timeout(shared.config.request_timeout.min(ctx.remaining()));
        for (name, value) in headers.iter().chain(&signature) {
            prepared = prepared.header(*name, value);
        }
        let began = ctx.clock.now();
        // From here on a stop no longer interrupts: what was sent is waited for.
        let answer = receive(prepared.body(body)).await;
        let ms = u64::try_from(ctx.clock.now().saturating_duration_since(began).as_millis()).unwrap_or(u64::MAX);
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        debug!(
            service = service.name,
            action = request.action,
            region,
            writes = request.writes(),
            status,
            ms,
            attempt = number,
            "call"
        );
        let answer = answer.map_err(fail)?;
        if (200..300).contains(&answer.status) {
            return decoded(request, &answer.body).map_err(|what| fail(Cause::Answer(what)));
        }
        let refusal = Refusal::of(answer.status, service.protocol, answer.code.as_deref(), &answer.body);
        if refusal.is_skewed()
            && let Some(theirs) = answer.date
        {
            shared.skew.store(theirs.duration_since(ctx.clock.wall()).as_secs(), Ordering::Relaxed);
        }
        if refusal.is_expired() {
            shared.credentials.refuse(&credentials).await;
        }
        let request_id = answer.request_id.unwrap_or_default();
        let request_id = if refusal.request_id.is_empty() { request_id } else { refusal.request_id.clone() };
        Err(fail(Cause::Refused(Refusal { request_id, ..refusal })))
    }

    /// AWS's time, as far as it is known.
    fn now(&self, ctx: &CallContext) -> SystemTime {
        let skew = SignedDuration::from_secs(self.shared.skew.load(Ordering::Relaxed));
        let wall = ctx.clock.wall();
        wall.checked_add(skew).unwrap_or(wall).into()
    }
}

/// An answer, as far as somebody looks at it.
struct Received {
    status: u16,
    code: Option<String>,
    request_id: Option<String>,
    date: Option<jiff::Timestamp>,
    body: String,
}

async fn receive(prepared: reqwest::RequestBuilder) -> Result<Received, Cause> {
    let failed = |error: reqwest::Error| {
        let is_unsent = error.is_connect() || error.is_builder();
        let error = error.without_url();
        let mut text = error.to_string();
        let mut next = std::error::Error::source(&error);
        while let Some(error) = next {
            text = format!("{text}: {error}");
            next = error.source();
        }
        if is_unsent { Cause::Unreached(text) } else { Cause::Lost(text) }
    };
    let mut answer = prepared.send().await.map_err(failed)?;
    let header = |name: &str| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
    let date = header("date");
    let date = date.and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(&date).ok());
    let (code, request_id) = (header("x-amzn-errortype"), header("x-amzn-requestid"));
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(Cause::Answer(format!("more than {} MiB", LONGEST_ANSWER >> 20)));
        }
    }
    let body = String::from_utf8(body).map_err(|_| Cause::Answer("it is not text".to_owned()))?;
    Ok(Received { status, code, request_id, date, body })
}

/// The content type and the body of a call.
fn encoded(request: &Request) -> (String, String) {
    match request.service.protocol {
        Protocol::Json { version, .. } => {
            let body = if request.body.is_null() { "{}".to_owned() } else { without_nulls(&request.body).to_string() };
            (format!("application/x-amz-json-{version}"), body)
        }
        Protocol::Query { version, item } => {
            let body = form::encoded(request.action, version, item, &request.body);
            ("application/x-www-form-urlencoded; charset=utf-8".to_owned(), body)
        }
        Protocol::RestXml => match &request.body {
            Json::String(text) => ("application/json".to_owned(), text.clone()),
            document => ("application/xml".to_owned(), xml::write(document)),
        },
    }
}

/// What is null is not said, as in forms.
fn without_nulls(body: &Json) -> Json {
    match body {
        Json::Object(fields) => {
            let said = fields.iter().filter(|(_, value)| !value.is_null());
            said.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Json::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

/// The answer as JSON, with what the call needs of it. Of its content nothing is told: it may be a secret.
fn decoded(request: &Request, body: &str) -> Result<Json, String> {
    let answer = match request.service.protocol {
        // A write may have nothing to say.
        _ if body.trim().is_empty() && request.writes() => Json::Null,
        _ if body.trim().is_empty() => return Err("it is empty".to_owned()),
        Protocol::Json { .. } => serde_json::from_str(body).map_err(|_| "it is not JSON".to_owned())?,
        // The policy of a bucket comes as it is.
        Protocol::RestXml if !body.starts_with('<') => Json::String(body.to_owned()),
        Protocol::Query { .. } | Protocol::RestXml => {
            let (root, answer) = xml::read(body).ok_or("it is not XML")?;
            match answers::wrong_root(request, &root) {
                Some(wrong) => return Err(wrong),
                None => answer,
            }
        }
    };
    match answers::missing(request, &answer) {
        Some(missing) => Err(missing),
        None => Ok(answer),
    }
}
