//! What the objects of IAM have in common: calls, paths, tags, lists in pages.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Path, Value};

use super::api::{ApiError, Request, Service};
use super::session::Run;
use super::tags;
use crate::engine::{common, tree};

/// The path of what has none.
pub const ROOT: &str = "/";

/// A call, and the part of its answer that is the result.
///
/// # Errors
/// Of the call.
pub async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    let mut answer = run.call(Request::new(Service::IAM, action, body)).await?;
    Ok(answer[format!("{action}Result")].take())
}

/// The items of all pages of a list; `field` has them in the result.
///
/// # Errors
/// Of the calls.
pub async fn all(action: &'static str, field: &str, mut body: Json, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let mut items = Vec::new();
    loop {
        let mut page = call(action, body.clone(), run).await?;
        // A list of nothing is an empty text in XML.
        items.append(page[field].as_array_mut().unwrap_or(&mut Vec::new()));
        match page["Marker"].as_str() {
            Some(marker) if page["IsTruncated"] == "true" => body["Marker"] = json!(marker),
            _ => return Ok(items),
        }
    }
}

/// Changes the tags of the object that `field` of the call names.
///
/// # Errors
/// Of the calls.
pub async fn retag(
    (tag, untag): (&'static str, &'static str),
    (field, name): (&str, &str),
    change: &tags::Change,
    run: Run<'_>,
) -> Result<(), ApiError> {
    if !change.set.is_empty() {
        call(tag, json!({ field: name, "Tags": tags::pairs(&change.set) }), run).await?;
    }
    if !change.remove.is_empty() {
        call(untag, json!({ field: name, "TagKeys": change.remove }), run).await?;
    }
    Ok(())
}

/// Path and name of a component as one: what follows the kind in its ARN.
pub fn full_name(component: &Dynamic) -> Option<String> {
    let path = match component.get("path") {
        Dynamic::Null => ROOT,
        path => path.as_str()?,
    };
    Some(format!("{}{}", path.trim_start_matches('/'), tree::text(component, common::NAME)?))
}

/// The name at the end of path and name.
pub fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Checks a name and its path.
pub fn validate_name(
    (name, longest): (&Value<String>, usize),
    of_path: &Value<String>,
    noun: &str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[A-Za-z0-9+=,.@_-]+$").ok());
    static PATH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^/([!-.0-~]+/)*$").ok());
    let is_name = |name: &str| name.len() <= longest && NAME.as_ref().is_none_or(|rule| rule.is_match(name));
    if let Some(name) = name.known().filter(|name| !is_name(name)) {
        let detail = format!(
            "{name:?} cannot be the name of a {noun}: 1 to {longest} letters, digits and + = , . @ _ - are allowed. It defaults \
             to the KEY; set name where the KEY does not do."
        );
        diagnostics.push(Diagnostic::error(format!("Invalid name of a {noun}"), detail).at(path.attribute("name")));
    }
    let is_path = |text: &str| text.len() <= 512 && PATH.as_ref().is_none_or(|rule| rule.is_match(text));
    if let Some(text) = of_path.known().filter(|text| !is_path(text)) {
        let detail = format!("{text:?} is not a path of IAM: it begins and ends with a slash, as /team/ does.");
        diagnostics.push(Diagnostic::error("Invalid path", detail).at(path.attribute("path")));
    }
}
