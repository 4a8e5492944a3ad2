//! Blocks of code: commands, trees of status, figures, progress bars.

use super::draft::DraftStep;
use super::marks::{is_bar, leading_status, plain};
use super::mention::{declaration, mentions};
use super::outline::Fence;
use super::reader::lists::tick_of;
use super::reader::{Context, Reader, Scope};
use super::topic::{Topic, numbered_step};
use crate::document::Command;
use crate::{PhaseId, Status};

const SHELLS: [&str; 7] = ["bash", "sh", "shell", "zsh", "console", "powershell", "ps1"];

/// Words that begin a comment which tells what a command shows.
const EXPECTED: [&str; 6] = ["expected output:", "expected:", "expect:", "target:", "should show", "output:"];

impl Reader<'_> {
    /// Takes a block of code; `name` is what its commands are for when they do not say so themselves.
    pub(super) fn fence(&mut self, fence: &Fence<'_>, name: &str, context: &Context) {
        let language = fence.language.split([' ', '{', ',']).next().unwrap_or_default().to_ascii_lowercase();
        let shell = SHELLS.contains(&language.as_str());
        let plain_text = matches!(language.as_str(), "" | "text" | "txt" | "plaintext");
        let runs = matches!(context.topic, Some(Topic::Commands | Topic::Verification));
        if context.loose && !plain_text {
            return;
        }
        if shell || plain_text && runs {
            self.claim(fence.start, fence.end);
            let verifies = context.topic == Some(Topic::Verification);
            for command in commands(&fence.body, name) {
                let scope = self.named_in(command.name.as_deref()).unwrap_or_else(|| context.scope.clone());
                let draft = self.draft(&scope);
                if verifies { &mut draft.verification } else { &mut draft.commands }.push(command);
            }
        } else if plain_text && fence.body.iter().any(|line| is_told(line)) && context.topic != Some(Topic::Metrics) {
            self.tree(fence, context);
        } else if plain_text && fence.body.iter().any(|line| numbered_step(line.trim()).is_some()) {
            self.claim(fence.start, fence.end);
            for line in fence.body.iter().filter(|line| !line.trim().is_empty()) {
                let mut tick = tick_of(line);
                tick.name = numbered_step(&tick.name).unwrap_or(&tick.name).to_owned();
                let step = DraftStep { tick, estimate: None, objective: None, tasks: Vec::new() };
                self.draft(&context.scope).steps.push(step);
            }
        } else if plain_text && context.topic == Some(Topic::Metrics) && figures(&fence.body).is_some() {
            self.claim(fence.start, fence.end);
            for (name, value) in figures(&fence.body).into_iter().flatten() {
                self.draft(&context.scope).metric(&context.title, &name, &value);
            }
        } else if !context.loose {
            self.note(context, fence.start, fence.end);
        }
    }

    /// The phase that the name of a command speaks of: `Phase 2 commands`.
    fn named_in(&self, name: Option<&str>) -> Option<Scope> {
        let first = mentions(name?).into_iter().next()?;
        self.facts.phases.contains_key(&first.phase).then_some(Scope::Phase(first.phase))
    }

    /// A tree of phases with their status, the steps of each below it.
    fn tree(&mut self, fence: &Fence<'_>, context: &Context) {
        self.claim(fence.start, fence.start + 1);
        self.claim(fence.end - 1, fence.end);
        // The phase that the lines below tell of, and whether it has no steps yet.
        let mut phase: Option<(PhaseId, bool)> = None;
        for (index, text) in fence.body.iter().enumerate() {
            let line = fence.start + 1 + index;
            let branch = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '├' | '└' | '│' | '─'));
            let understood = if text.contains(is_bar) {
                self.bar(line, text, context)
            } else if branch.len() == text.len()
                && let Some(declared) = declaration(text)
            {
                let draft = self.draft(&Scope::Phase(declared.phase.clone()));
                if let Some(status) = declared.status {
                    draft.state(line, status);
                }
                phase = Some((declared.phase, draft.steps.is_empty()));
                true
            } else if let Some((phase, bare)) =
                phase.clone().filter(|_| branch.len() < text.len() && !branch.is_empty())
            {
                let mut tick = tick_of(branch);
                tick.name = numbered_step(&tick.name).unwrap_or(&tick.name).to_owned();
                let draft = self.draft(&Scope::Phase(phase));
                if bare {
                    draft.steps.push(DraftStep { tick, estimate: None, objective: None, tasks: Vec::new() });
                } else {
                    draft.checklist(&context.title).items.push(tick);
                }
                true
            } else {
                false
            };
            if understood {
                self.claim(line, line + 1);
            }
        }
    }

    /// The bar of all phases together. What is counted from the phases is not kept.
    fn whole_bar(&mut self, words: &str, context: &Context) -> bool {
        let text = plain(words);
        let name = if context.title.is_empty() { "Progress" } else { &context.title };
        if text.contains('%') && !text.contains("phases completed") {
            self.draft(&context.scope).metric("", name, text.trim_matches(['`', ' ']));
        }
        text.contains('%')
    }

    /// A progress bar: `Week 1:  ████ Phase 1 Complete ✅`. `false` when it tells nothing that is known.
    pub(super) fn bar(&mut self, line: usize, text: &str, context: &Context) -> bool {
        let words: String = text.chars().map(|character| if is_bar(character) { ' ' } else { character }).collect();
        let words = words.replace("[ ", " ").replace(" ]", " ");
        let Some(first) = mentions(&words).into_iter().next().filter(|first| !words[..first.start].contains('('))
        else {
            return self.whole_bar(&words, context);
        };
        if !self.facts.phases.contains_key(&first.phase) {
            return self.facts.is_part(&first.phase);
        }
        let status = bar_status(&words[first.end..]).or_else(|| declaration(&words[first.start..])?.status);
        let before = plain(&words[..first.start]);
        let schedule = before.trim_end_matches([':', '|', '`', ' ']).to_owned();
        let draft = self.draft(&Scope::Phase(first.phase));
        if let Some(status) = status {
            draft.state(line, status);
        }
        if !schedule.is_empty() && !schedule.contains('%') {
            draft.schedule.get_or_insert(schedule);
        }
        true
    }
}

/// The status beside a bar: `100%  completed   Terraform Foundation`.
fn bar_status(text: &str) -> Option<Status> {
    let text = text.trim_start().trim_start_matches(|character: char| character.is_ascii_digit() || character == '%');
    leading_status(text.trim_start().split("  ").next()?).map(|(status, _)| status)
}

/// Whether a line of plain text tells the status of a phase, or draws a bar.
fn is_told(line: &str) -> bool {
    line.contains(is_bar) || declaration(line).is_some_and(|declared| declared.status.is_some())
}

/// Lines of names and values: `Modules:  9`.
fn figures(body: &[&str]) -> Option<Vec<(String, String)>> {
    let lines = body.iter().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((plain(name), plain(value))).filter(|(name, value)| !name.is_empty() && !value.is_empty())
        })
        .collect()
}

/// The commands in a script: each paragraph is one, named by the comment above it.
fn commands(body: &[&str], name: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for paragraph in body.split(|line| line.trim().is_empty()).filter(|paragraph| !paragraph.is_empty()) {
        let comment =
            |line: &str| line.trim().strip_prefix('#').map(|text| text.trim_start_matches('#').trim().to_owned());
        let (mut lines, mut expected) = (paragraph, Vec::new());
        if let Some(at) = paragraph.iter().position(|line| comment(line).is_some_and(|text| is_expected(&text)))
            && paragraph[at..].iter().all(|line| comment(line).is_some())
        {
            lines = &paragraph[..at];
            expected = paragraph[at..].iter().filter_map(|line| comment(line)).collect();
        }
        let expected = (!expected.is_empty()).then(|| text_of(&expected.join("\n")));
        let heading = lines.first().and_then(|line| comment(line)).filter(|_| lines.len() > 1);
        let lines = if heading.is_some() { &lines[1..] } else { lines };
        if lines.is_empty()
            && let Some(last) = commands.last_mut()
        {
            last.expected = match (last.expected.take(), expected) {
                (Some(before), Some(more)) => Some(format!("{before}\n{more}")),
                (before, more) => before.or(more),
            };
            continue;
        }
        let own = heading.map(|text| super::topic::after_number(&text).unwrap_or(&text).to_owned());
        let name = own.or_else(|| Some(name.to_owned())).filter(|name| !name.is_empty());
        commands.push(Command { name, command: lines.join("\n"), expected });
    }
    // What stands before the first command and only tells what it shows.
    commands.retain(|command| !command.command.is_empty() || command.expected.is_some());
    commands
}

fn is_expected(comment: &str) -> bool {
    EXPECTED.iter().any(|word| comment.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

/// A comment without the words that say that it tells what is expected.
fn text_of(comment: &str) -> String {
    let words = EXPECTED.iter().filter(|word| word.ends_with(':'));
    let rest = words.filter_map(|word| {
        let start = comment.get(..word.len())?;
        start.eq_ignore_ascii_case(word).then(|| comment[word.len()..].trim())
    });
    rest.min_by_key(|rest| rest.len()).unwrap_or(comment).to_owned()
}
