//! Network endpoint groups of a region: here only serverless ones, which stand for services of Cloud Run and its like.
//! They cannot be changed. Recorded in `compute-serverless-neg`.

use serde_json::{Value, json};

use super::resource::Resource;
use super::{HOST, link};
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::Object;
use crate::route::Api;

/// The kind.
pub(super) struct EndpointGroup;

/// Serves the list over all regions.
pub(super) fn serve(api: Api) -> Api {
    api.on("GET", "/compute/v1/projects/{project}/aggregated/networkEndpointGroups", aggregated)
}

impl Resource for EndpointGroup {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/regions/{region}/networkEndpointGroups/{networkEndpointGroup}"
    }

    fn kind(&self) -> &'static str {
        "compute#networkEndpointGroup"
    }

    fn noun(&self) -> &'static str {
        "network_endpoint_group"
    }

    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, _: Option<&Value>) -> Result<(), ApiError> {
        if wanted.get("networkEndpointType") != Some(&json!("SERVERLESS")) {
            return Err(link::invalid("Only SERVERLESS network endpoint groups of a region are served here."));
        }
        let serverless = ["appEngine", "cloudFunction", "cloudRun"];
        if serverless.iter().filter(|field| wanted.contains_key(**field)).count() != 1 {
            return Err(link::invalid("Exactly one of appEngine, cloudFunction and cloudRun must be set."));
        }
        if let Some(run) = wanted.get("cloudRun") {
            let has = |field: &str| run.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            if has("service") == has("urlMask") {
                return Err(link::invalid("Exactly one of cloudRun.service and cloudRun.urlMask must be set."));
            }
        }
        let region = format!("projects/{}/regions/{}", call.param("project"), call.param("region"));
        wanted.insert("region".to_owned(), json!(link::full(&region)));
        wanted.insert("size".to_owned(), json!(0));
        Ok(())
    }
}

/// By region, those without groups with a warning, as the API answers.
fn aggregated(call: &mut Call<'_>) -> Outcome {
    let project = call.param("project").to_owned();
    let prefix = format!("/compute/v1/projects/{project}/regions/");
    let mut items = Object::new();
    let all = call.world.state.objects.get(HOST).into_iter().flatten();
    for (path, object) in all.filter(|(path, _)| path.starts_with(&prefix) && path.contains("/networkEndpointGroups/"))
    {
        let region = path[prefix.len()..].split('/').next().unwrap_or_default();
        let scope = items.entry(format!("regions/{region}")).or_insert_with(|| json!({"networkEndpointGroups": []}));
        if let Some(groups) = scope["networkEndpointGroups"].as_array_mut() {
            groups.push(object.body.clone());
        }
    }
    let warning = json!({"warning": {
        "code": "NO_RESULTS_ON_PAGE",
        "message": "There are no results for scope 'global' on this page.",
        "data": [{"key": "scope", "value": "global"}],
    }});
    items.insert("global".to_owned(), warning);
    let place = format!("projects/{project}/aggregated/networkEndpointGroups");
    Ok(Reply::json(json!({
        "kind": "compute#networkEndpointGroupAggregatedList",
        "id": place,
        "items": items,
        "selfLink": link::full(&place),
    })))
}
