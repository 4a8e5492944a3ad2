//! One operation on AWS: its client, in the region of the stack.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::api::{ApiError, Client, Request};
use super::patience;
use super::together::Together;
use crate::engine::context::{CallContext, Interrupted};
use crate::engine::error::{Answer, CallError};
use crate::engine::run::{self, Freshness};
use crate::engine::scope::Scope;

/// The client of one operation.
pub struct Session {
    client: Client,
    together: Together,
}

impl Session {
    /// A session of `client`.
    pub fn new(client: Client) -> Self {
        Self { client, together: Together::default() }
    }
}

#[async_trait]
impl run::Session for Session {
    async fn room(&self) {
        self.client.room().await;
    }
}

/// One operation, as the kinds of AWS see it.
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
    /// The operation, if it is one on AWS.
    ///
    /// # Errors
    /// When its session is another cloud's.
    pub fn of(operation: &'r run::Run) -> Result<Self, CallError> {
        let foreign = || CallError::new("the operation has no session of AWS", Answer::Other);
        let session = operation.session().ok_or_else(foreign)?;
        Ok(Self { scope: &operation.scope, context: &operation.context, session, operation })
    }

    /// Reads with a little time of its own that no stop ends: to learn what calls that were cut short have done.
    pub async fn last_look<T>(&self, read: impl AsyncFnOnce(Run<'_>) -> T) -> T {
        let operation = self.operation.last_look();
        read(Run { scope: &operation.scope, context: &operation.context, operation: &operation, session: self.session })
            .await
    }

    /// Makes a call in the stack's region.
    ///
    /// # Errors
    /// Of the call.
    pub async fn call(&self, request: Request) -> Result<Json, ApiError> {
        self.session.client.call(self.context, &self.scope.place.region, request).await
    }

    /// Where reads that are asked for at the same moment become one call.
    pub fn together(&self) -> &'r Together {
        &self.session.together
    }

    /// Whether it is a refresh, which has written nothing.
    pub fn is_refresh(&self) -> bool {
        self.operation.freshness == Freshness::Recent
    }

    /// Waits before look number `look` at something that takes time, counted from 0.
    ///
    /// # Errors
    /// When there is no more time.
    pub async fn pause(&self, look: u32) -> Result<(), Interrupted> {
        let is_local = self.session.client.config().addressing.is_local();
        let pause = patience::LOOK.ceiling(look);
        // On this machine nothing takes long.
        self.context.sleep(if is_local { pause.min(Duration::from_millis(50)) } else { pause }).await
    }
}
