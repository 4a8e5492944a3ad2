//! Walking component trees by their schema.

use std::collections::BTreeMap;

use tfplugin::schema::{Nesting, ObjectSchema};
use tfplugin::{Attribute, Dynamic, Name, Path};

/// The text of a known string attribute of a component.
pub(crate) fn text<'a>(component: &'a Dynamic, attribute: &str) -> Option<&'a str> {
    component.get(attribute).as_str()
}

/// Sets an attribute of a component.
pub(crate) fn set(component: &mut Dynamic, attribute: impl Into<Name>, value: Dynamic) {
    let attribute = attribute.into();
    // What stays as it is stays shared.
    if component.get(&attribute) == &value
        && component.as_entries().is_some_and(|entries| entries.contains_key(&attribute))
    {
        return;
    }
    if let Some(entries) = component.as_entries_mut() {
        entries.insert(attribute, value);
    }
}

/// A known map of strings as a Rust map; unknown and null entries are left out.
pub(crate) fn strings(value: &Dynamic) -> BTreeMap<String, String> {
    let entries = value.as_entries().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned()))).collect()
}

/// A map of strings as a tree.
pub(crate) fn string_map(entries: &BTreeMap<String, String>) -> Dynamic {
    Dynamic::Map(entries.iter().map(|(key, value)| (key.clone(), Dynamic::string(value))).collect())
}

/// The entries of two maps of strings, or the elements of two sets.
pub(crate) fn union(one: &Dynamic, other: &Dynamic) -> Dynamic {
    let all = [one, other];
    if all.iter().any(|value| matches!(value, Dynamic::Set(_))) {
        return Dynamic::Set(
            all.into_iter().flat_map(|value| value.as_elements().unwrap_or_default()).cloned().collect(),
        );
    }
    string_map(&all.into_iter().flat_map(strings).collect())
}

/// The known texts of a list or set.
pub(crate) fn texts(value: &Dynamic) -> Vec<&str> {
    value.as_elements().into_iter().flatten().filter_map(Dynamic::as_str).collect()
}

/// A read-only visitor of every attribute value of an object, at every depth, with its path under `path`.
pub(crate) fn walk<'a>(
    object: &'a ObjectSchema,
    value: &'a Dynamic,
    path: &Path,
    visit: &mut impl FnMut(&'a Attribute, &'a Dynamic, &Path),
) {
    let Some(entries) = value.as_entries() else { return };
    for attribute in &object.attributes {
        let Some(value) = entries.get(attribute.name.as_ref()) else { continue };
        walk_value(attribute, value, &path.attribute(attribute.name.clone()), visit);
    }
}

/// The same for the value at `path` of one attribute.
pub(crate) fn walk_value<'a>(
    attribute: &'a Attribute,
    value: &'a Dynamic,
    path: &Path,
    visit: &mut impl FnMut(&'a Attribute, &'a Dynamic, &Path),
) {
    visit(attribute, value, path);
    let Some((nesting, inner)) = attribute.nested() else { return };
    match (nesting, value) {
        (Nesting::Single, value) => walk(inner, value, path, visit),
        (Nesting::List, Dynamic::List(items)) => {
            for (index, item) in items.iter().enumerate() {
                walk(inner, item, &path.index(index), visit);
            }
        }
        (Nesting::Map, Dynamic::Map(items)) => {
            for (key, item) in items {
                walk(inner, item, &path.key(key), visit);
            }
        }
        (Nesting::Set, Dynamic::Set(items)) => {
            for item in items {
                walk(inner, item, path, visit);
            }
        }
        _ => {}
    }
}

/// Changes attribute values of an object in place, at every depth, outer ones first.
pub(crate) fn walk_mut(object: &ObjectSchema, value: &mut Dynamic, change: &mut impl FnMut(&Attribute, &mut Dynamic)) {
    let Some(entries) = value.as_entries_mut() else { return };
    for attribute in &object.attributes {
        if let Some(value) = entries.get_mut(attribute.name.as_ref()) {
            walk_value_mut(attribute, value, change);
        }
    }
}

/// The same for the value of one attribute.
pub(crate) fn walk_value_mut(
    attribute: &Attribute,
    value: &mut Dynamic,
    change: &mut impl FnMut(&Attribute, &mut Dynamic),
) {
    change(attribute, value);
    let Some((nesting, inner)) = attribute.nested() else { return };
    match (nesting, value) {
        (Nesting::Single, value) => walk_mut(inner, value, change),
        (Nesting::List, Dynamic::List(items)) => items.iter_mut().for_each(|item| walk_mut(inner, item, change)),
        (Nesting::Map, Dynamic::Map(items)) => items.values_mut().for_each(|item| walk_mut(inner, item, change)),
        (Nesting::Set, value @ Dynamic::Set(_)) => {
            let Dynamic::Set(mut items) = std::mem::take(value) else { return };
            items.iter_mut().for_each(|item| walk_mut(inner, item, change));
            *value = Dynamic::set(items);
        }
        _ => {}
    }
}

/// Applies `change` to every string in a value (elements of lists, sets and maps too).
pub(crate) fn change_texts(value: &mut Dynamic, change: &mut impl FnMut(&str) -> Dynamic) {
    match value {
        Dynamic::String(text) => *value = change(text),
        Dynamic::List(items) => items.iter_mut().for_each(|item| change_texts(item, change)),
        Dynamic::Map(items) | Dynamic::Object(items) => items.values_mut().for_each(|item| change_texts(item, change)),
        Dynamic::Set(items) => {
            let mut items = std::mem::take(items);
            items.iter_mut().for_each(|item| change_texts(item, change));
            *value = Dynamic::set(items);
        }
        _ => {}
    }
}

/// Visits every string in a value.
pub(crate) fn each_text<'a>(value: &'a Dynamic, visit: &mut impl FnMut(&'a str)) {
    match value {
        Dynamic::String(text) => visit(text),
        Dynamic::List(items) | Dynamic::Set(items) => items.iter().for_each(|item| each_text(item, visit)),
        Dynamic::Map(items) | Dynamic::Object(items) => items.values().for_each(|item| each_text(item, visit)),
        _ => {}
    }
}

/// Visits every string in the value at `path`, with its own path.
pub(crate) fn each_text_at<'a>(value: &'a Dynamic, path: &Path, visit: &mut impl FnMut(&'a str, &Path)) {
    match value {
        Dynamic::String(text) => visit(text, path),
        Dynamic::List(items) => {
            items.iter().enumerate().for_each(|(at, item)| each_text_at(item, &path.index(at), visit));
        }
        Dynamic::Set(items) => items.iter().for_each(|item| each_text_at(item, path, visit)),
        Dynamic::Map(items) => items.iter().for_each(|(key, item)| each_text_at(item, &path.key(key), visit)),
        Dynamic::Object(items) => {
            items.iter().for_each(|(name, item)| each_text_at(item, &path.attribute(name.clone()), visit));
        }
        _ => {}
    }
}
