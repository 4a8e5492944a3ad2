//! A phase while it is read: what the text leaves open is settled at its end.

use std::collections::BTreeMap;

use crate::document::{Checklist, Command, Issue, Risk, Step, Task};
use crate::{Document, Moment, PhaseId, Status};

/// What is known of a phase so far.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) title: Option<String>,
    /// The status with the line that says so: the last that speaks of it wins.
    status: Option<(usize, Status)>,
    pub(super) depends_on: Vec<PhaseId>,
    pub(super) owner: Option<String>,
    pub(super) schedule: Option<String>,
    pub(super) estimate: Option<String>,
    pub(super) priority: Option<String>,
    pub(super) objectives: Vec<String>,
    pub(super) steps: Vec<DraftStep>,
    pub(super) checklists: Vec<DraftList>,
    pub(super) issues: Vec<Issue>,
    pub(super) deliverables: Vec<String>,
    pub(super) risks: Vec<Risk>,
    metrics: BTreeMap<String, String>,
    pub(super) next_steps: Vec<String>,
    pub(super) commands: Vec<Command>,
    pub(super) verification: Vec<Command>,
    notes: String,
    /// The line of the heading under which the last note stands.
    noted: Option<usize>,
    pub(super) started_at: Option<Moment>,
    pub(super) completed_at: Option<Moment>,
}

/// Something to tick off. Without a mark it is done when what it belongs to is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) name: String,
    pub(super) done: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DraftStep {
    pub(super) tick: Tick,
    pub(super) estimate: Option<String>,
    pub(super) objective: Option<String>,
    pub(super) tasks: Vec<Tick>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DraftList {
    pub(super) title: String,
    pub(super) items: Vec<Tick>,
}

impl Draft {
    pub(super) fn state(&mut self, line: usize, status: Status) {
        if self.status.is_none_or(|(before, _)| before <= line) {
            self.status = Some((line, status));
        }
    }

    /// A figure; one with another value under the same name gets the section's name before its own.
    pub(super) fn metric(&mut self, section: &str, name: &str, value: &str) {
        let taken = self.metrics.get(name).is_some_and(|before| before != value);
        let name = if taken && !section.is_empty() { format!("{section}: {name}") } else { name.to_owned() };
        self.metrics
            .entry(name)
            .and_modify(|before| {
                if before != value {
                    before.push_str("; ");
                    before.push_str(value);
                }
            })
            .or_insert_with(|| value.to_owned());
    }

    /// Keeps text as it stands, under its heading.
    pub(super) fn note(&mut self, heading_line: usize, heading: &str, text: &str) {
        if self.noted != Some(heading_line) {
            if !self.notes.is_empty() {
                self.notes.push('\n');
            }
            if !heading.is_empty() {
                self.notes.push_str("### ");
                self.notes.push_str(heading);
                self.notes.push_str("\n\n");
            }
        }
        let first = self.noted != Some(heading_line);
        self.noted = Some(heading_line);
        self.notes.push_str(if first { text.trim_start_matches('\n') } else { text });
        self.notes.push('\n');
    }

    /// The list of this title, at the end of the lists.
    pub(super) fn checklist(&mut self, title: &str) -> &mut DraftList {
        if self.checklists.last().is_none_or(|last| last.title != title) {
            self.checklists.push(DraftList { title: title.to_owned(), items: Vec::new() });
        }
        let last = self.checklists.len() - 1;
        &mut self.checklists[last]
    }

    /// Adds what another draft holds.
    pub(super) fn absorb(&mut self, other: Self) {
        if let Some((line, status)) = other.status {
            self.state(line, status);
        }
        for (own, theirs) in [
            (&mut self.owner, other.owner),
            (&mut self.schedule, other.schedule),
            (&mut self.estimate, other.estimate),
            (&mut self.priority, other.priority),
            (&mut self.title, other.title),
        ] {
            *own = own.take().or(theirs);
        }
        self.started_at = self.started_at.take().or(other.started_at);
        self.completed_at = self.completed_at.take().or(other.completed_at);
        self.depends_on.extend(other.depends_on);
        self.objectives.extend(other.objectives);
        self.steps.extend(other.steps);
        self.checklists.extend(other.checklists);
        self.issues.extend(other.issues);
        self.deliverables.extend(other.deliverables);
        self.risks.extend(other.risks);
        self.next_steps.extend(other.next_steps);
        self.commands.extend(other.commands);
        self.verification.extend(other.verification);
        for (name, value) in other.metrics {
            self.metric("", &name, &value);
        }
        if !other.notes.is_empty() {
            if !self.notes.is_empty() {
                self.notes.push('\n');
            }
            self.notes.push_str(&other.notes);
            self.noted = None;
        }
    }

    /// Where the phase stands. A date of completion is as good as the word.
    pub(super) fn status(&self) -> Status {
        match self.status {
            Some((_, status)) => status,
            None if self.completed_at.is_some() => Status::Completed,
            None if self.started_at.is_some() => Status::InProgress,
            None => Status::NotStarted,
        }
    }

    /// The phase as a document.
    pub(super) fn finish(self, phase: PhaseId, project_name: Option<String>) -> Document {
        let status = self.status();
        let completed = status == Status::Completed;
        let task = |tick: Tick, done: bool| Task { name: tick.name, done: tick.done.unwrap_or(done) };
        let tasks = |ticks: Vec<Tick>, done: bool| ticks.into_iter().map(|tick| task(tick, done)).collect();
        let step = |step: DraftStep| {
            let done = step.tick.done.unwrap_or(completed);
            let DraftStep { tick, estimate, objective, tasks: parts } = step;
            Step { name: tick.name, done, estimate, objective, tasks: tasks(parts, done) }
        };
        let list = |list: DraftList| Checklist { title: list.title, items: tasks(list.items, completed) };
        let title = self.title.unwrap_or_else(|| format!("Phase {phase}"));
        let notes = Some(self.notes.trim_matches('\n').to_owned()).filter(|notes| !notes.trim().is_empty());
        let mut document = Document::new(phase, title);
        document.project_name = project_name;
        document.status = status;
        document.depends_on_phases = self.depends_on;
        document.depends_on_phases.sort();
        document.depends_on_phases.dedup();
        document.owner = self.owner;
        document.schedule = self.schedule;
        document.estimate = self.estimate;
        document.priority = self.priority;
        document.objectives = self.objectives;
        document.steps = self.steps.into_iter().map(step).collect();
        document.checklists = self.checklists.into_iter().map(list).collect();
        document.issues = self.issues;
        document.deliverables = self.deliverables;
        document.risks = self.risks;
        document.metrics = self.metrics;
        document.next_steps = self.next_steps;
        document.commands = self.commands;
        document.verification = self.verification;
        document.notes = notes;
        document.started_at = self.started_at;
        document.completed_at = self.completed_at;
        document
    }
}
