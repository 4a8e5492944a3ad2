//! Global backend services. Defaults as recorded in `compute-global-lb` and `compute-urlmap`.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::resource::{self, Changes, Resource, defaults, show_users, unchanged};
use super::{HOST, link};
use crate::call::{Call, Outcome};
use crate::error::ApiError;
use crate::json::Object;
use crate::route::Api;

/// The kind.
pub(super) struct BackendService;

/// Serves `setSecurityPolicy`: the policy of a backend service is written by a verb of its own.
pub(super) fn serve(api: Api) -> Api {
    const TEMPLATE: &str = "/compute/v1/projects/{project}/global/backendServices/{backendService}/setSecurityPolicy";
    api.on("POST", TEMPLATE, set_security_policy)
}

fn set_security_policy(call: &mut Call<'_>) -> Outcome {
    let (name, mut body) = resource::stored(call, "setSecurityPolicy")?;
    let sent = call.body()?;
    match sent.get("securityPolicy").and_then(Value::as_str).filter(|policy| !policy.is_empty()) {
        Some(policy) => body["securityPolicy"] = json!(link::canonical(call, "securityPolicy", policy)?),
        None => body.as_object_mut().into_iter().for_each(|body| drop(body.remove("securityPolicy"))),
    }
    resource::stamp(call, &mut body, "fingerprint");
    Ok(resource::keep(call, "setSecurityPolicy", &name, body))
}

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
        link::complete(call, wanted, &["healthChecks", "edgeSecurityPolicy"])?;
        // A change of other fields leaves it as it is.
        wanted.remove("securityPolicy");
        let policy = prior.and_then(|prior| prior.get("securityPolicy")).cloned();
        wanted.extend(policy.map(|policy| ("securityPolicy".to_owned(), policy)));
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
            // Reported of the classic load balancer; of the present one nobody has.
            if wanted["loadBalancingScheme"] == "EXTERNAL" && wanted["timeoutSec"] != json!(30) {
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
