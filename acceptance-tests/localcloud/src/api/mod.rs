//! The API hosts, and how a request finds its handler.
//!
//! # How to add an API
//!
//! 1. Write `src/api/NAME.rs` with `pub(crate) fn api() -> Api`, and add it to `hosts` below.
//! 2. `Api::new("NAME.googleapis.com")`, then one `.on(method, template, handler)` for each call that fits no pattern. A template is a path
//!    with `{variables}`; the last segment may end in `:verb`. A handler is `fn(&mut Call) -> Outcome`; it runs alone (the world is
//!    locked), never blocks, and reads the time and new ids from `call.world` only.
//! 3. For what Google calls a standard resource (list, get, create, patch, delete, IAM), implement
//!    [`Collection`](crate::collection::Collection) on a unit struct and call `collection::serve(api, Kind)`: paging, masks, output-only fields,
//!    etag checks, operations and policies come with it. `prepare` is where a kind says what it accepts and which defaults it adds.
//! 4. Operations: `operation::serve(api, "/v1/projects/{project}/locations/{location}/operations/{operation}")`.
//!
//! What every call gets without asking: `projects/NUMBER` in the path is turned into the id ([`Call::path`] is the key of the object in the
//! [`World`]); the project must exist; the API must be on in it; the `fields` parameter; faults, latency, the request log, discovery checks.
//! Objects are stored as a GET answers them, under the path that serves them: `call.world.get(call.host(), &call.path())`.

pub(crate) mod artifact_registry;
pub(crate) mod billing_budgets;
pub(crate) mod cloud_billing;
pub(crate) mod duration;
pub(crate) mod firestore;
pub(crate) mod iam;
pub(crate) mod iam_credentials;
pub(crate) mod labels;
pub(crate) mod locations;
pub(crate) mod logging;
pub(crate) mod monitoring;
pub(crate) mod pubsub;
pub(crate) mod resource_manager;
pub(crate) mod run;
pub(crate) mod secret_manager;
pub(crate) mod service_usage;
pub(crate) mod storage;
pub(crate) mod tokens;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use serde_json::Value;

use crate::error::{ApiError, ErrorStyle};
use crate::json::{self, Object};
use crate::store::{Project, World, resource_of};

/// All API hosts that are served.
pub(crate) fn hosts() -> Vec<Api> {
    vec![
        artifact_registry::api(),
        billing_budgets::api(),
        cloud_billing::api(),
        firestore::api(),
        iam::api(),
        iam_credentials::api(),
        logging::api(),
        monitoring::api(),
        pubsub::api(),
        resource_manager::api(),
        run::api(),
        secret_manager::api(),
        service_usage::api(),
        storage::api(),
        tokens::oauth2(),
        tokens::sts(),
    ]
}

/// What a handler gives back.
pub type Outcome = Result<Reply, ApiError>;

type Handler = Box<dyn Fn(&mut Call<'_>) -> Outcome + Send + Sync>;
type ProjectOf = fn(&Call<'_>) -> Option<String>;

/// One API host.
pub struct Api {
    /// Such as `run.googleapis.com`.
    pub(crate) host: &'static str,
    pub(crate) style: ErrorStyle,
    pub(crate) always_on: bool,
    pub(crate) wants_quota_project: bool,
    pub(crate) project_of: ProjectOf,
    routes: Vec<Route>,
}

struct Route {
    method: &'static str,
    template: Vec<Segment>,
    verb: Option<&'static str>,
    handler: Handler,
}

enum Segment {
    Literal(&'static str),
    Variable(&'static str),
    Rest(&'static str),
}

impl Api {
    /// An API without routes.
    pub fn new(host: &'static str) -> Self {
        Self {
            host,
            style: ErrorStyle::Rpc,
            always_on: false,
            wants_quota_project: false,
            project_of: |call| call.params.get("project").cloned(),
            routes: Vec::new(),
        }
    }

    /// How its errors are written.
    #[must_use]
    pub fn style(mut self, style: ErrorStyle) -> Self {
        self.style = style;
        self
    }

    /// It needs not be switched on in a project.
    #[must_use]
    pub fn always_on(mut self) -> Self {
        self.always_on = true;
        self
    }

    /// Its calls are about no project: a person's credentials alone do not say who pays for them.
    #[must_use]
    pub fn wants_quota_project(mut self) -> Self {
        self.wants_quota_project = true;
        self
    }

    /// How the project (id or number) that a call is about is found; the path variable `project` when not set. None: no project is checked.
    #[must_use]
    pub fn project_of(mut self, project_of: ProjectOf) -> Self {
        self.project_of = project_of;
        self
    }

    /// Adds a route. `template`: `/v2/projects/{project}/locations/{location}/services/{service}:setIamPolicy`; a last
    /// `{name=**}` takes all that is left. Routes with a verb are tried first, then the order of registration decides.
    #[must_use]
    pub fn on(
        mut self,
        method: &'static str,
        template: &'static str,
        handler: impl Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        let (path, verb) = match template.rsplit_once(':') {
            Some((path, verb)) if !verb.contains('}') => (path, Some(verb)),
            _ => (template, None),
        };
        let template = path.trim_start_matches('/').split('/').map(segment).collect();
        self.routes.push(Route { method, template, verb, handler: Box::new(handler) });
        self
    }

    /// The handler for a request, and what its path variables hold.
    pub(crate) fn route(&self, method: &str, path: &str) -> Option<(&Handler, BTreeMap<String, String>)> {
        let with_verb = self.routes.iter().filter(|route| route.verb.is_some());
        // What stands behind a colon is a verb and no part of a name: an unknown one must not find the object's own route.
        let last = path.rsplit('/').next().unwrap_or(path);
        let may_be_plain = self.style != ErrorStyle::Rpc || !last.contains(':');
        let plain = self.routes.iter().filter(|route| route.verb.is_none() && may_be_plain);
        with_verb
            .chain(plain)
            .filter(|route| route.method == method)
            .find_map(|route| Some((&route.handler, route.matches(path)?)))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("host", &self.host).field("routes", &self.routes.len()).finish()
    }
}

fn segment(text: &'static str) -> Segment {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => match name.strip_suffix("=**") {
            Some(name) => Segment::Rest(name),
            None => Segment::Variable(name),
        },
        None => Segment::Literal(text),
    }
}

impl Route {
    /// `path` is percent-encoded: an encoded slash belongs to its segment.
    fn matches(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut path = path.trim_start_matches('/');
        if let Some(verb) = self.verb {
            path = path.strip_suffix(verb)?.strip_suffix(':')?;
        }
        let mut segments = path.split('/');
        let mut params = BTreeMap::new();
        for wanted in &self.template {
            match wanted {
                Segment::Literal(text) => {
                    if decode(segments.next()?) != *text {
                        return None;
                    }
                }
                Segment::Variable(name) => {
                    let value = decode(segments.next()?);
                    if value.is_empty() {
                        return None;
                    }
                    params.insert((*name).to_owned(), value);
                }
                Segment::Rest(name) => {
                    let rest: Vec<String> = segments.by_ref().map(decode).collect();
                    if rest.is_empty() {
                        return None;
                    }
                    params.insert((*name).to_owned(), rest.join("/"));
                }
            }
        }
        segments.next().is_none().then_some(params)
    }
}

/// Percent-decodes; what is no valid escape stays.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escaped = (bytes[i] == b'%')
            .then(|| text.get(i + 1..i + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .flatten();
        match escaped {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A request, as it came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// API host, the first segment of the path.
    pub host: String,
    /// The path behind the host, percent-encoded.
    pub raw_path: String,
    /// The path behind the host, decoded.
    pub path: String,
    /// Query parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub body: Bytes,
    /// The body, if it is JSON.
    pub json: Option<Value>,
}

impl Request {
    /// A query parameter by its camel case name; `snake_case` in the request is the same parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name || json::camel(key) == name).map(|(_, value)| value.as_str())
    }

    /// All values of a repeated query parameter.
    pub fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query
            .iter()
            .filter(move |(key, _)| key == name || json::camel(key) == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// One call on its way through a handler.
#[derive(Debug)]
pub struct Call<'a> {
    /// The request.
    pub request: &'a Request,
    /// The path variables of the route; a known project's number is turned into its id in `project`.
    pub params: BTreeMap<String, String>,
    /// The cloud.
    pub world: &'a mut World,
    host: &'static str,
    is_protobuf: bool,
    path: String,
    operation_error: Option<ApiError>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        request: &'a Request,
        world: &'a mut World,
        api: &Api,
        mut params: BTreeMap<String, String>,
        operation_error: Option<ApiError>,
    ) -> Self {
        let path = world.with_project_ids(&request.path);
        let id =
            params.get("project").and_then(|project| world.project(project)).map(|project| project.project_id.clone());
        if let Some(id) = id {
            params.insert("project".to_owned(), id);
        }
        Self {
            request,
            params,
            world,
            host: api.host,
            is_protobuf: api.style == ErrorStyle::Rpc,
            path,
            operation_error,
        }
    }

    /// Another call of the same API.
    pub(crate) fn another<'b>(&'b mut self, request: &'b Request, params: BTreeMap<String, String>) -> Call<'b> {
        let path = self.world.with_project_ids(&request.path);
        let (host, is_protobuf) = (self.host, self.is_protobuf);
        Call { request, params, world: self.world, host, is_protobuf, path, operation_error: None }
    }

    /// The API host.
    pub fn host(&self) -> &'static str {
        self.host
    }

    /// The path with project ids instead of numbers: under it the object is stored.
    pub fn path(&self) -> String {
        self.path.clone()
    }

    /// [`Call::path`] without the version and without a verb: `projects/P/locations/L/operations/O`.
    pub fn resource(&self) -> String {
        let resource = resource_of(&self.path);
        match resource.rsplit_once('/') {
            Some((parent, last)) => format!("{parent}/{}", last.split(':').next().unwrap_or(last)),
            None => resource.split(':').next().unwrap_or(resource).to_owned(),
        }
    }

    /// A path variable; empty if the route has none of this name.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The project of the path variable `project`.
    ///
    /// # Errors
    /// 403 when there is no such project.
    pub fn project(&self) -> Result<Project, ApiError> {
        let id = self.param("project");
        self.world.project(id).cloned().ok_or_else(|| unknown_project(self.host, id))
    }

    /// A query parameter.
    pub fn query(&self, name: &str) -> Option<&'a str> {
        self.request.query(name)
    }

    /// The body as an object; an empty body is an empty object. A null is a field that was not sent, as everywhere in the JSON of
    /// protocol buffers: the recordings of Pub/Sub subscriptions send `deadLetterPolicy: null`, and hashicorp/google sends
    /// `replication: {automatic: null, userManaged: …}`. Cloud Storage alone reads more out of it.
    ///
    /// # Errors
    /// 400 when it is no JSON object.
    pub fn body(&self) -> Result<Object, ApiError> {
        match &self.request.json {
            Some(Value::Object(object)) => {
                let mut object = object.clone();
                if self.is_protobuf {
                    json::drop_nulls(&mut object);
                }
                Ok(object)
            }
            None if self.request.body.is_empty() => Ok(Object::new()),
            _ => Err(ApiError::invalid("Invalid JSON payload received. Expected an object.")),
        }
    }

    /// The object at [`Call::path`].
    pub fn stored(&self) -> Option<&Value> {
        self.world.get(self.host, &self.path)
    }

    /// Takes the error in which the operation of this call must end. [`crate::operation::start`] does it; a handler whose failed operation leaves
    /// nothing behind asks [`Call::is_condemned`] before it stores anything.
    pub fn take_operation_error(&mut self) -> Option<ApiError> {
        self.operation_error.take()
    }

    /// Will the operation of this call end in an error?
    pub fn is_condemned(&self) -> bool {
        self.operation_error.is_some()
    }
}

/// 403 for a project that does not exist or is not ours.
pub fn unknown_project(host: &str, project: &str) -> ApiError {
    if host == "cloudresourcemanager.googleapis.com" {
        return ApiError::permission_denied("The caller does not have permission");
    }
    ApiError::permission_denied(format!("Permission denied on resource project {project}."))
        .with_info("CONSUMER_INVALID", &[("service", host), ("consumer", &format!("projects/{project}"))])
}

/// A successful answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// What is sent.
    pub body: Body,
    /// Further headers.
    pub headers: Vec<(Cow<'static, str>, String)>,
}

/// The body of an answer.
#[derive(Debug, Clone)]
pub enum Body {
    /// JSON.
    Json(Value),
    /// Bytes of this content type.
    Bytes(Bytes, String),
    /// Nothing.
    Empty,
}

impl Reply {
    /// 200 with JSON.
    pub fn json(body: Value) -> Self {
        Self { status: 200, body: Body::Json(body), headers: Vec::new() }
    }

    /// 200 with `{}`.
    pub fn empty_object() -> Self {
        Self::json(Value::Object(Object::new()))
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: 204, body: Body::Empty, headers: Vec::new() }
    }

    /// The JSON that is sent; null for other bodies.
    pub fn value(&self) -> &Value {
        match &self.body {
            Body::Json(value) => value,
            _ => &Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api() -> Api {
        Api::new("h")
            .on("GET", "/v1/a/{a}", |_| Ok(Reply::no_content()))
            .on("POST", "/v1/a/{a}:doIt", |_| Ok(Reply::no_content()))
            .on("GET", "/v1/r/{rest=**}", |_| Ok(Reply::no_content()))
    }

    fn params(method: &str, path: &str) -> Option<BTreeMap<String, String>> {
        api().route(method, path).map(|(_, params)| params)
    }

    #[test]
    fn variables_are_decoded_and_an_encoded_slash_stays_in_its_segment() {
        assert_eq!(params("GET", "/v1/a/x%2Fy%40z").map(|p| p["a"].clone()), Some("x/y@z".to_owned()));
        assert!(params("GET", "/v1/a/x/y").is_none());
    }

    #[test]
    fn verbs_are_no_part_of_the_name() {
        assert_eq!(params("POST", "/v1/a/x:doIt").map(|p| p["a"].clone()), Some("x".to_owned()));
        assert!(params("POST", "/v1/a/x").is_none());
        assert!(params("GET", "/v1/a/x:another").is_none());
        assert_eq!(params("GET", "/v1/a/x%3Ay").map(|p| p["a"].clone()), Some("x:y".to_owned()));
    }

    #[test]
    fn rest_takes_all_segments() {
        assert_eq!(params("GET", "/v1/r/x/y").map(|p| p["rest"].clone()), Some("x/y".to_owned()));
    }
}
