//! A configuration directory and the Terraform that runs in it. Each method is one run of the program.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::{Diagnostics, OrFail, Plan, State, Terraform};

const PLAN_FILE: &str = "plan.tfplan";
/// No run of a test takes this long: a longer one hangs, and is killed.
const LONGEST_RUN: Duration = Duration::from_secs(240);

/// A directory with a configuration and a state of its own.
#[derive(Clone, Debug)]
pub struct Workdir {
    /// Where it is.
    pub path: PathBuf,
    terraform: Terraform,
    environment: Vec<(String, String)>,
}

/// What a run printed, and its exit code.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit code; 128 and more when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// The lines of a `-json` stream.
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The diagnostics of a `-json` stream.
    pub fn diagnostics(&self) -> Diagnostics {
        let events = self.events();
        Diagnostics::parse(events.iter().filter_map(|event| event.get("diagnostic")))
    }

    #[track_caller]
    fn json(&self, what: &str) -> Value {
        assert!(self.code == 0, "{what} failed ({}):\n{}{}", self.code, self.stdout, self.stderr);
        serde_json::from_str(&self.stdout).or_fail(format!("read what {what} printed"))
    }
}

/// A finished plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// What it printed.
    pub output: Output,
    workdir: Workdir,
}

impl Planned {
    /// Whether planning itself worked.
    pub fn succeeded(&self) -> bool {
        matches!(self.output.code, 0 | 2)
    }

    /// Whether Terraform says that there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.output.code == 0
    }

    /// The plan as data (one more run of terraform).
    #[track_caller]
    pub fn view(&self) -> Plan {
        assert!(self.succeeded(), "the plan failed:\n{}{}", self.diagnostics, self.output.stderr);
        Plan(self.workdir.run(&["show", "-json", "-no-color", PLAN_FILE]).json("show of the plan"))
    }

    /// Fails unless there is nothing to do.
    #[track_caller]
    pub fn expect_empty(&self) {
        assert!(self.succeeded(), "the plan failed:\n{}{}", self.diagnostics, self.output.stderr);
        if !self.is_empty() {
            let view = self.view();
            let changes: Vec<String> = view
                .changes()
                .iter()
                .filter(|change| change.actions != ["no-op"] || change.importing.is_some())
                .flat_map(|change| {
                    let head = format!("{} {:?} importing {:?}", change.address, change.actions, change.importing);
                    let lines = change.differences().into_iter();
                    std::iter::once(head)
                        .chain(lines.map(|found| format!("    {}: {} -> {}", found.path, found.before, found.after)))
                })
                .collect();
            panic!("the plan should be empty, but it holds:\n{}", changes.join("\n"));
        }
    }

    /// Fails unless planning failed; returns why.
    #[track_caller]
    pub fn expect_refused(&self) -> &Diagnostics {
        assert!(!self.succeeded(), "the plan should be refused, but exit code is {}", self.output.code);
        &self.diagnostics
    }
}

/// How many resources an apply touched, as Terraform counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Created.
    pub add: u64,
    /// Updated.
    pub change: u64,
    /// Imported.
    pub import: u64,
    /// Destroyed.
    pub remove: u64,
}

/// A finished apply or destroy.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// What it printed.
    pub output: Output,
    /// What was done; zeros when it failed.
    pub counts: Counts,
}

impl Applied {
    fn of(output: Output) -> Self {
        let events = output.events();
        let done = |event: &&Value| {
            event.get("type").and_then(Value::as_str) == Some("change_summary")
                && event.pointer("/changes/operation").and_then(Value::as_str) != Some("plan")
        };
        let summary = events.iter().rfind(done);
        let count = |key: &str| {
            summary.and_then(|event| event.pointer(&format!("/changes/{key}"))).and_then(Value::as_u64).unwrap_or(0)
        };
        let counts =
            Counts { add: count("add"), change: count("change"), import: count("import"), remove: count("remove") };
        Self { diagnostics: output.diagnostics(), counts, output }
    }

    /// Whether it worked.
    pub fn succeeded(&self) -> bool {
        self.output.code == 0
    }

    /// Fails unless it worked.
    #[track_caller]
    pub fn expect_success(self) -> Self {
        assert!(
            self.succeeded(),
            "the apply failed ({}):\n{}{}",
            self.output.code,
            self.diagnostics,
            self.output.stderr
        );
        self
    }

    /// Fails unless it failed; returns why.
    #[track_caller]
    pub fn expect_failure(&self) -> &Diagnostics {
        assert!(!self.succeeded(), "the apply should fail, but it worked:\n{}", self.output.stdout);
        &self.diagnostics
    }
}

/// A run that goes on; can be interrupted.
#[derive(Debug)]
pub struct Running {
    child: Child,
    command: String,
}

impl Running {
    /// Ctrl-C, as a terminal sends it: to Terraform and its providers.
    pub fn interrupt(&self) {
        self.signal("-INT", &format!("-{}", self.child.id()));
    }

    /// SIGINT to Terraform only, as a pipeline's runner sends it.
    pub fn interrupt_terraform_only(&self) {
        self.signal("-INT", &self.child.id().to_string());
    }

    /// SIGKILL to Terraform and its providers: what a crash of the machine looks like.
    pub fn kill(&self) {
        self.signal("-KILL", &format!("-{}", self.child.id()));
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(self) -> Applied {
        Applied::of(wait(self.child, &self.command))
    }

    fn signal(&self, signal: &str, target: &str) {
        let status = Command::new("kill").args([signal, "--", target]).status().or_fail("run kill");
        assert!(status.success(), "{} has ended already", self.command);
    }
}

impl Output {
    fn of(output: std::process::Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        Self {
            code: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Workdir {
    /// The directory `path`, which it makes, with additions to a clean environment.
    pub fn new(path: PathBuf, terraform: Terraform, environment: Vec<(String, String)>) -> Self {
        std::fs::create_dir_all(&path).or_fail(format!("make {}", path.display()));
        Self { path, terraform, environment }
    }

    /// The same Terraform and environment in another directory.
    pub fn sibling(&self, path: &Path) -> Self {
        Self::new(path.to_owned(), self.terraform.clone(), self.environment.clone())
    }

    /// The same directory with another environment variable.
    pub fn with_env(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.environment.push((name.to_owned(), value.to_owned()));
        other
    }

    /// Writes a file into the directory.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path.join(name);
        std::fs::write(&path, text).or_fail(format!("write {}", path.display()));
    }

    /// Copies what a folder holds into the directory, the folders in it too.
    pub fn copy(&self, folder: &Path) {
        copy(folder, &self.path);
    }

    /// Reads a file of the directory.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        let path = self.path.join(name);
        std::fs::read_to_string(&path).or_fail(format!("read {}", path.display()))
    }

    /// Plans, with these further arguments, and keeps the plan for [`Workdir::apply_plan`].
    pub fn plan(&self, more: &[&str]) -> Planned {
        let out = format!("-out={PLAN_FILE}");
        let mut arguments = vec!["plan", "-json", "-detailed-exitcode", "-input=false", &out];
        arguments.extend(more);
        let output = self.run(&arguments);
        Planned { diagnostics: output.diagnostics(), output, workdir: self.clone() }
    }

    /// Plans and applies.
    pub fn apply(&self, more: &[&str]) -> Applied {
        let mut arguments = vec!["apply", "-json", "-auto-approve", "-input=false"];
        arguments.extend(more);
        Applied::of(self.run(&arguments))
    }

    /// Applies the plan that [`Workdir::plan`] kept.
    pub fn apply_plan(&self) -> Applied {
        Applied::of(self.run(&["apply", "-json", "-input=false", PLAN_FILE]))
    }

    /// Starts an apply and does not wait.
    pub fn start_apply(&self) -> Running {
        let arguments = ["apply", "-json", "-auto-approve", "-input=false"];
        let child = self.start(&arguments);
        Running { child, command: arguments.join(" ") }
    }

    /// Destroys everything of the state.
    pub fn destroy(&self) -> Applied {
        Applied::of(self.run(&["destroy", "-json", "-auto-approve", "-input=false"]))
    }

    /// `terraform import`, the command, which has no `-json`: the output is only to be shown.
    pub fn import(&self, address: &str, id: &str) -> Output {
        self.run(&["import", "-input=false", "-no-color", address, id])
    }

    /// Plans with import blocks and has the configuration written to `file`.
    pub fn generate_config(&self, file: &str) -> Planned {
        self.plan(&[&format!("-generate-config-out={file}")])
    }

    /// `terraform validate -json`.
    pub fn validate(&self) -> Diagnostics {
        let output = self.run(&["validate", "-json"]);
        let answer: Value =
            serde_json::from_str(&output.stdout).or_fail(format!("read: {}{}", output.stdout, output.stderr));
        let list = answer.get("diagnostics").and_then(Value::as_array).cloned().unwrap_or_default();
        Diagnostics::parse(&list)
    }

    /// The state.
    #[track_caller]
    pub fn state(&self) -> State {
        State(self.run(&["show", "-json", "-no-color"]).json("show of the state"))
    }

    /// The text of the state file, empty when there is none: to look for what must not be in it.
    pub fn state_file(&self) -> String {
        std::fs::read_to_string(self.path.join("terraform.tfstate")).unwrap_or_default()
    }

    /// `terraform providers schema -json`.
    #[track_caller]
    pub fn schema(&self) -> Value {
        self.run(&["providers", "schema", "-json"]).json("providers schema")
    }

    /// Runs terraform with exactly these arguments.
    pub fn run(&self, arguments: &[&str]) -> Output {
        wait(self.start(arguments), &arguments.join(" "))
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        // A process group of its own, so that a signal reaches what it starts and not the tests.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().or_fail(format!("start {}", self.terraform.program.display()))
    }

    /// The command, for those who want its output on their terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.terraform.program);
        command.args(arguments).current_dir(&self.path);
        // What the caller has configured for its own clouds must reach no test.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["TF_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "MLOPS_"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn copy(from: &Path, to: &Path) {
    let entries = std::fs::read_dir(from).or_fail(format!("read {}", from.display()));
    for entry in entries {
        let entry = entry.or_fail(format!("read {}", from.display()));
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            std::fs::create_dir_all(&target).or_fail(format!("make {}", target.display()));
            copy(&source, &target);
        } else {
            std::fs::copy(&source, &target).or_fail(format!("copy {}", source.display()));
        }
    }
}

/// Waits for the end of a process that leads its group, and kills the group when it takes too long.
#[track_caller]
fn wait(child: Child, what: &str) -> Output {
    let group = format!("-{}", child.id());
    let (ended, end) = mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let hangs = end.recv_timeout(LONGEST_RUN) == Err(mpsc::RecvTimeoutError::Timeout);
        if hangs {
            // It may have ended at the last moment.
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        }
        hangs
    });
    let output = child.wait_with_output().or_fail(format!("wait for terraform {what}"));
    drop(ended);
    let output = Output::of(output);
    let hung = watchdog.join().unwrap_or(false);
    assert!(!hung, "terraform {what} did not end:\n{}\n{}", output.stdout, output.stderr);
    output
}
