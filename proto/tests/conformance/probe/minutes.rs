//! A type of its own whose values have more than one spelling.

use std::fmt;

use tfplugin::{Scalar, Value};

/// A length of time: `60m` and `1h` are equal.
#[derive(Clone, Debug)]
pub(crate) struct Minutes {
    spelling: String,
    minutes: u32,
}

impl PartialEq for Minutes {
    fn eq(&self, other: &Self) -> bool {
        self.minutes == other.minutes
    }
}

impl Eq for Minutes {}

impl PartialOrd for Minutes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Minutes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.minutes.cmp(&other.minutes)
    }
}

#[derive(Debug)]
pub(crate) struct NoMinutes;

impl fmt::Display for NoMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write minutes or hours, like 90m or 2h")
    }
}

impl Scalar for Minutes {
    type Repr = String;
    type Error = NoMinutes;
    fn parse(spelling: String) -> Result<Self, NoMinutes> {
        let (number, unit) = spelling.split_at_checked(spelling.len().saturating_sub(1)).ok_or(NoMinutes)?;
        let number: u32 = number.parse().map_err(|_| NoMinutes)?;
        let minutes = match unit {
            "m" => number,
            "h" => number * 60,
            _ => return Err(NoMinutes),
        };
        Ok(Self { spelling, minutes })
    }
    fn repr(&self) -> String {
        self.spelling.clone()
    }
}

tfplugin::scalar!(Minutes);

/// As the API spells it.
pub(super) fn canonical(value: &Value<Minutes>) -> Value<Minutes> {
    value.clone().map(|value| Minutes { spelling: format!("{}m", value.minutes), ..value })
}
