//! Global forwarding rules: which address and port lead to which proxy. Recorded in `compute-global-forwarding-rule` and
//! `compute-global-lb`.

use serde_json::{Value, json};

use super::resource::{self, Changes, Resource, defaults, stamp};
use super::{HOST, link};
use crate::call::{Call, Outcome};
use crate::error::ApiError;
use crate::json::Object;
use crate::route::Api;

/// The kind.
pub(super) struct ForwardingRule;

/// Serves `setTarget`.
pub(super) fn serve(api: Api) -> Api {
    api.on("POST", "/compute/v1/projects/{project}/global/forwardingRules/{rule}/setTarget", set_target)
}

impl Resource for ForwardingRule {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/forwardingRules/{forwardingRule}"
    }

    fn kind(&self) -> &'static str {
        "compute#forwardingRule"
    }

    fn noun(&self) -> &'static str {
        "forwarding_rule"
    }

    fn changes(&self) -> Changes {
        Changes::Patch
    }

    fn has_fingerprint(&self) -> bool {
        true
    }

    fn has_labels(&self) -> bool {
        true
    }

    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError> {
        for field in ["IPAddress", "portRange", "target", "loadBalancingScheme"] {
            resource::unchanged(wanted, prior, field)?;
        }
        link::complete(call, wanted, &["target", "network"])?;
        defaults(
            wanted,
            &[
                ("IPProtocol", json!("TCP")),
                ("loadBalancingScheme", json!("EXTERNAL")),
                ("networkTier", json!("PREMIUM")),
            ],
        );
        if prior.is_none() {
            let address = address(call, wanted)?;
            wanted.insert("IPAddress".to_owned(), json!(address));
        }
        if let Some(range) = wanted.get("portRange").and_then(Value::as_str).map(str::to_owned) {
            let range = if range.contains('-') { range } else { format!("{range}-{range}") };
            wanted.insert("portRange".to_owned(), json!(range));
        }
        check_target(call, wanted)
    }
}

/// The literal address: of a reserved one, sent as a link or by name, or one of the moment.
fn address(call: &mut Call<'_>, wanted: &Object) -> Result<String, ApiError> {
    let sent = wanted.get("IPAddress").and_then(Value::as_str).unwrap_or_default();
    if sent.is_empty() {
        let digits = call.world.digits(6);
        let part = |at: usize| digits.get(at..at + 2).and_then(|text| text.parse::<u8>().ok()).unwrap_or_default();
        return Ok(format!("35.{}.{}.{}", 100 + part(0), part(2), part(4)));
    }
    if sent.parse::<std::net::IpAddr>().is_ok() {
        return Ok(sent.to_owned());
    }
    let full = link::canonical(call, "IPAddress", sent)?;
    let stored = link::relative(&full).and_then(|name| call.world.get(HOST, &link::path(name)));
    let literal = stored.and_then(|address| address["address"].as_str()).map(str::to_owned);
    literal.ok_or_else(|| link::invalid("Invalid value for field 'resource.IPAddress'."))
}

/// The scheme must be that of the backend services behind the target.
fn check_target(call: &Call<'_>, wanted: &Object) -> Result<(), ApiError> {
    let get = |link: Option<&Value>| {
        let name = link.and_then(Value::as_str).and_then(link::relative)?;
        call.world.get(HOST, &link::path(name))
    };
    let Some(map) = get(wanted.get("target")).and_then(|proxy| get(proxy.get("urlMap"))) else { return Ok(()) };
    let Some(service) = get(map.get("defaultService")) else { return Ok(()) };
    match service.get("loadBalancingScheme") {
        Some(scheme) if Some(scheme) != wanted.get("loadBalancingScheme") => Err(link::invalid(
            "Invalid value for field 'resource.loadBalancingScheme': it does not match that of the backend services.",
        )),
        _ => Ok(()),
    }
}

fn set_target(call: &mut Call<'_>) -> Outcome {
    let (name, mut body) = resource::stored(call, "setTarget")?;
    let sent = call.body()?;
    let target = sent.get("target").and_then(Value::as_str).unwrap_or_default();
    body["target"] = json!(link::canonical(call, "target", target)?);
    stamp(call, &mut body, "fingerprint");
    // In capitals, as recorded.
    Ok(resource::keep(call, "SetTarget", &name, body))
}
