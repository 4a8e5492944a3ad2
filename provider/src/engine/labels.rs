//! Labels: merged from provider, stack and component, and the stamp by which a stack knows its own objects.

use std::collections::BTreeMap;

use tfplugin::Dynamic;

use super::address::Address;
use super::kind::AnyKind;
use super::scope::Scope;
use super::terms::Terms;
use super::{common, tree};

/// The label that names the stack which created an object.
pub(crate) const STACK_STAMP: &str = "mlops-stack";
/// The label that names the component which an object was created for.
pub(crate) const COMPONENT_STAMP: &str = "mlops-component";

/// The label that names the stack's region, on objects whose own location does not: stacks of one name in two regions are
/// two stacks.
pub(crate) const REGION_STAMP: &str = "mlops-region";

/// The label of an object whose creation takes several calls, until the last of them: a later run that meets it knows that
/// an interrupted one has left it half made.
pub(crate) const UNFINISHED: &str = "mlops-unfinished";

/// The stamp in the recorded labels of a component, if the stack put one there.
fn recorded_stamp(terms: &dyn Terms, component: &Dynamic) -> BTreeMap<String, String> {
    let mut labels = tree::strings(component.get(terms.labels().effective));
    labels.retain(|key, _| is_stamp(key) && key != UNFINISHED);
    labels
}

pub(super) fn is_stamp(key: &str) -> bool {
    [STACK_STAMP, COMPONENT_STAMP, REGION_STAMP, UNFINISHED].contains(&key)
}

/// Whether the creation of the object that was found as `component` has not come to its end.
pub(crate) fn is_unfinished(terms: &dyn Terms, component: &Dynamic) -> bool {
    !component.get(terms.labels().effective).get(UNFINISHED).is_null()
}

/// What the labels on the object should be. An object that the stack makes or has made is stamped; one that exists keeps the
/// stamp that it has.
/// `None` for kinds without labels.
pub(crate) fn wanted(
    address: &Address,
    component: &Dynamic,
    before: Option<&Dynamic>,
    scope: &Scope,
) -> Option<Dynamic> {
    let (attribute, labels) = common::labels(address.kind.object())?;
    let own = component.get(&attribute.name);
    let has_open_place = before.is_none() && component.get(common::LOCATION).is_unknown();
    if !own.is_wholly_known() || (labels.inherit && scope.open_labels) || has_open_place {
        return Some(Dynamic::Unknown);
    }
    let mut merged = BTreeMap::new();
    if labels.inherit {
        merged.extend(scope.default_labels.clone());
        merged.extend(scope.labels.clone());
    }
    merged.extend(tree::strings(own));
    let recorded = before.map(|before| recorded_stamp(address.kind.terms(), before)).unwrap_or_default();
    // What the stack made is stamped again: somebody took the stamp away, or the creation did not come so far.
    let is_own =
        before.is_none_or(|before| before.get(common::IMPORTED).as_bool() == Some(false) && !common::adopts(before));
    match recorded {
        recorded if !recorded.is_empty() || !is_own => merged.extend(recorded),
        _ => {
            merged.insert(STACK_STAMP.to_owned(), scope.stack.clone());
            merged.insert(COMPONENT_STAMP.to_owned(), address.key.clone());
            let region = region_of(address.kind.terms(), component);
            if !address.kind.objects().are_in_region() && region.is_none_or(|region| region != scope.place.region) {
                merged.insert(REGION_STAMP.to_owned(), scope.place.region.clone());
            }
        }
    }
    Some(tree::string_map(&merged))
}

/// Whether objects of this kind have labels that the stack keeps.
pub(crate) fn are_kept(kind: &AnyKind) -> bool {
    common::labels(kind.object()).is_some()
}

/// Whose an object is, by its stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// No stack created it, or its kind has no labels.
    Nobody,
    /// The stack in question created it.
    This,
    /// Another stack created it.
    Other,
}

/// Which stack created the object that was found as `component`. Where neither the stamp nor the location tells the
/// region, the name decides.
pub(crate) fn owner(terms: &dyn Terms, component: &Dynamic, scope: &Scope) -> Owner {
    let labels = component.get(terms.labels().effective);
    let Some(stack) = labels.get(STACK_STAMP).as_str() else { return Owner::Nobody };
    let region = labels.get(REGION_STAMP).as_str().map(str::to_owned).or_else(|| region_of(terms, component));
    let is_here = region.is_none_or(|region| region == scope.place.region);
    if stack == scope.stack && is_here { Owner::This } else { Owner::Other }
}

/// The labels without the stamp.
pub(crate) fn without_stamps(labels: &Dynamic) -> Dynamic {
    let mut labels = tree::strings(labels);
    labels.retain(|key, _| !is_stamp(key));
    tree::string_map(&labels)
}

/// The name of the other stack whose stamp the object bears.
pub(crate) fn other_owner(terms: &dyn Terms, component: &Dynamic, scope: &Scope) -> Option<String> {
    let stack = component.get(terms.labels().effective).get(STACK_STAMP).as_str()?;
    (owner(terms, component, scope) == Owner::Other).then(|| stack.to_owned())
}

/// The region that a component is in, if it is in a single one.
pub(crate) fn region_of(terms: &dyn Terms, component: &Dynamic) -> Option<String> {
    terms.region_of(tree::text(component, common::LOCATION)?)
}

/// The KEY that an object was created under.
pub(crate) fn stamped_key<'f>(terms: &dyn Terms, found: &'f Dynamic) -> Option<&'f str> {
    found.get(terms.labels().effective).get(COMPONENT_STAMP).as_str()
}

/// The labels, or the elements of a shared set, that are the stack's concern: of those found, the ones recorded before.
pub(crate) fn tracked(found: &Dynamic, recorded: &Dynamic) -> Dynamic {
    // A set of which nothing is left is found as nothing.
    if matches!(found, Dynamic::Set(_)) || matches!(recorded, Dynamic::Set(_)) {
        let (found, recorded) = (found.as_elements().unwrap_or_default(), recorded.as_elements().unwrap_or_default());
        return Dynamic::Set(found.iter().filter(|element| recorded.contains(element)).cloned().collect());
    }
    let recorded = tree::strings(recorded);
    let mut found = tree::strings(found);
    found.retain(|key, _| recorded.contains_key(key));
    tree::string_map(&found)
}

/// The labels of an object to be imported: all but the cloud's own and those that are others' concern, as
/// `(own, effective)`; own ones are without the stamp.
pub(crate) fn imported(terms: &dyn Terms, scope: &Scope, found: &Dynamic) -> (Dynamic, Dynamic) {
    let mut effective = tree::strings(found);
    let is_of_others = |key: &str| scope.foreign_labels.iter().any(|prefix| key.starts_with(prefix.as_str()));
    effective.retain(|key, _| is_stamp(key) || !(terms.is_cloud_label(key) || is_of_others(key)));
    effective.remove(UNFINISHED);
    let own: BTreeMap<_, _> =
        effective.iter().filter(|(key, _)| !is_stamp(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    let own = if own.is_empty() { Dynamic::Null } else { tree::string_map(&own) };
    (own, tree::string_map(&effective))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_shared_set_what_the_stack_had_is_tracked() {
        let set = |elements: &[&str]| Dynamic::set(elements.iter().map(|element| Dynamic::string(*element)));
        let recorded = set(&["ours", "lost"]);
        assert_eq!(tracked(&set(&["ours", "theirs"]), &recorded), set(&["ours"]));
        assert_eq!(tracked(&Dynamic::Null, &recorded), set(&[]));
        assert_eq!(tracked(&set(&["theirs"]), &Dynamic::Null), set(&[]));
    }
}
