//! The inventory: one line for every object and every grant of a stack.

use std::collections::BTreeSet;

use tfplugin::Dynamic;

use super::address::Address;
use super::model::{Components, Stack};
use super::scope::Scope;
use super::{account_iam, effective, references};

/// The sorted lines for the components, and for the grants that the stack makes on the account; `None` while a name is not
/// known.
pub(crate) fn inventory(stack: &Stack, components: &Components, scope: &Scope) -> Option<Vec<String>> {
    let mut on_account = account_iam::grants(stack, components)?;
    let mut lines = Vec::new();
    for (address, component) in components {
        let name = address.kind.inventory_name(component, scope)?;
        for (role, member) in effective::grants(address, component, components)? {
            lines.push(format!("{name} {role} {member}"));
        }
        on_account.extend(effective::account_grants(address, component, components)?);
        for inner in inside(address, component, components, scope)? {
            lines.push(address.kind.objects().full_name(&inner, &scope.place));
        }
        lines.push(name);
    }
    lines.extend(account_iam::lines(stack.layout(), &on_account, scope));
    lines.sort();
    Some(lines)
}

/// The relative names of the objects inside a component's; `None` while one of them is not known. A name may follow from
/// what the component refers to.
pub(crate) fn inside(address: &Address, component: &Dynamic, all: &Components, scope: &Scope) -> Option<Vec<String>> {
    address.kind.inner_names(&references::resolve(address, component, all), scope)
}

/// What tells the objects of components from all others.
pub(crate) fn objects(components: &Components, scope: &Scope) -> BTreeSet<String> {
    components.iter().filter_map(|(address, component)| address.kind.full_name(component, scope)).collect()
}

/// Whether a component's object is among `objects`; one without a name never came to be.
pub(crate) fn is_among(objects: &BTreeSet<String>, address: &Address, component: &Dynamic, scope: &Scope) -> bool {
    address.kind.full_name(component, scope).is_none_or(|name| objects.contains(&name))
}

/// The same as an attribute's value.
pub(crate) fn value(stack: &Stack, components: &Components, scope: &Scope) -> Dynamic {
    inventory(stack, components, scope)
        .map_or(Dynamic::Unknown, |lines| Dynamic::List(lines.into_iter().map(Dynamic::String).collect()))
}
