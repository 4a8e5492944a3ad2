//! Registries.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::registry;

on_every_terraform! {
    a_registry_is_made_as_declared,
    an_update_is_one_patch,
    a_new_format_is_refused_with_both_values,
}

fn a_registry_is_made_as_declared(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"
  registries = {
    images = {
      name           = "images"
      description    = "Images of the tests"
      immutable_tags = true
      labels         = { purpose = "images" }
      cleanup_policies = {
        drop-old = { action = "DELETE", older_than = "90d", tag_state = "UNTAGGED" }
        keep-ten = { action = "KEEP", keep_count = 10, package_name_prefixes = ["api", "web"] }
      }
      cleanup_policy_dry_run = true
    }
    packages = { format = "PYTHON", name = "packages" }
  }"#,
    );
    let images = registry(&world, "images");
    assert_eq!((&images["format"], &images["mode"]), (&json!("DOCKER"), &json!("STANDARD_REPOSITORY")));
    assert_eq!(images["dockerConfig"], json!({"immutableTags": true}));
    assert_eq!(images["cleanupPolicyDryRun"], true);
    let policies = &images["cleanupPolicies"];
    assert_eq!(policies["drop-old"]["condition"], json!({"olderThan": "7776000s", "tagState": "UNTAGGED"}));
    assert_eq!(policies["keep-ten"]["mostRecentVersions"]["keepCount"], 10);
    assert_eq!(policies["keep-ten"]["mostRecentVersions"]["packageNamePrefixes"], json!(["api", "web"]));
    assert_eq!(registry(&world, "packages")["format"], "PYTHON");
    let url = format!("europe-west1-docker.pkg.dev/{}/images", world.seed.project);
    assert_eq!(world.main.state().resource("mlops_stack.it").str("/registries/images/url"), url);
    world.finish();
}

fn an_update_is_one_patch(scene: Scene) {
    let world = scene.small_world();
    let with = |policies: &str| {
        format!(r#"registries = {{ images = {{ name = "images", cleanup_policies = {{ {policies} }} }} }}"#)
    };
    world.apply_stack(&with(
        r#"old = { action = "DELETE", older_than = "90d" }, ten = { action = "KEEP", keep_count = 10 }"#,
    ));
    let mark = world.cloud.mark();
    // The same age in another spelling, and one policy less.
    world.apply_stack(&with(r#"old = { action = "DELETE", older_than = "2160h" }"#));
    let writes = world.writes(mark);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("PATCH "), "{writes:?}");
    let policies = registry(&world, "images")["cleanupPolicies"].clone();
    assert_eq!(policies.as_object().unwrap().keys().collect::<Vec<_>>(), ["old"]);
    world.finish();
}

fn a_new_format_is_refused_with_both_values(scene: Scene) {
    let world = scene.small_world();
    let docker = r#"registries = { images = { name = "images" } }"#;
    world.apply_stack(docker);
    let mark = world.cloud.mark();
    let planned = world.plan_stack(r#"registries = { images = { name = "images", format = "PYTHON" } }"#);
    planned.expect_refused().error(&["DOCKER", "PYTHON", "allow_replacement"]);
    world.cloud.expect_no_writes_since(mark);
    world.plan_stack(docker).expect_empty();
    world.expect_clean_destroy(&[]);
}
