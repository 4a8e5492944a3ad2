//! Where a component is in the API: collections, relative names, full resource names.

use tfplugin::Dynamic;

use super::{Address, Scope, tree};
use crate::component::AnyKind;
use crate::component::rest::{Naming, Rest};
use crate::gcp::segment;

/// The location of a component; empty for kinds without one.
pub(crate) fn location<'a>(component: &'a Dynamic, scope: &'a Scope) -> &'a str {
    tree::text(component, "location").unwrap_or(&scope.region)
}

/// The relative name of a component: what Google's full resource name ends with. `None` while it is not known.
pub(crate) fn relative_name(kind: &dyn AnyKind, component: &Dynamic, scope: &Scope) -> Option<String> {
    let rest = kind.rest();
    match rest.naming {
        Naming::Server => tree::text(component, "id").map(str::to_owned),
        Naming::Body => tree::text(component, "name").map(str::to_owned),
        Naming::Query(_) => {
            let name = tree::text(component, "name")?;
            let collection = scope.fill(rest.collection, &location(component, scope).to_lowercase());
            Some(format!("{collection}/{name}"))
        }
    }
}

/// The path of the collection that a component is in, version included.
pub(crate) fn collection_path(rest: &Rest, location: &str, scope: &Scope) -> String {
    format!("{}/{}", rest.version, scope.fill(rest.collection, &location.to_lowercase()))
}

/// The path of the object with a relative name.
pub(crate) fn item_path(rest: &Rest, relative_name: &str) -> String {
    match rest.naming {
        Naming::Body => format!("{}/{}/{}", rest.version, rest.collection, segment(relative_name)),
        Naming::Query(_) | Naming::Server => format!("{}/{relative_name}", rest.version),
    }
}

/// Google's full resource name of a component.
pub(crate) fn full_name(address: &Address, component: &Dynamic, scope: &Scope) -> Option<String> {
    let name = relative_name(address.kind, component, scope)?;
    Some(address.kind.rest().full_name.replace("{name}", &name))
}
