//! Serverless VPC Access connectors: the way of Cloud Run into a VPC network, by a few machines of Google's.
//!
//! The API has neither labels nor etags. It answers with a throughput that follows from the instances, and derives one from
//! the other; only instances are said here. A creation that failed leaves a connector in the state ERROR under the name.

#[cfg(test)]
mod tests;

use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::limits;
use super::run::names::CloudName;
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{Immutable, Volatile, refers, wire, wire_with};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::tree;
use crate::engine::wire::{self, LOCATION_SEGMENT, SHORT_NAME};
use crate::google::api::Host;
use crate::google::names::last_segment;
use crate::google::rest::{Naming, Operations, Rest, RestKind, Update};
use crate::types::Location;

/// The kind.
pub(super) struct VpcConnector;

/// The machines that connectors can be made of.
const MACHINE_TYPES: [&str; 3] = ["e2-micro", "e2-standard-4", "f1-micro"];

/// Serverless VPC Access connectors, by KEY: ways of Cloud Run services into a VPC network.
#[derive(Object, Clone)]
pub(super) struct VpcConnectorSpec {
    /// The connector's name, unique in the project and region: 2 to 25 lower-case letters, digits and `-`, with a letter
    /// first and no `-` last. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire_with(SHORT_NAME), Immutable))]
    pub(super) name: Value<String>,
    /// The region, which is that of the services. Defaults to the stack's. Immutable.
    #[tf(optional, computed, ext(wire_with(LOCATION_SEGMENT), Immutable))]
    pub(super) location: Value<Location>,
    /// The network: the KEY of one of this stack, or its name. With `ip_cidr_range` the connector gets a range of its own in it;
    /// with `subnet` it is the network of that, and needs to be said only where the stack makes it: then the connector waits for
    /// it. Immutable.
    #[tf(optional, computed, ext(wire("network"), Immutable, refers("networks", "name").whole()))]
    pub(super) network: Value<CloudName>,
    /// The connector's own range of addresses, a `/28` that nothing else in the network uses: `10.8.0.0/28`. Needs `network`,
    /// and excludes `subnet`. Immutable.
    #[tf(optional, computed, ext(wire("ipCidrRange"), Immutable))]
    pub(super) ip_cidr_range: Value<String>,
    /// The subnetwork that the connector is in: a `/28` in its region that nothing else uses. In place of `ip_cidr_range`.
    /// Immutable.
    #[tf(optional, ext(wire("subnet"), Immutable))]
    pub(super) subnet: Value<ConnectorSubnet>,
    /// The machines: `e2-micro`, `e2-standard-4` or `f1-micro`.
    #[tf(default = "e2-micro", ext(wire("machineType").always()))]
    pub(super) machine_type: Value<String>,
    /// How many machines there are at least: 2 to 9, and fewer than `max_instances`.
    #[tf(default = 2, ext(wire("minInstances").always()))]
    pub(super) min_instances: Value<i64>,
    /// How many machines there are at most: 3 to 10. A connector grows with its traffic and does not shrink again by itself.
    #[tf(default = 10, ext(wire("maxInstances").always()))]
    pub(super) max_instances: Value<i64>,
    /// The connector's relative name: `projects/P/locations/L/connectors/NAME`.
    #[tf(computed, ext(wire("name")))]
    pub(super) id: Value<String>,
    /// What the connector is doing, as the API says it: `READY`. Null where its creation failed: the next apply replaces it.
    #[tf(computed, ext(wire("state"), Volatile { with: "state" }))]
    pub(super) state: Value<String>,
}

/// The subnetwork of a connector.
#[derive(Object, Clone)]
#[tf(nested)]
pub(super) struct ConnectorSubnet {
    /// The subnetwork's name, without its path.
    #[tf(required, ext(wire("name")))]
    pub(super) name: Value<String>,
    /// The project of the subnetwork, where it is that of a shared VPC. The stack's own when absent.
    #[tf(optional, computed, ext(wire("projectId")))]
    pub(super) project: Value<String>,
}

/// The state in which a creation that failed leaves a connector.
const BROKEN: &str = "ERROR";

impl Declared for VpcConnector {
    type Spec = VpcConnectorSpec;
    const NAME: &'static str = "vpc_connectors";
    const NOUN: &'static str = "vpc connector";

    fn validate(&self, spec: &VpcConnectorSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known().filter(|name| !is_name(name)) {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid name of a VPC connector",
                    format!(
                        "{name:?} cannot be the name of a VPC connector: it must have 2 to 25 lower-case letters, digits and \
                         '-', with a letter first and no '-' last. It defaults to the KEY; set name where the KEY does not do."
                    ),
                )
                .at(path.attribute("name")),
            );
        }
    }

    fn validate_new(&self, spec: &VpcConnectorSpec, path: &Path, diagnostics: &mut Diagnostics) {
        place(spec, path, diagnostics);
        if let Some(machine) = spec.machine_type.known().filter(|machine| !MACHINE_TYPES.contains(&machine.as_str())) {
            diagnostics.push(
                Diagnostic::error(
                    "Not a machine of a VPC connector",
                    format!("machine_type must be one of {}; it is {machine:?}.", MACHINE_TYPES.join(", ")),
                )
                .at(path.attribute("machine_type")),
            );
        }
        limits::number(&spec.min_instances, (2, 9), "min_instances", path, diagnostics);
        limits::number(&spec.max_instances, (3, 10), "max_instances", path, diagnostics);
        if let (Some(least), Some(most)) = (spec.min_instances.known(), spec.max_instances.known())
            && least >= most
        {
            diagnostics.push(
                Diagnostic::error(
                    "No room between min_instances and max_instances",
                    format!("min_instances ({least}) must be below max_instances ({most})."),
                )
                .at(path.attribute("min_instances")),
            );
        }
    }
}

/// A connector has a range of its own in a network, or is in a subnetwork.
fn place(spec: &VpcConnectorSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut report = |attribute: &'static str, title: &'static str, text: String| {
        diagnostics.push(Diagnostic::error(title, text).at(path.attribute(attribute)));
    };
    match (spec.subnet.is_null(), spec.ip_cidr_range.known()) {
        (false, Some(range)) => report(
            "ip_cidr_range",
            "Two places for a VPC connector",
            format!("Set ip_cidr_range ({range}), which becomes the connector's own, or subnet; not both."),
        ),
        (true, None) if spec.ip_cidr_range.is_null() => report(
            "ip_cidr_range",
            "No place for a VPC connector",
            "Set network and ip_cidr_range, a /28 such as \"10.8.0.0/28\" that nothing else uses, or subnet."
                .to_owned(),
        ),
        (true, _) if spec.network.is_null() => report(
            "network",
            "No network for a VPC connector",
            "ip_cidr_range needs network, such as \"default\".".to_owned(),
        ),
        (_, Some(range)) if !range.ends_with("/28") => report(
            "ip_cidr_range",
            "Not the range of a VPC connector",
            format!("ip_cidr_range must be a /28, such as \"10.8.0.0/28\"; it is {range:?}."),
        ),
        _ => {}
    }
}

fn is_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (2..=25).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(inner)
        && name.chars().all(|c| inner(c) || c == '-')
}

impl Kind for VpcConnector {
    /// The API takes and answers the network's short name.
    fn effective(&self, component: &mut Dynamic, _: &str, _: &Scope) {
        if let Some(short) = component.get("network").as_str().map(|name| last_segment(name).to_owned()) {
            tree::set(component, "network", Dynamic::String(short));
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let text = |name: &str| component.get(name).as_str();
        match (text("name"), text("location")) {
            (Some(name), Some(location)) => {
                let location = location.to_lowercase();
                let id = format!("projects/{}/locations/{location}/connectors/{name}", scope.place.account);
                vec![("id", Dynamic::String(id))]
            }
            _ => Vec::new(),
        }
    }

    /// What a creation that failed has left is in the way of the next one.
    fn is_beyond_repair(&self, component: &Dynamic) -> bool {
        component.get("state").is_null()
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["connectedProjects", "maxThroughput", "minThroughput"]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Discovery for VpcConnector {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let network = wire::text(body, "network");
        if network.is_empty() { Vec::new() } else { vec![("networks", network.to_owned())] }
    }
}

impl RestKind for VpcConnector {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::VPC_ACCESS,
            version: "v1",
            collection: "projects/{project}/locations/{location}/connectors",
            items: "connectors",
            query: &[],
            list_query: &[],
            page_size: ("pageSize", 1000),
            naming: Naming::Query("connectorId"),
            update: Update::Mask { etag: false },
            operations: Operations { create: true, update: true, delete: true },
            iam: None,
            full_name: "//vpcaccess.googleapis.com/{name}",
        }
    }

    /// With a subnetwork, the network says only what the connector has to wait for.
    fn before_create(&self, body: &mut Json, _: &Scope) {
        if body.get("subnet").is_some() {
            wire::remove(body, "network");
        }
    }
}

impl Gradual for VpcConnector {
    fn readiness(&self, body: &Json) -> Readiness {
        match wire::text(body, "state") {
            BROKEN => Readiness::Failed(format!(
                "it is in the state {BROKEN}, from which a connector does not recover. It is deleted and made anew where the \
                 stack may delete it; otherwise delete it by hand"
            )),
            "CREATING" | "UPDATING" | "DELETING" => Readiness::Pending,
            _ => Readiness::Ready,
        }
    }

    fn was_ready(&self, component: &Dynamic) -> bool {
        component.get("state").as_str().is_some_and(|state| state != "CREATING")
    }
}
