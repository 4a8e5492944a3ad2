//! Objects of Compute Engine that are parts of something larger: read, made, changed and deleted one by one.
//!
//! Every write is an operation that is waited for. Changes carry what differs and the fingerprint that was read; a name that
//! is taken is no failure where the object there is what would have been made.

use futures::future::try_join_all;
use serde_json::{Map, Value as Json, json};

use super::api::{ApiError, Found, Host, List, OperationApi, Request, relative};
use super::patience;
use super::session::Run;

const VERSION: &str = "compute/v1";
const PAGE: u32 = 500;

/// The objects of global collections of the project.
///
/// # Errors
/// Of the calls.
pub async fn list(run: Run<'_>, collections: &[&str]) -> Result<Vec<Json>, ApiError> {
    let project = &run.scope.place.account;
    let lists = collections.iter().map(|collection| {
        let request = Request::get(Host::COMPUTE, format!("{VERSION}/projects/{project}/global/{collection}"));
        run.list(List::new(request, "items").page_size_as("maxResults", PAGE))
    });
    Ok(try_join_all(lists).await?.into_iter().flatten().collect())
}

/// The objects of a collection that every region has.
///
/// # Errors
/// Of the call.
pub async fn list_regional(run: Run<'_>, collection: &str) -> Result<Vec<Json>, ApiError> {
    let path = format!("{VERSION}/projects/{}/aggregated/{collection}", run.scope.place.account);
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let request = Request::get(Host::COMPUTE, path.as_str()).query("maxResults", PAGE);
        let mut page = run.call(request.query_opt("pageToken", token.as_ref()).expects(&[])).await?;
        for (_, scope) in page.get_mut("items").and_then(Json::as_object_mut).into_iter().flatten() {
            if let Some(Json::Array(objects)) = scope.get_mut(collection).map(Json::take) {
                found.extend(objects);
            }
        }
        let next = page.get("nextPageToken").and_then(Json::as_str).filter(|next| !next.is_empty()).map(str::to_owned);
        if next.is_none() || next == token {
            return Ok(found);
        }
        token = next;
    }
}

/// Makes an object in the collection with that relative name. One of its name that is what would be made is taken for it;
/// any other is in the way.
///
/// # Errors
/// Of the calls.
pub async fn make(run: Run<'_>, collection: &str, body: Json) -> Result<(), ApiError> {
    let name = format!("{collection}/{}", body["name"].as_str().unwrap_or_default());
    let request = Request::post(Host::COMPUTE, format!("{VERSION}/{collection}")).idempotent(true).json(body.clone());
    match run.call_and_wait(request, &OperationApi::COMPUTE).await {
        Err(error) if error.is_already_exists() => match get(run, &name).await? {
            Some(there) if covers(Some(&there), &body) => Ok(()),
            _ => Err(error),
        },
        made => made.map(drop),
    }
}

/// Reads the object of that relative name.
///
/// # Errors
/// Of the call, "not found" excepted.
pub async fn get(run: Run<'_>, name: &str) -> Result<Option<Json>, ApiError> {
    run.call(Request::get(Host::COMPUTE, format!("{VERSION}/{name}")).expects(&["name"])).await.found()
}

/// Changes the fields of an object that are not as `wanted`; nothing is sent where all are. `current` is the object as it was
/// read. Fields that are null are taken away.
///
/// # Errors
/// Of the calls.
pub async fn revise(run: Run<'_>, name: &str, current: &Json, wanted: &Json) -> Result<(), ApiError> {
    let mut latest = current.clone();
    let mut races = 0;
    loop {
        let mut body = differing(&latest, wanted);
        if body.is_empty() {
            return Ok(());
        }
        if let Some(fingerprint) = latest.get("fingerprint") {
            body.insert("fingerprint".to_owned(), fingerprint.clone());
        }
        let request = Request::patch(Host::COMPUTE, format!("{VERSION}/{name}")).sent_once().json(Json::Object(body));
        match run.call_and_wait(request, &OperationApi::COMPUTE).await {
            Err(error) if error.is_etag_conflict() && races < patience::RACE.max_retries => {
                let pause = patience::RACE.wait(races, None, run.context.clock.jitter());
                if run.context.sleep(pause).await.is_err() {
                    return Err(error);
                }
                races += 1;
                latest = match get(run, name).await? {
                    Some(now) => now,
                    None => return Err(error),
                };
            }
            changed => return changed.map(drop),
        }
    }
}

/// Posts a change that has a verb of its own: `NAME/setTarget`.
///
/// # Errors
/// Of the call or its operation.
pub async fn post(run: Run<'_>, path: &str, body: Json) -> Result<(), ApiError> {
    let request = Request::post(Host::COMPUTE, format!("{VERSION}/{path}")).idempotent(true).json(body);
    run.call_and_wait(request, &OperationApi::COMPUTE).await.map(drop)
}

/// Deletes the object of that relative name; one that is gone is fine.
///
/// # Errors
/// Of the call or its operation.
pub async fn delete(run: Run<'_>, name: &str) -> Result<(), ApiError> {
    let request = Request::delete(Host::COMPUTE, format!("{VERSION}/{name}"));
    run.delete(&request, &OperationApi::COMPUTE, true).await.found().map(drop)
}

/// The fields in which `current` is not as `wanted`, without the nulls inside lists.
fn differing(current: &Json, wanted: &Json) -> Map<String, Json> {
    let fields = wanted.as_object().into_iter().flatten();
    let differing = fields.filter(|(field, value)| !covers(current.get(field), value));
    differing
        .map(|(field, value)| (field.clone(), if value.is_null() { Json::Null } else { without_nulls(value) }))
        .collect()
}

/// Whether `current` has all that `wanted` says. What says nothing (null, false, an empty text or list) is there where
/// nothing is; links are compared by the names in them.
fn covers(current: Option<&Json>, wanted: &Json) -> bool {
    match (current, wanted) {
        (None | Some(Json::Null), Json::Object(fields)) => fields.values().all(|value| covers(None, value)),
        (None | Some(Json::Null), value) => {
            value.is_null() || *value == json!(false) || *value == json!("") || *value == json!([])
        }
        (Some(Json::Object(current)), Json::Object(wanted)) => {
            wanted.iter().all(|(field, value)| covers(current.get(field), value))
        }
        (Some(Json::Array(current)), Json::Array(wanted)) => {
            current.len() == wanted.len()
                && current.iter().zip(wanted).all(|(current, wanted)| covers(Some(current), wanted))
        }
        (Some(Json::String(current)), Json::String(wanted)) => match (relative(current), relative(wanted)) {
            (Some(current), Some(wanted)) => current == wanted,
            _ => current == wanted,
        },
        (Some(Json::Number(current)), Json::Number(wanted)) => current.as_f64() == wanted.as_f64(),
        (Some(current), wanted) => current == wanted,
    }
}

fn without_nulls(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let told = fields.iter().filter(|(_, value)| !value.is_null());
            Json::Object(told.map(|(field, value)| (field.clone(), without_nulls(value))).collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent_and_links_are_compared_by_name() {
        let current = json!({
            "timeoutSec": 30, "iap": {"enabled": false, "oauth2ClientId": ""}, "fingerprint": "x",
            "defaultService": "https://www.googleapis.com/compute/beta/projects/p/global/backendServices/a",
        });
        let same = json!({
            "timeoutSec": 30, "iap": {"enabled": false}, "logConfig": {"enable": false},
            "defaultService": "projects/p/global/backendServices/a", "securityPolicy": null,
        });
        assert!(differing(&current, &same).is_empty());
        let other = json!({"timeoutSec": 60, "iap": {"enabled": false}, "defaultService": null});
        assert_eq!(Json::Object(differing(&current, &other)), json!({"timeoutSec": 60, "defaultService": null}));
    }

    #[test]
    fn a_field_that_leaves_the_element_of_a_list_is_left_out_of_it() {
        let current = json!({"pathMatchers": [{"name": "m", "defaultService": "projects/p/global/backendServices/a"}]});
        let wanted = json!({"pathMatchers": [{"name": "m", "defaultService": null, "pathRules": []}]});
        assert_eq!(
            Json::Object(differing(&current, &wanted)),
            json!({"pathMatchers": [{"name": "m", "pathRules": []}]})
        );
    }
}
