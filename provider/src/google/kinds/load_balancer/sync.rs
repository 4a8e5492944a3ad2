//! The calls that make the objects of a load balancer what its JSON says: in front of the URL map what it names, then the URL
//! map, then what leads to it; what has left goes in the reverse order, once nothing uses it. What does not need each other
//! is written side by side.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join, try_join};
use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::graph::Graph;
use super::link::{group_link, link};
use super::parts::{children, collection, flag, names_of, proxies, scheme};
use super::site::{Site, all};
use super::{names, route};
use crate::engine::tree;
use crate::engine::wire::text;
use crate::google::api::ApiError;
use crate::google::compute;
use crate::google::names::last_segment;
use crate::google::session::Run;

async fn both(
    one: impl Future<Output = Result<(), ApiError>>,
    other: impl Future<Output = Result<(), ApiError>>,
) -> Result<(), ApiError> {
    let (one, other) = join(one, other).await;
    one.and(other)
}

/// Makes what the URL map names, and writes into the JSON of its creation where requests go. What the frontends need besides
/// is made meanwhile.
pub(super) async fn precede(whole: &Json, body: &mut Json, run: Run<'_>) -> Result<Vec<String>, ApiError> {
    let site = Site::new(run, Graph::load(run).await?, text(whole, "name"), scheme(whole));
    if let Err(error) = found(&site, whole).await {
        retract(site.into_made(), run).await;
        return Err(error);
    }
    for (field, value) in url_map(whole, &run.scope.place.account).as_object().into_iter().flatten() {
        if !value.is_null() {
            body[field] = value.clone();
        }
    }
    Ok(site.into_made())
}

/// Takes away what was made in vain, the last first. What cannot be taken away is found by the next apply.
pub(super) async fn retract(made: Vec<String>, run: Run<'_>) {
    for name in made.iter().rev() {
        let _ = compute::delete(run, name).await;
    }
}

/// Makes what the URL map and the proxies name.
async fn found(site: &Site<'_>, whole: &Json) -> Result<(), ApiError> {
    let redirects = children(whole, "frontends").filter(|frontend| flag(frontend, "redirect"));
    let redirects: BTreeSet<&str> = redirects.map(|frontend| text(frontend, "redirectMap")).collect();
    both(
        all(children(whole, "backends").map(|backend| site.backend(backend))),
        both(
            all(redirects.into_iter().map(|name| site.redirect(name))),
            both(
                all(children(whole, "addresses").map(|address| site.address(address))),
                all(children(whole, "certificates").map(|certificate| site.certificate(certificate))),
            ),
        ),
    )
    .await
}

/// Makes everything around the URL map `name` what `after` says, and the URL map itself.
pub(super) async fn write(name: &str, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let (graph, map) = try_join(Graph::load(run), compute::get(run, name)).await?;
    let site = Site::new(run, graph, last_segment(name), scheme(after));
    found(&site, after).await?;
    let mut fronts: BTreeMap<(&str, &str), Vec<&Json>> = BTreeMap::new();
    for frontend in children(after, "frontends") {
        fronts.entry((proxies(frontend), text(frontend, "proxy"))).or_default().push(frontend);
    }
    let (map, wanted) = (map.unwrap_or_default(), url_map(after, &run.scope.place.account));
    both(
        compute::revise(run, name, &map, &wanted),
        all(fronts.iter().map(|(proxy, frontends)| site.front(*proxy, frontends))),
    )
    .await?;
    let gone = Gone::between(before, after, &run.scope.place.account);
    both(gone.prune_front(run), gone.prune_back(run)).await
}

/// What has left a load balancer, by relative name.
#[derive(Default)]
struct Gone {
    rules: Vec<String>,
    addresses: Vec<String>,
    proxies: Vec<String>,
    maps: Vec<String>,
    certificates: Vec<String>,
    backends: Vec<String>,
    groups: Vec<String>,
}

impl Gone {
    /// Of `before` what `after` does not have.
    fn between(before: &Json, after: &Json, project: &str) -> Self {
        let mut gone = Self::default();
        let global = |collection: &str, name: &str| link(project, &format!("{collection}/{name}"));
        let left = |field: &str, collection: &str| -> Vec<String> {
            let kept = names_of(after, field, "name");
            names_of(before, field, "name").difference(&kept).map(|name| global(collection, name)).collect()
        };
        gone.rules = left("frontends", "forwardingRules");
        gone.addresses = left("addresses", "addresses");
        gone.certificates = left("certificates", "sslCertificates");
        let kept = names_of(after, "frontends", "redirectMap");
        gone.maps =
            names_of(before, "frontends", "redirectMap").difference(&kept).map(|map| global("urlMaps", map)).collect();
        let proxies_of = |json| -> BTreeSet<(&str, &str)> {
            let all = children(json, "frontends").map(|frontend| (proxies(frontend), text(frontend, "proxy")));
            all.filter(|(_, name)| !name.is_empty()).collect()
        };
        gone.proxies =
            proxies_of(before).difference(&proxies_of(after)).map(|(proxies, name)| global(proxies, name)).collect();
        let backends_of = |json| -> BTreeSet<(&str, &str)> {
            children(json, "backends").map(|backend| (collection(backend), text(backend, "name"))).collect()
        };
        gone.backends = backends_of(before)
            .difference(&backends_of(after))
            .map(|(collection, name)| global(collection, name))
            .collect();
        let groups_of = |json| -> BTreeSet<(&str, &str)> {
            let all = children(json, "backends").map(|backend| (text(backend, "region"), text(backend, "neg")));
            all.filter(|(_, name)| !name.is_empty()).collect()
        };
        gone.groups = groups_of(before)
            .difference(&groups_of(after))
            .map(|(region, name)| group_link(project, region, name))
            .collect();
        gone
    }

    /// Deletes what led to the URL map.
    async fn prune_front(&self, run: Run<'_>) -> Result<(), ApiError> {
        delete(run, &self.rules).await?;
        let behind = async {
            delete(run, &self.proxies).await?;
            both(delete(run, &self.maps), delete(run, &self.certificates)).await
        };
        both(delete(run, &self.addresses), behind).await
    }

    /// Deletes what the URL map named.
    async fn prune_back(&self, run: Run<'_>) -> Result<(), ApiError> {
        delete(run, &self.backends).await?;
        delete(run, &self.groups).await
    }
}

async fn delete(run: Run<'_>, names: &[String]) -> Result<(), ApiError> {
    all(names.iter().map(|name| compute::delete(run, name))).await
}

/// Deletes what the component has around its URL map, which is emptied for that and stays to the last: a deletion that was
/// interrupted can be gone on with.
pub(super) async fn clear(component: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
    let mut component = component.clone();
    names::complete(&mut component, run.scope);
    let project = &run.scope.place.account;
    let Some(name) = tree::text(&component, "name") else { return Ok(()) };
    let name = link(project, &format!("urlMaps/{name}"));
    let gone = Gone::between(&of_component(&component), &json!({}), project);
    let back = async {
        if let Some(map) = compute::get(run, &name).await? {
            let empty = json!({
                "defaultService": null, "hostRules": [], "pathMatchers": [], "tests": [], "defaultRouteAction": null,
                "defaultUrlRedirect": {"httpsRedirect": true, "stripQuery": false},
            });
            compute::revise(run, &name, &map, &empty).await?;
        }
        gone.prune_back(run).await
    };
    both(gone.prune_front(run), back).await
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
