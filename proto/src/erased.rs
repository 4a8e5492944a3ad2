//! Handlers without their Rust types: what a registry holds and what `rpc` calls.
//!
//! Requests and answers are those of the typed traits, with trees in place of structs.

use std::sync::Arc;

use futures::future::BoxFuture;

use crate::data_source::{DataSource, ReadDataRequest, ReadDataResponse};
use crate::resource::{
    ApplyResponse, CreateRequest, DeleteRequest, DeleteResponse, GenerateConfig, Identified, ImportRequest,
    ImportResponse, ImportState, MoveRequest, MoveState, PlanRequest, PlanResponse, ReadRequest, ReadResponse,
    Resource, UpdateRequest, UpgradeState,
};
use crate::value::Dynamic;
use crate::{Context, Diagnostics, Object, ObjectSchema, Path};

/// Reads a tree into its Rust type.
pub(crate) fn decode<S: Object>(value: &Dynamic) -> Result<S, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    match S::decode(value, &Path::root(), &mut diagnostics) {
        Some(object) => Ok(object),
        None => {
            if !diagnostics.has_error() {
                diagnostics
                    .push(crate::core::fault::fault(&Path::root(), "it could not read an object and did not say why"));
            }
            Err(diagnostics)
        }
    }
}

/// Lets a handler check a configuration. While something in it is unknown, what cannot be read might still become
/// readable: then the handler is not asked.
fn validate<S: Object>(config: &Dynamic, handler: impl FnOnce(&S) -> Diagnostics) -> Diagnostics {
    match decode(config) {
        Ok(config) => handler(&config),
        Err(_) if !config.is_wholly_known() => Diagnostics::new(),
        Err(diagnostics) => diagnostics,
    }
}

pub(crate) trait DynResource<C>: Send + Sync {
    fn schema_version(&self) -> i64;
    fn schema(&self) -> ObjectSchema;
    fn validate(&self, config: &Dynamic) -> Diagnostics;
    fn plan<'h>(&'h self, request: PlanRequest<Dynamic>, context: Context<C>) -> BoxFuture<'h, PlanResponse<Dynamic>>;
    fn read<'h>(&'h self, request: ReadRequest<Dynamic>, context: Context<C>) -> BoxFuture<'h, ReadResponse<Dynamic>>;
    fn create<'h>(
        &'h self,
        request: CreateRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, ApplyResponse<Dynamic>>;
    fn update<'h>(
        &'h self,
        request: UpdateRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, ApplyResponse<Dynamic>>;
    fn delete<'h>(
        &'h self,
        request: DeleteRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, DeleteResponse<Dynamic>>;
}

/// An answer with nothing but errors.
fn failed_apply(private: crate::Private, diagnostics: Diagnostics) -> ApplyResponse<Dynamic> {
    ApplyResponse { state: None, private, diagnostics }
}

fn encode_apply<S: Object>(response: ApplyResponse<S>) -> ApplyResponse<Dynamic> {
    ApplyResponse {
        state: response.state.map(|state| state.encode()),
        private: response.private,
        diagnostics: response.diagnostics,
    }
}

impl<C: Send + Sync + 'static, R: Resource<C>> DynResource<C> for R {
    fn schema_version(&self) -> i64 {
        Resource::schema_version(self)
    }

    fn schema(&self) -> ObjectSchema {
        R::State::schema()
    }

    fn validate(&self, config: &Dynamic) -> Diagnostics {
        validate(config, |config| Resource::validate(self, config))
    }

    fn plan<'h>(&'h self, request: PlanRequest<Dynamic>, context: Context<C>) -> BoxFuture<'h, PlanResponse<Dynamic>> {
        Box::pin(async move {
            let PlanRequest { action, prior, config, proposed, proposed_tree, private } = request;
            let typed = |value: Option<Dynamic>| value.map(|value| decode::<R::State>(&value)).transpose();
            let (prior, config, proposed) = match (typed(prior), typed(config), typed(proposed)) {
                (Ok(prior), Ok(config), Ok(proposed)) => (prior, config, proposed),
                (prior, config, proposed) => {
                    let mut diagnostics = Diagnostics::new();
                    for problem in [prior.err(), config.err(), proposed.err()].into_iter().flatten() {
                        diagnostics.extend(problem);
                    }
                    return PlanResponse { planned: None, private, requires_replace: Vec::new(), diagnostics };
                }
            };
            let request = PlanRequest { action, prior, config, proposed, proposed_tree, private };
            let response = Resource::plan(self, request, context).await;
            PlanResponse {
                planned: response.planned.map(|planned| planned.encode()),
                private: response.private,
                requires_replace: response.requires_replace,
                diagnostics: response.diagnostics,
            }
        })
    }

    fn read<'h>(&'h self, request: ReadRequest<Dynamic>, context: Context<C>) -> BoxFuture<'h, ReadResponse<Dynamic>> {
        Box::pin(async move {
            let ReadRequest { state, private } = request;
            let state = match decode(&state) {
                Ok(state) => state,
                Err(diagnostics) => return ReadResponse { state: None, private, diagnostics },
            };
            let response = Resource::read(self, ReadRequest { state, private }, context).await;
            ReadResponse {
                state: response.state.map(|state| state.encode()),
                private: response.private,
                diagnostics: response.diagnostics,
            }
        })
    }

    fn create<'h>(
        &'h self,
        request: CreateRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, ApplyResponse<Dynamic>> {
        Box::pin(async move {
            let CreateRequest { planned, config, private } = request;
            let (planned, config) = match (decode(&planned), decode(&config)) {
                (Ok(planned), Ok(config)) => (planned, config),
                (Err(diagnostics), _) | (_, Err(diagnostics)) => return failed_apply(private, diagnostics),
            };
            encode_apply(Resource::create(self, CreateRequest { planned, config, private }, context).await)
        })
    }

    fn update<'h>(
        &'h self,
        request: UpdateRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, ApplyResponse<Dynamic>> {
        Box::pin(async move {
            let UpdateRequest { prior, planned, config, private } = request;
            let (prior, planned, config) = match (decode(&prior), decode(&planned), decode(&config)) {
                (Ok(prior), Ok(planned), Ok(config)) => (prior, planned, config),
                (Err(diagnostics), ..) | (_, Err(diagnostics), _) | (.., Err(diagnostics)) => {
                    return failed_apply(private, diagnostics);
                }
            };
            encode_apply(Resource::update(self, UpdateRequest { prior, planned, config, private }, context).await)
        })
    }

    fn delete<'h>(
        &'h self,
        request: DeleteRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, DeleteResponse<Dynamic>> {
        Box::pin(async move {
            let DeleteRequest { state, private } = request;
            let state = match decode(&state) {
                Ok(state) => state,
                Err(diagnostics) => return DeleteResponse { remaining: None, private, diagnostics },
            };
            let response = Resource::delete(self, DeleteRequest { state, private }, context).await;
            DeleteResponse {
                remaining: response.remaining.map(|state| state.encode()),
                private: response.private,
                diagnostics: response.diagnostics,
            }
        })
    }
}

pub(crate) trait DynImport<C>: Send + Sync {
    fn import<'h>(&'h self, request: ImportRequest, context: Context<C>) -> BoxFuture<'h, ImportResponse<Dynamic>>;
}

impl<C: Send + Sync + 'static, R: ImportState<C>> DynImport<C> for R {
    fn import<'h>(&'h self, request: ImportRequest, context: Context<C>) -> BoxFuture<'h, ImportResponse<Dynamic>> {
        Box::pin(async move {
            let response = ImportState::import(self, request, context).await;
            ImportResponse {
                state: response.state.map(|state| state.encode()),
                private: response.private,
                diagnostics: response.diagnostics,
            }
        })
    }
}

pub(crate) trait DynUpgrade: Send + Sync {
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostics>;
}

/// Gives an ability that does not depend on the client a form without it.
pub(crate) struct Ability<C, R>(pub(crate) Arc<R>, std::marker::PhantomData<fn(C)>);

impl<C, R> Ability<C, R> {
    pub(crate) fn new(resource: &Arc<R>) -> Arc<Self> {
        Arc::new(Self(resource.clone(), std::marker::PhantomData))
    }
}

impl<C: Send + Sync + 'static, R: UpgradeState<C>> DynUpgrade for Ability<C, R> {
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        self.0.upgrade(version, state)
    }
}

pub(crate) trait DynMove: Send + Sync {
    fn move_state(&self, request: MoveRequest) -> Option<Result<Dynamic, Diagnostics>>;
}

impl<C: Send + Sync + 'static, R: MoveState<C>> DynMove for Ability<C, R> {
    fn move_state(&self, request: MoveRequest) -> Option<Result<Dynamic, Diagnostics>> {
        self.0.move_state(request).map(|state| state.map(|state| state.encode()))
    }
}

pub(crate) trait DynIdentified: Send + Sync {
    fn schema(&self) -> ObjectSchema;
    fn version(&self) -> i64;
    /// `None` when it is not wholly known.
    fn identity(&self, state: &Dynamic) -> Option<Dynamic>;
}

impl<C: Send + Sync + 'static, R: Identified<C>> DynIdentified for Ability<C, R> {
    fn schema(&self) -> ObjectSchema {
        R::Identity::schema()
    }

    fn version(&self) -> i64 {
        self.0.identity_version()
    }

    fn identity(&self, state: &Dynamic) -> Option<Dynamic> {
        let state = decode(state).ok()?;
        Some(self.0.identity(&state)?.encode()).filter(Dynamic::is_wholly_known)
    }
}

pub(crate) trait DynGenerate: Send + Sync {
    fn generate_config(&self, state: &Dynamic) -> Result<Dynamic, Diagnostics>;
}

impl<C: Send + Sync + 'static, R: GenerateConfig<C>> DynGenerate for Ability<C, R> {
    fn generate_config(&self, state: &Dynamic) -> Result<Dynamic, Diagnostics> {
        Ok(self.0.generate_config(&decode(state)?))
    }
}

pub(crate) trait DynDataSource<C>: Send + Sync {
    fn schema(&self) -> ObjectSchema;
    fn validate(&self, config: &Dynamic) -> Diagnostics;
    fn read<'h>(
        &'h self,
        request: ReadDataRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, ReadDataResponse<Dynamic>>;
}

impl<C: Send + Sync + 'static, D: DataSource<C>> DynDataSource<C> for D {
    fn schema(&self) -> ObjectSchema {
        D::State::schema()
    }

    fn validate(&self, config: &Dynamic) -> Diagnostics {
        validate(config, |config| DataSource::validate(self, config))
    }

    fn read<'h>(
        &'h self,
        request: ReadDataRequest<Dynamic>,
        context: Context<C>,
    ) -> BoxFuture<'h, ReadDataResponse<Dynamic>> {
        Box::pin(async move {
            let config = match decode(&request.config) {
                Ok(config) => config,
                Err(diagnostics) => return ReadDataResponse { state: None, diagnostics },
            };
            let response = DataSource::read(self, ReadDataRequest { config }, context).await;
            ReadDataResponse { state: response.state.map(|state| state.encode()), diagnostics: response.diagnostics }
        })
    }
}
