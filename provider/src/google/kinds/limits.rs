//! Limits that the APIs document, so that a plan refuses what an apply would.
//!
//! Each kind says its numbers; here is how one is judged and what is said of it. For limits of texts see `crate::types`.

use tfplugin::{Diagnostic, Diagnostics, Path, Scalar as _, Value};

use crate::engine::wire::human_duration;
use crate::types::Duration;

/// Refuses a length of time outside `least..=most` seconds.
pub(super) fn length(
    length: &Value<Duration>,
    (least, most): (u64, u64),
    name: &str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    let Some(length) = length.known().filter(|length| !(least..=most).contains(&length.to_std().as_secs())) else {
        return;
    };
    let (least, most, text) = (human_duration(least), human_duration(most), length.repr());
    diagnostics.push(
        Diagnostic::error(
            format!("{name} out of range"),
            format!("{name} must be between {least} and {most}; it is {text}."),
        )
        .at(path.attribute(name.to_owned())),
    );
}

/// Refuses a number outside `least..=most`.
pub(super) fn number(
    number: &Value<i64>,
    (least, most): (i64, i64),
    name: &'static str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    if let Some(number) = number.known().filter(|number| !(least..=most).contains(number)) {
        diagnostics.push(
            Diagnostic::error(
                format!("{name} out of range"),
                format!("{name} must be between {least} and {most}; it is {number}."),
            )
            .at(path.attribute(name)),
        );
    }
}

/// Whether `name` can be one of Compute Engine.
pub(super) fn is_compute_name(name: &str) -> bool {
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Why `name` cannot be one of Compute Engine; `None` where it can.
pub(super) fn compute_name(name: &str) -> Option<String> {
    (!is_compute_name(name)).then(|| {
        format!(
            "{name:?} cannot be a name of Compute Engine: it must have at most 63 lower-case letters, digits and '-', begin with \
             a letter and not end with '-'. It defaults to the KEY; set name where the KEY does not do."
        )
    })
}
