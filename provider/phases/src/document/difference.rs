//! What changed between two documents of a phase, field by field, for people who lost a race.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value as Json};

use super::Document;

/// No text is longer than this many characters.
const LONGEST: usize = 100;
/// What tells the items of a list apart, for each kind of item.
const NAMES: [&str; 4] = ["name", "title", "risk", "command"];

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which field: `status`, `steps["Create bucket"].done`. Of a list that has gained or lost an item, the list.
    pub field: String,
    /// What it was, shortened; `None` when it was not there.
    pub before: Option<String>,
    /// What it is, shortened; `None` when it is not there.
    pub after: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| side.clone().unwrap_or_else(|| "(none)".to_owned());
        write!(f, "{}: {} -> {}", self.field, shown(&self.before), shown(&self.after))
    }
}

/// What changed from `before` to `after`, in the order of the fields' names. The revision, which always changes, is left
/// out, and so are the values of headers that criteria send, which may be secret.
pub fn differences(before: &Document, after: &Document) -> Vec<Difference> {
    let mut walk = Walk { found: Vec::new() };
    let (mut before, mut after) = (fields(before), fields(after));
    hide_headers(&mut before, &mut after);
    for name in names(&before, &after) {
        let (old, new) = (before.get(name), after.get(name));
        // What is empty is left out of a document: a field that is a list or a map here is an empty one there.
        let empty = match old.or(new) {
            Some(Json::Object(_)) => Some(Json::Object(Map::new())),
            Some(Json::Array(_)) => Some(Json::Array(Vec::new())),
            _ => None,
        };
        walk.compare(name, old.or(empty.as_ref()), new.or(empty.as_ref()));
    }
    walk.found
}

fn fields(document: &Document) -> Map<String, Json> {
    let mut fields = match serde_json::to_value(document) {
        Ok(Json::Object(fields)) => fields,
        // A document is always an object.
        _ => Map::new(),
    };
    fields.remove("revision");
    fields
}

/// Replaces the values of headers by words that differ where the values do.
fn hide_headers(before: &mut Map<String, Json>, after: &mut Map<String, Json>) {
    for (name, (value, new)) in headers(after).map(|(name, value)| (name, (value.clone(), value))) {
        let same = headers(before).all(|(other, old)| other != name || *old == value);
        *new = Json::from(if same { "(not shown)" } else { "(not shown, another one)" });
    }
    headers(before).for_each(|(_, value)| *value = Json::from("(not shown)"));
}

/// The headers of all criteria, by the names of criterion and header.
fn headers(fields: &mut Map<String, Json>) -> impl Iterator<Item = ((String, String), &mut Json)> {
    let criteria = fields.get_mut("criteria").and_then(Json::as_object_mut).into_iter().flatten();
    criteria.flat_map(|(criterion, value)| {
        let headers = value.pointer_mut("/http/headers").and_then(Json::as_object_mut).into_iter().flatten();
        headers.map(move |(name, value)| ((criterion.clone(), name.clone()), value))
    })
}

fn names<'a>(before: &'a Map<String, Json>, after: &'a Map<String, Json>) -> BTreeSet<&'a String> {
    before.keys().chain(after.keys()).collect()
}

struct Walk {
    found: Vec<Difference>,
}

impl Walk {
    fn compare(&mut self, field: &str, before: Option<&Json>, after: Option<&Json>) {
        if before == after {
            return;
        }
        match (before, after) {
            (Some(Json::Object(old)), Some(Json::Object(new))) => {
                for name in names(old, new) {
                    self.compare(&format!("{field}.{name}"), old.get(name), new.get(name));
                }
            }
            (Some(Json::Array(old)), Some(Json::Array(new))) => self.compare_lists(field, old, new),
            _ => self.push(field, before.map(shown), after.map(shown)),
        }
    }

    fn compare_lists(&mut self, field: &str, before: &[Json], after: &[Json]) {
        let (Some(old), Some(new)) = (item_names(before), item_names(after)) else {
            for index in 0..before.len().max(after.len()) {
                self.compare_items(field, &format!("{field}[{index}]"), before.get(index), after.get(index));
            }
            return;
        };
        let found = self.found.len();
        for (name, item) in old.iter().zip(before) {
            let now = new.iter().position(|other| other == name).map(|position| &after[position]);
            self.compare_items(field, &format!("{field}[{name:?}]"), Some(item), now);
        }
        for (name, item) in new.iter().zip(after).filter(|(name, _)| !old.contains(name)) {
            self.compare_items(field, name, None, Some(item));
        }
        if self.found.len() == found {
            self.push(field, Some(shortened(&old.join(", "))), Some(shortened(&new.join(", "))));
        }
    }

    /// An item that is gone or new is shown as a change of the list.
    fn compare_items(&mut self, list: &str, item: &str, before: Option<&Json>, after: Option<&Json>) {
        match (before, after) {
            (Some(_), Some(_)) => self.compare(item, before, after),
            _ => self.push(list, before.map(shown), after.map(shown)),
        }
    }

    fn push(&mut self, field: &str, before: Option<String>, after: Option<String>) {
        self.found.push(Difference { field: field.to_owned(), before, after });
    }
}

/// The names of a list's items, if they have any and no two share one.
fn item_names(items: &[Json]) -> Option<Vec<&str>> {
    let names: Vec<&str> = items.iter().map(item_name).collect::<Option<_>>()?;
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    (distinct.len() == names.len()).then_some(names)
}

fn item_name(item: &Json) -> Option<&str> {
    item.as_str().or_else(|| NAMES.iter().find_map(|name| item.get(name)?.as_str()))
}

/// A value in a few words.
fn shown(value: &Json) -> String {
    let text = |field: &str| value.get(field).and_then(Json::as_str).unwrap_or_default();
    if let Some(name) = item_name(value) {
        return shortened(name);
    }
    if value.get("by").is_some() && value.get("to").is_some() {
        let refused = if text("outcome") == "refused" { " (refused)" } else { "" };
        return shortened(&format!("{}{refused} by {} at {}", text("to"), text("by"), text("at")));
    }
    if let Some(passed) = value.get("passed").and_then(Json::as_bool) {
        return shortened(&format!("{}: {}", if passed { "passed" } else { "failed" }, text("observed")));
    }
    shortened(&value.to_string())
}

/// On one line, and not too long for one.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Status;
    use crate::document::{Change, Evidence, Outcome, Step};

    fn phase() -> Document {
        let mut phase = Document::new("2".parse().unwrap_or_else(|error| panic!("{error}")), "Import");
        phase.steps = ["Create bucket", "Import"].map(step).to_vec();
        phase
    }

    fn step(name: &str) -> Step {
        Step { name: name.to_owned(), ..Step::default() }
    }

    fn changes_of(change: impl FnOnce(&mut Document)) -> Vec<String> {
        let before = phase();
        let mut after = phase();
        change(&mut after);
        after.revision += 1;
        differences(&before, &after).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_document_at_another_revision_has_no_differences() {
        assert_eq!(changes_of(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn a_field_shows_what_it_was_and_what_it_is() {
        let shown = changes_of(|phase| {
            phase.status = Status::InProgress;
            phase.owner = Some("ops".into());
        });
        assert_eq!(shown, ["owner: (none) -> ops", "status: not_started -> in_progress"]);
    }

    #[test]
    fn a_step_is_named_and_not_counted() {
        let shown = changes_of(|phase| {
            phase.steps.insert(0, step("Plan"));
            phase.steps[2].done = true;
        });
        assert_eq!(shown, ["steps[\"Import\"].done: false -> true", "steps: (none) -> Plan"]);
    }

    #[test]
    fn another_order_is_a_difference_of_the_list() {
        assert_eq!(
            changes_of(|phase| phase.steps.reverse()),
            ["steps: Create bucket, Import -> Import, Create bucket"]
        );
    }

    #[test]
    fn what_happened_is_told_in_words() {
        let at = "2026-02-05T14:03:00Z".parse().unwrap_or_else(|error| panic!("{error}"));
        let shown = changes_of(|phase| {
            phase.evidence.insert("ok".into(), Evidence { passed: false, observed: "503".into(), at });
            let at = phase.evidence["ok"].at.clone();
            phase.history.push(Change {
                at,
                by: "ann".into(),
                from: None,
                to: Status::Completed,
                outcome: Outcome::Refused,
                reason: None,
                evidence: Default::default(),
            });
        });
        assert_eq!(
            shown,
            [
                "evidence.ok: (none) -> failed: 503",
                "history: (none) -> completed (refused) by ann at 2026-02-05T14:03:00Z",
            ]
        );
    }

    #[test]
    fn headers_of_criteria_are_not_shown() {
        let with_token = |token: &str| {
            let mut phase = phase();
            let http = json!({"http": {"url": "https://x", "headers": {"Authorization": token, "Accept": "*/*"}}});
            let up = serde_json::from_value(http).unwrap_or_else(|error| panic!("{error}"));
            phase.criteria.insert("up".into(), up);
            phase
        };
        let shown = |before: &Document, after: &Document| {
            differences(before, after).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let added = shown(&phase(), &with_token("hidden"));
        assert!(added.len() == 1 && added[0].contains("Authorization") && !added[0].contains("hidden"), "{added:?}");
        let field = "criteria.up.http.headers.Authorization";
        let changed = shown(&with_token("hidden"), &with_token("secret"));
        assert_eq!(changed, [format!("{field}: (not shown) -> (not shown, another one)")]);
    }

    #[test]
    fn a_long_text_is_shortened_to_one_line() {
        let shown = changes_of(|phase| phase.notes = Some("word\n".repeat(200)));
        assert!(shown[0].ends_with("...") && shown[0].len() < 130 && !shown[0].contains('\n'), "{shown:?}");
    }
}
