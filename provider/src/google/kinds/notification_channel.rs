//! Notification channels of Cloud Monitoring.
//!
//! The server names them. Secret labels are masked by the API from the first answer on: they are written and never read.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use crate::engine::kind::{Declared, Kind, Titled};
use crate::engine::marks::{Codec, Immutable, InputOnly, Labels, NeverRead, OwnKeys, Volatile, wire, wire_with};
use crate::google::api::Host;
use crate::google::names::last_segment;
use crate::google::rest::{Naming, Operations, Patch, Rest, RestKind, Update};

/// The kind.
pub(super) struct NotificationChannel;

/// Labels whose value the API masks.
const SECRET: &[&str] = &["auth_token", "password", "service_key"];

/// The labels that each type cannot do without.
const NEEDED: &[(&str, &[&str])] = &[
    ("email", &["email_address"]),
    ("sms", &["number"]),
    ("slack", &["channel_name"]),
    ("webhook_tokenauth", &["url"]),
    ("webhook_basicauth", &["url", "username"]),
    ("pubsub", &["topic"]),
    ("google_chat", &["space"]),
];

/// Notification channels of Cloud Monitoring, by KEY: where alerts go.
#[derive(Object, Clone)]
pub(super) struct NotificationChannelSpec {
    /// How the channel notifies: `email`, `sms`, `slack`, `pagerduty`, `webhook_tokenauth`, `webhook_basicauth`, `pubsub`,
    /// `google_chat`, or another type that `gcloud beta monitoring channel-descriptors list` shows. Immutable.
    #[tf(required, ext(wire("type"), Immutable))]
    pub(super) r#type: Value<String>,
    /// What the channel is called in the console. Give it a name of its own: an interrupted creation is continued by it.
    #[tf(optional, ext(wire("displayName")))]
    pub(super) display_name: Value<String>,
    /// What the channel is for.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// The channel's settings, which depend on its type: `email_address` for `email`, `number` for `sms`, `channel_name`
    /// for `slack`, `url` for webhooks, `topic` for `pubsub`, `space` for `google_chat`. Settings that others add are left
    /// alone. Secrets go into `sensitive_labels_wo`.
    #[tf(optional, ext(wire("labels"), OwnKeys, NeverRead(SECRET)))]
    pub(super) labels: Value<BTreeMap<String, String>>,
    /// The channel's secrets: `auth_token` for `slack`, `password` for `webhook_basicauth` and `webhook_tokenauth`,
    /// `service_key` for `pagerduty`. They are sent at creation and whenever `sensitive_labels_wo_version` changes, and
    /// are never stored.
    #[tf(optional, write_only, sensitive, ext(wire("labels"), OwnKeys, InputOnly))]
    pub(super) sensitive_labels_wo: Value<BTreeMap<String, String>>,
    /// Any number; change it to send `sensitive_labels_wo` again.
    #[tf(optional)]
    pub(super) sensitive_labels_wo_version: Value<i64>,
    /// The names of the secrets that the channel holds, whoever set them; their values are not shown. While it holds one, a
    /// change of `labels` needs it in `sensitive_labels_wo`, because the API takes all labels together.
    #[tf(computed, ext(wire_with(&HeldSecrets), Volatile { with: "labels" }))]
    pub(super) sensitive_label_names: Value<BTreeSet<String>>,
    /// Whether notifications are delivered.
    #[tf(default = true, ext(wire("enabled")))]
    pub(super) enabled: Value<bool>,
    /// Labels to organise channels with: lower-case letters, digits, `_` and `-`, a letter first. Labels that others set
    /// are left alone.
    #[tf(optional, ext(Labels { wire: "userLabels", inherit: false }))]
    pub(super) user_labels: Value<BTreeMap<String, String>>,
    /// The channel's relative name: `projects/P/notificationChannels/N`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// Whether the address was proved to be yours: `VERIFIED`, `UNVERIFIED`, or null where nothing is to be proved.
    #[tf(computed, ext(wire("verificationStatus"), Volatile { with: "" }))]
    pub(super) verification_status: Value<String>,
}

/// The secret labels by name: their values are masked.
struct HeldSecrets;

impl Codec for HeldSecrets {
    fn read(&self, body: &Json) -> Dynamic {
        let labels = body.get("labels").and_then(Json::as_object).into_iter().flatten();
        Dynamic::set(labels.filter(|(key, _)| SECRET.contains(&key.as_str())).map(|(key, _)| Dynamic::string(key)))
    }
    fn write(&self, _: &Dynamic, _: &mut Json) {}
    fn masks(&self) -> &'static [&'static str] {
        &["labels"]
    }
}

/// Whether it could be an address: something on both sides of one `@`, and no blank.
fn is_email(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && !text.contains(char::is_whitespace)
}

/// The API's own name of a channel; a mere number is understood by nobody.
pub(super) fn is_channel_name(text: &str) -> bool {
    matches!(text.split('/').collect::<Vec<_>>()[..], ["projects", p, "notificationChannels", n] if !p.is_empty() && !n.is_empty())
}

/// What tells a channel from all others: its number. Its project may be written as id or number.
pub(super) fn channel_number(name: &str) -> String {
    last_segment(name).to_owned()
}

/// A masked secret must not be written back.
fn drop_masked(body: &mut Json) {
    if let Some(labels) = body.get_mut("labels").and_then(Json::as_object_mut) {
        let masked = |value: &Json| value.as_str().is_some_and(|text| text.chars().all(|c| c == '*'));
        labels.retain(|key, value| !(SECRET.contains(&key.as_str()) && masked(value)));
    }
}

impl Declared for NotificationChannel {
    type Spec = NotificationChannelSpec;
    const NAME: &'static str = "notification_channels";
    const NOUN: &'static str = "notification channel";

    fn validate(&self, spec: &NotificationChannelSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let labels = spec.labels.known();
        if let Some(secret) = labels.and_then(|labels| SECRET.iter().find(|key| labels.contains_key(**key))) {
            diagnostics.push(
                Diagnostic::error(
                    "A secret in plain labels",
                    format!(
                        "The label {secret} is a secret: in labels it would be stored in the state. Move it to \
                         sensitive_labels_wo, which is never stored."
                    ),
                )
                .at(path.attribute("labels").key(*secret)),
            );
        }
        for key in spec.sensitive_labels_wo.known().into_iter().flatten().map(|(key, _)| key) {
            if !SECRET.contains(&key.as_str()) {
                diagnostics.push(
                    Diagnostic::error(
                        "Not a secret label",
                        format!("{key:?} is none of {}. Move it to labels.", SECRET.join(", ")),
                    )
                    .at(path.attribute("sensitive_labels_wo").key(key)),
                );
            }
        }
    }

    fn validate_new(&self, spec: &NotificationChannelSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let labels = spec.labels.known();
        if let Some(address) = labels.and_then(|labels| labels.get("email_address")).filter(|text| !is_email(text)) {
            diagnostics.push(
                Diagnostic::error(
                    "Not an e-mail address",
                    format!("email_address must be an address such as ops@example.com; it is {address:?}."),
                )
                .at(path.attribute("labels").key("email_address")),
            );
        }
        if spec.labels.is_unknown() {
            return;
        }
        let needed = spec.r#type.known().and_then(|r#type| NEEDED.iter().find(|(name, _)| name == r#type));
        for label in needed.into_iter().flat_map(|(_, labels)| *labels) {
            if labels.is_none_or(|labels| !labels.contains_key(*label)) {
                let r#type = spec.r#type.known().map_or("", String::as_str);
                diagnostics.push(
                    Diagnostic::error(
                        "A label is missing",
                        format!(
                            "A channel of type {type:?} needs the label {label}: labels = {{ {label} = \"...\" }}."
                        ),
                    )
                    .at(path.attribute("labels")),
                );
            }
        }
    }
}

impl Kind for NotificationChannel {
    fn unmanaged(&self) -> &'static [&'static str] {
        &["creationRecord", "labels", "mutationRecords"]
    }

    fn keeps_secret(&self, component: &Dynamic, attribute: &str) -> bool {
        let held = component.get(name!(NotificationChannelSpec.sensitive_label_names));
        attribute == name!(NotificationChannelSpec.sensitive_labels_wo)
            && held.as_elements().is_some_and(|names| !names.is_empty())
    }

    fn titled(&self) -> Option<Titled> {
        Some(Titled { by: name!(NotificationChannelSpec.display_name) })
    }
}

impl RestKind for NotificationChannel {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::MONITORING,
            version: "v3",
            collection: "projects/{project}/notificationChannels",
            items: "notificationChannels",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Server,
            update: Update::Mask { etag: false },
            operations: Operations::default(),
            iam: None,
            full_name: "//monitoring.googleapis.com/{name}",
        }
    }

    fn before_update(&self, _: &Json, patch: &mut Patch) {
        drop_masked(&mut patch.body);
    }
}
