//! Plans: what the schema decides before a handler is asked, the usual answer of a handler, and what an answer must be.

use crate::core::conform::conform;
use crate::core::fault::fault;
use crate::core::spelling::{self, InSets};
use crate::core::walk::{Child, Nested, children, each_pair, means_the_same, same_element};
use crate::schema::{Attribute, Nesting, ObjectSchema, Stable};
use crate::value::{Dynamic, Name};
use crate::{Diagnostics, Path, Step};

/// Completes Terraform's proposal: defaults where the configuration is silent, write-only values null, prior spellings
/// of what has not changed.
pub(crate) fn propose(object: &ObjectSchema, prior: &Dynamic, mut proposed: Dynamic, config: &Dynamic) -> Dynamic {
    silence(object, &mut proposed, config);
    apply_defaults(object, &mut proposed, config);
    spelling::null_write_only(object, &mut proposed);
    spelling::keep(object, &mut proposed, prior, InSets::FillComputed);
    proposed
}

/// Empties what only the configuration may set and does not. Terraform proposes nothing there, save for attributes that
/// are announced as computed: see [`crate::schema::LeftOut`].
fn silence(object: &ObjectSchema, value: &mut Dynamic, config: &Dynamic) {
    let Some(entries) = value.as_entries_mut() else { return };
    for child in children(object) {
        let Some(value) = entries.get_mut(child.name) else { continue };
        let config = config.get(child.name);
        if config.is_null() {
            if child.attribute.is_some_and(|attribute| !attribute.presence.is_computed()) {
                *value = Dynamic::Null;
            }
        } else if let Some(nested) = &child.nested {
            each_pair(nested, value, config, silence);
        }
    }
}

/// Puts defaults where the configuration is silent.
pub(crate) fn apply_defaults(object: &ObjectSchema, value: &mut Dynamic, config: &Dynamic) {
    let Some(entries) = value.as_entries_mut() else { return };
    for child in children(object) {
        let Some(value) = entries.get_mut(child.name) else { continue };
        let config = config.get(child.name);
        if config.is_null() {
            if let Some(default) = child.attribute.and_then(|attribute| attribute.default.as_ref()) {
                *value = default.clone();
            }
        } else if let Some(nested) = &child.nested {
            each_pair(nested, value, config, apply_defaults);
        }
    }
}

/// Makes every computed attribute unknown that the configuration leaves to the provider, that has no default and does
/// not stay the same anyway.
pub(crate) fn mark_computed(object: &ObjectSchema, planned: &mut Dynamic, config: &Dynamic) {
    let Some(entries) = planned.as_entries_mut() else { return };
    for child in children(object) {
        let Some(value) = entries.get_mut(child.name) else { continue };
        let config = config.get(child.name);
        if let Some(attribute) = child.attribute
            && config.is_null()
        {
            let stays = attribute.extensions.get::<Stable>().is_some() && !value.is_null();
            if attribute.presence.is_computed() && attribute.default.is_none() && !stays {
                *value = Dynamic::Unknown;
            }
            continue;
        }
        if let Some(nested) = &child.nested {
            each_pair(nested, value, config, mark_computed);
        }
    }
}

/// What a plan is held against.
pub(crate) struct Inputs<'i> {
    pub(crate) object: &'i ObjectSchema,
    /// Null on create.
    pub(crate) prior: &'i Dynamic,
    pub(crate) config: &'i Dynamic,
}

/// A plan in the form that Terraform accepts.
pub(crate) struct Plan {
    pub(crate) planned: Dynamic,
    pub(crate) requires_replace: Vec<Path>,
}

/// Brings a handler's plan into the form that Terraform accepts: the configuration's values where they are set (in the
/// prior spelling, where that means the same), nothing where the configuration is silent and only it may speak.
///
/// # Errors
/// When the handler planned other values than those that are configured.
pub(crate) fn finish(inputs: &Inputs<'_>, planned: Dynamic, requires_replace: Vec<Path>) -> Result<Plan, Diagnostics> {
    let mut planned = conform(inputs.object, planned)?;
    let mut problems = Diagnostics::new();
    if !matches!(planned, Dynamic::Object(_)) {
        problems.push(fault(&Path::root(), "it planned no object for a configuration that wants one"));
        return Err(problems);
    }
    spelling::null_write_only(inputs.object, &mut planned);
    if let Some(laid) = overlay(inputs.object, &planned, inputs.config, inputs.prior, &Path::root(), &mut problems) {
        planned = laid;
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let requires_replace = if inputs.prior.is_null() {
        Vec::new()
    } else {
        let mut paths: Vec<_> =
            requires_replace.into_iter().filter(|path| differs(inputs.object, path, inputs.prior, &planned)).collect();
        marked_changes(inputs.object, inputs.prior, &planned, &Path::root(), &mut paths);
        paths.sort();
        paths.dedup();
        paths
    };
    Ok(Plan { planned, requires_replace })
}

/// Lays what is configured over what is planned. `None`: it is as it must be, and stays shared.
fn overlay(
    object: &ObjectSchema,
    planned: &Dynamic,
    config: &Dynamic,
    prior: &Dynamic,
    path: &Path,
    problems: &mut Diagnostics,
) -> Option<Dynamic> {
    let entries = planned.as_entries()?;
    let mut changes: Vec<(Name, Dynamic)> = Vec::new();
    for child in children(object) {
        let Some(planned) = entries.get(child.name) else { continue };
        let inputs = (planned, config.get(child.name), prior.get(child.name));
        if let Some(value) = overlay_child(&child, inputs, path, problems) {
            changes.push((child.name.into(), value));
        }
    }
    changed(planned, changes)
}

/// The object or map with some of its entries exchanged, if there are any.
fn changed(value: &Dynamic, changes: Vec<(Name, Dynamic)>) -> Option<Dynamic> {
    if changes.is_empty() {
        return None;
    }
    let mut value = value.clone();
    value.as_entries_mut()?.extend(changes);
    Some(value)
}

fn overlay_child(
    child: &Child<'_>,
    (planned, config, prior): (&Dynamic, &Dynamic, &Dynamic),
    path: &Path,
    problems: &mut Diagnostics,
) -> Option<Dynamic> {
    let path = || path.attribute(child.name);
    match (child.attribute, &child.nested) {
        (Some(attribute), _) if attribute.write_only || !attribute.presence.is_configurable() => None,
        (Some(attribute), _) if config.is_null() => {
            if !attribute.presence.is_computed() && !planned.is_null() {
                problems.push(fault(&path(), "it planned a value that the configuration alone can set and does not"));
            }
            None
        }
        (_, _) if config.is_unknown() => Some(Dynamic::Unknown).filter(|unknown| planned != unknown),
        (_, nested) if planned.is_unknown() && !config.is_wholly_known() => {
            // A Rust type without room for the unknown part: the configuration knows better.
            let mut planned = config.clone();
            if let Some(nested) = nested {
                each_pair(nested, &mut planned, config, |object, planned, config| {
                    apply_defaults(object, planned, config);
                    spelling::null_write_only(object, planned);
                    mark_computed(object, planned, config);
                });
            }
            Some(planned)
        }
        (_, Some(nested)) => overlay_nested(nested, planned, config, prior, &path(), problems),
        (Some(attribute), None) => {
            if means_the_same(attribute, config, prior) {
                Some(prior).filter(|prior| *prior != planned).cloned()
            } else if means_the_same(attribute, planned, config) {
                Some(config).filter(|config| *config != planned).cloned()
            } else {
                if prior.is_null() || *planned != *prior {
                    // Keeping the prior value is always allowed: the handler knows that both mean the same.
                    problems.push(fault(&path(), "it planned another value than the configured one"));
                }
                None
            }
        }
        (None, None) => None,
    }
}

fn overlay_nested(
    nested: &Nested<'_>,
    planned: &Dynamic,
    config: &Dynamic,
    prior: &Dynamic,
    path: &Path,
    problems: &mut Diagnostics,
) -> Option<Dynamic> {
    const NULL: &Dynamic = &Dynamic::Null;
    match (nested.nesting, planned, config) {
        (Nesting::Single, Dynamic::Object(_), Dynamic::Object(_)) => {
            return overlay(nested.object, planned, config, prior, path, problems);
        }
        (Nesting::List, Dynamic::List(items), Dynamic::List(config)) if items.len() == config.len() => {
            let priors = prior.as_elements().unwrap_or_default();
            let mut changed = None;
            for (index, (item, config)) in items.iter().zip(config).enumerate() {
                let prior = priors.get(index).unwrap_or(NULL);
                if let Some(value) = overlay_element(nested, item, config, prior, &path.index(index), problems) {
                    changed.get_or_insert_with(|| items.clone())[index] = value;
                }
            }
            return changed.map(Dynamic::List);
        }
        (Nesting::Map, Dynamic::Map(items), Dynamic::Map(config)) if items.keys().eq(config.keys()) => {
            let mut changes = Vec::new();
            for ((key, item), config) in items.iter().zip(config.values()) {
                if let Some(value) = overlay_element(nested, item, config, prior.get(key), &path.key(key), problems) {
                    changes.push((key.clone(), value));
                }
            }
            return changed(planned, changes);
        }
        // Terraform itself compares no more than the number of elements.
        (Nesting::Set, Dynamic::Set(planned), Dynamic::Set(config)) if planned.len() == config.len() => {
            let all = config.iter().all(|config| {
                !config.is_wholly_known() || planned.iter().any(|planned| same_element(nested.object, planned, config))
            });
            if !all {
                problems.push(fault(path, "it planned other elements than the configured ones"));
            }
        }
        (_, planned, config) if *planned == *config => {}
        _ => problems.push(fault(path, "it planned other elements than the configured ones")),
    }
    None
}

fn overlay_element(
    nested: &Nested<'_>,
    planned: &Dynamic,
    config: &Dynamic,
    prior: &Dynamic,
    path: &Path,
    problems: &mut Diagnostics,
) -> Option<Dynamic> {
    match (planned, config) {
        (_, Dynamic::Unknown) => return Some(Dynamic::Unknown).filter(|unknown| planned != unknown),
        (Dynamic::Object(_), Dynamic::Object(_)) => {
            return overlay(nested.object, planned, config, prior, path, problems);
        }
        (planned, config) if planned == config => {}
        _ => problems.push(fault(path, "it planned another value than the configured one")),
    }
    None
}

/// Adds the paths of changed attributes that the schema marks as replacing the object.
fn marked_changes(object: &ObjectSchema, prior: &Dynamic, planned: &Dynamic, path: &Path, paths: &mut Vec<Path>) {
    for child in children(object) {
        let (prior, planned) = (prior.get(child.name), planned.get(child.name));
        if prior == planned {
            continue;
        }
        let path = path.attribute(child.name);
        if child.attribute.is_some_and(|attribute| attribute.requires_replace) {
            paths.push(path);
            continue;
        }
        let Some(nested) = &child.nested else { continue };
        let mut inside = |prior: &Dynamic, planned: &Dynamic, path: &Path| {
            marked_changes(nested.object, prior, planned, path, paths);
        };
        match nested.nesting {
            Nesting::Single => inside(prior, planned, &path),
            Nesting::List => {
                let (prior, planned) =
                    (prior.as_elements().unwrap_or_default(), planned.as_elements().unwrap_or_default());
                for index in 0..prior.len().max(planned.len()) {
                    let at = |items: &[Dynamic]| items.get(index).cloned().unwrap_or_default();
                    inside(&at(prior), &at(planned), &path.index(index));
                }
            }
            Nesting::Map => {
                let keys =
                    prior.as_entries().into_iter().chain(planned.as_entries()).flat_map(|entries| entries.keys());
                for key in keys.collect::<std::collections::BTreeSet<_>>() {
                    inside(prior.get(key), planned.get(key), &path.key(key));
                }
            }
            // Elements of sets have no path, and what changed in one is another element: the set is what changed.
            Nesting::Set => {
                if nested.object.attributes.iter().any(|attribute| attribute.requires_replace) {
                    paths.push(path);
                }
            }
        }
    }
}

/// Whether there is a change at `path`. Terraform refuses paths that are nowhere, and values that are written only
/// cannot be compared: for these the handler is believed.
fn differs(object: &ObjectSchema, path: &Path, prior: &Dynamic, planned: &Dynamic) -> bool {
    if attribute_at(object, path).is_some_and(|attribute| attribute.write_only) {
        return true;
    }
    match (value_at(prior, path), value_at(planned, path)) {
        (None, None) => false,
        (prior, planned) => prior != planned,
    }
}

fn value_at<'v>(value: &'v Dynamic, path: &Path) -> Option<&'v Dynamic> {
    path.steps().iter().try_fold(value, |value, step| match step {
        Step::Attribute(name) | Step::Key(name) => value.as_entries()?.get(name),
        Step::Index(index) => match value {
            Dynamic::List(items) => items.get(*index),
            _ => None,
        },
    })
}

fn attribute_at<'o>(object: &'o ObjectSchema, path: &Path) -> Option<&'o Attribute> {
    let mut object = Some(object);
    let mut found = None;
    for step in path.steps() {
        if let Step::Attribute(name) = step {
            found = object?.attribute(name);
            object = match found {
                Some(attribute) => attribute.nested().map(|(_, object)| object),
                None => object?.block(name).map(|block| &block.object),
            };
        }
    }
    found
}
