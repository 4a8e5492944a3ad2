//! One step of an apply.

use std::collections::BTreeMap;

use tfplugin::{Attribute, Diagnostic, Diagnostics, Dynamic};

use super::Work;
use super::create::{self, Made};
use crate::engine::address::Address;
use crate::engine::effective::settle;
use crate::engine::error::CallError;
use crate::engine::grants::Grants;
use crate::engine::objects::{Change, LiveObject, UpdateError};
use crate::engine::plan::{Action, Step, silence};
use crate::engine::problem::{self, Operation};
use crate::engine::protection::{self, Fate};
use crate::engine::references::{self, Part};
use crate::engine::run::Run;
use crate::engine::{effective, labels, refresh, secrets, tree, wire};

/// Does one part of a step and records what exists afterwards.
pub(super) async fn run(work: &Work<'_>, step: &Step, part: Part) -> Diagnostics {
    let address = &step.address;
    if let Some(planned) = step.planned.as_ref().filter(|_| !step.is_removal()) {
        let unset = references::check_part(address, planned, part, &work.live());
        if unset.has_error() {
            return unset;
        }
    }
    let later = step.parts();
    match (&step.action, &step.prior, &step.planned, part) {
        (Action::Create, _, Some(planned), Part::Object) => make(work, address, planned, &later).await,
        (Action::Create, _, Some(planned), Part::Children) => make_children(work, address, planned).await,
        (Action::Create, _, Some(planned), Part::Grants) => {
            let left = work.left.get(address).cloned().unwrap_or_default();
            grant(work, address, &left, planned).await
        }
        (Action::Update { .. }, Some(prior), Some(planned), Part::Object) => {
            change(work, address, prior, planned, &later).await
        }
        (Action::Update { .. }, Some(prior), Some(planned), Part::Children) => {
            change_children(work, address, prior, planned).await
        }
        (Action::Update { .. }, Some(prior), Some(planned), Part::Grants) => grant(work, address, prior, planned).await,
        (Action::Delete, Some(prior), _, _) => delete(work, address, prior).await,
        (Action::Discard, Some(prior), _, _) => discard(work, address, prior).await,
        (Action::Release, Some(prior), _, _) => release(work, address, prior).await,
        _ => Diagnostics::new(),
    }
}

/// The component with what comes `later` as `from` has it: what is true as long as that is not written.
fn object_of(address: &Address, component: &Dynamic, from: &Dynamic, later: &[Part]) -> Dynamic {
    let mut object = component.clone();
    let comes_later =
        |attribute: &&Attribute| Part::of(attribute) != Part::Object && later.contains(&Part::of(attribute));
    for attribute in address.kind.object().attributes.iter().filter(comes_later) {
        tree::set(&mut object, attribute.name.clone(), from.get(&attribute.name).clone());
    }
    object
}

/// The component without the children that have outlived their object and serve nobody: they are still in the way, and are
/// made anew when children have their turn.
fn without_dead(address: &Address, component: &Dynamic) -> Dynamic {
    let mut alive = component.clone();
    for attribute in address.kind.object().attributes.iter().filter(|attribute| wire::holds_objects(attribute)) {
        let Some(children) = component.get(&attribute.name).as_entries() else { continue };
        let kept = children.iter().filter(|(_, child)| !address.kind.is_dead(child));
        let kept = kept.map(|(key, child)| (key.clone(), child.clone())).collect();
        tree::set(&mut alive, attribute.name.clone(), Dynamic::Map(kept));
    }
    alive
}

/// Records one part of a component, as `component` has it, in what is recorded already.
fn record(work: &Work<'_>, address: &Address, part: Part, component: &Dynamic) {
    let mut live = work.live();
    let recorded = live.entry(address.clone()).or_insert_with(|| component.clone());
    for attribute in address.kind.object().attributes.iter().filter(|attribute| Part::of(attribute) == part) {
        tree::set(recorded, attribute.name.clone(), component.get(&attribute.name).clone());
    }
}

async fn make(work: &Work<'_>, address: &Address, planned: &Dynamic, later: &[Part]) -> Diagnostics {
    let left = work.left.get(address).cloned().unwrap_or_default();
    let object = object_of(address, planned, &left, later);
    let Made { component, created, diagnostics, .. } = create::create(work, address, &object).await;
    if let Some(component) = component {
        work.live().insert(address.clone(), component);
    }
    if let Some(created) = created {
        work.created().insert(address.clone(), created);
    }
    diagnostics
}

async fn make_children(work: &Work<'_>, address: &Address, planned: &Dynamic) -> Diagnostics {
    let created = work.created().remove(address);
    let Made { component, reached, diagnostics, .. } = create::create_children(work, address, planned, created).await;
    if let Some(found) = reached {
        let nothing = (Dynamic::Null, Dynamic::Null);
        let meant = effective::effective(address, planned, &work.live(), &work.run.scope);
        record_reached(work, address, (&nothing.0, &nothing.1), (planned, &meant), &found);
    } else if let Some(component) = component.filter(|_| !diagnostics.has_error()) {
        record(work, address, Part::Children, &component);
    }
    diagnostics
}

/// Records the children that exist after a change that did not come to its end: those that are planned and those that were
/// there before. Each component comes with what it means.
fn record_reached(
    work: &Work<'_>,
    address: &Address,
    (prior, was): (&Dynamic, &Dynamic),
    (planned, meant): (&Dynamic, &Dynamic),
    found: &LiveObject,
) {
    let mut reached = planned.clone();
    for attribute in address.kind.object().attributes.iter().filter(|attribute| wire::holds_objects(attribute)) {
        let name = attribute.name.as_ref();
        let there = found.tree.get(name);
        let Some(object) = wire::children(attribute) else {
            let known: BTreeMap<_, _> = [prior, planned].iter().flat_map(|of| tree::strings(of.get(name))).collect();
            tree::set(&mut reached, attribute.name.clone(), labels::tracked(there, &tree::string_map(&known)));
            continue;
        };
        let mut children = wire::tracked(object, planned.get(name), meant.get(name), there);
        let old = wire::tracked(object, prior.get(name), was.get(name), there);
        for key in wire::lost(attribute, was.get(name), meant.get(name)) {
            let left = old.as_entries().and_then(|old| old.get(key));
            if let (Some(left), Dynamic::Map(entries)) = (left, &mut children)
                && !entries.contains_key(key)
            {
                entries.insert(key, left.clone());
            }
        }
        tree::set(&mut reached, attribute.name.clone(), settle(&children, &Dynamic::Null));
    }
    secrets::forget_unsent_inside(address, (prior, was), meant, &mut reached);
    record(work, address, Part::Children, &reached);
}

/// A component as it was and as it shall be, with references resolved and the secrets that have to be sent.
fn effective_change(work: &Work<'_>, address: &Address, prior: &Dynamic, planned: &Dynamic) -> (Dynamic, Dynamic) {
    let all = work.live();
    let before = effective::effective(address, prior, work.before, work.scope_before);
    let mut after = effective::effective(address, planned, &all, &work.run.scope);
    silence::unsaid(address.kind.object(), &mut after);
    let mut sent = effective::rotated(address, prior, planned);
    sent.extend(effective::resent(address, &effective::changed(address, &before, &after)));
    let with_secrets = work.with_secrets(address, planned);
    secrets::put(address.kind, &mut after, &secrets::of(address.kind, &with_secrets).unwrap_or_default());
    for attribute in address.kind.object().attributes.iter().filter(|attribute| attribute.write_only) {
        if !sent.iter().any(|sent| sent.name == attribute.name) {
            tree::set(&mut after, attribute.name.clone(), Dynamic::Null);
        }
    }
    secrets::keep_changed_inside(address, &before, protection::came_by_import(prior), &mut after);
    let after = settle(&after, &before);
    (without_released(work, address, prior, before, &after), after)
}

/// `before` without the inner objects that leave the component and are released rather than deleted, as the plan has
/// announced: what it does not hold stays untouched.
fn without_released(
    work: &Work<'_>,
    address: &Address,
    prior: &Dynamic,
    mut before: Dynamic,
    after: &Dynamic,
) -> Dynamic {
    for attribute in address.kind.object().attributes.iter().filter(|attribute| wire::holds_objects(attribute)) {
        let was = before.get(&attribute.name);
        let mut released = wire::lost(attribute, was, after.get(&attribute.name));
        released
            .retain(|key| protection::fate_inside(address, prior, was.get(key), work.is_protected) != Fate::Deleted);
        if !released.is_empty() {
            let kept = was.as_entries().into_iter().flatten().filter(|(key, _)| !released.contains(&key.as_str()));
            let kept = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
            tree::set(&mut before, attribute.name.clone(), Dynamic::Map(kept));
        }
    }
    before
}

async fn change(work: &Work<'_>, address: &Address, prior: &Dynamic, planned: &Dynamic, later: &[Part]) -> Diagnostics {
    let (run, kind) = (work.run, address.kind);
    let planned = &object_of(address, planned, prior, later);
    let (before, after) = effective_change(work, address, prior, planned);
    let after = object_of(address, &after, &before, later);
    let Some(name) = kind.object_name(prior, &run.scope) else { return make(work, address, planned, &[]).await };
    let is_written = !effective::changed(address, &before, &after).is_empty()
        || kind.object().attributes.iter().any(|a| a.write_only && !after.get(&a.name).is_null());
    let result = if is_written {
        kind.objects().update(kind.object(), run, &name, Change { before: &before, after: &after }).await.map(Some)
    } else if kind.was_ready(prior) {
        Ok(None)
    } else {
        repair(run, address, &name).await.map(Some).map_err(UpdateError::Call)
    };
    let (found, diagnostics) = match result {
        Ok(Some(Some(found))) => {
            let aligned = wire::aligned(kind.object(), &after, &found.tree);
            (aligned, create::failure_of(address, &found))
        }
        // It went between plan and apply: it is made again.
        Ok(Some(None)) => {
            work.live().remove(address);
            return make(work, address, &without_dead(address, planned), &[]).await;
        }
        Ok(None) => (prior.clone(), Diagnostics::new()),
        Err(UpdateError::Unread { found, error }) => {
            let aligned = wire::aligned(kind.object(), &after, &found.tree);
            (aligned, problem::of_component(address, Operation::Update, &error).into())
        }
        Err(UpdateError::Partly { found, error }) => {
            let reached = refresh::reached(address, (prior, &before), (planned, &after), &found.tree);
            work.live().insert(address.clone(), reached);
            return problem::of_component(address, Operation::Update, &error).into();
        }
        Err(UpdateError::Call(error)) => return problem::of_component(address, Operation::Update, &error).into(),
        Err(UpdateError::ByOthers { found, attributes }) => {
            return leave_to_others(work, address, &found, &attributes);
        }
    };
    work.live().insert(address.clone(), settle(planned, &found));
    diagnostics
}

/// Changes the children of an object, once the object itself is as it shall be.
async fn change_children(work: &Work<'_>, address: &Address, prior: &Dynamic, planned: &Dynamic) -> Diagnostics {
    let (run, kind) = (work.run, address.kind);
    let (was, after) = effective_change(work, address, prior, planned);
    let recorded = work.live().get(address).cloned().unwrap_or_default();
    let mut before = after.clone();
    for attribute in kind.object().attributes.iter().filter(|attribute| Part::of(attribute) == Part::Children) {
        tree::set(&mut before, attribute.name.clone(), was.get(&attribute.name).clone());
    }
    let Some(name) = kind.object_name(&recorded, &run.scope) else { return Diagnostics::new() };
    match kind.objects().update(kind.object(), run, &name, Change { before: &before, after: &after }).await {
        Ok(Some(found)) => {
            let aligned = wire::aligned(kind.object(), &after, &found.tree);
            record(work, address, Part::Children, &settle(planned, &aligned));
            Diagnostics::new()
        }
        Ok(None) => create::disappeared(address).into(),
        Err(UpdateError::Partly { found, error } | UpdateError::Unread { found, error }) => {
            record_reached(work, address, (prior, &was), (planned, &after), &found);
            problem::of_component(address, Operation::Update, &error).into()
        }
        Err(UpdateError::Call(error)) => problem::of_component(address, Operation::Update, &error).into(),
        Err(UpdateError::ByOthers { found, attributes }) => leave_to_others(work, address, &found, &attributes),
    }
}

/// Leaves the object as somebody else has changed it meanwhile, and records it so.
fn leave_to_others(work: &Work<'_>, address: &Address, found: &LiveObject, attributes: &[String]) -> Diagnostics {
    let there = references::escape(address, found.tree.clone());
    if let Some(component) = work.live().get_mut(address) {
        for name in attributes {
            tree::set(component, name.clone(), there.get(name).clone());
        }
    }
    create::changed_by_others(address, found, attributes).into()
}

/// Has the API try again on an object that was never ready. `None` when it is gone.
async fn repair(run: &Run, address: &Address, name: &str) -> Result<Option<LiveObject>, CallError> {
    let kind = address.kind;
    match kind.read(run, name).await? {
        Some(found) => kind.objects().repair(kind.object(), run, found).await,
        None => Ok(None),
    }
}

/// Takes the stack's stamp off an object that it forgets, so that another stack may have it.
async fn release(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostics {
    let kind = address.kind;
    let is_ours = labels::owner(kind.terms(), prior, &work.run.scope) == labels::Owner::This;
    let (true, Some(name)) = (is_ours, kind.object_name(prior, &work.run.scope)) else { return Diagnostics::new() };
    let before = effective::effective(address, prior, work.before, work.scope_before);
    let mut after = before.clone();
    let effective = kind.effective_labels();
    tree::set(&mut after, effective, labels::without_stamps(before.get(effective)));
    let change = Change { before: &before, after: &after };
    match kind.objects().update(kind.object(), work.run, &name, change).await {
        Err(UpdateError::Call(error) | UpdateError::Partly { error, .. } | UpdateError::Unread { error, .. }) => {
            let (noun, label) = (kind.noun(), kind.terms().labels().noun);
            let detail = format!(
                "{address}: the {noun} is released, but still bears the {label} {}, by which this stack would know it again: \
                 {error}. Remove the {label} by hand where another stack is to have the {noun}.",
                labels::STACK_STAMP
            );
            Diagnostic::warning(format!("The {label} of the {noun} stays"), detail).at(address.path()).into()
        }
        Ok(_) | Err(UpdateError::ByOthers { .. }) => Diagnostics::new(),
    }
}

/// Deletes the object that was replaced by another. The component is that other one by now.
async fn discard(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostics {
    match remove(work, address, prior).await {
        Ok(kept) => kept.into_iter().collect(),
        Err(problem) => [problem, left_over(work, address, prior)].into_iter().collect(),
    }
}

async fn delete(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostics {
    match remove(work, address, prior).await {
        Ok(kept) => {
            work.live().remove(address);
            kept.into_iter().collect()
        }
        Err(problem) => {
            record_rest(work, address, prior).await;
            problem.into()
        }
    }
}

/// Deletes the object of a component, unless it belongs to another stack by now: then a warning says so.
async fn remove(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Result<Option<Diagnostic>, Diagnostic> {
    let Some(name) = address.kind.object_name(prior, &work.run.scope) else { return Ok(None) };
    let problem = |error| problem::of_component(address, Operation::Delete, &error);
    if let Some(owner) = is_foreign(work, address, &name).await.map_err(problem)? {
        return Ok(Some(left_to_owner(work, address, prior, &owner)));
    }
    // What is inside may be called after what the component refers to.
    let resolved = references::resolve(address, prior, work.before);
    address.kind.objects().delete(work.run, &name, &resolved).await.map_err(problem)?;
    Ok(None)
}

/// The other stack whose stamp the object bears by now, if there is one: an older state may know what has another owner.
async fn is_foreign(work: &Work<'_>, address: &Address, name: &str) -> Result<Option<String>, CallError> {
    if !labels::are_kept(address.kind) {
        return Ok(None);
    }
    let found = address.kind.read(work.run, name).await?;
    Ok(found.and_then(|found| labels::other_owner(address.kind.terms(), &found.tree, &work.run.scope)))
}

/// The warning for an object that is not deleted, because another stack has it.
fn left_to_owner(work: &Work<'_>, address: &Address, prior: &Dynamic, owner: &str) -> Diagnostic {
    let (noun, label) = (address.kind.noun(), address.kind.terms().labels().noun);
    let name = address.kind.inventory_name(prior, &work.run.scope).unwrap_or_default();
    Diagnostic::warning(
        format!("The {noun} belongs to another stack"),
        format!(
            "{address} was to be deleted, but {name} bears the {label} {} = {owner:?}: it is left in the cloud, and this stack \
             forgets it.",
            labels::STACK_STAMP
        ),
    )
    .at(address.path())
}

/// The warning for a replaced object that is still there.
pub(super) fn left_over(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostic {
    let noun = address.kind.noun();
    let name = address.kind.inventory_name(prior, &work.run.scope).unwrap_or_default();
    Diagnostic::warning(
        format!("The replaced {noun} is still there"),
        format!("{address} was made anew, and the old {noun} is left: {name}. The stack knows it no longer; delete it by hand."),
    )
    .at(address.path())
}

/// Records what a deletion that failed has left: what is inside an object or attached to it goes before it.
async fn record_rest(work: &Work<'_>, address: &Address, prior: &Dynamic) {
    let kind = address.kind;
    let Some(name) = kind.object_name(prior, &work.run.scope) else { return };
    let look = work.run.last_look();
    if let Ok(Some(found)) = kind.objects().read_known(kind.object(), &look, &name, prior).await {
        let meant = effective::effective(address, prior, work.before, work.scope_before);
        let rest = refresh::reached(address, (prior, &meant), (prior, &meant), &found.tree);
        work.live().insert(address.clone(), rest);
    }
}

/// Writes the grants that changed, and records them.
async fn grant(work: &Work<'_>, address: &Address, prior: &Dynamic, planned: &Dynamic) -> Diagnostics {
    let (name, before, after) = {
        let all = work.live();
        let recorded = all.get(address).unwrap_or(planned);
        (
            address.kind.object_name(recorded, &work.run.scope),
            effective::grants(address, prior, work.before).unwrap_or_default(),
            effective::grants(address, planned, &all).unwrap_or_default(),
        )
    };
    let add: Grants = after.difference(&before).cloned().collect();
    let remove: Grants = before.difference(&after).cloned().collect();
    let has_changes = !add.is_empty() || !remove.is_empty();
    if let (true, Some(policies), Some(name)) = (has_changes, address.kind.objects().policies(), &name)
        && let Err(error) = policies.change(work.run, name, &add, &remove).await
    {
        return problem::of_component(address, Operation::Grant, &error).into();
    }
    record(work, address, Part::Grants, planned);
    Diagnostics::new()
}
