//! A kind of component, in the order of a component's life.
//!
//! 1. **Declared** ([`Declared`]): the struct of the kind gives schema, docs, wire mapping ([`marks`](super::marks)) and
//!    equality; `validate` and `validate_new` add what a schema cannot say. They run at validate and at plan.
//! 2. **Planned** ([`Kind`]): `effective` writes out what a configuration implies, `predict` what is known before the object
//!    exists. Both are pure: they run at plan and again at apply, and must answer the same.
//! 3. **Created, updated, deleted** ([`Objects`]): the calls. The engine makes them in the order of references, once each,
//!    and records what exists whatever else went wrong.
//! 4. **Read** ([`Kind`]): `derive` computes what the JSON does not hold as such; `observed` has a last look at what a
//!    refresh records.
//! 5. **Imported** ([`Kind`], [`Discovery`]): `is_made_by_cloud` leaves out, `unmanaged` names what nobody manages,
//!    `imported` shortens.
//!
//! What only some kinds can do stands apart: [`Titled`] (the cloud names the objects), [`Gradual`] (an object exists before
//! it works), [`Discovery`] (an object uses others), [`Principal`] (an object can be granted roles), [`Role`] (an object is a
//! role).

use std::ops::Deref;
use std::sync::OnceLock;

use serde_json::Value as Json;
use tfplugin::schema::{Nesting, Presence, Shape};
use tfplugin::{Attribute, Diagnostics, Dynamic, Extensions, Object, ObjectSchema, Path};

use super::common;
use super::error::CallError;
use super::objects::{Detail, LiveObject, NamedBy, Objects, Readiness};
use super::run::Run;
use super::scope::Scope;
use super::terms::Terms;

/// What needs the declared type.
pub trait Declared: Kind {
    /// What the user declares.
    type Spec: Object;
    /// The stack's attribute that holds the components: the plural of the noun, in snake case.
    const NAME: &'static str;
    /// What a user calls one of them.
    const NOUN: &'static str;

    /// Rules beyond the schema's that every object keeps: names, pairs. Null and unknown values could be valid. What breaks
    /// one cannot be imported, so a rule that the API has for requests only belongs into [`Declared::validate_new`].
    fn validate(&self, spec: &Self::Spec, path: &Path, diagnostics: &mut Diagnostics) {
        let _ = (spec, path, diagnostics);
    }

    /// Rules for what is new: an object that will be created, where a null attribute is one that the API sets, and what
    /// changes of one that exists. What the prior state breaks already is not judged again.
    fn validate_new(&self, spec: &Self::Spec, path: &Path, diagnostics: &mut Diagnostics) {
        let _ = (spec, path, diagnostics);
    }

    /// What the API cannot change of an object that exists, beyond attributes that are
    /// [`Immutable`](super::marks::Immutable). Both are given as they are meant.
    fn validate_change(&self, before: &Self::Spec, after: &Self::Spec, path: &Path, diagnostics: &mut Diagnostics) {
        let _ = (before, after, path, diagnostics);
    }
}

/// What the engine asks of every kind. Nothing here makes a call.
pub trait Kind: Send + Sync + 'static {
    /// Whether the objects hold data that is lost with them: under `deletion_protection` they are not deleted unless
    /// `deletion_policy` says so.
    fn holds_data(&self) -> bool {
        false
    }

    /// For how long the name of a deleted object is taken, where it is: a replacement under the same name is refused.
    fn name_is_kept_for(&self) -> Option<&'static str> {
        None
    }

    /// Writes out what the component implies: a preset's conditions, a default display name. Works on a component whose
    /// references are resolved; the result is what is written and compared.
    fn effective(&self, component: &mut Dynamic, key: &str, scope: &Scope) {
        let _ = (component, key, scope);
    }

    /// Optional and computed attributes that follow from other components of the stack, each with its kind and KEY, where the
    /// configuration is silent.
    fn implied(
        &self,
        component: &Dynamic,
        others: &mut dyn Iterator<Item = (&'static str, &str, &Dynamic)>,
    ) -> Vec<(&'static str, Dynamic)> {
        let _ = (component, others);
        Vec::new()
    }

    /// Computed attributes that are known before the object exists: a URL that follows from the name.
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let _ = (component, scope);
        Vec::new()
    }

    /// Computed attributes that the JSON does not hold as such, from the object as read.
    fn derive(&self, body: &Json, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let _ = (body, scope);
        Vec::new()
    }

    /// A last look at what a refresh records of a component, for differences that no single attribute shows.
    fn observed(&self, component: &mut Dynamic, effective: &Dynamic, found: &Dynamic, scope: &Scope) {
        let _ = (component, effective, found, scope);
    }

    /// The names of the objects inside the component's that the stack manages, too (subscriptions, indexes); `None` while
    /// one of them is not known.
    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        let _ = (component, scope);
        Some(Vec::new())
    }

    /// Whether the object, as read, has been given the values of its write-only attributes. One that has not is given them
    /// by the apply that goes on with its creation.
    fn holds_secrets(&self, body: &Json) -> bool {
        let _ = body;
        true
    }

    /// Whether the object, as recorded, holds a value of the write-only `attribute` that the state cannot tell of: one that
    /// was there before an import.
    fn keeps_secret(&self, component: &Dynamic, attribute: &str) -> bool {
        let _ = (component, attribute);
        false
    }

    /// Whether the object of a component, as recorded, has values for its write-only attributes that can be used.
    fn has_secrets(&self, component: &Dynamic) -> bool {
        let _ = component;
        true
    }

    /// Whether an object inside the component's serves nobody any more, as recorded: it is made anew without being asked
    /// for, where the component may be deleted.
    fn is_dead(&self, child: &Dynamic) -> bool {
        let _ = child;
        false
    }

    /// Whether the component's object, as recorded, serves nobody and cannot be mended: it is replaced without being asked
    /// for, where it may be deleted.
    fn is_beyond_repair(&self, component: &Dynamic) -> bool {
        let _ = component;
        false
    }

    /// The account or project that an object, as read, is in, where its name does not tell: all of them share the names.
    fn account_of<'b>(&self, body: &'b Json) -> Option<&'b str> {
        let _ = body;
        None
    }

    /// Where labels are written by a call of their own: whether an object, as read, is what the call before leaves, with no
    /// label and no setting.
    fn untouched(&self) -> Option<fn(&Json) -> bool> {
        None
    }

    /// Whether the cloud made the object by itself, so that an import leaves it out.
    fn is_made_by_cloud(&self, body: &Json, scope: &Scope) -> bool {
        let _ = (body, scope);
        false
    }

    /// Fields of the JSON that nobody manages: output-only ones and defaults. Everything else that the schema cannot
    /// express is named in a warning at import. A path covers what is below it; `*` stands for any element or key.
    fn unmanaged(&self) -> &'static [&'static str] {
        &[]
    }

    /// What an import is silent about, because silence has the same effect: `projects` that are the default.
    fn imported(&self, component: &mut Dynamic, scope: &Scope) {
        let _ = (component, scope);
    }

    /// What tells objects that the cloud names apart.
    fn titled(&self) -> Option<Titled> {
        None
    }

    /// An object that exists before it works.
    fn gradual(&self) -> Option<&dyn Gradual> {
        None
    }

    /// What an object uses.
    fn discovery(&self) -> Option<&dyn Discovery> {
        None
    }

    /// The component as a member of grants.
    fn principal(&self) -> Option<Principal> {
        None
    }

    /// The component as the role of grants.
    fn role(&self) -> Option<Role> {
        None
    }
}

/// Objects that the cloud names: a title tells one from its like, under another KEY and after a lost answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Titled {
    /// The attribute with the title: `display_name`.
    pub by: &'static str,
}

/// Objects that exist before they work, and may stop working after a change.
pub trait Gradual {
    /// Whether the object, as read, does what it is there for.
    fn readiness(&self, body: &Json) -> Readiness;

    /// Whether the component, as recorded, was ever ready: one that was not is repaired by the next apply.
    fn was_ready(&self, component: &Dynamic) -> bool;
}

/// Objects that name others: an import follows.
pub trait Discovery {
    /// The objects that this one uses: `(kind, name as that kind's `id` or `name`)`.
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)>;

    /// What this object watches or leads to, in the same form: an import of one of these brings it along.
    fn watches(&self, body: &Json) -> Vec<(&'static str, String)> {
        let _ = body;
        Vec::new()
    }
}

/// Components that can be granted roles: a member of a grant may be the KEY of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The attribute that the cloud knows the principal by: `email`.
    pub address: &'static str,
}

/// Components that are roles: the role of a grant may be the KEY of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// The attribute that policies name the role by: `id`.
    pub name: &'static str,
}

/// A kind without its type: what the lists hold.
pub struct AnyKind {
    name: &'static str,
    noun: &'static str,
    kind: &'static dyn Kind,
    declaration: &'static dyn Declaration,
    objects: &'static dyn Objects,
    terms: &'static dyn Terms,
    siblings: fn() -> &'static [&'static AnyKind],
    object: OnceLock<ObjectSchema>,
}

impl AnyKind {
    /// `kind`, whose calls are `objects`, in the cloud with these `terms` and all its kinds.
    pub const fn new<K: Declared>(
        kind: &'static K,
        objects: &'static dyn Objects,
        terms: &'static dyn Terms,
        siblings: fn() -> &'static [&'static AnyKind],
    ) -> Self {
        Self {
            name: K::NAME,
            noun: K::NOUN,
            kind,
            declaration: kind,
            objects,
            terms,
            siblings,
            object: OnceLock::new(),
        }
    }

    /// The stack's attribute that holds the components: the plural of the noun, in snake case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What a user calls one of them.
    pub fn noun(&self) -> &'static str {
        self.noun
    }

    /// How the cloud of the kind writes things.
    pub fn terms(&self) -> &'static dyn Terms {
        self.terms
    }

    /// The computed attribute with the labels that the stack keeps on an object.
    pub fn effective_labels(&self) -> &'static str {
        self.terms.labels().effective
    }

    /// All kinds of the same cloud.
    pub fn siblings(&self) -> &'static [&'static AnyKind] {
        (self.siblings)()
    }

    /// The kind of the same cloud with that name.
    pub fn sibling(&self, name: &str) -> Option<&'static AnyKind> {
        self.siblings().iter().copied().find(|kind| kind.name() == name)
    }

    /// The calls.
    pub fn objects(&self) -> &'static dyn Objects {
        self.objects
    }

    /// Whether objects of the kind have policies of their own.
    pub fn has_grants(&self) -> bool {
        self.objects.policies().is_some()
    }

    /// Whether the cloud names the objects.
    pub fn is_named_by_cloud(&self) -> bool {
        self.objects.named_by() == NamedBy::Cloud
    }

    /// The declaration with the attributes that all kinds share.
    pub fn object(&self) -> &ObjectSchema {
        let complete = || {
            let nouns = |is_one: fn(&AnyKind) -> bool| {
                let kinds = self.siblings().iter().filter(|kind| is_one(kind));
                kinds.map(|kind| kind.noun()).collect::<Vec<_>>().join(" or ")
            };
            let nouns = common::Nouns {
                principal: nouns(|kind| kind.principal().is_some()),
                role: nouns(|kind| kind.role().is_some()),
            };
            common::complete(
                self.declaration.schema(),
                self.has_grants(),
                self.kind.holds_data(),
                &nouns,
                self.terms.labels(),
            )
        };
        self.object.get_or_init(complete)
    }

    /// Decodes the component (every problem with its path) and applies the kind's rules.
    pub fn validate(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        self.declaration.validate(component, path, diagnostics);
    }

    /// The kind's rules for what is new; a component that does not decode is [`Self::validate`]'s to report.
    pub fn validate_new(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        self.declaration.validate_new(component, path, diagnostics);
    }

    /// The kind's rules for changes of an object that exists.
    pub fn validate_change(&self, before: &Dynamic, after: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        self.declaration.validate_change(before, after, path, diagnostics);
    }

    /// The title of a component whose object the cloud names; `None` while it is not known, and where it is empty.
    pub fn title(&self, component: &Dynamic) -> Option<String> {
        let title = component.get(self.kind.titled()?.by).as_str()?;
        (!title.is_empty()).then(|| title.to_owned())
    }

    /// Whether a component, as recorded, was ever ready.
    pub fn was_ready(&self, component: &Dynamic) -> bool {
        self.kind.gradual().is_none_or(|gradual| gradual.was_ready(component))
    }

    /// The name of a component's object within the cloud; `None` while it is not known.
    pub fn object_name(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        self.objects.name(component, scope)
    }

    /// What tells a component's object from all others, also before it exists; `None` while its name is not known.
    pub fn full_name(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        Some(self.objects.full_name(&self.object_name(component, scope)?, &scope.place))
    }

    /// The line of the inventory for a component's object; `None` while it is not known.
    pub fn inventory_name(&self, component: &Dynamic, scope: &Scope) -> Option<String> {
        self.objects.inventory_name(component, scope)
    }

    /// See [`Objects::read`].
    ///
    /// # Errors
    /// As there.
    pub async fn read(&self, run: &Run, name: &str) -> Result<Option<LiveObject>, CallError> {
        self.objects.read(self.object(), run, name).await
    }

    /// See [`Objects::list`].
    ///
    /// # Errors
    /// As there.
    pub async fn list(&self, run: &Run, place: &str, detail: Detail<'_>) -> Result<Vec<LiveObject>, CallError> {
        self.objects.list(self.object(), run, place, detail).await
    }

    /// The stack's attribute that holds the components.
    pub fn stack_attribute(&self) -> Attribute {
        Attribute {
            name: self.name.into(),
            description: self.object().description.clone(),
            shape: Shape::Nested(Nesting::Map, Box::new(self.object().clone())),
            presence: Presence::Optional,
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            requires_replace: false,
            rules: tfplugin::value::ScalarRules::PLAIN,
            extensions: Extensions::default(),
        }
    }
}

impl Deref for AnyKind {
    type Target = dyn Kind;

    fn deref(&self) -> &Self::Target {
        self.kind
    }
}

impl std::fmt::Debug for AnyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// [`Declared`] without its type.
trait Declaration: Send + Sync {
    fn schema(&self) -> ObjectSchema;
    fn validate(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics);
    fn validate_new(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics);
    fn validate_change(&self, before: &Dynamic, after: &Dynamic, path: &Path, diagnostics: &mut Diagnostics);
}

impl<K: Declared> Declaration for K {
    fn schema(&self) -> ObjectSchema {
        K::Spec::schema()
    }

    fn validate(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(spec) = K::Spec::decode(component, path, diagnostics) {
            Declared::validate(self, &spec, path, diagnostics);
        }
    }

    fn validate_new(&self, component: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(spec) = K::Spec::decode(component, path, &mut Diagnostics::new()) {
            Declared::validate_new(self, &spec, path, diagnostics);
        }
    }

    fn validate_change(&self, before: &Dynamic, after: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) {
        let decoded = |component| K::Spec::decode(component, path, &mut Diagnostics::new());
        if let (Some(before), Some(after)) = (decoded(before), decoded(after)) {
            Declared::validate_change(self, &before, &after, path, diagnostics);
        }
    }
}
