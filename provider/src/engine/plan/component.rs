//! One component's plan.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::schema::{ObjectSchema, Presence};
use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic, Path};

use super::Action;
use super::silence::{self, Silence, is_silent};
use crate::engine::address::Address;
use crate::engine::marks::{Identity, Immutable, Volatile, Wire};
use crate::engine::model::Components;
use crate::engine::protection::{self, Fate};
use crate::engine::scope::Scope;
use crate::engine::spelling::spell;
use crate::engine::wire;
use crate::engine::{common, effective, labels, references, secrets, tree};

/// What all components of one plan look at.
pub(super) struct View<'a> {
    /// The components as last read.
    pub(super) before: &'a Components,
    /// The components as configured.
    pub(super) configured: &'a BTreeMap<Address, &'a Dynamic>,
    /// Where the stack is.
    pub(super) scope: &'a Scope,
    /// The same with what the stack was last given.
    pub(super) scope_before: &'a Scope,
    /// Whether the prior state protects what it holds.
    pub(super) is_protected: bool,
}

impl View<'_> {
    fn configured_of(&self, address: &Address) -> &Dynamic {
        self.configured.get(address).copied().unwrap_or(&Dynamic::Null)
    }
}

/// A component as planned.
pub(super) struct Planned {
    /// The component, with unknowns where only the apply can tell.
    pub(super) tree: Dynamic,
    /// What is to be done, if anything.
    pub(super) action: Option<Action>,
    /// Whether a value that is not known yet decides about a replacement.
    pub(super) is_open: bool,
}

impl Planned {
    fn new(tree: Dynamic, action: Option<Action>) -> Self {
        Self { tree, action, is_open: false }
    }
}

/// The component before anything is compared: configuration, defaults, names, and prior values where the configuration
/// is silent and the provider may speak.
pub(super) fn start(
    address: &Address,
    configured: &Dynamic,
    proposed: Dynamic,
    before: Option<&Dynamic>,
    silence: &Silence<'_>,
    scope: &Scope,
) -> Dynamic {
    if proposed.is_unknown() {
        return Dynamic::Unknown;
    }
    let mut component = proposed;
    secrets::put(address.kind, &mut component, &Dynamic::Null);
    if let Some(before) = before {
        silence.settle(address, configured, before, &mut component, scope);
    }
    forget_ties(address, &mut component);
    if common::adopts(&component) {
        keep_adopted(address, configured, before, &mut component);
    }
    effective::with_names(address, &mut component, scope);
    component
}

/// Fills in what follows from other components, where the configuration is silent.
pub(super) fn imply(planned: &mut Components, configured: &BTreeMap<Address, &Dynamic>) {
    let mut implied = Vec::new();
    for (address, component) in planned.iter().filter(|(_, component)| component.as_entries().is_some()) {
        let mut others = planned.iter().map(|(other, tree)| (other.kind.name(), other.key.as_ref(), tree));
        for (name, value) in address.kind.implied(component, &mut others) {
            if configured.get(address).is_none_or(|configured| configured.get(name).is_null()) {
                implied.push((address.clone(), name, value));
            }
        }
    }
    for (address, name, value) in implied {
        if let Some(component) = planned.get_mut(&address) {
            tree::set(component, name, value);
        }
    }
}

/// Leaves to an adopted object, and to the objects inside it, what the configuration is silent about: its value where it is
/// known, and open where it is yet to be found.
fn keep_adopted(address: &Address, configured: &Dynamic, before: Option<&Dynamic>, component: &mut Dynamic) {
    let object = address.kind.object();
    keep_silent(object, configured, before, component);
    for attribute in &object.attributes {
        let (name, Some(inner)) = (attribute.name.as_ref(), wire::children(attribute)) else { continue };
        let children = component.as_entries_mut().and_then(|entries| entries.get_mut(name));
        for (key, child) in children.and_then(Dynamic::as_entries_mut).into_iter().flatten() {
            let said = configured.get(name).get(key);
            let was = before.map(|before| before.get(name).get(key));
            // A child that joins an object which the stack has already is a new one.
            if child.as_entries().is_some() && !was.is_some_and(Dynamic::is_null) {
                keep_silent(inner, said, was, child);
            }
        }
    }
}

fn keep_silent(object: &ObjectSchema, configured: &Dynamic, before: Option<&Dynamic>, tree: &mut Dynamic) {
    // By its name an object is found: there silence means the default.
    let tells =
        |attribute: &&Attribute| attribute.name == common::NAME || attribute.extensions.get::<Identity>().is_some();
    let silent = object.attributes.iter().filter(|attribute| {
        attribute.presence == Presence::OptionalComputed
            && attribute.extensions.get::<Wire>().is_some()
            && configured.get(&attribute.name).is_null()
    });
    for attribute in silent.filter(|attribute| before.is_some() || !tells(attribute)) {
        let kept = match before {
            Some(before) => before.get(&attribute.name).clone(),
            None if attribute.default.is_some() => Dynamic::Unknown,
            None => continue,
        };
        tree::set(tree, attribute.name.clone(), kept);
    }
}

/// The warning for an adopted object of which silence means the defaults again: what the state does not know of it, this plan
/// cannot show.
fn no_longer_adopted(address: &Address, before: &Dynamic, component: &Dynamic) -> Option<Diagnostic> {
    let is_unseen = |attribute: &&Attribute| {
        let name = attribute.name.as_ref();
        attribute.presence == Presence::Optional
            && attribute.extensions.get::<Wire>().is_some()
            && wire::children(attribute).is_none()
            && before.get(name).is_null()
            && component.get(name).is_null()
    };
    let attributes = address.kind.object().attributes.iter();
    let unseen: Vec<&str> = attributes.filter(is_unseen).map(|attribute| attribute.name.as_ref()).collect();
    let noun = address.kind.noun();
    (!unseen.is_empty()).then(|| {
        Diagnostic::warning(
            format!("The {noun} is no longer adopted"),
            format!(
                "{address} loses adopt = true, so silence means the defaults again. What the state knows goes back in this \
                 change, as the plan shows. Of the rest ({}) the apply changes nothing; the next plan shows what the {noun} has, \
                 and would take it away. To keep a value, set it, or leave adopt = true.",
                unseen.join(", ")
            ),
        )
        .at(address.path().attribute(common::ADOPT))
    })
}

/// Drops what the prior state says of what children are tied to: they shall be tied to this component.
fn forget_ties(address: &Address, component: &mut Dynamic) {
    let is_tie = |attribute: &&Attribute| {
        attribute.presence == Presence::Computed && attribute.extensions.get::<Immutable>().is_some()
    };
    for attribute in &address.kind.object().attributes {
        let Some(object) = wire::children(attribute) else { continue };
        let children = component.as_entries_mut().and_then(|entries| entries.get_mut(attribute.name.as_ref()));
        let children = children.and_then(Dynamic::as_entries_mut).into_iter().flatten().map(|(_, child)| child);
        for child in children.filter(|child| child.as_entries().is_some()) {
            for tie in object.attributes.iter().filter(is_tie) {
                tree::set(child, tie.name.clone(), Dynamic::Null);
            }
        }
    }
}

/// The planned tree of a component, and what is to be done, if anything. `all` holds the planned components, of which
/// those that this one refers to are final.
pub(super) fn plan(
    view: &View<'_>,
    address: &Address,
    before: Option<&Dynamic>,
    all: &Components,
    diagnostics: &mut Diagnostics,
) -> Planned {
    let mut component = all.get(address).cloned().unwrap_or_default();
    if component.is_unknown() {
        return Planned::new(component, None);
    }
    if let Some(labels) = labels::wanted(address, &component, before, view.scope) {
        tree::set(&mut component, address.kind.effective_labels(), labels);
    }
    let Some(before) = before else {
        let mut created = created(view, address, component, all);
        if (view.before.is_empty() || common::adopts(&created)) && labels::are_kept(address.kind) {
            // The creation of a whole stack may go on with objects that an import left, and an adopted one was another's: they
            // bear no stamp.
            tree::set(&mut created, address.kind.effective_labels(), Dynamic::Unknown);
        }
        return Planned::new(created, Some(Action::Create));
    };
    if common::adopts(before) && !common::adopts(&component) {
        diagnostics.extend(no_longer_adopted(address, before, &component));
    }
    let meant_before = effective::effective(address, before, view.before, view.scope_before);
    let meant = effective::effective(address, &component, all, view.scope);
    let mut changed = effective::changed(address, &meant_before, &meant);
    changed.extend(sent_secrets(view, address, before, &component, diagnostics));
    require_secrets(view, address, before, &changed, diagnostics);
    check_remade(view, address, before, &component, (&meant_before, &meant), diagnostics);
    for attribute in &address.kind.object().attributes {
        wire::carry(attribute, (before, &meant_before), &meant, &mut component);
    }
    // Terraform accepts another spelling than the configured one only where it stood before, at the same KEY.
    if view.before.get(address).is_some_and(|own| std::ptr::eq(own, before)) {
        keep_spellings(view, address, &meant_before, &meant, (before, all), &mut component);
    }

    let fixed = changed.iter().copied().filter(|attribute| attribute.extensions.get::<Immutable>().is_some());
    let (moved, open): (Vec<&Attribute>, Vec<&Attribute>) =
        fixed.partition(|attribute| meant.get(&attribute.name).is_wholly_known());
    let is_lost =
        address.kind.is_beyond_repair(before) && protection::fate(address, before, view.is_protected) == Fate::Deleted;
    let may_replace = is_lost || protection::may_be_replaced(&component);
    // What is not known yet may turn out to be the same: then the apply replaces nothing.
    let is_open = !is_lost && may_replace && moved.is_empty() && !open.is_empty();
    let asked = match moved.first().or(open.first().filter(|_| is_open)) {
        Some(deciding) => Some(replacement(view, address, before, &component, deciding, may_replace)),
        None => is_lost.then_some(Ok(())),
    };
    if let Some(answer) = asked {
        match answer {
            Ok(()) => {
                // The new object has to keep rules that the old one may break.
                address.kind.validate_new(&component, &address.path(), diagnostics);
                tree::set(&mut component, common::IMPORTED, Dynamic::Null);
                if let Some(labels) = labels::wanted(address, &component, None, view.scope) {
                    tree::set(&mut component, address.kind.effective_labels(), labels);
                }
                forget(view, address, &mut component);
                let tree = created(view, address, component, all);
                return Planned { tree, action: Some(Action::Replace), is_open };
            }
            Err(Refused::NotAllowed) => {
                moved.iter().for_each(|fixed| diagnostics.push(refusal(address, fixed, &meant_before, &meant)));
            }
            Err(Refused::Because(problem)) => diagnostics.push(*problem),
        }
    }

    if meant_before != meant {
        address.kind.validate_change(&meant_before, &meant, &address.path(), diagnostics);
    }

    let grants_of = |component, all| {
        (effective::grants(address, component, all), effective::account_grants(address, component, all))
    };
    let after = grants_of(&component, all);
    let grants = after.0.is_none() || after.1.is_none() || grants_of(before, view.before) != after;
    let is_complete = address.kind.was_ready(before);
    if !grants && changed.is_empty() && is_complete {
        return Planned::new(component, None);
    }
    let attributes: Vec<String> = changed.iter().map(|attribute| attribute.name.to_string()).collect();
    if !attributes.is_empty() || !is_complete {
        for attribute in &address.kind.object().attributes {
            let volatile = attribute.extensions.get::<Volatile>();
            let moves =
                |volatile: &Volatile| !is_complete || changed.iter().any(|changed| volatile.moves_with(changed));
            if volatile.is_some_and(moves) {
                tree::set(&mut component, attribute.name.clone(), Dynamic::Unknown);
            }
        }
        let silent: BTreeSet<&str> = attributes.iter().map(String::as_str).collect();
        leave_open_inside(address.kind.object(), &mut component, &silent);
    }
    Planned::new(component, Some(Action::Update { attributes, grants }))
}

/// Why an object is not replaced.
enum Refused {
    /// The configuration does not allow it.
    NotAllowed,
    /// It is protected, or its successor would have its name.
    Because(Box<Diagnostic>),
}

/// Whether the object may be replaced, which `attribute` asks for.
fn replacement(
    view: &View<'_>,
    address: &Address,
    before: &Dynamic,
    component: &Dynamic,
    attribute: &Attribute,
    may_replace: bool,
) -> Result<(), Refused> {
    if !may_replace {
        return Err(Refused::NotAllowed);
    }
    let name = |component| address.kind.object_name(component, view.scope);
    let keeps_name = name(before).is_some_and(|old| name(component) == Some(old)) && !address.kind.is_named_by_cloud();
    match protection::fate(address, before, view.is_protected) {
        Fate::Deleted => match address.kind.name_is_kept_for().filter(|_| keeps_name) {
            Some(time) => Err(Refused::Because(Box::new(name_kept(address, attribute, time)))),
            None => Ok(()),
        },
        Fate::Prevented => {
            let what = format!("would be replaced, because {} changes", attribute.name);
            let problem = protection::prevented(address, before, &what).at(path_of(address, attribute));
            Err(Refused::Because(Box::new(problem)))
        }
        Fate::Released => {
            if keeps_name {
                Err(Refused::Because(Box::new(name_in_use(address, attribute))))
            } else {
                Ok(())
            }
        }
    }
}

/// The error for a replacement under a name that the cloud keeps to itself for a while.
fn name_kept(address: &Address, attribute: &Attribute, time: &str) -> Diagnostic {
    let (noun, changed) = (address.kind.noun(), &attribute.name);
    Diagnostic::error(
        format!("The name of a deleted {noun} stays taken"),
        format!(
            "{changed} of {address} changes, which needs a new {noun}; but the name of the old one cannot be used again for {time} \
             after its deletion. Give the new one a name of its own in the same change, or set {changed} back."
        ),
    )
    .at(path_of(address, attribute))
}

/// The error for a replacement under the name of an object that stays.
fn name_in_use(address: &Address, attribute: &Attribute) -> Diagnostic {
    let (noun, name) = (address.kind.noun(), &attribute.name);
    Diagnostic::error(
        format!("The {noun} cannot be replaced"),
        format!(
            "{name} of {address} changes, which needs a new {noun}; but the old one was imported or has deletion_policy = \
             \"ABANDON\" in the state, so it stays in the cloud, and its name with it. Set {name} back, or give the new one \
             a name of its own."
        ),
    )
    .at(path_of(address, attribute))
}

/// The secrets to be sent. One that an imported object has already is not, nor is one without a value: the plan says so.
fn sent_secrets<'a>(
    view: &View<'_>,
    address: &'a Address,
    before: &Dynamic,
    component: &Dynamic,
    diagnostics: &mut Diagnostics,
) -> Vec<&'a Attribute> {
    let configured = view.configured_of(address);
    let (noun, has_value) = (address.kind.noun(), |secret: &&Attribute| !configured.get(&secret.name).is_null());
    for secret in effective::taken_over(address, before, component).into_iter().filter(has_value) {
        let name = &secret.name;
        diagnostics.push(
            Diagnostic::warning(
                format!("The {noun} keeps the value that it has"),
                format!(
                    "{address} was imported with a value, and {name}_version is in the configuration for the first time: it is \
                     recorded, and {name} is not sent. To send it, change {name}_version once more in a later apply."
                ),
            )
            .at(path_of(address, secret)),
        );
    }
    let (sent, without): (Vec<_>, Vec<_>) =
        effective::rotated(address, before, component).into_iter().partition(has_value);
    for secret in without {
        let name = &secret.name;
        diagnostics.push(
            Diagnostic::warning(
                format!("There is no value to send to the {noun}"),
                format!(
                    "{name}_version of {address} asks for a new value, and {name} is not set, so nothing is sent. Set {name}, or \
                     remove {name}_version if somebody else adds values."
                ),
            )
            .at(path_of(address, secret)),
        );
    }
    sent
}

/// Refuses changes of objects inside the component's that the API cannot make, where these may not be made anew. What
/// nobody asked for, and what serves nobody as it is, is mended without `allow_replacement`.
fn check_remade(
    view: &View<'_>,
    address: &Address,
    before: &Dynamic,
    component: &Dynamic,
    (meant_before, meant): (&Dynamic, &Dynamic),
    diagnostics: &mut Diagnostics,
) {
    let may_replace = protection::may_be_replaced(component);
    for attribute in &address.kind.object().attributes {
        let name = &attribute.name;
        for remade in wire::remade(attribute, meant_before.get(name), meant.get(name)) {
            let path = path_of(address, attribute).key(remade.key).attribute(remade.attribute.name.clone());
            let is_allowed = may_replace || address.kind.is_dead(remade.was);
            match protection::fate_inside(address, before, remade.was, view.is_protected) {
                Fate::Deleted if is_allowed => {}
                // Nobody asked for it: there is no setting to take back.
                Fate::Prevented if address.kind.is_dead(remade.was) => {
                    diagnostics.push(child_stays(address, attribute, &remade).at(path));
                }
                Fate::Deleted => diagnostics.push(child_refusal(address, attribute, &remade).at(path)),
                Fate::Prevented => {
                    let what = format!(
                        "{name}[{:?}] would be deleted and created anew, because {} changes",
                        remade.key, remade.attribute.name
                    );
                    diagnostics
                        .push(protection::prevented(address, before, &format!("stays, and its {what}")).at(path));
                }
                Fate::Released => diagnostics.push(child_stays(address, attribute, &remade).at(path)),
            }
        }
    }
}

/// The error for a change of an object inside the component's that the API cannot make.
fn child_refusal(address: &Address, attribute: &Attribute, remade: &wire::Remade<'_>) -> Diagnostic {
    let (name, place) = (&remade.attribute.name, format!("{address}.{}[{:?}]", attribute.name, remade.key));
    let (is, wanted) = (spell(remade.was.get(name)), spell(remade.is.get(name)));
    Diagnostic::error(
        format!("The {name} of an object inside a {} cannot be changed", address.kind.noun()),
        format!(
            "{place} exists with {name} = {is}; the configuration says {wanted}. The API cannot change it, so the only way is to \
             delete the object and to create it anew, and what is in it would be lost.\n\nTo keep it, set {name} = {is}. To \
             replace it all the same, set allow_replacement = true on {address} for one apply. To have both, give the new one \
             a KEY and a name of its own."
        ),
    )
}

fn child_stays(address: &Address, attribute: &Attribute, remade: &wire::Remade<'_>) -> Diagnostic {
    let (name, place) = (&remade.attribute.name, format!("{address}.{}[{:?}]", attribute.name, remade.key));
    let (is, wanted) = (spell(remade.was.get(name)), spell(remade.is.get(name)));
    let set_back =
        if remade.attribute.presence.is_configurable() { format!("set {name} = {is}, ") } else { String::new() };
    Diagnostic::error(
        format!("An object inside a {} cannot be replaced", address.kind.noun()),
        format!(
            "{place} exists with {name} = {is}; it shall be {wanted}, which needs a new object. But {address} is protected, was \
             imported or has deletion_policy = \"ABANDON\" in the state, so what is there is not deleted, and its name is not \
             free. To go on, {set_back}give the new one a name of its own, or delete the old one by hand."
        ),
    )
}

/// Secrets that were sent once and that a change would lose must be given again.
fn require_secrets(
    view: &View<'_>,
    address: &Address,
    before: &Dynamic,
    changed: &[&Attribute],
    diagnostics: &mut Diagnostics,
) {
    let configured = view.configured_of(address);
    for secret in effective::resent(address, changed) {
        let was_sent = !before.get(&secrets::version_of(secret)).is_null();
        if (was_sent || address.kind.keeps_secret(before, &secret.name)) && configured.get(&secret.name).is_null() {
            let (noun, name) = (address.kind.noun(), &secret.name);
            diagnostics.push(
                Diagnostic::error(
                    "Secrets are needed for this change",
                    format!(
                        "The API keeps {name} of a {noun} together with what changes ({}), does not show it, and would lose \
                         it. Set {name} on {address} for this apply.",
                        changed.iter().map(|attribute| attribute.name.as_ref()).collect::<Vec<_>>().join(", ")
                    ),
                )
                .at(path_of(address, secret)),
            );
        }
    }
}

/// A component that will be made: what can be foreseen is, all else that the provider sets is unknown.
fn created(view: &View<'_>, address: &Address, mut component: Dynamic, all: &Components) -> Dynamic {
    // Unknown rather than false: a creation may go on with what was imported before.
    tree::set(&mut component, common::IMPORTED, Dynamic::Unknown);
    // A name may follow from what the component refers to.
    let resolved = references::resolve(address, &component, all);
    for (name, value) in address.kind.predict(&resolved, view.scope) {
        if component.get(name).is_null() && value.is_wholly_known() {
            tree::set(&mut component, name, value);
        }
    }
    leave_open(address.kind.object(), &mut component);
    component
}

/// Drops what only the old object knew, before a replacement.
fn forget(view: &View<'_>, address: &Address, component: &mut Dynamic) {
    let configured = view.configured_of(address);
    for attribute in &address.kind.object().attributes {
        let is_kept = attribute.name == common::NAME || common::is_effective_labels(attribute);
        if is_silent(attribute, configured) && !is_kept {
            tree::set(component, attribute.name.clone(), Dynamic::Null);
        }
    }
    effective::with_names(address, component, view.scope);
}

/// Marks what the provider will set, at every depth.
fn leave_open(object: &ObjectSchema, component: &mut Dynamic) {
    open_where(object, component, |_| true);
}

/// The same in an update.
fn leave_unsettled_open(object: &ObjectSchema, component: &mut Dynamic) {
    open_where(object, component, |attribute| !silence::is_settled(attribute));
}

fn open_where(object: &ObjectSchema, component: &mut Dynamic, is_open: impl Fn(&Attribute) -> bool) {
    tree::walk_mut(object, component, &mut |attribute, value| {
        if attribute.presence.is_computed() && value.is_null() && is_open(attribute) {
            *value = Dynamic::Unknown;
        }
    });
}

/// Marks what the provider will set inside the nested attributes that change, where silence does not mean something already.
fn leave_open_inside(object: &ObjectSchema, component: &mut Dynamic, changed: &BTreeSet<&str>) {
    for attribute in object.attributes.iter().filter(|attribute| changed.contains(attribute.name.as_ref())) {
        let Some((_, inner)) = attribute.nested() else { continue };
        let Some(value) = component.as_entries_mut().and_then(|entries| entries.get_mut(attribute.name.as_ref()))
        else {
            continue;
        };
        match value {
            Dynamic::Object(_) => leave_unsettled_open(inner, value),
            Dynamic::List(items) => items.iter_mut().for_each(|item| leave_unsettled_open(inner, item)),
            Dynamic::Map(items) => items.values_mut().for_each(|item| leave_unsettled_open(inner, item)),
            _ => {}
        }
    }
}

/// Where the meaning is the same, the spelling of the state stays; not one that means something else among the planned
/// components: the KEY of before may be nobody's now.
fn keep_spellings(
    view: &View<'_>,
    address: &Address,
    meant_before: &Dynamic,
    meant: &Dynamic,
    (before, all): (&Dynamic, &Components),
    component: &mut Dynamic,
) {
    let configured = view.configured_of(address);
    for attribute in &address.kind.object().attributes {
        let (was, is) = (before.get(&attribute.name), component.get(&attribute.name));
        if was.is_null() || is.is_null() || was == is {
            continue;
        }
        let has_new_keys = |was: &Dynamic, is: &Dynamic| match (was.as_entries(), is.as_entries()) {
            (Some(was), Some(is)) => !was.keys().eq(is.keys()),
            _ => true,
        };
        if wire::children(attribute).is_some() && has_new_keys(was, is) {
            continue;
        }
        let same = if attribute.extensions.get::<Wire>().is_some() {
            wire::equal(attribute, meant_before.get(&attribute.name), meant.get(&attribute.name))
        } else {
            wire::equal(attribute, was, is)
        };
        let settable = attribute.presence == Presence::Computed || !configured.get(&attribute.name).is_unknown();
        let spelling = as_before(was, is);
        if same && settable && still_means(view, address, attribute, &spelling, component, meant, all) {
            tree::set(component, attribute.name.clone(), spelling);
        }
    }
}

/// The planned value in the spelling of the state's, which means the same. What is not said, at any depth, stays unsaid: the
/// state may hold in words what silence means.
fn as_before(was: &Dynamic, is: &Dynamic) -> Dynamic {
    match (was, is) {
        (Dynamic::Null, _) | (_, Dynamic::Null) => is.clone(),
        (Dynamic::Object(there), Dynamic::Object(said)) if there.keys().eq(said.keys()) => {
            Dynamic::Object(said.iter().map(|(key, is)| (key.clone(), as_before(was.get(key), is))).collect())
        }
        (Dynamic::Map(there), Dynamic::Map(said)) if there.keys().eq(said.keys()) => {
            Dynamic::Map(said.iter().map(|(key, is)| (key.clone(), as_before(was.get(key), is))).collect())
        }
        (Dynamic::List(there), Dynamic::List(said)) if said.iter().any(|item| item.as_entries().is_some()) => {
            // Where their order means nothing, the objects of a list may have changed places.
            let says_as_much =
                there.len() == said.len() && there.iter().zip(said).all(|(was, is)| as_before(was, is) == *was);
            if says_as_much { was.clone() } else { is.clone() }
        }
        _ => was.clone(),
    }
}

/// Whether the state's spelling of a value means among the planned components, and in the component as planned, what the
/// planned spelling means, and keeps the order of work: it may name KEYs that are others now.
fn still_means(
    view: &View<'_>,
    address: &Address,
    attribute: &Attribute,
    spelling: &Dynamic,
    component: &Dynamic,
    meant: &Dynamic,
    all: &Components,
) -> bool {
    let value = component.get(&attribute.name);
    if references::may_refer(attribute) && !references::orders_alike(address, attribute, spelling, value, all) {
        return false;
    }
    let mut respelt = component.clone();
    tree::set(&mut respelt, attribute.name.clone(), spelling.clone());
    let respelt = effective::effective(address, &respelt, all, view.scope);
    wire::equal(attribute, respelt.get(&attribute.name), meant.get(&attribute.name))
}

/// The error for a change of what cannot change.
fn refusal(address: &Address, attribute: &Attribute, before: &Dynamic, after: &Dynamic) -> Diagnostic {
    let (noun, name) = (address.kind.noun(), &attribute.name);
    let (is, wanted) = (spell(before.get(name)), spell(after.get(name)));
    Diagnostic::error(
        format!("The {name} of a {noun} cannot be changed"),
        format!(
            "{address} exists with {name} = {is}; the configuration says {wanted}. The API cannot change it, so the only way \
             is to delete the {noun} and to make it anew, and what is in it would be lost.\n\nTo keep the {noun}, set \
             {name} = {is}. To replace it all the same, set allow_replacement = true on {address} for one apply. To have \
             both, give the new one a KEY and a name of its own."
        ),
    )
    .at(path_of(address, attribute))
}

fn path_of(address: &Address, attribute: &Attribute) -> Path {
    address.path().attribute(attribute.name.clone())
}
