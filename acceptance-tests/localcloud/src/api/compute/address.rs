//! Global addresses: one of the internet for a load balancer, or a range that a network keeps for Google's services.

use serde_json::{Value, json};

use super::resource::{Resource, defaults};
use super::{HOST, link};
use crate::call::Call;
use crate::error::ApiError;
use crate::json::Object;

/// The kind.
pub(super) struct Address;

impl Resource for Address {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/global/addresses/{address}"
    }

    fn kind(&self) -> &'static str {
        "compute#address"
    }

    fn noun(&self) -> &'static str {
        "address"
    }

    fn has_labels(&self) -> bool {
        true
    }

    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, _: Option<&Value>) -> Result<(), ApiError> {
        link::complete(call, wanted, &["network"])?;
        let digits = call.world.digits(6);
        let part = |at: usize| digits.get(at..at + 2).and_then(|text| text.parse::<u8>().ok()).unwrap_or_default();
        defaults(
            wanted,
            &[
                ("description", json!("")),
                ("addressType", json!("EXTERNAL")),
                ("status", json!("RESERVED")),
                ("networkTier", json!("PREMIUM")),
            ],
        );
        if wanted["addressType"] == "INTERNAL" {
            if !wanted.contains_key("network") || !wanted.contains_key("purpose") {
                return Err(link::invalid("An internal global address needs a purpose and a network."));
            }
            defaults(wanted, &[("address", json!(format!("10.{}.{}.0", part(0), part(2))))]);
        } else {
            let address = match wanted.get("ipVersion").and_then(Value::as_str) {
                Some("IPV6") => format!("2600:1901:0:{digits:.4}::"),
                _ => format!("34.{}.{}.{}", 100 + part(0), part(2), part(4)),
            };
            defaults(wanted, &[("address", json!(address))]);
        }
        Ok(())
    }

    fn users(&self, call: &Call<'_>, _: &str, stored: &Value) -> Vec<String> {
        rules(call, stored)
    }

    fn present(&self, call: &Call<'_>, _: &str, shown: &mut Value) {
        let users: Vec<Value> = rules(call, shown).iter().map(|user| json!(link::full(user))).collect();
        if !users.is_empty() {
            shown["status"] = json!("IN_USE");
            shown["users"] = Value::Array(users);
        }
    }
}

/// The forwarding rules at the address.
fn rules(call: &Call<'_>, address: &Value) -> Vec<String> {
    let all = call.world.state.objects.get(HOST).into_iter().flatten();
    let at_it = all
        .filter(|(path, object)| path.contains("/forwardingRules/") && object.body["IPAddress"] == address["address"]);
    at_it.map(|(path, _)| path.trim_start_matches("/compute/v1/").to_owned()).collect()
}
