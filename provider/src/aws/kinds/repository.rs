//! Repositories of ECR.
//!
//! One object out of three calls: the repository, its lifecycle policy and its tags. The policy is a JSON text whose rules come
//! in the order of their priorities; here it is the list of its rules, [`lifecycle`] has both forms.

mod lifecycle;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::lifecycle::{LifecycleRule, RULES};
use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{tagging, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The kind.
pub(super) struct Repository;

const ARN: &str = "arn:{partition}:ecr:{region}:{account}:repository/{name}";
const SCANNING: &str = "imageScanningConfiguration";
const ENCRYPTION: &str = "encryptionConfiguration";
const MUTABILITY: &str = "imageTagMutability";

/// Repositories of ECR for container images, by KEY.
#[derive(Object, Clone)]
pub(super) struct RepositorySpec {
    /// The repository's name, such as `team/api`: 2 to 256 lower-case letters, digits and `.`, `_`, `-`, `/` between them.
    /// Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("repositoryName"), Immutable))]
    name: Value<String>,
    /// Whether a tag can be moved to another image.
    #[tf(default = "MUTABLE", ext(wire(MUTABILITY)))]
    image_tag_mutability: Value<Mutability>,
    /// Whether images are scanned for known weaknesses when they are pushed.
    #[tf(default = false, ext(wire("imageScanningConfiguration.scanOnPush")))]
    scan_on_push: Value<bool>,
    /// The ARN of the KMS key that images are encrypted with. With a key of S3's when absent. Immutable.
    #[tf(optional, ext(wire("encryptionConfiguration.kmsKey"), Immutable))]
    kms_key: Value<String>,
    /// Which images are deleted, in the order in which the rules are judged. Of each image only the first rule that it falls
    /// under counts.
    #[tf(optional, ext(wire(RULES)))]
    lifecycle_rules: Value<Vec<LifecycleRule>>,
    /// Whether the images in the repository are deleted with it. Without it, one that is not empty stays.
    #[tf(default = false)]
    force_destroy: Value<bool>,
    /// Tags of this repository, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The repository's ARN.
    #[tf(computed)]
    arn: Value<String>,
    /// What images in it are called, without the tag: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/NAME`.
    #[tf(computed, ext(wire("repositoryUri")))]
    url: Value<String>,
}

/// Whether a tag can be moved.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Mutability {
    /// It can.
    Mutable,
    /// It cannot.
    Immutable,
}

impl Declared for Repository {
    type Spec = RepositorySpec;
    const NAME: &'static str = "repositories";
    const NOUN: &'static str = "repository";

    fn validate(&self, spec: &RepositorySpec, path: &Path, diagnostics: &mut Diagnostics) {
        static NAME: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"^([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*$").ok());
        let fits =
            |name: &&String| (2..=256).contains(&name.len()) && NAME.as_ref().is_none_or(|rule| rule.is_match(name));
        if let Some(name) = spec.name.known().filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a repository: 2 to 256 lower-case letters and digits are allowed, with single \
                 . _ - or / between them. It defaults to the KEY; set name where the KEY does not do."
            );
            diagnostics.push(Diagnostic::error("Invalid name of a repository", detail).at(path.attribute("name")));
        }
        if let Some(rules) = spec.lifecycle_rules.known() {
            lifecycle::validate(rules, &path.attribute("lifecycle_rules"), diagnostics);
        }
    }
}

impl Kind for Repository {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    /// CDK's bootstrap makes `cdk-QUALIFIER-container-assets-ACCOUNT-REGION` ("Customize AWS CDK bootstrapping").
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        let name = self.name_of(body);
        tags::are_missing(body) && name.starts_with("cdk-") && name.contains("-container-assets-")
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["createdAt", "encryptionConfiguration.encryptionType", "registryId", "repositoryArn", "repositoryUri"]
    }
}

async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    run.call(Request::new(Service::ECR, action, body)).await
}

/// The tags of a repository; `None` where there is none.
async fn tags_of(resource: &str, run: Run<'_>) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let answer = call("ListTagsForResource", json!({ "resourceArn": resource }), run).await.found()?;
    Ok(answer.map(|answer| tags::of_pairs(&answer["tags"])))
}

/// The lifecycle policy of a repository, where it has one, and its tags.
type Details = (Option<Json>, BTreeMap<String, String>);

/// What other calls say of a repository; `None` where there is none.
async fn details(name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Details>, ApiError> {
    let resource = arn(ARN, &run.scope.place, name);
    let policy = async { call("GetLifecyclePolicy", json!({ "repositoryName": name }), run).await.found() };
    let found = tagging::tags_of(&resource, known, run, tags_of(&resource, run));
    let (policy, found) = try_join(policy, found).await?;
    Ok(found.map(|found| (policy, found)))
}

/// A repository out of what the calls say of it.
fn object(mut repository: Json, (policy, found): Details) -> Json {
    if let Some(policy) = policy {
        lifecycle::read(wire::text(&policy, "lifecyclePolicyText"), &mut repository);
    }
    tags::put(&mut repository, found);
    repository
}

/// Makes the lifecycle policy what `wanted` says.
async fn set_rules(name: &str, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let set = match lifecycle::written(wanted) {
        Some(text) => {
            call("PutLifecyclePolicy", json!({ "repositoryName": name, "lifecyclePolicyText": text }), run).await
        }
        None => call("DeleteLifecyclePolicy", json!({ "repositoryName": name }), run).await,
    };
    set.map(drop)
}

#[async_trait]
impl Api for Repository {
    fn service(&self) -> Service {
        Service::ECR
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "ecr:CreateRepository",
            "ecr:DeleteLifecyclePolicy",
            "ecr:DeleteRepository",
            "ecr:DescribeRepositories",
            "ecr:GetLifecyclePolicy",
            "ecr:ListTagsForResource",
            "ecr:PutImageScanningConfiguration",
            "ecr:PutImageTagMutability",
            "ecr:PutLifecyclePolicy",
            "ecr:TagResource",
            "ecr:UntagResource",
            tagging::PERMISSION,
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "repositoryName")
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let request = Request::new(Service::ECR, "DescribeRepositories", json!({ "repositoryNames": [name] }));
        let described = async { run.call(request).await.found() };
        let (answer, details) = try_join(described, details(name, known, run)).await?;
        let repository = answer.and_then(|mut answer| Some(answer["repositories"].get_mut(0)?.take()));
        Ok(repository.zip(details).map(|(repository, details)| object(repository, details)))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut found: Vec<Json> = Vec::new();
        let mut body = json!({ "maxResults": 1000 });
        loop {
            let mut page = call("DescribeRepositories", body.clone(), run).await?;
            found.append(page["repositories"].as_array_mut().unwrap_or(&mut Vec::new()));
            match page["nextToken"].as_str() {
                Some(token) => body["nextToken"] = json!(token),
                None => break,
            }
        }
        let details = found.iter().map(|repository| details(self.name_of(repository), None, run));
        let details = try_join_all(details).await?;
        Ok(found.into_iter().zip(details).filter_map(|(found, details)| Some(object(found, details?))).collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({ "repositoryName": self.name_of(body), "tags": tags::pairs(&tags::of(body)) });
        for field in [MUTABILITY, SCANNING] {
            if let Some(value) = body.get(field) {
                wanted[field] = value.clone();
            }
        }
        if let Some(encryption) = body.get(ENCRYPTION) {
            wanted[ENCRYPTION] = json!({ "encryptionType": "KMS", "kmsKey": encryption["kmsKey"] });
        }
        call("CreateRepository", wanted, run).await.map(drop)
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        body.get(RULES).is_some()
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        match body.get(RULES) {
            Some(_) => set_rules(self.name_of(body), body, run).await,
            None => Ok(()),
        }
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(before);
        if changed.has(MUTABILITY) {
            let wanted = after.get(MUTABILITY).cloned().unwrap_or_else(|| json!("MUTABLE"));
            call("PutImageTagMutability", json!({ "repositoryName": name, MUTABILITY: wanted }), run).await?;
        }
        if changed.has(SCANNING) {
            let wanted = json!({ "scanOnPush": after[SCANNING]["scanOnPush"] == true });
            call("PutImageScanningConfiguration", json!({ "repositoryName": name, SCANNING: wanted }), run).await?;
        }
        if changed.has(RULES) {
            set_rules(name, after, run).await?;
        }
        let tags = tags::Change::between(before, after);
        let resource = arn(ARN, &run.scope.place, name);
        if !tags.set.is_empty() {
            let body = json!({ "resourceArn": resource, "tags": tags::pairs(&tags.set) });
            call("TagResource", body, run).await?;
        }
        if !tags.remove.is_empty() {
            call("UntagResource", json!({ "resourceArn": resource, "tagKeys": tags.remove }), run).await?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let force = known.get("force_destroy").as_bool() == Some(true);
        call("DeleteRepository", json!({ "repositoryName": name, "force": force }), run).await.map(drop)
    }
}
