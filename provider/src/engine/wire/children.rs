//! Maps of children: objects inside the component's object, by KEYs that only the configuration knows.
//!
//! A child is told by its [`Identity`], else by its content. The stack manages the children of its configuration only:
//! those that others made are neither reported nor touched.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use tfplugin::{Attribute, Dynamic, Entries, Name, ObjectSchema};

use super::equality::equal;
use super::reading::read;
use super::writing::{create, revise};
use crate::engine::marks::{Children, Identity, Inner};

/// The object of each child, if the attribute is a map of children.
pub fn children(attribute: &Attribute) -> Option<&ObjectSchema> {
    attribute.extensions.get::<Children>()?;
    attribute.nested().map(|(_, object)| object)
}

/// Whether two children say the same in all that can be configured.
pub(super) fn same_content(object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> bool {
    let mut configurable = object.attributes.iter().filter(|attribute| attribute.presence.is_configurable());
    configurable.all(|attribute| equal(attribute, a.get(&attribute.name), b.get(&attribute.name)))
}

fn is_same(object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> bool {
    match object.attributes.iter().find(|attribute| attribute.extensions.get::<Identity>().is_some()) {
        Some(identity) => {
            let (a, b) = (a.get(&identity.name), b.get(&identity.name));
            !a.is_null() && equal(identity, a, b)
        }
        None => same_content(object, a, b),
    }
}

/// For each KEY of `known` whose child is in `found`: its key there.
fn pairs<'f>(object: &ObjectSchema, known: &Entries, found: &'f Entries) -> BTreeMap<Name, &'f str> {
    let mut pairs: BTreeMap<Name, &str> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for by_key in [true, false] {
        for (key, child) in known {
            let mut candidates = found.iter().filter(|(there, _)| !by_key || *there == key);
            let fits = candidates.find(|(there, other)| !taken.contains(there) && is_same(object, child, other));
            if let (Some((there, _)), false) = (fits, pairs.contains_key(key)) {
                taken.insert(there);
                pairs.insert(key.clone(), there);
            }
        }
    }
    pairs
}

/// Whether the attribute is a map of objects inside the component's: children, or settings that the cloud has as objects.
pub fn holds_objects(attribute: &Attribute) -> bool {
    children(attribute).is_some() || attribute.extensions.get::<Inner>().is_some()
}

/// The KEYs of the inner objects in `was` that none of those in `is` is. Both are as they are meant: a child may be told by
/// a name that only its KEY gives it.
pub fn lost<'w>(attribute: &Attribute, was: &'w Dynamic, is: &Dynamic) -> Vec<&'w str> {
    let (true, Some(was)) = (holds_objects(attribute), was.as_entries()) else { return Vec::new() };
    if is.is_unknown() {
        return Vec::new();
    }
    let is = is.as_entries().unwrap_or(Entries::none());
    let kept: BTreeSet<&str> = match children(attribute) {
        Some(object) => pairs(object, is, was).into_values().collect(),
        None => is.keys().map(AsRef::as_ref).collect(),
    };
    was.keys().map(AsRef::as_ref).filter(|key| !kept.contains(key)).collect()
}

/// What is to be recorded of the children found: those recorded before (`stored`, which means `meant`), under their KEYs
/// and in their spelling where it still means the same.
pub fn tracked(object: &ObjectSchema, stored: &Dynamic, meant: &Dynamic, found: &Dynamic) -> Dynamic {
    let Some(known) = meant.as_entries() else { return stored.clone() };
    let found = found.as_entries().unwrap_or(Entries::none());
    let observed = pairs(object, known, found).into_iter().map(|(key, there)| {
        let mut child = found.get(there).cloned().unwrap_or_default();
        for attribute in object.attributes.iter().filter(|attribute| attribute.presence.is_configurable()) {
            let name = attribute.name.as_ref();
            if equal(attribute, meant.get(&key).get(name), child.get(name)) {
                set(&mut child, attribute, stored.get(&key).get(name).clone());
            }
        }
        (key, child)
    });
    Dynamic::Map(observed.collect())
}

/// The component as found, with the children that `meant` has under the KEYs that it has for them, and no others.
pub fn aligned(object: &ObjectSchema, meant: &Dynamic, found: &Dynamic) -> Dynamic {
    let mut aligned = found.clone();
    for attribute in &object.attributes {
        let (Some(inner), Some(there)) = (children(attribute), found.get(&attribute.name).as_entries()) else {
            continue;
        };
        let known = meant.get(&attribute.name).as_entries().unwrap_or(Entries::none());
        let mine = pairs(inner, known, there)
            .into_iter()
            .map(|(key, at)| (key, there.get(at).cloned().unwrap_or_default()))
            .collect();
        set(&mut aligned, attribute, Dynamic::Map(mine));
    }
    aligned
}

/// Gives the planned children what only the provider knows of them: from the same child before, whatever its KEY was, else
/// unknown.
pub fn carry(
    attribute: &Attribute,
    (before, meant_before): (&Dynamic, &Dynamic),
    meant: &Dynamic,
    planned: &mut Dynamic,
) {
    let name = attribute.name.as_ref();
    let (Some(object), Some(known)) = (children(attribute), meant.get(name).as_entries()) else { return };
    let there = meant_before.get(name).as_entries().unwrap_or(Entries::none());
    let pairs = pairs(object, known, there);
    let planned = planned.as_entries_mut().and_then(|entries| entries.get_mut(name)).and_then(Dynamic::as_entries_mut);
    for (key, child) in planned.into_iter().flatten() {
        for attribute in object.attributes.iter().filter(|attribute| !attribute.presence.is_configurable()) {
            let value =
                pairs.get(key).map_or(Dynamic::Unknown, |at| before.get(name).get(at).get(&attribute.name).clone());
            set(child, attribute, value);
        }
    }
}

/// The children's JSON after a change from `old` to `new`: those of others stay as they are.
pub(super) fn change(object: &ObjectSchema, old: &Dynamic, new: &Dynamic, current: Json) -> Json {
    let mut current = match current {
        Json::Object(entries) => entries,
        _ => Map::new(),
    };
    let trees: Entries = current.iter().map(|(key, child)| (key, read(object, child))).collect();
    let (old, new) = (old.as_entries().unwrap_or(Entries::none()), new.as_entries().unwrap_or(Entries::none()));
    let (had, kept) = (pairs(object, old, &trees), pairs(object, new, &trees));
    let made: Vec<(&Name, Json)> = new
        .iter()
        .map(|(key, child)| match kept.get(key).and_then(|at| current.remove(*at)) {
            Some(json) => (key, revise(object, json, child)),
            None => (key, create(object, child)),
        })
        .collect();
    for at in had.values() {
        current.remove(*at);
    }
    let mut all: Map<String, Json> = made.into_iter().map(|(key, json)| (key.to_string(), json)).collect();
    for (mut key, json) in current {
        while all.contains_key(&key) {
            key.push('~');
        }
        all.insert(key, json);
    }
    Json::Object(all)
}

/// The children of a list as entries, by what `key` makes of each, made unique.
pub fn by_key(children: impl IntoIterator<Item = Json>, key: impl Fn(&Json) -> String) -> Json {
    let mut entries = Map::new();
    for child in children {
        let wanted: String = key(&child).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let wanted = wanted.trim_matches('_').to_owned();
        let mut key = wanted.clone();
        let mut number = 1;
        while entries.contains_key(&key) {
            number += 1;
            key = format!("{wanted}_{number}");
        }
        entries.insert(key, child);
    }
    Json::Object(entries)
}

fn set(component: &mut Dynamic, attribute: &Attribute, value: Dynamic) {
    if let Some(entries) = component.as_entries_mut() {
        entries.insert(&attribute.name, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tfplugin::{Object, Value};

    use super::*;
    use crate::engine::marks::wire;

    /// A parent.
    #[derive(Object)]
    struct Parent {
        /// Children.
        #[tf(optional, ext(wire("children"), Children))]
        children: Value<BTreeMap<String, Child>>,
    }

    /// A child.
    #[derive(Object, Clone)]
    #[tf(nested)]
    struct Child {
        /// What it is.
        #[tf(required, ext(wire("what")))]
        what: Value<String>,
        /// What the server calls it.
        #[tf(computed, ext(wire("id")))]
        id: Value<String>,
    }

    fn parent(children: &Json) -> Dynamic {
        read(&Parent::schema(), &json!({"children": children}))
    }

    fn changed(old: &Json, new: &Json, there: &Json) -> Json {
        let schema = Parent::schema();
        let mut body = json!({"children": there});
        let mask = super::super::update(&schema, &parent(old), &parent(new), &mut body);
        assert_eq!(mask, ["children"]);
        body["children"].clone()
    }

    #[test]
    fn a_child_under_another_key_is_the_same_child() {
        let schema = Parent::schema();
        let (a, b) = (parent(&json!({"x": {"what": "a", "id": "1"}})), parent(&json!({"y": {"what": "a"}})));
        assert!(equal(&schema.attributes[0], a.get("children"), b.get("children")));
    }

    #[test]
    fn children_of_others_stay() {
        let there = json!({"a": {"what": "a", "id": "1"}, "b": {"what": "b", "id": "2"}});
        let after = changed(&json!({"mine": {"what": "a"}}), &json!({"b": {"what": "c"}}), &there);
        assert_eq!(after, json!({"b": {"what": "c"}, "b~": {"what": "b", "id": "2"}}));
        let after = changed(&json!({"mine": {"what": "a"}}), &json!({}), &there);
        assert_eq!(after, json!({"b": {"what": "b", "id": "2"}}));
    }

    #[test]
    fn recorded_children_keep_their_keys() {
        let stored = parent(&json!({"mine": {"what": "a"}, "gone": {"what": "z"}}));
        let found = parent(&json!({"a": {"what": "a", "id": "1"}, "b": {"what": "b"}}));
        let schema = Parent::schema();
        let object = children(&schema.attributes[0]).unwrap();
        let stored = stored.get("children");
        let tracked = tracked(object, stored, stored, found.get("children"));
        assert_eq!(tracked, parent(&json!({"mine": {"what": "a", "id": "1"}})).get("children").clone());
    }

    #[test]
    fn a_new_child_will_be_named_and_a_renamed_one_has_its_name() {
        let schema = Parent::schema();
        let before = parent(&json!({"a": {"what": "a", "id": "1"}, "b": {"what": "b", "id": "2"}}));
        let mut planned = parent(&json!({"x": {"what": "a"}, "b": {"what": "c", "id": "2"}}));
        let meant = planned.clone();
        carry(&schema.attributes[0], (&before, &before), &meant, &mut planned);
        let id = |key: &str| planned.get("children").get(key).get("id").clone();
        assert_eq!((id("x"), id("b")), (Dynamic::string("1"), Dynamic::Unknown));
    }

    #[test]
    fn keys_of_found_children_are_unique() {
        let found = by_key([json!({"n": "a-b"}), json!({"n": "a_b"})], |child| child["n"].as_str().unwrap().to_owned());
        assert_eq!(found, json!({"a_b": {"n": "a-b"}, "a_b_2": {"n": "a_b"}}));
    }
}
