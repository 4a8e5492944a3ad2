//! What an update makes of the attributes about which the configuration is silent.
//!
//! They stay as they are, at every depth and also under another KEY, unless they are marked [`WhenSilent`] or name a component
//! that has left the stack. What stays open here the apply does not send: the API decides anew.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::schema::{ObjectSchema, Presence};
use tfplugin::{Attribute, Dynamic};

use crate::engine::address::Address;
use crate::engine::kind::AnyKind;
use crate::engine::marks::{Refers, Silent, WhenSilent};
use crate::engine::model::Components;
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};

/// Whether the configuration leaves the attribute to the provider.
pub(super) fn is_silent(attribute: &Attribute, configured: &Dynamic) -> bool {
    attribute.presence.is_computed() && attribute.default.is_none() && configured.get(&attribute.name).is_null()
}

/// Whether silence about the attribute is settled here, so that nothing later leaves it open.
pub(super) fn is_settled(attribute: &Attribute) -> bool {
    attribute.extensions.get::<WhenSilent>().is_some()
}

/// What has become of the components whose KEYs stand in silent attributes.
pub(super) struct Silence<'a> {
    /// The components as last read.
    pub(super) before: &'a Components,
    /// The components that there will be.
    pub(super) wanted: &'a BTreeSet<Address>,
    /// The old address of each that has a new one.
    pub(super) renames: &'a BTreeMap<Address, Address>,
    /// Whether the components of a kind are not known yet.
    pub(super) is_open: &'a dyn Fn(&str) -> bool,
}

impl Silence<'_> {
    /// Gives the silent attributes of a component that exists their values.
    pub(super) fn settle(
        &self,
        address: &Address,
        configured: &Dynamic,
        before: &Dynamic,
        component: &mut Dynamic,
        scope: &Scope,
    ) {
        let object = address.kind.object();
        let before = &by_new_keys(address, before, component, scope);
        for attribute in object.attributes.iter().filter(|attribute| !attribute.write_only) {
            if is_silent(attribute, configured) {
                let kept = self.kept(address.kind, attribute, before.get(&attribute.name));
                tree::set(component, attribute.name.clone(), kept);
            }
        }
        keep_inside(object, configured, before, component);
        let now = component.clone();
        self.fill(address.kind, object, configured, before, component, (before, &now));
    }

    /// The value that stays; one that names a component goes where that goes.
    fn kept(&self, kind: &AnyKind, attribute: &Attribute, value: &Dynamic) -> Dynamic {
        let (Some(refers), Some(key)) = (attribute.extensions.get::<Refers>(), value.as_str()) else {
            return value.clone();
        };
        let Some(kind) = kind.sibling(refers.kind) else { return value.clone() };
        let named = Address::new(kind, key);
        let renamed = self.renames.iter().find(|(_, old)| **old == named).map(|(new, _)| new);
        match renamed {
            Some(new) => Dynamic::string(&new.key),
            None if !self.before.contains_key(&named) || self.wanted.contains(&named) => value.clone(),
            None if (self.is_open)(kind.name()) => value.clone(),
            None => Dynamic::Unknown,
        }
    }

    /// Fills what is marked, at every depth. `whole` is the component as it was and as it is now.
    fn fill(
        &self,
        kind: &AnyKind,
        object: &ObjectSchema,
        configured: &Dynamic,
        before: &Dynamic,
        holder: &mut Dynamic,
        whole: (&Dynamic, &Dynamic),
    ) {
        if configured.is_unknown() || holder.as_entries().is_none() {
            return;
        }
        let now = holder.clone();
        for attribute in &object.attributes {
            let name = attribute.name.as_ref();
            if let Some(WhenSilent(meaning)) = attribute.extensions.get()
                && is_silent(attribute, configured)
            {
                let (component_before, component) = whole;
                let value = self.kept(kind, attribute, now.get(name));
                // Another KEY of the same component, or its name, is no change.
                let (before, now) = (self.named(kind, object, before, false), self.named(kind, object, &now, true));
                let silent = Silent { value: &value, before: &before, now: &now, component_before, component };
                tree::set(holder, attribute.name.clone(), meaning(&silent));
                continue;
            }
            let Some((_, inner)) = attribute.nested() else { continue };
            let Some(value) = holder.as_entries_mut().and_then(|entries| entries.get_mut(name)) else { continue };
            let (said, was) = (configured.get(name), before.get(name));
            let nothing = Dynamic::Null;
            match value {
                Dynamic::Object(_) => self.fill(kind, inner, said, was, value, whole),
                Dynamic::List(items) => {
                    let at =
                        |list: &Dynamic, index: usize| list.as_elements().and_then(|items| items.get(index).cloned());
                    for (index, item) in items.iter_mut().enumerate() {
                        if let Some(said) = at(said, index) {
                            self.fill(kind, inner, &said, &at(was, index).unwrap_or_default(), item, whole);
                        }
                    }
                }
                Dynamic::Map(items) => {
                    for (key, item) in items.iter_mut() {
                        let at = |map: &Dynamic| map.as_entries().and_then(|items| items.get(key)).cloned();
                        if let Some(said) = at(said) {
                            self.fill(kind, inner, &said, &at(was).unwrap_or_else(|| nothing.clone()), item, whole);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// The values with the names that components had as last read in place of their KEYs; `is_new` are KEYs of now.
    fn named(&self, kind: &AnyKind, object: &ObjectSchema, values: &Dynamic, is_new: bool) -> Dynamic {
        let mut named = values.clone();
        tree::walk_mut(object, &mut named, &mut |attribute, value| {
            let Some(refers) = attribute.extensions.get::<Refers>() else { return };
            let Some(kind) = kind.sibling(refers.kind) else { return };
            tree::change_texts(value, &mut |text| {
                let key = Address::new(kind, text);
                let old = self.renames.get(&key).filter(|_| is_new).unwrap_or(&key);
                match self.before.get(old).map(|target| target.get(refers.attribute)) {
                    Some(Dynamic::String(name)) => Dynamic::string(name),
                    _ => Dynamic::string(text),
                }
            });
        });
        named
    }
}

/// The component as it was, with its children under the KEYs that they have now.
fn by_new_keys(address: &Address, before: &Dynamic, component: &Dynamic, scope: &Scope) -> Dynamic {
    let meant = |of: &Dynamic| {
        let mut meant = of.clone();
        address.kind.effective(&mut meant, &address.key, scope);
        meant
    };
    let mut moved = before.clone();
    let children = address.kind.object().attributes.iter().filter(|attribute| wire::children(attribute).is_some());
    let mut both: Option<(Dynamic, Dynamic)> = None;
    for attribute in children {
        let name = &attribute.name;
        let keys =
            |of: &Dynamic| of.get(name).as_entries().map(|children| children.keys().cloned().collect::<Vec<_>>());
        let (Some(was), Some(is)) = (keys(before), keys(component)) else { continue };
        if was == is {
            continue;
        }
        let (meant_before, meant) = both.get_or_insert_with(|| (meant(before), meant(component)));
        let counterparts = wire::counterparts(attribute, meant_before.get(name), meant.get(name));
        let children = counterparts.into_iter().map(|(key, old)| (key, before.get(name).get(old).clone()));
        tree::set(&mut moved, name.clone(), Dynamic::Map(children.collect()));
    }
    moved
}

/// Keeps what is silent inside the component. Terraform does so by KEYs; what is under another one it takes for new.
fn keep_inside(object: &ObjectSchema, configured: &Dynamic, before: &Dynamic, holder: &mut Dynamic) {
    for attribute in &object.attributes {
        let (name, Some((_, inner))) = (attribute.name.as_ref(), attribute.nested()) else { continue };
        let Some(value) = holder.as_entries_mut().and_then(|entries| entries.get_mut(name)) else { continue };
        let (said, was) = (configured.get(name), before.get(name));
        match value {
            Dynamic::Object(_) => keep_silent(inner, said, was, value),
            Dynamic::Map(items) => {
                items.iter_mut().for_each(|(key, item)| keep_silent(inner, said.get(key), was.get(key), item));
            }
            _ => {}
        }
    }
}

fn keep_silent(object: &ObjectSchema, configured: &Dynamic, before: &Dynamic, holder: &mut Dynamic) {
    if configured.as_entries().is_none() || before.as_entries().is_none() {
        return;
    }
    for attribute in object.attributes.iter().filter(|attribute| !attribute.write_only) {
        if is_silent(attribute, configured) && holder.get(&attribute.name).is_null() {
            tree::set(holder, attribute.name.clone(), before.get(&attribute.name).clone());
        }
    }
    keep_inside(object, configured, before, holder);
}

/// Leaves out what the plan has left open: the API decides anew.
pub(in crate::engine) fn unsaid(object: &ObjectSchema, component: &mut Dynamic) {
    tree::walk_mut(object, component, &mut |attribute, value| {
        if value.is_unknown() && attribute.presence == Presence::OptionalComputed {
            *value = Dynamic::Null;
        }
    });
}
