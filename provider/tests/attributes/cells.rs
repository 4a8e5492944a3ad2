//! The five cells of an attribute: set, changed, removed, drifted, imported.
//!
//! Each ends with an empty plan. A cell that does not exist for an attribute says why; that is a cell of the table, too.

use std::fmt;

use serde_json::Value as Json;
use tfplugin::schema::{Presence, Shape};
use tfplugin::testing::TestAction;
use tfplugin::value::json as terraform_json;

use crate::drive::{Broken, Fault, Stage, fault};
use crate::samples::{SAMPLES, Sample, Says, configuration, sample};
use crate::schema::Place;
use crate::snapshot::{Field, Snapshot};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Set,
    Changed,
    Removed,
    Drifted,
    Imported,
}

impl Cell {
    pub(crate) const ALL: [Self; 5] = [Self::Set, Self::Changed, Self::Removed, Self::Drifted, Self::Imported];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Drifted => "drifted",
            Self::Imported => "imported",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is in the cloud once the configuration says nothing of an attribute any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// The value.
    Stays,
    /// What is there when nothing was ever said.
    Default,
    /// Something else.
    Other,
    /// The plan refuses it.
    Refused,
}

impl Left {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stays => "stays",
            Self::Default => "default",
            Self::Other => "other",
            Self::Refused => "refused",
        }
    }
}

/// How a cell came out.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It holds.
    Holds,
    /// It holds, and this is what is left.
    Leaves(Left),
    /// It does not exist.
    Except(String),
    /// It does not hold.
    Fails(Fault),
}

impl From<Result<Outcome, Fault>> for Outcome {
    fn from(result: Result<Outcome, Fault>) -> Self {
        result.unwrap_or_else(Self::Fails)
    }
}

/// Why a cell does not exist, by the schema or by the samples.
fn exception(place: &Place<'_>, sample: &Sample, cell: Cell) -> Option<String> {
    if let Some(why) = sample.except.get(cell.name()) {
        return Some(why.clone());
    }
    let presence = place.attribute.presence;
    match cell {
        Cell::Changed | Cell::Removed | Cell::Drifted if presence == Presence::Computed => {
            Some("computed: only the provider sets it".to_owned())
        }
        Cell::Removed if presence == Presence::Required => Some("required: it cannot be left out".to_owned()),
        Cell::Drifted | Cell::Imported if place.attribute.write_only => {
            Some("write-only: it is never read".to_owned())
        }
        Cell::Drifted | Cell::Imported => sample.terraform_only.clone(),
        Cell::Set | Cell::Changed | Cell::Removed => None,
    }
}

/// The cells of one attribute, on clouds of its own.
pub(crate) struct Row<'s> {
    place: Place<'s>,
    sample: &'static Sample,
    immutable: bool,
    nothing: Json,
    a: Json,
    b: Json,
    /// A stack that is settled at A.
    stage: Option<Stage>,
}

impl<'s> Row<'s> {
    pub(crate) fn new(place: Place<'s>) -> Self {
        let sample = sample(&place.path);
        let above = place.parents.iter().map(|(path, _)| path);
        let immutable = sample.immutable || above.filter_map(|path| SAMPLES.get(path)).any(|above| above.immutable);
        let says = |says| configuration(&place, says);
        let (nothing, a, b) = (says(Says::Nothing), says(Says::A), says(Says::B));
        Self { place, sample, immutable, nothing, a, b, stage: None }
    }

    pub(crate) async fn cell(&mut self, cell: Cell) -> Outcome {
        if let Some(why) = exception(&self.place, self.sample, cell) {
            return Outcome::Except(why);
        }
        let computed = self.place.attribute.presence == Presence::Computed;
        match cell {
            Cell::Set if computed => self.shown().await,
            Cell::Set => self.set().await,
            Cell::Changed if self.immutable => self.change_refused().await,
            Cell::Changed => self.changed().await,
            Cell::Removed if self.immutable => self.silenced().await,
            Cell::Removed => self.removed().await,
            Cell::Drifted if self.immutable => self.drift_refused().await,
            Cell::Drifted => self.drifted().await,
            Cell::Imported => self.imported().await,
        }
        .into()
    }

    /// A stack that is settled at A: the one that the cell before has left, or a new one.
    async fn at_a(&mut self) -> Result<Stage, Fault> {
        match self.stage.take() {
            Some(stage) => Ok(stage),
            None => Stage::with(&self.a).await,
        }
    }

    /// The value in a state or a configuration.
    fn value(&self, json: &Json) -> Json {
        let steps = self.place.steps();
        let inside = |json: &Json, step: &String| step.parse().map_or(json[step].clone(), |at: usize| json[at].clone());
        steps.iter().fold(json.clone(), |json, step| inside(&json, step))
    }

    /// Whether two values mean the same.
    fn same(&self, one: &Json, other: &Json) -> bool {
        let Shape::Plain(plain) = &self.place.attribute.shape else { return one == other };
        let (one, other) = (terraform_json::from_json(plain, one), terraform_json::from_json(plain, other));
        one.is_ok_and(|one| other.is_ok_and(|other| (self.place.attribute.rules.equal)(&one, &other)))
    }

    /// Whether the snapshots differ, as they must if a field of the cloud is behind the attribute.
    fn effect(&self, before: &Snapshot, after: &Snapshot) -> Result<Vec<Field>, Fault> {
        let fields = before.differences(after);
        match (&self.sample.terraform_only, fields.is_empty()) {
            (None, true) => fault(Broken::NoEffect, "the cloud is as it was"),
            (Some(_), false) => fault(Broken::Unseen, format!("the cloud is different: {fields:?}")),
            _ => Ok(fields),
        }
    }

    async fn shown(&self) -> Result<Outcome, Fault> {
        let stage = Stage::with(&self.nothing).await?;
        match self.value(&stage.state()) {
            Json::Null => fault(Broken::NotRead, "the state has no value"),
            _ => Ok(Outcome::Holds),
        }
    }

    async fn set(&mut self) -> Result<Outcome, Fault> {
        if self.place.attribute.presence == Presence::Required || self.immutable {
            let other = if self.place.attribute.presence == Presence::Required { &self.b } else { &self.nothing };
            let other = Stage::with(other).await?;
            let stage = Stage::with(&self.a).await?;
            self.effect(&other.snapshot(), &stage.snapshot())?;
            self.stage = Some(stage);
            return Ok(Outcome::Holds);
        }
        let mut stage = Stage::with(&self.nothing).await?;
        let before = stage.snapshot();
        stage.converge(&self.a).await?;
        self.effect(&before, &stage.snapshot())?;
        self.stage = Some(stage);
        Ok(Outcome::Holds)
    }

    async fn changed(&mut self) -> Result<Outcome, Fault> {
        let mut stage = self.at_a().await?;
        let before = stage.snapshot();
        stage.converge(&self.b).await?;
        self.effect(&before, &stage.snapshot())?;
        stage.converge(&self.a).await?;
        self.stage = Some(stage);
        Ok(Outcome::Holds)
    }

    async fn change_refused(&mut self) -> Result<Outcome, Fault> {
        let stage = self.at_a().await?;
        let planned = stage.plan(&self.b).await;
        self.stage = Some(stage);
        match planned {
            Ok(action) => fault(Broken::NotRefused, format!("the plan is {action:?}")),
            Err(Fault { broken: Broken::Plan, detail }) if detail.contains(self.place.attribute.name.as_ref()) => {
                Ok(Outcome::Holds)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn removed(&mut self) -> Result<Outcome, Fault> {
        let (silent, set) = (Stage::with(&self.nothing).await?.snapshot(), Stage::with(&self.a).await?.snapshot());
        let fields = silent.differences(&set);
        let mut stage = self.at_a().await?;
        let before = stage.snapshot();
        stage.converge(&self.nothing).await?;
        let after = stage.snapshot();
        Ok(match (after.agrees(&silent, &fields), after.agrees(&before, &fields)) {
            _ if self.sample.terraform_only.is_some() => {
                self.effect(&before, &after)?;
                Outcome::Holds
            }
            (true, _) => Outcome::Leaves(Left::Default),
            (false, true) => Outcome::Leaves(Left::Stays),
            (false, false) => Outcome::Leaves(Left::Other),
        })
    }

    async fn silenced(&mut self) -> Result<Outcome, Fault> {
        let mut stage = self.at_a().await?;
        match stage.plan(&self.nothing).await {
            Ok(TestAction::NoOp) => {}
            Ok(_) => drop(stage.converge(&self.nothing).await?),
            Err(Fault { broken: Broken::Plan, detail }) if detail.contains(self.place.attribute.name.as_ref()) => {
                return Ok(Outcome::Leaves(Left::Refused));
            }
            Err(fault) => return Err(fault),
        }
        stage.settled(&self.nothing).await?;
        Ok(Outcome::Leaves(Left::Stays))
    }

    async fn drifted(&mut self) -> Result<Outcome, Fault> {
        let mut stage = self.at_a().await?;
        let meant = stage.snapshot();
        let theirs = if self.sample.drift_to_nothing {
            Stage::with(&self.nothing).await?.snapshot()
        } else {
            stage.converge(&self.b).await?;
            let theirs = stage.snapshot();
            stage.converge(&self.a).await?;
            theirs
        };
        let before = stage.snapshot();
        let fields = meant.differences(&theirs);
        before.drift(&stage.cloud, &theirs, &fields);
        let recorded = stage.state();
        stage.refresh().await?;
        if stage.state() == recorded {
            return fault(Broken::Unseen, format!("a refresh shows nothing of {}", names(&fields)));
        }
        if stage.plan(&self.a).await? == TestAction::NoOp {
            return fault(Broken::Unseen, format!("a plan shows nothing of {}", names(&fields)));
        }
        stage.converge(&self.a).await?;
        let healed = stage.snapshot();
        if !healed.agrees(&meant, &fields) {
            let left: Vec<Field> = meant.differences(&healed);
            return fault(Broken::NotHealed, format!("the cloud differs in {}", names(&left)));
        }
        self.stage = Some(stage);
        Ok(Outcome::Holds)
    }

    /// Somebody made the object anew with another value.
    async fn drift_refused(&mut self) -> Result<Outcome, Fault> {
        let mut stage = self.at_a().await?;
        let theirs = Stage::with(&self.b).await?.snapshot();
        let meant = stage.snapshot();
        let fields = meant.differences(&theirs);
        meant.drift(&stage.cloud, &theirs, &fields);
        let recorded = stage.state();
        stage.refresh().await?;
        if stage.state() == recorded {
            return fault(Broken::Unseen, format!("a refresh shows nothing of {}", names(&fields)));
        }
        match stage.plan(&self.a).await {
            Ok(TestAction::NoOp) => fault(Broken::Unseen, format!("a plan shows nothing of {}", names(&fields))),
            Ok(action) => fault(Broken::NotRefused, format!("the plan is {action:?}")),
            Err(Fault { broken: Broken::Plan, .. }) => Ok(Outcome::Holds),
            Err(fault) => Err(fault),
        }
    }

    async fn imported(&self) -> Result<Outcome, Fault> {
        let computed = self.place.attribute.presence == Presence::Computed;
        let config = if computed { &self.nothing } else { &self.a };
        let stage = Stage::with(config).await?;
        let recorded = self.value(&stage.state());
        let of_kind = self.place.kind().and_then(|kind| SAMPLES.get(kind)).and_then(|kind| kind.import.as_deref());
        let selectors = self.sample.import.as_deref().or(of_kind).unwrap_or_default();
        let (state, _) = stage.import(selectors).await?;
        let read = self.value(&state);
        // What is nested says of itself whether it was read.
        if self.place.attribute.nested().is_some() && !read.is_null() || self.same(&recorded, &read) {
            return Ok(Outcome::Holds);
        }
        fault(Broken::NotRead, format!("{recorded} was imported as {read}"))
    }
}

fn names(fields: &[Field]) -> String {
    let names = fields.iter().map(|(thing, path)| match thing {
        crate::snapshot::Thing::Object(service, object) => format!("//{service}{object} {}", path.join(".")),
        crate::snapshot::Thing::Policy(service, resource) => format!("policy of //{service}/{resource}"),
    });
    names.collect::<Vec<_>>().join(", ")
}
