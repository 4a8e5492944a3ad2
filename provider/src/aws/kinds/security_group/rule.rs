//! Rules of a security group: each lets one source (or destination) use some ports of one protocol.
//!
//! All that a rule says but its description tells it from others: EC2 has no two alike, and names each by an id.

use serde_json::{Value as Json, json};
use tfplugin::{Diagnostic, Diagnostics, Object, Path, Value};

use super::{call, items_of};
use crate::aws::api::{ApiError, Found, items};
use crate::aws::session::Run;
use crate::aws::{cidr, ec2};
use crate::engine::marks::{Identity, refers, wire};
use crate::engine::wire::{self, INT64};

/// What stands for all protocols.
const ALL: &str = "-1";

/// A rule of a security group.
#[derive(Object, Clone)]
pub(super) struct Rule {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all of them, which has no ports.
    #[tf(default = "tcp", ext(wire("ipProtocol"), Identity))]
    protocol: Value<String>,
    /// The port; of ICMP the type, or nothing for all of them.
    #[tf(optional, ext(wire("fromPort").codec(INT64), Identity))]
    port: Value<i64>,
    /// The last port of a range that begins with `port`; of ICMP the code.
    #[tf(optional, ext(wire("toPort").codec(INT64), Identity))]
    to_port: Value<i64>,
    /// The IPv4 addresses, as `10.0.0.0/16`.
    #[tf(optional, ext(wire("cidrIpv4"), Identity))]
    cidr: Value<String>,
    /// The IPv6 addresses, in place of `cidr`.
    #[tf(optional, ext(wire("cidrIpv6"), Identity))]
    ipv6_cidr: Value<String>,
    /// Those in another group, in place of `cidr`: the KEY of one of `security_groups`, or the id of another.
    #[tf(optional, ext(wire("sourceGroup"), Identity, refers("security_groups", "id").named_as("sg-ID", is_group)))]
    security_group: Value<String>,
    /// The addresses of a prefix list, by its id, in place of `cidr`.
    #[tf(optional, ext(wire("prefixListId"), Identity))]
    prefix_list: Value<String>,
    /// What the rule is for: up to 255 characters.
    #[tf(optional, ext(wire("description")))]
    description: Value<String>,
}

fn is_group(text: &str) -> bool {
    text.starts_with("sg-")
}

/// Which way a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// What may come in.
    Ingress,
    /// What may go out.
    Egress,
}

impl Side {
    /// The field of a group's JSON with the rules of this side.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    /// The field in which EC2 lists what the group permits on this side.
    pub(super) fn permissions(self) -> &'static str {
        match self {
            Self::Ingress => "ipPermissions",
            Self::Egress => "ipPermissionsEgress",
        }
    }

    /// Whether the rule is of this side.
    pub(super) fn has(self, rule: &Json) -> bool {
        (wire::text(rule, "isEgress") == "true") == (self == Self::Egress)
    }

    fn authorize(self) -> &'static str {
        match self {
            Self::Ingress => "AuthorizeSecurityGroupIngress",
            Self::Egress => "AuthorizeSecurityGroupEgress",
        }
    }

    fn revoke(self) -> &'static str {
        match self {
            Self::Ingress => "RevokeSecurityGroupIngress",
            Self::Egress => "RevokeSecurityGroupEgress",
        }
    }
}

/// A rule with its description, which of those in other groups may stand in the permissions of the group only.
pub(super) fn described(mut rule: Json, permissions: &Json) -> Json {
    let source = wire::text(&rule, "sourceGroup");
    let ports = |of: &Json| {
        let port = |field: &str| Some(wire::text(of, field).to_owned()).filter(|port| !port.is_empty() && port != "-1");
        (port("fromPort"), port("toPort").or_else(|| port("fromPort")))
    };
    let is_same =
        |permission: &&Json| permission["ipProtocol"] == rule["ipProtocol"] && ports(permission) == ports(&rule);
    let groups = items(permissions).iter().filter(is_same).flat_map(|permission| items(&permission["groups"]));
    let description = groups
        .filter(|group| !source.is_empty() && wire::text(group, "groupId") == source)
        .find_map(|group| group.get("description"))
        .cloned();
    if let (Some(description), None) = (description, rule.get("description")) {
        rule["description"] = description;
    }
    rule
}

/// Checks a rule.
pub(super) fn validate(rule: &Rule, path: &Path, diagnostics: &mut Diagnostics) {
    let mut error = |attribute: &str, summary: &str, detail: String| {
        diagnostics.push(Diagnostic::error(summary, detail).at(path.attribute(attribute)));
    };
    let sources = [&rule.cidr, &rule.ipv6_cidr, &rule.security_group, &rule.prefix_list];
    let named = sources.iter().filter(|source| source.known().is_some()).count();
    let is_open = sources.iter().any(|source| source.is_unknown());
    if named > 1 || (named == 0 && !is_open) {
        let detail = format!(
            "A rule names one of cidr, ipv6_cidr, security_group and prefix_list; this one names {}. Make a rule for each.",
            if named == 0 { "none".to_owned() } else { named.to_string() }
        );
        error("cidr", "A rule of a security group has one source", detail);
    }
    for (value, attribute) in [(&rule.cidr, "cidr"), (&rule.ipv6_cidr, "ipv6_cidr")] {
        if let Some(why) = value.known().and_then(|text| cidr::refuse(text, attribute == "ipv6_cidr")) {
            error(attribute, "Invalid CIDR block", why);
        }
    }
    let Some(protocol) = rule.protocol.known() else { return };
    let is_protocol = matches!(protocol.as_str(), "tcp" | "udp" | "icmp" | "icmpv6" | ALL)
        || protocol.parse::<u8>().is_ok_and(|number| ![1, 6, 17, 58].contains(&number));
    if !is_protocol {
        let detail = format!(
            "{protocol:?} is not a protocol as EC2 says it: tcp, udp, icmp, icmpv6, the number of another one, or -1 for all."
        );
        error("protocol", "Invalid protocol of a security group's rule", detail);
    }
    let has_ports = matches!(protocol.as_str(), "tcp" | "udp");
    if has_ports && rule.port.is_null() {
        error("port", "A rule without a port", format!("protocol is {protocol:?}, which goes with a port. Set port."));
    }
    if protocol == ALL && !(rule.port.is_null() && rule.to_port.is_null()) {
        error(
            "port",
            "All protocols have no port",
            "With protocol = \"-1\" all ports are meant. Remove port.".to_owned(),
        );
    }
    for (value, attribute) in [(&rule.port, "port"), (&rule.to_port, "to_port")] {
        if let Some(port) = value.known().filter(|port| has_ports && !(0..=65_535).contains(*port)) {
            error(attribute, "Invalid port", format!("{attribute} is {port}; ports are from 0 to 65535."));
        }
    }
    if let (Some(from), Some(to)) = (rule.port.known(), rule.to_port.known())
        && has_ports
        && from >= to
    {
        let detail =
            format!("to_port is {to} and port {from}: it is the last of a range. Remove it, or make it larger.");
        error("to_port", "Invalid range of ports", detail);
    }
}

/// The rules of these groups; of all in the region where none are named.
///
/// # Errors
/// Of the calls.
pub(super) async fn read(groups: Vec<String>, run: Run<'_>) -> Result<Vec<Json>, ApiError> {
    let filters = [("group-id", groups)].into_iter().filter(|(_, groups)| !groups.is_empty()).collect::<Vec<_>>();
    let rules = ec2::pages("DescribeSecurityGroupRules", "securityGroupRuleSet", &filters, run).await?;
    Ok(rules.into_iter().map(shown).collect())
}

/// A rule as it is shown here: ports only where they say something, and the other group by its id.
pub(super) fn shown(mut rule: Json) -> Json {
    let (from, to) = (wire::text(&rule, "fromPort").to_owned(), wire::text(&rule, "toPort").to_owned());
    let protocol = wire::text(&rule, "ipProtocol");
    let has_ports = protocol != ALL && from != "-1" && !from.is_empty();
    if !has_ports {
        wire::remove(&mut rule, "fromPort");
    }
    if !has_ports || from == to {
        wire::remove(&mut rule, "toPort");
    }
    let group = wire::text(&rule, "referencedGroupInfo.groupId").to_owned();
    if !group.is_empty() {
        wire::remove(&mut rule, "referencedGroupInfo");
        rule["sourceGroup"] = json!(group);
    }
    wire::remove(&mut rule, "tagSet");
    rule
}

/// The map of rules in a group's JSON.
pub(super) fn by_key(rules: impl IntoIterator<Item = Json>) -> Json {
    let key = |rule: &Json| {
        let part = |name: &str| wire::text(rule, name).to_owned();
        let source = SOURCES.iter().map(|field| part(field)).find(|source| !source.is_empty()).unwrap_or_default();
        let protocol = if part("ipProtocol") == ALL { "all".to_owned() } else { part("ipProtocol") };
        format!("{protocol}_{}_{source}", part("fromPort"))
    };
    wire::by_key(rules, key)
}

/// The fields of a rule of which one names its source.
const SOURCES: [&str; 4] = ["cidrIpv4", "cidrIpv6", "sourceGroup", "prefixListId"];

/// Whether two rules let the same through.
pub(super) fn is_same(a: &Json, b: &Json) -> bool {
    let protocol = |rule: &Json| match wire::text(rule, "ipProtocol") {
        "" => "tcp".to_owned(),
        protocol => protocol.to_owned(),
    };
    let fields = SOURCES.iter().chain(&["fromPort", "toPort"]);
    protocol(a) == protocol(b) && fields.into_iter().all(|field| wire::text(a, field) == wire::text(b, field))
}

/// Whether it is the rule that EC2 gives to every group: everything may go out.
fn is_default(rule: &Json) -> bool {
    wire::text(rule, "ipProtocol") == ALL && wire::text(rule, "cidrIpv4") == "0.0.0.0/0"
}

/// What is to be done about the rules of one side.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference<'j> {
    pub(super) new: Vec<&'j Json>,
    /// With another description.
    pub(super) changed: Vec<(&'j Json, &'j Json)>,
    pub(super) gone: Vec<&'j Json>,
}

impl<'j> Difference<'j> {
    /// Between a group's JSON as read and as wanted.
    pub(super) fn between(side: Side, before: &'j Json, after: &'j Json) -> Self {
        let mut difference = Self::default();
        for wanted in items_of(after, side) {
            match items_of(before, side).find(|there| is_same(there, wanted)) {
                None => difference.new.push(wanted),
                Some(there) if wire::text(there, "description") != wire::text(wanted, "description") => {
                    difference.changed.push((there, wanted));
                }
                Some(_) => {}
            }
        }
        // The first rule of one's own takes the place of EC2's.
        let is_replaced = |there: &Json| side == Side::Egress && is_default(there) && !difference.new.is_empty();
        let is_wanted = |there: &Json| items_of(after, side).any(|wanted| is_same(there, wanted));
        let gone = items_of(before, side).filter(|there| is_replaced(there) || !is_wanted(there));
        difference.gone = gone.collect();
        difference
    }
}

/// A rule as EC2 takes it where rules are made.
fn permission(rule: &Json) -> Json {
    let (from, to) = ports(rule);
    let mut permission = json!({ "IpProtocol": protocol(rule), "FromPort": from, "ToPort": to });
    let (list, field, source) = match SOURCES.iter().find(|field| rule.get(**field).is_some()) {
        Some(&"cidrIpv6") => ("Ipv6Ranges", "CidrIpv6", &rule["cidrIpv6"]),
        Some(&"sourceGroup") => ("Groups", "GroupId", &rule["sourceGroup"]),
        Some(&"prefixListId") => ("PrefixListIds", "PrefixListId", &rule["prefixListId"]),
        _ => ("IpRanges", "CidrIp", &rule["cidrIpv4"]),
    };
    permission[list] = json!([{ field: source, "Description": rule.get("description") }]);
    permission
}

fn protocol(rule: &Json) -> &str {
    match wire::text(rule, "ipProtocol") {
        "" => "tcp",
        protocol => protocol,
    }
}

/// The first and the last port; without any, all of what has some.
fn ports(rule: &Json) -> (Json, Json) {
    let port = |field: &str| rule.get(field).cloned();
    match protocol(rule) {
        ALL => (Json::Null, Json::Null),
        "icmp" | "icmpv6" => {
            let all = || json!("-1");
            (port("fromPort").unwrap_or_else(all), port("toPort").unwrap_or_else(all))
        }
        _ => {
            let from = port("fromPort").unwrap_or_default();
            (from.clone(), port("toPort").unwrap_or(from))
        }
    }
}

/// Makes rules, as they are there, what is wanted of them.
async fn modify(group: &Json, rules: &[(&Json, &Json)], run: Run<'_>) -> Result<(), ApiError> {
    if rules.is_empty() {
        return Ok(());
    }
    let update = |(there, wanted): &(&Json, &Json)| {
        let (from, to) = ports(wanted);
        let rule = json!({
            "IpProtocol": protocol(wanted), "FromPort": from, "ToPort": to, "CidrIpv4": wanted.get("cidrIpv4"),
            "CidrIpv6": wanted.get("cidrIpv6"), "ReferencedGroupId": wanted.get("sourceGroup"),
            "PrefixListId": wanted.get("prefixListId"), "Description": wire::text(wanted, "description"),
        });
        json!({ "SecurityGroupRuleId": there["securityGroupRuleId"], "SecurityGroupRule": rule })
    };
    let updates: Vec<Json> = rules.iter().map(update).collect();
    call("ModifySecurityGroupRules", json!({ "GroupId": group, "SecurityGroupRule": updates }), run).await.map(drop)
}

/// Makes the rules of one side what `after` says. New ones come first, so that what is only said otherwise is never cut off.
///
/// # Errors
/// Of the calls.
pub(super) async fn write(side: Side, before: &Json, after: &Json, run: Run<'_>) -> Result<(), ApiError> {
    let group = &before["groupId"];
    let Difference { new, changed, gone } = Difference::between(side, before, after);
    if !new.is_empty() {
        let permissions: Vec<Json> = new.iter().copied().map(permission).collect();
        let made = call(side.authorize(), json!({ "GroupId": group, "IpPermissions": permissions }), run).await;
        let made = match made {
            // After an answer that was lost, what is there was made before.
            Err(error) if error.is_refused_with("InvalidPermission.Duplicate") => Vec::new(),
            made => items(&made?["securityGroupRuleSet"]).iter().cloned().map(shown).collect(),
        };
        // What the call has not taken in of them is told again.
        let is_short = |(there, wanted): &(&Json, &Json)| {
            is_same(there, wanted) && wire::text(there, "description") != wire::text(wanted, "description")
        };
        let pairs = made.iter().flat_map(|there| new.iter().map(move |wanted| (there, *wanted)));
        modify(group, &pairs.filter(is_short).collect::<Vec<_>>(), run).await?;
    }
    modify(group, &changed, run).await?;
    if !gone.is_empty() {
        let ids: Vec<&Json> = gone.into_iter().map(|rule| &rule["securityGroupRuleId"]).collect();
        call(side.revoke(), json!({ "GroupId": group, "SecurityGroupRuleId": ids }), run).await.found()?;
    }
    Ok(())
}
