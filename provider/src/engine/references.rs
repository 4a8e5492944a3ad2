//! References between components: KEYs in attributes that name another component, and `{{kind.KEY.attribute}}` in text.
//!
//! They give the order of work, and the values that the API gets. Nothing here reads or writes the cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic, Path};

use super::address::Address;
use super::kind::Principal;
use super::marks::{FreeText, Granted, Refers};
use super::model::Components;
use super::{common, tree, wire};

/// `{{kind.KEY.attribute}}`; a KEY has no dot.
static TEMPLATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{\s*([a-z_]+)\.([A-Za-z0-9_-]+)\.([a-z_]+)\s*\}\}").ok());

/// One reference from a component to an attribute of another.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        } else if wire::children(attribute).is_some() {
            Self::Children
        } else {
            Self::Object
        }
    }
}

/// Every reference that `component` makes. A KEY counts only if `exists` knows it; a template always counts.
pub(crate) fn references(address: &Address, component: &Dynamic, exists: impl Fn(&Address) -> bool) -> Vec<Reference> {
    let object = address.kind.object();
    let mut found = Vec::new();
    for attribute in &object.attributes {
        let part = Part::of(attribute);
        let path = address.path().attribute(attribute.name.clone());
        tree::walk_value(attribute, component.get(&attribute.name), &path, &mut |attribute, value, path| {
            of_value(address, part, (attribute, value, path), &exists, &mut found);
        });
    }
    found
}

/// The references in the value of one attribute, without those nested in it.
fn of_value(
    address: &Address,
    part: Part,
    (attribute, value, path): (&Attribute, &Dynamic, &Path),
    exists: &impl Fn(&Address) -> bool,
    found: &mut Vec<Reference>,
) {
    if let Some(refers) = attribute.extensions.get::<Refers>() {
        tree::each_text(value, &mut |text| {
            if let Some(target) = component_named(address, refers, text).filter(|target| exists(target)) {
                let attribute = refers.attribute.to_owned();
                found.push(Reference { target, attribute, path: path.clone(), is_template: false, part });
            }
        });
    }
    if attribute.extensions.get::<FreeText>().is_some() {
        tree::each_text(value, &mut |text| found.extend(templates(address, part, text, path)));
    }
    if attribute.extensions.get::<Granted>().is_some() {
        tree::each_text(value, &mut |member| found.extend(member_references(address, member, path, exists)));
    }
}

fn component_named(address: &Address, refers: &Refers, key: &str) -> Option<Address> {
    address.kind.sibling(refers.kind).map(|kind| Address::new(kind, key))
}

/// The references in a member of a grant: the KEY of a principal, or templates.
fn member_references(
    address: &Address,
    member: &str,
    path: &Path,
    exists: &impl Fn(&Address) -> bool,
) -> Vec<Reference> {
    if !is_key_member(address, member) {
        return templates(address, Part::Grants, member, path);
    }
    let reference = |(target, principal): (Address, Principal)| {
        let (attribute, path) = (principal.address.to_owned(), path.clone());
        Reference { target, attribute, path, is_template: false, part: Part::Grants }
    };
    principals(address, member).filter(|(target, _)| exists(target)).map(reference).collect()
}

/// The components that a member of a grant of `address` may be the KEY of.
fn principals<'k>(address: &Address, key: &'k str) -> impl Iterator<Item = (Address, Principal)> + use<'k> {
    let kinds = address.kind.siblings().iter();
    kinds.filter_map(move |kind| Some((Address::new(kind, key), kind.principal()?)))
}

/// Whether a member of a grant can only be the KEY of a component.
pub(crate) fn is_key_member(address: &Address, member: &str) -> bool {
    !member.contains("{{") && address.kind.terms().is_key_member(member)
}

fn templates(address: &Address, part: Part, text: &str, path: &Path) -> Vec<Reference> {
    let Some(pattern) = TEMPLATE.as_ref().filter(|_| text.contains("{{")) else { return Vec::new() };
    let reference = |found: regex::Captures<'_>| {
        let kind = address.kind.sibling(&found[1])?;
        Some(Reference {
            target: Address::new(kind, &found[2]),
            attribute: found[3].to_owned(),
            path: path.clone(),
            is_template: true,
            part,
        })
    };
    pattern.captures_iter(text).filter_map(reference).collect()
}

/// The component with its references filled in from `all`: what is not known yet there is unknown here.
pub(crate) fn resolve(address: &Address, component: &Dynamic, all: &Components) -> Dynamic {
    let mut resolved = component.clone();
    tree::walk_mut(address.kind.object(), &mut resolved, &mut |attribute, value| {
        if let Some(refers) = attribute.extensions.get::<Refers>() {
            tree::change_texts(value, &mut |text| {
                let target = component_named(address, refers, text).and_then(|target| all.get(&target));
                target.map_or_else(|| Dynamic::string(text), |target| attribute_of(target, refers.attribute))
            });
        }
        if attribute.extensions.get::<FreeText>().is_some() {
            tree::change_texts(value, &mut |text| fill(address, text, all));
        }
    });
    resolved
}

/// A member of a grant with its references filled in.
pub(crate) fn resolve_member(address: &Address, member: &str, all: &Components) -> Dynamic {
    if !is_key_member(address, member) {
        return fill(address, member, all);
    }
    let found = principals(address, member).find_map(|(target, principal)| Some((all.get(&target)?, principal)));
    match found.map(|(target, principal)| attribute_of(target, principal.address)) {
        Some(Dynamic::String(name)) => Dynamic::String(address.kind.terms().member(&name)),
        Some(_) => Dynamic::Unknown,
        None => Dynamic::string(member),
    }
}

fn attribute_of(target: &Dynamic, attribute: &str) -> Dynamic {
    match target.get(attribute) {
        Dynamic::Null => Dynamic::Unknown,
        value => value.clone(),
    }
}

/// Text with its templates filled in; unknown when one of them is.
fn fill(address: &Address, text: &str, all: &Components) -> Dynamic {
    let Some(pattern) = TEMPLATE.as_ref().filter(|_| text.contains("{{")) else { return Dynamic::string(text) };
    let mut unknown = false;
    let filled = pattern.replace_all(text, |found: &regex::Captures<'_>| {
        let Some(kind) = address.kind.sibling(&found[1]) else { return found[0].to_owned() };
        match all.get(&Address::new(kind, &found[2])).map(|target| attribute_of(target, &found[3])) {
            Some(Dynamic::String(value)) => value,
            Some(Dynamic::Number(value)) => value.to_string(),
            Some(Dynamic::Bool(value)) => value.to_string(),
            _ => {
                unknown = true;
                String::new()
            }
        }
    });
    if unknown { Dynamic::Unknown } else { Dynamic::String(filled.into_owned()) }
}

/// Checks that what is referred to exists and can be referred to, and that nothing refers to itself in a circle.
/// Of an `open` kind not all components are known yet: any KEY could be one.
pub(crate) fn check(components: &Components, open: impl Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    let mut uses: BTreeMap<&Address, BTreeSet<Address>> = BTreeMap::new();
    for (address, component) in components {
        for reference in references(address, component, |target| components.contains_key(target)) {
            let target = &reference.target;
            if !components.contains_key(target) && open(target.kind.name()) {
                continue;
            }
            if let Some(problem) = problem(&reference, components) {
                diagnostics.push(problem);
            } else if reference.part == Part::Object {
                // Children and grants come after the objects of all: they close no circle.
                uses.entry(address).or_default().insert(reference.target);
            }
        }
        check_key_members(address, component, components, &open, diagnostics);
        check_names(address, component, components, &open, diagnostics);
    }
    if let Some(circle) = circle(&uses) {
        let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
        let (first, members) = (&circle[0], names.join(" -> "));
        diagnostics.push(
            Diagnostic::error(
                "Components refer to each other in a circle",
                format!(
                    "{members} -> {first}: none of them can be made first. Take one of these references out, for \
                     example by writing a fixed name or URL in its place."
                ),
            )
            .at(first.path()),
        );
    }
}

/// Names that are neither a KEY of this stack nor of the form of the cloud's own, and templates that are none.
fn check_names(
    address: &Address,
    component: &Dynamic,
    all: &Components,
    open: &impl Fn(&str) -> bool,
    diagnostics: &mut Diagnostics,
) {
    tree::walk(address.kind.object(), component, &address.path(), &mut |attribute, value, path| {
        if let Some((refers, own)) =
            attribute.extensions.get::<Refers>().and_then(|refers| Some((refers, refers.own_name?)))
        {
            tree::each_text(value, &mut |text| {
                let is_key = component_named(address, refers, text).is_some_and(|target| all.contains_key(&target));
                if !is_key && !open(refers.kind) && !(own.fits)(text) {
                    diagnostics.push(
                        Diagnostic::error(
                            "Reference to an unknown component",
                            format!(
                                "{text:?} in {} of {address} is neither a KEY of {} of this stack ({}) nor a name as {}.",
                                attribute.name,
                                refers.kind,
                                keys_of(refers.kind, all),
                                own.form
                            ),
                        )
                        .at(path.clone()),
                    );
                }
            });
        }
        if attribute.extensions.get::<FreeText>().is_some() || attribute.extensions.get::<Granted>().is_some() {
            tree::each_text(value, &mut |text| diagnostics.extend(malformed(address, text, path)));
        }
    });
}

/// Braces that begin with a component kind and are no reference: they would reach the cloud as they are.
fn malformed(address: &Address, text: &str, path: &Path) -> Vec<Diagnostic> {
    static BRACES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{\{\s*([a-z_]+)\s*[.\[][^{}]*\}\}").ok());
    let (Some(braces), Some(template)) = (BRACES.as_ref(), TEMPLATE.as_ref()) else { return Vec::new() };
    let wrong = braces
        .captures_iter(text)
        .filter(|found| address.kind.sibling(&found[1]).is_some() && !template.is_match(&found[0]));
    let problem = |found: regex::Captures<'_>| {
        Diagnostic::error(
            "Malformed reference",
            format!(
                "{} begins like a reference and is none. A reference is {{{{{}.KEY.ATTRIBUTE}}}}, with the KEY in letters, \
                 digits, \"-\" and \"_\".",
                &found[0], &found[1]
            ),
        )
        .at(path.clone())
    };
    wrong.map(problem).collect()
}

fn keys_of(kind: &str, components: &Components) -> String {
    let keys: Vec<&str> = components.keys().filter(|a| a.kind.name() == kind).map(|a| a.key.as_str()).collect();
    if keys.is_empty() { "it has none".to_owned() } else { keys.join(", ") }
}

fn check_key_members(
    address: &Address,
    component: &Dynamic,
    all: &Components,
    open: &impl Fn(&str) -> bool,
    diagnostics: &mut Diagnostics,
) {
    let mut kinds = address.kind.siblings().iter().filter(|kind| kind.principal().is_some());
    if kinds.any(|kind| open(kind.name())) {
        return;
    }
    for (role, members) in component.get(common::IAM).as_entries().into_iter().flatten() {
        for member in tree::texts(members).into_iter().filter(|member| is_key_member(address, member)) {
            if !principals(address, member).any(|(target, _)| all.contains_key(&target)) {
                diagnostics.push(
                    Diagnostic::error(
                        "Unknown member of a grant",
                        format!(
                            "{member:?} in {role:?} of {address} is neither the KEY of a component of this stack nor a member \
                             as the cloud writes it, such as {}.",
                            address.kind.terms().member_examples()
                        ),
                    )
                    .at(address.path().attribute(common::IAM).key(role)),
                );
            }
        }
    }
}

fn problem(reference: &Reference, components: &Components) -> Option<Diagnostic> {
    let Reference { target, attribute, path, .. } = reference;
    if !components.contains_key(target) {
        let is_empty = !components.keys().any(|address| address.kind.name() == target.kind.name());
        let known = if is_empty {
            format!("it has no {}", target.kind.name())
        } else {
            format!("its {} are {}", target.kind.name(), keys_of(target.kind.name(), components))
        };
        return Some(
            Diagnostic::error(
                "Reference to an unknown component",
                format!(
                    "{{{{{}.{}.{attribute}}}}} names a component that this stack does not have: {known}.",
                    target.kind.name(),
                    target.key
                ),
            )
            .at(path.clone()),
        );
    }
    if target.kind.object().attribute(attribute).is_none() {
        let names: Vec<&str> = target.kind.object().attributes.iter().map(|a| a.name.as_ref()).collect();
        return Some(
            Diagnostic::error(
                "Reference to an unknown attribute",
                format!("A {} has no attribute {attribute:?}. It has: {}.", target.kind.noun(), names.join(", ")),
            )
            .at(path.clone()),
        );
    }
    None
}

/// A circle among `uses`, if there is one, in the order in which its members refer to each other.
fn circle(uses: &BTreeMap<&Address, BTreeSet<Address>>) -> Option<Vec<Address>> {
    let mut done = BTreeSet::new();
    for start in uses.keys() {
        let mut trail = Vec::new();
        if let Some(circle) = visit(start, uses, &mut trail, &mut done) {
            return Some(circle);
        }
    }
    None
}

fn visit(
    at: &Address,
    uses: &BTreeMap<&Address, BTreeSet<Address>>,
    trail: &mut Vec<Address>,
    done: &mut BTreeSet<Address>,
) -> Option<Vec<Address>> {
    if let Some(position) = trail.iter().position(|address| address == at) {
        return Some(trail[position..].to_vec());
    }
    if done.contains(at) {
        return None;
    }
    trail.push(at.clone());
    for next in uses.get(at).into_iter().flatten() {
        if let Some(circle) = visit(next, uses, trail, done) {
            return Some(circle);
        }
    }
    trail.pop();
    done.insert(at.clone());
    None
}
