//! The inventory: one line for every object and every grant of a stack.

use tfplugin::Dynamic;

use super::model::Components;
use super::{Scope, effective, locate};

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

/// The same as an attribute's value.
pub(crate) fn value(components: &Components, scope: &Scope) -> Dynamic {
    inventory(components, scope)
        .map_or(Dynamic::Unknown, |lines| Dynamic::List(lines.into_iter().map(Dynamic::String).collect()))
}
