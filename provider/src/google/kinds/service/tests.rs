mod sidecars;
mod silence;
mod validate;
mod volumes;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, answers, component, created, ct_scan, differences, read_body, scope, set, updated,
};
use crate::google::kinds::kind;

fn services() -> &'static AnyKind {
    kind("services").unwrap()
}

#[track_caller]
fn silent(hcl: Json, body: &Json) {
    let (configured, found) = (component(services(), &hcl), read_body(services(), body));
    assert_eq!(differences(services(), &configured, &found), Vec::<String>::new());
}

/// What the API answers for a service that was made with nothing but an image.
fn found() -> Json {
    json!({
        "name": format!("projects/{PROJECT}/locations/europe-west1/services/s"), "ingress": "INGRESS_TRAFFIC_ALL",
        "launchStage": "GA", "generation": "1", "etag": "\"x\"", "reconciling": false, "uri": "https://s.run.app",
        "template": {
            "scaling": {"maxInstanceCount": 100}, "timeout": "300s", "maxInstanceRequestConcurrency": 80,
            "serviceAccount": "777769481436-compute@developer.gserviceaccount.com",
            "containers": [{
                "image": "gcr.io/i", "resources": {"limits": {"memory": "512Mi", "cpu": "1000m"}, "cpuIdle": true},
                "ports": [{"name": "http1", "containerPort": 8080}],
                "startupProbe": {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": 8080}},
            }],
        },
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
    })
}

fn container(body: &mut Json) -> &mut serde_json::Map<String, Json> {
    body["template"]["containers"][0].as_object_mut().unwrap()
}

fn template(body: &mut Json) -> &mut serde_json::Map<String, Json> {
    body["template"].as_object_mut().unwrap()
}

#[test]
fn an_image_alone_is_what_the_api_makes_of_it() {
    silent(json!({"name": "s", "location": "europe-west1", "image": "gcr.io/i"}), &found());
    assert_eq!(
        created(services(), &json!({"image": "gcr.io/i"})),
        json!({"template": {"containers": [{"image": "gcr.io/i"}]}, })
    );
}

#[test]
fn the_service_of_the_environment_is_what_its_configuration_says() {
    let body = ct_scan("services/ct-scan-api");
    silent(
        json!({
            "name": "ct-scan-api", "location": "europe-west1",
            "image": "europe-west1-docker.pkg.dev/dtu-mlops-data-482907/ct-scan-mlops/api:v1",
            "service_account": "777769481436-compute@developer.gserviceaccount.com",
            "port": 8080, "cpu": "2", "memory": "4096Mi", "cpu_idle": true, "startup_cpu_boost": true, "max_instances": 20,
            "concurrency": 80, "timeout": "5m", "ingress": "INGRESS_TRAFFIC_ALL",
            "env": {
                "CONFIG_PATH": "/gcs/configs/config.yaml", "DEPLOYMENT_ID": "20260131-102227",
                "FEATURES_UPDATED": "1769852116", "RELOAD_TIME": "1769851883",
                "FEATURE_METADATA_PATH": "/gcs/outputs/checkpoints/feature_metadata.json",
                "MODEL_PATH": "/gcs/outputs/checkpoints/model.pt",
            },
            "volumes": {"gcs-bucket": {"bucket": "dtu-mlops-data-482907_cloudbuild", "mount_path": "/gcs"}},
        }),
        &body,
    );
    assert_eq!(wire::unexpressed(services().object(), &body, services().unmanaged()), Vec::<String>::new());
}

#[test]
fn a_recorded_service_is_read_and_nothing_in_it_is_unexpressed() {
    for body in answers("run-service", |body| body["template"].is_object()) {
        let env = body["template"]["containers"][0]["env"][0]["value"].as_str().unwrap();
        let max = body["template"]["scaling"]["maxInstanceCount"].clone();
        silent(json!({"image": "gcr.io/cloudrun/hello", "env": {"FOO": env}, "max_instances": max}), &body);
        assert_eq!(wire::unexpressed(services().object(), &body, services().unmanaged()), Vec::<String>::new());
    }
}

#[test]
fn sizes_are_equal_in_any_unit() {
    silent(json!({"image": "gcr.io/i", "cpu": "1", "memory": "0.5Gi"}), &found());
}

#[test]
fn a_cpu_that_the_api_adds_to_memory_is_no_difference() {
    silent(json!({"image": "gcr.io/i", "memory": "512Mi"}), &found());
}

#[test]
fn absent_cpu_idle_is_false_beside_resources() {
    let mut body = found();
    body["template"]["containers"][0]["resources"].as_object_mut().unwrap().remove("cpuIdle");
    silent(json!({"image": "gcr.io/i", "cpu_idle": false, "startup_cpu_boost": false}), &body);
}

#[test]
fn a_creation_with_resources_keeps_cpu_for_requests_only() {
    let body = created(services(), &json!({"image": "i", "memory": "1Gi"}));
    assert_eq!(body["template"]["containers"][0]["resources"], json!({"limits": {"memory": "1Gi"}, "cpuIdle": true}));
    let body = created(services(), &json!({"image": "i", "memory": "1Gi", "cpu_idle": false}));
    assert_eq!(body["template"]["containers"][0]["resources"]["cpuIdle"], json!(false));
}

#[test]
fn a_removed_liveness_probe_is_removed() {
    let mut body = found();
    container(&mut body).insert("livenessProbe".into(), json!({"httpGet": {"path": "/health"}}));
    let (wanted, mask) = updated(services(), &body, |service| set(service, "liveness_probe", Dynamic::Null));
    assert_eq!(mask, ["template.containers"]);
    assert_eq!(wanted, found());
}

#[test]
fn a_probe_is_equal_with_its_defaults_left_out() {
    let mut body = found();
    container(&mut body).insert(
        "livenessProbe".into(),
        json!({"httpGet": {"path": "/health", "port": 8080}, "timeoutSeconds": 1, "periodSeconds": 10, "failureThreshold": 3}),
    );
    silent(json!({"image": "gcr.io/i", "liveness_probe": {"http_path": "/health", "port": 8080}}), &body);
    let written =
        created(services(), &json!({"image": "i", "liveness_probe": {"http_path": "/health", "period": "1m"}}));
    assert_eq!(
        written["template"]["containers"][0]["livenessProbe"],
        json!({"httpGet": {"path": "/health"}, "initialDelaySeconds": 0, "periodSeconds": 60, "timeoutSeconds": 1, "failureThreshold": 3})
    );
}

#[test]
fn environment_variables_are_equal_in_any_order_and_an_absent_value_is_empty() {
    let mut body = found();
    container(&mut body).insert("env".into(), json!([{"name": "B"}, {"name": "A", "value": "1"}]));
    silent(json!({"image": "gcr.io/i", "env": {"A": "1", "B": ""}}), &body);
}

#[test]
fn a_variable_moves_from_plain_to_secret_and_back() {
    let mut plain = found();
    container(&mut plain).insert("env".into(), json!([{"name": "A", "value": "1"}, {"name": "X", "value": "old"}]));
    let secret = json!({"name": "X", "valueSource": {"secretKeyRef": {"secret": "x", "version": "latest"}}});
    let reference = Dynamic::Object(
        [("secret".to_owned(), Dynamic::string("x")), ("version".to_owned(), Dynamic::string("latest"))].into(),
    );
    let (wanted, mask) = updated(services(), &plain, |service| {
        set(service, "env", Dynamic::Map([("A".to_owned(), Dynamic::string("1"))].into()));
        set(service, "secret_env", Dynamic::Map([("X".to_owned(), reference)].into()));
    });
    assert_eq!(wanted["template"]["containers"][0]["env"], json!([{"name": "A", "value": "1"}, secret]));
    assert_eq!(mask, ["template.containers"]);
    let (back, _) = updated(services(), &wanted, |service| {
        let both = [("A".to_owned(), Dynamic::string("1")), ("X".to_owned(), Dynamic::string("old"))];
        set(service, "env", Dynamic::Map(both.into()));
        set(service, "secret_env", Dynamic::Null);
    });
    assert_eq!(
        back["template"]["containers"][0]["env"],
        json!([{"name": "A", "value": "1"}, {"name": "X", "value": "old"}])
    );
}

#[test]
fn a_secret_is_equal_by_short_and_full_name_and_project_number() {
    let mut body = found();
    for name in ["s", "projects/dtu-mlops-data-482907/secrets/s", "projects/777769481436/secrets/s"] {
        container(&mut body).insert(
            "env".into(),
            json!([{"name": "A", "valueSource": {"secretKeyRef": {"secret": name, "version": "latest"}}}]),
        );
        for written in ["s", "projects/dtu-mlops-data-482907/secrets/s"] {
            silent(json!({"image": "gcr.io/i", "secret_env": {"A": {"secret": written}}}), &body);
        }
    }
}

#[test]
fn minimum_zero_is_absent_and_the_scaling_of_the_service_is_noise() {
    let mut body = found();
    body["scaling"] = json!({"manualInstanceCount": 0, "minInstanceCount": 0, "scalingMode": "AUTOMATIC"});
    silent(json!({"image": "gcr.io/i", "min_instances": 0}), &body);
    assert_eq!(wire::unexpressed(services().object(), &body, services().unmanaged()), Vec::<String>::new());
}

#[test]
fn traffic_to_the_latest_is_the_default_and_zero_percent_is_dropped() {
    silent(json!({"image": "gcr.io/i", "traffic": [{"percent": 100}]}), &found());
    let mut body = found();
    body["traffic"] = json!([
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "s-1", "tag": "canary"},
    ]);
    silent(
        json!({"image": "gcr.io/i", "traffic": [{"revision": "s-1", "tag": "canary", "percent": 0}, {"percent": 100}]}),
        &body,
    );
    let written =
        created(services(), &json!({"image": "i", "traffic": [{"revision": "s-1", "percent": 90}, {"percent": 10}]}));
    assert_eq!(
        written["traffic"],
        json!([
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "s-1", "percent": 90},
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10},
        ])
    );
}

#[test]
fn what_clients_leave_is_neither_read_nor_written() {
    let mut body = found();
    body["client"] = json!("gcloud");
    body["clientVersion"] = json!("554.0.0");
    body["launchStage"] = json!("BETA");
    body["annotations"] = json!({"client.knative.dev/user-image": "i", "run.googleapis.com/build-id": "b"});
    template(&mut body).insert("annotations".into(), json!({"client.knative.dev/user-image": "i"}));
    template(&mut body).insert("labels".into(), json!({"run.googleapis.com/startupProbeType": "Default"}));
    silent(json!({"image": "gcr.io/i"}), &body);
    assert!(read_body(services(), &body).get("annotations").is_null());
    assert_eq!(wire::unexpressed(services().object(), &body, services().unmanaged()), Vec::<String>::new());
    let (wanted, mask) = updated(services(), &body, |service| {
        set(service, "annotations", Dynamic::Map([("team".to_owned(), Dynamic::string("ml"))].into()));
    });
    assert_eq!(mask, ["annotations"]);
    assert_eq!(
        wanted["annotations"],
        json!({"client.knative.dev/user-image": "i", "run.googleapis.com/build-id": "b", "team": "ml"})
    );
}

#[test]
fn the_name_of_the_last_revision_is_blanked_when_the_template_changes() {
    let mut body = found();
    template(&mut body).insert("revision".into(), json!("s-00001-abc"));
    let (wanted, mask) =
        updated(services(), &body, |service| set(service, "concurrency", Dynamic::Number(10_i64.into())));
    assert_eq!(mask, ["template.maxInstanceRequestConcurrency", "template.revision"]);
    assert!(wanted["template"].get("revision").is_none());
    let (wanted, mask) =
        updated(services(), &body, |service| set(service, "ingress", Dynamic::string("INGRESS_TRAFFIC_NONE")));
    assert_eq!(mask, ["ingress"]);
    assert_eq!(wanted["template"]["revision"], json!("s-00001-abc"));
}

#[test]
fn a_connector_is_equal_by_short_and_full_name_and_egress_has_a_default() {
    let mut body = found();
    for project in [PROJECT, "777769481436"] {
        let connector = format!("projects/{project}/locations/europe-west1/connectors/c");
        template(&mut body)
            .insert("vpcAccess".into(), json!({"connector": connector, "egress": "PRIVATE_RANGES_ONLY"}));
        silent(json!({"image": "gcr.io/i", "vpc_access": {"connector": "c"}}), &body);
    }
    let written = created(services(), &json!({"image": "i", "vpc_access": {"connector": "c"}}));
    assert_eq!(
        written["template"]["vpcAccess"],
        json!({"connector": format!("projects/{PROJECT}/locations/europe-west1/connectors/c")})
    );
}

#[test]
fn direct_access_names_one_half_and_the_api_the_other() {
    let written = created(
        services(),
        &json!({"image": "i", "vpc_access": {"network": "default", "tags": ["web"], "egress": "ALL_TRAFFIC"}}),
    );
    assert_eq!(
        written["template"]["vpcAccess"],
        json!({"networkInterfaces": [{"network": "default", "tags": ["web"]}], "egress": "ALL_TRAFFIC"})
    );
    let mut body = found();
    template(&mut body)
        .insert("vpcAccess".into(), json!({"networkInterfaces": [{"network": "default", "subnetwork": "default"}]}));
    let read = read_body(services(), &body);
    assert_eq!(read.get("vpc_access").get("subnetwork"), &Dynamic::string("default"));
}

#[test]
fn false_flags_are_dropped() {
    silent(
        json!({"image": "gcr.io/i", "session_affinity": false, "invoker_iam_disabled": false, "default_uri_disabled": false,
            "gpu_zonal_redundancy_disabled": false}),
        &found(),
    );
    let mut body = found();
    template(&mut body).insert("gpuZonalRedundancyDisabled".into(), json!(false));
    silent(json!({"image": "gcr.io/i"}), &body);
}

#[test]
fn a_gpu_is_a_limit_and_a_type() {
    let hcl = json!({"image": "i", "cpu": "4", "memory": "16Gi", "gpu": 1, "gpu_type": "nvidia-l4", "cpu_idle": false});
    let body = created(services(), &hcl);
    assert_eq!(
        body["template"]["containers"][0]["resources"]["limits"],
        json!({"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"})
    );
    assert_eq!(body["template"]["nodeSelector"], json!({"accelerator": "nvidia-l4"}));
    silent(hcl, &body);
}

#[test]
fn http2_is_the_name_of_the_port() {
    let body = created(services(), &json!({"image": "i", "http2": true}));
    assert_eq!(body["template"]["containers"][0]["ports"], json!([{"name": "h2c", "containerPort": 8080}]));
}

#[test]
fn what_a_service_uses_is_found() {
    let body = ct_scan("services/ct-scan-api");
    assert_eq!(
        services().discovery().unwrap().uses(&body),
        vec![
            ("buckets", "dtu-mlops-data-482907_cloudbuild".to_owned()),
            (
                "registries",
                "projects/dtu-mlops-data-482907/locations/europe-west1/repositories/ct-scan-mlops".to_owned()
            ),
            ("service_accounts", "777769481436-compute@developer.gserviceaccount.com".to_owned()),
        ]
    );
}

#[test]
fn the_id_is_known_before() {
    let hcl = component(services(), &json!({"image": "i", "name": "s", "location": "europe-west1"}));
    let id = format!("projects/{PROJECT}/locations/europe-west1/services/s");
    assert_eq!(services().predict(&hcl, &scope()), vec![("id", Dynamic::string(id))]);
}

#[test]
fn a_new_service_with_a_gpu_has_cpu_all_the_time() {
    let body =
        created(services(), &json!({"image": "i", "cpu": "4", "memory": "16Gi", "gpu": 1, "gpu_type": "nvidia-l4"}));
    assert!(wire::get(&body, "template.containers[ports].resources.cpuIdle").is_none());
}

#[test]
fn direct_access_and_a_connector_are_switched_as_one_message() {
    let connector = format!("projects/{PROJECT}/locations/europe-west1/connectors/c");
    let mut body = found();
    let direct = json!({"networkInterfaces": [{"network": "n", "subnetwork": "s"}], "egress": "ALL_TRAFFIC"});
    template(&mut body).insert("vpcAccess".into(), direct.clone());
    let (wanted, mask) = updated(services(), &body, |service| {
        let vpc = json!({"image": "i", "vpc_access": {"connector": connector, "egress": "ALL_TRAFFIC"}});
        set(service, "vpc_access", component(services(), &vpc).get("vpc_access").clone());
    });
    assert_eq!(wanted["template"]["vpcAccess"], json!({"connector": connector, "egress": "ALL_TRAFFIC"}));
    assert_eq!(mask, ["template.vpcAccess"]);
    let (back, mask) = updated(services(), &wanted, |service| {
        let vpc = json!({"image": "i", "vpc_access": {"network": "n", "egress": "ALL_TRAFFIC"}});
        set(service, "vpc_access", component(services(), &vpc).get("vpc_access").clone());
    });
    assert_eq!(
        back["template"]["vpcAccess"],
        json!({"networkInterfaces": [{"network": "n"}], "egress": "ALL_TRAFFIC"})
    );
    assert_eq!(mask, ["template.vpcAccess"]);
}
