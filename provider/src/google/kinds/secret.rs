//! Secrets of Secret Manager.
//!
//! A value goes in through a write-only attribute and becomes a version of its own; what is read back of it is its number.

mod aliases;
mod replication;
#[cfg(test)]
mod tests;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::replication::Replication;
use super::limits;
use super::scalars::Instant;
use crate::engine::kind::{Declared, Discovery, Kind};
use crate::engine::marks::{Codec, Immutable, InputOnly, Labels, OwnKeys, Volatile, refers, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::wire::{self, DURATION, INT64, SHORT_NAME};
use crate::google::api::{ApiError, Host};
use crate::google::rest::{IamStyle, Naming, Operations, Parts, Rest, RestKind, Update};
use crate::google::session::Run;
use crate::types::Duration;

/// The kind.
pub(super) struct Secret;

/// How long a destroyed version may be kept, in seconds: a day to a thousand days.
const DESTROY_TTL: (u64, u64) = (86_400, 86_400_000);
/// How far apart rotations may be, in seconds: an hour to a hundred years.
const ROTATION_PERIOD: (u64, u64) = (3600, 3_153_600_000);

/// The largest value, in bytes.
const LARGEST: usize = 65_536;

/// Secrets of Secret Manager, by KEY.
#[derive(Object, Clone)]
pub(super) struct SecretSpec {
    /// The secret's name: 1 to 255 letters, digits, `_` and `-`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
    pub(super) name: Value<String>,
    /// Where values are kept: wherever Google chooses when absent. Immutable.
    #[tf(optional, ext(wire("replication"), Immutable))]
    pub(super) replication: Value<Replication>,
    /// The secret's value. It is sent when the secret is made and whenever `value_wo_version` changes, each time as a new
    /// version beside the old ones, which stay enabled. It is never stored: not in the state, not in a plan, not in a log.
    /// Without it the secret has no value until somebody adds one.
    #[tf(optional, write_only, sensitive, ext(wire("value"), InputOnly))]
    pub(super) value_wo: Value<String>,
    /// Any number; change it to send `value_wo` as a new version. Without it nothing is sent to a secret that exists:
    /// remove both, and somebody else adds versions from then on; the secret and its versions stay. To take over an imported
    /// secret with the value that it has, set it to any number: the first number after an import is recorded, and nothing is
    /// sent until it changes once more. After somebody disabled or destroyed the newest version, it is sent again.
    #[tf(optional)]
    pub(super) value_wo_version: Value<i64>,
    /// Names for versions: a map from alias to version number.
    #[tf(optional, ext(wire("versionAliases").codec(INT64)))]
    pub(super) version_aliases: Value<BTreeMap<String, i64>>,
    /// How long the value of a destroyed version can still be brought back: `24h` at least. At once gone when absent.
    #[tf(optional, ext(wire("versionDestroyTtl").codec(DURATION)))]
    pub(super) version_destroy_ttl: Value<Duration>,
    /// When the secret is deleted by itself, as RFC 3339: `2030-01-01T00:00:00Z`. Never when absent.
    #[tf(optional, ext(wire("expireTime")))]
    pub(super) expire_time: Value<Instant>,
    /// How often the `topics` are told to rotate the secret: `30d`, from an hour to a hundred years. A new secret with it
    /// needs `next_rotation_time`, too.
    #[tf(optional, ext(wire("rotation.rotationPeriod").codec(DURATION)))]
    pub(super) rotation_period: Value<Duration>,
    /// When the topics are told the next time, as RFC 3339. The service moves it on by itself, so it is not read back.
    #[tf(optional, ext(wire("rotation.nextRotationTime"), InputOnly))]
    pub(super) next_rotation_time: Value<Instant>,
    /// The Pub/Sub topics that hear of changes: KEYs of `topics` of this stack, or `projects/P/topics/T`. At most 10.
    #[tf(optional, ext(wire_with(&Topics), refers("topics", "id")))]
    pub(super) topics: Value<BTreeSet<String>>,
    /// Labels of this secret, over those of the provider and the stack. Labels that others set are left alone.
    #[tf(optional, ext(Labels { wire: "labels", inherit: true }))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// Annotations: notes that nobody filters by. Those that others set are left alone.
    #[tf(optional, ext(wire("annotations"), OwnKeys))]
    pub(super) annotations: Value<BTreeMap<String, String>>,
    /// The secret's relative name: `projects/P/secrets/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// The number of the newest version; null while there is none.
    #[tf(computed, ext(wire("latestVersion"), Volatile { with: "value" }))]
    pub(super) latest_version: Value<String>,
    /// Whether the newest version can be used: `ENABLED`, `DISABLED` or `DESTROYED`; null while there is none. The plan
    /// after somebody disabled or destroyed it sends `value_wo` as a new version, or warns where there is no
    /// `value_wo_version`.
    #[tf(computed, ext(wire("latestVersionState"), Volatile { with: "value" }))]
    pub(super) latest_version_state: Value<String>,
}

/// The API has an object around each topic's name.
struct Topics;

impl Codec for Topics {
    fn read(&self, body: &Json) -> Dynamic {
        let names = topics(body).map(Dynamic::string).collect::<Vec<_>>();
        if names.is_empty() { Dynamic::Null } else { Dynamic::set(names) }
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let names = value.as_elements().unwrap_or_default().iter().filter_map(Dynamic::as_str);
        let topics: Vec<Json> = names.map(|name| json!({ "name": name })).collect();
        wire::put(body, "topics", if topics.is_empty() { Json::Null } else { Json::Array(topics) });
    }
    fn masks(&self) -> &'static [&'static str] {
        &["topics"]
    }
}

fn topics(body: &Json) -> impl Iterator<Item = &str> {
    body.get("topics").and_then(Json::as_array).into_iter().flatten().filter_map(|topic| topic.get("name")?.as_str())
}

impl Declared for Secret {
    type Spec = SecretSpec;
    const NAME: &'static str = "secrets";
    const NOUN: &'static str = "secret";

    fn validate(&self, spec: &SecretSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(state) = spec.latest_version_state.known().filter(|state| *state != version::ENABLED)
            && spec.value_wo_version.is_null()
        {
            let number = spec.latest_version.known().map_or("?", String::as_str);
            diagnostics.push(
                Diagnostic::warning(
                    "The newest version of the secret cannot be used",
                    format!(
                        "Version {number} is {state}: whoever reads \"latest\" gets an error. Add a version, or set value_wo and \
                         value_wo_version to have the stack add one."
                    ),
                )
                .at(path.attribute("latest_version_state")),
            );
        }
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
        };
        if let Some(name) = spec.name.known().filter(|name| !is_secret_name(name)) {
            error(
                "name",
                "Invalid name of a secret",
                format!(
                    "{name:?} cannot be the name of a secret: 1 to 255 letters, digits, '_' and '-' are allowed. It defaults \
                     to the KEY; set name where the KEY does not do."
                ),
            );
        }
        // The value itself is in no message.
        if let Some(value) = spec.value_wo.known() {
            if value.is_empty() {
                error(
                    "value_wo",
                    "An empty secret",
                    "value_wo is empty. Give it the value, or leave it out and add a version by other means."
                        .to_owned(),
                );
            } else if value.len() > LARGEST {
                error(
                    "value_wo",
                    "The secret is too large",
                    format!("value_wo has {} bytes; a version holds at most {LARGEST}.", value.len()),
                );
            }
        }
        if let Some(topics) = spec.topics.known().filter(|topics| topics.len() > 10) {
            error("topics", "Too many topics", format!("A secret has at most 10 topics; here are {}.", topics.len()));
        }
        replication::validate(&spec.replication, &path.attribute("replication"), diagnostics);
    }

    fn validate_new(&self, spec: &SecretSpec, path: &Path, diagnostics: &mut Diagnostics) {
        limits::length(&spec.version_destroy_ttl, DESTROY_TTL, "version_destroy_ttl", path, diagnostics);
        limits::length(&spec.rotation_period, ROTATION_PERIOD, "rotation_period", path, diagnostics);
        if spec.rotation_period.is_null() {
            return;
        }
        for (attribute, is_missing, why) in [
            ("next_rotation_time", spec.next_rotation_time.is_null(), "says when the first rotation is due"),
            ("topics", spec.topics.is_null(), "names who is told to rotate"),
        ] {
            if is_missing {
                diagnostics.push(
                    Diagnostic::error(
                        format!("A rotation needs {attribute}"),
                        format!(
                            "rotation_period goes with {attribute}, which {why}. Set it, or remove rotation_period."
                        ),
                    )
                    .at(path.attribute("rotation_period")),
                );
            }
        }
    }
}

impl Kind for Secret {
    fn holds_data(&self) -> bool {
        true
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let name = component.get("name").as_str();
        name.map(|name| ("id", Dynamic::string(format!("projects/{}/secrets/{name}", scope.place.account))))
            .into_iter()
            .collect()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["createTime", "etag", version::NUMBER, version::STATE, "name", "policyMember"]
    }

    fn holds_secrets(&self, body: &Json) -> bool {
        body.get(version::NUMBER).is_some_and(|version| !version.is_null())
    }

    fn has_secrets(&self, component: &Dynamic) -> bool {
        // A state of an older version knows the number only.
        let state = component.get("latest_version_state");
        component.get("latest_version").as_str().is_some()
            && (state.is_null() || state.as_str() == Some(version::ENABLED))
    }

    /// A value that nobody can use counts as not sent: the next apply sends it, if it has it.
    fn observed(&self, component: &mut Dynamic, _: &Dynamic, found: &Dynamic, _: &Scope) {
        if found.get("latest_version_state").as_str() != Some(version::ENABLED) {
            crate::engine::tree::set(component, "value_wo_version", Dynamic::Null);
        }
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl RestKind for Secret {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::SECRET_MANAGER,
            version: "v1",
            collection: "projects/{project}/secrets",
            items: "secrets",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Query("secretId"),
            update: Update::Mask { etag: true },
            operations: Operations::default(),
            iam: Some(IamStyle::Verbs),
            full_name: "//secretmanager.googleapis.com/{name}",
        }
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        if body.get("replication").is_none() {
            body["replication"] = json!({ "automatic": {} });
        }
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }
}

impl Discovery for Secret {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        topics(body).map(|topic| ("topics", topic.to_owned())).collect()
    }
}

#[async_trait]
impl Parts for Secret {
    fn fields(&self) -> &'static [&'static str] {
        &["value", version::NUMBER, version::STATE, aliases::ALIASES]
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        version::read(bodies, run).await
    }

    async fn look_for(&self, body: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        version::look_for(body, component.get("latest_version").as_str(), run).await
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        if let Some(value) = after.get("value").and_then(Json::as_str) {
            version::add(name, value, run).await?.put_into(after);
        }
        aliases::write(name, before, after, run).await
    }
}

fn is_secret_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}
