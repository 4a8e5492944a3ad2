//! Maps of children: objects inside the component's object, by KEYs that only the configuration knows.
//!
//! A child is told by its [`Identity`](crate::engine::marks::Identity), else by its content. The stack manages the children of its configuration only:
//! those that others made are neither reported nor touched.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use tfplugin::{Attribute, Dynamic, Entries, Name, ObjectSchema};

use super::equality::{equal, is_immutable, same_content, same_identity};
use super::has_own_keys;
use crate::engine::marks::{Children, Inner, InputOnly, Wire};
use crate::engine::tree;

/// The object of each child, if the attribute is a map of children.
pub fn children(attribute: &Attribute) -> Option<&ObjectSchema> {
    attribute.extensions.get::<Children>()?;
    attribute.nested().map(|(_, object)| object)
}

fn is_same(object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> bool {
    same_identity(object, a, b).unwrap_or_else(|| same_content(object, a, b))
}

/// For each KEY of `known` whose child is in `found`: its key there.
pub(super) fn pairs<'f>(object: &ObjectSchema, known: &Entries, found: &'f Entries) -> BTreeMap<Name, &'f str> {
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

/// For each KEY of `is`: the KEY of the same child in `was`. None where the attribute is no map of children.
pub fn counterparts<'w>(attribute: &Attribute, was: &'w Dynamic, is: &Dynamic) -> BTreeMap<Name, &'w str> {
    match (children(attribute), was.as_entries(), is.as_entries()) {
        (Some(object), Some(was), Some(is)) => pairs(object, is, was),
        _ => BTreeMap::new(),
    }
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

/// A child that has to be made anew, because an attribute differs that the API cannot change.
#[derive(Clone, Debug)]
pub struct Remade<'c> {
    /// Its KEY now.
    pub key: &'c str,
    /// Its KEY before.
    pub old_key: &'c str,
    /// The attribute.
    pub attribute: &'c Attribute,
    /// The child before.
    pub was: &'c Dynamic,
    /// The child now.
    pub is: &'c Dynamic,
}

/// The attribute that makes a new child of `was`, if one that cannot be changed differs. What is not known differs not yet.
pub(super) fn fixed<'o>(object: &'o ObjectSchema, was: &Dynamic, is: &Dynamic) -> Option<&'o Attribute> {
    let differs = |attribute: &&Attribute| {
        let (was, is) = (was.get(&attribute.name), is.get(&attribute.name));
        was.is_wholly_known() && is.is_wholly_known() && !equal(attribute, was, is)
    };
    object.attributes.iter().filter(|attribute| is_immutable(attribute)).find(differs)
}

/// The children of `is` that were there in `was` and have to be made anew.
pub fn remade<'c>(attribute: &'c Attribute, was: &'c Dynamic, is: &'c Dynamic) -> Vec<Remade<'c>> {
    let (Some(object), Some(before), Some(after)) = (children(attribute), was.as_entries(), is.as_entries()) else {
        return Vec::new();
    };
    let pairs = pairs(object, after, before);
    let remade = after.iter().filter_map(|(key, is)| {
        let old_key = *pairs.get(key)?;
        let was = before.get(old_key)?;
        Some(Remade { key: key.as_str(), old_key, attribute: fixed(object, was, is)?, was, is })
    });
    remade.collect()
}

/// Of a map that others write to as well, the entries whose keys one of the `known` has.
fn own_entries(found: &Dynamic, known: &[&Dynamic]) -> Dynamic {
    let is_own = |key: &Name| known.iter().filter_map(|known| known.as_entries()).any(|known| known.contains_key(key));
    let own: Entries = found
        .as_entries()
        .into_iter()
        .flatten()
        .filter(|(key, _)| is_own(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if own.is_empty() { Dynamic::Null } else { Dynamic::Map(own) }
}

/// Drops from the shared maps of a child what none of the `known` children has.
pub(super) fn keep_own(object: &ObjectSchema, child: &mut Dynamic, known: &[&Dynamic]) {
    for attribute in object.attributes.iter().filter(|attribute| has_own_keys(attribute)) {
        let known: Vec<&Dynamic> = known.iter().map(|known| known.get(&attribute.name)).collect();
        let own = own_entries(child.get(&attribute.name), &known);
        tree::set(child, attribute.name.clone(), own);
    }
}

/// Whether the API tells the value of a child's attribute.
fn is_told(attribute: &Attribute) -> bool {
    let marks = &attribute.extensions;
    marks.get::<Wire>().is_some() && marks.get::<InputOnly>().is_none()
}

/// What is to be recorded of the children found: those recorded before (`stored`, which means `meant`), under their KEYs
/// and in their spelling where it still means the same.
pub fn tracked(object: &ObjectSchema, stored: &Dynamic, meant: &Dynamic, found: &Dynamic) -> Dynamic {
    let Some(known) = meant.as_entries() else { return stored.clone() };
    let found = found.as_entries().unwrap_or(Entries::none());
    let observed = pairs(object, known, found).into_iter().map(|(key, there)| {
        let mut child = found.get(there).cloned().unwrap_or_default();
        keep_own(object, &mut child, &[meant.get(&key)]);
        for attribute in object.attributes.iter().filter(|attribute| attribute.presence.is_configurable()) {
            let name = attribute.name.as_ref();
            if !is_told(attribute) || equal(attribute, meant.get(&key).get(name), child.get(name)) {
                tree::set(&mut child, attribute.name.clone(), stored.get(&key).get(name).clone());
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
        let mine = pairs(inner, known, there).into_iter().map(|(key, at)| {
            let mut child = there.get(at).cloned().unwrap_or_default();
            keep_own(inner, &mut child, &[known.get(&key).unwrap_or(&Dynamic::Null)]);
            (key, child)
        });
        let mine = mine.collect();
        tree::set(&mut aligned, attribute.name.clone(), Dynamic::Map(mine));
    }
    aligned
}

/// Gives the planned children what only the provider knows of them: from the same child before, whatever its KEY was, else
/// unknown, also where the child is made anew.
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
        let same = pairs
            .get(key)
            .filter(|at| fixed(object, there.get(at).unwrap_or(&Dynamic::Null), meant.get(name).get(key)).is_none());
        for attribute in object.attributes.iter().filter(|attribute| !attribute.presence.is_configurable()) {
            let value = same.map_or(Dynamic::Unknown, |at| before.get(name).get(at).get(&attribute.name).clone());
            tree::set(child, attribute.name.clone(), value);
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tfplugin::{Object, Value};

    use super::*;
    use crate::engine::marks::{Identity, Immutable, OwnKeys, wire};
    use crate::engine::wire::reading::read;

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

    /// A parent of children with names.
    #[derive(Object)]
    struct House {
        /// Children.
        #[tf(optional, ext(wire("children"), Children))]
        children: Value<BTreeMap<String, Named>>,
    }

    /// A child that is told by its name.
    #[derive(Object, Clone)]
    #[tf(nested)]
    struct Named {
        /// Its name.
        #[tf(required, ext(wire("name"), Identity))]
        name: Value<String>,
        /// What it is for.
        #[tf(optional, ext(wire("purpose"), Immutable))]
        purpose: Value<String>,
        /// Labels.
        #[tf(optional, ext(wire("labels"), OwnKeys))]
        labels: Value<BTreeMap<String, String>>,
        /// What the server calls it.
        #[tf(computed, ext(wire("id")))]
        id: Value<String>,
    }

    fn house(children: &Json) -> Dynamic {
        read(&House::schema(), &json!({"children": children}))
    }

    #[test]
    fn keys_that_others_set_on_a_child_are_not_recorded_and_stay() {
        let schema = House::schema();
        let there = json!({"a": {"name": "a", "labels": {"mine": "1", "theirs": "2"}, "id": "7"}});
        let stored = house(&json!({"a": {"name": "a", "labels": {"mine": "1"}, "id": "7"}}));
        let object = children(&schema.attributes[0]).unwrap();
        let (stored, found) = (stored.get("children"), house(&there));
        assert_eq!(&tracked(object, stored, stored, found.get("children")), stored);
        let mut body = json!({"children": there});
        let without = house(&json!({"a": {"name": "a", "labels": {"new": "3"}}}));
        super::super::update(
            &schema,
            &house(&json!({"a": {"name": "a", "labels": {"mine": "1"}}})),
            &without,
            &mut body,
        );
        assert_eq!(body["children"]["a"]["labels"], json!({"theirs": "2", "new": "3"}));
    }

    #[test]
    fn a_child_that_cannot_become_what_is_wanted_is_made_anew() {
        let schema = House::schema();
        let old = json!({"a": {"name": "a", "purpose": "x", "id": "7"}});
        let (was, mut is) = (house(&old), house(&json!({"b": {"name": "a", "purpose": "y"}})));
        let mut body = json!({"children": old});
        super::super::update(&schema, &was, &is, &mut body);
        assert_eq!(body["children"], json!({"b": {"name": "a", "purpose": "y"}}));
        let attribute = &schema.attributes[0];
        let found: Vec<(String, String)> = remade(attribute, was.get("children"), is.get("children"))
            .into_iter()
            .map(|remade| (remade.old_key.to_owned(), remade.key.to_owned()))
            .collect();
        assert_eq!(found, [("a".to_owned(), "b".to_owned())]);
        let meant = is.clone();
        carry(attribute, (&was, &was), &meant, &mut is);
        assert!(is.get("children").get("b").get("id").is_unknown());
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
