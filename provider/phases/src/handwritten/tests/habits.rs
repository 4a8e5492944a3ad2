//! How people write checkpoints, one habit at a time.

use super::super::parse;
use crate::document::{Checklist, Command, Issue, Risk, Task};
use crate::{Document, Status};

/// The only phase of a text.
fn only(text: &str) -> Document {
    let mut phases = parse(text).phases;
    assert_eq!(phases.len(), 1, "{phases:?}");
    phases.remove(0)
}

fn task(name: &str, done: bool) -> Task {
    Task { name: name.into(), done }
}

#[test]
fn headings_tell_phase_title_schedule_and_status() {
    for heading in [
        "## ✅ Phase 2: Import things (Week 2) - COMPLETE",
        "### Phase 2: Import things (Week 2) ✅ COMPLETED",
        "## **Phase 2 - Import things (Week 2)** (COMPLETE)",
    ] {
        let phase = only(heading);
        assert_eq!((phase.phase.to_string().as_str(), phase.title.as_str()), ("2", "Import things"), "{heading}");
        assert_eq!((phase.status, phase.schedule.as_deref()), (Status::Completed, Some("Week 2")), "{heading}");
    }
}

#[test]
fn the_status_that_is_told_last_counts() {
    let phase = only(
        "## Phase 2: Import\n**Status:** READY TO START\n\n## Now\n```\nPhase 2: Import   🔄 STARTING (0%)\n```\n",
    );
    assert_eq!(phase.status, Status::InProgress);
}

#[test]
fn words_say_more_than_marks() {
    assert_eq!(only("## Phase 3: Validation\n**Status:** ⏳ READY TO START\n").status, Status::Ready);
    assert_eq!(only("## Phase 3: Validation\n**Status:** ⏳\n").status, Status::NotStarted);
}

#[test]
fn boxes_and_marks_tell_which_steps_are_done() {
    let phase =
        only("## Phase 4: Pipeline\n**Status:** in progress\n### Steps\n- [x] one\n- [ ] two\n- ✅ three\n- ⏳ four\n");
    let done: Vec<_> = phase.steps.iter().map(|step| step.done).collect();
    assert_eq!(done, [true, false, true, false]);
}

#[test]
fn steps_of_a_completed_phase_are_done() {
    let phase = only("## Phase 4: Pipeline - COMPLETE\n### Steps\n1. one\n2. two\n");
    assert!(phase.steps.len() == 2 && phase.steps.iter().all(|step| step.done), "{:?}", phase.steps);
}

#[test]
fn lists_of_issues_tell_severity_and_cure() {
    let phase = only(
        "## Phase 2: Import\n### Issues Fixed (1/1)\n1. ✅ HIGH: Bucket in the wrong place - location overridden\n",
    );
    assert_eq!(
        phase.issues,
        [Issue {
            severity: Some("HIGH".into()),
            title: "Bucket in the wrong place".into(),
            status: Some("fixed".into()),
            fix: Some("location overridden".into()),
        }]
    );
}

#[test]
fn tables_tell_issues_and_risks() {
    let phase = only(
        "## Phase 2: Import\n### Issues\n| # | Severity | Issue | Status |\n|---|---|---|---|\n| 1 | LOW | A \\| B | ❌ Open |\n\n\
         ### Risks\n| Risk | Impact | Mitigation |\n|---|---|---|\n| Deleted | Critical | Import first |\n",
    );
    let issue = &phase.issues[0];
    assert_eq!((issue.title.as_str(), issue.status.as_deref()), ("A | B", Some("open")));
    assert_eq!(
        phase.risks,
        [Risk {
            risk: "Deleted".into(),
            probability: None,
            impact: Some("Critical".into()),
            mitigation: Some("Import first".into()),
        }]
    );
}

#[test]
fn criteria_that_people_tick_are_a_check_list() {
    let phase = only("## Phase 2: Import\n### Success Criteria\n- [x] no changes\n- [ ] no interruption\n");
    let items = vec![task("no changes", true), task("no interruption", false)];
    assert_eq!(phase.checklists, [Checklist { title: "Success Criteria".into(), items }]);
    assert!(phase.criteria.is_empty());
}

#[test]
fn comments_around_commands_name_them_and_tell_what_they_show() {
    let phase = only(
        "## Phase 2: Import\n### Verification\n```bash\n# Nothing to do\nterraform plan\n# Expected: No changes.\n```\n",
    );
    assert_eq!(
        phase.verification,
        [Command {
            name: Some("Nothing to do".into()),
            command: "terraform plan".into(),
            expected: Some("No changes.".into()),
        }]
    );
}

#[test]
fn a_section_without_a_field_is_kept_in_the_notes() {
    let phase = only("## Phase 2: Import\n### Common Pitfalls\n**Applying first:** import first\n");
    assert_eq!(phase.notes.as_deref(), Some("### Common Pitfalls\n\n**Applying first:** import first"));
}

#[test]
fn a_range_of_phases_is_one_phase() {
    let read = parse(
        "## Phase 5-6: Shadow mode (Weeks 5-6)\n**Depends On:** Phase 4 completion\n\n## Phase 7: Production\n**Depends On:** Phase 5-6\n",
    );
    let told: Vec<_> = read
        .phases
        .iter()
        .map(|phase| {
            (phase.phase.to_string(), phase.depends_on_phases.iter().map(ToString::to_string).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(told, [("5-6".into(), vec!["4".into()]), ("7".into(), vec!["5-6".to_owned()])]);
}

#[test]
fn a_text_without_numbers_is_one_phase_named_after_its_objective() {
    let phase = only(
        "# Session\n**Objective:** Deploy the gateway\n\n## Done\n### 1. Migrate (COMPLETE)\n- table made\n### 2. Apply (BLOCKED)\n",
    );
    assert_eq!((phase.phase.to_string().as_str(), phase.title.as_str()), ("1", "Deploy the gateway"));
    let steps: Vec<_> = phase.steps.iter().map(|step| (step.name.as_str(), step.done)).collect();
    assert_eq!(steps, [("Migrate", true), ("Apply", false)]);
}

#[test]
fn a_text_without_phases_is_left_over_as_a_whole() {
    let read = parse("# Shopping\n\nmilk\nbread\n");
    assert_eq!(read.phases, []);
    let left: Vec<_> = read.unrecognized.iter().map(|left| (left.line, left.text.as_str())).collect();
    assert_eq!(left, [(1, "# Shopping"), (3, "milk\nbread")]);
}

#[test]
fn no_text_is_nothing() {
    assert_eq!(parse(""), super::super::Handwritten::default());
}
