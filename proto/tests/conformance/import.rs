//! Import, generated configuration, moves.

use crate::world::World;

const IMPORTED: &str = "resource \"probe_thing\" \"a\" {\n  name = \"x\"\n  ttl = \"2h\"\n  zones = [\"a\"]\n  rules = [{ after = \"1h\" }]\n}\n";

/// A world in which a thing exists that Terraform does not know.
async fn with_a_stranger() -> World {
    let world = World::new(IMPORTED).await;
    world.apply_cleanly().await;
    std::fs::remove_file(world.path().join("terraform.tfstate")).unwrap();
    world.remote.log();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_object_needs_no_change() {
    let world = with_a_stranger().await;
    let run = world.terraform(&["import", "-input=false", "probe_thing.a", "id-1"]).await;
    assert_eq!(run.code, 0, "{}", run.stdout);
    let log = world.remote.log();
    assert!(log.iter().any(|entry| entry.starts_with("read") && entry.contains("imported")), "{log:?}");
    let run = world.plan().await;
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_configuration_needs_no_change() {
    let world = with_a_stranger().await;
    world.write("import {\n  to = probe_thing.a\n  id = \"id-1\"\n}\n");
    let run = world.terraform(&["plan", "-json", "-input=false", "-generate-config-out=generated.tf"]).await;
    assert_eq!(run.code, 0, "{}", run.stdout);
    let summary = run.events.iter().find(|event| event["type"] == "change_summary").unwrap();
    assert_eq!(summary["@message"], "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy.");
    world.apply_cleanly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_imports_are_told() {
    let world = with_a_stranger().await;
    for (fault, text) in [
        ("import-none", "found nothing to import"),
        ("import-error", "write it as id-NUMBER"),
        ("import-unknown", "at name,"),
    ] {
        world.remote.fault(fault);
        let run = world.terraform(&["import", "-input=false", "-no-color", "probe_thing.a", "id-1"]).await;
        let words: Vec<_> =
            run.stdout.split(|c: char| c.is_whitespace() || c == '│').filter(|word| !word.is_empty()).collect();
        assert!(run.code == 1 && words.join(" ").contains(text), "{fault}: {}", run.stdout);
    }
    world.remote.fault("import-secret");
    let run = world.terraform(&["import", "-input=false", "probe_thing.a", "id-1"]).await;
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_of_another_type_can_be_moved_here() {
    let world = with_a_stranger().await;
    world.write("resource \"terraform_data\" \"t\" { input = \"id-1\" }\n");
    assert_eq!(world.apply().await.code, 0);
    world.write(&format!("{IMPORTED}\nmoved {{\n  from = terraform_data.t\n  to = probe_thing.a\n}}\n"));
    let run = world.plan().await;
    assert_eq!(run.errors(), [""; 0]);
    world.apply_cleanly().await;
    assert_eq!(world.instance()["attributes"]["id"], "id-1");

    world.write("resource \"terraform_data\" \"u\" {}\nmoved {\n  from = probe_thing.a\n  to = terraform_data.u\n}\n");
    assert_eq!(world.plan().await.code, 1);
}
