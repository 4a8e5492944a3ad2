//! The same for a stack on AWS: its alarms are evaluated, and do or do not tell anybody.

use mlops_phases::document::AlertState;
use serde_json::{Value as Json, json};

use super::super::{Finding, LIMIT, Tools, chain};
use super::TOLD;
use crate::aws::api::{Request, Service};
use crate::aws::connection::Connection;
use crate::aws::stack::LAYOUT;

/// Of how many alarms one call tells.
const PAGE: usize = 100;

/// Whether the stack with this id has alarms instead of alert policies.
pub(super) fn are_in(id: &str, tools: &Tools<'_>) -> bool {
    std::ptr::eq(tools.session.of_stack(id).0.layout(), &LAYOUT)
}

/// Reads the alarms of the stack and judges each.
pub(super) async fn check(id: &str, severities: &[String], state: AlertState, tools: &Tools<'_>) -> Finding {
    if !severities.is_empty() {
        return Finding::failed("Alarms on AWS have no severity. Remove severities from the criterion.");
    }
    let (_, session) = tools.session.of_stack(id);
    let Some(image) = session.images.get(id) else { return Finding::unknown_stack(id) };
    let stack = match image.stack(&LAYOUT) {
        Ok(stack) => stack,
        Err(error) => return Finding::failed(format!("The stack {id} cannot be read: {}.", chain(&error))),
    };
    let alarms = stack.get("alarms").as_entries().into_iter().flatten();
    let names: Vec<String> = alarms.filter_map(|(_, alarm)| alarm.get("name").as_str().map(str::to_owned)).collect();
    let region = stack.text("region").unwrap_or_default();
    let found = match read(&names, region, session.connection(), tools).await {
        Ok(found) => found,
        Err(finding) => return finding,
    };
    judge(id, &names, &found, state)
}

async fn read(
    names: &[String],
    region: &str,
    connection: &dyn crate::engine::cloud::Connection,
    tools: &Tools<'_>,
) -> Result<Vec<Json>, Finding> {
    let untold = |error: &dyn std::fmt::Display| Finding::failed(format!("The alarms cannot be read: {error}."));
    let connection = Connection::of(connection).map_err(|problem| untold(&problem.summary))?;
    let client = connection.client().map_err(|problem| untold(&problem.summary))?;
    let calls = tools.calls.within(LIMIT);
    let mut found = Vec::new();
    for page in names.chunks(PAGE) {
        let asked = json!({ "AlarmNames": page, "AlarmTypes": ["MetricAlarm"], "MaxRecords": PAGE });
        let answer = client.call(&calls, region, Request::new(Service::CLOUDWATCH, "DescribeAlarms", asked)).await;
        let mut answer = answer.map_err(|error| untold(&chain(&error).trim_end_matches('.')))?;
        found.append(answer["MetricAlarms"].as_array_mut().unwrap_or(&mut Vec::new()));
    }
    Ok(found)
}

/// What the alarms of these names, as found, mean for the criterion.
pub(super) fn judge(id: &str, names: &[String], found: &[Json], state: AlertState) -> Finding {
    if names.is_empty() {
        return Finding::failed(format!("There are no alarms in the stack {id}: nothing would be noticed."));
    }
    let fault = |name: &String| match found.iter().find(|alarm| alarm["AlarmName"] == **name) {
        Some(alarm) => fault(alarm, state).map(|fault| format!("{name:?} {fault}")),
        None => Some(format!("{name:?} does not exist")),
    };
    let mut faults: Vec<String> = names.iter().filter_map(fault).collect();
    let (count, judged) = (faults.len(), names.len());
    if count == 0 {
        let (alarms, verb, tell) = if judged == 1 { ("alarm", "is", "tells") } else { ("alarms", "are", "tell") };
        return Finding::held(match state {
            AlertState::Enabled => format!("{judged} {alarms} {verb} evaluated and {tell} at least one receiver"),
            AlertState::Shadow => format!("{judged} {alarms} {verb} evaluated and {tell} no one"),
        });
    }
    if count > TOLD {
        faults.truncate(TOLD);
        faults.push(format!("and {} more", count - TOLD));
    }
    let way_out = match state {
        AlertState::Enabled => "Set shadow = false and actions on them, then apply.",
        AlertState::Shadow => "Set shadow = true on them, then apply.",
    };
    Finding::failed(format!("{count} of {judged} alarms not as wanted: {}. {way_out}", faults.join("; ")))
}

/// What is wrong with an alarm.
fn fault(alarm: &Json, state: AlertState) -> Option<String> {
    let receivers = alarm["AlarmActions"].as_array().map_or(0, Vec::len);
    let tells = alarm["ActionsEnabled"].as_bool() != Some(false) && receivers > 0;
    match (state, tells) {
        (AlertState::Enabled, false) if receivers > 0 => Some("has its actions switched off".to_owned()),
        (AlertState::Enabled, false) => Some("tells no one".to_owned()),
        (AlertState::Shadow, true) => Some("tells somebody".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(enabled: bool, actions: &[&str]) -> Json {
        json!({"AlarmName": "depth", "ActionsEnabled": enabled, "AlarmActions": actions})
    }

    #[test]
    fn an_alarm_tells_somebody_or_no_one() {
        let names = ["depth".to_owned()];
        for (found, state, holds) in [
            (alarm(true, &["arn:t"]), AlertState::Enabled, true),
            (alarm(false, &["arn:t"]), AlertState::Enabled, false),
            (alarm(true, &[]), AlertState::Enabled, false),
            (alarm(false, &["arn:t"]), AlertState::Shadow, true),
            (alarm(true, &["arn:t"]), AlertState::Shadow, false),
        ] {
            let finding = judge("1/eu-west-1/it", &names, &[found], state);
            assert_eq!(finding.passed, holds, "{finding:?}");
        }
        assert!(!judge("1/eu-west-1/it", &names, &[], AlertState::Enabled).passed);
        assert!(!judge("1/eu-west-1/it", &[], &[], AlertState::Shadow).passed);
    }
}
