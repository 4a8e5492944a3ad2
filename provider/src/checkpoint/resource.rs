//! `mlops_phase_checkpoint`: Terraform's calls. The same resource goes by the name `phase_checkpoint` too.

use std::time::Duration;

use mlops_phases::{Document, PhaseId, Status};
use serde_json::{Map, Value as Json};
use tfplugin::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, Identified, ImportId, ImportRequest, ImportResponse,
    ImportState, MoveRequest, MoveState, PlanRequest, PlanResponse, PlannedAction, ReadRequest, ReadResponse,
    UpdateRequest,
};
use tfplugin::value::json;
use tfplugin::{Context, Diagnostic, Diagnostics, Object, Path, Private, Resource, Value, name};

use super::apply::{self, Known, Work};
use super::archive::{Archive, LoadError, SaveError};
use super::author::author;
use super::convert::{self, DocumentAddress};
use super::criteria::Tools;
use super::handwritten;
use super::model::{Body, CheckpointDeletion, PhaseCheckpoint};
use super::planned_stacks::PlannedStacks;
use super::session::Session;
use super::source::Source;
use super::store::{StoreError, StoreUrl};
use super::{plan, problem, validate};
use crate::address::is_this_provider;
use crate::engine::image::StackImage;
use crate::google::api::CallContext;
use crate::google::api::auth::Environment;

/// The longest time for one operation.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// The entry of the private data that carries stacks from the plan to the apply, by id.
const STACKS: &str = "stacks";

/// The handlers, under one of the two names.
#[derive(Clone, Copy, Debug)]
pub enum CheckpointResource {
    /// `mlops_phase_checkpoint`.
    Prefixed,
    /// `phase_checkpoint`.
    Literal,
}

/// What names a checkpoint for good.
#[derive(Object, Debug)]
pub struct CheckpointIdentity {
    /// The store, as the attribute of that name.
    #[tf(required)]
    pub store: Value<String>,
    /// The phase.
    #[tf(required)]
    pub phase: Value<String>,
}

impl CheckpointResource {
    fn name(self) -> &'static str {
        match self {
            Self::Prefixed => "mlops_phase_checkpoint",
            Self::Literal => "phase_checkpoint",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Prefixed => Self::Literal,
            Self::Literal => Self::Prefixed,
        }
    }
}

fn calls(context: &Context<Session>) -> CallContext {
    CallContext::new(LIMIT, context.stop().clone())
}

fn archive(session: &Session, store: &StoreUrl) -> Result<Archive, Diagnostic> {
    let clients = session.stores().map_err(|missing| missing.diagnostic())?;
    Ok(Archive::open(store.clone(), clients))
}

fn phase_of(body: &PhaseCheckpoint) -> Result<PhaseId, Diagnostic> {
    body.phase.known().map(|phase| phase.0.clone()).ok_or_else(|| problem::unknown(name!(PhaseCheckpoint.phase)))
}

fn revision(body: &PhaseCheckpoint) -> u64 {
    body.revision.known().and_then(|revision| u64::try_from(*revision).ok()).unwrap_or_default()
}

fn store_of(body: &PhaseCheckpoint) -> Result<StoreUrl, Diagnostic> {
    body.store.known().cloned().ok_or_else(|| problem::unknown(name!(PhaseCheckpoint.store)))
}

/// What is found where a phase should be.
struct Loaded {
    /// The document and its place; `None` when there is none.
    document: Option<(Document, DocumentAddress)>,
    /// The bucket is gone, and took its phases with it.
    gone: Option<Diagnostic>,
}

async fn load(session: &Session, calls: &CallContext, store: &StoreUrl, phase: &PhaseId) -> Result<Loaded, Diagnostic> {
    match Source::of(store) {
        Source::Store => {
            let archive = archive(session, store)?;
            let place = DocumentAddress { store: store.clone(), uri: archive.uri(phase) };
            match archive.load(calls, phase).await {
                Ok(stored) => Ok(Loaded { document: stored.map(|stored| (stored.into_document(), place)), gone: None }),
                Err(LoadError::Store(error @ StoreError::MissingBucket { .. })) => {
                    Ok(Loaded { document: None, gone: Some(problem::bucket_gone(&error)) })
                }
                Err(error) => Err(problem::store(&error)),
            }
        }
        Source::Handwritten(file) => {
            let place = DocumentAddress { store: store.clone(), uri: store.to_string() };
            let read = handwritten::read(session, calls, &file).await?;
            let document = read.and_then(|read| read.phases.into_iter().find(|document| document.phase == *phase));
            Ok(Loaded { document: document.map(|document| (document, place)), gone: None })
        }
    }
}

impl Resource<Session> for CheckpointResource {
    type State = Body;

    fn type_name(&self) -> &'static str {
        self.name()
    }

    fn validate(&self, config: &Body) -> Diagnostics {
        validate::validate(&config.0)
    }

    async fn plan(&self, request: PlanRequest<Body>, context: Context<Session>) -> PlanResponse<Body> {
        let refused = |diagnostics: Diagnostics| PlanResponse {
            planned: None,
            private: Private::default(),
            requires_replace: Vec::new(),
            diagnostics,
        };
        if request.action == PlannedAction::Destroy {
            return refused(
                request.prior.as_ref().and_then(|prior| plan::plan_destroy(&prior.0)).into_iter().collect(),
            );
        }
        let (Some(config), Some(proposed)) = (&request.config, &request.proposed) else {
            return request.with_computed_unknown();
        };
        let session = match context.client() {
            Ok(session) => session,
            Err(diagnostic) => return refused(diagnostic.into()),
        };
        let prior = request.prior.as_ref().map(|prior| &prior.0);
        let plan = plan::plan(prior, &config.0, proposed.0.clone(), &session.phases);
        let private = carry(session, &plan.body, request.private);
        if plan.is_checked
            && let Some(left) = PlannedStacks::here()
        {
            let images = stacks(&plan.body).filter_map(|id| session.image(id));
            images.for_each(|image| left.leave(&image));
        }
        PlanResponse {
            planned: Some(Body(plan.body)),
            private,
            requires_replace: Vec::new(),
            diagnostics: plan.diagnostics,
        }
    }

    async fn read(&self, request: ReadRequest<Body>, context: Context<Session>) -> ReadResponse<Body> {
        let ReadRequest { state, private } = request;
        let result = async {
            let session = context.client()?;
            let (store, phase) = (store_of(&state.0)?, phase_of(&state.0)?);
            let Loaded { document, gone } = load(session, &calls(&context), &store, &phase).await?;
            let body = document.map(|(document, place)| convert::body(&document, &place, Some(&state.0)));
            Ok::<_, Diagnostic>((body.transpose().map_err(|error| problem::convert(&error))?, gone))
        };
        match result.await {
            Ok((Some(body), _)) => {
                let private = match (context.client(), plan::status(&body)) {
                    (Ok(session), status) if status != Some(Status::Completed) => carry(session, &body, private),
                    _ => Private::default(),
                };
                ReadResponse { state: Some(Body(body)), private, diagnostics: Diagnostics::new() }
            }
            Ok((None, gone)) => ReadResponse { state: None, private, diagnostics: gone.into_iter().collect() },
            Err(diagnostic) => ReadResponse { state: Some(state), private, diagnostics: diagnostic.into() },
        }
    }

    async fn create(&self, request: CreateRequest<Body>, context: Context<Session>) -> ApplyResponse<Body> {
        write(None, request.planned.0, &request.private, &context).await
    }

    async fn update(&self, request: UpdateRequest<Body>, context: Context<Session>) -> ApplyResponse<Body> {
        write(Some(request.prior.0), request.planned.0, &request.private, &context).await
    }

    async fn delete(&self, request: DeleteRequest<Body>, context: Context<Session>) -> DeleteResponse<Body> {
        let DeleteRequest { state, private } = request;
        let result = async {
            let (store, phase) = (store_of(&state.0)?, phase_of(&state.0)?);
            // A replacement plans no destruction that could have been refused.
            if plan::is_protected(&state.0) {
                return Err(problem::protected(&state.0));
            }
            let keeps = state.0.deletion_policy.known() == Some(&CheckpointDeletion::Abandon);
            if keeps || matches!(Source::of(&store), Source::Handwritten(_)) {
                return Ok::<_, Diagnostic>(None);
            }
            let session = context.client()?;
            let (archive, calls) = (archive(session, &store)?, calls(&context));
            let revision = revision(&state.0);
            let stored = match archive.expect(&calls, &phase, revision).await {
                // It is gone already.
                Err(SaveError::Gone { .. } | SaveError::Load(LoadError::Store(StoreError::MissingBucket { .. }))) => {
                    return Ok(None);
                }
                expected => expected.map_err(|error| problem::save(&error))?,
            };
            archive.remove(&calls, &stored).await.map_err(|error| problem::save(&error))?;
            Ok(archive.publish(&calls, super::pages).await.err().map(|error| problem::pages(&error)))
        };
        match result.await {
            Ok(warning) => DeleteResponse { remaining: None, private, diagnostics: warning.into_iter().collect() },
            Err(diagnostic) => DeleteResponse { remaining: Some(state), private, diagnostics: diagnostic.into() },
        }
    }
}

/// The ids of the stacks that criteria read again.
fn stacks(body: &PhaseCheckpoint) -> impl Iterator<Item = &String> {
    body.criteria.known().into_iter().flatten().filter_map(|(_, criterion)| {
        let of_sync = criterion.stack_in_sync.known().and_then(|sync| sync.stack.known());
        of_sync.or_else(|| criterion.alert_policies.known().and_then(|alerts| alerts.stack.known()))
    })
}

/// The private data with the stacks that the criteria read again, as this process knows them or else as they were
/// carried before. In an apply of a saved plan the stacks themselves may not be touched, and Terraform plans once more
/// with nothing but the private data of the state: so a read carries them already.
fn carry(session: &Session, body: &PhaseCheckpoint, mut private: Private) -> Private {
    let carried = private.get(STACKS).and_then(Json::as_object);
    let images = stacks(body).filter_map(|id| {
        let known = session.image(id).map(|image| Json::String(image.to_text()));
        Some((id.clone(), known.or_else(|| carried?.get(id).cloned())?))
    });
    let images: Map<String, Json> = images.collect();
    if images.is_empty() {
        private.remove(STACKS);
    } else {
        private.set(STACKS, Json::Object(images));
    }
    private
}

/// The other half of [`carry`]: what this process knows better stays.
fn unpack(session: &Session, private: &Private, planned: &PhaseCheckpoint) {
    let left = PlannedStacks::here();
    let carried = private.get(STACKS).and_then(Json::as_object);
    for id in stacks(planned) {
        if session.image(id).is_none() {
            let text = carried.and_then(|carried| carried.get(id)?.as_str());
            let image = text.and_then(|text| StackImage::from_text(text).ok());
            let image = image.or_else(|| left.as_ref()?.take(id));
            image.into_iter().for_each(|image| session.of_stack(id).1.images.remember(image));
        }
    }
}

async fn write(
    prior: Option<PhaseCheckpoint>,
    planned: PhaseCheckpoint,
    private: &Private,
    context: &Context<Session>,
) -> ApplyResponse<Body> {
    let result = async {
        let session = context.client()?;
        unpack(session, private, &planned);
        let calls = calls(context);
        let (store, phase) = (store_of(&planned)?, phase_of(&planned)?);
        let known = match &prior {
            None => None,
            Some(prior) if prior.store.known() == Some(&store) => {
                if prior.revision == planned.revision {
                    // Nothing that is stored changes.
                    return Ok::<_, Diagnostics>(apply::Applied {
                        body: Some(planned),
                        diagnostics: Diagnostics::new(),
                    });
                }
                Some(Known::Here(revision(prior)))
            }
            Some(prior) => {
                let old = store_of(prior)?;
                let document = match load(session, &calls, &old, &phase).await?.document {
                    Some((document, _)) => document,
                    None => convert::document(prior, None).map_err(|error| problem::convert(&error))?,
                };
                Some(Known::From(Box::new(document), old.to_string()))
            }
        };
        let archive = archive(session, &store)?;
        let place = DocumentAddress { uri: archive.uri(&phase), store };
        let tools = Tools { session, calls: &calls };
        let by = author(&Environment::process());
        apply::apply(Work { archive: &archive, place, known, planned: &planned, tools, by }).await
    };
    let (body, diagnostics) = match result.await {
        Ok(applied) => (applied.body, applied.diagnostics),
        Err(diagnostics) => (prior, diagnostics),
    };
    let is_completed = body.as_ref().and_then(plan::status) == Some(Status::Completed);
    let private = if is_completed { Private::default() } else { private.clone() };
    ApplyResponse { state: body.map(Body), private, diagnostics }
}

impl ImportState<Session> for CheckpointResource {
    async fn import(&self, request: ImportRequest, context: Context<Session>) -> ImportResponse<Body> {
        let result = async {
            let (store, phase) = import_name(&request.id)?;
            let session = context.client()?;
            let calls = calls(&context);
            let (document, place) = match load(session, &calls, &store, &phase).await?.document {
                Some(found) => found,
                None => return Err(not_found(session, &calls, &store, &phase).await),
            };
            let mut warnings = Diagnostics::new();
            if let Source::Handwritten(file) = Source::of(&store) {
                warnings.extend(handwritten::leftovers(session, &calls, &file).await?);
            }
            let body = convert::body(&document, &place, None).map_err(|error| problem::convert(&error))?;
            Ok((Body(body), warnings))
        };
        let private = Private::default();
        match result.await {
            Ok((body, diagnostics)) => ImportResponse { state: Some(body), private, diagnostics },
            Err(diagnostic) => ImportResponse { state: None, private, diagnostics: diagnostic.into() },
        }
    }
}

fn import_name(id: &ImportId) -> Result<(StoreUrl, PhaseId), Diagnostic> {
    let refused = |text: String| Diagnostic::error("Invalid import id", text);
    let (store, phase) = match id {
        ImportId::Text(id) => id.rsplit_once('#').map(|(store, phase)| (store.to_owned(), phase.to_owned())).ok_or_else(|| {
            refused(format!("{id:?} names no phase. Write STORE#PHASE, such as gs://BUCKET/checkpoints#2 or file:///FOLDER/PHASE_CHECKPOINT.md#2."))
        })?,
        ImportId::Identity(identity) => {
            let part = |name| identity.get(name).as_str().unwrap_or_default().to_owned();
            (part(name!(CheckpointIdentity.store)), part(name!(CheckpointIdentity.phase)))
        }
    };
    let store =
        store.parse::<StoreUrl>().map_err(|error| refused(format!("The store {store:?} cannot be used: {error}.")))?;
    let phase = phase.parse::<PhaseId>().map_err(|error| refused(format!("{error}.")))?;
    Ok((store, phase))
}

/// Says which phases there are instead.
async fn not_found(session: &Session, calls: &CallContext, store: &StoreUrl, phase: &PhaseId) -> Diagnostic {
    let found: Result<Vec<String>, Diagnostic> = match Source::of(store) {
        Source::Store => match archive(session, store) {
            Ok(archive) => archive
                .rollout(calls)
                .await
                .map(|rollout| rollout.phases().iter().map(|document| document.phase.to_string()).collect())
                .map_err(|error| problem::store(&error)),
            Err(diagnostic) => Err(diagnostic),
        },
        Source::Handwritten(file) => handwritten::read(session, calls, &file).await.map(|read| {
            read.into_iter().flat_map(|read| read.phases).map(|document| document.phase.to_string()).collect()
        }),
    };
    match found {
        Err(diagnostic) => diagnostic,
        Ok(phases) => {
            let there = if phases.is_empty() {
                "It holds no phases.".to_owned()
            } else {
                format!("It holds {}.", phases.join(", "))
            };
            Diagnostic::error(
                "Phase not found",
                format!("{store} has no phase {phase}. {there} Name one of them after the #."),
            )
        }
    }
}

impl MoveState<Session> for CheckpointResource {
    fn move_state(&self, request: MoveRequest) -> Option<Result<Body, Diagnostics>> {
        let source = &request.source_type;
        if source != self.other().name() || !is_this_provider(&request.source_provider, source) {
            return None;
        }
        let decoded = json::from_json(&Body::schema().type_expression(), &request.source_state);
        Some(match decoded {
            Ok(tree) => {
                let mut diagnostics = Diagnostics::new();
                Body::decode(&tree, &Path::root(), &mut diagnostics).ok_or(diagnostics)
            }
            Err(error) => Err(Diagnostic::error("The state cannot be moved", format!("{error}.")).into()),
        })
    }
}

impl Identified<Session> for CheckpointResource {
    type Identity = CheckpointIdentity;

    fn identity(&self, state: &Body) -> Option<CheckpointIdentity> {
        let store = state.0.store.known()?.to_string();
        let phase = state.0.phase.known()?.to_string();
        Some(CheckpointIdentity { store: Value::Known(store), phase: Value::Known(phase) })
    }
}
