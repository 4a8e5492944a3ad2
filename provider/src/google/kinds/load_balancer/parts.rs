//! What the JSON of a load balancer says of its parts.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::engine::wire::text;

/// The parts of one field.
pub(super) fn children<'j>(json: &'j Json, field: &str) -> impl Iterator<Item = &'j Json> + use<'j> {
    json.get(field).and_then(Json::as_object).into_iter().flatten().map(|(_, child)| child)
}

pub(super) fn names_of<'j>(json: &'j Json, field: &str, name: &'static str) -> BTreeSet<&'j str> {
    children(json, field).map(|child| text(child, name)).filter(|name| !name.is_empty()).collect()
}

pub(super) fn flag(json: &Json, field: &str) -> bool {
    json.get(field).and_then(Json::as_bool).unwrap_or_default()
}

pub(super) fn scheme(json: &Json) -> &str {
    match text(json, "scheme") {
        "" => "EXTERNAL_MANAGED",
        scheme => scheme,
    }
}

/// A collection of a backend.
pub(super) fn collection(backend: &Json) -> &'static str {
    if text(backend, "bucketName").is_empty() { "backendServices" } else { "backendBuckets" }
}

/// The proxies of a protocol.
pub(super) fn proxies(frontend: &Json) -> &'static str {
    if text(frontend, "protocol") == "HTTP" { "targetHttpProxies" } else { "targetHttpsProxies" }
}
