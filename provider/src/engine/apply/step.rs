//! One step of an apply.

use tfplugin::{Diagnostic, Diagnostics, Dynamic, Entries};

use super::Work;
use super::create::{self, Made};
use crate::engine::address::Address;
use crate::engine::error::CallError;
use crate::engine::grants::Grants;
use crate::engine::objects::LiveObject;
use crate::engine::plan::{Action, Step};
use crate::engine::problem::{self, Operation};
use crate::engine::run::Run;
use crate::engine::{common, effective, tree, wire};

/// Does one step and records what exists afterwards.
pub(super) async fn run(work: &Work<'_>, step: &Step) -> Diagnostics {
    let address = &step.address;
    match (&step.action, &step.prior, &step.planned) {
        (Action::Create, _, Some(planned)) => make(work, address, planned).await,
        (Action::Update { grants, .. }, Some(prior), Some(planned)) => {
            change(work, address, prior, planned, *grants).await
        }
        (Action::Delete, Some(prior), _) => delete(work, address, prior).await,
        (Action::Discard, Some(prior), _) => discard(work, address, prior).await,
        _ => Diagnostics::new(),
    }
}

async fn make(work: &Work<'_>, address: &Address, planned: &Dynamic) -> Diagnostics {
    let Made { component, granted, mut diagnostics } = create::create(work, address, planned).await;
    let Some(component) = component else { return diagnostics };
    work.live().insert(address.clone(), with_grants_of(&component, &granted));
    if !diagnostics.has_error() {
        diagnostics.extend(grant(work, address, &granted, &component).await);
    }
    diagnostics
}

/// What is true of a component as long as its own grants are not written.
fn with_grants_of(component: &Dynamic, granted: &Dynamic) -> Dynamic {
    let mut component = component.clone();
    if !component.get(common::IAM).is_null() {
        let iam = Some(granted.get(common::IAM)).filter(|iam| !iam.is_null()).cloned();
        tree::set(&mut component, common::IAM, iam.unwrap_or_else(|| Dynamic::Map(Entries::new())));
    }
    component
}

async fn change(work: &Work<'_>, address: &Address, prior: &Dynamic, planned: &Dynamic, grants: bool) -> Diagnostics {
    let run = work.run;
    let (before, after) = {
        let all = work.live();
        let before = effective::effective(address, prior, work.before, work.scope_before);
        let mut after = effective::effective(address, planned, &all, &run.scope);
        let mut sent = effective::rotated(address, prior, planned);
        sent.extend(effective::resent(address, &effective::changed(address, &before, &after)));
        let secrets = work.with_secrets(address, planned);
        for attribute in sent {
            tree::set(&mut after, attribute.name.clone(), secrets.get(&attribute.name).clone());
        }
        (before.clone(), settle(&after, &before))
    };
    let Some(name) = address.kind.object_name(prior, &run.scope) else {
        return make(work, address, planned).await;
    };
    let written = !effective::changed(address, &before, &after).is_empty()
        || address.kind.object().attributes.iter().any(|a| a.write_only && !after.get(&a.name).is_null());
    let result = if written {
        address.kind.objects().update(address.kind.object(), run, &name, &before, &after).await.map(Some)
    } else if address.kind.was_ready(prior) {
        Ok(None)
    } else {
        repair(run, address, &name).await.map(Some)
    };
    let (found, mut diagnostics) = match result {
        Ok(Some(Some(found))) => {
            let aligned = wire::aligned(address.kind.object(), &after, &found.tree);
            (aligned, create::failure_of(address, &found))
        }
        // It went between plan and apply: it is made again.
        Ok(Some(None)) => {
            work.live().remove(address);
            return make(work, address, planned).await;
        }
        Ok(None) => (prior.clone(), Diagnostics::new()),
        Err(error) => return problem::of_component(address, Operation::Update, &error).into(),
    };
    let component = settle(planned, &found);
    work.live().insert(address.clone(), if grants { with_grants_of(&component, prior) } else { component.clone() });
    if grants && !diagnostics.has_error() {
        diagnostics.extend(grant(work, address, prior, &component).await);
    }
    diagnostics
}

/// Has the API try again on an object that was never ready. `None` when it is gone.
async fn repair(run: &Run, address: &Address, name: &str) -> Result<Option<LiveObject>, CallError> {
    let kind = address.kind;
    match kind.read(run, name).await? {
        Some(found) => kind.objects().repair(kind.object(), run, found).await,
        None => Ok(None),
    }
}

/// Deletes the object that was replaced by another. The component is that other one by now.
async fn discard(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostics {
    let Some(name) = address.kind.object_name(prior, &work.run.scope) else { return Diagnostics::new() };
    match address.kind.objects().delete(work.run, &name, prior).await {
        Ok(()) => Diagnostics::new(),
        Err(error) => {
            let mut diagnostics = Diagnostics::from(problem::of_component(address, Operation::Delete, &error));
            diagnostics.push(left_over(work, address, prior));
            diagnostics
        }
    }
}

/// The warning for a replaced object that is still there.
pub(super) fn left_over(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostic {
    let noun = address.kind.noun();
    let name = address.kind.full_name(prior, &work.run.scope).unwrap_or_default();
    Diagnostic::warning(
        format!("The replaced {noun} is still there"),
        format!("{address} was made anew, and the old {noun} is left: {name}. The stack knows it no longer; delete it by hand."),
    )
    .at(address.path())
}

async fn delete(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostics {
    let Some(name) = address.kind.object_name(prior, &work.run.scope) else {
        work.live().remove(address);
        return Diagnostics::new();
    };
    match address.kind.objects().delete(work.run, &name, prior).await {
        Ok(()) => {
            work.live().remove(address);
            Diagnostics::new()
        }
        Err(error) => problem::of_component(address, Operation::Delete, &error).into(),
    }
}

/// Writes the grants that changed, and records them.
async fn grant(work: &Work<'_>, address: &Address, prior: &Dynamic, component: &Dynamic) -> Diagnostics {
    let name = address.kind.object_name(component, &work.run.scope);
    let policies = address.kind.objects().policies();
    let (before, after) = {
        let all = work.live();
        (
            effective::grants(address, prior, work.before).unwrap_or_default(),
            effective::grants(address, component, &all).unwrap_or_default(),
        )
    };
    let add: Grants = after.difference(&before).cloned().collect();
    let remove: Grants = before.difference(&after).cloned().collect();
    let has_changes = !add.is_empty() || !remove.is_empty();
    if let (true, Some(policies), Some(name)) = (has_changes, policies, &name)
        && let Err(error) = policies.change(work.run, name, &add, &remove).await
    {
        return problem::of_component(address, Operation::Grant, &error).into();
    }
    work.live().insert(address.clone(), component.clone());
    Diagnostics::new()
}

/// The planned value where it is known, what was found where it is not.
pub(super) fn settle(planned: &Dynamic, found: &Dynamic) -> Dynamic {
    match planned {
        Dynamic::Unknown if found.is_unknown() => Dynamic::Null,
        Dynamic::Unknown => found.clone(),
        Dynamic::Object(entries) => {
            Dynamic::Object(entries.iter().map(|(key, value)| (key.clone(), settle(value, found.get(key)))).collect())
        }
        Dynamic::Map(entries) => {
            Dynamic::Map(entries.iter().map(|(key, value)| (key.clone(), settle(value, found.get(key)))).collect())
        }
        Dynamic::List(items) => {
            let found = found.as_elements().unwrap_or_default();
            let at = |index: usize| found.get(index).unwrap_or(&Dynamic::Null);
            Dynamic::List(items.iter().enumerate().map(|(index, item)| settle(item, at(index))).collect())
        }
        Dynamic::Set(items) if !planned.is_wholly_known() => {
            Dynamic::set(items.iter().map(|item| settle(item, &Dynamic::Null)))
        }
        known => known.clone(),
    }
}
