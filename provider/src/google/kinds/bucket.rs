//! Cloud Storage buckets.
//!
//! A bucket's name is global and its place is for life. Updates are merging PATCHes, in which null removes.

mod delete;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::{Choice, Diagnostics, Dynamic, Object, Path, Value};

use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, ScalarCodec, Unordered, wire};
use crate::engine::scope::Scope;
use crate::engine::terms::Terms;
use crate::engine::wire::{self, INT64, LOCATION, SECONDS, UPPER};
use crate::google::api::{ApiError, Host};
use crate::google::rest::{Guard, IamStyle, Naming, Operations, Patch, Rest, RestKind, Update};
use crate::google::session::Run;
use crate::google::terms::GoogleTerms;
use crate::types::{BucketName, Duration, Location};

/// The kind.
pub(super) struct Bucket;

/// Cloud Storage buckets, by KEY.
#[derive(Object, Clone)]
pub(super) struct BucketSpec {
    /// The bucket's name, unique in the whole of Cloud Storage: 3 to 63 characters (222 with dots), lower-case letters,
    /// digits, `-`, `_` and `.`, with a letter or digit at both ends. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("name"), Immutable))]
    pub(super) name: Value<BucketName>,
    /// Where the data is: a region (`europe-west1`), a predefined dual-region (`EUR4`) or a multi-region (`EU`, `US`,
    /// `ASIA`), in any case. Defaults to the stack's region. Immutable: a bucket cannot be moved, only replaced, and its
    /// objects are then lost.
    #[tf(optional, computed, ext(wire("location").codec(LOCATION), Immutable))]
    pub(super) location: Value<Location>,
    /// Whether the location is a `region`, a `dual-region` or a `multi-region`.
    #[tf(computed, ext(wire("locationType")))]
    pub(super) location_type: Value<String>,
    /// The class of objects that are written without one: `STANDARD`, `NEARLINE` (for data read less than once a month),
    /// `COLDLINE` (a quarter) or `ARCHIVE` (a year). It can be changed; objects that exist keep theirs. With `autoclass` it
    /// must be `STANDARD`.
    #[tf(default = "STANDARD", ext(wire("storageClass")))]
    pub(super) storage_class: Value<StorageClass>,
    /// Whether overwritten and deleted objects are kept as noncurrent versions. Each version is billed: pair it with a
    /// lifecycle rule on `num_newer_versions`.
    #[tf(default = false, ext(wire("versioning.enabled")))]
    pub(super) versioning: Value<bool>,
    /// Whether access is decided by IAM alone and object ACLs are off. Once it has been on for 90 days, it cannot be
    /// turned off.
    #[tf(default = true, ext(wire("iamConfiguration.uniformBucketLevelAccess.enabled").always()))]
    pub(super) uniform_bucket_level_access: Value<bool>,
    /// Whether the bucket can be opened to the public: `inherited` leaves it to the organisation's policy, `enforced`
    /// refuses grants to `allUsers` and `allAuthenticatedUsers`.
    #[tf(default = "inherited", ext(wire("iamConfiguration.publicAccessPrevention")))]
    pub(super) public_access_prevention: Value<PublicAccessPrevention>,
    /// What happens to objects with age, in any order; at most 100 rules. An object that meets all conditions of a rule
    /// gets its action. Where several rules apply, Cloud Storage deletes rather than changes the class, and takes the
    /// class that is cheapest to keep.
    #[tf(optional, ext(wire("lifecycle.rule"), Unordered))]
    pub(super) lifecycle_rules: Value<Vec<LifecycleRule>>,
    /// How long deleted objects can be restored: `0s` switches it off, else from `7d` to `90d`. Cloud Storage sets 7 days
    /// when nothing is said at creation. Soft-deleted objects are billed.
    #[tf(optional, computed, ext(wire("softDeletePolicy.retentionDurationSeconds").codec(SECONDS)))]
    pub(super) soft_delete_retention: Value<Duration>,
    /// How long each object is protected from being deleted and overwritten, from its creation: up to 100 years. A locked
    /// policy can only grow.
    #[tf(optional, ext(wire("retentionPolicy.retentionPeriod").codec(SECONDS)))]
    pub(super) retention_period: Value<Duration>,
    /// Whether objects are written with an event-based hold, which keeps them until it is released.
    #[tf(default = false, ext(wire("defaultEventBasedHold")))]
    pub(super) default_event_based_hold: Value<bool>,
    /// Which web pages of other origins may read the bucket. Requests are matched against the rules in order.
    #[tf(optional, ext(wire("cors")))]
    pub(super) cors: Value<Vec<Cors>>,
    /// The static website that the bucket serves under its name.
    #[tf(optional, ext(wire("website")))]
    pub(super) website: Value<Website>,
    /// Where usage and storage logs go.
    #[tf(optional, ext(wire("logging")))]
    pub(super) logging: Value<Logging>,
    /// The Cloud KMS key that new objects are encrypted with, as
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`, in a location that fits the bucket's. The project's Cloud Storage
    /// service agent needs `roles/cloudkms.cryptoKeyEncrypterDecrypter` on it. Google's own keys when absent.
    #[tf(optional, ext(wire("encryption.defaultKmsKeyName")))]
    pub(super) kms_key: Value<KmsKey>,
    /// Lets Cloud Storage move each object between classes by how it is used. Lifecycle rules must then not set classes.
    #[tf(optional, ext(wire("autoclass")))]
    pub(super) autoclass: Value<Autoclass>,
    /// How soon a dual- or multi-region is replicated: `DEFAULT`, or `ASYNC_TURBO` for 15 minutes (dual-regions only).
    #[tf(default = "DEFAULT", ext(wire("rpo")))]
    pub(super) rpo: Value<Rpo>,
    /// The two regions of a configurable dual-region, in any case and order; `location` is then their multi-region.
    /// Immutable.
    #[tf(optional, ext(wire("customPlacementConfig.dataLocations").codec(REGION), Immutable))]
    pub(super) data_locations: Value<BTreeSet<Location>>,
    /// Whether folders are real, as the high-throughput access of training jobs likes it. Needs
    /// `uniform_bucket_level_access`, and excludes `versioning`. Immutable.
    #[tf(default = false, ext(wire("hierarchicalNamespace.enabled"), Immutable))]
    pub(super) hierarchical_namespace: Value<bool>,
    /// Whether who reads pays. Requests must then name a project to bill.
    #[tf(default = false, ext(wire("billing.requesterPays")))]
    pub(super) requester_pays: Value<bool>,
    /// Labels of this bucket, over those of the provider and the stack. Labels that others set are left alone.
    #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// Whether the bucket may be deleted with objects in it, all versions included. Without it the deletion of a bucket
    /// that is not empty fails. Soft-deleted objects are not waited for.
    #[tf(default = false)]
    pub(super) force_destroy: Value<bool>,
    /// The bucket as a URL: `gs://NAME`.
    #[tf(computed)]
    pub(super) url: Value<String>,
    /// The bucket's address in the API.
    #[tf(computed, ext(wire("selfLink")))]
    pub(super) self_link: Value<String>,
}

/// One lifecycle rule: an action, and the conditions that an object must all meet. At least one condition is needed.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct LifecycleRule {
    /// What is done: `Delete`, `SetStorageClass` or `AbortIncompleteMultipartUpload`.
    #[tf(required, ext(wire("action.type")))]
    pub(super) action: Value<LifecycleAction>,
    /// The class that `SetStorageClass` gives.
    #[tf(optional, ext(wire("action.storageClass")))]
    pub(super) storage_class: Value<StorageClass>,
    /// Days since the object was created. 0 is every object.
    #[tf(optional, ext(wire("condition.age")))]
    pub(super) age: Value<i64>,
    /// How many newer versions a noncurrent version must have.
    #[tf(optional, ext(wire("condition.numNewerVersions")))]
    pub(super) num_newer_versions: Value<i64>,
    /// Days since the version became noncurrent.
    #[tf(optional, ext(wire("condition.daysSinceNoncurrentTime")))]
    pub(super) days_since_noncurrent_time: Value<i64>,
    /// Days since the object's custom time.
    #[tf(optional, ext(wire("condition.daysSinceCustomTime")))]
    pub(super) days_since_custom_time: Value<i64>,
    /// Created before this day (`2025-12-31`, midnight UTC).
    #[tf(optional, ext(wire("condition.createdBefore")))]
    pub(super) created_before: Value<String>,
    /// Noncurrent since before this day (`2025-12-31`).
    #[tf(optional, ext(wire("condition.noncurrentTimeBefore")))]
    pub(super) noncurrent_time_before: Value<String>,
    /// With a custom time before this day (`2025-12-31`).
    #[tf(optional, ext(wire("condition.customTimeBefore")))]
    pub(super) custom_time_before: Value<String>,
    /// Which versions are meant: `LIVE`, `ARCHIVED` (noncurrent) or `ANY`.
    #[tf(default = "ANY", ext(wire("condition.isLive").codec(IS_LIVE)))]
    pub(super) with_state: Value<WithState>,
    /// Beginnings of object names, one of which must fit.
    #[tf(optional, ext(wire("condition.matchesPrefix")))]
    pub(super) matches_prefix: Value<BTreeSet<String>>,
    /// Endings of object names, one of which must fit.
    #[tf(optional, ext(wire("condition.matchesSuffix")))]
    pub(super) matches_suffix: Value<BTreeSet<String>>,
    /// Storage classes, one of which the object must have.
    #[tf(optional, ext(wire("condition.matchesStorageClass").codec(UPPER)))]
    pub(super) matches_storage_class: Value<BTreeSet<StorageClass>>,
    /// Objects larger than this number of bytes.
    #[tf(optional, ext(wire("condition.sizeAboveBytes").codec(INT64)))]
    pub(super) size_above_bytes: Value<i64>,
    /// Objects smaller than this number of bytes.
    #[tf(optional, ext(wire("condition.sizeBelowBytes").codec(INT64)))]
    pub(super) size_below_bytes: Value<i64>,
}

/// One rule of cross-origin resource sharing.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct Cors {
    /// Origins that may ask, such as `https://example.com`; `*` for all.
    #[tf(optional, ext(wire("origin")))]
    pub(super) origins: Value<Vec<String>>,
    /// HTTP methods that they may use; `*` for all.
    #[tf(optional, ext(wire("method")))]
    pub(super) methods: Value<Vec<String>>,
    /// Response headers that the browser may show them.
    #[tf(optional, ext(wire("responseHeader")))]
    pub(super) response_headers: Value<Vec<String>>,
    /// Seconds for which the browser may keep the answer.
    #[tf(optional, ext(wire("maxAgeSeconds")))]
    pub(super) max_age_seconds: Value<i64>,
}

/// A static website.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct Website {
    /// The object that is served for a folder, such as `index.html`.
    #[tf(optional, ext(wire("mainPageSuffix")))]
    pub(super) main_page_suffix: Value<String>,
    /// The object that is served when there is none, such as `404.html`.
    #[tf(optional, ext(wire("notFoundPage")))]
    pub(super) not_found_page: Value<String>,
}

/// Usage and storage logs.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct Logging {
    /// The bucket that gets the logs.
    #[tf(required, ext(wire("logBucket"), crate::engine::marks::refers("buckets", "name")))]
    pub(super) log_bucket: Value<String>,
    /// The beginning of the log objects' names. Defaults to this bucket's name.
    #[tf(optional, ext(wire("logObjectPrefix")))]
    pub(super) log_object_prefix: Value<String>,
}

/// Autoclass.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct Autoclass {
    /// Whether it is on.
    #[tf(default = false, ext(wire("enabled")))]
    pub(super) enabled: Value<bool>,
    /// The coldest class that objects are moved to: `NEARLINE` or `ARCHIVE`.
    #[tf(default = "NEARLINE", ext(wire("terminalStorageClass")))]
    pub(super) terminal_storage_class: Value<TerminalStorageClass>,
}

/// The class of an object's storage.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[tf(ignore_case)]
pub(super) enum StorageClass {
    /// Data in use.
    Standard,
    /// Read less than once a month; kept at least 30 days.
    Nearline,
    /// Read less than once a quarter; kept at least 90 days.
    Coldline,
    /// Read less than once a year; kept at least 365 days.
    Archive,
    /// The old name of `STANDARD` in a multi-region.
    MultiRegional,
    /// The old name of `STANDARD` in a region.
    Regional,
    /// Retired.
    DurableReducedAvailability,
}

/// What a lifecycle rule does.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LifecycleAction {
    /// Deletes the object; a live one becomes noncurrent when the bucket keeps versions.
    #[tf(name = "Delete")]
    Delete,
    /// Changes the object's class.
    #[tf(name = "SetStorageClass")]
    SetStorageClass,
    /// Discards the parts of an upload that was never finished.
    #[tf(name = "AbortIncompleteMultipartUpload")]
    AbortIncompleteMultipartUpload,
}

/// Which versions a lifecycle rule means.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WithState {
    /// The current version.
    Live,
    /// Noncurrent versions.
    Archived,
    /// All.
    Any,
}

/// Whether the bucket can be public.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[tf(rename = "snake_case")]
pub(super) enum PublicAccessPrevention {
    /// As the organisation's policy says.
    Inherited,
    /// Never.
    Enforced,
}

/// The recovery point objective.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rpo {
    /// Within the usual time.
    Default,
    /// Within 15 minutes.
    AsyncTurbo,
}

/// The coldest class of Autoclass.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TerminalStorageClass {
    /// After 30 days.
    Nearline,
    /// After 365 days.
    Archive,
}

/// A region, which Cloud Storage wants and returns in capitals, and everybody else writes in small letters.
const REGION: ScalarCodec = ScalarCodec { write: UPPER.write, read: LOCATION.read };

/// `isLive` is a boolean whose absence means both.
const IS_LIVE: ScalarCodec = ScalarCodec {
    write: |value| match value.as_str() {
        Some("LIVE") => Json::Bool(true),
        Some("ARCHIVED") => Json::Bool(false),
        _ => Json::Null,
    },
    read: |json| match json.as_bool() {
        Some(true) => Dynamic::string("LIVE"),
        Some(false) => Dynamic::string("ARCHIVED"),
        None => Dynamic::Null,
    },
};

impl Declared for Bucket {
    type Spec = BucketSpec;
    const NAME: &'static str = "buckets";
    const NOUN: &'static str = "bucket";

    fn validate_new(&self, spec: &BucketSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::bucket(spec, path, diagnostics);
    }
}

impl Kind for Bucket {
    fn account_of<'b>(&self, body: &'b Json) -> Option<&'b str> {
        body.get("projectNumber").and_then(Json::as_str)
    }

    fn holds_data(&self) -> bool {
        true
    }

    fn effective(&self, component: &mut Dynamic, _: &str, _: &Scope) {
        let name = component.get("name").clone();
        let logging = component.as_entries_mut().and_then(|entries| entries.get_mut("logging"));
        if let Some(logging) = logging.and_then(Dynamic::as_entries_mut) {
            let prefix = logging.slot("log_object_prefix");
            if prefix.is_null() {
                *prefix = name;
            }
        }
    }

    fn predict(&self, component: &Dynamic, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        match component.get("name").as_str() {
            Some(name) => vec![
                ("url", Dynamic::string(format!("gs://{name}"))),
                ("self_link", Dynamic::string(format!("https://www.googleapis.com/storage/v1/b/{name}"))),
            ],
            None => Vec::new(),
        }
    }

    fn derive(&self, body: &Json, _: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = body.get("name").and_then(Json::as_str);
        name.map(|name| ("url", Dynamic::string(format!("gs://{name}")))).into_iter().collect()
    }

    /// Storage of functions and builds. A name alone is no proof: such a bucket with labels of its own is in use.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        let name = body.get("name").and_then(Json::as_str).unwrap_or_default();
        let prefixes = ["gcf-sources-", "gcf-v2-sources-", "gcf-v2-uploads-", "run-sources-"];
        let by_name = prefixes.iter().any(|prefix| name.starts_with(prefix))
            || (name.ends_with(".appspot.com") && (name.contains("artifacts.") || name.starts_with("staging.")));
        let labels = body.get("labels").and_then(Json::as_object).into_iter().flatten();
        by_name && labels.into_iter().all(|(key, _)| GoogleTerms.is_cloud_label(key))
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "acl",
            "autoclass.terminalStorageClassUpdateTime",
            "autoclass.toggleTime",
            "defaultObjectAcl",
            "encryption.customerManagedEncryptionEnforcementConfig.effectiveTime",
            "encryption.customerSuppliedEncryptionEnforcementConfig.effectiveTime",
            "encryption.googleManagedEncryptionEnforcementConfig.effectiveTime",
            "etag",
            "generation",
            "iamConfiguration.bucketPolicyOnly",
            "iamConfiguration.uniformBucketLevelAccess.lockedTime",
            "id",
            "ipFilter.mode",
            "kind",
            "metageneration",
            "owner",
            "projectNumber",
            "retentionPolicy.effectiveTime",
            "retentionPolicy.isLocked",
            "satisfiesPZI",
            "satisfiesPZS",
            "softDeletePolicy.effectiveTime",
            "timeCreated",
            "updated",
        ]
    }
}

#[async_trait]
impl RestKind for Bucket {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::STORAGE,
            version: "storage/v1",
            collection: "b",
            items: "items",
            query: &[("projection", "noAcl")],
            list_query: &[("project", "{project}"), ("projection", "noAcl")],
            page_size: ("maxResults", 1000),
            naming: Naming::Body,
            update: Update::Merge(Guard::Metageneration),
            operations: Operations::default(),
            iam: Some(IamStyle::Storage),
            full_name: "//storage.googleapis.com/projects/_/buckets/{name}",
        }
    }

    /// A policy that has lost its only setting goes as a whole, with the times that the API keeps in it.
    fn before_update(&self, _: &Json, patch: &mut Patch) {
        for (policy, setting) in
            [("retentionPolicy", "retentionPeriod"), ("softDeletePolicy", "retentionDurationSeconds")]
        {
            let path = format!("{policy}.{setting}");
            if patch.mask.contains(&path) && wire::get(&patch.body, &path).is_none() {
                wire::remove(&mut patch.body, policy);
                patch.mask.iter_mut().filter(|mask| **mask == path).for_each(|mask| policy.clone_into(mask));
            }
        }
    }

    async fn before_delete(&self, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        match (component.get("force_destroy").as_bool(), component.get("name").as_str()) {
            (Some(true), Some(name)) => delete::empty(name, run).await,
            _ => Ok(()),
        }
    }
}
