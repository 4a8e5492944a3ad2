//! Nested blocks of every nesting.

use crate::world::World;

const CRATE: &str = r#"
resource "probe_crate" "a" {
  label = "x"
  item { key = "one" }
  item { key = "two" }
  spare { key = "three" }
  named "k" { key = "four" }
  lid {}
  shelf { level = "bottom" }
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn blocks_of_every_nesting_come_and_go() {
    let world = World::new(CRATE).await;
    world.apply_cleanly().await;
    let attributes = &world.instance()["attributes"];
    assert_eq!(attributes["item"][1]["uid"], "uid");
    assert_eq!(attributes["lid"]["level"], "top");
    assert_eq!(attributes["named"]["k"]["key"], "four");
    world.write("resource \"probe_crate\" \"a\" {\n  label = \"x\"\n  item { key = \"two\" }\n}\n");
    world.apply_cleanly().await;
    let attributes = &world.instance()["attributes"];
    assert_eq!(attributes["spare"].to_string(), "[]");
    assert_eq!(attributes["shelf"]["level"], "top");
    assert!(attributes["lid"].is_null());
    assert_eq!(world.destroy().await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_counted() {
    let world = World::new("resource \"probe_crate\" \"a\" {\n  label = \"x\"\n}\n").await;
    assert!(world.plan().await.errors()[0].contains("item"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_a_block_is_shown_at_its_line() {
    let hcl = CRATE.replace("key = \"two\"", "key = null");
    let world = World::new(&hcl).await;
    let run = world.terraform(&["validate", "-json"]).await;
    let code = &run.document["diagnostics"][0]["snippet"]["code"];
    assert_eq!(code, "  item { key = null }", "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_with_blocks_is_imported_and_written() {
    let world = World::new(CRATE).await;
    world.apply_cleanly().await;
    std::fs::remove_file(world.path().join("terraform.tfstate")).unwrap();
    world.write("import {\n  to = probe_crate.a\n  id = \"crate-1\"\n}\n");
    let run = world.terraform(&["plan", "-json", "-input=false", "-generate-config-out=generated.tf"]).await;
    assert_eq!(run.code, 0, "{}", run.stdout);
    let summary = run.events.iter().find(|event| event["type"] == "change_summary").unwrap();
    assert_eq!(summary["@message"], "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy.");
    world.apply_cleanly().await;
}
