//! What clusters and services of ECS have in common: calls, lists in pages, tags, and how they are told to be gone.

use std::collections::BTreeMap;

use futures::future::try_join_all;
use serde_json::{Value as Json, json};

use super::api::{ApiError, Request, Service};
use super::session::Run;
use super::tags;

/// How many are described in one call at most.
pub const AT_ONCE: usize = 10;

/// A call.
///
/// # Errors
/// Of the call.
pub async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    run.call(Request::new(Service::ECS, action, body)).await
}

/// The ARNs of all pages of a list; `field` has them.
///
/// # Errors
/// Of the calls.
pub async fn all(action: &'static str, field: &str, mut body: Json, run: Run<'_>) -> Result<Vec<String>, ApiError> {
    let mut arns = Vec::new();
    loop {
        let page = call(action, body.clone(), run).await?;
        let found = page[field].as_array().into_iter().flatten();
        arns.extend(found.filter_map(|arn| Some(arn.as_str()?.to_owned())));
        match page["nextToken"].as_str() {
            Some(token) => body["nextToken"] = json!(token),
            None => return Ok(arns),
        }
    }
}

/// Describes `names`, which `field` of call and answer has, with their tags as a map; those that are gone are left out.
///
/// # Errors
/// Of the calls.
pub async fn describe(
    action: &'static str,
    field: &str,
    names: &[String],
    with: &Json,
    run: Run<'_>,
) -> Result<Vec<Json>, ApiError> {
    let calls = names.chunks(AT_ONCE).map(|names| {
        let mut body = with.clone();
        body[field] = json!(names);
        call(action, body, run)
    });
    let answers = try_join_all(calls).await?;
    let found = answers.into_iter().flat_map(|mut answer| answer[field].as_array_mut().map(std::mem::take));
    Ok(found.flatten().filter(is_there).map(with_tags).collect())
}

/// What was deleted is described for an hour all the same.
fn is_there(found: &Json) -> bool {
    found["status"] != "INACTIVE"
}

fn with_tags(mut found: Json) -> Json {
    let listed = found["tags"].take();
    tags::put(&mut found, tags::of_pairs(&listed));
    found
}

/// Tags as ECS writes them.
pub fn pairs(tags: &BTreeMap<String, String>) -> Json {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

/// Changes the tags of an object.
///
/// # Errors
/// Of the calls.
pub async fn retag(resource: &str, change: &tags::Change, run: Run<'_>) -> Result<(), ApiError> {
    if !change.set.is_empty() {
        call("TagResource", json!({ "resourceArn": resource, "tags": pairs(&change.set) }), run).await?;
    }
    if !change.remove.is_empty() {
        call("UntagResource", json!({ "resourceArn": resource, "tagKeys": change.remove }), run).await?;
    }
    Ok(())
}
