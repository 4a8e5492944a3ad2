use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, answers, component, created, differences, problems, read_body, refused, set, updated,
};
use crate::google::kinds::kind;

fn schedules() -> &'static AnyKind {
    kind("schedules").unwrap()
}

const JOB: &str = "projects/dtu-mlops-data-482907/locations/europe-west1/jobs/retrain";
const ACCOUNT: &str = "runner@dtu-mlops-data-482907.iam.gserviceaccount.com";

#[track_caller]
fn silent(hcl: Json, body: &Json) {
    let (configured, found) = (component(schedules(), &hcl), read_body(schedules(), body));
    assert_eq!(differences(schedules(), &configured, &found), Vec::<String>::new());
}

/// A schedule of the job, called as `uri`.
fn nightly(uri: &str) -> Json {
    json!({
        "name": format!("projects/{PROJECT}/locations/europe-west1/jobs/nightly"), "schedule": "0 3 * * *", "timeZone": "Etc/UTC",
        "state": "ENABLED", "userUpdateTime": "2024-04-25T01:23:19Z", "attemptDeadline": "180s",
        "retryConfig": {
            "maxRetryDuration": "0s", "minBackoffDuration": "5s", "maxBackoffDuration": "3600s", "maxDoublings": 5,
        },
        "httpTarget": {
            "uri": uri, "httpMethod": "POST", "headers": {"User-Agent": "Google-Cloud-Scheduler"},
            "oauthToken": {"serviceAccountEmail": ACCOUNT, "scope": "https://www.googleapis.com/auth/cloud-platform"},
        },
    })
}

fn of_job() -> Json {
    json!({"cron": "0 3 * * *", "job": JOB, "service_account": ACCOUNT})
}

#[test]
fn a_recorded_schedule_is_read_and_nothing_in_it_is_unexpressed() {
    for body in answers("cloudscheduler-job", |body| body["pubsubTarget"].is_object()) {
        silent(
            json!({
                "name": "cloudschedulerjob-2228w5hqy9utr", "location": "us-west2", "description": "scheduler-pubsub-target-job",
                "cron": body["schedule"], "time_zone": "EST", "topic": "projects/example-project/topics/pubsubtopic-2228w5hqy9utr",
                "data": "test message\n",
            }),
            &body,
        );
        assert_eq!(wire::unexpressed(schedules().object(), &body, schedules().unmanaged()), Vec::<String>::new());
    }
}

#[test]
fn a_creation_is_named_in_its_body() {
    let body = created(
        schedules(),
        &json!({"name": "n", "location": "europe-west4", "cron": "* * * * *", "topic": "projects/p/topics/t", "data": "go"}),
    );
    assert_eq!(
        body,
        json!({
            "name": format!("projects/{PROJECT}/locations/europe-west4/jobs/n"), "schedule": "* * * * *", "timeZone": "Etc/UTC",
            "pubsubTarget": {"topicName": "projects/p/topics/t", "data": "Z28="},
        })
    );
}

#[test]
fn a_job_is_the_address_that_executes_it() {
    let mut hcl = of_job();
    hcl["name"] = json!("nightly");
    let body = created(schedules(), &hcl);
    let uri = format!("https://run.googleapis.com/v2/{JOB}:run");
    assert_eq!(
        body["httpTarget"],
        json!({"uri": uri, "httpMethod": "POST", "oauthToken": {"serviceAccountEmail": ACCOUNT}})
    );
    silent(of_job(), &nightly(&uri));
    // As gcloud and the console write it.
    let first = format!(
        "https://europe-west1-run.googleapis.com/apis/run.googleapis.com/v1/namespaces/{PROJECT}/jobs/retrain:run"
    );
    silent(of_job(), &nightly(&first));
    assert_eq!(
        schedules().discovery().unwrap().uses(&nightly(&first)),
        vec![("jobs", JOB.to_owned()), ("service_accounts", ACCOUNT.to_owned())]
    );
    assert_eq!(
        wire::unexpressed(schedules().object(), &nightly(&first), schedules().unmanaged()),
        Vec::<String>::new()
    );
}

#[test]
fn a_job_that_is_called_with_more_is_an_address() {
    let uri = format!("https://run.googleapis.com/v2/{JOB}:run");
    let mut body = nightly(&uri);
    body["httpTarget"]["body"] = json!("e30=");
    let read = read_body(schedules(), &body);
    assert!(read.get("job").is_null() && read.get("service_account").is_null());
    assert_eq!(read.get("http").get("body"), &Dynamic::string("{}"));
    silent(
        json!({"cron": "0 3 * * *", "http": {"url": uri, "body": "{}", "oauth_token": {"service_account": ACCOUNT}}}),
        &body,
    );
}

#[test]
fn headers_that_the_api_sets_are_no_difference() {
    let mut body = nightly("https://example.com/");
    body["httpTarget"]["headers"]["Content-Type"] = json!("application/octet-stream");
    let with = |headers: Json| {
        json!({"cron": "0 3 * * *", "http": {
            "url": "https://example.com", "headers": headers, "oauth_token": {"service_account": ACCOUNT},
        }})
    };
    silent(with(json!(null)), &body);
    silent(with(json!({"Content-Type": "application/octet-stream"})), &body);
    body["httpTarget"]["headers"]["X-Team"] = json!("ml");
    silent(with(json!({"X-Team": "ml"})), &body);
}

#[test]
fn one_target_takes_the_place_of_another() {
    let uri = format!("https://run.googleapis.com/v2/{JOB}:run");
    let targets = |hcl: Json| {
        let component = component(schedules(), &hcl);
        move |schedule: &mut Dynamic| {
            for name in ["job", "service_account", "topic", "data", "http"] {
                set(schedule, name, component.get(name).clone());
            }
        }
    };
    let topic = json!({"cron": "0 3 * * *", "topic": "projects/p/topics/t", "data": "go"});
    let http = json!({"cron": "0 3 * * *", "http": {"url": "https://example.com/x"}});
    let (of_topic, _) = updated(schedules(), &nightly(&uri), targets(topic));
    assert_eq!(
        (of_topic.get("httpTarget"), &of_topic["pubsubTarget"]),
        (None, &json!({"topicName": "projects/p/topics/t", "data": "Z28="}))
    );
    let (of_http, _) = updated(schedules(), &of_topic, targets(http));
    assert_eq!(
        (of_http.get("pubsubTarget"), &of_http["httpTarget"]),
        (None, &json!({"uri": "https://example.com/x", "httpMethod": "POST"}))
    );
    let (again, _) = updated(schedules(), &of_http, targets(of_job()));
    assert_eq!(
        again["httpTarget"],
        json!({"uri": uri, "httpMethod": "POST", "oauthToken": {"serviceAccountEmail": ACCOUNT}})
    );
    let (http_again, _) =
        updated(schedules(), &again, targets(json!({"cron": "0 3 * * *", "http": {"url": "https://example.com/x"}})));
    assert_eq!(http_again["httpTarget"], of_http["httpTarget"]);
}

#[test]
fn a_schedule_has_one_target_and_what_goes_with_it() {
    let with = |more: Json| {
        let mut hcl = json!({"name": "n", "cron": "0 3 * * *"});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    let topic = || json!({"topic": "projects/p/topics/t", "data": "x"});
    assert_eq!(problems(schedules(), &with(topic())), vec![]);
    refused(schedules(), &with(json!({})), ".job", "none is set");
    refused(
        schedules(),
        &with(json!({"topic": "projects/p/topics/t", "data": "x", "job": JOB, "service_account": ACCOUNT})),
        ".topic",
        "job and topic",
    );
    refused(schedules(), &with(json!({"job": JOB})), ".service_account", "roles/run.invoker");
    refused(schedules(), &with(json!({"topic": "projects/p/topics/t"})), ".data", "no message without");
    let mut late = topic();
    late["cron"] = json!("0 3 * *");
    refused(schedules(), &with(late), ".cron", "five fields");
    refused(schedules(), &with(json!({"http": {"url": "example.com"}})), ".http.url", "https://");
    refused(
        schedules(),
        &with(json!({"http": {"url": "https://a", "method": "GET", "body": "x"}})),
        ".http.body",
        "has no body",
    );
    let mut often = topic();
    often["retry"] = json!({"retry_count": 6});
    refused(schedules(), &with(often), ".retry.retry_count", "from 0 to 5");
    for cron in
        ["*/5 * * * *", "every 2 hours", "every monday 09:00", "1 of jan,april,july,oct 00:00", "0 9 * * MON-FRI"]
    {
        let mut hcl = topic();
        hcl["cron"] = json!(cron);
        assert_eq!(problems(schedules(), &with(hcl)), vec![], "{cron}");
    }
}
