//! One operation on Google Cloud: its client, the APIs that it switches on, and who pays for its calls.

pub mod apis;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value as Json;
use tokio::sync::Mutex;

use super::api::etag::Policies;
use super::api::poll::PollPolicy;
use super::api::{ApiError, Client, Host, List, OperationApi, Request};
use super::patience;
use crate::engine::context::CallContext;
use crate::engine::error::{Answer, CallError};
use crate::engine::run::{self, Preparation};
use crate::engine::scope::Scope;

/// What one operation has learnt on the way.
pub struct Session {
    client: Client,
    enabled: Mutex<BTreeSet<String>>,
    crowded: Arc<AtomicBool>,
    turn: Mutex<()>,
    paying: OnceLock<Client>,
}

impl Session {
    /// A session of `client` that has learnt nothing yet.
    pub fn new(client: Client) -> Self {
        let (enabled, crowded, turn, paying) = Default::default();
        Self { client, enabled, crowded, turn, paying }
    }
}

#[async_trait]
impl run::Session for Session {
    async fn room(&self) {
        self.client.room().await;
    }
}

/// One operation, as the kinds of Google Cloud see it.
#[derive(Clone, Copy)]
pub struct Run<'r> {
    /// Where the stack is.
    pub scope: &'r Scope,
    /// Deadline and stop.
    pub context: &'r CallContext,
    session: &'r Session,
    operation: &'r run::Run,
}

impl<'r> Run<'r> {
    /// The operation, if it is one on Google Cloud.
    ///
    /// # Errors
    /// When its session is another cloud's.
    pub fn of(operation: &'r run::Run) -> Result<Self, CallError> {
        let foreign = || CallError::new("the operation has no session of Google Cloud", Answer::Other);
        let session = operation.session().ok_or_else(foreign)?;
        Ok(Self { scope: &operation.scope, context: &operation.context, session, operation })
    }

    /// Reads with a little time of its own that no stop ends: to learn what calls that were cut short have done.
    pub async fn last_look<T>(&self, read: impl AsyncFnOnce(Run<'_>) -> T) -> T {
        let operation = self.operation.last_look();
        read(Run { scope: &operation.scope, context: &operation.context, operation: &operation, session: self.session })
            .await
    }

    /// How often a write begins again from the reading.
    pub fn write_policies(&self) -> Policies {
        Policies { race: patience::RACE, failure: self.session.client.config().retry }
    }

    /// How operations and changes under way are polled.
    pub fn poll(&self) -> PollPolicy {
        self.session.client.config().poll
    }

    /// Makes a call that changes something. Cloud Monitoring may refuse edits of one project at the same time: they go
    /// side by side until it does so for the first time, and one by one from then on.
    ///
    /// # Errors
    /// As of [`Run::call`].
    pub async fn write(&self, request: Request, host: &Host) -> Result<Json, ApiError> {
        if *host != Host::MONITORING {
            return self.call(request).await;
        }
        let crowded = self.session.crowded.clone();
        let request = request.also_retry(Duration::ZERO, move |error| {
            if error.is_concurrent_change() {
                crowded.store(true, Ordering::Relaxed);
            }
            false
        });
        let _turn =
            if self.session.crowded.load(Ordering::Relaxed) { Some(self.session.turn.lock().await) } else { None };
        self.call(request).await
    }

    /// Makes a call; an API that is off is switched on first, where that is allowed.
    ///
    /// # Errors
    /// Of the call, or of switching the API on.
    pub async fn call(&self, request: Request) -> Result<Json, ApiError> {
        match self.send(&request).await {
            Err(error) if self.switch_on(&error).await? => {
                let request = request.also_retry(patience::NEW_API, |error| error.is_api_disabled().is_some());
                self.send(&request).await
            }
            result => result,
        }
    }

    async fn send(&self, request: &Request) -> Result<Json, ApiError> {
        let request = &request.clone().also_retry(patience::OTHER_OPERATION, ApiError::is_operation_in_progress);
        match self.client().call(self.context, request.clone()).await {
            Err(error) if self.pays(&error) => self.client().call(self.context, request.clone()).await,
            result => result,
        }
    }

    /// Makes a call that answers with an operation, and waits for its end.
    ///
    /// # Errors
    /// Of the call or of the operation.
    pub async fn call_and_wait(&self, request: Request, api: &OperationApi) -> Result<Json, ApiError> {
        let started = self.call(request).await?;
        self.wait(started, api).await
    }

    /// Makes a deletion, and again as long as the object is in use by another that may be on its way out. Waits for its
    /// operation where it `takes_time`.
    ///
    /// # Errors
    /// Of the deletion.
    pub async fn delete(&self, request: &Request, api: &OperationApi, takes_time: bool) -> Result<Json, ApiError> {
        let (policy, mut waited, mut poll) = (self.poll(), Duration::ZERO, 0);
        loop {
            let deleted = match self.write(request.clone(), &api.host).await {
                Ok(started) if takes_time => self.wait(started, api).await,
                answer => answer,
            };
            match deleted {
                Err(error) if error.is_in_use() && waited < patience::USER_LEAVES => {
                    let pause = policy.wait(poll);
                    if self.context.sleep(pause).await.is_err() {
                        return Err(error);
                    }
                    waited += pause;
                    poll += 1;
                }
                result => return result,
            }
        }
    }

    /// Waits for the end of an operation that a call has answered with.
    ///
    /// # Errors
    /// Of the operation, or of asking for it.
    pub async fn wait(&self, started: Json, api: &OperationApi) -> Result<Json, ApiError> {
        self.client().wait(self.context, api, started).await
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
                let list = list.also_retry(patience::NEW_API, |error| error.is_api_disabled().is_some());
                self.send_list(&list, &make).await
            }
            result => result,
        }
    }

    async fn send_list<T>(&self, list: &List, make: impl Fn(Json) -> Option<T>) -> Result<Vec<T>, ApiError> {
        match self.client().list_as(self.context, list.clone(), &make).await {
            Err(error) if self.pays(&error) => self.client().list_as(self.context, list.clone(), &make).await,
            result => result,
        }
    }

    fn client(&self) -> &'r Client {
        self.session.paying.get().unwrap_or(&self.session.client)
    }

    /// Whether a call was refused because it names no project to take quota from. From then on it is the stack's: a user's
    /// own credentials name none, and the APIs of billing want one.
    fn pays(&self, error: &ApiError) -> bool {
        let is_wanted = error.is_quota_project_missing();
        if is_wanted {
            self.session.paying.get_or_init(|| self.session.client.paid_by(&self.scope.place.account));
        }
        is_wanted
    }

    /// Whether the project in which an API is off can be the stack's: in another one it is not for the stack to switch on.
    fn may_be_ours(&self, consumer: &str) -> bool {
        let place = &self.scope.place;
        let is_unknown_number = place.number.is_none() && consumer.bytes().all(|byte| byte.is_ascii_digit());
        consumer.is_empty() || place.is_account(consumer) || is_unknown_number
    }

    /// Switches on the API that `error` complains about. Calls that meet the same API at once wait for one another.
    async fn switch_on(&self, error: &ApiError) -> Result<bool, ApiError> {
        let Some(off) = error.is_api_disabled() else { return Ok(false) };
        if self.operation.preparation == Preparation::Report
            || off.service == Host::SERVICE_USAGE.as_str()
            || !self.may_be_ours(&off.consumer)
        {
            return Ok(false);
        }
        let mut enabled = self.session.enabled.lock().await;
        if !enabled.contains(&off.service) {
            // Boxed: switching on is itself a call.
            Box::pin(apis::enable(*self, &[off.service.as_str()])).await?;
            enabled.insert(off.service);
        }
        Ok(true)
    }
}
