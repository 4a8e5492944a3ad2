//! Plans a phase: pure but for what this process has planned for the other phases.

use mlops_phases::{PhaseId, Status};
use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value, name};

use super::model::{CheckpointDeletion, PhaseCheckpoint, PhaseStatus, When};
use super::planned::{OrderProblem, PlannedPhase, PlannedPhases};
use super::source::Source;
use super::{convert, problem};

impl From<PhaseStatus> for Status {
    fn from(status: PhaseStatus) -> Self {
        match status {
            PhaseStatus::NotStarted => Self::NotStarted,
            PhaseStatus::Ready => Self::Ready,
            PhaseStatus::InProgress => Self::InProgress,
            PhaseStatus::Blocked => Self::Blocked,
            PhaseStatus::Completed => Self::Completed,
        }
    }
}

/// The status of a body, when it is known.
pub(super) fn status(body: &PhaseCheckpoint) -> Option<Status> {
    body.status.known().map(|status| Status::from(*status))
}

/// A plan.
pub(super) struct Plan {
    /// The planned body.
    pub body: PhaseCheckpoint,
    /// The apply will check criteria.
    pub is_checked: bool,
    /// What was refused.
    pub diagnostics: Diagnostics,
}

/// Plans `proposed` after `prior`.
pub(super) fn plan(
    prior: Option<&PhaseCheckpoint>,
    config: &PhaseCheckpoint,
    proposed: PhaseCheckpoint,
    phases: &PlannedPhases,
) -> Plan {
    let mut planned = proposed;
    let before = prior.and_then(status);
    let after = status(&planned);
    let mut diagnostics = Diagnostics::new();
    if let Some(prior) = prior {
        diagnostics.extend(renamed(prior, &planned));
        keep_fingerprints(prior, &mut planned);
    }
    diagnostics.extend(reopened(prior, before, after, config));
    diagnostics.extend(order(&planned, after, phases));
    let moves = prior.is_none_or(|prior| prior.store != planned.store);
    let is_changed = moves || prior.is_none_or(|prior| !is_same_document(prior, &planned));
    if is_changed && let Some(Source::Handwritten(file)) = planned.store.known().map(Source::of) {
        diagnostics.push(file.read_only(prior.is_none()));
    }
    let is_checked = completes(prior, &planned) || prior.is_some_and(|prior| !has_same_criteria(prior, &planned));
    computed(prior, config, &mut planned, is_changed, is_checked);
    Plan { body: planned, is_checked, diagnostics }
}

/// Whether the phase may become completed, so that its criteria will be checked.
fn completes(prior: Option<&PhaseCheckpoint>, planned: &PhaseCheckpoint) -> bool {
    let is_completed = |status: Option<Status>| status == Some(Status::Completed);
    !is_completed(prior.and_then(status)) && (is_completed(status(planned)) || status(planned).is_none())
}

/// Whether both are proved by the same: evidence says nothing about other criteria.
fn has_same_criteria(a: &PhaseCheckpoint, b: &PhaseCheckpoint) -> bool {
    let (a, b) = (a.encode(), b.encode());
    convert::same(a.get(name!(PhaseCheckpoint.criteria)), b.get(name!(PhaseCheckpoint.criteria)))
}

/// Whether both make the same document.
fn is_same_document(a: &PhaseCheckpoint, b: &PhaseCheckpoint) -> bool {
    let (a, b) = (a.encode(), b.encode());
    let names = a.as_entries().into_iter().flatten().map(|(name, _)| name).filter(|name| convert::is_setting(name));
    names.into_iter().all(|name| convert::same(a.get(name), b.get(name)))
}

/// A phase's name is part of its address: another name is another phase.
fn renamed(prior: &PhaseCheckpoint, planned: &PhaseCheckpoint) -> Option<Diagnostic> {
    let (Value::Known(old), Value::Known(new)) = (&prior.phase, &planned.phase) else { return None };
    (old != new).then(|| {
        Diagnostic::error(
            "The name of a phase cannot be changed",
            format!(
                "phase is {:?} in the state and {:?} in the configuration. The history of a phase is kept under its name. Add a \
                 resource for phase {new}, and remove this one if phase {old} is no longer wanted.",
                old.to_string(),
                new.to_string()
            ),
        )
        .at(Path::root().attribute(name!(PhaseCheckpoint.phase)))
    })
}

/// The fingerprint at completion is a record: the stack may go on, the record does not. Before that it is of no use yet,
/// and a phase that waits is not written anew whenever the stack changes.
fn keep_fingerprints(prior: &PhaseCheckpoint, planned: &mut PhaseCheckpoint) {
    if completes(Some(prior), planned) {
        return;
    }
    let (Some(recorded), Value::Known(criteria)) = (prior.criteria.known(), &mut planned.criteria) else { return };
    for (name, criterion) in criteria {
        let Some(recorded) = recorded.get(name).and_then(|recorded| recorded.stack_in_sync.known()) else { continue };
        if let Value::Known(wanted) = &mut criterion.stack_in_sync
            && (wanted.stack.is_unknown() || wanted.stack == recorded.stack)
        {
            wanted.stack.clone_from(&recorded.stack);
            wanted.fingerprint.clone_from(&recorded.fingerprint);
        }
    }
}

fn reopened(
    prior: Option<&PhaseCheckpoint>,
    before: Option<Status>,
    after: Option<Status>,
    config: &PhaseCheckpoint,
) -> Option<Diagnostic> {
    let after = after?;
    let goes_back = before == Some(Status::Completed) && after != Status::Completed;
    // What stands there since an earlier time is no reason for this one.
    let is_old = prior.is_some_and(|prior| prior.reopen_reason == config.reopen_reason);
    let has_reason = !is_old
        && !config.reopen_reason.is_null()
        && config.reopen_reason.known().is_none_or(|text| !text.trim().is_empty());
    (goes_back && !has_reason).then(|| {
        Diagnostic::error(
            "Reopening a completed phase needs reopen_reason",
            format!(
                "status goes from \"completed\" to \"{after}\". Set reopen_reason, in other words than an earlier time: it then \
                 stands in the phase's history. Or leave status = \"completed\"."
            ),
        )
        .at(Path::root().attribute(name!(PhaseCheckpoint.reopen_reason)))
    })
}

fn order(planned: &PhaseCheckpoint, status: Option<Status>, phases: &PlannedPhases) -> Vec<Diagnostic> {
    let (Value::Known(store), Value::Known(phase)) = (&planned.store, &planned.phase) else { return Vec::new() };
    let depends_on = planned.depends_on_phases.known().into_iter().flatten().map(|phase| phase.0.clone()).collect();
    let planned = PlannedPhase { status, depends_on };
    let problems = phases.record(&store.to_string(), &phase.0, planned);
    problems.into_iter().map(|problem| out_of_order(&phase.0, &problem)).collect()
}

fn out_of_order(phase: &PhaseId, problem: &OrderProblem) -> Diagnostic {
    match problem {
        OrderProblem::Cycle(_) => Diagnostic::error(
            "Phases depend on each other in a cycle",
            format!(
                "{}: none of them could ever start. Remove one of these phases from the depends_on_phases of the one before it.",
                capitalised(&problem.to_string())
            ),
        )
        .at(Path::root().attribute(name!(PhaseCheckpoint.depends_on_phases))),
        OrderProblem::TooEarly { phase: early, before, .. } => Diagnostic::error(
            "Phase starts before a phase that it depends on is completed",
            format!(
                "{}. Complete phase {before} first, or set status = \"not_started\" or \"blocked\" on phase {early}.",
                capitalised(&problem.to_string())
            ),
        )
        .at(Path::root().attribute(if early == phase { name!(PhaseCheckpoint.status) } else { name!(PhaseCheckpoint.phase) })),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What the configuration does not say: kept, known already, or known after apply.
fn computed(
    prior: Option<&PhaseCheckpoint>,
    config: &PhaseCheckpoint,
    planned: &mut PhaseCheckpoint,
    is_changed: bool,
    is_checked: bool,
) {
    let (before, after) = (prior.and_then(status), status(planned));
    if let Some(prior) = prior.filter(|_| !is_changed) {
        let PhaseCheckpoint { id, uri, progress, revision, history, evidence, markdown, snapshot, .. } = prior.clone();
        *planned =
            PhaseCheckpoint { id, uri, progress, revision, history, evidence, markdown, snapshot, ..planned.clone() };
        return;
    }
    let place = planned.store.known().zip(planned.phase.known());
    let store_is_new = prior.is_none_or(|prior| prior.store != planned.store);
    planned.id = place.map_or(Value::Unknown, |(store, phase)| Value::Known(format!("{store}#{phase}")));
    planned.uri = match prior {
        Some(prior) if !store_is_new => prior.uri.clone(),
        _ => Value::Unknown,
    };
    planned.revision = Value::Unknown;
    planned.markdown = Value::Unknown;
    let changes_status = after.is_none() || before != after || store_is_new;
    if changes_status {
        planned.history = Value::Unknown;
    } else if let Some(prior) = prior {
        planned.history.clone_from(&prior.history);
    }
    match prior {
        Some(prior) if !is_checked => {
            planned.evidence.clone_from(&prior.evidence);
            planned.snapshot.clone_from(&prior.snapshot);
        }
        _ => {
            planned.evidence = Value::Unknown;
            planned.snapshot = Value::Unknown;
        }
    }
    dates(prior, config, planned, after);
    let document = if after.is_some() { convert::document(planned, None).ok() } else { None };
    planned.progress = document.map_or(Value::Unknown, |document| Value::Known(i64::from(document.progress())));
}

/// Dates that the configuration does not give follow the status.
fn dates(
    prior: Option<&PhaseCheckpoint>,
    config: &PhaseCheckpoint,
    planned: &mut PhaseCheckpoint,
    after: Option<Status>,
) {
    let known_before =
        |pick: fn(&PhaseCheckpoint) -> &Value<When>| prior.map_or(Value::Null, |prior| pick(prior).clone());
    if config.started_at.is_null() {
        planned.started_at = match (known_before(|body| &body.started_at), after) {
            (Value::Known(when), _) => Value::Known(when),
            (_, Some(Status::NotStarted | Status::Ready | Status::Blocked)) => Value::Null,
            _ => Value::Unknown,
        };
    }
    if config.completed_at.is_null() {
        planned.completed_at = match (known_before(|body| &body.completed_at), after) {
            (Value::Known(when), Some(Status::Completed)) if prior.and_then(status) == after => Value::Known(when),
            (_, Some(Status::Completed) | None) => Value::Unknown,
            _ => Value::Null,
        };
    }
}

/// A destruction is planned only if nothing forbids it.
pub(super) fn plan_destroy(prior: &PhaseCheckpoint) -> Option<Diagnostic> {
    is_protected(prior).then(|| problem::protected(prior))
}

/// Whether destroying the phase is refused.
pub(super) fn is_protected(body: &PhaseCheckpoint) -> bool {
    body.deletion_policy.known() == Some(&CheckpointDeletion::Prevent)
}
