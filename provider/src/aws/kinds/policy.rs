//! Customer-managed policies of IAM.
//!
//! A change of the statements is a new version, which becomes the default. IAM keeps five: the oldest goes first.

mod managing;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::try_join_all;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::{ApiError, Found, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::policy::{self, Action, Statement};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{iam, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, Unordered, wire};
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};

/// The kind.
pub(super) struct Policy;

const ARN: &str = "arn:{partition}:iam::{account}:policy/{name}";
/// The field of a policy's JSON with its document.
const DOCUMENT: &str = "Document";
/// How many characters a document has at most, without those that are blank.
const LONGEST: usize = 6_144;
/// How many versions of a policy there can be.
const VERSIONS: usize = 5;

/// Policies of IAM that can be attached to roles, by KEY.
#[derive(Object, Clone)]
pub(super) struct PolicySpec {
    /// The policy's name: 1 to 128 letters, digits and `+`, `=`, `,`, `.`, `@`, `_`, `-`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("PolicyName"), Immutable))]
    name: Value<String>,
    /// What stands before the name in the ARN, with a slash at both ends: `/team/`. Immutable.
    #[tf(default = "/", ext(wire("Path"), Immutable))]
    path: Value<String>,
    /// What the policy is for. Immutable.
    #[tf(optional, ext(wire("Description"), Immutable))]
    description: Value<String>,
    /// What the policy allows and denies, in any order. May be left out with `manages`.
    #[tf(optional, ext(wire("Document.Statement"), Unordered))]
    statements: Value<Vec<Statement>>,
    /// Whether the policy also allows what it takes to manage a stack with the kinds of this one: the actions that Terraform
    /// needs to plan, apply and destroy it, and no others. `managed_actions` shows them.
    #[tf(optional)]
    manages: Value<bool>,
    /// The actions that `manages` adds to the policy, on all resources. Set it only to have others in their place.
    #[tf(optional, computed, ext(wire("Document.Managed")))]
    managed_actions: Value<BTreeSet<Action>>,
    /// Tags of this policy, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The policy's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

impl Declared for Policy {
    type Spec = PolicySpec;
    const NAME: &'static str = "policies";
    const NOUN: &'static str = "policy";

    fn validate(&self, spec: &PolicySpec, path: &Path, diagnostics: &mut Diagnostics) {
        iam::validate_name((&spec.name, 128), &spec.path, Self::NOUN, path, diagnostics);
        if let Some(statements) = spec.statements.known() {
            policy::validate(statements, &path.attribute("statements"), diagnostics);
            policy::validate_size(statements, LONGEST, &path.attribute("statements"), diagnostics);
        }
        if spec.statements.is_null() && spec.manages.is_null() && spec.managed_actions.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "The policy is empty",
                    "A policy needs statements, or manages = true for what it takes to manage this stack.",
                )
                .at(path.attribute("statements")),
            );
        }
    }
}

impl Kind for Policy {
    /// What managing the kinds of the stack takes.
    fn implied(
        &self,
        component: &Dynamic,
        others: &mut dyn Iterator<Item = (&'static str, &str, &Dynamic)>,
    ) -> Vec<(&'static str, Dynamic)> {
        let actions = match component.get("manages") {
            Dynamic::Bool(true) => {
                let kinds: BTreeSet<&str> = others.map(|(kind, _, _)| kind).collect();
                Dynamic::set(kinds.into_iter().flat_map(super::actions).map(|action| Dynamic::string(*action)))
            }
            Dynamic::Unknown => Dynamic::Unknown,
            _ => Dynamic::Null,
        };
        vec![("managed_actions", actions)]
    }

    /// The kinds of the stack tell the actions from then on.
    fn imported(&self, component: &mut Dynamic, _: &Scope) {
        if !component.get("managed_actions").is_null() {
            tree::set(component, "manages", Dynamic::Bool(true));
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = iam::full_name(component);
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, &name)))).into_iter().collect()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "Arn",
            "AttachmentCount",
            "CreateDate",
            "DefaultVersionId",
            "IsAttachable",
            "PermissionsBoundaryUsageCount",
            "PolicyId",
            "UpdateDate",
            "Document.Version",
        ]
    }
}

/// A policy out of what the calls say of it.
pub(super) fn object(mut policy: Json, version: &Json) -> Json {
    let found = tags::of_pairs(&policy["Tags"]);
    if let Some(fields) = policy.as_object_mut() {
        fields.remove("Tags");
    }
    policy[DOCUMENT] = managing::apart(policy::read(wire::text(version, "Document")));
    tags::put(&mut policy, found);
    policy
}

async fn at(resource: &str, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let Some(mut answer) = iam::call("GetPolicy", json!({ "PolicyArn": resource }), run).await.found()? else {
        return Ok(None);
    };
    let policy = answer["Policy"].take();
    let asked = json!({ "PolicyArn": resource, "VersionId": policy["DefaultVersionId"] });
    // A version that is gone has made room for another in between.
    let version = iam::call("GetPolicyVersion", asked, run).await?;
    Ok(Some(object(policy, &version["PolicyVersion"])))
}

/// The versions that are not the default, the oldest first.
async fn spare_versions(resource: &str, run: Run<'_>) -> Result<Vec<String>, ApiError> {
    let versions = iam::all("ListPolicyVersions", "Versions", json!({ "PolicyArn": resource }), run).await?;
    let spare = versions.iter().filter(|version| version["IsDefaultVersion"] != "true");
    let mut spare: Vec<String> = spare.map(|version| wire::text(version, "VersionId").to_owned()).collect();
    // v9 comes before v10.
    spare.sort_by_key(|id| (id.len(), id.clone()));
    Ok(spare)
}

async fn forget_version(resource: &str, version: &str, run: Run<'_>) -> Result<(), ApiError> {
    iam::call("DeletePolicyVersion", json!({ "PolicyArn": resource, "VersionId": version }), run).await.map(drop)
}

#[async_trait]
impl Api for Policy {
    fn service(&self) -> Service {
        Service::IAM
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListPolicyVersions",
            "iam:TagPolicy",
            "iam:UntagPolicy",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "Arn").split_once(":policy/").map_or("", |(_, name)| name)
    }

    fn object_name(&self, component: &Dynamic) -> Option<String> {
        iam::full_name(component)
    }

    async fn read(&self, name: &str, _: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        at(&arn(ARN, &run.scope.place, name), run).await
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let policies = iam::all("ListPolicies", "Policies", json!({ "Scope": "Local" }), run).await?;
        let found = try_join_all(policies.iter().map(|policy| at(wire::text(policy, "Arn"), run))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let wanted = json!({
            "PolicyName": body["PolicyName"],
            "Path": body.get("Path"),
            "Description": body.get("Description"),
            "PolicyDocument": policy::written(&managing::joined(&body[DOCUMENT])),
            "Tags": tags::pairs(&tags::of(body)),
        });
        iam::call("CreatePolicy", wanted, run).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let resource = wire::text(before, "Arn");
        if changed.has(DOCUMENT) {
            let spare = spare_versions(resource, run).await?;
            if let Some(oldest) = spare.first().filter(|_| spare.len() + 1 >= VERSIONS) {
                forget_version(resource, oldest, run).await?;
            }
            let text = policy::written(&managing::joined(&after[DOCUMENT]));
            let wanted = json!({ "PolicyArn": resource, "PolicyDocument": text, "SetAsDefault": true });
            iam::call("CreatePolicyVersion", wanted, run).await?;
        }
        let change = tags::Change::between(before, after);
        iam::retag(("TagPolicy", "UntagPolicy"), ("PolicyArn", resource), &change, run).await
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let resource = arn(ARN, &run.scope.place, name);
        for version in spare_versions(&resource, run).await? {
            forget_version(&resource, &version, run).await?;
        }
        iam::call("DeletePolicy", json!({ "PolicyArn": resource }), run).await.map(drop)
    }
}
