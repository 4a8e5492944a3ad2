//! The kinds read what AWS says, and write what the configuration says: JSON in and out, without calls.

mod recordings;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::{Diagnostics, Dynamic, Path};

use super::KINDS;
use super::{cluster, policy, queue, role, service, table};
use crate::engine::kind::AnyKind;
use crate::engine::scope::Scope;
use crate::engine::wire;
use crate::google::kinds::fixtures::component;

pub(super) fn kind(name: &str) -> &'static AnyKind {
    KINDS.iter().copied().find(|kind| kind.name() == name).unwrap()
}

/// The paths that differ between what a configuration says and what AWS answered.
pub(super) fn differences(of: &str, hcl: &Json, found: &Json) -> Vec<String> {
    let object = kind(of).object();
    wire::update(object, &wire::read(object, found), &component(kind(of), hcl), &mut found.clone())
}

pub(super) fn problems(of: &str, hcl: &Json) -> Vec<String> {
    let mut diagnostics = Diagnostics::new();
    kind(of).validate(&component(kind(of), hcl), &Path::root(), &mut diagnostics);
    diagnostics.iter().map(|one| one.summary.to_string()).collect()
}

const URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/predictions";

/// What SQS says of a queue about which nobody has said anything.
fn attributes() -> Json {
    json!({
        "ApproximateNumberOfMessages": "0", "CreatedTimestamp": "1764000000", "DelaySeconds": "0",
        "LastModifiedTimestamp": "1764000000", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
        "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:predictions", "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true", "VisibilityTimeout": "30",
    })
}

#[test]
fn the_defaults_of_a_queue_are_no_difference() {
    let found = queue::object(URL, &attributes(), BTreeMap::new());
    let silent = json!({"name": "predictions", "maximum_message_size": 1_048_576, "sqs_managed_sse_enabled": true});
    assert_eq!(differences("queues", &silent, &found), Vec::<String>::new());
}

#[test]
fn a_redrive_policy_is_compared_by_meaning() {
    let target = "arn:aws:sqs:eu-west-1:123456789012:dlq";
    for count in [json!(3), json!("3")] {
        let mut found = attributes();
        let policy = json!({"maxReceiveCount": count, "deadLetterTargetArn": target});
        found["RedrivePolicy"] = json!(policy.to_string());
        let found = queue::object(URL, &found, BTreeMap::new());
        let same = json!({
            "name": "predictions", "maximum_message_size": 1_048_576, "sqs_managed_sse_enabled": true,
            "dead_letter": {"queue": target, "max_receive_count": 3},
        });
        assert_eq!(differences("queues", &same, &found), Vec::<String>::new());
    }
}

#[test]
fn settings_of_a_queue_are_written_as_one_map_of_texts() {
    let mut found = attributes();
    found["RedrivePolicy"] = json!(r#"{"maxReceiveCount":3,"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:1:dlq"}"#);
    found["KmsMasterKeyId"] = json!("alias/mine");
    let before = queue::object(URL, &found, BTreeMap::from([("a".to_owned(), "1".to_owned())]));
    let object = kind("queues").object();
    let wanted =
        component(kind("queues"), &json!({"name": "predictions", "visibility_timeout": "5m", "delay_seconds": 7}));
    let mut after = before.clone();
    let mask = wire::update(object, &wire::read(object, &before), &wanted, &mut after);
    let written = queue::written(&after, &mask.into());
    let expected = json!({"DelaySeconds": "7", "KmsMasterKeyId": "", "RedrivePolicy": "", "VisibilityTimeout": "300"});
    let mut written = Json::Object(written);
    // What the plan keeps of a silent configuration is null in this one.
    for kept in ["MaximumMessageSize", "SqsManagedSseEnabled"] {
        written.as_object_mut().unwrap().remove(kept);
    }
    assert_eq!(written, expected);
}

/// What DynamoDB says of a table that is paid for by the request.
fn locks() -> Json {
    let table = json!({
        "TableName": "locks", "TableStatus": "ACTIVE", "ItemCount": 0,
        "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"},
        "DeletionProtectionEnabled": false,
    });
    let backups = json!({"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}}});
    table::object(table, &backups, &json!({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}), BTreeMap::new())
}

#[test]
fn a_table_without_capacity_is_paid_for_by_the_request() {
    assert_eq!(
        differences("tables", &json!({"name": "locks", "key": {"LockID": "S"}}), &locks()),
        Vec::<String>::new()
    );
}

#[test]
fn the_order_of_a_tables_attributes_means_nothing() {
    let mut found = locks();
    found["KeySchema"] = json!([{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]);
    found["AttributeDefinitions"] =
        json!([{"AttributeName": "b", "AttributeType": "N"}, {"AttributeName": "a", "AttributeType": "S"}]);
    let same = json!({"name": "locks", "key": {"a": "S"}, "sort_key": {"b": "N"}});
    assert_eq!(differences("tables", &same, &found), Vec::<String>::new());
}

#[test]
fn a_log_group_that_keeps_events_for_ever_has_no_retention() {
    let found =
        json!({"logGroupName": "/ecs/api", "arn": "arn:aws:logs:eu-west-1:1:log-group:/ecs/api:*", "storedBytes": 0});
    assert_eq!(differences("log_groups", &json!({"name": "/ecs/api"}), &found), Vec::<String>::new());
    assert_eq!(
        differences("log_groups", &json!({"name": "/ecs/api", "retention_in_days": 30}), &found),
        ["retentionInDays"]
    );
    let read = wire::read(kind("log_groups").object(), &found);
    assert_eq!(read.get("retention_in_days"), &Dynamic::Null);
}

#[test]
fn the_defaults_of_a_repository_are_no_difference() {
    let found = json!({
        "repositoryName": "team/api", "repositoryUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/api",
        "imageTagMutability": "MUTABLE", "imageScanningConfiguration": {"scanOnPush": false},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    });
    assert_eq!(differences("repositories", &json!({"name": "team/api"}), &found), Vec::<String>::new());
    let strict = json!({"name": "team/api", "image_tag_mutability": "IMMUTABLE", "scan_on_push": true});
    assert_eq!(
        differences("repositories", &strict, &found),
        ["imageScanningConfiguration.scanOnPush", "imageTagMutability"]
    );
}

#[test]
fn a_policy_is_compared_by_meaning() {
    let hcl = json!({"name": "send", "path": "/churn/", "statements": [
        {"sid": "Send", "actions": ["sqs:SendMessage", "sqs:GetQueueUrl"], "resources": ["*"]},
        {"effect": "Deny", "actions": ["sqs:*"], "resources": ["*"], "condition": {"Bool": {"aws:SecureTransport": ["false"]}}},
    ]});
    let deny = json!({"Effect": "Deny", "Action": "SQS:*", "Resource": ["*"], "Condition": {"Bool": {"aws:SecureTransport": false}}});
    let send =
        json!({"Sid": "Send", "Effect": "Allow", "Action": ["sqs:getqueueurl", "sqs:SendMessage"], "Resource": "*"});
    let found = |statements: Json| {
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let arn = "arn:aws:iam::123456789012:policy/churn/send";
        let described = json!({"PolicyName": "send", "Path": "/churn/", "Arn": arn, "Tags": ""});
        policy::object(described, &json!({ "Document": document }))
    };
    assert_eq!(differences("policies", &hcl, &found(json!([deny, send]))), Vec::<String>::new());
    assert_eq!(differences("policies", &hcl, &found(json!([send]))), ["Document.Statement"]);
}

#[test]
fn the_defaults_of_a_role_are_no_difference_and_its_trust_is_said_in_words() {
    let account = |principal: &str| {
        let statement = json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let described = json!({
            "RoleName": "api", "Path": "/", "Arn": "arn:aws:iam::123456789012:role/api", "MaxSessionDuration": "3600",
            "Description": "", "AssumeRolePolicyDocument": document,
        });
        role::object(described, &[], Vec::new())
    };
    let hcl = json!({"name": "api", "trust": {"aws": ["210987654321"]}});
    for same in ["210987654321", "arn:aws:iam::210987654321:root"] {
        assert_eq!(differences("roles", &hcl, &account(same)), Vec::<String>::new(), "{same}");
    }
    // The id that is left of a principal that was deleted.
    assert_eq!(differences("roles", &hcl, &account("AROAEXAMPLE")), ["Trust"]);
}

/// A role whose trust policy has these statements.
fn trusting(statements: &Json) -> Json {
    let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    role::object(json!({"RoleName": "api", "Path": "/", "AssumeRolePolicyDocument": document}), &[], Vec::new())
}

fn may_take(service: &str) -> Json {
    json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})
}

#[test]
fn a_statement_that_says_what_a_word_does_is_no_difference() {
    let statement = json!({"principals": {"Service": ["b.com"]}, "actions": ["sts:AssumeRole"]});
    let hcl = json!({"name": "api", "trust": {"services": ["a.com"], "statements": [statement]}});
    let found = trusting(&json!([may_take("a.com"), may_take("b.com")]));
    assert_eq!(differences("roles", &hcl, &found), Vec::<String>::new());
}

#[test]
fn a_trust_keeps_nobody_whom_the_configuration_has_under_conditions_now() {
    let condition = json!({"StringEquals": {"aws:SourceAccount": ["123456789012"]}});
    let statement =
        json!({"principals": {"Service": ["b.com"]}, "actions": ["sts:AssumeRole"], "condition": condition});
    let hcl = json!({"name": "api", "trust": {"services": ["a.com"], "statements": [statement]}});
    let mut found = trusting(&json!([may_take("a.com"), may_take("b.com")]));
    let object = kind("roles").object();
    wire::update(object, &wire::read(object, &found), &component(kind("roles"), &hcl), &mut found);
    assert_eq!(found["Trust"]["services"], json!(["a.com"]));
    assert_eq!(found["Trust"]["statements"][0]["Condition"], condition);
}

#[test]
fn attachments_of_others_are_not_touched() {
    let object = kind("roles").object();
    let mut body = json!({"RoleName": "api", "AttachedPolicies": ["arn:theirs", "arn:old", "arn:kept"]});
    let with = |policies: Json| {
        component(kind("roles"), &json!({"name": "api", "trust": {"services": ["a.com"]}, "policies": policies}))
    };
    let mask =
        wire::update(object, &with(json!(["arn:old", "arn:kept"])), &with(json!(["arn:kept", "arn:new"])), &mut body);
    assert_eq!(mask, ["AttachedPolicies"]);
    assert_eq!(body["AttachedPolicies"], json!(["arn:theirs", "arn:kept", "arn:new"]));
}

#[test]
fn the_insights_of_a_cluster_are_one_of_its_settings() {
    let found = cluster::object(json!({
        "clusterName": "main", "status": "ACTIVE", "settings": [{"name": "containerInsights", "value": "enabled"}],
        "capacityProviders": ["FARGATE_SPOT", "FARGATE"],
    }));
    let hcl =
        json!({"name": "main", "container_insights": "enabled", "capacity_providers": ["FARGATE", "FARGATE_SPOT"]});
    assert_eq!(differences("clusters", &hcl, &found), Vec::<String>::new());
    let other =
        json!({"name": "main", "container_insights": "disabled", "capacity_providers": ["FARGATE", "FARGATE_SPOT"]});
    assert_eq!(differences("clusters", &other, &found), ["containerInsights"]);
}

/// What ECS says of a service that runs this definition.
fn running(definition: Json) -> Json {
    let described = json!({
        "serviceName": "api", "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/main/api",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main", "launchType": "FARGATE", "desiredCount": 1,
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/api:87", "healthCheckGracePeriodSeconds": 0,
        "deploymentConfiguration": {
            "maximumPercent": 200, "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": false, "rollback": false},
        },
        "networkConfiguration": {"awsvpcConfiguration": {
            "subnets": ["subnet-2", "subnet-1"], "securityGroups": [], "assignPublicIp": "DISABLED",
        }},
        "loadBalancers": [], "serviceRegistries": [], "placementConstraints": [], "placementStrategy": [],
    });
    service::object(described, definition, None, "", "eu-west-1")
}

fn definition() -> Json {
    json!({
        "family": "api", "revision": 87, "status": "ACTIVE", "cpu": "512", "memory": "1024", "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"], "compatibilities": ["EC2", "FARGATE"], "volumes": [], "placementConstraints": [],
        "containerDefinitions": [{
            "name": "api", "image": "api:87", "cpu": 0, "essential": true, "mountPoints": [], "volumesFrom": [],
            "systemControls": [], "portMappings": [{"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}],
            "environment": [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}],
            "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
        }],
    })
}

/// The service that runs it.
fn api() -> Json {
    json!({
        "name": "api", "cluster": "main", "image": "api:87", "cpu": 512, "memory": 1024, "port": 8000, "desired_count": 1,
        "env": {"A": "2", "Z": "1"}, "subnets": ["subnet-1", "subnet-2"], "family": "api", "container_name": "api",
    })
}

#[test]
fn what_ecs_fills_in_is_no_difference() {
    assert_eq!(differences("services", &api(), &running(definition())), Vec::<String>::new());
    let mut other = api();
    other["env"]["A"] = json!("3");
    assert_eq!(differences("services", &other, &running(definition())), ["task.main.environment"]);
}

#[test]
fn a_change_of_a_task_keeps_what_nobody_says_here() {
    let object = kind("services").object();
    let before = running(definition());
    let (mut after, mut wanted) = (before.clone(), api());
    wanted["command"] = json!(["serve"]);
    wire::update(object, &wire::read(object, &before), &component(kind("services"), &wanted), &mut after);
    assert_eq!(after["task"]["main"]["image"], "api:87");
    assert_eq!(after["task"]["main"]["command"], json!(["serve"]));
    assert_eq!(after["task"]["main"]["ulimits"], definition()["containerDefinitions"][0]["ulimits"]);
}

#[test]
fn a_deployment_is_waited_for_and_its_failure_has_a_reason() {
    use crate::engine::objects::Readiness;
    let readiness = |state: &str| {
        let body = json!({"deployments": [{"status": "PRIMARY", "rolloutState": state, "rolloutStateReason": "tasks failed."}]});
        kind("services").gradual().unwrap().readiness(&body)
    };
    assert_eq!(readiness("IN_PROGRESS"), Readiness::Pending);
    assert_eq!(readiness("COMPLETED"), Readiness::Ready);
    assert_eq!(readiness("FAILED"), Readiness::Failed("tasks failed".to_owned()));
}

#[test]
fn what_aws_refuses_is_refused_by_the_plan() {
    let task = |cpu: i64, memory: i64| json!({"name": "a", "cluster": "main", "image": "i", "cpu": cpu, "memory": memory, "subnets": ["subnet-1"]});
    let with = |mut service: Json, attribute: &str, value: Json| {
        service[attribute] = value;
        service
    };
    let statement = |statement: Json| json!({"name": "a", "statements": [statement]});
    let role = |trust: Json| json!({"name": "a", "trust": trust});
    for (of, hcl, title) in [
        ("queues", json!({"name": "a.b"}), "Invalid name of a queue"),
        ("queues", json!({"name": "a.fifo"}), "The name does not fit a FIFO queue"),
        ("queues", json!({"name": "a", "fifo": true}), "The name does not fit a FIFO queue"),
        ("queues", json!({"name": "a", "content_based_deduplication": true}), "Only FIFO queues tell equal messages"),
        ("queues", json!({"name": "a", "visibility_timeout": "13h"}), "Duration out of range"),
        ("queues", json!({"name": "a", "delay_seconds": 901}), "Number out of range"),
        ("tables", json!({"name": "ab", "key": {"a": "S"}}), "Invalid name of a table"),
        ("tables", json!({"name": "abc", "key": {"a": "X"}}), "Invalid key of a table"),
        ("tables", json!({"name": "abc", "key": {"a": "S"}, "sort_key": {"a": "S"}}), "Two keys of one name"),
        ("tables", json!({"name": "abc", "key": {"a": "S"}, "read_capacity": 1}), "Half of a capacity"),
        ("repositories", json!({"name": "Team/api"}), "Invalid name of a repository"),
        (
            "repositories",
            json!({"name": "api", "lifecycle_rules": [{"tag_status": "any"}]}),
            "A lifecycle rule counts in one way",
        ),
        (
            "repositories",
            json!({"name": "api", "lifecycle_rules": [{"tag_status": "tagged", "count_more_than": 1}]}),
            "Tags and tag_status do not fit",
        ),
        ("log_groups", json!({"name": "a b"}), "Invalid name of a log group"),
        ("log_groups", json!({"name": "a", "retention_in_days": 31}), "Invalid retention of a log group"),
        (
            "log_groups",
            json!({"name": "a", "log_group_class": "DELIVERY", "retention_in_days": 30}),
            "Invalid retention of a log group",
        ),
        ("policies", json!({"name": "a b", "statements": []}), "Invalid name of a policy"),
        ("policies", json!({"name": "a", "path": "team", "statements": []}), "Invalid path"),
        ("policies", statement(json!({"resources": ["*"]})), "Incomplete policy statement"),
        (
            "policies",
            statement(json!({"actions": ["*"], "not_actions": ["*"], "resources": ["*"]})),
            "Incomplete policy statement",
        ),
        ("policies", statement(json!({"actions": ["*"], "resources": ["queue"]})), "Invalid resource of a policy"),
        (
            "policies",
            statement(json!({"sid": "1", "actions": ["*"], "resources": ["*"]})),
            "Invalid name of a policy statement",
        ),
        (
            "policies",
            statement(json!({"actions": ["*"], "resources": ["*"], "condition": {"StringEqual": {"a": ["b"]}}})),
            "Invalid operator of a condition",
        ),
        ("roles", role(json!({})), "Empty trust policy"),
        ("roles", role(json!({"services": ["ecs"]})), "Invalid principal of a role"),
        (
            "roles",
            role(json!({"github": {"provider": "github", "subjects": ["main"]}})),
            "Invalid subject of GitHub's tokens",
        ),
        ("oidc_providers", json!({"url": "http://a.b", "client_ids": ["c"]}), "Invalid URL of an identity provider"),
        ("clusters", json!({"name": "a b"}), "Invalid name of a cluster"),
        ("services", task(300, 512), "Fargate has no tasks of that size"),
        ("services", task(256, 4_096), "Fargate has no tasks of that size"),
        ("services", with(task(256, 512), "target_group", json!("web")), "A target group needs a port"),
        ("services", with(task(256, 512), "scaling", json!({"min": 3, "max": 2})), "Invalid scaling of a service"),
        ("services", with(task(256, 512), "name", json!("a b")), "Invalid name of a service"),
    ] {
        assert_eq!(problems(of, &hcl), [title], "{hcl}");
    }
    for (of, hcl) in [
        ("queues", json!({"name": "a.fifo", "fifo": true, "content_based_deduplication": true})),
        ("tables", json!({"name": "abc", "key": {"a": "S"}, "read_capacity": 1, "write_capacity": 1})),
        ("log_groups", json!({"name": "/ecs/a", "retention_in_days": 30})),
    ] {
        assert_eq!(problems(of, &hcl), Vec::<String>::new(), "{hcl}");
    }
}

#[test]
fn what_services_the_organisation_and_tools_make_is_left_out_until_somebody_tags_it() {
    let is_made = |of: &str, body: &Json| kind(of).is_made_by_cloud(body, &Scope::default());
    let topic = |name: &str| json!({"Name": name});
    let idle = |name: &str| json!({"clusterName": name, "activeServicesCount": 0, "runningTasksCount": 0});
    let made = [
        ("log_groups", json!({"logGroupName": "/aws/lambda/newsletter"})),
        ("log_groups", json!({"logGroupName": "RDSOSMetrics"})),
        ("log_groups", json!({"logGroupName": "API-Gateway-Execution-Logs_a1b2c3/prod"})),
        ("roles", json!({"RoleName": "OrganizationAccountAccessRole", "Path": "/"})),
        ("roles", json!({"RoleName": "AWSControlTowerExecution", "Path": "/"})),
        ("roles", json!({"RoleName": "cdk-hnb659fds-deploy-role-123456789012-eu-west-1", "Path": "/"})),
        ("clusters", idle("default")),
        ("repositories", json!({"repositoryName": "cdk-hnb659fds-container-assets-123456789012-eu-west-1"})),
        ("topics", topic("aws-controltower-SecurityNotifications")),
    ];
    for (of, mut body) in made {
        assert!(is_made(of, &body), "{body}");
        body["tags"] = json!({"Team": "data"});
        assert!(!is_made(of, &body), "{body}");
    }
    let somebodys = [
        ("log_groups", json!({"logGroupName": "/ecs/churn"})),
        ("log_groups", json!({"logGroupName": "/awsome/churn"})),
        ("roles", json!({"RoleName": "churn-deploy-role", "Path": "/"})),
        ("clusters", idle("churn")),
        ("clusters", json!({"clusterName": "default", "activeServicesCount": 1})),
        ("clusters", json!({"clusterName": "default", "runningTasksCount": 1})),
        ("repositories", json!({"repositoryName": "churn/api"})),
        ("topics", topic("controltower")),
    ];
    for (of, body) in somebodys {
        assert!(!is_made(of, &body), "{body}");
    }
    // Tags of whoever looks after the accounts make no role of AWS's anybody's.
    let sso = json!({"RoleName": "AWSReservedSSO_Admin_1a2b", "Path": "/aws-reserved/sso.amazonaws.com/", "tags": {"a": "b"}});
    assert!(is_made("roles", &sso));
}
