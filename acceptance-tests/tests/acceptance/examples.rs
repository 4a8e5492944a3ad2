//! The examples: environments are applied, the rest is validated. The CT-scan environment and the Plant Gateway have tests of
//! their own.

use acceptance_tests::{Scene, Seed, World, on_every_terraform, workspace};

on_every_terraform! {
    the_model_server_applies,
    the_examples_of_the_reference_plan_together,
}

fn load(world: &World, folder: &str) {
    world.main.copy(&workspace().join("examples").join(folder));
}

fn the_model_server_applies(scene: Scene) {
    let text = std::fs::read_to_string(&Seed::small().file).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("project.json");
    std::fs::write(&file, text.replace(&Seed::small().project, "my-project")).unwrap();
    let world = scene.world(Seed::at(&file));
    load(&world, "environments/model-server");
    world.main.apply(&[]).expect_success();
    world.main.write("terraform.tfvars", "model = \"2026-03-02\"\n");
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    let writes = world.writes(mark);
    assert!(
        matches!(writes.as_slice(), [one] if one.starts_with("PATCH ") && one.contains("/services/churn-api")),
        "{writes:?}"
    );
    world.expect_settled();
    world.expect_agreement();
    world.expect_importable();
}

fn the_examples_of_the_reference_plan_together(scene: Scene) {
    let world = scene.small_world();
    let examples = workspace().join("examples");
    let parts = [
        ("provider.tf", "provider/provider.tf"),
        ("stack.tf", "resources/mlops_stack/resource.tf"),
        ("phases.tf", "resources/mlops_phase_checkpoint/resource.tf"),
        ("report.tf", "data-sources/mlops_phase_report/data-source.tf"),
        ("duration.tf", "functions/duration_seconds/function.tf"),
        ("parse.tf", "functions/parse_phase_checkpoint/function.tf"),
        ("runbook.tf", "functions/runbook/function.tf"),
    ];
    for (name, path) in parts {
        world.main.write(name, &std::fs::read_to_string(examples.join(path)).unwrap());
    }
    std::fs::write(world.main.path.join("PHASE_CHECKPOINT.md"), "# Phase 1: Foundation\n").unwrap();
    world.main.write(
        "example.auto.tfvars",
        "wandb_api_key = \"a-made-up-key\"\ndatabase_password = \"a-made-up-password\"\n",
    );
    world.main.validate().expect_none();
    let plan = world.main.plan(&[]);
    assert!(plan.succeeded(), "{}", plan.diagnostics);
    let created: Vec<String> = plan.view().changes().into_iter().map(|change| change.address).collect();
    assert!(created.contains(&"mlops_stack.prod".to_owned()) && created.len() >= 3, "{created:?}");
}
