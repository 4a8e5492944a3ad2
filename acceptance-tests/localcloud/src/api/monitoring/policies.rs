//! Alert policies: what is refused, what is filled in, and which names their conditions keep.

use serde_json::{Value, json};

use super::conditions::{self, seconds};
use super::filter::collapsed;
use super::labels::check_user_labels;
use super::metrics::HOST;
use super::{invalid, list_items, list_page, no_such};
use crate::call::{Call, Outcome, Reply};
use crate::collection;
use crate::error::ApiError;
use crate::json::{Object, Presence, drop_zeros, parse_mask};

/// Who acts in this cloud.
const CALLER: &str = "user@example.com";

const OUTPUT_ONLY: [&str; 4] = ["name", "creationRecord", "mutationRecord", "validity"];
const PRESENCE: Presence = Presence {
    kept: &[
        "enabled",
        "conditions.conditionThreshold.trigger.count",
        "conditions.conditionThreshold.trigger.percent",
        "conditions.conditionAbsent.trigger.count",
        "conditions.conditionAbsent.trigger.percent",
    ],
    maps: &[
        "userLabels",
        "conditions.conditionMatchedLog.labelExtractors",
        "conditions.conditionPrometheusQueryLanguage.labels",
    ],
};

/// Enum values that stand for "not given" and are not returned.
const UNSPECIFIED: [&str; 8] = [
    "REDUCE_NONE",
    "ALIGN_NONE",
    "COMPARISON_UNSPECIFIED",
    "COMBINE_UNSPECIFIED",
    "SEVERITY_UNSPECIFIED",
    "EVALUATION_MISSING_DATA_UNSPECIFIED",
    "NOTIFICATION_PROMPT_UNSPECIFIED",
    "LOG_SEVERITY_UNSPECIFIED",
];

fn clean(mut sent: Object) -> Object {
    sent.retain(|field, value| !OUTPUT_ONLY.contains(&field.as_str()) && !value.is_null());
    drop_zeros(&mut sent, PRESENCE);
    for (field, value) in &mut sent {
        if !matches!(field.as_str(), "userLabels" | "documentation" | "displayName") {
            normalise(value);
        }
    }
    sent.retain(|_, value| !value.as_str().is_some_and(|text| UNSPECIFIED.contains(&text)));
    sent
}

/// Unspecified enum values go, durations and filters get their canonical spelling, whole numbers become numbers.
fn normalise(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(members) => {
            members.retain(|_, member| !member.as_str().is_some_and(|text| UNSPECIFIED.contains(&text)));
            for (name, member) in members.iter_mut() {
                match name.as_str() {
                    "duration" | "alignmentPeriod" | "autoClose" | "period" | "evaluationInterval"
                    | "renotifyInterval" | "forecastHorizon" => {
                        if let Some(length) = seconds(Some(member)) {
                            *member = json!(format!("{length}s"));
                        }
                    }
                    "filter" | "denominatorFilter" if member.is_string() => {
                        *member = json!(collapsed(member.as_str().unwrap_or_default()));
                    }
                    "count" if member.is_string() => {
                        if let Some(count) = member.as_str().and_then(|text| text.parse::<i64>().ok()) {
                            *member = json!(count);
                        }
                    }
                    "displayName" | "labels" | "labelExtractors" => {}
                    _ => normalise(member),
                }
            }
        }
        _ => {}
    }
}

fn judge(call: &Call<'_>, project: &str, policy: &Object) -> Result<(), ApiError> {
    let text = |field: &str| policy.get(field).and_then(Value::as_str).unwrap_or_default();
    let list = |field: &str| policy.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let name = text("displayName");
    if name.is_empty() || name.chars().count() > 512 {
        return Err(invalid(
            "alert_policy.display_name",
            name,
            "A display name of at most 512 characters is required.",
        ));
    }
    let all = list("conditions");
    conditions::check_all(call.world, project, all)?;
    if all.len() > 1 && text("combiner").is_empty() {
        return Err(invalid("alert_policy.combiner", "", "A combiner is required for more than one condition."));
    }
    if !matches!(text("severity"), "" | "CRITICAL" | "ERROR" | "WARNING") {
        return Err(invalid("alert_policy.severity", text("severity"), "is no severity"));
    }
    documentation(policy.get("documentation"))?;
    check_user_labels(policy, "alert_policy")?;
    channels(call, project, list("notificationChannels"))?;
    let by_log = all.iter().any(|condition| condition.get("conditionMatchedLog").is_some());
    strategy(policy.get("alertStrategy").unwrap_or(&Value::Null), by_log, list("notificationChannels"))
}

fn documentation(documentation: Option<&Value>) -> Result<(), ApiError> {
    let Some(documentation) = documentation else { return Ok(()) };
    let content = documentation["content"].as_str().unwrap_or_default();
    if content.chars().count() > 8192 || content.len() > 10_240 {
        return Err(invalid(
            "alert_policy.documentation.content",
            "",
            "must have at most 8192 characters and 10240 bytes",
        ));
    }
    match documentation["mimeType"].as_str() {
        None | Some("text/markdown") => {}
        Some(other) => {
            return Err(invalid("alert_policy.documentation.mime_type", other, "Only \"text/markdown\" is supported."));
        }
    }
    if documentation["subject"].as_str().is_some_and(|subject| subject.len() > 10_240) {
        return Err(invalid("alert_policy.documentation.subject", "", "must have at most 10240 bytes"));
    }
    let links = documentation["links"].as_array().map_or(&[][..], Vec::as_slice);
    if links.len() > 3 {
        return Err(invalid("alert_policy.documentation.links", "", "At most three links are supported."));
    }
    for link in links {
        let name = link["displayName"].as_str().unwrap_or_default();
        if name.is_empty() || name.chars().count() > 63 || link["url"].as_str().unwrap_or_default().is_empty() {
            return Err(invalid(
                "alert_policy.documentation.links",
                name,
                "A link has a name of at most 63 characters and a URL.",
            ));
        }
    }
    Ok(())
}

fn channels(call: &Call<'_>, project: &str, channels: &[Value]) -> Result<(), ApiError> {
    for (index, channel) in channels.iter().enumerate() {
        let name = channel.as_str().unwrap_or_default();
        let parts: Vec<&str> = name.split('/').collect();
        if !matches!(parts.as_slice(), ["projects", _, "notificationChannels", id] if !id.is_empty()) {
            return Err(invalid(
                &format!("alert_policy.notification_channels[{index}]"),
                name,
                "Name must be of the form projects/PROJECT/notificationChannels/CHANNEL.",
            ));
        }
        let canonical = call.world.with_project_ids(name);
        let here = canonical.starts_with(&format!("projects/{project}/"));
        if !here || !call.world.has(HOST, &format!("/v3/{canonical}")) {
            return Err(ApiError::not_found(format!("Cannot find notification channel '{name}'.")));
        }
    }
    Ok(())
}

fn strategy(strategy: &Value, by_log: bool, channels: &[Value]) -> Result<(), ApiError> {
    let at = |field: &str| format!("alert_policy.alert_strategy.{field}");
    let limit = strategy.pointer("/notificationRateLimit/period");
    if by_log && limit.is_none() {
        return Err(invalid(
            &at("notification_rate_limit"),
            "",
            "Log-based alert policies must specify a notification rate limit.",
        ));
    }
    if !by_log && strategy.get("notificationRateLimit").is_some() {
        return Err(invalid(
            &at("notification_rate_limit"),
            "",
            "only log-based alert policies may specify a notification rate limit.",
        ));
    }
    if let Some(close) = strategy.get("autoClose")
        && !seconds(Some(close)).is_some_and(|length| (1_800.0..=604_800.0).contains(&length))
    {
        return Err(invalid(
            &at("auto_close"),
            close.as_str().unwrap_or_default(),
            "must be at least 30 minutes and at most 7 days",
        ));
    }
    let prompts: Vec<&str> =
        strategy["notificationPrompts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if by_log && prompts.contains(&"CLOSED") {
        return Err(invalid(&at("notification_prompts"), "CLOSED", "Log-based alert policies notify on OPENED only."));
    }
    for entry in strategy["notificationChannelStrategy"].as_array().into_iter().flatten() {
        if let Some(interval) = entry.get("renotifyInterval")
            && !seconds(Some(interval)).is_some_and(|length| (1_800.0..=86_400.0).contains(&length))
        {
            let shown = interval.as_str().unwrap_or_default();
            return Err(invalid(
                &at("notification_channel_strategy"),
                shown,
                "must be between 30 minutes and 24 hours",
            ));
        }
        for name in entry["notificationChannelNames"].as_array().into_iter().flatten() {
            if !channels.contains(name) {
                let shown = name.as_str().unwrap_or_default();
                return Err(invalid(
                    &at("notification_channel_strategy"),
                    shown,
                    "is no notification channel of the policy",
                ));
            }
        }
    }
    Ok(())
}

/// What the server decides when nobody else did.
fn fill(policy: &mut Object) {
    policy.entry("enabled").or_insert(json!(true));
    if let Some(documentation) = policy.get_mut("documentation").and_then(Value::as_object_mut)
        && documentation.contains_key("content")
    {
        documentation.entry("mimeType").or_insert(json!("text/markdown"));
    }
    let conditions = policy.get_mut("conditions").and_then(Value::as_array_mut);
    for condition in conditions.into_iter().flatten() {
        if let Some(query) = condition.get_mut("conditionPrometheusQueryLanguage").and_then(Value::as_object_mut) {
            query.entry("evaluationInterval").or_insert(json!("30s"));
            query.entry("duration").or_insert(json!("0s"));
        }
    }
}

/// Conditions that carry a name of this policy keep it; the others get one.
fn name_conditions(
    call: &mut Call<'_>,
    policy: &mut Object,
    name: &str,
    prior: Option<&Value>,
) -> Result<(), ApiError> {
    let known: Vec<String> = prior
        .and_then(|p| p["conditions"].as_array())
        .into_iter()
        .flatten()
        .filter_map(|condition| condition["name"].as_str().map(str::to_owned))
        .collect();
    let mut used = Vec::new();
    let conditions = policy.get_mut("conditions").and_then(Value::as_array_mut);
    for (index, condition) in conditions.into_iter().flatten().enumerate() {
        let given = condition["name"].as_str().map(|given| call.world.with_project_ids(given));
        let kept = match given {
            Some(given) if known.contains(&given) && !used.contains(&given) => given,
            Some(given) if prior.is_some() => {
                let at = format!("alert_policy.conditions[{index}].name");
                return Err(invalid(&at, &given, "is no condition of this policy, or is used twice"));
            }
            _ => format!("{name}/conditions/{}", call.world.digits(19)),
        };
        condition["name"] = json!(kept);
        used.push(kept);
    }
    Ok(())
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let mut policy = clean(call.body()?);
    judge(call, &project, &policy)?;
    fill(&mut policy);
    let name = format!("projects/{project}/alertPolicies/{}", call.world.digits(19));
    name_conditions(call, &mut policy, &name, None)?;
    let record = json!({"mutateTime": call.world.now(), "mutatedBy": CALLER});
    policy.insert("name".to_owned(), json!(name));
    policy.insert("creationRecord".to_owned(), record.clone());
    policy.insert("mutationRecord".to_owned(), record);
    let body = Value::Object(policy);
    call.world.put(HOST, &format!("/v3/{name}"), body.clone());
    Ok(Reply::json(body))
}

pub(super) fn patch(call: &mut Call<'_>) -> Outcome {
    let prior = call.stored().cloned().ok_or_else(|| no_such("Alert policy", call))?;
    let project = call.project()?.project_id;
    let mask = parse_mask(call.query("updateMask").unwrap_or_default());
    let mut policy = collection::overlay(&OUTPUT_ONLY, &prior, clean(call.body()?), &mask);
    judge(call, &project, &policy)?;
    fill(&mut policy);
    let name = prior["name"].as_str().unwrap_or_default().to_owned();
    name_conditions(call, &mut policy, &name, Some(&prior))?;
    let record = json!({"mutateTime": call.world.now(), "mutatedBy": CALLER});
    policy.insert("name".to_owned(), json!(name));
    policy.insert("creationRecord".to_owned(), prior.get("creationRecord").cloned().unwrap_or(record.clone()));
    policy.insert("mutationRecord".to_owned(), record);
    let (path, body) = (call.path(), Value::Object(policy));
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(body))
}

pub(super) fn get(call: &mut Call<'_>) -> Outcome {
    call.stored().cloned().map(Reply::json).ok_or_else(|| no_such("Alert policy", call))
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    const FIELDS: [&str; 9] = [
        "name",
        "display_name",
        "documentation",
        "user_labels",
        "conditions",
        "combiner",
        "enabled",
        "notification_channels",
        "severity",
    ];
    let items = list_items(call, &FIELDS)?;
    list_page(call, "alertPolicies", items, true)
}

pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    match call.world.remove(HOST, &path) {
        Some(_) => Ok(Reply::empty_object()),
        None => Err(no_such("Alert policy", call)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(sent: Value) -> Value {
        Value::Object(clean(sent.as_object().cloned().expect("an object")))
    }

    #[test]
    fn what_says_nothing_is_not_returned() {
        let policy = cleaned(json!({
            "severity": "SEVERITY_UNSPECIFIED",
            "enabled": false,
            "conditions": [{"conditionThreshold": {
                "thresholdValue": 0,
                "duration": "60.0s",
                "aggregations": [{"crossSeriesReducer": "REDUCE_NONE", "perSeriesAligner": "ALIGN_RATE"}],
            }}],
        }));
        assert_eq!(
            policy,
            json!({
                "enabled": false,
                "conditions": [{"conditionThreshold": {"duration": "60s", "aggregations": [{"perSeriesAligner": "ALIGN_RATE"}]}}],
            })
        );
    }

    #[test]
    fn a_rate_limit_belongs_to_log_conditions_alone() {
        let limit = json!({"notificationRateLimit": {"period": "300s"}});
        assert!(strategy(&limit, false, &[]).is_err());
        assert_eq!(strategy(&limit, true, &[]), Ok(()));
        assert!(strategy(&Value::Null, true, &[]).is_err());
    }

    #[test]
    fn incidents_close_between_half_an_hour_and_a_week() {
        for (close, fine) in [("1799s", false), ("1800s", true), ("604800s", true), ("604801s", false)] {
            assert_eq!(strategy(&json!({"autoClose": close}), false, &[]).is_ok(), fine, "{close}");
        }
    }

    #[test]
    fn a_runbook_has_8192_characters_at_most() {
        assert_eq!(documentation(Some(&json!({"content": "a".repeat(8192)}))), Ok(()));
        assert!(documentation(Some(&json!({"content": "a".repeat(8193)}))).is_err());
        assert!(documentation(Some(&json!({"content": "ä".repeat(5121)}))).is_err());
    }
}
