use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::execution;
use crate::engine::kind::AnyKind;
use crate::engine::objects::Readiness;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, answers, component, created, differences, problems, read_body, refused, scope, set, updated,
};
use crate::google::kinds::kind;

fn jobs() -> &'static AnyKind {
    kind("jobs").unwrap()
}

#[track_caller]
fn silent(hcl: Json, body: &Json) {
    let (configured, found) = (component(jobs(), &hcl), read_body(jobs(), body));
    assert_eq!(differences(jobs(), &configured, &found), Vec::<String>::new());
}

/// What the API answers for a job that was made with nothing but an image: the recording.
fn found() -> Json {
    let is_read = |body: &Json| body["template"].is_object() && body.get("uid").is_some();
    answers("run-job", is_read).swap_remove(0)
}

#[test]
fn an_image_alone_is_what_the_api_makes_of_it() {
    silent(json!({"image": "us-docker.pkg.dev/cloudrun/container/hello"}), &found());
    let body = created(jobs(), &json!({"image": "i"}));
    assert_eq!(body, json!({"template": {"template": {"containers": [{"image": "i"}], "maxRetries": 3}}}));
}

#[test]
fn nothing_in_a_recorded_job_is_unexpressed() {
    for body in answers("run-job", |body| body["template"].is_object()) {
        assert_eq!(wire::unexpressed(jobs().object(), &body, jobs().unmanaged()), Vec::<String>::new());
    }
}

#[test]
fn recorded_sidecars_are_read_with_what_they_wait_for() {
    let body = answers("run-job", |body| body["template"]["template"]["containers"][2].is_object()).swap_remove(0);
    let probe = json!({"http_path": "/", "port": 8080});
    let image = "us-docker.pkg.dev/cloudrun/container/hello";
    let sidecar = |more: Json| {
        let mut sidecar = json!({"image": image, "startup_probe": probe, "cpu": "1", "memory": "256Mi"});
        sidecar.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sidecar
    };
    let containers = json!({"goodbye": sidecar(json!({})), "farewell": sidecar(json!({"depends_on": ["hello"]}))});
    silent(json!({"image": image, "container_name": "hello", "startup_probe": probe, "containers": containers}), &body);
}

#[test]
fn no_retries_are_none_and_not_the_usual_three() {
    let mut body = found();
    body["template"]["template"].as_object_mut().unwrap().remove("maxRetries");
    silent(json!({"image": "us-docker.pkg.dev/cloudrun/container/hello", "max_retries": 0}), &body);
    // A change of something else sends them, because the whole job is replaced.
    let (wanted, _) = updated(jobs(), &body, |job| set(job, "task_count", Dynamic::Number(2_i64.into())));
    assert_eq!(wanted["template"]["template"]["maxRetries"], json!(0));
    let written = created(jobs(), &json!({"image": "i", "max_retries": 0}));
    assert_eq!(written["template"]["template"]["maxRetries"], json!(0));
}

#[test]
fn a_change_keeps_what_is_not_declared() {
    let mut body = found();
    body["template"]["labels"] = json!({"team": "ml"});
    body["binaryAuthorization"] = json!({"useDefault": true});
    let (wanted, _) = updated(jobs(), &body, |job| set(job, "image", Dynamic::string("new")));
    let mut expected = body.clone();
    expected["template"]["template"]["containers"][0]["image"] = json!("new");
    assert_eq!(wanted, expected);
    assert_eq!(wire::unexpressed(jobs().object(), &body, jobs().unmanaged()), ["binaryAuthorization"]);
}

#[test]
fn a_job_is_to_be_executed_until_what_it_runs_has_been() {
    let readiness = |body: &Json| jobs().gradual().unwrap().readiness(body);
    let mut body = found();
    assert_eq!(readiness(&body), Readiness::Ready);
    body["annotations"] = json!({"mlops-execute": "on-change"});
    assert!(matches!(readiness(&body), Readiness::Failed(why) if why.contains("not been executed")));
    body["latestCreatedExecution"] =
        json!({"name": "projects/p/locations/l/jobs/j/executions/j-1", "completionStatus": "EXECUTION_FAILED"});
    assert!(matches!(readiness(&body), Readiness::Failed(why) if why.contains("execution j-1 did not succeed")));
    body["annotations"]["mlops-executed"] = json!(execution::digest(&body));
    assert_eq!(readiness(&body), Readiness::Ready);
    // How much it may use is no part of what it runs.
    body["template"]["template"]["timeout"] = json!("60s");
    assert_eq!(readiness(&body), Readiness::Ready);
    body["template"]["template"]["containers"][0]["args"] = json!(["up"]);
    assert!(matches!(readiness(&body), Readiness::Failed(_)));
    assert!(read_body(jobs(), &body).get("annotations").is_null());
}

#[test]
fn executions_are_wanted_by_an_annotation_that_goes_again() {
    let (wanted, mask) = updated(jobs(), &found(), |job| set(job, "execute_on_change", Dynamic::Bool(true)));
    assert_eq!(
        (mask, &wanted["annotations"]),
        (vec!["annotations".to_owned()], &json!({"mlops-execute": "on-change"}))
    );
    let (back, _) = updated(jobs(), &wanted, |job| set(job, "execute_on_change", Dynamic::Bool(false)));
    assert_eq!(back["annotations"], json!({}));
}

#[test]
fn limits_are_refused_before() {
    let with = |more: Json| {
        let mut hcl = json!({"image": "i"});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    assert_eq!(problems(jobs(), &with(json!({"task_count": 10, "parallelism": 10, "timeout": "168h"}))), vec![]);
    refused(jobs(), &with(json!({"max_retries": 11})), ".max_retries", "from 0 to 10");
    refused(jobs(), &with(json!({"task_count": 0})), ".task_count", "from 1 to 10000");
    refused(jobs(), &with(json!({"task_count": 2, "parallelism": 3})), ".parallelism", "from 0 to 2");
    refused(jobs(), &with(json!({"timeout": "169h"})), ".timeout", "it is 169h");
    refused(jobs(), &with(json!({"name": "Job"})), ".name", "at most 63");
}

#[test]
fn the_id_is_known_before() {
    let hcl = component(jobs(), &json!({"image": "i", "name": "j", "location": "europe-west1"}));
    let id = format!("projects/{PROJECT}/locations/europe-west1/jobs/j");
    assert_eq!(jobs().predict(&hcl, &scope()), vec![("id", Dynamic::string(id))]);
}
