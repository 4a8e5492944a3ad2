//! Doubles for the tests of this crate: a clock that never waits, and an HTTP server that follows a script.
//! Each server has its own port and its own record of requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use reqwest::Url;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::client::{Client, ClientConfig};
use super::host::Addressing;
use crate::engine::context::{CallContext, Clock, Sleep};

/// A clock that moves only when somebody sleeps, and then at once. Jitter is 0.5.
#[derive(Debug)]
pub struct ManualClock {
    start: Instant,
    wall: jiff::Timestamp,
    slept: Arc<Mutex<Vec<Duration>>>,
    skipped: Mutex<Duration>,
}

impl ManualClock {
    /// A clock at the start of 2026.
    pub fn new() -> Arc<ManualClock> {
        Arc::new(ManualClock {
            start: Instant::now(),
            wall: "2026-01-01T00:00:00Z".parse().unwrap(),
            slept: Arc::default(),
            skipped: Mutex::default(),
        })
    }

    /// All sleeps so far.
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    /// Moves on without a sleep.
    pub fn skip(&self, by: Duration) {
        *self.skipped.lock().unwrap() += by;
    }

    fn elapsed(&self) -> Duration {
        self.slept.lock().unwrap().iter().sum::<Duration>() + *self.skipped.lock().unwrap()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.start + self.elapsed()
    }

    fn wall(&self) -> jiff::Timestamp {
        self.wall + self.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let slept = self.slept.clone();
        Box::pin(async move {
            slept.lock().unwrap().push(duration);
            tokio::task::yield_now().await;
        })
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The HTTP method.
    pub method: String,
    /// The path, with its leading slash.
    pub path: String,
    /// The query, decoded; of a repeated name the last.
    pub query: BTreeMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is JSON, else null.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Seen {
    /// A header's text, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A field of a form body, or nothing.
    pub fn form(&self, name: &str) -> String {
        let url = Url::parse(&format!("http://x/?{}", self.text)).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }
}

/// What the server answers.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    broken: bool,
}

impl Reply {
    /// Success with a document.
    pub fn json(body: Value) -> Reply {
        Reply::with_status(200, body)
    }

    /// A status with a document.
    pub fn with_status(status: u16, body: Value) -> Reply {
        Reply {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
            broken: false,
        }
    }

    /// An error in Google's format; an empty name is left out.
    pub fn error(status: u16, name: &str, message: &str) -> Reply {
        let mut error = json!({"code": status, "message": message});
        if !name.is_empty() {
            error["status"] = json!(name);
        }
        Reply::with_status(status, json!({"error": error}))
    }

    /// A status with an empty body.
    pub fn status(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new(), broken: false }
    }

    /// Text as the body.
    pub fn text(text: &str) -> Reply {
        Reply { body: text.as_bytes().to_vec(), ..Reply::status(200) }
    }

    /// A connection that breaks before the answer is complete.
    pub fn broken() -> Reply {
        Reply { broken: true, ..Reply::status(200) }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn into_response(self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = if self.broken {
            let failure: Result<axum::body::Bytes, std::io::Error> = Err(std::io::Error::other("broken on purpose"));
            Body::from_stream(futures::stream::iter([failure]))
        } else {
            Body::from(self.body)
        };
        response.body(body).unwrap()
    }
}

/// A server that answers as its script says. The script gets the request and its number, from 1.
#[derive(Debug)]
pub struct Script {
    url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Script {
    /// Starts on a free port of this machine.
    pub async fn start(script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Script {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (record, script) = (seen.clone(), Arc::new(script));
        let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let (record, script) = (record.clone(), script.clone());
            async move {
                let request = see(request).await;
                let number = {
                    let mut record = record.lock().unwrap();
                    record.push(request.clone());
                    record.len()
                };
                // Gives others who share a connection or a token the chance to arrive.
                tokio::task::yield_now().await;
                script(&request, number).into_response()
            }
        });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Script { url, seen, server }
    }

    /// Where it listens.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// An address on it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests so far.
    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn see(request: axum::extract::Request) -> Seen {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let url = Url::parse("http://x").unwrap().join(&parts.uri.to_string()).unwrap();
    Seen {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        text: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// The configuration of a client whose endpoint is the server.
pub fn config_for(script: &Script) -> ClientConfig {
    let addressing = Addressing { endpoint: Some(script.url().clone()), ..Default::default() };
    ClientConfig { addressing, ..ClientConfig::default() }
}

/// A client whose endpoint is the server.
pub fn client_for(script: &Script) -> Client {
    Client::new(config_for(script))
}

/// A context of one minute on the machine's clock.
pub fn minute() -> CallContext {
    CallContext::new(Duration::from_secs(60), CancellationToken::new())
}

/// A patient context: ten minutes on a clock that never waits.
pub fn patient() -> (CallContext, Arc<ManualClock>) {
    let clock = ManualClock::new();
    (CallContext::with_clock(Duration::from_secs(600), CancellationToken::new(), clock.clone()), clock)
}
