//! The calls that make the objects of a load balancer what its JSON says: in front of the URL map what it names, then the URL
//! map, then what leads to it; what has left goes in the reverse order, once nothing uses it.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::graph::Graph;
use super::link::{key, link};
use super::{names, route};
use crate::engine::tree;
use crate::engine::wire::{self, text};
use crate::google::api::ApiError;
use crate::google::compute;
use crate::google::names::last_segment;
use crate::google::session::Run;

/// One load balancer on its way.
struct Site<'s> {
    run: Run<'s>,
    graph: Graph,
    /// Of the URL map.
    name: &'s str,
    scheme: &'s str,
    /// What was made, by relative name.
    made: Vec<String>,
}

fn children<'j>(json: &'j Json, field: &str) -> impl Iterator<Item = &'j Json> + use<'j> {
    json.get(field).and_then(Json::as_object).into_iter().flatten().map(|(_, child)| child)
}

fn names_of<'j>(json: &'j Json, field: &str, name: &'static str) -> BTreeSet<&'j str> {
    children(json, field).map(|child| text(child, name)).filter(|name| !name.is_empty()).collect()
}

fn flag(json: &Json, field: &str) -> bool {
    json.get(field).and_then(Json::as_bool).unwrap_or_default()
}

fn scheme(json: &Json) -> &str {
    match text(json, "scheme") {
        "" => "EXTERNAL_MANAGED",
        scheme => scheme,
    }
}

/// A collection of a backend.
fn collection(backend: &Json) -> &'static str {
    if text(backend, "bucketName").is_empty() { "backendServices" } else { "backendBuckets" }
}

/// The proxies of a protocol.
fn proxies(frontend: &Json) -> &'static str {
    if text(frontend, "protocol") == "HTTP" { "targetHttpProxies" } else { "targetHttpsProxies" }
}

/// Makes what the URL map names, and writes into the JSON of its creation where requests go.
pub(super) async fn precede(whole: &Json, body: &mut Json, run: Run<'_>) -> Result<Vec<String>, ApiError> {
    let mut site = Site {
        run,
        graph: Graph::load(run).await?,
        name: text(whole, "name"),
        scheme: scheme(whole),
        made: Vec::new(),
    };
    for backend in children(whole, "backends") {
        if let Err(error) = site.backend(backend).await {
            retract(site.made, run).await;
            return Err(error);
        }
    }
    for (field, value) in url_map(whole, &run.scope.place.account).as_object().into_iter().flatten() {
        if !value.is_null() {
            body[field] = value.clone();
        }
    }
    Ok(site.made)
}

/// Takes away what was made in vain, the last first. What cannot be taken away is found by the next apply.
pub(super) async fn retract(made: Vec<String>, run: Run<'_>) {
    for name in made.iter().rev() {
        let _ = compute::delete(run, name).await;
    }
}

/// Makes everything around the URL map `name` what `after` says, and the URL map itself.
pub(super) async fn write(name: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let short = last_segment(name);
    let graph = Graph::load(run).await?;
    let map = compute::get(run, name).await?.unwrap_or_default();
    let mut site = Site { run, graph, name: short, scheme: scheme(after), made: Vec::new() };
    for address in children(after, "addresses") {
        site.address(address).await?;
    }
    for backend in children(after, "backends") {
        site.backend(backend).await?;
    }
    for certificate in children(after, "certificates") {
        site.certificate(certificate).await?;
    }
    compute::revise(run, name, &map, &url_map(after, &run.scope.place.account)).await?;
    for frontend in children(after, "frontends") {
        site.frontend(frontend).await?;
    }
    prune(before, after, run).await
}

/// Deletes what has left a load balancer: of `before` what `after` does not have.
async fn prune(before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let project = &run.scope.place.account;
    let kept_rules = names_of(after, "frontends", "name");
    let kept_proxies: BTreeSet<(&str, &str)> =
        children(after, "frontends").map(|frontend| (proxies(frontend), text(frontend, "proxy"))).collect();
    let kept_maps = names_of(after, "frontends", "redirectMap");
    for frontend in children(before, "frontends") {
        if !kept_rules.contains(text(frontend, "name")) {
            compute::delete(run, &link(project, &format!("forwardingRules/{}", text(frontend, "name")))).await?;
        }
        let proxy = (proxies(frontend), text(frontend, "proxy"));
        if !proxy.1.is_empty() && !kept_proxies.contains(&proxy) {
            compute::delete(run, &link(project, &format!("{}/{}", proxy.0, proxy.1))).await?;
        }
        let map = text(frontend, "redirectMap");
        if !map.is_empty() && !kept_maps.contains(map) {
            compute::delete(run, &link(project, &format!("urlMaps/{map}"))).await?;
        }
    }
    for field in ["certificates", "addresses"] {
        let collection = if field == "addresses" { "addresses" } else { "sslCertificates" };
        let kept = names_of(after, field, "name");
        for gone in names_of(before, field, "name").difference(&kept) {
            compute::delete(run, &link(project, &format!("{collection}/{gone}"))).await?;
        }
    }
    let kept: BTreeSet<(&str, &str)> =
        children(after, "backends").map(|backend| (collection(backend), text(backend, "name"))).collect();
    let kept_groups: BTreeSet<(&str, &str)> =
        children(after, "backends").map(|backend| (text(backend, "region"), text(backend, "neg"))).collect();
    for backend in children(before, "backends") {
        let object = (collection(backend), text(backend, "name"));
        if !kept.contains(&object) {
            compute::delete(run, &link(project, &format!("{}/{}", object.0, object.1))).await?;
        }
        let group = (text(backend, "region"), text(backend, "neg"));
        if !group.1.is_empty() && !kept_groups.contains(&group) {
            compute::delete(run, &group_link(project, group.0, group.1)).await?;
        }
    }
    Ok(())
}

/// Deletes what the component has around its URL map, which is emptied for that and stays to the last: a deletion that was
/// interrupted can be gone on with.
pub(super) async fn clear(component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let mut component = component.clone();
    names::complete(&mut component, run.scope);
    let Some(name) = tree::text(&component, "name") else { return Ok(()) };
    let name = link(&run.scope.place.account, &format!("urlMaps/{name}"));
    let whole = of_component(&component);
    let without = |fields: &[&str]| {
        let mut left = whole.clone();
        fields.iter().for_each(|field| wire::remove(&mut left, field));
        left
    };
    prune(&whole, &without(&["addresses", "certificates", "frontends"]), run).await?;
    if let Some(map) = compute::get(run, &name).await? {
        let empty = json!({
            "defaultService": null, "hostRules": [], "pathMatchers": [], "tests": [], "defaultRouteAction": null,
            "defaultUrlRedirect": {"httpsRedirect": true, "stripQuery": false},
        });
        compute::revise(run, &name, &map, &empty).await?;
    }
    prune(&without(&["addresses", "certificates", "frontends"]), &json!({}), run).await
}

/// The children of a completed component, as far as their deletion needs them.
fn of_component(component: &Dynamic) -> Json {
    let fields: [(&str, &[(&str, &str)]); 4] = [
        ("addresses", &[("name", "name")]),
        ("backends", &[("name", "name"), ("neg", "neg"), ("location", "region"), ("bucket", "bucketName")]),
        ("certificates", &[("name", "name")]),
        (
            "frontends",
            &[("name", "name"), ("proxy", "proxy"), ("protocol", "protocol"), ("redirect_map", "redirectMap")],
        ),
    ];
    let mut whole = json!({});
    for (attribute, pairs) in fields {
        for (name, child) in component.get(attribute).as_entries().into_iter().flatten() {
            for (said, field) in pairs {
                if let Some(value) = tree::text(child, said) {
                    whole[attribute][name.as_str()][*field] = json!(value);
                }
            }
        }
    }
    whole
}

/// Where requests go, as a URL map has it.
fn url_map(json: &Json, project: &str) -> Json {
    let routes = json.get("routes").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let (rules, matchers) = route::write(routes, project);
    let default = json.get("defaultBackend").and_then(Json::as_str);
    json!({
        "defaultService": default.map(|backend| link(project, backend)),
        "hostRules": rules,
        "pathMatchers": matchers,
    })
}

fn group_link(project: &str, region: &str, name: &str) -> String {
    format!("projects/{project}/regions/{region}/networkEndpointGroups/{name}")
}

impl Site<'_> {
    fn project(&self) -> &str {
        &self.run.scope.place.account
    }

    async fn make(&mut self, collection: &str, body: Json) -> Result<(), ApiError> {
        let name = format!("{collection}/{}", text(&body, "name"));
        compute::make(self.run, collection, body).await?;
        self.made.push(name);
        Ok(())
    }

    async fn make_global(&mut self, collection: &str, body: Json) -> Result<(), ApiError> {
        let collection = format!("projects/{}/global/{collection}", self.project());
        self.make(&collection, body).await
    }

    async fn address(&mut self, address: &Json) -> Result<(), ApiError> {
        let name = text(address, "name");
        if self.graph.global("addresses", name).is_some() {
            return Ok(());
        }
        let mut body = json!({"name": name});
        if text(address, "ipVersion") == "IPV6" {
            body["ipVersion"] = json!("IPV6");
        }
        self.make_global("addresses", body).await
    }

    async fn backend(&mut self, backend: &Json) -> Result<(), ApiError> {
        match collection(backend) {
            "backendBuckets" => self.bucket(backend).await,
            _ => self.service(backend).await,
        }
    }

    async fn bucket(&mut self, backend: &Json) -> Result<(), ApiError> {
        let name = text(backend, "name");
        let mut wanted = json!({"bucketName": text(backend, "bucketName"), "enableCdn": flag(backend, "cdn")});
        match self.graph.global("backendBuckets", name) {
            Some(current) => {
                let object = link(self.project(), &format!("backendBuckets/{name}"));
                compute::revise(self.run, &object, current, &wanted).await
            }
            None => {
                wanted["name"] = json!(name);
                self.make_global("backendBuckets", wanted).await
            }
        }
    }

    async fn service(&mut self, backend: &Json) -> Result<(), ApiError> {
        let project = self.project().to_owned();
        let (name, region, neg) = (text(backend, "name"), text(backend, "region"), text(backend, "neg"));
        let group = group_link(&project, region, neg);
        if !neg.is_empty() && self.graph.group(region, neg).is_none() {
            let mut run = json!({"service": text(backend, "service")});
            if !text(backend, "tag").is_empty() {
                run["tag"] = json!(text(backend, "tag"));
            }
            let body = json!({"name": neg, "networkEndpointType": "SERVERLESS", "cloudRun": run});
            self.make(&format!("projects/{project}/regions/{region}/networkEndpointGroups"), body).await?;
        }
        let protocol = text(backend, "protocol");
        let mut wanted = json!({
            "protocol": if protocol.is_empty() { "HTTP" } else { protocol },
            "timeoutSec": backend.get("timeoutSec").cloned().unwrap_or(json!(30)),
            "enableCDN": flag(backend, "cdn"),
            "iap": {"enabled": backend.get("iap").is_some_and(|iap| flag(iap, "enabled"))},
            "logConfig": {"enable": backend.get("logConfig").is_some_and(|log| flag(log, "enable"))},
        });
        let object = link(&project, &format!("backendServices/{name}"));
        let policy = text(backend, "securityPolicy");
        let had = match self.graph.global("backendServices", name) {
            Some(current) => {
                let had = last_segment(text(current, "securityPolicy")).to_owned();
                if !neg.is_empty() {
                    wanted["backends"] = json!([with_group(current, &group)]);
                }
                let current = current.clone();
                compute::revise(self.run, &object, &current, &wanted).await?;
                had
            }
            None => {
                wanted["name"] = json!(name);
                wanted["loadBalancingScheme"] = json!(self.scheme);
                wanted["backends"] = json!([{"group": group}]);
                self.make_global("backendServices", wanted).await?;
                String::new()
            }
        };
        if had != policy {
            let policy = (!policy.is_empty()).then(|| link(&project, &format!("securityPolicies/{policy}")));
            compute::post(self.run, &format!("{object}/setSecurityPolicy"), json!({"securityPolicy": policy})).await?;
        }
        Ok(())
    }

    async fn certificate(&mut self, certificate: &Json) -> Result<(), ApiError> {
        let name = text(certificate, "name");
        if self.graph.global("sslCertificates", name).is_some() {
            return Ok(());
        }
        let domains =
            certificate.get("managed").and_then(|managed| managed.get("domains")).cloned().unwrap_or_default();
        // It works once the domains point here: nobody waits for that.
        let body = json!({"name": name, "type": "MANAGED", "managed": {"domains": domains}});
        self.make_global("sslCertificates", body).await
    }

    async fn frontend(&mut self, frontend: &Json) -> Result<(), ApiError> {
        let project = self.project().to_owned();
        let map = match flag(frontend, "redirect") {
            true => {
                let name = text(frontend, "redirectMap");
                if self.graph.global("urlMaps", name).is_none() {
                    let redirect = json!({
                        "httpsRedirect": true, "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT", "stripQuery": false,
                    });
                    self.make_global("urlMaps", json!({"name": name, "defaultUrlRedirect": redirect})).await?;
                }
                name
            }
            false => self.name,
        };
        let map = link(&project, &format!("urlMaps/{map}"));
        let (proxies, proxy) = (proxies(frontend), text(frontend, "proxy"));
        let target = link(&project, &format!("{proxies}/{proxy}"));
        self.proxy(frontend, proxies, (&target, &map)).await?;
        self.rule(frontend, &target).await
    }

    async fn proxy(&mut self, frontend: &Json, proxies: &str, (target, map): (&str, &str)) -> Result<(), ApiError> {
        let project = self.project().to_owned();
        let name = text(frontend, "proxy");
        let certificates = frontend.get("certificates").and_then(Json::as_array).into_iter().flatten();
        let certificates =
            certificates.filter_map(Json::as_str).map(|name| link(&project, &format!("sslCertificates/{name}")));
        let certificates: Vec<String> = certificates.collect();
        let policy = text(frontend, "sslPolicy");
        let policy = (!policy.is_empty()).then(|| link(&project, &format!("sslPolicies/{policy}")));
        let is_https = proxies == "targetHttpsProxies";
        let mut wanted = json!({"urlMap": map});
        if is_https {
            wanted["sslCertificates"] = json!(certificates);
            wanted["sslPolicy"] = json!(policy);
        }
        match self.graph.global(proxies, name) {
            // A proxy of HTTP takes another URL map by a verb of its own only.
            Some(current) if !is_https => {
                let same = key(text(current, "urlMap")) == key(map);
                let path = format!("projects/{project}/{proxies}/{name}/setUrlMap");
                if same { Ok(()) } else { compute::post(self.run, &path, wanted).await }
            }
            Some(current) => compute::revise(self.run, target, &current.clone(), &wanted).await,
            None => {
                wanted["name"] = json!(name);
                if wanted["sslPolicy"].is_null() {
                    wire::remove(&mut wanted, "sslPolicy");
                }
                self.make_global(proxies, wanted).await
            }
        }
    }

    async fn rule(&mut self, frontend: &Json, target: &str) -> Result<(), ApiError> {
        let project = self.project().to_owned();
        let name = text(frontend, "name");
        let rule = link(&project, &format!("forwardingRules/{name}"));
        let port = frontend.get("port").and_then(Json::as_u64).unwrap_or(443);
        let address = text(frontend, "address");
        if let Some(current) = self.graph.global("forwardingRules", name) {
            let reserved = self.graph.global("addresses", address);
            let is_there =
                address.is_empty() || reserved.is_none_or(|it| text(it, "address") == text(current, "IPAddress"));
            let is_same = is_there
                && text(current, "portRange") == format!("{port}-{port}")
                && text(current, "loadBalancingScheme") == self.scheme;
            if is_same {
                if key(text(current, "target")) == key(target) {
                    return Ok(());
                }
                return compute::post(self.run, &format!("{rule}/setTarget"), json!({"target": target})).await;
            }
            // The plan has announced that it is made anew.
            compute::delete(self.run, &rule).await?;
        }
        let mut body = json!({
            "name": name, "loadBalancingScheme": self.scheme, "IPProtocol": "TCP", "portRange": format!("{port}-{port}"),
            "target": target,
        });
        if !address.is_empty() {
            body["IPAddress"] = self.literal(address).await?;
        }
        self.make_global("forwardingRules", body).await
    }

    /// The address itself, of one that was perhaps just made: what answers an insert has no link to it, and so must the
    /// insert, to be told from another.
    async fn literal(&self, address: &str) -> Result<Json, ApiError> {
        let name = link(self.project(), &format!("addresses/{address}"));
        let known = self.graph.global("addresses", address).cloned();
        let found = match known {
            Some(known) => Some(known),
            None => compute::get(self.run, &name).await?,
        };
        Ok(found.and_then(|found| found.get("address").cloned()).unwrap_or_else(|| json!(name)))
    }
}

/// The backend of a service with another endpoint group, with all else that it says.
fn with_group(current: &Json, group: &str) -> Json {
    let mut backend = current.get("backends").and_then(|backends| backends.get(0)).cloned().unwrap_or(json!({}));
    backend["group"] = json!(group);
    backend
}
