//! Where a component is in the API: collections, relative names, full resource names.

use tfplugin::Dynamic;

use super::{Address, Scope, tree};
use crate::engine::kind::AnyKind;
use crate::google::api::segment;
use crate::google::rest::{Naming, Rest};

/// The relative name of a component: what Google's full resource name ends with. `None` while it is not known.
pub(crate) fn relative_name(kind: &dyn AnyKind, component: &Dynamic, scope: &Scope) -> Option<String> {
    let rest = kind.rest();
    match rest.naming {
        Naming::Server => tree::text(component, "id").map(str::to_owned),
        Naming::Body => tree::text(component, "name").map(str::to_owned),
        Naming::Query(_) | Naming::Put | Naming::Inside => {
            let leaf = kind.leaf(component, scope)?;
            Some(format!("{}/{leaf}", scope.fill(rest.collection, &kind.place(component, scope))))
        }
    }
}

/// The path of the collection at `place`, version included.
pub(crate) fn collection_path(rest: &Rest, place: &str, scope: &Scope) -> String {
    format!("{}/{}", rest.version, scope.fill(rest.collection, place))
}

/// The path of the object with a relative name.
pub(crate) fn item_path(rest: &Rest, relative_name: &str) -> String {
    match rest.naming {
        Naming::Body => format!("{}/{}/{}", rest.version, rest.collection, segment(relative_name)),
        _ => format!("{}/{relative_name}", rest.version),
    }
}

/// Google's full resource name of a component.
pub(crate) fn full_name(address: &Address, component: &Dynamic, scope: &Scope) -> Option<String> {
    let name = relative_name(address.kind, component, scope)?;
    Some(address.kind.rest().full_name.replace("{name}", &name))
}
