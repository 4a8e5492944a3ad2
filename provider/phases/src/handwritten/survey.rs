//! A first look at a text: which phases it has, what they are called, and which is the current one.

use std::collections::{BTreeMap, BTreeSet};

use super::field::field;
use super::marks::{leading_status, plain};
use super::mention::{Declaration, declaration};
use super::outline::{Block, Item, Outline, Section};
use super::topic::{after_number, numbered_step, topic};
use crate::PhaseId;

/// What the first look found.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) phases: BTreeMap<PhaseId, Known>,
    /// The phase that the text calls current.
    pub(super) current: Option<PhaseId>,
    pub(super) project_name: Option<String>,
    /// The text tells of parts and their status, but numbers no phase.
    pub(super) numberless: bool,
    /// The first heading.
    pub(super) heading: String,
    /// First and last phases of ranges such as `5-6`.
    ends: BTreeSet<String>,
}

/// What is known of one phase.
#[derive(Default)]
pub(super) struct Known {
    title: Option<String>,
    /// A title that rather tells what a section holds: `Current State and Next Steps`.
    topical: Option<String>,
    /// How many headings it has.
    pub(super) headings: usize,
}

impl Known {
    /// What the phase is called.
    pub(super) fn title(&self) -> Option<&String> {
        self.title.as_ref().or(self.topical.as_ref())
    }
}

/// Takes the first look.
pub(super) fn survey(outline: &Outline<'_>) -> Facts {
    let mut facts = Facts::default();
    facts.section(&outline.root, false);
    let names: Vec<String> = facts.phases.keys().map(PhaseId::to_string).collect();
    facts.ends =
        names.iter().filter(|name| name.contains('-')).flat_map(|name| name.split('-')).map(str::to_owned).collect();
    facts.numberless &= facts.phases.is_empty();
    facts.project_name = facts.project_name.take().or_else(|| project_in(&facts.heading));
    facts
}

impl Facts {
    /// Whether a phase is named as part of a range: `5` as part of `5-6`.
    pub(super) fn is_part(&self, phase: &PhaseId) -> bool {
        self.ends.contains(&phase.to_string())
    }

    fn section(&mut self, section: &Section<'_>, tells_current: bool) {
        let title = plain(section.title);
        if section.level == 1 && self.heading.is_empty() {
            self.heading.clone_from(&title);
        }
        if let Some(declared) = declaration(section.title) {
            if tells_current && self.current.is_none() {
                self.current = Some(declared.phase.clone());
            }
            self.add(declared, true);
        } else if numbered_step(&title).is_some() || step_with_status(&title).is_some() {
            self.numberless = true;
        }
        let lower = title.to_lowercase();
        let tells_current = matches!(lower.as_str(), "active phase" | "current phase");
        section.blocks.iter().for_each(|block| self.block(block));
        section.children.iter().for_each(|child| self.section(child, tells_current));
    }

    fn block(&mut self, block: &Block<'_>) {
        match block {
            Block::Text { text, .. } => self.line(text),
            Block::Item(Item { text, .. }) => self.line(text),
            Block::Fence(fence) if fence.language.is_empty() => {
                let stated = fence.body.iter().filter_map(|line| declaration(line));
                stated.filter(|stated| stated.status.is_some()).for_each(|stated| self.add(stated, false));
            }
            Block::Fence(_) | Block::Table { .. } => {}
        }
    }

    fn line(&mut self, text: &str) {
        let Some((key, value)) = field(text) else { return };
        match key.to_lowercase().as_str() {
            "current phase" | "active phase" => {
                if let Some(declared) = declaration(value) {
                    self.current = Some(declared.phase.clone());
                    self.add(declared, false);
                }
            }
            "project" | "project name" => self.project_name = self.project_name.take().or(Some(plain(value))),
            "status" => self.numberless = true,
            _ => {}
        }
    }

    fn add(&mut self, declared: Declaration, heading: bool) {
        let known = self.phases.entry(declared.phase).or_default();
        known.headings += usize::from(heading);
        if let Some(title) = declared.title {
            let place = if topic(&title).is_some() { &mut known.topical } else { &mut known.title };
            place.get_or_insert(title);
        }
    }
}

/// `1. Database Migration (COMPLETE)`: the name and what the brackets hold.
pub(super) fn step_with_status(title: &str) -> Option<(&str, &str)> {
    let (name, inside) = after_number(title)?.strip_suffix(')')?.rsplit_once('(')?;
    leading_status(inside)?;
    Some((name.trim(), inside))
}

/// The project in a first heading: without the kind of the text and its date.
fn project_in(heading: &str) -> Option<String> {
    if declaration(heading).is_some() {
        return None;
    }
    let kinds = [
        "session resume guide",
        "session resume",
        "session context",
        "phase checkpoint",
        "implementation summary",
        "implementation roadmap",
        "roadmap",
        "checkpoint",
        "resume guide",
    ];
    let mut name = heading.to_owned();
    if let Some((before, after)) = name.rsplit_once(" - ")
        && super::dates::is_date(after)
    {
        name = before.to_owned();
    }
    for kind in kinds {
        // Lower case of ASCII has the same length, so that places in one are places in the other.
        if let Some(at) = name.to_ascii_lowercase().find(kind) {
            name.replace_range(at..at + kind.len(), "");
        }
    }
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '-' | ':' | '–' | '—'));
    (name.len() > 2 && name.len() < heading.len()).then(|| name.to_owned())
}
