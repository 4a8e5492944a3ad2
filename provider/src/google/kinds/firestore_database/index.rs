//! Composite indexes of a database.
//!
//! The server names them, and nothing in them can be changed. It adds `__name__` to the fields, in the direction of the last
//! ordered one, at the end or before a vector: that much says nothing.

use futures::future::{join_all, try_join_all};
use serde_json::{Map, Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::Edition;
use crate::engine::marks::wire;
use crate::engine::wire::{self, text};
use crate::google::api::{ApiError, Cause, Found, Host, List, OperationApi, Request, segment};
use crate::google::session::Run;

/// A composite index.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Index {
    /// The collection group that is indexed: the last segment of the collection's path.
    #[tf(required, ext(wire("collection")))]
    pub(super) collection: Value<String>,
    /// Which queries it serves: on one `COLLECTION`, on all of its name (`COLLECTION_GROUP`), or on those below an
    /// ancestor (`COLLECTION_RECURSIVE`, in Datastore mode).
    #[tf(default = "COLLECTION", ext(wire("queryScope")))]
    pub(super) query_scope: Value<QueryScope>,
    /// Whose queries it serves: `ANY_API`, `DATASTORE_MODE_API` or `MONGODB_COMPATIBLE_API`.
    #[tf(default = "ANY_API", ext(wire("apiScope")))]
    pub(super) api_scope: Value<ApiScope>,
    /// The fields, in order. `__name__` at the end, or before a vector, in the direction of the last ordered field need not
    /// be written.
    #[tf(required, ext(wire("fields")))]
    pub(super) fields: Value<Vec<IndexField>>,
    /// Whether no two documents may have the same values in these fields.
    #[tf(default = false, ext(wire("unique")))]
    pub(super) unique: Value<bool>,
    /// The index's relative name: `projects/P/databases/D/collectionGroups/C/indexes/ID`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
}

/// A field of an index: with an `order`, an `array_config` or a `vector_dimension`.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct IndexField {
    /// The field's path in the document.
    #[tf(required, ext(wire("fieldPath")))]
    pub(super) path: Value<String>,
    /// The order: `ASCENDING` or `DESCENDING`.
    #[tf(optional, ext(wire("order")))]
    pub(super) order: Value<Order>,
    /// Queries on elements of an array: `CONTAINS`.
    #[tf(optional, ext(wire("arrayConfig")))]
    pub(super) array_config: Value<ArrayConfig>,
    /// Searches for near vectors: how many dimensions they have.
    #[tf(optional, ext(wire("vectorConfig.dimension")))]
    pub(super) vector_dimension: Value<i64>,
}

/// Which queries an index serves.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum QueryScope {
    /// On one collection.
    Collection,
    /// On all collections of the name.
    CollectionGroup,
    /// On the collections below an ancestor.
    CollectionRecursive,
}

/// Whose queries an index serves.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "the API's words")]
pub(in crate::google::kinds) enum ApiScope {
    /// Firestore's.
    AnyApi,
    /// Datastore's.
    DatastoreModeApi,
    /// MongoDB's.
    MongodbCompatibleApi,
}

/// An order.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum Order {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// Queries on arrays.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum ArrayConfig {
    /// Of what an array contains.
    Contains,
}

const KEY_FIELD: &str = "__name__";

/// What is wrong with a new index of a database of this edition.
pub(super) fn validate(index: &Index, edition: Option<Edition>, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(fields) = index.fields.known() else { return };
    let at = path.attribute("fields");
    // Standard databases index single fields by themselves, but for the key in descending order.
    let stands_alone = |field: &IndexField| {
        !field.vector_dimension.is_null() || field.path.known().is_none_or(|path| path.as_str() == KEY_FIELD)
    };
    if edition == Some(Edition::Standard) && fields.len() < 2 && !fields.iter().any(stands_alone) {
        diagnostics.push(
            Diagnostic::error(
                "A composite index of one field",
                "A composite index has at least two fields. Single fields are indexed by themselves.",
            )
            .at(at.clone()),
        );
    }
    for (number, field) in fields.iter().enumerate() {
        let ways = [field.order.is_null(), field.array_config.is_null(), field.vector_dimension.is_null()];
        let open = field.order.is_unknown() || field.array_config.is_unknown() || field.vector_dimension.is_unknown();
        if !open && ways.iter().filter(|absent| !**absent).count() != 1 {
            diagnostics.push(
                Diagnostic::error(
                    "A field is indexed in one way",
                    "Set one of order, array_config and vector_dimension: order = \"ASCENDING\", for example.",
                )
                .at(at.index(number)),
            );
        }
    }
}

/// Drops the `__name__` that is implied.
pub(super) fn complete(index: &mut Dynamic) {
    let fields = index.as_entries_mut().and_then(|entries| entries.get_mut("fields"));
    let Some(Dynamic::List(fields)) = fields else { return };
    let named: Vec<FieldUse<'_>> = fields
        .iter()
        .map(|field| FieldUse {
            path: field.get("path").as_str(),
            order: field.get("order").as_str(),
            is_vector: !field.get("vector_dimension").is_null(),
        })
        .collect();
    if let Some(at) = implied(&named) {
        fields.remove(at);
    }
}

/// What tells whether a field is implied.
struct FieldUse<'f> {
    path: Option<&'f str>,
    order: Option<&'f str>,
    is_vector: bool,
}

/// Where the `__name__` is that follows from the other fields: the last that is no vector, in the direction of the one
/// before it.
fn implied(fields: &[FieldUse<'_>]) -> Option<usize> {
    let at = fields.iter().rposition(|field| !field.is_vector)?;
    let before = at.checked_sub(1).and_then(|at| fields[at].order).unwrap_or("ASCENDING");
    let is_implied = fields[at].path == Some(KEY_FIELD) && fields[at].order == Some(before);
    (is_implied && fields.len() > 1).then_some(at)
}

fn fields(index: &Json) -> &[Json] {
    index.get("fields").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Reads the indexes of a database, by keys that their fields give; null when there are none.
pub(super) async fn read(database: &str, run: Run<'_>) -> Result<Json, ApiError> {
    let path = format!("v1/{database}/collectionGroups/-/indexes");
    let mut all = run.list(List::new(Request::get(Host::FIRESTORE, path), "indexes").page_size(300)).await?;
    all.iter_mut().for_each(normalize);
    Ok(if all.is_empty() { Json::Null } else { wire::by_key(all, key) })
}

/// Looks by name for the indexes that the component has and that the list has not shown.
pub(super) async fn look_for(database: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let mut all: Vec<Json> = indexes(database).into_iter().map(|(_, index)| index.clone()).collect();
    let known = component.get("indexes").as_entries().into_iter().flatten();
    let ids = known.filter_map(|(_, index)| index.get("id").as_str());
    let missing: Vec<&str> = ids.filter(|id| !all.iter().any(|index| text(index, "name") == *id)).collect();
    let looks = missing.into_iter().map(|id| {
        let request = Request::get(Host::FIRESTORE, format!("v1/{id}")).expects(&["name"]);
        async move { run.call(request).await.found() }
    });
    let mut found: Vec<Json> = try_join_all(looks).await?.into_iter().flatten().collect();
    if !found.is_empty() {
        found.iter_mut().for_each(normalize);
        all.extend(found);
        database["indexes"] = wire::by_key(all, key);
    }
    Ok(())
}

/// The index with its collection, and without the `__name__` that is implied.
pub(super) fn normalize(index: &mut Json) {
    let collection = text(index, "name").split('/').skip_while(|part| *part != "collectionGroups").nth(1);
    let collection = collection.unwrap_or_default().to_owned();
    index["collection"] = json!(collection);
    let used = |field| FieldUse {
        path: Json::get(field, "fieldPath").and_then(Json::as_str),
        order: field.get("order").and_then(Json::as_str),
        is_vector: field.get("vectorConfig").is_some(),
    };
    let named: Vec<FieldUse<'_>> = fields(index).iter().map(used).collect();
    let implied = implied(&named);
    if let (Some(at), Some(Json::Array(fields))) = (implied, index.get_mut("fields")) {
        fields.remove(at);
    }
}

/// `feedback_prediction_id_timestamp`.
pub(super) fn key(index: &Json) -> String {
    let paths = fields(index).iter().map(|field| text(field, "fieldPath"));
    std::iter::once(text(index, "collection")).chain(paths).collect::<Vec<_>>().join("_")
}

/// The indexes of a database's JSON, by their keys in it: those that exist have a name.
fn indexes(database: &Json) -> Vec<(&String, &Json)> {
    database.get("indexes").and_then(Json::as_object).into_iter().flatten().collect()
}

/// Makes indexes, all at once, and then deletes those that are wanted no more. In any case it says what there is.
pub(super) async fn write(database: &str, before: &Json, after: &Json, run: Run<'_>) -> (Json, Result<(), ApiError>) {
    let wanted = indexes(after);
    let (there, new): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, index)| !text(index, "name").is_empty());
    let mut left: Map<String, Json> = there.into_iter().map(|(key, index)| (key.clone(), index.clone())).collect();
    let is_gone = |index: &Json| !left.values().any(|kept| text(kept, "name") == text(index, "name"));
    let gone: Vec<(&String, &Json)> = indexes(before).into_iter().filter(|(_, index)| is_gone(index)).collect();
    let (in_the_way, gone): (Vec<_>, Vec<_>) =
        gone.into_iter().partition(|(_, old)| new.iter().any(|(_, index)| are_alike(old, index)));
    let made = new.into_iter().map(|(key, index)| {
        let old = in_the_way.iter().find(|(_, old)| are_alike(old, index)).map(|(_, old)| *old);
        async move { (key, old, replace(database, old, index, run).await) }
    });
    let mut result = Ok(());
    for (key, old, (index, ended)) in join_all(made).await {
        if index.as_ref().is_some_and(|index| old.is_some_and(|old| text(old, "name") == text(index, "name"))) {
            left.extend(index.map(|index| (format!("{key}~"), index)));
        } else {
            left.extend(index.map(|index| (key.clone(), index)));
        }
        result = result.and(ended);
    }
    // Where a new one could not be made, the old ones stay.
    let is_done = result.is_ok();
    let gone = gone.into_iter().map(|(key, index)| async move {
        (key, index, if is_done { delete(index, run).await.map(|()| true) } else { Ok(false) })
    });
    for (key, index, ended) in join_all(gone).await {
        if !matches!(ended, Ok(true)) {
            left.insert(format!("{key}~"), index.clone());
        }
        result = result.and(ended.map(drop));
    }
    (Json::Object(left), result)
}

/// Whether two indexes differ at most in what the API does not tell them apart by: there are no two alike.
fn are_alike(one: &Json, other: &Json) -> bool {
    let or = |index: &Json, field: &str, default: &str| {
        let said = text(index, field);
        if said.is_empty() { default.to_owned() } else { said.to_owned() }
    };
    let identity = |index: &Json| {
        let scopes = (or(index, "queryScope", "COLLECTION"), or(index, "apiScope", "ANY_API"));
        (text(index, "collection").to_owned(), scopes, fields(index).to_vec())
    };
    identity(one) == identity(other)
}

async fn delete(index: &Json, run: Run<'_>) -> Result<(), ApiError> {
    run.call(Request::delete(Host::FIRESTORE, format!("v1/{}", text(index, "name")))).await.found().map(drop)
}

/// Makes one index, in the place of one that is `old`. What there is then is in the answer.
async fn replace(
    database: &str,
    old: Option<&Json>,
    index: &Json,
    run: Run<'_>,
) -> (Option<Json>, Result<(), ApiError>) {
    if let Some(old) = old
        && let Err(error) = delete(old, run).await
    {
        return (Some(old.clone()), Err(error));
    }
    make(database, index, run).await
}

/// The index that was in the way of `index`, where it is the same; else the API's `refusal`.
async fn met(database: &str, index: &Json, refusal: ApiError, run: Run<'_>) -> (Option<Json>, Result<(), ApiError>) {
    let there = match read(database, run).await {
        Ok(there) => there,
        Err(error) => return (None, Err(error)),
    };
    let is_unique = |index: &Json| index.get("unique").and_then(Json::as_bool).unwrap_or_default();
    let is_same = |found: &&Json| are_alike(found, index) && is_unique(found) == is_unique(index);
    match there.as_object().and_then(|there| there.values().find(is_same)) {
        Some(found) => (Some(found.clone()), Ok(())),
        None => (None, Err(refusal)),
    }
}

/// Makes one index. It is there, under the name that its operation says, even if the end of that cannot be seen.
async fn make(database: &str, index: &Json, run: Run<'_>) -> (Option<Json>, Result<(), ApiError>) {
    let path = format!("v1/{database}/collectionGroups/{}/indexes", segment(text(index, "collection")));
    let mut body = index.clone();
    wire::remove(&mut body, "collection");
    for field in body.get_mut("fields").and_then(Json::as_array_mut).into_iter().flatten() {
        if wire::get(field, "vectorConfig.dimension").is_some() {
            wire::put(field, "vectorConfig.flat", json!({}));
        }
    }
    // A second creation of the same index is refused, and then it is there.
    let request = Request::post(Host::FIRESTORE, path).idempotent(true).json(body);
    let started = match run.call(request).await {
        Ok(started) => started,
        Err(error) if error.is_already_exists() => return met(database, index, error, run).await,
        Err(error) => return (None, Err(error)),
    };
    let mut made = index.clone();
    if let Some(name) = wire::get(&started, "metadata.index").cloned() {
        wire::put(&mut made, "name", name);
    }
    match run.wait(started, &OperationApi::FIRESTORE).await {
        Err(error) if error.is_already_exists() => met(database, index, error, run).await,
        // What the API says has failed was not made.
        Err(error) if matches!(error.cause(), Cause::Operation { .. }) => (None, Err(error)),
        ended => (Some(made), ended.map(drop)),
    }
}
