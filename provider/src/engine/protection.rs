//! What becomes of an object that its component no longer has.
//!
//! It is decided by the state alone, so that a setting that is lowered, forgotten or misspelt in the same change falls to
//! the safe side.

use tfplugin::{Choice, Diagnostic, Dynamic, Path};

use super::address::Address;
use super::common::{self, DeletionPolicy};
use super::model::{self, Stack};
use super::tree;

/// Whether the prior state protects what it holds.
pub(crate) fn is_protected(prior: &Stack) -> bool {
    prior.get(model::DELETION_PROTECTION).as_bool() != Some(false)
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is deleted.
    Deleted,
    /// It stays in the cloud, and the stack forgets it.
    Released,
    /// The plan is an error.
    Prevented,
}

/// The fate of the object of `component`, as the state has it, in a stack that is protected or not.
pub(crate) fn fate(address: &Address, component: &Dynamic, is_protected: bool) -> Fate {
    match explicit_policy(component) {
        Some(DeletionPolicy::Prevent) => Fate::Prevented,
        // What was imported is never deleted.
        _ if is_imported(component) => Fate::Released,
        Some(DeletionPolicy::Abandon) => Fate::Released,
        Some(DeletionPolicy::Delete) => Fate::Deleted,
        None if is_protected && address.kind.holds_data() => Fate::Prevented,
        None => Fate::Deleted,
    }
}

/// The fate of an object inside that of `component`, both as the state has them. Its own policy counts before the
/// component's; one that says nothing goes or stays as the component's object would, and is then released rather than refused.
pub(crate) fn fate_inside(address: &Address, component: &Dynamic, child: &Dynamic, is_protected: bool) -> Fate {
    match explicit_policy(child) {
        _ if is_imported(component) => Fate::Released,
        Some(DeletionPolicy::Delete) => Fate::Deleted,
        Some(DeletionPolicy::Abandon | DeletionPolicy::Prevent) => Fate::Released,
        None => fate(address, component, is_protected),
    }
}

/// Whether the object was there before the stack.
pub(crate) fn is_imported(component: &Dynamic) -> bool {
    component.get(common::IMPORTED).as_bool() == Some(true)
}

/// Whether the state has the object from an import, whoever had created it: what it was once given is not in the state.
pub(crate) fn came_by_import(component: &Dynamic) -> bool {
    component.get(common::IMPORTED).as_bool() != Some(false)
}

/// Whether the configuration allows that the object is deleted and created anew.
pub(crate) fn may_be_replaced(component: &Dynamic) -> bool {
    component.get(common::ALLOW_REPLACEMENT).as_bool() == Some(true)
}

fn explicit_policy(component: &Dynamic) -> Option<DeletionPolicy> {
    let text = tree::text(component, common::DELETION_POLICY)?;
    [DeletionPolicy::Delete, DeletionPolicy::Abandon, DeletionPolicy::Prevent]
        .into_iter()
        .find(|policy| policy.spelling() == text)
}

/// The error for an object that must not go; `what` says how it would: "would be deleted".
pub(crate) fn prevented(address: &Address, component: &Dynamic, what: &str) -> Diagnostic {
    let noun = address.kind.noun();
    let why = match explicit_policy(component) {
        Some(_) => "has deletion_policy = \"PREVENT\" in the state",
        None => "holds data, and the state has deletion_protection = true, so that its deletion_policy is PREVENT",
    };
    Diagnostic::error(
        format!("The {noun} must not be deleted"),
        format!(
            "{address} {what}, but it {why}.\n\nTo keep the {noun} in the stack, put it back into the configuration as it was. \
             To leave it in the cloud and forget it, set deletion_policy = \"ABANDON\" on {address} and apply first. To delete \
             it with all that is in it, set deletion_policy = \"DELETE\" on {address} and apply first."
        ),
    )
    .at(Path::root().attribute(address.kind.name()))
}
