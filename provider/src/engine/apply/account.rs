//! Grants on the account or project, the stack's own and the roles of its components: one read and at most one write of its
//! policy, however many.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use tfplugin::{Diagnostics, Dynamic, Path};

use super::Work;
use crate::engine::address::Address;
use crate::engine::grants::Grants;
use crate::engine::kind::AnyKind;
use crate::engine::model::Components;
use crate::engine::plan::{Action, Step};
use crate::engine::{account_iam, effective, problem, tree};

/// The components that the policy waits for because the stack's own grants name them; `None` where these do not change.
pub(super) fn awaited(work: &Work<'_>, planned: &Components) -> Option<BTreeSet<Address>> {
    let is_settled = account_iam::grants(work.planned, &work.live()).is_some_and(|own| own == *work.own_before);
    (!is_settled).then(|| account_iam::uses(work.planned, planned))
}

/// Brings the policy of the account or project to what the stack and its components say now.
pub(super) async fn grant(work: &Work<'_>, steps: &[Step]) -> Diagnostics {
    let released: BTreeSet<&Address> =
        steps.iter().filter(|step| step.action == Action::Release).map(|step| &step.address).collect();
    let leaving = leaving(steps);
    let (before, after) = {
        let live = work.live();
        let before = work.before.iter().filter(|(address, _)| !released.contains(address));
        let mut before = union(before, work.before);
        before.extend(work.own_before.iter().cloned());
        let mut after = union(live.iter().filter(|(address, _)| !leaving.contains(address)), &live);
        after.extend(account_iam::grants(work.planned, &live).unwrap_or_default());
        (before, after)
    };
    let add: Grants = after.difference(&before).cloned().collect();
    let remove: Grants = before.difference(&after).cloned().collect();
    if add.is_empty() && remove.is_empty() {
        return Diagnostics::new();
    }
    let terms = work.cloud.terms();
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
            withdraw(work, steps);
            let granting =
                steps.iter().map(|step| step.address.kind).find(|kind| effective::account_roles(kind).is_some());
            let attribute = granting.map(AnyKind::name).or_else(|| account_iam::name(work.cloud.layout()));
            let path = attribute.map_or_else(Path::root, |name| Path::root().attribute(name));
            let what = format!("grant roles on the {}", terms.account_noun());
            problem::of_stack(&what, path, &error).into()
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

fn union<'a>(components: impl Iterator<Item = (&'a Address, &'a Dynamic)>, all: &Components) -> Grants {
    components.filter_map(|(address, component)| effective::account_grants(address, component, all)).flatten().collect()
}

/// What was not written is not recorded: the stack has the grants that it had, and the components that were to change have
/// their roles.
pub(super) fn withdraw(work: &Work<'_>, steps: &[Step]) {
    work.is_account_settled.store(false, Ordering::Relaxed);
    let mut live = work.live();
    for step in steps {
        let Some((attribute, _)) = effective::account_roles(step.address.kind) else { continue };
        if let Some(component) = live.get_mut(&step.address) {
            let had = step.prior.as_ref().map(|prior| prior.get(&attribute.name).clone()).unwrap_or_default();
            tree::set(component, attribute.name.clone(), had);
        }
    }
}
