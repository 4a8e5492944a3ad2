//! Topics of SNS, with their subscriptions.
//!
//! All settings of a topic are one map of texts; it is read whole and written one by one. Subscriptions hang in the topic's
//! JSON as `subscriptions`: see [`subscription`].

mod subscription;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::{try_join_all, try_join3};
use regex::Regex;
use serde_json::{Map, Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::subscription::{SUBSCRIPTIONS, Subscription};
use crate::aws::api::{ApiError, Found, Request, Service, items};
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::arn;
use crate::aws::{tagging, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Children, Immutable, Labels, WithObject, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// The kind.
pub(super) struct Topic;

const ARN: &str = "arn:{partition}:sns:{region}:{account}:{name}";
/// The end of the name of every FIFO topic, and of no other.
const FIFO: &str = ".fifo";
/// What the policy calls itself that SNS gives to every topic.
const DEFAULT_POLICY: &str = "__default_policy_ID";

/// Topics of SNS, by KEY.
#[derive(Object, Clone)]
pub(super) struct TopicSpec {
    /// The topic's name: 1 to 256 letters, digits, `-` and `_`; that of a FIFO topic ends in `.fifo`. Defaults to the KEY.
    /// Immutable.
    #[tf(optional, computed, ext(wire("Name"), Immutable))]
    name: Value<String>,
    /// Whether messages keep their order and come once. The name then ends in `.fifo`. Immutable.
    #[tf(default = false, ext(wire("Attributes.FifoTopic").codec(BOOL_TEXT), Immutable))]
    fifo: Value<bool>,
    /// Whether a FIFO topic tells equal messages by a digest of their bodies.
    #[tf(default = false, ext(wire("Attributes.ContentBasedDeduplication").codec(BOOL_TEXT)))]
    content_based_deduplication: Value<bool>,
    /// Who messages are from, as people see it: up to 100 characters.
    #[tf(optional, ext(wire("Attributes.DisplayName")))]
    display_name: Value<String>,
    /// The KMS key that messages are encrypted with: its ARN, its id or its alias. They are not encrypted when absent.
    #[tf(optional, ext(wire("Attributes.KmsMasterKeyId")))]
    kms_master_key_id: Value<String>,
    /// Who gets the messages, by a KEY of your choice. Subscriptions that others made are left alone; one of the same
    /// protocol and endpoint is taken over. They go with the topic.
    #[tf(optional, ext(wire(SUBSCRIPTIONS), Children, WithObject))]
    subscriptions: Value<BTreeMap<String, Subscription>>,
    /// Tags of this topic, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The topic's ARN.
    #[tf(computed)]
    arn: Value<String>,
}

impl Declared for Topic {
    type Spec = TopicSpec;
    const NAME: &'static str = "topics";
    const NOUN: &'static str = "topic";

    fn validate(&self, spec: &TopicSpec, path: &Path, diagnostics: &mut Diagnostics) {
        static TOPIC: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_-]{1,256}(\.fifo)?$").ok());
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
        };
        let fits = |name: &str| name.len() <= 256 && TOPIC.as_ref().is_none_or(|rule| rule.is_match(name));
        let name = spec.name.known();
        if let Some(name) = name.filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a topic: 1 to 256 letters, digits, - and _ are allowed, .fifo at its end \
                 included. It defaults to the KEY; set name where the KEY does not do."
            );
            error("name", "Invalid name of a topic", detail);
        }
        if let (Some(name), Some(fifo)) = (name, spec.fifo.known())
            && name.ends_with(FIFO) != *fifo
        {
            let detail =
                format!("The name is {name:?} and fifo is {fifo}: names of FIFO topics end in {FIFO}, and no others.");
            error("fifo", "The name does not fit a FIFO topic", detail);
        }
        if spec.content_based_deduplication.known() == Some(&true) && spec.fifo.known() == Some(&false) {
            let detail = "content_based_deduplication is for FIFO topics. Set fifo = true, or remove it.";
            error("content_based_deduplication", "Only FIFO topics tell equal messages", detail.to_owned());
        }
        if let Some(name) = spec.display_name.known().filter(|name| name.chars().count() > 100) {
            let detail = format!("display_name has {} characters; at most 100 are allowed.", name.chars().count());
            error("display_name", "The display name is too long", detail);
        }
        for (key, subscription) in spec.subscriptions.known().into_iter().flatten() {
            subscription::validate(subscription, &path.attribute("subscriptions").key(key), diagnostics);
        }
    }
}

impl Kind for Topic {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    /// Control Tower tells by topics of these names what becomes of accounts ("Notifications" in its guide).
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        tags::are_missing(body) && self.name_of(body).starts_with("aws-controltower-")
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "Attributes.BeginningArchiveTime",
            "Attributes.EffectiveDeliveryPolicy",
            "Attributes.Owner",
            "Attributes.SubscriptionsConfirmed",
            "Attributes.SubscriptionsDeleted",
            "Attributes.SubscriptionsPending",
            "Attributes.TopicArn",
            "subscriptions.*.ConfirmationWasAuthenticated",
            "subscriptions.*.EffectiveDeliveryPolicy",
            "subscriptions.*.Owner",
            "subscriptions.*.PendingConfirmation",
            "subscriptions.*.SubscriptionArn",
            "subscriptions.*.SubscriptionPrincipal",
            "subscriptions.*.TopicArn",
            "subscriptions.*.confirmed",
        ]
    }
}

async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    let mut answer = run.call(Request::new(Service::SNS, action, body)).await?;
    // What is answered stands in an element of its own: GetTopicAttributesResult.
    Ok(answer.get_mut(format!("{action}Result")).map(Json::take).unwrap_or_default())
}

/// A map that comes as a list of pairs; what says nothing is left out.
fn map(pairs: &Json) -> Map<String, Json> {
    let pair = |pair: &Json| Some((pair.get("key")?.as_str()?.to_owned(), pair.get("value")?.clone()));
    let says_something = |(_, value): &(String, Json)| value.as_str() != Some("");
    items(pairs).iter().filter_map(pair).filter(says_something).collect()
}

/// The list of pairs of a map, as the query protocol numbers it.
fn entries(map: &Map<String, Json>) -> Json {
    let numbered = map.iter().enumerate();
    let entry = |(index, (key, value)): (usize, _)| ((index + 1).to_string(), json!({ "key": key, "value": value }));
    json!({ "entry": numbered.map(entry).collect::<Map<String, Json>>() })
}

/// A topic out of what the calls say of it.
pub(super) fn object(name: &str, attributes: &Json, found: BTreeMap<String, String>, subscriptions: Json) -> Json {
    let mut attributes = map(attributes);
    let is_default = |policy: &Json| policy.as_str().is_some_and(|policy| policy.contains(DEFAULT_POLICY));
    if attributes.get("Policy").is_some_and(is_default) {
        attributes.remove("Policy");
    }
    let mut body = json!({ "Name": name, "Attributes": attributes, SUBSCRIPTIONS: subscriptions });
    tags::put(&mut body, found);
    body
}

/// The settings that make a topic what `after` says; the empty text takes one away.
pub(super) fn written(after: &Json, changed: &Changed) -> Vec<(String, Json)> {
    let value = |field: &str| after["Attributes"].get(field).cloned().unwrap_or_else(|| json!(""));
    changed.fields("Attributes").map(|field| (field.to_owned(), value(field))).collect()
}

#[async_trait]
impl Api for Topic {
    fn service(&self) -> Service {
        Service::SNS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:GetSubscriptionAttributes",
            "sns:GetTopicAttributes",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
            "sns:SetSubscriptionAttributes",
            "sns:SetTopicAttributes",
            "sns:Subscribe",
            "sns:TagResource",
            "sns:Unsubscribe",
            "sns:UntagResource",
            tagging::PERMISSION,
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "Name")
    }

    /// The same name is answered with the ARN of the topic that is there.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let topic = arn(ARN, &run.scope.place, name);
        let own = async {
            let answer = call("ListTagsForResource", json!({ "ResourceArn": topic }), run).await.found()?;
            Ok(answer.map(|answer| tags::of_pairs(&answer["Tags"])))
        };
        let read = try_join3(
            call("GetTopicAttributes", json!({ "TopicArn": topic }), run),
            tagging::tags_of(&topic, known, run, own),
            subscription::read(&topic, run),
        );
        let Some((attributes, Some(tags), subscriptions)) = read.await.found()? else { return Ok(None) };
        Ok(Some(object(name, &attributes["Attributes"], tags, subscriptions)))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut names: Vec<String> = Vec::new();
        let mut body = json!({});
        loop {
            let page = call("ListTopics", body, run).await?;
            let found =
                items(&page["Topics"]).iter().filter_map(|topic| topic["TopicArn"].as_str()?.rsplit(':').next());
            names.extend(found.map(str::to_owned));
            match page["NextToken"].as_str().filter(|token| !token.is_empty()) {
                Some(token) => body = json!({ "NextToken": token }),
                None => break,
            }
        }
        let topics = try_join_all(names.iter().map(|name| self.read(name, None, run))).await?;
        Ok(topics.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({ "Name": self.name_of(body), "Tags": tags::pairs(&tags::of(body)) });
        if let Some(attributes) = body["Attributes"].as_object() {
            wanted["Attributes"] = entries(attributes);
        }
        call("CreateTopic", wanted, run).await.map(drop)
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let topic = arn(ARN, &run.scope.place, self.name_of(body));
        subscription::write(&topic, &Json::Null, body, run).await
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let topic = arn(ARN, &run.scope.place, self.name_of(before));
        for (name, value) in written(after, changed) {
            let body = json!({ "TopicArn": topic, "AttributeName": name, "AttributeValue": value });
            call("SetTopicAttributes", body, run).await?;
        }
        if changed.has(SUBSCRIPTIONS) {
            subscription::write(&topic, before, after, run).await?;
        }
        let tags = tags::Change::between(before, after);
        if !tags.set.is_empty() {
            call("TagResource", json!({ "ResourceArn": topic, "Tags": tags::pairs(&tags.set) }), run).await?;
        }
        if !tags.remove.is_empty() {
            call("UntagResource", json!({ "ResourceArn": topic, "TagKeys": tags.remove }), run).await?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str, _: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        call("DeleteTopic", json!({ "TopicArn": arn(ARN, &run.scope.place, name) }), run).await.map(drop)
    }
}
