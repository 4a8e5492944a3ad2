//! The body of a stack: its own attributes, and a map of components for every kind.
//!
//! What the stacks of all clouds have is declared here, a cloud adds its own attributes and its kinds ([`Layout`]). The body is
//! kept as a tree.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use tfplugin::{Attribute, Diagnostics, Dynamic, Entries, Name, Object, ObjectSchema, Path, Type, Value, name};

use super::address::Address;
use super::kind::AnyKind;
use super::marks::Governs;
use super::scope::Scope;
use super::{secrets, tree};
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

/// What the stacks of all clouds have.
#[derive(Object)]
pub struct Common {
    /// The stack's name, which is also its stamp: objects that the stack creates carry the label `mlops-stack` with it.
    /// Lower-case letters, digits, `-` and `_`, starting with a letter, at most 63. It cannot be changed.
    #[tf(required)]
    pub name: Value<String>,
    /// Whether destroying the stack is refused. Set it to `false` and apply before a destroy.
    #[tf(default = true)]
    pub deletion_protection: Value<bool>,
    /// How long operations may take.
    #[tf(optional)]
    pub timeouts: Value<Timeouts>,
    /// `complete`, or `incomplete` after an apply that failed or was interrupted: the next apply goes on from there.
    #[tf(computed)]
    pub status: Value<String>,
    /// A digest of all managed settings as last read. It changes when, and only when, one of them does.
    #[tf(computed)]
    pub fingerprint: Value<String>,
    /// The stack's id.
    #[tf(computed)]
    pub id: Value<String>,
    /// Every object that the planned change deletes, replacements included, one a line: empty where it deletes none, and after
    /// every refresh. A `postcondition`, a policy tool or a pipeline can hold a change by it.
    #[tf(computed)]
    pub deletes: Value<Vec<String>>,
    /// Every object that the stack manages, and every grant with role and member; sorted.
    #[tf(computed)]
    pub inventory: Value<Vec<String>>,
}

/// The attribute that names the stack.
pub const NAME: &str = name!(Common.name);
/// The attribute that protects the stack from destruction.
pub const DELETION_PROTECTION: &str = name!(Common.deletion_protection);
/// The attribute that limits operations.
pub const TIMEOUTS: &str = name!(Common.timeouts);
/// The attribute that says whether the last apply came to its end.
pub const STATUS: &str = name!(Common.status);
/// The attribute with the digest of all settings.
pub const FINGERPRINT: &str = name!(Common.fingerprint);
/// The attribute with the stack's id.
pub const ID: &str = name!(Common.id);
/// The attribute with what a change deletes.
pub const DELETES: &str = name!(Common.deletes);
/// The attribute with what the stack manages.
pub const INVENTORY: &str = name!(Common.inventory);

/// Whether the last apply came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It did.
    Complete,
    /// It failed or was interrupted.
    Incomplete,
}

impl From<Status> for Dynamic {
    fn from(status: Status) -> Self {
        Dynamic::string(match status {
            Status::Complete => "complete",
            Status::Incomplete => "incomplete",
        })
    }
}

/// The stacks of one cloud: their attributes and kinds.
pub struct Layout {
    own: fn() -> ObjectSchema,
    kinds: fn() -> &'static [&'static AnyKind],
    labels: &'static str,
    place: [&'static str; 2],
    body: OnceLock<ObjectSchema>,
    body_type: OnceLock<Type>,
}

impl Layout {
    /// Stacks with the attributes of `own` beside the common ones (an attribute of `own` takes the place of a common one of
    /// its name), with these `kinds`, and with the labels for all components in the attribute `labels`. `place` names the
    /// attributes for the account (or project) and the region.
    pub const fn new(
        own: fn() -> ObjectSchema,
        kinds: fn() -> &'static [&'static AnyKind],
        labels: &'static str,
        place: [&'static str; 2],
    ) -> Self {
        Self { own, kinds, labels, place, body: OnceLock::new(), body_type: OnceLock::new() }
    }

    /// All kinds, in the order in which the reference lists them.
    pub fn kinds(&self) -> &'static [&'static AnyKind] {
        (self.kinds)()
    }

    /// The kind of the stack attribute `name`.
    pub fn kind(&self, name: &str) -> Option<&'static AnyKind> {
        self.kinds().iter().copied().find(|kind| kind.name() == name)
    }

    /// The attribute with the labels for all components.
    pub fn labels(&self) -> &'static str {
        self.labels
    }

    /// The attributes for the account or project, and for the region.
    pub fn place(&self) -> [&'static str; 2] {
        self.place
    }

    /// The schema, made once: it is large.
    pub fn body(&self) -> &ObjectSchema {
        self.body.get_or_init(|| {
            let mut object = (self.own)();
            let common = Common::schema().attributes.into_iter();
            let added: Vec<Attribute> = common.filter(|common| object.attribute(&common.name).is_none()).collect();
            object.attributes.extend(added);
            object.attributes.extend(self.kinds().iter().map(|kind| kind.stack_attribute()));
            object.attributes.sort_by(|a, b| a.name.cmp(&b.name));
            object.unset_left_out()
        })
    }

    /// The type of the body, made once.
    pub fn body_type(&self) -> &Type {
        self.body_type.get_or_init(|| self.body().type_expression())
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kinds()).finish()
    }
}

/// The body of a stack.
#[derive(Clone, Debug)]
pub struct Stack {
    layout: &'static Layout,
    tree: Dynamic,
}

impl PartialEq for Stack {
    fn eq(&self, other: &Self) -> bool {
        self.tree == other.tree
    }
}

/// The components of a stack, each as a tree in the shape of its configuration.
pub(crate) type Components = BTreeMap<Address, Dynamic>;

impl Stack {
    /// The stack of a tree in the shape of the body.
    pub fn of_tree(layout: &'static Layout, tree: Dynamic) -> Self {
        Self { layout, tree }
    }

    /// The attributes and kinds of the stack's cloud.
    pub fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// The body as a tree.
    pub fn tree(&self) -> &Dynamic {
        &self.tree
    }

    /// A stack whose attributes are all null.
    pub fn empty(layout: &'static Layout) -> Self {
        let attributes = layout.body().attributes.iter();
        Self { layout, tree: Dynamic::Object(attributes.map(|a| (&a.name, Dynamic::Null)).collect()) }
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

    /// The time limits in their types; none where they do not decode (the schema's own checks have reported it).
    pub fn timeouts(&self) -> Option<Timeouts> {
        match self.get(TIMEOUTS) {
            Dynamic::Null | Dynamic::Unknown => None,
            timeouts => Timeouts::decode(timeouts, &Path::root(), &mut Diagnostics::new()),
        }
    }

    /// `scope` with the labels and settings that this stack has.
    #[must_use]
    pub fn scoped(&self, scope: Scope) -> Scope {
        let labels = self.get(self.layout.labels);
        Scope {
            labels: tree::strings(labels),
            open_labels: !labels.is_wholly_known(),
            settings: self.settings_only().tree,
            ..scope
        }
    }

    /// Whether an attribute of the stack on which the effect of components depends is not known yet.
    pub(crate) fn is_ungoverned(&self) -> bool {
        let attributes = self.layout.body().attributes.iter();
        let mut governing = attributes.filter(|attribute| attribute.extensions.get::<Governs>().is_some());
        governing.any(|attribute| !self.get(&attribute.name).is_wholly_known())
    }

    /// The components whose maps are known; a component may itself be unknown.
    pub fn components(&self) -> Components {
        let mut components = Components::new();
        for kind in self.layout.kinds() {
            for (key, component) in self.get(kind.name()).as_entries().into_iter().flatten() {
                components.insert(Address::new(kind, key), component.clone());
            }
        }
        components
    }

    /// The same out of a stack that nobody else needs.
    pub(crate) fn into_components(mut self) -> Components {
        let mut components = Components::new();
        let Some(entries) = self.tree.as_entries_mut() else { return components };
        for kind in self.layout.kinds() {
            if let Some(Dynamic::Map(of_kind)) = entries.remove(kind.name()) {
                components.extend(of_kind.into_iter().map(|(key, component)| (Address::new(kind, key), component)));
            }
        }
        components
    }

    /// The components as [`Stack::components`] has them, without copies of them.
    pub(crate) fn borrowed(&self) -> BTreeMap<Address, &Dynamic> {
        let of_kind = |kind: &&'static AnyKind| {
            let kind = *kind;
            let entries = self.get(kind.name()).as_entries().into_iter().flatten();
            entries.map(move |(key, component)| (Address::new(kind, key), component))
        };
        self.layout.kinds().iter().flat_map(of_kind).collect()
    }

    /// What only a configuration holds: the write-only values of its components.
    pub(crate) fn write_only(&self) -> Components {
        let of = |(address, component): (Address, &Dynamic)| {
            let secrets = secrets::of(address.kind, component)?;
            Some((address, secrets))
        };
        self.borrowed().into_iter().filter_map(of).collect()
    }

    /// The stack without its components: what a large one is built from.
    pub(crate) fn settings_only(&self) -> Self {
        let entries = self.tree.as_entries().into_iter().flatten();
        let settings = entries.filter(|(name, _)| self.layout.kind(name).is_none());
        let settings = settings.map(|(name, value)| (name.clone(), value.clone()));
        let kinds = self.layout.kinds().iter().map(|kind| (Name::fixed(kind.name()), Dynamic::Null));
        Self { layout: self.layout, tree: Dynamic::Object(settings.chain(kinds).collect()) }
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
        for kind in self.layout.kinds() {
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
        self.layout.kinds().iter().any(|kind| self.get(kind.name()).is_unknown())
    }
}
