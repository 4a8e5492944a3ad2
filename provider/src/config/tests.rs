//! The provider block with and without an environment.

use tfplugin::{Diagnostic, Severity};

use super::*;
use crate::google::api::poll::PollPolicy;

fn nothing() -> Environment {
    Environment::of::<&str, &str>([])
}

fn connected(config: &ProviderConfig, environment: &Environment) -> Connection {
    let (connection, diagnostics) = config.connect(environment, "1.11.4");
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    connection.unwrap()
}

/// One line per message: how bad, where, title and detail.
fn messages(config: &ProviderConfig) -> Vec<String> {
    let line = |diagnostic: &Diagnostic| {
        let path = diagnostic.path.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{:?} {path}: {}: {}", diagnostic.severity, diagnostic.summary, diagnostic.detail)
    };
    config.validate().iter().map(line).collect()
}

#[test]
fn an_empty_block_has_sensible_settings() {
    let connection = connected(&ProviderConfig::default(), &nothing());
    let config = connection.client().unwrap().config();
    assert!(connection.enable_apis && connection.project.is_null() && connection.region.is_null());
    assert_eq!((config.parallelism, config.retry.max_retries, config.request_timeout.as_secs()), (16, 10, 120));
    assert!(config.user_agent.starts_with("Terraform/1.11.4 terraform-provider-mlops/"));
    assert_eq!(config.poll, PollPolicy::REMOTE);
}

#[test]
fn variables_stand_in_for_attributes_in_the_google_providers_order() {
    let environment = Environment::of([
        ("CLOUDSDK_CORE_PROJECT", "last-project"),
        ("GOOGLE_CLOUD_PROJECT", "second-project"),
        ("CLOUDSDK_COMPUTE_REGION", "europe-north1"),
        ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", "a@my-project.iam.gserviceaccount.com"),
        ("GOOGLE_BILLING_PROJECT", "billing-project"),
        ("USER_PROJECT_OVERRIDE", "TRUE"),
        ("GOOGLE_CLOUD_QUOTA_PROJECT", "quota-project"),
        ("MLOPS_ENDPOINT", "http://127.0.0.1:9000"),
    ]);
    let connection = connected(&ProviderConfig::default(), &environment);
    let config = connection.client().unwrap().config();
    assert_eq!(connection.project.known().unwrap().as_str(), "second-project");
    assert_eq!(connection.region.known().unwrap().to_wire(), "europe-north1");
    assert_eq!(config.credentials.impersonate_service_account.as_deref(), Some("a@my-project.iam.gserviceaccount.com"));
    assert_eq!((config.billing_project.as_deref(), config.user_project_override), (Some("billing-project"), true));
    assert_eq!(config.quota_project.as_deref(), Some("quota-project"));
    assert_eq!((config.addressing.is_local(), config.poll), (true, PollPolicy::LOCAL));
}

#[test]
fn an_attribute_wins_over_its_variable_even_when_it_is_unknown() {
    let environment = Environment::of([("GOOGLE_PROJECT", "from-environment"), ("GOOGLE_REGION", "us-central1")]);
    let config = ProviderConfig {
        project: Value::Known("from-the-block".parse().unwrap()),
        region: Value::Unknown,
        ..ProviderConfig::default()
    };
    let connection = connected(&config, &environment);
    assert_eq!(connection.project.known().unwrap().as_str(), "from-the-block");
    assert!(connection.region.is_unknown());
    assert!(connection.client().is_ok());
}

#[test]
fn what_the_client_needs_and_is_unknown_is_told_only_when_the_client_is_needed() {
    let config = ProviderConfig { credentials: Value::Unknown, endpoint: Value::Unknown, ..ProviderConfig::default() };
    let connection = connected(&config, &nothing());
    let error = connection.client().unwrap_err();
    assert_eq!(error.to_string(), "the provider block's credentials, endpoint will be known only after apply");
    assert!(error.diagnostic().detail.contains("-target"));
}

#[test]
fn a_variable_that_is_not_valid_is_an_error_at_its_attribute() {
    let environment = Environment::of([("GOOGLE_PROJECT", "123456"), ("USER_PROJECT_OVERRIDE", "perhaps")]);
    let (connection, diagnostics) = ProviderConfig::default().connect(&environment, "");
    let paths: Vec<String> =
        diagnostics.iter().map(|diagnostic| diagnostic.path.as_ref().unwrap().to_string()).collect();
    assert!(connection.is_none());
    assert_eq!(paths, ["project", "user_project_override"]);
    assert!(
        diagnostics.iter().next().unwrap().detail.contains("GOOGLE_PROJECT is \"123456\": this is a project number")
    );
}

#[test]
fn rules_name_the_attribute_and_the_way_out() {
    let text = |text: &str| Value::Known(text.to_owned());
    let map = |key: &str, value: &str| Value::Known(BTreeMap::from([(key.to_owned(), value.to_owned())]));
    let config = ProviderConfig {
        region: Value::Known("EU".parse().unwrap()),
        credentials: text("/adc.json"),
        access_token: text("ya29.hush"),
        max_retries: Value::Known(-1),
        parallelism: Value::Known(0),
        request_timeout: Value::Known("10h".parse().unwrap()),
        default_labels: map("Team", "ml"),
        endpoint: text("localhost:9000"),
        endpoints: map("run", "https://run-mine.p.googleapis.com?x=1"),
        ..ProviderConfig::default()
    };
    let found = messages(&config);
    let expected = [
        "Error access_token: Conflicting credentials",
        "Error region: Invalid region: EU is not a region",
        "Error max_retries: Number out of range: max_retries is -1; it can be from 0 to 100.",
        "Error parallelism: Number out of range: parallelism is 0; it can be from 1 to 256.",
        "Error default_labels[\"Team\"]: Invalid label: Label \"Team\" = \"ml\": labels have lower-case letters",
        "Error endpoint: Invalid endpoint URL: \"localhost:9000\": it begins with neither",
        "Error endpoints[\"run\"]: Unknown API host: \"run\" is not an API host. Keys are DNS names, such as run.googleapis.com.",
        "Error endpoints[\"run\"]: Invalid endpoint URL",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    assert!(!found.join("\n").contains("hush"));
}

#[test]
fn what_has_no_effect_or_sends_no_credentials_is_a_warning() {
    let config = ProviderConfig {
        billing_project: Value::Known("billing-project".parse().unwrap()),
        user_project_override: Value::Known(false),
        endpoint: Value::Known("http://localcloud:9000".to_owned()),
        ..ProviderConfig::default()
    };
    assert!(config.validate().iter().all(|diagnostic| diagnostic.severity == Severity::Warning));
    assert_eq!(config.validate().iter().count(), 2);
    assert!(config.connect(&nothing(), "").0.is_some());
}

#[test]
fn settings_reach_the_client() {
    let config = ProviderConfig {
        max_retries: Value::Known(3),
        parallelism: Value::Known(4),
        request_timeout: Value::Known("1.5m".parse().unwrap()),
        enable_apis: Value::Known(false),
        access_token: Value::Known("ya29.hush".to_owned()),
        endpoints: Value::Known(BTreeMap::from([(
            "run.googleapis.com".to_owned(),
            "https://run-mine.p.googleapis.com/".to_owned(),
        )])),
        ..ProviderConfig::default()
    };
    let connection = connected(&config, &nothing());
    let made = connection.client().unwrap().config();
    assert_eq!((made.retry.max_retries, made.parallelism, made.request_timeout.as_secs()), (3, 4, 90));
    assert!(!connection.enable_apis);
    assert_eq!(made.addressing.endpoints["run.googleapis.com"].as_str(), "https://run-mine.p.googleapis.com/");
    assert!(!format!("{connection:?}").contains("ya29"));
}

#[test]
fn every_attribute_is_described_and_none_is_required() {
    for attribute in &ProviderConfig::schema().attributes {
        assert!(!attribute.description.is_empty(), "{}", attribute.name);
    }
    let sensitive: Vec<String> = ProviderConfig::schema()
        .attributes
        .iter()
        .filter(|attribute| attribute.sensitive)
        .map(|attribute| attribute.name.to_string())
        .collect();
    assert_eq!(sensitive, ["access_token", "credentials"]);
}
