//! `run.googleapis.com`: services and their revisions, jobs and their executions (see `run/jobs.rs`), Admin API v2.
//! A change has its effect at once; until its operation has been polled to the end, a GET shows the service as pending. A failed
//! deployment leaves the service behind with the failure in its conditions.

mod defaults;
mod finding;
mod jobs;
mod limits;
mod quantity;
mod status;
mod validate;

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::clock;
use crate::collection;
use crate::error::ApiError;
use crate::json::{self, Object};
use crate::lag::Pending;
use crate::operation;
use crate::pages::{self, PageRule};
use crate::policy;
use crate::route::Api;
use crate::store::{End, Form, Operation, resource_of};
use status::Outcome as Deployment;

const SERVICE: &str = "/v2/projects/{project}/locations/{location}/services/{service}";
const SERVICE_TYPE: &str = "type.googleapis.com/google.cloud.run.v2.Service";
const PAGES: PageRule = PageRule { default: 100, max: 1000 };
const ACCOUNT_SUFFIX: &str = ".iam.gserviceaccount.com";

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new("run.googleapis.com")
        .on("POST", "/v2/projects/{project}/locations/{location}/services", create)
        .on("GET", "/v2/projects/{project}/locations/{location}/services", list)
        .on("GET", SERVICE, get)
        .on("PATCH", SERVICE, patch)
        .on("DELETE", SERVICE, delete)
        .on("GET", "/v2/projects/{project}/locations/{location}/services/{service}/revisions", list_revisions)
        .on("GET", "/v2/projects/{project}/locations/{location}/services/{service}/revisions/{revision}", get_revision)
        .on("GET", "/v2/projects/{project}/locations/{location}/operations", list_operations)
        .on("GET", "/v2/projects/{project}/locations/{location}/operations/{operation}", get_operation)
        .on("POST", "/v2/projects/{project}/locations/{location}/operations/{operation}:wait", wait_operation)
        .on("DELETE", "/v2/projects/{project}/locations/{location}/operations/{operation}", delete_operation);
    let api = jobs::serve(api);
    policy::serve(api, SERVICE, "GET", |call| {
        let path = service_path(call);
        if call.world.has(call.host(), &path) { Ok(resource_of(&path).to_owned()) } else { Err(missing(call)) }
    })
}

/// The path of the service that the call is about, without a verb or what stands below it.
fn service_path(call: &Call<'_>) -> String {
    format!(
        "/v2/projects/{}/locations/{}/services/{}",
        call.param("project"),
        call.param("location"),
        call.param("service")
    )
}

fn missing(call: &Call<'_>) -> ApiError {
    ApiError::not_found(format!(
        "Resource '{}' of kind 'SERVICE' in region '{}' in project '{}' does not exist.",
        call.param("service"),
        call.param("location"),
        call.param("project")
    ))
}

fn check_location(call: &Call<'_>) -> Result<(), ApiError> {
    let location = call.param("location");
    let region = location.split('-').count() == 2
        && location.ends_with(|c: char| c.is_ascii_digit())
        && location.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if region {
        return Ok(());
    }
    Err(ApiError::invalid_field("parent", format!("Location '{location}' is not a valid Cloud Run region.")))
}

fn create(call: &mut Call<'_>) -> Outcome {
    check_location(call)?;
    let id = call.query("serviceId").unwrap_or_default().to_owned();
    create_named(call, &id)
}

fn create_named(call: &mut Call<'_>, id: &str) -> Outcome {
    validate::service_id(id).map_err(|text| ApiError::invalid_field("service_id", text))?;
    call.params.insert("service".to_owned(), id.to_owned());
    let path = service_path(call);
    if call.world.has(call.host(), &path) {
        return Err(ApiError::already_exists(format!("Resource '{id}' already exists.")));
    }
    let now = call.world.clock.now();
    if let Some(removal) = pending_operation(call, resource_of(&path)) {
        // The name is busy until the old service is gone; asking for it is how time passes here.
        removal.pending.look(now);
        return Err(ApiError::already_exists(format!("Resource '{id}' already exists.")));
    }
    let sent = Value::Object(call.body()?);
    let wanted = defaults::writable(&sent);
    deploy(call, id, wanted, None)
}

fn patch(call: &mut Call<'_>) -> Outcome {
    check_location(call)?;
    let id = call.param("service").to_owned();
    let Some(prior) = call.stored().cloned() else {
        return if is_set(call, "allowMissing") { create_named(call, &id) } else { Err(missing(call)) };
    };
    let sent = call.body()?;
    collection::check_etag(&sent, &prior)?;
    let mask = json::parse_mask(call.query("updateMask").unwrap_or_default());
    let before = defaults::writable(&prior);
    let wanted =
        collection::overlay(&["etag"], &Value::Object(before), defaults::writable(&Value::Object(sent)), &mask);
    deploy(call, &id, wanted, Some(prior))
}

fn is_set(call: &Call<'_>, parameter: &str) -> bool {
    call.query(parameter).is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// Judges, completes, stamps and stores a service, and starts the operation.
fn deploy(call: &mut Call<'_>, id: &str, mut wanted: Object, prior: Option<Value>) -> Outcome {
    let project = call.project()?;
    let path = service_path(call);
    let name = resource_of(&path).to_owned();
    defaults::fill(&mut wanted, id, &project.project_number);
    refuse(validate::service(&wanted))?;
    check_account(call, wanted.get("template"))?;
    check_traffic(call, &wanted, prior.as_ref())?;

    let before = prior.as_ref().map(|prior| {
        let mut before = defaults::writable(prior);
        defaults::fill(&mut before, id, &project.project_number);
        before
    });
    let forced = is_set(call, "forceNewRevision");
    let new_revision = forced || before.as_ref().is_none_or(|before| template_differs(before, &wanted));
    let changed = new_revision || before.as_ref() != Some(&wanted);
    let earlier = prior.as_ref().and_then(|p| p["generation"].as_str()).and_then(|g| g.parse().ok()).unwrap_or(0);
    let generation: u64 = if changed { earlier + 1 } else { earlier };
    let revision_id = match wanted.get("template").and_then(|t| t["revision"].as_str()) {
        Some(given) if new_revision => {
            check_revision(call, id, given, prior.as_ref())?;
            Some(given.to_owned())
        }
        _ => None,
    };

    if is_set(call, "validateOnly") {
        return Ok(validated(call, &name, &wanted, prior.as_ref()));
    }
    let now = clock::micros(call.world.clock.now());
    let uid = match prior.as_ref().and_then(|p| p["uid"].as_str()) {
        Some(uid) => uid.to_owned(),
        None => call.world.uuid(),
    };
    let mut service = stamp(&wanted, prior.as_ref(), &name, &uid, generation, &now);
    // What nobody touched stays as it was written, explicit zeros included.
    if let (Some(before), Some(prior)) = (&before, &prior)
        && before.get("scaling") == wanted.get("scaling")
        && let Some(written) = prior.get("scaling")
    {
        service.insert("scaling".to_owned(), written.clone());
    }
    service.insert("etag".to_owned(), json!(status::service_etag(call.world.tick(), &name)));
    let error = call.take_operation_error();
    let outcome = error.as_ref().map_or(Deployment::Ready, |error| Deployment::Failed(error.message.clone()));
    let unsettled = Value::Object(service.clone());
    if new_revision {
        let revision = revision_id.unwrap_or_else(|| status::revision_name(id, generation, &uid));
        let full = format!("{name}/revisions/{revision}");
        service.insert("latestCreatedRevision".to_owned(), json!(full));
        let revision_uid = call.world.uuid();
        let body = status::revision(&service, &full, &revision_uid, &now, &outcome);
        call.world.put(call.host(), &format!("/v2/{full}"), body);
    }
    let addresses = addresses(call, id, &project.project_number, prior.as_ref());
    status::settle(&mut service, &outcome, new_revision, &now, &addresses);
    let settled = Value::Object(service);
    call.world.put(call.host(), &path, settled.clone());
    let end = match error {
        Some(error) => End::Error(error.as_operation_error()),
        None => End::Response(typed(settled)),
    };
    Ok(start(call, &name, typed(status::pending(&unsettled, prior.as_ref())), end))
}

fn refuse(findings: Vec<finding::Finding>) -> Result<(), ApiError> {
    if findings.is_empty() {
        return Ok(());
    }
    let sentences: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let violations: Vec<Value> = findings.iter().map(|f| json!({"field": f.field, "description": f.text})).collect();
    Err(ApiError::invalid(sentences.join("\n"))
        .with_detail(json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})))
}

/// A service account of a project that lives here must exist.
fn check_account(call: &Call<'_>, template: Option<&Value>) -> Result<(), ApiError> {
    let account = template.and_then(|template| template["serviceAccount"].as_str()).unwrap_or_default();
    let project = account.strip_suffix(ACCOUNT_SUFFIX).and_then(|rest| rest.split_once('@'));
    let Some(project) = project.and_then(|(_, id)| call.world.project(id)) else { return Ok(()) };
    let path = format!("/v1/projects/{}/serviceAccounts/{account}", project.project_id);
    if call.world.has("iam.googleapis.com", &path) {
        return Ok(());
    }
    Err(ApiError::permission_denied(format!(
        "Permission 'iam.serviceaccounts.actAs' denied on service account {account} (or it may not exist)."
    ))
    .with_info("IAM_PERMISSION_DENIED", &[("permission", "iam.serviceaccounts.actAs"), ("resource", account)]))
}

/// Revisions that traffic is sent to must exist.
fn check_traffic(call: &Call<'_>, service: &Object, prior: Option<&Value>) -> Result<(), ApiError> {
    let targets = service.get("traffic").and_then(Value::as_array);
    let given = service.get("template").and_then(|t| t["revision"].as_str());
    for revision in targets.into_iter().flatten().filter_map(|t| t["revision"].as_str()) {
        if given != Some(revision) && !revision_exists(call, revision, prior) {
            return Err(ApiError::invalid_field("traffic", format!("Revision '{revision}' was not found.")));
        }
    }
    Ok(())
}

fn revision_exists(call: &Call<'_>, revision: &str, prior: Option<&Value>) -> bool {
    let known = |field: &str| {
        prior.and_then(|p| p[field].as_str()).is_some_and(|name| name.rsplit('/').next() == Some(revision))
    };
    known("latestReadyRevision")
        || known("latestCreatedRevision")
        || call.world.has(call.host(), &format!("{}/revisions/{revision}", service_path(call)))
}

/// A revision name that the caller chose: below the service's name, and not taken.
fn check_revision(call: &Call<'_>, id: &str, revision: &str, prior: Option<&Value>) -> Result<(), ApiError> {
    if !revision.strip_prefix(id).is_some_and(|rest| rest.len() > 1 && rest.starts_with('-')) || revision.len() > 63 {
        return Err(ApiError::invalid_field(
            "template.revision",
            format!(
                "template.revision: expected a name that begins with '{id}-' and has at most 63 characters, found '{revision}'."
            ),
        ));
    }
    if revision_exists(call, revision, prior) {
        return Err(ApiError::already_exists(format!(
            "Revision named '{revision}' with different configuration already exists."
        )));
    }
    Ok(())
}

/// Do two services make different revisions? Who wrote them and how the revision is called does not count.
fn template_differs(before: &Object, after: &Object) -> bool {
    let core = |service: &Object| {
        let mut template = service.get("template").and_then(Value::as_object).cloned().unwrap_or_default();
        for field in ["revision", "client", "clientVersion"] {
            template.remove(field);
        }
        template
    };
    let named = |service: &Object| service.get("template").and_then(|t| t["revision"].as_str()).map(str::to_owned);
    core(before) != core(after) || named(after).is_some() && named(after) != named(before)
}

/// The service with everything that is stamped when a change is accepted.
fn stamp(wanted: &Object, prior: Option<&Value>, name: &str, uid: &str, generation: u64, now: &str) -> Object {
    let mut service = wanted.clone();
    let kept = |field: &str| prior.and_then(|p| p.get(field)).cloned();
    service.insert("name".to_owned(), json!(name));
    service.insert("uid".to_owned(), json!(uid));
    service.insert("generation".to_owned(), json!(generation.to_string()));
    service.insert("createTime".to_owned(), kept("createTime").unwrap_or(json!(now)));
    service.insert("updateTime".to_owned(), json!(now));
    service.insert("creator".to_owned(), kept("creator").unwrap_or(json!(status::CALLER)));
    service.insert("lastModifier".to_owned(), json!(status::CALLER));
    for field in ["conditions", "latestReadyRevision", "latestCreatedRevision", "trafficStatuses", "uri", "urls"] {
        if let Some(value) = kept(field) {
            service.insert(field.to_owned(), value);
        }
    }
    service
}

/// The service's addresses. Services of one project share a hash, also with those that were there before.
fn addresses(call: &Call<'_>, id: &str, number: &str, prior: Option<&Value>) -> [String; 2] {
    let of = |service: &Value| {
        let own = service["name"].as_str()?.rsplit('/').next()?;
        status::hash_in(service["uri"].as_str()?, own)
    };
    let prefix = format!("/v2/projects/{}/", call.param("project"));
    let known = || {
        let objects = call.world.state.objects.get(call.host())?;
        objects
            .range(prefix.clone()..)
            .take_while(|(path, _)| path.starts_with(&prefix))
            .find_map(|(_, object)| of(&object.body))
    };
    let hash = prior.and_then(of).or_else(known).unwrap_or_else(|| status::project_hash(number));
    status::addresses(id, call.param("location"), number, &hash)
}

fn typed(mut service: Value) -> Value {
    service["@type"] = json!(SERVICE_TYPE);
    service
}

fn untyped(mut service: Value) -> Value {
    if let Some(service) = service.as_object_mut() {
        service.remove("@type");
    }
    service
}

/// The answer to `validateOnly`: done at once, with the defaults filled in, and nothing stored.
fn validated(call: &mut Call<'_>, name: &str, wanted: &Object, prior: Option<&Value>) -> Reply {
    let mut service = prior.and_then(Value::as_object).cloned().unwrap_or_default();
    service.retain(|field, _| !defaults::is_writable(field));
    service.extend(wanted.clone());
    service.insert("name".to_owned(), json!(name));
    let body = typed(Value::Object(service));
    let id = call.world.uuid();
    let operation = collection::operation_name(name, &id);
    Reply::json(json!({"name": operation, "metadata": body, "done": true, "response": body}))
}

fn start(call: &mut Call<'_>, service: &str, metadata: Value, end: End) -> Reply {
    let id = call.world.uuid();
    let name = collection::operation_name(service, &id);
    let pending = operation::begin(call);
    let operation = Operation {
        name: name.clone(),
        metadata: Some(metadata),
        pending,
        end,
        shows_response_early: false,
        form: Form::Done,
    };
    let body = operation.body(false);
    call.world.state.operations.entry(call.host().to_owned()).or_default().insert(name, operation);
    Reply::json(body)
}

/// The youngest operation on a service that has not ended yet.
fn pending_operation<'w>(call: &'w mut Call<'_>, service: &str) -> Option<&'w mut Operation> {
    let host = call.host();
    let now = call.world.clock.now();
    let operations = call.world.state.operations.get_mut(host)?;
    let updated = |operation: &Operation| {
        operation.metadata.as_ref().and_then(|m| m["updateTime"].as_str()).unwrap_or_default().to_owned()
    };
    operations
        .values_mut()
        .filter(|operation| {
            !operation.pending.is_over(now) && operation.metadata.as_ref().is_some_and(|m| m["name"] == service)
        })
        .max_by_key(|operation| updated(operation))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let Some(settled) = call.stored().cloned() else { return Err(missing(call)) };
    let path = call.path();
    let now = call.world.clock.now();
    // Where looks are counted, time passes by being asked.
    let pending = pending_operation(call, resource_of(&path)).and_then(|operation| {
        operation.pending.look(now);
        operation.metadata.clone()
    });
    Ok(Reply::json(match pending {
        Some(body) if body.get("deleteTime").is_none() => untyped(body),
        _ => settled,
    }))
}

fn list(call: &mut Call<'_>) -> Outcome {
    if call.param("location") == "-" {
        return Err(ApiError::invalid_field(
            "parent",
            "Location must be a valid Google Cloud region, and cannot be the \"-\" wildcard.",
        ));
    }
    check_location(call)?;
    list_of(call, "services")
}

fn list_revisions(call: &mut Call<'_>) -> Outcome {
    if call.param("service") != "-" && !call.world.has(call.host(), &service_path(call)) {
        return Err(missing(call));
    }
    list_of(call, "revisions")
}

fn list_of(call: &mut Call<'_>, field: &str) -> Outcome {
    let parent = call.path();
    let items = call.world.children(call.host(), &parent).map(|(path, body)| (path.to_owned(), body.clone())).collect();
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut body = Object::new();
    if !page.items.is_empty() {
        body.insert(field.to_owned(), Value::Array(page.items));
    }
    if let Some(next) = page.next {
        body.insert("nextPageToken".to_owned(), json!(next));
    }
    Ok(Reply::json(Value::Object(body)))
}

fn get_revision(call: &mut Call<'_>) -> Outcome {
    match call.stored() {
        Some(revision) => Ok(Reply::json(revision.clone())),
        None => Err(ApiError::not_found(format!(
            "Resource '{}' of kind 'REVISION' in region '{}' in project '{}' does not exist.",
            call.param("revision"),
            call.param("location"),
            call.param("project")
        ))),
    }
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let Some(prior) = call.stored().cloned() else { return Err(missing(call)) };
    let path = call.path();
    let name = resource_of(&path).to_owned();
    if let Some(etag) = call.query("etag") {
        collection::check_etag(&Object::from_iter([("etag".to_owned(), json!(etag))]), &prior)?;
    }
    if is_set(call, "validateOnly") {
        let wanted = defaults::writable(&prior);
        return Ok(validated(call, &name, &wanted, Some(&prior)));
    }
    let at = call.world.clock.now();
    let generation = prior["generation"].as_str().and_then(|g| g.parse::<u64>().ok()).unwrap_or(0) + 1;
    let mut gone = prior.clone();
    gone["generation"] = json!(generation.to_string());
    gone["updateTime"] = json!(clock::micros(at));
    gone["deleteTime"] = json!(clock::micros(at));
    gone["expireTime"] = json!(clock::micros(clock::days_later(at, 30)));
    gone["lastModifier"] = json!(status::CALLER);
    gone["etag"] = json!(status::service_etag(call.world.tick(), &name));
    let pending = status::pending(&gone, Some(&prior));
    gone["observedGeneration"] = gone["generation"].clone();
    gone["terminalCondition"]["lastTransitionTime"] = gone["updateTime"].clone();
    let end = match call.take_operation_error() {
        Some(error) => End::Error(error.as_operation_error()),
        None => {
            call.world.remove(call.host(), &path);
            End::Response(typed(gone))
        }
    };
    Ok(start(call, &name, typed(pending), end))
}

fn get_operation(call: &mut Call<'_>) -> Outcome {
    let name = call.resource();
    let mut reply = operation::poll(call, &name)?.value().clone();
    if reply["done"] == json!(true) {
        // As recorded: the metadata of a finished operation is the service as it came out.
        let service = reply["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if let Some(response) = reply.get("response").cloned() {
            reply["metadata"] = response;
        } else if let Some(stored) = call.world.get(call.host(), &format!("/v2/{service}")).cloned() {
            reply["metadata"] = typed(stored);
        }
    }
    Ok(Reply::json(reply))
}

fn wait_operation(call: &mut Call<'_>) -> Outcome {
    let name = call.resource();
    let host = call.host();
    if let Some(operation) = call.world.state.operations.get_mut(host).and_then(|all| all.get_mut(&name)) {
        operation.pending = Pending::default();
    }
    get_operation(call)
}

fn delete_operation(call: &mut Call<'_>) -> Outcome {
    let name = call.resource();
    let host = call.host();
    let removed = call.world.state.operations.get_mut(host).and_then(|all| all.remove(&name));
    match removed {
        Some(_) => Ok(Reply::empty_object()),
        None => Err(ApiError::not_found(format!("Resource '{name}' was not found"))),
    }
}

fn list_operations(call: &mut Call<'_>) -> Outcome {
    let prefix = format!("{}/", call.resource());
    let host = call.host();
    let now = call.world.clock.now();
    let operations = call.world.state.operations.get(host);
    let items = operations
        .into_iter()
        .flatten()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, operation)| (name.clone(), operation.body(operation.pending.is_over(now))))
        .collect();
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    let mut body = Object::new();
    if !page.items.is_empty() {
        body.insert("operations".to_owned(), Value::Array(page.items));
    }
    if let Some(next) = page.next {
        body.insert("nextPageToken".to_owned(), json!(next));
    }
    Ok(Reply::json(Value::Object(body)))
}
