//! What the kinds of RDS share: calls, lists by pages, and tags.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::api::{ApiError, Found, Request, Service, items};
use super::session::Run;
use super::{tagging, tags};

/// Makes a call; what it answers with.
///
/// # Errors
/// Of the call.
pub async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    let mut answer = run.call(Request::new(Service::RDS, action, body)).await?;
    Ok(answer.get_mut(format!("{action}Result")).map(Json::take).unwrap_or_default())
}

/// What a list has in all its pages: the elements `item` of `list`. None where what is asked for is not there.
///
/// # Errors
/// Of the calls.
pub async fn pages(
    action: &'static str,
    (list, item): (&str, &str),
    mut asked: Json,
    run: Run<'_>,
) -> Result<Vec<Json>, ApiError> {
    asked["MaxRecords"] = json!(100);
    let mut found = Vec::new();
    loop {
        let Some(page) = call(action, asked.clone(), run).await.found()? else { return Ok(found) };
        found.extend_from_slice(items(&page[list][item]));
        match page["Marker"].as_str().filter(|marker| !marker.is_empty()) {
            Some(marker) => asked["Marker"] = json!(marker),
            None => return Ok(found),
        }
    }
}

/// A list of texts as RDS takes it: each has a name of its own.
pub fn named(item: &str, texts: &Json) -> Json {
    json!({ item: texts })
}

/// The tags that a new object gets.
pub fn new_tags(body: &Json) -> Json {
    named("Tag", &tags::pairs(&tags::of(body)))
}

/// The tags of the object with this ARN, which the stack has as `known`; none where it is gone.
///
/// # Errors
/// Of the call.
pub async fn tags_of(arn: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let own = async {
        let answer = call("ListTagsForResource", json!({ "ResourceName": arn }), run).await.found()?;
        Ok(answer.map(|answer| tags::of_pairs(&Json::Array(items(&answer["TagList"]["Tag"]).to_vec()))))
    };
    Ok(tagging::tags_of(arn, known, run, own).await?.unwrap_or_default())
}

/// Changes the tags of the object with this ARN.
///
/// # Errors
/// Of the calls.
pub async fn set_tags(arn: &str, change: &tags::Change, run: Run<'_>) -> Result<(), ApiError> {
    if !change.set.is_empty() {
        let tags = named("Tag", &tags::pairs(&change.set));
        call("AddTagsToResource", json!({ "ResourceName": arn, "Tags": tags }), run).await?;
    }
    if !change.remove.is_empty() {
        call(
            "RemoveTagsFromResource",
            json!({ "ResourceName": arn, "TagKeys": named("member", &json!(change.remove)) }),
            run,
        )
        .await?;
    }
    Ok(())
}

/// The end of a sentence that says why RDS would not keep a name as it is; `None` for one that it would.
pub fn refuse_name(name: &str, longest: usize) -> Option<String> {
    let is_legal = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.contains("--")
        && !name.ends_with('-');
    (name.chars().count() > longest || !is_legal).then(|| {
        format!(
            "1 to {longest} lower-case letters, digits and single hyphens are allowed, beginning with a letter and not ending with \
             a hyphen. It defaults to the KEY; set name where the KEY does not do."
        )
    })
}
