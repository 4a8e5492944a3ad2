//! What the kinds of EC2 share: lists by pages and filters, and tags.

use serde_json::{Value as Json, json};

use super::api::{ApiError, Request, Service, items};
use super::session::Run;
use super::tags;
use crate::engine::wire;

/// How many values a filter takes at most.
pub const VALUES: usize = 200;

/// What a list has in all its pages: those of `field` that the filters choose, each by one of its values.
///
/// # Errors
/// Of the calls.
pub async fn pages(
    action: &'static str,
    field: &str,
    filters: &[(&str, Vec<String>)],
    run: Run<'_>,
) -> Result<Vec<Json>, ApiError> {
    let filters: Vec<Json> = filters.iter().map(|(name, values)| json!({ "Name": name, "Value": values })).collect();
    let mut body = json!({ "MaxResults": 1000, "Filter": filters });
    let mut found = Vec::new();
    loop {
        let page = run.call(Request::new(Service::EC2, action, body.clone())).await?;
        found.extend_from_slice(items(&page[field]));
        match page["nextToken"].as_str().filter(|token| !token.is_empty()) {
            Some(token) => body["NextToken"] = json!(token),
            None => return Ok(found),
        }
    }
}

/// Puts the tags of an object of EC2's to where all kinds have them.
pub fn name_tags(body: &mut Json) {
    let pair = |pair: &Json| Some((pair.get("key")?.as_str()?.to_owned(), wire::text(pair, "value").to_owned()));
    let found = items(&body["tagSet"]).iter().filter_map(pair).collect();
    wire::remove(body, "tagSet");
    tags::put(body, found);
}

/// The tags that a new object of that type gets.
pub fn tag_specification(of_type: &str, body: &Json) -> Json {
    let tags = tags::of(body);
    if tags.is_empty() { Json::Null } else { json!([{ "ResourceType": of_type, "Tag": tags::pairs(&tags) }]) }
}

/// Changes the tags of the object with this id.
///
/// # Errors
/// Of the calls.
pub async fn set_tags(id: &str, change: &tags::Change, run: Run<'_>) -> Result<(), ApiError> {
    let call = async |action, tags: Json| {
        run.call(Request::new(Service::EC2, action, json!({ "ResourceId": [id], "Tag": tags }))).await.map(drop)
    };
    if !change.set.is_empty() {
        call("CreateTags", tags::pairs(&change.set)).await?;
    }
    if !change.remove.is_empty() {
        call("DeleteTags", change.remove.iter().map(|key| json!({ "Key": key })).collect()).await?;
    }
    Ok(())
}
