//! Create, read, update, replace, delete.

use crate::world::World;

/// A thing with something in every attribute.
const FULL: &str = r#"
resource "probe_thing" "a" {
  name                = "full"
  ttl                 = "2h"
  note                = "a note"
  region              = "north"
  password_wo         = "hunter2"
  password_wo_version = 1
  amounts             = [0.1, 9007199254740993, 0.12345678901234567890123, 1e30, 18446744073709551617]
  any                 = ["a", 1, { b = null }]
  kind                = "SMALL"
  zones               = ["b", "a"]
  times               = { x = "3h", y = "4m" }
  main                = { after = "1h" }
  rules               = [{ after = "2h" }, { after = "30m", times = 3, label = "mine" }]
  named               = { k = { after = "5h" } }
  pool                = [{ after = "6h" }]
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_needs_no_change() {
    let world = World::new(FULL).await;
    world.apply_cleanly().await;
    let stored = world.instance();
    let attributes = &stored["attributes"];
    assert_eq!(attributes["ttl"], "2h", "the spelling of the configuration is kept");
    assert_eq!(attributes["times"]["x"], "3h");
    assert_eq!(attributes["rules"][0]["after"], "2h");
    assert_eq!(attributes["rules"][0]["times"].to_string(), "1", "defaults reach into lists");
    assert_eq!(attributes["rules"][1]["label"], "mine");
    assert_eq!(attributes["amounts"][2].to_string(), "0.12345678901234567890123", "numbers keep their digits");
    assert!(attributes["password_wo"].is_null(), "secrets are not stored");
    assert_eq!(world.remote.0.lock().unwrap().passwords, ["hunter2"]);
    assert!(!world.state().to_string().contains("hunter2"));

    assert_eq!(world.destroy().await.code, 0);
    assert_eq!(world.remote.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_spelling_of_the_same_value_is_no_change() {
    let world = World::new(FULL).await;
    world.apply_cleanly().await;
    let respelt = FULL
        .replace("\"2h\"", "\"120m\"")
        .replace("x = \"3h\"", "x = \"180m\"")
        .replace("after = \"5h\"", "after = \"300m\"")
        .replace("after = \"6h\"", "after = \"360m\"");
    world.write(&respelt);
    let run = world.plan().await;
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_an_update_that_keeps_the_rest() {
    let world = World::new(FULL).await;
    world.apply_cleanly().await;
    let id = world.instance()["attributes"]["id"].clone();
    world.write(&FULL.replace("a note", "another note").replace("after = \"2h\"", "after = \"7h\""));
    world.apply_cleanly().await;
    let attributes = &world.instance()["attributes"];
    assert_eq!(attributes["id"], id);
    assert_eq!(attributes["note"], "another note");
    assert_eq!(attributes["rules"][0]["after"], "7h");
    assert_eq!(attributes["ttl"], "2h");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_marked_attribute_replaces_the_object() {
    let world = World::new(FULL).await;
    world.apply_cleanly().await;
    let id = world.instance()["attributes"]["id"].clone();
    world.remote.log();
    world.write(&FULL.replace("north", "south"));
    assert_eq!(world.plan().await.action().as_deref(), Some("replace"));
    world.remote.log();
    world.apply_cleanly().await;
    assert_ne!(world.instance()["attributes"]["id"], id);
    assert_eq!(world.remote.len(), 1);
    let log = world.remote.log();
    let delete = log.iter().find(|entry| entry.starts_with("delete")).unwrap();
    assert!(delete.contains("created_by"), "the delete half carries the private data of the create plan: {delete}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destruction_is_planned_by_the_provider() {
    let world = World::new(FULL).await;
    world.apply_cleanly().await;
    world.remote.log();
    assert_eq!(world.destroy().await.code, 0);
    let log = world.remote.log();
    let delete = log.iter().find(|entry| entry.starts_with("delete")).unwrap();
    assert!(delete.contains("destroyed_by"), "{delete}");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_shown_and_repaired() {
    let world = World::new(FULL).await;
    world.apply_cleanly().await;
    for thing in world.remote.0.lock().unwrap().things.values_mut() {
        thing.note = "by hand".to_owned().into();
    }
    let run = world.plan().await;
    assert_eq!((run.code, run.action().as_deref()), (2, Some("update")));
    world.apply_cleanly().await;
    world.remote.0.lock().unwrap().things.clear();
    let run = world.plan().await;
    assert_eq!((run.code, run.action().as_deref()), (2, Some("create")));
}

#[tokio::test(flavor = "multi_thread")]
async fn private_data_survives_every_call() {
    let world = World::new(FULL).await;
    world.apply_cleanly().await;
    world.remote.log();
    world.plan().await;
    let log = world.remote.log();
    assert!(log.iter().any(|entry| entry.starts_with("read") && entry.contains("stored")), "{log:?}");
    assert!(log.iter().any(|entry| entry.starts_with("plan Update") && entry.contains("stored")), "{log:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_sources_are_read() {
    let hcl = format!(
        "{FULL}\ndata \"probe_count\" \"c\" {{\n  since = \"1h\"\n  depends_on = [probe_thing.a]\n}}\n\
         output \"n\" {{ value = [data.probe_count.c.total, data.probe_count.c.since] }}\n"
    );
    let world = World::new(&hcl).await;
    world.apply_cleanly().await;
    assert_eq!(world.state()["outputs"]["n"]["value"].to_string(), r#"[1,"1h"]"#);

    world.write("data \"probe_count\" \"c\" {\n  prefix = \"nothing\"\n}\n");
    let errors = world.plan().await.errors();
    assert!(errors[0].starts_with("Bug in the provider"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_run_beside_each_other() {
    // Each create waits for all others: one at a time they would wait for ever.
    let hcl = format!(
        "resource \"probe_crate\" \"a\" {{\n  count = {}\n  label = \"together\"\n  item {{ key = \"k\" }}\n}}\n",
        crate::probe::TOGETHER
    );
    let world = World::new(&hcl).await;
    world.apply_cleanly().await;
}
