//! The inventory: one line for every object and every grant of a stack.

use std::collections::BTreeSet;

use tfplugin::Dynamic;

use super::model::Components;
use super::{Address, Scope, effective, locate};

/// The sorted lines; `None` while a name is not known.
pub(crate) fn inventory(components: &Components, scope: &Scope) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for (address, component) in components {
        let name = locate::full_name(address, component, scope)?;
        for (role, member) in effective::grants(component, components)? {
            lines.push(format!("{name} {role} {member}"));
        }
        for (role, member) in effective::project_grants(address, component)? {
            lines.push(format!("//cloudresourcemanager.googleapis.com/projects/{} {role} {member}", scope.project));
        }
        for inner in address.kind.inner_names(component, scope)? {
            lines.push(address.kind.rest().full_name.replace("{name}", &inner));
        }
        lines.push(name);
    }
    lines.sort();
    Some(lines)
}

/// Google's full resource names of the objects of components.
pub(crate) fn objects(components: &Components, scope: &Scope) -> BTreeSet<String> {
    components.iter().filter_map(|(address, component)| locate::full_name(address, component, scope)).collect()
}

/// Whether a component's object is among `objects`; one without a name never came to be.
pub(crate) fn is_among(objects: &BTreeSet<String>, address: &Address, component: &Dynamic, scope: &Scope) -> bool {
    locate::full_name(address, component, scope).is_none_or(|name| objects.contains(&name))
}

/// The same as an attribute's value.
pub(crate) fn value(components: &Components, scope: &Scope) -> Dynamic {
    inventory(components, scope)
        .map_or(Dynamic::Unknown, |lines| Dynamic::List(lines.into_iter().map(Dynamic::String).collect()))
}
