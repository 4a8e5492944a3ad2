//! Against the local cloud: a stack that is made, and one that was changed behind the provider's back.

use mlops_phases::document::{Criterion, Evidence};
use serde_json::json;

use super::super::testing::{evidence, failed, held, offline};
use crate::checkpoint::Session;
use crate::engine::tests::operations::{World, denied, everything};
use crate::google::api::testing::minute;

const ID: &str = "projects/test-project/locations/europe-west1/stacks/it";

fn in_sync(stack: &str, fingerprint: &str) -> Criterion {
    Criterion::StackInSync { stack: stack.to_owned(), fingerprint: fingerprint.to_owned() }
}

/// The evidence for a stack that was made, and to which `change` happened.
async fn after(change: impl FnOnce(&World), fingerprint: Option<&str>) -> Evidence {
    let world = World::new().await;
    let session = Session::new(world.connection(), Default::default());
    let stack = world.make(&everything()).await;
    session.stacks.images.observe(&stack);
    change(&world);
    let recorded = fingerprint.or(stack.text("fingerprint")).unwrap_or_default();
    evidence(in_sync(ID, recorded), &session, &minute()).await
}

#[tokio::test]
async fn a_stack_that_nobody_touched_is_in_sync() {
    assert_eq!(held(&after(|_| {}, None).await), "6 objects read, as recorded");
}

#[tokio::test]
async fn a_change_behind_the_back_is_told() {
    let edit = json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/test-data", "merge": {"versioning": {"enabled": true}}});
    let evidence = after(|world| world.edit(edit), None).await;
    let told = failed(&evidence);
    let expected =
        "6 objects read; not as recorded: buckets[\"data\"].versioning was false and is true. Run terraform plan";
    assert!(told.starts_with(expected), "{told}");
}

#[tokio::test]
async fn an_object_that_is_gone_is_told() {
    let edit = json!({"service": "storage.googleapis.com", "path": "/storage/v1/b/test-logs", "delete": true});
    let evidence = after(|world| world.edit(edit), None).await;
    let told = failed(&evidence);
    assert!(
        told.contains("buckets[\"logs\"] is gone (//storage.googleapis.com/projects/_/buckets/test-logs)"),
        "{told}"
    );
}

#[tokio::test]
async fn a_fingerprint_of_something_else_is_told() {
    let evidence = after(|_| {}, Some("0123")).await;
    let told = failed(&evidence);
    assert!(
        told.contains("but the criterion names 0123. Set fingerprint = mlops_stack.NAME.fingerprint (mlops_aws_stack"),
        "{told}"
    );
}

#[tokio::test]
async fn a_stack_that_cannot_be_read_is_not_in_sync() {
    let evidence = after(
        |world| {
            for _ in 0..4 {
                world.fault("GET", "/storage/v1/b", denied());
            }
        },
        None,
    )
    .await;
    let told = failed(&evidence);
    assert!(told.starts_with("The stack could not be read. Could not read the bucket: "), "{told}");
}

#[tokio::test]
async fn a_stack_that_was_not_met_must_be_managed_here() {
    let found = evidence(in_sync(ID, "0123"), &offline(), &minute()).await;
    assert!(
        failed(&found).starts_with(&format!(
            "The stack {ID} was not read in this run. It must be managed in the same configuration"
        )),
        "{}",
        found.observed
    );
}
