//! Networks, and their peerings.
//!
//! Recorded (`servicenetworking-connection`): a network shows its peerings, a deletion is accepted while a range that it keeps is still there, and
//! `removePeering` takes a peering away. One with subnetworks is in use.

use serde_json::{Value, json};

use super::resource::{self, Changes, Resource, defaults, unchanged};
use super::{HOST, link};
use crate::call::{Call, Outcome};
use crate::error::ApiError;
use crate::json::Object;
use crate::route::Api;

/// The kind.
pub(super) struct Network;

/// Adds what only networks have.
pub(super) fn serve(api: Api) -> Api {
    api.on("POST", "/compute/v1/projects/{project}/global/networks/{network}/removePeering", remove_peering)
}

impl Resource for Network {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/networks/{network}"
    }

    fn kind(&self) -> &'static str {
        "compute#network"
    }

    fn noun(&self) -> &'static str {
        "network"
    }

    fn changes(&self) -> Changes {
        Changes::Patch
    }

    fn prepare(&self, _: &mut Call<'_>, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError> {
        if !wanted.contains_key("autoCreateSubnetworks") {
            return Err(link::invalid("Invalid value for field 'resource': legacy networks cannot be created."));
        }
        for field in ["autoCreateSubnetworks", "description"] {
            unchanged(wanted, prior, field)?;
        }
        let order = json!("AFTER_CLASSIC_FIREWALL");
        defaults(wanted, &[("routingConfig", json!({})), ("networkFirewallPolicyEnforcementOrder", order)]);
        if let Some(routing) = wanted.get_mut("routingConfig").and_then(Value::as_object_mut) {
            defaults(routing, &[("routingMode", json!("REGIONAL"))]);
        }
        match wanted.get("mtu").and_then(Value::as_i64) {
            Some(mtu) if !(1300..=8896).contains(&mtu) => {
                Err(link::invalid(format!("Invalid value for field 'resource.mtu': '{mtu}'.")))
            }
            _ => Ok(()),
        }
    }

    fn present(&self, call: &Call<'_>, name: &str, shown: &mut Value) {
        let project = call.param("project");
        let id = shown["id"].as_str().unwrap_or_default().to_owned();
        shown["selfLinkWithId"] = json!(link::full(&format!("projects/{project}/global/networks/{id}")));
        let subnetworks: Vec<Value> = self
            .users(call, name, shown)
            .iter()
            .filter(|user| user.contains("/subnetworks/"))
            .map(|user| json!(link::full(user)))
            .collect();
        if !subnetworks.is_empty() {
            shown["subnetworks"] = Value::Array(subnetworks);
        }
    }

    fn users(&self, call: &Call<'_>, name: &str, _: &Value) -> Vec<String> {
        let mut users = link::users(call.world, name);
        users.retain(|user| !user.contains("/global/addresses/"));
        users
    }
}

/// Ends a peering. What was named by it forgets its ranges.
fn remove_peering(call: &mut Call<'_>) -> Outcome {
    let (name, mut body) = resource::stored(call, "removePeering")?;
    let sent = call.body()?;
    let peering = sent.get("name").and_then(Value::as_str).unwrap_or_default();
    let peerings = body.get_mut("peerings").and_then(Value::as_array_mut);
    let removed = peerings.is_some_and(|peerings| {
        let before = peerings.len();
        peerings.retain(|other| other["name"] != peering);
        peerings.len() < before
    });
    if !removed {
        let message = format!("There is no peering {peering} in the network '{name}'.");
        return Err(link::invalid(message));
    }
    if body["peerings"] == json!([]) {
        body.as_object_mut().into_iter().for_each(|body| drop(body.remove("peerings")));
    }
    Ok(resource::keep(call, "removePeering", &name, body))
}

/// Whether the network of that relative name is there, and has no peering with Google's services. One that is not there is
/// taken to be another project's.
pub(crate) fn lacks_peering(call: &Call<'_>, name: &str) -> bool {
    let network = call.world.get(HOST, &link::path(&call.world.with_project_ids(name)));
    network.is_some_and(|network| network.get("peerings").is_none())
}

/// Gives the network of that relative name a peering with Google's services, or takes it away.
pub(crate) fn peer(call: &mut Call<'_>, name: &str, is_peered: bool) {
    let path = link::path(name);
    let Some(mut network) = call.world.get(HOST, &path).cloned() else { return };
    let Some(body) = network.as_object_mut() else { return };
    if is_peered {
        let project = call.param("project").to_owned();
        body.insert("peerings".to_owned(), json!([peering(&project)]));
    } else {
        body.remove("peerings");
    }
    call.world.put(HOST, &path, network);
}

/// As recorded.
fn peering(project: &str) -> Value {
    json!({
        "name": "servicenetworking-googleapis-com",
        "network": link::full(&format!("projects/{project}-tp/global/networks/servicenetworking")),
        "state": "ACTIVE",
        "stateDetails": "[2024-04-24T19:01:45.840-07:00]: Connected.",
        "autoCreateRoutes": true,
        "exportCustomRoutes": false,
        "importCustomRoutes": false,
        "exchangeSubnetRoutes": true,
        "exportSubnetRoutesWithPublicIp": false,
        "importSubnetRoutesWithPublicIp": false,
        "stackType": "IPV4_ONLY",
    })
}
