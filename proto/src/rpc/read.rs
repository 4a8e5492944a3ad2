//! ReadResource.

use std::sync::Arc;

use super::identity;
use super::run::{on_its_own, stopped};
use super::state::Shared;
use crate::core::read::finish;
use crate::proto::tfplugin6 as pb;
use crate::resource::ReadRequest;
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostics, Private, Provider};

/// On errors everything that Terraform holds is answered back: what is left out is erased.
pub(super) async fn read<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::read_resource::Request,
) -> pb::read_resource::Response {
    let held = pb::read_resource::Response {
        new_state: request.current_state.clone(),
        diagnostics: Vec::new(),
        private: request.private.clone(),
        deferred: None,
        new_identity: request.current_identity.clone(),
    };
    let result = on_its_own("ReadResource", async move { answer(&shared, request).await }).await;
    match result {
        Ok(Ok(response)) => response,
        Ok(Err(diagnostics)) => pb::read_resource::Response { diagnostics: to_wire::diagnostics(diagnostics), ..held },
        Err(crash) => pb::read_resource::Response { diagnostics: to_wire::diagnostics(crash.into()), ..held },
    }
}

async fn answer<P: Provider>(
    shared: &Shared<P>,
    request: pb::read_resource::Request,
) -> Result<pb::read_resource::Response, Diagnostics> {
    let entry = shared.resource(&request.type_name)?;
    let schema = entry.schema();
    let stored = from_wire::value(&schema.ty, request.current_state.as_ref(), "stored state")?;
    let mut response = pb::read_resource::Response {
        new_state: request.current_state,
        private: request.private.clone(),
        new_identity: request.current_identity.clone(),
        ..Default::default()
    };
    if stored.is_null() {
        response.new_state = Some(to_wire::null());
        return Ok(response);
    }
    let context = shared.context();
    if context.stop().is_cancelled() {
        return Err(stopped("ReadResource").into());
    }
    let private = Private::from_bytes(&request.private);
    let read = entry.handler.read(ReadRequest { state: stored.clone(), private }, context).await;
    if read.diagnostics.has_error() {
        return Err(read.diagnostics);
    }
    let state = match read.state {
        Some(state) if !state.is_null() => finish(&schema.object, &stored, state)?,
        _ => Dynamic::Null,
    };
    response.new_state = Some(to_wire::value(&schema.ty, &state)?);
    response.private = read.private.to_bytes();
    response.new_identity = identity::of_state(entry, &state, request.current_identity);
    response.diagnostics = to_wire::diagnostics(read.diagnostics);
    Ok(response)
}
