//! The objects around a URL map, as one JSON: lists of all collections are read at once and followed from the URL map, to the
//! backends that it names and the proxies, rules, addresses and certificates that lead to it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin::Dynamic;

use super::link::{key, reference};
use super::route;
use crate::engine::wire::{self, text};
use crate::google::api::ApiError;
use crate::google::compute;
use crate::google::names::last_segment;
use crate::google::session::Run;

/// The collections that a load balancer is made of, but for endpoint groups, which are regional.
const COLLECTIONS: [&str; 8] = [
    "addresses",
    "backendBuckets",
    "backendServices",
    "forwardingRules",
    "sslCertificates",
    "targetHttpProxies",
    "targetHttpsProxies",
    "urlMaps",
];

/// The fields that hold inner objects.
const CHILDREN: [&str; 4] = ["addresses", "backends", "certificates", "frontends"];

/// Where a URL map names backends, at any depth.
const BACKEND_FIELDS: [&str; 4] = ["defaultService", "service", "backendService", "errorService"];

/// What nobody manages: output, and what only keeps the parts together.
pub(super) const UNMANAGED: &[&str] = &[
    "creationTimestamp",
    "fingerprint",
    "id",
    "kind",
    "name",
    "region",
    "routes.*.matcher",
    "selfLink",
    "status",
    "backends.*.affinityCookieTtlSec",
    "backends.*.connectionDraining",
    "backends.*.iap.oauth2ClientId",
    "backends.*.iap.oauth2ClientSecretSha256",
    "backends.*.port",
    "backends.*.portName",
    "certificates.*.managed.domainStatus",
    "frontends.*.tlsEarlyData",
];

/// Fields of inner objects that say nothing which anybody could set.
const OUTPUT: [&str; 12] = [
    "kind",
    "id",
    "creationTimestamp",
    "selfLink",
    "fingerprint",
    "labelFingerprint",
    "region",
    "usedBy",
    "users",
    "status",
    "expireTime",
    "subjectAlternativeNames",
];

/// The objects of the project, by the part of their names that follows the project: `global/urlMaps/NAME`.
pub(super) struct Graph {
    objects: BTreeMap<String, Json>,
}

impl Graph {
    /// Reads all of it.
    pub(super) async fn load(run: Run<'_>) -> Result<Self, ApiError> {
        let (global, groups) =
            futures::try_join!(compute::list(run, &COLLECTIONS), compute::list_regional(run, "networkEndpointGroups"))?;
        Ok(Self::of(global.into_iter().chain(groups)))
    }

    /// What these objects make up.
    pub(super) fn of(all: impl IntoIterator<Item = Json>) -> Self {
        let keyed = |object: Json| Some((key(text(&object, "selfLink"))?, object));
        Self { objects: all.into_iter().filter_map(keyed).collect() }
    }

    /// The object of that collection and name.
    pub(super) fn global(&self, collection: &str, name: &str) -> Option<&Json> {
        self.objects.get(&format!("global/{collection}/{name}"))
    }

    /// The endpoint group of that region and name.
    pub(super) fn group(&self, region: &str, name: &str) -> Option<&Json> {
        self.objects.get(&format!("regions/{region}/networkEndpointGroups/{name}"))
    }

    fn at(&self, link: &str) -> Option<&Json> {
        self.objects.get(&key(link)?)
    }

    fn collection<'g>(&'g self, name: &str) -> impl Iterator<Item = &'g Json> {
        let prefix = format!("global/{name}/");
        self.objects.iter().filter(move |(key, _)| key.starts_with(&prefix)).map(|(_, object)| object)
    }

    /// The proxies in front of a URL map.
    fn proxies<'g>(&'g self, map: &'g str) -> impl Iterator<Item = &'g Json> {
        let all = self.collection("targetHttpProxies").chain(self.collection("targetHttpsProxies"));
        all.filter(move |proxy| reference(text(proxy, "urlMap")).is_some_and(|at| at == format!("urlMaps/{map}")))
    }

    /// The rules that lead to a URL map, each with its proxy.
    fn rules<'g>(&'g self, map: &'g str) -> Vec<(&'g Json, &'g Json)> {
        let proxies: Vec<&Json> = self.proxies(map).collect();
        let of = |rule: &'g Json| {
            let target = key(text(rule, "target"))?;
            let proxy =
                proxies.iter().find(|proxy| key(text(proxy, "selfLink")).as_deref() == Some(target.as_str()))?;
            Some((rule, *proxy))
        };
        self.collection("forwardingRules").filter_map(of).collect()
    }

    /// Puts what is around a URL map into its JSON. `known` are names that belong to it in any case; objects that other URL
    /// maps use as well belong to none.
    pub(super) fn describe(&self, map: &mut Json, known: &BTreeSet<String>) {
        let name = last_segment(text(map, "name")).to_owned();
        let own_rules = self.rules(&name);
        let ips: BTreeSet<&str> = own_rules.iter().map(|(rule, _)| text(rule, "IPAddress")).collect();
        let mut fronts: Vec<(&Json, &Json, Option<&str>)> =
            own_rules.iter().map(|(rule, proxy)| (*rule, *proxy, None)).collect();
        for other in self.collection("urlMaps").filter(|other| is_redirect(other)) {
            let rules = self.rules(text(other, "name"));
            let here = rules
                .iter()
                .filter(|(rule, _)| ips.contains(text(rule, "IPAddress")) || known.contains(text(rule, "name")));
            fronts.extend(here.map(|(rule, proxy)| (*rule, *proxy, Some(text(other, "name")))));
        }
        self.attach_backends(map, &name, known);
        self.attach_fronts(map, &fronts, known);
        let rules = fronts.first().map(|(rule, ..)| text(rule, "loadBalancingScheme"));
        let services = || {
            let first = backends_of(map).into_iter().next()?;
            Some(text(self.objects.get(&format!("global/{first}"))?, "loadBalancingScheme"))
        };
        if let Some(scheme) = rules.or_else(services).filter(|scheme| !scheme.is_empty()) {
            map["scheme"] = json!(scheme);
        }
        let routes = route::read(map);
        let default = reference(text(map, "defaultService"));
        if let Some(fields) = map.as_object_mut() {
            for field in ["hostRules", "pathMatchers", "defaultService"] {
                fields.remove(field);
            }
            if let Some(default) = default {
                fields.insert("defaultBackend".to_owned(), json!(default));
            }
            if !routes.is_empty() {
                fields.insert("routes".to_owned(), Json::Array(routes));
            }
        }
    }

    fn attach_backends(&self, map: &mut Json, name: &str, known: &BTreeSet<String>) {
        let mut wanted = backends_of(map);
        wanted.extend(
            known.iter().flat_map(|name| [format!("backendServices/{name}"), format!("backendBuckets/{name}")]),
        );
        let others: BTreeSet<String> =
            self.collection("urlMaps").filter(|other| text(other, "name") != name).flat_map(backends_of).collect();
        let child = |reference: &String| {
            let object = self.objects.get(&format!("global/{reference}"))?;
            let is_known = known.contains(last_segment(reference));
            if !is_known && others.contains(reference) {
                return None;
            }
            match reference.starts_with("backendBuckets/") {
                true => Some(bucket(object)),
                false => self.service(object, is_known),
            }
        };
        let children: Vec<Json> = wanted.iter().filter_map(child).collect();
        put(map, "backends", children);
    }

    /// A backend service as a backend, if it stands for a service of Cloud Run.
    fn service(&self, object: &Json, is_known: bool) -> Option<Json> {
        let mut backend = bare(object);
        let groups = object.get("backends").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let group = match groups {
            [one] => self.at(text(one, "group")),
            _ => None,
        };
        let run = group.and_then(|group| Some((group, group.get("cloudRun")?)));
        let run = run.filter(|(_, run)| !text(run, "service").is_empty() && text(run, "urlMask").is_empty());
        match run {
            Some((group, run)) => {
                backend["neg"] = json!(text(group, "name"));
                backend["region"] = json!(last_segment(text(group, "region")));
                backend["service"] = json!(text(run, "service"));
                if !text(run, "tag").is_empty() {
                    backend["tag"] = json!(text(run, "tag"));
                }
            }
            None if is_known => {}
            None => return None,
        }
        let cdn = object.get("enableCDN").cloned().unwrap_or(json!(false));
        let policy = last_segment(text(object, "securityPolicy")).to_owned();
        for field in ["backends", "enableCDN", "securityPolicy", "loadBalancingScheme"] {
            wire::remove(&mut backend, field);
        }
        if text(&backend, "sessionAffinity") == "NONE" {
            wire::remove(&mut backend, "sessionAffinity");
        }
        backend["cdn"] = cdn;
        if !policy.is_empty() {
            backend["securityPolicy"] = json!(policy);
        }
        Some(backend)
    }

    fn attach_fronts(&self, map: &mut Json, fronts: &[(&Json, &Json, Option<&str>)], known: &BTreeSet<String>) {
        let mine: BTreeSet<&str> = fronts.iter().map(|(rule, ..)| text(rule, "name")).collect();
        let own_proxies: BTreeSet<&str> = fronts.iter().map(|(_, proxy, _)| text(proxy, "selfLink")).collect();
        let reserved = |ip: &str| self.collection("addresses").find(|address| text(address, "address") == ip);
        let children: Vec<Json> = fronts
            .iter()
            .map(|(rule, proxy, redirect)| frontend(rule, proxy, *redirect, reserved(text(rule, "IPAddress"))))
            .collect();
        let ips: BTreeSet<&str> = fronts.iter().map(|(rule, ..)| text(rule, "IPAddress")).collect();
        let foreign: BTreeSet<&str> = self
            .collection("forwardingRules")
            .filter(|rule| !mine.contains(text(rule, "name")))
            .map(|rule| text(rule, "IPAddress"))
            .collect();
        let is_own = |address: &&Json| {
            let ip = text(address, "address");
            known.contains(text(address, "name")) || ips.contains(ip) && !foreign.contains(ip)
        };
        let addresses: Vec<Json> = self.collection("addresses").filter(is_own).map(address).collect();
        let used_by = |proxies: &mut dyn Iterator<Item = &Json>| -> BTreeSet<String> {
            let lists = proxies.filter_map(|proxy| proxy.get("sslCertificates")?.as_array());
            lists.flatten().filter_map(Json::as_str).filter_map(reference).collect()
        };
        let is_mine = |proxy: &&Json| own_proxies.contains(text(proxy, "selfLink"));
        let used = used_by(&mut self.collection("targetHttpsProxies").filter(is_mine));
        let elsewhere = used_by(&mut self.collection("targetHttpsProxies").filter(|proxy| !is_mine(proxy)));
        let is_child = |certificate: &&Json| {
            let name = text(certificate, "name");
            let reference = format!("sslCertificates/{name}");
            let is_managed = text(certificate, "type") == "MANAGED";
            known.contains(name) || is_managed && used.contains(&reference) && !elsewhere.contains(&reference)
        };
        let certificates: Vec<Json> = self.collection("sslCertificates").filter(is_child).map(certificate).collect();
        put(map, "addresses", addresses);
        put(map, "certificates", certificates);
        put(map, "frontends", children);
    }
}

/// The backends that a URL map names, as references.
fn backends_of(map: &Json) -> BTreeSet<String> {
    fn collect(value: &Json, found: &mut BTreeSet<String>) {
        match value {
            Json::Object(fields) => {
                for (field, value) in fields {
                    match value.as_str() {
                        Some(link) if BACKEND_FIELDS.contains(&field.as_str()) => found.extend(reference(link)),
                        _ => collect(value, found),
                    }
                }
            }
            Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(map, &mut found);
    found
}

/// Whether a URL map does nothing but send to HTTPS.
fn is_redirect(map: &Json) -> bool {
    let redirect = map.get("defaultUrlRedirect");
    redirect.and_then(|redirect| redirect.get("httpsRedirect")).and_then(Json::as_bool).unwrap_or_default()
        && map.get("defaultService").is_none()
        && map.get("pathMatchers").is_none()
}

/// Whether a URL map, as described, is none of a load balancer that people declare: it only redirects, a controller of
/// Kubernetes made it, or it serves inside a network.
pub(super) fn is_foreign(map: &Json) -> bool {
    let is_inside = !matches!(text(map, "scheme"), "" | "EXTERNAL" | "EXTERNAL_MANAGED");
    let is_of_cluster = text(map, "name").starts_with("k8s");
    let redirects =
        map.get("defaultUrlRedirect").is_some() && map.get("defaultBackend").is_none() && map.get("routes").is_none();
    is_inside || is_of_cluster || redirects
}

/// The services and buckets that a described load balancer sends to.
pub(super) fn uses(map: &Json) -> Vec<(&'static str, String)> {
    let backends = map.get("backends").and_then(Json::as_object).into_iter().flatten();
    let used = backends.filter_map(|(_, backend)| match (text(backend, "service"), text(backend, "bucketName")) {
        ("", "") => None,
        ("", bucket) => Some(("buckets", bucket.to_owned())),
        (service, _) => Some(("services", service.to_owned())),
    });
    used.collect()
}

/// Reads what is around the URL maps.
pub(super) async fn read(maps: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
    let graph = Graph::load(run).await?;
    maps.iter_mut().for_each(|map| graph.describe(map, &BTreeSet::new()));
    Ok(())
}

/// Reads once more where the component has objects that do not hang on its URL map: not yet, not any more, or others use
/// them as well.
pub(super) async fn look_for(map: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let mut component = component.clone();
    super::names::complete(&mut component, run.scope);
    let known = super::names::of_children(&component);
    let there: BTreeSet<String> = CHILDREN
        .iter()
        .filter_map(|field| map.get(*field)?.as_object())
        .flat_map(|children| children.values().map(|child| text(child, "name").to_owned()))
        .collect();
    if known.is_subset(&there) {
        return Ok(());
    }
    let name = format!("projects/{}/global/urlMaps/{}", run.scope.place.account, last_segment(text(map, "name")));
    let Some(mut raw) = compute::get(run, &name).await? else { return Ok(()) };
    Graph::load(run).await?.describe(&mut raw, &known);
    *map = raw;
    Ok(())
}

/// What there is after some of the calls failed; what was there `before` them where that cannot be read.
pub(super) async fn reached(name: &str, before: &Json, after: &Json, run: Run<'_>) -> Json {
    let known = CHILDREN.iter().filter_map(|field| after.get(*field)?.as_object());
    let known = known.flat_map(|children| children.values().map(|child| text(child, "name").to_owned())).collect();
    match run.last_look(async |run| around(name, run).await).await {
        Ok((Some(mut map), graph)) => {
            graph.describe(&mut map, &known);
            map
        }
        Ok((None, _)) | Err(_) => before.clone(),
    }
}

async fn around(map: &str, run: Run<'_>) -> Result<(Option<Json>, Graph), ApiError> {
    Ok((compute::get(run, map).await?, Graph::load(run).await?))
}

fn bare(object: &Json) -> Json {
    let fields = object.as_object().into_iter().flatten();
    let told = fields.filter(|(field, value)| !OUTPUT.contains(&field.as_str()) && **value != json!(""));
    Json::Object(told.map(|(field, value)| (field.clone(), value.clone())).collect())
}

fn bucket(object: &Json) -> Json {
    let mut backend = bare(object);
    backend["cdn"] = object.get("enableCdn").cloned().unwrap_or(json!(false));
    wire::remove(&mut backend, "enableCdn");
    backend
}

fn address(object: &Json) -> Json {
    let mut address = bare(object);
    for field in ["addressType", "networkTier", "labels"] {
        wire::remove(&mut address, field);
    }
    address
}

fn certificate(object: &Json) -> Json {
    let mut certificate = bare(object);
    for field in ["type", "certificate"] {
        wire::remove(&mut certificate, field);
    }
    certificate
}

/// A forwarding rule and its proxy as one.
fn frontend(rule: &Json, proxy: &Json, redirect: Option<&str>, address: Option<&Json>) -> Json {
    let (mut frontend, of_proxy) = (bare(rule), bare(proxy));
    let is_https = text(proxy, "selfLink").contains("/targetHttpsProxies/");
    for field in ["IPAddress", "IPProtocol", "labels", "loadBalancingScheme", "networkTier", "portRange", "target"] {
        wire::remove(&mut frontend, field);
    }
    let shared = ["description", "name", "sslCertificates", "sslPolicy", "urlMap"];
    let told = of_proxy.as_object().into_iter().flatten().filter(|(field, _)| !shared.contains(&field.as_str()));
    let told: Map<String, Json> = told.map(|(field, value)| (field.clone(), value.clone())).collect();
    if let Some(fields) = frontend.as_object_mut() {
        fields.extend(told.into_iter().filter(|(_, value)| *value != json!("NONE")));
    }
    frontend["proxy"] = json!(text(proxy, "name"));
    frontend["protocol"] = json!(if is_https { "HTTPS" } else { "HTTP" });
    if let Some(port) = text(rule, "portRange").split('-').next().and_then(|port| port.parse::<u16>().ok()) {
        frontend["port"] = json!(port);
    }
    frontend["ipAddress"] = json!(text(rule, "IPAddress"));
    if let Some(address) = address {
        frontend["address"] = json!(text(address, "name"));
    }
    let certificates = proxy.get("sslCertificates").and_then(Json::as_array).into_iter().flatten();
    let certificates: Vec<&str> = certificates.filter_map(Json::as_str).map(last_segment).collect();
    if !certificates.is_empty() {
        frontend["certificates"] = json!(certificates);
    }
    if !text(proxy, "sslPolicy").is_empty() {
        frontend["sslPolicy"] = json!(last_segment(text(proxy, "sslPolicy")));
    }
    if let Some(map) = redirect {
        frontend["redirect"] = json!(true);
        frontend["redirectMap"] = json!(map);
    }
    frontend
}

fn put(map: &mut Json, field: &str, children: Vec<Json>) {
    if !children.is_empty() {
        map[field] = wire::by_key(children, |child| text(child, "name").to_owned());
    }
}
