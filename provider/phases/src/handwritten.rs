//! Checkpoints that people wrote by hand, in markdown.
//!
//! [`parse`] reads phase checkpoints, resume guides, summaries, session contexts and roadmaps. It repairs text whose
//! encoding was damaged, understands the headings, lists, tables, status trees and marks that people use, and tells what
//! it did not understand. Any text gives a result.
//!
//! How a text is read where it leaves room:
//! - A phase has the status that the text tells last. Words say more than marks beside them.
//! - What stands in no phase's section is about the current phase; what is told as accomplished is about the last
//!   completed one.
//! - What has no mark is done when that which it belongs to is: a task with its step, a step with its phase.
//! - A section that fits no field goes to the phase's notes, as it was written.
//! - A text that numbers no phase, but tells of finished and open parts, is phase `1`, named after its objective; the
//!   parts are its steps.

mod dates;
mod draft;
mod fences;
mod field;
mod marks;
mod mention;
mod mojibake;
mod outline;
mod reader;
mod survey;
mod tables;
#[cfg(test)]
mod tests;
mod topic;

use serde::Serialize;

use crate::{Document, Moment, PhaseId};

/// What a hand-written text says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Handwritten {
    /// What the phases are phases of.
    pub project_name: Option<String>,
    /// When the text was last brought up to date, as it says.
    pub last_updated: Option<Moment>,
    /// The phase that the text calls the current one; else the first that is not completed.
    pub current: Option<PhaseId>,
    /// The phases, in order.
    pub phases: Vec<Document>,
    /// What was not understood.
    pub unrecognized: Vec<Leftover>,
}

/// Lines that were not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// The first of them, counted from 1.
    pub line: usize,
    /// The heading that they stand under; empty where there is none.
    pub section: String,
    /// The lines, with their encoding repaired.
    pub text: String,
}

/// Reads a hand-written checkpoint.
pub fn parse(markdown: &str) -> Handwritten {
    let text = mojibake::repair(markdown.trim_start_matches('\u{FEFF}'));
    let outline = outline::outline(&text);
    let facts = survey::survey(&outline);
    reader::read(&outline, facts)
}
