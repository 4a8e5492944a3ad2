//! The API descriptions decide what localcloud refuses.
//! The documents are those that `make tools` fetches.
#![allow(missing_docs)]

mod wire;

use localcloud::discovery::{Discovery, DiscoveryError, Refusal, ResponseMismatch};
use serde_json::{Value, json};
use wire::{descriptions, root};

const RUN: &str = "run.googleapis.com";
const STORAGE: &str = "storage.googleapis.com";
const MONITORING: &str = "monitoring.googleapis.com";
const REGISTRY: &str = "artifactregistry.googleapis.com";
const SERVICES: &str = "/v2/projects/p/locations/europe-west1/services";

fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
    query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// The refusal's text, or "fine".
fn verdict(host: &str, method: &str, path: &str, query: &[(&str, &str)], body: Option<Value>) -> String {
    let outcome = descriptions().check_request(host, method, path, &pairs(query), body.as_ref());
    outcome.map_or_else(|refusal| refusal.to_string(), |()| "fine".to_owned())
}

/// What a create of a Cloud Run service with that body meets.
fn create_service(body: Value) -> String {
    verdict(RUN, "POST", SERVICES, &[("serviceId", "s")], Some(body))
}

#[test]
fn a_request_that_the_api_knows_passes() {
    let body = json!({"template": {"containers": [{"image": "i", "ports": [{"containerPort": 8080}]}]}, "ingress": "INGRESS_TRAFFIC_ALL"});
    assert_eq!(create_service(body), "fine");
}

#[test]
fn an_unknown_path_is_not_found() {
    assert_eq!(verdict(RUN, "GET", "/v2/projects/p/gizmos", &[], None), "Method not found.");
    assert_eq!(verdict(RUN, "GET", "/v9/projects/p", &[], None), "Method not found.");
}

#[test]
fn a_known_path_with_another_method_is_inappropriate() {
    let descriptions = descriptions();
    let refusal = descriptions.check_request(RUN, "PUT", SERVICES, &[], None).expect_err("a refusal");
    assert!(matches!(refusal, Refusal::WrongMethod { .. }), "{refusal}");
}

#[test]
fn an_unknown_verb_is_not_found() {
    assert_eq!(verdict(RUN, "POST", "/v2/projects/p/locations/l/services/s:restart", &[], None), "Method not found.");
}

#[test]
fn a_host_without_documents_passes() {
    assert_eq!(verdict("gizmos.googleapis.com", "GET", "/v1/anything", &[], None), "fine");
}

#[test]
fn an_unknown_query_parameter_is_refused_by_name() {
    assert_eq!(
        verdict(RUN, "GET", SERVICES, &[("limit", "3")], None),
        "Invalid JSON payload received. Unknown name \"limit\": Cannot bind query parameter. Field 'limit' could not be found in request message."
    );
}

#[test]
fn parameters_of_every_method_are_known() {
    assert_eq!(verdict(RUN, "GET", SERVICES, &[("alt", "json"), ("prettyPrint", "false")], None), "fine");
}

#[test]
fn query_parameters_have_types() {
    let wrong = verdict(RUN, "GET", SERVICES, &[("pageSize", "many")], None);
    assert_eq!(wrong, "Invalid value at 'pageSize', \"many\"");
}

#[test]
fn a_required_query_parameter_is_missed() {
    assert_eq!(
        verdict(STORAGE, "POST", "/storage/v1/b", &[], Some(json!({"name": "x"}))),
        "Required parameter: project"
    );
}

#[test]
fn an_unknown_field_is_named_with_its_place() {
    assert_eq!(
        create_service(json!({"template": {"foo": 1}})),
        "Invalid JSON payload received. Unknown name \"foo\" at 'service.template': Cannot find field."
    );
    assert_eq!(
        create_service(json!({"template": {"containers": [{"image": "i", "cpu": "1"}]}})),
        "Invalid JSON payload received. Unknown name \"cpu\" at 'service.template.containers[0]': Cannot find field."
    );
}

#[test]
fn all_violations_come_in_one_answer() {
    let text = create_service(json!({"foo": 1, "bar": 2}));
    assert_eq!(text.lines().count(), 2, "{text}");
}

#[test]
fn wrong_types_are_refused() {
    assert_eq!(
        create_service(json!({"template": {"containers": [{"image": 5}]}})),
        "Invalid value at 'service.template.containers[0].image' (TYPE_STRING), 5"
    );
    assert_eq!(
        create_service(json!({"template": {"sessionAffinity": "yes"}})),
        "Invalid value at 'service.template.session_affinity' (TYPE_BOOL), \"yes\""
    );
    assert_eq!(
        create_service(json!({"template": [{}]})),
        "Invalid JSON payload received. Unknown name \"template\" at 'service': Proto field is not repeating, cannot start list."
    );
}

#[test]
fn an_unknown_enum_value_is_refused() {
    assert_eq!(
        create_service(json!({"ingress": "EVERYBODY"})),
        "Invalid value at 'service.ingress' (TYPE_ENUM), \"EVERYBODY\""
    );
}

#[test]
fn whole_numbers_may_be_strings_in_a_request() {
    assert_eq!(create_service(json!({"template": {"maxInstanceRequestConcurrency": "80"}})), "fine");
    let age = json!({"name": "x", "softDeletePolicy": {"retentionDurationSeconds": 604_800}});
    assert_eq!(verdict(STORAGE, "POST", "/storage/v1/b", &[("project", "p")], Some(age)), "fine");
}

#[test]
fn an_int32_has_its_range() {
    assert_eq!(
        create_service(json!({"template": {"maxInstanceRequestConcurrency": 5_000_000_000_i64}})),
        "Invalid value at 'service.template.max_instance_request_concurrency' (TYPE_INT32), 5000000000"
    );
}

#[test]
fn a_duration_ends_in_s() {
    assert_eq!(create_service(json!({"template": {"timeout": "300.5s"}})), "fine");
    assert_eq!(
        create_service(json!({"template": {"timeout": "5m"}})),
        "Invalid value at 'service.template.timeout' (type.googleapis.com/google.protobuf.Duration), \"5m\""
    );
}

#[test]
fn artifact_registry_also_takes_days() {
    let body = json!({"format": "docker", "cleanupPolicies": {"old": {"id": "old", "action": "DELETE", "condition": {"olderThan": "30d"}}}});
    let path = "/v1/projects/p/locations/l/repositories";
    assert_eq!(verdict(REGISTRY, "POST", path, &[("repositoryId", "r")], Some(body)), "fine");
}

#[test]
fn null_is_absent() {
    assert_eq!(create_service(json!({"template": {"timeout": null, "scaling": null}})), "fine");
}

#[test]
fn mask_paths_are_resolved_in_both_spellings() {
    let path = "/v3/projects/p/alertPolicies/1";
    let fine =
        verdict(MONITORING, "PATCH", path, &[("updateMask", "display_name,alertStrategy.autoClose")], Some(json!({})));
    assert_eq!(fine, "fine");
    let text = verdict(MONITORING, "PATCH", path, &[("updateMask", "displayNames")], Some(json!({})));
    assert!(text.contains("'displayNames' could not be found"), "{text}");
}

#[test]
fn a_mask_goes_into_maps_and_not_into_lists() {
    let path = "/v2/projects/p/locations/l/services/s";
    assert_eq!(verdict(RUN, "PATCH", path, &[("updateMask", "labels.team")], Some(json!({}))), "fine");
    let text = verdict(RUN, "PATCH", path, &[("updateMask", "template.containers.image")], Some(json!({})));
    assert!(text.contains("could not be found"), "{text}");
}

#[test]
fn a_quoted_step_of_a_mask_may_hold_dots() {
    let path = "/v2/projects/p/locations/l/services/s";
    assert_eq!(verdict(RUN, "PATCH", path, &[("updateMask", "annotations.`a.b/c`")], Some(json!({}))), "fine");
}

#[test]
fn a_path_without_a_version_is_not_judged() {
    assert_eq!(verdict("sts.googleapis.com", "POST", "/token", &[], None), "fine");
}

#[test]
fn a_field_selection_is_resolved_against_the_response() {
    let path = "/storage/v1/b";
    let query = |fields| [("project", "p"), ("fields", fields)];
    assert_eq!(verdict(STORAGE, "GET", path, &query("nextPageToken,items(name,labels/team)"), None), "fine");
    assert_eq!(verdict(STORAGE, "GET", path, &query("items(names)"), None), "Invalid field selection names");
}

#[test]
fn a_body_where_none_belongs_is_refused() {
    let text = verdict(RUN, "GET", SERVICES, &[], Some(json!({"a": 1})));
    assert!(text.contains("Root element must be a message"), "{text}");
}

#[test]
fn an_upload_is_found_and_its_body_left_alone() {
    assert_eq!(
        verdict(
            STORAGE,
            "POST",
            "/upload/storage/v1/b/x/o",
            &[("uploadType", "media"), ("name", "a/b")],
            Some(json!({"any": 1}))
        ),
        "fine"
    );
    assert_eq!(verdict(STORAGE, "GET", "/storage/v1/b/x/o/a/b", &[("alt", "media")], None), "fine");
}

#[test]
fn a_response_is_judged_by_what_google_writes() {
    let descriptions = descriptions();
    let path = "/v2/projects/p/locations/l/services/s";
    let check = |body: Value| descriptions.check_response(RUN, "GET", path, &body).map_err(|e| e.to_string());
    assert_eq!(check(json!({"generation": "1", "template": {"timeout": "300s"}})), Ok(()));
    assert_eq!(check(json!({"generation": 1})), Err("Invalid value at 'generation' (TYPE_INT64), 1".to_owned()));
    assert!(check(json!({"labels": null})).is_err());
}

#[test]
fn the_typed_parts_of_an_operation_are_judged_too() {
    let descriptions = descriptions();
    let operation = json!({"name": "o", "done": true, "response": {"@type": "type.googleapis.com/google.cloud.run.v2.Service", "foo": 1}});
    let mismatch = descriptions.check_response(RUN, "POST", SERVICES, &operation).expect_err("a mismatch");
    assert!(matches!(&mismatch, ResponseMismatch::Invalid(all) if all.len() == 1), "{mismatch}");
}

#[test]
fn a_directory_without_documents_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    assert!(matches!(Discovery::open(directory.path()), Err(DiscoveryError::Empty(_))));
}

#[test]
fn every_body_of_the_ct_scan_environment_is_what_the_apis_write() {
    let descriptions = descriptions();
    let file = root().join("acceptance-tests/environments/ct-scan.json");
    let text = std::fs::read_to_string(&file).expect("an environment");
    let environment: Value = serde_json::from_str(&text).expect("the environment is JSON");
    for resource in environment["resources"].as_array().expect("a list") {
        let (host, path) = (resource["service"].as_str().expect("a host"), resource["path"].as_str().expect("a path"));
        match descriptions.check_response(host, "GET", path, &resource["body"]) {
            Err(ResponseMismatch::Undescribed { .. }) if host == "logging.googleapis.com" => {}
            outcome => assert!(outcome.is_ok(), "{host}{path}: {}", outcome.expect_err("a mismatch")),
        }
    }
}
