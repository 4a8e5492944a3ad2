//! The program: its options, what it writes where, how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::{Value, json};

struct Program {
    child: Child,
    url: String,
}

impl Program {
    /// Starts it and waits until it says where it serves.
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_localcloud"))
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().expect("a line").unwrap();
        let (_, url) = first.rsplit_once(" at ").expect(&first);
        let url = url.to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    /// Asks it to end, as a shell or a service manager does.
    fn terminate(mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn call(method: &str, url: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = reqwest::Client::new().request(method.parse().unwrap(), url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

fn empty_project(folder: &Path) -> String {
    let path = folder.join("seed.json");
    let seed = json!({"project": {"projectId": "p-one", "projectNumber": "111"}, "resources": [],
                      "enabled_services": ["storage.googleapis.com"]});
    std::fs::write(&path, seed.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[tokio::test]
async fn the_port_file_names_the_port_and_the_state_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let seed = empty_project(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (port, state, log) = (file("port"), file("state.json"), file("requests.jsonl"));
    let arguments = [
        "--operations",
        "3s",
        "--new-accounts",
        "2s",
        "--new-subscriptions",
        "1s",
        "--seed",
        &seed,
        "--port-file",
        &port,
        "--state",
        &state,
        "--log",
        &log,
        "--latency",
        "1ms",
    ];

    let program = Program::start(&arguments);
    let (status, _) = call(
        "POST",
        &format!("{}/storage.googleapis.com/storage/v1/b?project=p-one", program.url),
        Some(json!({"name": "kept"})),
    )
    .await;
    assert_eq!(status, 200);
    assert!(program.terminate().success());

    let program = Program::start(&arguments);
    let written = std::fs::read_to_string(&port).unwrap();
    assert_eq!(program.url, format!("http://127.0.0.1:{}", written.trim()));
    let (status, bucket) =
        call("GET", &format!("{}/storage.googleapis.com/storage/v1/b/kept", program.url), None).await;
    assert_eq!((status, bucket["name"].as_str()), (200, Some("kept")));
    let (_, settings) = call("GET", &format!("{}/_localcloud/settings", program.url), None).await;
    let lags =
        ["operations", "new_accounts", "new_subscriptions"].map(|lag| settings[lag].as_str().unwrap_or_default());
    assert_eq!(lags, ["3000ms", "2000ms", "1000ms"]);
    assert!(program.terminate().success());

    let lines = std::fs::read_to_string(&log).unwrap();
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["method"], "POST");
}

#[test]
fn a_seed_that_is_none_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.json");
    std::fs::write(&path, "{}").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_localcloud")).args(["--seed", path.to_str().unwrap()]).output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("bad.json is no environment: missing field `project`"), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_front_before_moto_says_when_moto_does_not_answer() {
    // Nobody listens on the port of a listener that is gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = Program::start(&["aws", "--moto", &format!("http://{gone}")]);
    let scope = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/sqs/aws4_request, Signature=0";
    let call_of_sqs = reqwest::Client::new()
        .post(&program.url)
        .header("authorization", scope)
        .header("x-amz-target", "AmazonSQS.ListQueues");
    let answer = call_of_sqs.body("{}").send().await.unwrap();
    let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status == 502 && text.contains(&format!("cannot reach moto at {gone}")), "{status} {text}");
    let (_, calls) = call("GET", &format!("{}/_localcloud/requests", program.url), None).await;
    assert_eq!((&calls[0]["host"], &calls[0]["status"]), (&json!("sqs"), &json!(502)));
    assert!(program.terminate().success());
}
