//! RetainWise: an environment on AWS that people made by hand, taken over as it stands, and made anew in an empty account.

use std::path::PathBuf;

use acceptance_tests::{AwsWorld, Scene, Workdir, on_every_terraform, workspace};
use serde_json::{Value, json};

on_every_terraform! {
    a_refresh_of_retainwise_takes_fewer_than_two_calls_an_object,
    what_retainwise_made_by_hand_is_imported_without_a_write,
    the_pipeline_of_retainwise_goes_on_deploying,
    the_example_takes_over_what_is_there_and_then_makes_it_safer,
    an_empty_account_gets_all_of_retainwise_and_gives_it_back,
    the_rights_that_its_policy_manages_are_enough_for_retainwise,
    retainwise_is_written_in_fewer_than_250_lines,
}

const STACK: &str = "mlops_aws_stack.retainwise";
const SECRETS: [&str; 2] = ["postgresql://made-up", "a-made-up-password"];
const ECS: &str = "AmazonEC2ContainerServiceV20141113";

fn example() -> PathBuf {
    workspace().join("examples/environments/retainwise")
}

/// What the example is told of the network that it is in.
struct Network {
    vpc: String,
    private: [String; 2],
    public: [String; 2],
    certificate: String,
}

impl Network {
    /// The one that the answers of the calls tell which made it.
    fn of(answers: &Value) -> Self {
        let text = |path: &str| answers.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        let subnet = |name: &str| text(&format!("/{name}/Subnet/SubnetId"));
        Self {
            vpc: text("/network/Vpc/VpcId"),
            private: [subnet("private_1"), subnet("private_2")],
            public: [subnet("public_1"), subnet("public_2")],
            certificate: text("/certificate/ServerCertificateMetadata/Arn"),
        }
    }

    /// A new one.
    fn new(world: &AwsWorld) -> Self {
        let ec2 = |action: &str, with: &[(&str, &str)]| {
            world.form("ec2", &[&[("Action", action), ("Version", "2016-11-15")][..], with].concat())
        };
        let text = |xml: &str, name: &str| {
            let rest = xml.split_once(&format!("<{name}>")).map(|(_, rest)| rest).unwrap();
            rest.split('<').next().unwrap().to_owned()
        };
        let vpc = text(&ec2("CreateVpc", &[("CidrBlock", "10.40.0.0/16")]), "vpcId");
        let subnet = |block: &str, zone: &str| {
            let with = [("VpcId", vpc.as_str()), ("CidrBlock", block), ("AvailabilityZone", zone)];
            text(&ec2("CreateSubnet", &with), "subnetId")
        };
        let private = [subnet("10.40.2.0/24", "us-east-1a"), subnet("10.40.3.0/24", "us-east-1b")];
        let public = [subnet("10.40.0.0/24", "us-east-1a"), subnet("10.40.1.0/24", "us-east-1b")];
        let certificate = world.iam(
            "UploadServerCertificate",
            &[("ServerCertificateName", "api"), ("CertificateBody", "of the balancer"), ("PrivateKey", "not a key")],
        );
        let certificate = text(&certificate, "Arn");
        Self { vpc, private, public, certificate }
    }
}

/// Puts the example into a directory, in its network, with values for its secrets and with its phases in a folder.
fn load(world: &AwsWorld, work: &Workdir, network: &Network) {
    work.copy(&example());
    let Network { vpc, private, public, certificate } = network;
    let [url, password] = SECRETS;
    work.write(
        "network.auto.tfvars.json",
        &json!({
            "vpc_id": vpc, "private_subnets": private, "public_subnets": public, "certificate": certificate,
            "database_url": url, "database_password": password,
            "store": format!("file://{}", world.path().join("rollout").display()),
        })
        .to_string(),
    );
}

/// How many of each action there are.
fn counts(actions: &[String]) -> Vec<String> {
    let mut counts = std::collections::BTreeMap::new();
    actions.iter().for_each(|action| *counts.entry(action).or_insert(0) += 1);
    counts.into_iter().map(|(action, count): (_, usize)| format!("{count} {action}")).collect()
}

fn inventory(work: &Workdir, stack: &str) -> Vec<String> {
    let stack = work.state().resource(stack);
    stack.get("/inventory").as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// Does what the pipeline does: registers the task that runs with another image, and has the service run it.
fn deploy(world: &AwsWorld, name: &str, image: &str) {
    let call = |action: &str, body: Value| world.call("ecs", &format!("{ECS}.{action}"), &body);
    let mut wanted = call("DescribeTaskDefinition", json!({"taskDefinition": name}))["taskDefinition"].clone();
    for field in ["taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt"] {
        wanted.as_object_mut().unwrap().remove(field);
    }
    wanted["containerDefinitions"][0]["image"] = json!(image);
    let made = call("RegisterTaskDefinition", wanted);
    let revision = &made["taskDefinition"]["taskDefinitionArn"];
    call("UpdateService", json!({"cluster": "retainwise-cluster", "service": name, "taskDefinition": revision}));
}

/// What one call tells of several objects is not asked for each of them.
fn a_refresh_of_retainwise_takes_fewer_than_two_calls_an_object(scene: Scene) {
    let (world, _) = scene.retainwise();
    let imported = world.expect_importable("908226940571/us-east-1/retainwise");
    let objects = inventory(&imported, "mlops_aws_stack.it").len();
    let mark = world.mark();
    imported.plan(&[]).expect_empty();
    let calls = world.count_since(mark);
    assert!(calls < 2 * objects, "{calls} calls for {objects} objects");
}

fn what_retainwise_made_by_hand_is_imported_without_a_write(scene: Scene) {
    let (world, _) = scene.retainwise();
    let imported = world.expect_importable("908226940571/us-east-1/retainwise");
    let lines = inventory(&imported, "mlops_aws_stack.it").join("\n");
    for part in [
        "cluster/retainwise-cluster",
        "service/retainwise-cluster/retainwise-worker",
        "loadbalancer/app/retainwise-alb",
        "targetgroup/retainwise-backend-tg",
        "db:retainwise-db",
        "secret:retainwise/prod/database-url",
        "alarm:retainwise-alb-latency",
        "oidc-provider/token.actions.githubusercontent.com",
        "role/prod-retainwise-ecs-execution-role",
    ] {
        assert!(lines.contains(part), "{part} is missing:\n{lines}");
    }
    for noise in ["AWSServiceRole", "aws-reserved", "TargetTracking-", "newsletter", "retain-legacy"] {
        assert!(!lines.contains(noise), "{noise} was imported:\n{lines}");
    }
    // With six attachments of policies, two listeners and two task definitions inside them: 56 objects.
    assert_eq!(lines.lines().count(), 46, "{lines}");
}

fn the_pipeline_of_retainwise_goes_on_deploying(scene: Scene) {
    let (world, answers) = scene.retainwise();
    take_over(&world, &Network::of(&answers));
    deploy(&world, "retainwise-backend", "908226940571.dkr.ecr.us-east-1.amazonaws.com/retainwise-backend:0000057");
    deploy(&world, "retainwise-worker", "908226940571.dkr.ecr.us-east-1.amazonaws.com/retainwise-backend:0000057");
    world.main.plan(&[]).expect_empty();
}

/// Has the example import the environment that people made, under its own keys: nothing is written but the stack's tags on what
/// had none, and the URL of the queue, which is moto's here.
fn take_over(world: &AwsWorld, network: &Network) {
    let work = &world.main;
    load(world, work, network);
    work.write(
        "import.tf",
        "import {\n  to = mlops_aws_stack.retainwise\n  id = \"908226940571/us-east-1/retainwise\"\n}\n",
    );
    work.write("found.auto.tfvars", "as_found = true\n");
    let mark = world.mark();
    work.apply(&[]).expect_success();
    let expected = [
        "1 AddTagsToResource",
        "2 RegisterTaskDefinition",
        "1 TagOpenIDConnectProvider",
        "4 TagPolicy",
        "2 UpdateService",
    ];
    assert_eq!(counts(&world.writes_since(mark)), expected);
    work.plan(&[]).expect_empty();
}

fn the_example_takes_over_what_is_there_and_then_makes_it_safer(scene: Scene) {
    let (world, answers) = scene.retainwise();
    take_over(&world, &Network::of(&answers));
    let work = &world.main;
    work.write("found.auto.tfvars", "as_found = false\n");
    let mark = world.mark();
    work.apply(&[]).expect_success();
    let writes = counts(&world.writes_since(mark));
    assert!(writes.contains(&"3 CreatePolicyVersion".to_owned()), "{writes:?}");
    assert!(writes.iter().all(|line| !line.contains("Delete") || line.contains("DeletePolicyVersion")), "{writes:?}");
    work.plan(&[]).expect_empty();
}

fn an_empty_account_gets_all_of_retainwise_and_gives_it_back(scene: Scene) {
    let world = scene.retainwise_account();
    load(&world, &world.main, &Network::new(&world));
    world.main.write("image.auto.tfvars", "image = \"retainwise:1\"\ndeletion_protection = false\n");
    world.main.apply(&[]).expect_success();
    world.expect_settled();
    let state = world.main.state_file();
    assert!(SECRETS.iter().all(|secret| !state.contains(secret)));
    assert!(inventory(&world.main, STACK).len() >= 44, "{:?}", inventory(&world.main, STACK));

    let mark = world.mark();
    world.main.write("image.auto.tfvars", "image = \"retainwise:2\"\ndeletion_protection = false\n");
    world.main.apply(&[]).expect_success();
    assert_eq!(counts(&world.writes_since(mark)), ["2 RegisterTaskDefinition", "2 UpdateService"]);

    world.main.destroy().expect_success();
    let mut left = world.objects();
    left.sort();
    assert_eq!(left, ["retainwise-terraform-locks", "retainwise-terraform-state-prod"]);
}

fn the_rights_that_its_policy_manages_are_enough_for_retainwise(scene: Scene) {
    let world = scene.retainwise_account();
    load(&world, &world.main, &Network::new(&world));
    world.main.write("image.auto.tfvars", "image = \"retainwise:1\"\ndeletion_protection = false\n");
    // Its phases look at what is no part of the stack.
    std::fs::remove_file(world.main.path.join("phases.tf")).unwrap();
    let plan = world.main.plan(&[]);
    let change = plan.view().change(STACK);
    let allowed = change.after("/policies/cicd/managed_actions").as_array().unwrap().clone();
    let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
    let terraform = world.allow_only(&allowed);
    terraform.apply(&[]).expect_success();
    terraform.plan(&[]).expect_empty();
    terraform.write("image.auto.tfvars", "image = \"retainwise:2\"\ndeletion_protection = false\n");
    terraform.apply(&[]).expect_success();
    terraform.destroy().expect_success();
}

fn retainwise_is_written_in_fewer_than_250_lines(_: Scene) {
    let text = std::fs::read_to_string(example().join("main.tf")).unwrap();
    assert!(text.lines().count() < 250, "{} lines", text.lines().count());
}
