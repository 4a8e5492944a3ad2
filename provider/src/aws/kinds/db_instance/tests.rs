//! What is read of a database, what is written, and what is refused.

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::{is_of, object, written};
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::kind::Gradual as _;
use crate::engine::objects::Readiness;
use crate::engine::wire;

/// What RDS says of a database.
fn found() -> Json {
    json!({
        "DBInstanceIdentifier": "main", "DBInstanceClass": "db.t3.micro", "Engine": "postgres", "DBInstanceStatus": "available",
        "MasterUsername": "app", "DBName": "app", "Endpoint": {"Address": "main.x.rds.amazonaws.com", "Port": "5432"},
        "AllocatedStorage": "20", "StorageType": "gp3", "StorageEncrypted": "true", "KmsKeyId": "arn:aws:kms:eu-west-1:1:key/k",
        "EngineVersion": "15.7", "AutoMinorVersionUpgrade": "true", "BackupRetentionPeriod": "7", "MultiAZ": "false",
        "PreferredBackupWindow": "03:00-03:30", "PreferredMaintenanceWindow": "sun:04:30-sun:05:30",
        "PubliclyAccessible": "false", "DeletionProtection": "true", "CopyTagsToSnapshot": "false", "PendingModifiedValues": "",
        "VpcSecurityGroups": {"VpcSecurityGroupMembership": {"VpcSecurityGroupId": "sg-1", "Status": "active"}},
        "DBParameterGroups": {"DBParameterGroup": {"DBParameterGroupName": "pg", "ParameterApplyStatus": "in-sync"}},
        "DBSubnetGroup": {"DBSubnetGroupName": "private"}, "TagList": "",
        "CACertificateIdentifier": "rds-ca-rsa2048-g1", "NetworkType": "IPV4",
    })
}

fn same() -> Json {
    json!({
        "name": "main", "engine": "postgres", "engine_version": "15", "instance_class": "db.t3.micro", "allocated_storage": 20,
        "storage_type": "gp3", "storage_encrypted": true, "kms_key_id": "arn:aws:kms:eu-west-1:1:key/k", "database": "app",
        "username": "app", "subnet_group": "private", "parameter_group": "pg", "security_groups": ["sg-1"],
        "backup_retention_period": 7, "backup_window": "03:00-03:30", "maintenance_window": "sun:04:30-sun:05:30",
        "deletion_protection": true,
    })
}

fn known() -> Dynamic {
    Dynamic::Object([("engine_version".to_owned(), Dynamic::string("15"))].into())
}

#[test]
fn a_database_is_as_it_was_asked_for_whatever_rds_adds() {
    assert_eq!(differences("db_instances", &same(), &object(found(), Some(&known()))), Vec::<String>::new());
}

#[test]
fn minor_versions_are_those_of_rds() {
    for (running, wanted, moves_on, expected) in [
        ("15.7", "15", false, true),
        ("15.7", "15.7", false, true),
        ("15.7", "15.4", true, true),
        ("15.7", "15.4", false, false),
        ("15.4", "15.7", true, false),
        ("16.1", "15", true, false),
        ("8.0.45", "8.0", false, true),
        ("8.4.1", "8.0", false, false),
        ("150.1", "15", false, false),
    ] {
        assert_eq!(is_of(running, wanted, moves_on), expected, "{running} for {wanted}");
    }
}

#[test]
fn what_waits_for_the_window_counts_as_done_and_is_told() {
    let mut body = found();
    body["PendingModifiedValues"] = json!({"DBInstanceClass": "db.t3.small"});
    let body = object(body, None);
    assert_eq!((&body["DBInstanceClass"], &body["Pending"]), (&json!("db.t3.small"), &json!("DBInstanceClass")));
    let waits = {
        let mut hcl = same();
        hcl["pending_changes"] = json!("DBInstanceClass");
        hcl
    };
    assert_eq!(problems("db_instances", &waits), ["A change waits for the maintenance window"]);
}

#[test]
fn a_version_that_runs_already_is_not_asked_for() {
    let running =
        |version: &str| json!({"DBInstanceIdentifier": "db", "EngineVersion": version, "RunningVersion": "15.4"});
    for (wanted, is_told) in [("15", false), ("15.4", false), ("15.5", true), ("16", true)] {
        let written = written(&running("15.4"), &running(wanted), &vec!["EngineVersion".to_owned()].into());
        assert_eq!(written.get("EngineVersion").is_some(), is_told, "{wanted}: {written}");
    }
}

#[test]
fn only_what_differs_is_written() {
    let before = object(found(), Some(&known()));
    let mut after = before.clone();
    after["EngineVersion"] = json!("16");
    after["ApplyImmediately"] = json!(true);
    let written = written(&before, &after, &vec!["EngineVersion".to_owned()].into());
    let expected = json!({
        "DBInstanceIdentifier": "main", "EngineVersion": "16", "AllowMajorVersionUpgrade": true, "ApplyImmediately": true,
    });
    assert_eq!(written, expected);
}

#[test]
fn a_database_works_once_it_is_available() {
    let readiness = |state: &str| super::DbInstance.readiness(&json!({"DBInstanceStatus": state}));
    assert_eq!((readiness("creating"), readiness("available")), (Readiness::Pending, Readiness::Ready));
    assert!(matches!(readiness("incompatible-parameters"), Readiness::Failed(_)));
}

#[test]
fn a_password_never_becomes_a_part_of_the_component() {
    let read = wire::read(kind("db_instances").object(), &json!({"MasterUserPassword": "hunter2hunter2"}));
    assert!(!format!("{read:?}").contains("hunter2"), "{read:?}");
}

#[test]
fn what_rds_refuses_is_refused_by_the_plan() {
    let with = |more: Json| {
        let mut hcl = same();
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    for (more, title) in [
        (json!({"name": "Main"}), "Invalid name of a database instance"),
        (json!({"name": "a--b"}), "Invalid name of a database instance"),
        (json!({"instance_class": "t3.micro"}), "Invalid class of a database instance"),
        (json!({"password_wo": "short"}), "Invalid length of a password"),
        (json!({"password_wo": "long enough"}), "Invalid character in a password"),
        (json!({"max_allocated_storage": 10}), "Storage cannot shrink"),
        (json!({"maintenance_window": "Sun:04:30-Sun:05:30"}), "A window in capitals"),
        (json!({"backup_retention_period": 36}), "Number out of range"),
    ] {
        assert_eq!(problems("db_instances", &with(more.clone())), [title], "{more}");
    }
}
