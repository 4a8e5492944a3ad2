//! What a component means: names filled in, references resolved, presets written out.
//!
//! Two components that mean the same need no call; what is written to the API is what is meant.

use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write as _;

use tfplugin::{Attribute, Dynamic, Name, ObjectSchema};

use super::address::Address;
use super::grants::Grants;
use super::kind::AnyKind;
use super::marks::{AccountRoles, Governs, Granted, Later, OwnKeys, Place, Volatile, Wire};
use super::model::Components;
use super::scope::Scope;
use super::secrets::version_of;
use super::{common, labels, protection, references, tree, wire};

/// Fills in what the engine itself knows of a silent configuration: where the kind has no default of its own, the name is
/// the KEY, and the location the region.
pub(crate) fn with_names(address: &Address, component: &mut Dynamic, scope: &Scope) {
    let object = address.kind.object();
    let usual = [(common::NAME, &address.key), (common::LOCATION, &scope.place.region)];
    for (name, value) in usual {
        let Some(attribute) = object.attribute(name).filter(|_| component.get(name).is_null()) else { continue };
        match &attribute.default {
            Some(default) => tree::set(component, name, default.clone()),
            None if !value.is_empty() => tree::set(component, name, Dynamic::string(value)),
            None => {}
        }
    }
}

/// What `component` means among `all`.
pub(crate) fn effective(address: &Address, component: &Dynamic, all: &Components, scope: &Scope) -> Dynamic {
    let mut meant = references::resolve(address, component, all);
    address.kind.effective(&mut meant, &address.key, scope);
    meant
}

/// The attributes that the API would have to be told of, from what was meant to what is meant. Unknown counts as changed.
pub(crate) fn changed<'a>(address: &'a Address, before: &Dynamic, after: &Dynamic) -> Vec<&'a Attribute> {
    let object = &address.kind.object().attributes;
    object
        .iter()
        .filter(|attribute| attribute.presence.is_configurable() || attribute.extensions.get::<OwnKeys>().is_some())
        .filter(|attribute| attribute.extensions.get::<Wire>().is_some())
        .filter(|attribute| {
            let (before, after) = (before.get(&attribute.name), after.get(&attribute.name));
            !wire::equal(attribute, before, after)
        })
        .collect()
}

/// The write-only attributes to be sent because their companion version changed. One whose version left the configuration
/// is handed over: somebody else sets it from then on.
pub(crate) fn rotated<'a>(address: &'a Address, before: &Dynamic, after: &Dynamic) -> Vec<&'a Attribute> {
    versioned(address, before, after).1
}

/// The write-only attributes that an object from an import has a value for already: their first version in the configuration
/// says so, and sends nothing.
pub(crate) fn taken_over<'a>(address: &'a Address, before: &Dynamic, after: &Dynamic) -> Vec<&'a Attribute> {
    versioned(address, before, after).0
}

/// The write-only attributes with another version than before: those taken over, and those to be sent.
fn versioned<'a>(address: &'a Address, before: &Dynamic, after: &Dynamic) -> (Vec<&'a Attribute>, Vec<&'a Attribute>) {
    let version = |of: &Dynamic, attribute: &Attribute| of.get(&version_of(attribute)).clone();
    let is_changed = |attribute: &&Attribute| {
        let (was, is) = (version(before, attribute), version(after, attribute));
        attribute.write_only && !is.is_null() && was != is
    };
    let has_value = protection::came_by_import(before) && address.kind.has_secrets(before);
    let changed = address.kind.object().attributes.iter().filter(is_changed);
    changed.partition(|attribute| has_value && version(before, attribute).is_null())
}

/// The write-only attributes that the API keeps in one field with one of those that `changed`: as that field is written
/// whole and its secrets cannot be read, they are sent again.
pub(crate) fn resent<'a>(address: &'a Address, changed: &[&Attribute]) -> Vec<&'a Attribute> {
    let path = |attribute: &Attribute| match attribute.extensions.get::<Wire>()?.place {
        Place::At(path) => Some(path),
        Place::With(_) => None,
    };
    let fields: BTreeSet<&str> = changed.iter().filter_map(|attribute| path(attribute)).collect();
    let shares =
        |attribute: &&Attribute| attribute.write_only && path(attribute).is_some_and(|field| fields.contains(field));
    address.kind.object().attributes.iter().filter(shares).collect()
}

/// The grants that a component means, with references filled in; `None` when one of them is not known yet.
pub(crate) fn grants(address: &Address, component: &Dynamic, all: &Components) -> Option<Grants> {
    filled_in(address.kind, component.get(common::IAM), all)
}

/// Grants with references filled in; `None` when one of them is not known yet. `kind` is any of the cloud's.
pub(crate) fn filled_in(kind: &'static AnyKind, iam: &Dynamic, all: &Components) -> Option<Grants> {
    let mut grants = Grants::new();
    if !iam.is_wholly_known() {
        return None;
    }
    for (role, members) in iam.as_entries().into_iter().flatten() {
        for member in tree::texts(members) {
            grants.insert(references::resolve_grant(kind, (role, member), all)?);
        }
    }
    Some(grants)
}

/// The attribute with the roles that components of a kind have on the account or project, if they have some.
pub(crate) fn account_roles(kind: &AnyKind) -> Option<(&Attribute, &AccountRoles)> {
    kind.object().attributes.iter().find_map(|attribute| Some((attribute, attribute.extensions.get::<AccountRoles>()?)))
}

/// The grants on the project that a component means; `None` when they are not known yet.
pub(crate) fn account_grants(address: &Address, component: &Dynamic, all: &Components) -> Option<Grants> {
    let Some((attribute, roles)) = account_roles(address.kind) else { return Some(Grants::new()) };
    let wanted = component.get(&attribute.name);
    if !wanted.is_wholly_known() {
        return None;
    }
    let wanted = tree::texts(wanted);
    if wanted.is_empty() {
        return Some(Grants::new());
    }
    let member = address.kind.terms().member(tree::text(component, roles.email)?);
    wanted.into_iter().map(|role| references::resolve_grant(address.kind, (role, &member), all)).collect()
}

/// Whether an attribute is kept in the cloud, and stays until somebody changes it.
fn is_kept(attribute: &Attribute) -> bool {
    let marks = &attribute.extensions;
    (marks.get::<Wire>().is_some() || marks.get::<AccountRoles>().is_some()) && marks.get::<Volatile>().is_none()
}

/// Whether the fingerprint covers an attribute: a setting that can be read, a grant, or the labels as they are.
pub(crate) fn counts(attribute: &Attribute) -> bool {
    let marks = &attribute.extensions;
    let is_setting = attribute.presence.is_configurable() && !attribute.write_only && is_kept(attribute);
    is_setting || marks.get::<Granted>().is_some() || common::is_effective_labels(attribute)
}

/// One text for all values of an attribute that mean the same.
pub(crate) fn canonical(address: &Address, attribute: &Attribute, value: &Dynamic, scope: &Scope) -> String {
    wire::canonical(attribute, value, &|attribute, text| cloud_name(address, attribute, text, scope))
}

/// A digest of what all components mean, and of the stack's `own` grants: `None` while something is unknown. Neither KEYs nor
/// spellings count, nor what the provider computes: it changes when, and only when, a setting does.
pub(crate) fn fingerprint(components: &Components, own: &Grants, scope: &Scope) -> Option<String> {
    let mut parts = Vec::with_capacity(components.len());
    for (role, member) in own {
        parts.push(Sha256::digest(format!("{role} {member}")));
    }
    for (address, component) in components {
        parts.push(Sha256::digest(settings(address, component, components, scope)?));
    }
    parts.sort_unstable();
    let mut whole = Sha256::new();
    parts.iter().for_each(|part| whole.update(part));
    Some(whole.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The settings of one component in one spelling; `None` while something is unknown.
fn settings(address: &Address, component: &Dynamic, all: &Components, scope: &Scope) -> Option<String> {
    let configurable = |attribute: &&Attribute| attribute.presence.is_configurable() && !attribute.write_only;
    // What is not known yet may change the meaning of more than itself: a preset, a switch.
    let governs = |attribute: &&Attribute| configurable(attribute) || attribute.extensions.get::<Governs>().is_some();
    let attributes = &address.kind.object().attributes;
    if component.is_unknown()
        || attributes.iter().filter(governs).any(|setting| !component.get(&setting.name).is_wholly_known())
    {
        return None;
    }
    let meant = effective(address, component, all, scope);
    let mut text = format!("{}\n", address.kind.name());
    for attribute in attributes.iter().filter(|attribute| configurable(attribute) && is_kept(attribute)) {
        let value = meant.get(&attribute.name);
        if !value.is_wholly_known() {
            return None;
        }
        if value.is_null() && attribute.extensions.get::<Later>().is_some() {
            continue;
        }
        let _ = writeln!(text, "{} {}", attribute.name, canonical(address, attribute, value, scope));
    }
    let labels = meant.get(address.kind.effective_labels());
    if !labels.is_wholly_known() {
        return None;
    }
    let mut labels = tree::strings(labels);
    labels.remove(labels::COMPONENT_STAMP);
    let grants = grants(address, component, all)?;
    let _ = writeln!(text, "{labels:?} {grants:?}");
    Some(text)
}

/// A name of an object of the cloud in one spelling, and short where the attribute takes that for the same.
fn cloud_name(address: &Address, attribute: &Attribute, text: &str, scope: &Scope) -> String {
    let Some(name) = address.kind.terms().canonical_name(text, &scope.place) else { return text.to_owned() };
    match name.rsplit_once('/') {
        Some((_, last)) if (attribute.rules.equal)(&Dynamic::string(text), &Dynamic::string(last)) => last.to_owned(),
        _ => name,
    }
}

/// The planned value where it is known, what was found where it is not.
pub(crate) fn settle(planned: &Dynamic, found: &Dynamic) -> Dynamic {
    match planned {
        Dynamic::Unknown if found.is_unknown() => Dynamic::Null,
        Dynamic::Unknown => found.clone(),
        Dynamic::Object(entries) => {
            Dynamic::Object(entries.iter().map(|(key, value)| (key.clone(), settle(value, found.get(key)))).collect())
        }
        Dynamic::Map(entries) => {
            Dynamic::Map(entries.iter().map(|(key, value)| (key.clone(), settle(value, found.get(key)))).collect())
        }
        Dynamic::List(items) => {
            let found = found.as_elements().unwrap_or_default();
            let at = |index: usize| found.get(index).unwrap_or(&Dynamic::Null);
            Dynamic::List(items.iter().enumerate().map(|(index, item)| settle(item, at(index))).collect())
        }
        Dynamic::Set(items) if !planned.is_wholly_known() => {
            Dynamic::set(items.iter().map(|item| settle(item, &Dynamic::Null)))
        }
        known => known.clone(),
    }
}

/// Leaves to an adopted object, and to those inside it that are there, what the configuration is silent about.
pub(crate) fn keep_silent(address: &Address, there: &Dynamic, component: &mut Dynamic) {
    let object = address.kind.object();
    keep_silent_in(object, there, component);
    for attribute in &object.attributes {
        let Some(inner) = wire::children(attribute) else { continue };
        for (key, child) in children_mut(attribute, component) {
            keep_silent_in(inner, there.get(&attribute.name).get(key), child);
        }
    }
}

/// The same for one object, without those inside it.
pub(crate) fn keep_silent_in(object: &ObjectSchema, there: &Dynamic, tree: &mut Dynamic) {
    for attribute in object.attributes.iter().filter(|attribute| !attribute.write_only) {
        if tree.get(&attribute.name).is_null() {
            tree::set(tree, attribute.name.clone(), there.get(&attribute.name).clone());
        }
    }
}

/// The children of one attribute; none where it is no map of children.
pub(crate) fn children_mut<'c>(
    attribute: &Attribute,
    component: &'c mut Dynamic,
) -> impl Iterator<Item = (&'c Name, &'c mut Dynamic)> {
    let is_of_children = wire::children(attribute).is_some();
    let entries = component.as_entries_mut().filter(|_| is_of_children);
    let children = entries.and_then(|entries| entries.get_mut(attribute.name.as_ref()));
    let children = children.and_then(Dynamic::as_entries_mut).into_iter().flatten();
    children.filter(|(_, child)| child.as_entries().is_some())
}
