//! The body of `mlops_phase_checkpoint`. Attribute names are those of `mlops_phases::Document`: see `convert`.

use std::collections::{BTreeMap, BTreeSet};

use mlops_phases::{Moment, PhaseId};
use tfplugin::{Choice, Diagnostics, Dynamic, Object, ObjectSchema, Path, Value};

use super::store::StoreUrl;
use crate::types::Duration;

/// A phase's name as an attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhaseName(pub PhaseId);

/// A day or a point in time as an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When(pub Moment);

macro_rules! text_newtype {
    ($name:ident($inner:ty)) => {
        impl std::str::FromStr for $name {
            type Err = <$inner as std::str::FromStr>::Err;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        crate::types::text_scalar!($name);
    };
}

crate::types::text_scalar!(StoreUrl);
text_newtype!(PhaseName(PhaseId));
text_newtype!(When(Moment));

/// Where a phase stands.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[tf(rename = "snake_case")]
pub enum PhaseStatus {
    /// Nothing was done yet.
    NotStarted,
    /// It can start: everything before it is completed.
    Ready,
    /// Work is going on.
    InProgress,
    /// Something outside holds it up.
    Blocked,
    /// Done, with its criteria proved.
    Completed,
}

/// What happens to the stored document when the resource is destroyed.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointDeletion {
    /// The document goes, with its revisions.
    Delete,
    /// It stays in the store.
    Abandon,
    /// Destroying it is refused.
    Prevent,
}

/// What alert policies must be.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[tf(rename = "snake_case")]
pub enum AlertsMustBe {
    /// Evaluated, and each notifies at least one channel.
    Enabled,
    /// Evaluated, and none notifies anybody.
    Shadow,
}

/// One phase of a rollout: its steps, its success criteria, which the provider checks itself, and its history, kept as a
/// JSON document in an object store beside an overview for people.
#[derive(Object, Clone)]
pub struct PhaseCheckpoint {
    /// Where checkpoints are kept: `gs://BUCKET/PREFIX`, `s3://BUCKET/PREFIX` (with `?region=`, `endpoint=`,
    /// `use_path_style=true` and `profile=` where needed), or `file:///FOLDER`. A hand-written checkpoint,
    /// `file:///FOLDER/PHASE_CHECKPOINT.md`, can be imported and is only read: set a store of your own to go on from it. A
    /// change writes the phase to the new store, history included, and leaves the old document where it is.
    #[tf(required)]
    pub store: Value<StoreUrl>,
    /// What the phases of this store are phases of.
    #[tf(optional)]
    pub project_name: Value<String>,
    /// Which phase it is: a number (`2`), a number with parts (`3.5`), or a range (`5-6`). It cannot be changed.
    #[tf(required)]
    pub phase: Value<PhaseName>,
    /// What the phase is called.
    #[tf(required)]
    pub title: Value<String>,
    /// Where it stands. `completed` is reached only when all `criteria` hold. Until the phases in `depends_on_phases` are
    /// completed it can be `not_started` or `blocked` only.
    #[tf(default = PhaseStatus::NotStarted)]
    pub status: Value<PhaseStatus>,
    /// Phases of this store that come before it. Refer to them as `mlops_phase_checkpoint.NAME.phase`, so that Terraform
    /// applies them first.
    #[tf(optional)]
    pub depends_on_phases: Value<BTreeSet<PhaseName>>,
    /// Why a completed phase is taken up again. Needed to leave `completed`.
    #[tf(optional)]
    pub reopen_reason: Value<String>,
    /// Who answers for it.
    #[tf(optional)]
    pub owner: Value<String>,
    /// When it is meant to happen: `Week 3`.
    #[tf(optional)]
    pub schedule: Value<String>,
    /// How much work it is: `3-5 days (20-30 hours)`.
    #[tf(optional)]
    pub estimate: Value<String>,
    /// How much it matters: `HIGH`.
    #[tf(optional)]
    pub priority: Value<String>,
    /// What it is for.
    #[tf(optional)]
    pub objectives: Value<Vec<String>>,
    /// What is to be done, in order.
    #[tf(optional)]
    pub steps: Value<Vec<StepSpec>>,
    /// Lists to tick off beside the steps, such as one for each day.
    #[tf(optional)]
    pub checklists: Value<Vec<ChecklistSpec>>,
    /// What must hold when the phase becomes `completed`, by a name of your choice. The provider checks all of them then;
    /// when one fails, the phase keeps its status, and the attempt is in the history.
    #[tf(optional)]
    pub criteria: Value<BTreeMap<String, CriterionSpec>>,
    /// Problems that were met.
    #[tf(optional)]
    pub issues: Value<Vec<IssueSpec>>,
    /// What the phase brought.
    #[tf(optional)]
    pub deliverables: Value<Vec<String>>,
    /// What could go wrong.
    #[tf(optional)]
    pub risks: Value<Vec<RiskSpec>>,
    /// Figures, by name.
    #[tf(optional)]
    pub metrics: Value<BTreeMap<String, String>>,
    /// What to do next, in order.
    #[tf(optional)]
    pub next_steps: Value<Vec<String>>,
    /// Commands to go on with.
    #[tf(optional)]
    pub commands: Value<Vec<CommandSpec>>,
    /// Commands that show that all is well.
    #[tf(optional)]
    pub verification: Value<Vec<CommandSpec>>,
    /// Anything else, in markdown.
    #[tf(optional)]
    pub notes: Value<String>,
    /// When work began: a day (`2026-02-05`) or a time (`2026-02-05T14:03:00Z`). Default: when the status first became
    /// `in_progress` or `completed`.
    #[tf(optional, computed)]
    pub started_at: Value<When>,
    /// When it was completed, written as `started_at` is. Default: when the status became `completed`.
    #[tf(optional, computed)]
    pub completed_at: Value<When>,
    /// What happens to the stored document when the resource is destroyed.
    #[tf(default = CheckpointDeletion::Delete)]
    pub deletion_policy: Value<CheckpointDeletion>,
    /// `STORE#PHASE`, which is also the import id.
    #[tf(computed)]
    pub id: Value<String>,
    /// The address of the stored document.
    #[tf(computed)]
    pub uri: Value<String>,
    /// How much is done, in percent: by steps and their tasks, 100 when completed, at most 99 before.
    #[tf(computed)]
    pub progress: Value<i64>,
    /// Counts the writes of the document, from 1.
    #[tf(computed)]
    pub revision: Value<i64>,
    /// Every change of the status and every attempt at one, oldest first.
    #[tf(computed)]
    pub history: Value<Vec<ChangeSpec>>,
    /// What was observed when the criteria were last checked, by criterion.
    #[tf(computed)]
    pub evidence: Value<BTreeMap<String, EvidenceSpec>>,
    /// The phase as a person would write it.
    #[tf(computed)]
    pub markdown: Value<String>,
    /// Fingerprints of the stacks named in `stack_in_sync` at completion, by the stack's id.
    #[tf(computed)]
    pub snapshot: Value<BTreeMap<String, String>>,
}

/// A step.
#[derive(Object, Clone)]
pub struct StepSpec {
    /// What is done.
    #[tf(required)]
    pub name: Value<String>,
    /// Whether it is done.
    #[tf(default = false)]
    pub done: Value<bool>,
    /// How much work it is: `Day 1, 4 hours`.
    #[tf(optional)]
    pub estimate: Value<String>,
    /// What it is for.
    #[tf(optional)]
    pub objective: Value<String>,
    /// Its parts.
    #[tf(optional)]
    pub tasks: Value<Vec<TaskSpec>>,
}

/// Something to tick off.
#[derive(Object, Clone)]
pub struct TaskSpec {
    /// What is done.
    #[tf(required)]
    pub name: Value<String>,
    /// Whether it is done.
    #[tf(default = false)]
    pub done: Value<bool>,
}

/// A list to tick off.
#[derive(Object, Clone)]
pub struct ChecklistSpec {
    /// What the list is for: `Day 1: Foundation`.
    #[tf(required)]
    pub title: Value<String>,
    /// What is on it.
    #[tf(optional)]
    pub items: Value<Vec<TaskSpec>>,
}

/// What must hold: exactly one of these.
#[derive(Object, Clone)]
pub struct CriterionSpec {
    /// The stack, read again, is what it was when the configuration was planned.
    #[tf(optional)]
    pub stack_in_sync: Value<StackInSyncSpec>,
    /// A web server answers as it should.
    #[tf(optional)]
    pub http: Value<HttpSpec>,
    /// A bucket keeps old versions of its objects.
    #[tf(optional)]
    pub bucket_versioned: Value<BucketVersionedSpec>,
    /// An object is there.
    #[tf(optional)]
    pub object_exists: Value<ObjectExistsSpec>,
    /// Alert policies notify, or do not.
    #[tf(optional)]
    pub alert_policies: Value<AlertPoliciesSpec>,
    /// A person approves it.
    #[tf(optional)]
    pub manual: Value<ManualSpec>,
}

/// A stack that must be as recorded.
#[derive(Object, Clone)]
pub struct StackInSyncSpec {
    /// The stack's id: `mlops_stack.NAME.id`, of a stack in the same configuration.
    #[tf(required)]
    pub stack: Value<String>,
    /// Its fingerprint: `mlops_stack.NAME.fingerprint`. In a completed phase the fingerprint of its completion stays.
    #[tf(required)]
    pub fingerprint: Value<String>,
}

/// A call and its answer.
#[derive(Object, Clone)]
pub struct HttpSpec {
    /// What is called, with `http` or `https`.
    #[tf(required)]
    pub url: Value<String>,
    /// The method. `GET` when nothing is said.
    #[tf(optional)]
    pub method: Value<String>,
    /// The status that is wanted. 200 when nothing is said.
    #[tf(optional)]
    pub status: Value<i64>,
    /// A regular expression that must match somewhere in the body.
    #[tf(optional)]
    pub body_pattern: Value<String>,
    /// Headers to send. They are stored: nothing secret belongs here.
    #[tf(optional)]
    pub headers: Value<BTreeMap<String, String>>,
    /// The longest time for one attempt. `10s` when nothing is said.
    #[tf(optional)]
    pub timeout: Value<Duration>,
    /// How often it is tried, with growing pauses. 3 times when nothing is said.
    #[tf(optional)]
    pub attempts: Value<i64>,
    /// Whether an identity token of the provider's credentials is sent, as private Cloud Run services want it.
    #[tf(optional)]
    pub identity_token: Value<bool>,
    /// Whom the token is made for. The scheme and host of `url` when nothing is said.
    #[tf(optional)]
    pub audience: Value<String>,
}

/// A bucket that keeps old versions.
#[derive(Object, Clone)]
pub struct BucketVersionedSpec {
    /// `gs://NAME`, as `mlops_stack.NAME.buckets["KEY"].url` has it, or `s3://NAME` with the same settings as in `store`.
    #[tf(required)]
    pub url: Value<String>,
}

/// An object that must be there.
#[derive(Object, Clone)]
pub struct ObjectExistsSpec {
    /// `gs://BUCKET/OBJECT`, `s3://BUCKET/OBJECT` or `file:///PATH`.
    #[tf(required)]
    pub url: Value<String>,
}

/// Alert policies that must notify, or must not.
#[derive(Object, Clone)]
pub struct AlertPoliciesSpec {
    /// The stack whose policies are meant: `mlops_stack.NAME.id`, of a stack in the same configuration.
    #[tf(optional)]
    pub stack: Value<String>,
    /// Policies by name: `projects/P/alertPolicies/N`. One of `stack` and `policies` is needed.
    #[tf(optional)]
    pub policies: Value<BTreeSet<String>>,
    /// Only those of these severities: `CRITICAL`, `ERROR`, `WARNING`, or `P0`, `P1`, `P2`.
    #[tf(optional)]
    pub severities: Value<BTreeSet<String>>,
    /// What all of them must be.
    #[tf(required)]
    pub state: Value<AlertsMustBe>,
}

/// A person's word.
#[derive(Object, Clone)]
pub struct ManualSpec {
    /// Who approves it: the name of a person or a role.
    #[tf(required)]
    pub approved_by: Value<String>,
    /// What they say.
    #[tf(optional)]
    pub note: Value<String>,
}

/// A problem that was met.
#[derive(Object, Clone)]
pub struct IssueSpec {
    /// How bad it is: `CRITICAL`, `HIGH`, `MEDIUM`, `LOW`.
    #[tf(optional)]
    pub severity: Value<String>,
    /// What it is.
    #[tf(required)]
    pub title: Value<String>,
    /// Where it stands: `open`, `fixed`.
    #[tf(optional)]
    pub status: Value<String>,
    /// How it was cured.
    #[tf(optional)]
    pub fix: Value<String>,
}

/// Something that could go wrong.
#[derive(Object, Clone)]
pub struct RiskSpec {
    /// What it is.
    #[tf(required)]
    pub risk: Value<String>,
    /// How likely it is.
    #[tf(optional)]
    pub probability: Value<String>,
    /// How bad it would be.
    #[tf(optional)]
    pub impact: Value<String>,
    /// What is done against it.
    #[tf(optional)]
    pub mitigation: Value<String>,
}

/// A command to be run.
#[derive(Object, Clone)]
pub struct CommandSpec {
    /// What it is for.
    #[tf(optional)]
    pub name: Value<String>,
    /// What is typed; it may have several lines.
    #[tf(required)]
    pub command: Value<String>,
    /// What it shows when all is well.
    #[tf(optional)]
    pub expected: Value<String>,
}

/// A change of the status, or an attempt at one.
#[derive(Object, Clone)]
pub struct ChangeSpec {
    /// When.
    #[tf(computed)]
    pub at: Value<String>,
    /// By whom.
    #[tf(computed)]
    pub by: Value<String>,
    /// The status before; null at the beginning.
    #[tf(computed)]
    pub from: Value<String>,
    /// The status that was wanted.
    #[tf(computed)]
    pub to: Value<String>,
    /// `changed`, or `refused` when a criterion failed.
    #[tf(computed)]
    pub outcome: Value<String>,
    /// Why: the reason of a reopening, or the criteria that failed.
    #[tf(computed)]
    pub reason: Value<String>,
    /// The evidence at this change, by criterion.
    #[tf(computed)]
    pub evidence: Value<BTreeMap<String, EvidenceSpec>>,
}

/// What was observed when a criterion was checked.
#[derive(Object, Clone)]
pub struct EvidenceSpec {
    /// Whether it held.
    #[tf(computed)]
    pub passed: Value<bool>,
    /// What was seen.
    #[tf(computed)]
    pub observed: Value<String>,
    /// When.
    #[tf(computed)]
    pub at: Value<String>,
}

/// The body with the schema that generated configurations read best from.
#[derive(Clone)]
pub struct Body(pub PhaseCheckpoint);

impl Object for Body {
    fn schema() -> ObjectSchema {
        PhaseCheckpoint::schema().unset_left_out()
    }

    fn decode(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self> {
        PhaseCheckpoint::decode(value, path, diagnostics).map(Self)
    }

    fn encode(&self) -> Dynamic {
        self.0.encode()
    }
}
