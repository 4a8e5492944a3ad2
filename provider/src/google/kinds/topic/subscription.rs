//! Subscriptions of a topic.
//!
//! The API keeps them beside topics, under names of the project. In the topic's JSON each has its short name.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Entries, Object, Path, Value};

use super::{check_length, check_name};
use crate::engine::marks::{Codec, FreeText, Identity, refers, wire, wire_with};
use crate::engine::wire::{self, DURATION, SECONDS_INT};
use crate::google::api::{ApiError, Host, List, Request};
use crate::google::session::Run;
use crate::types::Duration;

/// A subscription: who gets the topic's messages.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Subscription {
    /// The subscription's name, unique among the project's subscriptions, with the same letters as a topic's. Defaults to
    /// the KEY. Another name is another subscription.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// How long a receiver may take to acknowledge a message before it is sent again: `10s` to `10m`.
    #[tf(default = "10s", ext(wire("ackDeadlineSeconds").codec(SECONDS_INT)))]
    pub(super) ack_deadline: Value<Duration>,
    /// How long messages that were not acknowledged are kept: `10m` to `31d`.
    #[tf(default = "7d", ext(wire("messageRetentionDuration").codec(DURATION)))]
    pub(super) message_retention: Value<Duration>,
    /// Whether acknowledged messages are kept for that long, too.
    #[tf(default = false, ext(wire("retainAckedMessages")))]
    pub(super) retain_acked_messages: Value<bool>,
    /// After how long without a receiver the subscription is deleted: at least `1d`; `0s` is never.
    #[tf(default = "31d", ext(wire_with(&Expiration)))]
    pub(super) expiration: Value<Duration>,
    /// Which messages are delivered, by their attributes: `attributes.kind = "alert"`. It cannot be changed later.
    #[tf(optional, ext(wire("filter")))]
    pub(super) filter: Value<String>,
    /// The URL that messages are pushed to. Receivers pull them when absent. `{{kind.KEY.attribute}}` is filled in.
    #[tf(optional, ext(wire("pushConfig.pushEndpoint"), FreeText))]
    pub(super) push_endpoint: Value<String>,
    /// The account in whose name messages are pushed: the KEY of a service account of this stack, or its email.
    #[tf(optional, ext(wire("pushConfig.oidcToken.serviceAccountEmail"), refers("service_accounts", "email")))]
    pub(super) push_service_account: Value<String>,
    /// The audience of the token that pushed messages bear. The URL when absent.
    #[tf(optional, ext(wire("pushConfig.oidcToken.audience"), FreeText))]
    pub(super) push_audience: Value<String>,
    /// Where messages go that could not be delivered: the KEY of a topic of this stack, or `projects/P/topics/NAME`.
    /// The project's Pub/Sub service agent needs to publish there and to subscribe here.
    #[tf(optional, ext(wire("deadLetterPolicy.deadLetterTopic"), refers("topics", "id").named_as("projects/P/topics/NAME", super::is_topic_id)))]
    pub(super) dead_letter_topic: Value<String>,
    /// How often a delivery is tried before the message goes there: 5 to 100. 5 when absent.
    #[tf(optional, ext(wire("deadLetterPolicy.maxDeliveryAttempts")))]
    pub(super) max_delivery_attempts: Value<i64>,
    /// The shortest time between two deliveries of a message, `0s` to `10m`. `10s` when only `maximum_backoff` is set; at
    /// once when neither is.
    #[tf(optional, ext(wire("retryPolicy.minimumBackoff").codec(DURATION)))]
    pub(super) minimum_backoff: Value<Duration>,
    /// The longest such time, `0s` to `10m`. `10m` when only `minimum_backoff` is set.
    #[tf(optional, ext(wire("retryPolicy.maximumBackoff").codec(DURATION)))]
    pub(super) maximum_backoff: Value<Duration>,
    /// Whether messages with one ordering key are delivered in order. It cannot be changed later.
    #[tf(default = false, ext(wire("enableMessageOrdering")))]
    pub(super) message_ordering: Value<bool>,
    /// Whether a message that was acknowledged is never delivered again.
    #[tf(default = false, ext(wire("enableExactlyOnceDelivery")))]
    pub(super) exactly_once_delivery: Value<bool>,
    /// Labels of the subscription.
    #[tf(optional, ext(wire("labels")))]
    pub(super) labels: Value<BTreeMap<String, String>>,
}

/// A policy without a time is one that never expires; no policy is the API's own.
struct Expiration;

const EXPIRATION: &str = "expirationPolicy";

impl Codec for Expiration {
    fn read(&self, body: &Json) -> Dynamic {
        match body.get(EXPIRATION) {
            Some(Json::Object(policy)) => policy.get("ttl").map_or(Dynamic::string("0s"), DURATION.read),
            _ => Dynamic::Null,
        }
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let policy = match (value, (DURATION.write)(value)) {
            (Dynamic::Null, _) | (_, Json::Null) => Json::Null,
            (_, seconds) if seconds == "0s" => json!({}),
            (_, seconds) => json!({"ttl": seconds}),
        };
        wire::put(body, EXPIRATION, policy);
    }
    fn masks(&self) -> &'static [&'static str] {
        &[EXPIRATION]
    }
}

const MAX_BACKOFF: u64 = 600;

/// What is wrong with a subscription.
pub(super) fn validate(key: &str, subscription: &Subscription, path: &Path, diagnostics: &mut Diagnostics) {
    let own_name = if subscription.name.is_null() { Value::Known(key.to_owned()) } else { subscription.name.clone() };
    check_name(&own_name, "subscription", path, diagnostics);
    check_length(&subscription.ack_deadline, (10, 600), "ack_deadline", path, diagnostics);
    check_length(&subscription.message_retention, (600, 31 * 86_400), "message_retention", path, diagnostics);
    check_length(&subscription.minimum_backoff, (0, MAX_BACKOFF), "minimum_backoff", path, diagnostics);
    check_length(&subscription.maximum_backoff, (0, MAX_BACKOFF), "maximum_backoff", path, diagnostics);
    let mut error = |attribute: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute.to_owned())));
    };
    if let Some(expiration) = subscription.expiration.known().map(|length| length.to_std().as_secs())
        && (1..86_400).contains(&expiration)
    {
        let detail = "expiration must be at least 1d, or 0s for a subscription that never expires.";
        error("expiration", "expiration out of range", detail.to_owned());
    }
    if let Some(attempts) = subscription.max_delivery_attempts.known().filter(|attempts| !(5..=100).contains(*attempts))
    {
        let detail = format!("max_delivery_attempts must be between 5 and 100; it is {attempts}.");
        error("max_delivery_attempts", "Number of attempts out of range", detail);
    }
    let needs = [
        (
            "push_service_account",
            !subscription.push_service_account.is_null(),
            "push_endpoint",
            subscription.push_endpoint.is_null(),
        ),
        (
            "push_audience",
            !subscription.push_audience.is_null(),
            "push_service_account",
            subscription.push_service_account.is_null(),
        ),
        (
            "max_delivery_attempts",
            !subscription.max_delivery_attempts.is_null(),
            "dead_letter_topic",
            subscription.dead_letter_topic.is_null(),
        ),
    ];
    for (name, is_set, needed, is_missing) in needs {
        if is_set && is_missing {
            error(name, "An attribute is missing", format!("{name} needs {needed}. Set it, or remove {name}."));
        }
    }
}

/// Fills in what the subscription means and the API will say.
pub(super) fn complete(key: &str, subscription: &mut Dynamic) {
    let Some(fields) = subscription.as_entries_mut() else { return };
    let is_null = |fields: &Entries, name: &str| fields.get(name).is_none_or(Dynamic::is_null);
    let mut fill = |name: &str, value: Dynamic| {
        if is_null(fields, name) {
            fields.insert(name.to_owned(), value);
        }
    };
    fill("name", Dynamic::string(key));
    let has = |name: &str| !is_null(fields, name);
    let (dead_letters, retries) = (has("dead_letter_topic"), has("minimum_backoff") || has("maximum_backoff"));
    let mut fill = |name: &str, value: Dynamic| {
        if is_null(fields, name) {
            fields.insert(name.to_owned(), value);
        }
    };
    if dead_letters {
        fill("max_delivery_attempts", Dynamic::Number(5.into()));
    }
    if retries {
        fill("minimum_backoff", Dynamic::string("10s"));
        fill("maximum_backoff", Dynamic::string("10m"));
    }
}

fn text<'j>(json: &'j Json, field: &str) -> &'j str {
    json.get(field).and_then(Json::as_str).unwrap_or_default()
}

fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Puts the project's subscriptions into their topics.
pub(super) async fn read(topics: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let path = format!("v1/projects/{}/subscriptions", run.scope.place.account);
    let all = run.list(List::new(Request::get(Host::PUBSUB, path), "subscriptions").page_size(1000)).await?;
    let mut by_topic: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for mut subscription in all {
        subscription["name"] = json!(short(text(&subscription, "name")));
        by_topic.entry(text(&subscription, "topic").to_owned()).or_default().push(subscription);
    }
    for topic in topics {
        if let Some(mine) = by_topic.remove(text(topic, "name")) {
            topic["subscriptions"] = wire::by_key(mine, |subscription| text(subscription, "name").to_owned());
        }
    }
    Ok(())
}

/// By short name.
fn named(topic: &Json) -> BTreeMap<String, Json> {
    let all = topic.get("subscriptions").and_then(Json::as_object);
    let named = |subscription: &Json| (text(subscription, "name").to_owned(), subscription.clone());
    all.into_iter().flatten().map(|(_, subscription)| named(subscription)).collect()
}

/// A policy that has lost its settings goes.
fn tidy(subscription: &mut Json) {
    for policy in ["deadLetterPolicy", "retryPolicy", "pushConfig.oidcToken"] {
        if wire::get(subscription, policy).and_then(Json::as_object).is_some_and(serde_json::Map::is_empty) {
            wire::remove(subscription, policy);
        }
    }
}

/// Makes, changes and deletes subscriptions of `topic`.
pub(super) async fn write(topic: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let (before, mut after) = (named(before), named(after));
    after.values_mut().for_each(tidy);
    let path = |name: &str| format!("v1/projects/{}/subscriptions/{name}", run.scope.place.account);
    let writes = after.iter().filter_map(|(name, wanted)| match before.get(name) {
        None => {
            let mut body = wanted.clone();
            body["topic"] = json!(topic);
            wire::remove(&mut body, "name");
            Some(Request::put(Host::PUBSUB, path(name)).json(body))
        }
        Some(current) => {
            let mask = changed_fields(current, wanted);
            let body = json!({"subscription": wire::masked(wanted, &mask), "updateMask": mask.join(",")});
            (!mask.is_empty()).then(|| Request::patch(Host::PUBSUB, path(name)).json(body))
        }
    });
    let written = writes.map(|request| run.call(request));
    try_join_all(written).await?;
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let deleted = gone.map(|name| async move {
        match run.call(Request::delete(Host::PUBSUB, path(name))).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    });
    try_join_all(deleted).await.map(|_| ())
}

/// The fields in which two subscriptions differ.
fn changed_fields(current: &Json, wanted: &Json) -> Vec<String> {
    let fields = |json: &Json| json.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let mut names = fields(current);
    names.extend(fields(wanted));
    names.sort();
    names.dedup();
    names.retain(|name| current.get(name) != wanted.get(name));
    names
}
