//! How the API of a kind is reached: a declaration that the generic calls follow.

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::Dynamic;

use super::api::{ApiError, Host, OperationApi};
use super::session::Run;
use crate::engine::kind::Kind;
use crate::engine::scope::Scope;

/// A kind whose objects are reached over REST as Google's APIs are.
///
/// The declaration ([`Rest`]) drives the generic calls of [`super::objects`]; the rest of the methods are what a few APIs
/// want otherwise. What only some kinds can do is a trait of its own: [`Parts`], [`FollowUp`], [`Undeletion`].
#[async_trait]
pub trait RestKind: Kind {
    /// How the API is reached.
    fn rest(&self) -> Rest;

    /// What fills `{location}` of the collection: the component's location, or else the region. `None` while it is not known.
    fn location(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        match component.get("location") {
            Dynamic::Unknown => None,
            location => Some(location.as_str().unwrap_or(&scope.place.region).to_lowercase()),
        }
    }

    /// The last segment of the object's relative name.
    fn last_segment(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        let _ = scope;
        component.get("name").as_str().map(str::to_owned)
    }

    /// The `name` of the component whose object's relative name ends with `segment`.
    fn name_of(&self, segment: &str) -> String {
        segment.to_owned()
    }

    /// A last look at the JSON of a creation.
    fn before_create(&self, body: &mut Json, scope: &Scope) {
        let _ = (body, scope);
    }

    /// A last look at the JSON of an update.
    fn before_update(&self, current: &Json, patch: &mut Patch) {
        let _ = (current, patch);
    }

    /// The update that makes the API try again to bring about what the object says already.
    fn repair(&self, current: &Json) -> Option<Patch> {
        let _ = current;
        None
    }

    /// What must be done before the object can be deleted.
    ///
    /// # Errors
    /// Of the calls it makes; the deletion is then not tried.
    async fn before_delete(&self, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let _ = (component, run);
        Ok(())
    }

    /// The locations whose collections an import reads.
    ///
    /// # Errors
    /// Of the calls that it takes to know them.
    async fn locations(&self, run: Run<'_>) -> Result<Vec<String>, ApiError> {
        Ok(vec![run.scope.place.region.clone()])
    }

    /// What the API keeps outside the object.
    fn parts(&self) -> Option<&dyn Parts> {
        None
    }

    /// What is done once the object is as it shall be.
    fn follow_up(&self) -> Option<&dyn FollowUp> {
        None
    }

    /// Objects that keep their name for a while after their deletion.
    fn undeletion(&self) -> Option<&dyn Undeletion> {
        None
    }
}

/// Fields of the JSON that the API keeps elsewhere: children, versions, switches. Attributes find them with `wire(..)` as if
/// they were fields of the object.
#[async_trait]
pub trait Parts: Send + Sync {
    /// The fields.
    fn fields(&self) -> &'static [&'static str];

    /// Makes the parts that the object itself needs, and completes the JSON of its creation. `whole` has all parts. What is
    /// there already and is what would be made is taken for made. Gives the names of what it made.
    ///
    /// # Errors
    /// Of the calls.
    async fn precede(&self, whole: &Json, body: &mut Json, run: Run<'_>) -> Result<Vec<String>, ApiError> {
        let _ = (whole, body, run);
        Ok(Vec::new())
    }

    /// Takes away what [`precede`](Self::precede) made, because the object was not: as far as that goes.
    async fn retract(&self, made: Vec<String>, run: Run<'_>) {
        let _ = (made, run);
    }

    /// Whether an object that was just created has parts already, which its creation does not answer with.
    fn come_with_creation(&self) -> bool {
        false
    }

    /// Puts the parts of the objects into their JSON.
    ///
    /// # Errors
    /// Of the calls.
    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        let _ = (bodies, run);
        Ok(())
    }

    /// Looks for the parts that the stack's `component` has and that [`read`](Self::read) has not found, and puts them into
    /// the object's JSON: lists may lag behind.
    ///
    /// # Errors
    /// Of the calls.
    async fn look_for(&self, body: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let _ = (body, component, run);
        Ok(())
    }

    /// What is left of the object `name`, which is gone, of the parts that the stack's `component` has: as the JSON of the
    /// object with these parts only.
    ///
    /// # Errors
    /// Of the calls.
    async fn remains(&self, name: &str, component: &Dynamic, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let _ = (name, component, run);
        Ok(None)
    }

    /// Makes the parts of the object `name` what `after` says. `before` is the object as read, with its parts (for an
    /// object that was just created, without). What the API says of new parts is put into `after`.
    ///
    /// # Errors
    /// Of the calls. What was written until then stays, and `after` has only what is known to exist.
    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError>;
}

/// Work that belongs to an object and is no setting of it, done when the settings are: a job is executed. The object itself tells
/// whether it is due, so that an apply which was cut short is gone on with.
#[async_trait]
pub trait FollowUp: Send + Sync {
    /// Whether the object, as read, waits for it.
    fn is_due(&self, body: &Json) -> bool;

    /// Does it for the object `name`. What came of it is in the object, as it is read afterwards.
    ///
    /// # Errors
    /// Of the calls.
    async fn follow_up(&self, name: &str, body: &Json, run: Run<'_>) -> Result<(), ApiError>;
}

/// Objects that the API still returns for some days after their deletion.
#[async_trait]
pub trait Undeletion: Send + Sync {
    /// Whether the object is deleted in all but its name.
    fn is_deleted(&self, body: &Json) -> bool;

    /// Brings back the deleted object that still holds its name. `false`: there is none, or it cannot be.
    ///
    /// # Errors
    /// Of the calls.
    async fn undelete(&self, name: &str, run: Run<'_>) -> Result<bool, ApiError> {
        let _ = (name, run);
        Ok(false)
    }
}

/// The shape of a REST collection.
#[derive(Clone, Debug)]
pub struct Rest {
    /// The API: `run.googleapis.com`. It is also the service to enable.
    pub host: Host,
    /// The version that precedes a full name in paths: `v2`.
    pub version: &'static str,
    /// The collection below the version: `projects/{project}/locations/{location}/services`.
    pub collection: &'static str,
    /// Where the items of a list answer are.
    pub items: &'static str,
    /// Query parameters of calls on one object.
    pub query: &'static [(&'static str, &'static str)],
    /// Query parameters of calls on the collection (lists and creations of objects named in the body); `{project}` is
    /// filled in.
    pub list_query: &'static [(&'static str, &'static str)],
    /// The parameter that sets a page's size, and its value; 0 where lists have no pages.
    pub page_size: (&'static str, u32),
    /// How an object gets its name.
    pub naming: Naming,
    /// How an object is changed.
    pub update: Update,
    /// Which writes answer with a long-running operation.
    pub operations: Operations,
    /// The IAM policy of an object, where the API has one.
    pub iam: Option<IamStyle>,
    /// Google's full resource name: `//run.googleapis.com/{name}`, where `{name}` is the object's relative name.
    pub full_name: &'static str,
}

impl Rest {
    /// Where the operations are polled that writes answer with.
    pub fn operation_api(&self) -> OperationApi {
        OperationApi { host: self.host.clone(), version: self.version }
    }
}

/// How an object gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The creation names it in a query parameter.
    Query(&'static str),
    /// The creation puts it at its own path (topics).
    Put,
    /// The creation names it somewhere in the body: the kind's `before_create` writes it (service accounts).
    Inside,
    /// The creation names it in the body's `name`, and its path is the collection and the name (buckets).
    Body,
    /// The server gives it a name: the component's `id` is its relative name.
    Server,
}

/// How an object is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// PATCH with `updateMask`; the body may carry the etag.
    Mask {
        /// Whether the read `etag` is sent along.
        etag: bool,
    },
    /// PATCH with the object in this field of the body, and the mask beside it in `updateMask` (service accounts, topics).
    Wrapped(&'static str),
    /// PATCH with `updateMask`, each of one whole field, and one change at a time (Redis).
    OneByOne {
        /// Fields that go in one call all the same.
        together: &'static [&'static str],
        /// Fields that a verb of their own changes, with the verb: `POST NAME:VERB`, the field in the body.
        verbs: &'static [(&'static str, &'static str)],
    },
    /// PATCH with the whole object, as read and changed, in place of what is there; its `etag` guards it (jobs).
    Whole,
    /// PATCH that merges: it carries what changed, and null removes.
    Merge(Guard),
}

/// What has an update without a mask refused when the object was changed since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// The query parameter `ifMetagenerationMatch`, beside those of every call (buckets).
    Metageneration,
    /// This field of the body, as it was read: `fingerprint` of Compute Engine, `settings.settingsVersion` of Cloud SQL.
    Field(&'static str),
    /// Nothing: the API has none (networks).
    Nothing,
}

/// Which writes answer with a long-running operation, polled at `VERSION/NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Operations {
    /// Creation.
    pub create: bool,
    /// Change.
    pub update: bool,
    /// Deletion.
    pub delete: bool,
}

/// How the IAM policy of an object is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IamStyle {
    /// `GET NAME:getIamPolicy?options.requestedPolicyVersion=3`, `POST NAME:setIamPolicy`.
    Verbs,
    /// `POST NAME:getIamPolicy` with the options in the body (projects).
    PostVerbs,
    /// The same with the options in the query, since a body is refused (service accounts).
    PostVerbsWithoutBody,
    /// `GET` and `PUT NAME/iam` (buckets).
    Storage,
}

/// An update to be sent.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The whole object as it should be: what was read, with the managed changes in it.
    pub body: Json,
    /// The paths that changed, in camel case.
    pub mask: Vec<String>,
}
