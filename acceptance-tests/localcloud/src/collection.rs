//! Standard resources: list, get, create, patch, delete and IAM, told apart only by what a kind says about itself.
//!
//! A kind implements [`Collection`] and is served with [`serve`]. Calls that are no standard ones are routes of their own.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Mask, Object};
use crate::pages::{self, PageRule};
use crate::route::Api;
use crate::store::resource_of;
use crate::{operation, policy};

/// Where the last segment of a new object's name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// A required query parameter, such as `serviceId`.
    Query(&'static str),
    /// The server makes it: so many decimal digits.
    Digits(usize),
    /// The server makes it: a UUID.
    Uuid,
}

/// How PATCH treats `updateMask`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updates {
    /// 400 without a mask.
    MaskRequired,
    /// Without a mask all writable fields are replaced.
    MaskOptional,
    /// There is no PATCH.
    Never,
}

/// The calls that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// POST on the collection.
    Create,
    /// PATCH.
    Update,
    /// DELETE.
    Delete,
}

/// How a change is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Completion {
    /// With the object (`{}` after a delete).
    Now,
    /// With a long-running operation, named by [`Collection::operation_name`].
    Operation {
        /// `metadata` of the operation; null where the API has none.
        metadata: Value,
        /// `@type` of its response; empty where the API gives none.
        response_type: &'static str,
    },
}

/// Who looks at an object: some APIs show more to one than to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The answer to GET.
    Get,
    /// An entry of a list.
    List,
    /// The answer to a change, or the response of its operation.
    Change(Verb),
}

/// A create or update on its way into the store.
#[derive(Debug)]
pub struct Change<'a> {
    /// The last segment of the object's name.
    pub id: String,
    /// The name that answers carry, without version, with the project's id or number as [`Collection::named_by_number`] says.
    pub name: String,
    /// The object as the caller wants it, output-only fields taken out. After an update with a mask: the stored object with the masked
    /// fields replaced.
    pub wanted: Object,
    /// The object before; none on create.
    pub prior: Option<&'a Value>,
    /// The mask of an update; empty on create and on an update without one.
    pub mask: Mask,
}

/// A kind of standard resource. A screenful of must-haves, the rest has the usual answer.
pub trait Collection: Send + Sync + 'static {
    /// The path of one object, such as `/v1/projects/{project}/locations/{location}/repositories/{repository}`.
    fn template(&self) -> &'static str;

    /// The field of the list answer that holds the objects.
    fn list_field(&self) -> &'static str;

    /// Where new names come from.
    fn naming(&self) -> Naming;

    /// Judges and completes a create or update: refuses what the API refuses, adds its defaults, stamps `name`, times and etags, drops zero
    /// values. What it returns is stored and answered to a GET. Output-only fields of `prior` must be carried over here.
    ///
    /// # Errors
    /// The API's refusal.
    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError>;

    /// What a "not found" calls an object: `Requested entity was not found.` by default.
    fn not_found(&self, _name: &str) -> ApiError {
        ApiError::not_found("Requested entity was not found.")
    }

    /// The refusal of a create whose name is taken.
    fn exists(&self, _name: &str) -> ApiError {
        ApiError::already_exists("Requested entity already exists")
    }

    /// Do names in answers and refusals carry the project's number?
    fn named_by_number(&self) -> bool {
        false
    }

    /// The refusal of an etag that is not the stored one, where it is not that of [`check_etag`].
    fn stale(&self, refusal: ApiError) -> ApiError {
        refusal
    }

    /// The name of an operation on the object `name`: below its location unless the kind says otherwise.
    fn operation_name(&self, name: &str, id: &str) -> String {
        operation_name(name, id)
    }

    /// Page sizes.
    fn pages(&self) -> PageRule {
        PageRule { default: 100, max: 1000 }
    }

    /// What PATCH does.
    fn updates(&self) -> Updates {
        Updates::MaskRequired
    }

    /// How a change is answered.
    fn completion(&self, _verb: Verb) -> Completion {
        Completion::Now
    }

    /// `metadata` of the operation on the object `name`, where it says more than [`Completion::Operation`].
    fn operation_metadata(&self, _call: &Call<'_>, _verb: Verb, _name: &str) -> Option<Value> {
        None
    }

    /// Top-level fields that a caller may send but not set.
    fn output_only(&self) -> &'static [&'static str] {
        &[]
    }

    /// The stored object as `view` shows it.
    fn present(&self, _call: &Call<'_>, stored: &Value, _view: View) -> Value {
        stored.clone()
    }

    /// An object is about to be read, changed or deleted: what is under way with it goes on.
    fn pass_time(&self, _call: &mut Call<'_>) {}

    /// Judges whether the stored object can be changed or deleted now.
    ///
    /// # Errors
    /// The API's refusal while something else is under way with it.
    fn check_idle(&self, _call: &Call<'_>, _stored: &Value) -> Result<(), ApiError> {
        Ok(())
    }

    /// Does a list show this object? For `filter` parameters and the like.
    ///
    /// # Errors
    /// The API's refusal of the list's parameters.
    fn listed(&self, _call: &Call<'_>, _stored: &Value) -> Result<bool, ApiError> {
        Ok(true)
    }

    /// Judges a delete.
    ///
    /// # Errors
    /// The API's refusal.
    fn check_delete(&self, _call: &mut Call<'_>, _stored: &Value) -> Result<(), ApiError> {
        Ok(())
    }

    /// Is an object there although the operation that made or changed it ended in an error?
    fn survives_failure(&self) -> bool {
        false
    }

    /// Has it IAM policies?
    fn has_policies(&self) -> bool {
        false
    }
}

/// Serves a kind.
pub fn serve(api: Api, kind: impl Collection) -> Api {
    let template = kind.template();
    let parent = template.rsplit_once('/').map_or(template, |(parent, _)| parent);
    let kind: Arc<dyn Collection> = Arc::new(kind);
    let with = |f: fn(&dyn Collection, &mut Call<'_>) -> Outcome| {
        let kind = Arc::clone(&kind);
        move |call: &mut Call<'_>| f(kind.as_ref(), call)
    };
    let mut api = api.on("GET", template, with(get)).on("GET", parent, with(list)).on("POST", parent, with(create)).on(
        "DELETE",
        template,
        with(delete),
    );
    if kind.updates() != Updates::Never {
        api = api.on("PATCH", template, with(update));
    }
    if kind.has_policies() {
        api = policy::serve(api, template, "GET", {
            let kind = Arc::clone(&kind);
            move |call: &mut Call<'_>| {
                let path = object_path(call);
                match call.world.has(call.host(), &path) {
                    true => Ok(resource_of(&path).to_owned()),
                    false => Err(kind.not_found(&shown_name(kind.as_ref(), call, &path))),
                }
            }
        });
    }
    api
}

/// [`Call::path`] without a verb.
fn object_path(call: &Call<'_>) -> String {
    let path = call.path();
    match path.rsplit_once('/') {
        Some((parent, last)) => format!("{parent}/{}", last.split(':').next().unwrap_or(last)),
        None => path,
    }
}

/// The name that answers carry for the object at `path`.
pub fn shown_name(kind: &dyn Collection, call: &Call<'_>, path: &str) -> String {
    let name = resource_of(path);
    if kind.named_by_number() { call.world.with_project_numbers(name) } else { name.to_owned() }
}

/// GET of one object.
///
/// # Errors
/// 404.
pub fn get(kind: &dyn Collection, call: &mut Call<'_>) -> Outcome {
    kind.pass_time(call);
    let path = call.path();
    let stored = call.stored().cloned().ok_or_else(|| kind.not_found(&shown_name(kind, call, &path)))?;
    Ok(Reply::json(kind.present(call, &stored, View::Get)))
}

/// GET of the collection: `pageSize`, `pageToken`.
///
/// # Errors
/// Those of [`pages::page`] and of [`Collection::listed`].
pub fn list(kind: &dyn Collection, call: &mut Call<'_>) -> Outcome {
    let parent = call.path();
    let mut items = Vec::new();
    for (path, body) in call.world.children(call.host(), &parent) {
        if kind.listed(call, body)? {
            items.push((path.to_owned(), kind.present(call, body, View::List)));
        }
    }
    let page = pages::page(items, kind.pages(), call.query("pageSize"), call.query("pageToken"))?;
    let mut body = Object::new();
    if !page.items.is_empty() {
        body.insert(kind.list_field().to_owned(), Value::Array(page.items));
    }
    if let Some(next) = page.next {
        body.insert("nextPageToken".to_owned(), json!(next));
    }
    Ok(Reply::json(Value::Object(body)))
}

/// POST on the collection.
///
/// # Errors
/// 400 without a name, 409 when it is taken, and what [`Collection::prepare`] refuses.
pub fn create(kind: &dyn Collection, call: &mut Call<'_>) -> Outcome {
    let parent = call.path();
    let id = match kind.naming() {
        Naming::Query(name) => match call.query(name).filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => return Err(ApiError::invalid_field(name, format!("Required parameter {name} is missing"))),
        },
        Naming::Digits(length) => call.world.digits(length),
        Naming::Uuid => call.world.uuid(),
    };
    let path = format!("{parent}/{id}");
    let name = shown_name(kind, call, &path);
    if call.world.has(call.host(), &path) {
        return Err(kind.exists(&name));
    }
    let mut wanted = call.body()?;
    wanted.retain(|field, _| field != "name" && !kind.output_only().contains(&field.as_str()));
    let body = kind.prepare(call, Change { id, name: name.clone(), wanted, prior: None, mask: Mask::new() })?;
    if kind.survives_failure() || !call.is_condemned() {
        call.world.put(call.host(), &path, body.clone());
    }
    complete(kind, call, Verb::Create, &name, &body)
}

/// PATCH.
///
/// # Errors
/// 404, 400 for a missing mask, 409 for an etag that is not the stored one, and what [`Collection::prepare`] refuses.
pub fn update(kind: &dyn Collection, call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    let name = shown_name(kind, call, &path);
    let prior = call.stored().cloned().ok_or_else(|| kind.not_found(&name))?;
    kind.check_idle(call, &prior)?;
    let sent = call.body()?;
    check_etag(&sent, &prior).map_err(|refusal| kind.stale(refusal))?;
    let mask = json::parse_mask(call.query("updateMask").unwrap_or_default());
    if mask.is_empty() && kind.updates() == Updates::MaskRequired {
        return Err(ApiError::invalid_field("update_mask", "update_mask is required"));
    }
    let wanted = overlay(kind.output_only(), &prior, sent, &mask);
    let id = name.rsplit('/').next().unwrap_or_default().to_owned();
    let body = kind.prepare(call, Change { id, name: name.clone(), wanted, prior: Some(&prior), mask })?;
    if kind.survives_failure() || !call.is_condemned() {
        call.world.put(call.host(), &path, body.clone());
    }
    complete(kind, call, Verb::Update, &name, &body)
}

/// What an update wants: the stored writable fields with the masked ones replaced, or what was sent when there is no mask (or `*`).
pub fn overlay(output_only: &[&str], prior: &Value, mut sent: Object, mask: &Mask) -> Object {
    let writable = |field: &String| field != "name" && !output_only.contains(&field.as_str());
    sent.retain(|field, _| writable(field));
    if mask.is_empty() || mask.iter().any(|path| path.first().is_some_and(|first| first == "*")) {
        return sent;
    }
    let mut wanted = prior.as_object().cloned().unwrap_or_default();
    wanted.retain(|field, _| writable(field));
    let mask: Mask = mask.iter().filter(|path| path.first().is_some_and(writable)).cloned().collect();
    json::apply_mask(&mut wanted, &sent, &mask);
    wanted
}

/// An etag that the caller sent must be the stored one.
///
/// # Errors
/// 409 `ABORTED`.
pub fn check_etag(sent: &Object, stored: &Value) -> Result<(), ApiError> {
    match sent.get("etag").and_then(Value::as_str).filter(|etag| !etag.is_empty()) {
        Some(etag) if stored["etag"].as_str().is_some_and(|current| current != etag) => {
            Err(ApiError::aborted(format!("The etag {etag} does not match the current etag of the resource.")))
        }
        _ => Ok(()),
    }
}

/// DELETE.
///
/// # Errors
/// 404, and what [`Collection::check_delete`] refuses.
pub fn delete(kind: &dyn Collection, call: &mut Call<'_>) -> Outcome {
    let path = call.path();
    let name = shown_name(kind, call, &path);
    let stored = call.stored().cloned().ok_or_else(|| kind.not_found(&name))?;
    kind.check_idle(call, &stored)?;
    kind.check_delete(call, &stored)?;
    if !call.is_condemned() {
        call.world.remove(call.host(), &path);
    }
    complete(kind, call, Verb::Delete, &name, &stored)
}

fn complete(kind: &dyn Collection, call: &mut Call<'_>, verb: Verb, name: &str, body: &Value) -> Outcome {
    match kind.completion(verb) {
        Completion::Now if verb == Verb::Delete => Ok(Reply::empty_object()),
        Completion::Now => Ok(Reply::json(kind.present(call, body, View::Change(verb)))),
        Completion::Operation { metadata, response_type } => {
            let mut response = match response_type {
                "" => Value::Null,
                empty if empty.ends_with("protobuf.Empty") => json!({}),
                _ => kind.present(call, body, View::Change(verb)),
            };
            if !response.is_null() {
                response["@type"] = json!(response_type);
            }
            let id = call.world.uuid();
            let metadata = kind.operation_metadata(call, verb, name).unwrap_or(metadata);
            let metadata = Some(metadata).filter(|metadata| !metadata.is_null());
            Ok(operation::start(call, kind.operation_name(name, &id), metadata, response))
        }
    }
}

/// `projects/P/locations/L/operations/ID` for an object anywhere below that location.
pub fn operation_name(resource: &str, id: &str) -> String {
    let location: Vec<&str> = resource.split('/').take(4).collect();
    format!("{}/operations/{id}", location.join("/"))
}
