//! Containers of a task definition: lists of names and values there, maps here.
//!
//! What ECS fills in by itself (empty lists, `cpu` 0, `essential`, the port on the host) is left out when reading. What is not
//! said here stays as it is.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tfplugin::{Object, Value};

use crate::aws::terms::is_arn;
use crate::engine::marks::{FreeText, refers, wire};
use crate::engine::wire;

/// A container beside the main one.
#[derive(Object, Clone)]
pub(super) struct Sidecar {
    /// The image.
    #[tf(required, ext(wire("image")))]
    pub(super) image: Value<String>,
    /// Whether the task ends when the container does.
    #[tf(default = true, ext(wire("essential").always()))]
    pub(super) essential: Value<bool>,
    /// The CPU units that are kept for it, of the task's.
    #[tf(optional, ext(wire("cpu")))]
    pub(super) cpu: Value<i64>,
    /// The memory beyond which it is ended, in MiB.
    #[tf(optional, ext(wire("memory")))]
    pub(super) memory: Value<i64>,
    /// The port that it listens on.
    #[tf(optional, ext(wire("port")))]
    pub(super) port: Value<i64>,
    /// What it runs, in place of the image's command.
    #[tf(optional, ext(wire("command")))]
    pub(super) command: Value<Vec<String>>,
    /// Environment variables.
    #[tf(optional, ext(wire("environment"), FreeText))]
    pub(super) env: Value<BTreeMap<String, String>>,
    /// Environment variables whose values come from secrets: KEYs of `secrets`, or the ARNs of others.
    #[tf(optional, ext(wire("secrets"), refers("secrets", "arn").named_as("arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME", is_arn)))]
    pub(super) secret_env: Value<BTreeMap<String, String>>,
    /// Where its output goes: the KEY of one of `log_groups`, or the name of another.
    #[tf(optional, ext(wire("logs.group"), refers("log_groups", "name")))]
    pub(super) log_group: Value<String>,
    /// What the names of log streams begin with.
    #[tf(default = "ecs", ext(wire("logs.prefix")))]
    pub(super) log_stream_prefix: Value<String>,
}

const LOG_DRIVER: &str = "awslogs";
const GROUP: &str = "awslogs-group";
const REGION: &str = "awslogs-region";
const PREFIX: &str = "awslogs-stream-prefix";
/// What log streams are called when nobody says it.
const DEFAULT_PREFIX: &str = "ecs";

/// A container as it is shown here, without its name.
pub(super) fn shown(mut container: Json, region: &str) -> Json {
    let Some(fields) = container.as_object_mut() else { return json!({}) };
    fields.remove("name");
    fields.retain(|field, value| {
        let is_nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        !(is_nothing || (field == "cpu" && *value == 0) || (field == "essential" && *value == true))
    });
    for (field, of_value) in [("environment", "value"), ("secrets", "valueFrom")] {
        if let Some(list) = fields.get_mut(field) {
            let pairs = list.as_array().into_iter().flatten();
            let pairs = pairs.filter_map(|pair| Some((pair["name"].as_str()?.to_owned(), pair[of_value].clone())));
            *list = Json::Object(pairs.collect());
        }
    }
    if let Some(port) = fields.get("portMappings").and_then(only_port) {
        fields.remove("portMappings");
        fields.insert("port".to_owned(), port);
    }
    if let Some(logs) = fields.get("logConfiguration").and_then(|logs| shown_logs(logs, region)) {
        fields.remove("logConfiguration");
        fields.insert("logs".to_owned(), logs);
    }
    container
}

/// The port of a list of one that says no more than its number.
fn only_port(mappings: &Json) -> Option<Json> {
    let [mapping] = mappings.as_array()?.as_slice() else { return None };
    let port = mapping.get("containerPort")?;
    let is_plain = mapping.as_object()?.iter().all(|(field, value)| match field.as_str() {
        "containerPort" => true,
        "hostPort" => value == port,
        "protocol" => value == "tcp",
        _ => false,
    });
    is_plain.then(|| port.clone())
}

fn shown_logs(logs: &Json, region: &str) -> Option<Json> {
    let mut options = logs.get("options")?.as_object()?.clone();
    let group = options.remove(GROUP).filter(|_| logs["logDriver"] == LOG_DRIVER)?;
    let prefix = options.remove(PREFIX);
    if options.get(REGION).is_none_or(|of_logs| of_logs == region) {
        options.remove(REGION);
    }
    let mut shown = Map::from_iter([("group".to_owned(), group)]);
    shown.extend(prefix.map(|prefix| ("prefix".to_owned(), prefix)));
    if !options.is_empty() {
        shown.insert("options".to_owned(), Json::Object(options));
    }
    let others =
        logs.as_object().into_iter().flatten().filter(|(field, _)| !["logDriver", "options"].contains(&field.as_str()));
    let others = others.filter(|(_, value)| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty)));
    shown.extend(others.map(|(field, value)| (field.clone(), value.clone())));
    Some(Json::Object(shown))
}

/// A container as ECS takes it.
pub(super) fn told(name: &str, shown: &Json, region: &str) -> Json {
    let mut container = shown.clone();
    let Some(fields) = container.as_object_mut() else { return json!({}) };
    fields.insert("name".to_owned(), json!(name));
    fields.entry("essential").or_insert(json!(true));
    for (field, of_value) in [("environment", "value"), ("secrets", "valueFrom")] {
        if let Some(map) = fields.get_mut(field) {
            let pairs = map.as_object().into_iter().flatten();
            *map = pairs.map(|(name, value)| json!({ "name": name, of_value: value })).collect();
        }
    }
    if let Some(port) = fields.remove("port") {
        fields.insert("portMappings".to_owned(), json!([{ "containerPort": port, "protocol": "tcp" }]));
    }
    if let Some(Json::Object(mut logs)) = fields.remove("logs") {
        let mut options = match logs.remove("options") {
            Some(Json::Object(options)) => options,
            _ => Map::new(),
        };
        options.entry(REGION).or_insert_with(|| json!(region));
        options.insert(PREFIX.to_owned(), logs.remove("prefix").unwrap_or_else(|| json!(DEFAULT_PREFIX)));
        if let Some(group) = logs.remove("group") {
            options.insert(GROUP.to_owned(), group);
            logs.insert("logDriver".to_owned(), json!(LOG_DRIVER));
            logs.insert("options".to_owned(), Json::Object(options));
            fields.insert("logConfiguration".to_owned(), Json::Object(logs));
        }
    }
    container
}

/// What a container uses of the account: the repository of its image, its log group, secrets, and what it is told of in its
/// variables.
pub(super) fn uses(container: &Json) -> Vec<(&'static str, String)> {
    let texts = |field: &str| {
        let values = container.get(field).and_then(Json::as_object).into_iter().flatten();
        values.filter_map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let image = wire::text(container, "image").split_once(".amazonaws.com/");
    let repository = image.and_then(|(_, image)| image.split([':', '@']).next());
    let mut uses = vec![("log_groups", wire::text(container, "logs.group").to_owned())];
    uses.extend(repository.map(|name| ("repositories", name.to_owned())));
    uses.extend(texts("secrets").into_iter().map(|told| ("secrets", secret_name(told).to_owned())));
    uses.extend(texts("environment").into_iter().flat_map(named_in));
    uses
}

/// The name of a secret that a container is told of: by its name, or by its ARN, which ends with six signs of AWS's, and may
/// say which part and version of the value is meant.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html>
fn secret_name(told: &str) -> &str {
    let Some((_, rest)) = told.split_once(":secret:") else { return told };
    let name = rest.split(':').next().unwrap_or(rest);
    name.rsplit_once('-').filter(|(_, end)| end.len() == 6).map_or(name, |(name, _)| name)
}

/// What a program may be told to use by the value of a variable: a bucket, table or queue by its name, a queue by its URL, a
/// topic by its ARN.
fn named_in(value: &str) -> Vec<(&'static str, String)> {
    let last = value.rsplit(['/', ':']).next().unwrap_or(value).to_owned();
    if value.starts_with("https://sqs.") {
        return vec![("queues", last)];
    }
    if value.starts_with("arn:") && value.split(':').nth(2) == Some("sns") {
        return vec![("topics", last)];
    }
    ["buckets", "tables", "queues"].into_iter().map(|kind| (kind, value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_ecs_fills_in_is_left_out_and_what_nobody_says_here_stays() {
        let container = json!({
            "name": "api", "image": "i:1", "cpu": 0, "essential": true, "mountPoints": [], "volumesFrom": [], "systemControls": [],
            "environment": [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}],
            "secrets": [{"name": "URL", "valueFrom": "arn:x"}],
            "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/api", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs", "mode": "non-blocking",
            }},
            "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
        });
        let expected = json!({
            "image": "i:1", "environment": {"A": "2", "Z": "1"}, "secrets": {"URL": "arn:x"}, "port": 8000,
            "logs": {"group": "/ecs/api", "prefix": "ecs", "options": {"mode": "non-blocking"}},
            "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
        });
        let found = shown(container, "eu-west-1");
        assert_eq!(found, expected);
        let again = told("api", &found, "eu-west-1");
        assert_eq!(shown(again.clone(), "eu-west-1"), expected);
        assert_eq!((&again["name"], &again["portMappings"][0]["containerPort"]), (&json!("api"), &json!(8000)));
    }

    #[test]
    fn ports_that_say_more_than_a_number_stay_as_they_are() {
        for mappings in
            [json!([{"containerPort": 1}, {"containerPort": 2}]), json!([{"containerPort": 1, "name": "http"}])]
        {
            let found = shown(json!({"name": "a", "portMappings": mappings}), "eu-west-1");
            assert_eq!(found, json!({"portMappings": mappings}));
        }
    }

    #[test]
    fn what_a_container_uses_is_told_by_names_arns_and_urls() {
        let container = json!({
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn/api@sha256:00",
            "logs": {"group": "/ecs/churn"},
            "secrets": {"A": "arn:aws:secretsmanager:eu-west-1:1:secret:churn/db-a1B2c3:password::", "B": "plain"},
            "environment": {
                "Q": "https://sqs.eu-west-1.amazonaws.com/1/churn-jobs", "T": "arn:aws:sns:eu-west-1:1:alerts", "N": "data",
            },
        });
        let used: BTreeSet<String> =
            uses(&container).into_iter().map(|(kind, name)| format!("{kind}={name}")).collect();
        for expected in [
            "repositories=churn/api",
            "log_groups=/ecs/churn",
            "secrets=churn/db",
            "secrets=plain",
            "queues=churn-jobs",
            "topics=alerts",
            "buckets=data",
        ] {
            assert!(used.contains(expected), "{expected}: {used:?}");
        }
    }
}
