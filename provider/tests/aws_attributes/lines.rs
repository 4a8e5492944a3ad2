//! What is in an account, line by line, without what changes by itself.
//!
//! A line is where a value lies and the value: `s3 buckets.sample.versioning_status = Enabled`. It comes from what moto holds
//! and not from what its APIs answer, so that an attribute that is not sent does not seem to be there.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value as Json;

/// What is different after any write.
static BY_ITSELF: LazyLock<Regex> = LazyLock::new(|| {
    let times = "(?i)created|creation|modified|updated|(date|time|timestamp|_at|At)$";
    let counts =
        "(running|pending)_(tasks_)?count|attachment_count|revision|deployments|events|task_sets|ParameterApplyStatus";
    let places = "account_id|partition|region_name|allow_major_version_upgrade";
    // Scaling has alarms of its own.
    Regex::new(&format!("{times}|^({counts}|{places})$|^TargetTracking-")).unwrap()
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

/// The lines of everything that a moto holds.
pub(crate) fn lines(everything: &Json) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (service, places) in everything.as_object().into_iter().flatten() {
        for state in places.as_object().into_iter().flat_map(|places| places.values()) {
            collect(service, state, &mut lines);
        }
    }
    lines
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
        Json::String(text) => add(format!("{path} = {}", without_ids(text)), lines),
        other => add(format!("{path} = {other}"), lines),
    }
}

/// Adds a line. What is there twice has two.
fn add(mut line: String, lines: &mut BTreeSet<String>) {
    while lines.contains(&line) {
        line.push_str(" (again)");
    }
    lines.insert(line);
}

/// A text in which everything that the server has made up looks the same.
fn without_ids(text: &str) -> String {
    let without = |found: &Captures<'_>| {
        let is_given = found[0].len() == DIGEST || found.get(0).is_some_and(|at| text[..at.start()].ends_with(GIVEN));
        if is_given { found[0].to_owned() } else { "#".to_owned() }
    };
    MADE_UP.replace_all(text, without).into_owned()
}
