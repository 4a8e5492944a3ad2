//! The attributes of `mlops_stack` beside its components and those that the stacks of all clouds have.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::{Object, Value};

use super::severity::Severity;
use crate::engine::marks::Governs;

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
