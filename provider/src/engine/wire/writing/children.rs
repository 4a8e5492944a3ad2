//! The children of an object, changed in its JSON: those of others stay.

use serde_json::{Map, Value as Json};
use tfplugin::{Dynamic, Entries, Name, ObjectSchema};

use super::{create, revise_from};
use crate::engine::wire::children::{fixed, keep_own, pairs};
use crate::engine::wire::reading::read;

/// The children's JSON after a change from `old` to `new`: those of others stay as they are. A child that has to be made anew
/// has nothing of the old one but what identifies it.
pub(super) fn change(object: &ObjectSchema, old: &Dynamic, new: &Dynamic, current: Json) -> Json {
    let mut current = match current {
        Json::Object(entries) => entries,
        _ => Map::new(),
    };
    let trees: Entries = current.iter().map(|(key, child)| (key, read(object, child))).collect();
    let (old, new) = (old.as_entries().unwrap_or(Entries::none()), new.as_entries().unwrap_or(Entries::none()));
    let (had, kept) = (pairs(object, old, &trees), pairs(object, new, &trees));
    let was = |at: &str| had.iter().find(|(_, there)| **there == at).and_then(|(key, _)| old.get(key));
    let made = new.iter().map(|(key, child)| {
        let there = kept.get(key).and_then(|at| Some((*at, current.remove(*at)?)));
        let json = match there {
            Some((at, _)) if was(at).is_some_and(|was| fixed(object, was, child).is_some()) => create(object, child),
            Some((at, json)) => {
                let mut tree = read(object, &json);
                keep_own(object, &mut tree, &[was(at).unwrap_or(&Dynamic::Null), child]);
                revise_from(object, &tree, json, child)
            }
            None => create(object, child),
        };
        (key, json)
    });
    let made: Vec<(&Name, Json)> = made.collect();
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
