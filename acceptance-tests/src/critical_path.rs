//! The critical path of an apply or a destroy: how many calls must follow each other, whoever makes them.
//!
//! Calls on one object follow each other where they were seen to; calls on objects that refer to each other do, and so do
//! the accounts, their roles on the project, and the services that run as them. Calls that no object needs (a look
//! beforehand, a list) do not count. It is a lower bound: a call that cannot be told to be some object's is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::Request;

/// Which arguments refer to components of which kind. Members of `iam` are accounts.
const REFERENCES: &[(&str, &str)] = &[
    ("channels", "notification_channels"),
    ("service", "services"),
    ("service_account", "service_accounts"),
    ("bucket", "buckets"),
    ("topic", "topics"),
];
const GRANTS: &str = "iam";
const ACCOUNTS: &str = "service_accounts";
/// APIs of which an operation's name does not say whose it is.
const NAMELESS_OPERATIONS: &[(&str, &str)] =
    &[("run.googleapis.com", "services"), ("artifactregistry.googleapis.com", "registries")];

/// What an operation did to all objects of its stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Made them.
    Create,
    /// Deleted them.
    Destroy,
}

/// How many of `calls` must follow each other. `stack` is the stack's state with all its objects, `latency` that of a call.
pub fn critical_path(calls: &[Request], stack: &Value, latency: Duration, work: Work) -> u64 {
    let mut nodes = nodes(stack);
    let by_leaf: BTreeMap<String, usize> = nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (node.leaf.clone(), at))
        .filter(|(leaf, _)| !leaf.is_empty())
        .collect();
    let only = |kind: &str| {
        let mut of_kind = nodes.iter().enumerate().filter(|(_, node)| node.kind == kind).map(|(at, _)| at);
        of_kind.next().filter(|_| of_kind.next().is_none())
    };
    let only: BTreeMap<&str, usize> =
        NAMELESS_OPERATIONS.iter().filter_map(|(host, kind)| Some((*host, only(kind)?))).collect();
    let project = nodes.len() - 1;
    for call in calls {
        let named = call.path.split(['/', ':']).find_map(|part| by_leaf.get(part));
        let made =
            call.query.split('&').filter_map(|pair| pair.split_once('=')).find_map(|(_, name)| by_leaf.get(name));
        let waited = only.get(call.host.as_str()).filter(|_| call.path.contains("/operations/"));
        let is_policy = call.host == "cloudresourcemanager.googleapis.com" && call.path.ends_with("IamPolicy");
        if let Some(at) = named.or(made).or(waited).copied().or(is_policy.then_some(project)) {
            nodes[at].starts.push(call.at_ms);
            nodes[at].is_made |= call.method == "PUT" || call.method == "POST" && named.is_none() && made.is_some();
        }
    }
    let latency = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    let own: Vec<u64> = nodes
        .iter()
        .enumerate()
        // A creation that names its object in the body only, or not at all.
        .map(|(at, node)| {
            in_line(&node.starts, latency) + u64::from(work == Work::Create && !node.is_made && at != project)
        })
        .collect();
    let mut longest = vec![None; nodes.len()];
    (0..nodes.len()).map(|at| path_to(at, &nodes, &own, &mut longest)).max().unwrap_or_default()
}

/// An object, or at the end the project's policy.
#[derive(Default)]
struct Node {
    kind: String,
    leaf: String,
    uses: BTreeSet<usize>,
    starts: Vec<u64>,
    is_made: bool,
}

fn nodes(stack: &Value) -> Vec<Node> {
    let is_kind = |(_, components): &(&String, &Value)| {
        components.as_object().is_some_and(|all| !all.is_empty() && all.values().all(|one| one.get("id").is_some()))
    };
    let components: Vec<(&str, &str, &Value)> = stack
        .as_object()
        .into_iter()
        .flatten()
        .filter(is_kind)
        .flat_map(|(kind, all)| {
            all.as_object().into_iter().flatten().map(|(key, one)| (kind.as_str(), key.as_str(), one))
        })
        .collect();
    let at: BTreeMap<(&str, &str), usize> =
        components.iter().enumerate().map(|(at, (kind, key, _))| ((*kind, *key), at)).collect();
    let project = components.len();
    let mut nodes: Vec<Node> = components
        .iter()
        .map(|(kind, _, component)| {
            let leaf = component["id"].as_str().and_then(|id| id.rsplit('/').next()).unwrap_or_default().to_owned();
            let mut uses = BTreeSet::new();
            references(component, None, &mut |kind, key| uses.extend(at.get(&(kind, key))));
            if *kind == "services" && !component["service_account"].is_null() {
                uses.insert(project);
            }
            Node { kind: (*kind).to_owned(), leaf, uses, ..Node::default() }
        })
        .collect();
    let accounts = (0..project).filter(|at| nodes[*at].kind == ACCOUNTS).collect();
    nodes.push(Node { uses: accounts, ..Node::default() });
    nodes
}

/// Calls `refers` with kind and KEY of what a component may refer to.
fn references<'a>(value: &'a Value, kind: Option<&'a str>, refers: &mut impl FnMut(&'a str, &'a str)) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                let of_name = REFERENCES.iter().find(|(attribute, _)| attribute == name).map(|(_, kind)| *kind);
                let kind = if name == GRANTS || kind == Some(ACCOUNTS) { Some(ACCOUNTS) } else { of_name };
                references(value, kind, refers);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, kind, refers)),
        Value::String(text) => {
            if let Some(kind) = kind {
                refers(kind, text);
            }
            for template in text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")) {
                let mut parts = template.0.trim().split('.');
                if let (Some(kind), Some(key)) = (parts.next(), parts.next()) {
                    refers(kind, key);
                }
            }
        }
        _ => {}
    }
}

/// How many calls of one object followed each other: the largest number of which no two were under way at once.
fn in_line(starts: &[u64], latency: u64) -> u64 {
    let mut starts = starts.to_vec();
    starts.sort_unstable();
    let mut count = 0;
    let mut free_at = 0;
    for start in starts {
        if start >= free_at {
            count += 1;
            // Times are whole milliseconds.
            free_at = start + latency.saturating_sub(2);
        }
    }
    count
}

fn path_to(at: usize, nodes: &[Node], own: &[u64], longest: &mut [Option<u64>]) -> u64 {
    if let Some(known) = longest[at] {
        return known;
    }
    // A stack has no circles; one that had would not be counted twice.
    longest[at] = Some(0);
    let before = nodes[at].uses.iter().map(|used| path_to(*used, nodes, own, longest)).max().unwrap_or_default();
    longest[at] = Some(before + own[at]);
    before + own[at]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LATENCY: Duration = Duration::from_millis(100);

    fn call(method: &str, host: &str, path: &str, query: &str, at_ms: u64) -> Request {
        let [method, host, path, query] = [method, host, path, query].map(str::to_owned);
        Request { method, host: format!("{host}.googleapis.com"), path, query, status: 200, at_ms }
    }

    #[test]
    fn calls_on_one_object_count_once_when_they_were_under_way_together() {
        let stack = json!({ "topics": { "a": { "id": "projects/p/topics/a" } } });
        let at = |ms| call("PUT", "pubsub", "/v1/projects/p/topics/a", "", ms);
        assert_eq!(critical_path(&[at(0), at(50), at(100)], &stack, LATENCY, Work::Create), 2);
    }

    #[test]
    fn objects_that_refer_to_nothing_add_nothing_to_each_other() {
        let stack = json!({ "topics": { "a": { "id": "projects/p/topics/a" }, "b": { "id": "projects/p/topics/b" } } });
        let made = |of: &str| call("PUT", "pubsub", &format!("/v1/projects/p/topics/{of}"), "", 0);
        assert_eq!(critical_path(&[made("a"), made("b")], &stack, LATENCY, Work::Create), 1);
    }

    #[test]
    fn an_alert_follows_its_channel_though_neither_creation_bears_a_name() {
        let stack = json!({
            "notification_channels": { "team": { "id": "projects/p/notificationChannels/7" } },
            "alert_policies": { "down": { "id": "projects/p/alertPolicies/8", "channels": ["team"] } },
        });
        assert_eq!(critical_path(&[], &stack, LATENCY, Work::Create), 2);
    }

    #[test]
    fn a_service_follows_its_account_and_the_account_s_roles() {
        let stack = json!({
            "service_accounts": { "run": { "id": "projects/p/serviceAccounts/run@p" } },
            "services": { "api": { "id": "projects/p/locations/r/services/api", "service_account": "run" } },
        });
        let calls = [
            call("POST", "cloudresourcemanager", "/v1/projects/p:getIamPolicy", "", 100),
            call("POST", "cloudresourcemanager", "/v1/projects/p:setIamPolicy", "", 200),
            call("POST", "run", "/v2/projects/p/locations/r/services", "serviceId=api", 300),
            call("GET", "run", "/v2/projects/p/locations/r/operations/1", "", 400),
        ];
        assert_eq!(critical_path(&calls, &stack, LATENCY, Work::Create), 5);
        assert_eq!(critical_path(&calls, &stack, LATENCY, Work::Destroy), 4);
    }
}
