//! What real texts say: a checkpoint, a resume guide, a summary, the context of a session and a roadmap, each with its
//! encoding damaged in its own way.

use super::super::{Handwritten, mojibake, parse};
use crate::document::{Checklist, Issue, Step, Task};
use crate::{Document, Status};

const ALL: [&str; 5] = ["resume-guide", "checkpoint", "summary", "context", "roadmap"];

/// The text of this name, as it was found.
fn text(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../acceptance-tests/documents");
    let file = folder.join(format!("{name}.md"));
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn read(name: &str) -> Handwritten {
    parse(&text(name))
}

fn phase<'a>(read: &'a Handwritten, name: &str) -> &'a Document {
    read.phases.iter().find(|phase| phase.phase.to_string() == name).unwrap()
}

/// Id, title, status and what comes before, of every phase.
fn phases(read: &Handwritten) -> Vec<(String, &str, Status, Vec<String>)> {
    let before = |phase: &Document| phase.depends_on_phases.iter().map(ToString::to_string).collect();
    read.phases
        .iter()
        .map(|phase| (phase.phase.to_string(), phase.title.as_str(), phase.status, before(phase)))
        .collect()
}

fn dates(phase: &Document) -> [Option<&str>; 2] {
    [&phase.started_at, &phase.completed_at].map(|at| at.as_ref().map(|at| at.as_str()))
}

fn steps(phase: &Document) -> Vec<(&str, bool)> {
    phase.steps.iter().map(|step| (step.name.as_str(), step.done)).collect()
}

/// Severity, title and cure of issues that are fixed.
fn fixed(phase: &Document) -> Vec<(&str, &str, &str)> {
    assert!(phase.issues.iter().all(|issue| issue.status.as_deref() == Some("fixed")), "{:?}", phase.issues);
    fn text(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    phase.issues.iter().map(|issue| (text(&issue.severity), issue.title.as_str(), text(&issue.fix))).collect()
}

/// Title of a list, how many of its items are ticked, and how many there are.
fn checklists(phase: &Document) -> Vec<(&str, usize, usize)> {
    let count = |list: &Checklist| list.items.iter().filter(|item| item.done).count();
    phase.checklists.iter().map(|list| (list.title.as_str(), count(list), list.items.len())).collect()
}

fn leftovers(read: &Handwritten) -> Vec<(usize, &str)> {
    read.unrecognized.iter().map(|left| (left.line, left.text.as_str())).collect()
}

#[test]
fn the_checkpoint_tells_all_eight_phases() {
    let read = read("checkpoint");
    assert_eq!(read.project_name.as_deref(), Some("CT Scan MLOps Infrastructure as Code"));
    assert_eq!(read.last_updated.as_ref().map(|at| at.as_str()), Some("2026-02-05"));
    assert_eq!(read.current.as_ref().map(ToString::to_string).as_deref(), Some("3"));
    let before = |before: &[&str]| before.iter().map(|phase| (*phase).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        phases(&read),
        [
            ("1".into(), "Terraform Foundation", Status::Completed, before(&[])),
            ("2".into(), "Import Existing Resources", Status::Completed, before(&[])),
            ("3".into(), "Validation", Status::Ready, before(&["2"])),
            ("4".into(), "CI/CD + Firestore Migration", Status::NotStarted, before(&["3"])),
            ("5-6".into(), "Monitoring Shadow Mode", Status::NotStarted, before(&["4"])),
            ("7".into(), "Monitoring Production", Status::NotStarted, before(&["5-6"])),
            ("8".into(), "Finalization", Status::NotStarted, before(&["7"])),
        ]
    );
    let schedules: Vec<_> = read.phases.iter().filter_map(|phase| phase.schedule.as_deref()).collect();
    assert_eq!(schedules, ["Week 1", "Week 2", "Week 3", "Week 4", "Weeks 5-6", "Week 7", "Week 8"]);
    assert_eq!(leftovers(&read), [(271, "**Version:** 2.0")]);
}

#[test]
fn the_checkpoint_tells_what_the_first_phase_brought() {
    let read = read("checkpoint");
    let first = phase(&read, "1");
    assert_eq!(dates(first), [None, Some("2026-02-02")]);
    assert_eq!(first.deliverables.len(), 10);
    assert!(first.deliverables[0].starts_with("9 Terraform modules (storage, "), "{:?}", first.deliverables);
    assert!(first.deliverables[6].ends_with("; 6 alert runbooks"), "{:?}", first.deliverables);
    assert_eq!(first.deliverables[9], "Added state lock timeout (5 minutes)");
    let figures: Vec<_> = first.metrics.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        figures,
        [
            ("Critical Fixes Applied: Duration", "1.5 hours"),
            ("Duration", "1 day"),
            ("Environments", "3"),
            ("Grade", "A (post-fixes)"),
            ("Lines of Documentation", "2,484"),
            ("Lines of Terraform Code", "2,263"),
            ("Modules", "9"),
            ("Total Files Created", "53"),
        ]
    );
    assert_eq!(fixed(first).len(), 7);
}

#[test]
fn the_checkpoint_tells_how_the_import_went() {
    let read = read("checkpoint");
    let import = phase(&read, "2");
    assert_eq!(dates(import), [Some("2026-02-02"), Some("2026-02-05")]);
    assert_eq!(
        steps(import),
        [
            ("Create Terraform state bucket", true),
            ("Get GCP project metadata", true),
            ("Configure terraform.tfvars", true),
            ("Initialize Terraform", true),
            ("Import existing resources", true),
            ("Fix 7 import issues (all 7/7 fixed)", true),
            ("Verify terraform plan (0 changes)", true),
        ]
    );
    assert_eq!(
        fixed(import),
        [
            ("CRITICAL", "Models bucket location mismatch", "Added location override"),
            ("CRITICAL", "Cloud Run config drift", "Updated to match actual service"),
            ("HIGH", "Artifact Registry `older_than` format", "Fixed to seconds"),
            ("HIGH", "Terraform state bucket conflict", "Already imported"),
            ("HIGH", "Missing monitoring runbooks", "All 6 files created"),
            ("MEDIUM", "Firestore API not enabled", "Enabled via gcloud"),
            ("MEDIUM", "Budget API quota project", "Set via gcloud"),
        ]
    );
    assert_eq!(checklists(import), [("Final Verification", 2, 2), ("Success Criteria (ALL MET)", 5, 5)]);
    assert_eq!(import.deliverables.len(), 9);
    assert_eq!(import.metrics["Duration"], "3 days");
    let risks: Vec<_> =
        import.risks.iter().map(|risk| (risk.risk.as_str(), risk.probability.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        risks,
        [
            ("Noisy diffs after import", "High"),
            ("Import failures", "Medium"),
            ("Service disruption", "Low"),
            ("State corruption", "Low"),
        ]
    );
    assert_eq!(import.commands[0].command.lines().count(), 4);
    assert_eq!(import.verification[0].command, "terraform plan");
    assert_eq!(import.verification[0].expected.as_deref(), Some("No changes"));
}

#[test]
fn the_checkpoint_tells_what_is_next() {
    let read = read("checkpoint");
    let next = phase(&read, "3");
    assert_eq!(
        next.next_steps,
        [
            "Test safe change (add/remove a label)",
            "Apply the change",
            "Verify no service disruption",
            "Revert the change",
            "Validate rollback procedures",
        ]
    );
    assert_eq!(
        steps(next),
        [
            ("Test safe change (add/remove label)", false),
            ("Verify no service disruption", false),
            ("Validate rollback procedures", false),
        ]
    );
    assert_eq!(next.metrics["Alert Policies"], "11 alerts (P0-P2)");
    assert_eq!(next.metrics["Security Posture"], "9/10");
    assert_eq!(steps(phase(&read, "4"))[1], ("Migrate SQLite → Firestore", false));
    assert_eq!(steps(phase(&read, "5-6"))[2], ("Tune thresholds for <2% false positive rate", false));
}

#[test]
fn the_resume_guide_tells_the_import() {
    let read = read("resume-guide");
    assert_eq!(read.project_name.as_deref(), Some("MLOps Infrastructure Implementation"));
    assert_eq!(read.last_updated.as_ref().map(|at| at.as_str()), Some("2026-02-05"));
    assert_eq!(read.current.as_ref().map(ToString::to_string).as_deref(), Some("2"));
    assert_eq!(
        phases(&read),
        [
            ("1".into(), "Terraform Foundation", Status::Completed, vec![]),
            ("2".into(), "Import Existing Resources", Status::Completed, vec![]),
        ]
    );
    let (first, import) = (phase(&read, "1"), phase(&read, "2"));
    assert_eq!(dates(first), [None, Some("2026-02-02")]);
    assert_eq!(first.deliverables[5], "Lowered memory threshold (90% → 85%)");
    assert_eq!(first.deliverables.len(), 8);
    assert_eq!(fixed(first).len(), 7);
    assert_eq!(
        fixed(import),
        [
            ("CRITICAL", "Models bucket location mismatch (destroy+recreate)", ""),
            ("CRITICAL", "Cloud Run config drift (env vars, SA, scaling)", ""),
            ("HIGH", "Artifact Registry `older_than` format wrong", ""),
            ("HIGH", "Terraform state bucket conflict (409)", ""),
            ("HIGH", "Missing monitoring runbook files (6 files)", ""),
            ("MEDIUM", "Firestore API not enabled", ""),
            ("MEDIUM", "Budget API quota project not set", ""),
        ]
    );
    let steps = steps(import);
    assert_eq!(steps.len(), 14);
    assert_eq!(steps[5], ("`terraform plan` run — 7 issues identified", true));
    assert_eq!(steps[7], ("Enable APIs (Issues 6, 7)", true));
    assert_eq!(steps[13], ("Verify", true));
    assert_eq!(import.steps[10].tasks.len(), 3);
    assert_eq!(
        checklists(import),
        [
            ("What Was Already Done (This Session)", 7, 7),
            ("Success Criteria", 0, 7),
            ("Quick Checklist for Resume", 0, 13),
        ]
    );
    let shown = |wanted: &str| import.verification.iter().find(|command| command.command == wanted).unwrap();
    assert_eq!(shown("gcloud config get-value project").expected.as_deref(), Some("dtu-mlops-data-482907"));
    assert!(import.commands.iter().any(|command| command.command.starts_with("gcloud services enable firestore")));
    assert_eq!(import.next_steps[1], "Execute fixes in order (Issues 6,7 → 3 → 5 → 1 → 4 → 2)");
    let notes = import.notes.as_deref().unwrap_or_default();
    for pitfall in 1..=5 {
        assert!(notes.contains(&format!("### Pitfall {pitfall}: ")), "{notes}");
    }
    assert_eq!(read.unrecognized.iter().map(|left| left.line).collect::<Vec<_>>(), [3, 410]);
}

/// It says "ready to start" first, and "starting" in the tree of states at its end: the later one counts.
#[test]
fn the_summary_tells_steps_of_every_phase() {
    let read = read("summary");
    assert_eq!(read.last_updated.as_ref().map(|at| at.as_str()), Some("2026-02-02"));
    let told: Vec<_> =
        read.phases.iter().map(|phase| (phase.phase.to_string(), phase.status, phase.steps.len())).collect();
    assert_eq!(
        told,
        [
            ("1".into(), Status::Completed, 7),
            ("2".into(), Status::InProgress, 6),
            ("3".into(), Status::NotStarted, 4),
            ("4".into(), Status::NotStarted, 5),
            ("5-6".into(), Status::NotStarted, 5),
            ("7".into(), Status::NotStarted, 5),
            ("8".into(), Status::NotStarted, 5),
        ]
    );
    assert!(phase(&read, "1").steps.iter().all(|step| step.done));
    assert!(read.phases[1..].iter().flat_map(|phase| &phase.steps).all(|step| !step.done));
    let import = phase(&read, "2");
    assert_eq!(import.schedule.as_deref(), Some("Weeks 2-3"));
    let risks: Vec<_> = import.risks.iter().filter_map(|risk| risk.impact.as_deref()).collect();
    assert_eq!(risks, ["Critical", "High", "High", "Medium", "Low", "Medium"]);
    assert_eq!(import.objectives.len(), 4);
    assert_eq!(phase(&read, "8").objectives.len(), 7);
    assert_eq!(steps(phase(&read, "4"))[2], ("Migrate SQLite feedback → Firestore", false));
    assert!(import.notes.as_deref().unwrap_or_default().contains("### 1. Firestore Instead of SQLite (CRITICAL)"));
    assert_eq!(leftovers(&read), [(451, "**Version:** 1.1")]);
}

#[test]
fn the_session_is_one_phase_whose_sections_are_steps() {
    let read = read("context");
    assert_eq!(read.project_name.as_deref(), Some("Plant Gateway Deployment"));
    assert_eq!(read.last_updated.as_ref().map(|at| at.as_str()), Some("2026-01-17T17:13:00Z"));
    let [only] = read.phases.as_slice() else { panic!("{:?}", phases(&read)) };
    assert_eq!((only.phase.to_string().as_str(), only.status), ("1", Status::InProgress));
    assert_eq!(only.title, "Deploy Plant Gateway service to demo environment with complete CI/CD integration");
    assert_eq!(
        steps(only),
        [
            ("Database Migration", true),
            ("Workflow Updates", true),
            ("Terraform Configuration", true),
            ("Terraform Formatting Fixes", true),
            ("Docker Images Built & Pushed", true),
            ("Terraform Apply Execution", false),
            ("Post-Deployment Verification", false),
            ("Load Balancer Configuration", false),
        ]
    );
    let issues: Vec<_> =
        only.issues.iter().map(|Issue { title, status, .. }| (title.as_str(), status.as_deref())).collect();
    assert_eq!(
        issues,
        [
            ("CI pipeline blocked on `terraform fmt -check` violations", Some("fixed")),
            ("GitHub Actions Runner Queue Congestion", Some("open")),
        ]
    );
    assert_eq!(checklists(only), [("Status Summary", 5, 8)]);
    assert_eq!(only.estimate.as_deref(), Some("5-10 minutes (once runner becomes available)"));
    assert_eq!(only.next_steps.len(), 13);
    assert_eq!(only.commands.len(), 6);
    assert_eq!(leftovers(&read), []);
}

#[test]
fn the_roadmap_tells_stages_and_days() {
    let read = read("roadmap");
    assert_eq!(read.last_updated.as_ref().map(|at| at.as_str()), Some("2025-11-26"));
    assert_eq!(
        phases(&read),
        [
            ("3.5".into(), "Infrastructure Hardening", Status::Ready, vec![]),
            ("4".into(), "Visualizations & Insights", Status::NotStarted, vec![]),
            ("5".into(), "Advanced Features", Status::NotStarted, vec![]),
        ]
    );
    let hardening = phase(&read, "3.5");
    assert_eq!(hardening.estimate.as_deref(), Some("3-5 days (20-30 hours)"));
    assert!(hardening.priority.as_deref().unwrap_or_default().starts_with("HIGH"));
    let stages: Vec<_> = hardening
        .steps
        .iter()
        .map(|Step { name, estimate, tasks, .. }| (name.as_str(), estimate.as_deref().unwrap_or_default(), tasks.len()))
        .collect();
    assert_eq!(
        stages,
        [
            ("Terraform State Foundation", "Day 1, 4 hours", 4),
            ("Import Existing Resources", "Day 1-2, 8 hours", 6),
            ("Define Missing Resources in Terraform", "Day 2, 4 hours", 4),
            ("CI/CD IAM Permissions Fix", "Day 2-3, 4 hours", 2),
            ("Re-enable Terraform in GitHub Actions", "Day 3, 2 hours", 3),
            ("Worker Deployment Automation", "Day 3-4, 3 hours", 2),
            ("Documentation & Cleanup", "Day 4-5, 4 hours", 4),
            ("Comprehensive Testing", "Day 5, 3 hours", 4),
        ]
    );
    let objective = hardening.steps[0].objective.as_deref();
    assert_eq!(objective, Some("Set up S3 backend for Terraform state with DynamoDB locking."));
    let lists = checklists(hardening);
    let days: Vec<_> = lists.iter().filter(|(title, ..)| title.starts_with("Day ")).copied().collect();
    assert_eq!(
        days,
        [
            ("Day 1: Foundation", 0, 6),
            ("Day 2: Resources", 0, 5),
            ("Day 3: CI/CD", 0, 5),
            ("Day 4: Testing", 0, 4),
            ("Day 5: Documentation", 0, 5),
        ]
    );
    assert!(lists.contains(&("Terraform State Foundation: Success Criteria", 0, 4)), "{lists:?}");
    assert!(
        lists
            .iter()
            .any(|(title, done, all)| title.eq_ignore_ascii_case("completion criteria") && (*done, *all) == (0, 8))
    );
    assert_eq!(hardening.metrics["Time to rollback"], "< 5 minutes");
    assert_eq!(hardening.objectives.len(), 10);
    assert_eq!(steps(phase(&read, "4"))[1], ("Churn prediction trends", false));
    assert_eq!(read.unrecognized.iter().map(|left| left.line).collect::<Vec<_>>(), [1263]);
}

/// Headings, fences and names of fields order what is told; everything else is in the result.
#[test]
fn nothing_of_a_text_vanishes() {
    // Words of states and names of fields, whose meaning is kept, but not the word.
    const UNDERSTOOD: [&str; 12] = [
        "target",
        "pending",
        "starting",
        "blockers",
        "none",
        "ended",
        "milestone",
        "prepared",
        "november",
        "estimated",
        "paused",
        "resume",
    ];
    for name in ALL {
        let text = text(name);
        let said = said(&parse(&text));
        for line in mojibake::repair(&text).lines().map(str::trim) {
            if line.starts_with('#') && !line.starts_with("# Target")
                || line.starts_with("```")
                || line.starts_with("|--")
            {
                continue;
            }
            // A label such as `**Bonus Improvements:**` is a heading too.
            if line.starts_with("**") && line.trim_end_matches('*').ends_with(':') {
                continue;
            }
            let words = line.split(|character: char| !character.is_alphanumeric()).map(str::to_lowercase);
            for word in words.filter(|word| word.chars().count() > 3 && !UNDERSTOOD.contains(&word.as_str())) {
                assert!(said.contains(&word), "{name}: {word} of {line:?}");
            }
        }
    }
}

/// Everything that the result says, in lower case.
fn said(read: &Handwritten) -> String {
    serde_json::to_string(read).unwrap().to_lowercase()
}

#[test]
fn titles_and_steps_have_no_damage_left() {
    for name in ALL {
        let read = read(name);
        for phase in &read.phases {
            let tasks = phase.steps.iter().flat_map(|step| step.tasks.iter().map(|Task { name, .. }| name));
            for text in phase.steps.iter().map(|step| &step.name).chain(tasks).chain([&phase.title]) {
                assert!(!text.contains(['\u{fffd}', 'Ã', 'Â', '‚', '√', 'ğ', 'ð']), "{text}");
            }
        }
    }
}
