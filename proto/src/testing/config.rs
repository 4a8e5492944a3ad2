//! Configurations as JSON.

use serde_json::Value as Json;

use crate::value::{Dynamic, Name, json};
use crate::{Step, Type};

/// In a test's configuration: a value that is known only after apply.
pub const UNKNOWN: &str = "\u{0}unknown";

/// The value of type `ty` that `config` means. What is left out is null.
///
/// # Panics
/// When the configuration does not fit the type: the test is wrong.
pub(super) fn value(ty: &Type, config: &Json) -> Dynamic {
    read(ty, config, &mut Vec::new())
}

fn read(ty: &Type, config: &Json, place: &mut Vec<Step>) -> Dynamic {
    let mut inside = |step: Step, ty: &Type, config: &Json| {
        place.push(step);
        let value = read(ty, config, place);
        place.pop();
        value
    };
    match (ty, config) {
        (_, Json::String(text)) if text == UNKNOWN => Dynamic::Unknown,
        (Type::List(element), Json::Array(items)) => {
            Dynamic::List(items.iter().enumerate().map(|(i, item)| inside(Step::Index(i), element, item)).collect())
        }
        (Type::Set(element), Json::Array(items)) => {
            let items: Vec<_> =
                items.iter().enumerate().map(|(i, item)| inside(Step::Index(i), element, item)).collect();
            Dynamic::set(items)
        }
        (Type::Map(element), Json::Object(entries)) => Dynamic::Map(
            entries.iter().map(|(key, item)| (key, inside(Step::Key(key.into()), element, item))).collect(),
        ),
        (Type::Object(attributes), Json::Object(entries)) => {
            if let Some(extra) = entries.keys().find(|name| !attributes.contains_key(name.as_str())) {
                panic!("there is no attribute {extra:?} at {place:?}");
            }
            let member = |(name, ty): (&Name, &Type)| {
                let config = entries.get(name.as_str()).unwrap_or(&Json::Null);
                // No blocks are an empty collection, and nested attributes take it as well only if it is written.
                (name.clone(), inside(Step::Attribute(name.clone()), ty, config))
            };
            Dynamic::Object(attributes.iter().map(member).collect())
        }
        (Type::Dynamic, Json::Null) => Dynamic::Null,
        (Type::Dynamic, bare) => {
            let ty = expression_type(bare);
            let value = read(&ty, bare, place);
            Dynamic::Typed(Box::new(ty), Box::new(value))
        }
        (ty, config) => match json::from_json(ty, config) {
            Ok(value) => value,
            Err(error) => panic!("at {place:?}: {error}"),
        },
    }
}

/// The type that an expression in HCL has.
fn expression_type(json: &Json) -> Type {
    match json {
        Json::Null => Type::Dynamic,
        Json::Bool(_) => Type::Bool,
        Json::Number(_) => Type::Number,
        Json::String(_) => Type::String,
        Json::Array(items) => Type::Tuple(items.iter().map(expression_type).collect()),
        Json::Object(entries) => {
            Type::Object(entries.iter().map(|(name, value)| (name.into(), expression_type(value))).collect())
        }
    }
}
