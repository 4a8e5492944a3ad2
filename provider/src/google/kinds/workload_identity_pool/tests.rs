use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use crate::engine::kind::AnyKind;
use crate::engine::wire;
use crate::google::kinds::fixtures::{
    component, created, ct_scan, differences, problems, read_body, refused, scope, updated,
};
use crate::google::kinds::{kind, rest_kind};

fn pools() -> &'static AnyKind {
    kind("workload_identity_pools").unwrap()
}

fn github() -> Json {
    json!({
        "issuer_uri": "https://token.actions.githubusercontent.com",
        "attribute_mapping": {"google.subject": "assertion.sub"},
        "attribute_condition": "assertion.repository=='o/r'",
    })
}

fn with(change: impl FnOnce(&mut Json)) -> Json {
    let mut provider = github();
    change(&mut provider);
    json!({"name": "github-pool", "providers": {"github": provider}})
}

/// The pool of the environment with its provider, as it is read.
fn environment() -> Json {
    let mut pool = ct_scan("workloadIdentityPools/github-pool");
    let mut provider = ct_scan("providers/github-provider");
    provider["id"] = provider["name"].take();
    provider["name"] = json!("github-provider");
    pool["providers"] = json!({"github_provider": provider});
    pool
}

#[test]
fn the_pool_of_the_environment_is_what_its_configuration_says() {
    let body = environment();
    let configured = component(
        pools(),
        &json!({
            "name": "github-pool", "display_name": "GitHub Actions Pool",
            "description": "Workload Identity Pool for GitHub Actions",
            "providers": {"github": {
                "name": "github-provider", "display_name": "GitHub OIDC Provider",
                "description": "GitHub OIDC provider for Actions",
                "issuer_uri": "https://token.actions.githubusercontent.com",
                "attribute_condition": "assertion.repository=='example-org/ct_scan_mlops'\n",
                "attribute_mapping": {
                    "google.subject": "assertion.sub", "attribute.actor": "assertion.actor",
                    "attribute.repository": "assertion.repository", "attribute.ref": "assertion.ref",
                },
            }},
        }),
    );
    assert_eq!(differences(pools(), &configured, &read_body(pools(), &body)), Vec::<String>::new());
    assert_eq!(wire::unexpressed(pools().object(), &body, pools().unmanaged()), Vec::<String>::new());
}

#[test]
fn the_id_has_the_number_of_the_project() {
    let id = ("id", Dynamic::string("projects/777769481436/locations/global/workloadIdentityPools/github-pool"));
    let predicted = pools().predict(&component(pools(), &json!({"name": "github-pool"})), &scope());
    assert_eq!(predicted, std::slice::from_ref(&id));
    let body = json!({"name": "projects/777769481436/locations/global/workloadIdentityPools/github-pool"});
    let unknown = {
        let mut scope = scope();
        scope.place.number = None;
        scope
    };
    assert_eq!(pools().derive(&body, &unknown), [id]);
    assert!(pools().predict(&component(pools(), &json!({"name": "github-pool"})), &unknown).is_empty());
}

#[test]
fn a_provider_is_made_under_its_name() {
    let body =
        created(pools(), &json!({"name": "pool", "providers": {"a": {"name": "github", "issuer_uri": "https://i"}}}));
    assert_eq!(body["providers"]["a"], json!({"name": "github", "oidc": {"issuerUri": "https://i"}}));
}

#[test]
fn every_provider_is_an_object_of_its_own() {
    let pool = component(pools(), &json!({"name": "pool", "providers": {"a": {"name": "github"}, "gitlab": {}}}));
    let below = "projects/dtu-mlops-data-482907/locations/global/workloadIdentityPools/pool/providers";
    let names = vec![format!("{below}/github"), format!("{below}/gitlab")];
    assert_eq!(pools().inner_names(&pool, &scope()), Some(names));
}

#[test]
fn what_the_api_maps_for_aws_is_no_difference() {
    let configured = component(pools(), &json!({"providers": {"amazon": {"aws_account_id": "123456789012"}}}));
    let body = json!({"name": "p/key", "providers": {"amazon": {
        "name": "amazon", "aws": {"accountId": "123456789012", "stsUri": ["https://sts"]},
        "attributeMapping": {
            "google.subject": "assertion.arn",
            "attribute.aws_role": "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + \
                'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn",
        },
    }}});
    assert_eq!(differences(pools(), &configured, &read_body(pools(), &body)), Vec::<String>::new());
}

#[test]
fn settings_of_a_provider_that_nobody_manages_survive() {
    let body = json!({
        "name": "p/key",
        "providers": {"github": {"name": "github", "oidc": {"issuerUri": "https://i"}, "later": {"field": 1}, "state": "ACTIVE"}},
    });
    let (wanted, mask) = updated(pools(), &body, |pool| {
        let mut changed = component(pools(), &with(|github| github["issuer_uri"] = json!("https://j")));
        pools().effective(&mut changed, "key", &scope());
        let provider = changed;
        pool.as_entries_mut().unwrap().insert("providers".to_owned(), provider.get("providers").clone());
    });
    assert_eq!(mask, ["providers"]);
    assert_eq!(wanted["providers"]["github"]["later"], json!({"field": 1}));
    assert_eq!(
        super::sync::mask(&body["providers"]["github"], &wanted["providers"]["github"]),
        ["attributeCondition", "attributeMapping", "oidc.issuerUri",]
    );
}

#[test]
fn a_deleted_pool_is_gone() {
    let undeletion = rest_kind(pools()).undeletion().unwrap();
    assert!(undeletion.is_deleted(&json!({"state": "DELETED"})));
    assert!(!undeletion.is_deleted(&json!({"state": "ACTIVE"})));
}

#[test]
fn names_have_a_rule() {
    assert_eq!(problems(pools(), &with(|_| ())), []);
    for name in ["abc", "Upper", "under_score", "gcp-pool", &"a".repeat(33)] {
        refused(pools(), &json!({"name": name}), ".name", "4 to 32");
        refused(pools(), &with(|github| github["name"] = json!(name)), ".providers[\"github\"].name", "4 to 32");
    }
}

#[test]
fn an_issuer_that_everybody_has_needs_a_condition() {
    let hcl = with(|github| github["attribute_condition"] = Json::Null);
    refused(pools(), &hcl, ".providers[\"github\"].attribute_condition", "repository_owner");
}

#[test]
fn a_login_needs_a_subject() {
    let hcl = with(|github| github["attribute_mapping"] = json!({"attribute.a": "assertion.a"}));
    refused(pools(), &hcl, ".providers[\"github\"].attribute_mapping", "google.subject");
    let hcl = with(|github| github["attribute_mapping"]["subject"] = json!("assertion.a"));
    refused(pools(), &hcl, ".providers[\"github\"].attribute_mapping", "\"subject\" cannot be mapped to");
}

#[test]
fn a_provider_is_of_one_kind() {
    let hcl = with(|github| github["aws_account_id"] = json!("123456789012"));
    refused(pools(), &hcl, ".providers[\"github\"].aws_account_id", "issuer_uri or aws_account_id");
}

#[test]
fn a_provider_says_of_which_kind_it_is() {
    let hcl = with(|github| {
        github["issuer_uri"] = Json::Null;
        github["attribute_condition"] = Json::Null;
    });
    refused(pools(), &hcl, ".providers[\"github\"].issuer_uri", "of one kind");
}

#[test]
fn a_provider_of_a_kind_beyond_the_schema_stays_one() {
    let effective = |hcl: &Json| {
        let mut pool = component(pools(), hcl);
        pools().effective(&mut pool, "key", &scope());
        pool
    };
    let before = effective(&with(|github| github["issuer_uri"] = Json::Null));
    let mut diagnostics = tfplugin::Diagnostics::new();
    pools().validate_change(&before, &effective(&with(|_| ())), &tfplugin::Path::root(), &mut diagnostics);
    let said: Vec<&str> = diagnostics.iter().map(|problem| problem.summary.as_str()).collect();
    assert_eq!(said, ["The kind of a provider cannot be changed"]);
}

#[test]
fn two_providers_of_one_name_are_refused() {
    let mut hcl = with(|_| ());
    hcl["providers"]["other"] = github();
    hcl["providers"]["other"]["name"] = json!("github");
    refused(pools(), &hcl, ".providers[\"other\"]", "\"github\" and \"other\"");
}
