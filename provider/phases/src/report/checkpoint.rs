//! Where the whole rollout stands: `PHASE_CHECKPOINT.md`.

use super::inline::{Inline, flat};
use super::page::{Item, Page};
use super::sections::{self, fact, known};
use super::{summary, words};
use crate::{Document, Rollout, Status};

/// Where the whole rollout stands, in GitHub-flavoured markdown: progress, what was done and how it was proved, what is
/// left and what it waits for.
pub fn checkpoint_page(rollout: &Rollout) -> String {
    let mut page = Page::default();
    page.heading(
        1,
        match rollout.project_name() {
            Some(project) => Inline::text("Phase checkpoint: ").and(project),
            None => Inline::text("Phase checkpoint"),
        },
    );
    if rollout.phases().is_empty() {
        page.paragraph("No phase is recorded yet.");
        return page.finish();
    }
    page.list(facts(rollout));
    progress(&mut page, rollout);
    if let Some(current) = rollout.current() {
        page.heading(2, "Current phase");
        open_phase(&mut page, rollout, current);
    }
    let completed = rollout.phases().iter().filter(|phase| is_completed(phase));
    group(&mut page, "Completed phases", completed, |page, phase| completed_phase(page, rollout, phase));
    let current = rollout.current().map(|phase| &phase.phase);
    let pending = rollout.phases().iter().filter(|phase| !is_completed(phase) && Some(&phase.phase) != current);
    group(&mut page, "Pending phases", pending, |page, phase| open_phase(page, rollout, phase));
    issues(&mut page, rollout);
    time(&mut page, rollout);
    risks(&mut page, rollout);
    next_steps(&mut page, rollout);
    if let Some(current) = rollout.current() {
        sections::commands(&mut page, 2, "Commands", &current.commands);
        sections::commands(&mut page, 2, "Verification", &current.verification);
    }
    page.finish()
}

fn is_completed(phase: &Document) -> bool {
    phase.status == Status::Completed
}

fn facts(rollout: &Rollout) -> Vec<Item> {
    let current = rollout.current().map_or_else(
        || Inline::text("none: all are completed"),
        |phase| Inline::text(words::name(phase)).and(format!(" ({})", phase.status.words())),
    );
    let mut facts = Vec::new();
    facts.extend(summary::last_update(rollout).map(|update| fact("Last update", update)));
    facts.extend(known("Project", rollout.project_name()));
    facts.push(fact("Current phase", current));
    facts.push(fact("Overall progress", format!("{}%, {}", rollout.progress(), summary::completed(rollout))));
    facts
}

/// A bar for the whole and one for each phase.
fn progress(page: &mut Page, rollout: &Rollout) {
    let percent = rollout.progress();
    let widest = |of: fn(&Document) -> usize| rollout.phases().iter().map(of).max().unwrap_or(0);
    let id_width = widest(|phase| phase.phase.to_string().len());
    let status_width = widest(|phase| phase.status.words().len());
    let whole = format!("[{}] {percent}%, {}", words::bar(percent, 32), summary::completed(rollout));
    let mut lines = vec![whole, String::new()];
    lines.extend(rollout.phases().iter().map(|phase| {
        format!(
            "Phase {:id_width$}  {}  {:3}%  {:status_width$}  {}",
            phase.phase.to_string(),
            words::bar(phase.progress(), 12),
            phase.progress(),
            phase.status.words(),
            flat(&phase.title).trim(),
        )
    }));
    page.heading(2, "Overall progress");
    page.code("text", &lines.join("\n"));
}

fn group<'a>(
    page: &mut Page,
    title: &str,
    phases: impl Iterator<Item = &'a Document>,
    mut tell: impl FnMut(&mut Page, &Document),
) {
    let mut phases = phases.peekable();
    if phases.peek().is_some() {
        page.heading(2, title);
        phases.for_each(|phase| tell(page, phase));
    }
}

fn completed_phase(page: &mut Page, rollout: &Rollout, phase: &Document) {
    page.heading(3, words::name(phase));
    let moment = |at: &Option<crate::Moment>| at.as_ref().map(words::moment);
    let mut facts = vec![fact("Status", words::state(phase.status))];
    facts.extend(known("Depends on", summary::depends_on(rollout, phase).as_deref()));
    facts.extend(known("Started", moment(&phase.started_at).as_deref()));
    facts.extend(known("Completed", moment(&phase.completed_at).as_deref()));
    facts.extend(known("Duration", words::duration(phase).as_deref()));
    facts.extend(known("Owner", phase.owner.as_deref()));
    page.list(facts);
    sections::deliverables(page, 4, phase);
    sections::steps(page, 4, phase);
    sections::issues(page, 4, phase);
    sections::criteria(page, 4, "Success criteria", phase);
    sections::metrics(page, 4, phase);
}

fn open_phase(page: &mut Page, rollout: &Rollout, phase: &Document) {
    page.heading(3, words::name(phase));
    let mut facts = vec![fact("Status", words::state(phase.status))];
    facts.push(fact(
        "Progress",
        match sections::steps_done(phase) {
            Some(steps) => format!("{}% ({steps})", phase.progress()),
            None => format!("{}%", phase.progress()),
        },
    ));
    facts.extend(known("Depends on", summary::depends_on(rollout, phase).as_deref()));
    facts.extend(known("Started", phase.started_at.as_ref().map(words::moment).as_deref()));
    facts.extend(known("Schedule", phase.schedule.as_deref()));
    facts.extend(known("Estimate", phase.estimate.as_deref()));
    facts.extend(known("Priority", phase.priority.as_deref()));
    facts.extend(known("Owner", phase.owner.as_deref()));
    page.list(facts);
    sections::objectives(page, 4, phase);
    sections::steps(page, 4, phase);
    sections::issues(page, 4, phase);
    sections::criteria(page, 4, "Success criteria", phase);
    sections::metrics(page, 4, phase);
}

/// What is open, in all phases.
fn issues(page: &mut Page, rollout: &Rollout) {
    let all: Vec<_> =
        rollout.phases().iter().flat_map(|phase| phase.issues.iter().map(move |issue| (phase, issue))).collect();
    let blockers = summary::surprising(rollout);
    if all.is_empty() && blockers.is_empty() {
        return;
    }
    let open = all.iter().filter(|(_, issue)| !issue.is_settled());
    page.heading(2, "Issues and blockers");
    if open.clone().next().is_none() && !all.is_empty() {
        page.paragraph(format!(
            "No issue is open; {} settled.",
            match all.len() {
                1 => "the only one is".to_owned(),
                all => format!("all {all} are"),
            }
        ));
    }
    page.table(
        ["Phase", "Severity", "Issue", "Status"],
        open.map(|(phase, issue)| {
            let [severity, title, status, _] = sections::issue_cells(issue);
            [Inline::text(phase.phase.to_string()), severity, title, status]
        }),
    );
    page.list(blockers.iter().map(|blocker| Item::bullet(summary::blocker(blocker))));
}

/// When each phase was worked on, and how long.
fn time(page: &mut Page, rollout: &Rollout) {
    let dated = |phase: &&Document| phase.started_at.is_some() || phase.completed_at.is_some();
    let rows: Vec<_> = rollout.phases().iter().filter(dated).collect();
    if !rows.is_empty() {
        page.heading(2, "Time");
        page.table(
            ["Phase", "Started", "Completed", "Duration", "Estimate"],
            rows.into_iter().map(|phase| {
                let day = |at: &Option<crate::Moment>| at.as_ref().map(|at| at.day().to_string()).unwrap_or_default();
                [
                    Inline::text(words::name(phase)),
                    Inline::text(day(&phase.started_at)),
                    Inline::text(day(&phase.completed_at)),
                    Inline::text(words::duration(phase).unwrap_or_default()),
                    Inline::text(phase.estimate.as_deref().unwrap_or_default()),
                ]
            }),
        );
    }
}

/// What could go wrong, in all phases.
fn risks(page: &mut Page, rollout: &Rollout) {
    let risks: Vec<_> =
        rollout.phases().iter().flat_map(|phase| phase.risks.iter().map(move |risk| (phase, risk))).collect();
    if !risks.is_empty() {
        page.heading(2, "Risks");
        page.table(
            ["Phase", "Risk", "Probability", "Impact", "Mitigation"],
            risks.into_iter().map(|(phase, risk)| {
                let [risk, probability, impact, mitigation] = sections::risk_cells(risk);
                [Inline::text(phase.phase.to_string()), risk, probability, impact, mitigation]
            }),
        );
    }
}

fn next_steps(page: &mut Page, rollout: &Rollout) {
    page.heading(2, "Next steps");
    page.list(summary::next_steps(rollout).into_iter().map(Item::number));
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::super::sample;
    use super::*;

    #[test]
    fn a_rollout_tells_what_is_done_and_what_is_pending() {
        expect_file!["expected/checkpoint.md"].assert_eq(&checkpoint_page(&sample::rollout()));
    }

    #[test]
    fn an_empty_store_says_so() {
        assert_eq!(checkpoint_page(&Rollout::default()), "# Phase checkpoint\n\nNo phase is recorded yet.\n");
    }

    #[test]
    fn open_issues_and_blockers_of_all_phases_stand_together() {
        let page = checkpoint_page(&Rollout::new(vec![sample::validation(), sample::under_way()]));
        let start = page.find("## Issues and blockers").unwrap();
        let end = page.find("## Time").unwrap();
        expect_test::expect![[r"
            ## Issues and blockers

            | Phase | Severity | Issue | Status |
            | --- | --- | --- | --- |
            | 3.5 | HIGH | The pipeline may not read the state | 🔴 open |

            - **Phase 3** waits for phase 2, which this store does not have.
            - **Phase 3.5** could not be completed: `locked` observed 404 Not Found.
            - **Phase 3.5** waits for phase 3, which is ready to start.

        "]]
        .assert_eq(&page[start..end]);
    }
}
