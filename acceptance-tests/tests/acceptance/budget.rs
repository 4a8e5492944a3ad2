//! Budgets.

use acceptance_tests::{Fault, Object, Scene, Seed, World, on_every_terraform};
use serde_json::json;

const BUDGETS: &str = "billingbudgets.googleapis.com";

on_every_terraform! {
    a_budget_is_made_for_this_project,
    an_update_is_one_patch,
    a_creation_whose_answer_was_lost_makes_no_twin,
}

fn budgets(world: &World) -> Vec<Object> {
    world.cloud.snapshot().objects_like(BUDGETS, "/budgets/")
}

fn budget(more: &str) -> String {
    format!(
        r#"
  topics                = {{ billing = {{ name = "budget-messages" }} }}
  notification_channels = {{ mail = {{ type = "email", labels = {{ email_address = "a@example.com" }} }} }}
  budgets = {{
    monthly = {{
      billing_account = "012345-6789AB-CDEF01"
      display_name    = "Monthly"
      {more}
    }}
  }}"#
    )
}

fn a_budget_is_made_for_this_project(scene: Scene) {
    let world = scene.world(Seed::ct_scan_project());
    world.apply_stack(&budget(
        "amount = 99.5\nthresholds = [1.0, 0.5]\nforecast_thresholds = [1.2]\ntopic = \"billing\"\nchannels = [\"mail\"]",
    ));
    let found = budgets(&world);
    assert_eq!(found.len(), 1);
    let body = &found[0].body;
    assert_eq!(body["budgetFilter"]["projects"], json!([format!("projects/{}", world.seed.number)]));
    let amount = &body["amount"]["specifiedAmount"];
    assert_eq!((&amount["units"], &amount["nanos"]), (&json!("99"), &json!(500_000_000)));
    let rule = &body["notificationsRule"];
    assert_eq!(rule["pubsubTopic"], format!("projects/{}/topics/budget-messages", world.seed.project));
    assert_eq!(rule["schemaVersion"], "1.0");
    assert_eq!(rule["monitoringNotificationChannels"].as_array().unwrap().len(), 1);
    assert_eq!(body["thresholdRules"].as_array().unwrap().len(), 3);
    world.finish();
}

fn an_update_is_one_patch(scene: Scene) {
    let world = scene.world(Seed::ct_scan_project());
    world.apply_stack(&budget("amount = 100\nthresholds = [0.5, 1.0]\ntopic = \"billing\""));
    let mark = world.cloud.mark();
    // The same project and thresholds in other words, another amount, and no topic.
    let project = &world.seed.project;
    world.apply_stack(&budget(&format!("amount = 200\nthresholds = [1.0, 0.5]\nprojects = [\"{project}\"]")));
    let writes = world.writes(mark);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("PATCH "), "{writes:?}");
    let body = &budgets(&world)[0].body;
    assert_eq!(body["amount"]["specifiedAmount"]["units"], "200");
    assert!(body["notificationsRule"]["pubsubTopic"].is_null(), "{body}");
    world.finish();
}

fn a_creation_whose_answer_was_lost_makes_no_twin(scene: Scene) {
    let world = scene.world(Seed::ct_scan_project());
    world.cloud.fault(&Fault::on("POST", "/budgets$").host(BUDGETS).times(1).dropped_after());
    world.apply_stack(&budget("amount = 100"));
    assert_eq!(budgets(&world).len(), 1);
    world.finish();
}
