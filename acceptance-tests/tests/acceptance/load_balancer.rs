//! Load balancers: one component over many objects.

use acceptance_tests::{Fault, Mark, Scene, World, on_every_terraform};
use serde_json::{Value, json};

use crate::wire::{COMPUTE, compute, compute_path};

on_every_terraform! {
    a_load_balancer_is_made_as_declared,
    a_changed_timeout_is_one_write,
    a_moved_route_is_one_write,
    other_domains_get_another_certificate_before_the_old_one_goes,
    another_service_gets_another_endpoint_group,
    a_service_under_another_key_keeps_its_endpoint_group,
    what_leaves_the_configuration_is_deleted_and_announced,
    the_port_of_a_frontend_cannot_be_changed,
    a_changed_route_is_shown_and_healed,
    what_the_component_cannot_say_survives_a_change,
    objects_of_others_are_left_out_of_an_import,
    a_creation_that_failed_is_completed,
    a_lost_race_is_read_again,
}

/// A stack of two services and a load balancer, with these differences.
fn stack(changes: &[(&str, &str)]) -> String {
    let text = r#"services = {
    api   = { name = "shop-api", image = "europe-docker.pkg.dev/p/r/api:1" }
    other = { name = "shop-other", image = "europe-docker.pkg.dev/p/r/other:1" }
  }
  load_balancers = {
    web = {
      default_backend = "api"
      addresses       = { main = {} }
      backends = {
        api   = { service = "api", timeout = "30s" }
        other = { service = "other", name = "other-backend" }
      }
      routes = [{
        hosts           = ["example.com"]
        default_backend = "api"
        paths           = [{ paths = ["/other/*"], backend = "other" }]
      }]
      certificates = { main = { domains = ["example.com"] } }
      frontends = {
        https = { address = "main", certificates = ["main"] }
        http  = { protocol = "HTTP", address = "main", redirect_to_https = true }
      }
    }
  }"#;
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} does not stand in the configuration");
        text.replace(from, to)
    })
}

/// The writes of load balancing since a mark, without host and project.
fn writes(world: &World, mark: Mark) -> Vec<String> {
    let prefix = format!("{COMPUTE}/compute/v1/projects/{}/", world.seed.project);
    world.writes(mark).into_iter().map(|line| line.replace(&prefix, "")).collect()
}

fn last(link: &Value) -> &str {
    link.as_str().unwrap().rsplit('/').next().unwrap()
}

fn certificate_of(world: &World) -> String {
    last(&compute(world, "targetHttpsProxies/web-https")["sslCertificates"][0]).to_owned()
}

fn group_of(world: &World, backend: &str) -> String {
    last(&compute(world, &format!("backendServices/{backend}"))["backends"][0]["group"]).to_owned()
}

fn a_load_balancer_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let map = compute(&world, "urlMaps/web");
    assert_eq!(last(&map["defaultService"]), "web-api");
    assert_eq!(map["hostRules"][0]["hosts"], json!(["example.com"]));
    assert_eq!(last(&map["pathMatchers"][0]["pathRules"][0]["service"]), "other-backend");
    let (https, http) = (compute(&world, "forwardingRules/web-https"), compute(&world, "forwardingRules/web-http"));
    assert_eq!((&https["portRange"], &http["portRange"]), (&json!("443-443"), &json!("80-80")));
    assert_eq!(https["IPAddress"], http["IPAddress"]);
    let redirect = compute(&world, "urlMaps/web-http");
    assert_eq!(redirect["defaultUrlRedirect"]["httpsRedirect"], true);
    let state = world.main.state().resource("mlops_stack.it");
    let address = state.str("/load_balancers/web/frontends/https/ip_address").to_owned();
    assert_eq!(https["IPAddress"], json!(address));
    assert_eq!(state.str("/load_balancers/web/addresses/main/ip_address"), address);
    assert_eq!(state.str("/load_balancers/web/certificates/main/status"), "PROVISIONING");
    let inventory = state.get("/inventory").to_string();
    for object in ["urlMaps/web", "urlMaps/web-http", "backendServices/other-backend", "targetHttpProxies/web-http"] {
        assert!(inventory.contains(&format!("/global/{object}\"")), "{object} in {inventory}");
    }
    world.finish();
}

fn a_changed_timeout_is_one_write(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let mark = world.cloud.mark();
    world.apply_stack(&stack(&[("timeout = \"30s\"", "timeout = \"60s\"")]));
    assert_eq!(writes(&world, mark), ["PATCH global/backendServices/web-api"]);
    assert_eq!(compute(&world, "backendServices/web-api")["timeoutSec"], 60);
    world.finish();
}

fn a_moved_route_is_one_write(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let mark = world.cloud.mark();
    world.apply_stack(&stack(&[("backend = \"other\" }]", "backend = \"api\" }]")]));
    assert_eq!(writes(&world, mark), ["PATCH global/urlMaps/web"]);
    assert_eq!(last(&compute(&world, "urlMaps/web")["pathMatchers"][0]["pathRules"][0]["service"]), "web-api");
    world.finish();
}

fn other_domains_get_another_certificate_before_the_old_one_goes(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let old = certificate_of(&world);
    let mark = world.cloud.mark();
    let changed = stack(&[("domains = [\"example.com\"]", "domains = [\"example.com\", \"www.example.com\"]")]);
    let deletes = world.plan_stack(&changed).view().change("mlops_stack.it").after("/deletes").to_string();
    assert!(deletes.contains(&format!("sslCertificates/{old}\"")), "{deletes}");
    world.main.apply_plan().expect_success();
    assert_ne!(certificate_of(&world), old);
    assert_eq!(
        writes(&world, mark),
        [
            "POST global/sslCertificates".to_owned(),
            "PATCH global/targetHttpsProxies/web-https".to_owned(),
            format!("DELETE global/sslCertificates/{old}"),
        ]
    );
    world.finish();
}

fn another_service_gets_another_endpoint_group(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let old = group_of(&world, "web-api");
    let mark = world.cloud.mark();
    let plan = world.plan_stack(&stack(&[("service = \"api\"", "service = \"other\"")]));
    let deletes = plan.view().change("mlops_stack.it").after("/deletes").to_string();
    assert!(deletes.contains(&format!("networkEndpointGroups/{old}\"")), "{deletes}");
    world.main.apply_plan().expect_success();
    assert_ne!(group_of(&world, "web-api"), old);
    assert_eq!(
        writes(&world, mark),
        [
            "POST regions/europe-west1/networkEndpointGroups".to_owned(),
            "PATCH global/backendServices/web-api".to_owned(),
            format!("DELETE regions/europe-west1/networkEndpointGroups/{old}"),
        ]
    );
    world.finish();
}

fn a_service_under_another_key_keeps_its_endpoint_group(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let mark = world.cloud.mark();
    world.apply_stack(&stack(&[
        ("    api   = { name", "    front = { name"),
        ("service = \"api\"", "service = \"front\""),
    ]));
    assert_eq!(writes(&world, mark), [] as [String; 0]);
    world.finish();
}

fn what_leaves_the_configuration_is_deleted_and_announced(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let group = group_of(&world, "other-backend");
    let without = stack(&[
        ("        other = { service = \"other\", name = \"other-backend\" }\n", ""),
        ("        paths           = [{ paths = [\"/other/*\"], backend = \"other\" }]\n", ""),
        ("        http  = { protocol = \"HTTP\", address = \"main\", redirect_to_https = true }\n", ""),
    ]);
    let plan = world.plan_stack(&without);
    plan.diagnostics.warning(&["will be deleted", "other-backend", "web-http"]);
    let mark = world.cloud.mark();
    world.main.apply_plan().expect_success();
    let writes = writes(&world, mark);
    let backend = [
        "DELETE global/backendServices/other-backend".to_owned(),
        format!("DELETE regions/europe-west1/networkEndpointGroups/{group}"),
    ];
    let frontend =
        ["forwardingRules", "targetHttpProxies", "urlMaps"].map(|kind| format!("DELETE global/{kind}/web-http"));
    // Each after what used it; the two chains have nothing to do with each other.
    for chain in [&backend[..], &frontend[..]] {
        let places: Vec<_> = chain.iter().map(|line| writes.iter().position(|write| write == line)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{chain:?} in {writes:?}");
    }
    assert_eq!((writes[0].as_str(), writes.len()), ("PATCH global/urlMaps/web", 6), "{writes:?}");
    world.finish();
}

fn the_port_of_a_frontend_cannot_be_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let other = stack(&[("protocol = \"HTTP\", address", "protocol = \"HTTP\", port = 8080, address")]);
    world.plan_stack(&other).expect_refused().error(&["frontends[\"http\"]", "port"]);
    world.stack(&stack(&[]));
    world.finish();
}

fn a_changed_route_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let link = compute(&world, "backendServices/other-backend")["selfLink"].clone();
    world.cloud.edit(COMPUTE, &compute_path(&world, "urlMaps/web"), json!({"defaultService": link}));
    let plan = world.main.plan(&[]);
    assert!(!plan.is_empty(), "the drift should be shown");
    world.main.apply_plan().expect_success();
    assert_eq!(last(&compute(&world, "urlMaps/web")["defaultService"]), "web-api");
    world.finish();
}

fn what_the_component_cannot_say_survives_a_change(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let action = json!({"requestHeadersToRemove": ["x-secret"]});
    let mut matchers = compute(&world, "urlMaps/web")["pathMatchers"].clone();
    matchers[0]["headerAction"] = action.clone();
    world.cloud.edit(COMPUTE, &compute_path(&world, "urlMaps/web"), json!({"pathMatchers": matchers}));
    world.main.plan(&[]).expect_empty();
    world.apply_stack(&stack(&[("backend = \"other\" }]", "backend = \"api\" }]")]));
    assert_eq!(compute(&world, "urlMaps/web")["pathMatchers"][0]["headerAction"], action);
    world.finish();
}

fn objects_of_others_are_left_out_of_an_import(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    let (status, _) =
        world.cloud.call("POST", COMPUTE, &compute_path(&world, "addresses"), Some(&json!({"name": "somebody-elses"})));
    assert_eq!(status, 200);
    world.finish_keeping(&["somebody-elses"]);
}

fn a_creation_that_failed_is_completed(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/global/urlMaps$").host(COMPUTE).status(400, "INVALID_ARGUMENT").times(1));
    world.stack(&stack(&[]));
    world.main.apply(&[]).expect_failure();
    world.main.apply(&[]).expect_success();
    world.finish();
}

fn a_lost_race_is_read_again(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&stack(&[]));
    world
        .cloud
        .fault(&Fault::on("PATCH", "/backendServices/web-api$").host(COMPUTE).status(412, "conditionNotMet").times(1));
    world.apply_stack(&stack(&[("timeout = \"30s\"", "timeout = \"60s\"")]));
    assert_eq!(compute(&world, "backendServices/web-api")["timeoutSec"], 60);
    world.finish();
}
