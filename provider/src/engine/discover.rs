//! Finding an environment that exists, for an import.
//!
//! Every kind is listed at once; what Google made by itself is left out; selectors and stamps choose (see `choice`); what
//! the chosen ones use comes along.

mod adopt_names;
mod choice;
mod keys;
mod policies;

use std::collections::BTreeMap;

use futures::future::join_all;
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Entries, Path};

use self::policies::Policies;
use super::cloud::{self, Found};
use super::iam::{self, Policy};
use super::import_id::ImportName;
use super::kind::AnyKind;
use super::labels::Owner;
use super::model::{Components, Stack};
use super::problem::{self, Operation};
use super::run::Run;
use super::wire;
use super::{Address, Scope, effective, labels, refresh, tree};
use crate::google::api::ApiError;
use crate::google::kinds::KINDS;

/// One object that could be imported.
struct Candidate {
    kind: &'static dyn AnyKind,
    found: Found,
}

impl Candidate {
    /// What selectors match and messages say.
    fn name(&self) -> String {
        let own = tree::text(&self.found.tree, "name").map(str::to_owned);
        own.or_else(|| self.kind.title(&self.found.tree)).unwrap_or_else(|| self.found.name.clone())
    }

    /// The names by which others may use it.
    fn names(&self) -> impl Iterator<Item = &str> {
        let attributes =
            ["name", "id", "email"].into_iter().filter_map(|attribute| tree::text(&self.found.tree, attribute));
        std::iter::once(self.found.name.as_str()).chain(attributes)
    }

    fn owner(&self, scope: &Scope) -> Owner {
        labels::owner(&self.found.tree, scope)
    }

    /// Whether nobody can tell by labels which stack made it.
    fn has_no_labels(&self) -> bool {
        crate::engine::common::labels(self.kind.object()).is_none()
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
pub(crate) async fn discover(run: &Run, import: &ImportName) -> Result<(Stack, Diagnostics), Diagnostics> {
    let survey = survey(run, import).await?;
    let mut policies = Policies::default();
    let mut diagnostics = Diagnostics::new();
    let chosen = choice::choose(run, import, &survey, &mut policies, &mut diagnostics).await?;
    let (read, on_project) = futures::join!(
        policies.read(run, &survey.candidates, &chosen),
        project_policy(run, chosen.iter().map(|at| &survey.candidates[*at])),
    );
    read?;
    let on_project = on_project?;

    let mut components = Components::new();
    let chosen: Vec<(&Candidate, Option<&Policy>)> =
        chosen.iter().map(|at| (&survey.candidates[*at], policies.of(*at))).collect();
    let keys = keys::keys(chosen.iter().map(|(candidate, _)| {
        let stamp = Some(&candidate.found).filter(|_| candidate.owner(&run.scope) == Owner::This);
        let stamp = stamp.and_then(|found| labels::stamped_key(found.tree.get("effective_labels")));
        (candidate.kind, stamp.map_or_else(|| keys::from_name(&candidate.name(), candidate.kind.noun()), str::to_owned))
    }));
    for ((candidate, policy), address) in chosen.iter().zip(keys) {
        let component = component(&run.scope, candidate, *policy);
        warn_of_unexpressed(&address, candidate, *policy, &mut diagnostics);
        components.insert(address, component);
    }
    if let Some(policy) = on_project {
        project_roles(&policy, &mut components);
    }
    adopt_names::adopt(&mut components, &run.scope);
    Ok((stack(run, import, components), diagnostics))
}

fn stack(run: &Run, import: &ImportName, components: Components) -> Stack {
    let mut stack = Stack::empty();
    stack.set("name", Dynamic::string(&import.stack));
    stack.set("project", Dynamic::string(&run.scope.project));
    stack.set("region", Dynamic::string(&run.scope.region));
    stack.set("id", Dynamic::string(run.scope.id()));
    stack.set("project_number", run.scope.project_number.as_ref().map_or(Dynamic::Null, Dynamic::string));
    stack.set("deletion_protection", Dynamic::Bool(true));
    stack.set("status", Dynamic::string("complete"));
    let like = Stack::empty();
    stack.set_components(&components, &like);
    refresh::stamp(run, &mut stack, &components);
    stack
}

/// Everything of the supported kinds that belongs to the project and region and that Google did not make by itself.
async fn survey(run: &Run, import: &ImportName) -> Result<Survey, Diagnostics> {
    let lists = KINDS.iter().map(|kind| async move { (*kind, list_everywhere(run, *kind).await) });
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut is_shared = false;
    let mut diagnostics = Diagnostics::new();
    for (kind, result) in join_all(lists).await {
        let is_wanted = import.selectors.is_empty() || import.selectors.contains_key(kind.name());
        match result {
            Ok(items) => {
                for found in items {
                    let owner = labels::owner(&found.tree, &run.scope);
                    is_shared |= owner == Owner::Other;
                    let is_here = owner == Owner::This || is_here(&found.tree, &run.scope);
                    if is_here && !kind.is_google_made(&found.body, &run.scope) {
                        candidates.push(Candidate { kind, found });
                    }
                }
            }
            // With its API off there is nothing of this kind.
            Err(error) if error.is_api_disabled().is_some() => {}
            Err(error) if !is_wanted && error.is_permission_denied() => {}
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
async fn list_everywhere(run: &Run, kind: &dyn AnyKind) -> Result<Vec<Found>, ApiError> {
    let places = kind.places(run).await?;
    let lists = join_all(places.iter().map(|place| cloud::list(run, kind, place))).await;
    Ok(lists.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Whether an object is in the region, or in no single region.
fn is_here(component: &Dynamic, scope: &Scope) -> bool {
    labels::region_of(component).is_none_or(|region| region == scope.region)
}

/// The component that stands for an object as it is.
fn component(scope: &Scope, candidate: &Candidate, policy: Option<&Policy>) -> Dynamic {
    let kind = candidate.kind;
    let mut component = candidate.found.tree.clone();
    // What exists only here is as a silent configuration has it.
    for attribute in &kind.object().attributes {
        if let (true, Some(default)) = (component.get(&attribute.name).is_null(), &attribute.default) {
            tree::set(&mut component, attribute.name.clone(), default.clone());
        }
    }
    kind.imported(&mut component, scope);
    tree::set(&mut component, "imported", Dynamic::Bool(candidate.owner(scope) != Owner::This));
    if let Some((attribute, _)) = crate::engine::common::labels(kind.object()) {
        let (own, effective) = labels::imported(component.get("effective_labels"));
        tree::set(&mut component, attribute.name.clone(), own);
        tree::set(&mut component, "effective_labels", effective);
    }
    if let Some(policy) = policy {
        let mut roles: BTreeMap<String, Vec<Dynamic>> = BTreeMap::new();
        for (role, member) in policy.grants() {
            if !iam::is_google_made(&role, &member, scope) {
                roles.entry(role).or_default().push(Dynamic::String(member));
            }
        }
        let roles: Entries = roles.into_iter().map(|(role, members)| (role, Dynamic::set(members))).collect();
        tree::set(&mut component, "iam", if roles.is_empty() { Dynamic::Null } else { Dynamic::Map(roles) });
    }
    component
}

/// The project's policy, if some of the chosen ones can have roles on the project.
async fn project_policy<'c>(
    run: &Run,
    mut chosen: impl Iterator<Item = &'c Candidate>,
) -> Result<Option<Policy>, Diagnostics> {
    if !chosen.any(|candidate| effective::project_roles(&Address::new(candidate.kind, "*")).is_some()) {
        return Ok(None);
    }
    let policy = iam::read(run, &iam::Target::project(&run.scope)).await;
    policy.map(Some).map_err(|error| problem::of_stack("read the project's policy", Path::root(), &error).into())
}

/// The roles that the accounts among the components have on the project.
fn project_roles(policy: &Policy, components: &mut Components) {
    let granted = policy.grants();
    for (address, component) in components {
        let Some((attribute, roles)) = effective::project_roles(address) else { continue };
        let Some(member) =
            tree::text(component, roles.email).map(|email| iam::normal(&format!("serviceAccount:{email}")))
        else {
            continue;
        };
        let held: Vec<Dynamic> =
            granted.iter().filter(|(_, holder)| *holder == member).map(|(role, _)| Dynamic::string(role)).collect();
        let held = if held.is_empty() { Dynamic::Null } else { Dynamic::set(held) };
        tree::set(component, attribute.name.clone(), held);
    }
}

/// Names what the schema cannot say, so that nobody believes it to be managed.
fn warn_of_unexpressed(
    address: &Address,
    candidate: &Candidate,
    policy: Option<&Policy>,
    diagnostics: &mut Diagnostics,
) {
    let noun = address.kind.noun();
    let fields = wire::unexpressed(address.kind.object(), &candidate.found.body, address.kind.unmanaged());
    if !fields.is_empty() {
        diagnostics.push(Diagnostic::warning(
            format!("The {noun} has settings that the stack does not manage"),
            format!(
                "{address} ({}): {}. They stay as they are through every update; change them where they were set.",
                candidate.name(),
                fields.join(", ")
            ),
        ));
    }
    let roles = policy.map(Policy::conditional_roles).unwrap_or_default();
    if !roles.is_empty() {
        diagnostics.push(Diagnostic::warning(
            format!("The {noun} has grants under conditions, which the stack does not manage"),
            format!("{address} ({}): {}. They stay as they are.", candidate.name(), roles.join(", ")),
        ));
    }
}
