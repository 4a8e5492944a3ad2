use serde_json::{Value as Json, json};
use tfplugin::schema::Presence;
use tfplugin::{Attribute, Dynamic, ObjectSchema};

use crate::engine::kind::AnyKind;
use crate::engine::marks::{Silent, WhenSilent};
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    PROJECT, answers, component, created, ct_scan, differences, problems, problems_when_new, read_body, refused, scope,
    set, updated,
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
fn sidecars_and_their_volumes_survive_and_are_named() {
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
    assert_eq!(wire::unexpressed(services().object(), &body, services().unmanaged()), ["template.containers[0]"]);
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
fn refusals_name_the_attribute_the_value_and_the_way_out() {
    let kind = services();
    let with = |more: Json| {
        let mut hcl = json!({"image": "i"});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    assert_eq!(problems(kind, &with(json!({"name": "ok-1", "cpu": "2", "memory": "8Gi"}))), vec![]);
    refused(kind, &with(json!({"name": "my_api"})), ".name", "my_api");
    refused(kind, &with(json!({"cpu": "3"})), ".cpu", "it is 3");
    refused(kind, &with(json!({"memory": "64Gi"})), ".memory", "it is 64Gi");
    refused(kind, &with(json!({"cpu": "1", "memory": "8Gi"})), ".memory", "from 128Mi to 4Gi");
    refused(kind, &with(json!({"cpu": "4", "memory": "1Gi"})), ".memory", "from 2Gi to 16Gi");
    refused(kind, &with(json!({"cpu": "500m", "concurrency": 80})), ".concurrency", "must be 1");
    refused(kind, &with(json!({"cpu": "0.5", "cpu_idle": false})), ".cpu_idle", "at least one CPU");
    refused(kind, &with(json!({"concurrency": 2000})), ".concurrency", "it is 2000");
    refused(kind, &with(json!({"timeout": "2h"})), ".timeout", "it is 2h");
    refused(kind, &with(json!({"min_instances": 5, "max_instances": 2})), ".min_instances", "Raise max_instances");
    refused(kind, &with(json!({"port": 0})), ".port", "it is 0");
    refused(kind, &with(json!({"env": {"PORT": "1"}})), ".env[\"PORT\"]", "sets PORT itself");
    refused(
        kind,
        &with(json!({"env": {"A": "1"}, "secret_env": {"A": {"secret": "s"}}})),
        ".secret_env[\"A\"]",
        "one of them",
    );
    refused(kind, &with(json!({"volumes": {"v": {"mount_path": "/v"}}})), ".volumes[\"v\"]", "none is set");
    refused(
        kind,
        &with(json!({"volumes": {"v": {"bucket": "b", "mount_path": "v"}}})),
        ".volumes[\"v\"].mount_path",
        "absolute",
    );
    refused(kind, &with(json!({"liveness_probe": {"port": 1}})), ".liveness_probe", "exactly one");
    refused(
        kind,
        &with(json!({"liveness_probe": {"tcp": true, "timeout": "20s"}})),
        ".liveness_probe.timeout",
        "longer than period",
    );
    refused(kind, &with(json!({"vpc_access": {"connector": "c", "network": "n"}})), ".vpc_access", "not both");
    refused(kind, &with(json!({"traffic": [{"percent": 90}]})), ".traffic", "they make 90");
    refused(
        kind,
        &with(json!({"annotations": {"run.googleapis.com/x": "1"}})),
        ".annotations[\"run.googleapis.com/x\"]",
        "refuses",
    );
    refused(kind, &with(json!({"gpu": 1, "cpu": "4", "memory": "16Gi"})), ".gpu_type", "go together");
}

#[test]
fn limits_that_the_api_has_are_refused_before() {
    let kind = services();
    let with = |more: Json| {
        let mut hcl = json!({"image": "i"});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    assert_eq!(problems(kind, &with(json!({"description": "x".repeat(512)}))), vec![]);
    refused(kind, &with(json!({"description": "x".repeat(513)})), ".description", "it has 513");
    refused(kind, &with(json!({"env": {"A": "x".repeat(32_769)}})), ".env[\"A\"]", "it has 32769");
    refused(kind, &with(json!({"env": {"1A": "x"}})), ".env[\"1A\"]", "not begin with a digit");
    refused(
        kind,
        &with(json!({"startup_probe": {"tcp": true, "period": "100s", "failure_threshold": 3}})),
        ".startup_probe.failure_threshold",
        "at most 240s",
    );
    refused(
        kind,
        &with(json!({"traffic": [{"percent": 50, "tag": "a"}, {"revision": "r", "percent": 50, "tag": "a"}]})),
        ".traffic[1].tag",
        "given twice",
    );
    refused(kind, &with(json!({"traffic": [{"percent": 100, "tag": "A"}]})), ".traffic[0].tag", "lower-case");
    let gen2 = "EXECUTION_ENVIRONMENT_GEN2";
    refused(kind, &with(json!({"memory": "256Mi", "execution_environment": gen2})), ".memory", "at least 512Mi");
    refused(
        kind,
        &with(json!({"volumes": {"q": {"cloud_sql_instances": ["main"], "mount_path": "/cloudsql"}}})),
        ".volumes[\"q\"].cloud_sql_instances",
        "PROJECT:REGION:INSTANCE",
    );
}

#[test]
fn a_cpu_below_one_goes_in_thousandths() {
    let with = |cpu: &str| json!({"image": "i", "cpu": cpu, "memory": "256Mi"});
    for cpu in ["0.08", "125m", "0.125", "0.999"] {
        assert_eq!(problems(services(), &with(cpu)), vec![], "{cpu}");
        assert_eq!(problems_when_new(services(), &with(cpu)), vec![], "{cpu}");
    }
    refused(services(), &with("0.079"), ".cpu", "it is 0.079");
    // Cloud Functions runs services of such sizes.
    assert_eq!(problems(services(), &with("0.1666")), vec![]);
    assert_eq!(problems_when_new(services(), &with("0.1666")).len(), 1);
}

#[test]
fn a_gpu_needs_what_its_type_needs() {
    let with = |kind: &str, cpu: &str, memory: &str| json!({"image": "i", "gpu": 1, "gpu_type": kind, "cpu": cpu, "memory": memory});
    assert_eq!(problems(services(), &with("nvidia-l4", "4", "16Gi")), vec![]);
    assert_eq!(problems(services(), &with("nvidia-rtx-pro-6000", "20", "80Gi")), vec![]);
    assert_eq!(problems(services(), &with("nvidia-of-tomorrow", "48", "300Gi")), vec![]);
    let paths = |hcl: Json| problems(services(), &hcl).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(paths(with("nvidia-l4", "2", "8Gi")), ["services[\"k\"].cpu", "services[\"k\"].memory"]);
    assert_eq!(paths(with("nvidia-rtx-pro-6000", "8", "32Gi")), ["services[\"k\"].cpu", "services[\"k\"].memory"]);
    assert_eq!(paths(with("nvidia-l4", "20", "80Gi")), ["services[\"k\"].cpu"]);
    let mut two = with("nvidia-l4", "8", "32Gi");
    two["gpu"] = json!(2);
    refused(services(), &two, ".gpu", "from 0 to 1");
    assert_eq!(problems_when_new(services(), &json!({"image": "i", "gpu": 1, "gpu_type": "nvidia-l4"})).len(), 2);
}

#[test]
fn a_new_service_with_a_gpu_has_cpu_all_the_time() {
    let body =
        created(services(), &json!({"image": "i", "cpu": "4", "memory": "16Gi", "gpu": 1, "gpu_type": "nvidia-l4"}));
    assert!(wire::get(&body, "template.containers[ports].resources.cpuIdle").is_none());
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

/// What the attribute at `path` becomes when the configuration is silent about it, in an update from one component to another.
fn silent_about(attribute: &str, before: &Json, now: &Json) -> Dynamic {
    let (before, now) = (component(services(), before), component(services(), now));
    let WhenSilent(meaning) = services().object().attribute(attribute).unwrap().extensions.get().unwrap();
    let value = before.get(attribute);
    meaning(&Silent { value, before: &before, now: &now, component_before: &before, component: &now })
}

#[test]
fn every_attribute_that_cloud_run_may_set_stays_or_says_what_silence_means() {
    let mut found = Vec::new();
    let mut collect = |prefix: &str, object: &ObjectSchema| {
        let is_left =
            |attribute: &&Attribute| attribute.presence == Presence::OptionalComputed && attribute.default.is_none();
        for attribute in object.attributes.iter().filter(is_left) {
            let follows = attribute.extensions.get::<WhenSilent>().is_some();
            found.push(format!("{prefix}{} {}", attribute.name, if follows { "is settled" } else { "stays" }));
        }
    };
    collect("", services().object());
    for attribute in &services().object().attributes {
        if let Some((_, inner)) = attribute.nested() {
            collect(&format!("{}.", attribute.name), inner);
        }
    }
    assert_eq!(
        found,
        [
            "concurrency is settled",
            "cpu stays",
            "cpu_idle is settled",
            "execution_environment is settled",
            "location stays",
            "max_instances is settled",
            "memory stays",
            "name stays",
            "port stays",
            "service_account stays",
            "startup_probe is settled",
            "timeout stays",
            "traffic is settled",
            "liveness_probe.port is settled",
            "startup_probe.port is settled",
            "vpc_access.network is settled",
            "vpc_access.subnetwork is settled",
        ]
    );
}

#[test]
fn silence_sends_all_traffic_to_the_latest_revision() {
    let canary = json!({"image": "i", "traffic": [{"revision": "s-1", "percent": 90}, {"percent": 10}]});
    let latest = component(services(), &json!({"image": "i", "traffic": [{"percent": 100}]}));
    assert_eq!(&silent_about("traffic", &canary, &canary), latest.get("traffic"));
}

#[test]
fn silence_has_the_port_probed() {
    let own = json!({"image": "i", "port": 8080, "startup_probe": {"http_path": "/health", "port": 8080}});
    let probe = silent_about("startup_probe", &own, &json!({"image": "i", "port": 9000}));
    let usual = json!({"image": "i", "startup_probe": {
        "tcp": true, "port": 9000, "period": "240s", "timeout": "240s", "failure_threshold": 1,
    }});
    let attribute = services().object().attribute("startup_probe").unwrap();
    assert!(wire::equal(attribute, &probe, component(services(), &usual).get("startup_probe")), "{probe:?}");
}

#[test]
fn silence_follows_the_cpu() {
    let with = |cpu: &str, more: Json| {
        let mut hcl = json!({"image": "i", "cpu": cpu});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    let number = |value: i64| Dynamic::Number(value.into());
    let (large, small) = (with("1", json!({"concurrency": 30})), with("0.5", json!({"concurrency": 1})));
    assert_eq!(silent_about("concurrency", &large, &small), number(1));
    assert_eq!(silent_about("concurrency", &small, &large), number(80));
    assert_eq!(silent_about("concurrency", &large, &large), number(30));
    let always = with("1", json!({"cpu_idle": false}));
    assert_eq!(silent_about("cpu_idle", &always, &small), Dynamic::Bool(true));
    assert_eq!(silent_about("cpu_idle", &always, &large), Dynamic::Bool(false));
    let gpu = with("4", json!({"gpu": 1, "gpu_type": "nvidia-l4", "cpu_idle": false}));
    assert_eq!(silent_about("cpu_idle", &with("4", json!({"cpu_idle": true})), &gpu), Dynamic::Bool(false));
    assert_eq!(silent_about("cpu_idle", &gpu, &large), Dynamic::Bool(true));
    let second = with("1", json!({"execution_environment": "EXECUTION_ENVIRONMENT_GEN2"}));
    assert_eq!(silent_about("execution_environment", &second, &small), Dynamic::Unknown);
    assert_eq!(&silent_about("execution_environment", &second, &large), &Dynamic::string("EXECUTION_ENVIRONMENT_GEN2"));
}

#[test]
fn silence_lets_cloud_run_allow_more_instances_than_are_kept() {
    let (few, many) = (json!({"image": "i", "max_instances": 3}), json!({"image": "i", "min_instances": 5}));
    assert_eq!(silent_about("max_instances", &few, &few), Dynamic::Number(3_i64.into()));
    assert_eq!(silent_about("max_instances", &few, &many), Dynamic::Unknown);
}
