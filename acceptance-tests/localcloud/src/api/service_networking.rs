//! `servicenetworking.googleapis.com` v1: the peering of a network with Google's services.
//!
//! Recorded (`servicenetworking-connection`): a network is named by the project's number, a PATCH of `connections/-` makes a connection as well as it
//! changes one. A connection does not end while a service uses it
//! (<https://github.com/hashicorp/terraform-provider-google/issues/16275>).

use serde_json::{Value, json};

use super::compute;
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::operation;
use crate::route::Api;

const HOST: &str = "servicenetworking.googleapis.com";
const CONNECTIONS: &str = "/v1/services/{service}/connections";
const CONNECTION: &str = "/v1/services/{service}/connections/{connection}";
const PEERING: &str = "servicenetworking-googleapis-com";

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST)
        .project_of(project_of)
        .on("GET", CONNECTIONS, list)
        .on("PATCH", CONNECTION, set)
        .on("POST", CONNECTION, end);
    operation::serve(api, "/v1/operations/{operation}")
}

/// The network that a call is about, in its query or in its body.
fn network_of(call: &Call<'_>) -> String {
    let sent = call.request.json.as_ref();
    let field = |name: &str| sent.and_then(|body| body.get(name)).and_then(Value::as_str);
    let said = call.query("network").or_else(|| field("network")).or_else(|| field("consumerNetwork"));
    call.world.with_project_ids(said.unwrap_or_default())
}

fn project_of(call: &Call<'_>) -> Option<String> {
    network_of(call).split('/').nth(1).map(str::to_owned)
}

/// The relative name of the network, which is there.
fn existing(call: &Call<'_>) -> Result<String, ApiError> {
    let network = network_of(call);
    let is_name = matches!(network.split('/').collect::<Vec<_>>()[..], ["projects", _, "global", "networks", _]);
    if !is_name {
        return Err(ApiError::invalid_field("network", format!("Invalid network: {network}.")));
    }
    match call.world.has(compute::HOST, &format!("/compute/v1/{network}")) {
        true => Ok(network),
        false => Err(ApiError::invalid_field("network", format!("The network {network} was not found."))),
    }
}

fn path(network: &str) -> String {
    format!("/v1/connections/{network}")
}

fn list(call: &mut Call<'_>) -> Outcome {
    let network = existing(call)?;
    let peered = call.world.get(compute::HOST, &format!("/compute/v1/{network}"));
    let is_peered = peered.is_some_and(|body| body.get("peerings").is_some());
    let connection = call.world.get(HOST, &path(&network)).filter(|_| is_peered);
    Ok(Reply::json(connection.map_or_else(|| json!({}), |connection| json!({"connections": [connection]}))))
}

fn set(call: &mut Call<'_>) -> Outcome {
    let network = existing(call)?;
    let connection = call.param("connection").to_owned();
    if connection != "-" && connection != PEERING {
        return Err(ApiError::not_found(format!("Connection {connection} was not found.")));
    }
    let ranges = call.body()?.get("reservedPeeringRanges").and_then(Value::as_array).cloned().unwrap_or_default();
    if ranges.is_empty() {
        return Err(ApiError::invalid_field("reserved_peering_ranges", "A connection needs a range."));
    }
    let project = network.split('/').nth(1).unwrap_or_default().to_owned();
    for range in &ranges {
        let name = range.as_str().unwrap_or_default();
        let address = call.world.get(compute::HOST, &format!("/compute/v1/projects/{project}/global/addresses/{name}"));
        if address.is_none_or(|address| address["purpose"] != "VPC_PEERING") {
            let text = format!("The range {name} is not allocated for VPC peering in the network.");
            return Err(ApiError::invalid_field("reserved_peering_ranges", text));
        }
    }
    let numbered = call.world.with_project_numbers(&network);
    let mut body = json!({"network": numbered, "reservedPeeringRanges": ranges, "peering": PEERING});
    let mut response = body.clone();
    response["@type"] = json!("type.googleapis.com/google.cloud.servicenetworking.v1.Connection");
    body["service"] = json!(format!("services/{HOST}"));
    if !call.is_condemned() {
        call.world.put(HOST, &path(&network), body);
        call.params.insert("project".to_owned(), project);
        compute::peer(call, &network, true);
    }
    Ok(started(call, response))
}

fn end(call: &mut Call<'_>) -> Outcome {
    let network = existing(call)?;
    if !call.world.has(HOST, &path(&network)) {
        return Err(ApiError::not_found("The connection was not found."));
    }
    if uses(call, &network) {
        call.condemn(ApiError::failed_precondition(
            "Failed to delete connection; Producer services (e.g. CloudSQL, Cloud Memstore, etc.) are still using this connection.",
        ));
    }
    if !call.is_condemned() {
        call.world.remove(HOST, &path(&network));
        compute::peer(call, &network, false);
    }
    Ok(started(call, json!({"@type": "type.googleapis.com/google.protobuf.Empty"})))
}

/// Whether an instance of a service has an address in the network.
fn uses(call: &Call<'_>, network: &str) -> bool {
    let is_there = |host: &str, names: fn(&Value) -> &Value| {
        let objects = call.world.state.objects.get(host).into_iter().flatten();
        let named = objects.filter_map(|(_, object)| names(&object.body).as_str().map(str::to_owned));
        named.map(|name| call.world.with_project_ids(&name)).any(|name| name.ends_with(network))
    };
    let redis = |body: &Value| -> bool {
        body["connectMode"] == "PRIVATE_SERVICE_ACCESS"
            && body["authorizedNetwork"].as_str().is_some_and(|name| call.world.with_project_ids(name) == network)
    };
    let instances = call.world.state.objects.get("redis.googleapis.com").into_iter().flatten();
    instances.into_iter().any(|(_, object)| redis(&object.body))
        || is_there("sqladmin.googleapis.com", |body| &body["settings"]["ipConfiguration"]["privateNetwork"])
}

fn started(call: &mut Call<'_>, response: Value) -> Reply {
    let id = call.world.uuid();
    operation::start(call, format!("operations/pssn.p24-{id}"), None, response)
}
