//! A cloud of its own for each test, and a client that knows nothing of it.

use std::sync::Arc;

use localcloud::check::RequestCheck;
use localcloud::{Builder, Handle, Seed, Server, Settings};
use serde_json::{Value, json};

use crate::wire::descriptions;

pub(crate) const PROJECT: &str = "test-project";
pub(crate) const NUMBER: &str = "123456789012";

/// The services that most tests need.
pub(crate) const SERVICES: &[&str] = &[
    "artifactregistry.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "storage.googleapis.com",
];

pub(crate) struct Cloud {
    pub(crate) handle: Handle,
    http: reqwest::Client,
}

/// An answer: status and JSON (null when it is none).
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.body
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body["error"].clone()
    }
}

impl Cloud {
    /// One project with [`SERVICES`], nothing lags.
    pub(crate) async fn prompt() -> Self {
        Self::of(Server::builder().seed(seed()).settings(Settings::PROMPT)).await
    }

    /// One project with [`SERVICES`], with the usual lags.
    pub(crate) async fn lagging() -> Self {
        Self::of(Server::builder().seed(seed())).await
    }

    pub(crate) async fn of(builder: Builder) -> Self {
        let handle = builder.check(descriptions() as Arc<dyn RequestCheck>).spawn().await.expect("a free port");
        Self { handle, http: reqwest::Client::new() }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.try_call(method, path, body).await.expect("an answer")
    }

    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Answer, reqwest::Error> {
        let url = format!("{}/{path}", self.handle.url());
        let mut request = self.http.request(method.parse().expect("a method"), url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if status == 200
            && body.is_object()
            && !path.contains("_localcloud")
            && !path.contains("alt=media")
            && !path.contains("fields=")
        {
            judge(method, path, &body);
        }
        Ok(Answer { status, body, text })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    pub(crate) async fn raw(&self, method: &str, path: &str, content_type: &str, body: &str) -> Answer {
        let url = format!("{}/{path}", self.handle.url());
        let request = self.http.request(method.parse().expect("a method"), url);
        let response =
            request.header("content-type", content_type).body(body.to_owned()).send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a text");
        Answer { status, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.http
    }

    /// A bucket with these settings.
    pub(crate) async fn bucket(&self, mut settings: Value) -> Value {
        if settings.get("name").is_none() {
            settings["name"] = json!("a-bucket");
        }
        self.post(&format!("storage.googleapis.com/storage/v1/b?project={PROJECT}"), settings).await.ok()
    }
}

/// A good answer is one that the API's description allows.
#[track_caller]
fn judge(method: &str, path: &str, body: &Value) {
    let (host, rest) = path.split_once('/').expect("a host and a path");
    let bare = rest.split('?').next().unwrap_or(rest);
    if let Err(mismatch) = descriptions().check_response(host, method, &format!("/{bare}"), body) {
        panic!("{method} {path}: {mismatch}\n{body:#}");
    }
}

pub(crate) fn seed() -> Seed {
    Seed::empty_project(PROJECT, NUMBER, SERVICES)
}
