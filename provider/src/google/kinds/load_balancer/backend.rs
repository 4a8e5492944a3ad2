//! Backends: services of Cloud Run, each behind a backend service and a network endpoint group, and buckets behind a backend
//! bucket.

use tfplugin::{Object, Value};

use crate::engine::marks::{Identity, refers, wire};
use crate::engine::wire::SECONDS_INT;
use crate::types::Duration;

/// What requests are sent to: a service or a bucket.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Backend {
    /// The name of the backend service or backend bucket. Defaults to the load balancer's name, `-` and the KEY. Another name
    /// is another backend.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// The Cloud Run service: the KEY of a service of this stack, or its name. Either this or `bucket`.
    #[tf(optional, ext(wire("service"), refers("services", "name")))]
    pub(super) service: Value<String>,
    /// The tag of the service's traffic that requests go to; its main address when absent.
    #[tf(optional, ext(wire("tag")))]
    pub(super) tag: Value<String>,
    /// The region of the service. Defaults to the stack's.
    #[tf(optional, ext(wire("region")))]
    pub(super) location: Value<String>,
    /// The name of the network endpoint group that stands for the service. By default it follows from the load balancer, the
    /// KEY and the service, so that another service gets a new group, and the old one is deleted once nothing uses it.
    #[tf(optional, ext(wire("neg")))]
    pub(super) neg: Value<String>,
    /// The bucket whose objects are served: the KEY of a bucket of this stack, or its name. Either this or `service`.
    #[tf(optional, ext(wire("bucketName"), refers("buckets", "name")))]
    pub(super) bucket: Value<String>,
    /// How the load balancer speaks to the service: `HTTP`, `HTTPS` or `HTTP2`.
    #[tf(default = "HTTP", ext(wire("protocol")))]
    pub(super) protocol: Value<String>,
    /// How long the load balancer waits for the service's answer. The classic load balancer takes `30s` only.
    #[tf(default = "30s", ext(wire("timeoutSec").codec(SECONDS_INT)))]
    pub(super) timeout: Value<Duration>,
    /// Whether Cloud CDN caches what the backend answers.
    #[tf(default = false, ext(wire("cdn")))]
    pub(super) cdn: Value<bool>,
    /// The Cloud Armor policy that judges requests, by its name.
    #[tf(optional, ext(wire("securityPolicy")))]
    pub(super) security_policy: Value<String>,
    /// Whether Identity-Aware Proxy asks who comes.
    #[tf(default = false, ext(wire("iap.enabled")))]
    pub(super) iap: Value<bool>,
    /// Whether requests are logged.
    #[tf(default = false, ext(wire("logConfig.enable")))]
    pub(super) log: Value<bool>,
}
