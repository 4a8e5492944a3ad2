//! Addresses that are reserved for a load balancer.

use tfplugin::{Choice, Object, Value};

use crate::engine::marks::{Identity, Immutable, wire};

/// An address of the internet. Two frontends may share one.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Address {
    /// The address's name in the project. Defaults to the load balancer's name, `-` and the KEY. Another name is another
    /// address.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// `IPV4` or `IPV6`. Immutable.
    #[tf(default = "IPV4", ext(wire("ipVersion"), Immutable))]
    pub(super) ip_version: Value<IpVersion>,
    /// The address itself, to point domains to.
    #[tf(computed, ext(wire("address")))]
    pub(super) ip_address: Value<String>,
}

/// How long an address is.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::upper_case_acronyms)]
pub(in crate::google::kinds) enum IpVersion {
    /// Four bytes.
    #[tf(name = "IPV4")]
    V4,
    /// Sixteen bytes.
    #[tf(name = "IPV6")]
    V6,
}
