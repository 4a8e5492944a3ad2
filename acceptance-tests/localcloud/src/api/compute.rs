//! `compute.googleapis.com` v1: what networks and load balancers are made of.
//!
//! `resource` has the calls that all of them share, a file each says what it accepts and which defaults it adds, `link` reads
//! and writes the references between them, and `operation` the operations that every write answers with.

mod address;
mod backend_bucket;
mod backend_service;
mod certificate;
mod endpoint_group;
mod forwarding_rule;
mod health_check;
mod link;
mod network;
mod operation;
mod resource;
mod subnetwork;
mod target_proxy;
mod url_map;

use crate::error::ErrorStyle;
use crate::route::Api;

pub(crate) use network::{lacks_peering, peer};
pub(crate) use subnetwork::network_of;

pub(crate) const HOST: &str = "compute.googleapis.com";

/// The API.
pub(crate) fn api() -> Api {
    let api = operation::serve(Api::new(HOST).style(ErrorStyle::Storage));
    let api = network::serve(resource::serve(api, network::Network));
    let api = subnetwork::serve(resource::serve(api, subnetwork::Subnetwork));
    let api = resource::serve(api, address::Address);
    let api = resource::serve(api, health_check::HealthCheck);
    let api = resource::serve(api, endpoint_group::EndpointGroup);
    let api = endpoint_group::serve(api);
    let api = backend_service::serve(resource::serve(api, backend_service::BackendService));
    let api = resource::serve(api, backend_bucket::BackendBucket);
    let api = resource::serve(api, url_map::UrlMap);
    let api = resource::serve(api, certificate::Certificate);
    let api = resource::serve(api, target_proxy::HTTP);
    let api = resource::serve(api, target_proxy::HTTPS);
    let api = target_proxy::serve(api);
    forwarding_rule::serve(resource::serve(api, forwarding_rule::ForwardingRule))
}
