//! The versions of the format. A document says which one it is written in; older ones are brought up to date as they are
//! read, newer ones are refused.

use serde_json::{Map, Value as Json};

use super::Document;

/// The format that is written.
pub const CURRENT_FORMAT: u64 = 1;

/// The attribute that says the format.
const FORMAT: &str = "format";

/// Brings a document of format `index + 1` to the next one.
const UPGRADES: &[fn(&mut Map<String, Json>)] = &[];

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It is no JSON, or a part of it is not as the format says.
    #[error("it is damaged: {0}")]
    Damaged(#[source] serde_json::Error),
    /// It does not say its format.
    #[error("it is not a checkpoint: it has no format")]
    Unmarked,
    /// It is newer than this program.
    #[error(
        "it has format {found}, and this version of the provider knows formats up to {CURRENT_FORMAT}: use a newer version of the provider"
    )]
    Newer {
        /// The format that it says.
        found: u64,
    },
}

impl Document {
    /// Reads a stored document of any known format.
    ///
    /// # Errors
    /// When it is damaged, no checkpoint at all, or of a format that is not known yet.
    pub fn from_json(text: &[u8]) -> Result<Self, FormatError> {
        let mut fields: Map<String, Json> = serde_json::from_slice(text).map_err(FormatError::Damaged)?;
        let found = fields.remove(FORMAT).as_ref().and_then(Json::as_u64).ok_or(FormatError::Unmarked)?;
        let known =
            usize::try_from(found).ok().and_then(|format| format.checked_sub(1)).ok_or(FormatError::Unmarked)?;
        let upgrades = UPGRADES.get(known..).ok_or(FormatError::Newer { found })?;
        for upgrade in upgrades {
            upgrade(&mut fields);
        }
        serde_json::from_value(Json::Object(fields)).map_err(FormatError::Damaged)
    }

    /// The document as it is stored: indented JSON that ends with a line break, the same bytes for the same document.
    ///
    /// # Errors
    /// Never for a document: all its keys are texts.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut fields = Map::new();
        fields.insert(FORMAT.to_owned(), CURRENT_FORMAT.into());
        if let Json::Object(own) = serde_json::to_value(self)? {
            fields.extend(own);
        }
        let mut text = serde_json::to_vec_pretty(&fields)?;
        text.push(b'\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Criterion, Evidence, Step};

    fn phase() -> Document {
        let mut phase = Document::new("5-6".parse().unwrap_or_else(|error| panic!("{error}")), "Shadow mode");
        phase.steps = vec![Step { name: "Tune".into(), done: true, ..Step::default() }];
        phase.criteria.insert("ok".into(), Criterion::BucketVersioned { url: "gs://b".into() });
        let at = "2026-02-05T14:03:00Z".parse().unwrap_or_else(|error| panic!("{error}"));
        phase.evidence.insert("ok".into(), Evidence { passed: true, observed: "versioning is on".into(), at });
        phase
    }

    #[test]
    fn a_document_survives_storage() {
        let stored = phase().to_json().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Document::from_json(&stored).unwrap_or_else(|error| panic!("{error}")), phase());
    }

    #[test]
    fn a_newer_format_is_refused_by_its_number() {
        let error = Document::from_json(br#"{"format": 2, "phase": "1"}"#).map(|_| ()).unwrap_err();
        assert!(matches!(error, FormatError::Newer { found: 2 }), "{error}");
    }

    #[test]
    fn what_says_no_format_is_no_checkpoint() {
        let error = Document::from_json(br#"{"phase": "1"}"#).map(|_| ()).unwrap_err();
        assert!(matches!(error, FormatError::Unmarked), "{error}");
    }

    #[test]
    fn half_a_document_is_damaged() {
        let stored = phase().to_json().unwrap_or_else(|error| panic!("{error}"));
        let error = Document::from_json(&stored[..stored.len() / 2]).map(|_| ()).unwrap_err();
        assert!(matches!(error, FormatError::Damaged(_)), "{error}");
    }
}
