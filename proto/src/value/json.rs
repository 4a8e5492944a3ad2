//! Values as they lie in state files: JSON, read and written by type.
//!
//! Reading is lenient where Terraform is: attributes that are missing are null, attributes that left the schema are
//! dropped, and primitives are converted as Terraform converts them.

mod streamed;

use serde_json::Value as Json;

use super::codec::{CodecError, CodecProblem, normalised};
use super::{Dynamic, Entries, Name, Number};
use crate::{Path, Type};

/// Reads the value of type `ty` from JSON text. Numbers keep all their digits.
///
/// # Errors
/// When the text is not JSON, or not such a value.
pub fn decode(ty: &Type, text: &[u8]) -> Result<Dynamic, CodecError> {
    if text.is_empty() {
        return Ok(Dynamic::Null);
    }
    if let Some(value) = streamed::decode(ty, text) {
        return Ok(value);
    }
    let json =
        serde_json::from_slice(text).map_err(|error| CodecProblem::Syntax(error.to_string()).at(&Path::root()))?;
    from_json(ty, &json)
}

/// Reads the value of type `ty` from parsed JSON.
///
/// # Errors
/// When it is not such a value.
pub fn from_json(ty: &Type, json: &Json) -> Result<Dynamic, CodecError> {
    read(ty, json, &Path::root())
}

fn read(ty: &Type, json: &Json, path: &Path) -> Result<Dynamic, CodecError> {
    let value = match (ty, json) {
        (_, Json::Null) => Dynamic::Null,
        (Type::Bool, Json::Bool(value)) => Dynamic::Bool(*value),
        (Type::Bool, Json::String(text)) if text == "true" || text == "false" => Dynamic::Bool(text == "true"),
        (Type::Number, Json::Number(number)) => read_number(number.as_str(), path)?,
        (Type::Number, Json::String(text)) => read_number(text, path)?,
        (Type::String, Json::String(text)) => Dynamic::String(normalised(text).into_owned()),
        (Type::String, Json::Bool(_) | Json::Number(_)) => Dynamic::String(json.to_string()),
        (Type::List(element), Json::Array(items)) => {
            let items = items.iter().enumerate().map(|(index, item)| read(element, item, &path.index(index)));
            Dynamic::List(items.collect::<Result<_, _>>()?)
        }
        (Type::Set(element), Json::Array(items)) => {
            let items: Result<Vec<_>, _> = items.iter().map(|item| read(element, item, path)).collect();
            Dynamic::set(items?)
        }
        (Type::Map(element), Json::Object(entries)) => {
            let entries = entries
                .iter()
                .map(|(key, item)| Ok((normalised(key).into_owned(), read(element, item, &path.key(key))?)));
            Dynamic::Map(entries.collect::<Result<_, CodecError>>()?)
        }
        (Type::Object(attributes), Json::Object(entries)) => {
            let attributes = attributes.iter().map(|(name, ty)| {
                let value = entries.get(name.as_str()).unwrap_or(&Json::Null);
                Ok((name, read(ty, value, &path.attribute(name))?))
            });
            Dynamic::Object(attributes.collect::<Result<_, CodecError>>()?)
        }
        (Type::Tuple(types), Json::Array(items)) => {
            if types.len() != items.len() {
                return Err(CodecProblem::Length { expected: types.len(), found: items.len() }.at(path));
            }
            let items =
                types.iter().zip(items).enumerate().map(|(index, (ty, item))| read(ty, item, &path.index(index)));
            Dynamic::List(items.collect::<Result<_, _>>()?)
        }
        (Type::Dynamic, Json::Object(parts)) => {
            let (Some(ty), Some(value)) = (parts.get("type"), parts.get("value")) else {
                return Err(CodecProblem::Mismatch { expected: ty.to_string(), found: "an object" }.at(path));
            };
            let ty = Type::from_json(ty).map_err(|error| CodecProblem::Type(error.to_string()).at(path))?;
            let value = read(&ty, value, path)?;
            Dynamic::Typed(Box::new(ty), Box::new(value))
        }
        (ty, json) => {
            let found = match json {
                Json::Null => "null",
                Json::Bool(_) => "a bool",
                Json::Number(_) => "a number",
                Json::String(_) => "a string",
                Json::Array(_) => "a list",
                Json::Object(_) => "an object",
            };
            return Err(CodecProblem::Mismatch { expected: ty.to_string(), found }.at(path));
        }
    };
    Ok(value)
}

fn read_number(text: &str, path: &Path) -> Result<Dynamic, CodecError> {
    text.parse::<Number>().map(Dynamic::Number).map_err(|error| CodecProblem::from(error).at(path))
}

/// Writes a value as state files hold it; a value of type `dynamic` with its type beside it.
///
/// # Errors
/// When something in it is unknown.
pub fn to_json(value: &Dynamic) -> Result<Json, CodecError> {
    write(value, &Path::root())
}

fn write(value: &Dynamic, path: &Path) -> Result<Json, CodecError> {
    Ok(match value {
        Dynamic::Null => Json::Null,
        Dynamic::Unknown => return Err(CodecProblem::Unknown.at(path)),
        Dynamic::Bool(value) => Json::Bool(*value),
        Dynamic::Number(number) => {
            let number = number.to_string().parse::<serde_json::Number>();
            Json::Number(number.map_err(|error| CodecProblem::Syntax(error.to_string()).at(path))?)
        }
        Dynamic::String(text) => Json::String(text.clone()),
        Dynamic::List(items) => Json::Array(
            items.iter().enumerate().map(|(i, item)| write(item, &path.index(i))).collect::<Result<_, _>>()?,
        ),
        Dynamic::Set(items) => Json::Array(items.iter().map(|item| write(item, path)).collect::<Result<_, _>>()?),
        Dynamic::Map(entries) => members(entries, |key| path.key(key))?,
        Dynamic::Object(entries) => members(entries, |name| path.attribute(name))?,
        Dynamic::Typed(ty, inner) => Json::Object(
            [("type".to_owned(), ty.to_json()), ("value".to_owned(), write(inner, path)?)].into_iter().collect(),
        ),
    })
}

fn members(entries: &Entries, path: impl Fn(&Name) -> Path) -> Result<Json, CodecError> {
    let members = entries.iter().map(|(name, value)| Ok((name.to_string(), write(value, &path(name))?)));
    Ok(Json::Object(members.collect::<Result<_, CodecError>>()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::test_values::{type_of_any, typed_known_value};

    fn state() -> Type {
        Type::Object([("a".into(), Type::String), ("n".into(), Type::Number)].into())
    }

    #[test]
    fn a_number_is_no_object_and_no_map() {
        for ty in [state(), Type::Map(Box::new(Type::Number))] {
            assert!(decode(&ty, b"12").is_err());
        }
    }

    #[test]
    fn missing_attributes_are_null_and_extra_ones_are_dropped() {
        let value = decode(&state(), br#"{"n": 1, "left_the_schema": {"x": []}}"#).unwrap();
        assert_eq!(value.get("a"), &Dynamic::Null);
        assert_eq!(value.as_entries().unwrap().len(), 2);
    }

    #[test]
    fn numbers_keep_their_digits() {
        for text in ["0.1", "9007199254740993", "0.12345678901234567890123", "1e30"] {
            let value = decode(&Type::Number, text.as_bytes()).unwrap();
            assert_eq!(value, Dynamic::Number(text.parse().unwrap()));
            assert_eq!(from_json(&Type::Number, &to_json(&value).unwrap()).unwrap(), value);
        }
    }

    #[test]
    fn primitives_convert_as_terraform_converts_them() {
        assert_eq!(decode(&Type::Bool, b"\"true\"").unwrap(), Dynamic::Bool(true));
        assert_eq!(decode(&Type::Number, b"\"12\"").unwrap(), Dynamic::Number(12.into()));
        assert_eq!(decode(&Type::String, b"12").unwrap(), Dynamic::string("12"));
    }

    #[test]
    fn unknown_values_have_no_json() {
        let value = Dynamic::Object([("a".to_owned(), Dynamic::Unknown)].into());
        assert_eq!(to_json(&value).unwrap_err().to_string(), "a: the value is unknown");
    }

    proptest! {
        #[test]
        fn text_is_read_as_its_document_is((ty, value) in typed_known_value()) {
            let json = to_json(&value).unwrap();
            let text = json.to_string();
            prop_assert_eq!(streamed::decode(&ty, text.as_bytes()), Some(from_json(&ty, &json).unwrap()));
        }

        #[test]
        fn values_come_back((ty, value) in typed_known_value()) {
            prop_assert_eq!(from_json(&ty, &to_json(&value).unwrap()).unwrap(), value);
        }

        #[test]
        fn any_text_is_answered(ty in type_of_any(), text in ".{0,60}") {
            let _ = decode(&ty, text.as_bytes());
        }
    }
}
