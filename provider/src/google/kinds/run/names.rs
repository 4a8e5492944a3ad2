//! Names of other objects as Cloud Run holds them: short or full, with the project's id or number.

use serde_json::Value as Json;
use tfplugin::Dynamic;

use crate::engine::scope::Scope;
use crate::engine::wire;
use crate::google::kinds::scalars::any_text;
use crate::google::names::last_segment;

/// The name of an object, short or as a path. Equal are those that can be the same object: of one last segment, and of
/// projects that do not contradict each other (an id and a number may be one project, and a short name has none).
#[derive(Clone, Debug)]
pub(in crate::google::kinds) struct CloudName(String);

impl CloudName {
    fn last(&self) -> &str {
        last_segment(&self.0)
    }

    fn after(&self, collection: &str) -> Option<&str> {
        let mut segments = self.0.split('/').skip_while(|segment| *segment != collection);
        segments.next()?;
        segments.next()
    }
}

impl PartialEq for CloudName {
    fn eq(&self, other: &Self) -> bool {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let agree = |a: Option<&str>, b: Option<&str>, loosely: bool| match (a, b) {
            (Some(a), Some(b)) => a == b || (loosely && is_number(a) != is_number(b)),
            _ => true,
        };
        self.last() == other.last()
            && agree(self.after("projects"), other.after("projects"), true)
            && agree(self.after("locations"), other.after("locations"), false)
            && agree(self.after("regions"), other.after("regions"), false)
    }
}

any_text!(CloudName);

/// Whether two names, short or full, can be of one object.
pub(in crate::google::kinds) fn is_same_name(a: &str, b: &str) -> bool {
    CloudName(a.to_owned()) == CloudName(b.to_owned())
}

/// A connector is written with its full path.
pub(in crate::google::kinds) fn expand_connector(connector: &mut Dynamic, location: &str, scope: &Scope) {
    if let Dynamic::String(name) = connector
        && !name.is_empty()
        && !name.contains('/')
    {
        *name = format!("projects/{}/locations/{location}/connectors/{name}", scope.place.account);
    }
}

/// A secret of this project is written with its short name.
pub(in crate::google::kinds) fn shorten_secret(secret: &mut Dynamic, scope: &Scope) {
    let Dynamic::String(name) = secret else { return };
    let parts: Vec<&str> = name.split('/').collect();
    if let ["projects", project, "secrets", short] = parts[..]
        && scope.place.is_account(project)
    {
        *name = short.to_owned();
    }
}

/// What the template at `template` of a service or job uses, for imports that follow.
pub(in crate::google::kinds) fn used(body: &Json, template: &str) -> Vec<(&'static str, String)> {
    let Some(template) = wire::get(body, template) else { return Vec::new() };
    let text = |json: Option<&Json>| json.and_then(Json::as_str).map(str::to_owned);
    let mut found: Vec<(&'static str, String)> = Vec::new();
    found.extend(text(wire::get(template, "serviceAccount")).map(|email| ("service_accounts", email)));
    found.extend(text(wire::get(template, "vpcAccess.connector")).map(|connector| ("vpc_connectors", connector)));
    let interfaces = wire::get(template, "vpcAccess.networkInterfaces").and_then(Json::as_array).into_iter().flatten();
    found.extend(interfaces.filter_map(|interface| Some(("networks", text(interface.get("network"))?))));
    let elements = |path: &str| wire::get(template, path).and_then(Json::as_array).cloned().unwrap_or_default();
    for volume in elements("volumes") {
        found.extend(text(wire::get(&volume, "gcs.bucket")).map(|bucket| ("buckets", bucket)));
        found.extend(text(wire::get(&volume, "secret.secret")).map(|secret| ("secrets", secret)));
        let instances = wire::get(&volume, "cloudSqlInstance.instances").and_then(Json::as_array).into_iter().flatten();
        found.extend(instances.filter_map(|name| Some(("sql_instances", instance(name.as_str()?)?))));
    }
    for container in elements("containers") {
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

/// The relative name of a Cloud SQL instance that is connected to as `PROJECT:REGION:INSTANCE`.
fn instance(connection_name: &str) -> Option<String> {
    let (rest, name) = connection_name.rsplit_once(':')?;
    let (project, _) = rest.rsplit_once(':')?;
    Some(format!("projects/{project}/instances/{name}"))
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

    fn name(text: &str) -> CloudName {
        CloudName(text.to_owned())
    }

    #[test]
    fn short_and_full_names_are_equal_unless_they_contradict_each_other() {
        assert!(name("c") == name("projects/p/locations/l/connectors/c"));
        assert!(name("projects/p/locations/l/connectors/c") == name("projects/1/locations/l/connectors/c"));
        assert!(name("projects/p/secrets/s") != name("projects/q/secrets/s"));
        assert!(name("projects/1/secrets/s") != name("projects/2/secrets/s"));
        assert!(name("a") != name("b"));
    }

    #[test]
    fn the_repository_of_an_image_is_used() {
        let image = "europe-west1-docker.pkg.dev/p/r/api:v1";
        assert_eq!(repository(image).as_deref(), Some("projects/p/locations/europe-west1/repositories/r"));
        assert_eq!(repository("gcr.io/cloudrun/hello"), None);
    }
}
