//! The protocol's server: one file for each call, or for a few that belong together.
//!
//! Each call translates its request, asks a rule of `core`, calls a handler on a task of its own, asks a rule again and
//! translates the answer. What goes wrong becomes a diagnostic: a gRPC error would reach the user without its place.

mod apply;
mod configure;
mod data_source;
mod function;
mod generate_config;
mod held;
mod identity;
mod import;
mod metadata;
mod move_state;
mod plan;
mod read;
mod run;
mod service;
pub(crate) mod state;
mod upgrade;
mod validate;

pub use service::Service;
