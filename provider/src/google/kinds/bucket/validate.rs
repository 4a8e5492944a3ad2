//! What Cloud Storage would refuse of a new bucket or setting, said at plan time.

use tfplugin::{Choice, Diagnostic, Diagnostics, Path, Value};

use super::{BucketSpec, LifecycleAction, LifecycleRule, StorageClass};
use crate::types::Duration;

const DAY: u64 = 86_400;

/// Checks the values that are known.
pub(super) fn bucket(spec: &BucketSpec, path: &Path, diagnostics: &mut Diagnostics) {
    classes(spec, path, diagnostics);
    retention(spec, path, diagnostics);
    namespace(spec, path, diagnostics);
    let rules = spec.lifecycle_rules.known().map(Vec::as_slice).unwrap_or_default();
    let at = path.attribute("lifecycle_rules");
    if rules.len() > 100 {
        diagnostics.push(
            Diagnostic::error(
                "Too many lifecycle rules",
                format!(
                    "A bucket can have 100 lifecycle rules; these are {}. Join rules that share an action.",
                    rules.len()
                ),
            )
            .at(at.clone()),
        );
    }
    for (index, rule) in rules.iter().enumerate() {
        lifecycle_rule(rule, &at.index(index), diagnostics);
    }
}

fn classes(spec: &BucketSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let is_on = spec.autoclass.known().is_some_and(|autoclass| autoclass.enabled.known() == Some(&true));
    if !is_on {
        return;
    }
    if let Some(class) = spec.storage_class.known().filter(|class| **class != StorageClass::Standard) {
        diagnostics.push(
            Diagnostic::error(
                "Autoclass sets the storage class",
                format!(
                    "With autoclass a bucket's storage_class is STANDARD, not {}: objects start there and move by use. Remove \
                     storage_class, or autoclass.",
                    class.spelling()
                ),
            )
            .at(path.attribute("storage_class")),
        );
    }
    for (index, rule) in spec.lifecycle_rules.known().into_iter().flatten().enumerate() {
        if rule.action.known() == Some(&LifecycleAction::SetStorageClass) {
            diagnostics.push(
                Diagnostic::error(
                    "Autoclass sets the storage class",
                    "With autoclass no lifecycle rule can be SetStorageClass. Remove the rule, or autoclass.",
                )
                .at(path.attribute("lifecycle_rules").index(index).attribute("action")),
            );
        }
    }
}

fn retention(spec: &BucketSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let seconds = |value: &Value<Duration>| {
        value.known().and_then(|duration| Some((duration.to_string(), duration.whole_seconds()?)))
    };
    let lengths =
        [("soft_delete_retention", &spec.soft_delete_retention), ("retention_period", &spec.retention_period)];
    for (name, value) in lengths {
        if let Some(length) = value.known().filter(|length| length.whole_seconds().is_none()) {
            diagnostics.push(
                Diagnostic::error(
                    "Not in whole seconds",
                    format!("{name} must be in whole seconds, as 7d or 90s; it is {length}."),
                )
                .at(path.attribute(name)),
            );
        }
    }
    if let Some((text, seconds)) = seconds(&spec.soft_delete_retention)
        && seconds != 0
        && !(7 * DAY..=90 * DAY).contains(&seconds)
    {
        diagnostics.push(
            Diagnostic::error(
                "Soft delete retention out of range",
                format!("soft_delete_retention must be 0s (off) or between 7d and 90d; it is {text}."),
            )
            .at(path.attribute("soft_delete_retention")),
        );
    }
    if let Some((text, seconds)) = seconds(&spec.retention_period)
        && !(1..=36_525 * DAY).contains(&seconds)
    {
        diagnostics.push(
                Diagnostic::error(
                    "Retention period out of range",
                    format!(
                        "retention_period must be between 1s and 36525d (100 years); it is {text}. Remove the attribute for no \
                         retention."
                    ),
                )
                .at(path.attribute("retention_period")),
            );
    }
}

fn namespace(spec: &BucketSpec, path: &Path, diagnostics: &mut Diagnostics) {
    if spec.hierarchical_namespace.known() == Some(&true) {
        if spec.uniform_bucket_level_access.known() == Some(&false) {
            diagnostics.push(
                Diagnostic::error(
                    "A hierarchical namespace needs uniform access",
                    "hierarchical_namespace = true needs uniform_bucket_level_access = true, which is the default.",
                )
                .at(path.attribute("uniform_bucket_level_access")),
            );
        }
        if spec.versioning.known() == Some(&true) {
            diagnostics.push(
                Diagnostic::error(
                    "A hierarchical namespace keeps no versions",
                    "hierarchical_namespace and versioning exclude each other. Set one of them to false.",
                )
                .at(path.attribute("versioning")),
            );
        }
    }
    if let Some(regions) = spec.data_locations.known().filter(|regions| regions.len() != 2) {
        diagnostics.push(
            Diagnostic::error(
                "A dual-region has two regions",
                format!("data_locations must name two regions of one continent; it names {}.", regions.len()),
            )
            .at(path.attribute("data_locations")),
        );
    }
}

fn lifecycle_rule(rule: &LifecycleRule, path: &Path, diagnostics: &mut Diagnostics) {
    let mut error = |attribute: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
    };
    let days = [
        ("age", &rule.age),
        ("num_newer_versions", &rule.num_newer_versions),
        ("days_since_noncurrent_time", &rule.days_since_noncurrent_time),
        ("days_since_custom_time", &rule.days_since_custom_time),
    ];
    for (name, value) in days {
        if let Some(value) = value.known().filter(|value| !(0..=i64::from(i32::MAX)).contains(*value)) {
            error(
                name,
                "Lifecycle condition out of range",
                format!("{name} must be a whole number from 0; it is {value}."),
            );
        }
    }
    let dates = [
        ("created_before", &rule.created_before),
        ("noncurrent_time_before", &rule.noncurrent_time_before),
        ("custom_time_before", &rule.custom_time_before),
    ];
    for (name, value) in dates {
        if let Some(text) = value.known().filter(|text| text.parse::<jiff::civil::Date>().is_err()) {
            error(name, "Not a date", format!("{name} must be a day as 2025-12-31; it is {text:?}."));
        }
    }
    match rule.action.known() {
        Some(LifecycleAction::SetStorageClass) if rule.storage_class.is_null() => error(
            "storage_class",
            "A storage class is missing",
            "SetStorageClass needs storage_class: NEARLINE, COLDLINE, ARCHIVE or STANDARD.".to_owned(),
        ),
        Some(action @ (LifecycleAction::Delete | LifecycleAction::AbortIncompleteMultipartUpload))
            if !rule.storage_class.is_null() =>
        {
            error(
                "storage_class",
                "The storage class has no use",
                format!(
                    "{} sets no class. Remove storage_class, or set action = \"SetStorageClass\".",
                    action.spelling()
                ),
            );
        }
        _ => {}
    }
    let set = [
        !rule.age.is_null(),
        !rule.num_newer_versions.is_null(),
        !rule.days_since_noncurrent_time.is_null(),
        !rule.days_since_custom_time.is_null(),
        !rule.created_before.is_null(),
        !rule.noncurrent_time_before.is_null(),
        !rule.custom_time_before.is_null(),
        rule.with_state.known().is_some_and(|state| state.spelling() != "ANY") || rule.with_state.is_unknown(),
        !rule.matches_prefix.is_null(),
        !rule.matches_suffix.is_null(),
        !rule.matches_storage_class.is_null(),
        !rule.size_above_bytes.is_null(),
        !rule.size_below_bytes.is_null(),
    ];
    if !set.contains(&true) {
        diagnostics.push(
            Diagnostic::error(
                "A lifecycle rule without a condition",
                "The rule would fit every object, and Cloud Storage refuses it. Add a condition, such as age = 90.",
            )
            .at(path.clone()),
        );
    } else if rule.age.known() == Some(&0)
        && rule.action.known() == Some(&LifecycleAction::Delete)
        && set.iter().filter(|is_set| **is_set).count() == 1
    {
        diagnostics.push(
            Diagnostic::warning(
                "Every object will be deleted",
                "age = 0 with no other condition fits every object as soon as it exists. Remove the rule unless the bucket is to \
                 be emptied for good.",
            )
            .at(path.attribute("age")),
        );
    }
}
