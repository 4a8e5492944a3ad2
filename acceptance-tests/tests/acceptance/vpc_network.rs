//! VPC networks with their subnetworks, and the private way to Google's services.

use acceptance_tests::{Fault, Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{COMPUTE, SERVICE_NETWORKING, compute, redis};

on_every_terraform! {
    a_network_is_made_as_declared,
    a_subnetwork_is_changed_by_itself,
    a_subnetwork_that_leaves_is_announced_and_deleted_alone,
    what_cannot_be_changed_is_refused,
    a_changed_network_is_shown_and_healed,
    a_cache_by_private_access_waits_for_the_peering_and_goes_before_it,
    a_protected_network_stays,
}

const SUBNETWORK: &str = "/compute/v1/projects/ml-test-project/regions/europe-west1/subnetworks/apps";

fn with(settings: &str) -> String {
    format!("networks = {{ main = {{ {settings} }} }}")
}

fn apps(settings: &str) -> String {
    with(&format!("subnetworks = {{ apps = {{ ip_cidr_range = \"10.0.0.0/24\"\n {settings} }} }}"))
}

fn a_network_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(
        r#"routing_mode = "GLOBAL"
        mtu              = 1500
        subnetworks      = { apps = { ip_cidr_range = "10.0.0.0/24", private_google_access = true, secondary_ranges = { pods = "10.4.0.0/20" } } }
        private_services = { google = { name = "google-services", prefix_length = 16 } }"#,
    ));
    let snapshot = world.cloud.snapshot();
    let network = compute(&world, "networks/main");
    assert_eq!((&network["mtu"], &network["routingConfig"]["routingMode"]), (&json!(1500), &json!("GLOBAL")));
    assert_eq!(network["peerings"][0]["name"], "servicenetworking-googleapis-com");
    let subnetwork = snapshot.object(COMPUTE, SUBNETWORK).unwrap().body;
    assert_eq!(
        (&subnetwork["ipCidrRange"], &subnetwork["privateIpGoogleAccess"]),
        (&json!("10.0.0.0/24"), &json!(true))
    );
    assert_eq!(subnetwork["secondaryIpRanges"], json!([{"rangeName": "pods", "ipCidrRange": "10.4.0.0/20"}]));
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.str("/networks/main/id"), "projects/ml-test-project/global/networks/main");
    let inventory = stack.get("/inventory").to_string();
    for inside in ["/subnetworks/apps", "/global/addresses/google-services"] {
        assert!(inventory.contains(inside), "{inventory}");
    }
    world.finish();
}

fn a_subnetwork_is_changed_by_itself(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&apps(""));
    let mark = world.cloud.mark();
    world.apply_stack(&apps("private_google_access = true"));
    assert_eq!(world.writes(mark), [format!("POST {COMPUTE}{SUBNETWORK}/setPrivateIpGoogleAccess")]);
    world.finish();
}

fn a_subnetwork_that_leaves_is_announced_and_deleted_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&apps(""));
    let mark = world.cloud.mark();
    world.plan_stack(&with("")).diagnostics.warning(&["1 object will be deleted", "subnetworks[\"apps\"]"]);
    world.main.apply_plan().expect_success();
    assert_eq!(world.writes(mark), [format!("DELETE {COMPUTE}{SUBNETWORK}")]);
    world.finish();
}

fn what_cannot_be_changed_is_refused(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&apps(""));
    let moved = apps("").replace("10.0.0.0", "10.1.0.0");
    world.plan_stack(&moved).expect_refused().error(&["10.0.0.0/24", "10.1.0.0/24", "allow_replacement"]);
    world.apply_stack(&apps(""));
    world.finish();
}

fn a_changed_network_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&apps(""));
    world.cloud.edit(COMPUTE, SUBNETWORK, json!({"privateIpGoogleAccess": true}));
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/networks/main/subnetworks/apps/private_google_access"), &json!(true));
    world.main.apply_plan().expect_success();
    assert_eq!(world.cloud.snapshot().object(COMPUTE, SUBNETWORK).unwrap().body["privateIpGoogleAccess"], false);
    world.finish();
}

fn a_cache_by_private_access_waits_for_the_peering_and_goes_before_it(scene: Scene) {
    let world = scene.small_world();
    world
        .cloud
        .fault(&Fault::on("PATCH", "/connections/-$").host(SERVICE_NETWORKING).status(503, "UNAVAILABLE").times(1));
    let mark = world.cloud.mark();
    world.apply_stack(
        r#"
  networks        = { main = { private_services = { google = { prefix_length = 16 } } } }
  redis_instances = { cache = { memory_size_gb = 1, network = "main", connect_mode = "PRIVATE_SERVICE_ACCESS" } }"#,
    );
    assert_eq!(redis(&world, "cache")["authorizedNetwork"], "projects/ml-test-project/global/networks/main");
    let writes = world.cloud.writes_since(mark);
    let at = |end: &str| writes.iter().position(|request| request.path.ends_with(end)).unwrap();
    assert!(at("/connections/-") < at("/instances"), "{writes:?}");
    world.finish();
}

fn a_protected_network_stays(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&apps("").replace("main = {", "main = { deletion_policy = \"PREVENT\","));
    world.plan_stack("labels = { purpose = \"empty\" }").expect_refused().error(&["networks[\"main\"]"]);
    world.apply_stack(&apps("").replace("main = {", "main = { deletion_policy = \"DELETE\","));
    world.finish();
}
