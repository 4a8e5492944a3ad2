//! Another writer of the same objects, through the APIs, as a person at the console is.
//!
//! What it adds has its name in it, so that what is left of it can be told. Fields of ours that it changes are put right by the next apply.

use acceptance_tests::Moto;
use serde_json::{Value as Json, json};
use tokio::task::block_in_place;

use crate::cloud::Cloud;
use crate::faults::Rival;

/// In everything that the rival adds.
pub(crate) const NAME: &str = "rival";

/// How many things each kind of rival adds: all of them have to be there in the end.
pub(crate) fn additions(rival: Rival) -> usize {
    match rival {
        Rival::Labels => 6,
        Rival::Grants => 3,
        Rival::Children => 1,
        Rival::Fields => 0,
    }
}

/// Whether a difference is one that the rival has made.
pub(crate) fn is_its(path: &str, before: &Json, after: &Json) -> bool {
    path.contains(NAME) || before.is_null() && after.to_string().contains(NAME)
}

/// Makes the rival's changes.
pub(crate) async fn interfere(cloud: &Cloud, rival: Rival) {
    let moto = cloud.moto();
    block_in_place(|| match rival {
        Rival::Labels => labels(moto),
        Rival::Grants => grants(moto),
        Rival::Children => children(moto),
        Rival::Fields => fields(moto),
    });
}

const PLACE: &str = "eu-west-1:123456789012";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/churn-events";
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:churn-alarms";

fn iam(moto: &Moto, action: &str, parameters: &[(&str, &str)]) -> String {
    let head = [("Action", action), ("Version", "2010-05-08")];
    moto.form("iam", &[&head[..], parameters].concat())
}

/// Buckets are left out: their API takes all tags at once, so that of two who write at the same time one wins, whoever they are.
fn labels(moto: &Moto) {
    let pair = json!([{"Key": NAME, "Value": NAME}]);
    moto.json("sqs", "AmazonSQS.TagQueue", &json!({"QueueUrl": QUEUE, "Tags": {NAME: NAME}}));
    let table = format!("arn:aws:dynamodb:{PLACE}:table/churn-features");
    moto.json("dynamodb", "DynamoDB_20120810.TagResource", &json!({"ResourceArn": table, "Tags": pair}));
    let group = format!("arn:aws:logs:{PLACE}:log-group:/ecs/churn");
    moto.json("logs", "Logs_20140328.TagResource", &json!({"resourceArn": group, "tags": {NAME: NAME}}));
    moto.json("secretsmanager", "secretsmanager.TagResource", &json!({"SecretId": "churn/token", "Tags": pair}));
    let tags = [("Tags.member.1.Key", NAME), ("Tags.member.1.Value", NAME)];
    iam(moto, "TagRole", &[&[("RoleName", "churn-task")], &tags[..]].concat());
    let of_sns = [("Action", "TagResource"), ("Version", "2010-03-31"), ("ResourceArn", TOPIC)];
    moto.form("sns", &[&of_sns[..], &tags].concat());
}

fn grants(moto: &Moto) {
    let document =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}"#;
    iam(moto, "CreatePolicy", &[("PolicyName", NAME), ("PolicyDocument", document)]);
    let policy = "arn:aws:iam::123456789012:policy/rival";
    iam(moto, "AttachRolePolicy", &[("RoleName", "churn-task"), ("PolicyArn", policy)]);
}

fn children(moto: &Moto) {
    let document =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}"#;
    iam(moto, "PutRolePolicy", &[("RoleName", "churn-task"), ("PolicyName", NAME), ("PolicyDocument", document)]);
}

/// Fields that the stack manages: some that its change touches as well, and some that it does not.
fn fields(moto: &Moto) {
    let attributes = json!({"QueueUrl": QUEUE, "Attributes": {"DelaySeconds": "7", "MessageRetentionPeriod": "600"}});
    moto.json("sqs", "AmazonSQS.SetQueueAttributes", &attributes);
    let versioning = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    moto.s3("PUT", "/churn-models-123456789012?versioning", versioning);
    iam(moto, "UpdateRole", &[("RoleName", "churn-task"), ("Description", "theirs"), ("MaxSessionDuration", "3600")]);
    let retention = json!({"logGroupName": "/ecs/churn", "retentionInDays": 1});
    moto.json("logs", "Logs_20140328.PutRetentionPolicy", &retention);
}
