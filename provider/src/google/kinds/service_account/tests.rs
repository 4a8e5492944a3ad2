use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, ct_scan, differences, problems, read_body, refused, scope, set, updated,
};
use crate::google::kinds::{kind, rest_kind};

fn accounts() -> &'static AnyKind {
    kind("service_accounts").unwrap()
}

fn body() -> Json {
    json!({
        "name": "projects/p/serviceAccounts/cloud-run@p.iam.gserviceaccount.com", "projectId": "p", "uniqueId": "1",
        "email": "cloud-run@p.iam.gserviceaccount.com", "displayName": "Runs", "etag": "MDE=", "oauth2ClientId": "1",
    })
}

#[test]
fn an_account_of_the_environment_is_what_its_configuration_says() {
    let body = ct_scan("serviceAccounts/cloud-run@dtu-mlops-data-482907.iam.gserviceaccount.com");
    let configured = component(
        accounts(),
        &json!({
            "name": "cloud-run", "display_name": "Cloud Run Service Account",
            "description": "Service account for Cloud Run API service",
        }),
    );
    assert_eq!(differences(accounts(), &configured, &read_body(accounts(), &body)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(accounts().object(), &body, accounts().unmanaged()), Vec::<String>::new());
    assert!(!accounts().is_made_by_cloud(&body, &scope()));
}

#[test]
fn a_creation_says_the_id_beside_the_account() {
    let body = created(accounts(), &json!({"name": "cloud-run", "display_name": "Runs"}));
    assert_eq!(body, json!({"accountId": "cloud-run", "serviceAccount": {"displayName": "Runs"}}));
}

#[test]
fn address_and_id_are_known_before_the_account_exists() {
    let predicted = accounts().predict(&component(accounts(), &json!({"name": "cloud-run"})), &scope());
    let email = "cloud-run@dtu-mlops-data-482907.iam.gserviceaccount.com";
    assert!(predicted.contains(&("email", Dynamic::string(email))), "{predicted:?}");
    let id = format!("projects/dtu-mlops-data-482907/serviceAccounts/{email}");
    assert!(predicted.contains(&("id", Dynamic::string(id))), "{predicted:?}");
}

#[test]
fn the_project_of_a_domain_stands_before_it_in_addresses() {
    assert_eq!(super::email("deploy", "example.com:shop"), "deploy@shop.example.com.iam.gserviceaccount.com");
}

#[test]
fn default_accounts_are_google_s() {
    for email in [
        "777769481436-compute@developer.gserviceaccount.com",
        "dtu-mlops-data-482907@appspot.gserviceaccount.com",
        "777769481436@cloudbuild.gserviceaccount.com",
    ] {
        assert!(accounts().is_made_by_cloud(&json!({"email": email}), &scope()), "{email}");
    }
    let firebase = json!({
        "email": "firebase-adminsdk-x1y2z@dtu-mlops-data-482907.iam.gserviceaccount.com", "displayName": "firebase-adminsdk",
    });
    assert!(accounts().is_made_by_cloud(&firebase, &scope()));
}

#[test]
fn an_absent_switch_is_on() {
    assert_eq!(read_body(accounts(), &body()).get("disabled"), &Dynamic::Bool(false));
}

#[test]
fn an_update_names_what_changed() {
    let (_, mask) = updated(accounts(), &body(), |account| {
        set(account, "description", Dynamic::string("new"));
        set(account, "disabled", Dynamic::Bool(true));
    });
    assert_eq!(mask, ["description", "disabled"]);
    assert_eq!(rest_kind(accounts()).parts().unwrap().fields(), ["disabled"]);
}

#[test]
fn names_have_a_rule() {
    assert_eq!(problems(accounts(), &json!({"name": "cloud-run"})), []);
    for name in ["short", "cloud_run", "1-account", "ends-with-", &"a".repeat(31)] {
        refused(accounts(), &json!({"name": name}), ".name", "6 to 30");
    }
}

#[test]
fn long_texts_are_refused() {
    refused(accounts(), &json!({"display_name": "a".repeat(101)}), ".display_name", "100 bytes");
    refused(accounts(), &json!({"description": "a".repeat(257)}), ".description", "256 bytes");
}
