//! Plans: what the schema decides before a handler is asked, and the usual answer of a handler.

use crate::core::walk::{children, each_pair};
use crate::resource::{PlanRequest, PlanResponse};
use crate::schema::ObjectSchema;
use crate::value::Dynamic;
use crate::{Diagnostics, Object, Path};

/// The usual plan: see [`PlanRequest::with_computed_unknown`].
pub(crate) fn with_computed_unknown<S: Object>(request: PlanRequest<S>) -> PlanResponse<S> {
    let mut diagnostics = Diagnostics::new();
    let planned = request.proposed.and_then(|proposed| {
        let changed = request.prior.as_ref().is_none_or(|prior| prior.encode() != request.proposed_tree);
        if !changed {
            return Some(proposed);
        }
        let mut tree = request.proposed_tree;
        let config = request.config.as_ref().map(S::encode).unwrap_or_default();
        mark_computed(&S::schema(), &mut tree, &config);
        S::decode(&tree, &Path::root(), &mut diagnostics)
    });
    PlanResponse { planned, private: request.private, requires_replace: Vec::new(), diagnostics }
}

/// Makes every computed attribute unknown that the configuration leaves to the provider and that has no default.
fn mark_computed(object: &ObjectSchema, planned: &mut Dynamic, config: &Dynamic) {
    let Some(entries) = planned.as_entries_mut() else { return };
    for child in children(object) {
        let Some(value) = entries.get_mut(child.name) else { continue };
        let config = config.get(child.name);
        if let Some(attribute) = child.attribute
            && config.is_null()
        {
            if attribute.presence.is_computed() && attribute.default.is_none() {
                *value = Dynamic::Unknown;
            }
            continue;
        }
        if let Some(nested) = &child.nested {
            each_pair(nested, value, config, |object, value, config| mark_computed(object, value, config));
        }
    }
}
