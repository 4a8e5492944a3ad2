//! Frontends: a forwarding rule and its target proxy.

use tfplugin::{Choice, Object, Value};

use crate::engine::marks::{Identity, Immutable, wire};

/// A port at which requests come in.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Frontend {
    /// The name of the forwarding rule. Defaults to the load balancer's name, `-` and the KEY. Another name is another
    /// frontend.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// The name of the target proxy. Defaults to that of the forwarding rule. Immutable.
    #[tf(optional, ext(wire("proxy"), Immutable))]
    pub(super) proxy: Value<String>,
    /// `HTTP` or `HTTPS`. Immutable.
    #[tf(default = "HTTPS", ext(wire("protocol").always(), Immutable))]
    pub(super) protocol: Value<Protocol>,
    /// The port. Defaults to 443 for HTTPS and 80 for HTTP. Immutable.
    #[tf(optional, ext(wire("port"), Immutable))]
    pub(super) port: Value<i64>,
    /// The address: a KEY of `addresses`, or the name of a global one that is reserved outside the stack. Without it the
    /// frontend gets an address that goes with it. Immutable.
    #[tf(optional, ext(wire("address"), Immutable))]
    pub(super) address: Value<String>,
    /// The certificates of HTTPS, the first of which serves who names no host: KEYs of `certificates`, or names of ones that
    /// exist outside the stack. At most 15.
    #[tf(optional, ext(wire("certificates")))]
    pub(super) certificates: Value<Vec<String>>,
    /// The name of the policy that says which versions and ciphers of TLS are taken.
    #[tf(optional, ext(wire("sslPolicy")))]
    pub(super) ssl_policy: Value<String>,
    /// Whether requests are not answered but sent to the same address with `https`.
    #[tf(default = false, ext(wire("redirect")))]
    pub(super) redirect_to_https: Value<bool>,
    /// The name of the URL map that redirects. Defaults to the name of the forwarding rule. Only with `redirect_to_https`.
    #[tf(optional, ext(wire("redirectMap")))]
    pub(super) redirect_map: Value<String>,
    /// The address at which requests come in.
    #[tf(computed, ext(wire("ipAddress")))]
    pub(super) ip_address: Value<String>,
}

/// What a frontend speaks.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::google::kinds) enum Protocol {
    /// In the open.
    Http,
    /// Over TLS.
    Https,
}
