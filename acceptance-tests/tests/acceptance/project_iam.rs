//! Grants on the project that the stack makes itself (`project_iam`), and roles that are written by their KEYs.

use acceptance_tests::{Fault, Scene, World, on_every_terraform};
use serde_json::{Value, json};

use crate::project_policy::{email, grant, members, policy_writes, revoke};
use crate::wire::{PROJECTS, SECRETS};

on_every_terraform! {
    grants_are_made_changed_and_taken_back_and_those_of_others_stay,
    the_plan_names_what_it_takes_back,
    a_grant_that_somebody_takes_away_is_shown_and_made_again,
    the_policy_is_read_and_written_once_for_the_stack_and_its_accounts,
    members_and_roles_are_keys_and_references,
    a_grant_waits_for_what_it_names,
    what_cannot_be_granted_on_a_project_is_refused_by_the_plan,
    a_failed_write_leaves_the_grants_as_they_were,
    an_apply_that_was_killed_is_taken_up,
    two_stacks_may_grant_the_same,
    an_import_takes_grants_that_a_selector_names,
    a_custom_role_is_granted_by_its_key,
}

const TRAINERS: &str = "roles/aiplatform.user";
const READERS: &str = "roles/viewer";
const TEAM: &str = "group:ml@example.com";
const STRANGER: &str = "user:somebody@example.com";

/// What others have granted stays in the project's policy.
const FOREIGN: &[&str] = &["policy of //cloudresourcemanager.googleapis.com/"];

fn project_iam(grants: &Value) -> String {
    let line = |(role, members): (&String, &Value)| format!("\"{role}\" = {members}");
    let lines: Vec<String> = grants.as_object().unwrap().iter().map(line).collect();
    format!("project_iam = {{\n    {}\n  }}\n", lines.join("\n    "))
}

fn recorded(world: &World) -> Value {
    world.main.state().resource("mlops_stack.it").get("/project_iam").clone()
}

fn grants_are_made_changed_and_taken_back_and_those_of_others_stay(scene: Scene) {
    let world = scene.small_world();
    grant(&world, TRAINERS, STRANGER, None);
    let night = json!({"title": "night", "expression": "request.time.getHours() < 6"});
    grant(&world, READERS, STRANGER, Some(night));
    world.apply_stack(&project_iam(&json!({TRAINERS: [TEAM], READERS: [TEAM, "user:Jane@example.com"]})));
    assert_eq!(members(&world, TRAINERS), [TEAM, STRANGER]);
    assert_eq!(members(&world, READERS), [TEAM, "user:jane@example.com", STRANGER]);
    let inventory = world.main.state().resource("mlops_stack.it").get("/inventory").clone();
    let project = "//cloudresourcemanager.googleapis.com/projects/ml-test-project";
    assert!(inventory.as_array().unwrap().contains(&json!(format!("{project} {TRAINERS} {TEAM}"))), "{inventory}");
    world.expect_settled();
    world.expect_agreement();

    let mark = world.cloud.mark();
    world.apply_stack(&project_iam(&json!({READERS: [TEAM, "user:jane@example.com"]})));
    assert_eq!(policy_writes(&world, mark).into_values().collect::<Vec<_>>(), [[200]]);
    assert_eq!(members(&world, TRAINERS), [STRANGER]);
    assert_eq!(members(&world, READERS), [TEAM, "user:jane@example.com", STRANGER]);
    // Another spelling is no other member.
    let mark = world.cloud.mark();
    world.apply_stack(&project_iam(&json!({READERS: [TEAM, "user:JANE@example.com"]})));
    world.cloud.expect_no_writes_since(mark);
    world.finish_keeping(FOREIGN);
    assert_eq!(members(&world, READERS), [STRANGER]);
}

fn the_plan_names_what_it_takes_back(scene: Scene) {
    let world = scene.small_world();
    let kept = "service_accounts = { trainer = { roles = [\"roles/viewer\"] } }\n";
    let both = project_iam(&json!({TRAINERS: [TEAM], READERS: ["trainer"]}));
    world.apply_stack(&format!("{kept}{both}"));
    let plan = world.plan_stack(kept);
    let warning = plan.diagnostics.warning(&["1 grant on the project will be taken back", TRAINERS, TEAM]).text();
    // The account has it by itself.
    assert!(!warning.contains("trainer"), "{warning}");
    world.main.apply_plan().expect_success();
    assert_eq!((members(&world, TRAINERS).len(), members(&world, READERS)), (0, vec![email("trainer")]));
    world.apply_stack(&format!("{kept}{both}"));
    world.main.plan(&["-destroy"]).diagnostics.warning(&["2 grants on the project will be taken back", TRAINERS]);
    world.finish();
}

fn a_grant_that_somebody_takes_away_is_shown_and_made_again(scene: Scene) {
    let world = scene.small_world();
    let wanted = project_iam(&json!({TRAINERS: [TEAM, "user:jane@example.com"]}));
    world.apply_stack(&wanted);
    let fingerprint = |world: &World| world.main.state().resource("mlops_stack.it").str("/fingerprint").to_owned();
    let before = fingerprint(&world);
    revoke(&world, TRAINERS, TEAM);
    grant(&world, TRAINERS, STRANGER, None);
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/project_iam"), &json!({TRAINERS: ["user:jane@example.com"]}));
    assert_ne!(change.before("/fingerprint"), &json!(before));
    world.main.apply_plan().expect_success();
    assert_eq!(members(&world, TRAINERS), [TEAM, "user:jane@example.com", STRANGER]);
    assert_eq!(fingerprint(&world), before);
    world.finish_keeping(FOREIGN);
    assert_eq!(members(&world, TRAINERS), [STRANGER]);
}

fn the_policy_is_read_and_written_once_for_the_stack_and_its_accounts(scene: Scene) {
    let world = scene.small_world();
    let accounts = "service_accounts = { trainer = { roles = [\"roles/logging.logWriter\"] }, server = { roles = [\"roles/viewer\"] } }\n";
    let mark = world.cloud.mark();
    world.apply_stack(&format!("{accounts}{}", project_iam(&json!({TRAINERS: [TEAM], READERS: [TEAM]}))));
    let written: Vec<Vec<u16>> = policy_writes(&world, mark).into_values().collect();
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(written[0].iter().filter(|status| **status == 200).count(), 1, "{written:?}");
    let mark = world.cloud.mark();
    world.main.plan(&[]).expect_empty();
    let reads = world.cloud.requests_since(mark).into_iter();
    let reads = reads.filter(|call| call.host == PROJECTS && call.path.ends_with(":getIamPolicy"));
    assert_eq!(reads.count(), 1);
    world.finish();
}

fn members_and_roles_are_keys_and_references(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"service_accounts = { trainer = {} }
  custom_roles = { model_reader = { permissions = ["storage.objects.get"] } }
  workload_identity_pools = { github = { providers = { actions = {
    issuer_uri          = "https://token.actions.githubusercontent.com"
    attribute_mapping   = { "google.subject" = "assertion.sub", "attribute.repository" = "assertion.repository" }
    attribute_condition = "assertion.repository_owner == 'acme'"
  } } } }
  project_iam = {
    model_reader                         = ["trainer", "group:ml@example.com"]
    "{{custom_roles.model_reader.id}}"   = ["user:jane@example.com"]
    "roles/aiplatform.user"              = ["principalSet://iam.googleapis.com/{{workload_identity_pools.github.id}}/attribute.repository/acme/churn"]
  }"#,
    );
    let role = "projects/ml-test-project/roles/model_reader";
    assert_eq!(members(&world, role), [TEAM, email("trainer").as_str(), "user:jane@example.com"]);
    assert!(members(&world, TRAINERS)[0].ends_with("/workloadIdentityPools/github/attribute.repository/acme/churn"));
    // The state keeps the spelling of the configuration.
    assert_eq!(recorded(&world)["model_reader"], json!([TEAM, "trainer"]));
    world.finish_keeping(&["/roles/model_reader", "/workloadIdentityPools/github"]);
}

fn a_grant_waits_for_what_it_names(scene: Scene) {
    let world = scene.small_world();
    world.cloud.fault(&Fault::on("POST", "/roles$").host("iam.googleapis.com").status(503, "UNAVAILABLE").times(2));
    world.apply_stack(
        r#"custom_roles = { model_reader = { permissions = ["storage.objects.get"] } }
  project_iam  = { model_reader = ["group:ml@example.com"] }"#,
    );
    assert_eq!(members(&world, "projects/ml-test-project/roles/model_reader"), [TEAM]);
    world.finish_keeping(&["/roles/model_reader"]);
}

fn what_cannot_be_granted_on_a_project_is_refused_by_the_plan(scene: Scene) {
    let world = scene.small_world();
    let deleted = "deleted:user:jane@example.com?uid=1234";
    for (role, member, said) in [
        (TRAINERS, deleted, vec!["Invalid member of a grant", "project_iam", "was deleted"]),
        (TRAINERS, "allUsers", vec!["Invalid member of a grant", "project_iam", "everybody"]),
        (TRAINERS, "allAuthenticatedUsers", vec!["Invalid member of a grant", "everybody"]),
        (TRAINERS, "jane@example.com", vec!["Unknown member of a grant", "project_iam"]),
        (TRAINERS, "trainr", vec!["Unknown member of a grant", "Did you mean \"trainer\"?"]),
        ("roles/", TEAM, vec!["Invalid role", "\"roles/\" is not a role"]),
        ("readr", TEAM, vec!["Invalid role", "KEY of a custom role", "Did you mean \"reader\"?"]),
        ("{{custom_roles.writer.id}}", TEAM, vec!["Reference to an unknown component", "custom_roles are reader"]),
    ] {
        let stack = format!(
            "service_accounts = {{ trainer = {{}} }}\n  custom_roles = {{ reader = {{ permissions = [] }} }}\n  {}",
            project_iam(&json!({role: [member]}))
        );
        world.plan_stack(&stack).expect_refused().error(&said);
    }
    // As everywhere, where roles are granted.
    let accounts = "service_accounts = { trainer = { roles = [\"viewer\"] } }";
    world.plan_stack(accounts).expect_refused().error(&["Invalid role", "service_accounts[\"trainer\"]", "roles/"]);
}

fn a_failed_write_leaves_the_grants_as_they_were(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&project_iam(&json!({TRAINERS: [TEAM]})));
    let denied = Fault::on("POST", ":setIamPolicy$").host(PROJECTS).status(400, "INVALID_ARGUMENT").times(1);
    world.cloud.fault(&denied);
    world.stack(&format!("topics = {{ jobs = {{}} }}\n{}", project_iam(&json!({READERS: [TEAM]}))));
    world.failed_apply().error(&["Could not grant roles on the project", ":setIamPolicy: 400"]);
    assert_eq!(recorded(&world), json!({TRAINERS: [TEAM]}));
    world.main.apply(&[]).expect_success();
    assert_eq!((members(&world, TRAINERS).len(), members(&world, READERS)), (0, vec![TEAM.to_owned()]));
    world.cloud.fault(&denied);
    world.failed_destroy().error(&["Could not grant roles on the project"]);
    assert_eq!(recorded(&world), json!({READERS: [TEAM]}));
    world.main.apply(&[]).expect_success();
    world.finish();
}

fn an_apply_that_was_killed_is_taken_up(scene: Scene) {
    let world = scene.small_world();
    // The grant is made, and whoever made it dies of what comes next.
    world.cloud.fault(&Fault::on("POST", ":setIamPolicy$").host(PROJECTS).times(1).dropped_after());
    world.stack(&project_iam(&json!({TRAINERS: [TEAM]})));
    let running = world.main.start_apply();
    let is_write = |call: &acceptance_tests::Request| call.host == PROJECTS && call.path.ends_with(":setIamPolicy");
    world.cloud.wait_for("the write", |calls| calls.iter().any(is_write));
    running.kill();
    running.wait();
    world.main.apply(&[]).expect_success();
    assert_eq!(members(&world, TRAINERS), [TEAM]);
    world.finish();
    assert!(members(&world, TRAINERS).is_empty());
}

fn two_stacks_may_grant_the_same(scene: Scene) {
    let world = scene.small_world();
    let grants = project_iam(&json!({TRAINERS: [TEAM]}));
    world.apply_stack(&grants);
    let other = |grants: &str| {
        let header = world.header();
        format!(
            "{header}\nresource \"mlops_stack\" \"other\" {{\n  name = \"other\"\n  deletion_protection = false\n  {grants}\n}}\n"
        )
    };
    let work = world.directory("other", "");
    work.write("main.tf", &other(&grants));
    let mark = world.cloud.mark();
    work.apply(&[]).expect_success();
    world.cloud.expect_no_writes_since(mark);
    // The one that takes it back takes it from both; the other one says so, and makes it again.
    work.write("main.tf", &other(""));
    work.apply(&[]).expect_success();
    assert!(members(&world, TRAINERS).is_empty());
    assert!(!world.main.plan(&[]).is_empty());
    world.main.apply_plan().expect_success();
    assert_eq!(members(&world, TRAINERS), [TEAM]);
    work.destroy().expect_success();
    world.finish();
}

fn an_import_takes_grants_that_a_selector_names(scene: Scene) {
    let world = scene.small_world();
    grant(&world, READERS, STRANGER, None);
    let night = json!({"title": "night", "expression": "request.time.getHours() < 6"});
    grant(&world, TRAINERS, STRANGER, Some(night));
    world.apply_stack(&format!(
        "service_accounts = {{ trainer = {{ roles = [\"{READERS}\"] }} }}\n{}",
        project_iam(&json!({TRAINERS: [TEAM]}))
    ));
    let import = |name: &str, id: &str| {
        let block = format!("import {{\n  to = mlops_stack.it\n  id = \"ml-test-project/europe-west1/{id}\"\n}}\n");
        let work = world.directory(name, &block);
        let planned = work.generate_config("generated.tf");
        (work, planned)
    };
    let stack = world.main.state().resource("mlops_stack.it").str("/name").to_owned();
    let (work, planned) = import("without", &stack);
    let named = [READERS, STRANGER, TRAINERS, TEAM, "under a condition", "project_iam=ROLE"];
    let said = planned.diagnostics.warning(&["Grants on the project were not imported"]).text();
    named.iter().for_each(|part| assert!(said.contains(part), "{part}: {said}"));
    assert!(!said.contains(&email("trainer")), "{said}");
    work.apply(&[]).expect_success();
    assert_eq!(work.state().resource("mlops_stack.it").get("/project_iam"), &Value::Null);
    work.plan(&[]).expect_empty();

    let mark = world.cloud.mark();
    let (work, _) = import("with", &format!("{stack}?project_iam=roles/aiplatform.*"));
    work.apply(&[]).expect_success();
    let imported = work.state().resource("mlops_stack.it");
    assert_eq!(imported.get("/project_iam"), &json!({TRAINERS: [TEAM]}));
    assert_eq!(imported.get("/service_accounts/trainer/roles"), &json!([READERS]));
    work.plan(&[]).expect_empty();
    world.cloud.expect_no_writes_since(mark);
    let (_, planned) = import("nothing", &format!("{stack}?project_iam=roles/nobody.*"));
    planned.diagnostics.error(&["A selector matches nothing", "roles/nobody.*", TRAINERS]);
    world.finish_keeping(FOREIGN);
}

fn a_custom_role_is_granted_by_its_key(scene: Scene) {
    let world = scene.small_world();
    let stack = |role: &str| {
        format!(
            r#"custom_roles     = {{ reader = {{ name = "model_reader", permissions = ["storage.objects.get"] }} }}
  service_accounts = {{ api = {{ name = "churn-api", roles = ["{role}"] }} }}
  secrets          = {{ key = {{ name = "the-key", iam = {{ "{role}" = ["api"] }} }} }}"#
        )
    };
    world.apply_stack(&stack("reader"));
    let member = ["serviceAccount:churn-api@ml-test-project.iam.gserviceaccount.com"];
    let role = "projects/ml-test-project/roles/model_reader";
    let snapshot = world.cloud.snapshot();
    assert_eq!(snapshot.members(PROJECTS, "projects/ml-test-project", role), member);
    assert_eq!(snapshot.members(SECRETS, "projects/ml-test-project/secrets/the-key", role), member);
    world.expect_settled();
    // The other spellings are the same role.
    let mark = world.cloud.mark();
    world.apply_stack(&stack("{{custom_roles.reader.id}}"));
    world.apply_stack(&stack(role));
    world.cloud.expect_no_writes_since(mark);
    world.apply_stack(&stack("reader"));
    revoke(&world, role, member[0]);
    let change = world.main.plan(&[]).view().change("mlops_stack.it");
    assert_eq!(change.before("/service_accounts/api/roles"), &json!([]));
    world.main.apply_plan().expect_success();
    // An import writes what a person would.
    let block = "import {\n  to = mlops_stack.it\n  id = \"ml-test-project/europe-west1/it\"\n}\n";
    let work = world.directory("import", block);
    work.generate_config("generated.tf");
    assert!(!work.read("generated.tf").contains(role), "{}", work.read("generated.tf"));
    world.finish_keeping(&["/roles/model_reader"]);
}
