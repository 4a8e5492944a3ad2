//! The whole CT-scan environment: imported, written by hand, labelled, and in its three forms.

use std::path::PathBuf;

use acceptance_tests::{Scene, Seed, Snapshot, Workdir, on_every_terraform, workspace};
use serde_json::{Value, json};

use crate::import::{ID, NAME, imported, inventory, without_import};

on_every_terraform! {
    a_label_of_the_stack_changes_the_nine_labelled_objects_and_nothing_else,
    an_empty_project_gets_the_whole_environment,
    a_hand_written_configuration_imports_under_its_own_keys_without_a_write,
    a_hand_written_configuration_with_other_keys_renames_them,
    staging_is_the_same_environment_in_another_project,
    development_is_the_same_environment_in_another_project,
    it_is_written_in_fewer_than_250_lines,
}

/// What a service shows of the last thing that was done to it.
const TRACES: [&str; 6] =
    ["/client", "/clientVersion", "/conditions", "/creator", "/lastModifier", "/terminalCondition"];

fn example() -> PathBuf {
    workspace().join("examples/environments/ct-scan")
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
    world.main.copy(&example());
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
    world.main.copy(&example());
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
    work.copy(&example());
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
    world.main.copy(&example());
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

fn it_is_written_in_fewer_than_250_lines(scene: Scene) {
    let text = std::fs::read_to_string(example().join("main.tf")).unwrap();
    assert!(text.lines().count() < 250, "{}: main.tf has {} lines", scene.name, text.lines().count());
    assert_eq!(text.matches("\nresource ").count(), 1);
}
