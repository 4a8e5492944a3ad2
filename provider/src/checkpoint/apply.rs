//! Writes a phase: checks the order of phases and, when it is completed, the criteria; records what came of it.
//!
//! A creation that fails after its document was written leaves it unclaimed: Terraform keeps no state of it, so nothing is
//! tainted, and the next creation takes the document up again.

use std::collections::BTreeMap;

use futures::future::join_all;
use mlops_phases::document::{Change, Criterion, Evidence, Outcome};
use mlops_phases::{Document, Moment, PhaseId, Status};
use tfplugin::{Diagnostic, Diagnostics, Path, name};

use super::archive::{Archive, Stored};
use super::convert::{self, DocumentAddress};
use super::criteria::{self, Tools};
use super::model::PhaseCheckpoint;
use super::problem;
use crate::google::api::CallContext;

/// What an apply has to work with.
pub(super) struct Work<'a> {
    /// The store that the phase is written to.
    pub(super) archive: &'a Archive,
    /// Where that is.
    pub(super) place: DocumentAddress,
    /// The document as the state before knows it; `None` when the phase is created here.
    pub(super) known: Option<Known>,
    /// As planned.
    pub(super) planned: &'a PhaseCheckpoint,
    /// What criteria are checked with.
    pub(super) tools: Tools<'a>,
    /// Who does it.
    pub(super) by: String,
}

/// What the state knows of a phase that exists.
pub(super) enum Known {
    /// It is in this store, with this revision.
    Here(u64),
    /// It comes from elsewhere: another store, or a hand-written document.
    From(Box<Document>, String),
}

/// What an apply came to.
pub(super) struct Applied {
    /// The body now; `None` when the state knows of nothing.
    pub(super) body: Option<PhaseCheckpoint>,
    /// Errors and warnings.
    pub(super) diagnostics: Diagnostics,
}

/// Does it.
///
/// # Errors
/// When nothing was written.
pub(super) async fn apply(work: Work<'_>) -> Result<Applied, Diagnostics> {
    let Work { archive, place, known, planned, tools, by } = work;
    let phase = planned
        .phase
        .known()
        .map(|name| name.0.clone())
        .ok_or_else(|| problem::unknown(name!(PhaseCheckpoint.phase)))?;
    let base = base(archive, tools.calls, known.as_ref(), &phase, &place).await?;
    let before = match (&base, &known) {
        (Some(stored), _) => Some(stored.document().clone()),
        (None, Some(Known::From(document, _))) => Some((**document).clone()),
        (None, _) => None,
    };
    let mut wanted = convert::document(planned, before.as_ref()).map_err(|error| problem::convert(&error))?;
    let from = before.as_ref().map(|document| document.status);
    let waits_for_others = matches!(known, Some(Known::Here(_)))
        && before.as_ref().is_some_and(|before| before.depends_on_phases != wanted.depends_on_phases);
    if from != Some(wanted.status) || waits_for_others {
        in_order(archive, tools.calls, &wanted).await?;
    }
    let mut diagnostics = Diagnostics::new();
    let now = Moment::at(tools.calls.clock.wall());
    let is_moved = matches!(known, Some(Known::From(..)));
    let changed = changed_criteria(before.as_ref(), &wanted);
    wanted.evidence.retain(|name, _| wanted.criteria.contains_key(name) && !changed.contains_key(name));
    if from == Some(Status::Completed) && wanted.status == Status::Completed && !changed.is_empty() {
        let evidence = criteria::check(&changed, &tools).await;
        let failed = evidence.iter().filter(|(_, evidence)| !evidence.passed);
        let failed: Diagnostics = failed.map(|(name, evidence)| proof_failed(&phase, name, evidence)).collect();
        if failed.has_error() {
            return Err(failed);
        }
        wanted.evidence.extend(evidence);
        wanted.snapshot = snapshot(&wanted);
    }
    if from != Some(Status::Completed) && wanted.status == Status::Completed {
        let evidence = criteria::check(&wanted.criteria, &tools).await;
        let failed: BTreeMap<&String, &Evidence> = evidence.iter().filter(|(_, evidence)| !evidence.passed).collect();
        for (name, evidence) in &failed {
            diagnostics.push(criterion_failed(&phase, name, evidence));
        }
        let reason = (!failed.is_empty()).then(|| format!("criteria that failed: {}", names(failed.keys().copied())));
        wanted.evidence.clone_from(&evidence);
        record(&mut wanted, from, &now, by, reason, evidence);
    } else if from != Some(wanted.status) || is_moved {
        let reason = match &known {
            Some(Known::From(_, address)) => Some(format!("taken over from {address}")),
            _ if from == Some(Status::Completed) => wanted.reopen_reason.clone(),
            _ => None,
        };
        record(&mut wanted, from, &now, by, reason, BTreeMap::new());
    }
    wanted.unclaimed = diagnostics.has_error() && known.is_none();
    // Where only a spelling changed there is nothing to write.
    if is_moved || before.as_ref() != Some(&wanted) {
        let stored = archive.save(tools.calls, &wanted, base.as_ref()).await.map_err(|error| problem::save(&error))?;
        wanted.revision = stored.revision();
        if let Err(error) = archive.publish(tools.calls, super::pages).await {
            diagnostics.push(problem::pages(&error));
        }
    }
    if wanted.unclaimed {
        return Ok(Applied { body: None, diagnostics });
    }
    let body = convert::body(&wanted, &place, Some(planned)).map_err(|error| problem::convert(&error))?;
    Ok(Applied { body: Some(body), diagnostics })
}

/// The document that is replaced; none when the phase is new to this store.
async fn base(
    archive: &Archive,
    calls: &CallContext,
    known: Option<&Known>,
    phase: &PhaseId,
    place: &DocumentAddress,
) -> Result<Option<Stored>, Diagnostic> {
    if let Some(Known::Here(revision)) = known {
        return archive.expect(calls, phase, *revision).await.map(Some).map_err(|error| problem::save(&error));
    }
    match archive.load(calls, phase).await.map_err(|error| problem::store(&error))? {
        None => Ok(None),
        Some(stored) if stored.document().unclaimed && known.is_none() => Ok(Some(stored)),
        Some(stored) => Err(problem::exists(stored.document(), place)),
    }
}

/// Sets the status, its dates and the entry in the history: the wanted one, or, when something failed, the one before.
fn record(
    document: &mut Document,
    from: Option<Status>,
    now: &Moment,
    by: String,
    reason: Option<String>,
    evidence: BTreeMap<String, Evidence>,
) {
    let to = document.status;
    let is_refused = evidence.values().any(|evidence| !evidence.passed);
    let outcome = if is_refused { Outcome::Refused } else { Outcome::Changed };
    if is_refused {
        document.status = from.unwrap_or_default();
        document.completed_at = None;
    }
    if document.status == Status::Completed {
        document.snapshot = snapshot(document);
        if document.completed_at.is_none() {
            document.completed_at = Some(now.clone());
        }
    }
    if matches!(document.status, Status::InProgress | Status::Completed) && document.started_at.is_none() {
        // A phase that is recorded after the fact began no later than it ended.
        document.started_at = Some(document.completed_at.clone().unwrap_or_else(|| now.clone()));
    }
    document.history.push(Change { at: now.clone(), by, from, to, outcome, reason, evidence });
}

fn snapshot(document: &Document) -> BTreeMap<String, String> {
    let stacks = document.criteria.values().filter_map(|criterion| match criterion {
        Criterion::StackInSync { stack, fingerprint } => Some((stack.clone(), fingerprint.clone())),
        _ => None,
    });
    stacks.collect()
}

/// The criteria that the document before did not have, or had otherwise: what was observed of those proves nothing here.
fn changed_criteria(before: Option<&Document>, wanted: &Document) -> BTreeMap<String, Criterion> {
    let is_new = |name: &String, criterion: &Criterion| {
        before.is_some_and(|before| before.criteria.get(name) != Some(criterion))
    };
    let changed = wanted.criteria.iter().filter(|(name, criterion)| is_new(name, criterion));
    changed.map(|(name, criterion)| (name.clone(), criterion.clone())).collect()
}

/// A phase goes on only when those before it are completed.
async fn in_order(archive: &Archive, calls: &CallContext, wanted: &Document) -> Result<(), Diagnostics> {
    if wanted.status.may_wait() {
        return Ok(());
    }
    let loads =
        wanted.depends_on_phases.iter().map(|before| async move { (before, archive.load(calls, before).await) });
    let mut diagnostics = Diagnostics::new();
    for (before, loaded) in join_all(loads).await {
        let status = loaded.map_err(|error| problem::store(&error))?.map(|stored| stored.document().status);
        if status != Some(Status::Completed) {
            diagnostics.push(too_early(&wanted.phase, wanted.status, before, status));
        }
    }
    if diagnostics.has_error() { Err(diagnostics) } else { Ok(()) }
}

fn too_early(phase: &PhaseId, wanted: Status, before: &PhaseId, status: Option<Status>) -> Diagnostic {
    let stands = status.map_or_else(|| "is not in the store".to_owned(), |status| format!("is {}", status.words()));
    Diagnostic::error(
        "Phase starts before a phase that it depends on is completed",
        format!(
            "Phase {phase} cannot become \"{wanted}\": phase {before}, which it depends on, {stands}. Complete phase {before} first. If \
             it is completed in the same configuration, refer to it in depends_on_phases as mlops_phase_checkpoint.NAME.phase, so \
             that Terraform applies it first."
        ),
    )
    .at(Path::root().attribute(name!(PhaseCheckpoint.depends_on_phases)))
}

fn proof_failed(phase: &PhaseId, name: &str, evidence: &Evidence) -> Diagnostic {
    Diagnostic::error(
        format!("Phase {phase} is completed, and its new criterion {name:?} does not hold"),
        format!(
            "Observed: {}. Nothing was written: the phase stays completed by the criteria that it had. Fix what was observed, leave \
             the criterion as it was, or reopen the phase with status = \"in_progress\" and a reopen_reason.",
            evidence.observed.trim_end_matches('.')
        ),
    )
    .at(Path::root().attribute(name!(PhaseCheckpoint.criteria)).key(name))
}

fn criterion_failed(phase: &PhaseId, name: &str, evidence: &Evidence) -> Diagnostic {
    Diagnostic::error(
        format!("Phase {phase} is not completed: criterion {name:?} failed"),
        format!(
            "Observed: {}. The attempt is in the phase's history; its status stays. Fix what was observed, or change the criterion, \
             and apply again.",
            evidence.observed.trim_end_matches('.')
        ),
    )
    .at(Path::root().attribute(name!(PhaseCheckpoint.criteria)).key(name))
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(String::as_str).collect::<Vec<_>>().join(", ")
}
