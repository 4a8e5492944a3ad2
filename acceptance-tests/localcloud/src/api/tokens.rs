//! Where credentials become tokens: `sts.googleapis.com` and `oauth2.googleapis.com`.
//!
//! Any credential is believed; only the form of the request is judged. Point a credential file's token address here to test with it. Errors are in
//! OAuth's format, not in Google's.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use crate::call::{Body, Call, Outcome, Reply, decode};
use crate::route::Api;
use crate::store::World;

const LIFETIME: u32 = 3599;
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The Security Token Service: tokens of other identity providers for Google's.
pub(crate) fn sts() -> Api {
    Api::new("sts.googleapis.com").on("POST", "/v1/token", |call| {
        let form = form(call);
        if let Some(refusal) = missing(&form, &["grant_type", "audience", "subject_token", "subject_token_type"]) {
            return Ok(refusal);
        }
        if form["grant_type"] != EXCHANGE {
            return Ok(refuse("unsupported_grant_type", "Only the token exchange grant is supported."));
        }
        let mut answer = token(call);
        answer["issued_token_type"] = json!("urn:ietf:params:oauth:token-type:access_token");
        Ok(Reply::json(answer))
    })
}

/// OAuth 2: tokens for keys of service accounts and for refresh tokens of users.
pub(crate) fn oauth2() -> Api {
    Api::new("oauth2.googleapis.com").on("POST", "/token", |call| -> Outcome {
        let form = form(call);
        let needed: &[&str] = match form.get("grant_type").map(String::as_str) {
            Some(JWT) => &["assertion"],
            Some("refresh_token") => &["refresh_token", "client_id", "client_secret"],
            _ => return Ok(refuse("unsupported_grant_type", "Invalid grant_type")),
        };
        if let Some(refusal) = missing(&form, needed) {
            return Ok(refusal);
        }
        // A key's statement that names an audience asks who the account is, and gets no access token.
        let claims = form.get("assertion").and_then(|assertion| claims(assertion));
        match claims.as_ref().and_then(|claims| Some((claims["target_audience"].as_str()?, claims["iss"].as_str()))) {
            Some((audience, email)) => Ok(Reply::json(json!({"id_token": identity(call.world, audience, email)}))),
            None => Ok(Reply::json(token(call))),
        }
    })
}

/// The body: a form, or JSON with the same names.
fn form(call: &Call<'_>) -> BTreeMap<String, String> {
    if let Some(Value::Object(object)) = &call.request.json {
        return object.iter().filter_map(|(k, v)| Some((crate::json::snake(k), v.as_str()?.to_owned()))).collect();
    }
    String::from_utf8_lossy(&call.request.body)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decode(&key.replace('+', " ")), decode(&value.replace('+', " "))))
        .collect()
}

fn token(call: &mut Call<'_>) -> Value {
    let id = call.world.uuid();
    json!({"access_token": format!("ya29.localcloud-{id}"), "expires_in": LIFETIME, "token_type": "Bearer"})
}

/// An identity token for `audience`: in the form of a real one, signed by nobody.
pub(super) fn identity(world: &mut World, audience: &str, email: Option<&str>) -> String {
    let issued = world.clock.now().as_second();
    let subject = world.digits(21);
    let mut claims = json!({
        "aud": audience, "azp": subject, "sub": subject, "iss": "https://accounts.google.com", "iat": issued,
        "exp": issued + i64::from(LIFETIME),
    });
    if let Some(email) = email {
        claims["email"] = json!(email);
        claims["email_verified"] = json!(true);
    }
    let encode = |document: Value| BASE64.encode(document.to_string());
    let header = json!({"alg": "RS256", "kid": "localcloud", "typ": "JWT"});
    format!("{}.{}.{}", encode(header), encode(claims), BASE64.encode(world.uuid()))
}

/// What a JWT states; `None` for a text of another form.
fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.').skip(1);
    let claims = parts.next().filter(|_| parts.count() == 1)?;
    serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()
}

fn missing(form: &BTreeMap<String, String>, needed: &[&str]) -> Option<Reply> {
    let absent = needed.iter().find(|name| form.get(**name).is_none_or(String::is_empty))?;
    Some(refuse("invalid_request", &format!("Missing required parameter: {absent}")))
}

fn refuse(error: &str, description: &str) -> Reply {
    Reply {
        status: 400,
        body: Body::Json(json!({"error": error, "error_description": description})),
        headers: Vec::new(),
    }
}
