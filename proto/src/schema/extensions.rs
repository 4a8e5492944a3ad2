//! Typed marks on an attribute for the provider's own layers.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// At most one value of each Rust type, attached to an attribute with `#[tf(ext(EXPR, ..))]`.
///
/// A provider uses them to say once, beside the field, where the field lives in its API. The SDK itself looks for
/// [`Stable`] only.
#[derive(Clone, Default)]
pub struct Extensions(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

/// Marks a computed attribute that stays what it is for as long as the object lives: an id, a creation time.
///
/// The usual plan keeps its value in updates, where other computed attributes become unknown:
/// `#[tf(computed, ext(tfplugin::schema::Stable))]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stable;

impl Extensions {
    /// Attaches a value; an earlier one of the same type is replaced.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// The value of type `T`.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extensions({})", self.0.len())
    }
}
