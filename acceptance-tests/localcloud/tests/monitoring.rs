//! Notification channels and alert policies as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "monitoring.googleapis.com";
const CHANNELS: &str = "/v3/projects/demo/notificationChannels";
const POLICIES: &str = "/v3/projects/demo/alertPolicies";
const METRICS: &str = "/v3/projects/demo/metricDescriptors";

async fn cloud() -> Cloud {
    Cloud::with_services(&[HOST]).await
}

fn email(address: &str) -> Value {
    json!({"type": "email", "displayName": "Team", "labels": {"email_address": address}})
}

fn policy(name: &str) -> Value {
    json!({
        "displayName": name,
        "combiner": "OR",
        "conditions": [{
            "displayName": "too many",
            "conditionThreshold": {
                "filter": "resource.type=\"cloud_run_revision\"\n  AND metric.type=\"run.googleapis.com/request_count\"",
                "comparison": "COMPARISON_GT",
                "thresholdValue": 0,
                "duration": "60s",
                "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
            },
        }],
        "documentation": {"content": "# What to do\n"},
    })
}

async fn made(cloud: &Cloud, collection: &str, body: Value) -> Value {
    let (status, made) = cloud.call("POST", HOST, collection, Some(body)).await;
    assert_eq!(status, 200, "{made:#}");
    made
}

fn path_of(object: &Value) -> String {
    format!("/v3/{}", object["name"].as_str().expect("a name"))
}

#[tokio::test]
async fn a_channel_gets_name_records_and_is_on() {
    let cloud = cloud().await;
    let channel = made(&cloud, CHANNELS, email("a@example.com")).await;
    assert_eq!(channel["enabled"], true);
    assert_eq!(channel["mutationRecords"].as_array().map(Vec::len), Some(1));
    assert_eq!(channel.get("verificationStatus"), None);
    assert_eq!(cloud.get(HOST, &path_of(&channel)).await, channel);
}

#[tokio::test]
async fn a_secret_is_masked_from_the_first_answer_on() {
    let cloud = cloud().await;
    let slack = json!({"type": "slack", "labels": {"channel_name": "#ops", "auth_token": "xoxb-1234"}});
    let channel = made(&cloud, CHANNELS, slack).await;
    assert_eq!(channel["labels"]["auth_token"], "*********");
    assert_eq!(cloud.get(HOST, &path_of(&channel)).await["labels"]["auth_token"], "*********");
}

#[tokio::test]
async fn a_channel_without_its_labels_is_refused() {
    let cloud = cloud().await;
    let (status, error) = cloud.call("POST", HOST, CHANNELS, Some(json!({"type": "email"}))).await;
    assert_eq!(status, 400);
    assert!(error["error"]["message"].as_str().is_some_and(|m| m.contains("email_address")), "{error}");
}

#[tokio::test]
async fn each_update_of_a_channel_adds_a_record() {
    let cloud = cloud().await;
    let channel = made(&cloud, CHANNELS, email("a@example.com")).await;
    let path = format!("{}?updateMask=enabled,labels.email_address", path_of(&channel));
    let body = json!({"enabled": false, "labels": {"email_address": "b@example.com"}});
    let (status, changed) = cloud.call("PATCH", HOST, &path, Some(body)).await;
    assert_eq!(status, 200);
    assert_eq!((&changed["enabled"], &changed["labels"]["email_address"]), (&json!(false), &json!("b@example.com")));
    assert_eq!(changed["displayName"], "Team");
    assert_eq!(changed["mutationRecords"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_channel_in_use_is_deleted_by_force_alone() {
    let cloud = cloud().await;
    let channel = made(&cloud, CHANNELS, email("a@example.com")).await;
    let mut body = policy("p");
    body["notificationChannels"] = json!([channel["name"]]);
    let alert = made(&cloud, POLICIES, body).await;
    let path = path_of(&channel);
    let (status, error) = cloud.call("DELETE", HOST, &path, None).await;
    assert_eq!((status, &error["error"]["status"]), (400, &json!("FAILED_PRECONDITION")));
    assert_eq!(cloud.call("DELETE", HOST, &format!("{path}?force=true"), None).await, (200, json!({})));
    assert_eq!(cloud.get(HOST, &path_of(&alert)).await.get("notificationChannels"), None);
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_paged_with_their_total() {
    let cloud = cloud().await;
    for (name, team) in [("B", "one"), ("A", "two"), ("C", "one")] {
        let mut body = email("a@example.com");
        body["displayName"] = json!(name);
        body["userLabels"] = json!({"team": team});
        made(&cloud, CHANNELS, body).await;
    }
    let names = |list: &Value| -> Vec<String> {
        let items = list["notificationChannels"].as_array().cloned().unwrap_or_default();
        items.iter().map(|c| c["displayName"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let filtered =
        cloud.get(HOST, &format!("{CHANNELS}?filter=user_labels.team%3D%22one%22&orderBy=display_name")).await;
    assert_eq!((names(&filtered), &filtered["totalSize"]), (vec!["B".to_owned(), "C".to_owned()], &json!(2)));
    let first = cloud.get(HOST, &format!("{CHANNELS}?pageSize=2&orderBy=-display_name")).await;
    assert_eq!((names(&first), &first["totalSize"]), (vec!["C".to_owned(), "B".to_owned()], &json!(3)));
    let token = first["nextPageToken"].as_str().expect("a token");
    let second = cloud.get(HOST, &format!("{CHANNELS}?pageSize=2&orderBy=-display_name&pageToken={token}")).await;
    assert_eq!(names(&second), ["A"]);
    assert_eq!(cloud.call("GET", HOST, &format!("{CHANNELS}?filter=colour%3Dred"), None).await.0, 400);
}

#[tokio::test]
async fn a_policy_comes_back_as_the_api_writes_it() {
    let cloud = cloud().await;
    let alert = made(&cloud, POLICIES, policy("p")).await;
    let name = alert["name"].as_str().expect("a name");
    let condition = &alert["conditions"][0];
    assert!(condition["name"].as_str().is_some_and(|n| n.starts_with(&format!("{name}/conditions/"))));
    let threshold = &condition["conditionThreshold"];
    assert_eq!(threshold.get("thresholdValue"), None);
    assert_eq!(
        threshold["filter"],
        "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/request_count\""
    );
    assert_eq!(alert["documentation"]["mimeType"], "text/markdown");
    assert_eq!((&alert["enabled"], alert.get("severity")), (&json!(true), None));
    assert_eq!(alert["creationRecord"], alert["mutationRecord"]);
}

#[tokio::test]
async fn a_condition_keeps_its_name_when_it_is_sent() {
    let cloud = cloud().await;
    let alert = made(&cloud, POLICIES, policy("p")).await;
    let path = format!("{}?updateMask=conditions", path_of(&alert));
    let (_, kept) = cloud.call("PATCH", HOST, &path, Some(json!({"conditions": alert["conditions"]}))).await;
    assert_eq!(kept["conditions"][0]["name"], alert["conditions"][0]["name"]);
    let (_, renamed) = cloud.call("PATCH", HOST, &path, Some(json!({"conditions": policy("p")["conditions"]}))).await;
    assert_ne!(renamed["conditions"][0]["name"], alert["conditions"][0]["name"]);
    let mut foreign = alert["conditions"].clone();
    foreign[0]["name"] = json!(format!("{}/conditions/1", alert["name"].as_str().expect("a name")));
    assert_eq!(cloud.call("PATCH", HOST, &path, Some(json!({"conditions": foreign}))).await.0, 400);
}

#[tokio::test]
async fn a_mask_without_its_field_clears_it() {
    let cloud = cloud().await;
    let mut body = policy("p");
    body["severity"] = json!("WARNING");
    body["userLabels"] = json!({"team": "ml"});
    let alert = made(&cloud, POLICIES, body).await;
    let path = format!("{}?updateMask=severity,enabled", path_of(&alert));
    let (_, changed) = cloud.call("PATCH", HOST, &path, Some(json!({"enabled": false}))).await;
    assert_eq!((changed.get("severity"), &changed["enabled"]), (None, &json!(false)));
    assert_eq!(changed["userLabels"], json!({"team": "ml"}));
    assert_eq!(changed["creationRecord"], alert["creationRecord"]);
}

#[tokio::test]
async fn a_channel_that_is_not_there_cannot_be_used() {
    let cloud = cloud().await;
    let mut body = policy("p");
    body["notificationChannels"] = json!([format!("{}/1", &CHANNELS[4..])]);
    assert_eq!(cloud.call("POST", HOST, POLICIES, Some(body.clone())).await.0, 404);
    body["notificationChannels"] = json!(["1"]);
    assert_eq!(cloud.call("POST", HOST, POLICIES, Some(body)).await.0, 400);
}

#[tokio::test]
async fn a_refusal_names_field_and_value() {
    let cloud = cloud().await;
    let mut body = policy("p");
    body["conditions"][0]["conditionThreshold"]["aggregations"][0]["alignmentPeriod"] = json!("30s");
    let (status, error) = cloud.call("POST", HOST, POLICIES, Some(body)).await;
    assert_eq!(status, 400);
    let text = error["error"]["message"].as_str().expect("a message");
    assert!(
        text.starts_with(
            "Field alert_policy.conditions[0].condition_threshold.aggregations[0].alignment_period had an invalid value of \"30s\":"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_written_metric_exists_once_it_has_a_descriptor() {
    let cloud = cloud().await;
    let mut body = policy("drift");
    body["conditions"][0]["conditionThreshold"]["filter"] =
        json!("resource.type=\"global\" AND metric.type=\"custom.googleapis.com/model/drift\"");
    body["conditions"][0]["conditionThreshold"]["aggregations"] =
        json!([{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MEAN"}]);
    let (status, error) = cloud.call("POST", HOST, POLICIES, Some(body.clone())).await;
    assert_eq!(status, 404);
    assert!(error["error"]["message"].as_str().is_some_and(|m| m.starts_with("Cannot find metric(s) that match type")));
    let descriptor = json!({"type": "custom.googleapis.com/model/drift", "metricKind": "GAUGE", "valueType": "DOUBLE"});
    made(&cloud, METRICS, descriptor.clone()).await;
    assert_eq!(cloud.get(HOST, &format!("{METRICS}/custom.googleapis.com/model/drift")).await["valueType"], "DOUBLE");
    made(&cloud, POLICIES, body).await;
}

#[tokio::test]
async fn channel_types_are_described() {
    let cloud = cloud().await;
    let path = "/v3/projects/demo/notificationChannelDescriptors";
    let list = cloud.get(HOST, path).await;
    assert!(list["channelDescriptors"].as_array().is_some_and(|all| all.len() >= 7));
    assert_eq!(cloud.get(HOST, &format!("{path}/email")).await["labels"][0]["key"], "email_address");
}

#[tokio::test]
async fn a_service_that_is_off_says_so() {
    let cloud = Cloud::with_services(&[]).await;
    let (status, error) = cloud.call("GET", HOST, POLICIES, None).await;
    assert_eq!((status, &error["error"]["details"][0]["reason"]), (403, &json!("SERVICE_DISABLED")));
}

#[tokio::test]
async fn the_policies_of_a_real_environment_are_accepted_as_they_are() {
    let seed = wire::ct_scan();
    let cloud = Cloud::start(seed, localcloud::Settings::PROMPT).await;
    let list = cloud.get(HOST, "/v3/projects/dtu-mlops-data-482907/alertPolicies").await;
    let policies = list["alertPolicies"].as_array().expect("policies");
    assert_eq!(policies.len(), 7);
    for policy in policies {
        let (status, mut sent) = cloud.call("PATCH", HOST, &path_of(policy), Some(policy.clone())).await;
        assert_eq!(status, 200, "{sent:#}");
        sent["mutationRecord"] = policy["mutationRecord"].clone();
        assert_eq!(&sent, policy);
    }
}
