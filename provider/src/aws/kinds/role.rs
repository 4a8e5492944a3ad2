//! Roles of IAM, with who may take them and the policies that are attached to them.
//!
//! One object out of three calls: the role with its tags, its attachments, and the names of its inline policies, which are not
//! managed here. Attachments are the stack's one by one: those that others made are neither seen nor taken away.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostics, Dynamic, Object, Path, Value};

use super::limits;
use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::policy::{self, Trust};
use crate::aws::session::Run;
use crate::aws::terms::{arn, is_arn};
use crate::aws::{iam, patience, tags};
use crate::engine::kind::{Declared, Discovery, Kind};
use crate::engine::marks::{Immutable, Labels, OneForm, OwnKeys, refers, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;
use crate::engine::wire::SECONDS;
use crate::types::Duration;

/// The kind.
pub(super) struct Role;

const ARN: &str = "arn:{partition}:iam::{account}:role/{name}";
/// The fields of a role's JSON that are not so in the API.
const TRUST: &str = "Trust";
const ATTACHED: &str = "AttachedPolicies";
const INLINE: &str = "InlinePolicies";
const BOUNDARY: &str = "PermissionsBoundary";
const DOCUMENT: &str = "AssumeRolePolicyDocument";
/// The paths of roles that AWS makes: of services ("Create a service-linked role") and of IAM Identity Center.
const OF_AWS: [&str; 2] = ["/aws-service-role/", "/aws-reserved/"];

/// Roles of IAM, by KEY.
#[derive(Object, Clone)]
pub(super) struct RoleSpec {
    /// The role's name: 1 to 64 letters, digits and `+`, `=`, `,`, `.`, `@`, `_`, `-`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("RoleName"), Immutable))]
    name: Value<String>,
    /// What stands before the name in the ARN, with a slash at both ends: `/team/`. Immutable.
    #[tf(default = "/", ext(wire("Path"), Immutable))]
    path: Value<String>,
    /// What the role is for.
    #[tf(optional, ext(wire("Description")))]
    description: Value<String>,
    /// Who may take the role.
    #[tf(required, ext(wire(TRUST), OneForm(Trust::one_form)))]
    trust: Value<Trust>,
    /// The policies that are attached to the role: KEYs of `policies`, or the ARNs of others, such as AWS's own. Policies
    /// that others attach are left alone.
    #[tf(optional, ext(
        wire(ATTACHED),
        OwnKeys,
        refers("policies", "arn").named_as("arn:aws:iam::ACCOUNT:policy/NAME", is_arn),
    ))]
    policies: Value<BTreeSet<String>>,
    /// The policy beyond which the role can do nothing, whatever else allows: the KEY of one of `policies`, or the ARN of
    /// another.
    #[tf(optional, ext(
        wire("PermissionsBoundary.PermissionsBoundaryArn"),
        refers("policies", "arn").named_as("arn:aws:iam::ACCOUNT:policy/NAME", is_arn),
    ))]
    permissions_boundary: Value<String>,
    /// For how long a session of the role may last: from `1h` to `12h`.
    #[tf(default = "1h", ext(wire("MaxSessionDuration").codec(SECONDS)))]
    max_session_duration: Value<Duration>,
    /// Tags of this role, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The role's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

impl Declared for Role {
    type Spec = RoleSpec;
    const NAME: &'static str = "roles";
    const NOUN: &'static str = "role";

    fn validate(&self, spec: &RoleSpec, path: &Path, diagnostics: &mut Diagnostics) {
        iam::validate_name((&spec.name, 64), &spec.path, Self::NOUN, path, diagnostics);
        limits::length(&spec.max_session_duration, 3_600..=43_200, "max_session_duration", path, diagnostics);
        if let Some(trust) = spec.trust.known() {
            trust.validate(&path.attribute("trust"), diagnostics);
        }
    }
}

impl Kind for Role {
    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = iam::full_name(component);
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, &name)))).into_iter().collect()
    }

    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        is_of_aws(body) || (tags::are_missing(body) && is_of_the_organisation(wire::text(body, "RoleName")))
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["Arn", "CreateDate", "RoleId", "RoleLastUsed", "Trust.Version", "PermissionsBoundary.PermissionsBoundaryType"]
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Discovery for Role {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let boundary = wire::text(body, "PermissionsBoundary.PermissionsBoundaryArn");
        let attached = body[ATTACHED].as_array().into_iter().flatten().filter_map(Json::as_str);
        let policies = attached.chain([boundary]).filter_map(|arn| arn.split_once(":policy/"));
        let policies = policies.map(|(_, name)| ("policies", name.to_owned()));
        let provider = wire::text(body, "Trust.github.provider").split_once(":oidc-provider/");
        let provider = provider.map(|(_, name)| ("oidc_providers", name.to_owned()));
        policies.chain(provider).collect()
    }
}

/// Whether nobody but AWS can change a role.
fn is_of_aws(body: &Json) -> bool {
    OF_AWS.iter().any(|path| wire::text(body, "Path").starts_with(path))
}

/// Whether a role has the name of one that whoever looks after the accounts has in each of them.
fn is_of_the_organisation(name: &str) -> bool {
    // Organizations makes the first in a new account ("Accessing member accounts"); Control Tower those that begin with its
    // name ("How AWS Control Tower works with roles"); stack sets the last ("Grant service-managed permissions").
    let starts = ["AWSControlTower", "aws-controltower-", "stacksets-exec-"];
    // CDK's bootstrap has cdk-QUALIFIER-deploy-role-ACCOUNT-REGION and others ("Customize AWS CDK bootstrapping").
    let is_of_cdk = name.strip_prefix("cdk-").is_some_and(|rest| rest.contains("-role-"));
    name == "OrganizationAccountAccessRole" || is_of_cdk || starts.iter().any(|start| name.starts_with(start))
}

/// A role out of what the calls say of it.
pub(super) fn object(mut role: Json, attached: &[Json], inline: Vec<Json>) -> Json {
    let found = tags::of_pairs(&role["Tags"]);
    let document = policy::read(wire::text(&role, DOCUMENT));
    if let Some(fields) = role.as_object_mut() {
        fields.retain(|field, _| !["Tags", DOCUMENT].contains(&field.as_str()));
    }
    role[TRUST] = Trust::read(document);
    role[ATTACHED] = attached.iter().map(|one| one["PolicyArn"].clone()).collect();
    if !inline.is_empty() {
        role[INLINE] = Json::Array(inline);
    }
    tags::put(&mut role, found);
    role
}

async fn attached(name: &str, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    iam::all("ListAttachedRolePolicies", ATTACHED, json!({ "RoleName": name }), run).await
}

async fn at(name: &str, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let asked = || json!({ "RoleName": name });
    let role = iam::call("GetRole", asked(), run);
    // They are no concern of the stack: an import names them.
    let inline = async {
        if run.is_refresh() {
            return Ok(Vec::new());
        }
        iam::all("ListRolePolicies", "PolicyNames", asked(), run).await
    };
    let read = try_join(role, try_join(attached(name, run), inline)).await.found()?;
    Ok(read.map(|(mut role, (attached, inline))| object(role["Role"].take(), &attached, inline)))
}

fn arns(body: &Json) -> BTreeSet<&str> {
    body[ATTACHED].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

async fn attach(name: &str, policy: &str, run: Run<'_>) -> Result<(), ApiError> {
    let request = Request::new(Service::IAM, "AttachRolePolicy", json!({ "RoleName": name, "PolicyArn": policy }));
    // What was just made may not be known everywhere.
    run.call(request.also_retry(patience::NEW_PRINCIPAL, ApiError::is_not_found)).await.map(drop)
}

async fn detach(name: &str, policy: &str, run: Run<'_>) -> Result<(), ApiError> {
    let detached = iam::call("DetachRolePolicy", json!({ "RoleName": name, "PolicyArn": policy }), run).await;
    detached.found().map(drop)
}

/// A call with a document that names others, who may be so new that IAM does not know them everywhere.
async fn call_naming(action: &'static str, body: Json, run: Run<'_>) -> Result<(), ApiError> {
    let is_new = |error: &ApiError| error.is_refused_with("MalformedPolicyDocument") && error.says("Invalid principal");
    run.call(Request::new(Service::IAM, action, body).also_retry(patience::NEW_PRINCIPAL, is_new)).await.map(drop)
}

#[async_trait]
impl Api for Role {
    fn service(&self) -> Service {
        Service::IAM
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DetachRolePolicy",
            "iam:GetRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:PutRolePermissionsBoundary",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "Arn").split_once(":role/").map_or("", |(_, name)| name)
    }

    fn object_name(&self, component: &Dynamic) -> Option<String> {
        iam::full_name(component)
    }

    async fn read(&self, name: &str, _: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        at(iam::short_name(name), run).await
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut roles = iam::all("ListRoles", "Roles", json!({}), run).await?;
        roles.retain(|role| !is_of_aws(role));
        let found = try_join_all(roles.iter().map(|role| at(wire::text(role, "RoleName"), run))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let wanted = json!({
            "RoleName": body["RoleName"],
            "Path": body.get("Path"),
            "Description": body.get("Description"),
            "MaxSessionDuration": body.get("MaxSessionDuration"),
            BOUNDARY: body.get(BOUNDARY).map(|boundary| boundary["PermissionsBoundaryArn"].clone()),
            DOCUMENT: policy::written(&Trust::written(&body[TRUST])),
            "Tags": tags::pairs(&tags::of(body)),
        });
        call_naming("CreateRole", wanted, run).await
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        !arns(body).is_empty()
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let name = wire::text(body, "RoleName");
        try_join_all(arns(body).into_iter().map(|policy| attach(name, policy, run))).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = wire::text(before, "RoleName");
        if changed.has(TRUST) {
            let text = policy::written(&Trust::written(&after[TRUST]));
            call_naming("UpdateAssumeRolePolicy", json!({ "RoleName": name, "PolicyDocument": text }), run).await?;
        }
        if changed.has("Description") || changed.has("MaxSessionDuration") {
            let wanted = json!({
                "RoleName": name,
                "Description": wire::text(after, "Description"),
                "MaxSessionDuration": after.get("MaxSessionDuration").cloned().unwrap_or_else(|| json!(3600)),
            });
            iam::call("UpdateRole", wanted, run).await?;
        }
        if changed.has(BOUNDARY) {
            match after.get(BOUNDARY).and_then(|boundary| boundary["PermissionsBoundaryArn"].as_str()) {
                Some(boundary) => {
                    let wanted = json!({ "RoleName": name, BOUNDARY: boundary });
                    iam::call("PutRolePermissionsBoundary", wanted, run).await?;
                }
                None => {
                    iam::call("DeleteRolePermissionsBoundary", json!({ "RoleName": name }), run).await?;
                }
            }
        }
        let (was, is) = (arns(before), arns(after));
        for policy in is.difference(&was) {
            attach(name, policy, run).await?;
        }
        for policy in was.difference(&is) {
            detach(name, policy, run).await?;
        }
        let change = tags::Change::between(before, after);
        iam::retag(("TagRole", "UntagRole"), ("RoleName", name), &change, run).await
    }

    /// Attachments go with the role; inline policies, which are somebody's, keep it.
    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let name = iam::short_name(name);
        for policy in attached(name, run).await? {
            detach(name, wire::text(&policy, "PolicyArn"), run).await?;
        }
        iam::call("DeleteRole", json!({ "RoleName": name }), run).await.map(drop)
    }
}
