//! Calls on buckets.

use serde_json::{Value, json};

use super::{BUCKETS, HOST, access, bucket_path, bump, check_metageneration, find, invalid, settings, uniform};
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::error::ApiError;
use crate::etag;
use crate::json::{self, Object};
use crate::pages::{self, PageRule};
use crate::route::Api;

const BUCKET: &str = "/storage/v1/b/{bucket}";
const PAGES: PageRule = PageRule { default: 1000, max: 1000 };

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", BUCKETS, list)
        .on("POST", BUCKETS, insert)
        .on("GET", BUCKET, get)
        .on("PATCH", BUCKET, patch)
        .on("PUT", BUCKET, update)
        .on("DELETE", BUCKET, delete)
        .on("POST", "/storage/v1/b/{bucket}/lockRetentionPolicy", lock_retention)
}

/// The project that the query names: a required parameter.
fn wanted_project(call: &Call<'_>) -> Result<crate::store::Project, ApiError> {
    let id = call
        .query("project")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| ApiError::storage(400, "required", "Required parameter: project"))?;
    call.world.project(id).cloned().ok_or_else(|| invalid(format!("Unknown project id: {id}")))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let number = wanted_project(call)?.project_number;
    let prefix = call.query("prefix").unwrap_or_default();
    let items = call
        .world
        .children(HOST, BUCKETS)
        .filter(|(_, body)| body["projectNumber"] == number.as_str())
        .filter(|(_, body)| body["name"].as_str().is_some_and(|name| name.starts_with(prefix)))
        .map(|(path, body)| Ok((path.to_owned(), shown(call, body, "noAcl")?)))
        .collect::<Result<Vec<_>, ApiError>>()?;
    let page = pages::page(items, PAGES, call.query("maxResults"), call.query("pageToken"))?;
    Ok(Reply::json(page.answer(json!({"kind": "storage#buckets"}), "items")))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let bucket = find(call)?;
    check_metageneration(call, &bucket)?;
    Ok(Reply::json(shown(call, &bucket, "noAcl")?))
}

fn insert(call: &mut Call<'_>) -> Outcome {
    let project = wanted_project(call)?;
    let mut wanted = call.body()?;
    let name = wanted.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    settings::check_name(&name)?;
    let path = bucket_path(&name);
    if let Some(other) = call.world.get(HOST, &path) {
        let message = if other["projectNumber"] == project.project_number.as_str() {
            "Your previous request to create the named bucket succeeded and you already own it."
        } else {
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a \
             different name and try again."
        };
        return Err(ApiError::storage(409, "conflict", message));
    }
    wanted.retain(|field, value| !settings::OUTPUT_ONLY.contains(&field.as_str()) && !value.is_null());
    let at = call.world.clock.now();
    let now = clock::millis(at);
    if call.query("enableObjectRetention").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        wanted.insert("objectRetention".to_owned(), json!({"mode": "Enabled"}));
    } else {
        wanted.remove("objectRetention");
    }
    settings::settle(&mut wanted, None, at)?;
    let mut body = json!({
        "kind": "storage#bucket",
        "selfLink": format!("https://www.googleapis.com{path}"),
        "id": name,
        "name": name,
        "projectNumber": project.project_number,
        "generation": settings::generation(at, call.world.tick()).to_string(),
        "metageneration": "1",
        "etag": etag::storage(1),
        "timeCreated": now,
        "updated": now,
    });
    if let Some(body) = body.as_object_mut() {
        body.extend(wanted);
    }
    if body["locationType"] == "region" {
        body["satisfiesPZI"] = json!(true);
    }
    if call.query("predefinedAcl").is_some() && uniform(&body) {
        return Err(invalid("Cannot use ACLs when uniform bucket-level access is enabled."));
    }
    access::found(call.world, &project.project_id, &body);
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(shown(call, &body, "noAcl")?))
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let prior = find(call)?;
    check_metageneration(call, &prior)?;
    let mut sent = call.body()?;
    check_fixed(&sent, &prior)?;
    sent.retain(|field, _| !settings::OUTPUT_ONLY.contains(&field.as_str()));
    let mut wanted = writable(&prior);
    json::merge_patch(&mut wanted, &Value::Object(sent));
    store(call, &prior, wanted)
}

fn update(call: &mut Call<'_>) -> Outcome {
    let prior = find(call)?;
    check_metageneration(call, &prior)?;
    let mut sent = call.body()?;
    check_fixed(&sent, &prior)?;
    sent.retain(|field, value| !settings::OUTPUT_ONLY.contains(&field.as_str()) && !value.is_null());
    for field in ["location", "locationType", "hierarchicalNamespace", "objectRetention", "customPlacementConfig"] {
        sent.extend(prior.get(field).map(|value| (field.to_owned(), value.clone())));
    }
    store(call, &prior, Value::Object(sent))
}

/// Judges the wanted settings and stores them; a change that changes nothing leaves the metageneration.
fn store(call: &mut Call<'_>, prior: &Value, wanted: Value) -> Outcome {
    let at = call.world.clock.now();
    let mut wanted = match wanted {
        Value::Object(wanted) => wanted,
        _ => Object::new(),
    };
    settings::settle(&mut wanted, Some(prior), at)?;
    let mut body = prior.clone();
    if let Some(body) = body.as_object_mut() {
        body.retain(|field, _| settings::OUTPUT_ONLY.contains(&field.as_str()));
        body.extend(wanted);
    }
    if body != *prior {
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        bump(&mut body, &clock::millis(at));
        access::follow(call.world, &name, prior, &body);
        call.world.put(HOST, &bucket_path(&name), body.clone());
    }
    Ok(Reply::json(shown(call, &body, "full")?))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let bucket = find(call)?;
    check_metageneration(call, &bucket)?;
    let path = bucket_path(call.param("bucket"));
    if call.world.children(HOST, &format!("{path}/o")).next().is_some() {
        return Err(ApiError::storage(409, "conflict", "The bucket you tried to delete is not empty."));
    }
    call.world.remove(HOST, &path);
    Ok(Reply::no_content())
}

fn lock_retention(call: &mut Call<'_>) -> Outcome {
    let mut bucket = find(call)?;
    if call.query("ifMetagenerationMatch").is_none() {
        return Err(ApiError::storage(400, "required", "Required parameter: ifMetagenerationMatch"));
    }
    check_metageneration(call, &bucket)?;
    if bucket.get("retentionPolicy").is_none() {
        return Err(invalid("The bucket has no retention policy to lock."));
    }
    if bucket["retentionPolicy"]["isLocked"] != json!(true) {
        bucket["retentionPolicy"]["isLocked"] = json!(true);
        let prior = find(call)?;
        let now = clock::millis(call.world.clock.now());
        let name = call.param("bucket").to_owned();
        bump(&mut bucket, &now);
        access::follow(call.world, &name, &prior, &bucket);
        call.world.put(HOST, &bucket_path(&name), bucket.clone());
    }
    Ok(Reply::json(shown(call, &bucket, "full")?))
}

/// What a bucket was created with and keeps.
fn check_fixed(sent: &Object, prior: &Value) -> Result<(), ApiError> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_uppercase();
    if sent.contains_key("location") && text(sent.get("location")) != text(prior.get("location")) {
        return Err(invalid("The location of a bucket cannot be changed."));
    }
    if sent.contains_key("name") && sent["name"] != prior["name"] {
        return Err(invalid("The name of a bucket cannot be changed."));
    }
    for field in ["hierarchicalNamespace", "customPlacementConfig"] {
        let same = match (sent.get(field), prior.get(field)) {
            (None | Some(Value::Null), _) => true,
            (Some(new), None) => new["enabled"] == json!(false),
            (Some(new), Some(old)) => new == old,
        };
        if !same {
            return Err(invalid(format!("{field} cannot be changed after the bucket was created.")));
        }
    }
    Ok(())
}

fn writable(bucket: &Value) -> Value {
    let mut writable = bucket.clone();
    if let Some(object) = writable.as_object_mut() {
        object.retain(|field, _| !settings::OUTPUT_ONLY.contains(&field.as_str()));
    }
    writable
}

/// The bucket as the `projection` of the call shows it.
fn shown(call: &Call<'_>, bucket: &Value, default: &str) -> Result<Value, ApiError> {
    let mut shown = bucket.clone();
    match call.query("projection").unwrap_or(default) {
        "noAcl" => {}
        "full" if uniform(bucket) => {}
        "full" => {
            let number = bucket["projectNumber"].as_str().unwrap_or_default();
            let name = bucket["name"].as_str().unwrap_or_default();
            shown["acl"] =
                bucket.get("acl").cloned().unwrap_or_else(|| access::default_acl(name, number, &bucket["etag"]));
            shown["defaultObjectAcl"] = access::default_object_acl(number, &bucket["etag"]);
            shown["owner"] = json!({"entity": format!("project-owners-{number}")});
        }
        other => return Err(invalid(format!("Invalid value for projection: {other}"))),
    }
    Ok(shown)
}
