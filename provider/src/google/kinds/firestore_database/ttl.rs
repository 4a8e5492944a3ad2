//! TTL fields of a database: one per collection group.
//!
//! Every field of every collection "exists" in the API; it has a time to live when there is a `ttlConfig` in it.

use std::collections::BTreeMap;

use futures::future::{join_all, try_join_all};
use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::{tree, wire};
use crate::google::api::{ApiError, Found, Host, List, OperationApi, Request, segment};
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

/// Looks by name for the TTL fields that the component has and that the list has not shown.
pub(super) async fn look_for(database: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let name = wire::text(database, "name").to_owned();
    let there = ttl_fields(database);
    let known = tree::strings(component.get("ttl_fields"));
    let missing = known.into_iter().filter(|(collection, _)| !there.contains_key(collection.as_str()));
    let looks = missing.map(|(collection, field)| {
        let request = Request::get(Host::FIRESTORE, path(&name, &collection, &field)).expects(&["name"]);
        async move {
            let found = run.call(request).await.found()?;
            let has_ttl = found.is_some_and(|field| field.get("ttlConfig").is_some_and(Json::is_object));
            Ok::<_, ApiError>(has_ttl.then_some((collection, field)))
        }
    });
    let found: Vec<(String, String)> = try_join_all(looks).await?.into_iter().flatten().collect();
    for (collection, field) in found {
        database["ttlFields"][collection] = Json::String(field);
    }
    Ok(())
}

fn path(database: &str, collection: &str, field: &str) -> String {
    format!("v1/{database}/collectionGroups/{}/fields/{}", segment(collection), segment(field))
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
        let path = path(database, collection, field);
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
