//! What a component means: names filled in, references resolved, presets written out.
//!
//! Two components that mean the same need no call; what is written to the API is what is meant.

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use tfplugin::{Attribute, Dynamic};

use super::model::Components;
use super::{Address, Scope, references, tree};
use crate::component::marks::{ProjectRoles, Volatile, Wire};
use crate::component::wire;

/// Fills in what the engine itself knows of a silent configuration: the name is the KEY, the location the region.
pub(crate) fn with_names(address: &Address, component: &mut Dynamic, scope: &Scope) {
    let object = address.kind.object();
    let defaults = [("name", &address.key), ("location", &scope.region)];
    for (name, value) in defaults {
        if object.attribute(name).is_some() && component.get(name).is_null() && !value.is_empty() {
            tree::set(component, name, Dynamic::string(value));
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
        .filter(|attribute| attribute.presence.is_configurable() || attribute.name == "effective_labels")
        .filter(|attribute| attribute.extensions.get::<Wire>().is_some())
        .filter(|attribute| {
            let (before, after) = (before.get(&attribute.name), after.get(&attribute.name));
            !wire::equal(attribute, before, after)
        })
        .collect()
}

/// Grants as role and member.
pub(crate) type Grants = BTreeSet<(String, String)>;

/// The grants that a component means, with references filled in; `None` when one of them is not known yet.
pub(crate) fn grants(component: &Dynamic, all: &Components) -> Option<Grants> {
    let mut grants = Grants::new();
    let iam = component.get("iam");
    if !iam.is_wholly_known() {
        return None;
    }
    for (role, members) in iam.as_entries().into_iter().flatten() {
        for member in tree::texts(members) {
            let member = references::resolve_member(member, all);
            grants.insert((role.clone(), member.as_str()?.to_owned()));
        }
    }
    Some(grants)
}

/// The attribute with the roles that components of a kind have on the project, if they have some.
pub(crate) fn project_roles(address: &Address) -> Option<(&Attribute, &ProjectRoles)> {
    let attributes = address.kind.object().attributes.iter();
    attributes.filter_map(|attribute| Some((attribute, attribute.extensions.get::<ProjectRoles>()?))).next()
}

/// The grants on the project that a component means; `None` when they are not known yet.
pub(crate) fn project_grants(address: &Address, component: &Dynamic) -> Option<Grants> {
    let Some((attribute, roles)) = project_roles(address) else { return Some(Grants::new()) };
    let wanted = component.get(&attribute.name);
    if !wanted.is_wholly_known() {
        return None;
    }
    let wanted = tree::texts(wanted);
    if wanted.is_empty() {
        return Some(Grants::new());
    }
    let member = format!("serviceAccount:{}", tree::text(component, roles.email)?);
    Some(wanted.into_iter().map(|role| (role.to_owned(), member.clone())).collect())
}

/// Whether the fingerprint covers an attribute: what is kept in the cloud, stays until somebody changes it, and can be read.
pub(crate) fn counts(attribute: &Attribute) -> bool {
    let marks = &attribute.extensions;
    let is_kept = marks.get::<Wire>().is_some() || marks.get::<ProjectRoles>().is_some() || attribute.name == "iam";
    is_kept && !attribute.write_only && marks.get::<Volatile>().is_none()
}

/// A digest of what all components mean: `None` while something is unknown. Volatile attributes do not count.
pub(crate) fn fingerprint(components: &Components, scope: &Scope) -> Option<String> {
    let mut text = String::new();
    for (address, component) in components {
        let meant = effective(address, component, components, scope);
        // What is not known yet may change the meaning of more than itself: a preset, a switch.
        let settings =
            address.kind.object().attributes.iter().filter(|a| a.presence.is_configurable() && !a.write_only);
        if component.is_unknown() || settings.into_iter().any(|setting| !component.get(&setting.name).is_wholly_known())
        {
            return None;
        }
        let _ = writeln!(text, "{address}");
        for attribute in &address.kind.object().attributes {
            if !counts(attribute) {
                continue;
            }
            let value = meant.get(&attribute.name);
            if !value.is_wholly_known() {
                return None;
            }
            let _ = writeln!(text, "{} {}", attribute.name, canonical(value));
        }
    }
    let digest = Sha256::digest(text.as_bytes());
    Some(digest.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// One spelling for every tree.
pub(crate) fn canonical(value: &Dynamic) -> String {
    match value {
        Dynamic::Null | Dynamic::Unknown => "null".to_owned(),
        Dynamic::Bool(value) => value.to_string(),
        Dynamic::Number(value) => value.to_string(),
        Dynamic::String(value) => format!("{value:?}"),
        Dynamic::List(items) | Dynamic::Set(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Dynamic::Map(entries) | Dynamic::Object(entries) => {
            let entries: BTreeMap<&String, String> = entries
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, canonical(value)))
                .collect();
            format!("{entries:?}")
        }
        Dynamic::Typed(_, inner) => canonical(inner),
    }
}
