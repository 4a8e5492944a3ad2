//! Endpoints of a VPC: how services of AWS are reached without the internet.
//!
//! An endpoint has no name: VPC and service tell it, and where a VPC has several to one service, the id that the stack knows.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use tfplugin::{Choice, Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};

use crate::aws::api::{ApiError, Found, Request, Service, items};
use crate::aws::codecs::BOOL_TEXT;
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::settings::Settings;
use crate::aws::terms::is_region;
use crate::aws::{ec2, tags};
use crate::engine::kind::{Declared, Discovery, Gradual, Kind};
use crate::engine::marks::{Immutable, Labels, refers, wire};
use crate::engine::objects::Readiness;
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};

/// The kind.
pub(super) struct VpcEndpoint;

/// In place of the id it has VPC and service, by which an endpoint is known before it exists.
const ARN: &str = "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{name}";

/// What an endpoint is in or has several of: the field of its JSON, and the parameter of the API.
const SETS: [(&str, &str); 3] =
    [("subnetIds", "SubnetId"), ("groupIds", "SecurityGroupId"), ("routeTableIds", "RouteTableId")];

/// Endpoints of a VPC, by KEY.
#[derive(Object, Clone)]
pub(super) struct VpcEndpointSpec {
    /// The service: of AWS's own the part behind the region (`sqs`, `ecr.api`), of others the whole name. Immutable.
    #[tf(required, ext(wire("serviceName"), Immutable))]
    service: Value<String>,
    /// How it is reached. Immutable.
    #[tf(default = "Interface", ext(wire("vpcEndpointType").always(), Immutable))]
    endpoint_type: Value<EndpointType>,
    /// The VPC that the endpoint is in. Defaults to the stack's `vpc_id`; one of them is needed. Immutable.
    #[tf(optional, computed, ext(wire("vpcId"), Immutable))]
    vpc_id: Value<String>,
    /// The subnets in which an interface has an address, at most one in each zone.
    #[tf(optional, ext(wire("subnetIds")))]
    subnets: Value<BTreeSet<String>>,
    /// The security groups of an interface: KEYs of `security_groups` of this stack, or ids of others. The default group of
    /// the VPC when absent.
    #[tf(optional, computed, ext(wire("groupIds"), refers("security_groups", "id").named_as("sg-ID", is_group)))]
    security_groups: Value<BTreeSet<String>>,
    /// The route tables that lead to a gateway.
    #[tf(optional, ext(wire("routeTableIds")))]
    route_tables: Value<BTreeSet<String>>,
    /// Whether the service's usual DNS name leads to the interface within the VPC.
    #[tf(default = false, ext(wire("privateDnsEnabled").codec(BOOL_TEXT)))]
    private_dns_enabled: Value<bool>,
    /// Tags of this endpoint, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The endpoint's id: `vpce-0123456789abcdef0`.
    #[tf(computed, ext(wire("vpcEndpointId")))]
    id: Value<String>,
}

/// How an endpoint is reached.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
enum EndpointType {
    /// By addresses in subnets.
    #[tf(name = "Interface")]
    Interface,
    /// By routes: S3 and DynamoDB.
    #[tf(name = "Gateway")]
    Gateway,
}

fn is_group(text: &str) -> bool {
    text.starts_with("sg-")
}

/// The name of a service without what all of AWS's own have before it.
pub(super) fn short(service: &str) -> &str {
    let own = service.strip_prefix("com.amazonaws.").and_then(|rest| rest.split_once('.'));
    own.filter(|(region, _)| is_region(region)).map_or(service, |(_, name)| name)
}

/// The whole name of a service in a region.
fn whole(service: &str, region: &str) -> String {
    let is_whole = ["com.amazonaws.", "aws.", "cn.com.amazonaws."].iter().any(|start| service.starts_with(start));
    if is_whole { service.to_owned() } else { format!("com.amazonaws.{region}.{service}") }
}

impl Declared for VpcEndpoint {
    type Spec = VpcEndpointSpec;
    const NAME: &'static str = "vpc_endpoints";
    const NOUN: &'static str = "vpc endpoint";

    fn validate(&self, spec: &VpcEndpointSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let Some(of_type) = spec.endpoint_type.known() else { return };
        let is_gateway = *of_type == EndpointType::Gateway;
        for (is_set, of_gateway, attribute) in [
            (!spec.subnets.is_null(), false, "subnets"),
            (spec.security_groups.known().is_some(), false, "security_groups"),
            (spec.private_dns_enabled.known() == Some(&true), false, "private_dns_enabled"),
            (!spec.route_tables.is_null(), true, "route_tables"),
        ] {
            if is_set && of_gateway != is_gateway {
                let of_type = of_type.spelling();
                let detail =
                    format!("endpoint_type is {of_type}, which has no {attribute}. Remove it, or change the type.");
                let problem = Diagnostic::error("The type of the endpoint has no such setting", detail);
                diagnostics.push(problem.at(path.attribute(attribute)));
            }
        }
    }
}

impl Kind for VpcEndpoint {
    fn effective(&self, component: &mut Dynamic, _: &str, _: &Scope) {
        let service = component.get("service").as_str().map(|service| Dynamic::string(short(service)));
        if let Some(service) = service {
            tree::set(component, "service", service);
        }
    }

    fn predict(&self, _: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let vpc = scope.settings.get(name!(Settings.vpc_id)).clone();
        if vpc.as_str().is_some() { vec![("vpc_id", vpc)] } else { Vec::new() }
    }

    /// Services of AWS make endpoints for themselves.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        wire::text(body, "requesterManaged") == "true"
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "creationTimestamp",
            "dnsEntrySet",
            "dnsOptions",
            "ipAddressType",
            "ipv4PrefixSet",
            "ipv6PrefixSet",
            "networkInterfaceIdSet",
            "ownerId",
            "path",
            "policyDocument",
            "requesterManaged",
            "serviceRegion",
            "state",
            "vpcEndpointId",
        ]
    }

    fn gradual(&self) -> Option<&dyn Gradual> {
        Some(self)
    }

    fn discovery(&self) -> Option<&dyn Discovery> {
        Some(self)
    }
}

impl Gradual for VpcEndpoint {
    fn readiness(&self, body: &Json) -> Readiness {
        match wire::text(body, "state").to_lowercase().as_str() {
            "pending" => Readiness::Pending,
            state @ ("failed" | "rejected" | "expired") => Readiness::Failed(format!("the endpoint is {state}")),
            _ => Readiness::Ready,
        }
    }

    fn was_ready(&self, _: &Dynamic) -> bool {
        true
    }
}

impl Discovery for VpcEndpoint {
    fn uses(&self, body: &Json) -> Vec<(&'static str, String)> {
        let groups = body["groupIds"].as_array().into_iter().flatten().filter_map(Json::as_str);
        groups.map(|group| ("security_groups", group.to_owned())).collect()
    }
}

/// An endpoint out of what EC2 says of it; `None` for one that is deleted.
pub(super) fn object(mut endpoint: Json) -> Option<Json> {
    if matches!(wire::text(&endpoint, "state").to_lowercase().as_str(), "deleting" | "deleted") {
        return None;
    }
    let texts = |list: &Json| items(list).iter().filter(|item| item.is_string()).cloned().collect::<Json>();
    let groups: Json = items(&endpoint["groupSet"]).iter().map(|group| group["groupId"].clone()).collect();
    let sets = [
        ("subnetIds", "subnetIdSet", texts(&endpoint["subnetIdSet"])),
        ("routeTableIds", "routeTableIdSet", texts(&endpoint["routeTableIdSet"])),
        ("groupIds", "groupSet", groups),
    ];
    for (field, list, ids) in sets {
        wire::remove(&mut endpoint, list);
        endpoint[field] = ids;
    }
    // No other type can have it, whatever is said of it.
    if wire::text(&endpoint, "vpcEndpointType") != "Interface" {
        wire::remove(&mut endpoint, "privateDnsEnabled");
    }
    let service = short(wire::text(&endpoint, "serviceName")).to_owned();
    endpoint["path"] = json!(format!("{}/{service}", wire::text(&endpoint, "vpcId")));
    endpoint["serviceName"] = json!(service);
    ec2::name_tags(&mut endpoint);
    Some(endpoint)
}

async fn endpoints(filters: &[(&str, Vec<String>)], run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let found = ec2::pages("DescribeVpcEndpoints", "vpcEndpointSet", filters, run).await?;
    Ok(found.into_iter().filter_map(object).collect())
}

/// The ids of one set that come and those that go.
fn moved(field: &str, before: &Json, after: &Json) -> (Vec<Json>, Vec<Json>) {
    let all = |body: &Json| body.get(field).and_then(Json::as_array).cloned().unwrap_or_default();
    let (before, after) = (all(before), all(after));
    let only = |of: &[Json], other: &[Json]| of.iter().filter(|id| !other.contains(id)).cloned().collect();
    (only(&after, &before), only(&before, &after))
}

#[async_trait]
impl Api for VpcEndpoint {
    fn service(&self) -> Service {
        Service::EC2
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "ec2:CreateTags",
            "ec2:CreateVpcEndpoint",
            "ec2:DeleteTags",
            "ec2:DeleteVpcEndpoints",
            "ec2:DescribeVpcEndpoints",
            "ec2:ModifyVpcEndpoint",
        ]
    }

    fn arn(&self) -> &'static str {
        ARN
    }

    fn named_in_arn_by(&self) -> Option<&'static str> {
        Some("id")
    }

    fn name_of<'b>(&self, body: &'b Json) -> &'b str {
        wire::text(body, "path")
    }

    fn object_name(&self, component: &Dynamic) -> Option<String> {
        let service = short(tree::text(component, "service")?);
        Some(tree::text(component, "vpc_id").map_or_else(|| service.to_owned(), |vpc| format!("{vpc}/{service}")))
    }

    /// EC2 takes a second one for the same service.
    fn creates_silently(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let (vpc, service) = match name.split_once('/') {
            Some((vpc, service)) => (Some(vpc), service),
            None => (run.scope.settings.get(name!(Settings.vpc_id)).as_str(), name),
        };
        let service = whole(service, &run.scope.place.region);
        let filters = [Some(("service-name", vec![service])), vpc.map(|vpc| ("vpc-id", vec![vpc.to_owned()]))];
        let filters: Vec<(&str, Vec<String>)> = filters.into_iter().flatten().collect();
        let mut found = endpoints(&filters, run).await?;
        let id = known.and_then(|known| known.get("id").as_str());
        if found.len() > 1 {
            found.retain(|endpoint| Some(wire::text(endpoint, "vpcEndpointId")) == id);
        }
        Ok(found.pop())
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        endpoints(&[], run).await
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({
            "VpcId": body["vpcId"], "ServiceName": whole(wire::text(body, "serviceName"), &run.scope.place.region),
            "VpcEndpointType": body["vpcEndpointType"], "TagSpecification": ec2::tag_specification("vpc-endpoint", body),
        });
        if body["vpcEndpointType"] == "Interface" {
            wanted["PrivateDnsEnabled"] = json!(wire::text(body, "privateDnsEnabled") == "true");
        }
        for (field, parameter) in SETS {
            wanted[parameter] = body.get(field).cloned().unwrap_or_default();
        }
        run.call(Request::new(Service::EC2, "CreateVpcEndpoint", wanted)).await.map(drop)
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        let id = wire::text(before, "vpcEndpointId");
        let mut wanted = json!({ "VpcEndpointId": id });
        for (field, parameter) in SETS.iter().filter(|(field, _)| changed.has(field)) {
            let (new, gone) = moved(field, before, after);
            wanted[format!("Add{parameter}")] = Json::Array(new);
            wanted[format!("Remove{parameter}")] = Json::Array(gone);
        }
        if changed.has("privateDnsEnabled") {
            wanted["PrivateDnsEnabled"] = json!(wire::text(after, "privateDnsEnabled") == "true");
        }
        if changed.is_beyond(tags::FIELD) {
            run.call(Request::new(Service::EC2, "ModifyVpcEndpoint", wanted)).await?;
        }
        ec2::set_tags(id, &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let Some(endpoint) = self.read(name, Some(known), run).await? else { return Ok(()) };
        let ids = json!({ "VpcEndpointId": [endpoint["vpcEndpointId"]] });
        run.call(Request::new(Service::EC2, "DeleteVpcEndpoints", ids)).await.found()?;
        // Its interfaces are in security groups until it is gone.
        let mut looks = 0;
        while self.read(name, Some(known), run).await?.is_some() && run.pause(looks).await.is_ok() {
            looks += 1;
        }
        Ok(())
    }
}
