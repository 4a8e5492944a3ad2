//! Databases of RDS with their subnet and parameter groups.

use acceptance_tests::{AwsWorld, Scene, on_every_terraform};

use super::security_group::{EC2, element};

on_every_terraform! {
    a_database_is_made_changed_and_imported_with_the_fewest_calls,
}

const RDS: (&str, &str) = ("Version", "2014-10-31");

/// Two subnets in two zones; their ids.
fn subnets(world: &AwsWorld) -> (String, String, String) {
    let made = world.form("ec2", &[("Action", "CreateVpc"), EC2, ("CidrBlock", "10.0.0.0/16")]);
    let vpc = element(&made, "vpcId");
    let subnet = |zone: &str, block: &str| {
        let place = [("VpcId", vpc.as_str()), ("CidrBlock", block), ("AvailabilityZone", zone)];
        element(&world.form("ec2", &[&[("Action", "CreateSubnet"), EC2][..], &place[..]].concat()), "subnetId")
    };
    let (a, b) = (subnet("eu-west-1a", "10.0.1.0/24"), subnet("eu-west-1b", "10.0.2.0/24"));
    (vpc, a, b)
}

fn stack((vpc, a, b): &(String, String, String)) -> String {
    format!(
        r#"
  vpc_id = "{vpc}"
  security_groups     = {{ database = {{ name = "churn-rds", description = "PostgreSQL", ingress = {{ vpc = {{ port = 5432, cidr = "10.0.0.0/16" }} }} }} }}
  db_subnet_groups    = {{ main = {{ name = "churn-db", description = "Private", subnets = ["{a}", "{b}"] }} }}
  db_parameter_groups = {{ main = {{ name = "churn-postgres15", family = "postgres15", parameters = {{ log_min_duration_statement = "1000" }} }} }}
  db_instances = {{
    main = {{
      name                    = "churn-db"
      engine                  = "postgres"
      engine_version          = "15"
      instance_class          = "db.t3.micro"
      allocated_storage       = 20
      storage_type            = "gp3"
      storage_encrypted       = true
      database                = "churn"
      username                = "churn"
      password_wo             = "hunter2hunter2"
      password_wo_version     = 1
      subnet_group            = "main"
      parameter_group         = "main"
      security_groups         = ["database"]
      backup_retention_period = 7
      maintenance_window      = "sun:04:30-sun:05:30"
    }}
  }}
"#
    )
}

fn a_database_is_made_changed_and_imported_with_the_fewest_calls(scene: Scene) {
    let world = scene.aws_world();
    let stack = stack(&subnets(&world));
    let mark = world.mark();
    world.apply_stack(&stack);
    let expected = [
        "AuthorizeSecurityGroupIngress",
        "CreateDBInstance",
        "CreateDBParameterGroup",
        "CreateDBSubnetGroup",
        "CreateSecurityGroup",
        "DeleteTags",
        "ModifyDBParameterGroup",
        "RemoveTagsFromResource",
    ];
    assert_eq!(world.writes_since(mark), expected);
    assert!(!world.main.state_file().contains("hunter2"));
    world.expect_settled();

    for (old, new, call) in [
        ("backup_retention_period = 7", "backup_retention_period = 14", "ModifyDBInstance"),
        ("password_wo_version     = 1", "password_wo_version = 2", "ModifyDBInstance"),
        ("\"1000\"", "\"2000\"", "ModifyDBParameterGroup"),
        ("description = \"Private\"", "description = \"Private\", tags = { Tier = \"1\" }", "AddTagsToResource"),
    ] {
        let mark = world.mark();
        world.apply_stack(&stack.replace(old, new));
        assert_eq!(world.writes_since(mark), [call], "{new}");
        world.apply_stack(&stack);
    }

    let modified =
        [("DBInstanceIdentifier", "churn-db"), ("DBInstanceClass", "db.t3.large"), ("ApplyImmediately", "true")];
    world.form("rds", &[&[("Action", "ModifyDBInstance"), RDS][..], &modified[..]].concat());
    let mark = world.mark();
    world.main.apply(&[]).expect_success();
    assert_eq!(world.writes_since(mark), ["ModifyDBInstance"]);
    world.expect_settled();
    world.expect_importable("123456789012/eu-west-1/it");
    world.main.destroy().expect_success();
    let left = world.form("rds", &[("Action", "DescribeDBInstances"), RDS]);
    assert!(!left.contains("churn-db"), "{left}");
}
