//! Alert policies are evaluated, and do or do not notify anybody. On AWS they are alarms: see [`alarms`].

mod alarms;

use std::collections::BTreeSet;

use futures::future::join_all;
use mlops_phases::document::AlertState;
use serde_json::Value as Json;

use super::{Finding, LIMIT, Tools, chain};
use crate::google::api::{ApiError, CallContext, Client, Host, Request, segment};
use crate::google::severity::level;
use crate::google::stack::LAYOUT;

/// How many policies are told by name.
const TOLD: usize = 20;

/// The policies that are meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    /// All of the stack with this id.
    OfStack(&'a str),
    /// Those of these names.
    Named(&'a [String]),
}

/// Reads the policies and judges each.
pub(super) async fn check(which: Which<'_>, severities: &[String], state: AlertState, tools: &Tools<'_>) -> Finding {
    if let Which::OfStack(id) = which
        && alarms::are_in(id, tools)
    {
        return alarms::check(id, severities, state, tools).await;
    }
    let wanted: BTreeSet<&str> = severities.iter().map(|word| level(word).unwrap_or(word)).collect();
    let names = match names(which, tools) {
        Ok(names) => names,
        Err(finding) => return finding,
    };
    let client = match tools.session.google.client() {
        Ok(client) => client,
        Err(missing) => return Finding::failed(format!("The policies cannot be read: {missing}.")),
    };
    let calls = tools.calls.within(LIMIT);
    let reads = names.iter().map(|name| read(client, &calls, name));
    let (mut judged, mut faults) = (0, Vec::new());
    for (name, policy) in names.iter().zip(join_all(reads).await) {
        match policy {
            Ok(policy) if wanted.is_empty() || wanted.contains(severity(&policy)) => {
                judged += 1;
                faults.extend(fault(&policy, state).map(|fault| format!("{} {fault}", title(&policy, name))));
            }
            Ok(_) => {}
            Err(error) if error.is_not_found() => {
                judged += 1;
                faults.push(format!("{name} does not exist"));
            }
            Err(error) => return Finding::refused(&error),
        }
    }
    if judged == 0 {
        return Finding::failed(nothing(which, names.len(), severities));
    }
    if faults.is_empty() {
        let (policies, verb, notify) =
            if judged == 1 { ("policy", "is", "notifies") } else { ("policies", "are", "notify") };
        return Finding::held(match state {
            AlertState::Enabled => format!("{judged} {policies} {verb} evaluated and {notify} at least one channel"),
            AlertState::Shadow => format!("{judged} {policies} {verb} evaluated and {notify} no one"),
        });
    }
    let count = faults.len();
    if count > TOLD {
        faults.truncate(TOLD);
        faults.push(format!("and {} more", count - TOLD));
    }
    let way_out = match state {
        AlertState::Enabled => {
            "Set enabled = true, shadow = false and channels on them (and see shadow_severities of the stack), then apply."
        }
        AlertState::Shadow => {
            "Set enabled = true and shadow = true on them, or shadow_severities on the stack, then apply."
        }
    };
    Finding::failed(format!("{count} of {judged} policies not as wanted: {}. {way_out}", faults.join("; ")))
}

/// The relative names of the policies.
fn names(which: Which<'_>, tools: &Tools<'_>) -> Result<BTreeSet<String>, Finding> {
    let names: BTreeSet<String> = match which {
        Which::Named(names) => names.iter().cloned().collect(),
        Which::OfStack(id) => {
            let image = tools.session.image(id).ok_or_else(|| Finding::unknown_stack(id))?;
            let stack = image
                .stack(&LAYOUT)
                .map_err(|error| Finding::failed(format!("The stack {id} cannot be read: {}.", chain(&error))))?;
            let policies = stack.get("alert_policies").as_entries().into_iter().flatten();
            policies.filter_map(|(_, policy)| policy.get("id").as_str().map(str::to_owned)).collect()
        }
    };
    match names.iter().find(|name| path(name).is_none()) {
        Some(name) => Err(Finding::failed(format!(
            "{name:?} is not the name of an alert policy. Names are projects/PROJECT/alertPolicies/NUMBER: \
             mlops_stack.NAME.alert_policies[\"KEY\"].id."
        ))),
        None => Ok(names),
    }
}

/// Whether `name` is the relative name of a policy.
pub(in crate::checkpoint) fn is_policy_name(name: &str) -> bool {
    path(name).is_some()
}

fn path(name: &str) -> Option<String> {
    match name.split('/').collect::<Vec<_>>()[..] {
        ["projects", project, "alertPolicies", policy] if !project.is_empty() && !policy.is_empty() => {
            Some(format!("v3/projects/{}/alertPolicies/{}", segment(project), segment(policy)))
        }
        _ => None,
    }
}

async fn read(client: &Client, calls: &CallContext, name: &str) -> Result<Json, ApiError> {
    client.call(calls, Request::get(Host::MONITORING, path(name).unwrap_or_default())).await
}

fn severity(policy: &Json) -> &str {
    policy["severity"].as_str().unwrap_or_default()
}

fn title(policy: &Json, name: &str) -> String {
    policy["displayName"].as_str().map_or_else(|| name.to_owned(), |title| format!("{title:?}"))
}

/// What is wrong with a policy.
fn fault(policy: &Json, state: AlertState) -> Option<String> {
    // The API leaves out what is true by default.
    if policy["enabled"].as_bool() == Some(false) {
        return Some("is disabled, and not evaluated at all".to_owned());
    }
    let channels = policy["notificationChannels"].as_array().map_or(0, Vec::len);
    match (state, channels) {
        (AlertState::Enabled, 0) => Some("notifies no one".to_owned()),
        (AlertState::Enabled, _) | (AlertState::Shadow, 0) => None,
        (AlertState::Shadow, 1) => Some("notifies 1 channel".to_owned()),
        (AlertState::Shadow, channels) => Some(format!("notifies {channels} channels")),
    }
}

/// No policy is as good as none that holds.
fn nothing(which: Which<'_>, read: usize, severities: &[String]) -> String {
    let whose = match which {
        Which::OfStack(id) => format!("the stack {id}"),
        Which::Named(_) => "policies".to_owned(),
    };
    if read == 0 {
        return format!("There are no alert policies in {whose}: nothing would be noticed.");
    }
    format!("None of the {read} alert policies in {whose} has the severity {}.", severities.join(" or "))
}

#[cfg(test)]
mod tests;
