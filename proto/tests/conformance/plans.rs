//! Unknown values, and what plans may say.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn unknown_values_are_planned_and_become_known() {
    let world = World::new(
        r#"
        resource "terraform_data" "t" { input = "x" }
        provider "probe" { endpoint = terraform_data.t.id }
        resource "probe_thing" "a" {
          name  = "foo-${terraform_data.t.id}"
          zones = ["a", terraform_data.t.id]
          ttl   = terraform_data.t.id == "" ? "1h" : "2h"
          times = { x = terraform_data.t.id == "" ? "1h" : "2h" }
          rules = [for i in range(length(terraform_data.t.id)) : { after = "1h" } if i < 2]
          named = { k = { after = terraform_data.t.id == "" ? "1h" : "2h" } }
          pool  = [{ after = "3m", label = terraform_data.t.id }]
          any   = { id = terraform_data.t.id }
        }
        "#,
    )
    .await;
    world.apply_cleanly().await;
    let attributes = &world.instance()["attributes"];
    assert_eq!(attributes["ttl"], "2h");
    assert_eq!(attributes["rules"].as_array().unwrap().len(), 2);
    let log = world.remote.log();
    assert!(log.iter().any(|entry| entry == "configure Unknown"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn computed_attributes_are_unknown_only_when_something_changes() {
    let world = World::new("resource \"probe_thing\" \"a\" {\n  name = \"x\"\n}\n").await;
    let run = world.terraform(&["plan", "-input=false", "-out=p"]).await;
    assert_eq!(run.code, 0, "{}", run.stdout);
    let run = world.terraform(&["show", "-json", "p"]).await;
    let change = &run.events[0]["resource_changes"][0]["change"];
    assert_eq!(change["after_unknown"]["id"], true);
    assert_eq!(change["after_unknown"]["color"], true);
    assert_eq!(change["after"]["ttl"], "1h", "defaults are planned");
    assert_eq!(change["after_unknown"]["ttl"], serde_json::Value::Null);
    world.apply_cleanly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_value_from_the_configuration_is_a_change() {
    let with =
        "resource \"probe_thing\" \"a\" {\n  name = \"x\"\n  note = \"n\"\n  ttl = \"5h\"\n  zones = [\"a\"]\n}\n";
    let world = World::new(with).await;
    world.apply_cleanly().await;
    world.write("resource \"probe_thing\" \"a\" {\n  name = \"x\"\n}\n");
    world.apply_cleanly().await;
    let attributes = &world.instance()["attributes"];
    assert!(attributes["note"].is_null() && attributes["zones"].is_null());
    assert_eq!(attributes["ttl"], "1h", "the default is back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_only_value_alone_is_no_change() {
    let hcl = |password: &str, version: u8| {
        format!(
            "resource \"probe_thing\" \"a\" {{\n  name = \"x\"\n  password_wo = \"{password}\"\n  password_wo_version = {version}\n}}\n"
        )
    };
    let world = World::new(&hcl("one", 1)).await;
    world.apply_cleanly().await;
    world.write(&hcl("two", 1));
    assert_eq!(world.plan().await.code, 0);
    world.write(&hcl("two", 2));
    world.apply_cleanly().await;
    assert_eq!(world.remote.0.lock().unwrap().passwords, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ignored_changes_are_ignored() {
    let hcl = |note: &str| {
        format!(
            "resource \"probe_thing\" \"a\" {{\n  name = \"x\"\n  note = \"{note}\"\n  lifecycle {{ ignore_changes = all }}\n}}\n"
        )
    };
    let world = World::new(&hcl("one")).await;
    world.apply_cleanly().await;
    world.write(&hcl("two"));
    assert_eq!(world.plan().await.code, 0);
}
