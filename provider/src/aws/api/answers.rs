//! What every answer to a call has. One without it comes from something on the way, or is an answer to something else, and is
//! an error of the call: it would look like an object that says nothing.

use serde_json::Value as Json;

use super::request::Request;
use super::service::Protocol;

/// The field that every answer has, by the action. Below the root, in XML. Lists that may be left out when there is nothing in
/// them are not here.
///
/// Source: the response syntax of each action in the service's API reference.
const FIELDS: [(&str, &str); 20] = [
    ("CreateQueue", "QueueUrl"),
    ("DescribeContinuousBackups", "ContinuousBackupsDescription"),
    ("DescribeLogGroups", "logGroups"),
    ("DescribeRepositories", "repositories"),
    ("DescribeSecret", "Name"),
    ("DescribeTable", "Table"),
    ("DescribeTaskDefinition", "taskDefinition"),
    ("DescribeTimeToLive", "TimeToLiveDescription"),
    ("GetCallerIdentity", "GetCallerIdentityResult"),
    ("GetLifecyclePolicy", "lifecyclePolicyText"),
    ("GetOpenIDConnectProvider", "GetOpenIDConnectProviderResult.Url"),
    ("GetPolicy", "GetPolicyResult.Policy"),
    ("GetPolicyVersion", "GetPolicyVersionResult.PolicyVersion"),
    ("GetQueueAttributes", "Attributes"),
    ("GetQueueUrl", "QueueUrl"),
    ("GetResources", "ResourceTagMappingList"),
    ("GetRole", "GetRoleResult.Role"),
    ("GetTopicAttributes", "GetTopicAttributesResult.Attributes"),
    ("ListTables", "TableNames"),
    ("RegisterTaskDefinition", "taskDefinition"),
];

/// The root of the document that S3 answers with, by the action.
const ROOTS: [(&str, &str); 8] = [
    ("GetBucketCors", "CORSConfiguration"),
    ("GetBucketEncryption", "ServerSideEncryptionConfiguration"),
    ("GetBucketLifecycleConfiguration", "LifecycleConfiguration"),
    ("GetBucketLocation", "LocationConstraint"),
    ("GetBucketTagging", "Tagging"),
    ("GetBucketVersioning", "VersioningConfiguration"),
    ("GetPublicAccessBlock", "PublicAccessBlockConfiguration"),
    ("ListBuckets", "ListAllMyBucketsResult"),
];

fn of<'t>(table: &'t [(&str, &str)], action: &str) -> Option<&'t str> {
    table.iter().find(|(of, _)| *of == action).map(|(_, what)| *what)
}

/// Why a document with this root is no answer.
pub(super) fn wrong_root(request: &Request, root: &str) -> Option<String> {
    let is_right = match request.service.protocol {
        Protocol::Query { .. } => root.strip_suffix("Response") == Some(request.action),
        // Other clouds with this API name it after the action.
        _ => of(&ROOTS, request.action).is_none_or(|expected| expected == root || root.starts_with(request.action)),
    };
    (!is_right).then(|| format!("it is a {root}"))
}

/// Why this is no answer.
pub(super) fn missing(request: &Request, answer: &Json) -> Option<String> {
    let field = of(&FIELDS, request.action)?;
    let found = field.split('.').try_fold(answer, |value, part| value.get(part));
    // An element without anything in it is an empty text.
    let is_there = found.is_some_and(|value| !value.is_null() && value.as_str() != Some(""));
    (!is_there).then(|| format!("it has no {field}"))
}
