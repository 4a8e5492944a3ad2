//! What can stand after `default =`: a value of the field's type, or the way that it is spelt in HCL.

use std::collections::{BTreeMap, BTreeSet};

use super::{AttributeValue, Known};
use crate::value::{Dynamic, Number, Primitive, Scalar, Value};

/// Marks of the ways, so that each may have its implementation.
#[doc(hidden)]
pub mod way {
    pub struct Bare;
    pub struct Text;
    pub struct Spelling;
    pub struct Repr;
    pub struct Wrapped<W>(W);
    pub struct Elements<W>(W);
}

/// A default for an attribute of type `Target`, found by the way `W` (inferred).
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a default of type `{Self}` does not fit an attribute of type `{Target}`",
    note = "give a value of the attribute's type, its spelling, or an array of them for a collection"
)]
pub trait DefaultFor<Target, W> {
    fn default_tree(self) -> Dynamic;
}

impl<T: Known> DefaultFor<T, way::Bare> for T {
    fn default_tree(self) -> Dynamic {
        self.encode_known()
    }
}

impl<T: Known> DefaultFor<Value<T>, way::Bare> for Value<T> {
    fn default_tree(self) -> Dynamic {
        self.encode()
    }
}

impl DefaultFor<String, way::Text> for &str {
    fn default_tree(self) -> Dynamic {
        Dynamic::string(self)
    }
}

impl DefaultFor<Number, way::Text> for i64 {
    fn default_tree(self) -> Dynamic {
        Dynamic::Number(Number::from(self))
    }
}

// The spelling is not parsed here: a provider's schema is validated as a whole, its defaults with it.
impl<T: Scalar<Repr = String> + Known> DefaultFor<T, way::Spelling> for &str {
    fn default_tree(self) -> Dynamic {
        Dynamic::string(self)
    }
}

impl<T: Scalar<Repr = R> + Known, R: Primitive> DefaultFor<T, way::Repr> for R {
    fn default_tree(self) -> Dynamic {
        self.into_dynamic()
    }
}

impl<D: DefaultFor<T, W>, T, W> DefaultFor<Value<T>, way::Wrapped<W>> for D {
    fn default_tree(self) -> Dynamic {
        DefaultFor::<T, W>::default_tree(self)
    }
}

impl<D: DefaultFor<E, W>, E, W, const N: usize> DefaultFor<Vec<E>, way::Elements<W>> for [D; N] {
    fn default_tree(self) -> Dynamic {
        Dynamic::List(self.into_iter().map(DefaultFor::<E, W>::default_tree).collect())
    }
}

impl<D: DefaultFor<E, W>, E, W, const N: usize> DefaultFor<BTreeSet<E>, way::Elements<W>> for [D; N] {
    fn default_tree(self) -> Dynamic {
        Dynamic::set(self.into_iter().map(DefaultFor::<E, W>::default_tree))
    }
}

impl<D: DefaultFor<E, W>, E, W, const N: usize> DefaultFor<BTreeMap<String, E>, way::Elements<W>> for [(&str, D); N] {
    fn default_tree(self) -> Dynamic {
        let entry = |(key, value): (&str, D)| (key.to_owned(), DefaultFor::<E, W>::default_tree(value));
        Dynamic::Map(self.into_iter().map(entry).collect())
    }
}

/// The tree of `default`, for a field of type `Target`.
#[doc(hidden)]
pub fn default_tree<Target, W>(default: impl DefaultFor<Target, W>) -> Dynamic {
    default.default_tree()
}
