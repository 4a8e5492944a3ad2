//! Where the programs under test are: named by the environment, or built once by cargo.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::OrFail;

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        manifest.parent().or_fail("find the workspace above this crate").to_owned()
    })
}

/// The provider's binary: `$MLOPS_PROVIDER`, or built next to this program.
pub fn provider() -> PathBuf {
    program("MLOPS_PROVIDER", "terraform-provider-mlops")
}

/// The localcloud binary: `$MLOPS_LOCALCLOUD`, or built next to this program.
pub fn localcloud() -> PathBuf {
    program("MLOPS_LOCALCLOUD", "localcloud")
}

/// `target/tools`, filled: the pinned Terraform and the discovery documents.
pub(crate) fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let script = workspace().join("acceptance-tests/tools/fetch.py");
        let status = Command::new("python3").arg(&script).status().or_fail("run python3");
        assert!(status.success(), "{} failed: see above", script.display());
        workspace().join("target/tools")
    })
}

fn program(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return PathBuf::from(path);
    }
    let path = built().join(name);
    assert!(path.is_file(), "{} was not built", path.display());
    path
}

/// Builds both programs into the folder that this program was built into, and returns that folder.
fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // target/PROFILE/deps/test-HASH, target/PROFILE/demo
        let own = std::env::current_exe().or_fail("find this program's own path");
        let mut folder = own.parent().or_fail("find this program's folder").to_owned();
        if folder.ends_with("deps") {
            folder.pop();
        }
        let target = folder.parent().or_fail("find the target folder").to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "-p", "terraform-provider-mlops", "-p", "localcloud", "--bins"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        let status = build.current_dir(workspace()).env("CARGO_TARGET_DIR", &target).status().or_fail("run cargo");
        assert!(status.success(), "the provider and localcloud do not build: see above");
        folder
    })
}
