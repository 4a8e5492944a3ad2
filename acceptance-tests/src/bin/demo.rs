//! `make demo`: the whole life of the CT-scan environment, on the cloud that is built in: made from nothing, and imported
//! as its team left it. Then RetainWise, which people made by hand on AWS, of which moto plays the part.
//!
//! Shows one screen a step: a heading, the lines of Terraform's output that matter, and counts. The whole output is in a file,
//! which the last line names. Stops at the first step that goes wrong.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use acceptance_tests::{CloudOptions, OrFail, Scene, Seed, Terraform, Workdir, World, digest, install, workspace};
use serde_json::{Value, json};

const STACK: &str = "mlops_stack.ct_scan";
const RETAINWISE: &str = "mlops_aws_stack.it";
/// The objects and grants that Terraform manages in the environment.
const MANAGED: usize = 52;
/// What stays when the stack is destroyed: the database's deletion policy is ABANDON, and Google keeps deleted pools for
/// thirty days.
const KEPT: [&str; 2] = ["/databases/(default)", "/workloadIdentityPools/github-pool"];
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
    let ended = demo.play();
    let (path, lines) = (demo.transcript.path.display(), demo.transcript.lines.get());
    match ended {
        Ok(()) => {
            say(&format!("\nAll of it worked, in {:.1} s.", started.elapsed().as_secs_f32()));
            say(&format!("Terraform's whole output, {lines} lines, is in {path}"));
            ExitCode::SUCCESS
        }
        Err(why) => {
            say(&format!("\nThe demo stops here: {why}"));
            say(&format!("Terraform's whole output is in {path}"));
            // Kept for a look at it: a world is only removed with its owner.
            say(&format!("What it has made is in {}", demo.world.path().display()));
            std::mem::forget(demo.world);
            ExitCode::FAILURE
        }
    }
}

struct Demo {
    transcript: Transcript,
    world: World,
    main: Workdir,
    /// The environment as its team left it, in a cloud of its own.
    seeded: World,
    scene: Scene,
}

impl Demo {
    fn new() -> Self {
        let terraform = Terraform::preferred().clone();
        say(&format!("{terraform} ({})", terraform.program.display()));
        let scene = Scene { name: "demo".to_owned(), terraform };
        let world = World::new(&scene, Seed::ct_scan_project(), CloudOptions::default());
        say(&format!("localcloud answers for Google Cloud on {}", world.cloud.url));
        let main = installed(&world);
        main.copy(&workspace().join("examples/environments/ct-scan"));
        // Their own bucket keeps old versions, and could not be destroyed in the end.
        let checkpoints = world.path().join("checkpoints");
        main.write("store.auto.tfvars", &format!("store = \"file://{}\"\n", checkpoints.display()));
        let seeded = World::new(&scene, Seed::ct_scan(), CloudOptions::default());
        Self { transcript: Transcript::new(), world, main, seeded, scene }
    }

    fn play(&self) -> Step {
        self.create()?;
        self.heal_drift()?;
        heading("Import all that carries the stack's stamp into an empty directory, with generated configuration");
        self.import(&self.world, &self.main.sibling(&self.world.path().join("imported")))?;
        self.refuse_a_new_location()?;
        self.import_what_was_built_by_hand()?;
        self.destroy()?;
        self.import_from_aws()
    }

    fn create(&self) -> Step {
        let main = &self.main;
        heading("Init: install the provider");
        self.transcript.run(main, &["init", "-input=false"], 0)?;
        heading("Plan: what would be made");
        self.transcript.run(main, &["plan", "-input=false", "-detailed-exitcode", "-out=first.tfplan"], 2)?;
        heading("Apply: make it");
        self.transcript.run(main, &["apply", "-input=false", "first.tfplan"], 0)?;
        self.count_inventory(main);
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
        self.transcript.run(main, &["plan", "-input=false", "-detailed-exitcode"], 2)?;
        heading("Apply: healed");
        self.transcript.run(main, &["apply", "-input=false", "-auto-approve"], 0)?;
        self.expect_no_changes(main)
    }

    /// Imports the environment of a world into an empty directory.
    fn import(&self, world: &World, fresh: &Workdir) -> Step {
        let block = format!("import {{\n  to = {STACK}\n  id = \"{IMPORT_ID}\"\n}}\n");
        fresh.write("main.tf", &format!("{}\n{block}", world.header()));
        say(&block);
        let mark = world.cloud.mark();
        self.transcript.run(fresh, &["init", "-input=false"], 0)?;
        let started = Instant::now();
        self.transcript.run(fresh, &["plan", "-input=false", "-generate-config-out=generated.tf"], 0)?;
        self.transcript.run(fresh, &["apply", "-input=false", "-auto-approve"], 0)?;
        let time = started.elapsed().as_secs_f32();
        let lines = fresh.read("generated.tf").lines().count();
        let writes = world.writes(mark);
        if !writes.is_empty() {
            return Err(format!("the import has changed the cloud:\n{}", writes.join("\n")));
        }
        let state = fresh.state().resource(STACK);
        let managed = state.get("/inventory").as_array().map_or(0, Vec::len);
        say(&format!(
            "{managed} objects and grants were imported in {time:.1} s, into {lines} lines of configuration; no call \
             changed anything."
        ));
        heading("Plan of what was imported: nothing to do");
        self.expect_no_changes(fresh)
    }

    /// The environment that took its team three days.
    fn import_what_was_built_by_hand(&self) -> Step {
        heading("Another cloud: the environment as its team built it, imported with one block");
        let count = self.seeded.before.objects().len();
        say(&format!("There are {count} objects, most of them Google's own, and no state."));
        let fresh = installed(&self.seeded);
        self.import(&self.seeded, &fresh)?;
        match self.count_inventory(&fresh) {
            MANAGED => Ok(()),
            other => Err(format!("{other} objects and grants were imported, not {MANAGED}")),
        }
    }

    /// RetainWise, for whose import its team had planned eight hours.
    fn import_from_aws(&self) -> Step {
        heading("AWS: RetainWise, made by hand in the console, among the things of other teams");
        let (world, _) = self.scene.clone().retainwise();
        let id = "908226940571/us-east-1/retainwise";
        let block = format!("import {{\n  to = {RETAINWISE}\n  id = \"{id}\"\n}}\n");
        let fresh = world.directory("imported", &block);
        say(&block);
        let mark = world.mark();
        let started = Instant::now();
        self.transcript.run(&fresh, &["plan", "-input=false", "-generate-config-out=generated.tf"], 0)?;
        self.transcript.run(&fresh, &["apply", "-input=false", "-auto-approve"], 0)?;
        let time = started.elapsed().as_secs_f32();
        heading("Plan of what was imported: nothing to do");
        self.expect_no_changes(&fresh)?;
        let writes = world.writes_since(mark);
        if !writes.is_empty() {
            return Err(format!("the import has changed the account:\n{}", writes.join("\n")));
        }
        let state = fresh.state().resource(RETAINWISE);
        let inventory = state.get("/inventory").as_array().cloned().unwrap_or_default();
        let lines: Vec<&str> = inventory.iter().filter_map(Value::as_str).collect();
        self.transcript.keep("(the stack's inventory)", &lines.join("\n"));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for line in &lines {
            *counts.entry(line.split(':').nth(2).unwrap_or_default()).or_default() += 1;
        }
        say(&format!("{} components were imported in {time:.1} s; no call changed anything. By service:", lines.len()));
        for (service, count) in counts {
            say(&format!("  {count:7}  {service}"));
        }
        Ok(())
    }

    /// Shows how many objects and grants of each API the stack has, and says how many there are in all.
    fn count_inventory(&self, work: &Workdir) -> usize {
        let state = work.state().resource(STACK);
        let lines: Vec<&str> =
            state.get("/inventory").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.transcript.keep("(the stack's inventory)", &lines.join("\n"));
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for line in &lines {
            let count = counts.entry(line.trim_start_matches('/').split('.').next().unwrap_or_default()).or_default();
            match line.contains(' ') {
                false => count.0 += 1,
                true => count.1 += 1,
            }
        }
        say(&format!("\nThe stack's inventory has {} objects and grants:\n  objects  grants", lines.len()));
        for (api, (objects, grants)) in counts {
            say(&format!("  {objects:7}  {grants:6}  {api}"));
        }
        lines.len()
    }

    fn refuse_a_new_location(&self) -> Step {
        heading("The models bucket is moved from US to EU in the configuration: refused");
        let main = &self.main;
        let moved = "-var=models_location=EU";
        self.transcript.run(main, &["plan", "-input=false", moved], 1)?;
        let mark = self.world.cloud.mark();
        let again = main.plan(&[moved]);
        let shows_both =
            again.diagnostics.errors().iter().any(|one| one.text().contains("US") && one.text().contains("EU"));
        if !shows_both {
            return Err(format!("the refusal does not show both locations:\n{}", again.diagnostics));
        }
        if !self.world.writes(mark).is_empty() {
            return Err("the refused plan has changed the cloud".to_owned());
        }
        self.expect_no_changes(main)
    }

    fn destroy(&self) -> Step {
        let main = &self.main;
        heading("Destroy: first the protection is taken off, then everything goes");
        let unprotected = "-var=deletion_protection=false";
        self.transcript.run(main, &["apply", "-input=false", "-auto-approve", unprotected], 0)?;
        self.transcript.run(main, &["destroy", "-input=false", "-auto-approve", unprotected], 0)?;
        let left = self.world.cloud.snapshot().differences_from(&self.world.before);
        let left: Vec<String> = left.into_iter().filter(|line| !KEPT.iter().any(|kept| line.contains(kept))).collect();
        if !left.is_empty() {
            return Err(format!("the cloud is not as it was before:\n{}", left.join("\n")));
        }
        say(
            "The cloud is as it was before, but for the Firestore database, whose deletion_policy is ABANDON, and the \
             deleted identity pool, which Google keeps for thirty days.",
        );
        Ok(())
    }

    fn expect_no_changes(&self, work: &Workdir) -> Step {
        self.transcript.run(work, &["plan", "-input=false", "-detailed-exitcode"], 0)
    }
}

/// All that Terraform prints, in a file that outlives the demo.
struct Transcript {
    path: PathBuf,
    file: RefCell<File>,
    lines: Cell<usize>,
}

impl Transcript {
    fn new() -> Self {
        let path = workspace().join("target/demo.txt");
        std::fs::create_dir_all(workspace().join("target")).or_fail("make the target folder");
        let file = File::create(&path).or_fail(format!("write {}", path.display()));
        Self { path, file: RefCell::new(file), lines: Cell::new(0) }
    }

    fn keep(&self, command: &str, output: &str) {
        self.lines.set(self.lines.get() + output.lines().count());
        writeln!(self.file.borrow_mut(), "$ {command}\n\n{output}").or_fail(format!("write {}", self.path.display()));
    }

    /// Runs terraform, shows what matters of its output, and compares its exit code with what it should be.
    fn run(&self, work: &Workdir, arguments: &[&str], expected: i32) -> Step {
        let shown = format!("terraform {}", arguments.join(" "));
        say(&format!("$ {shown}"));
        let mut plain = arguments.to_vec();
        plain.insert(1, "-no-color");
        let output = work.run(&plain);
        let text = output.stdout + &output.stderr;
        self.keep(&shown, &text);
        for line in digest(&text) {
            say(&format!("  {line}"));
        }
        match output.code {
            code if code == expected => Ok(()),
            code => Err(format!("\"{shown}\" should end with exit code {expected}, but ended with {code}:\n{text}")),
        }
    }
}

/// The main directory of a world, where the provider is installed rather than overridden.
fn installed(world: &World) -> Workdir {
    let rc = install(world.path());
    world.main.with_env("TF_CLI_CONFIG_FILE", &rc.display().to_string())
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
