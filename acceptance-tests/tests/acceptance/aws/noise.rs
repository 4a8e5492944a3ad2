//! What AWS, its tools and the organisation make in every account is no part of anybody's environment.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};
use serde_json::json;

on_every_terraform! {
    an_import_of_a_whole_account_leaves_out_what_nobody_made,
}

fn bucket(world: &AwsWorld, name: &str) {
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    world.s3("PUT", &format!("/{name}"), place);
}

fn role(world: &AwsWorld, name: &str, path: &str) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    world.iam("CreateRole", &[("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", trust)]);
}

fn alarm(world: &AwsWorld, name: &str) {
    let alarm = json!({
        "AlarmName": name, "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 3, "Threshold": 60.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    world.call("monitoring", "GraniteServiceVersion20100801.PutMetricAlarm", &alarm);
}

fn an_import_of_a_whole_account_leaves_out_what_nobody_made(scene: Scene) {
    let world = scene.aws_world();
    let noise = [
        vec!["cdk-hnb659fds-assets-123456789012-eu-west-1", "aws-cloudtrail-logs-123456789012-0a1b2c3d"],
        vec!["/aws/rds/instance/churn-db/postgresql", "RDSOSMetrics"],
        vec!["OrganizationAccountAccessRole", "AWSReservedSSO_Admin_1a2b3c4d", "AWSServiceRoleForecs"],
        vec!["default"],
        vec!["TargetTracking-service/churn/worker-AlarmHigh-0a1b2c3d"],
    ];
    for name in noise[0].iter().chain(&["churn-uploads"]) {
        bucket(&world, name);
    }
    for name in noise[1].iter().chain(&["/ecs/churn"]) {
        world.call("logs", "Logs_20140328.CreateLogGroup", &json!({"logGroupName": name}));
    }
    role(&world, noise[2][0], "/");
    role(&world, noise[2][1], "/aws-reserved/sso.amazonaws.com/");
    role(&world, "churn-api", "/");
    world.iam("CreateServiceLinkedRole", &[("AWSServiceName", "ecs.amazonaws.com")]);
    for name in noise[3].iter().chain(&["churn-cluster"]) {
        world.call("ecs", "AmazonEC2ContainerServiceV20141113.CreateCluster", &json!({"clusterName": name}));
    }
    for name in noise[4].iter().chain(&["churn-cpu"]) {
        alarm(&world, name);
    }
    let made = world.objects();
    assert!(noise[..4].iter().flatten().all(|name| made.iter().any(|one| one.contains(name))), "{made:?}");

    // Everything of the account, which has a default network as well.
    let imported = world.expect_importable("123456789012/eu-west-1/churn");
    let state = imported.state();
    let stack = state.resource("mlops_aws_stack.it");
    assert_eq!(
        stack.get("/inventory"),
        &json!([
            "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:churn-cpu",
            "arn:aws:ecs:eu-west-1:123456789012:cluster/churn-cluster",
            "arn:aws:iam::123456789012:role/churn-api",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/churn",
            "arn:aws:s3:::churn-uploads",
        ])
    );
}
