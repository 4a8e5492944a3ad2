//! Custom roles.

use acceptance_tests::{Fault, Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{IAM, PROJECTS, SECRETS, custom_role, custom_role_path};

on_every_terraform! {
    a_role_is_made_as_declared,
    an_update_carries_what_changed,
    the_name_of_a_role_cannot_be_changed,
    a_key_with_a_dash_needs_a_name,
    a_changed_role_is_shown_and_healed,
    a_role_deleted_by_others_is_brought_back,
    a_deleted_role_is_brought_back_as_it_is_wanted,
    a_name_that_is_still_reserved_is_an_error,
    a_lost_reply_makes_no_second_role,
    a_role_that_leaves_the_configuration_is_deleted_alone,
    an_alpha_role_without_permissions_is_one,
    a_role_is_granted_in_the_apply_that_makes_it,
}

/// Deleted ones are kept for seven days.
const KEPT: &[&str] = &["/roles/model_reader"];

fn with(settings: &str) -> String {
    format!(
        r#"custom_roles = {{
    reader = {{
      name        = "model_reader"
      permissions = ["storage.objects.list", "storage.objects.get"]
      {settings}
    }}
  }}"#
    )
}

fn a_role_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("title = \"Model reader\"\n description = \"Reads models\"\n stage = \"BETA\""));
    let made = custom_role(&world, "model_reader");
    assert_eq!((&made["title"], &made["description"]), (&json!("Model reader"), &json!("Reads models")));
    assert_eq!(made["includedPermissions"], json!(["storage.objects.get", "storage.objects.list"]));
    assert_eq!(made["stage"], "BETA");
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.str("/custom_roles/reader/id"), "projects/ml-test-project/roles/model_reader");
    let line = json!("//iam.googleapis.com/projects/ml-test-project/roles/model_reader");
    assert!(stack.get("/inventory").as_array().unwrap().contains(&line), "{}", stack.get("/inventory"));
    world.finish_keeping(KEPT);
}

fn an_update_carries_what_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("title = \"One\""));
    let mark = world.cloud.mark();
    world.apply_stack(&with("title = \"Two\""));
    assert_eq!(world.writes(mark), [format!("PATCH {IAM}{}", custom_role_path("model_reader"))]);
    let queries: Vec<String> = world.cloud.writes_since(mark).into_iter().map(|request| request.query).collect();
    assert_eq!(queries, ["updateMask=title"]);
    world.finish_keeping(KEPT);
}

fn the_name_of_a_role_cannot_be_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    let renamed = with("").replace("model_reader", "models_reader");
    world
        .plan_stack(&renamed)
        .expect_refused()
        .error(&["The name of a custom role cannot be changed", "custom_roles[\"reader\"]"]);
    let replaced = with("allow_replacement = true").replace("model_reader", "models_reader");
    world.plan_stack(&replaced).diagnostics.warning(&["replaced", "custom_roles[\"reader\"]"]);
    world.main.apply_plan().expect_success();
    assert_eq!(custom_role(&world, "model_reader")["deleted"], true);
    assert_eq!(custom_role(&world, "models_reader").get("deleted"), None);
    world.finish_keeping(&["/roles/model_reader", "/roles/models_reader"]);
}

fn a_key_with_a_dash_needs_a_name(scene: Scene) {
    let world = scene.small_world();
    let role = |name: &str| {
        format!("custom_roles = {{ model-reader = {{ {name} permissions = [\"storage.objects.get\"] }} }}")
    };
    world.plan_stack(&role("")).expect_refused().error(&["Invalid name of a custom role", "model-reader", "no '-'"]);
    world.apply_stack(&role("name = \"model_reader\","));
    world.finish_keeping(KEPT);
}

fn a_changed_role_is_shown_and_healed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    let path = custom_role_path("model_reader");
    world.cloud.edit(IAM, &path, json!({"includedPermissions": ["storage.objects.delete", "storage.objects.get"]}));
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    let before = json!(["storage.objects.delete", "storage.objects.get"]);
    assert_eq!(change.before("/custom_roles/reader/permissions"), &before);
    world.main.apply_plan().expect_success();
    let wanted = json!(["storage.objects.get", "storage.objects.list"]);
    assert_eq!(custom_role(&world, "model_reader")["includedPermissions"], wanted);
    world.finish_keeping(KEPT);
}

fn a_role_deleted_by_others_is_brought_back(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    let path = custom_role_path("model_reader");
    let (status, answer) = world.cloud.call("DELETE", IAM, &path, None);
    assert_eq!(status, 200, "{answer}");
    assert!(!world.main.plan(&[]).is_empty());
    world.main.apply_plan().expect_success();
    assert_eq!(custom_role(&world, "model_reader").get("deleted"), None);
    world.finish_keeping(KEPT);
}

fn a_deleted_role_is_brought_back_as_it_is_wanted(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("title = \"Before\""));
    world.main.destroy().expect_success();
    let path = custom_role_path("model_reader");
    assert_eq!(custom_role(&world, "model_reader")["deleted"], true);
    let mark = world.cloud.mark();
    world.apply_stack(&with("title = \"After\""));
    let writes = [
        format!("POST {IAM}/v1/projects/ml-test-project/roles"),
        format!("POST {IAM}{path}:undelete"),
        format!("PATCH {IAM}{path}"),
    ];
    assert_eq!(world.writes(mark), writes);
    let role = custom_role(&world, "model_reader");
    assert_eq!((&role["title"], role.get("deleted")), (&json!("After"), None));
    world.finish_keeping(KEPT);
}

fn a_name_that_is_still_reserved_is_an_error(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with(""));
    world.main.destroy().expect_success();
    // After seven days nothing but the name is left.
    let path = custom_role_path("model_reader");
    world.cloud.delete(IAM, &path);
    world.stack(&with(""));
    world.failed_apply().error(&["custom_roles[\"reader\"]", "marked for deletion", "another name"]);
    world.apply_stack(&with("").replace("model_reader", "models_reader"));
    world.finish_keeping(&["/roles/model_reader", "/roles/models_reader"]);
}

fn a_lost_reply_makes_no_second_role(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/roles$").host(IAM).times(1).dropped_after());
    world.apply_stack(&with(""));
    assert_eq!(world.cloud.snapshot().objects_like(IAM, "/roles/").len(), 1);
    world.cloud.fault(&Fault::on("DELETE", "/roles/model_reader$").host(IAM).times(1).dropped_after());
    world.apply_stack("labels = { purpose = \"empty\" }");
    assert_eq!(custom_role(&world, "model_reader")["deleted"], true);
    world.finish_keeping(KEPT);
}

fn a_role_that_leaves_the_configuration_is_deleted_alone(scene: Scene) {
    let world = scene.small_world();
    let two = |more: &str| format!("custom_roles = {{ first = {{ permissions = [\"storage.objects.get\"] }} {more} }}");
    world.apply_stack(&two(", second = { permissions = [\"storage.objects.list\"] }"));
    let mark = world.cloud.mark();
    world.plan_stack(&two("")).diagnostics.warning(&["1 object will be deleted", "custom_roles[\"second\"]"]);
    world.main.apply_plan().expect_success();
    assert_eq!(world.writes(mark), [format!("DELETE {IAM}{}", custom_role_path("second"))]);
    world.finish_keeping(&["/roles/first", "/roles/second"]);
}

fn an_alpha_role_without_permissions_is_one(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack("custom_roles = { empty = { permissions = [], stage = \"ALPHA\" } }");
    let role = custom_role(&world, "empty");
    assert_eq!((role.get("includedPermissions"), role.get("stage")), (None, None));
    world.finish_keeping(&["/roles/empty"]);
}

fn a_role_is_granted_in_the_apply_that_makes_it(scene: Scene) {
    let world = scene.small_world();
    // The role comes late: what else there is would be done by then.
    world.cloud.fault(&Fault::on("POST", "/roles$").host(IAM).status(503, "UNAVAILABLE").times(2));
    let role = "projects/ml-test-project/roles/model_reader";
    world.apply_stack(&format!(
        r#"{}
  service_accounts = {{ api = {{ name = "churn-api", roles = ["{role}"] }} }}
  secrets          = {{ key = {{ name = "the-key", iam = {{ "{role}" = ["api"] }} }} }}"#,
        with("")
    ));
    let member = ["serviceAccount:churn-api@ml-test-project.iam.gserviceaccount.com"];
    let snapshot = world.cloud.snapshot();
    assert_eq!(snapshot.members(PROJECTS, "projects/ml-test-project", role), member);
    assert_eq!(snapshot.members(SECRETS, "projects/ml-test-project/secrets/the-key", role), member);
    world.finish_keeping(KEPT);
}
