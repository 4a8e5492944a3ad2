//! Reading a stack: all components at once, one list call where it answers for many, each policy once.

use std::collections::BTreeMap;

use futures::future::join_all;
use tfplugin::{Diagnostics, Dynamic, Entries, Path};

use super::cloud::{self, Found};
use super::effective::Grants;
use super::iam::{self, Policy};
use super::model::{Components, Stack};
use super::problem::{self, Operation};
use super::run::Run;
use super::{Address, Scope, apis, effective, inventory, labels, locate, references, tree};
use crate::engine::kind::Condition;
use crate::engine::marks::{InputOnly, OwnKeys, Volatile, Wire};
use crate::engine::wire;
use crate::google::api::{ApiError, Host, Request};

/// What was found of the components: `None` for those that are gone.
type FoundByAddress = BTreeMap<Address, Option<Found>>;

/// Reads everything that `prior` holds.
///
/// # Errors
/// When something could not be read: nothing is known to be gone then.
pub(crate) async fn refresh(run: &Run, prior: &Stack) -> Result<Stack, Diagnostics> {
    let components = prior.components();
    let (found, policies, project, apis) = futures::join!(
        read_components(run, &components),
        read_policies(run, &components),
        read_project_policy(run, &components),
        read_apis(run, prior),
    );
    let (found, policies, project, apis) = match (found, policies, project, apis) {
        (Ok(found), Ok(policies), Ok(project), Ok(apis)) => (found, policies, project, apis),
        (found, policies, project, apis) => {
            let mut problems = Diagnostics::new();
            problems.extend(found.err().into_iter().flatten());
            problems.extend(policies.err().into_iter().flatten());
            problems.extend(project.err().into_iter().flatten());
            problems.extend(apis.err().into_iter().flatten());
            return Err(problems);
        }
    };
    let observed = observe(run, &components, &found, &policies, project.as_ref());
    let mut stack = prior.clone();
    stack.set_components(&observed, prior);
    if !prior.get("apis").is_null() {
        stack.set("apis", Dynamic::set(apis.into_iter().map(Dynamic::String)));
    }
    stamp(run, &mut stack, &observed);
    Ok(stack)
}

/// The attributes of the whole that follow from its components.
pub(super) fn stamp(run: &Run, stack: &mut Stack, components: &Components) {
    // A creation learns the project's number while it works: the stack knows it, the run does not.
    let number = run.scope.project_number.as_deref().or(stack.text("project_number")).map(str::to_owned);
    let scope = Scope { project_number: number, ..run.scope.clone() };
    if let Some(digest) = effective::fingerprint(components, &scope) {
        stack.set("fingerprint", Dynamic::String(digest));
    }
    let lines = inventory::inventory(components, &scope).unwrap_or_default();
    stack.set("inventory", Dynamic::List(lines.into_iter().map(Dynamic::String).collect()));
}

/// A project's two names.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
}

/// Reads the project of a stack by whichever name is known.
///
/// # Errors
/// Of the call.
pub(crate) async fn project(run: &Run) -> Result<Project, ApiError> {
    let path = format!("v1/projects/{}", run.scope.project);
    let project = run.call(Request::get(Host::RESOURCE_MANAGER, path)).await?;
    let text = |field: &str| project[field].as_str().unwrap_or_default().to_owned();
    Ok(Project { id: text("projectId"), number: text("projectNumber") })
}

async fn read_apis(run: &Run, prior: &Stack) -> Result<Vec<String>, Diagnostics> {
    let wanted = tree::texts(prior.get("apis"));
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    apis::enabled(run, &wanted)
        .await
        .map(|on| on.into_iter().collect())
        .map_err(|error| problem::of_stack("read which APIs are on", Path::root().attribute("apis"), &error).into())
}

/// Components of one collection with their relative names, and the place of the collection.
type Collection<'a> = (String, Vec<(&'a Address, String)>);

async fn read_components(run: &Run, components: &Components) -> Result<FoundByAddress, Diagnostics> {
    let mut collections: BTreeMap<String, Collection<'_>> = BTreeMap::new();
    for (address, component) in components {
        let Some(name) = locate::relative_name(address.kind, component, &run.scope) else { continue };
        let place = address.kind.place(component, &run.scope);
        let collection = locate::collection_path(address.kind.rest(), &place, &run.scope);
        collections.entry(collection).or_insert_with(|| (place, Vec::new())).1.push((address, name));
    }
    let reads = collections.into_values().map(|(place, members)| read_collection(run, place, members));
    let mut found = FoundByAddress::new();
    let mut diagnostics = Diagnostics::new();
    for result in join_all(reads).await {
        match result {
            Ok(part) => found.extend(part),
            Err(problems) => diagnostics.extend(problems),
        }
    }
    if diagnostics.has_error() { Err(diagnostics) } else { Ok(found) }
}

/// Reads some components of one collection: by one list when there are several.
async fn read_collection(
    run: &Run,
    place: String,
    mut members: Vec<(&Address, String)>,
) -> Result<FoundByAddress, Diagnostics> {
    let mut found = FoundByAddress::new();
    if let [(first, _), _, ..] = members.as_slice() {
        match cloud::list_trees(run, first.kind, &place).await {
            Ok(items) => {
                let mut by_name: BTreeMap<String, Found> =
                    items.into_iter().map(|found| (found.name.clone(), found)).collect();
                // A list may hold less than there is (budgets of this project): what is not in it is asked for by name.
                members.retain(|(address, name)| match by_name.remove(name) {
                    Some(item) => {
                        found.insert((*address).clone(), Some(item));
                        false
                    }
                    None => true,
                });
            }
            // Who may not list may still read one by one.
            Err(error) if error.is_permission_denied() => {}
            Err(error) => return Err(problem::of_component(first, Operation::Read, &error).into()),
        }
    }
    let reads = members.into_iter().map(|(address, name)| async move {
        let read = cloud::get(run, address.kind, &name).await;
        read.map(|found| (address.clone(), found))
            .map_err(|error| Diagnostics::from(problem::of_component(address, Operation::Read, &error)))
    });
    let mut diagnostics = Diagnostics::new();
    for result in join_all(reads).await {
        match result {
            Ok((address, one)) => drop(found.insert(address, one)),
            Err(problems) => diagnostics.extend(problems),
        }
    }
    if diagnostics.has_error() { Err(diagnostics) } else { Ok(found) }
}

async fn read_policies(run: &Run, components: &Components) -> Result<BTreeMap<Address, Policy>, Diagnostics> {
    let granted =
        components.iter().filter(|(_, component)| component.get("iam").as_entries().is_some_and(|iam| !iam.is_empty()));
    let reads = granted.map(|(address, component)| async move {
        let name = locate::relative_name(address.kind, component, &run.scope)?;
        let target = iam::Target::object(address.kind, &name)?;
        Some((address, iam::read(run, &target).await))
    });
    let mut policies = BTreeMap::new();
    let mut diagnostics = Diagnostics::new();
    for (address, result) in join_all(reads).await.into_iter().flatten() {
        match result {
            Ok(policy) => drop(policies.insert(address.clone(), policy)),
            // The object itself is gone: its own reading says so.
            Err(error) if error.is_not_found() => {}
            Err(error) => diagnostics.push(problem::of_component(address, Operation::Grant, &error)),
        }
    }
    if diagnostics.has_error() { Err(diagnostics) } else { Ok(policies) }
}

/// Reads the project's policy, if a component has roles on the project.
async fn read_project_policy(run: &Run, components: &Components) -> Result<Option<Policy>, Diagnostics> {
    let has_roles = |(address, component): (&Address, &Dynamic)| {
        effective::project_roles(address)
            .is_some_and(|(attribute, _)| !tree::texts(component.get(&attribute.name)).is_empty())
    };
    if !components.iter().any(has_roles) {
        return Ok(None);
    }
    iam::read(run, &iam::Target::project(&run.scope))
        .await
        .map(Some)
        .map_err(|error| problem::of_stack("read the project's policy", Path::root(), &error).into())
}

/// The recorded roles that the project's policy still gives to the account.
fn still_held(recorded: &Dynamic, email: Option<&str>, granted: &Grants) -> Dynamic {
    let Some(email) = email.filter(|_| !recorded.is_null()) else { return recorded.clone() };
    let member = iam::normal(&format!("serviceAccount:{email}"));
    let held = tree::texts(recorded).into_iter().filter(|role| granted.contains(&((*role).to_owned(), member.clone())));
    Dynamic::set(held.map(Dynamic::string))
}

/// The components as found, in the spelling of the state wherever that still means the same.
fn observe(
    run: &Run,
    prior: &Components,
    found: &FoundByAddress,
    policies: &BTreeMap<Address, Policy>,
    project: Option<&Policy>,
) -> Components {
    // References are compared with what the components they name are now.
    let mut now = Components::new();
    for (address, component) in prior {
        // A component that could not even be named was never made.
        let Some(Some(found)) = found.get(address) else { continue };
        let mut component = component.clone();
        for attribute in address.kind.object().attributes.iter().filter(|a| !a.presence.is_configurable()) {
            let value = found.tree.get(&attribute.name);
            // What a failed object cannot say is not true of it any more.
            let failed =
                matches!(found.condition, Condition::Failed(_)) && attribute.extensions.get::<Volatile>().is_some();
            if (!value.is_null() || failed) && attribute.name != "effective_labels" {
                tree::set(&mut component, attribute.name.clone(), value.clone());
            }
        }
        now.insert(address.clone(), component);
    }
    let on_project = project.map(Policy::grants);
    let observe = |(address, component): (&Address, &Dynamic)| {
        let found = found.get(address)?.as_ref()?;
        let meant = effective::effective(address, component, &now, &run.scope);
        let mut observed = merge(address, component, &meant, &found.tree);
        address.kind.observed(&mut observed, &meant, &found.tree, &run.scope);
        if let Some(policy) = policies.get(address) {
            let iam = still_granted(component.get("iam"), policy, &now);
            tree::set(&mut observed, "iam", iam);
        }
        if let (Some(granted), Some((attribute, roles))) = (&on_project, effective::project_roles(address)) {
            let held = still_held(component.get(&attribute.name), tree::text(&observed, roles.email), granted);
            tree::set(&mut observed, attribute.name.clone(), held);
        }
        Some((address.clone(), observed))
    };
    now.iter().filter_map(observe).collect()
}

/// One component: what is stored where it means what was found, and what was found elsewhere.
fn merge(address: &Address, stored: &Dynamic, meant: &Dynamic, found: &Dynamic) -> Dynamic {
    let mut merged = stored.clone();
    for attribute in &address.kind.object().attributes {
        let name = attribute.name.as_ref();
        let marks = &attribute.extensions;
        let is_read = marks.get::<Wire>().is_some() && marks.get::<InputOnly>().is_none() && !attribute.write_only;
        if !is_read {
            continue;
        }
        let (was, is) = (meant.get(name), found.get(name));
        if let Some(object) = wire::children(attribute) {
            tree::set(&mut merged, attribute.name.clone(), wire::tracked(object, stored.get(name), was, is));
            continue;
        }
        let is = if name == "effective_labels" || marks.get::<OwnKeys>().is_some() {
            labels::tracked(is, was)
        } else {
            is.clone()
        };
        if !wire::equal(attribute, was, &is) {
            tree::set(&mut merged, attribute.name.clone(), is);
        }
    }
    merged
}

/// The recorded grants that the policy still holds.
fn still_granted(recorded: &Dynamic, policy: &Policy, all: &Components) -> Dynamic {
    let granted = policy.grants();
    let mut left = Entries::new();
    for (role, members) in recorded.as_entries().into_iter().flatten() {
        // A role for nobody is in the configuration, and in no policy.
        if members.as_elements().is_none_or(<[Dynamic]>::is_empty) {
            left.insert(role, members.clone());
            continue;
        }
        let is_granted = |member: &&Dynamic| {
            let resolved = member.as_str().map(|member| references::resolve_member(member, all));
            resolved
                .as_ref()
                .and_then(Dynamic::as_str)
                .is_some_and(|m| granted.contains(&(role.to_string(), iam::normal(m))))
        };
        let members: Vec<Dynamic> = members.as_elements().into_iter().flatten().filter(is_granted).cloned().collect();
        if !members.is_empty() {
            left.insert(role, Dynamic::set(members));
        }
    }
    Dynamic::Map(left)
}
