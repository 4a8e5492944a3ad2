//! Where the provider is published, and under which other names it is the same one.

/// Where the provider is published.
pub const ADDRESS: &str = "registry.terraform.io/mlops-rs/mlops";

/// Whether the provider that a `moved` block takes a resource of this type from is this one.
///
/// It has many addresses: at two public registries, and at private ones. OpenTofu before 1.12.4 gives none of them, but
/// the first word of the type.
pub(crate) fn is_this_provider(address: &str, type_name: &str) -> bool {
    let last = |address: &str| address.rsplit_once('/').map(|(_, name)| name.to_owned());
    match last(address) {
        Some(name) => Some(name) == last(ADDRESS),
        None => type_name.split('_').next() == Some(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_is_known_under_every_address() {
        for address in [ADDRESS, "registry.opentofu.org/mlops-rs/mlops", "registry.example.com/mlops-rs/mlops"] {
            assert!(is_this_provider(address, "phase_checkpoint"), "{address}");
        }
        assert!(is_this_provider("mlops", "mlops_phase_checkpoint") && is_this_provider("phase", "phase_checkpoint"));
        assert!(!is_this_provider("registry.terraform.io/hashicorp/null", "phase_checkpoint"));
        assert!(!is_this_provider("null", "phase_checkpoint"));
    }
}
