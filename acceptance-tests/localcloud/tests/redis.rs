//! Redis instances as a caller sees them over HTTP, beyond what is recorded.
#![allow(missing_docs)]

mod wire;

use localcloud::Settings;
use localcloud::{Lag, Seed};
use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "redis.googleapis.com";
const INSTANCES: &str = "/v1/projects/demo/locations/europe-west1/instances";

/// A cloud with an instance, in which operations take so many looks.
async fn with_instance(looks: u32, more: Value) -> Cloud {
    let settings = Settings { operations: Lag::Looks(looks), ..Settings::PROMPT };
    let cloud = Cloud::start(Seed::empty_project("demo", "123456789012", &[HOST]), settings).await;
    let mut body = json!({"tier": "BASIC", "memorySizeGb": 1});
    for (field, value) in more.as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    cloud.done("POST", HOST, &format!("{INSTANCES}?instanceId=cache"), body).await;
    cloud
}

async fn patched(cloud: &Cloud, mask: &str, body: Value) -> (u16, Value) {
    cloud.call("PATCH", HOST, &format!("{INSTANCES}/cache?updateMask={mask}"), Some(body)).await
}

#[tokio::test]
async fn nothing_else_is_done_while_an_operation_runs() {
    let cloud = with_instance(2, json!({})).await;
    assert_eq!(patched(&cloud, "memorySizeGb", json!({"memorySizeGb": 2})).await.0, 409);
    let states =
        [cloud.get(HOST, &format!("{INSTANCES}/cache")).await, cloud.get(HOST, &format!("{INSTANCES}/cache")).await];
    assert_eq!((&states[0]["state"], &states[1]["state"]), (&json!("CREATING"), &json!("READY")));
    assert_eq!(patched(&cloud, "memorySizeGb", json!({"memorySizeGb": 2})).await.0, 200);
}

#[tokio::test]
async fn a_version_goes_up_by_a_verb_of_its_own() {
    let cloud = with_instance(0, json!({"redisVersion": "REDIS_6_X"})).await;
    assert_eq!(patched(&cloud, "redisVersion", json!({"redisVersion": "REDIS_7_0"})).await.0, 400);
    let path = format!("{INSTANCES}/cache:upgrade");
    let (status, _) = cloud.call("POST", HOST, &path, Some(json!({"redisVersion": "REDIS_7_0"}))).await;
    assert_eq!(
        (status, &cloud.get(HOST, &format!("{INSTANCES}/cache")).await["redisVersion"]),
        (200, &json!("REDIS_7_0"))
    );
    assert_eq!(cloud.call("POST", HOST, &path, Some(json!({"redisVersion": "REDIS_6_X"}))).await.0, 400);
}

#[tokio::test]
async fn read_replicas_need_a_tier_and_a_range() {
    let cloud = with_instance(0, json!({"tier": "STANDARD_HA", "memorySizeGb": 5})).await;
    let readers = json!({"readReplicasMode": "READ_REPLICAS_ENABLED", "replicaCount": 2, "secondaryIpRange": "auto"});
    assert_eq!(patched(&cloud, "readReplicasMode,replicaCount", readers.clone()).await.0, 400);
    assert_eq!(patched(&cloud, "readReplicasMode,replicaCount,secondaryIpRange", readers).await.0, 200);
}
