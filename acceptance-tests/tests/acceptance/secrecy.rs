//! Secret values: they go to the API and nowhere else.

use std::path::Path;
use std::process::Command;

use acceptance_tests::{Fault, Scene, Workdir, World, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    a_value_appears_nowhere,
    a_rotation_adds_one_version_and_keeps_the_old_one_enabled,
    a_changed_value_alone_is_not_sent,
    credentials_of_the_provider_block_appear_nowhere,
}

const SECRETS: &str = "secretmanager.googleapis.com";
const FIRST: &str = "first-Value-8317-of-the-secret";
/// The same as the API takes it.
const FIRST_ENCODED: &str = "Zmlyc3QtVmFsdWUtODMxNy1vZi10aGUtc2VjcmV0";
const SECOND: &str = "second-Value-9922-of-the-secret";
const TOKEN: &str = "xoxb-Token-5546-of-the-channel";

/// Ephemeral, so that Terraform itself writes them into no plan.
const VARIABLES: &str = r#"
variable "password" {
  type      = string
  sensitive = true
  ephemeral = true
}
variable "token" {
  type      = string
  sensitive = true
  ephemeral = true
}
"#;

fn config(world: &World, version: u32) {
    world.config(&format!(
        r#"{VARIABLES}
resource "mlops_stack" "it" {{
  name                = "it"
  deletion_protection = false
  secrets = {{
    db = {{
      name             = "db-password"
      value_wo         = var.password
      value_wo_version = {version}
    }}
  }}
  notification_channels = {{
    chat = {{
      type                        = "slack"
      labels                      = {{ channel_name = "alerts" }}
      sensitive_labels_wo         = {{ auth_token = var.token }}
      sensitive_labels_wo_version = {version}
    }}
  }}
}}
"#
    ));
}

/// The main directory with the values in its environment.
fn with_values(world: &World, password: &str) -> Workdir {
    world.main.with_env("TF_VAR_password", password).with_env("TF_VAR_token", TOKEN)
}

fn versions(world: &World) -> Vec<(String, String)> {
    let all = world.cloud.snapshot().objects_like(SECRETS, "/versions/");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = all
        .iter()
        .map(|version| {
            (
                text(&version.body["name"]).rsplit('/').next().unwrap_or_default().to_owned(),
                text(&version.body["state"]),
            )
        })
        .collect();
    all.sort();
    all
}

/// All files below a folder that hold one of the values, after saved plans were unzipped.
fn files_that_tell(folder: &Path) -> Vec<String> {
    const UNZIP: &str = "import pathlib, sys, zipfile\n\
        for path in pathlib.Path(sys.argv[1]).rglob('*.tfplan'):\n    \
        zipfile.ZipFile(path).extractall(str(path) + '.unzipped')\n";
    let status = Command::new("python3").args(["-c", UNZIP]).arg(folder).status().unwrap();
    assert!(status.success());
    let values = [FIRST, FIRST_ENCODED, SECOND, TOKEN];
    let mut open = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for value in values.iter().filter(|value| text.contains(**value)) {
                found.push(format!("{value} in {}", path.display()));
            }
        }
    }
    found
}

fn a_value_appears_nowhere(scene: Scene) {
    let world = scene.small_world();
    let log = world.path().join("trace.log");
    let traced = |value: &str| {
        with_values(&world, value).with_env("TF_LOG", "TRACE").with_env("TF_LOG_PATH", &log.display().to_string())
    };
    config(&world, 1);
    let mut said = Vec::new();
    // The API refuses the value and quotes it.
    let quoting = format!("The payload {FIRST_ENCODED} ({FIRST}) is refused.");
    world
        .cloud
        .fault(&Fault::on("POST", ":addVersion$").host(SECRETS).status(400, "INVALID_ARGUMENT").message(&quoting));
    let failed = traced(FIRST).apply(&[]);
    failed.expect_failure().error(&["db"]);
    said.push(failed.output);
    said.push(traced(FIRST).plan(&[]).output);
    said.push(traced(FIRST).apply_plan().expect_success().output);
    config(&world, 2);
    said.push(traced(SECOND).plan(&[]).output);
    let kept = world.main.path.join("plan.tfplan");
    std::fs::copy(&kept, world.path().join("kept.tfplan")).unwrap();
    said.push(traced(SECOND).apply_plan().expect_success().output);
    said.push(traced(SECOND).run(&["show", "-json"]));
    said.push(traced(SECOND).run(&["show", "-json", "plan.tfplan"]));
    assert_eq!(versions(&world).len(), 2);
    let secrets = [FIRST, FIRST_ENCODED, SECOND, TOKEN];
    for output in &said {
        for text in [&output.stdout, &output.stderr] {
            assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
        }
    }
    // State and its backup, plans, the log, what localcloud logged of its requests.
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("addVersion"), "the log says nothing of the call");
    assert!(world.path().join("requests.jsonl").is_file());
    assert_eq!(files_that_tell(world.path()), Vec::<String>::new());
    with_values(&world, SECOND).destroy().expect_success();
}

fn a_rotation_adds_one_version_and_keeps_the_old_one_enabled(scene: Scene) {
    let world = scene.small_world();
    config(&world, 1);
    with_values(&world, FIRST).apply(&[]).expect_success();
    let latest = || world.main.state().resource("mlops_stack.it").get("/secrets/db/latest_version").clone();
    assert_eq!(latest(), json!("1"));
    config(&world, 2);
    let mark = world.cloud.mark();
    with_values(&world, SECOND).apply(&[]).expect_success();
    let added = world.cloud.writes_since(mark).into_iter().filter(|call| call.path.ends_with(":addVersion")).count();
    assert_eq!(added, 1);
    let enabled = |number: &str| (number.to_owned(), "ENABLED".to_owned());
    assert_eq!(versions(&world), [enabled("1"), enabled("2")]);
    assert_eq!(latest(), json!("2"));
    let path = format!("/v1/projects/{}/secrets/db-password/versions/latest:access", world.seed.project);
    let (_, answer) = world.cloud.call("GET", SECRETS, &path, None);
    assert_eq!(answer["payload"]["data"], "c2Vjb25kLVZhbHVlLTk5MjItb2YtdGhlLXNlY3JldA==");
    with_values(&world, SECOND).plan(&[]).expect_empty();
    with_values(&world, SECOND).destroy().expect_success();
}

fn a_changed_value_alone_is_not_sent(scene: Scene) {
    let world = scene.small_world();
    config(&world, 1);
    with_values(&world, FIRST).apply(&[]).expect_success();
    let mark = world.cloud.mark();
    with_values(&world, SECOND).plan(&[]).expect_empty();
    with_values(&world, SECOND).apply(&[]).expect_success();
    world.cloud.expect_no_writes_since(mark);
    with_values(&world, SECOND).destroy().expect_success();
}

fn credentials_of_the_provider_block_appear_nowhere(scene: Scene) {
    const PLANTED: &str = "planted-4471-credential";
    let world = scene.small_world();
    let log = world.path().join("trace.log");
    let key = format!(
        r#"{{"type": "service_account", "client_email": "a@b.iam.gserviceaccount.com", "private_key": "{PLANTED}"}}"#
    );
    let broken = format!(r#"{{"type": "service_account", "private_key": "{PLANTED}"#);
    let cases = [
        ("access_token", PLANTED, "cannot connect"),
        ("credentials", key.as_str(), "service account key"),
        ("credentials", broken.as_str(), "not JSON"),
    ];
    for (attribute, value, reason) in cases {
        let block = format!("region  = \"europe-west1\"\n  max_retries = 0\n  {attribute} = var.planted\n");
        let header = world.header().replacen("region  = \"europe-west1\"\n", &block, 1);
        let variable = "variable \"planted\" {\n  type      = string\n  sensitive = true\n  ephemeral = true\n}\n";
        let stack =
            "resource \"mlops_stack\" \"it\" {\n  name    = \"it\"\n  buckets = { a = { name = \"ml-test-a\" } }\n}\n";
        world.main.write("main.tf", &format!("{header}{variable}{stack}"));
        // To Google itself, over a proxy that is not there: credentials are not sent to this machine.
        let work = world
            .main
            .with_env("TF_VAR_planted", value)
            .with_env("MLOPS_ENDPOINT", "")
            .with_env("HTTPS_PROXY", "http://127.0.0.1:9")
            .with_env("TF_LOG", "TRACE")
            .with_env("TF_LOG_PATH", &log.display().to_string());
        let applied = work.apply(&[]);
        applied.expect_failure().error(&["Could not create the bucket", reason]);
        for text in [&applied.output.stdout, &applied.output.stderr, &std::fs::read_to_string(&log).unwrap()] {
            assert!(!text.contains(PLANTED), "{attribute}: {text}");
        }
    }
}
