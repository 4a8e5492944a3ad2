//! The peering of a network with Google's services, as Service Networking keeps it.
//!
//! It names the network by the project's number. It cannot end while a service uses it, which some do for a while after they
//! were deleted.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::engine::wire::text;
use crate::google::api::{ApiError, Found, Host, OperationApi, Request};
use crate::google::patience;
use crate::google::session::Run;

/// What the peering is called, in the network's JSON and in its path.
const NAME: &str = "servicenetworking-googleapis-com";
const CONNECTIONS: &str = "v1/services/servicenetworking.googleapis.com/connections";

/// Whether a network, as Compute Engine shows it, has the peering.
pub(super) fn is_in(network: &Json) -> bool {
    let peerings = network.get("peerings").and_then(Json::as_array).into_iter().flatten();
    peerings.into_iter().any(|peering| text(peering, "name") == NAME)
}

/// The network by the project's number.
fn by_number(network: &str, run: Run<'_>) -> String {
    let place = &run.scope.place;
    format!("projects/{}/global/networks/{network}", place.number.as_ref().unwrap_or(&place.account))
}

/// The names of the ranges that the peering of the network has.
pub(super) async fn ranges(network: &str, run: Run<'_>) -> Result<Vec<String>, ApiError> {
    let request = Request::get(Host::SERVICE_NETWORKING, CONNECTIONS).query("network", by_number(network, run));
    let Some(answer) = run.call(request).await.found()? else { return Ok(Vec::new()) };
    let connections = answer.get("connections").and_then(Json::as_array).into_iter().flatten();
    let ranges = connections.filter_map(|connection| connection.get("reservedPeeringRanges")?.as_array());
    Ok(ranges.flatten().filter_map(Json::as_str).map(str::to_owned).collect())
}

/// Has the peering have these ranges; it begins with them.
pub(super) async fn set(network: &str, ranges: &[String], run: Run<'_>) -> Result<(), ApiError> {
    let request = Request::patch(Host::SERVICE_NETWORKING, format!("{CONNECTIONS}/-"))
        .query("updateMask", "reservedPeeringRanges")
        .query("force", "true")
        .idempotent(true)
        .json(json!({"network": by_number(network, run), "reservedPeeringRanges": ranges}));
    run.call_and_wait(request, &OperationApi::SERVICE_NETWORKING).await.map(drop)
}

/// Ends the peering, as soon as no service uses it any more.
pub(super) async fn end(network: &str, run: Run<'_>) -> Result<(), ApiError> {
    let request = Request::post(Host::SERVICE_NETWORKING, format!("{CONNECTIONS}/{NAME}"))
        .json(json!({"consumerNetwork": by_number(network, run)}));
    let (policy, mut waited, mut poll) = (run.poll(), Duration::ZERO, 0);
    loop {
        match run.call_and_wait(request.clone(), &OperationApi::SERVICE_NETWORKING).await.found() {
            Err(error) if error.is_used_by_services() && waited < patience::SERVICES_LEAVE => {
                let pause = policy.wait(poll);
                if run.context.sleep(pause).await.is_err() {
                    return Err(error);
                }
                waited += pause;
                poll += 1;
            }
            ended => return ended.map(drop),
        }
    }
}
