//! Names of the cloud that stand for components of the same stack become KEYs.

use std::collections::BTreeMap;

use tfplugin::Dynamic;

use crate::engine::marks::{Granted, Refers};
use crate::engine::model::Components;
use crate::engine::scope::Scope;
use crate::engine::tree;

/// Rewrites references between the components, and members that are components of the stack.
pub(super) fn adopt(components: &mut Components, scope: &Scope) {
    let all = components.clone();
    let principals = principals(&all);
    // What an attribute can refer to, by its canonical name.
    let mut keys: BTreeMap<*const Refers, BTreeMap<String, String>> = BTreeMap::new();
    for (address, component) in components.iter_mut() {
        tree::walk_mut(address.kind.object(), component, &mut |attribute, value| {
            if let Some(refers) = attribute.extensions.get::<Refers>() {
                let keys = keys.entry(refers).or_insert_with(|| keys_of(&all, refers, scope));
                tree::change_texts(value, &mut |text| {
                    Dynamic::string(keys.get(&(refers.canonical)(text)).map_or(text, String::as_str))
                });
            }
            if attribute.extensions.get::<Granted>().is_some() {
                tree::change_texts(value, &mut |member| {
                    Dynamic::string(principals.get(member).map_or(member, String::as_str))
                });
            }
        });
    }
}

/// The KEYs of the components that an attribute can name, by every canonical name that they have.
fn keys_of(all: &Components, refers: &Refers, scope: &Scope) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for (address, target) in all.iter().filter(|(address, _)| address.kind.name() == refers.kind) {
        let Some(name) = target.get(refers.attribute).as_str() else { continue };
        let name = (refers.canonical)(name);
        // Of two components with one name the first is meant.
        for spelling in address.kind.terms().spellings(&name, &scope.place) {
            keys.entry(spelling).or_insert_with(|| address.key.clone());
        }
        keys.entry(name).or_insert_with(|| address.key.clone());
    }
    keys
}

/// Members of grants that are components of the stack, with their KEYs.
fn principals(all: &Components) -> BTreeMap<String, String> {
    let member = |(address, component): (&crate::engine::Address, &Dynamic)| {
        let name = tree::text(component, address.kind.principal()?.address)?;
        Some((address.kind.terms().member(name), address.key.clone()))
    };
    all.iter().filter_map(member).collect()
}
