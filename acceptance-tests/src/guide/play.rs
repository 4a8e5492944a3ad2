//! A reader of a guide who does exactly what it says, in a home of their own, with a port of their own for localcloud.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use regex::Regex;
use tempfile::TempDir;

use super::parse::{Action, Step, steps_of};
use crate::programs::tools;
use crate::{OrFail, Scene, install, localcloud, workspace};

/// Where localcloud listens in all guides.
const ADDRESS: &str = "127.0.0.1:9000";
/// How long a program in the second terminal may take to listen.
const START: Duration = Duration::from_secs(30);
/// Between two looks whether it does.
const LOOK: Duration = Duration::from_millis(20);
/// The head of a fragment that has none.
const HEAD: &str = "terraform {\n  required_providers {\n    mlops = { source = \"mlops-rs/mlops\" }\n  }\n}\n\n\
                    provider \"mlops\" {\n  project = \"my-project\"\n  region  = \"europe-west1\"\n}\n\n";
/// What begins a block of the language itself, rather than an attribute of a stack.
const TOP: [&str; 11] = [
    "terraform {",
    "provider ",
    "resource ",
    "data ",
    "module ",
    "import {",
    "removed {",
    "moved {",
    "variable ",
    "output ",
    "locals {",
];

/// Somebody who reads a guide and does it.
#[derive(Debug)]
pub struct Reader {
    name: String,
    home: Option<TempDir>,
    work: PathBuf,
    address: String,
    /// What the guide says as an example, and what this reader types in its place.
    own: Vec<(String, String)>,
    running: Vec<Child>,
    skipped: Vec<String>,
    lacks: Vec<String>,
    /// Outputs that are not what the guide says, each with its place.
    wrong: Vec<String>,
}

impl Reader {
    /// Sits down at a machine where Terraform, the provider and localcloud are installed.
    pub fn new(scene: &Scene) -> Self {
        let prefix: String = scene.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let home = tempfile::Builder::new().prefix(&format!("{prefix}-")).tempdir().or_fail("make a home");
        let root = home.path();
        let work = root.join("guide");
        for folder in [&work, &root.join("bin")] {
            std::fs::create_dir_all(folder).or_fail(format!("make {}", folder.display()));
        }
        let rc = install(root);
        script(&root.join("bin/terraform"), &format!("exec '{}' \"$@\"", scene.terraform.program.display()));
        // With the real APIs' own word on what they refuse, as in all tests.
        let discovery = tools().join("discovery");
        let line = format!("exec '{}' --discovery '{}' \"$@\"", localcloud().display(), discovery.display());
        script(&root.join("bin/localcloud"), &line);
        let python = tools().join("python");
        let moto = "from moto.server import main; main()";
        let line = format!("PYTHONPATH='{}' exec python3 -c '{moto}' \"$@\"", python.display());
        script(&root.join("bin/moto_server"), &line);
        // Where a reader has the repository, and where the toolchain is in spite of the new home.
        std::os::unix::fs::symlink(workspace(), root.join("terraform-provider-mlops")).or_fail("link the repository");
        let path = format!("{}:{}", root.join("bin").display(), std::env::var("PATH").unwrap_or_default());
        let first = [
            ("HOME", root.display().to_string()),
            ("PATH", path),
            ("TF_CLI_CONFIG_FILE", rc.display().to_string()),
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("LC_ALL", "C.UTF-8".to_owned()),
            ("CARGO_HOME", of_home("CARGO_HOME", ".cargo")),
            ("RUSTUP_HOME", of_home("RUSTUP_HOME", ".rustup")),
        ];
        let exports: String = first.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
        std::fs::write(root.join("environment"), exports).or_fail("write the environment");
        std::fs::write(root.join("folder"), format!("{}\n", work.display())).or_fail("write the folder");
        let address = free_address();
        Self {
            name: scene.name.clone(),
            home: Some(home),
            work,
            own: vec![(ADDRESS.to_owned(), address.clone())],
            address,
            running: Vec::new(),
            skipped: Vec::new(),
            lacks: Vec::new(),
            wrong: Vec::new(),
        }
    }

    /// Does what a guide says. Panics at the first command that ends otherwise, and at the end if an output is another.
    #[track_caller]
    pub fn follow(&mut self, guide: &Path) {
        let text = std::fs::read_to_string(guide).or_fail(format!("read {}", guide.display()));
        let title = guide.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for step in steps_of(&text) {
            let place = format!("{title}.md, line {}", step.line);
            self.take(&place, step);
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
    }

    /// Has this reader type something of their own wherever the guide has an example for it, and expect it in outputs.
    pub fn puts(&mut self, example: &str, own: &str) {
        self.own.push((example.to_owned(), own.to_owned()));
    }

    /// The port at which this reader's localcloud listens, or what stands for it.
    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }

    /// The reader does not have a program: commands that call it are left out.
    pub fn lacks(&mut self, program: &str) {
        self.lacks.push(program.to_owned());
    }

    /// The reader's home. They read in `guide` below it.
    pub fn home(&self) -> &Path {
        self.root()
    }

    /// What was left out, with its reason.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Fails unless every configuration that has a state plans no change.
    #[track_caller]
    pub fn expect_settled(&self) {
        let folders = configurations(&self.work);
        for folder in &folders {
            let (code, states) = self.bash(&format!("cd '{}' && terraform state list", folder.display()));
            if code != 0 || states.trim().is_empty() {
                continue;
            }
            let plan = "terraform plan -input=false -detailed-exitcode";
            let (code, output) = self.bash(&format!("cd '{}' && {plan}", folder.display()));
            assert!(code == 0, "{} does not end with an empty plan:\n{output}", folder.display());
        }
    }

    /// Runs a command as the reader would, and returns its exit code and everything it printed.
    pub fn bash(&self, command: &str) -> (i32, String) {
        let root = self.root();
        let (environment, folder) = (root.join("environment"), root.join("folder"));
        // Its variables, its functions and where it goes stay for the next command.
        let script = format!(
            "set -a -o pipefail; . '{0}'; cd \"$(cat '{1}')\"\n{2}\ncode=$?\n{{ export -p; declare -f; }} > '{0}'; pwd > '{1}'; exit $code",
            environment.display(),
            folder.display(),
            self.here(command)
        );
        let mut bash = clean(Command::new("bash"));
        let (reader, writer) = std::io::pipe().or_fail("make a pipe");
        let errors = writer.try_clone().or_fail("share the pipe");
        bash.args(["-c", &script]).stdin(Stdio::piped()).stdout(writer).stderr(errors);
        let mut child = bash.spawn().or_fail("start bash");
        drop(bash);
        if let Some(mut stdin) = child.stdin.take() {
            // The answer to Terraform's question. Who does not ask leaves it.
            let _ = std::io::Write::write_all(&mut stdin, b"yes\n");
        }
        let output = std::io::read_to_string(reader).or_fail(format!("read what {command} printed"));
        let status = child.wait().or_fail(format!("wait for {command}"));
        (status.code().unwrap_or(128), plain(&output))
    }

    fn take(&mut self, place: &str, step: Step) {
        match step.action {
            Action::Write { file, text } => self.write(&file, &text),
            Action::Append { file, text } => {
                let before = std::fs::read_to_string(self.file(&file)).or_fail(format!("read {file} ({place})"));
                self.write(&file, &format!("{before}\n{text}"));
            }
            Action::Change { file, diff } => {
                let before = std::fs::read_to_string(self.file(&file)).or_fail(format!("read {file} ({place})"));
                let after = changed(&before, &self.here(&diff));
                self.write(
                    &file,
                    &after.or_fail(format!("find the lines of the change in {file} ({place}):\n{before}")),
                );
            }
            Action::Run { commands, fails, prints } => self.run(place, &commands, fails, prints.as_deref()),
            Action::Start { command } => self.start(place, &command),
            Action::Validate { text } => self.validate(place, &text),
            Action::Quote { file, text } => {
                let whole = std::fs::read_to_string(workspace().join(&file)).or_fail(format!("read {file} ({place})"));
                assert!(whole.contains(&text), "{place}: {file} does not say\n{text}");
            }
            Action::Show { language, .. } => {
                assert!(language != "text" && language != "hcl", "{place}: a block of {language} that nothing checks");
            }
            Action::NotRun { reason, .. } => self.skipped.push(format!("{place}: {reason}")),
        }
    }

    fn run(&mut self, place: &str, commands: &[String], fails: bool, prints: Option<&str>) {
        let calls = |program: &&String| commands.iter().any(|command| command.contains(&format!(" {program} ")));
        if let Some(program) = self.lacks.iter().find(calls) {
            return self.skipped.push(format!("{place}: needs {program}"));
        }
        let mut all = String::new();
        for (index, command) in commands.iter().enumerate() {
            let (code, output) = self.bash(command);
            let must_fail = fails && index + 1 == commands.len();
            let before = self.wrong.join("\n");
            assert!((code != 0) == must_fail, "{before}\n{place}: {command} ended with {code}:\n{output}");
            all.push_str(&output);
        }
        if let Some(prints) = prints
            && !says(&all, &self.here(prints))
        {
            self.wrong.push(format!("{place}: should print\n{prints}\nbut printed\n{all}"));
        }
    }

    fn start(&mut self, place: &str, command: &str) {
        let root = self.root();
        let said = root.join("second-terminal.txt");
        let sink = std::fs::File::create(&said).or_fail("keep what the second terminal shows");
        let errors = sink.try_clone().or_fail("share it");
        let script = format!(
            ". '{}'; cd \"$(cat '{}')\"; exec {}",
            root.join("environment").display(),
            root.join("folder").display(),
            self.here(command)
        );
        let mut bash = clean(Command::new("bash"));
        bash.args(["-c", &script]).process_group(0).stdin(Stdio::null()).stdout(sink).stderr(errors);
        self.running.push(bash.spawn().or_fail("start bash"));
        let started = Instant::now();
        while TcpStream::connect(&self.address).is_err() {
            let text = || std::fs::read_to_string(&said).unwrap_or_default();
            assert!(started.elapsed() < START, "{place}: {command} does not listen:\n{}", text());
            std::thread::sleep(LOOK);
        }
    }

    /// Validates a fragment in a folder of its own.
    fn validate(&self, place: &str, text: &str) {
        let folder = self.root().join("fragments").join(place.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        std::fs::create_dir_all(&folder).or_fail(format!("make {}", folder.display()));
        let is_whole = text.lines().any(|line| TOP.iter().any(|start| line.starts_with(start)));
        let body = match is_whole {
            true => text.to_owned(),
            false => format!("resource \"mlops_stack\" \"it\" {{\n  name = \"it\"\n{text}}}\n"),
        };
        let head = if text.contains("required_providers") { "" } else { HEAD };
        std::fs::write(folder.join("main.tf"), format!("{head}{body}")).or_fail("write the fragment");
        let init = "terraform init -input=false > init.txt && terraform validate";
        let (code, output) = self.bash(&format!("(cd '{}' && {init})", folder.display()));
        assert!(code == 0, "{place}: the fragment is not valid:\n{output}");
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.file(file);
        let folder = path.parent().or_fail(format!("find the folder of {file}"));
        std::fs::create_dir_all(folder).or_fail(format!("make {}", folder.display()));
        std::fs::write(&path, self.here(text)).or_fail(format!("write {}", path.display()));
    }

    /// A file in the folder that the reader is in now.
    fn file(&self, name: &str) -> PathBuf {
        let folder = std::fs::read_to_string(self.root().join("folder")).or_fail("read the folder");
        Path::new(folder.trim_end()).join(name)
    }

    /// The text with what is this reader's own.
    fn here(&self, text: &str) -> String {
        self.own.iter().fold(text.to_owned(), |text, (example, own)| text.replace(example, own))
    }

    fn root(&self) -> &Path {
        self.work.parent().unwrap_or(&self.work)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for child in &mut self.running {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking()
            && let Some(home) = self.home.take()
        {
            eprintln!("{}: what the reader did is kept in {}", self.name, home.keep().display());
        }
    }
}

/// Without what the caller has configured for clouds and keys of their own.
fn clean(mut command: Command) -> Command {
    command.env_remove("CARGO_TARGET_DIR");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let foreign = ["TF_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "MLOPS_", "AWS_", "GPG_", "GNUPG"];
        if foreign.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// What a variable says, or else a folder in the caller's home.
fn of_home(variable: &str, folder: &str) -> String {
    let home = || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(folder).display().to_string();
    std::env::var(variable).unwrap_or_else(|_| home())
}

fn script(path: &Path, line: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, format!("#!/bin/sh\n{line}\n")).or_fail(format!("write {}", path.display()));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).or_fail("make it a program");
}

/// An address that nobody listens at, out of a range from which the system gives nobody one by itself.
fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 10_000).unwrap_or_default();
    let ports = std::iter::repeat_with(|| 20_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000);
    let mut free = ports.take(12_000).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    format!("127.0.0.1:{}", free.next().or_fail("find a free port"))
}

/// The folders that `terraform init` ran in.
fn configurations(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.ends_with(".terraform") {
            found.insert(root.to_owned());
        } else if path.is_dir() {
            found.extend(configurations(&path));
        }
    }
    found
}

/// Without colours, and without the frame that Terraform draws around diagnostics.
fn plain(output: &str) -> String {
    static COLOUR: std::sync::OnceLock<Regex> = std::sync::OnceLock::new();
    let colour = COLOUR.get_or_init(|| Regex::new("\x1b\\[[0-9;]*m").or_fail("read the pattern of colours"));
    let frame: &[char] = &['╷', '│', '╵'];
    let lines = output.lines().map(|line| colour.replace_all(line, "").into_owned());
    lines.map(|line| format!("{}\n", line.trim_start_matches(frame))).collect()
}

/// Whether an output holds a text, however its lines are broken; `...` in the text stands for anything.
pub fn says(output: &str, text: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let output = words(output);
    let wanted = words(&plain(text));
    let parts: Vec<&str> = wanted.split("...").map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut rest = output.as_str();
    parts.into_iter().all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// The text with a change made at the one place where its old lines are.
fn changed(text: &str, diff: &str) -> Option<String> {
    let side = |drop: char| -> Vec<String> {
        let lines = diff.lines().filter(|line| !line.starts_with(drop));
        lines.map(|line| line.get(1..).unwrap_or_default().to_owned()).collect()
    };
    let (old, new) = (side('+'), side('-'));
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.windows(old.len()).position(|window| window == old.as_slice())?;
    let before = lines[..at].iter().map(|line| (*line).to_owned());
    let after = lines[at + old.len()..].iter().map(|line| (*line).to_owned());
    Some(before.chain(new).chain(after).map(|line| line + "\n").collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_compared_word_by_word() {
        let output = plain("\x1b[31m╷\n│ Error: The location\n│ cannot be changed\n╵\nPlan: 1 to add.");
        assert!(says(&output, "Error: The location cannot be\nchanged"));
        assert!(says(&output, "Error: ... changed\n...\nPlan:"));
        assert!(!says(&output, "Plan: ... Error:"));
    }

    #[test]
    fn a_change_replaces_the_lines_it_shows() {
        let diff = " a {\n-  b = 1\n+  b = 2\n+  c = 3\n }\n";
        assert_eq!(changed("x\na {\n  b = 1\n}\n", diff).as_deref(), Some("x\na {\n  b = 2\n  c = 3\n}\n"));
        assert_eq!(changed("a {\n  b = 9\n}\n", diff), None);
    }
}
