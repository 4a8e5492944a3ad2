//! Read, change, write: and once more from the reading when somebody else was faster.
//! The change is applied to what is there at that moment, so that what others wrote survives.

use std::future::Future;

use super::error::ApiError;
use super::retry::RetryPolicy;
use crate::engine::context::CallContext;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Update<T, W> {
    /// Nothing had to change; this is what is there.
    Unchanged(T),
    /// The change was written; this is the answer to the write.
    Written(W),
}

/// Reads, lets `change` say what to write (nothing, if all is well already), and writes it with the etag it was read with.
/// After a lost race it begins again, with `policy`'s waits, until the policy, the deadline or a stop ends it.
pub async fn read_modify_write<T, N, W, E, R, RF, C, WR, WF>(
    ctx: &CallContext,
    policy: RetryPolicy,
    mut read: R,
    mut change: C,
    mut write: WR,
) -> Result<Update<T, W>, E>
where
    R: FnMut() -> RF,
    RF: Future<Output = Result<T, E>>,
    C: FnMut(&T) -> Result<Option<N>, E>,
    WR: FnMut(N) -> WF,
    WF: Future<Output = Result<W, E>>,
    E: AsApiError,
{
    let mut retry = 0;
    loop {
        let current = read().await?;
        let Some(next) = change(&current)? else { return Ok(Update::Unchanged(current)) };
        let error = match write(next).await {
            Ok(written) => return Ok(Update::Written(written)),
            Err(error) => error,
        };
        let lost_race = error.as_api_error().is_some_and(ApiError::is_etag_conflict);
        if !lost_race || retry >= policy.max_retries {
            return Err(error);
        }
        if ctx.sleep(policy.wait(retry, None, ctx.clock.jitter())).await.is_err() {
            return Err(error);
        }
        retry += 1;
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
            RetryPolicy::TRANSIENT,
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
    async fn nothing_is_written_when_nothing_has_to_change() {
        let script = Script::start(|_, _| Reply::json(json!({"etag": "1"}))).await;
        let (client, (ctx, _)) = (client_for(&script), patient());
        let outcome = read_modify_write(
            &ctx,
            RetryPolicy::TRANSIENT,
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
