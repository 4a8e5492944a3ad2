//! What is read of a secret, and what is refused.

use serde_json::json;
use tfplugin::Dynamic;

use super::object;
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::wire;

#[test]
fn the_defaults_of_a_secret_are_no_difference() {
    let found = object(json!({
        "Name": "prod/db", "ARN": "arn:aws:secretsmanager:eu-west-1:1:secret:prod/db-AbCdEf", "Description": "",
        "KmsKeyId": "alias/aws/secretsmanager", "RotationEnabled": false,
        "VersionIdsToStages": {"old": ["AWSPREVIOUS"], "new": ["AWSCURRENT"]},
    }));
    let found = found.unwrap();
    assert_eq!(differences("secrets", &json!({"name": "prod/db"}), &found), Vec::<String>::new());
    let read = wire::read(kind("secrets").object(), &found);
    assert_eq!(read.get("current_version_id"), &Dynamic::string("new"));
    assert_eq!(read.get("arn"), &Dynamic::string("arn:aws:secretsmanager:eu-west-1:1:secret:prod/db-AbCdEf"));
}

#[test]
fn a_secret_that_can_only_be_restored_is_gone() {
    assert_eq!(object(json!({"Name": "db", "DeletedDate": 1_764_000_000.0})), None);
}

#[test]
fn only_a_secret_with_a_current_version_holds_a_value() {
    let holds =
        |stages| kind("secrets").holds_secrets(&object(json!({"Name": "db", "VersionIdsToStages": stages})).unwrap());
    assert!(holds(json!({"a": ["AWSCURRENT", "mine"]})));
    assert!(!holds(json!({"a": ["AWSPENDING"]})));
}

#[test]
fn a_value_never_becomes_a_part_of_the_component() {
    let read = wire::read(kind("secrets").object(), &json!({"Name": "db", "SecretString": "hunter2"}));
    assert!(!format!("{read:?}").contains("hunter2"), "{read:?}");
}

#[test]
fn secrets_manager_makes_secrets_for_others() {
    let is_made = |body| kind("secrets").is_made_by_cloud(&body, &crate::engine::scope::Scope::default());
    assert!(is_made(json!({"Name": "rds!db-1", "OwningService": "rds"})));
    assert!(!is_made(json!({"Name": "db"})));
}

#[test]
fn what_secrets_manager_refuses_is_refused_by_the_plan() {
    for (hcl, title) in [
        (json!({"name": "a b"}), "Invalid name of a secret"),
        (json!({"name": "a", "recovery_window_in_days": 3}), "Invalid recovery window of a secret"),
        (json!({"name": "a", "value_wo": ""}), "An empty secret"),
        (json!({"name": "a", "value_wo": "x".repeat(65_537)}), "The secret is too large"),
    ] {
        assert_eq!(problems("secrets", &hcl), [title]);
    }
    assert_eq!(problems("secrets", &json!({"name": "a/b@c", "recovery_window_in_days": 0})), Vec::<String>::new());
}
