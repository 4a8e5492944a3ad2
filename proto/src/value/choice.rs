//! Enumerations as attribute types: the run-time half of `#[derive(Choice)]`.

use super::Scalar;
use crate::suggest;

/// An enumeration that is written as one of a few words. Derive it: `#[derive(tfplugin::Choice)]`.
pub trait Choice: Scalar<Repr = String> {
    /// The word in configuration and on the wire.
    fn spelling(&self) -> &'static str;
}

/// A word that is none of the choices. The text lists them and names the nearest; it does not repeat the word, which
/// might be a secret in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("It must be one of {}.{}", choices.join(", "), hint(*nearest))]
pub struct ChoiceError {
    choices: &'static [&'static str],
    nearest: Option<&'static str>,
}

impl ChoiceError {
    /// The error of `word`, which is none of `choices`.
    pub fn new(word: &str, choices: &'static [&'static str]) -> Self {
        Self { choices, nearest: nearest(word, choices) }
    }
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |word| format!(" Did you mean {word}?"))
}

/// The choice that the word is a slip of. Case and dashes are the commonest slips.
fn nearest(word: &str, choices: &'static [&'static str]) -> Option<&'static str> {
    let fold = |text: &str| text.to_lowercase().replace('-', "_");
    let word = fold(word);
    let folded: Vec<String> = choices.iter().map(|choice| fold(choice)).collect();
    let same = folded.iter().position(|choice| *choice == word);
    let near = || {
        let near = suggest::nearest(&word, folded.iter().map(String::as_str))?;
        folded.iter().position(|choice| choice == near)
    };
    choices.get(same.or_else(near)?).copied()
}

#[cfg(test)]
mod tests {
    use super::ChoiceError;

    const CLASSES: &[&str] = &["STANDARD", "NEARLINE", "COLDLINE"];

    #[test]
    fn a_wrong_word_is_answered_with_the_list_and_the_nearest() {
        let text = ChoiceError::new("nearLine", CLASSES).to_string();
        assert_eq!(text, "It must be one of STANDARD, NEARLINE, COLDLINE. Did you mean NEARLINE?");
    }

    #[test]
    fn a_word_that_resembles_none_gets_no_suggestion() {
        let text = ChoiceError::new("glacier", CLASSES).to_string();
        assert_eq!(text, "It must be one of STANDARD, NEARLINE, COLDLINE.");
    }
}
