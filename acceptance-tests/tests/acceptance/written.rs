//! What older releases wrote is read: for each, a folder of `written` holds environments, each with its configuration, its state, and
//! the cloud with the phases in it.
//!
//! A folder is made with the release itself, and never changed after it. For a new one, copy the `.tf` files of the release before, add
//! what is new, and run `WRITE_RELEASE=1 cargo test -p acceptance-tests --test acceptance written::on_installed`.

use std::path::{Path, PathBuf};

use acceptance_tests::{CloudOptions, Scene, Seed, World, on_every_terraform, workspace};

on_every_terraform! {
    the_first_plan_of_what_every_release_wrote_is_empty,
    what_every_release_wrote_is_changed_and_destroyed,
    what_holds_data_is_protected_whatever_release_wrote_the_state,
}

/// The release that is being made.
const CURRENT: &str = env!("CARGO_PKG_VERSION");
/// The environments of a release by the names of their folders: made from nothing, made with every kind of component, and imported
/// with generated configuration.
const ENVIRONMENTS: [&str; 3] = ["churn", "every-kind", "imported"];
/// Where Terraform keeps the state, and its name in a folder: what ends as Terraform's does is kept out of a repository.
const STATE: &str = "terraform.tfstate";
const KEPT_STATE: &str = "state.json";
/// What localcloud starts with.
const CLOUD: &str = "cloud.json";
/// The configuration, and what Terraform wrote of it.
const WRITTEN_BY_HAND: &str = "main.tf";
const GENERATED: &str = "generated.tf";
/// Where the states say that the provider comes from.
const REGISTRY: &str = "registry.terraform.io/";

fn folder() -> PathBuf {
    workspace().join("acceptance-tests/tests/acceptance/written")
}

/// What the cloud of an environment holds before the release writes into it.
fn seed(environment: &str) -> Seed {
    match environment {
        "churn" => Seed::small(),
        "every-kind" => Seed::ct_scan_project(),
        "imported" => Seed::ct_scan(),
        other => panic!("{other} has no seed"),
    }
}

/// Writes the folder of the release that is being made.
fn write(scene: &Scene) {
    for environment in ENVIRONMENTS {
        let folder = folder().join(CURRENT).join(environment);
        let world = World::new(scene, seed(environment), CloudOptions::default());
        let configuration = std::fs::read_to_string(folder.join(WRITTEN_BY_HAND)).unwrap();
        world.main.write(WRITTEN_BY_HAND, &configuration);
        if configuration.contains("import {") {
            assert!(world.main.generate_config(GENERATED).succeeded());
            std::fs::write(folder.join(GENERATED), world.main.read(GENERATED)).unwrap();
        }
        world.main.apply(&[]).expect_success();
        let state = world.main.read(STATE);
        assert!(state.contains(REGISTRY), "written with Terraform, for OpenTofu reads it too");
        std::fs::write(folder.join(KEPT_STATE), state).unwrap();
        let (_, cloud) = world.cloud.call("GET", "_localcloud", "/snapshot", None);
        std::fs::write(folder.join(CLOUD), serde_json::to_string_pretty(&cloud).unwrap() + "\n").unwrap();
    }
}

/// A world as an environment of a release left it.
fn left(scene: &Scene, environment: &Path) -> World {
    let world = World::new(scene, Seed::at(&environment.join(CLOUD)), CloudOptions::default());
    let registry = match world.main.run(&["version"]).stdout.starts_with("OpenTofu") {
        true => "registry.opentofu.org/",
        false => REGISTRY,
    };
    for name in [WRITTEN_BY_HAND, GENERATED] {
        if let Ok(text) = std::fs::read_to_string(environment.join(name)) {
            world.main.write(name, &text);
        }
    }
    let state = std::fs::read_to_string(environment.join(KEPT_STATE)).unwrap();
    world.main.write(STATE, &state.replace(REGISTRY, registry));
    world
}

/// A world with a component of every kind, and two phases.
pub(crate) fn every_kind(scene: &Scene) -> World {
    left(scene, &folder().join(CURRENT).join("every-kind"))
}

fn releases() -> Vec<PathBuf> {
    let releases: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let has_current = releases.iter().any(|release| release.ends_with(CURRENT));
    assert!(has_current, "{CURRENT} has no folder: see the head of this file");
    releases
}

fn the_first_plan_of_what_every_release_wrote_is_empty(scene: Scene) {
    if std::env::var_os("WRITE_RELEASE").is_some() {
        return write(&scene);
    }
    for release in releases() {
        for environment in ENVIRONMENTS {
            let world = left(&scene, &release.join(environment));
            world.expect_settled();
            world.expect_agreement();
        }
    }
}

fn what_every_release_wrote_is_changed_and_destroyed(scene: Scene) {
    for release in releases() {
        let world = left(&scene, &release.join("churn"));
        let owner = world.main.read(WRITTEN_BY_HAND).replace("owner        = \"ada\"", "owner        = \"grace\"");
        world.main.write(WRITTEN_BY_HAND, &owner);
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

fn what_holds_data_is_protected_whatever_release_wrote_the_state(scene: Scene) {
    for release in releases() {
        let world = left(&scene, &release.join("every-kind"));
        let configuration = world.main.read(WRITTEN_BY_HAND);
        // 0.1.0 left a database in the cloud that leaves the configuration.
        let (before, rest) = configuration.split_once("  firestore_databases = {").unwrap();
        let (_, after) = rest.split_once("\n  }\n").unwrap();
        world.main.write(WRITTEN_BY_HAND, &format!("{before}{after}"));
        world.main.plan(&[]).expect_refused().error(&["firestore_databases[\"feedback\"]", "must not be deleted"]);
        world.main.write(WRITTEN_BY_HAND, &configuration);
        world.main.plan(&[]).expect_empty();
    }
}
