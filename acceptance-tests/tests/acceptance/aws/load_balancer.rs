//! Application load balancers with their listeners, and the target groups behind them.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};

use super::security_group::element;

on_every_terraform! {
    a_load_balancer_is_made_with_its_listeners_and_changed_with_the_fewest_calls,
    listeners_of_others_stay_and_drift_of_ones_own_is_healed,
    a_load_balancer_made_by_hand_is_imported_with_its_target_group,
}

const ELB: (&str, &str) = ("Version", "2015-12-01");

/// A balancer with a redirect in front of a target group, which alarms watch.
fn stack(world: &AwsWorld) -> String {
    let subnets = world.subnets();
    let vpc = element(&world.form("ec2", &[("Action", "DescribeVpcs"), ("Version", "2016-11-15")]), "vpcId");
    format!(
        r#"
  vpc_id          = "{vpc}"
  tags            = {{ Team = "data" }}
  security_groups = {{ web = {{ name = "churn-web", description = "The world", ingress = {{ http = {{ port = 80, cidr = "0.0.0.0/0" }} }} }} }}
  target_groups   = {{ api = {{ name = "churn-api", port = 8000, health_check = {{ path = "/health" }} }} }}
  load_balancers = {{
    web = {{
      name            = "churn-web"
      subnets         = [{:?}, {:?}]
      security_groups = ["web"]
      listeners = {{
        old = {{ port = 80, redirect = {{ port = "8080" }} }}
        new = {{ port = 8080, target_group = "api" }}
      }}
    }}
  }}
  alarms = {{
    errors    = {{ preset = "target_5xx", target_group = "api" }}
    unhealthy = {{ preset = "unhealthy_hosts", target_group = "api" }}
  }}
"#,
        subnets[0], subnets[1],
    )
}

fn listeners(world: &AwsWorld) -> String {
    let balancers = world.form("elasticloadbalancing", &[("Action", "DescribeLoadBalancers"), ELB]);
    let arn = element(&balancers, "LoadBalancerArn");
    world.form("elasticloadbalancing", &[("Action", "DescribeListeners"), ELB, ("LoadBalancerArn", &arn)])
}

fn a_load_balancer_is_made_with_its_listeners_and_changed_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    let stack = stack(&world);
    let mark = world.mark();
    world.apply_stack(&stack);
    let made = [
        "AuthorizeSecurityGroupIngress",
        "CreateListener",
        "CreateListener",
        "CreateLoadBalancer",
        "CreateSecurityGroup",
        "CreateTargetGroup",
        "DeleteTags",
        "PutMetricAlarm",
        "PutMetricAlarm",
    ];
    assert_eq!(world.writes_since(mark), made);
    world.expect_settled();

    for (from, to, calls) in [
        ("path = \"/health\"", "path = \"/ready\"", ["ModifyTargetGroup"].as_slice()),
        ("port = 8000,", "port = 8000, deregistration_delay = \"1m\",", &["ModifyTargetGroupAttributes"]),
        ("listeners = {", "idle_timeout = \"2m\"\n listeners = {", &["ModifyLoadBalancerAttributes"]),
        (
            "listeners = {",
            "access_logs = { bucket = \"churn-logs\" }\n listeners = {",
            &["ModifyLoadBalancerAttributes"],
        ),
        ("redirect = { port = \"8080\" }", "fixed_response = { status_code = 410 }", &["ModifyListener"]),
        ("old = { port = 80,", "old = { port = 81,", &["CreateListener", "DeleteListener"]),
        ("\"data\"", "\"ml\"", &["AddTags", "AddTags", "CreateTags", "TagResource", "TagResource"]),
    ] {
        let changed = stack.replacen(from, to, 1);
        assert_ne!(changed, stack);
        let mark = world.mark();
        world.apply_stack(&changed);
        assert_eq!(world.writes_since(mark), calls, "{to}");
        world.expect_settled();
        let mark = world.mark();
        world.apply_stack(&stack);
        assert_eq!(world.writes_since(mark), calls, "back from {to}");
    }
    world.finish();
    let left = world.form("elasticloadbalancing", &[("Action", "DescribeTargetGroups"), ELB]);
    assert!(!left.contains("churn-api"), "{left}");
}

fn listeners_of_others_stay_and_drift_of_ones_own_is_healed(scene: Scene) {
    let world = scene.aws_world();
    let stack = stack(&world);
    world.apply_stack(&stack);
    let all = listeners(&world);
    let balancer = element(&all, "LoadBalancerArn");
    let theirs = [
        ("LoadBalancerArn", balancer.as_str()),
        ("Port", "9000"),
        ("Protocol", "HTTP"),
        ("DefaultActions.member.1.Type", "fixed-response"),
        ("DefaultActions.member.1.FixedResponseConfig.StatusCode", "404"),
        ("DefaultActions.member.1.FixedResponseConfig.ContentType", "text/plain"),
    ];
    world.form("elasticloadbalancing", &[&[("Action", "CreateListener"), ELB][..], &theirs].concat());
    world.expect_settled();

    let of_port_80 = all.split("<member>").find(|one| one.contains("<Port>80</Port>")).unwrap();
    let arn = element(of_port_80, "ListenerArn");
    let drift = [
        ("ListenerArn", arn.as_str()),
        ("DefaultActions.member.1.Type", "fixed-response"),
        ("DefaultActions.member.1.FixedResponseConfig.StatusCode", "503"),
        ("DefaultActions.member.1.FixedResponseConfig.ContentType", "text/plain"),
    ];
    world.form("elasticloadbalancing", &[&[("Action", "ModifyListener"), ELB][..], &drift].concat());
    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes_since(mark), ["ModifyListener"]);
    world.expect_settled();
    assert!(listeners(&world).contains("<Port>9000</Port>"), "what others made is gone");
    world.finish();
}

fn a_load_balancer_made_by_hand_is_imported_with_its_target_group(scene: Scene) {
    let world = scene.aws_world();
    let stack = stack(&world).replace("tags            =", "#");
    world.apply_stack(&stack);
    let imported = world.expect_importable("123456789012/eu-west-1/other?load_balancers=churn-web");
    let generated: String = imported.read("generated.tf").split_whitespace().collect();
    for part in ["target_groups={", "target_group=\"churn_api\"", "security_groups=[\"churn_web\"]", "path=\"/health\""]
    {
        assert!(generated.contains(part), "{part} is missing:\n{generated}");
    }
}
