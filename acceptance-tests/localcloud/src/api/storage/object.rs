//! Objects in buckets, with generations: enough for state files, checkpoints, and emptying a bucket.
//!
//! Here are the calls on one object and the list; `upload` and `resumable` take bytes in, `media` gives them out, `copy` makes new from old.
//! The live version lies at the path that serves it; an older one at the same path with `?generation=N`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::upload::{self, Upload};
use super::{
    HOST, bucket_path, check_metageneration, find, find_named, int, invalid, media, number_matches, precondition_failed,
};
use crate::call::{Body, Call, Outcome, Reply};
use crate::clock;
use crate::error::{ApiError, ErrorStyle};
use crate::etag;
use crate::json::{self, Object};
use crate::pages::{self, PageRule};
use crate::route::Api;

const OBJECT: &str = "/storage/v1/b/{bucket}/o/{object}";
const PAGES: PageRule = PageRule { default: 1000, max: 1000 };
/// What a caller may set.
const WRITABLE: &[&str] = &[
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "eventBasedHold",
    "metadata",
    "storageClass",
    "temporaryHold",
];

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", "/storage/v1/b/{bucket}/o", list)
        .on("GET", OBJECT, get)
        .on("GET", "/download/storage/v1/b/{bucket}/o/{object}", download)
        .on("PATCH", OBJECT, patch)
        .on("DELETE", OBJECT, delete)
}

/// Where an upload or a copy goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The bucket's name.
    pub(super) bucket: String,
    /// The object's name.
    pub(super) name: String,
}

/// A name as one segment of a path.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn live_path(bucket: &str, name: &str) -> String {
    format!("{}/o/{}", bucket_path(bucket), encode(name))
}

fn missing(call: &Call<'_>) -> ApiError {
    ApiError::storage(404, "notFound", format!("No such object: {}/{}", call.param("bucket"), call.param("object")))
}

/// Path and metadata of the version that a call means: the live one, or that of `generation`.
pub(super) fn wanted(call: &Call<'_>) -> Result<(String, Value), ApiError> {
    find(call)?;
    version(call, call.query("generation"))
}

/// Path and metadata of one version of the object that a call names: the live one, or that of the generation.
pub(super) fn version(call: &Call<'_>, generation: Option<&str>) -> Result<(String, Value), ApiError> {
    let live = live_path(call.param("bucket"), call.param("object"));
    let path = match generation {
        Some(generation) if call.world.get(HOST, &live).is_none_or(|body| body["generation"] != generation) => {
            format!("{live}?generation={generation}")
        }
        _ => live,
    };
    let body = call.world.get(HOST, &path).cloned().ok_or_else(|| missing(call))?;
    Ok((path, body))
}

/// `ifGenerationMatch` and its negation. No object has generation 0.
fn check_generation(call: &Call<'_>, body: &Value) -> Result<(), ApiError> {
    let generation = if body.is_null() { json!({"generation": "0"}) } else { body.clone() };
    if number_matches(call, "ifGenerationMatch", &generation, "generation")? == Some(false) {
        return Err(precondition_failed());
    }
    if number_matches(call, "ifGenerationNotMatch", &generation, "generation")? == Some(true) {
        return Err(if call.request.method == "GET" {
            ApiError::storage(304, "notModified", "Not modified")
        } else {
            precondition_failed()
        });
    }
    Ok(())
}

fn get(call: &mut Call<'_>) -> Outcome {
    if call.query("alt") == Some("media") {
        return download(call);
    }
    let (_, body) = wanted(call)?;
    check_generation(call, &body)?;
    check_metageneration(call, &body)?;
    Ok(Reply::json(body))
}

fn download(call: &mut Call<'_>) -> Outcome {
    check_own_key(call)?;
    let (path, body) = wanted(call)?;
    check_generation(call, &body)?;
    check_metageneration(call, &body)?;
    let etag = body["etag"].as_str().unwrap_or_default().to_owned();
    Ok(media::reply(call, &path, &body, etag).unwrap_or_else(|unsatisfiable| {
        let error = ApiError::storage(416, "requestedRangeNotSatisfiable", "Request range not satisfiable");
        unsatisfiable.reply(Body::Json(error.body(ErrorStyle::Storage)))
    }))
}

/// Objects under a key that the caller brings along are more than this simulation keeps: better said than ignored.
pub(super) fn check_own_key(call: &Call<'_>) -> Result<(), ApiError> {
    match call.request.header("x-goog-encryption-key") {
        None => Ok(()),
        Some(_) => {
            Err(ApiError::new(501, "UNIMPLEMENTED", "localcloud does not know customer-supplied encryption keys"))
        }
    }
}

/// An upload in one call.
pub(super) fn insert(call: &mut Call<'_>) -> Outcome {
    check_own_key(call)?;
    let upload = upload::parse(call.request)?;
    let target = target(call, upload.metadata.as_ref())?;
    Ok(Reply::json(create(call, &target, upload, call.request.header("x-goog-hash"))?))
}

/// Where an upload with this metadata goes.
pub(super) fn target(call: &Call<'_>, metadata: Option<&Value>) -> Result<Target, ApiError> {
    let in_metadata = metadata.and_then(|metadata| metadata["name"].as_str());
    let name = call.query("name").or(in_metadata).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::storage(400, "required", "Required parameter: name"))?.to_owned();
    Ok(Target { bucket: call.param("bucket").to_owned(), name })
}

/// Whether an object may be made here now: its bucket, its name, the conditions of the call, and what holds the object that is there.
/// Gives back the bucket and that object, null if there is none.
pub(super) fn check_target(call: &Call<'_>, target: &Target) -> Result<(Value, Value), ApiError> {
    let bucket = find_named(call, &target.bucket)?;
    check_name(&target.name)?;
    let prior = call.world.get(HOST, &live_path(&target.bucket, &target.name)).cloned().unwrap_or_default();
    check_generation(call, &prior)?;
    if !prior.is_null() {
        check_metageneration(call, &prior)?;
        check_held(call, &bucket, &prior)?;
    }
    Ok((bucket, prior))
}

/// Makes an object, over the live one of its name. `digests` are the hashes that a header of the call promises.
pub(super) fn create(
    call: &mut Call<'_>,
    target: &Target,
    upload: Upload,
    digests: Option<&str>,
) -> Result<Value, ApiError> {
    let (bucket, prior) = check_target(call, target)?;
    let Upload { metadata, content_type, media } = upload;
    let metadata = metadata.and_then(|metadata| metadata.as_object().cloned()).unwrap_or_default();
    let crc = STANDARD.encode(crc32c(&media).to_be_bytes());
    let md5 = STANDARD.encode(Md5::digest(&media));
    check_hashes(&metadata, digests, &crc, &md5)?;
    let Target { bucket: bucket_name, name } = target;
    let path = live_path(bucket_name, name);
    let at = call.world.clock.now();
    let now = clock::millis(at);
    let last = int(&prior["generation"]).unwrap_or_default();
    let generation = (at.as_microsecond()).max(last + 1);
    let mut body = json!({
        "kind": "storage#object",
        "id": format!("{bucket_name}/{name}/{generation}"),
        "selfLink": format!("https://www.googleapis.com{path}"),
        "mediaLink": format!(
            "https://storage.googleapis.com/download{path}?generation={generation}&alt=media"
        ),
        "name": name,
        "bucket": bucket_name,
        "generation": generation.to_string(),
        "metageneration": "1",
        "storageClass": bucket["storageClass"],
        "size": media.len().to_string(),
        "md5Hash": md5,
        "crc32c": crc,
        "etag": etag::storage(u64::try_from(generation).unwrap_or_default()),
        "timeCreated": now,
        "updated": now,
        "timeStorageClassUpdated": now,
        "timeFinalized": now,
    });
    if let Some(content_type) = content_type {
        body["contentType"] = json!(content_type);
    }
    if let Some(key) = call.query("kmsKeyName").or_else(|| bucket["encryption"]["defaultKmsKeyName"].as_str()) {
        body["kmsKeyName"] = json!(format!("{key}/cryptoKeyVersions/1"));
    }
    for (field, value) in metadata {
        if WRITABLE.contains(&field.as_str()) && !value.is_null() {
            body[field] = value;
        }
    }
    retire(call, &bucket, &path, &now);
    call.world.put(HOST, &path, body.clone());
    if let Some(object) = call.world.state.objects.get_mut(HOST).and_then(|objects| objects.get_mut(&path)) {
        object.media = Some(STANDARD.encode(&media));
    }
    Ok(body)
}

/// What of an object's metadata a caller could have set.
pub(super) fn writable(object: &Value) -> Object {
    let fields = object.as_object().into_iter().flatten();
    fields
        .filter(|(field, _)| WRITABLE.contains(&field.as_str()))
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}

/// The hashes that an upload promises, in its metadata or in a header, are those of what came.
fn check_hashes(metadata: &Object, header: Option<&str>, crc: &str, md5: &str) -> Result<(), ApiError> {
    let promised = |field: &str, name: &str| {
        let in_header =
            header.into_iter().flat_map(|list| list.split(',')).filter_map(|hash| hash.trim().split_once('='));
        let in_header: Vec<&str> = in_header.filter(|(key, _)| *key == name).map(|(_, hash)| hash).collect();
        metadata.get(field).and_then(Value::as_str).or_else(|| in_header.first().copied()).map(ToOwned::to_owned)
    };
    let hashes = [("CRC32C", promised("crc32c", "crc32c"), crc), ("MD5 hash", promised("md5Hash", "md5"), md5)];
    for (name, promised, found) in hashes {
        if let Some(promised) = promised.filter(|promised| promised != found) {
            return Err(invalid(format!(
                "Provided {name} \"{promised}\" doesn't match calculated {name} \"{found}\"."
            )));
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let bad = name.len() > 1024
        || name == "."
        || name == ".."
        || name.contains(['\r', '\n'])
        || name.starts_with(".well-known/acme-challenge/");
    if bad {
        Err(invalid("Disallowed unicode characters present in object name or the name is too long."))
    } else {
        Ok(())
    }
}

/// In a bucket with versions the live object becomes an older one; else it goes.
fn retire(call: &mut Call<'_>, bucket: &Value, path: &str, now: &str) {
    let Some(objects) = call.world.state.objects.get_mut(HOST) else { return };
    let Some(mut object) = objects.remove(path) else { return };
    if bucket["versioning"]["enabled"] == json!(true) {
        object.body["timeDeleted"] = json!(now);
        let generation = object.body["generation"].as_str().unwrap_or_default();
        objects.insert(format!("{path}?generation={generation}"), object);
    }
}

/// A retention policy or a hold keeps an object.
fn check_held(call: &Call<'_>, bucket: &Value, object: &Value) -> Result<(), ApiError> {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let name = format!("{}/{}", text("bucket"), text("name"));
    if object["temporaryHold"] == json!(true) || object["eventBasedHold"] == json!(true) {
        return Err(ApiError::storage(403, "objectUnderActiveHold", format!("Object '{name}' is under active hold.")));
    }
    let Some(period) = int(&bucket["retentionPolicy"]["retentionPeriod"]) else { return Ok(()) };
    let created = object["timeCreated"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let until = created.map(|created| created.as_second().saturating_add(period));
    if until.is_some_and(|until| until > call.world.clock.now().as_second()) {
        return Err(ApiError::storage(
            403,
            "retentionPolicyNotMet",
            format!("Object '{name}' is subject to bucket's retention policy and cannot be deleted or overwritten."),
        ));
    }
    Ok(())
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let (path, mut body) = wanted(call)?;
    check_generation(call, &body)?;
    check_metageneration(call, &body)?;
    let mut sent = call.body()?;
    sent.retain(|field, _| WRITABLE.contains(&field.as_str()));
    let prior = body.clone();
    json::merge_patch(&mut body, &Value::Object(sent));
    if body != prior {
        let next = int(&body["metageneration"]).unwrap_or_default() + 1;
        body["metageneration"] = json!(next.to_string());
        body["updated"] = json!(clock::millis(call.world.clock.now()));
        let tag = call.world.tick();
        body["etag"] = json!(etag::storage(tag));
        call.world.put(HOST, &path, body.clone());
    }
    Ok(Reply::json(body))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let bucket = find(call)?;
    let (path, body) = wanted(call)?;
    check_generation(call, &body)?;
    check_metageneration(call, &body)?;
    check_held(call, &bucket, &body)?;
    if call.query("generation").is_some() {
        if let Some(objects) = call.world.state.objects.get_mut(HOST) {
            objects.remove(&path);
        }
    } else {
        let now = clock::millis(call.world.clock.now());
        retire(call, &bucket, &path, &now);
    }
    Ok(Reply::no_content())
}

fn list(call: &mut Call<'_>) -> Outcome {
    find(call)?;
    let parent = call.path();
    let prefix = call.query("prefix").unwrap_or_default();
    let delimiter = call.query("delimiter").filter(|delimiter| !delimiter.is_empty());
    let versions = call.query("versions") == Some("true");
    let start = call.query("startOffset").unwrap_or_default();
    let end = call.query("endOffset").filter(|end| !end.is_empty());
    // Sorted by name, then generation; a prefix stands where its first object would.
    let mut found = std::collections::BTreeMap::new();
    for (path, body) in call.world.children(HOST, &parent) {
        let name = body["name"].as_str().unwrap_or_default();
        let shown = name.starts_with(prefix)
            && (versions || !path.contains('?'))
            && name >= start
            && end.is_none_or(|end| name < end);
        if !shown {
            continue;
        }
        let folder = delimiter.and_then(|delimiter| {
            let rest = &name[prefix.len()..];
            rest.find(delimiter).map(|at| name[..prefix.len() + at + delimiter.len()].to_owned())
        });
        match folder {
            Some(folder) => found.insert(folder.clone(), json!({"prefix": folder})),
            None => {
                let generation = int(&body["generation"]).unwrap_or_default();
                found.insert(format!("{name}\u{0}{generation:020}"), json!({"item": body}))
            }
        };
    }
    let page = pages::page(found.into_iter().collect(), PAGES, call.query("maxResults"), call.query("pageToken"))?;
    let pick = |field: &str| page.items.iter().filter_map(|entry| entry.get(field).cloned()).collect::<Vec<_>>();
    let mut answer = Object::new();
    answer.insert("kind".to_owned(), json!("storage#objects"));
    for (field, values) in [("items", pick("item")), ("prefixes", pick("prefix"))] {
        if !values.is_empty() {
            answer.insert(field.to_owned(), Value::Array(values));
        }
    }
    if let Some(next) = page.next {
        answer.insert("nextPageToken".to_owned(), json!(next));
    }
    Ok(Reply::json(Value::Object(answer)))
}

/// The checksum of Cloud Storage: CRC-32C (Castagnoli).
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn names_become_one_segment() {
        assert_eq!(encode("a/b c?d.json"), "a%2Fb%20c%3Fd.json");
    }
}
