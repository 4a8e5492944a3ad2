//! What a credential document says.

use serde_json::Value;

use super::error::AuthError;

/// The fields of a credential document.
pub(super) struct Fields<'a> {
    pub(super) place: &'a str,
    pub(super) document: &'a Value,
}

impl<'a> Fields<'a> {
    pub(super) fn text(&self, name: &str) -> Result<&'a str, AuthError> {
        self.optional(name).ok_or_else(|| self.malformed(format!("{name} is missing")))
    }

    pub(super) fn optional(&self, name: &str) -> Option<&'a str> {
        self.document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn malformed(&self, problem: impl Into<String>) -> AuthError {
        AuthError::Malformed { place: self.place.to_owned(), problem: problem.into() }
    }
}
