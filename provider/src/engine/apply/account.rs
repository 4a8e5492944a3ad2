//! Roles on the account or project: one read and at most one write of its policy, however many principals and roles.

use std::collections::BTreeSet;

use tfplugin::{Diagnostics, Dynamic, Path};

use super::Work;
use crate::engine::address::Address;
use crate::engine::effective;
use crate::engine::grants::Grants;
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
    let granting = steps.iter().map(|step| step.address.kind).find(|kind| effective::account_roles(kind).is_some());
    let Some(kind) = granting else { return Diagnostics::new() };
    let terms = kind.terms();
    match terms.account_policies().change(work.run, &work.run.scope.place.account, &add, &remove).await {
        Ok(()) => {
            for (address, component) in work.live().iter_mut().filter(|(address, _)| leaving.contains(address)) {
                if let Some((attribute, _)) = effective::account_roles(address.kind) {
                    tree::set(component, attribute.name.clone(), Dynamic::Null);
                }
            }
            Diagnostics::new()
        }
        Err(error) => {
            withdraw(&mut work.live(), steps);
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

fn union<'a>(components: impl Iterator<Item = (&'a Address, &'a tfplugin::Dynamic)>) -> Grants {
    components.filter_map(|(address, component)| effective::account_grants(address, component)).flatten().collect()
}

/// What was not written is not recorded: the components that were to change have the roles that they had.
pub(super) fn withdraw(live: &mut Components, steps: &[Step]) {
    for step in steps {
        let Some((attribute, _)) = effective::account_roles(step.address.kind) else { continue };
        if let Some(component) = live.get_mut(&step.address) {
            let had = step.prior.as_ref().map(|prior| prior.get(&attribute.name).clone()).unwrap_or_default();
            tree::set(component, attribute.name.clone(), had);
        }
    }
}
