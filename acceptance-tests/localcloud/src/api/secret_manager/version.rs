//! Versions of secrets: add, list, get, access, enable, disable, destroy.
//!
//! The value of a version lies beside its object, as the bytes of a stored object do, and goes when the version is destroyed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{HOST, page, quoted_etag, stale};
use crate::api::duration;
use crate::api::storage::crc32c;
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::route::Api;

const VERSION: &str = "/v1/projects/{project}/secrets/{secret}/versions/{version}";
const MAX_BYTES: usize = 65_536;

pub(super) fn serve(api: Api) -> Api {
    api.on("POST", "/v1/projects/{project}/secrets/{secret}:addVersion", add)
        .on("GET", "/v1/projects/{project}/secrets/{secret}/versions", list)
        .on("GET", "/v1/projects/{project}/secrets/{secret}/versions/{version}:access", access)
        .on("POST", "/v1/projects/{project}/secrets/{secret}/versions/{version}:enable", |call| {
            set_state(call, State::Enabled)
        })
        .on("POST", "/v1/projects/{project}/secrets/{secret}/versions/{version}:disable", |call| {
            set_state(call, State::Disabled)
        })
        .on("POST", "/v1/projects/{project}/secrets/{secret}/versions/{version}:destroy", |call| {
            set_state(call, State::Destroyed)
        })
        .on("GET", VERSION, |call| {
            let path = find(call)?;
            Ok(Reply::json(call.world.get(HOST, &path).cloned().unwrap_or_default()))
        })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Enabled,
    Disabled,
    Destroyed,
}

impl State {
    fn text(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
            Self::Destroyed => "DESTROYED",
        }
    }
}

fn secret_path(call: &Call<'_>) -> String {
    format!("/v1/projects/{}/secrets/{}", call.param("project"), call.param("secret"))
}

/// The secret that the call is about, as it is stored.
fn secret(call: &Call<'_>) -> Result<Value, ApiError> {
    let path = secret_path(call);
    let name = call.world.with_project_numbers(path.trim_start_matches("/v1/"));
    call.world
        .get(HOST, &path)
        .cloned()
        .ok_or_else(|| ApiError::not_found(format!("Secret [{name}] not found or has no versions.")))
}

/// The numbers of its versions.
fn numbers(call: &Call<'_>) -> Vec<u64> {
    let parent = format!("{}/versions", secret_path(call));
    let paths = call.world.children(HOST, &parent).map(|(path, _)| path.rsplit('/').next().unwrap_or(path));
    paths.filter_map(|number| number.parse().ok()).collect()
}

/// The path of the version that the call names by number, alias or as `latest`.
fn find(call: &Call<'_>) -> Result<String, ApiError> {
    let secret = secret(call)?;
    let wanted = call.param("version");
    let number = match wanted {
        "latest" => numbers(call).into_iter().max().map(|number| number.to_string()),
        alias => secret["versionAliases"][alias].as_str().map(ToOwned::to_owned).or_else(|| Some(alias.to_owned())),
    };
    let name = secret["name"].as_str().unwrap_or_default();
    let path = format!("{}/versions/{}", secret_path(call), number.unwrap_or_default());
    match call.world.has(HOST, &path) {
        true => Ok(path),
        false if wanted == "latest" => {
            Err(ApiError::not_found(format!("Secret [{name}] not found or has no versions.")))
        }
        false => Err(ApiError::not_found(format!("Secret Version [{name}/versions/{wanted}] not found."))),
    }
}

fn add(call: &mut Call<'_>) -> Outcome {
    let secret = secret(call).map_err(|_| {
        let name = call.world.with_project_numbers(&call.resource());
        ApiError::not_found(format!("Secret [{name}] not found."))
    })?;
    let sent = call.body()?;
    let payload = sent.get("payload").and_then(Value::as_object).cloned().unwrap_or_default();
    let Some(data) = payload.get("data").and_then(Value::as_str) else {
        return Err(ApiError::invalid_field("payload", "A payload is needed."));
    };
    // Google's JSON takes both alphabets.
    let Ok(bytes) = STANDARD.decode(data.replace('-', "+").replace('_', "/")) else {
        return Err(ApiError::invalid_field("payload.data", "The payload is no base64."));
    };
    if bytes.len() > MAX_BYTES {
        return Err(ApiError::invalid_field("payload.data", "The payload is larger than 64 KiB."));
    }
    let checksum = payload.get("dataCrc32c").map(|sum| sum.as_str().map_or_else(|| sum.to_string(), ToOwned::to_owned));
    if checksum.as_ref().is_some_and(|sum| *sum != crc32c(&bytes).to_string()) {
        return Err(ApiError::invalid_field("payload.data_crc32c", "The checksum does not match the payload."));
    }
    let number = numbers(call).into_iter().max().unwrap_or(0) + 1;
    let mut body = json!({
        "name": format!("{}/versions/{number}", secret["name"].as_str().unwrap_or_default()),
        "createTime": call.world.now(),
        "state": "ENABLED",
        "replicationStatus": replication_status(&secret["replication"]),
        "etag": quoted_etag(call.world),
    });
    if checksum.is_some() {
        body["clientSpecifiedPayloadChecksum"] = json!(true);
    }
    let path = format!("{}/versions/{number}", secret_path(call));
    call.world.put(HOST, &path, body.clone());
    set_value(call, &path, Some(STANDARD.encode(bytes)));
    Ok(Reply::json(body))
}

/// Where the value lies: as the secret says.
fn replication_status(replication: &Value) -> Value {
    match replication["userManaged"]["replicas"].as_array() {
        Some(replicas) => {
            let places: Vec<Value> = replicas.iter().map(|replica| json!({"location": replica["location"]})).collect();
            json!({"userManaged": {"replicas": places}})
        }
        None => json!({"automatic": {}}),
    }
}

fn set_value(call: &mut Call<'_>, path: &str, value: Option<String>) {
    if let Some(object) = call.world.state.objects.get_mut(HOST).and_then(|objects| objects.get_mut(path)) {
        object.media = value;
    }
}

fn list(call: &mut Call<'_>) -> Outcome {
    secret(call)?;
    let wanted = match call.query("filter").unwrap_or_default() {
        "" => None,
        text => Some(state_filter(text)?),
    };
    let parent = call.path();
    let newest_first = |path: &str| {
        let number: u64 = path.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        format!("{:020}", u64::MAX - number)
    };
    let mut items: Vec<(String, Value)> = call
        .world
        .children(HOST, &parent)
        .filter(|(_, body)| wanted.as_ref().is_none_or(|state| body["state"] == state.as_str()))
        .map(|(path, body)| (newest_first(path), body.clone()))
        .collect();
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    page(call, "versions", items)
}

fn state_filter(text: &str) -> Result<String, ApiError> {
    match text.split_once(['=', ':']) {
        Some((field, state)) if field.trim() == "state" => Ok(state.trim().trim_matches('"').to_owned()),
        _ => Err(ApiError::new(501, "UNIMPLEMENTED", format!("localcloud does not filter versions by {text}"))),
    }
}

fn access(call: &mut Call<'_>) -> Outcome {
    let path = find(call)?;
    let object = call.world.state.objects.get(HOST).and_then(|objects| objects.get(&path));
    let Some(object) = object else { return Err(ApiError::not_found("Secret Version not found.")) };
    let name = object.body["name"].as_str().unwrap_or_default();
    if object.body["state"] != "ENABLED" {
        let state = object.body["state"].as_str().unwrap_or_default();
        return Err(ApiError::failed_precondition(format!("Secret Version [{name}] is in {state} state.")));
    }
    // A version that a seed describes without its value has the empty one.
    let data = object.media.clone().unwrap_or_default();
    let sum = crc32c(&STANDARD.decode(&data).unwrap_or_default());
    Ok(Reply::json(json!({"name": name, "payload": {"data": data, "dataCrc32c": sum.to_string()}})))
}

fn set_state(call: &mut Call<'_>, wanted: State) -> Outcome {
    let path = find(call)?;
    let sent = call.body()?;
    let mut body = call.world.get(HOST, &path).cloned().unwrap_or_default();
    if sent.get("etag").and_then(Value::as_str).is_some_and(|etag| !etag.is_empty() && body["etag"] != etag) {
        return Err(stale());
    }
    if body["state"] == "DESTROYED" {
        let name = body["name"].as_str().unwrap_or_default();
        return Err(ApiError::failed_precondition(format!("Secret Version [{name}] is in DESTROYED state.")));
    }
    if let Some(body) = body.as_object_mut() {
        body.remove("scheduledDestroyTime");
    }
    let delay = delay_of_destruction(call)?;
    match (wanted, delay) {
        (State::Destroyed, Some(days)) => {
            let at = clock::days_later(call.world.clock.now(), days);
            body["state"] = json!(State::Disabled.text());
            body["scheduledDestroyTime"] = json!(clock::micros(at));
        }
        (State::Destroyed, None) => {
            body["state"] = json!(wanted.text());
            body["destroyTime"] = json!(call.world.now());
            set_value(call, &path, None);
        }
        _ => body["state"] = json!(wanted.text()),
    }
    body["etag"] = json!(quoted_etag(call.world));
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(body))
}

/// The whole days by which the secret puts off the destruction of its versions.
fn delay_of_destruction(call: &Call<'_>) -> Result<Option<i64>, ApiError> {
    let secret = secret(call)?;
    let length = secret["versionDestroyTtl"].as_str().and_then(duration::nanoseconds);
    Ok(length.and_then(|length| i64::try_from(length / 86_400_000_000_000).ok()))
}
