//! Grants: what roles and members name, whether they can be, and which of them a policy holds.

use std::collections::BTreeSet;

use tfplugin::{Diagnostic, Diagnostics, Dynamic, Entries, Path, suggest};

use super::check::{did_you_mean, keys, problem};
use super::{Part, Reference, is_key_member, is_key_role, of_grants, principals, resolve_grant, roles};
use crate::engine::address::Address;
use crate::engine::grants::Grants;
use crate::engine::kind::AnyKind;
use crate::engine::marks::AccountRoles;
use crate::engine::model::Components;
use crate::engine::{common, tree};

/// Where grants are written. `kind` is any of the cloud's.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) kind: &'static AnyKind,
    /// What a message calls their holder: the component, or the stack.
    pub(crate) holder: &'a str,
    pub(crate) path: &'a Path,
}

/// What a message calls the components that a KEY member may be.
fn principal_nouns(kind: &AnyKind) -> String {
    let kinds = kind.siblings().iter().filter(|kind| kind.principal().is_some());
    kinds.map(|kind| kind.noun()).collect::<Vec<_>>().join(" or ")
}

/// Checks the roles and members of all components.
pub(super) fn check_all(components: &Components, open: &impl Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    for (address, component) in components {
        let iam = At { kind: address.kind, holder: &address.to_string(), path: &address.path().attribute(common::IAM) };
        check(iam, component.get(common::IAM), components, open, diagnostics);
        let roles = address.kind.object().attributes.iter().filter(|a| a.extensions.get::<AccountRoles>().is_some());
        for attribute in roles {
            let path = address.path().attribute(attribute.name.clone());
            for role in tree::texts(component.get(&attribute.name)) {
                check_role(At { path: &path, ..iam }, role, components, open, diagnostics);
            }
        }
    }
}

/// The components that grants name.
pub(crate) fn of_policy(kind: &'static AnyKind, grants: &Dynamic, all: &Components) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    let exists = |target: &Address| all.contains_key(target);
    of_grants(kind, grants, &Path::root(), &exists, &mut |target, _| found.extend([target.address]));
    found
}

/// Checks the references in texts of grants that are no component's.
pub(crate) fn check_policy(
    at: At<'_>,
    grants: &Dynamic,
    all: &Components,
    open: &impl Fn(&str) -> bool,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let exists = |target: &Address| all.contains_key(target);
    of_grants(at.kind, grants, at.path, &exists, &mut |target, path| {
        let super::Target { address: target, attribute, is_template, whole } = target;
        if all.contains_key(&target) || !open(target.kind.name()) {
            let reference = Reference { target, attribute, path: path.clone(), is_template, part: Part::Grants, whole };
            diagnostics.extend(problem(&reference, all));
        }
    });
    diagnostics
}

/// Checks that roles and members without the form of the cloud's are KEYs of components.
pub(crate) fn check(
    at: At<'_>,
    grants: &Dynamic,
    all: &Components,
    open: &impl Fn(&str) -> bool,
    diagnostics: &mut Diagnostics,
) {
    let kinds = || at.kind.siblings().iter().filter(|kind| kind.principal().is_some());
    let is_open = kinds().any(|kind| open(kind.name()));
    for (role, members) in grants.as_entries().into_iter().flatten() {
        let path = at.path.key(role);
        check_role(At { path: &path, ..at }, role, all, open, diagnostics);
        let keys_only = |member: &&str| !is_open && is_key_member(at.kind, member);
        for member in tree::texts(members).into_iter().filter(keys_only) {
            if !principals(at.kind, member).any(|(target, _)| all.contains_key(&target)) {
                let nearest = suggest::nearest(member, kinds().flat_map(|kind| keys(kind.name(), all)));
                diagnostics.push(
                    Diagnostic::error(
                        "Unknown member of a grant",
                        format!(
                            "{member:?} in {role:?} of {} is neither the KEY of a {} of this stack nor a member as the \
                             cloud writes it, such as {}.{}",
                            at.holder,
                            principal_nouns(at.kind),
                            at.kind.terms().member_examples(),
                            did_you_mean(nearest)
                        ),
                    )
                    .at(path.clone()),
                );
            }
        }
    }
}

/// Checks that a role without the form of the cloud's is the KEY of one.
pub(super) fn check_role(
    at: At<'_>,
    role: &str,
    all: &Components,
    open: &impl Fn(&str) -> bool,
    diagnostics: &mut Diagnostics,
) {
    let kinds = || at.kind.siblings().iter().filter(|kind| kind.role().is_some());
    let is_named = roles(at.kind, role).any(|(target, _)| all.contains_key(&target));
    if !is_key_role(at.kind, role) || is_named || kinds().any(|kind| open(kind.name())) {
        return;
    }
    let nouns: Vec<&str> = kinds().map(|kind| kind.noun()).collect();
    let nearest = suggest::nearest(role, kinds().flat_map(|kind| keys(kind.name(), all)));
    diagnostics.push(
        Diagnostic::error(
            "Invalid role",
            format!(
                "{role:?} of {} is neither a role nor the KEY of a {} of this stack.{} {}",
                at.holder,
                nouns.join(" or "),
                did_you_mean(nearest),
                at.kind.terms().refuse_role(role).unwrap_or_default()
            ),
        )
        .at(at.path.clone()),
    );
}

/// Roles and members have forms that the cloud would refuse only after everything before them was made.
pub(crate) fn check_forms(
    at: At<'_>,
    grants: &Dynamic,
    refuse_member: impl Fn(&str) -> Option<String>,
    diagnostics: &mut Diagnostics,
) {
    for (role, members) in grants.as_entries().into_iter().flatten() {
        let path = at.path.key(role);
        check_role_form(At { path: &path, ..at }, role, diagnostics);
        let literal = |member: &&str| !is_key_member(at.kind, member) && !member.contains("{{");
        for member in tree::texts(members).into_iter().filter(literal) {
            if let Some(reason) = refuse_member(member) {
                diagnostics.push(
                    Diagnostic::error(
                        "Invalid member of a grant",
                        format!(
                            "{member:?} in {role:?} of {} is not a member: {reason}. Members are written as {}.",
                            at.holder,
                            at.kind.terms().member_examples()
                        ),
                    )
                    .at(path.clone()),
                );
            }
        }
    }
}

/// A role in the form of the cloud's; one that can only be a KEY is looked up among the components.
pub(crate) fn check_role_form(at: At<'_>, role: &str, diagnostics: &mut Diagnostics) {
    if is_key_role(at.kind, role) || role.contains("{{") {
        return;
    }
    if let Some(advice) = at.kind.terms().refuse_role(role) {
        let detail = format!("{role:?} is not a role. {advice}");
        diagnostics.push(Diagnostic::error("Invalid role", detail).at(at.path.clone()));
    }
}

/// The recorded grants that the policy still holds. `kind` is any of the cloud's.
pub(crate) fn still_granted(kind: &'static AnyKind, recorded: &Dynamic, granted: &Grants, all: &Components) -> Dynamic {
    let mut left = Entries::new();
    for (role, members) in recorded.as_entries().into_iter().flatten() {
        // A role for nobody is in the configuration, and in no policy.
        if members.as_elements().is_none_or(<[Dynamic]>::is_empty) {
            left.insert(role, members.clone());
            continue;
        }
        let is_granted = |member: &&Dynamic| {
            let grant = member.as_str().and_then(|member| resolve_grant(kind, (role, member), all));
            grant.is_some_and(|grant| granted.contains(&grant))
        };
        let members: Vec<Dynamic> = members.as_elements().into_iter().flatten().filter(is_granted).cloned().collect();
        if !members.is_empty() {
            left.insert(role, Dynamic::set(members));
        }
    }
    Dynamic::Map(left)
}
