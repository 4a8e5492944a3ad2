//! The name of a component within its stack: kind and KEY.

use std::cmp::Ordering;
use std::fmt;

use tfplugin::Path;

use super::kind::AnyKind;

/// A kind and a KEY, written `kind["KEY"]`.
#[derive(Clone)]
pub struct Address {
    /// The kind.
    pub kind: &'static AnyKind,
    /// The KEY in the configuration.
    pub key: String,
}

impl Address {
    /// The component `key` of `kind`.
    pub fn new(kind: &'static AnyKind, key: impl Into<String>) -> Self {
        Self { kind, key: key.into() }
    }

    /// Where the component is in the stack's body.
    pub fn path(&self) -> Path {
        Path::root().attribute(self.kind.name()).key(&self.key)
    }

    fn order(&self) -> (&'static str, &str) {
        (self.kind.name(), &self.key)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{:?}]", self.kind.name(), self.key)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Address {}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}
