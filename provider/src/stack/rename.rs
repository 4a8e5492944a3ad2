//! Components that only changed their KEY: the same object of the cloud under another name in the configuration.

use std::collections::BTreeMap;

use tfplugin::Dynamic;

use super::model::Components;
use super::{Address, Scope, effective, locate};
use crate::component::rest::Naming;

/// For every wanted component that is not in `prior`, the prior address of the same object, if there is one.
pub(crate) fn renames(prior: &Components, wanted: &Components, scope: &Scope) -> BTreeMap<Address, Address> {
    let mut left: BTreeMap<Identity, Vec<&Address>> = BTreeMap::new();
    for (address, component) in prior.iter().filter(|(address, _)| !wanted.contains_key(address)) {
        if let Some(identity) = identity(address, component, scope) {
            left.entry(identity).or_default().push(address);
        }
    }
    let mut renames = BTreeMap::new();
    for (address, component) in wanted.iter().filter(|(address, _)| !prior.contains_key(address)) {
        let mut named = component.clone();
        effective::with_names(address, &mut named, scope);
        address.kind.effective(&mut named, &address.key, scope);
        let twins = identity(address, &named, scope).and_then(|identity| left.get_mut(&identity));
        // Twins with the same display name are legal: which of them is meant cannot be told.
        if let Some([twin]) = twins.as_ref().map(|twins| twins.as_slice()) {
            renames.insert(address.clone(), (*twin).clone());
            if let Some(twins) = twins {
                twins.clear();
            }
        }
    }
    renames
}

/// Kind, and what tells an object from others of its kind.
type Identity = (&'static str, String);

fn identity(address: &Address, component: &Dynamic, scope: &Scope) -> Option<Identity> {
    let kind = address.kind;
    let name = match kind.rest().naming {
        Naming::Server => kind.title(component)?,
        _ => locate::relative_name(kind, component, scope)?,
    };
    Some((kind.name(), name))
}
