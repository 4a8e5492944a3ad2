//! `storage.googleapis.com`, the XML API: reading an object. Google's client libraries list and write over the JSON API and read over this one.
//!
//! Facts: <https://cloud.google.com/storage/docs/xml-api/get-object-download> and
//! <https://cloud.google.com/storage/docs/xml-api/reference-status>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{HOST, find, int, media, object, project_of};
use crate::call::{Body, Call, Outcome, Request};
use crate::error::{ApiError, ErrorStyle};
use crate::route::Api;

const OBJECT: &str = "/{bucket}/{object=**}";
/// What begins the paths of the JSON API.
const JSON: [&str; 4] = ["/storage/v1/", "/upload/storage/v1/", "/download/storage/v1/", "/batch/storage/v1"];

/// The API.
pub(crate) fn api() -> Api {
    Api::new(HOST).style(ErrorStyle::Xml).project_of(project_of).on("GET", OBJECT, get).on("HEAD", OBJECT, get)
}

/// Whether a request is for this API, and not for the JSON API of the same host.
pub(crate) fn is_xml(request: &Request) -> bool {
    request.host == HOST && !JSON.iter().any(|start| request.path.starts_with(start))
}

fn get(call: &mut Call<'_>) -> Outcome {
    object::check_own_key(call)?;
    let (bucket, name) = (call.param("bucket").to_owned(), call.param("object").to_owned());
    if name.is_empty() {
        return Err(ApiError::storage(501, "NotImplemented", "localcloud does not list buckets over the XML API."));
    }
    find(call).map_err(|_| ApiError::storage(404, "NoSuchBucket", "The specified bucket does not exist."))?;
    let (path, body) = object::wanted(call).map_err(|_| {
        ApiError::storage(404, "NoSuchKey", "The specified key does not exist.")
            .with_detail(json!(format!("No such object: {bucket}/{name}")))
    })?;
    let etag = etag(&body);
    check_conditions(call, &body, &etag)?;
    let modified = modified(&body);
    let mut reply = match media::reply(call, &path, &body, etag) {
        Ok(reply) => reply,
        Err(unsatisfiable) => {
            let error = ApiError::storage(416, "InvalidRange", "The requested range cannot be satisfied.");
            return Ok(unsatisfiable.reply(Body::Bytes(error.xml().into(), ErrorStyle::XML_TYPE.to_owned())));
        }
    };
    reply.headers.extend(modified.map(|at| ("last-modified".into(), http_date(at))));
    Ok(reply)
}

/// In this API an etag is the MD5 hash in hexadecimal, in quotation marks.
fn etag(object: &Value) -> String {
    let hash = object["md5Hash"].as_str().and_then(|hash| STANDARD.decode(hash).ok());
    match hash {
        Some(hash) => format!("\"{}\"", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        // An object without one, such as a composed one, has an opaque etag.
        None => format!("\"{}\"", object["etag"].as_str().unwrap_or_default()),
    }
}

/// When the bytes were written; a time of HTTP has whole seconds.
fn modified(object: &Value) -> Option<Timestamp> {
    let written: Timestamp = object["timeCreated"].as_str()?.parse().ok()?;
    Timestamp::from_second(written.as_second()).ok()
}

fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The conditions in the headers of a request, in the order of RFC 9110; Google's own ones first.
fn check_conditions(call: &Call<'_>, object: &Value, etag: &str) -> Result<(), ApiError> {
    for (header, field) in
        [("x-goog-if-generation-match", "generation"), ("x-goog-if-metageneration-match", "metageneration")]
    {
        let Some(text) = call.request.header(header) else { continue };
        let wanted: i64 = text.parse().map_err(|_| ApiError::storage(400, "InvalidArgument", "Invalid argument."))?;
        if int(&object[field]) != Some(wanted) {
            return Err(precondition_failed());
        }
    }
    let modified = modified(object);
    let time = |header: &str| call.request.header(header).and_then(date);
    let names = |list: &str| list.split(',').map(str::trim).any(|tag| tag == "*" || tag == etag);
    let is_newer = |than: Timestamp| modified.is_some_and(|modified| modified > than);
    match call.request.header("if-match") {
        Some(list) if !names(list) => return Err(precondition_failed()),
        None if time("if-unmodified-since").is_some_and(is_newer) => return Err(precondition_failed()),
        _ => {}
    }
    let is_known = match call.request.header("if-none-match") {
        Some(list) => names(list),
        None => time("if-modified-since").is_some_and(|since| !is_newer(since)),
    };
    if is_known { Err(ApiError::storage(304, "NotModified", "Not Modified")) } else { Ok(()) }
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}

fn precondition_failed() -> ApiError {
    ApiError::storage(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Request {
        Request { host: HOST.to_owned(), path: path.to_owned(), ..Request::default() }
    }

    #[test]
    fn paths_of_the_json_api_are_no_buckets() {
        assert!(!is_xml(&request("/storage/v1/b/a-bucket/o/x")));
        assert!(!is_xml(&request("/upload/storage/v1/b/a-bucket/o")));
        assert!(is_xml(&request("/a-bucket/v1/x")));
        assert!(is_xml(&request("/storage-of-ours/x")));
    }

    #[test]
    fn times_are_those_of_http() {
        let at: Timestamp = "2026-02-04T19:21:40Z".parse().expect("a timestamp");
        assert_eq!(http_date(at), "Wed, 04 Feb 2026 19:21:40 GMT");
        assert_eq!(date("Wed, 04 Feb 2026 19:21:40 GMT"), Some(at));
    }
}
