//! The bridge between Rust types and attributes: what `#[derive(Object)]` asks of each field's type.

use std::borrow::Cow;

use crate::schema::{Attribute, Extensions, Presence, Shape};
use crate::value::{Dynamic, ScalarRules};
use crate::{Diagnostics, Path};

/// A Rust type that an attribute, or an element of one, can have.
///
/// Implemented for `Value<T>` of: `String`, `bool`, `i64`, `f64`, [`crate::Number`], [`Dynamic`] (type `dynamic`),
/// scalars registered with [`crate::scalar!`], enums that derive `Choice`, structs that derive `Object`, and `Vec<E>`
/// (list), `BTreeSet<E>` (set; scalars) and `BTreeMap<String, E>` (map) of these. An element `E` is either a bare type,
/// and then a null element is an error and an unknown one makes the whole collection unknown, or a `Value<..>` of it.
pub trait AttributeValue: Sized {
    /// The schema's type: a plain type, or nested attributes.
    fn shape() -> Shape;
    /// What can be asked of the scalars in it.
    fn rules() -> ScalarRules {
        ScalarRules::PLAIN
    }
    /// Reads a value. Every problem is added to `diagnostics` with its path under `path`; `None` when there was one.
    fn decode(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self>;
    /// Writes a value, as the tree that [`Self::shape`] describes.
    fn encode(&self) -> Dynamic;
}

impl Attribute {
    /// An attribute of the Rust type `T`.
    pub fn of<T: AttributeValue>(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
        presence: Presence,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            shape: T::shape(),
            presence,
            sensitive: false,
            write_only: false,
            deprecated: None,
            default: None,
            requires_replace: false,
            rules: T::rules(),
            extensions: Extensions::default(),
        }
    }
}
