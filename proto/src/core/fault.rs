//! The diagnostic of a provider that breaks a rule of Terraform.
//!
//! Terraform has messages of its own for that, which blame the provider in many words and show no way out. Ours come
//! first, name the attribute, and never show a value: it might be a secret.

use crate::{Diagnostic, Path};

/// `what` completes the sentence "Bug in the provider: ..".
pub(crate) fn fault(path: &Path, what: impl std::fmt::Display) -> Diagnostic {
    let place = if path.is_root() { String::new() } else { format!(" at {path}") };
    Diagnostic::error(
        "Bug in the provider",
        format!(
            "Because of a fault in the provider{place}, {what}. Your configuration is not the cause. \
             Please report this to the provider's developers, with the attribute's name."
        ),
    )
    .at(path.clone())
}
