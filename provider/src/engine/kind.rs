//! A kind of component, as the engine sees it.
//!
//! A kind's struct declares schema, docs, wire mapping ([`marks`](super::marks)) and equality; its [`Kind`] impl says how
//! the API is reached and what cannot be declared. What two kinds share belongs into the engine.

use std::sync::OnceLock;

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::schema::Nesting;
use tfplugin::{Diagnostics, Dynamic, Object, ObjectSchema, Path};

use super::{Run, Scope};
use crate::google::api::{ApiError, CallContext, Client};
use crate::google::rest::{Patch, Rest};

/// A kind of component. The must-haves are the declaration and how the API is reached; the rest has sensible defaults.
#[async_trait]
pub trait Kind: Send + Sync + 'static {
    /// What the user declares.
    type Spec: Object;
    /// The stack's attribute that holds the components: `buckets`.
    const NAME: &'static str;
    /// What a user calls one of them: `bucket`.
    const NOUN: &'static str;
    /// What happens to the object when its component goes, unless `deletion_policy` says otherwise.
    const DELETION: super::common::DeletionPolicy = super::common::DeletionPolicy::Delete;

    /// How the API is reached.
    fn rest(&self) -> Rest;

    /// Rules beyond the schema's: names, ranges, pairs. Null and unknown values could be valid.
    fn validate(&self, spec: &Self::Spec, path: &Path, diagnostics: &mut Diagnostics) {
        let _ = (spec, path, diagnostics);
    }

    /// Rules for an object that will be made: a null attribute is one that the API sets, not one that it has set.
    fn validate_new(&self, spec: &Self::Spec, path: &Path, diagnostics: &mut Diagnostics) {
        let _ = (spec, path, diagnostics);
    }

    /// Fills in what the component means but does not say: a preset's conditions, a default display name. Works on a
    /// component whose references are resolved; what is written and compared is the result.
    fn effective(&self, component: &mut Dynamic, key: &str, scope: &Scope) {
        let _ = (component, key, scope);
    }

    /// Computed attributes that are known before the object exists: `url` of a bucket.
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let _ = (component, scope);
        Vec::new()
    }

    /// Computed attributes that the JSON does not hold as such, from the object as found.
    fn derive(&self, body: &Json, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let _ = (body, scope);
        Vec::new()
    }

    /// Whether Google made the object by itself, so that an import leaves it out.
    fn is_google_made(&self, body: &Json, scope: &Scope) -> bool {
        let _ = (body, scope);
        false
    }

    /// Fields of the JSON that nobody manages: output-only ones and defaults. Everything else that the schema cannot
    /// express is named in a warning at import. A path covers what is below it; `*` stands for any element or key.
    fn unmanaged(&self) -> &'static [&'static str] {
        &[]
    }

    /// What fills `{location}` of the collection: the component's location, or else the region.
    fn place(&self, component: &Dynamic, scope: &Scope) -> String {
        let location = component.get("location").as_str().unwrap_or(&scope.region);
        location.to_lowercase()
    }

    /// The places whose collections an import reads.
    ///
    /// # Errors
    /// Of the calls that it takes to know them.
    async fn places(&self, run: &Run) -> Result<Vec<String>, ApiError> {
        Ok(vec![run.scope.region.clone()])
    }

    /// The last segment of the object's relative name.
    fn leaf(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        let _ = scope;
        component.get("name").as_str().map(str::to_owned)
    }

    /// The `name` of the component whose object's relative name ends with `leaf`.
    fn name_of(&self, leaf: &str) -> String {
        leaf.to_owned()
    }

    /// Whether the object is deleted in all but its name (the API still returns it for some days).
    fn is_gone(&self, body: &Json) -> bool {
        let _ = body;
        false
    }

    /// Brings back the deleted object that still holds its name. `false`: there is none, or it cannot be.
    ///
    /// # Errors
    /// Of the calls.
    async fn revive(&self, name: &str, run: &Run) -> Result<bool, ApiError> {
        let _ = (name, run);
        Ok(false)
    }

    /// The fields of the JSON that the API keeps elsewhere: children, versions, switches. They are read by
    /// [`Self::read_parts`] and written by [`Self::write_parts`]; attributes find them with `wire(..)` as if they were
    /// fields of the object.
    fn parts(&self) -> &'static [&'static str] {
        &[]
    }

    /// The relative names of the objects inside the component's that the stack manages, too (subscriptions, indexes);
    /// `None` while one of them is not known.
    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        let _ = (component, scope);
        Some(Vec::new())
    }

    /// What an import says less of, because less means the same: `projects` that are the default.
    fn imported(&self, component: &mut Dynamic, scope: &Scope) {
        let _ = (component, scope);
    }

    /// A last word on what a refresh records of a component that means `meant`, for differences that no single attribute
    /// tells.
    fn observed(&self, component: &mut Dynamic, meant: &Dynamic, found: &Dynamic, scope: &Scope) {
        let _ = (component, meant, found, scope);
    }

    /// Puts the parts of the objects into their JSON.
    ///
    /// # Errors
    /// Of the calls.
    async fn read_parts(&self, bodies: &mut [Json], run: &Run) -> Result<(), ApiError> {
        let _ = (bodies, run);
        Ok(())
    }

    /// Makes the parts of the object `name` what `after` says. `before` is the object as read, with its parts (for an
    /// object that was just made, without).
    ///
    /// # Errors
    /// Of the calls; what was written until then stays.
    async fn write_parts(&self, name: &str, before: &Json, after: &Json, run: &Run) -> Result<(), ApiError> {
        let _ = (name, before, after, run);
        Ok(())
    }

    /// Whether the object, as found, has been given the values of its write-only attributes. One that has not is given
    /// them by the apply that goes on with its creation.
    fn holds_secrets(&self, body: &Json) -> bool {
        let _ = body;
        true
    }

    /// Whether the object does what it is there for. An API may keep an object whose last change failed.
    fn condition(&self, body: &Json) -> Condition {
        let _ = body;
        Condition::Ready
    }

    /// Whether the component, as read, was ever ready: one that was not is repaired by the next apply.
    fn is_complete(&self, component: &Dynamic) -> bool {
        let _ = component;
        true
    }

    /// The update that makes the API try again to bring about what the object says already.
    fn repair(&self, current: &Json) -> Option<Patch> {
        let _ = current;
        None
    }

    /// A last look at the JSON of a creation.
    fn before_create(&self, body: &mut Json, scope: &Scope) {
        let _ = (body, scope);
    }

    /// A last look at the JSON of an update.
    fn before_update(&self, current: &Json, patch: &mut Patch) {
        let _ = (current, patch);
    }

    /// What must be done before the object can be deleted.
    ///
    /// # Errors
    /// Of the calls it makes; the deletion is then not tried.
    async fn before_delete(&self, component: &Dynamic, client: &Client, context: &CallContext) -> Result<(), ApiError> {
        let _ = (component, client, context);
        Ok(())
    }

    /// What tells an object that the server names from its like (its display name), to find it again under another KEY
    /// and after a lost reply. `None` for kinds whose objects have names of their own.
    fn title(&self, component: &Dynamic) -> Option<String> {
        let _ = component;
        None
    }

    /// Whether an import of what these objects use brings them along: policies come with the service that they watch.
    fn comes_along(&self) -> bool {
        false
    }

    /// Names of objects outside the stack's attributes that the found object uses, for imports that follow:
    /// `(kind, name as that kind's `id` or `name`)`.
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let _ = body;
        Vec::new()
    }
}

/// Whether an object does what it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Ready,
    /// A change is under way.
    Pending,
    /// The last change failed, in the API's words.
    Failed(String),
}

/// A [`Kind`] without its type, as the engine sees it.
#[async_trait]
#[allow(missing_docs)]
pub trait AnyKind: Send + Sync {
    fn name(&self) -> &'static str;
    fn noun(&self) -> &'static str;
    /// The declaration with the attributes that all kinds share.
    fn object(&self) -> &ObjectSchema;
    fn rest(&self) -> &Rest;
    fn deletion(&self) -> super::common::DeletionPolicy;
    /// Decodes the component (every problem with its path) and applies the kind's rules.
    fn validate(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics);
    /// The kind's rules for a component that will be made; one that does not decode is `validate`'s to report.
    fn validate_new(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics);
    fn effective(&self, component: &mut Dynamic, key: &str, scope: &Scope);
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)>;
    fn derive(&self, body: &Json, scope: &Scope) -> Vec<(&'static str, Dynamic)>;
    fn is_google_made(&self, body: &Json, scope: &Scope) -> bool;
    fn unmanaged(&self) -> &'static [&'static str];
    fn place(&self, component: &Dynamic, scope: &Scope) -> String;
    async fn places(&self, run: &Run) -> Result<Vec<String>, ApiError>;
    fn leaf(&self, component: &Dynamic, scope: &Scope) -> Option<String>;
    fn name_of(&self, leaf: &str) -> String;
    fn is_gone(&self, body: &Json) -> bool;
    async fn revive(&self, name: &str, run: &Run) -> Result<bool, ApiError>;
    fn parts(&self) -> &'static [&'static str];
    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>>;
    fn imported(&self, component: &mut Dynamic, scope: &Scope);
    fn observed(&self, component: &mut Dynamic, meant: &Dynamic, found: &Dynamic, scope: &Scope);
    async fn read_parts(&self, bodies: &mut [Json], run: &Run) -> Result<(), ApiError>;
    async fn write_parts(&self, name: &str, before: &Json, after: &Json, run: &Run) -> Result<(), ApiError>;
    fn holds_secrets(&self, body: &Json) -> bool;
    fn condition(&self, body: &Json) -> Condition;
    fn is_complete(&self, component: &Dynamic) -> bool;
    fn repair(&self, current: &Json) -> Option<Patch>;
    fn before_create(&self, body: &mut Json, scope: &Scope);
    fn before_update(&self, current: &Json, patch: &mut Patch);
    async fn before_delete(&self, component: &Dynamic, client: &Client, context: &CallContext) -> Result<(), ApiError>;
    fn title(&self, component: &Dynamic) -> Option<String>;
    fn comes_along(&self) -> bool;
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)>;
}

/// A kind in the list, with its schema made once.
pub struct Registered<K> {
    kind: K,
    object: OnceLock<ObjectSchema>,
    rest: OnceLock<Rest>,
}

impl<K> Registered<K> {
    /// `kind`, of which nothing is made yet.
    pub const fn new(kind: K) -> Self {
        Self { kind, object: OnceLock::new(), rest: OnceLock::new() }
    }
}

#[async_trait]
impl<K: Kind> AnyKind for Registered<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }
    fn noun(&self) -> &'static str {
        K::NOUN
    }
    fn object(&self) -> &ObjectSchema {
        self.object.get_or_init(|| super::common::complete(K::Spec::schema(), self.rest(), K::DELETION))
    }
    fn rest(&self) -> &Rest {
        self.rest.get_or_init(|| self.kind.rest())
    }
    fn deletion(&self) -> super::common::DeletionPolicy {
        K::DELETION
    }
    fn validate(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(spec) = K::Spec::decode(component, path, diagnostics) {
            self.kind.validate(&spec, path, diagnostics);
        }
    }
    fn validate_new(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(spec) = K::Spec::decode(component, path, &mut Diagnostics::new()) {
            self.kind.validate_new(&spec, path, diagnostics);
        }
    }
    fn effective(&self, component: &mut Dynamic, key: &str, scope: &Scope) {
        self.kind.effective(component, key, scope);
    }
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        self.kind.predict(component, scope)
    }
    fn derive(&self, body: &Json, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        self.kind.derive(body, scope)
    }
    fn is_google_made(&self, body: &Json, scope: &Scope) -> bool {
        self.kind.is_google_made(body, scope)
    }
    fn unmanaged(&self) -> &'static [&'static str] {
        self.kind.unmanaged()
    }
    fn place(&self, component: &Dynamic, scope: &Scope) -> String {
        self.kind.place(component, scope)
    }
    async fn places(&self, run: &Run) -> Result<Vec<String>, ApiError> {
        self.kind.places(run).await
    }
    fn leaf(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        self.kind.leaf(component, scope)
    }
    fn name_of(&self, leaf: &str) -> String {
        self.kind.name_of(leaf)
    }
    fn is_gone(&self, body: &Json) -> bool {
        self.kind.is_gone(body)
    }
    async fn revive(&self, name: &str, run: &Run) -> Result<bool, ApiError> {
        self.kind.revive(name, run).await
    }
    fn parts(&self) -> &'static [&'static str] {
        self.kind.parts()
    }
    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        self.kind.inner_names(component, scope)
    }
    fn imported(&self, component: &mut Dynamic, scope: &Scope) {
        self.kind.imported(component, scope);
    }
    fn observed(&self, component: &mut Dynamic, meant: &Dynamic, found: &Dynamic, scope: &Scope) {
        self.kind.observed(component, meant, found, scope);
    }
    async fn read_parts(&self, bodies: &mut [Json], run: &Run) -> Result<(), ApiError> {
        self.kind.read_parts(bodies, run).await
    }
    async fn write_parts(&self, name: &str, before: &Json, after: &Json, run: &Run) -> Result<(), ApiError> {
        self.kind.write_parts(name, before, after, run).await
    }
    fn holds_secrets(&self, body: &Json) -> bool {
        self.kind.holds_secrets(body)
    }
    fn condition(&self, body: &Json) -> Condition {
        self.kind.condition(body)
    }
    fn is_complete(&self, component: &Dynamic) -> bool {
        self.kind.is_complete(component)
    }
    fn repair(&self, current: &Json) -> Option<Patch> {
        self.kind.repair(current)
    }
    fn before_create(&self, body: &mut Json, scope: &Scope) {
        self.kind.before_create(body, scope);
    }
    fn before_update(&self, current: &Json, patch: &mut Patch) {
        self.kind.before_update(current, patch);
    }
    async fn before_delete(&self, component: &Dynamic, client: &Client, context: &CallContext) -> Result<(), ApiError> {
        self.kind.before_delete(component, client, context).await
    }
    fn title(&self, component: &Dynamic) -> Option<String> {
        self.kind.title(component)
    }
    fn comes_along(&self) -> bool {
        self.kind.comes_along()
    }
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        self.kind.uses(body)
    }
}

/// The attribute of a stack that holds the components of `kind`.
pub fn stack_attribute(kind: &'static dyn AnyKind) -> tfplugin::Attribute {
    tfplugin::Attribute {
        name: kind.name().into(),
        description: kind.object().description.clone(),
        shape: tfplugin::schema::Shape::Nested(Nesting::Map, Box::new(kind.object().clone())),
        presence: tfplugin::schema::Presence::Optional,
        sensitive: false,
        write_only: false,
        deprecated: None,
        default: None,
        requires_replace: false,
        rules: tfplugin::value::ScalarRules::PLAIN,
        extensions: tfplugin::Extensions::default(),
    }
}
