//! Indexes: completed by `__name__` in the Standard edition, made by an operation, removed at once.
//!
//! Nothing of an index can be changed, and there are no two alike.

use serde_json::{Value, json};

use super::{HOST, existing_database, in_groups, page, pass_time, start};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::etag;
use crate::json::{self, Object, Presence};
use crate::route::Api;

const INDEXES: &str = "/v1/projects/{project}/databases/{database}/collectionGroups/{group}/indexes";
const INDEX: &str = "/v1/projects/{project}/databases/{database}/collectionGroups/{group}/indexes/{index}";
const KEY: &str = "__name__";

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", INDEXES, list)
        .on("POST", INDEXES, create)
        .on("GET", INDEX, |call| {
            existing_database(call)?;
            let name = call.resource();
            pass_time(call.world, &name);
            Ok(Reply::json(call.stored().cloned().ok_or_else(not_found)?))
        })
        .on("DELETE", INDEX, |call| {
            existing_database(call)?;
            let path = call.path();
            call.world.remove(HOST, &path).ok_or_else(not_found)?;
            Ok(Reply::empty_object())
        })
}

fn not_found() -> ApiError {
    ApiError::not_found("Requested entity was not found.")
}

fn list(call: &mut Call<'_>) -> Outcome {
    let database = existing_database(call)?;
    if call.query("filter").is_some_and(|filter| !filter.is_empty()) {
        return Err(ApiError::new(501, "UNIMPLEMENTED", "localcloud does not filter indexes"));
    }
    let names: Vec<String> = in_groups(call, &database, "indexes/")
        .into_iter()
        .filter_map(|(_, body)| body["name"].as_str().map(ToOwned::to_owned))
        .collect();
    for name in names {
        pass_time(call.world, &name);
    }
    let found = in_groups(call, &database, "indexes/");
    let items = found.into_iter().map(|(path, body)| (path.to_owned(), body.clone())).collect();
    page(call, "indexes", items)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let database = existing_database(call)?;
    let group = call.param("group");
    if group == "-" || group.starts_with("__") && group.ends_with("__") {
        return Err(ApiError::invalid(format!("Invalid collection group: {group}")));
    }
    let edition = Edition::of(call.world.get(HOST, &database));
    let mut wanted = settle(call.body()?, edition)?;
    let same = |other: &Value| {
        ["queryScope", "fields", "apiScope"].iter().all(|field| other.get(*field) == wanted.get(*field))
    };
    if in_groups(call, &database, "indexes/").iter().any(|(_, other)| same(other)) {
        return Err(ApiError::already_exists("index already exists"));
    }
    let id = format!("CICAg{}", etag::hex(&["index", &call.world.tick().to_string()], 7).to_uppercase());
    let name = format!("{}/{id}", call.resource());
    wanted.insert("name".to_owned(), json!(name));
    wanted.insert("state".to_owned(), json!("CREATING"));
    let body = Value::Object(wanted);
    if !call.is_condemned() {
        call.world.put(HOST, &format!("/v1/{name}"), body.clone());
    }
    let mut response = body;
    response["@type"] = json!("type.googleapis.com/google.firestore.admin.v1.Index");
    let metadata =
        json!({"@type": "type.googleapis.com/google.firestore.admin.v1.IndexOperationMetadata", "index": name});
    Ok(start(call, metadata, response))
}

/// What a database's edition means for its indexes: the discovery document of the API, at `Index`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edition {
    /// Two fields or more, completed by the key, and only where all of them are there.
    Standard,
    /// Any number of fields, as they were sent.
    Enterprise,
}

impl Edition {
    fn of(database: Option<&Value>) -> Self {
        match database.is_some_and(|database| database["databaseEdition"] == "ENTERPRISE") {
            true => Self::Enterprise,
            false => Self::Standard,
        }
    }

    fn default_density(self) -> &'static str {
        match self {
            Self::Standard => "SPARSE_ALL",
            Self::Enterprise => "DENSE",
        }
    }
}

/// Judges an index, completes it, and leaves out what the API keeps silent about.
fn settle(mut wanted: Object, edition: Edition) -> Result<Object, ApiError> {
    let sent = wanted.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut fields = Vec::new();
    for field in sent {
        fields.push(settle_field(field)?);
    }
    if fields.is_empty() || fields.len() > 100 {
        return Err(ApiError::invalid("An index has 1 to 100 fields."));
    }
    if fields.iter().filter(|field| field.get("arrayConfig").is_some()).count() > 1 {
        return Err(ApiError::invalid("An index has at most one array field."));
    }
    if edition == Edition::Standard {
        complete(&mut fields)?;
    }
    wanted.insert("fields".to_owned(), Value::Array(fields));
    for (field, default) in [("queryScope", "COLLECTION"), ("density", edition.default_density())] {
        let unset = wanted.get(field).and_then(Value::as_str).is_none_or(|text| text.ends_with("_UNSPECIFIED"));
        if unset {
            wanted.insert(field.to_owned(), json!(default));
        }
    }
    if edition == Edition::Standard && wanted["density"] != edition.default_density() {
        return Err(ApiError::invalid("An index of a Standard edition database has the density SPARSE_ALL."));
    }
    if wanted.get("apiScope").is_some_and(|scope| scope == "ANY_API") {
        wanted.remove("apiScope");
    }
    wanted.remove("name");
    wanted.remove("state");
    json::drop_zeros(&mut wanted, Presence { kept: &["fields.vectorConfig.flat"], maps: &[] });
    Ok(wanted)
}

/// Adds the key: last, but before a vector, as <https://github.com/firebase/firebase-tools/issues/9385> and 9407 show it.
fn complete(fields: &mut Vec<Value>) -> Result<(), ApiError> {
    let vector = fields.pop_if(|last| last.get("vectorConfig").is_some());
    if fields.iter().rev().skip(1).any(|field| field["fieldPath"] == KEY) {
        return Err(ApiError::invalid(format!("{KEY} is the last field of an index.")));
    }
    // The direction of the last field; ascending after one that has none.
    let last = fields.iter().rev().find(|field| field["fieldPath"] != KEY).filter(|_| vector.is_none());
    let direction = last.and_then(|last| last.get("order")).cloned();
    let implied = json!({"fieldPath": KEY, "order": direction.unwrap_or_else(|| json!("ASCENDING"))});
    if fields.last().is_none_or(|last| last["fieldPath"] != KEY) {
        fields.push(implied.clone());
    }
    let single = fields.len() < 2 || fields.len() == 2 && fields.last() == Some(&implied);
    if single && vector.is_none() {
        return Err(ApiError::invalid("this index is not necessary, configure using single field index controls"));
    }
    fields.extend(vector);
    Ok(())
}

fn settle_field(field: Value) -> Result<Value, ApiError> {
    let Value::Object(mut field) = field else { return Err(ApiError::invalid("A field of an index is an object.")) };
    let unset =
        |value: &Value| json::is_zero(value) || value.as_str().is_some_and(|text| text.ends_with("_UNSPECIFIED"));
    field.retain(|_, value| !unset(value));
    if !field.contains_key("fieldPath") {
        return Err(ApiError::invalid("A field of an index has a field_path."));
    }
    let modes = ["order", "arrayConfig", "vectorConfig", "searchConfig"];
    match modes.iter().filter(|mode| field.contains_key(**mode)).count() {
        1 => Ok(Value::Object(field)),
        _ => Err(ApiError::invalid("A field of an index has exactly one of order, array_config and vector_config.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(fields: Value) -> Result<Value, ApiError> {
        let wanted = json!({"fields": fields}).as_object().cloned().unwrap_or_default();
        settle(wanted, Edition::Standard).map(Value::Object)
    }

    #[test]
    fn the_key_follows_the_last_direction() {
        let index =
            settled(json!([{"fieldPath": "a", "order": "ASCENDING"}, {"fieldPath": "b", "order": "DESCENDING"}]));
        assert_eq!(index.expect("an index")["fields"][2], json!({"fieldPath": KEY, "order": "DESCENDING"}));
        let index =
            settled(json!([{"fieldPath": "a", "order": "DESCENDING"}, {"fieldPath": "b", "arrayConfig": "CONTAINS"}]));
        assert_eq!(index.expect("an index")["fields"][2], json!({"fieldPath": KEY, "order": "ASCENDING"}));
    }

    #[test]
    fn the_key_stands_before_a_vector() {
        let vector = json!({"fieldPath": "embedding", "vectorConfig": {"dimension": 768, "flat": {}}});
        let index = settled(json!([{"fieldPath": "a", "order": "DESCENDING"}, vector])).expect("an index");
        assert_eq!(index["fields"][1], json!({"fieldPath": KEY, "order": "ASCENDING"}));
        assert_eq!(index["fields"][2], vector);
    }

    #[test]
    fn an_index_on_one_field_is_refused() {
        let refusal = settled(json!([{"fieldPath": "a", "order": "ASCENDING"}])).expect_err("a refusal");
        assert!(refusal.message.contains("not necessary"), "{}", refusal.message);
    }
}
