//! A directory, a provider in this process, and a terraform that is attached to it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tfplugin::proto::tfplugin6::provider_server::ProviderServer;
use tfplugin::rpc::Service;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;

use crate::probe::{Probe, Remote};
use crate::terraform::{fetched, installed, with_identities};

pub(crate) const ADDRESS: &str = "registry.terraform.io/test/probe";

/// Everything that one test needs; it ends with the test.
pub(crate) struct World {
    pub directory: TempDir,
    pub remote: Remote,
    program: PathBuf,
    reattach: String,
}

/// What a run of terraform came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub code: i32,
    pub stdout: String,
    /// The JSON lines among the output.
    pub events: Vec<Json>,
    /// The output when it is one JSON document.
    pub document: Json,
}

impl World {
    /// A world with `hcl` as its configuration.
    pub(crate) async fn new(hcl: &str) -> Self {
        Self::on(installed().unwrap_or_else(fetched), hcl)
    }

    /// A world in which Terraform knows identities.
    pub(crate) async fn with_identities(hcl: &str) -> Self {
        Self::on(with_identities(), hcl)
    }

    fn on(program: PathBuf, hcl: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let socket = directory.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        let remote = Remote::default();
        let service = Service::new(Probe { remote: remote.clone() }).restarting();
        let server = tonic::transport::Server::builder()
            .add_service(ProviderServer::new(service).max_decoding_message_size(256 << 20));
        tokio::spawn(server.serve_with_incoming(UnixListenerStream::new(listener)));
        let reattach = json!({ ADDRESS: {
            "Protocol": "grpc", "ProtocolVersion": 6, "Pid": std::process::id(), "Test": true,
            "Addr": { "Network": "unix", "String": socket },
        }})
        .to_string();
        let world = Self { directory, remote, program, reattach };
        world.write(hcl);
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Replaces the configuration.
    pub(crate) fn write(&self, hcl: &str) {
        let head = "terraform {\n  required_providers {\n    probe = { source = \"test/probe\" }\n  }\n}\n";
        std::fs::write(self.path().join("main.tf"), format!("{head}{hcl}")).unwrap();
    }

    /// Runs terraform to its end.
    pub(crate) async fn terraform(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(self.path())
            .env("TF_REATTACH_PROVIDERS", &self.reattach)
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env_remove("TF_LOG");
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let document = serde_json::from_str(&stdout).unwrap_or_default();
        let events = stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let code = output.status.code().unwrap_or(-1);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panic"), "terraform crashed:\n{stderr}");
        Run { code, stdout: format!("{stdout}{stderr}"), events, document }
    }

    /// Plans; the exit code is 0 without changes and 2 with.
    pub(crate) async fn plan(&self) -> Run {
        self.terraform(&["plan", "-json", "-input=false", "-detailed-exitcode"]).await
    }

    pub(crate) async fn apply(&self) -> Run {
        self.terraform(&["apply", "-json", "-input=false", "-auto-approve"]).await
    }

    pub(crate) async fn destroy(&self) -> Run {
        self.terraform(&["destroy", "-json", "-input=false", "-auto-approve"]).await
    }

    /// Applies, and holds that nothing is left to do then, with and without a refresh.
    pub(crate) async fn apply_cleanly(&self) {
        let run = self.apply().await;
        assert_eq!(run.code, 0, "{}", run.stdout);
        for refresh in ["-refresh=false", "-refresh=true"] {
            let run = self.terraform(&["plan", "-json", "-input=false", "-detailed-exitcode", refresh]).await;
            assert_eq!(run.code, 0, "a plan after an apply has changes ({refresh}):\n{}", run.stdout);
        }
    }

    /// The state file.
    pub(crate) fn state(&self) -> Json {
        let text = std::fs::read(self.path().join("terraform.tfstate")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The first stored instance, as it is in the state file; null when there is none.
    pub(crate) fn instance(&self) -> Json {
        let state = self.state();
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        let managed = resources
            .iter()
            .find(|resource| resource["mode"] == "managed" && resource["provider"].to_string().contains("probe"));
        managed.map(|resource| resource["instances"][0].clone()).unwrap_or_default()
    }

    /// Changes the state file by hand.
    pub(crate) fn edit_state(&self, edit: impl FnOnce(&mut Json)) {
        let mut state = self.state();
        let serial = state["serial"].as_i64().unwrap();
        edit(&mut state);
        state["serial"] = json!(serial + 1);
        std::fs::write(self.path().join("terraform.tfstate"), state.to_string()).unwrap();
    }
}

impl Run {
    /// Summaries and details of the diagnostics of a severity.
    pub(crate) fn diagnostics(&self, severity: &str) -> Vec<(String, String)> {
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let events = self.events.iter().map(|event| &event["diagnostic"]);
        events
            .filter(|diagnostic| diagnostic["severity"] == severity)
            .map(|diagnostic| (text(&diagnostic["summary"]), text(&diagnostic["detail"])))
            .collect()
    }

    /// The errors, one line each.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.diagnostics("error").into_iter().map(|(summary, detail)| format!("{summary}: {detail}")).collect()
    }

    /// What is planned for the first resource: `create`, `update`, `replace`, ..
    pub(crate) fn action(&self) -> Option<String> {
        let change = self.events.iter().find(|event| event["type"] == "planned_change")?;
        change["change"]["action"].as_str().map(str::to_owned)
    }
}
