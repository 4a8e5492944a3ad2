//! What the HTTP clients of all clouds share: connections, waits between attempts, secrets, the environment.

pub mod backoff;
pub mod environment;
pub mod pools;
pub mod secret;

pub use backoff::RetryPolicy;
pub use environment::Environment;
pub use pools::Pools;
use reqwest::Url;
pub use secret::Secret;

/// What this provider calls itself.
pub const USER_AGENT: &str = concat!("terraform-provider-mlops/", env!("CARGO_PKG_VERSION"));

/// Whether a URL leads to this machine.
pub fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => bare.eq_ignore_ascii_case("localhost"),
    }
}
