//! The oldest Terraform and OpenTofu that the provider is tested on, and what is said on older ones.
//! SUPPORT.md and the acceptance tests name them too; tests compare.

use tfplugin::Diagnostic;

/// The oldest minor version of both: their first with write-only values.
const OLDEST: (u64, u64) = (1, 11);

/// What a user of an older program should know. `version` is what the program says; nobody says which program it is.
///
/// It warns only: all that an older program can do, it can do with this provider too. A write-only value is refused
/// where it is written.
pub(crate) fn warning(version: &str) -> Option<Diagnostic> {
    let mut numbers = version.split(['.', '-', '+']).map(str::parse::<u64>);
    // A version that cannot be read is newer than this code.
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
    let (oldest_major, oldest_minor) = OLDEST;
    ((major, minor) < OLDEST).then(|| {
        Diagnostic::warning(
            format!("Version {version} of Terraform or OpenTofu is not supported"),
            format!(
                "This provider is tested on {oldest_major}.{oldest_minor} and newer of either. Before that there are no \
                 write-only attributes, so the values of secrets (value_wo, sensitive_labels_wo) cannot be set; the rest may \
                 work, but is not tested. Upgrade Terraform or OpenTofu."
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_too_old_is_warned_with_both_versions() {
        let warning = warning("1.10.5").unwrap();
        assert!(warning.summary.contains("1.10.5") && warning.detail.contains("1.11"), "{warning:?}");
    }

    #[test]
    fn nobody_else_is_warned() {
        for version in ["1.11.0-beta1", "1.11.0", "1.15.5", "2.0.0", "", "dev"] {
            assert_eq!(warning(version), None, "{version}");
        }
    }

    #[test]
    fn support_md_names_the_same_version() {
        let support = include_str!("../../SUPPORT.md");
        let (major, minor) = OLDEST;
        assert!(support.contains(&format!("| Terraform | {major}.{minor} and newer |")));
        assert!(support.contains(&format!("| OpenTofu | {major}.{minor}")));
    }
}
