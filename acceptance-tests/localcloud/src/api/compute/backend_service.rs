//! Global backend services. Defaults as recorded in `compute-global-lb` and `compute-urlmap`.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::resource::{Changes, Resource, defaults, show_users, unchanged};
use super::{HOST, link};
use crate::call::Call;
use crate::error::ApiError;
use crate::json::Object;

/// The kind.
pub(super) struct BackendService;

impl Resource for BackendService {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/backendServices/{backendService}"
    }

    fn kind(&self) -> &'static str {
        "compute#backendService"
    }

    fn noun(&self) -> &'static str {
        "backend_service"
    }

    fn changes(&self) -> Changes {
        Changes::PatchAndPut
    }

    fn has_fingerprint(&self) -> bool {
        true
    }

    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError> {
        link::complete(call, wanted, &["healthChecks", "securityPolicy", "edgeSecurityPolicy"])?;
        defaults(
            wanted,
            &[
                ("description", json!("")),
                ("timeoutSec", json!(30)),
                ("port", json!(80)),
                ("protocol", json!("HTTP")),
                ("portName", json!("http")),
                ("sessionAffinity", json!("NONE")),
                ("affinityCookieTtlSec", json!(0)),
                ("loadBalancingScheme", json!("EXTERNAL")),
                ("connectionDraining", json!({"drainingTimeoutSec": 0})),
            ],
        );
        unchanged(wanted, prior, "loadBalancingScheme")?;
        let is_external = wanted["loadBalancingScheme"].as_str().is_some_and(|scheme| scheme.starts_with("EXTERNAL"));
        if is_external {
            defaults(wanted, &[("enableCDN", json!(false))]);
        }
        hide_secret(wanted, prior);
        let is_serverless = backends(call, wanted)?;
        if is_serverless {
            if wanted.get("healthChecks").and_then(Value::as_array).is_some_and(|checks| !checks.is_empty()) {
                return Err(link::invalid(
                    "Invalid value for field 'resource.healthChecks': a backend service with serverless network endpoint \
                     groups cannot have health checks.",
                ));
            }
            if wanted["timeoutSec"] != json!(30) {
                return Err(link::invalid(
                    "Invalid value for field 'resource.timeoutSec': Timeout sec is not supported for a backend service with \
                     Serverless network endpoint groups.",
                ));
            }
        }
        Ok(())
    }

    fn present(&self, call: &Call<'_>, name: &str, shown: &mut Value) {
        show_users(call, name, shown);
    }
}

/// Completes the backends; whether they are serverless groups.
fn backends(call: &Call<'_>, wanted: &mut Object) -> Result<bool, ApiError> {
    let mut is_serverless = false;
    for backend in wanted.get_mut("backends").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(backend) = backend.as_object_mut() else { continue };
        link::complete(call, backend, &["group"])?;
        let group = backend.get("group").and_then(Value::as_str).and_then(link::relative).map(link::path);
        let group = group.and_then(|path| call.world.get(HOST, &path));
        if group.is_some_and(|group| group["networkEndpointType"] == "SERVERLESS") {
            is_serverless = true;
            if backend.contains_key("maxUtilization") {
                return Err(link::invalid(
                    "Invalid value for field 'resource.backends[0].maxUtilization': Max utilization is not supported for \
                     serverless network endpoint groups.",
                ));
            }
        }
        defaults(backend, &[("balancingMode", json!("UTILIZATION")), ("capacityScaler", json!(1.0))]);
    }
    Ok(is_serverless)
}

/// The secret of IAP is never answered, only its digest: also that of none.
fn hide_secret(wanted: &mut Object, prior: Option<&Value>) {
    let known = prior.and_then(|prior| prior["iap"]["oauth2ClientSecretSha256"].as_str()).map(str::to_owned);
    if let Some(iap) = wanted.get_mut("iap").and_then(Value::as_object_mut) {
        let sent = iap.remove("oauth2ClientSecret");
        let digest = |secret: &str| Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let digest = match sent.as_ref().and_then(Value::as_str) {
            Some(secret) => digest(secret),
            None => known.unwrap_or_else(|| digest("")),
        };
        iap.insert("oauth2ClientSecretSha256".to_owned(), json!(digest));
        defaults(iap, &[("enabled", json!(false)), ("oauth2ClientId", json!(""))]);
    }
}
