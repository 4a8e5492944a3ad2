//! The machinery behind [`AttributeValue`]: what can stand in a [`Value`] and in a collection.
//!
//! [`Known`] is what a bare type does; [`Member`] is a bare type or a `Value<..>` of one, as collections hold it. The
//! single implementation of `AttributeValue` for every `Value<T>` is here; the types are in the sibling modules.

use super::AttributeValue;
use crate::schema::Shape;
use crate::value::{Dynamic, ScalarRules, Value};
use crate::{Diagnostic, Diagnostics, Path};

/// A bare Rust type that an attribute can have when its value is known.
///
/// Implemented for primitives, `Object` structs, `Choice` enums, collections, and by [`crate::scalar!`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an attribute",
    note = "an attribute is a `Value<T>` where `T` is `String`, `bool`, `i64`, `f64`, `Number`, `Dynamic`, a `Vec`, `BTreeSet` or `BTreeMap<String, _>` of them, an enum with `#[derive(Choice)]`, a struct with `#[derive(Object)]`, or a type registered with `tfplugin::scalar!`"
)]
pub trait Known: Sized {
    /// The schema's type.
    fn shape() -> Shape;
    /// What can be asked of the scalars in it.
    fn rules() -> ScalarRules {
        ScalarRules::PLAIN
    }
    /// Reads a tree that is neither null nor unknown itself; the value is unknown all the same when the type has no
    /// room for an unknown part. Every problem is added to `diagnostics` with its path under `path`; `None` when there
    /// was one.
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>>;
    /// Writes it.
    fn encode_known(&self) -> Dynamic;
}

/// What a collection can hold: a bare type, or a `Value<..>` of it.
///
/// Bare elements are never null, and one that is unknown makes the whole collection unknown.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of an attribute",
    note = "an element is a type that an attribute can have, or a `Value<..>` of one"
)]
pub trait Member: Sized {
    /// The schema's type of one element.
    fn shape() -> Shape;
    /// What can be asked of the scalars in it.
    fn rules() -> ScalarRules;
    /// Reads one element, with every problem in `diagnostics`; unknown when the element has no room for that.
    fn decode_member(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>>;
    /// Writes one element.
    fn encode_member(&self) -> Dynamic;
}

impl<T: Known> AttributeValue for Value<T> {
    fn shape() -> Shape {
        T::shape()
    }
    fn rules() -> ScalarRules {
        T::rules()
    }
    fn decode(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self> {
        match value {
            Dynamic::Null => Some(Self::Null),
            Dynamic::Unknown => Some(Self::Unknown),
            // A value of type `dynamic` may be known by its type alone.
            Dynamic::Typed(_, inner) if inner.is_null() => Some(Self::Null),
            Dynamic::Typed(_, inner) if inner.is_unknown() => Some(Self::Unknown),
            known => T::decode_known(known, path, diagnostics),
        }
    }
    fn encode(&self) -> Dynamic {
        match self {
            Self::Null => Dynamic::Null,
            Self::Unknown => Dynamic::Unknown,
            Self::Known(known) => known.encode_known(),
        }
    }
}

impl<T: Known> Member for T {
    fn shape() -> Shape {
        <T as Known>::shape()
    }
    fn rules() -> ScalarRules {
        <T as Known>::rules()
    }
    fn decode_member(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        let element = <Value<T> as AttributeValue>::decode(value, path, diagnostics)?;
        if element.is_null() {
            diagnostics.push(null_element(path));
            return None;
        }
        Some(element)
    }
    fn encode_member(&self) -> Dynamic {
        self.encode_known()
    }
}

impl<T: Known> Member for Value<T> {
    fn shape() -> Shape {
        <Self as AttributeValue>::shape()
    }
    fn rules() -> ScalarRules {
        <Self as AttributeValue>::rules()
    }
    fn decode_member(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        <Self as AttributeValue>::decode(value, path, diagnostics).map(Value::Known)
    }
    fn encode_member(&self) -> Dynamic {
        <Self as AttributeValue>::encode(self)
    }
}

/// A value of another kind than the schema has: the tree did not come from a decoder that knows the schema.
pub(crate) fn mismatch(wanted: impl std::fmt::Display, value: &Dynamic, path: &Path) -> Diagnostic {
    let found = match value {
        Dynamic::Null => "null",
        Dynamic::Unknown => "an unknown value",
        Dynamic::Bool(_) => "a bool",
        Dynamic::Number(_) => "a number",
        Dynamic::String(_) => "a string",
        Dynamic::List(_) => "a list",
        Dynamic::Set(_) => "a set",
        Dynamic::Map(_) => "a map",
        Dynamic::Object(_) => "an object",
        Dynamic::Typed(..) => "a value with a type of its own",
    };
    Diagnostic::error("Incorrect attribute value type", format!("{wanted} is needed here, not {found}."))
        .at(path.clone())
}

fn null_element(path: &Path) -> Diagnostic {
    Diagnostic::error(
        "Null value in a collection",
        "No element may be null here. Leave the element out, or give it a value.",
    )
    .at(path.clone())
}
