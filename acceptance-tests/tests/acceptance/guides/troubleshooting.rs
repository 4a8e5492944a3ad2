//! The errors that the guide quotes are the ones that are printed: each is provoked here.

use acceptance_tests::{Action, Diagnostics, Fault, Scene, World, says, steps_of};

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
resource "mlops_stack" "taken" {
  name    = "taken"
  buckets = { models = { name = "ml-test-models" } }
}
resource "mlops_stack" "forbidden" {
  name       = "forbidden"
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

/// Every error of the guide is one that was seen.
pub(super) fn troubleshooting(scene: Scene) {
    let seen = provoked(&scene.small_world());
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
    world.config(&body(BEFORE));
    world.main.apply(&[]).expect_success();
    see(world.main.destroy().expect_failure());
    world.config(&body(REFUSED));
    see(world.main.generate_config("generated.tf").expect_refused());
    world.cloud.fault(
        &Fault::on("POST", "/repositories")
            .status(403, "PERMISSION_DENIED")
            .message("Permission 'artifactregistry.repositories.create' denied on resource (or it may not exist)."),
    );
    see(world.directory("impossible", &body(IMPOSSIBLE)).apply(&[]).expect_failure());
    seen
}
