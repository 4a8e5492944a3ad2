//! Values as Terraform sees them: null, unknown and known are three different things.
//!
//! [`Value`] is the typed form that structs hold; [`Dynamic`] is the tree that the wire, the schema rules and engines
//! walk; [`AttributeValue`](crate::AttributeValue) joins the two for every type that an attribute can have.

mod choice;
mod codec;
mod dynamic;
pub mod json;
pub mod msgpack;
mod number;
mod scalar;
#[cfg(test)]
pub(crate) mod test_values;

pub use crate::name::Name;
pub use choice::{Choice, ChoiceError};
pub(crate) use codec::normalised;
pub use codec::{CodecError, CodecProblem};
pub use dynamic::{Dynamic, Entries};
pub use number::{Number, NumberError};
pub use scalar::{Primitive, Scalar, ScalarRules};

/// The value of one attribute: absent, not yet known, or known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value<T> {
    /// Not set.
    #[default]
    Null,
    /// To be known after apply.
    Unknown,
    /// Set.
    Known(T),
}

impl<T> Value<T> {
    /// Whether the value is not set.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value will be known only after apply.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The known value, if it is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The known value by move, if it is one.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// The same value by reference.
    pub fn as_ref(&self) -> Value<&T> {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::Unknown,
            Self::Known(value) => Value::Known(value),
        }
    }

    /// Applies `change` to a known value; null and unknown stay what they are.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Value<U> {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::Unknown,
            Self::Known(value) => Value::Known(change(value)),
        }
    }
}

impl<T> From<T> for Value<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Option<T>> for Value<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}
