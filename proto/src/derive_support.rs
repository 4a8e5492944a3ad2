//! What the expansion of the derives calls: nothing here is for people.

pub use crate::typed::block::{BlockValue, nesting};
pub use crate::typed::default::{DefaultFor, default_tree, way};
pub use crate::typed::scalar::{decode_scalar, encode_scalar, scalar_shape};
use crate::{Attribute, AttributeValue, Diagnostic, Diagnostics, Dynamic, Path};

pub use std::borrow::Cow;
pub use std::collections::BTreeMap;

/// The attributes of a known object, or a diagnostic.
pub fn entries<'a>(value: &'a Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<&'a Dynamic> {
    if value.as_entries().is_none() {
        diagnostics.push(crate::typed::element::mismatch("An object", value, path));
        return None;
    }
    Some(value)
}

/// Reads the attribute `name` of an object.
pub fn decode<T: AttributeValue>(
    object: &Dynamic,
    name: &str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    T::decode(object.get(name), &path.attribute(name), diagnostics)
}

/// Reads a sensitive attribute: what is wrong with it is told without what a message might repeat of it.
pub fn decode_secret<T: AttributeValue>(
    object: &Dynamic,
    name: &str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    let mut raw = Diagnostics::new();
    let value = decode(object, name, path, &mut raw);
    diagnostics.extend(raw.into_iter().map(|problem| {
        Diagnostic {
            detail:
                "The value is not one that this attribute takes. It is sensitive, so the reason, which might repeat \
                 it, is not shown; see the attribute's documentation."
                    .to_owned(),
            ..problem
        }
    }));
    value
}

/// Reads the blocks `name` of an object.
pub fn decode_block<N, T: BlockValue<N>>(
    object: &Dynamic,
    name: &str,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    T::decode_block(object.get(name), &path.attribute(name), diagnostics)
}

/// An attribute whose default is `default`.
pub fn with_default<T: AttributeValue, W>(mut attribute: Attribute, default: impl DefaultFor<T, W>) -> Attribute {
    attribute.default = Some(default_tree::<T, W>(default));
    attribute
}
