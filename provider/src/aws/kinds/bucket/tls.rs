//! The statement of a bucket's policy that refuses requests without TLS, told from the others by what it means.

use serde_json::{Value as Json, json};

use super::ARN;
use crate::aws::terms::arn;
use crate::engine::place::Place;

/// The name of the statement.
const SID: &str = "RefuseRequestsWithoutTls";

/// The texts of a value that may be one text, a boolean or a list of such.
fn texts(value: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Json::Array(items) => items.iter().map(text).collect(),
        Json::Null => Vec::new(),
        one => vec![text(one)],
    }
}

/// Whether the statement refuses all that comes without TLS, to the bucket and to what is in it.
fn is_refusal(statement: &Json, bucket: &str) -> bool {
    let principal = statement["Principal"].get("AWS").unwrap_or(&statement["Principal"]);
    let names_all = |value: &Json, all: &str| matches!(&texts(value)[..], [one] if one.eq_ignore_ascii_case(all));
    let is_of_bucket = |resource: &str, end: &str| {
        resource.split_once(":s3:::").is_some_and(|(_, rest)| rest.strip_prefix(bucket) == Some(end))
    };
    let resources = texts(&statement["Resource"]);
    let has = |end: &str| resources.iter().any(|resource| is_of_bucket(resource, end));
    let condition = &statement["Condition"];
    let is_single = |value: &Json| value.as_object().is_some_and(|fields| fields.len() == 1);
    statement["Effect"] == "Deny"
        && names_all(principal, "*")
        && names_all(&statement["Action"], "s3:*")
        && has("")
        && has("/*")
        && is_single(condition)
        && is_single(&condition["Bool"])
        && names_all(&condition["Bool"]["aws:SecureTransport"], "false")
}

/// Whether the policy refuses requests without TLS, and the policy without the statement that does it; null where nothing is
/// left.
pub(super) fn split(mut policy: Json, bucket: &str) -> (bool, Json) {
    let statements = match policy["Statement"].take() {
        Json::Array(statements) => statements,
        Json::Null => Vec::new(),
        one => vec![one],
    };
    let (refusals, others): (Vec<Json>, Vec<Json>) =
        statements.into_iter().partition(|statement| is_refusal(statement, bucket));
    let is_tls_only = !refusals.is_empty();
    if others.is_empty() {
        return (is_tls_only, Json::Null);
    }
    policy["Statement"] = Json::Array(others);
    (is_tls_only, policy)
}

/// The policy with `others`, and with the statement where it is wanted; `None` where it says nothing.
pub(super) fn policy(others: Option<&Json>, is_tls_only: bool, bucket: &str, place: &Place) -> Option<Json> {
    let mut policy = others.cloned().unwrap_or_else(|| json!({ "Version": "2012-10-17", "Statement": [] }));
    if is_tls_only && let Some(statements) = policy["Statement"].as_array_mut() {
        let bucket = arn(ARN, place, bucket);
        statements.push(json!({
            "Sid": SID, "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": [bucket, format!("{bucket}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }));
    }
    let says_something = policy["Statement"].as_array().is_some_and(|statements| !statements.is_empty());
    says_something.then_some(policy)
}
