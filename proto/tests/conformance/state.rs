//! States of other versions, and of other hands.

use serde_json::json;

use crate::world::World;

const HCL: &str = "resource \"probe_thing\" \"a\" {\n  name = \"x\"\n  note = \"n\"\n}\n";

fn edit(world: &World, edit: impl FnOnce(&mut serde_json::Value)) {
    world.edit_state(|state| edit(&mut state["resources"][0]["instances"][0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_that_came_or_went_are_no_problem() {
    let world = World::new(HCL).await;
    world.apply_cleanly().await;
    edit(&world, |instance| {
        let attributes = instance["attributes"].as_object_mut().unwrap();
        attributes.remove("zones");
        attributes.insert("left_long_ago".to_owned(), json!([1]));
    });
    let run = world.plan().await;
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_states_are_upgraded() {
    let world = World::new(HCL).await;
    world.apply_cleanly().await;
    edit(&world, |instance| {
        instance["schema_version"] = json!(0);
        let attributes = instance["attributes"].as_object_mut().unwrap();
        attributes.remove("name");
        attributes.insert("title".to_owned(), json!("x"));
    });
    let run = world.terraform(&["plan", "-json", "-input=false", "-detailed-exitcode", "-refresh=false"]).await;
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_states_are_refused() {
    let world = World::new(HCL).await;
    world.apply_cleanly().await;
    edit(&world, |instance| instance["schema_version"] = json!(99));
    let errors = world.plan().await.errors();
    assert!(errors[0].contains("newer provider version"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn states_from_before_terraform_0_12_are_refused() {
    let world = World::new(HCL).await;
    world.apply_cleanly().await;
    edit(&world, |instance| {
        let instance = instance.as_object_mut().unwrap();
        instance.remove("attributes");
        instance.insert("attributes_flat".to_owned(), json!({ "id": "id-1" }));
    });
    let errors = world.plan().await.errors();
    assert!(errors[0].starts_with("The state was written by Terraform 0.11"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_value_is_named() {
    let world = World::new(HCL).await;
    world.apply_cleanly().await;
    edit(&world, |instance| instance["attributes"]["note"] = json!({ "not": "a string" }));
    let errors = world.plan().await.errors();
    assert!(errors[0].contains("note: a string is needed, found an object"), "{errors:?}");
}
