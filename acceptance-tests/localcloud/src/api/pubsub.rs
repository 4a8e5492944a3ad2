//! `pubsub.googleapis.com` v1: topics and subscriptions; no messages.
//!
//! Objects are made by PUT on their names. PATCH carries `{topic, updateMask}`, the mask also in the query. A deleted topic leaves its
//! subscriptions behind, on `_deleted-topic_`.

mod subscription;
mod topic;

use serde_json::{Value, json};

use super::duration;
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Mask, Object};
use crate::pages::{self, PageRule};
use crate::policy;
use crate::route::Api;
use crate::store::World;

pub(super) const HOST: &str = "pubsub.googleapis.com";
const PAGES: PageRule = PageRule { default: 1000, max: 1000 };

/// The API.
pub(crate) fn api() -> Api {
    let api = subscription::serve(topic::serve(Api::new(HOST)));
    let api = policy::serve(api, topic::TOPIC, "GET", existing);
    policy::serve(api, subscription::SUBSCRIPTION, "GET", existing)
}

fn existing(call: &mut Call<'_>) -> Result<String, ApiError> {
    let name = call.resource();
    match call.world.has(HOST, &format!("/v1/{name}")) {
        true => Ok(name),
        false => Err(not_found(&name)),
    }
}

/// Do reads see the subscription at `path` yet? As recorded (`pubsub-subscription`: four reads after the PUT are 404, the fifth is not;
/// `pubsub-subscription-push`: one), while writes know it at once. Whether a list lacks it as long is in no
/// recording: it does here, which is the harder case.
fn is_seen(world: &mut World, path: &str) -> bool {
    let now = world.clock.now();
    world.state.fresh_subscriptions.get_mut(path).is_none_or(|unseen| unseen.look(now))
}

/// A page of objects, by path.
fn page(call: &Call<'_>, field: &str, items: Vec<(String, Value)>) -> Outcome {
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut answer = json!({});
    if !page.items.is_empty() {
        answer[field] = Value::Array(page.items);
    }
    if let Some(next) = page.next {
        answer["nextPageToken"] = json!(next);
    }
    Ok(Reply::json(answer))
}

/// 404, by the last part of the name as the real API does.
fn not_found(name: &str) -> ApiError {
    ApiError::not_found(format!("Resource not found (resource={}).", name.rsplit('/').next().unwrap_or(name)))
}

fn exists(name: &str) -> ApiError {
    let id = name.rsplit('/').next().unwrap_or(name);
    ApiError::already_exists(format!("Resource already exists in the project (resource={id})."))
}

/// 3 to 255 characters, a letter first, and not `goog`.
fn check_id(collection: &str, name: &str) -> Result<(), ApiError> {
    let id = name.rsplit('/').next().unwrap_or(name);
    let sane = (3..=255).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~+%".contains(c))
        && !id.starts_with("goog");
    match sane {
        true => Ok(()),
        false => Err(ApiError::invalid(format!(
            "Invalid [{collection}] name: (name={name}). It has 3 to 255 letters, digits and the characters -_.~+%, begins with a \
             letter, and does not begin with goog."
        ))),
    }
}

/// What a PATCH wants: the object under `field` and the mask, which may name `mutable` fields only.
fn changes(call: &Call<'_>, field: &str, mutable: &[&str]) -> Result<(Object, Mask), ApiError> {
    let sent = call.body()?;
    let wanted = sent.get(field).and_then(Value::as_object).cloned().unwrap_or_default();
    let in_body = sent.get("updateMask").and_then(Value::as_str);
    let mask = json::parse_mask(in_body.or_else(|| call.query("updateMask")).unwrap_or_default());
    if mask.is_empty() {
        return Err(ApiError::invalid(
            "The update_mask in the request must be set, and must contain a non-empty paths list.",
        ));
    }
    let first = |path: &Vec<String>| path.first().cloned().unwrap_or_default();
    if let Some(wrong) = mask.iter().map(first).find(|name| !mutable.contains(&name.as_str())) {
        return Err(ApiError::invalid(format!(
            "Invalid update_mask provided in the request: '{}' is not a mutable {field} field. Note that field paths must be of the \
             form 'labels' rather than '{field}.labels'.",
            json::snake(&wrong)
        )));
    }
    Ok((wanted, mask))
}

/// A duration in its range, in whole spelling.
fn settle_duration(object: &mut Object, field: &str, seconds: std::ops::RangeInclusive<i128>) -> Result<(), ApiError> {
    let Some(text) = object.get(field).and_then(Value::as_str).map(ToOwned::to_owned) else { return Ok(()) };
    let length = duration::nanoseconds(&text)
        .filter(|length| (seconds.start() * 1_000_000_000..=seconds.end() * 1_000_000_000).contains(length));
    match length {
        Some(length) => {
            object.insert(field.to_owned(), json!(duration::text(length)));
            Ok(())
        }
        None => Err(ApiError::invalid(format!(
            "The value for {} is out of bounds. You passed {text} in the request, but the value must be at least {}s and no more than {}s.",
            json::snake(field),
            seconds.start(),
            seconds.end()
        ))),
    }
}
