//! The rig itself, on a resource that Terraform has built in.

use std::time::Duration;

use acceptance_tests::{Counts, Scene, Workdir, differences, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    a_plan_is_read_as_data,
    an_apply_is_counted,
    a_mistake_is_a_diagnostic_with_its_place,
    an_interrupt_reaches_terraform,
}

fn workdir(scene: &Scene, config: &str) -> (tempfile::TempDir, Workdir) {
    let folder = tempfile::tempdir().unwrap();
    let work = Workdir::new(folder.path().join("main"), scene.terraform.clone(), Vec::new());
    work.write("main.tf", config);
    (folder, work)
}

fn a_plan_is_read_as_data(scene: Scene) {
    let (_folder, work) = workdir(&scene, r#"resource "terraform_data" "x" { input = { a = "b" } }"#);
    let planned = work.plan(&[]);
    planned.diagnostics.expect_none();
    assert!(!planned.is_empty());
    let change = planned.view().change("terraform_data.x");
    assert_eq!(change.actions, ["create"]);
    assert_eq!(change.after("/input/a"), &json!("b"));
    assert!(change.is_unknown("/output") && change.is_unknown("/id") && !change.is_unknown("/input/a"));
}

fn an_apply_is_counted(scene: Scene) {
    let (_folder, work) = workdir(&scene, r#"resource "terraform_data" "x" { input = "b" }"#);
    assert_eq!(work.apply(&[]).expect_success().counts, Counts { add: 1, ..Counts::default() });
    work.plan(&[]).expect_empty();
    assert_eq!(work.state().resource("terraform_data.x").str("/output"), "b");
    work.write("main.tf", r#"resource "terraform_data" "x" { input = "c" }"#);
    let planned = work.plan(&[]);
    assert_eq!(planned.view().change("terraform_data.x").differences()[0].path, "/input");
    assert_eq!(work.apply_plan().expect_success().counts, Counts { change: 1, ..Counts::default() });
    assert_eq!(work.destroy().expect_success().counts, Counts { remove: 1, ..Counts::default() });
    assert!(work.state().is_empty());
    assert_eq!(differences(&json!(1), &json!(1)), []);
}

fn a_mistake_is_a_diagnostic_with_its_place(scene: Scene) {
    let (_folder, work) = workdir(&scene, "resource \"terraform_data\" \"x\" {\n  inputt = 1\n}\n");
    let diagnostics = work.validate();
    let error = diagnostics.error(&["Unsupported argument"]);
    assert_eq!(error.place, Some(("main.tf".to_owned(), 2)));
    assert!(error.code.as_deref().unwrap().contains("inputt"));
    work.plan(&[]).expect_refused().error(&["Unsupported argument"]);
}

fn an_interrupt_reaches_terraform(scene: Scene) {
    let (_folder, work) = workdir(
        &scene,
        r#"resource "terraform_data" "slow" {
             provisioner "local-exec" { command = "touch started; exec sleep 30" }
           }"#,
    );
    let running = work.start_apply();
    while !work.path.join("started").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.interrupt();
    let applied = running.wait();
    applied.expect_failure();
    assert!(work.state().resource("terraform_data.slow").is_tainted());
}
