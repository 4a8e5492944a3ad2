//! The untyped value tree.

mod entries;

pub use self::entries::Entries;
use super::Number;
use crate::Type;

/// Any Terraform value. The schema says which variant stands where; the wire decoder builds it by the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dynamic {
    /// Not set.
    #[default]
    Null,
    /// To be known after apply.
    Unknown,
    /// A boolean.
    Bool(bool),
    /// An exact decimal number.
    Number(Number),
    /// A string in Unicode normalisation form C.
    String(String),
    /// A list or a tuple.
    List(Vec<Dynamic>),
    /// A set: sorted, known elements once. Build it with [`Dynamic::set`].
    Set(Vec<Dynamic>),
    /// A map from string keys.
    Map(Entries),
    /// An object: all attributes of its type are present.
    Object(Entries),
    /// The value of an attribute of type `dynamic`, with the type that the sender chose.
    Typed(Box<Type>, Box<Dynamic>),
}

impl Dynamic {
    /// A set of `elements`: sorted, with each wholly known element once.
    pub fn set(elements: impl IntoIterator<Item = Dynamic>) -> Self {
        let mut elements: Vec<_> = elements.into_iter().collect();
        elements.sort();
        elements.dedup_by(|a, b| a == b && a.is_wholly_known());
        Self::Set(elements)
    }

    /// A string value.
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Whether the value is not set.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value itself is unknown (its parts may be unknown all the same: see [`Self::is_wholly_known`]).
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether nothing in the tree is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(items) | Self::Set(items) => items.iter().all(Self::is_wholly_known),
            Self::Map(entries) | Self::Object(entries) => entries.values().all(Self::is_wholly_known),
            Self::Typed(_, inner) => inner.is_wholly_known(),
        }
    }

    /// What it is, in a word, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown => "an unknown value",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Typed(..) => "a value with a type of its own",
        }
    }

    /// The text of a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A known boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A known number.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The elements of a known list or set.
    pub fn as_elements(&self) -> Option<&[Dynamic]> {
        match self {
            Self::List(items) | Self::Set(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a known map or object.
    pub fn as_entries(&self) -> Option<&Entries> {
        match self {
            Self::Map(entries) | Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entries of a known map or object, to be changed.
    pub fn as_entries_mut(&mut self) -> Option<&mut Entries> {
        match self {
            Self::Map(entries) | Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry `key` of a known map or object; null where there is none.
    pub fn get(&self, key: &str) -> &Dynamic {
        const NULL: &Dynamic = &Dynamic::Null;
        self.as_entries().and_then(|entries| entries.get(key)).unwrap_or(NULL)
    }
}
