//! What this process has planned for phases: the only place where phases of one configuration meet before they are applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mlops_phases::{PhaseId, Status, order};

/// The plan of one phase, as far as others depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPhase {
    /// Where it will stand; `None` while that is not known.
    pub status: Option<Status>,
    /// The phases before it.
    pub depends_on: BTreeSet<PhaseId>,
}

/// All plans of one configured provider, by store.
#[derive(Debug, Default)]
pub struct PlannedPhases {
    stores: Mutex<BTreeMap<String, BTreeMap<PhaseId, PlannedPhase>>>,
}

/// What is wrong among the phases of a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderProblem {
    /// They wait for each other.
    #[error("phases wait for each other: {}", chain(.0))]
    Cycle(Vec<PhaseId>),
    /// A phase would start too early.
    #[error("phase {phase} would be {status}, but phase {before}, which comes before it, would be {before_status}")]
    TooEarly {
        /// The phase that starts.
        phase: PhaseId,
        /// Where it would stand.
        status: Status,
        /// The phase before it.
        before: PhaseId,
        /// Where that one would stand.
        before_status: Status,
    },
}

fn chain(cycle: &[PhaseId]) -> String {
    let names = cycle.iter().chain(cycle.first()).map(PhaseId::to_string);
    names.collect::<Vec<_>>().join(" -> ")
}

impl PlannedPhases {
    fn stores(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<PhaseId, PlannedPhase>>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a plan, and says what is wrong between it and the plans so far. Terraform plans phases in any order, so each
    /// pair is looked at by whichever comes second.
    pub fn record(&self, store: &str, phase: &PhaseId, planned: PlannedPhase) -> Vec<OrderProblem> {
        let mut stores = self.stores();
        let phases = stores.entry(store.to_owned()).or_default();
        phases.insert(phase.clone(), planned);
        let dependencies = phases.iter().map(|(phase, planned)| (phase.clone(), planned.depends_on.clone())).collect();
        let mut problems: Vec<OrderProblem> = order::cycle(&dependencies)
            .filter(|cycle| cycle.contains(phase))
            .map(OrderProblem::Cycle)
            .into_iter()
            .collect();
        let pairs = phases.iter().flat_map(|(id, planned)| {
            let before = planned.depends_on.iter().filter_map(|before| Some((before, phases.get(before)?)));
            before.map(move |(before_id, before)| (id, planned, before_id, before))
        });
        for (id, planned, before_id, before) in pairs.filter(|(id, _, before, _)| *id == phase || *before == phase) {
            let (Some(status), Some(before_status)) = (planned.status, before.status) else { continue };
            if !status.may_wait() && before_status != Status::Completed {
                let (phase, before) = (id.clone(), before_id.clone());
                problems.push(OrderProblem::TooEarly { phase, status, before, before_status });
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PhaseId {
        text.parse().unwrap()
    }

    fn record(memory: &PlannedPhases, phase: &str, status: Status, before: &[&str]) -> Vec<String> {
        let planned = PlannedPhase { status: Some(status), depends_on: before.iter().map(|text| id(text)).collect() };
        memory.record("file:///s", &id(phase), planned).iter().map(OrderProblem::to_string).collect()
    }

    #[test]
    fn a_cycle_is_told_by_the_phase_that_closes_it() {
        let memory = PlannedPhases::default();
        assert!(record(&memory, "1", Status::NotStarted, &["3"]).is_empty());
        assert!(record(&memory, "2", Status::NotStarted, &["1"]).is_empty());
        assert_eq!(record(&memory, "3", Status::NotStarted, &["2"]), ["phases wait for each other: 1 -> 3 -> 2 -> 1"]);
    }

    #[test]
    fn a_phase_that_starts_too_early_is_told_in_either_order_of_planning() {
        let message = "phase 3 would be ready, but phase 2, which comes before it, would be in_progress";
        let memory = PlannedPhases::default();
        assert!(record(&memory, "2", Status::InProgress, &[]).is_empty());
        assert_eq!(record(&memory, "3", Status::Ready, &["2"]), [message]);
        let memory = PlannedPhases::default();
        assert!(record(&memory, "3", Status::Ready, &["2"]).is_empty());
        assert_eq!(record(&memory, "2", Status::InProgress, &[]), [message]);
    }

    #[test]
    fn a_phase_may_wait_for_one_that_is_not_completed() {
        let memory = PlannedPhases::default();
        assert!(record(&memory, "2", Status::InProgress, &[]).is_empty());
        assert!(record(&memory, "3", Status::Blocked, &["2"]).is_empty());
    }

    #[test]
    fn a_plan_made_again_replaces_the_earlier_one() {
        let memory = PlannedPhases::default();
        record(&memory, "1", Status::NotStarted, &["2"]);
        record(&memory, "1", Status::NotStarted, &[]);
        assert!(record(&memory, "2", Status::NotStarted, &["1"]).is_empty());
    }

    #[test]
    fn stores_do_not_mix() {
        let memory = PlannedPhases::default();
        record(&memory, "2", Status::NotStarted, &[]);
        let planned = PlannedPhase { status: Some(Status::Ready), depends_on: [id("2")].into() };
        assert!(memory.record("file:///other", &id("3"), planned).is_empty());
    }
}
