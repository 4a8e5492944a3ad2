//! Services of ECS in a stack, against moto: the revisions that they run, who deploys them, and how many tasks there are.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};
use serde_json::{Value, json};

on_every_terraform! {
    a_service_is_made_with_its_task_and_a_change_of_that_is_a_revision,
    what_a_pipeline_deploys_is_no_drift_and_stays,
    the_scaler_says_how_many_tasks_there_are,
    a_service_made_by_hand_is_imported_with_what_it_uses,
}

const ECS: &str = "AmazonEC2ContainerServiceV20141113";

/// A service in a cluster, which differs from others by `settings`.
fn stack(world: &AwsWorld, settings: &str) -> String {
    format!(
        r#"
  clusters   = {{ main = {{ name = "churn", container_insights = "enabled" }} }}
  log_groups = {{ api = {{ name = "/ecs/churn-api" }} }}
  roles      = {{ execution = {{ name = "churn-execution", trust = {{ services = ["ecs-tasks.amazonaws.com"] }} }} }}
  services = {{
    api = {{
      name           = "churn-api"
      cluster        = "main"
      cpu            = 256
      memory         = 512
      execution_role = "execution"
      log_group      = "api"
      subnets         = {:?}
      security_groups = {:?}
      {settings}
    }}
  }}
"#,
        &world.subnets()[..2],
        &world.security_groups()[..1],
    )
}

fn service(world: &AwsWorld) -> Value {
    let asked = json!({"cluster": "churn", "services": ["churn-api"]});
    world.call("ecs", &format!("{ECS}.DescribeServices"), &asked)["services"][0].clone()
}

fn definition(world: &AwsWorld) -> Value {
    let asked = json!({"taskDefinition": service(world)["taskDefinition"]});
    world.call("ecs", &format!("{ECS}.DescribeTaskDefinition"), &asked)["taskDefinition"].clone()
}

/// Does what a pipeline does: registers the running definition with another image, and has the service run it.
fn deploy(world: &AwsWorld, image: &str) {
    let mut wanted = definition(world);
    for field in ["taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt"] {
        wanted.as_object_mut().unwrap().remove(field);
    }
    wanted["containerDefinitions"][0]["image"] = json!(image);
    let made = world.call("ecs", &format!("{ECS}.RegisterTaskDefinition"), &wanted);
    let update = json!({
        "cluster": "churn", "service": "churn-api", "taskDefinition": made["taskDefinition"]["taskDefinitionArn"],
    });
    world.call("ecs", &format!("{ECS}.UpdateService"), &update);
}

fn a_service_is_made_with_its_task_and_a_change_of_that_is_a_revision(scene: Scene) {
    let world = scene.aws_world();
    let with = |env: &str| stack(&world, &format!("image = \"api:1\"\n port = 8000\n env = {env}"));
    world.apply_stack(&with(r#"{ B = "2", A = "1" }"#));
    let made = definition(&world);
    assert_eq!(
        (&made["cpu"], &made["networkMode"], &made["family"]),
        (&json!("256"), &json!("awsvpc"), &json!("churn-api"))
    );
    let container = &made["containerDefinitions"][0];
    assert_eq!((&container["name"], &container["image"]), (&json!("churn-api"), &json!("api:1")));
    assert_eq!(container["logConfiguration"]["options"]["awslogs-group"], "/ecs/churn-api");
    world.expect_settled();

    let mark = world.mark();
    world.apply_stack(&with(r#"{ A = "1", B = "3" }"#));
    assert_eq!(world.writes_since(mark), ["RegisterTaskDefinition", "UpdateService"]);
    let mark = world.mark();
    let settings = "image = \"api:1\"\n port = 8000\n env = { A = \"1\", B = \"3\" }\n tags = { Tier = \"web\" }";
    world.apply_stack(&stack(&world, settings));
    assert_eq!(world.writes_since(mark), ["TagResource"]);
    let mark = world.mark();
    world.apply_stack(&stack(&world, &format!("{settings}\n circuit_breaker = {{ enable = true, rollback = true }}")));
    assert_eq!(world.writes_since(mark), ["UpdateService"]);
    world.finish();
}

fn what_a_pipeline_deploys_is_no_drift_and_stays(scene: Scene) {
    let world = scene.aws_world();
    world.apply_stack(&stack(&world, r#"image = "api:1""#));
    // From here on the image is the pipeline's.
    let mark = world.mark();
    world.apply_stack(&stack(&world, ""));
    assert_eq!(world.writes_since(mark), Vec::<String>::new());
    deploy(&world, "api:2");
    world.expect_settled();

    world.apply_stack(&stack(&world, r#"command = ["serve"]"#));
    let container = &definition(&world)["containerDefinitions"][0];
    assert_eq!((&container["image"], &container["command"]), (&json!("api:2"), &json!(["serve"])));

    // Said, it is the configuration's again.
    world.apply_stack(&stack(&world, "command = [\"serve\"]\n image = \"api:3\""));
    deploy(&world, "api:4");
    world.main.apply(&[]).expect_success();
    assert_eq!(definition(&world)["containerDefinitions"][0]["image"], "api:3");
    world.expect_settled();
}

fn the_scaler_says_how_many_tasks_there_are(scene: Scene) {
    let world = scene.aws_world();
    let scaled = |scaling: &str| stack(&world, &format!("image = \"api:1\"\n {scaling}"));
    world.apply_stack(&scaled("scaling = { min = 1, max = 4, cpu_utilization = 60 }"));
    let count = json!({"cluster": "churn", "service": "churn-api", "desiredCount": 3});
    world.call("ecs", &format!("{ECS}.UpdateService"), &count);
    world.expect_settled();

    let mark = world.mark();
    world.apply_stack(&scaled("scaling = { min = 1, max = 4, cpu_utilization = 70 }"));
    assert_eq!(world.writes_since(mark), ["PutScalingPolicy"]);
    let mark = world.mark();
    world.apply_stack(&scaled("scaling = { min = 2, max = 4, memory_utilization = 70 }"));
    assert_eq!(world.writes_since(mark), ["DeleteScalingPolicy", "PutScalingPolicy", "RegisterScalableTarget"]);
    assert_eq!(service(&world)["desiredCount"], 3, "the number is the scaler's");
    world.expect_importable("123456789012/eu-west-1/it");

    let mark = world.mark();
    world.apply_stack(&scaled("desired_count = 2"));
    assert_eq!(world.writes_since(mark), ["DeregisterScalableTarget", "UpdateService"]);
    assert_eq!(service(&world)["desiredCount"], 2);
    // And back: what was counted is the scaler's again.
    world.apply_stack(&scaled("scaling = { min = 1, max = 3, memory_utilization = 70 }"));
    assert_eq!(service(&world)["desiredCount"], 2);
    world.finish();
}

fn a_service_made_by_hand_is_imported_with_what_it_uses(scene: Scene) {
    let world = scene.aws_world();
    let call = |action: &str, body: &Value| world.call("ecs", &format!("{ECS}.{action}"), body);
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    world.iam("CreateRole", &[("RoleName", "churn-execution"), ("AssumeRolePolicyDocument", trust)]);
    call("CreateCluster", &json!({"clusterName": "churn"}));
    let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1";
    let definition = json!({
        "family": "churn-task", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "512", "memory": "1024",
        "executionRoleArn": "arn:aws:iam::123456789012:role/churn-execution",
        "containerDefinitions": [
            {"name": "proxy", "image": "proxy:1", "essential": false},
            {
                "name": "web", "image": image, "portMappings": [{"containerPort": 8000, "protocol": "tcp"}],
                "environment": [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}],
                "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 2048}],
            },
        ],
    });
    let mut made = Value::Null;
    for _ in 0..3 {
        made = call("RegisterTaskDefinition", &definition);
    }
    let network = json!({"awsvpcConfiguration": {
        "subnets": world.subnets()[..2], "securityGroups": world.security_groups()[..1], "assignPublicIp": "ENABLED",
    }});
    call(
        "CreateService",
        &json!({
            "cluster": "churn", "serviceName": "web", "taskDefinition": made["taskDefinition"]["taskDefinitionArn"],
            "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": network,
        }),
    );

    let imported = world.expect_importable("123456789012/eu-west-1/churn?services=*");
    let generated: String = imported.read("generated.tf").split_whitespace().collect();
    for line in [
        r#"family="churn-task""#,
        r#"container_name="web""#,
        "port=8000",
        "assign_public_ip=true",
        r#"cluster="churn""#,
    ] {
        assert!(generated.contains(line), "{line} is missing:\n{generated}");
    }
    assert!(generated.contains("churn-execution"), "the role comes along:\n{generated}");
}
