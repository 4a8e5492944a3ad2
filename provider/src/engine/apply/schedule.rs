//! Which step runs when.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tfplugin::Diagnostics;

use super::{Work, account, not_begun, step};
use crate::engine::address::Address;
use crate::engine::model::Components;
use crate::engine::plan::{Action, Step};
use crate::engine::{effective, graph, references};

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

/// Adds the one write of the policy of the account or project: behind all principals, before those who act as one. Who
/// only grants something to a principal needs none of its roles.
fn wait_for_account(steps: &[Step], planned: &Components, waits: &mut Vec<BTreeSet<usize>>) {
    let is_principal = |at: &usize| effective::account_roles(&steps[*at].address).is_some();
    let principals: BTreeSet<usize> = (0..steps.len()).filter(is_principal).collect();
    if principals.is_empty() {
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
    for (user, component) in planned {
        let Some(&at) = makers.get(user).filter(|at| !principals.contains(at)) else { continue };
        let uses = references::references(user, component, |target| planned.contains_key(target));
        if uses.iter().any(|used| !used.is_member && effective::account_roles(&used.target).is_some()) {
            waits[at].insert(policy);
        }
    }
    waits.push(principals);
}

/// How many steps one behind the other wait for each, directly or not. Waiting goes in no circle: what is part of one
/// would never begin, and has no rank.
fn ranks(waits: &[BTreeSet<usize>], users: &[Vec<usize>]) -> Vec<usize> {
    let mut ranks = vec![0; waits.len()];
    let mut open: Vec<usize> = users.iter().map(Vec::len).collect();
    let mut done: Vec<usize> = (0..waits.len()).filter(|at| open[*at] == 0).collect();
    while let Some(user) = done.pop() {
        for &used in &waits[user] {
            ranks[used] = ranks[used].max(ranks[user] + 1);
            open[used] -= 1;
            if open[used] == 0 {
                done.push(used);
            }
        }
    }
    ranks
}

/// Runs all steps, each as soon as those that it waits for are done, and first those that the most wait for.
pub(super) async fn run(work: &Work<'_>, steps: &[Step], planned: &Components) -> Diagnostics {
    let mut waits = waits(steps, planned);
    wait_for_account(steps, planned, &mut waits);
    let mut diagnostics = Diagnostics::new();
    let mut begun = vec![false; waits.len()];
    let mut users = vec![Vec::new(); waits.len()];
    for (user, used) in waits.iter().enumerate() {
        used.iter().for_each(|used| users[*used].push(user));
    }
    let mut open: Vec<usize> = waits.iter().map(BTreeSet::len).collect();
    let ranks = ranks(&waits, &users);
    let ranked = |at: usize| (Reverse(ranks[at]), at);
    let mut ready: BTreeSet<(Reverse<usize>, usize)> =
        (0..waits.len()).filter(|at| open[*at] == 0).map(ranked).collect();
    let mut in_flight = FuturesUnordered::new();
    loop {
        let may_begin = !work.run.context.stop.is_cancelled() && in_flight.len() < IN_FLIGHT && !ready.is_empty();
        let (done, problems) = tokio::select! {
            biased;
            Some(ended) = in_flight.next() => ended,
            // A step that has begun comes before one that has not: whoever waits for it gets on.
            () = work.run.room(), if may_begin => {
                if work.run.context.stop.is_cancelled() {
                    continue;
                }
                let Some((_, at)) = ready.pop_first() else { continue };
                begun[at] = true;
                let step = steps.get(at);
                in_flight.push(async move {
                    match step {
                        Some(step) => (at, step::run(work, step).await),
                        None => (at, account::grant(work, steps).await),
                    }
                });
                continue;
            }
            else => break,
        };
        if problems.has_error() {
            diagnostics.extend(problems);
            continue;
        }
        diagnostics.extend(problems);
        for &user in &users[done] {
            open[user] -= 1;
            if open[user] == 0 {
                ready.insert(ranked(user));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::{configured, planned, service};
    use serde_json::json;

    #[test]
    fn a_step_ranks_by_the_longest_chain_behind_it() {
        // 1 waits for 0, 2 for 1, 3 for 0; 4 and 5 for each other.
        let waits: Vec<BTreeSet<usize>> =
            [vec![], vec![0], vec![1], vec![0], vec![5], vec![4]].into_iter().map(BTreeSet::from_iter).collect();
        let users = [vec![1, 3], vec![2], vec![], vec![], vec![5], vec![4]];
        assert_eq!(ranks(&waits, &users), [2, 1, 0, 0, 0, 0]);
    }
    #[test]
    fn the_project_s_policy_is_waited_for_by_those_who_act_as_an_account() {
        let stack = configured(&json!({
            "service_principals": { "run": { "name": "runs-the-api", "roles": ["roles/logging.logWriter"] } },
            "secrets": { "key": { "iam": { "roles/secretmanager.secretAccessor": ["run"] } } },
            "services": { "api": service(&json!({ "service_account": "run" })) },
        }));
        let plan = planned(None, &stack);
        let mut waits = vec![BTreeSet::new(); plan.steps.len()];
        wait_for_account(&plan.steps, &plan.planned.components(), &mut waits);
        let policy = waits.len() - 1;
        let users = waits.iter().zip(&plan.steps).filter(|(waits, _)| waits.contains(&policy));
        let users: Vec<String> = users.map(|(_, step)| step.address.to_string()).collect();
        assert_eq!(users, [r#"services["api"]"#]);
    }
}
