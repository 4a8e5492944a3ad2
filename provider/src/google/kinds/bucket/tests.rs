use serde_json::json;
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, ct_scan, differences, problems, read_body, refused, set, updated,
};
use crate::google::kinds::kind;

fn buckets() -> &'static AnyKind {
    kind("buckets").unwrap()
}

fn found() -> serde_json::Value {
    json!({
        "kind": "storage#bucket", "id": "b", "name": "b", "projectNumber": "1", "location": "EUROPE-WEST1",
        "locationType": "region", "storageClass": "STANDARD", "etag": "CAE=", "metageneration": "1",
        "selfLink": "https://www.googleapis.com/storage/v1/b/b",
        "softDeletePolicy": {"retentionDurationSeconds": "604800", "effectiveTime": "2026-02-04T19:21:40.118Z"},
        "iamConfiguration": {"publicAccessPrevention": "inherited",
            "bucketPolicyOnly": {"enabled": true, "lockedTime": "2026-05-05T19:22:03.002Z"},
            "uniformBucketLevelAccess": {"enabled": true, "lockedTime": "2026-05-05T19:22:03.002Z"}},
    })
}

#[track_caller]
fn silent(hcl: serde_json::Value, body: &serde_json::Value) {
    let (configured, found) = (component(buckets(), &hcl), read_body(buckets(), body));
    assert_eq!(differences(buckets(), &configured, &found), Vec::<String>::new());
}

#[test]
fn a_bucket_as_the_api_answers_is_what_a_minimal_configuration_says() {
    silent(json!({"name": "b", "location": "europe-west1"}), &found());
}

#[test]
fn the_buckets_of_the_environment_are_what_their_configuration_says() {
    let rules = json!([{"action": "Delete", "age": 90}, {"action": "Delete", "num_newer_versions": 10}]);
    let cases = [
        (
            "b/dtu-mlops-terraform-state-482907",
            json!({"location": "europe-west1", "versioning": true, "lifecycle_rules": rules}),
        ),
        (
            "b/dtu-mlops-dvc-storage-482907",
            json!({"versioning": true, "lifecycle_rules": [{"action": "Delete", "age": 365}]}),
        ),
        (
            "b/dtu-mlops-data-482907_cloudbuild",
            json!({"location": "us", "versioning": true, "lifecycle_rules": [{"action": "Delete", "age": 180}]}),
        ),
        (
            "b/ct-scan-drift-logs-482907",
            json!({"lifecycle_rules": [{"action": "Delete", "age": 90}], "soft_delete_retention": "168h"}),
        ),
    ];
    for (path, hcl) in cases {
        let body = ct_scan(path);
        silent(hcl, &body);
        assert_eq!(wire::unexpressed(buckets().object(), &body, buckets().unmanaged()), Vec::<String>::new());
        assert!(!buckets().is_made_by_cloud(&body, &crate::google::kinds::fixtures::scope()));
    }
}

#[test]
fn the_location_is_equal_in_any_case() {
    silent(json!({"location": "Europe-West1"}), &found());
}

#[test]
fn a_regional_bucket_has_no_rpo_and_a_multi_region_the_default() {
    let mut body = found();
    body["rpo"] = json!("DEFAULT");
    silent(json!({}), &body);
}

#[test]
fn soft_delete_is_left_to_the_api_and_its_time_ignored() {
    silent(json!({}), &found());
    silent(json!({"soft_delete_retention": "7d"}), &found());
    let (body, mask) =
        updated(buckets(), &found(), |bucket| set(bucket, "soft_delete_retention", Dynamic::string("0s")));
    assert_eq!(mask, ["softDeletePolicy.retentionDurationSeconds"]);
    assert_eq!(
        wire::merge_patch(&found(), &body, &mask),
        json!({"softDeletePolicy": {"retentionDurationSeconds": "0"}})
    );
}

#[test]
fn absent_public_access_prevention_is_inherited() {
    let mut body = found();
    body["iamConfiguration"].as_object_mut().unwrap().remove("publicAccessPrevention");
    silent(json!({"public_access_prevention": "inherited"}), &body);
}

#[test]
fn absent_versioning_and_false_are_one() {
    silent(json!({"versioning": false}), &found());
    let mut body = found();
    body["versioning"] = json!({"enabled": false});
    silent(json!({}), &body);
}

#[test]
fn absent_autoclass_is_off_and_its_times_are_ignored() {
    silent(json!({"autoclass": {"enabled": false}}), &found());
    let mut body = found();
    body["autoclass"] = json!({"enabled": true, "toggleTime": "t", "terminalStorageClass": "NEARLINE", "terminalStorageClassUpdateTime": "t"});
    silent(json!({"autoclass": {"enabled": true}}), &body);
    assert_eq!(wire::unexpressed(buckets().object(), &body, buckets().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_dropped_empty_website_and_cors_are_no_difference() {
    silent(json!({"website": {}, "cors": []}), &found());
}

#[test]
fn removed_cors_and_website_are_sent_as_null() {
    let mut body = found();
    body["cors"] = json!([{"origin": ["*"], "method": ["GET"]}]);
    body["website"] = json!({"mainPageSuffix": "index.html"});
    let (wanted, mask) = updated(buckets(), &body, |bucket| {
        set(bucket, "cors", Dynamic::Null);
        set(bucket, "website", Dynamic::Null);
    });
    assert_eq!(wire::merge_patch(&body, &wanted, &mask), json!({"cors": null, "website": null}));
}

#[test]
fn the_prefix_of_logs_is_the_buckets_name_unless_said() {
    let mut body = found();
    body["logging"] = json!({"logBucket": "logs", "logObjectPrefix": "b"});
    silent(json!({"name": "b", "logging": {"log_bucket": "logs"}}), &body);
}

#[test]
fn requester_pays_and_holds_are_off_when_absent() {
    silent(
        json!({"requester_pays": false, "default_event_based_hold": false, "hierarchical_namespace": false}),
        &found(),
    );
    let mut body = found();
    body["billing"] = json!({"requesterPays": false});
    body["defaultEventBasedHold"] = json!(false);
    silent(json!({}), &body);
}

#[test]
fn lifecycle_rules_are_equal_in_any_order() {
    let mut body = found();
    body["lifecycle"] = json!({"rule": [
        {"action": {"type": "Delete"}, "condition": {"age": 1, "matchesPrefix": ["b/", "a/"]}},
        {"action": {"type": "SetStorageClass", "storageClass": "NEARLINE"}, "condition": {"isLive": true}},
    ]});
    silent(
        json!({"lifecycle_rules": [
            {"action": "SetStorageClass", "storage_class": "nearline", "with_state": "LIVE"},
            {"action": "Delete", "age": 1, "matches_prefix": ["a/", "b/"]},
        ]}),
        &body,
    );
}

#[test]
fn an_absent_age_is_never_written_as_zero_and_zero_is_never_lost() {
    let rule = |hcl: serde_json::Value| {
        created(buckets(), &json!({"name": "b", "lifecycle_rules": [hcl]}))["lifecycle"]["rule"][0].clone()
    };
    assert_eq!(
        rule(json!({"action": "Delete", "num_newer_versions": 3})),
        json!({"action": {"type": "Delete"}, "condition": {"numNewerVersions": 3}})
    );
    assert_eq!(
        rule(json!({"action": "Delete", "age": 0, "matches_suffix": [".tmp"]})),
        json!({"action": {"type": "Delete"}, "condition": {"age": 0, "matchesSuffix": [".tmp"]}})
    );
}

#[test]
fn a_changed_rule_keeps_what_we_do_not_know_in_the_others() {
    let mut body = found();
    body["lifecycle"] = json!({"rule": [
        {"action": {"type": "Delete"}, "condition": {"age": 1, "matchesPattern": "x"}},
        {"action": {"type": "Delete"}, "condition": {"age": 2}},
    ]});
    let (wanted, mask) = updated(buckets(), &body, |bucket| {
        let rules = bucket.as_entries_mut().unwrap().get_mut("lifecycle_rules").unwrap();
        let Dynamic::List(rules) = rules else { panic!() };
        set(&mut rules[1], "age", Dynamic::Number(3_i64.into()));
    });
    assert_eq!(mask, ["lifecycle.rule"]);
    assert_eq!(wanted["lifecycle"]["rule"][0]["condition"], json!({"age": 1, "matchesPattern": "x"}));
    assert_eq!(wanted["lifecycle"]["rule"][1]["condition"], json!({"age": 3}));
}

#[test]
fn a_removed_retention_period_removes_the_policy() {
    let mut body = found();
    body["retentionPolicy"] = json!({"retentionPeriod": "86400", "effectiveTime": "t", "isLocked": false});
    silent(json!({"retention_period": "1d"}), &body);
    let (wanted, mask) = updated(buckets(), &body, |bucket| set(bucket, "retention_period", Dynamic::Null));
    assert_eq!(wire::merge_patch(&body, &wanted, &mask), json!({"retentionPolicy": null}));
}

#[test]
fn a_creation_asks_for_uniform_access() {
    assert_eq!(
        created(buckets(), &json!({"name": "b", "location": "europe-west1", "versioning": true})),
        json!({"name": "b", "location": "europe-west1", "versioning": {"enabled": true},
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}}})
    );
}

#[test]
fn a_key_with_the_version_in_use_is_no_difference() {
    let key = "projects/p/locations/eu/keyRings/r/cryptoKeys/k";
    let mut body = found();
    body["encryption"] = json!({"defaultKmsKeyName": format!("{key}/cryptoKeyVersions/3")});
    silent(json!({"kms_key": key}), &body);
}

#[test]
fn what_the_schema_cannot_say_is_named() {
    let mut body = found();
    body["objectRetention"] = json!({"mode": "Enabled"});
    assert_eq!(wire::unexpressed(buckets().object(), &body, buckets().unmanaged()), ["objectRetention"]);
}

#[test]
fn the_regions_of_a_bucket_are_the_same_in_any_case_and_order() {
    let configured = component(buckets(), &json!({"name": "b", "data_locations": ["europe-west4", "europe-west1"]}));
    let mut body = found();
    body["customPlacementConfig"] = json!({"dataLocations": ["EUROPE-WEST1", "EUROPE-WEST4"]});
    let read = read_body(buckets(), &body);
    let regions = buckets().object().attribute("data_locations").unwrap();
    assert!(wire::equal(regions, configured.get("data_locations"), read.get("data_locations")));
    assert_eq!(
        created(buckets(), &json!({"data_locations": ["europe-west1"]}))["customPlacementConfig"],
        json!({
            "dataLocations": ["EUROPE-WEST1"],
        })
    );
}

#[test]
fn storage_of_functions_is_googles_unless_it_has_labels_of_its_own() {
    let scope = crate::google::kinds::fixtures::scope();
    let made = |name: &str, labels: serde_json::Value| {
        buckets().is_made_by_cloud(&json!({"name": name, "labels": labels}), &scope)
    };
    assert!(made("gcf-sources-1-europe-west1", json!({"goog-managed-by": "cloudfunctions"})));
    assert!(made("artifacts.p.appspot.com", json!({})));
    assert!(!made("gcf-sources-1-europe-west1", json!({"team": "ml"})));
    assert!(!made("p_cloudbuild", json!({})));
}

#[test]
fn refusals_name_the_attribute_the_value_and_the_way_out() {
    let kind = buckets();
    let ok = |more: serde_json::Value| {
        let mut hcl = json!({"name": "bucket-name"});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    assert_eq!(problems(kind, &ok(json!({}))), vec![]);
    refused(kind, &json!({"name": "Models"}), ".name", "upper-case");
    refused(kind, &ok(json!({"soft_delete_retention": "3d"})), ".soft_delete_retention", "it is 3d");
    refused(kind, &ok(json!({"lifecycle_rules": [{"action": "Delete"}]})), ".lifecycle_rules[0]", "Add a condition");
    refused(
        kind,
        &ok(json!({"lifecycle_rules": [{"action": "SetStorageClass", "age": 1}]})),
        ".lifecycle_rules[0].storage_class",
        "needs storage_class",
    );
    refused(
        kind,
        &ok(json!({"lifecycle_rules": [{"action": "Delete", "age": 0}]})),
        ".lifecycle_rules[0].age",
        "every object",
    );
    refused(
        kind,
        &ok(json!({"lifecycle_rules": [{"action": "Delete", "created_before": "soon"}]})),
        ".lifecycle_rules[0].created_before",
        "soon",
    );
    refused(
        kind,
        &ok(json!({"autoclass": {"enabled": true}, "storage_class": "NEARLINE"})),
        ".storage_class",
        "STANDARD",
    );
    refused(kind, &ok(json!({"data_locations": ["europe-west1"]})), ".data_locations", "two regions");
}
