//! Walking a value by its schema.
//!
//! Attributes and blocks differ in syntax, not in what is inside: [`children`] shows both alike, so that every rule is
//! written once.

use std::borrow::Cow;

use crate::schema::{Attribute, BlockNesting, Nesting, ObjectSchema};
use crate::value::Dynamic;

/// A part of an object that has objects in it.
pub(crate) struct Nested<'s> {
    pub(crate) nesting: Nesting,
    pub(crate) object: &'s ObjectSchema,
}

/// An attribute or a block of an object.
pub(crate) struct Child<'s> {
    pub(crate) name: &'s Cow<'static, str>,
    /// `None` for a block.
    pub(crate) attribute: Option<&'s Attribute>,
    /// `None` for an attribute with a plain type.
    pub(crate) nested: Option<Nested<'s>>,
}

/// All attributes, then all blocks.
pub(crate) fn children(object: &ObjectSchema) -> impl Iterator<Item = Child<'_>> {
    let attributes = object.attributes.iter().map(|attribute| Child {
        name: &attribute.name,
        attribute: Some(attribute),
        nested: attribute.nested().map(|(nesting, object)| Nested { nesting, object }),
    });
    let blocks = object.blocks.iter().map(|block| Child {
        name: &block.name,
        attribute: None,
        nested: Some(Nested { nesting: block_nesting(block.nesting), object: &block.object }),
    });
    attributes.chain(blocks)
}

fn block_nesting(nesting: BlockNesting) -> Nesting {
    match nesting {
        BlockNesting::Single | BlockNesting::Group => Nesting::Single,
        BlockNesting::List { .. } => Nesting::List,
        BlockNesting::Set { .. } => Nesting::Set,
        BlockNesting::Map => Nesting::Map,
    }
}

/// Pairs each object in `value` with the one in `other` that it belongs to (by index, by key, by content), and calls
/// `visit` on the pair. `other`'s is null where there is none. Null and unknown values hold no objects.
pub(crate) fn each_pair<'o>(
    nested: &Nested<'_>,
    value: &mut Dynamic,
    other: &'o Dynamic,
    mut visit: impl FnMut(&ObjectSchema, &mut Dynamic, &'o Dynamic),
) {
    const NULL: &Dynamic = &Dynamic::Null;
    match (nested.nesting, value) {
        (Nesting::Single, value @ Dynamic::Object(_)) => visit(nested.object, value, other),
        (Nesting::List, Dynamic::List(items)) => {
            let others = other.as_elements().unwrap_or_default();
            for (index, item) in items.iter_mut().enumerate() {
                visit(nested.object, item, others.get(index).unwrap_or(NULL));
            }
        }
        (Nesting::Map, Dynamic::Map(entries)) => {
            for (key, item) in entries {
                visit(nested.object, item, other.get(key));
            }
        }
        (Nesting::Set, value @ Dynamic::Set(_)) => {
            let Dynamic::Set(items) = std::mem::take(value) else { return };
            let others = other.as_elements().unwrap_or_default();
            let mut taken = vec![false; others.len()];
            let mut visited = Vec::with_capacity(items.len());
            for mut item in items {
                let found = others
                    .iter()
                    .enumerate()
                    .position(|(index, other)| !taken[index] && same_element(nested.object, &item, other));
                if let Some(index) = found {
                    taken[index] = true;
                }
                visit(nested.object, &mut item, found.map_or(NULL, |index| &others[index]));
                visited.push(item);
            }
            *value = Dynamic::set(visited);
        }
        _ => {}
    }
}

/// Whether two objects in a set are the same one: they mean the same wherever both sides can be told by the
/// configuration. What only the provider sets, and what one side leaves to it, does not count.
pub(crate) fn same_element(object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> bool {
    if !matches!((a, b), (Dynamic::Object(_), Dynamic::Object(_))) {
        return a == b;
    }
    children(object).all(|child| {
        let (a, b) = (a.get(child.name), b.get(child.name));
        match child.attribute {
            Some(attribute) if attribute.write_only || !attribute.presence.is_configurable() => true,
            Some(attribute)
                if attribute.presence.is_computed()
                    && (a.is_null() || b.is_null() || a.is_unknown() || b.is_unknown()) =>
            {
                true
            }
            _ => same_child(&child, a, b),
        }
    })
}

fn same_child(child: &Child<'_>, a: &Dynamic, b: &Dynamic) -> bool {
    let Some(nested) = &child.nested else {
        return child.attribute.is_some_and(|attribute| means_the_same(attribute, a, b));
    };
    match (nested.nesting, a, b) {
        (Nesting::Single, _, _) => same_element(nested.object, a, b),
        (Nesting::List, Dynamic::List(a), Dynamic::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_element(nested.object, a, b))
        }
        (Nesting::Map, Dynamic::Map(a), Dynamic::Map(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same_element(nested.object, a, b))
        }
        (Nesting::Set, Dynamic::Set(a), Dynamic::Set(b)) => {
            let mut taken = vec![false; b.len()];
            a.len() == b.len()
                && a.iter().all(|a| {
                    let found = b.iter().enumerate().position(|(i, b)| !taken[i] && same_element(nested.object, a, b));
                    found.map(|index| taken[index] = true).is_some()
                })
        }
        _ => a == b,
    }
}

/// Whether two values of a plain attribute mean the same: identical, or equal scalar by scalar under its rules.
pub(crate) fn means_the_same(attribute: &Attribute, a: &Dynamic, b: &Dynamic) -> bool {
    equal_under(&attribute.rules, a, b)
}

fn equal_under(rules: &crate::value::ScalarRules, a: &Dynamic, b: &Dynamic) -> bool {
    if a == b {
        return true;
    }
    match (a, b) {
        (Dynamic::Null | Dynamic::Unknown, _) | (_, Dynamic::Null | Dynamic::Unknown) => false,
        (Dynamic::List(a), Dynamic::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal_under(rules, a, b))
        }
        (Dynamic::Map(a), Dynamic::Map(b)) | (Dynamic::Object(a), Dynamic::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && equal_under(rules, a, b))
        }
        (Dynamic::Set(a), Dynamic::Set(b)) => {
            // Spellings differ and their order with them; each element of one side must find its own on the other.
            let mut taken = vec![false; b.len()];
            a.len() == b.len()
                && a.iter().all(|a| {
                    let found = b.iter().enumerate().position(|(i, b)| !taken[i] && equal_under(rules, a, b));
                    found.map(|index| taken[index] = true).is_some()
                })
        }
        (Dynamic::Typed(ta, a), Dynamic::Typed(tb, b)) => ta == tb && equal_under(rules, a, b),
        (Dynamic::Bool(_) | Dynamic::Number(_) | Dynamic::String(_), _) => (rules.equal)(a, b),
        _ => false,
    }
}
