//! What a plan has to say aloud: Terraform shows one resource that is updated in place, whatever happens inside it.
//!
//! One warning for each kind of action, with all its objects, because Terraform folds warnings of one title into one. What is
//! deleted stands in the attribute `deletes` too, where policies and pipelines can see it.

use std::collections::BTreeMap;

use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic};

use super::{Action, Step};
use crate::engine::address::Address;
use crate::engine::cloud::Cloud;
use crate::engine::grants::Grants;
use crate::engine::model::Components;
use crate::engine::protection::{self, Fate};
use crate::engine::scope::Scope;
use crate::engine::spelling::spell;
use crate::engine::{inventory, labels, references, tree, wire};

/// An object that a plan does something with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// The component, or the path of a child in it.
    place: String,
    /// The line of the inventory.
    object: String,
    /// What it is, and what goes with it.
    what: String,
}

/// Everything that a plan announces.
#[derive(Debug, Default)]
pub(crate) struct Announcement {
    deleted: Vec<Line>,
    replaced: Vec<Line>,
    perhaps_replaced: Vec<Line>,
    released: Vec<Line>,
    renamed: Vec<(Address, Address)>,
    foreign: Vec<Line>,
    /// What the mark on those is called.
    label: &'static str,
    /// Grants on the account or project, which is the target of them.
    revoked: Vec<String>,
    target: &'static str,
}

/// What the steps of a plan are seen against.
#[derive(Clone, Copy)]
pub(crate) struct View<'v> {
    /// All components of the prior state.
    pub before: &'v Components,
    /// All planned components.
    pub planned: &'v Components,
    /// Where the stack is.
    pub scope: &'v Scope,
    /// Whether the stack is protected from deletion.
    pub is_protected: bool,
}

impl Announcement {
    /// What the steps do to objects that exist. `renames` are the new addresses with their old ones.
    pub(crate) fn new<'s>(
        steps: impl IntoIterator<Item = &'s Step>,
        renames: &BTreeMap<Address, Address>,
        view: View<'_>,
    ) -> Self {
        let renamed = renames.iter().map(|(new, old)| (old.clone(), new.clone())).collect();
        let mut announcement = Self { renamed, ..Self::default() };
        for step in steps {
            let Some(prior) = &step.prior else { continue };
            let lines = || lines(&step.address, prior, view);
            match &step.action {
                Action::Delete | Action::Discard => announcement.deleted.extend(lines()),
                Action::Release => announcement.released.extend(lines()),
                Action::Replace if protection::fate(&step.address, prior, view.is_protected) == Fate::Released => {
                    announcement.released.extend(lines());
                }
                Action::Replace => announcement.replaced.extend(lines()),
                Action::Update { .. } => {
                    let (remade, gone) = children(step, prior, view);
                    announcement.replaced.extend(remade);
                    for (fate, gone) in gone {
                        match fate {
                            Fate::Deleted => announcement.deleted.extend(gone),
                            Fate::Released | Fate::Prevented => announcement.released.extend(gone),
                        }
                    }
                }
                Action::Create => {}
            }
        }
        announcement
    }

    /// Objects whose replacement depends on a value that is not known yet.
    pub(crate) fn add_perhaps_replaced(&mut self, step: &Step, view: View<'_>) {
        let prior = step.prior.iter();
        self.perhaps_replaced.extend(prior.flat_map(|prior| lines(&step.address, prior, view)));
    }

    /// Components whose objects bear the stamp of another stack.
    pub(crate) fn add_foreign(&mut self, components: &Components, scope: &Scope) {
        for (address, component) in components {
            if let Some(owner) = labels::other_owner(address.kind.terms(), component, scope) {
                let object = address.kind.inventory_name(component, scope).unwrap_or_default();
                self.label = address.kind.terms().labels().noun;
                self.foreign.push(Line {
                    place: address.to_string(),
                    object,
                    what: format!("{} of stack {owner:?}", address.kind.noun()),
                });
            }
        }
    }

    /// Grants of the stack's own on the account or project that are taken back.
    pub(crate) fn add_revoked(&mut self, grants: Option<Grants>, cloud: &dyn Cloud) {
        self.target = cloud.terms().account_noun();
        let line = |(role, member): (String, String)| format!("- {role} to {member}");
        self.revoked.extend(grants.into_iter().flatten().map(line));
    }

    /// The value of `deletes`: unknown while something that is not known decides about a deletion.
    pub(crate) fn deletes(&self) -> Dynamic {
        if !self.perhaps_replaced.is_empty() {
            return Dynamic::Unknown;
        }
        let mut lines: Vec<String> = self.deleted.iter().chain(&self.replaced).map(Line::of_list).collect();
        lines.sort();
        Dynamic::List(lines.into_iter().map(Dynamic::String).collect())
    }

    /// One warning for each kind of action.
    pub(crate) fn warnings(&self) -> Diagnostics {
        let mut warnings = Diagnostics::new();
        let mut warn = |lines: &[Line], will: &str, consequence: &str| {
            if lines.is_empty() {
                return;
            }
            let listed: Vec<String> = lines.iter().map(Line::of_warning).collect();
            let title = format!("{} will be {will}", count(lines.len(), "object"));
            warnings.push(Diagnostic::warning(title, format!("{consequence}\n\n{}", listed.join("\n"))));
        };
        warn(
            &self.deleted,
            "deleted",
            "This change deletes objects of the cloud, although Terraform shows the stack as updated in place. What is in them \
             is lost. To leave one in the cloud instead, set deletion_policy = \"ABANDON\" on its component and apply first.",
        );
        warn(
            &self.replaced,
            "replaced",
            "Each of these objects is deleted and created anew, and what is in it is lost: an attribute changes that the API \
             cannot change, and allow_replacement is set or the object serves nobody as it is.",
        );
        warn(
            &self.perhaps_replaced,
            "replaced if a value turns out to differ",
            "allow_replacement is set, and an attribute that the API cannot change is known only after apply. If it differs, \
             the object is deleted and created anew, and what is in it is lost.",
        );
        warn(
            &self.released,
            "released",
            "The stack forgets these objects; they stay in the cloud as they are. Put the component back into the \
             configuration to keep managing one.",
        );
        if !self.foreign.is_empty() {
            let listed: Vec<String> = self.foreign.iter().map(Line::of_warning).collect();
            let number = self.foreign.len();
            let (title, belong) = (count(number, "object"), if number == 1 { "belongs" } else { "belong" });
            let detail = format!(
                "The {} {} names another stack, so two stacks manage the same object. Keep it in one of them: take the \
                 component out of the configuration of the other, which releases it. This stack deletes none of these.\n\n{}",
                self.label,
                labels::STACK_STAMP,
                listed.join("\n")
            );
            warnings.push(Diagnostic::warning(format!("{title} {belong} to another stack"), detail));
        }
        if !self.revoked.is_empty() {
            let detail = format!(
                "The stack granted these on the {}, and they leave its configuration. Who else grants them has to do so \
                 again.\n\n{}",
                self.target,
                self.revoked.join("\n")
            );
            let title = format!("{} on the {} will be taken back", count(self.revoked.len(), "grant"), self.target);
            warnings.push(Diagnostic::warning(title, detail));
        }
        if !self.renamed.is_empty() {
            let listed: Vec<String> = self.renamed.iter().map(|(old, new)| format!("- {old} becomes {new}")).collect();
            let detail = format!(
                "The object stays as it is under another KEY; nothing is deleted and created anew.\n\n{}",
                listed.join("\n")
            );
            let title = format!("{} will be renamed", count(self.renamed.len(), "component"));
            warnings.push(Diagnostic::warning(title, detail));
        }
        warnings
    }
}

impl Line {
    fn of_list(&self) -> String {
        format!("{}: {}", self.place, self.object)
    }

    fn of_warning(&self) -> String {
        format!("- {}: {} ({})", self.place, self.what, self.object)
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The object of a component of the prior state and those inside it.
fn lines(address: &Address, component: &Dynamic, view: View<'_>) -> Vec<Line> {
    let kind = address.kind;
    let Some(object) = kind.inventory_name(component, view.scope) else { return Vec::new() };
    let what =
        if kind.holds_data() { format!("{} with all that is in it", kind.noun()) } else { kind.noun().to_owned() };
    let inner = inventory::inside(address, component, view.before, view.scope).unwrap_or_default();
    let inner = inner.into_iter().map(|name| inner_line(address, &name, "", view.scope));
    std::iter::once(Line { place: address.to_string(), object, what }).chain(inner).collect()
}

/// An object inside a component's, and why it goes where that is not plain.
fn inner_line(address: &Address, name: &str, why: &str, scope: &Scope) -> Line {
    let kind = address.kind;
    Line {
        place: address.to_string(),
        object: kind.objects().full_name(name, &scope.place),
        what: format!("inside the {}{why}", kind.noun()),
    }
}

/// A component with its references resolved and with what its kind fills in: by that its children are told.
fn filled(address: &Address, component: &Dynamic, all: &Components, scope: &Scope) -> Dynamic {
    let mut filled = references::resolve(address, component, all);
    address.kind.effective(&mut filled, &address.key, scope);
    filled
}

/// The objects inside that of a component which stays: those that are made anew, and those that leave it, with what becomes
/// of them.
fn children(step: &Step, prior: &Dynamic, view: View<'_>) -> (Vec<Line>, Vec<(Fate, Vec<Line>)>) {
    let (address, scope) = (&step.address, view.scope);
    let (mut remade, mut gone) = (Vec::new(), Vec::new());
    let Some(planned) = step.planned.as_ref().filter(|_| children_of(address).next().is_some()) else {
        return (remade, gone);
    };
    let (prior, planned) =
        (&filled(address, prior, view.before, scope), &filled(address, planned, view.planned, scope));
    for attribute in children_of(address) {
        let (was, is) = (prior.get(&attribute.name), planned.get(&attribute.name));
        for child in wire::remade(attribute, was, is) {
            let fixed = &child.attribute.name;
            let why = format!("{fixed} is {} and shall be {}", spell(child.was.get(fixed)), spell(child.is.get(fixed)));
            remade.extend(child_lines(address, prior, attribute, child.old_key, Some(&why), scope));
        }
        for key in wire::lost(attribute, was, is) {
            let fate = protection::fate_inside(address, prior, was.get(key), view.is_protected);
            gone.push((fate, child_lines(address, prior, attribute, key, None, scope)));
        }
    }
    let told: Vec<&Line> = remade.iter().chain(gone.iter().flat_map(|(_, lines)| lines)).collect();
    let superseded = superseded(address, (prior, planned), &told, scope);
    gone.push((Fate::Deleted, superseded));
    (remade, gone)
}

/// Objects that children which stay have no use for any more: what is derived from them is another one now. Nothing is in
/// such an object, so that no policy holds it.
fn superseded(address: &Address, (prior, planned): (&Dynamic, &Dynamic), told: &[&Line], scope: &Scope) -> Vec<Line> {
    let names = |component: &Dynamic| address.kind.inner_names(component, scope);
    let (Some(was), Some(is)) = (names(prior), names(planned)) else { return Vec::new() };
    let left = was.into_iter().filter(|name| !is.contains(name));
    let lines = left.map(|name| inner_line(address, &name, "; nothing uses it any more", scope));
    lines.filter(|line| told.iter().all(|told| told.object != line.object)).collect()
}

fn children_of(address: &Address) -> impl Iterator<Item = &Attribute> {
    address.kind.object().attributes.iter().filter(|attribute| wire::holds_objects(attribute))
}

/// The object of one child of a component.
fn child_lines(
    address: &Address,
    component: &Dynamic,
    attribute: &Attribute,
    key: &str,
    why: Option<&str>,
    scope: &Scope,
) -> Vec<Line> {
    let kind = address.kind;
    let child = component.get(&attribute.name).get(key).clone();
    let only = Dynamic::Map([(key.to_owned(), child)].into_iter().collect());
    let others = kind.inner_names(&with(component, attribute, Dynamic::Null), scope).unwrap_or_default();
    let names = kind.inner_names(&with(component, attribute, only), scope).unwrap_or_default();
    let line = |name: String| Line {
        place: format!("{address}.{}[{key:?}]", attribute.name),
        object: kind.objects().full_name(&name, &scope.place),
        what: format!("inside the {}{}", kind.noun(), why.map_or_else(String::new, |why| format!("; its {why}"))),
    };
    names.into_iter().filter(|name| !others.contains(name)).map(line).collect()
}

fn with(component: &Dynamic, attribute: &Attribute, value: Dynamic) -> Dynamic {
    let mut changed = component.clone();
    tree::set(&mut changed, attribute.name.clone(), value);
    changed
}
