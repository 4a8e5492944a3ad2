//! The rules of `userLabels`, which channels and policies share.

use serde_json::Value;

use super::invalid;
use crate::error::ApiError;
use crate::json::Object;

/// Judges `userLabels` of `owner` (`alert_policy`).
///
/// # Errors
/// 400 for too many, too long or malformed ones.
pub(super) fn check_user_labels(body: &Object, owner: &str) -> Result<(), ApiError> {
    let Some(labels) = body.get("userLabels").and_then(Value::as_object) else { return Ok(()) };
    let field = format!("{owner}.user_labels");
    if labels.len() > 64 {
        return Err(invalid(&field, "", "must have at most 64 entries"));
    }
    let fits = |text: &str| {
        text.len() <= 128
            && text.chars().count() <= 63
            && text
                .chars()
                .all(|c| matches!(c, '_' | '-') || c.is_ascii_digit() || c.is_alphabetic() && !c.is_uppercase())
    };
    for (key, value) in labels {
        if !fits(key) || !key.starts_with(char::is_alphabetic) {
            return Err(invalid(
                &field,
                key,
                "Label keys can contain only lowercase letters, numerals, underscores, and dashes, and must begin with a letter.",
            ));
        }
        if !value.as_str().is_some_and(fits) {
            let shown = value.as_str().unwrap_or_default();
            return Err(invalid(
                &field,
                shown,
                "Label values can contain only lowercase letters, numerals, underscores, and dashes.",
            ));
        }
    }
    Ok(())
}
