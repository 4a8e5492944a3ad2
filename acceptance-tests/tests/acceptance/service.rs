//! Cloud Run services.

use acceptance_tests::{Fault, Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{RUN, service, service_path};

on_every_terraform! {
    a_service_is_made_as_declared,
    an_update_touches_only_what_changed,
    what_the_schema_does_not_know_survives,
    equal_quantities_are_no_change,
    cpu_and_memory_that_do_not_fit_are_refused,
    a_failed_revision_is_an_error_and_the_next_apply_repairs_it,
}

const IMAGE: &str = "europe-west1-docker.pkg.dev/ml-test-project/images/api:1";

fn api(settings: &str) -> String {
    format!("services = {{\n api = {{\n name = \"api\"\n image = \"{IMAGE}\"\n{settings}\n }}\n}}")
}

fn a_service_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&api(r#"
      port                  = 9000
      cpu                   = "2"
      memory                = "4Gi"
      cpu_idle              = false
      startup_cpu_boost     = true
      min_instances         = 1
      max_instances         = 5
      concurrency           = 20
      timeout               = "10m"
      ingress               = "INGRESS_TRAFFIC_INTERNAL_ONLY"
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      service_account       = "runner@ml-test-project.iam.gserviceaccount.com"
      command               = ["serve"]
      args                  = ["--port", "9000"]
      env                   = { MODEL = "churn", EMPTY = "" }
      volumes               = { scratch = { empty_dir = { size_limit = "128Mi" }, mount_path = "/scratch" } }
      startup_probe         = { http_path = "/health", period = "20s", failure_threshold = 5 }
      labels                = { purpose = "api" }
      iam                   = { "roles/run.invoker" = ["allUsers"] }
    "#));
    let made = service(&world, "api");
    let template = &made["template"];
    let container = &template["containers"][0];
    assert_eq!(container["image"], IMAGE);
    assert_eq!(container["ports"][0]["containerPort"], 9000);
    assert_eq!(container["resources"]["limits"], json!({"cpu": "2", "memory": "4Gi"}));
    assert!(!container["resources"]["cpuIdle"].as_bool().unwrap_or(false));
    assert_eq!(container["resources"]["startupCpuBoost"], true);
    assert_eq!((&container["command"], &container["args"]), (&json!(["serve"]), &json!(["--port", "9000"])));
    assert_eq!(container["startupProbe"]["httpGet"]["path"], "/health");
    assert_eq!(template["scaling"], json!({"minInstanceCount": 1, "maxInstanceCount": 5}));
    assert_eq!((&template["timeout"], &template["maxInstanceRequestConcurrency"]), (&json!("600s"), &json!(20)));
    assert_eq!(template["serviceAccount"], "runner@ml-test-project.iam.gserviceaccount.com");
    assert_eq!(template["volumes"][0]["emptyDir"]["sizeLimit"], "128Mi");
    assert_eq!(made["ingress"], "INGRESS_TRAFFIC_INTERNAL_ONLY");
    assert_eq!(made["labels"]["purpose"], "api");
    let resource = format!("projects/{}/locations/europe-west1/services/api", world.seed.project);
    assert_eq!(world.cloud.snapshot().members(RUN, &resource, "roles/run.invoker"), ["allUsers"]);
    let state = world.main.state();
    assert_eq!(state.resource("mlops_stack.it").get("/services/api/url"), &made["uri"]);
    world.finish();
}

fn an_update_touches_only_what_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&api(r#"env = { A = "1", B = "2" }"#));
    let mark = world.cloud.mark();
    let planned = world.plan_stack(&api(r#"env = { A = "1", B = "3" }"#));
    let change = planned.view().change("mlops_stack.it");
    let changed = change.changed_paths();
    assert!(changed.contains(&"/services/api/env/B".to_owned()), "{changed:?}");
    assert!(!changed.iter().any(|path| path.ends_with("/env/A") || path.ends_with("/image")), "{changed:?}");
    // The address of a service never changes.
    assert!(!change.is_unknown("/services/api/url"));
    world.main.apply_plan().expect_success();
    let writes = world.writes(mark);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!(
        service(&world, "api")["template"]["containers"][0]["env"],
        json!([{"name": "A", "value": "1"}, {"name": "B", "value": "3"}])
    );
    world.finish();
}

fn what_the_schema_does_not_know_survives(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&api(""));
    let foreign = json!({"annotations": {"other.example/owner": "somebody"},
        "client": "gcloud", "labels": {"commit-sha": "abc"}, "binaryAuthorization": {"useDefault": true}});
    world.cloud.edit(RUN, &service_path(&world, "api"), foreign);
    world.apply_stack(&api("max_instances = 7"));
    let made = service(&world, "api");
    assert_eq!(made["template"]["scaling"]["maxInstanceCount"], 7);
    assert_eq!(made["binaryAuthorization"], json!({"useDefault": true}));
    assert_eq!(made["annotations"]["other.example/owner"], "somebody");
    assert_eq!(made["labels"]["commit-sha"], "abc");
    world.expect_settled();
    world.expect_clean_destroy(&[]);
}

fn equal_quantities_are_no_change(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&api("cpu = \"2\"\nmemory = \"4Gi\"\ntimeout = \"300s\""));
    let mark = world.cloud.mark();
    world.apply_stack(&api("cpu = \"2000m\"\nmemory = \"4096Mi\"\ntimeout = \"5m\""));
    world.cloud.expect_no_writes_since(mark);
    world.finish();
}

fn cpu_and_memory_that_do_not_fit_are_refused(scene: Scene) {
    let world = scene.small_world();
    world.stack(&api("cpu = \"1\"\nmemory = \"16Gi\""));
    world.main.plan(&[]).expect_refused().error(&["16Gi"]);
    world.stack(&api("min_instances = 5\nmax_instances = 2"));
    world.main.plan(&[]).expect_refused().error(&["min_instances"]);
    assert_eq!(world.cloud.requests().iter().filter(|call| call.is_write()).count(), 0);
}

fn a_failed_revision_is_an_error_and_the_next_apply_repairs_it(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/services$").host(RUN).operation_error().times(1));
    world.stack(&format!("{}\nbuckets = {{ a = {{ name = \"ml-test-a\" }} }}", api("")));
    world.failed_apply().error(&["api"]);
    assert_eq!(world.main.state().resource("mlops_stack.it").get("/status"), "incomplete");
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    let writes = world.writes(mark);
    assert!(!writes.iter().any(|line| line.starts_with("DELETE")), "{writes:?}");
    assert_eq!(world.main.state().resource("mlops_stack.it").get("/status"), "complete");
    world.finish();
}
