//! Which step runs when.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tfplugin::Diagnostics;

use super::{Work, not_begun, project, step};
use crate::stack::model::Components;
use crate::stack::plan::{Action, Step};
use crate::stack::{Address, effective, graph};

/// For every step, the steps that it waits for.
fn waits(steps: &[Step], before: &Components, planned: &Components) -> Vec<BTreeSet<usize>> {
    let is_removal = |step: &Step| matches!(step.action, Action::Delete | Action::Release);
    let index: BTreeMap<(Address, bool), usize> =
        steps.iter().enumerate().map(|(at, step)| ((step.address.clone(), is_removal(step)), at)).collect();
    let mut waits = vec![BTreeSet::new(); steps.len()];
    for (user, targets) in graph::uses(planned) {
        let Some(&user) = index.get(&(user, false)) else { continue };
        for target in targets {
            if let Some(&target) = index.get(&(target, false)) {
                waits[user].insert(target);
            }
        }
    }
    // An object goes after those that used it have gone or let go of it.
    for (user, targets) in graph::uses(before) {
        let users = [true, false].map(|removal| index.get(&(user.clone(), removal)).copied());
        for target in targets {
            let Some(&target) = index.get(&(target, true)) else { continue };
            waits[target].extend(users.iter().flatten().filter(|user| **user != target));
        }
    }
    waits
}

/// Adds the one write of the project's policy: behind all accounts, before those who use them.
fn wait_for_project(steps: &[Step], planned: &Components, waits: &mut Vec<BTreeSet<usize>>) {
    let is_account = |at: &usize| effective::project_roles(&steps[*at].address).is_some();
    let accounts: BTreeSet<usize> = (0..steps.len()).filter(is_account).collect();
    if accounts.is_empty() {
        return;
    }
    let policy = waits.len();
    for (user, targets) in graph::uses(planned) {
        let user = steps.iter().position(|step| step.address == user && step.planned.is_some());
        let uses_account = targets.iter().any(|target| effective::project_roles(target).is_some());
        if let Some(user) = user.filter(|user| uses_account && !accounts.contains(user)) {
            waits[user].insert(policy);
        }
    }
    waits.push(accounts);
}

/// Runs all steps, each as soon as those that it waits for are done.
pub(super) async fn run(work: &Work<'_>, steps: &[Step], planned: &Components) -> Diagnostics {
    let mut waits = waits(steps, work.before, planned);
    wait_for_project(steps, planned, &mut waits);
    let mut diagnostics = Diagnostics::new();
    let mut begun = vec![false; waits.len()];
    let mut in_flight = FuturesUnordered::new();
    loop {
        if !work.run.context.stop.is_cancelled() {
            for at in 0..waits.len() {
                if !begun[at] && waits[at].is_empty() {
                    begun[at] = true;
                    let step = steps.get(at);
                    in_flight.push(async move {
                        match step {
                            Some(step) => (at, step::run(work, step).await),
                            None => (at, project::grant(work, steps).await),
                        }
                    });
                }
            }
        }
        let Some((done, problems)) = in_flight.next().await else { break };
        if problems.has_error() {
            diagnostics.extend(problems);
            continue;
        }
        diagnostics.extend(problems);
        for waiting in &mut waits {
            waiting.remove(&done);
        }
    }
    let left: Vec<Address> =
        steps.iter().zip(&begun).filter(|(_, begun)| !**begun).map(|(step, _)| step.address.clone()).collect();
    diagnostics.extend(not_begun(&left, work.run.context.stop.is_cancelled()));
    diagnostics
}
