//! Whether two values mean the same to the API.
//!
//! Null, an empty text or collection, an object of nothing but such, and the attribute's default are one and the same.
//! Zero and false are values: an age of 0 is not an absent age.

use tfplugin::schema::{Nesting, Shape};
use tfplugin::{Attribute, Dynamic, ObjectSchema, Type};

use crate::engine::marks::{Children, Identity, Immutable, OneForm, Refers, Unordered};

/// Whether `a` and `b` mean the same as values of `attribute`. Unknown equals only unknown.
pub fn equal(attribute: &Attribute, a: &Dynamic, b: &Dynamic) -> bool {
    if a == b {
        return true;
    }
    if a.is_unknown() || b.is_unknown() {
        return false;
    }
    match (is_blank(attribute, a), is_blank(attribute, b)) {
        (true, true) => true,
        (false, false) => same(attribute, a, b),
        (true, false) | (false, true) => false,
    }
}

/// Whether `a` and `b` mean the same as values of `object`.
pub fn equal_object(object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> bool {
    a == b || object.attributes.iter().all(|attribute| equal(attribute, a.get(&attribute.name), b.get(&attribute.name)))
}

/// Whether two elements or children are the same one, by what tells those of `object` apart; `None` where nothing does.
pub(super) fn same_identity(object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> Option<bool> {
    let mut all =
        object.attributes.iter().filter(|attribute| attribute.extensions.get::<Identity>().is_some()).peekable();
    all.peek()?;
    let (mut is_named, mut is_same) = (false, true);
    for identity in all {
        let (a, b) = (a.get(&identity.name), b.get(&identity.name));
        is_named |= !a.is_null();
        is_same &= equal(identity, a, b);
    }
    Some(is_named && is_same)
}

/// Whether two children say the same in all that can be configured, and in what they were made for.
pub(super) fn same_content(object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> bool {
    let counts = |attribute: &&Attribute| attribute.presence.is_configurable() || is_immutable(attribute);
    let mut counting = object.attributes.iter().filter(counts);
    counting.all(|attribute| equal(attribute, a.get(&attribute.name), b.get(&attribute.name)))
}

pub(super) fn is_immutable(attribute: &Attribute) -> bool {
    attribute.extensions.get::<Immutable>().is_some()
}

/// Whether the value says no more than its absence would.
pub(super) fn is_blank(attribute: &Attribute, value: &Dynamic) -> bool {
    is_void(attribute, value) || attribute.default.as_ref().is_some_and(|default| same(attribute, value, default))
}

/// Whether there is nothing in the value. Unlike [`is_blank`], a default is something.
pub(super) fn is_void(attribute: &Attribute, value: &Dynamic) -> bool {
    match value {
        Dynamic::Null => true,
        Dynamic::String(text) => text.is_empty(),
        Dynamic::List(elements) | Dynamic::Set(elements) => elements.is_empty(),
        Dynamic::Map(entries) => entries.is_empty(),
        Dynamic::Object(entries) => match attribute.nested() {
            Some((Nesting::Single, object)) => {
                object.attributes.iter().all(|member| is_blank(member, value.get(&member.name)))
            }
            _ => entries.is_empty(),
        },
        Dynamic::Typed(_, inner) => is_void(attribute, inner),
        Dynamic::Unknown | Dynamic::Bool(_) | Dynamic::Number(_) => false,
    }
}

/// Both are there: whether they mean the same.
fn same(attribute: &Attribute, a: &Dynamic, b: &Dynamic) -> bool {
    let unordered = attribute.extensions.get::<Unordered>().is_some();
    match &attribute.shape {
        Shape::Plain(plain) => same_plain(attribute, plain, unordered, a, b),
        Shape::Nested(nesting, object) => {
            let objects = |a: &Dynamic, b: &Dynamic| equal_object(object, a, b);
            match nesting {
                Nesting::Single => {
                    objects(a, b) || one_form(attribute, object, a, b).is_some_and(|(a, b)| objects(&a, &b))
                }
                Nesting::List if !unordered => same_list(a, b, objects),
                Nesting::List | Nesting::Set => same_set(a, b, objects),
                Nesting::Map if attribute.extensions.get::<Children>().is_some() => {
                    let values = |map: &Dynamic| {
                        Dynamic::List(map.as_entries().into_iter().flatten().map(|(_, child)| child.clone()).collect())
                    };
                    same_set(&values(a), &values(b), |a, b| same_content(object, a, b))
                }
                Nesting::Map => same_map(a, b, objects),
            }
        }
    }
}

/// Both in the one form of an object that has one, where all of them is known.
fn one_form(attribute: &Attribute, object: &ObjectSchema, a: &Dynamic, b: &Dynamic) -> Option<(Dynamic, Dynamic)> {
    let OneForm(form) = attribute.extensions.get::<OneForm>()?;
    let is_known = a.is_wholly_known() && b.is_wholly_known();
    is_known.then(|| (form(object, a), form(object, b)))
}

fn same_plain(attribute: &Attribute, plain: &Type, unordered: bool, a: &Dynamic, b: &Dynamic) -> bool {
    match plain {
        Type::List(inner) if !unordered => same_list(a, b, |a, b| same_plain(attribute, inner, false, a, b)),
        Type::List(inner) | Type::Set(inner) => same_set(a, b, |a, b| same_plain(attribute, inner, false, a, b)),
        Type::Map(inner) => same_map(a, b, |a, b| same_plain(attribute, inner, false, a, b)),
        _ => same_scalar(attribute, a, b),
    }
}

/// Scalars by the rules of their type, names of components by the form that [`Refers`] gives them.
pub(super) fn same_scalar(attribute: &Attribute, a: &Dynamic, b: &Dynamic) -> bool {
    if a == b || (attribute.rules.equal)(a, b) {
        return true;
    }
    match (attribute.extensions.get::<Refers>(), a, b) {
        (Some(refers), Dynamic::String(a), Dynamic::String(b)) => (refers.canonical)(a) == (refers.canonical)(b),
        _ => false,
    }
}

fn same_list(a: &Dynamic, b: &Dynamic, same: impl Fn(&Dynamic, &Dynamic) -> bool) -> bool {
    match (a.as_elements(), b.as_elements()) {
        (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => false,
    }
}

fn same_set(a: &Dynamic, b: &Dynamic, same: impl Fn(&Dynamic, &Dynamic) -> bool) -> bool {
    let (Some(a), Some(b)) = (a.as_elements(), b.as_elements()) else { return false };
    if a.len() != b.len() {
        return false;
    }
    let mut rest: Vec<&Dynamic> = b.iter().collect();
    a.iter().all(|a| match rest.iter().position(|b| same(a, b)) {
        Some(index) => {
            rest.swap_remove(index);
            true
        }
        None => false,
    })
}

fn same_map(a: &Dynamic, b: &Dynamic, same: impl Fn(&Dynamic, &Dynamic) -> bool) -> bool {
    match (a.as_entries(), b.as_entries()) {
        (Some(a), Some(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| a == b || same(a, b)))
        }
        _ => false,
    }
}
