//! Reading a stack: all components at once, one list call where it answers for many, each policy once.

use std::collections::BTreeMap;

use futures::future::join_all;
use tfplugin::{Attribute, Diagnostics, Dynamic, ObjectSchema, Path};
use tracing::{Level, debug, enabled};

use super::address::Address;
use super::cloud::Cloud;
use super::error::CallError;
use super::grants::{Grants, Policy};
use super::kind::AnyKind;
use super::marks::{InputOnly, OwnKeys, Volatile, Wire};
use super::model::{self, Components, Layout, Stack, Status};
use super::objects::{Collection, Detail, LiveObject, Readiness};
use super::problem::{self, Operation};
use super::run::Run;
use super::scope::Scope;
use super::spelling::{is_hidden, spell_short};
use super::{account_iam, common, effective, inventory, labels, references, tree, wire};

/// What was found of the components: `None` for those that are gone.
type FoundByAddress = BTreeMap<Address, Option<LiveObject>>;

/// Reads everything that `prior` holds.
///
/// # Errors
/// When something could not be read: nothing is known to be gone then.
pub(crate) async fn refresh(run: &Run, cloud: &dyn Cloud, prior: &Stack) -> Result<Stack, Diagnostics> {
    let run = &run.refreshing();
    let components = prior.components();
    let mut stack = prior.clone();
    let begun = run.context.clock.now();
    run.progress.say(format!("{}: reading {} components", run.scope.stack, components.len()));
    let (found, policies, account, settings) = futures::join!(
        read_components(run, &components, Missing::after(prior)),
        read_policies(run, &components),
        read_account_policy(run, prior, &components),
        cloud.refresh(run, &mut stack),
    );
    let (found, policies, account) = match (found, policies, account, settings) {
        (Ok(found), Ok(policies), Ok(account), Ok(())) => (found, policies, account),
        (found, policies, account, settings) => {
            let mut problems = Diagnostics::new();
            problems.extend(found.err().into_iter().flatten());
            problems.extend(policies.err().into_iter().flatten());
            problems.extend(account.err().into_iter().flatten());
            problems.extend(settings.err());
            return Err(problems);
        }
    };
    let observed = observe(run, &components, &found, &policies, account.as_ref());
    if let Some(policy) = &account
        && let Some((attribute, held)) = account_iam::still_granted(prior, &policy.grants, &observed)
    {
        stack.set(attribute, held);
    }
    stack.set_components(&observed, prior);
    stack.set(model::DELETES, Dynamic::List(Vec::new()));
    stamp(&run.scope, &mut stack, &observed);
    let seconds = run.context.clock.now().saturating_duration_since(begun).as_secs();
    run.progress.say(format!("{}: read after {seconds}s", run.scope.stack));
    run.progress.flush().await;
    Ok(stack)
}

/// The attributes of the whole that follow from its components.
pub(super) fn stamp(scope: &Scope, stack: &mut Stack, components: &Components) {
    let own = account_iam::grants(stack, components);
    if let Some(digest) = own.and_then(|own| effective::fingerprint(components, &own, scope)) {
        stack.set(model::FINGERPRINT, Dynamic::String(digest));
    }
    let lines = inventory::inventory(stack, components, scope).unwrap_or_default();
    stack.set(model::INVENTORY, Dynamic::List(lines.into_iter().map(Dynamic::String).collect()));
}

/// A component of a collection with the name of its object.
struct Member<'a> {
    address: &'a Address,
    component: &'a Dynamic,
    name: String,
}

/// What it means that an object is not found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It is gone.
    Gone,
    /// It may have been made moments ago, by an apply that then failed: replicas need not all know it yet.
    PerhapsNew,
}

impl Missing {
    fn after(prior: &Stack) -> Self {
        let is_complete = prior.get(model::STATUS) == &Dynamic::from(Status::Complete);
        if is_complete { Self::Gone } else { Self::PerhapsNew }
    }
}

async fn read_components(run: &Run, components: &Components, missing: Missing) -> Result<FoundByAddress, Diagnostics> {
    let mut collections: BTreeMap<Collection, Vec<Member<'_>>> = BTreeMap::new();
    for (address, component) in components {
        let Some(name) = address.kind.object_name(component, &run.scope) else { continue };
        let collection = address.kind.objects().collection(component, &run.scope);
        collections.entry(collection).or_default().push(Member { address, component, name });
    }
    let reads =
        collections.into_iter().map(|(collection, members)| read_collection(run, collection.place, members, missing));
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
    mut members: Vec<Member<'_>>,
    missing: Missing,
) -> Result<FoundByAddress, Diagnostics> {
    let mut found = FoundByAddress::new();
    if let [Member { address: first, .. }, _, ..] = members.as_slice() {
        let known = members.iter().map(|member| (member.name.as_str(), member.component)).collect();
        match first.kind.list(run, &place, Detail::Known(&known)).await {
            Ok(items) => {
                let mut by_name: BTreeMap<String, LiveObject> =
                    items.into_iter().map(|found| (found.name.clone(), found)).collect();
                // A list may hold less than there is (budgets of this project): what is not in it is asked for by name.
                members.retain(|member| match by_name.remove(&member.name) {
                    Some(item) => {
                        found.insert(member.address.clone(), Some(item));
                        false
                    }
                    None => true,
                });
            }
            // Who may not list may still read one by one.
            Err(error) if error.is_denied() => {}
            Err(error) => return Err(problem::of_component(first, Operation::Read, &error).into()),
        }
    }
    let reads = members.into_iter().map(|Member { address, component, name }| async move {
        read(run, address.kind, &name, component, missing)
            .await
            .map(|found| (address.clone(), found))
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

/// Reads one object with the children that the component has.
async fn read(
    run: &Run,
    kind: &AnyKind,
    name: &str,
    component: &Dynamic,
    missing: Missing,
) -> Result<Option<LiveObject>, CallError> {
    let objects = kind.objects();
    let found = objects.read_known(kind.object(), run, name, component).await?;
    if found.is_some() || missing == Missing::Gone || objects.look_for(kind.object(), run, name).await?.is_none() {
        return Ok(found);
    }
    objects.read_known(kind.object(), run, name, component).await
}

async fn read_policies(run: &Run, components: &Components) -> Result<BTreeMap<Address, Policy>, Diagnostics> {
    let has_grants = |(_, component): &(&Address, &Dynamic)| {
        component.get(common::IAM).as_entries().is_some_and(|grants| !grants.is_empty())
    };
    let reads = components.iter().filter(has_grants).map(|(address, component)| async move {
        let name = address.kind.object_name(component, &run.scope)?;
        Some((address, address.kind.objects().policies()?.read(run, &name).await))
    });
    let mut policies = BTreeMap::new();
    let mut diagnostics = Diagnostics::new();
    for (address, result) in join_all(reads).await.into_iter().flatten() {
        match result {
            Ok(policy) => drop(policies.insert(address.clone(), policy)),
            // Nobody is granted anything on an object that is gone, also where something inside it is left.
            Err(error) if error.is_not_found() => drop(policies.insert(address.clone(), Policy::default())),
            Err(error) => diagnostics.push(problem::of_component(address, Operation::Grant, &error)),
        }
    }
    if diagnostics.has_error() { Err(diagnostics) } else { Ok(policies) }
}

/// Reads the policy of the account or project, if the stack or a component has grants in it.
async fn read_account_policy(run: &Run, stack: &Stack, components: &Components) -> Result<Option<Policy>, Diagnostics> {
    let has_roles = |(address, component): (&Address, &Dynamic)| {
        effective::account_roles(address.kind)
            .is_some_and(|(attribute, _)| !tree::texts(component.get(&attribute.name)).is_empty())
    };
    if account_iam::is_empty(stack) && !components.iter().any(has_roles) {
        return Ok(None);
    }
    account_policy(run, stack.layout()).await
}

/// Reads the policy of the account or project of a cloud with this layout.
///
/// # Errors
/// Of the call.
pub(super) async fn account_policy(run: &Run, layout: &Layout) -> Result<Option<Policy>, Diagnostics> {
    let Some(terms) = layout.kinds().first().map(|kind| kind.terms()) else { return Ok(None) };
    let policy = terms.account_policies().read(run, &run.scope.place.account).await;
    let what = format!("read the policy of the {}", terms.account_noun());
    policy.map(Some).map_err(|error| problem::of_stack(&what, Path::root(), &error).into())
}

/// The recorded roles on the account or project that the principal still has.
fn still_held(
    address: &Address,
    recorded: &Dynamic,
    principal: Option<&str>,
    granted: &Grants,
    all: &Components,
) -> Dynamic {
    let Some(principal) = principal.filter(|_| !recorded.is_null()) else { return recorded.clone() };
    let terms = address.kind.terms();
    let member = terms.canonical_member(&terms.member(principal));
    let is_granted = |role: &&str| {
        references::resolve_grant(address.kind, (role, &member), all).is_some_and(|grant| granted.contains(&grant))
    };
    let held = tree::texts(recorded).into_iter().filter(is_granted);
    Dynamic::set(held.map(Dynamic::string))
}

/// The components as found, in the spelling of the state wherever that still means the same.
fn observe(
    run: &Run,
    prior: &Components,
    found: &FoundByAddress,
    policies: &BTreeMap<Address, Policy>,
    account: Option<&Policy>,
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
                matches!(found.readiness, Readiness::Failed(_)) && attribute.extensions.get::<Volatile>().is_some();
            if (!value.is_null() || failed) && !common::is_effective_labels(attribute) {
                tree::set(&mut component, attribute.name.clone(), value.clone());
            }
        }
        now.insert(address.clone(), component);
    }
    let on_account = account.map(|policy| &policy.grants);
    let observe = |(address, component): (&Address, &Dynamic)| {
        let found = found.get(address)?.as_ref()?;
        let meant = effective::effective(address, component, &now, &run.scope);
        // Both in the spelling of a configuration: text of the cloud that looks like a reference is none.
        let written = |tree: &Dynamic| references::escape(address, tree.clone());
        let mut observed = merge(address, component, &written(&meant), &written(&found.tree));
        address.kind.observed(&mut observed, &meant, &found.tree, &run.scope);
        if let Some(policy) = policies.get(address) {
            let iam = references::still_granted(address.kind, component.get(common::IAM), &policy.grants, &now);
            tree::set(&mut observed, common::IAM, iam);
        }
        if let (Some(granted), Some((attribute, roles))) = (on_account, effective::account_roles(address.kind)) {
            let recorded = component.get(&attribute.name);
            let held = still_held(address, recorded, tree::text(&observed, roles.email), granted, &now);
            tree::set(&mut observed, attribute.name.clone(), held);
        }
        Some((address.clone(), observed))
    };
    now.iter().filter_map(observe).collect()
}

/// A component after an update that did not come to its end: as it is planned, or else as it was, wherever that means what
/// was found, and what was found elsewhere. Each comes with what it means.
pub(super) fn reached(
    address: &Address,
    (prior, before): (&Dynamic, &Dynamic),
    (planned, after): (&Dynamic, &Dynamic),
    found: &Dynamic,
) -> Dynamic {
    let written = |tree: &Dynamic| references::escape(address, tree.clone());
    let (before, after, found) = (written(before), written(after), written(found));
    let mut reached = merge(address, prior, &before, &found);
    let if_done = merge(address, planned, &after, &found);
    for attribute in address.kind.object().attributes.iter().filter(|attribute| is_read(attribute)) {
        let planned = planned.get(&attribute.name);
        if planned.is_wholly_known() && if_done.get(&attribute.name) == planned {
            tree::set(&mut reached, attribute.name.clone(), planned.clone());
        }
    }
    reached
}

/// Whether the cloud tells the attribute's value.
fn is_read(attribute: &Attribute) -> bool {
    let marks = &attribute.extensions;
    marks.get::<Wire>().is_some() && marks.get::<InputOnly>().is_none() && !attribute.write_only
}

/// One component: what is stored where it means what was found, and what was found elsewhere.
fn merge(address: &Address, stored: &Dynamic, meant: &Dynamic, found: &Dynamic) -> Dynamic {
    let mut merged = stored.clone();
    for attribute in address.kind.object().attributes.iter().filter(|attribute| is_read(attribute)) {
        let name = attribute.name.as_ref();
        let marks = &attribute.extensions;
        if common::adopts(stored) && stored.get(name).is_null() && attribute.presence.is_configurable() {
            // The object's own, as long as the configuration is silent.
            continue;
        }
        let (was, is) = (meant.get(name), found.get(name));
        log(address, attribute, was, is);
        if let Some(object) = wire::children(attribute) {
            let mut tracked = wire::tracked(object, stored.get(name), was, is);
            if common::adopts(stored) {
                leave_silent(object, stored.get(name), &mut tracked);
            }
            tree::set(&mut merged, attribute.name.clone(), tracked);
            continue;
        }
        let is = if marks.get::<OwnKeys>().is_some() { labels::tracked(is, was) } else { is.clone() };
        if !wire::equal(attribute, was, &is) {
            tree::set(&mut merged, attribute.name.clone(), is);
        }
    }
    merged
}

/// Drops from the children found what the configuration was silent about when they were adopted.
fn leave_silent(object: &ObjectSchema, stored: &Dynamic, found: &mut Dynamic) {
    for (key, child) in found.as_entries_mut().into_iter().flatten() {
        for attribute in object.attributes.iter().filter(|attribute| attribute.presence.is_configurable()) {
            if stored.get(key).get(&attribute.name).is_null() {
                tree::set(child, attribute.name.clone(), Dynamic::Null);
            }
        }
    }
}

/// Says in the log what a refresh makes of an attribute that is not as it was.
fn log(address: &Address, attribute: &Attribute, was: &Dynamic, is: &Dynamic) {
    if !enabled!(Level::DEBUG) || wire::equal(attribute, was, is) {
        return;
    }
    let why = if attribute.extensions.get::<OwnKeys>().is_some() {
        "the keys of others are not ours"
    } else if wire::children(attribute).is_some() {
        "the objects of others are not ours"
    } else {
        "somebody else has changed it"
    };
    let shown = |value: &Dynamic| if is_hidden(attribute) { "(not shown)".to_owned() } else { spell_short(value) };
    debug!(component = %address, attribute = %attribute.name, was = shown(was), is = shown(is), why, "found");
}
