use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Path};

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, ct_scan, differences, problems, problems_when_new, read_body, refused, scope, set, updated,
};
use crate::google::kinds::{kind, rest_kind};

fn secrets() -> &'static AnyKind {
    kind("secrets").unwrap()
}

fn body() -> Json {
    json!({
        "name": "projects/777769481436/secrets/token", "replication": {"automatic": {}}, "createTime": "t",
        "etag": "\"16\"", "latestVersion": "3",
    })
}

#[test]
fn a_secret_of_the_environment_is_what_its_configuration_says() {
    let body = ct_scan("secrets/wandb-api-key");
    let configured = component(secrets(), &json!({"name": "wandb-api-key", "replication": {"automatic": {}}}));
    assert_eq!(differences(secrets(), &configured, &read_body(secrets(), &body)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(secrets().object(), &body, secrets().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_silent_configuration_replicates_automatically() {
    assert_eq!(created(secrets(), &json!({"name": "token"})), json!({"replication": {"automatic": {}}}));
    assert_eq!(
        differences(secrets(), &component(secrets(), &json!({})), &read_body(secrets(), &body())),
        Vec::<String>::new()
    );
}

#[test]
fn regions_of_ones_own_are_compared_in_any_order() {
    let replicas = |locations: [&str; 2]| locations.map(|location| json!({"location": location}));
    let hcl = json!({"replication": {"user_managed": {"replicas": replicas(["europe-west1", "europe-west4"])}}});
    assert_eq!(
        created(secrets(), &hcl)["replication"]["userManaged"]["replicas"][1],
        json!({"location": "europe-west4"})
    );
    let mut body = body();
    body["replication"] = json!({"userManaged": {"replicas": replicas(["europe-west4", "europe-west1"])}});
    assert_eq!(differences(secrets(), &component(secrets(), &hcl), &read_body(secrets(), &body)), Vec::<String>::new());
}

#[test]
fn a_value_is_never_read() {
    let read = read_body(secrets(), &json!({"name": "p/token", "value": "hunter2"}));
    assert!(!format!("{read:?}").contains("hunter2"), "{read:?}");
}

#[test]
fn a_new_value_is_a_part_of_the_update() {
    let (_, mask) = updated(secrets(), &body(), |secret| set(secret, "value_wo", Dynamic::string("hunter2")));
    assert_eq!(mask, ["value"]);
    assert!(rest_kind(secrets()).parts().unwrap().fields().contains(&"value"));
}

#[test]
fn only_a_secret_with_a_version_holds_a_value() {
    assert!(secrets().holds_secrets(&body()));
    assert!(!secrets().holds_secrets(&json!({"name": "p/token"})));
}

#[test]
fn the_newest_version_is_told_by_number() {
    assert_eq!(read_body(secrets(), &body()).get("latest_version"), &Dynamic::string("3"));
}

#[test]
fn the_id_is_known_before_the_secret_exists() {
    let predicted = secrets().predict(&component(secrets(), &json!({"name": "token"})), &scope());
    assert_eq!(predicted, [("id", Dynamic::string("projects/dtu-mlops-data-482907/secrets/token"))]);
}

#[test]
fn topics_are_objects_of_the_api() {
    let hcl = json!({"topics": ["projects/p/topics/b", "projects/p/topics/a"]});
    let made = created(secrets(), &hcl);
    assert_eq!(made["topics"], json!([{"name": "projects/p/topics/a"}, {"name": "projects/p/topics/b"}]));
    assert_eq!(read_body(secrets(), &made).get("topics"), component(secrets(), &hcl).get("topics"));
    assert_eq!(secrets().discovery().unwrap().uses(&made)[0], ("topics", "projects/p/topics/a".to_owned()));
}

#[test]
fn a_moved_rotation_is_no_difference() {
    let hcl = json!({"rotation_period": "30d", "next_rotation_time": "2026-01-01T00:00:00Z", "topics": ["projects/p/topics/t"]});
    let mut body = created(secrets(), &hcl);
    assert_eq!(body["rotation"], json!({"rotationPeriod": "2592000s", "nextRotationTime": "2026-01-01T00:00:00Z"}));
    body["rotation"]["nextRotationTime"] = json!("2026-01-31T00:00:00Z");
    let different = differences(secrets(), &component(secrets(), &hcl), &read_body(secrets(), &body));
    assert_eq!(different, ["next_rotation_time"], "which is InputOnly: no refresh looks at it");
}

#[test]
fn a_new_rotation_says_when_and_to_whom() {
    let mut diagnostics = tfplugin::Diagnostics::new();
    let path = Path::root();
    secrets().validate_new(&component(secrets(), &json!({"rotation_period": "30d"})), &path, &mut diagnostics);
    let texts: Vec<String> = diagnostics.iter().map(|problem| problem.summary.to_string()).collect();
    assert_eq!(texts, ["A rotation needs next_rotation_time", "A rotation needs topics"]);
}

#[test]
fn lengths_of_time_have_limits() {
    refused(secrets(), &json!({"version_destroy_ttl": "1h"}), ".version_destroy_ttl", "between 1d and 1000d");
    let rotation = |period: &str| json!({"rotation_period": period, "next_rotation_time": "2030-01-01T00:00:00Z", "topics": ["projects/p/topics/t"]});
    assert_eq!(problems_when_new(secrets(), &rotation("1h")), []);
    refused(secrets(), &rotation("59m"), ".rotation_period", "between 1h");
}

#[test]
fn names_have_a_rule() {
    assert_eq!(problems(secrets(), &json!({"name": "API_key-1"})), []);
    for name in ["with.dot", "with blank", &"a".repeat(256)] {
        refused(secrets(), &json!({"name": name}), ".name", "1 to 255");
    }
}

#[test]
fn an_empty_and_a_too_large_value_are_refused_without_a_quote() {
    refused(secrets(), &json!({"value_wo": ""}), ".value_wo", "empty");
    let large = "x".repeat(65_537);
    refused(secrets(), &json!({"value_wo": large}), ".value_wo", "65537 bytes");
    assert!(!problems(secrets(), &json!({"value_wo": large}))[0].1.contains("xxx"));
}

#[test]
fn a_secret_is_replicated_one_way() {
    let both = json!({"automatic": {}, "user_managed": {"replicas": [{"location": "europe-west1"}]}});
    refused(secrets(), &json!({"replication": both}), ".replication", "not both");
    let nowhere = json!({"user_managed": {"replicas": []}});
    refused(secrets(), &json!({"replication": nowhere}), ".replication.user_managed.replicas", "at least one");
}
