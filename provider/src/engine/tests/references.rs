//! What a plan makes of references: renamed KEYs, misspelt ones, and braces that are text.

use expect_test::expect;
use serde_json::{Value as Json, json};
use tfplugin::Dynamic;

use super::{change, configured, made, planned, scope, service, text};
use crate::engine::address::Address;
use crate::engine::model::{Components, Stack};
use crate::engine::plan::{self, Input};
use crate::engine::references::Part;
use crate::engine::{references, tree};
use crate::google::kinds;
use crate::google::stack::GOOGLE;

/// The planned value of an attribute of the service `api`.
fn of_service(prior: &Stack, after: &Json, attribute: &str) -> Dynamic {
    let plan = planned(Some(prior), &configured(after));
    assert!(!plan.diagnostics.has_error(), "{}", text(&plan));
    let components = plan.planned.components();
    let service = components.iter().find(|(address, _)| address.kind.name() == "services");
    service.unwrap().1.get(attribute).clone()
}

/// `prior` with one attribute of one component as the state has it.
fn with(prior: &Stack, kind: &str, attribute: &str, value: Dynamic) -> Stack {
    let mut components = prior.components();
    for (_, component) in components.iter_mut().filter(|(address, _)| address.kind.name() == kind) {
        tree::set(component, attribute.to_owned(), value.clone());
    }
    let mut changed = prior.clone();
    changed.set_components(&components, prior);
    changed
}

fn errors(components: &Json) -> String {
    let plan = planned(None, &configured(components));
    let problems = plan.diagnostics.iter().map(|problem| format!("{}: {}\n", problem.summary, problem.detail));
    problems.collect()
}

/// A service that uses a bucket, a secret and an account by KEY, and the bucket in a text.
fn user(bucket: &str, secret: &str, account: &str) -> Json {
    service(&json!({
        "service_account": account,
        "volumes": {"m": {"bucket": bucket, "mount_path": "/m"}},
        "secret_env": {"TOKEN": {"secret": secret}},
        "env": {"URL": format!("{{{{buckets.{bucket}.url}}}}/v1")},
        "iam": {"roles/run.invoker": [account]},
    }))
}

fn stack(key: &str) -> Json {
    json!({
        "buckets": {key: {"name": "test-models"}},
        "secrets": {key: {"name": "wandb"}},
        "service_accounts": {key: {"name": "churn-api"}},
        "services": {"api": user(key, key, key)},
    })
}

#[test]
fn a_renamed_key_is_renamed_where_it_is_used_and_nothing_is_written() {
    let said = change(&stack("old_key"), &stack("new_key"));
    let said = said.lines().filter(|line| !line.contains("latest_version_state")).collect::<Vec<_>>();
    assert_eq!(said, ["Warning at : 3 components will be renamed"]);
    let prior = made(&stack("old_key"));
    let value = |attribute| of_service(&prior, &stack("new_key"), attribute);
    assert_eq!(value("service_account"), Dynamic::string("new_key"));
    assert_eq!(value("volumes").get("m").get("bucket"), &Dynamic::string("new_key"));
    assert_eq!(value("secret_env").get("TOKEN").get("secret"), &Dynamic::string("new_key"));
    assert_eq!(value("env").get("URL"), &Dynamic::string("{{buckets.new_key.url}}/v1"));
}

#[test]
fn another_key_of_the_same_component_is_no_change_for_what_follows_it() {
    let all = |key: &str| {
        json!({
            "networks": {key: {"name": "test-net"}},
            "services": {"api": service(&json!({"vpc_access": {"network": key}}))},
        })
    };
    // Terraform proposes what was there where the configuration is silent.
    let with_subnetwork = |stack: &Stack| {
        let mut components = stack.components();
        for (_, service) in components.iter_mut().filter(|(address, _)| address.kind.name() == "services") {
            let access = service.as_entries_mut().and_then(|entries| entries.get_mut("vpc_access")).unwrap();
            tree::set(access, "subnetwork", Dynamic::string("test-net"));
        }
        let mut changed = stack.clone();
        changed.set_components(&components, stack);
        changed
    };
    let (prior, config) = (with_subnetwork(&made(&all("old"))), configured(&all("new")));
    let proposed = with_subnetwork(&config);
    let (prior, scope) = (Some(&prior), &scope());
    let input = Input { prior, config: &config, proposed: &proposed, scope, configured_place: None, cloud: &GOOGLE };
    assert_eq!(text(&plan::plan(&input)), "Warning at : 1 component will be renamed\n");
}

#[test]
fn a_key_that_was_the_name_gives_way_to_the_new_key() {
    let all = |key: &str| {
        json!({
            "buckets": {key: {"name": "test-models"}},
            "services": {"api": service(&json!({"volumes": {"m": {"bucket": key, "mount_path": "/m"}}}))},
        })
    };
    let volumes = of_service(&made(&all("test-models")), &all("models"), "volumes");
    assert_eq!(volumes.get("m").get("bucket"), &Dynamic::string("models"));
}

#[test]
fn exchanged_keys_keep_their_objects() {
    let all = |a: &str, b: &str| {
        json!({
            "buckets": {"a": {"name": a}, "b": {"name": b}},
            "services": {"api": service(&json!({"env": {"U": format!("{{{{buckets.{}.url}}}}", if a == "test-x" { "a" } else { "b" })}}))},
        })
    };
    expect![[r#"
        Warning at : 2 components will be renamed
    "#]]
    .assert_eq(&change(&all("test-x", "test-y"), &all("test-y", "test-x")));
}

#[test]
fn the_cloud_name_in_the_state_stands_for_the_key_no_longer_than_the_order_allows() {
    let all = json!({
        "buckets": {"models": {"name": "test-models"}},
        "services": {"api": service(&json!({"volumes": {"m": {"bucket": "models", "mount_path": "/m"}}}))},
    });
    let volume = |bucket: &str| {
        let configured = configured(
            &json!({"services": {"api": service(&json!({"volumes": {"m": {"bucket": bucket, "mount_path": "/m"}}}))}}),
        );
        configured.components().into_values().next().unwrap().get("volumes").clone()
    };
    let prior = with(&made(&all), "services", "volumes", volume("test-models"));
    assert_eq!(of_service(&prior, &all, "volumes"), volume("models"));
}

#[test]
fn the_key_in_the_state_stays_for_the_cloud_name_in_the_configuration() {
    let all = |bucket: &str| {
        json!({
            "buckets": {"models": {"name": "test-models"}},
            "services": {"api": service(&json!({"volumes": {"m": {"bucket": bucket, "mount_path": "/m"}}}))},
        })
    };
    expect![[""]].assert_eq(&change(&all("models"), &all("test-models")));
    let volumes = of_service(&made(&all("models")), &all("test-models"), "volumes");
    assert_eq!(volumes.get("m").get("bucket"), &Dynamic::string("models"));
}

#[test]
fn a_key_that_is_gone_does_not_become_a_name_of_the_cloud() {
    let after = |buckets: Json| json!({"buckets": buckets, "services": {"api": service(&json!({"volumes": {"m": {"bucket": "models", "mount_path": "/m"}}}))}});
    let before = after(json!({"models": {"name": "test-models"}}));
    for buckets in [json!({"files": {"name": "test-models"}}), json!({})] {
        let plan = planned(Some(&made(&before)), &configured(&after(buckets)));
        let problem = plan.diagnostics.iter().find(|problem| problem.summary.contains("unknown component")).unwrap();
        assert!(problem.path.as_ref().unwrap().to_string().contains("bucket"), "{problem:?}");
    }
    let plan = planned(Some(&made(&before)), &configured(&after(json!({"files": {"name": "test-models"}}))));
    assert!(plan.diagnostics.iter().any(|problem| problem.detail.contains("its KEY is \"files\" now")));
}

#[test]
fn a_policy_whose_title_follows_from_a_service_is_known_under_another_key() {
    let all = |key: &str, service_key: &str| {
        json!({
            "services": {service_key: service(&json!({"name": "churn-api"}))},
            "alert_policies": {key: {"preset": "api_downtime", "service": service_key}},
        })
    };
    expect![[r#"
        Warning at : 2 components will be renamed
    "#]]
    .assert_eq(&change(&all("down", "api"), &all("outage", "runner")));
}

#[test]
fn a_reference_stands_for_what_the_attribute_itself_refers_to() {
    let (services, accounts) = (kinds::kind("services").unwrap(), kinds::kind("service_accounts").unwrap());
    let object = |entries: &[(&str, &str)]| {
        Dynamic::Object(entries.iter().map(|(name, value)| ((*name).to_owned(), Dynamic::string(*value))).collect())
    };
    let all: Components = [
        (Address::new(accounts, "runner"), object(&[("email", "runner@p.iam.gserviceaccount.com")])),
        (
            Address::new(services, "api"),
            object(&[("service_account", "runner"), ("image", "{{services.other.image}}")]),
        ),
        (Address::new(services, "other"), object(&[("image", "an/image:1")])),
    ]
    .into();
    let user = Address::new(services, "user");
    let resolved = |text: &str| references::resolve(&user, &object(&[("image", text)]), &all).get("image").clone();
    assert_eq!(resolved("{{services.api.service_account}}"), Dynamic::string("runner@p.iam.gserviceaccount.com"));
    assert_eq!(resolved("{{services.api.image}}"), Dynamic::string("an/image:1"));
    assert_eq!(resolved("{{services.user.image}}"), Dynamic::Unknown);
}

#[test]
fn a_reference_to_what_has_no_text_is_an_error() {
    let env = |text: &str| {
        errors(&json!({
            "services": {"api": service(&json!({"env": {"X": text}}))},
            "buckets": {"b": {}},
            "secrets": {"s": {}},
        }))
    };
    expect![[r#"
        Reference to an attribute that is not set: services["api"] refers to kms_key of buckets["b"] ({{buckets.b.kms_key}}), which has no value (null). Set kms_key there, or refer to an attribute that has one. To write the braces as text, double the opening ones: {{{{.
    "#]]
    .assert_eq(&env("{{buckets.b.kms_key}}"));
    assert!(env("{{buckets.b.labels}}").starts_with("Reference to a collection: "), "{}", env("{{buckets.b.labels}}"));
    assert!(env("{{secrets.s.value_wo}}").starts_with("Reference to a write-only attribute: "));
}

#[test]
fn unknown_keys_and_attributes_come_with_a_suggestion() {
    let env = |text: &str| {
        errors(&json!({"services": {"api": service(&json!({"env": {"X": text}}))}, "buckets": {"models": {}}}))
    };
    assert!(env("{{buckets.model.url}}").contains("Did you mean \"models\"?"));
    assert!(env("{{buckets.models.ur}}").contains("Did you mean \"url\"?"));
    let member = errors(&json!({
        "service_accounts": {"runner": {}},
        "services": {"api": service(&json!({"iam": {"roles/run.invoker": ["runer"]}}))},
    }));
    assert!(member.contains("Unknown member of a grant") && member.contains("Did you mean \"runner\"?"), "{member}");
}

#[test]
fn a_name_that_is_nearly_a_key_is_warned_of_once() {
    let all = |bucket: &str| {
        json!({
            "buckets": {"models": {"name": "test-models"}},
            "services": {"api": service(&json!({"volumes": {"m": {"bucket": bucket, "mount_path": "/m"}}}))},
        })
    };
    let warned = |bucket: &str| errors(&all(bucket)).contains("Did you mean \"models\"?");
    assert!(warned("model") && warned("modles"));
    assert!(!warned("test-models") && !warned("other") && !warned("models"));
    expect![[""]].assert_eq(&change(&all("model"), &all("model")));
}

#[test]
fn braces_of_other_languages_are_text_and_what_looks_like_a_reference_is_warned_of_once() {
    let env = |text: &str| json!({"services": {"api": service(&json!({"env": {"X": text}}))}});
    assert_eq!(errors(&env("Hello {{ user.name }}, ${{ github.sha }}")), "");
    for text in
        ["{{buckets.b}}", "{{ topics.name }}", "{{service.api.url}}", "{{services.api.url}", "{{services[0].url}}"]
    {
        let said = errors(&env(text));
        assert!(said.starts_with("Texts look like references: ") && said.contains(text), "{said}");
        expect![[""]].assert_eq(&change(&env(text), &env(text)));
    }
    assert!(errors(&env("{{service.api.url}}")).contains("Did you mean {{services.api.url}}?"));
}

#[test]
fn a_bucket_can_keep_its_logs_in_itself() {
    let all = json!({"buckets": {"logs": {"name": "test-logs", "logging": {"log_bucket": "logs"}}}});
    assert_eq!(errors(&all), "");
}

#[test]
fn what_has_no_value_when_it_is_needed_is_not_written_as_nothing() {
    let kind = kinds::kind("services").unwrap();
    let all = json!({"services": {"api": service(&json!({})), "user": service(&json!({
        "env": {"U": "{{services.api.url}}"},
        "iam": {"roles/run.invoker": ["serviceAccount:{{services.api.service_account}}"]},
    }))}});
    let mut live = configured(&all).components();
    let (api, user) = (Address::new(kind, "api"), Address::new(kind, "user"));
    let planned = live.remove(&user).unwrap();
    let problems = |part, live: &Components| references::check_part(&user, &planned, part, live).iter().count();
    assert_eq!((problems(Part::Object, &live), problems(Part::Grants, &live)), (1, 1));
    let made = live.get_mut(&api).unwrap();
    tree::set(made, "url", Dynamic::string("https://api"));
    tree::set(made, "service_account", Dynamic::string("runner@p.iam.gserviceaccount.com"));
    assert_eq!((problems(Part::Object, &live), problems(Part::Grants, &live)), (0, 0));
}

#[test]
fn all_slips_are_in_one_warning_with_their_places() {
    let env = json!({"A": "{{service.api.url}}", "B": "{{services.api.url}"});
    let said = errors(&json!({"services": {"api": service(&json!({"env": env}))}}));
    expect![[r#"
        Texts look like references: These braces begin like a reference and are text. A reference is {{kind.KEY.attribute}}, with the KEY in letters, digits, "-" and "_". To write the braces as text, double the opening ones: {{{{.

        - services["api"].env["A"]: {{service.api.url}} is not a reference. Did you mean {{services.api.url}}?
        - services["api"].env["B"]: {{services.api.url} is not a reference. Did you mean {{services.api.url}}?
    "#]]
    .assert_eq(&said);
}
