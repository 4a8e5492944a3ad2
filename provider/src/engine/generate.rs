//! The configuration that a person would write for a stack that exists.

use tfplugin::Dynamic;

use super::model::Stack;
use super::scope::Scope;
use super::{common, effective, tree};

/// The configuration of `stack`: what the provider computes, and what is so by default, is left out.
pub(crate) fn generate(stack: &Stack, scope: &Scope) -> Dynamic {
    let mut config = stack.clone();
    let mut components = stack.components();
    for (address, component) in &mut components {
        let mut silent = Dynamic::Object(
            address.kind.object().attributes.iter().map(|a| (a.name.to_string(), Dynamic::Null)).collect(),
        );
        effective::with_names(address, &mut silent, scope);
        for name in [common::NAME, common::LOCATION] {
            // Only where the engine fills it in: a name with a default of its own, or a location that must be said, stays.
            let is_filled =
                address.kind.object().attribute(name).is_some_and(|a| a.default.is_none() && a.presence.is_computed());
            if is_filled && component.get(name) == silent.get(name) {
                tree::set(component, name, Dynamic::Null);
            }
        }
        tree::walk_mut(address.kind.object(), component, &mut |attribute, value| {
            if !attribute.presence.is_configurable()
                || attribute.default.as_ref() == Some(value)
                || attribute.write_only
            {
                *value = Dynamic::Null;
            }
        });
    }
    config.set_components(&components, stack);
    for attribute in stack.layout().body().attributes.iter().filter(|attribute| attribute.nested().is_none()) {
        if !attribute.presence.is_configurable() || attribute.default.as_ref() == Some(config.get(&attribute.name)) {
            config.set(&attribute.name, Dynamic::Null);
        }
    }
    config.tree().clone()
}
