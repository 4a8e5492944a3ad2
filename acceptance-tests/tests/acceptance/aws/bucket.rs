//! Buckets of S3: each setting is read and written by itself.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};

on_every_terraform! {
    a_bucket_is_made_and_changed_setting_by_setting,
    drift_of_a_bucket_is_seen_and_healed,
    a_bucket_that_was_made_by_hand_is_imported_without_a_write,
}

const STACK: &str = r#"
  tags    = { Team = "data" }
  buckets = {
    state = {
      name               = "churn-terraform-state"
      versioning         = true
      bucket_key_enabled = true
      lifecycle_rules    = { DeleteOldVersions = { noncurrent_version_expiration_in_days = 90 } }
      tls_only           = true
    }
    uploads = {
      name       = "churn-uploads"
      cors_rules = [{ allowed_origins = ["https://app.example.com"], allowed_methods = ["GET", "PUT"], allowed_headers = ["*"], max_age = 3000 }]
    }
  }
"#;

/// The writes since a mark, as methods with paths.
fn writes(world: &AwsWorld, change: impl FnOnce()) -> Vec<String> {
    let mark = world.mark();
    change();
    world.writes_since(mark)
}

fn a_bucket_is_made_and_changed_setting_by_setting(scene: Scene) {
    let world = scene.aws_world();
    let made = writes(&world, || world.apply_stack(STACK));
    let expected = [
        "PUT /churn-terraform-state",
        "PUT /churn-terraform-state?encryption",
        "PUT /churn-terraform-state?lifecycle",
        "PUT /churn-terraform-state?policy",
        "PUT /churn-terraform-state?publicAccessBlock",
        // A mark says that it is unfinished, until the last call.
        "PUT /churn-terraform-state?tagging",
        "PUT /churn-terraform-state?tagging",
        "PUT /churn-terraform-state?versioning",
        "PUT /churn-uploads",
        "PUT /churn-uploads?cors",
        "PUT /churn-uploads?publicAccessBlock",
        "PUT /churn-uploads?tagging",
        "PUT /churn-uploads?tagging",
    ];
    assert_eq!(made, expected);
    world.expect_settled();

    for (old, new, call) in [
        ("versioning         = true", "versioning = false", "PUT /churn-terraform-state?versioning"),
        ("in_days = 90", "in_days = 30", "PUT /churn-terraform-state?lifecycle"),
        ("tls_only           = true", "", "DELETE /churn-terraform-state?policy"),
        ("max_age = 3000", "max_age = 60", "PUT /churn-uploads?cors"),
        ("\"churn-uploads\"", "\"churn-uploads\"\n tags = { Tier = \"1\" }", "PUT /churn-uploads?tagging"),
        (
            "\"churn-uploads\"",
            "\"churn-uploads\"\n public_access_block = { block_public_policy = false }",
            "PUT /churn-uploads?publicAccessBlock",
        ),
    ] {
        assert_eq!(writes(&world, || world.apply_stack(&STACK.replace(old, new))), [call]);
        assert_eq!(writes(&world, || world.apply_stack(STACK)).len(), 1, "and back");
    }
    let without = STACK.lines().filter(|line| !line.contains("lifecycle_rules")).collect::<Vec<_>>().join("\n");
    assert_eq!(writes(&world, || world.apply_stack(&without)), ["DELETE /churn-terraform-state?lifecycle"]);
    world.finish();
}

fn drift_of_a_bucket_is_seen_and_healed(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(STACK);
    world.s3("DELETE", "/churn-terraform-state?publicAccessBlock", "");
    let suspended = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    world.s3("PUT", "/churn-terraform-state?versioning", suspended);
    world.s3("DELETE", "/churn-uploads", "");
    let healed = writes(&world, || drop(world.main.apply(&[]).expect_success()));
    let expected = [
        "PUT /churn-terraform-state?publicAccessBlock",
        "PUT /churn-terraform-state?versioning",
        "PUT /churn-uploads",
        "PUT /churn-uploads?cors",
        "PUT /churn-uploads?publicAccessBlock",
        "PUT /churn-uploads?tagging",
        "PUT /churn-uploads?tagging",
    ];
    assert_eq!(healed, expected);
    world.finish();
}

fn a_bucket_that_was_made_by_hand_is_imported_without_a_write(scene: Scene) {
    let world = scene.aws_world();
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    world.s3("PUT", "/prod-churn-data", place);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*",
        "Resource":["arn:aws:s3:::prod-churn-data","arn:aws:s3:::prod-churn-data/*"],
        "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;
    world.s3("PUT", "/prod-churn-data?policy", policy);
    let lifecycle = "<LifecycleConfiguration><Rule><ID>expire</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>\
                     <Expiration><Days>365</Days></Expiration></Rule></LifecycleConfiguration>";
    world.s3("PUT", "/prod-churn-data?lifecycle", lifecycle);
    let imported = world.expect_importable("123456789012/eu-west-1/churn?buckets=prod-churn-data");
    // How wide it is set differs between versions of Terraform.
    let generated = imported.read("generated.tf").split_whitespace().collect::<Vec<_>>().join(" ");
    for line in ["tls_only", "expiration_in_days = 365", "block_public_policy"] {
        assert!(generated.contains(line), "{line} is missing:\n{generated}");
    }
}
