//! Executing a job after each change of what it runs.
//!
//! That it is wanted, and for what it was done last, stands in annotations of the job itself: so an apply that was cut short, an
//! import and another state all know it. What the job runs is told by a digest.

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use tfplugin::Dynamic;

use crate::engine::marks::Codec;
use crate::engine::wire;
use crate::google::api::etag::read_modify_write;
use crate::google::api::{ApiError, Cause, Host, OperationApi, Request};
use crate::google::rest::FollowUp;
use crate::google::session::Run;

/// The annotation that wants executions.
const WANTED: &str = "mlops-execute";
/// Its value.
const ON_CHANGE: &str = "on-change";
/// The annotation with the digest of what was executed with success.
const DONE: &str = "mlops-executed";

/// Where the operations of executions are polled.
const OPERATIONS: OperationApi = OperationApi { host: Host::RUN, version: "v2" };

/// Whether executions are wanted, as an annotation.
pub(super) struct OnChange;

impl Codec for OnChange {
    fn read(&self, body: &Json) -> Dynamic {
        Dynamic::Bool(is_wanted(body))
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        if value.as_bool() == Some(true) {
            body["annotations"][WANTED] = Json::from(ON_CHANGE);
        } else if let Some(annotations) = body.get_mut("annotations").and_then(Json::as_object_mut) {
            annotations.remove(WANTED);
            annotations.remove(DONE);
        }
    }
    fn masks(&self) -> &'static [&'static str] {
        &["annotations"]
    }
}

fn annotation<'j>(body: &'j Json, key: &str) -> Option<&'j str> {
    body.get("annotations")?.get(key)?.as_str()
}

/// Whether the job is to be executed after each change.
pub(super) fn is_wanted(body: &Json) -> bool {
    annotation(body, WANTED) == Some(ON_CHANGE)
}

/// Whether what it runs now was executed with success.
pub(super) fn is_done(body: &Json) -> bool {
    annotation(body, DONE) == Some(&digest(body))
}

/// Why it was not, in words.
pub(super) fn failure(body: &Json) -> String {
    let latest = wire::text(body, "latestCreatedExecution.name").rsplit('/').next().unwrap_or_default();
    match wire::text(body, "latestCreatedExecution.completionStatus") {
        "EXECUTION_FAILED" | "EXECUTION_CANCELLED" => format!(
            "its execution {latest} did not succeed. See its logs with `gcloud run jobs executions describe {latest}`; the next \
             apply executes the job again"
        ),
        _ => "it has not been executed since it was changed. The next apply executes it".to_owned(),
    }
}

/// A digest of what the job runs. How much it may use and how often it is tried is no part of that.
pub(super) fn digest(body: &Json) -> String {
    let task = wire::get(body, "template.template").unwrap_or(&Json::Null);
    let part = |of: &Json, fields: &[&str]| {
        let fields = fields.iter().filter_map(|field| Some(((*field).to_owned(), of.get(field)?.clone())));
        Json::Object(fields.collect())
    };
    let containers = task.get("containers").and_then(Json::as_array).into_iter().flatten();
    let containers: Vec<Json> = containers
        .map(|container| part(container, &["name", "image", "command", "args", "env", "volumeMounts", "dependsOn"]))
        .collect();
    let runs = json!({"containers": containers, "task": part(task, &["volumes", "serviceAccount", "vpcAccess"])});
    let digest = Sha256::digest(runs.to_string());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// The execution that belongs to a change.
pub(super) struct Execution;

#[async_trait]
impl FollowUp for Execution {
    fn is_due(&self, body: &Json) -> bool {
        is_wanted(body) && !is_done(body)
    }

    async fn follow_up(&self, name: &str, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let ran = digest(body);
        let request = Request::post(Host::RUN, format!("v2/{name}:run")).json(json!({}));
        let started = run.call(request).await?;
        let execution = wire::text(&started, "metadata.name").to_owned();
        match run.wait(started, &OPERATIONS).await {
            // What became of the execution is read from the execution.
            Err(error) if matches!(error.cause(), Cause::Operation { .. }) => {}
            result => drop(result?),
        }
        if has_succeeded(&execution, run).await? { record(name, &ran, run).await } else { Ok(()) }
    }
}

/// Whether an execution has succeeded; waits for its end, should its operation have ended before.
async fn has_succeeded(execution: &str, run: Run<'_>) -> Result<bool, ApiError> {
    let mut poll = 0;
    loop {
        let found = run.call(Request::get(Host::RUN, format!("v2/{execution}")).expects(&["name"])).await?;
        let conditions = found.get("conditions").and_then(Json::as_array).into_iter().flatten();
        let completed = conditions.into_iter().find(|condition| condition["type"] == "Completed");
        match completed.map(|condition| wire::text(condition, "state")) {
            Some("CONDITION_SUCCEEDED") => return Ok(true),
            Some("CONDITION_FAILED") => return Ok(false),
            _ if run.context.sleep(run.poll().wait(poll)).await.is_err() => return Ok(false),
            _ => poll += 1,
        }
    }
}

/// Writes down what was executed.
async fn record(name: &str, ran: &str, run: Run<'_>) -> Result<(), ApiError> {
    let path = format!("v2/{name}");
    let outcome = read_modify_write(
        run.context,
        run.write_policies(),
        || run.call(Request::get(Host::RUN, path.clone()).expects(&["name"])),
        |current: &Json| {
            let mut job = current.clone();
            job["annotations"][DONE] = Json::from(ran);
            super::keep_retries(&mut job);
            Ok::<_, ApiError>((job != *current).then_some(job))
        },
        |job| async {
            run.call_and_wait(Request::patch(Host::RUN, path.clone()).sent_once().json(job), &OPERATIONS).await
        },
    );
    outcome.await.map(drop)
}
