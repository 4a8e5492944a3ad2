//! What needs no terraform to be seen.

use serde_json::json;
use tfplugin::proto::tfplugin6 as pb;
use tfplugin::proto::tfplugin6::provider_server::Provider as Server;
use tfplugin::rpc::Service;
use tfplugin::testing::{TestAction, TestProvider, UNKNOWN};
use tonic::{Code, Request};

use crate::probe::{Probe, Remote};

async fn configured() -> (TestProvider<Probe>, Remote) {
    let remote = Remote::default();
    let provider = TestProvider::new(Probe { remote: remote.clone() }).await;
    assert!(provider.configure(&json!({})).await.is_empty());
    (provider, remote)
}

#[tokio::test]
async fn a_whole_life() {
    let (provider, remote) = configured().await;
    let config = json!({ "name": "x", "ttl": "2h", "rules": [{ "after": "1h" }], "pool": [{ "after": "2h" }] });
    let object = provider.converge("probe_thing", None, &config).await;
    assert_eq!(object.state.get("ttl").as_str(), Some("2h"));
    let object = provider.read(&object).await.unwrap().unwrap();
    assert_eq!(object.state.get("ttl").as_str(), Some("2h"));
    let replaced = json!({ "name": "x", "region": "south" });
    let plan = provider.plan("probe_thing", Some(&object), &replaced).await.unwrap();
    assert_eq!(plan.action, TestAction::Replace);
    assert_eq!(plan.requires_replace[0].to_string(), "region");
    let object = provider.converge("probe_thing", Some(&object), &replaced).await;
    assert_eq!(object.state.get("id").as_str(), Some("id-2"));
    let plan = provider.plan("probe_thing", Some(&object), &json!(null)).await.unwrap();
    assert_eq!(plan.action, TestAction::Delete);
    assert!(provider.apply(plan).await.0.is_none());
    assert_eq!(remote.len(), 0);
}

#[tokio::test]
async fn parts_of_collections_may_be_unknown() {
    let (provider, _) = configured().await;
    let config = json!({
        "name": UNKNOWN, "zones": ["a", UNKNOWN], "rules": [{ "after": UNKNOWN }, { "after": "1h", "label": UNKNOWN }],
        "pool": UNKNOWN, "named": { "k": { "after": UNKNOWN } }, "times": { "t": UNKNOWN }, "amounts": [1, UNKNOWN],
    });
    assert!(provider.validate("probe_thing", &config).await.is_empty());
    let plan = provider.plan("probe_thing", None, &config).await.unwrap();
    let rules = plan.planned.get("rules").as_elements().unwrap();
    assert_eq!(rules[1].get("after").as_str(), Some("1h"));
    assert!(rules[0].get("after").is_unknown() && rules[0].get("uid").is_unknown());
    assert!(plan.planned.get("pool").is_unknown());
    assert_eq!(plan.planned.get("zones").as_elements().unwrap().len(), 2);
}

#[tokio::test]
async fn a_stop_is_answered_at_once_and_holds() {
    let (provider, remote) = configured().await;
    let config = json!({ "label": "slow", "item": [{ "key": "k" }] });
    let plan = provider.plan("probe_crate", None, &config).await.unwrap();
    let ((object, diagnostics), ()) = tokio::join!(provider.apply(plan), async {
        while remote.0.lock().unwrap().crates.is_empty() {
            tokio::task::yield_now().await;
        }
        provider.stop().await;
    });
    let object = object.unwrap();
    assert!(object.tainted && diagnostics.iter().any(|diagnostic| diagnostic.summary == "Interrupted"));
    let refused = provider.read(&object).await.unwrap_err();
    assert_eq!(refused.iter().next().unwrap().summary, "Stopped");
}

#[tokio::test]
async fn calls_before_the_configuration_are_answered() {
    let provider = TestProvider::new(Probe { remote: Remote::default() }).await;
    assert!(provider.validate("probe_thing", &json!({ "name": "x" })).await.is_empty());
    assert_eq!(provider.call("join", &[json!("+"), json!("a"), json!("b")]).await.unwrap().as_str(), Some("a+b"));
    let plan = provider.plan("probe_crate", None, &json!({ "label": "x", "item": [{ "key": "k" }] })).await.unwrap();
    assert_eq!(plan.action, TestAction::Create);
    let refused = provider.import("probe_crate", "crate-1").await.unwrap_err();
    assert_eq!(refused.iter().next().unwrap().summary, "The provider is not configured");
}

#[tokio::test]
async fn a_panic_on_create_saves_what_was_planned() {
    let (provider, _) = configured().await;
    let plan = provider.plan("probe_thing", None, &json!({ "name": "x", "ctl": "create-panic" })).await.unwrap();
    let (object, diagnostics) = provider.apply(plan).await;
    assert!(object.unwrap().tainted && diagnostics.has_error());
}

#[tokio::test]
async fn what_is_not_offered_is_unimplemented() {
    let service = Service::new(Probe { remote: Remote::default() });
    let list = service.list_resource(Request::new(pb::list_resource::Request::default())).await;
    assert_eq!(list.err().unwrap().code(), Code::Unimplemented);
    let state = service.lock_state(Request::new(pb::lock_state::Request::default())).await;
    assert_eq!(state.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn schemas_are_the_same_at_each_call() {
    let service = Service::new(Probe { remote: Remote::default() });
    let schemas = async || {
        let response = service.get_provider_schema(Request::new(pb::get_provider_schema::Request {})).await;
        response.unwrap().into_inner()
    };
    let first = schemas().await;
    assert_eq!(first, schemas().await);
    assert!(first.diagnostics.is_empty());
    let names: Vec<_> =
        first.resource_schemas["probe_thing"].block.as_ref().unwrap().attributes.iter().map(|a| &a.name).collect();
    assert!(names.is_sorted());
    let functions = service.get_functions(Request::new(pb::get_functions::Request {})).await.unwrap().into_inner();
    assert_eq!(functions.functions, first.functions);
}

#[tokio::test]
async fn write_only_values_need_a_client_that_knows_them() {
    let service = Service::new(Probe { remote: Remote::default() });
    // {"name": "x", "password_wo": "s"} and null for the rest, as Terraform encodes it.
    let config = json!({ "name": "x", "password_wo": "s" }).to_string().into_bytes();
    let request = pb::validate_resource_config::Request {
        type_name: "probe_thing".to_owned(),
        config: Some(pb::DynamicValue { msgpack: Default::default(), json: config.into() }),
        client_capabilities: None,
    };
    let response = service.validate_resource_config(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(response.diagnostics.len(), 1);
    assert_eq!(response.diagnostics[0].severity(), pb::diagnostic::Severity::Error);
    assert!(response.diagnostics[0].detail.contains("Terraform 1.11"));
}

#[tokio::test]
async fn a_new_configuration_takes_the_place_of_the_old_one() {
    let (provider, remote) = configured().await;
    assert!(provider.configure(&json!({ "endpoint": "second" })).await.is_empty());
    assert!(provider.configure(&json!({ "endpoint": UNKNOWN })).await.is_empty());
    let log = remote.log();
    assert_eq!(log, ["configure Null", "configure Known(\"second\")", "configure Unknown"]);
}

#[tokio::test]
async fn one_process_serves_a_run_after_a_stopped_one() {
    let remote = Remote::default();
    let service = Service::new(Probe { remote }).restarting();
    service.stop_provider(Request::new(pb::stop_provider::Request {})).await.unwrap();
    assert!(service.stop_token().is_cancelled());
    let request = pb::configure_provider::Request { terraform_version: "1.11.4".to_owned(), ..Default::default() };
    let response = service.configure_provider(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(response.diagnostics, []);
    assert!(!service.stop_token().is_cancelled());
}

/// How often the files of the configuration are complained of in two validations.
async fn file_checks(service: &Service<Probe>) -> [usize; 2] {
    let config = || Some(pb::DynamicValue { msgpack: Default::default(), json: r#"{"name": "x"}"#.into() });
    let validate = async || {
        let request = pb::validate_resource_config::Request {
            type_name: "probe_thing".to_owned(),
            config: config(),
            ..Default::default()
        };
        let response = service.validate_resource_config(Request::new(request)).await.unwrap().into_inner();
        response.diagnostics.iter().filter(|diagnostic| diagnostic.summary == "In a file").count()
    };
    [validate().await, validate().await]
}

#[tokio::test]
async fn the_files_are_checked_once_by_a_process_that_terraform_started() {
    let service = Service::new(Probe { remote: Remote::default() }).beside_the_configuration();
    assert_eq!(file_checks(&service).await, [1, 0]);
}

#[tokio::test]
async fn a_process_that_a_developer_started_checks_no_files() {
    let service = Service::new(Probe { remote: Remote::default() }).restarting();
    assert_eq!(file_checks(&service).await, [0, 0]);
}

#[tokio::test]
async fn a_process_that_was_configured_checks_no_files() {
    let service = Service::new(Probe { remote: Remote::default() }).beside_the_configuration();
    let request = pb::configure_provider::Request { terraform_version: "1.11.4".to_owned(), ..Default::default() };
    service.configure_provider(Request::new(request)).await.unwrap();
    assert_eq!(file_checks(&service).await, [0, 0]);
}
