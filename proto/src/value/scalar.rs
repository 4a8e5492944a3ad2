//! Scalar attribute types: Terraform's three primitives, and types of one's own that are written as one of them.

use std::fmt;

use super::{Dynamic, Number};
use crate::Type;

/// One of Terraform's primitive types.
pub trait Primitive: Sized {
    /// The Terraform type.
    fn primitive_type() -> Type;
    /// The value, if `value` is a known one of this type (`i64` takes whole numbers in range only).
    fn from_dynamic(value: &Dynamic) -> Option<Self>;
    /// The value as a tree.
    fn into_dynamic(self) -> Dynamic;
}

/// A type of one's own that is spelt as a primitive in configuration: a duration, a quantity, an enumeration.
///
/// `PartialEq` is the semantic equality: two spellings of one value are equal, and the SDK then keeps the spelling that
/// is in the state (plan) or in the configuration (read). The type keeps the user's spelling for [`Scalar::repr`].
/// Register it as an attribute type with [`crate::scalar!`].
pub trait Scalar: Sized + PartialEq {
    /// How it is written.
    type Repr: Primitive;
    /// Why a spelling is refused; the text says what is allowed. It becomes the detail of a diagnostic.
    type Error: fmt::Display;
    /// Reads a spelling.
    ///
    /// # Errors
    /// When the spelling means nothing of this type.
    fn parse(repr: Self::Repr) -> Result<Self, Self::Error>;
    /// The spelling, as it was given.
    fn repr(&self) -> Self::Repr;
    /// One spelling for all values that are equal: what digests and sorted lists are made of. By default [`Scalar::repr`],
    /// which does where equal values are spelt alike.
    fn canonical(&self) -> Self::Repr {
        self.repr()
    }
    /// The legal spellings when they are few, for the reference page and generated messages.
    fn choices() -> &'static [&'static str] {
        &[]
    }
    /// What each of [`Scalar::choices`] means, in the same order; empty when that is not said.
    fn choice_descriptions() -> &'static [&'static str] {
        &[]
    }
}

/// What the SDK can ask of the scalars in an attribute without knowing their Rust type.
#[derive(Clone, Copy)]
pub struct ScalarRules {
    /// Why a known value is refused, if it is.
    pub check: fn(&Dynamic) -> Result<(), String>,
    /// Whether two known values mean the same.
    pub equal: fn(&Dynamic, &Dynamic) -> bool,
    /// One spelling for all values that are equal; what is no known value of the type stays as it is.
    pub canonical: fn(&Dynamic) -> Dynamic,
    /// The legal spellings, when they are few.
    pub choices: &'static [&'static str],
    /// What each of them means, in the same order; may be empty.
    pub choice_descriptions: &'static [&'static str],
}

impl fmt::Debug for ScalarRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScalarRules").field("choices", &self.choices).finish_non_exhaustive()
    }
}

impl ScalarRules {
    /// The rules of plain primitives: everything is allowed, equal is identical.
    pub const PLAIN: Self = Self {
        check: |_| Ok(()),
        equal: |a, b| a == b,
        canonical: Dynamic::clone,
        choices: &[],
        choice_descriptions: &[],
    };

    /// The rules of a scalar type.
    pub fn of<T: Scalar>() -> Self {
        Self {
            check: check::<T>,
            equal: equal::<T>,
            canonical: canonical::<T>,
            choices: T::choices(),
            choice_descriptions: T::choice_descriptions(),
        }
    }

    /// Checks every scalar in a value; the text says why the first one is refused.
    pub(crate) fn check_all(&self, value: &Dynamic) -> Result<(), String> {
        match value {
            Dynamic::Null | Dynamic::Unknown | Dynamic::Typed(..) => Ok(()),
            Dynamic::List(items) | Dynamic::Set(items) => items.iter().try_for_each(|item| self.check_all(item)),
            Dynamic::Map(entries) | Dynamic::Object(entries) => {
                entries.values().try_for_each(|item| self.check_all(item))
            }
            Dynamic::Bool(_) | Dynamic::Number(_) | Dynamic::String(_) => (self.check)(value),
        }
    }
}

fn parse<T: Scalar>(value: &Dynamic) -> Result<T, String> {
    let repr = T::Repr::from_dynamic(value).ok_or_else(|| format!("a {} is needed", T::Repr::primitive_type()))?;
    T::parse(repr).map_err(|error| error.to_string())
}

fn check<T: Scalar>(value: &Dynamic) -> Result<(), String> {
    parse::<T>(value).map(drop)
}

fn equal<T: Scalar>(a: &Dynamic, b: &Dynamic) -> bool {
    a == b || matches!((parse::<T>(a), parse::<T>(b)), (Ok(a), Ok(b)) if a == b)
}

fn canonical<T: Scalar>(value: &Dynamic) -> Dynamic {
    parse::<T>(value).map_or_else(|_| value.clone(), |scalar| scalar.canonical().into_dynamic())
}

impl Primitive for String {
    fn primitive_type() -> Type {
        Type::String
    }
    fn from_dynamic(value: &Dynamic) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::String(self)
    }
}

impl Primitive for bool {
    fn primitive_type() -> Type {
        Type::Bool
    }
    fn from_dynamic(value: &Dynamic) -> Option<Self> {
        value.as_bool()
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Bool(self)
    }
}

impl Primitive for Number {
    fn primitive_type() -> Type {
        Type::Number
    }
    fn from_dynamic(value: &Dynamic) -> Option<Self> {
        value.as_number().cloned()
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Number(self)
    }
}

impl Primitive for i64 {
    fn primitive_type() -> Type {
        Type::Number
    }
    fn from_dynamic(value: &Dynamic) -> Option<Self> {
        value.as_number().and_then(Number::to_i64)
    }
    fn into_dynamic(self) -> Dynamic {
        Dynamic::Number(Number::from(self))
    }
}
