//! Which Terraforms the tests of this crate run on.
//!
//! The one that is named or installed, and 1.15, which `make tools` fetches. One that is named and does not run fails its test.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// `$TERRAFORM`, else the `terraform` on the PATH if there is one.
pub(crate) fn installed() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TERRAFORM").map(PathBuf::from) {
        assert!(runs(&named), "$TERRAFORM ({}) does not run", named.display());
        return Some(named);
    }
    Some(PathBuf::from("terraform")).filter(|program| runs(program))
}

/// Terraform 1.15.
pub(crate) fn fetched() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin/terraform-1.15");
    assert!(program.is_file(), "{} is missing: `make tools` fetches it", program.display());
    program
}

/// One that knows identities, as Terraform and OpenTofu do from 1.12 on: the installed one if it is new enough.
pub(crate) fn with_identities() -> PathBuf {
    installed().filter(|program| minor(program) >= 12).unwrap_or_else(fetched)
}

/// 11 of 1.11.4.
fn minor(program: &Path) -> u32 {
    let output = Command::new(program).args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1").output().unwrap();
    let version: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let version = version["terraform_version"].as_str().unwrap();
    version.split('.').nth(1).unwrap().parse().unwrap()
}

fn runs(program: &Path) -> bool {
    let version = Command::new(program).arg("version").env("CHECKPOINT_DISABLE", "1").output();
    version.is_ok_and(|version| version.status.success())
}
