//! `logging.googleapis.com` v2: the sinks and buckets that every project has, to be read.
//!
//! Nothing here makes or changes one: they come from seeds.

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::pages::{self, PageRule};
use crate::route::Api;

const PAGES: PageRule = PageRule { default: 1000, max: 1000 };

/// The API.
pub(crate) fn api() -> Api {
    Api::new("logging.googleapis.com")
        .on("GET", "/v2/projects/{project}/sinks", |call| list(call, "sinks"))
        .on("GET", "/v2/projects/{project}/sinks/{sink}", get)
        .on("GET", "/v2/projects/{project}/locations/{location}/buckets", |call| list(call, "buckets"))
        .on("GET", "/v2/projects/{project}/locations/{location}/buckets/{bucket}", get)
}

fn get(call: &mut Call<'_>) -> Outcome {
    let missing = || ApiError::not_found(format!("{} does not exist", call.resource()));
    Ok(Reply::json(call.stored().cloned().ok_or_else(missing)?))
}

fn list(call: &mut Call<'_>, field: &'static str) -> Outcome {
    let parent = call.path();
    // A location of - means all of them.
    let (before, after) = parent.split_once("/-/").unwrap_or((&parent, ""));
    let items: Vec<(String, Value)> = match after {
        "" => call.world.children(call.host(), &parent).map(owned).collect(),
        _ => {
            let objects = call.world.state.objects.get(call.host());
            let all = objects.into_iter().flatten().map(|(path, object)| (path.as_str(), &object.body));
            all.filter(|(path, _)| path.starts_with(before) && path.contains("/buckets/")).map(owned).collect()
        }
    };
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut answer = json!({});
    if !page.items.is_empty() {
        answer[field] = Value::Array(page.items);
    }
    if let Some(next) = page.next {
        answer["nextPageToken"] = json!(next);
    }
    Ok(Reply::json(answer))
}

fn owned((path, body): (&str, &Value)) -> (String, Value) {
    (path.to_owned(), body.clone())
}
