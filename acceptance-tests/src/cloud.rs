//! A localcloud process, and its control interface.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use localcloud::{FaultSpec, Lag, RequestRecord, Unspent};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{OrFail, Snapshot, programs};

/// How long localcloud may take to say where it listens.
const START: Duration = Duration::from_secs(30);
/// How long [`Cloud::wait_for`] waits at most.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at something that another process does.
const LOOK: Duration = Duration::from_millis(10);

/// How to start localcloud.
#[derive(Clone, Debug, Default)]
pub struct CloudOptions {
    /// Seed files.
    pub seeds: Vec<PathBuf>,
    /// What each call takes at least.
    pub latency: Option<Duration>,
    /// The binary; the one of [`crate::localcloud`] when absent.
    pub program: Option<PathBuf>,
    /// Whether callers are people with credentials of their own, which name no quota project: some APIs refuse them.
    pub user_credentials: bool,
    /// How long an operation takes; localcloud's default when absent.
    pub operations: Option<Lag>,
    /// How long a new service account is unknown; localcloud's default when absent.
    pub new_accounts: Option<Lag>,
    /// How long a new subscription is not seen; localcloud's default when absent.
    pub new_subscriptions: Option<Lag>,
}

/// A running localcloud with discovery documents, on a port of its own; ends when dropped.
#[derive(Debug)]
pub struct Cloud {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub url: String,
    process: Child,
    runtime: Runtime,
    client: reqwest::Client,
    armed: AtomicBool,
}

/// A point in the list of calls.
#[derive(Clone, Copy, Debug)]
pub struct Mark(pub(crate) usize);

impl Cloud {
    /// Starts localcloud; its log and port file go into `folder`.
    pub fn start(folder: &Path, options: &CloudOptions) -> Self {
        let port_file = folder.join("localcloud.port");
        let program = options.program.clone().unwrap_or_else(programs::localcloud);
        let mut command = Command::new(&program);
        command.args(["--listen", "127.0.0.1:0", "--port-file"]).arg(&port_file);
        command.arg("--discovery").arg(programs::tools().join("discovery"));
        command.arg("--log").arg(folder.join("requests.jsonl"));
        for seed in &options.seeds {
            command.arg("--seed").arg(seed);
        }
        if let Some(latency) = options.latency {
            command.arg("--latency").arg(format!("{}ms", latency.as_millis()));
        }
        let lags = [
            ("--operations", options.operations),
            ("--new-accounts", options.new_accounts),
            ("--new-subscriptions", options.new_subscriptions),
        ];
        for (argument, lag) in lags.iter().filter_map(|(argument, lag)| Some((argument, (*lag)?))) {
            command.arg(argument).arg(lag.to_string());
        }
        if options.user_credentials {
            command.arg("--user-credentials");
        }
        let output = folder.join("localcloud.txt");
        let sink = std::fs::File::create(&output).or_fail(format!("write {}", output.display()));
        let errors = sink.try_clone().or_fail("share localcloud's output");
        command.stdin(Stdio::null()).stdout(sink).stderr(errors);
        let mut process = command.spawn().or_fail(format!("start {}", program.display()));
        let port = wait_for_port(&port_file, &mut process, &output);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().or_fail("start a runtime");
        let client = reqwest::Client::builder().no_proxy().build().or_fail("make a client");
        Self { url: format!("http://127.0.0.1:{port}"), process, runtime, client, armed: AtomicBool::new(false) }
    }

    /// All calls so far, in order.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.get("requests")
    }

    /// The present end of the list of calls.
    pub fn mark(&self) -> Mark {
        Mark(self.requests().len())
    }

    /// The calls since a mark.
    pub fn requests_since(&self, mark: Mark) -> Vec<RequestRecord> {
        self.requests().split_off(mark.0)
    }

    /// The calls since a mark that can change something.
    pub fn writes_since(&self, mark: Mark) -> Vec<RequestRecord> {
        self.requests_since(mark).into_iter().filter(RequestRecord::is_write).collect()
    }

    /// The same as lines, for a comparison in a test.
    pub fn write_lines_since(&self, mark: Mark) -> Vec<String> {
        self.writes_since(mark).iter().map(RequestRecord::line).collect()
    }

    /// Fails when something was written since a mark.
    #[track_caller]
    pub fn expect_no_writes_since(&self, mark: Mark) {
        let lines = self.write_lines_since(mark);
        assert!(lines.is_empty(), "nothing should be written, but:\n{}", lines.join("\n"));
    }

    /// Fails when a call since a mark may have changed something: what is refused changes nothing.
    #[track_caller]
    pub fn expect_no_effects_since(&self, mark: Mark) {
        let done: Vec<String> =
            self.writes_since(mark).iter().filter(|call| call.status < 400).map(RequestRecord::line).collect();
        assert!(done.is_empty(), "nothing should be changed, but:\n{}", done.join("\n"));
    }

    /// Fails when something was ever written.
    #[track_caller]
    pub fn expect_no_writes(&self) {
        self.expect_no_writes_since(Mark(0));
    }

    /// Waits until the calls so far satisfy a condition.
    #[track_caller]
    pub fn wait_for(&self, what: &str, condition: impl Fn(&[RequestRecord]) -> bool) {
        let started = Instant::now();
        while !condition(&self.requests()) {
            assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
            std::thread::sleep(LOOK);
        }
    }

    /// Arms a fault. One that is not spent when faults are cleared, or in the end, fails its test.
    pub fn fault(&self, fault: &FaultSpec) {
        let body = serde_json::to_value(fault).or_fail("write the fault");
        self.post("faults", &body);
        self.armed.store(true, Ordering::Relaxed);
    }

    /// Fails when a fault was armed and has not struck as often as it was armed for: what the test says of it is not shown.
    #[track_caller]
    pub fn expect_faults_spent(&self) {
        expect_spent(&self.unspent().or_fail("ask localcloud for its faults"));
    }

    fn unspent(&self) -> reqwest::Result<Vec<Unspent>> {
        if self.armed.load(Ordering::Relaxed) { self.ask("faults") } else { Ok(Vec::new()) }
    }

    /// Ends localcloud, and then says which faults were armed and not spent. What it is asked in vain is an outage: it has ended.
    pub(crate) fn end(&mut self) -> reqwest::Result<Vec<Unspent>> {
        let unspent = self.unspent();
        self.armed.store(false, Ordering::Relaxed);
        // It may have ended by itself, which its output tells.
        let _ = self.process.kill();
        let _ = self.process.wait();
        unspent
    }

    /// Disarms all faults, which must be spent.
    #[track_caller]
    pub fn clear_faults(&self) {
        self.expect_faults_spent();
        self.armed.store(false, Ordering::Relaxed);
        let request = self.client.delete(self.control("faults"));
        self.wait_on(async { request.send().await?.error_for_status().map(drop) }).or_fail("clear the faults");
    }

    /// Everything that is in the cloud.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.get("snapshot"))
    }

    /// Changes an object behind Terraform's back, by JSON merge.
    pub fn edit(&self, service: &str, path: &str, merge: Value) {
        self.post("edit", &json!({"service": service, "path": path, "merge": merge}));
    }

    /// Removes an object behind Terraform's back.
    pub fn delete(&self, service: &str, path: &str) {
        self.post("edit", &json!({"service": service, "path": path, "delete": true}));
    }

    /// A call of an API as any other client would make it; the status and the answer.
    pub fn call(&self, method: &str, host: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).or_fail("read the method");
        let mut request = self.client.request(method, format!("{}/{host}{path}", self.url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = self.wait_on(async {
            let response = request.send().await?;
            Ok((response.status().as_u16(), response.text().await?))
        });
        let (status, text) = answer.or_fail(format!("call {host}{path}"));
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn get<T: DeserializeOwned>(&self, what: &str) -> T {
        self.ask(what).or_fail(format!("read localcloud's {what}"))
    }

    fn ask<T: DeserializeOwned>(&self, what: &str) -> reqwest::Result<T> {
        let request = self.client.get(self.control(what));
        self.wait_on(async { request.send().await?.error_for_status()?.json().await })
    }

    fn post(&self, what: &str, body: &Value) {
        let request = self.client.post(self.control(what)).json(body);
        let answer = self.wait_on(async {
            let response = request.send().await?;
            Ok((response.status(), response.text().await?))
        });
        let (status, text) = answer.or_fail(format!("reach localcloud's {what}"));
        assert!(status.is_success(), "localcloud refuses {what} {body}: {status} {text}");
    }

    fn control(&self, what: &str) -> String {
        format!("{}/_localcloud/{what}", self.url)
    }

    fn wait_on<T>(&self, work: impl Future<Output = reqwest::Result<T>>) -> reqwest::Result<T> {
        self.runtime.block_on(work)
    }
}

/// Fails when faults were armed that have not struck.
#[track_caller]
pub(crate) fn expect_spent(unspent: &[Unspent]) {
    assert!(unspent.is_empty(), "faults were armed and not spent: {unspent:#?}");
}

impl Drop for Cloud {
    fn drop(&mut self) {
        let unspent = self.end();
        if !std::thread::panicking() {
            expect_spent(&unspent.or_fail("ask localcloud for its faults"));
        }
    }
}

/// The port out of the port file, which holds it alone or at the end of an address.
fn wait_for_port(file: &Path, process: &mut Child, output: &Path) -> u16 {
    let started = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let digits = text.trim().trim_end_matches('/').rsplit(':').next().unwrap_or_default();
        if (text.ends_with('\n') || digits.len() >= 4)
            && let Ok(port) = digits.parse()
        {
            return port;
        }
        let ended = process.try_wait().or_fail("look after localcloud");
        if ended.is_some() || started.elapsed() > START {
            let said = std::fs::read_to_string(output).unwrap_or_default();
            panic!("localcloud does not listen ({ended:?}); it said:\n{said}");
        }
        std::thread::sleep(LOOK);
    }
}
