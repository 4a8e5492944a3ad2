//! Objects as attribute types: every struct that derives `Object` is a single nested attribute.

use super::Object;
use super::element::Known;
use crate::schema::{Nesting, Shape};
use crate::value::{Dynamic, Value};
use crate::{Diagnostics, Path};

impl<T: Object> Known for T {
    fn shape() -> Shape {
        Shape::Nested(Nesting::Single, Box::new(T::schema()))
    }
    fn decode_known(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Value<Self>> {
        T::decode(value, path, diagnostics).map(Value::Known)
    }
    fn encode_known(&self) -> Dynamic {
        self.encode()
    }
}
