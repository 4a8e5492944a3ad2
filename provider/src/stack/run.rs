//! One operation on a stack: the client, the deadline, the stop, and what the operation may switch on.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::Mutex;

use super::{Scope, apis};
use crate::gcp::{ApiError, CallContext, Client, Host, List, OperationApi, Request};

/// How long an API that was just switched on may still say that it is off.
const WARM_UP: Duration = Duration::from_secs(300);

/// What an operation does about an API that is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiPolicy {
    /// Switches it on and waits for it.
    Enable,
    /// Reports it.
    Report,
}

/// One operation.
pub(crate) struct Run {
    /// Google.
    pub client: Client,
    /// Deadline and stop.
    pub context: CallContext,
    /// Where the stack is.
    pub scope: Scope,
    policy: ApiPolicy,
    enabled: Mutex<BTreeSet<String>>,
}

impl Run {
    /// An operation that begins now.
    pub(crate) fn new(client: Client, context: CallContext, scope: Scope, policy: ApiPolicy) -> Self {
        Self { client, context, scope, policy, enabled: Mutex::default() }
    }

    /// Makes a call; an API that is off is switched on first, where that is allowed.
    ///
    /// # Errors
    /// Of the call, or of switching the API on.
    pub(crate) async fn call(&self, request: Request) -> Result<Json, ApiError> {
        match self.client.call(&self.context, request.clone()).await {
            Err(error) if self.switch_on(&error).await? => {
                let request = request.also_retry(WARM_UP, |error| error.is_api_disabled().is_some());
                self.client.call(&self.context, request).await
            }
            result => result,
        }
    }

    /// Makes a call that answers with an operation, and waits for its end.
    ///
    /// # Errors
    /// Of the call or of the operation.
    pub(crate) async fn call_and_wait(&self, request: Request, host: &Host) -> Result<Json, ApiError> {
        let started = self.call(request).await?;
        match operations_of(host) {
            Some(api) => self.client.wait(&self.context, api, started).await,
            None => Ok(started),
        }
    }

    /// Reads a list to its end.
    ///
    /// # Errors
    /// Of the calls.
    pub(crate) async fn list(&self, list: List) -> Result<Vec<Json>, ApiError> {
        match self.client.list(&self.context, list.clone()).await {
            Err(error) if self.switch_on(&error).await? => {
                let list = list.also_retry(WARM_UP, |error| error.is_api_disabled().is_some());
                self.client.list(&self.context, list).await
            }
            result => result,
        }
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
