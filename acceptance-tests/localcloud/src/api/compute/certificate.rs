//! Certificates: Google's own, which it issues once the domains point here, and those that people bring. They cannot be
//! changed.

use serde_json::{Value, json};

use super::link;
use super::resource::{Resource, defaults};
use crate::call::Call;
use crate::error::ApiError;
use crate::json::Object;

/// The kind.
pub(super) struct Certificate;

impl Resource for Certificate {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/sslCertificates/{sslCertificate}"
    }

    fn kind(&self) -> &'static str {
        "compute#sslCertificate"
    }

    fn noun(&self) -> &'static str {
        "ssl_certificate"
    }

    fn prepare(&self, _: &mut Call<'_>, wanted: &mut Object, _: Option<&Value>) -> Result<(), ApiError> {
        defaults(wanted, &[("description", json!("")), ("type", json!("SELF_MANAGED"))]);
        wanted.remove("privateKey");
        if wanted["type"] != "MANAGED" {
            return Ok(());
        }
        let domains = wanted.get("managed").and_then(|managed| managed["domains"].as_array()).cloned();
        let domains: Vec<Value> = domains.unwrap_or_default();
        if domains.is_empty() || domains.len() > 100 {
            return Err(link::invalid("Invalid value for field 'resource.managed.domains': 1 to 100 domains."));
        }
        let states: Object =
            domains.iter().filter_map(|domain| Some((domain.as_str()?.to_owned(), json!("PROVISIONING")))).collect();
        // It stays so: nothing here asks a name server.
        wanted.insert(
            "managed".to_owned(),
            json!({"domains": domains, "status": "PROVISIONING", "domainStatus": states}),
        );
        Ok(())
    }
}
