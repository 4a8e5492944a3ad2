//! What is refused before anything is sent.

use serde_json::{Value as Json, json};

use super::services;
use crate::google::kinds::fixtures::{problems, problems_when_new, refused};

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
