//! What is read of a bucket, what is written, and what is refused.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::settings::{self, Setting};
use super::{lifecycle, tls};
use crate::aws::kinds::tests::{differences, kind, problems};
use crate::engine::place::Place;
use crate::engine::wire;

fn place() -> Place {
    Place { account: "123456789012".to_owned(), number: None, region: "eu-west-1".to_owned() }
}

/// The bucket of which S3 says this, and nothing else.
fn bucket(answers: Vec<(Setting, Json)>) -> Json {
    let all = Setting::ALL.map(|setting| {
        let answer = answers.iter().find(|(of, _)| *of == setting).map(|(_, answer)| answer.clone());
        (setting, answer.unwrap_or_default())
    });
    settings::object("uploads", all, BTreeMap::new())
}

fn closed() -> (Setting, Json) {
    let on = "true";
    let blocks =
        json!({"BlockPublicAcls": on, "IgnorePublicAcls": on, "BlockPublicPolicy": on, "RestrictPublicBuckets": on});
    (Setting::PublicAccessBlock, blocks)
}

#[test]
fn what_s3_does_by_itself_is_no_difference() {
    let encrypted = json!({"Rule": {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false",
        "BlockedEncryptionTypes": {"EncryptionType": "SSE-C"},
    }});
    for found in [
        bucket(vec![closed()]),
        bucket(vec![closed(), (Setting::Encryption, encrypted), (Setting::Versioning, json!({"Status": "Suspended"}))]),
    ] {
        assert_eq!(differences("buckets", &json!({"name": "uploads"}), &found), Vec::<String>::new(), "{found}");
    }
}

#[test]
fn a_bucket_of_old_that_is_not_closed_is_told() {
    let read = wire::read(kind("buckets").object(), &bucket(Vec::new()));
    assert_eq!(read.get("public_access_block").get("block_public_policy"), &Dynamic::Bool(false));
    let differences = differences("buckets", &json!({"name": "uploads"}), &bucket(Vec::new()));
    assert_eq!(differences, ["PublicAccessBlock"]);
}

#[test]
fn only_the_settings_that_differ_are_written() {
    let hcl = json!({"name": "uploads", "versioning": true, "bucket_key_enabled": true});
    assert_eq!(
        differences("buckets", &hcl, &bucket(vec![closed()])),
        ["Encryption.BucketKeyEnabled", "Versioning.Status"]
    );
}

#[test]
fn a_prefix_that_says_nothing_is_none_wherever_it_stands() {
    for (rule, prefix) in [
        (json!({"Prefix": ""}), Dynamic::Null),
        (json!({"Filter": {"Prefix": ""}}), Dynamic::Null),
        (json!({"Filter": ""}), Dynamic::Null),
        (json!({"Prefix": "logs/"}), Dynamic::string("logs/")),
        (json!({"Filter": {"Prefix": "logs/"}}), Dynamic::string("logs/")),
    ] {
        let mut answer = json!({"Rule": {"ID": "expire", "Status": "Enabled", "Expiration": {"Days": "365"}}});
        answer["Rule"].as_object_mut().unwrap().extend(rule.as_object().unwrap().clone());
        let found = bucket(vec![closed(), (Setting::Lifecycle, answer)]);
        let read = wire::read(kind("buckets").object(), &found);
        assert_eq!(read.get("lifecycle_rules").get("expire").get("prefix"), &prefix, "{rule}");
        if prefix.is_null() {
            let same = json!({"name": "uploads", "lifecycle_rules": {"expire": {"expiration_in_days": 365}}});
            assert_eq!(differences("buckets", &same, &found), Vec::<String>::new());
        }
    }
}

#[test]
fn a_rule_is_written_with_what_nobody_here_knows_in_it() {
    let rule = json!({"ID": "a", "Status": "Enabled", "Filter": {"Tag": {"Key": "k", "Value": "v"}}, "Expiration": {"Days": "1"}});
    let read = lifecycle::read(&json!({"Rule": rule}));
    assert_eq!(lifecycle::written(&read), Some(json!([rule])));
    let without = lifecycle::read(&json!({"Rule": {"ID": "a", "Status": "Enabled"}}));
    assert_eq!(lifecycle::written(&without).unwrap()[0]["Filter"], json!({"Prefix": ""}), "S3 wants a filter");
}

#[test]
fn one_value_of_a_cors_rule_is_a_list_of_one() {
    let rule = json!({
        "AllowedOrigin": "https://app.example.com", "AllowedMethod": ["PUT", "GET"], "AllowedHeader": "*", "MaxAgeSeconds": "3000",
    });
    let found = bucket(vec![closed(), (Setting::Cors, json!({"CORSRule": rule}))]);
    let same = json!({"name": "uploads", "cors_rules": [{
        "allowed_origins": ["https://app.example.com"], "allowed_methods": ["GET", "PUT"], "allowed_headers": ["*"], "max_age": 3000,
    }]});
    assert_eq!(differences("buckets", &same, &found), Vec::<String>::new());
}

#[test]
fn the_refusal_of_requests_without_tls_is_told_by_its_meaning() {
    let refusal = |principal: Json, action: Json, resource: Json, value: Json| {
        json!({"Statement": [{
            "Effect": "Deny", "Principal": principal, "Action": action, "Resource": resource,
            "Condition": {"Bool": {"aws:SecureTransport": value}},
        }]})
    };
    let both = json!(["arn:aws:s3:::uploads/*", "arn:aws:s3:::uploads"]);
    for (policy, expected) in [
        (refusal(json!("*"), json!("s3:*"), both.clone(), json!("false")), true),
        (refusal(json!({"AWS": "*"}), json!(["S3:*"]), both.clone(), json!(false)), true),
        (refusal(json!({"AWS": ["*"]}), json!("s3:*"), both.clone(), json!(["false"])), true),
        (refusal(json!("*"), json!("s3:*"), json!("arn:aws:s3:::uploads/*"), json!("false")), false),
        (refusal(json!("*"), json!("s3:GetObject"), both.clone(), json!("false")), false),
        (refusal(json!("*"), json!("s3:*"), both, json!("true")), false),
        (Json::Null, false),
    ] {
        assert_eq!(tls::split(policy.clone(), "uploads").0, expected, "{policy}");
    }
}

#[test]
fn other_statements_of_a_policy_stay() {
    let theirs = json!({"Version": "2012-10-17", "Statement": [{"Sid": "AWSLogDeliveryWrite", "Effect": "Allow"}]});
    let with = tls::policy(Some(&theirs), true, "uploads", &place()).unwrap();
    assert_eq!(tls::split(with.clone(), "uploads"), (true, theirs.clone()));
    assert_eq!(tls::policy(Some(&theirs), false, "uploads", &place()), Some(theirs));
    assert_eq!(tls::policy(None, false, "uploads", &place()), None);
}

#[test]
fn the_first_regions_have_names_of_their_own() {
    for (location, region) in [("", "us-east-1"), ("EU", "eu-west-1"), ("eu-north-1", "eu-north-1")] {
        assert_eq!(settings::region(location), region);
    }
}

#[test]
fn what_s3_refuses_is_refused_by_the_plan() {
    let rule = |rule: Json| json!({"name": "uploads", "lifecycle_rules": {"r": rule}});
    for (hcl, title) in [
        (json!({"name": "Uploads"}), "Invalid name of a bucket"),
        (json!({"name": "ab"}), "Invalid name of a bucket"),
        (json!({"name": "192.168.0.1"}), "Invalid name of a bucket"),
        (json!({"name": "xn--a"}), "Invalid name of a bucket"),
        (json!({"name": "a..b"}), "Invalid name of a bucket"),
        (json!({"name": "abc", "kms_key_id": "k"}), "A KMS key without encryption by KMS"),
        (rule(json!({})), "A lifecycle rule that does nothing"),
        (rule(json!({"expiration_in_days": 0})), "Number out of range"),
        (
            rule(json!({"expiration_in_days": 1, "expired_object_delete_marker": true})),
            "A lifecycle rule expires in one way",
        ),
        (rule(json!({"expiration_in_days": 1, "newer_noncurrent_versions": 1})), "Old versions that never expire"),
        (
            json!({"name": "abc", "cors_rules": [{"allowed_origins": ["*"], "allowed_methods": ["PATCH"]}]}),
            "Invalid method of a CORS rule",
        ),
    ] {
        assert_eq!(problems("buckets", &hcl), [title], "{hcl}");
    }
    assert_eq!(problems("buckets", &json!({"name": "my.bucket-1"})), Vec::<String>::new());
}
