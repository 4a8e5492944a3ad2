//! Checkpoints that people wrote, read from where they are.

use mlops_phases::handwritten::{Handwritten, parse};
use tfplugin::{Diagnostic, Path, name};

use super::model::PhaseCheckpoint;
use super::problem;
use super::source::HandwrittenFile;
use super::store::Store;
use crate::checkpoint::Session;
use crate::google::api::CallContext;

/// The most lines of leftovers that a warning shows.
const SHOWN: usize = 20;

/// Reads a hand-written checkpoint; `None` when there is no such file.
pub(super) async fn read(
    session: &Session,
    calls: &CallContext,
    file: &HandwrittenFile,
) -> Result<Option<Handwritten>, Diagnostic> {
    let clients = session.stores().map_err(|missing| missing.diagnostic())?;
    let read = Store::open(&file.folder, clients)
        .read(calls, &file.name)
        .await
        .map_err(|error| problem::store(&error.into()))?;
    Ok(read.map(|object| parse(&String::from_utf8_lossy(&object.bytes))))
}

/// What was not understood, as a warning.
pub(super) async fn leftovers(
    session: &Session,
    calls: &CallContext,
    file: &HandwrittenFile,
) -> Result<Option<Diagnostic>, Diagnostic> {
    let Some(read) = read(session, calls, file).await? else { return Ok(None) };
    if read.unrecognized.is_empty() {
        return Ok(None);
    }
    let count = read.unrecognized.len();
    let shown = read
        .unrecognized
        .iter()
        .take(SHOWN)
        .map(|left| format!("  line {}, {}: {}", left.line, left.section, left.text));
    let mut lines: Vec<String> = shown.collect();
    if count > SHOWN {
        lines.push(format!("  and {} more; provider::mlops::parse_phase_checkpoint lists all", count - SHOWN));
    }
    let text = format!(
        "{} parts of {} fit no attribute. They stay in the document; take over by hand what matters:\n{}",
        count,
        file.name,
        lines.join("\n")
    );
    Ok(Some(
        Diagnostic::warning("Some content of the hand-written checkpoint was not imported", text)
            .at(Path::root().attribute(name!(PhaseCheckpoint.store))),
    ))
}
