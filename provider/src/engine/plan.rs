//! The plan: wanted and found in, steps out. Pure: no client, no clock, no calls.
//!
//! It runs when Terraform plans and once more when it applies; the same input gives the same steps.

pub(crate) mod announce;
pub(crate) mod component;
mod reasons;
pub(super) mod silence;

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Diagnostic, Diagnostics, Dynamic, Path};

use self::announce::Announcement;
use self::silence::Silence;
use super::address::Address;
use super::cloud::Cloud;
use super::model::{self, Components, Stack, Status};
use super::place::Place;
use super::protection::{self, Fate};
use super::references::{History, Part};
use super::scope::Scope;
use super::{account_iam, common, effective, graph, inventory, references, rename, tree, validate};

/// What a plan is made from.
pub(crate) struct Input<'a> {
    /// The stack as last read; `None` on creation.
    pub prior: Option<&'a Stack>,
    /// The configuration.
    pub config: &'a Stack,
    /// The configuration with defaults, and prior values where it is silent.
    pub proposed: &'a Stack,
    /// Where the stack is.
    pub scope: &'a Scope,
    /// Where the configuration and the provider block put the stack, where that is known.
    pub configured_place: Option<&'a Place>,
    /// The stack's cloud.
    pub cloud: &'static dyn Cloud,
}

/// What is to be done with a component.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// Made anew (or taken over, if this stack made it in an interrupted run).
    Create,
    /// Changed in place; with no attribute and no grant to change, only looked at.
    Update {
        /// The attributes whose meaning changes, or may change once references are known.
        attributes: Vec<String>,
        /// Whether grants change.
        grants: bool,
    },
    /// Deleted and made anew: the apply makes two steps of it.
    Replace,
    /// The object that a replacement has left without a component: deleted once nobody uses it any more.
    Discard,
    /// Deleted.
    Delete,
    /// Left in the cloud, dropped from the state.
    Release,
}

/// One component's part of the plan.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The component; for a removal its address in the prior state.
    pub address: Address,
    /// What is to be done.
    pub action: Action,
    /// The component as last read.
    pub prior: Option<Dynamic>,
    /// The component as planned.
    pub planned: Option<Dynamic>,
}

impl Step {
    /// A component that the stack forgets.
    pub(crate) fn release(address: &Address, component: &Dynamic) -> Self {
        Self { address: address.clone(), action: Action::Release, prior: Some(component.clone()), planned: None }
    }

    /// Whether the component or an object of it goes.
    pub(crate) fn is_removal(&self) -> bool {
        matches!(self.action, Action::Delete | Action::Discard | Action::Release)
    }

    /// The parts of the component that have something to do, in their order.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let mut parts = vec![Part::Object];
        let Some(planned) = self.planned.as_ref().filter(|_| !self.is_removal()) else { return parts };
        let attributes = &self.address.kind.object().attributes;
        let is_filled = |name: &str| match planned.get(name) {
            Dynamic::Unknown => true,
            value => value.as_entries().is_some_and(|entries| !entries.is_empty()),
        };
        for part in [Part::Children, Part::Grants] {
            let mut of_part = attributes.iter().filter(|attribute| Part::of(attribute) == part);
            let is_active = match (&self.action, part) {
                (Action::Update { grants, .. }, Part::Grants) => *grants,
                (Action::Update { attributes, .. }, _) => {
                    of_part.any(|attribute| attributes.iter().any(|changed| *changed == attribute.name))
                }
                _ => of_part.any(|attribute| is_filled(&attribute.name)),
            };
            parts.extend(is_active.then_some(part));
        }
        parts
    }
}

/// The whole plan.
pub(crate) struct StackPlan {
    /// The stack as planned, with unknowns where only the apply can tell.
    pub planned: Stack,
    /// What is to be done; components that stay as they are have no step.
    pub steps: Vec<Step>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Plans a stack.
pub(crate) fn plan(input: &Input<'_>) -> StackPlan {
    let Input { prior, config, proposed, scope, .. } = *input;
    let mut diagnostics = Diagnostics::new();
    if let Some(prior) = prior {
        refuse_moves(prior, scope, &mut diagnostics);
        if let Some(place) = input.configured_place {
            refuse_moves(prior, &Scope { place: place.clone(), ..scope.clone() }, &mut diagnostics);
        }
    }
    let empty = Stack::empty(config.layout());
    let scope_before = prior.unwrap_or(&empty).scoped(scope.clone());
    let before = prior.unwrap_or(&empty).components();
    let configured = config.borrowed();
    let is_protected = prior.is_some_and(protection::is_protected);
    let mut wanted = proposed.components();
    // Where the configuration is not known yet, Terraform proposes what was there before.
    for (address, component) in &mut wanted {
        if configured.get(address).is_some_and(|component| component.is_unknown()) {
            *component = Dynamic::Unknown;
        }
    }
    let renames = rename::renames(&before, &wanted, scope);
    let prior_of = |address: &Address| before.get(renames.get(address).unwrap_or(address));

    let keys: BTreeSet<Address> = wanted.keys().cloned().collect();
    let is_open = |kind: &str| proposed.get(kind).is_unknown();
    let silence = Silence { before: &before, wanted: &keys, renames: &renames, is_open: &is_open };

    let mut planned: Components = wanted
        .into_iter()
        .map(|(address, proposed)| {
            let configured = configured.get(&address).copied().unwrap_or(&Dynamic::Null);
            let component = component::start(&address, configured, proposed, prior_of(&address), &silence, scope);
            (address, component)
        })
        .collect();
    component::imply(&mut planned, &configured);
    validate::components(&planned, scope, &mut diagnostics);
    validate::news(planned.iter().map(|(address, tree)| (address, tree, prior_of(address))), &mut diagnostics);
    let is_open = |kind: &str| proposed.get(kind).is_unknown();
    references::check(&planned, is_open, &mut diagnostics);
    account_iam::check(proposed, &planned, is_open, &mut diagnostics);
    references::check_changes(&planned, History { before: &before, prior_of: &prior_of }, is_open, &mut diagnostics);

    let mut steps = Vec::new();
    let mut open: BTreeSet<Address> = BTreeSet::new();
    let mut actions: Vec<(Address, Action)> = Vec::new();
    if !diagnostics.has_error() {
        let view = component::View {
            before: &before,
            configured: &configured,
            scope,
            scope_before: &scope_before,
            is_protected,
        };
        let order = graph::order(&planned);
        let starts: Components =
            order.again.iter().filter_map(|a| Some((a.clone(), planned.get(a)?.clone()))).collect();
        // What is planned once more is judged only then.
        for address in order.all {
            let mut found = Diagnostics::new();
            let component::Planned { tree, action, is_open } =
                component::plan(&view, &address, prior_of(&address), &planned, &mut found);
            planned.insert(address.clone(), tree);
            if !starts.contains_key(&address) {
                diagnostics.extend(found);
                open.extend(is_open.then(|| address.clone()));
                actions.extend(action.map(|action| (address, action)));
            }
        }
        for (address, start) in starts {
            planned.insert(address.clone(), start);
            let component::Planned { tree, action, is_open } =
                component::plan(&view, &address, prior_of(&address), &planned, &mut diagnostics);
            planned.insert(address.clone(), tree);
            open.extend(is_open.then(|| address.clone()));
            actions.extend(action.map(|action| (address, action)));
        }
        if reasons::are_wanted() {
            let actions: BTreeMap<&Address, &Action> =
                actions.iter().map(|(address, action)| (address, action)).collect();
            for (address, planned) in &planned {
                let configured = configured.get(address).copied().unwrap_or(&Dynamic::Null);
                reasons::log(address, prior_of(address), configured, planned, actions.get(address).copied());
            }
        }
        steps.extend(actions.into_iter().map(|(address, action)| {
            let (prior, planned) = (prior_of(&address).cloned(), planned.get(&address).cloned());
            Step { address, action, prior, planned }
        }));
        references::check_values(&planned, &mut diagnostics);
        let moved: BTreeSet<&Address> = renames.values().collect();
        let gone = before.iter().filter(|(address, _)| !planned.contains_key(address) && !moved.contains(address));
        // A map of components that is unknown as a whole may hold any of them.
        let gone = gone.filter(|(address, _)| !proposed.get(address.kind.name()).is_unknown());
        let is_new = |address: &&Address| prior_of(address).is_none();
        let newcomers: BTreeSet<&Address> = planned.keys().filter(is_new).collect();
        steps.extend(gone.map(|(address, tree)| removal(address, tree, is_protected, &newcomers, &mut diagnostics)));
    }
    let (perhaps, certain): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| open.contains(&step.address));
    let view = announce::View { before: &before, planned: &planned, scope, is_protected };
    let mut announcement = Announcement::new(certain, &renames, view);
    for step in perhaps {
        announcement.add_perhaps_replaced(step, view);
    }
    announcement.add_foreign(&before, scope);
    if let Some(prior) = prior {
        announcement.add_revoked(account_iam::revoked((prior, &before), (proposed, &planned)), input.cloud);
    }
    if !diagnostics.has_error() {
        diagnostics.extend(announcement.warnings());
    }
    let planned = whole(input, planned, &steps, &announcement);
    StackPlan { planned, steps, diagnostics }
}

/// Plans the removal of a component from a stack that stays. `newcomers` are components that had no object before.
fn removal(
    address: &Address,
    component: &Dynamic,
    is_protected: bool,
    newcomers: &BTreeSet<&Address>,
    diagnostics: &mut Diagnostics,
) -> Step {
    let action = match protection::fate(address, component, is_protected) {
        Fate::Deleted => Action::Delete,
        Fate::Released => Action::Release,
        Fate::Prevented => {
            let mut problem =
                protection::prevented(address, component, "would be deleted, because it left the configuration");
            problem.detail.extend(as_rename(address, component, newcomers));
            diagnostics.push(problem);
            Action::Release
        }
    };
    Step { address: address.clone(), action, prior: Some(component.clone()), planned: None }
}

/// How a new component takes over the object of one that left, where only the KEY was to change.
fn as_rename(address: &Address, component: &Dynamic, newcomers: &BTreeSet<&Address>) -> Option<String> {
    let name = tree::text(component, common::NAME).filter(|_| !address.kind.is_named_by_cloud())?;
    let of_kind: Vec<String> =
        newcomers.iter().filter(|new| new.kind.name() == address.kind.name()).map(ToString::to_string).collect();
    let noun = address.kind.noun();
    (!of_kind.is_empty()).then(|| {
        format!(
            "\n\nIf only the KEY was to change, set name = {name:?} on the component that is to have the {noun} ({}): an object \
             under a new KEY is renamed, not deleted.",
            of_kind.join(" or ")
        )
    })
}

/// A stack does not move: its name, project and region are what its objects are found by.
fn refuse_moves(prior: &Stack, scope: &Scope, diagnostics: &mut Diagnostics) {
    let [account, region] = prior.layout().place();
    for (attribute, wanted) in
        [(model::NAME, &scope.stack), (account, &scope.place.account), (region, &scope.place.region)]
    {
        let Some(is) = prior.text(attribute) else { continue };
        let is_number = scope.place.number.as_ref() == Some(wanted);
        let same = is == wanted || (attribute == account && (scope.place.is_account(is) || is_number));
        if !same && !diagnostics.has_error() {
            // Under another name in the same place the objects themselves can change hands.
            let what = if attribute == model::NAME { "components" } else { "data" };
            diagnostics.push(
                Diagnostic::error(
                    format!("The {attribute} of a stack cannot be changed"),
                    format!(
                        "The stack was made with {attribute} {is:?}; the configuration now says {wanted:?}. Changing it \
                         would mean to make every object anew. Set it back to {is:?}, or declare a second stack with \
                         {wanted:?} and move the {what} over, as the guide on moving and renaming shows."
                    ),
                )
                .at(Path::root().attribute(attribute)),
            );
        }
    }
}

/// The stack's own attributes around the planned components.
fn whole(input: &Input<'_>, components: Components, steps: &[Step], announcement: &Announcement) -> Stack {
    let Input { prior, proposed, scope, cloud, .. } = *input;
    // Kinds that are unknown as a whole stay so.
    let known = !proposed.has_unknown_kind() && components.values().all(|component| !component.is_unknown());
    let unknown_kinds: BTreeMap<&str, Dynamic> = proposed
        .layout()
        .kinds()
        .iter()
        .filter(|kind| proposed.get(kind.name()).is_unknown())
        .map(|kind| (kind.name(), Dynamic::Unknown))
        .collect();
    let mut planned = proposed.settings_only();
    cloud.record_place(&mut planned, &scope.place);
    planned.set(model::ID, Dynamic::string(cloud.terms().stack_id(&scope.place, &scope.stack)));
    planned.set(model::STATUS, Status::Complete);
    // Where nothing is done, what the last change has deleted stays to be read until the next refresh.
    let deletes = match prior {
        Some(prior) if steps.is_empty() => prior.get(model::DELETES).clone(),
        _ => announcement.deletes(),
    };
    planned.set(model::DELETES, deletes);
    let will_write = steps.iter().any(|step| step.action != Action::Release) || prior.is_none();
    let is_certain = known && !proposed.is_ungoverned() && (!will_write || digest_is_certain(steps));
    let own = account_iam::grants(proposed, &components).filter(|_| is_certain);
    let digest = own.and_then(|own| effective::fingerprint(&components, &own, scope));
    planned.set(model::FINGERPRINT, digest.map_or(Dynamic::Unknown, Dynamic::String));
    planned
        .set(model::INVENTORY, if known { inventory::value(proposed, &components, scope) } else { Dynamic::Unknown });
    planned.put_components(components, proposed);
    for (kind, unknown) in unknown_kinds {
        planned.set(kind, unknown);
    }
    planned
}

/// Whether the digest of the planned components is the one that will be true after the steps: nothing is made anew,
/// because the server fills in what a creation leaves open.
fn digest_is_certain(steps: &[Step]) -> bool {
    steps.iter().all(|step| !matches!(step.action, Action::Create | Action::Replace))
}
