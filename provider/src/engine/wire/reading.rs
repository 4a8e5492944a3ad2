//! From the API's JSON to a component's tree. It never fails: what is of an odd type reads as absent, and an unknown
//! word of an enumeration as itself.

use serde_json::Value as Json;
use tfplugin::schema::{Nesting, Shape};
use tfplugin::{Attribute, Dynamic, Name, ObjectSchema, Type};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::equality::is_void;
use super::{place, wire_of};
use crate::engine::marks::{NeverRead, Place, ScalarCodec, Wire};

/// The tree of `object` with every attribute. What is absent on the wire reads as the attribute's default, else null;
/// what the API does not have reads as null.
pub fn read(object: &ObjectSchema, body: &Json) -> Dynamic {
    let attribute = |attribute: &Attribute| (Name::from(&attribute.name), read_attribute(attribute, body));
    Dynamic::Object(object.attributes.iter().map(attribute).collect())
}

fn read_attribute(attribute: &Attribute, body: &Json) -> Dynamic {
    let Some(wire) = wire_of(attribute) else { return Dynamic::Null };
    if attribute.write_only {
        return Dynamic::Null;
    }
    let value = match wire.place {
        Place::With(codec) => normalised(codec.read(body)),
        Place::At(path) => place::get(body, path).map_or(Dynamic::Null, |json| read_at(attribute, wire, json)),
    };
    if is_void(attribute, &value) && !matches!(wire.place, Place::With(_)) || value.is_null() {
        return attribute.default.clone().unwrap_or_default();
    }
    value
}

fn read_at(attribute: &Attribute, wire: &Wire, json: &Json) -> Dynamic {
    match &attribute.shape {
        Shape::Plain(plain) => {
            let mut value = normalised(read_plain(plain, &wire.codec, json));
            if let (Some(NeverRead(keys)), Dynamic::Map(entries)) = (attribute.extensions.get(), &mut value) {
                entries.retain(|key, _| !keys.iter().any(|hidden| is_hidden(hidden, key)));
            }
            value
        }
        Shape::Nested(nesting, object) => {
            let elements = || json.as_array().into_iter().flatten().map(|element| read(object, element));
            match nesting {
                Nesting::Single if json.is_object() => read(object, json),
                Nesting::Single => Dynamic::Null,
                Nesting::List => Dynamic::List(elements().collect()),
                Nesting::Set => Dynamic::set(elements()),
                Nesting::Map => Dynamic::Map(
                    keyed_elements(wire, json).map(|(key, element)| (key.to_owned(), read(object, element))).collect(),
                ),
            }
        }
    }
}

/// The value with its texts in normalisation form C: Terraform keeps all texts so, and what the cloud has in another form is
/// the same text.
fn normalised(value: Dynamic) -> Dynamic {
    let text = |text: String| match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text,
        _ => text.nfc().collect(),
    };
    match value {
        Dynamic::String(of_cloud) => Dynamic::String(text(of_cloud)),
        Dynamic::List(elements) => Dynamic::List(elements.into_iter().map(normalised).collect()),
        Dynamic::Set(elements) => Dynamic::set(elements.into_iter().map(normalised)),
        Dynamic::Map(entries) => {
            Dynamic::Map(entries.into_iter().map(|(key, value)| (text(key.to_string()), normalised(value))).collect())
        }
        Dynamic::Object(entries) => {
            Dynamic::Object(entries.into_iter().map(|(key, value)| (key, normalised(value))).collect())
        }
        other => other,
    }
}

/// Whether `key` is `hidden`, or begins as it does up to a final `*`.
fn is_hidden(hidden: &str, key: &str) -> bool {
    hidden.strip_suffix('*').map_or(hidden == key, |prefix| key.starts_with(prefix))
}

/// The entries of a map, which the API keeps as an object or as a list.
pub(super) fn keyed_elements<'j>(wire: &Wire, json: &'j Json) -> Box<dyn Iterator<Item = (&'j str, &'j Json)> + 'j> {
    match (wire.keyed_by, json) {
        (Some(field), Json::Array(elements)) => {
            Box::new(elements.iter().filter_map(move |element| Some((element.get(field)?.as_str()?, element))))
        }
        (None, Json::Object(entries)) => Box::new(entries.iter().map(|(key, element)| (key.as_str(), element))),
        _ => Box::new(std::iter::empty()),
    }
}

fn read_plain(plain: &Type, codec: &ScalarCodec, json: &Json) -> Dynamic {
    let elements = |inner: &Type| {
        let inner = inner.clone();
        let codec = *codec;
        json.as_array()
            .into_iter()
            .flatten()
            .map(move |element| read_plain(&inner, &codec, element))
            .filter(|element| !element.is_null())
            .collect::<Vec<_>>()
    };
    match plain {
        Type::List(inner) => Dynamic::List(elements(inner)),
        Type::Set(inner) => Dynamic::set(elements(inner)),
        Type::Map(inner) => {
            let entries = json.as_object().into_iter().flatten();
            let read = entries.map(|(key, value)| (key.clone(), read_plain(inner, codec, value)));
            Dynamic::Map(read.filter(|(_, value)| !value.is_null()).collect())
        }
        scalar => fitting(scalar, (codec.read)(json)),
    }
}

/// The value if it is of the type; the API may have changed its mind, and that must not break a read.
fn fitting(scalar: &Type, value: Dynamic) -> Dynamic {
    match (scalar, &value) {
        (Type::String, Dynamic::String(_))
        | (Type::Number, Dynamic::Number(_))
        | (Type::Bool, Dynamic::Bool(_))
        | (Type::Dynamic, _) => value,
        (Type::String, Dynamic::Number(number)) => Dynamic::String(number.to_string()),
        (Type::String, Dynamic::Bool(value)) => Dynamic::String(value.to_string()),
        (Type::Number, Dynamic::String(text)) => text.parse().map_or(Dynamic::Null, Dynamic::Number),
        _ => Dynamic::Null,
    }
}
