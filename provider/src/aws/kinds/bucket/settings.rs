//! The settings of a bucket: each is an object of its own below the bucket, with calls to get, put and delete it.
//!
//! One that is not there is answered with a code of its own, and means what S3 does without it.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{lifecycle, tls};
use crate::aws::api::{ApiError, Request, Service, items};
use crate::aws::session::Run;
use crate::aws::tags;
use crate::engine::wire;

/// The field of a bucket's JSON that says whether requests without TLS are refused.
pub(super) const TLS_ONLY: &str = "TlsOnly";
/// The field with the other statements of the policy.
const POLICY: &str = "Policy";
/// What keeps the public out.
const BLOCKS: [&str; 4] = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Versioning,
    Encryption,
    PublicAccessBlock,
    Lifecycle,
    Cors,
    Policy,
}

/// How S3 names a setting.
struct Names {
    /// The part of the URL.
    query: &'static str,
    get: &'static str,
    put: &'static str,
    delete: &'static str,
    /// What it answers where there is none.
    missing: &'static str,
}

impl Names {
    /// What S3 says of it; null where there is none.
    async fn read(&self, bucket: &str, run: Run<'_>) -> Result<Json, ApiError> {
        let request = Request::new(Service::S3, self.get, Json::Null).at(Method::GET, bucket, self.query);
        match run.call(request).await {
            Err(error) if error.is_refused_with(self.missing) => Ok(Json::Null),
            answer => answer,
        }
    }
}

/// The tags, which are read and written like a setting.
const TAGGING: Names = Names {
    query: "tagging",
    get: "GetBucketTagging",
    put: "PutBucketTagging",
    delete: "DeleteBucketTagging",
    missing: "NoSuchTagSet",
};

/// The tags of a bucket.
///
/// # Errors
/// Of the call; that there is no such bucket, too.
pub(super) async fn tags_of(bucket: &str, run: Run<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let answer = TAGGING.read(bucket, run).await?;
    Ok(tags::of_pairs(&Json::Array(items(&answer["TagSet"]["Tag"]).to_vec())))
}

impl Setting {
    /// All of them, in the order in which they are written: who may reach the bucket comes first.
    pub(super) const ALL: [Self; 6] =
        [Self::PublicAccessBlock, Self::Policy, Self::Encryption, Self::Versioning, Self::Lifecycle, Self::Cors];

    fn names(self) -> Names {
        match self {
            Self::Versioning => Names {
                query: "versioning",
                get: "GetBucketVersioning",
                put: "PutBucketVersioning",
                delete: "PutBucketVersioning",
                missing: "",
            },
            Self::Encryption => Names {
                query: "encryption",
                get: "GetBucketEncryption",
                put: "PutBucketEncryption",
                delete: "DeleteBucketEncryption",
                missing: "ServerSideEncryptionConfigurationNotFoundError",
            },
            Self::PublicAccessBlock => Names {
                query: "publicAccessBlock",
                get: "GetPublicAccessBlock",
                put: "PutPublicAccessBlock",
                delete: "DeletePublicAccessBlock",
                missing: "NoSuchPublicAccessBlockConfiguration",
            },
            Self::Lifecycle => Names {
                query: "lifecycle",
                get: "GetBucketLifecycleConfiguration",
                put: "PutBucketLifecycleConfiguration",
                delete: "DeleteBucketLifecycle",
                missing: "NoSuchLifecycleConfiguration",
            },
            Self::Cors => Names {
                query: "cors",
                get: "GetBucketCors",
                put: "PutBucketCors",
                delete: "DeleteBucketCors",
                missing: "NoSuchCORSConfiguration",
            },
            Self::Policy => Names {
                query: "policy",
                get: "GetBucketPolicy",
                put: "PutBucketPolicy",
                delete: "DeleteBucketPolicy",
                missing: "NoSuchBucketPolicy",
            },
        }
    }

    /// The fields of a bucket's JSON that it is written from.
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Versioning => &["Versioning"],
            Self::Encryption => &["Encryption"],
            Self::PublicAccessBlock => &["PublicAccessBlock"],
            Self::Lifecycle => &["Lifecycle"],
            Self::Cors => &["Cors"],
            Self::Policy => &[TLS_ONLY],
        }
    }

    /// Whether a new bucket has to be told it: what S3 does by itself, and since when, differs by account.
    pub(super) fn is_told_to_new_buckets(self, body: &Json) -> bool {
        self == Self::PublicAccessBlock || self.fields().iter().any(|field| body.get(field).is_some())
    }

    /// What S3 says of it; null where there is none.
    ///
    /// # Errors
    /// Of the call; that there is no such bucket, too.
    pub(super) async fn read(self, bucket: &str, run: Run<'_>) -> Result<Json, ApiError> {
        self.names().read(bucket, run).await
    }

    /// Makes it what the bucket's JSON says.
    ///
    /// # Errors
    /// Of the call.
    pub(super) async fn write(self, bucket: &str, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let names = self.names();
        let request = match self.document(bucket, body, run) {
            Some(document) => Request::new(Service::S3, names.put, document).at(Method::PUT, bucket, names.query),
            None => Request::new(Service::S3, names.delete, Json::Null).at(Method::DELETE, bucket, names.query),
        };
        run.call(request).await.map(drop)
    }

    /// What S3 is told; `None` where the setting goes.
    fn document(self, bucket: &str, body: &Json, run: Run<'_>) -> Option<Json> {
        match self {
            Self::Versioning => {
                let status = wire::get(body, "Versioning.Status").cloned().unwrap_or_else(|| json!("Suspended"));
                Some(json!({ "VersioningConfiguration": { "Status": status } }))
            }
            Self::Encryption => Some(json!({ "ServerSideEncryptionConfiguration": { "Rule": encryption(body) } })),
            Self::PublicAccessBlock => {
                Some(json!({ "PublicAccessBlockConfiguration": blocks(&body["PublicAccessBlock"], true) }))
            }
            Self::Lifecycle => {
                Some(json!({ "LifecycleConfiguration": { "Rule": lifecycle::written(body.get("Lifecycle")?)? } }))
            }
            Self::Cors => {
                let rules = body.get("Cors")?.get("CORSRule").filter(|rules| !items(rules).is_empty())?;
                Some(json!({ "CORSConfiguration": { "CORSRule": rules } }))
            }
            Self::Policy => {
                let is_tls_only = body[TLS_ONLY] == true;
                tls::policy(body.get(POLICY), is_tls_only, bucket, &run.scope.place)
                    .map(|policy| json!(policy.to_string()))
            }
        }
    }
}

/// All that can keep the public out; what is not said in `of` is as `silence` says.
fn blocks(of: &Json, silence: bool) -> Json {
    let block = |name: &str| (name.to_owned(), of.get(name).cloned().unwrap_or_else(|| json!(silence.to_string())));
    BLOCKS.iter().map(|name| block(name)).collect()
}

/// The rule of the encryption, with what others have set in it; without anything it is S3's own.
fn encryption(body: &Json) -> Json {
    let mut rule = body.get("Encryption").cloned().unwrap_or_else(|| json!({}));
    const BY_DEFAULT: &str = "ApplyServerSideEncryptionByDefault.SSEAlgorithm";
    if wire::get(&rule, BY_DEFAULT).is_none() {
        wire::put(&mut rule, BY_DEFAULT, json!("AES256"));
    }
    rule
}

/// A bucket out of what the calls say of it.
pub(super) fn object(
    name: &str,
    found: impl IntoIterator<Item = (Setting, Json)>,
    tags: BTreeMap<String, String>,
) -> Json {
    let mut body = json!({ "Name": name });
    for (setting, answer) in found {
        match setting {
            Setting::Versioning => wire::put(&mut body, "Versioning", some(answer)),
            Setting::Encryption => {
                let rule = items(&answer["Rule"]).first().cloned().unwrap_or_default();
                wire::put(&mut body, "Encryption", rule);
            }
            Setting::PublicAccessBlock => body["PublicAccessBlock"] = blocks(&answer, false),
            Setting::Lifecycle => wire::put(&mut body, "Lifecycle", lifecycle::read(&answer)),
            Setting::Cors => {
                let rules: Vec<Json> = items(&answer["CORSRule"]).iter().cloned().map(cors_rule).collect();
                if !rules.is_empty() {
                    body["Cors"] = json!({ "CORSRule": rules });
                }
            }
            Setting::Policy => {
                let policy = answer.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                let (is_tls_only, rest) = tls::split(policy, name);
                body[TLS_ONLY] = json!(is_tls_only);
                wire::put(&mut body, POLICY, rest);
            }
        }
    }
    tags::put(&mut body, tags);
    body
}

/// Whether nobody has told a bucket, as read, anything that it would keep.
pub(super) fn are_usual(body: &Json) -> bool {
    let is_told = |setting: &Setting| match setting {
        // Every bucket has these.
        Setting::Encryption | Setting::PublicAccessBlock => false,
        Setting::Policy => body[TLS_ONLY] == true || body.get(POLICY).is_some(),
        setting => setting.fields().iter().any(|field| body.get(field).is_some()),
    };
    !Setting::ALL.iter().any(is_told)
}

/// An answer with something in it.
fn some(answer: Json) -> Json {
    if answer.is_object() { answer } else { Json::Null }
}

/// A rule in which what can be several is a list.
fn cors_rule(mut rule: Json) -> Json {
    for field in ["AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader"] {
        if let Some(one) = rule.get_mut(field) {
            *one = Json::Array(items(one).to_vec());
        }
    }
    rule
}

/// Changes tags. They are replaced as a whole, so those of others, and of AWS, are sent along as they are now.
///
/// # Errors
/// Of the calls.
pub(super) async fn set_tags(bucket: &str, change: &tags::Change, run: Run<'_>) -> Result<(), ApiError> {
    if *change == tags::Change::default() {
        return Ok(());
    }
    let names = TAGGING;
    let mut wanted = tags_of(bucket, run).await?;
    wanted.retain(|key, _| !change.remove.contains(key));
    wanted.extend(change.set.clone());
    let request = if wanted.is_empty() {
        Request::new(Service::S3, names.delete, Json::Null).at(Method::DELETE, bucket, names.query)
    } else {
        let document = json!({ "Tagging": { "TagSet": { "Tag": tags::pairs(&wanted) } } });
        Request::new(Service::S3, names.put, document).at(Method::PUT, bucket, names.query)
    };
    run.call(request).await.map(drop)
}

/// The region that a bucket is in.
///
/// # Errors
/// Of the call.
pub(super) async fn region_of(bucket: &str, run: Run<'_>) -> Result<String, ApiError> {
    let request = Request::new(Service::S3, "GetBucketLocation", Json::Null).at(Method::GET, bucket, "location");
    let answer = run.call(request).await?;
    Ok(region(answer.as_str().unwrap_or_default()).to_owned())
}

/// The region that S3 calls so: the first ones have names of their own.
pub(super) fn region(location: &str) -> &str {
    match location {
        "" | "null" => "us-east-1",
        "EU" => "eu-west-1",
        location => location,
    }
}
