//! Grants: only added, one write per policy.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::STORAGE;

on_every_terraform! {
    members_of_others_are_left_alone,
    one_policy_is_written_once,
    a_grant_taken_away_elsewhere_is_drift,
    a_wrong_member_is_refused,
}

const RUNNER: &str = "serviceAccount:runner@ml-test-project.iam.gserviceaccount.com";
const DEPLOYER: &str = "serviceAccount:deployer@ml-test-project.iam.gserviceaccount.com";
const VIEWER: &str = "roles/storage.objectViewer";

fn granted(viewers: &[&str], admins: &[&str]) -> String {
    let list = |members: &[&str]| serde_json::to_string(members).unwrap();
    format!(
        r#"buckets = {{ a = {{ name = "ml-test-a", iam = {{ "{VIEWER}" = {}, "roles/storage.objectAdmin" = {} }} }} }}"#,
        list(viewers),
        list(admins)
    )
}

fn members_of_others_are_left_alone(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&granted(&[RUNNER], &[DEPLOYER]));
    let (_, mut policy) = world.cloud.call("GET", STORAGE, "/storage/v1/b/ml-test-a/iam", None);
    for binding in policy["bindings"].as_array_mut().unwrap() {
        if binding["role"] == VIEWER {
            binding["members"].as_array_mut().unwrap().push(json!("user:somebody@example.com"));
        }
    }
    let (status, answer) = world.cloud.call("PUT", STORAGE, "/storage/v1/b/ml-test-a/iam", Some(&policy));
    assert_eq!(status, 200, "{answer}");
    world.expect_settled();
    world.apply_stack(&granted(&[DEPLOYER], &[DEPLOYER]));
    let members = world.cloud.snapshot().members(STORAGE, "b/ml-test-a", VIEWER);
    assert_eq!(members, [DEPLOYER, "user:somebody@example.com"]);
    world.expect_clean_destroy(&[]);
}

fn one_policy_is_written_once(scene: Scene) {
    let world = scene.small_world();
    let mark = world.cloud.mark();
    world.apply_stack(&granted(&[RUNNER, DEPLOYER], &[RUNNER]));
    let writes: Vec<_> = world.writes(mark).into_iter().filter(|line| line.ends_with("/iam")).collect();
    assert_eq!(writes, ["PUT storage.googleapis.com/storage/v1/b/ml-test-a/iam"]);
    let reads = world.cloud.requests_since(mark);
    let reads = reads.iter().filter(|call| call.method == "GET" && call.path.ends_with("/iam")).count();
    assert_eq!(reads, 1);
    world.finish();
}

fn a_grant_taken_away_elsewhere_is_drift(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&granted(&[RUNNER], &[DEPLOYER]));
    let (_, mut policy) = world.cloud.call("GET", STORAGE, "/storage/v1/b/ml-test-a/iam", None);
    policy["bindings"].as_array_mut().unwrap().retain(|binding| binding["role"] != VIEWER);
    world.cloud.call("PUT", STORAGE, "/storage/v1/b/ml-test-a/iam", Some(&policy));
    assert!(!world.main.plan(&[]).is_empty());
    world.main.apply_plan().expect_success();
    assert_eq!(world.cloud.snapshot().members(STORAGE, "b/ml-test-a", VIEWER), [RUNNER]);
    world.finish();
}

fn a_wrong_member_is_refused(scene: Scene) {
    let world = scene.small_world();
    world.plan_stack(&granted(&["runner"], &[])).expect_refused().error(&["runner", "service account"]);
    world.plan_stack(&granted(&["robot:x@example.com"], &[])).expect_refused().error(&["robot:"]);
}
