//! What a bucket may be told, and what Cloud Storage makes of it: names, locations, defaults, rules.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{int, invalid};
use crate::api::{labels, locations};
use crate::clock;
use crate::error::ApiError;
use crate::json::{self, Object};

/// Fields that a caller may send and never sets.
pub(super) const OUTPUT_ONLY: &[&str] = &[
    "kind",
    "selfLink",
    "id",
    "name",
    "projectNumber",
    "generation",
    "metageneration",
    "etag",
    "timeCreated",
    "updated",
    "softDeleteTime",
    "hardDeleteTime",
    "owner",
    "satisfiesPZS",
    "satisfiesPZI",
    "acl",
    "defaultObjectAcl",
];

const MULTI_REGIONS: &[&str] = &["US", "EU", "ASIA"];
const DUAL_REGIONS: &[&str] = &["NAM4", "EUR4", "EUR5", "EUR7", "EUR8", "ASIA1"];
const CLASSES: &[&str] =
    &["STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL", "DURABLE_REDUCED_AVAILABILITY"];
const DAY: i64 = 86_400;
const MAX_RULES: usize = 100;
const MAX_RETENTION: i64 = 3_155_760_000;

/// A bucket's generation: microseconds, and three digits of `tick` to tell apart what happens within one.
pub(super) fn generation(at: Timestamp, tick: u64) -> i64 {
    at.as_microsecond().saturating_mul(1000).saturating_add(i64::try_from(tick % 1000).unwrap_or_default())
}

/// The rules for bucket names.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let bad = || invalid(format!("Invalid bucket name: '{name}'"));
    if name.is_empty() {
        return Err(ApiError::storage(400, "required", "Required parameter: name"));
    }
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let sane = (3..=222).contains(&name.len())
        && name.starts_with(edge)
        && name.ends_with(edge)
        && name.chars().all(|c| edge(c) || c == '-' || c == '_' || c == '.')
        && name.split('.').all(|part| (1..=63).contains(&part.len()))
        && (name.contains('.') || name.len() <= 63);
    let like_address = name.split('.').count() == 4 && name.split('.').all(|part| part.parse::<u8>().is_ok());
    let reserved = name.starts_with("goog") || name.contains("google") || name.contains("g00gle");
    if !sane || like_address || reserved {
        return Err(bad());
    }
    if name.contains('.') {
        return Err(ApiError::storage(
            403,
            "forbidden",
            "The bucket you tried to create is a domain name owned by another user.",
        ));
    }
    Ok(())
}

/// Judges the writable settings of a bucket and completes them as Cloud Storage does.
pub(super) fn settle(wanted: &mut Object, prior: Option<&Value>, at: Timestamp) -> Result<(), ApiError> {
    location(wanted)?;
    storage_class(wanted, prior, at)?;
    soft_delete(wanted, prior, at)?;
    iam_configuration(wanted, prior, at)?;
    lifecycle(wanted)?;
    retention(wanted, prior, at)?;
    labels::check(wanted.get("labels")).map_err(|error| invalid(error.message.clone()))?;
    encryption(wanted)?;
    small_things(wanted)
}

fn text<'a>(object: &'a Object, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn location(wanted: &mut Object) -> Result<(), ApiError> {
    let location = match text(wanted, "location") {
        "" => "US".to_owned(),
        location => location.to_uppercase(),
    };
    let bad = || invalid("The specified location constraint is not valid.");
    let is_region = locations::is_region(&location.to_lowercase());
    let mut kind = if MULTI_REGIONS.contains(&location.as_str()) {
        "multi-region"
    } else if DUAL_REGIONS.contains(&location.as_str()) {
        "dual-region"
    } else if is_region {
        "region"
    } else {
        return Err(bad());
    };
    if let Some(Value::Object(placement)) = wanted.get_mut("customPlacementConfig") {
        let mut pair: Vec<String> = placement
            .get("dataLocations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|place| place.as_str().map(str::to_uppercase))
            .collect();
        if kind != "multi-region"
            || pair.len() != 2
            || !pair.iter().all(|place| locations::is_region(&place.to_lowercase()))
        {
            return Err(bad());
        }
        pair.sort();
        placement.insert("dataLocations".to_owned(), json!(pair));
        kind = "dual-region";
    }
    match (kind, text(wanted, "rpo")) {
        ("region", "" | "DEFAULT") => {
            wanted.remove("rpo");
        }
        (_, "" | "DEFAULT") => {
            wanted.insert("rpo".to_owned(), json!("DEFAULT"));
        }
        ("dual-region", "ASYNC_TURBO") => {}
        (_, rpo) => return Err(invalid(format!("The recovery point objective {rpo} is not available in {location}."))),
    }
    wanted.insert("location".to_owned(), json!(location));
    wanted.insert("locationType".to_owned(), json!(kind));
    Ok(())
}

fn check_class(class: &str) -> Result<(), ApiError> {
    if CLASSES.contains(&class) {
        Ok(())
    } else {
        Err(invalid(format!("Invalid argument: unknown storage class {class}.")))
    }
}

fn storage_class(wanted: &mut Object, prior: Option<&Value>, at: Timestamp) -> Result<(), ApiError> {
    let class = match text(wanted, "storageClass") {
        "" => "STANDARD".to_owned(),
        class => class.to_owned(),
    };
    check_class(&class)?;
    wanted.insert("storageClass".to_owned(), json!(class));
    let before = prior.and_then(|prior| prior.get("autoclass"));
    let Some(Value::Object(autoclass)) = wanted.get_mut("autoclass") else { return Ok(()) };
    let now = clock::millis(at);
    let was = before.is_some_and(|before| before["enabled"] == json!(true));
    if autoclass.get("enabled") == Some(&json!(true)) {
        let terminal = match text(autoclass, "terminalStorageClass") {
            "" => "NEARLINE".to_owned(),
            class @ ("NEARLINE" | "ARCHIVE") => class.to_owned(),
            class => return Err(invalid(format!("{class} cannot be the terminal storage class of Autoclass."))),
        };
        let same_terminal = before.is_some_and(|before| before["terminalStorageClass"] == terminal.as_str());
        let keep = |field: &str, unchanged: bool| match before.and_then(|before| before.get(field)) {
            Some(value) if was && unchanged => value.clone(),
            _ => json!(now),
        };
        let (toggled, updated) = (keep("toggleTime", true), keep("terminalStorageClassUpdateTime", same_terminal));
        autoclass.insert("terminalStorageClass".to_owned(), json!(terminal));
        autoclass.insert("toggleTime".to_owned(), toggled);
        autoclass.insert("terminalStorageClassUpdateTime".to_owned(), updated);
        wanted.insert("storageClass".to_owned(), json!("STANDARD"));
    } else if before.is_none() {
        wanted.remove("autoclass");
    } else {
        let toggled = match before.and_then(|before| before.get("toggleTime")) {
            Some(value) if !was => value.clone(),
            _ => json!(now),
        };
        wanted.insert("autoclass".to_owned(), json!({"enabled": false, "toggleTime": toggled}));
    }
    Ok(())
}

fn soft_delete(wanted: &mut Object, prior: Option<&Value>, at: Timestamp) -> Result<(), ApiError> {
    let before = prior.and_then(|prior| prior.get("softDeletePolicy"));
    let seconds = match wanted.get("softDeletePolicy").and_then(|policy| policy.get("retentionDurationSeconds")) {
        Some(value) => int(value).ok_or_else(|| invalid("Invalid soft delete retention duration."))?,
        None => 7 * DAY,
    };
    if seconds != 0 && !(7 * DAY..=90 * DAY).contains(&seconds) {
        return Err(invalid("Soft delete policy retention duration must be 0 or between 7 and 90 days."));
    }
    let mut policy = json!({"retentionDurationSeconds": seconds.to_string()});
    if seconds != 0 {
        policy["effectiveTime"] = match before {
            Some(before) if before["retentionDurationSeconds"] == policy["retentionDurationSeconds"] => {
                before["effectiveTime"].clone()
            }
            _ => json!(clock::millis(at)),
        };
    }
    wanted.insert("softDeletePolicy".to_owned(), policy);
    Ok(())
}

fn iam_configuration(wanted: &mut Object, prior: Option<&Value>, at: Timestamp) -> Result<(), ApiError> {
    let sent = wanted.remove("iamConfiguration").unwrap_or_default();
    let prevention = match sent["publicAccessPrevention"].as_str().unwrap_or_default() {
        "" | "inherited" | "unspecified" => "inherited",
        "enforced" => "enforced",
        other => return Err(invalid(format!("Invalid public access prevention {other}."))),
    };
    let before = prior.and_then(|prior| json::at(prior, "iamConfiguration.uniformBucketLevelAccess"));
    let was = before.is_some_and(|before| before["enabled"] == json!(true));
    let new = sent["uniformBucketLevelAccess"]["enabled"] == json!(true);
    let old = sent["bucketPolicyOnly"]["enabled"] == json!(true);
    // The two are one setting under two names; who changes one of them means that one.
    let enabled = if prior.is_some() {
        if new == was { if old == was || sent.get("bucketPolicyOnly").is_none() { new } else { old } } else { new }
    } else {
        new || old
    };
    let mut access = json!({"enabled": enabled});
    if enabled {
        access["lockedTime"] = match before {
            Some(before) if was => before["lockedTime"].clone(),
            _ => json!(clock::millis(clock::days_later(at, 90))),
        };
    } else if was {
        let locked =
            before.and_then(|before| before["lockedTime"].as_str()).and_then(|text| text.parse::<Timestamp>().ok());
        if locked.is_some_and(|locked| locked < at) {
            return Err(ApiError::storage(
                412,
                "conditionNotMet",
                "Uniform bucket-level access is locked and cannot be disabled any more.",
            ));
        }
    }
    if wanted.get("hierarchicalNamespace").is_some_and(|namespace| namespace["enabled"] == json!(true)) && !enabled {
        return Err(invalid("A hierarchical namespace needs uniform bucket-level access."));
    }
    wanted.insert(
        "iamConfiguration".to_owned(),
        json!({"bucketPolicyOnly": access, "uniformBucketLevelAccess": access, "publicAccessPrevention": prevention}),
    );
    Ok(())
}

fn lifecycle(wanted: &mut Object) -> Result<(), ApiError> {
    let autoclass = wanted.get("autoclass").is_some_and(|autoclass| autoclass["enabled"] == json!(true));
    let Some(lifecycle) = wanted.get_mut("lifecycle") else { return Ok(()) };
    let rules = lifecycle.get_mut("rule").and_then(Value::as_array_mut);
    let Some(rules) = rules.filter(|rules| !rules.is_empty()) else {
        wanted.remove("lifecycle");
        return Ok(());
    };
    if rules.len() > MAX_RULES {
        return Err(invalid(format!("A lifecycle configuration has at most {MAX_RULES} rules.")));
    }
    for rule in rules {
        lifecycle_rule(rule, autoclass)?;
    }
    Ok(())
}

fn lifecycle_rule(rule: &mut Value, autoclass: bool) -> Result<(), ApiError> {
    let class = rule["action"]["storageClass"].as_str().unwrap_or_default().to_owned();
    let action = rule["action"]["type"].as_str().unwrap_or_default().to_owned();
    match action.as_str() {
        "SetStorageClass" if class.is_empty() => {
            return Err(invalid("A lifecycle action SetStorageClass needs a storage class."));
        }
        "SetStorageClass" if autoclass => return Err(invalid("Lifecycle actions SetStorageClass exclude Autoclass.")),
        "SetStorageClass" => check_class(&class)?,
        "Delete" | "AbortIncompleteMultipartUpload" if class.is_empty() => {}
        "Delete" | "AbortIncompleteMultipartUpload" => {
            return Err(invalid(format!("A lifecycle action {action} has no storage class.")));
        }
        _ => return Err(invalid(format!("Invalid lifecycle action '{action}'."))),
    }
    let condition = rule.get_mut("condition").and_then(Value::as_object_mut);
    let Some(condition) = condition else { return Err(invalid("A lifecycle rule needs a condition.")) };
    condition.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    if condition.is_empty() {
        return Err(invalid("A lifecycle rule needs a condition."));
    }
    for (field, value) in condition.iter() {
        let ok = match field.as_str() {
            "age" | "numNewerVersions" | "daysSinceNoncurrentTime" | "daysSinceCustomTime" => {
                int(value).is_some_and(|n| n >= 0)
            }
            "createdBefore" | "customTimeBefore" | "noncurrentTimeBefore" => {
                value.as_str().is_some_and(|date| date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok())
            }
            "isLive" => value.is_boolean(),
            "matchesStorageClass" => {
                for class in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    check_class(class)?;
                }
                !autoclass
            }
            "matchesPrefix" | "matchesSuffix" => value.as_array().is_some_and(|list| list.len() <= 1000),
            "matchesPattern" => value.is_string(),
            // int64 in the discovery document, so a string.
            "sizeAboveBytes" | "sizeBelowBytes" => value.is_string() && int(value).is_some_and(|n| n >= 0),
            _ => false,
        };
        if !ok {
            return Err(invalid(format!("Invalid lifecycle condition {field}.")));
        }
        if action == "AbortIncompleteMultipartUpload"
            && !["age", "matchesPrefix", "matchesSuffix"].contains(&field.as_str())
        {
            return Err(invalid(format!("The lifecycle action {action} does not go with the condition {field}.")));
        }
    }
    for field in ["age", "numNewerVersions", "daysSinceNoncurrentTime", "daysSinceCustomTime"] {
        if let Some(number) = condition.get(field).and_then(int) {
            condition.insert(field.to_owned(), json!(number));
        }
    }
    Ok(())
}

fn retention(wanted: &mut Object, prior: Option<&Value>, at: Timestamp) -> Result<(), ApiError> {
    let before = prior.and_then(|prior| prior.get("retentionPolicy"));
    let locked = before.is_some_and(|before| before["isLocked"] == json!(true));
    let old = before.and_then(|before| int(&before["retentionPeriod"]));
    let new = match wanted.get("retentionPolicy") {
        None | Some(Value::Null) => None,
        Some(policy) => match int(&policy["retentionPeriod"]) {
            Some(seconds) if (1..=MAX_RETENTION).contains(&seconds) => Some(seconds),
            _ => return Err(invalid("A retention period is between one second and 100 years.")),
        },
    };
    if locked && new.unwrap_or_default() < old.unwrap_or_default() {
        return Err(ApiError::storage(
            403,
            "forbidden",
            "The retention policy is locked: it can neither be removed nor shortened.",
        ));
    }
    let Some(seconds) = new else {
        wanted.remove("retentionPolicy");
        return Ok(());
    };
    let effective = match before {
        Some(before) if old == Some(seconds) => before["effectiveTime"].clone(),
        _ => json!(clock::millis(at)),
    };
    let mut policy = json!({"retentionPeriod": seconds.to_string(), "effectiveTime": effective});
    if locked {
        policy["isLocked"] = json!(true);
    }
    wanted.insert("retentionPolicy".to_owned(), policy);
    Ok(())
}

fn encryption(wanted: &mut Object) -> Result<(), ApiError> {
    let location = text(wanted, "location").to_owned();
    let Some(Value::Object(encryption)) = wanted.get_mut("encryption") else { return Ok(()) };
    encryption.retain(|_, value| !json::is_zero(value));
    let Some(key) = encryption.get("defaultKmsKeyName").and_then(Value::as_str) else {
        if encryption.is_empty() {
            wanted.remove("encryption");
        }
        return Ok(());
    };
    let parts: Vec<&str> = key.split('/').collect();
    let ["projects", _, "locations", place, "keyRings", _, "cryptoKeys", _] = parts.as_slice() else {
        return Err(invalid(format!("Invalid Cloud KMS key name: {key}")));
    };
    let place = place.to_uppercase();
    // A key of the multi-region Europe is written "europe", the bucket's location "EU".
    let same = place == location || (place == "EUROPE" && location == "EU");
    if same {
        Ok(())
    } else {
        Err(invalid(format!("The Cloud KMS key {key} is not in the bucket's location {location}.")))
    }
}

/// Settings that are dropped when empty, and small defaults.
fn small_things(wanted: &mut Object) -> Result<(), ApiError> {
    let empty = |value: &Value| match value {
        Value::Object(object) => object.values().all(json::is_zero),
        value => json::is_zero(value),
    };
    for field in ["website", "cors", "labels", "logging", "ipFilter"] {
        if wanted.get(field).is_some_and(empty)
            && !(field == "labels" && wanted[field].as_object().is_some_and(|l| !l.is_empty()))
        {
            wanted.remove(field);
        }
    }
    if wanted.get("hierarchicalNamespace").is_some_and(|namespace| namespace["enabled"] != json!(true)) {
        wanted.remove("hierarchicalNamespace");
    }
    for rule in wanted.get_mut("cors").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(rule) = rule.as_object_mut() {
            rule.retain(|field, value| field == "maxAgeSeconds" || !json::is_zero(value));
            if rule.get("maxAgeSeconds").is_some_and(|age| int(age).is_none_or(|age| age < 0)) {
                return Err(invalid("Invalid maxAgeSeconds in a CORS rule."));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(wanted: Value) -> Result<Value, ApiError> {
        let at: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a timestamp");
        let mut wanted = wanted.as_object().cloned().unwrap_or_default();
        settle(&mut wanted, None, at).map(|()| Value::Object(wanted))
    }

    #[test]
    fn names_follow_the_rules() {
        for good in ["abc", "a-b_c9", "my-bucket-1"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["ab", "Abc", "-abc", "abc-", "goog-x", "my-google-bucket", "1.2.3.4", "a..b", &"a".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bucket_without_settings_gets_the_defaults() {
        let bucket = settled(json!({})).expect("a bucket");
        assert_eq!(bucket["location"], "US");
        assert_eq!(bucket["locationType"], "multi-region");
        assert_eq!(bucket["rpo"], "DEFAULT");
        assert_eq!(bucket["storageClass"], "STANDARD");
        assert_eq!(bucket["softDeletePolicy"]["retentionDurationSeconds"], "604800");
        assert_eq!(bucket["iamConfiguration"]["publicAccessPrevention"], "inherited");
        assert_eq!(bucket["iamConfiguration"]["uniformBucketLevelAccess"], json!({"enabled": false}));
    }

    #[test]
    fn a_region_has_no_rpo() {
        let bucket = settled(json!({"location": "europe-west1"})).expect("a bucket");
        assert_eq!(bucket["location"], "EUROPE-WEST1");
        assert!(bucket.get("rpo").is_none());
    }

    #[test]
    fn soft_delete_is_off_or_between_seven_and_ninety_days() {
        let off = settled(json!({"softDeletePolicy": {"retentionDurationSeconds": "0"}})).expect("a bucket");
        assert_eq!(off["softDeletePolicy"], json!({"retentionDurationSeconds": "0"}));
        assert!(settled(json!({"softDeletePolicy": {"retentionDurationSeconds": 86400}})).is_err());
    }

    #[test]
    fn an_age_of_zero_is_kept() {
        let rule = json!({"action": {"type": "Delete"}, "condition": {"age": 0, "matchesPrefix": []}});
        let bucket = settled(json!({"lifecycle": {"rule": [rule]}})).expect("a bucket");
        assert_eq!(bucket["lifecycle"]["rule"][0]["condition"], json!({"age": 0}));
    }

    #[test]
    fn lifecycle_rules_are_judged() {
        for rule in [
            json!({"action": {"type": "Delete"}, "condition": {}}),
            json!({"action": {"type": "Delete"}}),
            json!({"action": {"type": "Destroy"}, "condition": {"age": 1}}),
            json!({"action": {"type": "SetStorageClass"}, "condition": {"age": 1}}),
            json!({"action": {"type": "Delete", "storageClass": "NEARLINE"}, "condition": {"age": 1}}),
            json!({"action": {"type": "Delete"}, "condition": {"createdBefore": "yesterday"}}),
            json!({"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"isLive": true}}),
        ] {
            assert!(settled(json!({"lifecycle": {"rule": [rule]}})).is_err(), "{rule}");
        }
    }

    #[test]
    fn an_empty_lifecycle_is_none() {
        assert!(settled(json!({"lifecycle": {"rule": []}})).expect("a bucket").get("lifecycle").is_none());
    }
}
