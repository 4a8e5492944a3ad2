//! Bringing a handler's answer into the exact shape that the wire needs.
//!
//! Terraform refuses objects with a key too many or too few and blocks that are null. Handlers that compose trees by
//! hand may leave out what is null; they may not add what the schema does not have.

use std::borrow::Cow;

use crate::core::fault::fault;
use crate::schema::{Attribute, BlockNesting, Nesting, ObjectSchema, Shape};
use crate::typed::Known;
use crate::value::{Dynamic, Entries, Name, normalised};
use crate::{Diagnostics, Path, Type};

/// The object with every attribute and block present, strings normalised, sets sorted. What is so already stays shared with
/// whatever it came from.
///
/// # Errors
/// With a diagnostic for each value that the schema has no place for.
pub(crate) fn conform(object: &ObjectSchema, value: Dynamic) -> Result<Dynamic, Diagnostics> {
    let mut problems = Diagnostics::new();
    let value = self::object(object, value, &Path::root(), &mut problems);
    if problems.is_empty() { Ok(value) } else { Err(problems) }
}

fn mismatch(problems: &mut Diagnostics, path: &Path, expected: &str, found: &Dynamic) -> Dynamic {
    problems.push(fault(path, format!("it answered with {} where a {expected} belongs", found.kind())));
    Dynamic::Null
}

fn object(schema: &ObjectSchema, value: Dynamic, path: &Path, problems: &mut Diagnostics) -> Dynamic {
    if fits_object(schema, &value) {
        return value;
    }
    let mut entries = match value {
        Dynamic::Null | Dynamic::Unknown => return value,
        Dynamic::Object(entries) | Dynamic::Map(entries) => entries,
        other => return mismatch(problems, path, "object", &other),
    };
    let mut conformed = Entries::new();
    for attribute in &schema.attributes {
        let value = entries.remove(attribute.name.as_ref()).unwrap_or_default();
        let path = path.attribute(&attribute.name);
        conformed.insert(&attribute.name, self::attribute(attribute, value, &path, problems));
    }
    for block in &schema.blocks {
        let value = entries.remove(block.name.as_ref()).unwrap_or_default();
        let path = path.attribute(&block.name);
        let nested = |nesting, value, problems: &mut _| self::nested(nesting, &block.object, value, &path, problems);
        // No blocks are an empty collection, never null.
        let value = match (block.nesting, value) {
            (BlockNesting::Single, value) => nested(Nesting::Single, value, problems),
            (BlockNesting::Group, Dynamic::Null) => nested(Nesting::Single, Dynamic::Object(Entries::new()), problems),
            (BlockNesting::Group, value) => nested(Nesting::Single, value, problems),
            (BlockNesting::List { .. }, Dynamic::Null) => Dynamic::List(Vec::new()),
            (BlockNesting::List { .. }, value) => nested(Nesting::List, value, problems),
            (BlockNesting::Set { .. }, Dynamic::Null) => Dynamic::Set(Vec::new()),
            (BlockNesting::Set { .. }, value) => nested(Nesting::Set, value, problems),
            (BlockNesting::Map, Dynamic::Null) => Dynamic::Map(Entries::new()),
            (BlockNesting::Map, value) => nested(Nesting::Map, value, problems),
        };
        conformed.insert(&block.name, value);
    }
    for name in entries.into_keys() {
        problems.push(fault(path, format!("it answered with an attribute {name:?} that its schema does not have")));
    }
    Dynamic::Object(conformed)
}

fn attribute(attribute: &Attribute, value: Dynamic, path: &Path, problems: &mut Diagnostics) -> Dynamic {
    match &attribute.shape {
        Shape::Plain(ty) => plain(ty, value, path, problems),
        Shape::Nested(nesting, object) => nested(*nesting, object, value, path, problems),
    }
}

fn nested(nesting: Nesting, schema: &ObjectSchema, value: Dynamic, path: &Path, problems: &mut Diagnostics) -> Dynamic {
    match (nesting, value) {
        (_, value @ (Dynamic::Null | Dynamic::Unknown)) => value,
        (Nesting::Single, value) => object(schema, value, path, problems),
        (Nesting::List, Dynamic::List(items)) => Dynamic::List(
            items.into_iter().enumerate().map(|(i, item)| object(schema, item, &path.index(i), problems)).collect(),
        ),
        (Nesting::Set, Dynamic::List(items) | Dynamic::Set(items)) => {
            Dynamic::set(items.into_iter().map(|item| object(schema, item, path, problems)).collect::<Vec<_>>())
        }
        (Nesting::Map, Dynamic::Map(entries) | Dynamic::Object(entries)) => {
            let member = |(key, item): (Name, _)| {
                let item = object(schema, item, &path.key(&key), problems);
                (key, item)
            };
            Dynamic::Map(entries.into_iter().map(member).collect())
        }
        (Nesting::List, other) => mismatch(problems, path, "list of objects", &other),
        (Nesting::Set, other) => mismatch(problems, path, "set of objects", &other),
        (Nesting::Map, other) => mismatch(problems, path, "map of objects", &other),
    }
}

/// Whether nothing has to be done to an object.
fn fits_object(schema: &ObjectSchema, value: &Dynamic) -> bool {
    let entries = match value {
        Dynamic::Null | Dynamic::Unknown => return true,
        Dynamic::Object(entries) => entries,
        _ => return false,
    };
    let fits_attribute = |attribute: &Attribute| {
        let Some(value) = entries.get(&attribute.name) else { return false };
        match &attribute.shape {
            Shape::Plain(ty) => fits_plain(ty, value),
            Shape::Nested(nesting, object) => fits_nested(*nesting, object, value),
        }
    };
    schema.blocks.is_empty() && entries.len() == schema.attributes.len() && schema.attributes.iter().all(fits_attribute)
}

fn fits_nested(nesting: Nesting, schema: &ObjectSchema, value: &Dynamic) -> bool {
    match (nesting, value) {
        (_, Dynamic::Null | Dynamic::Unknown) => true,
        (Nesting::Single, value) => fits_object(schema, value),
        (Nesting::List, Dynamic::List(items)) => items.iter().all(|item| fits_object(schema, item)),
        (Nesting::Set, Dynamic::Set(items)) => is_set(items) && items.iter().all(|item| fits_object(schema, item)),
        (Nesting::Map, Dynamic::Map(entries)) => entries.values().all(|item| fits_object(schema, item)),
        _ => false,
    }
}

fn fits_plain(ty: &Type, value: &Dynamic) -> bool {
    match (ty, value) {
        (_, Dynamic::Null | Dynamic::Unknown) => true,
        (Type::Bool, Dynamic::Bool(_)) | (Type::Number, Dynamic::Number(_)) => true,
        (Type::String, Dynamic::String(text)) => matches!(normalised(text), Cow::Borrowed(_)),
        (Type::List(element), Dynamic::List(items)) => items.iter().all(|item| fits_plain(element, item)),
        (Type::Set(element), Dynamic::Set(items)) => {
            is_set(items) && items.iter().all(|item| fits_plain(element, item))
        }
        (Type::Map(element), Dynamic::Map(entries)) => entries.values().all(|item| fits_plain(element, item)),
        _ => false,
    }
}

/// Whether elements are as [`Dynamic::set`] leaves them.
fn is_set(items: &[Dynamic]) -> bool {
    items.is_sorted_by(|a, b| a < b || (a == b && !a.is_wholly_known()))
}

fn plain(ty: &Type, value: Dynamic, path: &Path, problems: &mut Diagnostics) -> Dynamic {
    match (ty, value) {
        (_, value @ (Dynamic::Null | Dynamic::Unknown)) => value,
        (Type::Bool, value @ Dynamic::Bool(_)) | (Type::Number, value @ Dynamic::Number(_)) => value,
        (Type::String, Dynamic::String(text)) => match normalised(&text) {
            Cow::Borrowed(_) => Dynamic::String(text),
            Cow::Owned(text) => Dynamic::String(text),
        },
        (Type::List(element), Dynamic::List(items)) => Dynamic::List(
            items.into_iter().enumerate().map(|(i, item)| plain(element, item, &path.index(i), problems)).collect(),
        ),
        (Type::Set(element), Dynamic::Set(items) | Dynamic::List(items)) => {
            Dynamic::set(items.into_iter().map(|item| plain(element, item, path, problems)).collect::<Vec<_>>())
        }
        (Type::Map(element), Dynamic::Map(entries) | Dynamic::Object(entries)) => {
            let member = |(key, item): (Name, _)| {
                let item = plain(element, item, &path.key(&key), problems);
                (key, item)
            };
            Dynamic::Map(entries.into_iter().map(member).collect())
        }
        (Type::Object(attributes), Dynamic::Object(mut entries) | Dynamic::Map(mut entries)) => {
            let mut conformed = Entries::new();
            for (name, ty) in attributes {
                let value = entries.remove(name).unwrap_or_default();
                conformed.insert(name, plain(ty, value, &path.attribute(name), problems));
            }
            for name in entries.into_keys() {
                problems
                    .push(fault(path, format!("it answered with an attribute {name:?} that its schema does not have")));
            }
            Dynamic::Object(conformed)
        }
        (Type::Tuple(types), Dynamic::List(items)) if types.len() == items.len() => {
            let items = types.iter().zip(items).enumerate();
            Dynamic::List(items.map(|(i, (ty, item))| plain(ty, item, &path.index(i), problems)).collect())
        }
        (Type::Dynamic, Dynamic::Typed(own, inner)) => {
            let inner = plain(&own, *inner, path, problems);
            Dynamic::Typed(own, Box::new(inner))
        }
        (Type::Dynamic, bare) => bare.encode_known(),
        (ty, other) => mismatch(problems, path, &ty.to_string(), &other),
    }
}

/// The tree with null for everything unknown.
pub(crate) fn without_unknown(value: Dynamic) -> Dynamic {
    let members = |entries: Entries| entries.into_iter().map(|(name, value)| (name, without_unknown(value))).collect();
    match value {
        known if known.is_wholly_known() => known,
        Dynamic::Unknown => Dynamic::Null,
        Dynamic::List(items) => Dynamic::List(items.into_iter().map(without_unknown).collect()),
        Dynamic::Set(items) => Dynamic::set(items.into_iter().map(without_unknown)),
        Dynamic::Map(entries) => Dynamic::Map(members(entries)),
        Dynamic::Object(entries) => Dynamic::Object(members(entries)),
        Dynamic::Typed(ty, inner) => Dynamic::Typed(ty, Box::new(without_unknown(*inner))),
        known @ (Dynamic::Null | Dynamic::Bool(_) | Dynamic::Number(_) | Dynamic::String(_)) => known,
    }
}
