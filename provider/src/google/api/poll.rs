//! How often the API is asked for the end of what takes time.
//!
//! Waits grow slowly: what is learnt late delays all that builds on it, and nobody knows beforehand how long it takes.

use std::time::Duration;

/// How an operation is polled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PollPolicy {
    /// The wait before the first poll.
    pub initial: Duration,
    /// Growth from wait to wait.
    pub factor: f64,
    /// No wait is longer.
    pub cap: Duration,
    /// How long a new operation may be unknown to the API before it counts as lost.
    pub unknown_for: Duration,
}

impl PollPolicy {
    /// For Google's APIs.
    pub const REMOTE: PollPolicy = PollPolicy {
        initial: Duration::from_millis(250),
        factor: 1.05,
        cap: Duration::from_secs(2),
        unknown_for: Duration::from_secs(30),
    };
    /// For an imitation of them on this machine.
    pub const LOCAL: PollPolicy = PollPolicy { initial: Duration::from_millis(10), ..PollPolicy::REMOTE };

    /// The wait before poll number `poll`, counted from 0.
    pub fn wait(&self, poll: u32) -> Duration {
        let grown = self.initial.as_secs_f64() * self.factor.powi(poll.min(200) as i32);
        Duration::try_from_secs_f64(grown).map_or(self.cap, |grown| grown.min(self.cap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_come_less_and_less_often() {
        let waits: Vec<u128> = [0, 1, 14, 43, 100].map(|n| PollPolicy::REMOTE.wait(n).as_millis()).into();
        assert_eq!(waits, [250, 262, 494, 2_000, 2_000]);
    }
}
