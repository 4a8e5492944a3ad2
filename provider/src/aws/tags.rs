//! Tags: their rules, and how a change of them is told to an API.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::engine::labels;

/// The field of an object's JSON with its tags, as a map. The kinds put it there, whatever their API calls it.
pub const FIELD: &str = "tags";

/// The longest key and the longest value.
const LONGEST: (usize, usize) = (128, 256);

/// The end of a sentence that says why a tag cannot be; `None` for one that can.
pub fn refusal(key: &str, value: &str) -> Option<String> {
    let is_legal =
        |text: &str| text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c));
    let (longest_key, longest_value) = LONGEST;
    if key.is_empty() || key.chars().count() > longest_key || !is_legal(key) {
        return Some(format!(
            "{key:?} cannot be a tag's key: 1 to {longest_key} letters, digits, spaces and _ . : / = + - @ are allowed."
        ));
    }
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        return Some(format!("{key:?} cannot be a tag's key: those that begin with aws: are AWS's own."));
    }
    (value.chars().count() > longest_value || !is_legal(value)).then(|| {
        format!(
            "{value:?} cannot be the value of the tag {key:?}: up to {longest_value} letters, digits, spaces and \
             _ . : / = + - @ are allowed."
        )
    })
}

/// The tags in an object's JSON, without those of AWS's own services.
pub fn of(body: &Json) -> BTreeMap<String, String> {
    let tags = body.get(FIELD).and_then(Json::as_object).into_iter().flatten();
    tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Puts tags into an object's JSON.
pub fn put(body: &mut Json, tags: BTreeMap<String, String>) {
    body[FIELD] = tags.into_iter().filter(|(key, _)| !key.starts_with("aws:")).collect();
}

/// Whether nobody but AWS has put a tag on an object. The name of what services and tools make is no proof: with tags, it is
/// somebody's.
pub fn are_missing(body: &Json) -> bool {
    of(body).keys().all(|key| key.starts_with("aws:"))
}

/// Marks the JSON of an object to be created in several calls as unfinished.
pub fn mark_unfinished(body: &mut Json) {
    if !body[FIELD].is_object() {
        body[FIELD] = serde_json::json!({});
    }
    body[FIELD][labels::UNFINISHED] = serde_json::json!("true");
}

/// Takes the mark off an object's JSON: the path that has changed by it, if there was one.
pub fn finish(body: &mut Json) -> Option<String> {
    let mark = body.get_mut(FIELD)?.as_object_mut()?.remove(labels::UNFINISHED);
    mark.map(|_| format!("{FIELD}.{}", labels::UNFINISHED))
}

/// The list of pairs that some APIs have for a map.
pub fn pairs(tags: &BTreeMap<String, String>) -> Json {
    tags.iter().map(|(key, value)| serde_json::json!({ "Key": key, "Value": value })).collect()
}

/// The map of a list of pairs, whichever way their fields are spelt.
pub fn of_pairs(list: &Json) -> BTreeMap<String, String> {
    let part = |pair: &Json, names: [&str; 2]| {
        names.iter().find_map(|name| pair.get(name)).and_then(Json::as_str).map(str::to_owned)
    };
    let pair = |pair: &Json| Some((part(pair, ["Key", "key"])?, part(pair, ["Value", "value"])?));
    list.as_array().into_iter().flatten().filter_map(pair).collect()
}

/// What is to be set, and the keys that are to go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// New keys, and keys with a new value.
    pub set: BTreeMap<String, String>,
    /// Keys that go.
    pub remove: Vec<String>,
}

impl Change {
    /// From the tags in one JSON of an object to those in another.
    pub fn between(before: &Json, after: &Json) -> Self {
        let (before, mut set) = (of(before), of(after));
        let remove = before.keys().filter(|key| !set.contains_key(*key)).cloned().collect();
        set.retain(|key, value| before.get(key) != Some(value));
        Self { set, remove }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_aws_refuses_as_a_tag_is_refused() {
        assert_eq!(refusal("Team", "Data & more").map(|why| why.contains("the value")), Some(true));
        assert_eq!(refusal("AWS:x", "").map(|why| why.contains("AWS's own")), Some(true));
        assert_eq!(refusal("größe x", ""), None);
        for (key, value) in [("", ""), (&*"k".repeat(129), ""), ("k", &*"v".repeat(257)), ("a*", "")] {
            assert!(refusal(key, value).is_some(), "{key:?} {value:?}");
        }
    }

    #[test]
    fn the_tags_of_awss_services_are_not_seen() {
        let mut body = json!({});
        let tags =
            of_pairs(&json!([{"Key": "aws:cloudformation:stack-name", "Value": "x"}, {"key": "a", "value": "1"}]));
        put(&mut body, tags);
        assert_eq!(body, json!({"tags": {"a": "1"}}));
    }

    #[test]
    fn only_what_differs_is_told() {
        let change =
            Change::between(&json!({"tags": {"a": "1", "b": "2", "c": "3"}}), &json!({"tags": {"a": "1", "b": "x"}}));
        assert_eq!((pairs(&change.set), change.remove), (json!([{"Key": "b", "Value": "x"}]), vec!["c".to_owned()]));
    }
}
