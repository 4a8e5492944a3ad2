//! Topics and subscriptions as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "pubsub.googleapis.com";
const TOPIC: &str = "/v1/projects/demo/topics/alerts";
const SUBSCRIPTION: &str = "/v1/projects/demo/subscriptions/alerts-pull";

async fn with_topic() -> Cloud {
    let cloud = Cloud::with_services(&[HOST]).await;
    cloud.done("PUT", HOST, TOPIC, json!({"labels": {"a": "b"}})).await;
    cloud
}

async fn status(cloud: &Cloud, method: &str, path: &str, body: Value) -> u16 {
    cloud.call(method, HOST, path, Some(body)).await.0
}

fn subscription() -> Value {
    json!({"topic": "projects/demo/topics/alerts"})
}

#[tokio::test]
async fn a_topic_is_made_once() {
    let cloud = with_topic().await;
    let topic = cloud.get(HOST, TOPIC).await;
    assert_eq!(topic, json!({"name": "projects/demo/topics/alerts", "labels": {"a": "b"}}));
    assert_eq!(status(&cloud, "PUT", TOPIC, json!({})).await, 409);
}

#[tokio::test]
async fn topic_names_follow_googles_rules() {
    let cloud = with_topic().await;
    for id in ["ab", "goog-topic", "1topic"] {
        assert_eq!(status(&cloud, "PUT", &format!("/v1/projects/demo/topics/{id}"), json!({})).await, 400, "{id}");
    }
}

#[tokio::test]
async fn a_patch_carries_topic_and_mask() {
    let cloud = with_topic().await;
    assert_eq!(status(&cloud, "PATCH", TOPIC, json!({"topic": {"labels": {}}})).await, 400);
    let wanted =
        json!({"topic": {"messageRetentionDuration": "86400s"}, "updateMask": "messageRetentionDuration,labels"});
    let patched = cloud.done("PATCH", HOST, TOPIC, wanted).await;
    assert_eq!(patched, json!({"name": "projects/demo/topics/alerts", "messageRetentionDuration": "86400s"}));
    let name = json!({"topic": {"name": "projects/demo/topics/other"}, "updateMask": "name"});
    assert_eq!(status(&cloud, "PATCH", TOPIC, name).await, 400);
    let long = json!({"topic": {"messageRetentionDuration": "2678401s"}, "updateMask": "messageRetentionDuration"});
    assert_eq!(status(&cloud, "PATCH", TOPIC, long).await, 400);
}

#[tokio::test]
async fn a_subscription_gets_defaults() {
    let cloud = with_topic().await;
    let made = cloud.done("PUT", HOST, SUBSCRIPTION, subscription()).await;
    let expected = json!({
        "name": "projects/demo/subscriptions/alerts-pull",
        "topic": "projects/demo/topics/alerts",
        "pushConfig": {},
        "ackDeadlineSeconds": 10,
        "messageRetentionDuration": "604800s",
        "expirationPolicy": {"ttl": "2678400s"},
        "state": "ACTIVE",
    });
    assert_eq!(made, expected);
    assert_eq!(cloud.get(HOST, SUBSCRIPTION).await, expected);
    let listed = cloud.get(HOST, &format!("{TOPIC}/subscriptions")).await;
    assert_eq!(listed, json!({"subscriptions": ["projects/demo/subscriptions/alerts-pull"]}));
}

#[tokio::test]
async fn an_empty_expiration_policy_means_never() {
    let cloud = with_topic().await;
    let mut wanted = subscription();
    wanted["expirationPolicy"] = json!({});
    assert_eq!(cloud.done("PUT", HOST, SUBSCRIPTION, wanted).await["expirationPolicy"], json!({}));
}

#[tokio::test]
async fn a_subscription_needs_its_topic() {
    let cloud = with_topic().await;
    let elsewhere = json!({"topic": "projects/demo/topics/other"});
    assert_eq!(status(&cloud, "PUT", SUBSCRIPTION, elsewhere).await, 404);
    let mut dead = subscription();
    dead["deadLetterPolicy"] = json!({"deadLetterTopic": "projects/demo/topics/other"});
    assert_eq!(status(&cloud, "PUT", SUBSCRIPTION, dead).await, 404);
}

#[tokio::test]
async fn the_topic_of_a_subscription_is_fixed() {
    let cloud = with_topic().await;
    cloud.done("PUT", HOST, SUBSCRIPTION, subscription()).await;
    for field in ["topic", "filter", "enableMessageOrdering"] {
        let wanted = json!({"subscription": {}, "updateMask": field});
        assert_eq!(status(&cloud, "PATCH", SUBSCRIPTION, wanted).await, 400, "{field}");
    }
}

#[tokio::test]
async fn a_deleted_topic_leaves_its_subscriptions() {
    let cloud = with_topic().await;
    cloud.done("PUT", HOST, SUBSCRIPTION, subscription()).await;
    cloud.done("DELETE", HOST, TOPIC, Value::Null).await;
    assert_eq!(cloud.get(HOST, SUBSCRIPTION).await["topic"], "_deleted-topic_");
    assert_eq!(cloud.call("GET", HOST, TOPIC, None).await.0, 404);
}

#[tokio::test]
async fn topics_have_policies() {
    let cloud = with_topic().await;
    let policy = json!({"policy": {"bindings": [{"role": "roles/pubsub.publisher", "members": ["allUsers"]}]}});
    cloud.done("POST", HOST, &format!("{TOPIC}:setIamPolicy"), policy).await;
    let found = cloud.get(HOST, &format!("{TOPIC}:getIamPolicy?options.requestedPolicyVersion=3")).await;
    assert_eq!(found["bindings"][0]["role"], "roles/pubsub.publisher");
    assert_eq!(cloud.call("GET", HOST, "/v1/projects/demo/topics/other:getIamPolicy", None).await.0, 404);
}
