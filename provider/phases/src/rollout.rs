//! All phases of a store together: how far they are, what is next, what holds them up.

use crate::{Document, PhaseId, Status};

/// The phases of a store, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    phases: Vec<Document>,
}

/// Why a phase cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// A phase before it is not completed.
    Waits {
        /// The phase that waits.
        phase: PhaseId,
        /// The phase that it waits for.
        on: PhaseId,
        /// Where that one stands; `None` when the store has no such phase.
        status: Option<Status>,
    },
    /// The team says that it is blocked.
    Blocked {
        /// The phase.
        phase: PhaseId,
        /// The issues that are open in it.
        issues: Vec<String>,
    },
    /// Its last attempt to complete failed.
    Refused {
        /// The phase.
        phase: PhaseId,
        /// The criteria that failed, with what was observed.
        criteria: Vec<(String, String)>,
    },
}

impl Rollout {
    /// The phases, put in order.
    pub fn new(mut phases: Vec<Document>) -> Self {
        phases.sort_by(|a, b| a.phase.cmp(&b.phase));
        Self { phases }
    }

    /// The phases, in order.
    pub fn phases(&self) -> &[Document] {
        &self.phases
    }

    /// One phase.
    pub fn get(&self, phase: &PhaseId) -> Option<&Document> {
        self.phases.iter().find(|document| document.phase == *phase)
    }

    /// What the phases are phases of: as the first phase that says it has it.
    pub fn project_name(&self) -> Option<&str> {
        self.phases.iter().find_map(|phase| phase.project_name.as_deref())
    }

    /// How much of the whole is done, in whole percent; every phase counts the same.
    pub fn progress(&self) -> u8 {
        let sum: usize = self.phases.iter().map(|phase| usize::from(phase.progress())).sum();
        sum.checked_div(self.phases.len()).and_then(|percent| u8::try_from(percent).ok()).unwrap_or(0)
    }

    /// The phase to look at: the first that is under way, else ready, else blocked, else not started. `None` when all are
    /// completed.
    pub fn current(&self) -> Option<&Document> {
        [Status::InProgress, Status::Ready, Status::Blocked, Status::NotStarted]
            .into_iter()
            .find_map(|status| self.phases.iter().find(|phase| phase.status == status))
    }

    /// Phases that could start now: everything before them is completed, and they have not started.
    pub fn startable(&self) -> impl Iterator<Item = &Document> {
        self.phases.iter().filter(|phase| {
            matches!(phase.status, Status::NotStarted | Status::Ready) && self.waits(phase).next().is_none()
        })
    }

    /// What `phase` waits for.
    pub fn waits<'a>(&'a self, phase: &'a Document) -> impl Iterator<Item = Blocker> + 'a {
        phase.depends_on_phases.iter().filter_map(|on| {
            let status = self.get(on).map(|document| document.status);
            let blocker = Blocker::Waits { phase: phase.phase.clone(), on: on.clone(), status };
            (status != Some(Status::Completed)).then_some(blocker)
        })
    }

    /// Everything that holds up phases that are not completed, in their order.
    pub fn blockers(&self) -> Vec<Blocker> {
        let mut blockers = Vec::new();
        for document in self.phases.iter().filter(|phase| phase.status != Status::Completed) {
            let phase = document.phase.clone();
            if document.status == Status::Blocked {
                let issues = document.open_issues().map(|issue| issue.title.clone()).collect();
                blockers.push(Blocker::Blocked { phase: phase.clone(), issues });
            }
            let failed = document.evidence.iter().filter(|(_, evidence)| !evidence.passed);
            let criteria: Vec<_> = failed.map(|(name, evidence)| (name.clone(), evidence.observed.clone())).collect();
            if !criteria.is_empty() {
                blockers.push(Blocker::Refused { phase, criteria });
            }
            blockers.extend(self.waits(document));
        }
        blockers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PhaseId {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn rollout(phases: &[(&str, Status, &[&str])]) -> Rollout {
        let documents = phases.iter().map(|(name, status, before)| {
            let mut document = Document::new(id(name), "A phase");
            document.depends_on_phases = before.iter().map(|text| id(text)).collect();
            document.status = *status;
            document
        });
        Rollout::new(documents.collect())
    }

    #[test]
    fn every_phase_counts_the_same() {
        let all =
            rollout(&[("1", Status::Completed, &[]), ("2", Status::Completed, &["1"]), ("3", Status::Ready, &["2"])]);
        assert_eq!(all.progress(), 66);
    }

    #[test]
    fn nothing_is_nothing_done() {
        assert_eq!(Rollout::default().progress(), 0);
    }

    #[test]
    fn the_current_phase_is_the_first_under_way() {
        let all = rollout(&[("1", Status::Completed, &[]), ("3", Status::Ready, &[]), ("10", Status::InProgress, &[])]);
        assert_eq!(all.current().map(|phase| phase.phase.to_string()), Some("10".to_owned()));
    }

    #[test]
    fn a_phase_waits_for_what_is_not_completed_or_not_there() {
        let all = rollout(&[("1", Status::InProgress, &[]), ("3", Status::NotStarted, &["1", "2"])]);
        let waits: Vec<_> = all.blockers();
        assert_eq!(
            waits,
            [
                Blocker::Waits { phase: id("3"), on: id("1"), status: Some(Status::InProgress) },
                Blocker::Waits { phase: id("3"), on: id("2"), status: None },
            ]
        );
    }

    #[test]
    fn what_could_start_has_everything_before_it_completed() {
        let all = rollout(&[
            ("1", Status::Completed, &[]),
            ("2", Status::NotStarted, &["1"]),
            ("3", Status::NotStarted, &["2"]),
        ]);
        assert_eq!(all.startable().map(|phase| phase.phase.to_string()).collect::<Vec<_>>(), ["2"]);
    }
}
