//! What is deleted and made again: names that are kept for a while, and names that are free at once.

use acceptance_tests::{Scene, World, on_every_terraform};
use serde_json::{Value, json};

on_every_terraform! {
    a_deleted_pool_is_brought_back_with_its_provider,
    a_pool_deleted_by_others_is_brought_back,
    a_secrets_name_is_free_at_once,
    an_abandoned_database_is_taken_over_again_and_announced,
    a_deleted_database_is_made_anew_under_its_name,
    a_protected_database_is_not_deleted,
}

const IAM: &str = "iam.googleapis.com";
const FIRESTORE: &str = "firestore.googleapis.com";
const SECRETS: &str = "secretmanager.googleapis.com";
const POOL: &str = "/v1/projects/ml-test-project/locations/global/workloadIdentityPools/github-pool";
const DATABASE: &str = "/v1/projects/ml-test-project/databases/predictions";

fn pool(description: &str, repository: &str) -> String {
    format!(
        r#"workload_identity_pools = {{
    github = {{
      name        = "github-pool"
      description = "{description}"
      providers = {{
        actions = {{
          name                = "github-actions"
          issuer_uri          = "https://token.actions.githubusercontent.com"
          attribute_mapping   = {{ "google.subject" = "assertion.sub", "attribute.repository" = "assertion.repository" }}
          attribute_condition = "assertion.repository == '{repository}'"
        }}
      }}
    }}
  }}"#
    )
}

#[track_caller]
fn body(world: &World, service: &str, path: &str) -> Value {
    match world.cloud.snapshot().object(service, path) {
        Some(object) => object.body,
        None => panic!("there is nothing at //{service}{path}"),
    }
}

fn a_deleted_pool_is_brought_back_with_its_provider(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&pool("before", "team/old"));
    world.main.destroy().expect_success();
    assert_eq!(body(&world, IAM, POOL)["state"], "DELETED");
    let mark = world.cloud.mark();
    world.apply_stack(&pool("after", "team/new"));
    let writes = world.writes(mark);
    assert!(writes.contains(&format!("POST {IAM}{POOL}:undelete")), "{writes:#?}");
    let (pool, provider) = (body(&world, IAM, POOL), body(&world, IAM, &format!("{POOL}/providers/github-actions")));
    assert_eq!((&pool["state"], &pool["description"]), (&json!("ACTIVE"), &json!("after")));
    assert_eq!(provider["state"], "ACTIVE");
    assert_eq!(provider["attributeCondition"], "assertion.repository == 'team/new'");
    world.finish_keeping(&["/workloadIdentityPools/github-pool"]);
    assert_eq!(body(&world, IAM, POOL)["state"], "DELETED");
}

fn a_pool_deleted_by_others_is_brought_back(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&pool("same", "team/repo"));
    let (status, answer) = world.cloud.call("DELETE", IAM, POOL, None);
    assert_eq!(status, 200, "{answer}");
    assert!(!world.main.plan(&[]).is_empty());
    world.main.apply_plan().expect_success();
    assert_eq!(body(&world, IAM, POOL)["state"], "ACTIVE");
    world.finish_keeping(&["/workloadIdentityPools/github-pool"]);
}

fn a_secrets_name_is_free_at_once(scene: Scene) {
    let world = scene.small_world();
    let secret = |version: u32| {
        format!(
            "secrets = {{ key = {{ name = \"api-key\", value_wo = \"v{version}\", value_wo_version = {version} }} }}"
        )
    };
    world.apply_stack(&secret(1));
    world.apply_stack(&secret(2));
    world.main.destroy().expect_success();
    assert_eq!(world.cloud.snapshot().objects_like(SECRETS, "/secrets/"), []);
    world.apply_stack(&secret(3));
    // It is another secret, whose versions begin anew.
    assert_eq!(world.main.state().resource("mlops_stack.it").get("/secrets/key/latest_version"), "1");
    world.expect_settled();
    world.expect_clean_destroy(&[]);
}

fn database(more: &str) -> String {
    format!(
        r#"firestore_databases = {{
    main = {{
      name     = "predictions"
      location = "europe-west1"
      {more}
      indexes = {{ by_day = {{ collection = "scans", fields = [{{ path = "day", order = "ASCENDING" }}, {{ path = "score", order = "DESCENDING" }}] }} }}
    }}
  }}"#
    )
}

fn an_abandoned_database_is_taken_over_again_and_announced(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&database("deletion_policy = \"ABANDON\""));
    let uid = body(&world, FIRESTORE, DATABASE)["uid"].clone();
    let mark = world.cloud.mark();
    world.main.destroy().expect_success();
    let writes = world.writes(mark);
    assert!(!writes.iter().any(|line| line.contains(FIRESTORE)), "{writes:#?}");
    assert_eq!(body(&world, FIRESTORE, DATABASE)["uid"], uid);
    // It is exactly what would be created, and not taken over in silence.
    world.main.plan(&[]).diagnostics.warning(&["1 object will be taken over", "predictions"]);
    let mark = world.cloud.mark();
    world.main.apply_plan().expect_success();
    // Its creation is refused, because it is there.
    world.cloud.expect_no_effects_since(mark);
    assert_eq!(body(&world, FIRESTORE, DATABASE)["uid"], uid);
    world.main.run(&["state", "rm", "mlops_stack.it"]);
    let id = format!("{}/europe-west1/it?firestore_databases=predictions", world.seed.project);
    let output = world.main.import("mlops_stack.it", &id);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    let mark = world.cloud.mark();
    world.main.apply(&[]).expect_success();
    world.cloud.expect_no_writes_since(mark);
    world.main.plan(&[]).expect_empty();
}

fn a_deleted_database_is_made_anew_under_its_name(scene: Scene) {
    let world = scene.small_world();
    let mine = database("deletion_policy = \"DELETE\"");
    world.apply_stack(&mine);
    let first = body(&world, FIRESTORE, DATABASE)["uid"].clone();
    world.main.destroy().expect_success();
    assert_eq!(world.cloud.snapshot().object(FIRESTORE, DATABASE), None);
    world.apply_stack(&mine);
    let second = body(&world, FIRESTORE, DATABASE)["uid"].clone();
    assert_ne!(first, second);
    assert_eq!(world.main.state().resource("mlops_stack.it").get("/firestore_databases/main/uid"), &second);
    assert_eq!(world.cloud.snapshot().objects_like(FIRESTORE, "/predictions/collectionGroups/scans/indexes/").len(), 1);
    world.finish_keeping(&["//firestore.googleapis.com/"]);
}

fn a_protected_database_is_not_deleted(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(&database("deletion_policy = \"DELETE\"\n delete_protection = true"));
    world.failed_destroy().error(&["firestore_databases[\"main\"]", "Delete protection"]);
    assert_eq!(body(&world, FIRESTORE, DATABASE)["deleteProtectionState"], "DELETE_PROTECTION_ENABLED");
    world.apply_stack(&database("deletion_policy = \"DELETE\"\n delete_protection = false"));
    world.expect_clean_destroy(&["//firestore.googleapis.com/"]);
}
