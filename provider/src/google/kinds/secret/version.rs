//! Versions of secrets: the number of the newest one is read, a value is added. Values are never read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use serde_json::{Value as Json, json};

use crate::google::api::{ApiError, Host, Request};
use crate::google::session::Run;

/// How often a value is sent again after replies that were lost.
const RESENDS: u32 = 5;

/// Puts the number of the newest version into each secret.
///
/// # Errors
/// Of the calls.
pub(super) async fn read(bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let names = bodies.iter().map(|body| body["name"].as_str().unwrap_or_default().to_owned());
    let newest = try_join_all(names.map(|name| async move { newest(&name, run).await })).await?;
    for (body, newest) in bodies.iter_mut().zip(newest) {
        if let Some(newest) = newest {
            body["latestVersion"] = Json::String(newest);
        }
    }
    Ok(())
}

/// The number of the newest version of the secret `name`; `None` while there is none.
async fn newest(name: &str, run: Run<'_>) -> Result<Option<String>, ApiError> {
    match run.call(Request::get(Host::SECRET_MANAGER, format!("v1/{name}/versions/latest"))).await {
        Ok(version) => Ok(version["name"].as_str().and_then(|name| name.rsplit('/').next()).map(str::to_owned)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds `value` as one new version of the secret `name`. After a lost reply it looks before it sends the value again.
///
/// # Errors
/// Of the calls; they quote no value.
pub(super) async fn add(name: &str, value: &str, run: Run<'_>) -> Result<(), ApiError> {
    let before = newest(name, run).await?;
    let data = STANDARD.encode(value);
    let request = Request::post(Host::SECRET_MANAGER, format!("v1/{name}:addVersion"))
        .secret(value)
        .secret(data.as_str())
        .json(json!({ "payload": { "data": data } }));
    let poll = run.poll();
    let mut resent = 0;
    loop {
        let Err(error) = run.call(request.clone()).await else { return Ok(()) };
        if !error.may_have_happened() || resent == RESENDS {
            return Err(error);
        }
        if run.context.sleep(poll.wait(resent)).await.is_err() {
            let found = run.last_look(async |look| newest(name, look).await).await;
            return if found.is_ok_and(|found| found != before) { Ok(()) } else { Err(error) };
        }
        if newest(name, run).await? != before {
            return Ok(());
        }
        resent += 1;
    }
}
