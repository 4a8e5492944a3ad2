//! The calls on one object, after the kind's declaration of its API.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::kind::{AnyKind, Condition};
use super::run::Run;
use super::{Address, Scope, locate, tree};
use crate::engine::marks::Volatile;
use crate::engine::wire;
use crate::google::api::{ApiError, List, Request};
use crate::google::rest::{Naming, Patch, Update};

/// How often a write is tried anew after somebody else was faster.
const RACES: usize = 8;

/// How long replicas may not all know a new object: who reads it meanwhile, or grants it something, does not find it.
const SPREADS: Duration = Duration::from_secs(30);

/// How long one looks for an object that may not be there at all.
const GLANCE: Duration = Duration::from_secs(10);

/// An object as the API returned it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its relative name, with the project's id.
    pub name: String,
    /// The API's JSON.
    pub body: Json,
    /// The same in the shape of the configuration.
    pub tree: Dynamic,
    /// Whether it does what it is there for. Where it does not, the tree says nothing of what only a sound object has.
    pub condition: Condition,
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
            Naming::Query(_) | Naming::Put | Naming::Inside => {
                let collection = scope.fill(kind.rest().collection, after("locations").unwrap_or(&scope.region));
                format!("{collection}/{last}")
            }
        };
        if kind.rest().naming != Naming::Server {
            fill("name", Some(&kind.name_of(last)));
        }
        if kind.rest().naming != Naming::Body {
            fill("location", after("locations"));
            fill("id", Some(&name));
        }
        for (attribute, value) in kind.derive(&body, scope) {
            tree::set(&mut component, attribute, value);
        }
        for (attribute, value) in kind.predict(&component, scope) {
            if component.get(attribute).is_null() {
                tree::set(&mut component, attribute, value);
            }
        }
        let condition = kind.condition(&body);
        if let Condition::Failed(_) = condition {
            for attribute in object.attributes.iter().filter(|a| a.extensions.get::<Volatile>().is_some()) {
                tree::set(&mut component, attribute.name.clone(), Dynamic::Null);
            }
        }
        Self { name, body, tree: component, condition }
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
    read(run, kind, name, |request| request).await
}

async fn read(
    run: &Run,
    kind: &dyn AnyKind,
    name: &str,
    patience: fn(Request) -> Request,
) -> Result<Option<Found>, ApiError> {
    let rest = kind.rest();
    let request = Request::get(rest.host.clone(), locate::item_path(rest, name));
    match run.call(patience(with_query(request, rest.query, &run.scope))).await {
        Ok(body) if kind.is_gone(&body) => Ok(None),
        Ok(body) => {
            let mut bodies = [body];
            read_parts(run, kind, &mut bodies).await?;
            let [body] = bodies;
            Ok(Some(Found::new(kind, body, &run.scope)))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn read_parts(run: &Run, kind: &dyn AnyKind, bodies: &mut [Json]) -> Result<(), ApiError> {
    if kind.parts().is_empty() || bodies.is_empty() { Ok(()) } else { kind.read_parts(bodies, run).await }
}

fn with_query(mut request: Request, query: &[(&str, &str)], scope: &Scope) -> Request {
    for (name, value) in query {
        request = request.query(name, scope.fill(value, &scope.region));
    }
    request
}

/// Reads every object of a kind at a place.
///
/// # Errors
/// Of the calls.
pub(crate) async fn list(run: &Run, kind: &dyn AnyKind, place: &str) -> Result<Vec<Found>, ApiError> {
    list_as(run, kind, place, |found| found).await
}

/// The same for those who look at the trees only: of a large stack the JSON is large, too.
///
/// # Errors
/// Of the calls.
pub(crate) async fn list_trees(run: &Run, kind: &dyn AnyKind, place: &str) -> Result<Vec<Found>, ApiError> {
    list_as(run, kind, place, |found| Found { body: Json::Null, ..found }).await
}

async fn list_as(run: &Run, kind: &dyn AnyKind, place: &str, keep: fn(Found) -> Found) -> Result<Vec<Found>, ApiError> {
    let rest = kind.rest();
    let mut request = Request::get(rest.host.clone(), locate::collection_path(rest, place, &run.scope));
    request = with_query(request, rest.list_query, &run.scope);
    let list = List::new(request, rest.items);
    let list = match rest.page_size {
        (_, 0) => list,
        (parameter, size) => list.page_size_as(parameter, size),
    };
    let found = |body| keep(Found::new(kind, body, &run.scope));
    if kind.parts().is_empty() {
        return run.list_as(list, |body| if kind.is_gone(&body) { None } else { Some(found(body)) }).await;
    }
    let mut items = run.list(list).await?;
    items.retain(|body| !kind.is_gone(body));
    read_parts(run, kind, &mut items).await?;
    Ok(items.into_iter().map(found).collect())
}

/// Why an object could not be made.
#[derive(Debug)]
pub(crate) enum CreateError {
    /// The creation was refused, or its answer was lost.
    Asked(ApiError),
    /// The creation was accepted, and what follows failed: the operation, the waiting for it, or the reading. The object
    /// exists as a rule.
    Accepted(ApiError),
}

/// Makes an object, without its parts, and reads it as it became.
///
/// # Errors
/// Of the calls.
pub(crate) async fn create(run: &Run, address: &Address, component: &Dynamic) -> Result<Found, CreateError> {
    let kind = address.kind;
    let rest = kind.rest();
    let mut body = without_parts(kind, wire::create(kind.object(), component));
    let name = kind.leaf(component, &run.scope).unwrap_or_default();
    let path = locate::collection_path(rest, &kind.place(component, &run.scope), &run.scope);
    let mut request = Request::post(rest.host.clone(), path.clone());
    request = match rest.naming {
        Naming::Query(parameter) => request.query(parameter, name),
        Naming::Body => {
            body["name"] = json!(name);
            with_query(request, rest.list_query, &run.scope)
        }
        Naming::Put => Request::put(rest.host.clone(), format!("{path}/{name}")),
        Naming::Inside | Naming::Server => request,
    };
    kind.before_create(&mut body, &run.scope);
    // A second creation of the same name is refused by the API, and then looked at: it may be the first one's effect.
    let request = secrets(request, address, component).idempotent(rest.naming != Naming::Server).json(body);
    let answer = run.write(request, &rest.host).await.map_err(CreateError::Asked)?;
    if rest.operations.create {
        run.wait(answer, &rest.host).await.map_err(CreateError::Accepted)?;
    } else if rest.naming != Naming::Inside {
        return Ok(Found::new(kind, answer, &run.scope));
    }
    let name = locate::relative_name(kind, component, &run.scope).unwrap_or_default();
    let read =
        Request::get(rest.host.clone(), locate::item_path(rest, &name)).also_retry(SPREADS, ApiError::is_not_found);
    Ok(Found::new(kind, run.call(read).await.map_err(CreateError::Accepted)?, &run.scope))
}

/// Looks for an object that was just made, or may have been; `None` when it does not come into sight.
///
/// # Errors
/// Of the calls, "not found" excepted.
pub(crate) async fn look_for(run: &Run, kind: &dyn AnyKind, name: &str) -> Result<Option<Found>, ApiError> {
    read(run, kind, name, |request| request.also_retry(GLANCE, ApiError::is_not_found)).await
}

/// The JSON of an object as its own calls know it.
fn without_parts(kind: &dyn AnyKind, mut body: Json) -> Json {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|field, _| !kind.parts().contains(&field.as_str()));
    }
    body
}

/// Writes the parts of an object that was just made.
///
/// # Errors
/// Of the calls; the object exists all the same.
pub(crate) async fn add_parts(
    run: &Run,
    address: &Address,
    component: &Dynamic,
    found: Found,
) -> Result<Found, ApiError> {
    let kind = address.kind;
    let mut wanted = found.body.clone();
    let mut has_parts = false;
    if let Json::Object(fields) = wire::create(kind.object(), component) {
        for (field, value) in fields.into_iter().filter(|(field, _)| kind.parts().contains(&field.as_str())) {
            wanted[field] = value;
            has_parts = true;
        }
    }
    if !has_parts {
        return Ok(found);
    }
    kind.write_parts(&found.name, &found.body, &wanted, run).await?;
    Ok(get(run, kind, &found.name).await?.unwrap_or(found))
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
        let is_part = |path: &String| kind.parts().contains(&path.split('.').next().unwrap_or_default());
        let parts = patch.mask.iter().any(is_part).then(|| patch.body.clone());
        patch.mask.retain(|path| !is_part(path));
        if let (Some(wanted), true) = (&parts, patch.mask.is_empty()) {
            kind.write_parts(name, &current.body, wanted, run).await?;
            return get(run, kind, name).await;
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
            Update::Wrapped(field) => request.json(json!({
                field: wire::masked(&patch.body, &patch.mask),
                "updateMask": patch.mask.join(","),
            })),
            Update::Merge => with_query(request, rest.query, &run.scope)
                .query("ifMetagenerationMatch", current.body["metageneration"].as_str().unwrap_or_default())
                .json(wire::merge_patch(&current.body, &patch.body, &patch.mask)),
        };
        let request = secrets(request, address, after);
        let result = if rest.operations.update {
            run.call_and_wait(request, &rest.host).await
        } else {
            run.write(request, &rest.host).await
        };
        // The parts come last: what the next apply would do once more (a new version of a secret) is then done once.
        if let (Ok(_), Some(wanted)) = (&result, &parts) {
            kind.write_parts(name, &current.body, wanted, run).await?;
        }
        match result {
            // The answer lacks what the operation or other calls keep.
            Ok(_) if rest.operations.update || !kind.parts().is_empty() => return get(run, kind, name).await,
            Ok(body) => return Ok(Some(Found::new(kind, body, &run.scope))),
            Err(error) if error.is_etag_conflict() && races < RACES => races += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Waits while a change of the object is under way.
///
/// # Errors
/// Of the calls.
pub(crate) async fn at_rest(run: &Run, kind: &dyn AnyKind, mut found: Found) -> Result<Option<Found>, ApiError> {
    let policy = run.client.config().poll;
    let mut poll = 0;
    while found.condition == Condition::Pending && run.context.sleep(policy.wait(poll)).await.is_ok() {
        match get(run, kind, &found.name).await? {
            Some(now) => found = now,
            None => return Ok(None),
        }
        poll += 1;
    }
    Ok(Some(found))
}

/// Has the API try again to bring about what a failed object says already.
///
/// # Errors
/// Of the calls.
pub(crate) async fn repair(run: &Run, kind: &dyn AnyKind, found: Found) -> Result<Option<Found>, ApiError> {
    let Some(found) = at_rest(run, kind, found).await? else { return Ok(None) };
    let (Condition::Failed(_), Some(patch)) = (&found.condition, kind.repair(&found.body)) else {
        return Ok(Some(found));
    };
    let rest = kind.rest();
    let request = Request::patch(rest.host.clone(), locate::item_path(rest, &found.name))
        .query("updateMask", patch.mask.join(","))
        .json(wire::masked(&patch.body, &patch.mask));
    run.call_and_wait(request, &rest.host).await?;
    get(run, kind, &found.name).await
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
        run.write(request, &rest.host).await
    };
    match result {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}
