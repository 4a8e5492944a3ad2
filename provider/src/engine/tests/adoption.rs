//! `adopt = true`: an object that is there is taken over, as imported.

use localcloud::Seed;
use serde_json::{Value as Json, json};
use tfplugin::{Diagnostics, Dynamic, Severity};
use tokio_util::sync::CancellationToken;

use super::operations::{World, component};
use super::{configured, planned, scope, text};
use crate::engine::model::{Components, Stack};
use crate::engine::plan::{self, Input};
use crate::engine::run::Preparation;
use crate::engine::{look, tree};
use crate::google::stack::GOOGLE;

const SERVICES: &[&str] = &[
    "artifactregistry.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "secretmanager.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
];

fn bucket(more: &Json) -> Json {
    let mut bucket = json!({"name": "test-b", "adopt": true});
    bucket.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"buckets": {"b": bucket}})
}

/// Somebody's bucket, made by hand.
async fn bucket_by_hand(world: &World, project: &str, body: &Json) {
    let url = format!("{}/storage.googleapis.com/storage/v1/b?project={project}", world.0.url());
    let made = reqwest::Client::new().post(url).json(body).send().await.unwrap();
    assert!(made.status().is_success(), "{}", made.text().await.unwrap());
    world.0.clear_requests();
}

/// What is planned once the state is as the cloud is.
async fn next_plan(world: &World, stack: &Stack, config: &Json) -> String {
    let read = world.read(stack).await.unwrap();
    text(&planned(Some(&read), &configured(config)))
}

fn errors(diagnostics: &Diagnostics) -> Vec<(String, String)> {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error);
    errors.map(|one| (one.summary.clone(), one.detail.clone())).collect()
}

#[tokio::test]
async fn an_object_that_is_there_is_taken_over_and_keeps_what_nobody_speaks_of() {
    let world = World::with(SERVICES).await;
    let by_hand = json!({
        "name": "test-b", "location": "EUROPE-WEST1", "storageClass": "NEARLINE",
        "website": {"mainPageSuffix": "index.html"}, "labels": {"team": "ml"},
    });
    bucket_by_hand(&world, "test-project", &by_hand).await;
    let config = bucket(&json!({"storage_class": "STANDARD"}));
    let (stack, diagnostics) = world.apply(None, &config, None).await;
    assert!(!diagnostics.has_error(), "{diagnostics:?}");
    let adopted = component(&stack, "buckets", "b");
    assert_eq!(adopted.get("imported").as_bool(), Some(true));
    let body = world.0.state().objects["storage.googleapis.com"]["/storage/v1/b/test-b"].body.clone();
    assert_eq!(body["storageClass"], "STANDARD");
    assert_eq!(body["website"]["mainPageSuffix"], "index.html");
    assert_eq!(body["labels"], json!({"team": "ml"}), "no stamp");
    assert_eq!(next_plan(&world, &stack, &config).await, "");
}

#[tokio::test]
async fn an_attribute_that_the_configuration_begins_to_set_is_changed_in_an_adopted_object() {
    let world = World::with(SERVICES).await;
    let by_hand = json!({"name": "test-b", "location": "EUROPE-WEST1", "website": {"mainPageSuffix": "index.html"}});
    bucket_by_hand(&world, "test-project", &by_hand).await;
    let (stack, _) = world.apply(None, &bucket(&json!({})), None).await;
    let stack = world.read(&stack).await.unwrap();
    let config = bucket(&json!({"website": {"main_page_suffix": "start.html"}}));
    let (stack, diagnostics) = world.apply(Some(&stack), &config, None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(next_plan(&world, &stack, &config).await, "");
}

#[tokio::test]
async fn without_an_object_it_is_created_as_silence_says() {
    let world = World::with(SERVICES).await;
    let stack = world.make(&bucket(&json!({}))).await;
    let made = component(&stack, "buckets", "b");
    assert_eq!(made.get("imported").as_bool(), Some(false));
    assert_eq!(made.get("uniform_bucket_level_access").as_bool(), Some(true));
    assert_eq!(next_plan(&world, &stack, &bucket(&json!({}))).await, "");
}

#[tokio::test]
async fn an_immutable_difference_is_refused() {
    let world = World::with(SERVICES).await;
    bucket_by_hand(&world, "test-project", &json!({"name": "test-b", "location": "US"})).await;
    let (_, diagnostics) = world.apply(None, &bucket(&json!({"location": "EU"})), None).await;
    let [(title, detail)] = &errors(&diagnostics)[..] else { panic!("{diagnostics:?}") };
    assert_eq!(title, "The bucket cannot be adopted");
    assert!(detail.contains(r#"location: "US" is there, "EU" is wanted"#), "{detail}");
}

#[tokio::test]
async fn the_object_of_another_stack_is_refused() {
    let world = World::with(SERVICES).await;
    let by_hand = json!({"name": "test-b", "location": "EUROPE-WEST1", "labels": {"mlops-stack": "theirs"}});
    bucket_by_hand(&world, "test-project", &by_hand).await;
    let (_, diagnostics) = world.apply(None, &bucket(&json!({})), None).await;
    let [(title, detail)] = &errors(&diagnostics)[..] else { panic!("{diagnostics:?}") };
    assert_eq!(title, "The bucket belongs to another stack");
    assert!(detail.contains("theirs"), "{detail}");
}

#[tokio::test]
async fn a_bucket_of_another_project_is_never_taken_over() {
    let mut seed = Seed::empty_project("test-project", "123456789012", SERVICES);
    seed.other_projects = serde_json::from_value(json!([{
        "project": {"projectId": "other-project", "projectNumber": "111111111111"},
        "enabled_services": ["storage.googleapis.com"],
    }]))
    .unwrap();
    let world = World::of(seed).await;
    // A stamp can be guessed.
    let labels = json!({"mlops-stack": "it", "mlops-component": "b", "mlops-region": "europe-west1"});
    for (name, adopt) in [("test-b", true), ("test-c", false)] {
        let theirs = json!({"name": name, "location": "EUROPE-WEST1", "labels": labels});
        bucket_by_hand(&world, "other-project", &theirs).await;
        let mut config = bucket(&json!({"name": name}));
        config["buckets"]["b"]["adopt"] = json!(adopt);
        let (_, diagnostics) = world.apply(None, &config, None).await;
        let [(title, detail)] = &errors(&diagnostics)[..] else { panic!("{diagnostics:?}") };
        assert_eq!(title, "The bucket is in another project");
        assert!(detail.contains("111111111111"), "{detail}");
    }
}

#[tokio::test]
async fn an_object_that_the_cloud_names_is_adopted_by_its_title() {
    let world = World::with(SERVICES).await;
    let url = format!("{}/monitoring.googleapis.com/v3/projects/test-project/notificationChannels", world.0.url());
    let by_hand = json!({"type": "email", "displayName": "Team", "labels": {"email_address": "old@example.com"}});
    let made = reqwest::Client::new().post(url).json(&by_hand).send().await.unwrap();
    assert!(made.status().is_success());
    let channel =
        json!({"type": "email", "display_name": "Team", "adopt": true, "labels": {"email_address": "a@example.com"}});
    let config = json!({"notification_channels": {"team": channel}});
    let (stack, diagnostics) = world.apply(None, &config, None).await;
    assert!(!diagnostics.has_error(), "{diagnostics:?}");
    assert_eq!(component(&stack, "notification_channels", "team").get("imported").as_bool(), Some(true));
    assert_eq!(world.count("POST", "/notificationChannels"), 1);
    assert_eq!(next_plan(&world, &stack, &config).await, "");
}

#[tokio::test]
async fn a_plan_without_adopt_says_what_it_cannot_show() {
    let world = World::with(SERVICES).await;
    topic_by_hand(&world).await;
    let adopting = topic(&json!({}));
    let (stack, _) = world.apply(None, &adopting, None).await;
    let mut config = adopting.clone();
    config["topics"]["events"].as_object_mut().unwrap().remove("adopt");
    let plan = planned(Some(&stack), &configured(&config));
    let warning = plan.diagnostics.iter().find(|one| one.summary == "The topic is no longer adopted");
    assert!(warning.unwrap_or_else(|| panic!("{}", text(&plan))).detail.contains("message_retention"));
    assert_eq!(text(&planned(Some(&stack), &configured(&adopting))), "");
}

#[test]
fn an_adopting_component_without_a_name_has_the_usual_one() {
    let proposed = configured(&json!({"firestore_databases": {"db": {"location": "eur3", "adopt": true}}}));
    // What Terraform hands over as the configuration has no defaults.
    let mut config = proposed.clone();
    let mut components = config.components();
    components.values_mut().for_each(|database| {
        for silent in ["name", "type"] {
            tree::set(database, silent, Dynamic::Null);
        }
    });
    config.set_components(&components, &proposed);
    let (config, scope) = (&config, &scope());
    let input = Input { prior: None, config, proposed: &proposed, scope, configured_place: None, cloud: &GOOGLE };
    let planned = plan::plan(&input).planned;
    let database = component(&planned, "firestore_databases", "db");
    assert_eq!(database.get("name").as_str(), Some("(default)"));
    assert!(database.get("type").is_unknown(), "that is the object's own");
}

/// Somebody's topic, with a subscription.
async fn topic_by_hand(world: &World) {
    let place = |of: &str| format!("{}/pubsub.googleapis.com/v1/projects/test-project/{of}", world.0.url());
    let subscription = json!({
        "topic": "projects/test-project/topics/events", "ackDeadlineSeconds": 77, "filter": "attributes.a = \"b\"",
    });
    for (path, body) in [("topics/events", json!({})), ("subscriptions/pull", subscription)] {
        let made = reqwest::Client::new().put(place(path)).json(&body).send().await.unwrap();
        assert!(made.status().is_success(), "{}", made.text().await.unwrap());
    }
    world.0.clear_requests();
}

fn topic(subscription: &Json) -> Json {
    json!({"topics": {"events": {"adopt": true, "labels": {"team": "ml"}, "subscriptions": {"pull": subscription}}}})
}

/// What the plan's look at the cloud says.
async fn foreseen(world: &World, config: &Json) -> Diagnostics {
    let config = configured(config);
    let plan = planned(None, &config);
    let mut run = world.run(Preparation::Report, CancellationToken::new());
    run.scope = config.scoped(run.scope);
    look::creations(&run, &GOOGLE, &plan.steps, &plan.planned.components(), true, &Components::new()).await.diagnostics
}

#[tokio::test]
async fn objects_inside_an_adopted_one_keep_what_nobody_speaks_of() {
    let world = World::with(SERVICES).await;
    topic_by_hand(&world).await;
    let config = topic(&json!({"message_retention": "2d"}));
    let (stack, diagnostics) = world.apply(None, &config, None).await;
    assert!(!diagnostics.has_error(), "{diagnostics:?}");
    let objects = &world.0.state().objects["pubsub.googleapis.com"];
    let subscription = &objects["/v1/projects/test-project/subscriptions/pull"].body;
    // What these tests configure has the defaults in it; the table of attributes shows silence about those.
    assert_eq!(subscription["filter"], "attributes.a = \"b\"");
    assert_eq!(subscription["messageRetentionDuration"], "172800s");
    assert_eq!(objects["/v1/projects/test-project/topics/events"].body["labels"], json!({"team": "ml"}), "no stamp");
    assert_eq!(component(&stack, "topics", "events").get("imported").as_bool(), Some(true));
    assert_eq!(next_plan(&world, &stack, &config).await, "");
}

#[tokio::test]
async fn an_object_that_joins_inside_an_adopted_one_is_made_as_silence_says() {
    let world = World::with(SERVICES).await;
    topic_by_hand(&world).await;
    let config = topic(&json!({"name": "another"}));
    let (stack, diagnostics) = world.apply(None, &config, None).await;
    assert!(!diagnostics.has_error(), "{diagnostics:?}");
    let objects = &world.0.state().objects["pubsub.googleapis.com"];
    assert_eq!(objects["/v1/projects/test-project/subscriptions/another"].body["ackDeadlineSeconds"], 10);
    assert_eq!(next_plan(&world, &stack, &config).await, "");
}

#[tokio::test]
async fn a_plan_says_what_an_adoption_changes_in_labels_and_inside() {
    let world = World::with(SERVICES).await;
    topic_by_hand(&world).await;
    let said = format!("{:?}", foreseen(&world, &topic(&json!({"message_retention": "2d"}))).await);
    assert!(said.contains("1 object will be adopted"), "{said}");
    for line in ["team", "message_retention: 7d is there, 2d is wanted"] {
        assert!(said.replace("\\\"", "").contains(line), "no {line}: {said}");
    }
}

#[tokio::test]
async fn an_immutable_difference_inside_is_refused_by_the_plan() {
    let world = World::with(SERVICES).await;
    topic_by_hand(&world).await;
    let said = foreseen(&world, &topic(&json!({"filter": "attributes.a = \"c\""}))).await;
    let [(title, _)] = &errors(&said)[..] else { panic!("{said:?}") };
    assert_eq!(title, "The topic cannot be adopted");
    let path = said.iter().next().and_then(|one| one.path.as_ref()).map(ToString::to_string);
    assert_eq!(path.as_deref(), Some(r#"topics["events"].subscriptions["pull"].filter"#));
}

#[tokio::test]
async fn an_adoption_that_the_api_would_refuse_is_refused_by_the_plan() {
    let world = World::with(&["iam.googleapis.com", "serviceusage.googleapis.com"]).await;
    let place =
        format!("{}/iam.googleapis.com/v1/projects/test-project/locations/global/workloadIdentityPools", world.0.url());
    let client = reqwest::Client::new();
    let provider = json!({"aws": {"accountId": "123456789012"}});
    for (path, body) in [
        ("?workloadIdentityPoolId=the-pool", json!({})),
        ("/the-pool/providers?workloadIdentityPoolProviderId=main", provider),
    ] {
        client.post(format!("{place}{path}")).json(&body).send().await.unwrap().error_for_status().unwrap();
    }
    let mapping = json!({"google.subject": "assertion.sub"});
    let oidc = json!({"name": "main", "issuer_uri": "https://issuer.example.com", "attribute_mapping": mapping});
    let config = json!({"workload_identity_pools": {"the-pool": {"adopt": true, "providers": {"main": oidc}}}});
    let said = foreseen(&world, &config).await;
    let [(title, _)] = &errors(&said)[..] else { panic!("{said:?}") };
    assert_eq!(title, "The kind of a provider cannot be changed");
}

#[tokio::test]
async fn a_plan_says_that_an_adopted_secret_keeps_its_value() {
    let world = World::with(SERVICES).await;
    let place = format!("{}/secretmanager.googleapis.com/v1/projects/test-project/secrets", world.0.url());
    let secret = json!({"replication": {"automatic": {}}});
    let client = reqwest::Client::new();
    client.post(format!("{place}?secretId=key")).json(&secret).send().await.unwrap().error_for_status().unwrap();
    let config = json!({"secrets": {"key": {"adopt": true, "value_wo": "new", "value_wo_version": 1}}});
    let is_told = |said: &Diagnostics| format!("{said:?}").contains("value_wo is not sent");
    assert!(!is_told(&foreseen(&world, &config).await), "without a value it is sent");
    let version = json!({"payload": {"data": "b2xk"}});
    client.post(format!("{place}/key:addVersion")).json(&version).send().await.unwrap().error_for_status().unwrap();
    assert!(is_told(&foreseen(&world, &config).await));
    let (stack, diagnostics) = world.apply(None, &config, None).await;
    assert!(!diagnostics.has_error(), "{diagnostics:?}");
    assert_eq!(world.count("POST", "key:addVersion"), 1);
    assert_eq!(next_plan(&world, &stack, &config).await, "");
}

#[tokio::test]
async fn a_title_that_does_not_tell_the_object_is_refused_by_the_plan() {
    let channel = |address: &str| json!({"type": "email", "displayName": "Team", "labels": {"email_address": address}});
    let wanted = json!({
        "type": "email", "display_name": "Team", "adopt": true, "labels": {"email_address": "a@example.com"},
    });
    for (there, keys) in [(&["a@example.com", "b@example.com"][..], &["a"][..]), (&["a@example.com"], &["a", "b"])] {
        let world = World::with(SERVICES).await;
        let url = format!("{}/monitoring.googleapis.com/v3/projects/test-project/notificationChannels", world.0.url());
        for address in there {
            let made = reqwest::Client::new().post(&url).json(&channel(address)).send().await.unwrap();
            made.error_for_status().unwrap();
        }
        let components: serde_json::Map<_, _> = keys.iter().map(|key| ((*key).to_owned(), wanted.clone())).collect();
        let said = foreseen(&world, &json!({"notification_channels": components})).await;
        let [(title, _)] = &errors(&said)[..] else { panic!("{said:?}") };
        assert_eq!(title, "The notification channel cannot be adopted");
    }
}
