//! One operation on a stack: the client, the deadline, the stop, and what the operation may switch on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{Scope, apis};
use crate::google::api::{ApiError, CallContext, Client, ClientConfig, Host, List, OperationApi, Request};

/// How long an API that was just switched on may still say that it is off.
const WARM_UP: Duration = Duration::from_secs(300);

/// How long one may look after the end of an operation for what it has done.
const LAST_LOOK: Duration = Duration::from_secs(20);

/// What an operation does about an API that is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiPolicy {
    /// Switches it on and waits for it.
    Enable,
    /// Reports it.
    Report,
}

/// One operation.
pub struct Run {
    /// Google.
    pub client: Client,
    /// Deadline and stop.
    pub context: CallContext,
    /// Where the stack is.
    pub scope: Scope,
    policy: ApiPolicy,
    enabled: Mutex<BTreeSet<String>>,
    crowded: Arc<AtomicBool>,
    turn: Mutex<()>,
    paying: OnceLock<Client>,
}

impl Run {
    /// An operation that begins now.
    pub fn new(client: Client, context: CallContext, scope: Scope, policy: ApiPolicy) -> Self {
        let (enabled, crowded, turn, paying) = Default::default();
        Self { client, context, scope, policy, enabled, crowded, turn, paying }
    }

    /// The same with a little time of its own that no stop ends: to learn what calls that were cut short have done.
    pub(crate) fn last_look(&self) -> Self {
        let context = CallContext::with_clock(LAST_LOOK, CancellationToken::new(), self.context.clock.clone());
        Self::new(self.client.clone(), context, self.scope.clone(), ApiPolicy::Report)
    }

    /// Makes a call that changes something. Cloud Monitoring may refuse edits of one project at the same time: they go
    /// side by side until it does so for the first time, and one by one from then on.
    ///
    /// # Errors
    /// As of [`Run::call`].
    pub(crate) async fn write(&self, request: Request, host: &Host) -> Result<Json, ApiError> {
        if *host != Host::MONITORING {
            return self.call(request).await;
        }
        let crowded = self.crowded.clone();
        let request = request.also_retry(Duration::ZERO, move |error| {
            if error.is_concurrent_change() {
                crowded.store(true, Ordering::Relaxed);
            }
            false
        });
        let _turn = if self.crowded.load(Ordering::Relaxed) { Some(self.turn.lock().await) } else { None };
        self.call(request).await
    }

    /// Makes a call; an API that is off is switched on first, where that is allowed.
    ///
    /// # Errors
    /// Of the call, or of switching the API on.
    pub async fn call(&self, request: Request) -> Result<Json, ApiError> {
        match self.send(&request).await {
            Err(error) if self.switch_on(&error).await? => {
                let request = request.also_retry(WARM_UP, |error| error.is_api_disabled().is_some());
                self.send(&request).await
            }
            result => result,
        }
    }

    async fn send(&self, request: &Request) -> Result<Json, ApiError> {
        match self.client().call(&self.context, request.clone()).await {
            Err(error) if self.pays(&error) => self.client().call(&self.context, request.clone()).await,
            result => result,
        }
    }

    /// Makes a call that answers with an operation, and waits for its end.
    ///
    /// # Errors
    /// Of the call or of the operation.
    pub async fn call_and_wait(&self, request: Request, host: &Host) -> Result<Json, ApiError> {
        let started = self.call(request).await?;
        self.wait(started, host).await
    }

    /// Waits for the end of an operation that a call has answered with.
    ///
    /// # Errors
    /// Of the operation, or of asking for it.
    pub(crate) async fn wait(&self, started: Json, host: &Host) -> Result<Json, ApiError> {
        match operations_of(host) {
            Some(api) => self.client().wait(&self.context, api, started).await,
            None => Ok(started),
        }
    }

    /// Reads a list to its end.
    ///
    /// # Errors
    /// Of the calls.
    pub async fn list(&self, list: List) -> Result<Vec<Json>, ApiError> {
        self.list_as(list, Some).await
    }

    /// Reads a list to its end, and keeps what `make` makes of its items.
    ///
    /// # Errors
    /// Of the calls.
    pub async fn list_as<T>(&self, list: List, make: impl Fn(Json) -> Option<T>) -> Result<Vec<T>, ApiError> {
        match self.send_list(&list, &make).await {
            Err(error) if self.switch_on(&error).await? => {
                let list = list.also_retry(WARM_UP, |error| error.is_api_disabled().is_some());
                self.send_list(&list, &make).await
            }
            result => result,
        }
    }

    async fn send_list<T>(&self, list: &List, make: impl Fn(Json) -> Option<T>) -> Result<Vec<T>, ApiError> {
        match self.client().list_as(&self.context, list.clone(), &make).await {
            Err(error) if self.pays(&error) => self.client().list_as(&self.context, list.clone(), &make).await,
            result => result,
        }
    }

    fn client(&self) -> &Client {
        self.paying.get().unwrap_or(&self.client)
    }

    /// Whether a call was refused because it names no project to take quota from. From then on it is the stack's: a user's
    /// own credentials name none, and the APIs of billing want one.
    fn pays(&self, error: &ApiError) -> bool {
        let is_wanted = error.is_quota_project_missing();
        if is_wanted {
            self.paying.get_or_init(|| {
                let quota_project = Some(self.scope.project.clone());
                Client::new(ClientConfig { quota_project, ..self.client.config().clone() })
            });
        }
        is_wanted
    }

    /// Switches on the API that `error` complains about. Calls that meet the same API at once wait for one another.
    async fn switch_on(&self, error: &ApiError) -> Result<bool, ApiError> {
        let Some(off) = error.is_api_disabled() else { return Ok(false) };
        if self.policy == ApiPolicy::Report || off.service == Host::SERVICE_USAGE.as_str() {
            return Ok(false);
        }
        let mut enabled = self.enabled.lock().await;
        if !enabled.contains(&off.service) {
            // Boxed: switching on is itself a call.
            Box::pin(apis::enable(self, &[off.service.as_str()])).await?;
            enabled.insert(off.service);
        }
        Ok(true)
    }
}

/// Where the operations of an API are polled.
fn operations_of(host: &Host) -> Option<OperationApi> {
    let known = [
        (Host::RUN, OperationApi::Run),
        (Host::ARTIFACT_REGISTRY, OperationApi::ArtifactRegistry),
        (Host::SERVICE_USAGE, OperationApi::ServiceUsage),
        (Host::IAM, OperationApi::Iam),
        (Host::FIRESTORE, OperationApi::Firestore),
    ];
    known.into_iter().find(|(known, _)| known == host).map(|(_, api)| api)
}
