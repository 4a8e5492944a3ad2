//! Read, change, write: and once more from the reading when somebody else was faster, or when the write failed in passing.
//! The change is applied to what is there at that moment, so that what others wrote survives.

use super::error::ApiError;
use super::retry::RetryPolicy;
use crate::engine::context::CallContext;

/// How often, and after which waits, it begins again.
#[derive(Clone, Copy, Debug)]
pub struct Policies {
    /// After a lost race.
    pub race: RetryPolicy,
    /// After a failure of the write that may pass.
    pub failure: RetryPolicy,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Update<T, W> {
    /// Nothing had to change; this is what is there.
    Unchanged(T),
    /// The change was written; this is the answer to the write.
    Written(W),
}

/// Reads, lets `change` say what to write (nothing, if all is well already), and writes it with the etag it was read with.
/// After a lost race or a passing failure it begins again, with the policies' waits, until the policy, the deadline or a stop
/// ends it. The write itself must not be repeated by the client: what it sends could be out of date.
pub async fn read_modify_write<T, N, W, E, R: Future<Output = Result<T, E>>, S: Future<Output = Result<W, E>>>(
    ctx: &CallContext,
    policies: Policies,
    mut read: impl FnMut() -> R,
    mut change: impl FnMut(&T) -> Result<Option<N>, E>,
    mut write: impl FnMut(N) -> S,
) -> Result<Update<T, W>, E>
where
    E: AsApiError,
{
    let (mut races, mut failures) = (0, 0);
    loop {
        let current = read().await?;
        let Some(next) = change(&current)? else { return Ok(Update::Unchanged(current)) };
        let error = match write(next).await {
            Ok(written) => return Ok(Update::Written(written)),
            Err(error) => error,
        };
        let Some(call) = error.as_api_error() else { return Err(error) };
        let asked = call.status().and_then(|status| status.retry_after);
        let (policy, count) = if call.is_etag_conflict() {
            (policies.race, &mut races)
        } else if call.retryable() || (call.is_misshapen() && failures == 0) {
            // What made no sense once may have been something on the way; what it has done, the reading shows.
            (policies.failure, &mut failures)
        } else {
            return Err(error);
        };
        if *count >= policy.max_retries || ctx.sleep(policy.wait(*count, asked, ctx.clock.jitter())).await.is_err() {
            return Err(error);
        }
        *count += 1;
    }
}

/// An error that may be one of a call.
pub trait AsApiError {
    /// The call's error, if it is one.
    fn as_api_error(&self) -> Option<&ApiError>;
}

impl AsApiError for ApiError {
    fn as_api_error(&self) -> Option<&ApiError> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::google::api::host::Host;
    use crate::google::api::request::Request;
    use crate::google::api::testing::{Reply, Script, client_for, patient};

    #[tokio::test]
    async fn a_lost_race_is_read_again_and_what_others_wrote_survives() {
        let script = Script::start(|request, number| match (request.method.as_str(), number) {
            ("GET", 1) => Reply::json(json!({"etag": "1", "members": ["a"]})),
            ("GET", _) => Reply::json(json!({"etag": "2", "members": ["a", "b"]})),
            ("PUT", 2) => Reply::error(412, "", "At least one of the pre-conditions you specified did not hold."),
            _ => Reply::json(request.body.clone()),
        })
        .await;
        let (client, (ctx, clock)) = (client_for(&script), patient());
        let outcome = read_modify_write(
            &ctx,
            Policies { race: RetryPolicy::TRANSIENT, failure: RetryPolicy::TRANSIENT },
            || client.call(&ctx, Request::get(Host::STORAGE, "x")),
            |current: &Value| {
                let mut next = current.clone();
                next["members"].as_array_mut().unwrap().push(json!("mine"));
                Ok(Some(next))
            },
            |next| client.call(&ctx, Request::put(Host::STORAGE, "x").json(next)),
        )
        .await
        .unwrap();
        assert_eq!(outcome, Update::Written(json!({"etag": "2", "members": ["a", "b", "mine"]})));
        assert_eq!((script.count(), clock.slept().len()), (4, 1));
    }

    #[tokio::test]
    async fn a_write_whose_answer_makes_no_sense_is_done_when_the_reading_shows_it() {
        let script = Script::start(|_, number| match number {
            1 => Reply::json(json!({"etag": "1"})),
            2 => Reply::json(json!([])),
            _ => Reply::json(json!({"etag": "2", "members": ["mine"]})),
        })
        .await;
        let (client, (ctx, _)) = (client_for(&script), patient());
        let outcome = read_modify_write(
            &ctx,
            Policies { race: RetryPolicy::NEVER, failure: RetryPolicy::TRANSIENT },
            || client.call(&ctx, Request::get(Host::STORAGE, "x")),
            |current: &Value| Ok(current.get("members").is_none().then(|| json!({"members": ["mine"]}))),
            |next| client.call(&ctx, Request::put(Host::STORAGE, "x").expects(&["etag"]).json(next)),
        )
        .await
        .unwrap();
        assert_eq!(outcome, Update::Unchanged(json!({"etag": "2", "members": ["mine"]})));
    }

    #[tokio::test]
    async fn nothing_is_written_when_nothing_has_to_change() {
        let script = Script::start(|_, _| Reply::json(json!({"etag": "1"}))).await;
        let (client, (ctx, _)) = (client_for(&script), patient());
        let outcome = read_modify_write(
            &ctx,
            Policies { race: RetryPolicy::TRANSIENT, failure: RetryPolicy::TRANSIENT },
            || client.call(&ctx, Request::get(Host::STORAGE, "x")),
            |_: &Value| Ok(None::<Value>),
            |next| client.call(&ctx, Request::put(Host::STORAGE, "x").json(next)),
        )
        .await
        .unwrap();
        assert!(matches!(outcome, Update::Unchanged(_)));
        assert_eq!(script.count(), 1);
    }
}
