//! Service accounts.

use acceptance_tests::{Scene, on_every_terraform};

use crate::wire::{IAM, PROJECTS, account, account_path};

on_every_terraform! {
    an_account_is_made_as_declared,
    the_switch_is_a_call_of_its_own,
    roles_of_a_deleted_account_leave_nothing,
}

fn an_account_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"
  service_accounts = {
    api = {
      name         = "churn-api"
      display_name = "Churn API"
      description  = "Serves predictions"
      roles        = ["roles/datastore.user", "roles/logging.logWriter"]
    }
    off = { name = "retired", disabled = true }
  }
  buckets = {
    models = { name = "ml-test-models", iam = { "roles/storage.objectViewer" = ["api"] } }
  }"#,
    );
    let made = account(&world, "churn-api");
    assert_eq!((&made["displayName"], &made["description"]), (&"Churn API".into(), &"Serves predictions".into()));
    assert_eq!(account(&world, "retired")["disabled"], true);
    let member = "serviceAccount:churn-api@ml-test-project.iam.gserviceaccount.com";
    let snapshot = world.cloud.snapshot();
    for role in ["roles/datastore.user", "roles/logging.logWriter"] {
        let members = snapshot.members(PROJECTS, "projects/ml-test-project", role);
        assert!(members.contains(&member.to_owned()), "{role}: {members:?}");
    }
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(format!("serviceAccount:{}", stack.str("/service_accounts/api/email")), member);
    assert_eq!(stack.get("/service_accounts/api/unique_id"), &made["uniqueId"]);
    world.finish();
}

fn the_switch_is_a_call_of_its_own(scene: Scene) {
    let world = scene.small_world();
    let with = |settings: &str| format!(r#"service_accounts = {{ api = {{ name = "churn-api", {settings} }} }}"#);
    world.apply_stack(&with(r#"description = "one""#));
    let mark = world.cloud.mark();
    world.apply_stack(&with(r#"description = "two", disabled = true"#));
    let path = format!("{IAM}{}", account_path("churn-api"));
    assert_eq!(world.writes(mark), [format!("PATCH {path}"), format!("POST {path}:disable")]);
    let mark = world.cloud.mark();
    world.apply_stack(&with(r#"description = "two""#));
    assert_eq!(world.writes(mark), [format!("POST {path}:enable")]);
    world.finish();
}

fn roles_of_a_deleted_account_leave_nothing(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(r#"service_accounts = { api = { name = "churn-api", roles = ["roles/datastore.user"] } }"#);
    world.apply_stack(r#"labels = { purpose = "empty" }"#);
    let members = world.cloud.snapshot().members(PROJECTS, "projects/ml-test-project", "roles/datastore.user");
    assert!(members.iter().all(|member| !member.contains("churn-api")), "{members:?}");
    world.expect_clean_destroy(&[]);
}
