//! PlanResourceChange.

use std::sync::Arc;

use super::run::{on_its_own, stopped};
use super::state::Shared;
use crate::core::fault::fault;
use crate::core::locate::located;
use crate::core::plan::{Inputs, finish, propose};
use crate::proto::tfplugin6 as pb;
use crate::registry::ResourceEntry;
use crate::resource::{PlanRequest, PlannedAction};
use crate::value::Dynamic;
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostics, Path, Private, Provider};

pub(super) async fn plan<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::plan_resource_change::Request,
) -> pb::plan_resource_change::Response {
    // What is not answered gets lost, even on the way to the delete half of a replacement.
    let held = pb::plan_resource_change::Response {
        planned_private: request.prior_private.clone(),
        planned_identity: request.prior_identity.clone(),
        ..Default::default()
    };
    let result = on_its_own("PlanResourceChange", async move {
        let entry = shared.resource(&request.type_name)?;
        answer(&shared, entry, request).await.map_err(|diagnostics| located(&entry.schema().object, diagnostics))
    })
    .await;
    match result {
        Ok(Ok(response)) => response,
        Ok(Err(diagnostics)) => {
            pb::plan_resource_change::Response { diagnostics: to_wire::diagnostics(diagnostics), ..held }
        }
        Err(crash) => pb::plan_resource_change::Response { diagnostics: to_wire::diagnostics(crash.into()), ..held },
    }
}

async fn answer<P: Provider>(
    shared: &Shared<P>,
    entry: &ResourceEntry<P::Client>,
    mut request: pb::plan_resource_change::Request,
) -> Result<pb::plan_resource_change::Response, Diagnostics> {
    let schema = entry.schema();
    // The bytes of each go as soon as it is read.
    let read = |value: Option<pb::DynamicValue>, what| from_wire::value(&schema.ty, value.as_ref(), what);
    let prior = read(request.prior_state.take(), "prior state")?;
    let proposed = read(request.proposed_new_state.take(), "proposed state")?;
    let config = read(request.config.take(), "configuration")?;
    let context = shared.context();
    if context.stop().is_cancelled() {
        return Err(stopped("PlanResourceChange").into());
    }

    let destroys = proposed.is_null();
    let action = match (destroys, prior.is_null()) {
        (true, _) => PlannedAction::Destroy,
        (false, true) => PlannedAction::Create,
        (false, false) => PlannedAction::Update,
    };
    let proposed = propose(&schema.object, &prior, proposed, &config);
    let some = |value: &Dynamic| Some(value.clone()).filter(|value| !value.is_null());
    let plan = PlanRequest {
        action,
        prior: some(&prior),
        config: if destroys { None } else { some(&config) },
        proposed: some(&proposed),
        proposed_tree: proposed,
        private: Private::from_bytes(&request.prior_private),
    };
    let response = entry.handler.plan(plan, context).await;
    let mut diagnostics = response.diagnostics;
    if diagnostics.has_error() {
        return Err(diagnostics);
    }

    let (planned_state, requires_replace) = match response.planned {
        planned if destroys => {
            if planned.is_some_and(|planned| !planned.is_null()) {
                diagnostics.push(fault(&Path::root(), "it planned an object where a destruction was asked for"));
                return Err(diagnostics);
            }
            (to_wire::null(), Vec::new())
        }
        None => {
            diagnostics.push(fault(&Path::root(), "it planned no object for a configuration that wants one"));
            return Err(diagnostics);
        }
        Some(planned) => {
            let inputs = Inputs { object: &schema.object, prior: &prior, config: &config };
            let plan = finish(&inputs, planned, response.requires_replace)?;
            (to_wire::value(&schema.ty, &plan.planned)?, plan.requires_replace)
        }
    };
    Ok(pb::plan_resource_change::Response {
        planned_state: Some(planned_state),
        requires_replace: requires_replace.iter().map(to_wire::path).collect(),
        planned_private: response.private.to_bytes(),
        diagnostics: to_wire::diagnostics(located(&schema.object, diagnostics)),
        planned_identity: request.prior_identity,
        ..Default::default()
    })
}
