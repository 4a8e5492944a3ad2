//! Names of what is inside a load balancer: the usual ones where the configuration is silent, and KEYs in their place.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use tfplugin::{Dynamic, Name, Number};

use crate::engine::scope::Scope;
use crate::engine::tree;

/// The longest name that the API takes.
const LONGEST: usize = 63;
const CHILDREN: [&str; 4] = ["addresses", "backends", "certificates", "frontends"];

/// A name of the load balancer's own, cut so that its end stays.
fn usual(balancer: &str, ending: &str) -> String {
    let room = LONGEST.saturating_sub(ending.len() + 1).min(balancer.len());
    let start = balancer.get(..room).unwrap_or(balancer).trim_end_matches('-');
    format!("{start}-{}", ending.to_lowercase().replace(['_', '.'], "-"))
}

/// A few letters that change with the texts.
fn digest(texts: &[&str]) -> String {
    let digest = Sha256::digest(texts.join("\n"));
    digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect()
}

fn children_of<'c>(component: &'c mut Dynamic, attribute: &str) -> impl Iterator<Item = (&'c Name, &'c mut Dynamic)> {
    let entries = component.as_entries_mut().and_then(|entries| entries.get_mut(attribute));
    entries.and_then(Dynamic::as_entries_mut).into_iter().flatten().filter(|(_, child)| child.as_entries().is_some())
}

fn fill(child: &mut Dynamic, attribute: &'static str, value: Option<Dynamic>) {
    if let (true, Some(value)) = (child.get(attribute).is_null(), value) {
        tree::set(child, attribute, value);
    }
}

/// Writes out what the component implies: names, ports, and names in place of the KEYs of its own parts.
pub(super) fn complete(component: &mut Dynamic, scope: &Scope) {
    let Some(balancer) = tree::text(component, "name").map(str::to_owned) else { return };
    for (key, address) in children_of(component, "addresses") {
        fill(address, "name", Some(Dynamic::String(usual(&balancer, key))));
    }
    for (key, backend) in children_of(component, "backends") {
        fill(backend, "name", Some(Dynamic::String(usual(&balancer, key))));
        if backend.get("service").is_null() {
            continue;
        }
        fill(backend, "location", Some(Dynamic::string(&scope.place.region)));
        let neg = group_name(&balancer, key, backend);
        fill(backend, "neg", Some(neg));
    }
    for (key, certificate) in children_of(component, "certificates") {
        let name = certificate_name(&balancer, key, certificate);
        fill(certificate, "name", Some(name));
    }
    for (key, frontend) in children_of(component, "frontends") {
        fill(frontend, "name", Some(Dynamic::String(usual(&balancer, key))));
        let name = frontend.get("name").clone();
        fill(frontend, "proxy", Some(name.clone()));
        let port = if tree::text(frontend, "protocol") == Some("HTTP") { 80 } else { 443 };
        fill(frontend, "port", Some(Dynamic::Number(Number::from(i64::from(port)))));
        if *frontend.get("redirect_to_https") == Dynamic::Bool(true) {
            fill(frontend, "redirect_map", Some(name));
        }
    }
    resolve(component, &Translation::to_names(component));
}

/// The usual name of an endpoint group, which cannot be changed: it follows what the group stands for.
fn group_name(balancer: &str, key: &str, backend: &Dynamic) -> Dynamic {
    let mut said = Vec::new();
    for attribute in ["service", "tag", "location"] {
        match backend.get(attribute) {
            Dynamic::Unknown => return Dynamic::Unknown,
            value => said.push(value.as_str().unwrap_or_default()),
        }
    }
    Dynamic::String(usual(balancer, &format!("{key}-{}", digest(&said))))
}

/// The usual name of a certificate, which cannot be changed either.
fn certificate_name(balancer: &str, key: &str, certificate: &Dynamic) -> Dynamic {
    let domains = certificate.get("domains");
    if !domains.is_wholly_known() {
        return Dynamic::Unknown;
    }
    Dynamic::String(usual(balancer, &format!("{key}-{}", digest(&tree::texts(domains)))))
}

/// Pairs of what stands in the component and what shall stand there.
struct Translation {
    addresses: Vec<(String, Dynamic)>,
    backends: Vec<(String, Dynamic)>,
    certificates: Vec<(String, Dynamic)>,
}

impl Translation {
    fn to_names(component: &Dynamic) -> Self {
        let named = |attribute: &str| entries(component, attribute, |key, child| (key, child.get("name").clone()));
        let backends = entries(component, "backends", |key, child| {
            let reference = match child.get("name") {
                Dynamic::String(name) => Dynamic::String(format!("{}/{name}", collection(child))),
                other => other.clone(),
            };
            (key, reference)
        });
        Self { addresses: named("addresses"), backends, certificates: named("certificates") }
    }

    fn to_keys(component: &Dynamic) -> Self {
        let keyed = |attribute: &str| {
            entries(component, attribute, |key, child| {
                (child.get("name").as_str().unwrap_or_default().to_owned(), Dynamic::String(key))
            })
        };
        let backends = entries(component, "backends", |key, child| {
            let name = child.get("name").as_str().unwrap_or_default();
            (format!("{}/{name}", collection(child)), Dynamic::String(key))
        });
        Self { addresses: keyed("addresses"), backends, certificates: keyed("certificates") }
    }
}

fn entries(
    component: &Dynamic,
    attribute: &str,
    pair: impl Fn(String, &Dynamic) -> (String, Dynamic),
) -> Vec<(String, Dynamic)> {
    let children = component.get(attribute).as_entries().into_iter().flatten();
    children.map(|(key, child)| pair(key.to_string(), child)).collect()
}

/// Where the object of a backend lies.
fn collection(backend: &Dynamic) -> &'static str {
    if backend.get("bucket").is_null() { "backendServices" } else { "backendBuckets" }
}

fn translate(value: &mut Dynamic, pairs: &[(String, Dynamic)]) {
    tree::change_texts(value, &mut |text| {
        let found = pairs.iter().find(|(from, _)| from == text).map(|(_, to)| to.clone());
        found.unwrap_or_else(|| Dynamic::string(text))
    });
}

fn translate_at(object: &mut Dynamic, attribute: &str, pairs: &[(String, Dynamic)]) {
    if let Some(value) = object.as_entries_mut().and_then(|entries| entries.get_mut(attribute)) {
        translate(value, pairs);
    }
}

fn resolve(component: &mut Dynamic, translation: &Translation) {
    translate_at(component, "default_backend", &translation.backends);
    for route in elements(component, "routes") {
        translate_at(route, "default_backend", &translation.backends);
        for rule in elements(route, "paths") {
            translate_at(rule, "backend", &translation.backends);
        }
    }
    for (_, frontend) in children_of(component, "frontends") {
        translate_at(frontend, "address", &translation.addresses);
        translate_at(frontend, "certificates", &translation.certificates);
    }
}

fn elements<'c>(object: &'c mut Dynamic, attribute: &str) -> impl Iterator<Item = &'c mut Dynamic> {
    let list = object.as_entries_mut().and_then(|entries| entries.get_mut(attribute));
    match list {
        Some(Dynamic::List(items)) => items.iter_mut(),
        _ => [].iter_mut(),
    }
}

/// Puts KEYs in the place of names, as a person would write them.
pub(super) fn by_key(component: &mut Dynamic) {
    resolve(component, &Translation::to_keys(component));
}

/// The names of the children of a completed component.
pub(super) fn of_children(component: &Dynamic) -> BTreeSet<String> {
    let children = CHILDREN.iter().flat_map(|attribute| component.get(attribute).as_entries().into_iter().flatten());
    children.filter_map(|(_, child)| Some(child.get("name").as_str()?.to_owned())).collect()
}

/// The relative names of all that is inside; `None` while one of them is not known.
pub(super) fn inner(component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
    let mut component = component.clone();
    complete(&mut component, scope);
    let project = &scope.place.account;
    let mut names = Vec::new();
    let mut add = |collection: &str, name: &Dynamic| {
        let name = name.as_str()?;
        names.push(format!("projects/{project}/{collection}/{name}"));
        Some(())
    };
    for attribute in CHILDREN {
        for (_, child) in component.get(attribute).as_entries().into_iter().flatten() {
            match attribute {
                "addresses" => add("global/addresses", child.get("name"))?,
                "certificates" => add("global/sslCertificates", child.get("name"))?,
                "frontends" => {
                    let is_http = tree::text(child, "protocol") == Some("HTTP");
                    add("global/forwardingRules", child.get("name"))?;
                    add(
                        if is_http { "global/targetHttpProxies" } else { "global/targetHttpsProxies" },
                        child.get("proxy"),
                    )?;
                    if !child.get("redirect_map").is_null() {
                        add("global/urlMaps", child.get("redirect_map"))?;
                    }
                }
                _ => {
                    add(&format!("global/{}", collection(child)), child.get("name"))?;
                    if !child.get("service").is_null() {
                        let region = child.get("location").as_str()?;
                        add(&format!("regions/{region}/networkEndpointGroups"), child.get("neg"))?;
                    }
                }
            }
        }
    }
    names.sort();
    names.dedup();
    Some(names)
}
