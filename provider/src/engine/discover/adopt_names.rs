//! Names of the cloud that stand for components of the same stack become KEYs.

use std::collections::BTreeMap;

use tfplugin::Dynamic;

use crate::engine::marks::Refers;
use crate::engine::model::Components;
use crate::engine::{Scope, tree};
use crate::google::kinds;

/// Rewrites references between the components, and members that are service accounts of the stack.
pub(super) fn adopt(components: &mut Components, scope: &Scope) {
    let all = components.clone();
    let accounts = accounts(&all);
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
            if attribute.name == "iam" {
                tree::change_texts(value, &mut |member| {
                    Dynamic::string(accounts.get(member).map_or(member, String::as_str))
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
        keys.entry(with_number(&name, scope)).or_insert_with(|| address.key.clone());
        keys.entry(name).or_insert_with(|| address.key.clone());
    }
    keys
}

/// The name with the project's number in place of its id.
fn with_number(name: &str, scope: &Scope) -> String {
    match (&scope.project_number, name.strip_prefix(&format!("projects/{}/", scope.project))) {
        (Some(number), Some(rest)) => format!("projects/{number}/{rest}"),
        _ => name.to_owned(),
    }
}

/// Members of grants that are service accounts of the stack, with their KEYs.
fn accounts(all: &Components) -> BTreeMap<String, String> {
    let Some(kind) = kinds::kind("service_accounts") else { return BTreeMap::new() };
    let accounts = all.iter().filter(|(address, _)| address.kind.name() == kind.name());
    accounts
        .filter_map(|(address, account)| {
            Some((format!("serviceAccount:{}", account.get("email").as_str()?), address.key.clone()))
        })
        .collect()
}
