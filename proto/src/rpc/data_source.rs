//! ReadDataSource.

use std::sync::Arc;

use super::run::{on_its_own, stopped};
use super::state::Shared;
use crate::core::fault::fault;
use crate::core::locate::located;
use crate::core::plan::apply_defaults;
use crate::core::read::finish;
use crate::data_source::ReadDataRequest;
use crate::proto::tfplugin6 as pb;
use crate::registry::DataSourceEntry;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostics, Path, Provider};

pub(super) async fn read<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::read_data_source::Request,
) -> pb::read_data_source::Response {
    let result = on_its_own("ReadDataSource", async move {
        let entry = shared.data_source(&request.type_name)?;
        answer(&shared, entry, request).await.map_err(|diagnostics| located(&entry.schema().object, diagnostics))
    })
    .await;
    let diagnostics = match result {
        Ok(Ok(response)) => return response,
        Ok(Err(diagnostics)) => diagnostics,
        Err(crash) => crash.into(),
    };
    pb::read_data_source::Response { diagnostics: to_wire::diagnostics(diagnostics), ..Default::default() }
}

async fn answer<P: Provider>(
    shared: &Shared<P>,
    entry: &DataSourceEntry<P::Client>,
    request: pb::read_data_source::Request,
) -> Result<pb::read_data_source::Response, Diagnostics> {
    let schema = entry.schema();
    let written = from_wire::value(&schema.ty, request.config.as_ref(), "configuration")?;
    let mut config = written.clone();
    apply_defaults(&schema.object, &mut config, &written);
    let context = shared.context();
    if context.stop().is_cancelled() {
        return Err(stopped("ReadDataSource").into());
    }
    let response = entry.handler.read(ReadDataRequest { config: config.clone() }, context).await;
    let mut diagnostics = response.diagnostics;
    if diagnostics.has_error() {
        return Err(diagnostics);
    }
    let Some(state) = response.state.filter(|state| !state.is_null()) else {
        diagnostics.push(fault(&Path::root(), "it found nothing and did not say so"));
        return Err(diagnostics);
    };
    let state = finish(&schema.object, &config, state)?;
    Ok(pb::read_data_source::Response {
        state: Some(to_wire::value(&schema.ty, &state)?),
        diagnostics: to_wire::diagnostics(located(&schema.object, diagnostics)),
        deferred: None,
    })
}
