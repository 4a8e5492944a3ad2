//! What must hold after a fault: one function for all cells, [`aftermath`].
//!
//! State and cloud agree, the next apply completes, nothing is there twice, nothing is gone that no plan announced, and an error says what
//! failed, why, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use acceptance_tests::Difference;
use serde_json::{Value as Json, json};

use crate::cells::{Cell, Operation};
use crate::cloud::{self, CALLS, COMPONENTS};
use crate::driver::difference;
use crate::faults::{Fault, Rival};
use crate::rival;
use crate::world::{Configs, Said, World};

/// A promise that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// The fault was armed and not spent.
    Spent,
    /// A handler does not panic, nor break a rule of Terraform.
    NoPanic,
    /// An error names the component, the cause and the cure.
    Told,
    /// A refresh and an import write nothing.
    WritesNothing,
    /// State and cloud agree.
    Agreement,
    /// What an apply has recorded is what a refresh reads.
    Recorded,
    /// A read that succeeds reads what is there.
    TrueRead,
    /// The next apply completes.
    NextCompletes,
    /// After it there is nothing to do.
    Settled,
    /// After it the cloud is as if nothing had happened.
    SameCloud,
    /// No secret's value is sent twice.
    SentOnce,
    /// Nothing is deleted that no plan announced.
    Announced,
    /// What another writer did is not lost.
    OthersKept,
}

impl Promise {
    pub(crate) const ALL: [Self; 13] = [
        Self::Spent,
        Self::NoPanic,
        Self::Told,
        Self::WritesNothing,
        Self::Agreement,
        Self::Recorded,
        Self::TrueRead,
        Self::NextCompletes,
        Self::Settled,
        Self::SameCloud,
        Self::SentOnce,
        Self::Announced,
        Self::OthersKept,
    ];

    /// As `known.txt` writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spent => "spent",
            Self::NoPanic => "no-panic",
            Self::Told => "told",
            Self::WritesNothing => "writes-nothing",
            Self::Agreement => "agreement",
            Self::Recorded => "recorded",
            Self::TrueRead => "true-read",
            Self::NextCompletes => "next-completes",
            Self::Settled => "settled",
            Self::SameCloud => "same-cloud",
            Self::SentOnce => "sent-once",
            Self::Announced => "announced",
            Self::OthersKept => "others-kept",
        }
    }
}

/// A promise that was not kept, and how.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) promise: Promise,
    pub(crate) detail: String,
}

pub(crate) fn broken<T>(promise: Promise, detail: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { promise, detail: detail.into() })
}

/// What cloud and state are after an operation in which nothing goes wrong.
#[derive(Default)]
pub(crate) struct Undisturbed {
    pub(crate) cloud: BTreeMap<Operation, Json>,
    pub(crate) state: BTreeMap<Operation, Json>,
}

/// Whether errors say what failed, why, and what to do.
fn told(said: &Said) -> Result<(), Broken> {
    for error in &said.errors {
        if error.contains("The provider crashed") {
            return broken(Promise::NoPanic, error);
        }
        let has = |parts: &[&str]| parts.iter().any(|part| error.contains(part));
        if !has(&COMPONENTS) {
            return broken(Promise::Told, format!("no component is named: {error}"));
        }
        if !has(&CALLS) {
            return broken(Promise::Told, format!("no call is named: {error}"));
        }
        if error.chars().count() < 80 {
            return broken(Promise::Told, format!("too short to help: {error}"));
        }
    }
    Ok(())
}

/// Checks what an operation that met a fault has left, and what happens next. The fault is over.
pub(crate) async fn aftermath(
    world: &mut World,
    cell: &Cell,
    said: Option<&Said>,
    configs: &Configs,
    undisturbed: &Undisturbed,
) -> Result<(), Broken> {
    let operation = cell.operation;
    if let Some(said) = said {
        told(said)?;
    }
    match operation {
        Operation::Refresh | Operation::Import => reading(world, cell, said, undisturbed).await?,
        Operation::Create => writing(world, cell, said, &configs.first, undisturbed).await?,
        Operation::Update => writing(world, cell, said, &configs.next, undisturbed).await?,
        Operation::Destroy => writing(world, cell, said, &Json::Null, undisturbed).await?,
    }
    match world.unannounced() {
        deletions if deletions.is_empty() => Ok(()),
        deletions => broken(Promise::Announced, deletions.join(", ")),
    }
}

/// A refresh or an import reads what is there, or fails; the next one reads what is there.
async fn reading(world: &mut World, cell: &Cell, said: Option<&Said>, undisturbed: &Undisturbed) -> Result<(), Broken> {
    let operation = cell.operation;
    // An import leaves out what it cannot read, and says so.
    let names_it = |warning: &String| cell.shape.names().any(|name| warning.contains(name));
    let is_left_out = operation == Operation::Import && said.is_some_and(|said| said.warnings.iter().any(names_it));
    if !said.is_some_and(Said::has_failed) && !is_left_out {
        true_read(world, operation, undisturbed)?;
    }
    let again = match operation {
        Operation::Import => {
            world.forget();
            world.import().await
        }
        _ => world.refresh().await,
    };
    if again.has_failed() {
        return broken(Promise::NextCompletes, again.errors.join(" | "));
    }
    true_read(world, operation, undisturbed)?;
    match world.writes() {
        writes if writes.is_empty() => Ok(()),
        writes => broken(Promise::WritesNothing, format!("{} {}{}", writes[0].method, writes[0].host, writes[0].path)),
    }
}

fn true_read(world: &World, operation: Operation, undisturbed: &Undisturbed) -> Result<(), Broken> {
    match difference(&undisturbed.state[&operation], &world.state()) {
        nothing if nothing.is_empty() => Ok(()),
        different => broken(Promise::TrueRead, different),
    }
}

/// What was recorded is what is there, and the next run completes the change.
async fn writing(
    world: &mut World,
    cell: &Cell,
    said: Option<&Said>,
    config: &Json,
    undisturbed: &Undisturbed,
) -> Result<(), Broken> {
    // A process that was killed has recorded nothing, and what a rival changes nobody could record.
    if said.is_some() && cell.fault != Fault::Rival(Rival::Fields) {
        agreement(world, said)?;
        let recorded = recorded(world);
        refreshed(world).await?;
        let read = self::recorded(world);
        // What could not be read after a failure is not recorded yet, unless it was asked for.
        let is_untold = |one: &Difference| one.before.is_null() && config.pointer(&one.path).is_none_or(Json::is_null);
        let mut wrong = acceptance_tests::differences(&recorded, &read);
        wrong.retain(|one| !said.is_some_and(Said::has_failed) || !is_untold(one));
        if !(wrong.is_empty() || recorded.is_null() || read.is_null()) {
            return broken(Promise::Recorded, lines(&wrong));
        }
    } else {
        refreshed(world).await?;
    }
    if world.has_changes(config).await.map_or(true, |changes| changes.is_some()) {
        let next = world.change(config).await;
        if next.has_failed() {
            return broken(Promise::NextCompletes, next.errors.join(" | "));
        }
    }
    agreement(world, None)?;
    let recorded = recorded(world);
    refreshed(world).await?;
    if recorded != self::recorded(world) {
        return broken(Promise::Recorded, difference(&recorded, &self::recorded(world)));
    }
    match world.has_changes(config).await {
        Ok(None) => {}
        Ok(Some(changes)) => return broken(Promise::Settled, changes),
        Err(said) => return broken(Promise::Settled, said.errors.join(" | ")),
    }
    let left = acceptance_tests::differences(&undisturbed.cloud[&cell.operation], &world.cloud.contents());
    let ours: Vec<Difference> =
        left.iter().filter(|one| !rival::is_its(&one.path, &one.before, &one.after)).cloned().collect();
    let is_version = |one: &Difference| cloud::is_version_of_secret(&one.path);
    match ours {
        ours if ours.is_empty() => Ok(()),
        ours if ours.iter().all(is_version) => broken(Promise::SentOnce, lines(&ours)),
        ours => broken(Promise::SameCloud, lines(&ours)),
    }
}

/// Everything that the rival has added is there still.
pub(crate) fn others_kept(world: &World, rival: Rival) -> Result<(), Broken> {
    let left = acceptance_tests::differences(&json!({}), &world.cloud.contents());
    let theirs: BTreeSet<String> = left.iter().flat_map(|one| theirs(&one.path, &one.after)).collect();
    let (wanted, kept) = (rival::additions(rival), theirs.len());
    if kept >= wanted {
        Ok(())
    } else {
        broken(Promise::OthersKept, format!("{kept} of {wanted} are left: {theirs:?}"))
    }
}

/// Where the rival's name stands in the name of an object, a label or a grant.
fn theirs(path: &str, value: &Json) -> Vec<String> {
    match value {
        _ if path.contains(rival::NAME) => vec![path.to_owned()],
        Json::Object(members) => {
            members.iter().flat_map(|(name, value)| theirs(&format!("{path}/{name}"), value)).collect()
        }
        _ => Vec::new(),
    }
}

/// The state, without the list of deletions, which a refresh empties, and what follows from the rest or changes by itself:
/// the inventory is compared with the cloud.
fn recorded(world: &World) -> Json {
    let mut state = world.state();
    if let Some(attributes) = state.as_object_mut() {
        attributes.remove("deletes");
        attributes.remove("fingerprint");
        attributes.remove("inventory");
    }
    cloud::forget_what_changes(&mut state);
    state
}

async fn refreshed(world: &mut World) -> Result<(), Broken> {
    let said = world.refresh().await;
    if said.has_failed() { broken(Promise::NextCompletes, said.errors.join(" | ")) } else { Ok(()) }
}

fn lines(differences: &[Difference]) -> String {
    let line = |one: &Difference| format!("{}: {} -> {}", one.path, one.before, one.after);
    differences.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// State and cloud agree, but for the id of an object that could not be read after its creation, which an error has named.
fn agreement(world: &World, said: Option<&Said>) -> Result<(), Broken> {
    let mut found = world.cloud.disagreements(&world.state());
    found.retain(|line| !(line.ends_with("has no id") && said.is_some_and(Said::has_failed)));
    match found {
        found if found.is_empty() => Ok(()),
        found => broken(Promise::Agreement, found.join("; ")),
    }
}
