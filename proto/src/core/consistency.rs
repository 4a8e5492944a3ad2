//! What was planned must come true.
//!
//! Terraform compares the object after apply with the plan and stops with a message that helps nobody when they differ.
//! This is the same comparison, made first.

use crate::core::fault::fault;
use crate::core::walk::{Nested, children};
use crate::schema::{Nesting, ObjectSchema};
use crate::value::Dynamic;
use crate::{Diagnostics, Path};

/// Adds a diagnostic for every part of `actual` that is not what `planned` promised. Unknown promises anything.
pub(crate) fn compare(
    object: &ObjectSchema,
    planned: &Dynamic,
    actual: &Dynamic,
    path: &Path,
    problems: &mut Diagnostics,
) {
    match (planned, actual) {
        (Dynamic::Unknown, _) => {}
        (planned, actual) if planned == actual => {}
        (Dynamic::Object(_), Dynamic::Object(_)) => {
            for child in children(object) {
                if child.attribute.is_some_and(|attribute| attribute.write_only) {
                    continue;
                }
                let (planned, actual, path) =
                    (planned.get(child.name), actual.get(child.name), path.attribute(child.name));
                match &child.nested {
                    Some(nested) => compare_nested(nested, planned, actual, &path, problems),
                    None if fulfils(planned, actual) => {}
                    None => problems.push(broken(&path, planned, actual)),
                }
            }
        }
        (planned, actual) => problems.push(broken(path, planned, actual)),
    }
}

fn broken(path: &Path, planned: &Dynamic, actual: &Dynamic) -> crate::Diagnostic {
    let what = match (planned, actual) {
        (Dynamic::Null, _) => "it set a value that was planned to stay unset",
        (_, Dynamic::Null) => "it left out a value that was planned",
        _ => "the value after apply is not the planned one",
    };
    fault(path, what)
}

fn compare_nested(nested: &Nested<'_>, planned: &Dynamic, actual: &Dynamic, path: &Path, problems: &mut Diagnostics) {
    match (nested.nesting, planned, actual) {
        (_, Dynamic::Unknown, _) => {}
        (Nesting::Single, planned, actual) => compare(nested.object, planned, actual, path, problems),
        (Nesting::List, Dynamic::List(planned), Dynamic::List(actual)) => {
            if planned.len() != actual.len() {
                problems.push(fault(path, "the list after apply is not as long as it was planned"));
            }
            for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                compare(nested.object, planned, actual, &path.index(index), problems);
            }
        }
        (Nesting::Map, Dynamic::Map(planned), Dynamic::Map(actual)) => {
            if !planned.keys().eq(actual.keys()) {
                problems.push(fault(path, "the map after apply has other keys than were planned"));
            }
            for (key, planned) in planned {
                if let Some(actual) = actual.get(key) {
                    compare(nested.object, planned, actual, &path.key(key), problems);
                }
            }
        }
        (Nesting::Set, Dynamic::Set(planned), Dynamic::Set(actual)) => {
            let holds = |planned: &Dynamic| {
                actual.iter().any(|actual| {
                    let mut differences = Diagnostics::new();
                    compare(nested.object, planned, actual, path, &mut differences);
                    differences.is_empty()
                })
            };
            if actual.len() > planned.len() || !planned.iter().all(holds) {
                problems.push(fault(path, "the set after apply is not the planned one"));
            }
        }
        (_, planned, actual) if planned == actual => {}
        (_, planned, actual) => problems.push(broken(path, planned, actual)),
    }
}

/// Whether a plain value is what was planned, its unknown parts being anything.
fn fulfils(planned: &Dynamic, actual: &Dynamic) -> bool {
    match (planned, actual) {
        (Dynamic::Unknown, _) => true,
        (Dynamic::List(planned), Dynamic::List(actual)) => {
            planned.len() == actual.len()
                && planned.iter().zip(actual).all(|(planned, actual)| fulfils(planned, actual))
        }
        (Dynamic::Set(planned), Dynamic::Set(actual)) => {
            actual.len() <= planned.len()
                && planned.iter().all(|planned| actual.iter().any(|actual| fulfils(planned, actual)))
        }
        (Dynamic::Map(planned), Dynamic::Map(actual)) | (Dynamic::Object(planned), Dynamic::Object(actual)) => {
            planned.len() == actual.len()
                && planned.iter().all(|(key, planned)| actual.get(key).is_some_and(|actual| fulfils(planned, actual)))
        }
        (Dynamic::Typed(planned_type, planned), Dynamic::Typed(actual_type, actual)) => {
            planned_type == actual_type && fulfils(planned, actual)
        }
        (planned, actual) => planned == actual,
    }
}

/// Adds a diagnostic for every unknown value that is left in `value`.
pub(crate) fn refuse_unknown(value: &Dynamic, path: &Path, problems: &mut Diagnostics) {
    match value {
        known if known.is_wholly_known() => {}
        Dynamic::Unknown => problems.push(fault(path, "it left a value unknown that must be known by now")),
        Dynamic::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| refuse_unknown(item, &path.index(index), problems));
        }
        Dynamic::Set(items) => items.iter().for_each(|item| refuse_unknown(item, path, problems)),
        Dynamic::Map(entries) => {
            entries.iter().for_each(|(key, item)| refuse_unknown(item, &path.key(key), problems));
        }
        Dynamic::Object(entries) => {
            entries.iter().for_each(|(name, item)| refuse_unknown(item, &path.attribute(name), problems));
        }
        Dynamic::Typed(_, inner) => refuse_unknown(inner, path, problems),
        Dynamic::Null | Dynamic::Bool(_) | Dynamic::Number(_) | Dynamic::String(_) => {}
    }
}
