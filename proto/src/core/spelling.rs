//! Keeping the spelling of what has not changed.
//!
//! `90d` and `2160h` mean the same to the provider and differ for Terraform. Wherever a new value means the same as one
//! that Terraform holds already, it gives way to that one.

use crate::core::walk::{Child, children, each_pair, means_the_same};
use crate::schema::ObjectSchema;
use crate::value::Dynamic;

/// What to do with elements of sets, which Terraform correlates by their exact content only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum InSets {
    /// Fill computed attributes that are null from the element that means the same (plans).
    FillComputed,
    /// Leave what is null (reads and applies: the remote says so).
    Leave,
}

/// Puts the parts of `held` into `value` that mean the same there.
pub(crate) fn keep(object: &ObjectSchema, value: &mut Dynamic, held: &Dynamic, sets: InSets) {
    keep_in(object, value, held, sets, false);
}

fn keep_in(object: &ObjectSchema, value: &mut Dynamic, held: &Dynamic, sets: InSets, in_set: bool) {
    if held.is_null() {
        return;
    }
    if value == held {
        // One copy does for both.
        held.clone_into(value);
        return;
    }
    let Some(entries) = value.as_entries_mut() else { return };
    for child in children(object) {
        let held = held.get(child.name);
        if entries.get(child.name).is_none_or(|value| value == held) {
            continue;
        }
        let Some(value) = entries.get_mut(child.name) else { continue };
        match (&child.nested, child.attribute) {
            (Some(nested), attribute) => {
                let fill = in_set && attribute.is_some_and(|attribute| attribute.presence.is_computed());
                if fill && value.is_null() && sets == InSets::FillComputed {
                    *value = held.clone();
                }
                let in_set = in_set || nested.nesting == crate::schema::Nesting::Set;
                each_pair(nested, value, held, |object, value, held| keep_in(object, value, held, sets, in_set));
            }
            (None, Some(attribute)) => {
                let fill = in_set && attribute.presence.is_computed() && attribute.default.is_none();
                if (fill && value.is_null() && sets == InSets::FillComputed) || means_the_same(attribute, value, held) {
                    *value = held.clone();
                }
            }
            (None, None) => {}
        }
    }
}

/// Makes every write-only attribute null: their values live in configurations only.
pub(crate) fn null_write_only(object: &ObjectSchema, value: &mut Dynamic) {
    if has_write_only(object, value) {
        null_inside(object, value);
    }
}

fn null_inside(object: &ObjectSchema, value: &mut Dynamic) {
    let Some(entries) = value.as_entries_mut() else { return };
    for child in children(object) {
        // What is in order stays shared.
        if entries.get(child.name).is_none_or(|value| !holds_write_only(&child, value)) {
            continue;
        }
        let Some(value) = entries.get_mut(child.name) else { continue };
        if child.attribute.is_some_and(|attribute| attribute.write_only) {
            *value = Dynamic::Null;
        } else if let Some(nested) = &child.nested {
            each_pair(nested, value, &Dynamic::Null, |object, value, _| null_write_only(object, value));
        }
    }
}

fn has_write_only(object: &ObjectSchema, value: &Dynamic) -> bool {
    children(object).any(|child| holds_write_only(&child, value.get(child.name)))
}

fn holds_write_only(child: &Child<'_>, value: &Dynamic) -> bool {
    if child.attribute.is_some_and(|attribute| attribute.write_only) {
        return !value.is_null();
    }
    let Some(nested) = &child.nested else { return false };
    match value {
        Dynamic::Object(_) => has_write_only(nested.object, value),
        Dynamic::List(items) | Dynamic::Set(items) => items.iter().any(|item| has_write_only(nested.object, item)),
        Dynamic::Map(entries) => entries.values().any(|item| has_write_only(nested.object, item)),
        _ => false,
    }
}
