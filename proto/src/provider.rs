//! The provider: its configuration and what it registers.

use std::future::Future;

pub use crate::registry::{Registry, ResourceRegistration};
use crate::{Diagnostics, Object};

/// A provider.
pub trait Provider: Send + Sync + 'static {
    /// The provider block.
    type Config: Object;
    /// What handlers get: cheap to make, connects when it is first used.
    type Client: Send + Sync + 'static;

    /// Checks the provider block beyond what the schema says. Unknown values could be valid. No remote calls.
    fn validate(&self, config: &Self::Config) -> Diagnostics {
        let _ = config;
        Diagnostics::new()
    }

    /// Checks the configuration's own files, for what Terraform drops from them before it calls a provider. `registry` has
    /// the schemas.
    ///
    /// Called once in a process that Terraform started, with Terraform's working directory as its own: when the first
    /// resource or data source is validated, before the provider is configured. That is part of validate, and of what
    /// comes before a plan. Never under `-debug`, where the directory is the developer's, and never in unit tests.
    fn validate_files(&self, registry: &Registry<Self::Client>) -> Diagnostics {
        let _ = registry;
        Diagnostics::new()
    }

    /// Makes the client. Values may be unknown during plan: leave what depends on them for later. Called again when
    /// one process serves several walks. Warnings are allowed beside a client.
    fn configure(
        &self,
        request: ConfigureRequest<Self::Config>,
    ) -> impl Future<Output = (Option<Self::Client>, Diagnostics)> + Send;

    /// Lists everything that the provider offers.
    fn register(&self, registry: &mut Registry<Self::Client>);
}

/// A provider block to be taken in.
#[derive(Debug)]
pub struct ConfigureRequest<C> {
    /// The block; nulls when there is none.
    pub config: C,
    /// The version of Terraform or OpenTofu.
    pub terraform_version: String,
}
