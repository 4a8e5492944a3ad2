//! The HTTP server: one port, every API host below its own first path segment, and Cloud Storage without one, too.
//!
//! A request is logged, delayed, spoiled if a fault says so, checked against the discovery documents, routed, checked for project and
//! service, and handled while the world is locked. So calls take effect one after the other, in the order of the log.

mod dispatch;
mod persist;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::HeaderName;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::api;
use crate::call::{Body, Reply, Request, decode};
use crate::check::RequestCheck;
use crate::clock::Clock;
use crate::connections::{self, Dropped, HttpResponse, accept, json_response, response};
use crate::control::{self, Edit, Reach};
use crate::error::{ApiError, ErrorStyle};
use crate::fault::{Answer, Drop as Dropping, FaultSpec, Faults, Unspent};
use crate::request_log::{RequestLog, RequestRecord, Ticket};
use crate::route::Api;
use crate::seed::{self, Seed};
use crate::store::{Settings, State, World};

pub use persist::write_whole;

use dispatch::Condemned;

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The state file exists and is not readable.
    #[error("cannot use the state file {path}")]
    State {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The request log cannot be opened.
    #[error("cannot write the request log {path}")]
    Log {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The log that calls are appended to.
pub(crate) fn open_log(path: Option<&Path>) -> Result<Option<File>, StartError> {
    let open = |path: &Path| {
        let opened = OpenOptions::new().create(true).append(true).open(path);
        opened.map_err(|source| StartError::Log { path: path.to_owned(), source })
    };
    path.map(open).transpose()
}

/// Entry to the library: `Server::builder()`.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// A server on a free port of the loopback, with an empty cloud.
    pub fn builder() -> Builder {
        Builder {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seeds: Vec::new(),
            resumed: None,
            state: None,
            check: None,
            latency: Duration::ZERO,
            log: None,
            clock: Clock::system(),
            settings: Settings::default(),
        }
    }
}

/// What a server shall be.
#[must_use]
pub struct Builder {
    listen: SocketAddr,
    seeds: Vec<Seed>,
    resumed: Option<State>,
    state: Option<PathBuf>,
    check: Option<Arc<dyn RequestCheck>>,
    latency: Duration,
    log: Option<PathBuf>,
    clock: Clock,
    settings: Settings,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("seeds", &self.seeds.len())
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Where to listen.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Adds an environment. With a state file that knows the project already, the state wins.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seeds.push(seed);
        self
    }

    /// Goes on where another server was: with what its [`Handle::state`] gave.
    pub fn resume(mut self, state: State) -> Self {
        self.resumed = Some(state);
        self
    }

    /// Keeps the state in this file.
    pub fn state(mut self, path: PathBuf) -> Self {
        self.state = Some(path);
        self
    }

    /// Checks each request's form first.
    pub fn check(mut self, check: Arc<dyn RequestCheck>) -> Self {
        self.check = Some(check);
        self
    }

    /// Each API call takes at least this long.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Appends one JSON line for each API call to this file.
    pub fn log(mut self, path: PathBuf) -> Self {
        self.log = Some(path);
        self
    }

    /// Another clock than the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Other lags than the default ones.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Binds, and serves until the handle is stopped or dropped.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn spawn(self) -> Result<Handle, StartError> {
        let mut world = World::new(self.clock, self.settings);
        world.state = self.resumed.unwrap_or_default();
        if let Some(path) = &self.state
            && let Some(state) =
                persist::load(path).map_err(|source| StartError::State { path: path.clone(), source })?
        {
            world.state = state;
        }
        for seed in &self.seeds {
            if !world.state.projects.contains_key(&seed.project.project_id) {
                seed.plant(&mut world);
            }
        }
        let log = open_log(self.log.as_deref())?;
        let listener = TcpListener::bind(self.listen)
            .await
            .map_err(|source| StartError::Listen { address: self.listen, source })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address: self.listen, source })?;
        let shared = Arc::new(Shared {
            inner: Mutex::new(Inner { world, faults: Faults::default(), log: RequestLog::new(log) }),
            apis: api::hosts().into_iter().map(|api| (api.host, api)).collect(),
            storage_xml: api::storage::xml_api(),
            check: self.check,
            latency: self.latency,
            started: Instant::now(),
            changed: Notify::new(),
            released: watch::Sender::new(()),
        });
        let saver = self.state.clone().map(|path| tokio::spawn(persist::keep_saved(Arc::clone(&shared), path)));
        let serving = Arc::clone(&shared);
        let accept = tokio::spawn(accept(listener, move |request| answer(Arc::clone(&serving), request)));
        let arms_faults = AtomicBool::new(false);
        Ok(Handle { url: format!("http://{address}"), address, shared, state: self.state, accept, saver, arms_faults })
    }
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct Handle {
    url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    state: Option<PathBuf>,
    accept: JoinHandle<()>,
    saver: Option<JoinHandle<()>>,
    arms_faults: AtomicBool,
}

impl Handle {
    /// `http://127.0.0.1:PORT`: what a provider takes as its endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API calls so far, in order.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.lock().log.records().to_vec()
    }

    /// Forgets the API calls so far.
    pub fn clear_requests(&self) {
        self.shared.lock().log.clear();
    }

    /// The whole state in seed format; none while there is no project.
    pub fn snapshot(&self) -> Option<Seed> {
        seed::snapshot(&self.shared.lock().world)
    }

    /// The state with everything that no seed can say: operations, lags, counters.
    pub fn state(&self) -> State {
        self.shared.lock().world.state.clone()
    }

    /// Arms a fault. One that is not spent when the handle is dropped is a panic: its test has not tested it.
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

    /// Disarms all faults, and lets the requests go on that they hold, and the operations end that they kept from it.
    pub fn clear_faults(&self) {
        let mut inner = self.shared.lock();
        inner.faults.clear();
        inner.world.end_the_endless();
        drop(inner);
        self.shared.released.send_replace(());
    }

    /// Edits an object behind the back of whoever uses the cloud. False: there is none.
    pub fn edit(&self, edit: &Edit) -> bool {
        let done = control::apply(&mut self.shared.lock().world, edit).0 == 200;
        self.shared.changed.notify_one();
        done
    }

    /// Puts an environment into the running cloud.
    pub fn plant(&self, seed: &Seed) {
        seed.plant(&mut self.shared.lock().world);
        self.shared.changed.notify_one();
    }

    /// Ends the server and saves its state.
    ///
    /// # Errors
    /// The state file cannot be written.
    pub fn stop(self) -> std::io::Result<()> {
        self.accept.abort();
        if let Some(saver) = &self.saver {
            saver.abort();
        }
        match &self.state {
            Some(path) => persist::save(&self.shared, path),
            None => Ok(()),
        }
    }
}

impl std::ops::Drop for Handle {
    fn drop(&mut self) {
        self.accept.abort();
        if let Some(saver) = &self.saver {
            saver.abort();
        }
        if self.arms_faults.load(Ordering::Relaxed) && !std::thread::panicking() {
            let unspent = self.shared.lock().faults.unspent();
            assert!(unspent.is_empty(), "faults were armed and not spent: {unspent:#?}");
        }
    }
}

/// What all connections share.
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    apis: BTreeMap<&'static str, Api>,
    storage_xml: Api,
    check: Option<Arc<dyn RequestCheck>>,
    latency: Duration,
    started: Instant,
    changed: Notify,
    /// Tells the requests that faults hold when these are cleared.
    released: watch::Sender<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("apis", &self.apis).finish_non_exhaustive()
    }
}

/// What the lock guards.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
}

impl Shared {
    /// The API that a request is for: that of its host, of which Cloud Storage has two.
    fn api(&self, request: &Request) -> Option<&Api> {
        if api::storage::is_xml(request) { Some(&self.storage_xml) } else { self.apis.get(request.host.as_str()) }
    }

    /// A handler that panicked leaves the world as it was at that moment: better than none.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(shared: Arc<Shared>, request: hyper::Request<Incoming>) -> Result<HttpResponse, Dropped> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let path = parts.uri.path().trim_start_matches('/');
    if let Some(control) = path.strip_prefix("_localcloud/") {
        let (status, body) = {
            let Inner { world, faults, log } = &mut *shared.lock();
            control::answer(Reach { world, faults, log }, parts.method.as_str(), control, &body)
        };
        if (parts.method.as_str(), control) == ("DELETE", "faults") {
            shared.released.send_replace(());
        }
        shared.changed.notify_one();
        return Ok(json_response(status, &body));
    }
    let (host, raw_path) = dispatch::address(path);
    let raw_query = parts.uri.query().unwrap_or_default();
    let mut request = Request {
        method: parts.method.as_str().to_owned(),
        host: host.to_owned(),
        raw_path: format!("/{raw_path}"),
        path: decode(&format!("/{raw_path}")),
        query: dispatch::parse_query(raw_query),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body,
        json: None,
    };
    let parsed = dispatch::parse_body(&mut request);
    let ticket = note(&shared, &request, raw_query);
    let response = serve(&shared, &request, parsed).await;
    shared.lock().log.settle(&ticket, response.as_ref().map_or(0, |response| response.status().as_u16()));
    shared.changed.notify_one();
    response
}

async fn serve(shared: &Shared, request: &Request, parsed: Result<(), ApiError>) -> Result<HttpResponse, Dropped> {
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let mut released = shared.released.subscribe();
    let harm = {
        let mut inner = shared.lock();
        let number = dispatch::project_number(&inner.world, request);
        inner.faults.harm(&request.host, &request.method, &request.path, number.as_deref())
    };
    if harm.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(harm.delay_ms)).await;
    }
    if harm.drop == Some(Dropping::Before) {
        return Err(Dropped);
    }
    // The sender lives as long as the server.
    if harm.hold && released.changed().await.is_err() {
        return Err(Dropped);
    }
    if harm.answer == Some(Answer::Redirect) {
        return Ok(in_place(Answer::Redirect));
    }
    let style = shared.api(request).map_or(ErrorStyle::Rpc, |api| api.style);
    let condemned = Condemned { error: harm.operation_error, endless: harm.operation_endless };
    let outcome = match harm.error {
        // A fault that drops the answer to an effect does not prevent the effect.
        Some(error) if harm.drop.is_none() => Err(error),
        _ => parsed.and_then(|()| dispatch::dispatch(shared, request, condemned)),
    };
    if harm.drop == Some(Dropping::After) {
        return Err(Dropped);
    }
    if harm.answer == Some(Answer::Never) {
        std::future::pending::<()>().await;
    }
    let mut response = match outcome {
        Ok(_) if harm.answer.is_some() => in_place(harm.answer.unwrap_or(Answer::Empty)),
        Ok(reply) => reply_response(reply),
        Err(error) => refusal(&error, style),
    };
    if let Some(seconds) = harm.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    Ok(response)
}

/// What comes in place of an answer.
fn in_place(answer: Answer) -> HttpResponse {
    const JSON: &str = "application/json; charset=UTF-8";
    let malformed = Bytes::from_static(b"{\"name\": \"proj");
    connections::in_place(answer, JSON, Bytes::from_static(b"{}"), malformed)
}

fn note(shared: &Shared, request: &Request, raw_query: &str) -> Ticket {
    let at_ms = u64::try_from(shared.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    shared.lock().log.note(RequestRecord {
        method: request.method.clone(),
        host: request.host.clone(),
        path: request.path.clone(),
        query: raw_query.to_owned(),
        status: 0,
        at_ms,
    })
}

fn reply_response(reply: Reply) -> HttpResponse {
    let (content_type, body) = match reply.body {
        Body::Json(value) => ("application/json; charset=UTF-8".to_owned(), value.to_string().into()),
        Body::Bytes(bytes, content_type) => (content_type, bytes),
        Body::Empty => ("application/json".to_owned(), Bytes::new()),
    };
    let mut response = response(reply.status, &content_type, body);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_ref()), value.parse()) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn refusal(error: &ApiError, style: ErrorStyle) -> HttpResponse {
    match style {
        ErrorStyle::Xml => response(error.code, ErrorStyle::XML_TYPE, Bytes::from(error.xml())),
        ErrorStyle::Rpc | ErrorStyle::Storage => json_response(error.code, &error.body(style)),
    }
}
