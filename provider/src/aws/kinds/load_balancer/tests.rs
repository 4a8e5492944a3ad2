use serde_json::json;

use super::*;

#[test]
fn what_aws_writes_beside_a_plain_action_means_nothing() {
    let group = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0a";
    let listener =
        |action: Json| json!({"Port": "443", "Protocol": "HTTPS", "ListenerArn": "arn:l", "DefaultActions": [action]});
    let short = json!({"Type": "forward", "TargetGroupArn": group});
    let long = json!({"Type": "forward", "TargetGroupArn": group, "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": group, "Weight": "1"}], "TargetGroupStickinessConfig": {"Enabled": "false"},
    }});
    let shown = listener::shown(listener(short));
    assert_eq!(shown, listener::shown(listener(long)));
    assert_eq!(wire::text(&shown, listener::TARGET), group);
    assert_eq!(listener::told(&shown)["DefaultActions"], json!([{"Type": "forward", "TargetGroupArn": group}]));
}

#[test]
fn an_action_that_cannot_be_said_here_stays() {
    let action = json!({"Type": "forward", "ForwardConfig": {"TargetGroups": [
        {"TargetGroupArn": "arn:a", "Weight": "9"}, {"TargetGroupArn": "arn:b", "Weight": "1"},
    ]}});
    let shown = listener::shown(json!({"Port": "80", "Protocol": "HTTP", "DefaultActions": [action]}));
    assert_eq!(listener::told(&shown)["DefaultActions"], json!([action]));
}

#[test]
fn a_certificate_makes_the_protocol() {
    let told = listener::told(&json!({"Port": "443", "certificate": "arn:c", "fixed": {"StatusCode": "404"}}));
    let expected = json!({
        "Port": "443", "Protocol": "HTTPS", "Certificates": [{"CertificateArn": "arn:c"}], "SslPolicy": null,
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    });
    assert_eq!(told, expected);
}

#[test]
fn logs_are_on_where_they_have_a_bucket() {
    let on = json!({"settings": {"accessLogs": {"s3": {"bucket": "logs"}}}});
    let told = settings(&on, |key| key.starts_with(LOGS));
    let pair = |key: &str, value: &str| json!({"Key": format!("{LOGS}.{key}"), "Value": value});
    // A prefix that was there before goes.
    assert_eq!(told, [pair("bucket", "logs"), pair("enabled", "true"), pair("prefix", "")]);
    assert_eq!(settings(&json!({"settings": {}}), |_| true), [pair("enabled", "false")]);
}
