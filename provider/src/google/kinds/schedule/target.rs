//! Addresses that are called, and the one that executes a Cloud Run job.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Entries, Object, ObjectSchema};

use super::Http;
use crate::engine::marks::{Codec, ScalarCodec};
use crate::engine::wire;

const HTTP: &str = "httpTarget";
const URI: &str = "httpTarget.uri";
const ACCOUNT: &str = "httpTarget.oauthToken.serviceAccountEmail";
/// The scope that a token has when nothing is said.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// What a body is taken for when nothing is said.
const CONTENT_TYPE: (&str, &str) = ("Content-Type", "application/octet-stream");

/// Text as base64. What is not text reads as nothing.
pub(super) const BASE64: ScalarCodec = ScalarCodec {
    write: |value| value.as_str().map_or(Json::Null, |text| Json::String(STANDARD.encode(text))),
    read: |json| {
        let bytes = json.as_str().and_then(|text| STANDARD.decode(text).ok());
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map_or(Dynamic::Null, Dynamic::String)
    },
};

fn schema() -> &'static ObjectSchema {
    static SCHEMA: LazyLock<ObjectSchema> = LazyLock::new(Http::schema);
    &SCHEMA
}

/// The Cloud Run job that an address executes, by its relative name: of the API's second version, or of the first one, as gcloud
/// writes it.
fn executed(uri: &str) -> Option<String> {
    let (host, path) = uri.strip_prefix("https://")?.split_once('/')?;
    let parts: Vec<&str> = path.strip_suffix(":run")?.split('/').collect();
    match parts[..] {
        ["v2", "projects", project, "locations", location, "jobs", job] if host == "run.googleapis.com" => {
            Some(format!("projects/{project}/locations/{location}/jobs/{job}"))
        }
        ["apis", "run.googleapis.com", "v1", "namespaces", project, "jobs", job] => {
            let location = host.strip_suffix("-run.googleapis.com")?;
            Some(format!("projects/{project}/locations/{location}/jobs/{job}"))
        }
        _ => None,
    }
}

/// The Cloud Run job that is executed, where that is all that the target says.
pub(super) fn job_of(body: &Json) -> Option<String> {
    let target = body.get(HTTP)?;
    let headers = target.get("headers").and_then(Json::as_object).into_iter().flatten();
    let is_plain = matches!(wire::text(target, "httpMethod"), "" | "POST" | "HTTP_METHOD_UNSPECIFIED")
        && wire::text(target, "body").is_empty()
        && headers.into_iter().all(|(name, value)| is_usual(name, value))
        && target.get("oidcToken").is_none()
        && !wire::text(body, ACCOUNT).is_empty()
        && matches!(wire::text(target, "oauthToken.scope"), "" | SCOPE);
    executed(wire::text(body, URI)).filter(|_| is_plain)
}

/// Whether the API sets the header by itself.
fn is_usual(name: &str, value: &Json) -> bool {
    let is = |usual: &str| name.eq_ignore_ascii_case(usual);
    is("User-Agent") || (is(CONTENT_TYPE.0) && value.as_str() == Some(CONTENT_TYPE.1))
}

/// Takes out of a component the headers that the API sets by itself.
pub(super) fn drop_usual_headers(component: &mut Dynamic) {
    let http = component.as_entries_mut().and_then(|entries| entries.get_mut("http"));
    let headers = http.and_then(Dynamic::as_entries_mut).and_then(|http| http.get_mut("headers"));
    if let Some(Dynamic::Map(headers)) = headers {
        headers.retain(|name, value| !is_usual(name, &value.as_str().map_or(Json::Null, Json::from)));
    }
}

/// The audience of an identity token is the address that is called, where nothing is said.
pub(super) fn fill_audience(component: &mut Dynamic) {
    let Some(http) = component.as_entries_mut().and_then(|entries| entries.get_mut("http")) else { return };
    let url = http.get("url").clone();
    let token = http.as_entries_mut().and_then(|http| http.get_mut("oidc_token")).and_then(Dynamic::as_entries_mut);
    if let Some(audience) = token.and_then(|token| token.get_mut("audience")).filter(|audience| audience.is_null()) {
        *audience = url;
    }
}

/// Takes out an audience that is the address that is called.
pub(super) fn drop_usual_audience(component: &mut Dynamic) {
    let Some(http) = component.as_entries_mut().and_then(|entries| entries.get_mut("http")) else { return };
    let url = http.get("url").clone();
    let token = http.as_entries_mut().and_then(|http| http.get_mut("oidc_token")).and_then(Dynamic::as_entries_mut);
    if let Some(audience) = token.and_then(|token| token.get_mut("audience")).filter(|audience| **audience == url) {
        *audience = Dynamic::Null;
    }
}

/// Headers, without those that the API sets by itself.
pub(super) struct Headers;

impl Codec for Headers {
    fn read(&self, target: &Json) -> Dynamic {
        let headers = target.get("headers").and_then(Json::as_object).into_iter().flatten();
        let own = headers.filter(|(name, value)| !is_usual(name, value));
        let own: Entries =
            own.filter_map(|(name, value)| Some((name.clone(), Dynamic::string(value.as_str()?)))).collect();
        if own.is_empty() { Dynamic::Null } else { Dynamic::Map(own) }
    }
    fn write(&self, value: &Dynamic, target: &mut Json) {
        let wanted = value.as_entries().into_iter().flatten();
        let wanted: serde_json::Map<String, Json> =
            wanted.filter_map(|(name, value)| Some((name.to_string(), Json::from(value.as_str()?)))).collect();
        wire::put(target, "headers", if wanted.is_empty() { Json::Null } else { Json::Object(wanted) });
    }
    fn masks(&self) -> &'static [&'static str] {
        &["headers"]
    }
}

/// An address that executes no Cloud Run job.
pub(super) struct HttpTarget;

impl Codec for HttpTarget {
    fn read(&self, body: &Json) -> Dynamic {
        let target = body.get(HTTP).filter(|target| !target.is_null() && job_of(body).is_none());
        target.map_or(Dynamic::Null, |target| wire::read(schema(), target))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let is_job = job_of(body).is_some();
        if value.is_null() {
            if !is_job {
                wire::remove(body, HTTP);
            }
            return;
        }
        let there = body.get(HTTP).filter(|_| !is_job).cloned();
        let target = match there {
            None => wire::create(schema(), value),
            Some(mut target) => {
                let before = wire::read(schema(), &target);
                wire::update(schema(), &before, value, &mut target);
                target
            }
        };
        wire::put(body, HTTP, target);
    }
    fn masks(&self) -> &'static [&'static str] {
        &[HTTP]
    }
    fn leaves_out(&self, body: &Json) -> Vec<String> {
        // A body that is not text cannot be said.
        let target =
            body.get(HTTP).filter(|target| target.get("body").is_some_and(|json| (BASE64.read)(json).is_null()));
        target.map(|_| format!("{HTTP}.body")).into_iter().collect()
    }
}

/// The Cloud Run job, as the address that executes it.
pub(super) struct JobTarget;

impl Codec for JobTarget {
    fn read(&self, body: &Json) -> Dynamic {
        job_of(body).map_or(Dynamic::Null, Dynamic::String)
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        match value.as_str() {
            Some(job) => {
                if job_of(body).is_none() {
                    wire::put(body, HTTP, json!({}));
                }
                wire::put(body, URI, Json::String(format!("https://run.googleapis.com/v2/{job}:run")));
                wire::put(body, "httpTarget.httpMethod", Json::from("POST"));
            }
            None if job_of(body).is_some() => wire::remove(body, HTTP),
            None => {}
        }
    }
    fn masks(&self) -> &'static [&'static str] {
        &[HTTP]
    }
}

/// The account whose access token executes the job.
pub(super) struct JobAccount;

impl Codec for JobAccount {
    fn read(&self, body: &Json) -> Dynamic {
        job_of(body).map_or(Dynamic::Null, |_| Dynamic::string(wire::text(body, ACCOUNT)))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        if let (Some(email), true) = (value.as_str(), executed(wire::text(body, URI)).is_some()) {
            wire::put(body, ACCOUNT, Json::from(email));
        }
    }
    fn masks(&self) -> &'static [&'static str] {
        &[HTTP]
    }
}
