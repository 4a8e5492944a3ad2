//! What all kinds have in common: the attributes that the engine itself understands.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::schema::Presence;
use tfplugin::{Attribute, Choice, Dynamic, Object, ObjectSchema, Value, name};

use super::marks::{Granted, Labels, OwnKeys, wire};
use super::terms::LabelWords;

/// What happens to an object in the cloud when its component leaves the stack, or when the stack is destroyed.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// The object is deleted.
    Delete,
    /// The object stays in the cloud and leaves the state.
    Abandon,
    /// Refused with an error.
    Prevent,
}

/// The attributes that every kind has.
#[derive(Object)]
struct Common {
    /// What happens to the object when this component is removed from the configuration, is replaced, or the stack is
    /// destroyed: `DELETE` (the default) deletes it, `ABANDON` leaves it in the cloud, `PREVENT` refuses the plan. What counts
    /// is what the state has, so a change of it takes effect with the next apply. An imported object is never deleted.
    #[tf(optional)]
    deletion_policy: Value<DeletionPolicy>,
    /// Lets the change of an immutable attribute delete this object and create it anew. Without it such a change is an
    /// error of the plan. Data in the object is lost: set it for the one apply that needs it.
    #[tf(optional)]
    allow_replacement: Value<bool>,
    /// Takes over the object of that name if it is there already, instead of failing; where it is not, it is created. Once the
    /// component is in the state it changes nothing more. The object then counts as imported, and is never deleted. The
    /// plan names each attribute whose configured value differs from the object's; as long as this is `true`, attributes
    /// that the configuration is silent about stay as the object has them. The object of another stack or project, and one
    /// that differs in an immutable attribute, is refused.
    #[tf(optional)]
    adopt: Value<bool>,
    /// Whether the object was imported rather than created by this stack; null where an import has found what the stack had
    /// created. An imported component that is removed from the configuration is released, never deleted.
    #[tf(computed)]
    imported: Value<bool>,
}

/// The attribute of kinds whose API has policies of single objects.
#[derive(Object)]
struct Grants {
    /// Who may do what with this object: a map from role to the set of members that the stack grants it to. It only
    /// adds: members that others granted are left alone. A member without a colon is the KEY of a {principal} of
    /// this stack, `allUsers` and `allAuthenticatedUsers` excepted, and a role without a slash the KEY of a {role};
    /// `{{kind.KEY.attribute}}` is filled in in both.
    #[tf(optional, ext(Granted))]
    iam: Value<BTreeMap<String, BTreeSet<String>>>,
}

/// The attribute of kinds whose API has labels; each cloud has its own name for it ([`LabelWords`]).
#[derive(Object)]
struct Written {
    /// The {label}s that the stack keeps on the object: those of the provider, the stack and the component merged, and
    /// the stack's stamp on an object that it created. Those that others set are left alone and not shown.
    #[tf(computed, ext(OwnKeys))]
    effective: Value<BTreeMap<String, String>>,
}

/// What most kinds declare, with what a silent configuration means by it.
#[derive(Object)]
struct Usual {
    /// The object's name. Default: the KEY.
    #[tf(optional)]
    name: Value<String>,
    /// Where the object is. Default: the stack's region.
    #[tf(optional)]
    location: Value<String>,
    /// The object's name within the cloud.
    #[tf(computed)]
    id: Value<String>,
}

/// The attribute that says what happens to the object when its component goes.
pub const DELETION_POLICY: &str = name!(Common.deletion_policy);
/// The attribute that allows a replacement.
pub const ALLOW_REPLACEMENT: &str = name!(Common.allow_replacement);
/// The attribute that has an object taken over.
pub const ADOPT: &str = name!(Common.adopt);
/// The attribute that says whether the object was imported.
pub const IMPORTED: &str = name!(Common.imported);
/// The attribute with the grants.
pub const IAM: &str = name!(Grants.iam);
/// The attribute that names an object; it defaults to the KEY.
pub const NAME: &str = name!(Usual.name);
/// The attribute that says where an object is; it defaults to the region.
pub const LOCATION: &str = name!(Usual.location);
/// The attribute with the object's name within the cloud.
pub const ID: &str = name!(Usual.id);

/// What descriptions call the components that grants may name by KEY.
pub(crate) struct Nouns {
    pub(crate) principal: String,
    pub(crate) role: String,
}

impl Nouns {
    fn fill_in(&self, description: &str) -> String {
        description.replace("{principal}", &self.principal).replace("{role}", &self.role)
    }
}

/// The declaration of a kind with the attributes that all kinds share. `nouns` say what can be granted roles,
/// and what is one.
pub(crate) fn complete(
    mut object: ObjectSchema,
    has_grants: bool,
    holds_data: bool,
    nouns: &Nouns,
    words: LabelWords,
) -> ObjectSchema {
    object.attributes.extend(Common::schema().attributes);
    if has_grants {
        object.attributes.extend(Grants::schema().attributes.into_iter().map(|mut grants| {
            grants.description = nouns.fill_in(&grants.description).into();
            grants
        }));
    }
    if let Some(labels) = labels(&object).map(|(_, labels)| *labels) {
        for mut attribute in Written::schema().attributes {
            attribute.name = words.effective.into();
            attribute.description = attribute.description.replace("{label}", words.noun).into();
            attribute.extensions.insert(wire(labels.wire));
            object.attributes.push(attribute);
        }
    }
    let policy = object.attributes.iter_mut().find(|attribute| attribute.name == DELETION_POLICY);
    if let Some(policy) = policy.filter(|_| holds_data) {
        policy.description = format!(
            "{} A kind that holds data: while the stack has `deletion_protection`, the default is `PREVENT`.",
            policy.description
        )
        .into();
    }
    object.attributes.sort_by(|a, b| a.name.cmp(&b.name));
    object
}

/// Whether it is the attribute with the labels that the stack keeps.
pub(crate) fn is_effective_labels(attribute: &Attribute) -> bool {
    attribute.presence == Presence::Computed && attribute.extensions.get::<OwnKeys>().is_some()
}

/// Whether the component takes over an object that is there already.
pub(crate) fn adopts(component: &Dynamic) -> bool {
    component.get(ADOPT).as_bool() == Some(true)
}

/// The attribute with the component's own labels, if the kind has labels.
pub fn labels(object: &ObjectSchema) -> Option<(&Attribute, &Labels)> {
    object
        .attributes
        .iter()
        .find_map(|attribute| attribute.extensions.get::<Labels>().map(|labels| (attribute, labels)))
}
