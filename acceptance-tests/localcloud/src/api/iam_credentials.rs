//! `iamcredentials.googleapis.com` v1: access tokens and identity tokens of service accounts, for impersonation.

use serde_json::{Value, json};

use super::{iam, tokens};
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::route::Api;

/// The API.
pub(crate) fn api() -> Api {
    Api::new("iamcredentials.googleapis.com")
        .project_of(project_of)
        .on("POST", "/v1/projects/{project}/serviceAccounts/{account}:generateAccessToken", generate_access_token)
        .on("POST", "/v1/projects/{project}/serviceAccounts/{account}:generateIdToken", generate_id_token)
}

/// The account's own project, if it lives here.
fn project_of(call: &Call<'_>) -> Option<String> {
    let (_, domain) = call.param("account").split_once('@')?;
    let project = domain.strip_suffix(".iam.gserviceaccount.com")?;
    call.world.project(project).map(|project| project.project_id.clone())
}

/// The account that the call is about; one of a project that lives here must exist.
fn account(call: &Call<'_>) -> Result<String, ApiError> {
    let email = call.param("account").to_owned();
    if project_of(call).is_some() && !iam::account_exists(call.world, &email) {
        return Err(ApiError::not_found(format!("Not found; Gaia id not found for email {email}")));
    }
    Ok(email)
}

fn generate_id_token(call: &mut Call<'_>) -> Outcome {
    let email = account(call)?;
    let body = call.body()?;
    let audience = body.get("audience").and_then(Value::as_str).filter(|audience| !audience.is_empty());
    let audience = audience.ok_or_else(|| ApiError::invalid("Audience required."))?.to_owned();
    let email = (body.get("includeEmail") == Some(&json!(true))).then_some(email);
    Ok(Reply::json(json!({"token": tokens::identity(call.world, &audience, email.as_deref())})))
}

fn generate_access_token(call: &mut Call<'_>) -> Outcome {
    account(call)?;
    let body = call.body()?;
    if body.get("scope").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(ApiError::invalid("Scope required."));
    }
    let lifetime = body.get("lifetime").and_then(Value::as_str).unwrap_or("3600s");
    let seconds = lifetime
        .strip_suffix('s')
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|seconds| (1..=43_200).contains(seconds))
        .ok_or_else(|| ApiError::invalid("The lifetime of an access token is between 1 and 43200 seconds."))?;
    let now = call.world.clock.now();
    let expires = jiff::Timestamp::from_second(now.as_second().saturating_add(seconds)).unwrap_or(now);
    let id = call.world.uuid();
    Ok(Reply::json(json!({"accessToken": format!("ya29.localcloud-{id}"), "expireTime": clock::micros(expires)})))
}
