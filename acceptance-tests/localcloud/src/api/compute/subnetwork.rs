//! Subnetworks, in regions: by themselves, and all together by region.
//!
//! What changes besides its fingerprint, and that a range is used once in a network, stands in the discovery document. Connectors of Serverless
//! VPC Access use them.

use serde_json::{Value, json};

use super::resource::{self, Changes, Resource, defaults, unchanged};
use super::{HOST, link};
use crate::api::locations;
use crate::call::{Call, Outcome, Reply};
use crate::error::ApiError;
use crate::json::Object;
use crate::route::Api;

const PRIVATE_ACCESS: &str = "privateIpGoogleAccess";

/// The kind.
pub(super) struct Subnetwork;

/// Adds the list of all regions.
pub(super) fn serve(api: Api) -> Api {
    let verb = "/compute/v1/projects/{project}/regions/{region}/subnetworks/{subnetwork}/setPrivateIpGoogleAccess";
    api.on("GET", "/compute/v1/projects/{project}/aggregated/subnetworks", aggregated).on(
        "POST",
        verb,
        set_private_access,
    )
}

impl Resource for Subnetwork {
    fn template(&self) -> &'static str {
        "/compute/v1/projects/{project}/regions/{region}/subnetworks/{subnetwork}"
    }

    fn kind(&self) -> &'static str {
        "compute#subnetwork"
    }

    fn noun(&self) -> &'static str {
        "subnetwork"
    }

    fn changes(&self) -> Changes {
        Changes::Patch
    }

    fn has_fingerprint(&self) -> bool {
        true
    }

    fn prepare(&self, call: &mut Call<'_>, wanted: &mut Object, prior: Option<&Value>) -> Result<(), ApiError> {
        let region = call.param("region").to_owned();
        if !locations::is_region(&region) {
            return Err(link::invalid(format!("Invalid value for field 'region': '{region}'. Unknown region.")));
        }
        link::complete(call, wanted, &["network"])?;
        for field in ["description", "ipCidrRange", "network", PRIVATE_ACCESS, "purpose"] {
            unchanged(wanted, prior, field)?;
        }
        let purpose = wanted.get("purpose").and_then(Value::as_str).unwrap_or("PRIVATE");
        if wanted.contains_key("role") && !purpose.ends_with("_MANAGED_PROXY") {
            return Err(link::invalid(format!(
                "Invalid value for field 'resource.role': not of the purpose {purpose}."
            )));
        }
        let is_for_proxies = purpose == "REGIONAL_MANAGED_PROXY";
        log_config(wanted, is_for_proxies)?;
        let place = format!("projects/{}/regions/{region}", call.param("project"));
        wanted.insert("region".to_owned(), json!(link::full(&place)));
        if wanted.get("secondaryIpRanges").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            wanted.remove("secondaryIpRanges");
        }
        let own = ranges(&Value::Object(wanted.clone()));
        let Some((first, _)) = own.first().copied().flatten() else {
            return Err(link::invalid("Invalid value for field 'resource.ipCidrRange': a range is required."));
        };
        if own.iter().any(Option::is_none) {
            return Err(link::invalid("Invalid value for field 'resource.secondaryIpRanges': no range."));
        }
        check_free(call, wanted, &own.into_iter().flatten().collect::<Vec<_>>(), prior)?;
        let gateway = std::net::Ipv4Addr::from(first.saturating_add(1));
        defaults(
            wanted,
            &[
                ("gatewayAddress", json!(gateway.to_string())),
                (PRIVATE_ACCESS, json!(false)),
                ("privateIpv6GoogleAccess", json!("DISABLE_GOOGLE_ACCESS")),
                ("purpose", json!("PRIVATE")),
                ("stackType", json!("IPV4_ONLY")),
            ],
        );
        Ok(())
    }

    fn users(&self, call: &Call<'_>, name: &str, _: &Value) -> Vec<String> {
        let mut users = link::users(call.world, name);
        let (short, region) = (name.rsplit('/').next().unwrap_or_default(), call.param("region"));
        let in_region = format!("/locations/{region}/connectors/");
        let connectors = call.world.state.objects.get("vpcaccess.googleapis.com").into_iter().flatten();
        let inside =
            connectors.filter(|(path, object)| path.contains(&in_region) && object.body["subnet"]["name"] == short);
        users.extend(inside.map(|(path, _)| path.trim_start_matches("/v1/").to_owned()));
        users
    }
}

/// The discovery document: settings of flow logs go with logs that are on, and have defaults.
fn log_config(wanted: &mut Object, is_for_proxies: bool) -> Result<(), ApiError> {
    let Some(config) = wanted.get_mut("logConfig").and_then(Value::as_object_mut) else { return Ok(()) };
    if config.get("enable") != Some(&json!(true)) {
        config.retain(|field, _| field == "enable");
        return Ok(());
    }
    if is_for_proxies {
        return Err(link::invalid("Flow logging is not supported for the purpose REGIONAL_MANAGED_PROXY."));
    }
    if config.get("metadata") != Some(&json!("CUSTOM_METADATA")) {
        config.remove("metadataFields");
    }
    defaults(
        config,
        &[
            ("aggregationInterval", json!("INTERVAL_5_SEC")),
            ("filterExpr", json!("true")),
            ("flowSampling", json!(0.5)),
            ("metadata", json!("EXCLUDE_ALL_METADATA")),
        ],
    );
    Ok(())
}

/// The discovery document: this field is not changed by PATCH, but by a verb of its own.
fn set_private_access(call: &mut Call<'_>) -> Outcome {
    let (name, mut body) = resource::stored(call, "setPrivateIpGoogleAccess")?;
    body[PRIVATE_ACCESS] = json!(call.body()?.get(PRIVATE_ACCESS) == Some(&json!(true)));
    resource::stamp(call, &mut body, "fingerprint");
    Ok(resource::keep(call, "setPrivateIpGoogleAccess", &name, body))
}

/// The short name of the network that a subnetwork is in, if it is there.
pub(crate) fn network_of(call: &Call<'_>, region: &str, subnetwork: &str) -> Option<String> {
    let name = format!("projects/{}/regions/{region}/subnetworks/{subnetwork}", call.param("project"));
    let body = call.world.get(HOST, &link::path(&name))?;
    Some(body["network"].as_str()?.rsplit('/').next()?.to_owned())
}

/// First and last address of a range.
fn range(text: &str) -> Option<(u32, u32)> {
    let (address, length) = text.split_once('/')?;
    let (address, length) = (address.parse::<std::net::Ipv4Addr>().ok()?, length.parse::<u32>().ok()?);
    let first = u32::from(address);
    let size = 1_u32.checked_shl(32 - length.min(32)).unwrap_or_default();
    (length > 0 && first % size.max(1) == 0).then(|| (first, first.saturating_add(size.saturating_sub(1))))
}

/// The ranges of a subnetwork, the primary one first.
fn ranges(subnetwork: &Value) -> Vec<Option<(u32, u32)>> {
    let secondary = subnetwork["secondaryIpRanges"].as_array().into_iter().flatten();
    let texts = std::iter::once(&subnetwork["ipCidrRange"]).chain(secondary.map(|range| &range["ipCidrRange"]));
    texts.map(|text| range(text.as_str().unwrap_or_default())).collect()
}

/// No other subnetwork of the network may have an address of these ranges.
fn check_free(call: &Call<'_>, wanted: &Object, own: &[(u32, u32)], prior: Option<&Value>) -> Result<(), ApiError> {
    let all = call.world.state.objects.get(HOST).into_iter().flatten();
    let network = wanted.get("network");
    let others = all.filter(|(path, object)| {
        path.contains("/subnetworks/")
            && object.body.get("network") == network
            && prior.is_none_or(|prior| prior["id"] != object.body["id"])
    });
    for (path, other) in others {
        for (first, last) in ranges(&other.body).into_iter().flatten() {
            if own.iter().any(|(from, to)| *from <= last && first <= *to) {
                return Err(link::invalid(format!(
                    "Invalid IPCidrRange: {} conflicts with existing subnetwork '{}'.",
                    wanted["ipCidrRange"].as_str().unwrap_or_default(),
                    path.rsplit('/').next().unwrap_or_default()
                )));
            }
        }
    }
    Ok(())
}

/// By region; those without subnetworks are left out but for one, with a warning.
fn aggregated(call: &mut Call<'_>) -> Outcome {
    let project = call.param("project").to_owned();
    let prefix = format!("/compute/v1/projects/{project}/regions/");
    let mut items = Object::new();
    let all = call.world.state.objects.get(HOST).into_iter().flatten();
    for (path, object) in all.filter(|(path, _)| path.starts_with(&prefix) && path.contains("/subnetworks/")) {
        let region = path[prefix.len()..].split('/').next().unwrap_or_default();
        let scope = items.entry(format!("regions/{region}")).or_insert_with(|| json!({"subnetworks": []}));
        if let Some(subnetworks) = scope["subnetworks"].as_array_mut() {
            subnetworks.push(object.body.clone());
        }
    }
    items.entry("regions/us-west4").or_insert_with(|| {
        json!({"warning": {
            "code": "NO_RESULTS_ON_PAGE",
            "message": "There are no results for scope 'regions/us-west4' on this page.",
            "data": [{"key": "scope", "value": "regions/us-west4"}],
        }})
    });
    let place = format!("projects/{project}/aggregated/subnetworks");
    Ok(Reply::json(json!({
        "kind": "compute#subnetworkAggregatedList",
        "id": place,
        "items": items,
        "selfLink": link::full(&place),
    })))
}
