//! References between objects: any spelling is taken, the full link is kept, and what is used cannot be deleted.

use serde_json::{Value, json};

use super::HOST;
use crate::call::Call;
use crate::error::ApiError;
use crate::json::Object;
use crate::store::World;

const ROOT: &str = "https://www.googleapis.com/compute/v1/";

/// Collections that are served here: what lies in others is taken to be there.
const SERVED: [&str; 12] = [
    "addresses",
    "backendBuckets",
    "backendServices",
    "forwardingRules",
    "healthChecks",
    "networkEndpointGroups",
    "networks",
    "sslCertificates",
    "subnetworks",
    "targetHttpProxies",
    "targetHttpsProxies",
    "urlMaps",
];

/// Fields that say who uses an object, or what it is: they do not hold the object that they name.
const BACKWARD: [&str; 7] = ["selfLink", "selfLinkWithId", "users", "usedBy", "subnetworks", "region", "peerings"];

/// The link of a relative name.
pub(super) fn full(relative: &str) -> String {
    format!("{ROOT}{relative}")
}

/// The relative name in a link of any spelling.
pub(super) fn relative(link: &str) -> Option<&str> {
    match link.find("/projects/") {
        Some(at) => Some(&link[at + 1..]),
        None => link.starts_with("projects/").then_some(link),
    }
}

/// The path of the object of that relative name.
pub(super) fn path(relative: &str) -> String {
    format!("/compute/v1/{relative}")
}

/// The full link of what `text` names. As recorded, a region below `global/` is the region.
///
/// # Errors
/// 400 for what is no name, 404 for what is not there.
pub(super) fn canonical(call: &Call<'_>, field: &str, text: &str) -> Result<String, ApiError> {
    let Some(relative) = relative(text) else {
        return Err(invalid(format!("Invalid value for field 'resource.{field}': '{text}'. The URL is malformed.")));
    };
    let name = call.world.with_project_ids(relative).replace("/global/regions/", "/regions/");
    let collection = name.rsplit('/').nth(1).unwrap_or_default();
    if SERVED.contains(&collection) && !call.world.has(HOST, &path(&name)) {
        return Err(missing(&name));
    }
    Ok(full(&name))
}

/// Makes the references in the named fields of `body` full links: of texts and of lists of texts.
///
/// # Errors
/// As of [`canonical`].
pub(super) fn complete(call: &Call<'_>, body: &mut Object, fields: &[&str]) -> Result<(), ApiError> {
    for field in fields {
        match body.get_mut(*field) {
            Some(Value::String(text)) if !text.is_empty() => *text = canonical(call, field, text)?,
            Some(Value::Array(items)) => {
                for item in items {
                    *item = json!(canonical(call, field, item.as_str().unwrap_or_default())?);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes every reference in the fields of those names full links, at any depth.
///
/// # Errors
/// As of [`canonical`].
pub(super) fn complete_deep(call: &Call<'_>, value: &mut Value, fields: &[&str]) -> Result<(), ApiError> {
    match value {
        Value::Object(object) => {
            complete(call, object, fields)?;
            object.values_mut().try_for_each(|inner| complete_deep(call, inner, fields))
        }
        Value::Array(items) => items.iter_mut().try_for_each(|inner| complete_deep(call, inner, fields)),
        _ => Ok(()),
    }
}

/// The relative names of the objects that name the one with this relative name.
pub(super) fn users(world: &World, name: &str) -> Vec<String> {
    let link = full(name);
    let all = world.state.objects.get(HOST).into_iter().flatten();
    let named = all.filter(|(_, object)| names(&object.body, &link));
    named.map(|(path, _)| path.trim_start_matches("/compute/v1/").to_owned()).collect()
}

fn names(value: &Value, link: &str) -> bool {
    match value {
        Value::String(text) => text == link,
        Value::Array(items) => items.iter().any(|item| names(item, link)),
        Value::Object(fields) => {
            fields.iter().any(|(field, value)| !BACKWARD.contains(&field.as_str()) && names(value, link))
        }
        _ => false,
    }
}

/// 404 of the object with this relative name.
pub(super) fn missing(name: &str) -> ApiError {
    ApiError::storage(404, "notFound", format!("The resource '{name}' was not found"))
}

/// 400 for a value.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::storage(400, "invalid", message)
}
