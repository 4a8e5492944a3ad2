use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Number};

use super::user;
use super::version::{Family, is_older};
use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    answers, component, created, differences, problems, problems_when_new, read_body, scope, set, updated,
};
use crate::google::kinds::kind;

fn instances() -> &'static AnyKind {
    kind("sql_instances").unwrap()
}

/// An instance as it was recorded, with what Config Connector has masked as Google answers it.
fn body() -> Json {
    answers("sqladmin-postgres", |answer| {
        answer["kind"] == "sql#instance" && answer["databaseVersion"] == "POSTGRES_9_6"
    })
    .remove(0)
}

fn number(value: i64) -> Dynamic {
    Dynamic::Number(Number::from(value))
}

#[test]
fn a_recorded_instance_is_what_its_configuration_says() {
    let hcl = json!({
        "name": "sqlinstance-1", "location": "us-central1", "database_version": "POSTGRES_9_6", "availability_type": "REGIONAL",
        "disk_size": 100, "disk_autoresize": false, "ipv4_enabled": false, "ssl_mode": "ENCRYPTED_ONLY",
        "private_network": "projects/example-project/global/networks/computenetwork-1",
        "flags": {"cloudsql.iam_authentication": "on", "max_connections": "1000", "max_worker_processes": "8"},
        "insights": {"enabled": true, "record_application_tags": true, "record_client_address": true},
        "labels": {"cnrm-test": "true", "managed-by-cnrm": "true"},
    });
    let found = read_body(instances(), &body());
    let mut configured = component(instances(), &hcl);
    set(&mut configured, "effective_labels", found.get("effective_labels").clone());
    assert_eq!(differences(instances(), &configured, &found), Vec::<String>::new());
    assert_eq!(wire::unexpressed(instances().object(), &body(), instances().unmanaged()), Vec::<String>::new());
    let backup = found.get("backup");
    assert_eq!(
        (backup.get("enabled"), backup.get("point_in_time_recovery")),
        (&Dynamic::Bool(true), &Dynamic::Bool(true))
    );
}

#[test]
fn every_recorded_instance_can_be_said() {
    for recording in
        ["sqladmin-instance-user", "sqladmin-mysql", "sqladmin-network-ssl", "sqladmin-postgres", "sqladmin-user-full"]
    {
        for instance in answers(recording, |answer| answer["kind"] == "sql#instance") {
            let unexpressed = wire::unexpressed(instances().object(), &instance, instances().unmanaged());
            assert_eq!(unexpressed, Vec::<String>::new(), "{recording}: {}", instance["name"]);
        }
    }
}

#[test]
fn a_silent_configuration_names_edition_and_tier() {
    let body = created(instances(), &json!({"name": "main", "database_version": "POSTGRES_17"}));
    assert_eq!(body["settings"], json!({"edition": "ENTERPRISE", "tier": "db-custom-1-3840"}));
}

#[test]
fn recovery_is_the_binary_log_of_mysql() {
    let with = |version: &str| {
        let hcl = json!({"database_version": version, "backup": {"enabled": true, "point_in_time_recovery": true}});
        created(instances(), &hcl)["settings"]["backupConfiguration"].clone()
    };
    assert_eq!(with("MYSQL_8_4"), json!({"enabled": true, "binaryLogEnabled": true}));
    assert_eq!(with("POSTGRES_17"), json!({"enabled": true, "pointInTimeRecoveryEnabled": true}));
}

#[test]
fn a_password_is_never_read_and_a_new_one_is_the_users() {
    let mut with_password = body();
    with_password["rootPassword"] = json!("hunter2");
    with_password["users"] = json!({"app": {"name": "app", "password": "hunter2"}});
    assert!(!format!("{:?}", read_body(instances(), &with_password)).contains("hunter2"));
    let (_, mask) = updated(instances(), &body(), |component| set(component, "root_password_wo", Dynamic::string("x")));
    assert_eq!(mask, ["rootUser"]);
}

#[test]
fn insights_that_nobody_speaks_of_are_switched_off() {
    let (body, _) = updated(instances(), &body(), |component| set(component, "insights", Dynamic::Null));
    assert_eq!(body["settings"]["insightsConfig"], json!({"queryInsightsEnabled": false}));
}

#[test]
fn a_network_has_one_name() {
    let path = format!("projects/{}/global/networks/vpc", scope().place.account);
    for network in ["vpc", &path, &format!("https://www.googleapis.com/compute/v1/{path}")] {
        let body = created(instances(), &json!({"database_version": "POSTGRES_17", "private_network": network}));
        assert_eq!(body["settings"]["ipConfiguration"]["privateNetwork"], json!(path), "{network}");
    }
}

#[test]
fn what_the_api_would_refuse_is_refused() {
    let private = json!({"private_network": "vpc"});
    let cases = [
        (json!({"database_version": "ORACLE_9"}), ".database_version"),
        (json!({"tier": "db-perf-optimized-N-2"}), ".tier"),
        (json!({"edition": "ENTERPRISE_PLUS"}), ".tier"),
        (json!({"tier": "db-n1-standard-1"}), ".tier"),
        (json!({"tier": "db-custom-3-7680"}), ".tier"),
        (json!({"disk_size": 5}), ".disk_size"),
        (json!({"disk_size": 50, "disk_autoresize_limit": 20}), ".disk_autoresize_limit"),
        (json!({"ipv4_enabled": false}), ".ipv4_enabled"),
        (json!({"allocated_ip_range": "range"}), ".allocated_ip_range"),
        (json!({"authorized_networks": [{"value": "everybody"}]}), ".authorized_networks[0].value"),
        (json!({"availability_type": "REGIONAL"}), ".backup"),
        (json!({"backup": {"point_in_time_recovery": true}}), ".backup.point_in_time_recovery"),
        (
            json!({"backup": {"enabled": true, "transaction_log_retention_days": 14}}),
            ".backup.transaction_log_retention_days",
        ),
        (json!({"backup": {"enabled": true, "start_time": "3:00"}}), ".backup.start_time"),
        (json!({"maintenance_window": {"day": 8, "hour": 1}}), ".maintenance_window.day"),
        (json!({"users": {"app": {"host": "%"}}}), ".users[\"app\"].host"),
        (json!({"users": {"app": {"name": "a@example.com", "type": "CLOUD_IAM_USER"}}}), ".users[\"app\"].type"),
        (
            json!({
                "flags": {"cloudsql.iam_authentication": "on"},
                "users": {"app": {"name": "a@example.com", "type": "CLOUD_IAM_USER", "password_wo_version": 1}},
            }),
            ".users[\"app\"].password_wo_version",
        ),
        (json!({"databases": {"app": {"name": "a/b"}}}), ".databases[\"app\"].name"),
    ];
    for (mut hcl, at) in cases {
        if hcl.get("database_version").is_none() {
            hcl["database_version"] = json!("POSTGRES_17");
        }
        let found = problems_when_new(instances(), &hcl);
        assert!(found.iter().any(|(path, _)| path.ends_with(at)), "{hcl} at {at}: {found:?}");
    }
    let mut fine = private;
    fine["database_version"] = json!("POSTGRES_17");
    fine["ipv4_enabled"] = json!(false);
    assert!(problems_when_new(instances(), &fine).is_empty());
    assert_eq!(problems(instances(), &json!({"name": "Main", "database_version": "POSTGRES_17"})).len(), 1);
}

fn refused_change(change: impl FnOnce(&mut Dynamic)) -> Vec<String> {
    let before = component(
        instances(),
        &json!({
            "database_version": "POSTGRES_16", "disk_size": 50, "disk_type": "PD_SSD", "private_network": "vpc",
            "databases": {"app": {"name": "app", "charset": "UTF8", "collation": "en_US.UTF8"}},
        }),
    );
    let mut after = before.clone();
    change(&mut after);
    let mut found = tfplugin::Diagnostics::new();
    instances().validate_change(&before, &after, &tfplugin::Path::root(), &mut found);
    found.into_iter().map(|problem| problem.summary.to_string()).collect()
}

#[test]
fn what_cannot_be_changed_is_refused_by_the_plan() {
    let to = |name: &'static str, value: Dynamic| refused_change(move |component| set(component, name, value));
    assert_eq!(to("database_version", Dynamic::string("POSTGRES_15")), ["The database version cannot be lowered"]);
    assert_eq!(to("database_version", Dynamic::string("MYSQL_8_4")), ["The database engine cannot be changed"]);
    assert_eq!(to("database_version", Dynamic::string("POSTGRES_17")), Vec::<String>::new());
    assert_eq!(to("disk_size", number(40)), ["The disk cannot shrink"]);
    assert_eq!(to("disk_size", number(60)), Vec::<String>::new());
    assert_eq!(to("disk_type", Dynamic::string("PD_HDD")), ["The disk type cannot be changed"]);
    assert_eq!(to("private_network", Dynamic::Null), ["The private network cannot be removed"]);
    let charset = refused_change(|component| {
        let databases = component.as_entries_mut().unwrap().get_mut("databases").unwrap();
        let app = databases.as_entries_mut().unwrap().get_mut("app").unwrap();
        set(app, "charset", Dynamic::string("LATIN1"));
    });
    assert_eq!(charset, ["The charset of a database cannot be changed"]);
}

#[test]
fn a_disk_that_grew_by_itself_is_no_drift() {
    let found = |size: i64, grows: bool| {
        let mut found = component(instances(), &json!({"database_version": "POSTGRES_17", "disk_autoresize": grows}));
        set(&mut found, "disk_size", number(size));
        found
    };
    let seen = |size: i64, grows: bool| {
        let (effective, found) = (found(20, grows), found(size, grows));
        let mut observed = found.clone();
        instances().observed(&mut observed, &effective, &found, &scope());
        observed.get("disk_size").clone()
    };
    assert_eq!((seen(30, true), seen(30, false), seen(10, true)), (number(20), number(30), number(10)));
}

#[test]
fn users_are_called_as_the_engine_calls_them() {
    let complete = |family: Family, hcl: Json| {
        let mut instance = component(instances(), &json!({"database_version": "POSTGRES_17", "users": {"app": hcl}}));
        let users = instance.as_entries_mut().unwrap().get_mut("users").unwrap();
        let app = users.as_entries_mut().unwrap().get_mut("app").unwrap();
        user::complete("app", Some(family), app);
        let text = |name: &str| app.get(name).as_str().map(str::to_owned);
        (text("name").unwrap(), text("host"))
    };
    let account = json!({"name": "api@p.iam.gserviceaccount.com", "type": "CLOUD_IAM_SERVICE_ACCOUNT"});
    assert_eq!(complete(Family::Postgres, account.clone()), ("api@p.iam".to_owned(), None));
    assert_eq!(complete(Family::MySql, account), ("api@p.iam.gserviceaccount.com".to_owned(), None));
    assert_eq!(complete(Family::MySql, json!({})), ("app".to_owned(), Some("%".to_owned())));
    assert_eq!(complete(Family::Postgres, json!({})), ("app".to_owned(), None));
}

#[test]
fn an_import_leaves_out_what_comes_with_every_instance() {
    let mut found = component(
        instances(),
        &json!({
            "database_version": "POSTGRES_17", "databases": {"postgres": {"name": "postgres"}, "app": {"name": "app"}},
            "users": {"postgres": {"name": "postgres"}},
        }),
    );
    instances().imported(&mut found, &scope());
    let keys: Vec<&str> = found.get("databases").as_entries().unwrap().keys().map(AsRef::as_ref).collect();
    assert_eq!((keys, found.get("users")), (vec!["app"], &Dynamic::Null));
}

#[test]
fn versions_are_compared_by_their_numbers() {
    assert!(is_older("POSTGRES_10", "POSTGRES_9_6") && !is_older("POSTGRES_9_6", "POSTGRES_10"));
    assert!(!is_older("MYSQL_8_0", "MYSQL_8_0_36") && !is_older("MYSQL_8_0_36", "MYSQL_8_0"));
    assert!(is_older("SQLSERVER_2022_STANDARD", "SQLSERVER_2019_STANDARD"));
}
