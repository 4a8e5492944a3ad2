//! What is wrong with a service: the field, and a sentence about it.
//! `validate` and `limits` find them; the caller decides what becomes of them.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Such as `template.containers[0].ports`.
    pub(super) field: String,
    /// The sentence without the field.
    pub(super) text: String,
}

impl Finding {
    pub(super) fn new(field: String, text: String) -> Self {
        Finding { field, text }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.text)
    }
}
