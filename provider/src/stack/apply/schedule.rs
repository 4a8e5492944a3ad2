//! Which step runs when.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tfplugin::Diagnostics;

use super::{Work, not_begun, step};
use crate::stack::model::Components;
use crate::stack::plan::{Action, Step};
use crate::stack::{Address, graph};

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

/// Runs all steps, each as soon as those that it waits for are done.
pub(super) async fn run(work: &Work<'_>, steps: Vec<Step>, planned: &Components) -> Diagnostics {
    let mut waits = waits(&steps, work.before, planned);
    let mut diagnostics = Diagnostics::new();
    let mut begun = vec![false; steps.len()];
    let mut in_flight = FuturesUnordered::new();
    loop {
        if !work.run.context.stop.is_cancelled() {
            for at in 0..steps.len() {
                if !begun[at] && waits[at].is_empty() {
                    begun[at] = true;
                    let step = &steps[at];
                    in_flight.push(async move { (at, step::run(work, step).await) });
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
