//! Ranges that a network keeps for Google's services: global addresses, which the peering with the services names.
//!
//! A range is there when the peering has it: an address that is not in the peering yet is made on the way.

use std::collections::BTreeSet;

use futures::future::{join_all, try_join_all};
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use super::peering;
use crate::engine::marks::{Identity, Immutable, wire};
use crate::engine::scope::Scope;
use crate::engine::tree;
use crate::engine::wire::text;
use crate::google::api::{ApiError, relative};
use crate::google::compute;
use crate::google::kinds::limits;
use crate::google::names::last_segment;
use crate::google::session::Run;

/// A range of addresses for Google's services.
#[derive(Object, Clone)]
#[tf(nested)]
pub(in crate::google::kinds) struct ServiceRange {
    /// The range's name, unique in the project: 1 to 63 lower-case letters, digits and `-`, with a letter first and no `-`
    /// last. Defaults to the KEY.
    #[tf(optional, ext(wire("name"), Identity))]
    pub(super) name: Value<String>,
    /// How large the range is: 8 to 30, the length of its prefix. Each service takes a part of it; 16 is enough for all, 24 is
    /// the least that Google advises. Immutable.
    #[tf(required, ext(wire("prefixLength"), Immutable))]
    pub(super) prefix_length: Value<i64>,
    /// The first address, such as `10.100.0.0`. Google finds a free range when nothing is said. Immutable.
    #[tf(optional, computed, ext(wire("address"), Immutable))]
    pub(super) address: Value<String>,
    /// What the range is for. Immutable.
    #[tf(optional, ext(wire("description"), Immutable))]
    pub(super) description: Value<String>,
}

/// What is wrong with a new range.
pub(super) fn validate(range: &ServiceRange, path: &Path, diagnostics: &mut Diagnostics) {
    limits::number(&range.prefix_length, (8, 30), "prefix_length", path, diagnostics);
    let is_address = |text: &str| text.parse::<std::net::Ipv4Addr>().is_ok();
    if let Some(address) = range.address.known().filter(|address| !is_address(address)) {
        let text = format!("{address:?} is not an address. Write the first one of the range, such as \"10.100.0.0\".");
        diagnostics.push(Diagnostic::error("Not an address", text).at(path.attribute("address")));
    }
}

/// Fills in what the range means and the API will say.
pub(super) fn complete(key: &str, range: &mut Dynamic) {
    if range.get("name").is_null() {
        tree::set(range, "name", Dynamic::string(key));
    }
}

/// `None` while it is not known.
pub(super) fn relative_name(key: &str, range: &Dynamic, scope: &Scope) -> Option<String> {
    match range.get("name") {
        Dynamic::Unknown => None,
        name => Some(full_name(name.as_str().unwrap_or(key), scope)),
    }
}

fn full_name(name: &str, scope: &Scope) -> String {
    format!("{}/{name}", collection(scope))
}

fn collection(scope: &Scope) -> String {
    format!("projects/{}/global/addresses", scope.place.account)
}

/// The ranges that the peering of each network has.
pub(super) async fn read(networks: &[Json], run: Run<'_>) -> Result<Vec<Vec<Json>>, ApiError> {
    if !networks.iter().any(peering::is_in) {
        return Ok(vec![Vec::new(); networks.len()]);
    }
    let all = compute::list(run, &["addresses"]);
    let named = try_join_all(networks.iter().map(|network| async move {
        match peering::is_in(network) {
            true => peering::ranges(text(network, "name"), run).await,
            false => Ok(Vec::new()),
        }
    }));
    let (all, named) = futures::try_join!(all, named)?;
    let of = |(network, named): (&Json, Vec<String>)| {
        let name = relative(text(network, "selfLink"));
        let is_its = |address: &&Json| {
            text(address, "purpose") == "VPC_PEERING"
                && relative(text(address, "network")) == name
                && named.iter().any(|named| named == text(address, "name"))
        };
        all.iter().filter(is_its).cloned().collect()
    };
    Ok(networks.iter().zip(named).map(of).collect())
}

/// Makes the ranges of `network` those that are wanted, and the peering with them; gives those that there are then.
pub(super) async fn write(
    network: &str,
    had: Vec<&Json>,
    wanted: Vec<&Json>,
    run: Run<'_>,
) -> (Vec<Json>, Result<(), ApiError>) {
    let names =
        |ranges: &[&Json]| -> BTreeSet<String> { ranges.iter().map(|range| text(range, "name").to_owned()).collect() };
    // One that is made anew has nothing of the old one.
    let is_kept = |range: &&Json| range.get("id").is_some();
    let (old, new) = (names(&had), names(&wanted));
    let kept: BTreeSet<String> = names(&wanted.iter().copied().filter(is_kept).collect::<Vec<_>>());
    let remade: Vec<String> = old.iter().filter(|name| new.contains(*name) && !kept.contains(*name)).cloned().collect();
    if old == new && remade.is_empty() {
        return (wanted.into_iter().cloned().collect(), Ok(()));
    }
    let owned = |ranges: Vec<&Json>| ranges.into_iter().cloned().collect::<Vec<Json>>();
    if !remade.is_empty()
        && let Err(error) = withdraw(network, &remade, run).await
    {
        return (owned(had), Err(error));
    }
    let made = wanted.iter().filter(|range| !is_kept(range)).map(|range| make(network, range, run));
    if let Some(error) = join_all(made).await.into_iter().find_map(Result::err) {
        return (
            had.into_iter().filter(|range| !remade.iter().any(|name| name == text(range, "name"))).cloned().collect(),
            Err(error),
        );
    }
    let gone: Vec<String> = old.difference(&new).cloned().collect();
    let named: Vec<String> = new.iter().cloned().collect();
    let peered = match named.is_empty() {
        true => peering::end(last_segment(network), run).await,
        false => peering::set(last_segment(network), &named, run).await,
    };
    if let Err(error) = peered {
        return (owned(had), Err(error));
    }
    let deleted = delete_addresses(&gone, run).await;
    (owned(wanted), deleted)
}

async fn make(network: &str, range: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let mut body = json!({
        "name": text(range, "name"), "network": network, "purpose": "VPC_PEERING", "addressType": "INTERNAL",
    });
    for field in ["prefixLength", "address", "description"] {
        if let Some(value) = range.get(field) {
            body[field] = value.clone();
        }
    }
    compute::make(run, &collection(run.scope), body).await
}

/// Takes ranges out of the peering, and deletes them.
async fn withdraw(network: &str, names: &[String], run: Run<'_>) -> Result<(), ApiError> {
    let network = last_segment(network);
    let mut left = peering::ranges(network, run).await?;
    let before = left.len();
    left.retain(|name| !names.contains(name));
    if left.len() < before {
        match left.is_empty() {
            true => peering::end(network, run).await?,
            false => peering::set(network, &left, run).await?,
        }
    }
    delete_addresses(names, run).await
}

async fn delete_addresses(names: &[String], run: Run<'_>) -> Result<(), ApiError> {
    let deletions = names.iter().map(|name| async move { compute::delete(run, &full_name(name, run.scope)).await });
    join_all(deletions).await.into_iter().collect()
}

/// Deletes ranges of the network of that short name, and with the last one its peering with the services.
pub(super) async fn delete_all(network: &str, names: &[String], run: Run<'_>) -> Result<(), ApiError> {
    if names.is_empty() { Ok(()) } else { withdraw(network, names, run).await }
}
