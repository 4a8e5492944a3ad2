//! Budgets and billing accounts as a caller sees them over HTTP.
#![allow(missing_docs)]

mod wire;

use localcloud::{Seed, SeedObject, Settings};
use serde_json::{Value, json};
use wire::Cloud;

const HOST: &str = "billingbudgets.googleapis.com";
const BILLING: &str = "cloudbilling.googleapis.com";
const BUDGETS: &str = "/v1/billingAccounts/AAAAAA-BBBBBB-CCCCCC/budgets";

fn seed() -> Seed {
    let mut seed = Seed::empty_project("demo", "123456789012", &[HOST, BILLING, "pubsub.googleapis.com"]);
    seed.resources.push(SeedObject {
        service: BILLING.to_owned(),
        path: "/v1/billingAccounts/AAAAAA-BBBBBB-CCCCCC".to_owned(),
        body: json!({"name": "billingAccounts/AAAAAA-BBBBBB-CCCCCC", "open": true, "currencyCode": "DKK"}),
        media: None,
    });
    seed
}

async fn cloud() -> Cloud {
    Cloud::start(seed(), Settings::default()).await
}

fn budget() -> Value {
    json!({
        "displayName": "monthly",
        "budgetFilter": {"projects": ["projects/demo"]},
        "amount": {"specifiedAmount": {"units": "500"}},
        "thresholdRules": [{"thresholdPercent": 0.5}],
    })
}

async fn made(cloud: &Cloud) -> Value {
    cloud.done("POST", HOST, BUDGETS, budget()).await
}

async fn status(cloud: &Cloud, method: &str, path: &str, body: Value) -> u16 {
    cloud.call(method, HOST, path, Some(body)).await.0
}

#[tokio::test]
async fn a_budget_is_named_by_the_server_and_filled_in() {
    let cloud = cloud().await;
    let mut made = made(&cloud).await;
    let name = made["name"].as_str().expect("a name").to_owned();
    assert_eq!(name.rsplit('/').next().map(str::len), Some(36), "{name}");
    assert_eq!(cloud.get(HOST, &format!("/v1/{name}")).await, made);
    if let Some(made) = made.as_object_mut() {
        made.remove("name");
        made.remove("etag");
    }
    assert_eq!(
        made,
        json!({
            "displayName": "monthly",
            "budgetFilter": {
                "projects": ["projects/123456789012"],
                "creditTypesTreatment": "INCLUDE_ALL_CREDITS",
                "calendarPeriod": "MONTH",
            },
            "amount": {"specifiedAmount": {"units": "500", "currencyCode": "DKK"}},
            "thresholdRules": [{"thresholdPercent": 0.5, "spendBasis": "CURRENT_SPEND"}],
            "notificationsRule": {},
        })
    );
}

#[tokio::test]
async fn the_scope_takes_a_projects_budgets() {
    let cloud = cloud().await;
    let mine = made(&cloud).await;
    let mut all = budget();
    all["budgetFilter"] = json!({});
    cloud.done("POST", HOST, BUDGETS, all).await;
    for scope in ["projects/demo", "projects/123456789012"] {
        let list = cloud.get(HOST, &format!("{BUDGETS}?scope={scope}")).await;
        assert_eq!(list, json!({"budgets": [mine]}));
    }
}

#[tokio::test]
async fn the_currency_is_the_accounts() {
    let cloud = cloud().await;
    let mut wanted = budget();
    wanted["amount"]["specifiedAmount"]["currencyCode"] = json!("USD");
    assert_eq!(status(&cloud, "POST", BUDGETS, wanted).await, 400);
}

#[tokio::test]
async fn what_a_budget_names_must_exist() {
    let cloud = cloud().await;
    let mut wanted = budget();
    wanted["notificationsRule"] = json!({"pubsubTopic": "projects/demo/topics/alerts"});
    assert_eq!(status(&cloud, "POST", BUDGETS, wanted.clone()).await, 400);
    cloud.done("PUT", "pubsub.googleapis.com", "/v1/projects/demo/topics/alerts", json!({})).await;
    let made = cloud.done("POST", HOST, BUDGETS, wanted).await;
    assert_eq!(made["notificationsRule"]["schemaVersion"], "1.0");
    let mut other = budget();
    other["budgetFilter"]["projects"] = json!(["projects/nowhere"]);
    assert_eq!(status(&cloud, "POST", BUDGETS, other).await, 400);
}

#[tokio::test]
async fn a_mask_changes_leaves_and_an_old_etag_is_a_conflict() {
    let cloud = cloud().await;
    let made = made(&cloud).await;
    let path = format!("/v1/{}", made["name"].as_str().expect("a name"));
    let masked = format!("{path}?updateMask=amount.specifiedAmount.units,displayName");
    let body = json!({"amount": {"specifiedAmount": {"units": "600"}}, "etag": made["etag"]});
    let patched = cloud.done("PATCH", HOST, &masked, body.clone()).await;
    assert_eq!(patched["amount"]["specifiedAmount"], json!({"units": "600", "currencyCode": "DKK"}));
    assert_eq!((patched.get("displayName"), &patched["thresholdRules"]), (None, &made["thresholdRules"]));
    assert_eq!(status(&cloud, "PATCH", &masked, body).await, 409);
}

#[tokio::test]
async fn periods_replace_each_other() {
    let cloud = cloud().await;
    let made = made(&cloud).await;
    let path = format!("/v1/{}?updateMask=budgetFilter.customPeriod", made["name"].as_str().expect("a name"));
    let period = json!({"startDate": {"year": 2026, "month": 1, "day": 1}});
    let patched = cloud.done("PATCH", HOST, &path, json!({"budgetFilter": {"customPeriod": period}})).await;
    assert_eq!(
        (&patched["budgetFilter"]["customPeriod"], patched["budgetFilter"].get("calendarPeriod")),
        (&period, None)
    );
}

#[tokio::test]
async fn an_unknown_account_is_forbidden() {
    let cloud = cloud().await;
    let other = "/v1/billingAccounts/000000-000000-000000/budgets";
    assert_eq!(status(&cloud, "POST", other, budget()).await, 403);
    assert_eq!(cloud.call("GET", HOST, other, None).await.0, 403);
}

#[tokio::test]
async fn plain_user_credentials_need_a_quota_project() {
    let settings = Settings { user_credentials: true, ..Settings::default() };
    let cloud = Cloud::start(seed(), settings).await;
    let (status, answer) = cloud.call("GET", HOST, BUDGETS, None).await;
    assert_eq!(status, 403);
    let info = &answer["error"]["details"][0];
    assert_eq!(
        (&info["reason"], &info["metadata"]["consumer"]),
        (&json!("SERVICE_DISABLED"), &json!("projects/764086051850"))
    );
    assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains("requires a quota project")));
    assert_eq!(cloud.call_paid_by(Some("demo"), "GET", HOST, BUDGETS, None).await, (200, json!({})));
}

#[tokio::test]
async fn a_project_is_paid_for_by_the_account_it_is_linked_to() {
    let cloud = cloud().await;
    let path = "/v1/projects/demo/billingInfo";
    assert_eq!(cloud.get(BILLING, path).await["billingEnabled"], false);
    let link = json!({"billingAccountName": "billingAccounts/AAAAAA-BBBBBB-CCCCCC"});
    cloud.done("PUT", BILLING, path, link).await;
    let info = cloud.get(BILLING, path).await;
    assert_eq!(
        info,
        json!({
            "name": "projects/demo/billingInfo",
            "projectId": "demo",
            "billingAccountName": "billingAccounts/AAAAAA-BBBBBB-CCCCCC",
            "billingEnabled": true,
        })
    );
}

#[tokio::test]
async fn accounts_are_listed() {
    let cloud = cloud().await;
    let list = cloud.get(BILLING, "/v1/billingAccounts").await;
    assert_eq!(list["billingAccounts"][0]["name"], "billingAccounts/AAAAAA-BBBBBB-CCCCCC");
    assert_eq!(cloud.call("GET", BILLING, "/v1/billingAccounts/000000-000000-000000", None).await.0, 403);
}
