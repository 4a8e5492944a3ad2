//! When objects are deleted or moved by themselves: rules by ID.
//!
//! S3 has had the prefix in two places; here it is in one, and in none where it says nothing. What a rule says beyond what is
//! declared here (filters by tag and size) is kept.

use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use crate::aws::api::items;
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::kinds::limits;
use crate::engine::marks::{Identity, ScalarCodec, Unordered, wire};
use crate::engine::wire::{self, INT64};

/// A rule by which objects are deleted or moved.
#[derive(Object, Clone)]
pub(super) struct LifecycleRule {
    /// Whether the rule is in force.
    #[tf(default = true, ext(wire("Status").codec(STATUS).always()))]
    enabled: Value<bool>,
    /// How the names of the objects begin that it is about. All objects when absent.
    #[tf(optional, ext(wire("Filter.Prefix")))]
    prefix: Value<String>,
    /// How many days after its creation an object is deleted.
    #[tf(optional, ext(wire("Expiration.Days").codec(INT64)))]
    expiration_in_days: Value<i64>,
    /// Whether the marks of deleted objects go that have no versions left.
    #[tf(default = false, ext(wire("Expiration.ExpiredObjectDeleteMarker").codec(BOOL_TEXT)))]
    expired_object_delete_marker: Value<bool>,
    /// How many days after it was replaced an old version is deleted.
    #[tf(optional, ext(wire("NoncurrentVersionExpiration.NoncurrentDays").codec(INT64)))]
    noncurrent_version_expiration_in_days: Value<i64>,
    /// How many of the old versions stay all the same, the newest ones.
    #[tf(optional, ext(wire("NoncurrentVersionExpiration.NewerNoncurrentVersions").codec(INT64)))]
    newer_noncurrent_versions: Value<i64>,
    /// How many days after their beginning uploads in parts are given up that were not completed.
    #[tf(optional, ext(wire("AbortIncompleteMultipartUpload.DaysAfterInitiation").codec(INT64)))]
    abort_incomplete_multipart_upload_in_days: Value<i64>,
    /// When objects move to a cheaper class.
    #[tf(optional, ext(wire("Transition"), Unordered))]
    transitions: Value<Vec<Transition>>,
}

/// When objects move.
#[derive(Object, Clone)]
pub(super) struct Transition {
    /// Where to.
    #[tf(required, ext(wire("StorageClass"), Identity))]
    storage_class: Value<StorageClass>,
    /// How many days after an object's creation.
    #[tf(required, ext(wire("Days").codec(INT64)))]
    in_days: Value<i64>,
}

/// Classes to which objects can move.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StorageClass {
    /// For what is read seldom.
    StandardIa,
    /// The same in one zone.
    OnezoneIa,
    /// S3 chooses by what is read.
    IntelligentTiering,
    /// An archive that is read at once.
    GlacierIr,
    /// An archive that is read within hours.
    Glacier,
    /// An archive that is read within a day.
    DeepArchive,
}

const STATUS: ScalarCodec = ScalarCodec {
    write: |value| json!(if value.as_bool() == Some(false) { "Disabled" } else { "Enabled" }),
    read: |status| Dynamic::Bool(status == "Enabled"),
};

/// Checks the rule of this ID.
pub(super) fn validate(id: &str, rule: &LifecycleRule, path: &Path, diagnostics: &mut Diagnostics) {
    if id.is_empty() || id.chars().count() > 255 {
        let detail = format!("The ID {id:?} has {} characters; 1 to 255 are allowed.", id.chars().count());
        diagnostics.push(Diagnostic::error("Invalid ID of a lifecycle rule", detail).at(path.clone()));
    }
    let does_nothing = rule.expiration_in_days.is_null()
        && rule.noncurrent_version_expiration_in_days.is_null()
        && rule.abort_incomplete_multipart_upload_in_days.is_null()
        && rule.transitions.is_null()
        && rule.expired_object_delete_marker.known() == Some(&false);
    if does_nothing {
        let detail = "Say what happens, and when: expiration_in_days, noncurrent_version_expiration_in_days, \
                      abort_incomplete_multipart_upload_in_days, expired_object_delete_marker or transitions.";
        diagnostics.push(Diagnostic::error("A lifecycle rule that does nothing", detail).at(path.clone()));
    }
    if rule.expired_object_delete_marker.known() == Some(&true) && !rule.expiration_in_days.is_null() {
        let detail = "S3 takes one of expired_object_delete_marker and expiration_in_days in a rule. Make two rules.";
        let path = path.attribute("expired_object_delete_marker");
        diagnostics.push(Diagnostic::error("A lifecycle rule expires in one way", detail).at(path));
    }
    if !rule.newer_noncurrent_versions.is_null() && rule.noncurrent_version_expiration_in_days.is_null() {
        let detail = "newer_noncurrent_versions goes with noncurrent_version_expiration_in_days. Set it, too.";
        let path = path.attribute("newer_noncurrent_versions");
        diagnostics.push(Diagnostic::error("Old versions that never expire", detail).at(path));
    }
    for (value, attribute) in [
        (&rule.expiration_in_days, "expiration_in_days"),
        (&rule.noncurrent_version_expiration_in_days, "noncurrent_version_expiration_in_days"),
        (&rule.abort_incomplete_multipart_upload_in_days, "abort_incomplete_multipart_upload_in_days"),
    ] {
        limits::number(value, 1..=i64::from(i32::MAX), attribute, path, diagnostics);
    }
    limits::number(&rule.newer_noncurrent_versions, 1..=100, "newer_noncurrent_versions", path, diagnostics);
}

/// The rules of S3's answer as the bucket's JSON has them; null where there are none.
pub(super) fn read(answer: &Json) -> Json {
    let rules: Vec<Json> = items(&answer["Rule"]).iter().cloned().map(shown).collect();
    if rules.is_empty() { Json::Null } else { json!({ "Rule": rules }) }
}

fn shown(mut rule: Json) -> Json {
    for list in ["Transition", "NoncurrentVersionTransition"] {
        if let Some(one) = rule.get_mut(list) {
            *one = Json::Array(items(one).to_vec());
        }
    }
    let old = wire::text(&rule, "Prefix").to_owned();
    wire::remove(&mut rule, "Prefix");
    if !old.is_empty() {
        wire::put(&mut rule, "Filter.Prefix", json!(old));
    }
    let says_nothing = match rule.get("Filter") {
        Some(Json::Object(filter)) => filter.iter().all(|(name, value)| name == "Prefix" && value == ""),
        Some(_) => true,
        None => false,
    };
    if says_nothing {
        wire::remove(&mut rule, "Filter");
    }
    rule
}

/// The rules as S3 takes them; `None` where there are none.
pub(super) fn written(lifecycle: &Json) -> Option<Json> {
    let rules = items(lifecycle.get("Rule")?);
    let told = |rule: &Json| {
        let mut rule = rule.clone();
        if rule.get("Filter").is_none() {
            rule["Filter"] = json!({ "Prefix": "" });
        }
        rule
    };
    (!rules.is_empty()).then(|| rules.iter().map(told).collect())
}
