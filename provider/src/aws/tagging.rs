//! The tags of many objects in one call, for a refresh.
//!
//! The Resource Groups Tagging API tells the tags of a hundred objects of a region at once, of whatever service, and lags
//! behind. What it tells is believed where the stack has the object's tags so, too; else the object's own service is asked.

use std::collections::BTreeMap;
use std::convert::Infallible;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::api::{ApiError, Request, Service};
use super::session::Run;
use super::tags;
use super::terms::EFFECTIVE_TAGS;

/// How many objects one call takes.
///
/// Source: <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>
const AT_ONCE: usize = 100;

/// The permission that it takes. Who has it not asks each service.
pub const PERMISSION: &str = "tag:GetResources";

/// The tags of the object with this ARN, which the stack has as `known`; `own` asks the object's service for them, which
/// answers none where there is no such object.
///
/// # Errors
/// Of the object's service.
pub async fn tags_of(
    arn: &str,
    known: Option<&Dynamic>,
    run: Run<'_>,
    own: impl Future<Output = Result<Option<BTreeMap<String, String>>, ApiError>>,
) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    if let Some(known) = known.filter(|_| run.is_refresh())
        && let Some(told) = told(arn, run).await
        && agrees(&told, known)
    {
        return Ok(Some(told));
    }
    own.await
}

/// Whether tags are, as far as they are the stack's concern, what it has them as.
fn agrees(told: &BTreeMap<String, String>, known: &Dynamic) -> bool {
    let mut recorded = known.get(EFFECTIVE_TAGS).as_entries().into_iter().flatten();
    recorded.all(|(key, value)| {
        value.as_str().is_some_and(|value| told.get(key.as_ref()).is_some_and(|told| told == value))
    })
}

/// What the tagging API says; nothing where it cannot be asked.
async fn told(arn: &str, run: Run<'_>) -> Option<BTreeMap<String, String>> {
    let is_it = |item: &Json, arn: &str| item["ResourceARN"] == arn;
    let ask = |arns: Vec<String>| async move { Ok::<_, Infallible>(asked(arns, run).await.unwrap_or_default()) };
    let Ok(found) = run.together().ask(("GetResources", AT_ONCE), arn, is_it, ask).await;
    found.first().map(|item| tags::of_pairs(&item["Tags"]))
}

/// An item for each of these ARNs: what has no tags, and never had any, is not in the answer.
async fn asked(arns: Vec<String>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let mut items: Vec<Json> = Vec::new();
    let mut body = json!({ "ResourceARNList": arns });
    loop {
        let mut page = run.call(Request::new(Service::TAGGING, "GetResources", body)).await?;
        items.append(page["ResourceTagMappingList"].as_array_mut().unwrap_or(&mut Vec::new()));
        match page["PaginationToken"].as_str().filter(|token| !token.is_empty()) {
            Some(token) => body = json!({ "PaginationToken": token }),
            None => break,
        }
    }
    let missing = arns.iter().filter(|arn| !items.iter().any(|item| item["ResourceARN"] == arn.as_str()));
    let untagged: Vec<Json> = missing.map(|arn| json!({ "ResourceARN": arn, "Tags": [] })).collect();
    Ok(items.into_iter().chain(untagged).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tree;

    #[test]
    fn tags_are_believed_where_the_stack_has_them_so() {
        let tags = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let component = |effective: Dynamic| {
            Dynamic::Object([(tfplugin::Name::from(EFFECTIVE_TAGS), effective)].into_iter().collect())
        };
        let known = component(tree::string_map(&tags(&[("Team", "data")])));
        let untagged = component(Dynamic::Null);
        let found = [
            agrees(&tags(&[("Team", "data"), ("Theirs", "1")]), &known),
            agrees(&tags(&[("Team", "science")]), &known),
            agrees(&tags(&[]), &known),
            agrees(&tags(&[("Theirs", "1")]), &untagged),
        ];
        assert_eq!(found, [true, false, false, true]);
    }
}
