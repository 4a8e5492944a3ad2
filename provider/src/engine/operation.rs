//! What an operation on a stack is given: how long it may take, and where the stack is.

use std::time::Duration;

use tfplugin::Diagnostic;

use super::cloud::{Cloud, Connection};
use super::model::{Stack, Timeouts};
use super::scope::Scope;
use crate::types;

/// Which of the timeouts an operation has.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    Create,
    Read,
    Update,
    Delete,
}

impl Limit {
    pub(super) fn of(self, stack: Option<&Stack>) -> Duration {
        let pick = |timeouts: Timeouts| {
            let limit = match self {
                Self::Create => timeouts.create,
                Self::Read => timeouts.read,
                Self::Update => timeouts.update,
                Self::Delete => timeouts.delete,
            };
            limit.known().map(types::Duration::to_std)
        };
        let default = if matches!(self, Self::Read) { 10 } else { 30 };
        stack.and_then(Stack::timeouts).and_then(pick).unwrap_or(Duration::from_secs(default * 60))
    }
}

/// The error for a place that the provider block will only know after apply.
pub(super) fn unknown_place() -> Diagnostic {
    Diagnostic::error(
        "Unknown place of the stack",
        "Where the stack is will be known only after apply. Apply what the provider block depends on first \
         (terraform apply -target=...), or set the place on the stack.",
    )
}

/// The scope of a stack that exists.
pub(super) fn scope_of(cloud: &dyn Cloud, stack: &Stack, connection: &dyn Connection) -> Result<Scope, Diagnostic> {
    cloud.scope(stack, None, connection)?.ok_or_else(unknown_place)
}
