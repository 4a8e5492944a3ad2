//! Environments as data: what localcloud starts with, and what a snapshot of it says.
//!
//! The format is that of the published environments: objects under the paths that serve them, policies by resource, enabled
//! services by host.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::resource_manager;
use crate::etag;
use crate::store::{self, Object, Project, SERVICE_USAGE, World, resource_of};

/// The number of the first project that is made by its id alone.
const FIRST_NUMBER: usize = 123_456_789_012;
/// What is on in a new project.
const NEW_PROJECT_SERVICES: [&str; 3] =
    ["cloudapis.googleapis.com", "servicemanagement.googleapis.com", "serviceusage.googleapis.com"];

/// An environment. A project with nothing in it is `{"project": {...}, "resources": []}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seed {
    /// The project; in a snapshot of several the one whose id comes first.
    pub project: Project,
    /// Its objects.
    #[serde(default)]
    pub resources: Vec<SeedObject>,
    /// Its IAM policies; resources that are not named have the empty one.
    #[serde(default)]
    pub iam_policies: Vec<SeedPolicy>,
    /// The services that are on.
    #[serde(default)]
    pub enabled_services: Vec<String>,
    /// Further projects: their objects and policies stand in the lists above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_projects: Vec<OtherProject>,
}

/// A project of a snapshot that holds several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherProject {
    /// The project.
    pub project: Project,
    /// The services that are on in it.
    #[serde(default)]
    pub enabled_services: Vec<String>,
}

/// One object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedObject {
    /// API host.
    pub service: String,
    /// Request path, with the project's id.
    pub path: String,
    /// What a GET answers.
    pub body: Value,
    /// The bytes of a stored object, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
}

/// One IAM policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeedPolicy {
    /// API host.
    pub service: String,
    /// The resource, without version.
    pub resource: String,
    /// The policy.
    pub body: Value,
}

/// A seed that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The file cannot be read.
    #[error("cannot read the environment {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no environment.
    #[error("{path} is no environment")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Seed {
    /// Reads a seed file.
    ///
    /// # Errors
    /// [`SeedError`].
    pub fn from_file(path: &Path) -> Result<Self, SeedError> {
        let text = std::fs::read_to_string(path).map_err(|source| SeedError::Read { path: path.to_owned(), source })?;
        serde_json::from_str(&text).map_err(|source| SeedError::Parse { path: path.to_owned(), source })
    }

    /// A project as Google hands it out: nothing in it, and the APIs on that every new project has. The index tells its
    /// number from that of others.
    pub fn new_project(id: &str, index: usize) -> Self {
        let number = (FIRST_NUMBER + index).to_string();
        Self::empty_project(id, &number, &NEW_PROJECT_SERVICES)
    }

    /// A project with nothing in it but services that are on.
    pub fn empty_project(id: &str, number: &str, enabled_services: &[&str]) -> Self {
        Self {
            project: Project {
                project_id: id.to_owned(),
                project_number: number.to_owned(),
                name: id.to_owned(),
                state: "ACTIVE".to_owned(),
            },
            resources: Vec::new(),
            iam_policies: Vec::new(),
            enabled_services: enabled_services.iter().map(|s| (*s).to_owned()).collect(),
            other_projects: Vec::new(),
        }
    }

    /// Puts the environment into the world, over what is there under the same names.
    pub fn plant(&self, world: &mut World) {
        for project in std::iter::once(&self.project).chain(self.other_projects.iter().map(|other| &other.project)) {
            world.state.projects.insert(project.project_id.clone(), project.clone());
            let path = resource_manager::path(&project.project_id);
            if !world.has(resource_manager::HOST, &path) {
                let etag = etag::hex(&["project", &project.project_id], 16);
                let body = resource_manager::plain_body(project, &world.now(), &etag);
                world.put(resource_manager::HOST, &path, body);
            }
        }
        for object in &self.resources {
            world
                .state
                .objects
                .entry(object.service.clone())
                .or_default()
                .insert(object.path.clone(), Object { body: object.body.clone(), media: object.media.clone() });
        }
        for policy in &self.iam_policies {
            world
                .state
                .policies
                .entry(policy.service.clone())
                .or_default()
                .insert(policy.resource.clone(), policy.body.clone());
        }
        let others = self.other_projects.iter().map(|other| (&other.project, &other.enabled_services));
        for (project, services) in std::iter::once((&self.project, &self.enabled_services)).chain(others) {
            for service in services {
                if !world.service_enabled(&project.project_id, service) || service == SERVICE_USAGE {
                    enable_at_once(world, &project.project_id, service);
                }
            }
        }
    }
}

fn enable_at_once(world: &mut World, project: &str, service: &str) {
    if world.get(SERVICE_USAGE, &store::service_path(project, service)).is_none_or(|body| body["state"] != "ENABLED") {
        world.set_service(project, service, true);
        if let Some(lags) = world.state.fresh_services.get_mut(project) {
            lags.remove(service);
        }
    }
}

/// The whole state, sorted by API host and path.
pub fn snapshot(world: &World) -> Option<Seed> {
    let mut projects = world.state.projects.values();
    let first = projects.next()?;
    let resources = world
        .state
        .objects
        .iter()
        .flat_map(|(service, objects)| {
            objects.iter().map(|(path, object)| SeedObject {
                service: service.clone(),
                path: path.clone(),
                body: object.body.clone(),
                media: object.media.clone(),
            })
        })
        .collect();
    let iam_policies = world
        .state
        .policies
        .iter()
        .flat_map(|(service, policies)| {
            policies.iter().map(|(resource, body)| SeedPolicy {
                service: service.clone(),
                resource: resource.clone(),
                body: body.clone(),
            })
        })
        .collect();
    Some(Seed {
        project: first.clone(),
        resources,
        iam_policies,
        enabled_services: enabled_services(world, &first.project_id),
        other_projects: projects
            .map(|project| OtherProject {
                project: project.clone(),
                enabled_services: enabled_services(world, &project.project_id),
            })
            .collect(),
    })
}

/// The services that are on in a project, sorted.
pub fn enabled_services(world: &World, project_id: &str) -> Vec<String> {
    let parent = format!("/v1/projects/{project_id}/services");
    world
        .children(SERVICE_USAGE, &parent)
        .filter(|(_, body)| body["state"] == "ENABLED")
        .filter_map(|(path, _)| resource_of(path).rsplit('/').next().map(ToOwned::to_owned))
        .collect()
}
