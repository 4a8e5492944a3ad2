//! Labels: merged from provider, stack and component, and the stamp by which a stack knows its own objects.

use std::collections::BTreeMap;

use tfplugin::Dynamic;

use super::{Address, Scope, tree};
use crate::component::common;

/// The label that names the stack which created an object.
pub(crate) const STACK_STAMP: &str = "mlops-stack";
/// The label that names the component which an object was created for.
pub(crate) const COMPONENT_STAMP: &str = "mlops-component";

/// Prefix of labels that Google's own products set.
const GOOGLE: &str = "goog-";

/// The stamp in the recorded labels of a component, if the stack put one there.
fn recorded_stamp(component: &Dynamic) -> BTreeMap<String, String> {
    let mut labels = tree::strings(component.get("effective_labels"));
    labels.retain(|key, _| is_stamp(key));
    labels
}

fn is_stamp(key: &str) -> bool {
    key == STACK_STAMP || key == COMPONENT_STAMP
}

/// What `effective_labels` should be. An object to be created is stamped; one that exists keeps the stamp that it has.
/// `None` for kinds without labels.
pub(crate) fn wanted(
    address: &Address,
    component: &Dynamic,
    before: Option<&Dynamic>,
    scope: &Scope,
) -> Option<Dynamic> {
    let (attribute, labels) = common::labels(address.kind.object())?;
    let own = component.get(&attribute.name);
    if !own.is_wholly_known() || (labels.inherit && scope.open_labels) {
        return Some(Dynamic::Unknown);
    }
    let mut merged = BTreeMap::new();
    if labels.inherit {
        merged.extend(scope.default_labels.clone());
        merged.extend(scope.labels.clone());
    }
    merged.extend(tree::strings(own));
    match before {
        Some(before) => merged.extend(recorded_stamp(before)),
        None => {
            merged.insert(STACK_STAMP.to_owned(), scope.stack.clone());
            merged.insert(COMPONENT_STAMP.to_owned(), address.key.clone());
        }
    }
    Some(tree::string_map(&merged))
}

/// Whether objects of this kind have labels that the stack keeps.
pub(crate) fn are_kept(address: &Address) -> bool {
    common::labels(address.kind.object()).is_some()
}

/// Whether the labels found on an object say that the stack `stack` created it.
pub(crate) fn is_stamped(found: &Dynamic, stack: &str) -> bool {
    found.get(STACK_STAMP).as_str() == Some(stack)
}

/// The KEY that an object was created under.
pub(crate) fn stamped_key(found: &Dynamic) -> Option<&str> {
    found.get(COMPONENT_STAMP).as_str()
}

/// The labels that are the stack's concern: of those found, the ones recorded before.
pub(crate) fn tracked(found: &Dynamic, recorded: &Dynamic) -> Dynamic {
    let recorded = tree::strings(recorded);
    let mut found = tree::strings(found);
    found.retain(|key, _| recorded.contains_key(key));
    tree::string_map(&found)
}

/// The labels of an object to be imported: all but Google's own, as `(own, effective)`; own ones are without the stamp.
pub(crate) fn imported(found: &Dynamic) -> (Dynamic, Dynamic) {
    let mut effective = tree::strings(found);
    effective.retain(|key, _| !key.starts_with(GOOGLE));
    let own: BTreeMap<_, _> =
        effective.iter().filter(|(key, _)| !is_stamp(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    let own = if own.is_empty() { Dynamic::Null } else { tree::string_map(&own) };
    (own, tree::string_map(&effective))
}
