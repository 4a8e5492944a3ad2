//! What is in an account, line by line, without what changes by itself.
//!
//! A line is where a value lies and the value: `s3 buckets.sample.versioning_status = Enabled`. It comes from what moto holds
//! and not from what its APIs answer, so that an attribute that is not sent does not seem to be there.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value as Json;

use crate::cloud::Cloud;

/// What is different after any write.
static BY_ITSELF: LazyLock<Regex> = LazyLock::new(|| {
    let times = "(?i)created|creation|modified|updated|(date|time|timestamp|_at|At)$";
    let counts = "(running|pending)_(tasks_)?count|revision|deployments|events|task_sets|ParameterApplyStatus";
    let places = "account_id|partition|region_name|allow_major_version_upgrade";
    Regex::new(&format!("{times}|^({counts}|{places})$")).unwrap()
});

/// What the server may have made up: universally unique ids, ids in hexadecimal or capitals, the number of a revision.
static MADE_UP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]*([0-9][a-f]|[a-f][0-9])[0-9a-f]{6,}|[0-9a-f]{15,}|[A-Z0-9]{16,}|:[0-9]{1,4}$",
    )
    .unwrap()
});
/// What is before the ids that are the same in every account of the table.
const GIVEN: &str = "subnet-";
/// How long the digest of a certificate is, which nobody makes up.
const DIGEST: usize = 40;

/// Everything in an account.
#[derive(Clone)]
pub(crate) struct Snapshot(BTreeSet<String>);

/// A line that one snapshot has and another has not.
#[derive(Clone, Debug)]
pub(crate) struct Field(String);

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Snapshot {
    pub(crate) fn of(cloud: &Cloud) -> Self {
        let mut lines = BTreeSet::new();
        let everything = cloud.moto().everything();
        for (service, places) in everything.as_object().into_iter().flatten() {
            for state in places.as_object().into_iter().flat_map(|places| places.values()) {
                collect(service, state, &mut lines);
            }
        }
        Self(lines)
    }

    /// The lines that only one of two snapshots has.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Field> {
        self.0.symmetric_difference(&other.0).cloned().map(Field).collect()
    }

    /// Whether each of these lines is here if it is there.
    pub(crate) fn agrees(&self, there: &Self, fields: &[Field]) -> bool {
        fields.iter().all(|Field(line)| self.0.contains(line) == there.0.contains(line))
    }

    /// Whether all lines are there again that were there before they drifted. Things that others made may be there beside.
    pub(crate) fn heals(&self, before: &Self, fields: &[Field]) -> bool {
        fields.iter().all(|Field(line)| self.0.contains(line) || !before.0.contains(line))
    }

    /// What a value and its undoing have left behind.
    pub(crate) fn left_changed(&self, before: &Self) -> Vec<Field> {
        self.differences(before)
    }
}

fn collect(path: &str, value: &Json, lines: &mut BTreeSet<String>) {
    match value {
        Json::Object(members) => {
            for (name, value) in members.iter().filter(|(name, _)| !BY_ITSELF.is_match(name)) {
                collect(&format!("{path}.{}", without_ids(name)), value, lines);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(path, item, lines)),
        // What says nothing is as if it were not there.
        Json::Null | Json::Bool(false) => {}
        Json::String(text) if text.is_empty() || text == "false" => {}
        Json::Number(number) if number.as_f64() == Some(0.0) => {}
        Json::String(text) => drop(lines.insert(format!("{path} = {}", without_ids(text)))),
        other => drop(lines.insert(format!("{path} = {other}"))),
    }
}

/// A text in which everything that the server has made up looks the same.
fn without_ids(text: &str) -> String {
    let without = |found: &Captures<'_>| {
        let is_given = found[0].len() == DIGEST || found.get(0).is_some_and(|at| text[..at.start()].ends_with(GIVEN));
        if is_given { found[0].to_owned() } else { "#".to_owned() }
    };
    MADE_UP.replace_all(text, without).into_owned()
}
