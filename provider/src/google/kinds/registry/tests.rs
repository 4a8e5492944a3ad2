use serde_json::json;
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    answers, component, created, ct_scan, differences, problems, read_body, refused, scope, set, updated,
};
use crate::google::kinds::kind;

fn registries() -> &'static AnyKind {
    kind("registries").unwrap()
}

#[track_caller]
fn silent(hcl: serde_json::Value, body: &serde_json::Value) {
    let (configured, found) = (component(registries(), &hcl), read_body(registries(), body));
    assert_eq!(differences(registries(), &configured, &found), Vec::<String>::new());
}

fn found() -> serde_json::Value {
    json!({"name": "projects/p/locations/europe-west1/repositories/r", "format": "DOCKER", "mode": "STANDARD_REPOSITORY"})
}

#[test]
fn the_registry_of_the_environment_is_what_its_configuration_says() {
    let body = ct_scan("repositories/ct-scan-mlops");
    silent(
        json!({
            "name": "ct-scan-mlops", "location": "europe-west1",
            "description": "Docker container repository for CT Scan MLOps",
            "cleanup_policies": {
                "delete-old-images": {"action": "DELETE", "tag_state": "ANY", "older_than": "90d"},
                "keep-minimum-versions": {"action": "KEEP", "keep_count": 5},
            },
        }),
        &body,
    );
    assert_eq!(wire::unexpressed(registries().object(), &body, registries().unmanaged()), Vec::<String>::new());
    let read = read_body(registries(), &body);
    assert_eq!(read.get("url"), &Dynamic::string("europe-west1-docker.pkg.dev/dtu-mlops-data-482907/ct-scan-mlops"));
}

#[test]
fn recorded_answers_are_read_without_loss() {
    for body in answers("artifactregistry-repository", |body| body["format"].is_string()) {
        let read = read_body(registries(), &body);
        assert_eq!(read.get("format").as_str(), body["format"].as_str());
        let again = wire::create(registries().object(), &read);
        assert_eq!(again["description"], body["description"]);
    }
}

#[test]
fn the_format_is_equal_in_any_case_and_always_sent() {
    silent(json!({"format": "docker"}), &found());
    assert_eq!(created(registries(), &json!({"name": "r", "location": "l"})), json!({"format": "DOCKER"}));
    assert_eq!(created(registries(), &json!({"format": "python"})), json!({"format": "PYTHON"}));
}

#[test]
fn an_absent_mode_is_standard() {
    let mut body = found();
    body.as_object_mut().unwrap().remove("mode");
    silent(json!({"mode": "STANDARD_REPOSITORY"}), &body);
}

#[test]
fn scanning_is_left_to_the_project_and_its_state_ignored() {
    let mut body = found();
    body["vulnerabilityScanningConfig"] =
        json!({"enablementState": "SCANNING_ACTIVE", "lastEnableTime": "t", "enablementStateReason": "r"});
    silent(json!({}), &body);
    assert_eq!(wire::unexpressed(registries().object(), &body, registries().unmanaged()), Vec::<String>::new());
}

#[test]
fn cleared_cleanup_policies_are_no_difference() {
    let mut body = found();
    body["cleanupPolicies"] = json!({});
    silent(json!({}), &body);
    silent(json!({"cleanup_policies": {}}), &found());
}

#[test]
fn ages_of_cleanup_are_equal_in_any_unit_and_any_tag_state_is_none() {
    let mut body = found();
    body["cleanupPolicies"] = json!({"old": {"id": "old", "action": "DELETE", "condition": {"olderThan": "7776000s", "tagPrefixes": ["b", "a"]}}});
    silent(
        json!({"cleanup_policies": {"old": {"action": "DELETE", "older_than": "2160h", "tag_prefixes": ["a", "b"]}}}),
        &body,
    );
}

#[test]
fn dry_run_and_immutable_tags_are_off_when_absent() {
    silent(json!({"cleanup_policy_dry_run": false, "immutable_tags": false}), &found());
    let mut body = found();
    body["dockerConfig"] = json!({});
    body["mavenConfig"] = json!({});
    silent(json!({}), &body);
}

#[test]
fn upstream_policies_are_equal_in_any_order() {
    let mut body = found();
    body["mode"] = json!("VIRTUAL_REPOSITORY");
    body["virtualRepositoryConfig"] = json!({"upstreamPolicies": [
        {"id": "b", "repository": "projects/p/locations/l/repositories/b"},
        {"id": "a", "repository": "projects/p/locations/l/repositories/a", "priority": 1},
    ]});
    silent(
        json!({"mode": "VIRTUAL_REPOSITORY", "upstream_policies": {
            "a": {"repository": "projects/p/locations/l/repositories/a", "priority": 1},
            "b": {"repository": "projects/p/locations/l/repositories/b"},
        }}),
        &body,
    );
}

#[test]
fn a_size_that_grows_is_not_read() {
    let (mut small, mut large) = (found(), found());
    small["sizeBytes"] = json!("1");
    large["sizeBytes"] = json!("2");
    assert_eq!(read_body(registries(), &small), read_body(registries(), &large));
}

#[test]
fn a_policy_about_number_and_one_about_age_are_written_apart() {
    let body = created(
        registries(),
        &json!({"cleanup_policies": {
            "all": {"action": "DELETE"},
            "few": {"action": "KEEP", "keep_count": 5, "package_name_prefixes": ["api"]},
            "old": {"action": "DELETE", "older_than": "90d", "package_name_prefixes": ["web"]},
        }}),
    );
    assert_eq!(
        body["cleanupPolicies"],
        json!({
            "all": {"id": "all", "action": "DELETE", "condition": {"tagState": "ANY"}},
            "few": {"id": "few", "action": "KEEP", "mostRecentVersions": {"keepCount": 5, "packageNamePrefixes": ["api"]}},
            "old": {"id": "old", "action": "DELETE", "condition": {"tagState": "ANY", "olderThan": "7776000s", "packageNamePrefixes": ["web"]}},
        })
    );
}

#[test]
fn a_change_names_its_fields_and_leaves_the_rest() {
    let mut body = found();
    body["sizeBytes"] = json!("1");
    let (wanted, mask) = updated(registries(), &body, |registry| set(registry, "description", Dynamic::string("new")));
    assert_eq!(mask, ["description"]);
    assert_eq!(wire::masked(&wanted, &mask), json!({"description": "new"}));
}

#[test]
fn the_address_is_known_before_and_after() {
    let hcl = component(registries(), &json!({"name": "r", "location": "Europe-West1", "format": "npm"}));
    let predicted = registries().predict(&hcl, &scope());
    assert!(
        predicted.contains(&("url", Dynamic::string("europe-west1-npm.pkg.dev/dtu-mlops-data-482907/r"))),
        "{predicted:?}"
    );
    let derived = registries().derive(&found(), &scope());
    assert_eq!(derived, vec![("url", Dynamic::string("europe-west1-docker.pkg.dev/dtu-mlops-data-482907/r"))]);
}

#[test]
fn refusals_name_the_attribute_the_value_and_the_way_out() {
    let kind = registries();
    assert_eq!(problems(kind, &json!({"name": "r"})), vec![]);
    refused(kind, &json!({"name": "my_repo"}), ".name", "my_repo");
    refused(kind, &json!({"format": "DOKCER"}), ".format", "Did you mean DOCKER");
    refused(kind, &json!({"format": "NPM", "immutable_tags": true}), ".immutable_tags", "NPM");
    refused(
        kind,
        &json!({"cleanup_policies": {"x": {"action": "DELETE", "keep_count": 3}}}),
        ".cleanup_policies[\"x\"].keep_count",
        "KEEP",
    );
    refused(
        kind,
        &json!({"cleanup_policies": {"x": {"action": "KEEP", "keep_count": 3, "older_than": "1d"}}}),
        ".cleanup_policies[\"x\"].older_than",
        "two policies",
    );
    refused(kind, &json!({"upstream_url": "https://x"}), ".upstream_url", "REMOTE_REPOSITORY");
}
