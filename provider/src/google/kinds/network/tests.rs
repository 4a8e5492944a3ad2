use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, answers, component, created, differences, problems, problems_when_new, read_body, refused, scope, set,
    updated,
};
use crate::google::kinds::kind;

fn networks() -> &'static AnyKind {
    kind("networks").unwrap()
}

/// The network of the recording, as GETs answered it: alone, and peered with Google's services.
fn recorded() -> Vec<Json> {
    answers("servicenetworking-connection", |answer| answer["kind"] == "compute#network")
}

/// A network with a subnetwork and a range, as it hangs together.
fn body() -> Json {
    let project = format!("https://www.googleapis.com/compute/v1/projects/{PROJECT}");
    json!({
        "kind": "compute#network", "id": "911", "name": "main", "selfLink": format!("{project}/global/networks/main"),
        "autoCreateSubnetworks": false, "routingConfig": {"routingMode": "REGIONAL"},
        "subnets": {"apps": {
            "kind": "compute#subnetwork", "id": "912", "name": "apps", "region": format!("{project}/regions/europe-west1"),
            "network": format!("{project}/global/networks/main"), "ipCidrRange": "10.0.0.0/24", "fingerprint": "abc=",
            "secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.4.0.0/20"}],
            "relativeName": format!("projects/{PROJECT}/regions/europe-west1/subnetworks/apps"),
        }},
        "serviceRanges": {"google": {
            "kind": "compute#address", "id": "913", "name": "google", "prefixLength": 16, "address": "10.100.0.0",
            "purpose": "VPC_PEERING", "addressType": "INTERNAL", "status": "RESERVED",
        }},
    })
}

fn hcl() -> Json {
    json!({
        "name": "main",
        "subnetworks": {"apps": {"ip_cidr_range": "10.0.0.0/24", "secondary_ranges": {"pods": "10.4.0.0/20"}}},
        "private_services": {"google": {"prefix_length": 16, "address": "10.100.0.0"}},
    })
}

#[test]
fn a_network_is_what_its_configuration_says() {
    let configured = component(networks(), &hcl());
    assert_eq!(differences(networks(), &configured, &read_body(networks(), &body())), Vec::<String>::new());
    assert_eq!(wire::unexpressed(networks().object(), &body(), networks().unmanaged()), Vec::<String>::new());
}

#[test]
fn all_that_is_recorded_is_expressed_or_known_not_to_be() {
    for network in recorded() {
        let unexpressed = wire::unexpressed(networks().object(), &network, networks().unmanaged());
        assert_eq!(unexpressed, Vec::<String>::new());
        assert!(!networks().is_made_by_cloud(&network, &scope()));
    }
}

#[test]
fn a_creation_says_that_it_makes_no_subnetworks_by_itself() {
    let made = created(networks(), &json!({"name": "main"}));
    assert_eq!(made, json!({"name": "main", "autoCreateSubnetworks": false}));
}

#[test]
fn subnetworks_and_ranges_of_others_survive_an_update() {
    let (wanted, mask) = updated(networks(), &body(), |network| {
        set(network, "subnetworks", Dynamic::Null);
        set(network, "routing_mode", Dynamic::string("GLOBAL"));
    });
    assert!(mask.contains(&"routingConfig.routingMode".to_owned()), "{mask:?}");
    assert_eq!(wanted["serviceRanges"], body()["serviceRanges"]);
}

#[test]
fn logs_of_connections_are_on_where_they_are_said() {
    let mut logged = body();
    logged["subnets"]["apps"]["logConfig"] = json!({
        "enable": true, "aggregationInterval": "INTERVAL_5_SEC", "flowSampling": 0.5, "metadata": "EXCLUDE_ALL_METADATA",
        "metadataFields": ["src_instance"], "filterExpr": "true",
    });
    let mut hcl = hcl();
    hcl["subnetworks"]["apps"]["flow_logs"] = json!({"sampling": 0.5});
    let configured = component(networks(), &hcl);
    assert_eq!(differences(networks(), &configured, &read_body(networks(), &logged)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(networks().object(), &logged, networks().unmanaged()), Vec::<String>::new());
    logged["subnets"]["apps"]["logConfig"]["enable"] = json!(false);
    assert_eq!(differences(networks(), &configured, &read_body(networks(), &logged)), ["subnetworks"]);
}

#[test]
fn the_network_that_every_project_begins_with_is_google_s() {
    let of = |name: &str, makes: bool| json!({"name": name, "autoCreateSubnetworks": makes});
    assert!(networks().is_made_by_cloud(&of("default", true), &scope()));
    assert!(!networks().is_made_by_cloud(&of("default", false), &scope()));
    assert!(!networks().is_made_by_cloud(&of("main", true), &scope()));
}

#[test]
fn names_of_all_that_is_inside_are_known() {
    let names = networks().inner_names(&component(networks(), &hcl()), &scope()).unwrap();
    let project = format!("projects/{PROJECT}");
    let wanted =
        [format!("{project}/regions/europe-west1/subnetworks/apps"), format!("{project}/global/addresses/google")];
    assert_eq!(names, wanted);
}

#[test]
fn id_and_link_are_known_before_the_network_is() {
    let predicted = networks().predict(&component(networks(), &hcl()), &scope());
    let id = format!("projects/{PROJECT}/global/networks/main");
    let link = format!("https://www.googleapis.com/compute/v1/{id}");
    assert_eq!(predicted, [("id", Dynamic::String(id)), ("self_link", Dynamic::String(link))]);
}

#[test]
fn names_and_ranges_have_rules() {
    refused(networks(), &json!({"name": "Main"}), ".name", "lower-case");
    let subnetwork = |more: Json| json!({"name": "main", "subnetworks": {"apps": more}});
    let named = json!({"name": "a_b", "ip_cidr_range": "10.0.0.0/24"});
    refused(networks(), &subnetwork(named), ".subnetworks[\"apps\"].name", "lower-case");
    for range in ["10.0.0.0", "10.0.0.1/24", "10.0.0.0/30", "apps"] {
        let at = ".subnetworks[\"apps\"].ip_cidr_range";
        refused(networks(), &subnetwork(json!({"ip_cidr_range": range})), at, "10.0.0.0/24");
    }
    let logs = |more: Json| subnetwork(json!({"ip_cidr_range": "10.0.0.0/24", "flow_logs": more}));
    let at = ".subnetworks[\"apps\"].flow_logs.sampling";
    refused(networks(), &logs(json!({"sampling": 1.5})), at, "0 to 1");
    let at = ".subnetworks[\"apps\"].flow_logs.metadata_fields";
    refused(networks(), &logs(json!({"sampling": 0.5, "metadata_fields": ["src_instance"]})), at, "CUSTOM_METADATA");
    let at = ".subnetworks[\"apps\"].role";
    refused(networks(), &subnetwork(json!({"ip_cidr_range": "10.0.0.0/24", "role": "ACTIVE"})), at, "purpose");
    let range = |more: Json| json!({"name": "main", "private_services": {"google": more}});
    let at = ".private_services[\"google\"].prefix_length";
    refused(networks(), &range(json!({"prefix_length": 31})), at, "between 8 and 30");
    let at = ".private_services[\"google\"].address";
    refused(networks(), &range(json!({"prefix_length": 16, "address": "10.0"})), at, "10.100.0.0");
    assert_eq!((problems(networks(), &hcl()), problems_when_new(networks(), &hcl())), (vec![], vec![]));
}
