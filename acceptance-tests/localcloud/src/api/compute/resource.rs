//! The calls that all objects of Compute Engine share: insert, get, list, patch, update, delete and setLabels.
//!
//! A kind says what it accepts ([`Resource::prepare`]) and which of the calls it has. As recorded: every write answers with an
//! operation; a delete of what is used is refused at once; labels of an insert are dropped, and only `setLabels` writes them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use super::{HOST, link, operation};
use crate::api::labels;
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::{self, Object};
use crate::pages::{self, PageRule};
use crate::route::Api;
use crate::store::resource_of;

/// A kind of object.
pub(super) trait Resource: Send + Sync + 'static {
    /// The path of one object: `/compute/v1/projects/{project}/global/addresses/{address}`.
    fn template(&self) -> &'static str;

    /// Its `kind`: `compute#address`.
    fn kind(&self) -> &'static str;

    /// What refusals call it: `address`.
    fn noun(&self) -> &'static str;

    /// Judges and completes what is to be stored, after an insert or a change of `prior`. What all kinds have follows.
    ///
    /// # Errors
    /// The API's refusal.
    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError>;

    /// Whether it has PATCH, and PUT beside it.
    fn changes(&self) -> Changes {
        Changes::Never
    }

    /// Whether a change must carry the `fingerprint`.
    fn has_fingerprint(&self) -> bool {
        false
    }

    /// Whether it has labels, and `setLabels`.
    fn has_labels(&self) -> bool {
        false
    }

    /// What an answer shows besides what is stored: who uses the object.
    fn present(&self, call: &Call<'_>, name: &str, shown: &mut Value) {
        let _ = (call, name, shown);
    }

    /// The relative names of what uses the object.
    fn users(&self, call: &Call<'_>, name: &str, stored: &Value) -> Vec<String> {
        let _ = stored;
        link::users(call.world, name)
    }
}

/// How an object can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// Not at all, or by verbs of its own.
    Never,
    /// PATCH.
    Patch,
    /// PATCH and PUT.
    PatchAndPut,
}

/// Serves a kind.
pub(super) fn serve(api: Api, kind: impl Resource) -> Api {
    let template = kind.template();
    let parent = template.rsplit_once('/').map_or(template, |(parent, _)| parent);
    let kind: Arc<dyn Resource> = Arc::new(kind);
    let with = |f: fn(&dyn Resource, &mut Call<'_>) -> Outcome| {
        let kind = Arc::clone(&kind);
        move |call: &mut Call<'_>| f(kind.as_ref(), call)
    };
    let mut api = api.on("GET", template, with(get)).on("GET", parent, with(list)).on("POST", parent, with(insert)).on(
        "DELETE",
        template,
        with(delete),
    );
    if kind.changes() != Changes::Never {
        api = api.on("PATCH", template, with(patch));
    }
    if kind.changes() == Changes::PatchAndPut {
        api = api.on("PUT", template, with(update));
    }
    if kind.has_labels() {
        // Templates live as long as the program.
        let template: &'static str = Box::leak(format!("{template}/setLabels").into_boxed_str());
        api = api.on("POST", template, with(set_labels));
    }
    api
}

/// The object at the call's path, and its relative name. `verb` is what stands behind its name.
pub(super) fn stored(call: &Call<'_>, verb: &str) -> Result<(String, Value), ApiError> {
    let path = call.path();
    let path = path.strip_suffix(verb).unwrap_or(&path).trim_end_matches('/');
    let name = resource_of(path).to_owned();
    let body = call.world.get(HOST, path).cloned().ok_or_else(|| link::missing(&name))?;
    Ok((name, body))
}

/// Stores a change, unless its operation is to fail, and answers the operation.
pub(super) fn keep(call: &mut Call<'_>, verb: &str, name: &str, body: Value) -> Reply {
    let id = body["id"].clone();
    if !call.is_condemned() {
        call.world.put(HOST, &link::path(name), body);
    }
    operation::start(call, verb, name, &id)
}

/// Gives an object that was changed another fingerprint.
pub(super) fn stamp(call: &mut Call<'_>, body: &mut Value, field: &str) {
    body[field] = json!(fingerprint(call));
}

/// Eight bytes, as recorded.
fn fingerprint(call: &mut Call<'_>) -> String {
    let number: u64 = call.world.digits(19).parse().unwrap_or_default();
    URL_SAFE.encode(number.to_be_bytes())
}

/// 412 unless the caller sent what is stored in `field`.
///
/// # Errors
/// As recorded of labels: "Labels fingerprint either invalid or resource labels have changed".
pub(super) fn check_fingerprint(sent: &Object, stored: &Value, field: &str) -> Result<(), ApiError> {
    if sent.get(field).and_then(Value::as_str) == stored[field].as_str() {
        return Ok(());
    }
    let what = if field == "labelFingerprint" {
        "Labels fingerprint either invalid or resource labels have changed".to_owned()
    } else {
        "Invalid fingerprint.".to_owned()
    };
    Err(ApiError::storage(412, "conditionNotMet", what))
}

fn shown(kind: &dyn Resource, call: &Call<'_>, name: &str, body: &Value) -> Value {
    let mut shown = body.clone();
    kind.present(call, name, &mut shown);
    shown
}

fn get(kind: &dyn Resource, call: &mut Call<'_>) -> Outcome {
    let (name, body) = stored(call, "")?;
    Ok(Reply::json(shown(kind, call, &name, &body)))
}

fn list(kind: &dyn Resource, call: &mut Call<'_>) -> Outcome {
    let parent = call.path();
    let items = call.world.children(HOST, &parent);
    let items = items.map(|(path, body)| (path.to_owned(), shown(kind, call, resource_of(path), body))).collect();
    // https://cloud.google.com/compute/docs/reference/rest/v1/globalAddresses/list: 500 at most, and by default.
    let rule = PageRule { default: 500, max: 500 };
    let page = pages::page(items, rule, call.query("maxResults"), call.query("pageToken"))?;
    let place = resource_of(&parent).to_owned();
    let answer = json!({"kind": format!("{}List", kind.kind()), "id": place, "selfLink": link::full(&place)});
    Ok(Reply::json(page.answer(answer, "items")))
}

fn insert(kind: &dyn Resource, call: &mut Call<'_>) -> Outcome {
    let mut wanted = call.body()?;
    json::drop_nulls(&mut wanted);
    let short = wanted.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    check_name(&short)?;
    let name = format!("{}/{short}", resource_of(&call.path()));
    if call.world.has(HOST, &link::path(&name)) {
        return Err(ApiError::storage(409, "alreadyExists", format!("The resource '{name}' already exists")));
    }
    kind.prepare(call, &mut wanted, None)?;
    wanted.remove("labels");
    let mut body = Value::Object(wanted);
    body["kind"] = json!(kind.kind());
    body["id"] = json!(call.world.digits(19));
    body["creationTimestamp"] = json!(call.world.now());
    body["selfLink"] = json!(link::full(&name));
    if kind.has_fingerprint() {
        stamp(call, &mut body, "fingerprint");
    }
    if kind.has_labels() {
        stamp(call, &mut body, "labelFingerprint");
    }
    Ok(keep(call, "insert", &name, body))
}

fn patch(kind: &dyn Resource, call: &mut Call<'_>) -> Outcome {
    let (name, prior) = stored(call, "")?;
    let sent = call.body()?;
    let mut wanted = prior.clone();
    json::merge_patch(&mut wanted, &Value::Object(sent.clone()));
    changed(kind, call, "patch", (&name, &prior), (&sent, wanted))
}

fn update(kind: &dyn Resource, call: &mut Call<'_>) -> Outcome {
    let (name, prior) = stored(call, "")?;
    let mut sent = call.body()?;
    json::drop_nulls(&mut sent);
    let wanted = Value::Object(sent.clone());
    changed(kind, call, "update", (&name, &prior), (&sent, wanted))
}

fn changed(
    kind: &dyn Resource,
    call: &mut Call<'_>,
    verb: &str,
    (name, prior): (&str, &Value),
    (sent, wanted): (&Object, Value),
) -> Outcome {
    if kind.has_fingerprint() && (sent.contains_key("fingerprint") || verb == "update") {
        check_fingerprint(sent, prior, "fingerprint")?;
    }
    let Value::Object(mut wanted) = wanted else { return Err(link::invalid("an object is expected")) };
    kind.prepare(call, &mut wanted, Some(prior))?;
    let mut body = Value::Object(wanted);
    for field in ["kind", "id", "creationTimestamp", "selfLink", "name", "fingerprint", "region", "labelFingerprint"] {
        if let Some(value) = prior.get(field) {
            body[field] = value.clone();
        }
    }
    if body != *prior && kind.has_fingerprint() {
        stamp(call, &mut body, "fingerprint");
    }
    Ok(keep(call, verb, name, body))
}

fn delete(kind: &dyn Resource, call: &mut Call<'_>) -> Outcome {
    let (name, body) = stored(call, "")?;
    if let Some(user) = kind.users(call, &name, &body).first() {
        let noun = kind.noun();
        let message = format!("The {noun} resource '{name}' is already being used by '{user}'");
        return Err(ApiError::storage(400, "resourceInUseByAnotherResource", message));
    }
    if !call.is_condemned() {
        call.world.remove(HOST, &link::path(&name));
    }
    Ok(operation::start(call, "delete", &name, &body["id"]))
}

fn set_labels(_: &dyn Resource, call: &mut Call<'_>) -> Outcome {
    let (name, mut body) = stored(call, "setLabels")?;
    let sent = call.body()?;
    check_fingerprint(&sent, &body, "labelFingerprint")?;
    labels::check(sent.get("labels"))?;
    match sent.get("labels").and_then(Value::as_object).filter(|labels| !labels.is_empty()) {
        Some(labels) => body["labels"] = json!(labels),
        None => body.as_object_mut().into_iter().for_each(|body| drop(body.remove("labels"))),
    }
    stamp(call, &mut body, "labelFingerprint");
    let id = body["id"].clone();
    if !call.is_condemned() {
        call.world.put(HOST, &link::path(&name), body);
    }
    Ok(operation::done(call, "setLabels", &name, &id))
}

/// `[a-z]([-a-z0-9]{0,61}[a-z0-9])?`
fn check_name(name: &str) -> Result<(), ApiError> {
    let sane = (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if sane {
        return Ok(());
    }
    Err(link::invalid(format!(
        "Invalid value for field 'resource.name': '{name}'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{{0,61}}[a-z0-9])?)'"
    )))
}

/// Fills in what the API adds when nothing was sent.
pub(super) fn defaults(wanted: &mut Object, defaults: &[(&str, Value)]) {
    for (field, value) in defaults {
        wanted.entry((*field).to_owned()).or_insert_with(|| value.clone());
    }
}

/// 400 unless `prior` has the same in `field`.
///
/// # Errors
/// The refusal.
pub(super) fn unchanged(wanted: &Object, prior: Option<&Value>, field: &str) -> Result<(), ApiError> {
    match prior {
        Some(prior) if prior.get(field) != wanted.get(field) => {
            Err(link::invalid(format!("Invalid value for field 'resource.{field}': it cannot be changed.")))
        }
        _ => Ok(()),
    }
}

/// `usedBy`, as the recordings show it of what a URL map names; absent where there is nobody.
pub(super) fn show_users(call: &Call<'_>, name: &str, shown: &mut Value) {
    let users = link::users(call.world, name);
    let users: Vec<Value> = users.iter().map(|user| json!({"reference": link::full(user)})).collect();
    if !users.is_empty() {
        shown["usedBy"] = Value::Array(users);
    }
}
