//! Failed calls as diagnostics: which component, what was tried, what the API said, what to do.

use tfplugin::{Diagnostic, Path};

use super::address::Address;
use super::common;
use crate::engine::error::CallError;

/// What was tried with a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Reading it.
    Read,
    /// Making it.
    Create,
    /// Changing it.
    Update,
    /// Deleting it.
    Delete,
    /// Granting roles on it.
    Grant,
}

impl Operation {
    fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Grant => "grant roles on",
        }
    }
}

/// The diagnostic for a failed call on a component.
pub(crate) fn of_component(address: &Address, operation: Operation, error: &CallError) -> Diagnostic {
    let noun = address.kind.noun();
    let path = if operation == Operation::Grant { address.path().attribute(common::IAM) } else { address.path() };
    Diagnostic::error(
        format!("Could not {} the {noun}", operation.verb()),
        format!("{address}: {}{}{}", error, advice(error), way_out(operation, error)),
    )
    .at(path)
}

/// The diagnostic for a failed call on behalf of the whole stack.
pub(crate) fn of_stack(what: &str, path: Path, error: &CallError) -> Diagnostic {
    Diagnostic::error(format!("Could not {what}"), format!("{}{}", error, advice(error))).at(path)
}

/// What helps with this operation in particular.
fn way_out(operation: Operation, error: &CallError) -> &'static str {
    if operation == Operation::Delete && error.is_not_empty() {
        return "\n\nIt is not empty. Set force_destroy = true on it and apply, to have its content deleted with it; or empty it \
                by hand; or set deletion_policy = \"ABANDON\" to leave it in the cloud.";
    }
    ""
}

fn advice(error: &CallError) -> String {
    error.advice_text().map_or_else(String::new, |advice| format!("\n\n{advice}"))
}
