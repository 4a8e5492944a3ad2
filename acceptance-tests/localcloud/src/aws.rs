//! A front before moto, which speaks the APIs of AWS and does what it is asked at once and without fail.
//!
//! The front writes the log of the calls, takes its time, and spoils what a fault says; moto has the rest.

mod call;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::connections::{self, Dropped, HttpResponse, accept, json_response, response};
use crate::control;
use crate::fault::{Answer, Drop as Dropping, FaultSpec, Faults, Unspent};
use crate::request_log::{RequestLog, RequestRecord};
use crate::server::StartError;

use call::Call;
pub use call::is_write;

/// What a front shall be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where moto listens: host and port.
    pub moto: String,
    /// Each call takes at least this long.
    pub latency: Duration,
    /// Gets one line of JSON for each call.
    pub log: Option<PathBuf>,
}

impl Settings {
    /// A front on a free port before the moto at this URL.
    pub fn before(moto: &str) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            moto: moto.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            latency: Duration::ZERO,
            log: None,
        }
    }

    /// Binds, and serves until the front is dropped.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn spawn(self) -> Result<Front, StartError> {
        let log = crate::server::open_log(self.log.as_deref())?;
        let listening = |source| StartError::Listen { address: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let shared = Arc::new(Shared {
            inner: Mutex::new(Inner { faults: Faults::default(), log: RequestLog::new(log) }),
            moto: self.moto,
            latency: self.latency,
            started: Instant::now(),
            released: watch::Sender::new(()),
        });
        let serving = Arc::clone(&shared);
        let accept = tokio::spawn(accept(listener, move |request| answer(Arc::clone(&serving), request)));
        Ok(Front { address, url: format!("http://{address}"), shared, accept, arms_faults: AtomicBool::new(false) })
    }
}

/// A running front. Dropping it ends it.
#[derive(Debug)]
pub struct Front {
    address: SocketAddr,
    url: String,
    shared: Arc<Shared>,
    accept: JoinHandle<()>,
    arms_faults: AtomicBool,
}

impl Front {
    /// `http://127.0.0.1:PORT`: what a provider takes as its endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The calls so far, in order. The host of each is its service as calls are signed for it (`sqs`), its path a slash and the
    /// action (`/CreateQueue`), its query what the call is about (`QueueName=orders`).
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.lock().log.records().to_vec()
    }

    /// Forgets the calls so far.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }

    /// Arms a fault; its host and path are those of [`Front::requests`]. One that is not spent when the front is dropped is a
    /// panic: its test has not tested it.
    ///
    /// # Errors
    /// The regular expression's complaint.
    pub fn fault(&self, spec: FaultSpec) -> Result<(), regex::Error> {
        self.arms_faults.store(true, Ordering::Relaxed);
        self.shared.lock().faults.add(spec)
    }

    /// The faults that are armed and not spent.
    pub fn unspent(&self) -> Vec<Unspent> {
        self.shared.lock().faults.unspent()
    }

    /// Disarms all faults, and lets the calls go on that they hold.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
        self.shared.released.send_replace(());
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accept.abort();
        if self.arms_faults.load(Ordering::Relaxed) && !std::thread::panicking() {
            let unspent = self.shared.lock().faults.unspent();
            assert!(unspent.is_empty(), "faults were armed and not spent: {unspent:#?}");
        }
    }
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    moto: String,
    latency: Duration,
    started: Instant,
    /// Tells the calls that faults hold when these are cleared.
    released: watch::Sender<()>,
}

#[derive(Debug)]
struct Inner {
    faults: Faults,
    log: RequestLog,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> Result<HttpResponse, Dropped> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    if let Some(control) = parts.uri.path().strip_prefix("/_localcloud/") {
        return Ok(controlled(&shared, parts.method.as_str(), control, &body));
    }
    let call = Call::of(&parts, &body);
    let at_ms = u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ticket = shared.lock().log.note(RequestRecord {
        method: parts.method.as_str().to_owned(),
        host: call.service.clone(),
        path: format!("/{}", call.action),
        query: call.about.clone(),
        status: 0,
        at_ms,
    });
    let response = serve(&shared, &call, parts, body).await;
    shared.lock().log.settle(&ticket, response.as_ref().map_or(0, |response| response.status().as_u16()));
    response
}

/// What a test does to the front, as to localcloud.
fn controlled(shared: &Shared, method: &str, path: &str, body: &[u8]) -> HttpResponse {
    let Inner { faults, log } = &mut *shared.lock();
    let (status, body) = match (method, path) {
        ("DELETE", "faults") => {
            faults.clear();
            shared.released.send_replace(());
            (200, json!({}))
        }
        _ => control::of_any(faults, log, method, path, body)
            .unwrap_or_else(|| (404, json!({"error": "no such control call"}))),
    };
    json_response(status, &body)
}

async fn serve(shared: &Shared, call: &Call, mut parts: Parts, body: Bytes) -> Result<HttpResponse, Dropped> {
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let mut released = shared.released.subscribe();
    let harm = shared.lock().faults.harm(&call.service, parts.method.as_str(), &format!("/{}", call.action), None);
    if harm.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(harm.delay_ms)).await;
    }
    if harm.drop == Some(Dropping::Before) {
        return Err(Dropped);
    }
    // The sender lives as long as the front.
    if harm.hold && released.changed().await.is_err() {
        return Err(Dropped);
    }
    if harm.answer == Some(Answer::Redirect) {
        return Ok(in_place(Answer::Redirect, call, &Bytes::new()));
    }
    if let Some(error) = harm.error.filter(|_| harm.drop.is_none()) {
        let code = error.legacy_reason.as_deref().unwrap_or(&error.status);
        return Ok(response(error.code, call.content_type(), call.refusal(code, &error.message).into()));
    }
    // What it makes up has the name of the host that it was asked as.
    if let Ok(host) = call.host().parse() {
        parts.headers.insert("host", host);
    }
    let answered = forward(&shared.moto, parts, body).await;
    if harm.drop == Some(Dropping::After) {
        return Err(Dropped);
    }
    if harm.answer == Some(Answer::Never) {
        std::future::pending::<()>().await;
    }
    match (answered, harm.answer) {
        (Ok((_, body)), Some(answer)) => Ok(in_place(answer, call, &body)),
        (Ok((head, body)), None) => {
            let mut response = hyper::Response::new(Full::new(body));
            *response.status_mut() = head.status;
            *response.headers_mut() = head.headers;
            // It is whole now.
            response.headers_mut().remove("transfer-encoding");
            response.headers_mut().remove("connection");
            Ok(response)
        }
        (Err(error), _) => {
            let message = format!("localcloud cannot reach moto at {}: {error}", shared.moto);
            Ok(response(502, call.content_type(), call.refusal("InternalFailure", &message).into()))
        }
    }
}

fn in_place(answer: Answer, call: &Call, body: &Bytes) -> HttpResponse {
    connections::in_place(answer, call.content_type(), call.hollow().into(), body.slice(..body.len() / 2))
}

/// Moto did not answer.
#[derive(Debug, thiserror::Error)]
enum Unreachable {
    #[error(transparent)]
    Connect(#[from] std::io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
}

/// Asks moto.
async fn forward(moto: &str, parts: Parts, body: Bytes) -> Result<(hyper::http::response::Parts, Bytes), Unreachable> {
    let stream = TcpStream::connect(moto).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the answer.
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(hyper::Request::from_parts(parts, Full::new(body))).await?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok((head, body))
}
