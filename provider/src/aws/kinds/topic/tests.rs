//! What is read of a topic and its subscriptions, what is written, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::subscription::{Difference, by_key};
use super::{object, written};
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::wire;

/// What SNS says of a topic about which nobody has said anything.
fn attributes() -> Json {
    json!([
        {"key": "Policy", "value": r#"{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[]}"#},
        {"key": "Owner", "value": "123456789012"}, {"key": "DisplayName", "value": ""},
        {"key": "TopicArn", "value": "arn:aws:sns:eu-west-1:123456789012:alerts"},
        {"key": "SubscriptionsConfirmed", "value": "1"},
    ])
}

fn email(confirmed: bool) -> Json {
    json!({"Protocol": "email", "Endpoint": "team@example.com", "Owner": "1", "confirmed": confirmed})
}

fn topic(subscriptions: Vec<Json>) -> Json {
    object("alerts", &attributes(), BTreeMap::new(), by_key(subscriptions))
}

const ON_CALL: &str =
    r#"{"name": "alerts", "subscriptions": {"on_call": {"protocol": "email", "endpoint": "team@example.com"}}}"#;

#[test]
fn the_defaults_of_a_topic_are_no_difference() {
    let found = topic(vec![email(false)]);
    assert_eq!(differences("topics", &serde_json::from_str(ON_CALL).unwrap(), &found), Vec::<String>::new());
    assert!(found["Attributes"].get("Policy").is_none(), "SNS's own policy is nobody's");
}

#[test]
fn a_subscription_that_nobody_has_confirmed_has_no_arn() {
    let found = topic(vec![email(false)]);
    let read = wire::read(kind("topics").object(), &found);
    let (_, subscription) = read.get("subscriptions").as_entries().unwrap().iter().next().unwrap();
    assert_eq!((subscription.get("arn"), subscription.get("confirmed")), (&Dynamic::Null, &Dynamic::Bool(false)));
}

#[test]
fn settings_are_written_one_by_one() {
    let before = topic(Vec::new());
    let mut after = before.clone();
    after["Attributes"]["DisplayName"] = json!("Alerts");
    let changed = vec!["Attributes.DisplayName".to_owned(), "Attributes.KmsMasterKeyId".to_owned()].into();
    let expected = [("DisplayName".to_owned(), json!("Alerts")), ("KmsMasterKeyId".to_owned(), json!(""))];
    assert_eq!(written(&after, &changed), expected);
}

#[test]
fn protocol_and_endpoint_tell_subscriptions_apart() {
    let queue =
        |raw: &str| json!({"Protocol": "sqs", "Endpoint": "arn:aws:sqs:eu-west-1:1:q", "RawMessageDelivery": raw});
    let before = json!({"subscriptions": {"a": email(true), "b": queue("false")}});
    let after =
        json!({"subscriptions": {"x": queue("true"), "y": {"Protocol": "email", "Endpoint": "new@example.com"}}});
    let Difference { new, changed, gone } = Difference::between(&before, &after);
    assert_eq!(new, [&json!({"Protocol": "email", "Endpoint": "new@example.com"})]);
    assert_eq!(changed, [(&queue("false"), &queue("true"))]);
    assert_eq!(gone, [&email(true)]);
}

#[test]
fn what_sns_refuses_is_refused_by_the_plan() {
    let to = |protocol: &str, endpoint: &str| json!({"name": "a", "subscriptions": {"s": {"protocol": protocol, "endpoint": endpoint}}});
    for (hcl, title) in [
        (json!({"name": "a.b"}), "Invalid name of a topic"),
        (json!({"name": "a.fifo"}), "The name does not fit a FIFO topic"),
        (json!({"name": "a", "content_based_deduplication": true}), "Only FIFO topics tell equal messages"),
        (json!({"name": "a", "display_name": "x".repeat(101)}), "The display name is too long"),
        (to("email", "team"), "Endpoint and protocol do not fit"),
        (to("https", "http://example.com"), "Endpoint and protocol do not fit"),
        (to("sqs", "orders"), "Endpoint and protocol do not fit"),
    ] {
        assert_eq!(problems("topics", &hcl), [title], "{hcl}");
    }
    for hcl in [to("sqs", "{{queues.orders.arn}}"), to("email", "team@example.com"), to("sms", "+4512345678")] {
        assert_eq!(problems("topics", &hcl), Vec::<String>::new(), "{hcl}");
    }
}

#[test]
fn a_subscription_that_waits_is_told() {
    let waits = json!({"name": "a", "subscriptions": {"s": {"protocol": "email", "endpoint": "team@example.com", "confirmed": false}}});
    assert_eq!(problems("topics", &waits), ["A subscription waits for its confirmation"]);
}
