//! The guides of `docs/guides`, done word by word: every file written, every command run, every output compared.
//!
//! How a guide is read is in [`acceptance_tests::Reader`]'s module.

mod troubleshooting;
mod verification;

use std::collections::BTreeSet;
use std::path::PathBuf;

use acceptance_tests::{Action, Reader, Scene, on_every_terraform, steps_of, workspace};

use troubleshooting::troubleshooting;
use verification::verification;

on_every_terraform! {
    getting_started,
    phases,
    checkpoint_format,
    importing_an_environment,
    from_hand_made_aws,
    state_and_recovery,
    moving_and_renaming,
    deletions,
    upgrading,
    why_a_change,
    alerts_from_shadow_to_live,
    nightly_retraining,
    testing_with_localcloud,
    from_google_modules,
    ci_cd,
    troubleshooting,
    verification,
    writing_a_provider,
}

/// Guides, each with a test of its own above.
const TRIED: [&str; 18] = [
    "getting-started",
    "phases",
    "checkpoint-format",
    "importing-an-environment",
    "from-hand-made-aws",
    "state-and-recovery",
    "moving-and-renaming",
    "deletions",
    "upgrading",
    "why-a-change",
    "alerts-from-shadow-to-live",
    "nightly-retraining",
    "testing-with-localcloud",
    "from-google-modules",
    "ci-cd",
    "troubleshooting",
    "verification",
    "writing-a-provider",
];
/// What a guide may leave undone here, by the beginning of its reason.
const NOT_RUN: [&str; 6] = [
    "builds in release mode",
    "needs a Google account",
    "needs a release on GitHub",
    "needs Open Policy Agent",
    "runs on GitHub",
    "stands for your own",
];

fn getting_started(scene: Scene) {
    follow(scene, "getting-started");
}

fn phases(scene: Scene) {
    follow(scene, "phases");
}

fn checkpoint_format(scene: Scene) {
    follow(scene, "checkpoint-format");
}

fn importing_an_environment(scene: Scene) {
    follow(scene, "importing-an-environment");
}

fn from_hand_made_aws(scene: Scene) {
    let mut reader = Reader::new(&scene);
    let port = reader.port();
    reader.puts("-p 9000", &format!("-p {port}"));
    follow_as(&mut reader, "from-hand-made-aws");
}

fn state_and_recovery(scene: Scene) {
    follow(scene, "state-and-recovery");
}

fn moving_and_renaming(scene: Scene) {
    follow(scene, "moving-and-renaming");
}

fn deletions(scene: Scene) {
    let mut reader = Reader::new(&scene);
    if reader.bash("jq --version").0 != 0 {
        reader.lacks("jq");
    }
    follow_as(&mut reader, "deletions");
}

fn upgrading(scene: Scene) {
    follow(scene, "upgrading");
}

fn why_a_change(scene: Scene) {
    follow(scene, "why-a-change");
}

fn alerts_from_shadow_to_live(scene: Scene) {
    follow(scene, "alerts-from-shadow-to-live");
}

/// What the guide ends with is one of the examples.
fn nightly_retraining(scene: Scene) {
    let mut reader = Reader::new(&scene);
    follow_as(&mut reader, "nightly-retraining");
    let example = workspace().join("examples/environments/model-server");
    let [providers, main] =
        ["providers.tf", "main.tf"].map(|name| std::fs::read_to_string(example.join(name)).unwrap());
    assert_eq!(reader.bash("cat main.tf").1, format!("{providers}\n{main}"));
}

fn testing_with_localcloud(scene: Scene) {
    follow(scene, "testing-with-localcloud");
}

fn from_google_modules(scene: Scene) {
    follow(scene, "from-google-modules");
}

fn ci_cd(scene: Scene) {
    follow(scene, "ci-cd");
}

fn writing_a_provider(scene: Scene) {
    follow(scene, "writing-a-provider");
}

/// Does what a guide says, and expects nothing left to change.
#[track_caller]
fn follow(scene: Scene, guide: &str) {
    follow_as(&mut Reader::new(&scene), guide);
}

/// [`follow`] by somebody who has prepared something.
#[track_caller]
fn follow_as(reader: &mut Reader, guide: &str) {
    reader.follow(&file(guide));
    reader.expect_settled();
    for skipped in reader.skipped() {
        eprintln!("not run: {skipped}");
    }
}

fn file(guide: &str) -> PathBuf {
    workspace().join("docs/guides").join(format!("{guide}.md"))
}

#[test]
fn every_guide_is_tried() {
    let files = std::fs::read_dir(workspace().join("docs/guides")).unwrap();
    let written = files.map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
    let tried: BTreeSet<String> = TRIED.map(str::to_owned).into();
    assert_eq!(written.collect::<BTreeSet<_>>(), tried);
}

#[test]
fn what_is_not_run_has_a_reason_that_is_listed() {
    for guide in TRIED {
        for step in steps_of(&std::fs::read_to_string(file(guide)).unwrap()) {
            if let Action::NotRun { reason, .. } = step.action {
                let is_listed = NOT_RUN.iter().any(|listed| reason.starts_with(listed));
                assert!(is_listed, "{guide}.md, line {}: {reason:?} is no reason", step.line);
            }
        }
    }
}

#[test]
fn every_guide_begins_as_the_registry_wants_it() {
    for guide in TRIED {
        let text = std::fs::read_to_string(file(guide)).unwrap();
        let head = text.split("---\n").nth(1).unwrap_or_default();
        for part in ["page_title: \"", "subcategory: \"Guides\"\n", "description: |-\n"] {
            assert!(head.contains(part), "{guide}.md has no {part:?} in its head");
        }
    }
}

#[test]
fn every_link_between_pages_leads_to_one() {
    for guide in TRIED {
        let path = file(guide);
        let text = std::fs::read_to_string(&path).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let (page, anchor) = target.split_once('#').unwrap_or((target, ""));
            let page = std::fs::read_to_string(path.with_file_name(page));
            let page = page.unwrap_or_else(|error| panic!("{guide}.md links to {target}: {error}"));
            assert!(
                anchor.is_empty() || anchors(&page).contains(anchor),
                "{guide}.md links to {target}: no such heading"
            );
        }
    }
}

/// What the headings of a page are linked as.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let is_kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
    headings
        .map(|heading| heading.to_lowercase().chars().filter(is_kept).collect::<String>().replace(' ', "-"))
        .collect()
}
