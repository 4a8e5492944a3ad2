//! URL maps: which backend answers which host and path. Recorded in `compute-urlmap`.

use serde_json::{Value, json};

use super::link;
use super::resource::{Changes, Resource, defaults};
use crate::call::Call;
use crate::error::ApiError;
use crate::json::Object;

/// The kind.
pub(super) struct UrlMap;

/// What names a backend, at any depth.
const BACKENDS: [&str; 4] = ["defaultService", "service", "backendService", "errorService"];

impl Resource for UrlMap {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/urlMaps/{urlMap}"
    }

    fn kind(&self) -> &'static str {
        "compute#urlMap"
    }

    fn noun(&self) -> &'static str {
        "url_map"
    }

    fn changes(&self) -> Changes {
        Changes::PatchAndPut
    }

    fn has_fingerprint(&self) -> bool {
        true
    }

    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, _: Option<&Value>) -> Result<(), ApiError> {
        let mut whole = Value::Object(std::mem::take(wanted));
        link::complete_deep(call, &mut whole, &BACKENDS)?;
        *wanted = whole.as_object_mut().map(std::mem::take).unwrap_or_default();
        one_default(wanted, "resource")?;
        let matchers = wanted.get("pathMatchers").and_then(Value::as_array).cloned().unwrap_or_default();
        for matcher in &matchers {
            one_default(matcher.as_object().unwrap_or(&Object::new()), "resource.pathMatchers")?;
        }
        let rules = wanted.get("hostRules").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut seen = std::collections::BTreeSet::new();
        for rule in &rules {
            if !matchers.iter().any(|matcher| matcher["name"] == rule["pathMatcher"]) {
                return Err(link::invalid("A host rule names a path matcher that does not exist."));
            }
            for host in rule["hosts"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !seen.insert(host) {
                    return Err(link::invalid(format!("The host {host} stands in two host rules.")));
                }
            }
        }
        if let Some(unused) = matchers.iter().find(|m| !rules.iter().any(|rule| rule["pathMatcher"] == m["name"])) {
            return Err(link::invalid(format!("The path matcher {} is in no host rule.", unused["name"])));
        }
        if let Some(redirect) = wanted.get_mut("defaultUrlRedirect").and_then(Value::as_object_mut) {
            defaults(
                redirect,
                &[("redirectResponseCode", json!("MOVED_PERMANENTLY_DEFAULT")), ("stripQuery", json!(false))],
            );
        }
        for field in ["hostRules", "pathMatchers", "tests"] {
            if wanted.get(field).and_then(Value::as_array).is_some_and(Vec::is_empty) {
                wanted.remove(field);
            }
        }
        Ok(())
    }
}

/// What matches nothing goes to a service, or is redirected, or has an action of its own.
fn one_default(of: &Object, field: &str) -> Result<(), ApiError> {
    let has = |name: &str| of.get(name).is_some_and(|value| !value.is_null() && value != "");
    match (has("defaultService"), has("defaultUrlRedirect"), has("defaultRouteAction")) {
        (false, false, false) => {
            Err(link::invalid(format!("Invalid value for field '{field}.defaultService': it must be set.")))
        }
        (true, true, _) => Err(link::invalid(format!(
            "Invalid value for field '{field}': defaultService and defaultUrlRedirect exclude each other."
        ))),
        _ => Ok(()),
    }
}
