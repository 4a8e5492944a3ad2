//! GetResourceIdentitySchemas and UpgradeResourceIdentity, and what the other calls do with identities.

use std::sync::Arc;

use super::state::Shared;
use crate::proto::tfplugin6 as pb;
use crate::registry::ResourceEntry;
use crate::value::{Dynamic, json};
use crate::wire::{from_wire, to_wire};
use crate::{Diagnostic, Diagnostics, Provider};

pub(super) async fn schemas<P: Provider>(
    shared: Arc<Shared<P>>,
    _: pb::get_resource_identity_schemas::Request,
) -> pb::get_resource_identity_schemas::Response {
    let identity_schemas = shared.registry.resources.iter().filter_map(|(name, entry)| {
        let version = entry.identified.as_ref()?.version();
        Some(((*name).to_owned(), to_wire::identity_schema(&entry.identity_schema()?.object, version)))
    });
    pb::get_resource_identity_schemas::Response {
        identity_schemas: identity_schemas.collect(),
        diagnostics: Vec::new(),
    }
}

pub(super) async fn upgrade<P: Provider>(
    shared: Arc<Shared<P>>,
    request: pb::upgrade_resource_identity::Request,
) -> pb::upgrade_resource_identity::Response {
    let upgraded = (|| {
        let entry = shared.resource(&request.type_name)?;
        let Some(schema) = entry.identity_schema() else {
            return Err(Diagnostic::error(
                "This resource has no identity",
                format!("Terraform holds an identity of a {}, which has none in this provider.", request.type_name),
            ));
        };
        let raw = from_wire::raw_state(request.raw_identity.as_ref())?;
        let identity =
            json::from_json(&schema.ty, &raw).map_err(|error| from_wire::unreadable("stored identity", &error))?;
        Ok(to_wire::identity(&schema.ty, &identity))
    })();
    let (upgraded_identity, diagnostics) = match upgraded {
        Ok(identity) => (identity, Diagnostics::new()),
        Err(diagnostic) => (None, diagnostic.into()),
    };
    pb::upgrade_resource_identity::Response { upgraded_identity, diagnostics: to_wire::diagnostics(diagnostics) }
}

/// The identity that goes with `state`: the handler's, or else the one that Terraform holds, so that none gets lost.
pub(super) fn of_state<C: Send + Sync + 'static>(
    entry: &ResourceEntry<C>,
    state: &Dynamic,
    held: Option<pb::ResourceIdentityData>,
) -> Option<pb::ResourceIdentityData> {
    let (Some(identified), Some(schema)) = (&entry.identified, entry.identity_schema()) else { return None };
    if state.is_null() {
        return held;
    }
    identified.identity(state).and_then(|identity| to_wire::identity(&schema.ty, &identity)).or(held)
}
