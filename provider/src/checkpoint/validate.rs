//! What the schema cannot say of a checkpoint. Unknown values pass.

use std::collections::BTreeSet;

use mlops_phases::Status;
use regex::Regex;
use tfplugin::{Diagnostic, Diagnostics, Path, Value, name};

use super::criteria::is_policy_name;
use super::model::{
    AlertPoliciesSpec, BucketVersionedSpec, CriterionSpec, HttpSpec, ManualSpec, ObjectExistsSpec, PhaseCheckpoint,
};
use super::plan::status;
use super::store::{ObjectUrl, StoreUrl, versioning_command};

/// Words for severities of alert policies.
const SEVERITIES: &[&str] = &["CRITICAL", "ERROR", "WARNING", "P0", "P1", "P2"];
/// The most attempts of a call: with growing pauses, more would outlast every apply.
const MOST_ATTEMPTS: i64 = 20;

/// Checks a configuration.
pub(super) fn validate(config: &PhaseCheckpoint) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let root = Path::root();
    if config.title.known().is_some_and(|title| title.trim().is_empty()) {
        let text = "title is empty. Describe in a few words what the phase is for.";
        diagnostics
            .push(Diagnostic::error("Missing phase title", text).at(root.attribute(name!(PhaseCheckpoint.title))));
    }
    own_dependency(config, &mut diagnostics);
    dates(config, &mut diagnostics);
    for (key, criterion) in config.criteria.known().into_iter().flatten() {
        check_criterion(criterion, &root.attribute(name!(PhaseCheckpoint.criteria)).key(key), &mut diagnostics);
    }
    diagnostics
}

fn own_dependency(config: &PhaseCheckpoint, diagnostics: &mut Diagnostics) {
    let Some(phase) = config.phase.known() else { return };
    if config.depends_on_phases.known().is_some_and(|phases| phases.contains(phase)) {
        let text = format!("depends_on_phases of phase {phase} holds {phase} itself: it could never start. Remove it.");
        let path = Path::root().attribute(name!(PhaseCheckpoint.depends_on_phases));
        diagnostics.push(Diagnostic::error("Phase depends on itself", text).at(path));
    }
}

fn dates(config: &PhaseCheckpoint, diagnostics: &mut Diagnostics) {
    let path = Path::root().attribute(name!(PhaseCheckpoint.completed_at));
    let Some(completed) = config.completed_at.known() else { return };
    let after = if config.status.is_null() { Some(Status::NotStarted) } else { status(config) };
    if let Some(status) = after.filter(|status| *status != Status::Completed) {
        let text = format!(
            "completed_at is {completed}, and status is \"{status}\". Remove completed_at, or set status = \"completed\"."
        );
        diagnostics
            .push(Diagnostic::error("completed_at is set on a phase that is not completed", text).at(path.clone()));
    }
    if let Some(started) = config.started_at.known()
        && completed.0.latest() < started.0.earliest()
    {
        let text = format!("completed_at ({completed}) is before started_at ({started}). Correct one of them.");
        diagnostics.push(Diagnostic::error("completed_at is before started_at", text).at(path));
    }
}

fn check_criterion(criterion: &CriterionSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let kinds = [
        (name!(CriterionSpec.stack_in_sync), criterion.stack_in_sync.is_null()),
        (name!(CriterionSpec.http), criterion.http.is_null()),
        (name!(CriterionSpec.bucket_versioned), criterion.bucket_versioned.is_null()),
        (name!(CriterionSpec.object_exists), criterion.object_exists.is_null()),
        (name!(CriterionSpec.alert_policies), criterion.alert_policies.is_null()),
        (name!(CriterionSpec.manual), criterion.manual.is_null()),
    ];
    let given: Vec<&str> = kinds.iter().filter(|(_, is_null)| !is_null).map(|(name, _)| *name).collect();
    if given.len() != 1 {
        let all = kinds.map(|(name, _)| name).join(", ");
        let found =
            if given.is_empty() { "none is set".to_owned() } else { format!("{} are set", given.join(" and ")) };
        let text = format!(
            "A criterion checks one thing: exactly one of {all}. Here {found}. Give each check a criterion of its own."
        );
        diagnostics.push(Diagnostic::error("A criterion needs exactly one check", text).at(path.clone()));
    }
    if let Some(http) = criterion.http.known() {
        check_http(http, &path.attribute(name!(CriterionSpec.http)), diagnostics);
    }
    if let Some(url) = criterion.bucket_versioned.known().and_then(|spec| spec.url.known()) {
        let fault = match url.parse::<StoreUrl>() {
            Ok(bucket) if versioning_command(&bucket).is_some() => None,
            Ok(_) => Some(format!("{url:?} is not a bucket. Write gs://NAME or s3://NAME.")),
            Err(error) => Some(format!("{error}.")),
        };
        let path = path.attribute(name!(CriterionSpec.bucket_versioned)).attribute(name!(BucketVersionedSpec.url));
        diagnostics.extend(fault.map(|text| Diagnostic::error("Invalid bucket_versioned criterion", text).at(path)));
    }
    if let Some(Err(error)) =
        criterion.object_exists.known().and_then(|spec| spec.url.known()).map(|url| url.parse::<ObjectUrl>())
    {
        let path = path.attribute(name!(CriterionSpec.object_exists)).attribute(name!(ObjectExistsSpec.url));
        diagnostics.push(Diagnostic::error("Invalid object_exists criterion", format!("{error}.")).at(path));
    }
    if let Some(alerts) = criterion.alert_policies.known() {
        check_alerts(alerts, &path.attribute(name!(CriterionSpec.alert_policies)), diagnostics);
    }
    if let Some(manual) = criterion.manual.known()
        && manual.approved_by.known().is_some_and(|name| name.trim().is_empty())
    {
        let path = path.attribute(name!(CriterionSpec.manual)).attribute(name!(ManualSpec.approved_by));
        let text = "approved_by is empty. Name the person or role that approves it.";
        diagnostics.push(Diagnostic::error("approved_by is empty", text).at(path));
    }
}

fn check_http(http: &HttpSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut refuse = |attribute: &'static str, text: String| {
        diagnostics.push(Diagnostic::error("Invalid http criterion", text).at(path.attribute(attribute)));
    };
    if let Some(url) = http.url.known()
        && !reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    {
        refuse(name!(HttpSpec.url), format!("{url:?} is not the URL of a web server. Write it as https://HOST/PATH."));
    }
    if let Some(Ok(url)) = http.url.known().map(|url| reqwest::Url::parse(url))
        && (!url.username().is_empty() || url.password().is_some())
    {
        let text = "The address holds a user or a password, and addresses are stored. Take them out; for private Cloud Run services set identity_token = true.";
        refuse(name!(HttpSpec.url), text.to_owned());
    }
    if let Some(status) = http.status.known().filter(|status| !(100..=599).contains(*status)) {
        refuse(
            name!(HttpSpec.status),
            format!("{status} is not an HTTP status code. Status codes go from 100 to 599."),
        );
    }
    if let Some(attempts) = http.attempts.known().filter(|attempts| !(1..=MOST_ATTEMPTS).contains(*attempts)) {
        refuse(name!(HttpSpec.attempts), format!("attempts is {attempts}; from 1 to {MOST_ATTEMPTS} are possible."));
    }
    if http.timeout.known().is_some_and(|timeout| timeout.to_std().is_zero()) {
        refuse(name!(HttpSpec.timeout), "timeout is 0: no server answers in no time. Write it as 10s.".to_owned());
    }
    if let Some(Err(error)) = http.body_pattern.known().map(|pattern| Regex::new(pattern)) {
        refuse(name!(HttpSpec.body_pattern), format!("The pattern cannot be used: {error}."));
    }
    if let Some(method) =
        http.method.known().filter(|method| !method.bytes().all(|byte| byte.is_ascii_uppercase()) || method.is_empty())
    {
        refuse(
            name!(HttpSpec.method),
            format!("{method:?} is not an HTTP method. Methods are words in capitals, such as GET, HEAD or POST."),
        );
    }
    for header in http.headers.known().into_iter().flat_map(|headers| headers.keys()) {
        let is_secret = ["authorization", "proxy-authorization", "cookie", "x-api-key", "x-goog-api-key"];
        if is_secret.contains(&header.to_ascii_lowercase().as_str()) {
            refuse(
                name!(HttpSpec.headers),
                format!(
                    "The header {header} is a secret, and headers are stored. For private Cloud Run services set identity_token = true."
                ),
            );
        }
    }
}

fn check_alerts(alerts: &AlertPoliciesSpec, path: &Path, diagnostics: &mut Diagnostics) {
    match (&alerts.stack, &alerts.policies) {
        (Value::Null, Value::Null) => {
            let text = "Set stack = mlops_stack.NAME.id, or policies with their names.";
            diagnostics.push(Diagnostic::error("Missing stack or policies", text).at(path.clone()));
        }
        (Value::Known(_), Value::Known(_)) => {
            let text = "stack and policies are both set, and only one of them can be used. Remove one.";
            diagnostics.push(Diagnostic::error("stack and policies are both set", text).at(path.clone()));
        }
        _ => {}
    }
    let names = path.attribute(name!(AlertPoliciesSpec.policies));
    if alerts.policies.known().is_some_and(BTreeSet::is_empty) {
        let text = "policies is empty: nothing would be checked. Name them, or set stack = mlops_stack.NAME.id.";
        diagnostics.push(Diagnostic::error("policies is empty", text).at(names.clone()));
    }
    for name in alerts.policies.known().into_iter().flatten().filter(|name| !is_policy_name(name)) {
        let text = format!(
            "{name:?} is not the name of an alert policy. Names are projects/PROJECT/alertPolicies/NUMBER: \
             mlops_stack.NAME.alert_policies[\"KEY\"].id."
        );
        diagnostics.push(Diagnostic::error("Invalid alert policy name", text).at(names.clone()));
    }
    let words: BTreeSet<&String> = alerts.severities.known().into_iter().flatten().collect();
    for word in words.into_iter().filter(|word| !SEVERITIES.contains(&word.as_str())) {
        let text = format!("{word:?} is not a severity. Severities are {}.", SEVERITIES.join(", "));
        diagnostics
            .push(Diagnostic::error("Unknown severity", text).at(path.attribute(name!(AlertPoliciesSpec.severities))));
    }
}
