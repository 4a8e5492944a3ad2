//! ApplyResourceChange: create, update and delete.

use std::sync::Arc;

use super::held::Held;
use super::identity;
use super::run::{on_its_own, stopped};
use super::state::Shared;
use crate::core::apply::{Inputs, finish, remaining};
use crate::core::locate::located;
use crate::proto::tfplugin6 as pb;
use crate::registry::ResourceEntry;
use crate::resource::{CreateRequest, DeleteRequest, UpdateRequest};
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostics, Private, Provider};

/// When nothing was begun, the prior state is answered back. A crash in the middle is answered with what was planned on
/// create, for the object may exist.
pub(super) async fn apply<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::apply_resource_change::Request,
) -> pb::apply_resource_change::Response {
    let mut request = request;
    let (prior, planned) = (Held::new(request.prior_state.take()), Held::new(request.planned_state.take()));
    let (type_name, private, identity) =
        (request.type_name.clone(), request.planned_private.clone(), request.planned_identity.clone());
    let work = {
        let (shared, objects) = (shared.clone(), (prior.clone(), planned.clone()));
        on_its_own("ApplyResourceChange", async move {
            let entry = shared.resource(&request.type_name)?;
            let answer = answer(&shared, entry, request, objects).await;
            answer.map_err(|diagnostics| located(&entry.schema().object, diagnostics))
        })
    };
    let (created, diagnostics) = match work.await {
        Ok(Ok(response)) => return response,
        Ok(Err(diagnostics)) => (None, diagnostics),
        Err(crash) => (created(&shared, &type_name, &prior, &planned), crash.into()),
    };
    pb::apply_resource_change::Response {
        new_state: created.or_else(|| prior.answer(shared.type_of(&type_name))),
        private,
        diagnostics: to_wire::diagnostics(diagnostics),
        new_identity: identity,
        ..Default::default()
    }
}

/// What is saved when a handler panics that was to create an object.
fn created<P: Provider>(shared: &Shared<P>, type_name: &str, prior: &Held, planned: &Held) -> Option<pb::DynamicValue> {
    let schema = shared.resource(type_name).ok()?.schema();
    let (prior, planned) = (prior.tree()?, planned.tree()?);
    if !prior.is_null() || planned.is_null() {
        return None;
    }
    let guess = remaining(&schema.object, &Dynamic::Null, Some(planned));
    to_wire::value(&schema.ty, &guess).ok()
}

async fn answer<P: Provider>(
    shared: &Shared<P>,
    entry: &ResourceEntry<P::Client>,
    mut request: pb::apply_resource_change::Request,
    (prior, planned): (Held, Held),
) -> Result<pb::apply_resource_change::Response, Diagnostics> {
    let schema = entry.schema();
    let (prior, planned) = (prior.read(&schema.ty, "prior state")?, planned.read(&schema.ty, "planned state")?);
    let config = from_wire::value(&schema.ty, request.config.take().as_ref(), "configuration")?;
    let private = Private::from_bytes(&request.planned_private);
    let context = shared.context();
    if context.stop().is_cancelled() {
        return Err(stopped("ApplyResourceChange").into());
    }

    let (state, private, diagnostics) = if planned.is_null() {
        if prior.is_null() {
            (Dynamic::Null, private, Diagnostics::new())
        } else {
            let response = entry.handler.delete(DeleteRequest { state: prior.clone(), private }, context).await;
            let state = if response.diagnostics.has_error() {
                remaining(&schema.object, &prior, response.remaining)
            } else {
                Dynamic::Null
            };
            (state, response.private, response.diagnostics)
        }
    } else {
        let response = if prior.is_null() {
            entry.handler.create(CreateRequest { planned: planned.clone(), config, private }, context).await
        } else {
            let update = UpdateRequest { prior: prior.clone(), planned: planned.clone(), config, private };
            entry.handler.update(update, context).await
        };
        let mut diagnostics = response.diagnostics;
        let inputs = Inputs { object: &schema.object, prior: &prior, planned: &planned };
        let state = finish(&inputs, response.state, &mut diagnostics);
        (state, response.private, diagnostics)
    };
    let new_identity = if state.is_null() { None } else { identity::of_state(entry, &state, request.planned_identity) };
    Ok(pb::apply_resource_change::Response {
        new_state: Some(to_wire::value(&schema.ty, &state)?),
        private: if state.is_null() { Vec::new() } else { private.to_bytes() },
        diagnostics: to_wire::diagnostics(located(&schema.object, diagnostics)),
        new_identity,
        ..Default::default()
    })
}
