//! VPC connectors as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "vpcaccess.googleapis.com";
const CONNECTORS: &str = "/v1/projects/demo/locations/europe-west1/connectors";

async fn cloud() -> Cloud {
    Cloud::with_services(&[HOST]).await
}

/// The end of the operation that a creation has begun.
async fn created(cloud: &Cloud, body: Value) -> Value {
    let started = cloud.done("POST", HOST, &format!("{CONNECTORS}?connectorId=main"), body).await;
    ended(cloud, &started).await
}

async fn ended(cloud: &Cloud, started: &Value) -> Value {
    let name = started["name"].as_str().expect("a name").to_owned();
    for _ in 0..5 {
        let operation = cloud.get(HOST, &format!("/v1/{name}")).await;
        if operation["done"] == true {
            return operation;
        }
    }
    panic!("{name} does not end");
}

fn in_network() -> Value {
    json!({"network": "default", "ipCidrRange": "10.8.0.0/28", "minInstances": 2, "maxInstances": 3})
}

#[tokio::test]
async fn throughput_follows_from_the_instances() {
    let cloud = cloud().await;
    let operation = created(&cloud, in_network()).await;
    let connector = &operation["response"];
    assert_eq!((&connector["minThroughput"], &connector["maxThroughput"]), (&json!(200), &json!(300)));
    assert_eq!((&connector["state"], &connector["machineType"]), (&json!("READY"), &json!("e2-micro")));
}

#[tokio::test]
async fn a_connector_is_creating_until_its_operation_ends() {
    let cloud = cloud().await;
    cloud.done("POST", HOST, &format!("{CONNECTORS}?connectorId=main"), in_network()).await;
    let states =
        [cloud.get(HOST, &format!("{CONNECTORS}/main")).await, cloud.get(HOST, &format!("{CONNECTORS}/main")).await];
    assert!(states.iter().any(|connector| connector["state"] == "READY"), "{states:?}");
}

#[tokio::test]
async fn a_creation_without_a_size_fails_and_leaves_a_broken_one() {
    let cloud = cloud().await;
    let operation = created(&cloud, json!({"network": "default", "ipCidrRange": "10.8.0.0/28"})).await;
    assert_eq!(operation["error"]["code"], 3, "{operation}");
    assert_eq!(cloud.get(HOST, &format!("{CONNECTORS}/main")).await["state"], "ERROR");
    let again = cloud.call("POST", HOST, &format!("{CONNECTORS}?connectorId=main"), Some(in_network())).await;
    assert_eq!(again.0, 409);
}

#[tokio::test]
async fn what_an_update_cannot_change_is_refused() {
    let cloud = cloud().await;
    created(&cloud, in_network()).await;
    let patch = |mask: &str, body: Value| {
        let path = format!("{CONNECTORS}/main?updateMask={mask}");
        async {
            let cloud = &cloud;
            let path = path;
            cloud.call("PATCH", HOST, &path, Some(body)).await
        }
    };
    assert_eq!(patch("ipCidrRange", json!({"ipCidrRange": "10.9.0.0/28"})).await.0, 400);
    let (status, started) = patch("maxInstances", json!({"maxInstances": 5})).await;
    assert_eq!(status, 200);
    assert_eq!(ended(&cloud, &started).await["response"]["maxThroughput"], 500);
}

#[tokio::test]
async fn names_and_places_have_rules() {
    let cloud = cloud().await;
    let status = |id: &str, body: Value| {
        let path = format!("{CONNECTORS}?connectorId={id}");
        async {
            let cloud = &cloud;
            let path = path;
            cloud.call("POST", HOST, &path, Some(body)).await.0
        }
    };
    assert_eq!(status("a-name-of-26-characters-xxx", in_network()).await, 400);
    let mut both = in_network();
    both["subnet"] = json!({"name": "connectors"});
    assert_eq!(status("main", both).await, 400);
    assert_eq!(status("main", json!({"subnet": {"name": "connectors"}, "maxInstances": 3})).await, 200);
}
