//! ReadResource.

use std::sync::Arc;

use super::held::Held;
use super::identity;
use super::run::{on_its_own, stopped};
use super::state::Shared;
use crate::core::read::finish;
use crate::proto::tfplugin6 as pb;
use crate::resource::ReadRequest;
use crate::value::Dynamic;
use crate::wire::to_wire;
use crate::{Diagnostics, Private, Provider};

/// On errors everything that Terraform holds is answered back: what is left out is erased.
pub(super) async fn read<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::read_resource::Request,
) -> pb::read_resource::Response {
    let mut request = request;
    let state = Held::new(request.current_state.take());
    let (type_name, private, identity) =
        (request.type_name.clone(), request.private.clone(), request.current_identity.clone());
    let work = {
        let (shared, state) = (shared.clone(), state.clone());
        on_its_own("ReadResource", async move { answer(&shared, request, state).await })
    };
    let diagnostics = match work.await {
        Ok(Ok(response)) => return response,
        Ok(Err(diagnostics)) => diagnostics,
        Err(crash) => crash.into(),
    };
    pb::read_resource::Response {
        new_state: state.answer(shared.type_of(&type_name)),
        diagnostics: to_wire::diagnostics(diagnostics),
        private,
        deferred: None,
        new_identity: identity,
    }
}

async fn answer<P: Provider>(
    shared: &Shared<P>,
    request: pb::read_resource::Request,
    state: Held,
) -> Result<pb::read_resource::Response, Diagnostics> {
    let entry = shared.resource(&request.type_name)?;
    let schema = entry.schema();
    let stored = state.read(&schema.ty, "stored state")?;
    let mut response = pb::read_resource::Response {
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
