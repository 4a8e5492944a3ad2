//! One step of an apply.

use std::collections::BTreeMap;

use tfplugin::{Diagnostics, Dynamic};

use super::{Work, create};
use crate::component::rest::Naming;
use crate::gcp::ApiError;
use crate::stack::effective::{self, Grants};
use crate::stack::plan::{Action, Step};
use crate::stack::problem::{self, Operation};
use crate::stack::{Address, cloud, iam, locate, tree};

/// Does one step and records what exists afterwards.
pub(super) async fn run(work: &Work<'_>, step: &Step) -> Diagnostics {
    let address = &step.address;
    match (&step.action, &step.prior, &step.planned) {
        (Action::Create, _, Some(planned)) => make(work, address, planned).await,
        (Action::Update { grants, .. }, Some(prior), Some(planned)) => {
            change(work, address, prior, planned, *grants).await
        }
        (Action::Replace, Some(prior), Some(planned)) => replace(work, address, prior, planned).await,
        (Action::Delete, Some(prior), _) => delete(work, address, prior).await,
        _ => Diagnostics::new(),
    }
}

async fn make(work: &Work<'_>, address: &Address, planned: &Dynamic) -> Diagnostics {
    let made = create::create(work, address, planned).await;
    if let Some(component) = made.component {
        work.live().insert(address.clone(), without_grants(&component));
        if !made.diagnostics.has_error() {
            let mut diagnostics = made.diagnostics;
            diagnostics.extend(grant(work, address, &Dynamic::Null, &component).await);
            return diagnostics;
        }
    }
    made.diagnostics
}

/// What is true of a component whose grants are not written yet.
fn without_grants(component: &Dynamic) -> Dynamic {
    let mut component = component.clone();
    if !component.get("iam").is_null() {
        tree::set(&mut component, "iam", Dynamic::Map(BTreeMap::new()));
    }
    component
}

async fn change(
    work: &Work<'_>,
    address: &Address,
    prior: &Dynamic,
    planned: &Dynamic,
    grants: bool,
) -> Diagnostics {
    let run = work.run;
    let (before, after) = {
        let all = work.live();
        let before = effective::effective(address, prior, work.before, &run.scope);
        let mut after = effective::effective(address, planned, &all, &run.scope);
        let rotated = |name: &str| {
            let version = format!("{name}_version");
            prior.get(&version) != planned.get(&version)
        };
        let secrets = work.with_secrets(address, planned);
        for attribute in address.kind.object().attributes.iter().filter(|a| a.write_only && rotated(&a.name)) {
            tree::set(&mut after, attribute.name.clone(), secrets.get(&attribute.name).clone());
        }
        (before.clone(), settle(&after, &before))
    };
    let Some(name) = locate::relative_name(address.kind, prior, &run.scope) else {
        return make(work, address, planned).await;
    };
    let written = !effective::changed(address, &before, &after).is_empty()
        || address.kind.object().attributes.iter().any(|a| a.write_only && !after.get(&a.name).is_null());
    let found = if written {
        match cloud::update(run, address, &name, &before, &after).await {
            Ok(Some(found)) => found.tree,
            // It went between plan and apply: it is made again.
            Ok(None) => return make(work, address, planned).await,
            Err(error) => return problem::of_component(address, Operation::Update, &error).into(),
        }
    } else {
        prior.clone()
    };
    let component = settle(planned, &found);
    let mut recorded = component.clone();
    tree::set(&mut recorded, "iam", prior.get("iam").clone());
    let has_iam = address.kind.object().attribute("iam").is_some();
    work.live().insert(address.clone(), if has_iam && grants { recorded } else { component.clone() });
    if grants { grant(work, address, prior, &component).await } else { Diagnostics::new() }
}

/// Deletes and makes anew; objects that the server names are made anew first, so that users can move over.
async fn replace(work: &Work<'_>, address: &Address, prior: &Dynamic, planned: &Dynamic) -> Diagnostics {
    if address.kind.rest().naming != Naming::Server {
        let gone = delete(work, address, prior).await;
        if gone.has_error() {
            return gone;
        }
    }
    make(work, address, planned).await
}

async fn delete(work: &Work<'_>, address: &Address, prior: &Dynamic) -> Diagnostics {
    let Some(name) = locate::relative_name(address.kind, prior, &work.run.scope) else {
        work.live().remove(address);
        return Diagnostics::new();
    };
    match cloud::delete(work.run, address, &name, prior).await {
        Ok(()) => {
            work.live().remove(address);
            Diagnostics::new()
        }
        Err(error) => problem::of_component(address, Operation::Delete, &error).into(),
    }
}

/// Writes the grants that changed, and records them.
async fn grant(work: &Work<'_>, address: &Address, prior: &Dynamic, component: &Dynamic) -> Diagnostics {
    let (Some(style), Some(name)) =
        (address.kind.rest().iam, locate::relative_name(address.kind, component, &work.run.scope))
    else {
        return Diagnostics::new();
    };
    let (before, after) = {
        let all = work.live();
        (effective::grants(prior, work.before).unwrap_or_default(), effective::grants(component, &all).unwrap_or_default())
    };
    let add: Grants = after.difference(&before).cloned().collect();
    let remove: Grants = before.difference(&after).cloned().collect();
    if !add.is_empty() || !remove.is_empty() {
        let written: Result<(), ApiError> = iam::change(work.run, address.kind, style, &name, &add, &remove).await;
        if let Err(error) = written {
            return problem::of_component(address, Operation::Grant, &error).into();
        }
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
