//! A running localcloud and a client that judges every exchange by the API descriptions.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use localcloud::discovery::Discovery;
use localcloud::{Builder, Handle, Seed, Server, Settings};
use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The API descriptions that `make tools` fetches, read once.
pub(crate) fn descriptions() -> Arc<Discovery> {
    static READ: OnceLock<Arc<Discovery>> = OnceLock::new();
    Arc::clone(READ.get_or_init(|| {
        let folder = root().join("target/tools/discovery");
        let read = Discovery::open(&folder);
        Arc::new(read.unwrap_or_else(|error| panic!("`make tools` fetches API descriptions: {error}")))
    }))
}

pub(crate) struct Cloud {
    handle: Handle,
    client: reqwest::Client,
    descriptions: Arc<Discovery>,
}

impl Cloud {
    /// The project `demo` (123456789012) with these services on.
    pub(crate) async fn with_services(services: &[&str]) -> Self {
        Self::start(Seed::empty_project("demo", "123456789012", services), Settings::default()).await
    }

    pub(crate) async fn start(seed: Seed, settings: Settings) -> Self {
        Self::from(Server::builder().seed(seed).settings(settings)).await
    }

    /// What a builder makes, with the descriptions.
    pub(crate) async fn from(builder: Builder) -> Self {
        let handle = builder.check(descriptions()).spawn().await.expect("a server");
        Cloud { handle, client: reqwest::Client::new(), descriptions: descriptions() }
    }

    /// Status and body. A good answer must be one that the API's description allows.
    pub(crate) async fn call(&self, method: &str, host: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.call_paid_by(None, method, host, path, body).await
    }

    /// As [`Cloud::call`], with a quota project.
    pub(crate) async fn call_paid_by(
        &self,
        quota_project: Option<&str>,
        method: &str,
        host: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method.clone(), format!("{}/{host}{path}", self.handle.url()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some(project) = quota_project {
            request = request.header("x-goog-user-project", project);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a body");
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let bare = path.split('?').next().unwrap_or(path);
        let is_control = host == "_localcloud";
        if status == 200 && body.is_object() && !is_control {
            let verdict = self.descriptions.check_response(host, method.as_str(), bare, &body);
            assert!(verdict.is_ok(), "{method} {host}{path}: {}\n{body:#}", verdict.expect_err("a mismatch"));
        }
        (status, body)
    }

    /// The body of a GET that must succeed.
    pub(crate) async fn get(&self, host: &str, path: &str) -> Value {
        let (status, body) = self.call("GET", host, path, None).await;
        assert_eq!(status, 200, "GET {host}{path}: {body:#}");
        body
    }

    /// The body of a call that must succeed.
    pub(crate) async fn done(&self, method: &str, host: &str, path: &str, body: Value) -> Value {
        let body = Some(body).filter(|body| !body.is_null());
        let (status, answer) = self.call(method, host, path, body).await;
        assert_eq!(status, 200, "{method} {host}{path}: {answer:#}");
        answer
    }

    /// Polls an operation (under `/v1`) until it ends.
    pub(crate) async fn finish(&self, host: &str, operation: &Value) -> Value {
        let name = operation["name"].as_str().expect("an operation");
        for _ in 0..10 {
            let polled = self.get(host, &format!("/v1/{name}")).await;
            if polled["done"] == true {
                return polled;
            }
        }
        panic!("{name} does not end");
    }

    /// All that is there.
    pub(crate) fn snapshot(&self) -> Seed {
        self.handle.snapshot().expect("a project")
    }

    pub(crate) fn fault(&self, spec: Value) {
        let spec = serde_json::from_value(spec).expect("a fault");
        self.handle.fault(spec).expect("a regular expression");
    }
}

/// The CT-scan environment, as Google would answer it.
pub(crate) fn ct_scan() -> Seed {
    Seed::from_file(&root().join("acceptance-tests/environments/ct-scan.json")).expect("an environment")
}
