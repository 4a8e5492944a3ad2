//! Whether an object bears a stack's name, in its own name or in its labels.
//!
//! People write one name in many ways: `retainwise-alb`, `/ecs/retainwise/api`, `RetainWiseAlerts`, `Project = "RetainWise"`.
//! A name is read as words; a stack's name is in it where words that follow one another spell it. A stack that is called
//! after its project and stage, `fraud-prod`, is also named by both apart: `prod-eu-fraud`, or two labels.

use std::collections::BTreeSet;

use super::Candidate;
use crate::engine::tree;

/// Whether the name or a label's value of a candidate says the stack's name.
pub(super) fn bears(candidate: &Candidate, stack: &str) -> bool {
    let labels = tree::strings(candidate.found.tree.get(candidate.kind.effective_labels()));
    // A service's also has its cluster's.
    let name = format!("{} {}", candidate.name(), candidate.found.name);
    names(stack, &name, labels.values().map(String::as_str))
}

fn names<'l>(stack: &str, name: &str, labels: impl Iterator<Item = &'l str>) -> bool {
    let mut said = spelt(name);
    said.extend(labels.map(squashed));
    let whole = squashed(stack);
    let mut parts = stack.split(|sign: char| !sign.is_alphanumeric()).map(squashed).filter(|part| !part.is_empty());
    !whole.is_empty() && (said.contains(&whole) || parts.all(|part| said.contains(&part)))
}

/// A text without case and punctuation.
fn squashed(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Everything that words of a name that follow one another spell.
fn spelt(name: &str) -> BTreeSet<String> {
    let words = words(name);
    let runs = (0..words.len()).flat_map(|from| (from..words.len()).map(move |to| from..=to));
    runs.map(|run| words[run].concat()).collect()
}

/// The words of a name, in lower case: at punctuation, and where a capital follows a small letter or a digit.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for sign in name.chars() {
        let begins = sign.is_uppercase() && (before.is_lowercase() || before.is_numeric());
        if begins || !sign.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (sign.is_alphanumeric(), words.last_mut()) {
            word.extend(sign.to_lowercase());
        }
        before = sign;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_named_however_people_write_it() {
        for (stack, name, labels) in [
            ("retainwise", "prod-retainwise-dlq", &[][..]),
            ("retainwise", "/ecs/retainwise/api", &[]),
            ("retainwise", "RetainWiseAlerts", &[]),
            ("retain-wise", "retainwise-alb", &[]),
            ("retainwise", "retain_wise_alb", &[]),
            ("retainwise", "uploads", &["prod", "RetainWise"]),
            ("fraud-prod", "prod-eu-fraud-queue", &[]),
            ("fraud-prod", "scores", &["fraud", "prod"]),
            ("fraud-prod", "fraud-scores", &["prod"]),
        ] {
            assert!(names(stack, name, labels.iter().copied()), "{stack}: {name} {labels:?}");
        }
    }

    #[test]
    fn what_only_looks_like_the_name_is_not_it() {
        for (stack, name, labels) in [
            ("retainwise", "retain-legacy-events", &[][..]),
            ("retain", "retainwise-alb", &[]),
            ("api", "rapid-fire", &[]),
            ("retainwise", "uploads", &["not of retainwise"]),
            ("fraud-prod", "fraud-scores", &["staging"]),
        ] {
            assert!(!names(stack, name, labels.iter().copied()), "{stack}: {name} {labels:?}");
        }
    }
}
