//! The stored form of one phase: a JSON document with a format version.
//!
//! Attribute names are those of the resource, so that one is turned into the other by their names. Lists that are empty
//! and texts that are absent are left out of the JSON.

mod difference;
mod format;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::difference::{Difference, differences};
pub use self::format::{CURRENT_FORMAT, FormatError};
use crate::{Moment, PhaseId, Status};

/// One phase as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What the phases of this store are phases of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// Which phase it is.
    pub phase: PhaseId,
    /// What the phase is called.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// Counts the writes, from 1.
    pub revision: u64,
    /// Phases that come before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on_phases: Vec<PhaseId>,
    /// Why it was last taken up again after it had been completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopen_reason: Option<String>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When it is meant to happen: `Week 3`, `November 26 to 30`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// How much work it is: `3-5 days (20-30 hours)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<String>,
    /// How much it matters: `HIGH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<String>,
    /// What is to be done, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Lists to tick off beside the steps, such as one for each day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklists: Vec<Checklist>,
    /// What must hold when the phase is completed, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub criteria: BTreeMap<String, Criterion>,
    /// Problems that were met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
    /// What the phase brought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliverables: Vec<String>,
    /// What could go wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<Risk>,
    /// Figures, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, String>,
    /// What to do next, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_steps: Vec<String>,
    /// Commands to go on with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Command>,
    /// Commands that show that all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verification: Vec<Command>,
    /// Anything else, in markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When work began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Moment>,
    /// When it was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Moment>,
    /// Every change of the status, and every attempt at one, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Change>,
    /// What was observed when the criteria were last checked, by criterion.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Evidence>,
    /// Fingerprints of stacks at completion, by the stack's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub snapshot: BTreeMap<String, String>,
    /// A creation wrote it and then failed: no state knows it yet, and the next creation may take it over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unclaimed: bool,
}

/// A step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is done.
    pub name: String,
    /// Whether it is done.
    #[serde(default)]
    pub done: bool,
    /// How much work it is: `Day 1, 4 hours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// Its parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
}

/// Something to tick off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// What is done.
    pub name: String,
    /// Whether it is done.
    #[serde(default)]
    pub done: bool,
}

/// A list to tick off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// What the list is for: `Day 1: Foundation`.
    pub title: String,
    /// What is on it.
    #[serde(default)]
    pub items: Vec<Task>,
}

/// A problem that was met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// How bad it is: `CRITICAL`, `HIGH`, `MEDIUM`, `LOW`, or the team's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What it is.
    pub title: String,
    /// Where it stands: `open`, `fixed`, or the team's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How it was cured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Something that could go wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// What it is.
    pub risk: String,
    /// How likely: `Low`, `Medium`, `High`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<String>,
    /// How bad it would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// What is done against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mitigation: Option<String>,
}

/// A command to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is typed; it may have several lines.
    pub command: String,
    /// What it shows when all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

/// What must hold when a phase is completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Criterion {
    /// The stack, read again, is what it was when the configuration was planned.
    StackInSync {
        /// The stack's id.
        stack: String,
        /// Its fingerprint.
        fingerprint: String,
    },
    /// A web server answers as it should.
    Http {
        /// What is called.
        url: String,
        /// `GET`, when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
        /// The status; 200 when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// A regular expression that the body matches somewhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body_pattern: Option<String>,
        /// Headers that are sent.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, String>,
        /// The longest time for one attempt: `10s`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout: Option<String>,
        /// How often it is tried.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempts: Option<u32>,
        /// Whether an identity token of the provider's credentials is sent, for private services.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identity_token: Option<bool>,
        /// For whom the token is made; the URL's origin when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<String>,
    },
    /// A bucket keeps old versions of its objects.
    BucketVersioned {
        /// `gs://NAME` or `s3://NAME`.
        url: String,
    },
    /// An object is there.
    ObjectExists {
        /// `gs://BUCKET/OBJECT`, `s3://BUCKET/OBJECT`, or `file:///PATH`.
        url: String,
    },
    /// Alert policies do, or do not, notify anybody.
    AlertPolicies {
        /// The stack whose policies are meant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stack: Option<String>,
        /// Policies by name: `projects/P/alertPolicies/N`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        policies: Vec<String>,
        /// Only those of these severities.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        severities: Vec<String>,
        /// What they must be.
        state: AlertState,
    },
    /// A person approves it.
    Manual {
        /// Who.
        approved_by: String,
        /// What they say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
}

/// What alert policies must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Evaluated, and they notify at least one channel.
    Enabled,
    /// Evaluated, and they notify nobody.
    Shadow,
}

/// What was observed when a criterion was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Whether it held.
    pub passed: bool,
    /// What was seen.
    pub observed: String,
    /// When.
    pub at: Moment,
}

/// A change of the status, or an attempt at one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// The status before; absent at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Status>,
    /// The status that was wanted.
    pub to: Status,
    /// Whether the phase has it now.
    pub outcome: Outcome,
    /// Why: the reason of a reopening, or the criteria that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The evidence at this change, by criterion.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, Evidence>,
}

/// What came of an attempt to change the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The phase has the new status.
    Changed,
    /// A criterion failed: the phase keeps the status that it had.
    Refused,
}

impl Step {
    /// How much of it is done, from 0 to 1: a step that is not done counts by its tasks.
    fn share(&self) -> f64 {
        if self.done {
            1.0
        } else if self.tasks.is_empty() {
            0.0
        } else {
            let done = self.tasks.iter().filter(|task| task.done).count();
            // A count of tasks is small.
            #[allow(clippy::cast_precision_loss)]
            let share = done as f64 / self.tasks.len() as f64;
            share
        }
    }
}

impl Document {
    /// A phase of which only this much is known.
    pub fn new(phase: PhaseId, title: impl Into<String>) -> Self {
        Self {
            project_name: None,
            phase,
            title: title.into(),
            status: Status::NotStarted,
            revision: 1,
            depends_on_phases: Vec::new(),
            reopen_reason: None,
            owner: None,
            schedule: None,
            estimate: None,
            priority: None,
            objectives: Vec::new(),
            steps: Vec::new(),
            checklists: Vec::new(),
            criteria: BTreeMap::new(),
            issues: Vec::new(),
            deliverables: Vec::new(),
            risks: Vec::new(),
            metrics: BTreeMap::new(),
            next_steps: Vec::new(),
            commands: Vec::new(),
            verification: Vec::new(),
            notes: None,
            started_at: None,
            completed_at: None,
            history: Vec::new(),
            evidence: BTreeMap::new(),
            snapshot: BTreeMap::new(),
            unclaimed: false,
        }
    }

    /// How much of the phase is done, in whole percent: 100 when it is completed, at most 99 before.
    pub fn progress(&self) -> u8 {
        if self.status == Status::Completed {
            return 100;
        }
        if self.steps.is_empty() {
            return 0;
        }
        // A count of steps is small, and a share of 100 fits.
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let percent = (self.steps.iter().map(Step::share).sum::<f64>() * 100.0 / self.steps.len() as f64) as u8;
        percent.min(99)
    }

    /// Issues that are not settled.
    pub fn open_issues(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| !issue.is_settled())
    }
}

impl Issue {
    /// Whether nothing is left to do about it.
    pub fn is_settled(&self) -> bool {
        let settled = ["fixed", "resolved", "closed", "done", "wont_fix", "won't fix"];
        self.status.as_deref().is_some_and(|status| settled.iter().any(|word| status.eq_ignore_ascii_case(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase() -> Document {
        Document::new("2".parse().unwrap_or_else(|error| panic!("{error}")), "Import")
    }

    fn step(done: bool, tasks: &[bool]) -> Step {
        let tasks = tasks.iter().map(|done| Task { name: "part".into(), done: *done }).collect();
        Step { name: "step".into(), done, tasks, ..Step::default() }
    }

    #[test]
    fn progress_counts_steps_and_the_tasks_of_those_under_way() {
        let mut phase = phase();
        phase.steps = vec![step(true, &[]), step(false, &[true, false]), step(false, &[]), step(false, &[])];
        assert_eq!(phase.progress(), 37);
    }

    #[test]
    fn only_a_completed_phase_is_at_a_hundred_percent() {
        let mut phase = phase();
        phase.steps = vec![step(true, &[])];
        assert_eq!(phase.progress(), 99);
        phase.status = Status::Completed;
        assert_eq!(phase.progress(), 100);
    }

    #[test]
    fn an_issue_is_open_until_it_is_settled() {
        let mut phase = phase();
        let issue = |status: Option<&str>| Issue { status: status.map(str::to_owned), ..Issue::default() };
        phase.issues = vec![issue(Some("Fixed")), issue(None), issue(Some("investigating"))];
        assert_eq!(phase.open_issues().count(), 2);
    }
}
