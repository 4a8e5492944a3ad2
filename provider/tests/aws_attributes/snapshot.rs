//! Everything in an account, to be compared.

use std::collections::BTreeSet;
use std::fmt;

use crate::cloud::Cloud;
use crate::lines::lines;

/// Everything in an account.
#[derive(Clone)]
pub(crate) struct Snapshot(BTreeSet<String>);

/// A line that one snapshot has and another has not.
#[derive(Clone, Debug)]
pub(crate) struct Field(String);

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Snapshot {
    pub(crate) fn of(cloud: &Cloud) -> Self {
        Self(lines(&cloud.everything()))
    }

    /// The lines that only one of two snapshots has.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Field> {
        self.0.symmetric_difference(&other.0).cloned().map(Field).collect()
    }

    /// Whether each of these lines is here if it is there.
    pub(crate) fn agrees(&self, there: &Self, fields: &[Field]) -> bool {
        fields.iter().all(|Field(line)| self.0.contains(line) == there.0.contains(line))
    }

    /// Whether all lines are there again that were there before they drifted. Things that others made may be there beside.
    pub(crate) fn heals(&self, before: &Self, fields: &[Field]) -> bool {
        fields.iter().all(|Field(line)| self.0.contains(line) || !before.0.contains(line))
    }

    /// What a value and its undoing have left behind.
    pub(crate) fn left_changed(&self, before: &Self) -> Vec<Field> {
        self.differences(before)
    }
}
