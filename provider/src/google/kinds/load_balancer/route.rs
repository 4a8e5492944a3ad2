//! Routes: which hosts and paths lead to which backend. In the URL map each is a host rule and its path matcher.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use tfplugin::{Object, Value};

use super::link::{link, reference};
use crate::engine::marks::{Unordered, wire};
use crate::engine::wire::text;

/// What becomes of the requests for some hosts.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Route {
    /// The hosts: `example.com`, `*.example.com`, or `*` for all that no other route names.
    #[tf(required, ext(wire("hosts")))]
    pub(super) hosts: Value<BTreeSet<String>>,
    /// Where requests go that none of the paths matches: the KEY of a backend, or `backendServices/NAME` or
    /// `backendBuckets/NAME` for one that exists outside the stack.
    #[tf(optional, ext(wire("backend")))]
    pub(super) default_backend: Value<String>,
    /// Paths that go elsewhere.
    #[tf(optional, ext(wire("paths"), Unordered))]
    pub(super) paths: Value<Vec<PathRule>>,
}

/// What becomes of the requests for some paths.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct PathRule {
    /// The paths: `/static`, or `/static/*` for all below it.
    #[tf(required, ext(wire("paths")))]
    pub(super) paths: Value<BTreeSet<String>>,
    /// Where they go, written as `default_backend` is.
    #[tf(optional, ext(wire("backend")))]
    pub(super) backend: Value<String>,
}

/// The field of a route that remembers its path matcher.
const MATCHER: &str = "matcher";
/// The field of a route that keeps the text that its host rule has.
const HOST_RULE: &str = "hostDescription";

/// The routes of a URL map: for each host rule its hosts, with what its path matcher says.
pub(super) fn read(map: &Json) -> Vec<Json> {
    let rules = map.get("hostRules").and_then(Json::as_array).into_iter().flatten();
    let matchers = map.get("pathMatchers").and_then(Json::as_array);
    let route = |rule: &Json| {
        let name = text(rule, "pathMatcher");
        let matcher = matchers.into_iter().flatten().find(|matcher| text(matcher, "name") == name);
        let mut route = matcher.cloned().unwrap_or_else(|| json!({}));
        let backend = take(&mut route, "defaultService").as_str().and_then(reference);
        let paths: Vec<Json> = match take(&mut route, "pathRules") {
            Json::Array(rules) => rules.into_iter().map(path_rule).collect(),
            _ => Vec::new(),
        };
        take(&mut route, "name");
        route["hosts"] = rule.get("hosts").cloned().unwrap_or_default();
        put(&mut route, HOST_RULE, rule.get("description").cloned());
        route[MATCHER] = json!(name);
        put(&mut route, "backend", backend.map(Json::String));
        put(&mut route, "paths", (!paths.is_empty()).then_some(Json::Array(paths)));
        route
    };
    rules.map(route).collect()
}

fn path_rule(mut rule: Json) -> Json {
    let backend = take(&mut rule, "service").as_str().and_then(reference);
    put(&mut rule, "backend", backend.map(Json::String));
    rule
}

/// The host rules and path matchers of the routes, as a URL map has them. Routes that share a path matcher go on sharing it
/// as long as they say the same.
pub(super) fn write(routes: &[Json], project: &str) -> (Vec<Json>, Vec<Json>) {
    let (mut rules, mut matchers): (Vec<Json>, Vec<Json>) = Default::default();
    let known: BTreeSet<String> = routes.iter().map(|route| text(route, MATCHER).to_owned()).collect();
    let mut number = 0;
    for route in routes {
        let mut matcher = route.clone();
        let hosts = take(&mut matcher, "hosts");
        let words = take(&mut matcher, HOST_RULE);
        let name = take(&mut matcher, MATCHER).as_str().map(str::to_owned);
        let backend = take(&mut matcher, "backend");
        matcher["defaultService"] = backend.as_str().map_or(Json::Null, |backend| json!(link(project, backend)));
        let paths = take(&mut matcher, "paths");
        let paths = paths.as_array().into_iter().flatten().map(|rule| {
            let mut rule = rule.clone();
            let backend = take(&mut rule, "backend");
            rule["service"] = backend.as_str().map_or(Json::Null, |backend| json!(link(project, backend)));
            rule
        });
        let paths: Vec<Json> = paths.collect();
        matcher["pathRules"] = Json::Array(paths);
        let with_name = |name: &str| {
            let mut named = matcher.clone();
            named["name"] = json!(name);
            named
        };
        let shared = name.as_deref().map(with_name).filter(|named| matchers.contains(named));
        let is_free = |name: &str| !matchers.iter().any(|matcher| text(matcher, "name") == name);
        let named = match (shared, name.as_deref().filter(|name| !name.is_empty() && is_free(name))) {
            (Some(shared), _) => shared,
            (None, Some(name)) => with_name(name),
            (None, None) => {
                let fresh = loop {
                    number += 1;
                    let fresh = format!("route-{number}");
                    if is_free(&fresh) && !known.contains(&fresh) {
                        break fresh;
                    }
                };
                with_name(&fresh)
            }
        };
        let mut rule = json!({"hosts": hosts, "pathMatcher": named["name"]});
        put(&mut rule, "description", (!words.is_null()).then_some(words));
        rules.push(rule);
        if !matchers.contains(&named) {
            matchers.push(named);
        }
    }
    (rules, matchers)
}

fn take(json: &mut Json, field: &str) -> Json {
    json.as_object_mut().and_then(|fields| fields.remove(field)).unwrap_or_default()
}

fn put(json: &mut Json, field: &str, value: Option<Json>) {
    let fields: Option<&mut Map<String, Json>> = json.as_object_mut();
    if let (Some(fields), Some(value)) = (fields, value) {
        fields.insert(field.to_owned(), value);
    }
}
