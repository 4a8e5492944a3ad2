//! What can go wrong with a checkpoint, as diagnostics.

use std::error::Error;

use mlops_phases::Document;
use tfplugin::{Diagnostic, Path, name};

use super::archive::{LoadError, SaveError};
use super::convert::{ConvertError, DocumentAddress};
use super::model::PhaseCheckpoint;
use super::store::{StoreError, chain};

fn at_store(summary: &str, detail: String) -> Diagnostic {
    Diagnostic::error(summary, detail).at(Path::root().attribute(name!(PhaseCheckpoint.store)))
}

/// An error with its causes, as sentences. A URL at the start stays as it is spelt.
fn sentence(error: &(dyn Error + 'static)) -> String {
    let text = chain(error);
    let text = text.trim_end_matches('.');
    let starts_with_url = text.split(' ').next().is_some_and(|word| word.contains("://"));
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if !starts_with_url => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        _ => format!("{text}."),
    }
}

/// The store could not be read or written.
pub(super) fn store(error: &LoadError) -> Diagnostic {
    at_store("Cannot access the checkpoint store", sentence(error))
}

/// A report of phases that cannot be there yet.
pub(super) fn no_bucket_yet(error: &StoreError) -> Diagnostic {
    let text = format!(
        "{} The report is empty. If this apply makes the bucket, nothing is wrong; otherwise correct the store's name.",
        sentence(error)
    );
    Diagnostic::warning("Checkpoint store does not exist yet", text)
        .at(Path::root().attribute(name!(PhaseCheckpoint.store)))
}

/// The bucket of a phase that exists is gone, and the phase with it.
pub(super) fn bucket_gone(error: &StoreError) -> Diagnostic {
    let text = format!(
        "{} The document of the phase is gone with it, so an apply would write it again. Restore the bucket, or change the store.",
        sentence(error)
    );
    Diagnostic::warning("Checkpoint store no longer exists", text)
        .at(Path::root().attribute(name!(PhaseCheckpoint.store)))
}

/// A protected phase stays.
pub(super) fn protected(body: &PhaseCheckpoint) -> Diagnostic {
    Diagnostic::error(
        "The checkpoint is protected from deletion",
        format!(
            "{} has deletion_policy = \"PREVENT\" in the state. To delete its document, set \"DELETE\" and apply first; to \
             keep the document and only forget it, set \"ABANDON\".",
            body.id.known().map_or("the phase", String::as_str)
        ),
    )
    .at(Path::root().attribute(name!(PhaseCheckpoint.deletion_policy)))
}

/// A write was refused.
pub(super) fn save(error: &SaveError) -> Diagnostic {
    let summary = match error {
        SaveError::Changed(_) => "The phase has changed since it was last read",
        SaveError::Gone { .. } => "The phase was deleted since it was last read",
        SaveError::Load(_) | SaveError::Unwritable(_) => "The checkpoint was not written",
    };
    at_store(summary, sentence(error))
}

/// The pages for people could not be written; the documents are.
pub(super) fn pages(error: &LoadError) -> Diagnostic {
    let text = format!(
        "The phase itself is stored. PHASE_CHECKPOINT.md and SESSION_RESUME.md beside it are as they were. {} They are written at the next change of a phase.",
        sentence(error)
    );
    Diagnostic::warning("PHASE_CHECKPOINT.md was not updated", text)
        .at(Path::root().attribute(name!(PhaseCheckpoint.store)))
}

/// A body and a document do not fit.
pub(super) fn convert(error: &ConvertError) -> Diagnostic {
    Diagnostic::error("The checkpoint cannot be stored", sentence(error))
}

/// Something is needed that is known only after apply.
pub(super) fn unknown(attribute: &'static str) -> Diagnostic {
    Diagnostic::error(
        "Value is not known until apply",
        format!("{attribute} is not known yet, and the checkpoint cannot be stored without it."),
    )
    .at(Path::root().attribute(attribute))
}

/// A phase of that name is in the store already.
pub(super) fn exists(document: &Document, place: &DocumentAddress) -> Diagnostic {
    let who = document
        .history
        .last()
        .map_or_else(String::new, |change| format!(", last changed by {} at {}", change.by, change.at));
    at_store(
        "The phase already exists",
        format!(
            "{} holds phase {} ({}, revision {}{who}). To manage it here, import it: terraform import ADDRESS '{}#{}'. If \
             a resource of another name managed it until now, write a moved block for it instead, and nothing is deleted.",
            place.uri,
            document.phase,
            document.status.words(),
            document.revision,
            place.store,
            document.phase
        ),
    )
}
