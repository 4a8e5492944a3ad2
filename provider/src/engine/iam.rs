//! IAM policies of objects: one read and at most one write for each, and nothing taken from others.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::effective::Grants;
use super::run::Run;
use super::{Scope, locate};
use crate::engine::kind::AnyKind;
use crate::google::api::{ApiError, Host, Request};
use crate::google::rest::IamStyle;

/// How often a write is tried anew after somebody else was faster.
const RACES: usize = 8;

/// How long a service account that was just made may be unknown to IAM.
const PROPAGATION: std::time::Duration = std::time::Duration::from_secs(120);

/// The version that shows conditions.
const VERSION: u32 = 3;

/// A policy as the API returned it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Policy(Json);

impl Policy {
    /// The grants without conditions, members in their normal form.
    pub(crate) fn grants(&self) -> Grants {
        let mut grants = Grants::new();
        for binding in self.bindings().filter(|binding| binding.get("condition").is_none()) {
            let role = binding["role"].as_str().unwrap_or_default();
            for member in binding["members"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                grants.insert((role.to_owned(), normal(member)));
            }
        }
        grants
    }

    /// The roles that are granted under a condition, which a stack cannot express.
    pub(crate) fn conditional_roles(&self) -> Vec<&str> {
        self.bindings()
            .filter(|binding| binding.get("condition").is_some())
            .filter_map(|binding| binding["role"].as_str())
            .collect()
    }

    fn bindings(&self) -> impl Iterator<Item = &Json> {
        self.0["bindings"].as_array().into_iter().flatten()
    }

    /// The policy with grants added and removed; `None` when nothing changes.
    fn changed(&self, add: &Grants, remove: &Grants) -> Option<Json> {
        let mut policy = self.0.clone();
        let mut bindings = self.0["bindings"].as_array().cloned().unwrap_or_default();
        for (role, member) in add {
            let member_is = |other: &Json| other.as_str().is_some_and(|other| normal(other) == normal(member));
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
                    members.retain(|other| other.as_str().is_none_or(|other| normal(alive(other)) != normal(member)));
                }
            }
        }
        drop_ghosts(&mut bindings);
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
fn drop_ghosts(bindings: &mut [Json]) {
    let members = |binding: &Json| binding["members"].as_array().cloned().unwrap_or_default();
    let live: BTreeSet<String> =
        bindings.iter().flat_map(members).filter_map(|member| member.as_str().map(normal)).collect();
    for binding in bindings {
        let Some(members) = binding["members"].as_array_mut() else { continue };
        members.retain(|member| {
            let ghost = member.as_str().filter(|member| member.starts_with("deleted:"));
            ghost.is_none_or(|ghost| !live.contains(&normal(alive(ghost))))
        });
    }
}

/// The member without the mark that it was deleted: `deleted:serviceAccount:E?uid=1` was `serviceAccount:E`.
fn alive(member: &str) -> &str {
    let ghost = member.strip_prefix("deleted:");
    ghost.map_or(member, |ghost| ghost.split_once("?uid=").map_or(ghost, |(name, _)| name))
}

/// A member in the form in which IAM compares it: addresses are lower-case, pool members keep their case.
pub(crate) fn normal(member: &str) -> String {
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

/// Whether Google grants this by itself when objects are made or APIs are switched on.
pub(crate) fn is_google_made(role: &str, member: &str, scope: &Scope) -> bool {
    let legacy = role.starts_with("roles/storage.legacy");
    let convenience = ["projectOwner:", "projectEditor:", "projectViewer:"].iter().any(|kind| member.starts_with(kind));
    let agent = member.strip_prefix("serviceAccount:").is_some_and(|email| is_google_account(email, scope));
    legacy || convenience || agent || member.starts_with("deleted:")
}

/// Whether an account is one that acts for Google's products. Default accounts (Compute Engine's, Cloud Build's) are not:
/// Google grants them roles on projects only, so what they have on an object somebody gave them.
fn is_google_account(email: &str, scope: &Scope) -> bool {
    let Some((name, domain)) = email.split_once('@') else { return false };
    let agent =
        domain.starts_with("gcp-sa-") || domain.ends_with(".iam.gserviceaccount.com") && name.starts_with("service-");
    let own = domain == format!("{}.iam.gserviceaccount.com", scope.project);
    let google = domain == "cloudservices.gserviceaccount.com"
        || domain == "system.gserviceaccount.com"
        || domain.ends_with("-system.iam.gserviceaccount.com")
        || domain.ends_with("system.gserviceaccount.com");
    !own && (agent || google)
}

/// Whose policy it is.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    host: Host,
    path: String,
    style: IamStyle,
}

impl Target {
    /// The object of a component, where its API has policies.
    pub(crate) fn object(kind: &dyn AnyKind, name: &str) -> Option<Self> {
        let rest = kind.rest();
        Some(Self { host: rest.host.clone(), path: locate::item_path(rest, name), style: rest.iam? })
    }

    /// The project.
    pub(crate) fn project(scope: &Scope) -> Self {
        Self {
            host: Host::RESOURCE_MANAGER,
            path: format!("v1/projects/{}", scope.project),
            style: IamStyle::PostVerbs,
        }
    }

    fn read(&self) -> Request {
        let Self { host, path, style } = self.clone();
        match style {
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
        }
    }

    fn write(&self, policy: Json) -> Request {
        let Self { host, path, style } = self.clone();
        let request = match style {
            IamStyle::Verbs | IamStyle::PostVerbs | IamStyle::PostVerbsWithoutBody => {
                Request::post(host, format!("{path}:setIamPolicy")).json(json!({ "policy": policy }))
            }
            IamStyle::Storage => Request::put(host, format!("{path}/iam")).json(policy),
        };
        request.idempotent(true).also_retry(PROPAGATION, |error| {
            error.service_account_missing().is_some() || error.is_identity_pool_missing()
        })
    }
}

/// Reads a policy.
///
/// # Errors
/// Of the call.
pub(crate) async fn read(run: &Run, target: &Target) -> Result<Policy, ApiError> {
    run.call(target.read()).await.map(Policy)
}

/// Adds and removes grants; what others granted stays.
///
/// # Errors
/// Of the calls.
pub(crate) async fn change(run: &Run, target: &Target, add: &Grants, remove: &Grants) -> Result<(), ApiError> {
    let mut races = 0;
    loop {
        let policy = read(run, target).await?;
        let Some(wanted) = policy.changed(add, remove) else { return Ok(()) };
        match run.call(target.write(wanted)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_etag_conflict() && races < RACES => races += 1,
            Err(error) => return Err(error),
        }
    }
}
