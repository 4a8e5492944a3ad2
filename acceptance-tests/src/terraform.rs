//! Which Terraform: the one that is installed, and the pinned one out of `target/tools`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::{OrFail, programs};

/// The oldest Terraform that the provider supports.
const OLDEST: Version = Version { major: 1, minor: 8, patch: 0 };

/// A version of Terraform, without its pre-release part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 1 in 1.11.4
    pub major: u32,
    /// 11 in 1.11.4
    pub minor: u32,
    /// 4 in 1.11.4
    pub patch: u32,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split(['.', '-', '+']).map(|part| part.parse().ok());
        Some(Self { major: numbers.next()??, minor: numbers.next()??, patch: numbers.next()?? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// One terraform program.
#[derive(Clone, Debug)]
pub struct Terraform {
    /// The program's path.
    pub program: PathBuf,
    /// What it says it is.
    pub version: Version,
}

impl Terraform {
    /// `$TERRAFORM`, else `terraform` or `tofu` on the PATH when it is 1.8 or newer.
    pub fn installed() -> Option<&'static Self> {
        static FOUND: OnceLock<Option<Terraform>> = OnceLock::new();
        FOUND.get_or_init(find_installed).as_ref()
    }

    /// Terraform 1.15, fetched into `target/tools`.
    pub fn pinned() -> &'static Self {
        static PINNED: OnceLock<Terraform> = OnceLock::new();
        PINNED.get_or_init(|| {
            let program = programs::tools().join("bin/terraform-1.15");
            Self::at(&program).or_fail(format!("run {}", program.display()))
        })
    }

    /// The one that a user of `make demo` gets: the installed one, else the pinned one.
    pub fn preferred() -> &'static Self {
        Self::installed().unwrap_or_else(Self::pinned)
    }

    fn at(program: &Path) -> Option<Self> {
        let output = Command::new(program)
            .args(["version", "-json"])
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_CLI_CONFIG_FILE")
            .output()
            .ok()?;
        let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
        let version = Version::parse(answer.get("terraform_version")?.as_str()?)?;
        Some(Self { program: program.to_owned(), version })
    }
}

fn find_installed() -> Option<Terraform> {
    if let Some(named) = std::env::var_os("TERRAFORM") {
        let named = PathBuf::from(named);
        let found = Terraform::at(&named).or_fail(format!("run $TERRAFORM ({})", named.display()));
        assert!(found.version >= OLDEST, "$TERRAFORM is {}, older than {OLDEST}", found.version);
        return Some(found);
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    ["terraform", "tofu"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .filter(|program| program.is_file())
        .filter_map(|program| Terraform::at(&program))
        .find(|terraform| terraform.version >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let old = Version::parse("1.9.8").unwrap();
        let new = Version::parse("1.11.0-beta1").unwrap();
        assert!(old < new && old >= OLDEST);
        assert_eq!(new.to_string(), "1.11.0");
    }
}
