//! One phase as a person would write it.

use super::inline::Inline;
use super::page::{Item, Page};
use super::sections::{self, fact, known};
use super::words;
use crate::{Document, Status};

/// The width of the bar, in characters.
const BAR: usize = 20;

/// One phase, in GitHub-flavoured markdown. What the phase does not have does not appear.
pub fn phase_page(document: &Document) -> String {
    let mut page = Page::default();
    page.heading(1, words::name(document));
    page.list(facts(document));
    sections::objectives(&mut page, 2, document);
    sections::steps(&mut page, 2, document);
    sections::checklists(&mut page, 2, &document.checklists);
    sections::criteria(&mut page, 2, "Success criteria", document);
    sections::issues(&mut page, 2, document);
    sections::deliverables(&mut page, 2, document);
    sections::metrics(&mut page, 2, document);
    sections::risks(&mut page, 2, document);
    sections::next_steps(&mut page, 2, document);
    sections::commands(&mut page, 2, "Commands", &document.commands);
    sections::commands(&mut page, 2, "Verification", &document.verification);
    sections::history(&mut page, 2, document);
    sections::snapshot(&mut page, 2, document);
    sections::notes(&mut page, 2, document);
    page.finish()
}

fn facts(document: &Document) -> Vec<Item> {
    let before: Vec<String> = document.depends_on_phases.iter().map(|phase| format!("phase {phase}")).collect();
    let progress = Inline::code(&words::bar(document.progress(), BAR)).and(format!(" {}%", document.progress()));
    let progress = match sections::steps_done(document) {
        Some(steps) if document.status != Status::Completed => progress.and(format!(" ({steps})")),
        _ => progress,
    };
    let mut facts = Vec::new();
    facts.extend(known("Project", document.project_name.as_deref()));
    facts.push(fact("Status", words::state(document.status)));
    facts.push(fact("Progress", progress));
    let dates = if document.started_at.is_some() { "Dates" } else { "Completed" };
    facts.extend(known(dates, words::dates(document).as_deref()));
    facts.extend(known("Schedule", document.schedule.as_deref()));
    facts.extend(known("Estimate", document.estimate.as_deref()));
    facts.extend(known("Priority", document.priority.as_deref()));
    facts.extend(known("Owner", document.owner.as_deref()));
    facts.extend(known("Depends on", Some(&before.join(", "))));
    facts
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::super::sample;
    use super::*;

    #[test]
    fn a_completed_phase_tells_its_evidence_and_its_history() {
        expect_file!["expected/phase_completed.md"].assert_eq(&phase_page(&sample::import()));
    }

    #[test]
    fn a_phase_under_way_tells_what_is_done_and_what_is_not() {
        expect_file!["expected/phase_under_way.md"].assert_eq(&phase_page(&sample::under_way()));
    }

    #[test]
    fn a_phase_of_which_little_is_known_is_a_short_page() {
        let page = phase_page(&Document::new(sample::id("4"), "CI/CD"));
        assert_eq!(
            page,
            "# Phase 4: CI/CD\n\n- **Status:** ⏸️ Not started\n- **Progress:** `░░░░░░░░░░░░░░░░░░░░` 0%\n"
        );
    }
}
