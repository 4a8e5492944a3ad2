//! What Cloud Scheduler would refuse, said at plan time. Values that are not known yet could be valid.

use tfplugin::{Diagnostic, Diagnostics, Path};

use super::{Http, Method, ScheduleSpec};
use crate::google::kinds::limits;

/// The attributes of which one says what is called.
const TARGETS: &str = "Set exactly one of job, topic and http";

/// Checks the values that are known.
pub(super) fn schedule(spec: &ScheduleSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut refuse = |attribute: &str, title: &str, detail: String| {
        diagnostics.push(Diagnostic::error(title, detail).at(path.attribute(attribute.to_owned())));
    };
    if let Some(name) = spec.name.known().filter(|name| !is_name(name)) {
        refuse(
            "name",
            "Invalid schedule name",
            format!(
                "{name:?} cannot be the name of a schedule: at most 500 letters, digits, '-' and '_' are allowed. It defaults to \
                 the KEY; set name where the KEY does not do."
            ),
        );
    }
    if let Some(location) = spec.location.known().filter(|location| !location.is_region()) {
        let detail = format!("location must be a region, such as europe-west1; it is {location}.");
        refuse("location", "A schedule is in one region", detail);
    }
    if let Some(cron) = spec.cron.known().map(|cron| cron.text()).filter(|cron| !is_cron(cron)) {
        refuse(
            "cron",
            "Not a cron expression",
            format!(
                "cron must have five fields (minute, hour, day of the month, month, day of the week), such as \"0 3 * * *\", or be \
                 words such as \"every 2 hours\"; it is {cron:?}."
            ),
        );
    }
    if let Some(zone) = spec.time_zone.known().map(|zone| zone.text()).filter(|zone| !is_zone(zone)) {
        let detail = format!("time_zone must be a name of the tz database, such as Europe/Berlin; it is {zone:?}.");
        refuse("time_zone", "Not a time zone", detail);
    }
    let targets = [
        ("job", spec.job.known().is_some()),
        ("topic", spec.topic.known().is_some()),
        ("http", spec.http.known().is_some()),
    ];
    let given: Vec<&str> = targets.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name).collect();
    if given.len() > 1 {
        refuse(given[1], "A schedule calls one target", format!("{TARGETS}; set are {}.", given.join(" and ")));
    }
    if spec.service_account.known().is_some() && spec.job.is_null() {
        let detail =
            "service_account is the account that calls job. For an address set oidc_token or oauth_token in http.";
        refuse("service_account", "An account without a job", detail.to_owned());
    }
    for (attribute, is_set) in
        [("data", spec.data.known().is_some()), ("attributes", spec.attributes.known().is_some())]
    {
        if is_set && spec.topic.is_null() {
            refuse(attribute, "A message without a topic", format!("{attribute} goes with topic only. Remove it."));
        }
    }
    limits::length(&spec.attempt_deadline, (15, 1_800), "attempt_deadline", path, diagnostics);
    if let Some(retry) = spec.retry.known() {
        let path = path.attribute("retry");
        for (attribute, value, most) in
            [("retry_count", &retry.retry_count, 5), ("max_doublings", &retry.max_doublings, 16)]
        {
            if let Some(value) = value.known().filter(|value| !(0..=most).contains(*value)) {
                diagnostics.push(
                    Diagnostic::error(
                        "Number out of range",
                        format!("{attribute} must be from 0 to {most}; it is {value}."),
                    )
                    .at(path.attribute(attribute)),
                );
            }
        }
        if let (Some(least), Some(most)) = (retry.min_backoff.known(), retry.max_backoff.known())
            && least.nanos() > most.nanos()
        {
            diagnostics.push(
                Diagnostic::error(
                    "The shortest wait is longer than the longest",
                    format!(
                        "min_backoff is {least} and max_backoff is {most}. Raise max_backoff, or lower min_backoff."
                    ),
                )
                .at(path.attribute("min_backoff")),
            );
        }
    }
    if let Some(http) = spec.http.known() {
        http_target(http, &path.attribute("http"), diagnostics);
    }
}

/// What a request must have that the answer need not show.
pub(super) fn new_schedule(spec: &ScheduleSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut refuse = |attribute: &str, title: &str, detail: &str| {
        diagnostics.push(Diagnostic::error(title, detail).at(path.attribute(attribute.to_owned())));
    };
    if spec.job.is_null() && spec.topic.is_null() && spec.http.is_null() {
        refuse("job", "A schedule calls one target", &format!("{TARGETS}; none is set."));
    }
    if !spec.job.is_null() && spec.service_account.is_null() {
        refuse(
            "service_account",
            "A job is called by an account",
            "Set service_account to the account that executes the job, and grant it roles/run.invoker there.",
        );
    }
    if !spec.topic.is_null() && spec.data.is_null() && spec.attributes.is_null() {
        refuse("data", "An empty message", "Pub/Sub takes no message without data and attributes. Set one of them.");
    }
    if let Some(text) = spec.description.known().filter(|text| text.chars().count() > 500) {
        let detail = format!("description must have at most 500 characters; it has {}.", text.chars().count());
        refuse("description", "Description too long", &detail);
    }
}

fn http_target(http: &Http, path: &Path, diagnostics: &mut Diagnostics) {
    let mut refuse = |attribute: &str, title: &str, detail: String| {
        diagnostics.push(Diagnostic::error(title, detail).at(path.attribute(attribute.to_owned())));
    };
    let is_address = |url: &str| url.starts_with("http://") || url.starts_with("https://") || url.starts_with("{{");
    if let Some(url) = http.url.known().map(|url| url.text()).filter(|url| !is_address(url)) {
        refuse("url", "Not an address", format!("url must begin with https:// or http://; it is {url:?}."));
    }
    let takes_body = |method: &Method| matches!(method, Method::Post | Method::Put | Method::Patch);
    if let Some(method) = http.method.known().filter(|method| !takes_body(method) && http.body.known().is_some()) {
        refuse(
            "body",
            "A body that is not sent",
            format!("A call with {method:?} has no body. Remove it, or set method."),
        );
    }
    if http.oidc_token.known().is_some() && http.oauth_token.known().is_some() {
        refuse("oauth_token", "Two tokens", "A call carries one token. Remove oidc_token or oauth_token.".to_owned());
    }
}

fn is_name(name: &str) -> bool {
    (1..=500).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// Five fields, or words: the API reads those.
fn is_cron(cron: &str) -> bool {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let is_field = |field: &&str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*,-/?#".contains(c));
    let is_words = fields.len() > 1 && fields.iter().any(|field| matches!(*field, "every" | "of"));
    is_words || (fields.len() == 5 && fields.iter().all(is_field))
}

fn is_zone(zone: &str) -> bool {
    !zone.is_empty() && zone.chars().all(|c| c.is_ascii_alphanumeric() || "/_+-".contains(c))
}
