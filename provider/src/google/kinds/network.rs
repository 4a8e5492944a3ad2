//! VPC networks, with their subnetworks and the ranges that they keep for Google's services.
//!
//! All three are objects of their own: subnetworks of regions, ranges global addresses, and the ranges together make the
//! peering with Google's services (Cloud SQL, Redis), which a network has as long as it has one. They hang in the network's
//! JSON as `subnets` and `serviceRanges`.

mod flow_logs;
mod peering;
mod range;
mod subnetwork;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::range::ServiceRange;
use self::subnetwork::Subnetwork;
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Children, Immutable, wire};
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};
use crate::google::api::{ApiError, Host};
use crate::google::kinds::limits;
use crate::google::names::last_segment;
use crate::google::rest::{Guard, Naming, Operations, Parts, Rest, RestKind, Update};
use crate::google::session::Run;

/// The kind.
pub(super) struct Network;

/// Where the subnetworks hang.
const SUBNETS: &str = "subnets";
/// Where the ranges for Google's services hang.
const RANGES: &str = "serviceRanges";

/// VPC networks, by KEY, with subnetworks and the private way to Google's services.
#[derive(Object, Clone)]
pub(super) struct NetworkSpec {
    /// The network's name, unique in the project: 1 to 63 lower-case letters, digits and `-`, with a letter first and no `-`
    /// last. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("name"), Immutable))]
    pub(super) name: Value<String>,
    /// What the network is for. Immutable.
    #[tf(optional, ext(wire("description"), Immutable))]
    pub(super) description: Value<String>,
    /// Whether Google makes a subnetwork in every region. Those are not shown here. Immutable.
    #[tf(default = false, ext(wire("autoCreateSubnetworks").always(), Immutable))]
    pub(super) auto_create_subnetworks: Value<bool>,
    /// Where routes that Cloud Routers learn are good for: `REGIONAL`, or `GLOBAL` for all regions of the network.
    #[tf(default = "REGIONAL", ext(wire("routingConfig.routingMode")))]
    pub(super) routing_mode: Value<RoutingMode>,
    /// The largest packet in bytes: 1300 to 8896. 1460 when nothing is said. When it leaves the configuration it stays as it
    /// is.
    #[tf(optional, computed, ext(wire("mtu")))]
    pub(super) mtu: Value<i64>,
    /// Subnetworks, by a KEY of your choice. Those that others made, and those of a network that makes them by itself, are left
    /// alone. One that leaves the configuration is deleted, unless the network must not be deleted or was imported: then it
    /// stays and is released. The plan says which. What had direct access to one, a Cloud Run service or job, holds it for an
    /// hour or two after it is gone.
    #[tf(optional, ext(wire("subnets"), Children))]
    pub(super) subnetworks: Value<BTreeMap<String, Subnetwork>>,
    /// Ranges of addresses that the network keeps for Google's services, such as Cloud SQL with a private address or Redis with
    /// `PRIVATE_SERVICE_ACCESS`, by a KEY of your choice. With the first of them the network is peered with the services, with
    /// the last the peering ends. That fails while a service still uses it, which can be for some time after the service's
    /// deletion. What leaves the configuration is deleted or released as subnetworks are.
    #[tf(optional, ext(wire("serviceRanges"), Children))]
    pub(super) private_services: Value<BTreeMap<String, ServiceRange>>,
    /// The network's relative name: `projects/P/global/networks/NAME`.
    #[tf(computed)]
    pub(super) id: Value<String>,
    /// The network's URL, by which Compute Engine names it.
    #[tf(computed, ext(wire("selfLink")))]
    pub(super) self_link: Value<String>,
}

/// Where learnt routes are good for.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoutingMode {
    /// In the region of the router.
    Regional,
    /// In all regions.
    Global,
}

/// Checks the name of what stands at `path`, which defaults to the KEY.
fn check_name(name: &Value<String>, key: Option<&str>, noun: &str, path: &Path, diagnostics: &mut Diagnostics) {
    let said = if name.is_null() { key } else { name.known().map(String::as_str) };
    if let Some(detail) = said.and_then(limits::compute_name) {
        diagnostics.push(Diagnostic::error(format!("Invalid {noun} name"), detail).at(path.attribute("name")));
    }
}

impl Declared for Network {
    type Spec = NetworkSpec;
    const NAME: &'static str = "networks";
    const NOUN: &'static str = "network";

    fn validate(&self, spec: &NetworkSpec, path: &Path, diagnostics: &mut Diagnostics) {
        check_name(&spec.name, None, "network", path, diagnostics);
        for (key, subnetwork) in spec.subnetworks.known().into_iter().flatten() {
            let path = path.attribute("subnetworks").key(key);
            check_name(&subnetwork.name, Some(key), "subnetwork", &path, diagnostics);
        }
        for (key, range) in spec.private_services.known().into_iter().flatten() {
            let path = path.attribute("private_services").key(key);
            check_name(&range.name, Some(key), "reserved range", &path, diagnostics);
        }
    }

    fn validate_new(&self, spec: &NetworkSpec, path: &Path, diagnostics: &mut Diagnostics) {
        limits::number(&spec.mtu, (1300, 8896), "mtu", path, diagnostics);
        for (key, subnetwork) in spec.subnetworks.known().into_iter().flatten() {
            subnetwork::validate(subnetwork, &path.attribute("subnetworks").key(key), diagnostics);
        }
        for (key, range) in spec.private_services.known().into_iter().flatten() {
            range::validate(range, &path.attribute("private_services").key(key), diagnostics);
        }
    }
}

impl Kind for Network {
    fn holds_data(&self) -> bool {
        true
    }

    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        let Some(entries) = component.as_entries_mut() else { return };
        for (key, subnetwork) in entries.get_mut("subnetworks").and_then(Dynamic::as_entries_mut).into_iter().flatten()
        {
            subnetwork::complete(key, subnetwork, scope);
        }
        for (key, range) in entries.get_mut("private_services").and_then(Dynamic::as_entries_mut).into_iter().flatten()
        {
            range::complete(key, range);
        }
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        match component.get("name").as_str() {
            Some(name) => {
                let id = id(name, scope);
                let link = format!("https://www.googleapis.com/compute/v1/{id}");
                vec![("id", Dynamic::String(id)), ("self_link", Dynamic::String(link))]
            }
            None => Vec::new(),
        }
    }

    /// The network that every project begins with.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        wire::text(body, "name") == "default" && makes_subnetworks(body)
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "creationTimestamp",
            "firewallPolicy",
            "gatewayIPv4",
            "id",
            "kind",
            "networkFirewallPolicyEnforcementOrder",
            "peerings",
            "routingConfig.bgpBestPathSelectionMode",
            "selfLinkWithId",
            "serviceRanges.*.addressType",
            "serviceRanges.*.creationTimestamp",
            "serviceRanges.*.id",
            "serviceRanges.*.kind",
            "serviceRanges.*.labelFingerprint",
            "serviceRanges.*.network",
            "serviceRanges.*.networkTier",
            "serviceRanges.*.purpose",
            "serviceRanges.*.selfLink",
            "serviceRanges.*.status",
            "subnets.*.creationTimestamp",
            "subnets.*.enableFlowLogs",
            "subnets.*.fingerprint",
            "subnets.*.gatewayAddress",
            "subnets.*.id",
            "subnets.*.kind",
            "subnets.*.network",
            "subnets.*.privateIpv6GoogleAccess",
            "subnets.*.selfLink",
            "subnets.*.stackType",
            "subnets.*.state",
            "subnetworks",
        ]
    }

    /// A region that is the stack's goes without saying.
    fn imported(&self, component: &mut Dynamic, scope: &Scope) {
        let subnetworks = component.as_entries_mut().and_then(|entries| entries.get_mut("subnetworks"));
        for (_, subnetwork) in subnetworks.and_then(Dynamic::as_entries_mut).into_iter().flatten() {
            if subnetwork.get("region").as_str() == Some(scope.place.region.as_str()) {
                tree::set(subnetwork, "region", Dynamic::Null);
            }
        }
    }

    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        let (subnetworks, ranges) = (component.get("subnetworks"), component.get("private_services"));
        if subnetworks.is_unknown() || ranges.is_unknown() {
            return None;
        }
        let subnetworks = subnetworks.as_entries().into_iter().flatten();
        let ranges = ranges.as_entries().into_iter().flatten();
        let subnetworks = subnetworks.map(|(key, subnetwork)| subnetwork::relative_name(key, subnetwork, scope));
        let ranges = ranges.map(|(key, range)| range::relative_name(key, range, scope));
        subnetworks.chain(ranges).collect()
    }
}

/// The relative name of the network `name`.
fn id(name: &str, scope: &Scope) -> String {
    format!("projects/{}/global/networks/{name}", scope.place.account)
}

/// Whether Google makes the subnetworks of a network.
fn makes_subnetworks(body: &Json) -> bool {
    body.get("autoCreateSubnetworks").and_then(Json::as_bool) == Some(true)
}

#[async_trait]
impl RestKind for Network {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::COMPUTE,
            version: "compute/v1",
            collection: "projects/{project}/global/networks",
            items: "items",
            query: &[],
            list_query: &[],
            page_size: ("maxResults", 500),
            naming: Naming::Inside,
            update: Update::Merge(Guard::Nothing),
            operations: Operations { create: true, update: true, delete: true },
            iam: None,
            full_name: "//compute.googleapis.com/{name}",
        }
    }

    /// A network goes when nothing is in it.
    async fn before_delete(&self, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let network = component.get("name").as_str().unwrap_or_default();
        let subnetworks = component.get("subnetworks").as_entries().into_iter().flatten();
        let subnetworks = subnetworks.filter_map(|(key, child)| subnetwork::relative_name(key, child, run.scope));
        let subnetworks: Vec<String> = subnetworks.collect();
        let ranges = component.get("private_services").as_entries().into_iter().flatten();
        let ranges = ranges.filter_map(|(key, child)| range::relative_name(key, child, run.scope));
        let ranges: Vec<String> = ranges.map(|name| last_segment(&name).to_owned()).collect();
        let (subnetworks, ranges) =
            futures::join!(subnetwork::delete_all(&subnetworks, run), range::delete_all(network, &ranges, run));
        subnetworks.and(ranges)
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }
}

#[async_trait]
impl Parts for Network {
    fn fields(&self) -> &'static [&'static str] {
        &[SUBNETS, RANGES]
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        let networks: &[Json] = bodies;
        let (subnetworks, ranges) = futures::try_join!(subnetwork::read(networks, run), range::read(networks, run))?;
        for (network, (subnetworks, ranges)) in bodies.iter_mut().zip(subnetworks.into_iter().zip(ranges)) {
            for (field, children) in [(SUBNETS, subnetworks), (RANGES, ranges)] {
                if !children.is_empty() {
                    network[field] = wire::by_key(children, |child| wire::text(child, "name").to_owned());
                }
            }
        }
        Ok(())
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        // Neither waits for the other, and neither is left half done because the other failed.
        let ((subnetworks, subnetworks_end), (ranges, ranges_end)) = futures::join!(
            subnetwork::write(name, children(before, SUBNETS), children(after, SUBNETS), run),
            range::write(name, children(before, RANGES), children(after, RANGES), run),
        );
        for (field, children) in [(SUBNETS, subnetworks), (RANGES, ranges)] {
            after[field] = match children.is_empty() {
                true => json!({}),
                false => wire::by_key(children, |child| wire::text(child, "name").to_owned()),
            };
        }
        subnetworks_end.and(ranges_end)
    }
}

/// The objects that hang in a network's JSON.
fn children<'n>(network: &'n Json, field: &str) -> Vec<&'n Json> {
    let children = network.get(field).and_then(Json::as_object).into_iter().flatten();
    children.map(|(_, child)| child).collect()
}
