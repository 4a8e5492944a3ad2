//! Rules for labels, which nearly all APIs share. The text says which rule was broken.

/// The most labels that an object can have.
pub const MOST_LABELS: usize = 64;

/// Why a label is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// A key without text.
    #[error("a label's key cannot be empty")]
    EmptyKey,
    /// A key that begins with something else than a letter.
    #[error("a label's key begins with a lower-case letter")]
    KeyStart,
    /// Too long.
    #[error("a label's key and its value have at most 63 characters each")]
    Length,
    /// Characters that labels do not have.
    #[error("labels have lower-case letters, digits, hyphens and underscores only")]
    Characters,
    /// A key that belongs to Google.
    #[error("keys that begin with goog- are set by Google's products alone")]
    Reserved,
}

/// Checks a key.
pub fn check_label_key(key: &str) -> Result<(), LabelError> {
    let first = key.chars().next().ok_or(LabelError::EmptyKey)?;
    if key.starts_with("goog-") {
        return Err(LabelError::Reserved);
    }
    check_label_value(key)?;
    if first.is_alphabetic() { Ok(()) } else { Err(LabelError::KeyStart) }
}

/// Checks a value; an empty one is allowed.
pub fn check_label_value(value: &str) -> Result<(), LabelError> {
    if value.chars().count() > 63 {
        return Err(LabelError::Length);
    }
    // Letters of scripts that know no case are allowed.
    let legal = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '-' | '_');
    if value.chars().all(legal) { Ok(()) } else { Err(LabelError::Characters) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_have_their_rules() {
        let long = "a".repeat(64);
        for (key, expected) in [
            ("environment", Ok(())),
            ("größe_2-x", Ok(())),
            ("", Err(LabelError::EmptyKey)),
            ("2nd", Err(LabelError::KeyStart)),
            ("_x", Err(LabelError::KeyStart)),
            ("Team", Err(LabelError::Characters)),
            ("a.b", Err(LabelError::Characters)),
            ("goog-x", Err(LabelError::Reserved)),
            (long.as_str(), Err(LabelError::Length)),
        ] {
            assert_eq!(check_label_key(key), expected, "{key}");
        }
        assert_eq!((check_label_value(""), check_label_value("1.0")), (Ok(()), Err(LabelError::Characters)));
    }
}
