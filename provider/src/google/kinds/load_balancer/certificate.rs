//! Certificates that Google issues. They cannot be changed: other domains are another certificate under another name.

use std::collections::BTreeSet;

use tfplugin::{Object, Value};

use crate::engine::marks::{Identity, wire};

/// A certificate that Google issues and renews.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Certificate {
    /// The certificate's name. By default it follows from the load balancer, the KEY and the domains, so that other domains
    /// get a new certificate: the frontends are given that one, and then the old one is deleted.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// The domains that it is for: 1 to 100.
    #[tf(required, ext(wire("managed.domains")))]
    pub(super) domains: Value<BTreeSet<String>>,
    /// How far it is: `PROVISIONING` until the domains point to the load balancer and for a while after, then `ACTIVE`.
    /// Nothing waits for it.
    #[tf(computed, ext(wire("managed.status")))]
    pub(super) status: Value<String>,
}
