//! The pages that this crate writes are read back as they were meant.

use proptest::prelude::*;

use super::super::parse;
use crate::document::{Issue, Step, Task};
use crate::report::{checkpoint_page, phase_page, sample};
use crate::{Document, PhaseId, Rollout, Status};

/// What a page is read back for.
#[derive(Debug, PartialEq)]
struct Told {
    phase: PhaseId,
    title: String,
    status: Status,
    depends_on_phases: Vec<PhaseId>,
    dates: [Option<String>; 2],
    steps: Vec<Step>,
    issues: Vec<Issue>,
}

fn told(phase: &Document) -> Told {
    Told {
        phase: phase.phase.clone(),
        title: phase.title.clone(),
        status: phase.status,
        depends_on_phases: phase.depends_on_phases.clone(),
        dates: [&phase.started_at, &phase.completed_at].map(|at| at.as_ref().map(|at| at.day().to_string())),
        steps: phase.steps.clone(),
        issues: phase.issues.clone(),
    }
}

fn rollout() -> Rollout {
    let mut phases = sample::rollout().phases().to_vec();
    let mut under_way = sample::under_way();
    under_way.depends_on_phases = vec![sample::id("1"), sample::id("2")];
    phases.push(under_way);
    Rollout::new(phases)
}

#[test]
fn a_checkpoint_is_read_back_as_the_same_phases() {
    let rollout = rollout();
    let read = parse(&checkpoint_page(&rollout));
    assert_eq!(read.phases.iter().map(told).collect::<Vec<_>>(), rollout.phases().iter().map(told).collect::<Vec<_>>());
    assert_eq!(read.project_name.as_deref(), rollout.project_name());
    assert_eq!(read.current.as_ref(), rollout.current().map(|phase| &phase.phase));
    assert_eq!(read.unrecognized, []);
}

#[test]
fn a_page_of_one_phase_is_read_back_as_that_phase() {
    for phase in rollout().phases() {
        let read = parse(&phase_page(phase));
        assert_eq!(read.phases.iter().map(told).collect::<Vec<_>>(), [told(phase)]);
        assert_eq!(read.unrecognized, []);
    }
}

/// Names as people give them: words, with what else stands in them.
fn name() -> impl Strategy<Value = String> {
    let first =
        prop::sample::select(vec!["Create", "drift_logs", "`terraform plan`", "6", "Über", "CI/CD", "gs://state"]);
    let more = prop::sample::select(vec![
        "the",
        "bucket",
        "`older_than`",
        "a|b",
        "<2%",
        "*all*",
        "_x_",
        "(409)",
        "SQLite → Firestore",
        "–",
        "$5",
        "#7",
        "[x]",
        "&",
        "https://a.example/b_c_d",
        "label:",
        "+",
        "50%",
        "\\",
        "~~no~~",
        "!",
    ]);
    (first, prop::collection::vec(more, 1..5), prop::sample::select(vec!["changes", "service", "it"]))
        .prop_map(|(first, more, last)| format!("{first} {} {last}", more.join(" ")))
}

fn step() -> impl Strategy<Value = Step> {
    let task = (name(), any::<bool>()).prop_map(|(name, done)| Task { name, done });
    let estimate = prop::option::of(Just("Day 1, 4 hours".to_owned()));
    (name(), any::<bool>(), estimate, prop::option::of(name()), prop::collection::vec(task, 0..4))
        .prop_map(|(name, done, estimate, objective, tasks)| Step { name, done, estimate, objective, tasks })
}

fn issue() -> impl Strategy<Value = Issue> {
    let severity = prop::sample::select(vec!["CRITICAL", "HIGH", "LOW"]).prop_map(str::to_owned);
    let status = prop::sample::select(vec!["open", "fixed"]).prop_map(|status| Some(status.to_owned()));
    (prop::option::of(severity), name(), status, prop::option::of(name()))
        .prop_map(|(severity, title, status, fix)| Issue { severity, title, status, fix })
}

fn phase() -> impl Strategy<Value = Document> {
    let parts = (prop::collection::vec(step(), 0..4), prop::collection::vec(issue(), 0..4));
    (name(), prop::sample::select(Status::ALL.to_vec()), parts).prop_map(|(title, status, (steps, issues))| Document {
        status,
        steps,
        issues,
        ..Document::new(sample::id("1"), title)
    })
}

fn phases() -> impl Strategy<Value = Rollout> {
    prop::collection::vec(phase(), 1..5).prop_map(|phases| {
        let numbered = (1..).zip(phases).map(|(number, mut phase)| {
            phase.phase = sample::id(&number.to_string());
            phase.depends_on_phases = (1..number).map(|before: u32| sample::id(&before.to_string())).collect();
            phase
        });
        Rollout::new(numbered.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_phases_are_called_they_are_read_back(rollout in phases()) {
        let page = checkpoint_page(&rollout);
        let read = parse(&page);
        for (read, phase) in read.phases.iter().zip(rollout.phases()) {
            prop_assert_eq!(told(read), told(phase), "{}", page);
        }
        prop_assert_eq!(read.phases.len(), rollout.phases().len());
        for phase in rollout.phases() {
            let page = phase_page(phase);
            prop_assert_eq!(parse(&page).phases.iter().map(told).collect::<Vec<_>>(), [told(phase)], "{}", page);
        }
    }
}
