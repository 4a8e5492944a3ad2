//! Update masks, and the bodies that go with them.

use serde_json::{Map, Value as Json};

use super::place::{self, before_array};

/// The way to an object whose attributes are written, as far as a mask can follow it.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefix {
    path: String,
    /// Below an array or a map a mask names the whole.
    closed: bool,
}

impl Prefix {
    /// Whether it is the object itself.
    pub(super) fn is_root(&self) -> bool {
        self.path.is_empty()
    }

    /// One place further.
    pub(super) fn join(&self, path: &str) -> Self {
        if self.closed {
            return self.clone();
        }
        let (open, closed) = before_array(path);
        let dot = if self.path.is_empty() || open.is_empty() { "" } else { "." };
        Self { path: format!("{}{dot}{open}", self.path), closed }
    }
}

/// The paths collected so far.
#[derive(Debug, Default)]
pub(super) struct Masks(Vec<String>);

impl Masks {
    /// Adds a path.
    pub(super) fn add(&mut self, at: &Prefix) {
        self.0.push(at.path.clone());
    }

    /// Sorted, each once, none below another nor below a message that is not in `body`: that is named itself.
    pub(super) fn finish(mut self, body: &Json) -> Vec<String> {
        self.0.retain(|path| !path.is_empty());
        for path in &mut self.0 {
            while let Some((parent, _)) = path.rsplit_once('.').filter(|(parent, _)| place::get(body, parent).is_none())
            {
                *path = parent.to_owned();
            }
        }
        self.0.sort();
        self.0.dedup();
        let all = self.0.clone();
        let below = |path: &str| {
            all.iter().any(|other| path.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('.')))
        };
        self.0.retain(|path| !below(path));
        self.0
    }
}

/// The body of a masked PATCH: only the subtrees that `masks` name. A path that is not there is cleared by the API.
pub fn masked(body: &Json, masks: &[String]) -> Json {
    let mut out = Json::Object(Map::new());
    for mask in masks {
        if let Some(value) = place::get(body, mask) {
            place::put(&mut out, mask, value.clone());
        }
    }
    out
}

/// The body of a merging PATCH that turns `current` into `wanted` below `masks`: what changed, and null for what went.
pub fn merge_patch(current: &Json, wanted: &Json, masks: &[String]) -> Json {
    let mut out = Json::Object(Map::new());
    for mask in masks {
        // An object whose last field went goes as a whole: the API has no empty lifecycle.
        let mut path = mask.as_str();
        while let Some((parent, _)) = path.rsplit_once('.') {
            if place::get(wanted, parent).is_some_and(|parent| !is_hollow(parent)) {
                break;
            }
            path = parent;
        }
        let old = place::get(current, path);
        match place::get(wanted, path).filter(|wanted| !is_hollow(wanted)) {
            Some(new) => {
                if let Some(difference) = merge(old, new) {
                    place::put(&mut out, path, difference);
                }
            }
            None if old.is_some() => *place::entry(&mut out, path) = Json::Null,
            None => {}
        }
    }
    out
}

fn is_hollow(json: &Json) -> bool {
    json.as_object().is_some_and(|fields| fields.values().all(|field| field.is_null() || is_hollow(field)))
}

fn merge(old: Option<&Json>, new: &Json) -> Option<Json> {
    match (old, new) {
        (Some(old), new) if old == new => None,
        (Some(Json::Object(old)), Json::Object(new)) => {
            let changed = new.iter().filter_map(|(key, value)| Some((key.clone(), merge(old.get(key), value)?)));
            let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), Json::Null));
            Some(Json::Object(changed.chain(gone).collect()))
        }
        _ => Some(new.clone()),
    }
}
