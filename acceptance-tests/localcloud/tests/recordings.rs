//! Recorded traffic of the real cloud, played again to localcloud.
//! The answers must have the same fields with the same values, but for what the server generates; every other difference is
//! listed with its reason, and a reason that is no longer needed fails the test too.
#![allow(missing_docs)]

mod wire;

use std::collections::BTreeMap;
use std::time::Duration;

use localcloud::clock::Clock;
use localcloud::{Lag, Seed, SeedObject, Server, Settings};
use serde_json::{Value, json};
use wire::{Cloud, root};

/// Fields whose values are the server's own business. Their type must be the same.
const GENERATED: [&str; 58] = [
    "name",
    "uid",
    "etag",
    "createTime",
    "updateTime",
    "deleteTime",
    "expireTime",
    "mutateTime",
    "mutatedBy",
    "lastTransitionTime",
    "creator",
    "lastModifier",
    "latestReadyRevision",
    "latestCreatedRevision",
    "uri",
    "timeCreated",
    "updated",
    "effectiveTime",
    "id",
    "uniqueId",
    "oauth2ClientId",
    "nextPageToken",
    "lastEnableTime",
    "notificationChannels[]",
    "projectNumber",
    "startTime",
    "endTime",
    "destroyTime",
    "earliestVersionTime",
    "index",
    "field",
    "ancestorField",
    "previousId",
    "lockedTime",
    "toggleTime",
    "terminalStorageClassUpdateTime",
    "userUpdateTime",
    "creationTimestamp",
    "fingerprint",
    "insertTime",
    "labelFingerprint",
    "targetId",
    "user",
    "expirationTime",
    "passwordExpirationTime",
    "cert",
    "certSerialNumber",
    "commonName",
    "sha1Fingerprint",
    "ipAddress",
    "zone",
    "gceZone",
    "secondaryGceZone",
    "serviceAccountEmailAddress",
    "databaseInstalledVersion",
    "maintenanceVersion",
    "settingsVersion",
    "transactionalLogStorageState",
];

/// An allowed difference: how its line ends, and why it is right.
type Allowed = (&'static str, &'static str);

struct Exchange {
    method: String,
    host: String,
    path: String,
    request: Option<Value>,
    status: u16,
    response: Value,
}

fn read(file: &str) -> String {
    let path = root().join("acceptance-tests/recordings").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn split_url(url: &str) -> (String, String) {
    let rest = url.strip_prefix("https://").expect("a URL");
    let (host, path) = rest.split_once('/').expect("a path");
    (host.to_owned(), format!("/{path}"))
}

fn real(text: &str) -> Vec<Exchange> {
    text.lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("a recorded exchange");
            let (host, path) = split_url(line["url"].as_str().expect("a URL"));
            Exchange {
                method: line["method"].as_str().expect("a method").to_owned(),
                host,
                path,
                request: Some(line["request"].clone()).filter(|body| !body.is_null()),
                status: line["status"].as_u64().and_then(|s| u16::try_from(s).ok()).expect("a status"),
                response: line["response"].clone(),
            }
        })
        .collect()
}

const BILLING_ACCOUNT: &str = "123456-777777-000003";

/// The masked logs: request line, headers, body; status line, headers, body; a line of dashes between exchanges.
fn aligned(text: &str) -> Vec<Exchange> {
    let text = text
        .replace("${projectId}", "demo")
        .replace("${projectNumber}", "123456789012")
        .replace("${uniqueId}", "abc123")
        .replace("${folderID}", "1234567890")
        .replace("${billingAccountID}", BILLING_ACCOUNT);
    text.split("\n---\n").filter_map(|block| exchange(block.trim())).collect()
}

fn exchange(block: &str) -> Option<Exchange> {
    let (method, rest) = block.split_once(' ')?;
    if method == "GRPC" {
        return None;
    }
    let is_status = |line: &str| {
        line.len() > 4 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit) && line.as_bytes()[3] == b' '
    };
    let lines: Vec<&str> = rest.lines().collect();
    let answer = lines.iter().position(|line| is_status(line))?;
    let body = |lines: &[&str]| {
        let blank = lines.iter().position(|line| line.trim().is_empty())?;
        serde_json::from_str(&lines[blank..].join("\n")).ok()
    };
    let (host, path) = split_url(lines[0].trim());
    Some(Exchange {
        method: method.to_owned(),
        host,
        path,
        request: body(&lines[..answer]),
        status: lines[answer][..3].parse().ok()?,
        response: body(&lines[answer..]).unwrap_or(Value::Null),
    })
}

/// Plays exchanges; remembers which generated names stand for which recorded ones.
#[derive(Default)]
struct Replay {
    names: BTreeMap<String, String>,
    differences: Vec<String>,
}

impl Replay {
    async fn run(mut self, cloud: &Cloud, exchanges: &[Exchange]) -> Self {
        for exchange in exchanges {
            let path = self.ours(&exchange.path);
            let request = exchange
                .request
                .as_ref()
                .map(|body| serde_json::from_str(&self.ours(&body.to_string())).expect("the body is JSON still"));
            let (status, response) = cloud.call(&exchange.method, &exchange.host, &path, request).await;
            let label = format!("{} {}", exchange.method, path.split('?').next().unwrap_or(&path));
            if status != exchange.status {
                self.differences.push(format!("{label}: status {status} instead of {}: {response}", exchange.status));
            } else if status < 300 {
                self.compare(&label, "", &exchange.response, &response);
            }
        }
        self
    }

    /// A recorded text with our names in it, longer ones first.
    fn ours(&self, text: &str) -> String {
        let mut names: Vec<_> = self.names.iter().collect();
        names.sort_by_key(|(recorded, _)| std::cmp::Reverse(recorded.len()));
        names.into_iter().fold(text.to_owned(), |text, (recorded, ours)| text.replace(recorded, ours))
    }

    fn compare(&mut self, label: &str, at: &str, recorded: &Value, ours: &Value) {
        match (recorded, ours) {
            (Value::Object(recorded), Value::Object(ours)) => {
                for (key, value) in recorded {
                    let inner = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    match ours.get(key) {
                        Some(other) => self.compare(label, &inner, value, other),
                        None => self.differences.push(format!("{label}: no {inner}")),
                    }
                }
                for key in ours.keys().filter(|key| !recorded.contains_key(*key)) {
                    let inner = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    self.differences.push(format!("{label}: also {inner}"));
                }
            }
            (Value::Array(recorded), Value::Array(ours)) => {
                if recorded.len() != ours.len() {
                    self.differences.push(format!(
                        "{label}: {} entries instead of {} in {at}",
                        ours.len(),
                        recorded.len()
                    ));
                }
                for (value, other) in recorded.iter().zip(ours) {
                    self.compare(label, &format!("{at}[]"), value, other);
                }
            }
            (Value::String(recorded), Value::String(ours)) => self.compare_texts(label, at, recorded, ours),
            (Value::Number(recorded), Value::Number(ours)) if recorded.as_f64() == ours.as_f64() => {}
            _ if recorded == ours => {}
            _ => self.differences.push(format!("{label}: {at} is {ours} instead of {recorded}")),
        }
    }

    fn compare_texts(&mut self, label: &str, at: &str, recorded: &str, ours: &str) {
        let field = at.rsplit('.').next().unwrap_or(at);
        let expected = self.ours(recorded);
        if expected == ours {
            return;
        }
        // The generation of a bucket is a time; of anything else it counts.
        let generated = GENERATED.contains(&field) || field == "generation" && label.contains("/storage/");
        if !generated {
            self.differences.push(format!("{label}: {at} is {ours:?} instead of {expected:?}"));
            return;
        }
        if matches!(field, "name" | "nextPageToken" | "fingerprint" | "labelFingerprint") {
            self.names.insert(recorded.to_owned(), ours.to_owned());
        }
        // Etags that say nothing but which; their quotes are escaped in a request.
        if field == "etag" && recorded.starts_with('"') {
            self.names.insert(recorded.trim_matches('"').to_owned(), ours.trim_matches('"').to_owned());
        }
    }

    /// Every difference must be allowed, and every allowance needed.
    fn settle(self, allowed: &[Allowed]) {
        let unexplained: Vec<&String> =
            self.differences.iter().filter(|line| !allowed.iter().any(|(end, _)| line.ends_with(end))).collect();
        let idle: Vec<&Allowed> =
            allowed.iter().filter(|(end, _)| !self.differences.iter().any(|line| line.ends_with(end))).collect();
        assert!(unexplained.is_empty(), "differences without a reason:\n{unexplained:#?}");
        assert!(idle.is_empty(), "reasons without a difference: {idle:?}");
    }
}

async fn replay(seed: Seed, exchanges: Vec<Exchange>, allowed: &[Allowed]) {
    let cloud = Cloud::start(seed, Settings::PROMPT).await;
    Replay::default().run(&cloud, &exchanges).await.settle(allowed);
}

fn example(services: &[&str]) -> Seed {
    Seed::empty_project("example-project", "123456789", services)
}

fn demo(services: &[&str]) -> Seed {
    Seed::empty_project("demo", "123456789012", services)
}

#[tokio::test]
async fn run_service() {
    let text = read("real/run-service.jsonl");
    const AGE: &str = "recorded in 2024, before services had two addresses";
    let allowed = [("also metadata.urls", AGE), ("also response.urls", AGE), ("also urls", AGE)];
    replay(example(&["run.googleapis.com"]), real(&text), &allowed).await;
}

/// The recorded traffic of jobs, with their names in it. A part was recorded as gRPC, with numbers for words.
fn jobs(text: &str) -> Vec<Exchange> {
    fn in_words(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(in_words),
            Value::Object(fields) => {
                if let (Some("12345678901234"), Some(observed)) =
                    (fields.get("generation").and_then(Value::as_str), fields.get("observedGeneration").cloned())
                {
                    fields.insert("generation".to_owned(), observed);
                }
                for (name, value) in fields {
                    match (name.as_str(), value.as_u64()) {
                        ("launchStage", Some(4)) => *value = json!("GA"),
                        ("executionEnvironment", Some(2)) => *value = json!("EXECUTION_ENVIRONMENT_GEN2"),
                        ("state", Some(1)) => *value = json!("CONDITION_PENDING"),
                        ("state", Some(4)) => *value = json!("CONDITION_SUCCEEDED"),
                        _ => in_words(value),
                    }
                }
            }
            _ => {}
        }
    }
    let mut exchanges = real(text);
    let mut id = "runjob-1".to_owned();
    for exchange in &mut exchanges {
        exchange.request.iter_mut().for_each(in_words);
        in_words(&mut exchange.response);
        if exchange.method == "POST" {
            let name = exchange.response["metadata"]["name"].as_str().expect("the new job");
            id = name.rsplit('/').next().expect("a name").to_owned();
        }
        exchange.path = exchange.path.replace("${jobID}", &id);
    }
    exchanges
}

#[tokio::test]
async fn run_job() {
    let text = read("real/run-job.jsonl");
    const MASKED: &str = "taken out of the recording's operations";
    replay(example(&["run.googleapis.com"]), jobs(&text), &[("also metadata.uid", MASKED)]).await;
}

#[tokio::test]
async fn cloud_scheduler_job() {
    let text = read("real/cloudscheduler-job.jsonl");
    const DUE: &str = "jobs are never due here";
    let seed = example(&["cloudscheduler.googleapis.com", "pubsub.googleapis.com"]);
    replay(seed, real(&text), &[("no scheduleTime", DUE)]).await;
}

#[tokio::test]
async fn monitoring_alert_policy() {
    let text = read("real/monitoring-alert-policy.jsonl");
    replay(example(&["monitoring.googleapis.com"]), real(&text), &[]).await;
}

#[tokio::test]
async fn artifact_registry_repository() {
    let text = read("real/artifactregistry-repository.jsonl");
    const AGE: &str = "recorded in April 2024, before repositories had it; the aligned log of a later day has it";
    let allowed = [
        ("also response.satisfiesPzi", AGE),
        ("also response.vulnerabilityScanningConfig", AGE),
        ("also registryUri", AGE),
        ("also satisfiesPzi", AGE),
        ("also vulnerabilityScanningConfig", AGE),
    ];
    replay(example(&["artifactregistry.googleapis.com"]), real(&text), &allowed).await;
}

#[tokio::test]
async fn service_usage_service() {
    let text = read("real/serviceusage-service.jsonl");
    let exchanges = real(&text);
    let (lists, changes): (Vec<Exchange>, Vec<Exchange>) =
        exchanges.into_iter().partition(|e| e.path.contains("/services?"));
    // The real pages have 49 or 50 entries; what they hold together is compared.
    let listed = |page: &Exchange| -> Vec<String> {
        let services = page.response["services"].as_array().cloned().unwrap_or_default();
        services.iter().filter_map(|s| s["name"].as_str().map(str::to_owned)).collect()
    };
    let recorded: Vec<String> = lists[..2].iter().flat_map(listed).collect();
    let services: Vec<&str> = recorded.iter().filter_map(|name| name.rsplit('/').next()).collect();
    let cloud = Cloud::start(example(&services), Settings::PROMPT).await;
    let all = lists[0].path.replace("&prettyPrint=false", "&prettyPrint=false&pageSize=200");
    let ours = cloud.get(&lists[0].host, &all).await;
    let ours: Vec<&str> =
        ours["services"].as_array().expect("services").iter().filter_map(|s| s["name"].as_str()).collect();
    assert_eq!(ours, recorded);
    Replay::default().run(&cloud, &changes).await.settle(&[
        ("no response.service.config.documentation.summary", TITLES),
        ("instead of \"Cloud Runtime Configuration API\"", TITLES),
        ("no response.service.parent", "the answer of a disable still names the parent; a GET afterwards does not"),
    ]);
}

/// Why titles and summaries of services differ.
const TITLES: &str = "titles and summaries of all of Google's services are not kept here";

#[tokio::test]
async fn aligned_alert_policy() {
    let text = read("aligned/monitoring-alertpolicy.log");
    replay(demo(&["monitoring.googleapis.com"]), aligned(&text), &[]).await;
}

#[tokio::test]
async fn aligned_notification_channel() {
    let text = read("aligned/monitoring-monitoringnotificationchannel.log");
    replay(demo(&["monitoring.googleapis.com"]), aligned(&text), &[]).await;
}

#[tokio::test]
async fn aligned_storage_bucket() {
    let text = read("aligned/storage-bucket.log");
    replay(demo(&["storage.googleapis.com"]), aligned(&text), &[]).await;
}

#[tokio::test]
async fn aligned_artifact_registry_repository() {
    let text = read("aligned/artifactregistry-repository.log");
    replay(demo(&["artifactregistry.googleapis.com"]), aligned(&text), &[]).await;
}

#[tokio::test]
async fn aligned_service_usage() {
    let text = read("aligned/serviceusage-service.log");
    let allowed = [
        ("also response.services[].config", CONFIG),
        ("also response.service.config", CONFIG),
        ("no metadata.value", EMPTY),
    ];
    replay(demo(&[]), aligned(&text), &allowed).await;
}

/// Why `config` is more than the stand-in's.
const CONFIG: &str = "the stand-in has no service configurations; the real traffic has them";

/// Why `metadata.value` is not there.
const EMPTY: &str = "an artefact of how the stand-in writes an empty message; the real traffic has none";

#[tokio::test]
async fn aligned_service_account() {
    let text = read("aligned/iam-serviceaccount.log");
    replay(demo(&["iam.googleapis.com"]), aligned(&text), &[]).await;
}

#[tokio::test]
async fn aligned_project() {
    let text = read("aligned/resourcemanager-project.log");
    // Projects are not made here but seeded: what remains is the project as it is read, and the service that is switched on in it.
    let kept = aligned(&text)
        .into_iter()
        .filter(|e| {
            e.path.contains("/services/")
                || e.host.starts_with("serviceusage")
                || e.method == "GET" && e.path.contains("/projects/")
        })
        .collect();
    let seed = Seed::empty_project("test-abc123", "123456789012", &["cloudresourcemanager.googleapis.com"]);
    let allowed = [
        ("no metadata.value", EMPTY),
        ("also response.service.config", CONFIG),
        ("no parent", "a seeded project stands below no folder"),
    ];
    replay(seed, kept, &allowed).await;
}

/// The recorded project of the Firestore traffic.
fn firestore_project() -> Seed {
    let mut seed = Seed::empty_project("cnrm-test-firestore", "123456789", &["firestore.googleapis.com"]);
    seed.resources.push(SeedObject {
        service: "firestore.googleapis.com".to_owned(),
        path: "/v1/projects/cnrm-test-firestore/databases/(default)".to_owned(),
        body: json!({"name": "projects/cnrm-test-firestore/databases/(default)", "type": "FIRESTORE_NATIVE"}),
        media: None,
    });
    seed
}

#[tokio::test]
async fn firestore_index() {
    let text = read("real/firestore-index.jsonl");
    const AGE: &str = "recorded in 2024, before indexes had a density; the aligned logs of a later day have it";
    let allowed = [("also response.density", AGE), ("also density", AGE)];
    replay(firestore_project(), real(&text), &allowed).await;
}

#[tokio::test]
async fn workload_identity_provider() {
    let text = read("real/iam-workload-identity-provider.jsonl");
    replay(example(&["iam.googleapis.com"]), real(&text), &[]).await;
}

#[tokio::test]
async fn pubsub_subscription() {
    unseen_for(4, &read("real/pubsub-subscription.jsonl")).await;
}

#[tokio::test]
async fn pubsub_subscription_push() {
    unseen_for(1, &read("real/pubsub-subscription-push.jsonl")).await;
}

/// Plays a recording in which so many reads after its creation do not see a subscription.
async fn unseen_for(reads: u32, recording: &str) {
    let settings = Settings { new_subscriptions: Lag::Looks(reads), ..Settings::PROMPT };
    let cloud = Cloud::start(example(&["pubsub.googleapis.com"]), settings).await;
    Replay::default().run(&cloud, &real(recording)).await.settle(&[]);
}

#[tokio::test]
async fn secret() {
    let mut seed = example(&["secretmanager.googleapis.com"]);
    for topic in ["topic-1", "topic-2-1"] {
        seed.resources.push(SeedObject {
            service: "pubsub.googleapis.com".to_owned(),
            path: format!("/v1/projects/example-project/topics/{topic}"),
            body: json!({"name": format!("projects/example-project/topics/{topic}")}),
            media: None,
        });
    }
    // What Secret Manager's own account is made by is not served here.
    let mut exchanges = real(&read("real/secretmanager-secret.jsonl"));
    exchanges.retain(|exchange| !exchange.path.contains(":generateServiceIdentity"));
    // Etags are masked: no request can bear the right one.
    for body in exchanges.iter_mut().filter_map(|exchange| exchange.request.as_mut()?.as_object_mut()) {
        body.remove("etag");
    }
    // The masked times lie ahead.
    let start = "2024-03-01T00:00:00Z".parse().expect("a time");
    let clock = Clock::stepping(start, Duration::from_millis(1));
    let cloud = Cloud::from(Server::builder().seed(seed).settings(Settings::PROMPT).clock(clock)).await;
    Replay::default().run(&cloud, &exchanges).await.settle(&[]);
}

#[tokio::test]
async fn storage_bucket_autoclass() {
    let exchanges = real(&read("real/storage-bucket-autoclass.jsonl"));
    replay(example(&["storage.googleapis.com"]), exchanges, &[]).await;
}

#[tokio::test]
async fn secret_version() {
    let text = read("real/secretmanager-version.jsonl");
    let states = [Value::Null, json!("ENABLED"), json!("DISABLED"), json!("DESTROYED")];
    let exchanges = real(&text)
        .into_iter()
        .map(|mut exchange| {
            // The client asked for enumerations as numbers, and repeated in the body what the path says.
            exchange.path = exchange.path.replace("%24alt=json%3Benum-encoding%3Dint", "");
            if let Some(state) = exchange.response["state"].as_u64().and_then(|at| usize::try_from(at).ok()) {
                exchange.response["state"] = states[state].clone();
            }
            if let Some(body) = exchange.request.as_mut().and_then(Value::as_object_mut) {
                body.remove("parent");
                body.remove("name");
            }
            exchange
        })
        .collect();
    replay(example(&["secretmanager.googleapis.com"]), exchanges, &[]).await;
}

/// Budgets were recorded in v1beta1; v1 has the same, with the budget itself as the body and another word for its notifications.
fn as_v1(exchanges: Vec<Exchange>) -> Vec<Exchange> {
    fn renamed(mut body: Value) -> Value {
        if let Some(rule) = body.as_object_mut().and_then(|body| body.remove("allUpdatesRule")) {
            body["notificationsRule"] = rule;
        }
        for budget in body["budgets"].as_array_mut().into_iter().flatten() {
            *budget = renamed(budget.take());
        }
        if body["budgets"].is_null()
            && let Some(body) = body.as_object_mut()
        {
            body.remove("budgets");
        }
        body
    }
    exchanges
        .into_iter()
        .map(|mut exchange| {
            exchange.path = exchange.path.replace("/v1beta1/", "/v1/");
            exchange.request = exchange.request.map(|mut body| renamed(body["budget"].take()));
            if exchange.response.is_object() {
                exchange.response = renamed(exchange.response);
            }
            exchange
        })
        .collect()
}

fn with_billing_account(mut seed: Seed) -> Seed {
    seed.resources.push(SeedObject {
        service: "cloudbilling.googleapis.com".to_owned(),
        path: format!("/v1/billingAccounts/{BILLING_ACCOUNT}"),
        body: json!({"name": format!("billingAccounts/{BILLING_ACCOUNT}"), "open": true, "currencyCode": "USD"}),
        media: None,
    });
    seed
}

#[tokio::test]
async fn billing_budget() {
    let text = read("real/billing-budget.jsonl");
    let seed = with_billing_account(example(&["billingbudgets.googleapis.com"]));
    replay(seed, as_v1(real(&text)), &[]).await;
}

#[tokio::test]
async fn aligned_budget() {
    let text = read("aligned/billingbudgets-budget.log");
    let seed = with_billing_account(demo(&["billingbudgets.googleapis.com"]));
    replay(seed, as_v1(aligned(&text)), &[]).await;
}

#[tokio::test]
async fn aligned_topic() {
    let text = read("aligned/pubsub-topic.log");
    replay(demo(&["pubsub.googleapis.com"]), aligned(&text), &[]).await;
}

/// Firestore's administration with all that a stand-in masks.
async fn aligned_firestore(file: &str, allowed: &[Allowed]) {
    let text = read(file);
    replay(demo(&["firestore.googleapis.com"]), aligned(&text), allowed).await;
}

#[tokio::test]
async fn aligned_firestore_databases() {
    aligned_firestore("aligned/firestore-databases.log", &[]).await;
}

#[tokio::test]
async fn aligned_firestore_composite_index() {
    aligned_firestore("aligned/firestore-compositeindex.log", &[]).await;
}

#[tokio::test]
async fn aligned_firestore_fields() {
    aligned_firestore("aligned/firestore-indexes.log", &[]).await;
}

#[tokio::test]
async fn aligned_firestore_time_to_live() {
    aligned_firestore("aligned/firestore-indexes-ttl.log", &[]).await;
}

#[tokio::test]
async fn redis_instance() {
    // Recorded in v1beta1; v1 has the same.
    let text = read("real/redis-instance.jsonl").replace("v1beta1", "v1");
    const AGE: &str = "recorded in 2024; the API's document of today has the field under another name";
    let allowed = [("no metadata.cancelRequested", AGE)];
    let mut exchanges = real(&text);
    // Here operations are done at once.
    exchanges.retain(|exchange| !exchange.path.contains("/operations/") || exchange.response["done"] == true);
    replay(example(&["redis.googleapis.com"]), exchanges, &allowed).await;
}

/// The polls of operations that were not done yet are left out: here they are done at once.
fn without_waiting(exchanges: Vec<Exchange>) -> Vec<Exchange> {
    let is_told =
        |exchange: &Exchange| !exchange.path.contains("/operations/") || exchange.response["status"] == "DONE";
    exchanges.into_iter().filter(is_told).collect()
}

#[tokio::test]
async fn compute_global_load_balancer() {
    // Recorded in beta, which answers with links of its own version.
    let text = read("real/compute-global-lb.jsonl").replace("/compute/beta/", "/compute/v1/");
    let mut exchanges = without_waiting(real(&text));
    exchanges.retain(|exchange| exchange.method != "GET" || !exchange.path.contains("/networks/"));
    // All is deleted at once, again and again, and refused as long as a user is going; here what is deleted is gone at once.
    let deletions = exchanges.iter().position(|exchange| exchange.method == "DELETE").expect("a deletion");
    exchanges.truncate(deletions);
    let mut seed = example(&["compute.googleapis.com"]);
    seed.resources.push(SeedObject {
        service: "compute.googleapis.com".to_owned(),
        path: "/compute/v1/projects/example-project/global/networks/default".to_owned(),
        body: json!({"kind": "compute#network", "name": "default"}),
        media: None,
    });
    replay(seed, exchanges, &[]).await;
}

#[tokio::test]
async fn compute_serverless_endpoint_group() {
    let text = read("real/compute-serverless-neg.jsonl").replace("${networkEndpointGroupID}", "group-1");
    const MASK: &str = "masked recordings write the method's name; the unmasked ones of the same API the verb alone";
    let allowed = [
        ("instead of \"compute.regionNetworkEndpointGroups.insert\"", MASK),
        ("instead of \"compute.regionNetworkEndpointGroups.delete\"", MASK),
    ];
    replay(example(&["compute.googleapis.com"]), without_waiting(real(&text)), &allowed).await;
}

#[tokio::test]
async fn service_networking_connection() {
    let text = read("real/servicenetworking-connection.jsonl").replace("/compute/beta/", "/compute/v1/");
    let mut exchanges = without_waiting(real(&text));
    // Here the network is gone as soon as its deletion is accepted, and with it the peering that is then removed.
    exchanges.retain(|exchange| {
        exchange.response["operationType"] != "removePeering" && !exchange.host.starts_with("cloudresourcemanager")
    });
    // Both addresses were made with one fingerprint, and those here differ.
    exchanges.retain(|exchange| !exchange.path.contains("setLabels"));
    const FREE: &str = "which addresses are free is the server's business";
    let allowed = [
        ("instead of \"10.176.0.0\"", FREE),
        ("instead of \"172.30.0.0\"", FREE),
        ("no labels", "labels are left out: see above"),
        ("/global/networks/9114364167955154858\"", "the id is the server's, here also in a link"),
        ("/projects/example-tenant-project/global/networks/servicenetworking\"", "the services' project is Google's"),
    ];
    replay(example(&["compute.googleapis.com", "servicenetworking.googleapis.com"]), exchanges, &allowed).await;
}

/// Why a list of versions is another one.
const VERSIONS: &str = "the versions that an instance can become grow with time; one step is kept here";
/// Why what the client wrote itself into its log is not compared.
const MASKED: &str = "the client writes this field of its log itself; the unmasked recording has it";
/// Why a flag that Google sets by itself is not compared.
const OWN: &str = "Google sets it by itself, and differs within one recording";

/// Instances, databases and users were recorded in v1beta4; v1 has the same. The versions of settings are masked: a write has
/// the one that the writes before it have made.
fn sqladmin(file: &str) -> Vec<Exchange> {
    let text = read(file).replace("/sql/v1beta4/", "/v1/");
    let mut version = 0;
    let mut exchanges = real(&text);
    for exchange in &mut exchanges {
        let is_instance = !exchange.path.contains("/users") && !exchange.path.contains("/operations");
        match exchange.method.as_str() {
            "POST" if is_instance => version = 1,
            "PUT" | "PATCH" if is_instance => {
                let settings = exchange.request.as_mut().and_then(|body| body.get_mut("settings"));
                if let Some(sent) = settings.and_then(|settings| settings.get_mut("settingsVersion")) {
                    *sent = json!(version.to_string());
                }
                version += 1;
            }
            _ => {}
        }
        // The host of every network is masked as an address.
        if let Some(host) =
            exchange.request.as_mut().and_then(|body| body.get_mut("host")).filter(|host| *host == "10.1.2.3")
        {
            *host = json!("%");
        }
        if let Some(body) = exchange.response.as_object_mut() {
            body.remove("upgradableDatabaseVersions");
        }
    }
    exchanges
}

async fn replay_sqladmin(exchanges: Vec<Exchange>, allowed: &[Allowed]) {
    let always = [("also upgradableDatabaseVersions", VERSIONS)];
    let allowed: Vec<Allowed> = always.iter().chain(allowed).copied().collect();
    replay(example(&["sqladmin.googleapis.com"]), exchanges, &allowed).await;
}

#[tokio::test]
async fn sql_users_of_an_instance() {
    let mut exchanges = sqladmin("real/sqladmin-instance-user.jsonl");
    // The client has written down the last look before the deletion that it follows.
    exchanges.swap(10, 11);
    exchanges.swap(11, 12);
    replay_sqladmin(exchanges, &[]).await;
}

#[tokio::test]
async fn sql_mysql() {
    let allowed = [
        ("also settings.ipConfiguration.serverCaMode", MASKED),
        ("items[].host is \"%\" instead of \"\"", MASKED),
        ("satisfiesPzi is true instead of false", OWN),
    ];
    replay_sqladmin(sqladmin("real/sqladmin-mysql.jsonl"), &allowed).await;
}

#[tokio::test]
async fn sql_postgres() {
    let allowed =
        [("also settings.ipConfiguration.serverCaMode", MASKED), ("satisfiesPzi is true instead of false", OWN)];
    replay_sqladmin(sqladmin("real/sqladmin-postgres.jsonl"), &allowed).await;
}

#[tokio::test]
async fn sql_networks_and_encryption() {
    let allowed = [
        ("also settings.ipConfiguration.serverCaMode", MASKED),
        ("entries instead of 0 in settings.ipConfiguration.authorizedNetworks", MASKED),
        ("satisfiesPzi is true instead of false", OWN),
    ];
    replay_sqladmin(sqladmin("real/sqladmin-network-ssl.jsonl"), &allowed).await;
}

#[tokio::test]
async fn sql_users_with_policies() {
    const AGE: &str = "recorded in 2025, after the others";
    let allowed = [
        ("also settings.ipConfiguration.serverCaMode", MASKED),
        ("items[].host is \"%\" instead of \"\"", MASKED),
        ("geminiConfig.flagRecommenderEnabled is false instead of true", OWN),
        ("no includeReplicasForMajorVersionUpgrade", AGE),
        ("no settings.backupConfiguration.backupTier", AGE),
        ("no settings.replicationLagMaxSeconds", AGE),
    ];
    replay_sqladmin(sqladmin("real/sqladmin-user-full.jsonl"), &allowed).await;
}
