//! The violations of today, a line each. The list may only shrink: a new one fails, and so does a line that is no longer
//! true, so that it is taken off and does not come back.

use std::collections::BTreeSet;

use crate::Violation;

/// What the list and the code disagree on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// In the code and not in the list.
    pub new: Vec<Violation>,
    /// In the list and not in the code.
    pub gone: Vec<String>,
}

impl Differences {
    /// Holds the code's violations against the list. Empty lines and those that begin with `#` are comments.
    pub fn between(list: &str, violations: &[Violation]) -> Self {
        let listed: BTreeSet<&str> = list.lines().map(str::trim).filter(|line| is_entry(line)).collect();
        let there: BTreeSet<&str> = violations.iter().map(|violation| violation.line.as_str()).collect();
        let new = violations.iter().filter(|violation| !listed.contains(violation.line.as_str())).cloned();
        Self { new: new.collect(), gone: listed.difference(&there).map(|line| (*line).to_owned()).collect() }
    }

    /// Whether the list says what the code says.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty() && self.gone.is_empty()
    }

    /// The list without the lines that are no longer true. It never grows.
    pub fn shrunk(&self, list: &str) -> String {
        let kept = list.lines().filter(|line| !self.gone.iter().any(|gone| gone == line.trim()));
        kept.map(|line| format!("{line}\n")).collect()
    }
}

fn is_entry(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(line: &str) -> Violation {
        Violation { line: line.to_owned(), explanation: String::new() }
    }

    #[test]
    fn what_is_not_listed_is_new() {
        let differences = Differences::between("# known\na\n", &[violation("a"), violation("b")]);
        assert_eq!(differences, Differences { new: vec![violation("b")], gone: Vec::new() });
    }

    #[test]
    fn what_is_listed_and_no_longer_there_is_gone() {
        let differences = Differences::between("a\nb\n", &[violation("a")]);
        assert_eq!(differences, Differences { new: Vec::new(), gone: vec!["b".to_owned()] });
    }

    #[test]
    fn the_list_shrinks_and_does_not_grow() {
        let list = "# known\na\nb\n";
        let differences = Differences::between(list, &[violation("a"), violation("c")]);
        assert_eq!(differences.shrunk(list), "# known\na\n");
    }
}
