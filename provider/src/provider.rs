//! The provider as Terraform sees it: its block, and what it offers.

use std::sync::OnceLock;

use tfplugin::provider::ConfigureRequest;
use tfplugin::{Diagnostics, Provider, Registry};

use crate::checkpoint::store::Clients;
use crate::checkpoint::{CheckpointResource, PhaseReportSource, PlannedPhases};
use crate::config::{Connection, NotYetKnown, ProviderConfig};
use crate::functions;
use crate::gcp::auth::Environment;
use crate::stack::{Handover, StackImages, StackResource};

/// Where the provider is published.
pub const ADDRESS: &str = "registry.terraform.io/mlops-rs/mlops";

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
        let (connection, diagnostics) = request.config.connect(&environment, &request.terraform_version);
        (connection.map(Session::new), diagnostics)
    }

    fn register(&self, registry: &mut Registry<Session>) {
        registry.resource(StackResource).importable().identified().generates_config();
        for name in [CheckpointResource::Prefixed, CheckpointResource::Literal] {
            registry.resource(name).importable().identified().movable();
        }
        registry.data_source(PhaseReportSource);
        functions::register(registry);
    }
}
