//! The body of `mlops_stack`: its own settings, and a map of components for every kind.
//!
//! The settings are declared here; the maps come from `crate::google::kinds::KINDS`, so the body is kept as a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use tfplugin::{Diagnostics, Dynamic, Entries, Name, Object, ObjectSchema, Path, Type, Value};

use super::Address;
use super::kind::{self, AnyKind};
use crate::google::kinds::alert_policy::severity::Severity;
use crate::google::kinds::{self, KINDS};
use crate::types::Duration;

/// How long operations on the stack may take, everything included.
#[derive(Object)]
pub struct Timeouts {
    /// Creation of the stack. Default `30m`.
    #[tf(optional)]
    pub create: Value<Duration>,
    /// Reading of the stack. Default `10m`.
    #[tf(optional)]
    pub read: Value<Duration>,
    /// Changes of the stack. Default `30m`.
    #[tf(optional)]
    pub update: Value<Duration>,
    /// Destruction of the stack. Default `30m`.
    #[tf(optional)]
    pub delete: Value<Duration>,
}

/// A whole machine-learning environment in one resource: buckets, registries, Cloud Run services, notification channels,
/// alert policies and what they need. The stack plans component by component, adopts nothing that it did not make,
/// imports an environment as it stands, and never destroys by accident.
#[derive(Object)]
pub struct Settings {
    /// The stack's name, which is also its stamp: objects that the stack creates carry the label `mlops-stack` with it.
    /// Lower-case letters, digits, `-` and `_`, starting with a letter, at most 63. It cannot be changed.
    #[tf(required)]
    pub name: Value<String>,
    /// The project's id. Default: the provider's. It cannot be changed.
    #[tf(optional, computed)]
    pub project: Value<String>,
    /// The region of components that name no location. Default: the provider's. It cannot be changed.
    #[tf(optional, computed)]
    pub region: Value<String>,
    /// APIs to switch on beside those that the components need, by host: `aiplatform.googleapis.com`. An API is never
    /// switched off.
    #[tf(optional)]
    pub apis: Value<BTreeSet<String>>,
    /// Labels for every object of the stack whose API has labels. A component's own labels win over them, they over the
    /// provider's `default_labels`.
    #[tf(optional)]
    pub labels: Value<BTreeMap<String, String>>,
    /// Whether destroying the stack is refused. Set it to `false` and apply before a destroy.
    #[tf(default = true)]
    pub deletion_protection: Value<bool>,
    /// Severities whose alert policies run without notifying anyone, for a trial of new alerts.
    #[tf(optional)]
    pub shadow_severities: Value<BTreeSet<Severity>>,
    /// How long operations may take.
    #[tf(optional)]
    pub timeouts: Value<Timeouts>,
    /// `projects/PROJECT/locations/REGION/stacks/NAME`.
    #[tf(computed)]
    pub id: Value<String>,
    /// The project's number.
    #[tf(computed)]
    pub project_number: Value<String>,
    /// `complete`, or `incomplete` after an apply that failed or was interrupted: the next apply goes on from there.
    #[tf(computed)]
    pub status: Value<String>,
    /// A digest of all managed settings as last read. It changes when, and only when, one of them does.
    #[tf(computed)]
    pub fingerprint: Value<String>,
    /// Every object that the stack manages, as Google's full resource name, and every grant, as full resource name, role
    /// and member; sorted.
    #[tf(computed)]
    pub inventory: Value<Vec<String>>,
}

/// The body of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stack {
    tree: Dynamic,
}

impl Object for Stack {
    fn schema() -> ObjectSchema {
        Self::body().clone()
    }

    fn decode(value: &Dynamic, _: &Path, _: &mut Diagnostics) -> Option<Self> {
        Some(Self { tree: value.clone() })
    }

    fn encode(&self) -> Dynamic {
        self.tree.clone()
    }
}

/// The components of a stack, each as a tree in the shape of its configuration.
pub(crate) type Components = BTreeMap<Address, Dynamic>;

impl Stack {
    /// The schema, made once: it is large.
    pub(crate) fn body() -> &'static ObjectSchema {
        static BODY: LazyLock<ObjectSchema> = LazyLock::new(|| {
            let mut object = Settings::schema();
            object.attributes.extend(KINDS.iter().map(|kind| kind::stack_attribute(*kind)));
            object.attributes.sort_by(|a, b| a.name.cmp(&b.name));
            object.unset_left_out()
        });
        &BODY
    }

    /// The type of the body, made once.
    pub(super) fn body_type() -> &'static Type {
        static TYPE: LazyLock<Type> = LazyLock::new(|| Stack::body().type_expression());
        &TYPE
    }

    /// The stack of a tree in the shape of the body.
    pub(super) fn of_tree(tree: Dynamic) -> Self {
        Self { tree }
    }

    /// The body as a tree.
    pub(super) fn tree(&self) -> &Dynamic {
        &self.tree
    }

    /// A stack whose attributes are all null.
    pub fn empty() -> Self {
        let attributes = Self::body().attributes.iter();
        Self { tree: Dynamic::Object(attributes.map(|a| (&a.name, Dynamic::Null)).collect()) }
    }

    /// The attribute `name`.
    pub fn get(&self, name: &str) -> &Dynamic {
        self.tree.get(name)
    }

    /// The text of the attribute `name`, if it is known.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }

    /// Sets the attribute `name`.
    pub fn set(&mut self, name: &str, value: impl Into<Dynamic>) {
        if let Some(entries) = self.tree.as_entries_mut() {
            entries.insert(name, value.into());
        }
    }

    /// The settings in their types; what does not decode is null (the schema's own checks have reported it).
    pub fn settings(&self) -> Option<Settings> {
        Settings::decode(&self.tree, &Path::root(), &mut Diagnostics::new())
    }

    /// The components whose maps are known; a component may itself be unknown.
    pub fn components(&self) -> Components {
        let mut components = Components::new();
        for kind in KINDS {
            for (key, component) in self.get(kind.name()).as_entries().into_iter().flatten() {
                components.insert(Address::new(*kind, key), component.clone());
            }
        }
        components
    }

    /// The same out of a stack that nobody else needs.
    pub(crate) fn into_components(mut self) -> Components {
        let mut components = Components::new();
        let Some(entries) = self.tree.as_entries_mut() else { return components };
        for kind in KINDS {
            if let Some(Dynamic::Map(of_kind)) = entries.remove(kind.name()) {
                components.extend(of_kind.into_iter().map(|(key, component)| (Address::new(*kind, key), component)));
            }
        }
        components
    }

    /// The components as [`Stack::components`] has them, without copies of them.
    pub(crate) fn borrowed(&self) -> BTreeMap<Address, &Dynamic> {
        let of_kind = |kind: &&'static dyn AnyKind| {
            let kind = *kind;
            let entries = self.get(kind.name()).as_entries().into_iter().flatten();
            entries.map(move |(key, component)| (Address::new(kind, key), component))
        };
        KINDS.iter().flat_map(of_kind).collect()
    }

    /// What only a configuration holds: the write-only values of its components.
    pub(crate) fn write_only(&self) -> Components {
        let mut secrets = Components::new();
        for (address, component) in self.borrowed() {
            let attributes = address.kind.object().attributes.iter().filter(|attribute| attribute.write_only);
            let values: Entries = attributes.map(|a| (&a.name, component.get(&a.name).clone())).collect();
            if !values.is_empty() {
                secrets.insert(address, Dynamic::Object(values));
            }
        }
        secrets
    }

    /// The stack without its components: what a large one is built from.
    pub(crate) fn settings_only(&self) -> Self {
        let entries = self.tree.as_entries().into_iter().flatten();
        let settings = entries.filter(|(name, _)| kinds::kind(name).is_none());
        let settings = settings.map(|(name, value)| (name.clone(), value.clone()));
        let kinds = KINDS.iter().map(|kind| (Name::fixed(kind.name()), Dynamic::Null));
        Self { tree: Dynamic::Object(settings.chain(kinds).collect()) }
    }

    /// Replaces the components. A kind without one keeps an empty map where `like` has a map, and is null elsewhere.
    pub fn set_components(&mut self, components: &Components, like: &Stack) {
        self.put_components(components.clone(), like);
    }

    /// The same with components that nobody else needs.
    pub(crate) fn put_components(&mut self, components: Components, like: &Stack) {
        let mut kinds: BTreeMap<&str, Entries> = BTreeMap::new();
        for (address, component) in components {
            kinds.entry(address.kind.name()).or_default().insert(address.key, component);
        }
        for kind in KINDS {
            let of_kind = kinds.remove(kind.name()).unwrap_or_default();
            let value = match like.get(kind.name()) {
                Dynamic::Null if of_kind.is_empty() => Dynamic::Null,
                _ => Dynamic::Map(of_kind),
            };
            self.set(kind.name(), value);
        }
    }

    /// The components of one kind are not known yet.
    pub fn has_unknown_kind(&self) -> bool {
        KINDS.iter().any(|kind| self.get(kind.name()).is_unknown())
    }
}
