//! Emptying a bucket before it is deleted: every version of every object, and managed folders.

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value as Json;

use crate::google::api::{ApiError, Found, Host, List, Request, segment};
use crate::google::session::Run;

/// Deletions in flight; the client's own limit applies beside it.
const AT_ONCE: usize = 16;

/// Deletes all that is in the bucket. What another has deleted meanwhile is fine.
///
/// # Errors
/// Of the first call that failed; objects deleted before it stay deleted.
pub(super) async fn empty(bucket: &str, run: Run<'_>) -> Result<(), ApiError> {
    let bucket = segment(bucket);
    let objects = list(&bucket, "o", &[("versions", "true"), ("fields", "items(name,generation),nextPageToken")]);
    let objects = run.list(objects).await?;
    delete_all(run, objects.iter().filter_map(|object| object_request(&bucket, object))).await?;
    // Buckets with access control lists have no managed folders, and say so with an error.
    match run.list(list(&bucket, "managedFolders", &[])).await {
        Ok(mut folders) => {
            // A folder goes after those in it.
            folders.reverse();
            let requests = folders.iter().filter_map(|folder| folder_request(&bucket, folder));
            delete_all(run, requests).await
        }
        Err(error) if error.is_not_found() || error.is_invalid() => Ok(()),
        Err(error) => Err(error),
    }
}

fn list(bucket: &str, what: &str, query: &[(&str, &str)]) -> List {
    let request = Request::get(Host::STORAGE, format!("storage/v1/b/{bucket}/{what}"));
    let request = query.iter().fold(request, |request, (name, value)| request.query(name, value));
    List::new(request, "items").page_size_as("maxResults", 1000)
}

fn object_request(bucket: &str, object: &Json) -> Option<Request> {
    let name = object.get("name")?.as_str()?;
    let request = Request::delete(Host::STORAGE, format!("storage/v1/b/{bucket}/o/{}", segment(name)));
    Some(request.query_opt("generation", object.get("generation").and_then(Json::as_str)))
}

fn folder_request(bucket: &str, folder: &Json) -> Option<Request> {
    let name = folder.get("name")?.as_str()?;
    let path = format!("storage/v1/b/{bucket}/managedFolders/{}", segment(name));
    Some(Request::delete(Host::STORAGE, path).query("allowNonEmpty", true))
}

async fn delete_all(run: Run<'_>, requests: impl Iterator<Item = Request>) -> Result<(), ApiError> {
    let calls: Vec<_> = requests.map(|request| delete(run, request)).collect();
    stream::iter(calls).buffer_unordered(AT_ONCE).try_collect().await
}

async fn delete(run: Run<'_>, request: Request) -> Result<(), ApiError> {
    run.call(request).await.found().map(drop)
}
