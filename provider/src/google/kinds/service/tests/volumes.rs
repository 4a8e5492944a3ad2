//! Volumes and who mounts them.

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::{container, found, services, silent, template};
use crate::engine::wire;
use crate::google::kinds::fixtures::{component, created, set, updated};

#[test]
fn sidecars_and_their_volumes_survive() {
    let mut body = found();
    body["template"]["containers"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({"name": "proxy", "image": "p", "volumeMounts": [{"name": "certs", "mountPath": "/c"}]}));
    body["template"]["volumes"] = json!([{"name": "certs", "secret": {"secret": "c"}}]);
    let bucket = json!({"models": {"bucket": "b", "mount_path": "/models"}});
    let volumes = component(services(), &json!({"image": "i", "volumes": bucket})).get("volumes").clone();
    let (wanted, mask) = updated(services(), &body, |service| {
        set(service, "image", Dynamic::string("gcr.io/new"));
        set(service, "volumes", volumes);
    });
    assert_eq!(wanted["template"]["containers"][0], body["template"]["containers"][0]);
    assert_eq!(wanted["template"]["containers"][1]["image"], json!("gcr.io/new"));
    assert_eq!(
        wanted["template"]["volumes"],
        json!([{"name": "certs", "secret": {"secret": "c"}}, {"name": "models", "gcs": {"bucket": "b"}}])
    );
    assert_eq!(mask, ["template.containers", "template.volumes"]);
    assert_eq!(wire::unexpressed(services().object(), &body, services().unmanaged()), Vec::<String>::new());
}

#[test]
fn volumes_of_all_kinds_are_written_and_read_back() {
    let hcl = json!({"image": "i", "volumes": {
        "bucket": {"bucket": "b", "mount_path": "/b", "read_only": true, "mount_options": ["implicit-dirs"]},
        "certs": {"secret": "c", "mount_path": "/c", "items": {"cert.pem": "3"}, "default_mode": 292},
        "cloudsql": {"cloud_sql_instances": ["p:r:b", "p:r:a"], "mount_path": "/cloudsql"},
        "nfs": {"nfs": {"server": "10.0.0.1", "path": "/x"}, "mount_path": "/n", "sub_path": "y"},
        "tmp": {"empty_dir": {"size_limit": "256Mi"}, "mount_path": "/t"},
    }});
    let body = created(services(), &hcl);
    let sources = body["template"]["volumes"].as_array().unwrap();
    assert_eq!(
        sources[0],
        json!({"name": "bucket", "gcs": {"bucket": "b", "mountOptions": ["implicit-dirs"], "readOnly": true}})
    );
    assert_eq!(sources[4], json!({"name": "tmp", "emptyDir": {"medium": "MEMORY", "sizeLimit": "256Mi"}}));
    silent(hcl, &body);
}

#[test]
fn an_absent_medium_is_memory_and_instances_are_equal_in_any_order() {
    let mut body = found();
    template(&mut body).insert(
        "volumes".into(),
        json!([
            {"name": "t", "emptyDir": {}}, {"name": "q", "cloudSqlInstance": {"instances": ["b", "a"]}},
        ]),
    );
    container(&mut body).insert(
        "volumeMounts".into(),
        json!([{"name": "t", "mountPath": "/t"}, {"name": "q", "mountPath": "/cloudsql"}]),
    );
    silent(
        json!({"image": "gcr.io/i", "volumes": {
            "t": {"empty_dir": {"medium": "MEMORY"}, "mount_path": "/t"},
            "q": {"cloud_sql_instances": ["a", "b"], "mount_path": "/cloudsql"},
        }}),
        &body,
    );
}

/// A service whose main container and sidecar share the volume `shared`.
fn sharing() -> Json {
    let mut body = found();
    container(&mut body).insert("volumeMounts".into(), json!([{"name": "shared", "mountPath": "/shared"}]));
    let sidecar = json!({"name": "proxy", "image": "p", "volumeMounts": [{"name": "shared", "mountPath": "/in"}]});
    body["template"]["containers"].as_array_mut().unwrap().push(sidecar);
    body["template"]["volumes"] = json!([{"name": "shared", "emptyDir": {"medium": "MEMORY"}}]);
    body
}

#[test]
fn a_volume_that_a_sidecar_mounts_stays_when_the_main_container_lets_go_of_it() {
    let body = sharing();
    let (wanted, _) = updated(services(), &body, |service| set(service, "volumes", Dynamic::Null));
    assert_eq!(wanted["template"]["volumes"], body["template"]["volumes"]);
    assert!(wanted["template"]["containers"][0].get("volumeMounts").is_none());
    assert_eq!(wanted["template"]["containers"][1], body["template"]["containers"][1]);
}

#[test]
fn a_volume_that_is_mounted_twice_keeps_its_second_place() {
    let mut body = found();
    let mounts = json!([{"name": "t", "mountPath": "/a"}, {"name": "t", "mountPath": "/b", "subPath": "x"}]);
    container(&mut body).insert("volumeMounts".into(), mounts);
    body["template"]["volumes"] = json!([{"name": "t", "emptyDir": {"medium": "MEMORY"}}]);
    let unexpressed = wire::unexpressed(services().object(), &body, services().unmanaged());
    assert_eq!(unexpressed, ["template.containers[0].volumeMounts[1]"]);
    let moved = component(services(), &json!({"image": "i", "volumes": {"t": {"empty_dir": {}, "mount_path": "/c"}}}));
    let (wanted, _) = updated(services(), &body, |service| set(service, "volumes", moved.get("volumes").clone()));
    assert_eq!(
        wanted["template"]["containers"][0]["volumeMounts"],
        json!([{"name": "t", "mountPath": "/c"}, {"name": "t", "mountPath": "/b", "subPath": "x"}])
    );
    let (wanted, _) = updated(services(), &body, |service| set(service, "volumes", Dynamic::Null));
    assert!(wanted["template"]["containers"][0].get("volumeMounts").is_none());
    assert!(wanted["template"].get("volumes").is_none());
}

#[test]
fn what_a_volume_cannot_say_is_named_and_survives() {
    let mut body = found();
    body["template"]["volumes"] = json!([
        {"name": "key", "secret": {"secret": "tls", "items": [{"path": "tls.key", "version": "1", "mode": 256}]}},
        {"name": "new", "filestore": {"instance": "f"}},
    ]);
    let mounts = json!([{"name": "key", "mountPath": "/tls"}, {"name": "new", "mountPath": "/new"}]);
    container(&mut body).insert("volumeMounts".into(), mounts);
    assert_eq!(
        wire::unexpressed(services().object(), &body, services().unmanaged()),
        [
            "template.containers[0].volumeMounts[1]",
            "template.volumes[0].secret.items[0].mode",
            "template.volumes[1].filestore"
        ]
    );
    let (wanted, _) = updated(services(), &body, |service| {
        let mut volumes = service.get("volumes").clone();
        let key = volumes.as_entries_mut().unwrap().get_mut("key").unwrap();
        set(key, "mount_path", Dynamic::string("/etc/tls"));
        set(service, "volumes", volumes);
    });
    assert_eq!(wanted["template"]["volumes"], body["template"]["volumes"]);
    assert_eq!(wanted["template"]["containers"][0]["volumeMounts"][0]["mountPath"], json!("/etc/tls"));
    assert_eq!(wanted["template"]["containers"][0]["volumeMounts"][1], json!({"name": "new", "mountPath": "/new"}));
}
