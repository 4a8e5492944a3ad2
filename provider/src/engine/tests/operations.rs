//! Whole operations against the local cloud, over HTTP and without Terraform.

use std::sync::Arc;
use std::time::Duration;

use localcloud::{Drop as Lost, FaultSpec, Handle, MatchSpec, Seed, Server};
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostics, Dynamic, Value};
use tokio_util::sync::CancellationToken;

use super::{configured, planned, scope, service, text};
use crate::config::ProviderConfig;
use crate::engine::address::Address;
use crate::engine::grants::Grants;
use crate::engine::import_id::ImportName;
use crate::engine::model::{self, Stack};
use crate::engine::run::{Preparation, Run};
use crate::engine::{apply, discover, refresh, resource, tree};
use crate::google::api::auth::Environment;
use crate::google::api::host::Addressing;
use crate::google::api::{CallContext, Client, ClientConfig};
use crate::google::connection::Connection;
use crate::google::session as google;
use crate::google::stack::GOOGLE;

const SERVICES: &[&str] = &[
    "artifactregistry.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
];

/// A cloud of its own for each test.
pub(crate) struct World(pub(crate) Handle);

impl World {
    pub(crate) async fn with(services: &[&str]) -> Self {
        Self::of(Seed::empty_project("test-project", "123456789012", services)).await
    }

    /// A cloud that holds this.
    pub(crate) async fn of(seed: Seed) -> Self {
        Self(Server::builder().seed(seed).spawn().await.unwrap())
    }

    pub(crate) async fn new() -> Self {
        Self::with(SERVICES).await
    }

    /// A connection of the provider whose endpoint is this cloud.
    pub(crate) fn connection(&self) -> Connection {
        let config = ProviderConfig { endpoint: Value::Known(self.0.url().to_owned()), ..ProviderConfig::default() };
        let (connection, diagnostics) = config.connect(&Environment::of([("HOME", "/nowhere")]), "");
        connection.unwrap_or_else(|| panic!("{diagnostics:?}"))
    }

    pub(crate) fn run(&self, policy: Preparation, stop: CancellationToken) -> Run {
        let addressing = Addressing { endpoint: Some(self.0.url().parse().unwrap()), ..Addressing::default() };
        let client = Client::new(ClientConfig { addressing, ..ClientConfig::default() }.tuned_to_endpoint());
        Run::new(
            Arc::new(google::Session::new(client)),
            CallContext::new(Duration::from_secs(60), stop),
            scope(),
            policy,
        )
    }

    /// What an apply makes of a configuration; `left` is what an interrupted creation left.
    pub(crate) async fn apply(
        &self,
        prior: Option<&Stack>,
        config: &Json,
        left: Option<&Stack>,
    ) -> (Stack, Diagnostics) {
        let config = configured(config);
        let plan = planned(prior, &config);
        assert!(!plan.diagnostics.has_error(), "{}", text(&plan));
        let mut run = self.run(Preparation::Allowed, CancellationToken::new());
        run.scope = config.scoped(run.scope);
        resource::carry_out(&run, &GOOGLE, prior, &plan.planned, config.clone(), left).await
    }

    pub(crate) async fn make(&self, config: &Json) -> Stack {
        let (stack, diagnostics) = self.apply(None, config, None).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        stack
    }

    pub(crate) async fn read(&self, stack: &Stack) -> Result<Stack, Diagnostics> {
        refresh::refresh(&self.run(Preparation::Report, CancellationToken::new()), &GOOGLE, stack).await
    }

    pub(crate) fn fault(&self, method: &str, path: &str, fault: FaultSpec) {
        let matches = MatchSpec { method: Some(method.to_owned()), path: Some(path.to_owned()), host: None };
        self.0.fault(FaultSpec { matches, ..fault }).unwrap();
    }

    pub(crate) fn edit(&self, edit: Json) {
        assert!(self.0.edit(&serde_json::from_value(edit).unwrap()));
    }

    /// Calls that had an effect, with the last segment of their paths.
    fn writes(&self) -> Vec<String> {
        let done = self.0.requests().into_iter().filter(|call| call.method != "GET" && call.status < 400);
        done.map(|call| format!("{} {}", call.method, call.path.rsplit('/').next().unwrap_or_default())).collect()
    }

    pub(crate) fn count(&self, method: &str, end: &str) -> usize {
        self.0.requests().iter().filter(|call| call.method == method && call.path.ends_with(end)).count()
    }
}

pub(crate) fn denied() -> FaultSpec {
    FaultSpec { status: Some(403), reason: Some("PERMISSION_DENIED".to_owned()), ..FaultSpec::default() }
}

fn deletes(stack: &Stack) -> Vec<&str> {
    tree::texts(stack.get(model::DELETES))
}

/// The stack as a refresh leaves it: what the last change has deleted is history.
fn with_nothing_deleted(mut stack: Stack) -> Stack {
    stack.set(model::DELETES, Dynamic::List(Vec::new()));
    stack
}

pub(crate) fn component<'s>(stack: &'s Stack, kind: &str, key: &str) -> &'s Dynamic {
    stack.get(kind).get(key)
}

pub(crate) fn everything() -> Json {
    json!({
        "buckets": {"data": {"name": "test-data", "iam": {"roles/storage.objectViewer": ["allAuthenticatedUsers"]}}, "logs": {"name": "test-logs"}},
        "registries": {"images": {}},
        "services": {"api": service(&json!({"volumes": {"d": {"bucket": "data", "mount_path": "/d"}}, "iam": {"roles/run.invoker": ["allUsers"]}}))},
        "notification_channels": {"team": {"type": "email", "display_name": "Team", "labels": {"email_address": "a@example.com"}}},
        "alert_policies": {"down": {"preset": "api_downtime", "service": "api", "channels": ["team"]}},
    })
}

#[tokio::test]
async fn what_was_made_is_read_back_as_it_was_meant() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    let read = world.read(&stack).await.unwrap();
    assert_eq!(read, stack);
    assert_eq!(text(&planned(Some(&read), &configured(&everything()))), "");
}

#[tokio::test]
async fn an_apply_with_nothing_to_do_calls_nothing_that_writes() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    world.0.clear_requests();
    let (again, diagnostics) = world.apply(Some(&stack), &everything(), None).await;
    assert!(diagnostics.is_empty());
    assert_eq!(again, stack);
    assert_eq!(world.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_creation_reads_and_writes_each_policy_once() {
    let world = World::new().await;
    world.make(&everything()).await;
    let policy = |end: &str| (world.count("GET", end), world.count("PUT", end), world.count("POST", end));
    assert_eq!(policy("test-data/iam"), (1, 1, 0));
    assert_eq!(policy("api:getIamPolicy"), (1, 0, 0));
    assert_eq!(policy("api:setIamPolicy"), (0, 0, 1));
    assert_eq!(policy("test-logs/iam"), (0, 0, 0));
}

#[tokio::test]
async fn a_refresh_lists_where_a_list_answers_for_many() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    world.0.clear_requests();
    world.read(&stack).await.unwrap();
    assert_eq!((world.count("GET", "/storage/v1/b"), world.count("GET", "/b/test-data")), (1, 0));
    assert_eq!((world.count("GET", "/services"), world.count("GET", "/services/api")), (0, 1));
}

#[tokio::test]
async fn a_creation_that_failed_goes_on_with_what_it_left() {
    let world = World::new().await;
    world.fault("POST", "/services$", denied());
    let (left, diagnostics) = world.apply(None, &everything(), None).await;
    assert!(diagnostics.has_error());
    assert_eq!(left.text("status"), Some("incomplete"));
    assert!(component(&left, "services", "api").is_null() && !component(&left, "buckets", "data").is_null());
    world.0.clear_requests();
    let (stack, diagnostics) = world.apply(None, &everything(), Some(&left)).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let mut writes = world.writes();
    writes.sort();
    assert_eq!(writes, ["POST alertPolicies", "POST api:setIamPolicy", "POST services"]);
    assert_eq!(world.read(&stack).await.unwrap(), stack);
}

#[tokio::test]
async fn what_was_left_stays_in_the_state_when_going_on_fails_too() {
    let world = World::new().await;
    world.fault("POST", "/services$", denied());
    let (left, _) = world.apply(None, &everything(), None).await;
    world.fault("GET", "/b/test-logs$", denied());
    let (again, diagnostics) = world.apply(None, &everything(), Some(&left)).await;
    assert!(diagnostics.has_error());
    assert_eq!(component(&again, "buckets", "logs"), component(&left, "buckets", "logs"));
}

#[tokio::test]
async fn an_object_of_the_server_whose_answer_was_lost_is_not_made_twice() {
    let world = World::new().await;
    for path in ["/notificationChannels$", "/alertPolicies$"] {
        world.fault("POST", path, FaultSpec { drop: Some(Lost::After), ..FaultSpec::default() });
    }
    let stack = world.make(&everything()).await;
    assert_eq!((world.count("POST", "/notificationChannels"), world.count("POST", "/alertPolicies")), (1, 1));
    assert_eq!(world.read(&stack).await.unwrap(), stack);
}

#[tokio::test]
async fn an_object_that_somebody_else_made_is_not_taken() {
    let world = World::new().await;
    world.make(&json!({"buckets": {"b": {"name": "test-b"}}})).await;
    world.edit(json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/test-b", "merge": {"labels": {"mlops-stack": "other"}}}));
    let (stack, diagnostics) = world.apply(None, &json!({"buckets": {"b": {"name": "test-b"}}}), None).await;
    assert_eq!(
        diagnostics.iter().map(|problem| problem.summary.as_str()).collect::<Vec<_>>(),
        ["The bucket exists already"]
    );
    assert!(component(&stack, "buckets", "b").is_null());
}

#[tokio::test]
async fn what_others_changed_shows_and_what_they_added_does_not() {
    let world = World::new().await;
    let stack = world.make(&json!({"buckets": {"b": {"name": "test-b", "labels": {"tier": "one"}}}})).await;
    let path = "/storage/v1/b/test-b";
    world.edit(json!({"service": "storage.googleapis.com", "path": path, "merge": {"labels": {"foreign": "1"}}}));
    assert_eq!(world.read(&stack).await.unwrap(), stack);
    world.edit(json!({"service": "storage.googleapis.com", "path": path, "merge": {"versioning": {"enabled": true}}}));
    let read = world.read(&stack).await.unwrap();
    assert_eq!(component(&read, "buckets", "b").get("versioning").as_bool(), Some(true));
    assert_ne!(read.text("fingerprint"), stack.text("fingerprint"));
}

#[tokio::test]
async fn text_of_the_cloud_is_recorded_as_text() {
    let world = World::new().await;
    let all = json!({"services": {"api": service(&json!({"env": {"X": "plain"}}))}, "registries": {"r": {"name": "imgs", "description": "Mod\u{e8}les"}}});
    let stack = world.make(&all).await;
    let decomposed = json!({"description": "Mode\u{300}les"});
    let path = "/v1/projects/test-project/locations/europe-west1/repositories/imgs";
    world.edit(json!({"service": "artifactregistry.googleapis.com", "path": path, "merge": decomposed}));
    assert_eq!(world.read(&stack).await.unwrap(), stack);

    let containers =
        json!([{"image": "europe-docker.pkg.dev/p/r/i:1", "env": [{"name": "X", "value": "{{services.api.url}}"}]}]);
    let path = "/v2/projects/test-project/locations/europe-west1/services/api";
    let merge = json!({"template": {"containers": containers}});
    world.edit(json!({"service": "run.googleapis.com", "path": path, "merge": merge}));
    let read = world.read(&stack).await.unwrap();
    assert_eq!(component(&read, "services", "api").get("env").get("X").as_str(), Some("{{{{services.api.url}}"));
    assert_eq!(world.read(&read).await.unwrap(), read);
}

#[tokio::test]
async fn a_recorded_key_that_is_nobodys_gives_way_to_the_name_in_the_cloud() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    let mut components = stack.components();
    let data = components.keys().find(|address| address.key == "data").cloned().unwrap();
    let bucket = components.remove(&data).unwrap();
    components.insert(Address::new(data.kind, "other"), bucket);
    let mut renamed = stack.clone();
    renamed.set_components(&components, &stack);
    let read = world.read(&renamed).await.unwrap();
    let volume = component(&read, "services", "api").get("volumes").get("d").get("bucket");
    assert_eq!(volume.as_str(), Some("test-data"));
}

#[tokio::test]
async fn what_is_gone_is_planned_anew_and_what_cannot_be_read_is_not_gone() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    world.fault("GET", "/services/api$", denied());
    let problems = world.read(&stack).await.unwrap_err();
    assert!(problems.has_error());
    world.edit(json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/test-logs", "delete": true}));
    let read = world.read(&stack).await.unwrap();
    assert_eq!(text(&planned(Some(&read), &configured(&everything()))), "buckets[\"logs\"]: create\n");
}

#[tokio::test]
async fn an_api_that_is_off_is_switched_on_to_write_and_reported_on_reading() {
    let off: Vec<&str> = SERVICES.iter().copied().filter(|service| *service != "storage.googleapis.com").collect();
    let world = World::with(&off).await;
    let stack = world.make(&json!({"buckets": {"b": {"name": "test-b"}}})).await;
    assert_eq!(world.count("POST", "storage.googleapis.com:enable"), 1);
    let fault = FaultSpec { reason: Some("SERVICE_DISABLED".to_owned()), status: Some(403), ..FaultSpec::default() };
    world.fault("GET", "/b/test-b$", fault);
    assert!(world.read(&stack).await.unwrap_err().has_error());
}

#[tokio::test]
async fn grants_of_others_survive() {
    let world = World::new().await;
    let with = |members: Json| json!({"buckets": {"b": {"name": "test-b", "iam": members}}});
    let mine = json!({"roles/storage.objectViewer": ["user:me@example.com"]});
    let stack = world.make(&with(mine)).await;
    let policy = json!({"bindings": [
        {"role": "roles/storage.objectViewer", "members": ["user:me@example.com", "user:other@example.com", "deleted:user:gone@example.com?uid=1"]},
        {"role": "roles/storage.objectViewer", "members": ["user:night@example.com"], "condition": {"title": "night", "expression": "true"}},
    ]});
    world.edit(json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/test-b/iam", "merge": policy}));
    assert_eq!(world.read(&stack).await.unwrap(), stack);
    let (stack, diagnostics) =
        world.apply(Some(&stack), &with(json!({"roles/storage.objectAdmin": ["allUsers"]})), None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let snapshot = serde_json::to_value(world.0.snapshot().unwrap()).unwrap();
    let policies = snapshot["iam_policies"].as_array().unwrap();
    let bindings = policies.iter().find(|policy| policy["resource"] == "b/test-b").unwrap().to_string();
    for (member, stays) in [("me@", false), ("other@", true), ("gone@", true), ("night@", true), ("allUsers", true)] {
        assert_eq!(bindings.contains(member), stays, "{member} in {bindings}");
    }
    assert_eq!(world.read(&stack).await.unwrap(), stack);
}

#[tokio::test]
async fn a_replaced_object_of_the_server_is_made_first_and_its_users_move_over() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    let mut changed = everything();
    changed["notification_channels"]["team"] = json!({
        "type": "sms", "display_name": "Team", "labels": {"number": "+15551234567"}, "allow_replacement": true,
    });
    world.0.clear_requests();
    let (stack, diagnostics) = world.apply(Some(&stack), &changed, None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let verbs: Vec<String> = world.writes().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(verbs, ["POST", "PATCH", "DELETE"]);
    assert_eq!(deletes(&stack).len(), 1);
    assert_eq!(world.read(&stack).await.unwrap(), with_nothing_deleted(stack));
}

#[tokio::test]
async fn a_replaced_object_of_the_same_name_goes_first() {
    let world = World::new().await;
    let stack = world.make(&json!({"buckets": {"b": {"name": "test-b"}}})).await;
    world.0.clear_requests();
    let moved = json!({"buckets": {"b": {"name": "test-b", "location": "US", "allow_replacement": true}}});
    let (stack, diagnostics) = world.apply(Some(&stack), &moved, None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(world.writes(), ["DELETE test-b", "POST b"]);
    assert_eq!(deletes(&stack), ["buckets[\"b\"]: //storage.googleapis.com/projects/_/buckets/test-b"]);
    assert_eq!(world.read(&stack).await.unwrap(), with_nothing_deleted(stack));
}

#[tokio::test]
async fn a_revision_that_failed_is_tried_again() {
    let world = World::new().await;
    let all = json!({"services": {"api": service(&json!({}))}});
    world.fault("POST", "/services$", FaultSpec { operation_error: true, ..FaultSpec::default() });
    let (left, diagnostics) = world.apply(None, &all, None).await;
    assert!(diagnostics.has_error() && !component(&left, "services", "api").is_null());
    let (stack, diagnostics) = world.apply(None, &all, Some(&left)).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(!component(&stack, "services", "api").get("latest_ready_revision").is_null());
}

#[tokio::test]
async fn monitoring_that_refuses_edits_at_the_same_time_gets_them_one_by_one() {
    let world = World::new().await;
    let crowded = FaultSpec { reason: Some("ABORTED".to_owned()), times: 3, ..FaultSpec::default() };
    world.fault("POST", "/alertPolicies$", crowded);
    let policy = |name: &str| json!({"preset": "api_downtime", "display_name": name});
    let all = json!({"alert_policies": {"a": policy("A"), "b": policy("B"), "c": policy("C"), "d": policy("D")}});
    let stack = world.make(&all).await;
    assert_eq!(stack.get("alert_policies").as_entries().unwrap().len(), 4);
}

#[tokio::test]
async fn a_destruction_goes_from_users_to_used_and_keeps_what_failed() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    world.0.clear_requests();
    world.fault("DELETE", "/b/test-data$", denied());
    let run = world.run(Preparation::Report, CancellationToken::new());
    let outcome = apply::destroy(&run, &GOOGLE, &stack.components(), &Grants::new()).await;
    assert!(outcome.diagnostics.has_error());
    let left: Vec<String> = outcome.components.keys().map(ToString::to_string).collect();
    assert_eq!(left, ["buckets[\"data\"]"]);
    let order = world.writes();
    let at = |end: &str| order.iter().position(|line| line.ends_with(end)).unwrap();
    assert!(at("api") > 0, "the policy that watches the service goes before it: {order:?}");
    let outcome = apply::destroy(&run, &GOOGLE, &outcome.components, &Grants::new()).await;
    assert!(outcome.diagnostics.is_empty() && outcome.components.is_empty());
}

#[tokio::test]
async fn an_import_finds_what_bears_the_stamp_under_its_keys() {
    let world = World::new().await;
    let stack = world.make(&everything()).await;
    let run = world.run(Preparation::Report, CancellationToken::new());
    let import = ImportName::parse("test-project/europe-west1/it", &GOOGLE).unwrap();
    let (imported, _) = discover::discover(&run, &GOOGLE, &import).await.unwrap();
    assert_eq!(imported.text("inventory"), stack.text("inventory"));
    for kind in ["buckets", "registries", "services", "notification_channels", "alert_policies"] {
        let keys = |stack: &Stack| {
            stack
                .get(kind)
                .as_entries()
                .into_iter()
                .flat_map(|map| map.keys().cloned().collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&imported), keys(&stack), "{kind}");
    }
    assert_eq!(tree::texts(component(&imported, "alert_policies", "down").get("channels")), ["team"]);
    let volume = component(&imported, "services", "api").get("volumes").get("d").get("bucket");
    assert_eq!(volume.as_str(), Some("data"));
}

#[tokio::test]
async fn a_selector_takes_what_the_selected_uses_unless_told_otherwise() {
    let world = World::new().await;
    world.make(&everything()).await;
    let run = world.run(Preparation::Report, CancellationToken::new());
    for (id, buckets) in [("?services=api", 1), ("?services=api&follow=false", 0), ("?buckets=test-*&follow=false", 2)]
    {
        let import = ImportName::parse(&format!("test-project/europe-west1/other{id}"), &GOOGLE).unwrap();
        let (imported, _) = discover::discover(&run, &GOOGLE, &import).await.unwrap();
        assert_eq!(imported.get("buckets").as_entries().map_or(0, |map| map.len()), buckets, "{id}");
    }
    let import = ImportName::parse("test-project/europe-west1/other?buckets=nothing", &GOOGLE).unwrap();
    assert!(discover::discover(&run, &GOOGLE, &import).await.unwrap_err().has_error());
}

#[tokio::test]
async fn a_stop_starts_nothing_new_and_loses_nothing() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    stop.cancel();
    let config = configured(&everything());
    let plan = planned(None, &config);
    let run = world.run(Preparation::Allowed, stop);
    let (stack, diagnostics) = resource::carry_out(&run, &GOOGLE, None, &plan.planned, config.clone(), None).await;
    assert!(diagnostics.has_error());
    assert!(stack.components().is_empty());
    assert_eq!(world.writes(), Vec::<String>::new());
}
