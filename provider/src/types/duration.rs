//! Lengths of time: `90d`, `36h`, `5m`, `7776000s`, `1.5s`.
//! Exact to the nanosecond; on the wire always seconds, as in protobuf's JSON.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A length of time, equal to every other spelling of the same length.
#[derive(Clone, Debug)]
pub struct Duration {
    text: String,
    nanos: u128,
}

/// Why a text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// No text.
    #[error("a duration cannot be empty; write a number with a unit: 90d, 36h, 5m, 30s or 1.5s")]
    Empty,
    /// A number alone.
    #[error("a duration needs a unit: d, h, m or s, as in 90d, 36h, 5m or 30s")]
    NoUnit,
    /// A unit that is none of ours.
    #[error("the unit of a duration is d, h, m or s (days, hours, minutes, seconds), as in 90d, 36h, 5m or 30s")]
    Unit,
    /// Not a decimal number before the unit.
    #[error(
        "a duration is one number with a unit, such as 90d, 36h, 5m or 1.5s; it has no sign, no spaces and no second part"
    )]
    Number,
    /// Finer than a nanosecond.
    #[error("a duration is at most exact to the nanosecond")]
    TooFine,
    /// Longer than protobuf allows.
    #[error("a duration is at most 315576000000s (about 10,000 years)")]
    TooLong,
}

const SECOND: u128 = 1_000_000_000;
const LONGEST: u128 = 315_576_000_000 * SECOND;

impl Duration {
    /// A whole number of seconds, spelt so.
    pub fn from_seconds(seconds: u64) -> Duration {
        Duration { text: format!("{seconds}s"), nanos: u128::from(seconds) * SECOND }
    }

    /// The length in nanoseconds.
    pub fn nanos(&self) -> u128 {
        self.nanos
    }

    /// The length in seconds, if it is a whole number of them.
    pub fn whole_seconds(&self) -> Option<u64> {
        if !self.nanos.is_multiple_of(SECOND) {
            return None;
        }
        u64::try_from(self.nanos / SECOND).ok()
    }

    /// The length in days, if it is a whole number of them.
    pub fn whole_days(&self) -> Option<u64> {
        self.whole_seconds().filter(|seconds| seconds % 86_400 == 0).map(|seconds| seconds / 86_400)
    }

    /// The length in the standard library's terms.
    pub fn to_std(&self) -> std::time::Duration {
        let seconds = u64::try_from(self.nanos / SECOND).unwrap_or(u64::MAX);
        // The remainder of a division by a thousand million fits.
        std::time::Duration::new(seconds, u32::try_from(self.nanos % SECOND).unwrap_or(0))
    }

    /// Seconds with 0, 3, 6 or 9 decimals, as the APIs print them.
    pub fn to_wire(&self) -> String {
        let (seconds, nanos) = (self.nanos / SECOND, self.nanos % SECOND);
        match nanos {
            0 => format!("{seconds}s"),
            _ if nanos % 1_000_000 == 0 => format!("{seconds}.{:03}s", nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => format!("{seconds}.{:06}s", nanos / 1_000),
            _ => format!("{seconds}.{nanos:09}s"),
        }
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Duration, DurationError> {
        let last = text.chars().next_back().ok_or(DurationError::Empty)?;
        let seconds = match last {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            '0'..='9' | '.' => return Err(DurationError::NoUnit),
            _ => return Err(DurationError::Unit),
        };
        let nanos = scaled(&text[..text.len() - 1], seconds * SECOND)?;
        if nanos > LONGEST {
            return Err(DurationError::TooLong);
        }
        Ok(Duration { text: text.to_owned(), nanos })
    }
}

/// `number` times `unit`, exactly.
fn scaled(number: &str, unit: u128) -> Result<u128, DurationError> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return Err(DurationError::Number),
        None => (number, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return Err(DurationError::Number);
    }
    let whole: u128 = whole.parse().map_err(|_| DurationError::TooLong)?;
    let mut nanos = whole.checked_mul(unit).ok_or(DurationError::TooLong)?;
    let mut place = unit;
    for digit in fraction.trim_end_matches('0').bytes() {
        if !place.is_multiple_of(10) {
            return Err(DurationError::TooFine);
        }
        place /= 10;
        nanos = nanos.checked_add(u128::from(digit - b'0') * place).ok_or(DurationError::TooLong)?;
    }
    Ok(nanos)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Duration {
    fn eq(&self, other: &Duration) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Duration {}

impl Hash for Duration {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Duration) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Duration {
    fn cmp(&self, other: &Duration) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

super::text_scalar!(Duration, canonical: Duration::to_wire);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn length(text: &str) -> Duration {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_length_are_equal_and_keep_their_spelling() {
        assert_eq!(length("90d"), length("7776000s"));
        assert_eq!(length("36h"), length("1.5d"));
        assert_eq!(length("60.0s"), length("1m"));
        assert_ne!(length("1s"), length("1.000000001s"));
        assert_eq!(length("90d").to_string(), "90d");
    }

    #[test]
    fn the_wire_form_is_seconds_with_decimals_in_threes() {
        let wire: Vec<String> =
            ["90d", "1.5s", "0.25m", "1.0000005s", "0.000000001s", "0s"].map(|text| length(text).to_wire()).into();
        assert_eq!(wire, ["7776000s", "1.500s", "15s", "1.000000500s", "0.000000001s", "0s"]);
    }

    #[test]
    fn whole_days_are_told_only_when_they_are_whole() {
        assert_eq!((length("48h").whole_days(), length("36h").whole_days()), (Some(2), None));
    }

    #[test]
    fn refusals_say_what_is_allowed() {
        let cases = [
            ("", DurationError::Empty),
            ("300", DurationError::NoUnit),
            ("5 min", DurationError::Unit),
            ("5w", DurationError::Unit),
            ("1h30m", DurationError::Number),
            ("-5m", DurationError::Number),
            ("5 m", DurationError::Number),
            (".5s", DurationError::Number),
            ("1.s", DurationError::Number),
            ("s", DurationError::Number),
            ("1e3s", DurationError::Number),
            ("0.0000000001s", DurationError::TooFine),
            ("315576000001s", DurationError::TooLong),
            ("99999999999999999999999999999999999999999d", DurationError::TooLong),
            ("5\u{fc}", DurationError::Unit),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Duration>(), Err(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_wire_form_is_the_same_length(nanos in 0..=LONGEST) {
            let own = Duration { text: String::new(), nanos };
            prop_assert_eq!(length(&own.to_wire()), own);
        }

        #[test]
        fn units_are_multiples(count in 0u64..100_000) {
            prop_assert_eq!(length(&format!("{count}d")), length(&format!("{}h", count * 24)));
            prop_assert_eq!(length(&format!("{count}h")), length(&format!("{}m", count * 60)));
            prop_assert_eq!(length(&format!("{count}m")), Duration::from_seconds(count * 60));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            if let Ok(parsed) = text.parse::<Duration>() {
                prop_assert_eq!(parsed.to_string(), text);
            }
        }
    }
}
