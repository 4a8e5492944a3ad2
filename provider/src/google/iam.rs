//! IAM policies: one read and at most one write for each, and nothing taken from others.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::api::etag::read_modify_write;
use super::api::{ApiError, Host, Request};
use super::objects::RestObjects;
use super::patience;
use super::rest::IamStyle;
use super::session::Run;
use crate::engine::error::CallError;
use crate::engine::grants::{Grants, Policies, Policy};
use crate::engine::place::Place;
use crate::engine::run;

/// The version that shows conditions.
const VERSION: u32 = 3;

/// A policy as the API returned it.
#[derive(Clone, Debug, PartialEq)]
struct Bindings(Json);

impl Bindings {
    /// The grants with conditions or without, members in their normal form.
    fn grants(&self, with_condition: bool) -> Grants {
        let mut grants = Grants::new();
        for binding in self.bindings().filter(|binding| binding.get("condition").is_some() == with_condition) {
            let role = binding["role"].as_str().unwrap_or_default();
            for member in binding["members"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                grants.insert((role.to_owned(), canonical_member(member)));
            }
        }
        grants
    }

    fn bindings(&self) -> impl Iterator<Item = &Json> {
        self.0["bindings"].as_array().into_iter().flatten()
    }

    /// The policy with grants added and removed; `None` when nothing changes.
    fn changed(&self, add: &Grants, remove: &Grants) -> Option<Json> {
        let mut policy = self.0.clone();
        let mut bindings = self.0["bindings"].as_array().cloned().unwrap_or_default();
        for (role, member) in add {
            let member_is =
                |other: &Json| other.as_str().is_some_and(|other| canonical_member(other) == canonical_member(member));
            let open = |binding: &&mut Json| binding["role"] == *role && binding.get("condition").is_none();
            match bindings.iter_mut().find(open) {
                Some(binding) => {
                    if let Some(members) = binding["members"].as_array_mut()
                        && !members.iter().any(member_is)
                    {
                        members.push(json!(member));
                    }
                }
                None => bindings.push(json!({ "role": role, "members": [member] })),
            }
        }
        for (role, member) in remove {
            for binding in bindings.iter_mut().filter(|b| b["role"] == *role && b.get("condition").is_none()) {
                if let Some(members) = binding["members"].as_array_mut() {
                    members.retain(|other| {
                        other
                            .as_str()
                            .is_none_or(|other| canonical_member(before_deletion(other)) != canonical_member(member))
                    });
                }
            }
        }
        remove_deleted_namesakes(&mut bindings);
        bindings.retain(|binding| binding["members"].as_array().is_some_and(|members| !members.is_empty()));
        if Some(&bindings) == self.0["bindings"].as_array() || (bindings.is_empty() && self.0.get("bindings").is_none())
        {
            return None;
        }
        policy["bindings"] = Json::Array(bindings);
        policy["version"] = json!(VERSION);
        Some(policy)
    }
}

/// A policy that holds an account and, in whichever binding, its deleted namesake is refused: the deleted one goes.
fn remove_deleted_namesakes(bindings: &mut [Json]) {
    let members = |binding: &Json| binding["members"].as_array().cloned().unwrap_or_default();
    let live: BTreeSet<String> =
        bindings.iter().flat_map(members).filter_map(|member| member.as_str().map(canonical_member)).collect();
    for binding in bindings {
        let Some(members) = binding["members"].as_array_mut() else { continue };
        members.retain(|member| {
            let deleted = member.as_str().filter(|member| member.starts_with(DELETED));
            deleted.is_none_or(|deleted| !live.contains(&canonical_member(before_deletion(deleted))))
        });
    }
}

/// The member without the mark that it was deleted: `deleted:serviceAccount:E?uid=1` was `serviceAccount:E`.
fn before_deletion(member: &str) -> &str {
    let deleted = member.strip_prefix(DELETED);
    deleted.map_or(member, |deleted| deleted.split_once("?uid=").map_or(deleted, |(name, _)| name))
}

/// A member in the form in which IAM compares it: addresses are lower-case, pool members keep their case.
pub fn canonical_member(member: &str) -> String {
    let keeps_case =
        ["principal:", "principalSet:", "principalHierarchy:", "deleted:", "allUsers", "allAuthenticatedUsers"];
    if keeps_case.iter().any(|prefix| member.starts_with(prefix)) {
        return member.to_owned();
    }
    match member.split_once(':') {
        Some((kind, name)) => format!("{kind}:{}", name.to_lowercase()),
        None => member.to_owned(),
    }
}

/// What a member begins with whose account is gone.
pub const DELETED: &str = "deleted:";

/// Whether the member stands for everybody.
pub fn is_everybody(member: &str) -> bool {
    member == "allUsers" || member == "allAuthenticatedUsers"
}

/// Whether Google makes this grant on a project when it switches APIs on: default accounts are editors, and Cloud Build's
/// builds.
pub fn comes_with_project(role: &str, member: &str) -> bool {
    let Some((_, domain)) = member.strip_prefix("serviceAccount:").and_then(|email| email.split_once('@')) else {
        return false;
    };
    match role {
        "roles/editor" => matches!(domain, "developer.gserviceaccount.com" | "appspot.gserviceaccount.com"),
        "roles/cloudbuild.builds.builder" => domain == "cloudbuild.gserviceaccount.com",
        _ => false,
    }
}

/// Whether Google grants this by itself when objects are made or APIs are switched on. A legacy role of anybody else than
/// the project's teams is somebody's own grant.
pub fn is_google_made(role: &str, member: &str) -> bool {
    let agent = member.strip_prefix("serviceAccount:").is_some_and(is_google_account);
    is_project_team(member) || agent || member.starts_with(DELETED) || comes_with_object(role, member)
}

/// Whether every bucket gets this grant when it is made: the legacy roles of the project's teams.
pub fn comes_with_object(role: &str, member: &str) -> bool {
    role.starts_with("roles/storage.legacy") && is_project_team(member)
}

/// Whether the member stands for the basic roles of the project.
fn is_project_team(member: &str) -> bool {
    ["projectOwner:", "projectEditor:", "projectViewer:"].iter().any(|kind| member.starts_with(kind))
}

/// Projects of Google's whose accounts `service-N` act for a product in the project with the number N. All newer ones are
/// called `gcp-sa-PRODUCT`.
const AGENT_PROJECTS: [&str; 27] = [
    "cloud-cdn-fill",
    "cloud-filer",
    "cloud-memcache-sa",
    "cloud-ml.google.com",
    "cloud-redis",
    "cloud-tpu",
    "cloudcomposer-accounts",
    "compute-system",
    "container-analysis",
    "container-engine-robot",
    "containerregistry",
    "dataflow-service-producer-prod",
    "dataproc-accounts",
    "dlp-api",
    "endpoints-portal",
    "firebase-rules",
    "gae-api-prod.google.com",
    "gcf-admin-robot",
    "gcp-gae-service",
    "genomics-api.google.com",
    "gs-project-accounts",
    "remotebuildexecution",
    "serverless-robot-prod",
    "service-consumer-management",
    "service-networking",
    "sourcerepo-service-accounts",
    "trifacta-gcloud-prod",
];

/// Whether an account is one that acts for Google's products, by its exact form: anybody can make accounts that look
/// similar. Default accounts (Compute Engine's, Cloud Build's) are not: Google grants them roles on projects only, so what
/// they have on an object somebody gave them.
fn is_google_account(email: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((name, domain)) = email.split_once('@') else { return false };
    match domain.strip_suffix(".gserviceaccount.com") {
        Some("system") => true,
        Some("cloudservices") => is_number(name),
        Some(other) => {
            let project = other.strip_suffix(".iam").unwrap_or_default();
            name.strip_prefix("service-").is_some_and(is_number)
                && (project.starts_with("gcp-sa-") || AGENT_PROJECTS.contains(&project))
        }
        None => false,
    }
}

/// Whose policy it is.
#[derive(Clone, Debug)]
struct Target {
    host: Host,
    path: String,
    style: IamStyle,
}

impl Target {
    fn project(place: &Place) -> Self {
        Self {
            host: Host::RESOURCE_MANAGER,
            path: format!("v1/projects/{}", place.account),
            style: IamStyle::PostVerbs,
        }
    }

    /// A policy without an etag is not one: written back, it would take everything from everybody.
    fn read(&self) -> Request {
        let Self { host, path, style } = self.clone();
        let request = match style {
            IamStyle::Verbs => {
                Request::get(host, format!("{path}:getIamPolicy")).query("options.requestedPolicyVersion", VERSION)
            }
            IamStyle::PostVerbs => Request::post(host, format!("{path}:getIamPolicy"))
                .idempotent(true)
                .json(json!({ "options": { "requestedPolicyVersion": VERSION } })),
            IamStyle::PostVerbsWithoutBody => Request::post(host, format!("{path}:getIamPolicy"))
                .idempotent(true)
                .query("options.requestedPolicyVersion", VERSION),
            IamStyle::Storage => {
                Request::get(host, format!("{path}/iam")).query("optionsRequestedPolicyVersion", VERSION)
            }
        };
        request.expects(&["etag"])
    }

    fn write(&self, policy: Json) -> Request {
        let Self { host, path, style } = self.clone();
        let request = match style {
            IamStyle::Verbs | IamStyle::PostVerbs | IamStyle::PostVerbsWithoutBody => {
                Request::post(host, format!("{path}:setIamPolicy")).json(json!({ "policy": policy }))
            }
            IamStyle::Storage => Request::put(host, format!("{path}/iam")).json(policy),
        };
        request.idempotent(true).sent_once().also_retry(patience::NEW_PRINCIPAL, |error| {
            error.service_account_missing().is_some() || error.is_identity_pool_missing()
        })
    }
}

async fn read(run: &run::Run, target: &Target) -> Result<Policy, CallError> {
    let bindings = Bindings(Run::of(run)?.call(target.read()).await?);
    Ok(Policy { grants: bindings.grants(false), conditional: bindings.grants(true) })
}

async fn change(run: &run::Run, target: &Target, add: &Grants, remove: &Grants) -> Result<(), CallError> {
    let run = Run::of(run)?;
    read_modify_write(
        run.context,
        run.write_policies(),
        || async { run.call(target.read()).await.map(Bindings) },
        |bindings: &Bindings| Ok::<_, ApiError>(bindings.changed(add, remove)),
        |wanted| run.call(target.write(wanted)),
    )
    .await?;
    Ok(())
}

impl RestObjects {
    /// The policy of the object `name`; none where the API has no policies of objects.
    fn target(&self, name: &str) -> Option<Target> {
        let rest = self.rest();
        Some(Target { host: rest.host.clone(), path: self.item_path(name), style: rest.iam? })
    }
}

#[async_trait]
impl Policies for RestObjects {
    async fn read(&self, run: &run::Run, name: &str) -> Result<Policy, CallError> {
        match self.target(name) {
            Some(target) => read(run, &target).await,
            None => Ok(Policy::default()),
        }
    }

    async fn change(&self, run: &run::Run, name: &str, add: &Grants, remove: &Grants) -> Result<(), CallError> {
        match self.target(name) {
            Some(target) => change(run, &target, add, remove).await,
            None => Ok(()),
        }
    }
}

/// The policies of projects; the name is not looked at, because the run has one project.
pub struct ProjectPolicies;

#[async_trait]
impl Policies for ProjectPolicies {
    async fn read(&self, run: &run::Run, _: &str) -> Result<Policy, CallError> {
        read(run, &Target::project(&run.scope.place)).await
    }

    async fn change(&self, run: &run::Run, _: &str, add: &Grants, remove: &Grants) -> Result<(), CallError> {
        change(run, &Target::project(&run.scope.place), add, remove).await
    }
}
