//! Cloud Scheduler jobs.

use acceptance_tests::{Scene, World, on_every_terraform};
use serde_json::{Value, json};

use crate::wire::body;

on_every_terraform! {
    a_schedule_executes_a_job_of_the_stack,
    a_schedule_publishes_to_a_topic_and_moves_to_an_address,
    a_schedule_is_paused_and_goes_on,
    the_name_of_a_schedule_cannot_be_changed,
    a_changed_schedule_is_shown_and_healed,
}

const SCHEDULER: &str = "cloudscheduler.googleapis.com";

fn path(world: &World) -> String {
    format!("/v1/projects/{}/locations/europe-west1/jobs/nightly", world.seed.project)
}

#[track_caller]
fn schedule(world: &World) -> Value {
    body(world, SCHEDULER, &path(world))
}

fn nightly(settings: &str) -> String {
    format!("schedules = {{\n nightly = {{\n cron = \"0 3 * * *\"\n{settings}\n }}\n}}")
}

/// A message, which takes no other component.
const MESSAGE: &str = "topic = \"retrain\"\n data = \"go\"";
const TOPICS: &str = "topics = { retrain = { deletion_policy = \"DELETE\" } }";

fn a_schedule_executes_a_job_of_the_stack(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!(
        r#"{}
  service_accounts = {{ runner = {{ name = "job-runner" }} }}
  jobs = {{ retrain = {{ image = "gcr.io/train", iam = {{ "roles/run.invoker" = ["runner"] }} }} }}"#,
        nightly("job = \"retrain\"\n service_account = \"runner\"")
    ));
    let target = &schedule(&world)["httpTarget"];
    let project = &world.seed.project;
    assert_eq!(
        target["uri"],
        format!("https://run.googleapis.com/v2/projects/{project}/locations/europe-west1/jobs/retrain:run")
    );
    let email = format!("job-runner@{project}.iam.gserviceaccount.com");
    assert_eq!(target["oauthToken"]["serviceAccountEmail"], email);
    world.finish();
}

fn a_schedule_publishes_to_a_topic_and_moves_to_an_address(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!("{}\n{TOPICS}", nightly(MESSAGE)));
    let target = &schedule(&world)["pubsubTarget"];
    assert_eq!(target["topicName"], format!("projects/{}/topics/retrain", world.seed.project));
    assert_eq!(target["data"], "Z28=");
    let mark = world.cloud.mark();
    let http = "http = { url = \"https://example.com\", body = \"{}\", headers = { X-Team = \"ml\" } }";
    world.apply_stack(&format!("{}\n{TOPICS}", nightly(http)));
    assert_eq!(world.writes(mark), [format!("PATCH {SCHEDULER}{}", path(&world))]);
    let moved = schedule(&world);
    assert_eq!((moved.get("pubsubTarget"), &moved["httpTarget"]["uri"]), (None, &json!("https://example.com/")));
    world.finish();
}

fn a_schedule_is_paused_and_goes_on(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!("{}\n{TOPICS}", nightly(&format!("{MESSAGE}\n paused = true"))));
    assert_eq!(schedule(&world)["state"], "PAUSED");
    let mark = world.cloud.mark();
    world.apply_stack(&format!("{}\n{TOPICS}", nightly(MESSAGE)));
    assert_eq!(world.writes(mark), [format!("POST {SCHEDULER}{}:resume", path(&world))]);
    assert_eq!(schedule(&world)["state"], "ENABLED");
    world.finish();
}

fn the_name_of_a_schedule_cannot_be_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!("{}\n{TOPICS}", nightly(MESSAGE)));
    let renamed = format!("{}\n{TOPICS}", nightly(&format!("{MESSAGE}\n name = \"daily\"")));
    world
        .plan_stack(&renamed)
        .expect_refused()
        .error(&["The name of a schedule cannot be changed", "schedules[\"nightly\"]"]);
    world.stack(&format!("{}\n{TOPICS}", nightly(MESSAGE)));
    world.finish();
}

fn a_changed_schedule_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&format!("{}\n{TOPICS}", nightly(MESSAGE)));
    world.cloud.edit(SCHEDULER, &path(&world), json!({"schedule": "0 4 * * *", "state": "PAUSED"}));
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/schedules/nightly/cron"), &json!("0 4 * * *"));
    assert_eq!(change.before("/schedules/nightly/paused"), &json!(true));
    world.main.apply_plan().expect_success();
    let healed = schedule(&world);
    assert_eq!((&healed["schedule"], &healed["state"]), (&json!("0 3 * * *"), &json!("ENABLED")));
    world.finish();
}
