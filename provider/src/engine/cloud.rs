//! A cloud: its stacks, where they are, and what an operation on one needs.
//!
//! Nothing else in the engine depends on which cloud it is. Below it are [`Terms`] (how a cloud writes things) and the kinds
//! with their [`Objects`](super::objects::Objects).

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use tfplugin::{Diagnostic, Diagnostics};

use super::context::CallContext;
use super::error::CallError;
use super::model::{Layout, Stack};
use super::place::Place;
use super::run::{Preparation, Run, Session};
use super::scope::Scope;
use super::terms::Terms;

/// What the provider block says to a cloud: a client and defaults, which nobody but that cloud looks into.
pub trait Connection: Any + Debug + Send + Sync {}

/// One cloud.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Its stacks' attributes and kinds.
    fn layout(&self) -> &'static Layout;

    /// How it writes things.
    fn terms(&self) -> &'static dyn Terms;

    /// Rules of the stack's attributes that only this cloud has.
    fn validate(&self, config: &Stack, diagnostics: &mut Diagnostics);

    /// Learns what only the cloud can tell of the place of a stack (the account that the credentials are of), and makes sure
    /// that it is `account`, where that is known already. It comes before all other calls of an operation.
    ///
    /// # Errors
    /// When the cloud cannot be asked, or the connection leads to another account.
    async fn enter(
        &self,
        connection: &dyn Connection,
        account: Option<&str>,
        region: Option<&str>,
        calls: &CallContext,
    ) -> Result<(), Diagnostic> {
        let _ = (connection, account, region, calls);
        Ok(())
    }

    /// Where a stack is, from its own attributes, the provider's, and the state's. `None` while that is not known.
    ///
    /// # Errors
    /// When neither the stack nor the provider says it.
    fn scope(
        &self,
        stack: &Stack,
        prior: Option<&Stack>,
        connection: &dyn Connection,
    ) -> Result<Option<Scope>, Diagnostic>;

    /// Records the place in the attributes that the cloud has for it; what is not known yet is unknown.
    fn record_place(&self, stack: &mut Stack, place: &Place);

    /// The end of a sentence that says why an import cannot be from there; `None` when it can.
    fn refuse_place(&self, account: &str, region: &str) -> Option<String>;

    /// A session for one operation.
    ///
    /// # Errors
    /// When the provider block is not known well enough.
    fn session(&self, connection: &dyn Connection) -> Result<Arc<dyn Session>, Diagnostic>;

    /// The provider's labels for everything, as far as they are known.
    fn default_labels(&self, connection: &dyn Connection) -> BTreeMap<String, String>;

    /// How the keys of labels begin that an import leaves to others.
    fn foreign_labels(&self, connection: &dyn Connection) -> Vec<String> {
        let _ = connection;
        Vec::new()
    }

    /// What an operation that writes may switch on.
    fn preparation(&self, connection: &dyn Connection) -> Preparation;

    /// The place with both names of the account, as the cloud has them.
    ///
    /// # Errors
    /// Of the call.
    async fn identify(&self, run: &Run) -> Result<Place, CallError>;

    /// Prepares the account or project for what is planned, before any component is touched.
    ///
    /// # Errors
    /// When that failed.
    async fn prepare(&self, run: &Run, planned: &Stack) -> Result<(), Diagnostic>;

    /// Reads the stack's own attributes that others may change.
    ///
    /// # Errors
    /// When one could not be read.
    async fn refresh(&self, run: &Run, stack: &mut Stack) -> Result<(), Diagnostic>;
}
