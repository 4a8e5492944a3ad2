//! Reads an outline, section by section, into drafts of phases.

mod fields;
pub(super) mod lists;

use std::collections::BTreeMap;

use super::draft::{Draft, DraftStep, Tick};
use super::field::{field, is_known};
use super::marks::{self, Mark, plain, whole_status};
use super::mention::{declaration, mentions};
use super::outline::{Block, Item, LABEL, Outline, Section, clipped, is_rule};
use super::survey::{Facts, Known, step_with_status};
use super::topic::{Topic, after_number, numbered_step, topic};
use super::{Handwritten, Leftover};
use crate::document::Issue;
use crate::{Document, Moment, PhaseId, Rollout, Status};

/// Whom a section is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Phase(PhaseId),
    /// Nobody in particular: the current phase.
    General,
    /// What was accomplished so far: the last completed phase.
    Achieved,
}

/// Where a block stands.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) scope: Scope,
    pub(super) topic: Option<Topic>,
    /// The heading, and its line; both name the notes and lists that come from here.
    pub(super) title: String,
    pub(super) line: usize,
    /// What stands before each text of a list, because the heading is no topic of its own.
    pub(super) prefix: String,
    /// Under the phase's own heading.
    pub(super) own: bool,
    /// Under no heading of its own: text here is about the document.
    pub(super) loose: bool,
}

pub(super) struct Reader<'a> {
    pub(super) outline: &'a Outline<'a>,
    pub(super) facts: Facts,
    pub(super) drafts: BTreeMap<Scope, Draft>,
    pub(super) last_updated: Option<Moment>,
    claimed: Vec<bool>,
}

/// Reads the whole text.
pub(super) fn read(outline: &Outline<'_>, facts: Facts) -> Handwritten {
    let claimed = vec![false; outline.lines.len()];
    let mut reader = Reader { outline, facts, drafts: BTreeMap::new(), last_updated: None, claimed };
    if !reader.facts.phases.is_empty() || reader.facts.numberless {
        let context = Context {
            scope: Scope::General,
            topic: None,
            title: String::new(),
            line: 0,
            prefix: String::new(),
            own: false,
            loose: true,
        };
        reader.section(&outline.root, &context, &mut None);
    }
    reader.finish()
}

impl Reader<'_> {
    pub(super) fn claim(&mut self, start: usize, end: usize) {
        self.claimed[start..end].fill(true);
    }

    pub(super) fn draft(&mut self, scope: &Scope) -> &mut Draft {
        let scope = match (scope, &self.facts.current) {
            (Scope::General, Some(current)) => Scope::Phase(current.clone()),
            _ => scope.clone(),
        };
        self.drafts.entry(scope).or_default()
    }

    /// Keeps lines as they stand.
    pub(super) fn note(&mut self, context: &Context, start: usize, end: usize) {
        self.claim(start, end);
        let lines = &self.outline.lines[start..end];
        let kept = lines.len() - lines.iter().rev().take_while(|line| line.trim().is_empty() || is_rule(line)).count();
        let mut text = lines[..kept].join("\n");
        if start > 0 && self.outline.lines[start - 1].trim().is_empty() {
            text.insert(0, '\n');
        }
        let heading = if context.own || context.loose { String::new() } else { context.title.clone() };
        let line = context.line;
        self.draft(&context.scope).note(line, &heading, text.trim_end());
    }

    pub(super) fn updated(&mut self, moment: Moment) {
        if self.last_updated.as_ref().is_none_or(|last| last.latest() < moment.latest()) {
            self.last_updated = Some(moment);
        }
    }

    /// `before` is the phase that the section before this one, under the same heading, was about.
    fn section(&mut self, section: &Section<'_>, parent: &Context, before: &mut Option<PhaseId>) {
        if section.level > 0 && !section.title.is_empty() {
            self.claim(section.start, section.start + 1);
        }
        let title = plain(section.title);
        let title = title.trim_end_matches(':').trim();
        let mut context = self.context(section, title, parent, before);
        if let Some((key, value)) = field(title)
            && !value.is_empty()
            && is_known(key)
            && self.field(section.start, key, value, &context)
        {
            context = Context { line: section.start, ..parent.clone() };
        } else if let Some(step) = self.step_heading(section, title) {
            return self.step(section, step, &context);
        } else if let Some(issue) = issue_heading(title) {
            return self.issue(section, issue, &context);
        } else if context.topic == Some(Topic::Prose) {
            return self.note(&context, section.start + 1, section.end);
        } else if section.level == LABEL && section.blocks.is_empty() {
            return self.note(parent, section.start, section.start + 1);
        }
        section.blocks.iter().for_each(|block| self.block(block, &context));
        let mut before = None;
        section.children.iter().for_each(|child| self.section(child, &context, &mut before));
    }

    fn context(
        &mut self,
        section: &Section<'_>,
        title: &str,
        parent: &Context,
        before: &mut Option<PhaseId>,
    ) -> Context {
        if section.level == 0 {
            return parent.clone();
        }
        let mut context = Context {
            scope: parent.scope.clone(),
            topic: None,
            title: clipped(title).to_owned(),
            line: section.start,
            prefix: String::new(),
            own: false,
            loose: title.is_empty(),
        };
        if section.level == LABEL && parent.own {
            context.topic = parent.topic;
        }
        if let Some(declared) = declaration(section.title) {
            context.scope = Scope::Phase(declared.phase.clone());
            *before = Some(declared.phase.clone());
            self.declared(section.start, declared, parent, &mut context);
            return context;
        }
        let own = topic(title);
        context.topic = match parent.topic.filter(|_| !parent.own) {
            // Below commands, a heading such as `Check Terraform Tasks` tells what they are for.
            Some(topic @ (Topic::Commands | Topic::Verification)) => Some(topic),
            inherited => own.or(inherited).or(context.topic),
        };
        if own.is_none() && context.topic.is_some() {
            if mentions(title).is_empty() {
                clipped(title).clone_into(&mut context.prefix);
            }
            if context.topic == Some(Topic::Checklist) && !parent.title.to_lowercase().contains("daily") {
                context.title = format!("{}: {}", parent.title, clipped(title));
            }
        }
        let mut named = mentions(title).into_iter().map(|mention| mention.phase);
        match (named.next(), named.next()) {
            (Some(phase), None) if self.facts.phases.contains_key(&phase) => {
                *before = Some(phase.clone());
                if context.topic.is_none() && title.to_lowercase().starts_with("after ") {
                    context.topic = Some(Topic::NextSteps);
                }
                context.scope = Scope::Phase(phase);
            }
            (None, _) if (3..LABEL).contains(&section.level) && parent.scope == Scope::General => {
                if let Some(phase) = before.clone() {
                    context.scope = Scope::Phase(phase);
                }
            }
            _ => {}
        }
        if own == Some(Topic::Deliverables) && context.scope == Scope::General && self.facts.phases.len() > 1 {
            context.scope = Scope::Achieved;
        }
        if context.topic == Some(Topic::Checklist) {
            context.title = without_phase(&context.title);
        }
        context.loose |= section.level == 1 && context.scope == Scope::General;
        context
    }

    /// A heading that names a phase.
    fn declared(
        &mut self,
        line: usize,
        declared: super::mention::Declaration,
        parent: &Context,
        context: &mut Context,
    ) {
        let known = self.facts.phases.get(&declared.phase);
        let aside = parent.topic == Some(Topic::NextSteps) && known.is_some_and(|known| known.headings > 1);
        let named = known.and_then(Known::title).is_none_or(|title| declared.title.as_ref() == Some(title));
        let topical = declared.title.as_deref().filter(|_| !named).and_then(topic);
        context.topic = Some(if aside { Topic::NextSteps } else { topical.unwrap_or(Topic::Steps) });
        context.own = context.topic == Some(Topic::Steps);
        let draft = self.draft(&context.scope);
        if let Some(status) = declared.status {
            draft.state(line, status);
            if status == Status::Completed {
                draft.completed_at = draft.completed_at.take().or(declared.date);
            }
        }
        // A heading says it more exactly than a progress bar before it.
        draft.schedule = declared.schedule.or(draft.schedule.take());
    }

    fn block(&mut self, block: &Block<'_>, context: &Context) {
        let (start, end) = block.span();
        match block {
            Block::Text { text, .. } => self.text(start, text, context),
            Block::Item(item) => self.item(item, context),
            Block::Fence(fence) => self.fence(fence, &context.title, context),
            Block::Table { header, rows, .. } => {
                if !self.table(header, rows, (start, end), context) && !context.loose {
                    self.note(context, start, end);
                }
            }
        }
    }

    fn text(&mut self, line: usize, text: &str, context: &Context) {
        if text.contains(marks::is_bar) {
            if self.bar(line, text, context) {
                self.claim(line, line + 1);
            }
            return;
        }
        if let Some((key, value)) = field(text) {
            if self.field(line, key, value, context) {
                return self.claim(line, line + 1);
            }
            if context.own && value.len() < 80 {
                self.claim(line, line + 1);
                return self.draft(&context.scope).metric(&context.title, key, &plain(value));
            }
            if !context.loose
                && let Some(status) = whole_status(value)
            {
                self.claim(line, line + 1);
                let name = if plain(value).contains('(') { plain(text) } else { key.to_owned() };
                let tick = Tick { name, done: Some(status == Status::Completed) };
                return self.draft(&context.scope).checklist(&context.title).items.push(tick);
            }
        }
        match context.topic {
            _ if context.loose => {}
            Some(Topic::Objectives) => {
                self.claim(line, line + 1);
                self.draft(&context.scope).objectives.push(plain(text));
            }
            _ => self.note(context, line, line + 1),
        }
    }

    /// The step that a heading names: its name, and whether it is done.
    fn step_heading(&self, section: &Section<'_>, title: &str) -> Option<Tick> {
        let (name, inside) = match numbered_step(title) {
            Some(name) => (name, ""),
            None if self.facts.numberless && section.level < LABEL => step_with_status(title)?,
            None => return None,
        };
        let done = marks::leading_status(inside).map(|(status, _)| status == Status::Completed);
        let done = done.or_else(|| marks::mark(section.title).map(|mark| mark == Mark::Done));
        Some(Tick { name: name.to_owned(), done })
    }

    /// A section that is a step.
    fn step(&mut self, section: &Section<'_>, mut tick: Tick, context: &Context) {
        let estimate = lists::split_estimate(&mut tick.name);
        let context = Context {
            title: clipped(&tick.name).to_owned(),
            topic: Some(Topic::Steps),
            own: false,
            loose: false,
            ..context.clone()
        };
        let mut step = DraftStep { tick, estimate, objective: None, tasks: Vec::new() };
        self.step_parts(section, &mut step, &context);
        self.draft(&context.scope).steps.push(step);
    }

    fn step_parts(&mut self, section: &Section<'_>, step: &mut DraftStep, context: &Context) {
        for block in &section.blocks {
            match block {
                Block::Item(item) => self.step_item(item, step, context),
                Block::Text { line, text } if context.topic == Some(Topic::Objectives) => {
                    self.claim(*line, line + 1);
                    step.objective = Some(match step.objective.take() {
                        Some(before) => format!("{before} {}", plain(text)),
                        None => plain(text),
                    });
                }
                Block::Text { line, .. } => self.note(context, *line, line + 1),
                Block::Fence(_) | Block::Table { .. } => self.block(block, context),
            }
        }
        for child in &section.children {
            self.claim(child.start, child.start + 1);
            let title = plain(child.title);
            let title = title.trim_end_matches(':');
            let (line, mut inner) = (child.start, context.clone());
            inner.line = line;
            if let Some(task) = after_number(title) {
                clipped(task).clone_into(&mut inner.title);
                step.tasks.push(Tick { name: task.to_owned(), done: None });
                self.step_parts(child, step, &inner);
                continue;
            }
            inner.topic = topic(title);
            match inner.topic {
                Some(Topic::Objectives | Topic::Steps) | None => {
                    self.step_parts(child, step, &inner);
                    continue;
                }
                Some(Topic::Prose) => {
                    self.note(&inner, child.start + 1, child.end);
                    continue;
                }
                Some(Topic::Checklist) => inner.title = format!("{}: {}", context.title, clipped(title)),
                Some(_) => {}
            }
            child.blocks.iter().for_each(|block| self.block(block, &inner));
            child.children.iter().for_each(|grandchild| self.section(grandchild, &inner, &mut None));
        }
    }

    /// An item in a step is one of its tasks; those that tell a problem and its cure are an issue as well.
    fn step_item(&mut self, item: &Item<'_>, step: &mut DraftStep, context: &Context) {
        self.claim(item.start, item.end);
        let tick = lists::tick(item);
        if let Some((key, value)) = field(&item.text) {
            let value = plain(value);
            let done = step.tick.done == Some(true);
            match key.to_lowercase().as_str() {
                "issue" | "problem" => {
                    let status = Some(if done { "fixed" } else { "open" }.to_owned());
                    self.draft(&context.scope).issues.push(Issue { title: value, status, ..Issue::default() });
                }
                "solution" | "fix" | "resolution" => {
                    if let Some(issue) = self.draft(&context.scope).issues.last_mut() {
                        issue.fix.get_or_insert(value);
                    }
                }
                _ => {}
            }
        }
        let nested: Vec<&Item<'_>> = item.children.iter().filter_map(Block::item).collect();
        let lead = tick.name.strip_suffix(':').map(str::to_owned);
        if lead.is_none() || nested.is_empty() {
            step.tasks.push(tick);
        }
        for inner in nested {
            let mut task = lists::tick(inner);
            task.name = lists::joined(inner);
            if let Some(lead) = &lead {
                task.name = format!("{lead}: {}", task.name);
            }
            step.tasks.push(task);
        }
        self.fences_of(item, context);
    }

    fn issue(&mut self, section: &Section<'_>, title: &str, context: &Context) {
        let settled = marks::mark(section.title) == Some(Mark::Done);
        let status = Some(if settled { "fixed" } else { "open" }.to_owned());
        let mut issue = Issue { title: title.to_owned(), status, ..Issue::default() };
        for block in &section.blocks {
            let text = match block {
                Block::Text { text, .. } => text,
                Block::Item(item) => item.text.as_str(),
                Block::Fence(_) | Block::Table { .. } => continue,
            };
            let Some((key, value)) = field(text) else { continue };
            match key.to_lowercase().as_str() {
                "fix" | "solution" | "resolution" => issue.fix = Some(plain(value)),
                "severity" => issue.severity = Some(plain(value)),
                "status" => issue.status = Some(lists::issue_status(value)),
                _ => {}
            }
        }
        self.draft(&context.scope).issues.push(issue);
        self.note(context, section.start + 1, section.end);
    }

    fn finish(mut self) -> Handwritten {
        let unrecognized = self.leftovers();
        let mut general = self.drafts.remove(&Scope::General).unwrap_or_default();
        let achieved = self.drafts.remove(&Scope::Achieved);
        let known = std::mem::take(&mut self.facts.phases);
        let mut phases: BTreeMap<PhaseId, Draft> = BTreeMap::new();
        for (scope, draft) in std::mem::take(&mut self.drafts) {
            if let Scope::Phase(phase) = scope {
                phases.insert(phase, draft);
            }
        }
        for (phase, known) in known {
            phases.entry(phase).or_default().title = known.title().cloned();
        }
        if self.facts.numberless
            && let Ok(only) = "1".parse::<PhaseId>()
        {
            let named = general.objectives.first().or(self.facts.project_name.as_ref()).cloned();
            general.title = Some(named.unwrap_or_else(|| self.facts.heading.clone())).filter(|title| !title.is_empty());
            phases.insert(only, std::mem::take(&mut general));
        }
        let mut current = self.facts.current.take();
        if current.is_none() {
            let bare = |(phase, draft): (&PhaseId, &Draft)| {
                let mut document = Document::new(phase.clone(), "");
                document.status = draft.status();
                document
            };
            current = Rollout::new(phases.iter().map(bare).collect()).current().map(|first| first.phase.clone());
        }
        let target = current.clone().or_else(|| phases.keys().next_back().cloned());
        if let Some(draft) = target.as_ref().and_then(|phase| phases.get_mut(phase)) {
            draft.absorb(general);
        }
        if let Some(achieved) = achieved {
            let done =
                phases.iter().rfind(|(_, draft)| draft.status() == Status::Completed).map(|(phase, _)| phase.clone());
            if let Some(draft) = done.or(target).and_then(|phase| phases.get_mut(&phase)) {
                draft.absorb(achieved);
            }
        }
        let project_name = self.facts.project_name.take();
        let phases = phases.into_iter().map(|(phase, draft)| draft.finish(phase, project_name.clone())).collect();
        Handwritten { project_name, last_updated: self.last_updated, current, phases, unrecognized }
    }

    fn leftovers(&self) -> Vec<Leftover> {
        let mut leftovers: Vec<Leftover> = Vec::new();
        let mut last = None;
        for (at, line) in self.outline.lines.iter().enumerate() {
            if self.claimed[at] || line.trim().is_empty() || is_rule(line) {
                continue;
            }
            let owner = self.outline.owners[at];
            match leftovers.last_mut() {
                Some(leftover) if last == Some((at.wrapping_sub(1), owner)) => {
                    leftover.text.push('\n');
                    leftover.text.push_str(line.trim_end());
                }
                _ => leftovers.push(Leftover {
                    line: at + 1,
                    section: self.outline.headings[owner].clone(),
                    text: line.trim_end().to_owned(),
                }),
            }
            last = Some((at, owner));
        }
        leftovers
    }
}

/// `Issue: Runner queue`, `Problem 2: …`.
fn issue_heading(title: &str) -> Option<&str> {
    let (key, name) = title.split_once(": ")?;
    let word = key.trim_end_matches(|character: char| character.is_ascii_digit() || matches!(character, ' ' | '#'));
    let known = ["issue", "problem", "bug"].iter().any(|known| word.eq_ignore_ascii_case(known));
    known.then_some(name.trim())
}

/// A title without the phase that it names: `Success Criteria for Phase 2`.
fn without_phase(title: &str) -> String {
    let Some(mention) = mentions(title).into_iter().next() else { return title.to_owned() };
    let before = title[..mention.start].trim_end();
    let before = ["for", "of", "-", ":"].iter().find_map(|word| before.strip_suffix(word)).unwrap_or(before);
    let after = title[mention.end..].trim_start_matches([':', '-', ' ']);
    let rest = format!("{} {}", before.trim(), after.trim());
    let rest = rest.trim();
    if rest.is_empty() { title.to_owned() } else { rest.to_owned() }
}
