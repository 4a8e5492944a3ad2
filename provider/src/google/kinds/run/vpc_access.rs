//! The way of instances into a VPC network.

use std::collections::BTreeSet;

use tfplugin::{Choice, Dynamic, Object, Value};

use super::names::{CloudName, is_same_name};
use crate::engine::marks::{Silent, WhenSilent, refers, wire};

/// Access to a VPC network: through a connector, or directly with an interface in a network.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct VpcAccess {
    /// The Serverless VPC Access connector: the KEY of one of this stack, its name, or
    /// `projects/P/locations/L/connectors/NAME`.
    #[tf(optional, ext(wire("connector").instead_of(&["networkInterfaces"]), refers("vpc_connectors", "id")))]
    pub(in crate::google::kinds) connector: Value<CloudName>,
    /// The network of direct access: the KEY of one of this stack, its name, or `projects/P/global/networks/NAME`. Of a
    /// network of the stack, instances wait for its subnetworks. Cloud Run finds it by the subnetwork when only that is given,
    /// and again when that changes.
    #[tf(optional, computed, ext(wire("networkInterfaces[network].network").instead_of(&["connector"]), refers("networks", "id").or_by("name").whole(), WhenSilent(network)))]
    pub(in crate::google::kinds) network: Value<CloudName>,
    /// The subnetwork that instances get addresses from, by its name or path. That of the network's name when only the network
    /// is given, and again when that changes.
    #[tf(optional, computed, ext(wire("networkInterfaces[network].subnetwork").instead_of(&["connector"]), WhenSilent(subnetwork)))]
    pub(in crate::google::kinds) subnetwork: Value<CloudName>,
    /// Network tags for firewall rules, with direct access only.
    #[tf(optional, ext(wire("networkInterfaces[network].tags")))]
    pub(in crate::google::kinds) tags: Value<BTreeSet<String>>,
    /// Which traffic goes into the network: `PRIVATE_RANGES_ONLY` or `ALL_TRAFFIC`.
    #[tf(default = "PRIVATE_RANGES_ONLY", ext(wire("egress")))]
    pub(in crate::google::kinds) egress: Value<Egress>,
}

/// Which traffic goes into the network.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum Egress {
    /// To private addresses.
    PrivateRangesOnly,
    /// All.
    AllTraffic,
}

/// The network of another subnetwork is found again, and a connector has none.
fn network(silent: &Silent<'_>) -> Dynamic {
    other_half(silent, "subnetwork")
}

/// The subnetwork of another network is found again, and a connector has none.
fn subnetwork(silent: &Silent<'_>) -> Dynamic {
    other_half(silent, "network")
}

fn other_half(silent: &Silent<'_>, half: &str) -> Dynamic {
    let (before, now) = (silent.before.get(half), silent.now.get(half));
    let connector = silent.now.get("connector");
    if connector.is_unknown() {
        Dynamic::Unknown
    } else if !connector.is_null() {
        Dynamic::Null
    } else if before == now || matches!((before, now), (Dynamic::String(a), Dynamic::String(b)) if is_same_name(a, b)) {
        silent.value.clone()
    } else {
        Dynamic::Unknown
    }
}
