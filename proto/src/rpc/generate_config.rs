//! GenerateResourceConfig.

use std::sync::Arc;

use super::run::on_its_own;
use super::state::Shared;
use crate::core::import::{configuration, configuration_of};
use crate::proto::tfplugin6 as pb;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostics, Provider};

pub(super) async fn generate<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::generate_resource_config::Request,
) -> pb::generate_resource_config::Response {
    let result = on_its_own("GenerateResourceConfig", async move { answer(&shared, request) }).await;
    let (config, diagnostics) = match result {
        Ok(Ok(config)) => (Some(config), Diagnostics::new()),
        Ok(Err(diagnostics)) => (None, diagnostics),
        Err(crash) => (None, crash.into()),
    };
    pb::generate_resource_config::Response { config, diagnostics: to_wire::diagnostics(diagnostics) }
}

fn answer<P: Provider>(
    shared: &Shared<P>,
    request: pb::generate_resource_config::Request,
) -> Result<pb::DynamicValue, Diagnostics> {
    let entry = shared.resource(&request.type_name)?;
    let schema = entry.schema();
    let state = from_wire::value(&schema.ty, request.state.as_ref(), "state")?;
    let config = match &entry.generate {
        Some(handler) => configuration(&schema.object, handler.generate_config(&state)?)?,
        None => configuration_of(&schema.object, state)?,
    };
    Ok(to_wire::value(&schema.ty, &config)?)
}
