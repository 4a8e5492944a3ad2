//! The name of a field and what it tells: `**Status:** READY TO START`.

use super::marks;

/// The name and the value of a line, both without bold.
///
/// A name in bold can be anything; a plain one is at most six words.
pub(super) fn field(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || marks::is_ornament(c));
    if let Some(bold) = text.strip_prefix("**") {
        let (key, rest) = bold.split_once("**")?;
        return match key.strip_suffix(':') {
            Some(key) => Some((key.trim(), rest.trim())),
            None => Some((key.trim(), rest.trim_start().strip_prefix(':')?.trim())),
        };
    }
    let text = text.strip_prefix('*').and_then(|text| text.trim_end().strip_suffix('*')).unwrap_or(text);
    let (key, value) = text.split_once(": ").or_else(|| Some((text.strip_suffix(':')?, "")))?;
    let words = key.split_whitespace().take(7).count();
    (words <= 6 && !key.contains(['`', '(', '['])).then(|| (key.trim(), value.trim()))
}

/// What a field tells, by its name in lower case.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Status,
    CurrentPhase,
    Progress,
    Updated,
    Project,
    Completed,
    Started,
    Dates,
    Duration,
    Estimate,
    Priority,
    Owner,
    Schedule,
    DependsOn,
    Objective,
    Blockers,
    NextStep,
    ReadyFor,
    Milestone,
    Criterion,
}

/// The field of this name.
pub(super) fn named(key: &str) -> Option<Field> {
    Some(match key.to_lowercase().as_str() {
        "status" | "current status" | "overall status" => Field::Status,
        "current phase" | "active phase" => Field::CurrentPhase,
        "progress" | "overall progress" => Field::Progress,
        "last updated" | "last update" | "updated" | "last checkpoint" | "last session end" | "session ended"
        | "session paused at" | "prepared" | "date created" | "date" => Field::Updated,
        "project" | "project name" => Field::Project,
        "completed" | "completed on" | "completed at" | "completion date" | "finished" => Field::Completed,
        "started" | "started on" | "started at" | "start date" => Field::Started,
        "dates" => Field::Dates,
        "duration" | "time spent" => Field::Duration,
        "timeline"
        | "estimate"
        | "estimated time"
        | "estimated effort"
        | "estimated duration"
        | "effort"
        | "estimated time to complete" => Field::Estimate,
        "priority" => Field::Priority,
        "owner" | "responsible" => Field::Owner,
        "schedule" | "when" | "timeframe" => Field::Schedule,
        "depends on" | "dependencies" | "dependency" | "prerequisites" | "waits for" => Field::DependsOn,
        "objective" | "objectives" | "goal" | "goals" => Field::Objective,
        "blockers" | "blocker" | "blocked by" => Field::Blockers,
        "next session" | "next action" | "next step" | "next steps" | "next milestone" | "resume with" => {
            Field::NextStep
        }
        "ready for" => Field::ReadyFor,
        "milestone" => Field::Milestone,
        "success criterion" | "success criteria" => Field::Criterion,
        _ => return None,
    })
}

/// Whether a field of this name is understood.
pub(super) fn is_known(key: &str) -> bool {
    named(key).is_some()
}
