//! Target groups of Elastic Load Balancing: where balancers send requests to, and when a target counts as healthy.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::future::{try_join, try_join_all};
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use super::limits;
use crate::aws::api::{ApiError, Request, Service, items};
use crate::aws::elb::Protocol;
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::settings::Settings;
use crate::aws::{elb, patience, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Immutable, Labels, wire};
use crate::engine::scope::Scope;
use crate::engine::wire;
use crate::engine::wire::{INT64, SECONDS};
use crate::types::Duration;

/// The kind.
pub(super) struct TargetGroup;

/// Behind the name is an id, which only AWS tells.
const ARN: &str = "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}";
/// The field of a group's JSON with its health check.
const HEALTH: &str = "health";
/// What a health check is called in calls, and in a group's JSON.
const HEALTH_FIELDS: [(&str, &str); 7] = [
    ("HealthCheckPath", "path"),
    ("HealthCheckProtocol", "protocol"),
    ("HealthCheckPort", "port"),
    ("HealthCheckIntervalSeconds", "interval"),
    ("HealthCheckTimeoutSeconds", "timeout"),
    ("HealthyThresholdCount", "healthy"),
    ("UnhealthyThresholdCount", "unhealthy"),
];
/// Settings that a component has.
const DECLARED: [&str; 2] = ["deregistration_delay.timeout_seconds", "slow_start.duration_seconds"];
/// What AWS has where nobody says otherwise.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html>
const DEFAULTS: [(&str, &str); 11] = [
    ("stickiness.enabled", "false"),
    ("stickiness.type", "lb_cookie"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("stickiness.app_cookie.duration_seconds", "86400"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
];

/// Target groups of application load balancers, by KEY.
#[derive(Object, Clone)]
pub(super) struct TargetGroupSpec {
    /// The group's name: 1 to 32 letters, digits and hyphens. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("TargetGroupName"), Immutable))]
    name: Value<String>,
    /// The port that targets listen on, where they do not say it themselves. Immutable.
    #[tf(required, ext(wire("Port").codec(INT64), Immutable))]
    port: Value<i64>,
    /// How targets are spoken to. Immutable.
    #[tf(default = "HTTP", ext(wire("Protocol").always(), Immutable))]
    protocol: Value<Protocol>,
    /// Which version of it. Immutable.
    #[tf(default = "HTTP1", ext(wire("ProtocolVersion").always(), Immutable))]
    protocol_version: Value<ProtocolVersion>,
    /// What targets are: `ip` for tasks of Fargate. Immutable.
    #[tf(default = "ip", ext(wire("TargetType").always(), Immutable))]
    target_type: Value<TargetType>,
    /// The VPC of the targets. Defaults to the stack's `vpc_id`; one of them is needed. Immutable.
    #[tf(optional, computed, ext(wire("VpcId"), Immutable))]
    vpc_id: Value<String>,
    /// When a target counts as healthy. AWS's own rules when absent; those that there are stay.
    #[tf(optional, computed, ext(wire(HEALTH)))]
    health_check: Value<HealthCheck>,
    /// For how long a target that leaves still finishes its requests: up to an hour.
    #[tf(default = "5m", ext(wire("settings.deregistrationDelay.timeoutSeconds").codec(SECONDS)))]
    deregistration_delay: Value<Duration>,
    /// For how long a new target gets more and more requests: 30 seconds to 15 minutes, or none.
    #[tf(default = "0s", ext(wire("settings.slowStart.durationSeconds").codec(SECONDS)))]
    slow_start: Value<Duration>,
    /// Tags of this group, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The group's ARN.
    #[tf(computed, ext(wire("TargetGroupArn")))]
    arn: Value<String>,
    /// What CloudWatch calls the group: `targetgroup/NAME/ID`.
    #[tf(computed, ext(wire("fullName")))]
    full_name: Value<String>,
}

/// When a target counts as healthy.
#[derive(Object, Clone)]
struct HealthCheck {
    /// What is asked for.
    #[tf(default = "/", ext(wire("path").always()))]
    path: Value<String>,
    /// How it is asked for.
    #[tf(default = "HTTP", ext(wire("protocol").always()))]
    protocol: Value<Protocol>,
    /// Where it is asked for: a number, or `traffic-port`, the one of the requests.
    #[tf(default = "traffic-port", ext(wire("port").always()))]
    port: Value<String>,
    /// The codes of an answer that is good: `200`, `200,302` or `200-299`.
    #[tf(default = "200", ext(wire("codes").always()))]
    matcher: Value<String>,
    /// How often: 5 seconds to 5 minutes.
    #[tf(default = "30s", ext(wire("interval").codec(SECONDS).always()))]
    interval: Value<Duration>,
    /// For how long an answer is waited for: 2 seconds to 2 minutes.
    #[tf(default = "5s", ext(wire("timeout").codec(SECONDS).always()))]
    timeout: Value<Duration>,
    /// After how many good answers a target is healthy: 2 to 10.
    #[tf(default = 5, ext(wire("healthy").codec(INT64).always()))]
    healthy_threshold: Value<i64>,
    /// After how many bad ones it no longer is: 2 to 10.
    #[tf(default = 2, ext(wire("unhealthy").codec(INT64).always()))]
    unhealthy_threshold: Value<i64>,
}

/// Which version of HTTP targets speak.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum ProtocolVersion {
    /// HTTP/1.1.
    #[tf(name = "HTTP1")]
    Http1,
    /// HTTP/2.
    #[tf(name = "HTTP2")]
    Http2,
    /// HTTP/2 with calls of gRPC.
    #[tf(name = "GRPC")]
    Grpc,
}

/// What targets are.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum TargetType {
    /// Addresses.
    #[tf(name = "ip")]
    Ip,
    /// Machines of EC2.
    #[tf(name = "instance")]
    Instance,
}

impl Declared for TargetGroup {
    type Spec = TargetGroupSpec;
    const NAME: &'static str = "target_groups";
    const NOUN: &'static str = "target group";

    fn validate(&self, spec: &TargetGroupSpec, path: &Path, diagnostics: &mut Diagnostics) {
        if let Some(name) = spec.name.known()
            && let Some(why) = elb::refuse_name(name)
        {
            let detail = format!("{name:?} cannot be the name of a target group: {why}");
            diagnostics.push(Diagnostic::error("Invalid name of a target group", detail).at(path.attribute("name")));
        }
        limits::number(&spec.port, 1..=65_535, "port", path, diagnostics);
        limits::length(&spec.deregistration_delay, 0..=3_600, "deregistration_delay", path, diagnostics);
        if spec.slow_start.known().is_some_and(|time| time.to_std().as_secs() > 0) {
            limits::length(&spec.slow_start, 30..=900, "slow_start", path, diagnostics);
        }
        let Some(check) = spec.health_check.known() else { return };
        let path = path.attribute("health_check");
        limits::length(&check.interval, 5..=300, "interval", &path, diagnostics);
        limits::length(&check.timeout, 2..=120, "timeout", &path, diagnostics);
        limits::number(&check.healthy_threshold, 2..=10, "healthy_threshold", &path, diagnostics);
        limits::number(&check.unhealthy_threshold, 2..=10, "unhealthy_threshold", &path, diagnostics);
        let mut refuse = |title: &str, detail: String, attribute: &str| {
            diagnostics.push(Diagnostic::error(title.to_owned(), detail).at(path.attribute(attribute)));
        };
        if let (Some(timeout), Some(interval)) = (check.timeout.known(), check.interval.known())
            && timeout.to_std() >= interval.to_std()
        {
            let detail =
                format!("timeout is {timeout} and interval is {interval}: an answer must be waited for less long.");
            refuse("The timeout of a health check is too long", detail, "timeout");
        }
        if let Some(asked) = check.path.known().filter(|asked| !asked.starts_with('/')) {
            let detail = format!("path is {asked:?}; it begins with a slash, such as /health.");
            refuse("Invalid path of a health check", detail, "path");
        }
        let is_port = |port: &&String| *port == "traffic-port" || port.parse::<u16>().is_ok_and(|port| port > 0);
        if let Some(port) = check.port.known().filter(|port| !is_port(port)) {
            let detail = format!("port is {port:?}; it is a number from 1 to 65535, or traffic-port.");
            refuse("Invalid port of a health check", detail, "port");
        }
    }
}

impl Kind for TargetGroup {
    fn predict(&self, _: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let vpc = scope.settings.get(name!(Settings.vpc_id)).clone();
        if vpc.as_str().is_some() { vec![("vpc_id", vpc)] } else { Vec::new() }
    }

    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        elb::is_of_kubernetes(body)
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &["HealthCheckEnabled", "IpAddressType", "LoadBalancerArns", "TargetGroupArn", "fullName"]
    }
}

/// A group out of what the calls say of it.
pub(super) fn object(mut group: Json, settings: &Json, of_group: BTreeMap<String, String>) -> Json {
    let mut health = json!({});
    for (field, name) in HEALTH_FIELDS {
        health[name] = group[field].take();
        wire::remove(&mut group, field);
    }
    let matcher = group["Matcher"].take();
    health["codes"] = ["HttpCode", "GrpcCode"].iter().find_map(|code| matcher.get(code)).cloned().unwrap_or_default();
    wire::remove(&mut group, "Matcher");
    group[HEALTH] = health;
    elb::put_settings(&mut group, settings, &DEFAULTS, |key| DECLARED.contains(&key));
    let full_name = elb::parts(wire::text(&group, "TargetGroupArn")).map(|(_, full)| full.to_owned());
    group["fullName"] = json!(full_name);
    tags::put(&mut group, of_group);
    group
}

/// The health check as calls have it.
pub(super) fn health_check(body: &Json) -> Json {
    let mut wanted = json!({});
    for (field, name) in HEALTH_FIELDS {
        wanted[field] = body[HEALTH].get(name).cloned().unwrap_or_default();
    }
    if let Some(codes) = body[HEALTH].get("codes") {
        let code = if body["ProtocolVersion"] == "GRPC" { "GrpcCode" } else { "HttpCode" };
        wanted["Matcher"] = json!({ code: codes });
    }
    wanted
}

/// Completes a group, as described, with what other calls say of it.
async fn complete(group: Json, run: Run<'_>) -> Result<Json, ApiError> {
    let arn = wire::text(&group, "TargetGroupArn");
    let settings = elb::settings("DescribeTargetGroupAttributes", ("TargetGroupArn", arn), run);
    let (settings, tags) = try_join(settings, elb::tags_of(arn, run)).await?;
    Ok(object(group, &settings, tags))
}

async fn set(arn: &str, body: &Json, is_wanted: impl Fn(&str) -> bool, run: Run<'_>) -> Result<(), ApiError> {
    let settings = elb::pairs(body, is_wanted);
    if settings.is_empty() {
        return Ok(());
    }
    let wanted = json!({ "TargetGroupArn": arn, "Attributes": settings });
    elb::call("ModifyTargetGroupAttributes", wanted, run).await.map(drop)
}

#[async_trait]
impl Api for TargetGroup {
    fn service(&self) -> Service {
        Service::ELB
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:DeleteTargetGroup",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:ModifyTargetGroup",
            "elasticloadbalancing:ModifyTargetGroupAttributes",
            "elasticloadbalancing:RemoveTags",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "TargetGroupName")
    }

    /// The same settings under the same name are answered with the group that is there.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, _: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let found = elb::pages("DescribeTargetGroups", "TargetGroups", json!({ "Names": [name] }), run).await?;
        match found.into_iter().next() {
            Some(group) => complete(group, run).await.map(Some),
            None => Ok(None),
        }
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let groups = elb::pages("DescribeTargetGroups", "TargetGroups", json!({}), run).await?;
        try_join_all(groups.into_iter().map(|group| complete(group, run))).await
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = health_check(body);
        for field in ["Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"] {
            wanted[field] = body.get(field).cloned().unwrap_or_default();
        }
        wanted["Name"] = json!(self.name_of(body));
        wanted["Tags"] = elb::new_tags(body);
        let made = elb::call("CreateTargetGroup", wanted, run).await?;
        let group = items(&made["TargetGroups"]).first().cloned().unwrap_or_default();
        set(wire::text(&group, "TargetGroupArn"), body, is_unusual(body), run).await
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        !elb::pairs(body, is_unusual(body)).is_empty()
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let arn = wire::text(before, "TargetGroupArn");
        if changed.has(HEALTH) {
            let mut wanted = health_check(after);
            wanted["TargetGroupArn"] = json!(arn);
            elb::call("ModifyTargetGroup", wanted, run).await?;
        }
        set(arn, after, |key| changed.has(&elb::path(key)), run).await?;
        elb::set_tags(arn, &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let arn = match known.get("arn").as_str() {
            Some(arn) => arn.to_owned(),
            None => match self.read(name, None, run).await? {
                Some(group) => wire::text(&group, "TargetGroupArn").to_owned(),
                None => return Ok(()),
            },
        };
        // Its last listener may be gone for moments only.
        let is_in_use = |error: &ApiError| error.is_refused_with("ResourceInUse");
        let request = Request::new(Service::ELB, "DeleteTargetGroup", json!({ "TargetGroupArn": arn }));
        run.call(request.also_retry(patience::LISTENER_GONE, is_in_use)).await.map(drop)
    }
}

/// Which settings of a new group differ from what AWS gives it.
fn is_unusual(body: &Json) -> impl Fn(&str) -> bool + '_ {
    let usual = [("deregistration_delay.timeout_seconds", "300"), ("slow_start.duration_seconds", "0")];
    move |key| {
        let value = wire::text(body, &elb::path(key));
        !usual.contains(&(key, value))
    }
}
