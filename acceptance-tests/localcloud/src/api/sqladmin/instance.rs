//! Instances.
//!
//! PATCH merges, PUT replaces, and both take `settings.settingsVersion` as the version they were read in: another one is 412, as the
//! discovery document says. The name of a deleted one is taken for a week.

use serde_json::{Value, json};

use super::operation::{self, Takes};
use super::{HOST, database, defaults, existing, invalid, is_of, user, validate};
use crate::api::{compute, labels};
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::json::merge_patch;
use crate::pages::{self, PageRule};
use crate::route::Api;

const INSTANCES: &str = "/v1/projects/{project}/instances";
const INSTANCE: &str = "/v1/projects/{project}/instances/{instance}";
const PAGES: PageRule = PageRule { default: 500, max: 1000 };
/// How long the name of a deleted one is taken.
const RESERVED_DAYS: i64 = 7;

/// Adds instances to the API.
pub(super) fn serve(api: Api) -> Api {
    api.on("GET", INSTANCES, list)
        .on("POST", INSTANCES, create)
        .on("GET", INSTANCE, get)
        .on("PATCH", INSTANCE, patch)
        .on("PUT", INSTANCE, replace)
        .on("DELETE", INSTANCE, delete)
}

fn get(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    operation::look(call, &path);
    Ok(Reply::json(existing(call)?.1))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let parent = call.path();
    let paths: Vec<String> = call.world.children(HOST, &parent).map(|(path, _)| path.to_owned()).collect();
    paths.iter().for_each(|path| operation::look(call, path));
    let items = call.world.children(HOST, &parent).map(|(path, body)| (path.to_owned(), body.clone())).collect();
    let page = pages::page(items, PAGES, call.query("maxResults"), call.query("pageToken"))?;
    Ok(Reply::json(page.answer(json!({"kind": "sql#instancesList"}), "items")))
}

fn is_reserved(call: &Call<'_>, path: &str) -> bool {
    let deleted = call.world.state.deleted_sql_instances.get(path);
    let until = deleted.and_then(|time| time.parse().ok()).map(|time| clock::days_later(time, RESERVED_DAYS));
    until.is_some_and(|until| call.world.clock.now() < until)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?;
    let mut body = Value::Object(call.body()?);
    let name = body["name"].as_str().unwrap_or_default().to_owned();
    validate::name(&project.project_id, &name)?;
    let path = format!("/v1/projects/{}/instances/{name}", project.project_id);
    operation::look(call, &path);
    if call.world.has(HOST, &path) || is_reserved(call, &path) {
        return Err(ApiError::storage(
            409,
            "instanceAlreadyExists",
            "The Cloud SQL instance already exists. When you delete an instance, you cannot reuse the name of the deleted instance \
             until one week from the deletion date.",
        ));
    }
    let has_password = !body["rootPassword"].as_str().unwrap_or_default().is_empty();
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|field, _| field != "rootPassword" && !defaults::OUTPUT_ONLY.contains(&field.as_str()));
    }
    defaults::complete(call, &mut body, &project, None);
    if is_of(&body, "SQLSERVER") && !has_password {
        return Err(invalid("Root password is required for SQL Server instances"));
    }
    validate::settings(&body, None)?;
    check_network(call, &body)?;
    labels::check(body["settings"].get("userLabels"))?;
    let busy = call.world.settings.operations;
    body["state"] = json!(if busy == crate::lag::Lag::NONE { "RUNNABLE" } else { "PENDING_CREATE" });
    if !call.is_condemned() {
        call.world.put(HOST, &path, body.clone());
        database::add_own(call, &path, &body);
        user::add_own(call, &path, &body);
    }
    Ok(operation::start(call, &path, "CREATE", Takes::Time))
}

/// A private address comes out of a range of the network's peering: <https://cloud.google.com/sql/docs/mysql/private-ip>.
fn check_network(call: &Call<'_>, body: &Value) -> Result<(), ApiError> {
    let network = body["settings"]["ipConfiguration"]["privateNetwork"].as_str().unwrap_or_default();
    match compute::lacks_peering(call, network) {
        true => Err(invalid(
            "Invalid request: Failed to create instance because the network doesn't have at least 1 private services connection.",
        )),
        false => Ok(()),
    }
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let change = Value::Object(call.body()?);
    write(call, change, true)
}

fn replace(call: &mut Call<'_>) -> Outcome {
    let change = Value::Object(call.body()?);
    if change["settings"]["settingsVersion"].is_null() {
        return Err(invalid("Missing parameter: settingsVersion"));
    }
    write(call, change, false)
}

fn write(call: &mut Call<'_>, mut change: Value, merges: bool) -> Outcome {
    let project = call.project()?;
    let (path, prior) = existing(call)?;
    operation::check_free(call, &path)?;
    let version = &prior["settings"]["settingsVersion"];
    let sent = change["settings"]["settingsVersion"].as_str().map(str::to_owned);
    if sent.as_deref().is_some_and(|sent| version != sent) {
        return Err(ApiError::storage(
            412,
            "staleSettingsVersion",
            "Condition does not match: the settings version is not the current one.",
        ));
    }
    if let Some(fields) = change.as_object_mut() {
        fields.retain(|field, _| !defaults::OUTPUT_ONLY.contains(&field.as_str()));
    }
    if change.get("rootPassword").is_some() {
        return Err(invalid("The root password can be set at creation only"));
    }
    let mut body = prior.clone();
    if merges {
        // Of two words for one setting the one that was sent counts.
        let ip = &change["settings"]["ipConfiguration"];
        let stale = match (ip.get("sslMode").is_some(), ip.get("requireSsl").is_some()) {
            (true, false) => Some("requireSsl"),
            (false, true) => Some("sslMode"),
            _ => None,
        };
        if let Some((stale, ip)) = stale.zip(body["settings"]["ipConfiguration"].as_object_mut()) {
            ip.remove(stale);
        }
        merge_patch(&mut body, &change);
    } else {
        defaults::OUTPUT_ONLY.iter().for_each(|field| drop(change.as_object_mut().map(|fields| fields.remove(*field))));
        for (field, value) in change.as_object().into_iter().flatten() {
            body[field.as_str()] = value.clone();
        }
    }
    defaults::complete(call, &mut body, &project, Some(&prior));
    validate::unchanged(&prior, &body)?;
    validate::settings(&body, Some(&prior))?;
    check_network(call, &body)?;
    labels::check(body["settings"].get("userLabels"))?;
    if !call.is_condemned() {
        call.world.put(HOST, &path, body);
    }
    Ok(operation::start(call, &path, "UPDATE", Takes::Time))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (path, body) = existing(call)?;
    operation::check_free(call, &path)?;
    if body["settings"]["deletionProtectionEnabled"] == true {
        return Err(ApiError::storage(
            400,
            "invalid",
            "Invalid request: The instance is protected. Please disable the deletion protection and try again. To disable deletion \
             protection, update the instance settings with deletionProtectionEnabled set to false..",
        ));
    }
    if !call.is_condemned() {
        let now = call.world.now();
        call.world.state.deleted_sql_instances.insert(path.clone(), now);
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        let is_prompt = call.world.settings.operations == crate::lag::Lag::NONE;
        if is_prompt {
            call.world.remove(HOST, &path);
        } else {
            let mut body = body;
            body["state"] = json!("PENDING_DELETE");
            body["name"] = json!(name);
            call.world.put(HOST, &path, body);
        }
    }
    Ok(operation::start(call, &path, "DELETE", Takes::Time))
}
