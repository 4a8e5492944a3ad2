//! Versions of secrets: number and state of the newest one are read, a value is added. Values are never read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use serde_json::{Value as Json, json};

use crate::engine::wire;
use crate::google::api::{ApiError, Found, Host, Request};
use crate::google::names::last_segment;
use crate::google::session::Run;

/// How often a value is sent again after replies that were lost.
const RESENDS: u32 = 5;

/// The field of a secret's JSON with the number of its newest version.
pub(super) const NUMBER: &str = "latestVersion";
/// The field with that version's state.
pub(super) const STATE: &str = "latestVersionState";
/// The state of a version that can be used.
pub(super) const ENABLED: &str = "ENABLED";

/// A version as far as the stack is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    number: String,
    state: String,
}

impl Version {
    /// The version that the API describes.
    fn of(body: &Json) -> Option<Self> {
        let number = last_segment(body.get("name")?.as_str()?).to_owned();
        Some(Self { number, state: wire::text(body, "state").to_owned() })
    }

    /// Notes the version in the JSON of its secret.
    pub(super) fn put_into(self, secret: &mut Json) {
        secret[NUMBER] = Json::String(self.number);
        secret[STATE] = Json::String(self.state);
    }

    fn order(number: &str) -> u64 {
        number.parse().unwrap_or_default()
    }
}

/// Puts the newest version into each secret.
///
/// # Errors
/// Of the calls.
pub(super) async fn read(bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let reads = bodies.iter_mut().map(|body| async move {
        let name = wire::text(body, "name").to_owned();
        if let Some(version) = get(&name, "latest", run).await? {
            version.put_into(body);
        }
        Ok(())
    });
    try_join_all(reads).await.map(|_: Vec<()>| ())
}

/// Looks for the version that is `known`, if the newest one that was read is none or an older one: `latest` may lag behind
/// for minutes, a number does not.
///
/// # Errors
/// Of the call.
pub(super) async fn look_for(secret: &mut Json, known: Option<&str>, run: Run<'_>) -> Result<(), ApiError> {
    let read = secret.get(NUMBER).and_then(Json::as_str).map_or(0, Version::order);
    let Some(known) = known.filter(|known| Version::order(known) > read) else { return Ok(()) };
    let name = wire::text(secret, "name").to_owned();
    if let Some(version) = get(&name, known, run).await? {
        version.put_into(secret);
    }
    Ok(())
}

/// A version of the secret `name`; `None` where there is none.
async fn get(name: &str, version: &str, run: Run<'_>) -> Result<Option<Version>, ApiError> {
    let request = Request::get(Host::SECRET_MANAGER, format!("v1/{name}/versions/{version}")).expects(&["name"]);
    Ok(run.call(request).await.found()?.as_ref().and_then(Version::of))
}

/// Adds `value` as one new version of the secret `name`. After a lost reply it looks before it sends the value again.
///
/// # Errors
/// Of the calls; they quote no value.
pub(super) async fn add(name: &str, value: &str, run: Run<'_>) -> Result<Version, ApiError> {
    let before = get(name, "latest", run).await?.map(|version| version.number);
    let data = STANDARD.encode(value);
    let request = Request::post(Host::SECRET_MANAGER, format!("v1/{name}:addVersion"))
        .secret(value)
        .secret(data.as_str())
        .expects(&["name"])
        .json(json!({ "payload": { "data": data } }));
    let is_new = |version: &Version| Some(&version.number) != before.as_ref();
    let poll = run.poll();
    let mut resent = 0;
    loop {
        let error = match run.call(request.clone()).await {
            Ok(version) => return Ok(Version::of(&version).unwrap_or_default()),
            Err(error) => error,
        };
        if !error.may_have_happened() {
            return Err(error);
        }
        let is_stopped = run.context.sleep(poll.wait(resent)).await.is_err();
        // It must be known whether the value is there, whatever the time.
        let found = if is_stopped {
            run.last_look(async |look| get(name, "latest", look).await).await
        } else {
            get(name, "latest", run).await
        };
        match found {
            Ok(Some(version)) if is_new(&version) => return Ok(version),
            Ok(_) if !is_stopped && resent < RESENDS => resent += 1,
            _ => return Err(error),
        }
    }
}
