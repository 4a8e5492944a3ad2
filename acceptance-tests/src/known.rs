//! Where state and cloud are known to disagree, test by test. The list may only get shorter: a line of it that is no longer true
//! fails its test.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

const LIST: &str = include_str!("known-disagreements.txt");

/// The lines about one test, and which of them were true.
#[derive(Debug)]
pub(crate) struct Known {
    parts: Vec<&'static str>,
    seen: Mutex<BTreeSet<&'static str>>,
}

impl Known {
    /// What is known of a test; `import::on_installed::NAME` and `import::on_1_15::NAME` are `import::NAME` in the list.
    pub(crate) fn of(test: &str) -> Self {
        let test = test.replace("on_installed::", "").replace("on_1_15::", "");
        let parts = lines().filter(|(name, _)| *name == test).map(|(_, part)| part);
        Self { parts: parts.collect(), seen: Mutex::default() }
    }

    /// The disagreements that nobody knows of.
    pub(crate) fn unknown(&self, found: Vec<String>) -> Vec<String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_unknown = |line: &String| {
            let known: Vec<_> = self.parts.iter().filter(|part| line.contains(**part)).copied().collect();
            seen.extend(&known);
            known.is_empty()
        };
        found.into_iter().filter(is_unknown).collect()
    }

    /// The lines that were never true.
    pub(crate) fn outdated(&self) -> Vec<&'static str> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.parts.iter().filter(|part| !seen.contains(**part)).copied().collect()
    }
}

/// Test and part of the sentence.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIST.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_left_out_and_must_be_true() {
        let known = Known { parts: vec!["b bears", "c is"], seen: Mutex::default() };
        assert_eq!(known.unknown(vec!["a bears".to_owned(), "b bears".to_owned()]), ["a bears"]);
        assert_eq!(known.outdated(), ["c is"]);
    }

    #[test]
    fn every_line_names_a_test() {
        for (test, _) in lines() {
            let (module, name) = test.split_once("::").unwrap();
            let file = crate::workspace().join(format!("acceptance-tests/tests/acceptance/{module}.rs"));
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains(&format!("fn {name}(")), "{test} is no test");
        }
    }
}
