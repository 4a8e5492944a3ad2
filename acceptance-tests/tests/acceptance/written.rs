//! What older releases wrote is read: for each, a folder of `written` holds a configuration, its state, and the cloud with the phases in it.
//!
//! A folder is made with the release itself, and never changed after it. For a new one, copy `main.tf` of the release before, add what is new, and
//! run this test with `WRITE_RELEASE=1`.

use std::path::PathBuf;

use acceptance_tests::{CloudOptions, Scene, Seed, World, on_every_terraform, workspace};

on_every_terraform! {
    what_every_release_wrote_is_read_and_gone_on_with,
}

/// The release that is being made.
const CURRENT: &str = env!("CARGO_PKG_VERSION");
/// Where Terraform keeps the state, and its name in a folder: what ends as Terraform's does is kept out of a repository.
const STATE: &str = "terraform.tfstate";
const KEPT_STATE: &str = "state.json";
/// What localcloud starts with.
const CLOUD: &str = "cloud.json";
/// Where the states say that the provider comes from.
const REGISTRY: &str = "registry.terraform.io/";

fn folder() -> PathBuf {
    workspace().join("acceptance-tests/tests/acceptance/written")
}

/// Writes the folder of the release that is being made.
fn write(world: &World) {
    let folder = folder().join(CURRENT);
    world.main.write("main.tf", &std::fs::read_to_string(folder.join("main.tf")).unwrap());
    world.main.apply(&[]).expect_success();
    let state = world.main.read(STATE);
    assert!(state.contains(REGISTRY), "written with Terraform, for OpenTofu reads it too");
    std::fs::write(folder.join(KEPT_STATE), state).unwrap();
    let (_, cloud) = world.cloud.call("GET", "_localcloud", "/snapshot", None);
    std::fs::write(folder.join(CLOUD), serde_json::to_string_pretty(&cloud).unwrap() + "\n").unwrap();
}

fn what_every_release_wrote_is_read_and_gone_on_with(scene: Scene) {
    if std::env::var_os("WRITE_RELEASE").is_some() {
        return write(&scene.small_world());
    }
    let releases: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(
        releases.iter().any(|release| release.ends_with(CURRENT)),
        "{CURRENT} has no folder: see the head of this file"
    );
    for release in releases {
        let world = World::new(&scene, Seed::at(&release.join(CLOUD)), CloudOptions::default());
        let kept = |name: &str| std::fs::read_to_string(release.join(name)).unwrap();
        let registry = match world.main.run(&["version"]).stdout.starts_with("OpenTofu") {
            true => "registry.opentofu.org/",
            false => REGISTRY,
        };
        world.main.write("main.tf", &kept("main.tf"));
        world.main.write(STATE, &kept(KEPT_STATE).replace(REGISTRY, registry));
        world.main.plan(&[]).expect_empty();
        let owner = world.main.read("main.tf").replace("owner        = \"ada\"", "owner        = \"grace\"");
        world.main.write("main.tf", &owner);
        world.main.apply(&[]).expect_success();
        let phase = world.main.state().resource("mlops_phase_checkpoint.foundation");
        assert_eq!(
            (phase.get("/owner"), phase.get("/revision")),
            (&"grace".into(), &2.into()),
            "{}",
            release.display()
        );
        world.main.plan(&[]).expect_empty();
        world.main.destroy().expect_success();
    }
}
