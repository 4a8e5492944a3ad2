//! Holds the structure of the workspace: no circle between modules, an engine that knows no cloud and no kind by name, and pages
//! whose proofs exist.
//!
//! `workspace` finds the crates, `source` parses one into modules, `resolve` says which module a path leads to, `circles`,
//! `neutral` and `proofs` are the rules, and `known` is the list of today's violations, which may only shrink. `titles` collects the
//! titles of diagnostics for their catalogue, and `gaps` finds texts whose lines lost their ends.

pub mod circles;
pub mod gaps;
pub mod known;
pub mod neutral;
pub mod proofs;
mod resolve;
pub mod source;
mod testing;
pub mod titles;
pub mod words;
pub mod workspace;

use std::path::Path;

use crate::source::SourceError;
use crate::workspace::WorkspaceError;

/// One thing that a rule forbids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// What identifies it, as a line of the list of known ones.
    pub line: String,
    /// Where it is and what it means, for a person.
    pub explanation: String,
}

/// Why the structure could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The crates are not known.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A crate cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A page that promises something cannot be read.
    #[error("a page cannot be read")]
    Page(#[from] std::io::Error),
}

/// All that is forbidden in the workspace at `root`, sorted.
///
/// # Errors
/// When its crates cannot be found or read.
pub fn violations(root: &Path) -> Result<Vec<Violation>, CheckError> {
    let mut all = Vec::new();
    for target in workspace::targets(root)? {
        let tree = source::Tree::read(&target.name, &target.root, root)?;
        all.extend(circles::violations(&tree));
        all.extend(neutral::violations(&tree));
    }
    all.extend(proofs::violations(root)?);
    all.sort();
    all.dedup();
    Ok(all)
}
