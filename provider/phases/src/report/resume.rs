//! How to go on where the last session stopped: `SESSION_RESUME.md`.

use super::inline::Inline;
use super::page::{Item, Page};
use super::sections::{self, fact, known};
use super::{summary, words};
use crate::{Document, Rollout, Status};

/// How to go on, in GitHub-flavoured markdown, for somebody who knows nothing of what was said before: what to do next
/// and with which commands, what is open, what was done, and how to see that all is well.
pub fn resume_page(rollout: &Rollout) -> String {
    let mut page = Page::default();
    page.heading(
        1,
        match rollout.project_name() {
            Some(project) => Inline::text("Session resume: ").and(project),
            None => Inline::text("Session resume"),
        },
    );
    page.paragraph(
        Inline::strong("Purpose:").and(" Go on in a new session, without knowing what was said or done before."),
    );
    if rollout.phases().is_empty() {
        page.paragraph("No phase is recorded yet.");
        return page.finish();
    }
    page.list(facts(rollout));
    to_do(&mut page, rollout);
    if let Some(current) = rollout.current() {
        work(&mut page, current);
    }
    open(&mut page, rollout);
    done(&mut page, rollout);
    if let Some(current) = rollout.current() {
        criteria(&mut page, current);
    }
    verification(&mut page, rollout);
    after(&mut page, rollout);
    page.finish()
}

fn facts(rollout: &Rollout) -> Vec<Item> {
    let mut facts = Vec::new();
    facts.extend(summary::last_update(rollout).map(|update| fact("Last update", update)));
    match rollout.current() {
        None => facts.push(fact("Status", "✅ All phases are completed")),
        Some(current) => {
            facts.push(fact("Current phase", words::name(current)));
            facts.push(fact("Status", words::state(current.status)));
            facts.extend(known("Owner", current.owner.as_deref()));
            facts.extend(known("Depends on", summary::depends_on(rollout, current).as_deref()));
            let percent = format!("{}% of this phase, {}% of the whole", current.progress(), rollout.progress());
            facts.push(fact("Progress", percent));
        }
    }
    facts
}

fn to_do(page: &mut Page, rollout: &Rollout) {
    page.heading(2, "TL;DR: what to do next");
    page.list(summary::next_steps(rollout).into_iter().map(Item::number));
    if let Some(current) = rollout.current() {
        sections::commands(page, 3, "Commands", &current.commands);
    }
}

/// The current phase in full.
fn work(page: &mut Page, current: &Document) {
    if !(current.objectives.is_empty() && current.steps.is_empty() && current.checklists.is_empty()) {
        page.heading(2, words::name(current));
        sections::objectives(page, 3, current);
        sections::steps(page, 3, current);
        sections::checklists(page, 3, &current.checklists);
    }
}

/// What stands in the way.
fn open(page: &mut Page, rollout: &Rollout) {
    page.heading(2, "What is open");
    let issues: Vec<_> =
        rollout.phases().iter().flat_map(|phase| phase.open_issues().map(move |issue| (phase, issue))).collect();
    let blockers = summary::surprising(rollout);
    if issues.is_empty() && blockers.is_empty() {
        page.paragraph("No issue is open, and nothing is blocked.");
    }
    page.table(
        ["Phase", "Severity", "Issue", "Status"],
        issues.into_iter().map(|(phase, issue)| {
            let [severity, title, status, _] = sections::issue_cells(issue);
            [Inline::text(phase.phase.to_string()), severity, title, status]
        }),
    );
    page.list(blockers.iter().map(|blocker| Item::bullet(summary::blocker(blocker))));
    if let Some(current) = rollout.current() {
        sections::risks(page, 3, current);
    }
}

/// What was done, phase by phase.
fn done(page: &mut Page, rollout: &Rollout) {
    let completed: Vec<_> = rollout.phases().iter().filter(|phase| phase.status == Status::Completed).collect();
    if completed.is_empty() {
        return;
    }
    page.heading(2, "Context: what was done");
    for phase in completed {
        page.heading(3, Inline::text("✅ ").and(words::name(phase)));
        page.paragraph(words::dates(phase).unwrap_or_default());
        if phase.deliverables.is_empty() {
            page.list(phase.steps.iter().map(|step| Item::bullet(step.name.as_str())));
        } else {
            page.list(phase.deliverables.iter().map(Item::bullet));
        }
        issues_settled(page, phase);
    }
}

/// Problems that somebody may meet again.
fn issues_settled(page: &mut Page, phase: &Document) {
    let settled: Vec<_> = phase.issues.iter().filter(|issue| issue.is_settled()).collect();
    if !settled.is_empty() {
        page.table(
            ["Severity", "Issue", "How it was settled"],
            settled.into_iter().map(|issue| {
                let [severity, title, _, fix] = sections::issue_cells(issue);
                [severity, title, fix]
            }),
        );
    }
}

/// When the current phase is complete.
fn criteria(page: &mut Page, current: &Document) {
    let title = format!("Phase {} is complete when", current.phase);
    sections::criteria(page, 2, &title, current);
}

/// Commands that show that all is well: those of the current phase, else those of the last one that has any.
fn verification(page: &mut Page, rollout: &Rollout) {
    let completed = rollout.phases().iter().rev().filter(|phase| phase.status == Status::Completed);
    let source = rollout.current().into_iter().chain(completed).find(|phase| !phase.verification.is_empty());
    if let Some(phase) = source {
        sections::commands(page, 2, "Verification", &phase.verification);
    }
}

/// What the current phase makes possible.
fn after(page: &mut Page, rollout: &Rollout) {
    let Some(current) = rollout.current() else { return };
    let open = |phase: &&Document| phase.status != Status::Completed && phase.phase != current.phase;
    let next: Vec<_> = rollout.phases().iter().filter(open).collect();
    if !next.is_empty() {
        page.heading(2, format!("After phase {}", current.phase));
        page.list(next.into_iter().map(|phase| {
            let name = Inline::strong(words::name(phase)).and(format!(": {}", phase.status.words()));
            Item::bullet(match summary::depends_on(rollout, phase) {
                Some(before) => name.and(format!(", after {before}")),
                None => name,
            })
            .with(phase.steps.iter().filter(|step| !step.done).map(|step| Item::bullet(step.name.as_str())))
        }));
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::super::sample;
    use super::*;

    #[test]
    fn somebody_who_knows_nothing_can_go_on() {
        expect_file!["expected/resume.md"].assert_eq(&resume_page(&sample::rollout()));
    }

    #[test]
    fn a_phase_under_way_tells_what_failed_and_what_is_left() {
        let rollout = Rollout::new(vec![sample::import(), sample::under_way()]);
        expect_file!["expected/resume_under_way.md"].assert_eq(&resume_page(&rollout));
    }

    #[test]
    fn a_completed_rollout_has_nothing_to_do() {
        let page = resume_page(&Rollout::new(vec![sample::foundation(), sample::import()]));
        assert!(page.contains("1. Nothing: all phases are completed."), "{page}");
    }
}
