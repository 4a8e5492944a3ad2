//! What a plan says must be done.

use expect_test::expect;
use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::{change, configured, made, planned, service, text};
use crate::engine::model::Stack;
use crate::engine::{effective, inventory, tree};
use crate::google::stack::GOOGLE;

use super::scope;

#[test]
fn a_creation_makes_everything_in_the_order_of_references() {
    let config = configured(&json!({
        "services": {"api": service(&json!({"volumes": {"d": {"bucket": "data", "mount_path": "/d"}}, "env": {"U": "{{services.back.url}}"}})),
                     "back": service(&json!({}))},
        "buckets": {"data": {}},
        "alert_policies": {"down": {"preset": "api_downtime", "service": "api", "channels": ["team"]}},
        "notification_channels": {"team": {"type": "email", "labels": {"email_address": "a@b.c"}}},
    }));
    expect![[r#"
        buckets["data"]: create
        notification_channels["team"]: create
        services["back"]: create
        services["api"]: create
        alert_policies["down"]: create
    "#]]
    .assert_eq(&text(&planned(None, &config)));
}

#[test]
fn a_stack_that_is_as_configured_needs_no_step() {
    let all = json!({
        "buckets": {"data": {"labels": {"tier": "one"}}},
        "registries": {"images": {}},
        "services": {"api": service(&json!({"iam": {"roles/run.invoker": ["allUsers"]}}))},
        "notification_channels": {"team": {"type": "email", "display_name": "Team", "labels": {"email_address": "a@b.c"}}},
    });
    expect![[""]].assert_eq(&change(&all, &all));
}

#[test]
fn another_spelling_of_the_same_is_no_change() {
    let before = json!({"services": {"api": service(&json!({"memory": "4Gi", "cpu": "2", "timeout": "5m"}))}, "buckets": {"b": {"location": "US"}}});
    let after = json!({"services": {"api": service(&json!({"memory": "4096Mi", "cpu": "2000m", "timeout": "300s"}))}, "buckets": {"b": {"location": "us"}}});
    expect![[""]].assert_eq(&change(&before, &after));
}

#[test]
fn what_the_state_spells_out_inside_and_the_configuration_does_not_say_stays_unsaid() {
    let with = |events: &Json| json!({"topics": {"events": {"subscriptions": {"audit": events}}}});
    let plan = planned(Some(&made(&with(&json!({"name": "audit"})))), &configured(&with(&json!({}))));
    expect![[""]].assert_eq(&text(&plan));
    let topic = plan.planned.components().into_values().next().unwrap();
    assert_eq!(*topic.get("subscriptions").get("audit").get("name"), Dynamic::Null);
}

#[test]
fn what_the_cloud_chose_inside_stays_under_another_key() {
    let with = |instance: &str, database: &str, chosen: &Json| {
        let mut said = json!({"name": "main", "database_version": "POSTGRES_16", "databases": {database: {"name": "app"}}, "backup": {"enabled": true}});
        if !chosen.is_null() {
            said["databases"][database]["charset"] = chosen.clone();
            said["databases"][database]["collation"] = json!("en_US.UTF8");
            let backup = json!({"start_time": "03:00", "transaction_log_retention_days": 7});
            said["backup"].as_object_mut().unwrap().extend(backup.as_object().cloned().unwrap());
        }
        json!({"sql_instances": {instance: said}})
    };
    let prior = made(&with("old", "first", &json!("UTF8")));
    let plan = planned(Some(&prior), &configured(&with("new", "second", &Json::Null)));
    expect![[r#"
        Warning at : 1 component will be renamed
    "#]]
    .assert_eq(&text(&plan));
    let instance = plan.planned.components().into_values().next().unwrap();
    assert_eq!(instance.get("databases").get("second").get("charset").as_str(), Some("UTF8"));
    assert_eq!(instance.get("backup").get("start_time").as_str(), Some("03:00"));
}

#[test]
fn only_what_changed_is_updated() {
    let before = json!({"buckets": {"a": {}, "b": {"versioning": true}}, "services": {"api": service(&json!({}))}});
    let after = json!({
        "buckets": {"a": {"iam": {"roles/storage.objectViewer": ["allUsers"]}}, "b": {"versioning": false}},
        "services": {"api": service(&json!({"concurrency": 10}))},
    });
    expect![[r#"
        buckets["a"]: update  +grants
        buckets["b"]: update versioning
        services["api"]: update concurrency
    "#]]
    .assert_eq(&change(&before, &after));
}

#[test]
fn another_key_for_the_same_object_is_a_rename() {
    let before = json!({"buckets": {"a": {"name": "the-bucket"}}});
    let after = json!({"buckets": {"z": {"name": "the-bucket"}}});
    expect![[r#"
        Warning at : 1 component will be renamed
    "#]]
    .assert_eq(&change(&before, &after));
}

#[test]
fn what_leaves_the_configuration_goes_as_its_policy_says() {
    let before = json!({"buckets": {
        "deleted": {}, "abandoned": {"deletion_policy": "ABANDON"}, "prevented": {"deletion_policy": "PREVENT"}, "stays": {},
    }});
    let after = json!({"buckets": {"stays": {}}});
    expect![[r#"
        buckets["abandoned"]: release
        buckets["deleted"]: delete
        buckets["prevented"]: release
        Error at buckets: The bucket must not be deleted
    "#]]
    .assert_eq(&change(&before, &after));
}

#[test]
fn a_deletion_that_is_refused_says_how_a_new_key_is_a_rename() {
    let detail = |after: &Json| {
        let before = json!({"buckets": {"a": {"name": "the-bucket", "deletion_policy": "PREVENT"}}});
        let plan = planned(Some(&made(&before)), &configured(after));
        let refused = plan.diagnostics.iter().find(|one| one.summary == "The bucket must not be deleted");
        refused.unwrap_or_else(|| panic!("{}", text(&plan))).detail.clone()
    };
    let new_key = detail(&json!({"buckets": {"z": {}}}));
    assert!(new_key.contains(r#"set name = "the-bucket" on the component that is to have the bucket (buckets["z"])"#));
    assert!(!detail(&json!({"buckets": {}, "topics": {"events": {}}})).contains("the-bucket"));
}

#[test]
fn what_was_imported_is_released_and_never_deleted() {
    let prior = made(&json!({"buckets": {"a": {}, "b": {"deletion_policy": "DELETE"}}}));
    let prior = with_each(prior, |bucket| tree::set(bucket, "imported", Dynamic::Bool(true)));
    expect![[r#"
        buckets["a"]: release
        buckets["b"]: release
        Warning at : 2 objects will be released
    "#]]
    .assert_eq(&text(&planned(Some(&prior), &configured(&json!({"buckets": {}})))));
}

/// The stack with every component changed.
fn with_each(mut stack: Stack, change: impl Fn(&mut Dynamic)) -> Stack {
    let mut components = stack.components();
    components.values_mut().for_each(change);
    let like = stack.clone();
    stack.set_components(&components, &like);
    stack
}

#[test]
fn a_rule_for_new_objects_does_not_judge_what_is_there() {
    let with = |rules: serde_json::Value| json!({"buckets": {"a": {"lifecycle_rules": rules}}});
    let (age, none) = (json!({"action": "Delete", "age": 9}), json!({"action": "Delete"}));
    let prior = with_each(made(&with(json!([age]))), |bucket| {
        let found = configured(&with(json!([none]))).components();
        let rules = found.values().next().unwrap().get("lifecycle_rules").clone();
        tree::set(bucket, "lifecycle_rules", rules);
    });
    let plan = |rules| text(&planned(Some(&prior), &configured(&with(rules))));
    expect![[""]].assert_eq(&plan(json!([none])));
    expect![[r#"
        buckets["a"]: update lifecycle_rules
    "#]]
    .assert_eq(&plan(json!([age, none])));
    expect![[r#"
        Error at buckets["a"].lifecycle_rules[1]: A lifecycle rule without a condition
    "#]]
    .assert_eq(&plan(json!([none, none])));
}

#[test]
fn a_default_of_the_kind_is_the_name_before_the_key() {
    let kind = crate::google::kinds::kind("firestore_databases").unwrap();
    let mut database = crate::google::kinds::fixtures::component(kind, &json!({"location": "eur3"}));
    tree::set(&mut database, "name", Dynamic::Null);
    effective::with_names(&crate::engine::Address::new(kind, "d"), &mut database, &scope());
    assert_eq!(database.get("name"), &Dynamic::string("(default)"));
}

fn pool(display_name: &str, providers: &serde_json::Value) -> serde_json::Value {
    json!({"workload_identity_pools": {"pool": {"display_name": display_name, "providers": providers}}})
}

#[test]
fn children_that_their_keys_name_are_lost_only_when_they_leave() {
    let provider = json!({"issuer_uri": "https://idp", "attribute_mapping": {"google.subject": "assertion.sub"}});
    let both = json!({"main": provider, "other": provider});
    expect![[r#"
        workload_identity_pools["pool"]: update display_name
    "#]]
    .assert_eq(&change(&pool("a", &both), &pool("b", &both)));
    expect![[r#"
        workload_identity_pools["pool"]: update providers
        Warning at : 1 object will be deleted
    "#]]
    .assert_eq(&change(&pool("a", &both), &pool("a", &json!({"main": provider}))));
}

#[test]
fn a_provider_does_not_change_its_kind() {
    let oidc = json!({"main": {"issuer_uri": "https://idp", "attribute_mapping": {"google.subject": "assertion.sub"}}});
    let aws = json!({"main": {"aws_account_id": "123456789012"}});
    expect![[r#"
        workload_identity_pools["pool"]: update providers
        Error at workload_identity_pools["pool"].providers["main"].aws_account_id: The kind of a provider cannot be changed
    "#]]
    .assert_eq(&change(&pool("a", &oidc), &pool("a", &aws)));
}

#[test]
fn what_lives_on_in_an_imported_database_is_released() {
    let database = |more: serde_json::Value| json!({"firestore_databases": {"d": more}});
    let index = json!({"collection": "c", "fields": [{"path": "a", "order": "ASCENDING"}, {"path": "b", "order": "ASCENDING"}]});
    let whole = database(json!({"location": "eur3", "indexes": {"i": index}, "ttl_fields": {"c": "expireAt"}}));
    let bare = configured(&database(json!({"location": "eur3"})));
    let own = made(&whole);
    expect![[r#"
        firestore_databases["d"]: update indexes ttl_fields
        Warning at : 2 objects will be deleted
    "#]]
    .assert_eq(&text(&planned(Some(&own), &bare)));
    let imported = with_each(own, |database| tree::set(database, "imported", Dynamic::Bool(true)));
    expect![[r#"
        firestore_databases["d"]: update indexes ttl_fields
        Warning at : 2 objects will be released
    "#]]
    .assert_eq(&text(&planned(Some(&imported), &bare)));
}

#[test]
fn a_secret_that_was_there_is_asked_for_when_its_field_changes() {
    let slack = |name: &str| json!({"notification_channels": {"ops": {"type": "slack", "display_name": "Ops", "labels": {"channel_name": name}}}});
    let held = |names: &[&str]| {
        let names = Dynamic::set(names.iter().map(|name| Dynamic::string(*name)));
        with_each(made(&slack("#ops")), |channel| tree::set(channel, "sensitive_label_names", names.clone()))
    };
    let plan = |prior| text(&planned(Some(&prior), &configured(&slack("#ml"))));
    expect![[r#"
        notification_channels["ops"]: update labels
    "#]]
    .assert_eq(&plan(held(&[])));
    expect![[r#"
        notification_channels["ops"]: update labels
        Error at notification_channels["ops"].sensitive_labels_wo: Secrets are needed for this change
    "#]]
    .assert_eq(&plan(held(&["auth_token"])));
}

#[test]
fn what_cannot_change_is_refused_or_replaced_on_request() {
    let before = json!({"buckets": {"a": {"location": "US"}}});
    expect![[r#"
        buckets["a"]: update location
        Error at buckets["a"].location: The location of a bucket cannot be changed
    "#]]
    .assert_eq(&change(&before, &json!({"buckets": {"a": {"location": "EU"}}})));
    expect![[r#"
        buckets["a"]: replace
        Warning at : 1 object will be replaced
    "#]]
    .assert_eq(&change(&before, &json!({"buckets": {"a": {"location": "EU", "allow_replacement": true}}})));
}

#[test]
fn what_cannot_change_and_is_not_known_yet_may_be_replaced() {
    let prior = made(&json!({"buckets": {"a": {"location": "US"}}}));
    let mut config = configured(&json!({"buckets": {"a": {"allow_replacement": true}}}));
    let mut components = config.components();
    components.values_mut().for_each(|component| tree::set(component, "location", Dynamic::Unknown));
    let like = config.clone();
    config.set_components(&components, &like);
    expect![[r#"
        buckets["a"]: replace
        Warning at : 1 object will be replaced if a value turns out to differ
    "#]]
    .assert_eq(&text(&planned(Some(&prior), &config)));
}

#[test]
fn users_of_a_replaced_component_move_over() {
    let team = |r#type, labels| json!({"team": {"type": r#type, "display_name": "T", "labels": labels, "allow_replacement": true}});
    let down = json!({"down": {"preset": "api_downtime", "channels": ["team"]}});
    let before =
        json!({"notification_channels": team("email", json!({"email_address": "a@b.c"})), "alert_policies": down});
    let after =
        json!({"notification_channels": team("sms", json!({"number": "+15551234567"})), "alert_policies": down});
    expect![[r#"
        notification_channels["team"]: replace
        alert_policies["down"]: update channels
        Warning at : 1 object will be replaced
    "#]]
    .assert_eq(&change(&before, &after));
}

#[test]
fn a_service_that_was_never_ready_is_looked_after() {
    let all = json!({"services": {"api": service(&json!({}))}});
    let mut prior = made(&all);
    let mut components = prior.components();
    components.values_mut().for_each(|service| tree::set(service, "latest_ready_revision", Dynamic::Null));
    let like = prior.clone();
    prior.set_components(&components, &like);
    let plan = planned(Some(&prior), &configured(&all));
    expect![[r#"
        services["api"]: update 
    "#]]
    .assert_eq(&text(&plan));
    let service = plan.planned.components().into_values().next().unwrap();
    assert!(service.get("latest_ready_revision").is_unknown());
}

#[test]
fn unknown_references_and_circles_are_errors() {
    let circle = json!({"services": {
        "a": service(&json!({"env": {"U": "{{services.b.url}}"}})),
        "b": service(&json!({"env": {"U": "{{services.a.url}}"}})),
        "c": service(&json!({"env": {"U": "{{buckets.none.url}}", "V": "{{other.none.url}}"}})),
        "d": service(&json!({"env": {"U": "{{services.a.nothing}}"}})),
    }});
    expect![[r#"
        Error at services["c"].env["U"]: Reference to an unknown component
        Error at services["d"].env["U"]: Reference to an unknown attribute
        Error at services["a"]: Components refer to each other in a circle
    "#]]
    .assert_eq(&text(&planned(None, &configured(&circle))));
}

#[test]
fn labels_of_provider_stack_and_component_are_merged_and_the_stamp_stays() {
    let prior = made(&json!({"buckets": {"a": {}}}));
    let config = configured(&json!({"buckets": {"a": {"labels": {"x": "component", "own": "1"}}}}));
    let mut scope = scope();
    scope.default_labels =
        [("x", "provider"), ("y", "provider"), ("z", "provider")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    scope.labels = [("x", "stack"), ("y", "stack")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let input = crate::engine::plan::Input {
        prior: Some(&prior),
        config: &config,
        proposed: &config,
        scope: &scope,
        configured_place: None,
        cloud: &GOOGLE,
    };
    let plan = crate::engine::plan::plan(&input);
    let bucket = plan.planned.components().into_values().next().unwrap();
    let labels: Vec<String> = tree::strings(bucket.get("effective_labels"))
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    expect!["mlops-component=a mlops-stack=it own=1 x=component y=stack z=provider"].assert_eq(&labels.join(" "));
}

#[test]
fn the_fingerprint_follows_settings_and_nothing_else() {
    let digest = |all: &serde_json::Value| {
        effective::fingerprint(&made(all).components(), &crate::engine::grants::Grants::new(), &scope()).unwrap()
    };
    let one = json!({"buckets": {"a": {"versioning": true}}});
    assert_eq!(digest(&one), digest(&one));
    assert_ne!(digest(&one), digest(&json!({"buckets": {"a": {}}})));
    let mut touched = made(&json!({"services": {"api": service(&json!({}))}})).components();
    let before = effective::fingerprint(&touched, &crate::engine::grants::Grants::new(), &scope());
    touched.values_mut().for_each(|service| tree::set(service, "latest_ready_revision", Dynamic::string("next")));
    assert_eq!(effective::fingerprint(&touched, &crate::engine::grants::Grants::new(), &scope()), before);
}

#[test]
fn the_fingerprint_follows_neither_keys_nor_spellings() {
    let digest = |all: &serde_json::Value| {
        effective::fingerprint(&made(all).components(), &crate::engine::grants::Grants::new(), &scope()).unwrap()
    };
    let stack = |account: &str, memory: &str, secret: &str, severity: &str| {
        json!({
            "service_accounts": {account: {"name": "churn-api"}},
            "services": {"api": service(&json!({
                "name": "api", "service_account": account, "memory": memory, "cpu": "1",
                "secret_env": {"TOKEN": {"secret": secret, "version": "1"}},
            }))},
            "alert_policies": {"down": {"preset": "api_downtime", "service": "api", "severity": severity, "display_name": "Down"}},
        })
    };
    let first = digest(&stack("api", "1Gi", "token", "CRITICAL"));
    assert_eq!(digest(&stack("account", "1024Mi", "projects/test-project/secrets/token", "p0")), first);
    assert_ne!(digest(&stack("api", "2Gi", "token", "CRITICAL")), first);
    assert_ne!(digest(&stack("api", "1Gi", "projects/other/secrets/token", "CRITICAL")), first);
    assert_ne!(digest(&stack("api", "1Gi", "token", "P1")), first);
}

#[test]
fn the_inventory_names_every_object_and_grant() {
    let all = json!({
        "buckets": {"a": {"iam": {"roles/storage.objectViewer": ["allUsers"]}}},
        "services": {"api": service(&json!({}))},
    });
    let lines = inventory::inventory(&made(&all), &made(&all).components(), &scope()).unwrap();
    expect![[r#"
        //run.googleapis.com/projects/test-project/locations/europe-west1/services/api
        //storage.googleapis.com/projects/_/buckets/test-a
        //storage.googleapis.com/projects/_/buckets/test-a roles/storage.objectViewer allUsers"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn silence_says_what_the_page_says() {
    let of = |more: Json| json!({"services": {"api": service(&more)}});
    let canary = of(json!({"traffic": [{"revision": "api-1", "percent": 90}, {"percent": 10}]}));
    expect![[r#"
        services["api"]: update traffic
    "#]]
    .assert_eq(&change(&canary, &of(json!({}))));
    let direct = of(json!({"vpc_access": {"network": "default", "subnetwork": "default"}}));
    expect![[r#"
        services["api"]: update vpc_access
    "#]]
    .assert_eq(&change(&direct, &of(json!({"vpc_access": {"connector": "c"}}))));
    let whole = of(json!({"cpu": "1", "memory": "512Mi", "concurrency": 80, "cpu_idle": false}));
    expect![[r#"
        services["api"]: update concurrency cpu cpu_idle
    "#]]
    .assert_eq(&change(&whole, &of(json!({"cpu": "0.5", "memory": "512Mi"}))));
    expect![[""]].assert_eq(&change(&whole, &of(json!({}))));
}

#[test]
fn an_account_leaves_together_with_its_mention() {
    let with = |accounts: Json, more: Json| json!({"service_accounts": accounts, "services": {"api": service(&more)}});
    let before = with(json!({"runner": {}}), json!({"service_account": "runner"}));
    let gone = change(&before, &with(json!({}), json!({})));
    assert!(gone.contains("services[\"api\"]: update service_account\n"), "{gone}");
    assert!(!gone.contains("Error"), "{gone}");
    expect![[""]].assert_eq(&change(&before, &with(json!({"runner": {}}), json!({}))));
    let renamed = change(&before, &with(json!({"running": {"name": "runner"}}), json!({})));
    assert!(!renamed.contains("services") && !renamed.contains("Error"), "{renamed}");
}
