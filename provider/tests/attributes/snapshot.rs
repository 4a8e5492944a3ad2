//! What is in the cloud, field by field, without what changes by itself.
//!
//! The differences of two snapshots are what an attribute has done, and they are what somebody else does who changes its field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use localcloud::{Edit, Seed, SeedObject, SeedPolicy};
use serde_json::{Value as Json, json};

use crate::cloud::Cloud;
use crate::driver::things::{Thing, things};

/// Everything in a cloud.
#[derive(Clone)]
pub(crate) struct Snapshot {
    things: BTreeMap<Thing, Json>,
    seed: Seed,
}

/// A field that differs: the thing and the names of members; no members are the thing itself.
#[derive(Clone, Debug)]
pub(crate) struct Field(Thing, Vec<String>);

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Thing::Object(service, object) => write!(f, "//{service}{object} {}", self.1.join(".")),
            Thing::Policy(service, resource) => write!(f, "policy of //{service}/{resource}"),
        }
    }
}

impl Snapshot {
    pub(crate) fn of(cloud: &Cloud) -> Self {
        let seed = cloud.0.snapshot().unwrap();
        Self { things: things(&seed), seed }
    }

    /// The fields in which two snapshots differ.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Field> {
        let things: BTreeSet<&Thing> = self.things.keys().chain(other.things.keys()).collect();
        let mut fields = Vec::new();
        for thing in things {
            match (self.things.get(thing), other.things.get(thing)) {
                (Some(one), Some(other)) => {
                    let mut paths = Vec::new();
                    differ(one, other, &mut Vec::new(), &mut paths);
                    fields.extend(paths.into_iter().map(|path| Field(thing.clone(), path)));
                }
                _ => fields.push(Field(thing.clone(), Vec::new())),
            }
        }
        fields
    }

    /// The value of a field; null when it is not there.
    pub(crate) fn field(&self, Field(thing, path): &Field) -> Json {
        let Some(body) = self.things.get(thing) else { return Json::Null };
        if path.is_empty() && matches!(thing, Thing::Object(..)) {
            return json!(true);
        }
        path.iter().fold(body, |json, name| &json[name]).clone()
    }

    /// Whether all fields mean here what they mean there. A policy may grant more, and the server may have named an object
    /// otherwise.
    pub(crate) fn agrees(&self, there: &Self, fields: &[Field]) -> bool {
        fields.iter().all(|field| match (&field.0, self.field(field), there.field(field)) {
            (Thing::Policy(..), Json::Array(here), Json::Array(there)) => there.iter().all(|line| here.contains(line)),
            (Thing::Policy(..), _, Json::Null) => true,
            (Thing::Object(host, path), ..) if field.1.is_empty() => {
                self.siblings(host, path) == there.siblings(host, path)
            }
            (_, here, there) => meaning(&here) == meaning(&there),
        })
    }

    /// Whether all fields are again as they were before they drifted. Things that others made may be there beside, and an
    /// object that the server names may have another name.
    pub(crate) fn heals(&self, before: &Self, fields: &[Field]) -> bool {
        let ours = fields.iter().filter(|Field(thing, _)| before.things.contains_key(thing));
        ours.cloned().all(|field| match &field {
            Field(thing @ Thing::Object(host, path), members)
                if members.is_empty() || !self.things.contains_key(thing) =>
            {
                self.siblings(host, path) >= before.siblings(host, path)
            }
            _ => self.agrees(before, &[field]),
        })
    }

    /// What a value and its undoing have left behind. Objects that come and go are none of it.
    pub(crate) fn left_changed(&self, before: &Self) -> Vec<Field> {
        before.differences(self).into_iter().filter(|Field(_, path)| !path.is_empty()).collect()
    }

    fn siblings(&self, service: &str, path: &str) -> usize {
        let parent = |path: &str| path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
        let beside = |thing: &&Thing| matches!(thing, Thing::Object(host, other) if host == service && parent(other) == parent(path));
        self.things.keys().filter(beside).count()
    }

    /// Makes the cloud, which is as `self` says, in these fields as `other` says.
    pub(crate) fn drift(&self, cloud: &Cloud, other: &Self, fields: &[Field]) {
        let things: BTreeSet<&Thing> = fields.iter().map(|Field(thing, _)| thing).collect();
        for thing in things {
            let fields = fields.iter().filter(|Field(of, _)| of == thing);
            match thing {
                Thing::Object(service, path) => {
                    let theirs = other.seed.resources.iter().find(|object| of(object, service, path));
                    match theirs {
                        None => edit(cloud, json!({"service": service, "path": path, "delete": true})),
                        Some(object) if !self.things.contains_key(thing) => {
                            let resources = vec![object.clone()];
                            cloud.0.plant(&Seed { resources, iam_policies: Vec::new(), ..other.seed.clone() });
                        }
                        Some(_) => {
                            let mut merge = json!({});
                            for Field(_, members) in fields {
                                let value = other.field(&Field(thing.clone(), members.clone()));
                                members.iter().fold(&mut merge, |json, name| &mut json[name]).clone_from(&value);
                            }
                            edit(cloud, json!({"service": service, "path": path, "merge": merge}));
                        }
                    }
                }
                Thing::Policy(service, resource) => {
                    let theirs = other.seed.iam_policies.iter().find(|policy| of_policy(policy, service, resource));
                    let body = theirs.map(|policy| policy.body.clone()).unwrap_or_else(|| json!({"version": 1}));
                    let policy = SeedPolicy { service: service.clone(), resource: resource.clone(), body };
                    cloud.0.plant(&Seed { resources: Vec::new(), iam_policies: vec![policy], ..other.seed.clone() });
                }
            }
        }
    }
}

/// A value without what means the same as nothing.
fn meaning(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let members: serde_json::Map<String, Json> = members
                .iter()
                .map(|(name, value)| (name.clone(), meaning(value)))
                .filter(|(_, value)| !value.is_null())
                .collect();
            if members.is_empty() { Json::Null } else { Json::Object(members) }
        }
        Json::Array(items) if !items.is_empty() => items.iter().map(meaning).collect(),
        Json::Array(_) | Json::Bool(false) => Json::Null,
        Json::Number(number) if number.as_f64() == Some(0.0) => Json::Null,
        Json::String(text) if text.is_empty() => Json::Null,
        other => other.clone(),
    }
}

fn of(object: &SeedObject, service: &str, path: &str) -> bool {
    object.service == service && object.path == path
}

fn of_policy(policy: &SeedPolicy, service: &str, resource: &str) -> bool {
    policy.service == service && policy.resource == resource
}

fn edit(cloud: &Cloud, edit: Json) {
    let edit: Edit = serde_json::from_value(edit).unwrap();
    assert!(cloud.0.edit(&edit), "the cloud has no {} {}", edit.service, edit.path);
}

fn differ(one: &Json, other: &Json, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match (one, other) {
        (Json::Object(left), Json::Object(right)) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                path.push(name.clone());
                differ(left.get(name).unwrap_or(&Json::Null), right.get(name).unwrap_or(&Json::Null), path, found);
                path.pop();
            }
        }
        _ if one == other => {}
        _ => found.push(path.clone()),
    }
}
