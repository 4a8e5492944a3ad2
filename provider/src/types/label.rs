//! Rules for labels, which nearly all APIs share. The text says which rule was broken.

use std::sync::LazyLock;

use regex::Regex;

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
    #[error("labels have lower-case letters, digits, hyphens and underscores only, at most 63")]
    Characters,
    /// A key that belongs to Google.
    #[error("keys that begin with goog- are set by Google's products alone")]
    Reserved,
}

/// Checks a key by the rule that the APIs write as `[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}`.
pub fn check_label_key(key: &str) -> Result<(), LabelError> {
    let first = key.chars().next().ok_or(LabelError::EmptyKey)?;
    check_label_value(key)?;
    if is_letter(first) { Ok(()) } else { Err(LabelError::KeyStart) }
}

/// Checks a value by the rule that the APIs write as `[\p{Ll}\p{Lo}\p{N}_-]{0,63}`.
pub fn check_label_value(value: &str) -> Result<(), LabelError> {
    if value.chars().count() > 63 {
        return Err(LabelError::Length);
    }
    let legal = |character: char| matches!(character, '-' | '_') || is_letter(character) || is_number(character);
    if value.chars().all(legal) { Ok(()) } else { Err(LabelError::Characters) }
}

/// Checks a key that many objects shall have: Google's own are no one's to spread.
pub fn check_common_label_key(key: &str) -> Result<(), LabelError> {
    if key.starts_with("goog-") { Err(LabelError::Reserved) } else { check_label_key(key) }
}

/// `[\p{Ll}\p{Lo}]`
fn is_letter(character: char) -> bool {
    static LETTERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{Ll}\p{Lo}]").ok());
    if character.is_ascii() { character.is_ascii_lowercase() } else { is_one_of(&LETTERS, character) }
}

/// `\p{N}`
fn is_number(character: char) -> bool {
    static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{N}").ok());
    if character.is_ascii() { character.is_ascii_digit() } else { is_one_of(&NUMBERS, character) }
}

/// For what is not ASCII: a class of Unicode takes long to compile, and few labels need it.
fn is_one_of(class: &LazyLock<Option<Regex>>, character: char) -> bool {
    class.as_ref().is_none_or(|class| class.is_match(character.encode_utf8(&mut [0; 4])))
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
            ("goog-x", Ok(())),
            (long.as_str(), Err(LabelError::Length)),
        ] {
            assert_eq!(check_label_key(key), expected, "{key}");
        }
        assert_eq!(check_common_label_key("goog-x"), Err(LabelError::Reserved));
        assert_eq!((check_label_value(""), check_label_value("1.0")), (Ok(()), Err(LabelError::Characters)));
    }

    #[test]
    fn every_character_is_taken_where_the_apis_take_it() {
        let key = Regex::new(r"^[\p{Ll}\p{Lo}]$").unwrap();
        let value = Regex::new(r"^[\p{Ll}\p{Lo}\p{N}_-]$").unwrap();
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            let taken = (check_label_key(&text).is_ok(), check_label_value(&text).is_ok());
            assert_eq!(taken, (key.is_match(&text), value.is_match(&text)), "{character:?}");
        }
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!([63, 64].map(|length| check_label_key(&"é".repeat(length)).is_ok()), [true, false]);
    }
}
