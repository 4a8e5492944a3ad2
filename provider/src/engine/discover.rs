//! Finding an environment that exists, for an import.
//!
//! Every kind is listed at once; what the cloud made by itself is left out; selectors and stamps choose (see `choice`); what
//! the chosen ones use comes along.

mod account;
mod adopt_names;
mod bearing;
mod choice;
mod expressible;
mod keys;
mod left_out;
mod policies;

use std::collections::BTreeMap;

use futures::future::join_all;
use tfplugin::{Diagnostics, Dynamic, Entries};

use self::left_out::LeftOut;
use self::policies::Policies;
use super::address::Address;
use super::cloud::Cloud;
use super::error::CallError;
use super::grants::Policy;
use super::import_id::ImportName;
use super::kind::AnyKind;
use super::labels::Owner;
use super::model::{self, Components, Stack, Status};
use super::objects::{Detail, LiveObject};
use super::problem::{self, Operation};
use super::run::Run;
use super::scope::Scope;
use super::{account_iam, common, labels, refresh, tree, wire};

/// One object that could be imported.
struct Candidate {
    kind: &'static AnyKind,
    found: LiveObject,
}

impl Candidate {
    /// What selectors match and messages say.
    fn name(&self) -> String {
        let own = tree::text(&self.found.tree, common::NAME).map(str::to_owned);
        own.or_else(|| self.kind.title(&self.found.tree)).unwrap_or_else(|| self.found.name.clone())
    }

    /// The names by which others may use it.
    fn names(&self) -> impl Iterator<Item = &str> {
        let address = self.kind.principal().map(|principal| principal.address);
        let attributes = [Some(common::NAME), Some(common::ID), address].into_iter().flatten();
        let names = attributes.filter_map(|attribute| tree::text(&self.found.tree, attribute));
        std::iter::once(self.found.name.as_str()).chain(names)
    }

    fn owner(&self, scope: &Scope) -> Owner {
        labels::owner(self.kind.terms(), &self.found.tree, scope)
    }

    /// Whether nobody can tell by labels which stack made it.
    fn has_no_labels(&self) -> bool {
        !labels::are_kept(self.kind)
    }
}

/// What there is to choose from.
struct Survey {
    candidates: Vec<Candidate>,
    /// Whether other stacks have made objects in the project.
    is_shared: bool,
}

/// Reads the environment that `import` names.
///
/// # Errors
/// When something could not be read, or a selector matches nothing.
pub(crate) async fn discover(
    run: &Run,
    cloud: &dyn Cloud,
    import: &ImportName,
) -> Result<(Stack, Diagnostics), Diagnostics> {
    let survey = survey(run, cloud, import).await?;
    let mut policies = Policies::default();
    let mut diagnostics = Diagnostics::new();
    let chosen = choice::choose(run, cloud, import, &survey, &mut policies, &mut diagnostics).await?;
    let (read, on_account) = futures::join!(
        policies.read(run, &survey.candidates, &chosen),
        account::policy(run, cloud.layout(), import, chosen.iter().map(|at| &survey.candidates[*at])),
    );
    read?;
    let on_account = on_account?;

    let mut components = Components::new();
    let chosen: Vec<(&Candidate, usize)> = chosen.iter().map(|at| (&survey.candidates[*at], *at)).collect();
    let keys = keys::keys(chosen.iter().map(|(candidate, _)| {
        let stamp = Some(&candidate.found).filter(|_| candidate.owner(&run.scope) == Owner::This);
        let stamp = stamp.and_then(|found| labels::stamped_key(candidate.kind.terms(), &found.tree));
        (candidate.kind, stamp.map_or_else(|| keys::from_name(&candidate.name(), candidate.kind.noun()), str::to_owned))
    }));
    let mut left_out = LeftOut::default();
    for ((candidate, at), address) in chosen.iter().zip(keys) {
        let component = component(&run.scope, candidate, policies.of(*at), &address, &mut left_out);
        let Some(component) = expressible::expressible(&address, component, candidate, &run.scope, &mut left_out)
        else {
            continue;
        };
        if policies.is_denied(*at) {
            left_out.policy(&address, &candidate.name());
        }
        for field in wire::unexpressed(address.kind.object(), &candidate.found.body, address.kind.unmanaged()) {
            left_out.setting(&address, &candidate.name(), field);
        }
        components.insert(address, component);
    }
    let mut own = Dynamic::Null;
    if let Some(policy) = on_account {
        account::roles(&policy, &mut components, &mut left_out);
        own = account::own(&policy, cloud, import, &components, &run.scope, &mut diagnostics);
        if diagnostics.has_error() {
            return Err(diagnostics);
        }
    }
    adopt_names::adopt_grants(&mut own, &components);
    adopt_names::adopt(&mut components, &run.scope);
    diagnostics.extend(left_out.warnings());
    Ok((stack(run, cloud, import, own, components), diagnostics))
}

fn stack(run: &Run, cloud: &dyn Cloud, import: &ImportName, own: Dynamic, components: Components) -> Stack {
    let like = Stack::empty(cloud.layout());
    let mut stack = like.clone();
    stack.set(model::NAME, Dynamic::string(&import.stack));
    cloud.record_place(&mut stack, &run.scope.place);
    stack.set(model::ID, Dynamic::string(cloud.terms().stack_id(&run.scope.place, &run.scope.stack)));
    stack.set(model::DELETION_PROTECTION, Dynamic::Bool(true));
    stack.set(model::STATUS, Status::Complete);
    stack.set(model::DELETES, Dynamic::List(Vec::new()));
    if let Some(attribute) = account_iam::name(cloud.layout()) {
        stack.set(attribute, own);
    }
    stack.set_components(&components, &like);
    refresh::stamp(&run.scope, &mut stack, &components);
    stack
}

/// Everything of the supported kinds that belongs to the project and region and that the cloud did not make by itself.
async fn survey(run: &Run, cloud: &dyn Cloud, import: &ImportName) -> Result<Survey, Diagnostics> {
    let lists = cloud.layout().kinds().iter().map(|kind| async move { (*kind, list_everywhere(run, kind).await) });
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut is_shared = false;
    let mut diagnostics = Diagnostics::new();
    for (kind, result) in join_all(lists).await {
        let is_wanted = import.selectors.is_empty() || import.selectors.contains_key(kind.name());
        match result {
            Ok(items) => {
                for found in items {
                    let owner = labels::owner(kind.terms(), &found.tree, &run.scope);
                    is_shared |= owner == Owner::Other;
                    let is_here = owner == Owner::This || is_here(kind, &found.tree, &run.scope);
                    if is_here && !kind.is_made_by_cloud(&found.body, &run.scope) {
                        candidates.push(Candidate { kind, found });
                    }
                }
            }
            // With its API off there is nothing of this kind.
            Err(error) if error.is_disabled() => {}
            Err(error) if !is_wanted && error.is_denied() => {}
            Err(error) => {
                let nobody = Address::new(kind, "*");
                let mut problem = problem::of_component(&nobody, Operation::Read, &error);
                problem.path = None;
                diagnostics.push(problem);
            }
        }
    }
    if diagnostics.has_error() {
        return Err(diagnostics);
    }
    candidates.sort_by_key(|candidate| (candidate.kind.name(), candidate.name(), candidate.found.name.clone()));
    Ok(Survey { candidates, is_shared })
}

/// All objects of a kind at all places that may hold some of the stack.
async fn list_everywhere(run: &Run, kind: &AnyKind) -> Result<Vec<LiveObject>, CallError> {
    let places = kind.objects().places(run).await?;
    let lists = join_all(places.iter().map(|place| kind.list(run, place, Detail::Whole))).await;
    Ok(lists.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Whether an object is in the region, or in a place that is not a region.
fn is_here(kind: &AnyKind, component: &Dynamic, scope: &Scope) -> bool {
    labels::region_of(kind.terms(), component).is_none_or(|region| region == scope.place.region)
}

/// The component that stands for an object as it is.
fn component(
    scope: &Scope,
    candidate: &Candidate,
    policy: Option<&Policy>,
    address: &Address,
    left_out: &mut LeftOut,
) -> Dynamic {
    let kind = candidate.kind;
    let mut component = candidate.found.tree.clone();
    // What exists only here is as a silent configuration has it.
    for attribute in &kind.object().attributes {
        if let (true, Some(default)) = (component.get(&attribute.name).is_null(), &attribute.default) {
            tree::set(&mut component, attribute.name.clone(), default.clone());
        }
    }
    kind.imported(&mut component, scope);
    let origin = if candidate.owner(scope) == Owner::This { Dynamic::Null } else { Dynamic::Bool(true) };
    tree::set(&mut component, common::IMPORTED, origin);
    if let Some((attribute, _)) = common::labels(kind.object()) {
        let (own, effective) = labels::imported(kind.terms(), scope, component.get(kind.effective_labels()));
        tree::set(&mut component, attribute.name.clone(), own);
        tree::set(&mut component, kind.effective_labels(), effective);
    }
    if let Some(policy) = policy {
        let terms = kind.terms();
        let mut roles: BTreeMap<String, Vec<Dynamic>> = BTreeMap::new();
        for (role, member) in policy.grants.clone() {
            let is_refused = terms.refuse_role(&role).is_some() || terms.refuse_member(&member).is_some();
            if is_refused || terms.is_made_by_cloud(&role, &member, &scope.place) {
                if !terms.comes_with_object(&role, &member) {
                    left_out.grant(address, &candidate.name(), &role, &member);
                }
            } else {
                roles.entry(role).or_default().push(Dynamic::String(member));
            }
        }
        for (role, member) in &policy.conditional {
            left_out.conditional_grant(address, &candidate.name(), role, member);
        }
        let roles: Entries = roles.into_iter().map(|(role, members)| (role, Dynamic::set(members))).collect();
        tree::set(&mut component, common::IAM, if roles.is_empty() { Dynamic::Null } else { Dynamic::Map(roles) });
    }
    component
}
