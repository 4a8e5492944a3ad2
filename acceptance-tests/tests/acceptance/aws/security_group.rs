//! Security groups of EC2: their rules are made, changed and ended one by one.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    security_groups_are_made_changed_and_imported_with_the_fewest_calls,
    rules_of_others_in_a_security_group_stay,
}

/// The version of EC2's API.
pub(super) const EC2: (&str, &str) = ("Version", "2016-11-15");

/// The text of the first element of that name.
pub(super) fn element(xml: &str, name: &str) -> String {
    let rest = xml.split(&format!("<{name}>")).nth(1).unwrap_or_default();
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// A VPC of the account's own; its id.
fn vpc(world: &AwsWorld) -> String {
    element(&world.form("ec2", &[("Action", "CreateVpc"), EC2, ("CidrBlock", "10.0.0.0/16")]), "vpcId")
}

fn stack(vpc: &str) -> String {
    format!(
        r#"
  vpc_id = "{vpc}"
  tags   = {{ Team = "data" }}
  security_groups = {{
    web   = {{ name = "churn-web", description = "Public", ingress = {{ http = {{ port = 80, cidr = "0.0.0.0/0" }}, https = {{ port = 443, cidr = "0.0.0.0/0" }} }} }}
    tasks = {{
      name        = "churn-tasks"
      description = "Tasks"
      ingress     = {{ web = {{ port = 8000, security_group = "web" }} }}
      egress      = {{ vpc = {{ port = 443, cidr = "10.0.0.0/16" }} }}
    }}
  }}
"#
    )
}

fn id(world: &AwsWorld, group: &str) -> String {
    let state = world.main.state();
    let path = format!("/security_groups/{group}/id");
    state.resource("mlops_aws_stack.it").get(&path).as_str().unwrap().to_owned()
}

fn security_groups_are_made_changed_and_imported_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    let stack = stack(&vpc(&world));
    let mark = world.mark();
    world.apply_stack(&stack);
    let expected = [
        "AuthorizeSecurityGroupEgress",
        "AuthorizeSecurityGroupIngress",
        "AuthorizeSecurityGroupIngress",
        "CreateSecurityGroup",
        "CreateSecurityGroup",
        "DeleteTags",
        "DeleteTags",
        "RevokeSecurityGroupEgress",
    ];
    assert_eq!(world.writes_since(mark), expected);
    let arn = |group: &str| json!(format!("arn:aws:ec2:eu-west-1:123456789012:security-group/{}", id(&world, group)));
    let inventory = world.main.state().resource("mlops_aws_stack.it").get("/inventory").clone();
    let inventory = inventory.as_array().unwrap();
    assert!(inventory.contains(&arn("web")) && inventory.contains(&arn("tasks")), "{inventory:?}");
    world.expect_settled();

    for (old, new, calls) in [
        ("port = 80,", "port = 8080,", vec!["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]),
        ("http = { port = 80, cidr = \"0.0.0.0/0\" },", "", vec!["RevokeSecurityGroupIngress"]),
        ("name = \"churn-web\"", "name = \"churn-web\", tags = { Tier = \"1\" }", vec!["CreateTags"]),
    ] {
        let mark = world.mark();
        world.apply_stack(&stack.replace(old, new));
        assert_eq!(world.writes_since(mark), calls, "{new}");
        world.apply_stack(&stack);
    }

    let http = [("IpProtocol", "tcp"), ("FromPort", "80"), ("ToPort", "80"), ("CidrIp", "0.0.0.0/0")];
    let group = id(&world, "web");
    let revoke = [("Action", "RevokeSecurityGroupIngress"), EC2, ("GroupId", group.as_str())];
    world.form("ec2", &[&revoke[..], &http[..]].concat());
    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes_since(mark), ["AuthorizeSecurityGroupIngress"]);
    world.expect_settled();
    world.expect_importable("123456789012/eu-west-1/it");
    world.main.destroy().expect_success();
    let left = world.form("ec2", &[("Action", "DescribeSecurityGroups"), EC2]);
    assert!(!left.contains("churn-"), "{left}");
}

fn rules_of_others_in_a_security_group_stay(scene: Scene) {
    let world = scene.aws_world();
    let stack = stack(&vpc(&world));
    world.apply_stack(&stack);
    let group = id(&world, "web");
    let theirs = [("IpProtocol", "tcp"), ("FromPort", "22"), ("ToPort", "22"), ("CidrIp", "10.0.0.0/16")];
    let authorize = [("Action", "AuthorizeSecurityGroupIngress"), EC2, ("GroupId", group.as_str())];
    world.form("ec2", &[&authorize[..], &theirs[..]].concat());
    world.expect_settled();
    world.apply_stack(&stack.replace("http = { port = 80, cidr = \"0.0.0.0/0\" },", ""));
    let left = world.form("ec2", &[("Action", "DescribeSecurityGroupRules"), EC2]);
    assert!(left.contains("<fromPort>22<") && !left.contains("<fromPort>80<"), "{left}");
    world.main.destroy().expect_success();
}
