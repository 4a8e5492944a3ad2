//! Against the local cloud.

use mlops_phases::document::{AlertState, Criterion, Evidence};
use serde_json::{Value as Json, json};

use super::super::testing::{evidence, failed, held, offline};
use crate::checkpoint::Session;
use crate::engine::tests::operations::{World, denied};
use crate::google::api::testing::minute;
use crate::google::stack::LAYOUT;

const ID: &str = "projects/test-project/locations/europe-west1/stacks/it";

fn criterion(severities: &[&str], state: AlertState) -> Criterion {
    let severities = severities.iter().map(|word| (*word).to_owned()).collect();
    Criterion::AlertPolicies { stack: Some(ID.to_owned()), policies: Vec::new(), severities, state }
}

/// A policy for each severity: the first notifies, the second is a shadow, the third is off.
fn policies() -> Json {
    json!({
        "notification_channels": {"team": {"type": "email", "display_name": "Team", "labels": {"email_address": "a@example.com"}}},
        "alert_policies": {
            "down": {"preset": "api_downtime", "display_name": "Down", "channels": ["team"]},
            "slow": {"preset": "high_latency", "display_name": "Slow", "channels": ["team"], "shadow": true},
            "busy": {"preset": "high_cpu_usage", "display_name": "Busy", "channels": ["team"], "enabled": false},
        },
    })
}

async fn made(components: &Json) -> (World, Session) {
    let world = World::new().await;
    let session = Session::new(world.connection(), Default::default());
    session.stacks.images.observe(&world.make(components).await);
    (world, session)
}

async fn observed(severities: &[&str], state: AlertState) -> Evidence {
    let (_world, session) = made(&policies()).await;
    evidence(criterion(severities, state), &session, &minute()).await
}

#[tokio::test]
async fn a_policy_with_a_channel_is_enabled_and_no_shadow() {
    let expected = "1 policy is evaluated and notifies at least one channel";
    assert_eq!(held(&observed(&["P0"], AlertState::Enabled).await), expected);
    let evidence = observed(&["CRITICAL"], AlertState::Shadow).await;
    let told = failed(&evidence);
    assert!(
        told.starts_with("1 of 1 policies not as wanted: \"Down\" notifies 1 channel. Set enabled = true and shadow"),
        "{told}"
    );
}

#[tokio::test]
async fn a_policy_without_a_channel_is_a_shadow_and_not_enabled() {
    assert_eq!(held(&observed(&["ERROR"], AlertState::Shadow).await), "1 policy is evaluated and notifies no one");
    let evidence = observed(&["p1"], AlertState::Enabled).await;
    assert!(failed(&evidence).contains("\"Slow\" notifies no one"), "{}", evidence.observed);
}

#[tokio::test]
async fn a_policy_that_is_off_is_neither() {
    for state in [AlertState::Shadow, AlertState::Enabled] {
        let evidence = observed(&["P2"], state).await;
        assert!(failed(&evidence).contains("\"Busy\" is disabled"), "{}", evidence.observed);
    }
}

#[tokio::test]
async fn all_policies_are_meant_when_no_severity_is_said() {
    let evidence = observed(&[], AlertState::Enabled).await;
    let told = failed(&evidence);
    assert!(told.starts_with("2 of 3 policies not as wanted: "), "{told}");
    assert!(told.contains("\"Slow\"") && told.contains("\"Busy\"") && !told.contains("\"Down\""), "{told}");
}

#[tokio::test]
async fn no_policy_at_all_does_not_hold() {
    let (_world, session) = made(&json!({"buckets": {"b": {"name": "test-b"}}})).await;
    let found = evidence(criterion(&[], AlertState::Enabled), &session, &minute()).await;
    assert!(failed(&found).starts_with("There are no alert policies in the stack"), "{}", found.observed);
}

/// The name of the policy that notifies.
async fn name_of(session: &Session) -> String {
    let stack = session.stacks.images.get(ID).unwrap().stack(&LAYOUT).unwrap();
    stack.get("alert_policies").get("down").get("id").as_str().unwrap().to_owned()
}

fn named(name: &str) -> Criterion {
    let policies = vec![name.to_owned()];
    Criterion::AlertPolicies { stack: None, policies, severities: Vec::new(), state: AlertState::Enabled }
}

#[tokio::test]
async fn policies_can_be_named() {
    let (_world, session) = made(&policies()).await;
    held(&evidence(named(&name_of(&session).await), &session, &minute()).await);
}

#[tokio::test]
async fn a_policy_that_is_gone_is_told() {
    let (world, session) = made(&policies()).await;
    let name = name_of(&session).await;
    world.edit(json!({"service": "monitoring.googleapis.com", "path": format!("/v3/{name}"), "delete": true}));
    let found = evidence(named(&name), &session, &minute()).await;
    assert!(failed(&found).contains(&format!("{name} does not exist")), "{}", found.observed);
}

#[tokio::test]
async fn policies_that_may_not_be_read_do_not_hold() {
    let (world, session) = made(&policies()).await;
    world.fault("GET", "/alertPolicies/", denied());
    let found = evidence(named(&name_of(&session).await), &session, &minute()).await;
    assert!(failed(&found).contains("Grant the caller the permission"), "{}", found.observed);
}

#[tokio::test]
async fn a_name_of_something_else_is_refused() {
    let found = evidence(named("Down"), &offline(), &minute()).await;
    assert!(failed(&found).starts_with("\"Down\" is not the name of an alert policy."), "{}", found.observed);
}

#[tokio::test]
async fn a_stack_that_was_not_met_must_be_managed_here() {
    let found = evidence(criterion(&[], AlertState::Enabled), &offline(), &minute()).await;
    assert!(
        failed(&found).starts_with(&format!(
            "The stack {ID} was not read in this run. It must be managed in the same configuration"
        )),
        "{}",
        found.observed
    );
}
