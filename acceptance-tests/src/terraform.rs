//! Which program: the Terraform or OpenTofu that is installed, and the pinned Terraform out of `target/tools`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{OrFail, programs};

/// Which of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// `terraform`
    Terraform,
    /// `tofu`
    OpenTofu,
}

impl Product {
    /// The oldest version that SUPPORT.md names: the first with write-only values, and, of OpenTofu, the first that
    /// does not crash when it writes the configuration of a phase.
    pub fn oldest(self) -> Version {
        let patch = match self {
            Self::Terraform => 0,
            Self::OpenTofu => 2,
        };
        Version { major: 1, minor: 11, patch }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terraform => "Terraform",
            Self::OpenTofu => "OpenTofu",
        })
    }
}

/// A version of one of them, without its pre-release part.
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

/// One terraform or tofu program.
#[derive(Clone, Debug)]
pub struct Terraform {
    /// The program's path.
    pub program: PathBuf,
    /// What it says it is.
    pub product: Product,
    /// And which version.
    pub version: Version,
}

/// `OpenTofu 1.11.0`
impl fmt::Display for Terraform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product, self.version)
    }
}

impl Terraform {
    /// `$TERRAFORM`, else `terraform` or `tofu` on the PATH when SUPPORT.md names its version.
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

    fn is_supported(&self) -> bool {
        self.version >= self.product.oldest()
    }

    fn at(program: &Path) -> Option<Self> {
        let output = Command::new(program)
            .arg("version")
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove("TF_CLI_CONFIG_FILE")
            .output()
            .ok()?;
        let (product, version) = introduced(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { program: program.to_owned(), product, version })
    }
}

/// What the output of `version` says, whatever warnings come first. Its JSON does not name the product.
fn introduced(text: &str) -> Option<(Product, Version)> {
    text.lines().find_map(|line| {
        let (product, version) = match line.strip_prefix("OpenTofu v") {
            Some(version) => (Product::OpenTofu, version),
            None => (Product::Terraform, line.strip_prefix("Terraform v")?),
        };
        Some((product, Version::parse(version.trim())?))
    })
}

fn find_installed() -> Option<Terraform> {
    if let Some(named) = std::env::var_os("TERRAFORM") {
        let named = PathBuf::from(named);
        let found = Terraform::at(&named).or_fail(format!("run $TERRAFORM ({})", named.display()));
        assert!(found.is_supported(), "$TERRAFORM is {found}, older than {}", found.product.oldest());
        return Some(found);
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    ["terraform", "tofu"]
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .filter(|program| program.is_file())
        .filter_map(|program| Terraform::at(&program))
        .find(Terraform::is_supported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let old = Version::parse("1.9.8").unwrap();
        let new = Version::parse("1.11.0-beta1").unwrap();
        assert!(old < new);
        assert_eq!(new.to_string(), "1.11.0");
    }

    #[test]
    fn programs_introduce_themselves() {
        let version = |minor, patch| Version { major: 1, minor, patch };
        assert_eq!(introduced("Terraform v1.15.5\non linux_amd64\n"), Some((Product::Terraform, version(15, 5))));
        assert_eq!(introduced("Warning: something\n\nOpenTofu v1.11.0\n"), Some((Product::OpenTofu, version(11, 0))));
        assert_eq!(introduced("something else"), None);
    }
}
