//! Subnetworks of a network: objects of a region, told by region and name.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::flow_logs::{self, FlowLogs, LogConfig};
use crate::engine::marks::{Codec, Identity, Immutable, wire, wire_with};
use crate::engine::scope::Scope;
use crate::engine::tree;
use crate::engine::wire::text;
use crate::google::api::{ApiError, relative};
use crate::google::compute;
use crate::google::names::last_segment;
use crate::google::session::Run;
use crate::types::Location;

/// A subnetwork.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct Subnetwork {
    /// The subnetwork's name, unique in the region: 1 to 63 lower-case letters, digits and `-`, with a letter first and no `-`
    /// last. Defaults to the KEY.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// The region. Defaults to the stack's.
    #[tf(optional, ext(wire_with(&Region), Identity))]
    pub(super) region: Value<Location>,
    /// The addresses, such as `10.0.0.0/24`: a range that nothing else in the network uses. Immutable.
    #[tf(required, ext(wire("ipCidrRange"), Immutable))]
    pub(super) ip_cidr_range: Value<String>,
    /// What the subnetwork is for. Immutable.
    #[tf(optional, ext(wire("description"), Immutable))]
    pub(super) description: Value<String>,
    /// What takes its addresses: `PRIVATE` for machines and services, `REGIONAL_MANAGED_PROXY` or `GLOBAL_MANAGED_PROXY` for the
    /// proxies of load balancers, `PRIVATE_SERVICE_CONNECT` for what is published by it, `PRIVATE_NAT` for private NAT. Immutable.
    #[tf(default = "PRIVATE", ext(wire("purpose"), Immutable))]
    pub(super) purpose: Value<Purpose>,
    /// Of a subnetwork for proxies: `ACTIVE`, or `BACKUP` for one that is to become it. Needs such a `purpose`. When it
    /// leaves the configuration it stays as it is.
    #[tf(optional, computed, ext(wire("role")))]
    pub(super) role: Value<Role>,
    /// More ranges, by a name of your choice: `{ pods = "10.4.0.0/14" }`.
    #[tf(optional, ext(wire_with(&SecondaryRanges)))]
    pub(super) secondary_ranges: Value<BTreeMap<String, String>>,
    /// Whether machines without an external address reach Google's APIs.
    #[tf(default = false, ext(wire("privateIpGoogleAccess")))]
    pub(super) private_google_access: Value<bool>,
    /// Logs of the connections of its machines. None when absent.
    #[tf(optional, ext(wire_with(&LogConfig)))]
    pub(super) flow_logs: Value<FlowLogs>,
    /// The subnetwork's relative name: `projects/P/regions/R/subnetworks/NAME`.
    #[tf(computed, ext(wire("relativeName")))]
    pub(super) id: Value<String>,
}

/// What takes the addresses of a subnetwork.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Machines and services.
    Private,
    /// Proxies of the region's load balancers.
    RegionalManagedProxy,
    /// Proxies of load balancers across regions.
    GlobalManagedProxy,
    /// What is published by Private Service Connect.
    PrivateServiceConnect,
    /// Private NAT.
    PrivateNat,
}

/// Which of two subnetworks the proxies use.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The one in use.
    Active,
    /// The next one.
    Backup,
}

/// The region is a URL.
struct Region;

impl Codec for Region {
    fn read(&self, body: &Json) -> Dynamic {
        match text(body, "region") {
            "" => Dynamic::Null,
            region => Dynamic::string(last_segment(region)),
        }
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        if let Some(region) = value.as_str() {
            body["region"] = json!(region.to_lowercase());
        }
    }
    fn masks(&self) -> &'static [&'static str] {
        &["region"]
    }
}

/// A list of ranges with their names.
struct SecondaryRanges;

const SECONDARY: &str = "secondaryIpRanges";

/// A field that a verb of its own changes.
const PRIVATE_ACCESS: &str = "privateIpGoogleAccess";

impl Codec for SecondaryRanges {
    fn read(&self, body: &Json) -> Dynamic {
        let ranges = body.get(SECONDARY).and_then(Json::as_array).into_iter().flatten();
        let ranges: BTreeMap<String, String> =
            ranges.map(|range| (text(range, "rangeName").to_owned(), text(range, "ipCidrRange").to_owned())).collect();
        if ranges.is_empty() { Dynamic::Null } else { tree::string_map(&ranges) }
    }
    fn write(&self, value: &Dynamic, body: &mut Json) {
        let ranges = tree::strings(value);
        let ranges = ranges.iter().map(|(name, range)| json!({"rangeName": name, "ipCidrRange": range}));
        body[SECONDARY] = Json::Array(ranges.collect());
    }
    fn masks(&self) -> &'static [&'static str] {
        &[SECONDARY]
    }
    fn expresses(&self) -> &'static [&'static str] {
        &["secondaryIpRanges.*.rangeName", "secondaryIpRanges.*.ipCidrRange"]
    }
}

/// What is wrong with a new subnetwork.
pub(super) fn validate(subnetwork: &Subnetwork, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(range) = subnetwork.ip_cidr_range.known() {
        check_range(range, &path.attribute("ip_cidr_range"), diagnostics);
    }
    if let Some(logs) = subnetwork.flow_logs.known() {
        flow_logs::validate(logs, &path.attribute("flow_logs"), diagnostics);
    }
    let is_for_proxies =
        |purpose: &Purpose| matches!(purpose, Purpose::RegionalManagedProxy | Purpose::GlobalManagedProxy);
    if subnetwork.role.known().is_some() && subnetwork.purpose.known().is_some_and(|purpose| !is_for_proxies(purpose)) {
        let text =
            "role goes with the purpose REGIONAL_MANAGED_PROXY or GLOBAL_MANAGED_PROXY. Set that, or remove role.";
        diagnostics.push(Diagnostic::error("A role without proxies", text).at(path.attribute("role")));
    }
    for (name, range) in subnetwork.secondary_ranges.known().into_iter().flatten() {
        let at = path.attribute("secondary_ranges").key(name);
        check_range(range, &at, diagnostics);
    }
}

fn check_range(range: &str, path: &Path, diagnostics: &mut Diagnostics) {
    if !is_range(range) {
        let text = format!(
            "{range:?} is not a range of addresses. Write its first address and the length of its prefix, 4 to 29, such as \
             \"10.0.0.0/24\"."
        );
        diagnostics.push(Diagnostic::error("Not a range of addresses", text).at(path.clone()));
    }
}

/// Whether it is a range of IPv4 addresses, written by its first.
fn is_range(range: &str) -> bool {
    let Some((address, length)) = range.split_once('/') else { return false };
    let (Ok(address), Ok(length)) = (address.parse::<std::net::Ipv4Addr>(), length.parse::<u32>()) else {
        return false;
    };
    (4..=29).contains(&length) && u32::from(address).trailing_zeros() >= 32 - length
}

/// Fills in what the subnetwork means and the API will say.
pub(super) fn complete(key: &str, subnetwork: &mut Dynamic, scope: &Scope) {
    if subnetwork.get("name").is_null() {
        tree::set(subnetwork, "name", Dynamic::string(key));
    }
    if subnetwork.get("region").is_null() {
        tree::set(subnetwork, "region", Dynamic::string(&scope.place.region));
    }
}

/// `None` while it is not known.
pub(super) fn relative_name(key: &str, subnetwork: &Dynamic, scope: &Scope) -> Option<String> {
    let said = |name: &str, usual: &str| match subnetwork.get(name) {
        Dynamic::Unknown => None,
        value => Some(value.as_str().unwrap_or(usual).to_owned()),
    };
    let (name, region) = (said("name", key)?, said("region", &scope.place.region)?.to_lowercase());
    Some(full_name(&region, &name, scope))
}

fn full_name(region: &str, name: &str, scope: &Scope) -> String {
    format!("projects/{}/regions/{region}/subnetworks/{name}", scope.place.account)
}

/// The name of a subnetwork, as it hangs in the network's JSON.
fn name_of(subnetwork: &Json, scope: &Scope) -> String {
    full_name(last_segment(text(subnetwork, "region")), text(subnetwork, "name"), scope)
}

/// The subnetworks of each network; not those that Google makes.
pub(super) async fn read(networks: &[Json], run: Run<'_>) -> Result<Vec<Vec<Json>>, ApiError> {
    if networks.iter().all(|network| network.get("subnetworks").is_none()) {
        return Ok(vec![Vec::new(); networks.len()]);
    }
    let all = compute::list_regional(run, "subnetworks").await?;
    let of = |network: &Json| {
        let name = relative(text(network, "selfLink"));
        let is_usual = |child: &Json| super::makes_subnetworks(network) && text(child, "name") == text(network, "name");
        let mine = all.iter().filter(|child| relative(text(child, "network")) == name && !is_usual(child));
        mine.map(|child| hung(child.clone(), run.scope)).collect()
    };
    Ok(networks.iter().map(of).collect())
}

fn hung(mut subnetwork: Json, scope: &Scope) -> Json {
    subnetwork["relativeName"] = json!(name_of(&subnetwork, scope));
    subnetwork
}

/// Makes, changes and deletes subnetworks of `network`; gives those that there are then. What goes makes room: a subnetwork
/// under another name, or in another region, may have its addresses.
pub(super) async fn write(
    network: &str,
    had: Vec<&Json>,
    wanted: Vec<&Json>,
    run: Run<'_>,
) -> (Vec<Json>, Result<(), ApiError>) {
    let by_name = |children: Vec<&Json>| -> BTreeMap<String, Json> {
        children.into_iter().map(|child| (name_of(child, run.scope), child.clone())).collect()
    };
    let (had, wanted) = (by_name(had), by_name(wanted));
    let changed = wanted.iter().map(|(name, wanted)| {
        let current = had.get(name);
        async move {
            let ended = match current {
                // One that is made anew has nothing of the old one.
                Some(_) if wanted.get("id").is_none() => match compute::delete(run, name).await {
                    Ok(()) => make(network, name, wanted, run).await,
                    Err(error) => Err(error),
                },
                Some(current) => change(name, current, wanted, run).await,
                None => make(network, name, wanted, run).await,
            };
            match ended {
                Ok(()) => (Some(hung(wanted.clone(), run.scope)), Ok(())),
                Err(error) => (current.cloned(), Err(error)),
            }
        }
    });
    let gone = had.iter().filter(|(name, _)| !wanted.contains_key(*name)).map(|(name, current)| async move {
        match compute::delete(run, name).await {
            Ok(()) => (None, Ok(())),
            Err(error) => (Some(current.clone()), Err(error)),
        }
    });
    let gone = join_all(gone).await;
    let changed = join_all(changed).await;
    let mut there = Vec::new();
    let mut result = Ok(());
    for (child, ended) in changed.into_iter().chain(gone) {
        there.extend(child);
        result = result.and(ended);
    }
    (there, result)
}

async fn make(network: &str, name: &str, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let collection = name.rsplit_once('/').map_or(name, |(collection, _)| collection);
    let mut body = json!({"name": last_segment(name), "network": network});
    for field in ["description", "ipCidrRange", flow_logs::FIELD, PRIVATE_ACCESS, "purpose", "role", SECONDARY] {
        if let Some(value) = wanted.get(field) {
            body[field] = value.clone();
        }
    }
    compute::make(run, collection, body).await
}

async fn change(name: &str, current: &Json, wanted: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let said = |field: &str, none: Json| wanted.get(field).cloned().unwrap_or(none);
    let mut settings = json!({
        SECONDARY: said(SECONDARY, json!([])),
        flow_logs::FIELD: said(flow_logs::FIELD, json!({"enable": false})),
    });
    if let Some(role) = wanted.get("role") {
        settings["role"] = role.clone();
    }
    compute::revise(run, name, current, &settings).await?;
    let has_access = |subnetwork: &Json| subnetwork.get(PRIVATE_ACCESS).and_then(Json::as_bool) == Some(true);
    if has_access(current) == has_access(wanted) {
        return Ok(());
    }
    let verb = format!("{name}/setPrivateIpGoogleAccess");
    compute::post(run, &verb, json!({PRIVATE_ACCESS: has_access(wanted)})).await
}

/// Deletes subnetworks, side by side. All are tried, whatever becomes of one.
pub(super) async fn delete_all(names: &[String], run: Run<'_>) -> Result<(), ApiError> {
    let deletions = names.iter().map(|name| compute::delete(run, name));
    join_all(deletions).await.into_iter().collect()
}
