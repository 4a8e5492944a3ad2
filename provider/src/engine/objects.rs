//! The calls on the objects of one kind, whatever the API behind them looks like.
//!
//! A kind's [`Objects`] names, reads, lists, creates, updates, repairs and deletes; the engine decides when. An update gets
//! the component before and after, not a mask: not every API has merging updates.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::{Attribute, Dynamic, ObjectSchema};

use super::common;
use super::error::CallError;
use super::grants::Policies;
use super::marks::{InputOnly, NeverRead, OwnKeys, Wire};
use super::place::Place;
use super::run::Run;
use super::scope::Scope;
use super::wire;

/// Who names an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// The configuration: two objects of one name cannot exist.
    Configuration,
    /// The cloud, at creation: the component's `id` is the name, and a title tells it from its like.
    Cloud,
}

/// Objects that one list answers for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collection {
    /// What tells the collection from all others.
    pub path: String,
    /// The place to list, as [`Objects::list`] takes it.
    pub place: String,
}

/// An object as the API returned it.
#[derive(Clone, Debug)]
pub struct LiveObject {
    /// Its name within the cloud, in canonical form.
    pub name: String,
    /// The API's JSON.
    pub body: Json,
    /// The same in the shape of the configuration.
    pub tree: Dynamic,
    /// Whether it does what it is there for. Where it does not, the tree is silent about what only a working object has.
    pub readiness: Readiness,
}

impl LiveObject {
    /// The object without the API's JSON.
    #[must_use]
    pub fn without_body(self) -> Self {
        Self { body: Json::Null, ..self }
    }
}

/// Whether an object does what it is there for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// A change is under way.
    Pending,
    /// The last change failed, in the API's words.
    Failed(String),
}

/// How much of a list is wanted: of a large stack the JSON is large, and what the API keeps apart from the objects takes
/// calls for each.
#[derive(Clone, Copy, Debug)]
pub enum Detail<'k> {
    /// Every object, tree and JSON.
    Whole,
    /// Every object, the tree only.
    Tree,
    /// The trees of those that the stack has, by name, with the components that it has for them.
    Known(&'k BTreeMap<&'k str, &'k Dynamic>),
}

/// Why an object could not be created.
#[derive(Debug)]
pub enum CreateError {
    /// The creation was refused, or its answer was lost.
    Asked(CallError),
    /// The creation was accepted, and what follows failed: the operation, the waiting for it, or the reading. The object
    /// exists as a rule.
    Accepted(CallError),
}

/// A change of an object, in what the API is to be told.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// What the object was when it was last read.
    pub before: &'a Dynamic,
    /// What it shall be.
    pub after: &'a Dynamic,
}

impl Change<'_> {
    /// The attributes to be changed that `found` has neither as they were nor as they shall be.
    pub fn made_by_others(&self, object: &ObjectSchema, found: &Dynamic) -> Vec<String> {
        let is_compared = |attribute: &&Attribute| {
            let marks = &attribute.extensions;
            attribute.presence.is_configurable()
                && !attribute.write_only
                && marks.get::<Wire>().is_some()
                && marks.get::<InputOnly>().is_none()
                && marks.get::<NeverRead>().is_none()
                && marks.get::<OwnKeys>().is_none()
                && wire::children(attribute).is_none()
        };
        let is_foreign = |attribute: &&Attribute| {
            let value = |of: &Dynamic| of.get(&attribute.name).clone();
            let (was, wanted, is) = (value(self.before), value(self.after), value(found));
            let same = |other: &Dynamic| wire::equal(attribute, other, &is);
            // What an adopted object has where the configuration was silent, the state does not know.
            let is_known = !(was.is_null() && common::adopts(self.before));
            is_known && !wire::equal(attribute, &was, &wanted) && !same(&was) && !same(&wanted)
        };
        let foreign = object.attributes.iter().filter(is_compared).filter(is_foreign);
        foreign.map(|attribute| attribute.name.to_string()).collect()
    }
}

/// Why a change did not come to its end.
#[derive(Debug)]
pub enum UpdateError {
    /// A call failed.
    Call(CallError),
    /// Some of the children were written, and then a call failed.
    Partly {
        /// The object with the children that are known to exist.
        found: Box<LiveObject>,
        /// The failure.
        error: CallError,
    },
    /// All was written, and what became of it could not be read.
    Unread {
        /// The object as it was written.
        found: Box<LiveObject>,
        /// The failure.
        error: CallError,
    },
    /// Somebody else has changed the same attributes since the object was last read.
    ByOthers {
        /// The object as it is.
        found: Box<LiveObject>,
        /// The attributes.
        attributes: Vec<String>,
    },
}

impl From<CallError> for UpdateError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// One kind's calls.
#[async_trait]
pub trait Objects: Send + Sync {
    /// The API, as messages and pages name it.
    fn api(&self) -> &str;

    /// The line of the inventory for an object, with capitals for what differs, as pages show it.
    fn name_pattern(&self) -> String;

    /// Whether all objects are in the region of their stack, which then needs no label of its own.
    fn are_in_region(&self) -> bool {
        false
    }

    /// Who names an object.
    fn named_by(&self) -> NamedBy;

    /// The name of the component's object; `None` while it is not known.
    fn name(&self, component: &Dynamic, scope: &Scope) -> Option<String>;

    /// The whole name of an object (or one inside it) of that name in a stack at `place`.
    fn full_name(&self, name: &str, place: &Place) -> String;

    /// The line of the inventory for the component's object, where the cloud adds to the name what only it can tell;
    /// `None` while it is not known.
    fn inventory_name(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        Some(self.full_name(&self.name(component, scope)?, &scope.place))
    }

    /// The collection that the component's object is in.
    fn collection(&self, component: &Dynamic, scope: &Scope) -> Collection;

    /// The places whose collections may hold objects of the stack.
    ///
    /// # Errors
    /// Of the calls that it takes to know them.
    async fn places(&self, run: &Run) -> Result<Vec<String>, CallError>;

    /// Reads an object with its children; `None` when there is none.
    ///
    /// # Errors
    /// Of the calls, "not found" excepted.
    async fn read(&self, object: &ObjectSchema, run: &Run, name: &str) -> Result<Option<LiveObject>, CallError>;

    /// Reads an object that the stack has as `component`, also the children of it that lists do not show yet.
    ///
    /// # Errors
    /// Of the calls, "not found" excepted.
    async fn read_known(
        &self,
        object: &ObjectSchema,
        run: &Run,
        name: &str,
        component: &Dynamic,
    ) -> Result<Option<LiveObject>, CallError>;

    /// Looks for an object that was just created, or may have been: waits a little for one that is not in sight.
    ///
    /// # Errors
    /// Of the calls, "not found" excepted.
    async fn look_for(&self, object: &ObjectSchema, run: &Run, name: &str) -> Result<Option<LiveObject>, CallError>;

    /// Reads the objects at a place.
    ///
    /// # Errors
    /// Of the calls.
    async fn list(
        &self,
        object: &ObjectSchema,
        run: &Run,
        place: &str,
        detail: Detail<'_>,
    ) -> Result<Vec<LiveObject>, CallError>;

    /// The policies of the objects, where the API has them.
    fn policies(&self) -> Option<&dyn Policies>;

    /// Creates an object, without its children, and reads it as it became.
    ///
    /// # Errors
    /// Of the calls.
    async fn create(&self, object: &ObjectSchema, run: &Run, component: &Dynamic) -> Result<LiveObject, CreateError>;

    /// Creates the children of an object that was just created.
    ///
    /// # Errors
    /// Of the calls; the object exists all the same, and the error says how far it came.
    async fn create_children(
        &self,
        object: &ObjectSchema,
        run: &Run,
        component: &Dynamic,
        created: LiveObject,
    ) -> Result<LiveObject, UpdateError>;

    /// Changes an object on top of what is there now. `None` when it is gone.
    ///
    /// # Errors
    /// Of the calls; and when somebody else has changed what is to be changed since it was last read.
    async fn update(
        &self,
        object: &ObjectSchema,
        run: &Run,
        name: &str,
        change: Change<'_>,
    ) -> Result<Option<LiveObject>, UpdateError>;

    /// Whether some objects are better read by their names: a list holds the whole account's, with a call for each.
    fn are_read_by_name(&self) -> bool {
        false
    }

    /// Has the API try again to bring about what a failed object says already. `None` when it is gone.
    ///
    /// # Errors
    /// Of the calls.
    async fn repair(
        &self,
        object: &ObjectSchema,
        run: &Run,
        found: LiveObject,
    ) -> Result<Option<LiveObject>, CallError>;

    /// Waits while a change of the object is under way. `None` when it is gone.
    ///
    /// # Errors
    /// Of the calls.
    async fn settle(
        &self,
        object: &ObjectSchema,
        run: &Run,
        found: LiveObject,
    ) -> Result<Option<LiveObject>, CallError>;

    /// Brings back the deleted object that still holds its name. `false`: there is none, or it cannot be.
    ///
    /// # Errors
    /// Of the calls.
    async fn revive(&self, run: &Run, name: &str) -> Result<bool, CallError>;

    /// Deletes an object; one that is gone already is fine.
    ///
    /// # Errors
    /// Of the calls.
    async fn delete(&self, run: &Run, name: &str, component: &Dynamic) -> Result<(), CallError>;
}
