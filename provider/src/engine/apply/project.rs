//! Roles on the project: one read and at most one write of its policy, however many accounts and roles.

use std::collections::BTreeSet;

use tfplugin::{Diagnostics, Path};

use super::Work;
use crate::engine::effective::{self, Grants};
use crate::engine::model::Components;
use crate::engine::plan::{Action, Step};
use crate::engine::{Address, iam, problem, tree};

/// Brings the project's policy to what the accounts' components say now.
pub(super) async fn grant(work: &Work<'_>, steps: &[Step]) -> Diagnostics {
    let released: BTreeSet<&Address> =
        steps.iter().filter(|step| step.action == Action::Release).map(|step| &step.address).collect();
    let before = union(work.before.iter().filter(|(address, _)| !released.contains(address)));
    let after = union(work.live().iter());
    let add: Grants = after.difference(&before).cloned().collect();
    let remove: Grants = before.difference(&after).cloned().collect();
    if add.is_empty() && remove.is_empty() {
        return Diagnostics::new();
    }
    match iam::change(work.run, &iam::Target::project(&work.run.scope), &add, &remove).await {
        Ok(()) => Diagnostics::new(),
        Err(error) => {
            withdraw(&mut work.live(), work.before);
            problem::of_stack("grant roles on the project", Path::root().attribute("service_accounts"), &error).into()
        }
    }
}

fn union<'a>(components: impl Iterator<Item = (&'a Address, &'a tfplugin::Dynamic)>) -> Grants {
    components.filter_map(|(address, component)| effective::project_grants(address, component)).flatten().collect()
}

/// What was not written is not recorded.
fn withdraw(live: &mut Components, before: &Components) {
    for (address, component) in live {
        if let Some((attribute, _)) = effective::project_roles(address) {
            let had = before.get(address).map(|before| before.get(&attribute.name).clone()).unwrap_or_default();
            tree::set(component, attribute.name.clone(), had);
        }
    }
}
