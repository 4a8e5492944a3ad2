//! What newer programs can do, or only one of the two: the one list of differences that tests take account of. A test that
//! asks for one says of the others, too, what they do.

use crate::{Product, Terraform};

/// What not every supported program can do. A test asks by [`Scene::has`](crate::Scene::has).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `identity` in place of `id` in an import block.
    ImportByIdentity,
    /// What is imported gets its configuration from the provider, rather than from every attribute of its state.
    ConfigurationFromProvider,
}

impl Feature {
    /// The minor version of 1 that brought it.
    fn since(self, product: Product) -> Option<u32> {
        match (self, product) {
            (Self::ImportByIdentity, _) => Some(12),
            (Self::ConfigurationFromProvider, Product::Terraform) => Some(14),
            (Self::ConfigurationFromProvider, Product::OpenTofu) => None,
        }
    }

    pub(crate) fn is_in(self, program: &Terraform) -> bool {
        self.since(program.product).is_some_and(|minor| (program.version.major, program.version.minor) >= (1, minor))
    }
}
