//! Everything the simulated cloud remembers.
//!
//! Objects live under the path by which the real API serves them, exactly as in a seed; a snapshot is a walk over them.
//! Names in paths always carry the project's id, also when a request or an answer carries its number.

mod operation;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::{self, Clock};
use crate::etag;
use crate::lag::{Lag, Pending};

pub use operation::{End, Form, Operation};

/// A project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Such as `my-project`.
    pub project_id: String,
    /// Decimal digits.
    pub project_number: String,
    /// What a person calls it.
    #[serde(default)]
    pub name: String,
    /// `ACTIVE` or `DELETE_REQUESTED`.
    #[serde(default = "active")]
    pub state: String,
}

fn active() -> String {
    "ACTIVE".to_owned()
}

/// One object of an API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// What a GET answers, output-only fields included.
    pub body: Value,
    /// The bytes that belong to it, in base64 (stored objects of a bucket).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
}

/// A service account that not every part of the cloud knows yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreshAccount {
    /// How long GETs answer 404.
    pub reads: Pending,
    /// How long writes of policies answer "does not exist".
    pub policies: Pending,
}

/// The state: what `--state` keeps over a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// By id.
    pub projects: BTreeMap<String, Project>,
    /// By API host, then path.
    pub objects: BTreeMap<String, BTreeMap<String, Object>>,
    /// IAM policies by API host, then resource (no version in front): `b/NAME`, `projects/P/…`.
    pub policies: BTreeMap<String, BTreeMap<String, Value>>,
    /// Long-running operations by API host, then name.
    pub operations: BTreeMap<String, BTreeMap<String, Operation>>,
    /// By project id, then service: how long calls answer `SERVICE_DISABLED` though the service is on.
    #[serde(default)]
    pub fresh_services: BTreeMap<String, BTreeMap<String, Pending>>,
    /// By e-mail address.
    pub fresh_accounts: BTreeMap<String, FreshAccount>,
    /// Subscriptions that reads do not see yet, by path.
    #[serde(default)]
    pub fresh_subscriptions: BTreeMap<String, Pending>,
    /// Service accounts that were deleted, by unique id: they can be brought back.
    #[serde(default)]
    pub deleted_accounts: BTreeMap<String, Value>,
    /// When custom roles were deleted, by path: their names are taken for a while.
    #[serde(default)]
    pub deleted_roles: BTreeMap<String, String>,
    /// When SQL instances were deleted, by path: their names are taken for a week.
    #[serde(default)]
    pub deleted_sql_instances: BTreeMap<String, String>,
    /// Grows with every id and etag that is handed out.
    pub counter: u64,
}

/// How the simulated cloud lags behind its own answers, and who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long an operation answers `done: false`.
    pub operations: Lag,
    /// How long calls to a service just enabled answer `SERVICE_DISABLED`.
    pub new_services: Lag,
    /// How long a service account just created is unknown: a GET answers 404, a policy that names it "does not exist".
    pub new_accounts: Lag,
    /// How long a subscription just created is not seen: a GET answers 404, and lists lack it.
    pub new_subscriptions: Lag,
    /// Callers are people with plain application default credentials: APIs that want a quota project refuse calls without one.
    pub user_credentials: bool,
}

impl Default for Settings {
    /// Subscriptions are seen at once: how long they are not differs widely in the recordings, and most tests are not about it.
    fn default() -> Self {
        Self {
            operations: Lag::Looks(1),
            new_services: Lag::Looks(2),
            new_accounts: Lag::Time(Duration::from_millis(100)),
            new_subscriptions: Lag::NONE,
            user_credentials: false,
        }
    }
}

impl Settings {
    /// Everything takes effect at once.
    pub const PROMPT: Self = Self {
        operations: Lag::NONE,
        new_services: Lag::NONE,
        new_accounts: Lag::NONE,
        new_subscriptions: Lag::NONE,
        user_credentials: false,
    };
}

/// The host of the Service Usage API, whose objects say which services are on.
pub const SERVICE_USAGE: &str = "serviceusage.googleapis.com";

/// State, clock and settings together: what a handler works on.
#[derive(Debug)]
pub struct World {
    /// What is remembered.
    pub state: State,
    /// What time it is.
    pub clock: Clock,
    /// How things lag.
    pub settings: Settings,
}

impl World {
    /// An empty cloud.
    pub fn new(clock: Clock, settings: Settings) -> Self {
        Self { state: State::default(), clock, settings }
    }

    /// What a fault kept from ending ends, now that the fault is gone.
    pub fn end_the_endless(&mut self) {
        let now = self.clock.now();
        let all = self.state.operations.values_mut().flat_map(|operations| operations.values_mut());
        for operation in all.filter(|operation| operation.pending.is_endless(now)) {
            operation.pending = Pending::default();
        }
    }

    /// The body of the object at `path`.
    pub fn get(&self, host: &str, path: &str) -> Option<&Value> {
        self.state.objects.get(host)?.get(path).map(|object| &object.body)
    }

    /// Is there an object at `path`?
    pub fn has(&self, host: &str, path: &str) -> bool {
        self.get(host, path).is_some()
    }

    /// Stores `body` at `path`; bytes that were there stay.
    pub fn put(&mut self, host: &str, path: &str, body: Value) {
        let objects = self.state.objects.entry(host.to_owned()).or_default();
        match objects.get_mut(path) {
            Some(object) => object.body = body,
            None => {
                objects.insert(path.to_owned(), Object { body, media: None });
            }
        }
    }

    /// Removes the object at `path`, all objects below it, and their policies.
    pub fn remove(&mut self, host: &str, path: &str) -> Option<Value> {
        let below = format!("{path}/");
        let objects = self.state.objects.get_mut(host)?;
        let removed = objects.remove(path)?;
        objects.retain(|key, _| !key.starts_with(&below));
        if let Some(policies) = self.state.policies.get_mut(host) {
            let resource = resource_of(path);
            let below = format!("{resource}/");
            policies.retain(|key, _| key != resource && !key.starts_with(&below));
        }
        Some(removed.body)
    }

    /// Path and body of all objects directly below `parent` (`…/repositories`), in the order of their paths.
    pub fn children<'a>(&'a self, host: &str, parent: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let prefix = format!("{parent}/");
        let start = prefix.clone();
        self.state
            .objects
            .get(host)
            .into_iter()
            .flat_map(move |objects| objects.range(start.clone()..))
            .take_while({
                let prefix = prefix.clone();
                move |(path, _)| path.starts_with(&prefix)
            })
            .filter(move |(path, _)| !path[prefix.len()..].contains('/'))
            .map(|(path, object)| (path.as_str(), &object.body))
    }

    /// The project with this id or number.
    pub fn project(&self, id_or_number: &str) -> Option<&Project> {
        self.state
            .projects
            .get(id_or_number)
            .or_else(|| self.state.projects.values().find(|project| project.project_number == id_or_number))
    }

    /// `path` with every `projects/NUMBER` turned into `projects/ID`.
    pub fn with_project_ids(&self, path: &str) -> String {
        self.map_projects(path, |project| &project.project_id)
    }

    /// `path` with every `projects/ID` turned into `projects/NUMBER`.
    pub fn with_project_numbers(&self, path: &str) -> String {
        self.map_projects(path, |project| &project.project_number)
    }

    fn map_projects<'a>(&'a self, path: &'a str, to: impl Fn(&'a Project) -> &'a String) -> String {
        let mut after_projects = false;
        let mut out = Vec::new();
        for segment in path.split('/') {
            // A verb may hang on the project: `projects/P:getIamPolicy`.
            let (name, verb) = segment.split_once(':').map_or((segment, None), |(name, verb)| (name, Some(verb)));
            match self.project(name).filter(|_| after_projects) {
                Some(project) => out.push(match verb {
                    Some(verb) => format!("{}:{verb}", to(project)),
                    None => to(project).clone(),
                }),
                None => out.push(segment.to_owned()),
            }
            after_projects = segment == "projects";
        }
        out.join("/")
    }

    /// Is `service` on in the project with this id? Service Usage itself always is.
    pub fn service_enabled(&self, project_id: &str, service: &str) -> bool {
        service == SERVICE_USAGE
            || self
                .get(SERVICE_USAGE, &service_path(project_id, service))
                .is_some_and(|body| body["state"] == "ENABLED")
    }

    /// Switches `service` on or off in a project. A service switched on lags by [`Settings::new_services`].
    pub fn set_service(&mut self, project_id: &str, service: &str, enabled: bool) {
        let was = self.service_enabled(project_id, service);
        let Some(number) = self.project(project_id).map(|project| project.project_number.clone()) else { return };
        let path = service_path(project_id, service);
        let mut body = self.get(SERVICE_USAGE, &path).cloned().unwrap_or_else(|| service_body(&number, service));
        if enabled {
            body["state"] = json!("ENABLED");
            body["parent"] = json!(format!("projects/{number}"));
        } else {
            body["state"] = json!("DISABLED");
            if let Some(body) = body.as_object_mut() {
                body.remove("parent");
            }
        }
        self.put(SERVICE_USAGE, &path, body);
        let lags = self.state.fresh_services.entry(project_id.to_owned()).or_default();
        if enabled && !was {
            lags.insert(service.to_owned(), Pending::new(self.settings.new_services, self.clock.now()));
        } else if !enabled {
            lags.remove(service);
        }
    }

    /// The next number of the counter.
    pub fn tick(&mut self) -> u64 {
        self.state.counter += 1;
        self.state.counter
    }

    /// A fresh UUID.
    pub fn uuid(&mut self) -> String {
        let n = self.tick().to_string();
        etag::uuid(&["uuid", &n])
    }

    /// A fresh decimal id of `length` digits.
    pub fn digits(&mut self, length: usize) -> String {
        let n = self.tick().to_string();
        etag::digits(&["id", &n], length)
    }

    /// A fresh etag for the APIs that return it bare.
    pub fn etag(&mut self) -> String {
        etag::opaque(self.tick())
    }

    /// Now, as most APIs write it.
    pub fn now(&self) -> String {
        clock::micros(self.clock.now())
    }
}

/// The path of an enabled-service object.
pub fn service_path(project_id: &str, service: &str) -> String {
    format!("/v1/projects/{project_id}/services/{service}")
}

/// What Service Usage answers for a service that nobody ever enabled.
pub fn service_body(project_number: &str, service: &str) -> Value {
    json!({
        "name": format!("projects/{project_number}/services/{service}"),
        "config": {
            "name": service,
            "title": service,
            "documentation": {},
            "quota": {},
            "authentication": {},
            "usage": {"requirements": ["serviceusage.googleapis.com/tos/cloud"]},
            "monitoring": {},
        },
        "state": "DISABLED",
    })
}

/// The resource that a path stands for: the path without what comes before the collection (`/v1/`, `/storage/v1/`).
pub fn resource_of(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    let path = path.strip_prefix("storage/").or_else(|| path.strip_prefix("compute/")).unwrap_or(path);
    match path.split_once('/') {
        Some((version, rest)) if version.starts_with('v') && version[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            rest
        }
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        let mut world = World::new(Clock::system(), Settings::default());
        world.state.projects.insert(
            "p-one".to_owned(),
            Project {
                project_id: "p-one".to_owned(),
                project_number: "111".to_owned(),
                name: String::new(),
                state: active(),
            },
        );
        world
    }

    #[test]
    fn a_number_in_a_path_becomes_the_id_and_back() {
        let world = world();
        assert_eq!(world.with_project_ids("/v1/projects/111/x/111"), "/v1/projects/p-one/x/111");
        assert_eq!(world.with_project_ids("/v1/projects/111:getIamPolicy"), "/v1/projects/p-one:getIamPolicy");
        assert_eq!(world.with_project_numbers("projects/p-one/secrets/s"), "projects/111/secrets/s");
    }

    #[test]
    fn children_are_direct_ones_only() {
        let mut world = world();
        for path in ["/v1/a/1", "/v1/a/1/b/2", "/v1/a/2", "/v1/ab/3"] {
            world.put("h", path, json!({}));
        }
        let paths: Vec<_> = world.children("h", "/v1/a").map(|(path, _)| path).collect();
        assert_eq!(paths, ["/v1/a/1", "/v1/a/2"]);
    }

    #[test]
    fn removal_takes_what_is_below_and_the_policies() {
        let mut world = world();
        world.put("h", "/v1/a/1", json!({}));
        world.put("h", "/v1/a/1/b/2", json!({}));
        world.state.policies.entry("h".to_owned()).or_default().insert("a/1".to_owned(), json!({}));
        world.remove("h", "/v1/a/1");
        assert!(world.state.objects["h"].is_empty());
        assert!(world.state.policies["h"].is_empty());
    }

    #[test]
    fn resources_drop_the_version() {
        assert_eq!(resource_of("/storage/v1/b/x"), "b/x");
        assert_eq!(resource_of("/v2/projects/p/locations/l/services/s"), "projects/p/locations/l/services/s");
    }
}
