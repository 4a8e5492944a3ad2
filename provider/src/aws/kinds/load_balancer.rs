//! Application load balancers, with their listeners.
//!
//! Each setting is written by a call of its own. Listeners hang in the balancer's JSON as `listeners`: see [`listener`].

mod listener;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::future::{try_join_all, try_join3};
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value};

use self::listener::{LISTENERS, Listener};
use super::limits;
use crate::aws::api::{ApiError, Service, items};
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::{elb, tags};
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{Children, Immutable, Labels, WithObject, refers, wire};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::wire;
use crate::engine::wire::SECONDS;
use crate::types::Duration;

/// The kind.
pub(super) struct LoadBalancer;

/// Behind the name is an id, which only AWS tells.
const ARN: &str = "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}";
/// The fields of a balancer's JSON that are lists of objects in the API.
const SUBNETS: &str = "subnets";
const GROUPS: &str = "SecurityGroups";
const ADDRESSES: &str = "IpAddressType";
/// The setting that says whether requests are logged.
const LOGS: &str = "access_logs.s3";
/// Settings that a component has, as far as AWS has them by itself.
const DECLARED: [&str; 4] = [
    "idle_timeout.timeout_seconds",
    "deletion_protection.enabled",
    "routing.http.drop_invalid_header_fields.enabled",
    "routing.http2.enabled",
];
/// What AWS has where nobody says otherwise.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html>
const DEFAULTS: [(&str, &str); 19] = [
    ("idle_timeout.timeout_seconds", "60"),
    ("deletion_protection.enabled", "false"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http2.enabled", "true"),
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.prefix", ""),
    ("connection_logs.s3.enabled", "false"),
    ("health_check_logs.s3.enabled", "false"),
    ("client_keep_alive.seconds", "3600"),
    ("ipv6.deny_all_igw_traffic", "false"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("secondary_ips.auto_assigned.per_subnet", "0"),
    ("waf.fail_open.enabled", "false"),
    ("zonal_shift.config.enabled", "false"),
];

/// Application load balancers, by KEY.
#[derive(Object, Clone)]
pub(super) struct LoadBalancerSpec {
    /// The balancer's name: 1 to 32 letters, digits and hyphens. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("LoadBalancerName"), Immutable))]
    name: Value<String>,
    /// Who reaches it. Immutable.
    #[tf(default = "internet-facing", ext(wire("Scheme").always(), Immutable))]
    scheme: Value<Scheme>,
    /// What is balanced. Immutable.
    #[tf(default = "application", ext(wire("Type").always(), Immutable))]
    load_balancer_type: Value<LoadBalancerType>,
    /// The subnets that it is in, by id: two or more, in different zones.
    #[tf(required, ext(wire(SUBNETS)))]
    subnets: Value<BTreeSet<String>>,
    /// Its security groups: KEYs of `security_groups` of this stack, or ids of others. The default group of the VPC when
    /// absent.
    #[tf(optional, computed, ext(wire(GROUPS), refers("security_groups", "id").named_as("sg-ID", is_group)))]
    security_groups: Value<BTreeSet<String>>,
    /// Which addresses it has.
    #[tf(default = "ipv4", ext(wire(ADDRESSES).always()))]
    ip_address_type: Value<IpAddressType>,
    /// After how long without data a connection is closed: 1 second to 4000 seconds.
    #[tf(default = "60s", ext(wire("settings.idleTimeout.timeoutSeconds").codec(SECONDS)))]
    idle_timeout: Value<Duration>,
    /// Whether AWS refuses to delete it.
    #[tf(default = false, ext(wire("settings.deletionProtection.enabled").codec(BOOL_TEXT)))]
    deletion_protection: Value<bool>,
    /// Whether headers that HTTP does not allow are dropped.
    #[tf(default = false, ext(wire("settings.routing.http.dropInvalidHeaderFields.enabled").codec(BOOL_TEXT)))]
    drop_invalid_header_fields: Value<bool>,
    /// Whether clients may speak HTTP/2.
    #[tf(default = true, ext(wire("settings.routing.http2.enabled").codec(BOOL_TEXT)))]
    http2: Value<bool>,
    /// Where every request is written to. They are not logged when absent.
    #[tf(optional, ext(wire("settings.accessLogs.s3")))]
    access_logs: Value<AccessLogs>,
    /// What it listens on, by a KEY of your choice. Listeners that others made are left alone; one of the same port is taken
    /// over. They go with the balancer.
    #[tf(optional, ext(wire(LISTENERS), Children, WithObject))]
    listeners: Value<BTreeMap<String, Listener>>,
    /// Tags of this balancer, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The balancer's ARN.
    #[tf(computed, ext(wire("LoadBalancerArn")))]
    arn: Value<String>,
    /// Its name in the DNS, which domains point to.
    #[tf(computed, ext(wire("DNSName")))]
    dns_name: Value<String>,
    /// The zone of that name, for alias records of Route 53.
    #[tf(computed, ext(wire("CanonicalHostedZoneId")))]
    zone_id: Value<String>,
    /// What CloudWatch calls the balancer: `app/NAME/ID`.
    #[tf(computed, ext(wire("fullName")))]
    full_name: Value<String>,
}

/// Where every request is written to.
#[derive(Object, Clone)]
struct AccessLogs {
    /// The bucket: the KEY of one of `buckets`, or the name of another. Its policy lets the balancer write.
    #[tf(required, ext(wire("bucket"), refers("buckets", "name")))]
    bucket: Value<String>,
    /// What the names of the objects begin with.
    #[tf(optional, ext(wire("prefix")))]
    prefix: Value<String>,
}

/// Who reaches a balancer.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// Everybody.
    #[tf(name = "internet-facing")]
    InternetFacing,
    /// Who is in the network.
    #[tf(name = "internal")]
    Internal,
}

/// What is balanced.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum LoadBalancerType {
    /// Requests of HTTP.
    #[tf(name = "application")]
    Application,
}

/// Which addresses a balancer has.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum IpAddressType {
    /// Of version 4.
    #[tf(name = "ipv4")]
    Ipv4,
    /// Of both versions.
    #[tf(name = "dualstack")]
    Dualstack,
}

fn is_group(text: &str) -> bool {
    text.starts_with("sg-")
}

impl Declared for LoadBalancer {
    type Spec = LoadBalancerSpec;
    const NAME: &'static str = "load_balancers";
    const NOUN: &'static str = "load balancer";

    fn validate(&self, spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let mut refuse = |title: &str, detail: String, attribute: &str| {
            diagnostics.push(Diagnostic::error(title.to_owned(), detail).at(path.attribute(attribute)));
        };
        if let Some(name) = spec.name.known()
            && let Some(why) = elb::refuse_name(name)
        {
            let detail = format!("{name:?} cannot be the name of a load balancer: {why}");
            refuse("Invalid name of a load balancer", detail, "name");
        }
        if let Some(subnets) = spec.subnets.known().filter(|subnets| subnets.len() < 2) {
            let detail = format!(
                "subnets has {}; a load balancer is in two subnets or more, each in another zone.",
                if subnets.is_empty() { "none" } else { "one" }
            );
            refuse("A load balancer needs two subnets", detail, "subnets");
        }
        limits::length(&spec.idle_timeout, 1..=4_000, "idle_timeout", path, diagnostics);
        let listeners = spec.listeners.known().into_iter().flatten();
        listener::validate(listeners, &path.attribute("listeners"), diagnostics);
    }

    fn validate_new(&self, spec: &LoadBalancerSpec, path: &Path, diagnostics: &mut Diagnostics) {
        for (key, listener) in spec.listeners.known().into_iter().flatten() {
            listener::validate_new(listener, &path.attribute("listeners").key(key), diagnostics);
        }
    }
}

impl Kind for LoadBalancer {
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        elb::is_of_kubernetes(body)
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "CreatedTime",
            "State",
            "VpcId",
            "settings.accessLogs.s3.enabled",
            "listeners.*.ListenerArn",
            "listeners.*.LoadBalancerArn",
        ]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Gradual for LoadBalancer {
    fn readiness(&self, body: &Json) -> Readiness {
        match wire::text(body, "State.Code") {
            "provisioning" => Readiness::Pending,
            "failed" => {
                let why = wire::text(body, "State.Reason");
                Readiness::Failed(if why.is_empty() { "it could not be set up" } else { why }.to_owned())
            }
            _ => Readiness::Ready,
        }
    }

    fn was_ready(&self, _: &Dynamic) -> bool {
        true
    }
}

impl Discovery for LoadBalancer {
    /// The target groups that its listeners lead to.
    fn watches(&self, body: &Json) -> Vec<(&'static str, String)> {
        let listeners = body[LISTENERS].as_object().into_iter().flatten();
        let targets = listeners.filter_map(|(_, listener)| elb::parts(wire::text(listener, listener::TARGET)));
        targets.map(|(name, _)| ("target_groups", name.to_owned())).collect()
    }

    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let groups = body[GROUPS].as_array().into_iter().flatten().filter_map(Json::as_str);
        let mut uses: Vec<(&'static str, String)> = groups.map(|group| ("security_groups", group.to_owned())).collect();
        uses.extend(self.watches(body));
        let bucket = wire::text(body, "settings.accessLogs.s3.bucket");
        uses.extend((!bucket.is_empty()).then(|| ("buckets", bucket.to_owned())));
        uses
    }
}

/// A balancer out of what the calls say of it.
pub(super) fn object(
    mut balancer: Json,
    settings: &Json,
    listeners: Vec<Json>,
    of_balancer: BTreeMap<String, String>,
) -> Json {
    let zones = balancer["AvailabilityZones"].take();
    wire::remove(&mut balancer, "AvailabilityZones");
    balancer[SUBNETS] = items(&zones).iter().filter_map(|zone| zone.get("SubnetId")).cloned().collect();
    balancer[GROUPS] = items(&balancer[GROUPS]).iter().cloned().collect();
    elb::put_settings(&mut balancer, settings, &DEFAULTS, |key| DECLARED.contains(&key));
    let logs = elb::path(LOGS);
    if wire::text(&balancer, &format!("{logs}.enabled")) != "true" {
        wire::remove(&mut balancer, &logs);
    }
    let full_name = elb::parts(wire::text(&balancer, "LoadBalancerArn")).map(|(_, full)| full.to_owned());
    balancer["fullName"] = json!(full_name);
    balancer[LISTENERS] = listener::by_key(listeners);
    tags::put(&mut balancer, of_balancer);
    balancer
}

/// Completes a balancer, as described, with what other calls say of it.
async fn complete(balancer: Json, run: Run<'_>) -> Result<Json, ApiError> {
    let arn = wire::text(&balancer, "LoadBalancerArn");
    let calls = try_join3(
        elb::settings("DescribeLoadBalancerAttributes", ("LoadBalancerArn", arn), run),
        elb::pages("DescribeListeners", "Listeners", json!({ "LoadBalancerArn": arn }), run),
        elb::tags_of(arn, run),
    );
    let (settings, listeners, tags) = calls.await?;
    Ok(object(balancer, &settings, listeners, tags))
}

/// The settings that a balancer is to be told of, as far as they are `wanted`.
pub(super) fn settings(body: &Json, wanted: impl Fn(&str) -> bool) -> Vec<Json> {
    let mut body = body.clone();
    let logs = elb::path(LOGS);
    let is_logged = wire::get(&body, &format!("{logs}.bucket")).is_some();
    wire::put(&mut body, &format!("{logs}.enabled"), json!(is_logged.to_string()));
    let prefix = format!("{logs}.prefix");
    if is_logged && wire::get(&body, &prefix).is_none() {
        wire::put(&mut body, &prefix, json!(""));
    }
    elb::pairs(&body, wanted)
}

async fn set(arn: &str, settings: Vec<Json>, run: Run<'_>) -> Result<(), ApiError> {
    if settings.is_empty() {
        return Ok(());
    }
    let wanted = json!({ "LoadBalancerArn": arn, "Attributes": settings });
    elb::call("ModifyLoadBalancerAttributes", wanted, run).await.map(drop)
}

/// The settings of a new balancer that differ from what AWS gives it.
fn unusual(body: &Json) -> Vec<Json> {
    let is_usual = |pair: &Json| DEFAULTS.contains(&(wire::text(pair, "Key"), wire::text(pair, "Value")));
    let mut unusual = settings(body, |_| true);
    unusual.retain(|pair| !is_usual(pair));
    unusual
}

#[async_trait]
impl Api for LoadBalancer {
    fn service(&self) -> Service {
        Service::ELB
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:DeleteListener",
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:ModifyListener",
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            "elasticloadbalancing:RemoveTags",
            "elasticloadbalancing:SetIpAddressType",
            "elasticloadbalancing:SetSecurityGroups",
            "elasticloadbalancing:SetSubnets",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "LoadBalancerName")
    }

    /// The same settings under the same name are answered with the balancer that is there.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, _: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let found = elb::pages("DescribeLoadBalancers", "LoadBalancers", json!({ "Names": [name] }), run).await?;
        match found.into_iter().next() {
            Some(balancer) => complete(balancer, run).await.map(Some),
            None => Ok(None),
        }
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let balancers = elb::pages("DescribeLoadBalancers", "LoadBalancers", json!({}), run).await?;
        try_join_all(balancers.into_iter().map(|balancer| complete(balancer, run))).await
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({
            "Name": self.name_of(body), "Subnets": body[SUBNETS], "SecurityGroups": body.get(GROUPS),
            "Tags": elb::new_tags(body),
        });
        for field in ["Scheme", "Type", ADDRESSES] {
            wanted[field] = body.get(field).cloned().unwrap_or_default();
        }
        elb::call("CreateLoadBalancer", wanted, run).await.map(drop)
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        !unusual(body).is_empty()
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let Some(made) = self.read(self.name_of(body), None, run).await? else { return Ok(()) };
        let arn = wire::text(&made, "LoadBalancerArn");
        set(arn, unusual(body), run).await?;
        listener::write(arn, &Json::Null, body, run).await
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let arn = wire::text(before, "LoadBalancerArn");
        if changed.has(SUBNETS) {
            elb::call("SetSubnets", json!({ "LoadBalancerArn": arn, "Subnets": after[SUBNETS] }), run).await?;
        }
        if changed.has(GROUPS) {
            let wanted = json!({ "LoadBalancerArn": arn, "SecurityGroups": after[GROUPS] });
            elb::call("SetSecurityGroups", wanted, run).await?;
        }
        if changed.has(ADDRESSES) {
            let wanted = json!({ "LoadBalancerArn": arn, "IpAddressType": after[ADDRESSES] });
            elb::call("SetIpAddressType", wanted, run).await?;
        }
        // Logs that are no longer wanted leave nothing of themselves.
        let are_logs_changed = changed.has(&elb::path("access_logs"));
        let is_changed = |key: &str| changed.has(&elb::path(key)) || (are_logs_changed && key.starts_with(LOGS));
        set(arn, settings(after, is_changed), run).await?;
        if changed.has(LISTENERS) {
            listener::write(arn, before, after, run).await?;
        }
        elb::set_tags(arn, &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let arn = match known.get("arn").as_str() {
            Some(arn) => arn.to_owned(),
            None => match self.read(name, None, run).await? {
                Some(balancer) => wire::text(&balancer, "LoadBalancerArn").to_owned(),
                None => return Ok(()),
            },
        };
        elb::call("DeleteLoadBalancer", json!({ "LoadBalancerArn": arn }), run).await?;
        // Until it is gone its target groups are in use, and its interfaces are in security groups.
        let mut looks = 0;
        while self.read(name, None, run).await?.is_some() && run.pause(looks).await.is_ok() {
            looks += 1;
        }
        Ok(())
    }
}
