//! Ranges that several kinds check.

use std::ops::RangeInclusive;

use tfplugin::{Diagnostic, Diagnostics, Path, Value};

use crate::types::Duration;

/// A number that is not in its range is an error.
pub(super) fn number(
    value: &Value<i64>,
    allowed: RangeInclusive<i64>,
    attribute: &str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if let Some(value) = value.known().filter(|value| !allowed.contains(value)) {
        let detail = format!("{attribute} is {value}; it can be from {} to {}.", allowed.start(), allowed.end());
        diagnostics.push(Diagnostic::error("Number out of range", detail).at(path.attribute(attribute)));
    }
}

/// A duration that is not in its range, which is given in seconds, is an error.
pub(super) fn length(
    value: &Value<Duration>,
    allowed: RangeInclusive<u64>,
    attribute: &str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if let Some(value) = value.known().filter(|value| !allowed.contains(&value.to_std().as_secs())) {
        let detail = format!("{attribute} is {value}; it can be from {}s to {}s.", allowed.start(), allowed.end());
        diagnostics.push(Diagnostic::error("Duration out of range", detail).at(path.attribute(attribute)));
    }
}
