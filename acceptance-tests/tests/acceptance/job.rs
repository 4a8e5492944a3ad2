//! Cloud Run jobs, and what comes after them.

use acceptance_tests::{Fault, Scene, World, on_every_terraform};
use serde_json::{Value, json};

use crate::wire::{RUN, body, service};

on_every_terraform! {
    a_job_is_made_changed_and_healed,
    what_a_job_runs_beside_is_there_and_goes_again,
    no_retries_stay_none,
    the_location_of_a_job_cannot_be_changed,
    a_job_is_executed_after_each_change_of_what_it_runs,
    a_service_waits_for_the_execution_of_its_job,
}

const IMAGE: &str = "europe-west1-docker.pkg.dev/ml-test-project/images/migrate";

fn migrate(tag: &str, settings: &str) -> String {
    format!("jobs = {{\n migrate = {{\n image = \"{IMAGE}:{tag}\"\n{settings}\n }}\n}}")
}

fn path(world: &World) -> String {
    format!("/v2/projects/{}/locations/europe-west1/jobs/migrate", world.seed.project)
}

#[track_caller]
fn job(world: &World) -> Value {
    body(world, RUN, &path(world))
}

/// How often the job was executed.
fn executions(world: &World) -> u64 {
    job(world)["executionCount"].as_u64().unwrap_or(0)
}

fn a_job_is_made_changed_and_healed(scene: Scene) {
    let world = scene.small_world();
    let settings = |tasks: u8| {
        format!(
            r#"task_count  = {tasks}
      parallelism = 2
      timeout     = "1h"
      memory      = "1Gi"
      env         = {{ DATABASE = "main" }}
      iam         = {{ "roles/run.invoker" = ["user:ann@example.com"] }}"#
        )
    };
    world.apply_stack(&migrate("1", &settings(2)));
    let made = job(&world);
    assert_eq!((&made["template"]["taskCount"], &made["template"]["parallelism"]), (&json!(2), &json!(2)));
    assert_eq!(made["template"]["template"]["timeout"], "3600s");
    assert_eq!(made["template"]["template"]["containers"][0]["env"], json!([{"name": "DATABASE", "value": "main"}]));
    let stack = world.main.state().resource("mlops_stack.it");
    assert!(stack.str("/jobs/migrate/id").ends_with("/jobs/migrate"));
    // What nobody declares survives the whole that an update sends.
    world.cloud.edit(RUN, &path(&world), json!({"binaryAuthorization": {"useDefault": true}}));
    let mark = world.cloud.mark();
    world.apply_stack(&migrate("1", &settings(3)));
    assert_eq!(world.writes(mark), [format!("PATCH {RUN}{}", path(&world))]);
    assert_eq!(job(&world)["binaryAuthorization"], json!({"useDefault": true}));
    world.cloud.edit(RUN, &path(&world), json!({"template": {"taskCount": 9}}));
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/jobs/migrate/task_count"), &json!(9));
    world.main.apply_plan().expect_success();
    assert_eq!(job(&world)["template"]["taskCount"], 3);
    world.finish();
}

fn what_a_job_runs_beside_is_there_and_goes_again(scene: Scene) {
    let world = scene.small_world();
    let proxy = r#"depends_on = ["proxy"]
      containers = {
        proxy = {
          image         = "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2"
          startup_probe = { tcp = true, port = 5432 }
        }
      }"#;
    world.apply_stack(&migrate("1", proxy));
    let made = job(&world);
    let containers = made["template"]["template"]["containers"].as_array().unwrap();
    assert_eq!((containers.len(), &containers[0]["dependsOn"]), (2, &json!(["proxy"])));
    assert_eq!(containers[1]["name"], "proxy");
    // What is alone has to be larger.
    world.apply_stack(&migrate("1", "memory = \"512Mi\"\n containers = {}"));
    assert_eq!(job(&world)["template"]["template"]["containers"].as_array().unwrap().len(), 1);
    world.finish();
}

fn no_retries_stay_none(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&migrate("1", "max_retries = 0"));
    world.apply_stack(&migrate("2", "max_retries = 0"));
    // Answers leave zeros out.
    assert_eq!(job(&world)["template"]["template"].get("maxRetries"), None);
    world.apply_stack(&migrate("2", ""));
    assert_eq!(job(&world)["template"]["template"]["maxRetries"], 3);
    world.finish();
}

fn the_location_of_a_job_cannot_be_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&migrate("1", ""));
    world
        .plan_stack(&migrate("1", "location = \"europe-west4\""))
        .expect_refused()
        .error(&["The location of a job cannot be changed", "jobs[\"migrate\"]"]);
    world.stack(&migrate("1", ""));
    world.finish();
}

fn a_job_is_executed_after_each_change_of_what_it_runs(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&migrate("1", "execute_on_change = true"));
    assert_eq!(executions(&world), 1);
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.get("/jobs/migrate/executed"), &json!(true));
    assert!(world.main.plan(&[]).is_empty());
    world.apply_stack(&migrate("2", "execute_on_change = true"));
    assert_eq!(executions(&world), 2);
    // How long it may take is no part of what it runs.
    world.apply_stack(&migrate("2", "execute_on_change = true\n timeout = \"20m\""));
    assert_eq!(executions(&world), 2);
    world.finish();
}

fn a_service_waits_for_the_execution_of_its_job(scene: Scene) {
    let world = scene.small_world();
    let stack = |tag: &str| {
        format!(
            "{}\n services = {{\n api = {{\n name = \"api\"\n image = \"{IMAGE}:{tag}\"\n after_jobs = [\"migrate\"]\n }}\n }}",
            migrate(tag, "execute_on_change = true")
        )
    };
    world.apply_stack(&stack("1"));
    world.cloud.fault(&Fault::on("POST", "/jobs/migrate:run$").host(RUN).operation_error().times(1));
    world.stack(&stack("2"));
    world.failed_apply().error(&["jobs[\"migrate\"]", "did not succeed"]);
    assert_eq!(service(&world, "api")["template"]["containers"][0]["image"], format!("{IMAGE}:1"));
    assert!(!world.main.plan(&[]).is_empty());
    world.main.apply_plan().expect_success();
    assert_eq!(executions(&world), 3);
    assert_eq!(service(&world, "api")["template"]["containers"][0]["image"], format!("{IMAGE}:2"));
    world.finish();
}
