//! Names of the cloud that stand for components of the same stack become KEYs.

use std::collections::BTreeMap;

use tfplugin::Dynamic;

use crate::component;
use crate::component::marks::Refers;
use crate::stack::model::Components;
use crate::stack::{Scope, tree};

/// Rewrites references between the components, and members that are service accounts of the stack.
pub(super) fn adopt(components: &mut Components, scope: &Scope) {
    let all = components.clone();
    let accounts = accounts(&all);
    for (address, component) in components.iter_mut() {
        tree::walk_mut(address.kind.object(), component, &mut |attribute, value| {
            if let Some(refers) = attribute.extensions.get::<Refers>() {
                tree::change_texts(value, &mut |text| Dynamic::string(key_of(&all, refers, text, scope)));
            }
            if attribute.name == "iam" {
                tree::change_texts(value, &mut |member| {
                    Dynamic::string(accounts.get(member).map_or(member, String::as_str))
                });
            }
        });
    }
}

/// The KEY of the component that `text` names, or else the text.
fn key_of(all: &Components, refers: &Refers, text: &str, scope: &Scope) -> String {
    let wanted = (refers.canonical)(text);
    let of_kind = all.iter().filter(|(address, _)| address.kind.name() == refers.kind);
    let mut named = of_kind.filter(|(_, target)| {
        target.get(refers.attribute).as_str().is_some_and(|name| {
            let name = (refers.canonical)(name);
            name == wanted || with_number(&name, scope) == wanted
        })
    });
    named.next().map_or_else(|| text.to_owned(), |(address, _)| address.key.clone())
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
    let Some(kind) = component::kind("service_accounts") else { return BTreeMap::new() };
    let accounts = all.iter().filter(|(address, _)| address.kind.name() == kind.name());
    accounts
        .filter_map(|(address, account)| {
            Some((format!("serviceAccount:{}", account.get("email").as_str()?), address.key.clone()))
        })
        .collect()
}
