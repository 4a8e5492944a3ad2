//! Components that only changed their KEY: the same object of the cloud under another name in the configuration.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::Dynamic;

use super::address::Address;
use super::effective;
use super::model::Components;
use super::scope::Scope;
use super::tree;

/// For every wanted component that stands for an object of another address in `prior`, that address. A KEY that was
/// there before is taken over only if its own object goes to another KEY: KEYs can be exchanged, and nothing gets lost.
pub(crate) fn renames(prior: &Components, wanted: &Components, scope: &Scope) -> BTreeMap<Address, Address> {
    let mut owners: BTreeMap<Identity, Vec<&Address>> = BTreeMap::new();
    for (address, component) in prior {
        if let Some(identity) = identity(address, component, prior, scope) {
            owners.entry(identity).or_default().push(address);
        }
    }
    let with_names = |(address, component): (&Address, &Dynamic)| {
        let mut named = component.clone();
        effective::with_names(address, &mut named, scope);
        (address.clone(), named)
    };
    let named: Components = wanted.iter().map(with_names).collect();
    // The wanted address of each object that has changed its KEY, by its address before.
    let mut movers: BTreeMap<&Address, &Address> = BTreeMap::new();
    for (address, component) in &named {
        let Some(identity) = identity(address, component, &named, scope) else { continue };
        let Some(twins) = owners.get(&identity) else { continue };
        let is_at_home = twins.contains(&address);
        // Twins with the same display name are legal: which of them is meant cannot be told.
        let left: Vec<&&Address> = twins.iter().filter(|twin| is_free(twin, wanted, address)).collect();
        if let ([twin], false) = (&left[..], is_at_home) {
            movers.entry(**twin).or_insert(address);
        }
    }
    // An object whose old KEY is still wanted has moved only if that KEY got another object.
    loop {
        let taken: BTreeSet<&Address> = movers.values().copied().collect();
        let stuck = movers.iter().find(|(old, new)| {
            let old_is_wanted = wanted.contains_key(*old) && !taken.contains(*old);
            let displaces = prior.contains_key(*new) && !movers.contains_key(*new);
            old_is_wanted || displaces
        });
        let Some(old) = stuck.map(|(old, _)| *old) else { break };
        movers.remove(old);
    }
    movers.into_iter().map(|(old, new)| (new.clone(), old.clone())).collect()
}

/// Whether the object at `twin` can be the one of `address`: objects that the server names keep a KEY that is wanted.
fn is_free(twin: &Address, wanted: &Components, address: &Address) -> bool {
    !address.kind.is_named_by_cloud() || !wanted.contains_key(twin)
}

/// Kind, and what tells an object from others of its kind.
type Identity = (&'static str, String);

fn identity(address: &Address, component: &Dynamic, all: &Components, scope: &Scope) -> Option<Identity> {
    let kind = address.kind;
    // A title or a name may follow from what the component refers to, and from what can be foreseen.
    let mut meant = effective::effective(address, component, all, scope);
    let name = if kind.is_named_by_cloud() {
        kind.title(&meant)?
    } else {
        for (attribute, value) in kind.predict(&meant, scope) {
            if meant.get(attribute).is_null() {
                tree::set(&mut meant, attribute, value);
            }
        }
        kind.object_name(&meant, scope)?
    };
    Some((kind.name(), name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::kinds;

    fn buckets(of: &[(&str, &str)]) -> Components {
        let kind = kinds::kind("buckets").unwrap();
        let named = |name: &str| Dynamic::Object([("name".to_owned(), Dynamic::string(name))].into());
        of.iter().map(|(key, name)| (Address::new(kind, *key), named(name))).collect()
    }

    fn found(prior: &[(&str, &str)], wanted: &[(&str, &str)]) -> Vec<String> {
        let renames = renames(&buckets(prior), &buckets(wanted), &Scope::default());
        renames.iter().map(|(new, old)| format!("{} -> {}", old.key, new.key)).collect()
    }

    #[test]
    fn an_object_under_a_new_key_is_the_same() {
        assert_eq!(found(&[("a", "x")], &[("b", "x")]), ["a -> b"]);
    }

    #[test]
    fn keys_can_be_exchanged_and_passed_on() {
        assert_eq!(found(&[("a", "x"), ("b", "y")], &[("a", "y"), ("b", "x")]), ["b -> a", "a -> b"]);
        assert_eq!(found(&[("a", "x"), ("b", "y")], &[("b", "x"), ("c", "y")]), ["a -> b", "b -> c"]);
    }

    #[test]
    fn a_key_whose_own_object_would_be_lost_is_not_taken_over() {
        assert!(found(&[("a", "x"), ("b", "y")], &[("a", "y")]).is_empty());
        assert!(found(&[("a", "x"), ("b", "y")], &[("a", "y"), ("b", "z")]).is_empty());
    }

    #[test]
    fn what_stays_where_it_was_is_no_rename() {
        assert!(found(&[("a", "x"), ("b", "y")], &[("a", "x"), ("b", "y"), ("c", "z")]).is_empty());
    }
}
