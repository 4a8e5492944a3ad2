//! Subscriptions: defaults of the real API, what cannot be changed, and topics that must exist.
//!
//! Nothing is delivered. A new one may take a while to be seen: [`Settings::new_subscriptions`](crate::store::Settings).

use serde_json::{Value, json};

use super::topic::DELETED;
use super::{HOST, changes, check_id, exists, is_seen, not_found, page, settle_duration};
use crate::api::labels;
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Object, Presence};
use crate::lag::Pending;
use crate::route::Api;
use crate::store::World;

pub(super) const SUBSCRIPTION: &str = "/v1/projects/{project}/subscriptions/{subscription}";
const MUTABLE: [&str; 14] = [
    "ackDeadlineSeconds",
    "bigqueryConfig",
    "bigtableConfig",
    "cloudStorageConfig",
    "deadLetterPolicy",
    "enableExactlyOnceDelivery",
    "expirationPolicy",
    "labels",
    "messageRetentionDuration",
    "messageTransforms",
    "pushConfig",
    "retainAckedMessages",
    "retryPolicy",
    "detached",
];

/// The attribute of a push that says in which version of the API messages are written.
const VERSION: &str = "x-goog-version";
const DEFAULT_VERSION: &str = "v1";

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", "/v1/projects/{project}/subscriptions", |call| {
        let parent = call.path();
        let paths: Vec<String> = call.world.children(HOST, &parent).map(|(path, _)| path.to_owned()).collect();
        let seen: Vec<String> = paths.into_iter().filter(|path| is_seen(call.world, path)).collect();
        let body = |path: String| Some((call.world.get(HOST, &path).cloned()?, path));
        let items = seen.into_iter().filter_map(body).map(|(body, path)| (path, body)).collect();
        page(call, "subscriptions", items)
    })
    .on("GET", SUBSCRIPTION, |call| {
        let (path, name) = (call.path(), call.resource());
        let seen = is_seen(call.world, &path);
        Ok(Reply::json(call.stored().filter(|_| seen).cloned().ok_or_else(|| not_found(&name))?))
    })
    .on("PUT", SUBSCRIPTION, create)
    .on("PATCH", SUBSCRIPTION, patch)
    .on("DELETE", SUBSCRIPTION, |call| {
        let (path, name) = (call.path(), call.resource());
        call.world.remove(HOST, &path).ok_or_else(|| not_found(&name))?;
        call.world.state.fresh_subscriptions.remove(&path);
        Ok(Reply::empty_object())
    })
    .on("POST", "/v1/projects/{project}/subscriptions/{subscription}:detach", |call| {
        change(call, |body, _| {
            body.insert("detached".to_owned(), json!(true));
        })
    })
    .on("POST", "/v1/projects/{project}/subscriptions/{subscription}:modifyPushConfig", |call| {
        change(call, |body, sent| {
            body.insert("pushConfig".to_owned(), sent.get("pushConfig").cloned().unwrap_or_else(|| json!({})));
        })
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (path, name) = (call.path(), call.resource());
    check_id("subscriptions", &name)?;
    if call.world.has(HOST, &path) {
        return Err(exists(&name));
    }
    let mut sent = call.body()?;
    let topic = call.world.with_project_ids(sent.get("topic").and_then(Value::as_str).unwrap_or_default());
    check_topic(call.world, &topic)?;
    sent.insert("topic".to_owned(), json!(topic));
    let (body, attributes) = settle(call.world, sent, &name)?;
    let unseen = Pending::new(call.world.settings.new_subscriptions, call.world.clock.now());
    call.world.state.fresh_subscriptions.insert(path.clone(), unseen);
    call.world.put(HOST, &path, body.clone());
    let is_push = body["pushConfig"].get("pushEndpoint").is_some();
    Ok(Reply::json(if is_push { with_attributes(body, attributes) } else { body }))
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let (path, name) = (call.path(), call.resource());
    let mut body = call.stored().and_then(Value::as_object).cloned().ok_or_else(|| not_found(&name))?;
    let (wanted, mask) = changes(call, "subscription", &MUTABLE)?;
    json::apply_mask(&mut body, &wanted, &mask);
    let (body, attributes) = settle(call.world, body, &name)?;
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(with_attributes(body, attributes)))
}

/// The answer to a write, which alone shows the attributes of a push, with the version of the API (recorded: `pubsub-subscription-push`).
fn with_attributes(mut body: Value, mut attributes: Object) -> Value {
    attributes.entry(VERSION).or_insert_with(|| json!(DEFAULT_VERSION));
    body["pushConfig"]["attributes"] = Value::Object(attributes);
    body
}

fn change(call: &mut Call<'_>, edit: impl Fn(&mut Object, &Object)) -> Outcome {
    let name = call.resource();
    let path = format!("/v1/{name}");
    let mut body = call.world.get(HOST, &path).and_then(Value::as_object).cloned().ok_or_else(|| not_found(&name))?;
    edit(&mut body, &call.body()?);
    let (body, _) = settle(call.world, body, &name)?;
    call.world.put(HOST, &path, body);
    Ok(Reply::empty_object())
}

/// The topic of a project that lives here must be there.
fn check_topic(world: &World, topic: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = topic.split('/').collect();
    let ["projects", project, "topics", id] = parts.as_slice() else {
        return Err(ApiError::invalid(format!("Invalid [topics] name: (name={topic})")));
    };
    let missing =
        world.project(project).is_some() && !world.has(HOST, &format!("/v1/{}", world.with_project_ids(topic)));
    if missing { Err(not_found(id)) } else { Ok(()) }
}

/// The subscription as a GET shows it, and the attributes of its push.
fn settle(world: &World, mut wanted: Object, name: &str) -> Result<(Value, Object), ApiError> {
    let output_only = ["state", "topicMessageRetentionDuration", "tags", "analyticsHubSubscriptionInfo"];
    wanted.retain(|field, value| !value.is_null() && !output_only.contains(&field.as_str()));
    labels::check(wanted.get("labels"))?;
    let deadline = wanted.get("ackDeadlineSeconds").map_or(Some(0), Value::as_i64);
    match deadline {
        Some(0) => wanted.insert("ackDeadlineSeconds".to_owned(), json!(10)),
        Some(10..=600) => None,
        _ => return Err(ApiError::invalid("The ack deadline is between 10 and 600 seconds.")),
    };
    wanted.entry("messageRetentionDuration").or_insert_with(|| json!("604800s"));
    settle_duration(&mut wanted, "messageRetentionDuration", 600..=2_678_400)?;
    let expiration = wanted.entry("expirationPolicy").or_insert_with(|| json!({"ttl": "2678400s"}));
    if let Value::Object(expiration) = expiration {
        settle_duration(expiration, "ttl", 86_400..=i128::from(i64::MAX))?;
    }
    settle_dead_letters(world, &mut wanted)?;
    if let Some(Value::Object(retry)) = wanted.get_mut("retryPolicy") {
        retry.entry("minimumBackoff").or_insert_with(|| json!("10s"));
        retry.entry("maximumBackoff").or_insert_with(|| json!("600s"));
        settle_duration(retry, "minimumBackoff", 0..=600)?;
        settle_duration(retry, "maximumBackoff", 0..=600)?;
    }
    let endpoint = wanted.get("pushConfig").and_then(|push| push.get("pushEndpoint")).and_then(Value::as_str);
    if endpoint.is_some_and(|endpoint| !endpoint.starts_with("https://")) {
        return Err(ApiError::invalid("Invalid push endpoint: an https URL is expected."));
    }
    let push = wanted.entry("pushConfig").or_insert_with(|| json!({})).as_object_mut();
    let mut attributes = Object::new();
    if let Some(push) = push {
        if let Some(Value::Object(sent)) = push.remove("attributes") {
            attributes = sent;
        }
        // Of all attributes only the version means anything, and only another than the default is kept.
        if let Some(version) = attributes.get(VERSION).filter(|version| **version != DEFAULT_VERSION) {
            push.insert("attributes".to_owned(), json!({VERSION: version}));
        }
    }
    for export in ["bigqueryConfig", "cloudStorageConfig"] {
        if let Some(Value::Object(export)) = wanted.get_mut(export) {
            // Output only; what an export needs besides Pub/Sub is taken to be there.
            export.insert("state".to_owned(), json!("ACTIVE"));
        }
    }
    json::drop_zeros(&mut wanted, Presence { kept: &[], maps: &["labels"] });
    wanted.insert("name".to_owned(), json!(name));
    wanted.insert("state".to_owned(), json!("ACTIVE"));
    let topic = wanted.get("topic").and_then(Value::as_str).unwrap_or(DELETED);
    let kept = world.get(HOST, &format!("/v1/{}", world.with_project_ids(topic)));
    let kept = kept.and_then(|topic| topic.get("messageRetentionDuration")).cloned();
    wanted.extend(kept.map(|kept| ("topicMessageRetentionDuration".to_owned(), kept)));
    Ok((Value::Object(wanted), attributes))
}

fn settle_dead_letters(world: &World, wanted: &mut Object) -> Result<(), ApiError> {
    let Some(Value::Object(policy)) = wanted.get_mut("deadLetterPolicy") else { return Ok(()) };
    check_topic(world, policy.get("deadLetterTopic").and_then(Value::as_str).unwrap_or_default())?;
    match policy.get("maxDeliveryAttempts").map_or(Some(0), Value::as_i64) {
        Some(0) => {
            policy.insert("maxDeliveryAttempts".to_owned(), json!(5));
            Ok(())
        }
        Some(5..=100) => Ok(()),
        _ => Err(ApiError::invalid("The maximum number of delivery attempts is between 5 and 100.")),
    }
}
