//! `mlops_stack`: Terraform's calls, each translated into one operation of the engine.
//!
//! Flow: read refreshes, plan is pure, create and update do the plan's steps, delete undoes. What was made is always in
//! the answer, errors or not. How a tainted stack is taken up again: see `handover`.

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use tfplugin::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, GenerateConfig, Identified, ImportId, ImportRequest,
    ImportResponse, ImportState, PlanRequest, PlanResponse, PlannedAction, ReadRequest, ReadResponse, UpdateRequest,
};
use tfplugin::{Context, Diagnostic, Diagnostics, Dynamic, Object, Path, Private, Resource, Value};

use super::import_id::ImportName;
use super::model::{Components, Settings, Stack, Timeouts};
use super::plan::{self, Input, StackPlan};
use super::run::{ApiPolicy, Run};
use super::{
    Address, Scope, Session, apis, apply, discover, generate, inventory, problem, references, refresh, rename, tree,
    validate,
};
use crate::config::Connection;
use crate::google::api::CallContext;
use crate::types::Duration;

/// The entry of the private data that says what kind of plan an object was last part of.
const PLAN: &str = "plan";
/// A plan that makes the object; it also reaches the delete half of a replacement.
const CREATE: &str = "create";
/// A plan that changes the object.
const UPDATE: &str = "update";
/// A plan that destroys the object, and nothing else.
const DESTROY: &str = "destroy";

/// The handlers of `mlops_stack`.
#[derive(Debug, Default)]
pub struct StackResource;

/// What names a stack for good.
#[derive(Object, Debug)]
pub struct StackIdentity {
    /// The project's id.
    #[tf(required)]
    pub project: Value<String>,
    /// The region.
    #[tf(required)]
    pub region: Value<String>,
    /// The stack's name.
    #[tf(required)]
    pub name: Value<String>,
}

/// Which of the timeouts an operation has.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    Create,
    Read,
    Update,
    Delete,
}

impl Limit {
    pub(super) fn of(self, settings: Option<&Settings>) -> StdDuration {
        let timeouts = settings.and_then(|settings| settings.timeouts.known());
        let pick = |timeouts: &Timeouts| {
            match self {
                Self::Create => &timeouts.create,
                Self::Read => &timeouts.read,
                Self::Update => &timeouts.update,
                Self::Delete => &timeouts.delete,
            }
            .known()
            .map(Duration::to_std)
        };
        let default = if matches!(self, Self::Read) { 10 } else { 30 };
        timeouts.and_then(pick).unwrap_or(StdDuration::from_secs(default * 60))
    }
}

/// Where a stack is, from its own word, the provider's, and the state's. `None` while that is not known.
pub(super) fn scope_of(
    stack: &Stack,
    prior: Option<&Stack>,
    connection: &Connection,
) -> Result<Option<Scope>, Diagnostic> {
    let pick = |attribute: &'static str, of_provider: Value<String>| match stack.get(attribute) {
        Dynamic::String(text) => Ok(Some(text.clone())),
        // A computed attribute that is not known yet is the provider's to say.
        _ => match of_provider {
            Value::Known(text) => Ok(Some(text)),
            Value::Unknown => Ok(None),
            Value::Null => Err(missing(attribute)),
        },
    };
    let (Some(project), Some(region)) = (
        pick("project", connection.project.as_ref().map(|project| project.to_wire()))?,
        pick("region", connection.region.as_ref().map(|region| region.to_wire().to_lowercase()))?,
    ) else {
        return Ok(None);
    };
    let (Some(name), Value::Known(_) | Value::Null) = (stack.text("name"), &connection.default_labels) else {
        return Ok(None);
    };
    let number = [Some(stack), prior].into_iter().flatten().find_map(|stack| stack.text("project_number"));
    Ok(Some(Scope {
        project,
        project_number: number.map(str::to_owned),
        region,
        stack: name.to_owned(),
        default_labels: connection.default_labels.known().cloned().unwrap_or_default(),
        labels: tree::strings(stack.get("labels")),
        open_labels: !stack.get("labels").is_wholly_known(),
        shadow_severities: tree::texts(stack.get("shadow_severities")).into_iter().map(str::to_owned).collect(),
    }))
}

pub(super) fn missing(attribute: &'static str) -> Diagnostic {
    let (variable, example) =
        if attribute == "project" { ("GOOGLE_PROJECT", "my-project") } else { ("GOOGLE_REGION", "europe-west1") };
    Diagnostic::error(
        format!("No {attribute}"),
        format!(
            "The stack names no {attribute}, and neither does the provider. Set {attribute} = \"{example}\" in the provider \
             block or on the stack, or {variable} in the environment."
        ),
    )
    .at(Path::root().attribute(attribute))
}

/// The session that the provider's client lends.
fn session<C: AsRef<Session>>(context: &Context<C>) -> Result<&Session, Diagnostic> {
    context.client().map(|client| client.as_ref().as_ref())
}

fn run<C>(
    session: &Session,
    context: &Context<C>,
    scope: Scope,
    limit: StdDuration,
    policy: ApiPolicy,
) -> Result<Run, Diagnostic> {
    let client = session.connection.client().map_err(|missing| missing.diagnostic())?;
    let calls = CallContext::new(limit, context.stop().clone());
    Ok(Run::new(client.clone(), calls, scope, policy))
}

fn writing(connection: &Connection) -> ApiPolicy {
    if connection.enable_apis { ApiPolicy::Enable } else { ApiPolicy::Report }
}

fn marked(mut private: Private, plan: &str) -> Private {
    private.set(PLAN, plan);
    private
}

impl<C: AsRef<Session> + Send + Sync + 'static> Resource<C> for StackResource {
    type State = Stack;

    fn type_name(&self) -> &'static str {
        "mlops_stack"
    }

    fn validate(&self, config: &Stack) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        validate::settings(config, &mut diagnostics);
        let components = config.components();
        let text = |name| config.text(name).unwrap_or_default().to_owned();
        let scope = Scope { project: text("project"), region: text("region"), stack: text("name"), ..Scope::default() };
        validate::components(&components, &scope, &mut diagnostics);
        references::check(&components, |kind| config.get(kind).is_unknown(), &mut diagnostics);
        diagnostics
    }

    async fn plan(&self, request: PlanRequest<Stack>, context: Context<C>) -> PlanResponse<Stack> {
        if request.action == PlannedAction::Destroy {
            return plan_destroy(request, &context);
        }
        let name = if request.action == PlannedAction::Create { CREATE } else { UPDATE };
        let private = marked(request.private.clone(), name);
        let refused = |diagnostic: Diagnostic| PlanResponse {
            planned: None,
            private: private.clone(),
            requires_replace: Vec::new(),
            diagnostics: diagnostic.into(),
        };
        let (Some(config), Some(proposed)) = (&request.config, &request.proposed) else {
            return request.with_computed_unknown();
        };
        let session = match session(&context) {
            Ok(session) => session,
            Err(diagnostic) => return refused(diagnostic),
        };
        if let Some(prior) = &request.prior {
            session.images.observe_first(prior);
        }
        // A place that the configuration sets is its own to say, even when it is not known yet.
        if config.get("project").is_unknown() || config.get("region").is_unknown() {
            return PlanResponse { private, ..request.with_computed_unknown() };
        }
        let scope = match scope_of(proposed, request.prior.as_ref(), &session.connection) {
            Ok(Some(scope)) => scope,
            // Not even the place is known: everything that the provider sets is open.
            Ok(None) => return PlanResponse { private, ..request.with_computed_unknown() },
            Err(diagnostic) => return refused(diagnostic),
        };
        let input = Input { prior: request.prior.as_ref(), config, proposed, scope: &scope };
        let StackPlan { planned, diagnostics, .. } = plan::plan(&input);
        PlanResponse { planned: Some(planned), private, requires_replace: Vec::new(), diagnostics }
    }

    async fn read(&self, request: ReadRequest<Stack>, context: Context<C>) -> ReadResponse<Stack> {
        let ReadRequest { state, private } = request;
        let result = async {
            let session = session(&context)?;
            if session.handover.was_just_imported(state.text("id").unwrap_or_default(), &state) {
                return Ok(state.clone());
            }
            let scope = scope_of(&state, None, &session.connection)?.ok_or_else(|| missing("project"))?;
            let limit = Limit::Read.of(state.settings().as_ref());
            let run = run(session, &context, scope, limit, ApiPolicy::Report)?;
            refresh::refresh(&run, &state).await
        };
        match result.await {
            Ok(stack) => {
                session(&context).into_iter().for_each(|session| session.images.observe(&stack));
                ReadResponse { state: Some(stack), private, diagnostics: Diagnostics::new() }
            }
            Err(diagnostics) => ReadResponse { state: Some(state), private, diagnostics },
        }
    }

    async fn create(&self, request: CreateRequest<Stack>, context: Context<C>) -> ApplyResponse<Stack> {
        let CreateRequest { planned, config, private } = request;
        apply_plan(None, planned, config, private, Limit::Create, &context).await
    }

    async fn update(&self, request: UpdateRequest<Stack>, context: Context<C>) -> ApplyResponse<Stack> {
        let UpdateRequest { prior, planned, config, private } = request;
        apply_plan(Some(prior), planned, config, private, Limit::Update, &context).await
    }

    async fn delete(&self, request: DeleteRequest<Stack>, context: Context<C>) -> DeleteResponse<Stack> {
        let DeleteRequest { state, private } = request;
        let mut remaining = state.clone();
        let result = async {
            let session = session(&context)?;
            let id = state.text("id").unwrap_or_default();
            if private.get(PLAN).and_then(|plan| plan.as_str()) != Some(DESTROY) {
                // One half of a replacement: the other half goes on with what is there.
                session.handover.leave(id, state.clone());
                return Ok(Diagnostics::new());
            }
            let scope = scope_of(&state, None, &session.connection)?.ok_or_else(|| missing("project"))?;
            let limit = Limit::Delete.of(state.settings().as_ref());
            let run = run(session, &context, scope, limit, ApiPolicy::Report)?;
            // The new half of a replacement was made first and has taken over what it wants.
            let alive = session.handover.alive(id);
            let mut components = state.components();
            components.retain(|address, component| {
                let is_imported = component.get("imported").as_bool() == Some(true);
                alive
                    .as_ref()
                    .is_none_or(|alive| !is_imported && !inventory::is_among(alive, address, component, &run.scope))
            });
            let outcome = apply::destroy(&run, &components).await;
            remaining.set_components(&outcome.components, &state);
            if alive.is_none() {
                session.images.forget(id);
            }
            if outcome.components != state.components() {
                remaining.set("status", Dynamic::string("incomplete"));
            }
            refresh::stamp(&run, &mut remaining, &outcome.components);
            Ok::<_, Diagnostics>(outcome.diagnostics)
        };
        let diagnostics = result.await.unwrap_or_else(|problems| problems);
        DeleteResponse { remaining: Some(remaining), private, diagnostics }
    }
}

/// A destruction is planned only if nothing forbids it.
fn plan_destroy<C: AsRef<Session>>(request: PlanRequest<Stack>, context: &Context<C>) -> PlanResponse<Stack> {
    let mut diagnostics = Diagnostics::new();
    if let Some(prior) = &request.prior {
        let id = prior.text("id").unwrap_or_default();
        // The old half of a replacement that was made first: its objects live on in the new half.
        let is_replaced = session(context).is_ok_and(|session| session.handover.alive(id).is_some());
        if prior.get("deletion_protection").as_bool() != Some(false) && !is_replaced {
            diagnostics.push(
                Diagnostic::error(
                    "The stack is protected from deletion",
                    format!(
                        "{id} has deletion_protection = true in the state. To destroy it, set deletion_protection = false on \
                         the resource and apply, then destroy. To keep the objects and only forget them, use terraform state rm."
                    ),
                )
                .at(Path::root().attribute("deletion_protection")),
            );
        }
        for (address, component) in prior.components().iter().filter(|_| !is_replaced) {
            if plan::removal::policy(address, component) == crate::engine::common::DeletionPolicy::Prevent {
                diagnostics.push(plan::removal::prevented(address));
            }
        }
    }
    let private = marked(request.private, DESTROY);
    PlanResponse { planned: None, private, requires_replace: Vec::new(), diagnostics }
}

/// Creates or changes a stack; what exists afterwards is in the answer in any case.
async fn apply_plan<C: AsRef<Session>>(
    prior: Option<Stack>,
    planned: Stack,
    config: Stack,
    private: Private,
    limit: Limit,
    context: &Context<C>,
) -> ApplyResponse<Stack> {
    let result = async {
        let session = session(context)?;
        let scope = scope_of(&planned, prior.as_ref(), &session.connection)?.ok_or_else(|| missing("project"))?;
        let id = scope.id();
        let left = if prior.is_none() { session.handover.take(&id) } else { None };
        let limit = limit.of(planned.settings().as_ref());
        let run = run(session, context, scope, limit, writing(&session.connection))?;
        let (stack, diagnostics) = carry_out(&run, prior.as_ref(), &planned, config, left.as_ref()).await;
        session.handover.mark_alive(&id, inventory::objects(&stack.components(), &run.scope));
        session.images.observe(&stack);
        Ok::<_, Diagnostics>((stack, diagnostics))
    };
    match result.await {
        // Of a creation that made nothing there is nothing to keep; Terraform then brings back what it has put aside.
        Ok((stack, diagnostics)) if prior.is_none() && diagnostics.has_error() && stack.borrowed().is_empty() => {
            ApplyResponse { state: None, private, diagnostics }
        }
        Ok((stack, diagnostics)) => ApplyResponse { state: Some(stack), private, diagnostics },
        Err(diagnostics) => ApplyResponse { state: prior, private, diagnostics },
    }
}

pub(super) async fn carry_out(
    run: &Run,
    prior: Option<&Stack>,
    planned: &Stack,
    config: Stack,
    left: Option<&Stack>,
) -> (Stack, Diagnostics) {
    let plan = plan::plan(&Input { prior, config: &config, proposed: planned, scope: &run.scope });
    // From here on the configuration says nothing that is not in the plan, its secrets excepted.
    let secrets = config.write_only();
    drop(config);
    let mut stack = planned.settings_only();
    let before = prior.map(Stack::components).unwrap_or_default();
    let scope_before = prior.map_or_else(|| run.scope.clone(), |prior| run.scope.as_of(prior));
    let mut diagnostics = Diagnostics::new();
    if plan.diagnostics.has_error() {
        diagnostics.extend(plan.diagnostics);
    } else if let Err(problem) = switch_on(run, planned).await {
        diagnostics.push(problem);
    }
    let components = if diagnostics.has_error() {
        left.map(Stack::components).unwrap_or(before)
    } else {
        let kept = plan.planned.into_components();
        let left = left.map(|left| taken_up(&left.components(), &kept, &run.scope)).unwrap_or_default();
        // What was made for a component that has left the configuration since goes as any other.
        let gone = left.iter().filter(|(address, _)| !kept.contains_key(address));
        let gone: Vec<_> = gone.map(|(address, tree)| plan::removal::plan(address, tree, &mut diagnostics)).collect();
        let number = async {
            match &run.scope.project_number {
                Some(number) => Ok(number.clone()),
                None => refresh::project(run).await.map(|project| project.number),
            }
        };
        let work = apply::apply(
            run,
            plan.steps.into_iter().chain(gone).collect(),
            kept,
            (&before, &scope_before),
            &secrets,
            &left,
        );
        let (outcome, number) = futures::join!(work, number);
        diagnostics.extend(outcome.diagnostics);
        match number {
            Ok(number) => stack.set("project_number", Dynamic::String(number)),
            Err(error) => {
                let path = Path::root().attribute("project_number");
                diagnostics.push(problem::of_stack("read the project's number", path, &error));
            }
        }
        outcome.components
    };
    refresh::stamp(run, &mut stack, &components);
    stack.put_components(components, planned);
    if diagnostics.has_error() {
        stack.set("status", Dynamic::string("incomplete"));
    }
    (stack, diagnostics)
}

/// What an interrupted creation left, under the KEYs that the components have now.
fn taken_up(left: &Components, planned: &Components, scope: &Scope) -> Components {
    let renamed: BTreeMap<Address, Address> =
        rename::renames(left, planned, scope).into_iter().map(|(new, old)| (old, new)).collect();
    left.iter().map(|(old, tree)| (renamed.get(old).unwrap_or(old).clone(), tree.clone())).collect()
}

/// Switches on the APIs that the stack names.
async fn switch_on(run: &Run, planned: &Stack) -> Result<(), Diagnostic> {
    let wanted = tree::texts(planned.get("apis"));
    if wanted.is_empty() {
        return Ok(());
    }
    let result = async {
        let on = apis::enabled(run, &wanted).await?;
        let off: Vec<&str> = wanted.into_iter().filter(|api| !on.contains(*api)).collect();
        apis::enable(run, &off).await
    };
    result.await.map_err(|error| problem::of_stack("switch on APIs", Path::root().attribute("apis"), &error))
}

impl<C: AsRef<Session> + Send + Sync + 'static> ImportState<C> for StackResource {
    async fn import(&self, request: ImportRequest, context: Context<C>) -> ImportResponse<Stack> {
        let result = async {
            let session = session(&context)?;
            let import = import_name(&request.id)?;
            let scope = Scope {
                project: import.project.clone(),
                region: import.region.clone(),
                stack: import.stack.clone(),
                default_labels: session.connection.default_labels.known().cloned().unwrap_or_default(),
                ..Scope::default()
            };
            let mut run = run(session, &context, scope, Limit::Read.of(None), ApiPolicy::Report)?;
            let project = refresh::project(&run).await.map_err(|error| {
                problem::of_stack(&format!("read project {:?}", import.project), Path::root(), &error)
            })?;
            run.scope.project = project.id;
            run.scope.project_number = Some(project.number);
            let (stack, warnings) = discover::discover(&run, &import).await?;
            session.handover.remember_import(stack.text("id").unwrap_or_default(), stack.clone());
            Ok::<_, Diagnostics>((stack, warnings))
        };
        let private = Private::default();
        match result.await {
            Ok((stack, diagnostics)) => ImportResponse { state: Some(stack), private, diagnostics },
            Err(diagnostics) => ImportResponse { state: None, private, diagnostics },
        }
    }
}

fn import_name(id: &ImportId) -> Result<ImportName, Diagnostic> {
    let id = match id {
        ImportId::Text(id) => id.clone(),
        ImportId::Identity(identity) => {
            let part = |name| identity.get(name).as_str().unwrap_or_default().to_owned();
            format!("{}/{}/{}", part("project"), part("region"), part("name"))
        }
    };
    let refused = |error| Diagnostic::error("Invalid import id", format!("{id:?} cannot be imported: {error}."));
    id.parse::<ImportName>().map_err(refused)
}

impl<C: AsRef<Session> + Send + Sync + 'static> Identified<C> for StackResource {
    type Identity = StackIdentity;

    fn identity(&self, state: &Stack) -> Option<StackIdentity> {
        let part = |name| state.text(name).map(|text| Value::Known(text.to_owned()));
        Some(StackIdentity { project: part("project")?, region: part("region")?, name: part("name")? })
    }
}

impl<C: AsRef<Session> + Send + Sync + 'static> GenerateConfig<C> for StackResource {
    fn generate_config(&self, state: &Stack) -> Dynamic {
        let text = |name| state.text(name).unwrap_or_default().to_owned();
        let scope = Scope { project: text("project"), region: text("region"), stack: text("name"), ..Scope::default() };
        generate::generate(state, &scope)
    }
}
