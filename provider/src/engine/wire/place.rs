//! Places in JSON: dotted paths in which `name[field]` picks the element of an array that has `field`, else the first.

use serde_json::{Map, Value as Json};

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'p> {
    /// A field of an object.
    Field(&'p str),
    /// The element of an array that has this field, else the first one.
    Pick(&'p str),
}

/// The steps of `path`; none for the empty path, which is the JSON itself.
pub(super) fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.split('.').filter(|part| !part.is_empty()).flat_map(|part| {
        let (name, pick) = match part.split_once('[') {
            Some((name, field)) => (name, Some(Step::Pick(field.trim_end_matches(']')))),
            None => (part, None),
        };
        std::iter::once(Step::Field(name)).chain(pick)
    })
}

/// The element that has `field`, else the first; none of an empty array.
pub(super) fn picked(elements: &[Json], field: &str) -> Option<usize> {
    let has = |element: &Json| element.get(field).is_some_and(|value| !value.is_null());
    elements.iter().position(has).or(if elements.is_empty() { None } else { Some(0) })
}

/// What stands at `path`; null counts as nothing.
pub fn get<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    let mut here = json;
    for step in steps(path) {
        here = match step {
            Step::Field(name) => here.get(name)?,
            Step::Pick(field) => {
                let elements = here.as_array()?;
                elements.get(picked(elements, field)?)?
            }
        };
    }
    (!here.is_null()).then_some(here)
}

/// The text at `path`; empty where there is none.
pub fn text<'j>(json: &'j Json, path: &str) -> &'j str {
    get(json, path).and_then(Json::as_str).unwrap_or_default()
}

/// The place `path`, made where it is missing. Whatever is of another kind on the way is replaced.
pub(super) fn entry<'j>(json: &'j mut Json, path: &str) -> &'j mut Json {
    let mut here = json;
    for step in steps(path) {
        here = match step {
            Step::Field(name) => object(here).entry(name).or_insert(Json::Null),
            Step::Pick(field) => {
                let elements = array(here);
                if elements.is_empty() {
                    elements.push(Json::Object(Map::new()));
                }
                let index = picked(elements, field).unwrap_or_default();
                &mut elements[index]
            }
        };
    }
    here
}

/// Puts `value` at `path`, making the way; null removes what is there.
pub fn put(json: &mut Json, path: &str, value: Json) {
    if value.is_null() {
        remove(json, path);
    } else {
        *entry(json, path) = value;
    }
}

/// Removes what stands at `path`; the objects on the way stay.
pub fn remove(json: &mut Json, path: &str) {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    if get(json, parent).is_some_and(Json::is_object) {
        object(entry(json, parent)).remove(name);
    }
}

/// Removes what stands at `path`, and the objects on the way that hold nothing else: an API has no message without a field.
pub(super) fn clear(json: &mut Json, path: &str) {
    remove(json, path);
    let mut path = path;
    while let Some((parent, _)) = path.rsplit_once('.') {
        let is_empty = |json: &Json| json.as_object().is_some_and(Map::is_empty);
        if parent.ends_with(']') || !get(json, parent).is_some_and(is_empty) {
            return;
        }
        remove(json, parent);
        path = parent;
    }
}

/// The JSON as an object, made one if it is none.
pub(super) fn object(json: &mut Json) -> &mut Map<String, Json> {
    if !json.is_object() {
        *json = Json::Object(Map::new());
    }
    match json {
        Json::Object(fields) => fields,
        _ => unreachable!("it was made an object above"),
    }
}

/// The JSON as an array, made one if it is none.
pub(super) fn array(json: &mut Json) -> &mut Vec<Json> {
    if !json.is_array() {
        *json = Json::Array(Vec::new());
    }
    match json {
        Json::Array(elements) => elements,
        _ => unreachable!("it was made an array above"),
    }
}

/// The part of `path` before its first array: update masks go no further. The flag says whether something was cut.
pub(super) fn before_array(path: &str) -> (&str, bool) {
    match path.find('[') {
        Some(end) => (&path[..end], true),
        None => (path, false),
    }
}
