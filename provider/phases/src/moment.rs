//! When something happened: a day, or a point in time.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// A day (`2026-02-05`) or a point in time (RFC 3339: `2026-02-05T14:03:00Z`), written as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment {
    text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Day(Date),
    Point(Timestamp),
}

/// Why a text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is neither a day such as 2026-02-05 nor a time in RFC 3339 such as 2026-02-05T14:03:00Z")]
pub struct MomentError {
    text: String,
}

impl Moment {
    /// A point in time, to the second.
    pub fn at(timestamp: Timestamp) -> Self {
        let timestamp = Timestamp::from_second(timestamp.as_second()).unwrap_or(timestamp);
        Self { text: timestamp.to_string(), kind: Kind::Point(timestamp) }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The day, in UTC.
    pub fn day(&self) -> Date {
        match self.kind {
            Kind::Day(day) => day,
            Kind::Point(point) => point.to_zoned(TimeZone::UTC).date(),
        }
    }

    /// The first point in time that it can mean.
    pub fn earliest(&self) -> Timestamp {
        match self.kind {
            Kind::Day(day) => midnight(day),
            Kind::Point(point) => point,
        }
    }

    /// The last point in time that it can mean: for a day, its end.
    pub fn latest(&self) -> Timestamp {
        match self.kind {
            Kind::Day(day) => day.checked_add(1.day()).map_or(Timestamp::MAX, midnight),
            Kind::Point(point) => point,
        }
    }
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        // Ten characters are a day; jiff would read more forms than are written here.
        let kind = if text.len() == 10 { text.parse().ok().map(Kind::Day) } else { text.parse().ok().map(Kind::Point) };
        kind.map(|kind| Self { text: text.to_owned(), kind })
            .ok_or_else(|| MomentError { text: text.chars().take(40).collect() })
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;

    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.text
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_day_lasts_until_its_end() {
        let day = moment("2026-02-05");
        assert_eq!(day.earliest(), moment("2026-02-05T00:00:00Z").earliest());
        assert_eq!(day.latest(), moment("2026-02-06T00:00:00Z").earliest());
    }

    #[test]
    fn a_point_in_time_keeps_its_spelling_and_has_its_day_in_utc() {
        let point = moment("2026-02-06T00:30:00+01:00");
        assert_eq!(point.as_str(), "2026-02-06T00:30:00+01:00");
        assert_eq!(point.day(), moment("2026-02-05").day());
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["", "yesterday", "2026-13-01", "2026-02-05T14:03", "20260205", "05.02.2026"] {
            assert!(text.parse::<Moment>().is_err(), "{text:?} was taken");
        }
    }
}
