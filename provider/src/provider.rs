//! The provider as Terraform sees it: its block, and what it offers.

use tfplugin::provider::ConfigureRequest;
use tfplugin::{Diagnostics, Provider, Registry};

pub use crate::address::ADDRESS;
use crate::checkpoint::{CheckpointResource, PhaseReportSource, Session};
use crate::config::ProviderConfig;
use crate::engine::StackResource;
use crate::functions;
use crate::google::api::auth::Environment;
use crate::supported;

/// The mlops provider.
#[derive(Debug, Default)]
pub struct Mlops;

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
        registry.resource(StackResource).importable().identified().generates_config();
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

    #[tokio::test]
    async fn a_program_that_is_too_old_is_told_so() {
        let old = ConfigureRequest { config: ProviderConfig::default(), terraform_version: "1.9.8".to_owned() };
        let (_, diagnostics) = Mlops.configure(old).await;
        assert!(diagnostics.iter().any(|one| one.summary.contains("1.9.8")), "{diagnostics:?}");
    }
}
