//! Places: regions (`us-central1`), dual-regions (`eur4`), multi-regions (`EU`) and `global`.
//! APIs disagree on the case of letters; here it does not matter.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A place, equal in any case of letters.
#[derive(Clone, Debug)]
pub struct Location(String);

/// Why a text is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// No text.
    #[error("a location cannot be empty; write a region such as europe-west1 or a multi-region such as EU")]
    Empty,
    /// Characters that no location has.
    #[error(
        "a location has letters, digits and hyphens only and begins with a letter, such as europe-west1, us-central1, EU or nam4"
    )]
    Characters,
    /// A zone.
    #[error("this is a zone; leave the last part out to name its region, such as europe-west1")]
    Zone,
}

impl Location {
    /// In lower case, as most APIs write it.
    pub fn to_wire(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Whether it is a single region: `us-central1`.
    pub fn is_region(&self) -> bool {
        let lower = self.to_wire();
        lower.rsplit_once('-').is_some_and(|(_, last)| last.ends_with(|c: char| c.is_ascii_digit()))
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Location, LocationError> {
        let first = text.chars().next().ok_or(LocationError::Empty)?;
        let legal = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !first.is_ascii_alphabetic() || !legal || text.ends_with('-') || text.contains("--") {
            return Err(LocationError::Characters);
        }
        if let Some((region, zone)) = text.rsplit_once('-')
            && zone.len() == 1
            && zone.chars().all(|c| c.is_ascii_alphabetic())
            && region.ends_with(|c: char| c.is_ascii_digit())
        {
            return Err(LocationError::Zone);
        }
        Ok(Location(text.to_owned()))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Location {
    fn eq(&self, other: &Location) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Location {}

impl Ord for Location {
    fn cmp(&self, other: &Location) -> Ordering {
        self.to_wire().cmp(&other.to_wire())
    }
}

impl PartialOrd for Location {
    fn partial_cmp(&self, other: &Location) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Location {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_wire().hash(state);
    }
}

super::text_scalar!(Location, canonical: Location::to_wire);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(text: &str) -> Location {
        text.parse().unwrap()
    }

    #[test]
    fn regions_are_told_from_wider_places() {
        for region in ["us-central1", "EUROPE-WEST12", "northamerica-northeast1"] {
            assert!(place(region).is_region(), "{region}");
        }
        for wide in ["US", "eu", "nam4", "EUR3", "global", "asia1"] {
            assert!(!place(wide).is_region(), "{wide}");
        }
    }

    #[test]
    fn refusals_have_reasons() {
        for (text, expected) in [
            ("", LocationError::Empty),
            ("us central1", LocationError::Characters),
            ("1us", LocationError::Characters),
            ("us-", LocationError::Characters),
            ("-", LocationError::Characters),
            ("us-central1-a", LocationError::Zone),
        ] {
            assert_eq!(text.parse::<Location>(), Err(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn case_does_not_matter_and_is_kept(text in "[a-z]{2,9}(-[a-z]{2,9}[0-9])?") {
            let (lower, upper) = (place(&text), place(&text.to_ascii_uppercase()));
            prop_assert_eq!(&lower, &upper);
            prop_assert_eq!(upper.to_string(), text.to_ascii_uppercase());
            prop_assert_eq!(upper.to_wire(), text);
        }
    }
}
