//! The order of work: who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Address;
use super::model::Components;
use super::references::{self, Part};

/// For every component, what its parts refer to.
pub(crate) type Uses = BTreeMap<Address, BTreeSet<Use>>;

/// A component that a part of another refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    /// The part that refers.
    pub part: Part,
    /// What it refers to.
    pub target: Address,
    /// Whether it needs the objects inside that, too.
    pub whole: bool,
}

/// What the components refer to.
pub(crate) fn uses(components: &Components) -> Uses {
    let of = |(address, component)| {
        let references = references::references(address, component, |target: &Address| components.contains_key(target));
        let used =
            references.into_iter().map(|references::Reference { part, target, whole, .. }| Use { part, target, whole });
        (address.clone(), used.filter(|used| components.contains_key(&used.target)).collect())
    };
    components.iter().map(of).collect()
}

/// Components in the order of their plans.
pub(crate) struct Order {
    /// All of them, every one behind those that its object refers to.
    pub all: Vec<Address>,
    /// Those whose children or grants refer to one that comes later: they are planned once more when all others are.
    pub again: Vec<Address>,
}

/// The order in which components are planned. Members of a circle of objects (an error elsewhere) come last.
pub(crate) fn order(components: &Components) -> Order {
    let uses = uses(components);
    let all_uses = |address: &Address| uses.get(address).into_iter().flatten().map(|used| &used.target);
    let object_uses = |address: &Address| {
        let uses = uses.get(address).into_iter().flatten();
        uses.filter(|used| used.part == Part::Object).map(|used| &used.target)
    };
    let addresses: BTreeSet<&Address> = components.keys().collect();
    let mut ordered = sorted(&addresses, all_uses);
    let rest: BTreeSet<&Address> = {
        let placed: BTreeSet<&Address> = ordered.iter().copied().collect();
        addresses.difference(&placed).copied().collect()
    };
    let of_circles = sorted(&rest, object_uses);
    let missing: Vec<&Address> = {
        let placed: BTreeSet<&Address> = of_circles.iter().copied().collect();
        rest.difference(&placed).copied().collect()
    };
    let again = of_circles.iter().map(|address| (*address).clone()).collect();
    ordered.extend(of_circles);
    ordered.extend(missing);
    Order { all: ordered.into_iter().cloned().collect(), again }
}

/// Those of `addresses` that can be put behind the ones of them that they use.
fn sorted<'a, I: Iterator<Item = &'a Address>>(
    addresses: &BTreeSet<&'a Address>,
    uses: impl Fn(&'a Address) -> I,
) -> Vec<&'a Address> {
    let mut users: BTreeMap<&Address, Vec<&'a Address>> = BTreeMap::new();
    let mut waiting: BTreeMap<&'a Address, usize> = BTreeMap::new();
    for address in addresses.iter().copied() {
        let targets: BTreeSet<&Address> =
            uses(address).filter(|target| *target != address && addresses.contains(target)).collect();
        waiting.insert(address, targets.len());
        for target in targets {
            users.entry(target).or_default().push(address);
        }
    }
    let mut ready: Vec<&'a Address> =
        waiting.iter().filter(|(_, count)| **count == 0).map(|(address, _)| *address).rev().collect();
    let mut ordered = Vec::with_capacity(addresses.len());
    while let Some(address) = ready.pop() {
        ordered.push(address);
        for user in users.get(address).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    ready.push(user);
                }
            }
        }
    }
    ordered
}
