//! The whole CT-scan environment: imported, written by hand, labelled, and in its three forms.

use std::path::PathBuf;

use acceptance_tests::{Scene, Seed, Snapshot, Workdir, World, on_every_terraform, workspace};
use serde_json::{Value, json};

use crate::import::{ID, NAME, imported, inventory, without_import};

on_every_terraform! {
    a_label_of_the_stack_changes_the_nine_labelled_objects_and_nothing_else,
    an_empty_project_gets_the_whole_environment,
    a_hand_written_configuration_imports_under_its_own_keys_without_a_write,
    a_hand_written_configuration_with_other_keys_renames_them,
    staging_is_the_same_environment_in_another_project,
    development_is_the_same_environment_in_another_project,
    its_rollout_is_told_as_far_as_it_is,
    its_phases_are_kept_beside_its_state,
    its_alerts_follow_its_phases,
    it_is_walked_through_all_its_phases,
    an_empty_project_gets_its_phases_too,
    it_is_written_in_fewer_than_250_lines,
}

/// What a service shows of the last thing that was done to it.
const TRACES: [&str; 6] =
    ["/client", "/clientVersion", "/conditions", "/creator", "/lastModifier", "/terminalCondition"];

fn example() -> PathBuf {
    workspace().join("examples/environments/ct-scan")
}

/// Puts the example into a directory, with its phases in a folder of the world's: their own bucket would be written to.
pub(crate) fn load(world: &World, work: &Workdir) {
    work.copy(&example());
    let folder = world.path().join("checkpoints");
    work.write("store.auto.tfvars", &format!("store = \"file://{}\"\n", folder.display()));
}

/// What Terraform managed there before: an inventory line each.
pub(crate) fn managed() -> Vec<String> {
    let file = workspace().join("acceptance-tests/environments/ct-scan.managed.json");
    let facts: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut lines: Vec<String> = facts.iter().map(line).collect();
    lines.sort();
    lines
}

fn line(fact: &Value) -> String {
    let service = fact["service"].as_str().unwrap();
    let resource = fact["resource"].as_str().or_else(|| {
        // The path without the API's name and version.
        let path = fact["path"].as_str()?.trim_start_matches("/storage");
        path.trim_start_matches('/').split_once('/').map(|(_, name)| name)
    });
    let resource = resource.unwrap();
    let name = match resource.strip_prefix("b/") {
        Some(bucket) => format!("//{service}/projects/_/buckets/{bucket}"),
        None => format!("//{service}/{resource}"),
    };
    match (fact["role"].as_str(), fact["member"].as_str()) {
        (Some(role), Some(member)) => format!("{name} {role} {member}"),
        _ => name,
    }
}

/// The lines with a star for what the server chose.
fn anonymous(lines: &[String]) -> Vec<String> {
    let chosen = ["/indexes/", "/budgets/", "/notificationChannels/", "/alertPolicies/"];
    let mut lines: Vec<String> = lines
        .iter()
        .map(|line| match chosen.iter().find_map(|part| Some(line.find(part)? + part.len())) {
            Some(end) => format!("{}*", &line[..end]),
            None => line.clone(),
        })
        .collect();
    lines.sort();
    lines
}

fn a_label_of_the_stack_changes_the_nine_labelled_objects_and_nothing_else(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, ID);
    let generated = work.read("generated.tf");
    let labelled: String = generated
        .lines()
        .flat_map(|line| {
            let is_head = line.starts_with("resource \"mlops_stack\"");
            std::iter::once(line).chain(is_head.then_some("  labels = { validated = \"phase-3\" }"))
        })
        .map(|line| format!("{line}\n"))
        .filter(|line| !line.starts_with("  labels ") || line.contains("phase-3"))
        .collect();
    work.write("generated.tf", &labelled);
    let mark = world.cloud.mark();
    work.apply(&[]).expect_success();

    let seed = &world.before;
    let is_labelled = |body: &Value| body["labels"]["managed_by"] == "terraform";
    let expected: Vec<String> =
        seed.objects().iter().filter(|object| is_labelled(&object.body)).map(|object| object.path.clone()).collect();
    assert_eq!(expected.len(), 9);
    let now = world.cloud.snapshot();
    for path in &expected {
        let object = now.objects().into_iter().find(|object| object.path == *path).unwrap();
        assert_eq!(object.body["labels"]["validated"], "phase-3", "{path}");
    }
    assert_eq!(world.writes(mark).len(), 9, "{:#?}", world.writes(mark));
    assert!(world.writes(mark).iter().all(|call| call.starts_with("PATCH ")), "{:#?}", world.writes(mark));
    let other = lasting_differences(&now, seed);
    let other: Vec<&String> = other.iter().filter(|line| !line.contains("/labels/validated")).collect();
    assert!(other.is_empty(), "{other:#?}");
    work.plan(&[]).expect_empty();

    work.write("generated.tf", &generated);
    let mark = world.cloud.mark();
    work.apply(&[]).expect_success();
    assert_eq!(world.writes(mark).len(), 9);
    assert_eq!(lasting_differences(&world.cloud.snapshot(), seed), Vec::<String>::new());
    work.plan(&[]).expect_empty();
}

/// Differences without what tells who wrote last, and when.
fn lasting_differences(now: &Snapshot, before: &Snapshot) -> Vec<String> {
    let is_trace = |line: &String| TRACES.iter().any(|trace| line.contains(&format!(" {trace}")));
    now.differences_from(before).into_iter().filter(|line| !is_trace(line)).collect()
}

fn an_empty_project_gets_the_whole_environment(scene: Scene) {
    let world = scene.world(Seed::ct_scan_project());
    load(&world, &world.main);
    let unprotected = "-var=deletion_protection=false";
    world.main.apply(&[unprotected]).expect_success();
    assert_eq!(anonymous(&inventory(&world.main)), anonymous(&managed()));
    world.main.plan(&[unprotected, "-var-file=prod.tfvars"]).expect_empty();
    world.main.write("terraform.tfvars", "deletion_protection = false\n");
    // What bears the stack's stamp is found by it, and what has no labels comes along.
    let import = imported(&world, ID);
    assert_eq!(inventory(&import), inventory(&world.main));
    import.plan(&[]).expect_empty();
    // The database stays when the stack goes: that is its kind's deletion policy. Google keeps deleted pools for a while.
    world.finish_keeping(&["/databases/(default)", "/workloadIdentityPools/github-pool"]);
}

fn a_hand_written_configuration_imports_under_its_own_keys_without_a_write(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    load(&world, &world.main);
    world.main.write("import.tf", &format!("import {{\n  to = {NAME}\n  id = \"{ID}\"\n}}\n"));
    world.main.apply(&[]).expect_success();
    world.cloud.expect_no_writes();
    assert_eq!(inventory(&world.main), managed());
    assert_eq!(world.main.state().resource(NAME).get("/buckets/models/name"), "dtu-mlops-data-482907_cloudbuild");
    world.main.plan(&[]).expect_empty();
}

fn a_hand_written_configuration_with_other_keys_renames_them(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    let work = imported(&world, ID);
    let before = inventory(&work);
    without_import(&work);
    std::fs::remove_file(work.path.join("main.tf")).unwrap();
    load(&world, &work);
    work.apply(&[]).expect_success();
    world.cloud.expect_no_writes();
    assert_eq!(inventory(&work), before);
    assert_eq!(work.state().resource(NAME).get("/buckets/models/name"), "dtu-mlops-data-482907_cloudbuild");
    work.plan(&[]).expect_empty();
}

fn staging_is_the_same_environment_in_another_project(scene: Scene) {
    expect_form(scene, "staging", "dtu-mlops-staging-482907", "777769481437");
}

fn development_is_the_same_environment_in_another_project(scene: Scene) {
    expect_form(scene, "dev", "dtu-mlops-dev-482907", "777769481438");
}

/// Applies a form of the environment to an empty project of its own.
fn expect_form(scene: Scene, form: &str, project: &str, number: &str) {
    let seed = std::fs::read_to_string(&Seed::ct_scan_project().file).unwrap();
    let seed = seed.replace("dtu-mlops-data-482907", project).replace("777769481436", number);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("project.json");
    std::fs::write(&file, seed).unwrap();
    let world = scene.world(Seed::at(&file));
    load(&world, &world.main);
    let variables = format!("-var-file={form}.tfvars");
    world.main.apply(&[&variables]).expect_success();
    world.main.plan(&[&variables]).expect_empty();
    assert_eq!(inventory(&world.main).len(), 52);
    let model = world.cloud.snapshot().object("storage.googleapis.com", &models_path(&world.main)).unwrap();
    assert_eq!((&model.body["labels"]["environment"], &model.body["location"]), (&json!(form), &json!("EUROPE-WEST1")));
}

fn models_path(work: &Workdir) -> String {
    format!("/storage/v1/b/{}", work.state().resource(NAME).str("/buckets/models/name"))
}

fn its_rollout_is_told_as_far_as_it_is(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    load(&world, &world.main);
    world.main.write("import.tf", &format!("import {{\n  to = {NAME}\n  id = \"{ID}\"\n}}\n"));
    world.main.apply(&[]).expect_success();
    let state = world.main.state();
    let phase = |name: &str| state.resource(&format!("mlops_phase_checkpoint.{name}"));
    assert_eq!(phase("import").get("/evidence/no_changes/passed"), &json!(true));
    assert_eq!(phase("import").get("/evidence/versioned/passed"), &json!(true));
    assert_eq!(
        (phase("validation").get("/status"), phase("validation").get("/progress")),
        (&json!("ready"), &json!(0))
    );
    let page = |name: &str| std::fs::read_to_string(world.path().join("checkpoints").join(name)).unwrap();
    assert!(page("PHASE_CHECKPOINT.md").contains("28%, 2 of 7 phases completed"), "{}", page("PHASE_CHECKPOINT.md"));
    assert!(page("SESSION_RESUME.md").contains("## Phase 3: Validation"), "{}", page("SESSION_RESUME.md"));
}

fn its_phases_are_kept_beside_its_state(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    world.main.copy(&example());
    world.main.write("import.tf", &format!("import {{\n  to = {NAME}\n  id = \"{ID}\"\n}}\n"));
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    let uri = world.main.state().resource("mlops_phase_checkpoint.shadow_monitoring").str("/uri").to_owned();
    assert_eq!(uri, "gs://dtu-mlops-terraform-state-482907/checkpoints/phases/5-6.json");
    let writes = world.writes(mark);
    let others: Vec<&String> =
        writes.iter().filter(|call| !call.contains("/b/dtu-mlops-terraform-state-482907/o")).collect();
    assert!(others.is_empty() && !writes.is_empty(), "{others:#?}");
    world.main.plan(&[]).expect_empty();
}

/// Sets the statuses of phases. Criteria that need a service which answers, or another state, are taken away.
fn set_phases(world: &World, phases: &[(&str, &str, bool)]) {
    let block = |(name, status, proved): &(&str, &str, bool)| {
        let criteria = if *proved { "" } else { "\n  criteria = {}" };
        format!("resource \"mlops_phase_checkpoint\" \"{name}\" {{\n  status = \"{status}\"{criteria}\n}}\n")
    };
    world.main.write("phases_override.tf", &phases.iter().map(block).collect::<String>());
}

/// Severity, whether it is evaluated, and how many channels it notifies, of an alert policy.
fn alert(world: &World, title: &str) -> (Value, bool, usize) {
    let name = format!("CT Scan API - {title}");
    let policies = world.cloud.snapshot();
    let policies = policies.objects();
    let policy = &policies.iter().find(|object| object.body["displayName"] == json!(name)).unwrap().body;
    let channels = policy["notificationChannels"].as_array().map_or(0, Vec::len);
    (policy["severity"].clone(), policy["enabled"] != json!(false), channels)
}

fn its_alerts_follow_its_phases(scene: Scene) {
    const URGENT: &str = "Downtime (P0)";
    const OTHER: &str = "High Latency (P1)";
    let world = scene.world(Seed::ct_scan_project());
    load(&world, &world.main);
    let before = [("validation", "completed", false), ("delivery", "completed", false)];
    let with = |trial, after| [before[0], before[1], ("shadow_monitoring", trial, true), ("monitoring", after, true)];

    set_phases(&world, &with("in_progress", "not_started"));
    world.main.apply(&[]).expect_success();
    assert_eq!((alert(&world, URGENT), alert(&world, OTHER)), ((json!(null), true, 1), (json!(null), false, 1)));
    world.main.apply(&[]).expect_success();
    assert_eq!(
        (alert(&world, URGENT), alert(&world, OTHER)),
        ((json!("CRITICAL"), true, 1), (json!("ERROR"), true, 0))
    );
    world.main.plan(&[]).expect_empty();

    set_phases(&world, &with("completed", "not_started"));
    world.main.apply(&[]).expect_success();
    assert_eq!(alert(&world, OTHER), (json!("ERROR"), true, 0));
    set_phases(&world, &with("completed", "completed"));
    world.main.apply(&[]).expect_success();
    assert_eq!(alert(&world, OTHER), (json!("ERROR"), true, 1));
    world.main.plan(&[]).expect_empty();
}

/// The phases that are walked through after the import, in their order: resource, phase, and criteria that stand in for
/// those of the example that need a service which answers.
const WALK: [(&str, &str, &str); 5] = [
    (
        "validation",
        "3",
        r#"{
    as_before = { stack_in_sync = { stack = mlops_stack.ct_scan.id, fingerprint = mlops_stack.ct_scan.fingerprint } }
    healthy   = { http = { url = "HEALTH", attempts = 1 } }
  }"#,
    ),
    ("delivery", "4", r#"{ healthy = { http = { url = "HEALTH", attempts = 1 } } }"#),
    ("shadow_monitoring", "5-6", ""),
    ("monitoring", "7", ""),
    ("finalization", "8", ""),
];

/// Every phase before the `at`-th of the walk is completed, that one has the status, those after it are as the example
/// has them.
fn walk(world: &World, at: usize, status: &str, health: &str) {
    let block = |(n, (name, _, criteria)): (usize, &(&str, &str, &str))| {
        let status = if n < at { "completed" } else { status };
        let criteria = if criteria.is_empty() {
            String::new()
        } else {
            format!("  criteria = {}\n", criteria.replace("HEALTH", health))
        };
        format!("resource \"mlops_phase_checkpoint\" \"{name}\" {{\n  status = \"{status}\"\n{criteria}}}\n")
    };
    world.main.write("phases_override.tf", &WALK.iter().enumerate().take(at + 1).map(block).collect::<String>());
}

fn it_is_walked_through_all_its_phases(scene: Scene) {
    let world = scene.world(Seed::ct_scan());
    load(&world, &world.main);
    world.main.write("import.tf", &format!("import {{\n  to = {NAME}\n  id = \"{ID}\"\n}}\n"));
    world.main.apply(&[]).expect_success();
    world.main.write("import.tf", "");
    let status = |name: &str| {
        let state = world.main.state();
        state.resource(&format!("mlops_phase_checkpoint.{name}")).str("/status").to_owned()
    };
    let health = format!("{}/_localcloud/snapshot", world.cloud.url);
    let ill = format!("{}/nothing-here", world.cloud.url);

    // No phase starts before the one it depends on is completed.
    world.main.write(
        "phases_override.tf",
        "resource \"mlops_phase_checkpoint\" \"delivery\" {\n  status = \"in_progress\"\n}\n",
    );
    world.main.plan(&[]).expect_refused().error(&["phase 3"]);

    // A criterion that does not hold keeps phase 3 where it is, and the next plan wishes the same again.
    walk(&world, 0, "in_progress", &ill);
    world.main.apply(&[]).expect_success();
    walk(&world, 0, "completed", &ill);
    world.failed_apply().error(&["\"healthy\" failed", "HTTP 501"]);
    assert_eq!(status("validation"), "in_progress");
    let again = world.main.plan(&[]).view();
    assert_eq!(again.change("mlops_phase_checkpoint.validation").actions, ["update"]);

    for (n, (name, phase, _)) in WALK.iter().enumerate() {
        for step in ["in_progress", "completed"] {
            walk(&world, n, step, &health);
            world.main.apply(&[]).expect_success();
            assert_eq!(status(name), step, "phase {phase}");
            // The stack follows phase 5-6 one apply later: it was planned from what the store said before.
            if *phase == "5-6" {
                assert!(!world.main.plan(&[]).view().change(NAME).actions.contains(&"no-op".to_owned()), "{step}");
                world.main.apply(&[]).expect_success();
            }
            world.main.plan(&[]).expect_empty();
        }
    }
    let page = |name: &str| std::fs::read_to_string(world.path().join("checkpoints").join(name)).unwrap();
    assert!(page("PHASE_CHECKPOINT.md").contains("100%, 7 of 7 phases completed"), "{}", page("PHASE_CHECKPOINT.md"));
    assert_eq!(alert(&world, "High Latency (P1)"), (json!("ERROR"), true, 1));
}

/// The store's bucket is made by the apply that puts the first phase into it.
fn an_empty_project_gets_its_phases_too(scene: Scene) {
    let world = scene.world(Seed::ct_scan_project());
    world.main.copy(&example());
    world
        .main
        .apply(&[])
        .expect_success()
        .diagnostics
        .warning(&["does not exist yet", "dtu-mlops-terraform-state-482907"]);
    world.main.plan(&[]).expect_empty();
}

fn it_is_written_in_fewer_than_250_lines(scene: Scene) {
    let text = std::fs::read_to_string(example().join("main.tf")).unwrap();
    assert!(text.lines().count() < 250, "{}: main.tf has {} lines", scene.name, text.lines().count());
    assert_eq!(text.matches("\nresource ").count(), 1);
}
