//! Identities, which Terraform knows from 1.12 on.

use crate::world::World;

const CRATE: &str = "resource \"probe_crate\" \"a\" {\n  label = \"x\"\n  item { key = \"one\" }\n}\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_stored_and_kept() {
    let world = World::with_identities(CRATE).await;
    world.apply_cleanly().await;
    assert_eq!(world.instance()["identity"]["id"], "crate-1");
    world.write(&CRATE.replace("\"x\"", "\"y\""));
    world.apply_cleanly().await;
    assert_eq!(world.instance()["identity"]["house"], "main");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_imported_by_its_identity() {
    let world = World::with_identities(CRATE).await;
    world.apply_cleanly().await;
    std::fs::remove_file(world.path().join("terraform.tfstate")).unwrap();
    world.write(&format!("{CRATE}\nimport {{\n  to = probe_crate.a\n  identity = {{ id = \"crate-1\" }}\n}}\n"));
    world.apply_cleanly().await;
    assert_eq!(world.instance()["attributes"]["id"], "crate-1");
    assert_eq!(world.instance()["identity"]["house"], "main");
}
