//! Reading JSON straight into a tree by its type. A large state never lies in memory as a JSON document as well.
//!
//! What it refuses is read again by the slow way, which says why.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::super::codec::normalised;
use super::super::{Dynamic, Name};
use super::from_json;
use crate::Type;

/// How serde_json tells a number of many digits: as an object with this key.
const NUMBER: &str = "$serde_json::private::Number";

/// The value of type `ty` in `text`, or nothing where there is none or something is wrong with it.
pub(super) fn decode(ty: &Type, text: &[u8]) -> Option<Dynamic> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Of(ty).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

/// A value of this type.
#[derive(Clone, Copy)]
struct Of<'t>(&'t Type);

impl<'de> DeserializeSeed<'de> for Of<'_> {
    type Value = Dynamic;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Dynamic, D::Error> {
        match self.0 {
            Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Object(_) => reader.deserialize_any(self),
            small => from_json(small, &Json::deserialize(reader)?).map_err(D::Error::custom),
        }
    }
}

impl<'de> Visitor<'de> for Of<'_> {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {}", self.0)
    }

    fn visit_unit<E: Error>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Dynamic, A::Error> {
        let (Type::List(element) | Type::Set(element)) = self.0 else { return Err(A::Error::custom("not a list")) };
        let mut items = Vec::new();
        while let Some(item) = elements.next_element_seed(Of(element))? {
            items.push(item);
        }
        items.shrink_to_fit();
        Ok(if matches!(self.0, Type::Set(_)) { Dynamic::set(items) } else { Dynamic::List(items) })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Dynamic, A::Error> {
        match self.0 {
            Type::Map(element) => map(element, members),
            Type::Object(attributes) => object(attributes, members),
            _ => Err(A::Error::custom("not a map")),
        }
    }
}

fn key<E: Error>(key: &str) -> Result<&str, E> {
    if key == NUMBER { Err(E::custom("not a map")) } else { Ok(key) }
}

fn map<'de, A: MapAccess<'de>>(element: &Type, mut members: A) -> Result<Dynamic, A::Error> {
    let mut entries: Vec<(Name, Dynamic)> = Vec::new();
    while let Some(name) = members.next_key::<String>()? {
        let name = Name::from(normalised(key(&name)?).as_ref());
        entries.push((name, members.next_value_seed(Of(element))?));
    }
    Ok(Dynamic::Map(entries.into_iter().collect()))
}

fn object<'de, A: MapAccess<'de>>(attributes: &BTreeMap<Name, Type>, mut members: A) -> Result<Dynamic, A::Error> {
    let mut entries: BTreeMap<&Name, Dynamic> = attributes.keys().map(|name| (name, Dynamic::Null)).collect();
    while let Some(name) = members.next_key::<String>()? {
        match attributes.get_key_value(key(&name)?) {
            Some((name, ty)) => drop(entries.insert(name, members.next_value_seed(Of(ty))?)),
            None => drop(members.next_value::<IgnoredAny>()?),
        }
    }
    Ok(Dynamic::Object(entries.into_iter().collect()))
}
