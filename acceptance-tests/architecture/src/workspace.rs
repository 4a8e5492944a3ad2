//! The crates of the workspace: what Cargo itself says.
//!
//! Libraries, programs and examples; tests and benches are left out, as `#[cfg(test)]` is in `source`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// A crate: what the compiler compiles as one tree of modules.
#[derive(Clone, Debug)]
pub struct Target {
    /// The package and, where it is not its library, the target in it.
    pub name: String,
    /// The file that the tree begins with.
    pub root: PathBuf,
}

/// Why the crates are not known.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Cargo did not run.
    #[error("cargo metadata did not run")]
    Run(#[source] std::io::Error),
    /// Cargo refused.
    #[error("cargo metadata failed: {0}")]
    Refused(String),
    /// Cargo's answer has another shape.
    #[error("the answer of cargo metadata cannot be read")]
    Answer(#[source] serde_json::Error),
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<CargoTarget>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

/// The crates of the workspace at `root`.
///
/// # Errors
/// When Cargo does not say.
pub fn targets(root: &Path) -> Result<Vec<Target>, WorkspaceError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(cargo).args(arguments).current_dir(root).output().map_err(WorkspaceError::Run)?;
    if !output.status.success() {
        return Err(WorkspaceError::Refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(WorkspaceError::Answer)?;
    let targets = metadata.packages.into_iter().flat_map(|package| {
        let of_package = |target: CargoTarget| {
            let kind = target.kind.first()?.clone();
            let name = match kind.as_str() {
                "lib" | "proc-macro" => package.name.clone(),
                "bin" | "example" => format!("{} ({kind} {})", package.name, target.name),
                _ => return None,
            };
            Some(Target { name, root: target.src_path })
        };
        package.targets.into_iter().filter_map(of_package).collect::<Vec<_>>()
    });
    Ok(targets.collect())
}
