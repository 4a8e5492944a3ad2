//! The objects of a load balancer, one by one: made where they are missing, changed where they differ.

use std::sync::{Mutex, PoisonError};

use futures::future::join_all;
use serde_json::{Value as Json, json};

use super::graph::Graph;
use super::link::{group_link, key, link};
use super::parts::{collection, flag};
use crate::engine::wire::{self, text};
use crate::google::api::ApiError;
use crate::google::compute;
use crate::google::names::last_segment;
use crate::google::session::Run;

/// One load balancer on its way.
pub(super) struct Site<'s> {
    run: Run<'s>,
    graph: Graph,
    /// Of the URL map.
    name: &'s str,
    scheme: &'s str,
    /// What was made, by relative name.
    made: Mutex<Vec<String>>,
}

impl<'s> Site<'s> {
    /// The load balancer with the URL map `name` among what is there.
    pub(super) fn new(run: Run<'s>, graph: Graph, name: &'s str, scheme: &'s str) -> Self {
        Self { run, graph, name, scheme, made: Mutex::default() }
    }

    /// What was made, in its order.
    pub(super) fn into_made(self) -> Vec<String> {
        self.made.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn project(&self) -> &str {
        &self.run.scope.place.account
    }

    async fn make(&self, collection: &str, body: Json) -> Result<(), ApiError> {
        let name = format!("{collection}/{}", text(&body, "name"));
        compute::make(self.run, collection, body).await?;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        Ok(())
    }

    async fn make_global(&self, collection: &str, body: Json) -> Result<(), ApiError> {
        let collection = format!("projects/{}/global/{collection}", self.project());
        self.make(&collection, body).await
    }

    pub(super) async fn address(&self, address: &Json) -> Result<(), ApiError> {
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

    pub(super) async fn backend(&self, backend: &Json) -> Result<(), ApiError> {
        match collection(backend) {
            "backendBuckets" => self.bucket(backend).await,
            _ => self.service(backend).await,
        }
    }

    async fn bucket(&self, backend: &Json) -> Result<(), ApiError> {
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

    async fn service(&self, backend: &Json) -> Result<(), ApiError> {
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

    pub(super) async fn certificate(&self, certificate: &Json) -> Result<(), ApiError> {
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

    /// The URL map that sends what comes to a frontend to HTTPS.
    pub(super) async fn redirect(&self, name: &str) -> Result<(), ApiError> {
        if self.graph.global("urlMaps", name).is_some() {
            return Ok(());
        }
        let redirect = json!({
            "httpsRedirect": true, "redirectResponseCode": "MOVED_PERMANENTLY_DEFAULT", "stripQuery": false,
        });
        self.make_global("urlMaps", json!({"name": name, "defaultUrlRedirect": redirect})).await
    }

    /// A proxy with the rules that lead to it: `frontends` have it in common.
    pub(super) async fn front(&self, (proxies, proxy): (&str, &str), frontends: &[&Json]) -> Result<(), ApiError> {
        let Some(frontend) = frontends.first() else { return Ok(()) };
        let map = if flag(frontend, "redirect") { text(frontend, "redirectMap") } else { self.name };
        let map = link(self.project(), &format!("urlMaps/{map}"));
        let target = link(self.project(), &format!("{proxies}/{proxy}"));
        self.proxy(frontend, proxies, (&target, &map)).await?;
        all(frontends.iter().map(|frontend| self.rule(frontend, &target))).await
    }

    async fn proxy(&self, frontend: &Json, proxies: &str, (target, map): (&str, &str)) -> Result<(), ApiError> {
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

    async fn rule(&self, frontend: &Json, target: &str) -> Result<(), ApiError> {
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

/// Does all of it side by side and to the end, also where something fails: what was begun is known then.
pub(super) async fn all(
    work: impl IntoIterator<Item = impl Future<Output = Result<(), ApiError>>>,
) -> Result<(), ApiError> {
    join_all(work).await.into_iter().collect()
}
