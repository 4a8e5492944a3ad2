//! What Cloud Run refuses in a service, as far as it can be told from the service alone.
//! Every rule yields findings that name their field; the caller decides what becomes of them. The service is judged after
//! its defaults were filled in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::finding::Finding;
use super::limits::{self, Setting};
use crate::json::Object;

/// Prefixes of keys that belong to Cloud Run itself and may not be written through this API version.
const SYSTEM_PREFIXES: [&str; 4] =
    ["run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev"];

/// Environment variables that Cloud Run sets.
const RESERVED_ENV: [&str; 4] = ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"];

/// Is this an id that a service can have? The sentence says what is wrong.
pub(super) fn service_id(id: &str) -> Result<(), String> {
    let label = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if id.len() < 50 && label && id.starts_with(|c: char| c.is_ascii_lowercase()) && !id.ends_with('-') {
        return Ok(());
    }
    Err(format!(
        "Invalid service_id '{id}': only lowercase, digits, and hyphens; must begin with letter, and cannot end with hyphen; must be less than 50 characters."
    ))
}

/// All findings about a service with its defaults.
pub(super) fn service(service: &Object) -> Vec<Finding> {
    let mut check = Check { found: Vec::new() };
    check.keys(service.get("labels"), "labels");
    check.keys(service.get("annotations"), "annotations");
    if text_of(service.get("description")).chars().count() > 512 {
        check.say("description", "must have at most 512 characters");
    }
    check.scaling_pair(service.get("scaling"), "scaling");
    check.traffic(service.get("traffic"));
    match service.get("template") {
        Some(template) => check.template(template),
        None => check.say("template", "value is required"),
    }
    check.found
}

/// All findings about a job with its defaults.
pub(super) fn job(job: &Object) -> Vec<Finding> {
    let mut check = Check { found: Vec::new() };
    check.keys(job.get("labels"), "labels");
    check.keys(job.get("annotations"), "annotations");
    let Some(template) = job.get("template") else {
        check.say("template", "value is required");
        return check.found;
    };
    check.range(template.get("taskCount"), "template.taskCount", 1, 10_000);
    check.range(template.get("parallelism"), "template.parallelism", 0, 10_000);
    let Some(task) = template.get("template") else {
        check.say("template.template", "value is required");
        return check.found;
    };
    check.range(task.get("maxRetries"), "template.template.maxRetries", 0, 10);
    let timeout = text_of(task.get("timeout")).strip_suffix('s').and_then(|s| s.parse::<f64>().ok());
    if !timeout.is_some_and(|seconds| (1.0..=604_800.0).contains(&seconds)) {
        check.say("template.template.timeout", "must be between 1s and 604800s");
    }
    if let Some(vpc) = task.get("vpcAccess") {
        check.vpc(vpc);
    }
    for container in list_of(task.get("containers")) {
        if container.get("livenessProbe").is_some() {
            check.say("template.template.containers", "liveness probes are not supported in jobs");
        }
    }
    check.instances(task, 80);
    check.found
}

struct Check {
    found: Vec<Finding>,
}

fn text_of(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn list_of(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn int_of(value: Option<&Value>) -> Option<i64> {
    value.and_then(Value::as_i64)
}

impl Check {
    fn say(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.found.push(Finding::new(field.into(), text.into()));
    }

    fn range(&mut self, value: Option<&Value>, field: &str, least: i64, most: i64) {
        if let Some(number) = int_of(value)
            && !(least..=most).contains(&number)
        {
            self.say(field, format!("must be between {least} and {most}, was {number}"));
        }
    }

    /// Keys and values of labels or annotations.
    fn keys(&mut self, map: Option<&Value>, field: &str) {
        let is_label = field.ends_with("labels");
        for (key, value) in map.and_then(Value::as_object).into_iter().flatten() {
            let system = SYSTEM_PREFIXES.iter().any(|prefix| {
                key.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                    || key.split('/').next().is_some_and(|domain| domain.ends_with(&format!(".{prefix}")))
            });
            if system {
                self.say(field, format!("System-managed key '{key}' is not supported in Cloud Run API v2."));
            } else if is_label && !(is_label_text(key, 1) && key.starts_with(char::is_alphabetic)) {
                self.say(
                    field,
                    format!("Invalid label key '{key}': lowercase letters, digits, underscores and dashes, beginning with a letter, at most 63."),
                );
            }
            if is_label && !is_label_text(text_of(Some(value)), 0) {
                self.say(
                    field,
                    format!(
                        "Invalid label value {value}: lowercase letters, digits, underscores and dashes, at most 63."
                    ),
                );
            }
        }
    }

    fn scaling_pair(&mut self, scaling: Option<&Value>, field: &str) {
        let Some(scaling) = scaling else { return };
        let (least, most) = (int_of(scaling.get("minInstanceCount")), int_of(scaling.get("maxInstanceCount")));
        for (name, value) in [("minInstanceCount", least), ("maxInstanceCount", most)] {
            if value.is_some_and(|count| count < 0) {
                self.say(format!("{field}.{name}"), "must not be negative");
            }
        }
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            self.say(
                format!("{field}.minInstanceCount"),
                format!("must not be greater than maxInstanceCount ({least} > {most})"),
            );
        }
    }

    fn traffic(&mut self, traffic: Option<&Value>) {
        let targets = list_of(traffic);
        let mut tags = BTreeSet::new();
        for (index, target) in targets.iter().enumerate() {
            let revision = text_of(target.get("revision"));
            let field = format!("traffic[{index}]");
            match text_of(target.get("type")) {
                "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST" if !revision.is_empty() => {
                    self.say(field.clone(), "revision must be empty when the allocation type is LATEST");
                }
                "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION" if revision.is_empty() => {
                    self.say(field.clone(), "revision is required when the allocation type is REVISION");
                }
                "" | "TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED" => {
                    self.say(format!("{field}.type"), "value is required");
                }
                _ => {}
            }
            self.range(target.get("percent"), &format!("{field}.percent"), 0, 100);
            let tag = text_of(target.get("tag"));
            if !tag.is_empty() && !is_dns_label(tag) {
                self.say(format!("{field}.tag"), format!("'{tag}' is no valid tag"));
            }
            if !tag.is_empty() && !tags.insert(tag) {
                self.say(format!("{field}.tag"), format!("tag '{tag}' is used twice"));
            }
        }
        let sum: i64 = targets.iter().filter_map(|target| int_of(target.get("percent"))).sum();
        if !targets.is_empty() && sum != 100 {
            self.say("traffic", format!("Traffic percentages must add up to 100, but they add up to {sum}."));
        }
    }

    fn template(&mut self, template: &Value) {
        self.keys(template.get("labels"), "template.labels");
        self.keys(template.get("annotations"), "template.annotations");
        self.scaling_pair(template.get("scaling"), "template.scaling");
        let concurrency = template.get("maxInstanceRequestConcurrency");
        self.range(concurrency, "template.maxInstanceRequestConcurrency", 1, 1000);
        let timeout = text_of(template.get("timeout")).strip_suffix('s').and_then(|s| s.parse::<f64>().ok());
        if !timeout.is_some_and(|seconds| (1.0..=3600.0).contains(&seconds)) {
            self.say("template.timeout", "must be between 1s and 3600s");
        }
        if let Some(vpc) = template.get("vpcAccess") {
            self.vpc(vpc);
        }
        let containers = list_of(template.get("containers"));
        self.ports_in_all(containers);
        self.instances(template, int_of(concurrency).unwrap_or(80));
    }

    /// What an instance is made of: volumes and containers.
    fn instances(&mut self, template: &Value, concurrency: i64) {
        let volumes = self.volumes(template);
        let containers = list_of(template.get("containers"));
        if containers.is_empty() {
            self.say("template.containers", "must contain at least one container");
        }
        let needs_second =
            list_of(template.get("volumes")).iter().any(|v| v.get("gcs").is_some() || v.get("nfs").is_some());
        let environment = text_of(template.get("executionEnvironment"));
        if needs_second && environment == "EXECUTION_ENVIRONMENT_GEN1" {
            self.say(
                "template.executionEnvironment",
                "Mounting Cloud Storage or NFS volumes needs the second generation execution environment.",
            );
        }
        // Recorded (`run-job`): of several containers each has 256Mi in the second generation, which wants 512Mi of one.
        let second_generation = environment == "EXECUTION_ENVIRONMENT_GEN2" && containers.len() < 2;
        let setting = Setting { second_generation, concurrency };
        let names: BTreeSet<&str> =
            containers.iter().map(|c| text_of(c.get("name"))).filter(|name| !name.is_empty()).collect();
        for (index, container) in containers.iter().enumerate() {
            let at = format!("template.containers[{index}]");
            self.container(container, &at, &volumes, &names);
            self.found.extend(container.get("resources").map(|r| limits::check(r, &at, setting)).unwrap_or_default());
        }
        let given = containers.iter().filter(|c| !text_of(c.get("name")).is_empty()).count();
        if given != names.len() {
            self.say("template.containers", "container names must be unique");
        }
    }

    fn vpc(&mut self, vpc: &Value) {
        let interfaces = list_of(vpc.get("networkInterfaces"));
        let connector = !text_of(vpc.get("connector")).is_empty();
        if connector && !interfaces.is_empty() {
            self.say("template.vpcAccess", "connector and networkInterfaces exclude each other");
        }
        if interfaces.len() > 1 {
            self.say("template.vpcAccess.networkInterfaces", "only one network interface is supported");
        }
        for interface in interfaces {
            if text_of(interface.get("network")).is_empty() && text_of(interface.get("subnetwork")).is_empty() {
                self.say("template.vpcAccess.networkInterfaces[0]", "network or subnetwork is required");
            }
        }
        let format = text_of(vpc.get("connector"));
        let parts: Vec<&str> = format.split('/').collect();
        let full = matches!(parts.as_slice(), ["projects", _, "locations", _, "connectors", name] if !name.is_empty());
        if connector && !full && parts.len() != 1 {
            self.say(
                "template.vpcAccess.connector",
                format!("'{format}' is not of the form projects/PROJECT/locations/LOCATION/connectors/NAME"),
            );
        }
    }

    /// Judges the volumes and gives their names, with whether each is Cloud SQL.
    fn volumes<'v>(&mut self, template: &'v Value) -> Vec<(&'v str, bool)> {
        let mut names = Vec::new();
        for (index, volume) in list_of(template.get("volumes")).iter().enumerate() {
            let at = format!("template.volumes[{index}]");
            let name = text_of(volume.get("name"));
            if name.is_empty() {
                self.say(format!("{at}.name"), "value is required");
            } else if names.iter().any(|(known, _)| *known == name) {
                self.say(format!("{at}.name"), format!("volume name '{name}' is used twice"));
            }
            let kinds = ["secret", "cloudSqlInstance", "emptyDir", "gcs", "nfs", "filestore"];
            let given: Vec<&str> = kinds.into_iter().filter(|kind| volume.get(*kind).is_some()).collect();
            if given.len() != 1 {
                self.say(at.clone(), format!("exactly one volume source is required, found {}", given.len()));
            }
            if volume.get("gcs").is_some_and(|gcs| text_of(gcs.get("bucket")).is_empty()) {
                self.say(format!("{at}.gcs.bucket"), "value is required");
            }
            if volume.get("secret").is_some_and(|secret| text_of(secret.get("secret")).is_empty()) {
                self.say(format!("{at}.secret.secret"), "value is required");
            }
            for instance in list_of(volume.pointer("/cloudSqlInstance/instances")) {
                if text_of(Some(instance)).split(':').count() < 3 {
                    self.say(
                        format!("{at}.cloudSqlInstance.instances"),
                        format!("{instance} is not of the form PROJECT:REGION:INSTANCE"),
                    );
                }
            }
            self.range(volume.pointer("/secret/defaultMode"), &format!("{at}.secret.defaultMode"), 0, 0o777);
            names.push((name, volume.get("cloudSqlInstance").is_some()));
        }
        names
    }

    fn ports_in_all(&mut self, containers: &[Value]) {
        let serving = containers.iter().filter(|c| !list_of(c.get("ports")).is_empty()).count();
        if containers.len() > 1 && serving != 1 {
            self.say("template.containers", format!("exactly one container must have ports, found {serving}"));
        }
    }

    fn container(&mut self, container: &Value, at: &str, volumes: &[(&str, bool)], names: &BTreeSet<&str>) {
        let image = text_of(container.get("image"));
        if image.is_empty() && container.get("sourceCode").is_none() {
            self.say(format!("{at}.image"), "value is required");
        } else if image.contains(char::is_whitespace) || image.starts_with("http") && image.contains("://") {
            self.say(format!("{at}.image"), format!("expected a container image path, found '{image}'"));
        }
        let name = text_of(container.get("name"));
        if !name.is_empty() && !is_dns_label(name) {
            self.say(format!("{at}.name"), format!("'{name}' is no valid container name"));
        }
        let ports = list_of(container.get("ports"));
        if ports.len() > 1 {
            self.say(format!("{at}.ports"), "only a single port can be specified");
        }
        for port in ports {
            self.range(port.get("containerPort"), &format!("{at}.ports[0].containerPort"), 1, 65_535);
            if !matches!(text_of(port.get("name")), "http1" | "h2c") {
                self.say(format!("{at}.ports[0].name"), "must be http1 or h2c");
            }
        }
        self.env(container, at);
        self.mounts(container, at, volumes);
        for dependency in list_of(container.get("dependsOn")) {
            let dependency = text_of(Some(dependency));
            if dependency == name || !names.contains(dependency) {
                self.say(format!("{at}.dependsOn"), format!("'{dependency}' is no other container of this template"));
            }
        }
        for (probe, most) in [("startupProbe", 240), ("livenessProbe", 3600), ("readinessProbe", 300)] {
            if let Some(body) = container.get(probe) {
                self.probe(body, &format!("{at}.{probe}"), most, probe == "startupProbe");
            }
        }
    }

    fn env(&mut self, container: &Value, at: &str) {
        let mut seen = BTreeSet::new();
        let mut reserved = Vec::new();
        for (index, variable) in list_of(container.get("env")).iter().enumerate() {
            let name = text_of(variable.get("name"));
            let field = format!("{at}.env[{index}]");
            let shaped = name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | '-'))
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
            if !shaped {
                self.say(format!("{field}.name"), format!("'{name}' is no valid environment variable name"));
            }
            if !seen.insert(name) {
                self.say(format!("{at}.env"), format!("environment variable '{name}' is given twice"));
            }
            if RESERVED_ENV.contains(&name) || name.starts_with("X_GOOGLE_") {
                reserved.push(name);
            }
            if variable.get("value").is_some() && variable.get("valueSource").is_some() {
                self.say(field.clone(), "value and valueSource exclude each other");
            }
            if text_of(variable.get("value")).len() > 32_768 {
                self.say(format!("{field}.value"), "must have at most 32768 bytes");
            }
            if let Some(source) = variable.get("valueSource")
                && text_of(source.pointer("/secretKeyRef/secret")).is_empty()
            {
                self.say(format!("{field}.valueSource.secretKeyRef.secret"), "value is required");
            }
        }
        if !reserved.is_empty() {
            self.say(
                format!("{at}.env"),
                format!(
                    "The following reserved env names were provided: {}. These values are automatically set by the system.",
                    reserved.join(", ")
                ),
            );
        }
    }

    fn mounts(&mut self, container: &Value, at: &str, volumes: &[(&str, bool)]) {
        let mut paths = BTreeSet::new();
        for (index, mount) in list_of(container.get("volumeMounts")).iter().enumerate() {
            let field = format!("{at}.volumeMounts[{index}]");
            let (name, path) = (text_of(mount.get("name")), text_of(mount.get("mountPath")));
            let Some((_, cloud_sql)) = volumes.iter().find(|(known, _)| *known == name) else {
                self.say(format!("{field}.name"), format!("there is no volume named '{name}'"));
                continue;
            };
            if *cloud_sql {
                if !matches!(path, "" | "/cloudsql") {
                    self.say(format!("{field}.mountPath"), "must be /cloudsql for Cloud SQL volumes");
                }
            } else if !path.starts_with('/') || path.contains(':') || path == "/" {
                self.say(format!("{field}.mountPath"), format!("'{path}' is no valid mount path"));
            }
            if !paths.insert(path) {
                self.say(format!("{field}.mountPath"), format!("'{path}' is mounted twice"));
            }
        }
    }

    fn probe(&mut self, probe: &Value, at: &str, most: i64, startup: bool) {
        let actions =
            ["httpGet", "tcpSocket", "grpc"].into_iter().filter(|action| probe.get(*action).is_some()).count();
        if actions != 1 {
            self.say(at, format!("exactly one of httpGet, tcpSocket and grpc is required, found {actions}"));
        }
        self.range(probe.get("initialDelaySeconds"), &format!("{at}.initialDelaySeconds"), 0, most);
        self.range(probe.get("periodSeconds"), &format!("{at}.periodSeconds"), 1, most);
        self.range(probe.get("timeoutSeconds"), &format!("{at}.timeoutSeconds"), 1, most);
        self.range(probe.get("failureThreshold"), &format!("{at}.failureThreshold"), 1, i64::from(i32::MAX));
        let number = |key: &str| int_of(probe.get(key)).unwrap_or(0);
        if number("timeoutSeconds") > number("periodSeconds") {
            self.say(format!("{at}.timeoutSeconds"), "must not be greater than periodSeconds");
        }
        if startup && number("failureThreshold").saturating_mul(number("periodSeconds")) > 240 {
            self.say(at, "failureThreshold times periodSeconds must not exceed 240");
        }
        for action in ["httpGet", "tcpSocket", "grpc"] {
            let port = probe.get(action).and_then(|a| a.get("port"));
            self.range(port, &format!("{at}.{action}.port"), 1, 65_535);
        }
        let path = probe.pointer("/httpGet/path");
        if path.is_some() && !text_of(path).starts_with('/') {
            self.say(format!("{at}.httpGet.path"), "must begin with a slash");
        }
    }
}

fn is_label_text(text: &str, least: usize) -> bool {
    let count = text.chars().count();
    (least..=63).contains(&count)
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '_') || c.is_alphabetic() && !c.is_uppercase())
}

fn is_dns_label(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::super::defaults;
    use super::*;
    use serde_json::json;

    fn findings(sent: Value) -> Vec<String> {
        let mut service_body = defaults::writable(&sent);
        defaults::fill(&mut service_body, "api", "42");
        service(&service_body).into_iter().map(|f| f.to_string()).collect()
    }

    fn container(container: Value) -> Vec<String> {
        findings(json!({"template": {"containers": [container]}}))
    }

    #[test]
    fn a_plain_service_is_fine() {
        assert_eq!(container(json!({"image": "i"})), Vec::<String>::new());
    }

    #[test]
    fn names_have_fewer_than_50_characters() {
        assert_eq!(service_id("ct-scan-api"), Ok(()));
        assert_eq!(service_id(&"a".repeat(49)), Ok(()));
        for bad in ["", "Api", "1api", "api-", "a_b", &"a".repeat(50)] {
            assert!(service_id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn reserved_variables_are_refused_in_googles_words() {
        assert_eq!(
            container(json!({"image": "i", "env": [{"name": "PORT", "value": "1"}, {"name": "A"}]})),
            [
                "template.containers[0].env: The following reserved env names were provided: PORT. These values are automatically set by the system."
            ]
        );
    }

    #[test]
    fn a_variable_is_given_once() {
        let found = container(json!({"image": "i", "env": [{"name": "A"}, {"name": "A"}]}));
        assert_eq!(found, ["template.containers[0].env: environment variable 'A' is given twice"]);
    }

    #[test]
    fn a_mount_needs_its_volume() {
        let found = container(json!({"image": "i", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}));
        assert_eq!(found, ["template.containers[0].volumeMounts[0].name: there is no volume named 'data'"]);
    }

    #[test]
    fn system_annotations_are_refused() {
        let found = findings(
            json!({"annotations": {"run.googleapis.com/x": "1"}, "template": {"containers": [{"image": "i"}]}}),
        );
        assert_eq!(
            found,
            ["annotations: System-managed key 'run.googleapis.com/x' is not supported in Cloud Run API v2."]
        );
    }

    #[test]
    fn annotations_of_others_pass() {
        let found = findings(
            json!({"annotations": {"client.knative.dev/user-image": "i"}, "template": {"containers": [{"image": "i"}]}}),
        );
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn traffic_adds_up() {
        let found = findings(json!({
            "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 60}],
            "template": {"containers": [{"image": "i"}]},
        }));
        assert_eq!(found, ["traffic: Traffic percentages must add up to 100, but they add up to 60."]);
    }

    #[test]
    fn bounds_of_the_template_are_kept() {
        for (template, field) in [
            (json!({"timeout": "3601s"}), "template.timeout"),
            (json!({"maxInstanceRequestConcurrency": 1001}), "template.maxInstanceRequestConcurrency"),
            (json!({"scaling": {"minInstanceCount": 3, "maxInstanceCount": 2}}), "template.scaling.minInstanceCount"),
        ] {
            let mut template = template;
            template["containers"] = json!([{"image": "i"}]);
            let found = findings(json!({"template": template}));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(field), "{found:?}");
        }
    }

    #[test]
    fn bounds_of_ports_and_probes_are_kept() {
        for bad in [
            json!({"image": "i", "ports": [{"containerPort": 70_000}]}),
            json!({"image": "i", "ports": [{"name": "tcp", "containerPort": 80}]}),
            json!({"image": "i", "livenessProbe": {"httpGet": {}, "periodSeconds": 4000}}),
            json!({"image": "i", "livenessProbe": {"periodSeconds": 10}}),
            json!({"image": "i", "startupProbe": {"tcpSocket": {}, "periodSeconds": 100, "failureThreshold": 3}}),
            json!({"image": "i", "livenessProbe": {"httpGet": {}, "timeoutSeconds": 20}}),
        ] {
            assert!(!container(bad.clone()).is_empty(), "{bad}");
        }
    }

    #[test]
    fn of_several_containers_one_serves() {
        let found = findings(json!({"template": {"containers": [{"image": "a"}, {"image": "b"}]}}));
        assert_eq!(found, ["template.containers: exactly one container must have ports, found 0"]);
    }
}
