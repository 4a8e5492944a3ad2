//! `storage.googleapis.com`: the JSON API v1 with buckets, their policies and objects, and the XML API for reading objects.
//!
//! `bucket` answers the calls on buckets and `settings` judges what they are told; `object`, `upload` and `resumable` are for what lies in them,
//! `media` and `xml` for reading it; `access` is IAM in Cloud Storage's spelling.

mod access;
mod bucket;
mod copy;
mod media;
mod object;
mod resumable;
mod settings;
mod upload;
mod xml;

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply, Request};
use crate::error::{ApiError, ErrorStyle};
use crate::etag;
use crate::json;
use crate::route::Api;

pub(crate) use access::touch;
pub(crate) use object::crc32c;
pub(crate) use upload::metadata as upload_metadata;
pub(crate) use xml::{api as xml_api, is_xml};

pub(crate) const HOST: &str = "storage.googleapis.com";
const BUCKETS: &str = "/storage/v1/b";

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST).style(ErrorStyle::Storage).project_of(project_of);
    let api = copy::serve(resumable::serve(object::serve(access::serve(bucket::serve(api)))));
    // Things that a bucket may hold besides objects, and never does here.
    api.on("GET", "/storage/v1/b/{bucket}/managedFolders", |call| nothing(call, "storage#managedFolders"))
        .on("GET", "/storage/v1/b/{bucket}/folders", |call| nothing(call, "storage#folders"))
        .on("GET", "/storage/v1/b/{bucket}/anywhereCaches", |call| nothing(call, "storage#anywhereCaches"))
}

/// Whether Google's description of the JSON API covers a request. It knows neither the XML API nor the addresses of uploads that were begun.
pub(crate) fn is_described(request: &Request) -> bool {
    !is_xml(request) && !is_continued(request)
}

/// Whether a call is about an upload that was begun.
fn is_continued(request: &Request) -> bool {
    request.path.starts_with("/upload/") && request.query("uploadId").is_some()
}

/// Is access given by IAM alone?
fn uniform(bucket: &Value) -> bool {
    json::at(bucket, "iamConfiguration.uniformBucketLevelAccess.enabled") == Some(&json!(true))
}

/// The bucket's project; where there is no bucket yet, the one that the caller names.
fn project_of(call: &Call<'_>) -> Option<String> {
    match call.param("bucket") {
        "" => call.query("project").filter(|project| !project.is_empty()).map(ToOwned::to_owned),
        name => call.world.get(HOST, &bucket_path(name))?["projectNumber"].as_str().map(ToOwned::to_owned),
    }
}

fn nothing(call: &mut Call<'_>, kind: &str) -> Outcome {
    find(call)?;
    Ok(Reply::json(json!({"kind": kind})))
}

fn bucket_path(name: &str) -> String {
    format!("{BUCKETS}/{name}")
}

/// The bucket that a call is about.
fn find(call: &Call<'_>) -> Result<Value, ApiError> {
    find_named(call, call.param("bucket"))
}

/// The bucket of this name.
fn find_named(call: &Call<'_>, name: &str) -> Result<Value, ApiError> {
    call.world
        .get(HOST, &bucket_path(name))
        .cloned()
        .ok_or_else(|| ApiError::storage(404, "notFound", "The specified bucket does not exist."))
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::storage(400, "invalid", message)
}

fn precondition_failed() -> ApiError {
    ApiError::storage(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
}

/// A 64-bit number that JSON holds as text or number.
fn int(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// Is the number in `field` of `body` the one that the query parameter wants? Without the parameter: yes.
fn number_matches(call: &Call<'_>, parameter: &str, body: &Value, field: &str) -> Result<Option<bool>, ApiError> {
    let Some(text) = call.query(parameter) else { return Ok(None) };
    let wanted: i64 = text.parse().map_err(|_| invalid(format!("Invalid value for {parameter}: {text}")))?;
    Ok(Some(int(&body[field]) == Some(wanted)))
}

/// `ifMetagenerationMatch` and its negation.
fn check_metageneration(call: &Call<'_>, body: &Value) -> Result<(), ApiError> {
    if number_matches(call, "ifMetagenerationMatch", body, "metageneration")? == Some(false) {
        return Err(precondition_failed());
    }
    if number_matches(call, "ifMetagenerationNotMatch", body, "metageneration")? == Some(true) {
        return Err(if call.request.method == "GET" {
            ApiError::storage(304, "notModified", "Not modified")
        } else {
            precondition_failed()
        });
    }
    Ok(())
}

/// Raises the metageneration and what depends on it.
fn bump(body: &mut Value, now: &str) -> u64 {
    let next = int(&body["metageneration"]).and_then(|n| u64::try_from(n).ok()).unwrap_or_default() + 1;
    body["metageneration"] = json!(next.to_string());
    body["etag"] = json!(etag::storage(next));
    body["updated"] = json!(now);
    next
}
