//! `vpcaccess.googleapis.com` v1: Serverless VPC Access connectors.
//!
//! Every change is an operation. A creation that fails leaves a connector in the state ERROR
//! (<https://github.com/google/exposure-notifications-verification-server/issues/1104>). Throughput and instances are each derived from
//! the other: 100 Mbps for a machine (<https://github.com/hashicorp/terraform-provider-google/issues/9228>).

use serde_json::{Value, json};

use super::{compute, locations};
use crate::call::{Call, Reply};
use crate::collection::{self, Change, Collection, Completion, Naming, Verb, View};
use crate::error::ApiError;
use crate::json::{self, Object, Presence};
use crate::operation;
use crate::route::Api;

const HOST: &str = "vpcaccess.googleapis.com";
/// What an update can change, says its only mask in use: <https://github.com/GoogleCloudPlatform/magic-modules/pull/8205>.
const MUTABLE: [&str; 5] = ["minInstances", "maxInstances", "machineType", "minThroughput", "maxThroughput"];
const MACHINES: [&str; 3] = ["e2-micro", "e2-standard-4", "f1-micro"];

/// The API.
pub(crate) fn api() -> Api {
    let api = Api::new(HOST).on("GET", "/v1/projects/{project}/locations", |call| {
        let project = call.project()?.project_id;
        let all: Vec<Value> = locations::REGIONS.iter().map(|region| locations::body(&project, region)).collect();
        Ok(Reply::json(json!({"locations": all})))
    });
    let api = operation::serve(api, "/v1/projects/{project}/locations/{location}/operations/{operation}");
    collection::serve(api, Connector)
}

struct Connector;

impl Collection for Connector {
    fn template(&self) -> &'static str {
        "/v1/projects/{project}/locations/{location}/connectors/{connector}"
    }

    fn list_field(&self) -> &'static str {
        "connectors"
    }

    fn naming(&self) -> Naming {
        Naming::Query("connectorId")
    }

    fn completion(&self, verb: Verb) -> Completion {
        let response_type = match verb {
            Verb::Create | Verb::Update => "type.googleapis.com/google.cloud.vpcaccess.v1.Connector",
            Verb::Delete => "type.googleapis.com/google.protobuf.Empty",
        };
        Completion::Operation { metadata: Value::Null, response_type }
    }

    fn operation_metadata(&self, call: &Call<'_>, verb: Verb, name: &str) -> Option<Value> {
        Some(json!({
            "@type": "type.googleapis.com/google.cloud.vpcaccess.v1.OperationMetadata",
            "createTime": call.world.now(),
            "method": format!("google.cloud.vpcaccess.v1.VpcAccessService.{verb:?}Connector"),
            "target": name,
        }))
    }

    fn output_only(&self) -> &'static [&'static str] {
        &["state", "connectedProjects"]
    }

    fn survives_failure(&self) -> bool {
        true
    }

    fn pass_time(&self, call: &mut Call<'_>) {
        let name = call.resource();
        operation::pass_time(call.world, HOST, &name);
    }

    fn prepare(&self, call: &mut Call<'_>, change: Change<'_>) -> Result<Value, ApiError> {
        let Change { id, name, mut wanted, prior, mask } = change;
        if prior.is_none() {
            check_new(call, &id, &wanted)?;
        }
        let fixed = mask.iter().filter_map(|path| path.first()).find(|field| !MUTABLE.contains(&field.as_str()));
        if let Some(field) = fixed {
            return Err(ApiError::invalid_field("update_mask", format!("The field {field} cannot be updated.")));
        }
        json::drop_zeros(&mut wanted, Presence::default());
        let sizes_changed = |field: &str| mask.iter().any(|path| path.first().is_some_and(|first| first == field));
        complete(call, &mut wanted, prior.is_none() || sizes_changed("maxInstances") || sizes_changed("minInstances"));
        check_sizes(&wanted)?;
        wanted.insert("name".to_owned(), json!(name));
        // Only a creation that failed leaves it broken; an update that failed leaves it as it was.
        let is_broken = prior.is_none() && call.is_condemned();
        match prior {
            Some(prior) if call.is_condemned() => Ok(prior.clone()),
            _ => {
                wanted.insert("state".to_owned(), json!(if is_broken { "ERROR" } else { "READY" }));
                Ok(Value::Object(wanted))
            }
        }
    }

    fn present(&self, call: &Call<'_>, stored: &Value, view: View) -> Value {
        let mut shown = stored.clone();
        let name = stored["name"].as_str().unwrap_or_default();
        let under_way = operation::under_way(call.world, HOST, name).filter(|_| !matches!(view, View::Change(_)));
        if let Some(method) = under_way.and_then(|operation| operation.metadata.as_ref()?["method"].as_str()) {
            shown["state"] = json!(if method.ends_with("CreateConnector") { "CREATING" } else { "UPDATING" });
        }
        shown
    }
}

fn check_new(call: &Call<'_>, id: &str, wanted: &Object) -> Result<(), ApiError> {
    let location = call.param("location");
    if !locations::is_region(location) {
        return Err(ApiError::permission_denied(format!(
            "Location {location} is not found or access is unauthorized."
        )));
    }
    // The pattern and its words: https://github.com/hashicorp/terraform-provider-google/issues/13915.
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let sane = (2..=25).contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.ends_with(inner)
        && id.chars().all(|c| inner(c) || c == '-');
    if !sane {
        return Err(ApiError::invalid_field(
            "connector_id",
            "Connector ID must follow the pattern ^[a-z][-a-z0-9]{0,23}[a-z0-9]$.",
        ));
    }
    // https://github.com/pulumi/pulumi-google-native/issues/358.
    if call.body()?.get("name").is_some_and(|name| !json::is_zero(name)) {
        return Err(ApiError::invalid_field("connector.name", "Connector name must not be set"));
    }
    let wanted = Value::Object(wanted.clone());
    let text = |path: &str| json::at(&wanted, path).and_then(Value::as_str).unwrap_or_default();
    let (network, range, subnet) = (text("network"), text("ipCidrRange"), text("subnet.name"));
    match (network.is_empty(), range.is_empty(), subnet.is_empty()) {
        (false, false, true) if range.ends_with("/28") => Ok(()),
        (false, false, true) => Err(ApiError::invalid_field(
            "connector.ip_cidr_range",
            format!("Invalid IP CIDR range {range}: the netmask must be /28."),
        )),
        (true, true, false) if subnet.contains('/') => {
            Err(ApiError::invalid_field("connector.subnet.name", "The name of the subnet must be relative."))
        }
        (true, true, false) => Ok(()),
        _ => Err(ApiError::invalid("A connector is in a network with an IP CIDR range, or in a subnet.")),
    }
}

/// Fills in what is derived. A creation without a size ends in an error
/// (<https://github.com/PaloAltoNetworks/terraform-google-swfw-modules/issues/84>).
fn complete(call: &mut Call<'_>, wanted: &mut Object, by_instances: bool) {
    let number = |wanted: &Object, field: &str| wanted.get(field).and_then(Value::as_i64);
    if number(wanted, "maxInstances").is_none() && number(wanted, "maxThroughput").is_none() {
        call.condemn(ApiError::invalid("A Connector must specify either max_throughput or max_instances"));
    }
    wanted.entry("machineType").or_insert_with(|| json!("e2-micro"));
    for (instances, throughput, least) in [("minInstances", "minThroughput", 2), ("maxInstances", "maxThroughput", 10)]
    {
        let told = number(wanted, throughput).map(|mbps| mbps / 100);
        let count = match (number(wanted, instances), told) {
            (Some(count), _) if by_instances || told.is_none() => count,
            (_, Some(told)) => told,
            (_, None) => least,
        };
        wanted.insert(instances.to_owned(), json!(count));
        wanted.insert(throughput.to_owned(), json!(count * 100));
    }
    if let Some(subnet) = wanted.get_mut("subnet").and_then(Value::as_object_mut) {
        let project = call.param("project").to_owned();
        subnet.entry("projectId").or_insert_with(|| json!(project));
        let name = subnet.get("name").and_then(Value::as_str).unwrap_or_default();
        // What the answers of a connector in a subnetwork have beside it is not recorded.
        let network = compute::network_of(call, call.param("location"), name).unwrap_or_else(|| "default".to_owned());
        wanted.entry("network").or_insert_with(|| json!(network));
    }
}

fn check_sizes(wanted: &Object) -> Result<(), ApiError> {
    let machine = wanted["machineType"].as_str().unwrap_or_default();
    if !MACHINES.contains(&machine) {
        return Err(ApiError::invalid_field("connector.machine_type", format!("Invalid machine type {machine}.")));
    }
    let number = |field: &str| wanted[field].as_i64().unwrap_or_default();
    let (least, most) = (number("minInstances"), number("maxInstances"));
    if !(2..=9).contains(&least) || !(3..=10).contains(&most) || least >= most {
        return Err(ApiError::invalid(format!(
            "The number of instances is from 2 to 9 at least and from 3 to 10 at most, the least below the most: {least}, {most}."
        )));
    }
    Ok(())
}
