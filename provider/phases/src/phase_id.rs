//! The name of a phase: `2`, `3.5`, `5-6`. Phases come in the order of their numbers.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a phase: a number (`2`), a number with parts (`3.5`), or a range of them (`5-6`).
///
/// Parts are compared one by one, as in section numbers: `2`, `3`, `3.5`, `3.10`, `4`, `5-6`, `7`. A range stands where it
/// begins, after the single phase of that number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhaseId {
    first: Vec<u32>,
    last: Option<Vec<u32>>,
}

/// Why a text is no name of a phase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a phase: a phase is a number such as 2, a number with parts such as 3.5, or a range such as 5-6"
)]
pub struct PhaseIdError {
    text: String,
}

fn number(text: &str) -> Option<Vec<u32>> {
    let part = |part: &str| {
        let plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
        if plain && part.len() <= 6 { part.parse().ok() } else { None }
    };
    let parts: Option<Vec<u32>> = text.split('.').map(part).collect();
    parts.filter(|parts| parts.len() <= 4)
}

impl FromStr for PhaseId {
    type Err = PhaseIdError;

    fn from_str(text: &str) -> Result<Self, PhaseIdError> {
        let error = || PhaseIdError { text: text.chars().take(40).collect() };
        match text.split_once('-') {
            None => Ok(Self { first: number(text).ok_or_else(error)?, last: None }),
            Some((first, last)) => {
                let (first, last) = (number(first).ok_or_else(error)?, number(last).ok_or_else(error)?);
                if first < last { Ok(Self { first, last: Some(last) }) } else { Err(error()) }
            }
        }
    }
}

impl TryFrom<String> for PhaseId {
    type Error = PhaseIdError;

    fn try_from(text: String) -> Result<Self, PhaseIdError> {
        text.parse()
    }
}

impl From<PhaseId> for String {
    fn from(id: PhaseId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for PhaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let write = |f: &mut fmt::Formatter<'_>, parts: &[u32]| {
            for (index, part) in parts.iter().enumerate() {
                if index > 0 {
                    f.write_str(".")?;
                }
                write!(f, "{part}")?;
            }
            Ok(())
        };
        write(f, &self.first)?;
        if let Some(last) = &self.last {
            f.write_str("-")?;
            write(f, last)?;
        }
        Ok(())
    }
}

impl Ord for PhaseId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.first.cmp(&other.first).then_with(|| self.last.cmp(&other.last))
    }
}

impl PartialOrd for PhaseId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> PhaseId {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn phases_come_in_the_order_of_their_numbers() {
        let mut phases: Vec<PhaseId> = ["10", "7", "5-6", "3.10", "4", "3.5", "1", "3", "5"].map(id).to_vec();
        phases.sort();
        let sorted: Vec<String> = phases.iter().map(PhaseId::to_string).collect();
        assert_eq!(sorted, ["1", "3", "3.5", "3.10", "4", "5", "5-6", "7", "10"]);
    }

    #[test]
    fn a_phase_is_written_as_it_was_read() {
        for text in ["0", "2", "3.5", "5-6", "1.2.3", "1.1-1.4"] {
            assert_eq!(id(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_phase_is_refused() {
        for text in ["", "two", "2a", "-1", "6-5", "5-5", "1.", ".5", "1-2-3", "02", " 2", "1/2", "../2", "99999999"] {
            assert!(text.parse::<PhaseId>().is_err(), "{text:?} was taken");
        }
    }
}
