//! Documents for tests.

use mlops_phases::document::{Change, Outcome, Step};
use mlops_phases::{Document, PhaseId, Status};

pub(crate) fn phase(id: &str) -> PhaseId {
    id.parse().unwrap()
}

/// A phase that nobody has begun.
pub(crate) fn document(id: &str) -> Document {
    Document::new(phase(id), "Import Existing Resources")
}

/// The same with another title, changed by a person at some time.
pub(crate) fn by(document: &Document, person: &str) -> Document {
    let mut document = document.clone();
    document.title = format!("Import, as {person} sees it");
    document.history.push(Change {
        at: "2026-03-01T12:00:00Z".parse().unwrap(),
        by: person.to_owned(),
        from: Some(document.status),
        to: Status::InProgress,
        outcome: Outcome::Changed,
        reason: None,
        evidence: std::collections::BTreeMap::new(),
    });
    document.status = Status::InProgress;
    document
}

/// The same with one more step.
pub(crate) fn with_step(document: &Document, name: &str) -> Document {
    let mut document = document.clone();
    document.steps.push(Step { name: name.to_owned(), ..Step::default() });
    document
}

/// The names of the steps.
pub(crate) fn steps(document: &Document) -> Vec<String> {
    document.steps.iter().map(|step| step.name.clone()).collect()
}
