//! Parts of pages, each under its own heading. One that has nothing to tell is left out, heading and all.

use super::criterion;
use super::inline::{Inline, flat};
use super::page::{Item, Page};
use super::words::{self, count};
use crate::document::{Change, Checklist, Command, Document, Evidence, Issue, Outcome, Risk, Step, Task};

/// A fact: `**Owner:** platform team`.
pub(super) fn fact(label: &str, value: impl Into<Inline>) -> Item {
    Item::bullet(Inline::strong(format!("{label}:")).and(" ").and(value))
}

/// A fact that may be absent.
pub(super) fn known(label: &str, value: Option<&str>) -> Option<Item> {
    value.filter(|value| !value.trim().is_empty()).map(|value| fact(label, value))
}

/// What the phase is for.
pub(super) fn objectives(page: &mut Page, level: usize, document: &Document) {
    texts(page, level, "Objectives", &document.objectives);
}

/// Steps with what belongs to them.
pub(super) fn steps(page: &mut Page, level: usize, document: &Document) {
    let steps = &document.steps;
    if !steps.is_empty() {
        let done = steps.iter().filter(|step| step.done).count();
        page.heading(
            level,
            match done {
                0 => "Steps".to_owned(),
                _ => format!("Steps ({done} of {} done)", steps.len()),
            },
        );
        page.list(steps.iter().map(step));
    }
}

/// A step, marked as done, begun, or neither.
fn step(step: &Step) -> Item {
    let mark = match step {
        Step { done: true, .. } => "✅ ",
        Step { tasks, .. } if tasks.iter().any(|task| task.done) => "🔄 ",
        _ => "⬜ ",
    };
    let mut text = Inline::text(mark).and(step.name.as_str());
    if let Some(estimate) = &step.estimate {
        text = text.and(" (").and(estimate.as_str()).and(")");
    }
    Item::number(text).with(step.objective.as_deref().map(Item::bullet)).with(step.tasks.iter().map(task))
}

fn task(task: &Task) -> Item {
    Item::tick(task.done, task.name.as_str())
}

/// Lists to tick off, each under its own heading.
pub(super) fn checklists(page: &mut Page, level: usize, lists: &[Checklist]) {
    let lists: Vec<&Checklist> = lists.iter().filter(|list| !list.items.is_empty()).collect();
    if lists.is_empty() {
        return;
    }
    page.heading(level, "Check-lists");
    for list in lists {
        let done = list.items.iter().filter(|item| item.done).count();
        let title = Inline::text(&list.title).and(format!(" ({done} of {})", list.items.len()));
        page.heading(level + 1, title);
        page.list(list.items.iter().map(task));
    }
}

/// Criteria with what was observed.
pub(super) fn criteria(page: &mut Page, level: usize, title: &str, document: &Document) {
    // Evidence of criteria that were taken away since is no longer evidence of anything.
    let rows = document.criteria.iter().map(|(name, criterion)| {
        let evidence = document.evidence.get(name);
        [
            Inline::text(verdict(evidence)),
            Inline::code(name),
            criterion::sentence(criterion),
            evidence.map(|evidence| Inline::text(&evidence.observed)).unwrap_or_default(),
            evidence.map(|evidence| Inline::text(words::moment(&evidence.at))).unwrap_or_default(),
        ]
    });
    if !document.criteria.is_empty() {
        page.heading(level, title);
        page.table(["Result", "Criterion", "What is checked", "Observed", "When"], rows);
    }
}

/// Whether a criterion held.
pub(super) fn verdict(evidence: Option<&Evidence>) -> &'static str {
    match evidence {
        Some(Evidence { passed: true, .. }) => "✅ passed",
        Some(Evidence { passed: false, .. }) => "❌ failed",
        None => "⬜ not checked",
    }
}

/// Issues, numbered.
pub(super) fn issues(page: &mut Page, level: usize, document: &Document) {
    let issues = &document.issues;
    if !issues.is_empty() {
        let settled = issues.iter().filter(|issue| issue.is_settled()).count();
        page.heading(level, format!("Issues ({settled} of {} settled)", issues.len()));
        page.table(
            ["#", "Severity", "Issue", "Status", "Fix"],
            (1..).zip(issues).map(|(number, issue)| {
                let [severity, title, status, fix] = issue_cells(issue);
                [Inline::text(number.to_string()), severity, title, status, fix]
            }),
        );
    }
}

/// Severity, title, status and fix of an issue.
pub(super) fn issue_cells(issue: &Issue) -> [Inline; 4] {
    let status = issue.status.as_deref().unwrap_or("open");
    let mark = if issue.is_settled() { "✅ " } else { "🔴 " };
    [
        optional(issue.severity.as_deref()),
        Inline::text(&issue.title),
        Inline::text(mark).and(status),
        optional(issue.fix.as_deref()),
    ]
}

/// What the phase brought.
pub(super) fn deliverables(page: &mut Page, level: usize, document: &Document) {
    if !document.deliverables.is_empty() {
        page.heading(level, "Deliverables");
        page.list(document.deliverables.iter().map(Item::bullet));
    }
}

/// Figures.
pub(super) fn metrics(page: &mut Page, level: usize, document: &Document) {
    if !document.metrics.is_empty() {
        page.heading(level, "Metrics");
        let rows = document.metrics.iter().map(|(name, value)| [Inline::text(name), Inline::text(value)]);
        page.table(["Metric", "Value"], rows);
    }
}

/// What could go wrong.
pub(super) fn risks(page: &mut Page, level: usize, document: &Document) {
    if !document.risks.is_empty() {
        page.heading(level, "Risks");
        page.table(["Risk", "Probability", "Impact", "Mitigation"], document.risks.iter().map(risk_cells));
    }
}

/// A risk with its probability, impact and mitigation.
pub(super) fn risk_cells(risk: &Risk) -> [Inline; 4] {
    let [probability, impact, mitigation] =
        [&risk.probability, &risk.impact, &risk.mitigation].map(|text| optional(text.as_deref()));
    [Inline::text(&risk.risk), probability, impact, mitigation]
}

/// What to do next, in order.
pub(super) fn next_steps(page: &mut Page, level: usize, document: &Document) {
    if !document.next_steps.is_empty() {
        page.heading(level, "Next steps");
        page.list(document.next_steps.iter().map(Item::number));
    }
}

/// Commands under a heading, as one script that can be copied.
pub(super) fn commands(page: &mut Page, level: usize, title: &str, commands: &[Command]) {
    let script = script(commands);
    if !script.is_empty() {
        page.heading(level, title);
        page.code("bash", &script);
    }
}

/// Commands as one script: what each is for before it, and what it should show after it, as comments.
fn script(commands: &[Command]) -> String {
    let parts = commands.iter().filter(|command| !command.command.trim().is_empty()).map(|command| {
        let mut lines = Vec::new();
        lines.extend(command.name.as_deref().map(|name| format!("# {}", flat(name).trim())));
        lines.extend(command.command.trim().lines().map(str::to_owned));
        let mut expected = command.expected.as_deref().unwrap_or_default().trim().lines();
        match (expected.next(), expected.clone().next()) {
            (None, _) => {}
            (Some(only), None) => lines.push(format!("# Expected: {only}")),
            (Some(first), Some(_)) => {
                lines.push("# Expected:".to_owned());
                lines.extend(std::iter::once(first).chain(expected).map(|line| format!("#   {line}")));
            }
        }
        lines.join("\n")
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Every change of the status and every attempt, newest first.
pub(super) fn history(page: &mut Page, level: usize, document: &Document) {
    if !document.history.is_empty() {
        page.heading(level, "History");
        let rows = document.history.iter().rev().map(|change| {
            [Inline::text(words::moment(&change.at)), outcome(change), Inline::text(&change.by), reason(change)]
        });
        page.table(["When", "Change", "By", "Why"], rows);
    }
}

fn outcome(change: &Change) -> Inline {
    let to = change.to.words();
    Inline::text(match (change.outcome, change.from) {
        (Outcome::Changed, Some(from)) if from != change.to => {
            format!("{} {} → {to}", words::mark(change.to), from.words())
        }
        (Outcome::Changed, _) => words::state(change.to),
        (Outcome::Refused, Some(from)) => format!("❌ {to} refused, still {}", from.words()),
        (Outcome::Refused, None) => format!("❌ {to} refused"),
    })
}

/// The reason as it was given, else what the criteria said.
fn reason(change: &Change) -> Inline {
    if let Some(reason) = change.reason.as_deref().filter(|reason| !reason.trim().is_empty()) {
        return Inline::text(reason);
    }
    let failed = change.evidence.iter().filter(|(_, evidence)| !evidence.passed);
    let stated = Inline::join(
        failed.map(|(name, evidence)| Inline::code(name).and(" failed: ").and(evidence.observed.as_str())),
        "; ",
    );
    match change.evidence.len() {
        0 => stated,
        1 if stated.is_blank() => Inline::text("the criterion passed"),
        all if stated.is_blank() => Inline::text(format!("all {all} criteria passed")),
        _ => stated,
    }
}

/// Fingerprints at completion.
pub(super) fn snapshot(page: &mut Page, level: usize, document: &Document) {
    if !document.snapshot.is_empty() {
        page.heading(level, "Stacks at completion");
        let rows =
            document.snapshot.iter().map(|(stack, fingerprint)| [Inline::code(stack), Inline::code(fingerprint)]);
        page.table(["Stack", "Fingerprint"], rows);
    }
}

/// What else the team wrote.
pub(super) fn notes(page: &mut Page, level: usize, document: &Document) {
    if let Some(notes) = document.notes.as_deref().filter(|notes| !notes.trim().is_empty()) {
        page.heading(level, "Notes");
        page.quote(notes);
    }
}

/// `5 of 7 steps`, when there are steps.
pub(super) fn steps_done(document: &Document) -> Option<String> {
    let done = document.steps.iter().filter(|step| step.done).count();
    (!document.steps.is_empty()).then(|| format!("{done} of {}", count(document.steps.len(), "step")))
}

fn texts(page: &mut Page, level: usize, title: &str, texts: &[String]) {
    if !texts.is_empty() {
        page.heading(level, title);
        page.list(texts.iter().map(Item::bullet));
    }
}

fn optional(text: Option<&str>) -> Inline {
    text.map(Inline::text).unwrap_or_default()
}
