//! VPC networks with their subnetworks, and the private way to Google's services.

use acceptance_tests::{Fault, Scene, on_every_terraform};
use serde_json::json;

use crate::import::NAME;
use crate::wire::{COMPUTE, SERVICE_NETWORKING, compute, redis};

on_every_terraform! {
    a_network_is_made_as_declared,
    a_subnetwork_is_changed_by_itself,
    a_subnetwork_that_leaves_is_announced_and_deleted_alone,
    what_cannot_be_changed_is_refused,
    a_changed_network_is_shown_and_healed,
    a_cache_by_private_access_waits_for_the_peering_and_goes_before_it,
    what_uses_a_network_waits_for_what_is_in_it_and_goes_first,
    an_imported_network_is_named_by_key,
    a_range_is_added_to_a_peering_and_leaves_it,
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

/// A network with a connector, an instance and a cache in it.
const USED: &str = r#"
  networks = {
    main = {
      name             = "prod-net"
      subnetworks      = { connectors = { ip_cidr_range = "10.8.0.0/28" } }
      private_services = { google = { name = "google-services", prefix_length = 16 } }
    }
  }
  vpc_connectors  = { egress = { network = "main", subnet = { name = "connectors" }, max_instances = 3 } }
  services = {
    api = { image = "europe-docker.pkg.dev/cloudrun/container/hello", vpc_access = { network = "main", subnetwork = "connectors" } }
  }
  jobs = {
    train = { image = "europe-docker.pkg.dev/cloudrun/container/job", vpc_access = { network = "main", subnetwork = "connectors" } }
  }
  redis_instances = { cache = { memory_size_gb = 1, network = "main", connect_mode = "PRIVATE_SERVICE_ACCESS" } }
  sql_instances = {
    data = { database_version = "POSTGRES_17", ipv4_enabled = false, private_network = "main"}
  }"#;

fn what_uses_a_network_waits_for_what_is_in_it_and_goes_first(scene: Scene) {
    let world = scene.small_world();
    let mark = world.cloud.mark();
    world.apply_stack(USED);
    let at = |writes: &[String], start: &str, end: &str| {
        let found = writes.iter().position(|write| write.starts_with(start) && write.ends_with(end));
        found.unwrap_or_else(|| panic!("no {start}..{end} in {writes:#?}"))
    };
    let made = world.writes(mark);
    let (subnetwork, peering) = (at(&made, "POST compute", "/subnetworks"), at(&made, "PATCH", "/connections/-"));
    for user in ["/connectors", "/services", "/jobs"] {
        assert!(subnetwork < at(&made, "POST", user), "{made:#?}");
    }
    assert!(
        peering < at(&made, "POST redis", "/instances") && peering < at(&made, "POST sqladmin", "/instances"),
        "{made:#?}"
    );
    let mark = world.cloud.mark();
    world.apply_stack("labels = { purpose = \"empty\" }");
    let gone = world.writes(mark);
    let ended = at(&gone, "POST", "/connections/servicenetworking-googleapis-com");
    for user in ["/instances/cache", "/instances/data", "/connectors/egress"] {
        assert!(at(&gone, "DELETE", user) < ended, "{gone:#?}");
    }
    assert!(at(&gone, "DELETE", "/subnetworks/connectors") < at(&gone, "DELETE", "/networks/prod-net"), "{gone:#?}");
    world.finish();
}

fn an_imported_network_is_named_by_key(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(USED);
    let mark = world.cloud.mark();
    let block = format!("import {{\n  to = {NAME}\n  id = \"ml-test-project/europe-west1/it\"\n}}\n");
    let work = world.directory("import", &block);
    let planned = work.generate_config("generated.tf");
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    work.apply(&[]).expect_success();
    work.plan(&[]).expect_empty();
    assert_eq!(world.writes(mark), Vec::<String>::new());
    let stack = work.state().resource(NAME);
    let keys: Vec<String> = stack.get("/networks").as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    for user in [
        "/vpc_connectors/egress/network",
        "/redis_instances/cache/network",
        "/sql_instances/data/private_network",
        "/services/api/vpc_access/network",
        "/jobs/train/vpc_access/network",
    ] {
        assert_eq!(stack.str(user), keys[0], "{user}");
    }
    assert_eq!(stack.get("/networks").as_object().unwrap()[&keys[0]]["name"], "prod-net");
    world.finish();
}

fn a_range_is_added_to_a_peering_and_leaves_it(scene: Scene) {
    let world = scene.small_world();
    let ranges = |more: &str| with(&format!("private_services = {{ one = {{ prefix_length = 20 }} {more} }}"));
    world.apply_stack(&ranges(""));
    world.apply_stack(&ranges(", two = { prefix_length = 20 }"));
    let range = |name: &str| format!("/compute/v1/projects/ml-test-project/global/addresses/{name}");
    assert!(world.cloud.snapshot().object(COMPUTE, &range("two")).is_some());
    world.plan_stack(&ranges("")).diagnostics.warning(&["1 object will be deleted", "private_services[\"two\"]"]);
    world.main.apply_plan().expect_success();
    assert!(world.cloud.snapshot().object(COMPUTE, &range("two")).is_none());
    assert_eq!(compute(&world, "networks/main")["peerings"][0]["name"], "servicenetworking-googleapis-com");
    world.finish();
}
