//! ValidateProviderConfig, ValidateResourceConfig, ValidateDataResourceConfig.
//!
//! They come before any configuration, hold unknown values, and are repeated in plan and in apply.

use std::sync::Arc;

use super::run::on_its_own;
use super::state::Shared;
use crate::core::locate::located;
use crate::core::validate::{Client, config};
use crate::proto::tfplugin6 as pb;
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostic, Diagnostics, Object, Path, Provider};

/// What a check came to, a panic in it included.
async fn checked(
    call: &'static str,
    check: impl FnOnce() -> Result<Diagnostics, Diagnostic> + Send + 'static,
) -> Vec<pb::Diagnostic> {
    let result = on_its_own(call, async move { check() }).await;
    to_wire::diagnostics(result.and_then(|result| result).unwrap_or_else(Diagnostics::from))
}

pub(super) async fn provider<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::validate_provider_config::Request,
) -> pb::validate_provider_config::Response {
    let check = move || {
        let schema = shared.schema();
        let value = from_wire::value(&schema.ty, request.config.as_ref(), "configuration")?;
        let mut diagnostics = config(&schema.object, &value, Client { write_only: false });
        if !diagnostics.has_error() && !value.is_null() {
            diagnostics.extend(provider_handler(&shared.provider, &value));
        }
        Ok(located(&schema.object, diagnostics))
    };
    pb::validate_provider_config::Response { diagnostics: checked("ValidateProviderConfig", check).await }
}

fn provider_handler<P: Provider>(provider: &P, config: &Dynamic) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    match P::Config::decode(config, &Path::root(), &mut diagnostics) {
        Some(config) => provider.validate(&config),
        None if !config.is_wholly_known() => Diagnostics::new(),
        None => diagnostics,
    }
}

/// What is wrong in the configuration's files: part of the first answer that can say so.
fn files<P: Provider>(shared: &Shared<P>) -> Diagnostics {
    if shared.take_file_check() { shared.provider.validate_files(&shared.registry) } else { Diagnostics::new() }
}

pub(super) async fn resource<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::validate_resource_config::Request,
) -> pb::validate_resource_config::Response {
    let check = move || {
        let entry = shared.resource(&request.type_name)?;
        let schema = entry.schema();
        let value = from_wire::value(&schema.ty, request.config.as_ref(), "configuration")?;
        let write_only = request.client_capabilities.is_some_and(|client| client.write_only_attributes_allowed);
        let mut diagnostics = config(&schema.object, &value, Client { write_only });
        if !diagnostics.has_error() && !value.is_null() {
            diagnostics.extend(entry.handler.validate(&value));
        }
        let mut diagnostics = located(&schema.object, diagnostics);
        diagnostics.extend(files(&shared));
        Ok(diagnostics)
    };
    pb::validate_resource_config::Response { diagnostics: checked("ValidateResourceConfig", check).await }
}

pub(super) async fn data_source<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::validate_data_resource_config::Request,
) -> pb::validate_data_resource_config::Response {
    let check = move || {
        let entry = shared.data_source(&request.type_name)?;
        let schema = entry.schema();
        let value = from_wire::value(&schema.ty, request.config.as_ref(), "configuration")?;
        let mut diagnostics = config(&schema.object, &value, Client { write_only: false });
        if !diagnostics.has_error() && !value.is_null() {
            diagnostics.extend(entry.handler.validate(&value));
        }
        let mut diagnostics = located(&schema.object, diagnostics);
        diagnostics.extend(files(&shared));
        Ok(diagnostics)
    };
    pb::validate_data_resource_config::Response { diagnostics: checked("ValidateDataResourceConfig", check).await }
}
