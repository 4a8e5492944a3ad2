use serde_json::json;
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, component, created, ct_scan, differences, problems, read_body, recording, refused, scope, updated,
};
use crate::google::kinds::kind;

fn topics() -> &'static AnyKind {
    kind("topics").unwrap()
}

/// A subscription as the API keeps it, in the topic where it hangs.
fn with_recorded_subscription() -> serde_json::Value {
    let put = recording("pubsub-subscription")
        .into_iter()
        .find(|exchange| exchange["method"] == "PUT" && exchange["url"].as_str().unwrap().contains("/subscriptions/"));
    let mut subscription = put.unwrap()["response"].clone();
    subscription["name"] = json!("sample");
    subscription["topic"] = json!(format!("projects/{PROJECT}/topics/t"));
    json!({"name": "projects/p/topics/t", "subscriptions": {"sample": subscription}})
}

#[test]
fn the_topic_of_the_environment_is_what_its_configuration_says() {
    let body = ct_scan("topics/billing-budget-alerts");
    let configured = component(topics(), &json!({"name": "billing-budget-alerts"}));
    assert_eq!(differences(topics(), &configured, &read_body(topics(), &body)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(topics().object(), &body, topics().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_recorded_subscription_is_what_its_creation_said() {
    let body = with_recorded_subscription();
    let configured = component(
        topics(),
        &json!({"name": "t", "subscriptions": {"sample": {
            "ack_deadline": "15s", "message_retention": "1d",
            "labels": {"cnrm-test": "true", "label-one": "value-one", "managed-by-cnrm": "true"},
        }}}),
    );
    assert_eq!(differences(topics(), &configured, &read_body(topics(), &body)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(topics().object(), &body, topics().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_creation_says_no_more_than_it_must() {
    assert_eq!(
        created(topics(), &json!({"name": "t", "message_retention": "7d"})),
        json!({"messageRetentionDuration": "604800s"})
    );
    let body = created(topics(), &json!({"subscriptions": {"s": {"expiration": "0s", "minimum_backoff": "5s"}}}));
    assert_eq!(
        body["subscriptions"]["s"],
        json!({
            "name": "s", "expirationPolicy": {},
            "retryPolicy": {"minimumBackoff": "5s", "maximumBackoff": "600s"},
        })
    );
}

#[test]
fn a_subscription_that_never_expires_is_read_so() {
    let body = json!({"name": "projects/p/topics/t", "subscriptions": {"s": {"name": "s", "expirationPolicy": {}}}});
    let read = read_body(topics(), &body);
    assert_eq!(read.get("subscriptions").get("s").get("expiration"), &Dynamic::string("0s"));
}

#[test]
fn subscriptions_of_others_survive_an_update() {
    let body = json!({"name": "projects/p/topics/t", "subscriptions": {
        "mine": {"name": "mine", "ackDeadlineSeconds": 10}, "other": {"name": "other", "ackDeadlineSeconds": 99},
    }});
    let mine = |deadline: &str| {
        let hcl = json!({"subscriptions": {"jobs": {"name": "mine", "ack_deadline": deadline}}});
        component(topics(), &hcl).get("subscriptions").clone()
    };
    let before = read_body(topics(), &body);
    let (mut before, mut after) = (before.clone(), before);
    for (tree, deadline) in [(&mut before, "10s"), (&mut after, "20s")] {
        crate::google::kinds::fixtures::set(tree, "subscriptions", mine(deadline));
    }
    let mut wanted = body.clone();
    let mask = wire::update(topics().object(), &before, &after, &mut wanted);
    assert_eq!(mask, ["subscriptions"]);
    assert_eq!(wanted["subscriptions"]["jobs"], json!({"name": "mine", "ackDeadlineSeconds": 20}));
    assert_eq!(wanted["subscriptions"]["other"], body["subscriptions"]["other"]);
}

#[test]
fn an_import_takes_no_labels_of_googles_products() {
    let body = json!({"name": "projects/p/topics/t", "subscriptions": {
        "s": {"name": "s", "labels": {"goog-eventarc": "x", "team": "ml"}}, "t": {"name": "t", "labels": {"goog-eventarc": "x"}},
    }});
    let mut imported = read_body(topics(), &body);
    topics().imported(&mut imported, &scope());
    let labels = |key: &str| imported.get("subscriptions").get(key).get("labels").clone();
    assert_eq!((labels("s").get("team"), labels("s").get("goog-eventarc")), (&Dynamic::string("ml"), &Dynamic::Null));
    assert!(labels("t").is_null());
}

#[test]
fn retention_that_ends_is_cleared() {
    let body = json!({"name": "projects/p/topics/t", "messageRetentionDuration": "600s"});
    let (wanted, mask) = updated(topics(), &body, |topic| {
        crate::google::kinds::fixtures::set(topic, "message_retention", Dynamic::Null);
    });
    assert_eq!((wire::masked(&wanted, &mask), mask), (json!({}), vec!["messageRetentionDuration".to_owned()]));
}

#[test]
fn settings_of_storage_and_schema_are_written_as_whole_messages() {
    let body = json!({
        "name": "projects/p/topics/t", "messageStoragePolicy": {"allowedPersistenceRegions": ["europe-west1"], "enforceInTransit": true},
        "schemaSettings": {"schema": "projects/p/schemas/s", "encoding": "JSON", "firstRevisionId": "1"},
    });
    let (wanted, mask) = updated(topics(), &body, |topic| {
        let regions = Dynamic::set([Dynamic::string("europe-west1"), Dynamic::string("europe-west4")]);
        crate::google::kinds::fixtures::set(topic, "allowed_regions", regions);
        crate::google::kinds::fixtures::set(topic, "schema_encoding", Dynamic::string("BINARY"));
    });
    assert_eq!(mask, ["messageStoragePolicy", "schemaSettings"]);
    assert_eq!(
        wire::masked(&wanted, &mask),
        json!({
            "messageStoragePolicy": {"allowedPersistenceRegions": ["europe-west1", "europe-west4"], "enforceInTransit": true},
            "schemaSettings": {"schema": "projects/p/schemas/s", "encoding": "BINARY", "firstRevisionId": "1"},
        })
    );
    let (wanted, mask) = updated(topics(), &body, |topic| {
        crate::google::kinds::fixtures::set(topic, "schema", Dynamic::Null);
        crate::google::kinds::fixtures::set(topic, "schema_encoding", Dynamic::Null);
    });
    assert_eq!((wire::masked(&wanted, &mask), mask), (json!({}), vec!["schemaSettings".to_owned()]));
}

#[test]
fn refusals_name_the_attribute_and_the_way_out() {
    let kind = topics();
    assert_eq!(problems(kind, &json!({"name": "billing-alerts", "message_retention": "31d"})), vec![]);
    refused(kind, &json!({"name": "google-topic"}), ".name", "goog");
    refused(kind, &json!({"message_retention": "1m"}), ".message_retention", "10m");
    refused(kind, &json!({"schema_encoding": "JSON"}), ".schema_encoding", "schema");
    let with = |subscription: serde_json::Value| json!({"subscriptions": {"sub": subscription}});
    refused(kind, &with(json!({"ack_deadline": "1s"})), ".subscriptions[\"sub\"].ack_deadline", "10m");
    refused(kind, &with(json!({"expiration": "1h"})), ".subscriptions[\"sub\"].expiration", "0s");
    refused(
        kind,
        &with(json!({"push_audience": "a"})),
        ".subscriptions[\"sub\"].push_audience",
        "push_service_account",
    );
    refused(
        kind,
        &with(json!({"dead_letter_topic": "d", "max_delivery_attempts": 3})),
        ".subscriptions[\"sub\"].max_delivery_attempts",
        "between 5 and 100",
    );
    refused(kind, &json!({"subscriptions": {"no": {}}}), ".subscriptions[\"no\"].name", "KEY");
    refused(kind, &with(json!({"filter": "x".repeat(257)})), ".subscriptions[\"sub\"].filter", "at most 256 bytes");
    refused(
        kind,
        &with(json!({"exactly_once_delivery": true, "push_endpoint": "https://example.com"})),
        ".subscriptions[\"sub\"].exactly_once_delivery",
        "Remove push_endpoint",
    );
    refused(
        kind,
        &with(json!({"maximum_backoff": "5s"})),
        ".subscriptions[\"sub\"].maximum_backoff",
        "minimum_backoff (10s)",
    );
}
