//! Write-only values: where a component and the objects inside it have them, and which of them an apply sends.
//!
//! They exist only inside a call. What the state has is the number beside each ([`version_of`]): a value is sent when its
//! number changes, and with what is new.

use std::collections::BTreeMap;

use tfplugin::{Attribute, Dynamic, Entries, Name, ObjectSchema};

use super::address::Address;
use super::kind::AnyKind;
use super::{common, tree, wire};

/// The attribute whose change sends a write-only attribute again.
pub(crate) fn version_of(write_only: &Attribute) -> String {
    format!("{}_version", write_only.name)
}

fn write_only(object: &ObjectSchema) -> impl Iterator<Item = &Attribute> {
    object.attributes.iter().filter(|attribute| attribute.write_only)
}

/// The maps of objects inside a component's that have write-only attributes, with what these objects are.
fn inside(kind: &AnyKind) -> impl Iterator<Item = (&Attribute, &ObjectSchema)> {
    let maps = kind.object().attributes.iter().filter_map(|map| Some((map, wire::children(map)?)));
    maps.filter(|(_, object)| write_only(object).next().is_some())
}

fn values(object: &ObjectSchema, tree: &Dynamic) -> Entries {
    write_only(object).map(|attribute| (&attribute.name, tree.get(&attribute.name).clone())).collect()
}

/// The write-only values of a component and of the objects inside it, in a tree of its form; `None` where it has none.
pub(crate) fn of(kind: &AnyKind, component: &Dynamic) -> Option<Dynamic> {
    let mut secrets = values(kind.object(), component);
    for (map, object) in inside(kind) {
        let Some(children) = component.get(&map.name).as_entries() else { continue };
        let children = children.iter().map(|(key, child)| (key.clone(), Dynamic::Object(values(object, child))));
        secrets.insert(Name::from(&map.name), Dynamic::Map(children.collect()));
    }
    (!secrets.is_empty()).then_some(Dynamic::Object(secrets))
}

/// Puts `secrets`, in the form that [`of`] gives them, into the component.
pub(crate) fn put(kind: &AnyKind, component: &mut Dynamic, secrets: &Dynamic) {
    for attribute in write_only(kind.object()) {
        tree::set(component, attribute.name.clone(), secrets.get(&attribute.name).clone());
    }
    for (map, object) in inside(kind) {
        each_child(map, component, |key, child| {
            for attribute in write_only(object) {
                let value = secrets.get(&map.name).get(key).get(&attribute.name);
                tree::set(child, attribute.name.clone(), value.clone());
            }
        });
    }
}

fn each_child(map: &Attribute, component: &mut Dynamic, mut each: impl FnMut(&Name, &mut Dynamic)) {
    let children = component.as_entries_mut().and_then(|entries| entries.get_mut(map.name.as_ref()));
    for (key, child) in children.and_then(Dynamic::as_entries_mut).into_iter().flatten() {
        if child.as_entries().is_some() {
            each(key, child);
        }
    }
}

/// Leaves in `after`, which has the secrets of the objects inside the component, only those that a change from `before` has to
/// send: those of new objects, and those with another number. What `was_imported` has its value: the first number after the
/// import says so, and sends nothing.
pub(crate) fn keep_changed_inside(address: &Address, before: &Dynamic, was_imported: bool, after: &mut Dynamic) {
    for (map, object) in inside(address.kind) {
        let before = before.get(&map.name);
        let mut there = counterparts(map, before, after);
        for remade in wire::remade(map, before, after.get(&map.name)) {
            there.remove(remade.key);
        }
        each_child(map, after, |key, child| {
            let Some(was) = there.get(key).map(|at| before.get(at)) else { return };
            for secret in write_only(object) {
                let (was, is) = (was.get(&version_of(secret)), child.get(&version_of(secret)));
                let is_sent = !is.is_null() && was != is && !(was_imported && was.is_null());
                if !is_sent {
                    tree::set(child, secret.name.clone(), Dynamic::Null);
                }
            }
        });
    }
}

/// Drops from `meant` the secrets of the objects inside the component that are `found` and have their values: in an adopted
/// one all have, and else those whose number the interrupted apply has `left`.
pub(crate) fn drop_held_inside(address: &Address, left: Option<&Dynamic>, found: &Dynamic, meant: &mut Dynamic) {
    let adopts = common::adopts(meant);
    for (map, object) in inside(address.kind) {
        let there = counterparts(map, found.get(&map.name), meant);
        each_child(map, meant, |key, child| {
            let is_there = there.contains_key(key);
            for secret in write_only(object) {
                let version = version_of(secret);
                let left = left.map_or(&Dynamic::Null, |left| left.get(&map.name).get(key));
                let is_held = adopts || !left.is_null() && left.get(&version) == child.get(&version);
                if is_there && is_held {
                    tree::set(child, secret.name.clone(), Dynamic::Null);
                }
            }
        });
    }
}

/// What a change that did not come to its end may not have sent is not recorded as sent: of the objects that were there
/// before, `reached` has the numbers that they had. Each component comes with what it means, by which children are told.
pub(crate) fn forget_unsent_inside(
    address: &Address,
    (prior, was): (&Dynamic, &Dynamic),
    meant: &Dynamic,
    reached: &mut Dynamic,
) {
    for (map, object) in inside(address.kind) {
        let there = counterparts(map, was.get(&map.name), meant);
        each_child(map, reached, |key, child| {
            let Some(was) = there.get(key).map(|at| prior.get(&map.name).get(at)) else { return };
            for secret in write_only(object) {
                let version = version_of(secret);
                tree::set(child, version.clone(), was.get(&version).clone());
            }
        });
    }
}

/// For each KEY of the component's children: that of the same child in `before`.
fn counterparts(map: &Attribute, before: &Dynamic, component: &Dynamic) -> BTreeMap<Name, String> {
    let pairs = wire::counterparts(map, before, component.get(&map.name));
    pairs.into_iter().map(|(key, at)| (key, at.to_owned())).collect()
}
