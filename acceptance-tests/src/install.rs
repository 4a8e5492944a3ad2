//! The provider installed, rather than overridden: `terraform init` finds it as it finds a release.

use std::path::{Path, PathBuf};

use crate::{OrFail, provider};

/// Puts the provider where `terraform init` finds it, as an installed release would be; the file that says so.
pub fn install(root: &Path) -> PathBuf {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let version = env!("CARGO_PKG_VERSION");
    let mirror = root.join("mirror");
    // What a source without a host means to Terraform, and to OpenTofu.
    for host in ["registry.terraform.io", "registry.opentofu.org"] {
        let folder = mirror.join(format!("{host}/mlops-rs/mlops/{version}/{system}_{processor}"));
        std::fs::create_dir_all(&folder).or_fail("make the mirror");
        let program = folder.join(format!("terraform-provider-mlops_v{version}"));
        std::os::unix::fs::symlink(provider(), program).or_fail("link the provider");
    }
    let rc = root.join("mirror.rc");
    let text =
        format!("provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n", mirror.display());
    std::fs::write(&rc, text).or_fail("write Terraform's configuration");
    rc
}
