//! Jobs and their executions.
//! A change has its effect at once, and shows as pending until its operation is done, as that of a service. An execution is over as soon as its operation is;
//! one that a fault condemns has failed.

use serde_json::{Value, json};

use super::{check_account, check_location, is_set, list_of, pending_operation, refuse, start, untyped};
use super::{defaults, status, validate};
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::collection;
use crate::error::ApiError;
use crate::json::{self, Object};
use crate::policy;
use crate::route::Api;
use crate::store::{End, resource_of};

const JOB: &str = "/v2/projects/{project}/locations/{location}/jobs/{job}";
const JOB_TYPE: &str = "type.googleapis.com/google.cloud.run.v2.Job";
const EXECUTION_TYPE: &str = "type.googleapis.com/google.cloud.run.v2.Execution";

/// Adds the calls on jobs.
pub(super) fn serve(api: Api) -> Api {
    let api = api
        .on("POST", "/v2/projects/{project}/locations/{location}/jobs", create)
        .on("GET", "/v2/projects/{project}/locations/{location}/jobs", list)
        .on("GET", JOB, get)
        .on("PATCH", JOB, patch)
        .on("DELETE", JOB, delete)
        .on("POST", "/v2/projects/{project}/locations/{location}/jobs/{job}:run", run)
        .on("GET", "/v2/projects/{project}/locations/{location}/jobs/{job}/executions", list_executions)
        .on("GET", "/v2/projects/{project}/locations/{location}/jobs/{job}/executions/{execution}", get_execution);
    policy::serve(api, JOB, "GET", |call| {
        let path = job_path(call);
        if call.world.has(call.host(), &path) { Ok(resource_of(&path).to_owned()) } else { Err(missing(call)) }
    })
}

/// The path of the job that the call is about, without a verb or what stands below it.
fn job_path(call: &Call<'_>) -> String {
    format!("/v2/projects/{}/locations/{}/jobs/{}", call.param("project"), call.param("location"), call.param("job"))
}

fn missing(call: &Call<'_>) -> ApiError {
    ApiError::not_found(format!(
        "Resource '{}' of kind 'JOB' in region '{}' in project '{}' does not exist.",
        call.param("job"),
        call.param("location"),
        call.param("project")
    ))
}

fn create(call: &mut Call<'_>) -> Outcome {
    check_location(call)?;
    let id = call.query("jobId").unwrap_or_default().to_owned();
    validate::service_id(&id).map_err(|text| ApiError::invalid_field("job_id", text))?;
    call.params.insert("job".to_owned(), id.clone());
    let path = job_path(call);
    if call.world.has(call.host(), &path) {
        return Err(ApiError::already_exists(format!("Resource '{id}' already exists.")));
    }
    let now = call.world.clock.now();
    if let Some(removal) = pending_operation(call, resource_of(&path)) {
        removal.pending.look(now);
        return Err(ApiError::already_exists(format!("Resource '{id}' already exists.")));
    }
    let sent = Value::Object(call.body()?);
    store(call, &id, defaults::writable_job(&sent), None)
}

/// A PATCH has no mask: it replaces the whole job.
fn patch(call: &mut Call<'_>) -> Outcome {
    check_location(call)?;
    let id = call.param("job").to_owned();
    let Some(prior) = call.stored().cloned() else { return Err(missing(call)) };
    let sent = call.body()?;
    collection::check_etag(&sent, &prior)?;
    store(call, &id, defaults::writable_job(&Value::Object(sent)), Some(prior))
}

/// Judges, completes, stamps and stores a job, and starts the operation.
fn store(call: &mut Call<'_>, id: &str, mut wanted: Object, prior: Option<Value>) -> Outcome {
    let project = call.project()?;
    let path = job_path(call);
    let name = resource_of(&path).to_owned();
    defaults::fill_job(&mut wanted, id, &project.project_number);
    refuse(validate::job(&wanted))?;
    check_account(call, wanted.get("template").and_then(|template| template.get("template")))?;
    let task = wanted.get_mut("template").and_then(|template| template.pointer_mut("/template"));
    if let Some(task) = task.and_then(Value::as_object_mut)
        && task.get("maxRetries").is_some_and(json::is_zero)
    {
        // No recording has a job without retries. Answers of proto3 leave zeros out.
        task.remove("maxRetries");
    }
    let now = clock::micros(call.world.clock.now());
    let kept = |field: &str| prior.as_ref().and_then(|prior| prior.get(field)).cloned();
    let uid = match kept("uid") {
        Some(uid) => uid,
        None => json!(call.world.uuid()),
    };
    let generation = kept("generation").and_then(|g| g.as_str()?.parse::<u64>().ok()).unwrap_or(0) + 1;
    let mut job = wanted;
    for (field, value) in [
        ("name", json!(name)),
        ("uid", uid),
        ("generation", json!(generation.to_string())),
        ("createTime", kept("createTime").unwrap_or(json!(now))),
        ("updateTime", json!(now)),
        ("creator", kept("creator").unwrap_or(json!(status::CALLER))),
        ("lastModifier", json!(status::CALLER)),
        ("latestCreatedExecution", kept("latestCreatedExecution").unwrap_or(json!({}))),
        ("etag", json!(status::service_etag(call.world.tick(), &name))),
    ] {
        job.insert(field.to_owned(), value);
    }
    if let Some(count) = kept("executionCount") {
        job.insert("executionCount".to_owned(), count);
    }
    let pending = pending(&Value::Object(job.clone()), prior.as_ref());
    let error = call.take_operation_error();
    job.insert("observedGeneration".to_owned(), job.get("generation").cloned().unwrap_or_default());
    let terminal = match &error {
        None => json!({"type": "Ready", "state": "CONDITION_SUCCEEDED", "lastTransitionTime": now}),
        Some(error) => {
            json!({"type": "Ready", "state": "CONDITION_FAILED", "message": error.message, "lastTransitionTime": now})
        }
    };
    job.insert("terminalCondition".to_owned(), terminal);
    let settled = Value::Object(job);
    call.world.put(call.host(), &path, settled.clone());
    let end = match error {
        Some(error) => End::Error(error.as_operation_error()),
        None => End::Response(typed(settled, JOB_TYPE)),
    };
    Ok(start(call, &name, typed(pending, JOB_TYPE), end))
}

fn typed(mut body: Value, of: &str) -> Value {
    body["@type"] = json!(of);
    body
}

/// How a job looks while its change is on the way.
fn pending(after: &Value, before: Option<&Value>) -> Value {
    let mut body = after.clone();
    for field in ["observedGeneration", "terminalCondition"] {
        match before.and_then(|before| before.get(field)) {
            Some(old) => body[field] = old.clone(),
            None => drop(body.as_object_mut().map(|body| body.remove(field))),
        }
    }
    body["terminalCondition"]["state"] = json!("CONDITION_PENDING");
    body["reconciling"] = json!(true);
    body
}

fn get(call: &mut Call<'_>) -> Outcome {
    let Some(settled) = call.stored().cloned() else { return Err(missing(call)) };
    let path = call.path();
    let now = call.world.clock.now();
    let pending = pending_operation(call, resource_of(&path)).and_then(|operation| {
        operation.pending.look(now);
        operation.metadata.clone()
    });
    Ok(Reply::json(match pending {
        Some(body) if body.get("deleteTime").is_none() => untyped(body),
        _ => settled,
    }))
}

fn list(call: &mut Call<'_>) -> Outcome {
    check_location(call)?;
    list_of(call, "jobs")
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let Some(prior) = call.stored().cloned() else { return Err(missing(call)) };
    let path = call.path();
    let name = resource_of(&path).to_owned();
    let at = call.world.clock.now();
    let generation = prior["generation"].as_str().and_then(|g| g.parse::<u64>().ok()).unwrap_or(0) + 1;
    let mut gone = prior.clone();
    gone["generation"] = json!(generation.to_string());
    gone["updateTime"] = json!(clock::micros(at));
    gone["deleteTime"] = json!(clock::micros(at));
    gone["expireTime"] = json!(clock::micros(clock::days_later(at, 30)));
    gone["etag"] = json!(status::service_etag(call.world.tick(), &name));
    let pending = pending(&gone, Some(&prior));
    gone["observedGeneration"] = gone["generation"].clone();
    let end = match call.take_operation_error() {
        Some(error) => End::Error(error.as_operation_error()),
        None => {
            let below = format!("{path}/executions");
            let executions: Vec<String> =
                call.world.children(call.host(), &below).map(|(path, _)| path.to_owned()).collect();
            for execution in executions {
                call.world.remove(call.host(), &execution);
            }
            call.world.remove(call.host(), &path);
            End::Response(typed(gone, JOB_TYPE))
        }
    };
    Ok(start(call, &name, typed(pending, JOB_TYPE), end))
}

/// Runs a job: its discovery document has the execution in the operation. That the operation ends with the execution is how the client
/// libraries wait for one, and in no recording.
fn run(call: &mut Call<'_>) -> Outcome {
    let path = job_path(call);
    let Some(job) = call.world.get(call.host(), &path).cloned() else { return Err(missing(call)) };
    let sent = call.body()?;
    collection::check_etag(&sent, &job)?;
    if is_set(call, "validateOnly") || sent.contains_key("overrides") {
        return Err(ApiError::new(501, "UNIMPLEMENTED", "localcloud runs jobs as they are"));
    }
    let name = resource_of(&path).to_owned();
    let id = call.param("job").to_owned();
    let uid = call.world.uuid();
    let suffix: String = uid.chars().filter(char::is_ascii_alphanumeric).take(5).collect();
    let execution = format!("{name}/executions/{id}-{suffix}");
    let now = clock::micros(call.world.clock.now());
    let error = call.take_operation_error();
    let tasks = job["template"]["taskCount"].as_i64().unwrap_or(1);
    let (state, completion, count) = match error {
        None => ("CONDITION_SUCCEEDED", "EXECUTION_SUCCEEDED", "succeededCount"),
        Some(_) => ("CONDITION_FAILED", "EXECUTION_FAILED", "failedCount"),
    };
    let mut condition = json!({"type": "Completed", "state": state, "lastTransitionTime": now});
    if let Some(error) = &error {
        condition["message"] = json!(error.message);
    }
    let mut body = json!({
        "name": execution, "uid": uid, "generation": "1", "observedGeneration": "1", "job": id,
        "createTime": now, "startTime": now, "completionTime": now, "updateTime": now, "launchStage": "GA",
        "taskCount": tasks, "template": job["template"]["template"], "conditions": [condition],
        "etag": status::service_etag(0, &execution),
    });
    body[count] = json!(tasks);
    call.world.put(call.host(), &format!("/v2/{execution}"), body.clone());
    let mut after = job.clone();
    after["latestCreatedExecution"] =
        json!({"name": execution, "createTime": now, "completionTime": now, "completionStatus": completion});
    let count = job["executionCount"].as_i64().unwrap_or(0) + 1;
    after["executionCount"] = json!(count);
    after["etag"] = json!(status::service_etag(call.world.tick(), &name));
    call.world.put(call.host(), &path, after);
    let end = match error {
        Some(error) => End::Error(error.as_operation_error()),
        None => End::Response(typed(body.clone(), EXECUTION_TYPE)),
    };
    Ok(start(call, &execution, typed(body, EXECUTION_TYPE), end))
}

fn list_executions(call: &mut Call<'_>) -> Outcome {
    if call.param("job") != "-" && !call.world.has(call.host(), &job_path(call)) {
        return Err(missing(call));
    }
    list_of(call, "executions")
}

fn get_execution(call: &mut Call<'_>) -> Outcome {
    match call.stored() {
        Some(execution) => Ok(Reply::json(execution.clone())),
        None => Err(ApiError::not_found(format!(
            "Resource '{}' of kind 'EXECUTION' in region '{}' in project '{}' does not exist.",
            call.param("execution"),
            call.param("location"),
            call.param("project")
        ))),
    }
}
