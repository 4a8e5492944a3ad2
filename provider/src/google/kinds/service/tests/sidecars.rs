//! Containers beside the main one.

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::{found, services, silent};
use crate::engine::marks::{Silent, WhenSilent};
use crate::engine::wire;
use crate::google::kinds::fixtures::{component, created, problems, read_body, refused, set, updated};

/// A gateway with a policy agent beside it.
fn gateway(opa: Json) -> Json {
    json!({"image": "gcr.io/i", "containers": {"opa": opa}})
}

fn opa() -> Json {
    json!({
        "image": "openpolicyagent/opa:1.0", "args": ["run", "--server"], "cpu": "0.5", "memory": "256Mi",
        "env": {"LOG": "info"}, "startup_probe": {"http_path": "/health", "port": 8181},
        "volumes": {"policies": {"bucket": "policies", "mount_path": "/policies"}},
    })
}

/// The service of [`found`] with the sidecar of [`opa`].
fn with_opa() -> Json {
    let mut body = found();
    body["template"]["containers"].as_array_mut().unwrap().push(json!({
        "name": "opa", "image": "openpolicyagent/opa:1.0", "args": ["run", "--server"],
        "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}, "cpuIdle": true},
        "env": [{"name": "LOG", "value": "info"}],
        "startupProbe": {"httpGet": {"path": "/health", "port": 8181}, "timeoutSeconds": 1, "periodSeconds": 10, "failureThreshold": 3},
        "volumeMounts": [{"name": "policies", "mountPath": "/policies"}],
    }));
    body["template"]["containers"][0]["name"] = json!("s-1");
    body["template"]["volumes"] = json!([{"name": "policies", "gcs": {"bucket": "policies"}}]);
    body
}

fn sidecars(hcl: &Json) -> Dynamic {
    component(services(), hcl).get("containers").clone()
}

#[test]
fn a_new_service_has_its_main_container_first_and_with_the_port() {
    let body = created(services(), &gateway(opa()));
    let containers = body["template"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 2);
    assert_eq!(containers[0]["image"], json!("gcr.io/i"));
    assert_eq!(containers[0]["ports"], json!([{"containerPort": 8080}]));
    assert_eq!((&containers[1]["name"], containers[1].get("ports")), (&json!("opa"), None));
    // CPU is allocated to all of them alike, and not always.
    assert_eq!(containers[0]["resources"]["cpuIdle"], json!(true));
    assert_eq!(containers[1]["resources"]["cpuIdle"], json!(true));
    assert_eq!(body["template"]["volumes"], json!([{"name": "policies", "gcs": {"bucket": "policies"}}]));
}

#[test]
fn sidecars_are_read_as_they_are_configured_in_whatever_order() {
    silent(gateway(opa()), &with_opa());
    let mut turned = with_opa();
    turned["template"]["containers"].as_array_mut().unwrap().reverse();
    silent(gateway(opa()), &turned);
    assert_eq!(read_body(services(), &turned).get("image"), &Dynamic::string("gcr.io/i"));
    assert_eq!(wire::unexpressed(services().object(), &turned, services().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_changed_sidecar_keeps_its_place_and_what_is_not_known_of_it() {
    let mut body = with_opa();
    body["template"]["containers"].as_array_mut().unwrap().reverse();
    body["template"]["containers"][0]["workingDir"] = json!("/srv");
    let mut changed = opa();
    changed["image"] = json!("openpolicyagent/opa:1.1");
    let (wanted, mask) = updated(services(), &body, |service| set(service, "containers", sidecars(&gateway(changed))));
    assert_eq!(mask, ["template.containers", "template.volumes"]);
    let opa = &wanted["template"]["containers"][0];
    assert_eq!(
        (&opa["name"], &opa["image"], &opa["workingDir"]),
        (&json!("opa"), &json!("openpolicyagent/opa:1.1"), &json!("/srv"))
    );
    assert_eq!(wanted["template"]["containers"][1], body["template"]["containers"][1]);
    assert_eq!(
        wire::unexpressed(services().object(), &body, services().unmanaged()),
        ["template.containers[0].workingDir"]
    );
}

#[test]
fn a_sidecar_that_is_not_named_any_more_goes_with_its_volumes() {
    let body = with_opa();
    for none in [Dynamic::Null, Dynamic::Map(tfplugin::Entries::default())] {
        let (wanted, _) = updated(services(), &body, |service| set(service, "containers", none));
        assert_eq!(wanted["template"]["containers"].as_array().unwrap().len(), 1);
        assert!(wanted["template"].get("volumes").is_none());
    }
}

#[test]
fn silence_leaves_sidecars_and_names_the_main_container_only_beside_some() {
    let name = |component: &Dynamic, value: &Dynamic| {
        let WhenSilent(meaning) = services().object().attribute("container_name").unwrap().extensions.get().unwrap();
        meaning(&Silent { value, before: component, now: component, component_before: component, component })
    };
    let alone = component(services(), &json!({"image": "i"}));
    let gateway = component(services(), &gateway(opa()));
    assert_eq!(name(&alone, &Dynamic::Null), Dynamic::Null);
    assert_eq!(name(&gateway, &Dynamic::Null), Dynamic::Unknown);
    assert_eq!(name(&alone, &Dynamic::string("app")), Dynamic::string("app"));
}

#[test]
fn a_volume_that_the_main_container_mounts_stays_when_a_sidecar_goes() {
    let mut body = with_opa();
    body["template"]["containers"][0]["volumeMounts"] = json!([{"name": "policies", "mountPath": "/same"}]);
    let (wanted, _) = updated(services(), &body, |service| set(service, "containers", Dynamic::Null));
    assert_eq!(wanted["template"]["volumes"], body["template"]["volumes"]);
}

#[test]
fn what_several_containers_cannot_have_together_is_refused() {
    let with = |main: Json, opa: Json| {
        let mut hcl = gateway(opa);
        hcl.as_object_mut().unwrap().extend(main.as_object().unwrap().clone());
        hcl
    };
    let mut silent = opa();
    silent.as_object_mut().unwrap().remove("startup_probe");
    let named = json!({"container_name": "app", "depends_on": ["opa"]});
    assert_eq!(problems(services(), &with(named.clone(), opa())), vec![]);
    refused(services(), &with(named.clone(), silent), ".depends_on", "no startup_probe");
    refused(
        services(),
        &with(json!({"container_name": "app", "depends_on": ["opb"]}), opa()),
        ".depends_on",
        "no container",
    );
    refused(services(), &with(json!({"container_name": "opa"}), opa()), ".containers[\"opa\"]", "another name");
    let mut circle = opa();
    circle["depends_on"] = json!(["app"]);
    refused(services(), &with(named, circle), ".depends_on", "in a circle");
    let shared = json!({"volumes": {"policies": {"empty_dir": {}, "mount_path": "/p"}}});
    refused(services(), &with(shared, opa()), ".containers[\"opa\"].volumes[\"policies\"]", "one volume");
    let mut small = opa();
    small["cpu"] = json!("3");
    refused(services(), &gateway(small), ".containers[\"opa\"].cpu", "it is 3");
}
