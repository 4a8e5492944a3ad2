//! APIs that are off.

use acceptance_tests::{Scene, Seed, on_every_terraform};

on_every_terraform! {
    apis_that_are_needed_are_switched_on,
    with_enable_apis_off_a_missing_api_is_an_error_that_names_it,
}

const BUCKET: &str = r#"buckets = { a = { name = "bare-project-a" } }
  registries = { images = { name = "images" } }"#;

fn apis_that_are_needed_are_switched_on(scene: Scene) {
    let world = scene.world(Seed::bare());
    world.apply_stack(&format!("apis = [\"aiplatform.googleapis.com\"]\n{BUCKET}"));
    let on = world.cloud.snapshot().enabled_services();
    for host in ["storage.googleapis.com", "artifactregistry.googleapis.com", "aiplatform.googleapis.com"] {
        assert!(on.iter().any(|one| one == host), "{host} is not among {on:?}");
    }
    world.finish();
}

fn with_enable_apis_off_a_missing_api_is_an_error_that_names_it(scene: Scene) {
    let world = scene.world(Seed::bare());
    let header = world.header().replace("region  =", "enable_apis = false\n  region  =");
    world.main.write(
        "main.tf",
        &format!("{header}\nresource \"mlops_stack\" \"it\" {{\n name = \"it\"\n registries = {{ images = {{}} }}\n}}"),
    );
    world.failed_apply().error(&["artifactregistry.googleapis.com", "enable_apis"]);
    assert_eq!(world.cloud.snapshot().differences_from(&world.before), Vec::<String>::new());
    assert_eq!(world.cloud.snapshot().enabled_services(), world.before.enabled_services());
}
