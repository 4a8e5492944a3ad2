//! Items of lists, by the topic of their section.

use super::{Context, Reader};
use crate::document::{Command, Issue, Risk};
use crate::handwritten::draft::{DraftStep, Tick};
use crate::handwritten::field::field;
use crate::handwritten::marks::{self, Mark, leading_status, plain, split_at_mark};
use crate::handwritten::mention::mentions;
use crate::handwritten::outline::{Block, Item};
use crate::handwritten::topic::Topic;

impl<'a> Block<'a> {
    /// The item, if it is one.
    pub(super) fn item(&self) -> Option<&Item<'a>> {
        match self {
            Self::Item(item) => Some(item),
            Self::Text { .. } | Self::Table { .. } | Self::Fence(_) => None,
        }
    }
}

/// What an item says without its mark, and what the mark says.
pub(in crate::handwritten) fn tick(item: &Item<'_>) -> Tick {
    let mut tick = tick_of(&item.text);
    tick.done = item.ticked.or(tick.done);
    tick
}

/// What a text says without its mark and the words of status beside it (`Verify plan ✅ DONE`).
pub(in crate::handwritten) fn tick_of(text: &str) -> Tick {
    let Some((before, mark, after)) = split_at_mark(text) else { return Tick { name: plain(text), done: None } };
    let (name, after) = (plain(before), plain(after));
    let done = Some(mark == Mark::Done);
    match leading_status(&after) {
        Some((_, rest)) if !name.is_empty() => Tick { name: format!("{name} {rest}").trim_end().to_owned(), done },
        _ => Tick { name: format!("{name} {after}").trim().to_owned(), done },
    }
}

/// An item with what is below it, in one text.
pub(in crate::handwritten) fn joined(item: &Item<'_>) -> String {
    let text = plain(&item.text);
    let below: Vec<String> = item.children.iter().filter_map(Block::item).map(joined).collect();
    let text = text.strip_suffix(':').unwrap_or(&text);
    if below.is_empty() { text.to_owned() } else { format!("{text}: {}", below.join("; ")) }
}

/// `fixed` and `open` have one spelling; other words stay as they are.
pub(in crate::handwritten) fn issue_status(text: &str) -> String {
    let words = plain(text);
    let known = ["fixed", "open", "resolved", "closed"].iter().find(|known| words.eq_ignore_ascii_case(known));
    match (known, marks::mark(text)) {
        (Some(known), _) => (*known).to_owned(),
        (None, Some(mark)) if words.is_empty() => if mark == Mark::Done { "fixed" } else { "open" }.to_owned(),
        (None, _) => words,
    }
}

/// `CRITICAL: Bucket location mismatch - Added location override`.
fn issue(tick: Tick, list: &str) -> Issue {
    let severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "BLOCKER", "MAJOR", "MINOR", "P0", "P1", "P2", "P3"];
    let of = |text: &str| severities.iter().find(|word| text.trim_matches(['[', ']', ' ']).eq_ignore_ascii_case(word));
    let (severity, text) = match tick.name.split_once(": ").and_then(|(word, rest)| Some((of(word)?, rest))) {
        Some((severity, rest)) => (Some((*severity).to_owned()), rest),
        None => (None, tick.name.as_str()),
    };
    let (title, fix) = match text.split_once(" - ").or_else(|| text.split_once(" — ")) {
        Some((title, fix)) if severity.is_some() => (title, Some(fix.to_owned())),
        _ => (text, None),
    };
    let list = list.to_lowercase();
    let severity = severity.or_else(|| list.contains("critical").then(|| "CRITICAL".to_owned()));
    let fixed = tick.done.unwrap_or_else(|| list.contains("fixed"));
    let status = Some(if fixed { "fixed" } else { "open" }.to_owned());
    Issue { severity, title: title.to_owned(), status, fix }
}

/// A step with what is below it: boxes are its tasks, and a first item without one tells what the step is for.
fn step(item: &Item<'_>, below: &[&Item<'_>]) -> DraftStep {
    let mut own = tick(item);
    let estimate = split_estimate(&mut own.name);
    let boxes = below.iter().any(|task| task.ticked.is_some());
    let purpose = below.first().filter(|first| first.ticked.is_none() && (boxes || below.len() == 1));
    let tasks = below[usize::from(purpose.is_some())..].iter();
    let tasks = tasks.map(|task| Tick { name: joined(task), ..tick(task) }).collect();
    DraftStep { tick: own, estimate, objective: purpose.map(|first| joined(first)), tasks }
}

/// Takes `(Day 1 - 4 hours)` from the end of a step's name.
pub(in crate::handwritten) fn split_estimate(name: &mut String) -> Option<String> {
    let (before, inside) = name.strip_suffix(')')?.rsplit_once('(')?;
    let words = inside.to_ascii_lowercase();
    let units = ["hour", "day", "week", "minute"];
    let stated = words.split(|character: char| !character.is_ascii_alphanumeric());
    let time = stated.clone().any(|word| units.iter().any(|unit| word.trim_end_matches('s') == *unit));
    if !time || !words.contains(|character: char| character.is_ascii_digit()) || before.trim().is_empty() {
        return None;
    }
    let estimate = inside.replace(" - ", ", ");
    name.truncate(before.trim_end().len());
    Some(estimate)
}

fn declaration_like(text: &str) -> bool {
    mentions(text).first().is_some_and(|first| text[..first.start].trim_matches('*').is_empty())
}

impl Reader<'_> {
    /// Takes an item, and all that is below it.
    pub(super) fn item(&mut self, item: &Item<'_>, context: &Context) {
        if (context.own || context.loose)
            && let Some((key, value)) = field(&item.text)
            && self.field(item.start, key, value, context)
        {
            return self.claim(item.start, item.end);
        }
        let text = |text: String| {
            if context.prefix.is_empty() { text } else { format!("{}: {text}", context.prefix) }
        };
        if context.loose {
            return;
        }
        let Some(topic) = context.topic else { return self.note(context, item.start, item.end) };
        self.claim(item.start, item.end);
        let below: Vec<&Item<'_>> = item.children.iter().filter_map(Block::item).collect();
        let draft = self.draft(&context.scope);
        match topic {
            Topic::Prose => return self.note(context, item.start, item.end),
            Topic::Steps => draft.steps.push(step(item, &below)),
            Topic::Checklist | Topic::Recap => {
                let list = draft.checklist(&context.title);
                list.items.push(tick(item));
                list.items.extend(below.iter().map(|task| Tick { name: joined(task), ..tick(task) }));
            }
            Topic::Deliverables => draft.deliverables.push(text(joined(item))),
            Topic::Objectives => draft.objectives.push(text(joined(item))),
            Topic::NextSteps => draft.next_steps.push(text(joined(item))),
            // `**Phase 3** waits for phase 2`: that follows from what is stated elsewhere.
            Topic::Issues if declaration_like(&item.text) => return self.note(context, item.start, item.end),
            Topic::Issues => draft.issues.push(issue(Tick { name: joined(item), ..tick(item) }, &context.title)),
            Topic::Risks => draft.risks.push(Risk { risk: joined(item), ..Risk::default() }),
            Topic::Metrics => match field(&joined(item)) {
                Some((name, value)) if !value.is_empty() => draft.metric(&context.title, name, value),
                _ => {
                    let name = joined(item);
                    draft.checklist(&context.title).items.push(Tick { name, done: item.ticked });
                }
            },
            Topic::Commands | Topic::Verification => match shown(&item.text) {
                Some(command) => draft.verification.push(command),
                None if topic == Topic::Verification => {
                    draft.checklist(&context.title).items.push(Tick { name: joined(item), ..tick(item) });
                }
                None => return self.note(context, item.start, item.end),
            },
        }
        self.fences_of(item, context);
    }

    /// Takes the blocks of code that stand below an item.
    pub(super) fn fences_of(&mut self, item: &Item<'_>, context: &Context) {
        let name = plain(&item.text);
        for block in &item.children {
            match block {
                Block::Fence(fence) => self.fence(fence, name.trim_end_matches(':'), context),
                Block::Item(inner) => self.fences_of(inner, context),
                Block::Text { .. } | Block::Table { .. } => {}
            }
        }
    }
}

/// `` `terraform plan` = **No changes** ``.
fn shown(text: &str) -> Option<Command> {
    let (command, rest) = text.strip_prefix('`')?.split_once('`')?;
    let expected = plain(rest.trim_start().strip_prefix(['=', '→', ':'])?);
    Some(Command { name: None, command: command.to_owned(), expected: Some(expected) })
}
