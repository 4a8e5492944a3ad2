//! Typed marks on an attribute for the provider's own layers.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// At most one value of each Rust type, attached to an attribute with `#[tf(ext(EXPR, ..))]`.
///
/// A provider uses them to say once, beside the field, where the field lives in its API. The SDK itself looks for
/// [`Stable`] and [`LeftOut`] only.
#[derive(Clone, Default)]
pub struct Extensions(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

/// Marks a computed attribute that stays what it is for as long as the object lives: an id, a creation time.
///
/// The usual plan keeps its value in updates, where other computed attributes become unknown:
/// `#[tf(computed, ext(tfplugin::schema::Stable))]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stable;

/// Marks an optional attribute that a generated configuration leaves out when it is not set.
///
/// Terraform (1.15) writes `x = null` for every optional attribute without a value, and leaves out those that are computed
/// too. So the attribute is announced as computed, and the SDK sees to it that it still means what an optional one means:
/// taken out of the configuration, it is planned as null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut;

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
