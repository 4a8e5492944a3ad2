//! A provider that does as it is told, wrong things too.
//!
//! Two resources, a data source and a function, a file each; `remote` is the server behind them.

mod counter;
mod crates;
mod join;
mod minutes;
mod remote;
mod thing;
mod things;

use tfplugin::provider::ConfigureRequest;
use tfplugin::{Diagnostic, Diagnostics, Object, Provider, Registry, Value};

use self::counter::Counter;
use self::crates::Crates;
use self::join::Join;
pub(crate) use self::remote::{Remote, TOGETHER};
use self::things::Things;

/// The provider block.
#[derive(Clone, Debug, Default, PartialEq, Object)]
pub(crate) struct Config {
    /// Where the server is.
    #[tf(optional)]
    pub endpoint: Value<String>,
}

#[derive(Clone)]
pub(crate) struct Probe {
    pub remote: Remote,
}

impl Provider for Probe {
    type Config = Config;
    type Client = Remote;

    fn validate_files(&self, registry: &Registry<Remote>) -> Diagnostics {
        let knows = registry.resource_schema("probe_thing").and_then(|thing| thing.attribute("name")).is_some();
        assert!(knows && registry.data_source_schema("probe_thing").is_none());
        Diagnostic::error("In a file", "The files were read.").into()
    }

    async fn configure(&self, request: ConfigureRequest<Config>) -> (Option<Remote>, Diagnostics) {
        assert!(!request.terraform_version.is_empty());
        self.remote.note(format!("configure {:?}", request.config.endpoint));
        (Some(self.remote.clone()), Diagnostics::new())
    }

    fn register(&self, registry: &mut Registry<Remote>) {
        registry.resource(Things).importable().upgradable().movable();
        registry.resource(Crates).importable().identified().generates_config();
        registry.data_source(Counter);
        registry.function(Join);
    }
}
