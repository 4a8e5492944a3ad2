//! The proposal that Terraform makes before it asks for a plan.

use crate::core::walk::{children, each_pair};
use crate::schema::{ObjectSchema, Presence};
use crate::value::Dynamic;

/// The configuration, and the prior value of computed attributes where it is silent.
pub(crate) fn proposed(object: &ObjectSchema, prior: &Dynamic, config: &Dynamic) -> Dynamic {
    let mut proposed = config.clone();
    fill(object, &mut proposed, prior);
    proposed
}

fn fill(object: &ObjectSchema, proposed: &mut Dynamic, prior: &Dynamic) {
    let Some(entries) = proposed.as_entries_mut() else { return };
    for child in children(object) {
        let Some(value) = entries.get_mut(child.name) else { continue };
        let prior = prior.get(child.name);
        match (child.attribute, &child.nested) {
            (Some(attribute), nested) if value.is_null() && attribute.presence.is_computed() => {
                // What was configured and is not any more goes; what only the provider set stays.
                let configured = nested.as_ref().is_some_and(|nested| holds_configured(nested.object, prior));
                if attribute.presence == Presence::Computed || !configured {
                    *value = prior.clone();
                }
            }
            (_, Some(nested)) => each_pair(nested, value, prior, fill),
            (_, None) => {}
        }
    }
}

/// Whether something in `value` may come from a configuration.
fn holds_configured(object: &ObjectSchema, value: &Dynamic) -> bool {
    match value {
        Dynamic::Object(_) => children(object).any(|child| {
            let value = value.get(child.name);
            let computed = child.attribute.is_some_and(|attribute| attribute.presence.is_computed());
            !value.is_null() && !computed
        }),
        Dynamic::List(items) | Dynamic::Set(items) => items.iter().any(|item| holds_configured(object, item)),
        Dynamic::Map(entries) => entries.values().any(|item| holds_configured(object, item)),
        _ => false,
    }
}
