//! The time of the simulated cloud.
//!
//! Handlers ask [`Clock`] and never the system, so that a test can say what time it is. The texts are those of Google's JSON.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// Where times come from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The time of this machine.
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that starts at `start` and moves on by `step` each time somebody looks at it.
    pub fn stepping(start: Timestamp, step: Duration) -> Self {
        let base = start.as_microsecond();
        let step = i64::try_from(step.as_micros()).unwrap_or(i64::MAX);
        let looks = AtomicI64::new(0);
        Self(Arc::new(move || {
            let n = looks.fetch_add(1, Ordering::Relaxed);
            Timestamp::from_microsecond(base.saturating_add(step.saturating_mul(n))).unwrap_or(start)
        }))
    }

    /// A clock that stands still until somebody moves its hand, which holds microseconds since 1970.
    pub fn by_hand(hand: Arc<AtomicI64>) -> Self {
        Self(Arc::new(move || Timestamp::from_microsecond(hand.load(Ordering::Relaxed)).unwrap_or_default()))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// RFC 3339 in UTC with microseconds, trailing groups of three zeros left out: how most APIs write a time.
pub fn micros(at: Timestamp) -> String {
    let sub = at.subsec_nanosecond() / 1_000;
    if sub == 0 {
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    } else if sub % 1_000 == 0 {
        at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    } else {
        at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
    }
}

/// RFC 3339 in UTC with exactly three digits: how Cloud Storage writes a time.
pub fn millis(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// `at` plus a number of whole days.
pub fn days_later(at: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond().saturating_add(days.saturating_mul(86_400_000_000))).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_groups_are_trimmed() {
        let at: Timestamp = "2026-02-04T19:21:40.118Z".parse().expect("a timestamp");
        assert_eq!(micros(at), "2026-02-04T19:21:40.118Z");
        let at: Timestamp = "2026-02-04T19:21:40Z".parse().expect("a timestamp");
        assert_eq!(micros(at), "2026-02-04T19:21:40Z");
        assert_eq!(millis(at), "2026-02-04T19:21:40.000Z");
    }
}
