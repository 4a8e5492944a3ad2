//! Probes: what is asked of the container, and how often.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::{Dynamic, Entries, Name, Number, Object, Value};

use super::paths::ProbePaths;
use crate::engine::marks::{Codec, Silent, WhenSilent};
use crate::engine::wire::{self, SECONDS_INT};
use crate::types::Duration;

/// A check of the container. Exactly one of `http_path`, `tcp` and `grpc` is set.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Probe {
    /// The path of an HTTP GET that must answer with a status from 200 to 399: `/health`.
    #[tf(optional)]
    pub(in crate::google::kinds) http_path: Value<String>,
    /// Headers of that request.
    #[tf(optional)]
    pub(in crate::google::kinds) http_headers: Value<BTreeMap<String, String>>,
    /// Whether the port must be open.
    #[tf(default = false)]
    pub(in crate::google::kinds) tcp: Value<bool>,
    /// Whether the standard gRPC health check must answer SERVING.
    #[tf(default = false)]
    pub(in crate::google::kinds) grpc: Value<bool>,
    /// The service that the gRPC health check asks for. The whole server when absent.
    #[tf(optional)]
    pub(in crate::google::kinds) grpc_service: Value<String>,
    /// The port that is asked. The container's own when nothing is said, which it follows; 8080 of a container without one.
    #[tf(optional, computed, ext(WhenSilent(port_of_the_container)))]
    pub(in crate::google::kinds) port: Value<i64>,
    /// How long after the start of the container the first check is: up to `240s` for a startup probe, `3600s` for a
    /// liveness probe.
    #[tf(default = "0s")]
    pub(in crate::google::kinds) initial_delay: Value<Duration>,
    /// How often it is checked: from `1s` to `240s` for a startup probe, `3600s` for a liveness probe.
    #[tf(default = "10s")]
    pub(in crate::google::kinds) period: Value<Duration>,
    /// How long an answer may take: from `1s`, and not longer than `period`.
    #[tf(default = "1s")]
    pub(in crate::google::kinds) timeout: Value<Duration>,
    /// How many checks in a row must fail for the probe to fail.
    #[tf(default = 3)]
    pub(in crate::google::kinds) failure_threshold: Value<i64>,
}

/// A probe at its place in the JSON.
pub(in crate::google::kinds) struct ProbeAt(pub(in crate::google::kinds) ProbePaths);

impl ProbeAt {
    fn path(&self) -> &'static str {
        self.0.at.first().copied().unwrap_or_default()
    }
}

/// The main container's probes follow its port; a new probe of a container without one gets one from the API.
fn port_of_the_container(silent: &Silent<'_>) -> Dynamic {
    let is_main = ["startup_probe", "liveness_probe"].iter().any(|probe| silent.component.get(probe) == silent.now);
    let port = silent.component.get("port");
    match (port, silent.value) {
        (port, _) if is_main && !port.is_null() => port.clone(),
        (_, Dynamic::Null) if silent.before.is_null() => Dynamic::Unknown,
        (_, value) => value.clone(),
    }
}

const SECONDS: [(&str, &str, &str); 3] = [
    ("initial_delay", "initialDelaySeconds", "0s"),
    ("period", "periodSeconds", "10s"),
    ("timeout", "timeoutSeconds", "1s"),
];

impl Codec for ProbeAt {
    fn read(&self, body: &Json) -> Dynamic {
        let Some(probe) = wire::get(body, self.path()) else { return Dynamic::Null };
        let text = |path: &str| wire::get(probe, path).and_then(Json::as_str).filter(|text| !text.is_empty());
        let number = |json: &Json| json.as_i64().map(|number| Dynamic::Number(Number::from(number)));
        let port =
            ["httpGet.port", "tcpSocket.port", "grpc.port"].iter().find_map(|path| number(wire::get(probe, path)?));
        let headers = wire::get(probe, "httpGet.httpHeaders").and_then(Json::as_array).into_iter().flatten();
        let headers: Entries = headers
            .filter_map(|header| {
                let value = header.get("value").and_then(Json::as_str).unwrap_or_default();
                Some((header.get("name")?.as_str()?.to_owned(), Dynamic::string(value)))
            })
            .collect();
        let has = |kind: &str| wire::get(probe, kind).is_some();
        let path = has("httpGet").then(|| text("httpGet.path").unwrap_or("/"));
        let mut fields: Entries = [
            ("http_path", path.map_or(Dynamic::Null, Dynamic::string)),
            ("http_headers", if headers.is_empty() { Dynamic::Null } else { Dynamic::Map(headers) }),
            ("tcp", Dynamic::Bool(has("tcpSocket"))),
            ("grpc", Dynamic::Bool(has("grpc"))),
            ("grpc_service", text("grpc.service").map_or(Dynamic::Null, Dynamic::string)),
            ("port", port.unwrap_or_default()),
            (
                "failure_threshold",
                probe.get("failureThreshold").and_then(number).unwrap_or_else(|| Dynamic::Number(Number::from(3_i64))),
            ),
        ]
        .into_iter()
        .map(|(name, value)| (Name::fixed(name), value))
        .collect();
        for (name, field, default) in SECONDS {
            let value = probe.get(field).map_or(Dynamic::Null, SECONDS_INT.read);
            fields.insert(Name::fixed(name), if value.is_null() { Dynamic::string(default) } else { value });
        }
        Dynamic::Object(fields)
    }

    fn write(&self, value: &Dynamic, body: &mut Json) {
        if value.is_null() {
            return wire::remove(body, self.path());
        }
        let mut probe = wire::get(body, self.path()).cloned().unwrap_or_else(|| json!({}));
        let kind = match (value.get("http_path").as_str(), value.get("grpc").as_bool()) {
            (Some(_), _) => "httpGet",
            (None, Some(true)) => "grpc",
            (None, _) => "tcpSocket",
        };
        for other in ["httpGet", "tcpSocket", "grpc"].iter().filter(|other| **other != kind) {
            wire::remove(&mut probe, other);
        }
        if wire::get(&probe, kind).is_none() {
            wire::put(&mut probe, kind, json!({}));
        }
        if let Some(port) = value.get("port").as_number() {
            wire::put(&mut probe, &format!("{kind}.port"), wire::json_number(port));
        }
        let text = |name: &str| value.get(name).as_str().filter(|text| !text.is_empty()).map_or(Json::Null, Json::from);
        if kind == "httpGet" {
            wire::put(&mut probe, "httpGet.path", text("http_path"));
            let headers = value.get("http_headers").as_entries().into_iter().flatten();
            let headers: Vec<Json> = headers
                .map(|(name, value)| json!({"name": name, "value": value.as_str().unwrap_or_default()}))
                .collect();
            wire::put(
                &mut probe,
                "httpGet.httpHeaders",
                if headers.is_empty() { Json::Null } else { Json::Array(headers) },
            );
        }
        if kind == "grpc" {
            wire::put(&mut probe, "grpc.service", text("grpc_service"));
        }
        for (name, field, _) in SECONDS {
            wire::put(&mut probe, field, (SECONDS_INT.write)(value.get(name)));
        }
        let threshold = value.get("failure_threshold").as_number().map_or(Json::Null, wire::json_number);
        wire::put(&mut probe, "failureThreshold", threshold);
        wire::put(body, self.path(), probe);
    }

    fn masks(&self) -> &'static [&'static str] {
        self.0.at
    }

    fn expresses(&self) -> &'static [&'static str] {
        self.0.settings
    }
}
