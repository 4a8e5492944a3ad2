use std::collections::BTreeMap;

use serde_json::json;

use super::*;

#[test]
fn a_health_check_is_read_and_told() {
    let found = json!({
        "TargetGroupName": "web", "TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/0a", "Port": "8000",
        "Protocol": "HTTP", "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": "30", "HealthCheckTimeoutSeconds": "5", "HealthyThresholdCount": "5",
        "UnhealthyThresholdCount": "2", "Matcher": {"HttpCode": "200"}, "HealthCheckEnabled": "true",
    });
    let settings = json!([
        {"Key": "deregistration_delay.timeout_seconds", "Value": "300"}, {"Key": "stickiness.enabled", "Value": "false"},
    ]);
    let body = object(found, &settings, BTreeMap::new());
    assert_eq!((&body["health"]["path"], &body["health"]["codes"]), (&json!("/health"), &json!("200")));
    assert_eq!(body["settings"], json!({"deregistrationDelay": {"timeoutSeconds": "300"}}));
    assert_eq!(body["fullName"], "targetgroup/web/0a");
    let told = health_check(&body);
    assert_eq!((&told["HealthCheckPath"], &told["Matcher"]), (&json!("/health"), &json!({"HttpCode": "200"})));
}
