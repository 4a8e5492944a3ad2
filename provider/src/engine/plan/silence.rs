//! What an update makes of the attributes about which the configuration is silent.
//!
//! They stay as they are, unless they are marked [`WhenSilent`] or name a component that has left the stack. What stays open
//! here the apply does not send: the API decides anew.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::schema::{ObjectSchema, Presence};
use tfplugin::{Attribute, Dynamic};

use crate::engine::address::Address;
use crate::engine::kind::AnyKind;
use crate::engine::marks::{Refers, Silent, WhenSilent};
use crate::engine::model::Components;
use crate::engine::tree;

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
    pub(super) fn settle(&self, address: &Address, configured: &Dynamic, before: &Dynamic, component: &mut Dynamic) {
        let object = address.kind.object();
        for attribute in object.attributes.iter().filter(|attribute| !attribute.write_only) {
            if is_silent(attribute, configured) {
                let kept = self.kept(address.kind, attribute, before.get(&attribute.name));
                tree::set(component, attribute.name.clone(), kept);
            }
        }
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

/// Leaves out what the plan has left open: the API decides anew.
pub(in crate::engine) fn unsaid(object: &ObjectSchema, component: &mut Dynamic) {
    tree::walk_mut(object, component, &mut |attribute, value| {
        if value.is_unknown() && attribute.presence == Presence::OptionalComputed {
            *value = Dynamic::Null;
        }
    });
}
