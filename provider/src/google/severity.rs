//! Severities in the API's words and in those of on-call plans.

use std::cmp::Ordering;

use serde_json::Value as Json;
use tfplugin::{Dynamic, Scalar};

use crate::engine::marks::ScalarCodec;

/// How bad an incident is. `P0` and `CRITICAL` are equal, and so on.
#[derive(Clone, Debug)]
pub struct Severity(String);

/// A word that is no severity.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is no severity. It must be CRITICAL (or P0), ERROR (or P1) or WARNING (or P2).")]
pub struct SeverityError(String);

/// The severity as the API writes it, of either word in any case.
pub(crate) fn level(word: &str) -> Option<&'static str> {
    match word.to_ascii_uppercase().as_str() {
        "CRITICAL" | "P0" => Some("CRITICAL"),
        "ERROR" | "P1" => Some("ERROR"),
        "WARNING" | "P2" => Some("WARNING"),
        _ => None,
    }
}

impl PartialEq for Severity {
    fn eq(&self, other: &Self) -> bool {
        level(&self.0) == level(&other.0)
    }
}

impl Eq for Severity {}

impl Ord for Severity {
    fn cmp(&self, other: &Self) -> Ordering {
        level(&self.0).cmp(&level(&other.0))
    }
}

impl PartialOrd for Severity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Scalar for Severity {
    type Repr = String;
    type Error = SeverityError;
    fn parse(repr: String) -> Result<Self, SeverityError> {
        if level(&repr).is_some() { Ok(Self(repr)) } else { Err(SeverityError(repr)) }
    }
    fn repr(&self) -> String {
        self.0.clone()
    }
    fn canonical(&self) -> String {
        level(&self.0).unwrap_or(&self.0).to_owned()
    }
    fn choices() -> &'static [&'static str] {
        &["CRITICAL", "ERROR", "WARNING", "P0", "P1", "P2"]
    }
}

tfplugin::scalar!(Severity);

/// Written in the API's words; what we do not know is read as it is.
pub(super) const SEVERITY: ScalarCodec = ScalarCodec {
    write: |value| value.as_str().and_then(level).map_or(Json::Null, Json::from),
    read: |json| match json.as_str() {
        None | Some("SEVERITY_UNSPECIFIED") => Dynamic::Null,
        Some(word) => Dynamic::string(word),
    },
};
