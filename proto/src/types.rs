//! Terraform's type expressions.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};

use crate::Name;

/// A Terraform type, as in a schema's `type` field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `string`
    String,
    /// `number`
    Number,
    /// `bool`
    Bool,
    /// `dynamic`: the value brings its own type.
    Dynamic,
    /// `list(T)`
    List(Box<Type>),
    /// `set(T)`
    Set(Box<Type>),
    /// `map(T)`
    Map(Box<Type>),
    /// `object({..})`
    Object(BTreeMap<Name, Type>),
    /// `tuple([..])`
    Tuple(Vec<Type>),
}

/// Why JSON is not a type expression.
#[derive(Debug, thiserror::Error)]
pub enum TypeError {
    /// Not JSON at all.
    #[error("the type expression is not JSON")]
    Json(#[from] serde_json::Error),
    /// JSON that no type is written as.
    #[error("{0} is not a type expression")]
    Unknown(String),
}

impl Type {
    /// The type expression in JSON, as schemas and values of type `dynamic` carry it.
    pub fn to_json(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Number => json!("number"),
            Self::Bool => json!("bool"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.to_json()]),
            Self::Set(element) => json!(["set", element.to_json()]),
            Self::Map(element) => json!(["map", element.to_json()]),
            Self::Object(attributes) => {
                let attributes = attributes.iter().map(|(name, ty)| (name.to_string(), ty.to_json()));
                json!(["object", Json::Object(attributes.collect())])
            }
            Self::Tuple(types) => json!(["tuple", types.iter().map(Self::to_json).collect::<Vec<_>>()]),
        }
    }

    /// Reads a type expression. Which attributes of an object are optional is not kept: values hold them all.
    ///
    /// # Errors
    /// When `json` is none.
    pub fn from_json(json: &Json) -> Result<Self, TypeError> {
        let unknown = || TypeError::Unknown(json.to_string());
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(unknown()),
            },
            Json::Array(parts) => match (parts.first().and_then(Json::as_str), &parts[1.min(parts.len())..]) {
                (Some("list"), [element]) => Ok(Self::List(Box::new(Self::from_json(element)?))),
                (Some("set"), [element]) => Ok(Self::Set(Box::new(Self::from_json(element)?))),
                (Some("map"), [element]) => Ok(Self::Map(Box::new(Self::from_json(element)?))),
                (Some("object"), [Json::Object(attributes)] | [Json::Object(attributes), Json::Array(_)]) => {
                    let attributes = attributes.iter().map(|(name, ty)| Ok((Name::from(name), Self::from_json(ty)?)));
                    Ok(Self::Object(attributes.collect::<Result<_, TypeError>>()?))
                }
                (Some("tuple"), [Json::Array(types)]) => {
                    Ok(Self::Tuple(types.iter().map(Self::from_json).collect::<Result<_, _>>()?))
                }
                _ => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }

    pub(crate) fn from_json_bytes(bytes: &[u8]) -> Result<Self, TypeError> {
        Self::from_json(&serde_json::from_slice(bytes)?)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::Dynamic => f.write_str("dynamic"),
            Self::List(element) => write!(f, "list of {element}"),
            Self::Set(element) => write!(f, "set of {element}"),
            Self::Map(element) => write!(f, "map of {element}"),
            Self::Object(_) => f.write_str("object"),
            Self::Tuple(_) => f.write_str("tuple"),
        }
    }
}
