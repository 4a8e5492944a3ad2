//! UpgradeResourceState: every stored object passes here, current ones too.

use std::sync::Arc;

use super::run::on_its_own;
use super::state::Shared;
use crate::core::read::known;
use crate::proto::tfplugin6 as pb;
use crate::value::json;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostic, Diagnostics, Provider};

pub(super) async fn upgrade<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::upgrade_resource_state::Request,
) -> pb::upgrade_resource_state::Response {
    let result = on_its_own("UpgradeResourceState", async move { upgraded(&shared, request) }).await;
    // An answer without a state and without an error would silently drop the object.
    let (upgraded_state, diagnostics) = match result {
        Ok(Ok(state)) => (Some(state), Diagnostics::new()),
        Ok(Err(diagnostics)) => (None, diagnostics),
        Err(crash) => (None, crash.into()),
    };
    pb::upgrade_resource_state::Response { upgraded_state, diagnostics: to_wire::diagnostics(diagnostics) }
}

fn upgraded<P: Provider>(
    shared: &Shared<P>,
    request: pb::upgrade_resource_state::Request,
) -> Result<pb::DynamicValue, Diagnostics> {
    let entry = shared.resource(&request.type_name)?;
    let schema = entry.schema();
    let current = entry.handler.schema_version();
    if request.version > current {
        return Err(newer(&request.type_name, request.version, current).into());
    }
    let raw = request.raw_state;
    let state = if request.version == current {
        json::decode(&schema.ty, from_wire::state_text(raw.as_ref())?)
    } else {
        let mut state = from_wire::raw_state(raw.as_ref())?;
        if !state.is_null() {
            let Some(upgrade) = &entry.upgrade else {
                return Err(older(&request.type_name, request.version, current).into());
            };
            state = upgrade.upgrade(request.version, state)?;
        }
        json::from_json(&schema.ty, &state)
    };
    drop(raw);
    let state = state.map_err(|error| from_wire::unreadable("stored state", &error))?;
    let state = if state.is_null() { state } else { known(&schema.object, state)? };
    Ok(to_wire::value(&schema.ty, &state)?)
}

fn newer(type_name: &str, stored: i64, current: i64) -> Diagnostic {
    Diagnostic::error(
        "The state is newer than the provider",
        format!(
            "The stored {type_name} was written by a newer version of this provider (schema version {stored}; this one \
             knows up to {current}). Use that version or a later one."
        ),
    )
}

fn older(type_name: &str, stored: i64, current: i64) -> Diagnostic {
    Diagnostic::error(
        "The state is too old",
        format!(
            "The stored {type_name} has schema version {stored}, which this provider (version {current}) cannot bring \
             up to date. Apply once with a version of the provider in between, or remove the resource from the state \
             and import it."
        ),
    )
}
