//! Alert policies of Cloud Monitoring.
//!
//! The server names policies and their conditions; a changed condition keeps its name. A preset is written out into
//! conditions and a runbook before anything is compared or sent.

mod aggregation;
mod condition;
mod presets;
mod recognition;
pub(crate) mod validate;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin::{Choice, Diagnostics, Dynamic, Object, Path, Value, name};

use super::notification_channel::{channel_number, is_channel_name};
use super::scalars::Prose;
use crate::engine::kind::{Declared, Discovery, Kind, Titled};
use crate::engine::marks::{FreeText, Labels, Silent, WhenSilent, refers, wire};
use crate::engine::scope::Scope;
use crate::engine::wire::{self, DURATION};
use crate::google::api::Host;
use crate::google::rest::{Naming, Operations, Patch, Rest, RestKind, Update};
use crate::google::settings::Settings;
use crate::types::Duration;

use self::condition::Condition;
use crate::google::severity::{self, SEVERITY, Severity};

pub use self::presets::{preset_names, runbook};

/// The kind.
pub(super) struct AlertPolicy;

/// Alert policies of Cloud Monitoring, by KEY: a preset, or conditions of one's own.
#[derive(Object, Clone)]
pub(super) struct AlertPolicySpec {
    /// A policy that is known to work, with its runbook as documentation. `service` narrows it to one service; `threshold`
    /// and `duration` tune it. Exactly one of `preset` and `conditions` is needed.
    #[tf(optional)]
    pub(super) preset: Value<Preset>,
    /// What opens an incident. Exactly one of `preset` and `conditions` is needed.
    #[tf(optional, ext(wire("conditions")))]
    pub(super) conditions: Value<Vec<Condition>>,
    /// What the policy is called in notifications; at most 512 characters. Give it a name of its own: an interrupted
    /// creation is continued by it. A preset is called after the service, or else the stack, and what it detects.
    #[tf(optional, ext(wire("displayName")))]
    pub(super) display_name: Value<String>,
    /// Whether one condition is enough (`OR`), all are needed (`AND`), or all for the same resource
    /// (`AND_WITH_MATCHING_RESOURCE`).
    #[tf(default = "OR", ext(wire("combiner").always()))]
    pub(super) combiner: Value<Combiner>,
    /// Whether the policy is evaluated at all. To evaluate it without notifying anyone, use `shadow`.
    #[tf(default = true, ext(wire("enabled")))]
    pub(super) enabled: Value<bool>,
    /// How bad it is: `CRITICAL`, `ERROR` or `WARNING`, or in the words of on-call plans `P0`, `P1` or `P2`, which mean the
    /// same. A preset brings its own.
    #[tf(optional, ext(wire("severity").codec(SEVERITY)))]
    pub(super) severity: Value<Severity>,
    /// Who is told: KEYs of notification channels of this stack, or names as `projects/P/notificationChannels/N`.
    #[tf(optional, ext(wire("notificationChannels"), refers("notification_channels", "id").compared_by(channel_number).named_as("projects/P/notificationChannels/N", is_channel_name)))]
    pub(super) channels: Value<BTreeSet<String>>,
    /// Whether the policy runs without notifying anyone: it is evaluated and opens incidents, and `channels` is not sent.
    /// The stack's `shadow_severities` does it for all policies of a severity.
    #[tf(default = false)]
    pub(super) shadow: Value<bool>,
    /// How long without data until an open incident is closed, from `30m` to `7d`. Seven days when nothing is said; a
    /// preset says `30m` (P0), `1h` (P1) or `2h` (P2).
    #[tf(optional, ext(wire("alertStrategy.autoClose").codec(DURATION)))]
    pub(super) auto_close: Value<Duration>,
    /// At most one notification in this time. A policy with a `matched_log` condition needs it; no other can have it.
    #[tf(optional, ext(wire("alertStrategy.notificationRateLimit.period").codec(DURATION)))]
    pub(super) notification_rate_limit: Value<Duration>,
    /// When channels are told: `OPENED`, or `OPENED` and `CLOSED`. Both when nothing is said, for log matches the first, and
    /// so again when it leaves the configuration.
    #[tf(optional, computed, ext(wire("alertStrategy.notificationPrompts"), WhenSilent(usual_prompts)))]
    pub(super) notification_prompts: Value<BTreeSet<NotificationPrompt>>,
    /// What to do when it fires, in Markdown: at most 8192 characters and 10240 bytes. A preset brings its runbook. Alerting
    /// fills in variables such as `${resource.label.service_name}` (in HCL: `$${...}`).
    #[tf(optional, ext(wire("documentation.content"), FreeText))]
    pub(super) documentation: Value<Prose>,
    /// The subject of notifications: at most 255 characters in one line. Alerting makes one when nothing is said.
    #[tf(optional, ext(wire("documentation.subject"), FreeText))]
    pub(super) documentation_subject: Value<String>,
    /// The Cloud Run service that a preset watches: the KEY of one of this stack, or a service's name. All services of the
    /// project, each on its own, when absent.
    #[tf(optional, ext(refers("services", "name")))]
    pub(super) service: Value<String>,
    /// The preset's threshold, in the preset's unit: a share from 0 to 1, milliseconds for `high_latency`, a number of
    /// failed starts for `crash_loop`.
    #[tf(optional)]
    pub(super) threshold: Value<f64>,
    /// How long the preset's condition must hold: whole minutes, up to `23h`.
    #[tf(optional)]
    pub(super) duration: Value<Duration>,
    /// The metric of the model presets and of `disk_space`, when it is not the preset's own:
    /// `custom.googleapis.com/ml/model_accuracy`.
    #[tf(optional)]
    pub(super) metric_type: Value<String>,
    /// The monitored resource that `metric_type` is written for: `global` for metrics of one's own when nothing is said.
    #[tf(optional)]
    pub(super) resource_type: Value<String>,
    /// Labels to organise policies with: lower-case letters, digits, `_` and `-`, a letter first. Labels that others set are
    /// left alone.
    #[tf(optional, ext(Labels { wire: "userLabels", inherit: false }))]
    pub(super) user_labels: Value<BTreeMap<String, String>>,
    /// The policy's relative name: `projects/P/alertPolicies/N`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
}

/// Policies that are known to work.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[tf(rename = "snake_case")]
pub(super) enum Preset {
    /// P0: hardly a request succeeds, or uptime checks fail.
    ApiDowntime,
    /// P0: the share of requests that fail with a server error.
    HighErrorRate,
    /// P0: the share of its memory that the fullest instance uses.
    MemoryExhaustion,
    /// P0: the number of containers in ten minutes that failed to start or were killed as unhealthy.
    CrashLoop,
    /// P1: the time in milliseconds within which 95 % of the requests are answered.
    HighLatency,
    /// P1: the share of features that have drifted, from a metric of the model's own.
    DataDrift,
    /// P1: the mean confidence of predictions, from a metric of the model's own.
    LowPredictionConfidence,
    /// P2: as `high_error_rate`, lower and longer.
    ElevatedErrorRate,
    /// P2: the accuracy of the model, from a metric of its own.
    ModelAccuracyDegradation,
    /// P2: the share of its CPU that the busiest instance uses.
    HighCpuUsage,
    /// P2: the share of a disk that is in use.
    DiskSpace,
}

/// How conditions make an incident.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combiner {
    /// One is enough.
    Or,
    /// All.
    And,
    /// All, for the same resource.
    AndWithMatchingResource,
}

/// When channels are told.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NotificationPrompt {
    /// When the incident opens.
    Opened,
    /// When it closes.
    Closed,
}

/// Alerting chooses when channels are told, by the kind of condition.
fn usual_prompts(silent: &Silent<'_>) -> Dynamic {
    let conditions = silent.component.get("conditions").as_elements().unwrap_or_default();
    let is_log = conditions.iter().any(|condition| !condition.get("matched_log").is_null());
    let prompts: &[NotificationPrompt] =
        if is_log { &[NotificationPrompt::Opened] } else { &[NotificationPrompt::Opened, NotificationPrompt::Closed] };
    let usual = Dynamic::set(prompts.iter().map(|prompt| Dynamic::string(prompt.spelling())));
    if silent.value.is_null() || *silent.value == usual { silent.value.clone() } else { Dynamic::Unknown }
}

impl Declared for AlertPolicy {
    type Spec = AlertPolicySpec;
    const NAME: &'static str = "alert_policies";
    const NOUN: &'static str = "alert policy";

    fn validate(&self, spec: &AlertPolicySpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::policy(spec, path, diagnostics);
    }

    fn validate_new(&self, spec: &AlertPolicySpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::new_policy(spec, path, diagnostics);
    }
}

impl Kind for AlertPolicy {
    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        presets::expand(component, scope);
        if is_shadowed(component, scope)
            && let Some(entries) = component.as_entries_mut()
        {
            entries.insert("channels".to_owned(), Dynamic::Null);
        }
    }

    /// A shadowed policy that notifies all the same is recorded as what it is, so that the plan shows it.
    fn observed(&self, component: &mut Dynamic, meant: &Dynamic, found: &Dynamic, scope: &Scope) {
        let notifies = found.get("channels").as_elements().is_some_and(|channels| !channels.is_empty());
        let was_meant_to = component.get("shadow").is_null() || !is_shadowed(meant, scope);
        if notifies
            && !was_meant_to
            && let Some(entries) = component.as_entries_mut()
        {
            entries.insert("shadow".to_owned(), Dynamic::Null);
        }
    }

    fn imported(&self, component: &mut Dynamic, scope: &Scope) {
        recognition::recognise(component, scope);
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["conditions.*.name", "creationRecord", "documentation.mimeType", "mutationRecord", "validity"]
    }

    fn titled(&self) -> Option<Titled> {
        Some(Titled { by: name!(AlertPolicySpec.display_name) })
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl RestKind for AlertPolicy {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::MONITORING,
            version: "v3",
            collection: "projects/{project}/alertPolicies",
            items: "alertPolicies",
            list_query: &[],
            query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Server,
            update: Update::Mask { etag: false },
            operations: Operations::default(),
            iam: None,
            full_name: "//monitoring.googleapis.com/{name}",
        }
    }

    fn before_create(&self, body: &mut Json, _: &Scope) {
        say_markdown(body);
    }

    fn before_update(&self, _: &Json, patch: &mut Patch) {
        say_markdown(&mut patch.body);
        let has = |path: &str| wire::get(&patch.body, path).is_some();
        if patch.mask.iter().any(|path| path.starts_with("documentation."))
            && !has("documentation.content")
            && !has("documentation.subject")
            && !has("documentation.links")
        {
            wire::remove(&mut patch.body, "documentation");
            patch.mask.retain(|path| !path.starts_with("documentation."));
            patch.mask.push("documentation".to_owned());
        }
    }
}

impl Discovery for AlertPolicy {
    /// The services that the filters name.
    fn watches(&self, body: &Json) -> Vec<(&'static str, String)> {
        condition::services(body).into_iter().map(|name| ("services", name)).collect()
    }

    /// The channels, and what it watches.
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let channels = wire::get(body, "notificationChannels").and_then(Json::as_array).into_iter().flatten();
        let channels = channels.filter_map(|name| Some(("notification_channels", name.as_str()?.to_owned())));
        let mut used: Vec<_> = channels.chain(self.watches(body)).collect();
        used.dedup();
        used
    }
}

/// Whether a policy runs without notifying anyone. `shadow` is null, which no configuration says, on one that was found to
/// notify.
fn is_shadowed(component: &Dynamic, scope: &Scope) -> bool {
    match component.get("shadow") {
        Dynamic::Null => false,
        Dynamic::Bool(true) => true,
        _ => {
            let severity = component.get("severity").as_str().and_then(severity::level);
            severity.is_some_and(|level| shadowed(scope).any(|word| severity::level(word) == Some(level)))
        }
    }
}

/// The severities that the stack shadows.
fn shadowed(scope: &Scope) -> impl Iterator<Item = &str> {
    let severities = scope.settings.get(name!(Settings.shadow_severities));
    severities.as_elements().into_iter().flatten().filter_map(Dynamic::as_str)
}

/// The API knows one format of documentation, and wants it named.
fn say_markdown(body: &mut Json) {
    if wire::get(body, "documentation.content").is_some() && wire::get(body, "documentation.mimeType").is_none() {
        wire::put(body, "documentation.mimeType", Json::from("text/markdown"));
    }
}
