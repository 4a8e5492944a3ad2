//! The stack's own settings.

use acceptance_tests::{Scene, on_every_terraform};

on_every_terraform! {
    a_protected_stack_is_not_destroyed,
    the_fingerprint_changes_with_the_settings_only,
    the_fingerprint_follows_neither_spellings_nor_keys,
    the_inventory_lists_objects_and_grants,
    an_empty_stack_applies,
    a_stack_is_moved_and_forgotten_by_blocks,
}

fn a_protected_stack_is_not_destroyed(scene: Scene) {
    let world = scene.small_world();
    let stack = |more: &str| {
        format!(
            "resource \"mlops_stack\" \"it\" {{\n name = \"it\"\n{more}\n buckets = {{ a = {{ name = \"ml-test-a\" }} }}\n}}\n"
        )
    };
    world.config(&stack(""));
    world.main.apply(&[]).expect_success();
    let mark = world.cloud.mark();
    world.failed_destroy().error(&["deletion_protection"]);
    world.config("");
    world.failed_apply().error(&["deletion_protection"]);
    world.cloud.expect_no_writes_since(mark);
    world.config(&stack("deletion_protection = false"));
    world.main.apply(&[]).expect_success();
    world.finish();
}

fn the_fingerprint_changes_with_the_settings_only(scene: Scene) {
    let world = scene.small_world();
    let fingerprint = || world.main.state().resource("mlops_stack.it").str("/fingerprint").to_owned();
    world.apply_stack(r#"buckets = { a = { name = "ml-test-a" } }"#);
    let first = fingerprint();
    world.main.apply(&[]).expect_success();
    assert_eq!(fingerprint(), first);
    world.apply_stack(r#"buckets = { a = { name = "ml-test-a", versioning = true } }"#);
    let second = fingerprint();
    assert_ne!(second, first);
    world.apply_stack(r#"buckets = { a = { name = "ml-test-a", versioning = false } }"#);
    assert_eq!(fingerprint(), first);
    world.finish();
}

fn the_fingerprint_follows_neither_spellings_nor_keys(scene: Scene) {
    let world = scene.small_world();
    let fingerprint = |body: &str| {
        world.apply_stack(body);
        world.main.plan(&[]).expect_empty();
        world.main.state().resource("mlops_stack.it").str("/fingerprint").to_owned()
    };
    let stack = |retention: &str, location: &str, topic: &str, account: &str| {
        format!(
            r#"
  buckets = {{ a = {{ name = "ml-test-a", location = "{location}", soft_delete_retention = "{retention}", iam = {{ "roles/storage.objectViewer" = ["{account}"] }} }} }}
  service_accounts = {{ {account} = {{ name = "churn-reader" }} }}
  topics = {{ {topic} = {{ name = "jobs", message_retention = "1d" }} }}"#
        )
    };
    let first = fingerprint(&stack("10d", "EU", "jobs", "reader"));
    let mark = world.cloud.mark();
    assert_eq!(fingerprint(&stack("864000s", "eu", "work", "account")), first);
    world.cloud.expect_no_writes_since(mark);
    assert_ne!(fingerprint(&stack("11d", "eu", "work", "account")), first);
    world.finish();
}

fn the_inventory_lists_objects_and_grants(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack(
        r#"buckets = { a = { name = "ml-test-a", iam = { "roles/storage.objectViewer" = ["allAuthenticatedUsers"] } } }
        registries = { images = { name = "images" } }"#,
    );
    let stack = world.main.state().resource("mlops_stack.it");
    let inventory: Vec<&str> =
        stack.get("/inventory").as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
    assert_eq!(
        inventory,
        [
            "//artifactregistry.googleapis.com/projects/ml-test-project/locations/europe-west1/repositories/images",
            "//storage.googleapis.com/projects/_/buckets/ml-test-a",
            "//storage.googleapis.com/projects/_/buckets/ml-test-a roles/storage.objectViewer allAuthenticatedUsers",
        ]
    );
    assert_eq!(stack.str("/id"), "projects/ml-test-project/locations/europe-west1/stacks/it");
    assert_eq!(stack.str("/project_number"), world.seed.number);
    world.finish();
}

fn an_empty_stack_applies(scene: Scene) {
    let world = scene.small_world();
    world.apply_stack("");
    world.expect_settled();
    world.expect_clean_destroy(&[]);
}

fn a_stack_is_moved_and_forgotten_by_blocks(scene: Scene) {
    let world = scene.small_world();
    let bucket = r#"buckets = { a = { name = "ml-test-a" } }"#;
    world.apply_stack(bucket);
    let stack = world.main.read("main.tf").replace("\"it\" {", "\"renamed\" {");
    let mark = world.cloud.mark();
    world
        .main
        .write("main.tf", &format!("{stack}\nmoved {{\n  from = mlops_stack.it\n  to   = mlops_stack.renamed\n}}\n"));
    world.main.apply(&[]).expect_success();
    assert_eq!(world.main.state().resource("mlops_stack.renamed").str("/buckets/a/name"), "ml-test-a");

    world.config("removed {\n  from = mlops_stack.renamed\n  lifecycle { destroy = false }\n}\n");
    world.main.apply(&[]).expect_success();
    assert!(world.main.state().is_empty());
    world.cloud.expect_no_writes_since(mark);

    let id = format!("{}/europe-west1/it", world.seed.project);
    world.stack(bucket);
    assert_eq!(world.main.import("mlops_stack.it", &id).code, 0);
    world.main.apply(&[]).expect_success();
    world.finish();
}
