//! What is read of a parameter group, what is written, and what is refused.

use std::collections::BTreeMap;

use serde_json::json;

use super::{changes, object};
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::scope::Scope;

#[test]
fn only_parameters_that_somebody_has_set_are_the_groups_own() {
    let parameters = [
        json!({"ParameterName": "log_min_duration_statement", "ParameterValue": "1000", "Source": "user"}),
        json!({"ParameterName": "autovacuum", "ParameterValue": "1", "Source": "engine-default"}),
        json!({"ParameterName": "work_mem", "Source": "user"}),
    ];
    let group = json!({"DBParameterGroupName": "main", "DBParameterGroupFamily": "postgres15", "Description": "Managed by Terraform"});
    let found = object(group, &parameters, BTreeMap::new());
    let same = json!({"name": "main", "family": "postgres15", "parameters": {"log_min_duration_statement": "1000"}});
    assert_eq!(differences("db_parameter_groups", &same, &found), Vec::<String>::new());
}

#[test]
fn only_parameters_that_differ_are_written() {
    let before = json!({"Parameters": {"a": "1", "b": "2", "c": "3"}});
    let after = json!({"Parameters": {"a": "1", "b": "4"}});
    assert_eq!(changes(&before, &after), (vec![("b".to_owned(), json!("4"))], vec!["c".to_owned()]));
}

#[test]
fn the_group_of_a_family_is_not_imported() {
    let is_made =
        |name| kind("db_parameter_groups").is_made_by_cloud(&json!({"DBParameterGroupName": name}), &Scope::default());
    assert_eq!((is_made("default.postgres15"), is_made("main")), (true, false));
}

#[test]
fn what_rds_refuses_of_a_parameter_group_is_refused_by_the_plan() {
    for (hcl, title) in [
        (json!({"name": "Main", "family": "postgres15"}), "Invalid name of a database parameter group"),
        (json!({"name": "a", "family": "postgres15", "parameters": {"Work_mem": "1"}}), "A parameter in capitals"),
    ] {
        assert_eq!(problems("db_parameter_groups", &hcl), [title], "{hcl}");
    }
}
