//! Cloud Scheduler jobs: something is called at set times.
//!
//! What is called is one of three: a Cloud Run job, a topic, or an address. The API has no Cloud Run jobs: it calls the address of
//! their `:run` with an account's token (see [`target`]). It has no etags and no labels, and a PATCH replaces the whole; pausing has
//! calls of its own.

mod target;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostics, Dynamic, Object, Path, Scalar as _, Value};

use self::target::{BASE64, Headers, HttpTarget, JobAccount, JobTarget};
use super::run::is_account_email;
use super::run::names::CloudName;
use super::scalars::any_text;
use crate::engine::kind::{Declared, Discovery, Kind};
use crate::engine::marks::{Codec, FreeText, Immutable, refers, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::wire::{self, DURATION, LOCATION_SEGMENT, SHORT_NAME};
use crate::google::api::{ApiError, Host, Request};
use crate::google::rest::{Naming, Operations, Parts, Patch, Rest, RestKind, Update};
use crate::google::session::Run;
use crate::types::{Duration, Location};

/// The kind.
pub(super) struct Schedule;

/// Cloud Scheduler jobs, by KEY: each calls one of a Cloud Run job (`job`), a topic (`topic`) and an address (`http`) at set
/// times. The caller needs `roles/iam.serviceAccountUser` on the account that a schedule acts as.
#[derive(Object, Clone)]
pub(super) struct ScheduleSpec {
    /// The schedule's name, unique in the project and region: at most 500 letters, digits, `-` and `_`. Defaults to the KEY.
    /// Immutable.
    #[tf(optional, computed, ext(wire_with(&Name), Immutable))]
    pub(super) name: Value<String>,
    /// The region. Defaults to the stack's. Immutable.
    #[tf(optional, computed, ext(wire_with(&Region), Immutable))]
    pub(super) location: Value<Location>,
    /// What the schedule is for: at most 500 characters.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// When: minute, hour, day of the month, month and day of the week, as in crontab: `0 3 * * *`. Also in words: `every 2 hours`.
    #[tf(required, ext(wire("schedule")))]
    pub(super) cron: Value<Cron>,
    /// The time zone of `cron`, as the tz database names it: `Europe/Berlin`.
    #[tf(default = "Etc/UTC", ext(wire("timeZone").always()))]
    pub(super) time_zone: Value<TimeZone>,
    /// A Cloud Run job that is executed: the KEY of one of this stack, or `projects/P/locations/L/jobs/NAME`. The call is made as
    /// `service_account`, which needs `roles/run.invoker` on the job: grant it with `iam` there, nothing is granted by itself.
    #[tf(optional, ext(wire_with(&JobTarget), refers("jobs", "id").named_as("projects/PROJECT/locations/LOCATION/jobs/NAME", is_job)))]
    pub(super) job: Value<CloudName>,
    /// The account that calls `job`: the KEY of a service account of this stack, or an e-mail address. Required with `job`, and
    /// only with it.
    #[tf(optional, ext(wire_with(&JobAccount), refers("service_accounts", "email").named_as("NAME@PROJECT.iam.gserviceaccount.com", is_account_email)))]
    pub(super) service_account: Value<String>,
    /// A topic that a message is published to: the KEY of one of this stack, or `projects/P/topics/NAME`. It needs `data` or
    /// `attributes`.
    #[tf(optional, ext(wire("pubsubTarget.topicName"), refers("topics", "id").named_as("projects/PROJECT/topics/NAME", is_topic)))]
    pub(super) topic: Value<CloudName>,
    /// The message's text. `{{kind.KEY.attribute}}` stands for an attribute of a component of this stack.
    #[tf(optional, ext(wire("pubsubTarget.data").codec(BASE64), FreeText))]
    pub(super) data: Value<String>,
    /// The message's attributes.
    #[tf(optional, ext(wire("pubsubTarget.attributes")))]
    pub(super) attributes: Value<BTreeMap<String, String>>,
    /// An address that is called.
    #[tf(optional, ext(wire_with(&HttpTarget)))]
    pub(super) http: Value<Http>,
    /// How often and how fast a call that failed is made again.
    #[tf(optional, ext(wire("retryConfig")))]
    pub(super) retry: Value<Retry>,
    /// How long one call of `job` or `http` may take: `15s` to `30m`.
    #[tf(default = "3m", ext(wire("attemptDeadline").codec(DURATION)))]
    pub(super) attempt_deadline: Value<Duration>,
    /// Whether nothing is called for now.
    #[tf(default = false, ext(wire_with(&Paused)))]
    pub(super) paused: Value<bool>,
    /// The schedule's relative name: `projects/P/locations/L/jobs/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// `ENABLED`, `PAUSED`, `DISABLED` (by Google, because it cannot be run), or `UPDATE_FAILED`.
    #[tf(computed, ext(wire("state"), crate::engine::marks::Volatile { with: "" }))]
    pub(super) state: Value<String>,
}

/// An address that is called.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct Http {
    /// The address: `https://…`. `{{services.KEY.url}}/path` is one of a service of this stack.
    #[tf(required, ext(wire("uri"), FreeText))]
    pub(super) url: Value<Address>,
    /// The method.
    #[tf(default = "POST", ext(wire("httpMethod").always()))]
    pub(super) method: Value<Method>,
    /// The body as text, with `POST`, `PUT` and `PATCH` only. `{{kind.KEY.attribute}}` stands for an attribute of a component
    /// of this stack.
    #[tf(optional, ext(wire("body").codec(BASE64), FreeText))]
    pub(super) body: Value<String>,
    /// Headers. `User-Agent` is Google's own; `Content-Type` is `application/octet-stream` where there is a body and nothing is
    /// said.
    #[tf(optional, ext(wire_with(&Headers)))]
    pub(super) headers: Value<BTreeMap<String, String>>,
    /// Sends an identity token of an account, as Cloud Run services and your own want it.
    #[tf(optional, ext(wire("oidcToken")))]
    pub(super) oidc_token: Value<OidcToken>,
    /// Sends an access token of an account, as Google's APIs want it.
    #[tf(optional, ext(wire("oauthToken")))]
    pub(super) oauth_token: Value<OauthToken>,
}

/// An identity token.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct OidcToken {
    /// Whose token: the KEY of a service account of this stack, or an e-mail address.
    #[tf(required, ext(wire("serviceAccountEmail"), refers("service_accounts", "email").named_as("NAME@PROJECT.iam.gserviceaccount.com", is_account_email)))]
    pub(super) service_account: Value<String>,
    /// The audience. The address that is called when absent.
    #[tf(optional, ext(wire("audience"), FreeText))]
    pub(super) audience: Value<Address>,
}

/// An access token.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct OauthToken {
    /// Whose token: the KEY of a service account of this stack, or an e-mail address.
    #[tf(required, ext(wire("serviceAccountEmail"), refers("service_accounts", "email").named_as("NAME@PROJECT.iam.gserviceaccount.com", is_account_email)))]
    pub(super) service_account: Value<String>,
    /// What the token is good for.
    #[tf(default = "https://www.googleapis.com/auth/cloud-platform", ext(wire("scope")))]
    pub(super) scope: Value<String>,
}

/// How often and how fast a call that failed is made again.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct Retry {
    /// How often a call is made again: 0 to 5.
    #[tf(default = 0, ext(wire("retryCount")))]
    pub(super) retry_count: Value<i64>,
    /// For how long calls are made again. Without a limit when it is `0s`.
    #[tf(default = "0s", ext(wire("maxRetryDuration").codec(DURATION)))]
    pub(super) max_retry_duration: Value<Duration>,
    /// The wait before the first call that is made again.
    #[tf(default = "5s", ext(wire("minBackoffDuration").codec(DURATION)))]
    pub(super) min_backoff: Value<Duration>,
    /// The longest wait.
    #[tf(default = "1h", ext(wire("maxBackoffDuration").codec(DURATION)))]
    pub(super) max_backoff: Value<Duration>,
    /// How often the wait is doubled, before it grows evenly: 0 to 16.
    #[tf(default = 5, ext(wire("maxDoublings")))]
    pub(super) max_doublings: Value<i64>,
}

/// The method of a call.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// POST.
    Post,
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
    /// PATCH.
    Patch,
    /// OPTIONS.
    Options,
}

/// Set times, as in crontab or in words. Blanks between the fields mean nothing.
#[derive(Clone, Debug)]
pub(super) struct Cron(String);

any_text!(Cron, |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" "));

impl Cron {
    /// The text as it was written.
    fn text(&self) -> &str {
        &self.0
    }
}

/// A time zone. UTC has many names.
#[derive(Clone, Debug)]
pub(super) struct TimeZone(String);

any_text!(TimeZone, |text: &str| match text.to_ascii_lowercase().as_str() {
    "" | "utc" | "gmt" | "etc/utc" | "etc/gmt" => "Etc/UTC".to_owned(),
    _ => text.to_owned(),
});

impl TimeZone {
    /// The text as it was written.
    fn text(&self) -> &str {
        &self.0
    }
}

/// An address that is called. The API gives one without a path the shortest.
#[derive(Clone, Debug)]
pub(super) struct Address(String);

any_text!(Address, |text: &str| match text.split_once("://") {
    Some((_, host)) if !host.contains('/') => format!("{text}/"),
    _ => text.to_owned(),
});

impl Address {
    /// The text as it was written.
    fn text(&self) -> &str {
        &self.0
    }
}

/// Whether it could be a job's relative name.
fn is_job(text: &str) -> bool {
    matches!(text.split('/').collect::<Vec<_>>()[..], ["projects", p, "locations", l, "jobs", j] if [p, l, j].iter().all(|part| !part.is_empty()))
}

/// Whether it could be a topic's relative name.
fn is_topic(text: &str) -> bool {
    matches!(text.split('/').collect::<Vec<_>>()[..], ["projects", p, "topics", t] if !p.is_empty() && !t.is_empty())
}

/// The relative name ends with the schedule's own; a creation has the whole in its body.
struct Name;

impl Codec for Name {
    fn read(&self, body: &Json) -> Dynamic {
        SHORT_NAME.read(body)
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        wire::put(body, "name", value.as_str().map_or(Json::Null, Json::from));
    }
    fn masks(&self) -> &'static [&'static str] {
        &["name"]
    }
}

/// The same for the region, which a creation puts into the name.
struct Region;

impl Codec for Region {
    fn read(&self, body: &Json) -> Dynamic {
        LOCATION_SEGMENT.read(body)
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        wire::put(body, "location", value.as_str().map_or(Json::Null, |text| Json::from(text.to_lowercase())));
    }
    fn masks(&self) -> &'static [&'static str] {
        &["name"]
    }
}

/// Whether the state is that of a paused schedule.
struct Paused;

const PAUSED: &str = "PAUSED";

impl Codec for Paused {
    fn read(&self, body: &Json) -> Dynamic {
        Dynamic::Bool(wire::text(body, "state") == PAUSED)
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        wire::put(body, "state", Json::from(if value.as_bool() == Some(true) { PAUSED } else { "ENABLED" }));
    }
    fn masks(&self) -> &'static [&'static str] {
        &["state"]
    }
}

impl Declared for Schedule {
    type Spec = ScheduleSpec;
    const NAME: &'static str = "schedules";
    const NOUN: &'static str = "schedule";

    fn validate(&self, spec: &ScheduleSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::schedule(spec, path, diagnostics);
    }

    fn validate_new(&self, spec: &ScheduleSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::new_schedule(spec, path, diagnostics);
    }
}

impl Kind for Schedule {
    fn effective(&self, component: &mut Dynamic, _: &str, _: &Scope) {
        target::drop_usual_headers(component);
        target::fill_audience(component);
    }

    fn imported(&self, component: &mut Dynamic, _: &Scope) {
        target::drop_usual_audience(component);
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let text = |name: &str| component.get(name).as_str();
        match (text("name"), text("location")) {
            (Some(name), Some(location)) => {
                let id = format!("projects/{}/locations/{}/jobs/{name}", scope.place.account, location.to_lowercase());
                vec![("id", Dynamic::String(id))]
            }
            _ => Vec::new(),
        }
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["lastAttemptTime", "satisfiesPzs", "scheduleTime", "state", "status", "userUpdateTime"]
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl RestKind for Schedule {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::CLOUD_SCHEDULER,
            version: "v1",
            collection: "projects/{project}/locations/{location}/jobs",
            items: "jobs",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 500),
            naming: Naming::Inside,
            update: Update::Whole,
            operations: Operations::default(),
            iam: None,
            full_name: "//cloudscheduler.googleapis.com/{name}",
        }
    }

    fn before_create(&self, body: &mut Json, scope: &Scope) {
        let location = wire::text(body, "location");
        let location = if location.is_empty() { &scope.place.region } else { location };
        let name = format!("projects/{}/locations/{location}/jobs/{}", scope.place.account, wire::text(body, "name"));
        wire::put(body, "name", Json::from(name));
        wire::remove(body, "location");
    }

    /// What only the API writes is not sent back.
    fn before_update(&self, _: &Json, patch: &mut Patch) {
        for field in self.unmanaged() {
            wire::remove(&mut patch.body, field);
        }
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }
}

#[async_trait]
impl Parts for Schedule {
    /// What a GET returns as a field, only calls of their own change.
    fn fields(&self) -> &'static [&'static str] {
        &["state"]
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        let is_paused = |body: &Json| wire::text(body, "state") == PAUSED;
        if is_paused(before) == is_paused(after) {
            return Ok(());
        }
        let verb = if is_paused(after) { "pause" } else { "resume" };
        let request =
            Request::post(Host::CLOUD_SCHEDULER, format!("v1/{name}:{verb}")).idempotent(true).json(json!({}));
        let result = run.call(request).await.map(drop);
        if result.is_err() {
            after["state"] = before.get("state").cloned().unwrap_or_default();
        }
        result
    }
}

impl Discovery for Schedule {
    /// The job or topic that is called, and the account that calls.
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let text = |path: &str| wire::get(body, path).and_then(Json::as_str).map(str::to_owned);
        let mut found: Vec<(&'static str, String)> = Vec::new();
        found.extend(target::job_of(body).map(|job| ("jobs", job)));
        found.extend(text("pubsubTarget.topicName").map(|topic| ("topics", topic)));
        for token in ["oidcToken", "oauthToken"] {
            found.extend(
                text(&format!("httpTarget.{token}.serviceAccountEmail")).map(|email| ("service_accounts", email)),
            );
        }
        found
    }
}
