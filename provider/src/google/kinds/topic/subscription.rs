//! Subscriptions of a topic.
//!
//! The API keeps them beside topics, under names of the project. In the topic's JSON each has its short name.

use std::collections::BTreeMap;

use futures::future::{join_all, try_join_all};
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Entries, Object, Path, Value};

use super::check_name;
use crate::engine::marks::{Codec, FreeText, Identity, Immutable, OwnKeys, refers, wire, wire_with};
use crate::engine::wire::{self, DURATION, SECONDS_INT, text};
use crate::google::api::{ApiError, Found, Host, List, Request};
use crate::google::kinds::limits;
use crate::google::names::{last_segment, own_name};
use crate::google::patience;
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
    /// Which messages are delivered, by their attributes: `attributes.kind = "alert"`. All when absent. Immutable: a change is
    /// refused, or with `allow_replacement` on the topic deletes the subscription with its messages and creates it anew.
    #[tf(optional, ext(wire("filter"), Immutable))]
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
    /// Whether messages with one ordering key are delivered in order. Immutable, as `filter` is.
    #[tf(default = false, ext(wire("enableMessageOrdering"), Immutable))]
    pub(super) message_ordering: Value<bool>,
    /// Whether a message that was acknowledged is never delivered again.
    #[tf(default = false, ext(wire("enableExactlyOnceDelivery")))]
    pub(super) exactly_once_delivery: Value<bool>,
    /// Labels of the subscription. Labels that others set are left alone.
    #[tf(optional, ext(wire("labels"), OwnKeys))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// The topic that the subscription listens to, as `projects/P/topics/NAME`: this one, but for what others did to it.
    /// `_deleted-topic_` after the topic was deleted, and `detached` after somebody detached it: it gets no messages any
    /// more, and is deleted and created anew, with the topic where that is gone, unless the topic is protected or imported.
    #[tf(computed, ext(wire("topic"), Immutable))]
    pub(super) topic: Value<String>,
}

/// What a subscription listens to whose topic was deleted.
pub(super) const DELETED_TOPIC: &str = "_deleted-topic_";
/// What one that was detached is recorded to listen to.
const DETACHED: &str = "detached";

/// Whether a subscription that listens to `topic` gets no messages any more.
pub(super) fn is_dead(topic: &str) -> bool {
    topic == DELETED_TOPIC || topic == DETACHED
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
    limits::length(&subscription.ack_deadline, (10, 600), "ack_deadline", path, diagnostics);
    limits::length(&subscription.message_retention, (600, 31 * 86_400), "message_retention", path, diagnostics);
    limits::length(&subscription.minimum_backoff, (0, MAX_BACKOFF), "minimum_backoff", path, diagnostics);
    limits::length(&subscription.maximum_backoff, (0, MAX_BACKOFF), "maximum_backoff", path, diagnostics);
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

/// The longest filter, in bytes.
const LONGEST_FILTER: usize = 256;

/// What the API refuses of a new subscription or of a change.
pub(super) fn validate_new(subscription: &Subscription, path: &Path, diagnostics: &mut Diagnostics) {
    let mut error = |attribute: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute.to_owned())));
    };
    if let Some(filter) = subscription.filter.known().filter(|filter| filter.len() > LONGEST_FILTER) {
        let detail = format!("filter must have at most {LONGEST_FILTER} bytes; it has {}.", filter.len());
        error("filter", "The filter is too long", detail);
    }
    if subscription.exactly_once_delivery.known() == Some(&true) && !subscription.push_endpoint.is_null() {
        let detail = "exactly_once_delivery needs receivers that pull. Remove push_endpoint, or exactly_once_delivery.";
        error("exactly_once_delivery", "Exactly-once delivery to a push endpoint", detail.to_owned());
    }
    let or = |length: &Value<Duration>, default: u64| match length {
        Value::Null => Some(default),
        length => length.known().map(|length| length.to_std().as_secs()),
    };
    let backoffs = (or(&subscription.minimum_backoff, 10), or(&subscription.maximum_backoff, MAX_BACKOFF));
    if let (Some(least), Some(most)) = backoffs
        && least > most
    {
        let attribute = if subscription.maximum_backoff.is_null() { "minimum_backoff" } else { "maximum_backoff" };
        let (least, most) = (wire::human_duration(least), wire::human_duration(most));
        let detail = format!("minimum_backoff ({least}) must not be longer than maximum_backoff ({most}).");
        error(attribute, "minimum_backoff is longer than maximum_backoff", detail);
    }
}

/// Fills in what the subscription means and the API will say.
pub(super) fn complete(key: &str, topic: &Dynamic, subscription: &mut Dynamic) {
    let Some(fields) = subscription.as_entries_mut() else { return };
    if fields.get("topic").and_then(Dynamic::as_str).is_none() {
        fields.insert("topic", topic.clone());
    }
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

fn spell(value: &Dynamic) -> String {
    value.as_str().map_or_else(|| value.as_bool().unwrap_or_default().to_string(), |text| format!("{text:?}"))
}

/// The topic that a subscription listens to, in the spelling of the topics of this project.
fn topic_of(subscription: &Json, run: Run<'_>) -> String {
    let topic = text(subscription, "topic");
    own_name(topic, &run.scope.place).unwrap_or_else(|| topic.to_owned())
}

/// A subscription as it hangs in the JSON of a topic: with its short name, and with what it listens to in one spelling.
fn hung(mut subscription: Json, run: Run<'_>) -> Json {
    let is_detached = subscription.get("detached").and_then(Json::as_bool) == Some(true);
    let topic = if is_detached { DETACHED.to_owned() } else { topic_of(&subscription, run) };
    subscription["name"] = json!(last_segment(text(&subscription, "name")));
    subscription["topic"] = json!(topic);
    subscription
}

/// Whether a subscription, as it hangs, is there for `topic` or for nobody. Its name may be another topic's by now.
fn is_of(subscription: &Json, topic: &str) -> bool {
    let its = text(subscription, "topic");
    its == topic || is_dead(its)
}

/// Puts the project's subscriptions into their topics.
pub(super) async fn read(topics: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let path = format!("v1/projects/{}/subscriptions", run.scope.place.account);
    let all = run.list(List::new(Request::get(Host::PUBSUB, path), "subscriptions").page_size(1000)).await?;
    let mut by_topic: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for subscription in all {
        by_topic.entry(topic_of(&subscription, run)).or_default().push(hung(subscription, run));
    }
    for topic in topics {
        if let Some(mine) = by_topic.remove(&super::id(last_segment(text(topic, "name")), run.scope)) {
            topic["subscriptions"] = wire::by_key(mine, |subscription| text(subscription, "name").to_owned());
        }
    }
    Ok(())
}

/// Looks for the subscriptions that the stack's topic has and that do not hang in it: a list does not show a new one for
/// some seconds, and one that was taken from the topic is still there.
pub(super) async fn look_for(topic: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let there = named(topic);
    let known = component.get("subscriptions").as_entries().into_iter().flatten();
    let names = known.map(|(key, subscription)| subscription.get("name").as_str().unwrap_or(key).to_owned());
    let missing: Vec<String> = names.filter(|name| !there.contains_key(name)).collect();
    let looks = missing.iter().map(|name| get(name, run));
    let mut all: Vec<Json> = there.into_values().collect();
    let before = all.len();
    all.extend(try_join_all(looks).await?.into_iter().flatten());
    if all.len() > before {
        topic["subscriptions"] = wire::by_key(all, |subscription| text(subscription, "name").to_owned());
    }
    Ok(())
}

/// The subscriptions of a deleted topic that are still there, in the JSON that the topic would have.
pub(super) async fn remains(topic: &str, component: &Dynamic, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let mut body = json!({ "name": topic });
    look_for(&mut body, component, run).await?;
    let left: Vec<Json> = named(&body).into_values().filter(|left| text(left, "topic") == DELETED_TOPIC).collect();
    if left.is_empty() {
        return Ok(None);
    }
    body["subscriptions"] = wire::by_key(left, |subscription| text(subscription, "name").to_owned());
    Ok(Some(body))
}

fn path(name: &str, run: Run<'_>) -> String {
    format!("v1/projects/{}/subscriptions/{name}", run.scope.place.account)
}

async fn get(name: &str, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let request = Request::get(Host::PUBSUB, path(name, run)).expects(&["name", "topic"]);
    Ok(run.call(request).await.found()?.map(|subscription| hung(subscription, run)))
}

/// By short name.
fn named(topic: &Json) -> BTreeMap<String, Json> {
    let all = topic.get("subscriptions").and_then(Json::as_object);
    let named = |subscription: &Json| (text(subscription, "name").to_owned(), subscription.clone());
    all.into_iter().flatten().map(|(_, subscription)| named(subscription)).collect()
}

/// A policy that has lost its settings goes, and so does what belongs to the URL of a push that there is no more.
fn tidy(subscription: &mut Json) {
    if subscription.get("pushConfig").is_some() && text(subscription, "pushConfig.pushEndpoint").is_empty() {
        subscription["pushConfig"] = json!({});
    }
    for policy in ["deadLetterPolicy", "retryPolicy", "pushConfig.oidcToken"] {
        if wire::get(subscription, policy).and_then(Json::as_object).is_some_and(serde_json::Map::is_empty) {
            wire::remove(subscription, policy);
        }
    }
}

/// Makes, changes and deletes subscriptions of `topic`, side by side; what there is then hangs in `after`.
pub(super) async fn write(topic: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
    let (had, mut wanted) = (named(before), named(after));
    wanted.values_mut().for_each(tidy);
    let topic = &super::id(last_segment(topic), run.scope);
    let changed = wanted.iter().map(|(name, wanted)| {
        let current = had.get(name);
        async move {
            let ended = match current {
                None => make(name, topic, wanted, run).await,
                // One that is made anew has nothing of the old one.
                Some(_) if wanted.get("topic").is_none() => remake(name, topic, wanted, run).await,
                Some(current) => change(name, current, wanted, run).await.map(|()| wanted.clone()),
            };
            match ended {
                Ok(made) => (Some(made), Ok(())),
                Err(error) => (current.cloned(), Err(error)),
            }
        }
    });
    let gone = had.iter().filter(|(name, _)| !wanted.contains_key(*name)).map(|(name, current)| async move {
        match delete_from(topic, name, Some(current), run).await {
            Ok(()) => (None, Ok(())),
            Err(error) => (Some(current.clone()), Err(error)),
        }
    });
    let (changed, gone) = futures::join!(join_all(changed), join_all(gone));
    let mut there = Vec::new();
    let mut result = Ok(());
    for (subscription, ended) in changed.into_iter().chain(gone) {
        there.extend(subscription);
        result = result.and(ended);
    }
    after["subscriptions"] = wire::by_key(there, |subscription| text(subscription, "name").to_owned());
    result
}

/// Makes a subscription and waits until it is seen. One of the name on the same topic is taken over.
async fn make(name: &str, topic: &str, wanted: &Json, run: Run<'_>) -> Result<Json, ApiError> {
    let mut body = wanted.clone();
    body["topic"] = json!(topic);
    wire::remove(&mut body, "name");
    let request = Request::put(Host::PUBSUB, path(name, run)).expects(&["name"]).json(body.clone());
    let result = run.call(request.clone()).await;
    body["name"] = json!(name);
    let Err(error) = result else {
        await_sight(name, run).await;
        return Ok(body);
    };
    if !error.is_already_exists() {
        return Err(error);
    }
    await_sight(name, run).await;
    let Some(there) = get(name, run).await? else { return Err(error) };
    match text(&there, "topic") {
        its if its == topic => take_over(name, there, &body, run, error).await,
        its if is_dead(its) => Err(error.refused(format!(
            "the subscription {name} exists and listens to no topic any more ({its}). It cannot be given another one, and the \
             plan did not announce that it will be deleted: messages that nobody acknowledged may still be in it. Delete it \
             (gcloud pubsub subscriptions delete {name}), or give this one another name, and apply again"
        ))),
        its => Err(error.refused(format!(
            "the subscription {name} exists and listens to another topic, {its}. Give this one another name, or delete that one"
        ))),
    }
}

/// Makes a subscription of this topic that exists what is wanted. Labels that others set stay.
async fn take_over(name: &str, there: Json, wanted: &Json, run: Run<'_>, met: ApiError) -> Result<Json, ApiError> {
    let object = Subscription::schema();
    let mut before = wire::read(&object, &there);
    crate::engine::tree::set(&mut before, "labels", Dynamic::Null);
    let after = wire::read(&object, wanted);
    let mut body = there.clone();
    let mask = wire::update(&object, &before, &after, &mut body);
    for (field, attribute) in [("filter", "filter"), ("enableMessageOrdering", "message_ordering")] {
        if mask.iter().any(|path| path == field) {
            let (is, wanted) = (before.get(attribute), after.get(attribute));
            return Err(met.refused(format!(
                "the subscription {name} exists on this topic with {attribute} = {}, and {} is wanted, which cannot be changed. \
                 Set it as it is, give this one another name, or delete that one",
                spell(is),
                spell(wanted)
            )));
        }
    }
    tidy(&mut body);
    change(name, &there, &body, run).await.map(|()| body)
}

/// Makes a subscription in place of another of its name, as the plan has announced.
async fn remake(name: &str, topic: &str, wanted: &Json, run: Run<'_>) -> Result<Json, ApiError> {
    delete(name, run).await?;
    make(name, topic, wanted, run).await
}

/// A new subscription is not seen for some seconds, neither by its name nor in lists.
async fn await_sight(name: &str, run: Run<'_>) {
    let look = Request::get(Host::PUBSUB, path(name, run)).also_retry(patience::NEW_OBJECT, ApiError::is_not_found);
    // It was made. What it has become is read afterwards, and a failure of that is told then.
    let _seen = run.call(look).await;
}

async fn change(name: &str, current: &Json, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let mask = changed_fields(current, wanted);
    if mask.is_empty() {
        return Ok(());
    }
    let body = json!({"subscription": wire::masked(wanted, &mask), "updateMask": mask.join(",")});
    run.call(Request::patch(Host::PUBSUB, path(name, run)).json(body)).await.map(drop)
}

async fn delete(name: &str, run: Run<'_>) -> Result<(), ApiError> {
    run.call(Request::delete(Host::PUBSUB, path(name, run))).await.found().map(drop)
}

/// Deletes a subscription of `topic`, unless it listens to another one by now. One that is not in sight is deleted by its
/// name: a new one is seen by nobody for some seconds.
async fn delete_from(topic: &str, name: &str, there: Option<&Json>, run: Run<'_>) -> Result<(), ApiError> {
    if there.is_none_or(|there| is_of(there, topic)) { delete(name, run).await } else { Ok(()) }
}

/// Deletes the subscriptions `names` of `topic`, side by side. All are tried, whatever becomes of one.
pub(super) async fn delete_all(
    topic: &str,
    names: impl IntoIterator<Item = &str>,
    run: Run<'_>,
) -> Result<(), ApiError> {
    let deletions = names.into_iter().map(|name| async move {
        let there = get(name, run).await?;
        delete_from(topic, name, there.as_ref(), run).await
    });
    join_all(deletions).await.into_iter().collect()
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
