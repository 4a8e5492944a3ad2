use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::graph::Graph;
use super::{names, route};
use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{component, differences, problems, read_body, refused, scope, set};
use crate::google::kinds::kind;

const PROJECT: &str = "dtu-mlops-data-482907";

fn balancers() -> &'static AnyKind {
    kind("load_balancers").unwrap()
}

fn named(path: &str, more: Json) -> Json {
    let link = format!("https://www.googleapis.com/compute/v1/projects/{PROJECT}/{path}");
    let mut object =
        json!({"name": path.rsplit('/').next().unwrap(), "selfLink": link, "id": "1", "fingerprint": "abc="});
    object.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    object
}

fn link(path: &str) -> String {
    format!("https://www.googleapis.com/compute/v1/projects/{PROJECT}/{path}")
}

fn url_map() -> Json {
    named(
        "global/urlMaps/web",
        json!({
            "kind": "compute#urlMap",
            "creationTimestamp": "2024-04-01T12:34:56.123456Z",
            "defaultService": link("global/backendServices/web-api"),
            "hostRules": [{"hosts": ["files.example.com"], "pathMatcher": "files"}],
            "pathMatchers": [{
                "name": "files",
                "defaultService": link("global/backendBuckets/web-files"),
                "headerAction": {"requestHeadersToRemove": ["x-secret"]},
                "pathRules": [{"paths": ["/api/*"], "service": link("global/backendServices/web-api")}],
            }],
        }),
    )
}

fn others() -> Vec<Json> {
    let backend = |group: &str| json!([{"group": link(group), "balancingMode": "UTILIZATION", "capacityScaler": 1.0}]);
    vec![
        named(
            "global/backendServices/web-api",
            json!({
                "backends": backend("regions/europe-west1/networkEndpointGroups/web-api-neg"),
                "description": "", "timeoutSec": 60, "port": 80, "portName": "http", "protocol": "HTTP",
                "sessionAffinity": "NONE", "affinityCookieTtlSec": 0, "enableCDN": false,
                "loadBalancingScheme": "EXTERNAL_MANAGED", "connectionDraining": {"drainingTimeoutSec": 0},
            }),
        ),
        named(
            "regions/europe-west1/networkEndpointGroups/web-api-neg",
            json!({"region": link("regions/europe-west1"), "size": 0, "cloudRun": {"service": "api"}}),
        ),
        named("global/backendBuckets/web-files", json!({"bucketName": "files-of-web", "enableCdn": true})),
        named(
            "global/targetHttpsProxies/web-proxy",
            json!({
                "urlMap": link("global/urlMaps/web"), "sslCertificates": [link("global/sslCertificates/web-cert")],
                "quicOverride": "NONE", "tlsEarlyData": "DISABLED",
            }),
        ),
        named(
            "global/sslCertificates/web-cert",
            json!({"type": "MANAGED", "managed": {"domains": ["files.example.com"], "status": "ACTIVE"}}),
        ),
        named(
            "global/forwardingRules/web-https",
            json!({
                "IPAddress": "34.1.2.3", "IPProtocol": "TCP", "portRange": "443-443", "networkTier": "PREMIUM",
                "loadBalancingScheme": "EXTERNAL_MANAGED", "target": link("global/targetHttpsProxies/web-proxy"),
            }),
        ),
        named("global/addresses/web-ip", json!({"address": "34.1.2.3", "addressType": "EXTERNAL", "status": "IN_USE"})),
        // The redirect, found by its address.
        named(
            "global/urlMaps/web-redirect",
            json!({"defaultUrlRedirect": {"httpsRedirect": true, "stripQuery": false}}),
        ),
        named("global/targetHttpProxies/web-http", json!({"urlMap": link("global/urlMaps/web-redirect")})),
        named(
            "global/forwardingRules/web-http",
            json!({
                "IPAddress": "34.1.2.3", "IPProtocol": "TCP", "portRange": "80-80", "networkTier": "PREMIUM",
                "loadBalancingScheme": "EXTERNAL_MANAGED", "target": link("global/targetHttpProxies/web-http"),
            }),
        ),
        // Somebody else's.
        named("global/urlMaps/other", json!({"defaultService": link("global/backendServices/other")})),
        named("global/backendServices/other", json!({"backends": [], "loadBalancingScheme": "EXTERNAL_MANAGED"})),
        named("global/sslCertificates/other", json!({"type": "MANAGED", "managed": {"domains": ["b.example.com"]}})),
    ]
}

fn described() -> Json {
    let mut map = url_map();
    let all = others().into_iter().chain([url_map()]);
    Graph::of(all).describe(&mut map, &BTreeSet::new());
    map
}

fn hcl() -> Json {
    json!({
        "name": "web",
        "default_backend": "api",
        "addresses": {"main": {"name": "web-ip"}},
        "backends": {
            "api": {"name": "web-api", "service": "api", "neg": "web-api-neg", "timeout": "60s", "location": "europe-west1"},
            "files": {"name": "web-files", "bucket": "files-of-web", "cdn": true},
        },
        "routes": [{
            "hosts": ["files.example.com"], "default_backend": "files",
            "paths": [{"paths": ["/api/*"], "backend": "api"}],
        }],
        "certificates": {"main": {"name": "web-cert", "domains": ["files.example.com"]}},
        "frontends": {
            "https": {"name": "web-https", "proxy": "web-proxy", "address": "main", "certificates": ["main"]},
            "http": {"name": "web-http", "protocol": "HTTP", "address": "main", "redirect_to_https": true,
                     "redirect_map": "web-redirect"},
        },
    })
}

#[test]
fn what_is_around_a_url_map_is_what_a_configuration_says() {
    let mut meant = component(balancers(), &hcl());
    names::complete(&mut meant, &scope());
    let found = read_body(balancers(), &described());
    let found = wire::aligned(balancers().object(), &meant, &found);
    assert_eq!(differences(balancers(), &meant, &found), Vec::<String>::new());
}

#[test]
fn an_import_says_keys_in_the_place_of_names_and_names_what_it_cannot_say() {
    let body = described();
    let mut found = read_body(balancers(), &body);
    names::by_key(&mut found);
    assert_eq!(found.get("default_backend"), &Dynamic::string("web_api"));
    assert_eq!(found.get("frontends").get("web_https").get("address"), &Dynamic::string("web_ip"));
    let unexpressed = wire::unexpressed(balancers().object(), &body, balancers().unmanaged());
    assert_eq!(unexpressed, ["routes[0].headerAction"]);
}

#[test]
fn objects_of_others_are_left_out() {
    let body = described();
    assert_eq!(body["certificates"].as_object().unwrap().len(), 1);
    assert_eq!(body["backends"].as_object().unwrap().len(), 2);
    let redirect = json!({"name": "web-redirect", "defaultUrlRedirect": {"httpsRedirect": true}});
    assert!(balancers().is_made_by_cloud(&redirect, &scope()) && !balancers().is_made_by_cloud(&body, &scope()));
}

#[test]
fn a_url_map_is_written_as_it_was_read() {
    let map = url_map();
    let (rules, matchers) = route::write(&route::read(&map), PROJECT);
    assert_eq!(json!(rules), map["hostRules"]);
    let mut expected = map["pathMatchers"].clone();
    expected[0]["defaultService"] = json!(format!("projects/{PROJECT}/global/backendBuckets/web-files"));
    expected[0]["pathRules"][0]["service"] = json!(format!("projects/{PROJECT}/global/backendServices/web-api"));
    assert_eq!(json!(matchers), expected);
}

#[test]
fn routes_that_part_get_path_matchers_of_their_own() {
    let shared = json!({"hosts": ["a"], "matcher": "m", "backend": "backendServices/x"});
    let mut other = shared.clone();
    other["hosts"] = json!(["b"]);
    let (rules, matchers) = route::write(&[shared.clone(), other.clone()], "p");
    assert_eq!((rules.len(), matchers.len()), (2, 1));
    other["backend"] = json!("backendServices/y");
    let (rules, matchers) = route::write(&[shared, other, json!({"hosts": ["c"]})], "p");
    let names: Vec<&Json> = matchers.iter().map(|matcher| &matcher["name"]).collect();
    assert_eq!(json!(names), json!(["m", "route-1", "route-2"]));
    assert_eq!(rules[1]["pathMatcher"], "route-1");
}

#[test]
fn what_cannot_be_changed_has_a_name_that_follows_what_it_says() {
    let name = |change: &dyn Fn(&mut Json)| {
        let mut said = json!({"name": "web", "default_backend": "api", "backends": {"api": {"service": "api"}},
            "certificates": {"main": {"domains": ["a.example.com"]}}});
        change(&mut said);
        let mut meant = component(balancers(), &said);
        names::complete(&mut meant, &scope());
        let text = |kind: &str, key: &str, attribute: &str| {
            meant.get(kind).get(key).get(attribute).as_str().unwrap().to_owned()
        };
        (text("backends", "api", "name"), text("backends", "api", "neg"), text("certificates", "main", "name"))
    };
    let usual = name(&|_| ());
    assert_eq!(usual.0, "web-api");
    let other = name(&|said| said["backends"]["api"]["service"] = json!("api-2"));
    assert!(other.0 == usual.0 && other.1 != usual.1 && other.2 == usual.2);
    let other = name(&|said| said["certificates"]["main"]["domains"] = json!(["b.example.com"]));
    assert!(other.1 == usual.1 && other.2 != usual.2 && other.2.starts_with("web-main-"));
}

#[test]
fn a_backend_that_nobody_declared_is_refused() {
    let mut said = hcl();
    said["routes"][0]["paths"][0]["backend"] = json!("apl");
    refused(balancers(), &said, ".routes[0].paths[0].backend", "Unknown backend");
    said["routes"][0]["paths"][0]["backend"] = json!("backendServices/elsewhere");
    assert_eq!(problems(balancers(), &said), Vec::new());
}

#[test]
fn https_needs_certificates_and_http_has_none() {
    let mut said = hcl();
    said["frontends"]["https"]["certificates"] = json!(null);
    refused(balancers(), &said, ".frontends[\"https\"].certificates", "HTTPS without a certificate");
    let mut said = hcl();
    said["frontends"]["http"]["certificates"] = json!(["main"]);
    refused(balancers(), &said, ".frontends[\"http\"].protocol", "Certificates on HTTP");
}

#[test]
fn a_redirect_does_not_take_the_place_of_the_balancers_own_map() {
    let mut said = hcl();
    said["frontends"]["http"]["redirect_map"] = json!("web");
    refused(balancers(), &said, ".frontends[\"http\"].redirect_to_https", "which is the load balancer's own");
    said["frontends"]["http"]["redirect_map"] = json!(null);
    said["frontends"]["http"]["name"] = json!("web");
    refused(balancers(), &said, ".frontends[\"http\"].redirect_to_https", "which is the load balancer's own");
}

#[test]
fn a_component_that_names_a_key_and_one_that_names_the_name_mean_the_same() {
    let (mut by_key, mut by_name) = (component(balancers(), &hcl()), component(balancers(), &hcl()));
    set(&mut by_name, "default_backend", Dynamic::string("backendServices/web-api"));
    names::complete(&mut by_key, &scope());
    names::complete(&mut by_name, &scope());
    assert_eq!(by_key, by_name);
}
