//! Phases in buckets: the whole way through Terraform, once for S3 and once for Cloud Storage.

use acceptance_tests::{S3, Scene, Workdir, World, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    a_phase_in_s3_is_made_checked_changed_imported_and_destroyed,
    a_phase_in_cloud_storage_is_made_changed_imported_and_destroyed,
    who_has_no_credentials_for_s3_is_told_where_they_come_from,
}

const IT: &str = "mlops_phase_checkpoint.it";

fn phase(store: &str, body: &str) -> String {
    format!(
        "resource \"mlops_phase_checkpoint\" \"it\" {{\n  store = \"{store}\"\n  phase = \"3\"\n  title = \"Serve\"\n{body}\n}}\n"
    )
}

fn with_keys(directory: &Workdir) -> Workdir {
    directory.with_env("AWS_ACCESS_KEY_ID", "AKIATEST").with_env("AWS_SECRET_ACCESS_KEY", "secret")
}

/// Made, changed, imported and destroyed.
fn life(world: &World, main: &Workdir, store: &str, criteria: &str) {
    world.config(&phase(store, &format!("  status = \"in_progress\"\n{criteria}")));
    main.apply(&[]).expect_success();
    main.plan(&[]).expect_empty();

    world.config(&phase(store, &format!("  status = \"completed\"\n{criteria}")));
    main.apply(&[]).expect_success();
    main.plan(&[]).expect_empty();
    let done = main.state().resource(IT);
    assert_eq!((done.get("/revision"), done.get("/status")), (&json!(2), &json!("completed")));
    assert_eq!(done.str("/id"), format!("{store}#3"));

    let import = format!("import {{\n  to = {IT}\n  id = \"{}\"\n}}\n", done.str("/id"));
    let copy = with_keys(&world.directory("copy", &import));
    let generated = copy.generate_config("generated.tf");
    assert!(generated.succeeded(), "{}", generated.diagnostics);
    copy.apply_plan().expect_success();
    copy.plan(&[]).expect_empty();
}

fn a_phase_in_s3_is_made_checked_changed_imported_and_destroyed(scene: Scene) {
    let (world, s3) = (scene.small_world(), S3::start());
    let main = with_keys(&world.main);
    s3.make_bucket("ml-state");
    s3.keep_versions("ml-state");
    s3.put("ml-state", "v3/model.onnx", "weights");
    let at = |path: &str| format!("s3://ml-state{path}?region=eu-west-1&endpoint={}&use_path_style=true", s3.url);
    let criteria = format!(
        "  criteria = {{\n    versioned = {{ bucket_versioned = {{ url = \"{}\" }} }}\n    trained = {{ object_exists = {{ url = \"{}\" }} }}\n  }}",
        at(""),
        at("/v3/model.onnx")
    );
    life(&world, &main, &at("/checkpoints"), &criteria);
    assert_eq!(
        s3.keys("ml-state"),
        [
            "checkpoints/PHASE_CHECKPOINT.md",
            "checkpoints/SESSION_RESUME.md",
            "checkpoints/phases/3.json",
            "checkpoints/phases/3/revisions/000001.json",
            "v3/model.onnx",
        ]
    );
    main.destroy().expect_success();
    assert_eq!(s3.keys("ml-state"), ["v3/model.onnx"]);
}

fn a_phase_in_cloud_storage_is_made_changed_imported_and_destroyed(scene: Scene) {
    let world = scene.small_world();
    let bucket = json!({"name": "ml-test-state", "location": "EUROPE-WEST1"});
    let path = format!("/storage/v1/b?project={}", world.seed.project);
    let (status, answer) = world.cloud.call("POST", "storage.googleapis.com", &path, Some(&bucket));
    assert_eq!(status, 200, "{answer}");
    let objects = || {
        let (_, found) = world.cloud.call("GET", "storage.googleapis.com", "/storage/v1/b/ml-test-state/o", None);
        found["items"].as_array().map_or(0, Vec::len)
    };
    life(&world, &world.main, "gs://ml-test-state/checkpoints", "");
    assert_eq!(objects(), 4);
    world.main.destroy().expect_success();
    assert_eq!(objects(), 0);
}

fn who_has_no_credentials_for_s3_is_told_where_they_come_from(scene: Scene) {
    let world = scene.small_world();
    world.config(&phase("s3://ml-state/checkpoints?region=eu-west-1&profile=nobody", "  status = \"in_progress\""));
    world.failed_apply().error(&["s3://ml-state/checkpoints", "profile \"nobody\""]);
    assert!(world.main.state().is_empty());
}
