//! Objects in buckets, with generations: enough for state files, checkpoints, and emptying a bucket.
//!
//! The live version lies at the path that serves it; an older one at the same path with `?generation=N`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::upload::{self, Upload};
use super::{HOST, bucket_path, check_metageneration, find, int, invalid, number_matches, precondition_failed};
use crate::api::{Api, Body, Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::etag;
use crate::json::{self, Object};
use crate::pages::{self, PageRule};

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
        .on("POST", "/upload/storage/v1/b/{bucket}/o", insert)
        .on("GET", OBJECT, get)
        .on("GET", "/download/storage/v1/b/{bucket}/o/{object}", download)
        .on("PATCH", OBJECT, patch)
        .on("DELETE", OBJECT, delete)
}

/// A name as one segment of a path.
fn encode(name: &str) -> String {
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
fn wanted(call: &Call<'_>) -> Result<(String, Value), ApiError> {
    find(call)?;
    let live = live_path(call.param("bucket"), call.param("object"));
    let path = match call.query("generation") {
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
    let (path, body) = wanted(call)?;
    check_generation(call, &body)?;
    check_metageneration(call, &body)?;
    let media = call
        .world
        .state
        .objects
        .get(HOST)
        .and_then(|objects| objects.get(&path))
        .and_then(|object| object.media.clone());
    let bytes = STANDARD.decode(media.unwrap_or_default()).unwrap_or_default();
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    let content_type = match text("contentType") {
        empty if empty.is_empty() => "application/octet-stream".to_owned(),
        content_type => content_type,
    };
    Ok(Reply {
        status: 200,
        body: Body::Bytes(Bytes::from(bytes), content_type),
        headers: vec![
            ("etag", text("etag")),
            ("x-goog-generation", text("generation")),
            ("x-goog-metageneration", text("metageneration")),
            ("x-goog-hash", format!("crc32c={}", text("crc32c"))),
            ("x-goog-storage-class", text("storageClass")),
        ],
    })
}

fn insert(call: &mut Call<'_>) -> Outcome {
    let bucket = find(call)?;
    let Upload { metadata, content_type, media } = upload::parse(call.request)?;
    let metadata = metadata.and_then(|metadata| metadata.as_object().cloned()).unwrap_or_default();
    let name = call
        .query("name")
        .or_else(|| metadata.get("name").and_then(Value::as_str))
        .filter(|name| !name.is_empty())
        .ok_or_else(|| ApiError::storage(400, "required", "Required parameter: name"))?
        .to_owned();
    check_name(&name)?;
    let bucket_name = call.param("bucket").to_owned();
    let path = live_path(&bucket_name, &name);
    let prior = call.world.get(HOST, &path).cloned().unwrap_or_default();
    check_generation(call, &prior)?;
    if !prior.is_null() {
        check_metageneration(call, &prior)?;
        check_held(call, &bucket, &prior)?;
    }
    let at = call.world.clock.now();
    let now = clock::millis(at);
    let last = int(&prior["generation"]).unwrap_or_default();
    let generation = (at.as_microsecond()).max(last + 1);
    let crc = STANDARD.encode(crc32c(&media).to_be_bytes());
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
    Ok(Reply::json(body))
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
    let name = format!("{}/{}", call.param("bucket"), object["name"].as_str().unwrap_or_default());
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
