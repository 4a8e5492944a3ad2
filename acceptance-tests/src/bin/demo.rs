//! `make demo`: the whole life of the CT-scan environment, on the cloud that is built in.
//!
//! Shows Terraform's own output, unmodified, under a heading per step, and stops at the first step that goes wrong.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use acceptance_tests::{CloudOptions, OrFail, Scene, Seed, Terraform, Workdir, World, provider, workspace};
use serde_json::json;

const STACK: &str = "mlops_stack.ct_scan";
const IMPORT_ID: &str = "dtu-mlops-data-482907/europe-west1/ct-scan";
const STORAGE: &str = "storage.googleapis.com";
const DRIFT_LOGS: &str = "/storage/v1/b/ct-scan-drift-logs-482907";
const RUN: &str = "run.googleapis.com";
const SERVICE: &str = "/v2/projects/dtu-mlops-data-482907/locations/europe-west1/services/ct-scan-api";

/// What went wrong, as a sentence.
type Step = Result<(), String>;

fn main() -> ExitCode {
    // The rig panics when it fails itself; its sentence is enough here.
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.payload();
        let text = said.downcast_ref::<String>().map(String::as_str).or(said.downcast_ref::<&str>().copied());
        say(&format!("\nThe demo stops here: {}", text.unwrap_or("an unknown failure")));
    }));
    let started = Instant::now();
    let demo = Demo::new();
    match demo.play() {
        Ok(()) => {
            say(&format!("\nAll of it worked, in {:.1} s.", started.elapsed().as_secs_f32()));
            ExitCode::SUCCESS
        }
        Err(why) => {
            say(&format!("\nThe demo stops here: {why}"));
            // Kept for a look at it: a world is only removed with its owner.
            say(&format!("What it has made is in {}", demo.world.path().display()));
            std::mem::forget(demo.world);
            ExitCode::FAILURE
        }
    }
}

struct Demo {
    world: World,
    main: Workdir,
}

impl Demo {
    fn new() -> Self {
        let terraform = Terraform::preferred().clone();
        say(&format!("Terraform {} ({})", terraform.version, terraform.program.display()));
        let scene = Scene { name: "demo".to_owned(), terraform };
        let world = World::new(&scene, Seed::ct_scan_project(), CloudOptions::default());
        say(&format!("localcloud answers for Google Cloud on {}", world.cloud.url));
        let rc = mirror(world.path());
        let main = world.main.with_env("TF_CLI_CONFIG_FILE", &rc.display().to_string());
        copy_configuration(&workspace().join("examples/environments/ct-scan"), &main);
        Self { world, main }
    }

    fn play(&self) -> Step {
        self.create()?;
        self.heal_drift()?;
        self.import()?;
        self.refuse_a_new_location()?;
        self.destroy()
    }

    fn create(&self) -> Step {
        let main = &self.main;
        heading("Init: install the provider");
        run(main, &["init", "-input=false"], 0)?;
        heading("Plan: what would be made");
        run(main, &["plan", "-input=false", "-detailed-exitcode", "-out=first.tfplan"], 2)?;
        heading("Apply: make it");
        run(main, &["apply", "-input=false", "first.tfplan"], 0)?;
        heading("Plan again: nothing to do");
        self.expect_no_changes(main)
    }

    fn heal_drift(&self) -> Step {
        heading("Somebody changes the cloud behind Terraform's back");
        let main = &self.main;
        let cloud = &self.world.cloud;
        cloud.edit(STORAGE, DRIFT_LOGS, json!({"labels": {"environment": "staging"}}));
        cloud.edit(RUN, SERVICE, json!({"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}));
        say("The drift-log bucket is now labelled environment=staging, and the service takes internal traffic only.");
        run(main, &["plan", "-input=false", "-detailed-exitcode"], 2)?;
        heading("Apply: healed");
        run(main, &["apply", "-input=false", "-auto-approve"], 0)?;
        self.expect_no_changes(main)
    }

    fn import(&self) -> Step {
        heading("Import all of it into an empty directory, with generated configuration");
        let block = format!("import {{\n  to = {STACK}\n  id = \"{IMPORT_ID}\"\n}}\n");
        let fresh = self.main.sibling(&self.world.path().join("imported"));
        fresh.write("main.tf", &format!("{}\n{block}", self.world.header()));
        say(&block);
        let mark = self.world.cloud.mark();
        run(&fresh, &["init", "-input=false"], 0)?;
        run(&fresh, &["plan", "-input=false", "-generate-config-out=generated.tf"], 0)?;
        run(&fresh, &["apply", "-input=false", "-auto-approve"], 0)?;
        let lines = fresh.read("generated.tf").lines().count();
        let writes = self.world.writes(mark);
        if !writes.is_empty() {
            return Err(format!("the import has changed the cloud:\n{}", writes.join("\n")));
        }
        say(&format!("{lines} lines of configuration were generated; no call changed anything."));
        heading("Plan of what was imported: nothing to do");
        self.expect_no_changes(&fresh)
    }

    fn refuse_a_new_location(&self) -> Step {
        heading("The models bucket is moved from US to EU in the configuration: refused");
        let main = &self.main;
        let file = main.path.join("main.tf");
        let original = std::fs::read_to_string(&file).map_err(|error| format!("main.tf cannot be read: {error}"))?;
        let lines = original.lines().map(|line| {
            let moves = line.trim_start().starts_with("location") && line.ends_with("\"US\"");
            if moves { line.replace("\"US\"", "\"EU\"") } else { line.to_owned() }
        });
        let moved = lines.map(|line| line + "\n").collect::<String>();
        if moved == original {
            return Err("main.tf says nowhere that the location is \"US\"".to_owned());
        }
        main.write("main.tf", &moved);
        run(main, &["plan", "-input=false"], 1)?;
        let mark = self.world.cloud.mark();
        let again = main.plan(&[]);
        let shows_both =
            again.diagnostics.errors().iter().any(|one| one.text().contains("US") && one.text().contains("EU"));
        if !shows_both {
            return Err(format!("the refusal does not show both locations:\n{}", again.diagnostics));
        }
        if !self.world.writes(mark).is_empty() {
            return Err("the refused plan has changed the cloud".to_owned());
        }
        main.write("main.tf", &original);
        self.expect_no_changes(main)
    }

    fn destroy(&self) -> Step {
        let main = &self.main;
        heading("Destroy: first the protection is taken off, then everything goes");
        let unprotected = "-var=deletion_protection=false";
        run(main, &["apply", "-input=false", "-auto-approve", unprotected], 0)?;
        run(main, &["destroy", "-input=false", "-auto-approve", unprotected], 0)?;
        let left = self.world.cloud.snapshot().differences_from(&self.world.before);
        if !left.is_empty() {
            return Err(format!("the cloud is not as it was before:\n{}", left.join("\n")));
        }
        say("The cloud is as it was before.");
        Ok(())
    }

    fn expect_no_changes(&self, work: &Workdir) -> Step {
        run(work, &["plan", "-input=false", "-detailed-exitcode"], 0)
    }
}

/// Runs terraform on this terminal, and compares its exit code with what it should be.
fn run(work: &Workdir, arguments: &[&str], expected: i32) -> Step {
    let mut arguments = arguments.to_vec();
    if !std::io::stdout().is_terminal() {
        arguments.insert(1, "-no-color");
    }
    say(&format!("$ terraform {}\n", arguments.join(" ")));
    let mut command = work.command(&arguments);
    let status = command.status().map_err(|error| format!("terraform does not start: {error}"))?;
    match status.code() {
        Some(code) if code == expected => Ok(()),
        code => Err(format!(
            "\"terraform {}\" should end with exit code {expected}, but ended with {}",
            arguments.join(" "),
            code.map_or("a signal".to_owned(), |code| code.to_string())
        )),
    }
}

/// Puts the provider where `terraform init` finds it, as an installed release would be; the file that says so.
fn mirror(root: &Path) -> PathBuf {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let version = env!("CARGO_PKG_VERSION");
    let mirror = root.join("mirror");
    let folder = mirror.join(format!("registry.terraform.io/mlops-rs/mlops/{version}/{system}_{processor}"));
    std::fs::create_dir_all(&folder).or_fail("make the mirror");
    let program = folder.join(format!("terraform-provider-mlops_v{version}"));
    std::os::unix::fs::symlink(provider(), program).or_fail("link the provider");
    let rc = root.join("mirror.rc");
    let text =
        format!("provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n", mirror.display());
    std::fs::write(&rc, text).or_fail("write Terraform's configuration");
    rc
}

fn copy_configuration(from: &Path, to: &Workdir) {
    let files = std::fs::read_dir(from).into_iter().flatten().flatten();
    let mut copied: Vec<PathBuf> = Vec::new();
    for file in files.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "tf")) {
        if let (Some(name), Ok(text)) = (file.file_name(), std::fs::read_to_string(&file)) {
            to.write(&name.to_string_lossy(), &text);
            copied.push(file);
        }
    }
    assert!(!copied.is_empty(), "there is no configuration in {}", from.display());
}

fn heading(text: &str) {
    let bold = std::io::stdout().is_terminal();
    let line = "=".repeat(text.len() + 6);
    let (on, off) = if bold { ("\x1b[1;36m", "\x1b[0m") } else { ("", "") };
    say(&format!("\n{on}{line}\n== {text} ==\n{line}{off}"));
}

fn say(text: &str) {
    // Nobody is left to tell when standard output is gone.
    let _ = writeln!(std::io::stdout(), "{text}");
}
