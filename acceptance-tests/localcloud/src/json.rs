//! JSON as Google's APIs treat it: masks, merges, zero values, partial responses.
//!
//! Pure functions over [`Value`]; which fields a kind has is said by the API files.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// A JSON object.
pub type Object = Map<String, Value>;

/// JSON merge patch (RFC 7386): `null` removes, objects merge, anything else replaces.
pub fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Object::new());
    }
    let Value::Object(target) = target else { return };
    for (key, change) in patch {
        if change.is_null() {
            target.remove(key);
        } else {
            merge_patch(target.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// A field mask: each path is a list of names, the first (a field) in camel case, the others as they were written: below a map they are keys.
pub type Mask = Vec<Vec<String>>;

/// Maps, whose keys are the users' own and keep their spelling in a mask.
const MAPS: [&str; 5] = ["labels", "userLabels", "annotations", "attributeMapping", "cleanupPolicies"];

/// Reads `updateMask`: comma separated paths in camel or snake case. Empty text is an empty mask.
pub fn parse_mask(text: &str) -> Mask {
    text.split(',').map(str::trim).filter(|path| !path.is_empty()).map(mask_path).collect()
}

fn mask_path(path: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in split_path(path) {
        let is_key = out.last().is_some_and(|above| MAPS.contains(&above.as_str()));
        out.push(if is_key { name } else { camel(&name) });
    }
    out
}

/// Splits at dots that stand outside backquotes (``labels.`a.b` ``).
fn split_path(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '`' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            _ => {
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts
}

/// `snake_case` to `camelCase`; camel case stays as it is.
pub fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' && !out.is_empty() {
            upper = true;
        } else if upper {
            out.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// `camelCase` to `snake_case`; snake case stays as it is.
pub fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Replaces in `target` exactly the fields that `mask` names with those of `wanted`; a field that is absent in `wanted` goes.
pub fn apply_mask(target: &mut Object, wanted: &Object, mask: &Mask) {
    for path in mask {
        apply_path(target, wanted, path);
    }
}

fn apply_path(target: &mut Object, wanted: &Object, path: &[String]) {
    let Some((written, rest)) = path.split_first() else { return };
    // A map key is used as it is written; the field that snake case means is in camel case.
    let is_key = wanted.contains_key(written) || target.contains_key(written);
    let name = if is_key { written.clone() } else { camel(written) };
    if rest.is_empty() {
        match wanted.get(&name) {
            Some(value) if !value.is_null() => target.insert(name, value.clone()),
            _ => target.remove(&name),
        };
        return;
    }
    let empty = Object::new();
    let below = wanted.get(&name).and_then(Value::as_object).unwrap_or(&empty);
    if !target.get(&name).is_some_and(Value::is_object) {
        if below.is_empty() {
            return;
        }
        target.insert(name.clone(), Value::Object(Object::new()));
    }
    if let Some(Value::Object(inner)) = target.get_mut(&name) {
        apply_path(inner, below, rest);
    }
}

/// The value at a dotted path, if every step is there.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, name| value.get(name))
}

/// Is this what proto3 JSON leaves out for a field without presence: null, false, zero, the empty text or list?
pub fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::String(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(_) => false,
    }
}

/// Leaves out the fields that are null, at any depth.
pub fn drop_nulls(object: &mut Object) {
    object.retain(|_, value| {
        match value {
            Value::Object(inner) => drop_nulls(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(drop_nulls),
            _ => {}
        }
        !value.is_null()
    });
}

/// Which fields of a kind are not treated as plain proto3 fields. Paths are dotted, without list indices.
#[derive(Debug, Clone, Copy, Default)]
pub struct Presence {
    /// Fields with presence: returned even when zero.
    pub kept: &'static [&'static str],
    /// Maps: left out when empty, their entries never touched.
    pub maps: &'static [&'static str],
}

/// Leaves out what proto3 JSON leaves out.
pub fn drop_zeros(object: &mut Object, presence: Presence) {
    drop_zeros_below(object, "", presence);
}

fn drop_zeros_below(object: &mut Object, prefix: &str, presence: Presence) {
    object.retain(|name, value| {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if presence.maps.contains(&path.as_str()) {
            return value.as_object().is_some_and(|map| !map.is_empty());
        }
        match value {
            Value::Object(inner) => drop_zeros_below(inner, &path, presence),
            Value::Array(items) => {
                for item in items.iter_mut().filter_map(Value::as_object_mut) {
                    drop_zeros_below(item, &path, presence);
                }
            }
            _ => {}
        }
        (presence.kept.contains(&path.as_str()) && !value.is_null()) || !is_zero(value)
    });
}

/// What the `fields` parameter selects, of any answer.
///
/// # Errors
/// 400 when the text is no field selector.
pub fn select_fields(value: &Value, fields: &str) -> Result<Value, ApiError> {
    let mut parser = Selector { text: fields.as_bytes(), at: 0 };
    let tree = parser.list(0).filter(|_| parser.at == fields.len());
    match tree {
        Some(tree) => Ok(pick(value, &tree)),
        None => Err(ApiError::invalid(format!("Invalid field selection {fields}"))),
    }
}

/// A selected name and what is selected below it; nothing below means all.
#[derive(Debug, Clone)]
struct Pick {
    name: String,
    below: Vec<Pick>,
}

struct Selector<'a> {
    text: &'a [u8],
    at: usize,
}

impl Selector<'_> {
    fn list(&mut self, depth: usize) -> Option<Vec<Pick>> {
        let mut out = Vec::new();
        loop {
            out.push(self.entry(depth)?);
            if self.text.get(self.at) != Some(&b',') {
                return Some(out);
            }
            self.at += 1;
        }
    }

    fn entry(&mut self, depth: usize) -> Option<Pick> {
        if depth > 20 {
            return None;
        }
        let name = self.name()?;
        let below = match self.text.get(self.at) {
            Some(b'/' | b'.') => {
                self.at += 1;
                vec![self.entry(depth + 1)?]
            }
            Some(b'(') => {
                self.at += 1;
                let list = self.list(depth + 1)?;
                if self.text.get(self.at) != Some(&b')') {
                    return None;
                }
                self.at += 1;
                list
            }
            _ => Vec::new(),
        };
        Some(Pick { name, below })
    }

    fn name(&mut self) -> Option<String> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|c| c.is_ascii_alphanumeric() || b"_-*@$".contains(c)) {
            self.at += 1;
        }
        (self.at > start).then(|| String::from_utf8_lossy(&self.text[start..self.at]).into_owned())
    }
}

fn pick(value: &Value, picks: &[Pick]) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| pick(item, picks)).collect()),
        Value::Object(object) => {
            let mut out = Value::Object(Object::new());
            for wanted in picks {
                for (key, found) in object.iter().filter(|(key, _)| wanted.name == "*" || **key == wanted.name) {
                    let found = if wanted.below.is_empty() { found.clone() } else { pick(found, &wanted.below) };
                    let mut one = Object::new();
                    one.insert(key.clone(), found);
                    merge_patch(&mut out, &Value::Object(one));
                }
            }
            out
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merge_patch_removes_what_is_null() {
        let mut value = json!({"labels": {"a": "1", "b": "2"}, "x": 1});
        merge_patch(&mut value, &json!({"labels": {"a": null, "c": "3"}, "x": null}));
        assert_eq!(value, json!({"labels": {"b": "2", "c": "3"}}));
    }

    #[test]
    fn masks_are_read_in_either_spelling() {
        assert_eq!(
            parse_mask("display_name, template.maxCount"),
            vec![vec!["displayName"], vec!["template", "maxCount"]]
        );
    }

    #[test]
    fn map_keys_below_a_mask_are_taken_as_written() {
        let mut target = json!({"labels": {"a_b": "1", "c": "2"}, "inner": {"someField": 1}})
            .as_object()
            .cloned()
            .unwrap_or_default();
        let wanted =
            json!({"labels": {"a_b": "3"}, "inner": {"someField": 2}}).as_object().cloned().unwrap_or_default();
        apply_mask(&mut target, &wanted, &parse_mask("labels.a_b,inner.some_field"));
        assert_eq!(Value::Object(target), json!({"labels": {"a_b": "3", "c": "2"}, "inner": {"someField": 2}}));
    }

    #[test]
    fn keys_of_maps_keep_their_spelling_in_a_mask() {
        assert_eq!(parse_mask("user_labels.cost_center"), vec![vec!["userLabels", "cost_center"]]);
        assert_eq!(parse_mask("labels.`a.b_c`"), vec![vec!["labels", "a.b_c"]]);
    }

    #[test]
    fn a_masked_field_that_is_absent_is_cleared_and_others_stay() {
        let mut target = json!({"a": 1, "b": {"c": 1, "d": 2}}).as_object().cloned().unwrap_or_default();
        let wanted = json!({"b": {"c": 5}}).as_object().cloned().unwrap_or_default();
        apply_mask(&mut target, &wanted, &parse_mask("b.c,b.d"));
        assert_eq!(Value::Object(target), json!({"a": 1, "b": {"c": 5}}));
    }

    #[test]
    fn zeros_go_except_those_with_presence_and_map_entries() {
        let mut object =
            json!({"a": 0, "k": {"n": 0}, "labels": {"x": ""}, "none": {}, "empty": {}, "l": [{"f": false}]})
                .as_object()
                .cloned()
                .unwrap_or_default();
        drop_zeros(&mut object, Presence { kept: &["k.n"], maps: &["labels", "empty"] });
        assert_eq!(Value::Object(object), json!({"k": {"n": 0}, "labels": {"x": ""}, "none": {}, "l": [{}]}));
    }

    #[test]
    fn field_selectors_pick_through_lists() {
        let value =
            json!({"items": [{"name": "a", "id": 1, "x": {"y": 1, "z": 2}}], "nextPageToken": "t", "kind": "k"});
        let picked = select_fields(&value, "items(name,x/y),nextPageToken").expect("a selection");
        assert_eq!(picked, json!({"items": [{"name": "a", "x": {"y": 1}}], "nextPageToken": "t"}));
        assert_eq!(select_fields(&value, "items/name").expect("a selection"), json!({"items": [{"name": "a"}]}));
        assert!(select_fields(&value, "items(").is_err());
    }
}
