//! A component that left the configuration.

use tfplugin::{Diagnostic, Diagnostics, Dynamic, Path};

use super::{Action, Step};
use crate::engine::address::Address;
use crate::engine::common::DeletionPolicy;
use crate::engine::{common, tree};

/// What `deletion_policy` says of a component.
pub(crate) fn policy(address: &Address, component: &Dynamic) -> DeletionPolicy {
    match tree::text(component, common::DELETION_POLICY) {
        Some("DELETE") => DeletionPolicy::Delete,
        Some("ABANDON") => DeletionPolicy::Abandon,
        Some("PREVENT") => DeletionPolicy::Prevent,
        _ => address.kind.deletion(),
    }
}

/// Plans the removal of a component from a stack that stays.
pub(crate) fn plan(address: &Address, component: &Dynamic, diagnostics: &mut Diagnostics) -> Step {
    let noun = address.kind.noun();
    let was_imported = component.get(common::IMPORTED).as_bool() == Some(true);
    let action = match policy(address, component) {
        DeletionPolicy::Prevent => {
            diagnostics.push(prevented(address));
            Action::Release
        }
        _ if was_imported => {
            diagnostics.push(
                Diagnostic::warning(
                    format!("An imported {noun} leaves the stack"),
                    format!(
                        "{address} was imported and is not in the configuration. It is released: the {noun} stays in the \
                         cloud as it is, and the stack forgets it. Put {address} back into the configuration to keep \
                         managing it."
                    ),
                )
                .at(Path::root().attribute(address.kind.name())),
            );
            Action::Release
        }
        DeletionPolicy::Abandon => Action::Release,
        DeletionPolicy::Delete => Action::Delete,
    };
    Step { address: address.clone(), action, prior: Some(component.clone()), planned: None }
}

/// The error for a component that must not go.
pub(crate) fn prevented(address: &Address) -> Diagnostic {
    let noun = address.kind.noun();
    Diagnostic::error(
        format!("The {noun} must not be deleted"),
        format!(
            "{address} has deletion_policy = \"PREVENT\" in the state and is to be removed. To delete the {noun}, set \
             deletion_policy = \"DELETE\" on it and apply first; to leave it in the cloud, set \"ABANDON\" and apply first."
        ),
    )
    .at(Path::root().attribute(address.kind.name()))
}
