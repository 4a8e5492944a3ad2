//! Names of other objects as a service holds them: short or full, with the project's id or number.

use serde_json::Value as Json;
use tfplugin::Dynamic;

use crate::engine::scope::Scope;
use crate::engine::wire;

/// A connector is written with its full path.
pub(super) fn expand_connector(connector: &mut Dynamic, location: &str, scope: &Scope) {
    if let Dynamic::String(name) = connector
        && !name.is_empty()
        && !name.contains('/')
    {
        *name = format!("projects/{}/locations/{location}/connectors/{name}", scope.place.account);
    }
}

/// A secret of this project is written with its short name.
pub(super) fn shorten_secret(secret: &mut Dynamic, scope: &Scope) {
    let Dynamic::String(name) = secret else { return };
    let parts: Vec<&str> = name.split('/').collect();
    if let ["projects", project, "secrets", short] = parts[..]
        && scope.place.is_account(project)
    {
        *name = short.to_owned();
    }
}

/// What the service uses, for imports that follow.
pub(super) fn used(body: &Json) -> Vec<(&'static str, String)> {
    let text = |json: Option<&Json>| json.and_then(Json::as_str).map(str::to_owned);
    let mut found: Vec<(&'static str, String)> = Vec::new();
    found.extend(text(wire::get(body, "template.serviceAccount")).map(|email| ("service_accounts", email)));
    found.extend(text(wire::get(body, "template.vpcAccess.connector")).map(|connector| ("vpc_connectors", connector)));
    let elements = |path: &str| wire::get(body, path).and_then(Json::as_array).cloned().unwrap_or_default();
    for volume in elements("template.volumes") {
        found.extend(text(wire::get(&volume, "gcs.bucket")).map(|bucket| ("buckets", bucket)));
        found.extend(text(wire::get(&volume, "secret.secret")).map(|secret| ("secrets", secret)));
    }
    for container in elements("template.containers") {
        found.extend(text(container.get("image")).and_then(|image| repository(&image)).map(|id| ("registries", id)));
        for variable in container.get("env").and_then(Json::as_array).into_iter().flatten() {
            found
                .extend(text(wire::get(variable, "valueSource.secretKeyRef.secret")).map(|secret| ("secrets", secret)));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The repository of an image in Artifact Registry: `projects/P/locations/L/repositories/R`.
fn repository(image: &str) -> Option<String> {
    let mut parts = image.split('/');
    let location = parts.next()?.strip_suffix("-docker.pkg.dev")?;
    let (project, repository) = (parts.next()?, parts.next()?);
    Some(format!("projects/{project}/locations/{location}/repositories/{repository}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_of_an_image_is_used() {
        let image = "europe-west1-docker.pkg.dev/p/r/api:v1";
        assert_eq!(repository(image).as_deref(), Some("projects/p/locations/europe-west1/repositories/r"));
        assert_eq!(repository("gcr.io/cloudrun/hello"), None);
    }
}
