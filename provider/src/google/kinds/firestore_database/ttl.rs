//! TTL fields of a database: one per collection group.
//!
//! Every field of every collection "exists" in the API; it has a time to live when there is a `ttlConfig` in it.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value as Json, json};

use crate::google::api::{ApiError, Host, List, OperationApi, Request, segment};
use crate::google::session::Run;

/// Reads the TTL fields of a database as `{collection: field}`; null when there are none.
pub(super) async fn read(database: &str, run: Run<'_>) -> Result<Json, ApiError> {
    let path = format!("v1/{database}/collectionGroups/-/fields");
    let request = Request::get(Host::FIRESTORE, path).query("filter", "ttlConfig:*");
    let fields = run.list(List::new(request, "fields").page_size(300)).await?;
    let with_ttl = fields.iter().filter(|field| field.get("ttlConfig").is_some_and(Json::is_object));
    let names: BTreeMap<String, String> = with_ttl.filter_map(|field| place(field.get("name")?.as_str()?)).collect();
    Ok(if names.is_empty() { Json::Null } else { json!(names) })
}

/// Collection and path of a field's relative name. A path may hold slashes in back quotes.
pub(super) fn place(name: &str) -> Option<(String, String)> {
    let (_, rest) = name.split_once("/collectionGroups/")?;
    let (collection, field) = rest.split_once("/fields/")?;
    Some((collection.to_owned(), field.to_owned()))
}

fn ttl_fields(database: &Json) -> BTreeMap<&str, &str> {
    let fields = database.get("ttlFields").and_then(Json::as_object).into_iter().flatten();
    fields.filter_map(|(collection, field)| Some((collection.as_str(), field.as_str()?))).collect()
}

/// Sets and removes times to live. The old field of a collection goes before the new one comes.
pub(super) async fn write(database: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let (before, after) = (ttl_fields(before), ttl_fields(after));
    let patch = |collection: &str, field: &str, body: Json| {
        let path = format!("v1/{database}/collectionGroups/{}/fields/{}", segment(collection), segment(field));
        let request = Request::patch(Host::FIRESTORE, path).query("updateMask", "ttlConfig").json(body);
        async move { run.call_and_wait(request, &OperationApi::FIRESTORE).await.map(|_| ()) }
    };
    let gone = before.iter().filter(|(collection, field)| after.get(*collection) != Some(*field));
    let gone = gone.map(|(collection, field)| patch(collection, field, json!({})));
    join_all(gone).await.into_iter().collect::<Result<Vec<()>, _>>()?;
    let new = after.iter().filter(|(collection, field)| before.get(*collection) != Some(*field));
    let new = new.map(|(collection, field)| patch(collection, field, json!({"ttlConfig": {}})));
    join_all(new).await.into_iter().collect::<Result<Vec<()>, _>>().map(|_| ())
}
