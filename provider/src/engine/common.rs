//! What all kinds have in common: the attributes that the engine itself understands.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::schema::Presence;
use tfplugin::{Attribute, Choice, Object, ObjectSchema, Value};

use super::marks::{Labels, wire};
use crate::google::rest::Rest;

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
    /// What happens to the object when this component is removed from the configuration or the stack is destroyed:
    /// `DELETE` (the default, save for kinds that say otherwise), `ABANDON` leaves it in the cloud, `PREVENT` refuses
    /// the plan. An imported component that is removed from the configuration is never deleted.
    #[tf(optional)]
    deletion_policy: Value<DeletionPolicy>,
    /// Lets the change of an immutable attribute delete this object and create it anew. Without it such a change is an
    /// error of the plan. Data in the object is lost: set it for the one apply that needs it.
    #[tf(optional)]
    allow_replacement: Value<bool>,
    /// Whether the object was imported rather than created by this stack. An imported component that is removed from the
    /// configuration is released, never deleted.
    #[tf(computed)]
    imported: Value<bool>,
}

/// The attribute of kinds whose API has IAM policies.
#[derive(Object)]
struct Grants {
    /// Who may do what with this object: a map from role to the set of members that the stack grants it to. It only
    /// adds: members that others granted are left alone. A member without a colon is the KEY of a service account of
    /// this stack, `allUsers` and `allAuthenticatedUsers` excepted; `{{kind.KEY.attribute}}` is filled in.
    #[tf(optional)]
    iam: Value<BTreeMap<String, BTreeSet<String>>>,
}

/// The attribute of kinds whose API has labels.
#[derive(Object)]
struct Written {
    /// The labels that the stack keeps on the object: those of the provider, the stack and the component merged, and
    /// the stack's stamp on an object that it created. Labels that others set are left alone and not shown.
    #[tf(computed)]
    effective_labels: Value<BTreeMap<String, String>>,
}

/// The declaration of a kind with the attributes that all kinds share.
pub(crate) fn complete(mut object: ObjectSchema, rest: &Rest, deletion: DeletionPolicy) -> ObjectSchema {
    object.attributes.extend(Common::schema().attributes);
    if rest.iam.is_some() {
        object.attributes.extend(Grants::schema().attributes);
    }
    if let Some(labels) = labels(&object).map(|(_, labels)| *labels) {
        for mut attribute in Written::schema().attributes {
            attribute.extensions.insert(wire(labels.wire));
            object.attributes.push(attribute);
        }
    }
    let policy = object.attributes.iter_mut().find(|attribute| attribute.name == "deletion_policy");
    if let Some(policy) = policy.filter(|_| deletion == DeletionPolicy::Abandon) {
        let usual = policy.description.replace("`DELETE` (the default, save for kinds that say otherwise)", "`DELETE`");
        policy.description = usual.replace("`ABANDON` leaves", "`ABANDON` (the default) leaves").into();
    }
    object.attributes.sort_by(|a, b| a.name.cmp(&b.name));
    object
}

/// The attribute with the component's own labels, if the kind has labels.
pub fn labels(object: &ObjectSchema) -> Option<(&Attribute, &Labels)> {
    object
        .attributes
        .iter()
        .find_map(|attribute| attribute.extensions.get::<Labels>().map(|labels| (attribute, labels)))
}

/// Whether the user may set the attribute: what a generated configuration can hold.
pub fn is_configurable(attribute: &Attribute) -> bool {
    attribute.presence != Presence::Computed
}
