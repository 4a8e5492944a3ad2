//! What is wrong with references, and what looks as if a reference had been wanted.
//!
//! [`check`] needs the configuration only; [`check_changes`] compares it with the prior state, and [`check_values`] looks at
//! what the plan has made of the components.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::schema::Shape;
use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic, Path, Type};

use super::text::{self, Slip};
use super::{Part, Reference, component_named, is_text, references};
use crate::engine::address::Address;
use crate::engine::marks::Refers;
use crate::engine::model::Components;
use crate::engine::tree;
use tfplugin::suggest;

/// Checks that what is referred to exists and can be referred to, and that nothing refers to itself in a circle.
/// Of an `open` kind not all components are known yet: any KEY could be one.
pub(super) fn check(components: &Components, open: impl Fn(&str) -> bool, diagnostics: &mut Diagnostics) {
    let mut uses: BTreeMap<&Address, BTreeSet<Address>> = BTreeMap::new();
    for (address, component) in components {
        for reference in references(address, component, |target| components.contains_key(target)) {
            let target = &reference.target;
            if !components.contains_key(target) && open(target.kind.name()) {
                continue;
            }
            if let Some(problem) = problem(&reference, components) {
                diagnostics.push(problem);
            } else if reference.part == Part::Object && !(target == address && is_known_first(&reference)) {
                // Children and grants come after the objects of all: they close no circle.
                uses.entry(address).or_default().insert(reference.target);
            }
        }
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

/// Whether a component can refer to this attribute of itself: the configuration says it, as a plain value.
fn is_known_first(reference: &Reference) -> bool {
    let attribute = reference.target.kind.object().attribute(&reference.attribute);
    attribute.is_some_and(|attribute| attribute.presence.is_configurable() && !super::may_refer(attribute))
}

/// What components were before a plan.
#[derive(Clone, Copy)]
pub(crate) struct History<'a> {
    /// All components of the prior state.
    pub(crate) before: &'a Components,
    /// The component of the prior state that a planned one goes on with, under whichever KEY.
    pub(crate) prior_of: &'a dyn Fn(&Address) -> Option<&'a Dynamic>,
}

/// Checks what a change makes of references: a KEY that is gone must not turn into a name of the cloud. Warns of names and
/// braces that are nearly references, unless the state has them already.
pub(crate) fn check_changes(
    components: &Components,
    history: History<'_>,
    open: impl Fn(&str) -> bool,
    diagnostics: &mut Diagnostics,
) {
    let (mut names, mut braces) = (Vec::new(), Vec::new());
    for (address, component) in components {
        let held = (history.prior_of)(address).map(|prior| texts(address, prior)).unwrap_or_default();
        tree::walk(address.kind.object(), component, &address.path(), &mut |attribute, value, path| {
            if let Some(refers) = attribute.extensions.get::<Refers>().filter(|refers| !open(refers.kind)) {
                tree::each_text_at(value, path, &mut |text, path| {
                    if is_key(address, refers, text, components) {
                    } else if let Some(problem) = gone(address, refers, text, components, history.before) {
                        diagnostics.push(problem.at(path.clone()));
                    } else if !held.contains(text) {
                        names.extend(misspelt(refers, text, components).map(|slip| (path.clone(), slip)));
                    }
                });
            }
            if is_text(attribute) {
                tree::each_text_at(value, path, &mut |text, path| {
                    if !held.contains(text) {
                        braces.extend(nearly_references(address, text).into_iter().map(|slip| (path.clone(), slip)));
                    }
                });
            }
        });
    }
    diagnostics.extend(warning(
        "Names are nearly KEYs",
        "These are not KEYs of components of this stack, so they stand for objects of the cloud with that name.",
        &names,
    ));
    diagnostics.extend(warning(
        "Texts look like references",
        &format!(
            "These braces begin like a reference and are text. A reference is {{{{kind.KEY.attribute}}}}, with the KEY in \
             letters, digits, \"-\" and \"_\". {AS_TEXT}"
        ),
        &braces,
    ));
}

/// One warning for all of a kind, because Terraform shows only the first of those with one title.
fn warning(title: &str, detail: &str, slips: &[(Path, String)]) -> Option<Diagnostic> {
    let (first, _) = slips.first()?;
    let lines: Vec<String> = slips.iter().map(|(path, slip)| format!("- {path}: {slip}")).collect();
    Some(Diagnostic::warning(title, format!("{detail}\n\n{}", lines.join("\n"))).at(first.clone()))
}

/// Checks that what texts refer to has a value, once the plan of all components is final.
pub(crate) fn check_values(planned: &Components, diagnostics: &mut Diagnostics) {
    for (address, component) in planned {
        let unset = unset(address, component, planned).filter(|reference| reference.is_template);
        diagnostics.extend(unset.map(|reference| not_set(address, &reference)));
    }
}

/// Checks that what one part of a component refers to has a value in the cloud by now: nothing must be written in its place.
pub(crate) fn check_part(address: &Address, planned: &Dynamic, part: Part, live: &Components) -> Diagnostics {
    let unset = unset(address, planned, live).filter(|reference| reference.part == part);
    unset.map(|reference| not_set(address, &reference)).collect()
}

/// The references to attributes without a value of components that are there.
fn unset(address: &Address, component: &Dynamic, all: &Components) -> impl Iterator<Item = Reference> {
    references(address, component, |target| all.contains_key(target)).into_iter().filter(|reference| {
        let target = all.get(&reference.target);
        target.is_some_and(|target| !target.is_unknown() && target.get(&reference.attribute).is_null())
    })
}

fn not_set(address: &Address, reference: &Reference) -> Diagnostic {
    let Reference { target, attribute, is_template, path, .. } = reference;
    let as_text = if *is_template { format!(" {AS_TEXT}") } else { String::new() };
    Diagnostic::error(
        "Reference to an attribute that is not set",
        format!(
            "{address} refers to {attribute} of {target} ({}), which has no value (null). Set {attribute} there, or refer to an \
             attribute that has one.{as_text}",
            spelt(reference)
        ),
    )
    .at(path.clone())
}

/// How to say that braces are no reference.
const AS_TEXT: &str = "To write the braces as text, double the opening ones: {{{{.";

fn spelt(Reference { target, attribute, .. }: &Reference) -> String {
    format!("{{{{{}.{}.{attribute}}}}}", target.kind.name(), target.key)
}

fn is_key(address: &Address, refers: &Refers, text: &str, all: &Components) -> bool {
    component_named(address, refers, text).is_some_and(|target| all.contains_key(&target))
}

/// The texts of a component that may refer.
fn texts<'c>(address: &Address, component: &'c Dynamic) -> BTreeSet<&'c str> {
    let mut texts = BTreeSet::new();
    tree::walk(address.kind.object(), component, &Path::root(), &mut |attribute, value, _| {
        if attribute.extensions.get::<Refers>().is_some() || is_text(attribute) {
            tree::each_text(value, &mut |text| texts.extend([text]));
        }
    });
    texts
}

/// The error for a text that was a KEY in the prior state and is none now: the cloud may know something else by it.
fn gone(address: &Address, refers: &Refers, text: &str, all: &Components, before: &Components) -> Option<Diagnostic> {
    let target = component_named(address, refers, text)?;
    let name = before.get(&target)?.get(refers.attribute);
    // Where the KEY was the name, the text means what it meant.
    if name.as_str().is_some_and(|name| (refers.canonical)(name) == (refers.canonical)(text)) {
        return None;
    }
    let same = |(_, component): &(&Address, &Dynamic)| !name.is_null() && component.get(refers.attribute) == name;
    let renamed = of_kind(refers.kind, all).find(same);
    let now = match renamed {
        Some((renamed, _)) => format!("its KEY is {:?} now: write that here too", renamed.key),
        None => format!(
            "the configuration does not have it any more. Remove the reference, or write the {}'s own name",
            target.kind.noun()
        ),
    };
    Some(Diagnostic::error(
        "Reference to an unknown component",
        format!("{text:?} in {address} was the KEY of a {} of this stack; {now}.", target.kind.noun()),
    ))
}

/// A name of the cloud that is nearly a KEY.
fn misspelt(refers: &Refers, text: &str, all: &Components) -> Option<String> {
    // Paths, emails and ARNs are nobody's KEY; the exact name of a component is no slip.
    let is_name =
        of_kind(refers.kind, all).any(|(_, component)| component.get(refers.attribute).as_str() == Some(text));
    if text.contains(['/', '@', ':']) || is_name {
        return None;
    }
    let key = suggest::nearest(text, keys(refers.kind, all))?;
    Some(format!("{text:?} is not a KEY of {}. Did you mean {key:?}?", refers.kind))
}

/// Braces that are text and begin like a reference.
fn nearly_references(address: &Address, text: &str) -> Vec<String> {
    if !text.contains(['{', '}']) {
        return Vec::new();
    }
    let kinds: Vec<&'static str> = address.kind.siblings().iter().map(|kind| kind.name()).collect();
    let line = |Slip { text, nearly }: Slip<'_>| match nearly {
        Some(nearly) => format!("{text} is not a reference. Did you mean {nearly}?"),
        None => format!("{text} is not a reference."),
    };
    text::slips(text, &kinds).into_iter().map(line).collect()
}

/// Names that are neither a KEY of this stack nor of the form of the cloud's own.
fn check_names(
    address: &Address,
    component: &Dynamic,
    all: &Components,
    open: &impl Fn(&str) -> bool,
    diagnostics: &mut Diagnostics,
) {
    tree::walk(address.kind.object(), component, &address.path(), &mut |attribute, value, path| {
        let Some(refers) = attribute.extensions.get::<Refers>().filter(|refers| !open(refers.kind)) else { return };
        let Some(own) = refers.own_name else { return };
        tree::each_text_at(value, path, &mut |text, path| {
            if is_key(address, refers, text, all) || (own.fits)(text) {
                return;
            }
            diagnostics.push(
                Diagnostic::error(
                    "Reference to an unknown component",
                    format!(
                        "{text:?} in {} of {address} is neither a KEY of {} of this stack ({}) nor a name as {}.{}",
                        attribute.name,
                        refers.kind,
                        keys_of(refers.kind, all),
                        own.form,
                        did_you_mean(suggest::nearest(text, keys(refers.kind, all)))
                    ),
                )
                .at(path.clone()),
            );
        });
    });
}

pub(super) fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" Did you mean {name:?}?")).unwrap_or_default()
}

fn of_kind<'c>(kind: &str, components: &'c Components) -> impl Iterator<Item = (&'c Address, &'c Dynamic)> {
    components.iter().filter(move |(address, _)| address.kind.name() == kind)
}

pub(super) fn keys<'c>(kind: &str, components: &'c Components) -> impl Iterator<Item = &'c str> {
    of_kind(kind, components).map(|(address, _)| address.key.as_str())
}

fn keys_of(kind: &str, components: &Components) -> String {
    let keys: Vec<&str> = keys(kind, components).collect();
    if keys.is_empty() { "it has none".to_owned() } else { keys.join(", ") }
}

/// What is wrong with a reference to a component that does not exist, or to an attribute that says nothing.
pub(super) fn problem(reference: &Reference, components: &Components) -> Option<Diagnostic> {
    let Reference { target, attribute: name, path, .. } = reference;
    let (kind, noun) = (target.kind.name(), target.kind.noun());
    let error = |title, detail| Some(Diagnostic::error(title, detail).at(path.clone()));
    if !components.contains_key(target) {
        let known = match keys(kind, components).next() {
            None => format!("it has no {kind}"),
            Some(_) => format!("its {kind} are {}", keys_of(kind, components)),
        };
        let nearest = suggest::nearest(&target.key, keys(kind, components));
        return error(
            "Reference to an unknown component",
            format!(
                "{} names a component that this stack does not have: {known}.{} {AS_TEXT}",
                spelt(reference),
                did_you_mean(nearest)
            ),
        );
    }
    let object = target.kind.object();
    let Some(attribute) = object.attribute(name) else {
        let names: Vec<&str> = object.attributes.iter().map(|attribute| attribute.name.as_ref()).collect();
        let nearest = did_you_mean(suggest::nearest(name, names.iter().copied()));
        return error(
            "Reference to an unknown attribute",
            format!("A {noun} has no attribute {name:?}.{nearest} It has: {}.", names.join(", ")),
        );
    };
    if attribute.write_only {
        return error(
            "Reference to a write-only attribute",
            format!(
                "{} stands for a value that is sent to the cloud once and kept nowhere else: nothing can refer to it.",
                spelt(reference)
            ),
        );
    }
    if !matches!(attribute.shape, Shape::Plain(Type::String | Type::Number | Type::Bool)) {
        let names: Vec<&str> = referable(&object.attributes).map(|attribute| attribute.name.as_ref()).collect();
        return error(
            "Reference to a collection",
            format!(
                "{} stands for a list, a map or an object, which cannot stand in text. Of a {noun} these can: {}.",
                spelt(reference),
                names.join(", ")
            ),
        );
    }
    None
}

/// The attributes that are one value.
fn referable(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    let is_value = |attribute: &&Attribute| {
        !attribute.write_only && matches!(attribute.shape, Shape::Plain(Type::String | Type::Number | Type::Bool))
    };
    attributes.iter().filter(is_value)
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
