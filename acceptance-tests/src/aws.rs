//! A world on AWS: a directory, a state, and an AWS of its own, which is moto's server with a log of the calls.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::world::terraform_environment;
use crate::{Mark, Moto, OrFail, Scene, Workdir, programs, workspace};

/// The account that moto has, unless it is told another one.
const ACCOUNT: &str = "123456789012";
/// The region of the world's stacks.
const REGION: &str = "eu-west-1";

/// The account and the region of RetainWise.
const RETAINWISE: (&str, &str) = ("908226940571", "us-east-1");

/// One test's own everything.
#[derive(Debug)]
pub struct AwsWorld {
    /// Where the world's stacks are: the account and the region.
    place: (&'static str, &'static str),
    /// The main configuration directory.
    pub main: Workdir,
    moto: Moto,
    folder: TempDir,
}

impl Scene {
    /// An account of AWS with nothing in it.
    pub fn aws_world(self) -> AwsWorld {
        self.aws_world_in((ACCOUNT, REGION), &[])
    }

    /// The account of RetainWise with nothing in it but AWS's own policies.
    pub fn retainwise_account(self) -> AwsWorld {
        self.aws_world_in(RETAINWISE, &[("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")])
    }

    /// RetainWise as people made it by hand, in an account with other things; the answers of the calls that made it, by name.
    pub fn retainwise(self) -> (AwsWorld, Value) {
        let world = self.retainwise_account();
        let answers = world.seed(RETAINWISE.1, "acceptance-tests/environments/retainwise.jsonl");
        (world, answers)
    }

    /// Another team's environment, made by hand with other names and settings, in another region of RetainWise's account.
    pub fn fraud_scoring(self) -> AwsWorld {
        let place = (RETAINWISE.0, "eu-west-1");
        let world = self.aws_world_in(place, &[("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")]);
        world.seed(RETAINWISE.1, "acceptance-tests/environments/retainwise.jsonl");
        world.seed(place.1, "acceptance-tests/environments/fraud_scoring.jsonl");
        world
    }

    fn aws_world_in(self, place: (&'static str, &'static str), more: &[(&str, &str)]) -> AwsWorld {
        let (account, region) = place;
        let prefix: String = self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let folder =
            tempfile::Builder::new().prefix(&format!("{prefix}-")).tempdir().or_fail("make the world's folder");
        let log = folder.path().join("calls.txt");
        let mut moto = Moto::start(&log, &[&[("MOTO_ACCOUNT_ID", account)], more].concat());
        moto.server.region = region;
        let mut environment = terraform_environment(folder.path(), &programs::provider());
        let of_aws = [
            ("AWS_ENDPOINT_URL", moto.url()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
            ("AWS_REGION", region),
        ];
        environment.extend(of_aws.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let main = Workdir::new(folder.path().join("main"), self.terraform.clone(), environment);
        AwsWorld { place, main, moto, folder }
    }
}

impl AwsWorld {
    /// The world's own folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes what a list of calls makes (`tools/seed_aws.py` reads it); their answers, by name.
    fn seed(&self, region: &str, calls: &str) -> Value {
        let script = workspace().join("acceptance-tests/tools/seed_aws.py");
        let output =
            Command::new("python3").arg(&script).args([self.moto.url(), region]).arg(workspace().join(calls)).output();
        let output = output.or_fail(format!("run {}", script.display()));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).or_fail("read the answers")
    }

    /// Writes `main.tf` with one stack `mlops_aws_stack.it`, named `it` and not protected, that holds `body`.
    pub fn stack(&self, body: &str) {
        self.write(&self.main, &stack(body));
    }

    /// [`AwsWorld::stack`], and applies it.
    #[track_caller]
    pub fn apply_stack(&self, body: &str) {
        self.stack(body);
        self.main.apply(&[]).expect_success();
    }

    /// From here on callers must be users: the main directory as somebody who may do these actions and nothing else.
    pub fn allow_only(&self, actions: &[&str]) -> Workdir {
        // moto calls some services as calls of them are signed.
        let signed = [("cloudwatch:", "monitoring:"), ("tag:", "tagging:")];
        let as_signed = |action: &&str| {
            let (prefix, signed) = signed.iter().find(|(prefix, _)| action.starts_with(prefix))?;
            Some(action.replacen(prefix, signed, 1))
        };
        let as_signed: Vec<String> = actions.iter().filter_map(as_signed).collect();
        let actions: Vec<&str> = actions.iter().copied().chain(as_signed.iter().map(String::as_str)).collect();
        let key = self.moto.server.user("terraform", &actions);
        self.moto.server.enforce();
        self.main.with_env("AWS_ACCESS_KEY_ID", &key.id).with_env("AWS_SECRET_ACCESS_KEY", &key.secret)
    }

    /// Another account of the same user: the directory's environment leads to it.
    pub fn in_account(&self, account: &str) -> (Moto, Workdir) {
        let moto = Moto::start(&self.folder.path().join("calls-elsewhere.txt"), &[("MOTO_ACCOUNT_ID", account)]);
        let main = self.main.with_env("AWS_ENDPOINT_URL", moto.url());
        (moto, main)
    }

    /// A directory beside the main one with this configuration.
    pub fn directory(&self, name: &str, body: &str) -> Workdir {
        let other = self.main.sibling(&self.folder.path().join(name));
        self.write(&other, body);
        other
    }

    fn write(&self, directory: &Workdir, body: &str) {
        let header = "terraform {\n  required_providers {\n    mlops = { source = \"mlops-rs/mlops\" }\n  }\n}\n";
        directory.write("main.tf", &format!("{header}\n{body}"));
    }

    /// A call of a service in JSON, behind Terraform's back.
    pub fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        self.moto.json(service, target, body)
    }

    /// A call of a service that takes forms, behind Terraform's back: the fields of the form, `Action` and `Version` among them;
    /// the XML of its answer.
    pub fn form(&self, service: &str, fields: &[(&str, &str)]) -> String {
        self.moto.form(service, fields)
    }

    /// A call of S3, behind Terraform's back.
    pub fn s3(&self, method: &str, path: &str, body: &str) -> String {
        self.moto.s3(method, path, body)
    }

    /// A call of IAM behind Terraform's back: its parameters beside the action; the XML of its answer.
    pub fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.query("iam", "2010-05-08", action, parameters)
    }

    /// The ids of the subnets of the network that every account has.
    pub fn subnets(&self) -> Vec<String> {
        elements(&self.query("ec2", "2016-11-15", "DescribeSubnets", &[]), "subnetId")
    }

    /// The ids of the security groups of the network that every account has.
    pub fn security_groups(&self) -> Vec<String> {
        elements(&self.query("ec2", "2016-11-15", "DescribeSecurityGroups", &[]), "groupId")
    }

    /// A call of a service that takes forms.
    fn query(&self, service: &str, version: &str, action: &str, parameters: &[(&str, &str)]) -> String {
        let fields = [("Action", action), ("Version", version)].into_iter().chain(parameters.iter().copied());
        self.form(service, &fields.collect::<Vec<_>>())
    }

    /// The present end of the list of calls.
    pub fn mark(&self) -> Mark {
        self.moto.mark()
    }

    /// How many calls there were since a mark.
    pub fn count_since(&self, mark: Mark) -> usize {
        self.moto.calls_since(mark).len()
    }

    /// The actions since a mark that can change something, sorted.
    pub fn writes_since(&self, mark: Mark) -> Vec<String> {
        self.moto.writes_since(mark)
    }

    /// Waits until there are `count` calls since a mark.
    #[track_caller]
    pub fn wait_for_calls(&self, mark: Mark, count: usize) {
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while self.moto.calls_since(mark).len() < count {
            assert!(std::time::Instant::now() < patience, "{count} calls were not made within a minute");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Fails unless a plan is empty, without and with a refresh, and neither writes.
    #[track_caller]
    pub fn expect_settled(&self) {
        let mark = self.mark();
        self.main.plan(&["-refresh=false"]).expect_empty();
        self.main.plan(&[]).expect_empty();
        assert_eq!(self.writes_since(mark), Vec::<String>::new());
    }

    /// Imports by `id` into a fresh state with a generated configuration, and fails unless nothing is written and the next
    /// plan is empty; the directory.
    #[track_caller]
    pub fn expect_importable(&self, id: &str) -> Workdir {
        let mark = self.mark();
        let block = format!("import {{\n  to = mlops_aws_stack.it\n  id = {id:?}\n}}\n");
        let fresh = self.directory(&format!("imported-{}", mark.0), &block);
        let planned = fresh.generate_config("generated.tf");
        assert!(planned.succeeded(), "the import's plan failed:\n{}", planned.diagnostics);
        fresh.apply(&[]).expect_success();
        fresh.plan(&[]).expect_empty();
        assert_eq!(self.writes_since(mark), Vec::<String>::new());
        fresh
    }

    /// The ending of every test that applies: settled, importable as it stands, and destroyed without a trace.
    #[track_caller]
    pub fn finish(&self) {
        self.expect_settled();
        let (account, region) = self.place;
        self.expect_importable(&format!("{account}/{region}/it"));
        self.main.destroy().expect_success();
        assert_eq!(self.objects(), Vec::<String>::new());
    }

    /// The names of all objects in the account.
    pub fn objects(&self) -> Vec<String> {
        let none = serde_json::json!({});
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let queues = self.call("sqs", "AmazonSQS.ListQueues", &none);
        let tables = self.call("dynamodb", "DynamoDB_20120810.ListTables", &none);
        let repositories = self.call("ecr", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", &none);
        let repositories = list(&repositories["repositories"]);
        let repositories =
            repositories.iter().map(|repository| text(&repository["repositoryName"])).collect::<Vec<_>>();
        let groups = self.call("logs", "Logs_20140328.DescribeLogGroups", &none);
        let groups = list(&groups["logGroups"]).iter().map(|group| text(&group["logGroupName"])).collect::<Vec<_>>();
        // What is deleted stays in the list of clusters for a time.
        let ecs = |action: &str, body: &Value| {
            self.call("ecs", &format!("AmazonEC2ContainerServiceV20141113.{action}"), body)
        };
        let clusters = ecs("ListClusters", &none)["clusterArns"].clone();
        let clusters = ecs("DescribeClusters", &serde_json::json!({ "clusters": clusters }));
        let of_iam = [
            ("ListPolicies", "PolicyName", [("Scope", "Local")].as_slice()),
            ("ListRoles", "RoleName", &[]),
            ("ListOpenIDConnectProviders", "Arn", &[]),
        ];
        let of_iam = of_iam.map(|(action, tag, parameters)| elements(&self.iam(action, parameters), tag));
        let names = list(&queues["QueueUrls"]).into_iter().chain(list(&tables["TableNames"])).map(|name| text(&name));
        let clusters = list(&clusters["clusters"]).into_iter().filter(|cluster| cluster["status"] == "ACTIVE");
        let clusters = clusters.map(|cluster| text(&cluster["clusterArn"])).collect::<Vec<_>>();
        let secrets = self.call("secretsmanager", "secretsmanager.ListSecrets", &none);
        let secrets = list(&secrets["SecretList"]).iter().map(|secret| text(&secret["Name"])).collect::<Vec<_>>();
        let topics = elements(&self.query("sns", "2010-03-31", "ListTopics", &[]), "TopicArn");
        let buckets = elements(&self.s3("GET", "/", ""), "Name");
        let names = names.chain(repositories).chain(groups).chain(clusters).chain(secrets).chain(topics).chain(buckets);
        names.chain(of_iam.into_iter().flatten()).collect()
    }
}

/// The texts of all elements of that name.
fn elements(xml: &str, name: &str) -> Vec<String> {
    let opening = format!("<{name}>");
    xml.split(&opening).skip(1).filter_map(|part| Some(part.split_once("</")?.0.to_owned())).collect()
}

/// A stack `mlops_aws_stack.it` that holds `body`.
fn stack(body: &str) -> String {
    format!("resource \"mlops_aws_stack\" \"it\" {{\n  name = \"it\"\n  deletion_protection = false\n{body}\n}}\n")
}
