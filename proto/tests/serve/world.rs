//! What a test owns: a directory, a Terraform, and the example provider.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::terraform::{fetched, installed};

pub const SOURCE: &str = "registry.terraform.io/tfplugin/local";

const HEAD: &str = r#"
terraform {
  required_providers {
    local = {
      source = "registry.terraform.io/tfplugin/local"
    }
  }
}
"#;

/// The example provider, built once.
pub fn provider() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // The test runs in TARGET/PROFILE/deps; examples are beside that folder.
        let profile = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", "local_note"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        build.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the example does not build");
        profile.join("examples/local_note")
    })
}

/// Every Terraform there is: the installed one, and 1.15.
pub fn terraforms() -> Vec<PathBuf> {
    installed().into_iter().chain([fetched()]).collect()
}

/// A directory with a configuration.
pub struct World {
    terraform: PathBuf,
    root: tempfile::TempDir,
}

impl World {
    /// `configuration` is HCL without the `terraform` and `provider` blocks.
    pub fn new(terraform: &Path, provider_block: &str, configuration: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["work", "tmp", "bin"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        let world = Self { terraform: terraform.to_owned(), root };
        std::os::unix::fs::symlink(provider(), world.path("bin/terraform-provider-local")).unwrap();
        let overrides = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"{SOURCE}\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
            world.path("bin").display()
        );
        std::fs::write(world.path("cli.tfrc"), overrides).unwrap();
        let notes = world.path("notes");
        let provider = format!("provider \"local\" {{\n  directory = \"{}\"\n{provider_block}\n}}\n", notes.display());
        std::fs::write(world.path("work/main.tf"), format!("{HEAD}{provider}{configuration}")).unwrap();
        world
    }

    /// A path in the world's directory.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    /// Terraform in the work folder, its environment bare but for what it needs.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.terraform);
        command.args(arguments).current_dir(self.path("work")).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TF_")) {
                command.env_remove(name);
            }
        }
        command
            .env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("TMPDIR", self.path("tmp"));
        command
    }

    /// Runs to the end; panics with all output unless the exit code is `code`.
    pub fn run(&self, arguments: &[&str], code: i32) -> Output {
        expect(self.command(arguments).output().unwrap(), code)
    }

    /// Starts `apply -json`, and waits until Terraform says that a resource is being created.
    pub fn start_apply(&self) -> Applying {
        let mut child = self
            .command(&["apply", "-auto-approve", "-json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let started = lines.by_ref().map_while(Result::ok).any(|line| line.contains("\"apply_start\""));
        assert!(started, "nothing was created");
        // Somebody must read on, or Terraform stalls when the pipe is full.
        let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect());
        Applying { child, rest }
    }

    /// What is left of sockets in the world's temporary folder.
    pub fn sockets(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.path("tmp")).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with("plugin")).collect()
    }

    /// The provider processes that run out of this world.
    pub fn plugins(&self) -> Vec<u32> {
        let program = self.path("bin/terraform-provider-local");
        let processes =
            std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        processes
            .filter(|pid: &u32| {
                let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                line.split(|byte| *byte == 0).next() == Some(program.as_os_str().as_encoded_bytes())
            })
            .collect()
    }
}

/// Terraform at work.
pub struct Applying {
    pub child: Child,
    rest: std::thread::JoinHandle<Vec<String>>,
}

impl Applying {
    /// Waits for the end; the exit code and the JSON lines.
    pub fn finish(mut self) -> (Option<i32>, Vec<Value>) {
        let status = self.child.wait().unwrap();
        let lines = self.rest.join().unwrap();
        (status.code(), lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}

/// Panics with all output unless the exit code is `code`.
pub fn expect(output: Output, code: i32) -> Output {
    let texts = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "stdout:\n{}\nstderr:\n{}", texts.0, texts.1);
    output
}

/// Sends a signal.
pub fn kill(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().unwrap().success());
}

/// Waits until it is so; panics when it is not in `limit`.
pub fn wait_until(what: &str, limit: Duration, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < limit, "not in {limit:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
