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
}

/// Prose of which blanks at the end of lines and of the text mean nothing.
#[derive(Clone, Debug)]
pub(super) struct Prose(String);

impl PartialEq for Prose {
    fn eq(&self, other: &Self) -> bool {
        self.0.trim_end().lines().map(str::trim_end).eq(other.0.trim_end().lines().map(str::trim_end))
    }
}

impl Scalar for Prose {
    type Repr = String;
    type Error = std::convert::Infallible;
    fn parse(repr: String) -> Result<Self, Self::Error> {
        Ok(Self(repr))
    }
    fn repr(&self) -> String {
        self.0.clone()
    }
}

/// A filter or query of Cloud Monitoring or Logging. White space outside quotes means nothing; the API reflows it.
#[derive(Clone, Debug)]
pub(super) struct Query(String);

impl Query {
    /// Every run of white space outside quotes as one blank, none at the ends.
    fn canonical(&self) -> String {
        let mut out = String::with_capacity(self.0.len());
        let (mut quote, mut escaped) = (None, false);
        for character in self.0.trim().chars() {
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
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Scalar for Query {
    type Repr = String;
    type Error = std::convert::Infallible;
    fn parse(repr: String) -> Result<Self, Self::Error> {
        Ok(Self(repr))
    }
    fn repr(&self) -> String {
        self.0.clone()
    }
}

tfplugin::scalar!(KmsKey, Prose, Query);

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
    fn a_final_newline_is_no_part_of_prose() {
        assert!(Prose("one\ntwo\n".to_owned()) == Prose("one  \ntwo".to_owned()));
        assert!(Prose("one\n\ntwo".to_owned()) != Prose("one\ntwo".to_owned()));
    }
}
