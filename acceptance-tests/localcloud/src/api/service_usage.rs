//! `serviceusage.googleapis.com` v1: which APIs are on in a project.
//!
//! Names carry the project's number. A service just switched on is usable only some time later (see
//! [`Settings::new_services`](crate::store::Settings)); what it depends on comes on with it.

use serde_json::{Value, json};

use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::operation;
use crate::pages::{self, PageRule};
use crate::route::Api;
use crate::store::{Project, SERVICE_USAGE, service_body, service_path};

const PAGES: PageRule = PageRule { default: 50, max: 200 };
const MAX_BATCH: usize = 20;
const MAX_BATCH_GET: usize = 30;

/// What comes on with a service, and keeps it from going off.
const DEPENDENCIES: &[(&str, &[&str])] = &[
    ("bigquery.googleapis.com", &["bigquerystorage.googleapis.com", "bigquerymigration.googleapis.com"]),
    ("cloudbuild.googleapis.com", &["logging.googleapis.com", "pubsub.googleapis.com", "storage-api.googleapis.com"]),
    (
        "cloudfunctions.googleapis.com",
        &["logging.googleapis.com", "pubsub.googleapis.com", "storage-api.googleapis.com"],
    ),
    ("compute.googleapis.com", &["oslogin.googleapis.com"]),
    ("containerregistry.googleapis.com", &["pubsub.googleapis.com", "storage-api.googleapis.com"]),
    ("containerscanning.googleapis.com", &["containeranalysis.googleapis.com"]),
    ("firestore.googleapis.com", &["firebaserules.googleapis.com"]),
    ("iam.googleapis.com", &["iamcredentials.googleapis.com"]),
    ("storage.googleapis.com", &["storage-api.googleapis.com"]),
];

/// The API.
pub(crate) fn api() -> Api {
    Api::new(SERVICE_USAGE)
        .always_on()
        .on("GET", "/v1/projects/{project}/services", list)
        .on("GET", "/v1/projects/{project}/services:batchGet", batch_get)
        .on("POST", "/v1/projects/{project}/services:batchEnable", batch_enable)
        .on("GET", "/v1/projects/{project}/services/{service}", get)
        .on("POST", "/v1/projects/{project}/services/{service}:enable", enable)
        .on("POST", "/v1/projects/{project}/services/{service}:disable", disable)
        .on("GET", "/v1/operations/{operation}", poll)
        .on("GET", "/v1beta1/operations/{operation}", poll)
}

fn poll(call: &mut Call<'_>) -> Outcome {
    let name = format!("operations/{}", call.param("operation"));
    operation::poll(call, &name)
}

fn body_of(call: &Call<'_>, project: &Project, service: &str) -> Value {
    call.world
        .get(SERVICE_USAGE, &service_path(&project.project_id, service))
        .cloned()
        .unwrap_or_else(|| service_body(&project.project_number, service))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?;
    let service = known(call.param("service"))?;
    Ok(Reply::json(body_of(call, &project, service)))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let wanted = match call.query("filter").unwrap_or_default() {
        "" => None,
        "state:ENABLED" => Some("ENABLED"),
        "state:DISABLED" => Some("DISABLED"),
        other => {
            return Err(ApiError::invalid(format!(
                "Invalid filter: {other}. Only state:ENABLED and state:DISABLED are supported."
            )));
        }
    };
    let parent = call.path();
    let items = call
        .world
        .children(SERVICE_USAGE, &parent)
        .filter(|(_, body)| wanted.is_none_or(|state| body["state"] == state))
        .map(|(path, body)| (path.to_owned(), body.clone()))
        .collect();
    let page = pages::page(items, PAGES, call.query("pageSize"), call.query("pageToken"))?;
    Ok(Reply::json(page.answer(json!({}), "services")))
}

fn batch_get(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?;
    let names: Vec<String> = call.request.query_all("names").map(ToOwned::to_owned).collect();
    if names.is_empty() || names.len() > MAX_BATCH_GET {
        return Err(ApiError::invalid(format!("Between 1 and {MAX_BATCH_GET} names are required.")));
    }
    let mut services = Vec::new();
    for name in &names {
        let canonical = call.world.with_project_ids(name);
        let prefix = format!("projects/{}/services/", project.project_id);
        let service = canonical
            .strip_prefix(&prefix)
            .ok_or_else(|| ApiError::invalid(format!("{name} is no service of projects/{}", project.project_id)))?;
        services.push(body_of(call, &project, known(service)?));
    }
    Ok(Reply::json(json!({"services": services})))
}

fn enable(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?;
    let service = known(call.param("service"))?.to_owned();
    let response = |call: &Call<'_>| {
        json!({
            "@type": "type.googleapis.com/google.api.serviceusage.v1.EnableServiceResponse",
            "service": body_of(call, &project, &service),
        })
    };
    if body_of(call, &project, &service)["state"] == "ENABLED" {
        let response = response(call);
        return Ok(operation::already_done("operations/noop.DONE_OPERATION".to_owned(), response));
    }
    switch_on(call, &project, &service);
    let response = response(call);
    let metadata = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
    Ok(begin(call, &project, metadata, response))
}

fn batch_enable(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?;
    let body = call.body()?;
    let services: Vec<String> = body
        .get("serviceIds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(ToOwned::to_owned))
        .collect();
    if services.len() > MAX_BATCH {
        return Err(ApiError::invalid(format!("At most {MAX_BATCH} services can be enabled at once.")));
    }
    if services.len() < 2 {
        return Err(ApiError::invalid("A batch needs two services or more; enable a single one by itself."));
    }
    for service in &services {
        known(service)?;
    }
    for service in &services {
        switch_on(call, &project, service);
    }
    let bodies: Vec<Value> = services.iter().map(|service| body_of(call, &project, service)).collect();
    let response = json!({
        "@type": "type.googleapis.com/google.api.serviceusage.v1.BatchEnableServicesResponse",
        "services": bodies,
    });
    let metadata = json!({"@type": "type.googleapis.com/google.api.serviceusage.v1.OperationMetadata"});
    Ok(begin(call, &project, metadata, response))
}

fn disable(call: &mut Call<'_>) -> Outcome {
    let project = call.project()?;
    let service = known(call.param("service"))?.to_owned();
    let id = &project.project_id;
    if !call.world.service_enabled(id, &service) {
        return Err(ApiError::failed_precondition(format!(
            "Service {service} is not enabled for consumer projects/{id}."
        )));
    }
    let dependents: Vec<&str> = DEPENDENCIES
        .iter()
        .filter(|(other, needs)| needs.contains(&service.as_str()) && call.world.service_enabled(id, other))
        .map(|(other, _)| *other)
        .collect();
    let body = call.body()?;
    if !dependents.is_empty() && body.get("disableDependentServices") != Some(&json!(true)) {
        return Err(ApiError::failed_precondition(format!(
            "The service {service} is depended on by the following active service(s): {}; Please specify \
             disable_dependent_services=true if you want to proceed with disabling all services.",
            dependents.join(",")
        )));
    }
    if !call.is_condemned() {
        for other in dependents {
            call.world.set_service(&project.project_id, other, false);
        }
        call.world.set_service(&project.project_id, &service, false);
    }
    let response = json!({
        "@type": "type.googleapis.com/google.api.serviceusage.v1.DisableServiceResponse",
        "service": body_of(call, &project, &service),
    });
    let metadata = json!({"@type": "type.googleapis.com/google.protobuf.Empty"});
    Ok(begin(call, &project, metadata, response))
}

/// The first answer carries the operation's name alone.
fn begin(call: &mut Call<'_>, project: &Project, metadata: Value, response: Value) -> Reply {
    let id = call.world.uuid();
    let name = format!("operations/acat.p2-{}-{id}", project.project_number);
    operation::start(call, name.clone(), Some(metadata), response);
    Reply::json(json!({"name": name}))
}

/// Switches a service on with all that it depends on; nothing if the operation is condemned.
fn switch_on(call: &mut Call<'_>, project: &Project, service: &str) {
    if call.is_condemned() {
        return;
    }
    let mut open = vec![service];
    let mut seen = Vec::new();
    while let Some(next) = open.pop() {
        if seen.contains(&next) {
            continue;
        }
        seen.push(next);
        call.world.set_service(&project.project_id, next, true);
        open.extend(DEPENDENCIES.iter().filter(|(name, _)| *name == next).flat_map(|(_, needs)| needs.iter().copied()));
    }
}

/// Any name of the right form may be a service.
fn known(service: &str) -> Result<&str, ApiError> {
    let sane = service.contains('.')
        && service.split('.').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        });
    if sane {
        return Ok(service);
    }
    Err(ApiError::permission_denied(format!("Not found or permission denied for service(s): {service}."))
        .with_info("SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED", &[("services", service)]))
}
