//! What fields of nested blocks can be, by the nesting of the block.

use std::collections::BTreeMap;

use super::element::mismatch;
use super::primitive::or_report;
use super::{AttributeValue, Object};
use crate::schema::ObjectSchema;
use crate::value::{Dynamic, Entries, Value};
use crate::{Diagnostics, Path};

/// Marks of the nestings, to choose the conversion by.
#[doc(hidden)]
pub mod nesting {
    pub struct Single;
    pub struct Group;
    pub struct List;
    pub struct Set;
    pub struct Map;
}

/// A field's type that fits a block of nesting `N`.
///
/// List and set: `Vec<T>`; map: `BTreeMap<String, T>`; single: `Option<T>`; group: `T`. `Value<Vec<Value<T>>>` and its
/// like also hold what `dynamic` blocks leave unknown during plan.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a nested block of this nesting",
    note = "`block` and `block(set)` take `Vec<T>` or `Value<Vec<Value<T>>>`, `block(map)` takes `BTreeMap<String, T>` or `Value<BTreeMap<String, Value<T>>>`, `block(single)` takes `Option<T>` or `Value<T>`, `block(group)` takes `T`, where `T` derives `Object`"
)]
pub trait BlockValue<N>: Sized {
    fn object() -> ObjectSchema;
    fn decode_block(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self>;
    fn encode_block(&self) -> Dynamic;
}

impl<T: Object> BlockValue<nesting::Group> for T {
    fn object() -> ObjectSchema {
        T::schema()
    }
    fn decode_block(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_report(value.as_entries(), diagnostics, || mismatch("A known block", value, path))?;
        T::decode(value, path, diagnostics)
    }
    fn encode_block(&self) -> Dynamic {
        self.encode()
    }
}

impl<T: Object> BlockValue<nesting::Single> for Option<T> {
    fn object() -> ObjectSchema {
        T::schema()
    }
    fn decode_block(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self> {
        if value.is_null() {
            return Some(None);
        }
        BlockValue::<nesting::Group>::decode_block(value, path, diagnostics).map(Some)
    }
    fn encode_block(&self) -> Dynamic {
        self.as_ref().map_or(Dynamic::Null, Object::encode)
    }
}

impl<T: Object> BlockValue<nesting::Single> for Value<T> {
    fn object() -> ObjectSchema {
        T::schema()
    }
    fn decode_block(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self> {
        Self::decode(value, path, diagnostics)
    }
    fn encode_block(&self) -> Dynamic {
        self.encode()
    }
}

/// Implements a collection of blocks through the attribute of the same type. No blocks at all is an empty collection
/// and not a null, in both directions.
macro_rules! blocks {
    ($nesting:ident, $bare:ty, $value:ty, $empty:expr, $encode:expr) => {
        impl<T: Object> BlockValue<nesting::$nesting> for $bare {
            fn object() -> ObjectSchema {
                T::schema()
            }
            fn decode_block(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self> {
                match Value::<Self>::decode(value, path, diagnostics)? {
                    Value::Null => Some(Self::default()),
                    Value::Known(blocks) => Some(blocks),
                    Value::Unknown => {
                        or_report(None, diagnostics, || mismatch("A known number of blocks", value, path))
                    }
                }
            }
            fn encode_block(&self) -> Dynamic {
                $encode(super::Known::encode_known(self))
            }
        }

        impl<T: Object> BlockValue<nesting::$nesting> for $value {
            fn object() -> ObjectSchema {
                T::schema()
            }
            fn decode_block(value: &Dynamic, path: &Path, diagnostics: &mut Diagnostics) -> Option<Self> {
                Self::decode(value, path, diagnostics)
            }
            fn encode_block(&self) -> Dynamic {
                if self.is_null() { $empty } else { $encode(self.encode()) }
            }
        }
    };
}

blocks!(List, Vec<T>, Value<Vec<Value<T>>>, Dynamic::List(Vec::new()), std::convert::identity);
blocks!(Set, Vec<T>, Value<Vec<Value<T>>>, Dynamic::Set(Vec::new()), list_to_set);
blocks!(
    Map,
    BTreeMap<String, T>,
    Value<BTreeMap<String, Value<T>>>,
    Dynamic::Map(Entries::new()),
    std::convert::identity
);

fn list_to_set(value: Dynamic) -> Dynamic {
    match value {
        Dynamic::List(items) => Dynamic::set(items),
        other => other,
    }
}
