//! `mlops_stack`: Terraform's calls, each translated into one operation of the engine.
//!
//! Flow: read refreshes, plan is pure, create and update do the plan's steps, delete undoes. What was made is always in
//! the answer, errors or not. How a tainted stack is taken up again: see `handover`.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration as StdDuration;

use tfplugin::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, GenerateConfig, Identified, ImportId, ImportRequest,
    ImportResponse, ImportState, PlanRequest, PlanResponse, PlannedAction, ReadRequest, ReadResponse, UpdateRequest,
};
use tfplugin::{Context, Diagnostic, Diagnostics, Dynamic, Path, Private, Resource};

use super::address::Address;
use super::body::{StackBody, StackType};
use super::cloud::Cloud;
use super::context::CallContext;
use super::identity::StackIdentity;
use super::import_id::ImportName;
use super::model::{self, Components, Layout, Stack, Status};
use super::operation::{Limit, scope_of, unknown_place};
use super::place::Place;
use super::plan::announce::{self, Announcement};
use super::plan::{self, Action, Input, StackPlan, Step};
use super::protection::{self, Fate};
use super::run::{Preparation, Run};
use super::scope::Scope;
use super::session::{Lends, Session};
use super::{
    account_iam, apply, discover, generate, inventory, labels, look, problem, references, refresh, rename, validate,
};

/// How long a plan may look at the cloud for objects that are in the way.
const LOOK: StdDuration = StdDuration::from_secs(30);

/// The entry of the private data that says what kind of plan an object was last part of.
const PLAN: &str = "plan";
/// A plan that makes the object; it also reaches the delete half of a replacement.
const CREATE: &str = "create";
/// A plan that changes the object.
const UPDATE: &str = "update";
/// A plan that destroys the object, and nothing else.
const DESTROY: &str = "destroy";

/// The handlers of the stacks of one cloud.
#[derive(Debug)]
pub struct StackResource<T>(PhantomData<fn() -> T>);

impl<T> Default for StackResource<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// The session that the provider's client lends for the stacks of a cloud.
fn session<T, C: Lends<T>>(context: &Context<C>) -> Result<&Session, Diagnostic> {
    context.client().map(|client| client.as_ref().lend())
}

fn run<T: StackType, C: Lends<T>>(
    context: &Context<C>,
    scope: Scope,
    limit: StdDuration,
    preparation: Preparation,
) -> Result<Run, Diagnostic> {
    let calls = CallContext::new(limit, context.stop().clone());
    let session = session(context)?;
    let of_cloud = T::cloud().session(session.connection())?;
    Ok(Run::new(of_cloud, calls, scope, preparation).reporting(session.progress.clone()))
}

/// See [`Cloud::enter`]: for a stack as it is known.
async fn enter<T: StackType, C: Lends<T>>(
    context: &Context<C>,
    stack: &Stack,
    limit: StdDuration,
) -> Result<(), Diagnostic> {
    let calls = CallContext::new(limit, context.stop().clone());
    let [account, region] = stack.layout().place().map(|attribute| stack.text(attribute));
    T::cloud().enter(session(context)?.connection(), account, region, &calls).await
}

fn marked(mut private: Private, plan: &str) -> Private {
    private.set(PLAN, plan);
    private
}

impl<T: StackType, C: Lends<T>> Resource<C> for StackResource<T> {
    type State = StackBody<T>;

    fn type_name(&self) -> &'static str {
        T::cloud().terms().resource()
    }

    fn validate(&self, config: &StackBody<T>) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        validate::settings(config, T::cloud(), &mut diagnostics);
        let components = config.components();
        validate::components(&components, &unplaced(config), &mut diagnostics);
        let is_open = |kind: &str| config.get(kind).is_unknown();
        references::check(&components, is_open, &mut diagnostics);
        account_iam::check(config, &components, is_open, &mut diagnostics);
        diagnostics
    }

    async fn plan(&self, request: PlanRequest<StackBody<T>>, context: Context<C>) -> PlanResponse<StackBody<T>> {
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
        if config.layout().place().iter().any(|attribute| config.get(attribute).is_unknown()) {
            return PlanResponse { private, ..request.with_computed_unknown() };
        }
        // Of a stack that exists the place is in the state.
        if request.prior.is_none()
            && let Err(diagnostic) = enter(&context, config, LOOK).await
        {
            return refused(diagnostic);
        }
        let scope = match T::cloud().scope(proposed, request.prior.as_deref(), session.connection()) {
            Ok(Some(scope)) => scope,
            // Not even the place is known: everything that the provider sets is open.
            Ok(None) => return PlanResponse { private, ..request.with_computed_unknown() },
            Err(diagnostic) => return refused(diagnostic),
        };
        let configured = T::cloud().scope(config, request.prior.as_deref(), session.connection());
        let configured = configured.ok().flatten().map(|scope| scope.place);
        let input = Input {
            prior: request.prior.as_deref(),
            config,
            proposed,
            scope: &scope,
            configured_place: configured.as_ref(),
            cloud: T::cloud(),
        };
        let StackPlan { planned, steps, mut diagnostics } = plan::plan(&input);
        let id = T::cloud().terms().stack_id(&scope.place, &scope.stack);
        let known = if request.prior.is_none() { replaced(session, &id, planned.layout()) } else { None };
        if known.is_some() && !diagnostics.has_error() {
            diagnostics.push(not_replaced(&id));
        }
        if !diagnostics.has_error() {
            let run = run(&context, scope.clone(), LOOK, Preparation::Report);
            if let Ok(run) = run {
                let run = identified(T::cloud(), &run, &steps).await.unwrap_or(run);
                let is_without_state = request.prior.is_none() && known.is_none();
                let known = known.map(|stack| stack.components()).unwrap_or_default();
                let components = planned.components();
                let sight = look::creations(&run, T::cloud(), &steps, &components, is_without_state, &known).await;
                diagnostics.extend(sight.diagnostics);
            }
        }
        PlanResponse { planned: Some(planned.into()), private, requires_replace: Vec::new(), diagnostics }
    }

    async fn read(&self, request: ReadRequest<StackBody<T>>, context: Context<C>) -> ReadResponse<StackBody<T>> {
        let ReadRequest { state, private } = request;
        let result = async {
            let session = session(&context)?;
            if session.handover.was_just_imported(state.text(model::ID).unwrap_or_default(), &state) {
                return Ok(state.clone().into_stack());
            }
            let limit = Limit::Read.of(Some(&state));
            enter(&context, &state, limit).await?;
            let scope = scope_of(T::cloud(), &state, session.connection())?;
            let run = run(&context, scope, limit, Preparation::Report)?;
            refresh::refresh(&run, T::cloud(), &state).await
        };
        match result.await {
            Ok(stack) => {
                session(&context).into_iter().for_each(|session| session.images.observe(&stack));
                ReadResponse { state: Some(stack.into()), private, diagnostics: Diagnostics::new() }
            }
            Err(diagnostics) => ReadResponse { state: Some(state), private, diagnostics },
        }
    }

    async fn create(&self, request: CreateRequest<StackBody<T>>, context: Context<C>) -> ApplyResponse<StackBody<T>> {
        let CreateRequest { planned, config, private } = request;
        apply_plan(None, planned, config, private, Limit::Create, &context).await
    }

    async fn update(&self, request: UpdateRequest<StackBody<T>>, context: Context<C>) -> ApplyResponse<StackBody<T>> {
        let UpdateRequest { prior, planned, config, private } = request;
        apply_plan(Some(prior), planned, config, private, Limit::Update, &context).await
    }

    async fn delete(&self, request: DeleteRequest<StackBody<T>>, context: Context<C>) -> DeleteResponse<StackBody<T>> {
        let DeleteRequest { state, private } = request;
        let mut remaining = state.clone().into_stack();
        let result = async {
            let session = session(&context)?;
            let id = state.text(model::ID).unwrap_or_default();
            let limit = Limit::Delete.of(Some(&state));
            enter(&context, &state, limit).await?;
            if private.get(PLAN).and_then(|plan| plan.as_str()) != Some(DESTROY) {
                // One half of a replacement: the other half goes on with what is there.
                session.handover.leave(id, state.clone().into_stack());
                return Ok(Diagnostics::new());
            }
            let scope = scope_of(T::cloud(), &state, session.connection())?;
            let run = run(&context, scope, limit, Preparation::Report)?;
            // The new half of a replacement was made first and has taken over what it wants.
            let alive = session.handover.alive(id);
            let mut components = state.components();
            components.retain(|address, component| {
                let is_imported = protection::is_imported(component);
                alive
                    .as_ref()
                    .is_none_or(|alive| !is_imported && !inventory::is_among(alive, address, component, &run.scope))
            });
            let mut outcome = match &alive {
                // What the new half has not taken over was in no plan: it is released.
                Some(_) => apply::release(&run, T::cloud(), &components).await,
                None => {
                    let own = account_iam::grants(&state, &components).unwrap_or_default();
                    apply::destroy(&run, T::cloud(), &components, &own).await
                }
            };
            if alive.is_some() {
                let steps: Vec<Step> = components.iter().map(|(address, tree)| Step::release(address, tree)).collect();
                let announcement = Announcement::new(&steps, &BTreeMap::new(), going(&components, &run.scope, true));
                outcome.diagnostics.extend(announcement.warnings());
            }
            remaining.set_components(&outcome.components, &state);
            if outcome.is_account_settled {
                account_iam::copy(None, &mut remaining);
            }
            if alive.is_none() {
                session.images.forget(id);
            }
            if outcome.components != state.components() {
                remaining.set(model::STATUS, Status::Incomplete);
            }
            refresh::stamp(&run.scope, &mut remaining, &outcome.components);
            Ok::<_, Diagnostics>(outcome.diagnostics)
        };
        let diagnostics = result.await.unwrap_or_else(|problems| problems);
        DeleteResponse { remaining: Some(remaining.into()), private, diagnostics }
    }
}

/// The stack that a creation takes the place of, if Terraform replaces one.
fn replaced(session: &Session, id: &str, layout: &'static Layout) -> Option<Stack> {
    let left = session.handover.is_left(id);
    left.or_else(|| session.images.get(id)?.stack(layout).ok())
}

/// The operation with both names of the account, where objects without labels are to be created: they are told by what they
/// are, and that may hold either name. The operation as it is where the names cannot be read.
async fn identified(cloud: &dyn Cloud, run: &Run, steps: &[Step]) -> Option<Run> {
    let is_unlabelled = |step: &Step| step.action == Action::Create && !labels::are_kept(step.address.kind);
    if run.scope.place.number.is_some() || !steps.iter().any(is_unlabelled) {
        return None;
    }
    let place = cloud.identify(run).await.ok()?;
    let mut run = run.clone();
    run.scope.place.number = place.number;
    Some(run)
}

/// The warning for a stack that Terraform is about to replace: its objects stay.
fn not_replaced(id: &str) -> Diagnostic {
    Diagnostic::warning(
        "The stack is not replaced",
        format!(
            "Terraform replaces {id}, because its last creation did not come to its end, because of -replace, or because of \
             replace_triggered_by. The objects of the stack stay: the apply deletes none of them, takes up what is there and \
             creates what is missing. terraform untaint takes the mark of a failed creation off."
        ),
    )
}

/// A destruction is planned only if nothing forbids it.
fn plan_destroy<T: StackType, C: Lends<T>>(
    request: PlanRequest<StackBody<T>>,
    context: &Context<C>,
) -> PlanResponse<StackBody<T>> {
    let mut diagnostics = Diagnostics::new();
    if let Some(prior) = &request.prior {
        let id = prior.text(model::ID).unwrap_or_default();
        // The old half of a replacement that was made first: its objects live on in the new half.
        let is_replaced = session(context).is_ok_and(|session| session.handover.alive(id).is_some());
        if protection::is_protected(prior) && !is_replaced {
            diagnostics.push(
                Diagnostic::error(
                    "The stack is protected from deletion",
                    format!(
                        "{id} has deletion_protection = true in the state. To destroy it, set deletion_protection = false on \
                         the resource and apply, then destroy. To keep the objects and only forget them, use terraform state rm."
                    ),
                )
                .at(Path::root().attribute(model::DELETION_PROTECTION)),
            );
        }
        if !is_replaced {
            destruction(prior, T::cloud(), &mut diagnostics);
        }
    }
    let private = marked(request.private, DESTROY);
    PlanResponse { planned: None, private, requires_replace: Vec::new(), diagnostics }
}

/// What the destruction of a stack has to say aloud, and what forbids it.
fn destruction(prior: &Stack, cloud: &dyn Cloud, diagnostics: &mut Diagnostics) {
    let is_protected = protection::is_protected(prior);
    let components = prior.components();
    let steps = components.iter().map(|(address, component)| {
        let action = match protection::fate(address, component, is_protected) {
            Fate::Deleted => Action::Delete,
            Fate::Released => Action::Release,
            Fate::Prevented => {
                // The protection of the stack itself is an error of its own.
                if !is_protected {
                    diagnostics.push(protection::prevented(address, component, "would be deleted with the stack"));
                }
                Action::Release
            }
        };
        Step { address: address.clone(), action, prior: Some(component.clone()), planned: None }
    });
    let steps: Vec<Step> = steps.collect();
    if !diagnostics.has_error() {
        let scope = unplaced(prior);
        let mut announcement = Announcement::new(&steps, &BTreeMap::new(), going(&components, &scope, is_protected));
        announcement.add_revoked(account_iam::grants(prior, &components), cloud);
        diagnostics.extend(announcement.warnings());
    }
}

/// What the end of components is seen against: nothing comes after them.
fn going<'v>(components: &'v Components, scope: &'v Scope, is_protected: bool) -> announce::View<'v> {
    static NOTHING: Components = Components::new();
    announce::View { before: components, planned: &NOTHING, scope, is_protected }
}

/// Creates or changes a stack; what exists afterwards is in the answer in any case.
async fn apply_plan<T: StackType, C: Lends<T>>(
    prior: Option<StackBody<T>>,
    planned: StackBody<T>,
    config: StackBody<T>,
    private: Private,
    limit: Limit,
    context: &Context<C>,
) -> ApplyResponse<StackBody<T>> {
    let result = async {
        let (cloud, session) = (T::cloud(), session(context)?);
        enter(context, &planned, limit.of(Some(&planned))).await?;
        let scope = cloud.scope(&planned, prior.as_deref(), session.connection())?.ok_or_else(unknown_place)?;
        let id = cloud.terms().stack_id(&scope.place, &scope.stack);
        let left = if prior.is_none() { session.handover.take(&id) } else { None };
        let run = run(context, scope, limit.of(Some(&planned)), cloud.preparation(session.connection()))?;
        let config = config.into_stack();
        let (stack, mut diagnostics) = carry_out(&run, cloud, prior.as_deref(), &planned, config, left.as_ref()).await;
        // Terraform shows no warning of the plan's second half.
        diagnostics.extend(left.map(|_| not_replaced(&id)));
        session.handover.mark_alive(&id, inventory::objects(&stack.components(), &run.scope));
        session.images.observe(&stack);
        Ok::<_, Diagnostics>((stack, diagnostics))
    };
    match result.await {
        // Of a creation that made nothing there is nothing to keep; Terraform then brings back what it has put aside.
        Ok((stack, diagnostics)) if prior.is_none() && diagnostics.has_error() && is_nothing(&stack) => {
            ApplyResponse { state: None, private, diagnostics }
        }
        Ok((stack, diagnostics)) => ApplyResponse { state: Some(stack.into()), private, diagnostics },
        Err(diagnostics) => ApplyResponse { state: prior, private, diagnostics },
    }
}

/// Whether a stack has no object and no grant.
fn is_nothing(stack: &Stack) -> bool {
    stack.borrowed().is_empty() && account_iam::is_empty(stack)
}

pub(super) async fn carry_out(
    run: &Run,
    cloud: &'static dyn Cloud,
    prior: Option<&Stack>,
    planned: &Stack,
    config: Stack,
    left: Option<&Stack>,
) -> (Stack, Diagnostics) {
    let plan = plan::plan(&Input {
        prior,
        config: &config,
        proposed: planned,
        scope: &run.scope,
        configured_place: None,
        cloud,
    });
    // From here on the configuration says nothing that is not in the plan, its secrets excepted.
    let secrets = config.write_only();
    drop(config);
    let mut stack = planned.settings_only();
    let before = prior.map(Stack::components).unwrap_or_default();
    let scope_before = prior.map_or_else(|| run.scope.clone(), |prior| prior.scoped(run.scope.clone()));
    let mut scope = run.scope.clone();
    let mut diagnostics = Diagnostics::new();
    if plan.diagnostics.has_error() {
        diagnostics.extend(plan.diagnostics);
    } else if let Err(problem) = cloud.prepare(run, planned).await {
        diagnostics.push(problem);
    }
    let own_before = prior.and_then(|prior| account_iam::grants(prior, &before)).unwrap_or_default();
    let components = if diagnostics.has_error() {
        account_iam::copy(left.or(prior), &mut stack);
        left.map(Stack::components).unwrap_or(before)
    } else {
        let kept = plan.planned.into_components();
        let left = left.map(|left| taken_up(&left.components(), &kept, &run.scope)).unwrap_or_default();
        // A plan that did not see the state deletes nothing: what has left the configuration since is released.
        let gone = left.iter().filter(|(address, _)| !kept.contains_key(address));
        let gone: Vec<Step> = gone.map(|(address, tree)| Step::release(address, tree)).collect();
        let announcement = Announcement::new(&gone, &BTreeMap::new(), going(&left, &run.scope, true));
        diagnostics.extend(announcement.warnings());
        let identified = identified(cloud, run, &plan.steps).await;
        let run = identified.as_ref().unwrap_or(run);
        let place = async {
            match &run.scope.place.number {
                Some(_) => Ok(run.scope.place.clone()),
                None => cloud.identify(run).await,
            }
        };
        let work = apply::apply(
            run,
            cloud,
            plan.steps.into_iter().chain(gone).collect(),
            (planned, kept),
            apply::Before {
                components: &before,
                own: &own_before,
                scope: &scope_before,
                is_protected: prior.is_some_and(protection::is_protected),
            },
            &secrets,
            &left,
        );
        let (outcome, place) = futures::join!(work, place);
        if !outcome.is_account_settled {
            account_iam::copy(prior, &mut stack);
        }
        diagnostics.extend(outcome.diagnostics);
        match place {
            Ok(place) => {
                cloud.record_place(&mut stack, &Place { account: run.scope.place.account.clone(), ..place.clone() });
                scope.place.number = place.number;
            }
            Err(error) => {
                let what = format!("identify the {}", cloud.terms().account_noun());
                diagnostics.push(problem::of_stack(&what, Path::root(), &error));
            }
        }
        outcome.components
    };
    refresh::stamp(&scope, &mut stack, &components);
    stack.put_components(components, planned);
    if diagnostics.has_error() {
        stack.set(model::STATUS, Status::Incomplete);
    }
    (stack, diagnostics)
}

/// What an interrupted creation left, under the KEYs that the components have now.
fn taken_up(left: &Components, planned: &Components, scope: &Scope) -> Components {
    let renamed: BTreeMap<Address, Address> =
        rename::renames(left, planned, scope).into_iter().map(|(new, old)| (old, new)).collect();
    left.iter().map(|(old, tree)| (renamed.get(old).unwrap_or(old).clone(), tree.clone())).collect()
}

/// What is known of where a stack is without the provider's settings.
fn unplaced(stack: &Stack) -> Scope {
    let text = |name: &str| stack.text(name).unwrap_or_default().to_owned();
    let [account, region] = stack.layout().place().map(text);
    Scope {
        place: Place { account, number: None, region },
        stack: stack.text(model::NAME).unwrap_or_default().to_owned(),
        ..Scope::default()
    }
}

impl<T: StackType, C: Lends<T>> ImportState<C> for StackResource<T> {
    async fn import(&self, request: ImportRequest, context: Context<C>) -> ImportResponse<StackBody<T>> {
        let cloud = T::cloud();
        let result = async {
            let session = session(&context)?;
            let import = import_name(&request.id, cloud)?;
            let scope = Scope {
                place: Place { account: import.account.clone(), number: None, region: import.region.clone() },
                stack: import.stack.clone(),
                default_labels: cloud.default_labels(session.connection()),
                foreign_labels: cloud.foreign_labels(session.connection()),
                ..Scope::default()
            };
            let calls = CallContext::new(Limit::Read.of(None), context.stop().clone());
            cloud.enter(session.connection(), Some(&import.account), Some(&import.region), &calls).await?;
            let mut run = run(&context, scope, Limit::Read.of(None), Preparation::Report)?;
            run.scope.place = cloud.identify(&run).await.map_err(|error| {
                let what = format!("read {} {:?}", cloud.terms().account_noun(), import.account);
                problem::of_stack(&what, Path::root(), &error)
            })?;
            let (stack, warnings) = discover::discover(&run, cloud, &import).await?;
            session.handover.remember_import(stack.text(model::ID).unwrap_or_default(), stack.clone());
            Ok::<_, Diagnostics>((stack, warnings))
        };
        let private = Private::default();
        match result.await {
            Ok((stack, diagnostics)) => ImportResponse { state: Some(stack.into()), private, diagnostics },
            Err(diagnostics) => ImportResponse { state: None, private, diagnostics },
        }
    }
}

fn import_name(id: &ImportId, cloud: &dyn Cloud) -> Result<ImportName, Diagnostic> {
    let id = match id {
        ImportId::Text(id) => id.clone(),
        ImportId::Identity(identity) => {
            let part = |name| identity.get(name).as_str().unwrap_or_default().to_owned();
            let [account, region] = cloud.layout().place().map(part);
            format!("{account}/{region}/{}", part(model::NAME))
        }
    };
    let refused = |error| Diagnostic::error("Invalid import id", format!("{id:?} cannot be imported: {error}."));
    ImportName::parse(&id, cloud).map_err(refused)
}

impl<T: StackType, C: Lends<T>> Identified<C> for StackResource<T> {
    type Identity = StackIdentity<T>;

    fn identity(&self, state: &StackBody<T>) -> Option<StackIdentity<T>> {
        StackIdentity::of(state)
    }
}

impl<T: StackType, C: Lends<T>> GenerateConfig<C> for StackResource<T> {
    fn generate_config(&self, state: &StackBody<T>) -> Dynamic {
        generate::generate(state, &unplaced(state))
    }
}
