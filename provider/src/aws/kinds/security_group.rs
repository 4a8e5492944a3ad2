//! Security groups of a VPC: what may reach those who are in one, and what they may reach.
//!
//! EC2 names a group by an id; its name is its own only within the VPC, so that both together tell it. Rules are objects of
//! their own: see [`rule`].

mod rule;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use futures::future::try_join;
use regex::Regex;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Dynamic, Object, Path, Value, name};
use tracing::warn;

use self::rule::{Rule, Side};
use crate::aws::api::{ApiError, Request, Service};
use crate::aws::objects::{Api, Changed};
use crate::aws::session::Run;
use crate::aws::settings::Settings;
use crate::aws::{ec2, patience, tags};
use crate::engine::kind::{Declared, Kind};
use crate::engine::marks::{Children, Immutable, Labels, WithObject, wire};
use crate::engine::scope::Scope;
use crate::engine::{tree, wire};

/// The kind.
pub(super) struct SecurityGroup;

/// In place of the id it has VPC and name, by which a group is known before it exists.
const ARN: &str = "arn:{partition}:ec2:{region}:{account}:security-group/{name}";

/// Security groups of a VPC, by KEY.
#[derive(Object, Clone)]
pub(super) struct SecurityGroupSpec {
    /// The group's name, its own within the VPC: 1 to 255 letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`, not beginning
    /// with `sg-`. Defaults to the KEY. Immutable.
    #[tf(optional, computed, ext(wire("groupName"), Immutable))]
    name: Value<String>,
    /// What the group is for: EC2 wants it, of the same characters. Immutable.
    #[tf(required, ext(wire("groupDescription"), Immutable))]
    description: Value<String>,
    /// The VPC that the group is in. Defaults to the stack's `vpc_id`, and without it to EC2's default VPC. Immutable.
    #[tf(optional, computed, ext(wire("vpcId"), Immutable))]
    vpc_id: Value<String>,
    /// What may reach those in the group, by a KEY of your choice. Rules that others made are left alone; one that says the
    /// same is taken over.
    #[tf(optional, ext(wire("ingress"), Children, WithObject))]
    ingress: Value<BTreeMap<String, Rule>>,
    /// What those in the group may reach. Without it EC2's own rule stays, which lets everything out; with it that rule goes
    /// when the first of these is made. Rules that others made are left alone.
    #[tf(optional, ext(wire("egress"), Children, WithObject))]
    egress: Value<BTreeMap<String, Rule>>,
    /// Tags of this group, over those of the provider and the stack. Tags that others set are left alone.
    #[tf(optional, ext(Labels { wire: tags::FIELD, inherit: true }))]
    tags: Value<BTreeMap<String, String>>,
    /// The group's id: `sg-0123456789abcdef0`.
    #[tf(computed, ext(wire("groupId")))]
    id: Value<String>,
}

/// Whether EC2 takes the text as a name or description.
fn is_text(text: &str) -> bool {
    static TEXT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}$").ok());
    TEXT.as_ref().is_none_or(|rule| rule.is_match(text))
}

impl Declared for SecurityGroup {
    type Spec = SecurityGroupSpec;
    const NAME: &'static str = "security_groups";
    const NOUN: &'static str = "security group";

    fn validate(&self, spec: &SecurityGroupSpec, path: &Path, diagnostics: &mut Diagnostics) {
        let mut error = |attribute: &str, summary: &str, detail: String| {
            diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
        };
        const ALLOWED: &str = "1 to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$* are allowed";
        if let Some(name) = spec.name.known().filter(|name| !is_text(name) || name.starts_with("sg-")) {
            let detail = format!(
                "{name:?} cannot be the name of a security group: {ALLOWED}, and it must not begin with sg-. It defaults to the \
                 KEY; set name where the KEY does not do."
            );
            error("name", "Invalid name of a security group", detail);
        }
        if let Some(text) = spec.description.known().filter(|text| !is_text(text)) {
            let detail = format!("{text:?} cannot describe a security group: {ALLOWED}.");
            error("description", "Invalid description of a security group", detail);
        }
        for (rules, attribute) in [(&spec.ingress, "ingress"), (&spec.egress, "egress")] {
            for (key, rule) in rules.known().into_iter().flatten() {
                rule::validate(rule, &path.attribute(attribute).key(key), diagnostics);
            }
        }
    }
}

impl Kind for SecurityGroup {
    fn predict(&self, _: &Dynamic, scope: &Scope) -> Vec<(&'static str, Dynamic)> {
        let vpc = scope.settings.get(name!(Settings.vpc_id)).clone();
        if vpc.as_str().is_some() { vec![("vpc_id", vpc)] } else { Vec::new() }
    }

    /// Every VPC has a group of this name, which cannot be deleted.
    fn is_made_by_cloud(&self, body: &Json, _: &Scope) -> bool {
        wire::text(body, "groupName") == "default"
    }

    /// A group of which nobody has said what may go out.
    fn imported(&self, component: &mut Dynamic, _: &Scope) {
        let is_default = |rule: &Dynamic| {
            let text = |attribute: &str| rule.get(attribute).as_str();
            text("protocol") == Some("-1") && text("cidr") == Some("0.0.0.0/0") && text("description").is_none()
        };
        let out = component.get("egress").as_entries();
        if out.is_some_and(|rules| rules.len() == 1 && rules.iter().all(|(_, rule)| is_default(rule))) {
            tree::set(component, "egress", Dynamic::Null);
        }
    }

    fn unmanaged(&self) -> &'static [&'static str] {
        &[
            "groupId",
            "ownerId",
            "path",
            "securityGroupArn",
            "ingress.*.groupId",
            "ingress.*.groupOwnerId",
            "ingress.*.isEgress",
            "ingress.*.securityGroupRuleArn",
            "ingress.*.securityGroupRuleId",
            "egress.*.groupId",
            "egress.*.groupOwnerId",
            "egress.*.isEgress",
            "egress.*.securityGroupRuleArn",
            "egress.*.securityGroupRuleId",
        ]
    }
}

async fn call(action: &'static str, body: Json, run: Run<'_>) -> Result<Json, ApiError> {
    run.call(Request::new(Service::EC2, action, body)).await
}

/// Where a group is, by its name here: the VPC, if it is known, and the name in it.
fn place_of<'n>(name: &'n str, known: Option<&'n Dynamic>, run: Run<'n>) -> (Option<&'n str>, &'n str) {
    if let Some((vpc, name)) = name.split_once('/').filter(|(vpc, _)| vpc.starts_with("vpc-")) {
        return (Some(vpc), name);
    }
    let of = |vpc: &'n Dynamic| vpc.as_str();
    let vpc = known.and_then(|known| of(known.get("vpc_id")));
    (vpc.or_else(|| of(run.scope.settings.get(name!(Settings.vpc_id)))), name)
}

/// The groups of these names in a VPC, or in all of them, without their rules; all groups where none are named.
async fn groups(names: Vec<String>, vpc: Option<&str>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let filters = [("group-name", names), ("vpc-id", vpc.map(str::to_owned).into_iter().collect())];
    let filters: Vec<(&str, Vec<String>)> = filters.into_iter().filter(|(_, values)| !values.is_empty()).collect();
    let mut groups = ec2::pages("DescribeSecurityGroups", "securityGroupInfo", &filters, run).await?;
    for group in &mut groups {
        let path = format!("{}/{}", wire::text(group, "vpcId"), wire::text(group, "groupName"));
        group["path"] = json!(path);
        ec2::name_tags(group);
    }
    Ok(groups)
}

/// Hangs rules into the groups that they are of, in place of what the groups say of them themselves.
pub(super) fn with_rules(mut group: Json, rules: &[Json]) -> Json {
    let id = wire::text(&group, "groupId").to_owned();
    for side in [Side::Ingress, Side::Egress] {
        let permissions = group[side.permissions()].take();
        wire::remove(&mut group, side.permissions());
        let own = rules.iter().filter(|rule| wire::text(rule, "groupId") == id && side.has(rule));
        group[side.field()] = rule::by_key(own.map(|rule| rule::described(rule.clone(), &permissions)));
    }
    group
}

#[async_trait]
impl Api for SecurityGroup {
    fn service(&self) -> Service {
        Service::EC2
    }

    fn actions(&self) -> &'static [&'static str] {
        &[
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:DeleteSecurityGroup",
            "ec2:DeleteTags",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:ModifySecurityGroupRules",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
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
        let name = tree::text(component, "name")?;
        Some(tree::text(component, "vpc_id").map_or_else(|| name.to_owned(), |vpc| format!("{vpc}/{name}")))
    }

    async fn read(&self, name: &str, known: Option<&Dynamic>, run: Run<'_>) -> Result<Option<Json>, ApiError> {
        let (vpc, group_name) = place_of(name, known, run);
        let list = format!("groups of {}", vpc.unwrap_or("all"));
        let is_it = |group: &Json, name: &str| wire::text(group, "groupName") == name;
        let of_names = |names| groups(names, vpc, run);
        let mut found = run.together().ask((&list, ec2::VALUES), group_name, is_it, of_names).await?;
        if found.len() > 1 {
            warn!(name, "several VPCs have a security group of that name, and which of them is meant is not known");
            return Ok(None);
        }
        let Some(group) = found.pop() else { return Ok(None) };
        let is_of = |rule: &Json, group: &str| wire::text(rule, "groupId") == group;
        let list = ("rules of groups", ec2::VALUES);
        let of_groups = |groups| rule::read(groups, run);
        let rules = run.together().ask(list, wire::text(&group, "groupId"), is_of, of_groups).await?;
        Ok(Some(with_rules(group, &rules)))
    }

    async fn list(&self, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
        let (groups, rules) = try_join(groups(Vec::new(), None, run), rule::read(Vec::new(), run)).await?;
        Ok(groups.into_iter().map(|group| with_rules(group, &rules)).collect())
    }

    async fn create(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let mut wanted = json!({
            "GroupName": body["groupName"], "GroupDescription": body["groupDescription"],
            "TagSpecification": ec2::tag_specification("security-group", body),
        });
        if let Some(vpc) = body.get("vpcId") {
            wanted["VpcId"] = vpc.clone();
        }
        call("CreateSecurityGroup", wanted, run).await.map(drop)
    }

    fn is_made_in_steps(&self, body: &Json) -> bool {
        [Side::Ingress, Side::Egress].iter().any(|side| body.get(side.field()).is_some())
    }

    async fn complete(&self, body: &Json, run: Run<'_>) -> Result<(), ApiError> {
        let name = match body.get("vpcId").and_then(Json::as_str) {
            Some(vpc) => format!("{vpc}/{}", wire::text(body, "groupName")),
            None => wire::text(body, "groupName").to_owned(),
        };
        // It is known by an id that only EC2 tells, and comes with a rule.
        let mut looks = 0;
        let made = loop {
            match self.read(&name, None, run).await? {
                None if run.pause(looks).await.is_ok() => looks += 1,
                found => break found,
            }
        };
        let Some(made) = made else { return Ok(()) };
        for side in [Side::Ingress, Side::Egress] {
            let mut wanted = made.clone();
            for (key, rule) in body[side.field()].as_object().into_iter().flatten() {
                let is_there = items_of(&made, side).any(|there| rule::is_same(there, rule));
                if !is_there {
                    wanted[side.field()][format!("new_{key}")] = rule.clone();
                }
            }
            rule::write(side, &made, &wanted, run).await?;
        }
        Ok(())
    }

    async fn update(&self, before: &Json, after: &Json, changed: &Changed, run: Run<'_>) -> Result<(), ApiError> {
        for side in [Side::Ingress, Side::Egress] {
            if changed.has(side.field()) {
                rule::write(side, before, after, run).await?;
            }
        }
        ec2::set_tags(wire::text(before, "groupId"), &tags::Change::between(before, after), run).await
    }

    async fn delete(&self, name: &str, known: &Dynamic, run: Run<'_>) -> Result<(), ApiError> {
        let id = match known.get("id").as_str() {
            Some(id) => id.to_owned(),
            None => match self.read(name, Some(known), run).await? {
                Some(group) => wire::text(&group, "groupId").to_owned(),
                None => return Ok(()),
            },
        };
        // Network interfaces of what was deleted are in the group for minutes.
        let is_in_use = |error: &ApiError| error.is_refused_with("DependencyViolation");
        let request = Request::new(Service::EC2, "DeleteSecurityGroup", json!({ "GroupId": id }));
        run.call(request.also_retry(patience::IN_USE, is_in_use)).await.map(drop)
    }
}

/// The rules of one side in a group's JSON.
fn items_of(group: &Json, side: Side) -> impl Iterator<Item = &Json> {
    group[side.field()].as_object().into_iter().flatten().map(|(_, rule)| rule)
}
