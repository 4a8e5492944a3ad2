//! Queues of SQS.
//!
//! All settings are one map of texts, written by one call; a change of them takes up to a minute to be read back, which
//! `aws::objects` waits for. The redrive policy is a JSON text in that map, and an object here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use regex::Regex;
use serde_json::{Map, Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::limits;
use crate::aws::api::{ApiError, Found, Request, Service};
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::terms::{arn, is_arn};
use crate::aws::{patience, tagging, tags};
use crate::engine::kind::{Declared, Discovery, Kind};
use crate::engine::marks::{Immutable, Labels, refers, wire};
use crate::engine::scope::Scope;
use crate::engine::wire::{INT64, SECONDS};
use crate::types::Duration;

/// The kind.
pub(super) struct Queue;

const ARN: &str = "arn:{partition}:sqs:{region}:{account}:{name}";
/// The end of the name of every FIFO queue, and of no other.
const FIFO: &str = ".fifo";
/// The attribute of the API that is a JSON text; in the JSON of an object it stands parsed beside the attributes.
const REDRIVE: &str = "RedrivePolicy";

/// Queues of SQS, by KEY.
#[derive(Object, Clone)]
pub(super) struct QueueSpec {
    /// The queue's name: 1 to 80 letters, digits, `-` and `_`; that of a FIFO queue ends in `.fifo`. Defaults to the KEY.
    /// Immutable.
    #[tf(optional, computed, ext(wire("QueueName"), Immutable))]
    name: Value<String>,
    /// Whether messages keep their order and come once. The name then ends in `.fifo`. Immutable.
    #[tf(default = false, ext(wire("Attributes.FifoQueue").codec(BOOL_TEXT), Immutable))]
    fifo: Value<bool>,
    /// Whether a FIFO queue tells equal messages by a digest of their bodies.
    #[tf(default = false, ext(wire("Attributes.ContentBasedDeduplication").codec(BOOL_TEXT)))]
    content_based_deduplication: Value<bool>,
    /// For how long a message that somebody has received is hidden from others: from `0s` to `12h`.
    #[tf(default = "30s", ext(wire("Attributes.VisibilityTimeout").codec(SECONDS)))]
    visibility_timeout: Value<Duration>,
    /// For how long messages are kept: from `1m` to `14d`.
    #[tf(default = "4d", ext(wire("Attributes.MessageRetentionPeriod").codec(SECONDS)))]
    message_retention_period: Value<Duration>,
    /// For how many seconds a receiver waits for messages (long polling): from 0 to 20.
    #[tf(default = 0, ext(wire("Attributes.ReceiveMessageWaitTimeSeconds").codec(INT64)))]
    receive_message_wait_time_seconds: Value<i64>,
    /// For how many seconds new messages are held back: from 0 to 900.
    #[tf(default = 0, ext(wire("Attributes.DelaySeconds").codec(INT64)))]
    delay_seconds: Value<i64>,
    /// The largest message, in bytes: from 1024 to 1048576. When absent it is SQS's own, and later stays as it is.
    #[tf(optional, computed, ext(wire("Attributes.MaximumMessageSize").codec(INT64)))]
    maximum_message_size: Value<i64>,
    /// Whether messages are encrypted with a key of SQS. When absent it is SQS's own choice (they are, unless there is a
    /// `kms_master_key_id`), and later stays as it is.
    #[tf(optional, computed, ext(wire("Attributes.SqsManagedSseEnabled").codec(BOOL_TEXT)))]
    sqs_managed_sse_enabled: Value<bool>,
    /// The KMS key that messages are encrypted with: its ARN, its id or its alias.
    #[tf(optional, ext(wire("Attributes.KmsMasterKeyId")))]
    kms_master_key_id: Value<String>,
    /// Where messages go that nobody could process.
    #[tf(optional, ext(wire("RedrivePolicy")))]
    dead_letter: Value<DeadLetter>,
    /// Tags of this queue, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The queue's ARN.
    #[tf(computed)]
    arn: Value<String>,
    /// The queue's URL, by which it is called.
    #[tf(computed, ext(wire("QueueUrl")))]
    url: Value<String>,
}

/// Where messages go that nobody could process.
#[derive(Object, Clone)]
struct DeadLetter {
    /// The queue that takes them: the KEY of one of `queues`, or the ARN of another. A FIFO queue needs a FIFO queue.
    #[tf(required, ext(wire("deadLetterTargetArn"), refers("queues", "arn").named_as("arn:aws:sqs:REGION:ACCOUNT:NAME", is_arn)))]
    queue: Value<String>,
    /// After how many receptions a message goes there: from 1 to 1000.
    #[tf(required, ext(wire("maxReceiveCount").codec(INT64)))]
    max_receive_count: Value<i64>,
}

impl Declared for Queue {
    type Spec = QueueSpec;
    const NAME: &'static str = "queues";
    const NOUN: &'static str = "queue";

    fn validate(&self, spec: &QueueSpec, path: &Path, diagnostics: &mut Diagnostics) {
        static QUEUE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9_-]{1,80}(\.fifo)?$").ok());
        let fits = |name: &str| name.len() <= 80 && QUEUE.as_ref().is_none_or(|rule| rule.is_match(name));
        let name = spec.name.known();
        if let Some(name) = name.filter(|name| !fits(name)) {
            let detail = format!(
                "{name:?} cannot be the name of a queue: 1 to 80 letters, digits, - and _ are allowed, .fifo at its end \
                 included. It defaults to the KEY; set name where the KEY does not do."
            );
            diagnostics.push(Diagnostic::error("Invalid name of a queue", detail).at(path.attribute("name")));
        }
        if let (Some(name), Some(fifo)) = (name, spec.fifo.known())
            && name.ends_with(FIFO) != *fifo
        {
            let detail =
                format!("The name is {name:?} and fifo is {fifo}: names of FIFO queues end in {FIFO}, and no others.");
            diagnostics
                .push(Diagnostic::error("The name does not fit a FIFO queue", detail).at(path.attribute("fifo")));
        }
        if spec.content_based_deduplication.known() == Some(&true) && spec.fifo.known() == Some(&false) {
            let detail = "content_based_deduplication is for FIFO queues. Set fifo = true, or remove it.";
            let path = path.attribute("content_based_deduplication");
            diagnostics.push(Diagnostic::error("Only FIFO queues tell equal messages", detail).at(path));
        }
        limits::length(&spec.visibility_timeout, 0..=43_200, "visibility_timeout", path, diagnostics);
        limits::length(&spec.message_retention_period, 60..=1_209_600, "message_retention_period", path, diagnostics);
        let numbers = [
            (&spec.receive_message_wait_time_seconds, 0..=20, "receive_message_wait_time_seconds"),
            (&spec.delay_seconds, 0..=900, "delay_seconds"),
            (&spec.maximum_message_size, 1024..=1_048_576, "maximum_message_size"),
        ];
        for (value, allowed, attribute) in numbers {
            limits::number(value, allowed, attribute, path, diagnostics);
        }
        if let Some(dead_letter) = spec.dead_letter.known() {
            let path = path.attribute("dead_letter");
            limits::number(&dead_letter.max_receive_count, 1..=1000, "max_receive_count", &path, diagnostics);
        }
    }
}

impl Kind for Queue {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("arn", Dynamic::String(arn(ARN, &scope.place, name)))).into_iter().collect()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "QueueUrl",
            "Attributes.ApproximateNumberOfMessages",
            "Attributes.ApproximateNumberOfMessagesDelayed",
            "Attributes.ApproximateNumberOfMessagesNotVisible",
            "Attributes.CreatedTimestamp",
            "Attributes.DeduplicationScope",
            "Attributes.FifoThroughputLimit",
            "Attributes.KmsDataKeyReusePeriodSeconds",
            "Attributes.LastModifiedTimestamp",
            "Attributes.QueueArn",
        ]
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Discovery for Queue {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let target = body[REDRIVE]["deadLetterTargetArn"].as_str().and_then(|target| target.rsplit(':').next());
        target.map(|name| ("queues", name.to_owned())).into_iter().collect()
    }
}

async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    run.call(Request::new(Service::SQS, action, body)).await
}

/// The URL of the queue, out of the state or from SQS.
async fn url(name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<String>, ApiError> {
    if let Some(url) = known.and_then(|known| known.get("url").as_str()) {
        return Ok(Some(url.to_owned()));
    }
    let request = Request::new(Service::SQS, "GetQueueUrl", json!({ "QueueName": name }));
    Ok(run.call(request).await.found()?.and_then(|answer| Some(answer["QueueUrl"].as_str()?.to_owned())))
}

/// The tags of the queue at a URL.
async fn tags_of(url: &str, run: Run<'_>) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let answer = run.call(Request::new(Service::SQS, "ListQueueTags", json!({ "QueueUrl": url }))).await.found()?;
    Ok(answer.map(|answer| tags::of(&json!({ tags::FIELD: answer["Tags"] }))))
}

/// The JSON of the queue at a URL, of which the stack has `known`.
async fn at(url: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
    let attributes =
        Request::new(Service::SQS, "GetQueueAttributes", json!({ "QueueUrl": url, "AttributeNames": ["All"] }));
    let resource = arn(ARN, &run.scope.place, name_in(url));
    let tags = tagging::tags_of(&resource, known, run, tags_of(url, run));
    let attributes = async { run.call(attributes).await.found() };
    let (attributes, found) = try_join(attributes, tags).await?;
    Ok(attributes.zip(found).map(|(attributes, found)| object(url, &attributes["Attributes"], found)))
}

/// The name at the end of a queue's URL.
fn name_in(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

/// A queue out of what the calls say of it.
pub(super) fn object(url: &str, attributes: &Json, found: BTreeMap<String, String>) -> Json {
    let mut attributes = attributes.as_object().cloned().unwrap_or_default();
    let redrive = attributes.remove(REDRIVE).and_then(|text| serde_json::from_str(text.as_str()?).ok());
    let mut body = json!({ "QueueName": name_in(url), "QueueUrl": url, "Attributes": attributes });
    if let Some(redrive) = redrive {
        body[REDRIVE] = redrive;
    }
    tags::put(&mut body, found);
    body
}

/// The text of the redrive policy; the empty one takes it away.
fn redrive(body: &Json) -> Json {
    Json::String(body.get(REDRIVE).map_or_else(String::new, Json::to_string))
}

/// The attributes that make a queue what `after` says.
pub(super) fn written(after: &Json, changed: &Changed) -> Map<String, Json> {
    let mut attributes = Map::new();
    for field in changed.fields("Attributes") {
        // What is taken away is the empty text.
        let value = after["Attributes"].get(field).cloned().unwrap_or_else(|| json!(""));
        attributes.insert(field.to_owned(), value);
    }
    if changed.has(REDRIVE) {
        attributes.insert(REDRIVE.to_owned(), redrive(after));
    }
    attributes
}

#[async_trait]
impl Api for Queue {
    fn service(&self) -> Service {
        Service::SQS
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "sqs:CreateQueue",
            "sqs:DeleteQueue",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ListQueueTags",
            "sqs:SetQueueAttributes",
            "sqs:TagQueue",
            "sqs:UntagQueue",
            tagging::PERMISSION,
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        body["QueueName"].as_str().unwrap_or_default()
    }

    /// The same name with the same attributes is answered with the URL of the queue that is there.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        match url(name, known, run).await? {
            Some(url) => at(&url, known, run).await,
            None => Ok(None),
        }
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let mut urls: Vec<String> = Vec::new();
        let mut body = json!({ "MaxResults": 1000 });
        loop {
            let page = call("ListQueues", body.clone(), run).await?;
            let found = page["QueueUrls"].as_array().into_iter().flatten();
            urls.extend(found.filter_map(|url| Some(url.as_str()?.to_owned())));
            match page["NextToken"].as_str() {
                Some(token) => body["NextToken"] = json!(token),
                None => break,
            }
        }
        let queues = try_join_all(urls.iter().map(|url| at(url, None, run))).await?;
        Ok(queues.into_iter().flatten().collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut attributes = body["Attributes"].as_object().cloned().unwrap_or_default();
        if body.get(REDRIVE).is_some() {
            attributes.insert(REDRIVE.to_owned(), redrive(body));
        }
        let wanted = json!({ "QueueName": self.name_of(body), "Attributes": attributes, "tags": tags::of(body) });
        let is_held = |error: &ApiError| error.is_refused_with("QueueDeletedRecently");
        let request = Request::new(Service::SQS, "CreateQueue", wanted);
        run.call(request.also_retry(patience::DELETED_QUEUE, is_held)).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let url = &before["QueueUrl"];
        let attributes = written(after, changed);
        if !attributes.is_empty() {
            call("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": attributes }), run).await?;
        }
        let tags = tags::Change::between(before, after);
        if !tags.set.is_empty() {
            call("TagQueue", json!({ "QueueUrl": url, "Tags": tags.set }), run).await?;
        }
        if !tags.remove.is_empty() {
            call("UntagQueue", json!({ "QueueUrl": url, "TagKeys": tags.remove }), run).await?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        match url(name, Some(known), run).await? {
            Some(url) => call("DeleteQueue", json!({ "QueueUrl": url }), run).await.map(drop),
            None => Ok(()),
        }
    }
}
