//! Which step runs when.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tfplugin::Diagnostics;

use super::{Work, not_begun, project, step};
use crate::stack::model::Components;
use crate::stack::plan::{Action, Step};
use crate::stack::{Address, effective, graph, references};

/// How many steps are under way at most. Many more than calls, because steps wait for operations; but not all of a
/// large stack, because each takes memory.
const IN_FLIGHT: usize = 256;

/// For every step, the steps that it waits for.
fn waits(steps: &[Step], planned: &Components) -> Vec<BTreeSet<usize>> {
    let by_address = |removals: bool| -> BTreeMap<&Address, usize> {
        let wanted = steps.iter().enumerate().filter(|(_, step)| is_removal(step) == removals);
        wanted.map(|(at, step)| (&step.address, at)).collect()
    };
    let (makers, removals) = (by_address(false), by_address(true));
    let uses = graph::uses(planned);
    let mut waits = vec![BTreeSet::new(); steps.len()];
    for (user, targets) in &uses {
        let Some(&user) = makers.get(user) else { continue };
        waits[user].extend(targets.iter().filter_map(|target| makers.get(target)));
    }
    // An object goes after those that used it have gone or let go of it.
    for (at, user) in steps.iter().enumerate() {
        let Some(prior) = &user.prior else { continue };
        for used in references::references(&user.address, prior, |target| removals.contains_key(target)) {
            let Some(&removal) = removals.get(&used.target).filter(|removal| **removal != at) else { continue };
            // One that makes room for its successor cannot wait for those that will use that one.
            let makes_room = steps[removal].action == Action::Delete && makers.contains_key(&used.target);
            let stays = user.action == Action::Discard
                || !is_removal(user) && uses.get(&user.address).is_some_and(|targets| targets.contains(&used.target));
            if !(makes_room && stays) {
                waits[removal].insert(at);
            }
        }
    }
    for (address, &removal) in &removals {
        let Some(&maker) = makers.get(address) else { continue };
        if steps[removal].action == Action::Discard {
            waits[removal].insert(maker);
        } else {
            waits[maker].insert(removal);
        }
    }
    waits
}

fn is_removal(step: &Step) -> bool {
    matches!(step.action, Action::Delete | Action::Discard | Action::Release)
}

/// Adds the one write of the project's policy: behind all accounts, before those who use them.
fn wait_for_project(steps: &[Step], planned: &Components, waits: &mut Vec<BTreeSet<usize>>) {
    let is_account = |at: &usize| effective::project_roles(&steps[*at].address).is_some();
    let accounts: BTreeSet<usize> = (0..steps.len()).filter(is_account).collect();
    if accounts.is_empty() {
        return;
    }
    let policy = waits.len();
    let makers: BTreeMap<&Address, usize> = steps
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, step)| step.planned.is_some())
        .map(|(at, step)| (&step.address, at))
        .collect();
    for (user, targets) in graph::uses(planned) {
        let user = makers.get(&user).copied();
        let uses_account = targets.iter().any(|target| effective::project_roles(target).is_some());
        if let Some(user) = user.filter(|user| uses_account && !accounts.contains(user)) {
            waits[user].insert(policy);
        }
    }
    waits.push(accounts);
}

/// Runs all steps, each as soon as those that it waits for are done.
pub(super) async fn run(work: &Work<'_>, steps: &[Step], planned: &Components) -> Diagnostics {
    let mut waits = waits(steps, planned);
    wait_for_project(steps, planned, &mut waits);
    let mut diagnostics = Diagnostics::new();
    let mut begun = vec![false; waits.len()];
    let mut users = vec![Vec::new(); waits.len()];
    for (user, used) in waits.iter().enumerate() {
        used.iter().for_each(|used| users[*used].push(user));
    }
    let mut open: Vec<usize> = waits.iter().map(BTreeSet::len).collect();
    let mut ready: BTreeSet<usize> = (0..waits.len()).filter(|at| open[*at] == 0).collect();
    let mut in_flight = FuturesUnordered::new();
    loop {
        if !work.run.context.stop.is_cancelled() {
            while in_flight.len() < IN_FLIGHT
                && let Some(at) = ready.pop_first()
            {
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
        let Some((done, problems)) = in_flight.next().await else { break };
        if problems.has_error() {
            diagnostics.extend(problems);
            continue;
        }
        diagnostics.extend(problems);
        for &user in &users[done] {
            open[user] -= 1;
            if open[user] == 0 {
                ready.insert(user);
            }
        }
    }
    let left = || steps.iter().zip(&begun).filter(|(_, begun)| !**begun).map(|(step, _)| step);
    for step in left().filter(|step| step.action == Action::Discard) {
        let is_replaced = work.live().get(&step.address) != step.prior.as_ref();
        if let Some(prior) = step.prior.as_ref().filter(|_| is_replaced) {
            diagnostics.push(step::left_over(work, &step.address, prior));
        }
    }
    let left: Vec<Address> = left().map(|step| step.address.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    diagnostics.extend(not_begun(&left, work.run.context.stop.is_cancelled()));
    diagnostics
}
