//! A call: the request, what its handler works on, and the answer.
//!
//! How a request finds its handler: [`crate::route`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use crate::error::{ApiError, ErrorStyle};
use crate::json::{self, Object};
use crate::store::{Project, World, resource_of};

/// What a handler gives back.
pub type Outcome = Result<Reply, ApiError>;

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
        host: &'static str,
        style: ErrorStyle,
        mut params: BTreeMap<String, String>,
        operation_error: Option<ApiError>,
    ) -> Self {
        let path = world.with_project_ids(&request.path);
        let id =
            params.get("project").and_then(|project| world.project(project)).map(|project| project.project_id.clone());
        if let Some(id) = id {
            params.insert("project".to_owned(), id);
        }
        Self { request, params, world, host, is_protobuf: style == ErrorStyle::Rpc, path, operation_error }
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

    /// Has the operation of this call end in `error`, which the API finds out on the way.
    pub fn condemn(&mut self, error: ApiError) {
        self.operation_error.get_or_insert(error);
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
