//! The errors that the guide quotes are the ones that are printed: each is provoked here.

use std::time::Duration;

use acceptance_tests::{Action, Diagnostics, Fault, Scene, World, says, steps_of};
use serde_json::json;

/// What `validate` refuses already.
const INVALID: &str = r#"
resource "mlops_stack" "reference" {
  name     = "reference"
  services = { api = { image = "gcr.io/cloudrun/hello", env = { URL = "{{services.backend.url}}" } } }
}
resource "mlops_stack" "circle" {
  name = "circle"
  services = {
    a = { image = "gcr.io/cloudrun/hello", env = { URL = "{{services.b.url}}" } }
    b = { image = "gcr.io/cloudrun/hello", env = { URL = "{{services.a.url}}" } }
  }
}
resource "mlops_stack" "memory" {
  name     = "memory"
  services = { api = { image = "gcr.io/cloudrun/hello", cpu = "1", memory = "8Gi" } }
}
"#;

/// What stands, for the changes and the conflicts below.
const BEFORE: &str = r#"
resource "mlops_stack" "it" {
  name    = "it"
  buckets = {
    models = { name = "ml-test-models" }
    state  = { name = "ml-test-state", deletion_policy = "PREVENT" }
  }
}
resource "mlops_phase_checkpoint" "first" {
  store  = "file://FOLDER"
  phase  = "1"
  title  = "First"
  status = "completed"
}
"#;

/// What a plan refuses.
const REFUSED: &str = r#"
resource "mlops_stack" "it" {
  name    = "it"
  buckets = { models = { name = "ml-test-models", location = "US" } }
}
resource "mlops_phase_checkpoint" "first" {
  store  = "file://FOLDER"
  phase  = "1"
  title  = "First"
  status = "in_progress"
}
import {
  to = mlops_stack.misspelt
  id = "ml-test-project/churn"
}
import {
  to = mlops_stack.empty
  id = "ml-test-project/europe-west1/churn?services=nowhere"
}
"#;

/// What a plan sees to be in the way.
const TAKEN: &str = r#"
resource "mlops_stack" "taken" {
  name    = "taken"
  buckets = { models = { name = "ml-test-models" }, by_hand = { name = "ml-test-by-hand" } }
}
"#;

/// What an apply cannot do.
const IMPOSSIBLE: &str = r#"
provider "mlops" {
  alias       = "careful"
  project     = "ml-test-project"
  region      = "europe-west1"
  enable_apis = false
}
resource "mlops_stack" "off" {
  provider = mlops.careful
  name     = "off"
  topics   = { billing = {} }
}
resource "mlops_stack" "forbidden" {
  name       = "forbidden"
  buckets    = { made = { name = "ml-test-made" } }
  registries = { images = { name = "forbidden" } }
}
resource "mlops_phase_checkpoint" "exists" {
  store = "file://FOLDER"
  phase = "1"
  title = "First"
}
resource "mlops_phase_checkpoint" "unproved" {
  store    = "file://FOLDER"
  phase    = "2"
  title    = "Second"
  status   = "completed"
  criteria = { backup = { object_exists = { url = "file://FOLDER/backup.tar" } } }
}
resource "mlops_phase_checkpoint" "early" {
  store             = "file://FOLDER"
  phase             = "4"
  title             = "Fourth"
  status            = "in_progress"
  depends_on_phases = ["3"]
}
"#;

/// What Terraform would drop.
const DROPPED: &str = r#"
resource "mlops_stack" "component" {
  name    = "component"
  buckets = { a = { name = "ml-test-a", storage_clas = "NEARLINE" } }
}
resource "mlops_stack" "twice" {
  name = "twice"
  services = {
    api = { image = "example.com/a" }
    api = { image = "example.com/b" }
  }
}
"#;

/// An apply that holds the lock of its state until it is killed.
const ENDLESS: &str = r#"
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "touch started; exec sleep 60" }
}
"#;

/// Every error of the guide is one that was seen.
pub(super) fn troubleshooting(scene: Scene) {
    let world = scene.small_world();
    let seen = provoked(&world);
    expect_calls_in_the_log(&world);
    let guide = super::file("troubleshooting");
    for step in steps_of(&std::fs::read_to_string(&guide).unwrap()) {
        if let Action::Show { language, text } = step.action
            && language == "text"
        {
            let is_seen = seen.iter().any(|error| says(error, &text));
            let all = seen.join("\n\n");
            assert!(is_seen, "troubleshooting.md, line {}: nobody says\n{text}\nbut\n\n{all}", step.line);
        }
    }
}

/// The text of each error.
fn provoked(world: &World) -> Vec<String> {
    let folder = world.path().join("checkpoints").display().to_string();
    let body = |text: &str| text.replace("FOLDER", &folder);
    let mut seen = Vec::new();
    let mut see = |diagnostics: &Diagnostics| seen.extend(diagnostics.0.iter().map(|error| error.text()));

    see(&world.directory("invalid", INVALID).validate());
    see(&world.directory("dropped", DROPPED).validate());
    world.config(&body(BEFORE));
    world.main.apply(&[]).expect_success();
    see(&world.failed_destroy());
    world.config(&body(REFUSED));
    see(world.main.generate_config("generated.tf").expect_refused());
    world.cloud.fault(
        &Fault::on("POST", "/repositories")
            .status(403, "PERMISSION_DENIED")
            .message("Permission 'artifactregistry.repositories.create' denied on resource (or it may not exist)."),
    );
    let bucket = json!({"name": "ml-test-by-hand"});
    let path = "/storage/v1/b?project=ml-test-project";
    assert_eq!(world.cloud.call("POST", "storage.googleapis.com", path, Some(&bucket)).0, 200);
    see(world.directory("taken", TAKEN).plan(&[]).expect_refused());
    let impossible = world.directory("impossible", &body(IMPOSSIBLE));
    see(impossible.apply(&[]).expect_failure());
    seen.push(impossible.run(&["plan", "-no-color", "-input=false", "-target=mlops_stack.forbidden"]).stdout);
    assert_eq!(impossible.run(&["untaint", "mlops_stack.forbidden"]).code, 0);
    seen.extend(while_locked(world).0.iter().map(|error| error.text()));
    seen
}

/// What a plan says while another run holds the lock.
fn while_locked(world: &World) -> Diagnostics {
    let locked = world.directory("locked", ENDLESS);
    let running = locked.start_apply();
    while !locked.path.join("started").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = locked.plan(&[]);
    running.kill();
    running.wait();
    refused.expect_refused().clone()
}

/// What the guide says of the log.
fn expect_calls_in_the_log(world: &World) {
    let log = world.path().join("provider.log");
    let main = world.main.with_env("TF_LOG_PROVIDER", "DEBUG").with_env("TF_LOG_PATH", &log.display().to_string());
    world.config(&BEFORE.replace("FOLDER", &world.path().join("checkpoints").display().to_string()));
    assert!(main.plan(&[]).succeeded());
    let text = std::fs::read_to_string(log).unwrap();
    let call =
        text.lines().find(|line| line.contains("path=storage/v1/b")).unwrap_or_else(|| panic!("no call in\n{text}"));
    assert!(["method=GET", "status=", "ms="].iter().all(|part| call.contains(part)), "{call}");
}
