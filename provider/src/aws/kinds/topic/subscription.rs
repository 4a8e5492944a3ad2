//! Subscriptions to a topic: who gets its messages.
//!
//! Protocol and endpoint tell one from another; SNS names it by an ARN once it is confirmed. One by e-mail waits until its
//! receiver confirms it: until then it has neither ARN nor settings, and cannot be ended.

use futures::future::try_join_all;
use serde_json::{Map, Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Object, Path, Value};
use tracing::warn;

use super::{call, entries, map};
use crate::aws::api::{ApiError, Found, items};
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::session::Run;
use crate::engine::marks::{FreeText, Identity, wire};
use crate::engine::wire;

/// The field of a topic's JSON with its subscriptions.
pub(super) const SUBSCRIPTIONS: &str = "subscriptions";
/// What stands for the ARN of one that is not confirmed.
const PENDING: &str = "PendingConfirmation";
/// The setting that can be changed.
const RAW: &str = "RawMessageDelivery";

/// Who gets the messages of a topic.
#[derive(Object, Clone)]
pub(super) struct Subscription {
    /// How messages are delivered.
    #[tf(required, ext(wire("Protocol"), Identity))]
    protocol: Value<Protocol>,
    /// Where they are delivered to: an address, a URL, a number or an ARN, as the protocol has it. `{{kind.KEY.attribute}}` is
    /// filled in: `{{queues.orders.arn}}`.
    #[tf(required, ext(wire("Endpoint"), Identity, FreeText))]
    endpoint: Value<String>,
    /// Whether queues, URLs and streams get the message as it was published, without an envelope.
    #[tf(default = false, ext(wire(RAW).codec(BOOL_TEXT)))]
    raw_message_delivery: Value<bool>,
    /// The subscription's ARN; null until it is confirmed.
    #[tf(computed, ext(wire("arn")))]
    arn: Value<String>,
    /// Whether its receiver has confirmed it. Nothing is delivered before.
    #[tf(computed, ext(wire("confirmed")))]
    confirmed: Value<bool>,
}

/// How messages are delivered.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// To a mobile application.
    #[tf(name = "application")]
    Application,
    /// As e-mail, which its receiver confirms.
    #[tf(name = "email")]
    Email,
    /// As e-mail with the message in JSON.
    #[tf(name = "email-json")]
    EmailJson,
    /// To a stream of Firehose.
    #[tf(name = "firehose")]
    Firehose,
    /// To a URL without TLS.
    #[tf(name = "http")]
    Http,
    /// To a URL.
    #[tf(name = "https")]
    Https,
    /// To a function of Lambda.
    #[tf(name = "lambda")]
    Lambda,
    /// As a text message.
    #[tf(name = "sms")]
    Sms,
    /// To a queue of SQS.
    #[tf(name = "sqs")]
    Sqs,
}

/// Checks one.
pub(super) fn validate(subscription: &Subscription, path: &Path, diagnostics: &mut Diagnostics) {
    let (Some(protocol), Some(endpoint)) = (subscription.protocol.known(), subscription.endpoint.known()) else {
        return;
    };
    let is_reference = endpoint.contains("{{");
    let expected = match protocol {
        Protocol::Email | Protocol::EmailJson if !endpoint.contains('@') => Some("an address such as team@example.com"),
        Protocol::Http if !endpoint.starts_with("http://") => Some("a URL that begins with http://"),
        Protocol::Https if !endpoint.starts_with("https://") => Some("a URL that begins with https://"),
        Protocol::Sqs | Protocol::Lambda | Protocol::Firehose | Protocol::Application
            if !endpoint.starts_with("arn:") =>
        {
            Some("an ARN, such as {{queues.KEY.arn}}")
        }
        Protocol::Sms if !endpoint.starts_with('+') => Some("a number that begins with + and the country's code"),
        _ => None,
    };
    if let Some(expected) = expected.filter(|_| !is_reference) {
        let detail = format!("endpoint is {endpoint:?}; with this protocol it is {expected}.");
        let problem = Diagnostic::error("Endpoint and protocol do not fit", detail);
        diagnostics.push(problem.at(path.attribute("endpoint")));
    }
    if subscription.raw_message_delivery.known() == Some(&true)
        && !matches!(protocol, Protocol::Sqs | Protocol::Http | Protocol::Https | Protocol::Firehose)
    {
        let detail = "raw_message_delivery is for the protocols sqs, http, https and firehose. Remove it.";
        let problem = Diagnostic::error("The protocol has no raw delivery", detail);
        diagnostics.push(problem.at(path.attribute("raw_message_delivery")));
    }
    if subscription.confirmed.known() == Some(&false) {
        let detail = format!(
            "{endpoint} has not confirmed the subscription, and gets nothing until then. Have it follow the link in the message \
             from AWS, which is good for two days; after that, remove the subscription and add it again."
        );
        diagnostics.push(Diagnostic::warning("A subscription waits for its confirmation", detail).at(path.clone()));
    }
}

/// The subscriptions to the topic, by keys of their own.
///
/// # Errors
/// Of the calls; that there is no such topic, too.
pub(super) async fn read(topic: &str, run: Run<'_>) -> Result<Json, ApiError> {
    let mut found: Vec<Json> = Vec::new();
    let mut body = json!({ "TopicArn": topic });
    loop {
        let page = call("ListSubscriptionsByTopic", body.clone(), run).await?;
        found.extend_from_slice(items(&page["Subscriptions"]));
        match page["NextToken"].as_str().filter(|token| !token.is_empty()) {
            Some(token) => body["NextToken"] = json!(token),
            None => break,
        }
    }
    let subscriptions = try_join_all(found.into_iter().map(|subscription| complete(subscription, run))).await?;
    Ok(by_key(subscriptions.into_iter().flatten()))
}

/// The map of subscriptions in a topic's JSON.
pub(super) fn by_key(subscriptions: impl IntoIterator<Item = Json>) -> Json {
    wire::by_key(subscriptions, |one| format!("{}_{}", wire::text(one, "Protocol"), wire::text(one, "Endpoint")))
}

/// Puts the settings into a subscription; `None` for one that is gone by now.
async fn complete(mut subscription: Json, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let Some(arn) = arn_of(&subscription).map(str::to_owned) else {
        subscription["confirmed"] = json!(false);
        return Ok(Some(subscription));
    };
    let asked = call("GetSubscriptionAttributes", json!({ "SubscriptionArn": arn }), run).await;
    let Some(answer) = asked.found()? else { return Ok(None) };
    if let Some(fields) = subscription.as_object_mut() {
        fields.extend(map(&answer["Attributes"]));
    }
    let is_pending = BOOL_TEXT_TRUE.contains(&wire::text(&subscription, PENDING));
    subscription["confirmed"] = json!(!is_pending);
    subscription["arn"] = json!(arn);
    Ok(Some(subscription))
}

/// Spellings of true.
const BOOL_TEXT_TRUE: [&str; 2] = ["true", "True"];

/// The ARN of a subscription that is confirmed.
fn arn_of(subscription: &Json) -> Option<&str> {
    subscription["SubscriptionArn"].as_str().filter(|arn| arn.starts_with("arn:"))
}

/// What is to be done about the subscriptions of a topic.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference<'j> {
    /// Those to be made.
    pub(super) new: Vec<&'j Json>,
    /// Those to be changed, as they were and as they shall be.
    pub(super) changed: Vec<(&'j Json, &'j Json)>,
    /// Those to be ended.
    pub(super) gone: Vec<&'j Json>,
}

impl<'j> Difference<'j> {
    /// Between the topic's JSON as read and as wanted.
    pub(super) fn between(before: &'j Json, after: &'j Json) -> Self {
        let all = |topic: &'j Json| topic.get(SUBSCRIPTIONS).and_then(Json::as_object).into_iter().flatten();
        let is_same = |a: &Json, b: &Json| ["Protocol", "Endpoint"].iter().all(|field| a[field] == b[field]);
        let mut difference = Self::default();
        for (_, wanted) in all(after) {
            match all(before).find(|(_, there)| is_same(there, wanted)) {
                None => difference.new.push(wanted),
                Some((_, there)) if is_raw(there) != is_raw(wanted) => difference.changed.push((there, wanted)),
                Some(_) => {}
            }
        }
        let is_gone = |there: &&Json| !all(after).any(|(_, wanted)| is_same(there, wanted));
        difference.gone = all(before).map(|(_, there)| there).filter(is_gone).collect();
        difference
    }
}

fn is_raw(subscription: &Json) -> bool {
    BOOL_TEXT_TRUE.contains(&wire::text(subscription, RAW))
}

/// Makes the subscriptions of the topic what `after` says.
///
/// # Errors
/// Of the calls.
pub(super) async fn write(topic: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let Difference { new, changed, gone } = Difference::between(before, after);
    for wanted in new {
        let mut body = json!({
            "TopicArn": topic, "Protocol": wanted["Protocol"], "Endpoint": wanted["Endpoint"], "ReturnSubscriptionArn": true,
        });
        if is_raw(wanted) {
            body["Attributes"] = entries(&Map::from_iter([(RAW.to_owned(), json!("true"))]));
        }
        call("Subscribe", body, run).await?;
    }
    for (there, wanted) in changed {
        let Some(arn) = arn_of(there) else { continue };
        let value = is_raw(wanted).to_string();
        let body = json!({ "SubscriptionArn": arn, "AttributeName": RAW, "AttributeValue": value });
        call("SetSubscriptionAttributes", body, run).await?;
    }
    for there in gone {
        match arn_of(there) {
            Some(arn) => drop(call("Unsubscribe", json!({ "SubscriptionArn": arn }), run).await.found()?),
            None => warn!(topic, "a subscription that nobody has confirmed cannot be ended; SNS forgets it by itself"),
        }
    }
    Ok(())
}
