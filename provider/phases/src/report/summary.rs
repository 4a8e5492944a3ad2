//! What a rollout says as a whole: its last change, what its phases wait for, what is open in it.

use super::inline::Inline;
use super::words::{self, count};
use crate::rollout::Blocker;
use crate::{Document, Moment, Rollout, Status};

/// The last thing that is known to have happened, and what it was.
pub(super) fn last_update(rollout: &Rollout) -> Option<Inline> {
    let moments = rollout.phases().iter().flat_map(|document| {
        let started = document.started_at.iter().map(|at| (at, "started"));
        let completed = document.completed_at.iter().map(|at| (at, "completed"));
        let checked = document.evidence.values().map(|evidence| (&evidence.at, "checked"));
        let changed = document.history.iter().map(|change| (&change.at, "changed"));
        // Of several at the same time, the last of these tells most.
        let all = changed.chain(checked).chain(started).chain(completed);
        all.map(move |(at, what)| (at, &document.phase, what))
    });
    let (at, phase, what) = moments.max_by_key(|(at, _, _)| sortable(at))?;
    Some(Inline::text(format!("{} (phase {phase} {what})", words::moment(at))))
}

/// A day counts as its beginning, so that a point in time in it is later.
fn sortable(at: &Moment) -> (jiff::Timestamp, bool) {
    (at.earliest(), at.earliest() == at.latest())
}

/// What comes before a phase, each with where it stands: `phase 2 (completed)`.
pub(super) fn depends_on(rollout: &Rollout, document: &Document) -> Option<String> {
    let before = document.depends_on_phases.iter().map(|phase| {
        let status = rollout.get(phase).map_or("not in this store", |before| before.status.words());
        format!("phase {phase} ({status})")
    });
    let before: Vec<String> = before.collect();
    (!before.is_empty()).then(|| before.join(", "))
}

/// `2 of 7 phases completed`.
pub(super) fn completed(rollout: &Rollout) -> String {
    let done = rollout.phases().iter().filter(|phase| phase.status == Status::Completed).count();
    format!("{done} of {} completed", count(rollout.phases().len(), "phase"))
}

/// What holds up a phase, as a sentence.
pub(super) fn blocker(blocker: &Blocker) -> Inline {
    let subject = |phase| Inline::strong(format!("Phase {phase}"));
    match blocker {
        Blocker::Waits { phase, on, status } => subject(phase).and(match status {
            Some(status) => format!(" waits for phase {on}, which is {}.", status.words()),
            None => format!(" waits for phase {on}, which this store does not have."),
        }),
        Blocker::Blocked { phase, issues } if issues.is_empty() => subject(phase).and(" is blocked."),
        Blocker::Blocked { phase, issues } => {
            subject(phase).and(" is blocked: ").and(Inline::join(issues.iter().map(Inline::text), "; ")).and(".")
        }
        Blocker::Refused { phase, criteria } => {
            let failed =
                criteria.iter().map(|(name, observed)| Inline::code(name).and(" observed ").and(observed.as_str()));
            subject(phase).and(" could not be completed: ").and(Inline::join(failed, "; ")).and(".")
        }
    }
}

/// What to do next: what the current phase says, else its steps that are not done, else what the last completed phase said.
pub(super) fn next_steps(rollout: &Rollout) -> Vec<Inline> {
    let Some(current) = rollout.current() else {
        return vec![Inline::text("Nothing: all phases are completed.")];
    };
    let mut steps = Vec::new();
    steps.extend(rollout.waits(current).map(|wait| match wait {
        Blocker::Waits { on, .. } => Inline::text(format!("Complete phase {on}.")),
        other => blocker(&other),
    }));
    if current.status == Status::Blocked {
        let settle = Inline::text(format!("Settle what blocks phase {}", current.phase));
        let issues: Vec<_> = current.open_issues().map(|issue| Inline::text(&issue.title)).collect();
        steps.push(if issues.is_empty() { settle.and(".") } else { settle.and(": ").and(Inline::join(issues, "; ")) });
    }
    let last = rollout.phases().iter().rev().find(|phase| phase.status == Status::Completed);
    let left: Vec<_> = current.steps.iter().filter(|step| !step.done).map(|step| Inline::text(&step.name)).collect();
    let said: fn(&Document) -> Vec<Inline> = |phase| phase.next_steps.iter().map(Inline::text).collect();
    let choices = [said(current), left, last.map(said).unwrap_or_default()];
    let work = choices.into_iter().find(|choice| !choice.is_empty()).unwrap_or_default();
    let status = |status: Status, when| {
        let set = Inline::text(format!("Set the status of phase {} to ", current.phase));
        set.and(Inline::code(status.as_str())).and(when)
    };
    match current.status {
        Status::NotStarted | Status::Ready | Status::Blocked => {
            steps.push(status(Status::InProgress, "."));
            steps.extend(work);
        }
        Status::InProgress | Status::Completed => {
            steps.extend(work);
            steps.push(status(Status::Completed, ": the criteria are then checked."));
        }
    }
    steps
}

/// What holds up phases, but for those that were not started and simply wait for their turn.
pub(super) fn surprising(rollout: &Rollout) -> Vec<Blocker> {
    let mut blockers = rollout.blockers();
    blockers.retain(|blocker| match blocker {
        Blocker::Waits { phase, status, .. } => {
            status.is_none() || rollout.get(phase).is_some_and(|phase| phase.status != Status::NotStarted)
        }
        Blocker::Blocked { .. } | Blocker::Refused { .. } => true,
    });
    blockers
}

#[cfg(test)]
mod tests {
    use super::super::inline::Container;
    use super::super::sample;
    use super::*;

    #[test]
    fn the_last_update_is_the_latest_moment_of_any_phase() {
        let said = last_update(&sample::rollout()).unwrap().render(Container::Block);
        assert_eq!(said, "2026-02-05 14:03 UTC (phase 2 completed)");
    }

    #[test]
    fn a_rollout_without_moments_has_no_last_update() {
        assert_eq!(last_update(&Rollout::new(vec![sample::validation()])), None);
    }

    #[test]
    fn what_comes_before_is_told_with_where_it_stands() {
        let mut phase = sample::validation();
        phase.depends_on_phases.push(sample::id("2.5"));
        let rollout = Rollout::new(vec![sample::import(), phase.clone()]);
        assert_eq!(depends_on(&rollout, &phase).as_deref(), Some("phase 2 (completed), phase 2.5 (not in this store)"));
    }
}
