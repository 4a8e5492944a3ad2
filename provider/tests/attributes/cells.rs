//! The five cells of an attribute: set, changed, removed, drifted, imported.
//!
//! Each ends with an empty plan. A cell that does not exist for an attribute says why; that is a cell of the table, too.

use std::fmt;

use serde_json::Value as Json;
use tfplugin::Dynamic;
use tfplugin::schema::{Presence, Shape};
use tfplugin::testing::TestAction;
use tfplugin::value::json as terraform_json;

use crate::drive::{Broken, Change, Fault, Stage, fault};
use crate::rival;
use crate::samples::{SAMPLES, Sample, Says, configuration, sample};
use crate::schema::{KEY, Place};
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
    /// The order in which a cell finds the stack as it needs it, if the one before holds.
    pub(crate) const IN_TURN: [Self; 5] = [Self::Set, Self::Changed, Self::Drifted, Self::Removed, Self::Imported];

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
        Cell::Drifted | Cell::Imported if place.attribute.write_only => Some("write-only: it is never read".to_owned()),
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
    /// What was in its cloud when nothing was said, and at B.
    silent: Option<Snapshot>,
    at_b: Option<Snapshot>,
}

impl<'s> Row<'s> {
    pub(crate) fn new(place: Place<'s>) -> Self {
        let sample = sample(&place.path);
        let above = place.parents.iter().map(|(path, _)| path);
        let immutable = sample.immutable || above.filter_map(|path| SAMPLES.get(path)).any(|above| above.immutable);
        let says = |says| configuration(&place, says);
        let (nothing, a, b) = (says(Says::Nothing), says(Says::A), says(Says::B));
        Self { place, sample, immutable, nothing, a, b, stage: None, silent: None, at_b: None }
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
        if let Some(stage) = self.stage.take() {
            return Ok(stage);
        }
        (self.silent, self.at_b) = (None, None);
        Stage::with(&self.a).await
    }

    /// The value in a state.
    fn value(&self, state: &Json) -> Json {
        self.value_like(state, state)
    }

    /// The value in another state, which may have other KEYs: a component without labels is found by its name.
    fn value_like(&self, state: &Json, own: &Json) -> Json {
        let (mut state, mut own) = (state, own);
        for step in self.place.steps() {
            let same_name = || {
                let mut entries = state.as_object()?.values();
                let named = entries.find(|entry| !entry["name"].is_null() && entry["name"] == own[&step]["name"]);
                named.or_else(|| state.as_object()?.values().next())
            };
            state = match (step.parse::<usize>(), &state[&step]) {
                (Ok(at), _) => &state[at],
                (Err(_), Json::Null) if step == KEY => same_name().unwrap_or(&Json::Null),
                (Err(_), value) => value,
            };
            own = step.parse::<usize>().map_or(&own[&step], |at| &own[at]);
        }
        state.clone()
    }

    /// Whether two values mean the same.
    fn same(&self, one: &Json, other: &Json) -> bool {
        let Shape::Plain(plain) = &self.place.attribute.shape else { return one == other };
        let (Ok(one), Ok(other)) = (terraform_json::from_json(plain, one), terraform_json::from_json(plain, other))
        else {
            return false;
        };
        let equal = self.place.attribute.rules.equal;
        match (&one, &other) {
            (Dynamic::Set(one), Dynamic::Set(other)) => {
                one.len() == other.len() && one.iter().all(|item| other.iter().any(|same| equal(item, same)))
            }
            _ => equal(&one, &other),
        }
    }

    /// Whether the snapshots differ, as they must if a field of the cloud is behind the attribute.
    fn effect(&self, before: &Snapshot, stage: &Stage) -> Result<(), Fault> {
        let fields = before.differences(&stage.snapshot());
        let nothing = fields.is_empty() && !(self.sample.masked && stage.has_written);
        match (&self.sample.terraform_only, nothing) {
            (None, true) => fault(Broken::NoEffect, "the cloud is as it was"),
            (Some(_), false) => fault(Broken::Unseen, format!("the cloud is different: {fields:?}")),
            _ => Ok(()),
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
        let required = self.place.attribute.presence == Presence::Required || self.sample.required;
        if required || self.immutable {
            let other = Stage::with(if required { &self.b } else { &self.nothing }).await?;
            let stage = Stage::with(&self.a).await?;
            self.effect(&other.snapshot(), &stage)?;
            self.stage = Some(stage);
            return Ok(Outcome::Holds);
        }
        let mut stage = Stage::with(&self.nothing).await?;
        let before = stage.snapshot();
        stage.converge(&self.a).await?;
        self.effect(&before, &stage)?;
        (self.stage, self.silent) = (Some(stage), Some(before));
        Ok(Outcome::Holds)
    }

    async fn changed(&mut self) -> Result<Outcome, Fault> {
        let mut stage = self.at_a().await?;
        let before = stage.snapshot();
        stage.converge(&self.b).await?;
        self.effect(&before, &stage)?;
        let at_b = stage.snapshot();
        stage.converge(&self.a).await?;
        let left = stage.snapshot().left_changed(&before);
        if !left.is_empty() {
            return fault(Broken::NotHealed, format!("at A again, the cloud differs in {}", names(&left)));
        }
        (self.stage, self.at_b) = (Some(stage), Some(at_b));
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
        let mut stage = self.at_a().await?;
        let before = stage.snapshot();
        stage.converge(&self.nothing).await?;
        if self.sample.terraform_only.is_some() {
            self.effect(&before, &stage)?;
            return Ok(Outcome::Holds);
        }
        let after = stage.snapshot();
        if self.sample.required {
            // There is nothing that silence from the beginning could be compared with.
            let stays = after.differences(&before).is_empty();
            return Ok(Outcome::Leaves(if stays { Left::Stays } else { Left::Other }));
        }
        let silent = match self.silent.take() {
            Some(silent) => silent,
            None => Stage::with(&self.nothing).await?.snapshot(),
        };
        let fields = silent.differences(&before);
        Ok(Outcome::Leaves(match (after.agrees(&silent, &fields), after.agrees(&before, &fields)) {
            (true, _) => Left::Default,
            (false, true) => Left::Stays,
            (false, false) => Left::Other,
        }))
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
        let to_nothing = self.sample.drift_to_nothing;
        let mut stage = if to_nothing { Stage::with(&self.a).await? } else { self.at_a().await? };
        let (theirs, known) = match to_nothing {
            true => (&self.nothing, None),
            false => (&self.b, self.at_b.take()),
        };
        let Change { before, fields } = rival::change(&mut stage, &self.a, theirs, known, to_nothing).await?;
        self.expect_seen(&mut stage, &fields).await?;
        if stage.plan(&self.a).await? == TestAction::NoOp {
            return fault(Broken::Unseen, format!("a plan shows nothing of {}", names(&fields)));
        }
        stage.converge(&self.a).await?;
        let healed = stage.snapshot();
        if !healed.heals(&before, &fields) {
            return fault(Broken::NotHealed, format!("the cloud differs in {}", names(&before.differences(&healed))));
        }
        self.stage = Some(stage);
        Ok(Outcome::Holds)
    }

    /// Somebody made the object anew with another value.
    async fn drift_refused(&mut self) -> Result<Outcome, Fault> {
        let mut stage = self.at_a().await?;
        let Change { fields, .. } = rival::change(&mut stage, &self.a, &self.b, None, true).await?;
        self.expect_seen(&mut stage, &fields).await?;
        match stage.plan(&self.a).await {
            Ok(TestAction::NoOp) => fault(Broken::Unseen, format!("a plan shows nothing of {}", names(&fields))),
            Ok(action) => fault(Broken::NotRefused, format!("the plan is {action:?}")),
            Err(Fault { broken: Broken::Plan, .. }) => Ok(Outcome::Holds),
            Err(fault) => Err(fault),
        }
    }

    /// A refresh shows that somebody has changed these fields.
    async fn expect_seen(&self, stage: &mut Stage, fields: &[Field]) -> Result<(), Fault> {
        let recorded = stage.state();
        stage.refresh().await?;
        if stage.state() == recorded {
            return fault(Broken::Unseen, format!("a refresh shows nothing of {}", names(fields)));
        }
        Ok(())
    }

    async fn imported(&self) -> Result<Outcome, Fault> {
        let computed = self.place.attribute.presence == Presence::Computed;
        let config = if computed { &self.nothing } else { &self.a };
        let stage = Stage::with(config).await?;
        let own = stage.state();
        let recorded = self.value(&own);
        let of_kind = self.place.kind().and_then(|kind| SAMPLES.get(kind)).and_then(|kind| kind.import.as_deref());
        let selectors = self.sample.import.as_deref().or(of_kind).unwrap_or_default();
        let state = stage.import(self.place.kind(), selectors).await?;
        let read = self.value_like(&state, &own);
        // What is nested says of itself whether it was read.
        if self.place.attribute.nested().is_some() && !read.is_null() || self.same(&recorded, &read) {
            return Ok(Outcome::Holds);
        }
        fault(Broken::NotRead, format!("{recorded} was imported as {read}"))
    }
}

fn names(fields: &[Field]) -> String {
    fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
