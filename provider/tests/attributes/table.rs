//! The rows, all at once, and what holds of the lists.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::SystemTime;

use futures::FutureExt as _;
use terraform_provider_mlops::provider::Mlops;
use tfplugin::ObjectSchema;
use tfplugin::testing::TestProvider;
use tokio::runtime::Builder;
use tokio::sync::Semaphore;

use crate::cells::{Cell, Outcome, Row};
use crate::cloud::{self, AT_ONCE, STACK};
use crate::drive::Fault;
use crate::known::Known;
use crate::samples::{self, SAMPLES, values};
use crate::schema::{self, Place};

async fn schema() -> &'static ObjectSchema {
    static SCHEMA: tokio::sync::OnceCell<ObjectSchema> = tokio::sync::OnceCell::const_new();
    let read = || async { TestProvider::new(Mlops).await.resource_schema(STACK).clone() };
    SCHEMA.get_or_init(read).await
}

/// The attributes whose paths begin as one of `ATTRIBUTES` does, `ATTRIBUTES=buckets.cors,topics`; all of them where it is
/// empty, and a sample where it is not set, which `ATTRIBUTES_SEED` draws again.
fn selected(places: Vec<Place<'static>>) -> Vec<Place<'static>> {
    if let Ok(wanted) = std::env::var("ATTRIBUTES") {
        return places.into_iter().filter(|place| wanted.split(',').any(|one| place.path.starts_with(one))).collect();
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = std::env::var("ATTRIBUTES_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(now);
    if cloud::SHARE > 1 {
        let _ = writeln!(std::io::stderr(), "one attribute in {}, ATTRIBUTES_SEED={seed}", cloud::SHARE);
    }
    // Every run tries some of each kind.
    let drawn = |place: &Place<'_>| {
        let mut hasher = DefaultHasher::new();
        (seed, &place.path).hash(&mut hasher);
        hasher.finish().is_multiple_of(cloud::SHARE)
    };
    places.into_iter().filter(drawn).collect()
}

async fn row(place: Place<'static>) -> BTreeMap<Cell, Outcome> {
    let mut row = Row::new(place);
    let mut outcomes = BTreeMap::new();
    for cell in Cell::IN_TURN {
        let outcome = AssertUnwindSafe(row.cell(cell)).catch_unwind().await;
        let outcome = outcome.unwrap_or_else(|panic| Outcome::Fails(Fault::of_panic(&*panic)));
        outcomes.insert(cell, outcome);
    }
    outcomes
}

#[test]
fn every_attribute_is_set_changed_removed_drifted_and_imported() {
    // The stacks are as large as those of the provider's own threads.
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).thread_stack_size(8 << 20).enable_all().build().unwrap();
    let (counts, objections, table) = runtime.block_on(all_rows());
    let _ = writeln!(std::io::stderr(), "{counts}");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        cloud::table().assert_eq(&table);
    }
    assert!(objections.is_empty(), "{} cells are not as listed:\n{}", objections.len(), objections.join("\n"));
    cloud::table().assert_eq(&table);
}

/// What the rows came to: how many cells, those that are not as listed, and the table.
async fn all_rows() -> (Counts, Vec<String>, String) {
    let places = selected(schema::places(schema().await));
    let known = Known::load();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let rows: Vec<_> = places
        .into_iter()
        .map(|place| {
            let (path, turns) = (place.path.clone(), turns.clone());
            (
                path,
                tokio::spawn(async move {
                    let _turn = turns.acquire_owned().await;
                    row(place).await
                }),
            )
        })
        .collect();
    let (mut table, mut objections, mut counts) = (String::new(), Vec::new(), Counts::default());
    for (path, row) in rows {
        let row = row.await.unwrap();
        counts.attributes += 1;
        let _ = write!(table, "{path}:");
        for (cell, outcome) in &row {
            counts.count(outcome);
            let _ = write!(table, " {}", word(*cell, outcome));
            objections.extend(known.objection(&path, *cell, outcome));
        }
        table.push('\n');
    }
    let is_part = cloud::SHARE > 1 || std::env::var_os("ATTRIBUTES").is_some();
    if is_part && std::env::var("ATTRIBUTES").as_deref() != Ok("") {
        table = with_the_rest(&table);
    }
    (counts, objections, table)
}

/// The table of some attributes with the rows that it has of all others.
fn with_the_rest(part: &str) -> String {
    let rest = cloud::TABLE;
    let path = |row: &str| row.split(':').next().unwrap_or_default().split('.').map(str::to_owned).collect::<Vec<_>>();
    let rows: BTreeMap<Vec<String>, &str> = rest.lines().chain(part.lines()).map(|row| (path(row), row)).collect();
    rows.into_values().map(|row| format!("{row}\n")).collect()
}

/// How a cell stands in the table.
fn word(cell: Cell, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Holds => cell.to_string(),
        Outcome::Leaves(left) => format!("{cell}={}", left.name()),
        Outcome::Except(_) => "-".to_owned(),
        Outcome::Fails(_) => format!("({cell})"),
    }
}

#[derive(Default)]
struct Counts {
    attributes: usize,
    hold: usize,
    fail: usize,
    except: BTreeMap<String, usize>,
}

impl Counts {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Holds | Outcome::Leaves(_) => self.hold += 1,
            Outcome::Fails(_) => self.fail += 1,
            Outcome::Except(why) => *self.except.entry(why.clone()).or_default() += 1,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attributes, hold, fail, except } = self;
        let none: usize = except.values().sum();
        let (run, all) = (hold + fail, hold + fail + none);
        writeln!(f, "{attributes} attributes, {all} cells: {run} run ({hold} hold, {fail} do not), {none} cannot be:")?;
        except.iter().try_for_each(|(why, count)| writeln!(f, "{count:6} {why}"))
    }
}

#[tokio::test]
async fn every_attribute_that_can_be_set_has_two_values() {
    let places = schema::places(schema().await);
    let without = places.iter().filter(|place| {
        let set =
            place.attribute.presence.is_configurable() && !samples::sample(&place.path).except.contains_key("set");
        let one = samples::sample(&place.path).except.contains_key("changed");
        set && values(place).is_none_or(|(a, b)| a == b && !one)
    });
    let without: Vec<_> = without.map(|place| place.path.as_str()).collect();
    assert!(without.is_empty(), "no rule has values for these; samples.json must:\n{}", without.join("\n"));
}

#[tokio::test]
async fn what_the_lists_name_is_in_the_schema() {
    let places = schema::places(schema().await);
    let there = |path: &&str| match path.strip_prefix("*.") {
        Some(rest) => places.iter().any(|place| place.path.split_once('.').is_some_and(|(_, inside)| inside == rest)),
        None => places.iter().any(|place| place.path == **path),
    };
    let known = Known::load();
    let listed = SAMPLES.keys().map(String::as_str).chain(known.paths());
    let gone: Vec<_> = listed.filter(|path| !there(path)).collect();
    assert!(gone.is_empty(), "no attribute is called so: {gone:?}");
}
