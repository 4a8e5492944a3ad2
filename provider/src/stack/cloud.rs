//! The calls on one object, after the kind's declaration of its API.

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::run::Run;
use super::{Address, Scope, locate, tree};
use crate::component::AnyKind;
use crate::component::rest::{Naming, Patch, Update};
use crate::component::wire;
use crate::gcp::{ApiError, List, Request};

/// How often a write is tried anew after somebody else was faster.
const RACES: usize = 8;

/// An object as the API returned it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its relative name, with the project's id.
    pub name: String,
    /// The API's JSON.
    pub body: Json,
    /// The same in the shape of the configuration.
    pub tree: Dynamic,
}

impl Found {
    /// Takes in the JSON of an object.
    pub(crate) fn new(kind: &dyn AnyKind, body: Json, scope: &Scope) -> Self {
        let object = kind.object();
        let mut component = wire::read(object, &body);
        let full = body["name"].as_str().unwrap_or_default();
        let parts: Vec<&str> = full.split('/').collect();
        let after = |word: &str| parts.iter().position(|part| *part == word).and_then(|at| parts.get(at + 1)).copied();
        let last = parts.last().copied().unwrap_or_default();
        let mut fill = |attribute: &'static str, value: Option<&str>| {
            if object.attribute(attribute).is_some()
                && let Some(value) = value
            {
                tree::set(&mut component, attribute, Dynamic::string(value));
            }
        };
        let name = match kind.rest().naming {
            Naming::Body => full.to_owned(),
            Naming::Server => canonical_project(full, scope),
            Naming::Query(_) => {
                let collection = scope.fill(kind.rest().collection, after("locations").unwrap_or(&scope.region));
                format!("{collection}/{last}")
            }
        };
        if kind.rest().naming != Naming::Server {
            fill("name", Some(last));
        }
        if kind.rest().naming != Naming::Body {
            fill("location", after("locations"));
            fill("id", Some(&name));
        }
        for (attribute, value) in kind.derive(&body, scope).into_iter().chain(kind.predict(&component, scope)) {
            if component.get(attribute).is_null() {
                tree::set(&mut component, attribute, value);
            }
        }
        Self { name, body, tree: component }
    }
}

/// The name with the project's id where the API wrote its number.
fn canonical_project(name: &str, scope: &Scope) -> String {
    match (name.strip_prefix("projects/").and_then(|rest| rest.split_once('/')), &scope.project_number) {
        (Some((project, rest)), Some(number)) if project == number => format!("projects/{}/{rest}", scope.project),
        _ => name.to_owned(),
    }
}

/// Reads an object; `None` when there is none.
///
/// # Errors
/// Of the call, "not found" excepted.
pub(crate) async fn get(run: &Run, kind: &dyn AnyKind, name: &str) -> Result<Option<Found>, ApiError> {
    let rest = kind.rest();
    let mut request = Request::get(rest.host.clone(), locate::item_path(rest, name));
    request = with_query(request, rest.query, &run.scope);
    match run.call(request).await {
        Ok(body) => Ok(Some(Found::new(kind, body, &run.scope))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn with_query(mut request: Request, query: &[(&str, &str)], scope: &Scope) -> Request {
    for (name, value) in query {
        request = request.query(name, scope.fill(value, &scope.region));
    }
    request
}

/// Reads every object of a kind in a location.
///
/// # Errors
/// Of the calls.
pub(crate) async fn list(run: &Run, kind: &dyn AnyKind, location: &str) -> Result<Vec<Found>, ApiError> {
    let rest = kind.rest();
    let mut request = Request::get(rest.host.clone(), locate::collection_path(rest, location, &run.scope));
    request = with_query(request, rest.list_query, &run.scope);
    let (parameter, size) = rest.page_size;
    let items = run.list(List::new(request, rest.items).page_size_as(parameter, size)).await?;
    Ok(items.into_iter().map(|body| Found::new(kind, body, &run.scope)).collect())
}

/// Makes an object and reads it as it became.
///
/// # Errors
/// Of the calls. When an operation failed, or the reply was lost, the object may exist.
pub(crate) async fn create(run: &Run, address: &Address, component: &Dynamic) -> Result<Found, ApiError> {
    let kind = address.kind;
    let rest = kind.rest();
    let mut body = wire::create(kind.object(), component);
    let location = locate::location(component, &run.scope);
    let name = tree::text(component, "name").unwrap_or_default();
    let mut request = Request::post(rest.host.clone(), locate::collection_path(rest, location, &run.scope));
    request = match rest.naming {
        Naming::Query(parameter) => request.query(parameter, name),
        Naming::Body => {
            body["name"] = json!(name);
            with_query(request, rest.list_query, &run.scope)
        }
        Naming::Server => request,
    };
    kind.before_create(&mut body, &run.scope);
    // A second creation of the same name is refused by the API, and then looked at: it may be the first one's effect.
    let request = secrets(request, address, component).idempotent(rest.naming != Naming::Server).json(body);
    if !rest.operations.create {
        return Ok(Found::new(kind, run.call(request).await?, &run.scope));
    }
    run.call_and_wait(request, &rest.host).await?;
    let name = locate::relative_name(kind, component, &run.scope).unwrap_or_default();
    // Replicas may not all know it yet.
    let read = Request::get(rest.host.clone(), locate::item_path(rest, &name))
        .also_retry(std::time::Duration::from_secs(30), ApiError::is_not_found);
    Ok(Found::new(kind, run.call(read).await?, &run.scope))
}

/// Masks write-only values in what errors may quote.
fn secrets(mut request: Request, address: &Address, component: &Dynamic) -> Request {
    for attribute in address.kind.object().attributes.iter().filter(|attribute| attribute.write_only) {
        let mut texts = Vec::new();
        tree::each_text(component.get(&attribute.name), &mut |text| texts.push(text.to_owned()));
        for text in texts {
            request = request.secret(text);
        }
    }
    request
}

/// Changes an object from what `before` means to what `after` means, on top of what is there now. `None` when it is gone.
///
/// # Errors
/// Of the calls.
pub(crate) async fn update(
    run: &Run,
    address: &Address,
    name: &str,
    before: &Dynamic,
    after: &Dynamic,
) -> Result<Option<Found>, ApiError> {
    let kind = address.kind;
    let rest = kind.rest();
    let mut races = 0;
    loop {
        let Some(current) = get(run, kind, name).await? else { return Ok(None) };
        let mut patch = Patch { body: current.body.clone(), mask: Vec::new() };
        patch.mask = wire::update(kind.object(), before, after, &mut patch.body);
        if patch.mask.is_empty() {
            return Ok(Some(current));
        }
        kind.before_update(&current.body, &mut patch);
        let request = Request::patch(rest.host.clone(), locate::item_path(rest, name));
        let request = match rest.update {
            Update::Mask { etag } => {
                let mut body = wire::masked(&patch.body, &patch.mask);
                if let (true, Some(etag)) = (etag, current.body.get("etag")) {
                    body["etag"] = etag.clone();
                }
                request.query("updateMask", patch.mask.join(",")).json(body)
            }
            Update::Merge => with_query(request, rest.query, &run.scope)
                .query("ifMetagenerationMatch", current.body["metageneration"].as_str().unwrap_or_default())
                .json(wire::merge_patch(&current.body, &patch.body, &patch.mask)),
        };
        let request = secrets(request, address, after);
        let result = if rest.operations.update {
            run.call_and_wait(request, &rest.host).await
        } else {
            run.call(request).await
        };
        match result {
            Ok(_) if rest.operations.update => return get(run, kind, name).await,
            Ok(body) => return Ok(Some(Found::new(kind, body, &run.scope))),
            Err(error) if error.is_etag_conflict() && races < RACES => races += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Deletes an object; one that is gone already is fine.
///
/// # Errors
/// Of the calls.
pub(crate) async fn delete(run: &Run, address: &Address, name: &str, component: &Dynamic) -> Result<(), ApiError> {
    let kind = address.kind;
    let rest = kind.rest();
    kind.before_delete(component, &run.client, &run.context).await?;
    let request = Request::delete(rest.host.clone(), locate::item_path(rest, name));
    let result = if rest.operations.delete {
        run.call_and_wait(request, &rest.host).await
    } else {
        run.call(request).await
    };
    match result {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
