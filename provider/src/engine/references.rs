//! References between components: KEYs in attributes that name another component, and `{{kind.KEY.attribute}}` in text.
//!
//! They give the order of work, and the values that the API gets. Nothing here reads or writes the cloud. How a reference is
//! written in text: `text`; what is wrong with references: `check`; roles and members: `grants`.

mod check;
mod grants;
mod text;

use std::collections::BTreeSet;

use tfplugin::{Attribute, Diagnostics, Dynamic, ObjectSchema, Path};

pub(crate) use self::check::{History, check_changes, check_part, check_values};
pub(crate) use self::grants::{
    At, check as check_grants, check_forms, check_policy, check_role_form, of_policy, still_granted,
};
use self::text::{Named, Piece};
use super::address::Address;
use super::kind::{AnyKind, Principal, Role};
use super::marks::{AccountRoles, FreeText, Granted, Refers, WithObject};
use super::model::Components;
use super::{tree, wire};

/// Checks that what is referred to and granted exists, and that nothing refers to itself in a circle. Of an `open` kind not
/// all components are known yet: any KEY could be one.
pub(crate) fn check(components: &Components, open: impl Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    check::check(components, &open, diagnostics);
    grants::check_all(components, &open, diagnostics);
}

/// How many references may lead to a value: more of them are a circle.
const LONGEST_CHAIN: usize = 16;

/// One reference from a component to an attribute of another.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// What is referred to.
    pub target: Address,
    /// Which attribute of it.
    pub attribute: String,
    /// Where the reference is written.
    pub path: Path,
    /// A KEY that is no component may be a name of the cloud; a template must be a component.
    pub is_template: bool,
    /// The part of the component that needs it.
    pub part: Part,
    /// Whether that part needs the objects inside the target, too.
    pub whole: bool,
}

/// What a reference names, wherever it stands.
struct Target {
    address: Address,
    attribute: String,
    is_template: bool,
    whole: bool,
}

/// The parts of a component that come to be one after the other: nothing that needs only the object waits for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The object itself.
    Object,
    /// The objects inside it: subscriptions, providers, indexes.
    Children,
    /// Who may do what with it.
    Grants,
}

impl Part {
    /// The part that an attribute of a component belongs to.
    pub(crate) fn of(attribute: &Attribute) -> Self {
        if attribute.extensions.get::<Granted>().is_some() {
            Self::Grants
        } else if wire::holds_objects(attribute) && attribute.extensions.get::<WithObject>().is_none() {
            Self::Children
        } else {
            Self::Object
        }
    }
}

/// Every reference that `component` makes. A KEY counts only if `exists` knows it; a template always counts.
pub(crate) fn references(address: &Address, component: &Dynamic, exists: impl Fn(&Address) -> bool) -> Vec<Reference> {
    let mut found = Vec::new();
    for attribute in &address.kind.object().attributes {
        // Roles on the account or project are written behind all objects.
        let is_of_account = attribute.extensions.get::<AccountRoles>().is_some();
        let part = if is_of_account { Part::Grants } else { Part::of(attribute) };
        let path = address.path().attribute(attribute.name.clone());
        tree::walk_value(attribute, component.get(&attribute.name), &path, &mut |attribute, value, path| {
            of_value(address, (attribute, value, path), &exists, &mut |target, path| {
                let Target { address: target, attribute, is_template, whole } = target;
                found.push(Reference { target, attribute, path: path.clone(), is_template, part, whole });
            });
        });
    }
    found
}

/// What the value of one attribute names, without what is nested in it.
fn of_value(
    address: &Address,
    (attribute, value, path): (&Attribute, &Dynamic, &Path),
    exists: &impl Fn(&Address) -> bool,
    visit: &mut impl FnMut(Target, &Path),
) {
    if let Some(refers) = attribute.extensions.get::<Refers>() {
        tree::each_text_at(value, path, &mut |text, path| {
            if let Some(target) = component_named(address, refers, text).filter(|target| exists(target)) {
                let attribute = refers.attribute.to_owned();
                visit(Target { address: target, attribute, is_template: false, whole: refers.whole }, path);
            }
        });
    }
    if attribute.extensions.get::<FreeText>().is_some() {
        tree::each_text_at(value, path, &mut |text, path| {
            templates(address.kind, text).into_iter().for_each(|target| visit(target, path));
        });
    }
    if attribute.extensions.get::<AccountRoles>().is_some() {
        tree::each_text_at(value, path, &mut |role, path| {
            of_role(address.kind, role, exists).into_iter().for_each(|target| visit(target, path));
        });
    }
    if attribute.extensions.get::<Granted>().is_some() {
        of_grants(address.kind, value, path, exists, visit);
    }
}

/// What the roles and members of grants at `path` name.
fn of_grants(
    kind: &'static AnyKind,
    grants: &Dynamic,
    path: &Path,
    exists: &impl Fn(&Address) -> bool,
    visit: &mut impl FnMut(Target, &Path),
) {
    for (role, _) in grants.as_entries().into_iter().flatten() {
        of_role(kind, role, exists).into_iter().for_each(|target| visit(target, &path.key(role)));
    }
    tree::each_text_at(grants, path, &mut |member, path| {
        of_member(kind, member, exists).into_iter().for_each(|target| visit(target, path));
    });
}

fn component_named(address: &Address, refers: &Refers, key: &str) -> Option<Address> {
    address.kind.sibling(refers.kind).map(|kind| Address::new(kind, key))
}

/// What a member of a grant names: the KEY of a principal, or templates. `kind` is any of the cloud's.
fn of_member(kind: &'static AnyKind, member: &str, exists: &impl Fn(&Address) -> bool) -> Vec<Target> {
    if !is_key_member(kind, member) {
        return templates(kind, member);
    }
    let target = |(address, principal): (Address, Principal)| Target {
        address,
        attribute: principal.address.to_owned(),
        is_template: false,
        whole: false,
    };
    principals(kind, member).filter(|(target, _)| exists(target)).map(target).collect()
}

/// What the role of a grant names: the KEY of a role, or templates.
fn of_role(kind: &'static AnyKind, role: &str, exists: &impl Fn(&Address) -> bool) -> Vec<Target> {
    if !is_key_role(kind, role) {
        return templates(kind, role);
    }
    let target = |(address, role): (Address, Role)| Target {
        address,
        attribute: role.name.to_owned(),
        is_template: false,
        whole: false,
    };
    roles(kind, role).filter(|(target, _)| exists(target)).map(target).collect()
}

/// The components that a member of a grant may be the KEY of.
fn principals<'k>(kind: &'static AnyKind, key: &'k str) -> impl Iterator<Item = (Address, Principal)> + use<'k> {
    let kinds = kind.siblings().iter();
    kinds.filter_map(move |kind| Some((Address::new(kind, key), kind.principal()?)))
}

/// The components that the role of a grant may be the KEY of.
fn roles<'k>(kind: &'static AnyKind, key: &'k str) -> impl Iterator<Item = (Address, Role)> + use<'k> {
    let kinds = kind.siblings().iter();
    kinds.filter_map(move |kind| Some((Address::new(kind, key), kind.role()?)))
}

/// Whether a member of a grant can only be the KEY of a component.
pub(crate) fn is_key_member(kind: &AnyKind, member: &str) -> bool {
    !member.contains("{{") && kind.terms().is_key_member(member)
}

/// Whether the role of a grant can only be the KEY of a component.
pub(crate) fn is_key_role(kind: &AnyKind, role: &str) -> bool {
    !role.contains("{{") && kind.terms().is_key_role(role)
}

/// The parts of a text; what looks like a reference to a kind of another cloud is text.
fn pieces<'t>(kind: &AnyKind, text: &'t str) -> Vec<Piece<'t>> {
    text::pieces(text, |word| kind.sibling(word).is_some())
}

/// What a reference in a text names.
fn named(kind: &AnyKind, named: Named<'_>) -> Option<Address> {
    kind.sibling(named.kind).map(|kind| Address::new(kind, named.key))
}

fn templates(kind: &AnyKind, text: &str) -> Vec<Target> {
    let target = |piece| match piece {
        Piece::Reference(found) => {
            let attribute = found.attribute.to_owned();
            Some(Target { address: named(kind, found)?, attribute, is_template: true, whole: false })
        }
        Piece::Literal(_) => None,
    };
    pieces(kind, text).into_iter().filter_map(target).collect()
}

/// The component with its references filled in from `all`: what is not known yet there is unknown here.
pub(crate) fn resolve(address: &Address, component: &Dynamic, all: &Components) -> Dynamic {
    let mut resolved = component.clone();
    // A component may name itself, also while it does not exist.
    let values = Values { all, own: Some((address, component)) };
    tree::walk_mut(address.kind.object(), &mut resolved, &mut |attribute, value| {
        values.fill_in(address, attribute, value, LONGEST_CHAIN);
    });
    resolved
}

/// A member of a grant with its references filled in. `kind` is any of the cloud's.
pub(crate) fn resolve_member(kind: &'static AnyKind, member: &str, all: &Components) -> Dynamic {
    if !is_key_member(kind, member) {
        return Values { all, own: None }.fill(kind, member, LONGEST_CHAIN);
    }
    let found = principals(kind, member).find_map(|(target, principal)| Some((all.get(&target)?, principal)));
    match found.map(|(target, principal)| target.get(principal.address)) {
        Some(Dynamic::String(name)) => Dynamic::String(kind.terms().member(name)),
        Some(_) => Dynamic::Unknown,
        None => Dynamic::string(member),
    }
}

/// The role of a grant with its references filled in.
pub(crate) fn resolve_role(kind: &'static AnyKind, role: &str, all: &Components) -> Dynamic {
    if !is_key_role(kind, role) {
        return Values { all, own: None }.fill(kind, role, LONGEST_CHAIN);
    }
    let found = roles(kind, role).find_map(|(target, role)| Some(all.get(&target)?.get(role.name)));
    match found {
        Some(Dynamic::String(name)) => Dynamic::string(name),
        Some(_) => Dynamic::Unknown,
        None => Dynamic::string(role),
    }
}

/// A role and a member of a grant with their references filled in, as the cloud compares them; `None` while one of them is
/// not known.
pub(crate) fn resolve_grant(
    kind: &'static AnyKind,
    (role, member): (&str, &str),
    all: &Components,
) -> Option<(String, String)> {
    let (role, member) = (resolve_role(kind, role, all), resolve_member(kind, member, all));
    Some((role.as_str()?.to_owned(), kind.terms().canonical_member(member.as_str()?)))
}

/// What references stand for.
#[derive(Clone, Copy)]
struct Values<'a> {
    all: &'a Components,
    /// A component in the form that counts for itself.
    own: Option<(&'a Address, &'a Dynamic)>,
}

impl Values<'_> {
    fn component(&self, address: &Address) -> Option<&Dynamic> {
        let own = self.own.filter(|(own, _)| *own == address).map(|(_, component)| component);
        own.or_else(|| self.all.get(address))
    }

    /// Fills in the references in the value of one attribute, without those nested in it.
    fn fill_in(&self, address: &Address, attribute: &Attribute, value: &mut Dynamic, chain: usize) {
        if let Some(refers) = attribute.extensions.get::<Refers>() {
            tree::change_texts(value, &mut |text| {
                let target = component_named(address, refers, text);
                let value = target.and_then(|target| self.attribute_of(&target, refers.attribute, chain));
                value.unwrap_or_else(|| Dynamic::string(text))
            });
        }
        if attribute.extensions.get::<FreeText>().is_some() {
            tree::change_texts(value, &mut |text| self.fill(address.kind, text, chain));
        }
        if attribute.extensions.get::<AccountRoles>().is_some() {
            tree::change_texts(value, &mut |role| resolve_role(address.kind, role, self.all));
        }
    }

    /// The value of an attribute, which may refer to others; unknown while it has none. `None` without the component.
    fn attribute_of(&self, target: &Address, name: &str, chain: usize) -> Option<Dynamic> {
        let mut value = self.component(target)?.get(name).clone();
        if value.is_null() || chain == 0 {
            return Some(Dynamic::Unknown);
        }
        if let Some(attribute) = target.kind.object().attribute(name) {
            self.fill_in(target, attribute, &mut value, chain - 1);
        }
        Some(value)
    }

    /// Text with its templates filled in; unknown when one of them is.
    fn fill(&self, kind: &AnyKind, text: &str, chain: usize) -> Dynamic {
        if !text.contains("{{") {
            return Dynamic::string(text);
        }
        let mut filled = String::with_capacity(text.len());
        for piece in pieces(kind, text) {
            match piece {
                Piece::Literal(text) => filled.push_str(text),
                Piece::Reference(found) => {
                    let target = named(kind, found);
                    match target.and_then(|target| self.attribute_of(&target, found.attribute, chain)) {
                        Some(Dynamic::String(value)) => filled.push_str(&value),
                        Some(Dynamic::Number(value)) => filled.push_str(&value.to_string()),
                        Some(Dynamic::Bool(value)) => filled.push_str(if value { "true" } else { "false" }),
                        _ => return Dynamic::Unknown,
                    }
                }
            }
        }
        Dynamic::String(filled)
    }
}

/// What the cloud holds, written so that it means itself: text that looks like a reference is none.
pub(crate) fn escape(address: &Address, mut found: Dynamic) -> Dynamic {
    let object = address.kind.object();
    if has_braces(object, &found) {
        tree::walk_mut(object, &mut found, &mut |attribute, value| {
            if is_text(attribute) {
                tree::change_texts(value, &mut |text| {
                    Dynamic::string(&*text::escaped(text, |word| address.kind.sibling(word).is_some()))
                });
            }
        });
    }
    found
}

/// Whether braces in the values of an attribute may mean something.
fn is_text(attribute: &Attribute) -> bool {
    let marks = &attribute.extensions;
    marks.get::<FreeText>().is_some() || marks.get::<Granted>().is_some() || marks.get::<AccountRoles>().is_some()
}

fn has_braces(object: &ObjectSchema, component: &Dynamic) -> bool {
    let mut found = false;
    tree::walk(object, component, &Path::root(), &mut |attribute, value, _| {
        if is_text(attribute) {
            tree::each_text(value, &mut |text| found |= text.contains("{{"));
        }
    });
    found
}

/// Whether another spelling of the value of `attribute` can take its place in the order of work: it names all components
/// that the value names, and those that it names beside them do not need this one.
pub(crate) fn orders_alike(
    address: &Address,
    attribute: &Attribute,
    spelling: &Dynamic,
    value: &Dynamic,
    all: &Components,
) -> bool {
    let targets = |value: &Dynamic| {
        let mut found = BTreeSet::new();
        tree::walk_value(attribute, value, &Path::root(), &mut |attribute, value, path| {
            let exists = |target: &Address| all.contains_key(target);
            of_value(address, (attribute, value, path), &exists, &mut |target, _| found.extend([target.address]));
        });
        found
    };
    let (kept, named) = (targets(spelling), targets(value));
    let uses = |address: &Address| {
        let component = all.get(address).unwrap_or(&Dynamic::Null);
        let uses = references(address, component, |target| all.contains_key(target)).into_iter();
        uses.filter(|reference| reference.part == Part::Object).map(|reference| reference.target).collect()
    };
    named.is_subset(&kept) && !kept.difference(&named).any(|more| reaches(more, address, uses))
}

/// Whether `from` is `to`, or uses it, or something that uses it.
pub(crate) fn reaches(from: &Address, to: &Address, uses: impl Fn(&Address) -> Vec<Address>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.clone()];
    while let Some(at) = open.pop() {
        if at == *to {
            return true;
        }
        if seen.insert(at.clone()) {
            open.extend(uses(&at));
        }
    }
    false
}

/// Whether a value of the attribute may refer to components, at any depth.
pub(crate) fn may_refer(attribute: &Attribute) -> bool {
    let here = attribute.extensions.get::<Refers>().is_some() || is_text(attribute);
    here || attribute.nested().is_some_and(|(_, object)| object.attributes.iter().any(may_refer))
}
