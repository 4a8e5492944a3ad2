//! The provider as Terraform sees it: its block, and what it offers.

use std::sync::OnceLock;

use tfplugin::provider::ConfigureRequest;
use tfplugin::{Diagnostics, Provider, Registry};

use crate::checkpoint::store::Clients;
use crate::checkpoint::{CheckpointResource, PhaseReportSource, PlannedPhases};
use crate::config::{Connection, NotYetKnown, ProviderConfig};
use crate::engine::{Handover, StackImages, StackResource};
use crate::functions;
use crate::google::api::auth::Environment;
use crate::google::stack::Google;
use crate::supported;

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

/// The mlops provider.
#[derive(Debug, Default)]
pub struct Mlops;

/// What handlers get: the connection, and what they remember from call to call under one configuration.
#[derive(Debug)]
pub struct Session {
    /// The provider's settings and client.
    pub connection: Connection,
    /// What one call leaves to the next.
    pub handover: Handover,
    /// The stacks of this configuration, as last known.
    pub images: StackImages,
    /// What is planned for phases.
    pub phases: PlannedPhases,
    stores: OnceLock<Clients>,
}

impl Session {
    /// A session that remembers nothing yet.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            handover: Handover::default(),
            images: StackImages::default(),
            phases: PlannedPhases::default(),
            stores: OnceLock::new(),
        }
    }

    /// How stores of checkpoints are reached, made at the first call.
    ///
    /// # Errors
    /// When the provider block has a value that the client needs and that is not known yet.
    pub fn stores(&self) -> Result<&Clients, NotYetKnown> {
        let client = self.connection.client()?;
        Ok(self.stores.get_or_init(|| Clients::new(client.clone())))
    }
}

impl Provider for Mlops {
    type Config = ProviderConfig;
    type Client = Session;

    fn validate(&self, config: &ProviderConfig) -> Diagnostics {
        config.validate()
    }

    async fn configure(&self, request: ConfigureRequest<ProviderConfig>) -> (Option<Session>, Diagnostics) {
        let environment = Environment::process();
        let (connection, mut diagnostics) = request.config.connect(&environment, &request.terraform_version);
        if let Some(warning) = supported::warning(&request.terraform_version) {
            diagnostics.push(warning);
        }
        (connection.map(Session::new), diagnostics)
    }

    fn register(&self, registry: &mut Registry<Session>) {
        registry.resource(StackResource::<Google>::default()).importable().identified().generates_config();
        for name in [CheckpointResource::Prefixed, CheckpointResource::Literal] {
            registry.resource(name).importable().identified().movable();
        }
        registry.data_source(PhaseReportSource);
        functions::register(registry);
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

    #[tokio::test]
    async fn a_program_that_is_too_old_is_told_so() {
        let old = ConfigureRequest { config: ProviderConfig::default(), terraform_version: "1.9.8".to_owned() };
        let (_, diagnostics) = Mlops.configure(old).await;
        assert!(diagnostics.iter().any(|one| one.summary.contains("1.9.8")), "{diagnostics:?}");
    }
}
