//! Workload identity pools.

use acceptance_tests::{Scene, on_every_terraform};
use serde_json::json;

use crate::wire::{IAM, pool, pool_path};

on_every_terraform! {
    a_pool_is_made_with_its_providers,
    an_update_touches_what_changed,
    a_new_key_of_a_provider_changes_nothing,
}

/// Deleted ones are kept for thirty days.
const KEPT: &[&str] = &["/workloadIdentityPools/github-pool"];

fn with(key: &str, condition: &str, description: &str) -> String {
    format!(
        r#"workload_identity_pools = {{
    github = {{
      name        = "github-pool"
      description = "{description}"
      providers = {{
        {key} = {{
          name                = "github-actions"
          issuer_uri          = "https://token.actions.githubusercontent.com"
          allowed_audiences   = ["https://b.example.com", "https://a.example.com"]
          attribute_mapping   = {{ "google.subject" = "assertion.sub", "attribute.repository" = "assertion.repository" }}
          attribute_condition = "assertion.repository == '{condition}'"
        }}
      }}
    }}
  }}"#
    )
}

fn a_pool_is_made_with_its_providers(scene: Scene) {
    let world = scene.small_world();
    let principals =
        "principalSet://iam.googleapis.com/{{workload_identity_pools.github.id}}/attribute.repository/team/repo";
    world.apply_stack(&format!(
        r#"{}
  service_accounts = {{
    deploy = {{ name = "github-deploy", iam = {{ "roles/iam.workloadIdentityUser" = ["{principals}"] }} }}
  }}"#,
        with("actions", "team/repo", "Logins")
    ));
    let number = "projects/240911350207/locations/global/workloadIdentityPools/github-pool";
    let made = pool(&world, "github-pool/providers/github-actions");
    assert_eq!(made["oidc"]["issuerUri"], "https://token.actions.githubusercontent.com");
    assert_eq!(made["attributeMapping"]["attribute.repository"], "assertion.repository");
    let stack = world.main.state().resource("mlops_stack.it");
    assert_eq!(stack.str("/workload_identity_pools/github/id"), number);
    let provider = format!("{number}/providers/github-actions");
    assert_eq!(stack.str("/workload_identity_pools/github/providers/actions/id"), provider);
    let account = "projects/ml-test-project/serviceAccounts/github-deploy@ml-test-project.iam.gserviceaccount.com";
    let members = world.cloud.snapshot().members(IAM, account, "roles/iam.workloadIdentityUser");
    assert_eq!(members, [format!("principalSet://iam.googleapis.com/{number}/attribute.repository/team/repo")]);
    let line = json!(
        "//iam.googleapis.com/projects/ml-test-project/locations/global/workloadIdentityPools/github-pool/providers/github-actions"
    );
    assert!(stack.get("/inventory").as_array().unwrap().contains(&line), "{}", stack.get("/inventory"));
    world.finish_keeping(KEPT);
}

fn an_update_touches_what_changed(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("actions", "team/old", "Logins"));
    let path = format!("{IAM}{}", pool_path("github-pool"));
    let mark = world.cloud.mark();
    world.apply_stack(&with("actions", "team/new", "Logins"));
    assert_eq!(world.writes(mark), [format!("PATCH {path}/providers/github-actions")]);
    let mark = world.cloud.mark();
    world.apply_stack(&with("actions", "team/new", "Keyless logins"));
    assert_eq!(world.writes(mark), [format!("PATCH {path}")]);
    world.finish_keeping(KEPT);
}

fn a_new_key_of_a_provider_changes_nothing(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&with("actions", "team/repo", "Logins"));
    let mark = world.cloud.mark();
    world.apply_stack(&with("github", "team/repo", "Logins"));
    world.cloud.expect_no_writes_since(mark);
    world.finish_keeping(KEPT);
}
