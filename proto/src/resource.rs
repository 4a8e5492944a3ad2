//! Managed resources: the must-haves in [`Resource`], abilities in traits of their own.

use std::future::Future;

use crate::core::plan::mark_computed;
use crate::value::Dynamic;
use crate::{Context, Diagnostics, Object, Path, Private};

/// A managed resource. `C` is what [`crate::Provider::configure`] makes.
///
/// The SDK validates what the schema implies, applies defaults, keeps prior spellings of equal values, nulls write-only
/// values, echoes private data and identity, and holds every answer against Terraform's consistency rules before it is
/// sent: a handler cannot break them by accident.
pub trait Resource<C: Send + Sync + 'static>: Send + Sync + 'static {
    /// The resource's body.
    type State: Object;

    /// The full type name: `PROVIDER_NAME`.
    fn type_name(&self) -> &'static str;

    /// Version of the state's shape; raise it when stored JSON no longer decodes.
    fn schema_version(&self) -> i64 {
        0
    }

    /// Checks a configuration beyond what the schema says. Unknown values could be valid. No remote calls.
    fn validate(&self, config: &Self::State) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// Has the last word on a plan. The default marks computed attributes unknown when something changes.
    fn plan(
        &self,
        request: PlanRequest<Self::State>,
        context: Context<C>,
    ) -> impl Future<Output = PlanResponse<Self::State>> + Send {
        let _ = context;
        async move { request.with_computed_unknown() }
    }

    /// Reads the object. `state: None` in the response says that it is gone.
    fn read(
        &self,
        request: ReadRequest<Self::State>,
        context: Context<C>,
    ) -> impl Future<Output = ReadResponse<Self::State>> + Send;

    /// Creates the object. From the moment it exists, every answer carries the state, errors too.
    fn create(
        &self,
        request: CreateRequest<Self::State>,
        context: Context<C>,
    ) -> impl Future<Output = ApplyResponse<Self::State>> + Send;

    /// Changes the object in place. On errors the response's state says what is true now.
    fn update(
        &self,
        request: UpdateRequest<Self::State>,
        context: Context<C>,
    ) -> impl Future<Output = ApplyResponse<Self::State>> + Send;

    /// Deletes the object; an object that is gone already is success.
    fn delete(
        &self,
        request: DeleteRequest<Self::State>,
        context: Context<C>,
    ) -> impl Future<Output = DeleteResponse<Self::State>> + Send;
}

/// A resource that can be imported.
pub trait ImportState<C: Send + Sync + 'static>: Resource<C> {
    /// Finds what `request.id` names. `Read` follows with the state and the private data returned here.
    fn import(
        &self,
        request: ImportRequest,
        context: Context<C>,
    ) -> impl Future<Output = ImportResponse<Self::State>> + Send;
}

/// A resource whose stored state of older schema versions can be brought up to date.
pub trait UpgradeState<C: Send + Sync + 'static>: Resource<C> {
    /// Turns the JSON state of `version` (older than [`Resource::schema_version`]) into today's JSON.
    ///
    /// # Errors
    /// With diagnostics when that version is not known.
    fn upgrade(&self, version: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostics>;
}

/// A resource that takes over the state of another type in a `moved` block.
pub trait MoveState<C: Send + Sync + 'static>: Resource<C> {
    /// Turns the state of `request` into this type's. `None` when the source type is not one of those it knows.
    fn move_state(&self, request: MoveRequest) -> Option<Result<Self::State, Diagnostics>>;
}

/// A resource with an identity (Terraform 1.12): a small flat object that names it for good.
pub trait Identified<C: Send + Sync + 'static>: Resource<C> {
    /// The identity's attributes: `#[tf(required)]` ones are required for import, `#[tf(optional)]` ones may be given.
    type Identity: Object;
    /// Version of the identity's shape.
    fn identity_version(&self) -> i64 {
        0
    }
    /// The identity of an object; `None` while a part of it is unknown.
    fn identity(&self, state: &Self::State) -> Option<Self::Identity>;
}

/// A resource that writes its own configuration on `-generate-config-out` (Terraform 1.14; older ones filter the
/// schema by themselves).
pub trait GenerateConfig<C: Send + Sync + 'static>: Resource<C> {
    /// The configuration that a person would write for this state.
    fn generate_config(&self, state: &Self::State) -> Dynamic;
}

/// What is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedAction {
    /// There is no prior object (also the create half of a replacement).
    Create,
    /// The object changes or stays.
    Update,
    /// The object goes; `config` and `proposed` are `None`.
    Destroy,
}

/// A plan to be made.
#[derive(Debug)]
pub struct PlanRequest<S> {
    /// What is planned.
    pub action: PlannedAction,
    /// The object as last read; `None` on create.
    pub prior: Option<S>,
    /// The configuration, write-only values included; `None` on destroy.
    pub config: Option<S>,
    /// Configuration, defaults and kept prior values together, write-only values null; `None` on destroy.
    pub proposed: Option<S>,
    /// The same as a tree.
    pub proposed_tree: Dynamic,
    /// The private data of the prior object.
    pub private: Private,
}

impl<S: Object> PlanRequest<S> {
    /// The usual plan: the proposed state, with computed attributes unknown where the configuration is silent if
    /// anything differs from the prior object.
    pub fn with_computed_unknown(self) -> PlanResponse<S> {
        let mut diagnostics = Diagnostics::new();
        let planned = self.proposed.and_then(|proposed| {
            // Both sides go through the Rust type, so that what it does not keep makes no difference.
            let changed = self.prior.as_ref().is_none_or(|prior| prior.encode() != proposed.encode());
            if !changed {
                return Some(proposed);
            }
            let mut tree = self.proposed_tree;
            let config = self.config.as_ref().map(S::encode).unwrap_or_default();
            mark_computed(&S::schema(), &mut tree, &config);
            S::decode(&tree, &Path::root(), &mut diagnostics)
        });
        PlanResponse { planned, private: self.private, requires_replace: Vec::new(), diagnostics }
    }
}

/// A plan.
#[derive(Debug)]
pub struct PlanResponse<S> {
    /// `None` plans the destruction.
    pub planned: Option<S>,
    /// Stored with the object when the plan is applied; on a create plan it also reaches the delete half of the
    /// replacement that the plan belongs to.
    pub private: Private,
    /// Attributes whose change replaces the object, beside those that the schema marks.
    pub requires_replace: Vec<Path>,
    /// Errors fail the plan.
    pub diagnostics: Diagnostics,
}

/// An object to be read.
#[derive(Debug)]
pub struct ReadRequest<S> {
    /// As stored.
    pub state: S,
    /// As stored.
    pub private: Private,
}

/// An object as read.
#[derive(Debug)]
pub struct ReadResponse<S> {
    /// `None`: it is gone.
    pub state: Option<S>,
    /// Replaces what is stored.
    pub private: Private,
    /// Errors keep the stored state.
    pub diagnostics: Diagnostics,
}

/// An object to be created.
#[derive(Debug)]
pub struct CreateRequest<S> {
    /// As planned, unknowns included.
    pub planned: S,
    /// With write-only values.
    pub config: S,
    /// Of the plan.
    pub private: Private,
}

/// An object to be changed.
#[derive(Debug)]
pub struct UpdateRequest<S> {
    /// As last read.
    pub prior: S,
    /// As planned.
    pub planned: S,
    /// With write-only values.
    pub config: S,
    /// Of the plan.
    pub private: Private,
}

/// What a create or an update came to.
#[derive(Debug)]
pub struct ApplyResponse<S> {
    /// What exists now; `None` with an error says that nothing was created (on update: that nothing changed).
    /// Unknowns left in it become null when there is an error.
    pub state: Option<S>,
    /// Stored.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// An object to be deleted.
#[derive(Debug)]
pub struct DeleteRequest<S> {
    /// As stored. It must suffice: a tainted object has neither identity nor its own private data here.
    pub state: S,
    /// Of the destroy plan; in a replacement, of the create plan.
    pub private: Private,
}

/// What a delete came to.
#[derive(Debug)]
pub struct DeleteResponse<S> {
    /// With an error: what is left; `None` keeps the stored state. Ignored on success.
    pub remaining: Option<S>,
    /// Stored with what is left.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// What to import.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportId {
    /// The text of `terraform import` or of `id` in an `import` block.
    Text(String),
    /// The identity of an `import` block (Terraform 1.12).
    Identity(Dynamic),
}

/// An import to be done.
#[derive(Debug)]
pub struct ImportRequest {
    /// What to import.
    pub id: ImportId,
}

/// What was found.
#[derive(Debug)]
pub struct ImportResponse<S> {
    /// The object; `None` needs an error.
    pub state: Option<S>,
    /// Handed to the `Read` that follows.
    pub private: Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// A state of another type to be taken over.
#[derive(Debug)]
pub struct MoveRequest {
    /// The source provider's address.
    pub source_provider: String,
    /// The source resource type.
    pub source_type: String,
    /// Its schema version.
    pub source_version: i64,
    /// Its state as JSON.
    pub source_state: serde_json::Value,
    /// Its private data.
    pub source_private: Private,
}
