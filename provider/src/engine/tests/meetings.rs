//! Creations that meet objects which are there already, and changes that meet what somebody else has done meanwhile.

use localcloud::{FaultSpec, OtherProject, Project, Seed, SeedObject};
use serde_json::{Value as Json, json};

use super::operations::{World, component, denied};
use super::service;

const SERVICES: &[&str] = &[
    "billingbudgets.googleapis.com",
    "cloudbilling.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
];

const ACCOUNTS: [&str; 2] = ["012345-6789AB-CDEF01", "ABCDEF-012345-6789AB"];

/// A project with two billing accounts.
fn billed() -> Seed {
    let mut seed = Seed::empty_project("test-project", "123456789012", SERVICES);
    seed.resources.extend(ACCOUNTS.map(|account| SeedObject {
        service: "cloudbilling.googleapis.com".to_owned(),
        path: format!("/v1/billingAccounts/{account}"),
        body: json!({"name": format!("billingAccounts/{account}"), "open": true, "displayName": "Acme", "currencyCode": "USD"}),
        media: None,
    }));
    seed
}

fn budgets() -> Json {
    let budget = |account: &str| json!({"billing_account": account, "display_name": "Monthly", "amount": 500, "currency": "USD"});
    json!({"budgets": {"own": budget(ACCOUNTS[0]), "shared": budget(ACCOUNTS[1])}})
}

#[tokio::test]
async fn what_an_interrupted_apply_left_is_found_in_each_place_that_a_kind_is_in() {
    let world = World::of(billed()).await;
    world.make(&budgets()).await;
    let (again, _) = world.apply(None, &budgets(), None).await;
    assert_eq!(world.count("POST", "/budgets"), 2, "each budget was made once");
    assert_eq!(component(&again, "budgets", "shared").get("imported").as_bool(), Some(true));
}

#[tokio::test]
async fn what_an_interrupted_creation_left_is_never_deleted_for_a_change_that_no_plan_has_shown() {
    let world = World::with(SERVICES).await;
    let bucket = |location: &str| json!({"buckets": {"b": {"location": location, "allow_replacement": true}}});
    let left = world.make(&bucket("EU")).await;
    let (kept, diagnostics) = world.apply(None, &bucket("US"), Some(&left)).await;
    let problem = diagnostics.iter().next().unwrap();
    assert_eq!(problem.summary, "The location of a bucket cannot be changed");
    assert!(problem.detail.contains("terraform untaint"), "{}", problem.detail);
    assert_eq!(world.count("DELETE", "/b/test-b"), 0);
    assert_eq!(component(&kept, "buckets", "b"), component(&left, "buckets", "b"));
}

#[tokio::test]
async fn what_an_interrupted_creation_left_inside_is_never_deleted_for_such_a_change() {
    let world = World::with(SERVICES).await;
    let topic = |filter: &str| {
        let audit = json!({"filter": format!("attributes.kind = \"{filter}\"")});
        json!({"topics": {"events": {"allow_replacement": true, "subscriptions": {"audit": audit}}}})
    };
    let left = world.make(&topic("alert")).await;
    let (_, diagnostics) = world.apply(None, &topic("drift"), Some(&left)).await;
    let problem = diagnostics.iter().next().unwrap();
    assert_eq!(problem.summary, "The filter of an object inside a topic cannot be changed");
    assert_eq!(
        problem.path.as_ref().map(ToString::to_string).as_deref(),
        Some("topics[\"events\"].subscriptions[\"audit\"].filter")
    );
    assert_eq!(world.count("DELETE", "/subscriptions/audit"), 0);
}

#[tokio::test]
async fn text_that_somebody_else_wrote_meanwhile_is_recorded_as_text() {
    let world = World::with(SERVICES).await;
    let prompted = |text: &str| json!({"services": {"api": service(&json!({"env": {"PROMPT": text}}))}});
    let stack = world.make(&prompted("cold")).await;
    let path = "/v2/projects/test-project/locations/europe-west1/services/api";
    let mut theirs = world.0.state().objects["run.googleapis.com"][path].body.clone();
    theirs["template"]["containers"][0]["env"][0]["value"] = json!("see {{buckets.b.name}}");
    world.edit(json!({"service": "run.googleapis.com", "path": path, "merge": theirs}));
    let (stack, diagnostics) = world.apply(Some(&stack), &prompted("hot"), None).await;
    assert!(diagnostics.iter().any(|problem| problem.summary.ends_with("was changed by somebody else")));
    let prompt = component(&stack, "services", "api").get("env").get("PROMPT").as_str();
    assert_eq!(prompt, Some("see {{{{buckets.b.name}}"));
}

#[tokio::test]
async fn roles_that_were_not_written_are_not_recorded_of_an_account_under_a_new_key_either() {
    let world = World::with(SERVICES).await;
    let account = |key: &str, role: &str| json!({"service_accounts": {key: {"name": "runs-the-api", "roles": [role]}}});
    let stack = world.make(&account("run", "roles/run.invoker")).await;
    world.fault("POST", "/v1/projects/test-project:setIamPolicy$", FaultSpec { times: 1, ..denied() });
    let (stack, diagnostics) = world.apply(Some(&stack), &account("runner", "roles/run.admin"), None).await;
    assert!(diagnostics.has_error());
    let roles = component(&stack, "service_accounts", "runner").get("roles").clone();
    assert_eq!(roles.as_elements().unwrap()[0].as_str(), Some("roles/run.invoker"));
}

#[tokio::test]
async fn a_replaced_object_whose_owner_cannot_be_read_is_left_and_named() {
    let world = World::with(SERVICES).await;
    let bucket = |name: &str| json!({"buckets": {"b": {"name": name, "allow_replacement": true}}});
    let stack = world.make(&bucket("test-old")).await;
    world.fault("GET", "/b/test-old", FaultSpec { times: 1, ..denied() });
    let (_, diagnostics) = world.apply(Some(&stack), &bucket("test-new"), None).await;
    let said: Vec<&str> = diagnostics.iter().map(|problem| problem.summary.as_str()).collect();
    assert!(said.contains(&"The replaced bucket is still there"), "{said:?}");
}

#[tokio::test]
async fn an_api_that_is_off_in_another_project_is_not_switched_on_in_this_one() {
    let mut seed = billed();
    let project: Project =
        serde_json::from_value(json!({"projectId": "other-project", "projectNumber": "111111111111"})).unwrap();
    seed.other_projects.push(OtherProject { project, enabled_services: Vec::new() });
    seed.resources.push(SeedObject {
        service: "cloudbilling.googleapis.com".to_owned(),
        path: "/v1/projects/other-project/billingInfo".to_owned(),
        body: json!({
            "name": "projects/other-project/billingInfo", "projectId": "other-project",
            "billingAccountName": format!("billingAccounts/{}", ACCOUNTS[0]), "billingEnabled": true,
        }),
        media: None,
    });
    let world = World::of(seed).await;
    let mut config = budgets();
    config["budgets"]["own"]["projects"] = json!(["other-project"]);
    world.apply(None, &config, None).await;
    assert!(world.count("GET", "/projects/111111111111") > 0, "the other project is asked for");
    assert_eq!(world.count("POST", "cloudresourcemanager.googleapis.com:enable"), 0);
}

#[tokio::test]
async fn an_object_that_a_failed_apply_made_is_not_gone_because_it_is_not_known_everywhere_yet() {
    let world = World::with(SERVICES).await;
    let config = json!({"service_accounts": {"run": {"name": "runs-the-api"}}, "buckets": {"b": {}}});
    world.fault("POST", "/storage/v1/b$", FaultSpec { times: 1, ..denied() });
    let (stack, diagnostics) = world.apply(None, &config, None).await;
    assert!(diagnostics.has_error());
    let unknown =
        FaultSpec { status: Some(404), reason: Some("NOT_FOUND".to_owned()), times: 2, ..FaultSpec::default() };
    world.fault("GET", "/serviceAccounts/runs-the-api@", unknown);
    let read = world.read(&stack).await.unwrap();
    assert_eq!(component(&read, "service_accounts", "run"), component(&stack, "service_accounts", "run"));
}
