//! What takes time, under a clock that only the test moves.
#![allow(missing_docs)]

mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use localcloud::clock::Clock;
use localcloud::{Lag, Seed, Server, Settings};
use serde_json::{Value, json};
use wire::Cloud;

const REGISTRY: &str = "artifactregistry.googleapis.com";
const FIRESTORE: &str = "firestore.googleapis.com";
const IAM: &str = "iam.googleapis.com";
const PROJECTS: &str = "cloudresourcemanager.googleapis.com";
const PUBSUB: &str = "pubsub.googleapis.com";
const RUN: &str = "run.googleapis.com";
const SERVICES: [&str; 6] = [REGISTRY, FIRESTORE, IAM, PROJECTS, PUBSUB, RUN];

const THREE_SECONDS: Lag = Lag::Time(Duration::from_secs(3));
const RUNNER: &str = "/v1/projects/demo/serviceAccounts/runner@demo.iam.gserviceaccount.com";
const SUBSCRIPTIONS: &str = "/v1/projects/demo/subscriptions";
const SUBSCRIPTION: &str = "/v1/projects/demo/subscriptions/reader";

/// A cloud and the hand of its clock.
struct Timed {
    cloud: Cloud,
    hand: Arc<AtomicI64>,
}

impl Timed {
    async fn start(settings: Settings) -> Self {
        let hand = Arc::new(AtomicI64::new(1_767_225_600_000_000));
        let seed = Seed::empty_project("demo", "123456789012", &SERVICES);
        let builder = Server::builder().seed(seed).settings(settings).clock(Clock::by_hand(Arc::clone(&hand)));
        Self { cloud: Cloud::from(builder).await, hand }
    }

    fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).expect("a short time");
        self.hand.fetch_add(micros, Ordering::Relaxed);
    }

    async fn status(&self, method: &str, host: &str, path: &str, body: Value) -> u16 {
        self.cloud.call(method, host, path, Some(body).filter(|body| !body.is_null())).await.0
    }

    /// Whether the operation is done, by two polls at once and by one after three seconds.
    async fn done_over_time(&self, host: &str, operation: &str) -> [bool; 3] {
        let done = async || self.cloud.get(host, operation).await["done"] == true;
        let before = [done().await, done().await];
        self.pass(Duration::from_secs(3));
        [before[0], before[1], done().await]
    }
}

fn slow_operations() -> Settings {
    Settings { operations: THREE_SECONDS, ..Settings::PROMPT }
}

fn path_of(version: &str, operation: &Value) -> String {
    format!("/{version}/{}", operation["name"].as_str().expect("an operation"))
}

#[tokio::test]
async fn an_operation_takes_its_time_however_often_it_is_polled() {
    let timed = Timed::start(slow_operations()).await;
    let path = "/v1/projects/demo/locations/europe-west1/repositories?repositoryId=images";
    let operation = timed.cloud.done("POST", REGISTRY, path, json!({"format": "DOCKER"})).await;
    assert_eq!(timed.done_over_time(REGISTRY, &path_of("v1", &operation)).await, [false, false, true]);
}

#[tokio::test]
async fn a_service_is_reconciling_until_its_time_has_passed() {
    let timed = Timed::start(slow_operations()).await;
    let services = "/v2/projects/demo/locations/europe-west1/services";
    let body = json!({"template": {"containers": [{"image": "gcr.io/cloudrun/hello"}]}});
    let operation = timed.cloud.done("POST", RUN, &format!("{services}?serviceId=api"), body).await;
    assert_eq!(timed.cloud.get(RUN, &format!("{services}/api")).await["reconciling"], true);
    assert_eq!(timed.done_over_time(RUN, &path_of("v2", &operation)).await, [false, false, true]);
    assert_eq!(timed.cloud.get(RUN, &format!("{services}/api")).await.get("reconciling"), None);
}

#[tokio::test]
async fn an_index_is_creating_until_its_time_has_passed() {
    let timed = Timed::start(Settings::PROMPT).await;
    let databases = "/v1/projects/demo/databases";
    let body = json!({"locationId": "eur3", "type": "FIRESTORE_NATIVE"});
    timed.cloud.done("POST", FIRESTORE, &format!("{databases}?databaseId=(default)"), body).await;
    let (status, _) = timed.cloud.call("POST", "_localcloud", "/settings", Some(json!({"operations": "3s"}))).await;
    assert_eq!(status, 200);
    let fields = json!([{"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "b", "order": "ASCENDING"}]);
    let path = format!("{databases}/(default)/collectionGroups/feedback/indexes");
    let operation = timed.cloud.done("POST", FIRESTORE, &path, json!({"fields": fields})).await;
    let index = format!("/v1/{}", operation["metadata"]["index"].as_str().expect("an index"));
    assert_eq!(timed.cloud.get(FIRESTORE, &index).await["state"], "CREATING");
    assert_eq!(timed.cloud.get(FIRESTORE, &index).await["state"], "CREATING");
    timed.pass(Duration::from_secs(3));
    assert_eq!(timed.cloud.get(FIRESTORE, &index).await["state"], "READY");
}

#[tokio::test]
async fn a_new_account_is_unknown_to_reads_and_policies_until_its_time_has_passed() {
    let timed = Timed::start(Settings { new_accounts: THREE_SECONDS, ..Settings::PROMPT }).await;
    timed.cloud.done("POST", IAM, "/v1/projects/demo/serviceAccounts", json!({"accountId": "runner"})).await;
    let members = json!(["serviceAccount:runner@demo.iam.gserviceaccount.com"]);
    let policy = json!({"policy": {"bindings": [{"role": "roles/viewer", "members": members}]}});
    let statuses = async || {
        [
            timed.status("GET", IAM, RUNNER, Value::Null).await,
            timed.status("POST", PROJECTS, "/v1/projects/demo:setIamPolicy", policy.clone()).await,
        ]
    };
    assert_eq!([statuses().await, statuses().await], [[404, 400], [404, 400]]);
    timed.pass(Duration::from_secs(3));
    assert_eq!(statuses().await, [200, 200]);
}

#[tokio::test]
async fn a_new_account_is_unknown_for_a_tenth_of_a_second_when_nothing_else_is_said() {
    let timed = Timed::start(Settings::default()).await;
    timed.cloud.done("POST", IAM, "/v1/projects/demo/serviceAccounts", json!({"accountId": "runner"})).await;
    let status = async || timed.status("GET", IAM, RUNNER, Value::Null).await;
    timed.pass(Duration::from_millis(99));
    assert_eq!(status().await, 404);
    timed.pass(Duration::from_millis(1));
    assert_eq!(status().await, 200);
}

async fn with_subscription() -> Timed {
    let timed = Timed::start(Settings { new_subscriptions: THREE_SECONDS, ..Settings::PROMPT }).await;
    timed.cloud.done("PUT", PUBSUB, "/v1/projects/demo/topics/news", json!({})).await;
    timed.cloud.done("PUT", PUBSUB, SUBSCRIPTION, json!({"topic": "projects/demo/topics/news"})).await;
    timed
}

#[tokio::test]
async fn a_new_subscription_is_not_seen_until_its_time_has_passed() {
    let timed = with_subscription().await;
    assert_eq!(timed.status("GET", PUBSUB, SUBSCRIPTION, Value::Null).await, 404);
    assert_eq!(timed.cloud.get(PUBSUB, SUBSCRIPTIONS).await, json!({}));
    assert_eq!(timed.cloud.get(PUBSUB, "/v1/projects/demo/topics/news/subscriptions").await, json!({}));
    timed.pass(Duration::from_secs(3));
    assert_eq!(timed.status("GET", PUBSUB, SUBSCRIPTION, Value::Null).await, 200);
    assert_eq!(timed.cloud.get(PUBSUB, SUBSCRIPTIONS).await["subscriptions"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_new_subscription_that_is_not_seen_is_there_for_writes() {
    let timed = with_subscription().await;
    let again = json!({"topic": "projects/demo/topics/news"});
    assert_eq!(timed.status("PUT", PUBSUB, SUBSCRIPTION, again).await, 409);
    assert_eq!(timed.status("DELETE", PUBSUB, SUBSCRIPTION, Value::Null).await, 200);
}

#[tokio::test]
async fn settings_that_nobody_named_stay_and_wrong_ones_are_refused() {
    let timed = Timed::start(Settings::default()).await;
    let change = json!({"new_subscriptions": "3s"});
    let (status, settings) = timed.cloud.call("POST", "_localcloud", "/settings", Some(change)).await;
    assert_eq!((status, &settings["new_subscriptions"], &settings["operations"]), (200, &json!("3000ms"), &json!("1")));
    for wrong in [json!({"operations": "3h"}), json!({"polls": "1"})] {
        assert_eq!(timed.status("POST", "_localcloud", "/settings", wrong.clone()).await, 400, "{wrong}");
    }
}
