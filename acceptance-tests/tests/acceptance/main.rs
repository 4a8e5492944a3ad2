//! Acceptance tests: a module per component kind, and one per concern that crosses them.

// All of this is test code, though only the listed functions carry the attribute.
#![allow(clippy::unwrap_used)]

mod rig;
