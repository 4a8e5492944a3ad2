//! What is read of a security group and its rules, what is written, and what is refused.

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::rule::{Difference, Side, shown};
use super::with_rules;
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::scope::Scope;
use crate::engine::wire;

/// A rule as EC2 says it.
fn rule(id: &str, egress: bool, more: Json) -> Json {
    let mut rule =
        json!({"securityGroupRuleId": id, "groupId": "sg-1", "groupOwnerId": "1", "isEgress": egress.to_string()});
    rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shown(rule)
}

/// The rule that EC2 gives to every group.
fn everything_out() -> Json {
    rule("sgr-0", true, json!({"ipProtocol": "-1", "fromPort": "-1", "toPort": "-1", "cidrIpv4": "0.0.0.0/0"}))
}

fn group(rules: &[Json]) -> Json {
    let group = json!({"groupId": "sg-1", "groupName": "web", "groupDescription": "Web", "vpcId": "vpc-1"});
    with_rules(group, rules)
}

fn https() -> Json {
    rule("sgr-1", false, json!({"ipProtocol": "tcp", "fromPort": "443", "toPort": "443", "cidrIpv4": "0.0.0.0/0"}))
}

#[test]
fn a_group_that_says_nothing_of_what_goes_out_keeps_the_rule_of_ec2() {
    let silent = json!({"name": "web", "description": "Web", "vpc_id": "vpc-1"});
    let read = wire::read(kind("security_groups").object(), &group(&[everything_out()]));
    let (_, out) = read.get("egress").as_entries().unwrap().iter().next().unwrap();
    assert_eq!((out.get("protocol"), out.get("port")), (&Dynamic::string("-1"), &Dynamic::Null));
    assert_eq!(differences("security_groups", &silent, &group(&[])), Vec::<String>::new());
}

#[test]
fn what_only_the_permissions_of_a_group_say_of_a_rule_is_read() {
    let of_group = rule(
        "sgr-2",
        false,
        json!({"ipProtocol": "tcp", "fromPort": "5432", "toPort": "5432", "referencedGroupInfo": {"groupId": "sg-2"}}),
    );
    let permission = |port: &str, text: &str| {
        json!({
            "ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": [{"groupId": "sg-2", "description": text}],
        })
    };
    let permissions = json!([permission("80", "Another"), permission("5432", "From the tasks")]);
    let body = with_rules(json!({"groupId": "sg-1", "ipPermissions": permissions}), &[of_group]);
    let rules = body["ingress"].as_object().unwrap();
    assert_eq!(rules.values().map(|rule| &rule["description"]).collect::<Vec<_>>(), ["From the tasks"]);
    assert_eq!(body.get("ipPermissions"), None);
}

#[test]
fn an_import_is_silent_about_the_rule_of_ec2() {
    let imported = |rules: &[Json]| {
        let mut read = wire::read(kind("security_groups").object(), &group(rules));
        kind("security_groups").imported(&mut read, &Scope::default());
        read.get("egress").is_null()
    };
    let one_way =
        rule("sgr-3", true, json!({"ipProtocol": "tcp", "fromPort": "443", "toPort": "443", "cidrIpv4": "0.0.0.0/0"}));
    assert_eq!((imported(&[everything_out()]), imported(&[one_way])), (true, false));
}

#[test]
fn rules_are_told_by_what_they_let_through_whatever_their_keys() {
    let same = json!({
        "name": "web", "description": "Web", "vpc_id": "vpc-1", "ingress": {"anything": {"port": 443, "cidr": "0.0.0.0/0"}},
    });
    assert_eq!(differences("security_groups", &same, &group(&[https()])), Vec::<String>::new());
}

#[test]
fn the_source_group_of_a_rule_is_its_id_without_the_account() {
    let found = rule(
        "sgr-2",
        false,
        json!({
            "ipProtocol": "tcp", "fromPort": "8000", "toPort": "8010", "referencedGroupInfo": {"groupId": "sg-2", "userId": "1"},
        }),
    );
    assert_eq!((&found["sourceGroup"], &found["toPort"]), (&json!("sg-2"), &json!("8010")));
    assert!(found.get("referencedGroupInfo").is_none());
}

#[test]
fn a_changed_description_changes_a_rule_and_all_else_makes_another() {
    let with = |rule: Json| json!({"ingress": {"a": rule}});
    let before = group(&[https()]);
    let described = with(json!({"ipProtocol": "tcp", "fromPort": "443", "cidrIpv4": "0.0.0.0/0", "description": "x"}));
    let change = Difference::between(Side::Ingress, &before, &described);
    assert_eq!((change.new.len(), change.changed.len(), change.gone.len()), (0, 1, 0));
    let moved = with(json!({"fromPort": "444", "cidrIpv4": "0.0.0.0/0"}));
    let change = Difference::between(Side::Ingress, &before, &moved);
    assert_eq!((change.new.len(), change.changed.len(), change.gone.len()), (1, 0, 1));
}

#[test]
fn the_first_rule_for_what_goes_out_takes_the_place_of_ec2s() {
    let before = group(&[everything_out()]);
    let mut after = before.clone();
    let change = Difference::between(Side::Egress, &before, &after);
    assert_eq!(change, Difference::default(), "it stays where nothing is said");
    after["egress"]["new"] = json!({"fromPort": "443", "cidrIpv4": "10.0.0.0/8"});
    let change = Difference::between(Side::Egress, &before, &after);
    assert_eq!(change.gone, [&everything_out()]);
}

#[test]
fn the_group_that_every_vpc_has_is_not_imported() {
    let is_made = |name: &str| kind("security_groups").is_made_by_cloud(&json!({"groupName": name}), &Scope::default());
    assert_eq!((is_made("default"), is_made("web")), (true, false));
}

#[test]
fn a_group_is_in_the_vpc_of_the_stack_unless_it_says_otherwise() {
    let settings = Dynamic::Object([("vpc_id".to_owned(), Dynamic::string("vpc-9"))].into());
    let scope = Scope { settings, ..Scope::default() };
    assert_eq!(kind("security_groups").predict(&Dynamic::Null, &scope), [("vpc_id", Dynamic::string("vpc-9"))]);
}

#[test]
fn what_ec2_refuses_of_a_group_is_refused_by_the_plan() {
    let with = |rule: Json| json!({"name": "web", "description": "Web", "ingress": {"r": rule}});
    for (hcl, title) in [
        (json!({"name": "sg-web", "description": "Web"}), "Invalid name of a security group"),
        (json!({"name": "web", "description": "Web's"}), "Invalid description of a security group"),
        (with(json!({"port": 80})), "A rule of a security group has one source"),
        (
            with(json!({"port": 80, "cidr": "10.0.0.0/8", "security_group": "sg-1"})),
            "A rule of a security group has one source",
        ),
        (with(json!({"port": 80, "cidr": "10.0.0.1/8"})), "Invalid CIDR block"),
        (with(json!({"cidr": "10.0.0.0/8"})), "A rule without a port"),
        (
            with(json!({"port": 80, "protocol": "TCP", "cidr": "10.0.0.0/8"})),
            "Invalid protocol of a security group's rule",
        ),
        (with(json!({"port": 80, "protocol": "-1", "cidr": "10.0.0.0/8"})), "All protocols have no port"),
        (with(json!({"port": 70000, "cidr": "10.0.0.0/8"})), "Invalid port"),
        (with(json!({"port": 80, "to_port": 80, "cidr": "10.0.0.0/8"})), "Invalid range of ports"),
    ] {
        assert_eq!(problems("security_groups", &hcl), [title], "{hcl}");
    }
    for rule in [
        json!({"port": 80, "to_port": 90, "ipv6_cidr": "::/0"}),
        json!({"protocol": "-1", "prefix_list": "pl-1"}),
        json!({"protocol": "icmp", "cidr": "10.0.0.0/8"}),
        json!({"protocol": "50", "security_group": "sg-1"}),
    ] {
        assert_eq!(problems("security_groups", &with(rule.clone())), Vec::<String>::new(), "{rule}");
    }
}
