//! A rollout to test with: the eight phases in which a service that reads CT scans came under Terraform, just as the
//! second one is completed.

use crate::document::{Change, Checklist, Command, Criterion, Document, Evidence, Issue, Outcome, Risk, Step, Task};
use crate::{Moment, PhaseId, Rollout, Status};

pub(crate) fn id(text: &str) -> PhaseId {
    text.parse().unwrap()
}

pub(crate) fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn steps(names: &[&str], done: bool) -> Vec<Step> {
    names.iter().map(|name| Step { name: (*name).to_owned(), done, ..Step::default() }).collect()
}

fn fixed(severity: &str, title: &str, fix: &str) -> Issue {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Issue { severity: text(severity), title: title.to_owned(), status: Some("fixed".into()), fix: text(fix) }
}

fn risk(risk: &str, probability: &str, mitigation: &str) -> Risk {
    Risk { risk: risk.into(), probability: Some(probability.into()), impact: None, mitigation: Some(mitigation.into()) }
}

fn command(name: &str, command: &str, expected: Option<&str>) -> Command {
    Command { name: Some(name.into()), command: command.into(), expected: expected.map(str::to_owned) }
}

fn pending(phase: &str, title: &str, schedule: &str, after: &str, names: &[&str]) -> Document {
    let mut document = Document::new(id(phase), title);
    document.schedule = Some(schedule.into());
    document.depends_on_phases = vec![id(after)];
    document.steps = steps(names, false);
    document
}

/// Phase 1: completed in a day.
pub(crate) fn foundation() -> Document {
    let mut phase = Document::new(id("1"), "Terraform Foundation");
    phase.project_name = Some("CT Scan MLOps Infrastructure as Code".into());
    phase.status = Status::Completed;
    phase.schedule = Some("Week 1".into());
    phase.started_at = Some(at("2026-02-02"));
    phase.completed_at = Some(at("2026-02-02"));
    phase.deliverables = texts(&[
        "9 Terraform modules",
        "Environments for production, staging and development",
        "Import script (191 lines)",
        "13 Invoke tasks",
        "Guides for setup, migration and operations (2,484 lines)",
    ]);
    phase.metrics = [("Lines of Terraform", "2,263"), ("Files", "53"), ("Modules", "9")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    phase.issues = vec![
        fixed("CRITICAL", "dev and staging were empty", "both environments written"),
        fixed("CRITICAL", "drift_logs could be destroyed with its objects", "`force_destroy = false`"),
    ];
    phase
}

/// Phase 2: completed in three days, with evidence.
pub(crate) fn import() -> Document {
    let mut phase = Document::new(id("2"), "Import Existing Resources");
    phase.status = Status::Completed;
    phase.revision = 4;
    phase.owner = Some("platform team".into());
    phase.schedule = Some("Week 2".into());
    phase.depends_on_phases = vec![id("1")];
    phase.started_at = Some(at("2026-02-02"));
    phase.completed_at = Some(at("2026-02-05T14:03:00Z"));
    phase.steps = steps(
        &[
            "Create the Terraform state bucket",
            "Get the project's metadata",
            "Configure `terraform.tfvars`",
            "Initialize Terraform",
            "Import existing resources",
            "Fix 7 import issues",
            "Verify that `terraform plan` shows no changes",
        ],
        true,
    );
    phase.criteria = [
        (
            "healthy",
            Criterion::Http {
                url: "https://ct-scan-api.example.app/health".into(),
                method: None,
                status: None,
                body_pattern: None,
                headers: [].into(),
                timeout: None,
                attempts: None,
                identity_token: None,
                audience: None,
            },
        ),
        (
            "no_changes",
            Criterion::StackInSync {
                stack: "projects/ct-scan/locations/europe-west1/stacks/ct-scan".into(),
                fingerprint: "9f2c".into(),
            },
        ),
        ("versioned", Criterion::BucketVersioned { url: "gs://ct-scan-terraform-state".into() }),
    ]
    .map(|(name, criterion)| (name.to_owned(), criterion))
    .into();
    let seen = |passed, observed: &str, time: &str| Evidence { passed, observed: observed.into(), at: at(time) };
    phase.evidence = [
        ("healthy", seen(true, "status 200 in 84 ms", "2026-02-05T14:02:58Z")),
        ("no_changes", seen(true, "52 objects, fingerprint 9f2c", "2026-02-05T14:02:59Z")),
        ("versioned", seen(true, "versioning is on", "2026-02-05T14:02:58Z")),
    ]
    .map(|(name, evidence)| (name.to_owned(), evidence))
    .into();
    let change = |time: &str, from, to, outcome| Change {
        at: at(time),
        by: "ops@example.com".into(),
        from,
        to,
        outcome,
        reason: None,
        evidence: [].into(),
    };
    let mut refused = change("2026-02-04T17:20:00Z", Some(Status::InProgress), Status::Completed, Outcome::Refused);
    refused.evidence =
        [("healthy".to_owned(), seen(false, "status 503 | no healthy upstream", "2026-02-04T17:20:00Z"))].into();
    let mut completed = change("2026-02-05T14:03:00Z", Some(Status::InProgress), Status::Completed, Outcome::Changed);
    completed.evidence = phase.evidence.clone();
    phase.history =
        vec![change("2026-02-02T08:00:00Z", None, Status::InProgress, Outcome::Changed), refused, completed];
    phase.issues = vec![
        fixed("CRITICAL", "Models bucket location mismatch", "location override"),
        fixed("CRITICAL", "Cloud Run config drift", "updated to match the service"),
        fixed("HIGH", "Artifact Registry `older_than` format", "seconds"),
        fixed("HIGH", "State bucket conflict (409)", "imported"),
        fixed("HIGH", "6 runbooks missing", "written"),
        fixed("MEDIUM", "Firestore API off", "switched on"),
        fixed("MEDIUM", "Budget API has no quota project", "set"),
    ];
    phase.deliverables = texts(&["52 resources in the state", "`terraform plan`: no changes"]);
    phase.metrics = [("Resources imported".to_owned(), "52".to_owned())].into();
    phase.risks = vec![risk("Noisy diffs after import", "High", "fix step by step")];
    phase.snapshot = [("projects/ct-scan/locations/europe-west1/stacks/ct-scan".to_owned(), "9f2c".to_owned())].into();
    phase.verification = vec![command(
        "Nothing to change",
        "cd infrastructure/terraform/environments/prod\nterraform plan",
        Some("No changes. Your infrastructure matches the configuration."),
    )];
    phase.notes = Some("No interruption of service during the import.\n\n- held on a *Thursday*".into());
    phase
}

/// Phase 3: ready.
pub(crate) fn validation() -> Document {
    let mut phase = pending(
        "3",
        "Validation",
        "Week 3",
        "2",
        &["Make a safe change: add a label", "Verify that the service is not interrupted", "Revert the change"],
    );
    phase.status = Status::Ready;
    phase.objectives = texts(&["Prove that a change reaches the cloud and can be taken back"]);
    phase.next_steps = texts(&["Add a label to the service", "Apply", "Watch the service for ten minutes", "Revert"]);
    phase.commands = vec![
        command("What would change", "invoke terraform.plan --environment=prod", None),
        command("Change it", "invoke terraform.apply --environment=prod", None),
    ];
    phase.verification = vec![command(
        "The service answers",
        "curl -s -o /dev/null -w '%{http_code}' https://ct-scan-api.example.app/health",
        Some("200"),
    )];
    phase.criteria = [(
        "rollback".to_owned(),
        Criterion::Manual { approved_by: "ops lead".into(), note: Some("the label is gone again".into()) },
    )]
    .into();
    phase.risks = vec![risk("The change restarts the service", "Low", "a label changes no revision")];
    phase
}

/// A phase under way, with what the others lack: tasks, check-lists, open issues, a failed criterion.
pub(crate) fn under_way() -> Document {
    let mut phase = pending("3.5", "Infrastructure Hardening", "Days 1-5", "3", &[]);
    phase.status = Status::InProgress;
    phase.estimate = Some("3-5 days (20-30 hours)".into());
    phase.priority = Some("HIGH".into());
    phase.started_at = Some(at("2026-02-09"));
    let task = |name: &str, done| Task { name: name.to_owned(), done };
    phase.steps = vec![
        Step {
            name: "State foundation".into(),
            done: true,
            estimate: Some("Day 1, 4 hours".into()),
            objective: Some("State in a bucket, with a lock.".into()),
            tasks: vec![task("Create the bucket", true), task("Create the lock table", true)],
        },
        Step {
            name: "Import".into(),
            tasks: vec![task("Import roles", true), task("Import queues", false)],
            ..Step::default()
        },
        Step { name: "Clean up".into(), ..Step::default() },
    ];
    phase.checklists = vec![Checklist {
        title: "Day 1: Foundation".into(),
        items: vec![task("Create the bucket", true), task("Initialize Terraform", false)],
    }];
    phase.issues = vec![Issue {
        severity: Some("HIGH".into()),
        title: "The pipeline may not read the state".into(),
        status: Some("open".into()),
        fix: None,
    }];
    phase.criteria = [("locked".to_owned(), Criterion::ObjectExists { url: "s3://state/lock".into() })].into();
    phase.evidence = [(
        "locked".to_owned(),
        Evidence { passed: false, observed: "404 Not Found".into(), at: at("2026-02-10T09:00:00Z") },
    )]
    .into();
    phase
}

/// All eight.
pub(crate) fn rollout() -> Rollout {
    Rollout::new(vec![
        foundation(),
        import(),
        validation(),
        pending(
            "4",
            "CI/CD and Firestore Migration",
            "Week 4",
            "3",
            &["Create the GitHub Actions workflow", "Migrate SQLite to Firestore", "Deploy the monitoring endpoints"],
        ),
        pending(
            "5-6",
            "Monitoring in Shadow Mode",
            "Weeks 5-6",
            "4",
            &[
                "Deploy P0 alerts, enabled",
                "Deploy P1 and P2 alerts in shadow mode",
                "Tune thresholds for <2% false positives",
            ],
        ),
        pending("7", "Monitoring in Production", "Week 7", "5-6", &["Enable P1 and P2 alerts", "Test with chaos"]),
        pending("8", "Finalization", "Week 8", "7", &["Review all thresholds", "Train the team"]),
    ])
}
