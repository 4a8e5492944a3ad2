use serde_json::json;
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, ct_scan, differences, problems, read_body, refused, set, updated,
};
use crate::google::kinds::kind;

fn channels() -> &'static AnyKind {
    kind("notification_channels").unwrap()
}

#[track_caller]
fn silent(hcl: serde_json::Value, body: &serde_json::Value) {
    let (configured, found) = (component(channels(), &hcl), read_body(channels(), body));
    assert_eq!(differences(channels(), &configured, &found), Vec::<String>::new());
}

fn slack() -> serde_json::Value {
    json!({
        "type": "slack", "displayName": "On call", "name": "projects/p/notificationChannels/1", "enabled": true,
        "labels": {"channel_name": "#alerts", "auth_token": "*********"},
        "creationRecord": {"mutateTime": "t"}, "mutationRecords": [{"mutateTime": "t"}], "verificationStatus": "UNVERIFIED",
    })
}

#[test]
fn the_channel_of_the_environment_is_what_its_configuration_says() {
    let body = ct_scan("notificationChannels/4146092118201467304");
    silent(
        json!({"type": "email", "display_name": "CT Scan Team Email", "labels": {"email_address": "alerts@example.com"}}),
        &body,
    );
    assert_eq!(wire::unexpressed(channels().object(), &body, channels().unmanaged()), Vec::<String>::new());
}

#[test]
fn masked_secrets_are_never_read() {
    let read = read_body(channels(), &slack());
    assert!(!format!("{read:?}").contains('*'), "{read:?}");
    silent(json!({"type": "slack", "display_name": "On call", "labels": {"channel_name": "#alerts"}}), &slack());
}

#[test]
fn masked_secrets_are_never_written_back() {
    let (wanted, mask) = updated(channels(), &slack(), |channel| {
        let labels = Dynamic::Map([("channel_name".to_owned(), Dynamic::string("#ops"))].into());
        set(channel, "labels", labels);
    });
    assert_eq!(wire::masked(&wanted, &mask), json!({"labels": {"channel_name": "#ops"}}));
}

#[test]
fn secrets_go_beside_the_other_labels() {
    let body = created(
        channels(),
        &json!({"type": "slack", "labels": {"channel_name": "#a"}, "sensitive_labels_wo": {"auth_token": "secret"}}),
    );
    assert_eq!(body, json!({"type": "slack", "labels": {"channel_name": "#a", "auth_token": "secret"}}));
}

#[test]
fn a_new_secret_is_sent_with_the_labels_as_they_are() {
    let (wanted, mask) = updated(channels(), &slack(), |channel| {
        set(channel, "sensitive_labels_wo", Dynamic::Map([("auth_token".to_owned(), Dynamic::string("new"))].into()));
    });
    assert_eq!(wire::masked(&wanted, &mask), json!({"labels": {"channel_name": "#alerts", "auth_token": "new"}}));
}

#[test]
fn absent_enabled_is_true_and_false_is_kept() {
    let mut body = slack();
    body.as_object_mut().unwrap().remove("enabled");
    assert_eq!(read_body(channels(), &body).get("enabled"), &Dynamic::Bool(true));
    let created = created(channels(), &json!({"type": "email", "enabled": false}));
    assert_eq!(created, json!({"type": "email", "enabled": false}));
}

#[test]
fn records_of_changes_are_not_read() {
    let mut body = slack();
    body["mutationRecords"] = json!([{"mutateTime": "t"}, {"mutateTime": "u"}]);
    assert_eq!(read_body(channels(), &body), read_body(channels(), &slack()));
}

#[test]
fn refusals_name_the_attribute_and_the_way_out() {
    let kind = channels();
    assert_eq!(problems(kind, &json!({"type": "email", "labels": {"email_address": "a@b.c"}})), vec![]);
    assert_eq!(problems(kind, &json!({"type": "pagerduty", "sensitive_labels_wo": {"service_key": "k"}})), vec![]);
    refused(kind, &json!({"type": "email"}), ".labels", "email_address");
    refused(
        kind,
        &json!({"type": "pagerduty", "labels": {"service_key": "k"}}),
        ".labels[\"service_key\"]",
        "sensitive_labels_wo",
    );
    refused(
        kind,
        &json!({"type": "pagerduty", "sensitive_labels_wo": {"key": "k"}}),
        ".sensitive_labels_wo[\"key\"]",
        "service_key",
    );
}
