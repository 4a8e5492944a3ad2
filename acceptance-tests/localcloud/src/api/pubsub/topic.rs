//! Topics: made by PUT, changed by PATCH with a mask, gone at once.
//!
//! What the real API keeps silent about (state, zero values) is not shown.

use serde_json::{Value, json};

use super::{HOST, changes, check_id, exists, is_seen, not_found, page, settle_duration};
use crate::api::{labels, locations};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Object, Presence};
use crate::route::Api;

pub(super) const TOPIC: &str = "/v1/projects/{project}/topics/{topic}";
const MUTABLE: [&str; 7] = [
    "labels",
    "messageRetentionDuration",
    "messageStoragePolicy",
    "kmsKeyName",
    "schemaSettings",
    "ingestionDataSourceSettings",
    "messageTransforms",
];
/// What a subscription shows in place of a topic that is gone.
pub(super) const DELETED: &str = "_deleted-topic_";

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", "/v1/projects/{project}/topics", |call| {
        let parent = call.path();
        let items = call.world.children(HOST, &parent).map(|(path, body)| (path.to_owned(), body.clone())).collect();
        page(call, "topics", items)
    })
    .on("GET", "/v1/projects/{project}/topics/{topic}/subscriptions", list_subscriptions)
    .on("GET", TOPIC, |call| {
        let name = call.resource();
        Ok(Reply::json(call.stored().cloned().ok_or_else(|| not_found(&name))?))
    })
    .on("PUT", TOPIC, create)
    .on("PATCH", TOPIC, patch)
    .on("DELETE", TOPIC, delete)
}

fn list_subscriptions(call: &mut Call<'_>) -> Outcome {
    let topic = format!("projects/{}/topics/{}", call.param("project"), call.param("topic"));
    if !call.world.has(HOST, &format!("/v1/{topic}")) {
        return Err(not_found(&topic));
    }
    let objects = call.world.state.objects.get(HOST);
    let of_topic: Vec<(String, Value)> = objects
        .into_iter()
        .flatten()
        .filter(|(path, object)| path.contains("/subscriptions/") && object.body["topic"] == topic.as_str())
        .map(|(path, object)| (path.clone(), object.body["name"].clone()))
        .collect();
    let items = of_topic.into_iter().filter(|(path, _)| is_seen(call.world, path)).collect();
    page(call, "subscriptions", items)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (path, name) = (call.path(), call.resource());
    check_id("topics", &name)?;
    if call.world.has(HOST, &path) {
        return Err(exists(&name));
    }
    let body = settle(call.body()?, &name)?;
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(body))
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let (path, name) = (call.path(), call.resource());
    let mut body = call.stored().and_then(Value::as_object).cloned().ok_or_else(|| not_found(&name))?;
    let (wanted, mask) = changes(call, "topic", &MUTABLE)?;
    json::apply_mask(&mut body, &wanted, &mask);
    let body = settle(body, &name)?;
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(body))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (path, name) = (call.path(), call.resource());
    call.world.remove(HOST, &path).ok_or_else(|| not_found(&name))?;
    for object in call.world.state.objects.get_mut(HOST).into_iter().flat_map(|objects| objects.values_mut()) {
        if object.body["topic"] == name.as_str() {
            object.body["topic"] = json!(DELETED);
        }
    }
    Ok(Reply::empty_object())
}

fn settle(mut wanted: Object, name: &str) -> Result<Value, ApiError> {
    wanted.retain(|field, value| !value.is_null() && !["state", "satisfiesPzs", "tags"].contains(&field.as_str()));
    labels::check(wanted.get("labels"))?;
    settle_duration(&mut wanted, "messageRetentionDuration", 600..=2_678_400)?;
    if let Some(storage) = wanted.get("messageStoragePolicy") {
        let regions = storage["allowedPersistenceRegions"].as_array().cloned().unwrap_or_default();
        if regions.is_empty() || !regions.iter().all(|region| region.as_str().is_some_and(locations::is_region)) {
            return Err(ApiError::invalid("The message storage policy needs regions, and real ones."));
        }
    }
    if wanted.get("schemaSettings").is_some_and(|schema| schema["schema"].as_str().unwrap_or_default().is_empty()) {
        return Err(ApiError::invalid("The schema settings need a schema."));
    }
    json::drop_zeros(&mut wanted, Presence { kept: &[], maps: &["labels"] });
    wanted.insert("name".to_owned(), json!(name));
    Ok(Value::Object(wanted))
}
