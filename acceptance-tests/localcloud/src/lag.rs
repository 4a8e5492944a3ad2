//! Lags: how long a change takes until the whole cloud knows it.
//!
//! A lag is a time, as real clouds have it, or a number of looks, which makes the calls of a test countable. What is being waited for is
//! a [`Pending`], kept in the state beside what it is about. Which lags there are: [`Settings`](crate::store::Settings).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long something takes: `3s`, `50ms`, or `2` looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Lag {
    /// So many looks do not see it yet.
    Looks(u32),
    /// Nobody sees it before this time has passed.
    Time(Duration),
}

impl Lag {
    /// It is there at once.
    pub const NONE: Self = Self::Looks(0);
    /// Longer than anybody waits: a year.
    pub const ENDLESS: Self = Self::Time(Duration::from_secs(60 * 60 * 24 * 365));
}

/// A text is no lag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time (3s, 50ms) or a number of calls (2)")]
pub struct InvalidLag(String);

impl FromStr for Lag {
    type Err = InvalidLag;

    fn from_str(text: &str) -> Result<Self, InvalidLag> {
        match text.parse() {
            Ok(looks) => Ok(Self::Looks(looks)),
            Err(_) => time(text).map(Self::Time).ok_or_else(|| InvalidLag(text.to_owned())),
        }
    }
}

/// `50ms` or `3s`.
pub fn time(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => text.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Looks(looks) => write!(f, "{looks}"),
            Self::Time(time) => write!(f, "{}ms", time.as_millis()),
        }
    }
}

impl TryFrom<String> for Lag {
    type Error = InvalidLag;

    fn try_from(text: String) -> Result<Self, InvalidLag> {
        text.parse()
    }
}

impl From<Lag> for String {
    fn from(lag: Lag) -> Self {
        lag.to_string()
    }
}

/// Something that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pending {
    /// So many looks do not see it yet.
    Looks(u32),
    /// It is there from this time on, in microseconds since 1970.
    Until(i64),
}

impl Default for Pending {
    /// Nothing is waited for.
    fn default() -> Self {
        Self::Looks(0)
    }
}

impl Pending {
    /// What begins at `now` and takes as long as `lag` says.
    pub fn new(lag: Lag, now: Timestamp) -> Self {
        match lag {
            Lag::Looks(looks) => Self::Looks(looks),
            Lag::Time(time) => {
                let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
                Self::Until(now.as_microsecond().saturating_add(micros))
            }
        }
    }

    /// Is it one that began with [`Lag::ENDLESS`]?
    pub fn is_endless(&self, now: Timestamp) -> bool {
        const A_MONTH: i64 = 30 * 24 * 60 * 60 * 1_000_000;
        matches!(self, Self::Until(until) if until.saturating_sub(now.as_microsecond()) > A_MONTH)
    }

    /// Is it over at `now`?
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self {
            Self::Looks(left) => *left == 0,
            Self::Until(until) => now.as_microsecond() >= *until,
        }
    }

    /// A look at `now`: whether it sees the end. One that does not brings the end nearer where looks are counted.
    pub fn look(&mut self, now: Timestamp) -> bool {
        let over = self.is_over(now);
        if let Self::Looks(left) = self {
            *left = left.saturating_sub(1);
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    #[test]
    fn a_lag_is_a_time_or_a_number_of_looks() {
        assert_eq!("3s".parse(), Ok(Lag::Time(Duration::from_secs(3))));
        assert_eq!("50ms".parse(), Ok(Lag::Time(Duration::from_millis(50))));
        assert_eq!("2".parse(), Ok(Lag::Looks(2)));
        for wrong in ["", "s", "3h", "-1", "1.5"] {
            assert_eq!(wrong.parse::<Lag>(), Err(InvalidLag(wrong.to_owned())));
        }
    }

    #[test]
    fn a_lag_comes_back_from_json_as_it_went_in() {
        for lag in [Lag::Looks(2), Lag::Time(Duration::from_millis(1500))] {
            let text = serde_json::to_string(&lag).expect("JSON");
            assert_eq!(serde_json::from_str::<Lag>(&text).expect("a lag"), lag, "{text}");
        }
    }

    #[test]
    fn counted_looks_bring_the_end_nearer() {
        let mut pending = Pending::new(Lag::Looks(2), at(0));
        assert_eq!([0, 0, 0].map(|second| pending.look(at(second))), [false, false, true]);
    }

    #[test]
    fn time_passes_whoever_looks() {
        let mut pending = Pending::new(Lag::Time(Duration::from_secs(3)), at(10));
        assert_eq!([10, 12, 12, 13].map(|second| pending.look(at(second))), [false, false, false, true]);
    }
}
