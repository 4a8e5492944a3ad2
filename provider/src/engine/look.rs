//! A look at the cloud before components are created: objects that are there already.
//!
//! It adds diagnostics only, reads once for each kind and place, and is silent where it cannot read: the creation itself then
//! says what is in its way. The same rules hold when the creation meets the object (see `apply::create`).

use std::collections::BTreeMap;

use futures::future::join_all;
use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic};

use super::address::Address;
use super::labels::{self, Owner};
use super::marks::{FreeText, Inner, OwnKeys};
use super::model::Components;
use super::objects::{Detail, LiveObject};
use super::plan::component::spell;
use super::plan::{Action, Step};
use super::run::Run;
use super::scope::Scope;
use super::{common, effective, tree, wire};

/// What an object that is there means for the creation of a component.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It bears this stack's stamp and is gone on with.
    Resumed,
    /// Its kind has no labels, and it is exactly what would be created: it is taken over, as imported.
    TakenOver,
    /// It is not in the way: the cloud names the objects, and it is another one.
    Another,
    /// It must not be touched.
    InTheWay(Box<Diagnostic>),
}

/// What stands in the way of a creation.
pub(crate) struct Look<'a> {
    /// Where the stack is.
    pub(crate) scope: &'a Scope,
    /// Whether there is no state of the stack at all: then a stamp alone is no proof, because a copied configuration would
    /// have the same.
    pub(crate) is_without_state: bool,
}

impl Look<'_> {
    /// Judges an object found under the name, or the title, of a component to be created; `effective` is what would be.
    pub(crate) fn judge(&self, address: &Address, effective: &Dynamic, found: &LiveObject) -> Verdict {
        let terms = address.kind.terms();
        let differs = || differences(address, effective, found);
        if !labels::are_kept(address) {
            return match differs().first() {
                None => Verdict::TakenOver,
                // A title is not a name: there may be two.
                Some(_) if address.kind.is_named_by_cloud() && !self.is_without_state => Verdict::Another,
                Some(first) => Verdict::InTheWay(Box::new(self.exists(address, found, Some(first)))),
            };
        }
        let is_stamped_for = labels::stamped_key(found.tree.get(common::EFFECTIVE_LABELS)) == Some(&address.key);
        match labels::owner(terms, &found.tree, self.scope) {
            Owner::This if address.kind.is_named_by_cloud() && !is_stamped_for => Verdict::Another,
            Owner::This if self.is_without_state => match differs().first() {
                None => Verdict::Resumed,
                Some(first) => Verdict::InTheWay(Box::new(self.differs(address, found, first))),
            },
            Owner::This => Verdict::Resumed,
            Owner::Nobody | Owner::Other if address.kind.is_named_by_cloud() => Verdict::Another,
            Owner::Nobody | Owner::Other => Verdict::InTheWay(Box::new(self.exists(address, found, None))),
        }
    }

    fn import_id(&self) -> String {
        let Scope { place, stack, .. } = self.scope;
        format!("{}/{}/{stack}", place.account, place.region)
    }

    /// The error for an object that is there and that this stack is not known to have made.
    pub(crate) fn exists(&self, address: &Address, found: &LiveObject, different: Option<&str>) -> Diagnostic {
        let noun = address.kind.noun();
        let id = self.import_id();
        let name = tree::text(&found.tree, common::NAME).unwrap_or(&found.name);
        let why = match different {
            Some(difference) => format!("it is not what would be created ({difference})"),
            None => "this stack did not create it".to_owned(),
        };
        Diagnostic::error(
            format!("The {noun} exists already"),
            format!(
                "{address}: {name} is there, and {why}, so it is left alone.\n\nTo manage it with this stack, import it before \
                 anything else is created:\n\n  terraform import {}.RESOURCE '{id}?{}={name}'\n\nA stack that is in the state \
                 already has to leave it first (terraform state rm), and is then imported with all it has: '{id}'. To leave the \
                 {noun} as it is, set another name on {address}.",
                address.kind.terms().resource(),
                address.kind.name(),
            ),
        )
        .at(address.path())
    }

    /// The error for an object with this stack's stamp that a stack without a state would change.
    fn differs(&self, address: &Address, found: &LiveObject, difference: &str) -> Diagnostic {
        let noun = address.kind.noun();
        let id = self.import_id();
        Diagnostic::error(
            format!("The {noun} belongs to a stack of the same name"),
            format!(
                "{address}: {} bears the stamp of stack {:?}, but Terraform has no state of that stack here, and the {noun} is \
                 not what would be created ({difference}). It is left alone.\n\nIf this configuration is a copy, give its stack \
                 another name. If the state was lost, import the stack: terraform import {}.RESOURCE '{id}'.",
                found.name,
                self.scope.stack,
                address.kind.terms().resource(),
            ),
        )
        .at(address.path())
    }
}

/// The attributes in which an object differs from what would be created. What is not known yet, what cannot be read, and what
/// others have added to shared maps, counts as equal; children and grants come later.
pub(crate) fn differences(address: &Address, wanted: &Dynamic, found: &LiveObject) -> Vec<String> {
    let object = address.kind.object();
    let mut known = wire::aligned(object, wanted, &found.tree);
    let mut wanted = wanted.clone();
    for attribute in &object.attributes {
        let name = &attribute.name;
        let is_untold = attribute.write_only || wire::children(attribute).is_some();
        if is_untold || !wanted.get(name).is_wholly_known() {
            tree::set(&mut wanted, name.clone(), known.get(name).clone());
        } else if attribute.extensions.get::<OwnKeys>().is_some() && wanted.get(name).is_wholly_known() {
            let mut own = tree::strings(wanted.get(name));
            own.retain(|key, _| !labels::is_stamp(key));
            let tracked = labels::tracked(found.tree.get(name), &tree::string_map(&own));
            if attribute.extensions.get::<Inner>().is_some() {
                // They are objects of their own, and come later as children do.
                let made = tree::strings(&tracked);
                own.retain(|key, _| made.contains_key(key));
            }
            tree::set(&mut wanted, name.clone(), tree::string_map(&own));
            tree::set(&mut known, name.clone(), tracked);
        }
    }
    let wanted = effective::settle(&wanted, &known);
    let changed = effective::changed(address, &known, &wanted);
    changed.into_iter().map(|attribute| difference(attribute, &known, &wanted)).collect()
}

/// An attribute with both values, without what people keep in free text.
fn difference(attribute: &Attribute, known: &Dynamic, wanted: &Dynamic) -> String {
    let name = &attribute.name;
    if attribute.sensitive || attribute.write_only || attribute.extensions.get::<FreeText>().is_some() {
        return name.to_string();
    }
    format!("{name}: {} is there, {} is wanted", spell(known.get(name)), spell(wanted.get(name)))
}

/// Components to be created of one collection: what they would be, and what tells their objects, the name or else the title.
type Wanted<'s> = Vec<(&'s Address, Dynamic, String)>;

/// What a plan says of the objects that are there already; `skip` are components whose objects are known.
pub(crate) async fn creations<'s>(
    run: &Run,
    steps: impl IntoIterator<Item = &'s Step>,
    planned: &Components,
    is_without_state: bool,
    skip: &Components,
) -> Diagnostics {
    let mut collections: BTreeMap<(&str, String), Wanted<'s>> = BTreeMap::new();
    for step in steps.into_iter().filter(|step| step.action == Action::Create && !skip.contains_key(&step.address)) {
        let (address, kind) = (&step.address, step.address.kind);
        let Some(component) = &step.planned else { continue };
        let wanted = effective::effective(address, component, planned, &run.scope);
        let name = if kind.is_named_by_cloud() { kind.title(&wanted) } else { kind.object_name(&wanted, &run.scope) };
        if let Some(name) = name {
            let place = kind.objects().collection(&wanted, &run.scope).place;
            collections.entry((kind.name(), place)).or_default().push((address, wanted, name));
        }
    }
    let look = Look { scope: &run.scope, is_without_state };
    let looks = collections.into_iter().map(|((_, place), wanted)| look_at(run, &look, place, wanted));
    let mut diagnostics = Diagnostics::new();
    let mut taken_over = Vec::new();
    for (errors, lines) in join_all(looks).await {
        diagnostics.extend(errors);
        taken_over.extend(lines);
    }
    if !taken_over.is_empty() && !diagnostics.has_error() {
        let plural = if taken_over.len() == 1 { "" } else { "s" };
        diagnostics.push(Diagnostic::warning(
            format!("{} object{plural} will be taken over", taken_over.len()),
            format!(
                "They are there already and are exactly what would be created, as an interrupted apply leaves them. The stack \
                 manages them from then on as imported ones: it never deletes them.\n\n{}",
                taken_over.join("\n")
            ),
        ));
    }
    diagnostics
}

async fn look_at(run: &Run, look: &Look<'_>, place: String, wanted: Wanted<'_>) -> (Diagnostics, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let mut taken_over = Vec::new();
    let Some(kind) = wanted.first().map(|(address, ..)| address.kind) else { return (diagnostics, taken_over) };
    let is_titled = kind.is_named_by_cloud();
    let found: Vec<LiveObject> = match wanted.as_slice() {
        [(_, _, name)] if !is_titled => kind.read(run, name).await.ok().flatten().into_iter().collect(),
        _ => kind.list(run, &place, Detail::Tree).await.unwrap_or_default(),
    };
    for (address, wanted, name) in &wanted {
        let is_it = |found: &&LiveObject| match is_titled {
            true => kind.title(&found.tree).as_deref() == Some(name),
            false => found.name == *name,
        };
        for found in found.iter().filter(is_it) {
            match look.judge(address, wanted, found) {
                Verdict::InTheWay(problem) => diagnostics.push(*problem),
                Verdict::TakenOver => {
                    taken_over.push(format!("- {address}: {}", kind.objects().full_name(&found.name)));
                }
                Verdict::Resumed | Verdict::Another => {}
            }
        }
    }
    (diagnostics, taken_over)
}
