//! When to try again and how long to wait before: policies as values, decisions as a plain function.
//! Nothing here sleeps or sends; the client's loop does as it is told.

use std::time::{Duration, Instant};

use super::error::{ApiError, Ended};
use super::request::Request;
pub use crate::http::backoff::{RetryPolicy, retry_after};

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this long.
    Wait(Duration),
    /// Give up.
    GiveUp(Ended),
}

/// The state of one call's attempts.
#[derive(Clone, Debug)]
pub struct Attempts {
    policy: RetryPolicy,
    started: Instant,
    made: u32,
    retried: u32,
    passed_over: u32,
    uncertain: bool,
}

impl Attempts {
    /// Begins at `now`.
    pub fn new(policy: RetryPolicy, now: Instant) -> Attempts {
        Attempts { policy, started: now, made: 0, retried: 0, passed_over: 0, uncertain: false }
    }

    /// Counts an attempt that is about to be made and gives its number, from 1.
    pub fn begin(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// How many were made.
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Whether one before the last may have taken effect.
    pub fn uncertain(&self) -> bool {
        self.uncertain
    }

    /// Decides after `error`.
    pub fn decide(&mut self, request: &Request, error: &ApiError, now: Instant, jitter: f64) -> Decision {
        let asked = error.status().and_then(|status| status.retry_after);
        let unsafe_to_repeat = error.may_have_happened() && !request.idempotent;
        let passing = request.passing.iter().filter(|(_, passing)| passing(error)).map(|(within, _)| *within).max();
        if let Some(within) = passing.filter(|_| !unsafe_to_repeat) {
            if now.saturating_duration_since(self.started) >= within {
                return Decision::GiveUp(Ended::RetriesUsedUp);
            }
            self.passed_over += 1;
            self.uncertain |= error.may_have_happened();
            return Decision::Wait(self.policy.wait(self.passed_over - 1, asked, jitter));
        }
        if !error.retryable() || unsafe_to_repeat || (error.is_etag_conflict() && request.is_conditional()) {
            return Decision::GiveUp(Ended::Final);
        }
        if self.retried >= self.policy.max_retries {
            return Decision::GiveUp(Ended::RetriesUsedUp);
        }
        self.retried += 1;
        self.uncertain |= error.may_have_happened();
        Decision::Wait(self.policy.wait(self.retried - 1, asked, jitter))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::google::api::Status;
    use crate::google::api::error::{CallLine, Cause};
    use crate::google::api::host::Host;

    fn failure(code: u16, name: &str) -> ApiError {
        let call = Arc::new(CallLine { method: "POST".into(), host: Host::RUN, path: "x".into() });
        let body = json!({"error": {"status": name, "message": ""}}).to_string();
        ApiError::new(call, Cause::Http(Status::from_answer(code, body.as_bytes())))
    }

    fn attempts(policy: RetryPolicy) -> (Attempts, Instant) {
        let now = Instant::now();
        (Attempts::new(policy, now), now)
    }

    #[test]
    fn waits_grow_up_to_the_cap() {
        let ceilings: Vec<u64> = (0..9).map(|n| RetryPolicy::TRANSIENT.ceiling(n).as_millis() as u64).collect();
        assert_eq!(ceilings, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
        assert_eq!(RetryPolicy::TRANSIENT.ceiling(u32::MAX), Duration::from_secs(30));
    }

    #[test]
    fn the_servers_wish_is_a_lower_bound_even_above_the_cap() {
        assert_eq!(RetryPolicy::TRANSIENT.wait(0, Some(Duration::from_secs(60)), 0.5), Duration::from_millis(60_250));
    }

    #[test]
    fn retries_are_counted() {
        let (mut attempts, now) = attempts(RetryPolicy { max_retries: 2, ..RetryPolicy::TRANSIENT });
        let request = Request::get(Host::RUN, "x");
        let decisions: Vec<Decision> =
            (0..3).map(|_| attempts.decide(&request, &failure(503, "UNAVAILABLE"), now, 1.0)).collect();
        assert_eq!(
            decisions,
            [
                Decision::Wait(Duration::from_millis(500)),
                Decision::Wait(Duration::from_secs(1)),
                Decision::GiveUp(Ended::RetriesUsedUp)
            ]
        );
    }

    #[test]
    fn a_post_is_repeated_only_when_it_cannot_have_happened() {
        let (mut attempts, now) = attempts(RetryPolicy::TRANSIENT);
        let post = Request::post(Host::RUN, "x");
        assert!(matches!(attempts.decide(&post, &failure(429, "RESOURCE_EXHAUSTED"), now, 0.0), Decision::Wait(_)));
        assert_eq!(attempts.decide(&post, &failure(503, "UNAVAILABLE"), now, 0.0), Decision::GiveUp(Ended::Final));
        assert!(matches!(
            attempts.decide(&post.idempotent(true), &failure(503, "UNAVAILABLE"), now, 0.0),
            Decision::Wait(_)
        ));
        assert!(attempts.uncertain());
    }

    #[test]
    fn a_lost_race_is_repeated_unless_the_call_carries_an_etag() {
        let (mut attempts, now) = attempts(RetryPolicy::TRANSIENT);
        let plain = Request::post(Host::RUN, "x");
        let with_etag = plain.clone().json(json!({"etag": "1"}));
        assert!(matches!(attempts.decide(&plain, &failure(409, "ABORTED"), now, 0.0), Decision::Wait(_)));
        assert_eq!(attempts.decide(&with_etag, &failure(409, "ABORTED"), now, 0.0), Decision::GiveUp(Ended::Final));
    }

    #[test]
    fn what_the_caller_calls_passing_is_repeated_within_its_window() {
        let (mut attempts, now) = attempts(RetryPolicy::NEVER);
        let request = Request::get(Host::IAM, "x").also_retry(Duration::from_secs(120), ApiError::is_not_found);
        let error = failure(404, "NOT_FOUND");
        assert!(matches!(attempts.decide(&request, &error, now + Duration::from_secs(119), 0.0), Decision::Wait(_)));
        assert_eq!(
            attempts.decide(&request, &error, now + Duration::from_secs(120), 0.0),
            Decision::GiveUp(Ended::RetriesUsedUp)
        );
        assert_eq!(
            attempts.decide(&request, &failure(400, "INVALID_ARGUMENT"), now, 0.0),
            Decision::GiveUp(Ended::Final)
        );
    }

    #[test]
    fn each_of_several_errors_that_pass_has_its_window() {
        let (mut attempts, now) = attempts(RetryPolicy::NEVER);
        let request = Request::get(Host::IAM, "x")
            .also_retry(Duration::from_secs(30), ApiError::is_not_found)
            .also_retry(Duration::from_secs(120), ApiError::is_permission_denied);
        let (missing, denied) = (failure(404, "NOT_FOUND"), failure(403, "PERMISSION_DENIED"));
        let later = now + Duration::from_secs(60);
        assert!(matches!(attempts.decide(&request, &missing, now, 0.0), Decision::Wait(_)));
        assert!(matches!(attempts.decide(&request, &denied, later, 0.0), Decision::Wait(_)));
        assert_eq!(attempts.decide(&request, &missing, later, 0.0), Decision::GiveUp(Ended::RetriesUsedUp));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wall: jiff::Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        assert_eq!(retry_after(" 120 ", wall), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", wall), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:00 GMT", wall), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", wall), None);
    }
}
