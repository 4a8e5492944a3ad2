//! Which part of which step runs when.
//!
//! An object, the objects inside it and its grants are nodes of their own: whoever needs only the object waits for nothing
//! else. A node runs as soon as those that it waits for are done, and first those that the most wait for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tfplugin::Diagnostics;

use super::report::{self, Report};
use super::{Work, account, not_begun, step};
use crate::engine::address::Address;
use crate::engine::effective;
use crate::engine::graph::{self, Use, Uses};
use crate::engine::model::Components;
use crate::engine::plan::{Action, Step};
use crate::engine::references::{self, Part};
use crate::engine::{common, tree};

/// How many steps are under way at most. Many more than calls, because steps wait for operations; but not all of a
/// large stack, because each takes memory.
const IN_FLIGHT: usize = 256;

/// What runs as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// One part of the step at this index.
    Part(usize, Part),
    /// The write of the policy of the account or project.
    Account,
}

/// The nodes of an apply, and for each those that it waits for.
struct Plan {
    nodes: Vec<Node>,
    waits: Vec<BTreeSet<usize>>,
}

/// Where the nodes of a component are.
#[derive(Clone, Copy, Default)]
struct Places {
    object: Option<usize>,
    children: Option<usize>,
    grants: Option<usize>,
}

impl Places {
    fn of(self, part: Part) -> Option<usize> {
        match part {
            Part::Object => self.object,
            Part::Children => self.children,
            Part::Grants => self.grants,
        }
    }

    fn all(self) -> impl Iterator<Item = usize> {
        [self.object, self.children, self.grants].into_iter().flatten()
    }
}

/// Where the makers and the removals of components are.
#[derive(Default)]
struct Index<'s> {
    makers: BTreeMap<&'s Address, Places>,
    removals: BTreeMap<&'s Address, Removal>,
}

/// The removal of an object.
#[derive(Clone, Copy)]
struct Removal {
    node: usize,
    action: Removed,
}

/// What is removed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Removed {
    /// The object of a component that goes, or one that makes room for its successor.
    Before,
    /// One that a replacement has left.
    After,
}

/// The nodes of the steps in the order of their work. `awaited` are the components that the policy of the account waits for
/// because the stack's own grants name them; `None` where these do not change.
fn arrange(steps: &[Step], planned: &Components, awaited: Option<&BTreeSet<Address>>) -> Plan {
    let mut nodes = Vec::new();
    let mut index = Index::default();
    let mut places = vec![Places::default(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        for part in step.parts() {
            let node = nodes.len();
            nodes.push(Node::Part(at, part));
            match part {
                Part::Object => places[at].object = Some(node),
                Part::Children => places[at].children = Some(node),
                Part::Grants => places[at].grants = Some(node),
            }
        }
        if !step.is_removal() {
            index.makers.insert(&step.address, places[at]);
        } else if let Some(node) = places[at].object {
            let action = if step.action == Action::Discard { Removed::After } else { Removed::Before };
            index.removals.insert(&step.address, Removal { node, action });
        }
    }
    let mut plan = Plan { waits: vec![BTreeSet::new(); nodes.len()], nodes };
    for places in &places {
        for inner in [places.children, places.grants].into_iter().flatten() {
            plan.waits[inner].extend(places.object);
        }
    }
    let uses = graph::uses(planned);
    for (user, used) in &uses {
        let Some(user) = index.makers.get(user) else { continue };
        for Use { part, target, .. } in used {
            let target = index.makers.get(target).and_then(|target| target.object);
            if let (Some(node), Some(target)) = (user.of(*part), target.filter(|target| Some(*target) != user.object)) {
                plan.waits[node].insert(target);
            }
        }
    }
    remove_after_users(steps, &uses, &places, &index, &mut plan);
    wait_for_account(steps, &uses, &index, awaited, &mut plan);
    wait_for_grants(&uses, &index, &mut plan);
    wait_for_roles(planned, &index, &mut plan);
    wait_for_children(steps, &uses, &places, &index, &mut plan);
    plan
}

/// An object goes after those that used it have gone or let go of it.
fn remove_after_users(steps: &[Step], uses: &Uses, places: &[Places], index: &Index<'_>, plan: &mut Plan) {
    for (user, places) in steps.iter().zip(places) {
        let Some(prior) = &user.prior else { continue };
        for used in references::references(&user.address, prior, |target| index.removals.contains_key(target)) {
            let Some(removal) = index.removals.get(&used.target) else { continue };
            // One that makes room for its successor cannot wait for those that will use that one.
            let makes_room = removal.action == Removed::Before && index.makers.contains_key(&used.target);
            let still_uses = uses.get(&user.address).is_some_and(|now| now.iter().any(|now| now.target == used.target));
            let stays = user.action == Action::Discard || !user.is_removal() && still_uses;
            if Some(removal.node) == places.object || (makes_room && stays) {
                continue;
            }
            for node in places.all() {
                if used.part == Part::Object {
                    plan.waits[removal.node].insert(node);
                } else {
                    // What is only granted or pushed to may go first where it has to.
                    plan.wait_unless_circle(removal.node, node);
                }
            }
        }
    }
    for (address, removal) in &index.removals {
        let Some(maker) = index.makers.get(address) else { continue };
        match (removal.action, maker.object) {
            (Removed::After, _) => plan.waits[removal.node].extend(maker.all()),
            (Removed::Before, Some(object)) => drop(plan.waits[object].insert(removal.node)),
            (Removed::Before, None) => {}
        }
    }
}

impl Plan {
    /// Has `user` wait for `used`, unless that one waits for `user` itself, directly or not.
    fn wait_unless_circle(&mut self, user: usize, used: usize) {
        let mut seen = BTreeSet::new();
        let mut open = vec![used];
        while let Some(node) = open.pop() {
            if node == user {
                return;
            }
            if seen.insert(node) {
                open.extend(&self.waits[node]);
            }
        }
        self.waits[user].insert(used);
    }
}

/// Whether the object of a component acts as a principal: it refers to one.
fn acts_as_principal(uses: &BTreeSet<Use>) -> bool {
    uses.iter().any(|used| used.part == Part::Object && used.target.kind.principal().is_some())
}

/// Adds the one write of the policy of the account or project: behind all principals that are made, before those who act as
/// one, and before a principal goes. Who only grants something to a principal needs none of its roles.
fn wait_for_account(
    steps: &[Step],
    uses: &Uses,
    index: &Index<'_>,
    awaited: Option<&BTreeSet<Address>>,
    plan: &mut Plan,
) {
    let has_roles = |node: &usize| match plan.nodes[*node] {
        Node::Part(at, Part::Object) => effective::account_roles(steps[at].address.kind).is_some(),
        _ => false,
    };
    let principals: BTreeSet<usize> = (0..plan.nodes.len()).filter(has_roles).collect();
    if principals.is_empty() && awaited.is_none() {
        return;
    }
    let goes = |node: &usize| match plan.nodes[*node] {
        Node::Part(at, _) => steps[at].action == Action::Delete && !index.makers.contains_key(&steps[at].address),
        Node::Account => false,
    };
    let (going, mut made): (BTreeSet<usize>, BTreeSet<usize>) = principals.iter().partition(|node| goes(node));
    made.extend(awaited.into_iter().flatten().filter_map(|named| index.makers.get(named)?.object));
    let policy = plan.nodes.len();
    plan.nodes.push(Node::Account);
    plan.waits.push(made);
    for (user, _) in uses.iter().filter(|(_, targets)| acts_as_principal(targets)) {
        let object = index.makers.get(user).and_then(|user| user.object);
        if let Some(object) = object.filter(|object| !principals.contains(object)) {
            plan.wait_unless_circle(object, policy);
        }
    }
    for principal in going {
        plan.wait_unless_circle(principal, policy);
    }
}

/// Who acts as a principal needs what the objects that it uses grant: it waits for their grants, too, where these do not
/// wait for it.
fn wait_for_grants(uses: &Uses, index: &Index<'_>, plan: &mut Plan) {
    for (user, targets) in uses.iter().filter(|(_, targets)| acts_as_principal(targets)) {
        let Some(object) = index.makers.get(user).and_then(|user| user.object) else { continue };
        for used in targets.iter().filter(|used| used.part == Part::Object && used.target != *user) {
            if let Some(grants) = index.makers.get(&used.target).and_then(|target| target.grants) {
                plan.wait_unless_circle(object, grants);
            }
        }
    }
}

/// A role that is an object of the stack is granted once it is there, also where a grant names it by its id.
fn wait_for_roles(planned: &Components, index: &Index<'_>, plan: &mut Plan) {
    let object =
        |(address, places): (&&Address, &Places)| Some((tree::text(planned.get(*address)?, "id")?, places.object?));
    let by_id: BTreeMap<&str, usize> = index.makers.iter().filter_map(object).collect();
    let account = plan.nodes.iter().position(|node| *node == Node::Account);
    for (address, component) in planned {
        let Some(places) = index.makers.get(address) else { continue };
        let of_account = effective::account_roles(address.kind).map(|(roles, _)| component.get(&roles.name));
        let of_account = of_account.into_iter().flat_map(tree::texts).map(|role| (account, role));
        let of_object = component.get(common::IAM).as_entries().into_iter().flatten();
        let of_object = of_object.map(|(role, _)| (places.grants, role.as_str()));
        for (node, role) in of_account.chain(of_object) {
            let role = references::resolve_role(address.kind, role, planned);
            if let (Some(node), Some(role)) = (node, role.as_str().and_then(|role| by_id.get(role))) {
                plan.waits[node].insert(*role);
            }
        }
    }
}

/// Who needs a component with the objects inside it waits for these, too. Who needed it so, and goes or lets go of it, does so
/// before they are changed.
fn wait_for_children(steps: &[Step], uses: &Uses, places: &[Places], index: &Index<'_>, plan: &mut Plan) {
    let children = |of: &Address| index.makers.get(of).and_then(|places| places.children);
    for (user, used) in uses {
        let Some(places) = index.makers.get(user) else { continue };
        for Use { part, target, .. } in used.iter().filter(|used| used.whole && used.target != *user) {
            if let (Some(node), Some(children)) = (places.of(*part), children(target)) {
                plan.wait_unless_circle(node, children);
            }
        }
    }
    for (step, places) in steps.iter().zip(places) {
        let Some(prior) = &step.prior else { continue };
        let used = references::references(&step.address, prior, |target| children(target).is_some());
        for used in used.iter().filter(|used| used.whole && used.target != step.address) {
            for node in places.all() {
                children(&used.target).into_iter().for_each(|children| plan.wait_unless_circle(children, node));
            }
        }
    }
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
    let awaited = account::awaited(work, planned);
    let Plan { nodes, waits } = arrange(steps, planned, awaited.as_ref());
    let mut diagnostics = Diagnostics::new();
    let mut begun = vec![false; waits.len()];
    let mut failed = BTreeSet::new();
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
    let mut report = Report::new(work.run, steps, steps.iter().map(|step| step.parts().len()).collect());
    let mut still = work.run.context.clock.sleep(report::INTERVAL);
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
                let node = nodes[at];
                if let Node::Part(step, _) = node {
                    report.begin(step);
                }
                in_flight.push(async move {
                    match node {
                        Node::Part(step, part) => (at, step::run(work, &steps[step], part).await),
                        Node::Account => (at, account::grant(work, steps).await),
                    }
                });
                continue;
            }
            () = &mut still, if !in_flight.is_empty() => {
                report.still();
                still = work.run.context.clock.sleep(report::INTERVAL);
                continue;
            }
            else => break,
        };
        let has_failed = problems.has_error();
        if let Node::Part(step, _) = nodes[done] {
            report.end(step, has_failed);
        }
        diagnostics.extend(problems);
        if has_failed {
            failed.insert(done);
            continue;
        }
        for &user in &users[done] {
            open[user] -= 1;
            if open[user] == 0 {
                ready.insert(ranked(user));
            }
        }
    }
    if nodes.iter().zip(&begun).any(|(node, begun)| *node == Node::Account && !begun) {
        account::withdraw(work, steps);
    }
    let waiting = |at: &usize| match nodes[*at] {
        Node::Part(step, part) if !begun[*at] => Some((&steps[step], part)),
        _ => None,
    };
    let waiting: Vec<(&Step, Part)> = (0..nodes.len()).filter_map(|at| waiting(&at)).collect();
    for (step, _) in waiting.iter().filter(|(step, _)| step.action == Action::Discard) {
        let is_replaced = work.live().get(&step.address) != step.prior.as_ref();
        if let Some(prior) = step.prior.as_ref().filter(|_| is_replaced) {
            diagnostics.push(step::left_over(work, &step.address, prior));
        }
    }
    // The rest of a component whose object failed is part of that failure.
    let failed: BTreeSet<&Address> = components_of(&nodes, steps, &failed);
    let left: BTreeSet<Address> = waiting
        .iter()
        .filter(|(step, part)| *part == Part::Object || !failed.contains(&step.address))
        .map(|(step, _)| step.address.clone())
        .collect();
    let left: Vec<Address> = left.into_iter().collect();
    diagnostics.extend(not_begun(&left, work.run.context.stop.is_cancelled()));
    diagnostics
}

/// The components whose nodes have failed.
fn components_of<'s>(nodes: &[Node], steps: &'s [Step], failed: &BTreeSet<usize>) -> BTreeSet<&'s Address> {
    let of = |at: &usize| match nodes[*at] {
        Node::Part(step, _) => Some(&steps[step].address),
        Node::Account => None,
    };
    failed.iter().filter_map(of).collect()
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

    /// The nodes of a creation, each with those that it waits for.
    fn waits(components: &serde_json::Value) -> BTreeMap<String, BTreeSet<String>> {
        let plan = planned(None, &configured(components));
        assert!(!plan.diagnostics.has_error(), "{:?}", plan.diagnostics);
        let arranged = arrange(&plan.steps, &plan.planned.components(), None);
        let name = |at: usize| match arranged.nodes[at] {
            Node::Part(step, part) => format!("{} {part:?}", plan.steps[step].address).to_lowercase(),
            Node::Account => "roles".to_owned(),
        };
        let named = |(at, waits): (usize, &BTreeSet<usize>)| (name(at), waits.iter().map(|at| name(*at)).collect());
        arranged.waits.iter().enumerate().map(named).collect()
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn who_acts_as_an_account_waits_for_its_roles_and_for_what_it_is_granted() {
        let waits = waits(&json!({
            "service_accounts": { "run": { "name": "runs-the-api", "roles": ["roles/logging.logWriter"] } },
            "secrets": { "key": { "iam": { "roles/secretmanager.secretAccessor": ["run"] } } },
            "services": { "api": service(&json!({
                "service_account": "run", "secret_env": { "KEY": { "secret": "key", "version": "1" } }
            })) },
        }));
        assert_eq!(waits["secrets[\"key\"] object"], set(&[]));
        let grants = ["secrets[\"key\"] object", "service_accounts[\"run\"] object"];
        assert_eq!(waits["secrets[\"key\"] grants"], set(&grants));
        let service =
            ["roles", "secrets[\"key\"] grants", "secrets[\"key\"] object", "service_accounts[\"run\"] object"];
        assert_eq!(waits["services[\"api\"] object"], set(&service));
    }

    #[test]
    fn a_bucket_does_not_wait_for_an_account_that_it_grants_something_to() {
        let waits = waits(&json!({
            "service_accounts": { "run": { "name": "runs-the-api" } },
            "buckets": { "a": { "iam": { "roles/storage.objectViewer": ["run"] } } },
        }));
        assert_eq!(waits["buckets[\"a\"] object"], set(&[]));
    }

    #[test]
    fn a_role_is_there_before_it_is_granted() {
        let role = "projects/test-project/roles/reader";
        let waits = waits(&json!({
            "custom_roles": { "reader": { "permissions": ["storage.objects.get"] }, "other": { "permissions": [] } },
            "service_accounts": { "run": { "name": "runs-the-api", "roles": [role] } },
            "buckets": { "a": { "iam": { role: ["run"] } } },
        }));
        let role = "custom_roles[\"reader\"] object";
        assert_eq!(waits["roles"], set(&[role, "service_accounts[\"run\"] object"]));
        let grants = ["buckets[\"a\"] object", role, "service_accounts[\"run\"] object"];
        assert_eq!(waits["buckets[\"a\"] grants"], set(&grants));
        assert_eq!(waits["service_accounts[\"run\"] object"], set(&[]));
    }

    #[test]
    fn an_account_goes_after_its_roles() {
        let components =
            json!({ "service_accounts": { "run": { "name": "runs-the-api", "roles": ["roles/viewer"] } } });
        let gone = planned(None, &configured(&components)).planned.components();
        let delete = |(address, prior): (&Address, &tfplugin::Dynamic)| Step {
            address: address.clone(),
            action: Action::Delete,
            prior: Some(prior.clone()),
            planned: None,
        };
        let steps: Vec<Step> = gone.iter().map(delete).collect();
        let Plan { nodes, waits } = arrange(&steps, &Components::new(), None);
        assert_eq!(nodes, [Node::Part(0, Part::Object), Node::Account]);
        assert_eq!(waits, [BTreeSet::from([1]), BTreeSet::new()]);
    }

    #[test]
    fn a_topic_and_the_service_that_it_pushes_to_are_no_circle() {
        let waits = waits(&json!({
            "services": { "api": service(&json!({ "env": { "TOPIC": "{{topics.events.id}}" } })) },
            "topics": { "events": { "subscriptions": { "push": { "push_endpoint": "{{services.api.url}}/e" } } } },
        }));
        assert_eq!(waits["services[\"api\"] object"], set(&["topics[\"events\"] object"]));
        let children = ["services[\"api\"] object", "topics[\"events\"] object"];
        assert_eq!(waits["topics[\"events\"] children"], set(&children));
    }

    /// A network with a subnetwork, and an instance with a private address in it.
    fn private(instance: &serde_json::Value) -> serde_json::Value {
        json!({
            "networks": { "main": { "subnetworks": { "apps": { "ip_cidr_range": "10.0.0.0/24" } } } },
            "sql_instances": { "data": instance },
        })
    }

    #[test]
    fn who_needs_a_component_whole_waits_for_what_is_in_it() {
        let waits = waits(&private(&json!({ "database_version": "POSTGRES_17", "private_network": "main" })));
        let network = ["networks[\"main\"] children", "networks[\"main\"] object"];
        assert_eq!(waits["sql_instances[\"data\"] object"], set(&network));
        assert_eq!(waits["networks[\"main\"] children"], set(&network[1..]));
    }

    #[test]
    fn what_is_in_a_component_goes_after_those_who_needed_it() {
        let used = configured(&private(&json!({ "database_version": "POSTGRES_17", "private_network": "main" })));
        let prior = planned(None, &used).planned;
        let bare = configured(&json!({ "networks": { "main": {} } }));
        let plan = planned(Some(&prior), &bare);
        let Plan { nodes, waits } = arrange(&plan.steps, &plan.planned.components(), None);
        let at = |kind: &str, part: Part| {
            let is_it = |node: &Node| matches!(node, Node::Part(step, of) if *of == part && plan.steps[*step].address.kind.name() == kind);
            nodes.iter().position(is_it).unwrap()
        };
        assert!(
            waits[at("networks", Part::Children)].contains(&at("sql_instances", Part::Object)),
            "{nodes:?} {waits:?}"
        );
    }
}
