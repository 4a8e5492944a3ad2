//! Attribute types of the kinds that are texts with an equality of their own.
//!
//! Each keeps the user's spelling; two spellings that the API cannot tell apart are equal.

use tfplugin::Scalar;

/// The full name of a Cloud KMS key: `projects/P/locations/L/keyRings/R/cryptoKeys/K`. The API may answer with the
/// version in use appended.
#[derive(Clone, Debug)]
pub(super) struct KmsKey(String);

/// Why a text names no Cloud KMS key.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{0:?} is not the name of a Cloud KMS key. It must be \
     projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY; copy it with `gcloud kms keys list`."
)]
pub(super) struct KmsKeyError(String);

impl KmsKey {
    fn without_version(&self) -> &str {
        self.0.split_once("/cryptoKeyVersions/").map_or(&self.0, |(key, _)| key)
    }
}

impl PartialEq for KmsKey {
    fn eq(&self, other: &Self) -> bool {
        self.without_version() == other.without_version()
    }
}

impl Scalar for KmsKey {
    type Repr = String;
    type Error = KmsKeyError;
    fn parse(repr: String) -> Result<Self, KmsKeyError> {
        let key = Self(repr);
        let parts: Vec<&str> = key.without_version().split('/').collect();
        let is_name = matches!(parts[..], ["projects", p, "locations", l, "keyRings", r, "cryptoKeys", k]
            if [p, l, r, k].iter().all(|part| !part.is_empty()));
        if is_name { Ok(key) } else { Err(KmsKeyError(key.0)) }
    }
    fn repr(&self) -> String {
        self.0.clone()
    }
    fn canonical(&self) -> String {
        self.without_version().to_owned()
    }
}

/// A text that may say anything, equal by its canonical form where it has one.
macro_rules! any_text {
    ($type:ident) => {
        $crate::google::kinds::scalars::any_text!(@scalar $type,);
    };
    ($type:ident, $canonical:expr) => {
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.canonical() == other.canonical()
            }
        }

        $crate::google::kinds::scalars::any_text!(@scalar $type,
            fn canonical(&self) -> String {
                ($canonical)(&self.0)
            }
        );
    };
    (@scalar $type:ident, $($canonical:tt)*) => {
        impl tfplugin::Scalar for $type {
            type Repr = String;
            type Error = std::convert::Infallible;
            fn parse(repr: String) -> Result<Self, Self::Error> {
                Ok(Self(repr))
            }
            fn repr(&self) -> String {
                self.0.clone()
            }
            $($canonical)*
        }

        tfplugin::scalar!($type);
    };
}
pub(super) use any_text;

/// Prose of which blanks at the end of lines and of the text mean nothing.
#[derive(Clone, Debug)]
pub(super) struct Prose(String);

any_text!(Prose, |text: &str| text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));

/// A filter or query of Cloud Monitoring or Logging. White space outside quotes means nothing; the API reflows it.
#[derive(Clone, Debug)]
pub(super) struct Query(String);

any_text!(Query, unbroken);

/// Every run of white space outside quotes as one blank, none at the ends.
fn unbroken(query: &str) -> String {
    let mut out = String::with_capacity(query.len());
    let (mut quote, mut escaped) = (None, false);
    for character in query.trim().chars() {
        if let Some(open) = quote {
            out.push(character);
            if !escaped && character == open {
                quote = None;
            }
            escaped = character == '\\' && !escaped;
        } else if character.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            quote = matches!(character, '"' | '\'').then_some(character);
            out.push(character);
        }
    }
    out
}

/// A moment as RFC 3339: `2030-01-01T00:00:00Z`. The API answers in UTC.
#[derive(Clone, Debug)]
pub(super) struct Instant(String);

/// Why a text is no moment.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is no moment. Write it as RFC 3339, such as 2030-01-01T00:00:00Z.")]
pub(super) struct InstantError(String);

impl PartialEq for Instant {
    fn eq(&self, other: &Self) -> bool {
        let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
        self.0 == other.0 || moment(&self.0).is_some_and(|this| moment(&other.0) == Some(this))
    }
}

impl Scalar for Instant {
    type Repr = String;
    type Error = InstantError;
    fn parse(repr: String) -> Result<Self, InstantError> {
        if repr.parse::<jiff::Timestamp>().is_ok() { Ok(Self(repr)) } else { Err(InstantError(repr)) }
    }
    fn repr(&self) -> String {
        self.0.clone()
    }
    fn canonical(&self) -> String {
        self.0.parse::<jiff::Timestamp>().map_or_else(|_| self.0.clone(), |moment| moment.to_string())
    }
}

/// A JSON document as text. Blanks and the order of keys mean nothing.
#[derive(Clone, Debug)]
pub(super) struct JsonText(String);

/// Why a text is no JSON.
#[derive(Clone, Debug, thiserror::Error)]
#[error("it is no JSON document ({0})")]
pub(super) struct JsonTextError(String);

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        let document = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        self.0 == other.0 || document(&self.0).is_some_and(|this| document(&other.0) == Some(this))
    }
}

impl Scalar for JsonText {
    type Repr = String;
    type Error = JsonTextError;
    fn parse(repr: String) -> Result<Self, JsonTextError> {
        match serde_json::from_str::<serde::de::IgnoredAny>(&repr) {
            Ok(_) => Ok(Self(repr)),
            Err(error) => Err(JsonTextError(error.to_string())),
        }
    }
    fn repr(&self) -> String {
        self.0.clone()
    }
    fn canonical(&self) -> String {
        serde_json::from_str::<serde_json::Value>(&self.0).map_or_else(|_| self.0.clone(), |json| json.to_string())
    }
}

tfplugin::scalar!(KmsKey, Instant, JsonText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_the_version_in_use_is_the_same_key() {
        let key = "projects/p/locations/eu/keyRings/r/cryptoKeys/k";
        let read = KmsKey::parse(format!("{key}/cryptoKeyVersions/7")).unwrap();
        assert!(KmsKey::parse(key.to_owned()).unwrap() == read);
    }

    #[test]
    fn a_key_id_alone_is_no_key() {
        let error = KmsKey::parse("k".to_owned()).unwrap_err().to_string();
        assert!(error.contains("cryptoKeys/KEY"), "{error}");
    }

    #[test]
    fn white_space_in_quotes_is_part_of_a_filter() {
        let query = |text: &str| Query(text.to_owned());
        assert!(query("a=\"x\"\n  AND b=1 ") == query("a=\"x\" AND b=1"));
        assert!(query("a=\"x  y\"") != query("a=\"x y\""));
        assert!(query(r#"a="\" x""#) != query(r#"a="\"  x""#));
    }

    #[test]
    fn a_moment_is_the_same_in_every_time_zone() {
        let instant = |text: &str| Instant::parse(text.to_owned());
        assert!(instant("2030-01-01T01:00:00+01:00").unwrap() == instant("2030-01-01T00:00:00Z").unwrap());
        assert!(instant("tomorrow").unwrap_err().to_string().contains("RFC 3339"));
    }

    #[test]
    fn a_document_is_the_same_in_every_layout() {
        let document = |text: &str| JsonText::parse(text.to_owned());
        assert!(document(r#"{ "b": 1, "a": [2] }"#).unwrap() == document(r#"{"a":[2],"b":1}"#).unwrap());
        assert!(document("{").is_err());
    }

    #[test]
    fn a_final_newline_is_no_part_of_prose() {
        assert!(Prose("one\ntwo\n".to_owned()) == Prose("one  \ntwo".to_owned()));
        assert!(Prose("one\n\ntwo".to_owned()) != Prose("one\ntwo".to_owned()));
    }
}
