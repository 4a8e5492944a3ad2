//! Lines that name what they say: `**Status:** READY TO START`.

use super::dates;
use super::draft::Tick;
use super::marks::{self, Mark, leading_status, plain};
use super::mention::{declaration, listed, mentions, statements};
use super::reader::{Context, Reader};
use crate::Status;
use crate::document::Issue;

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
enum Field {
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

fn named(key: &str) -> Option<Field> {
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

fn is_none(text: &str) -> bool {
    ["none", "nothing", "-", "n/a", ""].iter().any(|word| text.trim_end_matches('.').eq_ignore_ascii_case(word))
}

impl Reader<'_> {
    /// Takes what a field says. `false` when nothing could be made of it.
    pub(super) fn field(&mut self, line: usize, key: &str, value: &str, context: &Context) -> bool {
        if let Some(event) = declaration(key).filter(|event| event.status.is_some()) {
            return self.event(line, event, value);
        }
        let Some(field) = named(key) else { return false };
        let text = plain(value);
        if text.is_empty() && marks::mark(value).is_none() {
            return false;
        }
        match field {
            Field::Status => return self.status_field(line, value, context),
            Field::CurrentPhase => {
                let Some(declared) = declaration(value) else { return false };
                if let Some(status) = declared.status {
                    self.draft(&super::reader::Scope::Phase(declared.phase)).state(line, status);
                }
            }
            Field::Progress => return text.contains('%'),
            Field::Updated => {
                let Some(moment) = dates::moment(&text) else { return false };
                self.updated(moment);
                self.statements(line, value);
            }
            Field::Project => {}
            Field::Completed | Field::Started => return self.date(field, key, &text, context),
            Field::Dates => return self.dates(&text, context),
            Field::Duration => self.draft(&context.scope).metric(&context.title, "Duration", &text),
            Field::Estimate => self.draft(&context.scope).estimate = Some(text),
            Field::Priority => self.draft(&context.scope).priority = Some(text),
            Field::Owner => self.draft(&context.scope).owner = Some(text),
            Field::Schedule => self.draft(&context.scope).schedule = Some(text),
            Field::DependsOn => {
                let phases = listed(value);
                if phases.is_empty() {
                    return is_none(&text);
                }
                self.draft(&context.scope).depends_on.extend(phases);
            }
            Field::Objective => self.draft(&context.scope).objectives.push(text),
            Field::Blockers => {
                if !is_none(&text) {
                    let status = Some("open".to_owned());
                    self.draft(&context.scope).issues.push(Issue { title: text, status, ..Issue::default() });
                }
            }
            Field::NextStep => self.draft(&context.scope).next_steps.push(text),
            Field::ReadyFor => {
                let Some(mention) = mentions(value).into_iter().next() else { return false };
                self.draft(&super::reader::Scope::Phase(mention.phase)).state(line, Status::Ready);
            }
            Field::Milestone => {
                self.statements(line, value);
                return false;
            }
            Field::Criterion => {
                let tick = Tick { name: text, done: marks::mark(value).map(|mark| mark == Mark::Done) };
                let title = if key.eq_ignore_ascii_case("success criterion") {
                    "Success Criterion"
                } else {
                    "Success Criteria"
                };
                self.draft(&context.scope).checklist(title).items.push(tick);
            }
        }
        true
    }

    fn status_field(&mut self, line: usize, value: &str, context: &Context) -> bool {
        if self.statements(line, value) {
            return true;
        }
        let text = plain(value);
        let (status, rest) = match leading_status(&text) {
            Some((status, rest)) => (Some(status), rest),
            None => (marks::mark(value).map(Mark::status), text.as_str()),
        };
        let Some(status) = status else { return false };
        self.draft(&context.scope).state(line, status);
        if !rest.is_empty() {
            self.note(context, line, line + 1);
        }
        true
    }

    /// `Phase 2 Completed: 2026-02-05`.
    fn event(&mut self, line: usize, event: super::mention::Declaration, value: &str) -> bool {
        let (Some(status), true) = (event.status, self.facts.phases.contains_key(&event.phase)) else { return false };
        let moment = dates::moment(value);
        let draft = self.draft(&super::reader::Scope::Phase(event.phase));
        draft.state(line, status);
        match status {
            Status::Completed => draft.completed_at = draft.completed_at.take().or(moment),
            Status::InProgress => draft.started_at = draft.started_at.take().or(moment),
            Status::NotStarted | Status::Ready | Status::Blocked => {}
        }
        true
    }

    fn date(&mut self, field: Field, key: &str, text: &str, context: &Context) -> bool {
        let Some(moment) = dates::moment(text) else { return false };
        let draft = self.draft(&context.scope);
        let place = if field == Field::Started { &mut draft.started_at } else { &mut draft.completed_at };
        if *place.get_or_insert_with(|| moment.clone()) != moment {
            draft.metric(&context.title, &format!("{}: {key}", context.title), text);
        }
        true
    }

    /// `2026-02-02 to 2026-02-05`, `since 2026-02-02`; one day is both the first and the last.
    fn dates(&mut self, text: &str, context: &Context) -> bool {
        let (first, last) = text.split_once(" to ").unwrap_or((text, text));
        let (Some(first), Some(last)) = (dates::moment(first), dates::moment(last)) else { return false };
        let draft = self.draft(&context.scope);
        draft.started_at.get_or_insert(first);
        if !text.starts_with("since ") {
            draft.completed_at.get_or_insert(last);
        }
        true
    }

    fn statements(&mut self, line: usize, value: &str) -> bool {
        let stated = statements(value);
        for (phase, status) in &stated {
            if self.facts.phases.contains_key(phase) {
                self.draft(&super::reader::Scope::Phase(phase.clone())).state(line, *status);
            }
        }
        !stated.is_empty()
    }
}
