//! `monitoring.googleapis.com`: notification channels, alert policies, and as much of metrics as these need.
//! All calls are synchronous; names are the server's. Refusals name the field in Google's words.

mod channels;
mod conditions;
mod filter;
mod labels;
mod metrics;
mod policies;

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Object};
use crate::pages::{self, PageRule};
use crate::route::Api;

const PAGES: PageRule = PageRule { default: 1000, max: 1000 };

/// The API.
pub(crate) fn api() -> Api {
    Api::new(metrics::HOST)
        .on("POST", "/v3/projects/{project}/alertPolicies", policies::create)
        .on("GET", "/v3/projects/{project}/alertPolicies", policies::list)
        .on("GET", "/v3/projects/{project}/alertPolicies/{policy}", policies::get)
        .on("PATCH", "/v3/projects/{project}/alertPolicies/{policy}", policies::patch)
        .on("DELETE", "/v3/projects/{project}/alertPolicies/{policy}", policies::delete)
        .on("POST", "/v3/projects/{project}/notificationChannels", channels::create)
        .on("GET", "/v3/projects/{project}/notificationChannels", channels::list)
        .on("GET", "/v3/projects/{project}/notificationChannels/{channel}", channels::get)
        .on("PATCH", "/v3/projects/{project}/notificationChannels/{channel}", channels::patch)
        .on("DELETE", "/v3/projects/{project}/notificationChannels/{channel}", channels::delete)
        .on("GET", "/v3/projects/{project}/notificationChannelDescriptors", channels::list_descriptors)
        .on("GET", "/v3/projects/{project}/notificationChannelDescriptors/{type}", channels::get_descriptor)
        .on("POST", "/v3/projects/{project}/metricDescriptors", metrics::create)
        .on("GET", "/v3/projects/{project}/metricDescriptors", metrics::list)
        .on("GET", "/v3/projects/{project}/metricDescriptors/{metric=**}", metrics::get)
        .on("DELETE", "/v3/projects/{project}/metricDescriptors/{metric=**}", metrics::delete)
}

/// 400 for one field, in the words of Cloud Monitoring.
fn invalid(field: &str, value: &str, why: &str) -> ApiError {
    ApiError::invalid_field(field, format!("Field {field} had an invalid value of \"{value}\": {why}"))
}

fn no_such(what: &str, call: &Call<'_>) -> ApiError {
    ApiError::not_found(format!("{what} {} not found.", call.resource()))
}

/// The objects of the collection that the call names, as `filter` and `orderBy` want them, each with its sort key. `fields`
/// are those that a filter may name, in snake case.
fn list_items(call: &Call<'_>, fields: &[&str]) -> Result<Vec<(String, Value)>, ApiError> {
    let text = call.query("filter").unwrap_or_default();
    let wanted = filter::parse(text).map_err(|why| invalid("filter", text, &why))?;
    for comparison in wanted.comparisons() {
        let root = comparison.field.first().map_or("", String::as_str);
        if !fields.iter().any(|known| *known == root || json::camel(known) == root) {
            let why = format!("\"{root}\" is no field to filter by.");
            return Err(invalid("filter", text, &why));
        }
    }
    let parent = call.path();
    let mut items: Vec<(String, Value)> = call
        .world
        .children(metrics::HOST, &parent)
        .filter(|(_, body)| wanted.matches(body))
        .map(|(path, body)| (path.to_owned(), body.clone()))
        .collect();
    if let Some(order) = call.query("orderBy").filter(|order| !order.is_empty()) {
        sort(&mut items, order);
    }
    Ok(items)
}

/// Sorts by a comma-separated list of fields, a minus in front for falling order, and renumbers the keys accordingly.
fn sort(items: &mut [(String, Value)], order: &str) {
    let text = |body: &Value, field: &str| {
        let found = json::at(body, field).or_else(|| body.get(json::camel(field)));
        found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
    };
    items.sort_by(|(_, a), (_, b)| {
        order
            .split(',')
            .map(str::trim)
            .map(|field| match field.strip_prefix('-') {
                Some(field) => text(b, field).cmp(&text(a, field)),
                None => text(a, field).cmp(&text(b, field)),
            })
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    for (index, (key, _)) in items.iter_mut().enumerate() {
        *key = format!("{index:08}");
    }
}

/// One page of `items` (sorted by key) under `field`, with the total when the API tells it.
fn list_page(call: &Call<'_>, field: &str, items: Vec<(String, Value)>, with_total: bool) -> Outcome {
    let total = items.len();
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut body = Object::new();
    if !page.items.is_empty() {
        body.insert(field.to_owned(), Value::Array(page.items));
    }
    if let Some(next) = page.next {
        body.insert("nextPageToken".to_owned(), json!(next));
    }
    if with_total && total > 0 {
        body.insert("totalSize".to_owned(), json!(total));
    }
    Ok(Reply::json(Value::Object(body)))
}
