//! The cells that do not hold yet, from `known.txt`: a list that may only shrink.
//!
//! A line is `OPERATION FAULT PROMISE METHOD HOST/PATH: what happens`, and stands for every call of that shape; `*` stands for any text.

use regex::Regex;

use crate::cells::Cell;
use crate::check::{Broken, Promise};
use crate::cloud::KNOWN;

struct Line {
    text: String,
    promise: Promise,
    cells: Regex,
}

/// The listed cells.
pub(crate) struct Known(Vec<Line>);

impl Known {
    pub(crate) fn load() -> Self {
        let lines = KNOWN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let read = |line: &str| {
            let (cell, _) = line.split_once(": ")?;
            let words: Vec<&str> = cell.splitn(4, ' ').collect();
            let [operation, fault, promise, shape] = words.as_slice() else { return None };
            let promise = Promise::ALL.into_iter().find(|known| known.name() == *promise)?;
            let pattern: Vec<String> = format!("{operation} {fault} {shape}").split('*').map(regex::escape).collect();
            let cells = Regex::new(&format!("^{} #[0-9]+$", pattern.join(".*"))).ok()?;
            Some(Line { text: line.to_owned(), promise, cells })
        };
        let read = |line: &str| {
            read(line).unwrap_or_else(|| panic!("known.txt: {line:?} is not OPERATION FAULT PROMISE METHOD PATH: ..."))
        };
        Self(lines.map(read).collect())
    }

    /// Whether a broken promise is listed.
    pub(crate) fn lists(&self, cell: &Cell, broken: &Broken) -> bool {
        self.0.iter().any(|line| line.promise == broken.promise && line.cells.is_match(&cell.to_string()))
    }

    /// The lines that none of these cells confirms.
    pub(crate) fn idle<'k>(&'k self, failed: &[(Cell, Broken)]) -> Vec<&'k str> {
        let confirms = |line: &Line, (cell, broken): &(Cell, Broken)| {
            line.promise == broken.promise && line.cells.is_match(&cell.to_string())
        };
        let idle = self.0.iter().filter(|line| !failed.iter().any(|failure| confirms(line, failure)));
        idle.map(|line| line.text.as_str()).collect()
    }
}
