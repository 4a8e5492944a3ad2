//! Pub/Sub topics, with their subscriptions.
//!
//! A topic is created by putting it at its name, and changed by a PATCH that wraps it. Subscriptions are objects of their
//! own beside it: they are read by one list for all topics, and hang in the topic's JSON as `subscriptions`.

mod subscription;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Entries, Name, Object, Path, Value};

use self::subscription::Subscription;
use super::limits;
use super::scalars::KmsKey;
use crate::engine::kind::{Declared, Gradual, Kind};
use crate::engine::marks::{Children, Immutable, Labels, wire, wire_with};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::terms::Terms;
use crate::engine::tree;
use crate::engine::wire::{self, DURATION, SHORT_NAME};
use crate::google::api::{ApiError, Host};
use crate::google::rest::{IamStyle, Naming, Operations, Parts, Patch, Rest, RestKind, Update};
use crate::google::session::Run;
use crate::google::terms::GoogleTerms;
use crate::types::Duration;

/// The kind.
pub(super) struct Topic;

/// Pub/Sub topics, by KEY.
#[derive(Object, Clone)]
pub(super) struct TopicSpec {
    /// The topic's name, unique in the project: 3 to 255 letters, digits and `-`, `_`, `.`, `~`, `+`, `%`, with a letter
    /// first, not beginning with `goog`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
    pub(super) name: Value<String>,
    /// How long the topic keeps messages, delivered or not: `10m` to `31d`. Not at all when absent.
    #[tf(optional, ext(wire("messageRetentionDuration").codec(DURATION)))]
    pub(super) message_retention: Value<Duration>,
    /// The regions in which messages may be stored. All that the organisation's policy allows when absent.
    #[tf(optional, computed, ext(wire("messageStoragePolicy.allowedPersistenceRegions")))]
    pub(super) allowed_regions: Value<BTreeSet<String>>,
    /// The Cloud KMS key that messages are encrypted with, as `projects/P/locations/L/keyRings/R/cryptoKeys/K`. Google's
    /// own keys when absent.
    #[tf(optional, ext(wire("kmsKeyName")))]
    pub(super) kms_key: Value<KmsKey>,
    /// The schema that messages must fit, as `projects/P/schemas/NAME`.
    #[tf(optional, ext(wire("schemaSettings.schema")))]
    pub(super) schema: Value<String>,
    /// How messages are encoded that must fit a schema: `JSON` or `BINARY`.
    #[tf(optional, ext(wire("schemaSettings.encoding")))]
    pub(super) schema_encoding: Value<SchemaEncoding>,
    /// The topic's subscriptions, by a KEY of your choice. Subscriptions that others made are left alone; one of the same
    /// name on this topic is taken over, and one of the same name on another topic, or on none any more, is an error. They
    /// are deleted with the topic, except those that listen to another topic by then.
    #[tf(optional, ext(wire("subscriptions"), Children))]
    pub(super) subscriptions: Value<BTreeMap<String, Subscription>>,
    /// Labels of this topic, over those of the provider and the stack. Labels that others set are left alone.
    #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// The topic's relative name: `projects/P/topics/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
}

/// How messages are encoded.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SchemaEncoding {
    /// As JSON.
    Json,
    /// As Protocol Buffers or Avro have it in binary.
    Binary,
}

/// The relative name of the topic `name`.
fn id(name: &str, scope: &Scope) -> String {
    format!("projects/{}/topics/{name}", scope.place.account)
}

/// Names of topics and of subscriptions.
fn is_name(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.starts_with("goog")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~+%".contains(c))
}

/// Whether it could be a topic's relative name.
pub(super) fn is_topic_id(text: &str) -> bool {
    matches!(text.split('/').collect::<Vec<_>>()[..], ["projects", project, "topics", name] if !project.is_empty() && !name.is_empty())
}

fn check_name(name: &Value<String>, noun: &str, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(name) = name.known().filter(|name| !is_name(name)) {
        diagnostics.push(
            Diagnostic::error(
                format!("Invalid {noun} name"),
                format!(
                    "{name:?} cannot be the name of a {noun}: 3 to 255 letters, digits and '-', '_', '.', '~', '+', '%' are \
                     allowed, with a letter first, and it must not begin with \"goog\". It defaults to the KEY; set name \
                     where the KEY does not do."
                ),
            )
            .at(path.attribute("name")),
        );
    }
}

impl Declared for Topic {
    type Spec = TopicSpec;
    const NAME: &'static str = "topics";
    const NOUN: &'static str = "topic";

    fn validate(&self, spec: &TopicSpec, path: &Path, diagnostics: &mut Diagnostics) {
        check_name(&spec.name, "topic", path, diagnostics);
        limits::length(&spec.message_retention, (600, 31 * 86_400), "message_retention", path, diagnostics);
        if let (false, true) = (spec.schema_encoding.is_null(), spec.schema.is_null()) {
            diagnostics.push(
                Diagnostic::error(
                    "An encoding of no schema",
                    "schema_encoding needs schema. Set it, or remove the encoding.",
                )
                .at(path.attribute("schema_encoding")),
            );
        }
        for (key, subscription) in spec.subscriptions.known().into_iter().flatten() {
            subscription::validate(key, subscription, &path.attribute("subscriptions").key(key), diagnostics);
        }
    }

    fn validate_new(&self, spec: &TopicSpec, path: &Path, diagnostics: &mut Diagnostics) {
        for (key, subscription) in spec.subscriptions.known().into_iter().flatten() {
            subscription::validate_new(subscription, &path.attribute("subscriptions").key(key), diagnostics);
        }
    }
}

impl Kind for Topic {
    fn holds_data(&self) -> bool {
        true
    }

    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        let topic = component.get("name").as_str().map_or(Dynamic::Unknown, |name| Dynamic::String(id(name, scope)));
        let subscriptions = component.as_entries_mut().and_then(|entries| entries.get_mut("subscriptions"));
        for (key, subscription) in subscriptions.and_then(Dynamic::as_entries_mut).into_iter().flatten() {
            subscription::complete(key, &topic, subscription);
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        match component.get("name").as_str() {
            Some(name) => vec![("id", Dynamic::String(id(name, scope)))],
            None => Vec::new(),
        }
    }

    /// Labels of Google's own products are not the stack's.
    fn imported(&self, component: &mut Dynamic, _: &Scope) {
        let subscriptions = component.as_entries_mut().and_then(|entries| entries.get_mut("subscriptions"));
        for subscription in subscriptions.and_then(Dynamic::as_entries_mut).into_iter().flat_map(Entries::values_mut) {
            let mut labels = tree::strings(subscription.get("labels"));
            labels.retain(|key, _| !GoogleTerms.is_cloud_label(key));
            let labels = if labels.is_empty() { Dynamic::Null } else { tree::string_map(&labels) };
            tree::set(subscription, "labels", labels);
        }
    }

    fn is_dead(&self, child: &Dynamic) -> bool {
        child.get("topic").as_str().is_some_and(subscription::is_dead)
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "satisfiesPzs",
            "state",
            "subscriptions.*.detached",
            "subscriptions.*.pushConfig.attributes.x-goog-version",
            "subscriptions.*.state",
            "subscriptions.*.topicMessageRetentionDuration",
        ]
    }

    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        let subscriptions = component.get("subscriptions");
        if subscriptions.is_unknown() {
            return None;
        }
        let name = |(key, subscription): (&Name, &Dynamic)| match subscription.get("name") {
            Dynamic::Unknown => None,
            name => Some(format!("projects/{}/subscriptions/{}", scope.place.account, name.as_str().unwrap_or(key))),
        };
        subscriptions.as_entries().into_iter().flatten().map(name).collect()
    }
}

impl Gradual for Topic {
    fn readiness(&self, _: &Json) -> Readiness {
        Readiness::Ready
    }

    /// A subscription that has lost its topic says that this one may be gone: it is looked for, and made anew.
    fn was_ready(&self, component: &Dynamic) -> bool {
        let mut subscriptions = component.get("subscriptions").as_entries().into_iter().flatten();
        !subscriptions.any(|(_, subscription)| subscription.get("topic").as_str() == Some(subscription::DELETED_TOPIC))
    }
}

#[async_trait]
impl RestKind for Topic {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::PUBSUB,
            version: "v1",
            collection: "projects/{project}/topics",
            items: "topics",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Put,
            update: Update::Wrapped("topic"),
            operations: Operations::default(),
            iam: Some(IamStyle::Verbs),
            full_name: "//pubsub.googleapis.com/{name}",
        }
    }

    /// The API takes the settings of storage and of the schema as messages of their own.
    fn before_update(&self, _: &Json, patch: &mut Patch) {
        for message in ["messageStoragePolicy", "schemaSettings"] {
            let before = patch.mask.len();
            patch.mask.retain(|path| path.split('.').next() != Some(message));
            if patch.mask.len() < before {
                patch.mask.push(message.to_owned());
            }
        }
        if wire::get(&patch.body, "schemaSettings.schema").is_none() {
            wire::remove(&mut patch.body, "schemaSettings");
        }
    }

    /// Its subscriptions would stay behind without a topic.
    async fn before_delete(&self, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let topic = id(component.get("name").as_str().unwrap_or_default(), run.scope);
        let subscriptions = component.get("subscriptions").as_entries().into_iter().flatten();
        let names = subscriptions.map(|(key, subscription)| subscription.get("name").as_str().unwrap_or(key));
        subscription::delete_all(&topic, names, run).await
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }
}

#[async_trait]
impl Parts for Topic {
    fn fields(&self) -> &'static [&'static str] {
        &["subscriptions"]
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        subscription::read(bodies, run).await
    }

    async fn look_for(&self, body: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        subscription::look_for(body, component, run).await
    }

    async fn remains(&self, name: &str, component: &Dynamic, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        subscription::remains(name, component, run).await
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        subscription::write(name, before, after, run).await
    }
}
