//! Phases of a rollout, kept in an object store and completed only when their criteria hold.
//!
//! [`criteria`] checks what must hold.

pub mod criteria;
