//! Buckets of S3.
//!
//! A bucket is little more than a name; each of its settings is an object of its own below it, read by one call and replaced
//! whole by another ([`settings`]). Its JSON has them side by side, as the XML of their calls has them, so that what nobody
//! here knows survives when one is written.

mod foreign;
mod lifecycle;
mod settings;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use regex::Regex;
use reqwest::Method;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::lifecycle::LifecycleRule;
use self::settings::{Setting, TLS_ONLY};
use super::limits;
use crate::aws::api::{ApiError, Request, Service, items};
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{tagging, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, ScalarCodec, Unordered, wire};
use crate::engine::scope::Scope;
use crate::engine::wire::{self, INT64};

/// The kind.
pub(super) struct Bucket;

const ARN: &str = "arn:{partition}:s3:::{name}";

/// Buckets of S3, by KEY.
#[derive(Object, Clone)]
pub(super) struct BucketSpec {
    /// The bucket's name, which no other account may have: 3 to 63 lower-case letters, digits, `-` and `.`. Defaults to the
    /// KEY. Immutable.
    #[tf(optional, computed, ext(wire("Name"), Immutable))]
    name: Value<String>,
    /// Whether old versions of objects are kept. Switched off, those that are there stay.
    #[tf(default = false, ext(wire("Versioning.Status").codec(VERSIONING)))]
    versioning: Value<bool>,
    /// How objects are encrypted whose writer does not say it.
    #[tf(default = "AES256", ext(wire("Encryption.ApplyServerSideEncryptionByDefault.SSEAlgorithm")))]
    sse_algorithm: Value<Algorithm>,
    /// The ARN of the KMS key for it, where `sse_algorithm` is one of KMS; with AWS's own key when absent.
    #[tf(optional, ext(wire("Encryption.ApplyServerSideEncryptionByDefault.KMSMasterKeyID")))]
    kms_key_id: Value<String>,
    /// Whether S3 keeps a key of its own for the bucket, which spares calls of KMS.
    #[tf(default = false, ext(wire("Encryption.BucketKeyEnabled").codec(BOOL_TEXT)))]
    bucket_key_enabled: Value<bool>,
    /// What keeps the public out, whatever policies and access lists say. All of it when absent.
    #[tf(optional, ext(wire("PublicAccessBlock")))]
    public_access_block: Value<PublicAccessBlock>,
    /// When objects are deleted or moved by themselves, by the rules' IDs.
    #[tf(optional, ext(wire("Lifecycle.Rule").keyed_by("ID")))]
    lifecycle_rules: Value<BTreeMap<String, LifecycleRule>>,
    /// Which pages of other origins may call the bucket from a browser, in the order in which the rules are judged.
    #[tf(optional, ext(wire("Cors.CORSRule")))]
    cors_rules: Value<Vec<CorsRule>>,
    /// Whether requests without TLS are refused, by a statement of the bucket's policy. The other statements of the policy are
    /// left alone.
    #[tf(default = false, ext(wire(TLS_ONLY)))]
    tls_only: Value<bool>,
    /// Tags of this bucket, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The bucket's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

/// How objects are encrypted.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    /// With keys of S3.
    #[tf(name = "AES256")]
    Aes256,
    /// With a key of KMS.
    #[tf(name = "aws:kms")]
    Kms,
    /// Twice, with a key of KMS.
    #[tf(name = "aws:kms:dsse")]
    KmsTwice,
}

/// What keeps the public out.
#[derive(Object, Clone)]
struct PublicAccessBlock {
    /// Whether calls that would set a public access list are refused.
    #[tf(default = true, ext(wire("BlockPublicAcls").codec(BOOL_TEXT).always()))]
    block_public_acls: Value<bool>,
    /// Whether public access lists are passed over.
    #[tf(default = true, ext(wire("IgnorePublicAcls").codec(BOOL_TEXT).always()))]
    ignore_public_acls: Value<bool>,
    /// Whether calls that would set a public policy are refused.
    #[tf(default = true, ext(wire("BlockPublicPolicy").codec(BOOL_TEXT).always()))]
    block_public_policy: Value<bool>,
    /// Whether a public policy lets in only AWS's services and the own account.
    #[tf(default = true, ext(wire("RestrictPublicBuckets").codec(BOOL_TEXT).always()))]
    restrict_public_buckets: Value<bool>,
}

/// Which pages may call the bucket.
#[derive(Object, Clone)]
struct CorsRule {
    /// The rule's name.
    #[tf(optional, ext(wire("ID")))]
    id: Value<String>,
    /// Where the pages come from: `https://app.example.com`, with at most one `*` in each.
    #[tf(required, ext(wire("AllowedOrigin"), Unordered))]
    allowed_origins: Value<Vec<String>>,
    /// What they may do: `GET`, `PUT`, `POST`, `DELETE`, `HEAD`.
    #[tf(required, ext(wire("AllowedMethod"), Unordered))]
    allowed_methods: Value<Vec<String>>,
    /// Which headers they may send.
    #[tf(optional, ext(wire("AllowedHeader"), Unordered))]
    allowed_headers: Value<Vec<String>>,
    /// Which headers of the answer they may see.
    #[tf(optional, ext(wire("ExposeHeader"), Unordered))]
    exposed_headers: Value<Vec<String>>,
    /// For how many seconds a browser may remember the answer to its question.
    #[tf(optional, ext(wire("MaxAgeSeconds").codec(INT64)))]
    max_age: Value<i64>,
}

/// A bucket whose versioning was never switched on has no status; one in which it was switched off is suspended.
const VERSIONING: ScalarCodec = ScalarCodec {
    write: |value| json!(if value.as_bool() == Some(true) { "Enabled" } else { "Suspended" }),
    read: |status| Dynamic::Bool(status == "Enabled"),
};

/// What a page of another origin can ask to do.
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/// Whether S3 takes the name for a new bucket.
fn is_name(name: &str) -> bool {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$").ok());
    let is_address = name.split('.').count() == 4 && name.split('.').all(|part| part.parse::<u8>().is_ok());
    let is_reserved = ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|start| name.starts_with(start))
        || ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|end| name.ends_with(end));
    (3..=63).contains(&name.len())
        && !is_address
        && !is_reserved
        && NAME.as_ref().is_none_or(|rule| rule.is_match(name))
}

impl Declared for Bucket {
    type Spec = BucketSpec;
    const NAME: &'static str = "buckets";
    const NOUN: &'static str = "bucket";

    fn validate(&self, spec: &BucketSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known().filter(|name| !is_name(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a bucket: 3 to 63 lower-case letters, digits and - are allowed, and single dots \
                 between them. It defaults to the KEY; set name where the KEY does not do."
            );
            diagnostics.push(Diagnostic::error("Invalid name of a bucket", detail).at(path.attribute("name")));
        }
        if spec.sse_algorithm.known() == Some(&Algorithm::Aes256) && !spec.kms_key_id.is_null() {
            let detail = "kms_key_id is for sse_algorithm = \"aws:kms\" or \"aws:kms:dsse\". Set one of them, or remove the key.";
            let path = path.attribute("kms_key_id");
            diagnostics.push(Diagnostic::error("A KMS key without encryption by KMS", detail).at(path));
        }
        for (id, rule) in spec.lifecycle_rules.known().into_iter().flatten() {
            lifecycle::validate(id, rule, &path.attribute("lifecycle_rules").key(id), diagnostics);
        }
        for (index, rule) in spec.cors_rules.known().into_iter().flatten().enumerate() {
            let path = path.attribute("cors_rules").index(index);
            limits::number(&rule.max_age, 0..=i64::from(i32::MAX), "max_age", &path, diagnostics);
            for method in rule.allowed_methods.known().into_iter().flatten() {
                if !METHODS.contains(&method.as_str()) {
                    let detail = format!("{method:?} is not a method of CORS rules: they are {}.", METHODS.join(", "));
                    let path = path.attribute("allowed_methods");
                    diagnostics.push(Diagnostic::error("Invalid method of a CORS rule", detail).at(path));
                }
            }
        }
    }
}

impl Kind for Bucket {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    fn untouched(&self) -> Option<fn(&Json) -> bool> {
        Some(|body| tags::are_missing(body) && settings::are_usual(body))
    }

    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        tags::are_missing(body) && foreign::is_of_a_tool(self.name_of(body))
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["Encryption.BlockedEncryptionTypes", "Lifecycle.TransitionDefaultMinimumObjectSize"]
    }
}

#[async_trait]
impl Api for Bucket {
    fn service(&self) -> Service {
        Service::S3
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:DeleteBucketPolicy",
            "s3:GetBucketCORS",
            "s3:GetBucketPolicy",
            "s3:GetBucketPublicAccessBlock",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            // Who may not list a bucket is told that it is forbidden where it is not there.
            "s3:ListBucket",
            "s3:PutBucketCORS",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:TagResource",
            tagging::PERMISSION,
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "Name")
    }

    /// In us-east-1 one's own bucket can be created again.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let resource = arn(ARN, &run.scope.place, name);
        let tags = async { Ok(Some(settings::tags_of(name, run).await?)) };
        let tags = tagging::tags_of(&resource, known, run, tags);
        let found = try_join(try_join_all(Setting::ALL.map(|setting| setting.read(name, run))), tags).await;
        match found {
            Ok((found, tags)) => {
                Ok(Some(settings::object(name, Setting::ALL.into_iter().zip(found), tags.unwrap_or_default())))
            }
            Err(error) if error.is_refused_with("NoSuchBucket") => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let answer = run.call(Request::new(Service::S3, "ListBuckets", Json::Null).at(Method::GET, "", "")).await?;
        let region = run.scope.place.region.as_str();
        let buckets = items(&answer["Buckets"]["Bucket"]).iter();
        let is_elsewhere = |bucket: &Json| bucket["BucketRegion"].as_str().is_some_and(|its| its != region);
        let names = buckets.filter(|bucket| !is_elsewhere(bucket)).map(|bucket| wire::text(bucket, "Name"));
        let read = names.map(|name| async move {
            if settings::region_of(name, run).await? == region { self.read(name, None, run).await } else { Ok(None) }
        });
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let region = run.scope.place.region.as_str();
        let mut with = json!({ "Tags": { "Tag": tags::pairs(&tags::of(body)) } });
        // The first of all regions is the one that has no name here.
        if region != "us-east-1" {
            with["LocationConstraint"] = json!(region);
        }
        let with = json!({ "CreateBucketConfiguration": with });
        let request = Request::new(Service::S3, "CreateBucket", with).at(Method::PUT, self.name_of(body), "");
        run.call(request).await.map(drop)
    }

    fn is_made_in_steps(&self, _: &Json) -> bool {
        true
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(body);
        // By its tags the stack knows it: what speaks an older S3 has not heard of tags at the creation.
        settings::set_tags(name, &tags::Change::between(&Json::Null, body), run).await?;
        let is_needed = |setting: &Setting| setting.is_told_to_new_buckets(body);
        for setting in Setting::ALL.into_iter().filter(is_needed) {
            setting.write(name, body, run).await?;
        }
        Ok(())
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let name = self.name_of(before);
        for setting in Setting::ALL {
            if setting.fields().iter().any(|field| changed.has(field)) {
                setting.write(name, after, run).await?;
            }
        }
        settings::set_tags(name, &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        run.call(Request::new(Service::S3, "DeleteBucket", Json::Null).at(Method::DELETE, name, "")).await.map(drop)
    }
}
