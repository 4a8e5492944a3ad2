//! How long to wait before another attempt. Nothing here sleeps or sends.

use std::time::Duration;

/// How transient failures are repeated: exponential waits with full jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts after the first.
    pub max_retries: u32,
    /// The longest first wait.
    pub initial: Duration,
    /// Growth from wait to wait.
    pub factor: f64,
    /// No wait is longer, unless the server asks for it.
    pub cap: Duration,
}

impl RetryPolicy {
    /// One attempt only.
    pub const NEVER: RetryPolicy = RetryPolicy { max_retries: 0, ..RetryPolicy::TRANSIENT };
    /// For the APIs of clouds: about two minutes of waiting at most.
    pub const TRANSIENT: RetryPolicy =
        RetryPolicy { max_retries: 10, initial: Duration::from_millis(500), factor: 2.0, cap: Duration::from_secs(30) };

    /// The longest wait before retry number `retry`, counted from 0.
    pub fn ceiling(&self, retry: u32) -> Duration {
        let grown = self.initial.as_secs_f64() * self.factor.powi(retry.min(63) as i32);
        Duration::try_from_secs_f64(grown).map_or(self.cap, |grown| grown.min(self.cap))
    }

    /// The wait before retry number `retry`: a random part of the ceiling, on top of what the server asks for.
    pub fn wait(&self, retry: u32, asked: Option<Duration>, jitter: f64) -> Duration {
        match asked {
            // Who asks for a wait gets at least that; the jitter keeps callers from returning all at once.
            Some(asked) => asked + self.initial.mul_f64(jitter),
            None => self.ceiling(retry).mul_f64(jitter),
        }
    }
}

/// Reads a `Retry-After` header: seconds, or a date.
pub fn retry_after(header: &str, wall: jiff::Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(header).ok()?;
    Some(Duration::try_from(date.duration_since(wall)).unwrap_or(Duration::ZERO))
}
