//! Endpoints of a VPC.

use acceptance_tests::{Scene, on_every_terraform};

use super::security_group::{EC2, element};

on_every_terraform! {
    an_endpoint_of_a_vpc_is_made_changed_and_imported_with_the_fewest_calls,
}

fn an_endpoint_of_a_vpc_is_made_changed_and_imported_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    let vpc = element(&world.form("ec2", &[("Action", "CreateVpc"), EC2, ("CidrBlock", "10.0.0.0/16")]), "vpcId");
    let place = [("VpcId", vpc.as_str()), ("CidrBlock", "10.0.1.0/24")];
    let subnet =
        element(&world.form("ec2", &[&[("Action", "CreateSubnet"), EC2][..], &place[..]].concat()), "subnetId");
    let stack = format!(
        r#"
  vpc_id          = "{vpc}"
  security_groups = {{ endpoints = {{ name = "churn-endpoints", description = "Endpoints" }} }}
  vpc_endpoints   = {{
    sqs = {{ service = "sqs", subnets = ["{subnet}"], security_groups = ["endpoints"], private_dns_enabled = true }}
  }}
"#
    );
    let mark = world.mark();
    world.apply_stack(&stack);
    assert_eq!(world.writes_since(mark), ["CreateSecurityGroup", "CreateVpcEndpoint"]);
    world.expect_settled();

    let mark = world.mark();
    world.apply_stack(&stack.replace("service = \"sqs\"", "service = \"com.amazonaws.eu-west-1.sqs\""));
    assert_eq!(world.writes_since(mark), Vec::<String>::new(), "the whole name is the same service");
    let mark = world.mark();
    world.apply_stack(&stack.replace("subnets", "tags = { Name = \"churn-sqs\" }, subnets"));
    assert_eq!(world.writes_since(mark), ["CreateTags"]);
    world.expect_settled();
    world.expect_importable("123456789012/eu-west-1/it");
    world.main.destroy().expect_success();
}
