//! Scalars of one's own as attribute types: what [`crate::scalar!`] and `#[derive(Choice)]` lean on.

use super::element::mismatch;
use super::primitive::{invalid, or_report};
use crate::schema::Shape;
use crate::value::{Dynamic, Primitive, Scalar, Value};
use crate::{Diagnostics, Path};

/// Registers types that implement [`Scalar`] as attribute types: `tfplugin::scalar!(Duration, Quantity);`
///
/// A macro, because a blanket implementation would forbid a type to be anything else.
#[macro_export]
macro_rules! scalar {
    ($($scalar:ty),+ $(,)?) => {$(
        impl $crate::typed::Known for $scalar {
            fn shape() -> $crate::schema::Shape {
                $crate::__private::scalar_shape::<Self>()
            }
            fn rules() -> $crate::value::ScalarRules {
                $crate::value::ScalarRules::of::<Self>()
            }
            fn decode_known(
                value: &$crate::value::Dynamic,
                path: &$crate::Path,
                diagnostics: &mut $crate::Diagnostics,
            ) -> ::core::option::Option<$crate::value::Value<Self>> {
                $crate::__private::decode_scalar(value, path, diagnostics)
            }
            fn encode_known(&self) -> $crate::value::Dynamic {
                $crate::__private::encode_scalar(self)
            }
        }
    )+};
}

#[doc(hidden)]
pub fn scalar_shape<T: Scalar>() -> Shape {
    Shape::Plain(T::Repr::primitive_type())
}

#[doc(hidden)]
pub fn decode_scalar<T: Scalar>(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<T>> {
    let repr = or_report(T::Repr::from_dynamic(value), diagnostics, || {
        mismatch(format_args!("A {}", T::Repr::primitive_type()), value, path)
    })?;
    T::parse(repr).map(Value::Known).map_err(|error| diagnostics.push(invalid(error.to_string(), path))).ok()
}

#[doc(hidden)]
pub fn encode_scalar<T: Scalar>(scalar: &T) -> Dynamic {
    scalar.repr().into_dynamic()
}
