//! ConfigureProvider and StopProvider.

use std::sync::Arc;

use super::run::on_its_own;
use super::state::Shared;
use crate::core::locate::located;
use crate::core::plan::apply_defaults;
use crate::erased::decode;
use crate::proto::tfplugin6 as pb;
use crate::provider::ConfigureRequest;
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostics, Provider};

/// Values may be unknown, and the call may come again: the new client then takes the old one's place.
pub(super) async fn configure<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::configure_provider::Request,
) -> pb::configure_provider::Response {
    shared.restart();
    // From here on the configuration is what Terraform sends, which can be that of a saved plan.
    shared.take_file_check();
    let result = on_its_own("ConfigureProvider", async move {
        let schema = shared.schema();
        let config =
            from_wire::value(&schema.ty, request.config.as_ref(), "configuration").map_err(Diagnostics::from)?;
        // Without a provider block Terraform may send null: a block with nothing in it.
        let config = if config.is_null() { Dynamic::Object(Default::default()) } else { config };
        let mut config = crate::core::conform::conform(&schema.object, config)?;
        let written = config.clone();
        apply_defaults(&schema.object, &mut config, &written);
        let request = ConfigureRequest { config: decode(&config)?, terraform_version: request.terraform_version };
        let (client, diagnostics) = shared.provider.configure(request).await;
        shared.set_client(client);
        Ok(located(&schema.object, diagnostics))
    });
    let diagnostics = match result.await {
        Ok(Ok(diagnostics)) | Ok(Err(diagnostics)) => diagnostics,
        Err(crash) => crash.into(),
    };
    pb::configure_provider::Response { diagnostics: to_wire::diagnostics(diagnostics) }
}

/// Answers at once: Terraform holds a lock over all providers meanwhile. Running calls see the token.
pub(super) async fn stop<P: Provider>(
    shared: Arc<Shared<P>>,
    _: pb::stop_provider::Request,
) -> pb::stop_provider::Response {
    tracing::info!("asked to stop");
    shared.stop_token().cancel();
    pb::stop_provider::Response { error: String::new() }
}
