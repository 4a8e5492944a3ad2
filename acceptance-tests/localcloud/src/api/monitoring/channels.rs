//! Notification channels: types with their labels, secrets that are never shown again, and the policies that use them.
//! Sensitive labels are masked before they are stored: nobody can read them back, not even out of a snapshot.

use serde_json::{Value, json};

use super::labels::check_user_labels;
use super::metrics::HOST;
use super::{invalid, list_items, list_page, no_such};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{Object, Presence, drop_zeros, parse_mask};

/// A channel type: name, label keys (required first), how many of them are required, which are secret, what people call it.
struct Kind {
    name: &'static str,
    title: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const KINDS: [Kind; 8] = [
    Kind { name: "email", title: "Email", required: &["email_address"], optional: &[] },
    Kind { name: "google_chat", title: "Google Chat", required: &["space"], optional: &[] },
    Kind { name: "pagerduty", title: "PagerDuty", required: &["service_key"], optional: &[] },
    Kind { name: "pubsub", title: "Cloud Pub/Sub", required: &["topic"], optional: &[] },
    Kind { name: "slack", title: "Slack", required: &["channel_name", "auth_token"], optional: &["team"] },
    Kind { name: "sms", title: "SMS", required: &["number"], optional: &[] },
    Kind {
        name: "webhook_basicauth",
        title: "Webhook with Basic Authentication",
        required: &["url", "username", "password"],
        optional: &[],
    },
    Kind { name: "webhook_tokenauth", title: "Webhook with Token Authentication", required: &["url"], optional: &[] },
];

const SECRETS: [&str; 3] = ["auth_token", "password", "service_key"];
const OUTPUT_ONLY: [&str; 4] = ["name", "creationRecord", "mutationRecords", "verificationStatus"];
const PRESENCE: Presence = Presence { kept: &["enabled"], maps: &["labels", "userLabels"] };

fn collection(call: &Call<'_>) -> String {
    format!("/v3/projects/{}/notificationChannels", call.param("project"))
}

fn judge(channel: &Object) -> Result<(), ApiError> {
    let text = |field: &str| channel.get(field).and_then(Value::as_str).unwrap_or_default();
    let kind = KINDS
        .iter()
        .find(|kind| kind.name == text("type"))
        .ok_or_else(|| invalid("notification_channel.type", text("type"), "Unknown notification channel type."))?;
    let empty = Object::new();
    let labels = channel.get("labels").and_then(Value::as_object).unwrap_or(&empty);
    for (key, value) in labels {
        if !kind.required.contains(&key.as_str()) && !kind.optional.contains(&key.as_str()) {
            let why = format!("Unknown label \"{key}\" for channels of type \"{}\".", kind.name);
            return Err(invalid("notification_channel.labels", key, &why));
        }
        let value = value.as_str().unwrap_or_default();
        if let Some(why) = label_fault(key, value) {
            let shown = if SECRETS.contains(&key.as_str()) { "" } else { value };
            return Err(invalid(&format!("notification_channel.labels['{key}']"), shown, why));
        }
    }
    for key in kind.required {
        if labels.get(*key).and_then(Value::as_str).unwrap_or_default().is_empty() {
            let why = format!("Missing required label \"{key}\" of channels of type \"{}\".", kind.name);
            return Err(invalid("notification_channel.labels", "", &why));
        }
    }
    if text("displayName").chars().count() > 512 {
        return Err(invalid("notification_channel.display_name", "", "must have at most 512 characters"));
    }
    if text("description").chars().count() > 1024 {
        return Err(invalid("notification_channel.description", "", "must have at most 1024 characters"));
    }
    check_user_labels(channel, "notification_channel")
}

fn label_fault(key: &str, value: &str) -> Option<&'static str> {
    match key {
        "email_address" => {
            let (name, domain) = value.split_once('@').unwrap_or(("", ""));
            (name.is_empty() || domain.is_empty() || value.contains(char::is_whitespace))
                .then_some("is no email address")
        }
        "url" => (!value.starts_with("https://") && !value.starts_with("http://")).then_some("is no URL"),
        "topic" => {
            let parts: Vec<&str> = value.split('/').collect();
            (!matches!(parts.as_slice(), ["projects", _, "topics", name] if !name.is_empty()))
                .then_some("is not of the form projects/PROJECT/topics/TOPIC")
        }
        "number" => {
            (!value.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit() || b == b'-')))
                .then_some("is no telephone number with a country code")
        }
        _ => value.is_empty().then_some("must not be empty"),
    }
}

/// Puts as many asterisks as the secret has letters in its place.
fn mask(channel: &mut Object) {
    let labels = channel.get_mut("labels").and_then(Value::as_object_mut);
    for (_, value) in labels.into_iter().flatten().filter(|(key, _)| SECRETS.contains(&key.as_str())) {
        let length = value.as_str().unwrap_or_default().chars().count();
        *value = json!("*".repeat(length));
    }
}

fn clean(mut sent: Object) -> Object {
    sent.retain(|field, value| !OUTPUT_ONLY.contains(&field.as_str()) && !value.is_null());
    drop_zeros(&mut sent, PRESENCE);
    sent
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let mut channel = clean(call.body()?);
    judge(&channel)?;
    mask(&mut channel);
    let id = call.world.digits(19);
    let now = call.world.now();
    let path = format!("{}/{id}", collection(call));
    channel.insert("name".to_owned(), json!(path.trim_start_matches("/v3/")));
    channel.entry("enabled").or_insert(json!(true));
    channel.insert("creationRecord".to_owned(), json!({"mutateTime": now}));
    channel.insert("mutationRecords".to_owned(), json!([{"mutateTime": now}]));
    if channel.get("type") == Some(&json!("sms")) {
        channel.insert("verificationStatus".to_owned(), json!("UNVERIFIED"));
    }
    let body = Value::Object(channel);
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(body))
}

pub(super) fn get(call: &mut Call<'_>) -> Outcome {
    call.stored().cloned().map(Reply::json).ok_or_else(|| no_such("Notification channel", call))
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    const FIELDS: [&str; 8] =
        ["type", "name", "display_name", "description", "labels", "user_labels", "enabled", "verification_status"];
    let items = list_items(call, &FIELDS)?;
    list_page(call, "notificationChannels", items, true)
}

pub(super) fn patch(call: &mut Call<'_>) -> Outcome {
    let prior = call.stored().cloned().ok_or_else(|| no_such("Notification channel", call))?;
    let mask_paths = parse_mask(call.query("updateMask").unwrap_or_default());
    let sent = clean(call.body()?);
    let mut channel = crate::collection::overlay(&OUTPUT_ONLY, &prior, sent, &mask_paths);
    channel.entry("type").or_insert(prior["type"].clone());
    if channel.get("type") != prior.get("type") {
        let found = channel["type"].as_str().unwrap_or_default();
        return Err(invalid(
            "notification_channel.type",
            found,
            "The type of a notification channel cannot be changed.",
        ));
    }
    judge(&channel)?;
    mask(&mut channel);
    let now = call.world.now();
    channel.entry("enabled").or_insert(json!(true));
    let mut records = prior["mutationRecords"].as_array().cloned().unwrap_or_default();
    records.push(json!({"mutateTime": now}));
    channel.insert("mutationRecords".to_owned(), Value::Array(records));
    for field in ["name", "creationRecord", "verificationStatus"] {
        if let Some(value) = prior.get(field) {
            channel.insert(field.to_owned(), value.clone());
        }
    }
    let (path, body) = (call.path(), Value::Object(channel));
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(body))
}

pub(super) fn delete(call: &mut Call<'_>) -> Outcome {
    let stored = call.stored().cloned().ok_or_else(|| no_such("Notification channel", call))?;
    let name = stored["name"].as_str().unwrap_or_default().to_owned();
    let policies = format!("/v3/projects/{}/alertPolicies", call.param("project"));
    let uses = |policy: &Value| {
        policy["notificationChannels"].as_array().is_some_and(|all| {
            all.iter().any(|channel| channel.as_str().is_some_and(|c| call.world.with_project_ids(c) == name))
        })
    };
    let users: Vec<(String, Value)> = call
        .world
        .children(HOST, &policies)
        .filter(|(_, policy)| uses(policy))
        .map(|(path, policy)| (path.to_owned(), policy.clone()))
        .collect();
    let forced = call.query("force").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if !users.is_empty() && !forced {
        let names: Vec<&str> = users.iter().filter_map(|(_, policy)| policy["name"].as_str()).collect();
        return Err(ApiError::failed_precondition(format!(
            "Cannot delete notification channel '{name}'. The channel is used by alerting policies: {}.",
            names.join(", ")
        )));
    }
    for (path, mut policy) in users {
        if let Some(channels) = policy["notificationChannels"].as_array_mut() {
            channels.retain(|channel| channel.as_str().is_none_or(|c| call.world.with_project_ids(c) != name));
        }
        if policy["notificationChannels"].as_array().is_some_and(Vec::is_empty) {
            policy.as_object_mut().map(|p| p.remove("notificationChannels"));
        }
        call.world.put(HOST, &path, policy);
    }
    let path = call.path();
    call.world.remove(HOST, &path);
    Ok(Reply::empty_object())
}

fn descriptor(project: &str, kind: &Kind) -> Value {
    let labels: Vec<Value> = kind
        .required
        .iter()
        .chain(kind.optional)
        .map(|key| json!({"key": key, "description": format!("The {} of the channel.", key.replace('_', " "))}))
        .collect();
    json!({
        "name": format!("projects/{project}/notificationChannelDescriptors/{}", kind.name),
        "type": kind.name,
        "displayName": kind.title,
        "description": format!("A channel that sends notifications by {}.", kind.title),
        "labels": labels,
        "supportedTiers": ["SERVICE_TIER_BASIC", "SERVICE_TIER_PREMIUM"],
        "launchStage": "GA",
    })
}

pub(super) fn get_descriptor(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let kind = KINDS.iter().find(|kind| kind.name == call.param("type"));
    match kind {
        Some(kind) => Ok(Reply::json(descriptor(&project, kind))),
        None => Err(no_such("Notification channel descriptor", call)),
    }
}

pub(super) fn list_descriptors(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let items = KINDS.iter().map(|kind| (kind.name.to_owned(), descriptor(&project, kind))).collect();
    list_page(call, "channelDescriptors", items, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(value: Value) -> Object {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn each_type_demands_its_labels() {
        assert_eq!(judge(&channel(json!({"type": "email", "labels": {"email_address": "a@b.c"}}))), Ok(()));
        assert!(judge(&channel(json!({"type": "email", "labels": {}}))).is_err());
        assert!(judge(&channel(json!({"type": "email", "labels": {"email_address": "a@b.c", "x": "y"}}))).is_err());
        assert!(judge(&channel(json!({"type": "pigeon"}))).is_err());
    }

    #[test]
    fn a_secret_becomes_as_many_asterisks() {
        let mut slack = channel(json!({"labels": {"channel_name": "#a", "auth_token": "123456789"}}));
        mask(&mut slack);
        assert_eq!(slack["labels"], json!({"channel_name": "#a", "auth_token": "*********"}));
    }

    #[test]
    fn a_refused_secret_is_not_repeated() {
        let error =
            judge(&channel(json!({"type": "pagerduty", "labels": {"service_key": ""}}))).expect_err("a refusal");
        assert!(error.message.contains("service_key"), "{error}");
    }
}
