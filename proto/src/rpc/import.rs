//! ImportResourceState. ReadResource follows, on what is answered here.

use std::sync::Arc;

use super::identity;
use super::run::{on_its_own, stopped};
use super::state::Shared;
use crate::core::import::finish;
use crate::proto::tfplugin6 as pb;
use crate::resource::{ImportId, ImportRequest};
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostic, Diagnostics, Provider};

pub(super) async fn import<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::import_resource_state::Request,
) -> pb::import_resource_state::Response {
    let result = on_its_own("ImportResourceState", async move { answer(&shared, request).await }).await;
    let diagnostics = match result {
        Ok(Ok(response)) => return response,
        Ok(Err(diagnostics)) => diagnostics,
        Err(crash) => crash.into(),
    };
    pb::import_resource_state::Response { diagnostics: to_wire::diagnostics(diagnostics), ..Default::default() }
}

async fn answer<P: Provider>(
    shared: &Shared<P>,
    request: pb::import_resource_state::Request,
) -> Result<pb::import_resource_state::Response, Diagnostics> {
    let entry = shared.resource(&request.type_name)?;
    let schema = entry.schema();
    let Some(importer) = &entry.import else {
        return Err(Diagnostic::error(
            "This resource cannot be imported",
            format!("{} has nothing outside of the state that could be imported.", request.type_name),
        )
        .into());
    };
    let given = match entry.identity_schema() {
        Some(identity) => from_wire::identity(&identity.ty, request.identity.as_ref())?,
        None => None,
    };
    let id = given.map_or(ImportId::Text(request.id), ImportId::Identity);
    let context = shared.context();
    if context.stop().is_cancelled() {
        return Err(stopped("ImportResourceState").into());
    }
    let response = importer.import(ImportRequest { id }, context).await;
    let mut diagnostics = response.diagnostics;
    if diagnostics.has_error() {
        return Err(diagnostics);
    }
    let state = match finish(&schema.object, response.state) {
        Ok(state) => state,
        Err(problems) => {
            diagnostics.extend(problems);
            return Err(diagnostics);
        }
    };
    let imported = pb::import_resource_state::ImportedResource {
        type_name: request.type_name,
        state: Some(to_wire::value(&schema.ty, &state)?),
        private: response.private.to_bytes(),
        identity: identity::of_state(entry, &state, request.identity),
    };
    Ok(pb::import_resource_state::Response {
        imported_resources: vec![imported],
        diagnostics: to_wire::diagnostics(diagnostics),
        deferred: None,
    })
}
