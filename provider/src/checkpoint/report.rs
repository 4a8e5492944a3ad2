//! `mlops_phase_report`: all phases of a store, as data and for people.

use std::collections::BTreeMap;
use std::time::Duration;

use mlops_phases::rollout::Blocker;
use mlops_phases::{Document, PhaseId, Rollout, Status, report};
use tfplugin::data_source::{ReadDataRequest, ReadDataResponse};
use tfplugin::{Context, DataSource, Diagnostic, Diagnostics, Object, Path, Value, name};

use super::archive::{Archive, LoadError};
use super::handwritten;
use super::model::PhaseName;
use super::problem;
use super::source::Source;
use super::store::{StoreError, StoreUrl};
use crate::checkpoint::Session;
use crate::google::api::CallContext;

/// The longest time for one read.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The data source.
#[derive(Debug, Default)]
pub struct PhaseReportSource;

/// All phases of a store: how far they are, what is next and what blocks, as data, as markdown and as a timeline. A store
/// without phases gives an empty report.
#[derive(Object, Clone)]
pub struct PhaseReport {
    /// The store, as in `mlops_phase_checkpoint`, or the address of a hand-written checkpoint.
    #[tf(required)]
    pub store: Value<StoreUrl>,
    /// A phase to look at closely: fills `document` and `revisions`.
    #[tf(optional)]
    pub phase: Value<PhaseName>,
    /// The revision of `phase` that `document` shows. The newest when nothing is said.
    #[tf(optional)]
    pub revision: Value<i64>,
    /// What the phases are phases of.
    #[tf(computed)]
    pub project_name: Value<String>,
    /// How much of the whole is done, in percent; every phase counts the same.
    #[tf(computed)]
    pub progress: Value<i64>,
    /// The phase to look at: the first that is in progress, else ready, else blocked, else not started. Null when all are
    /// completed.
    #[tf(computed)]
    pub current_phase: Value<String>,
    /// Phases that could start now.
    #[tf(computed)]
    pub next_phases: Value<Vec<String>>,
    /// Every phase, by name.
    #[tf(computed)]
    pub phases: Value<BTreeMap<String, PhaseSummary>>,
    /// What holds up phases that are not completed.
    #[tf(computed)]
    pub blockers: Value<Vec<BlockerSpec>>,
    /// The overview, as `PHASE_CHECKPOINT.md` in the store has it.
    #[tf(computed)]
    pub markdown: Value<String>,
    /// The guide for going on, as `SESSION_RESUME.md` in the store has it.
    #[tf(computed)]
    pub resume: Value<String>,
    /// The timeline, as an SVG picture for light and dark pages.
    #[tf(computed)]
    pub svg: Value<String>,
    /// The document of `phase`, as JSON. Null when no `phase` is given.
    #[tf(computed)]
    pub document: Value<String>,
    /// The revisions of `phase` that can be read back, oldest first. Null when no `phase` is given.
    #[tf(computed)]
    pub revisions: Value<Vec<i64>>,
}

/// A phase in short.
#[derive(Object, Clone)]
pub struct PhaseSummary {
    /// What it is called.
    #[tf(computed)]
    pub title: Value<String>,
    /// Where it stands.
    #[tf(computed)]
    pub status: Value<String>,
    /// How much is done, in percent.
    #[tf(computed)]
    pub progress: Value<i64>,
    /// Who answers for it.
    #[tf(computed)]
    pub owner: Value<String>,
    /// When it is meant to happen.
    #[tf(computed)]
    pub schedule: Value<String>,
    /// The phases before it.
    #[tf(computed)]
    pub depends_on_phases: Value<Vec<String>>,
    /// When work began.
    #[tf(computed)]
    pub started_at: Value<String>,
    /// When it was completed.
    #[tf(computed)]
    pub completed_at: Value<String>,
    /// How many of its issues are open.
    #[tf(computed)]
    pub open_issues: Value<i64>,
    /// How often its document was written.
    #[tf(computed)]
    pub revision: Value<i64>,
}

/// What holds up a phase.
#[derive(Object, Clone)]
pub struct BlockerSpec {
    /// The phase.
    #[tf(computed)]
    pub phase: Value<String>,
    /// Why it does not go on.
    #[tf(computed)]
    pub reason: Value<String>,
}

/// What is read of one phase.
struct Close {
    document: Document,
    revisions: Vec<u64>,
}

impl DataSource<Session> for PhaseReportSource {
    type State = PhaseReport;

    fn type_name(&self) -> &'static str {
        "mlops_phase_report"
    }

    fn validate(&self, config: &PhaseReport) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        if config.revision.known().is_some() && config.phase.is_null() {
            let text = "revision is set, and phase is not. Set phase to the phase that the revision is of.";
            let path = Path::root().attribute(name!(PhaseReport.phase));
            diagnostics.push(Diagnostic::error("revision is set without phase", text).at(path));
        }
        diagnostics
    }

    async fn read(
        &self,
        request: ReadDataRequest<PhaseReport>,
        context: Context<Session>,
    ) -> ReadDataResponse<PhaseReport> {
        match read(request.config, &context).await {
            Ok((state, warning)) => ReadDataResponse { state: Some(state), diagnostics: warning.into_iter().collect() },
            Err(diagnostic) => ReadDataResponse { state: None, diagnostics: diagnostic.into() },
        }
    }
}

/// The report, and a warning when the store's bucket is not there: the apply that reads it may be the one that makes it.
async fn read(
    config: PhaseReport,
    context: &Context<Session>,
) -> Result<(PhaseReport, Option<Diagnostic>), Diagnostic> {
    let session = context.client()?;
    let calls = CallContext::new(LIMIT, context.stop().clone());
    let store = config.store.known().cloned().ok_or_else(|| problem::unknown(name!(PhaseReport.store)))?;
    let (rollout, warning) = match Source::of(&store) {
        Source::Store => match archive(session, &store)?.rollout(&calls).await {
            Ok(rollout) => (rollout, None),
            Err(LoadError::Store(error @ StoreError::MissingBucket { .. })) => {
                (Rollout::new(Vec::new()), Some(problem::no_bucket_yet(&error)))
            }
            Err(error) => return Err(problem::store(&error)),
        },
        Source::Handwritten(file) => {
            let read = handwritten::read(session, &calls, &file).await?;
            (Rollout::new(read.map(|read| read.phases).unwrap_or_default()), None)
        }
    };
    let close = match config.phase.known() {
        None => None,
        Some(phase) => {
            Some(close(session, &calls, &store, &rollout, &phase.0, config.revision.known().copied()).await?)
        }
    };
    Ok((state_of(config, &rollout, close), warning))
}

fn archive(session: &Session, store: &StoreUrl) -> Result<Archive, Diagnostic> {
    let clients = session.stores().map_err(|missing| missing.diagnostic())?;
    Ok(Archive::open(store.clone(), clients))
}

async fn close(
    session: &Session,
    calls: &CallContext,
    store: &StoreUrl,
    rollout: &Rollout,
    phase: &PhaseId,
    revision: Option<i64>,
) -> Result<Close, Diagnostic> {
    let newest = rollout.get(phase).ok_or_else(|| {
        let there: Vec<String> = rollout.phases().iter().map(|document| document.phase.to_string()).collect();
        let there = if there.is_empty() { "no phases".to_owned() } else { format!("phases {}", there.join(", ")) };
        Diagnostic::error("Phase not found", format!("{store} has no phase {phase}; it has {there}."))
            .at(Path::root().attribute(name!(PhaseReport.phase)))
    })?;
    if matches!(Source::of(store), Source::Handwritten(_)) {
        return Ok(Close { document: newest.clone(), revisions: vec![newest.revision] });
    }
    let archive = archive(session, store)?;
    let revisions = archive.revisions(calls, phase).await.map_err(|error| problem::store(&error))?;
    let document = match revision {
        None => newest.clone(),
        Some(wanted) => {
            let read = match u64::try_from(wanted) {
                Ok(wanted) => {
                    archive.at_revision(calls, phase, wanted).await.map_err(|error| problem::store(&error))?
                }
                Err(_) => None,
            };
            read.ok_or_else(|| {
                let there: Vec<String> = revisions.iter().map(u64::to_string).collect();
                Diagnostic::error(
                    "Revision not found",
                    format!("Phase {phase} in {store} has no revision {wanted}; it has {}.", there.join(", ")),
                )
                .at(Path::root().attribute(name!(PhaseReport.revision)))
            })?
        }
    };
    Ok(Close { document, revisions })
}

fn count(number: usize) -> Value<i64> {
    Value::Known(i64::try_from(number).unwrap_or(i64::MAX))
}

fn revision(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn summary(document: &Document) -> PhaseSummary {
    PhaseSummary {
        title: Value::Known(document.title.clone()),
        status: Value::Known(document.status.to_string()),
        progress: Value::Known(i64::from(document.progress())),
        owner: document.owner.clone().into(),
        schedule: document.schedule.clone().into(),
        depends_on_phases: Value::Known(document.depends_on_phases.iter().map(PhaseId::to_string).collect()),
        started_at: document.started_at.as_ref().map(ToString::to_string).into(),
        completed_at: document.completed_at.as_ref().map(ToString::to_string).into(),
        open_issues: count(document.open_issues().count()),
        revision: Value::Known(revision(document.revision)),
    }
}

fn blocker(blocker: &Blocker) -> BlockerSpec {
    let (phase, reason) = match blocker {
        Blocker::Waits { phase, on, status } => {
            let stands = status.map_or("not in the store", Status::words);
            (phase, format!("waits for phase {on}, which is {stands}"))
        }
        Blocker::Blocked { phase, issues } if issues.is_empty() => (phase, "is blocked".to_owned()),
        Blocker::Blocked { phase, issues } => (phase, format!("is blocked: {}", issues.join("; "))),
        Blocker::Refused { phase, criteria } => {
            let failed: Vec<String> = criteria
                .iter()
                .map(|(name, observed)| format!("{name} ({})", observed.trim_end_matches('.')))
                .collect();
            (phase, format!("criteria failed: {}", failed.join("; ")))
        }
    };
    BlockerSpec { phase: Value::Known(phase.to_string()), reason: Value::Known(reason) }
}

fn state_of(config: PhaseReport, rollout: &Rollout, close: Option<Close>) -> PhaseReport {
    let phases = rollout.phases().iter().map(|document| (document.phase.to_string(), summary(document)));
    let document = close.as_ref().and_then(|close| String::from_utf8(close.document.to_json().ok()?).ok());
    let revisions = close.map(|close| close.revisions.into_iter().map(revision).collect::<Vec<_>>());
    PhaseReport {
        project_name: rollout.project_name().map(str::to_owned).into(),
        progress: Value::Known(i64::from(rollout.progress())),
        current_phase: rollout.current().map(|document| document.phase.to_string()).into(),
        next_phases: Value::Known(rollout.startable().map(|document| document.phase.to_string()).collect()),
        phases: Value::Known(phases.collect()),
        blockers: Value::Known(rollout.blockers().iter().map(blocker).collect()),
        markdown: Value::Known(report::checkpoint_page(rollout)),
        resume: Value::Known(report::resume_page(rollout)),
        svg: Value::Known(report::timeline_svg(rollout)),
        document: document.into(),
        revisions: revisions.into(),
        ..config
    }
}
