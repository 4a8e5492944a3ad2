//! What is wrong with a load balancer.

use std::collections::BTreeMap;

use tfplugin::{Diagnostic, Diagnostics, Path, Value};

use super::backend::Backend;
use super::frontend::{Frontend, Protocol};
use super::{LoadBalancerSpec, Scheme};
use crate::google::kinds::limits;

const MOST_CERTIFICATES: usize = 15;
const MOST_DOMAINS: usize = 100;
const LONGEST_TIMEOUT: u64 = 86_400;
const USUAL_TIMEOUT: u64 = 30;

/// Rules that every load balancer keeps.
pub(super) fn always(spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
    name(&spec.name, path, diagnostics);
    let backends = path.attribute("backends");
    for (key, backend) in spec.backends.known().into_iter().flatten() {
        let path = backends.key(key);
        name(&backend.name, &path, diagnostics);
        one_target(backend, &path, diagnostics);
    }
    for (key, frontend) in spec.frontends.known().into_iter().flatten() {
        let path = path.attribute("frontends").key(key);
        name(&frontend.name, &path, diagnostics);
        of_protocol(frontend, &path, diagnostics);
        two_maps(&spec.name, frontend, &path, diagnostics);
    }
    for (key, address) in spec.addresses.known().into_iter().flatten() {
        name(&address.name, &path.attribute("addresses").key(key), diagnostics);
    }
    for (key, certificate) in spec.certificates.known().into_iter().flatten() {
        name(&certificate.name, &path.attribute("certificates").key(key), diagnostics);
    }
}

/// Rules for what is new.
pub(super) fn new(spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
    references(spec, path, diagnostics);
    destinations(spec, path, diagnostics);
    let is_classic = spec.scheme.known().is_some_and(|scheme| *scheme == Scheme::External);
    for (key, backend) in spec.backends.known().into_iter().flatten() {
        let path = path.attribute("backends").key(key);
        limits::length(&backend.timeout, (1, LONGEST_TIMEOUT), "timeout", &path, diagnostics);
        let timeout = backend.timeout.known().map(|timeout| timeout.to_std().as_secs());
        if is_classic && !backend.service.is_null() && timeout.is_some_and(|timeout| timeout != USUAL_TIMEOUT) {
            let detail = "The classic load balancer (scheme EXTERNAL) waits 30s for a service of Cloud Run, and takes no other \
                          timeout. Remove timeout, or use the scheme EXTERNAL_MANAGED.";
            diagnostics.push(Diagnostic::error("timeout cannot be set", detail).at(path.attribute("timeout")));
        }
    }
    for (key, certificate) in spec.certificates.known().into_iter().flatten() {
        let count = certificate.domains.known().map_or(1, |domains| domains.len());
        if count == 0 || count > MOST_DOMAINS {
            let detail = format!("A certificate is for 1 to {MOST_DOMAINS} domains; this one has {count}.");
            let path = path.attribute("certificates").key(key).attribute("domains");
            diagnostics.push(Diagnostic::error("Wrong number of domains", detail).at(path));
        }
    }
}

/// What cannot be changed under one name.
pub(super) fn change(before: &LoadBalancerSpec, after: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let was = before.certificates.known();
    for (key, certificate) in after.certificates.known().into_iter().flatten() {
        let mut others = was.into_iter().flatten().map(|(_, other)| other);
        let same = others.find(|other| other.name.known().is_some() && other.name.known() == certificate.name.known());
        if let (Some(same), Some(domains)) = (same, certificate.domains.known())
            && same.domains.known().is_some_and(|was| was != domains)
        {
            let detail = "The domains of a certificate cannot be changed. Give it another name, or none: the new certificate \
                          is then made first, and the old one deleted once no frontend uses it.";
            let path = path.attribute("certificates").key(key).attribute("domains");
            diagnostics.push(Diagnostic::error("The domains of a certificate cannot be changed", detail).at(path));
        }
    }
    let was = before.backends.known();
    for (key, backend) in after.backends.known().into_iter().flatten() {
        let mut others = was.into_iter().flatten().map(|(_, other)| other);
        let same = others.find(|other| other.neg.known().is_some() && other.neg.known() == backend.neg.known());
        let told = |backend: &Backend| {
            [&backend.service, &backend.tag, &backend.location].map(|value| value.known().cloned().unwrap_or_default())
        };
        if let Some(same) = same
            && backend.service.known().is_some()
            && told(same) != told(backend)
        {
            let detail = "A network endpoint group cannot be changed. Give it another name in neg, or none: the new group is \
                          then made first, and the old one deleted once the backend service does not use it.";
            let path = path.attribute("backends").key(key).attribute("neg");
            diagnostics.push(Diagnostic::error("A network endpoint group cannot be changed", detail).at(path));
        }
    }
}

/// A backend is a service or a bucket.
fn one_target(backend: &Backend, path: &Path, diagnostics: &mut Diagnostics) {
    let has_service = !backend.service.is_null();
    if has_service != backend.bucket.is_null() {
        let detail = "A backend has either service, for Cloud Run, or bucket, for objects of Cloud Storage.";
        diagnostics.push(Diagnostic::error("Either service or bucket", detail).at(path.attribute("service")));
    }
    if has_service {
        return;
    }
    for (attribute, value) in [("tag", &backend.tag), ("neg", &backend.neg)] {
        if !value.is_null() {
            let detail = format!("{attribute} is for backends with a service; this one has a bucket. Remove it.");
            let title = format!("{attribute} without a service");
            diagnostics.push(Diagnostic::error(title, detail).at(path.attribute(attribute)));
        }
    }
}

/// What goes with HTTP, and what with HTTPS.
fn of_protocol(frontend: &Frontend, path: &Path, diagnostics: &mut Diagnostics) {
    let protocol = if frontend.protocol.is_null() { Some(&Protocol::Https) } else { frontend.protocol.known() };
    let Some(protocol) = protocol else { return };
    let is_https = *protocol == Protocol::Https;
    let mut error = |attribute: &'static str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
    };
    if let Some(port) = frontend.port.known().filter(|port| !(1..=65_535).contains(*port)) {
        error("port", "port out of range", format!("port must be between 1 and 65535; it is {port}."));
    }
    let certificates = frontend.certificates.known().map_or(0, |certificates| certificates.len());
    if is_https
        && (frontend.certificates.is_null() || frontend.certificates.known().is_some_and(|list| list.is_empty()))
    {
        let detail = "A frontend of HTTPS needs certificates: KEYs of certificates, or names of ones that exist.";
        error("certificates", "HTTPS without a certificate", detail.to_owned());
    }
    if certificates > MOST_CERTIFICATES {
        let detail = format!("A frontend has at most {MOST_CERTIFICATES} certificates; this one has {certificates}.");
        error("certificates", "Too many certificates", detail);
    }
    if !is_https && (certificates > 0 || !frontend.ssl_policy.is_null()) {
        let detail =
            "certificates and ssl_policy are for frontends of HTTPS. Remove them, or set protocol = \"HTTPS\".";
        error("protocol", "Certificates on HTTP", detail.to_owned());
    }
    if is_https && frontend.redirect_to_https.known() == Some(&true) {
        let detail = "A frontend that speaks HTTPS has nothing to redirect to. Set protocol = \"HTTP\" on it.";
        error("redirect_to_https", "A redirect from HTTPS to HTTPS", detail.to_owned());
    }
    if frontend.redirect_to_https.known() == Some(&false) && !frontend.redirect_map.is_null() {
        let detail = "redirect_map names the URL map of a redirect. Set redirect_to_https = true, or remove it.";
        error("redirect_map", "redirect_map without a redirect", detail.to_owned());
    }
}

/// A redirect is a URL map of its own, and takes its name from the forwarding rule where it has none.
fn two_maps(balancer: &Value<String>, frontend: &Frontend, path: &Path, diagnostics: &mut Diagnostics) {
    let map = if frontend.redirect_map.is_null() { &frontend.name } else { &frontend.redirect_map };
    let (Some(true), Some(map), Some(balancer)) = (frontend.redirect_to_https.known(), map.known(), balancer.known())
    else {
        return;
    };
    if map == balancer {
        let detail = format!(
            "The redirect would be the URL map {map:?}, which is the load balancer's own. Set redirect_map to another name."
        );
        diagnostics.push(Diagnostic::error("Two URL maps of one name", detail).at(path.attribute("redirect_to_https")));
    }
}

/// A route, and a path in it, leads somewhere.
fn destinations(spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let mut require = |value: &Value<String>, path: Path| {
        if value.is_null() {
            let detail = "Say where the requests go: with the KEY of a backend, or \"backendServices/NAME\" or \
                          \"backendBuckets/NAME\" for one that exists outside the stack.";
            diagnostics.push(Diagnostic::error("A route without a backend", detail).at(path));
        }
    };
    for (index, route) in spec.routes.known().into_iter().flatten().enumerate() {
        let at = path.attribute("routes").index(index);
        require(&route.default_backend, at.attribute("default_backend"));
        for (index, rule) in route.paths.known().into_iter().flatten().enumerate() {
            require(&rule.backend, at.attribute("paths").index(index).attribute("backend"));
        }
    }
}

/// Every backend that is named is one of the load balancer's, or written as one that exists outside.
fn references(spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
    let Some(backends) = (if spec.backends.is_null() { Some(&NONE) } else { spec.backends.known() }) else { return };
    let mut check = |value: &Value<String>, path: Path| {
        let is_outside = |text: &str| {
            let name = text.strip_prefix("backendServices/").or_else(|| text.strip_prefix("backendBuckets/"));
            name.is_some_and(limits::is_compute_name)
        };
        if let Some(text) = value.known().filter(|text| !backends.contains_key(*text) && !is_outside(text)) {
            let keys: Vec<String> = backends.keys().map(|key| format!("{key:?}")).collect();
            let detail = format!(
                "{text:?} is neither a backend of this load balancer ({}) nor one that exists outside, which is written \
                 \"backendServices/NAME\" or \"backendBuckets/NAME\".",
                if keys.is_empty() { "it has none".to_owned() } else { keys.join(", ") }
            );
            diagnostics.push(Diagnostic::error("Unknown backend", detail).at(path));
        }
    };
    check(&spec.default_backend, path.attribute("default_backend"));
    for (index, route) in spec.routes.known().into_iter().flatten().enumerate() {
        let at = path.attribute("routes").index(index);
        check(&route.default_backend, at.attribute("default_backend"));
        for (index, rule) in route.paths.known().into_iter().flatten().enumerate() {
            check(&rule.backend, at.attribute("paths").index(index).attribute("backend"));
        }
    }
}

static NONE: BTreeMap<String, Backend> = BTreeMap::new();

/// The rule for names of Compute Engine.
fn name(name: &Value<String>, path: &Path, diagnostics: &mut Diagnostics) {
    if let Some(detail) = name.known().and_then(|name| limits::compute_name(name)) {
        diagnostics.push(Diagnostic::error("Invalid name in a load balancer", detail).at(path.attribute("name")));
    }
}
