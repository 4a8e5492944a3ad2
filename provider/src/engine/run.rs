//! One operation on a stack: its deadline and stop, where the stack is, and the cloud's session.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::context::CallContext;
use super::progress::Progress;
use super::scope::Scope;

/// How long one may look after the end of an operation for what it has done.
const LAST_LOOK: Duration = Duration::from_secs(20);

/// Whether an operation may switch on what it needs in the account or project (APIs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparation {
    /// It is switched on and waited for.
    Allowed,
    /// What is off is an error that says so.
    Report,
}

/// How old what is read may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// What was written a moment ago has to be seen.
    Current,
    /// What a refresh reads may be moments old, as long as it is what the stack has recorded.
    Recent,
}

/// What a cloud keeps for one operation: its client, and what it has learnt on the way.
#[async_trait]
pub trait Session: Any + Send + Sync {
    /// Waits until the calls that have begun have had their turn: who begins something new only then lets what has begun
    /// come to its end first.
    async fn room(&self);
}

/// One operation.
#[derive(Clone)]
pub struct Run {
    /// Deadline and stop.
    pub context: CallContext,
    /// Where the stack is.
    pub scope: Scope,
    /// What the operation may switch on.
    pub preparation: Preparation,
    /// How old what it reads may be.
    pub freshness: Freshness,
    /// Where it says how far it is.
    pub progress: Progress,
    session: Arc<dyn Session>,
}

impl Run {
    /// An operation that begins now.
    pub fn new(session: Arc<dyn Session>, context: CallContext, scope: Scope, preparation: Preparation) -> Self {
        let (freshness, progress) = (Freshness::Current, Progress::default());
        Self { context, scope, preparation, freshness, progress, session }
    }

    /// The same operation while it only reads what the stack has.
    #[must_use]
    pub fn refreshing(&self) -> Self {
        Self { freshness: Freshness::Recent, ..self.clone() }
    }

    /// The same operation, which says to `progress` how far it is.
    #[must_use]
    pub fn reporting(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// The same with a little time of its own that no stop ends: to learn what calls that were cut short have done.
    #[must_use]
    pub fn last_look(&self) -> Self {
        let context = CallContext::with_clock(LAST_LOOK, CancellationToken::new(), self.context.clock.clone());
        Self { context, preparation: Preparation::Report, ..self.clone() }
    }

    /// The cloud's session, for the cloud whose type it is.
    pub fn session<S: Session>(&self) -> Option<&S> {
        let session: &dyn Any = self.session.as_ref();
        session.downcast_ref()
    }

    /// See [`Session::room`].
    pub async fn room(&self) {
        self.session.room().await;
    }
}
