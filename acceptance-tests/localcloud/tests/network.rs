//! Networks, subnetworks and the peering with Google's services as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use localcloud::{Seed, Settings};
use serde_json::{Value, json};
use wire::Cloud;

const COMPUTE: &str = "compute.googleapis.com";
const SERVICES: &str = "servicenetworking.googleapis.com";
const PROJECT: &str = "/compute/v1/projects/demo";
const CONNECTIONS: &str = "/v1/services/servicenetworking.googleapis.com/connections";
const NUMBERED: &str = "projects/123456789012/global/networks/main";

/// A cloud without delays and with the network `main`.
async fn cloud() -> Cloud {
    let services = [COMPUTE, SERVICES, "redis.googleapis.com", "vpcaccess.googleapis.com"];
    let cloud = Cloud::start(Seed::empty_project("demo", "123456789012", &services), Settings::PROMPT).await;
    let network = json!({"name": "main", "autoCreateSubnetworks": false});
    cloud.done("POST", COMPUTE, &format!("{PROJECT}/global/networks"), network).await;
    cloud
}

async fn subnetwork(cloud: &Cloud, region: &str, name: &str, range: &str) -> (u16, Value) {
    let body = json!({"name": name, "network": "projects/demo/global/networks/main", "ipCidrRange": range});
    cloud.call("POST", COMPUTE, &format!("{PROJECT}/regions/{region}/subnetworks"), Some(body)).await
}

#[tokio::test]
async fn a_legacy_network_is_refused() {
    let cloud = cloud().await;
    let path = format!("{PROJECT}/global/networks");
    assert_eq!(cloud.call("POST", COMPUTE, &path, Some(json!({"name": "old"}))).await.0, 400);
}

#[tokio::test]
async fn a_network_shows_its_subnetworks_and_is_in_use_by_them() {
    let cloud = cloud().await;
    assert_eq!(subnetwork(&cloud, "europe-west1", "apps", "10.0.0.0/24").await.0, 200);
    let path = format!("{PROJECT}/global/networks/main");
    assert_eq!(cloud.get(COMPUTE, &path).await["subnetworks"].as_array().map(Vec::len), Some(1));
    assert_eq!(cloud.call("DELETE", COMPUTE, &path, None).await.0, 400);
    let all = cloud.get(COMPUTE, &format!("{PROJECT}/aggregated/subnetworks")).await;
    assert_eq!(all["items"]["regions/europe-west1"]["subnetworks"][0]["gatewayAddress"], "10.0.0.1");
}

#[tokio::test]
async fn a_range_is_used_once_in_a_network() {
    let cloud = cloud().await;
    assert_eq!(subnetwork(&cloud, "europe-west1", "apps", "10.0.0.0/24").await.0, 200);
    assert_eq!(subnetwork(&cloud, "europe-west4", "more", "10.0.0.128/25").await.0, 400);
    assert_eq!(subnetwork(&cloud, "europe-west4", "more", "10.0.1.0/24").await.0, 200);
}

#[tokio::test]
async fn a_subnetwork_is_in_use_by_a_connector() {
    let cloud = cloud().await;
    subnetwork(&cloud, "europe-west1", "connectors", "10.8.0.0/28").await;
    let connector = json!({"subnet": {"name": "connectors"}, "maxInstances": 3});
    let path = "/v1/projects/demo/locations/europe-west1/connectors?connectorId=egress";
    cloud.done("POST", "vpcaccess.googleapis.com", path, connector).await;
    let path = format!("{PROJECT}/regions/europe-west1/subnetworks/connectors");
    assert_eq!(cloud.call("DELETE", COMPUTE, &path, None).await.0, 400);
}

#[tokio::test]
async fn a_connection_does_not_end_while_a_service_uses_it() {
    let cloud = cloud().await;
    let range = json!({
        "name": "services", "purpose": "VPC_PEERING", "addressType": "INTERNAL", "prefixLength": 16,
        "network": "projects/demo/global/networks/main",
    });
    cloud.done("POST", COMPUTE, &format!("{PROJECT}/global/addresses"), range).await;
    let connection = json!({"network": NUMBERED, "reservedPeeringRanges": ["services"]});
    let path = format!("{CONNECTIONS}/-?updateMask=reservedPeeringRanges&force=true");
    cloud.done("PATCH", SERVICES, &path, connection).await;
    let instance = json!({
        "tier": "BASIC", "memorySizeGb": 1, "connectMode": "PRIVATE_SERVICE_ACCESS",
        "authorizedNetwork": "projects/demo/global/networks/main",
    });
    let instances = "/v1/projects/demo/locations/europe-west1/instances";
    cloud.done("POST", "redis.googleapis.com", &format!("{instances}?instanceId=cache"), instance).await;
    let ended = async || {
        let path = format!("{CONNECTIONS}/servicenetworking-googleapis-com");
        let started = cloud.done("POST", SERVICES, &path, json!({"consumerNetwork": NUMBERED})).await;
        cloud.get(SERVICES, &format!("/v1/{}", started["name"].as_str().expect("a name"))).await
    };
    let refused = ended().await;
    assert!(refused["error"]["message"].as_str().is_some_and(|text| text.contains("still using")), "{refused}");
    cloud.call("DELETE", "redis.googleapis.com", &format!("{instances}/cache"), None).await;
    assert_eq!(ended().await.get("error"), None);
    assert_eq!(cloud.get(COMPUTE, &format!("{PROJECT}/global/networks/main")).await.get("peerings"), None);
}

#[tokio::test]
async fn private_access_of_a_subnetwork_has_a_verb_of_its_own() {
    let cloud = cloud().await;
    assert_eq!(subnetwork(&cloud, "europe-west1", "apps", "10.0.0.0/24").await.0, 200);
    let path = format!("{PROJECT}/regions/europe-west1/subnetworks/apps");
    let access = json!({"privateIpGoogleAccess": true});
    assert_eq!(cloud.call("PATCH", COMPUTE, &path, Some(access.clone())).await.0, 400);
    cloud.done("POST", COMPUTE, &format!("{path}/setPrivateIpGoogleAccess"), access).await;
    assert_eq!(cloud.get(COMPUTE, &path).await["privateIpGoogleAccess"], true);
}

#[tokio::test]
async fn a_cache_by_private_access_needs_the_peering() {
    let cloud = cloud().await;
    let instance = json!({
        "tier": "BASIC", "memorySizeGb": 1, "connectMode": "PRIVATE_SERVICE_ACCESS",
        "authorizedNetwork": "projects/demo/global/networks/main",
    });
    let path = "/v1/projects/demo/locations/europe-west1/instances?instanceId=cache";
    assert_eq!(cloud.call("POST", "redis.googleapis.com", path, Some(instance)).await.0, 400);
}
