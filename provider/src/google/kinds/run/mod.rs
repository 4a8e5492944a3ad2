//! What Cloud Run's services and jobs have in common: containers and their volumes, names of other objects, the way into a
//! network. No kind itself.
//!
//! A [`container`] has its attributes in one place, wherever it stands: the main one of a service or job beside the component's
//! own attributes, [`sidecars`] in a map.

pub(super) mod container;
pub(super) mod env;
pub(super) mod names;
pub(super) mod paths;
pub(super) mod probe;
pub(super) mod resources;
pub(super) mod sidecars;
pub(super) mod validate;
pub(super) mod volumes;
pub(super) mod vpc_access;

use serde_json::Value as Json;
use tfplugin::{Choice, Dynamic};

use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::wire;
use crate::types::ServiceAccountEmail;

/// The sandbox of instances.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExecutionEnvironment {
    /// Quick to start.
    #[tf(name = "EXECUTION_ENVIRONMENT_GEN1")]
    Gen1,
    /// A whole Linux.
    #[tf(name = "EXECUTION_ENVIRONMENT_GEN2")]
    Gen2,
}

/// What gcloud, the console and the v1 API leave on an object, and this provider's own notes on jobs. The first three prefixes
/// cannot be written through v2.
pub(super) const FOREIGN_ANNOTATIONS: &[&str] = &[
    "run.googleapis.com/*",
    "cloud.googleapis.com/*",
    "serving.knative.dev/*",
    "autoscaling.knative.dev/*",
    "client.knative.dev/*",
    "mlops-execute*",
];

/// The e-mail address of a service account, and not of a person.
pub(super) fn is_account_email(text: &str) -> bool {
    text.parse::<ServiceAccountEmail>().is_ok()
}

/// Writes the names in a component as Cloud Run holds them.
pub(super) fn name_fully(component: &mut Dynamic, scope: &Scope) {
    let location = component.get("location").as_str().unwrap_or(&scope.place.region).to_lowercase();
    let Some(entries) = component.as_entries_mut() else { return };
    if let Some(vpc) = entries.get_mut("vpc_access").and_then(Dynamic::as_entries_mut)
        && let Some(connector) = vpc.get_mut("connector")
    {
        names::expand_connector(connector, &location, scope);
    }
    shorten_secrets(component, scope);
    let sidecars = component.as_entries_mut().and_then(|entries| entries.get_mut("containers"));
    for sidecar in sidecars.and_then(Dynamic::as_entries_mut).into_iter().flat_map(|map| map.values_mut()) {
        shorten_secrets(sidecar, scope);
    }
}

/// The same for the secrets that one container names.
fn shorten_secrets(container: &mut Dynamic, scope: &Scope) {
    let Some(entries) = container.as_entries_mut() else { return };
    for attribute in ["secret_env", "volumes"] {
        let named = entries.get_mut(attribute).and_then(Dynamic::as_entries_mut);
        for named in named.into_iter().flat_map(|map| map.values_mut()) {
            if let Some(name) = named.as_entries_mut().and_then(|fields| fields.get_mut("secret")) {
                names::shorten_secret(name, scope);
            }
        }
    }
}

/// What a plan knows of a service or job that is yet to be made: `collection` is where it will be.
pub(super) fn predict(component: &Dynamic, scope: &Scope, collection: &str) -> Vec<(&'static str, Dynamic)> {
    let text = |name: &str| component.get(name).as_str();
    let (Some(name), Some(location)) = (text("name"), text("location")) else { return Vec::new() };
    let region = location.to_lowercase();
    vec![("id", Dynamic::String(format!("projects/{}/locations/{region}/{collection}/{name}", scope.place.account)))]
}

/// Whether the last change of a service or job has come to its end.
pub(super) fn readiness(body: &Json, otherwise: &str) -> Readiness {
    if body.get("reconciling").and_then(Json::as_bool) == Some(true) {
        return Readiness::Pending;
    }
    match wire::text(body, "terminalCondition.state") {
        "CONDITION_FAILED" => {
            let message = wire::get(body, "terminalCondition.message").and_then(Json::as_str);
            Readiness::Failed(message.unwrap_or(otherwise).to_owned())
        }
        _ => Readiness::Ready,
    }
}
