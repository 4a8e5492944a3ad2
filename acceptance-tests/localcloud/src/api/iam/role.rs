//! Custom roles of a project.
//!
//! A deleted role is read as `deleted` for seven days, in which `:undelete` brings it back, and its id is taken for thirty more:
//! <https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role>. That and the rules for ids, stages and views stand in IAM's
//! discovery document; the wording of refusals is that of reports where there are any.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::HOST;
use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::collection;
use crate::error::ApiError;
use crate::json::{self, Object, Presence};
use crate::pages::{self, PageRule};
use crate::route::Api;

const ROLES: &str = "/v1/projects/{project}/roles";
const ROLE: &str = "/v1/projects/{project}/roles/{role}";
const PAGES: PageRule = PageRule { default: 300, max: 1000 };
const STAGES: [&str; 6] = ["ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP"];
const OUTPUT_ONLY: &[&str] = &["deleted", "etag"];

/// How long a deleted one can be brought back.
const KEPT_DAYS: i64 = 7;
/// How long its id is taken.
const RESERVED_DAYS: i64 = 37;

/// Adds custom roles to the API.
pub(super) fn serve(api: Api) -> Api {
    api.on("GET", ROLES, list)
        .on("POST", ROLES, create)
        .on("GET", ROLE, get)
        .on("PATCH", ROLE, patch)
        .on("DELETE", ROLE, delete)
        .on("POST", "/v1/projects/{project}/roles/{role}:undelete", undelete)
}

/// The role that a call is about, deleted or not.
fn find(call: &mut Call<'_>) -> Result<(String, Object), ApiError> {
    purge(call);
    let path = format!("/v1/{}", call.resource());
    let body = call.world.get(HOST, &path).and_then(Value::as_object).cloned();
    let body = body.ok_or_else(|| ApiError::not_found(format!("The role named {} was not found.", call.resource())))?;
    Ok((path, body))
}

fn is_deleted(body: &Object) -> bool {
    body.get("deleted").is_some_and(|deleted| *deleted == true)
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (_, body) = find(call)?;
    Ok(Reply::json(Value::Object(body)))
}

/// Without `view=FULL` no role shows its permissions.
fn list(call: &mut Call<'_>) -> Outcome {
    purge(call);
    let is_full = match call.query("view") {
        None | Some("" | "BASIC") => false,
        Some("FULL") => true,
        Some(other) => return Err(ApiError::invalid_field("view", format!("Invalid view: {other}"))),
    };
    let shows_deleted = call.query("showDeleted") == Some("true");
    let parent = call.path();
    let roles = call.world.children(HOST, &parent).map(|(path, body)| (path.to_owned(), body.clone()));
    let mut roles: Vec<(String, Value)> =
        roles.filter(|(_, body)| shows_deleted || body.get("deleted").is_none()).collect();
    if !is_full {
        for body in roles.iter_mut().filter_map(|(_, body)| body.as_object_mut()) {
            body.remove("includedPermissions");
        }
    }
    let page = pages::page(roles, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    Ok(Reply::json(page.answer(json!({}), "roles")))
}

fn create(call: &mut Call<'_>) -> Outcome {
    purge(call);
    let project = call.project()?.project_id;
    let sent = call.body()?;
    let id = sent.get("roleId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_sane =
        (3..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    if !is_sane {
        return Err(ApiError::invalid_field(
            "role_id",
            format!("Invalid role id \"{id}\": it has 3 to 64 characters, letters, digits, underscores and periods."),
        ));
    }
    let role = sent.get("role").and_then(Value::as_object).cloned().unwrap_or_default();
    if role.get("name").is_some_and(|name| !json::is_zero(name)) {
        return Err(ApiError::invalid_field("role.name", "The role name must not be set."));
    }
    let name = format!("projects/{project}/roles/{id}");
    let path = format!("/v1/{name}");
    // The words of https://github.com/hashicorp/terraform-provider-google/issues/1668.
    let is_reserved = call.world.state.deleted_roles.contains_key(&path)
        || call.world.get(HOST, &path).and_then(Value::as_object).is_some_and(is_deleted);
    if is_reserved {
        return Err(ApiError::failed_precondition(format!(
            "You can't create a role_id ({id}) which has been marked for deletion."
        )));
    }
    if call.world.has(HOST, &path) {
        return Err(ApiError::already_exists(format!("A role named {id} in projects/{project} already exists.")));
    }
    let mut role = role;
    role.retain(|field, _| !OUTPUT_ONLY.contains(&field.as_str()));
    store(call, &path, &name, role)
}

/// Without a mask, all that is sent.
fn patch(call: &mut Call<'_>) -> Outcome {
    let (path, prior) = find(call)?;
    let name = call.resource();
    if is_deleted(&prior) {
        // What the real API says is not known; a deleted role cannot be changed, says IAM's page on custom roles.
        return Err(ApiError::failed_precondition(format!("The role named {name} is deleted: undelete it first.")));
    }
    let sent = call.body()?;
    let prior = Value::Object(prior);
    collection::check_etag(&sent, &prior)?;
    let mask = json::parse_mask(call.query("updateMask").unwrap_or_default());
    let wanted = collection::overlay(OUTPUT_ONLY, &prior, sent, &mask);
    store(call, &path, &name, wanted)
}

/// Judges a role, and keeps it as answers have it.
fn store(call: &mut Call<'_>, path: &str, name: &str, mut role: Object) -> Outcome {
    let length = |field: &str, of: fn(&str) -> usize| role.get(field).and_then(Value::as_str).map_or(0, of);
    if length("title", str::len) > 100 {
        return Err(ApiError::invalid_field("role.title", "The role title has at most 100 bytes."));
    }
    if length("description", |text| text.chars().count()) > 256 {
        return Err(ApiError::invalid_field("role.description", "The role description has at most 256 characters."));
    }
    let stage = role.get("stage").and_then(Value::as_str).unwrap_or("ALPHA");
    if !STAGES.contains(&stage) {
        return Err(ApiError::invalid_field("role.stage", format!("Invalid launch stage: {stage}")));
    }
    if stage == "ALPHA" {
        // So says the schema of a role.
        role.remove("stage");
    }
    check_permissions(&mut role)?;
    json::drop_zeros(&mut role, Presence::default());
    role.insert("name".to_owned(), json!(name));
    role.insert("etag".to_owned(), json!(call.world.etag()));
    call.world.put(HOST, path, Value::Object(role.clone()));
    Ok(Reply::json(Value::Object(role)))
}

/// Which permissions there are, and which of them custom roles may have, is not known here; their form is. The order is the server's own.
fn check_permissions(role: &mut Object) -> Result<(), ApiError> {
    let Some(Value::Array(permissions)) = role.get_mut("includedPermissions") else { return Ok(()) };
    if permissions.len() > 3000 {
        return Err(ApiError::invalid_field("role.included_permissions", "A role has at most 3000 permissions."));
    }
    for permission in permissions.iter().map(|text| text.as_str().unwrap_or_default()) {
        let words: Vec<&str> = permission.split(['.', '/']).collect();
        let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if words.len() < 3 || !words.iter().all(is_word) {
            return Err(ApiError::invalid_field(
                "role.included_permissions",
                format!("Permission {permission} is not valid."),
            ));
        }
    }
    permissions.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    permissions.dedup();
    Ok(())
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (path, mut body) = find(call)?;
    if is_deleted(&body) {
        // What the real API says is not known.
        return Err(ApiError::failed_precondition(format!("The role named {} is deleted already.", call.resource())));
    }
    if let Some(etag) = call.query("etag") {
        let sent = Object::from_iter([("etag".to_owned(), json!(etag))]);
        collection::check_etag(&sent, &Value::Object(body.clone()))?;
    }
    body.insert("deleted".to_owned(), json!(true));
    body.insert("etag".to_owned(), json!(call.world.etag()));
    let now = call.world.now();
    call.world.state.deleted_roles.insert(path.clone(), now);
    call.world.put(HOST, &path, Value::Object(body.clone()));
    Ok(Reply::json(Value::Object(body)))
}

fn undelete(call: &mut Call<'_>) -> Outcome {
    let (path, mut body) = find(call)?;
    if !is_deleted(&body) {
        return Err(ApiError::failed_precondition(format!("The role named {} is not deleted.", call.resource())));
    }
    collection::check_etag(&call.body()?, &Value::Object(body.clone()))?;
    body.remove("deleted");
    body.insert("etag".to_owned(), json!(call.world.etag()));
    call.world.state.deleted_roles.remove(&path);
    call.world.put(HOST, &path, Value::Object(body.clone()));
    Ok(Reply::json(Value::Object(body)))
}

/// Forgets roles whose days are over, and then their ids.
fn purge(call: &mut Call<'_>) {
    let now = call.world.clock.now();
    let is_over = |since: &str, days| since.parse::<Timestamp>().is_ok_and(|at| clock::days_later(at, days) <= now);
    let deleted = call.world.state.deleted_roles.clone();
    for (path, since) in deleted {
        if is_over(&since, KEPT_DAYS) {
            call.world.remove(HOST, &path);
        }
        if is_over(&since, RESERVED_DAYS) {
            call.world.state.deleted_roles.remove(&path);
        }
    }
}
