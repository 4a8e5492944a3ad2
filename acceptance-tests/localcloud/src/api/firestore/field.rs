//! Single fields: their own indexes and their time to live.
//!
//! Every field is there; only those with settings of their own are stored. `ttlConfig` in a mask switches the time to live on (`{}`) or off
//! (nothing); `indexConfig` in a mask replaces the indexes or, absent, goes back to those of the database; no mask names both.

use serde_json::{Value, json};

use super::{HOST, existing_database, in_groups, page, pass_time, start};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json;
use crate::route::Api;

const FIELDS: &str = "/v1/projects/{project}/databases/{database}/collectionGroups/{group}/fields";
const FIELD: &str = "/v1/projects/{project}/databases/{database}/collectionGroups/{group}/fields/{field}";
/// The field that stands for all others.
const ANCESTOR: &str = "collectionGroups/__default__/fields/*";

pub(super) fn serve(api: Api) -> Api {
    api.on("GET", FIELDS, list).on("PATCH", FIELD, patch).on("GET", FIELD, |call| {
        let database = existing_database(call)?;
        let name = call.resource();
        pass_time(call.world, &name);
        Ok(Reply::json(field(call, &database)))
    })
}

fn ancestor_name(database: &str) -> String {
    format!("{}/{ANCESTOR}", database.trim_start_matches("/v1/"))
}

/// The indexes that a field has when nobody said anything about it.
fn inherited(call: &Call<'_>, database: &str, field: &str) -> Vec<Value> {
    let ancestor = call.world.get(HOST, &format!("{database}/{ANCESTOR}"));
    let modes: Vec<Value> = match ancestor.and_then(|ancestor| ancestor["indexConfig"]["indexes"].as_array()) {
        Some(indexes) => indexes.clone(),
        None => [("order", "ASCENDING"), ("order", "DESCENDING"), ("arrayConfig", "CONTAINS")]
            .iter()
            .map(|(mode, value)| json!({"queryScope": "COLLECTION", "fields": [{*mode: value}], "state": "READY"}))
            .collect(),
    };
    modes.into_iter().map(|index| on_field(index, field)).collect()
}

/// A single-field index with the path of its field in it.
fn on_field(mut index: Value, field: &str) -> Value {
    for entry in index["fields"].as_array_mut().into_iter().flatten() {
        entry["fieldPath"] = json!(field);
    }
    index
}

/// The field that the call names, stored or not.
fn field(call: &Call<'_>, database: &str) -> Value {
    if let Some(stored) = call.stored() {
        return stored.clone();
    }
    let name = call.resource();
    let indexes = inherited(call, database, call.param("field"));
    let ancestor = ancestor_name(database);
    if name == ancestor {
        return json!({"name": name, "indexConfig": {"indexes": indexes}});
    }
    json!({
        "name": name,
        "indexConfig": {"indexes": indexes, "usesAncestorConfig": true, "ancestorField": ancestor},
    })
}

/// Lists fields with settings of their own: the filter is mandatory.
fn list(call: &mut Call<'_>) -> Outcome {
    let database = existing_database(call)?;
    let text = call.query("filter").unwrap_or_default();
    let terms: Vec<String> =
        text.split(" OR ").map(|term| term.replace(['(', ')', ' '], "").replace('=', ":")).collect();
    let (mut own_indexes, mut ttl) = (false, false);
    for term in &terms {
        match json::camel(term).as_str() {
            "indexConfig.usesAncestorConfig:false" => own_indexes = true,
            "ttlConfig:*" => ttl = true,
            _ => {
                return Err(ApiError::invalid(
                    "ListFields only supports listing fields that have been explicitly overridden: the filter is \
                     `indexConfig.usesAncestorConfig:false` or `ttlConfig:*`.",
                ));
            }
        }
    }
    let takes = |body: &Value| {
        own_indexes && body["indexConfig"]["usesAncestorConfig"] != true || ttl && body.get("ttlConfig").is_some()
    };
    let mut items: Vec<(String, Value)> = in_groups(call, &database, "fields/")
        .into_iter()
        .filter(|(_, body)| takes(body))
        .map(|(path, body)| (path.to_owned(), body.clone()))
        .collect();
    let ancestor = format!("/v1/{}", ancestor_name(&database));
    let wants_ancestor = own_indexes && ["-", "__default__"].contains(&call.param("group"));
    if wants_ancestor && !items.iter().any(|(path, _)| *path == ancestor) {
        let indexes = inherited(call, &database, "*");
        items.push((ancestor, json!({"name": ancestor_name(&database), "indexConfig": {"indexes": indexes}})));
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    page(call, "fields", items)
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let database = existing_database(call)?;
    let (path, name) = (call.path(), call.resource());
    let sent = call.body()?;
    let mask = json::parse_mask(call.query("updateMask").unwrap_or_default());
    let first = |path: &Vec<String>| path.first().cloned().unwrap_or_default();
    let mut masked: Vec<String> = mask.iter().map(first).filter(|field| field != "name").collect();
    if masked.is_empty() {
        // Without a mask all of the field is replaced. Its discovery document asks for one "to avoid changing any configuration that the
        // caller isn't aware of"; hashicorp/google makes a field without one.
        let is_datastore = call.world.get(HOST, &database).is_some_and(|body| body["type"] == "DATASTORE_MODE");
        let configs = ["ttlConfig", "indexConfig"].into_iter();
        masked.extend(configs.filter(|part| !is_datastore || sent.contains_key(*part)).map(str::to_owned));
    }
    let mut body = field(call, &database);
    let mut response = json!({"@type": "type.googleapis.com/google.firestore.admin.v1.Field", "name": name});
    let mut metadata =
        json!({"@type": "type.googleapis.com/google.firestore.admin.v1.FieldOperationMetadata", "field": name});
    for part in &masked {
        match part.as_str() {
            "ttlConfig" => {
                let wanted = sent.get("ttlConfig").filter(|config| config.is_object());
                change_ttl(&mut body, wanted, &mut response, &mut metadata);
            }
            "indexConfig" => {
                check_mode(call, &database)?;
                let deltas = change_indexes(call, &database, &mut body, sent.get("indexConfig"))?;
                response["indexConfig"] = body["indexConfig"].clone();
                if !deltas.is_empty() {
                    metadata["indexConfigDeltas"] = Value::Array(deltas);
                }
            }
            other => {
                let text = format!("The field {} cannot be updated.", json::snake(other));
                return Err(ApiError::invalid_field("update_mask", text));
            }
        }
    }
    if !call.is_condemned() {
        let plain = body["indexConfig"]["usesAncestorConfig"] == true && body.get("ttlConfig").is_none();
        match plain {
            true => drop(call.world.remove(HOST, &path)),
            false => call.world.put(HOST, &path, body),
        }
    }
    Ok(start(call, metadata, response))
}

fn check_mode(call: &Call<'_>, database: &str) -> Result<(), ApiError> {
    match call.world.get(HOST, database).is_some_and(|database| database["type"] == "DATASTORE_MODE") {
        true => {
            Err(ApiError::invalid("Single-field indexing modes cannot be updated for a database in Datastore mode."))
        }
        false => Ok(()),
    }
}

fn change_ttl(body: &mut Value, wanted: Option<&Value>, response: &mut Value, metadata: &mut Value) {
    match wanted {
        Some(config) => {
            let mut config = config.clone();
            config["state"] = json!("ACTIVE");
            response["ttlConfig"] = config.clone();
            if body.get("ttlConfig").is_none() {
                metadata["ttlConfigDelta"] = json!({"changeType": "ADD"});
                config["state"] = json!("CREATING");
            }
            body["ttlConfig"] = config;
        }
        None if body.get("ttlConfig").is_none() => {}
        None => {
            metadata["ttlConfigDelta"] = json!({"changeType": "REMOVE"});
            if let Some(body) = body.as_object_mut() {
                body.remove("ttlConfig");
            }
        }
    }
}

/// Replaces the indexes of the field, and says which went and which came.
fn change_indexes(
    call: &Call<'_>,
    database: &str,
    body: &mut Value,
    wanted: Option<&Value>,
) -> Result<Vec<Value>, ApiError> {
    let path = call.param("field");
    let before: Vec<Value> = body["indexConfig"]["indexes"].as_array().cloned().unwrap_or_default();
    let wanted = wanted.filter(|config| config.is_object());
    let after: Vec<Value> = match wanted {
        None => inherited(call, database, path),
        Some(config) => {
            let sent = config["indexes"].as_array().cloned().unwrap_or_default();
            sent.into_iter().map(|index| single(index, path)).collect::<Result<_, _>>()?
        }
    };
    let mut config = json!({});
    if !after.is_empty() {
        config["indexes"] = json!(after);
    }
    if wanted.is_none() {
        config["usesAncestorConfig"] = json!(true);
    }
    if call.resource() != ancestor_name(database) {
        config["ancestorField"] = json!(ancestor_name(database));
    }
    body["indexConfig"] = config;
    let gone = before.iter().filter(|index| !after.contains(index)).map(|index| delta("REMOVE", index));
    let come = after.iter().filter(|index| !before.contains(index)).map(|index| delta("ADD", index));
    Ok(gone.chain(come).collect())
}

fn delta(change: &str, index: &Value) -> Value {
    json!({"changeType": change, "index": {"queryScope": index["queryScope"], "fields": index["fields"]}})
}

/// One index of a field, as the API shows it.
fn single(index: Value, path: &str) -> Result<Value, ApiError> {
    let fields = index["fields"].as_array().cloned().unwrap_or_default();
    let [entry] = fields.as_slice() else {
        return Err(ApiError::invalid("An index of a single field has one field."));
    };
    let named = entry["fieldPath"].as_str().unwrap_or(path);
    let modes = ["order", "arrayConfig"].into_iter().filter(|mode| entry.get(*mode).is_some_and(Value::is_string));
    match modes.collect::<Vec<_>>().as_slice() {
        [mode] if named == path || named == "*" || named.is_empty() => Ok(json!({
            "queryScope": index["queryScope"].as_str().unwrap_or("COLLECTION"),
            "fields": [{"fieldPath": path, *mode: entry[*mode]}],
            "state": "READY",
        })),
        _ => Err(ApiError::invalid("An index of a single field is on that field, with an order or an array_config.")),
    }
}
