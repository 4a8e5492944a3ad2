//! Google Cloud on the engine.
//!
//! `stack` is the cloud itself: project, region, APIs. `connection` is what the provider block says to it. `kinds` has a file for every kind of component, which declares its API
//! (`rest`); `objects` and `iam` make the calls through a `session`; `api` speaks HTTP. `terms`, `names`: how Google writes
//! things; `patience`: how long is waited for what.

pub mod api;
pub mod compute;
pub mod connection;
mod failure;
pub mod iam;
pub mod kinds;
pub mod names;
pub mod objects;
pub mod patience;
pub mod rest;
pub mod session;
pub mod settings;
pub mod severity;
pub mod stack;
pub mod terms;
