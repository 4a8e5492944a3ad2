//! `iam.googleapis.com` v1: service accounts, and (in `workload_identity`) pools and their providers, and (in `role`) custom roles.
//!
//! A new account is not known everywhere at once: GETs are 404, and policies that name it are refused, for as long as
//! [`Settings::new_accounts`](crate::store::Settings) says. Deleting one leaves `deleted:` members in the policies that named it; `:undelete` by its unique id
//! makes them what they were.

mod role;
mod workload_identity;

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Object};
use crate::lag::Pending;
use crate::pages::{self, PageRule};
use crate::policy;
use crate::route::Api;
use crate::store::{FreshAccount, World, resource_of};

pub(crate) const HOST: &str = "iam.googleapis.com";
const PAGES: PageRule = PageRule { default: 20, max: 100 };
/// The real API answers this one for every account.
const ETAG: &str = "MDEwMjE5MjA=";
const ACCOUNT: &str = "/v1/projects/{project}/serviceAccounts/{account}";

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST)
        .project_of(project_of)
        .on("GET", "/v1/projects/{project}/serviceAccounts", list)
        .on("POST", "/v1/projects/{project}/serviceAccounts", create)
        .on("GET", ACCOUNT, get)
        .on("PATCH", ACCOUNT, patch)
        .on("DELETE", ACCOUNT, delete)
        .on("POST", "/v1/projects/{project}/serviceAccounts/{account}:undelete", undelete)
        .on("POST", "/v1/projects/{project}/serviceAccounts/{account}:enable", |call| set_disabled(call, false))
        .on("POST", "/v1/projects/{project}/serviceAccounts/{account}:disable", |call| set_disabled(call, true));
    let api = role::serve(workload_identity::serve(api));
    policy::serve(api, ACCOUNT, "POST", |call| find(call).map(|path| resource_of(&path).to_owned()))
}

/// With `-` for the project, the account says it.
fn project_of(call: &Call<'_>) -> Option<String> {
    match call.param("project") {
        "" => None,
        "-" => find(call).ok().and_then(|path| path.split('/').nth(3).map(ToOwned::to_owned)),
        project => Some(project.to_owned()),
    }
}

/// The path of the account that a call names by address or unique id.
fn find(call: &Call<'_>) -> Result<String, ApiError> {
    let account = call.param("account");
    let unknown = || ApiError::not_found("Unknown service account");
    let project = call.param("project");
    let accounts = call.world.state.objects.get(HOST).ok_or_else(unknown)?;
    accounts
        .iter()
        .filter(|(path, _)| path.contains("/serviceAccounts/"))
        .filter(|(path, _)| project == "-" || path.split('/').nth(3) == Some(project))
        .find(|(_, object)| object.body["email"] == account || object.body["uniqueId"] == account)
        .map(|(path, _)| path.clone())
        .ok_or_else(unknown)
}

/// Is there a service account with this address, in whatever project?
pub(crate) fn account_exists(world: &World, email: &str) -> bool {
    world.state.objects.get(HOST).is_some_and(|objects| {
        objects.iter().any(|(path, object)| path.contains("/serviceAccounts/") && object.body["email"] == email)
    })
}

fn get(call: &mut Call<'_>) -> Outcome {
    let path = find(call)?;
    let body = call.world.get(HOST, &path).cloned().unwrap_or_default();
    let email = body["email"].as_str().unwrap_or_default();
    let now = call.world.clock.now();
    if call.world.state.fresh_accounts.get_mut(email).is_some_and(|fresh| !fresh.reads.look(now)) {
        return Err(ApiError::not_found("Unknown service account"));
    }
    Ok(Reply::json(body))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let parent = call.path();
    let items = call.world.children(HOST, &parent).map(|(path, body)| (path.to_owned(), body.clone())).collect();
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    Ok(Reply::json(page.answer(json!({}), "accounts")))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?.project_id;
    let sent = call.body()?;
    let id = sent.get("accountId").and_then(Value::as_str).unwrap_or_default();
    if !account_id_is_sane(id) {
        return Err(ApiError::invalid(format!(
            "Invalid account id \"{id}\": it has 6 to 30 characters, lower case letters, digits and dashes, begins with a letter and does \
             not end with a dash."
        )));
    }
    let email = format!("{id}@{project}.iam.gserviceaccount.com");
    let name = format!("projects/{project}/serviceAccounts/{email}");
    let path = format!("/v1/{name}");
    if call.world.has(HOST, &path) {
        return Err(ApiError::already_exists(format!(
            "Service account {id} already exists within project projects/{project}."
        )));
    }
    let wanted = sent.get("serviceAccount").and_then(Value::as_object).cloned().unwrap_or_default();
    check_texts(&wanted)?;
    let unique_id = format!("1{}", call.world.digits(20));
    let mut body = json!({
        "name": name,
        "projectId": project,
        "uniqueId": unique_id,
        "email": email,
        "etag": ETAG,
        "oauth2ClientId": unique_id,
    });
    for field in ["displayName", "description"] {
        if let Some(text) = wanted.get(field).filter(|text| !json::is_zero(text)) {
            body[field] = text.clone();
        }
    }
    call.world.put(HOST, &path, body.clone());
    let unknown = Pending::new(call.world.settings.new_accounts, call.world.clock.now());
    call.world.state.fresh_accounts.insert(email, FreshAccount { reads: unknown, policies: unknown });
    Ok(Reply::json(body))
}

fn patch(call: &mut Call<'_>) -> Outcome {
    let path = find(call)?;
    let sent = call.body()?;
    let wanted = sent.get("serviceAccount").and_then(Value::as_object).cloned().unwrap_or_default();
    check_texts(&wanted)?;
    let mask = json::parse_mask(sent.get("updateMask").and_then(Value::as_str).unwrap_or_default());
    if mask.is_empty() {
        return Err(ApiError::invalid("The field update_mask is required."));
    }
    let mut body = call.world.get(HOST, &path).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut answer = Object::new();
    for field in &mask {
        match field.as_slice() {
            [name] if name == "displayName" || name == "description" => {
                body.remove(name);
                if let Some(text) = wanted.get(name).filter(|text| !json::is_zero(text)) {
                    body.insert(name.clone(), text.clone());
                    answer.insert(name.clone(), text.clone());
                }
            }
            _ => return Err(ApiError::invalid(format!("The field {} cannot be updated.", field.join(".")))),
        }
    }
    answer.extend(body.get("name").map(|name| ("name".to_owned(), name.clone())));
    call.world.put(HOST, &path, Value::Object(body));
    Ok(Reply::json(Value::Object(answer)))
}

fn set_disabled(call: &mut Call<'_>, disabled: bool) -> Outcome {
    let path = find(call)?;
    let mut body = call.world.get(HOST, &path).and_then(Value::as_object).cloned().unwrap_or_default();
    body.remove("disabled");
    if disabled {
        body.insert("disabled".to_owned(), json!(true));
    }
    call.world.put(HOST, &path, Value::Object(body));
    Ok(Reply::empty_object())
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let path = find(call)?;
    let body = call.world.remove(HOST, &path).unwrap_or_default();
    let (live, gone) = members(&body);
    rename_members(call.world, &live, &gone);
    call.world.state.fresh_accounts.remove(body["email"].as_str().unwrap_or_default());
    let unique_id = body["uniqueId"].as_str().unwrap_or_default().to_owned();
    call.world.state.deleted_accounts.insert(unique_id, body);
    Ok(Reply::empty_object())
}

/// Brings an account back by its unique id.
fn undelete(call: &mut Call<'_>) -> Outcome {
    let body = call.world.state.deleted_accounts.get(call.param("account")).cloned();
    let body = body.ok_or_else(|| ApiError::not_found("Unknown service account"))?;
    let project = call.param("project");
    if project != "-" && body["projectId"] != project {
        return Err(ApiError::not_found("Unknown service account"));
    }
    let path = format!("/v1/{}", body["name"].as_str().unwrap_or_default());
    if call.world.has(HOST, &path) {
        return Err(ApiError::already_exists("A service account of this name exists again."));
    }
    let (live, gone) = members(&body);
    rename_members(call.world, &gone, &live);
    let unique_id = call.param("account").to_owned();
    call.world.state.deleted_accounts.remove(&unique_id);
    call.world.put(HOST, &path, body.clone());
    Ok(Reply::json(json!({"restoredAccount": body})))
}

/// How policies name an account that lives, and the same one deleted.
fn members(account: &Value) -> (String, String) {
    let text = |field: &str| account[field].as_str().unwrap_or_default();
    let live = format!("serviceAccount:{}", text("email"));
    let gone = format!("deleted:{live}?uid={}", text("uniqueId"));
    (live, gone)
}

fn rename_members(world: &mut World, from: &str, to: &str) {
    for policy in world.state.policies.values_mut().flat_map(|policies| policies.values_mut()) {
        for binding in policy["bindings"].as_array_mut().into_iter().flatten() {
            for member in binding["members"].as_array_mut().into_iter().flatten() {
                if *member == from {
                    *member = json!(to);
                }
            }
        }
    }
}

fn account_id_is_sane(id: &str) -> bool {
    (6..=30).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn check_texts(account: &Object) -> Result<(), ApiError> {
    let length = |field: &str| account.get(field).and_then(Value::as_str).map_or(0, str::len);
    if length("displayName") > 100 {
        return Err(ApiError::invalid("The display name may have at most 100 bytes."));
    }
    if length("description") > 256 {
        return Err(ApiError::invalid("The description may have at most 256 bytes."));
    }
    Ok(())
}
