//! The attributes of `mlops_stack` beside its components and those that the stacks of all clouds have.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Object, Value};

use super::severity::Severity;
use crate::engine::marks::{Governs, Granted};

/// A whole machine-learning environment in one resource: buckets, registries, Cloud Run services, notification channels,
/// alert policies and what they need. The stack plans component by component, adopts nothing that it did not make,
/// imports an environment as it stands, and never destroys by accident.
#[derive(Object)]
pub struct Settings {
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
    /// Who may do what with the whole project: a map from role to the set of members that the stack grants it to. It is for
    /// principals that are not accounts of this stack, such as `group:ml@example.com`; what an account of the stack may do
    /// stands in its `roles`, and the KEY of one, which is a member without a colon, counts here as well. A role without a
    /// slash is the KEY of a custom role, and `{{kind.KEY.attribute}}` is filled in in both. It only adds: what others
    /// granted, and grants under a condition, are left alone. A grant that leaves the map, or whose stack is destroyed, is
    /// taken back, also where somebody had made it before or another stack declares it, which then makes it again. The
    /// project's policy knows no `allUsers`.
    #[tf(optional, ext(Granted))]
    pub project_iam: Value<BTreeMap<String, BTreeSet<String>>>,
    /// Severities whose alert policies run without notifying anyone, for a trial of new alerts.
    #[tf(optional, ext(Governs))]
    pub shadow_severities: Value<BTreeSet<Severity>>,
    /// `projects/PROJECT/locations/REGION/stacks/NAME`.
    #[tf(computed)]
    pub id: Value<String>,
    /// The project's number.
    #[tf(computed)]
    pub project_number: Value<String>,
    /// Every object that the stack manages, as Google's full resource name, and every grant, as full resource name, role
    /// and member; sorted.
    #[tf(computed)]
    pub inventory: Value<Vec<String>>,
}
