//! API hosts and where they are reached.
//! A host is named once, here; [`Addressing`] turns host and path into the URL that is really called,
//! be it Google, a private endpoint, or a local imitation of the APIs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use reqwest::Url;

pub use crate::http::is_loopback;

/// The DNS name of a Google API, such as `run.googleapis.com`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(Cow<'static, str>);

impl Host {
    /// Artifact Registry.
    pub const ARTIFACT_REGISTRY: Host = Host::known("artifactregistry.googleapis.com");
    /// Billing budgets.
    pub const BILLING_BUDGETS: Host = Host::known("billingbudgets.googleapis.com");
    /// Billing accounts of projects.
    pub const CLOUD_BILLING: Host = Host::known("cloudbilling.googleapis.com");
    /// Cloud Scheduler.
    pub const CLOUD_SCHEDULER: Host = Host::known("cloudscheduler.googleapis.com");
    /// Compute Engine: networks and load balancers.
    pub const COMPUTE: Host = Host::known("compute.googleapis.com");
    /// Firestore administration.
    pub const FIRESTORE: Host = Host::known("firestore.googleapis.com");
    /// Service accounts and workload identity pools.
    pub const IAM: Host = Host::known("iam.googleapis.com");
    /// Short-lived credentials of service accounts.
    pub const IAM_CREDENTIALS: Host = Host::known("iamcredentials.googleapis.com");
    /// Alert policies and notification channels.
    pub const MONITORING: Host = Host::known("monitoring.googleapis.com");
    /// Pub/Sub.
    pub const PUBSUB: Host = Host::known("pubsub.googleapis.com");
    /// Memorystore for Redis.
    pub const REDIS: Host = Host::known("redis.googleapis.com");
    /// Projects and their IAM policies.
    pub const RESOURCE_MANAGER: Host = Host::known("cloudresourcemanager.googleapis.com");
    /// Cloud Run.
    pub const RUN: Host = Host::known("run.googleapis.com");
    /// Secret Manager.
    pub const SECRET_MANAGER: Host = Host::known("secretmanager.googleapis.com");
    /// Peerings of networks with Google's services.
    pub const SERVICE_NETWORKING: Host = Host::known("servicenetworking.googleapis.com");
    /// The APIs that a project has switched on.
    pub const SERVICE_USAGE: Host = Host::known("serviceusage.googleapis.com");
    /// Cloud SQL.
    pub const SQL_ADMIN: Host = Host::known("sqladmin.googleapis.com");
    /// Cloud Storage.
    pub const STORAGE: Host = Host::known("storage.googleapis.com");
    /// Serverless VPC Access.
    pub const VPC_ACCESS: Host = Host::known("vpcaccess.googleapis.com");

    /// A host whose name is known at compile time.
    pub const fn known(name: &'static str) -> Host {
        Host(Cow::Borrowed(name))
    }

    /// A host named at run time.
    pub fn named(name: impl Into<String>) -> Host {
        Host(Cow::Owned(name.into()))
    }

    /// The DNS name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the API hosts are reached.
#[derive(Clone, Debug, Default)]
pub struct Addressing {
    /// Every host H is reached at `<endpoint>/H/<path>`.
    pub endpoint: Option<Url>,
    /// A single host is reached at `<url>/<path>`; this wins over `endpoint`.
    pub endpoints: BTreeMap<String, Url>,
}

impl Addressing {
    /// The URL of `path` (no leading slash, already percent-encoded) on `host`, without a query.
    pub fn url(&self, host: &Host, path: &str) -> Result<Url, url_error::InvalidUrl> {
        let base = match (self.endpoints.get(host.as_str()), &self.endpoint) {
            (Some(own), _) => own.as_str().trim_end_matches('/').to_owned(),
            (None, Some(all)) => format!("{}/{host}", all.as_str().trim_end_matches('/')),
            (None, None) => format!("https://{host}"),
        };
        let text = format!("{base}/{}", path.trim_start_matches('/'));
        Url::parse(&text).map_err(|_| url_error::InvalidUrl { text })
    }

    /// Whether the common endpoint is on this machine: then waiting can start with very short intervals.
    pub fn is_local(&self) -> bool {
        self.endpoint.as_ref().is_some_and(is_loopback)
    }
}

/// The one way in which addressing fails.
pub mod url_error {
    /// Endpoint, host and path do not make a URL.
    #[derive(Debug, thiserror::Error)]
    #[error("{text:?} is not a URL")]
    pub struct InvalidUrl {
        /// What was put together.
        pub text: String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn without_endpoints_the_host_itself_is_called() {
        let address = Addressing::default().url(&Host::RUN, "v2/projects/p").unwrap();
        assert_eq!(address.as_str(), "https://run.googleapis.com/v2/projects/p");
    }

    #[test]
    fn the_endpoint_carries_the_host_as_first_segment() {
        let addressing = Addressing { endpoint: Some(url("http://127.0.0.1:9000/")), ..Default::default() };
        let address = addressing.url(&Host::RUN, "v2/x:setIamPolicy").unwrap();
        assert_eq!(address.as_str(), "http://127.0.0.1:9000/run.googleapis.com/v2/x:setIamPolicy");
    }

    #[test]
    fn a_hosts_own_endpoint_wins_and_takes_the_bare_path() {
        let addressing = Addressing {
            endpoint: Some(url("http://127.0.0.1:9000")),
            endpoints: [("run.googleapis.com".to_owned(), url("https://run-vpc.p.googleapis.com/"))].into(),
        };
        let address = addressing.url(&Host::RUN, "v2/x").unwrap();
        assert_eq!(address.as_str(), "https://run-vpc.p.googleapis.com/v2/x");
    }

    #[test]
    fn loopback_is_an_address_or_localhost_and_not_a_name_that_looks_like_it() {
        for local in ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:80", "https://localhost"] {
            assert!(is_loopback(&url(local)), "{local}");
        }
        for remote in ["http://10.0.0.1", "https://run.googleapis.com", "http://127.0.0.1.example.com"] {
            assert!(!is_loopback(&url(remote)), "{remote}");
        }
    }
}
