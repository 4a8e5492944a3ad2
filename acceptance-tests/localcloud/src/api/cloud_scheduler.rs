//! `cloudscheduler.googleapis.com` v1: jobs, which here are never due.
//!
//! A creation has the name in its body, a PATCH without a mask replaces all, and a mask names whole top-level fields: one of `httpTarget` in
//! camel case was refused (nodejs-scheduler#370). A topic need not be there (recorded). No answer has the defaults of retries in the recording, so none is added; the agent of
//! HTTP calls and the type of their bodies are as the discovery document says.

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Object};
use crate::pages::{self, PageRule};
use crate::route::Api;
use crate::store::resource_of;

const HOST: &str = "cloudscheduler.googleapis.com";
const JOBS: &str = "/v1/projects/{project}/locations/{location}/jobs";
const JOB: &str = "/v1/projects/{project}/locations/{location}/jobs/{job}";
const PAGES: PageRule = PageRule { default: 500, max: 500 };
const OUTPUT_ONLY: [&str; 6] = ["userUpdateTime", "state", "status", "scheduleTime", "lastAttemptTime", "satisfiesPzs"];
const TARGETS: [&str; 3] = ["pubsubTarget", "httpTarget", "appEngineHttpTarget"];

/// The API.
pub(crate) fn api() -> Api {
    Api::new(HOST)
        .on("GET", JOBS, list)
        .on("POST", JOBS, create)
        .on("GET", JOB, |call| Ok(Reply::json(call.stored().cloned().ok_or_else(missing)?)))
        .on("PATCH", JOB, patch)
        .on("DELETE", JOB, delete)
        .on("POST", "/v1/projects/{project}/locations/{location}/jobs/{job}:pause", |call| switch(call, "PAUSED"))
        .on("POST", "/v1/projects/{project}/locations/{location}/jobs/{job}:resume", |call| switch(call, "ENABLED"))
}

fn missing() -> ApiError {
    ApiError::not_found("Job not found.")
}

fn path_of(call: &Call<'_>, job: &str) -> String {
    format!("/v1/projects/{}/locations/{}/jobs/{job}", call.param("project"), call.param("location"))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let parent = call.path();
    let items = call.world.children(HOST, &parent).map(|(path, body)| (path.to_owned(), body.clone())).collect();
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut answer = json!({});
    if !page.items.is_empty() {
        answer["jobs"] = Value::Array(page.items);
    }
    if let Some(next) = page.next {
        answer["nextPageToken"] = json!(next);
    }
    Ok(Reply::json(answer))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let sent = call.body()?;
    let name = sent.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let id = match name.rsplit_once('/') {
        Some((_, id)) => id.to_owned(),
        // The server names it.
        None if name.is_empty() => call.world.uuid(),
        None => return Err(ApiError::invalid_field("job.name", format!("Job name '{name}' must be fully qualified."))),
    };
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.is_empty() || id.len() > 500 || !id.chars().all(is_id) {
        return Err(ApiError::invalid_field("job.name", format!("Job ID '{id}' is not valid.")));
    }
    let path = path_of(call, &id);
    let full = call.world.with_project_ids(&name);
    if !name.is_empty() && full != resource_of(&path) {
        return Err(ApiError::invalid_field(
            "job.name",
            format!("'{name}' is no name in the location of the request."),
        ));
    }
    if call.world.has(HOST, &path) {
        return Err(ApiError::already_exists(format!("Job {name} already exists.")));
    }
    put(call, &path, sent, None)
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    let prior = call.stored().cloned().ok_or_else(missing)?;
    let sent = call.body()?;
    let mask = json::parse_mask(call.query("updateMask").unwrap_or_default());
    if mask.iter().any(|path| path.len() > 1) {
        return Err(ApiError::invalid("Invalid mask for Job"));
    }
    let wanted = match mask.is_empty() {
        true => sent,
        false => {
            let mut wanted = prior.as_object().cloned().unwrap_or_default();
            json::apply_mask(&mut wanted, &sent, &mask);
            wanted
        }
    };
    put(call, &path, wanted, Some(prior))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    call.stored().ok_or_else(missing)?;
    call.world.remove(HOST, &path);
    Ok(Reply::empty_object())
}

fn switch(call: &mut Call<'_>, state: &str) -> Outcome {
    let path = path_of(call, call.param("job"));
    let Some(mut job) = call.world.get(HOST, &path).cloned() else { return Err(missing()) };
    job["state"] = json!(state);
    call.world.put(HOST, &path, job.clone());
    Ok(Reply::json(job))
}

/// Judges, completes and stores a job.
fn put(call: &mut Call<'_>, path: &str, mut job: Object, prior: Option<Value>) -> Outcome {
    for field in OUTPUT_ONLY.into_iter().chain(["name"]) {
        job.remove(field);
    }
    job.retain(|_, value| !json::is_zero(value));
    check(&job)?;
    if let Some(target) = job.get_mut("httpTarget").and_then(Value::as_object_mut) {
        complete(target);
        check_account(call, target)?;
    }
    if job.contains_key("httpTarget") {
        job.entry("attemptDeadline").or_insert(json!("180s"));
    }
    job.entry("timeZone").or_insert(json!("Etc/UTC"));
    job.insert("name".to_owned(), json!(resource_of(path)));
    let now = call.world.now();
    job.insert("userUpdateTime".to_owned(), json!(now));
    let state = prior.as_ref().and_then(|prior| prior["state"].as_str()).unwrap_or("ENABLED");
    job.insert("state".to_owned(), json!(state));
    let job = Value::Object(job);
    call.world.put(HOST, path, job.clone());
    Ok(Reply::json(job))
}

fn check(job: &Object) -> Result<(), ApiError> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let given: Vec<&str> = TARGETS.into_iter().filter(|target| job.contains_key(*target)).collect();
    if given.len() != 1 {
        return Err(ApiError::invalid("Job must have exactly one target."));
    }
    let schedule = text(job.get("schedule"));
    let fields = schedule.split_whitespace().count();
    let is_words = schedule.split_whitespace().any(|field| matches!(field, "every" | "of"));
    if fields != 5 && !is_words {
        return Err(ApiError::invalid_field("job.schedule", format!("Schedule '{schedule}' is not valid.")));
    }
    if text(job.get("description")).chars().count() > 500 {
        return Err(ApiError::invalid_field("job.description", "Description must have at most 500 characters."));
    }
    if let Some(target) = job.get("pubsubTarget")
        && text(target.get("data")).is_empty()
        && target.get("attributes").is_none_or(json::is_zero)
    {
        return Err(ApiError::invalid_field("job.pubsub_target", "Pub/Sub message must contain data or attributes."));
    }
    if let Some(target) = job.get("httpTarget") {
        let (uri, method) = (text(target.get("uri")), text(target.get("httpMethod")));
        if !uri.starts_with("http://") && !uri.starts_with("https://") {
            return Err(ApiError::invalid_field("job.http_target.uri", format!("'{uri}' is no URI.")));
        }
        if !text(target.get("body")).is_empty() && !matches!(method.as_str(), "" | "POST" | "PUT" | "PATCH") {
            return Err(ApiError::invalid_field("job.http_target.body", format!("{method} takes no body.")));
        }
        if target.get("oidcToken").is_some() && target.get("oauthToken").is_some() {
            return Err(ApiError::invalid_field("job.http_target", "Only one authorization header may be set."));
        }
    }
    let retries = job.get("retryConfig").and_then(|retry| retry["retryCount"].as_i64()).unwrap_or(0);
    if !(0..=5).contains(&retries) {
        return Err(ApiError::invalid_field("job.retry_config.retry_count", "Retry count must be between 0 and 5."));
    }
    Ok(())
}

/// What the discovery document says of HTTP calls that do not say it themselves.
fn complete(target: &mut Object) {
    target.entry("httpMethod").or_insert(json!("POST"));
    if let Some(uri) = target.get_mut("uri")
        && let Some((scheme, host)) = uri.as_str().and_then(|uri| uri.split_once("://"))
        && !host.contains('/')
    {
        *uri = json!(format!("{scheme}://{host}/"));
    }
    let has_body = target.get("body").is_some_and(|body| !json::is_zero(body));
    if let Some(headers) = target.entry("headers").or_insert(json!({})).as_object_mut() {
        headers.insert("User-Agent".to_owned(), json!("Google-Cloud-Scheduler"));
        if has_body && !headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            headers.insert("Content-Type".to_owned(), json!("application/octet-stream"));
        }
    }
    if let Some(token) = target.get_mut("oauthToken").and_then(Value::as_object_mut) {
        token.entry("scope").or_insert(json!("https://www.googleapis.com/auth/cloud-platform"));
    }
    let uri = target.get("uri").cloned();
    if let Some(token) = target.get_mut("oidcToken").and_then(Value::as_object_mut) {
        token.entry("audience").or_insert(uri.unwrap_or_default());
    }
}

/// An account of a project that lives here must exist: the caller must be allowed to act as it.
fn check_account(call: &Call<'_>, target: &Object) -> Result<(), ApiError> {
    for token in ["oidcToken", "oauthToken"] {
        let email = target.get(token).and_then(|token| token["serviceAccountEmail"].as_str()).unwrap_or_default();
        let project = email.strip_suffix(".iam.gserviceaccount.com").and_then(|rest| rest.split_once('@'));
        let Some(project) = project.and_then(|(_, id)| call.world.project(id)) else { continue };
        let path = format!("/v1/projects/{}/serviceAccounts/{email}", project.project_id);
        if !call.world.has("iam.googleapis.com", &path) {
            return Err(ApiError::permission_denied(format!(
                "The principal lacks IAM permission \"iam.serviceAccounts.actAs\" for the resource \"{email}\" (or the resource may not exist)."
            )));
        }
    }
    Ok(())
}
