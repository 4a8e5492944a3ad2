//! Grants on the account or project that the stack makes itself, for whom it likes: an attribute of the stack, marked
//! [`Granted`].
//!
//! What accounts of the stack have there stands with them ([`AccountRoles`](super::marks::AccountRoles)). Both are one
//! policy: it is read once, and written once (see `apply::account`).

use std::collections::BTreeSet;

use tfplugin::{Attribute, Diagnostics, Dynamic, Path};

use super::address::Address;
use super::effective;
use super::grants::Grants;
use super::kind::AnyKind;
use super::marks::Granted;
use super::model::{Components, Layout, Stack};
use super::references::{self, At};
use super::scope::Scope;

/// The attribute of the stack that holds the grants, where its cloud has one.
pub(crate) fn attribute(layout: &'static Layout) -> Option<&'static Attribute> {
    layout.body().attributes.iter().find(|attribute| attribute.extensions.get::<Granted>().is_some())
}

/// The name of that attribute.
pub(crate) fn name(layout: &'static Layout) -> Option<&'static str> {
    attribute(layout).map(|attribute| attribute.name.as_ref())
}

/// The attribute, what it holds, and any kind of the cloud.
struct Own<'a> {
    attribute: &'static Attribute,
    grants: &'a Dynamic,
    kind: &'static AnyKind,
}

impl Own<'_> {
    fn path(&self) -> Path {
        Path::root().attribute(self.attribute.name.clone())
    }
}

fn of(stack: &Stack) -> Option<Own<'_>> {
    let (attribute, kind) = (attribute(stack.layout())?, stack.layout().kinds().first()?);
    Some(Own { attribute, grants: stack.get(&attribute.name), kind })
}

/// Whether the stack makes no grants of its own.
pub(crate) fn is_empty(stack: &Stack) -> bool {
    of(stack).is_none_or(|own| own.grants.as_entries().is_none_or(|grants| grants.is_empty()))
}

/// The stack's own grants with references filled in from `all`; `None` while one of them is not known.
pub(crate) fn grants(stack: &Stack, all: &Components) -> Option<Grants> {
    of(stack).map_or_else(|| Some(Grants::new()), |own| effective::filled_in(own.kind, own.grants, all))
}

/// The components that the stack's own grants name.
pub(crate) fn uses(stack: &Stack, all: &Components) -> BTreeSet<Address> {
    let targets = of(stack).map(|own| references::of_policy(own.kind, own.grants, all));
    targets.unwrap_or_default()
}

/// The recorded grants that the policy of the account still holds.
pub(crate) fn still_granted(stack: &Stack, granted: &Grants, all: &Components) -> Option<(&'static str, Dynamic)> {
    let own = of(stack).filter(|own| !own.grants.is_null())?;
    Some((own.attribute.name.as_ref(), references::still_granted(own.kind, own.grants, granted, all)))
}

/// Records what `from` has.
pub(crate) fn copy(from: Option<&Stack>, to: &mut Stack) {
    if let Some(attribute) = attribute(to.layout()) {
        let value = from.map(|from| from.get(&attribute.name).clone()).unwrap_or_default();
        to.set(&attribute.name, value);
    }
}

/// The lines of the inventory for grants on the account.
pub(crate) fn lines(layout: &Layout, grants: &Grants, scope: &Scope) -> Vec<String> {
    let terms = layout.kinds().first().map(|kind| kind.terms());
    let target = terms.map(|terms| terms.account_name(&scope.place)).unwrap_or_default();
    grants.iter().map(|(role, member)| format!("{target} {role} {member}")).collect()
}

/// What an apply takes back: grants of the stack's own before that it does not want after, and that no account of it has.
/// `None` while that is not known.
pub(crate) fn revoked(
    (before, components_before): (&Stack, &Components),
    (after, components_after): (&Stack, &Components),
) -> Option<Grants> {
    let mut kept = grants(after, components_after)?;
    for (address, component) in components_after {
        kept.extend(effective::account_grants(address, component, components_after)?);
    }
    Some(grants(before, components_before)?.difference(&kept).cloned().collect())
}

/// Checks the form of roles and members.
pub(crate) fn validate(config: &Stack, diagnostics: &mut Diagnostics) {
    let Some(own) = of(config) else { return };
    let terms = own.kind.terms();
    let at = At { kind: own.kind, holder: &holder(&own), path: &own.path() };
    references::check_forms(at, own.grants, |member| terms.refuse_account_member(member), diagnostics);
}

/// Checks that what the grants name is there. Of an `open` kind not all components are known yet.
pub(crate) fn check(stack: &Stack, all: &Components, open: impl Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    let Some(own) = of(stack) else { return };
    let at = At { kind: own.kind, holder: &holder(&own), path: &own.path() };
    references::check_grants(at, own.grants, all, &open, diagnostics);
    diagnostics.extend(references::check_policy(at, own.grants, all, &open));
}

fn holder(own: &Own<'_>) -> String {
    own.attribute.name.to_string()
}
