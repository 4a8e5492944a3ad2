//! From a component's tree to the API's JSON: whole for a creation, the differences for an update.

mod children;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use tfplugin::schema::{Nesting, Shape};
use tfplugin::{Attribute, Dynamic, Entries, Name, ObjectSchema, Type};

use super::children::children as objects_of;
use super::equality::{equal, equal_object, is_blank, is_void, same_identity, same_scalar};
use super::masks::{Masks, Prefix};
use super::reading::read;
use super::{has_own_keys, is_written, place, wire_of};
use crate::engine::marks::{OneForm, Place, Unordered, Wire};

/// The JSON of a creation: every attribute that says more than its absence would, and those that are always sent.
pub fn create(object: &ObjectSchema, component: &Dynamic) -> Json {
    let mut body = Json::Object(Map::new());
    fill(object, component, &mut body);
    body
}

/// Writes into the freshly read `body` every attribute that differs between `before` and `after`, and leaves all else.
/// Returns the update mask: camel case, cut at the first array or map, no path below another nor below a message that went
/// with its last field.
pub fn update(object: &ObjectSchema, before: &Dynamic, after: &Dynamic, body: &mut Json) -> Vec<String> {
    let mut masks = Masks::default();
    change(object, before, after, body, &Prefix::default(), &mut masks);
    masks.finish(body)
}

fn written(object: &ObjectSchema) -> impl Iterator<Item = (&Attribute, &Wire)> {
    let attributes = object.attributes.iter().filter(|attribute| is_written(attribute));
    attributes.filter_map(|attribute| Some((attribute, wire_of(attribute)?)))
}

fn fill(object: &ObjectSchema, tree: &Dynamic, json: &mut Json) {
    for (attribute, wire) in written(object) {
        let mut value = tree.get(&attribute.name);
        if value.is_unknown() || (is_blank(attribute, value) && !wire.always) {
            continue;
        }
        if let (true, Some(default)) = (value.is_null(), &attribute.default) {
            value = default;
        }
        match wire.place {
            _ if value.is_null() => {}
            Place::With(codec) => codec.write(value, json),
            Place::At(path) => match (make(attribute, wire, value), place::get(json, path).is_some()) {
                // Two attributes may share an object of the API: secret labels of a channel go beside the others.
                (Some(Json::Object(made)), true) => place::object(place::entry(json, path)).extend(made),
                (Some(made), _) => place::put(json, path, made),
                (None, _) => {}
            },
        }
    }
}

/// New JSON for a value that is not null; nothing for an object that comes out empty.
fn make(attribute: &Attribute, wire: &Wire, value: &Dynamic) -> Option<Json> {
    let made = match &attribute.shape {
        Shape::Plain(plain) => plain_json(attribute, wire, plain, value, None),
        Shape::Nested(Nesting::Single, object) => {
            let made = create(object, value);
            return made.as_object().is_some_and(|fields| !fields.is_empty()).then_some(made);
        }
        Shape::Nested(Nesting::List | Nesting::Set, object) => {
            let elements = value.as_elements().unwrap_or_default();
            Json::Array(elements.iter().map(|element| create(object, element)).collect())
        }
        Shape::Nested(Nesting::Map, object) => keyed(wire, object, value, Json::Null),
    };
    Some(made)
}

fn change(
    object: &ObjectSchema,
    before: &Dynamic,
    after: &Dynamic,
    json: &mut Json,
    prefix: &Prefix,
    masks: &mut Masks,
) {
    if !prefix.is_root() && is_switched(object, before, after, json) {
        masks.add(prefix);
    }
    for (attribute, wire) in written(object) {
        let (old, new) = (before.get(&attribute.name), after.get(&attribute.name));
        if new.is_unknown() || equal(attribute, old, new) {
            continue;
        }
        match wire.place {
            Place::With(codec) => {
                codec.write(new, json);
                codec.masks().iter().for_each(|path| masks.add(&prefix.join(path)));
            }
            Place::At(path) => {
                let at = prefix.join(path);
                change_at(attribute, wire, (old, new), json, path, &at, masks);
                if !is_void(attribute, new) {
                    switch(wire, json, prefix, masks);
                }
            }
        }
    }
}

/// Whether a field is set that cannot stand beside one that is there: then the message is sent as a whole.
fn is_switched(object: &ObjectSchema, before: &Dynamic, after: &Dynamic, json: &Json) -> bool {
    written(object).any(|(attribute, wire)| {
        let (old, new) = (before.get(&attribute.name), after.get(&attribute.name));
        let has_other = wire.instead_of.iter().any(|other| place::get(json, other).is_some());
        has_other && !new.is_unknown() && !is_void(attribute, new) && !equal(attribute, old, new)
    })
}

/// Removes the fields that cannot stand beside the one just written.
fn switch(wire: &Wire, json: &mut Json, prefix: &Prefix, masks: &mut Masks) {
    for other in wire.instead_of {
        if place::get(json, other).is_some() {
            place::clear(json, other);
            masks.add(&prefix.join(other));
        }
    }
}

fn change_at(
    attribute: &Attribute,
    wire: &Wire,
    (old, new): (&Dynamic, &Dynamic),
    json: &mut Json,
    path: &str,
    at: &Prefix,
    masks: &mut Masks,
) {
    if let Some(object) = objects_of(attribute) {
        let slot = place::entry(json, path);
        *slot = children::change(object, old, new, std::mem::take(slot));
        return masks.add(at);
    }
    if has_own_keys(attribute) {
        match &attribute.shape {
            Shape::Plain(Type::Set(_)) => change_own_elements(attribute, wire, old, new, json, path),
            _ => change_own_keys(wire, old, new, json, path),
        }
        return masks.add(at);
    }
    if new.is_null() || (is_void(attribute, new) && !matches!(new, Dynamic::Object(_))) {
        match &attribute.default {
            Some(default) if wire.always && !default.is_null() => {
                let made = make(attribute, wire, default).unwrap_or(Json::Null);
                place::put(json, path, made);
            }
            _ => place::clear(json, path),
        }
        return masks.add(at);
    }
    match &attribute.shape {
        Shape::Plain(plain) => {
            let made = plain_json(attribute, wire, plain, new, place::get(json, path));
            place::put(json, path, made);
            masks.add(at);
        }
        Shape::Nested(Nesting::Single, object) if is_void(attribute, old) => {
            let slot = place::entry(json, path);
            place::object(slot);
            fill(object, new, slot);
            masks.add(at);
        }
        Shape::Nested(Nesting::Single, object) if attribute.extensions.get::<OneForm>().is_some() => {
            // What is there may say in another attribute what was in this one, so the whole is said anew.
            let slot = place::entry(json, path);
            place::object(slot);
            for (_, wire) in written(object) {
                if let Place::At(path) = wire.place {
                    place::clear(slot, path);
                }
            }
            fill(object, new, slot);
            masks.add(at);
        }
        Shape::Nested(Nesting::Single, object) => {
            let slot = place::entry(json, path);
            place::object(slot);
            change(object, old, new, slot, at, masks);
        }
        Shape::Nested(Nesting::List | Nesting::Set, object) => {
            let unordered = attribute.extensions.get::<Unordered>().is_some();
            let slot = place::entry(json, path);
            let current = std::mem::take(place::array(slot));
            *slot = Json::Array(elements(object, new.as_elements().unwrap_or_default(), current, unordered));
            masks.add(at);
        }
        Shape::Nested(Nesting::Map, object) => {
            let slot = place::entry(json, path);
            *slot = keyed(wire, object, new, std::mem::take(slot));
            masks.add(at);
        }
    }
}

/// Only keys that were or are wanted are touched.
fn change_own_keys(wire: &Wire, old: &Dynamic, new: &Dynamic, json: &mut Json, path: &str) {
    let (old, new) = (old.as_entries().unwrap_or(Entries::none()), new.as_entries().unwrap_or(Entries::none()));
    let slot = place::object(place::entry(json, path));
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        match new.get(key) {
            Some(value) if old.get(key) != Some(value) => drop(slot.insert(key.to_string(), (wire.codec.write)(value))),
            Some(_) => {}
            None => drop(slot.remove(key.as_str())),
        }
    }
    if slot.is_empty() {
        place::remove(json, path);
    }
}

/// Only elements that were or are wanted are touched.
fn change_own_elements(attribute: &Attribute, wire: &Wire, old: &Dynamic, new: &Dynamic, json: &mut Json, path: &str) {
    let (old, new) = (old.as_elements().unwrap_or_default(), new.as_elements().unwrap_or_default());
    let slot = place::array(place::entry(json, path));
    let is_in = |all: &[Dynamic], json: &Json| {
        let element = (wire.codec.read)(json);
        all.iter().any(|one| same_scalar(attribute, one, &element))
    };
    slot.retain(|json| is_in(new, json) || !is_in(old, json));
    for element in new {
        let made = (wire.codec.write)(element);
        if !slot.iter().any(|json| same_scalar(attribute, element, &(wire.codec.read)(json))) {
            slot.push(made);
        }
    }
    if slot.is_empty() {
        place::remove(json, path);
    }
}

/// Scalars and plain collections. The elements of a set keep the order that they have in `current`.
fn plain_json(attribute: &Attribute, wire: &Wire, plain: &Type, value: &Dynamic, current: Option<&Json>) -> Json {
    let write = |inner: &Type, element: &Dynamic| plain_json(attribute, wire, inner, element, None);
    match plain {
        Type::List(inner) => {
            Json::Array(value.as_elements().unwrap_or_default().iter().map(|element| write(inner, element)).collect())
        }
        Type::Set(inner) => {
            let mut wanted: Vec<&Dynamic> = value.as_elements().unwrap_or_default().iter().collect();
            let mut kept = Vec::new();
            for json in current.and_then(Json::as_array).into_iter().flatten() {
                let element = (wire.codec.read)(json);
                if let Some(index) = wanted.iter().position(|wanted| same_scalar(attribute, wanted, &element)) {
                    wanted.remove(index);
                    kept.push(json.clone());
                }
            }
            kept.extend(wanted.into_iter().map(|element| write(inner, element)));
            Json::Array(kept)
        }
        Type::Map(inner) => {
            let entries = value.as_entries().into_iter().flatten();
            Json::Object(entries.map(|(key, element)| (key.to_string(), write(inner, element))).collect())
        }
        _ => (wire.codec.write)(value),
    }
}

/// The elements of a list as wanted, made out of the current ones so that what we do not know in them survives: the
/// unchanged first, then those of one identity, then by position.
fn elements(object: &ObjectSchema, wanted: &[Dynamic], current: Vec<Json>, unordered: bool) -> Vec<Json> {
    let trees: Vec<Dynamic> = current.iter().map(|element| read(object, element)).collect();
    let mut source: Vec<Option<usize>> = vec![None; wanted.len()];
    let mut free: BTreeSet<usize> = (0..current.len()).collect();
    let rounds: [&dyn Fn(usize, usize) -> bool; 4] = [
        &|want, have| want == have && equal_object(object, &wanted[want], &trees[have]),
        &|want, have| equal_object(object, &wanted[want], &trees[have]),
        &|want, have| same_identity(object, &wanted[want], &trees[have]) == Some(true),
        &|want, have| want == have,
    ];
    for fits in rounds {
        for (want, source) in source.iter_mut().enumerate().filter(|(_, source)| source.is_none()) {
            if let Some(have) = free.iter().copied().find(|have| fits(want, *have)) {
                free.remove(&have);
                *source = Some(have);
            }
        }
    }
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    if unordered {
        order.sort_by_key(|want| source[*want].unwrap_or(usize::MAX));
    }
    let make = |want: usize| match source[want] {
        None => create(object, &wanted[want]),
        Some(have) => {
            let mut element = current[have].clone();
            change(object, &trees[have], &wanted[want], &mut element, &Prefix::default(), &mut Masks::default());
            element
        }
    };
    order.into_iter().map(make).collect()
}

/// An object as wanted, made out of the current one.
fn revise(object: &ObjectSchema, current: Json, wanted: &Dynamic) -> Json {
    revise_from(object, &read(object, &current), current, wanted)
}

/// An object as wanted, made out of the current one, of which `tree` is what is managed.
pub(super) fn revise_from(object: &ObjectSchema, tree: &Dynamic, mut current: Json, wanted: &Dynamic) -> Json {
    change(object, tree, wanted, &mut current, &Prefix::default(), &mut Masks::default());
    current
}

/// A map of objects as wanted, made out of the current one.
fn keyed(wire: &Wire, object: &ObjectSchema, wanted: &Dynamic, current: Json) -> Json {
    let wanted = wanted.as_entries().unwrap_or(Entries::none());
    let revise = |element: Json, wanted: &Dynamic| revise(object, element, wanted);
    match wire.keyed_by {
        None => {
            let mut current = match current {
                Json::Object(entries) => entries,
                _ => Map::new(),
            };
            let entry = |(key, wanted): (&Name, &Dynamic)| {
                let element =
                    current.remove(key.as_str()).map_or_else(|| create(object, wanted), |old| revise(old, wanted));
                (key.to_string(), element)
            };
            Json::Object(wanted.iter().map(entry).collect())
        }
        Some(field) => {
            let mut made = Vec::new();
            let mut missing = wanted.clone();
            for element in current.as_array().into_iter().flatten() {
                let key = element.get(field).and_then(Json::as_str).unwrap_or_default();
                if let Some(wanted) = missing.remove(key) {
                    made.push(revise(element.clone(), &wanted));
                }
            }
            for (key, wanted) in &missing {
                let mut element = create(object, wanted);
                place::object(&mut element).insert(field.to_owned(), Json::String(key.to_string()));
                made.push(element);
            }
            Json::Array(made)
        }
    }
}
