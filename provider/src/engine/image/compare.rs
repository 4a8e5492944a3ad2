//! What differs between a stack as it was and as it is: by what its components mean, as the fingerprint sees them.

use std::collections::BTreeSet;
use std::fmt;

use tfplugin::schema::{Nesting, ObjectSchema, Shape};
use tfplugin::{Attribute, Dynamic, Path, Type};

use crate::engine::address::Address;
use crate::engine::marks::FreeText;
use crate::engine::model::{self, Components, Stack};
use crate::engine::scope::Scope;
use crate::engine::spelling::spell_short;
use crate::engine::{account_iam, effective, tree};

/// A stack read again, beside what was known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How many objects were found.
    pub objects: usize,
    /// The fingerprint of what was found.
    pub fingerprint: String,
    /// What is not as it was; empty when all is.
    pub differences: Vec<Difference>,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// An object is no more.
    Gone {
        /// The component: its kind and KEY.
        component: String,
        /// The line of the inventory for the object, where it has one.
        object: Option<String>,
    },
    /// An attribute means something else.
    Changed {
        /// Its path: kind, KEY and attribute.
        attribute: String,
        /// The value that was known. Secrets and texts that may hold some are not quoted.
        before: String,
        /// The value now.
        now: String,
    },
    /// An API that the stack names is off.
    ApiOff {
        /// The API's host.
        api: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone { component, object: Some(object) } => write!(f, "{component} is gone ({object})"),
            Self::Gone { component, object: None } => write!(f, "{component} is gone"),
            Self::Changed { attribute, before, now } => write!(f, "{attribute} was {before} and is {now}"),
            Self::ApiOff { api } => write!(f, "the API {api} is off"),
        }
    }
}

/// Compares a stack as known with the same stack as just read.
pub(in crate::engine) fn compare(before: &Stack, after: Stack, scope: &Scope) -> Comparison {
    let fingerprint = after.text(model::FINGERPRINT).unwrap_or_default().to_owned();
    // A grant's line has its role and member after the name.
    let lines = tree::texts(after.get(model::INVENTORY));
    let objects = lines.iter().filter(|line| !line.contains(' ')).count();
    let on: BTreeSet<&str> = tree::texts(after.get("apis")).into_iter().collect();
    let off = tree::texts(before.get("apis")).into_iter().filter(|api| !on.contains(api));
    let mut differences: Vec<Difference> = off.map(|api| Difference::ApiOff { api: api.to_owned() }).collect();
    if before.text(model::FINGERPRINT) != Some(fingerprint.as_str()) {
        if let Some(own) = account_iam::name(before.layout()) {
            let path = Path::root().attribute(own);
            let roles = by_key(before.get(own), after.get(own)).into_iter();
            differences.extend(roles.map(|(role, was, is)| changed(&path.key(role), quoted(was), quoted(is))));
        }
        between(&before.components(), &after.into_components(), scope, &mut differences);
    }
    Comparison { objects, fingerprint, differences }
}

fn between(before: &Components, after: &Components, scope: &Scope, differences: &mut Vec<Difference>) {
    for (address, was) in before {
        let Some(is) = after.get(address) else {
            let object = address.kind.inventory_name(was, scope);
            differences.push(Difference::Gone { component: address.to_string(), object });
            continue;
        };
        let was = effective::effective(address, was, before, scope);
        let is = effective::effective(address, is, after, scope);
        let attributes = address.kind.object().attributes.iter().filter(|attribute| effective::counts(attribute));
        changes(address, attributes, &address.path(), (&was, &is), scope, differences);
    }
}

/// The smallest parts of some attributes at `path` that differ.
fn changes<'a>(
    address: &Address,
    attributes: impl Iterator<Item = &'a Attribute>,
    path: &Path,
    (was, is): (&Dynamic, &Dynamic),
    scope: &Scope,
    differences: &mut Vec<Difference>,
) {
    for attribute in attributes {
        let values = (was.get(&attribute.name), is.get(&attribute.name));
        attribute_changes(address, attribute, &path.attribute(attribute.name.clone()), values, scope, differences);
    }
}

/// The smallest parts of an attribute that differ.
fn attribute_changes(
    address: &Address,
    attribute: &Attribute,
    path: &Path,
    (was, is): (&Dynamic, &Dynamic),
    scope: &Scope,
    differences: &mut Vec<Difference>,
) {
    if effective::canonical(address, attribute, was, scope) == effective::canonical(address, attribute, is, scope) {
        return;
    }
    if attribute.sensitive || attribute.write_only {
        let hidden = |value: &Dynamic| if value.is_null() { "absent" } else { "a sensitive value" }.to_owned();
        differences.push(changed(path, hidden(was), hidden(is)));
        return;
    }
    match (&attribute.shape, was, is) {
        (Shape::Nested(Nesting::Single, object), was, is) if !was.is_null() && !is.is_null() => {
            changes(address, settings(object), path, (was, is), scope, differences);
        }
        (Shape::Nested(Nesting::List, object), Dynamic::List(was), Dynamic::List(is)) if was.len() == is.len() => {
            for (index, values) in was.iter().zip(is).enumerate() {
                changes(address, settings(object), &path.index(index), values, scope, differences);
            }
        }
        (Shape::Nested(Nesting::Map, object), Dynamic::Map(_), Dynamic::Map(_)) => {
            for (key, was, is) in by_key(was, is) {
                let path = path.key(key);
                if was.is_null() || is.is_null() {
                    differences.push(changed(&path, presence(was), presence(is)));
                } else {
                    changes(address, settings(object), &path, (was, is), scope, differences);
                }
            }
        }
        (Shape::Nested(..), was, is) => differences.push(changed(path, presence(was), presence(is))),
        (Shape::Plain(Type::Map(_)), was, is) => {
            // In the values of a map of free text (a service's environment) people keep anything.
            let free = attribute.extensions.get::<FreeText>().is_some();
            for (key, was, is) in by_key(was, is) {
                let shown = |value: &Dynamic| match value {
                    Dynamic::Null => "absent".to_owned(),
                    _ if free => "a text that is not shown".to_owned(),
                    value => quoted(value),
                };
                let (before, mut now) = (shown(was), shown(is));
                if before == now {
                    now = "another".to_owned();
                }
                differences.push(changed(&path.key(key), before, now));
            }
        }
        (Shape::Plain(_), was, is) => differences.push(changed(path, quoted(was), quoted(is))),
    }
}

fn settings(object: &ObjectSchema) -> impl Iterator<Item = &Attribute> {
    object.attributes.iter().filter(|attribute| attribute.presence.is_configurable())
}

fn changed(path: &Path, before: String, now: String) -> Difference {
    Difference::Changed { attribute: path.to_string(), before, now }
}

/// The keys under which two maps differ, with both values.
fn by_key<'a>(was: &'a Dynamic, is: &'a Dynamic) -> Vec<(&'a str, &'a Dynamic, &'a Dynamic)> {
    let keys = |map: &'a Dynamic| map.as_entries().into_iter().flatten().map(|(key, _)| key.as_str());
    let keys: BTreeSet<&str> = keys(was).chain(keys(is)).collect();
    let pairs = keys.into_iter().map(|key| (key, was.get(key), is.get(key)));
    pairs.filter(|(_, was, is)| was != is).collect()
}

/// What there is of something too large to quote.
fn presence(value: &Dynamic) -> String {
    match value {
        Dynamic::Null => "absent".to_owned(),
        Dynamic::List(items) | Dynamic::Set(items) => format!("a list of {}", items.len()),
        Dynamic::Map(entries) => format!("a map of {}", entries.len()),
        _ => "there".to_owned(),
    }
}

/// A plain value as a person would write it, cut where it is long.
fn quoted(value: &Dynamic) -> String {
    if value.is_null() {
        return "absent".to_owned();
    }
    spell_short(value)
}
