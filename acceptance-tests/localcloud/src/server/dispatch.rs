//! From a parsed request to its handler: form, route, project, service, in the order in which Google checks them.

use serde_json::Value;

use super::{Inner, Shared};
use crate::api;
use crate::call::{Body, Call, Reply, Request, decode, unknown_project};
use crate::error::{ApiError, ErrorStyle};
use crate::json;
use crate::lag::Lag;
use crate::route::Api;
use crate::store::World;

/// What a fault has in store for the operation that a request starts.
#[derive(Debug, Default)]
pub(super) struct Condemned {
    /// It ends in this error.
    pub(super) error: Option<ApiError>,
    /// It does not end.
    pub(super) endless: bool,
}

/// Handles one request.
pub(super) fn dispatch(shared: &Shared, request: &Request, condemned: Condemned) -> Result<Reply, ApiError> {
    let Some(api) = shared.api(request) else { return Err(unserved(request)) };
    let Some((handler, params)) = api.route(&request.method, &request.raw_path) else { return Err(unserved(request)) };
    if let Some(check) = shared.check.as_ref().filter(|_| api::storage::is_described(request)) {
        check.check(api.host, &request.method, &request.path, &request.query, request.json.as_ref())?;
    }
    let mut guard = shared.lock();
    let inner: &mut Inner = &mut guard;
    let usual = inner.world.settings.operations;
    if condemned.endless {
        inner.world.settings.operations = Lag::ENDLESS;
    }
    let mut call = Call::new(request, &mut inner.world, api.host, api.style, params, condemned.error);
    let handled = check_project(api, &mut call).and_then(|()| handler(&mut call));
    inner.world.settings.operations = usual;
    let mut reply = handled?;
    if let (Body::Json(value), Some(fields)) =
        (&reply.body, request.query("fields").filter(|fields| !fields.is_empty()))
    {
        reply.body = Body::Json(json::select_fields(value, fields)?);
    }
    Ok(reply)
}

/// What localcloud lacks it says so, whether or not the API's description has it: a 404 would look like an object that is gone.
fn unserved(request: &Request) -> ApiError {
    let what = format!("localcloud does not serve {} {}{}", request.method, request.host, request.path);
    ApiError::new(501, "UNIMPLEMENTED", what)
}

/// The API host that a URL's path names, and the path behind it. A path that names none is one of Cloud Storage: its client libraries take the
/// address of an emulator, `STORAGE_EMULATOR_HOST`, and put nothing in front of their paths.
pub(super) fn address(path: &str) -> (&str, &str) {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    // No bucket has Google's name in its own, or fewer than three letters.
    if first.contains("google") || first.len() < 3 { (first, rest) } else { (api::storage::HOST, path) }
}

/// The project of Google's own command line tool, which pays for calls of plain user credentials, and in which most APIs are off.
const TOOL_PROJECT: &str = "764086051850";

fn check_project(api: &Api, call: &mut Call<'_>) -> Result<(), ApiError> {
    let no_quota_project = call.request.header("x-goog-user-project").is_none();
    if api.wants_quota_project && no_quota_project && call.world.settings.user_credentials {
        let mut refusal = ApiError::service_disabled(api.host, TOOL_PROJECT);
        refusal.message = format!(
            "Your application is authenticating by using local Application Default Credentials. The {} API requires a quota \
             project, which is not set by default. To learn how to set your quota project, see \
             https://cloud.google.com/docs/authentication/adc-troubleshooting/user-creds .",
            api.host
        );
        return Err(refusal);
    }
    if let Some(quota) = call.request.header("x-goog-user-project").map(ToOwned::to_owned) {
        match call.world.project(&quota).map(|project| project.project_id.clone()) {
            Some(id) => check_service(api, call.world, &id)?,
            None => {
                return Err(ApiError::permission_denied(format!(
                    "Caller does not have required permission to use project {quota}. Grant the caller the \
                     roles/serviceusage.serviceUsageConsumer role, or a custom role with the serviceusage.services.use permission."
                ))
                .with_info("USER_PROJECT_DENIED", &[("service", api.host), ("consumer", &format!("projects/{quota}"))]));
            }
        }
    }
    let Some(wanted) = (api.project_of)(call).filter(|project| project != "-") else { return Ok(()) };
    match call.world.project(&wanted).map(|project| project.project_id.clone()) {
        // The quota project was checked already.
        Some(id) if call.request.header("x-goog-user-project") != Some(id.as_str()) => {
            check_service(api, call.world, &id)
        }
        Some(_) => Ok(()),
        None if api.style == ErrorStyle::Storage => {
            Err(ApiError::storage(400, "invalid", format!("Unknown project id: {wanted}")))
        }
        None => Err(unknown_project(api.host, &wanted)),
    }
}

fn check_service(api: &Api, world: &mut World, project_id: &str) -> Result<(), ApiError> {
    if api.always_on {
        return Ok(());
    }
    let Some(number) = world.project(project_id).map(|project| project.project_number.clone()) else { return Ok(()) };
    let off = ApiError::service_disabled(api.host, &number);
    if !world.service_enabled(project_id, api.host) {
        return Err(off);
    }
    let now = world.clock.now();
    let lag = world.state.fresh_services.get_mut(project_id).and_then(|lags| lags.get_mut(api.host));
    if lag.is_none_or(|lag| lag.look(now)) { Ok(()) } else { Err(off) }
}

/// The number of the project that a request names in its path or query, if it is one of ours.
pub(super) fn project_number(world: &World, request: &Request) -> Option<String> {
    let mut segments = request.path.split('/');
    let named = segments
        .find(|segment| *segment == "projects")
        .and_then(|_| segments.next())
        .map(|name| name.split(':').next().unwrap_or(name))
        .or_else(|| request.query("project"))?;
    world.project(named).map(|project| project.project_number.clone())
}

/// Query parameters, decoded.
pub(super) fn parse_query(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&key.replace('+', " ")), decode(&value.replace('+', " ")))
        })
        .collect()
}

/// Parses the JSON of a request; of an upload, that of its metadata.
pub(super) fn parse_body(request: &mut Request) -> Result<(), ApiError> {
    if request.path.starts_with("/upload/") {
        request.json = api::storage::upload_metadata(request)?;
        return Ok(());
    }
    let is_form =
        request.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if request.body.is_empty() || is_form {
        return Ok(());
    }
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(value) => {
            request.json = Some(value);
            Ok(())
        }
        Err(error) => {
            let mut refusal = ApiError::invalid(format!("Invalid JSON payload received. {error}"));
            refusal.legacy_reason = Some("parseError".to_owned());
            Err(refusal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_names_no_host_is_one_of_cloud_storage() {
        assert_eq!(address("run.googleapis.com/v2/projects"), ("run.googleapis.com", "v2/projects"));
        assert_eq!(address("storage/v1/b/a-bucket"), ("storage.googleapis.com", "storage/v1/b/a-bucket"));
        assert_eq!(address("a-bucket/a/b"), ("storage.googleapis.com", "a-bucket/a/b"));
        assert_eq!(address("v1/projects"), ("v1", "projects"));
        assert_eq!(address(""), ("", ""));
    }

    #[test]
    fn queries_are_decoded_and_keep_their_order() {
        let pairs = parse_query("a=1%2F2&b=x+y&a=3&flag");
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("a", "1/2"), ("b", "x y"), ("a", "3"), ("flag", "")]);
    }
}
