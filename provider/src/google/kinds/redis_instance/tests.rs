use serde_json::{Value as Json, json};
use tfplugin::{Diagnostics, Dynamic, Path};

use crate::engine::kind::AnyKind;
use crate::engine::objects::Readiness;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, answers, component, created, differences, problems, problems_when_new, read_body, refused, scope, set,
    updated,
};
use crate::google::kinds::kind;

fn instances() -> &'static AnyKind {
    kind("redis_instances").unwrap()
}

/// The instance of the recording, as GETs answered it.
fn recorded() -> Vec<Json> {
    answers("redis-instance", |answer| answer.get("memorySizeGb").is_some())
}

fn hcl() -> Json {
    json!({"name": "cache", "memory_size_gb": 1})
}

fn with(attributes: Json) -> Json {
    let mut instance = hcl();
    instance.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    instance
}

#[test]
fn a_recorded_instance_is_what_a_configuration_says() {
    let wanted = json!({"display_name": "Sample Redis Instance", "memory_size_gb": 16, "redis_version": "REDIS_7_0"});
    let found = read_body(instances(), &recorded()[0]);
    assert_eq!(differences(instances(), &component(instances(), &wanted), &found), Vec::<String>::new());
    assert_eq!((found.get("host"), found.get("persistence")), (&Dynamic::string("10.216.45.163"), &Dynamic::Null));
}

#[test]
fn all_that_is_recorded_is_expressed_or_known_not_to_be() {
    for body in recorded() {
        let unexpressed = wire::unexpressed(instances().object(), &body, instances().unmanaged());
        assert_eq!(unexpressed, Vec::<String>::new());
    }
}

#[test]
fn a_network_is_sent_in_full() {
    let full = format!("projects/{PROJECT}/global/networks/main");
    assert_eq!(created(instances(), &with(json!({"network": "main"})))["authorizedNetwork"], json!(full));
    assert_eq!(created(instances(), &with(json!({"network": full})))["authorizedNetwork"], json!(full));
}

#[test]
fn snapshots_are_a_mode_and_its_settings() {
    let made = created(instances(), &with(json!({"persistence": {"snapshot_period": "SIX_HOURS"}})));
    let rdb = json!({"persistenceMode": "RDB", "rdbSnapshotPeriod": "SIX_HOURS"});
    assert_eq!(made["persistenceConfig"], rdb);
    assert_eq!(created(instances(), &hcl()).get("persistenceConfig"), None);
    let (wanted, mask) = updated(instances(), &json!({"persistenceConfig": rdb}), |instance| {
        set(instance, "persistence", Dynamic::Null)
    });
    assert_eq!(
        (mask, &wanted["persistenceConfig"]),
        (vec!["persistenceConfig".to_owned()], &json!({"persistenceMode": "DISABLED"}))
    );
}

#[test]
fn a_window_is_one_hour_of_the_week_and_the_policy_keeps_its_description() {
    let made = created(instances(), &with(json!({"maintenance_window": {"day": "SUNDAY", "hour": 3}})));
    let window = json!({"day": "SUNDAY", "startTime": {"hours": 3}});
    assert_eq!(made["maintenancePolicy"], json!({"weeklyMaintenanceWindow": [window]}));
    let body = json!({"maintenancePolicy": {
        "description": "nights", "createTime": "2024-04-12T20:41:43Z",
        "weeklyMaintenanceWindow": [{"day": "SUNDAY", "startTime": {}, "duration": "3600s"}],
    }});
    let read = read_body(instances(), &body);
    assert_eq!(read.get("maintenance_window").get("hour"), &Dynamic::Number(0.into()));
    let (wanted, _) = updated(instances(), &body, |instance| {
        let monday =
            component(instances(), &with(json!({"maintenance_window": {"day": "MONDAY", "hour": 4, "minute": 30}})));
        set(instance, "maintenance_window", monday.get("maintenance_window").clone());
    });
    let monday = json!({"day": "MONDAY", "startTime": {"hours": 4, "minutes": 30}});
    assert_eq!(wanted["maintenancePolicy"], json!({"description": "nights", "weeklyMaintenanceWindow": [monday]}));
}

#[test]
fn an_instance_is_pending_while_something_is_under_way() {
    let gradual = instances().gradual().unwrap();
    for (state, readiness) in [
        ("CREATING", Readiness::Pending),
        ("UPDATING", Readiness::Pending),
        ("MAINTENANCE", Readiness::Pending),
        ("READY", Readiness::Ready),
    ] {
        assert_eq!(gradual.readiness(&json!({"state": state})), readiness, "{state}");
    }
}

#[test]
fn the_id_is_known_before_the_instance_is() {
    let mut instance = component(instances(), &hcl());
    set(&mut instance, "location", Dynamic::string("europe-west1"));
    let id = format!("projects/{PROJECT}/locations/europe-west1/instances/cache");
    assert_eq!(instances().predict(&instance, &scope()), [("id", Dynamic::String(id))]);
}

/// What is wrong with a change from one configuration to another.
fn changed(before: Json, after: Json) -> Vec<(String, String)> {
    let mut diagnostics = Diagnostics::new();
    let of = |attributes: Json| component(instances(), &with(attributes));
    instances().validate_change(&of(before), &of(after), &Path::root(), &mut diagnostics);
    let said = |problem: &tfplugin::Diagnostic| (problem.summary.to_string(), problem.detail.to_string());
    diagnostics.iter().map(said).collect()
}

#[test]
fn a_version_is_only_raised() {
    let version = |version: &str| json!({"redis_version": version});
    let lowered = changed(version("REDIS_7_0"), version("REDIS_6_X"));
    assert_eq!(lowered.len(), 1, "{lowered:?}");
    assert!(lowered[0].0.contains("cannot be lowered") && lowered[0].1.contains("REDIS_6_X"), "{lowered:?}");
    assert_eq!(changed(version("REDIS_6_X"), version("REDIS_7_2")), []);
    assert_eq!(changed(version("REDIS_7_0"), json!({})), []);
}

#[test]
fn read_replicas_that_come_later_need_addresses() {
    let high = |more: Json| {
        let mut all = json!({"tier": "STANDARD_HA", "memory_size_gb": 5});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let readers = high(json!({"read_replicas_mode": "READ_REPLICAS_ENABLED"}));
    assert!(changed(high(json!({})), readers.clone())[0].1.contains("secondary_ip_range"));
    let with_range = high(json!({"read_replicas_mode": "READ_REPLICAS_ENABLED", "secondary_ip_range": "auto"}));
    assert_eq!(changed(high(json!({})), with_range), []);
    assert_eq!(changed(readers.clone(), readers), []);
}

#[test]
fn names_have_40_characters_at_most() {
    for name in ["1a", "-a", "a-", "A", &"a".repeat(41)] {
        refused(instances(), &with(json!({"name": name})), ".name", "1 to 40");
    }
    for name in ["a", &"a".repeat(40)] {
        assert_eq!(problems(instances(), &with(json!({"name": name}))), []);
    }
}

#[test]
fn limits_are_those_of_the_service() {
    let refused = |attributes: Json, path: &str, text: &str| refused(instances(), &with(attributes), path, text);
    refused(json!({"memory_size_gb": 301}), ".memory_size_gb", "between 1 and 300");
    refused(json!({"replica_count": 1}), ".replica_count", "0 in the tier BASIC");
    refused(json!({"read_replicas_mode": "READ_REPLICAS_ENABLED"}), ".read_replicas_mode", "STANDARD_HA");
    let readers = json!({"tier": "STANDARD_HA", "read_replicas_mode": "READ_REPLICAS_ENABLED"});
    refused(readers, ".memory_size_gb", "5 at least");
    refused(json!({"redis_configs": {"maxmemory": "1"}}), ".redis_configs[\"maxmemory\"]", "maxmemory-policy");
    refused(
        json!({"maintenance_window": {"day": "SUNDAY", "hour": 24}}),
        ".maintenance_window.hour",
        "between 0 and 23",
    );
    let range = json!({"connect_mode": "PRIVATE_SERVICE_ACCESS", "reserved_ip_range": "10.0.0.0/29"});
    refused(range, ".reserved_ip_range", "allocated");
    let fine = json!({"tier": "STANDARD_HA", "memory_size_gb": 5, "read_replicas_mode": "READ_REPLICAS_ENABLED", "replica_count": 5});
    assert_eq!(problems_when_new(instances(), &with(fine)), []);
}
