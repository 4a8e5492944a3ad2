//! The provider itself: configuration, and what works without a cloud.

use acceptance_tests::{Scene, on_every_terraform};

on_every_terraform! {
    the_schema_is_served,
    an_unknown_provider_value_does_not_fail_the_plan,
    a_missing_project_is_said_so,
}

fn the_schema_is_served(scene: Scene) {
    let world = scene.small_world();
    world.config("");
    let schema = world.main.schema();
    // Under an address that differs between Terraform and OpenTofu.
    let provider = schema["provider_schemas"].as_object().unwrap().values().next().unwrap();
    let attributes = &provider["resource_schemas"]["mlops_stack"]["block"]["attributes"];
    for kind in ["buckets", "registries", "services", "notification_channels", "alert_policies"] {
        assert!(attributes.get(kind).is_some(), "{kind} is missing");
    }
    assert!(provider["provider"]["block"]["attributes"].get("project").is_some());
    assert_eq!(world.cloud.requests(), []);
}

fn an_unknown_provider_value_does_not_fail_the_plan(scene: Scene) {
    let world = scene.small_world();
    let project = &world.seed.project;
    world.main.write(
        "main.tf",
        &format!(
            r#"terraform {{
  required_providers {{
    mlops = {{ source = "mlops-rs/mlops" }}
  }}
}}
resource "terraform_data" "project" {{ input = "{project}" }}
provider "mlops" {{
  project = terraform_data.project.output
  region  = "europe-west1"
}}
resource "mlops_stack" "it" {{
  name                = "it"
  deletion_protection = false
  buckets             = {{ a = {{ name = "ml-test-a" }} }}
}}
"#
        ),
    );
    let planned = world.main.plan(&[]);
    assert!(planned.succeeded(), "{}", planned.diagnostics);
    world.main.apply_plan().expect_success();
    world.main.plan(&[]).expect_empty();
    world.expect_clean_destroy(&[]);
}

fn a_missing_project_is_said_so(scene: Scene) {
    let world = scene.small_world();
    let header = world.header();
    let without: String = header.lines().filter(|line| !line.contains("project =")).collect::<Vec<_>>().join("\n");
    world.main.write(
        "main.tf",
        &format!("{without}\nresource \"mlops_stack\" \"it\" {{\n name = \"it\"\n buckets = {{ models = {{}} }}\n}}\n"),
    );
    world.main.plan(&[]).expect_refused().error(&["project", "GOOGLE_PROJECT"]);
}
