use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::objects::Readiness;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, component, created, differences, problems, problems_when_new, read_body, refused, scope, set, updated,
};
use crate::google::kinds::kind;

fn connectors() -> &'static AnyKind {
    kind("vpc_connectors").unwrap()
}

/// A connector as a GET answers it: both sizes, each derived from the other.
fn body() -> Json {
    json!({
        "name": format!("projects/{PROJECT}/locations/europe-west1/connectors/main"),
        "network": "default",
        "ipCidrRange": "10.8.0.0/28",
        "state": "READY",
        "minThroughput": 200,
        "maxThroughput": 300,
        "minInstances": 2,
        "maxInstances": 3,
        "machineType": "e2-micro",
        "connectedProjects": [PROJECT],
    })
}

fn hcl() -> Json {
    json!({"name": "main", "network": "default", "ip_cidr_range": "10.8.0.0/28", "max_instances": 3})
}

#[test]
fn a_connector_is_what_its_configuration_says() {
    let configured = component(connectors(), &hcl());
    assert_eq!(differences(connectors(), &configured, &read_body(connectors(), &body())), Vec::<String>::new());
    assert_eq!(wire::unexpressed(connectors().object(), &body(), connectors().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_creation_says_how_large_it_is_and_has_no_name() {
    let made = created(connectors(), &json!({"name": "main", "network": "default", "ip_cidr_range": "10.8.0.0/28"}));
    let wanted = json!({
        "network": "default", "ipCidrRange": "10.8.0.0/28", "machineType": "e2-micro", "minInstances": 2, "maxInstances": 10,
    });
    assert_eq!(made, wanted);
}

#[test]
fn a_network_is_named_shortly() {
    let mut full = hcl();
    full["network"] = json!(format!("projects/{PROJECT}/global/networks/default"));
    assert_eq!(created(connectors(), &full)["network"], "default");
    assert_eq!(
        differences(connectors(), &component(connectors(), &full), &read_body(connectors(), &body())),
        Vec::<String>::new()
    );
}

#[test]
fn in_a_subnetwork_the_network_is_not_sent() {
    let made = created(connectors(), &json!({"name": "main", "network": "default", "subnet": {"name": "connectors"}}));
    assert_eq!((made.get("network"), &made["subnet"]), (None, &json!({"name": "connectors"})));
}

#[test]
fn an_update_carries_the_instances_alone() {
    let (wanted, mask) = updated(connectors(), &body(), |connector| {
        set(connector, "max_instances", Dynamic::Number(5.into()));
    });
    assert_eq!((mask, &wanted["maxInstances"]), (vec!["maxInstances".to_owned()], &json!(5)));
}

#[test]
fn a_broken_connector_is_beyond_repair() {
    let mut broken = body();
    broken["state"] = json!("ERROR");
    let gradual = connectors().gradual().unwrap();
    assert!(matches!(gradual.readiness(&broken), Readiness::Failed(_)));
    assert_eq!(gradual.readiness(&body()), Readiness::Ready);
    let recorded = |state: Dynamic| {
        let mut connector = component(connectors(), &hcl());
        set(&mut connector, "state", state);
        (connectors().was_ready(&connector), connectors().is_beyond_repair(&connector))
    };
    assert_eq!(recorded(Dynamic::Null), (false, true));
    assert_eq!(recorded(Dynamic::string("READY")), (true, false));
    assert_eq!(recorded(Dynamic::string("CREATING")), (false, false));
}

#[test]
fn the_id_is_what_services_name() {
    let mut connector = component(connectors(), &hcl());
    set(&mut connector, "location", Dynamic::string("europe-west1"));
    let id = format!("projects/{PROJECT}/locations/europe-west1/connectors/main");
    assert_eq!(connectors().predict(&connector, &scope()), [("id", Dynamic::String(id))]);
}

#[test]
fn names_have_25_characters_at_most() {
    for name in ["a", "-main", "main-", "Main", "a_b", &"a".repeat(26)] {
        let mut connector = hcl();
        connector["name"] = json!(name);
        refused(connectors(), &connector, ".name", "2 to 25");
    }
    for name in ["ab", &"a".repeat(25)] {
        let mut connector = hcl();
        connector["name"] = json!(name);
        assert_eq!(problems(connectors(), &connector), []);
    }
}

#[test]
fn a_connector_is_in_one_place() {
    let of = |place: Json| {
        let mut connector = place;
        connector["name"] = json!("main");
        connector
    };
    let refused = |place: Json, path: &str, text: &str| refused(connectors(), &of(place), path, text);
    refused(json!({}), ".ip_cidr_range", "or subnet");
    refused(json!({"network": "default"}), ".ip_cidr_range", "or subnet");
    refused(json!({"ip_cidr_range": "10.8.0.0/28"}), ".network", "needs network");
    refused(json!({"network": "default", "ip_cidr_range": "10.8.0.0/24"}), ".ip_cidr_range", "must be a /28");
    refused(json!({"ip_cidr_range": "10.8.0.0/28", "subnet": {"name": "s"}}), ".ip_cidr_range", "not both");
    for place in [json!({"subnet": {"name": "s"}}), json!({"network": "n", "subnet": {"name": "s", "project": "host"}})]
    {
        assert_eq!(problems_when_new(connectors(), &of(place)), []);
    }
}

#[test]
fn sizes_have_limits() {
    let with = |attribute: &str, value: Json| {
        let mut connector = hcl();
        connector[attribute] = value;
        connector
    };
    refused(connectors(), &with("max_instances", json!(11)), ".max_instances", "between 3 and 10");
    refused(connectors(), &with("min_instances", json!(1)), ".min_instances", "between 2 and 9");
    refused(connectors(), &with("min_instances", json!(3)), ".min_instances", "must be below max_instances");
    refused(connectors(), &with("machine_type", json!("n1-standard-1")), ".machine_type", "e2-micro");
}
