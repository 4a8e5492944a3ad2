//! `secretmanager.googleapis.com` v1: secrets; their versions are in `version`, what a secret is told is judged in `settings`.
//!
//! Names carry the project's number. A value is kept beside its version and is in no answer but that of `:access`.

mod filter;
mod settings;
mod version;

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::collection::{self, Change, Collection, Naming};
use crate::error::ApiError;
use crate::etag;
use crate::pages::{self, PageRule};
use crate::route::Api;
use crate::store::World;

const HOST: &str = "secretmanager.googleapis.com";
const SECRET: &str = "/v1/projects/{project}/secrets/{secret}";
const PAGES: PageRule = PageRule { default: 25_000, max: 25_000 };

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST).on("GET", "/v1/projects/{project}/secrets", list).on("DELETE", SECRET, delete);
    collection::serve(version::serve(api), Secret)
}

struct Secret;

impl Collection for Secret {
    fn template(&self) -> &'static str {
        SECRET
    }

    fn list_field(&self) -> &'static str {
        "secrets"
    }

    fn naming(&self) -> Naming {
        Naming::Query("secretId")
    }

    fn named_by_number(&self) -> bool {
        true
    }

    fn output_only(&self) -> &'static [&'static str] {
        &["createTime", "etag", "policyMember"]
    }

    fn has_policies(&self) -> bool {
        true
    }

    fn not_found(&self, name: &str) -> ApiError {
        ApiError::not_found(format!("Secret [{name}] not found."))
    }

    fn exists(&self, name: &str) -> ApiError {
        ApiError::already_exists(format!("Secret [{name}] already exists."))
    }

    fn stale(&self, _refusal: ApiError) -> ApiError {
        stale()
    }

    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError> {
        let Change { id, name, mut wanted, prior, mask } = change;
        if prior.is_none() {
            settings::check_id(&id)?;
        }
        settings::check_mask(&mask)?;
        let ttl_sent = mask.is_empty() || mask.iter().any(|path| path.first().is_some_and(|first| first == "ttl"));
        if ttl_sent && prior.is_some() && wanted.contains_key("ttl") {
            // Of the two spellings of one thing the new one wins.
            wanted.remove("expireTime");
        }
        settings::settle(call.world, &mut wanted, prior)?;
        settings::check_aliases(&mut wanted, |number| {
            call.world.has(HOST, &format!("{}/versions/{number}", call.path()))
        })?;
        let now = call.world.now();
        let created = prior.and_then(|prior| prior.get("createTime")).cloned().unwrap_or_else(|| json!(now));
        wanted.insert("name".to_owned(), json!(name));
        wanted.insert("createTime".to_owned(), created);
        wanted.insert("etag".to_owned(), json!(quoted_etag(call.world)));
        Ok(Value::Object(wanted))
    }
}

/// 400: the etag that was sent is an old one.
fn stale() -> ApiError {
    ApiError::failed_precondition("The etag provided in the request does not match the resource's current etag.")
}

/// An etag of this API: its text has quotes in it.
fn quoted_etag(world: &mut World) -> String {
    format!("\"16{}\"", etag::hex(&["secret", &world.tick().to_string()], 12))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let wanted = filter::parse(call.query("filter").unwrap_or_default())?;
    let parent = call.path();
    let secrets = call.world.children(HOST, &parent).filter(|(_, body)| wanted.matches(body));
    let items = secrets.map(|(path, body)| (path.to_owned(), body.clone())).collect();
    page(call, "secrets", items)
}

/// One page of `items` (sorted by key) under `field`, with their number.
fn page(call: &Call<'_>, field: &str, items: Vec<(String, Value)>) -> Outcome {
    let total = items.len();
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut answer = json!({});
    if !page.items.is_empty() {
        answer[field] = Value::Array(page.items);
        answer["totalSize"] = json!(total);
    }
    if let Some(next) = page.next {
        answer["nextPageToken"] = json!(next);
    }
    Ok(Reply::json(answer))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let sent = call.query("etag").filter(|etag| !etag.is_empty());
    if call.stored().is_some_and(|stored| sent.is_some_and(|etag| stored["etag"] != etag)) {
        return Err(stale());
    }
    collection::delete(&Secret, call)
}
