//! Global external application load balancers: one component over a graph of Compute Engine's objects, named after its URL
//! map.
//!
//! In the JSON of a load balancer its inner objects stand by name (`graph` reads them so), and references are the last two
//! segments of a link. `sync` makes the real objects what that JSON says, one by one.

mod address;
mod backend;
mod certificate;
mod frontend;
mod graph;
mod link;
mod names;
mod parts;
mod route;
mod site;
mod sync;
#[cfg(test)]
mod tests;
mod validate;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value as Json;
use tfplugin::{Choice, Diagnostics, Dynamic, Object, Path, Value};

use self::address::Address;
use self::backend::Backend;
use self::certificate::Certificate;
use self::frontend::Frontend;
use self::route::Route;
use crate::engine::kind::{Declared, Discovery, Kind};
use crate::engine::marks::{Children, Immutable, Unordered, WithObject, wire};
use crate::engine::scope::Scope;
use crate::google::api::{ApiError, Host};
use crate::google::rest::{Guard, Naming, Operations, Parts, Rest, RestKind, Update};
use crate::google::session::Run;

/// The kind.
pub(super) struct LoadBalancer;

/// Global external application load balancers, by KEY: addresses and certificates in front, services of Cloud Run and buckets
/// behind, and which host and path lead to which of them.
#[derive(Object, Clone)]
pub(super) struct LoadBalancerSpec {
    /// The name of the load balancer, which is that of its URL map: up to 63 lower-case letters, digits and `-`, beginning
    /// with a letter. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("name"), Immutable))]
    pub(super) name: Value<String>,
    /// What the load balancer is for.
    #[tf(optional, ext(wire("description")))]
    pub(super) description: Value<String>,
    /// Which load balancer of Google's it is: `EXTERNAL_MANAGED`, or `EXTERNAL` for the classic one. Immutable.
    #[tf(default = "EXTERNAL_MANAGED", ext(wire("scheme").always(), Immutable))]
    pub(super) scheme: Value<Scheme>,
    /// Addresses of the internet that are reserved for the load balancer, by a KEY of your choice.
    #[tf(optional, ext(wire("addresses"), Children, WithObject))]
    pub(super) addresses: Value<BTreeMap<String, Address>>,
    /// What requests are sent to, by a KEY of your choice.
    #[tf(optional, ext(wire("backends"), Children, WithObject))]
    pub(super) backends: Value<BTreeMap<String, Backend>>,
    /// Where requests go that no route matches: the KEY of a backend, or `backendServices/NAME` or `backendBuckets/NAME` for
    /// one that exists outside the stack.
    #[tf(required, ext(wire("defaultBackend")))]
    pub(super) default_backend: Value<String>,
    /// Which hosts and paths go elsewhere. Their order means nothing: the most exact host and path win.
    #[tf(optional, ext(wire("routes"), Unordered))]
    pub(super) routes: Value<Vec<Route>>,
    /// Certificates that Google issues and renews once the domains point to the load balancer, by a KEY of your choice.
    #[tf(optional, ext(wire("certificates"), Children, WithObject))]
    pub(super) certificates: Value<BTreeMap<String, Certificate>>,
    /// The ports at which requests come in, by a KEY of your choice.
    #[tf(optional, ext(wire("frontends"), Children, WithObject))]
    pub(super) frontends: Value<BTreeMap<String, Frontend>>,
    /// The URL map's relative name: `projects/P/global/urlMaps/NAME`.
    #[tf(computed)]
    pub(super) id: Value<String>,
}

/// The two kinds of global external application load balancers.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// The present one.
    ExternalManaged,
    /// The classic one.
    External,
}

impl Declared for LoadBalancer {
    type Spec = LoadBalancerSpec;
    const NAME: &'static str = "load_balancers";
    const NOUN: &'static str = "load balancer";

    fn validate(&self, spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::always(spec, path, diagnostics);
    }

    fn validate_new(&self, spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
        validate::new(spec, path, diagnostics);
    }

    fn validate_change(
        &self,
        before: &LoadBalancerSpec,
        after: &LoadBalancerSpec,
        path: &Path,
        diagnostics: &mut Diagnostics,
    ) {
        validate::change(before, after, path, diagnostics);
    }
}

impl Kind for LoadBalancer {
    fn effective(&self, component: &mut Dynamic, _: &str, scope: &Scope) {
        names::complete(component, scope);
    }

    fn predict(&self, component: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let id = |name: &str| Dynamic::string(format!("projects/{}/global/urlMaps/{name}", scope.place.account));
        component.get("name").as_str().map(|name| ("id", id(name))).into_iter().collect()
    }

    /// URL maps that only redirect belong to another load balancer, and those of Kubernetes to its controllers.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        graph::is_foreign(body)
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        graph::UNMANAGED
    }

    fn imported(&self, component: &mut Dynamic, _: &Scope) {
        names::by_key(component);
    }

    fn inner_names(&self, component: &Dynamic, scope: &Scope) -> Option<Vec<String>> {
        names::inner(component, scope)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Discovery for LoadBalancer {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        graph::uses(body)
    }
}

#[async_trait]
impl RestKind for LoadBalancer {
    fn rest(&self) -> Rest {
        Rest {
            host: Host::COMPUTE,
            version: "compute/v1",
            collection: "projects/{project}/global/urlMaps",
            items: "items",
            query: &[],
            list_query: &[],
            page_size: ("maxResults", 500),
            naming: Naming::Inside,
            update: Update::Merge(Guard::Field("fingerprint")),
            operations: Operations { create: true, update: true, delete: true },
            iam: None,
            full_name: "//compute.googleapis.com/{name}",
        }
    }

    async fn before_delete(&self, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        sync::clear(component, run).await
    }

    fn parts(&self) -> Option<&dyn Parts> {
        Some(self)
    }
}

#[async_trait]
impl Parts for LoadBalancer {
    fn fields(&self) -> &'static [&'static str] {
        &["addresses", "backends", "certificates", "defaultBackend", "frontends", "routes", "scheme"]
    }

    async fn precede(&self, whole: &Json, body: &mut Json, run: Run<'_>) -> Result<Vec<String>, ApiError> {
        sync::precede(whole, body, run).await
    }

    async fn retract(&self, made: Vec<String>, run: Run<'_>) {
        sync::retract(made, run).await;
    }

    async fn read(&self, bodies: &mut [Json], run: Run<'_>) -> Result<(), ApiError> {
        graph::read(bodies, run).await
    }

    async fn look_for(&self, body: &mut Json, component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        graph::look_for(body, component, run).await
    }

    async fn write(&self, name: &str, before: &Json, after: &mut Json, run: Run<'_>) -> Result<(), ApiError> {
        let written = sync::write(name, before, after, run).await;
        if written.is_err() {
            *after = graph::reached(name, before, after, run).await;
        }
        written
    }
}
