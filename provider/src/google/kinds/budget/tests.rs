use serde_json::json;
use tfplugin::{Diagnostics, Dynamic, Path};

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, ct_scan, differences, problems, read_body, refused, scope, set, updated,
};
use crate::google::kinds::kind;

const ACCOUNT: &str = "012345-6789AB-CDEF01";

fn budgets() -> &'static AnyKind {
    kind("budgets").unwrap()
}

fn environment() -> serde_json::Value {
    ct_scan("budgets/3e5ffb9b-606a-49cb-bba1-55f915f67589")
}

#[test]
fn the_budget_of_the_environment_is_what_its_configuration_says() {
    let body = environment();
    let hcl = json!({
        "billing_account": ACCOUNT, "display_name": "CT Scan MLOps Monthly Budget", "amount": 500, "currency": "USD",
        "thresholds": [1.1, 1.0, 0.9, 0.5, 0.25],
        "topic": "projects/dtu-mlops-data-482907/topics/billing-budget-alerts",
    });
    let configured = component(budgets(), &hcl);
    assert_eq!(differences(budgets(), &configured, &read_body(budgets(), &body)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(budgets().object(), &body, budgets().unmanaged()), Vec::<String>::new());
}

#[test]
fn the_own_project_need_not_be_written() {
    let body = environment();
    let mut imported = read_body(budgets(), &body);
    budgets().imported(&mut imported, &scope());
    assert_eq!(imported.get("projects"), &Dynamic::Null);
}

#[test]
fn every_spelling_of_a_project_is_its_number() {
    let meant = |projects: serde_json::Value| {
        let mut budget = component(budgets(), &json!({"projects": projects}));
        budgets().effective(&mut budget, "k", &scope());
        budget.get("projects").clone()
    };
    let own = meant(json!(["projects/777769481436"]));
    assert_eq!(own, Dynamic::set([Dynamic::string("projects/777769481436")]));
    for spelling in ["dtu-mlops-data-482907", "projects/dtu-mlops-data-482907", "777769481436"] {
        assert_eq!(meant(json!([spelling])), own, "{spelling}");
    }
    assert_eq!(meant(json!(null)), own);
}

#[test]
fn a_creation_counts_this_project_and_says_the_schema_of_messages() {
    let body = created(
        budgets(),
        &json!({
            "billing_account": ACCOUNT, "amount": 99.5, "thresholds": [0.5], "forecast_thresholds": [1],
            "topic": "projects/p/topics/t",
        }),
    );
    assert_eq!(
        body,
        json!({
            "amount": {"specifiedAmount": {"units": "99", "nanos": 500_000_000}},
            "budgetFilter": {"projects": ["projects/777769481436"]},
            "notificationsRule": {"pubsubTopic": "projects/p/topics/t", "schemaVersion": "1.0"},
            "thresholdRules": [
                {"thresholdPercent": 1, "spendBasis": "FORECASTED_SPEND"},
                {"thresholdPercent": 0.5, "spendBasis": "CURRENT_SPEND"},
            ],
        })
    );
}

#[test]
fn a_threshold_that_comes_leaves_the_others_in_place() {
    let body = environment();
    let (wanted, mask) = updated(budgets(), &body, |budget| {
        let hcl = json!({"thresholds": [0.9, 0.5, 0.25, 1.2]});
        set(budget, "thresholds", component(budgets(), &hcl).get("thresholds").clone());
    });
    let percents: Vec<String> =
        wanted["thresholdRules"].as_array().unwrap().iter().map(|rule| rule["thresholdPercent"].to_string()).collect();
    assert_eq!((percents.join(" "), mask), ("0.25 0.5 0.9 1.2".to_owned(), vec!["thresholdRules".to_owned()]));
}

#[test]
fn a_topic_that_goes_takes_its_schema_along() {
    let body = environment();
    let (wanted, mask) = updated(budgets(), &body, |budget| set(budget, "topic", Dynamic::Null));
    assert_eq!(mask, ["notificationsRule.pubsubTopic", "notificationsRule.schemaVersion"]);
    assert_eq!(wire::masked(&wanted, &mask), json!({}));
}

#[test]
fn the_amount_of_the_last_period_takes_the_place_of_a_fixed_one() {
    let body = environment();
    let (wanted, mask) = updated(budgets(), &body, |budget| {
        set(budget, "amount", Dynamic::Null);
        set(budget, "last_period_amount", Dynamic::Bool(true));
    });
    assert_eq!(wire::masked(&wanted, &mask), json!({"amount": {"lastPeriodAmount": {}}}));
}

#[test]
fn budgets_of_other_projects_are_left_out() {
    let of = |projects: &[&str]| json!({"budgetFilter": {"projects": projects}});
    assert!(!budgets().is_made_by_cloud(&of(&["projects/777769481436", "projects/1"]), &scope()));
    assert!(budgets().is_made_by_cloud(&of(&["projects/1"]), &scope()));
    assert!(budgets().is_made_by_cloud(&of(&[]), &scope()));
}

#[test]
fn a_budget_uses_its_topic_and_channels() {
    let body = environment();
    let topic = "projects/dtu-mlops-data-482907/topics/billing-budget-alerts".to_owned();
    assert_eq!(budgets().discovery().unwrap().uses(&body), vec![("topics", topic)]);
}

#[test]
fn refusals_name_the_attribute_and_the_way_out() {
    let kind = budgets();
    let with = |more: serde_json::Value| {
        let mut hcl = json!({"billing_account": ACCOUNT, "amount": 1});
        hcl.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        hcl
    };
    assert_eq!(problems(kind, &with(json!({"thresholds": [0.5, 1.0]}))), vec![]);
    refused(kind, &with(json!({"billing_account": "mine"})), ".billing_account", "gcloud billing accounts list");
    refused(kind, &json!({"billing_account": ACCOUNT}), ".amount", "last_period_amount");
    refused(kind, &with(json!({"last_period_amount": true})), ".amount", "Remove one");
    refused(kind, &with(json!({"thresholds": [-1]})), ".thresholds", "negative");
    refused(kind, &with(json!({"display_name": "x".repeat(61)})), ".display_name", "60");
    refused(kind, &with(json!({"credit_types": ["DISCOUNT"]})), ".credit_types", "INCLUDE_SPECIFIED_CREDITS");
}

#[test]
fn percents_in_place_of_parts_are_a_warning() {
    let mut diagnostics = Diagnostics::new();
    let hcl = json!({"billing_account": ACCOUNT, "amount": 1, "thresholds": [50, 90]});
    budgets().validate_new(&component(budgets(), &hcl), &Path::root(), &mut diagnostics);
    assert!(!diagnostics.has_error() && diagnostics.iter().count() == 1, "{diagnostics:?}");
}
