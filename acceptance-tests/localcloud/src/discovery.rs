//! Refuses what the real APIs would refuse, by their own published descriptions.
//! Google's discovery documents list every path, method, query parameter and field with its type; this module loads those
//! of the hosts that are called, when they are called, and judges requests before and responses after the API's own code.

mod document;
mod query;
mod schema;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::check::RequestCheck;
use crate::error::ApiError;
use document::{Document, Method, Route};
use schema::Side;
pub use schema::Violation;

/// Discovery documents of a directory, read as they are needed.
///
/// The directory holds files called `<api>.<version>.json`, as in the folder `googleapiclient/discovery_cache/documents`
/// of the Python package google-api-python-client.
pub struct Discovery {
    directory: PathBuf,
    documents: Mutex<HashMap<String, Option<Arc<Document>>>>,
}

/// Why the documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The directory has no such document at all: most likely it is another directory.
    #[error("{0} holds no discovery documents (files like run.v2.json)")]
    Empty(PathBuf),
    /// A file or the directory could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("{path} is no discovery document")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
}

/// Why a request would be refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No method of the API has this path (404).
    #[error("Method not found.")]
    UnknownPath,
    /// The path is known, for other HTTP methods (405).
    #[error("The request method {method} is inappropriate for the URL {path}")]
    WrongMethod {
        /// The HTTP method of the request.
        method: String,
        /// The path of the request.
        path: String,
    },
    /// Parameters or fields are unknown or have wrong types (400).
    #[error("{}", sentences(.0))]
    Invalid(Vec<Violation>),
    /// The documents themselves are at fault.
    #[error("the discovery documents cannot be used")]
    Documents(#[from] DiscoveryError),
}

/// How a response differs from what the API's description allows.
#[derive(Debug, thiserror::Error)]
pub enum ResponseMismatch {
    /// No document, path or method describes this call.
    #[error("no API description covers {method} {path}")]
    Undescribed {
        /// The HTTP method.
        method: String,
        /// The path.
        path: String,
    },
    /// Fields are unknown or have wrong types.
    #[error("{}", sentences(.0))]
    Invalid(Vec<Violation>),
    /// The documents themselves are at fault.
    #[error("the discovery documents cannot be used")]
    Documents(#[from] DiscoveryError),
}

fn sentences(violations: &[Violation]) -> String {
    violations.iter().map(|v| v.description.as_str()).collect::<Vec<_>>().join("\n")
}

impl Discovery {
    /// Uses the documents in `directory`. Nothing is parsed yet.
    ///
    /// # Errors
    /// When the directory cannot be read, or has no file that looks like a document.
    pub fn open(directory: &Path) -> Result<Self, DiscoveryError> {
        let failed = |source| DiscoveryError::Read { path: directory.to_owned(), source };
        let mut entries = std::fs::read_dir(directory).map_err(failed)?;
        let has_documents = entries.any(|entry| {
            entry.is_ok_and(|entry| {
                let name = entry.file_name();
                let parts: Vec<&str> = name.to_str().unwrap_or_default().split('.').collect();
                matches!(parts.as_slice(), [_, version, "json"] if is_version(version))
            })
        });
        if !has_documents {
            return Err(DiscoveryError::Empty(directory.to_owned()));
        }
        Ok(Discovery { directory: directory.to_owned(), documents: Mutex::default() })
    }

    /// Judges a request. `path` begins with a slash, `query` is decoded, `body` is `None` when there was none or when it was no
    /// JSON. A host of which the directory has no document
    /// passes.
    ///
    /// # Errors
    /// What the real API would say.
    pub fn check_request(
        &self,
        host: &str,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Result<(), Refusal> {
        let document = match self.document_for(host, path)? {
            Lookup::NotDescribed => return Ok(()),
            Lookup::NoSuchVersion => return Err(Refusal::UnknownPath),
            Lookup::Document(document) => document,
        };
        let (found, body) = match document.route(method, path) {
            Route::Unknown => return Err(Refusal::UnknownPath),
            Route::WrongMethod => {
                return Err(Refusal::WrongMethod { method: method.to_owned(), path: path.to_owned() });
            }
            Route::Found(found) => (found, body),
            Route::Media(found) => (found, None),
        };
        let mut violations = query_violations(&document, found, path, query);
        if let Some(body) = body {
            violations.extend(body_violations(&document, found, body));
        }
        if violations.is_empty() { Ok(()) } else { Err(Refusal::Invalid(violations)) }
    }

    /// Judges the body of a successful (2xx) answer to `method path`.
    ///
    /// # Errors
    /// Unknown fields, wrong types, unknown enum values, at any depth, also inside the typed parts of an operation.
    pub fn check_response(&self, host: &str, method: &str, path: &str, body: &Value) -> Result<(), ResponseMismatch> {
        let undescribed = || ResponseMismatch::Undescribed { method: method.to_owned(), path: path.to_owned() };
        let Lookup::Document(document) = self.document_for(host, path)? else {
            return Err(undescribed());
        };
        let (Route::Found(found) | Route::Media(found)) = document.route(method, path) else {
            return Err(undescribed());
        };
        let violations = match &found.response {
            Some(schema) => schema::check(&document, Side::Response, schema, body, ""),
            None => Vec::new(),
        };
        if violations.is_empty() { Ok(()) } else { Err(ResponseMismatch::Invalid(violations)) }
    }

    fn document_for(&self, host: &str, path: &str) -> Result<Lookup, DiscoveryError> {
        let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).take(4).collect();
        // Paths without a version (`/token`) belong to no described method.
        let Some(at) = segments.iter().position(|segment| is_version(segment)) else {
            return Ok(Lookup::NotDescribed);
        };
        let first = host.split('.').next().unwrap_or(host);
        // The old common host puts the API's name in front of the version.
        let api = if first == "www" { at.checked_sub(1).map_or("", |before| segments[before]) } else { first };
        match self.load(&format!("{api}.{}.json", segments[at]))? {
            Some(document) => Ok(Lookup::Document(document)),
            None if self.describes(host) => Ok(Lookup::NoSuchVersion),
            None => Ok(Lookup::NotDescribed),
        }
    }

    /// Whether the directory has a document of any version for the host.
    fn describes(&self, host: &str) -> bool {
        let prefix = format!("{}.v", host.split('.').next().unwrap_or(host));
        std::fs::read_dir(&self.directory).is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)))
            })
        })
    }

    fn load(&self, file: &str) -> Result<Option<Arc<Document>>, DiscoveryError> {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = documents.get(file) {
            return Ok(known.clone());
        }
        let path = self.directory.join(file);
        let document = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(DiscoveryError::Read { path, source }),
            Ok(bytes) => {
                let root = serde_json::from_slice(&bytes).map_err(|source| DiscoveryError::Parse { path, source })?;
                Some(Arc::new(Document::parse(root)))
            }
        };
        documents.insert(file.to_owned(), document.clone());
        Ok(document)
    }
}

enum Lookup {
    Document(Arc<Document>),
    NoSuchVersion,
    NotDescribed,
}

/// `v1`, `v2beta`, `v1p1beta1`: a `v`, a digit, and only lower-case letters and digits.
fn is_version(segment: &str) -> bool {
    let mut letters = segment.bytes();
    letters.next() == Some(b'v')
        && letters.next().is_some_and(|b| b.is_ascii_digit())
        && letters.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn query_violations(document: &Document, method: &Method, path: &str, query: &[(String, String)]) -> Vec<Violation> {
    // Media uploads carry the protocol in the query; it belongs to the transport and not to the method.
    let upload = path.contains("/upload/");
    let kept: Vec<(String, String)> =
        query.iter().filter(|(name, _)| !(upload && name == "upload_id")).cloned().collect();
    query::check(document, method, &kept)
}

fn body_violations(document: &Document, method: &Method, body: &Value) -> Vec<Violation> {
    let Some(request) = method.request.as_deref() else {
        let empty = body.is_null() || body.as_object().is_some_and(serde_json::Map::is_empty);
        let description = format!(
            "Invalid JSON payload received. Unknown name \"\": Root element must be a message. {} takes no body.",
            method.id
        );
        return if empty { Vec::new() } else { vec![Violation { field: String::new(), description }] };
    };
    let mut violations = schema::check(document, Side::Request, request, body, &schema::body_field(request));
    violations.extend(query::body_mask(document, method, body));
    violations
}

impl RequestCheck for Discovery {
    fn check(
        &self,
        host: &str,
        method: &str,
        path: &str,
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Result<(), ApiError> {
        self.check_request(host, method, path, query, body).map_err(ApiError::from)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::UnknownPath => ApiError::not_found(message),
            Refusal::WrongMethod { .. } => ApiError::new(405, "UNIMPLEMENTED", message),
            Refusal::Documents(error) => {
                let cause = std::error::Error::source(&error).map(|c| format!(": {c}")).unwrap_or_default();
                ApiError::new(500, "INTERNAL", format!("{message}: {error}{cause}"))
            }
            Refusal::Invalid(violations) => {
                let fields: Vec<Value> = violations
                    .iter()
                    .map(|v| match v.field.as_str() {
                        "" => json!({"description": v.description}),
                        field => json!({"field": field, "description": v.description}),
                    })
                    .collect();
                let mut error = ApiError::invalid(message).with_detail(
                    json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": fields}),
                );
                let missing = violations.iter().any(|v| v.description.starts_with("Required parameter"));
                error.legacy_reason = Some(if missing { "required" } else { "invalid" }.to_owned());
                error
            }
        }
    }
}
