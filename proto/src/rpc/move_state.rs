//! MoveResourceState. It comes to a provider that is not configured, for every source type there is.

use std::sync::Arc;

use super::identity;
use super::run::on_its_own;
use super::state::Shared;
use crate::core::read::known;
use crate::proto::tfplugin6 as pb;
use crate::resource::MoveRequest;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostic, Diagnostics, Private, Provider};

pub(super) async fn move_state<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::move_resource_state::Request,
) -> pb::move_resource_state::Response {
    let result = on_its_own("MoveResourceState", async move { answer(&shared, request) }).await;
    let diagnostics = match result {
        Ok(Ok(response)) => return response,
        Ok(Err(diagnostics)) => diagnostics,
        Err(crash) => crash.into(),
    };
    pb::move_resource_state::Response { diagnostics: to_wire::diagnostics(diagnostics), ..Default::default() }
}

fn answer<P: Provider>(
    shared: &Shared<P>,
    request: pb::move_resource_state::Request,
) -> Result<pb::move_resource_state::Response, Diagnostics> {
    let entry = shared.resource(&request.target_type_name)?;
    let schema = entry.schema();
    let source_state = from_wire::raw_state(request.source_state.as_ref())?;
    let moved = entry.moves.as_ref().and_then(|moves| {
        moves.move_state(MoveRequest {
            source_provider: request.source_provider_address.clone(),
            source_type: request.source_type_name.clone(),
            source_version: request.source_schema_version,
            source_state,
            source_private: Private::from_bytes(&request.source_private),
        })
    });
    let Some(state) = moved else {
        return Err(Diagnostic::error(
            "The resource cannot be moved",
            format!(
                "A {} of {} cannot become a {}. Remove the moved block, and import the object instead.",
                request.source_type_name, request.source_provider_address, request.target_type_name
            ),
        )
        .into());
    };
    let state = known(&schema.object, state?)?;
    Ok(pb::move_resource_state::Response {
        target_state: Some(to_wire::value(&schema.ty, &state)?),
        diagnostics: Vec::new(),
        target_private: Vec::new(),
        target_identity: identity::of_state(entry, &state, None),
    })
}
