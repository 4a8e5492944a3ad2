//! Enumerations as attribute types: the run-time half of `#[derive(Choice)]`.

use super::Scalar;

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

/// The choice that is a slip of the pen away, if one is; case is the commonest slip.
fn nearest(word: &str, choices: &'static [&'static str]) -> Option<&'static str> {
    // Longer input is no slip, and the table below grows with it.
    if word.len() > 100 {
        return None;
    }
    let word = word.to_lowercase().replace('-', "_");
    choices
        .iter()
        .map(|choice| (edits(&word, &choice.to_lowercase().replace('-', "_")), *choice))
        .filter(|(edits, choice)| *edits <= 1 + choice.len() / 4)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, choice)| choice)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
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
