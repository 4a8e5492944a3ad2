//! The order of work: who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Address;
use super::model::Components;
use super::references;

/// For every component, the components that it refers to.
pub(crate) fn uses(components: &Components) -> BTreeMap<Address, BTreeSet<Address>> {
    let of = |(address, component)| {
        let references = references::references(address, component, |target: &Address| components.contains_key(target));
        let targets = references.into_iter().map(|r| r.target).filter(|target| components.contains_key(target));
        (address.clone(), targets.collect())
    };
    components.iter().map(of).collect()
}

/// The components with every one behind those that it refers to. Members of a circle (an error elsewhere) come last.
pub(crate) fn order(components: &Components) -> Vec<Address> {
    let uses = uses(components);
    let mut ordered = Vec::with_capacity(components.len());
    let mut placed = BTreeSet::new();
    let mut users: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    let mut waiting: BTreeMap<&Address, usize> = BTreeMap::new();
    for (address, targets) in &uses {
        waiting.insert(address, targets.len());
        for target in targets {
            users.entry(target).or_default().push(address);
        }
    }
    let mut ready: Vec<&Address> =
        waiting.iter().filter(|(_, count)| **count == 0).map(|(address, _)| *address).rev().collect();
    while let Some(address) = ready.pop() {
        ordered.push(address.clone());
        placed.insert(address);
        for user in users.get(address).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    ready.push(user);
                }
            }
        }
    }
    ordered.extend(uses.keys().filter(|address| !placed.contains(address)).cloned());
    ordered
}
