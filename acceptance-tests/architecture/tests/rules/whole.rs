//! What the rules look at: a crate that is not found breaks none of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use architecture::source::Tree;
use architecture::workspace::{self, Target};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn targets() -> Vec<Target> {
    workspace::targets(&root()).expect("the crates")
}

#[test]
fn every_crate_of_the_workspace_is_found() {
    let names: BTreeSet<String> = targets().into_iter().map(|target| target.name).collect();
    let libraries = [
        "acceptance-tests",
        "architecture",
        "localcloud",
        "mlops-phases",
        "terraform-provider-mlops",
        "tfplugin-derive",
        "tfplugin-rs",
    ];
    let missing: Vec<_> = libraries.into_iter().filter(|name| !names.contains(*name)).collect();
    assert_eq!(missing, [""; 0], "found: {names:?}");
}

#[test]
fn the_engine_and_a_cloud_are_modules_of_the_provider() {
    let targets = targets();
    let provider = targets.iter().find(|target| target.name == "terraform-provider-mlops").expect("the provider");
    let tree = Tree::read(&provider.name, &provider.root, &root()).expect("the provider's modules");
    let paths: BTreeSet<String> = tree.modules.iter().map(|module| module.path.join("::")).collect();
    for module in ["engine", "engine::plan", "google", "google::kinds"] {
        assert!(paths.contains(module), "{module} is not among {paths:?}");
    }
}
