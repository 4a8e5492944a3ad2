//! Phases: their order, their criteria, what a failure leaves, stores, import, the second name.

use acceptance_tests::{Feature, Scene, World, on_every_terraform};
use serde_json::json;

use crate::wire::{STORAGE, bucket_path};

on_every_terraform! {
    a_phase_is_written_kept_changed_imported_and_destroyed,
    a_criterion_that_holds_lets_the_phase_complete,
    a_criterion_that_fails_keeps_the_status_and_stands_in_the_history,
    a_first_apply_that_fails_is_taken_up_by_the_next,
    a_phase_does_not_start_before_those_it_depends_on,
    a_phase_that_depends_on_one_of_another_configuration_asks_the_store,
    phases_that_wait_for_each_other_are_refused_at_plan_time,
    a_completed_phase_is_not_reopened_without_a_reason,
    a_stack_that_drifts_is_not_in_sync,
    a_saved_plan_checks_the_stack_too,
    a_new_phase_proves_a_stack_that_was_there_before,
    a_completed_phase_keeps_the_fingerprint_of_its_completion,
    a_change_by_somebody_else_is_drift_and_a_race_is_lost_with_an_explanation,
    the_second_name_takes_phases_over_and_gives_them_back,
    a_hand_written_checkpoint_is_imported_and_then_kept_in_a_store,
    real_hand_written_documents_are_imported_phase_by_phase,
    a_phase_lives_in_cloud_storage,
    a_document_of_a_newer_format_is_left_alone,
    an_abandoned_phase_stays_in_the_store,
    a_protected_phase_is_not_destroyed,
    a_protected_phase_is_not_replaced,
    a_completed_phase_proves_a_criterion_that_it_gets,
    an_old_reason_does_not_reopen_a_phase_again,
    a_phase_whose_bucket_is_gone_is_given_up,
    the_report_tells_the_store_and_reads_old_revisions,
    the_functions_answer,
}

/// The folder of the world's `file://` store.
fn store(world: &World) -> String {
    format!("file://{}", world.path().join("checkpoints").display())
}

/// A phase in the `file://` store.
fn phase(world: &World, name: &str, id: &str, body: &str) -> String {
    let store = store(world);
    format!(
        "resource \"mlops_phase_checkpoint\" \"{name}\" {{\n  store = \"{store}\"\n  phase = \"{id}\"\n  title = \"Phase {id}\"\n{body}\n}}\n"
    )
}

/// The stored document of a phase.
fn document(world: &World, id: &str) -> serde_json::Value {
    let path = world.path().join(format!("checkpoints/phases/{id}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn page(world: &World, name: &str) -> String {
    std::fs::read_to_string(world.path().join("checkpoints").join(name)).unwrap()
}

const ONE: &str = r#"
  project_name = "Churn"
  status       = "in_progress"
  owner        = "ada"
  steps        = [{ name = "First", done = true }, { name = "Second", tasks = [{ name = "Half", done = true }, { name = "Rest" }] }]
  issues       = [{ severity = "HIGH", title = "It leaks", status = "open" }]
  metrics      = { "Lines" = "248" }
  deliverables = []
  next_steps   = ["Go on"]"#;

fn a_phase_is_written_kept_changed_imported_and_destroyed(scene: Scene) {
    let writes = scene.has(Feature::ConfigurationFromProvider);
    let world = scene.small_world();
    world.config(&phase(&world, "it", "2", ONE));
    world.main.apply(&[]).expect_success();
    let made = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!(made.get("/progress"), &json!(75));
    assert_eq!((made.get("/revision"), document(&world, "2")["format"].clone()), (&json!(1), json!(1)));
    assert_eq!(made.get("/history/0/to"), &json!("in_progress"));
    assert!(page(&world, "PHASE_CHECKPOINT.md").contains("It leaks"), "{}", page(&world, "PHASE_CHECKPOINT.md"));
    world.main.plan(&[]).expect_empty();

    world.config(&phase(&world, "it", "2", &ONE.replace("\"open\"", "\"fixed\"")));
    let plan = world.main.plan(&[]).view();
    assert_eq!(plan.change("mlops_phase_checkpoint.it").actions, ["update"]);
    world.main.apply_plan().expect_success();
    let changed = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!((changed.get("/revision"), changed.get("/history/1")), (&json!(2), &json!(null)));
    world.main.plan(&[]).expect_empty();

    let id = changed.str("/id").to_owned();
    let copy = world.directory("copy", &format!("import {{\n  to = mlops_phase_checkpoint.it\n  id = \"{id}\"\n}}\n"));
    let generated = copy.generate_config("generated.tf");
    assert!(generated.succeeded(), "{}", generated.diagnostics);
    // Terraform itself writes out every attribute, those without a value too.
    assert_eq!(!copy.read("generated.tf").contains("= null"), writes, "{}", copy.read("generated.tf"));
    copy.apply_plan().expect_success();
    copy.plan(&[]).expect_empty();

    world.main.destroy().expect_success();
    let left: Vec<_> = std::fs::read_dir(world.path().join("checkpoints/phases")).into_iter().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

fn a_criterion_that_holds_lets_the_phase_complete(scene: Scene) {
    let world = scene.small_world();
    let stack = "resource \"mlops_stack\" \"it\" {\n  name = \"it\"\n  deletion_protection = false\n  buckets = { a = { name = \"ml-test-a\", versioning = true } }\n}\n";
    let checks = r#"
  status = "completed"
  criteria = {
    in_sync   = { stack_in_sync = { stack = mlops_stack.it.id, fingerprint = mlops_stack.it.fingerprint } }
    versioned = { bucket_versioned = { url = mlops_stack.it.buckets["a"].url } }
    vouched   = { manual = { approved_by = "ada" } }
  }"#;
    world.config(&format!("{stack}{}", phase(&world, "it", "1", checks)));
    world.main.apply(&[]).expect_success();
    let made = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!((made.get("/status"), made.get("/progress")), (&json!("completed"), &json!(100)));
    for name in ["in_sync", "versioned", "vouched"] {
        assert_eq!(made.get(&format!("/evidence/{name}/passed")), &json!(true), "{name}");
    }
    assert_eq!(made.get("/snapshot").as_object().unwrap().len(), 1);
    assert!(made.get("/completed_at").is_string() && made.get("/started_at").is_string());
    world.main.plan(&[]).expect_empty();
    world.main.destroy().expect_success();
}

fn a_criterion_that_fails_keeps_the_status_and_stands_in_the_history(scene: Scene) {
    let world = scene.small_world();
    let stack = "resource \"mlops_stack\" \"it\" {\n  name = \"it\"\n  deletion_protection = false\n  buckets = { a = { name = \"ml-test-a\" } }\n}\n";
    let checked = |status: &str| {
        let body = format!(
            "  status = \"{status}\"\n  criteria = {{ versioned = {{ bucket_versioned = {{ url = mlops_stack.it.buckets[\"a\"].url }} }} }}"
        );
        format!("{stack}{}", phase(&world, "it", "1", &body))
    };
    world.config(&checked("in_progress"));
    world.main.apply(&[]).expect_success();
    world.config(&checked("completed"));
    let failed = world.main.apply(&[]);
    failed.expect_failure().error(&["criterion \"versioned\" failed", "Observed: "]);
    let kept = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!((kept.get("/status"), kept.get("/evidence/versioned/passed")), (&json!("in_progress"), &json!(false)));
    assert_eq!((kept.get("/history/1/to"), kept.get("/history/1/outcome")), (&json!("completed"), &json!("refused")));
    let plan = world.main.plan(&[]).view();
    let change = plan.change("mlops_phase_checkpoint.it");
    assert_eq!((change.before("/status"), change.after("/status")), (&json!("in_progress"), &json!("completed")));

    world.config(&checked("completed").replace("name = \"ml-test-a\"", "name = \"ml-test-a\", versioning = true"));
    world.main.apply(&[]).expect_success();
    world.main.plan(&[]).expect_empty();
    world.main.destroy().expect_success();
}

fn a_first_apply_that_fails_is_taken_up_by_the_next(scene: Scene) {
    let world = scene.small_world();
    let body = |vouch: &str| {
        format!("  status = \"completed\"\n  criteria = {{ there = {{ object_exists = {{ url = \"{vouch}\" }} }} }}")
    };
    let file = world.path().join("proof.txt");
    let url = format!("file://{}", file.display());
    world.config(&phase(&world, "it", "1", &body(&url)));
    world.failed_apply().error(&["criterion \"there\" failed"]);
    assert!(world.main.state().is_empty(), "a tainted resource would be replaced");
    assert_eq!(document(&world, "1")["history"][0]["outcome"], "refused");
    std::fs::write(&file, "proof").unwrap();
    world.main.apply(&[]).expect_success();
    let made = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!((made.get("/revision"), made.get("/history/1/outcome")), (&json!(2), &json!("changed")));
    world.main.plan(&[]).expect_empty();
}

fn a_phase_does_not_start_before_those_it_depends_on(scene: Scene) {
    let world = scene.small_world();
    let both = |first: &str, second: &str| {
        let depends = format!("  status = \"{second}\"\n  depends_on_phases = [mlops_phase_checkpoint.first.phase]");
        format!(
            "{}{}",
            phase(&world, "first", "2", &format!("  status = \"{first}\"")),
            phase(&world, "second", "3", &depends)
        )
    };
    world.config(&both("in_progress", "ready"));
    world.main.plan(&[]).expect_refused().error(&["Phase 3 would be ready, but phase 2"]);
    world.config(&both("in_progress", "not_started"));
    world.main.apply(&[]).expect_success();
    world.config(&both("completed", "ready"));
    world.main.apply(&[]).expect_success();
    world.main.plan(&[]).expect_empty();
}

fn a_phase_that_depends_on_one_of_another_configuration_asks_the_store(scene: Scene) {
    let world = scene.small_world();
    let other = world.directory("other", &phase(&world, "first", "2", "  status = \"in_progress\""));
    other.apply(&[]).expect_success();
    world.config(&phase(&world, "second", "3", "  status = \"ready\"\n  depends_on_phases = [\"2\"]"));
    world.failed_apply().error(&["phase 2, which it depends on, is in progress"]);
    other.write("main.tf", &other.read("main.tf").replace("in_progress", "completed"));
    other.apply(&[]).expect_success();
    world.main.apply(&[]).expect_success();
    world.main.plan(&[]).expect_empty();
}

fn phases_that_wait_for_each_other_are_refused_at_plan_time(scene: Scene) {
    let world = scene.small_world();
    let phases = [("a", "1", "5-6"), ("b", "3.5", "1"), ("c", "5-6", "3.5")];
    let phases = phases.map(|(name, id, on)| phase(&world, name, id, &format!("  depends_on_phases = [\"{on}\"]")));
    world.config(&phases.concat());
    world.main.plan(&[]).expect_refused().error(&["wait for each other", "3.5", "5-6"]);
}

fn a_completed_phase_is_not_reopened_without_a_reason(scene: Scene) {
    let world = scene.small_world();
    world.config(&phase(&world, "it", "1", "  status = \"completed\""));
    world.main.apply(&[]).expect_success();
    world.config(&phase(&world, "it", "1", "  status = \"in_progress\""));
    world.main.plan(&[]).expect_refused().error(&["Reopening a completed phase", "reopen_reason"]);
    world.config(&phase(
        &world,
        "it",
        "1",
        "  status = \"in_progress\"\n  reopen_reason = \"one bucket was forgotten\"",
    ));
    world.main.apply(&[]).expect_success();
    let opened = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!(opened.get("/history/1/reason"), &json!("one bucket was forgotten"));
    assert_eq!(opened.get("/completed_at"), &json!(null));
    world.main.plan(&[]).expect_empty();
}

/// A stack, and a phase that is completed when the stack is as recorded.
fn synced(world: &World, versioning: bool, status: &str) -> String {
    let stack = format!(
        "resource \"mlops_stack\" \"it\" {{\n  name = \"it\"\n  deletion_protection = false\n  buckets = {{ a = {{ name = \"ml-test-a\", versioning = {versioning} }} }}\n}}\n"
    );
    let body = format!(
        "  status = \"{status}\"\n  criteria = {{ in_sync = {{ stack_in_sync = {{ stack = mlops_stack.it.id, fingerprint = mlops_stack.it.fingerprint }} }} }}"
    );
    format!("{stack}{}", phase(world, "it", "1", &body))
}

fn a_stack_that_drifts_is_not_in_sync(scene: Scene) {
    let world = scene.small_world();
    world.config(&synced(&world, true, "in_progress"));
    world.main.apply(&[]).expect_success();
    world.config(&synced(&world, true, "completed"));
    // The plan sees the stack as it should be; the drift comes between plan and apply.
    assert!(world.main.plan(&[]).succeeded());
    world.cloud.edit(STORAGE, &bucket_path("ml-test-a"), json!({"versioning": {"enabled": false}}));
    world.main.apply_plan().expect_failure().error(&["criterion \"in_sync\" failed", "versioning"]);
    assert_eq!(world.main.state().resource("mlops_phase_checkpoint.it").get("/status"), &json!("in_progress"));
}

fn a_saved_plan_checks_the_stack_too(scene: Scene) {
    let world = scene.small_world();
    world.config(&synced(&world, true, "in_progress"));
    world.main.apply(&[]).expect_success();
    world.config(&synced(&world, true, "completed"));
    assert!(world.main.plan(&[]).succeeded());
    world.main.apply_plan().expect_success();
    let made = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!(made.get("/evidence/in_sync/passed"), &json!(true));
    world.main.plan(&[]).expect_empty();
}

fn a_new_phase_proves_a_stack_that_was_there_before(scene: Scene) {
    let world = scene.small_world();
    // As `terraform init` leaves it.
    std::fs::create_dir_all(world.main.path.join(".terraform")).unwrap();
    let whole = synced(&world, true, "completed");
    world.config(whole.split("resource \"mlops_phase_checkpoint\"").next().unwrap());
    world.main.apply(&[]).expect_success();
    world.config(&whole);
    world.main.apply(&[]).expect_success();
    let made = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!(made.get("/evidence/in_sync/passed"), &json!(true));
    assert_eq!(std::fs::read_dir(world.main.path.join(".terraform/mlops")).unwrap().count(), 0);
    world.main.plan(&[]).expect_empty();
}

fn a_completed_phase_keeps_the_fingerprint_of_its_completion(scene: Scene) {
    let world = scene.small_world();
    world.config(&synced(&world, true, "completed"));
    world.main.apply(&[]).expect_success();
    world.config(&synced(&world, false, "completed"));
    world.main.apply(&[]).expect_success();
    let state = world.main.state();
    let kept = state.resource("mlops_phase_checkpoint.it");
    assert_eq!(kept.get("/revision"), &json!(1));
    let now = state.resource("mlops_stack.it").str("/fingerprint").to_owned();
    assert_ne!(kept.get("/snapshot").as_object().unwrap().values().next().unwrap(), &json!(now));
    world.main.plan(&[]).expect_empty();
}

fn a_change_by_somebody_else_is_drift_and_a_race_is_lost_with_an_explanation(scene: Scene) {
    let world = scene.small_world();
    world.config(&phase(&world, "it", "1", "  status = \"ready\""));
    world.main.apply(&[]).expect_success();
    let id = world.main.state().resource("mlops_phase_checkpoint.it").str("/id").to_owned();
    let other = world.directory("other", &phase(&world, "it", "1", "  status = \"in_progress\"\n  owner = \"bob\""));
    assert_eq!(other.import("mlops_phase_checkpoint.it", &id).code, 0);
    // Both plan, the other applies first.
    world.config(&phase(&world, "it", "1", "  status = \"blocked\""));
    assert!(world.main.plan(&[]).succeeded());
    other.apply(&[]).expect_success();
    let lost = world.main.apply_plan();
    lost.expect_failure().error(&["has changed since it was last read", "revision 2", "status"]);
    let view = world.main.plan(&[]).view();
    let drift = view.drift();
    assert!(
        drift
            .iter()
            .any(|change| change.address == "mlops_phase_checkpoint.it" && change.after("/status") == "in_progress")
    );
}

fn the_second_name_takes_phases_over_and_gives_them_back(scene: Scene) {
    let world = scene.small_world();
    let first = phase(&world, "it", "1", "  status = \"completed\"");
    let second = first.replace("\"mlops_phase_checkpoint\"", "\"phase_checkpoint\"").replacen(
        "{\n",
        "{\n  provider = mlops\n",
        1,
    );
    let moved = |from: &str, to: &str| format!("moved {{\n  from = {from}.it\n  to   = {to}.it\n}}\n");
    world.config(&first);
    world.main.apply(&[]).expect_success();
    world.config(&format!("{second}{}", moved("mlops_phase_checkpoint", "phase_checkpoint")));
    world.main.apply(&[]).expect_success();
    assert_eq!(world.main.state().resource("phase_checkpoint.it").get("/revision"), &json!(1));
    world.main.plan(&[]).expect_empty();
    world.config(&format!("{first}{}", moved("phase_checkpoint", "mlops_phase_checkpoint")));
    world.main.apply(&[]).expect_success();
    assert_eq!(world.main.state().resource("mlops_phase_checkpoint.it").get("/revision"), &json!(1));
    world.main.plan(&[]).expect_empty();
}

const WRITTEN: &str = "# Scanner - Phase Checkpoint\n\n**Project:** Scanner\n\n### Phase 1: Foundation (Week 1)\n\
                       **Completed:** 2026-02-02\n\n#### Deliverables\n- ✅ Nine modules\n\n### Phase 2: Import (Week 2)\n\
                       **Status:** NOT STARTED\n**Depends On:** Phase 1 completion\n- Import everything\n";

fn a_hand_written_checkpoint_is_imported_and_then_kept_in_a_store(scene: Scene) {
    let world = scene.small_world();
    let file = world.path().join("PHASE_CHECKPOINT.md");
    std::fs::write(&file, WRITTEN).unwrap();
    let address = format!("file://{}", file.display());
    world.config(&format!("import {{\n  to = mlops_phase_checkpoint.it\n  id = \"{address}#1\"\n}}\n"));
    let generated = world.main.generate_config("generated.tf");
    assert!(generated.succeeded(), "{}", generated.diagnostics);
    world.main.apply_plan().expect_success();
    world.config("");
    world.main.plan(&[]).expect_empty();

    let text = world.main.read("generated.tf");
    assert!(text.contains("Nine modules"), "{text}");
    world.main.write("generated.tf", &text.replace("Foundation", "The foundation"));
    world.main.plan(&[]).expect_refused().error(&["read-only", "PHASE_CHECKPOINT.md"]);

    world.main.write("generated.tf", &text.replace(&address, &store(&world)));
    world.main.apply(&[]).expect_success();
    assert_eq!(document(&world, "1")["status"], "completed");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), WRITTEN);
    world.main.plan(&[]).expect_empty();
}

/// Documents that people wrote, damaged as they are.
fn real_documents() -> Vec<(String, Vec<u8>)> {
    let folder = acceptance_tests::workspace().join("acceptance-tests/documents");
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let mut documents: Vec<_> = files
        .filter(|file| !file.ends_with("README.md"))
        .map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(&file).unwrap()))
        .collect();
    documents.sort();
    assert_eq!(documents.len(), 5);
    documents
}

fn real_hand_written_documents_are_imported_phase_by_phase(scene: Scene) {
    let world = scene.small_world();
    for (name, bytes) in real_documents() {
        let file = world.path().join(format!("{name}.md"));
        std::fs::write(&file, bytes).unwrap();
        let read = format!(
            "output \"phases\" {{ value = provider::mlops::parse_phase_checkpoint(file(\"{}\")).phases[*].phase }}\n",
            file.display()
        );
        let reader = world.directory(&format!("read-{name}"), &read);
        reader.apply(&[]).expect_success();
        let phases = reader.state().output("phases").unwrap().clone();
        let phases: Vec<&str> = phases.as_array().unwrap().iter().map(|phase| phase.as_str().unwrap()).collect();
        assert!(!phases.is_empty(), "{name}");

        let imports: String = phases
            .iter()
            .enumerate()
            .map(|(n, phase)| {
                let id = format!("file://{}#{phase}", file.display());
                format!("import {{\n  to = mlops_phase_checkpoint.p{n}\n  id = \"{id}\"\n}}\n")
            })
            .collect();
        let importer = world.directory(&format!("import-{name}"), &imports);
        let generated = importer.generate_config("generated.tf");
        assert!(generated.succeeded(), "{name}: {}", generated.diagnostics);
        importer.apply_plan().expect_success();
        importer.write("main.tf", &world.header());
        importer.plan(&[]).expect_empty();
    }
}

fn a_phase_lives_in_cloud_storage(scene: Scene) {
    let has_identity = scene.has(Feature::ImportByIdentity);
    let world = scene.small_world();
    let body = |more: &str| {
        format!(
            "resource \"mlops_stack\" \"it\" {{\n  name = \"it\"\n  deletion_protection = false\n  buckets = {{ a = {{ name = \"ml-test-a\", force_destroy = true }} }}\n}}\n\
             resource \"mlops_phase_checkpoint\" \"it\" {{\n  store = \"${{mlops_stack.it.buckets[\"a\"].url}}/rollout\"\n  phase = \"1\"\n  title = \"Foundation\"\n{more}\n}}\n"
        )
    };
    world.config(&body(""));
    world.main.apply(&[]).expect_success();
    world.main.plan(&[]).expect_empty();
    world.config(&body("  owner = \"ada\""));
    world.main.apply(&[]).expect_success();
    world.main.plan(&[]).expect_empty();
    let made = world.main.state().resource("mlops_phase_checkpoint.it");
    assert_eq!((made.get("/revision"), made.get("/id")), (&json!(2), &json!("gs://ml-test-a/rollout#1")));
    let copy = world.directory(
        "copy",
        "import {\n  to = mlops_phase_checkpoint.it\n  identity = { store = \"gs://ml-test-a/rollout\", phase = \"1\" }\n}\n\
             resource \"mlops_phase_checkpoint\" \"it\" {\n  store = \"gs://ml-test-a/rollout\"\n  phase = \"1\"\n  title = \"Foundation\"\n  owner = \"ada\"\n}\n",
    );
    if has_identity {
        copy.apply(&[]).expect_success();
        copy.plan(&[]).expect_empty();
    } else {
        copy.plan(&[]).expect_refused().error(&["identity"]);
    }
    world.main.destroy().expect_success();
}

fn a_document_of_a_newer_format_is_left_alone(scene: Scene) {
    let world = scene.small_world();
    world.config(&phase(&world, "it", "1", ""));
    world.main.apply(&[]).expect_success();
    let path = world.path().join("checkpoints/phases/1.json");
    let newer = r#"{"format": 2, "phase": "1", "of_the_future": true}"#;
    std::fs::write(&path, newer).unwrap();
    world.config(&phase(&world, "it", "1", "  owner = \"ada\""));
    world.failed_apply().error(&["format 2"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), newer);
}

fn an_abandoned_phase_stays_in_the_store(scene: Scene) {
    let world = scene.small_world();
    world.config(&phase(&world, "it", "1", "  deletion_policy = \"ABANDON\""));
    world.main.apply(&[]).expect_success();
    world.main.destroy().expect_success();
    assert_eq!(document(&world, "1")["revision"], 1);
    world.failed_apply().error(&["already exists", "terraform import"]);
}

fn a_protected_phase_is_not_destroyed(scene: Scene) {
    let world = scene.small_world();
    world.config(&phase(&world, "it", "1", "  deletion_policy = \"PREVENT\""));
    world.main.apply(&[]).expect_success();
    world.failed_destroy().error(&["protected from deletion", "deletion_policy"]);
}

fn a_protected_phase_is_not_replaced(scene: Scene) {
    let world = scene.small_world();
    world.config(&phase(&world, "it", "1", "  deletion_policy = \"PREVENT\""));
    world.main.apply(&[]).expect_success();
    let replaced = world.main.apply(&["-replace=mlops_phase_checkpoint.it"]);
    replaced.expect_failure().error(&["protected from deletion", "deletion_policy"]);
    assert_eq!(document(&world, "1")["revision"], 1);
}

fn a_completed_phase_proves_a_criterion_that_it_gets(scene: Scene) {
    let world = scene.small_world();
    let checked = |url: &str| {
        let body =
            format!("  status = \"completed\"\n  criteria = {{ there = {{ object_exists = {{ url = \"{url}\" }} }} }}");
        phase(&world, "it", "1", &body)
    };
    let main = format!("file://{}", world.main.path.join("main.tf").display());
    world.config(&checked(&main));
    world.main.apply(&[]).expect_success();
    world.config(&checked("gs://ml-test-none/object"));
    world.failed_apply().error(&["new criterion \"there\" does not hold", "ml-test-none"]);
    assert_eq!(document(&world, "1")["criteria"]["there"]["object_exists"]["url"], main);
    let terraform = format!("file://{}", world.main.path.join("terraform.tfstate").display());
    world.config(&checked(&terraform));
    world.main.apply(&[]).expect_success();
    let observed = world.main.state().resource("mlops_phase_checkpoint.it").str("/evidence/there/observed").to_owned();
    assert!(observed.contains("terraform.tfstate"), "{observed}");
    world.main.plan(&[]).expect_empty();
}

fn an_old_reason_does_not_reopen_a_phase_again(scene: Scene) {
    let world = scene.small_world();
    let apply = |status: &str, reason: &str| {
        world.config(&phase(&world, "it", "1", &format!("  status = \"{status}\"\n  reopen_reason = \"{reason}\"")));
        world.main.apply(&[])
    };
    apply("completed", "").expect_success();
    apply("in_progress", "a bug").expect_success();
    apply("completed", "a bug").expect_success();
    apply("in_progress", "a bug").expect_failure().error(&["Reopening a completed phase", "in other words"]);
    apply("in_progress", "another bug").expect_success();
}

fn a_phase_whose_bucket_is_gone_is_given_up(scene: Scene) {
    let world = scene.small_world();
    let bucket = "resource \"mlops_stack\" \"it\" {\n  name = \"it\"\n  deletion_protection = false\n  buckets = { a = { name = \"ml-test-a\", force_destroy = true } }\n}\n";
    let kept = "resource \"mlops_phase_checkpoint\" \"it\" {\n  store = \"gs://ml-test-a/rollout\"\n  phase = \"1\"\n  title = \"One\"\n}\n";
    world.config(bucket);
    world.main.apply(&[]).expect_success();
    world.config(&format!("{bucket}{kept}"));
    world.main.apply(&[]).expect_success();
    world.config(kept);
    // The bucket goes with the stack, and the phase is found gone by the next plan.
    world.main.apply(&[]).expect_success();
    let plan = world.main.plan(&[]);
    plan.diagnostics.warning(&["Checkpoint store no longer exists", "ml-test-a"]);
    assert_eq!(plan.view().change("mlops_phase_checkpoint.it").actions, ["create"]);
    world.config("");
    world.main.apply(&[]).expect_success();
}

fn the_report_tells_the_store_and_reads_old_revisions(scene: Scene) {
    let world = scene.small_world();
    let report = |more: &str| {
        format!(
            "data \"mlops_phase_report\" \"it\" {{\n  store = \"{}\"\n{more}\n}}\noutput \"report\" {{\n  value = data.mlops_phase_report.it\n}}\n",
            store(&world)
        )
    };
    let phases = |status: &str| {
        let waits = "  depends_on_phases = [mlops_phase_checkpoint.one.phase]";
        format!(
            "{}{}",
            phase(&world, "one", "1", &format!("  status = \"{status}\"")),
            phase(&world, "two", "2", waits)
        )
    };
    world.config(&report(""));
    world.main.apply(&[]).expect_success();
    assert_eq!(world.main.state().output("report").unwrap()["progress"], 0);
    world.config(&phases("in_progress"));
    world.main.apply(&[]).expect_success();
    world.config(&format!("{}{}", phases("in_progress"), report("")));
    world.main.apply(&[]).expect_success();
    let told = world.main.state().output("report").unwrap().clone();
    assert_eq!((&told["current_phase"], &told["phases"]["2"]["status"]), (&json!("1"), &json!("not_started")));
    assert!(told["blockers"][0]["reason"].as_str().unwrap().contains("waits for phase 1"), "{}", told["blockers"]);
    assert!(told["svg"].as_str().unwrap().starts_with("<svg"));

    world.config(&phases("completed"));
    world.main.apply(&[]).expect_success();
    world.config(&format!("{}{}", phases("completed"), report("  phase = \"1\"\n  revision = 1")));
    world.main.apply(&[]).expect_success();
    let told = world.main.state().output("report").unwrap().clone();
    assert_eq!((&told["progress"], &told["next_phases"]), (&json!(50), &json!(["2"])));
    assert_eq!(told["revisions"], json!([1, 2]));
    let then: serde_json::Value = serde_json::from_str(told["document"].as_str().unwrap()).unwrap();
    assert_eq!(then["status"], "in_progress");
}

fn the_functions_answer(scene: Scene) {
    let world = scene.small_world();
    std::fs::write(world.main.path.join("CHECKPOINT.md"), WRITTEN).unwrap();
    world.config(
        r#"
output "seconds" { value = provider::mlops::duration_seconds("90d") }
output "runbook" { value = provider::mlops::runbook("crash_loop") }
output "phases" { value = { for phase in provider::mlops::parse_phase_checkpoint(file("CHECKPOINT.md")).phases : phase.phase => phase.status } }
"#,
    );
    world.main.apply(&[]).expect_success();
    let state = world.main.state();
    assert_eq!(state.output("seconds"), Some(&json!(7_776_000)));
    assert_eq!(state.output("phases"), Some(&json!({"1": "completed", "2": "not_started"})));
    assert!(state.output("runbook").unwrap().as_str().unwrap().starts_with('#'));
}
