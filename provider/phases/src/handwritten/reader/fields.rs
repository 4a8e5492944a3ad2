//! Lines that name what they say: `**Status:** READY TO START`.

use super::{Context, Reader};
use crate::Status;
use crate::document::Issue;
use crate::handwritten::dates;
use crate::handwritten::draft::Tick;
use crate::handwritten::field::{Field, named};
use crate::handwritten::marks::{self, Mark, leading_status, plain};
use crate::handwritten::mention::{declaration, listed, mentions, statements};

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
                    self.draft(&super::Scope::Phase(declared.phase)).state(line, status);
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
                self.draft(&super::Scope::Phase(mention.phase)).state(line, Status::Ready);
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
    fn event(&mut self, line: usize, event: crate::handwritten::mention::Declaration, value: &str) -> bool {
        let (Some(status), true) = (event.status, self.facts.phases.contains_key(&event.phase)) else { return false };
        let moment = dates::moment(value);
        let draft = self.draft(&super::Scope::Phase(event.phase));
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
                self.draft(&super::Scope::Phase(phase.clone())).state(line, *status);
            }
        }
        !stated.is_empty()
    }
}
