//! The cells that do not hold yet, from `known.txt`: a list that may only shrink.
//!
//! A line is `PATH CELL PROMISE: what happens`. A listed cell must fail, and break the promise that its line names.

use std::collections::BTreeMap;

use crate::cells::{Cell, Outcome};
use crate::cloud;
use crate::drive::{Broken, Fault};

/// The listed cells.
pub(crate) struct Known(BTreeMap<(String, Cell), Broken>);

impl Known {
    pub(crate) fn load() -> Self {
        let lines = cloud::KNOWN.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let read = |line: &str| {
            let mut words = line.splitn(4, ' ');
            let path = words.next()?.to_owned();
            let cell = words.next().and_then(|name| Cell::ALL.into_iter().find(|cell| cell.name() == name))?;
            let promise = words.next()?.strip_suffix(':')?;
            Some(((path, cell), serde_json::from_value(promise.into()).ok()?))
        };
        let read =
            |line: &str| read(line).unwrap_or_else(|| panic!("known.txt: {line:?} is not PATH CELL PROMISE: ..."));
        Self(lines.map(read).collect())
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|(path, _)| path.as_str())
    }

    /// Why an outcome is not what the list says; none where it is.
    pub(crate) fn objection(&self, path: &str, cell: Cell, outcome: &Outcome) -> Option<String> {
        let listed = self.0.get(&(path.to_owned(), cell));
        match (listed, outcome) {
            (None, Outcome::Fails(fault)) => Some(line(path, cell, fault)),
            (Some(broken), Outcome::Fails(fault)) if *broken != fault.broken => {
                Some(format!("{} (known.txt lists another fault)", line(path, cell, fault)))
            }
            (Some(_), Outcome::Holds | Outcome::Leaves(_) | Outcome::Except(_)) => {
                Some(format!("{path} {cell} does not fail any more: take its line out of known.txt"))
            }
            (Some(_), Outcome::Fails(_)) | (None, _) => None,
        }
    }
}

/// A line of the list.
fn line(path: &str, cell: Cell, Fault { broken, detail }: &Fault) -> String {
    let short: String = detail.chars().take(400).collect();
    format!("{path} {cell} {}: {short}", broken.name())
}
