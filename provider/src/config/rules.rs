//! What the schema cannot say about the provider block: ranges, addresses, labels, and what excludes what.

use std::ops::RangeInclusive;

use reqwest::Url;
use tfplugin::{Diagnostic, Diagnostics, Path, Value, name};

use super::ProviderConfig;
use crate::google::api::host::is_loopback;
use crate::types::label::MOST_LABELS;
use crate::types::{check_common_label_key, check_label_value};

/// Retries beyond this only hide an outage.
pub(super) const RETRIES: RangeInclusive<i64> = 0..=100;
/// Google's front ends allow more, its quotas hardly do.
pub(super) const PARALLELISM: RangeInclusive<i64> = 1..=256;

pub(super) fn check(config: &ProviderConfig) -> Diagnostics {
    let mut found = Diagnostics::new();
    credentials(config, &mut found);
    region(config, &mut found);
    range(&config.max_retries, RETRIES, &Path::root(), name!(ProviderConfig.max_retries), &mut found);
    range(&config.parallelism, PARALLELISM, &Path::root(), name!(ProviderConfig.parallelism), &mut found);
    timeout(config, &mut found);
    labels(config, &mut found);
    addresses(config, &mut found);
    found
}

fn at(attribute: &str) -> Path {
    Path::root().attribute(attribute)
}

fn credentials(config: &ProviderConfig, found: &mut Diagnostics) {
    if config.credentials.known().is_some() && config.access_token.known().is_some() {
        let detail = "Both credentials and access_token are set, and only one of them can be used. Remove one; with a token that another \
                      tool obtained, keep access_token.";
        found.push(Diagnostic::error("Conflicting credentials", detail).at(at(name!(ProviderConfig.access_token))));
    }
    if config.billing_project.known().is_some() && config.user_project_override.known() == Some(&false) {
        let detail = "billing_project has no effect, because user_project_override is false. Set user_project_override = true to use that \
                      project's quota.";
        found
            .push(Diagnostic::warning("Attribute has no effect", detail).at(at(name!(ProviderConfig.billing_project))));
    }
}

fn region(config: &ProviderConfig, found: &mut Diagnostics) {
    if let Some(place) = config.region.known().filter(|place| !place.is_region()) {
        let detail = format!(
            "{place} is not a region. Services and registries need one, such as europe-west1; a bucket in several regions has its own \
             location."
        );
        found.push(Diagnostic::error("Invalid region", detail).at(at(name!(ProviderConfig.region))));
    }
}

pub(super) fn range(
    value: &Value<i64>,
    allowed: RangeInclusive<i64>,
    at: &Path,
    attribute: &str,
    found: &mut Diagnostics,
) {
    if let Some(value) = value.known().filter(|value| !allowed.contains(value)) {
        let detail = format!("{attribute} is {value}; it can be from {} to {}.", allowed.start(), allowed.end());
        found.push(Diagnostic::error("Number out of range", detail).at(at.attribute(attribute)));
    }
}

fn timeout(config: &ProviderConfig, found: &mut Diagnostics) {
    let too_short = |timeout: &&crate::types::Duration| timeout.to_std() < std::time::Duration::from_secs(1);
    if let Some(timeout) = config.request_timeout.known().filter(too_short) {
        let detail = format!("request_timeout is {timeout}; a call needs at least 1s.");
        found.push(Diagnostic::error("Timeout too short", detail).at(at(name!(ProviderConfig.request_timeout))));
    }
}

fn labels(config: &ProviderConfig, found: &mut Diagnostics) {
    let Some(labels) = config.default_labels.known() else { return };
    let path = at(name!(ProviderConfig.default_labels));
    if labels.len() > MOST_LABELS {
        let detail = format!("There are {} labels; an object can have {MOST_LABELS}.", labels.len());
        found.push(Diagnostic::error("Too many labels", detail).at(path.clone()));
    }
    for (key, value) in labels {
        if let Err(reason) = check_common_label_key(key).and_then(|()| check_label_value(value)) {
            let detail = format!("Label {key:?} = {value:?}: {reason}.");
            found.push(Diagnostic::error("Invalid label", detail).at(path.key(key)));
        }
    }
}

fn addresses(config: &ProviderConfig, found: &mut Diagnostics) {
    if let Some(text) = config.endpoint.known() {
        check_address(text, at(name!(ProviderConfig.endpoint)), found);
    }
    for (host, text) in config.endpoints.known().into_iter().flatten() {
        let path = at(name!(ProviderConfig.endpoints)).key(host);
        if !is_host(host) {
            let hint = host.split(['/', '.', ':']).find(|part| !part.is_empty()).unwrap_or("run");
            let detail = format!("{host:?} is not an API host. Keys are DNS names, such as {hint}.googleapis.com.");
            found.push(Diagnostic::error("Unknown API host", detail).at(path.clone()));
        }
        check_address(text, path, found);
    }
}

fn check_address(text: &str, path: Path, found: &mut Diagnostics) {
    match address(text) {
        Err(reason) => {
            let detail = format!("{text:?}: {reason}. Write it as https://host or http://127.0.0.1:9000.");
            found.push(Diagnostic::error("Invalid endpoint URL", detail).at(path));
        }
        Ok(url) if url.scheme() == "http" && !is_loopback(&url) => {
            let detail = format!(
                "{text} is neither on this machine nor under TLS: calls go there without credentials. Use https:// if they need any."
            );
            found.push(Diagnostic::warning("No credentials are sent without TLS", detail).at(path));
        }
        Ok(_) => {}
    }
}

fn is_host(host: &str) -> bool {
    host.contains('.') && host.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'))
}

/// Reads an address to which paths can be added.
pub(super) fn address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "it is not a URL")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("it begins with neither https:// nor http://");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it has a query or a fragment, behind which no path can follow");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or a password, which do not belong into an address");
    }
    Ok(url)
}
