//! Names of buckets, by Google's rules. They are one namespace for the whole world.

use std::fmt;
use std::str::FromStr;

/// A bucket's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);

/// Why a text is no bucket's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketNameError {
    /// Begins with `gs://`.
    #[error("give the bucket's name alone, without gs:// in front")]
    Url,
    /// Too short or too long.
    #[error("a bucket name has 3 to 63 characters; one with dots up to 222, with at most 63 between the dots")]
    Length,
    /// Upper-case letters.
    #[error("a bucket name has no upper-case letters")]
    UpperCase,
    /// Other characters.
    #[error("a bucket name has lower-case letters, digits, hyphens, underscores and dots only")]
    Characters,
    /// Wrong first or last character.
    #[error("a bucket name begins and ends with a letter or a digit, and so does each part between dots")]
    Ends,
    /// Looks like an address.
    #[error("a bucket name cannot look like an IP address")]
    Address,
    /// Reserved.
    #[error("a bucket name cannot begin with goog or contain google or a close misspelling of it")]
    Reserved,
}

impl BucketName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is sent.
    pub fn to_wire(&self) -> String {
        self.0.clone()
    }
}

impl FromStr for BucketName {
    type Err = BucketNameError;

    fn from_str(text: &str) -> Result<BucketName, BucketNameError> {
        if text.starts_with("gs://") {
            return Err(BucketNameError::Url);
        }
        if text.chars().any(char::is_uppercase) {
            return Err(BucketNameError::UpperCase);
        }
        if !text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.')) {
            return Err(BucketNameError::Characters);
        }
        let longest = if text.contains('.') { 222 } else { 63 };
        if !(3..=longest).contains(&text.len()) || text.split('.').any(|part| part.len() > 63) {
            return Err(BucketNameError::Length);
        }
        let alphanumeric = |c: char| c.is_ascii_alphanumeric();
        if text.split('.').any(|part| !part.starts_with(alphanumeric) || !part.ends_with(alphanumeric)) {
            return Err(BucketNameError::Ends);
        }
        if text.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(BucketNameError::Address);
        }
        let plain = text.replace('0', "o").replace('1', "l");
        if text.starts_with("goog") || plain.contains("google") {
            return Err(BucketNameError::Reserved);
        }
        Ok(BucketName(text.to_owned()))
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::text_scalar!(BucketName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_names_are_accepted() {
        for name in ["dtu-mlops-terraform-state-482907", "dtu-mlops-data-482907_cloudbuild", "www.example.com", "a1b"] {
            assert!(name.parse::<BucketName>().is_ok(), "{name}");
        }
    }

    #[test]
    fn refusals_have_reasons() {
        let long = "a".repeat(64);
        for (text, expected) in [
            ("gs://models", BucketNameError::Url),
            ("ab", BucketNameError::Length),
            (long.as_str(), BucketNameError::Length),
            ("Models", BucketNameError::UpperCase),
            ("my models", BucketNameError::Characters),
            ("models-", BucketNameError::Ends),
            ("_models", BucketNameError::Ends),
            ("a..b", BucketNameError::Ends),
            ("a.-b", BucketNameError::Ends),
            ("10.0.0.1", BucketNameError::Address),
            ("goog-models", BucketNameError::Reserved),
            ("my-g00gle-bucket", BucketNameError::Reserved),
        ] {
            assert_eq!(text.parse::<BucketName>(), Err(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn legal_names_are_kept(text in "[a-f][a-f2-9_-]{1,61}[a-f2-9]") {
            prop_assert_eq!(text.parse::<BucketName>().unwrap().to_string(), text);
        }
    }
}
