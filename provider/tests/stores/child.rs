//! Another process that uses a store, in an environment of its own: this program again, told what to do by variables.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use mlops_phases::document::Criterion;
use terraform_provider_mlops::checkpoint::Session;
use terraform_provider_mlops::checkpoint::archive::Archive;
use terraform_provider_mlops::checkpoint::criteria::{self, Tools};
use terraform_provider_mlops::checkpoint::store::{Clients, chain};
use terraform_provider_mlops::config::ProviderConfig;
use terraform_provider_mlops::google::api::auth::Environment;
use terraform_provider_mlops::google::api::{Client, ClientConfig, RetryPolicy};

use crate::phases::{document, phase, with_step};
use crate::world::{client, minute};

/// What it does: `write`, `read`, or the name of a criterion.
const TASK: &str = "STORES_TASK";
/// The store.
const STORE: &str = "STORES_STORE";
/// Where Cloud Storage listens.
pub(crate) const CLOUD: &str = "STORES_CLOUD";

/// A running process.
pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// A process that adds step after step to phase 1, and says so after each.
    pub(crate) fn writer(store: &str, variables: &[(&str, &str)]) -> Self {
        Self::start("write", store, variables)
    }

    /// Reads phase 1 in an environment with nothing but these variables; says what came of it.
    pub(crate) fn read(store: &str, variables: &[(&str, &str)]) -> String {
        Self::told("read", store, variables)
    }

    /// Checks a criterion in such an environment; says whether it held and what was observed.
    pub(crate) fn check(criterion: &str, url: &str, variables: &[(&str, &str)]) -> String {
        Self::told(criterion, url, variables)
    }

    fn told(task: &str, store: &str, variables: &[(&str, &str)]) -> String {
        let mut process = Self::start(task, store, variables);
        let told = process.line().unwrap();
        process.child.wait().unwrap();
        told
    }

    fn start(task: &str, store: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child::does_as_it_is_told", "--ignored", "--nocapture"]);
        // Nothing of the person who runs the tests, and no questions to a machine of Amazon's.
        command.env_clear().env("HOME", "/nowhere").env("AWS_EC2_METADATA_DISABLED", "true");
        command.env(TASK, task).env(STORE, store).envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    /// The next thing it says; nothing when it has ended.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            // The frame of the test has lines of its own.
            if let Some((_, told)) = line.split_once("told: ") {
                return Some(told.trim_end().to_owned());
            }
            line.clear();
        }
        None
    }

    /// Ends it at once, wherever it is.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn tell(text: &str) {
    let mut output = std::io::stdout();
    let _ = writeln!(output, "told: {}", text.replace('\n', " "));
    let _ = output.flush();
}

#[tokio::test]
#[ignore = "a part of other tests, which start it as a process"]
async fn does_as_it_is_told() {
    let Some(task) = variable(TASK) else { return };
    let store = variable(STORE).unwrap();
    match task.as_str() {
        "write" => write(&archive(&store)).await,
        "read" => tell(&match archive(&store).load(&minute(), &phase("1")).await {
            Ok(found) => found.map_or("nothing".to_owned(), |found| format!("revision {}", found.revision())),
            Err(error) => chain(&error),
        }),
        "bucket_versioned" => check(Criterion::BucketVersioned { url: store }).await,
        "object_exists" => check(Criterion::ObjectExists { url: store }).await,
        other => panic!("{other:?} is no task"),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn archive(store: &str) -> Archive {
    let google = match variable(CLOUD) {
        Some(address) => client(address.parse().unwrap(), RetryPolicy::TRANSIENT),
        None => Client::new(ClientConfig { retry: RetryPolicy::NEVER, ..ClientConfig::default() }),
    };
    Archive::open(store.parse().unwrap(), &Clients::new(google))
}

async fn write(archive: &Archive) {
    loop {
        let stored = archive.load(&minute(), &phase("1")).await.unwrap();
        let number = stored.as_ref().map_or(0, |stored| stored.revision()) + 1;
        let before = stored.as_ref().map_or_else(|| document("1"), |stored| stored.document().clone());
        archive.save(&minute(), &with_step(&before, &number.to_string()), stored.as_ref()).await.unwrap();
        tell(&number.to_string());
    }
}

/// As the provider does it, with nothing in its block.
async fn check(criterion: Criterion) {
    let (connection, problems) = ProviderConfig::default().connect(&Environment::process(), "");
    let session = Session::new(connection.unwrap_or_else(|| panic!("{problems:?}")), Default::default());
    let criteria = BTreeMap::from([("it".to_owned(), criterion)]);
    let evidence =
        criteria::check(&criteria, &Tools { session: &session, calls: &minute() }).await.remove("it").unwrap();
    tell(&format!("{}: {}", if evidence.passed { "held" } else { "failed" }, evidence.observed));
}
