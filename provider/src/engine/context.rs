//! What every call is told by its caller: until when, whether to stop, and which clock to go by.
//! Clock, sleep and chance are arguments, so that tests of waiting do not wait.
//! A stop ends waiting only; a call in flight is finished, because its effect must be known.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// A future that borrows nothing.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Time and chance.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now, for measuring.
    fn now(&self) -> Instant;
    /// Now, by the calendar.
    fn wall(&self) -> jiff::Timestamp;
    /// Completes after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
    /// A random number from 0 up to, not including, 1.
    fn jitter(&self) -> f64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }

    fn jitter(&self) -> f64 {
        // The standard library seeds its hashers randomly: enough to spread retries, and no dependency.
        let bits = RandomState::new().build_hasher().finish() >> 11;
        bits as f64 / (1u64 << 53) as f64
    }
}

/// Until when a call may take, and what interrupts it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// No attempt starts and no waiting continues after this.
    pub deadline: Instant,
    /// Cancelled when the user asks to stop.
    pub stop: CancellationToken,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
}

/// Why waiting ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// The user asked to stop.
    #[error("stopped on request")]
    Stopped,
    /// The deadline is passed, or would be.
    #[error("the time allowed for this operation is over")]
    Deadline,
}

impl CallContext {
    /// A context on the machine's clock that ends `timeout` from now.
    pub fn new(timeout: Duration, stop: CancellationToken) -> CallContext {
        CallContext::with_clock(timeout, stop, Arc::new(SystemClock))
    }

    /// A context on the given clock that ends `timeout` from now.
    pub fn with_clock(timeout: Duration, stop: CancellationToken, clock: Arc<dyn Clock>) -> CallContext {
        CallContext { deadline: later(clock.now(), timeout), stop, clock }
    }

    /// The same context, ending `limit` from now if that is earlier.
    pub fn within(&self, limit: Duration) -> CallContext {
        CallContext { deadline: self.deadline.min(later(self.clock.now(), limit)), ..self.clone() }
    }

    /// The time left.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(self.clock.now())
    }

    /// Fails when the user asked to stop or the time is over.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.stop.is_cancelled() {
            return Err(Interrupted::Stopped);
        }
        if self.remaining().is_zero() { Err(Interrupted::Deadline) } else { Ok(()) }
    }

    /// Waits, unless a stop comes first, or the deadline would: then it returns at once.
    pub async fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        self.check()?;
        if duration > self.remaining() {
            return Err(Interrupted::Deadline);
        }
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
            () = self.clock.sleep(duration) => Ok(()),
        }
    }

    /// Waits for something other than the answer to a call: its turn, a shared token.
    pub async fn wait_for<T>(&self, work: impl Future<Output = T>) -> Result<T, Interrupted> {
        self.check()?;
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
            done = tokio::time::timeout(self.remaining(), work) => done.map_err(|_| Interrupted::Deadline),
        }
    }
}

fn later(now: Instant, by: Duration) -> Instant {
    // A timeout that leaves the range of the clock means "as good as never".
    now.checked_add(by).unwrap_or_else(|| now + Duration::from_secs(365 * 24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::google::api::testing::ManualClock;

    #[tokio::test]
    async fn a_sleep_that_would_pass_the_deadline_fails_without_waiting() {
        let clock = ManualClock::new();
        let ctx = CallContext::with_clock(Duration::from_secs(5), CancellationToken::new(), clock.clone());
        assert_eq!(ctx.sleep(Duration::from_secs(6)).await, Err(Interrupted::Deadline));
        assert_eq!(clock.slept(), Vec::<Duration>::new());
    }

    #[tokio::test]
    async fn a_stop_ends_a_sleep() {
        let stop = CancellationToken::new();
        let ctx = CallContext::new(Duration::from_secs(3600), stop.clone());
        let sleeping = ctx.sleep(Duration::from_secs(1800));
        stop.cancel();
        assert_eq!(sleeping.await, Err(Interrupted::Stopped));
    }

    #[test]
    fn jitter_stays_in_range_and_varies() {
        let draws: Vec<f64> = (0..50).map(|_| SystemClock.jitter()).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        assert!(draws.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
