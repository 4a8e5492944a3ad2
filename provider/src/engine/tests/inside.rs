//! What is kept inside a component's object: subscriptions, versions of secrets, indexes.

use localcloud::FaultSpec;
use serde_json::{Value as Json, json};

use super::operations::{World, component, denied};
use super::{change, configured, planned, text};
use crate::engine::model::Stack;
use crate::engine::tree;

const SERVICES: &[&str] = &[
    "cloudresourcemanager.googleapis.com",
    "firestore.googleapis.com",
    "pubsub.googleapis.com",
    "secretmanager.googleapis.com",
    "serviceusage.googleapis.com",
    "sqladmin.googleapis.com",
];

async fn world() -> World {
    World::with(SERVICES).await
}

fn subscription(settings: &Json) -> Json {
    json!({"topics": {"events": {"subscriptions": {"audit": settings}}}})
}

fn secret(version: u32) -> Json {
    json!({"secrets": {"key": {"name": "wandb-key", "value_wo": "hunter2", "value_wo_version": version}}})
}

fn edit(world: &World, service: &str, path: &str, merge: &Json) {
    world.edit(json!({"service": format!("{service}.googleapis.com"), "path": path, "merge": merge}));
}

fn delete(world: &World, service: &str, path: &str) {
    world.edit(json!({"service": format!("{service}.googleapis.com"), "path": path, "delete": true}));
}

/// The subscription as the cloud has it.
fn audit(world: &World) -> Json {
    world.0.state().objects["pubsub.googleapis.com"][AUDIT].body.clone()
}

/// The stack after a refresh, and what is planned then.
async fn plan_of(world: &World, stack: &Stack, config: &Json) -> (Stack, String) {
    let read = world.read(stack).await.unwrap();
    let plan = text(&planned(Some(&read), &configured(config)));
    (read, plan)
}

const AUDIT: &str = "/v1/projects/test-project/subscriptions/audit";

#[tokio::test]
async fn a_refresh_reads_the_versions_of_the_secrets_that_the_stack_has() {
    let world = world().await;
    let others = json!({"secrets": {"a": {"name": "other-a"}, "b": {"name": "other-b"}, "c": {"name": "other-c"}}});
    world.make(&others).await;
    let stack = world.make(&json!({"secrets": {"one": {}, "two": {}}})).await;
    world.0.clear_requests();
    world.read(&stack).await.unwrap();
    assert_eq!(world.count("GET", "/versions/latest"), 2);
}

#[tokio::test]
async fn a_value_whose_confirmation_failed_is_sent_once() {
    for version in [1, 2] {
        let world = world().await;
        let before = if version == 2 { Some(world.make(&secret(1)).await) } else { None };
        // The looks before the version pass: an update reads the secret first.
        let fault = FaultSpec { skip: version, times: 1, ..denied() };
        world.fault("GET", "/versions/latest$", fault);
        let (stack, diagnostics) = world.apply(before.as_ref(), &secret(version), None).await;
        assert!(diagnostics.has_error());
        let (_, plan) = plan_of(&world, &stack, &secret(version)).await;
        assert_eq!(plan, "", "version {version}");
        assert_eq!(world.count("POST", ":addVersion"), version as usize);
    }
}

#[tokio::test]
async fn a_value_is_handed_over() {
    let world = world().await;
    let stack = world.make(&secret(1)).await;
    let config = json!({"secrets": {"key": {"name": "wandb-key"}}});
    let (stack, diagnostics) = world.apply(Some(&stack), &config, None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let (_, plan) = plan_of(&world, &stack, &config).await;
    assert_eq!((plan.as_str(), world.count("POST", ":addVersion")), ("", 1));
}

#[tokio::test]
async fn a_version_that_cannot_be_used_is_sent_again() {
    for state in ["DISABLED", "DESTROYED"] {
        let world = world().await;
        let stack = world.make(&secret(1)).await;
        let path = "/v1/projects/test-project/secrets/wandb-key/versions/1";
        edit(&world, "secretmanager", path, &json!({"state": state}));
        let (read, plan) = plan_of(&world, &stack, &secret(1)).await;
        assert_eq!(plan, "secrets[\"key\"]: update value_wo\n");
        assert_eq!(component(&read, "secrets", "key").get("latest_version_state").as_str(), Some(state));
        let (stack, diagnostics) = world.apply(Some(&read), &secret(1), None).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(plan_of(&world, &stack, &secret(1)).await.1, "");
        assert_eq!(component(&stack, "secrets", "key").get("latest_version").as_str(), Some("2"));
    }
}

#[tokio::test]
async fn without_a_value_an_unusable_version_is_a_warning() {
    let world = world().await;
    let stack = world.make(&secret(1)).await;
    let config = json!({"secrets": {"key": {"name": "wandb-key"}}});
    let (stack, _) = world.apply(Some(&stack), &config, None).await;
    edit(
        &world,
        "secretmanager",
        "/v1/projects/test-project/secrets/wandb-key/versions/1",
        &json!({"state": "DISABLED"}),
    );
    let (_, plan) = plan_of(&world, &stack, &config).await;
    assert!(plan.contains("Warning at secrets[\"key\"].latest_version_state"), "{plan}");
}

#[tokio::test]
async fn an_imported_secret_keeps_its_value() {
    let world = world().await;
    let mut stack = world.make(&secret(1)).await;
    let like = stack.clone();
    let mut components = stack.components();
    for component in components.values_mut() {
        tree::set(component, "imported", tfplugin::Dynamic::Bool(true));
        tree::set(component, "value_wo_version", tfplugin::Dynamic::Null);
    }
    stack.set_components(&components, &like);
    let plan = text(&planned(Some(&stack), &configured(&secret(7))));
    assert!(plan.contains("Warning at secrets[\"key\"].value_wo") && !plan.contains("update"), "{plan}");
    let (stack, _) = world.apply(Some(&stack), &secret(7), None).await;
    assert_eq!(world.count("POST", ":addVersion"), 1);
    let (_, diagnostics) = world.apply(Some(&stack), &secret(8), None).await;
    assert!(diagnostics.is_empty() && world.count("POST", ":addVersion") == 2, "{diagnostics:?}");
}

#[tokio::test]
async fn foreign_labels_of_subscriptions_are_no_difference_and_stay() {
    let world = world().await;
    let stack = world.make(&subscription(&json!({"labels": {"team": "ml"}}))).await;
    edit(&world, "pubsub", AUDIT, &json!({"labels": {"goog-eventarc": "x", "cost-center": "42"}}));
    let (read, plan) = plan_of(&world, &stack, &subscription(&json!({"labels": {"team": "ml"}}))).await;
    assert_eq!(plan, "");
    for labels in [json!({"team": "data"}), json!({})] {
        let (_, diagnostics) = world.apply(Some(&read), &subscription(&json!({"labels": labels})), None).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let kept = audit(&world)["labels"].clone();
        assert_eq!((&kept["goog-eventarc"], &kept["cost-center"]), (&json!("x"), &json!("42")));
        assert_eq!(kept.get("team"), labels.get("team"));
    }
}

#[test]
fn a_filter_is_changed_only_where_that_is_allowed_and_said() {
    let filter = |kind: &str, more: Json| {
        let mut topic = json!({"subscriptions": {"audit": {"filter": format!("attributes.kind = \"{kind}\"")}}});
        topic.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"topics": {"events": topic}})
    };
    let refused = change(&filter("alert", json!({})), &filter("drift", json!({})));
    assert!(refused.contains("Error at topics[\"events\"].subscriptions[\"audit\"].filter"), "{refused}");
    let allowed = json!({"allow_replacement": true});
    let said = change(&filter("alert", allowed.clone()), &filter("drift", allowed));
    assert!(said.contains("Warning at : 1 object will be replaced"), "{said}");
    assert!(!said.contains("Error"), "{said}");
}

#[test]
fn another_setting_of_a_subscription_replaces_and_deletes_nothing() {
    let said = change(&subscription(&json!({})), &subscription(&json!({"ack_deadline": "20s"})));
    assert_eq!(said, "topics[\"events\"]: update subscriptions\n");
}

#[tokio::test]
async fn a_replaced_subscription_has_the_new_filter() {
    let world = world().await;
    let config = |kind: &str| {
        let audit = json!({"audit": {"filter": format!("attributes.kind = \"{kind}\"")}});
        json!({"topics": {"events": {"allow_replacement": true, "subscriptions": audit}}})
    };
    let stack = world.make(&config("alert")).await;
    let (stack, diagnostics) = world.apply(Some(&stack), &config("drift"), None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(audit(&world)["filter"], "attributes.kind = \"drift\"");
    assert_eq!(plan_of(&world, &stack, &config("drift")).await.1, "");
}

#[tokio::test]
async fn a_subscription_whose_topic_was_deleted_is_made_anew_with_it_as_the_plan_says() {
    let world = world().await;
    let mut config = subscription(&json!({}));
    config["topics"]["events"]["iam"] = json!({"roles/pubsub.viewer": ["user:jane@example.com"]});
    for retention in [Json::Null, json!("1d")] {
        config["topics"]["events"]["message_retention"] = retention;
        let stack = world.make(&config).await;
        delete(&world, "pubsub", "/v1/projects/test-project/topics/events");
        edit(&world, "pubsub", AUDIT, &json!({"topic": "_deleted-topic_"}));
        let (read, plan) = plan_of(&world, &stack, &config).await;
        assert!(plan.contains("1 object will be replaced"), "{plan}");
        let (stack, diagnostics) = world.apply(Some(&read), &config, None).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(plan_of(&world, &stack, &config).await.1, "");
        assert_eq!(audit(&world)["topic"], "projects/test-project/topics/events");
        world.apply(Some(&stack), &json!({}), None).await;
    }
}

#[tokio::test]
async fn what_a_deleted_topic_left_is_deleted_with_its_component() {
    let world = world().await;
    let stack = world.make(&subscription(&json!({}))).await;
    delete(&world, "pubsub", "/v1/projects/test-project/topics/events");
    edit(&world, "pubsub", AUDIT, &json!({"topic": "_deleted-topic_"}));
    let (read, plan) = plan_of(&world, &stack, &json!({})).await;
    assert!(plan.contains("will be deleted"), "{plan}");
    let (_, diagnostics) = world.apply(Some(&read), &json!({}), None).await;
    assert!(!diagnostics.has_error(), "{diagnostics:?}");
    assert!(!world.0.state().objects["pubsub.googleapis.com"].contains_key(AUDIT));
}

#[tokio::test]
async fn a_dead_subscription_that_a_creation_meets_is_left_alone() {
    let world = world().await;
    let config = subscription(&json!({}));
    world.make(&config).await;
    delete(&world, "pubsub", "/v1/projects/test-project/topics/events");
    edit(&world, "pubsub", AUDIT, &json!({"topic": "_deleted-topic_"}));
    let (_, diagnostics) = world.apply(None, &config, None).await;
    let said = format!("{diagnostics:?}");
    assert!(diagnostics.has_error() && said.contains("gcloud pubsub subscriptions delete audit"), "{said}");
    assert_eq!(
        (&audit(&world)["topic"], world.count("DELETE", "/subscriptions/audit")),
        (&json!("_deleted-topic_"), 0)
    );
}

#[tokio::test]
async fn a_dead_subscription_of_a_topic_that_is_there_is_announced() {
    for merge in [json!({"topic": "_deleted-topic_"}), json!({"detached": true})] {
        let world = world().await;
        let config = subscription(&json!({}));
        let stack = world.make(&config).await;
        edit(&world, "pubsub", AUDIT, &merge);
        let (read, plan) = plan_of(&world, &stack, &config).await;
        assert!(plan.contains("1 object will be replaced"), "{plan}");
        let (stack, diagnostics) = world.apply(Some(&read), &config, None).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(plan_of(&world, &stack, &config).await.1, "");
    }
}

#[tokio::test]
async fn a_subscription_of_another_topic_is_neither_taken_nor_deleted() {
    let world = world().await;
    world.make(&json!({"topics": {"others": {"subscriptions": {"audit": {}}}}})).await;
    let (stack, diagnostics) = world.apply(None, &subscription(&json!({})), None).await;
    let said = format!("{diagnostics:?}");
    assert!(diagnostics.has_error() && said.contains("projects/test-project/topics/others"), "{said}");
    assert!(component(&stack, "topics", "events").get("subscriptions").get("audit").is_null());
    assert_eq!(audit(&world)["topic"], "projects/test-project/topics/others");
}

#[tokio::test]
async fn a_subscription_that_listens_to_another_topic_by_now_is_not_deleted_with_this_one() {
    for config in [json!({}), json!({"topics": {"events": {}}})] {
        let world = world().await;
        world.make(&json!({"topics": {"others": {}}})).await;
        let stack = world.make(&subscription(&json!({}))).await;
        edit(&world, "pubsub", AUDIT, &json!({"topic": "projects/test-project/topics/others"}));
        let (_, diagnostics) = world.apply(Some(&stack), &config, None).await;
        assert!(!diagnostics.has_error(), "{diagnostics:?}");
        assert_eq!(audit(&world)["topic"], "projects/test-project/topics/others");
    }
}

#[tokio::test]
async fn a_dead_subscription_and_one_that_is_not_in_sight_are_deleted_with_their_topic() {
    for is_in_sight in [true, false] {
        let world = world().await;
        let stack = world.make(&subscription(&json!({}))).await;
        if is_in_sight {
            edit(&world, "pubsub", AUDIT, &json!({"topic": "_deleted-topic_"}));
        } else {
            let unseen = FaultSpec { status: Some(404), reason: Some("NOT_FOUND".to_owned()), ..FaultSpec::default() };
            world.fault("GET", "/subscriptions/audit$", unseen);
        }
        let (_, diagnostics) = world.apply(Some(&stack), &json!({}), None).await;
        assert!(!diagnostics.has_error(), "{diagnostics:?}");
        assert!(!world.0.state().objects["pubsub.googleapis.com"].contains_key(AUDIT));
    }
}

#[tokio::test]
async fn a_subscription_of_this_topic_is_taken_over() {
    let world = world().await;
    let bare = json!({"topics": {"events": {}}});
    let stack = world.make(&bare).await;
    world.make(&json!({"topics": {"others": {"subscriptions": {"audit": {"labels": {"by": "hand"}, "ack_deadline": "60s"}}}}})).await;
    edit(&world, "pubsub", AUDIT, &json!({"topic": "projects/test-project/topics/events"}));
    let config = subscription(&json!({"labels": {"team": "ml"}}));
    let (stack, diagnostics) = world.apply(Some(&stack), &config, None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let kept = audit(&world);
    assert_eq!(kept["labels"], json!({"by": "hand", "team": "ml"}));
    assert_eq!(plan_of(&world, &stack, &config).await.1, "");
}

#[tokio::test]
async fn what_was_made_of_some_children_is_in_the_state() {
    let world = world().await;
    let config = json!({"topics": {"events": {"subscriptions": {"audit": {}, "other": {}}}}});
    world.fault("PUT", "/subscriptions/other$", denied());
    let (stack, diagnostics) = world.apply(None, &config, None).await;
    assert!(diagnostics.has_error());
    let recorded = component(&stack, "topics", "events").get("subscriptions").clone();
    let keys: Vec<String> = recorded.as_entries().into_iter().flatten().map(|(key, _)| key.to_string()).collect();
    assert_eq!(keys, ["audit"]);
}

#[tokio::test]
async fn an_alias_may_name_a_version_that_the_same_apply_adds() {
    let world = world().await;
    let config = |version: u32| {
        let mut config = secret(version);
        config["secrets"]["key"]["version_aliases"] = json!({"current": version});
        config
    };
    let stack = world.make(&config(1)).await;
    let (stack, diagnostics) = world.apply(Some(&stack), &config(2), None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let secret = world.0.state().objects["secretmanager.googleapis.com"]["/v1/projects/test-project/secrets/wandb-key"]
        .body
        .clone();
    assert_eq!(secret["versionAliases"], json!({"current": "2"}));
    assert_eq!(plan_of(&world, &stack, &config(2)).await.1, "");
}

fn database(users: &Json) -> Json {
    json!({"sql_instances": {"main": {
        "name": "main", "database_version": "POSTGRES_17", "databases": {"app": {}}, "users": users,
    }}})
}

fn app(version: u32) -> Json {
    json!({"app": {"password_wo": format!("secret-{version}"), "password_wo_version": version}})
}

#[tokio::test]
async fn a_users_password_is_sent_with_the_user_and_again_when_its_number_changes() {
    let world = world().await;
    let stack = world.make(&database(&app(1))).await;
    assert_eq!((world.count("POST", "/users"), world.count("PUT", "/users")), (1, 0));
    let (stack, plan) = plan_of(&world, &stack, &database(&app(1))).await;
    assert_eq!(plan, "");
    let (stack, diagnostics) = world.apply(Some(&stack), &database(&app(2)), None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!((world.count("POST", "/users"), world.count("PUT", "/users")), (1, 1));
    let (stack, plan) = plan_of(&world, &stack, &database(&app(2))).await;
    assert_eq!((plan.as_str(), format!("{stack:?}").contains("secret-")), ("", false));
}

#[tokio::test]
async fn a_password_that_was_not_sent_is_sent_by_the_next_apply() {
    let world = world().await;
    let stack = world.make(&database(&app(1))).await;
    world.fault("PUT", "/users$", FaultSpec { times: 1, ..denied() });
    let (stack, diagnostics) = world.apply(Some(&stack), &database(&app(2)), None).await;
    assert!(diagnostics.has_error());
    let (stack, plan) = plan_of(&world, &stack, &database(&app(2))).await;
    assert!(plan.contains("users"), "{plan}");
    let (_, diagnostics) = world.apply(Some(&stack), &database(&app(2)), None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(world.count("PUT", "/users"), 2);
}

#[tokio::test]
async fn a_user_that_comes_with_the_instance_is_given_its_password_when_it_is_declared() {
    let world = world().await;
    let owner = json!({"owner": {"name": "postgres", "password_wo": "secret-1", "password_wo_version": 1}});
    let stack = world.make(&database(&owner)).await;
    assert_eq!((world.count("POST", "/users"), world.count("PUT", "/users")), (0, 1));
    assert_eq!(plan_of(&world, &stack, &database(&owner)).await.1, "");
}

#[tokio::test]
async fn what_leaves_a_component_goes_or_stays_as_it_says_itself() {
    for (policy, deletions) in [("DELETE", 1), ("ABANDON", 0)] {
        let world = world().await;
        let mut leaving = app(1);
        leaving["app"]["deletion_policy"] = json!(policy);
        let stack = world.make(&database(&leaving)).await;
        let (stack, diagnostics) = world.apply(Some(&stack), &database(&json!({})), None).await;
        assert!(!diagnostics.has_error(), "{diagnostics:?}");
        assert_eq!(world.count("DELETE", "/users"), deletions, "{policy}");
        assert_eq!(plan_of(&world, &stack, &database(&json!({}))).await.1, "");
    }
}

#[tokio::test]
async fn what_is_inside_an_instance_that_is_stopped_stays_as_it_was() {
    let world = world().await;
    let stack = world.make(&database(&app(1))).await;
    let stopped = |users: &Json| {
        let mut config = database(users);
        config["sql_instances"]["main"]["activation_policy"] = json!("NEVER");
        config
    };
    let (stack, diagnostics) = world.apply(Some(&stack), &stopped(&app(1)), None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(plan_of(&world, &stack, &stopped(&app(1))).await.1, "");
}

#[tokio::test]
async fn a_change_waits_for_the_operation_of_somebody_else() {
    let world = world().await;
    let stack = world.make(&database(&app(1))).await;
    let busy = FaultSpec {
        status: Some(409),
        reason: Some("operationInProgress".to_owned()),
        times: 3,
        ..FaultSpec::default()
    };
    world.fault("PATCH", "/instances/main$", busy);
    let mut larger = database(&app(1));
    larger["sql_instances"]["main"]["tier"] = json!("db-custom-2-7680");
    let (_, diagnostics) = world.apply(Some(&stack), &larger, None).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(world.count("PATCH", "/instances/main"), 4);
}
