//! The rules for labels that most APIs share.

use serde_json::Value;

use crate::error::ApiError;

/// Judges a map of labels: at most 64; keys start with a letter; keys and values are lower case letters, digits, dashes and underscores, at most 63
/// characters.
///
/// # Errors
/// 400 that names the label.
pub(crate) fn check(labels: Option<&Value>) -> Result<(), ApiError> {
    let Some(labels) = labels.and_then(Value::as_object) else { return Ok(()) };
    if labels.len() > 64 {
        return Err(ApiError::invalid("No more than 64 labels can be added to a resource."));
    }
    for (key, value) in labels {
        let key_ok = key.chars().next().is_some_and(|c| c.is_lowercase() || is_uncased_letter(c)) && tail_is_sane(key);
        if !key_ok {
            return Err(ApiError::invalid(format!("Invalid label key \"{key}\".")));
        }
        match value {
            Value::String(text) if tail_is_sane(text) => {}
            Value::Null => {}
            _ => return Err(ApiError::invalid(format!("Invalid value {value} of label \"{key}\"."))),
        }
    }
    Ok(())
}

fn tail_is_sane(text: &str) -> bool {
    text.chars().count() <= 63
        && text.chars().all(|c| {
            c == '-'
                || c == '_'
                || c.is_ascii_digit()
                || c.is_lowercase()
                || is_uncased_letter(c)
                || (!c.is_ascii() && c.is_numeric())
        })
}

fn is_uncased_letter(c: char) -> bool {
    c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn capitals_and_leading_digits_are_refused() {
        assert!(check(Some(&json!({"a-b_1": "x-1"}))).is_ok());
        assert!(check(Some(&json!({"a": ""}))).is_ok());
        assert!(check(Some(&json!({"A": "x"}))).is_err());
        assert!(check(Some(&json!({"1a": "x"}))).is_err());
        assert!(check(Some(&json!({"a": "X"}))).is_err());
        assert!(check(Some(&json!({"a": "x y"}))).is_err());
    }
}
