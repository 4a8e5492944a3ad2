//! Roles on the account or project: one read and at most one write of its policy, however many principals and roles.

use std::collections::BTreeSet;

use tfplugin::{Diagnostics, Dynamic, Path};

use super::Work;
use crate::engine::address::Address;
use crate::engine::effective;
use crate::engine::grants::Grants;
use crate::engine::kind::AnyKind;
use crate::engine::model::Components;
use crate::engine::plan::{Action, Step};
use crate::engine::{problem, tree};

/// Brings the policy of the account or project to what the components say now.
pub(super) async fn grant(work: &Work<'_>, steps: &[Step]) -> Diagnostics {
    let released: BTreeSet<&Address> =
        steps.iter().filter(|step| step.action == Action::Release).map(|step| &step.address).collect();
    let leaving = leaving(steps);
    let before = union(work.before.iter().filter(|(address, _)| !released.contains(address)));
    let after = union(work.live().iter().filter(|(address, _)| !leaving.contains(address)));
    let add: Grants = after.difference(&before).cloned().collect();
    let remove: Grants = before.difference(&after).cloned().collect();
    if add.is_empty() && remove.is_empty() {
        return Diagnostics::new();
    }
    let granting = steps.iter().map(|step| step.address.kind).find(|kind| has_account_roles(kind));
    let Some(kind) = granting else { return Diagnostics::new() };
    let terms = kind.terms();
    match terms.account_policies().change(work.run, &work.run.scope.place.account, &add, &remove).await {
        Ok(()) => {
            for (address, component) in work.live().iter_mut().filter(|(address, _)| leaving.contains(address)) {
                if let Some((attribute, _)) = effective::account_roles(address) {
                    tree::set(component, attribute.name.clone(), Dynamic::Null);
                }
            }
            Diagnostics::new()
        }
        Err(error) => {
            withdraw(&mut work.live(), work.before);
            let what = format!("grant roles on the {}", terms.account_noun());
            problem::of_stack(&what, Path::root().attribute(kind.name()), &error).into()
        }
    }
}

/// The components whose objects are deleted after their roles have gone. Once a principal is deleted, its roles stay behind
/// under a name that nobody looks for.
fn leaving(steps: &[Step]) -> BTreeSet<&Address> {
    let made: BTreeSet<&Address> = steps.iter().filter(|step| !step.is_removal()).map(|step| &step.address).collect();
    let deleted = steps.iter().filter(|step| step.action == Action::Delete).map(|step| &step.address);
    deleted.filter(|address| !made.contains(address)).collect()
}

/// Whether components of the kind have roles on the account or project.
fn has_account_roles(kind: &'static AnyKind) -> bool {
    effective::account_roles(&Address::new(kind, "")).is_some()
}

fn union<'a>(components: impl Iterator<Item = (&'a Address, &'a tfplugin::Dynamic)>) -> Grants {
    components.filter_map(|(address, component)| effective::account_grants(address, component)).flatten().collect()
}

/// What was not written is not recorded.
pub(super) fn withdraw(live: &mut Components, before: &Components) {
    for (address, component) in live {
        if let Some((attribute, _)) = effective::account_roles(address) {
            let had = before.get(address).map(|before| before.get(&attribute.name).clone()).unwrap_or_default();
            tree::set(component, attribute.name.clone(), had);
        }
    }
}
